//! What a record may cost on the way to the hub, and that the dictionary is worth its place.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may panic")]

mod common;

use common::gate_samples::{batches, logs};
use common::kiosk::{NOW, stamp};
use kakou::base::{KioskId, Random, Seq};
use kakou::journal::{Journal, Options, SigningKey};
use kakou::model::{Body, Draft};
use kakou::sim::disk::SimDisk;
use kakou::sync::dictionary::{NUMBER, Packing};
use kakou::sync::wire::Batch;
use kakou::sync::{Action, Answer, Ask, Desk, Durable, Series};

/// Bytes a record in batches of `size`, over gates that the dictionary was not trained on.
fn cost(size: usize, packing: Packing) -> usize {
    let all: Vec<Batch> = logs(99, 6, 1_100).iter().flat_map(|log| batches(log, size)).collect();
    let bytes: usize = all.iter().map(|batch| batch.encode_with(packing).unwrap().len()).sum();
    bytes / (all.len() * size)
}

#[test]
fn a_record_costs_no_more_than_promised() {
    for (size, most) in [(1, 345), (10, 165), (100, 145), (500, 140)] {
        let bytes = cost(size, Packing::Dictionary);
        assert!(bytes <= most, "{bytes} bytes a record in batches of {size}, at most {most}");
    }
}

#[test]
fn the_dictionary_is_worth_its_place() {
    let (with, without) = (cost(1, Packing::Dictionary), cost(1, Packing::Plain));
    assert!(with * 100 <= without * 85, "{with} bytes instead of {without}");
    assert!(
        cost(500, Packing::Dictionary) <= cost(500, Packing::Plain) + 1,
        "and costs nothing in a backlog"
    );
}

#[test]
fn a_hub_that_cannot_unpack_a_batch_gets_it_without_the_dictionary() {
    let (disk, kiosk): (SimDisk, KioskId) = (SimDisk::new(), "east-1".parse().unwrap());
    let options = Options { ballast_len: 0, ..Options::new(kiosk.clone()) };
    let (mut journal, _) = Journal::open(disk.clone(), options, Box::new(Random::new(1))).unwrap();
    journal.append(Draft { lane: None, body: Body::Stopped, personal: None }, stamp(NOW)).unwrap();
    journal.commit().unwrap();
    let (epoch, action) =
        (journal.epoch(), Action::Post { from: Seq::FIRST, max_entries: 9, max_bytes: 999 });
    for refusal in [Answer::Unpacked, Answer::Refused("body: batch does not decompress".to_owned())] {
        let mut desk = Desk::new(kiosk.clone(), SigningKey::from_seed(&[1; 32]), disk.clone());
        desk.take_up(Series::Main, epoch).unwrap();
        for packed in [true, false] {
            let ask = desk.prepare(epoch, Durable::main(1), action, stamp(NOW)).unwrap();
            let Ask::Entries { body, .. } = &ask else { panic!("{ask:?}") };
            assert_eq!(body.windows(4).any(|window| window == NUMBER.to_le_bytes()), packed);
            assert_eq!(Batch::decode(body).unwrap().entries.len(), 1);
            assert_eq!(desk.understand(epoch, &ask, Err(refusal.clone())), refusal);
        }
    }
}
