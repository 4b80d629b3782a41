//! The tree over a log's records: RFC 6962 hashing, kept as its right edge.
//!
//! A leaf is `SHA-256(0x00 || data)`, an inner node `SHA-256(0x01 || left || right)`, the root of no leaves
//! `SHA-256("")` (RFC 6962, §2.1). Two parties whose trees have the same size and the same root hold exactly the same
//! records in the same order.
//!
//! # Encoding of a frontier
//!
//! `size` (u64, little-endian), then one 32-byte hash for each bit that is set in `size`, largest subtree first.

use ring::digest::{Context, SHA256, digest};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// Hashes a leaf that consists of `parts`, one after the other.
pub fn leaf_hash(parts: &[&[u8]]) -> Hash {
    hash_of(0, parts)
}

pub(super) fn node_hash(left: &Hash, right: &Hash) -> Hash {
    hash_of(1, &[left, right])
}

fn hash_of(domain: u8, parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(&[domain]);
    for part in parts {
        context.update(part);
    }
    to_hash(context.finish().as_ref())
}

/// Plain SHA-256 of `bytes`, without any domain prefix.
pub fn sha256(bytes: &[u8]) -> Hash {
    to_hash(digest(&SHA256, bytes).as_ref())
}

fn to_hash(bytes: &[u8]) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(bytes);
    hash
}

/// The right edge of a tree: enough to append to it and to state its root, in at most 64 hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Roots of the complete subtrees, largest first: one for each bit set in `size`.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Longest encoding, in bytes.
    pub const ENCODED_MAX: usize = 8 + 64 * 32;

    /// The edge of an empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            // Each complete subtree on the right of equal size merges with the new one.
            let Some(left) = self.peaks.pop() else { break };
            hash = node_hash(&left, &hash);
        }
        self.peaks.push(hash);
        self.size += 1;
        debug_assert_eq!(self.peaks.len(), self.size.count_ones() as usize);
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return sha256(b"") };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }

    /// The edge of the part of this tree from leaf `start` up to `end` or its own end, whichever comes first; `None`
    /// when that part's inner nodes were merged into larger ones and are no longer known.
    pub(super) fn part(&self, start: u64, end: u64) -> Option<Self> {
        let end = end.min(self.size);
        let size = end.checked_sub(start)?;
        // Before, between and behind the peaks.
        let mut edges = vec![0];
        for bit in (0..u64::BITS).rev().filter(|bit| self.size & (1 << bit) != 0) {
            edges.push(edges.last().map_or(0, |edge| edge + (1 << bit)));
        }
        let at = |leaf| edges.iter().position(|edge| *edge == leaf);
        let peaks = self.peaks.get(at(start)?..at(end)?)?.to_vec();
        // Peaks become smaller from left to right: these are the bits of their sum.
        debug_assert_eq!(peaks.len(), size.count_ones() as usize);
        Some(Self { size, peaks })
    }

    /// Whether `later` can be the edge of a tree that begins with the leaves of this one: every complete subtree of
    /// `later` that lies within them is the same here.
    pub fn may_lead_to(&self, later: &Self) -> bool {
        // Both list their subtrees largest first. Where the sizes first differ, the larger tree's next subtree reaches
        // beyond the smaller one, and nothing more can be compared.
        let same = (self.size ^ later.size).leading_zeros();
        let shared = self.size.checked_shr(64 - same).unwrap_or(0).count_ones() as usize;
        self.size <= later.size && self.peaks.get(..shared) == later.peaks.get(..shared)
    }

    /// Length of the encoding, in bytes.
    pub fn encoded_len(&self) -> usize {
        8 + self.peaks.len() * 32
    }

    /// Appends the encoding to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.size.to_le_bytes());
        self.peaks.iter().for_each(|peak| out.extend_from_slice(peak));
    }

    /// Reads an encoding that fills `bytes` exactly; `None` for any other length.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (size, rest) = bytes.split_first_chunk::<8>()?;
        let size = u64::from_le_bytes(*size);
        let (peaks, tail) = rest.as_chunks::<32>();
        let good = tail.is_empty() && peaks.len() == size.count_ones() as usize;
        good.then(|| Self { size, peaks: peaks.to_vec() })
    }
}

/// RFC 6962 §2.1, word for word: split at the largest power of two below the size.
#[cfg(test)]
pub(super) fn by_definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(b""),
        [leaf] => *leaf,
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            node_hash(&by_definition(&leaves[..split]), &by_definition(&leaves[split..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    #[test]
    fn agrees_with_the_published_roots() {
        // Source: google/certificate-transparency, merkle_tree_test.cc: the reference leaves and roots.
        let leaves = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut frontier = Frontier::new();
        assert_eq!(
            HEXLOWER.encode(&frontier.root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        for (leaf, root) in leaves.iter().zip(roots) {
            frontier.push(leaf_hash(&[&HEXLOWER.decode(leaf.as_bytes()).unwrap()]));
            assert_eq!(HEXLOWER.encode(&frontier.root()), root, "size {}", frontier.size());
        }
    }

    #[test]
    fn agrees_with_the_recursive_definition() {
        let leaves: Vec<Hash> = (0..130_u64).map(|n| leaf_hash(&[&n.to_be_bytes()])).collect();
        let mut frontier = Frontier::new();
        for (count, leaf) in leaves.iter().enumerate() {
            frontier.push(*leaf);
            assert_eq!(frontier.root(), by_definition(&leaves[..=count]));
        }
    }

    #[test]
    fn a_tree_leads_to_every_later_one_and_to_none_with_another_beginning() {
        let edge = |size: u64, other: Option<u64>| {
            let mut frontier = Frontier::new();
            let leaf = |n: u64| leaf_hash(&[&[u8::from(other == Some(n))], &n.to_be_bytes()]);
            (0..size).for_each(|n| frontier.push(leaf(n)));
            frontier
        };
        for size in 0..40 {
            for later in 0..40 {
                assert_eq!(edge(size, None).may_lead_to(&edge(later, None)), size <= later, "{size} {later}");
                // Seen wherever the altered leaf lies in a subtree of the later tree that ends within the earlier one.
                for altered in 0..size.min(later) {
                    let whole =
                        (0..64).rev().filter(|bit| later >> bit & 1 == 1).try_fold(0, |start, bit| {
                            let end = start + (1_u64 << bit);
                            if altered < end { Err(end) } else { Ok(end) }
                        });
                    let seen = size > later || whole.is_err_and(|end| end <= size);
                    let leads = edge(size, None).may_lead_to(&edge(later, Some(altered)));
                    assert_eq!(leads, !seen, "{size} {later} {altered}");
                }
            }
        }
    }

    #[test]
    fn survives_encoding_and_refuses_any_other_length() {
        let mut frontier = Frontier::new();
        for n in 0..37_u64 {
            let mut bytes = vec![];
            frontier.encode(&mut bytes);
            assert_eq!(Frontier::decode(&bytes), Some(frontier.clone()));
            assert_eq!(Frontier::decode(&bytes[..bytes.len() - 1]), None);
            bytes.push(0);
            assert_eq!(Frontier::decode(&bytes), None);
            frontier.push(leaf_hash(&[&n.to_be_bytes()]));
        }
    }
}
