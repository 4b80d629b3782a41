//! Erasing on request: on record before it is done, done whatever happens in between, and no proof is touched.

use kakou::base::{Random, Seq};
use kakou::journal::reader::logs;
use kakou::journal::verify::verify;
use kakou::journal::{Disk as _, Erasing, Journal, Order, Seal};
use kakou::model::{Body, Erasure};
use kakou::sim::disk::{Fault, FaultKind, SimDisk};

use crate::place::{Place, options, stamp};

#[test]
fn a_power_cut_at_any_operation_of_an_erasure_leaves_all_or_puts_it_through_and_no_root_changes() {
    let (mut cuts, mut finished) = (0, 0);
    for cut in 0.. {
        let mut place = Place::new();
        for number in 0..30 {
            place.append_person(&format!("王{number}"));
        }
        let before = place.recorder.note();
        let from = place.disk.operations() + cut;
        place.disk.inject(Some(Fault { from, count: u64::MAX - from, kind: FaultKind::Power }));
        let outcome = place.recorder.journal().erase(&what(&[2, 3, 29]), &order(), stamp());
        let done = place.disk.operations() <= from;
        assert_eq!(outcome.is_ok(), done, "{outcome:?}");
        for seed in 0..8 {
            let left = place.disk.crash(&mut Random::new(seed));
            let (journal, _) = Journal::open(left.clone(), options(), Box::new(Random::new(5))).unwrap();
            let mut reader = journal.reader(left.clone());
            assert_eq!(reader.frontier(before.size).unwrap().root(), before.root, "cut {cut}");
            let records = reader.read(Seq::FIRST, usize::MAX, usize::MAX).unwrap();
            let said =
                records.iter().any(|stored| matches!(stored.entry().unwrap().body, Body::Erased { .. }));
            let gone = records.iter().filter(|stored| matches!(stored.seal, Seal::Erased { .. })).count();
            assert_eq!(gone, if said { 3 } else { 0 }, "cut {cut}: on record {said}");
            assert!(!done || said, "cut {cut}: acknowledged");
            finished += usize::from(said && !done);
            let log = *logs(&mut left.clone()).unwrap().last().unwrap();
            assert_eq!(verify(&mut left.clone(), log).unwrap().findings, Vec::<String>::new());
        }
        cuts += 1;
        if done {
            break;
        }
    }
    assert!(cuts > 4 && finished > 4, "{cuts} cuts, {finished} finished at the next start");
}

#[test]
fn what_has_no_personal_part_is_passed_over_and_nothing_is_recorded_for_it() {
    let mut place = Place::new();
    place.append(3);
    place.append_person("王小明");
    let size = place.recorder.note().size;
    let erase = |place: &mut Place, records: &[u64]| {
        place.recorder.journal().erase(&what(records), &order(), stamp()).unwrap()
    };
    assert_eq!(erase(&mut place, &[1, 2, 999]), []);
    assert_eq!(place.recorder.note().size, size);
    assert_eq!(erase(&mut place, &[size, 1]), [Seq::new(size).unwrap()]);
    assert_eq!(erase(&mut place, &[size]), [], "twice changes nothing");
    assert_eq!(place.recorder.note().size, size + 1);
}

#[test]
fn an_older_log_is_erased_from_the_newest_one() {
    let mut place = Place::new();
    place.append_person("王小明");
    let (disk, old) = (place.disk.clone(), place.epoch);
    drop(place);
    // The old log's last segment is unreadable at its head: a new log begins.
    let file = disk.clone().list().unwrap().into_iter().find(|file| file.ends_with(".seg")).unwrap();
    let copy = SimDisk::new();
    for other in disk.clone().list().unwrap() {
        let bytes = disk.read(&other).unwrap();
        copy.clone().create(&other, bytes.len() as u64).unwrap();
        copy.clone().write_at(&other, 0, &bytes).unwrap();
        copy.clone().sync(&other).unwrap();
    }
    copy.clone().sync_dir().unwrap();
    let next = file.replacen("000001", "000002", 1);
    assert_ne!(next, file);
    let fresh = kakou::base::Epoch([9; 16]);
    let next = next.replace(&old.to_string(), &fresh.to_string());
    copy.clone().create(&next, 2_048).unwrap();
    let (mut journal, _) = Journal::open(copy.clone(), options(), Box::new(Random::new(6))).unwrap();
    assert_ne!(journal.epoch(), old);
    let what = Erasing { log: Some(old), records: (1..9).filter_map(Seq::new).collect() };
    let erased = journal.erase(&what, &order(), stamp()).unwrap();
    assert_eq!(erased.len(), 1);
    let said = journal.reader(copy.clone()).read(journal.durable().unwrap(), 1, usize::MAX).unwrap();
    assert!(matches!(said[0].entry().unwrap().body, Body::Erased { log: Some(log), .. } if log == old));
    for log in logs(&mut copy.clone()).unwrap() {
        assert_eq!(verify(&mut copy.clone(), log).unwrap().findings, Vec::<String>::new());
    }
}

fn what(records: &[u64]) -> Erasing {
    Erasing { log: None, records: records.iter().filter_map(|number| Seq::new(*number)).collect() }
}

fn order() -> Order {
    Order { by: "li-na".parse().unwrap(), reason: Erasure::Requested }
}
