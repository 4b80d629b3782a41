//! Proofs about a log's tree: that a record is in it, and that it only grew (RFC 9162, §2.1.3 and §2.1.4).
//!
//! A proof is a list of hashes, each the root of a stretch of leaves. [`Prover`] is told the leaves in order, as they
//! lie in the log, and gathers all stretches in one pass. It need not begin with the first leaf: a [`Frontier`] stands
//! for everything before it, because what a later leaf needs from there are peaks of that frontier. The same way it
//! can be moved on past leaves that are damaged, or that nobody wants to read.
//!
//! Whoever verifies needs nothing but the proof, the leaf or the older root, and the root that somebody signed.

use std::ops::Range;

use super::merkle::{Frontier, Hash, node_hash, sha256};

/// Most hashes of a proof: two for each level of the largest tree.
pub const HASHES_MAX: usize = 128;

/// Why there is no proof, or why it proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The leaf or the older tree is not inside the tree.
    #[error("leaf or size {0} is not in a tree of {1}")]
    Outside(u64, u64),
    /// Leaves that are needed are not there.
    #[error("the leaves from {0} on are needed and not there")]
    Missing(u64),
    /// Too few or too many hashes for these sizes.
    #[error("{0} hashes do not make a proof for these sizes")]
    Length(usize),
    /// The hashes lead to another root.
    #[error("the hashes lead to another root")]
    Root,
}

/// Gathers a proof from leaves in order.
#[derive(Clone, Debug)]
pub struct Prover {
    /// In the order of the proof.
    parts: Vec<Part>,
    /// The leaf expected next.
    next: u64,
}

/// A stretch of leaves whose root is part of the proof.
#[derive(Clone, Debug)]
struct Part {
    range: Range<u64>,
    tree: Frontier,
}

impl Prover {
    /// Proves that leaf `index`, counted from 0, is in the tree over the first `size` leaves; `before` stands for all
    /// leaves in front of the first that will be told, which must not come after `index`.
    ///
    /// # Errors
    ///
    /// [`Error::Outside`]; [`Error::Missing`] when `before` reaches beyond `index`.
    pub fn inclusion(before: &Frontier, index: u64, size: u64) -> Result<Self, Error> {
        if index >= size {
            return Err(Error::Outside(index, size));
        }
        if before.size() > index {
            return Err(Error::Missing(index));
        }
        let mut ranges = Vec::new();
        let mut whole = 0..size;
        while whole.end - whole.start > 1 {
            let middle = whole.start + split(whole.end - whole.start);
            if index < middle {
                ranges.push(middle..whole.end);
                whole.end = middle;
            } else {
                ranges.push(whole.start..middle);
                whole.start = middle;
            }
        }
        Self::over(ranges, before)
    }

    /// Proves that the tree over the first `size` leaves begins with the one over the first `old`.
    ///
    /// # Errors
    ///
    /// [`Error::Outside`] when `old` is 0 or more than `size`; [`Error::Missing`] when `before` reaches beyond `old`.
    pub fn consistency(before: &Frontier, old: u64, size: u64) -> Result<Self, Error> {
        if old == 0 || old > size {
            return Err(Error::Outside(old, size));
        }
        if before.size() > old {
            return Err(Error::Missing(old));
        }
        let mut ranges = Vec::new();
        let mut whole = 0..size;
        while old != whole.end {
            let middle = whole.start + split(whole.end - whole.start);
            if old <= middle {
                ranges.push(middle..whole.end);
                whole.end = middle;
            } else {
                ranges.push(whole.start..middle);
                whole.start = middle;
            }
        }
        // The older tree by itself is known to whoever verifies.
        if whole.start > 0 {
            ranges.push(whole);
        }
        Self::over(ranges, before)
    }

    /// `ranges` from the root down.
    fn over(ranges: Vec<Range<u64>>, before: &Frontier) -> Result<Self, Error> {
        let part = |range| Part { range, tree: Frontier::new() };
        let parts = ranges.into_iter().rev().map(part).collect();
        let mut prover = Self { parts, next: 0 };
        if prover.advance(before) { Ok(prover) } else { Err(Error::Missing(0)) }
    }

    /// Index of the leaf expected next, counted from 0.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Where the stretch that is being gathered begins and ends; `None` when nothing is wanted any more.
    pub fn wanted(&self) -> Option<Range<u64>> {
        let open = self.parts.iter().filter(|part| !part.is_complete());
        open.map(|part| part.range.clone()).min_by_key(|range| range.start)
    }

