//! Who is inside: whoever came in and did not go out again, as far as identifiers tell.
//!
//! A subject is a vehicle, a person on foot, or an occupant. It is inside from an opening verdict inbound until any
//! later opening verdict that names one of its identifiers: outbound it is gone, inbound the later passage stands for
//! it. When nobody passes the open barrier after all, that verdict counts for nothing. Subjects without identifiers
//! are never listed, because nobody could tell when they leave; they are counted by themselves. Neither are those of
//! whom the kiosk has forgotten everything.
//!
//! Column `gone` of `subjects` is empty while the subject is inside; else it names the passage that ended it, or its
//! own passage where it never began.

use rusqlite::{Row, Transaction, params};
use serde::Serialize;

use super::overdue::{Runs, STAY_COLUMNS};
use super::{AsOf, Error, View, query, recall, word};
use crate::base::{ClockTrust, LaneId, Pii, Wall};
use crate::model::outcome::{Outcome, Who, outcomes};
use crate::model::{
    Blinder, Class, Direction, Passage, Person, Personal, Reached, SubjectKind, Vehicle, Verdict, mask,
};

/// Somebody who is inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InsideRow {
    /// Orders rows, across epochs too; the cursor of [`View::inside`]. Not the same after a rebuild.
    pub id: i64,
    /// Number of the record of the passage, within its epoch.
    pub seq: u64,
    /// Where they came in.
    pub lane: Option<LaneId>,
    /// When, by the kiosk's clock.
    pub wall: Wall,
    /// How far `wall` is trusted.
    pub trust: ClockTrust,
    /// Person or vehicle.
    pub kind: SubjectKind,
    /// What the passage's subject is to the place.
    pub class: Class,
    /// Masked plate or name.
    pub label: Option<String>,
    /// Whether the time is over that they may stay; none where nothing limits it.
    pub over: Option<Reached>,
}

/// How many came in on a day and are still inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct InsideDay {
    /// Days since 1970 at the place; `None` for those whose time nothing vouches for.
    pub day: Option<i64>,
    /// Vehicles.
    pub vehicles: u64,
    /// Persons.
    pub people: u64,
}

/// Who passed and could not be told from anybody else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unmatched {
    /// Inbound.
    pub inbound: u64,
    /// Outbound.
    pub outbound: u64,
}

/// Takes in the subjects of a passage.
pub(super) fn arrive(
    transaction: &Transaction<'_>,
    blinder: &Blinder,
    id: i64,
    passage: &Passage,
    personal: Option<&Personal>,
) -> rusqlite::Result<()> {
    let mut supersede = transaction.prepare_cached(
        "UPDATE subjects SET gone = ?2 WHERE gone IS NULL AND passage != ?2 \
         AND id IN (SELECT subject FROM identifiers WHERE blinded = ?1)",
    )?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO subjects (passage, kind, label, known, gone, verdict, steps, name, host, stays) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    let mut identify = transaction.prepare_cached("INSERT OR IGNORE INTO identifiers VALUES (?1, ?2, ?3)")?;
    for subject in outcomes(passage, personal) {
        let identifiers = subject.identifiers();
        let blinded = identifiers.iter().map(|(kind, value)| blinder.blind(*kind, value));
        let blinded: Vec<_> = blinded.chain(subject.blinded()).collect();
        let (known, (label, names)) = (!blinded.is_empty(), shown(&subject));
        let opens = subject.verdict.opens_barrier();
        if opens {
            for blinded in &blinded {
                supersede.execute(params![&blinded.0[..], id])?;
            }
        }
        let inside = opens && known && passage.direction == Direction::Inbound;
        let [name, host] = names.map(|name| recall::blind_name(blinder, name?));
        insert.execute(params![
            id,
            word(&subject.kind),
            label,
            known,
            (!inside).then_some(id),
            subject.verdict.name(),
            recall::steps_blob(subject.steps),
            name.as_ref().map(|name| &name.0[..]),
            host.as_ref().map(|host| &host.0[..]),
            passage.stay.is_some(),
        ])?;
        let row = transaction.last_insert_rowid();
        for blinded in &blinded {
            identify.execute(params![&blinded.0[..], row, id])?;
        }
    }
    Ok(())
}

/// Nobody went through on this passage: what it ended goes on, and it begins nothing.
pub(super) fn did_not_pass(transaction: &Transaction<'_>, passage: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE subjects SET gone = NULL WHERE gone = ?1 AND passage != ?1")?
        .execute([passage])?;
    transaction.prepare_cached("UPDATE subjects SET gone = ?1 WHERE passage = ?1")?.execute([passage])?;
    Ok(())
}

