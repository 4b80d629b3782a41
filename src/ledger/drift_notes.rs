//! What kiosks note of their thermometers, for the plots of a device.

use rusqlite::params;

use super::schema::{Error, Ledger};
use crate::base::{KioskId, LaneId, Wall};
use crate::journal::{Seal, Stored};
use crate::model::{Body, DriftNote};

/// 14: notes on thermometers.
pub(super) const TABLE: &str = "
-- Records of what many screenings say of a lane's thermometer.
CREATE TABLE drift_notes (
    record INTEGER PRIMARY KEY REFERENCES entries,
    kiosk TEXT NOT NULL,
    lane TEXT NOT NULL,
    at INTEGER NOT NULL             -- the best known time when it came
) STRICT;
CREATE INDEX drift_notes_of ON drift_notes (kiosk, lane, record);
";

/// Most lanes of a kiosk that are shown, whatever it names.
const LANES_MAX: u32 = 64;

/// A note and when it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted {
    /// When, as well as is known.
    pub at: Wall,
    /// What.
    pub note: DriftNote,
}

impl Ledger {
    /// Takes out where a note on a thermometer is.
    pub(super) fn note_drift(
        &self,
        record: i64,
        kiosk: &KioskId,
        lane: Option<&LaneId>,
        at: Wall,
    ) -> Result<(), Error> {
        let Some(lane) = lane else { return Ok(()) };
        self.db
            .prepare_cached(
                "INSERT OR REPLACE INTO drift_notes (record, kiosk, lane, at) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![record, kiosk.as_str(), lane.as_str(), at.0])?;
        Ok(())
    }

    /// The newest notes on the thermometers of a kiosk, at most `limit` a lane, oldest first: lanes by name.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn drift_notes(&self, kiosk: &KioskId, limit: u32) -> Result<Vec<(LaneId, Vec<Noted>)>, Error> {
        let mut lanes = self.db.prepare_cached(
            "SELECT DISTINCT lane FROM drift_notes WHERE kiosk = ?1 ORDER BY lane LIMIT ?2",
        )?;
        let lanes: Vec<String> = lanes
            .query_map(params![kiosk.as_str(), LANES_MAX], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let notes = |lane: String| {
            let notes = self.notes_of(kiosk, &lane, limit)?;
            Ok((lane.parse().map_err(|_| Error::Damaged("a lane's name"))?, notes))
        };
        lanes.into_iter().map(notes).collect()
    }

    fn notes_of(&self, kiosk: &KioskId, lane: &str, limit: u32) -> Result<Vec<Noted>, Error> {
        let mut query = self.db.prepare_cached(
            "SELECT at, public FROM drift_notes JOIN entries USING (record)
             WHERE kiosk = ?1 AND lane = ?2 ORDER BY record DESC LIMIT ?3",
        )?;
        let mut rows = query.query(params![kiosk.as_str(), lane, limit])?;
        let mut notes = vec![];
        while let Some(row) = rows.next()? {
            let stored = Stored { public: row.get(1)?, seal: Seal::None };
            let entry = stored.entry().map_err(|_| Error::Damaged("a record"))?;
            if let Body::DriftNoted { note } = entry.body {
                notes.push(Noted { at: Wall(row.get(0)?), note: *note });
            }
        }
        notes.reverse();
        Ok(notes)
    }
}
