//! A stored journal altered in ten thousand ways, and a thousand healthy ones.

use std::collections::BTreeMap;

use kakou::base::Random;
use kakou::journal::cosigned::{Judgement, judge};
use kakou::journal::reader::logs;
use kakou::journal::verify::verify;
use kakou::journal::{Disk, Journal, Note, Options};
use kakou::sim::disk::SimDisk;

use crate::fixtures::*;

const MUTATIONS: u64 = 11_000;

#[test]
fn every_one_of_ten_thousand_mutations_is_detected() {
    let (own, note) = written("gate-1", 1);
    let strangers = [written("gate-2", 1).0, written("gate-1", 2).0];
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    let mut only_by_note = 0;
    for seed in 0..MUTATIONS {
        let disk = own.killed();
        let mut mutation = Mutation { disk, random: Random::new(seed), own: &own, strangers: &strangers };
        let Some(kind) = mutation.apply() else { continue };
        *seen.entry(kind).or_default() += 1;
        let by_itself = is_noticed(&mutation.disk);
        // A tail that is gone without a trace, or forged with every checksum, is what the hub's note is for.
        let needs_note = matches!(kind, "tail" | "forged");
        assert!(by_itself || needs_note, "seed {seed}: {kind} was not noticed");
        only_by_note += u32::from(!by_itself);
        let log = logs(&mut mutation.disk.clone()).unwrap();
        let against_note = log.first().map(|log| judge(&mutation.disk, *log, note.size, &note.root).unwrap());
        let noticed = by_itself || against_note != Some(Judgement::Agrees);
        assert!(noticed, "seed {seed}: {kind} was not noticed, not even against the note");
    }
    assert!(seen.values().sum::<u32>() >= 10_000, "{seen:?}");
    assert!(seen.len() == 14 && seen.values().all(|count| *count >= 300), "{seen:?}");
    assert!(only_by_note > 100, "{only_by_note}");
}

#[test]
fn a_thousand_healthy_journals_are_never_flagged() {
    for seed in 0..1_000 {
        let mut random = Random::new(seed);
        let disk = SimDisk::new();
        let own = Options { segment_len: 700 + random.below(4_000), ..options() };
        let mut number = 0;
        for run in 0..=random.below(3) {
            let entropy = Box::new(Random::new(seed * 10 + run));
            let (mut journal, recovery) = Journal::open(disk.clone(), own.clone(), entropy).unwrap();
            assert!(recovery.is_untroubled(), "seed {seed}: {recovery}");
            for _ in 0..random.below(12) {
                for _ in 0..=random.below(4) {
                    number += 1;
                    let next = if random.chance(0.3) { personal("王小明") } else { draft(number) };
                    journal.append(next, stamp(number)).unwrap();
                }
                journal.commit().unwrap();
            }
            let note = journal.note();
            match random.chance(0.5) {
                true => journal.close().unwrap(),
                false => drop(journal),
            }
            let log = logs(&mut disk.clone()).unwrap()[0];
            let report = verify(&mut disk.clone(), log).unwrap();
            assert_eq!((report.findings, report.records), (vec![], number), "seed {seed}");
            let judged = judge(&disk, log, note.size, &note.root).unwrap();
            assert_eq!(judged, Judgement::Agrees, "seed {seed}");
        }
    }
}

/// Whether verification or, failing that, recovery finds something.
fn is_noticed(disk: &SimDisk) -> bool {
    let all = logs(&mut disk.clone()).unwrap();
    let bad = |log| !verify(&mut disk.clone(), log).unwrap().findings.is_empty();
    all.len() != 1 || all.into_iter().any(bad) || {
        let (_, recovery) = open(&disk.killed());
        !recovery.is_untroubled()
    }
}

/// Five segments of one log, and its note.
fn written(kiosk: &str, seed: u64) -> (SimDisk, Note) {
    let disk = SimDisk::new();
    let own = Options { kiosk: kiosk.parse().unwrap(), ..options() };
    let (mut journal, _) = Journal::open(disk.clone(), own, Box::new(Random::new(seed))).unwrap();
    let mut number = 0;
    while segments(&disk).len() < 5 || number % 16 != 9 {
        number += 1;
        let next = if number % 5 == 0 { personal("王小明") } else { draft(number) };
        journal.append(next, stamp(number)).unwrap();
        journal.commit().unwrap();
    }
    let note = journal.note();
    drop(journal);
    (disk, note)
}

struct Mutation<'a> {
    disk: SimDisk,
    random: Random,
    own: &'a SimDisk,
    strangers: &'a [SimDisk],
}

