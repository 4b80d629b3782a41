//! Shifts, and what a shift's sheet counts: everything between two records, from the records alone.
//!
//! A subject counts once, at the lane where it was, with the last verdict of the shift. One that already had a verdict
//! before the shift counts again, and as taken over, so that sheets of shifts that follow each other add up:
//! subjects of both, less those the later one took over. People are persons on foot and the recorded occupants of
//! vehicles. Waivers are those of the last verdict's record.
//!
//! A shift lasts from an attendant's sign-in to the sign-out. A second sign-in without a sign-out continues it: the
//! kiosk restarted, or it is another screen. After more than [`SHIFT_MAX`] it begins a new one, and the earlier one
//! ended with the record before it.

mod practised;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use self::practised::Practices;
pub use self::practised::Practised;
use super::duty::Manned;
use super::leak::Crossings;
use super::{Body, Direction, Entry, Passage, StepKind, StepOutcome, StepRecord, SubjectKind, Verdict};
use crate::base::{AttendantId, BootId, ClockTrust, DeviceId, LaneId, NoReading, Seq, Slug, Stamp, Wall};

/// Longest time between two sign-ins of one shift.
pub const SHIFT_MAX: Duration = Duration::from_hours(16);

/// Somebody signed in or out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    /// The record.
    pub seq: Seq,
    /// When, by the kiosk's clock.
    pub wall: Wall,
    /// Who.
    pub attendant: AttendantId,
    /// In or out.
    pub signed_in: bool,
}

impl Duty {
    /// The duty in a record, if it is one.
    pub fn of(entry: &Entry) -> Option<Self> {
        let Body::Attendance { attendant, signed_in, .. } = &entry.body else { return None };
        let (seq, wall) = (entry.seq, entry.stamp.wall);
        Some(Self { seq, wall, attendant: attendant.clone(), signed_in: *signed_in })
    }
}

/// An attendant's time on duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Who.
    pub attendant: AttendantId,
    /// The record of the sign-in.
    pub first: Seq,
    /// The last record; `None` while it goes on.
    pub last: Option<Seq>,
    /// When the sign-in was, by the kiosk's clock.
    pub begun: Wall,
    /// When the sign-out was; `None` while it goes on and when there was none.
    pub ended: Option<Wall>,
}

/// The shifts that sign-ins and sign-outs make, in the order of their sign-ins.
pub fn shifts(duties: impl IntoIterator<Item = Duty>) -> Vec<Shift> {
    let mut all: Vec<Shift> = vec![];
    // Where an attendant's running shift is in `all`, and when they last signed in.
    let mut running: BTreeMap<AttendantId, (usize, Wall)> = BTreeMap::new();
    let longest = u64::try_from(SHIFT_MAX.as_millis()).unwrap_or(u64::MAX);
    for Duty { seq, wall, attendant, signed_in } in duties {
        match (signed_in, running.get_mut(&attendant)) {
            (true, Some((_, last))) if wall.0.abs_diff(last.0) <= longest => *last = wall,
            (true, earlier) => {
                if let Some((index, _)) = earlier {
                    all[*index].last = Seq::new(seq.get() - 1);
                }
                running.insert(attendant.clone(), (all.len(), wall));
                all.push(Shift { attendant, first: seq, last: None, begun: wall, ended: None });
            }
            (false, Some((index, _))) => {
                (all[*index].last, all[*index].ended) = (Some(seq), Some(wall));
                running.remove(&attendant);
            }
            // Signed in before the first record that is kept.
            (false, None) => {}
        }
    }
    all
}

