//! What the screens ask of the view.

use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Params, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Error, View, integer, presence};
use crate::base::{AttendantId, ClockTrust, LaneId, Wall};
use crate::model::blind::IdentifierKind;
use crate::model::record::Crossing;
use crate::model::{Class, Decider, Direction, Personal, Reason, SubjectKind, Verdict};

const COLUMNS: &str = "id, seq, arrival, follows, lane, wall, trust, subject, direction, class, verdict, reasons, \
                       decided_by, label, people, crossing";

/// Passages that somebody still has to see to.
const OPEN: &str = "AS p WHERE verdict IN ('referred', 'held') \
    AND NOT EXISTS (SELECT 1 FROM passages q WHERE q.arrival = p.arrival AND q.epoch = p.epoch AND q.id > p.id) \
    AND NOT EXISTS (SELECT 1 FROM identifiers i JOIN identifiers j ON j.blinded = i.blinded \
        WHERE i.passage = p.id AND j.passage > p.id \
        AND i.subject = (SELECT min(s.id) FROM subjects s WHERE s.passage = p.id))";

/// A verdict, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PassageRow {
    /// Orders rows, across epochs too; the cursor of [`View::recent`]. Not the same after a rebuild.
    pub id: i64,
    /// Number of the record within its epoch.
    pub seq: u64,
    /// The arrival that it decides.
    pub arrival: u64,
    /// The earlier verdict that it follows up.
    pub follows: Option<u64>,
    /// Where.
    pub lane: Option<LaneId>,
    /// When, by the kiosk's clock.
    pub wall: Wall,
    /// How far `wall` is trusted.
    pub trust: ClockTrust,
    /// Person or vehicle.
    pub subject: SubjectKind,
    /// Which way.
    pub direction: Direction,
    /// What the subject is to the place.
    pub class: Class,
    /// The outcome.
    pub verdict: Verdict,
    /// Why.
    pub reasons: Vec<Reason>,
    /// The attendant who decided, if it was not the policy.
    pub decided_by: Option<AttendantId>,
    /// Masked plate or name, where the personal part could be opened.
    pub label: Option<String>,
    /// Persons that the record tells of; 0 when it tells of none by name.
    pub people: u32,
    /// What was seen under the barrier afterwards.
    pub crossing: Option<Crossing>,
}

/// An arrival without a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArrivalRow {
    /// Number of the record within its epoch.
    pub seq: u64,
    /// Where.
    pub lane: Option<LaneId>,
    /// Person or vehicle.
    pub subject: SubjectKind,
    /// Which way.
    pub direction: Direction,
    /// When, by the kiosk's clock.
    pub wall: Wall,
}

/// Which passages are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this lane's.
    pub lane: Option<LaneId>,
    /// Only those since then, by the kiosk's clock as it then was.
    pub from: Option<Wall>,
    /// Only those before that.
    pub to: Option<Wall>,
}

/// How many verdicts of a kind there were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Person or vehicle.
    pub subject: SubjectKind,
    /// Which way.
    pub direction: Direction,
    /// The outcome.
    pub verdict: Verdict,
    /// How many.
    pub count: u64,
}

