//! What the hub tells kiosks of turn-backs at others: of whom, until when, and that nothing stays of what was erased.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may panic")]

mod common;

use std::path::Path;
use std::time::Duration;

use common::kiosk::{Log, NOW};
use kakou::base::{KioskId, Seq, Wall};
use kakou::ledger::{Keys, Ledger, Officer, RecordId};
use kakou::model::blind::IdentifierKind;
use kakou::model::{Blinder, Body, Direction, Erasure, Personal, SubjectKind, Verdict};
use kakou::sync::turned_back::{LookBack, News, Page, Told, token};

const DAY: Duration = Duration::from_hours(24);

#[test]
fn a_turn_back_is_told_to_every_other_kiosk_and_a_later_end_only_of_those() {
    let mut place = Place::new(None);
    let who = place.passes(NOW, Verdict::TurnedBack, None);
    place.passes(NOW, Verdict::Admitted, None);
    place.passes(NOW, Verdict::Referred, None);
    place.passes(NOW, Verdict::Advised, None);
    place.deliver(NOW);
    assert_eq!(told(&place.to_west(0)), [Told::TurnedBack, Told::TurnedBack]);
    assert!(place.told_to("east-1", 0).unwrap().news.is_empty(), "it knows its own");
    let page = place.to_west(0);
    let number = who.people[0].id_number.as_ref().unwrap().expose();
    assert_eq!(page.news[0].tokens, [token(&Blinder::new(&page.key), IdentifierKind::IdNumber, number)]);
    assert_eq!((page.news[0].kiosk.as_str(), page.news[0].latest.0 >= NOW.0), ("east-1", true));
    assert!(place.told_to("west-1", page.through).is_none(), "nothing new");
    // Let in afterwards: that is told as well. An emergency settles nothing.
    place.passes(NOW + DAY / 4, Verdict::EmergencyAdmitted, Some(&who));
    place.passes(NOW + DAY / 2, Verdict::Admitted, Some(&who));
    place.deliver(NOW + DAY / 2);
    assert_eq!(told(&place.to_west(page.through)), [Told::Otherwise]);
}

#[test]
fn where_a_pass_was_shown_is_told_for_an_hour_to_whoever_asks_and_by_the_pass_alone() {
    let mut place = Place::new(None);
    let mut who = place.passes(NOW, Verdict::Abandoned, None);
    who.people[0].pass = Some(kakou::base::Pii::new("0123456789abcdef".to_owned()));
    place.passes(NOW, Verdict::Admitted, Some(&who));
    place.deliver(NOW);
    assert!(place.told_to("west-1", 0).is_none(), "whoever did not ask is told nothing");
    let look = LookBack { turn_backs: Duration::ZERO, passes: Duration::from_secs(120) };
    let at = |now| place.ledger.told_after(&west(), 0, look, now).unwrap();
    let page = at(NOW).unwrap();
    assert_eq!(told(&page), [Told::Shown]);
    let pass = token(&Blinder::new(&page.key), IdentifierKind::Pass, "0123456789abcdef");
    assert_eq!(page.news[0].tokens, [pass], "nothing else of them is told");
    assert!(at(NOW + Duration::from_secs(300)).is_none(), "nobody looks back as far");
    // What arrives an hour late is of no use to anybody, and what is as old goes.
    let late = NOW + Duration::from_hours(3);
    place.passes(NOW + Duration::from_hours(1), Verdict::Admitted, Some(&who));
    place.deliver(late);
    let all = LookBack { turn_backs: 40 * DAY, passes: Duration::from_hours(1) };
    assert!(place.ledger.told_after(&west(), 0, all, NOW).unwrap().is_some());
    place.passes(late, Verdict::Admitted, Some(&who));
    place.deliver(late);
    let page = place.ledger.told_after(&west(), 0, all, NOW).unwrap().unwrap();
    assert_eq!(page.news.len(), 1, "the old one was cleared away");
}

