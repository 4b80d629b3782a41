//! Counting a day's records, in the same way on the kiosk that prints a sheet and on the hub that compares it.
//!
//! A record belongs to the day that its own clock showed, by the site's time. Where nothing vouched for that clock, it is
//! counted apart. Every arrival counts once, by its last verdict of that day.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, date};
use minicbor::{Decode, Encode};

use crate::base::{ClockTrust, LaneId, Seq, Wall};
use crate::model::{Body, Class, Direction, Entry, Passage, StepKind, StepOutcome, SubjectKind, Verdict};

/// Most lanes on a sheet.
const LANES_MAX: usize = 64;
const DAY_MS: i64 = 86_400_000;

/// A day in a site's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct SiteDay {
    /// Days since 1970-01-01.
    #[n(0)]
    pub days: i32,
    /// The site's time, in minutes ahead of UTC.
    #[n(1)]
    pub offset_minutes: i16,
}

impl SiteDay {
    /// Reads `2026-11-25`, for a site `offset_minutes` ahead of UTC.
    ///
    /// # Errors
    ///
    /// In plain words.
    pub fn parse(text: &str, offset_minutes: i16) -> Result<Self, &'static str> {
        const FORM: &str = "a day is written 2026-11-25";
        let day = Date::from_str(text).map_err(|_| FORM)?;
        let since = day.since(date(1970, 1, 1)).map_err(|_| FORM)?;
        Ok(Self { days: since.get_days(), offset_minutes })
    }

    /// Whether `at` is on this day.
    pub fn holds(self, at: Wall) -> bool {
        let local = at.0.saturating_add(i64::from(self.offset_minutes) * 60_000);
        local.div_euclid(DAY_MS) == i64::from(self.days)
    }
}

/// As a date.
impl fmt::Display for SiteDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Within a span's range: beyond it the library's own arithmetic wraps.
        let days = i64::from(self.days).clamp(-7_304_484, 7_304_484);
        let day = jiff::Span::new().try_days(days).and_then(|days| date(1970, 1, 1).checked_add(days));
        day.unwrap_or(Date::MAX).fmt(f)
    }
}

/// Whether something vouched for the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Surety {
    /// A battery-backed clock or a time service did.
    #[n(0)]
    Sure,
    /// Nothing did.
    #[n(1)]
    Unsure,
}

/// How many arrivals ended alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Cell {
    /// Index into [`Counts::lanes`]; none for a passage without a lane.
    #[n(0)]
    pub lane: Option<u8>,
    /// Whether their time is trusted.
    #[n(1)]
    pub surety: Surety,
    /// Which way.
    #[n(2)]
    pub direction: Direction,
    /// Persons or vehicles.
    #[n(3)]
    pub subject: SubjectKind,
    /// What they are to the place.
    #[n(4)]
    pub class: Class,
    /// How it ended.
    #[n(5)]
    pub verdict: Verdict,
    /// Number of arrivals, at least 1.
    #[n(6)]
    pub passages: u32,
    /// Number of occupants in the vehicles among them.
    #[n(7)]
    pub occupants: u32,
}

/// How often a kind of step was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Waived {
    /// Which check.
    #[n(0)]
    pub step: StepKind,
    /// How often, occupants included.
    #[n(1)]
    pub times: u32,
}

/// What was counted on a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Counts {
    /// Records whose time is trusted.
    #[n(0)]
    pub records: u64,
    /// Records whose time is not.
    #[n(1)]
    pub unsure_records: u64,
    /// Lanes, by name.
    #[n(2)]
    pub lanes: Vec<LaneId>,
    /// Arrivals by lane, trust, direction, subject, class and verdict; in that order.
    #[n(3)]
    pub cells: Vec<Cell>,
    /// Steps that attendants set aside.
    #[n(4)]
    pub waivers: Vec<Waived>,
    /// How often a barrier was opened without the program.
    #[n(5)]
    pub opened_by_hand: u32,
    /// Records that the log itself declared missing.
    #[n(6)]
    pub missing: u64,
}

impl Counts {
    /// Whether every cell names a lane that there is, and none is there twice.
    pub fn is_sound(&self) -> bool {
        let known = |cell: &Cell| cell.lane.is_none_or(|lane| usize::from(lane) < self.lanes.len());
        self.lanes.len() <= LANES_MAX
            && self.cells.iter().all(known)
            && self.cells.is_sorted_by(|a, b| key(a) < key(b))
    }

    /// Arrivals, all together.
    pub fn passages(&self) -> u64 {
        self.cells.iter().map(|cell| u64::from(cell.passages)).sum()
    }

    /// The lane of a cell.
    pub fn lane(&self, cell: &Cell) -> Option<&LaneId> {
        cell.lane.and_then(|index| self.lanes.get(usize::from(index)))
    }
}

fn key(cell: &Cell) -> (Option<u8>, Surety, Direction, SubjectKind, Class, Verdict) {
    (cell.lane, cell.surety, cell.direction, cell.subject, cell.class, cell.verdict)
}

type Key = (Option<LaneId>, Surety, Direction, SubjectKind, Class, Verdict);

/// Counts one day of one log. Holds a few bytes for each passage of the day.
#[derive(Debug)]
pub struct Counter {
    day: SiteDay,
    range: Option<(Seq, Seq)>,
    counts: Counts,
    cells: BTreeMap<Key, (u32, u32)>,
    waivers: BTreeMap<StepKind, u32>,
    /// By number, the day's passages that nothing has followed up.
    open: BTreeMap<Seq, (Key, u32)>,
}

