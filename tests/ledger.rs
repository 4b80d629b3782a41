//! The hub's ledger: each record exactly once, equal roots, nothing personal in the clear.

#![allow(clippy::unwrap_used, reason = "a fixture may panic")]

mod common;

use common::kiosk::{Log, NOW, stamp};
use kakou::base::{Pii, Seq, Wall};
use kakou::journal::{Note, Seal};
use kakou::ledger::{
    AlarmKind, Columns, Day, Filter, Keys, Ledger, Officer, PersonalState, RecordId, Refused,
};
use kakou::model::{Body, Entry, Known, Person, Personal, Vehicle, Verdict};

#[test]
fn a_batch_is_applied_once_however_often_it_comes() {
    let (mut ledger, log) = ready("east-1", 40);
    let (note, entries) = (log.note(30), log.slice(1, 30));
    let first = ledger.apply(&log.kiosk, log.epoch, seq(1), &note, &entries, NOW).unwrap();
    assert_eq!((first.next, first.new, first.root), (seq(31), 30, log.frontier(30).root()));
    let again = ledger.apply(&log.kiosk, log.epoch, seq(1), &note, &entries, NOW).unwrap();
    assert_eq!((again.next, again.new, &again.cosigned), (seq(31), 0, &first.cosigned));
    // Half of it again, with ten more.
    let applied =
        ledger.apply(&log.kiosk, log.epoch, seq(16), &log.note(40), &log.slice(16, 40), NOW).unwrap();
    assert_eq!((applied.next, applied.new, applied.root), (seq(41), 10, log.frontier(40).root()));
    assert_eq!(ledger.gates(NOW).unwrap()[0].records, 40);
    let head = ledger.head(&log.kiosk, log.epoch).unwrap();
    assert_eq!((head.0, head.1, head.2), (seq(41), log.frontier(40).root(), Some(applied.cosigned)));
}

