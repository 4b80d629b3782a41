//! The log that a journal is writing, as those see it who read behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::disk::Disk;
use super::reader::Reader;
use super::ring::KeyRing;
use super::segment::Name;
use crate::base::{Epoch, Seq};

/// A log that is being written: its life, how much of it is durable, and the keys of its personal parts.
///
/// It goes stale when the journal begins a new log; until then it needs no telling of further records.
#[derive(Clone, Debug)]
pub struct OpenLog {
    segment: Name,
    durable: Arc<AtomicU64>,
    ring: KeyRing,
}

impl OpenLog {
    pub(super) fn new(segment: Name, durable: Arc<AtomicU64>, ring: KeyRing) -> Self {
        Self { segment, durable, ring }
    }

    /// The life of the log.
    pub fn epoch(&self) -> Epoch {
        self.segment.epoch
    }

    /// The last durable record, if there is any.
    pub fn durable(&self) -> Option<Seq> {
        Seq::new(self.durable.load(Ordering::Acquire))
    }

    /// The keys that open its personal parts.
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// A reader of its durable records, on a handle of its own to the same directory.
    pub fn reader<R: Disk>(&self, disk: R) -> Reader<R> {
        Reader::following(disk, self.segment, Arc::clone(&self.durable))
    }
}
