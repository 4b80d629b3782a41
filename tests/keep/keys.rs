//! Sealing keys: one a day, given to the hub first, destroyed when the site says so and the hub has them.

use std::time::Duration;

use kakou::base::{BootId, ClockTrust, Mono, Random, Seq, Wall};
use kakou::daemon::recorder::{Chore, Request};
use kakou::journal::reader::logs;
use kakou::journal::seal::{self, open_with_any};
use kakou::journal::verify::verify;
use kakou::journal::{Journal, Seal, SealingKey, Stored};
use kakou::model::Body;
use kakou::sim::disk::{Fault, FaultKind, SimDisk};

use crate::place::{DAY, Place, RULES, options, personal};

const WANG: &str = "王小明";
const LI: &str = "李秀英";

#[test]
fn a_new_key_seals_each_day_and_the_hub_has_it_before_any_record_that_needs_it() {
    let mut place = Place::new();
    for day in 0..4 {
        place.append_person(WANG);
        let person = Request { answer: None, draft: Box::new(personal(LI)), stamp: place.now };
        place.recorder.hand_in(person, &mut Vec::new());
        place.look();
        assert_eq!(place.keys().len(), day + 1);
        place.wait(DAY);
        place.look();
    }
    let opener = place.opener();
    let mut known: Vec<SealingKey> = vec![];
    let records = place.records();
    let mut boxes = 0;
    for stored in &records {
        let body = stored.entry().unwrap().body;
        if matches!(body, Body::KeyOpened { .. }) {
            known.push(opener.open_key(&options().kiosk, place.epoch, &body).unwrap());
        }
        if let Seal::Boxed { bytes, .. } = &stored.seal {
            let number = seal::box_key(bytes).unwrap();
            // The first key of a run is given with the run's first records, which this place leaves out.
            assert!(number == 1 || open_with_any(&known, &stored.seal).is_ok(), "key {number}");
            boxes += 1;
        }
    }
    assert_eq!((boxes, known.len()), (8, 4));
}

#[test]
fn a_key_is_destroyed_when_the_window_is_over_and_opens_nothing_any_more() {
    let mut place = Place::new();
    place.is_enrolled = false;
    place.append_person(WANG);
    let old = place.keys();
    let before = image(&place.disk);
    for day in 1..=15 {
        place.wait(DAY);
        place.look();
        place.append_person(LI);
        let held = place.keys().iter().any(|key| key.number() == 1);
        assert_eq!(held, day < 15, "day {day}: kept for fourteen days after it sealed last");
    }
    let records = place.records();
    assert!(
        records.iter().any(|stored| stored.entry().unwrap().body == Body::KeyDestroyed { key: 1, log: None })
    );
    let after = image(&place.disk);
    for name in [WANG, LI] {
        assert!(!contains(&before, name.as_bytes()) && !contains(&after, name.as_bytes()));
    }
    for key in &old {
        assert!(contains(&before, key.expose()), "the test looks in the right place");
        assert!(!contains(&after, key.expose()), "the key is on the disk still");
    }
    // The image together with every key in it opens the new boxes and none of the old ones.
    let (mut again, _) = Journal::open(place.disk.killed(), options(), Box::new(Random::new(4))).unwrap();
    let keys = again.sealer().keys();
    for stored in &records {
        let Seal::Boxed { bytes, .. } = &stored.seal else { continue };
        let is_old = seal::box_key(bytes) == Some(1);
        assert_eq!(open_with_any(&keys, &stored.seal).is_err(), is_old);
        assert!(!is_old || open_with_any(&old, &stored.seal).is_ok(), "the hub's copy opens it still");
    }
    assert!(place.files(".key").iter().all(|file| !file.ends_with("-0000000001.key")));
    whole(&place.disk);
}

