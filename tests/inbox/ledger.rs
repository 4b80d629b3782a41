//! What the ledger knows of commands: numbers, what records say, a hub that forgot.

use std::time::Duration;

use kakou::base::{CommandId, CommandSeries, Wall};
use kakou::journal::VerifyingKey;
use kakou::ledger::{AlarmKind, Keys, Ledger, NotIssued, Officer, Sent, SentState};
use kakou::model::{Body, Ordered, Outcome};
use kakou::sync::command::{What, series};

use crate::common::kiosk::{Log, NOW};

/// A ledger with the kiosk of a log enrolled.
struct Place {
    ledger: Ledger,
    log: Log,
    uploaded: u64,
}

impl Place {
    fn new() -> Self {
        let mut ledger = Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap();
        let log = Log::new("east-1", 7);
        ledger.add_token(&[1; 32], Some(&log.kiosk), NOW).unwrap();
        ledger.enrol(&[1; 32], None, log.key.verifying(), NOW).unwrap();
        Self { ledger, log, uploaded: 0 }
    }

    fn issue(&mut self, not_after: Option<Wall>) -> u64 {
        let officer = Officer::new("王站长", "演练").unwrap();
        self.ledger.issue_command(&self.log.kiosk, &What::SendNow, &officer, not_after, NOW).unwrap()
    }

    fn series(&self) -> CommandSeries {
        series(&self.ledger.keys().command_key(), &self.log.key.verifying())
    }

    fn taken(&mut self, number: u64, command: CommandId) {
        let (by, series) = ("王站长".to_owned(), self.series());
        self.record(Body::Commanded { number, what: Ordered::SendNow, by, command, series });
    }

    fn done(&mut self, number: u64, outcome: Outcome, command: CommandId) {
        let series = self.series();
        self.record(Body::CommandDone { number, outcome, command, series });
    }

    /// Appends a record and uploads it, twice.
    fn record(&mut self, body: Body) {
        self.log.append(NOW, None, body, None);
        let (from, size) = (self.log.next(), self.log.size());
        let first = kakou::base::Seq::new(from.get() - 1).unwrap();
        for _ in 0..2 {
            let (note, entries) = (self.log.note(size), self.log.slice(size, size));
            self.ledger.apply(&self.log.kiosk, self.log.epoch, first, &note, &entries, NOW).unwrap();
        }
        self.uploaded = size;
    }

    fn commands(&self) -> Vec<Sent> {
        let mut all = self.ledger.commands(Some(&self.log.kiosk), 100).unwrap();
        all.reverse();
        all
    }

    fn states(&self) -> Vec<(u64, SentState)> {
        self.commands().iter().map(|sent| (sent.number, sent.state(NOW))).collect()
    }

    fn alarms(&self) -> Vec<String> {
        let alarms = self.ledger.alarms(10).unwrap();
        assert!(alarms.iter().all(|alarm| alarm.kind == AlarmKind::Command));
        alarms.into_iter().map(|alarm| alarm.detail).collect()
    }
}

const FOREIGN: CommandId = CommandId([9; 16]);

#[test]
fn numbers_follow_each_other_and_who_asked_and_why_is_in_the_access_log() {
    let mut place = Place::new();
    assert_eq!([place.issue(None), place.issue(None), place.issue(None)], [1, 2, 3]);
    let access = place.ledger.accesses(10).unwrap();
    assert_eq!(access.len(), 3);
    assert_eq!((access[0].officer.as_str(), access[0].reason.as_str()), ("王站长", "演练"));
    assert_eq!(access[0].what, "command 3 to east-1");
    let west = "west-9".parse().unwrap();
    let officer = Officer::new("王站长", "演练").unwrap();
    let refused = place.ledger.issue_command(&west, &What::SendNow, &officer, None, NOW);
    assert!(matches!(refused, Err(NotIssued::UnknownKiosk(_))));
    let text = "x".repeat(201);
    let refused =
        place.ledger.issue_command(&place.log.kiosk, &What::Notice { number: 1, text }, &officer, None, NOW);
    assert!(matches!(refused, Err(NotIssued::Text)));
    for _ in 3..64 {
        place.issue(None);
    }
    let refused = place.ledger.issue_command(&place.log.kiosk, &What::SendNow, &officer, None, NOW);
    assert!(matches!(refused, Err(NotIssued::TooMany)));
    assert_eq!(place.ledger.accesses(100).unwrap().len(), 64, "what was refused is no access");
}