/// Begin and end of the shift of a fixed schedule in which `now` lies; `None` without any change of shifts.
///
/// `changes` are minutes after midnight, at a place whose clocks are so far ahead of UTC.
pub fn scheduled(changes: &[u16], utc_offset_minutes: i16, now: Wall) -> Option<(Wall, Wall)> {
    const DAY: i64 = 1_440;
    let minute = now.as_secs().div_euclid(60) + i64::from(utc_offset_minutes);
    let midnight = minute - minute.rem_euclid(DAY);
    let days = [-DAY, 0, DAY].map(|day| midnight + day);
    let all: Vec<i64> =
        days.iter().flat_map(|day| changes.iter().map(move |change| day + i64::from(*change))).collect();
    let wall = |minute: i64| Wall::from_secs((minute - i64::from(utc_offset_minutes)) * 60);
    let begun = all.iter().copied().filter(|change| *change <= minute).max()?;
    let ends = all.iter().copied().filter(|change| *change > minute).min()?;
    Some((wall(begun), wall(ends)))
}

/// A lane's counts are by direction.
pub type LaneKey = (Option<LaneId>, Direction);

/// What happened in one direction of a lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaneCounts {
    /// Vehicles that got a verdict.
    pub vehicles: u64,
    /// Persons on foot that got one.
    pub on_foot: u64,
    /// Persons on foot and occupants of vehicles.
    pub people: u64,
    /// Subjects by their last verdict.
    pub verdicts: BTreeMap<Verdict, u64>,
    /// Subjects that were referred in this shift, or before it and decided about in it.
    pub referred: u64,
    /// How those ended about whom somebody has decided.
    pub referrals_ended: BTreeMap<Verdict, u64>,
    /// Subjects that had a verdict before the shift.
    pub taken_over: u64,
    /// Steps set aside.
    pub waivers: BTreeMap<Waiver, u64>,
    /// Arrivals of the shift without any verdict.
    pub waiting: u64,
    /// Subjects whose time no time service vouches for.
    pub unsure: u64,
}

impl LaneCounts {
    /// Vehicles and persons on foot.
    pub fn subjects(&self) -> u64 {
        self.vehicles + self.on_foot
    }

    /// How many got this verdict.
    pub fn with(&self, verdict: Verdict) -> u64 {
        self.verdicts.get(&verdict).copied().unwrap_or_default()
    }

    /// Referrals about which nobody has decided.
    pub fn referrals_open(&self) -> u64 {
        self.referred - self.referrals_ended.values().sum::<u64>()
    }

    fn add(&mut self, other: &Self) {
        self.vehicles += other.vehicles;
        self.on_foot += other.on_foot;
        self.people += other.people;
        self.referred += other.referred;
        self.taken_over += other.taken_over;
        self.waiting += other.waiting;
        self.unsure += other.unsure;
        add_all(&mut self.verdicts, &other.verdicts);
        add_all(&mut self.referrals_ended, &other.referrals_ended);
        add_all(&mut self.waivers, &other.waivers);
    }
}

fn add_all<K: Ord + Clone>(to: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
    for (key, count) in from {
        *to.entry(key.clone()).or_default() += count;
    }
}

/// A step set aside: which, why, by whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiver {
    /// Which check.
    pub step: StepKind,
    /// The profile's reason.
    pub reason: Slug,
    /// Who.
    pub by: AttendantId,
}

/// What happened at a lane's barrier beside verdicts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BarrierCounts {
    /// Opened by a key, by hand, by the emergency release.
    pub opened_by_hand: u64,
    /// Found open at a start.
    pub found_open: u64,
    /// Sent down from the screen.
    pub closed_by_attendant: u64,
    /// Openings for a recorded subject, by what was counted beside the record.
    pub crossings: Crossings,
}

/// What a device did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceCounts {
    /// How often it failed.
    pub failures: u64,
    /// Why it gives nothing at the end; `None` when it works.
    pub fault: Option<NoReading>,
}

