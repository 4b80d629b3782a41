//! Salvaged records as they travel: whole, and in no tree that is still known.
//!
//! One Zstandard frame like that of a [batch](super::wire) around these bytes, all numbers little-endian:
//!
//! | bytes | meaning |
//! |---|---|
//! | 4 | `KKS1` |
//! | 4 | length of the statement |
//! | … | the [statement](crate::journal::statement) over these records, signed by the kiosk |
//! | 4 | number of records, 1 to 1,000 |
//! | … | each record's number (8 bytes) and the record as [`crate::journal::stored`] encodes it |

use super::dictionary::Packing;
use super::wire::{self, Error, NOTE_MAX, Reader};
use crate::base::Seq;
use crate::journal::Stored;

const MAGIC: [u8; 4] = *b"KKS1";

/// Packs `records`, which the signed `statement` vouches for.
///
/// # Errors
///
/// When they are over a limit of [`wire`].
pub fn encode(statement: &str, records: &[(Seq, Stored)]) -> Result<Vec<u8>, Error> {
    let total: usize = records.iter().map(|(_, stored)| 8 + stored.encoded_len()).sum();
    let mut bytes = wire::head(MAGIC, statement, records.len(), total)?;
    for (seq, stored) in records {
        bytes.extend_from_slice(&seq.get().to_le_bytes());
        stored.encode(&mut bytes);
    }
    wire::compress(&bytes, Packing::Plain)
}

/// Reads what [`encode`] made: the statement and the records.
///
/// # Errors
///
/// When it is none, or over a limit.
pub fn decode(body: &[u8]) -> Result<(String, Vec<(Seq, Stored)>), Error> {
    let bytes = wire::expand(body)?;
    let mut reader = Reader::new(&bytes);
    let (statement, count) = reader.head(MAGIC, "the statement", NOTE_MAX)?;
    let mut records = Vec::new();
    for index in 0..count {
        let number = reader.take(8, "a record's number")?;
        let number = number.iter().rev().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        let seq =
            Seq::new(number).ok_or(Error::Record { index, error: crate::journal::stored::Error::Entry })?;
        records.push((seq, reader.record(index)?));
    }
    reader.end().map(|()| (statement, records))
}

#[cfg(test)]
mod tests {
    use super::super::wire::Batch;
    use super::*;
    use crate::base::Random;
    use crate::journal::Seal;

    #[test]
    fn salvaged_records_survive_the_way_and_are_no_batch() {
        let records = sample(5);
        let body = encode("statement", &records).unwrap();
        assert_eq!(decode(&body), Ok(("statement".to_owned(), records)));
        assert!(matches!(Batch::decode(&body), Err(Error::Magic(_))));
        assert!(encode("statement", &[]).is_err());
        assert!(encode("statement", &sample(1_001)).is_err());
    }

    #[test]
    fn what_is_cut_or_altered_never_panics_and_what_is_cut_is_refused() {
        let body = encode("statement", &sample(5)).unwrap();
        let plain = wire::expand(&body).unwrap();
        for length in 0..plain.len() {
            assert!(decode(&zstd::bulk::compress(&plain[..length], 1).unwrap()).is_err(), "{length} bytes");
        }
        let mut random = Random::new(3);
        for _ in 0..2_000 {
            let mut flipped = plain.clone();
            let bit = random.below(8 * plain.len() as u64);
            flipped[usize::try_from(bit / 8).unwrap()] ^= 1 << (bit % 8);
            let _ = decode(&zstd::bulk::compress(&flipped, 1).unwrap());
        }
    }

    fn sample(count: u64) -> Vec<(Seq, Stored)> {
        let record = |number: u64| {
            let stored = Stored { public: number.to_le_bytes().to_vec(), seal: Seal::None };
            (Seq::new(number * 3).unwrap(), stored)
        };
        (1..=count).map(record).collect()
    }
}
