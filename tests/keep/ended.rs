//! Logs that ended: their sealing keys go when nobody may open them here any more, and the keeper follows the new log.

use std::time::Duration;

use kakou::base::{ClockTrust, Epoch, Random, Seq};
use kakou::daemon::recorder::{Chore, Recorder, Request, SealsFor};
use kakou::journal::ended_keys::{EndedKey, ended_keys};
use kakou::journal::key_file::held_keys;
use kakou::journal::reader::logs;
use kakou::journal::seal::open_with_any;
use kakou::journal::{Disk as _, Journal, Reader, Seal, SealingKey};
use kakou::model::Body;
use kakou::sim::disk::{Fault, FaultKind};
use kakou::sync::wire::Head;

use crate::keys::{contains, image, whole};
use crate::place::{DAY, Place, options, personal};

const WANG: &str = "王小明";
const LI: &str = "李秀英";

#[test]
fn keys_of_an_ended_log_go_once_the_new_one_is_as_old_as_personal_data_may_be() {
    let mut place = Place::new();
    place.is_enrolled = false;
    place.append_person(WANG);
    place.wait(DAY);
    place.look();
    let old = place.keys();
    assert_eq!(old.len(), 2);
    let ended = place.end_log();
    for key in &old {
        assert!(contains(&image(&place.disk), key.expose()), "the test looks in the right place");
    }
    for day in 1..=14 {
        place.wait(DAY);
        let mut keeper = place.keeper();
        place.turns(&mut keeper);
        let left = held_keys(&mut place.disk, ended).unwrap().len();
        assert_eq!(left, if day < 14 { 2 } else { 0 }, "day {day}");
    }
    for key in &old {
        assert!(!contains(&image(&place.disk), key.expose()));
    }
    let said: Vec<Body> = place.records().iter().map(|stored| stored.entry().unwrap().body).collect();
    for key in 1..=2 {
        assert!(said.contains(&Body::KeyDestroyed { key, log: Some(ended) }));
    }
    assert!(place.keys().iter().any(|key| key.number() == 1), "of the same number in the new log");
    whole(&place.disk);
}

#[test]
fn with_a_hub_they_wait_until_it_has_the_log_and_was_given_them() {
    for given in [true, false] {
        let mut place = Place::new();
        place.append_person(WANG);
        if given {
            place.give_key();
        }
        let ended = place.end_log();
        place.give_key();
        place.wait(DAY * 20);
        let mut keeper = place.keeper();
        place.turns(&mut keeper);
        assert_eq!(held_keys(&mut place.disk, ended).unwrap().len(), 1, "the hub may lack something");
        keeper.hear(ended, &Head { ended: false, ..place.head() });
        place.turns(&mut keeper);
        assert_eq!(held_keys(&mut place.disk, ended).unwrap().len(), 1, "it lacks something");
        keeper.hear(ended, &Head { ended: true, ..place.head() });
        place.turns(&mut keeper);
        assert_eq!(held_keys(&mut place.disk, ended).unwrap().is_empty(), given, "{given}");
        whole(&place.disk);
    }
}

#[test]
fn a_key_of_a_log_of_which_no_record_is_left_needs_no_word_from_the_hub() {
    let mut place = Place::new();
    place.append_person(WANG);
    let ended = place.end_log();
    for file in place.files(".seg").iter().filter(|file| file.contains(&ended.to_string())) {
        place.disk.clone().remove(file).unwrap();
    }
    let mut keeper = place.keeper();
    place.wait(DAY * 13);
    place.turns(&mut keeper);
    assert_eq!(held_keys(&mut place.disk, ended).unwrap().len(), 1);
    place.wait(DAY);
    place.turns(&mut keeper);
    assert_eq!(held_keys(&mut place.disk, ended).unwrap().len(), 0);
}

