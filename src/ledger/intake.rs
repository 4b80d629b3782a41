//! Taking in a parcel: its batches, one after the other, by the same way as those that come over the network.

use rusqlite::params;

use super::apply::Refused;
use super::schema::{Error, Ledger};
use crate::base::{Epoch, KioskId, Wall};
use crate::sync::parcel::{Item, Rest};
use crate::sync::wire::{self, Batch};

/// Most logs in one parcel.
const LOGS_MAX: usize = 1_000;

/// What became of a parcel's records.
#[derive(Debug, Default)]
pub struct Intake {
    /// Whose records the parcel says it has.
    pub kiosk: Option<KioskId>,
    /// By log, in the parcel's order.
    pub logs: Vec<Delivered>,
    /// Pieces that this version does not know.
    pub unknown: u64,
    /// Whether the last piece was reached, and what it says.
    pub end: Option<Rest>,
}

/// What became of one log's records.
#[derive(Debug)]
pub struct Delivered {
    /// Which log.
    pub epoch: Epoch,
    /// Records that were new.
    pub new: u64,
    /// Records that were here already.
    pub known: u64,
    /// Records that are here now, when anything was taken.
    pub size: u64,
    /// Why no more of this log was taken, and the first record that was not.
    pub refused: Option<(u64, NotTaken)>,
}

/// Why a batch was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotTaken {
    /// It is no batch.
    #[error(transparent)]
    Form(#[from] wire::Error),
    /// It was not applied.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The parcel names no kiosk, or more logs than there can be.
    #[error("there are more than {LOGS_MAX} logs in one parcel")]
    TooMany,
}

impl Intake {
    /// Takes one part of a parcel. A batch is applied whole or not at all; after one that is not, no more of the same
    /// log is, because it would leave a gap.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used. What was taken before stays.
    pub fn take(&mut self, ledger: &mut Ledger, item: Item, received: Wall) -> Result<(), Error> {
        match item {
            Item::Manifest(manifest) => self.kiosk = Some(manifest.kiosk),
            Item::Unknown { .. } => self.unknown += 1,
            Item::End(rest) => self.end = Some(rest),
            Item::Batch { epoch, from, content, .. } => {
                let Some(kiosk) = self.kiosk.clone() else { return Ok(()) };
                let Some(log) = self.log(epoch) else { return Ok(()) };
                if log.refused.is_some() {
                    return Ok(());
                }
                let applied = Batch::decode(&content).map_err(NotTaken::Form).and_then(|batch| {
                    let sent = batch.entries.len() as u64;
                    let applied = ledger.carried(&kiosk, |ledger| {
                        ledger.apply(&kiosk, epoch, from, &batch.note, &batch.entries, received)
                    });
                    Ok((applied?, sent))
                });
                match applied {
                    Ok((applied, sent)) => {
                        log.new += applied.new;
                        log.known += sent - applied.new;
                        log.size = applied.next.get() - 1;
                    }
                    Err(NotTaken::Refused(Refused::Storage(error))) => return Err(error),
                    Err(why) => log.refused = Some((from.get(), why)),
                }
            }
        }
        Ok(())
    }

    fn log(&mut self, epoch: Epoch) -> Option<&mut Delivered> {
        let known = self.logs.iter().position(|log| log.epoch == epoch);
        let index = match known {
            Some(index) => index,
            None if self.logs.len() > LOGS_MAX => return None,
            None => {
                let refused = (self.logs.len() == LOGS_MAX).then_some((1, NotTaken::TooMany));
                self.logs.push(Delivered { epoch, new: 0, known: 0, size: 0, refused });
                self.logs.len() - 1
            }
        };
        self.logs.get_mut(index)
    }
}

impl Ledger {
    /// Runs `work` without taking it for a sign of life: records on a stick say nothing about the line to their kiosk.
    fn carried<T>(
        &mut self,
        kiosk: &KioskId,
        work: impl FnOnce(&mut Self) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let seen = |ledger: &Self| -> Result<Option<i64>, rusqlite::Error> {
            let mut query = ledger.db.prepare_cached("SELECT max(seen) FROM kiosks WHERE kiosk = ?1")?;
            query.query_row([kiosk.as_str()], |row| row.get(0))
        };
        let before = seen(self)?;
        let done = work(self)?;
        let after = seen(self)?;
        if after != before {
            // Unless somebody else has heard of it meanwhile.
            self.db
                .prepare_cached("UPDATE kiosks SET seen = ?2 WHERE kiosk = ?1 AND seen = ?3")?
                .execute(params![kiosk.as_str(), before, after])?;
        }
        Ok(done)
    }

    /// The notes over a kiosk's logs that this hub has cosigned, newest log last: what a receipt consists of.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn cosigned_notes(&self, kiosk: &KioskId) -> Result<Vec<String>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT note FROM (SELECT log, note FROM logs WHERE kiosk = ?1 AND note IS NOT NULL
                               ORDER BY log DESC LIMIT 64) ORDER BY log",
        )?;
        let notes = query.query_map([kiosk.as_str()], |row| row.get(0))?;
        Ok(notes.collect::<Result<_, _>>()?)
    }
}
