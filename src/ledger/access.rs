//! Showing personal data: never without a name and a reason, never without a line in the access log.

use rusqlite::params;

use super::RecordId;
use super::record::Record;
use super::schema::{Error, Ledger};
use crate::base::Wall;
use crate::journal::Seal;
use crate::model::{Body, Entry, Personal};

/// Who asks for personal data, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Officer {
    name: String,
    reason: String,
}

/// One line of the access log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// When.
    pub at: Wall,
    /// Who.
    pub officer: String,
    /// Why.
    pub reason: String,
    /// What was shown.
    pub what: String,
}

impl Officer {
    /// Longest name or reason, in characters.
    pub const LENGTH_MAX: usize = 200;

    /// An officer with a reason; none when either is missing, shorter than two characters, or too long.
    pub fn new(name: &str, reason: &str) -> Option<Self> {
        let clean = |text: &str| {
            let text: String = text.trim().chars().filter(|c| !c.is_control()).collect();
            (2..=Self::LENGTH_MAX).contains(&text.chars().count()).then_some(text)
        };
        Some(Self { name: clean(name)?, reason: clean(reason)? })
    }

    /// Who asks.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Why.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl Ledger {
    /// Opens the personal part of a record for `officer`; the access is on record, durably, before it opens.
    ///
    /// `None`: there is no such record, nothing personal in it, or it does not open here.
    ///
    /// # Errors
    ///
    /// When the access cannot be recorded; then nothing is shown.
    pub fn disclose(
        &mut self,
        id: &RecordId,
        officer: &Officer,
        now: Wall,
    ) -> Result<Option<Personal>, Error> {
        let Some(Record { stored, entry, .. }) = self.record(id)? else { return Ok(None) };
        match stored.seal {
            Seal::None | Seal::Erased { .. } => return Ok(None),
            Seal::Boxed { .. } => {}
        }
        let shown = if shows_picture(entry.as_ref()) { " with its picture" } else { "" };
        self.log_access(officer, &format!("record {id}{shown}"), now)?;
        let Some(state) = self.log_state(&id.kiosk, id.epoch)? else { return Ok(None) };
        self.open_box(state.log, &stored.seal)
    }

    /// Accesses, newest first.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn accesses(&self, max: u32) -> Result<Vec<Access>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT at, officer, reason, what FROM access_log ORDER BY access DESC LIMIT ?1",
        )?;
        let rows = query.query_map([max], |row| {
            Ok(Access { at: Wall(row.get(0)?), officer: row.get(1)?, reason: row.get(2)?, what: row.get(3)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(super) fn log_access(&self, officer: &Officer, what: &str, now: Wall) -> Result<(), Error> {
        self.db.execute(
            "INSERT INTO access_log (at, officer, reason, what) VALUES (?1, ?2, ?3, ?4)",
            params![now.0, officer.name, officer.reason, what],
        )?;
        Ok(())
    }
}

fn shows_picture(entry: Option<&Entry>) -> bool {
    match entry.map(|entry| &entry.body) {
        Some(Body::Passage(passage)) => passage.picture.is_some(),
        Some(_) | None => false,
    }
}
