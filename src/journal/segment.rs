//! Segments: the files of a log, preallocated and written from front to back.
//!
//! # Names
//!
//! `<generation, 6 digits>-<epoch, 32 hexadecimal digits>-<first record, 20 digits>.seg`. The order of names is the
//! order of records. A new log in the same directory gets the next generation and a fresh epoch, so that the newest
//! log is found without any pointer file. What cannot be read is renamed to `<name>.unreadable` and never deleted.
//!
//! # Header
//!
//! Integers are little-endian. Frames ([`super::frame`]) start at the header's length; zeros follow the last one.
//!
//! | bytes | field |
//! |---|---|
//! | 8 | magic `KAKOUSEG` |
//! | 4 | format version: 1 |
//! | 4 | length of this header, in bytes |
//! | 4 | generation |
//! | 4 | zero |
//! | 16 | epoch |
//! | 8 | number of the segment's first record |
//! | 8 | number of the previous segment's first record; 0 in a log's first segment, and only there |
//! | 32 | kiosk, padded with zeros |
//! | … | frontier over all records before the first, encoded as in [`super::merkle`] |
//! | 4 | CRC-32C over all of the above |
//!
//! The frontier lets each segment be checked without those before it.

use super::merkle::Frontier;
use crate::base::{Epoch, KioskId};

const MAGIC: &[u8; 8] = b"KAKOUSEG";
/// The format that this version writes.
pub(super) const VERSION: u32 = 1;
const FIXED: usize = 88;

/// Longest header, in bytes.
pub(super) const HEADER_MAX: usize = FIXED + Frontier::ENCODED_MAX + 4;

/// What a segment's file name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub generation: u32,
    pub epoch: Epoch,
    pub first: u64,
}

impl Name {
    /// Reads a file name; `None` for any other file.
    pub(super) fn parse(file: &str) -> Option<Self> {
        let mut parts = file.strip_suffix(".seg")?.split('-');
        let (generation, epoch, first) = (parts.next()?, parts.next()?, parts.next()?);
        let name = Self {
            generation: generation.parse().ok()?,
            epoch: epoch.parse().ok()?,
            first: first.parse().ok().filter(|first| *first > 0)?,
        };
        (name.file() == file).then_some(name)
    }

    /// The same for a segment that is here, also one that was set aside.
    pub(super) fn parse_any(file: &str) -> Option<Self> {
        let (stem, _) = file.split_once(".seg")?;
        Self::parse(&format!("{stem}.seg"))
    }

    pub(super) fn file(&self) -> String {
        format!("{:06}-{}-{:020}.seg", self.generation, self.epoch, self.first)
    }
}

/// What a segment's header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub name: Name,
    /// First record of the segment before, or 0.
    pub previous: u64,
    pub kiosk: KioskId,
    /// Over all records before this segment.
    pub frontier: Frontier,
}

/// Why there is no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// Written by a later version of the program.
    Version(u32),
    Damaged,
}

