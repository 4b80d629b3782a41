//! Which sealing keys are due: to be drawn, to be destroyed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::recorder::Chore;
use crate::base::{Seq, Stamp};
use crate::journal::ring::Retired;
use crate::journal::{Disk, KeyRing, OpenLog, Reader};
use crate::model::Body;

/// How many records a key's [`Body::KeyOpened`] is looked for among, from where it should be.
const LOOKED_AT: usize = 200;

/// What is known of the sealing keys of the log that is written.
pub(super) struct Keys<D> {
    ring: KeyRing,
    reader: Reader<D>,
    /// The first record of this run: every key that is held was given to the hub right after it.
    run_from: u64,
    /// Which record gave the hub a key.
    given: BTreeMap<u32, u64>,
}

impl<D: Disk> Keys<D> {
    pub(super) fn new(log: &OpenLog, disk: D) -> Self {
        let reader = log.reader(disk);
        let run_from = reader.durable().map_or(1, |last| last.get() + 1);
        Self { ring: log.ring().clone(), reader, run_from, given: BTreeMap::new() }
    }

    /// Number of the first record that can still be opened here.
    pub(super) fn opens_from(&self) -> u64 {
        self.ring.opens_from()
    }

    /// How much time has passed for certain since this log's first key was drawn.
    pub(super) fn counted(&self, now: &Stamp) -> Duration {
        if self.ring.epoch() == self.reader.epoch() { self.ring.counted(now) } else { Duration::ZERO }
    }

    /// What is due at `now` in a place `ahead_minutes` ahead of UTC, where personal data may be opened for so long, and
    /// `hub`, where there is one, has signed for `receipted` records.
    pub(super) fn due(
        &mut self,
        now: &Stamp,
        (personal, ahead_minutes): (Duration, i16),
        hub: Option<[u8; 32]>,
        receipted: u64,
    ) -> Vec<Chore> {
        // The journal has begun another log: its keys have the same numbers.
        if self.ring.epoch() != self.reader.epoch() {
            return vec![];
        }
        let turn =
            self.ring.is_due(now, None, ahead_minutes).then_some(Chore::TurnKey { hub, ahead_minutes });
        let unfinished = self.ring.half_destroyed().into_iter();
        let retired = self.ring.retired(now);
        let old = retired.into_iter().filter(|key| key.age >= personal).collect::<Vec<_>>();
        // One at a time: the oldest, and only when nothing holds it back.
        let mut held_back = |key: &Retired| hub.is_some() && !self.hub_has_it(key, receipted);
        let old = old.first().filter(|key| !held_back(key)).map(|key| key.number);
        turn.into_iter().chain(unfinished.chain(old).map(Chore::DestroyKey)).collect()
    }

    /// Whether the hub has signed for the key and for all that was sealed under it.
    fn hub_has_it(&mut self, key: &Retired, receipted: u64) -> bool {
        key.last <= receipted && self.given(key).is_some_and(|seq| seq <= receipted)
    }

    fn given(&mut self, key: &Retired) -> Option<u64> {
        if let Some(seq) = self.given.get(&key.number) {
            return Some(*seq);
        }
        let places = [key.first, Some(self.run_from)];
        let found = places.into_iter().flatten().find_map(|from| self.find(key.number, from))?;
        self.given.insert(key.number, found);
        Some(found)
    }

    fn find(&mut self, number: u32, from: u64) -> Option<u64> {
        let records = self.reader.read(Seq::new(from)?, LOOKED_AT, 1 << 20).ok()?;
        let entries = records.iter().filter_map(|stored| stored.entry().ok());
        let mut given =
            entries.filter(|entry| matches!(entry.body, Body::KeyOpened { key, .. } if key == number));
        given.next().map(|entry| entry.seq.get())
    }
}
