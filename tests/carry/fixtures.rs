//! A kiosk with a real journal, a hub that knows it, and files in memory.

use std::io;

use kakou::base::{Random, Seq};
use kakou::journal::reader::{LogName, Reader, logs};
use kakou::journal::{Disk, Frontier, Journal, Options, SigningKey, Stored};
use kakou::ledger::{Filter, Intake, Keys, Ledger};
use kakou::model::{Body, Class, Direction, Draft, Passage, SubjectKind, Verdict};
use kakou::sim::disk::SimDisk;
use kakou::sync::carry::{Files, Packed, Sender, pack};
use kakou::sync::parcel::{self, Decoder, FILE_MAX};
use kakou::sync::wire::Batch;

use super::common::kiosk::{Log, NOW};

/// A kiosk whose records lie in a journal on a disk.
pub struct Kiosk {
    pub log: Log,
    pub name: LogName,
    pub disk: SimDisk,
    pub records: Vec<Stored>,
}

/// Makes up `count` records of kiosk `name`.
pub fn kiosk(name: &str, count: usize, hub: &Ledger) -> Kiosk {
    let disk = SimDisk::new();
    let log = written(&disk, name, count, hub);
    let name = *logs(&mut disk.clone()).unwrap().last().unwrap();
    let records = Reader::open(disk.clone(), name).unwrap().read(Seq::FIRST, usize::MAX, usize::MAX).unwrap();
    assert_eq!(records.len(), count);
    Kiosk { log, name, disk, records }
}

/// Writes a made-up gate's records into the journal on `disk`.
pub fn written<D: Disk + Clone>(disk: &D, name: &str, count: usize, hub: &Ledger) -> Log {
    let mut log = Log::new(name, 7);
    log.append_key(NOW, &hub.keys().seal_key());
    log.append_traffic(NOW, count);
    write(disk, &log, hub);
    log
}

/// A log with so many arrivals that all differ in lane, direction, class or verdict.
pub fn crowded(name: &str, kinds: usize, hub: &Ledger) -> Log {
    let mut log = Log::new(name, 7);
    log.append_key(NOW, &hub.keys().seal_key());
    log.append_traffic(NOW, 20);
    let is_passage = |stored: &Stored| {
        let Body::Passage(passage) = stored.entry().unwrap().body else { return None };
        (passage.subject == SubjectKind::Person).then_some(passage)
    };
    let passage = log.entries.iter().find_map(is_passage).unwrap();
    let classes = [Class::Resident, Class::Worker, Class::Visitor, Class::Transit, Class::KeyPerson];
    for number in 0..kinds {
        let (lane, rest) = (number / 90, number % 90);
        let direction = if rest < 45 { Direction::Inbound } else { Direction::Outbound };
        let (class, verdict) = (classes[rest % 45 / 9], Verdict::ALL[rest % 9]);
        let arrival = log.next();
        let subject = SubjectKind::Person;
        let lane = format!("lane-{lane}");
        log.append(NOW, Some(&lane), Body::Arrived { subject, direction }, None);
        let passage = Passage { arrival, direction, class, verdict, ..(*passage).clone() };
        log.append(NOW, Some(&lane), Body::Passage(Box::new(passage)), None);
    }
    log
}

/// Writes a log's records into the journal on `disk`.
pub fn write<D: Disk + Clone>(disk: &D, log: &Log, hub: &Ledger) {
    let options = Options { segment_len: 65_536, ballast_len: 0, ..Options::new(log.kiosk.clone()) };
    let (mut journal, _) = Journal::open(disk.clone(), options, Box::new(Random::new(5))).unwrap();
    for stored in &log.entries {
        let entry = stored.entry().unwrap();
        let opens_key = matches!(entry.body, Body::KeyOpened { .. });
        let seal_key = hub.keys().seal_key();
        let body = if opens_key { journal.sealer().key_opened(&seal_key).unwrap() } else { entry.body };
        let personal = log.sealer.open_box(&stored.seal).ok();
        journal.append(Draft { lane: entry.lane, body, personal }, entry.stamp).unwrap();
        journal.commit().unwrap();
    }
    journal.close().unwrap();
}

impl Kiosk {
    pub fn size(&self) -> u64 {
        self.records.len() as u64
    }

    pub fn tree(&self, size: u64) -> Frontier {
        let mut tree = Frontier::new();
        self.records.iter().take(size as usize).for_each(|stored| tree.push(stored.leaf_hash()));
        tree
    }

    /// What HTTPS would post: records `from` to `through`.
    pub fn batch(&self, from: u64, through: u64) -> Batch {
        let note = kakou::journal::Note::new(&self.log.kiosk, self.name.epoch, &self.tree(through));
        let entries = self.records[from as usize - 1..through as usize].to_vec();
        Batch { note: note.sign(&self.log.key).to_string(), entries }
    }

