//! At rest: view = journal = ledger.

use std::collections::BTreeMap;
use std::path::Path;

use kakou::base::Seq;
use kakou::journal::view::Check as Looks;
use kakou::journal::{Seal, Stored, View, seal};
use kakou::ledger::{Day, Filter, Ledger, RecordId};
use kakou::model::{Body, Entry, Passage, Verdict};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::checks::{Check, Failure};
use crate::held::{self, Checked};
use crate::hub::Hub;
use crate::kiosk::Kiosk;
use crate::medium::medium;
use crate::place::place;
use crate::site::{Site, kiosk_id};

/// Holds the journal, its view and the ledger against each other; returns the root of all.
pub fn everything_agrees(site: &Site, kiosk: &mut Kiosk, hub: &Hub) -> Result<Vec<u8>, Failure> {
    let there = medium(&site.disk);
    let whole = held::acknowledged_is_durable(&site.told, &there);
    site.fail(Check::JournalHoldsWhatWasAcknowledged, whole)?;
    let more = there.len() - site.told.len();
    let all = if more == 0 { Ok(()) } else { Err(format!("{more} records were never acknowledged")) };
    site.fail(Check::NothingLostOrDoubled, all)?;
    let note = kiosk.recorder.note();
    let entries: Vec<Entry> = site.told.iter().map(|stored| stored.entry().unwrap()).collect();
    site.fail(Check::OneVerdictForEachArrival, held::every_arrival_has_one_verdict(&entries))?;
    site.fail(Check::EveryBoxOpens, every_box_opens(&site.told, kiosk))?;
    site.fail(Check::ViewIsTheJournal, view_is_the_journal(site, kiosk, &entries))?;
    let first = RecordId { kiosk: kiosk_id(), epoch: kiosk.recorder.epoch(), seq: Seq::FIRST };
    let once = held::hub_holds_each_record_once(hub.ledger(), &first, &site.told, note.root);
    let once = once.and_then(|()| hub_counts_each_passage_once(hub.ledger(), &entries));
    site.fail(Check::HubHoldsEachRecordOnce, once)?;
    site.fail(Check::BarriersRiseAsRecorded, held::barriers_rise_as_recorded(hub.ledger(), true))?;
    let alarm = kiosk.alarm().map_or(Ok(()), |alarm| Err(format!("{alarm:?}")));
    site.fail(Check::NoFalseAlarm, alarm)?;
    Ok(trace(&site.told, &note.root))
}

/// What was sealed opens here with the keys that are held; the hub says by an alarm what it cannot open.
fn every_box_opens(told: &[Stored], kiosk: &Kiosk) -> Checked {
    let keys = kiosk.open_log().ring().keys();
    let shut = told.iter().position(|stored| {
        matches!(stored.seal, Seal::Boxed { .. }) && seal::open_with_any(&keys, &stored.seal).is_err()
    });
    match shut {
        Some(at) => Err(format!("what is sealed in record {} no longer opens", at + 1)),
        None => Ok(()),
    }
}

fn trace(told: &[Stored], root: &[u8]) -> Vec<u8> {
    let mut bytes = root.to_vec();
    told.iter().for_each(|stored| stored.encode(&mut bytes));
    bytes
}

/// The view has a row for each verdict, stands behind the last record, and is what a new one made of the log would be.
fn view_is_the_journal(site: &Site, kiosk: &mut Kiosk, entries: &[Entry]) -> Checked {
    use kakou::web::Recent as _;
    kiosk.past.recent(1, None)?;
    let log = kiosk.open_log();
    let other = site.other_view();
    let blinder = place().context.blinder.clone();
    let (mut view, _) = View::open(&other, blinder, Looks::AsLeft).map_err(|error| error.to_string())?;
    let mut reader = log.reader(site.mortal());
    view.catch_up(&mut reader, &log.ring().keys()).map_err(|error| error.to_string())?;
    drop(view);

    let expected: Vec<_> = passages(entries)
        .map(|(seq, passage)| (seq, passage.arrival.get(), passage.verdict.name()))
        .collect();
    let listed = verdicts(&site.view).map_err(|error| error.to_string())?;
    let listed: Vec<_> =
        listed.iter().map(|(seq, arrival, verdict)| (*seq, *arrival, verdict.as_str())).collect();
    if listed != expected {
        let missing = expected.iter().find(|row| !listed.contains(row));
        return Err(format!("{} rows for {} verdicts, such as {missing:?}", listed.len(), expected.len()));
    }
    let [mine, anew] = [&site.view, &other].map(|path| tables(path).map_err(|error| error.to_string()));
    let (mine, anew) = (mine?, anew?);
    match mine.iter().zip(&anew).find(|(mine, anew)| mine != anew) {
        Some((mine, anew)) => Err(format!("{mine} where a new view has {anew}")),
        None if mine.len() != anew.len() => Err(format!("{} rows of {}", mine.len(), anew.len())),
        None => Ok(()),
    }
}

fn passages(entries: &[Entry]) -> impl Iterator<Item = (u64, &Passage)> {
    entries.iter().filter_map(|entry| {
        let Body::Passage(passage) = &entry.body else { return None };
        Some((entry.seq.get(), passage.as_ref()))
    })
}

fn verdicts(view: &Path) -> rusqlite::Result<Vec<(u64, u64, String)>> {
    let connection = Connection::open(view)?;
    let mut query = connection.prepare("SELECT seq, arrival, verdict FROM passages ORDER BY seq")?;
    let rows = query.query_map([], |row| {
        Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, i64>(1)?.unsigned_abs(), row.get(2)?))
    })?;
    rows.collect()
}

/// Every row of every table but what the file says of itself.
fn tables(view: &Path) -> rusqlite::Result<Vec<String>> {
    let connection = Connection::open(view)?;
    let text = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
                AND name <> 'meta' ORDER BY name";
    let mut query = connection.prepare(text)?;
    let names: Vec<String> = query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut all = vec![];
    for name in names {
        let mut query = connection.prepare(&format!("SELECT * FROM {name} ORDER BY 1, 2"))?;
        let width = query.column_count();
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let values: Vec<Value> = (0..width).map(|column| row.get(column)).collect::<Result<_, _>>()?;
            all.push(format!("{name} {values:?}"));
        }
    }
    Ok(all)
}

/// Each arrival counts once, by its last verdict.
fn hub_counts_each_passage_once(ledger: &Ledger, entries: &[Entry]) -> Checked {
    let mut last: BTreeMap<Seq, Verdict> = BTreeMap::new();
    passages(entries).for_each(|(_, passage)| {
        last.insert(passage.arrival, passage.verdict);
    });
    let mut expected: BTreeMap<Verdict, u64> = BTreeMap::new();
    last.into_values().for_each(|verdict| *expected.entry(verdict).or_default() += 1);
    let today = Day::of(entries.last().map_or(kakou::base::Wall(0), |entry| entry.stamp.wall));
    let tallies = ledger.tallies(today.plus(-3), today.plus(3)).map_err(|error| error.to_string())?;
    let mut counted: BTreeMap<Verdict, u64> = BTreeMap::new();
    tallies.iter().for_each(|tally| *counted.entry(tally.verdict).or_default() += tally.passages);
    if counted != expected {
        return Err(format!("hub counts {counted:?}, the journal holds {expected:?}"));
    }
    let (found, there) = (ledger.count(&Filter::default()), passages(entries).count() as u64);
    match found {
        Ok(found) if found == there => Ok(()),
        found => Err(format!("hub lists {found:?} passages of {there}")),
    }
}
