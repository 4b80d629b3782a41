//! The journal on a disk that loses power, fails, fills up and rots.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod damage;
mod fixtures;
mod mutations;
#[path = "../common/passage.rs"]
mod passage;
mod power;
mod prove;
mod roll;
mod rollback;
mod shift;
mod view;

use fixtures::*;
use kakou::base::{Random, Seq};
use kakou::journal::reader::logs;
use kakou::journal::verify::verify;
use kakou::journal::{Disk, HubOpener, Journal, Options, Seal, log};
use kakou::model::drift_note::Spread;
use kakou::model::trace::CalibrationId;
use kakou::model::{Body, BodySite, Direction, Draft, DriftNote, SubjectKind};
use kakou::sim::disk::SimDisk;

#[test]
fn what_was_appended_is_read_back_in_order_with_the_same_root() {
    let disk = SimDisk::new();
    let (mut journal, recovery) = open(&disk);
    assert!(recovery.fresh && recovery.is_untroubled());
    for number in 1..=200 {
        assert_eq!(journal.append(draft(number), stamp(number)).unwrap().get(), number);
        if number % 7 == 0 {
            assert_eq!(journal.commit().unwrap().map(Seq::get), Some(number));
        }
    }
    journal.commit().unwrap();
    let note = journal.note();
    let mut reader = journal.reader(disk.clone());
    let stored = reader.read(Seq::FIRST, usize::MAX, usize::MAX).unwrap();
    assert_eq!((stored.len() as u64, tree(&stored).root()), (note.size, note.root));
    assert!(segments(&disk).len() > 3, "segments were started");
    let mut one_by_one = vec![];
    while let [record] = &reader.read(seq(one_by_one.len() as u64 + 1), 1, 1).unwrap()[..] {
        one_by_one.push(record.clone());
    }
    assert_eq!(one_by_one, stored);
    for size in [0, 1, 37, 38, 120, 5, 200] {
        let expected = tree(&stored[..usize::try_from(size).unwrap()]);
        assert_eq!(reader.frontier(size).unwrap(), expected, "size {size}");
    }
    drop(journal);
    let (journal, recovery) = open(&disk);
    assert_eq!(journal.note(), note);
    assert!(recovery.is_untroubled(), "{recovery}");
    assert_eq!(recovery.last.map(|(seq, _)| seq.get()), Some(200));
    let report = verify(&mut disk.clone(), logs(&mut disk.clone()).unwrap()[0]).unwrap();
    assert_eq!((report.records, report.findings), (200, vec![]));
}

#[test]
fn an_arrival_without_a_verdict_is_found_again() {
    let disk = SimDisk::new();
    let (mut journal, _) = open(&disk);
    let arrived = || Body::Arrived { subject: SubjectKind::Person, direction: Direction::Inbound };
    append(&mut journal, 1..=30);
    let first = journal.append(plain(arrived()), stamp(1)).unwrap();
    journal.append(plain(passage(first)), stamp(2)).unwrap();
    let second = journal.append(plain(arrived()), stamp(3)).unwrap();
    append(&mut journal, 34..=40);
    journal.commit().unwrap();
    drop(journal);
    let (mut journal, recovery) = open(&disk);
    let open_arrivals: Vec<_> =
        recovery.open_arrivals.iter().map(|open| (open.arrival, open.stamp)).collect();
    assert_eq!(open_arrivals, [(second, stamp(3))]);
    assert!(!recovery.clean);
    journal.append(plain(passage(second)), stamp(5)).unwrap();
    journal.append(plain(Body::Stopped), stamp(6)).unwrap();
    journal.close().unwrap();
    let (_, recovery) = open(&disk);
    assert!(recovery.clean && recovery.open_arrivals.is_empty() && recovery.is_untroubled());
}

#[test]
fn the_last_notes_on_each_thermometer_are_found_again() {
    let disk = SimDisk::new();
    let (mut journal, _) = open(&disk);
    let note = |mean| DriftNote {
        screenings: 20,
        site: BodySite::ForeheadCentre,
        calibration: Some(CalibrationId([1; 8])),
        skin: Spread { mean: 3_410, deviation: 60 },
        surroundings: Spread { mean: 2_200, deviation: 10 },
        residual: Spread { mean, deviation: 62 },
        correction: -mean,
        high: 3,
        low: 1,
        reference: Some(-2),
    };
    let draft = |lane: &str, note| Draft {
        lane: lane.parse().ok(),
        body: Body::DriftNoted { note: Box::new(note) },
        personal: None,
    };
    for turn in 0..12 {
        journal.append(draft("east", note(turn)), stamp(1)).unwrap();
    }
    journal.append(draft("west", note(40)), stamp(1)).unwrap();
    journal.commit().unwrap();
    drop(journal);
    let (_, recovery) = open(&disk);
    let expected = [("east", (2..12).map(note).collect()), ("west", vec![note(40)])];
    assert_eq!(recovery.drift_notes, expected.map(|(lane, notes)| (lane.parse().unwrap(), notes)).into());
}

