//! The way of a picture to the hub: whole, once, and nothing else.

use std::time::Duration;

use kakou::base::{BlobId, KioskId, Mono, Random};
use kakou::journal::picture::name_of;
use kakou::sim::disk::SimDisk;
use kakou::sync::blobs::intake::{Held, NotTaken};
use kakou::sync::blobs::{Action, Answer, CHUNK, Intake, LENGTH_MAX, QUOTA, Records, Store};

use crate::way::{Fate, Named, Way};

/// A picture of 640 × 480 halved once, sealed: nine chunks and a bit.
const LENGTH: usize = 300_000;

#[test]
fn a_picture_arrives_whole_in_the_order_in_which_they_were_taken_and_goes_here() {
    let mut way = Way::new();
    let taken: Vec<_> = (1..=3).map(|seed| way.take(seed, LENGTH)).collect();
    way.run(|_| Fate::Arrives);
    way.check(&taken);
    for sealed in &taken {
        let name = format!("east-1.{}", sealed.picture.sha256);
        assert_eq!(way.hub_disk.read(&name).unwrap(), sealed.bytes);
        assert!(way.disk.read(&sealed.picture.sha256.to_string()).is_err(), "the hub has it");
    }
    assert_eq!(
        way.sent,
        taken.iter().map(|sealed| sealed.bytes.len() as u64).sum::<u64>(),
        "not a byte twice"
    );
}

#[test]
fn a_line_that_is_cut_at_any_request_or_answer_costs_no_more_than_one_chunk() {
    let requests = {
        let mut way = Way::new();
        way.take(1, LENGTH);
        way.run(|_| Fate::Arrives);
        way.asked
    };
    assert!(requests > 9, "{requests}");
    for cut in 0..requests {
        for fate in [Fate::Lost, Fate::AnswerLost] {
            let mut way = Way::new();
            let taken = [way.take(1, LENGTH)];
            way.run(|number| if number == cut { fate } else { Fate::Arrives });
            way.check(&taken);
            assert_eq!(way.queue.waiting(), 0, "{fate:?} at {cut}");
            let more = way.sent - taken[0].bytes.len() as u64;
            assert!(more <= CHUNK as u64, "{fate:?} at {cut}: {more} bytes twice");
        }
    }
}

#[test]
fn most_of_all_requests_may_be_lost() {
    for seed in 0..30 {
        let mut way = Way::new();
        let taken: Vec<_> = (1..=2).map(|number| way.take(seed * 10 + number, LENGTH)).collect();
        way.run(|number| match Random::new(seed * 100_000 + number).below(3) {
            0 => Fate::Arrives,
            1 => Fate::Lost,
            _ => Fate::AnswerLost,
        });
        // What the hub does on each request is never undone by whatever is lost.
        way.run(|_| Fate::Arrives);
        way.check(&taken);
        assert_eq!(way.queue.waiting(), 0, "seed {seed}");
    }
}

#[test]
fn either_side_may_start_again_at_any_request() {
    for cut in 0..12 {
        for side in ["kiosk", "hub", "both"] {
            let mut way = Way::new();
            let taken = [way.take(1, LENGTH)];
            while way.asked <= cut && way.step(&|_| Fate::Arrives).is_none() {}
            if side != "hub" {
                way.restart_kiosk();
            }
            if side != "kiosk" {
                way.restart_hub();
            }
            way.run(|_| Fate::Arrives);
            way.check(&taken);
            assert_eq!(way.queue.waiting(), 0, "{side} at {cut}");
            assert!(way.disk.read(&taken[0].picture.sha256.to_string()).is_err(), "{side} at {cut}");
        }
    }
}