    /// Takes the next leaf.
    pub fn push(&mut self, leaf: Hash) {
        let next = self.next;
        if let Some(part) = self.parts.iter_mut().find(|part| part.range.contains(&next)) {
            part.tree.push(leaf);
        }
        self.next += 1;
    }

    /// Moves on to the end of `frontier` without the leaves in between; returns whether that is possible. If not,
    /// nothing has changed.
    pub fn advance(&mut self, frontier: &Frontier) -> bool {
        if frontier.size() < self.next {
            return false;
        }
        let mut moved = self.parts.clone();
        for part in &mut moved {
            if part.is_complete() || part.range.start >= frontier.size() {
                continue;
            }
            match frontier.part(part.range.start, part.range.end) {
                Some(tree) => part.tree = tree,
                None => return false,
            }
        }
        self.parts = moved;
        self.next = frontier.size();
        true
    }

    /// The proof.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] when leaves are still wanted.
    pub fn finish(self) -> Result<Vec<Hash>, Error> {
        match self.wanted() {
            Some(_) => Err(Error::Missing(self.next)),
            None => Ok(self.parts.iter().map(|part| part.tree.root()).collect()),
        }
    }
}

impl Part {
    fn is_complete(&self) -> bool {
        self.tree.size() == self.range.end - self.range.start
    }
}

/// Checks that the tree over `size` leaves with this `root` holds `leaf` at `index`, counted from 0.
///
/// # Errors
///
/// [`Error::Outside`], [`Error::Length`] or [`Error::Root`].
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), Error> {
    if index >= size {
        return Err(Error::Outside(index, size));
    }
    let mut climb = Climb { node: index, last: size - 1 };
    let mut hash = *leaf;
    for sibling in proof {
        hash = match climb.up().ok_or(Error::Length(proof.len()))? {
            Side::Left => node_hash(sibling, &hash),
            Side::Right => node_hash(&hash, sibling),
        };
    }
    if climb.last != 0 {
        return Err(Error::Length(proof.len()));
    }
    if hash == *root { Ok(()) } else { Err(Error::Root) }
}

/// Checks that the tree over `size` leaves with `root` begins with the tree over `old` leaves with `old_root`.
///
/// # Errors
///
/// [`Error::Outside`], [`Error::Length`] or [`Error::Root`].
pub fn verify_consistency(
    old: u64,
    size: u64,
    proof: &[Hash],
    old_root: &Hash,
    root: &Hash,
) -> Result<(), Error> {
    if old > size {
        return Err(Error::Outside(old, size));
    }
    if old == 0 || old == size {
        // Every tree begins with the empty one and with itself.
        let known = if old == 0 { sha256(b"") } else { *root };
        return match proof {
            [] if known == *old_root => Ok(()),
            [] => Err(Error::Root),
            _ => Err(Error::Length(proof.len())),
        };
    }
    let mut climb = Climb { node: old - 1, last: size - 1 };
    climb.shift_while(|node| node & 1 == 1);
    let (first, rest) = match proof.split_first() {
        _ if old.is_power_of_two() => (old_root, proof),
        Some(split) => split,
        None => return Err(Error::Length(0)),
    };
    let (mut old_hash, mut hash) = (*first, *first);
    for sibling in rest {
        match climb.up().ok_or(Error::Length(proof.len()))? {
            Side::Left => {
                old_hash = node_hash(sibling, &old_hash);
                hash = node_hash(sibling, &hash);
            }
            Side::Right => hash = node_hash(&hash, sibling),
        }
    }
    if climb.last != 0 {
        return Err(Error::Length(proof.len()));
    }
    if old_hash == *old_root && hash == *root { Ok(()) } else { Err(Error::Root) }
}

/// On which side of a node its sibling is.
enum Side {
    Left,
    Right,
}

/// The way from a node up to the root: its number within its level, and the number of the level's last node.
struct Climb {
    node: u64,
    last: u64,
}

impl Climb {
    /// Goes up to where the node has its next sibling; `None` at the root.
    fn up(&mut self) -> Option<Side> {
        if self.last == 0 {
            return None;
        }
        let side = if self.node & 1 == 1 || self.node == self.last {
            // At the right edge there are levels without a sibling.
            self.shift_while(|node| node & 1 == 0 && node != 0);
            Side::Left
        } else {
            Side::Right
        };
        self.node >>= 1;
        self.last >>= 1;
        Some(side)
    }

    fn shift_while(&mut self, more: impl Fn(u64) -> bool) {
        while more(self.node) {
            self.node >>= 1;
            self.last >>= 1;
        }
    }
}

/// The largest power of two below `size`, which is at least 2.
fn split(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

#[cfg(test)]
mod tests;
