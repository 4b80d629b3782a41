//! A hub: the real ledger, and what its HTTP face makes of it.

use std::time::Duration;

use kakou::base::{Epoch, KioskId, Random, Wall};
use kakou::ledger::{Keys, Ledger, Refused};
use kakou::sync::wire::Head;
use kakou::sync::{Answer, Ask};

use crate::common::kiosk::NOW;
use crate::face;
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
        face::answer(self.apply(kiosk, epoch, ask, wall))?;
        self.history.push((kiosk.clone(), epoch, ask.clone(), wall));
        Ok(self.head(kiosk, epoch))
    }

    fn apply(&mut self, kiosk: &KioskId, epoch: Epoch, ask: &Ask, wall: Wall) -> Result<(), Refused> {
        let forgets = match self.planted {
            Planted::Forgets => matches!(ask, Ask::Entries { .. }),
            Planted::DropsSalvage => matches!(ask, Ask::Salvage { .. }),
            Planted::Nothing | Planted::CountsTwice | Planted::HidesHoles => false,
        };
        if forgets {
            return Ok(());
        }
        let new = face::apply(&mut self.ledger, kiosk, epoch, ask, wall)?;
        let twice = self.planted == Planted::CountsTwice && matches!(ask, Ask::Entries { .. });
        self.new += new * if twice { 2 } else { 1 };
        Ok(())
    }

    pub fn head(&self, kiosk: &KioskId, epoch: Epoch) -> Head {
        let mut head = face::head(&self.ledger, kiosk, epoch);
        if self.planted == Planted::Forgets {
            head.next = kakou::base::Seq::new(head.next.get() + 1).unwrap();
        }
        head
    }
}

fn fresh() -> Ledger {
    let mut ledger = Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap();
    let name: KioskId = "east-1".parse().unwrap();
    ledger.add_token(&[1; 32], Some(&name), NOW).unwrap();
    ledger.enrol(&[1; 32], None, key().verifying(), NOW).unwrap();
    ledger
}