#[test]
fn records_say_how_far_a_command_got_however_often_they_come() {
    let mut place = Place::new();
    let later = NOW + Duration::from_mins(5);
    for limit in [None, Some(later), Some(later), Some(Wall(NOW.0 - 1)), None] {
        place.issue(limit);
    }
    let ids: Vec<CommandId> = place.commands().iter().map(|sent| sent.command).collect();
    place.taken(1, ids[0]);
    place.done(1, Outcome::Done, ids[0]);
    place.done(1, Outcome::Interrupted, ids[0]);
    place.taken(2, ids[1]);
    place.done(3, Outcome::ClockUnsure, ids[2]);
    let settled = SentState::Settled;
    assert_eq!(
        place.states(),
        [
            (1, settled(Outcome::Done)),
            (2, SentState::Taken),
            (3, settled(Outcome::ClockUnsure)),
            (4, SentState::Expired),
            (5, SentState::Waiting)
        ],
        "the first word about the end counts"
    );
    assert!(place.alarms().is_empty());
    let first = &place.commands()[0];
    assert_eq!((first.taken, first.settled), (Some(NOW), Some((NOW, Outcome::Done))));
}

#[test]
fn what_a_kiosk_refuses_out_of_turn_is_an_alarm_and_settles_nothing() {
    let mut place = Place::new();
    place.issue(None);
    for outcome in [Outcome::Forged, Outcome::OtherKiosk, Outcome::OutOfOrder, Outcome::Repeated] {
        place.done(1, outcome, FOREIGN);
    }
    assert_eq!(place.states(), [(1, SentState::Waiting)]);
    assert_eq!(place.alarms().len(), 4, "{:?}", place.alarms());
    assert!(place.alarms().iter().any(|detail| detail.contains("forged")));
}

#[test]
fn a_hub_that_was_restored_from_a_backup_goes_on_behind_what_the_kiosk_has() {
    let mut place = Place::new();
    // Issued before anything was heard of commands that the backup does not know.
    assert_eq!(place.issue(None), 1);
    for number in 1..=3 {
        place.taken(number, FOREIGN);
        place.done(number, Outcome::Done, FOREIGN);
    }
    assert_eq!(place.states()[0], (1, SentState::Settled(Outcome::Repeated)), "its number was given twice");
    assert_eq!(place.alarms().len(), 1, "{:?}", place.alarms());
    assert_eq!(place.states()[2], (3, SentState::Settled(Outcome::Done)));
    assert_eq!(place.issue(None), 4);
}

#[test]
fn what_another_hub_ordered_counts_for_nothing_here() {
    let mut place = Place::new();
    let series = series(&VerifyingKey([3; 32]), &place.log.key.verifying());
    let by = "李处长".to_owned();
    place.record(Body::Commanded { number: 12, what: Ordered::SendNow, by, command: FOREIGN, series });
    place.record(Body::CommandDone { number: 12, outcome: Outcome::Done, command: FOREIGN, series });
    assert!(place.commands().is_empty());
    assert_eq!(place.issue(None), 1);
}

#[test]
fn a_kiosk_that_is_enrolled_with_another_key_gets_numbers_from_one() {
    let mut place = Place::new();
    assert_eq!([place.issue(None), place.issue(None)], [1, 2]);
    place.ledger.add_token(&[2; 32], Some(&place.log.kiosk), NOW).unwrap();
    place.ledger.enrol(&[2; 32], None, VerifyingKey([8; 32]), NOW).unwrap();
    assert_eq!(place.issue(None), 1);
    assert_eq!(place.commands().len(), 3, "what was asked before stays on the list");
}
