//! The sealing keys that a kiosk holds, shared between the writer and whoever opens records beside it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::elapsed::{at_least, at_least_by, is_later_day};
use super::key_file::{HeldKey, Opened};
use super::seal::SealingKey;
use crate::base::{Epoch, Stamp};

/// A key is in use for at most so long.
const TURN_EVERY: Duration = Duration::from_hours(24);
/// After a boot with a clock that nobody vouches for, time that passed is written down with a new key if it is so much.
const COUNT_FROM: Duration = Duration::from_hours(1);

/// The keys of one log, oldest first; clones share them.
#[derive(Clone, Debug)]
pub struct KeyRing(Arc<Mutex<Keys>>);

#[derive(Debug)]
struct Keys {
    epoch: Epoch,
    held: Vec<HeldKey>,
    /// Overwritten, and not yet recorded as destroyed.
    destroyed: Vec<u32>,
}

/// A key that no longer seals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retired {
    /// Its number.
    pub number: u32,
    /// First record that may be sealed with it; `None` when that is not known.
    pub first: Option<u64>,
    /// Last record that may be.
    pub last: u64,
    /// How old the youngest of them is for certain.
    pub age: Duration,
}

impl KeyRing {
    pub(super) fn new(epoch: Epoch) -> Self {
        Self(Arc::new(Mutex::new(Keys { epoch, held: Vec::new(), destroyed: Vec::new() })))
    }

    pub(super) fn take_up(&self, epoch: Epoch, held: Vec<HeldKey>, destroyed: Vec<u32>) {
        *self.lock() = Keys { epoch, held, destroyed };
    }

    /// Which log they are of.
    pub fn epoch(&self) -> Epoch {
        self.lock().epoch
    }

    /// Every key that is held.
    pub fn keys(&self) -> Vec<SealingKey> {
        self.lock().held.iter().map(|held| held.key.clone()).collect()
    }

    /// The key that seals now.
    pub(super) fn current(&self) -> Option<HeldKey> {
        self.lock().held.last().cloned()
    }

    /// Number of the first record that can still be opened here, as far as is known; 1 while no key was destroyed.
    pub fn opens_from(&self) -> u64 {
        self.lock().held.first().and_then(|held| held.opened).map_or(1, |opened| opened.first)
    }

    /// Keys that were overwritten and are not yet on record as destroyed: the power went in between.
    pub fn half_destroyed(&self) -> Vec<u32> {
        self.lock().destroyed.clone()
    }

    /// Whether a new key is due at `now`, in a place `ahead_minutes` ahead of UTC: each day by trusted clocks, after 24
    /// certain hours by any, and at a start that would otherwise forget how much time had passed. `last` is the last
    /// record of the run before, at a start.
    pub fn is_due(&self, now: &Stamp, last: Option<&Stamp>, ahead_minutes: i16) -> bool {
        let Some(Opened { at, .. }) = self.current().and_then(|held| held.opened) else { return true };
        let elapsed = at_least_by(&at, last, now);
        let is_counted = at.boot == now.boot || at_least(&at, now) >= elapsed;
        elapsed >= TURN_EVERY
            || is_later_day(&at, now, ahead_minutes)
            || (!is_counted && elapsed >= COUNT_FROM)
    }

    /// Since when a key that is drawn `now`, before record `first`, is in use.
    pub(super) fn opening(&self, now: &Stamp, last: Option<&Stamp>, first: u64) -> Opened {
        let before = self.current().and_then(|held| held.opened);
        let proven_ms = before
            .map_or(0, |before| before.proven_ms.saturating_add(millis(at_least_by(&before.at, last, now))));
        Opened { at: *now, first, proven_ms }
    }

    /// How much time has passed for certain at `now` since the log's first key was drawn.
    pub fn counted(&self, now: &Stamp) -> Duration {
        let opened = self.current().and_then(|held| held.opened);
        opened.map_or(Duration::ZERO, |opened| {
            Duration::from_millis(opened.proven_ms) + at_least(&opened.at, now)
        })
    }

    /// The keys that no longer seal, oldest first, with their age at `now`.
    pub fn retired(&self, now: &Stamp) -> Vec<Retired> {
        let keys = self.lock();
        let Some(current) = keys.held.last().and_then(|held| held.opened) else { return vec![] };
        let proven_now = current.proven_ms.saturating_add(millis(at_least(&current.at, now)));
        let pairs = keys.held.windows(2).filter_map(|pair| {
            let [held, next] = pair else { return None };
            // What it sealed was sealed before the next one was drawn.
            let next = next.opened?;
            Some(Retired {
                number: held.key.number(),
                first: held.opened.map(|opened| opened.first),
                last: next.first - 1,
                age: Duration::from_millis(proven_now.saturating_sub(next.proven_ms)),
            })
        });
        pairs.collect()
    }

    pub(super) fn add(&self, held: HeldKey) {
        let mut keys = self.lock();
        keys.held.retain(|other| other.key.number() != held.key.number());
        keys.held.push(held);
    }

    /// Forgets a key: what was sealed under it cannot be opened here any more.
    pub(super) fn forget(&self, number: u32) {
        let mut keys = self.lock();
        keys.held.retain(|held| held.key.number() != number);
        if !keys.destroyed.contains(&number) {
            keys.destroyed.push(number);
        }
    }

    pub(super) fn is_gone(&self, number: u32) {
        self.lock().destroyed.retain(|other| *other != number);
    }

    fn lock(&self) -> MutexGuard<'_, Keys> {
        // The list is whole between statements.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
