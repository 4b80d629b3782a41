//! Proofs from a log on a disk: reads as few segments as it can, also where older ones are gone.
//!
//! A segment's header holds the tree's right edge before it. So a proof begins with the segment that holds the record,
//! whatever became of those before, and passes over later segments wherever one of their edges tells what is needed.
//! The same way it passes over damaged records when a later edge is recorded. Before a proof is given out it is
//! verified, against the root that the end of the log itself states.

use std::io;

use super::disk::Disk;
use super::frame::{Content, Frame, LogCrc};
use super::merkle::{Frontier, Hash};
use super::proof::{self, Prover, verify_consistency, verify_inclusion};
use super::reader::{self, LogName, Reader};
use super::recovery::{read_header, read_segment};
use super::scan::{Piece, Pieces};
use super::segment::{Header, Name};
use super::stored::{Seal, Stored};
use crate::base::Seq;

/// A record with the proof that it is in its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// The record without its box: the public part and, where there is or was a box, commitment and box hash.
    pub record: Stored,
    /// The record's index in the tree, counted from 0.
    pub index: u64,
    /// Number of records in the tree.
    pub size: u64,
    /// From the record's sibling up to the root's child.
    pub hashes: Vec<Hash>,
    /// The tree's root.
    pub root: Hash,
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The log cannot be read, or records that are needed are not there.
    #[error(transparent)]
    Log(#[from] reader::Error),
    /// The numbers do not fit, or what was read does not lead to the log's root.
    #[error("the log does not prove it: {0}")]
    Proof(#[from] proof::Error),
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Log(error.into())
    }
}

/// Proves that record `seq` is among the first `size` records of `log`.
///
/// # Errors
///
/// Any [`Error`].
pub fn inclusion<D: Disk + Clone>(
    disk: &mut D,
    log: LogName,
    seq: Seq,
    size: u64,
) -> Result<Inclusion, Error> {
    let root = root(disk, log, size)?;
    let index = seq.get() - 1;
    let mut record = None;
    let mut walk = Walk::new(disk, log)?;
    let hashes = walk.prove(
        index,
        |before| Prover::inclusion(before, index, size),
        |frame| {
            if frame.seq == seq.get() {
                record = frame.stored().map(without_box);
            }
        },
    )?;
    let record = record.ok_or(reader::Error::Missing { from: seq.get(), through: seq.get() })?;
    verify_inclusion(&record.leaf_hash(), index, size, &hashes, &root)?;
    Ok(Inclusion { record, index, size, hashes, root })
}

/// Proves that the first `size` records of `log` begin with the first `old`, whose root was `old_root`.
///
/// # Errors
///
/// Any [`Error`]; [`proof::Error::Root`] when they begin with others.
pub fn consistency<D: Disk + Clone>(
    disk: &mut D,
    log: LogName,
    old: u64,
    old_root: &Hash,
    size: u64,
) -> Result<Vec<Hash>, Error> {
    let root = root(disk, log, size)?;
    if old == 0 || old == size {
        verify_consistency(old, size, &[], old_root, &root)?;
        return Ok(Vec::new());
    }
    let mut walk = Walk::new(disk, log)?;
    let hashes = walk.prove(old, |before| Prover::consistency(before, old, size), |_| ())?;
    verify_consistency(old, size, &hashes, old_root, &root)?;
    Ok(hashes)
}

/// The root over the first `size` records.
///
/// # Errors
///
/// [`Error::Log`] when it cannot be known.
pub fn root<D: Disk + Clone>(disk: &D, log: LogName, size: u64) -> Result<Hash, Error> {
    Ok(Reader::open(disk.clone(), log)?.frontier(size)?.root())
}

/// The record as everybody may see it.
pub fn without_box(stored: Stored) -> Stored {
    let leaf = stored.leaf_hash();
    let seal = match stored.seal {
        Seal::Boxed { commit, bytes } => Seal::Erased { commit, box_hash: super::merkle::sha256(&bytes) },
        seal @ (Seal::None | Seal::Erased { .. }) => seal,
    };
    let stored = Stored { seal, ..stored };
    debug_assert_eq!(stored.leaf_hash(), leaf);
    stored
}

/// The way through the segments of one log.
struct Walk<'d, D> {
    disk: &'d mut D,
    log: LogCrc,
    names: Vec<Name>,
    /// The first leaf that was needed and not there, and the number of the first whole record behind it.
    hole: Option<(u64, u64)>,
}

