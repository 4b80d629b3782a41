//! What the hub makes of alarms, whoever sends what.

use kakou::base::{Epoch, Seq, Wall};
use kakou::journal::Stored;
use kakou::ledger::{AlarmId, Keys, Ledger, Officer, RecordId, Which};
use kakou::model::{Body, Cause, Direction, SubjectKind};

use crate::common::kiosk::{Log, NOW};
use crate::kiosk::wall;

/// A ledger that knows these kiosks.
fn ledger(logs: &[&Log]) -> Ledger {
    let mut ledger = Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap();
    for (number, log) in (1_u8..).zip(logs) {
        ledger.add_token(&[number; 32], Some(&log.kiosk), NOW).unwrap();
        ledger.enrol(&[number; 32], None, log.key.verifying(), NOW).unwrap();
    }
    ledger
}

fn apply(ledger: &mut Ledger, log: &Log, from: u64) {
    let (from, entries) = (Seq::new(from).unwrap(), log.slice(from, log.size()));
    ledger.apply(&log.kiosk, log.epoch, from, &log.note(log.size()), &entries, NOW).unwrap();
}

/// The urgent log of the kiosk of `main`.
fn urgent_of(main: &Log) -> Log {
    let mut urgent = Log::new(main.kiosk.as_str(), main.epoch.0[0] + 100);
    urgent.append(NOW, None, Cause::Begun.draft(None, Some((main.epoch, None))).body, None);
    urgent
}

fn raise(urgent: &mut Log, at: Wall, kind: Cause, epoch: Epoch, seq: u64) {
    let about = Some((epoch, Seq::new(seq)));
    urgent.append(at, Some("gate"), kind.draft(None, about).body, None);
}

#[test]
fn an_alarm_is_known_by_the_record_to_which_it_points() {
    let main = Log::new("east-1", 7);
    let mut urgent = urgent_of(&main);
    for seq in [5, 6, 5, 6] {
        raise(&mut urgent, wall(seq as i64), Cause::Held, main.epoch, seq);
    }
    // Of another log, or at another kiosk, it is another record.
    raise(&mut urgent, wall(9), Cause::Held, Epoch([9; 16]), 5);
    let west = Log::new("west-22", 7);
    let mut other = urgent_of(&west);
    raise(&mut other, wall(5), Cause::Held, west.epoch, 5);
    let mut ledger = ledger(&[&main, &west]);
    apply(&mut ledger, &urgent, 1);
    apply(&mut ledger, &other, 1);
    let found: Vec<(String, u64)> = ledger
        .urgent(Which::All, 99)
        .unwrap()
        .into_iter()
        .map(|alarm| (alarm.kiosk.to_string(), alarm.record.unwrap().seq.get()))
        .collect();
    let east = |seq| ("east-1".to_owned(), seq);
    assert_eq!(found, [("west-22".to_owned(), 5), east(5), east(6), east(5)]);
}

#[test]
fn an_alarm_that_stood_alone_gets_its_record_and_no_other_ones() {
    let main = Log::new("east-1", 7);
    let mut urgent = urgent_of(&main);
    let alone = |urgent: &mut Log, at, kind: Cause| {
        urgent.append(at, Some("gate"), kind.draft(None, None).body, None);
    };
    alone(&mut urgent, wall(10), Cause::OpenedByHand);
    alone(&mut urgent, wall(20), Cause::OpenedByHand);
    raise(&mut urgent, wall(20), Cause::FoundOpen, main.epoch, 3);
    raise(&mut urgent, wall(20), Cause::OpenedByHand, main.epoch, 4);
    // Late, such as from a log that was salvaged.
    alone(&mut urgent, wall(20), Cause::OpenedByHand);
    let mut ledger = ledger(&[&main]);
    apply(&mut ledger, &urgent, 1);
    let found = ledger.urgent(Which::All, 99).unwrap().into_iter().rev();
    let found: Vec<(Cause, Option<u64>)> =
        found.map(|alarm| (alarm.kind, alarm.record.map(|id| id.seq.get()))).collect();
    assert_eq!(
        found,
        [(Cause::OpenedByHand, None), (Cause::OpenedByHand, Some(4)), (Cause::FoundOpen, Some(3))]
    );
}

#[test]
fn no_number_in_an_alarm_reaches_into_another_log() {
    let main = Log::new("east-1", 7);
    let mut urgent = urgent_of(&main);
    let far = [1 << 40, (1 << 40) + 1, (2 << 40) + 1, u64::MAX];
    for (at, seq) in (1..).zip(far) {
        raise(&mut urgent, wall(at), Cause::Held, main.epoch, seq);
    }
    // The epoch of another kiosk's log, in which there is such a record.
    let mut west = Log::new("west-22", 9);
    west.append(NOW, None, Body::ClockMapped, None);
    raise(&mut urgent, wall(99), Cause::Held, west.epoch, 1);
    let mut ledger = ledger(&[&main, &west]);
    apply(&mut ledger, &west, 1);
    apply(&mut ledger, &urgent, 1);
    let found = ledger.urgent(Which::All, 99).unwrap();
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|alarm| !alarm.has_record), "{found:?}");
    assert!(found.iter().skip(1).all(|alarm| alarm.record.is_none()), "{found:?}");
}

