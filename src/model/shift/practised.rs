//! How often and how long lanes were used to practise, from the records that it began and ended.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::{LaneId, Stamp};
use crate::model::Training;

/// Training in a shift.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Practised {
    /// How often, what had begun before the shift included.
    pub times: u64,
    /// How long within the shift, as far as that is known; lanes that practise at once count each.
    pub span: Duration,
    /// How often its end is on no record: the power was cut.
    pub cut: u64,
    /// How many go on at the end.
    pub running: u64,
}

/// Counts training, in the order of the records.
#[derive(Debug, Default)]
pub(super) struct Practices {
    counts: Practised,
    /// Lanes in training, and since when.
    running: BTreeMap<Option<LaneId>, Stamp>,
    first: Option<Stamp>,
    last: Option<Stamp>,
}

impl Practices {
    /// Takes in when the next record was made, whatever it is.
    pub fn at(&mut self, stamp: &Stamp) {
        self.first.get_or_insert(*stamp);
        self.last = Some(*stamp);
    }

    /// The kiosk starts: whatever was practised then ended without a record.
    pub fn booted(&mut self) {
        self.counts.cut += self.running.len() as u64;
        self.running.clear();
    }

    pub fn take(&mut self, lane: Option<&LaneId>, stamp: &Stamp, event: Training) {
        let begun = match event {
            Training::Begun => {
                self.counts.times += 1;
                self.running.insert(lane.cloned(), *stamp);
                return;
            }
            Training::Ended | Training::TimedOut | Training::Emergency | Training::Stopped => {
                self.running.remove(&lane.cloned())
            }
        };
        let begun = begun.or_else(|| {
            self.counts.times += 1;
            self.first
        });
        self.ran(begun, stamp);
    }

    pub fn finish(mut self) -> Practised {
        self.counts.running = self.running.len() as u64;
        for begun in std::mem::take(&mut self.running).into_values() {
            if let Some(last) = self.last {
                self.ran(Some(begun), &last);
            }
        }
        self.counts
    }

    /// Only within a boot is it known how long something took.
    fn ran(&mut self, begun: Option<Stamp>, ended: &Stamp) {
        match begun.filter(|begun| begun.boot == ended.boot) {
            Some(begun) => self.counts.span += ended.mono.since(begun.mono),
            None => self.counts.cut += 1,
        }
    }
}