#[test]
fn a_power_cut_while_one_is_destroyed_never_leaves_a_record_that_is_not_true() {
    let mut cuts = 0;
    for cut in 0.. {
        let mut place = Place::new();
        place.is_enrolled = false;
        place.append_person(WANG);
        let secret = *place.keys()[0].expose();
        let key = EndedKey { log: place.end_log(), number: 1 };
        let from = place.disk.operations() + cut;
        place.disk.inject(Some(Fault { from, count: u64::MAX - from, kind: FaultKind::Power }));
        place.work(&[Chore::DestroyEndedKey(key)]);
        let done = place.disk.operations() <= from;
        for seed in 0..8 {
            let left = place.disk.crash(&mut Random::new(seed));
            let (journal, _) = Journal::open(left.clone(), options(), Box::new(Random::new(5))).unwrap();
            let records = journal.reader(left.clone()).read(Seq::FIRST, usize::MAX, usize::MAX).unwrap();
            let destroyed = Body::KeyDestroyed { key: 1, log: Some(key.log) };
            let said = records.iter().any(|stored| stored.entry().unwrap().body == destroyed);
            let held = contains(&image(&left), &secret);
            assert!(!(said && held), "cut {cut}: on record and not true");
            assert!(!done || (said && !held), "cut {cut}: acknowledged");
            // The next run ends what was begun, whatever its clock says.
            let mut next = Place::on(left.clone());
            (next.is_enrolled, next.now.trust) = (false, ClockTrust::None);
            next.look();
            let said = next.records().iter().any(|stored| stored.entry().unwrap().body == destroyed);
            assert_eq!(said, !held, "cut {cut}");
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
fn the_key_of_the_log_that_is_written_is_no_ended_one() {
    let mut place = Place::new();
    place.append_person(WANG);
    let own = EndedKey { log: place.epoch, number: 1 };
    assert!(!place.recorder.journal().destroy_ended_key(own, place.now).unwrap());
    let strange = EndedKey { log: Epoch([9; 16]), number: 1 };
    assert!(!place.recorder.journal().destroy_ended_key(strange, place.now).unwrap());
    assert_eq!((place.keys().len(), ended_keys(&mut place.disk, place.epoch).unwrap()), (1, vec![]));
}

#[test]
fn a_log_that_begins_while_the_kiosk_runs_gives_the_hub_its_key_before_anything_it_sealed() {
    let mut place = Place::new();
    let hub = Some(place.opener().public());
    let journal = Journal::open(place.disk.clone(), options(), Box::new(Random::new(8))).unwrap().0;
    place.recorder = Recorder::new(journal).sealing_for(SealsFor { hub, ahead_minutes: 480 });
    place.append_person(WANG);
    place.append_person(WANG);
    let mut keeper = place.keeper();
    let receipt = place.head();
    keeper.hear(place.epoch, &receipt);
    let ended = place.epoch;

    let (from, kind) = (place.disk.operations(), FaultKind::Medium);
    place.disk.inject(Some(Fault { from, count: 1, kind }));
    let person = Request { answer: None, draft: Box::new(personal(LI)), stamp: place.now };
    place.recorder.hand_in(person, &mut vec![]);
    place.recorder.commit(&mut vec![]);
    assert!(place.recorder.has_failed());
    place.disk.inject(None);
    place.spoil();
    place.recorder.retry(&mut vec![]);
    place.epoch = place.recorder.epoch();
    assert_ne!(place.epoch, ended);

    let records = place.records();
    let given = records[0].entry().unwrap().body;
    let key = place.opener().open_key(&options().kiosk, place.epoch, &given).unwrap();
    let boxes: Vec<&Seal> =
        records.iter().map(|stored| &stored.seal).filter(|seal| **seal != Seal::None).collect();
    assert_eq!(boxes.len(), 1);
    assert!(open_with_any(&[key], boxes[0]).is_ok());

    // The keeper goes on with the new log, and has written down what it heard of the old one.
    keeper.hear(place.epoch, &place.head());
    assert_eq!(keeper.status().receipted, 2);
    keeper.follow(&place.recorder.journal().open_log());
    let kept = place.disk.read(&format!("{ended}.cosigned")).unwrap();
    assert_eq!(Some(String::from_utf8(kept).unwrap()), receipt.cosigned);
    assert_eq!(keeper.status().receipted, 0);
    keeper.hear(place.epoch, &place.head());
    assert_eq!(keeper.status().receipted, records.len() as u64);
    place.wait(DAY);
    place.turns(&mut keeper);
    assert_eq!(
        place.keys().iter().map(SealingKey::number).collect::<Vec<_>>(),
        [1, 2],
        "a key a day here too"
    );
}

impl Place {
    /// Damages the log so that its root is lost, and starts anew: another log begins. Returns the old one.
    fn end_log(&mut self) -> Epoch {
        let ended = self.epoch;
        // Something whole behind the damage: what is torn at the end is merely cut.
        self.append(2);
        self.spoil();
        self.restart(ClockTrust::Synced, Duration::from_secs(60), self.now.wall.0 - crate::place::NOW.0);
        self.epoch = self.recorder.epoch();
        assert_ne!(self.epoch, ended);
        ended
    }

    /// Damages the first record of the newest segment.
    fn spoil(&self) {
        let file = self.files(".seg").pop().unwrap();
        let at = self.disk.read(&file).unwrap().windows(4).position(|window| window == b"in-1").unwrap();
        self.disk.flip(&file, at, 1);
        let name = *logs(&mut self.disk.clone()).unwrap().last().unwrap();
        let from = Seq::new(Reader::open(self.disk.clone(), name).unwrap().durable().unwrap().get()).unwrap();
        assert!(from.get() > 1, "a whole one is behind it");
    }

    /// Lets a keeper ask until nothing is due any more.
    fn turns(&mut self, keeper: &mut kakou::daemon::keeper::Keeper<kakou::sim::disk::SimDisk>) {
        for _ in 0..9 {
            let chores = keeper.turn(&self.now);
            self.work(&chores);
        }
    }
}
