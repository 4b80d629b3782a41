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
//! A frame may name a [dictionary] in its own header; one that is not known is refused by its number.

use std::io::Read;

use serde::{Deserialize, Serialize};

use super::dictionary::{self, Packing};
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
    /// It was packed with a dictionary that is not known here.
    #[error("batch needs dictionary {0}, known here is {known}", known = dictionary::NUMBER)]
    Dictionary(u32),
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
    /// The batch as it travels, for any hub.
    ///
    /// # Errors
    ///
    /// When it is over one of the limits of this module.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        self.encode_with(Packing::Plain)
    }

    /// The batch as it travels, for a hub that can read this packing.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    pub fn encode_with(&self, packing: Packing) -> Result<Vec<u8>, Error> {
        let total = self.entries.iter().map(Stored::encoded_len).sum();
        let mut bytes = head(MAGIC, &self.note, self.entries.len(), total)?;
        self.entries.iter().for_each(|entry| entry.encode(&mut bytes));
        compress(&bytes, packing)
    }

    /// Reads a batch that came from outside. Uses at most about [`DECODED_MAX`] of memory whatever it is fed.
    ///
    /// # Errors
    ///
    /// When it is no batch, or over a limit; see [`Error`].
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let bytes = expand(body)?;
        let mut reader = Reader::new(&bytes);
        let (note, count) = reader.head(MAGIC, "the note", NOTE_MAX)?;
        let entries = (0..count).map(|index| reader.record(index)).collect::<Result<_, _>>()?;
        reader.end().map(|()| Self { note, entries })
    }
}

/// What comes before the records, with room for `total` bytes of them.
pub(super) fn head(magic: [u8; 4], text: &str, count: usize, total: usize) -> Result<Vec<u8>, Error> {
    in_range("number of records", count, 1, ENTRIES_MAX)?;
    in_range("length of the note", text.len(), 1, NOTE_MAX)?;
    if total + text.len() + 12 > DECODED_MAX {
        return Err(Error::TooLarge);
    }
    let mut bytes = Vec::with_capacity(total + text.len() + 12);
    bytes.extend_from_slice(&magic);
    bytes.extend_from_slice(&length(text.len()));
    bytes.extend_from_slice(text.as_bytes());
    bytes.extend_from_slice(&length(count));
    Ok(bytes)
}

pub(super) fn compress(bytes: &[u8], packing: Packing) -> Result<Vec<u8>, Error> {
    let mut compressor = match packing {
        Packing::Plain => zstd::bulk::Compressor::new(dictionary::LEVEL),
        Packing::Dictionary => zstd::bulk::Compressor::with_prepared_dictionary(dictionary::encoder()?),
    };
    let compressed = compressor.as_mut().map_err(|error| broken(error))?.compress(bytes);
    compressed.map_err(|error| broken(&error))
}

pub(super) fn expand(body: &[u8]) -> Result<Vec<u8>, Error> {
    let decoder = match dictionary::needed(body)? {
        None => zstd::stream::read::Decoder::with_buffer(body),
        Some(known) => zstd::stream::read::Decoder::with_prepared_dictionary(body, known),
    };
    let mut decoder = decoder.map_err(|error| broken(&error))?.single_frame();
    decoder.window_log_max(WINDOW_LOG_MAX).map_err(|error| broken(&error))?;
    let mut bytes = vec![];
    let limit = u64::try_from(DECODED_MAX).unwrap_or(u64::MAX) + 1;
    decoder.by_ref().take(limit).read_to_end(&mut bytes).map_err(|error| broken(&error))?;
    if bytes.len() > DECODED_MAX {
        return Err(Error::TooLarge);
    }
    match decoder.finish().len() {
        0 => Ok(bytes),
        more => Err(Error::Trailing(more)),
    }
}

fn broken(error: &std::io::Error) -> Error {
    Error::Compression(error.to_string())
}

fn in_range(what: &'static str, value: usize, low: usize, high: usize) -> Result<(), Error> {
    let good = (low..=high).contains(&value);
    if good { Ok(()) } else { Err(Error::Range { what, value, low, high }) }
}

/// Lengths are below [`DECODED_MAX`], so they always fit.
fn length(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Reads what [`head`] wrote: the text and the number of records.
    pub(super) fn head(
        &mut self,
        magic: [u8; 4],
        what: &'static str,
        max: usize,
    ) -> Result<(String, usize), Error> {
        let found = self.take(4, "the magic number")?;
        if found != magic {
            return Err(Error::Magic(found.to_vec()));
        }
        let length = self.number("the note's length")?;
        in_range("length of the note", length, 1, max)?;
        let text = self.take(length, what)?;
        let text = String::from_utf8(text.to_vec()).map_err(|_| Error::NoteNotText)?;
        let count = self.number("the number of records")?;
        in_range("number of records", count, 1, ENTRIES_MAX)?;
        Ok((text, count))
    }

    pub(super) fn record(&mut self, index: usize) -> Result<Stored, Error> {
        let mut rest = self.bytes.get(self.at..).unwrap_or_default();
        let record = Stored::decode(&mut rest).map_err(|error| Error::Record { index, error });
        self.at = self.bytes.len() - rest.len();
        record
    }

    pub(super) fn take(&mut self, length: usize, what: &'static str) -> Result<&'a [u8], Error> {
        let end = self.at.checked_add(length);
        let part = end.and_then(|end| self.bytes.get(self.at..end));
        let part = part.ok_or(Error::Truncated { what, at: self.bytes.len() })?;
        self.at += length;
        Ok(part)
    }

    pub(super) fn end(&self) -> Result<(), Error> {
        match self.bytes.len() - self.at {
            0 => Ok(()),
            more => Err(Error::Trailing(more)),
        }
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
    /// Whether the kiosk has stated that nothing more comes of this log.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
    /// The last note with the hub's own signature added, once there is one.
    pub cosigned: Option<String>,
    /// The hub's wall time in milliseconds since 1970.
    pub wall: i64,
}

/// Records that are lost to a log's tree, and how it goes on behind them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoleClaim {
    /// Base64 of the right edge of the tree behind the hole, as [`crate::journal::merkle`] encodes it.
    pub frontier: String,
    /// The log's signed note of that tree's size, which is the last number of the hole, and of its root; with the
    /// extension line `hole <first number> <whole>`: so many records of the hole were salvaged.
    pub note: String,
}

impl HoleClaim {
    /// The extension line of the note.
    pub fn line(first: Seq, whole: u64) -> String {
        format!("hole {first} {whole}")
    }

    /// The first number of the hole and how many of its records were salvaged, from a note's extension lines.
    pub fn parse_line(lines: &[String]) -> Option<(Seq, u64)> {
        let line = lines.iter().find_map(|line| line.strip_prefix("hole "))?;
        let (first, whole) = line.split_once(' ')?;
        Some((Seq::new(first.parse().ok()?)?, whole.parse().ok()?))
    }
}

/// Longest [`HoleClaim`] in JSON, in bytes.
pub const HOLE_MAX: usize = NOTE_MAX + (8 << 10);

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
    fn a_batch_packed_with_the_dictionary_survives_and_another_dictionary_is_refused_by_number() {
        let batch = sample(3);
        let body = batch.encode_with(Packing::Dictionary).unwrap();
        assert_eq!(Batch::decode(&body).unwrap(), batch);
        let number = dictionary::NUMBER.to_le_bytes();
        let at = body.windows(4).position(|window| window == number).unwrap();
        let mut other = body;
        other[at] ^= 1;
        assert_eq!(Batch::decode(&other), Err(Error::Dictionary(dictionary::NUMBER ^ 1)));
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
