//! Proofs from a log on a disk: whole, without its oldest segments, and with damage.

use kakou::base::Random;
use kakou::journal::proof::{verify_consistency, verify_inclusion};
use kakou::journal::prove::{self, consistency, inclusion};
use kakou::journal::reader::{self, logs};
use kakou::journal::{Disk, Journal, Seal, Stored, proof};
use kakou::sim::disk::SimDisk;

use crate::fixtures::*;

#[test]
fn every_record_of_every_size_is_proven_from_the_disk() {
    let (disk, all) = written(90);
    let log = logs(&mut disk.clone()).unwrap()[0];
    for size in (1..=90).step_by(3).chain([90]) {
        let root = tree(&all[..at(size)]).root();
        for number in 1..=size {
            let proven = inclusion(&mut disk.clone(), log, seq(number), size).unwrap();
            assert_eq!((proven.index, proven.size, proven.root), (number - 1, size, root));
            assert!(!matches!(proven.record.seal, Seal::Boxed { .. }), "no box leaves with a proof");
            assert_eq!(proven.record.public, all[at(number - 1)].public);
            let leaf = all[at(number - 1)].leaf_hash();
            assert_eq!(verify_inclusion(&leaf, number - 1, size, &proven.hashes, &root), Ok(()));
        }
    }
    let beyond = inclusion(&mut disk.clone(), log, seq(90), 91);
    assert!(matches!(beyond, Err(prove::Error::Log(_))), "{beyond:?}");
}

#[test]
fn every_older_size_is_proven_to_be_the_beginning_and_another_root_is_refused() {
    let (disk, all) = written(90);
    let log = logs(&mut disk.clone()).unwrap()[0];
    let root = tree(&all).root();
    for old in 0..=90 {
        let old_root = tree(&all[..at(old)]).root();
        let hashes = consistency(&mut disk.clone(), log, old, &old_root, 90).unwrap();
        assert_eq!(verify_consistency(old, 90, &hashes, &old_root, &root), Ok(()));
        let other = consistency(&mut disk.clone(), log, old, &[7; 32], 90);
        assert!(matches!(other, Err(prove::Error::Proof(proof::Error::Root))), "{old}: {other:?}");
    }
}

#[test]
fn what_is_kept_is_proven_when_older_segments_are_gone() {
    let (disk, all) = written(90);
    let log = logs(&mut disk.clone()).unwrap()[0];
    let root = tree(&all).root();
    let mut kept = disk.clone();
    let files = segments(&disk);
    for gone in 1..files.len() {
        kept.remove(&files[gone - 1]).unwrap();
        let first: u64 = files[gone][40..60].parse().unwrap();
        for number in 1..=90 {
            let proven = inclusion(&mut kept, log, seq(number), 90);
            assert_eq!(proven.is_ok(), number >= first, "record {number}, kept from {first}");
            assert!(proven.is_err() || proven.unwrap().root == root);
        }
        let old_root = tree(&all[..at(first)]).root();
        consistency(&mut kept, log, first, &old_root, 90).unwrap();
    }
    assert!(files.len() > 3);
}

#[test]
fn records_beside_a_damaged_one_are_proven_where_a_later_edge_is_recorded() {
    let disk = SimDisk::new();
    let (mut journal, _) = Journal::open(disk.clone(), wide(), Box::new(Random::new(1))).unwrap();
    // Frontier frames follow records 32 and 64.
    for number in 1..=70 {
        append(&mut journal, number..=number);
        journal.commit().unwrap();
    }
    let log = logs(&mut disk.clone()).unwrap()[0];
    let file = segments(&disk)[0].clone();
    disk.flip(&file, record_offset(&disk, &file, 40), 1);
    let proven = |number| inclusion(&mut disk.clone(), log, seq(number), 70);
    let missing = proven(40);
    assert!(matches!(missing, Err(prove::Error::Log(_))), "{missing:?}");
    for number in [65, 70] {
        assert_eq!(proven(number).unwrap().root, journal.note().root, "record {number}");
    }
    // The edge after record 64 is one hash over all 64: what the lost record had a part in cannot be told from it.
    for number in [1, 5, 32, 39, 41, 64] {
        let missing = proven(number);
        let only =
            matches!(missing, Err(prove::Error::Log(reader::Error::Missing { from: 40, through: 40 })));
        assert!(only, "record {number}: {missing:?}");
    }
    // Among the records before the lost one they are proven, and so they are in every older note.
    for number in [1, 5, 32, 39] {
        let proven = inclusion(&mut disk.clone(), log, seq(number), 39).unwrap();
        let root = journal.reader(disk.clone()).frontier(39).unwrap().root();
        assert_eq!((proven.size, proven.root), (39, root), "record {number}");
    }
}

#[test]
fn a_proof_reads_few_segments_of_a_long_log() {
    let (disk, all) = written(2_000);
    let log = logs(&mut disk.clone()).unwrap()[0];
    let files = segments(&disk).len();
    for number in [1, 1_000, 1_999] {
        let mut counted = Counted { disk: disk.clone(), read: 0 };
        let proven = inclusion(&mut counted, log, seq(number), 2_000).unwrap();
        assert_eq!(proven.root, tree(&all).root());
        assert!(counted.read < 2_048 * files as u64 / 4, "{} bytes of {files} segments", counted.read);
    }
}

/// Counts what is read by the walk itself.
#[derive(Clone)]
struct Counted {
    disk: SimDisk,
    read: u64,
}

impl Disk for Counted {
    fn list(&mut self) -> std::io::Result<Vec<String>> {
        self.disk.list()
    }
    fn len(&mut self, file: &str) -> std::io::Result<u64> {
        Disk::len(&mut self.disk, file)
    }
    fn read_at(&mut self, file: &str, offset: u64, bytes: &mut [u8]) -> std::io::Result<usize> {
        let read = self.disk.read_at(file, offset, bytes)?;
        self.read += read as u64;
        Ok(read)
    }
    fn create(&mut self, file: &str, size: u64) -> std::io::Result<()> {
        self.disk.create(file, size)
    }
    fn write_at(&mut self, file: &str, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
        self.disk.write_at(file, offset, bytes)
    }
    fn sync(&mut self, file: &str) -> std::io::Result<()> {
        self.disk.sync(file)
    }
    fn sync_dir(&mut self) -> std::io::Result<()> {
        self.disk.sync_dir()
    }
    fn rename(&mut self, from: &str, to: &str) -> std::io::Result<()> {
        self.disk.rename(from, to)
    }
    fn remove(&mut self, file: &str) -> std::io::Result<()> {
        self.disk.remove(file)
    }
}

/// A log of small segments with `count` records, some of them sealed.
fn written(count: u64) -> (SimDisk, Vec<Stored>) {
    let disk = SimDisk::new();
    let (mut journal, _) = open(&disk);
    for number in 1..=count {
        let next = if number % 5 == 0 { personal("王小明") } else { draft(number) };
        journal.append(next, stamp(number)).unwrap();
        if number % 3 == 0 {
            journal.commit().unwrap();
        }
    }
    journal.commit().unwrap();
    let all = journal.reader(disk.clone()).read(seq(1), usize::MAX, usize::MAX).unwrap();
    assert_eq!(all.len() as u64, count);
    (disk, all)
}

fn at(number: u64) -> usize {
    usize::try_from(number).unwrap()
}