#[test]
fn an_urgent_log_is_known_by_its_first_record_and_counts_nothing() {
    let mut main = Log::new("east-1", 7);
    main.append_traffic(NOW, 30);
    let mut urgent = urgent_of(&main);
    (1..=40).for_each(|seq| raise(&mut urgent, wall(1 + seq as i64), Cause::Held, main.epoch, seq));
    let mut ledger = ledger(&[&main]);
    apply(&mut ledger, &urgent, 1);
    let gate = |ledger: &Ledger| ledger.gates(NOW).unwrap().remove(0);
    let before = gate(&ledger);
    assert_eq!((before.records, before.backlog, before.epoch, before.last_at), (0, 0, None, None));
    assert!(before.seen.is_some(), "it is heard of all the same");
    apply(&mut ledger, &main, 1);
    let after = gate(&ledger);
    assert_eq!((after.records, after.epoch), (main.size(), Some(main.epoch)));
    assert_eq!(after.root, Some(main.frontier(main.size()).root()));
    assert_eq!((ledger.holes().unwrap(), ledger.alarms(9).unwrap()), (vec![], vec![]));

    // One whose first record is another is no urgent log, whatever it says later: nothing hides a main log.
    let mut odd = Log::new("west-22", 3);
    odd.append(NOW, None, Body::ClockMapped, None);
    odd.append(NOW, None, Cause::Begun.draft(None, None).body, None);
    let mut ledger = self::ledger(&[&odd]);
    apply(&mut ledger, &odd, 1);
    assert_eq!(gate(&ledger).records, 2);
}

#[test]
fn an_alarm_is_acknowledged_once_by_name_and_that_is_in_the_access_log() {
    let main = Log::new("east-1", 7);
    let mut urgent = urgent_of(&main);
    raise(&mut urgent, wall(1), Cause::Held, main.epoch, 1);
    raise(&mut urgent, wall(2), Cause::Emergency, main.epoch, 2);
    let mut ledger = ledger(&[&main]);
    apply(&mut ledger, &urgent, 1);
    let id = ledger.urgent(Which::Open, 9).unwrap().last().unwrap().id;
    let officer = |name| Officer::new(name, "去现场看过").unwrap();
    assert!(!ledger.acknowledge(AlarmId(77), &officer("王强"), wall(5)).unwrap());
    assert!(ledger.acknowledge(id, &officer("王强"), wall(6)).unwrap());
    assert!(!ledger.acknowledge(id, &officer("李娜"), wall(7)).unwrap(), "somebody was faster");
    let seen = ledger.urgent_alarm(id).unwrap().unwrap().acknowledged.unwrap();
    assert_eq!((seen.officer.as_str(), seen.reason.as_str(), seen.at), ("王强", "去现场看过", wall(6)));
    let open = ledger.urgent(Which::Open, 9).unwrap();
    assert_eq!(open.iter().map(|alarm| alarm.kind).collect::<Vec<_>>(), [Cause::Emergency]);
    assert_eq!(ledger.urgent_open().unwrap(), 1);
    let log = ledger.accesses(9).unwrap();
    assert_eq!(log.len(), 1);
    assert_eq!(log[0].what, format!("acknowledged alarm {} of east-1: held", id.0));
    assert_eq!((log[0].officer.as_str(), log[0].at), ("王强", wall(6)));
    // Raised again, it stays acknowledged.
    raise(&mut urgent, wall(1), Cause::Held, main.epoch, 1);
    apply(&mut ledger, &urgent, urgent.size());
    assert_eq!(ledger.urgent_open().unwrap(), 1);
}

#[test]
fn an_alarm_says_when_its_record_is_here() {
    let mut main = Log::new("east-1", 7);
    let (subject, direction) = (SubjectKind::Person, Direction::Inbound);
    main.append(NOW, Some("gate"), Body::Arrived { subject, direction }, None);
    main.append(NOW, Some("gate"), Body::OpenedByHand, None);
    let mut urgent = urgent_of(&main);
    raise(&mut urgent, wall(1), Cause::OpenedByHand, main.epoch, 2);
    let mut ledger = ledger(&[&main]);
    apply(&mut ledger, &urgent, 1);
    let here = |ledger: &Ledger| ledger.urgent(Which::Open, 1).unwrap()[0].has_record;
    assert!(!here(&ledger));
    let (first, note): (Vec<Stored>, _) = (main.slice(1, 1), main.note(1));
    ledger.apply(&main.kiosk, main.epoch, Seq::FIRST, &note, &first, NOW).unwrap();
    assert!(!here(&ledger), "another record of that log is");
    apply(&mut ledger, &main, 2);
    assert!(here(&ledger));
    let record = ledger.urgent(Which::Open, 1).unwrap().remove(0).record.unwrap();
    let expected = RecordId { kiosk: main.kiosk.clone(), epoch: main.epoch, seq: Seq::new(2).unwrap() };
    assert_eq!(record, expected);
}