impl Mutation<'_> {
    /// Alters the disk; says how, or `None` when that changed nothing.
    fn apply(&mut self) -> Option<&'static str> {
        let files = segments(self.own);
        let at = self.below(files.len());
        let file = files[at].clone();
        let before = self.own.read(&file).unwrap();
        let used = used(&before);
        let frames = frames(&before);
        let mut bytes = before.clone();
        let (one, two) = (self.below(frames.len()), self.below(frames.len()));
        let kind = match self.random.below(13) {
            0 => self.flip(&mut bytes, used),
            1 => {
                bytes.truncate(self.below(used));
                // A cut at the end of a record in the last file is a tail that is gone.
                if at + 1 == files.len() { "tail" } else { "truncated" }
            }
            2 => {
                let start = frames[0].0 + self.below(used - frames[0].0 - 1);
                let count = 1 + self.below((used - start).min(200));
                bytes.drain(start..start + count);
                bytes.resize(before.len(), 0);
                if at + 1 == files.len() && start + count == used { "tail" } else { "spliced out" }
            }
            3 => {
                let start = self.below(used);
                let count = 1 + self.below(60);
                let noise = self.noise(count);
                bytes.splice(start..start, noise);
                bytes.truncate(before.len().max(used + count));
                "spliced in"
            }
            4 => {
                let (first, second) = (frames[one.min(two)], frames[one.max(two)]);
                (first != second).then_some(())?;
                let middle =
                    [&before[second.0..second.1], &before[first.1..second.0], &before[first.0..first.1]];
                bytes[first.0..second.1].copy_from_slice(&middle.concat());
                "reordered"
            }
            5 => {
                let copy = before[frames[one].0..frames[one].1].to_vec();
                (one + 1 < frames.len() || at + 1 < files.len()).then_some(())?;
                bytes.splice(frames[two].1..frames[two].1, copy);
                "replayed"
            }
            6 => {
                let frame = self.strange_frame();
                bytes.splice(frames[two].1..frames[two].1, frame);
                "strange frame"
            }
            7 => return self.strange_segment(&file),
            8 => {
                let other = self.below(files.len());
                (other != at).then_some(())?;
                bytes = self.own.read(&files[other]).unwrap();
                "duplicated segment"
            }
            9 => {
                let other = self.below(files.len());
                (other != at).then_some(())?;
                let theirs = self.own.read(&files[other]).unwrap();
                self.put(&files[other], &before);
                bytes = theirs;
                "swapped segments"
            }
            10 => self.edit_header(&mut bytes)?,
            11 => {
                self.disk.remove(&file).unwrap();
                return Some(if at + 1 == files.len() { "tail" } else { "missing segment" });
            }
            _ => self.forge(&mut bytes, &frames)?,
        };
        if bytes == before {
            return None;
        }
        self.put(&file, &bytes);
        Some(kind)
    }

    fn flip(&mut self, bytes: &mut [u8], used: usize) -> &'static str {
        let bit = self.below(used * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        "flipped"
    }

    /// A frame of another kiosk or of another log of this one.
    fn strange_frame(&mut self) -> Vec<u8> {
        let disk = &self.strangers[self.below(self.strangers.len())];
        let files = segments(disk);
        let bytes = disk.read(&files[self.below(files.len())]).unwrap();
        let frames = frames(&bytes);
        let (start, end) = frames[self.below(frames.len())];
        bytes[start..end].to_vec()
    }

    /// A whole segment of another log under the name of ours.
    fn strange_segment(&mut self, file: &str) -> Option<&'static str> {
        let disk = &self.strangers[self.below(self.strangers.len())];
        let files = segments(disk);
        let bytes = disk.read(&files[self.below(files.len())]).unwrap();
        self.put(file, &bytes);
        Some("strange segment")
    }

    /// Another previous segment, kiosk or tree, with a checksum that fits.
    fn edit_header(&mut self, bytes: &mut [u8]) -> Option<&'static str> {
        let length = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
        let (start, end) =
            [(8, 12), (16, 20), (20, 24), (24, 40), (40, 48), (48, 56), (56, 88), (88, length - 4)]
                [self.below(8)];
        let at = start + self.below(end - start);
        bytes[at] ^= 1 + u8::try_from(self.below(255)).unwrap();
        let crc = crc32c::crc32c(&bytes[..length - 4]);
        bytes[length - 4..length].copy_from_slice(&crc.to_le_bytes());
        Some("edited header")
    }

    /// Another record with a checksum that fits.
    fn forge(&mut self, bytes: &mut [u8], frames: &[(usize, usize)]) -> Option<&'static str> {
        let (start, _) = frames[self.below(frames.len())];
        let public = u32::from_le_bytes(bytes[start + 24..start + 28].try_into().unwrap()) as usize;
        let proofs = if bytes[start + 5] & 1 == 1 { 64 } else { 0 };
        (bytes[start + 4] == 0).then_some(())?;
        let name = segments(self.own)[0].clone();
        let epoch: Vec<u8> =
            (7..39).step_by(2).map(|at| u8::from_str_radix(&name[at..at + 2], 16).unwrap()).collect();
        let at = start + 36 + self.below(public);
        bytes[at] ^= 1 + u8::try_from(self.below(255)).unwrap();
        let checked =
            [&epoch[..], &bytes[start..start + 32], &bytes[start + 36..start + 36 + public + proofs]];
        let crc = crc32c::crc32c(&checked.concat());
        bytes[start + 32..start + 36].copy_from_slice(&crc.to_le_bytes());
        Some("forged")
    }

    fn put(&mut self, file: &str, bytes: &[u8]) {
        self.disk = with_file(&self.disk, file, bytes);
    }

    fn noise(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.random.fill(&mut bytes);
        bytes
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.random.below(limit as u64)).unwrap()
    }
}

/// Behind the last byte that is not zero.
fn used(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1
}

/// Where each frame starts and ends.
fn frames(bytes: &[u8]) -> Vec<(usize, usize)> {
    let starts: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, window)| window == b"KKF1").map(|(at, _)| at).collect();
    let length = |start: usize| {
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        36 + word(start + 24) + word(start + 28) + if bytes[start + 5] & 1 == 1 { 64 } else { 0 }
    };
    starts.into_iter().map(|start| (start, start + length(start))).collect()
}
