//! The medium as the worst power cut leaves it.

use kakou::base::{Random, Seq};
use kakou::journal::reader::logs;
use kakou::journal::{Reader, Stored};
use kakou::sim::disk::SimDisk;

/// Random numbers by which a crash keeps nothing of what was not synced; the test below holds them to it.
fn nothing_survives() -> Random {
    let keeps_nothing = |seed: &u64| {
        let mut random = Random::new(*seed);
        random.unit();
        random.below(4) == 0
    };
    Random::new((0..).find(keeps_nothing).unwrap_or_default())
}

/// Everything in the log that is on the medium itself and would survive the worst power cut.
pub fn medium(disk: &SimDisk) -> Vec<Stored> {
    let mut left = disk.crash(&mut nothing_survives());
    let Some(log) = logs(&mut left).ok().and_then(|logs| logs.last().copied()) else { return vec![] };
    let read = |mut reader: Reader<SimDisk>| reader.read(Seq::FIRST, usize::MAX, usize::MAX);
    Reader::open(left, log).and_then(read).unwrap_or_default()
}

#[test]
fn nothing_unsynced_survives() {
    use kakou::journal::Disk;
    let mut disk = SimDisk::new();
    disk.create("a", 4_096).unwrap();
    disk.sync("a").unwrap();
    disk.sync_dir().unwrap();
    disk.write_at("a", 0, &[7; 4_096]).unwrap();
    let left = disk.crash(&mut nothing_survives());
    assert_eq!(left.read("a").unwrap(), [0; 4_096]);
}
