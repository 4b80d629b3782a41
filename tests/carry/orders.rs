//! Exactly once, whatever comes first, and whichever way.

use kakou::base::Wall;
use kakou::journal::{Disk as _, SigningKey};
use kakou::sync::parcel::FILE_MAX;

use super::common::kiosk::NOW;
use super::fixtures::{Kiosk, kiosk, one_file, place, take};

/// Something that reaches the hub.
enum Delivery {
    Posted(u64, u64),
    File(Vec<u8>),
}

#[test]
fn sticks_and_batches_are_taken_once_in_every_order() {
    let (_, east) = place(60);
    let deliveries = [
        Delivery::Posted(1, 20),
        Delivery::File(one_file(&east)),
        Delivery::Posted(15, 45),
        Delivery::File(east.carry(21, FILE_MAX).remove(0)),
        Delivery::Posted(46, 60),
    ];
    let mut gaps = 0;
    for order in permutations(deliveries.len()) {
        let (mut ledger, _) = place(60);
        let mut new = 0;
        // What met a gap is sent again, as every kiosk does.
        for round in 0..2 {
            for index in &order {
                match &deliveries[*index] {
                    Delivery::Posted(from, through) => match east.post(&mut ledger, *from, *through) {
                        Some(taken) => new += taken,
                        None => gaps += 1,
                    },
                    Delivery::File(file) => {
                        let outcome = take(&mut ledger, file);
                        assert_eq!(outcome.damage, None);
                        gaps += u64::from(outcome.refused().is_some_and(|why| why.contains("are missing")));
                        new += outcome.fresh();
                    }
                }
            }
            assert!(round == 0 || new == 60, "{order:?}");
        }
        assert_eq!(new, 60, "{order:?}");
        east.check(&ledger, &format!("{order:?}"));
    }
    assert!(gaps > 50, "an order without gaps proves little: {gaps}");
}

#[test]
fn a_carry_over_many_files_is_whole_in_every_order_of_the_files() {
    let (_, east) = place(3_400);
    let files = east.carry(1, 150_000);
    assert!(files.len() >= 3 && files.iter().all(|file| file.len() <= 150_000), "{} files", files.len());
    for order in permutations(3) {
        let (mut ledger, _) = place(3_400);
        let mut new = 0;
        for _ in 0..3 {
            for index in &order {
                new += take(&mut ledger, &files[*index]).fresh();
            }
            files[3..].iter().for_each(|file| new += take(&mut ledger, file).fresh());
        }
        assert_eq!(new, 3_400, "{order:?}");
        east.check(&ledger, &format!("{order:?}"));
    }
}

#[test]
fn a_stick_of_a_stranger_changes_nothing_and_is_refused_by_name() {
    let (mut ledger, east) = place(40);
    east.post(&mut ledger, 1, 10).unwrap();
    let before = ledger.head(&east.log.kiosk, east.name.epoch).unwrap();
    let unknown = kiosk("west-1", 30, &ledger);
    let outcome = take(&mut ledger, &one_file(&unknown));
    assert_eq!((outcome.fresh(), outcome.refused().as_deref()), (0, Some("no kiosk west-1 is enrolled")));
    // One that calls itself by the name of a kiosk that is enrolled.
    let (files, _) = east.carry_as(&SigningKey::from_seed(&[99; 32]), 1, FILE_MAX);
    let outcome = take(&mut ledger, &files[0]);
    assert_eq!(outcome.fresh(), 0);
    assert_eq!(outcome.refused().as_deref(), Some("note: not signed by the expected key"));
    assert_eq!(ledger.head(&east.log.kiosk, east.name.epoch).unwrap(), before);
    assert_eq!(ledger.alarms(9).unwrap(), []);
}

#[test]
fn an_old_stick_changes_nothing_and_says_that_all_of_it_was_here() {
    let (mut ledger, east) = place(40);
    let file = one_file(&east);
    assert_eq!(take(&mut ledger, &file).fresh(), 40);
    let before = ledger.head(&east.log.kiosk, east.name.epoch).unwrap();
    for _ in 0..3 {
        let outcome = take(&mut ledger, &file);
        assert_eq!((outcome.fresh(), outcome.known(), outcome.refused()), (0, 40, None));
    }
    assert_eq!(ledger.head(&east.log.kiosk, east.name.epoch).unwrap(), before);
    east.check(&ledger, "after replays");
}