#[test]
fn where_a_vehicles_pass_was_shown_is_told_by_the_pass_and_not_by_the_plate() {
    let mut place = Place::new(None);
    let (subject, direction) = (SubjectKind::Vehicle, Direction::Inbound);
    let arrival = place.log.append(NOW, Some("car"), Body::Arrived { subject, direction }, None);
    let (mut passage, mut personal) = place.log.passage(arrival, subject, direction);
    passage.verdict = Verdict::Admitted;
    passage.occupants.iter_mut().for_each(|occupant| occupant.verdict = Verdict::Admitted);
    personal.people.iter_mut().for_each(|person| person.pass = None);
    let vehicle = personal.vehicle.as_mut().unwrap();
    vehicle.pass = Some(kakou::base::Pii::new("0011223344556677".to_owned()));
    place.log.append(NOW, Some("car"), Body::Passage(Box::new(passage)), Some(&personal));
    place.deliver(NOW);
    let look = LookBack { turn_backs: DAY, passes: Duration::from_secs(120) };
    let page = place.ledger.told_after(&west(), 0, look, NOW).unwrap().unwrap();
    assert_eq!(told(&page), [Told::Shown]);
    let pass = token(&Blinder::new(&page.key), IdentifierKind::Pass, "0011223344556677");
    assert_eq!(page.news[0].tokens, [pass]);
}

#[test]
fn an_occupant_who_was_sent_away_is_told_of_and_the_plate_only_with_the_vehicle() {
    let mut place = Place::new(None);
    let log = &mut place.log;
    let (subject, direction) = (SubjectKind::Vehicle, Direction::Inbound);
    let arrival = log.append(NOW, Some("car"), Body::Arrived { subject, direction }, None);
    let (mut passage, personal) = log.passage(arrival, subject, direction);
    passage.verdict = Verdict::Admitted;
    passage.occupants[0].verdict = Verdict::Admitted;
    passage.occupants[1].verdict = Verdict::TurnedBack;
    log.append(NOW, Some("car"), Body::Passage(Box::new(passage.clone())), Some(&personal));
    place.deliver(NOW);
    let page = place.to_west(0);
    let blinder = Blinder::new(&page.key);
    let second = personal.people[1].id_number.as_ref().unwrap().expose();
    assert_eq!(page.news.len(), 1);
    assert_eq!(page.news[0].tokens, [token(&blinder, IdentifierKind::IdNumber, second)]);
    passage.verdict = Verdict::TurnedBack;
    place.log.append(NOW, Some("car"), Body::Passage(Box::new(passage)), Some(&personal));
    place.deliver(NOW);
    let plate = personal.vehicle.unwrap().plate.unwrap();
    let plate = token(&blinder, IdentifierKind::Plate, plate.expose());
    let page = place.to_west(page.through);
    assert_eq!(page.news.iter().filter(|news| news.tokens == [plate]).count(), 1);
    assert_eq!(page.news.len(), 3, "whoever sits in a vehicle that is turned back is turned back");
}

#[test]
fn what_is_too_long_ago_is_neither_told_nor_kept() {
    let mut place = Place::new(None);
    place.passes(NOW, Verdict::TurnedBack, None);
    place.deliver(NOW);
    let at = |now| place.ledger.told_after(&west(), 0, LookBack::turn_backs(DAY), now).unwrap();
    assert!(at(NOW + DAY).is_some() && at(NOW + DAY + Duration::from_hours(1)).is_none());
    // A month later another one comes, and a backlog of long ago.
    let later = NOW + 29 * DAY;
    place.passes(later, Verdict::TurnedBack, None);
    place.passes(NOW, Verdict::TurnedBack, None);
    place.deliver(later);
    let page = place.ledger.told_after(&west(), 0, LookBack::turn_backs(40 * DAY), later).unwrap().unwrap();
    assert_eq!(page.news.len(), 1, "the last four weeks");
}

#[test]
fn records_whose_key_comes_late_are_told_of_then() {
    let mut place = Place::new(None);
    place.log = Log::new("east-1", 7);
    place.passes(NOW, Verdict::TurnedBack, None);
    place.deliver(NOW);
    assert!(place.told_to("west-1", 0).is_none(), "nobody can tell who it was");
    let key = place.ledger.keys().seal_key();
    place.log.append_key(NOW, &key);
    place.deliver(NOW);
    assert_eq!(told(&place.to_west(0)), [Told::TurnedBack]);
}

#[test]
fn what_is_erased_is_taken_back_and_nothing_of_it_stays_in_any_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut place = Place::new(Some(folder.path()));
    place.passes(NOW, Verdict::TurnedBack, None);
    place.deliver(NOW);
    let page = place.to_west(0);
    let News { outcome, tokens, .. } = page.news[0].clone();
    assert!(lies_in(folder.path(), &tokens[0].0));
    let id = RecordId {
        kiosk: place.log.kiosk.clone(),
        epoch: place.log.epoch,
        seq: Seq::new(place.log.size()).unwrap(),
    };
    let officer = Officer::new("陈警官", "本人申请").unwrap();
    assert!(place.ledger.erase(&id, &officer, Erasure::Requested, NOW).unwrap());
    let after = place.to_west(page.through);
    assert_eq!(
        (after.news[0].outcome, after.news[0].told, after.news[0].tokens.len()),
        (outcome, Told::Forget, 0)
    );
    assert!(!lies_in(folder.path(), &tokens[0].0));
}

