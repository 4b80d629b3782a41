//! Finding where a log ends after whatever happened to it.
//!
//! 1. The newest generation is the log. Only its last segment is read whole, and the one before it for arrivals that
//!    nobody decided; of the others only the headers.
//! 2. A tail that nobody vouches for is cut: zeros are written over it and synced before anything else.
//! 3. What counts but may not have reached the medium is written once more and synced before it is reported.
//! 4. Damage never refuses a start. Lost records are reported; when the tree's root can no longer be known, the log
//!    ends and a new one with a fresh epoch begins beside it. What cannot be read is renamed, never deleted.

use std::fmt;
use std::io;

use super::disk::Disk;
use super::frame::{Content, LogCrc};
use super::merkle::Frontier;
use super::scan::{Found, Lost, judge};
use super::segment::{Bad, HEADER_MAX, Header, Name};
use crate::base::{CommandId, Epoch, KioskId, LaneId, Seq, Stamp};
use crate::model::{Body, Direction, Draft, Entry, SubjectKind};

/// Longest segment that is read; longer files are not ours.
const SEGMENT_MAX: u64 = 64 * 1024 * 1024;

/// What was found when a journal was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// The log begins with this start.
    pub fresh: bool,
    /// Last record, if there is any.
    pub last: Option<(Seq, Stamp)>,
    /// Whether the last run ended in order.
    pub clean: bool,
    /// Bytes of a torn tail that were cut.
    pub cut_bytes: usize,
    /// Records that were acknowledged once, are lost, and not yet recorded as such.
    pub gaps: Vec<Gap>,
    /// Files that were set aside.
    pub quarantined: Vec<String>,
    /// The log that had to be ended, and why.
    pub ended: Option<Ended>,
    /// Arrivals without a verdict, oldest first.
    pub open_arrivals: Vec<OpenArrival>,
    /// The command of the hub that was taken last, as far as the last records go.
    pub commanded: Option<CommandId>,
    /// The command of which it was last recorded what became of it.
    pub command_done: Option<CommandId>,
    /// Records whose sealed part is damaged.
    pub damaged_boxes: Vec<u64>,
    /// Other findings, in plain words.
    pub remarks: Vec<String>,
}

/// Records that are lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// First missing number.
    pub from: Seq,
    /// Last missing number.
    pub through: Seq,
    /// What was found, in plain words.
    pub found: String,
}

/// A log that could not be continued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which log.
    pub epoch: Epoch,
    /// Why, in plain words.
    pub why: String,
}

/// An arrival that nobody decided: the kiosk stopped in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenArrival {
    /// The arrival's record.
    pub arrival: Seq,
    /// Where.
    pub lane: Option<LaneId>,
    /// Person or vehicle.
    pub subject: SubjectKind,
    /// Which way.
    pub direction: Direction,
    /// When.
    pub stamp: Stamp,
}

impl Recovery {
    /// Whether nothing was wrong.
    pub fn is_untroubled(&self) -> bool {
        self.cut_bytes == 0
            && self.gaps.is_empty()
            && self.quarantined.is_empty()
            && self.ended.is_none()
            && self.damaged_boxes.is_empty()
            && self.remarks.is_empty()
    }

    /// The entries to append first: that the kiosk `version` started, and what is missing.
    pub fn drafts(&self, version: &str) -> Vec<Draft> {
        let booted = Body::Booted {
            version: version.to_owned(),
            recovered: self.last.map(|(seq, _)| seq),
            clean: self.clean,
        };
        let gaps = self.gaps.iter().map(|gap| Body::Gap {
            from: gap.from,
            through: gap.through,
            found: gap.found.clone(),
        });
        let draft = |body| Draft { lane: None, body, personal: None };
        std::iter::once(booted).chain(gaps).map(draft).collect()
    }
}

