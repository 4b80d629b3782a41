//! What is searched of a record: columns of its public part, blinded identifiers of its sealed part.

use rusqlite::{OptionalExtension as _, Row, params};

use super::placing::Moment;
use super::record::{SEAL_COLUMNS, record_key, signed, split_key, stored_seal};
use super::report::AlarmKind;
use super::schema::{Error, Ledger, SEQ_BITS, day_of, name_of};
use crate::base::{Epoch, KioskId, LaneId, Pii, Wall};
use crate::journal::{Seal, seal};
use crate::model::blind::{IdentifierKind, normalised};
use crate::model::record::{Crossing, IN_LOG};
use crate::model::{Blinded, Body, Decider, Entry, Passage, Personal};

/// One cell of the tallies.
pub(super) struct Cell {
    pub at: i64,
    pub kiosk: String,
    pub verdict: String,
    pub subject: String,
    pub direction: String,
    pub occupants: i64,
}

impl Cell {
    /// The cell from the first six columns.
    pub fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            at: row.get(0)?,
            kiosk: row.get(1)?,
            verdict: row.get(2)?,
            subject: row.get(3)?,
            direction: row.get(4)?,
            occupants: row.get(5)?,
        })
    }
}

impl Ledger {
    /// Takes out what is searched of a record; returns when it is placed.
    pub(super) fn extract(
        &self,
        record: i64,
        kiosk: &KioskId,
        epoch: Epoch,
        entry: &Entry,
        sealed: &Seal,
        moment: Moment,
    ) -> Result<Wall, Error> {
        let Moment { received, placed } = moment;
        let (log, _) = split_key(record);
        self.note_shift(record, entry, placed.best)?;
        match &entry.body {
            Body::Passage(passage) => self.passage((record, kiosk, entry), passage, sealed, moment)?,
            Body::KeyOpened { key, .. } => self.key_opened(record, kiosk, epoch, *key, received)?,
            Body::Crossed { arrival, crossing, .. } => {
                self.crossed(record_key(log, arrival.get()), *crossing)?;
            }
            Body::Gap { from, through, found } => {
                let (first, last) = (from.get(), through.get());
                let found: String = found.chars().take(400).collect();
                let values = params![record, signed(first), signed(last), found];
                self.db.execute(
                    "INSERT INTO holes (record, first, last, found) VALUES (?1, ?2, ?3, ?4)",
                    values,
                )?;
                // The other log of which a new one tells is looked at when its end is stated.
                let here = self.missing(log, first, last)?.is_empty() && !found.contains(IN_LOG);
                let (kind, place) = match here {
                    true => (AlarmKind::Shrunk, "lost at the kiosk, and all here"),
                    false => (AlarmKind::Hole, "missing"),
                };
                let detail = format!("records {first} to {last} are {place}: {found}");
                self.alarm(received, kiosk, epoch, kind, &detail)?;
            }
            Body::Erased { records, log: other, .. } => {
                self.erased_at_kiosk(kiosk, other.unwrap_or(epoch), records)?;
            }
            // Found open: it rose while nothing was looking, which the lane counts when it begins to look.
            Body::OpenedByHand | Body::FoundOpen => self.opened_by_hand(record, entry.lane.as_ref())?,
            Body::Alarm { kind, epoch: log, seq } => {
                self.raise((record, kiosk, entry), *kind, log.zip(*seq), moment)?;
            }
            Body::Commanded { .. } | Body::CommandDone { .. } => {
                self.command_recorded(kiosk, epoch, &entry.body, received)?;
            }
            Body::DriftNoted { .. } => {
                self.note_drift(record, kiosk, entry.lane.as_ref(), placed.best)?;
            }
            Body::Booted { .. }
            | Body::Stopped
            | Body::Arrived { .. }
            | Body::DeviceHealth { .. }
            | Body::Manned { .. }
            | Body::Training { .. }
            | Body::Overdue { .. }
            | Body::Attendance { .. }
            | Body::ClockMapped
            | Body::ClosedByAttendant { .. }
            | Body::KeyDestroyed { .. }
            | Body::SegmentsDropped { .. }
            | Body::HandOver { .. }
            | Body::Policy { .. } => {}
        }
        Ok(placed.best)
    }

