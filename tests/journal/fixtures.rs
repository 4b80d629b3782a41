//! Journals to test with, and what must hold of them.

use crate::passage::admitted;
use kakou::base::{BootId, ClockTrust, Mono, Pii, Random, Seq, Stamp, Wall};
use kakou::journal::reader::logs;
use kakou::journal::verify::verify;
use kakou::journal::{Disk, Frontier, Journal, Options, Recovery, Seal, Stored};
use kakou::model::record::Crossing;
use kakou::model::{Body, Draft, Person, Personal};
use kakou::sim::disk::SimDisk;

pub fn options() -> Options {
    Options { segment_len: 2_048, ballast_len: 0, ..Options::new("gate-1".parse().unwrap()) }
}

pub fn wide() -> Options {
    Options { segment_len: 65_536, ..options() }
}

pub fn open(disk: &SimDisk) -> (Journal<SimDisk>, Recovery) {
    // Each start draws other keys and epochs.
    let entropy = Random::new(disk.operations() + 7);
    Journal::open(disk.clone(), options(), Box::new(entropy)).unwrap()
}

/// Works until something fails: starts, appends in groups, stops and starts again. Notes what was acknowledged.
pub fn work(disk: &SimDisk, acknowledged: &mut Vec<Stored>) -> u64 {
    let mut appended = 0;
    for run in 0..2 {
        let entropy = Box::new(Random::new(run));
        let Ok((mut journal, _)) = Journal::open(disk.clone(), options(), entropy) else { return appended };
        let mut reader = journal.reader(disk.clone());
        for group in 0..16 {
            for _ in 0..=group % 4 {
                let next = if appended % 5 == 4 { personal("王小明") } else { draft(appended + 1) };
                let Ok(_) = journal.append(next, stamp(appended + 1)) else { return appended };
                appended += 1;
            }
            let before = acknowledged.len() as u64;
            let outcome = journal.commit();
            if journal.durable().map_or(0, Seq::get) > before {
                acknowledged.extend(reader.read(seq(before + 1), usize::MAX, usize::MAX).unwrap());
            }
            let Ok(_) = outcome else { return appended };
        }
        let Ok(()) = journal.close() else { return appended };
    }
    appended
}

pub fn check_after_cut(left: &SimDisk, acknowledged: &[Stored], when: &str) {
    let (mut journal, recovery) = open(left);
    assert!(recovery.gaps.is_empty() && recovery.quarantined.is_empty(), "{when}: {recovery}");
    assert!(recovery.ended.is_none(), "{when}: {recovery}");
    let mut reader = journal.reader(left.clone());
    let found = reader.read(Seq::FIRST, usize::MAX, usize::MAX).unwrap();
    assert!(found.starts_with(acknowledged), "{when}: {} of {}", found.len(), acknowledged.len());
    assert_eq!(journal.note().size, found.len() as u64, "{when}");
    assert_eq!(journal.note().root, tree(&found).root(), "{when}");
    for stored in found.iter().filter(|stored| stored.seal != Seal::None) {
        assert!(journal.sealer().open_box(&stored.seal).is_ok(), "{when}: a box whose key is gone");
    }
    let next = found.len() as u64 + 1;
    append(&mut journal, next..=next + 3);
    journal.commit().unwrap();
    drop(journal);
    check_all(left, next + 3);
}

/// Opens the disk and expects `count` records and nothing wrong.
pub fn check_all(disk: &SimDisk, count: u64) {
    let (journal, recovery) = open(disk);
    assert_eq!(recovery.ended, None);
    assert_eq!(journal.note().size, count);
    let log = *logs(&mut disk.clone()).unwrap().last().unwrap();
    let report = verify(&mut disk.clone(), log).unwrap();
    assert_eq!(report.findings, Vec::<String>::new());
    assert_eq!(report.frontier.unwrap().root(), journal.note().root);
    let stored = journal.reader(disk.clone()).read(Seq::FIRST, usize::MAX, usize::MAX).unwrap();
    assert_eq!(tree(&stored).root(), journal.note().root);
    for (index, stored) in stored.iter().enumerate() {
        assert_eq!(stored.entry().unwrap().seq.get(), index as u64 + 1);
    }
}

pub fn append(journal: &mut Journal<SimDisk>, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        assert_eq!(journal.append(draft(number), stamp(number)).unwrap().get(), number);
    }
}

pub fn segments(disk: &SimDisk) -> Vec<String> {
    disk.clone().list().unwrap().into_iter().filter(|file| file.ends_with(".seg")).collect()
}

/// A copy of the disk with other bytes in `file`.
pub fn with_file(disk: &SimDisk, file: &str, bytes: &[u8]) -> SimDisk {
    let mut copy = disk.killed();
    copy.remove(file).unwrap();
    copy.create(file, bytes.len() as u64).unwrap();
    copy.write_at(file, 0, bytes).unwrap();
    copy.sync(file).unwrap();
    copy.sync_dir().unwrap();
    copy
}

/// Some byte within the frame of record `number`.
pub fn record_offset(disk: &SimDisk, file: &str, number: u64) -> usize {
    let bytes = disk.read(file).unwrap();
    let is_it = |window: &[u8]| window.starts_with(b"KKF1\0") && window[8..16] == number.to_le_bytes();
    bytes.windows(16).position(is_it).unwrap() + 40
}

pub fn tree(stored: &[Stored]) -> Frontier {
    let mut frontier = Frontier::new();
    stored.iter().for_each(|stored| frontier.push(stored.leaf_hash()));
    frontier
}

pub fn draft(number: u64) -> Draft {
    let arrival = seq(number.max(1));
    plain(Body::Crossed { arrival, crossing: Crossing::Passed, counted: None })
}

pub fn plain(body: Body) -> Draft {
    Draft { lane: Some("in-1".parse().unwrap()), body, personal: None }
}

pub fn personal(name: &str) -> Draft {
    let person = Person { name: Some(Pii::new(name.to_owned())), ..Person::default() };
    let personal = Some(Personal { people: vec![person], vehicle: None, note: None, picture: None });
    Draft { personal, ..draft(1) }
}

pub fn passage(arrival: Seq) -> Body {
    Body::Passage(Box::new(admitted(arrival)))
}

pub fn stamp(number: u64) -> Stamp {
    Stamp {
        boot: BootId([1; 16]),
        mono: Mono::from_millis(number),
        wall: Wall(1_790_000_000_000),
        trust: ClockTrust::Synced,
        max_error_ms: 5,
    }
}

pub fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}
