//! What a commit costs the card, counted at the device. At the pace of a gate, in real time: `benches/device.rs`.

use kakou::base::Random;
use kakou::journal::{Journal, Options};
use kakou::platform::disk::DirDisk;

use crate::bench::{Bench, is_possible};
use crate::device::{Counts, Device};
use crate::stores::{draft, stamp, write_sqlite};

const COMMITS: u64 = 300;

#[test]
fn a_commit_costs_the_card_one_flush_and_no_more_than_two_blocks() {
    if !is_possible() {
        return;
    }
    let bench = Bench::new();
    let (bytes, flushes) = bench.cut(u64::MAX, 0.0, 1, |card, device| {
        let disk = DirDisk::open(&card.join("journal")).unwrap();
        let options = Options { ballast_len: 0, ..Options::new("gate-1".parse().unwrap()) };
        let (mut journal, _) = Journal::open(disk, options, Box::new(Random::new(1))).unwrap();
        per_commit(device, || {
            for number in 1..=COMMITS {
                journal.append(draft(number), stamp(number)).unwrap();
                journal.commit().unwrap();
            }
        })
    });
    let (rollback_bytes, rollback_flushes) = bench.cut(u64::MAX, 0.0, 2, |card, device| {
        per_commit(device, || assert_eq!(write_sqlite(card, "PRAGMA synchronous = FULL", COMMITS), COMMITS))
    });
    println!(
        "a commit: {bytes:.0} bytes, {flushes:.2} flushes; with a rollback journal {rollback_bytes:.0}, \
         {rollback_flushes:.2}"
    );
    assert!(bytes <= 8_192.0 && flushes <= 1.1, "{bytes} bytes, {flushes} flushes");
    assert!(rollback_bytes > 16_384.0 && rollback_flushes > 2.0, "the device counts");
}

/// Bytes and flushes of each of [`COMMITS`].
fn per_commit(device: &Device, work: impl FnOnce()) -> (f64, f64) {
    let before = device.counts();
    work();
    let Counts { bytes, flushes, .. } = device.counts();
    let each = |before: u64, after: u64| (after - before) as f64 / COMMITS as f64;
    (each(before.bytes, bytes), each(before.flushes, flushes))
}
