//! Finding passages: by who, where, when and how they ended, newest first, a page at a time.

use std::fmt;
use std::str::FromStr;

use rusqlite::types::Value;

use super::RecordId;
use super::placing::placed_row;
use super::record::{SEAL_COLUMNS, split_key, stored_seal, unsigned};
use super::schema::{Error, Ledger, name_of, named};
use crate::base::{AttendantId, KioskId, LaneId, Pii, Wall};
use crate::model::blind::{IdentifierKind, normalised};
use crate::model::record::Crossing;
use crate::model::{Class, Direction, Personal, Placed, Reason, SubjectKind, Verdict, mask};

/// What to look for; everything that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// At this kiosk.
    pub kiosk: Option<KioskId>,
    /// At this lane.
    pub lane: Option<LaneId>,
    /// With this verdict.
    pub verdict: Option<Verdict>,
    /// Person or vehicle.
    pub subject: Option<SubjectKind>,
    /// Which way.
    pub direction: Option<Direction>,
    /// At or after.
    pub from: Option<Wall>,
    /// Before.
    pub until: Option<Wall>,
    /// About somebody with this plate, identity number, telephone number, name or pass: all of it, not a part.
    pub who: Option<Pii<String>>,
}

/// Where a page ends; the next one begins after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    at: i64,
    record: i64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at, self.record)
    }
}

impl FromStr for Cursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text
            .split_once('.')
            .and_then(|(at, record)| Some(Self { at: at.parse().ok()?, record: record.parse().ok()? }));
        parsed.ok_or("a page is two numbers with a point between")
    }
}

/// Passages, newest first.
#[derive(Clone, Debug)]
pub struct Page {
    /// At most as many as were asked for.
    pub rows: Vec<Row>,
    /// The next page, if there is one.
    pub next: Option<Cursor>,
}

/// Whether a passage has a personal part, and what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersonalState {
    /// It says nothing about persons.
    None,
    /// Its sealing key has not arrived yet.
    Waiting,
    /// It can be searched and shown.
    Indexed,
    /// It does not open here.
    Unreadable,
    /// It was erased.
    Erased,
}

/// A passage, as lists show it: without personal data but for a masked name or plate.
#[derive(Clone, Debug)]
pub struct Row {
    /// Which record.
    pub id: RecordId,
    /// When, as well as that is known. Rows are in order of its best time.
    pub placed: Placed,
    /// Where.
    pub lane: Option<LaneId>,
    /// Person or vehicle.
    pub subject: SubjectKind,
    /// Which way.
    pub direction: Direction,
    /// What the subject is to the place.
    pub class: Class,
    /// How it ended.
    pub verdict: Verdict,
    /// The most important reason.
    pub reason: Option<Reason>,
    /// Who decided, when not the policy.
    pub decided_by: Option<AttendantId>,
    /// Number of a vehicle's occupants.
    pub occupants: u64,
    /// Milliseconds from arrival to verdict.
    pub took_ms: u64,
    /// What was seen at the barrier.
    pub crossing: Option<Crossing>,
    /// Whether a later verdict on the same arrival follows this one up.
    pub superseded: bool,
    /// Whether the log's tree proves it; else the kiosk salvaged it.
    pub proven: bool,
    /// What is known of persons.
    pub personal: PersonalState,
    /// Masked plate or names.
    pub masked: Option<String>,
}

const COLUMNS: &str = "record, at, at_sure, lane, subject, direction, class, verdict, reason, decided_by,
    occupants, took_ms, crossing, superseded, personal, proven";

impl Filter {
    /// The conditions in SQL and their values, without identifiers in the clear.
    pub(super) fn conditions(&self, ledger: &Ledger) -> (String, Vec<Value>) {
        let mut sql = String::from("1");
        let mut values = vec![];
        let mut and = |condition: &str, value: Value| {
            values.push(value);
            sql.push_str(&format!(" AND {condition} ?{}", values.len()));
        };
        let text = |text: &str| Value::Text(text.to_owned());
        if let Some(kiosk) = &self.kiosk {
            and("kiosk =", text(kiosk.as_str()));
        }
        if let Some(lane) = &self.lane {
            and("lane =", text(lane.as_str()));
        }
        if let Some(verdict) = self.verdict {
            and("verdict =", text(verdict.name()));
        }
        if let Some(subject) = &self.subject {
            and("subject =", text(&name_of(subject)));
        }
        if let Some(direction) = &self.direction {
            and("direction =", text(&name_of(direction)));
        }
        if let Some(from) = self.from {
            and("at >=", Value::Integer(from.0));
        }
        if let Some(until) = self.until {
            and("at <", Value::Integer(until.0));
        }
        if let Some(who) = &self.who {
            let who = normalised(who.expose());
            let mut places = vec![];
            for kind in [
                IdentifierKind::Plate,
                IdentifierKind::IdNumber,
                IdentifierKind::Phone,
                IdentifierKind::Name,
                IdentifierKind::Pass,
            ] {
                values.push(Value::Blob(ledger.keys.blinder.blind(kind, &who).0.to_vec()));
                places.push(format!("?{}", values.len()));
            }
            let places = places.join(", ");
            sql.push_str(&format!(
                " AND record IN (SELECT record FROM identifiers WHERE blinded IN ({places}))"
            ));
        }
        (sql, values)
    }
}