/// Counts of a shift.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShiftSheet {
    /// The first record that was counted.
    pub first: Option<Seq>,
    /// The last one.
    pub last: Option<Seq>,
    /// How many were.
    pub records: u64,
    /// By lane and direction.
    pub lanes: BTreeMap<LaneKey, LaneCounts>,
    /// By lane.
    pub barriers: BTreeMap<Option<LaneId>, BarrierCounts>,
    /// Devices that failed, or worked again.
    pub devices: BTreeMap<DeviceId, DeviceCounts>,
    /// Numbers that are missing or cannot be read, first and last of each hole.
    pub missing: Vec<(u64, u64)>,
    /// Starts of the kiosk.
    pub starts: u64,
    /// Starts after a run that did not end in order.
    pub unclean: u64,
    /// Who signed in.
    pub attendants: BTreeSet<AttendantId>,
    /// How often nobody was at the post.
    pub absences: u64,
    /// Passages of which nobody came out in time, by when that was found.
    pub overdue: u64,
    /// Lanes that were used to practise.
    pub practised: Practised,
    /// Records of hand-over notes.
    pub hand_overs: Vec<Seq>,
}

impl ShiftSheet {
    /// All lanes and directions together.
    pub fn total(&self) -> LaneCounts {
        self.lanes.values().fold(LaneCounts::default(), |mut total, lane| {
            total.add(lane);
            total
        })
    }
}

/// Counts records, in the order of their numbers.
#[derive(Debug, Default)]
pub struct Tally {
    sheet: ShiftSheet,
    subjects: BTreeMap<Seq, Subject>,
    waiting: BTreeMap<Seq, LaneKey>,
    synced: BTreeSet<BootId>,
    practices: Practices,
}

/// What is kept of a subject until the end.
#[derive(Debug)]
struct Subject {
    lane: LaneKey,
    kind: SubjectKind,
    people: u64,
    verdict: Verdict,
    was_referred: bool,
    had_verdict: bool,
    waivers: Vec<Waiver>,
    boot: BootId,
}

impl Tally {
    /// Takes the next record in.
    pub fn take(&mut self, entry: &Entry) {
        self.sheet.first.get_or_insert(entry.seq);
        self.sheet.last = Some(entry.seq);
        self.sheet.records += 1;
        self.practices.at(&entry.stamp);
        if is_synced(&entry.stamp) {
            self.synced.insert(entry.stamp.boot);
        }
        match &entry.body {
            Body::Arrived { direction, .. } => {
                self.waiting.insert(entry.seq, (entry.lane.clone(), *direction));
            }
            Body::Passage(passage) => self.passage(entry, passage),
            Body::DeviceHealth { device, fault } => {
                let counts = self.sheet.devices.entry(device.clone()).or_default();
                counts.failures += u64::from(fault.is_some());
                counts.fault = *fault;
            }
            // Where nothing went through there was nobody to be missed.
            Body::Crossed { counted: Some(counted), .. } if counted.says_anything() => {
                self.barrier(entry).crossings.take(*counted);
            }
            Body::OpenedByHand => self.barrier(entry).opened_by_hand += 1,
            Body::FoundOpen => self.barrier(entry).found_open += 1,
            Body::ClosedByAttendant { .. } => self.barrier(entry).closed_by_attendant += 1,
            Body::Gap { from, through, .. } => self.missing(from.get(), through.get()),
            Body::Booted { clean, .. } => {
                self.sheet.starts += 1;
                self.sheet.unclean += u64::from(!clean);
                self.practices.booted();
            }
            Body::Attendance { attendant, signed_in: true, .. } => {
                self.sheet.attendants.insert(attendant.clone());
            }
            Body::Manned { found: Manned::Unanswered | Manned::Unstaffed } => self.sheet.absences += 1,
            Body::HandOver { .. } => self.sheet.hand_overs.push(entry.seq),
            Body::Overdue { .. } => self.sheet.overdue += 1,
            Body::Training { event, .. } => self.practices.take(entry.lane.as_ref(), &entry.stamp, *event),
            Body::Attendance { signed_in: false, .. }
            | Body::Stopped
            | Body::DriftNoted { .. }
            | Body::KeyOpened { .. }
            | Body::Crossed { .. }
            | Body::ClockMapped
            | Body::Erased { .. }
            | Body::KeyDestroyed { .. }
            | Body::SegmentsDropped { .. }
            | Body::Alarm { .. }
            | Body::Manned { found: Manned::Back }
            | Body::Commanded { .. }
            | Body::CommandDone { .. }
            | Body::Policy { .. } => {}
        }
    }

