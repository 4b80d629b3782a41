//! Which sealing keys of ended logs are due to be destroyed.
//!
//! A log that ended, because what the hub signed for contradicts it or its tree could not be known any more, is older than
//! everything in the log that is written now. So its keys are due when that log has run, for certain, as long as personal
//! data may be opened here: no clock of the old log has to be believed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::recorder::Chore;
use crate::base::{Epoch, Mono, Seq, Stamp};
use crate::journal::ended_keys::{EndedKey, ended_keys};
use crate::journal::reader::{self, logs};
use crate::journal::{Disk, Reader};
use crate::model::Body;

/// Time between two looks at which key files there are.
const LOOK_EVERY: Duration = Duration::from_mins(10);

/// What is known of the keys of ended logs.
pub(super) struct Ended<D> {
    disk: D,
    looked: Option<Mono>,
    /// How many keys were here at the last look.
    left: Option<usize>,
    /// Logs of which the hub said in this run that it has all there is.
    with_hub: BTreeSet<Epoch>,
    /// Whether the hub was given a key, by the log's own record.
    given: BTreeMap<EndedKey, bool>,
}

impl<D: Disk + Clone> Ended<D> {
    pub(super) fn new(disk: D) -> Self {
        Self { disk, looked: None, left: None, with_hub: BTreeSet::new(), given: BTreeMap::new() }
    }

    /// The hub said that it has everything of a log that ended.
    pub(super) fn heard(&mut self, log: Epoch) {
        if self.with_hub.insert(log) {
            self.looked = None;
        }
    }

    /// How many keys are here; `None` before the first look.
    pub(super) fn left(&self) -> Option<usize> {
        self.left
    }

    /// The next key that is due, when log `own` is written. `is_old`: whether every ended log is older than personal
    /// data may be opened here. Looks again at once after it named one, until none is due.
    pub(super) fn due(&mut self, own: Epoch, now: &Stamp, is_old: bool, has_hub: bool) -> Option<Chore> {
        if self.looked.is_some_and(|at| now.mono.since(at) < LOOK_EVERY) {
            return None;
        }
        let keys = match ended_keys(&mut self.disk, own) {
            Ok(keys) => keys,
            Err(error) => {
                tracing::warn!(%error, "keys of ended logs cannot be listed");
                self.looked = Some(now.mono);
                return None;
            }
        };
        self.left = Some(keys.len());
        let due = keys.into_iter().find(|file| {
            // Where no record is left, nobody needs the key any more.
            let is_free = !has_hub || !file.has_records || self.hub_has_it(file.key);
            file.is_overwritten || (is_old && is_free)
        });
        if due.is_none() {
            self.looked = Some(now.mono);
        }
        due.map(|file| Chore::DestroyEndedKey(file.key))
    }

    fn hub_has_it(&mut self, key: EndedKey) -> bool {
        if !self.with_hub.contains(&key.log) {
            return false;
        }
        if let Some(given) = self.given.get(&key) {
            return *given;
        }
        // Reads through a log that will not change any more, once a run.
        let given = self.was_given(key).unwrap_or_else(|error| {
            tracing::warn!(log = %key.log, %error, "an ended log cannot be read");
            false
        });
        self.given.insert(key, given);
        given
    }

    fn was_given(&self, key: EndedKey) -> Result<bool, reader::Error> {
        let name = logs(&mut self.disk.clone())?.into_iter().find(|log| log.epoch == key.log);
        let Some(name) = name else { return Ok(false) };
        let mut reader = Reader::open(self.disk.clone(), name)?;
        let mut next = Some(Seq::FIRST);
        while let Some(from) = next {
            let records = match reader.read(from, 1_000, 1 << 20) {
                Ok(records) => records,
                Err(reader::Error::Missing { through, .. }) => {
                    next = Seq::new(through + 1)
                        .filter(|_| reader.durable().is_some_and(|last| last.get() > through));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let entries = records.iter().filter_map(|stored| stored.entry().ok());
            let mut given = entries.filter(
                |entry| matches!(entry.body, Body::KeyOpened { key: number, .. } if number == key.number),
            );
            if given.next().is_some() {
                return Ok(true);
            }
            next = Seq::new(from.get() + records.len() as u64).filter(|_| !records.is_empty());
        }
        Ok(false)
    }
}
