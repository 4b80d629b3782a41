//! What the hub has signed for, held against what recovery finds: lying cards, cards that were put back or swapped.

use kakou::base::{Random, Seq, Wall};
use kakou::journal::cosigned::file_of;
use kakou::journal::reader::logs;
use kakou::journal::{Disk, Journal, Note, Options, Reader, Receipts, Recovery, SigningKey, Witness};
use kakou::model::Body;
use kakou::sim::disk::{Fault, FaultKind, SimDisk};

use crate::fixtures::*;

const HUB: &str = "hub";

#[test]
fn a_lying_card_that_lost_what_the_hub_has_is_noticed_and_never_refuses_a_start() {
    let disk = SimDisk::lying();
    let (mut journal, _) = open_told(&disk, 1);
    append(&mut journal, 1..=9);
    for number in 10..=30 {
        append(&mut journal, number..=number);
        journal.commit().unwrap();
    }
    let told = receipt(&journal.note());
    let (mut lost, mut at_the_end) = (0, 0);
    for seed in 0..60 {
        // The receipt is on the medium, whatever became of the records.
        let left = disk.crash(&mut Random::new(seed));
        put(&left, &file_of(journal.epoch()), told.as_bytes());
        let before = contents(&left);
        let (mut again, recovery) = open_told(&left, seed + 9);
        if again.epoch() == journal.epoch() {
            assert_eq!((again.note(), &recovery.ended), (journal.note(), &None), "seed {seed}: {recovery}");
            continue;
        }
        lost += 1;
        assert!(!recovery.is_untroubled());
        let gap = recovery.gaps.last().unwrap();
        let at_end = gap.found.contains("signed for");
        at_the_end += u32::from(at_end);
        assert!(gap.found.contains(&journal.epoch().to_string()), "seed {seed}: {recovery}");
        assert_eq!(gap.through == seq(30), at_end, "seed {seed}: {recovery}");
        assert_eq!(again.note().size, 0);
        let here = contents(&left);
        assert!(before.iter().all(|file| here.contains(file)), "seed {seed}: the old log stays as it is");
        let recorded = record(&mut again, &recovery);
        let gap = gap.through;
        assert!(recorded.iter().any(|body| matches!(body, Body::Gap { through, .. } if *through == gap)));
        let (third, recovery) = open_told(&left, seed + 99);
        assert_eq!((third.epoch(), &recovery.ended), (again.epoch(), &None), "seed {seed}: {recovery}");
        assert!(recovery.gaps.is_empty(), "seed {seed}, said twice: {recovery}");
    }
    assert!(lost > 30 && at_the_end > 20, "{lost} of 60 cuts lost something, {at_the_end} its end");
}

#[test]
fn an_honest_card_is_never_suspected_at_any_size_that_was_told() {
    let disk = SimDisk::new();
    let (mut journal, _) = open_told(&disk, 1);
    while journal.note().size < 60 {
        let number = journal.note().size + 1;
        append(&mut journal, number..=number);
        journal.commit().unwrap();
        let note = journal.note();
        append(&mut journal, number + 1..=number + 2);
        for seed in 0..4 {
            let left = disk.crash(&mut Random::new(seed));
            put(&left, &file_of(journal.epoch()), receipt(&note).as_bytes());
            let (again, recovery) = open_told(&left, 7);
            assert!(recovery.is_untroubled() || recovery.cut_bytes > 0, "{number}: {recovery}");
            assert_eq!((again.epoch(), again.note().size >= number), (journal.epoch(), true));
        }
        journal = open_told(&disk, 1).0;
    }
}

#[test]
fn a_card_that_was_put_back_is_noticed_and_its_log_is_left_as_it_is() {
    for count in [1, 20, 47] {
        let disk = SimDisk::new();
        let (mut journal, _) = open_told(&disk, 1);
        append(&mut journal, 1..=count);
        journal.commit().unwrap();
        let image = disk.killed();
        append(&mut journal, count + 1..=50);
        journal.commit().unwrap();
        put(&image, &file_of(journal.epoch()), receipt(&journal.note()).as_bytes());
        let before = contents(&image);
        let (again, recovery) = open_told(&image, 2);
        let ended = recovery.ended.clone().unwrap();
        assert_eq!(ended.epoch, journal.epoch());
        assert!(ended.why.contains("the hub has signed for them"), "{recovery}");
        let gaps: Vec<_> = recovery.gaps.iter().map(|gap| (gap.from.get(), gap.through.get())).collect();
        assert_eq!((gaps, again.note().size), (vec![(count + 1, 50)], 0));
        assert!(before.iter().all(|file| contents(&image).contains(file)));
        let old = logs(&mut image.clone()).unwrap()[0];
        let kept = Reader::open(image, old).unwrap().read(Seq::FIRST, 99, usize::MAX).unwrap();
        assert_eq!(kept.len() as u64, count, "it can still be read");
    }
}

