//! What a record costs the card, counted at the block device: `cargo bench --bench device`.
//!
//! Three devices of the power-cut rig, each with its own ext4, side by side: the journal, SQLite (WAL, synchronous=FULL)
//! with the same records as blobs, and the view, caught up every ten seconds as while somebody looks at the list. Two
//! records a second in real time, because ext4 commits its own journal every five seconds. Then how long a
//! commit takes in the first two at full speed, in turns on one device. Needs root and `/dev/fuse`; `DEVICE_SECONDS` shortens the first
//! part. Fails when a bar is missed.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark without a disk has nothing to measure"
)]

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use kakou::base::{Random, Seq};
use kakou::journal::view::Check;
use kakou::journal::{Journal, Options, Reader, Stored, View};
use kakou::model::Blinder;
use kakou::platform::disk::DirDisk;
use rusqlite::Connection;

use bench::{Card, formatted, is_possible};
use device::Counts;
use stores::{draft, stamp};

#[path = "../tests/rig/bench.rs"]
#[allow(dead_code, reason = "shared with the tests, which cut the power as well")]
mod bench;
#[path = "../tests/rig/device.rs"]
#[allow(dead_code, reason = "shared with the tests, which cut the power as well")]
mod device;
#[path = "../tests/common/passage.rs"]
mod passage;
#[path = "../tests/rig/stores.rs"]
#[allow(dead_code, reason = "shared with the tests, which cut the power as well")]
mod stores;

const IMAGE_LEN: u64 = 64 * 1024 * 1024;
const WARM_UP: u64 = 3_000;
const SECONDS: u64 = 90;
const EVERY: Duration = Duration::from_millis(500);
/// Records between two looks at the list.
const LOOK: u64 = 20;
const COMMITS: u64 = 3_000;

fn main() {
    if !is_possible() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let empty = formatted(folder.path(), IMAGE_LEN);
    let cards = ["journal", "sqlite", "view"].map(|name| Card::new(folder.path(), name, &empty));
    let mounted = cards.each_ref().map(|card| card.mount().unwrap());
    let [journal, sqlite, view] = cards.each_ref().map(|card| card.mount.as_path());
    let mut stores = Stores::new(journal, sqlite, view);
    (0..WARM_UP).for_each(|_| stores.record());
    stores.look();
    let costs = stores.at_a_walk(&cards);
    let latencies = stores.at_full_speed(&cards[0]);
    drop(stores);
    drop(mounted);
    judge(costs, latencies);
}

/// The three stores, which take the same records.
struct Stores {
    journal: Journal<DirDisk>,
    sent: Reader<DirDisk>,
    followed: Reader<DirDisk>,
    sqlite: Connection,
    view: View,
    number: u64,
}

impl Stores {
    fn new(journal: &Path, sqlite: &Path, view: &Path) -> Self {
        let directory = journal.join("journal");
        let options = Options { ballast_len: 0, ..Options::new("gate-1".parse().unwrap()) };
        let disk = DirDisk::open(&directory).unwrap();
        let (journal, _) = Journal::open(disk, options, Box::new(Random::new(1))).unwrap();
        let behind = || journal.reader(DirDisk::open_read_only(&directory).unwrap());
        let (sent, followed) = (behind(), behind());
        let sqlite = self::sqlite(sqlite);
        let version: String = sqlite.query_row("SELECT sqlite_version()", [], |row| row.get(0)).unwrap();
        println!(
            "SQLite {version}, built with {}",
            option_env!("LIBSQLITE3_FLAGS").unwrap_or("no flags of ours")
        );
        let (view, _) = View::open(&view.join("view.sqlite"), Blinder::new(&[1; 32]), Check::AsLeft).unwrap();
        Self { journal, sent, followed, sqlite, view, number: 0 }
    }

    /// One durable record in the journal and in SQLite.
    fn record(&mut self) {
        self.commit();
        let stored = self.stored();
        self.insert(&stored);
    }

    fn commit(&mut self) {
        self.number += 1;
        self.journal.append(draft(self.number), stamp(self.number)).unwrap();
        self.journal.commit().unwrap();
    }

    /// The record that was committed last, as the journal has it.
    fn stored(&mut self) -> Vec<u8> {
        let last = self.journal.durable().unwrap();
        let read: Vec<Stored> = self.sent.read(last, 1, usize::MAX).unwrap();
        let mut bytes = vec![];
        read[0].encode(&mut bytes);
        bytes
    }

    fn insert(&self, record: &[u8]) {
        let mut insert = self.sqlite.prepare_cached("INSERT INTO log (record) VALUES (?1)").unwrap();
        insert.execute([record]).unwrap();
    }

