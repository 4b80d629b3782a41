//! The journal beside SQLite in the same run: one durable record of 300 bytes at a time, and a leaf of the tree.
//!
//! `TMPDIR` chooses the file system.

use divan::{Bencher, black_box};
use kakou::base::{BootId, ClockTrust, Mono, Random, Stamp, Wall};
use kakou::journal::{Frontier, Journal, Options};
use kakou::model::{Body, Draft};
use kakou::platform::disk::DirDisk;
use rusqlite::Connection;

/// With its frame and stamp this makes a record of 300 bytes.
const TEXT: usize = 200;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 200, sample_size = 1)]
fn journal_append_and_commit(bencher: Bencher<'_, '_>) {
    let dir = directory();
    let (mut journal, _) = open(&dir);
    bencher.bench_local(|| {
        append(&mut journal);
        black_box(journal.commit().is_ok())
    });
}

#[divan::bench(sample_count = 50, sample_size = 1)]
fn journal_append_100_and_commit(bencher: Bencher<'_, '_>) {
    let dir = directory();
    let (mut journal, _) = open(&dir);
    bencher.bench_local(|| {
        (0..100).for_each(|_| append(&mut journal));
        black_box(journal.commit().is_ok())
    });
}

#[divan::bench(sample_count = 200, sample_size = 1)]
fn sqlite_wal_full_insert(bencher: Bencher<'_, '_>) {
    let dir = directory();
    let connection = sqlite(&dir);
    let record = [7_u8; 300];
    bencher
        .bench_local(|| black_box(connection.execute("INSERT INTO log (record) VALUES (?1)", [&record[..]])));
}

#[divan::bench(sample_count = 50, sample_size = 1)]
fn sqlite_wal_full_insert_100(bencher: Bencher<'_, '_>) {
    let dir = directory();
    let mut connection = sqlite(&dir);
    let record = [7_u8; 300];
    bencher.bench_local(|| {
        let Ok(transaction) = connection.transaction() else { return };
        for _ in 0..100 {
            let _ = black_box(transaction.execute("INSERT INTO log (record) VALUES (?1)", [&record[..]]));
        }
        let _ = black_box(transaction.commit());
    });
}

#[divan::bench]
fn tree_push(bencher: Bencher<'_, '_>) {
    let mut frontier = Frontier::new();
    bencher.bench_local(|| frontier.push(black_box([7; 32])));
}

fn append(journal: &mut Journal<DirDisk>) {
    let body = Body::Booted { version: "x".repeat(TEXT), recovered: None, clean: true };
    let draft = Draft { lane: None, body, personal: None };
    let stamp = Stamp {
        boot: BootId([1; 16]),
        mono: Mono::from_millis(90_000),
        wall: Wall(1_790_000_000_000),
        trust: ClockTrust::Synced,
        max_error_ms: 12,
    };
    assert!(journal.append(draft, stamp).is_ok());
}

#[expect(clippy::expect_used, reason = "a benchmark without a disk has nothing to measure")]
fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory to write in")
}

#[expect(clippy::expect_used, reason = "a benchmark without a disk has nothing to measure")]
fn open(dir: &tempfile::TempDir) -> (Journal<DirDisk>, kakou::journal::Recovery) {
    let disk = DirDisk::open(dir.path()).expect("the directory can be opened");
    let kiosk = "gate-1".parse().expect("a good name");
    let options = Options { ballast_len: 0, ..Options::new(kiosk) };
    Journal::open(disk, options, Box::new(Random::new(1))).expect("a new journal")
}

#[expect(clippy::expect_used, reason = "a benchmark without a disk has nothing to measure")]
fn sqlite(dir: &tempfile::TempDir) -> Connection {
    let connection = Connection::open(dir.path().join("log.sqlite")).expect("a new database");
    let setup = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 CREATE TABLE log (seq INTEGER PRIMARY KEY, record BLOB NOT NULL)";
    connection.execute_batch(setup).expect("a table");
    connection
}
