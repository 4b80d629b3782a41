//! What a kiosk keeps, how long, and how it forgets: decides beside the recorder, on a handle of its own.
//!
//! ```text
//!   link ──what the hub answered──▶ Keeper ──receipts──▶ journal's directory
//!                                     │
//!                                     └──alarms──▶ screens
//! ```
//! Invariant: a note that is not signed by this kiosk and its hub, or is about other records than those here, is never
//! kept, and somebody is told.

mod keys;

use std::io;
use std::time::Duration;

use keys::Keys;

use super::recorder::Chore;
use crate::base::{Epoch, Mono, Seq, Stamp};
use crate::control::LinkAlarm;
use crate::journal::retention::{Droppable, Retention};
use crate::journal::{Disk, Journal, Receipts, Witness};
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

/// Keeps what the hub signed for.
pub struct Keeper<D> {
    epoch: Epoch,
    receipts: Option<Receipts<D, D>>,
    retention: Retention,
    keys: Keys<D>,
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
    /// A keeper for `journal`, of which nothing was appended in this run, on handles of its own to the same directory.
    pub fn new<W: Disk>(disk: D, journal: &mut Journal<W>, hub: Option<Hub>, rules: Rules) -> Self {
        let (epoch, ring) = (journal.epoch(), journal.sealer().ring().clone());
        let seal_key = hub.as_ref().map(|hub| hub.seal_key);
        let days = (rules.personal, rules.ahead_minutes);
        let keys = Keys::new(ring, journal.reader(disk.clone()), days, seal_key);
        let mut keeper = Self {
            epoch,
            receipts: None,
            retention: Retention::new(rules.records),
            keys,
            next: None,
            looked: None,
            refused: None,
            dropped: None,
            is_stuck: false,
        };
        if let Some(Hub { witness, .. }) = hub {
            let reader = journal.reader(disk.clone());
            let (receipts, refused) = Receipts::open(disk, reader, witness);
            keeper.receipts = Some(receipts);
            keeper.refuse(refused.map(|refused| format!("what was kept: {refused}")));
        }
        keeper
    }

    /// Takes in what the hub answered about log `epoch`.
    pub fn hear(&mut self, epoch: Epoch, head: &Head) {
        let Some(receipts) = self.receipts.as_mut().filter(|_| epoch == self.epoch) else { return };
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
        let mut chores = self.keys.due(now, self.receipts.as_ref().map_or(0, Receipts::size));
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

    /// Number of the first record whose personal part can still be opened here.
    pub fn opens_from(&self) -> u64 {
        self.keys.opens_from()
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