#[test]
fn a_copy_that_went_on_elsewhere_is_noticed_from_the_last_size_on_which_both_agree() {
    let disk = SimDisk::new();
    let (mut journal, _) = open_told(&disk, 1);
    append(&mut journal, 1..=30);
    journal.commit().unwrap();
    let shared = segments(&disk).len();
    assert!(shared > 1);
    let epoch = journal.epoch();
    // The hub signs for the first segments while both are still one.
    let reader = journal.reader(disk.clone());
    let mut receipts = Receipts::open(disk.clone(), reader, witness()).0;
    receipts.take(&receipt(&journal.note())).unwrap();
    receipts.finish().unwrap();
    let copy = disk.killed();
    append(&mut journal, 31..=60);
    journal.commit().unwrap();
    receipts.take(&receipt(&journal.note())).unwrap();
    receipts.finish().unwrap();
    let (mut elsewhere, _) = open_told(&copy, 2);
    for number in 31..=90 {
        elsewhere.append(draft(number + 100), stamp(number)).unwrap();
    }
    elsewhere.commit().unwrap();
    drop(elsewhere);
    put(&copy, &file_of(epoch), &disk.read(&file_of(epoch)).unwrap());
    let (again, recovery) = open_told(&copy, 3);
    assert_ne!(again.epoch(), epoch);
    let ended = recovery.ended.clone().unwrap();
    assert!(ended.why.contains("other 60 records"), "{recovery}");
    let gap = recovery.gaps.last().unwrap();
    assert_eq!((gap.from, gap.through), (seq(31), seq(60)), "{recovery}");
    let (_, recovery) = open_told(&disk, 4);
    assert!(recovery.is_untroubled(), "the log that the hub knows goes on: {recovery}");
}

#[test]
fn a_log_that_is_gone_altogether_is_noticed_once() {
    let disk = SimDisk::new();
    let (mut journal, _) = open_told(&disk, 1);
    append(&mut journal, 1..=40);
    journal.commit().unwrap();
    put(&disk, &file_of(journal.epoch()), receipt(&journal.note()).as_bytes());
    for file in segments(&disk) {
        disk.clone().remove(&file).unwrap();
    }
    let (mut again, recovery) = open_told(&disk, 2);
    assert!(
        !recovery.is_untroubled() && recovery.to_string().contains("signed for 40 records"),
        "{recovery}"
    );
    let recorded = record(&mut again, &recovery);
    assert!(recorded.iter().any(|body| matches!(body, Body::Gap { through, .. } if *through == seq(40))));
    drop(again);
    let (again, recovery) = open_told(&disk, 3);
    assert!(recovery.gaps.is_empty() && recovery.ended.is_none(), "{recovery}");
    assert_eq!(again.note().size, recorded.len() as u64);
}

#[test]
fn a_receipt_that_others_signed_ends_no_log() {
    let disk = SimDisk::new();
    let (mut journal, _) = open_told(&disk, 1);
    append(&mut journal, 1..=20);
    journal.commit().unwrap();
    let image = disk.killed();
    append(&mut journal, 21..=30);
    journal.commit().unwrap();
    let note = journal.note();
    let stranger = SigningKey::from_seed(&[9; 32]);
    let by = |own: &SigningKey, hub: &SigningKey| {
        let mut signed = note.sign(own);
        signed.cosign(HUB, hub, Wall(1_790_000_000_000));
        signed.to_string()
    };
    let bad =
        [by(&own(), &stranger), by(&stranger, &hub()), note.sign(&own()).to_string(), "hello".to_owned()];
    for text in bad {
        let left = image.killed();
        put(&left, &file_of(journal.epoch()), text.as_bytes());
        let (again, recovery) = open_told(&left, 2);
        assert_eq!((again.epoch(), again.note().size), (journal.epoch(), 20), "{recovery}");
    }
}