    fn passage(
        &self,
        (record, kiosk, entry): (i64, &KioskId, &Entry),
        passage: &Passage,
        sealed: &Seal,
        Moment { received, placed }: Moment,
    ) -> Result<(), Error> {
        let (log, _) = split_key(record);
        let box_key = match sealed {
            Seal::Boxed { bytes, .. } => seal::box_key(bytes),
            Seal::None | Seal::Erased { .. } => None,
        };
        let decided_by = match &passage.decided_by {
            Decider::Policy => None,
            Decider::Attendant(attendant) => Some(attendant.as_str()),
        };
        let cell = Cell {
            at: placed.best.0,
            kiosk: kiosk.as_str().to_owned(),
            verdict: passage.verdict.name().to_owned(),
            subject: name_of(&passage.subject),
            direction: name_of(&passage.direction),
            occupants: i64::try_from(passage.occupants.len()).unwrap_or(i64::MAX),
        };
        let (state, personal) = self.read_box(log, sealed)?;
        self.db
            .prepare_cached(
                "INSERT INTO passages (record, kiosk, at, at_sure, lane, subject, direction, class, verdict,
                                       reason, decided_by, occupants, took_ms, arrival, box_key, personal)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
            )?
            .execute(params![
                record,
                cell.kiosk,
                placed.best.0,
                placed.is_sure(),
                entry.lane.as_ref().map(LaneId::as_str),
                cell.subject,
                cell.direction,
                name_of(&passage.class),
                cell.verdict,
                passage.reasons.first().map(name_of),
                decided_by,
                cell.occupants,
                passage.took_ms,
                record_key(log, passage.arrival.get()),
                box_key,
                state,
            ])?;
        self.keep_time(record, &placed)?;
        if let Some(personal) = &personal {
            self.identify(record, &self.identifiers(personal))?;
            self.tell(record, passage, personal, &placed, received)?;
        }
        if let Some(picture) = &passage.picture {
            self.name_blob(record, kiosk, picture, sealed)?;
        }
        self.tally(&cell, 1)?;
        if let Some(earlier) = passage.follows {
            self.supersede(record_key(log, earlier.get()), record)?;
        }
        Ok(())
    }

    /// Counts an arrival by its last verdict only.
    fn supersede(&self, earlier: i64, record: i64) -> Result<(), Error> {
        let mut update = self.db.prepare_cached(
            "UPDATE passages SET superseded = ?2 WHERE record = ?1 AND superseded IS NULL AND record < ?2
             RETURNING at, kiosk, verdict, subject, direction, occupants",
        )?;
        let cell = update.query_row([earlier, record], Cell::from_row);
        match cell.optional()? {
            Some(cell) => self.tally(&cell, -1),
            None => Ok(()),
        }
    }

    pub(super) fn tally(&self, cell: &Cell, change: i64) -> Result<(), Error> {
        let Cell { at, kiosk, verdict, subject, direction, occupants } = cell;
        self.db
            .prepare_cached(
                "INSERT INTO tallies VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE
                 SET passages = passages + excluded.passages, occupants = occupants + excluded.occupants",
            )?
            .execute(params![
                day_of(Wall(*at)),
                kiosk,
                verdict,
                subject,
                direction,
                change,
                change * occupants
            ])?;
        Ok(())
    }

    fn crossed(&self, arrival: i64, crossing: Crossing) -> Result<(), Error> {
        self.db
            .prepare_cached("UPDATE passages SET crossing = ?2 WHERE arrival = ?1 AND superseded IS NULL")?
            .execute(params![arrival, name_of(&crossing)])?;
        Ok(())
    }

    /// Takes up a sealing key and indexes what waited for it.
    fn key_opened(
        &self,
        record: i64,
        kiosk: &KioskId,
        epoch: Epoch,
        number: u32,
        received: Wall,
    ) -> Result<(), Error> {
        let (log, _) = split_key(record);
        self.db.execute(
            "INSERT INTO sealing_keys (log, number, record) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET record = ?3",
            params![log, number, record],
        )?;
        self.opened.borrow_mut().remove(&(log, number));
        if self.sealing_key(log, number)?.is_none() {
            let detail = format!("sealing key {number} is for another hub: its records stay closed here");
            return self.alarm(received, kiosk, epoch, AlarmKind::Sealed, &detail);
        }
        let waiting = format!(
            "SELECT record, {SEAL_COLUMNS} FROM passages JOIN entries USING (record)
             WHERE personal IN ('waiting', 'unreadable') AND box_key = ?3 AND record BETWEEN ?1 AND ?2"
        );
        let mut query = self.db.prepare_cached(&waiting)?;
        let mut rows = query.query(params![log << SEQ_BITS, record, number])?;
        let mut found = vec![];
        while let Some(row) = rows.next()? {
            found.push((row.get(0)?, stored_seal(row, 1)?));
        }
        found.into_iter().try_for_each(|(record, sealed)| self.index(record, &sealed, received))
    }

    /// Indexes who a passage is about that had to wait for its sealing key.
    fn index(&self, record: i64, sealed: &Seal, received: Wall) -> Result<(), Error> {
        let (log, _) = split_key(record);
        let (state, personal) = self.read_box(log, sealed)?;
        if let Some(personal) = &personal {
            self.identify(record, &self.identifiers(personal))?;
            self.tell_late(record, personal, received)?;
        }
        self.db
            .prepare_cached("UPDATE passages SET personal = ?2 WHERE record = ?1")?
            .execute(params![record, state])?;
        Ok(())
    }

    fn identify(&self, record: i64, found: &[Blinded]) -> Result<(), Error> {
        let mut insert = self.db.prepare_cached("INSERT OR IGNORE INTO identifiers VALUES (?1, ?2)")?;
        for blinded in found {
            insert.execute(params![blinded.0, record])?;
        }
        Ok(())
    }

    /// Who a passage is about, as far as its box opens, and whether it does.
    fn read_box(&self, log: i64, sealed: &Seal) -> Result<(&'static str, Option<Personal>), Error> {
        let bytes = match sealed {
            Seal::None => return Ok(("none", None)),
            Seal::Erased { .. } => return Ok(("erased", None)),
            Seal::Boxed { bytes, .. } => bytes,
        };
        if let Some(personal) = self.open_box(log, sealed)? {
            return Ok(("indexed", Some(personal)));
        }
        let number = seal::box_key(bytes);
        let key = number.map(|number| self.sealing_key(log, number)).transpose()?.flatten();
        Ok((if number.is_some() && key.is_none() { "waiting" } else { "unreadable" }, None))
    }

    fn identifiers(&self, personal: &Personal) -> Vec<Blinded> {
        let mut found = vec![];
        let mut blind = |kind, text: &Option<Pii<String>>| {
            let text = text.as_ref().map(|text| normalised(text.expose())).filter(|text| !text.is_empty());
            found.extend(text.map(|text| self.keys.blinder.blind(kind, &text)));
        };
        for person in &personal.people {
            blind(IdentifierKind::IdNumber, &person.id_number);
            blind(IdentifierKind::Phone, &person.phone);
            blind(IdentifierKind::Name, &person.name);
            blind(IdentifierKind::Pass, &person.pass);
        }
        if let Some(vehicle) = &personal.vehicle {
            blind(IdentifierKind::Plate, &vehicle.plate);
        }
        found
    }
}
