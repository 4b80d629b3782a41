//! What outlives the kiosk's process, and the medium as a power cut leaves it.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use kakou::base::{BootId, ClockTrust, LaneId, Mono, Random, Stamp, Wall};
use kakou::journal::{Entropy, Stored};
use kakou::model::{Body, Entry};
use kakou::sim::disk::{Fault, FaultKind, SimDisk};

use super::checks::{self, Check, Checked, Failure, Handed, Openings};
use super::hardware::Hardware;
use super::lane::Manners;
use super::pins::Power;
use super::place::BEGINS;
use super::planted::Plant;

/// What outlives the kiosk's process, and what the checks know of its past.
pub struct Site {
    pub now: Mono,
    pub hardware: Vec<Hardware>,
    pub manners: Vec<Manners>,
    pub disk: SimDisk,
    /// Where the urgent log lies.
    pub urgent: SimDisk,
    /// What is by chance about it: whatever else happens is as it was without it.
    pub chances: Random,
    /// The disk operation before which the power goes.
    pub disk_cut: Option<u64>,
    pub power: Power,
    /// How far the kiosk's wall clock is off, in milliseconds.
    pub wall_off: i64,
    pub trust: ClockTrust,
    /// When a time service comes by, if the clock waits for one.
    pub sync_at: Option<Mono>,
    /// Whether a clock ever claimed to be synced and was not: then no interval can be promised.
    pub lied: bool,
    /// Of each boot the site's time when it began, and what its own clock showed then.
    pub boots: BTreeMap<BootId, (Mono, Mono)>,
    pub cameras: bool,
    pub plant: Option<Plant>,
    /// Everything that somebody was told is durable.
    pub told: Vec<Stored>,
    pub entries: Vec<Entry>,
    /// Handed in and not yet seen in the log.
    pub handed: VecDeque<Handed>,
    pub openings: Vec<Openings>,
    pub requests: u64,
    pub failures: u32,
    pub refused: u32,
    /// Records that can never be written.
    pub refusals: u32,
    /// Whether one of the records that were refused was of an opening: then the hub rightly misses it.
    pub lost_openings: bool,
    pub verbose: bool,
    /// Whether the recorder takes nothing from the lanes.
    pub full: bool,
    /// Whether nothing can be sealed.
    pub dry: Arc<AtomicBool>,
}

impl Site {
    /// The wall time that the kiosk believes in.
    pub fn wall(&self) -> Wall {
        Wall(self.true_wall().0 + self.wall_off)
    }

    pub fn true_wall(&self) -> Wall {
        BEGINS + Duration::from_millis(self.now.as_millis())
    }

    /// A stamp of the boot whose own clock shows `mono`.
    pub fn stamp(&self, boot: BootId, mono: Mono) -> Stamp {
        Stamp { boot, mono, wall: self.wall(), trust: self.trust, max_error_ms: 20 }
    }

    /// When what is stamped was, whatever the kiosk believed.
    pub fn truth(&self, stamp: &Stamp) -> Wall {
        let (began, own) = self.boots[&stamp.boot];
        BEGINS + Duration::from_millis(began.as_millis()) + stamp.mono.since(own)
    }

    pub fn fail(&self, check: Check, outcome: Checked) -> Result<(), Failure> {
        outcome.map_err(|what| Failure { check, at: self.now, what })
    }

    pub fn say(&self, what: &dyn std::fmt::Debug) {
        if self.verbose {
            eprintln!("{} {what:?}", self.now);
        }
    }

    /// From now on the disk fails.
    pub fn fail_disk(&self) {
        let (from, count) = (self.disk.operations(), u64::MAX / 2);
        self.disk.inject(Some(Fault { from, count, kind: FaultKind::Medium }));
    }

    /// What a lane wanted to record never will be: the hub rightly misses an opening, and a verdict stays used up whose
    /// crossing is not on record.
    pub fn never_written(&mut self, lane: usize, body: &Body) {
        self.lost_openings |= is_opening(body);
        if let Body::Crossed { arrival, .. } = body {
            self.openings[lane].crossed(*arrival);
        }
    }

    /// A record was given up, and somebody is told so: it may never be in the log.
    pub fn given_up(&mut self, lane: &LaneId, body: &Body) {
        let at = self
            .handed
            .iter()
            .position(|(_, draft)| draft.lane.as_ref() == Some(lane) && draft.body == *body);
        at.map(|at| self.handed.remove(at));
    }

    /// Takes the next record of the log, as its reader gives it.
    pub fn learn(&mut self, stored: Stored) -> Result<(), Failure> {
        let entry = stored.entry().map_err(|error| error.to_string());
        let entry = match entry {
            Ok(entry) => entry,
            Err(what) => return self.fail(Check::NothingLostOrDoubled, Err(what)),
        };
        self.say(&entry.body);
        let last = self.told.len() as u64;
        let next = checks::nothing_is_lost_or_doubled(&mut self.handed, last, &entry);
        self.fail(Check::NothingLostOrDoubled, next)?;
        self.fail(Check::OrderIsKept, checks::order_is_kept(self.entries.last(), &entry))?;
        if let Some(passage) = checks::passage(&entry.body) {
            self.fail(Check::NoOpenStep, checks::no_admission_has_an_open_step(passage))?;
        }
        if let Body::Crossed { arrival, .. } = entry.body {
            let lane = self.hardware.iter().position(|lane| Some(&lane.id) == entry.lane.as_ref());
            lane.into_iter().for_each(|lane| self.openings[lane].crossed(arrival));
        }
        self.told.push(stored);
        self.entries.push(entry);
        Ok(())
    }

    pub fn of_lane(entries: &[Entry], lane: &LaneId) -> Vec<Entry> {
        entries.iter().filter(|entry| entry.lane.as_ref() == Some(lane)).cloned().collect()
    }
}

/// Whether it says that a barrier was opened without a verdict.
fn is_opening(body: &Body) -> bool {
    matches!(body, Body::OpenedByHand | Body::FoundOpen)
}

/// Entropy that runs dry.
pub struct Well {
    pub random: Random,
    pub dry: Arc<AtomicBool>,
}

impl Entropy for Well {
    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        if self.dry.load(Relaxed) {
            return Err(io::Error::other("no entropy"));
        }
        self.random.fill(bytes);
        Ok(())
    }
}
