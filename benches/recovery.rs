//! Opening a journal of a million records from a cold disk: `cargo bench --bench recovery`.
//!
//! `TMPDIR` chooses the file system. Before each run the kernel is told to forget the files. Printed: each run, what a
//! start reads, and its parts one by one; the run fails above [`BAR`].

#[allow(clippy::unwrap_used, reason = "a fixture may panic")]
#[path = "../tests/common/passage.rs"]
mod passage;

use std::path::Path;
use std::time::{Duration, Instant};

use kakou::base::{BootId, ClockTrust, Mono, Pii, Random, Stamp, Wall};
use kakou::journal::cosigned::file_of;
use kakou::journal::reader::logs;
use kakou::journal::verify::{kiosk_of, verify};
use kakou::journal::{Disk, Journal, Options, Reader, SigningKey, Witness};
use kakou::model::record::Crossing;
use kakou::model::{Body, Direction, Draft, Person, Personal, SubjectKind};
use kakou::platform::disk::DirDisk;
use passage::admitted;
use rustix::fs::{Advice, fadvise};

const RECORDS: u64 = 1_000_000;
const HUB: &str = "hub";
/// Longest that a start may take.
const BAR: Duration = Duration::from_secs(2);

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let (size, took) = timed(|| write(folder.path()));
    println!("written: {RECORDS} records, {} MiB, in {took:.1?}", size >> 20);
    let mut longest = Duration::ZERO;
    for run in 1..=5 {
        forget(folder.path());
        let (found, took) =
            timed(|| Journal::open(disk(folder.path()), options(), Box::new(Random::new(run))));
        let (journal, recovery) = found.expect("no start is refused");
        assert!(recovery.is_untroubled() && journal.note().size == RECORDS, "{recovery}");
        println!("cold start {run}: {took:.1?}");
        longest = longest.max(took);
    }
    parts(folder.path());
    assert!(longest < BAR, "{longest:?} is more than {BAR:?}");
}

/// What a start is made of, each part by itself on a cold disk.
#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn parts(folder: &Path) {
    let mut disk = disk(folder);
    let log = logs(&mut disk).expect("a list")[0];
    forget(folder);
    let (files, took) = timed(|| disk.list().expect("a list"));
    let segments: Vec<&String> = files.iter().filter(|file| file.ends_with(".seg")).collect();
    println!("  list of {} segments: {took:.1?}", segments.len());
    let headers = || {
        for file in &segments {
            disk.clone().read_at(file, 0, &mut [0; 2_148]).expect("a header");
        }
    };
    println!("  first 2 KiB of each: {:.1?}", timed(headers).1);
    forget(folder);
    let bytes = || {
        let last = segments.iter().rev().take(2);
        last.map(|file| disk.clone().read_at(file, 0, &mut vec![0; 4 << 20]).expect("bytes")).sum::<usize>()
    };
    let (bytes, took) = timed(bytes);
    println!("  bytes of the last two segments, {} KiB: {took:.1?}", bytes >> 10);
    let (_, took) = timed(|| Journal::open(disk.clone(), options(), Box::new(Random::new(9))));
    println!("  a start with all of that in memory: {took:.1?}");
    let mut reader = Reader::open(disk.clone(), log).expect("a reader");
    forget(folder);
    let (_, took) = timed(|| reader.frontier(RECORDS / 2).expect("a tree"));
    println!("  for comparison, the tree in the middle: {took:.1?}");
    let (report, took) = timed(|| verify(&mut disk.clone(), log).expect("a report"));
    assert!(report.findings.is_empty() && report.records == RECORDS);
    println!("  for comparison, all {RECORDS} records checked: {took:.1?}");
    assert_eq!(kiosk_of(&mut disk, log).expect("a header"), Some(options().kiosk));
}

/// Three records a passage, one of them sealed; a receipt over all of them.
fn write(folder: &Path) -> u64 {
    let mut disk = disk(folder);
    let (mut journal, _) =
        Journal::open(disk.clone(), options(), Box::new(Random::new(1))).expect("a new journal");
    let mut arrival = kakou::base::Seq::FIRST;
    for number in 0..RECORDS {
        let (body, personal) = match number % 3 {
            0 => (Body::Arrived { subject: SubjectKind::Person, direction: Direction::Inbound }, None),
            1 => (Body::Passage(Box::new(admitted(arrival))), Some(person())),
            _ => (Body::Crossed { arrival, crossing: Crossing::Passed, counted: None }, None),
        };
        let draft = Draft { lane: Some("in-1".parse().expect("a name")), body, personal };
        let seq = journal.append(draft, stamp(number)).expect("room");
        if number % 3 == 0 {
            arrival = seq;
        }
        if number % 300 == 0 {
            journal.commit().expect("a disk");
        }
    }
    journal.commit().expect("a disk");
    let mut receipt = journal.note().sign(&key(1));
    receipt.cosign(HUB, &key(2), stamp(0).wall);
    let (file, text) = (file_of(journal.epoch()), receipt.to_string());
    disk.create(&file, text.len() as u64).expect("room");
    disk.write_at(&file, 0, text.as_bytes()).expect("room");
    journal.close().expect("a disk");
    let files = disk.list().expect("a list");
    files.iter().map(|file| Disk::len(&mut disk, file).expect("a length")).sum()
}

/// Has the kernel drop what it holds of the files.
fn forget(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let file = std::fs::File::open(entry.expect("an entry").path()).expect("a file");
        file.sync_all().expect("a disk");
        fadvise(&file, 0, None, Advice::DontNeed).expect("advice is taken");
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    (work(), begun.elapsed())
}

fn disk(folder: &Path) -> DirDisk {
    DirDisk::open(folder).expect("the directory can be opened")
}

fn options() -> Options {
    let kiosk: kakou::base::KioskId = "gate-1".parse().expect("a name");
    let witness =
        Witness { kiosk: kiosk.clone(), own: key(1).verifying(), hub_name: HUB, hub: key(2).verifying() };
    Options { ballast_len: 0, witness: Some(witness), ..Options::new(kiosk) }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&[seed; 32])
}

fn stamp(number: u64) -> Stamp {
    Stamp {
        boot: BootId([1; 16]),
        mono: Mono::from_millis(number * 1_000),
        wall: Wall(1_790_000_000_000 + i64::try_from(number).unwrap_or(0) * 1_000),
        trust: ClockTrust::Synced,
        max_error_ms: 5,
    }
}

fn person() -> Personal {
    let name = Some(Pii::new("王小明".to_owned()));
    Personal { people: vec![Person { name, ..Person::default() }], vehicle: None, note: None, picture: None }
}