#[test]
fn with_a_hub_a_key_waits_until_the_hub_has_signed_for_it_and_for_all_it_sealed() {
    let mut place = Place::new();
    place.give_key();
    place.append_person(WANG);
    let early = place.head();
    place.append_person(LI);
    for _ in 0..20 {
        place.wait(DAY);
        place.look();
    }
    assert_eq!(place.keys().len(), 21, "offline for weeks: nothing is destroyed");
    let mut keeper = place.keeper();
    keeper.hear(place.epoch, &early);
    place.work(&keeper.turn(&place.now));
    assert_eq!(place.keys().len(), 21, "the hub lacks a record that it sealed");
    keeper.hear(place.epoch, &place.head());
    for _ in 0..30 {
        place.work(&keeper.turn(&place.now));
    }
    assert_eq!(place.keys().first().map(SealingKey::number), Some(7), "fourteen days are left");
    whole(&place.disk);
}

#[test]
fn a_key_that_the_hub_was_never_given_is_kept() {
    let mut place = Place::new();
    place.append_person(WANG);
    place.append(300);
    for _ in 0..20 {
        place.wait(DAY);
        place.look();
    }
    let mut keeper = place.keeper();
    keeper.hear(place.epoch, &place.head());
    for _ in 0..5 {
        place.work(&keeper.turn(&place.now));
    }
    assert_eq!(place.keys().first().map(SealingKey::number), Some(1));
    // At the next start it is given, and then it goes.
    let mut keeper = place.keeper();
    place.give_key();
    keeper.hear(place.epoch, &place.head());
    for _ in 0..5 {
        place.work(&keeper.turn(&place.now));
    }
    assert!(place.keys().first().map(SealingKey::number) > Some(1));
}

#[test]
fn a_clock_that_nobody_vouches_for_destroys_nothing_however_wrong_it_is() {
    for years in [-10_i64, 10] {
        let mut place = Place::new();
        place.is_enrolled = false;
        place.append_person(WANG);
        place.restart(ClockTrust::None, Duration::from_secs(60), years * 365 * 86_400_000);
        place.look();
        place.look();
        assert!(place.keys().iter().any(|key| key.number() == 1), "{years} years");
    }
}

#[test]
fn without_a_trusted_clock_the_hours_of_running_count_across_restarts() {
    let mut place = Place::new();
    place.is_enrolled = false;
    place.now.trust = ClockTrust::None;
    place.append_person(WANG);
    let mut days = 0;
    // Twelve hours a day, a clock that starts anew each time.
    while place.keys().iter().any(|key| key.number() == 1) {
        place.wait(DAY / 2);
        place.append_person(LI);
        place.restart(ClockTrust::None, Duration::from_secs(30), 0);
        place.look();
        days += 1;
        assert!(days < 60, "never destroyed");
    }
    assert!((28..=32).contains(&days), "fourteen days of running: {days}");
}

#[test]
fn a_power_cut_at_any_operation_of_a_destruction_never_leaves_a_record_that_is_not_true() {
    let mut cuts = 0;
    for cut in 0.. {
        let mut place = Place::new();
        place.is_enrolled = false;
        place.append_person(WANG);
        let secret = *place.keys()[0].expose();
        for _ in 0..15 {
            place.wait(DAY);
            place.work(&[Chore::TurnKey { hub: None, ahead_minutes: 480 }]);
        }
        let from = place.disk.operations() + cut;
        place.disk.inject(Some(Fault { from, count: u64::MAX - from, kind: FaultKind::Power }));
        place.work(&[Chore::DestroyKey(1)]);
        let done = place.disk.operations() <= from;
        for seed in 0..8 {
            let left = place.disk.crash(&mut Random::new(seed));
            let (mut journal, _) = Journal::open(left.clone(), options(), Box::new(Random::new(5))).unwrap();
            let records = journal.reader(left.clone()).read(Seq::FIRST, usize::MAX, usize::MAX).unwrap();
            let destroyed = Body::KeyDestroyed { key: 1, log: None };
            let said = records.iter().any(|stored| stored.entry().unwrap().body == destroyed);
            let held = contains(&image(&left), &secret);
            assert!(!(said && held), "cut {cut}: on record and not true");
            assert!(!done || (said && !held), "cut {cut}: acknowledged");
            // The next run ends what was begun.
            let unfinished = journal.sealer().ring().half_destroyed();
            assert!(held || said || unfinished == [1], "cut {cut}: destroyed and nobody will say so");
            whole(&left);
        }
        cuts += 1;
        if done {
            break;
        }
    }
    assert!(cuts > 5, "{cuts} cuts");
}

