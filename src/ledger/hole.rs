//! Records that a log goes on without: stating them, and showing what is missing.

use std::ops::RangeInclusive;

use data_encoding::BASE64;
use rusqlite::{OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::apply::Refused;
use super::record::{LogState, record_key, signed, split_key, unsigned};
use super::report::{AlarmKind, kiosk_name};
use super::schema::{Error, Ledger, SEQ_BITS};
use crate::base::{Epoch, KioskId, Seq, Wall};
use crate::journal::{Frontier, Hash, Note, SignedNote, note};
use crate::model::record::IN_LOG;
use crate::sync::wire::{HUB_NOTE_NAME, HoleClaim};

/// Most ranges that an alarm names.
const RANGES_MAX: usize = 20;

/// Records that are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Whose.
    pub kiosk: KioskId,
    /// Which log.
    pub epoch: Epoch,
    /// First missing number.
    pub first: u64,
    /// Last missing number.
    pub last: u64,
    /// Why.
    pub loss: Loss,
}

/// What became of records that are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The kiosk has them, as far as the hub knows, and has not delivered them yet.
    NotDelivered,
    /// A record of the log says so, in plain words.
    Declared(String),
    /// The kiosk lost them, and the log goes on behind them.
    Lost,
    /// The kiosk lost them, and with them the log ended.
    Ended,
}

impl Ledger {
    /// Takes in that a kiosk lost records; returns the log's head, which is then behind them.
    ///
    /// The same statement again changes nothing. Where the hub holds the first of these records, nothing is a hole.
    ///
    /// # Errors
    ///
    /// [`Refused::Gap`] when the log's next number is another one, and for the same reasons as a batch's note.
    pub fn declare_hole(
        &mut self,
        kiosk: &KioskId,
        epoch: Epoch,
        claim: &HoleClaim,
        received: Wall,
    ) -> Result<(Seq, Hash, Option<String>), Refused> {
        let note = self.checked_note(kiosk, epoch, &claim.note)?;
        let Note { size: last, root, extensions, .. } = note.note();
        let (last, root) = (*last, *root);
        let (first, whole) = HoleClaim::parse_line(extensions).ok_or(note::Error::Statement)?;
        let first = first.get();
        let refused = |why| Refused::Hole { first, last, why };
        if first > last || last >= 1 << SEQ_BITS {
            return Err(refused("numbers are out of range"));
        }
        let bytes = BASE64.decode(claim.frontier.as_bytes()).map_err(|_| refused("edge is not base64"))?;
        let after = Frontier::decode(&bytes).filter(|after| after.size() == last);
        let after = after.ok_or_else(|| refused("edge is not one of a tree of that size"))?;
        if after.root() != root {
            return Err(Refused::Root { size: last });
        }
        let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let outcome = self.hole_within(kiosk, epoch, (first, last, whole), note, &after, received);
        match &outcome {
            Ok(()) => tx.commit()?,
            Err(refused) => {
                tx.rollback()?;
                if let Refused::Root { .. } = refused {
                    self.alarm(received, kiosk, epoch, AlarmKind::Fork, &refused.to_string())?;
                }
            }
        }
        outcome.and_then(|()| Ok(self.head(kiosk, epoch)?))
    }

    fn hole_within(
        &self,
        kiosk: &KioskId,
        epoch: Epoch,
        (first, last, whole): (u64, u64, u64),
        mut note: SignedNote,
        after: &Frontier,
        received: Wall,
    ) -> Result<(), Refused> {
        let state = self.log_state_or_new(kiosk, epoch, received)?;
        if first != state.next {
            let known =
                "SELECT 1 FROM skips WHERE log = ?1 AND first = ?2 AND last = ?3 AND frontier IS NOT NULL";
            let known = self.db.query_row(known, params![state.log, signed(first), signed(last)], |_| Ok(()));
            let next = Seq::new(state.next).ok_or(Error::Damaged("a log's next number"))?;
            return known.optional()?.ok_or(Refused::Gap { next });
        }
        self.check_salvaged(&state, (first, last), whole)?;
        if !state.frontier.may_lead_to(after) {
            return Err(Refused::Root { size: last });
        }
        note.cosign(HUB_NOTE_NAME, &self.keys.note, received);
        let (mut edge, cosigned) = (vec![], note.to_string());
        after.encode(&mut edge);
        // A log that was given up by mistake goes on.
        self.db
            .execute("DELETE FROM skips WHERE log = ?1 AND first = ?2", params![state.log, signed(first)])?;
        self.db.execute(
            "INSERT INTO skips (log, first, last, statement, frontier, received) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![state.log, signed(first), signed(last), cosigned, edge, received.0],
        )?;
        self.db.execute(
            "UPDATE logs SET next = ?2, frontier = ?3, note = ?4, claimed = max(claimed, ?2 - 1), applied = ?5
             WHERE log = ?1",
            params![state.log, signed(last + 1), edge, cosigned, received.0],
        )?;
        self.seen(kiosk, received)?;
        self.alarm_of_loss(state.log, (first, last), kiosk, epoch, received)?;
        Ok(())
    }