#[test]
fn a_hub_that_came_back_from_a_backup_goes_on_above_every_number_it_ever_gave() {
    let mut place = Place::new(None);
    place.passes(NOW, Verdict::TurnedBack, None);
    place.deliver(NOW);
    let before = place.to_west(0).through;
    let mut restored = Place::new(None);
    restored.log = place.log;
    restored.deliver(NOW + DAY / 24);
    let page = restored.to_west(before);
    assert_eq!(told(&page), [Told::TurnedBack], "told again, and known by its name");
}

#[test]
fn pages_go_on_where_the_last_one_ended() {
    let mut place = Place::new(None);
    for _ in 0..1_203 {
        place.passes(NOW, Verdict::TurnedBack, None);
    }
    for part in 0..5 {
        let (from, through) = (part * 500 + 1, ((part + 1) * 500).min(place.log.size()));
        place.apply(from, through, NOW);
    }
    let (mut after, mut found) = (0, vec![]);
    while let Some(page) = place.told_to("west-1", after) {
        assert!(page.through > after);
        after = page.through;
        found.extend(page.news.iter().map(|news| news.outcome));
    }
    let all = found.len();
    found.sort();
    found.dedup();
    assert_eq!((all, found.len()), (1_203, 1_203));
}

struct Place {
    ledger: Ledger,
    log: Log,
    sent: u64,
}

impl Place {
    fn new(folder: Option<&Path>) -> Self {
        let keys = Keys::from_secret(&[5; 32]);
        let mut ledger = match folder {
            Some(folder) => Ledger::open(&folder.join("hub.db"), keys).unwrap(),
            None => Ledger::in_memory(keys).unwrap(),
        };
        let mut log = Log::new("east-1", 7);
        for (kiosk, key) in
            [("east-1", log.key.verifying()), ("west-1", Log::new("west-12", 8).key.verifying())]
        {
            let kiosk: KioskId = kiosk.parse().unwrap();
            let digest = [kiosk.as_str().len() as u8 + key.0[0]; 32];
            ledger.add_token(&digest, Some(&kiosk), NOW).unwrap();
            ledger.enrol(&digest, None, key, NOW).unwrap();
        }
        log.append_key(NOW, &ledger.keys().seal_key());
        Self { ledger, log, sent: 0 }
    }

    /// Somebody's passage ends so; of somebody new, or of `who`.
    fn passes(&mut self, wall: Wall, verdict: Verdict, who: Option<&Personal>) -> Personal {
        let (subject, direction) = (SubjectKind::Person, Direction::Inbound);
        let arrival = self.log.append(wall, Some("person"), Body::Arrived { subject, direction }, None);
        let (mut passage, personal) = self.log.passage(arrival, subject, direction);
        passage.verdict = verdict;
        let personal = who.cloned().unwrap_or(personal);
        self.log.append(wall, Some("person"), Body::Passage(Box::new(passage)), Some(&personal));
        personal
    }

    fn deliver(&mut self, now: Wall) {
        self.apply(self.sent + 1, self.log.size(), now);
    }

    fn apply(&mut self, from: u64, through: u64, now: Wall) {
        let Log { kiosk, epoch, .. } = &self.log;
        let (note, entries) = (self.log.note(through), self.log.slice(from, through));
        self.ledger.apply(kiosk, *epoch, Seq::new(from).unwrap(), &note, &entries, now).unwrap();
        self.sent = through;
    }

    fn told_to(&self, kiosk: &str, after: u64) -> Option<Page> {
        self.ledger
            .told_after(&kiosk.parse().unwrap(), after, LookBack::turn_backs(DAY), NOW + DAY / 2)
            .unwrap()
    }

    fn to_west(&self, after: u64) -> Page {
        self.told_to("west-1", after).unwrap()
    }
}

fn west() -> KioskId {
    "west-1".parse().unwrap()
}

fn told(page: &Page) -> Vec<Told> {
    page.news.iter().map(|news| news.told).collect()
}

/// Whether `bytes` lie in any file of a folder.
fn lies_in(folder: &Path, bytes: &[u8]) -> bool {
    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .any(|content| content.windows(bytes.len()).any(|window| window == bytes))
}
