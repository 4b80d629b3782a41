//! What the view tells of earlier passages, and to whom.

use std::time::Duration;

use super::tests::{EPOCH, key, passage, stored};
use super::*;
use crate::base::{BootId, ClockTrust, Mono, Pii, Stamp, Wall};
use crate::model::blind::IdentifierKind;
use crate::model::record::{Crossing, Occupant};
use crate::model::{
    Direction, Evidence, KnownBy, Passage, Past, Person, Personal, StepKind, StepOutcome, StepRecord,
    SubjectKind, Vehicle, Verdict, Whose, Zone,
};

const NUMBER: &str = "11010519491231002X";
const PHONE: &str = "13812345678";
const PLATE: &str = "川KA3476";

/// Two hours after what the records are stamped with, in the same boot.
fn now() -> Stamp {
    let mono = Mono(5) + Duration::from_hours(2);
    Stamp { boot: BootId([1; 16]), mono, wall: Wall(0), trust: ClockTrust::None, max_error_ms: 0 }
}

fn text(text: &str) -> Option<Pii<String>> {
    Some(Pii::new(text.to_owned()))
}

fn below() -> Vec<StepRecord> {
    let outcome = StepOutcome::Done(Evidence::Temperature { zone: Zone::Below, attempts: 1 });
    vec![StepRecord { kind: StepKind::Temperature, outcome, id: None }]
}

fn person(number: &str, host: Option<&str>) -> Personal {
    let who = Person {
        name: text("王　小明"),
        id_number: text(number),
        phone: text(PHONE),
        host: host.and_then(text),
        ..Person::default()
    };
    Personal { people: vec![who], ..Personal::default() }
}

fn admitted(arrival: u64, direction: Direction) -> Passage {
    Passage { direction, steps: below(), ..passage(arrival, SubjectKind::Person, Verdict::Admitted) }
}

/// A view of these records.
fn view(folder: &Path, records: Vec<(Body, Option<Personal>)>) -> View {
    let (mut view, _) = View::open(&folder.join("view.sqlite"), blinder(), Check::Pages).unwrap();
    let records: Vec<_> =
        (1..).zip(records).map(|(number, (body, personal))| stored(number, body, personal)).collect();
    view.apply(EPOCH, 1, &records, &[key()]).unwrap();
    view
}

fn blinder() -> Blinder {
    Blinder::new(&[1; 32])
}

fn whose(known: &[(IdentifierKind, &str)], host: Option<&str>) -> Whose {
    let known = known.iter().map(|(kind, value)| (*kind, Pii::new((*value).to_owned()))).collect();
    Whose { known, host: host.map(|name| blinder().blind(IdentifierKind::Name, name)) }
}

fn recall(view: &View, known: &[(IdentifierKind, &str)]) -> Past {
    view.recall(&whose(known, None), &now()).unwrap()
}

fn record(passage: Passage) -> Body {
    Body::Passage(Box::new(passage))
}

#[test]
fn whoever_is_known_by_a_masked_number_is_known_again_and_shown_masked() {
    let folder = tempfile::tempdir().unwrap();
    let number = "11010519491231002X";
    let mut masked = Personal {
        people: vec![Person { id_number: text(number), ..Person::default() }],
        ..Personal::default()
    };
    masked.mask_numbers(&blinder());
    let view = view(folder.path(), vec![(record(admitted(1, Direction::Inbound)), Some(masked))]);
    let past = recall(&view, &[(IdentifierKind::IdNumber, number)]);
    assert_eq!((past.passages.len(), past.passages[0].by), (1, KnownBy::Identity));
    assert_eq!(past.passages[0].lane.as_ref().map(|lane| lane.as_str()), Some("in-1"));
    assert!(recall(&view, &[(IdentifierKind::IdNumber, "110101199001010015")]).passages.is_empty());
    let inside = view.inside(&AsOf { now: now(), ahead_minutes: 0 }, 9, None).unwrap();
    assert_eq!(inside[0].label.as_deref(), Some("110***********002X"));
}

