//! The view against a short log of its own.

use std::path::Path;

use super::*;
use crate::base::{BootId, ClockTrust, Mono, Pii, PolicyId, Stamp, Wall};
use crate::journal::stored::Seal;
use crate::model::blind::IdentifierKind;
use crate::model::{
    Body, Class, Crossing, Decider, Direction, Entry, Erasure, Passage, Person, Personal, Reason,
    SubjectKind, Vehicle, Verdict,
};

pub(super) const EPOCH: Epoch = Epoch([7; 16]);

#[test]
fn a_list_shows_passages_newest_first_with_masked_labels() {
    let dir = tempfile::tempdir().unwrap();
    let view = filled(dir.path());
    let rows = view.recent(10, None).unwrap();
    let shown: Vec<_> = rows.iter().map(|row| (row.seq, row.verdict, row.label.as_deref())).collect();
    assert_eq!(
        shown,
        [
            (6, Verdict::Admitted, Some("川K***76")),
            (4, Verdict::Referred, None),
            (2, Verdict::Admitted, Some("王*")),
        ]
    );
    assert_eq!(rows[2].crossing, Some(Crossing::Passed));
    assert_eq!(rows[1].reasons, [Reason::TemperatureElevated]);
    assert_eq!(rows[1].decided_by.as_ref().map(|by| by.as_str()), Some("li"));
    assert_eq!(view.recent(1, Some(rows[0].id)).unwrap(), rows[1..2]);
    assert_eq!(view.passage(EPOCH, 4).unwrap().as_ref(), Some(&rows[1]));
    assert_eq!(view.passage(EPOCH, 5).unwrap(), None);
    assert_eq!(view.row_of(4).unwrap(), Some(rows[1].id));
    assert_eq!(view.row_of(5).unwrap(), None);
}

#[test]
fn a_search_finds_whom_it_names_and_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let view = filled(dir.path());
    let found = |kind, text| -> Vec<u64> {
        view.with_identifier(kind, text, 9).unwrap().iter().map(|row| row.seq).collect()
    };
    assert_eq!(found(IdentifierKind::Plate, "川KA3476"), [6]);
    assert_eq!(found(IdentifierKind::IdNumber, "11010519491231002X"), [6, 2]);
    assert_eq!(found(IdentifierKind::Phone, "11010519491231002X"), [0_u64; 0]);
}

#[test]
fn what_is_forgotten_is_neither_listed_nor_found_nor_in_any_byte_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut view = filled(dir.path());
    std::fs::write(dir.path().join("view.sqlite.set-aside-1"), "an older view").unwrap();
    let mark = view.blinder.blind(IdentifierKind::IdNumber, "11010519491231002X").0;
    let plate = view.blinder.blind(IdentifierKind::Plate, "川KA3476").0;
    let holds = |bytes: &[u8]| {
        let files =
            std::fs::read_dir(dir.path()).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
        files.collect::<Vec<_>>().iter().any(|file| file.windows(bytes.len()).any(|window| window == bytes))
    };
    assert!(holds(&mark) && holds("王*".as_bytes()), "the test looks in the right place");
    assert_eq!(view.forget(EPOCH, 6).unwrap(), 1);
    let labels: Vec<_> = view.recent(9, None).unwrap().into_iter().map(|row| (row.seq, row.label)).collect();
    assert_eq!(labels, [(6, Some("川K***76".to_owned())), (4, None), (2, None)]);
    let found = view.with_identifier(IdentifierKind::IdNumber, "11010519491231002X", 9).unwrap();
    assert_eq!(found.iter().map(|row| row.seq).collect::<Vec<_>>(), [6]);
    assert!(!holds(b"an older view"));
    assert_eq!(view.forget(EPOCH, 7).unwrap(), 1);
    assert!(!holds(&mark) && !holds(&plate) && !holds("王*".as_bytes()) && !holds("川K***76".as_bytes()));
}

#[test]
fn a_passage_whose_personal_part_was_erased_stays_and_nobody_is_found_by_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut view = filled(dir.path());
    let (by, reason) = ("li".parse().unwrap(), Erasure::Requested);
    let erased = Body::Erased { records: vec![Seq::new(6).unwrap()], by, reason, log: None };
    let plates =
        |view: &View| view.inside(&as_of(), 9, None).unwrap().iter().filter(|row| row.seq == 6).count();
    assert!(plates(&view) > 0, "who came in and did not leave is inside");
    view.apply(EPOCH, 9, &[stored(9, erased, None)], &[key()]).unwrap();
    let labels: Vec<_> = view.recent(9, None).unwrap().into_iter().map(|row| (row.seq, row.label)).collect();
    assert_eq!(labels, [(6, None), (4, None), (2, Some("王*".to_owned()))]);
    assert_eq!(plates(&view), 0, "nobody can tell any more when they leave");
    let found = view.with_identifier(IdentifierKind::IdNumber, "11010519491231002X", 9).unwrap();
    assert_eq!(found.iter().map(|row| row.seq).collect::<Vec<_>>(), [2]);
    let bytes =
        std::fs::read_dir(dir.path()).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    let shown = "川K***76".as_bytes();
    assert!(!bytes.flatten().collect::<Vec<u8>>().windows(shown.len()).any(|window| window == shown));
}