/// Whom they are shown as, masked; their own name, and that of whom they visit.
fn shown<'a>(subject: &Outcome<'a>) -> (Option<String>, [Option<&'a Pii<String>>; 2]) {
    match subject.who {
        None => (None, [None, None]),
        Some(Who::Person(person)) => (person_label(person), [person.name.as_ref(), person.host.as_ref()]),
        Some(Who::Vehicle(vehicle)) => (vehicle_label(vehicle), [None, vehicle.host.as_ref()]),
    }
}

/// The masked name, else the masked number of a person.
pub(super) fn person_label(person: &Person) -> Option<String> {
    let number = || person.masked_number();
    let name = person.name.as_ref().map(mask::name);
    name.or_else(number).or_else(|| person.phone.as_ref().map(mask::phone))
}

/// The masked plate, as it was read where it could not be normalised.
pub(super) fn vehicle_label(vehicle: &Vehicle) -> Option<String> {
    vehicle.plate.as_ref().or(vehicle.plate_raw.as_ref()).map(mask::plate)
}

impl View {
    /// The newest `limit` subjects that are inside, newest first, older than row `before` if given.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn inside(&self, as_of: &AsOf, limit: u32, before: Option<i64>) -> Result<Vec<InsideRow>, Error> {
        let runs = self.runs(as_of)?;
        let text = format!(
            "SELECT {INSIDE_COLUMNS}, {STAY_COLUMNS} FROM subjects s JOIN passages p ON p.id = s.passage \
             WHERE s.gone IS NULL AND s.id < ?1 ORDER BY s.id DESC LIMIT ?2"
        );
        let mut statement = self.connection.prepare_cached(&text)?;
        let rows =
            statement.query_map(params![before.unwrap_or(i64::MAX), limit], |row| inside_row(row, &runs))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// How many are inside by the day they came in, latest day first, at a place whose clocks are so far ahead of UTC.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn inside_by_day(&self, utc_offset_minutes: i16) -> Result<Vec<InsideDay>, Error> {
        let mut statement = self.connection.prepare_cached(
            "SELECT CASE p.trust WHEN 'none' THEN NULL ELSE (p.wall + ?1) / 86400000 END AS day, \
             sum(s.kind = 'vehicle'), sum(s.kind = 'person') \
             FROM subjects s JOIN passages p ON p.id = s.passage WHERE s.gone IS NULL GROUP BY day ORDER BY day DESC",
        )?;
        let days = statement.query_map([i64::from(utc_offset_minutes) * 60_000], |row| {
            Ok(InsideDay {
                day: row.get(0)?,
                vehicles: query::number(row, 1)?,
                people: query::number(row, 2)?,
            })
        })?;
        Ok(days.collect::<rusqlite::Result<_>>()?)
    }

    /// Subjects without any identifier that were let through since `wall`, by the kiosk's clock as it then was.
    ///
    /// # Errors
    ///
    /// [`Error::Sqlite`].
    pub fn unmatched_since(&self, wall: Wall) -> Result<Unmatched, Error> {
        let opening: Vec<String> =
            Verdict::opening().map(|verdict| format!("'{}'", verdict.name())).collect();
        let text = format!(
            "SELECT coalesce(sum(direction = 'inbound'), 0), coalesce(sum(direction = 'outbound'), 0) \
             FROM passages p JOIN subjects s ON s.passage = p.id AND s.known = 0 \
             WHERE p.wall >= ?1 AND p.verdict IN ({}) AND coalesce(p.crossing, '') != 'did-not-pass'",
            opening.join(", ")
        );
        let mut statement = self.connection.prepare_cached(&text)?;
        Ok(statement.query_row([wall.0], |row| {
            Ok(Unmatched { inbound: query::number(row, 0)?, outbound: query::number(row, 1)? })
        })?)
    }
}

/// What [`inside_row`] reads of a subject and its passage, before [`STAY_COLUMNS`].
pub(super) const INSIDE_COLUMNS: &str = "s.id, p.seq, p.lane, p.wall, p.trust, s.kind, p.class, s.label";

pub(super) fn inside_row(row: &Row<'_>, runs: &Runs) -> rusqlite::Result<InsideRow> {
    Ok(InsideRow {
        id: row.get(0)?,
        seq: query::number(row, 1)?,
        lane: query::optional(row, 2)?,
        wall: Wall(row.get(3)?),
        trust: query::word(row, 4)?,
        kind: query::word(row, 5)?,
        class: query::word(row, 6)?,
        label: row.get(7)?,
        over: runs.reached(row, 8)?,
    })
}

#[cfg(test)]
mod tests;