#[test]
fn a_key_that_cannot_be_stored_leaves_the_old_one_sealing() {
    let mut place = Place::new();
    place.wait(DAY);
    let from = place.disk.operations();
    for kind in [FaultKind::Full, FaultKind::Medium] {
        for skip in 0..3 {
            place.disk.inject(Some(Fault { from: place.disk.operations() + skip, count: 1, kind }));
            place.look();
            place.disk.inject(None);
            assert!(place.disk.operations() > from && !place.recorder.has_failed(), "{kind:?} {skip}");
            assert_eq!(place.keys().len(), 1);
            place.append_person(WANG);
        }
    }
    place.look();
    assert_eq!(place.keys().len(), 2, "tried again");
    whole(&place.disk);
}

impl Place {
    /// Does what the keeper of this moment asks for.
    pub fn look(&mut self) {
        let mut keeper = self.keeper();
        let chores = keeper.turn(&self.now);
        self.work(&chores);
    }

    pub fn work(&mut self, chores: &[Chore]) {
        for chore in chores {
            self.recorder.commit(&mut vec![]);
            self.recorder.chore(chore, self.now, &mut vec![]);
        }
        self.recorder.commit(&mut vec![]);
    }

    pub fn keys(&mut self) -> Vec<SealingKey> {
        self.recorder.journal().sealer().keys()
    }

    /// Gives the hub every key, as a start does.
    pub fn give_key(&mut self) {
        let public = self.opener().public();
        for body in self.recorder.journal().sealer().all_keys_opened(&public).unwrap() {
            let draft = kakou::model::Draft { lane: None, body, personal: None };
            self.recorder.journal().append(draft, self.now).unwrap();
        }
        self.recorder.journal().commit().unwrap();
    }

    pub fn records(&mut self) -> Vec<Stored> {
        self.recorder.commit(&mut vec![]);
        self.reader().read(Seq::FIRST, usize::MAX, usize::MAX).unwrap()
    }

    /// Starts anew after another boot, whose clock is off by `wall_ms` from where it began.
    pub fn restart(&mut self, trust: ClockTrust, up: Duration, wall_ms: i64) {
        let boot = BootId([self.now.boot.0[0] + 1; 16]);
        let entropy = Box::new(Random::new(self.disk.operations()));
        let (mut journal, recovery) = Journal::open(self.disk.clone(), options(), entropy).unwrap();
        self.now = kakou::base::Stamp {
            boot,
            mono: Mono::ZERO + up,
            wall: Wall(crate::place::NOW.0 + wall_ms),
            trust,
            max_error_ms: 0,
        };
        let last = recovery.last.map(|(_, stamp)| stamp);
        journal.turn_key(&self.now, last.as_ref(), RULES.ahead_minutes).unwrap();
        self.recorder = kakou::daemon::recorder::Recorder::new(journal);
    }
}

/// Every byte of every file.
pub fn image(disk: &SimDisk) -> Vec<u8> {
    use kakou::journal::Disk as _;
    let files = disk.clone().list().unwrap();
    files.iter().flat_map(|file| disk.read(file).unwrap()).collect()
}

pub fn contains(image: &[u8], bytes: &[u8]) -> bool {
    image.windows(bytes.len()).any(|window| window == bytes)
}

pub fn whole(disk: &SimDisk) {
    let log = *logs(&mut disk.clone()).unwrap().last().unwrap();
    let report = verify(&mut disk.clone(), log).unwrap();
    assert_eq!(report.findings, Vec::<String>::new());
}
