//! Who is overdue by the records: through power cuts, out again, erased, on record once.

use super::*;
use crate::base::Pii;
use crate::journal::stored::{Seal, Stored};
use crate::journal::view::Check;
use crate::journal::view::tests::{EPOCH, key, passage};
use crate::model::record::Occupant;
use crate::model::{Blinder, Body, Direction, Entry, Erasure, Passage, Person, Personal, Vehicle, Verdict};

const SIX: StayLimit = StayLimit { hours: 6, until: None, back_by: None };

#[test]
fn whoever_stays_longer_than_they_may_is_overdue_until_they_come_out() {
    let mut post = Post::new();
    post.comes_in("wang", Some(SIX));
    post.comes_in("li", None);
    post.comes_in("", Some(SIX));
    post.after(5);
    assert_eq!(post.counts(), (0, 0));
    post.after(1);
    assert_eq!(post.counts(), (1, 0), "nothing limits li, and of whom nobody knows nobody can tell");
    let listed: Vec<_> = post.listed().into_iter().map(|row| (row.seq, row.over)).collect();
    assert_eq!(listed, [(1, Some(Reached::Yes))]);
    let all = post.view.inside(&post.now(), 9, None).unwrap();
    assert_eq!(all.iter().map(|row| row.over).collect::<Vec<_>>(), [None, Some(Reached::Yes)]);
    post.goes_out("wang");
    assert_eq!((post.counts(), post.listed().len()), ((0, 0), 0));
}

#[test]
fn a_passage_is_named_until_it_is_on_record_and_never_again_however_the_view_is_made() {
    let mut post = Post::new();
    post.drives_in(&["wang", "li"], SIX);
    let on_foot = post.comes_in("zhao", Some(SIX));
    post.after(7);
    let new: Vec<_> =
        post.overstays().new.into_iter().map(|o| (o.entry.get(), o.vehicles, o.people)).collect();
    assert_eq!(new, [(1, 1, 2), (on_foot, 0, 1)]);
    post.record(said(1), None);
    let new: Vec<_> = post.overstays().new.into_iter().map(|stay| stay.entry.get()).collect();
    assert_eq!(new, [on_foot]);
    post.record(said(on_foot), None);
    assert_eq!((post.overstays().new, post.counts()), (vec![], (4, 0)), "it is so all the same");
    post.remake();
    assert_eq!((post.overstays().new, post.counts()), (vec![], (4, 0)));
    // Somebody who came in again is there for another time.
    let again = post.comes_in("zhao", Some(SIX));
    post.after(6);
    assert_eq!(post.overstays().new.into_iter().map(|stay| stay.entry.get()).collect::<Vec<_>>(), [again]);
}

#[test]
fn power_cuts_and_a_clock_that_nobody_vouches_for_hide_nobody_and_accuse_nobody() {
    let mut post = Post::new();
    post.comes_in("wang", Some(SIX));
    post.after(2);
    post.comes_in("li", None);
    for ran in [1, 2] {
        post.power_cut();
        assert_eq!(post.counts(), (0, 1), "nobody can tell how long the power was off");
        post.after(ran);
        post.comes_in("zhao", None);
    }
    post.power_cut();
    assert_eq!(post.counts(), (0, 1), "two hours, one and two are five for certain");
    post.after(1);
    assert_eq!(post.counts(), (1, 0), "six, however often it started");
    post.remake();
    assert_eq!(post.counts(), (1, 0));
}

#[test]
fn whoever_is_erased_or_forgotten_is_no_longer_overdue() {
    let mut post = Post::new();
    let wang = post.comes_in("wang", Some(SIX));
    let li = post.comes_in("li", Some(SIX));
    post.after(9);
    assert_eq!(post.counts(), (2, 0));
    let records = vec![Seq::new(wang).unwrap()];
    post.record(
        Body::Erased { records, by: "wu".parse().unwrap(), reason: Erasure::Requested, log: None },
        None,
    );
    assert_eq!(post.overstays().new.into_iter().map(|stay| stay.entry.get()).collect::<Vec<_>>(), [li]);
    post.view.forget(EPOCH, li + 1).unwrap();
    assert_eq!(post.counts(), (0, 0));
}

#[test]
fn at_most_so_many_are_named_at_once_and_the_others_the_next_time() {
    let mut post = Post::new();
    for number in 0..=NEW_MAX {
        post.comes_in(&format!("p{number}"), Some(SIX));
    }
    post.after(6);
    let first = post.overstays();
    assert_eq!((first.counts.certain, first.new.len()), (NEW_MAX as u64 + 1, NEW_MAX));
    for stay in &first.new {
        post.record(said(stay.entry.get()), None);
    }
    assert_eq!(post.overstays().new.len(), 1);
}