    pub fn post(&self, ledger: &mut Ledger, from: u64, through: u64) -> Option<u64> {
        let batch = self.batch(from, through);
        let from = Seq::new(from).unwrap();
        let applied = ledger.apply(&self.log.kiosk, self.name.epoch, from, &batch.note, &batch.entries, NOW);
        applied.ok().map(|applied| applied.new)
    }

    /// The files of a carry from record `from` on.
    pub fn carry(&self, from: u64, file_max: u64) -> Vec<Vec<u8>> {
        self.carry_as(&self.log.key, from, file_max).0
    }

    pub fn carry_as(&self, key: &SigningKey, from: u64, file_max: u64) -> (Vec<Vec<u8>>, Packed) {
        let mut files = Memory::default();
        let sender = Sender { kiosk: &self.log.kiosk, key };
        let logs = [(self.name, Seq::new(from).unwrap())];
        let packed = pack(&self.disk, &logs, &sender, &mut files, file_max).unwrap();
        assert_eq!(packed.files as usize, files.0.len());
        (files.0, packed)
    }

    /// A parcel of several batches: `size` records each.
    pub fn parcel(&self, size: u64) -> Vec<u8> {
        let range = parcel::Range {
            epoch: self.name.epoch,
            from: Seq::FIRST,
            through: Seq::new(self.size()).unwrap(),
        };
        let manifest = parcel::Manifest { kiosk: self.log.kiosk.clone(), file: 1, ranges: vec![range] };
        let mut encoder = parcel::Encoder::begin(vec![], &manifest).unwrap();
        for from in (1..=self.size()).step_by(size as usize) {
            let batch = self.batch(from, (from + size - 1).min(self.size()));
            encoder.batch(self.name.epoch, Seq::new(from).unwrap(), &batch.encode().unwrap()).unwrap();
        }
        encoder.end(parcel::Rest::None).unwrap()
    }

    /// Whether the ledger holds just these records, each once, and nobody was alarmed.
    pub fn check(&self, ledger: &Ledger, what: &str) {
        let head = ledger.head(&self.log.kiosk, self.name.epoch).unwrap();
        assert_eq!((head.0.get() - 1, head.1), (self.size(), self.tree(self.size()).root()), "{what}");
        let is_passage = |stored: &&Stored| matches!(stored.entry().unwrap().body, Body::Passage(_));
        let passages = self.records.iter().filter(is_passage).count() as u64;
        assert_eq!(ledger.count(&Filter::default()).unwrap(), passages, "{what}");
        assert_eq!(ledger.alarms(9).unwrap(), [], "{what}");
    }
}

/// A hub that has enrolled nobody.
pub fn hub() -> Ledger {
    Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap()
}

pub fn enrol(ledger: &mut Ledger, log: &Log) {
    let token = [log.kiosk.as_str().as_bytes()[0]; 32];
    ledger.add_token(&token, Some(&log.kiosk), NOW).unwrap();
    ledger.enrol(&token, None, log.key.verifying(), NOW).unwrap();
}

/// A hub, and a kiosk that it knows.
pub fn place(count: usize) -> (Ledger, Kiosk) {
    let mut ledger = hub();
    let kiosk = kiosk("east-1", count, &ledger);
    enrol(&mut ledger, &kiosk.log);
    (ledger, kiosk)
}

/// What became of a file.
pub struct Outcome {
    pub intake: Intake,
    pub damage: Option<parcel::Error>,
}

impl Outcome {
    pub fn fresh(&self) -> u64 {
        self.intake.logs.iter().map(|log| log.new).sum()
    }

    pub fn known(&self) -> u64 {
        self.intake.logs.iter().map(|log| log.known).sum()
    }

    /// Why something was not taken.
    pub fn refused(&self) -> Option<String> {
        self.intake.logs.iter().find_map(|log| log.refused.as_ref().map(|(_, why)| why.to_string()))
    }
}

/// Takes a file in, chunk by chunk.
pub fn take(ledger: &mut Ledger, file: &[u8]) -> Outcome {
    let (mut decoder, mut intake) = (Decoder::new(), Intake::default());
    for chunk in file.chunks(500) {
        decoder.push(chunk);
        loop {
            match decoder.take() {
                Ok(Some(item)) => intake.take(ledger, item, NOW).unwrap(),
                Ok(None) => break,
                Err(error) => return Outcome { intake, damage: Some(error) },
            }
        }
    }
    Outcome { intake, damage: decoder.finish().err() }
}

/// Files in memory.
#[derive(Default)]
pub struct Memory(pub Vec<Vec<u8>>);

impl Files for Memory {
    type File = Vec<u8>;

    fn begin(&mut self, number: u32) -> io::Result<Vec<u8>> {
        assert_eq!(number as usize, self.0.len() + 1);
        Ok(vec![])
    }

    fn finish(&mut self, _: u32, file: Vec<u8>) -> io::Result<()> {
        self.0.push(file);
        Ok(())
    }
}

/// The whole of it in one file.
pub fn one_file(kiosk: &Kiosk) -> Vec<u8> {
    kiosk.carry(1, FILE_MAX).remove(0)
}
