//! Whether a view belongs to the logs that lie beside it.

use crate::passage::admitted;
use kakou::base::{BootId, ClockTrust, Mono, Random, Seq, Stamp, Wall};
use kakou::journal::reader::logs;
use kakou::journal::view::Check;
use kakou::journal::{Journal, Options, View};
use kakou::model::{Blinder, Body, Draft, Passage, SubjectKind, Verdict};
use kakou::sim::disk::SimDisk;

#[test]
fn a_view_that_is_not_of_these_logs_is_known_by_it() {
    let (short, long) = (SimDisk::new(), SimDisk::new());
    let mut journal = write(&short, 1, 8);

    let dir = tempfile::tempdir().unwrap();
    let mut view =
        View::open(&dir.path().join("view.sqlite"), Blinder::new(&[1; 32]), Check::Pages).unwrap().0;
    view.catch_up(&mut journal.open_log().reader(short.clone()), &[]).unwrap();
    assert_eq!(misfit(&view, &short, &journal), None);
    // The same log goes on: it fits.
    append(&mut journal, 3);
    assert_eq!(misfit(&view, &short, &journal), None);
    view.catch_up(&mut journal.open_log().reader(short.clone()), &[]).unwrap();

    // The journal comes from a backup that is older than the view, and then takes another way.
    let mut restored = write(&long, 1, 8);
    assert_eq!(restored.epoch(), journal.epoch(), "the same life of a log");
    assert!(misfit(&view, &long, &restored).unwrap().contains("ends at 8"));
    append(&mut restored, 20);
    assert!(misfit(&view, &long, &restored).unwrap().contains("another record 11"));

    // Another kiosk's card.
    let strange = SimDisk::new();
    let foreign = write(&strange, 2, 8);
    assert_ne!(foreign.epoch(), journal.epoch());
    assert!(misfit(&view, &strange, &foreign).unwrap().contains("not here"));
}

fn misfit(view: &View, disk: &SimDisk, journal: &Journal<SimDisk>) -> Option<String> {
    let logs = logs(&mut disk.clone()).unwrap();
    view.misfit(&logs, &mut journal.open_log().reader(disk.clone())).unwrap()
}

fn write(disk: &SimDisk, seed: u64, count: u64) -> Journal<SimDisk> {
    let options = Options { segment_len: 64 * 1024, ballast_len: 0, ..Options::new("gate".parse().unwrap()) };
    let mut journal = Journal::open(disk.clone(), options, Box::new(Random::new(seed))).unwrap().0;
    append(&mut journal, count);
    journal
}

fn append(journal: &mut Journal<SimDisk>, count: u64) {
    for number in 1..=count {
        let body = Body::Passage(Box::new(Passage {
            took_ms: u32::try_from(count).unwrap(),
            ..passage(number, SubjectKind::Person, Verdict::Admitted)
        }));
        let stamp = stamp();
        journal.append(Draft { lane: None, body, personal: None }, stamp).unwrap();
    }
    journal.commit().unwrap();
}

fn stamp() -> Stamp {
    let (boot, mono, wall) = (BootId([1; 16]), Mono(5), Wall::EARLIEST);
    Stamp { boot, mono, wall, trust: ClockTrust::Synced, max_error_ms: 0 }
}

/// A passage without anything particular.
pub fn passage(arrival: u64, subject: SubjectKind, verdict: Verdict) -> Passage {
    Passage { subject, verdict, ..admitted(Seq::new(arrival).unwrap()) }
}
