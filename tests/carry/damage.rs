//! Files that were cut, bent or made up: refused by name, and never taken by halves.

use kakou::base::Random;
use kakou::ledger::Ledger;
use kakou::sync::parcel::Error;

use super::fixtures::{Kiosk, Outcome, place, take};

#[test]
fn a_file_cut_anywhere_gives_whole_batches_and_names_the_byte() {
    let (mut ledger, east) = place(60);
    let file = east.parcel(7);
    let mut sizes = std::collections::BTreeSet::new();
    // Shorter files first, into one hub: each goes on where the last one ended.
    for length in (0..file.len()).step_by(97) {
        let outcome = take(&mut ledger, &file[..length]);
        let Some(Error::Truncated { at, .. }) = outcome.damage else {
            panic!("{length}: {:?}", outcome.damage)
        };
        assert_eq!(at, length as u64);
        sizes.insert(whole_batches_only(&ledger, &east, 7));
    }
    assert!(sizes.len() > 6, "{sizes:?}");
    take(&mut ledger, &file);
    east.check(&ledger, "after the whole file");
}

#[test]
fn a_file_cut_anywhere_into_a_fresh_hub_gives_whole_batches() {
    let (_, east) = place(60);
    let file = east.parcel(7);
    for length in (0..file.len()).step_by(97) {
        let (mut ledger, _) = place(60);
        let outcome = take(&mut ledger, &file[..length]);
        assert_eq!(outcome.fresh(), whole_batches_only(&ledger, &east, 7));
    }
}

#[test]
fn a_flipped_bit_anywhere_is_refused_and_the_same_file_copied_again_completes_it() {
    let (_, east) = place(40);
    let (file, mut random) = (east.parcel(7), Random::new(3));
    for _ in 0..400 {
        let (mut ledger, _) = place_again(&east);
        let mut bent = file.clone();
        let bit = random.below(8 * file.len() as u64) as usize;
        bent[bit / 8] ^= 1 << (bit % 8);
        let outcome = take(&mut ledger, &bent);
        assert!(outcome.damage.is_some(), "bit {bit}");
        assert_eq!(outcome.fresh(), whole_batches_only(&ledger, &east, 7), "bit {bit}");
        assert_eq!(outcome.fresh() + take(&mut ledger, &file).fresh(), 40, "bit {bit}");
        east.check(&ledger, &format!("bit {bit}"));
    }
}

#[test]
fn a_forger_who_mends_the_checksums_is_refused_by_the_signature() {
    let (mut ledger, east) = place(30);
    let mut forged = east.batch(1, 30);
    forged.entries[4] = forged.entries[5].clone();
    let outcome = taken_alone(&mut ledger, &east, 1, &forged.encode().unwrap());
    assert!(outcome.refused().unwrap().starts_with("root over 30 records"), "{:?}", outcome.refused());
    assert_eq!((outcome.damage, outcome.fresh()), (None, 0));
    let outcome = taken_alone(&mut ledger, &east, 1, b"no batch at all");
    assert!(outcome.refused().unwrap().contains("does not decompress"), "{:?}", outcome.refused());
    assert_eq!(ledger.head(&east.log.kiosk, east.name.epoch).unwrap().0.get(), 1);
}

#[test]
fn noise_is_never_taken() {
    let (mut ledger, east) = place(20);
    let (good, mut random) = (east.parcel(5), Random::new(8));
    for _ in 0..200 {
        let mut noise = vec![0; random.below(3_000) as usize];
        random.fill(&mut noise);
        // Half of it begins like a parcel.
        if random.chance(0.5) {
            let length = (random.below(good.len() as u64) as usize).min(noise.len());
            noise[..length].copy_from_slice(&good[..length]);
        }
        let outcome = take(&mut ledger, &noise);
        assert!(outcome.damage.is_some());
        whole_batches_only(&ledger, &east, 5);
    }
}

fn place_again(east: &Kiosk) -> (Ledger, ()) {
    let mut ledger = super::fixtures::hub();
    super::fixtures::enrol(&mut ledger, &east.log);
    (ledger, ())
}

/// A parcel of one batch with right checksums.
fn taken_alone(ledger: &mut Ledger, east: &Kiosk, from: u64, content: &[u8]) -> Outcome {
    let manifest = kakou::sync::parcel::Manifest { kiosk: east.log.kiosk.clone(), file: 1, ranges: vec![] };
    let mut encoder = kakou::sync::parcel::Encoder::begin(vec![], &manifest).unwrap();
    encoder.batch(east.name.epoch, kakou::base::Seq::new(from).unwrap(), content).unwrap();
    take(ledger, &encoder.end(kakou::sync::parcel::Rest::None).unwrap())
}

/// How many records the hub has: a whole number of batches, with the right root.
fn whole_batches_only(ledger: &Ledger, east: &Kiosk, batch: u64) -> u64 {
    let head = ledger.head(&east.log.kiosk, east.name.epoch).unwrap();
    let size = head.0.get() - 1;
    assert!(size.is_multiple_of(batch) || size == east.size(), "{size} records");
    assert_eq!(head.1, east.tree(size).root());
    assert_eq!(ledger.alarms(9).unwrap(), []);
    size
}
