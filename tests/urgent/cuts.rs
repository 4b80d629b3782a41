//! Power cuts between a record and its alarm, and logs that end.

use kakou::base::{Random, Seq};
use kakou::journal::Disk;
use kakou::model::{Body, Cause};
use kakou::sim::disk::{Fault, FaultKind, SimDisk};

use crate::kiosk::{Disks, Hub, Kiosk, each_alarm_once};

/// What happens in a run, until the power goes.
fn live(kiosk: &mut Kiosk, hub: &mut Hub) {
    kiosk.record([Body::ClockMapped, Body::OpenedByHand]);
    kiosk.send(hub, 4);
    kiosk.record([Body::FoundOpen]);
    kiosk.record([Body::ClockMapped]);
    kiosk.record([Body::OpenedByHand, Body::FoundOpen]);
    kiosk.send(hub, 4);
    kiosk.record([Body::OpenedByHand]);
}

#[test]
fn a_power_cut_at_any_operation_raises_each_alarm_once() {
    let mut raised_again = 0;
    for which in 0..2_usize {
        let disk = |disks: &Disks| [disks.main.clone(), disks.urgent.clone()][which].clone();
        let calm = Disks::new();
        live(&mut Kiosk::start(&calm, 1).unwrap(), &mut Hub::new());
        for cut in 0..disk(&calm).operations() {
            for seed in 0..4 {
                let (disks, mut hub) = (Disks::new(), Hub::new());
                cut_at(&disk(&disks), cut);
                if let Some(mut kiosk) = Kiosk::start(&disks, 1) {
                    live(&mut kiosk, &mut hub);
                }
                let mut random = Random::new(seed);
                let left = disks.crash(&mut random);
                let before = hub.urgent().len();
                let mut kiosk = Kiosk::start(&left, 2).unwrap();
                kiosk.record([Body::OpenedByHand]);
                kiosk.send(&mut hub, 1_000);
                each_alarm_once(&mut kiosk, &hub, &[]).unwrap_or_else(|why| {
                    panic!("cut {cut} of disk {which}, seed {seed}: {why}");
                });
                raised_again += usize::from(hub.urgent().len() > before + 1);
            }
        }
    }
    assert!(raised_again > 20, "a cut that takes no alarm proves nothing: {raised_again}");
}

#[test]
fn a_second_start_raises_nothing_twice() {
    let (disks, mut hub) = (Disks::new(), Hub::new());
    live(&mut Kiosk::start(&disks, 1).unwrap(), &mut hub);
    let size = Kiosk::start(&disks, 2).unwrap().urgent.durable();
    assert_eq!(Kiosk::start(&disks, 3).unwrap().urgent.durable(), size, "the urgent log does not grow");
}

#[test]
fn what_was_recorded_before_there_was_an_urgent_log_is_not_raised() {
    let (disks, mut hub) = (Disks::new(), Hub::new());
    live(&mut Kiosk::start(&disks, 1).unwrap(), &mut Hub::new());
    let updated = Disks { urgent: SimDisk::new(), ..disks };
    let mut kiosk = Kiosk::start(&updated, 2).unwrap();
    kiosk.send(&mut hub, 1_000);
    assert_eq!(hub.kinds(), []);
    kiosk.record([Body::OpenedByHand]);
    kiosk.send(&mut hub, 1_000);
    assert_eq!(hub.kinds(), [Cause::OpenedByHand]);
}

#[test]
fn a_log_that_ends_is_one_alarm_whenever_the_power_goes() {
    for cut in 0..40 {
        let (disks, mut hub) = (Disks::new(), Hub::new());
        let mut kiosk = Kiosk::start(&disks, 1).unwrap();
        kiosk.record([Body::OpenedByHand]);
        kiosk.send(&mut hub, 100);
        // A record is lost, and with it the root.
        let old = kiosk.main.epoch();
        (0..9).for_each(|_| kiosk.record([Body::ClockMapped]));
        let file =
            disks.main.clone().list().unwrap().into_iter().find(|file| file.ends_with(".seg")).unwrap();
        let is_it = |window: &[u8]| window.starts_with(b"KKF1\0") && window[8..16] == 5_u64.to_le_bytes();
        let at = disks.main.read(&file).unwrap().windows(16).position(is_it).unwrap();
        disks.main.flip(&file, at + 36, 1);
        cut_at(&disks.main, cut);
        drop(Kiosk::start(&disks, 2));
        let left = disks.crash(&mut Random::new(cut));
        let mut kiosk = Kiosk::start(&left, 3).unwrap();
        assert_ne!(kiosk.main.epoch(), old);
        kiosk.record([Body::FoundOpen]);
        kiosk.send_urgent(&mut hub);
        let ended: Vec<_> = hub.urgent().into_iter().filter(|alarm| alarm.kind == Cause::LogEnded).collect();
        let [ended] = &ended[..] else { panic!("cut {cut}: {:?}", hub.urgent()) };
        let record = ended.record.as_ref().unwrap();
        assert_eq!((record.epoch, record.seq), (kiosk.main.epoch(), Seq::FIRST), "cut {cut}");
    }
}

/// The power goes with this operation from now on.
fn cut_at(disk: &SimDisk, cut: u64) {
    let from = disk.operations() + cut;
    disk.inject(Some(Fault { from, count: u64::MAX / 2, kind: FaultKind::Power }));
}