impl Header {
    pub(super) fn encode(&self) -> Vec<u8> {
        let length = FIXED + self.frontier.encoded_len() + 4;
        let mut out = Vec::with_capacity(length);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(&self.name.generation.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.name.epoch.0);
        out.extend_from_slice(&self.name.first.to_le_bytes());
        out.extend_from_slice(&self.previous.to_le_bytes());
        let mut kiosk = [0; 32];
        kiosk[..self.kiosk.as_str().len()].copy_from_slice(self.kiosk.as_str().as_bytes());
        out.extend_from_slice(&kiosk);
        self.frontier.encode(&mut out);
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    /// Reads the header at the front of a segment; returns it with its length.
    pub(super) fn decode(bytes: &[u8]) -> Result<(Self, usize), Bad> {
        let fixed = bytes.get(..FIXED).filter(|fixed| fixed.starts_with(MAGIC)).ok_or(Bad::Damaged)?;
        let word = |at: usize| fixed[at..at + 4].try_into().map(u32::from_le_bytes).map_err(|_| Bad::Damaged);
        let long = |at: usize| fixed[at..at + 8].try_into().map(u64::from_le_bytes).map_err(|_| Bad::Damaged);
        let length = usize::try_from(word(12)?).map_err(|_| Bad::Damaged)?;
        let whole = bytes.get(..length).filter(|_| length <= HEADER_MAX).ok_or(Bad::Damaged)?;
        let (content, crc) = whole.split_last_chunk::<4>().ok_or(Bad::Damaged)?;
        if crc32c::crc32c(content) != u32::from_le_bytes(*crc) {
            return Err(Bad::Damaged);
        }
        // Only now: a version that cannot be trusted says nothing.
        if word(8)? != VERSION {
            return Err(Bad::Version(word(8)?));
        }
        let epoch = fixed[24..40].try_into().map(Epoch).map_err(|_| Bad::Damaged)?;
        let name = Name { generation: word(16)?, epoch, first: long(40)? };
        let kiosk = std::str::from_utf8(&fixed[56..88]).map_err(|_| Bad::Damaged)?;
        let kiosk = kiosk.trim_end_matches('\0').parse().map_err(|_| Bad::Damaged)?;
        let frontier = content.get(FIXED..).and_then(Frontier::decode).ok_or(Bad::Damaged)?;
        let header = Self { name, previous: long(48)?, kiosk, frontier };
        // One spelling only: what a header says twice or not at all cannot be altered unseen.
        let good = header.frontier.size().checked_add(1) == Some(name.first)
            && header.previous < name.first
            && (header.previous == 0) == (name.first == 1)
            && header.encode() == whole;
        if good { Ok((header, length)) } else { Err(Bad::Damaged) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::merkle::leaf_hash;

    #[test]
    fn a_name_says_what_the_file_holds_and_sorts_by_it() {
        let name = header().name;
        assert_eq!(name.file(), "000002-07070707070707070707070707070707-00000000000000000006.seg");
        assert_eq!(Name::parse(&name.file()), Some(name));
        for other in ["ballast", "2-07-6.seg", &name.file().to_uppercase(), &(name.file() + ".unreadable")] {
            assert_eq!(Name::parse(other), None, "{other}");
        }
        let later = Name { first: 100_000, ..name };
        assert!(name.file() < later.file() && later.file() < Name { generation: 3, ..name }.file());
    }

    #[test]
    fn a_header_survives_and_every_altered_bit_is_noticed() {
        let mut bytes = header().encode();
        let length = bytes.len();
        bytes.extend_from_slice(&[0; 100]);
        assert_eq!(Header::decode(&bytes), Ok((header(), length)));
        for bit in 0..length * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&bad), Err(Bad::Damaged), "bit {bit}");
        }
        for cut in 0..length {
            assert_eq!(Header::decode(&bytes[..cut]), Err(Bad::Damaged), "{cut} bytes");
        }
    }

    #[test]
    fn a_later_format_is_told_from_damage() {
        let mut bytes = header().encode();
        bytes[8] = 2;
        let end = bytes.len() - 4;
        let crc = crc32c::crc32c(&bytes[..end]);
        bytes[end..].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(Header::decode(&bytes), Err(Bad::Version(2)));
    }

    #[test]
    fn a_header_that_contradicts_itself_is_damaged_whatever_its_checksum() {
        let whole = header().encode();
        let altered = |at: usize, to: u8| {
            let mut bytes = whole.clone();
            bytes[at] = to;
            let end = bytes.len() - 4;
            let crc = crc32c::crc32c(&bytes[..end]);
            bytes[end..].copy_from_slice(&crc.to_le_bytes());
            Header::decode(&bytes)
        };
        assert!(altered(48, 5).is_ok_and(|(header, _)| header.previous == 5));
        let bad = [("reserved", 20, 1), ("first", 40, 7), ("no previous", 48, 0), ("previous", 48, 6)];
        for (what, at, to) in bad.into_iter().chain([("behind the kiosk", 87, b'x'), ("size", 88, 4)]) {
            assert_eq!(altered(at, to), Err(Bad::Damaged), "{what}");
        }
    }

    fn header() -> Header {
        let mut frontier = Frontier::new();
        (0..5_u8).for_each(|n| frontier.push(leaf_hash(&[&[n]])));
        Header {
            name: Name { generation: 2, epoch: Epoch([7; 16]), first: 6 },
            previous: 1,
            kiosk: "gate-1".parse().unwrap(),
            frontier,
        }
    }
}