impl Counter {
    /// For one day.
    pub fn new(day: SiteDay) -> Self {
        let (counts, cells, waivers) = (Counts::default(), BTreeMap::new(), BTreeMap::new());
        Self { day, range: None, counts, cells, waivers, open: BTreeMap::new() }
    }

    /// Counts a record, if it is of the day. Records come in the log's order.
    pub fn take(&mut self, entry: &Entry) {
        if !self.day.holds(entry.stamp.wall) {
            return;
        }
        let first = self.range.map_or(entry.seq, |(first, _)| first);
        self.range = Some((first, entry.seq));
        let surety = match entry.stamp.trust {
            ClockTrust::Rtc | ClockTrust::Synced => Surety::Sure,
            ClockTrust::None => Surety::Unsure,
        };
        match surety {
            Surety::Sure => self.counts.records += 1,
            Surety::Unsure => self.counts.unsure_records += 1,
        }
        match &entry.body {
            Body::Passage(passage) => self.passage(entry, passage, surety),
            Body::OpenedByHand => self.counts.opened_by_hand = self.counts.opened_by_hand.saturating_add(1),
            Body::Gap { from, through, .. } => {
                let missing = through.get().saturating_sub(from.get()).saturating_add(1);
                self.counts.missing = self.counts.missing.saturating_add(missing);
            }
            Body::Booted { .. }
            | Body::Stopped
            | Body::KeyOpened { .. }
            | Body::Arrived { .. }
            | Body::Crossed { .. }
            | Body::DeviceHealth { .. }
            | Body::Attendance { .. }
            | Body::Manned { .. }
            | Body::Training { .. }
            | Body::DriftNoted { .. }
            | Body::Overdue { .. }
            | Body::ClockMapped
            | Body::FoundOpen
            | Body::ClosedByAttendant { .. }
            | Body::Erased { .. }
            | Body::KeyDestroyed { .. }
            | Body::SegmentsDropped { .. }
            | Body::Alarm { .. }
            | Body::HandOver { .. }
            | Body::Policy { .. }
            | Body::Commanded { .. }
            | Body::CommandDone { .. } => {}
        }
    }

    fn passage(&mut self, entry: &Entry, passage: &Passage, surety: Surety) {
        if let Some((earlier, occupants)) = passage.follows.and_then(|earlier| self.open.remove(&earlier))
            && let Some((passages, all)) = self.cells.get_mut(&earlier)
        {
            *passages -= 1;
            *all -= occupants;
        }
        let Passage { subject, direction, class, verdict, .. } = *passage;
        let occupants = u32::try_from(passage.occupants.len()).unwrap_or(u32::MAX);
        let key = (entry.lane.clone(), surety, direction, subject, class, verdict);
        let (passages, all) = self.cells.entry(key.clone()).or_default();
        *passages += 1;
        *all = all.saturating_add(occupants);
        self.open.insert(entry.seq, (key, occupants));
        let steps = passage.steps.iter().chain(passage.occupants.iter().flat_map(|occupant| &occupant.steps));
        for step in steps.filter(|step| matches!(step.outcome, StepOutcome::Waived { .. })) {
            *self.waivers.entry(step.kind).or_default() += 1;
        }
    }

    /// The day's first and last record, and what was counted; `None` when the log has none of that day.
    pub fn finish(self) -> Option<(Seq, Seq, Counts)> {
        let Self { range, mut counts, cells, waivers, .. } = self;
        let (first, last) = range?;
        let kept: Vec<_> = cells.into_iter().filter(|(_, (passages, _))| *passages > 0).collect();
        counts.lanes = kept.iter().filter_map(|(key, _)| key.0.clone()).collect();
        counts.lanes.sort();
        counts.lanes.dedup();
        for ((lane, surety, direction, subject, class, verdict), (passages, occupants)) in kept {
            let index = lane.and_then(|lane| counts.lanes.iter().position(|known| *known == lane));
            let lane = index.and_then(|index| u8::try_from(index).ok());
            counts.cells.push(Cell { lane, surety, direction, subject, class, verdict, passages, occupants });
        }
        counts.waivers = waivers.into_iter().map(|(step, times)| Waived { step, times }).collect();
        Some((first, last, counts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_sites_day() {
        let day = SiteDay::parse("2026-11-22", 480).unwrap();
        assert_eq!(day.to_string(), "2026-11-22");
        // 2026-11-21T16:00:00Z is 2026-11-22T00:00+08:00.
        let midnight = Wall::from_secs(1_795_276_800);
        assert!(day.holds(midnight) && !day.holds(Wall(midnight.0 - 1)));
        assert!(day.holds(Wall(midnight.0 + DAY_MS - 1)) && !day.holds(Wall(midnight.0 + DAY_MS)));
        // In Urumqi's own time the same day begins two hours later.
        let west = SiteDay::parse("2026-11-22", 360).unwrap();
        assert!(!west.holds(midnight) && west.holds(Wall(midnight.0 + 7_200_000)));
        assert!(SiteDay::parse("22.11.2026", 480).is_err());
        assert!(!day.holds(Wall(i64::MAX)) && !day.holds(Wall(i64::MIN)));
        assert_eq!(SiteDay { days: i32::MAX, offset_minutes: 0 }.to_string(), Date::MAX.to_string());
    }
}
