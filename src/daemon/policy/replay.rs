//! Goes through the passages of a journal, each with the policy that it was decided under.

use std::collections::BTreeMap;

use super::kept::{NotKept, kept};
use crate::base::{Epoch, PolicyId, Seq, Stamp};
use crate::config::Policy;
use crate::journal::reader::{self, LogName};
use crate::journal::{Disk, Reader, Seal};
use crate::model::{Body, Entry, Passage};

/// Records that are read at once.
const AT_ONCE: usize = 512;

/// Bytes that are read at once.
const BYTES_AT_ONCE: usize = 4 << 20;

/// Policies that have ruled here, each read once.
pub struct Policies<D> {
    disk: D,
    known: BTreeMap<PolicyId, Result<Policy, NotKept>>,
}

impl<D: Disk> Policies<D> {
    /// Those on `disk`.
    pub fn new(disk: D) -> Self {
        Self { disk, known: BTreeMap::new() }
    }

    /// The policy `id`.
    ///
    /// # Errors
    ///
    /// When it is not kept, or can no longer be read.
    pub fn get(&mut self, id: PolicyId) -> Result<&Policy, &NotKept> {
        let Self { disk, known } = self;
        known.entry(id).or_insert_with(|| kept(disk, id)).as_ref()
    }
}

/// A passage of a journal.
#[derive(Clone, Copy, Debug)]
pub struct Found<'f> {
    /// The log that it is in.
    pub epoch: Epoch,
    /// Its number.
    pub seq: Seq,
    /// When.
    pub stamp: &'f Stamp,
    /// The passage.
    pub passage: &'f Passage,
    /// Who it was about.
    pub seal: &'f Seal,
}

/// What of a log was gone through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Through {
    /// Passages.
    pub passages: u64,
    /// Records that should be there and are not, or cannot be read.
    pub missing: u64,
}

/// Shows every passage of `log` between two records, both included, to `look`.
///
/// # Errors
///
/// When the disk fails.
pub fn passages<D: Disk>(
    disk: D,
    log: LogName,
    (first, last): (u64, u64),
    look: &mut dyn FnMut(Found<'_>),
) -> Result<Through, reader::Error> {
    let mut reader = Reader::open(disk, log)?;
    let mut through = Through::default();
    let last = last.min(reader.durable().map_or(0, Seq::get));
    let mut next = reader.first()?.max(first);
    while let Some(from) = Seq::new(next).filter(|from| from.get() <= last) {
        match reader.read(from, AT_ONCE, BYTES_AT_ONCE) {
            Ok(records) => {
                let wanted = records.iter().zip(next..).take_while(|(_, seq)| *seq <= last);
                for (stored, _) in wanted {
                    match stored.entry() {
                        Ok(Entry { seq, stamp, body: Body::Passage(passage), .. }) => {
                            through.passages += 1;
                            let (stamp, passage) = (&stamp, passage.as_ref());
                            look(Found { epoch: log.epoch, seq, stamp, passage, seal: &stored.seal });
                        }
                        Ok(_) => {}
                        Err(_) => through.missing += 1,
                    }
                }
                next += records.len() as u64;
            }
            Err(reader::Error::Missing { from, through: to }) => {
                through.missing += (to.min(last) + 1).saturating_sub(from);
                next = to + 1;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(through)
}
