//! A parcel: records that travel as a file, where no network reaches.
//!
//! A parcel holds the very batches ([`wire`](super::wire)) that would be posted to the hub, each with the note that
//! vouches for it, so that the hub takes them in by the same way and just as often: once. Nothing in the file is
//! believed but what a batch's own note proves; checksums only tell where a file is damaged. What it says about persons
//! stays sealed: whoever finds a lost stick reads when, at which lane and with which verdict, and never who.
//!
//! # Format
//!
//! All numbers are little-endian. First the head:
//!
//! | bytes | meaning |
//! |---|---|
//! | 8 | magic `KAKOUPCL` |
//! | 4 | format version: 1 |
//! | 4 | length of the manifest, 1 to 65,536 |
//! | … | manifest: CBOR of [`Manifest`] |
//! | 4 | CRC-32C over all of the above |
//!
//! Then any number of pieces, and one of kind 2 as the last:
//!
//! | bytes | meaning |
//! |---|---|
//! | 4 | kind: 1 a batch, 2 the end; others are for later versions and passed over |
//! | 16 | epoch of the log; zero at the end |
//! | 8 | number of the batch's first record; at the end the number of pieces before it |
//! | 4 | length of the content, at most 4 MiB |
//! | 4 | CRC-32C over these 32 bytes |
//! | … | content: a batch as it is posted; at the end one byte, 1 when another file follows and 0 when none does |
//! | 4 | CRC-32C over the content |
//!
//! Nothing may follow the end. A file is at most 4 GiB − 1 byte long, so that FAT32 holds it; more records go into
//! further files, each of which can be taken in by itself.

mod decoder;
mod encoder;

pub use decoder::{Decoder, Error, Item};
pub use encoder::{END_LENGTH, Encoder, piece_length};

use minicbor::{Decode, Encode};

use super::wire::BODY_MAX;
use crate::base::{Epoch, KioskId, Seq};

/// Most bytes of a file: what FAT32 holds.
pub const FILE_MAX: u64 = u32::MAX as u64;
/// How the name of a parcel ends.
pub const ENDING: &str = "kkp";
/// Most bytes of a manifest.
const MANIFEST_MAX: usize = 64 << 10;
const MAGIC: &[u8; 8] = b"KAKOUPCL";
const VERSION: u32 = 1;
/// Magic, version, length of the manifest.
const HEAD: usize = 16;
/// Kind, epoch, number, length, checksum.
const PIECE: usize = 36;
const KIND_BATCH: u32 = 1;
const KIND_END: u32 = 2;

/// What a file says about itself. Only for telling people: what counts is what the batches prove.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Manifest {
    /// Whose records these are.
    #[n(0)]
    pub kiosk: KioskId,
    /// Which file of a carry this is, counted from 1.
    #[n(1)]
    pub file: u32,
    /// What the carry was to hold, over all of its files.
    #[n(2)]
    pub ranges: Vec<Range>,
}

/// Records of one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Range {
    /// Which log.
    #[n(0)]
    pub epoch: Epoch,
    /// First number.
    #[n(1)]
    pub from: Seq,
    /// Last number.
    #[n(2)]
    pub through: Seq,
}

