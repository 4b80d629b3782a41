//! What kiosks count beside their records: an honest one raises no alarm, a barrier without a record does.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may panic")]

mod common;

use common::kiosk::{Log, NOW};
use kakou::base::{Seq, Wall};
use kakou::journal::Note;
use kakou::ledger::{AlarmKind, Keys, Ledger};
use kakou::model::{Body, Verdict};
use kakou::sync::counts::Counters;

#[test]
fn a_barrier_that_rises_more_often_than_its_records_say_is_one_alarm() {
    let mut place = Place::new();
    place.pass();
    place.counters.raised();
    for _ in 0..3 {
        place.beat();
    }
    assert_eq!(place.alarms(), 0);
    place.log.append(NOW, Some("person"), Body::OpenedByHand, None);
    place.send();
    place.counters.raised();
    place.beat();
    place.beat();
    assert_eq!(place.alarms(), 0, "an opening by hand is on record");
    place.counters.raised();
    place.beat();
    assert_eq!(place.alarms(), 0, "its record may be under way");
    place.beat();
    assert_eq!(place.alarms(), 1);
    for _ in 0..5 {
        place.pass();
        place.counters.raised();
        place.beat();
    }
    assert_eq!(place.alarms(), 1, "and stays one");
    let counted = place.ledger.counted(&place.log.kiosk).unwrap();
    assert_eq!((counted[0].count.raised, counted[0].recorded), (8, 7));
}

#[test]
fn a_program_that_starts_anew_counts_from_its_start() {
    let mut place = Place::new();
    for _ in 0..3 {
        place.pass();
        place.counters.raised();
    }
    place.beat();
    place.counters = Counters::default();
    place.since = place.log.entries.len() as u64;
    place.beat();
    place.counters.raised();
    place.beat();
    place.beat();
    assert_eq!(place.alarms(), 1, "what the run before recorded does not count for this one");
}

#[test]
fn while_records_are_missing_nothing_is_compared() {
    let mut place = Place::new();
    place.pass();
    place.counters.raised();
    let sent = place.log.entries.len();
    place.pass_unsent();
    place.counters.raised();
    place.beat();
    place.beat();
    assert!(place.log.entries.len() > sent);
    assert_eq!(place.alarms(), 0);
    place.send();
    place.beat();
    assert_eq!(place.alarms(), 0);
}

struct Place {
    ledger: Ledger,
    log: Log,
    counters: Counters,
    since: u64,
    sent: u64,
    beats: u64,
}

impl Place {
    fn new() -> Self {
        let mut ledger = Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap();
        let log = Log::new("east-1", 7);
        ledger.add_token(&[1; 32], Some(&log.kiosk), NOW).unwrap();
        ledger.enrol(&[1; 32], None, log.key.verifying(), NOW).unwrap();
        Self { ledger, log, counters: Counters::default(), since: 0, sent: 0, beats: 0 }
    }

    fn pass_unsent(&mut self) {
        let mut made_up = Log::new("x", 1);
        made_up.append_traffic(NOW, 2);
        let arrival = self.log.append(NOW, Some("person"), made_up.entries[0].entry().unwrap().body, None);
        let Body::Passage(mut passage) = made_up.entries[1].entry().unwrap().body else { panic!() };
        passage.verdict = Verdict::Admitted;
        passage.arrival = arrival;
        self.log.append(NOW, Some("person"), Body::Passage(passage), None);
    }

    fn pass(&mut self) {
        self.pass_unsent();
        self.send();
    }

    fn send(&mut self) {
        let (from, all) = (self.sent + 1, self.log.entries.len() as u64);
        let (note, entries) = (self.log.note(all), self.log.slice(from, all));
        let from = Seq::new(from).unwrap();
        self.ledger.apply(&self.log.kiosk, self.log.epoch, from, &note, &entries, NOW).unwrap();
        self.sent = all;
    }

    fn beat(&mut self) {
        self.beats += 1;
        let all = self.log.entries.len() as u64;
        let note = Note::new(&self.log.kiosk, self.log.epoch, &self.log.frontier(all));
        let note = note.with_extension(&format!("beat {} {}", "00".repeat(16), self.beats));
        let count = self.counters.now(&"person".parse().unwrap(), self.since);
        let note = note.with_extension(&count.to_string()).sign(&self.log.key).to_string();
        let now = Wall(NOW.0 + self.beats as i64 * 60_000);
        self.ledger.heartbeat(&self.log.kiosk, self.log.epoch, &note, now).unwrap();
    }

    fn alarms(&self) -> usize {
        let alarms = self.ledger.alarms(99).unwrap();
        alarms.iter().filter(|alarm| alarm.kind == AlarmKind::Count).count()
    }
}

#[test]
fn what_no_kiosk_can_have_counted_is_passed_over() {
    let mut place = Place::new();
    place.pass();
    place.since = u64::MAX;
    place.beat();
    place.beat();
    assert!(place.ledger.counted(&place.log.kiosk).unwrap().is_empty());
    let lines: Vec<String> = (0..200)
        .map(|lane| format!("count lane-{lane} since=0 raised=0 beam=0 present=0 passages=0"))
        .collect();
    for some in lines.chunks(50) {
        place.beats += 1;
        let all = place.log.entries.len() as u64;
        let note = Note::new(&place.log.kiosk, place.log.epoch, &place.log.frontier(all));
        let note = note.with_extension(&format!("beat {} {}", "00".repeat(16), place.beats));
        let note = some.iter().fold(note, |note, line| note.with_extension(line));
        let note = note.sign(&place.log.key).to_string();
        place.ledger.heartbeat(&place.log.kiosk, place.log.epoch, &note, NOW).unwrap();
    }
    assert_eq!(
        place.ledger.counted(&place.log.kiosk).unwrap().len(),
        64,
        "a kiosk has so many lanes at most"
    );
}

#[test]
fn a_disk_that_fills_up_or_fails_is_an_alarm_and_a_healthy_one_is_none() {
    let mut place = Place::new();
    place.pass();
    let mut said = |line: &str| {
        place.beats += 1;
        let all = place.log.entries.len() as u64;
        let note = Note::new(&place.log.kiosk, place.log.epoch, &place.log.frontier(all));
        let note = note.with_extension(&format!("beat {} {}", "00".repeat(16), place.beats));
        let note = note.with_extension(line).sign(&place.log.key).to_string();
        place.ledger.heartbeat(&place.log.kiosk, place.log.epoch, &note, NOW).unwrap();
        let alarms = place.ledger.alarms(99).unwrap();
        alarms
            .into_iter()
            .filter(|alarm| alarm.kind == AlarmKind::Disk)
            .map(|alarm| alarm.detail)
            .collect::<Vec<_>>()
    };
    assert!(said("disk ample free=9000 faults=0").is_empty());
    assert!(said("disk ample free=- faults=1").is_empty(), "once may be a loose contact");
    assert_eq!(said("disk low free=60 faults=1"), ["it is nearly full"]);
    assert_eq!(said("disk low free=40 faults=1").len(), 1, "and stays one");
    let all = said("disk reserve free=3 faults=2");
    assert!(all.len() == 3 && all.iter().any(|detail| detail.contains("several times")), "{all:?}");
}