#[test]
fn an_erasure_in_another_log_leaves_this_one_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut view = filled(dir.path());
    let (by, reason) = ("li".parse().unwrap(), Erasure::Ordered);
    let erased = Body::Erased { records: vec![Seq::new(2).unwrap()], by, reason, log: Some(Epoch([8; 16])) };
    view.apply(EPOCH, 9, &[stored(9, erased, None)], &[key()]).unwrap();
    assert_eq!(view.recent(9, None).unwrap()[2].label.as_deref(), Some("王*"));
}

#[test]
fn counts_and_open_arrivals() {
    let dir = tempfile::tempdir().unwrap();
    let view = filled(dir.path());
    let counts = view.counts_since(Wall(0)).unwrap();
    let admitted = counts.iter().filter(|count| count.verdict == Verdict::Admitted);
    assert_eq!(
        admitted.map(|count| (count.subject, count.count)).collect::<Vec<_>>(),
        [(SubjectKind::Person, 1), (SubjectKind::Vehicle, 1),]
    );
    assert_eq!(view.counts_since(Wall(7_000)).unwrap(), []);
    let open = view.open_arrivals(9).unwrap();
    assert_eq!(open.iter().map(|open| open.seq).collect::<Vec<_>>(), [8]);
}

#[test]
fn open_arrivals_are_in_the_order_of_the_log_and_not_of_a_clock_that_went_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut view = filled(dir.path());
    let stored = log().pop().unwrap();
    let mut entry = stored.entry().unwrap();
    (entry.seq, entry.stamp.wall) = (entry.seq.next(), Wall(entry.stamp.wall.0 - 315_360_000_000));
    view.apply(EPOCH, 9, &[Stored::new(&entry, Seal::None).unwrap()], &[]).unwrap();
    let open = view.open_arrivals(9).unwrap();
    assert_eq!(open.iter().map(|open| open.seq).collect::<Vec<_>>(), [9, 8]);
}

#[test]
fn no_name_number_or_plate_is_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    drop(filled(dir.path()));
    let bytes = std::fs::read(dir.path().join("view.sqlite")).unwrap();
    for text in ["王小明", "11010519491231002X", "川KA3476"] {
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
    assert!(bytes.windows(4).any(|window| window == "王*".as_bytes()), "the masked form is");
}

#[test]
fn applying_twice_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut view = filled(dir.path());
    let before = view.recent(10, None).unwrap();
    view.apply(EPOCH, 1, &log(), &[key()]).unwrap();
    assert_eq!((view.recent(10, None).unwrap(), view.applied(EPOCH).unwrap()), (before, 8));
}

#[test]
fn the_last_record_applied_is_noted_with_what_it_says_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let mut view =
        View::open(&dir.path().join("view.sqlite"), Blinder::new(&[1; 32]), Check::Pages).unwrap().0;
    let refuse = "CREATE TEMP TRIGGER full BEFORE INSERT ON passages WHEN new.seq = 6 BEGIN SELECT raise(ABORT, 'full'); END";
    view.connection.execute_batch(refuse).unwrap();
    assert!(view.apply(EPOCH, 1, &log(), &[key()]).is_err());
    assert_eq!((view.recent(9, None).unwrap(), view.applied(EPOCH).unwrap()), (vec![], 0));
    view.connection.execute_batch("DROP TRIGGER full").unwrap();
    view.apply(EPOCH, 1, &log(), &[key()]).unwrap();
    assert_eq!((view.recent(9, None).unwrap().len(), view.applied(EPOCH).unwrap()), (3, 8));
}

#[test]
fn a_second_writer_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("view.sqlite");
    let open = || View::open(&path, Blinder::new(&[1; 32]), Check::AsLeft).unwrap().0;
    let (records, start) = (log(), std::sync::Barrier::new(2));
    let write = |mut view: View| {
        start.wait();
        view.apply(EPOCH, 1, &records, &[key()]).unwrap();
    };
    let (one, other) = (open(), open());
    std::thread::scope(|scope| {
        scope.spawn(|| write(one));
        scope.spawn(|| write(other));
    });
    let view = open();
    assert_eq!((view.recent(9, None).unwrap().len(), view.open_arrivals(9).unwrap().len()), (3, 1));
}

#[test]
fn a_damaged_newer_or_foreign_file_is_set_aside_and_says_why() {
    let blinder = || Blinder::new(&[1; 32]);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("view.sqlite");
    drop(filled(dir.path()));
    let (view, why) = View::open(&path, blinder(), Check::Pages).unwrap();
    assert_eq!((why, view.applied(EPOCH).unwrap()), (None, 8), "a good one is kept");
    view.connection.pragma_update(None, "user_version", 9).unwrap();
    drop(view);
    let (view, why) = View::open(&path, blinder(), Check::AsLeft).unwrap();
    let why = why.unwrap();
    assert!(why.contains("view.sqlite") && why.contains("version 9") && why.contains("version 5"), "{why}");
    assert_eq!(view.applied(EPOCH).unwrap(), 0);
    assert!(dir.path().join("view.sqlite.set-aside-1").exists());
    drop(view);
    let (view, why) = View::open(&path, Blinder::new(&[2; 32]), Check::AsLeft).unwrap();
    assert!(why.unwrap().contains("another blinding key"));
    drop(view);
    std::fs::write(&path, b"not a database at all, but long enough to have been one").unwrap();
    let (_, why) = View::open(&path, blinder(), Check::AsLeft).unwrap();
    assert!(why.unwrap().contains("not a database"));
}