#[test]
fn a_subjects_own_passages_come_newest_first_with_steps_and_how_sure_they_are_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let view = view(
        folder.path(),
        vec![
            (record(admitted(1, Direction::Inbound)), Some(person(NUMBER, None))),
            (record(admitted(2, Direction::Outbound)), Some(person(NUMBER, None))),
            (
                Body::Crossed {
                    arrival: Seq::new(2).unwrap(),
                    crossing: Crossing::DidNotPass,
                    counted: None,
                },
                None,
            ),
            (record(admitted(4, Direction::Inbound)), Some(person("110101199001010015", None))),
        ],
    );
    let known = [(IdentifierKind::IdNumber, NUMBER), (IdentifierKind::Phone, PHONE)];
    let past = recall(&view, &known);
    let seen: Vec<_> = past.passages.iter().map(|one| (one.seq, one.direction, one.by)).collect();
    assert_eq!(
        seen,
        [
            (4, Direction::Inbound, KnownBy::Phone),
            (2, Direction::Outbound, KnownBy::Identity),
            (1, Direction::Inbound, KnownBy::Identity)
        ]
    );
    assert_eq!(past.passages[2].steps, below());
    assert_eq!(past.passages[2].ago.most, Some(Duration::from_hours(2)), "within a boot the clock is sure");
    assert!(past.passages[2].went_through() && !past.passages[1].went_through());
    assert_eq!(recall(&view, &[(IdentifierKind::IdNumber, "110101199001010023")]), Past::default());
    assert_eq!(recall(&view, &[(IdentifierKind::Plate, NUMBER)]), Past::default(), "another kind");
}

#[test]
fn an_occupant_who_stayed_has_their_own_verdict_and_the_vehicle_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let occupant = |verdict| Occupant {
        class: crate::model::Class::Resident,
        verdict,
        reasons: vec![],
        steps: below(),
        grounds: None,
        apart: None,
    };
    let mut bus = passage(1, SubjectKind::Vehicle, Verdict::Admitted);
    bus.occupants = vec![occupant(Verdict::Admitted), occupant(Verdict::Held)];
    let mut personal = person(NUMBER, None);
    personal.people.push(Person { id_number: text("110101199001010015"), ..Person::default() });
    personal.vehicle = Some(Vehicle { plate: text(PLATE), ..Vehicle::default() });
    let view = view(folder.path(), vec![(record(bus), Some(personal))]);
    let verdict = |kind, value: &str| {
        let past = recall(&view, &[(kind, value)]);
        (past.passages[0].verdict, past.passages[0].steps.len())
    };
    assert_eq!(verdict(IdentifierKind::IdNumber, NUMBER), (Verdict::Admitted, 1));
    assert_eq!(verdict(IdentifierKind::IdNumber, "110101199001010015"), (Verdict::Held, 1));
    assert_eq!(verdict(IdentifierKind::Plate, PLATE), (Verdict::Admitted, 0));
}

#[test]
fn a_hosts_visitors_are_counted_while_they_are_inside_and_whoever_comes_again_is_not_another() {
    let folder = tempfile::tempdir().unwrap();
    let other = "110101199001010015";
    let visit = |arrival, number, direction| {
        (record(admitted(arrival, direction)), Some(person(number, Some("李四"))))
    };
    let mut view = view(folder.path(), vec![visit(1, NUMBER, Direction::Inbound)]);
    let visitors = |view: &View, number| {
        let whose = whose(&[(IdentifierKind::IdNumber, number)], Some("李四"));
        view.recall(&whose, &now()).unwrap().host.unwrap().visitors
    };
    assert_eq!(visitors(&view, other), 1);
    assert_eq!(visitors(&view, NUMBER), 0, "they are that one");
    let (body, personal) = visit(2, NUMBER, Direction::Outbound);
    view.apply(EPOCH, 2, &[stored(2, body, personal)], &[key()]).unwrap();
    assert_eq!(visitors(&view, other), 0, "they have left");
    // The host is found by the name, whatever its spaces.
    let whose = whose(&[(IdentifierKind::IdNumber, other)], Some("王小明"));
    let host = view.recall(&whose, &now()).unwrap().host.unwrap();
    assert_eq!(host.passages.iter().map(|one| one.seq).collect::<Vec<_>>(), [2, 1]);
}

#[test]
fn whoever_is_forgotten_has_no_past_and_no_name_is_readable() {
    let folder = tempfile::tempdir().unwrap();
    let records = vec![(record(admitted(1, Direction::Inbound)), Some(person(NUMBER, Some("李四"))))];
    let mut view = view(folder.path(), records);
    let known = [(IdentifierKind::IdNumber, NUMBER)];
    assert_eq!(recall(&view, &known).passages.len(), 1);
    view.forget(EPOCH, 2).unwrap();
    assert_eq!(recall(&view, &known), Past::default());
    let host = view.recall(&whose(&known, Some("李四")), &now()).unwrap().host.unwrap();
    assert_eq!((host.visitors, host.passages.len()), (0, 0));
    let names: i64 = view
        .connection
        .query_row("SELECT count(*) FROM subjects WHERE name IS NOT NULL OR host IS NOT NULL", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(names, 0);
    drop(view);
    let file = std::fs::read(folder.path().join("view.sqlite")).unwrap();
    for secret in ["李四", "小明", NUMBER, PHONE] {
        assert!(!file.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
}
