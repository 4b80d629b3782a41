//! What must hold at every step: one function a check, each over plain evidence.

use std::collections::BTreeSet;
use std::time::Duration;

use kakou::base::{Mono, Seq, Wall};
use kakou::control::BarrierState;
use kakou::journal::Hash;
use kakou::ledger::{Ledger, RecordId};
use kakou::model::{
    Authenticity, Body, Entry, Evidence, Level, Passage, StepOutcome, StepRecord, Verdict, Zone,
};
use kakou::thermometry::screener::SAMPLES_MIN;

pub use super::held::*;

/// Which check failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    OpensOnDurableVerdict,
    NoOpenStep,
    AcknowledgedIsDurable,
    NothingLostOrDoubled,
    OneVerdictForEachArrival,
    HubHoldsEachRecordOnce,
    NeverClosesOnBlockedBeam,
    SessionsEnd,
    BelowRestsOnSamples,
    OneCodeAtATime,
    OpenBarrierIsSaid,
    OrderIsKept,
    BarriersRiseAsRecorded,
    AlarmFollowsRecord,
    AlarmsAreToldOnce,
    SameSeedSameTrace,
    TruthLiesWithin,
    /// Not a rule of the kiosk: it fell over.
    NoPanic,
}

/// Why a run ended before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub check: Check,
    pub at: Mono,
    pub what: String,
}

/// One lane's barrier as the check of its openings sees it.
#[derive(Default)]
pub struct Openings {
    /// Arrivals whose opening verdict has been used up.
    used: BTreeSet<Seq>,
    /// Pulses since a verdict began the present cycle; 0 when the boom is back down.
    pulses: u32,
    left_bottom: bool,
    at_bottom_since: Option<Mono>,
}

/// Longest way from the boom's rest at the bottom to the kiosk's knowing it: debouncing and a few turns.
const KNOWN_WITHIN: Duration = Duration::from_millis(250);
/// Longest time from a verdict to the opening.
const OPENS_WITHIN: Duration = Duration::from_secs(10);
/// Pulses to an unmoving boom on one verdict.
const TRIES_MAX: u32 = 2;

impl Openings {
    /// Takes where the boom is: `Active` at its lower end.
    pub fn boom(&mut self, now: Mono, bottom: Level) {
        match bottom {
            Level::Idle => {
                self.at_bottom_since = None;
                self.left_bottom = true;
            }
            Level::Active => {
                let since = *self.at_bottom_since.get_or_insert(now);
                if self.left_bottom && now.since(since) > KNOWN_WITHIN {
                    self.pulses = 0;
                }
            }
        }
    }

    /// The verdict on `arrival` has been made use of, with or without a pulse.
    pub fn crossed(&mut self, arrival: Seq) {
        self.used.insert(arrival);
    }

    /// Verdicts of an earlier run open nothing any more.
    pub fn restart(&mut self, durable: &[Entry]) {
        self.used = opening_arrivals(durable).collect();
        self.pulses = 0;
    }

    /// The close output began to act: what the boom then meets may be let go of.
    pub fn closes(&mut self) {
        self.pulses = self.pulses.max(1);
    }

    /// The open output began to act while `durable` was on the medium, all of it about this lane.
    pub fn barrier_opens_on_a_durable_unused_verdict(&mut self, now: Mono, durable: &[Entry]) -> Checked {
        let unused = |entry: &&Entry| {
            passage(&entry.body).is_some_and(|passage| {
                passage.verdict.opens_barrier() && !self.used.contains(&passage.arrival)
            })
        };
        if let Some(entry) = durable.iter().find(unused) {
            self.used.extend(passage(&entry.body).map(|passage| passage.arrival));
            self.pulses = 1;
            self.left_bottom = false;
            let age = now.since(entry.stamp.mono);
            return if age <= OPENS_WITHIN { Ok(()) } else { Err(format!("opened on what is {age:?} old")) };
        }
        self.pulses += 1;
        match self.pulses {
            1 => Err(format!("opened on none of {} durable records", durable.len())),
            _ if self.left_bottom || self.pulses <= TRIES_MAX => Ok(()),
            pulses => Err(format!("pulse {pulses} on one verdict")),
        }
    }
}

fn opening_arrivals(durable: &[Entry]) -> impl Iterator<Item = Seq> {
    passages(durable).filter(|passage| passage.verdict.opens_barrier()).map(|passage| passage.arrival)
}

fn passages(entries: &[Entry]) -> impl Iterator<Item = &Passage> {
    entries.iter().filter_map(|entry| passage(&entry.body))
}

