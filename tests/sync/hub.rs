//! A hub: the real ledger, and what its HTTP face makes of it.

use std::time::Duration;

use data_encoding::BASE64;
use kakou::base::{Epoch, KioskId, Random, Wall};
use kakou::ledger::{Error, Keys, Ledger, Refused};
use kakou::sync::wire::{Batch, Head};
use kakou::sync::{Answer, Ask, salvage};

use crate::common::kiosk::NOW;
use crate::kiosk::key;

/// What is planted in a hub, to see it noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    Nothing,
    /// It answers as if it had stored a batch that it forgot.
    Forgets,
    /// It counts a batch twice.
    CountsTwice,
    /// It takes salvage and does not store it.
    DropsSalvage,
    /// It declares holes without saying so.
    HidesHoles,
}

pub struct Hub {
    pub ledger: Ledger,
    /// Every request that changed something, for a backup.
    history: Vec<(KioskId, Epoch, Ask, Wall)>,
    backup: usize,
    pub planted: Planted,
    /// Records that were taken as new.
    pub new: u64,
    pub busy: bool,
    /// Largest batch, in bytes as sent.
    pub body_max: usize,
}

impl Hub {
    pub fn new() -> Self {
        let (history, planted) = (vec![], Planted::Nothing);
        Self { ledger: fresh(), history, backup: 0, planted, new: 0, busy: false, body_max: usize::MAX }
    }

    /// A copy of everything as it is now is put aside.
    pub fn back_up(&mut self) {
        self.backup = self.history.len();
    }

    /// Everything since the last backup is lost, with the disk.
    pub fn restore(&mut self) {
        self.ledger = fresh();
        self.new = 0;
        let mut history = std::mem::take(&mut self.history);
        history.truncate(self.backup);
        for (kiosk, epoch, ask, wall) in &history {
            self.apply(kiosk, *epoch, ask, *wall).unwrap();
        }
        self.history = history;
    }

    /// Answers a request as the hub's HTTP face does. `Err` of `Err` is what no honest kiosk should ever see.
    pub fn answer(
        &mut self,
        kiosk: &KioskId,
        epoch: Epoch,
        ask: &Ask,
        wall: Wall,
        random: &mut Random,
    ) -> Result<Head, Answer> {
        if self.busy {
            let retry_after = random.chance(0.5).then_some(Duration::from_secs(7));
            return Err(Answer::Busy { retry_after });
        }
        if let Ask::Entries { body, .. } | Ask::Salvage { body, .. } = ask
            && body.len() > self.body_max
        {
            return Err(Answer::TooLarge);
        }
        match self.apply(kiosk, epoch, ask, wall) {
            Ok(()) => {
                self.history.push((kiosk.clone(), epoch, ask.clone(), wall));
                Ok(self.head(kiosk, epoch))
            }
            Err(Refused::Gap { next }) => Err(Answer::Rewind(next)),
            Err(refused @ (Refused::Root { .. } | Refused::Fork { .. } | Refused::Record { .. })) => {
                Err(Answer::Fork(refused.to_string()))
            }
            Err(refused) => Err(Answer::Refused(refused.to_string())),
        }
    }

    fn apply(&mut self, kiosk: &KioskId, epoch: Epoch, ask: &Ask, wall: Wall) -> Result<(), Refused> {
        let ledger = &mut self.ledger;
        let damaged = |_| Refused::Storage(Error::Damaged("the body"));
        match ask {
            Ask::Head => Ok(()),
            Ask::Heartbeat(note) => ledger.heartbeat(kiosk, epoch, note, wall).map(|_| ()),
            Ask::Entries { .. } if self.planted == Planted::Forgets => Ok(()),
            Ask::Entries { from, body } => {
                let batch = Batch::decode(body).map_err(damaged)?;
                let applied = ledger.apply(kiosk, epoch, *from, &batch.note, &batch.entries, wall)?;
                self.new += applied.new * if self.planted == Planted::CountsTwice { 2 } else { 1 };
                Ok(())
            }
            Ask::Salvage { .. } if self.planted == Planted::DropsSalvage => Ok(()),
            Ask::Salvage { body, .. } => {
                let (statement, records) = salvage::decode(body).map_err(damaged)?;
                self.new += ledger.salvage(kiosk, epoch, &statement, &records, wall)?;
                Ok(())
            }
            Ask::Hole(claim) => ledger.declare_hole(kiosk, epoch, claim, wall).map(|_| ()),
            Ask::End(statement) => ledger.end(kiosk, epoch, statement, wall),
        }
    }

    pub fn head(&self, kiosk: &KioskId, epoch: Epoch) -> Head {
        let (mut next, root, cosigned) = self.ledger.head(kiosk, epoch).unwrap();
        let ended = self.ledger.has_ended(kiosk, epoch).unwrap();
        if self.planted == Planted::Forgets {
            next = kakou::base::Seq::new(next.get() + 1).unwrap();
        }
        Head { next, root: BASE64.encode(&root), ended, cosigned, wall: 0 }
    }
}

fn fresh() -> Ledger {
    let mut ledger = Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap();
    let name: KioskId = "east-1".parse().unwrap();
    ledger.add_token(&[1; 32], Some(&name), NOW).unwrap();
    ledger.enrol(&[1; 32], None, key().verifying(), NOW).unwrap();
    ledger
}
