//! Frames: how records lie in a segment, one behind the other.
//!
//! # Format
//!
//! Integers are little-endian.
//!
//! | bytes | field |
//! |---|---|
//! | 4 | magic `KKF1` |
//! | 1 | kind: 0 record, 1 frontier; others are for later versions and are passed over |
//! | 1 | flags: bit 0 set when the record is sealed |
//! | 2 | zero |
//! | 8 | number of the record; for a frontier the number of records before it |
//! | 8 | acknowledged: the last record known to be durable when this frame was written |
//! | 4 | length of the public part, or of the frontier |
//! | 4 | length of the box, 0 without one |
//! | 4 | CRC-32C over the log's epoch, the 32 bytes above and the public part, commitment and box hash below |
//! | … | public part: CBOR of an entry; or an encoded frontier |
//! | 32 | commitment, when sealed |
//! | 32 | SHA-256 of the box, when sealed |
//! | … | box, when sealed |
//!
//! The epoch in the checksum keeps frames of another log from ever being taken for ours. The box is outside the
//! checksum and proven by its hash, so that it can be wiped in place, with `0xE5`, without breaking the frame.
//!
//! *Acknowledged* is what tells a torn tail from damage: a missing record that some later frame calls acknowledged
//! was lost, one that no frame vouches for was never promised to anybody. A frontier frame lets a log whose records
//! were partly destroyed still state its root.

use super::merkle::{Frontier, Hash, sha256};
use super::stored::{Seal, Stored};
use crate::base::Epoch;

pub(super) const MAGIC: &[u8; 4] = b"KKF1";
const HEAD: usize = 36;
const CRC_AT: usize = 32;
const RECORD: u8 = 0;
const FRONTIER: u8 = 1;
const SEALED: u8 = 1;

/// What a box is overwritten with when it is erased; a torn write leaves zeros.
pub const WIPED: u8 = 0xE5;

/// A frame whose checksum matches.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'b> {
    /// The record's number, or the number of records before a frontier.
    pub seq: u64,
    /// Last record known to be durable when it was written.
    pub acknowledged: u64,
    pub content: Content<'b>,
    /// Bytes it takes up.
    pub length: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content<'b> {
    Record {
        public: &'b [u8],
        seal: RawSeal<'b>,
    },
    Frontier(Frontier),
    /// Of a later version.
    Other,
}

/// The sealed part of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RawSeal<'b> {
    None,
    Boxed { commit: Hash, hash: Hash, bytes: &'b [u8], state: BoxState },
}

/// What became of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BoxState {
    Whole,
    Wiped,
    /// Neither whole nor wiped.
    Damaged,
}

/// Why there is no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// The bytes end before it does.
    Short,
    /// No magic, impossible lengths or a wrong checksum.
    Damaged,
}

impl Frame<'_> {
    pub(super) fn box_is_damaged(&self) -> bool {
        matches!(self.content, Content::Record { seal: RawSeal::Boxed { state: BoxState::Damaged, .. }, .. })
    }

    /// The record in it; a box that is not whole counts as erased.
    pub(super) fn stored(&self) -> Option<Stored> {
        let Content::Record { public, seal } = &self.content else { return None };
        let seal = match seal {
            RawSeal::None => Seal::None,
            RawSeal::Boxed { commit, bytes, state: BoxState::Whole, .. } => {
                Seal::Boxed { commit: *commit, bytes: bytes.to_vec() }
            }
            RawSeal::Boxed { commit, hash, .. } => Seal::Erased { commit: *commit, box_hash: *hash },
        };
        Some(Stored { public: public.to_vec(), seal })
    }

    /// The record's leaf in the tree.
    pub(super) fn leaf(&self) -> Option<Hash> {
        let Content::Record { public, seal } = &self.content else { return None };
        Some(match seal {
            RawSeal::None => leaf(public, None),
            RawSeal::Boxed { commit, hash, .. } => leaf(public, Some((commit, hash))),
        })
    }
}

/// A record's leaf from its parts.
pub(super) fn leaf(public: &[u8], sealed: Option<(&Hash, &Hash)>) -> Hash {
    match sealed {
        None => super::merkle::leaf_hash(&[public]),
        Some((commit, hash)) => super::merkle::leaf_hash(&[public, commit, hash]),
    }
}

/// What the checksum of every frame of a log starts with.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogCrc(u32);

impl LogCrc {
    pub(super) fn new(epoch: Epoch) -> Self {
        Self(crc32c::crc32c(&epoch.0))
    }