    /// Takes in a record that says something which this version does not know.
    pub fn take_unknown(&mut self, seq: Seq) {
        self.sheet.first.get_or_insert(seq);
        self.sheet.last = Some(seq);
        self.sheet.records += 1;
    }

    /// Takes in that these numbers are missing.
    pub fn missing(&mut self, from: u64, through: u64) {
        // A hole is met where it is and told of by a record of its own.
        if !self.sheet.missing.contains(&(from, through)) {
            self.sheet.missing.push((from, through));
        }
    }

    fn barrier(&mut self, entry: &Entry) -> &mut BarrierCounts {
        self.sheet.barriers.entry(entry.lane.clone()).or_default()
    }

    fn passage(&mut self, entry: &Entry, passage: &Passage) {
        self.waiting.remove(&passage.arrival);
        let earlier = self.subjects.get(&passage.arrival);
        let before = self.sheet.first.is_some_and(|first| passage.follows.is_some_and(|seq| seq < first));
        let occupants = passage.occupants.iter().flat_map(|occupant| &occupant.steps);
        let subject = Subject {
            lane: (entry.lane.clone(), passage.direction),
            kind: passage.subject,
            people: match passage.subject {
                SubjectKind::Person => 1,
                SubjectKind::Vehicle => passage.occupants.len() as u64,
            },
            verdict: passage.verdict,
            was_referred: passage.verdict == Verdict::Referred
                || passage.follows.is_some()
                || earlier.is_some_and(|earlier| earlier.was_referred),
            had_verdict: before || earlier.is_some_and(|earlier| earlier.had_verdict),
            waivers: passage.steps.iter().chain(occupants).filter_map(waiver).collect(),
            boot: entry.stamp.boot,
        };
        self.subjects.insert(passage.arrival, subject);
    }

    /// Counts of everything that was taken in.
    pub fn finish(mut self) -> ShiftSheet {
        for subject in self.subjects.into_values() {
            let lane = self.sheet.lanes.entry(subject.lane).or_default();
            match subject.kind {
                SubjectKind::Person => lane.on_foot += 1,
                SubjectKind::Vehicle => lane.vehicles += 1,
            }
            lane.people += subject.people;
            *lane.verdicts.entry(subject.verdict).or_default() += 1;
            lane.taken_over += u64::from(subject.had_verdict);
            if subject.was_referred {
                lane.referred += 1;
                if subject.verdict != Verdict::Referred {
                    *lane.referrals_ended.entry(subject.verdict).or_default() += 1;
                }
            }
            for waiver in subject.waivers {
                *lane.waivers.entry(waiver).or_default() += 1;
            }
            lane.unsure += u64::from(!self.synced.contains(&subject.boot));
        }
        for lane in self.waiting.into_values() {
            self.sheet.lanes.entry(lane).or_default().waiting += 1;
        }
        self.sheet.practised = self.practices.finish();
        self.sheet
    }
}

fn waiver(step: &StepRecord) -> Option<Waiver> {
    match &step.outcome {
        StepOutcome::Waived { by, reason } => {
            Some(Waiver { step: step.kind, reason: reason.clone(), by: by.clone() })
        }
        StepOutcome::Open
        | StepOutcome::Done(_)
        | StepOutcome::Failed { .. }
        | StepOutcome::NotMeasured(_) => None,
    }
}

/// Whether it places every record of its boot; see [`crate::model::timeline`].
fn is_synced(stamp: &Stamp) -> bool {
    stamp.trust == ClockTrust::Synced && stamp.wall >= Wall::EARLIEST
}

#[cfg(test)]
mod tests;
