//! Photographs with known payloads: how many each reader reads, and how long it takes.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::panic;
use std::time::Duration;

use kakou::vision::fast::Fast;
use kakou::vision::{Attempt, Frame, slow};
use rustix::time::{ClockId, clock_gettime};

use super::peers::PEERS;
use crate::labelled::manifest;

/// What rqrr spins on: sheets of a hundred codes.
const SHEETS: &str = "boof-lots";

#[derive(Default)]
struct Column {
    read: BTreeMap<String, usize>,
    took: Vec<Duration>,
}

impl Column {
    fn add(&mut self, set: &str, is_read: bool, took: Duration) {
        *self.read.entry(set.to_owned()).or_default() += usize::from(is_read);
        self.took.push(took);
    }

    fn sum(&mut self) -> String {
        self.took.sort();
        let all: usize = self.read.values().sum();
        let mean = self.took.iter().sum::<Duration>() / u32::try_from(self.took.len().max(1)).unwrap();
        let at = |percent: usize| self.took[self.took.len() * percent / 100];
        format!("{all:4} of {}; mean {mean:.2?}, median {:.2?}, p95 {:.2?}", self.took.len(), at(50), at(95))
    }
}

/// What this thread has used of a processor, once every pixel is as near to it for one reader as for the next.
fn warm(frame: &Frame) -> Duration {
    black_box(frame.luma().iter().map(|&grey| u64::from(grey)).sum::<u64>());
    processor()
}

fn processor() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

/// Reads every photograph with each reader and prints a row a set.
pub fn compare() {
    let Some(pictures) = manifest() else { return };
    // Their panics are counted as nothing read; what they print would hide the table.
    panic::set_hook(Box::new(|_| {}));
    let (mut fast, mut ours, mut both, mut falsely) =
        (Fast::default(), Column::default(), Column::default(), 0);
    let mut peers: Vec<Column> = PEERS.iter().map(|_| Column::default()).collect();
    let mut of = BTreeMap::<String, usize>::new();
    for labelled in &pictures {
        let frame = labelled.frame();
        let set = labelled.file.split('/').next().unwrap();
        *of.entry(set.to_owned()).or_default() += 1;
        let start = warm(&frame);
        let mut codes = fast.read(&frame).codes;
        ours.add(set, labelled.is_read(&codes), processor() - start);
        let attempts = Attempt::QR.into_iter().filter(|attempt| set != SHEETS || !attempt.unbounded());
        for attempt in attempts {
            if codes.is_empty() {
                codes = slow::attempt(attempt, &frame);
            }
        }
        both.add(set, labelled.is_read(&codes), processor() - start);
        falsely += usize::from(labelled.is_false(&codes));
        for (peer, column) in PEERS.iter().zip(&mut peers) {
            let start = warm(&frame);
            let read = peer.read(&frame);
            let took = processor() - start;
            column.add(set, read.iter().any(|payload| labelled.says(payload)), took);
        }
    }
    drop(panic::take_hook());
    print(&of, &mut ours, &mut both, &mut peers);
    println!("read falsely by us: {falsely}\n");
}

fn print(of: &BTreeMap<String, usize>, ours: &mut Column, both: &mut Column, peers: &mut [Column]) {
    print!("{:20} {:>4} {:>9} {:>9}", "photographs", "of", "fast", "with slow");
    PEERS.iter().for_each(|peer| print!(" {:>9}", peer.name));
    println!();
    for (set, of) in of {
        print!("{set:20} {of:4} {:9} {:9}", ours.read[set], both.read[set]);
        peers.iter().for_each(|peer| print!(" {:9}", peer.read[set]));
        println!();
    }
    println!("fast lane  {}", ours.sum());
    println!("with slow  {}", both.sum());
    PEERS.iter().zip(peers).for_each(|(peer, column)| println!("{:10} {}", peer.name, column.sum()));
}
