//! When the hub says that something happened: intervals that hold the truth, and follow what becomes known later.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may panic")]

mod common;

use common::kiosk::{Log, NOW};
use kakou::base::{BootId, ClockTrust, Mono, Random, Seq, Stamp, Wall};
use kakou::journal::Stored;
use kakou::journal::statement::{Salvage, Says, Statement};
use kakou::ledger::{Columns, Day, Filter, Keys, Ledger, Row};
use kakou::model::timeline::{Seen, place_all};
use kakou::model::{Body, Known, Placed};

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;
const YEARS: i64 = 10 * 365 * DAY;

#[test]
fn the_first_sync_of_a_boot_places_what_came_before_it_however_wrong_the_clock_was() {
    for off in [YEARS, -YEARS, 3_600_000] {
        let (mut ledger, mut log) = enrolled();
        for minute in 0..20 {
            passage(&mut log, stamp(1, minute * MINUTE, off, ClockTrust::None));
        }
        let arrived = Wall(NOW.0 + 30 * MINUTE);
        send(&mut ledger, &log, 1, 20, arrived);
        assert!(rows(&ledger).iter().all(|row| row.placed.known == Known::Received));
        log.append_stamped(stamp(1, 25 * MINUTE, 0, ClockTrust::Synced), None, Body::ClockMapped, None);
        send(&mut ledger, &log, 21, 21, Wall(arrived.0 + MINUTE));
        for row in rows(&ledger) {
            let truth = NOW.0 + (row.id.seq.get() as i64 - 1) * MINUTE;
            assert_eq!((row.placed.known, row.placed.best), (Known::Mapped, Wall(truth)), "{off}");
            assert!(width(&row.placed) < 2 * 25 * 30 + 40, "500 ppm and the error of the map: {row:?}");
        }
    }
}

#[test]
fn a_boot_without_sync_is_bounded_by_its_neighbours_once_they_are_known() {
    let (mut ledger, mut log) = enrolled();
    passage(&mut log, stamp(1, 0, 0, ClockTrust::Synced));
    for minute in [5, 6] {
        passage(&mut log, stamp(2, minute * MINUTE, -YEARS, ClockTrust::None));
    }
    // All of it reaches the hub only next day.
    let late = Wall(NOW.0 + DAY);
    send(&mut ledger, &log, 1, 3, late);
    let [second, first, _] = &rows(&ledger)[..] else { panic!() };
    assert_eq!((first.placed.known, first.placed.earliest), (Known::Bounded, Some(Wall(NOW.0 - 12))));
    assert_eq!((second.placed.best, day_counts(&ledger)), (late, vec![1, 2]), "latest possible day");
    log.append_stamped(stamp(3, 10 * MINUTE, 0, ClockTrust::Synced), None, Body::ClockMapped, None);
    send(&mut ledger, &log, 4, 4, late);
    let [second, first, _] = &rows(&ledger)[..] else { panic!() };
    assert_eq!(second.placed.latest, Some(Wall(NOW.0 + 10 * MINUTE + 12)));
    assert_eq!(first.placed.latest, Some(Wall(NOW.0 + 9 * MINUTE + 12 + 31)));
    assert_eq!(day_counts(&ledger), [3, 0], "they count in the day where they now belong");
}

#[test]
fn a_record_that_a_later_one_follows_up_is_moved_without_being_counted() {
    let (mut ledger, mut log) = enrolled();
    let wrong = |minute: i64| stamp(1, minute * MINUTE, -YEARS, ClockTrust::None);
    let first = passage(&mut log, wrong(0));
    let Body::Passage(mut again) = log.entries[0].entry().unwrap().body else { panic!() };
    again.follows = Some(first);
    log.append_stamped(wrong(1), Some("person"), Body::Passage(again), None);
    send(&mut ledger, &log, 1, 2, Wall(NOW.0 + DAY));
    assert_eq!(day_counts(&ledger), [0, 1]);
    log.append_stamped(stamp(1, 2 * MINUTE, 0, ClockTrust::Synced), None, Body::ClockMapped, None);
    send(&mut ledger, &log, 3, 3, Wall(NOW.0 + DAY));
    assert_eq!(day_counts(&ledger), [1, 0]);
}

