//! What a kiosk states about lost records, and what a hub believes of it.

use data_encoding::BASE64;
use kakou::base::Seq;
use kakou::journal::statement::{Salvage, Says, Statement};
use kakou::journal::{Note, SigningKey, Stored};
use kakou::ledger::{AlarmKind, Keys, Ledger, Loss, RecordId, Refused};
use kakou::sync::wire::HoleClaim;

use crate::common::kiosk::{Log, NOW};

#[test]
fn a_hole_moves_the_log_on_once_and_the_same_roots_follow() {
    let (mut ledger, log) = filled(10);
    let claim = claim(&log, 11, 20, 0);
    for _ in 0..3 {
        let (next, root, note) = ledger.declare_hole(&log.kiosk, log.epoch, &claim, NOW).unwrap();
        assert_eq!((next.get(), root), (21, log.frontier(20).root()));
        assert!(note.unwrap().contains("hole 11 0"));
    }
    apply(&mut ledger, &log, 21, 40).unwrap();
    assert_eq!(ledger.head(&log.kiosk, log.epoch).unwrap().1, log.frontier(40).root());
    let again = ledger.declare_hole(&log.kiosk, log.epoch, &claim, NOW).unwrap();
    assert_eq!(again.0.get(), 41, "a replay moves nothing back");
    let holes = ledger.holes().unwrap();
    assert_eq!((holes.len(), holes[0].first, holes[0].last, &holes[0].loss), (1, 11, 20, &Loss::Lost));
    let alarms = ledger.alarms(9).unwrap();
    assert_eq!((alarms.len(), alarms[0].kind, alarms[0].times), (1, AlarmKind::Hole, 1));
    assert!(alarms[0].detail.contains("records 11 to 20 are lost"), "{}", alarms[0].detail);
    assert_eq!(ledger.gates(NOW).unwrap()[0].records, 30);
    assert!(
        matches!(apply(&mut ledger, &log, 5, 15), Err(Refused::Gap { .. })),
        "what comes late is not proven"
    );
}

#[test]
fn no_hole_is_believed_that_does_not_fit() {
    let (mut ledger, log) = filled(10);
    let (kiosk, epoch) = (log.kiosk.clone(), log.epoch);
    let mut refused = |claim: &HoleClaim| ledger.declare_hole(&kiosk, epoch, claim, NOW).unwrap_err();
    assert!(
        matches!(refused(&claim(&log, 9, 20, 0)), Refused::Gap { next } if next.get() == 11),
        "already here"
    );
    assert!(matches!(refused(&claim(&log, 12, 20, 0)), Refused::Gap { .. }), "not here yet");
    assert!(matches!(refused(&claim(&log, 11, 20, 4)), Refused::Gap { .. }), "salvaged, and not here");
    assert!(matches!(refused(&claim(&log, 11, 10, 0)), Refused::Hole { .. }), "nothing is lost");
    let good = claim(&log, 11, 20, 0);
    let plain = HoleClaim { note: log.note(20), ..good.clone() };
    assert!(matches!(refused(&plain), Refused::Note(_)), "an ordinary note opens no hole");
    let other = HoleClaim { frontier: claim(&log, 11, 21, 0).frontier, ..good.clone() };
    assert!(matches!(refused(&other), Refused::Hole { .. }), "another tree");
    let torn = HoleClaim { frontier: "AAAA".to_owned(), ..good.clone() };
    assert!(matches!(refused(&torn), Refused::Hole { .. }));
    let mut stranger = Log::new("east-1", 7);
    stranger.entries = log.entries.clone();
    stranger.key = SigningKey::from_seed(&[9; 32]);
    assert!(matches!(refused(&claim(&stranger, 11, 20, 0)), Refused::Note(_)));
    let mut forked = Log::new("east-1", 7);
    forked.entries = log.entries.clone();
    forked.entries.swap(2, 3);
    assert!(matches!(refused(&claim(&forked, 11, 12, 0)), Refused::Root { .. }), "another beginning");
    assert_eq!(ledger.alarms(9).unwrap()[0].kind, AlarmKind::Fork);
    assert_eq!(ledger.head(&kiosk, epoch).unwrap().0.get(), 11);
}

#[test]
fn salvaged_records_are_marked_counted_once_and_proven_when_the_tree_is_there_after_all() {
    let (mut ledger, log) = filled(10);
    let (statement, records) = salvage(&log, 13..=20);
    assert_eq!(ledger.salvage(&log.kiosk, log.epoch, &statement, &records, NOW).unwrap(), 8);
    assert_eq!(ledger.salvage(&log.kiosk, log.epoch, &statement, &records, NOW).unwrap(), 0);
    let record = |ledger: &Ledger, number| {
        let id = RecordId { kiosk: log.kiosk.clone(), epoch: log.epoch, seq: seq(number) };
        ledger.record(&id).unwrap()
    };
    assert_eq!(record(&ledger, 13).unwrap().salvage, Some(statement));
    assert_eq!(record(&ledger, 12), None);
    assert_eq!(ledger.gates(NOW).unwrap()[0].records, 18);
    // The medium reads again what it could not read before.
    let applied = apply(&mut ledger, &log, 11, 25).unwrap();
    assert_eq!(applied, 7, "11, 12 and 21 to 25 are new");
    assert_eq!(record(&ledger, 13).unwrap().salvage, None);
    assert_eq!(ledger.gates(NOW).unwrap()[0].records, 25);
    assert_eq!(ledger.holes().unwrap(), []);
}

