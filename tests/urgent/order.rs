//! What goes first, and what it costs.

use std::time::Duration;

use kakou::base::Seq;
use kakou::model::record::Crossing;
use kakou::model::{Body, Cause};

use crate::kiosk::{Disks, Hub, Kiosk, each_alarm_once, name};

#[test]
fn an_alarm_overtakes_a_backlog_of_a_hundred_thousand_records() {
    let (mut kiosk, mut hub) = (Kiosk::start(&Disks::new(), 1).unwrap(), Hub::new());
    hub.is_down = true;
    for _ in 0..200 {
        kiosk.record(std::iter::repeat_n(Body::ClockMapped, 500));
    }
    assert!(kiosk.main.durable().unwrap().get() > 100_000);
    kiosk.record([Body::OpenedByHand]);
    for _ in 0..30 {
        kiosk.send(&mut hub, 10);
        kiosk.now = kiosk.now + Duration::from_mins(10);
    }
    assert!(hub.kinds().is_empty());

    (hub.is_down, hub.requests) = (false, 0);
    kiosk.send(&mut hub, 2);
    assert_eq!(hub.kinds(), [Cause::OpenedByHand], "asked where it stands, then told");
    let alarm = hub.urgent().remove(0);
    assert_eq!(alarm.record.as_ref().map(|id| Some(id.seq)), Some(kiosk.main.durable()));
    assert!(!alarm.has_record, "its record follows");

    // Then the backlog goes on, and is overtaken again.
    kiosk.send(&mut hub, 20);
    let sent = |hub: &Hub| hub.ledger.gates(crate::common::kiosk::NOW).unwrap()[0].records;
    let before = sent(&hub);
    assert!(before > 1_000, "{before}");
    kiosk.record([Body::FoundOpen]);
    kiosk.send(&mut hub, 1);
    assert_eq!(hub.kinds(), [Cause::OpenedByHand, Cause::FoundOpen]);
    kiosk.send(&mut hub, 5);
    assert!(sent(&hub) > before);
}

#[test]
fn an_alarm_costs_one_more_sync_and_nothing_else_costs_any() {
    let disks = Disks::new();
    let mut kiosk = Kiosk::start(&disks, 1).unwrap();
    let mut cost = |bodies: Vec<Body>| {
        let before = (disks.main.syncs(), disks.urgent.syncs());
        kiosk.record(bodies);
        (disks.main.syncs() - before.0, disks.urgent.syncs() - before.1)
    };
    for _ in 0..5 {
        assert_eq!(cost(vec![Body::ClockMapped; 3]), (1, 0));
        assert_eq!(cost(vec![Body::OpenedByHand]), (1, 1));
        let stuck = Body::Crossed { arrival: Seq::FIRST, crossing: Crossing::BarrierStuck, counted: None };
        assert_eq!(cost(vec![Body::OpenedByHand, stuck, Body::ClockMapped]), (1, 1), "a group is one");
    }
}

#[test]
fn everything_arrives_and_alarms_are_no_records_of_their_kiosk() {
    let (mut kiosk, mut hub) = (Kiosk::start(&Disks::new(), 1).unwrap(), Hub::new());
    for round in 0..40 {
        kiosk.record([Body::ClockMapped, Body::OpenedByHand, Body::FoundOpen]);
        if round % 7 == 0 {
            kiosk.send(&mut hub, 3);
        }
    }
    kiosk.send(&mut hub, 10_000);
    each_alarm_once(&mut kiosk, &hub, &[]).unwrap();
    assert_eq!(hub.ledger.urgent_open().unwrap(), 80);

    let gates = hub.ledger.gates(crate::common::kiosk::NOW).unwrap();
    let [gate] = &gates[..] else { panic!("{gates:?}") };
    assert_eq!(gate.records, kiosk.main.durable().unwrap().get());
    assert_eq!((gate.epoch, gate.backlog), (Some(kiosk.main.epoch()), 0));
    assert_eq!(gate.root, Some(kiosk.main.note().root));
    assert_eq!((hub.ledger.holes().unwrap(), hub.ledger.alarms(9).unwrap()), (vec![], vec![]));
    let (next, root, _) = hub.ledger.head(&name(), kiosk.urgent.epoch()).unwrap();
    assert_eq!(Some(next.get() - 1), kiosk.urgent.durable().map(Seq::get), "it is gapless by itself");
    assert_eq!(root, kiosk.urgent.note().root);
}

#[test]
fn a_hub_that_is_restored_from_a_backup_shows_each_alarm_once_again() {
    let (mut kiosk, mut hub) = (Kiosk::start(&Disks::new(), 1).unwrap(), Hub::new());
    kiosk.record([Body::OpenedByHand]);
    kiosk.send(&mut hub, 100);
    let backup = hub.history.len();
    kiosk.record([Body::FoundOpen, Body::ClockMapped]);
    kiosk.send(&mut hub, 100);
    assert_eq!(hub.kinds(), [Cause::OpenedByHand, Cause::FoundOpen]);
    hub.restore(backup);
    assert_eq!(hub.kinds(), [Cause::OpenedByHand]);
    // The next heartbeat shows what it lost.
    kiosk.now = kiosk.now + Duration::from_mins(2);
    kiosk.send(&mut hub, 100);
    each_alarm_once(&mut kiosk, &hub, &[]).unwrap();
    assert_eq!(hub.kinds(), [Cause::OpenedByHand, Cause::FoundOpen]);
}