#[test]
fn a_gap_says_from_which_record_on_the_hub_needs_them() {
    let (mut ledger, east) = place(40);
    east.post(&mut ledger, 1, 10).unwrap();
    let outcome = take(&mut ledger, &east.carry(25, FILE_MAX)[0]);
    assert_eq!(outcome.refused().as_deref(), Some("records from 11 on are missing"));
    assert_eq!(take(&mut ledger, &east.carry(11, FILE_MAX)[0]).fresh(), 30);
    east.check(&ledger, "after the right one");
}

#[test]
fn records_on_a_stick_are_no_sign_of_life() {
    let (mut ledger, east) = place(40);
    take(&mut ledger, &one_file(&east));
    let gate = ledger.gates(NOW).unwrap().remove(0);
    assert_eq!((gate.records, gate.seen, gate.is_live(NOW)), (40, None, false));
    let beat = east.batch(1, 40).note;
    ledger.heartbeat(&east.log.kiosk, east.name.epoch, &beat, Wall(NOW.0 - 9)).unwrap();
    take(&mut ledger, &one_file(&east));
    assert_eq!(ledger.gates(NOW).unwrap()[0].seen, Some(Wall(NOW.0 - 9)));
}

#[test]
fn nobody_can_be_read_from_a_lost_stick() {
    let (_, east) = place(200);
    let Kiosk { log, .. } = &east;
    let opened = |stored: &_| log.sealer.open_box(stored).ok();
    let people = log.entries.iter().filter_map(|stored| opened(&stored.seal)).flat_map(|found| found.people);
    let secrets: Vec<String> = people
        .flat_map(|person| [person.name, person.id_number])
        .flatten()
        .map(|text| text.expose().clone())
        .collect();
    assert!(secrets.len() > 50, "{} secrets", secrets.len());
    let mut decoder = kakou::sync::parcel::Decoder::new();
    decoder.push(&one_file(&east));
    let mut seen = 0;
    while let Some(item) = decoder.take().unwrap() {
        let kakou::sync::parcel::Item::Batch { content, .. } = item else { continue };
        let plain = zstd::stream::decode_all(&content[..]).unwrap();
        seen += plain.len();
        let found = secrets
            .iter()
            .find(|secret| plain.windows(secret.len()).any(|window| window == secret.as_bytes()));
        assert_eq!(found, None);
    }
    assert!(seen > 20_000, "{seen} bytes were searched");
}

#[test]
fn what_is_carried_was_made_durable_first() {
    let (_, east) = place(10);
    let before = east.disk.syncs();
    one_file(&east);
    assert_eq!(east.disk.syncs(), before + 1);
}

#[test]
fn a_log_is_carried_up_to_where_records_are_missing() {
    let (mut ledger, mut east) = place(300);
    let file = east.disk.list().unwrap().into_iter().find(|file| file.ends_with(".seg")).unwrap();
    let mut bytes = east.disk.read(&file).unwrap();
    let is_it = |window: &[u8]| window.starts_with(b"KKF1\0") && window[8..16] == 30_u64.to_le_bytes();
    let at = bytes.windows(16).position(is_it).unwrap() + 40;
    bytes[at] ^= 1;
    east.disk.write_at(&file, 0, &bytes).unwrap();
    let (files, packed) = east.carry_as(&east.log.key, 1, FILE_MAX);
    assert_eq!((packed.ranges[0].through.get(), packed.missing[0].from.get()), (29, 30));
    assert_eq!(take(&mut ledger, &files[0]).fresh(), 29);
}

/// Every order of `count` things.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    (0..count).fold(vec![vec![]], |orders, next| {
        let insert = |order: Vec<usize>| {
            (0..=order.len()).map(move |at| {
                let mut longer = order.clone();
                longer.insert(at, next);
                longer
            })
        };
        orders.into_iter().flat_map(insert).collect()
    })
}