#[test]
fn while_a_kiosk_catches_up_nothing_is_placed_twice_and_then_all_of_it_is() {
    let (mut ledger, mut log) = enrolled();
    for hour in 0..100 {
        passage(&mut log, stamp(1, hour * 60 * MINUTE, -YEARS, ClockTrust::None));
    }
    let now = Wall(NOW.0 + 100 * 60 * MINUTE);
    let (kiosk, epoch, beat) = (log.kiosk.clone(), log.epoch, log.beat(100));
    ledger.heartbeat(&kiosk, epoch, &beat, now).unwrap();
    send(&mut ledger, &log, 1, 50, now);
    send(&mut ledger, &log, 51, 99, now);
    assert!(rows(&ledger).iter().all(|row| row.placed.latest == Some(now) || row.id.seq.get() > 50));
    send(&mut ledger, &log, 100, 100, now);
    let oldest = rows(&ledger).pop().unwrap();
    let truth = NOW.0;
    assert!((truth..truth + 62 * MINUTE + 200_000).contains(&oldest.placed.best.0), "{oldest:?}");
}

#[test]
fn the_ledger_says_what_the_rule_says_whatever_the_batches() {
    let mut random = Random::new(11);
    for _ in 0..60 {
        let (mut ledger, mut log) = enrolled();
        let mut seen: Vec<Seen> = vec![];
        let (mut mono, mut boot, mut at, mut sent) = (0, 1, NOW.0, 0);
        for _ in 0..3 + random.below(12) {
            if random.chance(0.2) {
                (boot, mono) = (boot + 1, 0);
            }
            let step = random.below(7_200_000) as i64;
            (mono, at) = (mono + step, at + step);
            let trust = if random.chance(0.2) { ClockTrust::Synced } else { ClockTrust::None };
            let off = if trust == ClockTrust::Synced { 0 } else { -YEARS };
            let mut stamp = stamp(boot, mono, 0, trust);
            stamp.wall = Wall(at + off);
            passage(&mut log, stamp);
            seen.push((stamp, None));
            if random.chance(0.4) {
                let arrived = Wall(at + random.below(60_000) as i64);
                seen[sent..].iter_mut().for_each(|(_, received)| *received = Some(arrived));
                send(&mut ledger, &log, sent as u64 + 1, log.size(), arrived);
                sent = seen.len();
            }
        }
        let arrived = Wall(at + 60_000);
        seen[sent..].iter_mut().for_each(|(_, received)| *received = Some(arrived));
        if sent < seen.len() {
            send(&mut ledger, &log, sent as u64 + 1, log.size(), arrived);
        }
        let expected = place_all(&seen);
        for row in rows(&ledger) {
            let expected = expected[row.id.seq.get() as usize - 1];
            // A bound that became less than a second better may not have been worth it.
            let apart = |a: Option<Wall>, b: Option<Wall>| match (a, b) {
                (Some(a), Some(b)) => a.0.abs_diff(b.0),
                (a, b) => u64::from(a != b) * u64::MAX,
            };
            assert_eq!(row.placed.known, expected.known);
            let same = apart(row.placed.latest, expected.latest) < 2_000
                && apart(row.placed.earliest, expected.earliest) < 2_000;
            assert!(same, "{:?} {expected:?}", row.placed);
        }
    }
}