    /// Appends a record's frame to `out` and returns the record's leaf.
    ///
    /// A destroyed box cannot be written: the record must be plain or boxed.
    pub(super) fn write_record(
        self,
        out: &mut Vec<u8>,
        seq: u64,
        acknowledged: u64,
        public: &[u8],
        seal: &Seal,
    ) -> Hash {
        let (commit, bytes): (Option<&Hash>, &[u8]) = match seal {
            Seal::None | Seal::Erased { .. } => (None, &[]),
            Seal::Boxed { commit, bytes } => (Some(commit), bytes),
        };
        let hash = commit.map(|_| sha256(bytes));
        let sealed = commit.zip(hash.as_ref());
        let flags = if sealed.is_some() { SEALED } else { 0 };
        let start = head(out, [RECORD, flags], seq, acknowledged, public.len(), bytes.len());
        out.extend_from_slice(public);
        if let Some((commit, hash)) = sealed {
            out.extend_from_slice(commit);
            out.extend_from_slice(hash);
        }
        self.finish(out, start);
        out.extend_from_slice(bytes);
        leaf(public, sealed)
    }

    /// Appends a frontier's frame to `out`.
    pub(super) fn write_frontier(self, out: &mut Vec<u8>, acknowledged: u64, frontier: &Frontier) {
        let length = frontier.encoded_len();
        let start = head(out, [FRONTIER, 0], frontier.size(), acknowledged, length, 0);
        frontier.encode(out);
        self.finish(out, start);
    }

    /// Reads the frame at the front of `bytes`.
    pub(super) fn read<'b>(self, bytes: &'b [u8]) -> Result<Frame<'b>, Bad> {
        let (head, rest) = bytes.split_at_checked(HEAD).ok_or(Bad::Short)?;
        if !head.starts_with(MAGIC) {
            return Err(Bad::Damaged);
        }
        let (kind, sealed) = (head[4], head[5] & SEALED != 0);
        let (seq, acknowledged) = (u64_at(head, 8), u64_at(head, 16));
        let (public_len, box_len) = (u32_at(head, 24)?, u32_at(head, 28)?);
        let proofs_len = if sealed { 64 } else { 0 };
        if public_len > Stored::PUBLIC_MAX || box_len > Stored::BOX_MAX || (!sealed && box_len > 0) {
            return Err(Bad::Damaged);
        }
        let (checked, rest) = rest.split_at_checked(public_len + proofs_len).ok_or(Bad::Short)?;
        let boxed = rest.get(..box_len).ok_or(Bad::Short)?;
        let crc = self.crc(&head[..CRC_AT], checked);
        if crc.to_le_bytes() != head[CRC_AT..] {
            return Err(Bad::Damaged);
        }
        let (public, proofs) = checked.split_at(public_len);
        let content = match kind {
            RECORD => Content::Record { public, seal: raw_seal(proofs, boxed) },
            FRONTIER => Content::Frontier(Frontier::decode(public).ok_or(Bad::Damaged)?),
            _ => Content::Other,
        };
        let last = if kind == RECORD { seq.checked_sub(1).ok_or(Bad::Damaged)? } else { seq };
        let consistent = match &content {
            Content::Frontier(frontier) => frontier.size() == seq,
            Content::Record { .. } | Content::Other => true,
        };
        if acknowledged > last || !consistent {
            return Err(Bad::Damaged);
        }
        Ok(Frame { seq, acknowledged, content, length: HEAD + public_len + proofs_len + box_len })
    }

    fn crc(self, head: &[u8], checked: &[u8]) -> u32 {
        crc32c::crc32c_append(crc32c::crc32c_append(self.0, head), checked)
    }

    /// Fills in the checksum of the frame that starts at `start` and so far ends before its box.
    fn finish(self, out: &mut [u8], start: usize) {
        let crc = self.crc(&out[start..start + CRC_AT], &out[start + HEAD..]);
        out[start + CRC_AT..start + HEAD].copy_from_slice(&crc.to_le_bytes());
    }
}

/// Length of a record's frame.
pub(super) fn record_len(public_len: usize, seal: &Seal) -> usize {
    let sealed = match seal {
        Seal::None | Seal::Erased { .. } => 0,
        Seal::Boxed { bytes, .. } => 64 + bytes.len(),
    };
    HEAD + public_len + sealed
}

/// Length of a frontier's frame.
pub(super) fn frontier_len(frontier: &Frontier) -> usize {
    HEAD + frontier.encoded_len()
}

fn head(
    out: &mut Vec<u8>,
    kind_and_flags: [u8; 2],
    seq: u64,
    acknowledged: u64,
    len: usize,
    box_len: usize,
) -> usize {
    let start = out.len();
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&kind_and_flags);
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&seq.to_le_bytes());
    out.extend_from_slice(&acknowledged.to_le_bytes());
    for length in [len, box_len] {
        out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    }
    out.extend_from_slice(&[0; 4]);
    start
}

