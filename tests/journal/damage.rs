//! Rot on the medium: noticed, never refused.

use kakou::base::Random;
use kakou::journal::reader::{self, logs};
use kakou::journal::verify::verify;
use kakou::journal::{Disk, Journal, Reader};
use kakou::sim::disk::SimDisk;
use proptest::prelude::*;

use crate::fixtures::*;

#[test]
fn every_flipped_byte_is_noticed_and_none_refuses_a_start() {
    let disk = SimDisk::new();
    let (mut journal, _) = open(&disk);
    for number in 1..=70 {
        append(&mut journal, number..=number);
        journal.commit().unwrap();
    }
    drop(journal);
    let files = segments(&disk);
    assert!(files.len() >= 3);
    let mut continued = 0;
    for file in &files {
        for offset in 0..disk.read(file).unwrap().len() {
            let rotten = disk.killed();
            rotten.flip(file, offset, 0x04);
            let log = logs(&mut rotten.clone()).unwrap()[0];
            let report = verify(&mut rotten.clone(), log).unwrap();
            let (journal, recovery) = open(&rotten);
            let size = journal.note().size;
            let noticed = !report.findings.is_empty() || !recovery.is_untroubled();
            assert!(noticed, "byte {offset} of {file}: {size} records, {recovery}");
            continued += u32::from(recovery.ended.is_none());
        }
    }
    assert!(continued > 2_000, "most damage does not end the log: {continued}");
}

#[test]
fn lost_records_are_recorded_once_and_the_log_goes_on_when_its_root_is_known() {
    let disk = SimDisk::new();
    let (mut journal, _) = Journal::open(disk.clone(), wide(), Box::new(Random::new(1))).unwrap();
    // A frontier frame follows record 32.
    for number in 1..=40 {
        append(&mut journal, number..=number);
        journal.commit().unwrap();
    }
    let note = journal.note();
    drop(journal);
    let file = segments(&disk)[0].clone();
    disk.flip(&file, record_offset(&disk, &file, 10), 1);
    let (mut journal, recovery) = Journal::open(disk.clone(), wide(), Box::new(Random::new(2))).unwrap();
    assert_eq!((journal.note(), recovery.ended.is_none()), (note, true), "{recovery}");
    assert_eq!(
        recovery.gaps.iter().map(|gap| (gap.from, gap.through)).collect::<Vec<_>>(),
        [(seq(10), seq(10))]
    );
    for draft in recovery.drafts("0.1.0") {
        journal.append(draft, stamp(50)).unwrap();
    }
    journal.commit().unwrap();
    let mut reader = journal.reader(disk.clone());
    assert_eq!(reader.read(seq(1), 99, usize::MAX).unwrap().len(), 9, "as far as it goes");
    let missing = reader.read(seq(10), 99, usize::MAX).unwrap_err();
    assert!(matches!(missing, reader::Error::Missing { from: 10, through: 10 }), "{missing}");
    assert_eq!(reader.read(seq(11), 99, usize::MAX).unwrap().len(), 32);
    assert_eq!(reader.frontier(42).unwrap().root(), journal.note().root);
    drop(journal);
    let (_, again) = Journal::open(disk, wide(), Box::new(Random::new(3))).unwrap();
    assert!(again.gaps.is_empty(), "{again}");
}

#[test]
fn a_log_whose_root_is_lost_is_ended_and_can_still_be_read() {
    let disk = SimDisk::new();
    let (mut journal, _) = Journal::open(disk.clone(), wide(), Box::new(Random::new(1))).unwrap();
    for number in 1..=9 {
        append(&mut journal, number..=number);
        journal.commit().unwrap();
    }
    let old = journal.epoch();
    drop(journal);
    let file = segments(&disk)[0].clone();
    disk.flip(&file, record_offset(&disk, &file, 4), 1);
    let (journal, recovery) = Journal::open(disk.clone(), wide(), Box::new(Random::new(2))).unwrap();
    assert_eq!(recovery.ended.as_ref().map(|ended| ended.epoch), Some(old));
    assert_eq!(recovery.gaps[0].from, seq(4));
    assert!(recovery.gaps[0].found.contains(&old.to_string()), "{recovery}");
    assert_ne!(journal.epoch(), old);
    assert_eq!(journal.note().size, 0);
    let both = logs(&mut disk.clone()).unwrap();
    assert_eq!(both.iter().map(|log| log.epoch).collect::<Vec<_>>(), [old, journal.epoch()]);
    let mut reader = Reader::open(disk, both[0]).unwrap();
    assert_eq!(reader.read(seq(5), 99, usize::MAX).unwrap().len(), 5);
}

