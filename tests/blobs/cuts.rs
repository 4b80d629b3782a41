//! Power cuts between a record and its picture, and within an erasure.

use kakou::base::{Mono, Random, Seq};
use kakou::journal::picture::name_of;
use kakou::journal::{Disk, Erasing, Order, Seal};
use kakou::model::{Body, Erasure, Verdict};
use kakou::sim::disk::{Fault, FaultKind, SimDisk};
use kakou::sync::blobs::Store;
use kakou::sync::blobs::named::{blob_of, forget_erased};

use crate::kiosk::{Kiosk, wang};

/// Verdicts of a run, each with a picture.
const VERDICTS: u64 = 3;

/// A kiosk decides over some people on `disk`; returns how many records were acknowledged and pictures stored.
fn serve(disk: &SimDisk) -> (u64, u64) {
    let Ok((mut kiosk, _)) = Kiosk::start(disk, 1) else { return (0, 0) };
    let (mut records, mut stored) = (0, 0);
    for number in 0..VERDICTS {
        let at = Mono::from_millis(10_000 * (number + 1));
        kiosk.see(at);
        let news = kiosk.decide(at, Verdict::Held, wang());
        if !news.iter().any(|news| matches!(news, kakou::daemon::News::Durable { .. })) {
            break;
        }
        records += 1;
        let lost = kiosk.status.borrow().lost;
        kiosk.storing.turn();
        stored += u64::from(kiosk.status.borrow().lost == lost);
    }
    (records, stored)
}

/// Every number of operations after which the power may go, within `run`.
fn cuts(before: &SimDisk, run: impl Fn(&SimDisk)) -> std::ops::Range<u64> {
    let whole = before.killed();
    let first = whole.operations();
    run(&whole);
    first..whole.operations()
}

#[test]
fn a_power_cut_between_a_record_and_its_picture_leaves_the_record_and_never_a_part_of_the_picture() {
    let fresh = SimDisk::new();
    let all = cuts(&fresh, |disk| assert_eq!(serve(disk), (VERDICTS, VERDICTS)));
    assert!(all.end > 30, "{all:?}");
    let (mut with, mut without) = (0, 0);
    for cut in all {
        for seed in 0..6 {
            let disk = fresh.killed();
            disk.inject(Some(Fault { from: cut, count: u64::MAX - cut, kind: FaultKind::Power }));
            let (acknowledged, stored) = serve(&disk);
            let after = disk.crash(&mut Random::new(cut * 10 + seed));
            let (mut kiosk, _) = Kiosk::start(&after, 2).unwrap();
            let named: Vec<_> =
                kiosk.records().iter().filter_map(|record| blob_of(&record.entry().unwrap())).collect();
            assert!(named.len() as u64 >= acknowledged, "cut {cut}: a record is lost");
            let names = Store::new(after.clone()).names("").unwrap();
            assert!(names.len() as u64 >= stored, "cut {cut}: a picture that was stored is lost");
            for blob in &names {
                assert!(named.contains(blob), "cut {cut}: a picture without a record");
                assert_eq!(name_of(&after.read(&blob.to_string()).unwrap()), *blob, "cut {cut}: a part");
            }
            assert!(
                !after.clone().list().unwrap().iter().any(|file| file.len() > 64 && file.ends_with(".new"))
            );
            with += names.len();
            without += named.len() - names.len();
        }
    }
    assert!(with > 100 && without > 10, "both come about: {with}, {without}");
}

/// Erases the first picture's record, as the command does it.
fn erase(disk: &SimDisk) -> Option<()> {
    let (mut kiosk, _) = Kiosk::start(disk, 3).ok()?;
    let stamp = kiosk.stamp(Mono::from_millis(90_000));
    let journal = kiosk.recorder.journal();
    let what = Erasing { log: None, records: vec![Seq::FIRST] };
    let order = Order { by: "li-na".parse().unwrap(), reason: Erasure::Requested };
    journal.erase(&what, &order, stamp).ok()?;
    let own = journal.epoch();
    forget_erased(&mut disk.clone(), own, &[what], &mut Store::new(disk.clone())).ok()?;
    let stopped = kakou::model::Draft { lane: None, body: Body::Stopped, personal: None };
    journal.append(stopped, stamp).ok()?;
    journal.commit().ok().map(|_| ())
}

#[test]
fn a_power_cut_within_an_erasure_leaves_the_picture_whole_or_puts_it_through_at_the_next_start() {
    let before = SimDisk::new();
    assert_eq!(serve(&before), (VERDICTS, VERDICTS));
    let first = {
        let (mut kiosk, _) = Kiosk::start(&before.killed(), 2).unwrap();
        blob_of(&kiosk.records()[0].entry().unwrap()).unwrap()
    };
    let (mut erased, mut whole) = (0, 0);
    for cut in cuts(&before, |disk| erase(disk).unwrap()) {
        for seed in 0..6 {
            let disk = before.killed();
            disk.inject(Some(Fault { from: cut, count: u64::MAX - cut, kind: FaultKind::Power }));
            assert_eq!(erase(&disk), None);
            let after = disk.crash(&mut Random::new(cut * 10 + seed));
            let (mut kiosk, _) = Kiosk::start(&after, 4).unwrap();
            let records = kiosk.records();
            let on_record =
                records.iter().any(|record| matches!(record.entry().unwrap().body, Body::Erased { .. }));
            let is_there = after.read(&first.to_string()).is_ok();
            match &records[0].seal {
                Seal::Boxed { .. } => {
                    assert!(is_there && !on_record, "cut {cut}: gone, and nobody says so");
                    whole += 1;
                }
                Seal::Erased { .. } => {
                    assert!(on_record && !is_there, "cut {cut}: erased, and its picture is left");
                    erased += 1;
                }
                Seal::None => panic!("no box"),
            }
            assert_eq!(
                Store::new(after.clone()).names("").unwrap().len() as u64,
                VERDICTS - u64::from(!is_there)
            );
        }
    }
    assert!(erased > 10 && whole > 10, "both come about: {erased}, {whole}");
}