fn raw_seal<'b>(proofs: &[u8], bytes: &'b [u8]) -> RawSeal<'b> {
    let (hashes, _) = proofs.as_chunks::<32>();
    let [commit, hash] = hashes else { return RawSeal::None };
    let state = if sha256(bytes) == *hash {
        BoxState::Whole
    } else if bytes.iter().all(|byte| *byte == WIPED) {
        BoxState::Wiped
    } else {
        BoxState::Damaged
    };
    RawSeal::Boxed { commit: *commit, hash: *hash, bytes, state }
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

fn u32_at(bytes: &[u8], at: usize) -> Result<usize, Bad> {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    usize::try_from(u32::from_le_bytes(word)).map_err(|_| Bad::Damaged)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LOG: Epoch = Epoch([7; 16]);

    #[test]
    fn frames_survive_and_say_where_they_end() {
        let log = LogCrc::new(LOG);
        let mut bytes = vec![];
        let first = log.write_record(&mut bytes, 1, 0, b"public", &Seal::None);
        let second = log.write_record(&mut bytes, 2, 1, b"open", &boxed());
        let mut frontier = Frontier::new();
        frontier.push(first);
        frontier.push(second);
        log.write_frontier(&mut bytes, 1, &frontier);
        let one = log.read(&bytes).unwrap();
        assert_eq!((one.seq, one.acknowledged, one.leaf()), (1, 0, Some(first)));
        let two = log.read(&bytes[one.length..]).unwrap();
        assert_eq!((two.seq, two.leaf(), two.stored().unwrap().seal), (2, Some(second), boxed()));
        assert_eq!(two.stored().unwrap().leaf_hash(), second);
        assert_eq!(two.length, record_len(4, &boxed()));
        let three = log.read(&bytes[one.length + two.length..]).unwrap();
        assert_eq!((three.seq, three.length), (2, frontier_len(&frontier)));
        assert_eq!(three.content, Content::Frontier(frontier));
        assert_eq!(one.length + two.length + three.length, bytes.len());
    }

    #[test]
    fn every_altered_bit_is_noticed() {
        let log = LogCrc::new(LOG);
        let mut good = vec![];
        log.write_record(&mut good, 2, 1, b"open", &boxed());
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let noticed = log.read(&bad).map_or(true, |frame| frame.box_is_damaged());
            assert!(noticed, "bit {bit}");
        }
        for length in 0..good.len() {
            assert_eq!(log.read(&good[..length]), Err(Bad::Short), "{length} bytes");
        }
    }

    #[test]
    fn a_frame_of_another_log_is_not_taken_for_ours() {
        let mut bytes = vec![];
        LogCrc::new(Epoch([8; 16])).write_record(&mut bytes, 1, 0, b"public", &Seal::None);
        assert_eq!(LogCrc::new(LOG).read(&bytes), Err(Bad::Damaged));
    }

    #[test]
    fn a_wiped_box_counts_as_erased_and_keeps_its_leaf() {
        let log = LogCrc::new(LOG);
        let mut bytes = vec![];
        let leaf = log.write_record(&mut bytes, 1, 0, b"open", &boxed());
        let start = bytes.len() - 6;
        bytes[start..].fill(WIPED);
        let frame = log.read(&bytes).unwrap();
        assert!(!frame.box_is_damaged());
        assert!(matches!(frame.stored().unwrap().seal, Seal::Erased { .. }));
        assert_eq!(frame.stored().unwrap().leaf_hash(), leaf);
        bytes[start] = 0;
        assert!(log.read(&bytes).unwrap().box_is_damaged());
    }

    #[test]
    fn a_later_kind_of_frame_is_passed_over() {
        let log = LogCrc::new(LOG);
        let mut bytes = vec![];
        head(&mut bytes, [200, 0], 5, 5, 3, 0);
        bytes.extend_from_slice(b"abc");
        log.finish(&mut bytes, 0);
        assert_eq!(log.read(&bytes).unwrap().content, Content::Other);
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let log = LogCrc::new(LOG);
            let _ = log.read(&bytes);
            if bytes.len() >= 36 {
                bytes[..4].copy_from_slice(MAGIC);
                bytes[26..28].fill(0);
                bytes[29..32].fill(0);
                let _ = log.read(&bytes);
            }
        }
    }

    fn boxed() -> Seal {
        Seal::Boxed { commit: [9; 32], bytes: b"sealed".to_vec() }
    }
}