#[test]
fn a_ledger_from_before_there_were_intervals_is_brought_up_to_date_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.db");
    let keys = || Keys::from_secret(&[1; 32]);
    let mut ledger = Ledger::open(&path, keys()).unwrap();
    let mut log = enrol(&mut ledger);
    for minute in 0..5 {
        passage(&mut log, stamp(1, minute * MINUTE, -YEARS, ClockTrust::None));
    }
    log.append_stamped(stamp(1, 9 * MINUTE, 0, ClockTrust::Synced), None, Body::Stopped, None);
    let late = Wall(NOW.0 + DAY);
    send(&mut ledger, &log, 1, 6, late);
    let (expected, counts) = (rows(&ledger), day_counts(&ledger));
    drop(ledger);
    // What version 1 would have made of it: every passage where it arrived.
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(
        "DROP TABLE times; DROP TABLE boots; DROP TABLE sheets; DROP TABLE stated;
         DROP TABLE counts; DROP TABLE openings; DROP TABLE tls_keys; DROP TABLE revocations;
         DROP TABLE skips; DROP TABLE salvages; DROP TABLE strays; DROP INDEX entries_unproven;
         ALTER TABLE entries DROP COLUMN proven; ALTER TABLE logs DROP COLUMN salvaged;
         ALTER TABLE logs DROP COLUMN ended; ALTER TABLE logs DROP COLUMN shrunk;
         DROP TABLE commands; DROP TABLE blobs; DROP TABLE urgent; ALTER TABLE logs DROP COLUMN urgent;
         DROP TABLE turn_back_tokens; DROP TABLE turn_backs; DROP TABLE duties; DROP TABLE crossings; DROP TABLE drift_notes;
         PRAGMA user_version = 1;",
    )
    .unwrap();
    db.execute("UPDATE passages SET at = ?1, at_sure = 0", [late.0]).unwrap();
    db.execute_batch("DELETE FROM tallies WHERE passages = 0; UPDATE tallies SET day = day + 1;").unwrap();
    drop(db);
    let ledger = Ledger::open(&path, keys()).unwrap();
    let found: Vec<_> = rows(&ledger).iter().map(|row| row.placed).collect();
    assert_eq!(found, expected.iter().map(|row| row.placed).collect::<Vec<_>>());
    assert!(found.iter().all(|placed| placed.known == Known::Mapped));
    assert_eq!(day_counts(&ledger), counts);
    drop(ledger);
    let size = |ledger: &Ledger| rows(ledger).len();
    assert_eq!(size(&Ledger::open(&path, keys()).unwrap()), 5, "and opens again");
}

#[test]
fn an_export_says_from_when_to_when_and_what_that_rests_on() {
    let (mut ledger, mut log) = enrolled();
    passage(&mut log, stamp(1, 0, 0, ClockTrust::Synced));
    passage(&mut log, stamp(2, 0, -YEARS, ClockTrust::None));
    send(&mut ledger, &log, 1, 2, Wall(NOW.0 + MINUTE));
    let mut bytes = vec![];
    ledger.export(&Filter::default(), &Columns::Public, NOW, &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].ends_with(",time_from_utc,time_until_utc,time_known,proven"), "{text}");
    assert!(lines[1].contains(",2026-11-22T02:01:00Z,no,"), "{text}");
    assert!(lines[1].ends_with(",2026-11-22T01:59:59.988Z,2026-11-22T02:01:00Z,bounded,yes"), "{text}");
    assert!(lines[2].contains(",2026-11-22T02:00:00Z,yes,") && lines[2].ends_with(",synced,yes"), "{text}");
}

#[test]
fn a_gate_is_live_by_when_it_was_heard_of_and_not_after_the_hubs_clock_was_set_back() {
    let (mut ledger, mut log) = enrolled();
    passage(&mut log, stamp(1, 0, -YEARS, ClockTrust::None));
    let wrong = Wall(NOW.0 + YEARS);
    send(&mut ledger, &log, 1, 1, wrong);
    let live = |ledger: &Ledger, now| ledger.gates(now).unwrap()[0].is_live(now);
    assert!(live(&ledger, wrong));
    assert!(!live(&ledger, NOW), "what was seen in the future says nothing");
    let (kiosk, epoch, beat) = (log.kiosk.clone(), log.epoch, log.beat(1));
    ledger.heartbeat(&kiosk, epoch, &beat, NOW).unwrap();
    assert!(live(&ledger, NOW) && !live(&ledger, Wall(NOW.0 + 6 * MINUTE)));
}