/// The passage in a body, if it is one.
pub fn passage(body: &Body) -> Option<&Passage> {
    match body {
        Body::Passage(passage) => Some(passage),
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
        | Body::Gap { .. }
        | Body::OpenedByHand
        | Body::FoundOpen
        | Body::ClosedByAttendant { .. }
        | Body::Erased { .. }
        | Body::KeyDestroyed { .. }
        | Body::SegmentsDropped { .. }
        | Body::Alarm { .. }
        | Body::HandOver { .. }
        | Body::Policy { .. }
        | Body::Commanded { .. }
        | Body::CommandDone { .. } => None,
    }
}

/// The subject's steps and those of everybody in the vehicle.
fn steps(passage: &Passage) -> impl Iterator<Item = &StepRecord> {
    passage.steps.iter().chain(passage.occupants.iter().flat_map(|occupant| &occupant.steps))
}

pub fn no_admission_has_an_open_step(passage: &Passage) -> Checked {
    if !matches!(passage.verdict, Verdict::Admitted | Verdict::AdmittedWithFollowUp) {
        return Ok(());
    }
    match steps(passage).find(|step| !step.outcome.is_settled()) {
        Some(step) => Err(format!("arrival {} admitted with {step:?}", passage.arrival)),
        None if passage.steps.is_empty() => Err(format!("arrival {} admitted on no step", passage.arrival)),
        None => Ok(()),
    }
}

/// The close output began to act; something has been under the barrier since `blocked`, and the kiosk knows it within
/// `known_within`.
pub fn never_closes_on_a_blocked_beam(now: Mono, blocked: Option<Mono>, known_within: Duration) -> Checked {
    match blocked {
        Some(since) if now.since(since) > known_within => {
            Err(format!("closes on something that is there since {since}"))
        }
        Some(_) | None => Ok(()),
    }
}

/// A session that has run for `running`.
pub fn sessions_end(running: Duration) -> Checked {
    // The longest profile's limit is 15 minutes; a referral and its second check each count anew.
    let longest = Duration::from_mins(50);
    if running < longest { Ok(()) } else { Err(format!("session runs for {running:?}")) }
}

/// `samples` sound readings of somebody were taken since the arrival.
pub fn below_rests_on_samples(passage: &Passage, samples: usize) -> Checked {
    let below = |step: &&StepRecord| {
        matches!(step.outcome, StepOutcome::Done(Evidence::Temperature { zone: Zone::Below, .. }))
    };
    let needed = steps(passage).filter(below).count() * SAMPLES_MIN;
    if samples >= needed { Ok(()) } else { Err(format!("{samples} samples, needed are {needed}")) }
}

/// `alone` codes were seen by themselves since the arrival, or just before it.
pub fn passes_were_shown_alone(passage: &Passage, alone: usize) -> Checked {
    let by_pass = |step: &&StepRecord| {
        let genuine = |evidence: &Evidence| {
            matches!(evidence, Evidence::Credential { authentic: Authenticity::Genuine, .. })
        };
        matches!(&step.outcome, StepOutcome::Done(evidence) if genuine(evidence))
    };
    let taken = steps(passage).filter(by_pass).count();
    if taken <= alone { Ok(()) } else { Err(format!("{taken} passes taken, {alone} were shown alone")) }
}

/// The boom has been off its lower end for `up` while the kiosk ran, and the screens say `state`.
pub fn an_open_barrier_is_said(up: Duration, state: BarrierState) -> Checked {
    // A movement of the slower boom, debouncing, and the time in which it may be found at the start.
    let known_within = Duration::from_secs(9);
    if up > known_within && state == BarrierState::Closed {
        return Err(format!("said to be closed, and up for {up:?}"));
    }
    Ok(())
}

/// Everything that the hub shows of record `id` holds its true time.
pub fn the_truth_lies_within(ledger: &Ledger, id: &RecordId, truth: Wall) -> Checked {
    let record = ledger.record(id).map_err(|error| error.to_string())?;
    let Some(placed) = record.and_then(|record| record.placed) else {
        return Err(format!("record {} is here and placed nowhere", id.seq));
    };
    let holds = |time: Wall| {
        placed.earliest.is_none_or(|earliest| earliest <= time)
            && placed.latest.is_none_or(|latest| time <= latest)
    };
    if holds(truth) && holds(placed.best) {
        Ok(())
    } else {
        Err(format!("record {} was made at {truth:?}, the hub says {placed:?}", id.seq))
    }
}

pub fn same_seed_gives_the_same_trace(first: Hash, second: Hash) -> Checked {
    if first == second { Ok(()) } else { Err("two runs of one seed differ".to_owned()) }
}