#[test]
fn a_full_disk_keeps_what_it_has_and_the_ballast_takes_the_last_records() {
    let disk = SimDisk::new();
    let options = Options { ballast_len: 8_192, ..options() };
    let (mut journal, _) = Journal::open(disk.clone(), options.clone(), Box::new(Random::new(1))).unwrap();
    disk.limit(30_000);
    let mut acknowledged = 0;
    let full = loop {
        match journal.append(draft(acknowledged + 1), stamp(1)).and_then(|_| journal.commit()) {
            Ok(durable) => acknowledged = durable.unwrap().get(),
            Err(error) => break error,
        }
    };
    assert!(matches!(full, log::Error::Full), "{full}");
    assert!(!journal.has_failed() && acknowledged > 20);
    assert!(matches!(journal.append(draft(1), stamp(1)), Err(log::Error::Full)), "still full");
    drop(journal);
    let (mut journal, _) = Journal::open(disk.clone(), options, Box::new(Random::new(2))).unwrap();
    assert_eq!(journal.durable().map(Seq::get), Some(acknowledged), "opens on a full disk");
    assert!(journal.release_ballast().unwrap());
    assert!(!journal.release_ballast().unwrap());
    append(&mut journal, acknowledged + 1..=acknowledged + 3);
    assert_eq!(journal.commit().unwrap().map(Seq::get), Some(acknowledged + 3));
    check_all(&disk, acknowledged + 3);
}

#[test]
fn a_log_of_another_kiosk_or_a_later_version_is_left_alone() {
    let disk = SimDisk::new();
    let (mut journal, _) = open(&disk);
    append(&mut journal, 1..=3);
    journal.commit().unwrap();
    drop(journal);
    let before = disk.read(&segments(&disk)[0]).unwrap();
    let other = Options { kiosk: "gate-2".parse().unwrap(), ..options() };
    let (journal, recovery) = Journal::open(disk.clone(), other, Box::new(Random::new(9))).unwrap();
    assert!(recovery.ended.unwrap().why.contains("gate-1"));
    assert_eq!(journal.note().size, 0);
    assert_eq!(disk.read(&segments(&disk)[0]).unwrap(), before);
    drop(journal);
    // A header of a later format, with a good checksum.
    let file = segments(&disk)[1].clone();
    let mut bytes = disk.read(&file).unwrap();
    bytes[8] = 9;
    let end = 88 + 8;
    let crc = crc32c::crc32c(&bytes[..end]);
    bytes[end..end + 4].copy_from_slice(&crc.to_le_bytes());
    let later = with_file(&disk, &file, &bytes);
    let (_, recovery) = open(&later);
    assert!(recovery.ended.unwrap().why.contains("format 9"));
    assert!(recovery.quarantined.is_empty());
    assert_eq!(later.read(&file).unwrap(), bytes);
}

#[test]
fn persons_are_sealed_on_the_disk_and_open_here_and_at_the_hub() {
    let disk = SimDisk::new();
    let hub = HubOpener::from_seed([3; 32]);
    let (mut journal, _) = open(&disk);
    journal.append(personal("王小明"), stamp(1)).unwrap();
    let opened = journal.sealer().key_opened(&hub.public()).unwrap();
    journal.append(plain(opened), stamp(2)).unwrap();
    journal.commit().unwrap();
    let epoch = journal.epoch();
    drop(journal);
    for file in disk.clone().list().unwrap() {
        let bytes = disk.read(&file).unwrap();
        assert!(!bytes.windows(9).any(|window| window == "王小明".as_bytes()), "{file}");
    }
    let (mut journal, _) = open(&disk);
    let stored = journal.reader(disk.clone()).read(Seq::FIRST, 9, usize::MAX).unwrap();
    assert!(matches!(stored[0].seal, Seal::Boxed { .. }));
    let here = journal.sealer().open_box(&stored[0].seal).unwrap();
    let body = stored[1].entry().unwrap().body;
    let key = hub.open_key(&"gate-1".parse().unwrap(), epoch, &body).unwrap();
    assert_eq!(key.open(&stored[0].seal).unwrap(), here);
    assert_eq!(here, personal("王小明").personal.unwrap());
}

#[test]
fn a_record_that_is_too_long_changes_nothing() {
    let disk = SimDisk::new();
    let (mut journal, _) = open(&disk);
    append(&mut journal, 1..=1);
    let long = Body::Booted { version: "x".repeat(70_000), recovered: None, clean: false };
    assert!(matches!(journal.append(plain(long), stamp(1)), Err(log::Error::Record(_))));
    let large = Body::Booted { version: "x".repeat(60_000), recovered: None, clean: false };
    assert_eq!(journal.append(plain(large), stamp(2)).unwrap().get(), 2, "larger than a segment");
    append(&mut journal, 3..=3);
    journal.commit().unwrap();
    drop(journal);
    check_all(&disk, 3);
}
