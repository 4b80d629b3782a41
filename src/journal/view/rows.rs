//! What becomes of a record in the view: one row or none.

use rusqlite::{Transaction, params};

use super::{forget, integer, overdue, presence, query, word};
use crate::base::{AttendantId, Epoch, Seq};
use crate::model::record::Crossing;
use crate::model::{Blinder, Body, Entry, Passage, Personal};

/// Applies one record. What says nothing about passages is passed over.
pub(super) fn apply(
    transaction: &Transaction<'_>,
    blinder: &Blinder,
    epoch: Epoch,
    entry: &Entry,
    personal: Option<&Personal>,
) -> rusqlite::Result<()> {
    let seq = integer(entry.seq.get());
    let lane = entry.lane.as_ref().map(|lane| lane.as_str());
    match &entry.body {
        Body::Arrived { subject, direction } => {
            let row = params![&epoch.0[..], seq, lane, word(subject), word(direction), entry.stamp.wall.0];
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO arrivals (epoch, seq, lane, subject, direction, wall) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(row)?;
        }
        Body::Passage(passage) => {
            insert_passage(transaction, blinder, epoch, entry, passage, personal)?;
            transaction
                .prepare_cached("DELETE FROM arrivals WHERE epoch = ?1 AND seq = ?2")?
                .execute(params![&epoch.0[..], integer(passage.arrival.get())])?;
        }
        Body::Crossed { arrival, crossing, .. } => {
            insert_crossing(transaction, epoch, *arrival, *crossing)?;
        }
        Body::Attendance { attendant, signed_in, .. } => {
            duty(transaction, epoch, entry, attendant, if *signed_in { "in" } else { "out" })?;
        }
        Body::HandOver { attendant, .. } => duty(transaction, epoch, entry, attendant, "note")?,
        Body::Erased { records, log, .. } => {
            let epoch = log.unwrap_or(epoch);
            records.iter().try_for_each(|seq| forget::erased(transaction, epoch, *seq))?;
        }
        Body::Overdue { log, entry, .. } => overdue::on_record(transaction, *log, *entry)?,
        Body::Booted { .. }
        | Body::Stopped
        | Body::KeyOpened { .. }
        | Body::DeviceHealth { .. }
        | Body::Manned { .. }
        | Body::Training { .. }
        | Body::DriftNoted { .. }
        | Body::ClockMapped
        | Body::OpenedByHand
        | Body::FoundOpen
        | Body::ClosedByAttendant { .. }
        | Body::KeyDestroyed { .. }
        | Body::SegmentsDropped { .. }
        | Body::Alarm { .. }
        | Body::Commanded { .. }
        | Body::CommandDone { .. }
        | Body::Policy { .. }
        | Body::Gap { .. } => {}
    }
    Ok(())
}

fn duty(
    transaction: &Transaction<'_>,
    epoch: Epoch,
    entry: &Entry,
    attendant: &AttendantId,
    what: &str,
) -> rusqlite::Result<()> {
    transaction.prepare_cached("INSERT OR REPLACE INTO duties VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(
        params![&epoch.0[..], integer(entry.seq.get()), entry.stamp.wall.0, attendant.as_str(), what],
    )?;
    Ok(())
}

fn insert_passage(
    transaction: &Transaction<'_>,
    blinder: &Blinder,
    epoch: Epoch,
    entry: &Entry,
    passage: &Passage,
    personal: Option<&Personal>,
) -> rusqlite::Result<()> {
    let reasons = serde_json::to_string(&passage.reasons).unwrap_or_default();
    let people = passage.occupants.len().max(personal.map_or(0, |personal| personal.people.len()));
    transaction
        .prepare_cached(
            "INSERT INTO passages (epoch, seq, arrival, follows, lane, wall, trust, subject, direction, class, \
             verdict, reasons, decided_by, label, people, boot, mono, error_ms, stay_h, stay_until, stay_back) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
        )?
        .execute(params![
            &epoch.0[..],
            integer(entry.seq.get()),
            integer(passage.arrival.get()),
            passage.follows.map(|follows| integer(follows.get())),
            entry.lane.as_ref().map(|lane| lane.as_str()),
            entry.stamp.wall.0,
            word(&entry.stamp.trust),
            word(&passage.subject),
            word(&passage.direction),
            word(&passage.class),
            passage.verdict.name(),
            reasons,
            query::decider(&passage.decided_by),
            personal.and_then(query::label),
            i64::try_from(people).unwrap_or(i64::MAX),
            &entry.stamp.boot.0[..],
            integer(entry.stamp.mono.0),
            entry.stamp.max_error_ms,
            passage.stay.map(|stay| stay.hours),
            passage.stay.and_then(|stay| stay.until),
            passage.stay.and_then(|stay| stay.back_by),
        ])?;
    presence::arrive(transaction, blinder, transaction.last_insert_rowid(), passage, personal)
}

fn insert_crossing(
    transaction: &Transaction<'_>,
    epoch: Epoch,
    arrival: Seq,
    crossing: Crossing,
) -> rusqlite::Result<()> {
    // The verdict that opened the barrier is the last one on this arrival.
    let passage: Option<i64> = transaction
        .prepare_cached("SELECT max(id) FROM passages WHERE epoch = ?1 AND arrival = ?2")?
        .query_row(params![&epoch.0[..], integer(arrival.get())], |row| row.get(0))?;
    let Some(passage) = passage else { return Ok(()) };
    transaction
        .prepare_cached("UPDATE passages SET crossing = ?2 WHERE id = ?1")?
        .execute(params![passage, word(&crossing)])?;
    match crossing {
        Crossing::DidNotPass => presence::did_not_pass(transaction, passage),
        // A stuck barrier lets through on foot whoever it likes: nobody is taken off the list for it.
        Crossing::Passed | Crossing::Followed | Crossing::BarrierStuck => Ok(()),
    }
}
