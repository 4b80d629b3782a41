//! Checking a whole log, record by record, without changing it.

use std::io;

use super::disk::Disk;
use super::erase::{self, Erasing};
use super::frame::{Content, LogCrc};
use super::merkle::Frontier;
use super::reader::LogName;
use super::recovery::{read_header, read_segment};
use super::scan::{Found, judge};
use super::segment::{Bad, Header, Name};
use crate::base::KioskId;
use crate::model::{Body, Entry};

/// What a check of a log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which log.
    pub log: LogName,
    /// Whose it is, if any header can be read.
    pub kiosk: Option<KioskId>,
    /// Number of segments.
    pub segments: usize,
    /// Number of whole records.
    pub records: u64,
    /// Number of the first record that is kept.
    pub first: u64,
    /// Number of the last record; 0 for none.
    pub last: u64,
    /// The tree over all records, if it is known.
    pub frontier: Option<Frontier>,
    /// What is wrong, in plain words; empty for a healthy log.
    pub findings: Vec<String>,
}

/// Checks `log`: every checksum, every box, every number, the tree from segment to segment, and that a record says of
/// the segments that are gone at the front that they were dropped.
///
/// # Errors
///
/// When the directory or a segment cannot be read at all.
pub fn verify<D: Disk>(disk: &mut D, log: LogName) -> io::Result<Report> {
    let files = disk.list()?;
    let names: Vec<Name> = files.iter().filter_map(|file| Name::parse(file)).collect();
    let own = |name: &&Name| (name.generation, name.epoch) == (log.generation, log.epoch);
    let names: Vec<Name> = names.iter().filter(own).copied().collect();
    let aside = files.iter().filter(|file| {
        let name = file.split_once(".unreadable").and_then(|(name, _)| Name::parse(name));
        name.as_ref().is_some_and(|name| own(&name))
    });
    let findings = aside.map(|file| format!("{file} was set aside because it cannot be read")).collect();
    let report = Report {
        log,
        kiosk: None,
        segments: names.len(),
        records: 0,
        first: names.first().map_or(1, |name| name.first),
        last: 0,
        frontier: None,
        findings,
    };
    let mut verifier = Verifier { report, previous: None, gone: None, erased: vec![] };
    for (index, name) in names.iter().enumerate() {
        let next = names.get(index + 1).map(|next| next.first);
        match read_segment(disk, &name.file()) {
            Ok(bytes) => verifier.segment(*name, next, &bytes),
            Err(error) => verifier.find(format!("{} cannot be read: {error}", name.file())),
        }
    }
    for seq in erase::unfinished(disk, log, &verifier.erased)? {
        verifier.find(format!("the personal part of record {seq} is erased on record, and still there"));
    }
    verifier.finish();
    Ok(verifier.report)
}

/// Whose log it is, as the first readable header says; `None` when there is none.
///
/// # Errors
///
/// When the directory or a segment cannot be read at all.
pub fn kiosk_of<D: Disk>(disk: &mut D, log: LogName) -> io::Result<Option<KioskId>> {
    let names = disk.list()?.into_iter().filter_map(|file| Name::parse(&file));
    let own = |name: &Name| (name.generation, name.epoch) == (log.generation, log.epoch);
    for name in names.filter(own) {
        match read_header(disk, &name.file())? {
            Ok((header, _)) if header.name == name => return Ok(Some(header.kiosk)),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(None)
}

struct Verifier {
    report: Report,
    /// First record of the segment before.
    previous: Option<u64>,
    /// What is erased on record.
    erased: Vec<Erasing>,
    /// First and last record of the segment before the oldest one that is kept, for which no record says so far that
    /// it was dropped.
    gone: Option<(u64, u64)>,
}

impl Verifier {
    fn find(&mut self, finding: String) {
        self.report.findings.push(finding);
    }

    /// The oldest segments may be gone, but not without a record of it.
    fn finish(&mut self) {
        if let Some((_, through)) = self.gone {
            self.find(format!("records 1 to {through} are gone, and no record says that they were dropped"));
        }
    }

    fn segment(&mut self, name: Name, next: Option<u64>, bytes: &[u8]) {
        let file = name.file();
        let (start, frontier) = self.header(name, &file, bytes);
        let acknowledged = next.map_or(name.first - 1, |next| next - 1);
        let found = judge(LogCrc::new(name.epoch), bytes, start, name.first, frontier, acknowledged);
        for lost in &found.lost {
            self.find(format!("records {} to {} are damaged or missing in {file}", lost.from, lost.through));
        }
        for seq in &found.damaged_boxes {
            self.find(format!("the sealed part of record {seq} is damaged"));
        }
        if found.scars > 0 {
            self.find(format!("{file} has damaged bytes between records"));
        }
        if found.contradictions > 0 {
            self.find(format!("records in {file} do not match the tree recorded with them"));
        }
        if found.dirty_end > found.end {
            self.find(format!("{file} has {} bytes behind its last record", found.dirty_end - found.end));
        }
        self.entries(&found);
        self.report.records += found.records.len() as u64;
        self.report.last = found.next - 1;
        self.report.frontier = found.frontier;
        self.previous = Some(name.first);
    }

    /// Compares the header with what came before; returns where frames start and the tree so far.
    fn header(&mut self, name: Name, file: &str, bytes: &[u8]) -> (usize, Option<Frontier>) {
        let header = Header::decode(bytes);
        if self.previous.is_none() && name.first > 1 {
            let before = header.as_ref().map_or(0, |(header, _)| header.previous);
            self.gone = Some((before, name.first - 1));
        }
        let (header, start) = match header {
            Ok((header, start)) if header.name == name => (header, start),
            Ok(_) => {
                self.find(format!("the header of {file} belongs to another segment"));
                return (0, self.report.frontier.take());
            }
            Err(Bad::Version(version)) => {
                self.find(format!("{file} is in format {version}, which this version cannot read"));
                return (0, None);
            }
            Err(Bad::Damaged) => {
                self.find(format!("the header of {file} is damaged"));
                let known = self.report.frontier.take().or((name.first == 1).then(Frontier::new));
                return (0, known.filter(|frontier| frontier.size() + 1 == name.first));
            }
        };
        if let Some(previous) = self.previous {
            if header.previous != previous {
                self.find(format!("records {} to {} are missing", header.previous, name.first - 1));
            } else if self.report.frontier.as_ref().is_some_and(|own| *own != header.frontier) {
                self.find(format!("the records before {file} do not match the tree in its header"));
            }
        }
        if self.report.kiosk.as_ref().is_some_and(|kiosk| *kiosk != header.kiosk) {
            self.find(format!("{file} belongs to kiosk {}", header.kiosk));
        }
        self.report.kiosk.get_or_insert(header.kiosk);
        (start, Some(header.frontier))
    }

    fn entries(&mut self, found: &Found<'_>) {
        for (_, frame) in &found.records {
            let Content::Record { public, .. } = &frame.content else { continue };
            match minicbor::decode::<Entry>(public) {
                Ok(entry) if entry.seq.get() == frame.seq => {
                    if let Body::SegmentsDropped { from, through } = entry.body {
                        self.gone = self.gone.filter(|gone| *gone != (from.get(), through.get()));
                    } else if let Body::Erased { records, log, .. } = entry.body {
                        self.erased.push(Erasing { log, records });
                    }
                }
                Ok(entry) => self.find(format!("record {} says it is record {}", frame.seq, entry.seq)),
                Err(_) => self.find(format!("record {} is not of a known content", frame.seq)),
            }
        }
    }
}