#[test]
fn what_is_salvaged_from_another_boot_neither_moves_others_nor_is_moved_by_them() {
    let (mut ledger, mut log) = enrolled();
    for minute in 0..4 {
        passage(&mut log, stamp(1, minute * MINUTE, -YEARS, ClockTrust::None));
    }
    // A power cut: records 5 and 6 are of a second boot, and the tree over them is lost.
    for minute in [1, 2] {
        passage(&mut log, stamp(2, minute * MINUTE, 20 * MINUTE, ClockTrust::None));
    }
    passage(&mut log, stamp(1, 8 * MINUTE, 0, ClockTrust::Synced));
    let arrived = Wall(NOW.0 + DAY);
    send(&mut ledger, &log, 1, 4, arrived);
    let records: Vec<(Seq, Stored)> = (5..).filter_map(Seq::new).zip(log.slice(5, 6)).collect();
    let says = Says::Salvage(Salvage::of(&records).unwrap());
    let statement = Statement { kiosk: log.kiosk.clone(), epoch: log.epoch, says }.sign(&log.key);
    assert_eq!(ledger.salvage(&log.kiosk, log.epoch, &statement, &records, arrived).unwrap(), 2);
    send(&mut ledger, &log, 5, 7, arrived);
    for row in rows(&ledger) {
        let seq = row.id.seq.get() as i64;
        let (best, known) = match seq {
            5 | 6 => (DAY, Known::Received),
            7 => (8 * MINUTE, Known::Synced),
            _ => ((seq - 1) * MINUTE, Known::Mapped),
        };
        assert_eq!((row.placed.best.0 - NOW.0, row.placed.known), (best, known), "record {seq}");
    }
}

fn width(placed: &Placed) -> i64 {
    placed.latest.unwrap().0 - placed.earliest.unwrap().0
}

fn rows(ledger: &Ledger) -> Vec<Row> {
    ledger.passages(&Filter::default(), None, 500).unwrap().rows
}

/// Arrivals today and tomorrow.
fn day_counts(ledger: &Ledger) -> Vec<u64> {
    let count = |day: Day| ledger.tallies(day, day).unwrap().iter().map(|tally| tally.passages).sum();
    vec![count(Day::of(NOW)), count(Day::of(NOW).plus(1))]
}

fn send(ledger: &mut Ledger, log: &Log, from: u64, through: u64, now: Wall) {
    let from_seq = Seq::new(from).unwrap();
    let (note, entries) = (log.note(through), log.slice(from, through));
    ledger.apply(&log.kiosk, log.epoch, from_seq, &note, &entries, now).unwrap();
}

fn enrolled() -> (Ledger, Log) {
    let mut ledger = Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap();
    let log = enrol(&mut ledger);
    (ledger, log)
}

fn enrol(ledger: &mut Ledger) -> Log {
    let log = Log::new("east-1", 7);
    ledger.add_token(&[1; 32], Some(&log.kiosk), NOW).unwrap();
    ledger.enrol(&[1; 32], None, log.key.verifying(), NOW).unwrap();
    log
}

/// An admission of somebody; its arrival is itself, which no test here minds.
fn passage(log: &mut Log, stamp: Stamp) -> Seq {
    let mut made_up = Log::new("x", 1);
    made_up.append_traffic(NOW, 2);
    let Body::Passage(mut passage) = made_up.entries[1].entry().unwrap().body else { panic!() };
    passage.arrival = log.next();
    log.append_stamped(stamp, Some("person"), Body::Passage(passage), None)
}

/// `mono_ms` after boot, which was at [`NOW`], by a clock that is this far off.
fn stamp(boot: u8, mono_ms: i64, off: i64, trust: ClockTrust) -> Stamp {
    let mono = Mono::from_millis(mono_ms as u64);
    Stamp { boot: BootId([boot; 16]), mono, wall: Wall(NOW.0 + mono_ms + off), trust, max_error_ms: 12 }
}