#[test]
fn salvage_is_believed_only_as_it_was_signed() {
    let (mut ledger, log) = filled(10);
    let (statement, records) = salvage(&log, 13..=20);
    let mut refused = |statement: &str, records: &[(Seq, Stored)]| {
        ledger.salvage(&log.kiosk, log.epoch, statement, records, NOW).unwrap_err()
    };
    assert!(matches!(refused(&statement, &records[1..]), Refused::Note(_)));
    assert!(
        matches!(refused(&log.note(20), &records), Refused::Note(_)),
        "a checkpoint vouches for no salvage"
    );
    let other = Statement { epoch: kakou::base::Epoch([1; 16]), ..stated(&log, &records) }.sign(&log.key);
    assert!(matches!(refused(&other, &records), Refused::OtherLog { .. }));
    let stranger = stated(&log, &records).sign(&SigningKey::from_seed(&[9; 32]));
    assert!(matches!(refused(&stranger, &records), Refused::Note(_)));
    assert_eq!(ledger.gates(NOW).unwrap()[0].records, 10);
}

#[test]
fn salvage_that_contradicts_what_is_here_is_kept_aside() {
    let (mut ledger, log) = filled(10);
    let mut other = Log::new("east-1", 7);
    other.entries = log.entries.clone();
    other.entries.swap(3, 4);
    let (statement, records) = salvage(&other, 1..=10);
    assert_eq!(ledger.salvage(&log.kiosk, log.epoch, &statement, &records, NOW).unwrap(), 0);
    let alarms = ledger.alarms(9).unwrap();
    assert_eq!((alarms.len(), alarms[0].kind), (1, AlarmKind::Fork));
    let id = RecordId { kiosk: log.kiosk.clone(), epoch: log.epoch, seq: seq(4) };
    assert_eq!(ledger.record(&id).unwrap().unwrap().stored, log.entries[3], "what is proven stays");
}

#[test]
fn an_end_is_taken_once_and_says_what_is_lost() {
    let (mut ledger, mut log) = filled(10);
    let (kiosk, epoch) = (log.kiosk.clone(), log.epoch);
    let beat = log.beat(24);
    ledger.heartbeat(&kiosk, epoch, &beat, NOW).unwrap();
    let end = |first, whole| {
        let says = Says::End { first, last: 20, whole };
        Statement { kiosk: kiosk.clone(), epoch, says }.sign(&log.key)
    };
    assert!(matches!(ledger.end(&kiosk, epoch, &end(9, 0), NOW), Err(Refused::Gap { .. })));
    assert!(matches!(ledger.end(&kiosk, epoch, &end(11, 8), NOW), Err(Refused::Gap { .. })), "salvage lacks");
    assert!(!ledger.has_ended(&kiosk, epoch).unwrap());
    let (statement, records) = salvage(&log, 13..=20);
    ledger.salvage(&kiosk, epoch, &statement, &records, NOW).unwrap();
    for _ in 0..2 {
        ledger.end(&kiosk, epoch, &end(11, 8), NOW).unwrap();
    }
    assert!(ledger.has_ended(&kiosk, epoch).unwrap());
    let holes: Vec<_> = ledger.holes().unwrap().iter().map(|hole| (hole.first, hole.last)).collect();
    assert_eq!(holes, [(11, 12), (21, 24)], "what was signed for is missed too");
    let alarms = ledger.alarms(9).unwrap();
    assert_eq!((alarms.len(), alarms[0].times), (1, 1));
    assert_eq!(ledger.gates(NOW).unwrap()[0].backlog, 0, "nothing more is waited for");
}

fn filled(count: u64) -> (Ledger, Log) {
    let mut ledger = Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap();
    let mut log = Log::new("east-1", 7);
    ledger.add_token(&[1; 32], Some(&log.kiosk), NOW).unwrap();
    ledger.enrol(&[1; 32], None, log.key.verifying(), NOW).unwrap();
    log.append_key(NOW, &ledger.keys().seal_key());
    log.append_traffic(NOW, 60);
    apply(&mut ledger, &log, 1, count).unwrap();
    (ledger, log)
}

fn apply(ledger: &mut Ledger, log: &Log, from: u64, through: u64) -> Result<u64, Refused> {
    let (note, entries) = (log.note(through), log.slice(from, through));
    ledger.apply(&log.kiosk, log.epoch, seq(from), &note, &entries, NOW).map(|applied| applied.new)
}

fn claim(log: &Log, first: u64, last: u64, whole: u64) -> HoleClaim {
    let (frontier, mut bytes) = (log.frontier(last), vec![]);
    frontier.encode(&mut bytes);
    let note =
        Note::new(&log.kiosk, log.epoch, &frontier).with_extension(&HoleClaim::line(seq(first), whole));
    HoleClaim { frontier: BASE64.encode(&bytes), note: note.sign(&log.key).to_string() }
}

fn salvage(log: &Log, numbers: std::ops::RangeInclusive<u64>) -> (String, Vec<(Seq, Stored)>) {
    let records: Vec<_> =
        numbers.map(|number| (seq(number), log.entries[number as usize - 1].clone())).collect();
    (stated(log, &records).sign(&log.key), records)
}

fn stated(log: &Log, records: &[(Seq, Stored)]) -> Statement {
    let says = Says::Salvage(Salvage::of(records).unwrap());
    Statement { kiosk: log.kiosk.clone(), epoch: log.epoch, says }
}

fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}
