//! Finding where a log ends after whatever happened to it.
//!
//! 1. The newest generation is the log. Only its last segment is read whole, and the one before it for arrivals that
//!    nobody decided; of the others only the headers.
//! 2. A tail that nobody vouches for is cut: zeros are written over it and synced before anything else.
//! 3. What counts but may not have reached the medium is written once more and synced before it is reported; so are the
//!    names of segments and keys, which a process may have created and been killed before it synced the directory.
//! 4. Damage never refuses a start. Lost records are reported; when the tree's root can no longer be known, the log
//!    ends and a new one with a fresh epoch begins beside it. What cannot be read is renamed, never deleted.
//! 5. What the hub has signed for was durable here. When fewer records are here, or others, the log ends as well and is
//!    left as it is: see `rollback.rs`.

use std::io;

use super::cosigned::{Cosigned, Witness};
use super::disk::Disk;
use super::erase::Erasing;
use super::frame::{Content, LogCrc};
use super::merkle::Frontier;
use super::recovered::{Ended, FoundAlarm, Gap, OpenArrival, Recovery};
use super::rollback;
use super::scan::{Found, Lost, judge};
use super::segment::{Bad, HEADER_MAX, Header, Name};
use crate::base::{KioskId, Seq};
use crate::model::record::IN_LOG;
use crate::model::{Body, Cause, Entry};

/// Longest segment that is read; longer files are not ours.
const SEGMENT_MAX: u64 = 64 * 1024 * 1024;