fn said(entry: u64) -> Body {
    Body::Overdue { log: EPOCH, entry: Seq::new(entry).unwrap(), vehicles: 0, people: 1 }
}

/// A post, its records so far, and its clock, for which nobody vouches.
struct Post {
    view: View,
    records: Vec<Stored>,
    boot: u8,
    mono: Mono,
    folder: tempfile::TempDir,
}

impl Post {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let view = open(&folder);
        Self { view, records: vec![], boot: 1, mono: Mono::from_millis(60_000), folder }
    }

    /// The same records in a new view.
    fn remake(&mut self) {
        self.folder = tempfile::tempdir().unwrap();
        self.view = open(&self.folder);
        self.view.apply(EPOCH, 1, &self.records, &[key()]).unwrap();
    }

    fn after(&mut self, hours: u64) {
        self.mono = self.mono + Duration::from_hours(hours);
    }

    fn power_cut(&mut self) {
        (self.boot, self.mono) = (self.boot + 1, Mono::ZERO);
    }

    fn now(&self) -> AsOf {
        AsOf { now: self.stamp(), ahead_minutes: 480 }
    }

    fn stamp(&self) -> Stamp {
        let wall = Wall(self.records.len() as i64);
        let boot = BootId([self.boot; 16]);
        Stamp { boot, mono: self.mono, wall, trust: ClockTrust::None, max_error_ms: 0 }
    }

    fn overstays(&self) -> Overstays {
        self.view.overstays(&self.now()).unwrap()
    }

    fn counts(&self) -> (u64, u64) {
        let Overdue { certain, perhaps } = self.overstays().counts;
        (certain, perhaps)
    }

    fn listed(&self) -> Vec<InsideRow> {
        self.view.overdue(&self.now(), 9, None).unwrap()
    }

    fn comes_in(&mut self, name: &str, stay: Option<StayLimit>) -> u64 {
        let walked = passage(self.next(), SubjectKind::Person, Verdict::Admitted);
        self.passes(Passage { stay, ..walked }, &[name], None)
    }

    fn goes_out(&mut self, name: &str) {
        let walked = passage(self.next(), SubjectKind::Person, Verdict::Admitted);
        self.passes(Passage { direction: Direction::Outbound, ..walked }, &[name], None);
    }

    fn drives_in(&mut self, seats: &[&str], stay: StayLimit) {
        let driven = passage(self.next(), SubjectKind::Vehicle, Verdict::Admitted);
        let seat = || Occupant {
            class: driven.class,
            verdict: Verdict::Admitted,
            reasons: vec![],
            steps: vec![],
            grounds: None,
            apart: None,
        };
        let occupants = seats.iter().map(|_| seat()).collect();
        let plate = Some(Pii::new("川KA3476".to_owned()));
        let vehicle = Some(Vehicle { plate, ..Vehicle::default() });
        self.passes(Passage { occupants, stay: Some(stay), ..driven }, seats, vehicle);
    }

    fn next(&self) -> u64 {
        self.records.len() as u64 + 1
    }

    fn passes(&mut self, passage: Passage, names: &[&str], vehicle: Option<Vehicle>) -> u64 {
        let people = names.iter().map(|name| person(name)).collect();
        self.record(
            Body::Passage(Box::new(passage)),
            Some(Personal { people, vehicle, ..Personal::default() }),
        )
    }

    fn record(&mut self, body: Body, personal: Option<Personal>) -> u64 {
        let number = self.next();
        let seq = Seq::new(number).unwrap();
        let entry = Entry { seq, stamp: self.stamp(), lane: Some("in-1".parse().unwrap()), body };
        let mut random = crate::base::Random::new(number);
        let seal = personal.map_or(Seal::None, |personal| key().seal(&personal, &mut random).unwrap());
        let stored = Stored::new(&entry, seal).unwrap();
        self.view.apply(EPOCH, number, std::slice::from_ref(&stored), &[key()]).unwrap();
        self.records.push(stored);
        number
    }
}

fn open(folder: &tempfile::TempDir) -> View {
    View::open(&folder.path().join("view.sqlite"), Blinder::new(&[1; 32]), Check::AsLeft).unwrap().0
}

/// Somebody with a telephone number of their own; nobody knows whoever has no name.
fn person(name: &str) -> Person {
    let number = format!("1{:010}", name.bytes().fold(0_u64, |sum, byte| sum * 31 + u64::from(byte)));
    let phone = Some(Pii::new(number)).filter(|_| !name.is_empty());
    Person { phone, ..Person::default() }
}
