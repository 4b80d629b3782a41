//! What writes on the card: the journal, the journal without syncs, and SQLite in three settings.

use std::io;
use std::path::Path;
use std::sync::atomic::Ordering;

use crate::passage::admitted;
use kakou::base::{BootId, ClockTrust, Epoch, Mono, Pii, Random, Seq, Stamp, Wall};
use kakou::journal::verify::verify;
use kakou::journal::{Disk, Hash, Journal, Options, Reader, Recovery, Stored, reader};
use kakou::model::record::Crossing;
use kakou::model::{Body, Direction, Draft, Passage, Person, Personal, SubjectKind};
use kakou::platform::disk::DirDisk;
use rusqlite::Connection;

use crate::device::Device;

/// Small segments, so that many cuts fall on the start of a new one.
pub fn options() -> Options {
    Options {
        kiosk: "gate-1".parse().unwrap(),
        segment_len: 32 * 1024,
        ballast_len: 64 * 1024,
        witness: None,
    }
}

/// What the journal acknowledged: the records and their root.
#[derive(Debug, Default)]
pub struct Acknowledged {
    pub size: u64,
    pub root: Option<Hash>,
    pub epoch: Option<Epoch>,
    pub records: Vec<Stored>,
}

pub fn open(card: &Path, seed: u64) -> Result<(Journal<DirDisk>, Recovery), String> {
    let disk = DirDisk::open(&card.join("journal")).map_err(|error| error.to_string())?;
    let entropy = Box::new(Random::new(seed));
    Journal::open(disk, options(), entropy).map_err(|error| error.to_string())
}

/// Appends groups of one to four records until the power fails or `groups` are durable.
pub fn write_journal<D: Disk>(
    disk: io::Result<D>,
    card: &Path,
    device: &Device,
    groups: u64,
) -> Acknowledged {
    let mut acknowledged = Acknowledged::default();
    let Ok(disk) = disk else { return acknowledged };
    let Ok((mut journal, _)) = Journal::open(disk, options(), Box::new(Random::new(groups))) else {
        return acknowledged;
    };
    let Ok(behind) = DirDisk::open_read_only(&card.join("journal")) else { return acknowledged };
    let mut behind = journal.reader(behind);
    acknowledged.epoch = Some(journal.epoch());
    let mut number = 0;
    for group in 0..groups {
        for _ in 0..=group % 4 {
            number += 1;
            if journal.append(draft(number), stamp(number)).is_err() {
                return acknowledged;
            }
        }
        let Ok(Some(durable)) = journal.commit() else { return acknowledged };
        // What is noted below was acknowledged before; what follows may fail with the power.
        acknowledged.size = durable.get();
        acknowledged.root = Some(journal.note().root);
        device.acknowledged.store(durable.get(), Ordering::SeqCst);
        let next = Seq::new(acknowledged.records.len() as u64 + 1).unwrap();
        acknowledged.records.extend(behind.read(next, usize::MAX, usize::MAX).unwrap_or_default());
    }
    acknowledged
}

/// What a start after the cut found.
#[derive(Debug)]
pub enum Found {
    Refused(String),
    Log(Box<Log>),
}

/// The journal after a cut.
#[derive(Debug)]
pub struct Log {
    /// Acknowledged records that cannot be read any more.
    pub lost: Vec<u64>,
    /// What is wrong with what is there.
    pub wrong: Vec<String>,
    /// What the kiosk itself said, when it found that something was lost.
    pub said: Option<String>,
    /// The log once the start itself and three more records are in it.
    pub grown: Vec<Stored>,
    /// Its life, which is a new one when the old log had to end.
    pub epoch: Epoch,
}

