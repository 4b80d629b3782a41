//! Reading a parcel as its bytes come, in any chunks: from a file, or from a browser's upload.

use super::{BODY_MAX, HEAD, KIND_BATCH, KIND_END, MAGIC, MANIFEST_MAX, Manifest, PIECE, Rest, VERSION};
use crate::base::{Epoch, Seq};

/// One part of a parcel whose checksum was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// What the file says about itself.
    Manifest(Manifest),
    /// A batch, not yet decoded.
    Batch {
        /// Where its piece begins in the file.
        at: u64,
        /// Its log.
        epoch: Epoch,
        /// Number of its first record.
        from: Seq,
        /// The batch as it would be posted.
        content: Vec<u8>,
    },
    /// A piece that a later version wrote, passed over.
    Unknown {
        /// Where it begins in the file.
        at: u64,
        /// Its kind.
        kind: u32,
    },
    /// The file is whole.
    End(Rest),
}

/// Why a file cannot be read on. What was given out before is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is something else.
    #[error("this is no kakou parcel")]
    Foreign,
    /// Written by a later version.
    #[error("parcel is in format {0}, this program reads format {VERSION}")]
    Version(u32),
    /// Bytes are not those that were written.
    #[error("file is damaged at byte {at}: {what}")]
    Damaged {
        /// Where the damaged part begins.
        at: u64,
        /// What it is.
        what: &'static str,
    },
    /// The file ends too soon.
    #[error("file is cut off at byte {at}, within {what}")]
    Truncated {
        /// Its length.
        at: u64,
        /// What was to follow.
        what: &'static str,
    },
    /// There is more behind the end.
    #[error("something follows the parcel's end at byte {at}")]
    Trailing {
        /// Where.
        at: u64,
    },
}

impl Error {
    /// The byte of the file that it is about.
    pub fn at(&self) -> u64 {
        match self {
            Self::Foreign => 0,
            Self::Version(_) => MAGIC.len() as u64,
            Self::Damaged { at, .. } | Self::Truncated { at, .. } | Self::Trailing { at } => *at,
        }
    }
}

/// Takes a file's bytes and gives out its parts. Holds at most one piece, 4 MiB, and the last chunk, as long as all
/// parts are [taken](Self::take) before more is pushed.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    /// Where `bytes` begin in the file.
    at: u64,
    pieces: u64,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Head,
    Pieces,
    Ended,
    Failed(Error),
}

impl Decoder {
    /// For one file, from its first byte.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the file.
    pub fn push(&mut self, bytes: &[u8]) {
        if !matches!(self.state, State::Failed(_)) {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Bytes that are held at the moment.
    pub fn held(&self) -> usize {
        self.bytes.len()
    }

    /// The next part, once all of its bytes are here.
    ///
    /// # Errors
    ///
    /// [`Error`], and the same one ever after.
    pub fn take(&mut self) -> Result<Option<Item>, Error> {
        let item = match self.state {
            State::Head => self.head(),
            State::Pieces => self.piece(),
            State::Ended if self.bytes.is_empty() => Ok(None),
            State::Ended => Err(Error::Trailing { at: self.at }),
            State::Failed(error) => Err(error),
        };
        if let Err(error) = &item {
            self.state = State::Failed(*error);
            self.bytes = Vec::new();
        }
        item
    }

    /// Says whether the file was whole, once all of its bytes were pushed and all parts taken; gives its length.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`], or what was wrong before.
    pub fn finish(&self) -> Result<u64, Error> {
        let at = self.at + self.bytes.len() as u64;
        match self.state {
            State::Head => Err(Error::Truncated { at, what: "the head" }),
            State::Pieces if self.bytes.is_empty() => {
                Err(Error::Truncated { at, what: "the list of batches" })
            }
            State::Pieces => Err(Error::Truncated { at, what: "a batch" }),
            State::Ended if self.bytes.is_empty() => Ok(at),
            State::Ended => Err(Error::Trailing { at: self.at }),
            State::Failed(error) => Err(error),
        }
    }

    fn head(&mut self) -> Result<Option<Item>, Error> {
        let known = self.bytes.len().min(MAGIC.len());
        if self.bytes[..known] != MAGIC[..known] {
            return Err(Error::Foreign);
        }
        let Some(version) = number(&self.bytes, 8) else { return Ok(None) };
        if version != VERSION {
            return Err(Error::Version(version));
        }
        let damaged = Error::Damaged { at: 0, what: "the head" };
        let Some(length) = number(&self.bytes, 12) else { return Ok(None) };
        let length = within(length, 1, MANIFEST_MAX).ok_or(damaged)?;
        let Some(crc) = number(&self.bytes, HEAD + length) else { return Ok(None) };
        if crc32c::crc32c(&self.bytes[..HEAD + length]) != crc {
            return Err(damaged);
        }
        let manifest = minicbor::decode(&self.bytes[HEAD..HEAD + length]).map_err(|_| damaged)?;
        self.drop_front(HEAD + length + 4);
        self.state = State::Pieces;
        Ok(Some(Item::Manifest(manifest)))
    }

    fn piece(&mut self) -> Result<Option<Item>, Error> {
        let at = self.at;
        let damaged = |what| Error::Damaged { at, what };
        let Some(crc) = number(&self.bytes, PIECE - 4) else { return Ok(None) };
        if crc32c::crc32c(&self.bytes[..PIECE - 4]) != crc {
            return Err(damaged("the head of a batch"));
        }
        let (Some(kind), Some(length)) = (number(&self.bytes, 0), number(&self.bytes, 28)) else {
            return Ok(None);
        };
        let length = within(length, 0, BODY_MAX).ok_or(damaged("the length of a batch"))?;
        let Some(crc) = number(&self.bytes, PIECE + length) else { return Ok(None) };
        let content = &self.bytes[PIECE..PIECE + length];
        if crc32c::crc32c(content) != crc {
            return Err(damaged("the content of a batch"));
        }
        let mut epoch = [0; 16];
        epoch.copy_from_slice(&self.bytes[4..20]);
        let first = (20..28).rev().fold(0_u64, |value, index| (value << 8) | u64::from(self.bytes[index]));
        let item = match kind {
            KIND_BATCH => {
                let from = Seq::new(first).ok_or(damaged("the number of a batch"))?;
                Item::Batch { at, epoch: Epoch(epoch), from, content: content.to_vec() }
            }
            KIND_END => match content {
                [0] if first == self.pieces => Item::End(Rest::None),
                [1] if first == self.pieces => Item::End(Rest::Follows),
                _ => return Err(damaged("the end")),
            },
            _ => Item::Unknown { at, kind },
        };
        self.drop_front(PIECE + length + 4);
        match &item {
            Item::Batch { .. } => self.pieces += 1,
            Item::End(_) => self.state = State::Ended,
            Item::Manifest(_) | Item::Unknown { .. } => {}
        }
        Ok(Some(item))
    }

    fn drop_front(&mut self, length: usize) {
        self.bytes.drain(..length);
        self.at += length as u64;
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*four))
}

fn within(length: u32, low: usize, high: usize) -> Option<usize> {
    usize::try_from(length).ok().filter(|length| (low..=high).contains(length))
}
