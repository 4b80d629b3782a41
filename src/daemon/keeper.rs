//! What a kiosk keeps, how long, and how it forgets: decides beside the recorder, on a handle of its own.
//!
//! ```text
//!   link ──what the hub answered──▶ Keeper ──receipts──▶ journal's directory
//!                                     │
//!                                     └──alarms──▶ screens
//! ```
//! Invariant: a note that is not signed by this kiosk and its hub, or is about other records than those here, is never
//! kept, and somebody is told.

mod ended;
mod keys;

use std::io;
use std::time::Duration;

use ended::Ended;
use keys::Keys;

use super::recorder::Chore;
use crate::base::{Epoch, Mono, Seq, Stamp};
use crate::control::LinkAlarm;
use crate::journal::retention::{Droppable, Retention};
use crate::journal::{Disk, OpenLog, Receipts, Witness};
use crate::sync::wire::Head;

/// Time between two looks for what may go.
const LOOK_EVERY: Duration = Duration::from_mins(10);

/// How long what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Records that the hub has signed for.
    pub records: Duration,
    /// How long personal data can be opened here.
    pub personal: Duration,
    /// Minutes that the place is ahead of UTC: its days begin at its midnight.
    pub ahead_minutes: i16,
}

/// The hub, to a keeper.
#[derive(Clone, Debug)]
pub struct Hub {
    /// Whose signatures make a receipt.
    pub witness: Witness,
    /// The key to which sealing keys are encrypted.
    pub seal_key: [u8; 32],
}

/// What the keeper has to say to the screens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keeping {
    /// What is wrong between this kiosk and its hub.
    pub alarm: Option<LinkAlarm>,
    /// Number of records that the hub has signed for.
    pub receipted: u64,
}

/// Up to where this kiosk has forgotten whom its records are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// Which log is written.
    pub log: Epoch,
    /// Number of its first record whose personal part can still be opened here.
    pub opens_from: u64,
    /// How many keys of ended logs are here; `None` while that is not known.
    pub ended: Option<usize>,
}

/// Keeps what the hub signed for.
pub struct Keeper<D> {
    disk: D,
    hub: Option<Hub>,
    rules: Rules,
    epoch: Epoch,
    receipts: Option<Receipts<D, D>>,
    retention: Retention,
    keys: Keys<D>,
    ended: Ended<D>,
    /// The record that the hub expected when it last answered in this run.
    next: Option<Seq>,
    looked: Option<Mono>,
    /// Why the hub's last note was no receipt.
    refused: Option<String>,
    /// What the hub asks for that is no longer here: first record, last record.
    dropped: Option<(u64, u64)>,
    /// Whether the last writing failed.
    is_stuck: bool,
}

impl<D: Disk + Clone> Keeper<D> {
    /// A keeper for `log`, to which nothing was appended in this run, on handles of its own to the same directory.
    pub fn new(disk: D, log: &OpenLog, hub: Option<Hub>, rules: Rules) -> Self {
        let mut keeper = Self {
            epoch: log.epoch(),
            receipts: None,
            retention: Retention::new(rules.records),
            keys: Keys::new(log, disk.clone()),
            ended: Ended::new(disk.clone()),
            next: None,
            looked: None,
            refused: None,
            dropped: None,
            is_stuck: false,
            disk,
            hub,
            rules,
        };
        keeper.open_receipts(log);
        keeper
    }

    /// Goes on with `log` when the journal has begun another one. What was heard of the old one and not written is
    /// written down first.
    pub fn follow(&mut self, log: &OpenLog) {
        if log.epoch() == self.epoch {
            return;
        }
        self.finish();
        self.epoch = log.epoch();
        self.retention = Retention::new(self.rules.records);
        self.keys = Keys::new(log, self.disk.clone());
        self.ended = Ended::new(self.disk.clone());
        (self.next, self.looked, self.dropped) = (None, None, None);
        self.open_receipts(log);
    }

    fn open_receipts(&mut self, log: &OpenLog) {
        let Some(Hub { witness, .. }) = self.hub.clone() else { return };
        let (receipts, refused) = Receipts::open(self.disk.clone(), log.reader(self.disk.clone()), witness);
        self.receipts = Some(receipts);
        self.refuse(refused.map(|refused| format!("what was kept: {refused}")));
    }