    /// Nothing is declared lost that was salvaged and has not reached this hub.
    pub(super) fn check_salvaged(
        &self,
        state: &LogState,
        (first, last): (u64, u64),
        whole: u64,
    ) -> Result<(), Refused> {
        let keys = [record_key(state.log, first), record_key(state.log, last)];
        let here = "SELECT count(*) FROM entries WHERE record BETWEEN ?1 AND ?2";
        let here: i64 = self.db.query_row(here, keys, |row| row.get(0))?;
        let next = Seq::new(state.next).ok_or(Error::Damaged("a log's next number"))?;
        if unsigned(here)? < whole { Err(Refused::Gap { next }) } else { Ok(()) }
    }

    /// Raises an alarm about what is missing between `first` and `last`, and says what was salvaged.
    pub(super) fn alarm_of_loss(
        &self,
        log: i64,
        (first, last): (u64, u64),
        kiosk: &KioskId,
        epoch: Epoch,
        received: Wall,
    ) -> Result<(), Error> {
        let missing = self.missing(log, first, last)?;
        let lost: u64 = missing.iter().map(|range| range.end() - range.start() + 1).sum();
        let salvaged = last - first + 1 - lost;
        let shown = missing.iter().take(RANGES_MAX);
        let ranges: Vec<String> =
            shown.map(|range| format!("{} to {}", range.start(), range.end())).collect();
        let more = if missing.len() > RANGES_MAX { " and more" } else { "" };
        let detail = match ranges.is_empty() {
            true => format!("records {first} to {last} are here without proof"),
            false if salvaged == 0 => format!("records {}{more} are lost", ranges.join(", ")),
            false => format!(
                "records {}{more} are lost; {salvaged} between {first} and {last} are here without proof",
                ranges.join(", ")
            ),
        };
        self.alarm(received, kiosk, epoch, AlarmKind::Hole, &detail)
    }

    /// The numbers from `first` to `last` under which nothing is here, in order.
    pub(super) fn missing(&self, log: i64, first: u64, last: u64) -> Result<Vec<RangeInclusive<u64>>, Error> {
        let mut query = self
            .db
            .prepare_cached("SELECT record FROM entries WHERE record BETWEEN ?1 AND ?2 ORDER BY record")?;
        let mut rows = query.query([record_key(log, first), record_key(log, last)])?;
        let (mut missing, mut expected) = (vec![], first);
        while let Some(row) = rows.next()? {
            let (_, seq) = split_key(row.get(0)?);
            if seq > expected {
                missing.push(expected..=seq - 1);
            }
            expected = seq + 1;
        }
        if expected <= last {
            missing.push(expected..=last);
        }
        Ok(missing)
    }

    /// Records that are missing: lost by their kiosk, declared so by their log, or signed for and not delivered yet.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn holes(&self) -> Result<Vec<Hole>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT log, kiosk, epoch, first, last, skips.frontier IS NULL, NULL FROM skips JOIN logs USING (log)
             UNION ALL SELECT log, kiosk, epoch, first, last, NULL, found FROM holes JOIN logs ON log = record >> 40
             UNION ALL SELECT log, kiosk, epoch, next, claimed, NULL, NULL FROM logs
             WHERE claimed >= next AND ended IS NULL
             ORDER BY 2, 1, 4",
        )?;
        let mut rows = query.query([])?;
        let mut holes = vec![];
        while let Some(row) = rows.next()? {
            let (log, name, epoch): (i64, String, [u8; 16]) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let (first, last) = (unsigned(row.get(3)?)?, unsigned(row.get(4)?)?);
            let loss = match (row.get::<_, Option<bool>>(5)?, row.get(6)?) {
                (Some(false), _) => Loss::Lost,
                (Some(true), _) => Loss::Ended,
                (None, Some(found)) => Loss::Declared(found),
                (None, None) => Loss::NotDelivered,
            };
            let kiosk = kiosk_name(&name)?;
            if let Loss::Declared(found) = &loss
                && self.is_accounted_for(log, &kiosk, found, (first, last))?
            {
                continue;
            }
            let ranges = match &loss {
                Loss::Lost | Loss::Ended => self.missing(log, first, last)?,
                Loss::NotDelivered | Loss::Declared(_) => vec![first..=last],
            };
            holes.extend(ranges.into_iter().map(|range| Hole {
                kiosk: kiosk.clone(),
                epoch: Epoch(epoch),
                first: *range.start(),
                last: *range.end(),
                loss: loss.clone(),
            }));
        }
        Ok(holes)
    }

    /// Whether what a record declares missing is here after all, or is shown as lost already.
    fn is_accounted_for(
        &self,
        log: i64,
        kiosk: &KioskId,
        found: &str,
        (first, last): (u64, u64),
    ) -> Result<bool, Error> {
        let other = found.rsplit_once(IN_LOG).and_then(|(_, epoch)| epoch.parse().ok());
        let log = match other {
            Some(epoch) => match self.log_state(kiosk, epoch)? {
                Some(state) => state.log,
                None => return Ok(false),
            },
            None => log,
        };
        let skipped = "SELECT 1 FROM skips WHERE log = ?1 AND first <= ?3 AND last >= ?2";
        let skipped = self.db.query_row(skipped, params![log, signed(first), signed(last)], |_| Ok(()));
        Ok(skipped.optional()?.is_some() || self.missing(log, first, last)?.is_empty())
    }
}