    /// Somebody looks at the list of passages.
    fn look(&mut self) {
        let keys = self.journal.sealer().keys();
        self.view.catch_up(&mut self.followed, &keys).unwrap();
    }

    /// Two records a second; returns what each device was asked to do for it, per record.
    #[expect(clippy::disallowed_methods, reason = "the pace of the clock is what is measured")]
    fn at_a_walk(&mut self, cards: &[Card; 3]) -> [Cost; 3] {
        let seconds = std::env::var("DEVICE_SECONDS").map_or(SECONDS, |text| text.parse().unwrap());
        let records = seconds * 1_000 / u64::try_from(EVERY.as_millis()).unwrap();
        cards.iter().for_each(|card| write_back(&card.mount));
        let before = cards.each_ref().map(|card| card.device.counts());
        let (began, size) = (Instant::now(), self.journal.durable().map_or(0, Seq::get));
        let mut encoded = 0;
        for tick in 1..=records {
            std::thread::sleep((began + EVERY * u32::try_from(tick).unwrap()).duration_since(Instant::now()));
            self.commit();
            let stored = self.stored();
            encoded += stored.len();
            self.insert(&stored);
            if tick % LOOK == 0 {
                self.look();
            }
        }
        assert_eq!(self.journal.durable().map_or(0, Seq::get) - size, records);
        // What is still in memory was written for these records too.
        cards.iter().for_each(|card| write_back(&card.mount));
        println!("{records} records of {} bytes, one every {EVERY:?}", encoded as u64 / records);
        let after = cards.each_ref().map(|card| card.device.counts());
        [0, 1, 2].map(|index| Cost::new(before[index], after[index], records))
    }

    /// How long a durable record takes in the journal and in SQLite on the same device, one after the other in turns.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    fn at_full_speed(&mut self, card: &Card) -> [Latency; 2] {
        self.sqlite = sqlite(&card.mount);
        let record = self.stored();
        let mut times = [vec![], vec![]];
        for _ in 0..COMMITS {
            let began = Instant::now();
            self.commit();
            let between = Instant::now();
            self.insert(&record);
            times[0].push(between - began);
            times[1].push(between.elapsed());
        }
        times.map(Latency::new)
    }
}

/// How long commits took.
#[derive(Clone, Copy)]
struct Latency {
    half: Duration,
    nine_of_ten: Duration,
}

impl Latency {
    fn new(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self { half: times[times.len() / 2], nine_of_ten: times[times.len() * 9 / 10] }
    }
}

/// What one record costs a device.
#[derive(Clone, Copy)]
struct Cost {
    bytes: f64,
    writes: f64,
    flushes: f64,
}

impl Cost {
    fn new(before: Counts, after: Counts, records: u64) -> Self {
        let each = |before: u64, after: u64| (after - before) as f64 / records as f64;
        Self {
            bytes: each(before.bytes, after.bytes),
            writes: each(before.writes, after.writes),
            flushes: each(before.flushes, after.flushes),
        }
    }
}

/// SQLite as durable as the journal, with a table of blobs, in a new file.
fn sqlite(folder: &Path) -> Connection {
    let connection = Connection::open(folder.join("log.sqlite")).unwrap();
    let setup = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 CREATE TABLE log (seq INTEGER PRIMARY KEY, record BLOB NOT NULL)";
    connection.execute_batch(setup).unwrap();
    connection
}

/// Writes out what the kernel still holds for the file system at `mount`.
fn write_back(mount: &Path) {
    rustix::fs::syncfs(File::open(mount).unwrap()).unwrap();
}

fn judge(costs: [Cost; 3], latencies: [Latency; 2]) {
    println!("{:24} {:>14} {:>15} {:>15}", "", "bytes/record", "writes/record", "flushes/record");
    for (name, Cost { bytes, writes, flushes }) in
        ["journal", "SQLite WAL FULL", "view, lazily"].iter().zip(costs)
    {
        println!("{name:24} {bytes:14.0} {writes:15.2} {flushes:15.2}");
    }
    for (name, Latency { half, nine_of_ten }) in ["journal", "SQLite WAL FULL"].iter().zip(latencies) {
        let rate = 1.0 / half.as_secs_f64();
        println!(
            "{name:24} a commit takes {half:?} ({rate:.0} a second), nine of ten at most {nine_of_ten:?}"
        );
    }
    let [log, _, view] = costs;
    assert!(
        log.bytes <= 8_192.0 && log.flushes <= 1.2,
        "a record costs the card at most 8 KiB and 1.2 flushes"
    );
    assert!(view.bytes <= 30.0 * 1_024.0, "the view costs the card at most 30 KiB a record");
    let [journal, sqlite] = latencies.map(|latency| latency.half);
    assert!(journal <= sqlite, "the journal commits at least as fast as SQLite WAL FULL");
}
