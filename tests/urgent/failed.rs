//! Alarms while one of the two logs cannot be written.

use kakou::model::{Body, Cause};
use kakou::sim::disk::{Fault, FaultKind};

use crate::kiosk::{Disks, Hub, Kiosk, break_down, each_alarm_once};

#[test]
fn while_the_main_log_fails_an_alarm_stands_alone_and_is_one_with_its_record_later() {
    let (disks, mut hub) = (Disks::new(), Hub::new());
    let mut kiosk = Kiosk::start(&disks, 1).unwrap();
    kiosk.send(&mut hub, 100);
    break_down(&disks.main);
    kiosk.record([Body::OpenedByHand]);
    kiosk.record([Body::FoundOpen, Body::ClockMapped]);
    assert!(kiosk.main.has_failed());
    kiosk.send(&mut hub, 100);
    let told = [Cause::WriteFailed, Cause::OpenedByHand, Cause::FoundOpen];
    assert_eq!(hub.kinds(), told, "told while nothing can be recorded");
    assert!(hub.urgent().iter().all(|alarm| alarm.record.is_none()));

    // Nothing more is said while it goes on failing, at whatever point it does.
    for at in 0..4 {
        let from = disks.main.operations() + at;
        disks.main.inject(Some(Fault { from, count: u64::MAX / 2, kind: FaultKind::Medium }));
        kiosk.retry();
        assert!(kiosk.main.has_failed(), "{at}");
    }
    kiosk.send(&mut hub, 100);
    assert_eq!(hub.kinds(), told);

    disks.main.inject(None);
    kiosk.retry();
    kiosk.send(&mut hub, 1);
    assert!(hub.urgent()[1..].iter().all(|alarm| alarm.record.is_some()), "{:?}", hub.urgent());
    kiosk.send(&mut hub, 100);
    assert_eq!(hub.kinds(), told, "they are the same ones");
    each_alarm_once(&mut kiosk, &hub, &[Cause::WriteFailed]).unwrap();
}

#[test]
fn an_urgent_log_that_fails_holds_up_no_record_and_tells_of_all_in_the_end() {
    let (disks, mut hub) = (Disks::new(), Hub::new());
    let mut kiosk = Kiosk::start(&disks, 1).unwrap();
    break_down(&disks.urgent);
    for _ in 0..20 {
        kiosk.record([Body::OpenedByHand]);
    }
    assert!(kiosk.urgent.has_failed() && !kiosk.main.has_failed());
    assert_eq!(kiosk.main.durable().unwrap().get(), 21);
    kiosk.retry();
    assert!(kiosk.urgent.has_failed());
    disks.urgent.inject(None);
    kiosk.retry();
    kiosk.send(&mut hub, 100);
    each_alarm_once(&mut kiosk, &hub, &[]).unwrap();
    assert_eq!(hub.kinds(), [Cause::OpenedByHand; 20]);
}

#[test]
fn when_both_fail_together_everything_is_told_once_when_they_work_again() {
    let (disks, mut hub) = (Disks::new(), Hub::new());
    let mut kiosk = Kiosk::start(&disks, 1).unwrap();
    break_down(&disks.main);
    break_down(&disks.urgent);
    kiosk.record([Body::OpenedByHand]);
    kiosk.record([Body::FoundOpen]);
    disks.main.inject(None);
    disks.urgent.inject(None);
    kiosk.retry();
    kiosk.retry();
    kiosk.send(&mut hub, 100);
    each_alarm_once(&mut kiosk, &hub, &[Cause::WriteFailed]).unwrap();
    assert_eq!(hub.kinds().len(), 3);
}

#[test]
fn a_disk_that_fills_up_is_one_alarm_for_each_mark_that_it_passes() {
    let (disks, mut hub) = (Disks::new(), Hub::new());
    disks.main.limit(600_000);
    let mut kiosk = Kiosk::start(&disks, 1).unwrap();
    for _ in 0..600 {
        kiosk.record(vec![Body::ClockMapped; 20]);
        kiosk.survey();
    }
    kiosk.send(&mut hub, 2);
    let low = |hub: &Hub| hub.kinds().iter().filter(|kind| **kind == Cause::DiskLow).count();
    assert_eq!((low(&hub), kiosk.main.has_failed()), (1, true), "{:?}", hub.kinds());
    // That there is room again is no alarm.
    disks.main.limit(20_000_000);
    kiosk.retry();
    kiosk.survey();
    kiosk.send(&mut hub, 2);
    assert_eq!((low(&hub), kiosk.main.has_failed()), (1, false), "{:?}", hub.kinds());
}
