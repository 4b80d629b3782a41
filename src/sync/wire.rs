//! What travels between kiosk and hub, byte by byte.
//!
//! # Batch
//!
//! One Zstandard frame (RFC 8878) around these bytes, all numbers little-endian; nothing may follow:
//!
//! | bytes | meaning |
//! |---|---|
//! | 4 | `KKB1` |
//! | 4 | length of the note |
//! | … | the note: the log's signed (size, root) after the last record of this batch |
//! | 4 | number of records, 1 to 1,000 |
//! | … | the records as [`crate::journal::stored`] encodes them, one after the other |
//!
//! A frame may name a dictionary in its own header; this version knows none and refuses it.

use std::io::Read;

use serde::{Deserialize, Serialize};

use crate::base::Seq;
use crate::journal::{Stored, stored};

/// Most bytes of a batch before compression.
pub const DECODED_MAX: usize = 8 << 20;
/// Most bytes of a batch as sent.
pub const BODY_MAX: usize = 4 << 20;
/// Most records in a batch.
pub const ENTRIES_MAX: usize = 1_000;
/// Most bytes of a note.
pub const NOTE_MAX: usize = 16 << 10;
/// Name under which a hub cosigns notes.
pub const HUB_NOTE_NAME: &str = "kakou-hub";
/// Largest compression window that a receiver grants, as a power of two: 8 MiB.
const WINDOW_LOG_MAX: u32 = 23;
const MAGIC: [u8; 4] = *b"KKB1";
const LEVEL: i32 = 3;

/// Records on their way, with the note that vouches for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Signed (size, root) of the log after the last record.
    pub note: String,
    /// Records, in order.
    pub entries: Vec<Stored>,
}

/// Why bytes are no batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Compression itself is broken, or asks for more memory than is granted.
    #[error("batch does not decompress: {0}")]
    Compression(String),
    /// It expands to more than [`DECODED_MAX`].
    #[error("batch is larger than {DECODED_MAX} bytes")]
    TooLarge,
    /// Not a batch, or of a later version.
    #[error("batch begins with {0:02x?}, not with KKB1")]
    Magic(Vec<u8>),
    /// It ends too soon.
    #[error("batch ends at byte {at} within {what}")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Where, counted after decompression.
        at: usize,
    },
    /// Bytes follow the last record.
    #[error("{0} bytes follow the batch")]
    Trailing(usize),
    /// A count or a length is out of range.
    #[error("{what} is {value}, allowed are {low} to {high}")]
    Range {
        /// What number.
        what: &'static str,
        /// As sent.
        value: usize,
        /// Lowest.
        low: usize,
        /// Highest.
        high: usize,
    },
    /// A record is none.
    #[error("record {index} of the batch: {error}")]
    Record {
        /// Which, counted from 0.
        index: usize,
        /// Why.
        error: stored::Error,
    },
    /// The note is no text.
    #[error("note is not UTF-8")]
    NoteNotText,
}

impl Batch {
    /// The batch as it travels.
    ///
    /// # Errors
    ///
    /// When it is over one of the limits of this module.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        in_range("number of records", self.entries.len(), 1, ENTRIES_MAX)?;
        in_range("length of the note", self.note.len(), 1, NOTE_MAX)?;
        let total: usize = self.entries.iter().map(Stored::encoded_len).sum();
        if total + self.note.len() + 12 > DECODED_MAX {
            return Err(Error::TooLarge);
        }
        let mut bytes = Vec::with_capacity(total + self.note.len() + 12);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&length(self.note.len()));
        bytes.extend_from_slice(self.note.as_bytes());
        bytes.extend_from_slice(&length(self.entries.len()));
        self.entries.iter().for_each(|entry| entry.encode(&mut bytes));
        zstd::bulk::compress(&bytes, LEVEL).map_err(|error| Error::Compression(error.to_string()))
    }

    /// Reads a batch that came from outside. Uses at most about [`DECODED_MAX`] of memory whatever it is fed.
    ///
    /// # Errors
    ///
    /// When it is no batch, or over a limit; see [`Error`].
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let bytes = expand(body)?;
        let mut reader = Reader { bytes: &bytes, at: 0 };
        let magic = reader.take(4, "the magic number")?;
        if magic != MAGIC {
            return Err(Error::Magic(magic.to_vec()));
        }
        let note_length = reader.number("the note's length")?;
        in_range("length of the note", note_length, 1, NOTE_MAX)?;
        let note = reader.take(note_length, "the note")?;
        let note = String::from_utf8(note.to_vec()).map_err(|_| Error::NoteNotText)?;
        let count = reader.number("the number of records")?;
        in_range("number of records", count, 1, ENTRIES_MAX)?;
        let mut rest = &bytes[reader.at..];
        let record = |index| Stored::decode(&mut rest).map_err(|error| Error::Record { index, error });
        let entries = (0..count).map(record).collect::<Result<_, _>>()?;
        match rest.len() {
            0 => Ok(Self { note, entries }),
            more => Err(Error::Trailing(more)),
        }
    }
}

fn expand(body: &[u8]) -> Result<Vec<u8>, Error> {
    let broken = |error: std::io::Error| Error::Compression(error.to_string());
    let mut decoder = zstd::stream::read::Decoder::with_buffer(body).map_err(broken)?.single_frame();
    decoder.window_log_max(WINDOW_LOG_MAX).map_err(broken)?;
    let mut bytes = vec![];
    let limit = u64::try_from(DECODED_MAX).unwrap_or(u64::MAX) + 1;
    decoder.by_ref().take(limit).read_to_end(&mut bytes).map_err(broken)?;
    if bytes.len() > DECODED_MAX {
        return Err(Error::TooLarge);
    }
    match decoder.finish().len() {
        0 => Ok(bytes),
        more => Err(Error::Trailing(more)),
    }
}