#[test]
fn the_cosignature_says_that_the_hub_has_it_and_when() {
    let (mut ledger, log) = ready("east-1", 3);
    let note = log.note(3);
    let applied = ledger.apply(&log.kiosk, log.epoch, seq(1), &note, &log.slice(1, 3), NOW).unwrap();
    let signed = kakou::journal::SignedNote::parse(applied.cosigned.as_bytes()).unwrap();
    signed.verify(&log.key.verifying()).unwrap();
    let name = kakou::sync::wire::HUB_NOTE_NAME;
    assert_eq!(signed.verify_cosignature(name, &ledger.keys().note_key()), Ok(NOW));
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_of_it_stored() {
    let (mut ledger, log) = ready("east-1", 20);
    let (kiosk, epoch) = (&log.kiosk, log.epoch);
    ledger.apply(kiosk, epoch, seq(1), &log.note(5), &log.slice(1, 5), NOW).unwrap();
    let gap = ledger.apply(kiosk, epoch, seq(8), &log.note(9), &log.slice(8, 9), NOW);
    assert!(matches!(gap, Err(Refused::Gap { next }) if next == seq(6)));
    let size = ledger.apply(kiosk, epoch, seq(6), &log.note(8), &log.slice(6, 7), NOW);
    assert!(matches!(size, Err(Refused::Size { stated: 8, end: 7 })));
    let swapped: Vec<_> = log.slice(6, 7).into_iter().rev().collect();
    let root = ledger.apply(kiosk, epoch, seq(6), &log.note(7), &swapped, NOW);
    assert!(matches!(root, Err(Refused::Root { size: 7 })));
    let mut stranger = Log::new("east-1", 7);
    stranger.key = kakou::journal::SigningKey::from_seed(&[99; 32]);
    stranger.entries.clone_from(&log.entries);
    let forged = ledger.apply(kiosk, epoch, seq(6), &stranger.note(7), &log.slice(6, 7), NOW);
    assert!(matches!(forged, Err(Refused::Note(_))), "{forged:?}");
    let other = Log::new("west-1", 7);
    let unknown = ledger.apply(&other.kiosk, epoch, seq(6), &log.note(7), &log.slice(6, 7), NOW);
    assert!(matches!(unknown, Err(Refused::UnknownKiosk(_))));
    let elsewhere = ledger.apply(kiosk, Log::new("x", 9).epoch, seq(6), &log.note(7), &log.slice(6, 7), NOW);
    assert!(matches!(elsewhere, Err(Refused::OtherLog { .. })));
    assert_eq!(ledger.head(kiosk, epoch).unwrap().0, seq(6));
    assert_eq!(ledger.gates(NOW).unwrap()[0].records, 5);
}

#[test]
fn another_content_under_the_same_number_is_a_fork_and_raises_an_alarm() {
    let (mut ledger, log) = ready("east-1", 20);
    ledger.apply(&log.kiosk, log.epoch, seq(1), &log.note(10), &log.slice(1, 10), NOW).unwrap();
    let mut copy = Log::new("east-1", 7);
    copy.append(NOW, None, Body::Booted { version: "0".into(), recovered: None, clean: true }, None);
    copy.append_traffic(Wall(NOW.0 + 5), 12);
    let fork = ledger.apply(&log.kiosk, log.epoch, seq(1), &copy.note(12), &copy.slice(1, 12), NOW);
    assert!(matches!(fork, Err(Refused::Fork { .. })), "{fork:?}");
    let grafted = [log.slice(11, 12), vec![]].concat();
    let root = ledger.apply(&log.kiosk, log.epoch, seq(11), &copy.note(12), &grafted, NOW);
    assert!(matches!(root, Err(Refused::Root { .. })));
    let alarms = ledger.alarms(10).unwrap();
    assert_eq!(alarms.len(), 2);
    assert!(alarms.iter().all(|alarm| alarm.kind == AlarmKind::Fork));
    assert_eq!(ledger.head(&log.kiosk, log.epoch).unwrap().0, seq(11));
}

#[test]
fn a_record_under_a_wrong_number_takes_its_batch_with_it() {
    let (mut ledger, mut log) = ready("east-1", 4);
    let entry = Entry { seq: seq(9), stamp: stamp(NOW), lane: None, body: Body::Stopped };
    log.entries.push(kakou::journal::Stored::new(&entry, Seal::None).unwrap());
    let refused = ledger.apply(&log.kiosk, log.epoch, seq(1), &log.note(5), &log.slice(1, 5), NOW);
    assert!(matches!(refused, Err(Refused::Record { seq: 5, .. })));
    assert_eq!(ledger.head(&log.kiosk, log.epoch).unwrap().0, seq(1));
    assert_eq!(ledger.passages(&Filter::default(), None, 10).unwrap().rows.len(), 0);
}

#[test]
fn what_a_later_version_wrote_is_kept_and_reported() {
    let (mut ledger, mut log) = ready("east-1", 4);
    log.entries.push(kakou::journal::Stored { public: vec![0x82, 1, 2], seal: Seal::None });
    let applied = ledger.apply(&log.kiosk, log.epoch, seq(1), &log.note(5), &log.slice(1, 5), NOW).unwrap();
    assert_eq!((applied.next, applied.root), (seq(6), log.frontier(5).root()));
    assert_eq!(ledger.alarms(10).unwrap()[0].kind, AlarmKind::Unreadable);
}

#[test]
fn two_epochs_of_one_kiosk_are_two_logs() {
    let (mut ledger, log) = ready("east-1", 10);
    let mut second = Log::new("east-1", 8);
    second.append_traffic(NOW, 6);
    for log in [&log, &second] {
        let (size, kiosk) = (log.size(), &log.kiosk);
        ledger.apply(kiosk, log.epoch, seq(1), &log.note(size), &log.slice(1, size), NOW).unwrap();
    }
    let gates = ledger.gates(NOW).unwrap();
    assert_eq!((gates.len(), gates[0].records, gates[0].epoch), (1, 16, Some(second.epoch)));
}

#[test]
fn people_and_plates_are_found_and_their_names_are_nowhere_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.db");
    let mut ledger = Ledger::open(&path, Keys::from_secret(&[1; 32])).unwrap();
    let mut log = enrolled(&mut ledger, "east-1");
    let (name, number, plate) = ("欧阳静", "51101119900307123X", "川KA3476");
    // The first passage comes before the hub knows the sealing key.
    passage_of(&mut log, name, number, plate);
    log.append_key(NOW, &ledger.keys().seal_key());
    passage_of(&mut log, "王小明", "510101199001011234", "");
    let find = |ledger: &Ledger, who: &str| {
        let filter = Filter { who: Some(Pii::new(who.to_owned())), ..Filter::default() };
        ledger.passages(&filter, None, 10).unwrap().rows
    };
    let key_at = 3;
    ledger.apply(&log.kiosk, log.epoch, seq(1), &log.note(2), &log.slice(1, 2), NOW).unwrap();
    assert_eq!(
        ledger.passages(&Filter::default(), None, 9).unwrap().rows[0].personal,
        PersonalState::Waiting
    );
    assert_eq!(find(&ledger, plate).len(), 0);
    let size = log.size();
    ledger.apply(&log.kiosk, log.epoch, seq(key_at), &log.note(size), &log.slice(3, size), NOW).unwrap();
    for who in [name, number, "51101119900307123x", plate, "川k·A3476", " 川Ｋ-A34 76 "] {
        let rows = find(&ledger, who);
        assert_eq!(rows.len(), 1, "{who}");
        assert_eq!(rows[0].id.seq, seq(2));
        assert_eq!(rows[0].masked.as_deref(), Some("川K***76 欧*"));
    }
    assert_eq!(find(&ledger, "欧阳").len(), 0);
    drop(ledger);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for text in [name, number, plate, "王小明"] {
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "{text} lies in the clear");
        }
    }
}

