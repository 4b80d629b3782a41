//! Who comes, who goes, and who is still there; against a count by hand.

use std::collections::BTreeMap;

use super::*;
use crate::base::{BootId, Epoch, Mono, Pii, Random, Seq, Stamp};
use crate::journal::stored::{Seal, Stored};
use crate::journal::view::tests::{EPOCH, as_of, key, passage};
use crate::journal::view::{Check, Filter};
use crate::model::record::{Crossing, Occupant};
use crate::model::{Body, Entry, Verdict};

const IN: Direction = Direction::Inbound;
const OUT: Direction = Direction::Outbound;

#[test]
fn whoever_came_in_and_did_not_go_out_is_inside() {
    let mut gate = Gate::new();
    gate.walk("wang", IN, Verdict::Admitted);
    gate.walk("li", IN, Verdict::Admitted);
    gate.walk("zhao", IN, Verdict::TurnedBack);
    gate.walk("qian", OUT, Verdict::Admitted);
    assert_eq!(gate.inside(), ["li", "wang"]);
    gate.walk("wang", OUT, Verdict::Held);
    assert_eq!(gate.inside(), ["li", "wang"], "who was held at the exit is still here");
    gate.walk("wang", OUT, Verdict::EmergencyAdmitted);
    assert_eq!(gate.inside(), ["li"]);
    gate.walk("li", IN, Verdict::Admitted);
    assert_eq!(gate.inside(), ["li"], "once, whichever way they came back");
}

#[test]
fn a_verdict_that_nobody_used_changes_nothing() {
    let mut gate = Gate::new();
    gate.walk("wang", IN, Verdict::Admitted);
    let out = gate.walk("wang", OUT, Verdict::Admitted);
    assert_eq!(gate.inside(), [""; 0]);
    gate.crossed(out, Crossing::DidNotPass);
    assert_eq!(gate.inside(), ["wang"]);
    let again = gate.walk("li", IN, Verdict::Admitted);
    gate.crossed(again, Crossing::DidNotPass);
    assert_eq!(gate.inside(), ["wang"]);
    let third = gate.walk("wang", OUT, Verdict::Admitted);
    gate.crossed(third, Crossing::Passed);
    assert_eq!(gate.inside(), [""; 0]);
}

#[test]
fn a_vehicle_and_each_of_its_occupants_leave_by_themselves() {
    let mut gate = Gate::new();
    let seats = [("wang", Verdict::Admitted), ("li", Verdict::Admitted), ("zhao", Verdict::Held)];
    gate.drive("A1", &seats, IN);
    assert_eq!(gate.inside(), ["li", "wang", "A1"], "one was kept back at the gate");
    gate.walk("wang", OUT, Verdict::Admitted);
    assert_eq!(gate.inside(), ["li", "A1"]);
    gate.drive("A1", &[("qian", Verdict::Admitted)], OUT);
    assert_eq!(gate.inside(), ["li"]);
    let days = gate.view.inside_by_day(480).unwrap();
    assert_eq!(days.iter().map(|day| (day.vehicles, day.people)).collect::<Vec<_>>(), [(0, 1)]);
}

#[test]
fn those_without_any_identifier_are_counted_and_never_listed() {
    let mut gate = Gate::new();
    gate.walk("", IN, Verdict::Admitted);
    gate.walk("", IN, Verdict::Referred);
    gate.walk("", OUT, Verdict::Admitted);
    let last = gate.walk("", OUT, Verdict::Admitted);
    gate.crossed(last, Crossing::DidNotPass);
    assert_eq!(gate.inside(), [""; 0]);
    assert_eq!(gate.view.unmatched_since(Wall(0)).unwrap(), Unmatched { inbound: 1, outbound: 1 });
    assert_eq!(gate.view.unmatched_since(Wall(i64::MAX)).unwrap(), Unmatched::default());
}

#[test]
fn days_are_those_of_the_place_and_no_day_is_made_up() {
    const HOUR: i64 = 3_600_000;
    let mut gate = Gate::new();
    for (name, hours, trust) in [
        ("wang", 15, ClockTrust::Synced),
        ("li", 17, ClockTrust::Synced),
        ("zhao", 18, ClockTrust::Rtc),
        ("qian", 20, ClockTrust::None),
    ] {
        (gate.wall, gate.trust) = (Wall(hours * HOUR), trust);
        gate.walk(name, IN, Verdict::Admitted);
    }
    let days = |offset| -> Vec<_> {
        gate.view.inside_by_day(offset).unwrap().iter().map(|day| (day.day, day.people)).collect()
    };
    assert_eq!(days(480), [(Some(1), 2), (Some(0), 1), (None, 1)], "midnight is at 16:00 UTC");
    assert_eq!(days(0), [(Some(0), 3), (None, 1)]);
}