fn in_range(what: &'static str, value: usize, low: usize, high: usize) -> Result<(), Error> {
    let good = (low..=high).contains(&value);
    if good { Ok(()) } else { Err(Error::Range { what, value, low, high }) }
}

/// Lengths are below [`DECODED_MAX`], so they always fit.
fn length(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize, what: &'static str) -> Result<&'a [u8], Error> {
        let end = self.at.checked_add(length);
        let part = end.and_then(|end| self.bytes.get(self.at..end));
        let part = part.ok_or(Error::Truncated { what, at: self.bytes.len() })?;
        self.at += length;
        Ok(part)
    }

    fn number(&mut self, what: &'static str) -> Result<usize, Error> {
        let bytes = self.take(4, what)?;
        let number = bytes.iter().rev().fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
        Ok(usize::try_from(number).unwrap_or(usize::MAX))
    }
}

/// Where the hub stands with one log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The record that the hub expects next; everything before it is durable there.
    pub next: Seq,
    /// Base64 of the Merkle root over the records before `next`.
    pub root: String,
    /// The last note with the hub's own signature added, once there is one.
    pub cosigned: Option<String>,
    /// The hub's wall time in milliseconds since 1970.
    pub wall: i64,
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{at}: {what}")]
pub struct Problem {
    /// What is wrong, in plain words, with the values.
    pub what: String,
    /// Where: a field, a header, a record's number.
    pub at: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Random;
    use crate::journal::Seal;

    #[test]
    fn a_batch_survives_the_way() {
        let batch = sample(3);
        assert_eq!(Batch::decode(&batch.encode().unwrap()).unwrap(), batch);
    }

    #[test]
    fn a_batch_cut_anywhere_or_followed_by_anything_is_refused() {
        let body = sample(3).encode().unwrap();
        for length in 0..body.len() {
            assert!(Batch::decode(&body[..length]).is_err(), "{length} bytes");
        }
        let trailing = [body.clone(), vec![0]].concat();
        assert_eq!(Batch::decode(&trailing), Err(Error::Trailing(1)));
        let twice = [body.clone(), body].concat();
        assert!(matches!(Batch::decode(&twice), Err(Error::Trailing(_))));
    }

    #[test]
    fn the_content_cut_anywhere_or_followed_by_anything_is_refused() {
        let plain = zstd::bulk::decompress(&sample(3).encode().unwrap(), DECODED_MAX).unwrap();
        let pack = |bytes: &[u8]| zstd::bulk::compress(bytes, 1).unwrap();
        for length in 0..plain.len() {
            assert!(Batch::decode(&pack(&plain[..length])).is_err(), "{length} bytes");
        }
        let trailing = [plain.clone(), vec![7; 5]].concat();
        assert_eq!(Batch::decode(&pack(&trailing)), Err(Error::Trailing(5)));
        let mut later = plain;
        later[3] = b'2';
        assert_eq!(Batch::decode(&pack(&later)), Err(Error::Magic(b"KKB2".to_vec())));
    }

    #[test]
    fn a_bomb_is_refused_before_it_fills_memory() {
        let bomb = zstd::bulk::compress(&vec![0; 64 << 20], 19).unwrap();
        assert!(bomb.len() < 20_000, "{} bytes", bomb.len());
        assert!(matches!(Batch::decode(&bomb), Err(Error::TooLarge | Error::Compression(_))));
        let streamed = zstd::stream::encode_all(std::io::repeat(0).take(64 << 20), 1).unwrap();
        assert_eq!(Batch::decode(&streamed), Err(Error::TooLarge));
    }

    #[test]
    fn counts_out_of_range_are_refused_on_both_sides() {
        for count in [0, ENTRIES_MAX + 1] {
            assert!(sample(count).encode().is_err(), "{count} records");
            let mut bytes = MAGIC.to_vec();
            bytes.extend_from_slice(&length(4));
            bytes.extend_from_slice(b"note");
            bytes.extend_from_slice(&length(count));
            (0..count).for_each(|number| record(number).encode(&mut bytes));
            let body = zstd::bulk::compress(&bytes, 1).unwrap();
            assert!(matches!(Batch::decode(&body), Err(Error::Range { .. })), "{count} records");
        }
    }

    #[test]
    fn random_bytes_and_random_flips_never_panic() {
        let mut random = Random::new(5);
        let good = sample(5).encode().unwrap();
        for _ in 0..2_000 {
            let mut noise = vec![0; usize::try_from(random.below(200)).unwrap()];
            random.fill(&mut noise);
            assert!(Batch::decode(&noise).is_err());
            let mut flipped = good.clone();
            let bit = usize::try_from(random.below(8 * good.len() as u64)).unwrap();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let _ = Batch::decode(&flipped);
        }
    }

    fn sample(count: usize) -> Batch {
        Batch { note: "kakou/east-1\n3\n\n".into(), entries: (0..count).map(record).collect() }
    }

    fn record(number: usize) -> Stored {
        let seal = match number % 3 {
            0 => Seal::None,
            1 => Seal::Boxed { commit: [1; 32], bytes: vec![2; number] },
            _ => Seal::Erased { commit: [3; 32], box_hash: [4; 32] },
        };
        Stored { public: format!("record {number}").into_bytes(), seal }
    }
}