#[test]
fn pages_that_were_overwritten_are_noticed_and_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("view.sqlite");
    drop(filled(dir.path()));
    let mut bytes = std::fs::read(&path).unwrap();
    for page in bytes.chunks_mut(4_096).skip(1) {
        page.fill(0x5A);
    }
    std::fs::write(&path, bytes).unwrap();
    let (mut view, why) = View::open(&path, Blinder::new(&[1; 32]), Check::Pages).unwrap();
    assert!(why.is_some());
    view.apply(EPOCH, 1, &log(), &[key()]).unwrap();
    assert_eq!(view.recent(10, None).unwrap().len(), 3);
}

pub(super) fn filled(dir: &Path) -> View {
    let path = dir.join("view.sqlite");
    let (mut view, why) = View::open(&path, Blinder::new(&[1; 32]), Check::Pages).unwrap();
    assert_eq!(why, None);
    view.apply(EPOCH, 1, &log()[..3], &[key()]).unwrap();
    view.apply(EPOCH, 1, &log(), &[key()]).unwrap();
    view
}

pub(super) fn log() -> Vec<Stored> {
    let wang = Person {
        name: Some(Pii::new("王小明".to_owned())),
        id_number: Some(Pii::new("11010519491231002X".to_owned())),
        ..Person::default()
    };
    let truck = Vehicle { plate: Some(Pii::new("川KA3476".to_owned())), ..Vehicle::default() };
    let person = Personal { people: vec![wang.clone()], vehicle: None, note: None, picture: None };
    let vehicle = Personal { people: vec![wang], vehicle: Some(truck), note: None, picture: None };
    let mut referred = passage(3, SubjectKind::Person, Verdict::Referred);
    referred.reasons = vec![Reason::TemperatureElevated];
    referred.decided_by = Decider::Attendant("li".parse().unwrap());
    let crossed = Body::Crossed { arrival: Seq::FIRST, crossing: Crossing::Passed, counted: None };
    let admitted = |arrival, subject| Body::Passage(Box::new(passage(arrival, subject, Verdict::Admitted)));
    let bodies = [
        (arrived(SubjectKind::Person), None),
        (admitted(1, SubjectKind::Person), Some(person.clone())),
        (arrived(SubjectKind::Person), None),
        (Body::Passage(Box::new(referred)), None),
        (arrived(SubjectKind::Vehicle), None),
        (admitted(5, SubjectKind::Vehicle), Some(vehicle)),
        (crossed, None),
        (arrived(SubjectKind::Person), None),
    ];
    (1..).zip(bodies).map(|(number, (body, personal))| stored(number, body, personal)).collect()
}

pub(super) fn stored(number: u64, body: Body, personal: Option<Personal>) -> Stored {
    let stamp = Stamp {
        boot: BootId([1; 16]),
        mono: Mono(5),
        wall: Wall(i64::try_from(number).unwrap() * 1_000 - 1_500),
        trust: ClockTrust::None,
        max_error_ms: 0,
    };
    let seq = Seq::new(number).unwrap();
    let entry = Entry { seq, stamp, lane: Some("in-1".parse().unwrap()), body };
    let mut random = crate::base::Random::new(number);
    let seal = personal.map_or(Seal::None, |personal| key().seal(&personal, &mut random).unwrap());
    Stored::new(&entry, seal).unwrap()
}

/// A moment after everything here, by a clock that nobody vouches for.
pub(super) fn as_of() -> AsOf {
    let now = Stamp {
        boot: BootId([1; 16]),
        mono: Mono::from_millis(9_000),
        wall: Wall(9_000),
        trust: ClockTrust::None,
        max_error_ms: 0,
    };
    AsOf { now, ahead_minutes: 480 }
}

pub(super) fn key() -> SealingKey {
    SealingKey::new(1, [9; 32])
}

fn arrived(subject: SubjectKind) -> Body {
    Body::Arrived { subject, direction: Direction::Inbound }
}

pub(super) fn passage(arrival: u64, subject: SubjectKind, verdict: Verdict) -> Passage {
    Passage {
        arrival: Seq::new(arrival).unwrap(),
        follows: None,
        subject,
        direction: Direction::Inbound,
        class: Class::Resident,
        verdict,
        reasons: vec![],
        decided_by: Decider::Policy,
        profile: "residential-in".parse().unwrap(),
        policy: PolicyId([3; 16]),
        notice: None,
        steps: vec![],
        occupants: vec![],
        took_ms: 1_000,
        picture: None,
        grounds: None,
        stay: None,
    }
}