#[test]
fn a_case_is_open_until_somebody_decides_about_it() {
    let mut gate = Gate::new();
    let open =
        |gate: &Gate| -> Vec<u64> { gate.view.open_cases(9).unwrap().iter().map(|row| row.seq).collect() };
    let wang = gate.walk("wang", IN, Verdict::Referred);
    let li = gate.walk("li", IN, Verdict::Held);
    let nobody = gate.walk("", IN, Verdict::Held);
    assert_eq!(open(&gate), [nobody, li, wang]);
    let again = gate.decide("wang", wang, Verdict::Referred);
    assert_eq!(open(&gate), [again, nobody, li], "the latest verdict stands for it");
    gate.decide("wang", wang, Verdict::TurnedBack);
    assert_eq!(open(&gate), [nobody, li]);
    gate.walk("li", IN, Verdict::Admitted);
    assert_eq!(open(&gate), [nobody], "the same person came again and was let in");
    let car = gate.drive_with("A1", &[("zhao", Verdict::Held)], IN, Verdict::Held);
    gate.walk("zhao", OUT, Verdict::Admitted);
    assert_eq!(open(&gate), [car, nobody], "an occupant is not the vehicle");
    gate.drive("A1", &[], OUT);
    assert_eq!(open(&gate), [nobody]);
}

#[test]
fn passages_are_listed_by_lane_and_time() {
    let mut gate = Gate::new();
    for (number, lane) in ["in-1", "car-1", "in-1", "in-1"].iter().enumerate() {
        (gate.lane, gate.wall) = ((*lane).to_owned(), Wall(i64::try_from(number).unwrap() * 1_000));
        gate.walk("wang", IN, Verdict::Admitted);
    }
    let found = |lane: Option<&str>, from: Option<i64>, to: Option<i64>, limit| -> Vec<u64> {
        let filter =
            Filter { lane: lane.map(|lane| lane.parse().unwrap()), from: from.map(Wall), to: to.map(Wall) };
        gate.view.matching(&filter, limit, None).unwrap().iter().map(|row| row.seq).collect()
    };
    assert_eq!(found(None, None, None, 9), [4, 3, 2, 1]);
    assert_eq!(found(Some("in-1"), None, None, 9), [4, 3, 1]);
    assert_eq!(found(Some("in-1"), Some(2_000), Some(3_000), 9), [3]);
    assert_eq!(found(Some("in-1"), None, None, 2), [4, 3]);
    assert_eq!(found(Some("out-1"), None, None, 9), [0; 0]);
}

#[test]
fn whom_the_kiosk_forgets_it_no_longer_lists() {
    let mut gate = Gate::new();
    gate.walk("wang", IN, Verdict::Admitted);
    gate.walk("li", IN, Verdict::Admitted);
    gate.view.forget(EPOCH, 2).unwrap();
    assert_eq!(gate.inside(), ["li"]);
}

#[test]
fn a_random_day_ends_with_whom_a_count_by_hand_leaves_inside() {
    for seed in 0..20 {
        let mut random = Random::new(seed);
        let mut gate = Gate::new();
        let mut inside: BTreeMap<String, u64> = BTreeMap::new();
        for step in 0..300 {
            let name = format!("p{}", random.below(12));
            let direction = if random.chance(0.5) { IN } else { OUT };
            let verdict = *random.pick(&Verdict::ALL).unwrap();
            let before = inside.clone();
            let seq = gate.walk(&name, direction, verdict);
            if verdict.opens_barrier() {
                inside.remove(&name);
                if direction == IN {
                    inside.insert(name, step);
                }
                let crossing =
                    *random.pick(&[Crossing::Passed, Crossing::DidNotPass, Crossing::Followed]).unwrap();
                gate.crossed(seq, crossing);
                if crossing == Crossing::DidNotPass {
                    inside = before;
                }
            }
        }
        let mut expected: Vec<(u64, String)> = inside.into_iter().map(|(name, step)| (step, name)).collect();
        expected.sort_unstable();
        let expected: Vec<String> = expected.into_iter().rev().map(|(_, name)| name).collect();
        assert_eq!(gate.inside(), expected, "seed {seed}");
    }
}

