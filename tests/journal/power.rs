//! Power cuts, failed syncs and killed processes.

use kakou::base::{Random, Seq};
use kakou::journal::log;
use kakou::sim::disk::{Fault, FaultKind, SimDisk};

use crate::fixtures::*;

#[test]
fn a_power_cut_at_any_operation_keeps_all_that_was_acknowledged() {
    let whole = SimDisk::new();
    let appended = work(&whole, &mut Vec::new());
    assert!(appended > 60 && segments(&whole).len() > 2);
    let operations = whole.operations();
    let mut cuts = 0;
    for at in 0..operations {
        let disk = SimDisk::new();
        disk.inject(Some(Fault { from: at, count: u64::MAX - at, kind: FaultKind::Power }));
        let mut acknowledged = Vec::new();
        work(&disk, &mut acknowledged);
        for seed in 0..12 {
            let left = disk.crash(&mut Random::new(at * 1_000 + seed));
            check_after_cut(&left, &acknowledged, &format!("operation {at}, seed {seed}"));
            cuts += 1;
        }
    }
    assert!(cuts > 1_000, "{cuts} cuts");
}

#[test]
fn a_killed_process_and_a_power_cut_soon_after_keep_all_that_was_acknowledged() {
    let whole = SimDisk::new();
    work(&whole, &mut Vec::new());
    for at in 0..whole.operations() {
        let disk = SimDisk::new();
        disk.inject(Some(Fault { from: at, count: u64::MAX - at, kind: FaultKind::Power }));
        let mut before = Vec::new();
        work(&disk, &mut before);
        for later in 0..6 {
            let (left, mut acknowledged) = (disk.killed(), before.clone());
            let from = left.operations() + later;
            left.inject(Some(Fault { from, count: u64::MAX - from, kind: FaultKind::Power }));
            work(&left, &mut acknowledged);
            for seed in 0..2 {
                let left = left.crash(&mut Random::new(at * 1_000 + later * 10 + seed));
                check_after_cut(&left, &acknowledged, &format!("operation {at}, {later} more, seed {seed}"));
            }
        }
    }
}

#[test]
fn a_journal_on_a_disk_that_ignores_syncs_loses_records_so_the_model_bites() {
    let disk = SimDisk::lying();
    let mut acknowledged = Vec::new();
    work(&disk, &mut acknowledged);
    let lost = |seed: &u64| {
        let left = disk.crash(&mut Random::new(*seed));
        let (journal, _) = open(&left);
        journal.note().size < acknowledged.len() as u64
    };
    let lossy = (0..50).filter(lost).count();
    assert!(lossy > 10, "{lossy} of 50 cuts lost something");
}

#[test]
fn a_group_torn_at_any_byte_leaves_a_prefix_and_no_gap() {
    let disk = SimDisk::new();
    let (mut journal, _) = open(&disk);
    append(&mut journal, 1..=3);
    journal.commit().unwrap();
    let file = segments(&disk)[0].clone();
    let before = disk.read(&file).unwrap();
    append(&mut journal, 4..=6);
    disk.inject(Some(Fault { from: disk.operations() + 1, count: 1, kind: FaultKind::Power }));
    assert!(journal.commit().is_err());
    let after = disk.killed().read(&file).unwrap();
    let first = before.iter().zip(&after).position(|(a, b)| a != b).unwrap();
    let last = after.iter().rposition(|byte| *byte != 0).unwrap();
    for end in first..=last + 1 {
        let mut bytes = after.clone();
        bytes[end..].fill(0);
        let torn = with_file(&disk, &file, &bytes);
        let (journal, recovery) = open(&torn);
        let size = journal.note().size;
        assert!((3..=6).contains(&size), "{size} records after {end} bytes");
        assert!(recovery.gaps.is_empty() && recovery.ended.is_none(), "{end} bytes: {recovery}");
        assert!(recovery.cut_bytes > 0 || end <= last + 1);
        let rest = torn.read(&file).unwrap();
        let (_, again) = open(&torn);
        assert_eq!((again.cut_bytes, rest), (0, torn.read(&file).unwrap()), "the cut is lasting");
    }
}

#[test]
fn a_journal_that_cannot_be_read_again_yet_can_be_tried_once_more() {
    let disk = SimDisk::new();
    let (mut journal, _) = open(&disk);
    append(&mut journal, 1..=5);
    let failing = Fault { from: disk.operations() + 1, count: 3, kind: FaultKind::Medium };
    disk.inject(Some(failing));
    assert!(matches!(journal.commit(), Err(log::Error::Io { .. })));
    let mut reader = journal.reader(disk.clone());
    assert!(journal.reopen().is_err());
    assert!(journal.has_failed());
    disk.inject(None);
    journal.reopen().unwrap();
    let size = journal.note().size;
    append(&mut journal, size + 1..=size + 2);
    journal.commit().unwrap();
    assert_eq!(reader.read(Seq::FIRST, 99, usize::MAX).unwrap().len() as u64, size + 2);
}

#[test]
fn after_a_failed_sync_the_journal_goes_on_only_from_what_is_really_there() {
    for failing in 0..2 {
        let disk = SimDisk::new();
        let (mut journal, _) = open(&disk);
        append(&mut journal, 1..=5);
        journal.commit().unwrap();
        append(&mut journal, 6..=8);
        let from = disk.operations() + failing;
        disk.inject(Some(Fault { from, count: 1, kind: FaultKind::Medium }));
        assert!(matches!(journal.commit(), Err(log::Error::Io { .. })));
        assert!(matches!(journal.append(draft(9), stamp(9)), Err(log::Error::Failed)));
        assert!(matches!(journal.commit(), Err(log::Error::Failed)), "a second sync proves nothing");
        let mut reader = journal.reader(disk.clone());
        journal.reopen().unwrap();
        let size = journal.note().size;
        assert!((5..=8).contains(&size));
        append(&mut journal, size + 1..=size + 2);
        journal.commit().unwrap();
        assert_eq!(reader.read(Seq::FIRST, 99, usize::MAX).unwrap().len() as u64, size + 2);
        for seed in 0..20 {
            check_all(&disk.crash(&mut Random::new(seed)), size + 2);
        }
    }
}

#[test]
fn what_survives_a_killed_process_is_on_the_medium_before_it_is_reported() {
    let disk = SimDisk::new();
    let (mut journal, _) = open(&disk);
    append(&mut journal, 1..=3);
    disk.inject(Some(Fault { from: disk.operations() + 1, count: 1, kind: FaultKind::Power }));
    assert!(journal.commit().is_err());
    let left = disk.killed();
    let (journal, _) = open(&left);
    assert_eq!(journal.note().size, 3);
    for seed in 0..20 {
        check_all(&left.crash(&mut Random::new(seed)), 3);
    }
}
