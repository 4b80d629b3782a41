//! A disk that fills up: said long before, the ballast given up once and laid again, nothing lost in between.

use kakou::base::Random;
use kakou::control::{DiskStatus, RoomMark};
use kakou::daemon::{News, Recorder, Request};
use kakou::journal::{Disk as _, Journal, Options};
use kakou::model::{Body, Draft};
use kakou::platform::clock::Clock;
use kakou::sim::disk::{Fault, FaultKind, SimDisk};

const SEGMENT: u64 = 2_048;
const BALLAST: u64 = 8_192;

#[test]
fn a_disk_that_fills_up_is_said_before_goes_on_without_its_ballast_and_recovers() {
    let clock = Clock::new().unwrap();
    let disk = SimDisk::new();
    disk.limit(100_000);
    let mut recorder = recorder(&disk);
    recorder.survey(&clock.stamp());
    assert_eq!(recorder.disk().mark, RoomMark::Ample);
    let mut seen = vec![];
    let failed = loop {
        let news = append(&mut recorder, &clock);
        recorder.survey(&clock.stamp());
        let mark = recorder.disk().mark;
        if seen.last() != Some(&mark) {
            seen.push(mark);
        }
        if recorder.has_failed() {
            break news;
        }
        assert!(!news.iter().any(|news| matches!(news, News::Failed(_))), "goes on without an interruption");
    };
    assert_eq!(seen, [RoomMark::Ample, RoomMark::Low, RoomMark::Reserve]);
    assert!(
        failed.iter().any(|news| matches!(news, News::Failed(why) if why.contains("disk is full"))),
        "{failed:?}"
    );
    assert!(!has_ballast(&disk));
    let (durable, mut news) = (recorder.durable().unwrap(), vec![]);
    disk.limit(110_000);
    recorder.retry(&mut news);
    assert!(!recorder.has_failed() && news.contains(&News::Restored));
    assert!(recorder.durable().unwrap() > durable, "what waited is written");
    recorder.survey(&clock.stamp());
    assert_eq!((recorder.disk().mark, has_ballast(&disk)), (RoomMark::Reserve, false), "no room for it yet");
    disk.limit(200_000);
    recorder.survey(&clock.stamp());
    assert_eq!((recorder.disk().mark, has_ballast(&disk)), (RoomMark::Ample, true));
    assert_eq!(recorder.disk().faults, 0, "a full disk is no fault of the disk");
}

#[test]
fn a_disk_that_keeps_failing_is_told_from_one_that_failed_once() {
    let clock = Clock::new().unwrap();
    let disk = SimDisk::new();
    let mut recorder = recorder(&disk);
    for round in 1..=3 {
        disk.inject(Some(Fault { from: disk.operations(), count: u64::MAX / 2, kind: FaultKind::Medium }));
        append(&mut recorder, &clock);
        assert!(recorder.has_failed());
        recorder.retry(&mut vec![]);
        assert!(recorder.has_failed());
        disk.inject(None);
        recorder.retry(&mut vec![]);
        assert_eq!((recorder.has_failed(), recorder.disk().faults), (false, round));
    }
    recorder.survey(&clock.stamp());
    assert!(recorder.disk().faults >= DiskStatus::FAULTS_MANY && recorder.disk().free_mib.is_none());
}

fn recorder(disk: &SimDisk) -> Recorder<SimDisk> {
    let options = Options {
        kiosk: "east-1".parse().unwrap(),
        segment_len: SEGMENT,
        ballast_len: BALLAST,
        witness: None,
    };
    Recorder::new(Journal::open(disk.clone(), options, Box::new(Random::new(3))).unwrap().0)
}

fn append(recorder: &mut Recorder<SimDisk>, clock: &Clock) -> Vec<News> {
    let mut news = vec![];
    let draft = Box::new(Draft { lane: None, body: Body::Stopped, personal: None });
    recorder.hand_in(Request { answer: None, draft, stamp: clock.stamp() }, &mut news);
    recorder.commit(&mut news);
    news
}

fn has_ballast(disk: &SimDisk) -> bool {
    disk.clone().list().unwrap().iter().any(|file| file == "ballast")
}