#[test]
fn a_last_segment_that_is_cut_short_behind_its_header_is_begun_anew() {
    let disk = SimDisk::new();
    let (mut journal, _) = open(&disk);
    let mut number = 0;
    while segments(&disk).len() < 3 {
        number += 1;
        append(&mut journal, number..=number);
        journal.commit().unwrap();
    }
    drop(journal);
    let last = segments(&disk).pop().unwrap();
    let bytes = disk.read(&last).unwrap();
    let header = usize::try_from(u32::from_le_bytes(bytes[12..16].try_into().unwrap())).unwrap();
    for length in [header, header + 1, header + 60] {
        let short = with_file(&disk, &last, &bytes[..length]);
        let (mut journal, recovery) = open(&short);
        assert_eq!((journal.note().size, &recovery.ended), (number - 1, &None), "{recovery}");
        append(&mut journal, number..=number + 40);
        journal.commit().unwrap();
        drop(journal);
        assert!(open(&short).1.is_untroubled(), "{length} bytes: {}", open(&short).1);
        check_all(&short, number + 40);
    }
}

#[test]
fn a_missing_segment_is_a_gap_that_is_reported() {
    let disk = SimDisk::new();
    let (mut journal, _) = open(&disk);
    for number in 1..=70 {
        append(&mut journal, number..=number);
        journal.commit().unwrap();
    }
    let note = journal.note();
    drop(journal);
    let files = segments(&disk);
    disk.clone().remove(&files[1]).unwrap();
    let first = |file: &String| file[40..60].parse::<u64>().unwrap();
    let log = logs(&mut disk.clone()).unwrap()[0];
    let found = verify(&mut disk.clone(), log).unwrap().findings;
    let missing = format!("records {} to {} are missing", first(&files[1]), first(&files[2]) - 1);
    assert!(found.iter().any(|finding| finding.contains(&missing)), "{missing}: {found:#?}");
    let (journal, recovery) = open(&disk);
    assert_eq!(journal.note(), note, "the tree goes on");
    let gap = &recovery.gaps[0];
    assert_eq!(
        (recovery.gaps.len(), gap.from.get(), gap.through.get()),
        (1, first(&files[1]), first(&files[2]) - 1)
    );
}

#[test]
fn a_tree_in_the_last_header_that_is_not_that_of_the_records_before_is_said() {
    let disk = SimDisk::new();
    let (mut journal, _) = open(&disk);
    for number in 1..=70 {
        append(&mut journal, number..=number);
        journal.commit().unwrap();
    }
    drop(journal);
    let file = segments(&disk).pop().unwrap();
    let mut bytes = disk.read(&file).unwrap();
    // The header ends with the right edge of the tree and a checksum, which is made to fit.
    let end = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize - 4;
    bytes[end - 1] ^= 1;
    let crc = crc32c::crc32c(&bytes[..end]);
    bytes[end..end + 4].copy_from_slice(&crc.to_le_bytes());
    let (_, recovery) = open(&with_file(&disk, &file, &bytes));
    let said = "do not match the tree in its header";
    assert!(recovery.remarks.iter().any(|remark| remark.contains(said)), "{recovery}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn random_bytes_in_place_of_a_segment_never_refuse_a_start(
        bytes in proptest::collection::vec(any::<u8>(), 0..2_000),
        keep in 0..2_000_usize,
    ) {
        let disk = SimDisk::new();
        let (mut journal, _) = open(&disk);
        append(&mut journal, 1..=12);
        journal.commit().unwrap();
        drop(journal);
        let file = segments(&disk)[0].clone();
        let mut content = disk.read(&file).unwrap();
        content.truncate(keep);
        content.extend_from_slice(&bytes);
        let rotten = with_file(&disk, &file, &content);
        let (mut journal, _) = open(&rotten);
        journal.append(draft(1), stamp(1)).unwrap();
        journal.commit().unwrap();
    }
}