impl View {
    /// The newest `limit` passages, newest first, older than row `before` if given.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn recent(&self, limit: u32, before: Option<i64>) -> Result<Vec<PassageRow>, Error> {
        self.matching(&Filter::default(), limit, before)
    }

    /// The newest `limit` passages of a lane and a time, newest first, older than row `before` if given.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn matching(
        &self,
        filter: &Filter,
        limit: u32,
        before: Option<i64>,
    ) -> Result<Vec<PassageRow>, Error> {
        let lane = filter.lane.as_ref().map(|lane| lane.as_str());
        let from = filter.from.map_or(i64::MIN, |from| from.0);
        let to = filter.to.map_or(i64::MAX, |to| to.0);
        let which = "WHERE id < ?1 AND (?2 IS NULL OR lane = ?2) AND wall >= ?3 AND wall < ?4 \
                     ORDER BY id DESC LIMIT ?5";
        self.passages(which, params![before.unwrap_or(i64::MAX), lane, from, to, limit])
    }

    /// The newest `limit` passages that somebody still has to see to, newest first: referred or held, without a later
    /// verdict on the same arrival or on the same subject.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn open_cases(&self, limit: u32) -> Result<Vec<PassageRow>, Error> {
        self.passages(&format!("{OPEN} ORDER BY id DESC LIMIT ?1"), params![limit])
    }

    /// How many there are of them.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn open_cases_count(&self) -> Result<u64, Error> {
        let text = format!("SELECT count(*) FROM passages {OPEN}");
        Ok(self.connection.prepare_cached(&text)?.query_row([], |row| number(row, 0))?)
    }

    /// The newest `limit` passages with this normalised identifier, newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn with_identifier(
        &self,
        kind: IdentifierKind,
        normalised: &str,
        limit: u32,
    ) -> Result<Vec<PassageRow>, Error> {
        let blinded = self.blinder.blind(kind, normalised);
        let which =
            "WHERE id IN (SELECT passage FROM identifiers WHERE blinded = ?1) ORDER BY id DESC LIMIT ?2";
        self.passages(which, params![&blinded.0[..], limit])
    }

    /// The verdict in record `seq` of the log `epoch`.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn passage(&self, epoch: crate::base::Epoch, seq: u64) -> Result<Option<PassageRow>, Error> {
        let rows = self.passages("WHERE epoch = ?1 AND seq = ?2", params![&epoch.0[..], integer(seq)])?;
        Ok(rows.into_iter().next())
    }

    /// The row of the newest passage with record number `seq`: a cursor for [`recent`](Self::recent).
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn row_of(&self, seq: u64) -> Result<Option<i64>, Error> {
        let mut statement = self.connection.prepare_cached("SELECT max(id) FROM passages WHERE seq = ?1")?;
        Ok(statement.query_row([integer(seq)], |row| row.get(0))?)
    }

    /// Verdicts recorded since `wall`, by the kiosk's clock as it then was.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn counts_since(&self, wall: Wall) -> Result<Vec<Count>, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT subject, direction, verdict, count(*) FROM passages WHERE wall >= ?1 GROUP BY 1, 2, 3",
        )?;
        let counts = statement.query_map([wall.0], |row| {
            Ok(Count {
                subject: word(row, 0)?,
                direction: word(row, 1)?,
                verdict: word(row, 2)?,
                count: number(row, 3)?,
            })
        })?;
        Ok(counts.collect::<rusqlite::Result<_>>()?)
    }

    /// The newest `limit` arrivals without a verdict, newest first: by their order in the logs, whatever the clock was.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn open_arrivals(&self, limit: u32) -> Result<Vec<ArrivalRow>, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, lane, subject, direction, wall FROM arrivals ORDER BY id DESC LIMIT ?1",
        )?;
        let rows = statement.query_map([limit], |row| {
            Ok(ArrivalRow {
                seq: number(row, 0)?,
                lane: optional(row, 1)?,
                subject: word(row, 2)?,
                direction: word(row, 3)?,
                wall: Wall(row.get(4)?),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn passages(&self, which: &str, values: impl Params) -> Result<Vec<PassageRow>, Error> {
        let text = format!("SELECT {COLUMNS} FROM passages {which}");
        let mut statement = self.connection.prepare_cached(&text)?;
        let rows = statement.query_map(values, passage_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

fn passage_row(row: &Row<'_>) -> rusqlite::Result<PassageRow> {
    let reasons: String = row.get(11)?;
    Ok(PassageRow {
        id: row.get(0)?,
        seq: number(row, 1)?,
        arrival: number(row, 2)?,
        follows: row.get::<_, Option<i64>>(3)?.map(i64::unsigned_abs),
        lane: optional(row, 4)?,
        wall: Wall(row.get(5)?),
        trust: word(row, 6)?,
        subject: word(row, 7)?,
        direction: word(row, 8)?,
        class: word(row, 9)?,
        verdict: word(row, 10)?,
        reasons: serde_json::from_str(&reasons).map_err(|error| unreadable(11, error))?,
        decided_by: optional(row, 12)?,
        label: row.get(13)?,
        people: row.get(14)?,
        crossing: optional(row, 15)?,
    })
}

/// The attendant, or nothing for the policy.
pub(super) fn decider(decider: &Decider) -> Option<&str> {
    match decider {
        Decider::Policy => None,
        Decider::Attendant(attendant) => Some(attendant.as_str()),
    }
}

/// What a list shows of whom a record is about: the masked plate, else the masked name or number of the first person.
pub(super) fn label(personal: &Personal) -> Option<String> {
    let vehicle = personal.vehicle.as_ref().and_then(presence::vehicle_label);
    vehicle.or_else(|| personal.people.first().and_then(presence::person_label))
}

pub(super) fn number(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(index).map(i64::unsigned_abs)
}

pub(super) fn word<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    let word: String = row.get(index)?;
    serde_json::from_value(word.into()).map_err(|error| unreadable(index, error))
}

pub(super) fn optional<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<T>> {
    let word: Option<String> = row.get(index)?;
    let read = |word: String| serde_json::from_value(word.into()).map_err(|error| unreadable(index, error));
    word.map(read).transpose()
}

fn unreadable(index: usize, error: serde_json::Error) -> rusqlite::Error {
    let source = Box::new(FromSqlError::Other(Box::new(error)));
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, source)
}