impl<'d, D: Disk> Walk<'d, D> {
    fn new(disk: &'d mut D, log: LogName) -> Result<Self, Error> {
        let names = disk.list()?.into_iter().filter_map(|file| Name::parse(&file));
        let own = |name: &Name| (name.generation, name.epoch) == (log.generation, log.epoch);
        let names: Vec<Name> = names.filter(own).collect();
        Ok(Self { disk, log: LogCrc::new(log.epoch), names, hole: None })
    }

    /// Gathers a proof that needs the leaves from `index` on; shows each record that was read to `see`.
    fn prove(
        &mut self,
        index: u64,
        begin: impl FnOnce(&Frontier) -> Result<Prover, proof::Error>,
        mut see: impl FnMut(&Frame<'_>),
    ) -> Result<Vec<Hash>, Error> {
        let (mut at, before) = self.begin(index)?;
        let mut prover = begin(&before)?;
        // At least the first segment: the record itself is in it.
        while let Some(name) = self.names.get(at).copied() {
            self.segment(name, &mut prover, &mut see)?;
            let Some(wanted) = prover.wanted() else { break };
            let behind = self.names.iter().position(|next| next.first > wanted.end);
            let last = behind.unwrap_or(self.names.len()).saturating_sub(1);
            at = if last > at + 1 && self.pass_to(last, &mut prover)? { last } else { at + 1 };
        }
        let next = prover.next();
        let wanted = prover.wanted().map_or(next, |wanted| wanted.end).max(next + 1);
        let behind = self.hole.filter(|(leaf, _)| *leaf == next).map(|(_, behind)| behind - 1);
        let through = behind.map_or(wanted, |last| last.min(wanted));
        let missing = reader::Error::Missing { from: next + 1, through };
        prover.finish().map_err(|_| missing.into())
    }

    /// The last segment with a whole header that begins at or before leaf `index`, and the tree before it.
    fn begin(&mut self, index: u64) -> Result<(usize, Frontier), Error> {
        for at in
            (0..self.names.len()).rev().filter(|at| self.names[*at].first <= index + 1).collect::<Vec<_>>()
        {
            let name = self.names[at];
            match read_header(self.disk, &name.file())? {
                Ok((header, _)) if header.name == name => return Ok((at, header.frontier)),
                Ok(_) | Err(_) if name.first == 1 => return Ok((at, Frontier::new())),
                Ok(_) | Err(_) => {}
            }
        }
        let through =
            self.names.first().map_or(index + 1, |name| name.first.saturating_sub(1).max(index + 1));
        Err(reader::Error::Missing { from: index + 1, through }.into())
    }

    /// Moves on to the beginning of a later segment, if its header is enough.
    fn pass_to(&mut self, at: usize, prover: &mut Prover) -> io::Result<bool> {
        let name = self.names[at];
        match read_header(self.disk, &name.file())? {
            Ok((header, _)) if header.name == name => Ok(prover.advance(&header.frontier)),
            Ok(_) | Err(_) => Ok(false),
        }
    }

    fn segment(
        &mut self,
        name: Name,
        prover: &mut Prover,
        see: &mut impl FnMut(&Frame<'_>),
    ) -> io::Result<()> {
        let bytes = read_segment(self.disk, &name.file())?;
        let start = match Header::decode(&bytes) {
            Ok((header, start)) => {
                // When the end of the segment before was damaged, this is as good.
                prover.advance(&header.frontier);
                start
            }
            Err(_) => 0,
        };
        for piece in Pieces::new(self.log, &bytes, start) {
            let Piece::Frame(_, frame) = piece else { continue };
            match (&frame.content, frame.leaf()) {
                (Content::Record { .. }, Some(leaf)) if frame.seq == prover.next() + 1 => {
                    see(&frame);
                    prover.push(leaf);
                }
                (Content::Record { .. }, _) if frame.seq > prover.next() + 1 => {
                    let next = prover.next();
                    let known = self.hole.filter(|(leaf, _)| *leaf == next);
                    self.hole = known.or(Some((next, frame.seq)));
                }
                (Content::Frontier(stated), _) if stated.size() > prover.next() => {
                    prover.advance(stated);
                }
                _ => {}
            }
        }
        Ok(())
    }
}