/// One finding a line.
impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.last {
            _ if self.fresh => writeln!(f, "a new log begins")?,
            Some((seq, _)) if self.clean => writeln!(f, "last record {seq}, the last run ended in order")?,
            Some((seq, _)) => writeln!(f, "last record {seq}, the last run did not end in order")?,
            None => writeln!(f, "no record yet")?,
        }
        if let Some(ended) = &self.ended {
            writeln!(f, "log {} was ended: {}", ended.epoch, ended.why)?;
        }
        if self.cut_bytes > 0 {
            writeln!(f, "{} bytes at the end were never acknowledged and were cut", self.cut_bytes)?;
        }
        for gap in &self.gaps {
            writeln!(f, "records {} to {} are lost: {}", gap.from, gap.through, gap.found)?;
        }
        for seq in &self.damaged_boxes {
            writeln!(f, "the sealed part of record {seq} is damaged")?;
        }
        for file in &self.quarantined {
            writeln!(f, "{file} cannot be read and was set aside")?;
        }
        for open in &self.open_arrivals {
            writeln!(f, "arrival {} has no verdict", open.arrival)?;
        }
        self.remarks.iter().try_for_each(|remark| writeln!(f, "{remark}"))
    }
}

/// Where a log goes on.
#[derive(Debug)]
pub(super) struct Tail {
    pub name: Name,
    pub segment_len: u64,
    pub offset: u64,
    pub next: u64,
    pub frontier: Frontier,
    pub since_frontier: u32,
}

/// Finds the tail of the newest log of `kiosk`; `None` when a new log must begin.
///
/// # Errors
///
/// When the directory cannot be listed or the tail cannot be made durable.
pub(super) fn recover<D: Disk>(
    disk: &mut D,
    kiosk: &KioskId,
    recovery: &mut Recovery,
) -> io::Result<Option<Tail>> {
    let names: Vec<Name> = disk.list()?.iter().filter_map(|file| Name::parse(file)).collect();
    let Some(newest) = names.iter().max().copied() else { return Ok(None) };
    let same = |name: &&Name| (name.generation, name.epoch) == (newest.generation, newest.epoch);
    let names: Vec<Name> = names.iter().filter(same).copied().collect();
    Recoverer { disk, kiosk, recovery, names }.run()
}

/// The next unused generation, counting files that were set aside.
pub(super) fn next_generation<D: Disk>(disk: &mut D) -> io::Result<u32> {
    let files = disk.list()?;
    let used = files.iter().filter_map(|file| file.split_once(".seg")?.0.get(..6)?.parse::<u32>().ok());
    Ok(used.max().map_or(1, |generation| generation.saturating_add(1)))
}