/// Where a log goes on.
#[derive(Debug)]
pub(super) struct Tail {
    pub name: Name,
    /// First record of the segment before, or 0.
    pub previous: u64,
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
    witness: Option<&Witness>,
    recovery: &mut Recovery,
) -> io::Result<Option<Tail>> {
    let files = disk.list()?;
    let names: Vec<Name> = files.iter().filter_map(|file| Name::parse(file)).collect();
    let mut recorded = Vec::new();
    let mut tail = None;
    if let Some(newest) = names.iter().max().copied() {
        let same = |name: &&Name| (name.generation, name.epoch) == (newest.generation, newest.epoch);
        let names: Vec<Name> = names.iter().filter(same).copied().collect();
        let told = rollback::told(disk, witness, newest.epoch);
        let recorded = &mut recorded;
        tail = Recoverer { disk, kiosk, witness, told, recovery, recorded, names }.run()?;
    }
    rollback::missing_logs(disk, witness, &files, &recorded, recovery);
    Ok(tail)
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
    witness: Option<&'a Witness>,
    /// What the hub has signed for.
    told: Option<Cosigned>,
    recovery: &'a mut Recovery,
    /// Gaps of which a record tells already.
    recorded: &'a mut Vec<Gap>,
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
            Ok((header, start)) => {
                let before = earlier.as_ref().filter(|found| found.next == name.first);
                if before.and_then(|found| found.frontier.as_ref()).is_some_and(|own| *own != header.frontier)
                {
                    let file = name.file();
                    self.recovery
                        .remarks
                        .push(format!("the records before {file} do not match the tree in its header"));
                }
                (start, Some(header.frontier))
            }
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
                let told = self.told_size() >= name.first;
                if !told && self.was_never_used(name, before, frontier.as_ref(), &bytes) {
                    return self.discard(name);
                }
                self.recovery.remarks.push(format!("the header of {} is damaged", name.file()));
                (0, frontier)
            }
        };
        let found = judge(log, &bytes, start, name.first, frontier, self.told_size().max(name.first - 1));
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
        bytes.iter().zip(&expected).all(|(is, should)| *is == 0 || is == should)
    }

    fn discard(mut self, name: Name) -> io::Result<Option<Tail>> {
        self.disk.remove(&name.file())?;
        self.disk.sync_dir()?;
        self.names.pop();
        self.recovery.gaps.clear();
        self.run()
    }

    /// Number of records that the hub has signed for; 0 where it has not.
    fn told_size(&self) -> u64 {
        self.told.as_ref().map_or(0, Cosigned::size)
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
        for Erasing { log, .. } in &mut self.recovery.erasing {
            log.get_or_insert(name.epoch);
        }
        self.recovery.last = None;
        self.recovery.clean = false;
        self.recovery.ended = Some(Ended { epoch: name.epoch, why });
        Ok(None)
    }

    /// Ends the log, and says of the gaps in whose numbers they are.
    fn end_with_gaps(self, name: Name, why: String) -> io::Result<Option<Tail>> {
        for gap in &mut self.recovery.gaps {
            gap.found = format!("{}{IN_LOG}{}", gap.found, name.epoch);
        }
        self.end(name, why, false)
    }

    /// Takes from the last records what the kiosk must know.
    fn examine(&mut self, earlier: Option<&Found<'_>>, found: &Found<'_>) {
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
            self.entry(entry);
        }
        if unreadable > 0 {
            self.recovery.remarks.push(format!("{unreadable} records are whole but of no known content"));
        }
        for found in earlier.into_iter().chain(std::iter::once(found)) {
            self.damage(found);
        }
        let own = |known: &&Gap| !known.found.contains(IN_LOG);
        let known: Vec<_> = self.recorded.iter().filter(own).map(|gap| (gap.from, gap.through)).collect();
        self.recovery.gaps.retain(|gap| !known.contains(&(gap.from, gap.through)));
    }

    fn damage(&mut self, found: &Found<'_>) {
        let told = self.told_size();
        let mut remark = |text: &str| self.recovery.remarks.push(text.to_owned());
        if found.scars > 0 {
            remark("there are damaged bytes between records; no record is missing there");
        }
        if found.contradictions > 0 {
            remark("records do not match the tree that was recorded with them");
        }
        self.recovery.damaged_boxes.extend(&found.damaged_boxes);
        for Lost { from, through } in &found.lost {
            let at_end = *through == told && found.next == told + 1;
            let why = if at_end { rollback::NOT_HERE } else { "bytes are damaged" };
            let new = gap(*from, *through, why.to_owned());
            let known = |gap: &Gap| (gap.from.get(), gap.through.get()) == (*from, *through);
            if !self.recovery.gaps.iter().any(known) {
                self.recovery.gaps.extend(new);
            }
        }
    }

    fn entry(&mut self, entry: Entry) {
        self.recovery.last = Some((entry.seq, entry.stamp));
        self.alarm(&entry);
        self.recovery.clean = matches!(entry.body, Body::Stopped);
        match entry.body {
            Body::Erased { records, log, .. } => self.recovery.erasing.push(Erasing { log, records }),
            // A start before this one has finished them.
            Body::Booted { .. } | Body::Stopped => self.recovery.erasing.clear(),
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
            Body::Gap { from, through, found } => self.recorded.push(Gap { from, through, found }),
            Body::DriftNoted { note } => {
                let notes = entry.lane.map(|lane| self.recovery.drift_notes.entry(lane).or_default());
                let Some(notes) = notes else { return };
                if notes.len() == Recovery::DRIFT_NOTES_MAX {
                    notes.remove(0);
                }
                notes.push(*note);
            }
            Body::Commanded { command, .. } => self.recovery.commanded = Some(command),
            Body::CommandDone { command, outcome, .. } if outcome.settles() => {
                self.recovery.command_done = Some(command);
            }
            Body::CommandDone { .. }
            | Body::KeyOpened { .. }
            | Body::Crossed { .. }
            | Body::DeviceHealth { .. }
            | Body::Attendance { .. }
            | Body::Manned { .. }
            | Body::Training { .. }
            | Body::Overdue { .. }
            | Body::ClockMapped
            | Body::OpenedByHand
            | Body::FoundOpen
            | Body::ClosedByAttendant { .. }
            | Body::KeyDestroyed { .. }
            | Body::SegmentsDropped { .. }
            | Body::Alarm { .. }
            | Body::HandOver { .. }
            | Body::Policy { .. } => {}
        }
    }

    /// Notes what was, or would have been, raised last.
    fn alarm(&mut self, Entry { seq, stamp, lane, body }: &Entry) {
        if let Body::Alarm { epoch: Some(epoch), seq, .. } = body {
            self.recovery.pointed = Some((*epoch, *seq));
        }
        let Some((kind, name)) = Cause::of(body).zip(self.names.last()) else { return };
        let found = &mut self.recovery.alarms;
        if found.len() == Recovery::ALARMS_MAX {
            found.pop_front();
        }
        let (seq, stamp, lane) = (*seq, *stamp, lane.clone());
        found.push_back(FoundAlarm { epoch: name.epoch, seq, lane, stamp, kind });
    }

    fn continue_from(self, name: Name, bytes: &[u8], found: Found<'_>) -> io::Result<Option<Tail>> {
        let Some(frontier) = found.frontier else {
            // The damaged segment stays where it is: all that is whole in it can still be read.
            let missing: Vec<String> =
                found.lost.iter().map(|lost| format!("{} to {}", lost.from, lost.through)).collect();
            let mut why = format!("its records {} are lost, and with them its root", missing.join(", "));
            if self.recovery.gaps.iter().any(|gap| gap.found == rollback::NOT_HERE) {
                why.push_str("; the hub has signed for them: the medium lost them, was put back or swapped");
            }
            return self.end_with_gaps(name, why);
        };
        // Where the hub has all of it, the tree is known already.
        let told = self.told.as_ref().filter(|told| told.size() < found.next);
        let told = told.filter(|told| (told.size(), told.root()) != (frontier.size(), frontier.root()));
        if let Some(told) = told
            && let Some(gap) = rollback::others(self.disk, self.witness, &self.names, told)
        {
            let size = told.size();
            let why =
                format!("the hub has signed for other {size} records: the medium was put back or swapped");
            self.recovery.gaps.push(gap);
            return self.end_with_gaps(name, why);
        }
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
        // What goes on here is acknowledged by syncing the file, and its name may not be on the medium yet.
        self.disk.sync_dir()?;
        let before = self.names.iter().rev().nth(1).map_or(0, |before| before.first);
        let previous = Header::decode(bytes).map_or(before, |(header, _)| header.previous);
        Ok(Some(Tail {
            name,
            previous,
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

pub(super) fn gap(from: u64, through: u64, found: String) -> Option<Gap> {
    Some(Gap { from: Seq::new(from)?, through: Seq::new(through)?, found })
}

/// A name under which `file` can be set aside.
pub(super) fn free_name(files: &[String], file: &str) -> String {
    let first = std::iter::once(format!("{file}.unreadable"));
    let more = (2_u32..).map(|number| format!("{file}.unreadable-{number}"));
    let mut all = first.chain(more);
    all.find(|name| !files.contains(name)).unwrap_or_else(|| format!("{file}.unreadable"))
}
