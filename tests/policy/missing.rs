//! Records that a journal has lost are counted when it is gone through, and what is whole behind them is shown.

use kakou::base::{BootId, ClockTrust, Mono, Random, Stamp, Wall};
use kakou::daemon::policy::replay::passages;
use kakou::journal::reader::logs;
use kakou::journal::{Disk, Journal, Options};
use kakou::model::{Body, Draft};
use kakou::sim::disk::SimDisk;

#[path = "../common/passage.rs"]
mod passage;

#[test]
fn records_that_are_lost_are_counted_and_those_behind_them_shown() {
    let disk = SimDisk::new();
    let options =
        || Options { ballast_len: 0, segment_len: 8 * 1024, ..Options::new("gate-1".parse().unwrap()) };
    let (mut journal, _) = Journal::open(disk.clone(), options(), Box::new(Random::new(1))).unwrap();
    for number in 0..200_u64 {
        let stamp = Stamp {
            boot: BootId([1; 16]),
            mono: Mono::from_millis(number),
            wall: Wall::from_secs(1_790_000_000),
            trust: ClockTrust::Synced,
            max_error_ms: 12,
        };
        let passage = Box::new(passage::admitted(kakou::base::Seq::FIRST));
        journal.append(Draft { lane: None, body: Body::Passage(passage), personal: None }, stamp).unwrap();
        journal.commit().unwrap();
    }
    let mut files = disk.clone();
    let log = logs(&mut files).unwrap()[0];
    let gone_through = |disk: &SimDisk, stretch| {
        let mut seen = Vec::new();
        let through = passages(disk.clone(), log, stretch, &mut |found| seen.push(found.seq.get())).unwrap();
        (through.passages, through.missing, seen)
    };
    let (whole, missing, seen) = gone_through(&disk, (1, u64::MAX));
    assert!(whole == 200 && missing == 0, "{whole} {missing}");
    let stretch = gone_through(&disk, (seen[10], seen[19]));
    assert_eq!((stretch.0, stretch.1), (10, 0));
    // In the first segment, whose last records are known by the next one.
    let mut segments: Vec<String> = files.list().unwrap();
    segments.retain(|file| disk.read(file).unwrap().len() == 8 * 1024);
    segments.sort();
    assert!(segments.len() > 2, "{segments:?}");
    disk.flip(&segments[0], 4_000, 0xff);
    let (left, missing, seen) = gone_through(&disk, (1, u64::MAX));
    assert!(missing >= 1 && left + missing == 200, "{left} and {missing}");
    assert!(seen.last() > Some(&150), "what is whole behind the hole is shown: {seen:?}");
}