#[test]
fn nothing_but_what_a_record_names_is_taken_and_it_is_asked_for_again_later() {
    let mut way = Way::new();
    let (early, late) = (way.take(1, LENGTH), way.take(2, LENGTH));
    way.named.remove(&early.picture.sha256);
    while way.step(&|_| Fate::Arrives).is_none() {}
    assert!(way.hub_disk.read(&format!("east-1.{}", late.picture.sha256)).is_ok(), "it holds up no other");
    assert_eq!((way.queue.waiting(), way.put(&early.picture.sha256, 0, &[1])), (1, Answer::Unknown));
    assert!(way.disk.read(&early.picture.sha256.to_string()).is_ok(), "evidence is not dropped for that");
    way.named.insert(early.picture.sha256, Named::Long(early.picture.length));
    way.run(|_| Fate::Arrives);
    way.check(&[early, late]);
    assert_eq!(way.queue.waiting(), 0);
}

#[test]
fn what_is_erased_is_not_wanted_and_goes_here_too() {
    let mut way = Way::new();
    let sealed = way.take(1, LENGTH);
    for _ in 0..4 {
        way.step(&|_| Fate::Arrives);
    }
    way.named.insert(sealed.picture.sha256, Named::Erased);
    way.intake.forget(&way.kiosk, &sealed.picture.sha256).unwrap();
    way.run(|_| Fate::Arrives);
    assert!(way.disk.read(&sealed.picture.sha256.to_string()).is_err());
    assert!(way.hub_disk.read(&format!("east-1.{}", sealed.picture.sha256)).is_err());
}

#[test]
fn a_picture_that_is_damaged_here_is_set_aside_and_never_sent() {
    let mut way = Way::new();
    let (bad, good) = (way.take(1, LENGTH), way.take(2, LENGTH));
    way.disk.flip(&bad.picture.sha256.to_string(), 70_000, 4);
    way.run(|_| Fate::Arrives);
    assert_eq!((way.queue.damaged(), way.queue.waiting()), (1, 0));
    assert_eq!(way.sent, good.bytes.len() as u64, "not a byte of it");
    assert!(
        way.disk.read(&format!("{}.damaged", bad.picture.sha256)).is_ok(),
        "it is kept for whoever looks"
    );
    way.restart_kiosk();
    assert!(matches!(way.queue.next(way.now, Records::Sent), Action::Ask(_)), "known from the start");
}

#[test]
fn other_bytes_than_the_name_says_are_no_evidence_and_the_true_ones_still_are() {
    let mut way = Way::new();
    let sealed = way.take(1, 1_000);
    let (blob, length) = (sealed.picture.sha256, sealed.picture.length);
    let mut other = sealed.bytes.clone();
    other[500] ^= 1;
    assert_eq!(way.put(&blob, 0, &other), Answer::Mixed);
    assert!(way.hub_disk.read(&format!("east-1.{blob}")).is_err());
    assert_eq!(way.intake.held(&way.kiosk, &blob, length).unwrap(), Held::Part(0));
    way.run(|_| Fate::Arrives);
    way.check(std::slice::from_ref(&sealed));
    assert_eq!(way.put(&blob, 0, &other), Answer::Whole, "what is whole stays what it is");
    assert_eq!(way.hub_disk.read(&format!("east-1.{blob}")).unwrap(), sealed.bytes);
}

#[test]
fn no_chunk_goes_beyond_what_the_record_says_or_past_what_is_there() {
    let mut way = Way::new();
    let sealed = way.take(1, 1_000);
    let (kiosk, blob, length) = (way.kiosk.clone(), sealed.picture.sha256, sealed.picture.length);
    let longer = [&sealed.bytes[..], &[0]].concat();
    let mut put = |length, at, chunk: &[u8]| way.intake.put((&kiosk, &blob, length), at, chunk, way.now);
    assert!(matches!(put(length, 0, &longer), Err(NotTaken::TooLong { .. })));
    assert!(matches!(put(LENGTH_MAX + 1, 0, &[1]), Err(NotTaken::TooLong { .. })));
    assert!(matches!(put(length, u32::MAX, &[1]), Err(NotTaken::TooLong { .. })));
    assert!(matches!(put(length, 5, &[1]), Err(NotTaken::At(0))), "nothing is there");
    assert_eq!(put(length, 0, &sealed.bytes[..600]).unwrap(), Held::Part(600));
    assert!(matches!(put(length, 0, &sealed.bytes[..600]), Err(NotTaken::At(600))), "twice");
    assert!(matches!(put(length, 700, &sealed.bytes[700..]), Err(NotTaken::At(600))), "a gap");
    assert_eq!(put(length, 600, &sealed.bytes[600..]).unwrap(), Held::Whole(length));
}

