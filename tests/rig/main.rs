//! The power-cut rig: a FUSE file under a loop device under a real ext4, cut after a random number of operations.
//!
//! Needs root, `/dev/fuse` and loop devices. In the same run, stores that do not sync properly must lose records, or
//! the rig proves nothing.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a fixture may panic, and says what it saw")]

mod bench;
mod cost;
mod device;
mod hub;
mod lying;
#[path = "../common/passage.rs"]
mod passage;
mod stores;

use bench::{Bench, is_possible};
use device::Left;
use kakou::base::Random;
use kakou::platform::disk::DirDisk;
use stores::{Acknowledged, Found, Unsynced, lost_rows, start_again, write_journal, write_sqlite};

const CUTS: u64 = 80;
/// Device operations within which the power is cut; a commit is two or three.
const OPERATIONS: u64 = 400;
const GROUPS_MAX: u64 = 500;
/// Rows that a store without flushes writes before the power is cut.
const ROWS: u64 = 200;

#[test]
fn after_a_cut_of_an_honest_card_every_acknowledged_record_is_there() {
    if !is_possible() {
        return;
    }
    let (bench, mut random) = (Bench::new(), Random::new(1));
    let (mut images, mut records, mut lossy, mut wrong, mut refused) = (0, 0, 0, Vec::new(), Vec::new());
    for seed in 0..CUTS {
        let acknowledged = journal_until_cut(&bench, &mut random, 0.0, seed);
        records += acknowledged.size;
        for left in Left::ALL {
            images += 1;
            match bench.after(left, &mut random, |card| start_again(card, &acknowledged)) {
                Ok(Found::Log(log)) => {
                    lossy += u64::from(!log.lost.is_empty());
                    let findings = log.said.into_iter().chain(log.wrong);
                    wrong.extend(findings.map(|finding| format!("cut {seed}, {left:?}: {finding}")));
                }
                Ok(Found::Refused(error)) | Err(error) => {
                    refused.push(format!("cut {seed}, {left:?}: {error}"));
                }
            }
        }
    }
    println!("honest card: {images} images, {records} records acknowledged, {lossy} images lost some");
    assert!(images >= 400 && records > 20 * CUTS, "{images} images of {records} records");
    assert!(lossy == 0 && wrong.is_empty() && refused.is_empty(), "{lossy} lossy, {wrong:#?}, {refused:#?}");
}

#[test]
fn stores_that_do_not_sync_lose_records_so_the_rig_bites() {
    if !is_possible() {
        return;
    }
    let (bench, mut random) = (Bench::new(), Random::new(3));
    let mut unsynced = 0;
    for seed in 0..4 {
        let acknowledged = bench.cut(u64::MAX, 0.0, seed, |card, device| {
            write_journal(DirDisk::open(&card.join("journal")).map(Unsynced), card, device, ROWS)
        });
        for left in Left::ALL {
            let found = bench.after(left, &mut random, |card| start_again(card, &acknowledged));
            unsynced += u64::from(!matches!(found, Ok(Found::Log(log)) if log.lost.is_empty()));
        }
    }
    let off = lossy_sqlite(&bench, &mut random, "PRAGMA synchronous = OFF", 4, u64::MAX);
    // The rollback journal is unlinked, and its directory not synced: the last commit is rolled back.
    let unlinked = lossy_sqlite(&bench, &mut random, "PRAGMA synchronous = FULL", 12, OPERATIONS);
    println!(
        "images that lost records: {unsynced} of 20 without sync, {off} of 20 SQLite OFF, {unlinked} of 60 unlink"
    );
    assert!(unsynced >= 8 && off >= 8 && unlinked >= 4, "{unsynced}, {off}, {unlinked}");
}

fn journal_until_cut(bench: &Bench, random: &mut Random, lies: f64, seed: u64) -> Acknowledged {
    let at = 20 + random.below(OPERATIONS);
    bench.cut(at, lies, seed, |card, device| {
        write_journal(DirDisk::open(&card.join("journal")), card, device, GROUPS_MAX)
    })
}

fn lossy_sqlite(bench: &Bench, random: &mut Random, setup: &str, cuts: u64, operations: u64) -> u64 {
    let mut lossy = 0;
    for seed in 0..cuts {
        let at = if operations == u64::MAX { u64::MAX } else { 60 + random.below(operations) };
        let acknowledged = bench.cut(at, 0.0, seed, |card, _| write_sqlite(card, setup, ROWS));
        for left in Left::ALL {
            let lost = bench.after(left, random, |card| lost_rows(card, acknowledged));
            lossy += u64::from(lost != Ok(Some(0)));
        }
    }
    lossy
}