/// Reads a whole segment file.
pub(super) fn read_segment<D: Disk>(disk: &mut D, file: &str) -> io::Result<Vec<u8>> {
    let length = disk.len(file)?.min(SEGMENT_MAX);
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    let read = disk.read_at(file, 0, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Reads the header of a segment file.
pub(super) fn read_header<D: Disk>(disk: &mut D, file: &str) -> io::Result<Result<(Header, usize), Bad>> {
    let mut bytes = vec![0; HEADER_MAX];
    let read = disk.read_at(file, 0, &mut bytes)?;
    Ok(Header::decode(&bytes[..read]))
}

struct Recoverer<'a, D> {
    disk: &'a mut D,
    kiosk: &'a KioskId,
    recovery: &'a mut Recovery,
    names: Vec<Name>,
}

impl<D: Disk> Recoverer<'_, D> {
    fn run(mut self) -> io::Result<Option<Tail>> {
        self.check_headers();
        let Some(name) = self.names.last().copied() else { return Ok(None) };
        let before = self.names.len().checked_sub(2).and_then(|index| self.names.get(index)).copied();
        let bytes = match read_segment(self.disk, &name.file()) {
            Ok(bytes) => bytes,
            Err(error) => return self.end(name, format!("its last segment cannot be read: {error}"), true),
        };
        let log = LogCrc::new(name.epoch);
        let earlier = before.and_then(|before| read_segment(self.disk, &before.file()).ok());
        let earlier =
            before.zip(earlier.as_deref()).map(|(before, bytes)| judge_closed(log, before, name, bytes));
        let (start, frontier) = match Header::decode(&bytes) {
            Ok((header, _)) if header.name != name => {
                return self.end(name, "its last segment is another log's".to_owned(), true);
            }
            Ok((header, _)) if header.kiosk != *self.kiosk => {
                return self.end(name, format!("it is the log of kiosk {}", header.kiosk), false);
            }
            Ok((header, start)) => (start, Some(header.frontier)),
            Err(Bad::Version(version)) => {
                let why = format!("it is in format {version}, which a later version of the program writes");
                return self.end(name, why, false);
            }
            Err(Bad::Damaged) => {
                let frontier = match &earlier {
                    Some(found) if found.next == name.first => found.frontier.clone(),
                    None if name.first == 1 => Some(Frontier::new()),
                    Some(_) | None => None,
                };
                if self.was_never_used(name, before, frontier.as_ref(), &bytes) {
                    return self.discard(name);
                }
                self.recovery.remarks.push(format!("the header of {} is damaged", name.file()));
                (0, frontier)
            }
        };
        let found = judge(log, &bytes, start, name.first, frontier, name.first - 1);
        self.examine(earlier.as_ref(), &found);
        self.continue_from(name, &bytes, found)
    }

    /// Looks for segments that are missing in the middle; the oldest may be gone for good reason.
    fn check_headers(&mut self) {
        for pair in self.names.windows(2) {
            let header = read_header(self.disk, &pair[1].file());
            let Ok(Ok((header, _))) = header else { continue };
            if header.previous != pair[0].first {
                let gap = gap(header.previous, pair[1].first - 1, "a segment is missing".to_owned());
                self.recovery.gaps.extend(gap);
            }
        }
    }

    /// Whether a segment was being created when the power went: nothing but parts of the header we would write.
    fn was_never_used(
        &self,
        name: Name,
        before: Option<Name>,
        frontier: Option<&Frontier>,
        bytes: &[u8],
    ) -> bool {
        if bytes.iter().all(|byte| *byte == 0) {
            return true;
        }
        let Some(frontier) = frontier else { return false };
        let previous = before.map_or(0, |before| before.first);
        let header = Header { name, previous, kiosk: self.kiosk.clone(), frontier: frontier.clone() };
        let mut expected = header.encode();
        expected.resize(bytes.len().max(expected.len()), 0);
        let zero = |sector: &[u8]| sector.iter().all(|byte| *byte == 0);
        bytes.chunks(512).zip(expected.chunks(512)).all(|(is, should)| zero(is) || should.starts_with(is))
    }

    fn discard(mut self, name: Name) -> io::Result<Option<Tail>> {
        self.disk.remove(&name.file())?;
        self.disk.sync_dir()?;
        self.names.pop();
        self.recovery.gaps.clear();
        self.run()
    }

    /// Ends the log: a new one must begin.
    fn end(self, name: Name, why: String, set_aside: bool) -> io::Result<Option<Tail>> {
        if set_aside {
            let file = name.file();
            let aside = free_name(&self.disk.list()?, &file);
            self.disk.rename(&file, &aside)?;
            self.disk.sync_dir()?;
            self.recovery.quarantined.push(file);
        }
        // What is said of the old log's numbers would be misread in the new one.
        self.recovery.open_arrivals.clear();
        self.recovery.last = None;
        self.recovery.clean = false;
        self.recovery.ended = Some(Ended { epoch: name.epoch, why });
        Ok(None)
    }

    /// Takes from the last records what the kiosk must know.
    fn examine(&mut self, earlier: Option<&Found<'_>>, found: &Found<'_>) {
        let mut recorded = Vec::new();
        let mut unreadable = 0_u32;
        let records = earlier.iter().flat_map(|found| &found.records).chain(&found.records);
        for (_, frame) in records {
            let entry = match &frame.content {
                Content::Record { public, .. } => minicbor::decode::<Entry>(public).ok(),
                Content::Frontier(_) | Content::Other => continue,
            };
            let Some(entry) = entry.filter(|entry| entry.seq.get() == frame.seq) else {
                unreadable += 1;
                continue;
            };
            self.entry(entry, &mut recorded);
        }
        if unreadable > 0 {
            self.recovery.remarks.push(format!("{unreadable} records are whole but of no known content"));
        }
        for found in earlier.into_iter().chain(std::iter::once(found)) {
            self.damage(found);
        }
        let is_new = |gap: &Gap| !recorded.contains(&(gap.from, gap.through));
        self.recovery.gaps.retain(is_new);
    }

    fn damage(&mut self, found: &Found<'_>) {
        let mut remark = |text: &str| self.recovery.remarks.push(text.to_owned());
        if found.scars > 0 {
            remark("there are damaged bytes between records; no record is missing there");
        }
        if found.contradictions > 0 {
            remark("records do not match the tree that was recorded with them");
        }
        self.recovery.damaged_boxes.extend(&found.damaged_boxes);
        for Lost { from, through } in &found.lost {
            let new = gap(*from, *through, "bytes are damaged".to_owned());
            let known = |gap: &Gap| (gap.from.get(), gap.through.get()) == (*from, *through);
            if !self.recovery.gaps.iter().any(known) {
                self.recovery.gaps.extend(new);
            }
        }
    }

    fn entry(&mut self, entry: Entry, recorded: &mut Vec<(Seq, Seq)>) {
        self.recovery.last = Some((entry.seq, entry.stamp));
        self.recovery.clean = matches!(entry.body, Body::Stopped);
        match entry.body {
            Body::Arrived { subject, direction } => self.recovery.open_arrivals.push(OpenArrival {
                arrival: entry.seq,
                lane: entry.lane,
                subject,
                direction,
                stamp: entry.stamp,
            }),
            Body::Passage(passage) => {
                self.recovery.open_arrivals.retain(|open| open.arrival != passage.arrival);
            }
            Body::Gap { from, through, .. } => recorded.push((from, through)),
            Body::Commanded { command, .. } => self.recovery.commanded = Some(command),
            Body::CommandDone { command, outcome, .. } if outcome.settles() => {
                self.recovery.command_done = Some(command);
            }
            Body::CommandDone { .. }
            | Body::Booted { .. }
            | Body::Stopped
            | Body::KeyOpened { .. }
            | Body::Crossed { .. }
            | Body::DeviceHealth { .. }
            | Body::Attendance { .. }
            | Body::ClockMapped
            | Body::OpenedByHand
            | Body::FoundOpen
            | Body::ClosedByAttendant { .. }
            | Body::Erased { .. }
            | Body::KeyDestroyed { .. }
            | Body::SegmentsDropped { .. } => {}
        }
    }

    fn continue_from(self, name: Name, bytes: &[u8], found: Found<'_>) -> io::Result<Option<Tail>> {
        let Some(frontier) = found.frontier else {
            // The damaged segment stays where it is: all that is whole in it can still be read.
            let missing: Vec<String> =
                found.lost.iter().map(|lost| format!("{} to {}", lost.from, lost.through)).collect();
            let why = format!("its records {} are lost, and with them its root", missing.join(", "));
            for gap in &mut self.recovery.gaps {
                gap.found = format!("{}, in log {}", gap.found, name.epoch);
            }
            return self.end(name, why, false);
        };
        let file = name.file();
        if found.dirty_end > found.end {
            self.recovery.cut_bytes = found.dirty_end - found.end;
            self.recovery.clean = false;
            self.disk.write_at(&file, found.end as u64, &vec![0; found.dirty_end - found.end])?;
        }
        if found.end > found.unproven {
            self.disk.write_at(&file, found.unproven as u64, &bytes[found.unproven..found.end])?;
        }
        if found.dirty_end > found.unproven {
            self.disk.sync(&file)?;
        }
        Ok(Some(Tail {
            name,
            segment_len: bytes.len() as u64,
            offset: found.end as u64,
            next: found.next,
            frontier,
            since_frontier: found.since_frontier,
        }))
    }
}

/// Judges a segment that `next` follows: all in it was acknowledged.
fn judge_closed(log: LogCrc, name: Name, next: Name, bytes: &[u8]) -> Found<'_> {
    let (start, frontier) = match Header::decode(bytes) {
        Ok((header, start)) => (start, Some(header.frontier)),
        Err(_) => (0, None),
    };
    judge(log, bytes, start, name.first, frontier, next.first - 1)
}

fn gap(from: u64, through: u64, found: String) -> Option<Gap> {
    Some(Gap { from: Seq::new(from)?, through: Seq::new(through)?, found })
}

/// A name under which `file` can be set aside.
pub(super) fn free_name(files: &[String], file: &str) -> String {
    let first = std::iter::once(format!("{file}.unreadable"));
    let more = (2_u32..).map(|number| format!("{file}.unreadable-{number}"));
    let mut all = first.chain(more);
    all.find(|name| !files.contains(name)).unwrap_or_else(|| format!("{file}.unreadable"))
}