#[test]
fn a_kiosk_has_a_quota_and_is_told_in_words() {
    let mut way = Way::with_quota(250_000);
    let taken: Vec<_> = (1..=3).map(|seed| way.take(seed, 100_000)).collect();
    way.run(|_| Fate::Arrives);
    way.check(&taken);
    assert_eq!(way.queue.waiting(), 1);
    let why = way.queue.error().unwrap().to_owned();
    assert!(why.contains("200088 of 250000 bytes"), "{why}");
    // Another kiosk's room is its own, and it does not see what this one sent.
    let (other, blob, length): (KioskId, _, _) =
        ("west-1".parse().unwrap(), taken[0].picture.sha256, taken[0].picture.length);
    assert_eq!(way.intake.held(&other, &blob, length).unwrap(), Held::Part(0));
    let whole = way.intake.put((&other, &blob, length), 0, &taken[0].bytes, way.now).unwrap();
    assert_eq!(whole, Held::Whole(length));
    // What is erased makes room, also after a new start that counts what is there.
    way.intake = Intake::open(Store::new(way.hub_disk.clone()), 250_000).unwrap();
    way.intake.forget(&way.kiosk, &blob).unwrap();
    way.run(|_| Fate::Arrives);
    assert_eq!(way.queue.waiting(), 0);
    assert!(way.hub_disk.read(&format!("west-1.{blob}")).is_ok(), "the other's stays");
}

#[test]
fn what_is_under_way_at_a_hub_is_bounded_and_an_idle_one_gives_way() {
    let mut intake = Intake::open(Store::new(SimDisk::new()), QUOTA).unwrap();
    let mut begin = |number: u32, now: Mono| {
        let kiosk: KioskId = format!("kiosk-{number}").parse().unwrap();
        intake.put((&kiosk, &BlobId([7; 32]), 1_000), 0, &[1; 500], now)
    };
    let now = Mono::from_millis(1_000);
    for number in 0..64 {
        assert_eq!(begin(number, now).unwrap(), Held::Part(500));
    }
    assert!(matches!(begin(64, now), Err(NotTaken::Busy)));
    let later = now + Duration::from_mins(2);
    assert_eq!(begin(64, later).unwrap(), Held::Part(500));
}

#[test]
fn of_one_kiosk_one_part_is_under_way_and_another_takes_its_place() {
    let mut way = Way::new();
    let (one, two) = (way.take(1, 1_000), way.take(2, 1_000));
    assert_eq!(way.put(&one.picture.sha256, 0, &one.bytes[..10]), Answer::At(10));
    assert_eq!(way.put(&two.picture.sha256, 0, &two.bytes[..20]), Answer::At(20));
    assert_eq!(way.ask(&one.picture.sha256), Answer::At(0));
    assert_eq!(way.put(&one.picture.sha256, 0, &one.bytes), Answer::Whole);
    assert_eq!(name_of(&one.bytes), one.picture.sha256);
}

#[test]
fn a_hub_whose_disk_fails_takes_the_last_chunk_again() {
    use kakou::sim::disk::{Fault, FaultKind};
    for kind in [FaultKind::Medium, FaultKind::Full] {
        for from in 0..5 {
            let mut way = Way::new();
            let taken = [way.take(1, LENGTH)];
            way.hub_disk.inject(Some(Fault { from, count: 1, kind }));
            way.run(|_| Fate::Arrives);
            way.check(&taken);
            assert_eq!(way.queue.waiting(), 0, "{kind:?} at {from}");
        }
    }
}