#[test]
fn personal_data_is_shown_only_with_a_name_and_a_reason_on_record() {
    let (mut ledger, log) = filled();
    let row = ledger.passages(&Filter::default(), None, 1).unwrap().rows.remove(0);
    assert!(Officer::new("", "because").is_none() && Officer::new("陈警官", " ").is_none());
    let officer = Officer::new("陈警官", "寻找走失老人").unwrap();
    let personal = ledger.disclose(&row.id, &officer, NOW).unwrap().unwrap();
    assert!(!personal.people.is_empty());
    let access = ledger.accesses(10).unwrap();
    assert_eq!(access.len(), 1);
    assert_eq!(
        (access[0].officer.as_str(), access[0].what.as_str()),
        ("陈警官", &*format!("record {}", row.id))
    );
    let none = RecordId { seq: seq(900), ..row.id };
    assert!(ledger.disclose(&none, &officer, NOW).unwrap().is_none());
    assert_eq!(ledger.accesses(10).unwrap().len(), 1);
    drop(log);
}

#[test]
fn pages_hold_every_passage_once_and_tallies_count_the_same() {
    let (ledger, _) = filled();
    let filter = Filter { verdict: Some(Verdict::Admitted), ..Filter::default() };
    let (mut seen, mut after) = (vec![], None);
    loop {
        let page = ledger.passages(&filter, after, 7).unwrap();
        seen.extend(page.rows.into_iter().map(|row| (row.placed.best, row.id.seq)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert!(seen.len() > 20 && seen.is_sorted_by(|a, b| a > b), "{seen:?}");
    assert_eq!(seen.len() as u64, ledger.count(&filter).unwrap());
    let tallies = ledger.tallies(Day::of(NOW), Day::of(NOW)).unwrap();
    let admitted = tallies.iter().filter(|tally| tally.verdict == Verdict::Admitted);
    assert_eq!(admitted.map(|tally| tally.passages).sum::<u64>(), seen.len() as u64);
    assert_eq!(ledger.gates(NOW).unwrap()[0].today[&Verdict::Admitted], seen.len() as u64);
}

#[test]
fn an_arrival_counts_once_by_its_last_verdict() {
    let (mut ledger, mut log) = (ledger(), Log::new("east-1", 7));
    enrol(&mut ledger, &log);
    log.append_traffic(NOW, 2);
    let Body::Passage(mut passage) = log.entries[1].entry().unwrap().body else { panic!("no passage") };
    passage.verdict = Verdict::Referred;
    log.entries.truncate(1);
    let referred = log.append(NOW, None, Body::Passage(passage.clone()), None);
    passage.verdict = Verdict::Admitted;
    passage.follows = Some(referred);
    log.append(NOW, None, Body::Passage(passage), None);
    ledger.apply(&log.kiosk, log.epoch, seq(1), &log.note(3), &log.slice(1, 3), NOW).unwrap();
    let today = &ledger.gates(NOW).unwrap()[0].today;
    assert_eq!(today.iter().collect::<Vec<_>>(), [(&Verdict::Admitted, &1)]);
    let rows = ledger.passages(&Filter::default(), None, 9).unwrap().rows;
    assert_eq!(rows.iter().map(|row| row.superseded).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn heartbeats_show_backlog_and_loss_and_replays_of_them_nothing() {
    let (mut ledger, mut log) = ready("east-1", 20);
    ledger.apply(&log.kiosk, log.epoch, seq(1), &log.note(5), &log.slice(1, 5), NOW).unwrap();
    let (old, new) = (log.beat(12), log.beat(20));
    let (kiosk, epoch) = (log.kiosk.clone(), log.epoch);
    ledger.heartbeat(&kiosk, epoch, &old, NOW).unwrap();
    ledger.heartbeat(&kiosk, epoch, &new, NOW).unwrap();
    assert_eq!(ledger.gates(NOW).unwrap()[0].backlog, 15);
    assert_eq!(ledger.holes().unwrap()[0].first, 6);
    let later = Wall(NOW.0 + 3_600_000);
    for replay in [&old, &new] {
        ledger.heartbeat(&kiosk, epoch, replay, later).unwrap();
    }
    assert!(!ledger.gates(later).unwrap()[0].is_live(later), "a replay keeps no gate alive");
    let beat = log.beat(20);
    ledger.heartbeat(&kiosk, epoch, &beat, later).unwrap();
    assert!(ledger.gates(later).unwrap()[0].is_live(later));
    assert_eq!(ledger.alarms(9).unwrap().len(), 0);
    let shrunk = log.beat(3);
    ledger.heartbeat(&kiosk, epoch, &shrunk, later).unwrap();
    assert_eq!(ledger.alarms(9).unwrap()[0].kind, AlarmKind::Shrunk);
    assert!(ledger.heartbeat(&kiosk, Log::new("x", 9).epoch, &beat, later).is_err());
}

#[test]
fn a_heartbeat_that_comes_late_after_a_restart_is_no_loss() {
    let (mut ledger, mut log) = ready("east-1", 20);
    let (kiosk, epoch) = (log.kiosk.clone(), log.epoch);
    ledger.apply(&kiosk, epoch, seq(1), &log.note(20), &log.slice(1, 20), NOW).unwrap();
    let late = log.beat(3);
    let restarted = |line: &str| {
        let note = Note::new(&kiosk, epoch, &log.frontier(20)).with_extension(line);
        note.sign(&log.key).to_string()
    };
    for beat in [restarted("beat 01 5"), late, restarted("beat 01 60005")] {
        ledger.heartbeat(&kiosk, epoch, &beat, NOW).unwrap();
    }
    assert_eq!(ledger.alarms(9).unwrap(), []);
}

#[test]
fn exports_hold_persons_only_for_an_officer() {
    let (mut ledger, mut log) = (ledger(), Log::new("east-1", 7));
    enrol(&mut ledger, &log);
    log.append_key(NOW, &ledger.keys().seal_key());
    passage_of(&mut log, "=HYPERLINK(0)", "510101199001011234", "川KA3476");
    let size = log.size();
    ledger.apply(&log.kiosk, log.epoch, seq(1), &log.note(size), &log.slice(1, size), NOW).unwrap();
    let mut public = vec![];
    assert_eq!(ledger.export(&Filter::default(), &Columns::Public, NOW, &mut public).unwrap(), 1);
    let public = String::from_utf8(public).unwrap();
    assert!(public.starts_with("\u{FEFF}kiosk,epoch,seq,time_utc"), "{public}");
    assert!(!public.contains("A3476") && !public.contains("1990"), "{public}");
    assert!(ledger.accesses(9).unwrap().is_empty());
    let officer = Columns::Personal(Officer::new("陈警官", "核对台账").unwrap());
    let mut personal = vec![];
    ledger.export(&Filter::default(), &officer, NOW, &mut personal).unwrap();
    let personal = String::from_utf8(personal).unwrap();
    assert!(personal.contains("川KA3476,'=HYPERLINK(0),510101199001011234"), "{personal}");
    assert_eq!(ledger.accesses(9).unwrap()[0].what, "export of 1 records");
}

#[test]
fn an_untrusted_clock_places_no_record() {
    let (mut ledger, mut log) = (ledger(), Log::new("east-1", 7));
    enrol(&mut ledger, &log);
    // A trusted clock, and one that is two hours ahead of the hub.
    for wall in [NOW, Wall(NOW.0 + 2 * 3_600_000)] {
        let size = log.entries.len() + 2;
        log.append_traffic(wall, size);
        log.entries.truncate(size);
    }
    let received = Wall(NOW.0 + 60_000);
    let size = log.size();
    ledger.apply(&log.kiosk, log.epoch, seq(1), &log.note(size), &log.slice(1, size), received).unwrap();
    let rows = ledger.passages(&Filter::default(), None, 9).unwrap().rows;
    let ahead = rows.iter().find(|row| row.id.seq == seq(4)).unwrap();
    assert_eq!((ahead.placed.best, ahead.placed.known), (received, Known::Received));
    assert!(rows.iter().any(|row| row.placed.is_sure() && row.placed.best < received));
}

fn ledger() -> Ledger {
    Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap()
}

fn enrol(ledger: &mut Ledger, log: &Log) {
    ledger.add_token(&[1; 32], Some(&log.kiosk), NOW).unwrap();
    ledger.enrol(&[1; 32], None, log.key.verifying(), NOW).unwrap();
}

fn enrolled(ledger: &mut Ledger, name: &str) -> Log {
    let log = Log::new(name, 7);
    enrol(ledger, &log);
    log
}

/// A ledger with one enrolled kiosk that has not sent yet, and that kiosk's log.
fn ready(name: &str, count: usize) -> (Ledger, Log) {
    let mut ledger = ledger();
    let mut log = enrolled(&mut ledger, name);
    log.append_traffic(NOW, count);
    (ledger, log)
}

/// A ledger that holds a few dozen passages of one kiosk.
fn filled() -> (Ledger, Log) {
    let (mut ledger, mut log) = (ledger(), Log::new("east-1", 7));
    enrol(&mut ledger, &log);
    log.append_key(NOW, &ledger.keys().seal_key());
    log.append_traffic(NOW, 150);
    ledger.apply(&log.kiosk, log.epoch, seq(1), &log.note(150), &log.slice(1, 150), NOW).unwrap();
    (ledger, log)
}

/// An arrival and an admission of this person.
fn passage_of(log: &mut Log, name: &str, number: &str, plate: &str) {
    let mut made_up = Log::new("x", 1);
    made_up.append_traffic(NOW, 2);
    let arrived = made_up.entries[0].entry().unwrap();
    let arrival = log.append(NOW, None, arrived.body, None);
    let Body::Passage(mut passage) = made_up.entries[1].entry().unwrap().body else { panic!("no passage") };
    passage.arrival = arrival;
    let person = Person {
        name: Some(Pii::new(name.to_owned())),
        id_number: Some(Pii::new(number.to_owned())),
        ..Person::default()
    };
    let vehicle = Vehicle { plate: Some(Pii::new(plate.to_owned())), ..Vehicle::default() };
    let personal = Personal { people: vec![person], vehicle: Some(vehicle), note: None, picture: None };
    log.append(NOW, None, Body::Passage(passage), Some(&personal));
}

fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}