impl Ledger {
    /// Up to `max` passages that `filter` lets through, after `after`, newest first.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn passages(&self, filter: &Filter, after: Option<Cursor>, max: usize) -> Result<Page, Error> {
        let (mut sql, mut values) = filter.conditions(self);
        if let Some(Cursor { at, record }) = after {
            values.extend([Value::Integer(at), Value::Integer(record)]);
            sql.push_str(&format!(" AND (at, record) < (?{}, ?{})", values.len() - 1, values.len()));
        }
        let limit = i64::try_from(max.saturating_add(1)).unwrap_or(i64::MAX);
        let sql = format!(
            "SELECT {COLUMNS}, {SEAL_COLUMNS}, earliest, latest, known
             FROM passages JOIN entries USING (record) LEFT JOIN times USING (record)
             WHERE {sql} ORDER BY at DESC, record DESC LIMIT {limit}"
        );
        let mut query = self.db.prepare_cached(&sql)?;
        let mut found = query.query(rusqlite::params_from_iter(values))?;
        let (mut rows, mut last, mut next) = (vec![], None, None);
        while let Some(row) = found.next()? {
            if rows.len() == max {
                next = last;
                break;
            }
            last = Some(Cursor { record: row.get(0)?, at: row.get(1)? });
            rows.push(self.row(row)?);
        }
        Ok(Page { rows, next })
    }

    /// Number of passages that `filter` lets through.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be used.
    pub fn count(&self, filter: &Filter) -> Result<u64, Error> {
        let (sql, values) = filter.conditions(self);
        let sql = format!("SELECT count(*) FROM passages WHERE {sql}");
        let mut query = self.db.prepare_cached(&sql)?;
        unsigned(query.query_row(rusqlite::params_from_iter(values), |row| row.get(0))?)
    }

    fn row(&self, row: &rusqlite::Row<'_>) -> Result<Row, Error> {
        let record: i64 = row.get(0)?;
        let optional = |column: usize| row.get::<_, Option<String>>(column);
        let text = |column: usize| row.get::<_, String>(column);
        let damaged = |_| Error::Damaged("a name");
        let sealed = stored_seal(row, 16)?;
        let (log, _) = split_key(record);
        let masked = self.open_box(log, &sealed)?.and_then(|personal| masked(&personal));
        Ok(Row {
            id: self.record_id(record)?,
            placed: placed_row(row, 19, (Wall(row.get(1)?), row.get(2)?))?,
            lane: optional(3)?.map(|name| name.parse()).transpose().map_err(damaged)?,
            subject: named(&text(4)?)?,
            direction: named(&text(5)?)?,
            class: named(&text(6)?)?,
            verdict: named(&text(7)?)?,
            reason: optional(8)?.map(|name| named(&name)).transpose()?,
            decided_by: optional(9)?.map(|name| name.parse()).transpose().map_err(damaged)?,
            occupants: unsigned(row.get(10)?)?,
            took_ms: unsigned(row.get(11)?)?,
            crossing: optional(12)?.map(|name| named(&name)).transpose()?,
            superseded: row.get::<_, Option<i64>>(13)?.is_some(),
            proven: row.get(15)?,
            personal: named(&text(14)?)?,
            masked,
        })
    }
}

/// Plate and names, as far as a list may show them.
fn masked(personal: &Personal) -> Option<String> {
    const NAMES_MAX: usize = 3;
    let plate = personal.vehicle.as_ref().and_then(|vehicle| vehicle.plate.as_ref());
    let plate = plate.filter(|plate| !plate.expose().is_empty()).map(mask::plate);
    let people = personal
        .people
        .iter()
        .filter_map(|person| person.name.as_ref().map(mask::name).or_else(|| person.masked_number()));
    let parts: Vec<String> = plate.into_iter().chain(people.take(NAMES_MAX)).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}