/// A view, and records made up as they are wanted.
struct Gate {
    view: View,
    next: u64,
    wall: Wall,
    trust: ClockTrust,
    lane: String,
    names: BTreeMap<String, String>,
    _folder: tempfile::TempDir,
}

impl Gate {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("view.sqlite");
        let view = View::open(&path, Blinder::new(&[1; 32]), Check::AsLeft).unwrap().0;
        let (wall, trust, lane) = (Wall(1_000), ClockTrust::Synced, "in-1".to_owned());
        Self { view, next: 1, wall, trust, lane, names: BTreeMap::new(), _folder: folder }
    }

    fn walk(&mut self, name: &str, direction: Direction, verdict: Verdict) -> u64 {
        let walked = passage(self.next, SubjectKind::Person, verdict);
        let people = vec![self.person(name)];
        self.record(Passage { direction, ..walked }, Personal { people, ..Personal::default() })
    }

    /// Another verdict on the arrival of an earlier one.
    fn decide(&mut self, name: &str, arrival: u64, verdict: Verdict) -> u64 {
        let people = vec![self.person(name)];
        let decided = passage(arrival, SubjectKind::Person, verdict);
        self.record(decided, Personal { people, ..Personal::default() })
    }

    fn drive(&mut self, plate: &str, seats: &[(&str, Verdict)], direction: Direction) -> u64 {
        self.drive_with(plate, seats, direction, Verdict::Admitted)
    }

    fn drive_with(
        &mut self,
        plate: &str,
        seats: &[(&str, Verdict)],
        direction: Direction,
        verdict: Verdict,
    ) -> u64 {
        let driven = passage(self.next, SubjectKind::Vehicle, verdict);
        let seat = |verdict| Occupant {
            class: driven.class,
            verdict,
            reasons: vec![],
            steps: vec![],
            grounds: None,
            apart: None,
        };
        let occupants = seats.iter().map(|(_, verdict)| seat(*verdict)).collect();
        let people = seats.iter().map(|(name, _)| self.person(name)).collect();
        self.names.insert(mask::plate(&Pii::new(plate.to_owned())), plate.to_owned());
        let vehicle = Some(Vehicle { plate: Some(Pii::new(plate.to_owned())), ..Vehicle::default() });
        self.record(
            Passage { direction, occupants, ..driven },
            Personal { people, vehicle, ..Personal::default() },
        )
    }

    fn crossed(&mut self, arrival: u64, crossing: Crossing) {
        let arrival = Seq::new(arrival).unwrap();
        self.append(Body::Crossed { arrival, crossing, counted: None }, None);
    }

    /// Who is listed, by the names of this test: what is shown of them is a mask.
    fn inside(&self) -> Vec<String> {
        let rows = self.view.inside(&as_of(), 99, None).unwrap();
        rows.into_iter().map(|row| self.names[&row.label.unwrap()].clone()).collect()
    }

    /// A person with a telephone number of their own; none for nobody.
    fn person(&mut self, name: &str) -> Person {
        if name.is_empty() {
            return Person::default();
        }
        let number = format!("1{:010}", name.bytes().fold(0_u64, |sum, byte| sum * 31 + u64::from(byte)));
        // Masks of different names may look alike: the family name is one of many.
        let family =
            char::from_u32(0x4E00 + name.bytes().fold(7, |sum, byte| (sum * 131 + u32::from(byte)) % 5_000));
        let shown = Pii::new(format!("{}明", family.unwrap()));
        self.names.insert(mask::name(&shown), name.to_owned());
        Person { name: Some(shown), phone: Some(Pii::new(number)), ..Person::default() }
    }

    fn record(&mut self, passage: Passage, personal: Personal) -> u64 {
        self.append(Body::Passage(Box::new(passage)), Some(personal))
    }

    fn append(&mut self, body: Body, personal: Option<Personal>) -> u64 {
        let number = self.next;
        self.next += 1;
        let stamp = Stamp {
            boot: BootId([1; 16]),
            mono: Mono(number),
            wall: self.wall,
            trust: self.trust,
            max_error_ms: 0,
        };
        let entry =
            Entry { seq: Seq::new(number).unwrap(), stamp, lane: Some(self.lane.parse().unwrap()), body };
        let seal =
            personal.map_or(Seal::None, |personal| key().seal(&personal, &mut Random::new(number)).unwrap());
        let epoch: Epoch = EPOCH;
        self.view.apply(epoch, number, &[Stored::new(&entry, seal).unwrap()], &[key()]).unwrap();
        number
    }
}