#[test]
fn what_the_hub_has_is_known_to_be_missing_wherever_the_tail_is_damaged() {
    let disk = SimDisk::new();
    let (mut journal, _) =
        Journal::open(disk.clone(), told_options(wide()), Box::new(Random::new(1))).unwrap();
    // One group: nothing on the medium says that it was ever acknowledged.
    append(&mut journal, 1..=20);
    journal.commit().unwrap();
    let file = segments(&disk)[0].clone();
    disk.flip(&file, record_offset(&disk, &file, 12), 1);
    let (_, quiet) = Journal::open(disk.killed(), told_options(wide()), Box::new(Random::new(2))).unwrap();
    assert!(quiet.cut_bytes > 0 && quiet.gaps.is_empty(), "{quiet}");
    put(&disk, &file_of(journal.epoch()), receipt(&journal.note()).as_bytes());
    let before = disk.read(&file).unwrap();
    let (_, recovery) = Journal::open(disk.clone(), told_options(wide()), Box::new(Random::new(2))).unwrap();
    let gaps: Vec<_> = recovery.gaps.iter().map(|gap| (gap.from.get(), gap.through.get())).collect();
    assert_eq!((recovery.cut_bytes, gaps), (0, vec![(12, 12)]), "{recovery}");
    assert_eq!(disk.read(&file).unwrap(), before, "what is whole behind it stays there");
}

#[test]
fn a_journal_that_reads_itself_again_after_a_failure_notices_as_well() {
    let disk = SimDisk::new();
    let (mut journal, _) = open_told(&disk, 1);
    append(&mut journal, 1..=40);
    journal.commit().unwrap();
    let epoch = journal.epoch();
    put(&disk, &file_of(epoch), receipt(&journal.note()).as_bytes());
    append(&mut journal, 41..=41);
    disk.inject(Some(Fault { from: disk.operations(), count: 1, kind: FaultKind::Medium }));
    assert!(journal.commit().is_err());
    disk.inject(None);
    let last = segments(&disk).pop().unwrap();
    disk.clone().remove(&last).unwrap();
    let recovery = journal.reopen().unwrap();
    assert_eq!((recovery.ended.map(|ended| ended.epoch), journal.note().size), (Some(epoch), 0));
    append(&mut journal, 1..=2);
    assert_eq!(journal.commit().unwrap().map(Seq::get), Some(2));
}

fn own() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn hub() -> SigningKey {
    SigningKey::from_seed(&[2; 32])
}

fn witness() -> Witness {
    let kiosk = options().kiosk;
    Witness { kiosk, own: own().verifying(), hub_name: HUB, hub: hub().verifying() }
}

fn told_options(options: Options) -> Options {
    Options { witness: Some(witness()), ..options }
}

fn open_told(disk: &SimDisk, seed: u64) -> (Journal<SimDisk>, Recovery) {
    Journal::open(disk.clone(), told_options(options()), Box::new(Random::new(seed))).unwrap()
}

fn receipt(note: &Note) -> String {
    let mut signed = note.sign(&own());
    signed.cosign(HUB, &hub(), Wall(1_790_000_000_000));
    signed.to_string()
}

fn put(disk: &SimDisk, file: &str, bytes: &[u8]) {
    let mut disk = disk.clone();
    let _ = disk.remove(file);
    disk.create(file, bytes.len() as u64).unwrap();
    disk.write_at(file, 0, bytes).unwrap();
    disk.sync(file).unwrap();
    disk.sync_dir().unwrap();
}

fn contents(disk: &SimDisk) -> Vec<(String, Vec<u8>)> {
    segments(disk).into_iter().map(|file| (file.clone(), disk.read(&file).unwrap())).collect()
}

/// Writes down what a start found, and returns all records of the log.
fn record(journal: &mut Journal<SimDisk>, recovery: &Recovery) -> Vec<Body> {
    let drafts = recovery.drafts("0.1.0");
    let bodies = drafts.iter().map(|draft| draft.body.clone()).collect();
    for draft in drafts {
        journal.append(draft, stamp(1)).unwrap();
    }
    journal.commit().unwrap();
    bodies
}
