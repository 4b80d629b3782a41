//! The power goes while a new segment begins: at every byte of every write, and at every sync.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use kakou::base::Random;
use kakou::journal::{Disk, Journal};
use kakou::sim::disk::SimDisk;

use crate::fixtures::*;

#[test]
fn a_segment_roll_cut_at_every_byte_keeps_all_that_was_acknowledged() {
    let traced = Traced::default();
    let (mut journal, _) = Journal::open(traced.clone(), options(), Box::new(Random::new(1))).unwrap();
    let mut rolls = 0;
    let mut number = 0;
    while rolls < 3 {
        let before = segments(&traced.disk).len();
        for _ in 0..=number % 3 {
            number += 1;
            let next = if number % 4 == 0 { personal("王小明") } else { draft(number) };
            journal.append(next, stamp(number)).unwrap();
        }
        journal.commit().unwrap();
        traced.acknowledged.store(number, Ordering::Relaxed);
        rolls += segments(&traced.disk).len() - before;
    }
    // The first group in the last segment is followed by another.
    journal.append(draft(number + 1), stamp(number + 1)).unwrap();
    journal.commit().unwrap();
    let all = journal.reader(traced.disk.clone()).read(seq(1), usize::MAX, usize::MAX).unwrap();
    let moments = traced.moments.lock().unwrap();
    let creations = moments.iter().filter(|moment| matches!(moment.what, What::Create(..)));
    assert!(creations.count() >= 3, "every roll was seen");
    let mut cuts = 0;
    for (index, moment) in moments.iter().enumerate() {
        let acknowledged = &all[..usize::try_from(moment.acknowledged).unwrap()];
        for (step, torn) in moment.torn().into_iter().enumerate() {
            // All of what was written so far survives, or any part of it.
            let mut random = Random::new((index as u64) << 32 | step as u64);
            for left in [torn.killed(), torn.crash(&mut random), torn.crash(&mut random)] {
                check_after_cut(&left, acknowledged, &format!("operation {index}, step {step}"));
                cuts += 1;
            }
        }
    }
    assert!(cuts >= 10_000, "{cuts} cuts");
}

/// Looks over the journal's shoulder: the disk as it was before each operation.
#[derive(Clone, Default)]
struct Traced {
    disk: SimDisk,
    moments: Arc<Mutex<Vec<Moment>>>,
    acknowledged: Arc<AtomicU64>,
}

struct Moment {
    disk: SimDisk,
    what: What,
    acknowledged: u64,
}

enum What {
    Create(String, u64),
    Write(String, u64, Vec<u8>),
    Other,
}

impl Moment {
    /// The disk after every part of the operation.
    fn torn(&self) -> Vec<SimDisk> {
        // Zeros that are not there yet differ only in their number; what is written, in each byte.
        let (parts, step) = match &self.what {
            What::Create(_, size) => (*size, 64),
            What::Write(_, _, bytes) => (bytes.len() as u64, 1),
            What::Other => (0, 1),
        };
        let part = |length: u64| {
            let mut disk = self.disk.killed();
            match &self.what {
                What::Create(file, _) => disk.create(file, length).unwrap(),
                What::Write(file, offset, bytes) => {
                    disk.write_at(file, *offset, &bytes[..usize::try_from(length).unwrap()]).unwrap();
                }
                What::Other => {}
            }
            disk
        };
        std::iter::once(self.disk.killed()).chain((0..=parts).step_by(step).map(part)).collect()
    }
}

impl Traced {
    fn note(&self, what: What) {
        // From the first records on: how a log begins is another matter.
        let acknowledged = self.acknowledged.load(Ordering::Relaxed);
        if acknowledged > 0 {
            self.moments.lock().unwrap().push(Moment { disk: self.disk.killed(), what, acknowledged });
        }
    }
}

impl Disk for Traced {
    fn list(&mut self) -> io::Result<Vec<String>> {
        self.disk.list()
    }
    fn len(&mut self, file: &str) -> io::Result<u64> {
        self.disk.len(file)
    }
    fn read_at(&mut self, file: &str, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
        self.disk.read_at(file, offset, bytes)
    }
    fn create(&mut self, file: &str, size: u64) -> io::Result<()> {
        self.note(What::Create(file.to_owned(), size));
        self.disk.create(file, size)
    }
    fn write_at(&mut self, file: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.note(What::Write(file.to_owned(), offset, bytes.to_vec()));
        self.disk.write_at(file, offset, bytes)
    }
    fn sync(&mut self, file: &str) -> io::Result<()> {
        self.note(What::Other);
        self.disk.sync(file)
    }
    fn sync_dir(&mut self) -> io::Result<()> {
        self.note(What::Other);
        self.disk.sync_dir()
    }
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.note(What::Other);
        self.disk.rename(from, to)
    }
    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.note(What::Other);
        self.disk.remove(file)
    }
}