    /// Takes in what the hub answered about log `epoch`.
    pub fn hear(&mut self, epoch: Epoch, head: &Head) {
        if epoch != self.epoch {
            if head.ended {
                self.ended.heard(epoch);
            }
            return;
        }
        let Some(receipts) = self.receipts.as_mut() else { return };
        let taken = head.cosigned.as_deref().map(|text| receipts.take(text));
        // Where the oldest segment cannot be listed, the next answer will do.
        let first = receipts.first().unwrap_or(1);
        match taken {
            Some(Err(refused)) => self.refuse(Some(refused.to_string())),
            Some(Ok(())) => self.refuse(None),
            None => {}
        }
        self.next = Some(head.next);
        self.asked_for(head.next, first);
    }

    /// Does what is due at `now`, and says what the recorder should do. It is asked for again until it is done.
    pub fn turn(&mut self, now: &Stamp) -> Vec<Chore> {
        let Rules { personal, ahead_minutes, .. } = self.rules;
        let hub = self.hub.as_ref().map(|hub| hub.seal_key);
        let receipted = self.receipts.as_ref().map_or(0, Receipts::size);
        let mut chores = self.keys.due(now, (personal, ahead_minutes), hub, receipted);
        // The first key of this log was drawn after the last record of every ended one.
        let is_old = self.keys.counted(now) >= personal;
        chores.extend(self.ended.due(self.epoch, now, is_old, hub.is_some()));
        chores.extend(self.drop_due(now).map(Chore::Drop));
        chores
    }

    fn drop_due(&mut self, now: &Stamp) -> Option<Droppable> {
        let receipts = self.receipts.as_mut()?;
        let written = receipts.write(now.mono);
        let due = self.looked.is_none_or(|at| now.mono.since(at) >= LOOK_EVERY);
        let droppable = if due { self.retention.droppable(receipts, now, self.next) } else { Ok(None) };
        self.told(written);
        // The next one as soon as this one is gone.
        if due && !matches!(droppable, Ok(Some(_))) {
            self.looked = Some(now.mono);
        }
        droppable.unwrap_or_else(|error| {
            tracing::warn!(%error, "what may be dropped cannot be known");
            None
        })
    }

    /// Writes down what must outlast the end of the program.
    pub fn finish(&mut self) {
        let Some(receipts) = &mut self.receipts else { return };
        let written = receipts.finish();
        self.told(written);
    }

    /// Up to where whose personal parts can no longer be opened here.
    pub fn forgotten(&self) -> Forgotten {
        Forgotten { log: self.epoch, opens_from: self.keys.opens_from(), ended: self.ended.left() }
    }

    /// What the screens are told.
    pub fn status(&self) -> Keeping {
        let refused = self.refused.clone().map(|why| LinkAlarm::Receipt { why });
        let dropped = self.dropped.map(|(from, through)| LinkAlarm::Dropped { from, through });
        Keeping { alarm: refused.or(dropped), receipted: self.receipts.as_ref().map_or(0, Receipts::size) }
    }

    fn refuse(&mut self, why: Option<String>) {
        match (&self.refused, &why) {
            (None, Some(why)) => tracing::warn!(%why, "the hub's countersigned note is not kept"),
            (Some(_), None) => tracing::info!("the hub's countersigned note is good again"),
            (None, None) | (Some(_), Some(_)) => {}
        }
        self.refused = why;
    }

    fn asked_for(&mut self, next: Seq, first: u64) {
        let asked = (next.get() < first).then_some((next.get(), first - 1));
        match (self.dropped, asked) {
            (None, Some((from, through))) => {
                tracing::warn!(from, through, "the hub asks for records that were dropped here");
            }
            (Some(_), None) => tracing::info!("the hub no longer asks for records that were dropped here"),
            (None, None) | (Some(_), Some(_)) => {}
        }
        self.dropped = asked;
    }

    fn told(&mut self, outcome: io::Result<()>) {
        match (&outcome, self.is_stuck) {
            (Err(error), false) => tracing::warn!(%error, "what the hub signed for cannot be kept"),
            (Ok(()), true) => tracing::info!("what the hub signed for is kept again"),
            (Err(_), true) | (Ok(()), false) => {}
        }
        self.is_stuck = outcome.is_err();
    }
}