/// Starts the journal on what is left, checks all of it, and goes on writing.
pub fn start_again(card: &Path, acknowledged: &Acknowledged) -> Found {
    let (mut journal, recovery) = match open(card, 77) {
        Ok(opened) => opened,
        Err(error) => return Found::Refused(error),
    };
    let recovered = journal.note().size;
    let goes_on = acknowledged.epoch.is_none_or(|epoch| epoch == journal.epoch());
    let lost = lost_records(card, acknowledged);
    let mut wrong = Vec::new();
    let troubled = !recovery.gaps.is_empty() || !recovery.quarantined.is_empty() || recovery.ended.is_some();
    let said = troubled.then(|| recovery.to_string());
    let mut behind = journal.reader(DirDisk::open_read_only(&card.join("journal")).unwrap());
    if let Some(root) = acknowledged.root.filter(|_| goes_on && lost.is_empty() && acknowledged.size > 0) {
        match behind.frontier(acknowledged.size) {
            Ok(frontier) if frontier.root() == root => {}
            Ok(_) => wrong.push("another root than was acknowledged".to_owned()),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    for draft in recovery.drafts("0.1.0") {
        journal.append(draft, stamp(recovered + 1)).unwrap();
    }
    for number in 1..=3 {
        journal.append(draft(number), stamp(recovered + number)).unwrap();
    }
    let whole = journal.commit().unwrap().map_or(0, Seq::get);
    let epoch = journal.epoch();
    journal.close().unwrap();
    let mut disk = DirDisk::open_read_only(&card.join("journal")).unwrap();
    let log = *reader::logs(&mut disk).unwrap().last().unwrap();
    wrong.extend(verify(&mut disk, log).unwrap().findings.into_iter().filter(|_| !troubled));
    let mut reader = Reader::open(disk, log).unwrap();
    let grown = reader.read(Seq::FIRST, usize::MAX, usize::MAX).unwrap_or_default();
    if reader.durable().map_or(0, Seq::get) != whole || (!troubled && grown.len() as u64 != whole) {
        wrong.push(format!("{} records of {whole} after going on from {recovered}", grown.len()));
    }
    Found::Log(Box::new(Log { lost, wrong, said, grown, epoch }))
}

/// Acknowledged records that are not there as they were, in the log that they were written to.
fn lost_records(card: &Path, acknowledged: &Acknowledged) -> Vec<u64> {
    let mut disk = DirDisk::open_read_only(&card.join("journal")).unwrap();
    let logs = reader::logs(&mut disk).unwrap();
    let log = logs.into_iter().find(|log| Some(log.epoch) == acknowledged.epoch);
    let Some(log) = log else { return (1..=acknowledged.size).collect() };
    let mut reader = Reader::open(disk, log).unwrap();
    let mut lost = Vec::new();
    let mut next = 1;
    while next <= acknowledged.size {
        match reader.read(Seq::new(next).unwrap(), usize::MAX, usize::MAX) {
            Ok(read) if read.is_empty() => {
                lost.extend(next..=acknowledged.size);
                break;
            }
            Ok(read) => {
                let known = &acknowledged.records[usize::try_from(next).unwrap() - 1..];
                let others = (next..).zip(read.iter().zip(known)).filter(|(_, (is, was))| is != was);
                lost.extend(others.map(|(number, _)| number));
                next += read.len() as u64;
            }
            Err(reader::Error::Missing { from, through }) => {
                lost.extend(from..=through.min(acknowledged.size));
                next = through + 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    lost
}

/// The journal's directory on a disk that forgets to sync.
pub struct Unsynced(pub DirDisk);

impl Disk for Unsynced {
    fn list(&mut self) -> io::Result<Vec<String>> {
        self.0.list()
    }
    fn len(&mut self, file: &str) -> io::Result<u64> {
        self.0.len(file)
    }
    fn read_at(&mut self, file: &str, offset: u64, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(file, offset, bytes)
    }
    fn create(&mut self, file: &str, size: u64) -> io::Result<()> {
        self.0.create(file, size)
    }
    fn write_at(&mut self, file: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_at(file, offset, bytes)
    }
    fn sync(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }
    fn sync_dir(&mut self) -> io::Result<()> {
        Ok(())
    }
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }
    fn remove(&mut self, file: &str) -> io::Result<()> {
        self.0.remove(file)
    }
}

/// Inserts one row a transaction until the power fails or there are `rows`; returns how many were acknowledged.
pub fn write_sqlite(card: &Path, setup: &str, rows: u64) -> u64 {
    let Ok(connection) = Connection::open(card.join("log.sqlite")) else { return 0 };
    let table = "CREATE TABLE log (seq INTEGER PRIMARY KEY, record BLOB NOT NULL)";
    if connection.execute_batch(&format!("{setup}; {table}")).is_err() {
        return 0;
    }
    let insert = || connection.execute("INSERT INTO log (record) VALUES (zeroblob(300))", []);
    (0..rows).take_while(|_| insert().is_ok()).count() as u64
}

/// How many acknowledged rows are lost; `None` when the database cannot be used at all.
pub fn lost_rows(card: &Path, acknowledged: u64) -> Option<u64> {
    let connection = Connection::open(card.join("log.sqlite")).ok()?;
    let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).ok()?;
    if sound != "ok" {
        return None;
    }
    let rows = connection.query_row("SELECT count(*) FROM log", [], |row| row.get::<_, i64>(0));
    Some(acknowledged.saturating_sub(rows.unwrap_or(0).unsigned_abs()))
}

/// A passage in three records: arrival, verdict with a sealed person, crossing.
pub fn draft(number: u64) -> Draft {
    let lane = Some("in-1".parse().unwrap());
    let arrival = Seq::new(number.saturating_sub(number % 3).max(1)).unwrap();
    let (subject, direction) = (SubjectKind::Person, Direction::Inbound);
    match number % 3 {
        0 => Draft { lane, body: Body::Arrived { subject, direction }, personal: None },
        1 => {
            let said = |text: String| Some(Pii::new(text));
            let person = Person {
                name: said(format!("王小明{number}")),
                id_number: said(format!("51010119900101{:04}", number * 7_919 % 10_000)),
                phone: said(format!("138{:08}", number * 7_654_321 % 100_000_000)),
                ..Person::default()
            };
            let people = vec![person];
            let personal = Some(Personal { people, vehicle: None, note: None, picture: None });
            Draft { lane, body: passage(arrival), personal }
        }
        _ => Draft {
            lane,
            body: Body::Crossed { arrival, crossing: Crossing::Passed, counted: None },
            personal: None,
        },
    }
}

fn passage(arrival: Seq) -> Body {
    Body::Passage(Box::new(Passage { took_ms: 6_000, ..admitted(arrival) }))
}

pub fn stamp(number: u64) -> Stamp {
    Stamp {
        boot: BootId([1; 16]),
        mono: Mono::from_millis(number * 1_000),
        wall: Wall(1_795_312_800_000),
        trust: ClockTrust::Synced,
        max_error_ms: 5,
    }
}