/// Whether a carry goes on in another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// This is the last file.
    None,
    /// Another file follows.
    Follows,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Random;

    #[test]
    fn a_parcel_survives_however_it_is_cut_into_chunks() {
        let file = sample();
        for chunk in [1, 7, 4_096, file.len()] {
            let items = decode(&file, chunk).unwrap();
            assert_eq!(items.len(), 4, "chunks of {chunk}");
            assert_eq!(items[0], Item::Manifest(manifest()));
            let Item::Batch { epoch, from, content, .. } = &items[2] else { panic!("{items:?}") };
            assert_eq!((*epoch, from.get(), content.as_slice()), (Epoch([7; 16]), 4, &[2; 300][..]));
            assert_eq!(items[3], Item::End(Rest::Follows));
        }
    }

    #[test]
    fn a_file_cut_anywhere_is_refused_with_the_byte_and_gives_whole_pieces_only() {
        let file = sample();
        for length in 0..file.len() {
            let mut decoder = Decoder::new();
            decoder.push(&file[..length]);
            let mut items = vec![];
            while let Some(item) = decoder.take().unwrap() {
                items.push(item);
            }
            assert!(!items.contains(&Item::End(Rest::Follows)));
            let error = decoder.finish().unwrap_err();
            assert!(matches!(error, Error::Truncated { at, .. } if at == length as u64), "{length}: {error}");
            assert_eq!(items, decode(&file, 9).unwrap()[..items.len()]);
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed_before_the_piece_is_given_out() {
        let file = sample();
        let whole = decode(&file, 64).unwrap();
        for bit in 0..file.len() * 8 {
            let mut bad = file.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let mut decoder = Decoder::new();
            decoder.push(&bad);
            let mut items = vec![];
            let error = loop {
                match decoder.take() {
                    Ok(Some(item)) => items.push(item),
                    Ok(None) => break decoder.finish().unwrap_err(),
                    Err(error) => break error,
                }
            };
            assert!(error.at() <= file.len() as u64, "bit {bit}: {error}");
            assert_eq!(items, whole[..items.len()], "bit {bit}");
            assert_eq!(decoder.finish(), Err(error), "what failed stays failed");
        }
    }

    #[test]
    fn what_follows_the_end_and_what_is_no_parcel_is_refused() {
        let trailing = [sample(), vec![0]].concat();
        assert_eq!(decode(&trailing, 64), Err(Error::Trailing { at: sample().len() as u64 }));
        assert_eq!(decode(b"PK\x03\x04 a zip archive", 4), Err(Error::Foreign));
        assert_eq!(decode(b"", 4), Err(Error::Truncated { at: 0, what: "the head" }));
        let mut later = sample();
        later[8] = 2;
        assert_eq!(decode(&later, 64), Err(Error::Version(2)));
    }

    #[test]
    fn pieces_of_a_later_version_are_passed_over_by_name() {
        let mut out = vec![];
        let mut encoder = Encoder::begin(&mut out, &manifest()).unwrap();
        encoder.piece(9, Epoch([1; 16]), 5, b"who knows").unwrap();
        encoder.end(Rest::None).unwrap();
        let items = decode(&out, 64).unwrap();
        assert!(matches!(items[1], Item::Unknown { kind: 9, .. }));
        assert_eq!(items[2], Item::End(Rest::None));
    }

    #[test]
    fn a_length_out_of_range_is_refused_before_anything_is_kept() {
        let mut out = vec![];
        let mut encoder = Encoder::begin(&mut out, &manifest()).unwrap();
        assert!(encoder.batch(Epoch([1; 16]), Seq::FIRST, &vec![0; BODY_MAX + 1]).is_err());
        encoder.piece(KIND_BATCH, Epoch([1; 16]), 1, &vec![0; BODY_MAX + 1]).unwrap();
        let mut decoder = Decoder::new();
        // The head of the piece is enough to refuse it.
        decoder.push(&out[..200]);
        assert!(matches!(decoder.take(), Ok(Some(Item::Manifest(_)))));
        assert!(matches!(decoder.take(), Err(Error::Damaged { .. })));
    }

    #[test]
    fn random_bytes_never_panic_and_nothing_is_kept_of_them() {
        let mut random = Random::new(11);
        for _ in 0..300 {
            let mut decoder = Decoder::new();
            let mut noise = vec![0; 64 << 10];
            random.fill(&mut noise);
            if random.chance(0.7) {
                noise[..8].copy_from_slice(MAGIC);
                noise[8..16].copy_from_slice(&[1, 0, 0, 0, 0, 2, 0, 0]);
            }
            for chunk in noise.chunks(1_000) {
                decoder.push(chunk);
                if decoder.take().is_err() {
                    break;
                }
            }
            assert!(decoder.finish().is_err());
            assert!(decoder.held() <= 2_000, "{} bytes are held", decoder.held());
        }
    }

    fn decode(file: &[u8], chunk: usize) -> Result<Vec<Item>, Error> {
        let (mut decoder, mut items) = (Decoder::new(), vec![]);
        for chunk in file.chunks(chunk) {
            decoder.push(chunk);
            while let Some(item) = decoder.take()? {
                items.push(item);
            }
        }
        decoder.finish().map(|_| items)
    }

    fn manifest() -> Manifest {
        let seq = |number| Seq::new(number).unwrap();
        let range = Range { epoch: Epoch([7; 16]), from: seq(1), through: seq(9) };
        Manifest { kiosk: "east-1".parse().unwrap(), file: 1, ranges: vec![range] }
    }

    fn sample() -> Vec<u8> {
        let mut encoder = Encoder::begin(vec![], &manifest()).unwrap();
        encoder.batch(Epoch([7; 16]), Seq::FIRST, &[1; 50]).unwrap();
        encoder.batch(Epoch([7; 16]), Seq::new(4).unwrap(), &[2; 300]).unwrap();
        encoder.end(Rest::Follows).unwrap()
    }
}
