//! Writing a parcel, piece by piece.

use std::io::{self, Write};

use super::{BODY_MAX, KIND_BATCH, KIND_END, MAGIC, MANIFEST_MAX, Manifest, PIECE, Rest, VERSION};
use crate::base::{Epoch, Seq};

/// What the end takes, in bytes.
pub const END_LENGTH: u64 = piece_length(1);

/// What a piece with so much content takes, in bytes.
pub const fn piece_length(content: usize) -> u64 {
    (PIECE + content + 4) as u64
}

/// Writes one file.
#[derive(Debug)]
pub struct Encoder<W> {
    out: W,
    length: u64,
    pieces: u64,
}

impl<W: Write> Encoder<W> {
    /// Begins a file with its head.
    ///
    /// # Errors
    ///
    /// When `out` fails; `InvalidInput` for a manifest that is too long.
    pub fn begin(out: W, manifest: &Manifest) -> io::Result<Self> {
        let manifest = minicbor::to_vec(manifest).map_err(io::Error::other)?;
        if manifest.len() > MANIFEST_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "too many logs for one parcel"));
        }
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&VERSION.to_le_bytes());
        head.extend_from_slice(&length(&manifest).to_le_bytes());
        head.extend_from_slice(&manifest);
        let mut encoder = Self { out, length: 0, pieces: 0 };
        encoder.write(&head)?;
        encoder.write(&crc32c::crc32c(&head).to_le_bytes())?;
        Ok(encoder)
    }

    /// Bytes written so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Adds a batch, as it would be posted, that begins with record `from`.
    ///
    /// # Errors
    ///
    /// When `out` fails; `InvalidInput` for a batch that could not be posted.
    pub fn batch(&mut self, epoch: Epoch, from: Seq, batch: &[u8]) -> io::Result<()> {
        if batch.len() > BODY_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "batch is too long"));
        }
        self.piece(KIND_BATCH, epoch, from.get(), batch)?;
        self.pieces += 1;
        Ok(())
    }

    /// Ends the file, and gives back what it was written to.
    ///
    /// # Errors
    ///
    /// When `out` fails.
    pub fn end(mut self, rest: Rest) -> io::Result<W> {
        let follows = u8::from(rest == Rest::Follows);
        self.piece(KIND_END, Epoch([0; 16]), self.pieces, &[follows])?;
        self.out.flush()?;
        Ok(self.out)
    }

    pub(super) fn piece(&mut self, kind: u32, epoch: Epoch, number: u64, content: &[u8]) -> io::Result<()> {
        let mut head = kind.to_le_bytes().to_vec();
        head.extend_from_slice(&epoch.0);
        head.extend_from_slice(&number.to_le_bytes());
        head.extend_from_slice(&length(content).to_le_bytes());
        let crc = crc32c::crc32c(&head);
        head.extend_from_slice(&crc.to_le_bytes());
        self.write(&head)?;
        self.write(content)?;
        self.write(&crc32c::crc32c(content).to_le_bytes())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(())
    }
}

/// Lengths are at most a few MiB, so they always fit.
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
