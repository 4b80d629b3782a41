//! What must hold at every step: one function a check, each over plain evidence.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use kakou::base::{Mono, Seq};
use kakou::control::BarrierState;
use kakou::journal::{Hash, Stored};
use kakou::ledger::{AlarmKind, Ledger, RecordId};
use kakou::model::{
    Authenticity, Body, Draft, Entry, Evidence, Level, Passage, StepOutcome, StepRecord, Verdict, Zone,
};
use kakou::thermometry::screener::SAMPLES_MIN;

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
    SameSeedSameTrace,
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

pub type Checked = Result<(), String>;

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
        | Body::ClockMapped
        | Body::Gap { .. }
        | Body::OpenedByHand
        | Body::FoundOpen
        | Body::ClosedByAttendant { .. }
        | Body::Erased { .. }
        | Body::KeyDestroyed { .. }
        | Body::SegmentsDropped { .. }
        | Body::HandOver { .. }
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

/// `there` was read from the medium itself; `told` is everything that somebody was told is durable.
pub fn acknowledged_is_durable(told: &[Stored], there: &[Stored]) -> Checked {
    match there.get(..told.len()) {
        Some(same) if same == told => Ok(()),
        Some(same) => {
            let at = same.iter().zip(told).position(|(there, told)| there != told).unwrap_or(0);
            Err(format!("record {} is not what was acknowledged", at + 1))
        }
        None => Err(format!("{} records were acknowledged, {} are there", told.len(), there.len())),
    }
}

/// A record that was handed in, with its stamp, before anybody knows its number.
pub type Handed = (kakou::base::Stamp, Draft);

/// `found` is the next record of the log; it must be the next one handed in.
pub fn nothing_is_lost_or_doubled(handed: &mut VecDeque<Handed>, last: u64, found: &Entry) -> Checked {
    if found.seq.get() != last + 1 {
        return Err(format!("record {} follows {last}", found.seq));
    }
    let expected = handed.pop_front();
    let same = expected.as_ref().is_some_and(|(stamp, draft)| {
        (stamp, &draft.lane, &draft.body) == (&found.stamp, &found.lane, &found.body)
    });
    if same { Ok(()) } else { Err(format!("record {} is not the one handed in next", found.seq)) }
}

/// At rest: each arrival has exactly one verdict that follows no other.
pub fn every_arrival_has_one_verdict(entries: &[Entry]) -> Checked {
    let mut verdicts: BTreeMap<Seq, u32> = BTreeMap::new();
    for entry in entries {
        if matches!(entry.body, Body::Arrived { .. }) {
            verdicts.insert(entry.seq, 0);
        }
        if let Some(passage) = passage(&entry.body).filter(|passage| passage.follows.is_none()) {
            *verdicts.entry(passage.arrival).or_insert(99) += 1;
        }
    }
    match verdicts.into_iter().find(|(_, count)| *count != 1) {
        Some((arrival, count)) => Err(format!("arrival {arrival} has {count} verdicts")),
        None => Ok(()),
    }
}

/// At rest: no barrier rose more often than its records say.
pub fn barriers_rise_as_recorded(ledger: &Ledger, all_recorded: bool) -> Checked {
    let alarms = ledger.alarms(50).unwrap();
    match alarms.iter().find(|alarm| alarm.kind == AlarmKind::Count) {
        Some(alarm) if all_recorded => Err(alarm.detail.clone()),
        Some(_) | None => Ok(()),
    }
}

/// At rest: the hub holds the records `1..`, each once and as it was, and the same root.
pub fn hub_holds_each_record_once(
    ledger: &Ledger,
    first: &RecordId,
    stored: &[Stored],
    root: Hash,
) -> Checked {
    let (next, hub_root, _) =
        ledger.head(&first.kiosk, first.epoch).map_err(|error| format!("no head: {error}"))?;
    if (next.get() - 1, hub_root) != (stored.len() as u64, root) {
        return Err(format!("hub holds {} records of {}, or another root", next.get() - 1, stored.len()));
    }
    for (number, expected) in (1_u64..).zip(stored) {
        let id = RecordId { seq: Seq::new(number).ok_or("0")?, ..first.clone() };
        let there = ledger.record(&id).map_err(|error| error.to_string())?;
        if there.is_none_or(|there| there.stored != *expected) {
            return Err(format!("record {number} is not at the hub, or another one"));
        }
    }
    let gates = ledger.gates(kakou::base::Wall(0)).map_err(|error| error.to_string())?;
    let records: u64 = gates.iter().map(|gate| gate.records).sum();
    if records != stored.len() as u64 {
        return Err(format!("hub counts {records} records of {}", stored.len()));
    }
    let holes = ledger.holes().map_err(|error| error.to_string())?;
    let alarms = ledger.alarms(9).map_err(|error| error.to_string())?;
    // What was counted and could not be recorded is a check of its own.
    let alarm = alarms.iter().find(|alarm| alarm.kind != AlarmKind::Count);
    match (holes.first(), alarm) {
        (None, None) => Ok(()),
        (hole, alarm) => Err(format!("hub reports {hole:?} {alarm:?}")),
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

/// Whatever the wall clock does, records follow each other in the order of the monotonic time of their boot.
pub fn order_is_kept(before: Option<&Entry>, found: &Entry) -> Checked {
    match before {
        Some(before) if before.stamp.boot == found.stamp.boot && before.stamp.mono > found.stamp.mono => {
            Err(format!("record {} is older than the one before it", found.seq))
        }
        Some(_) | None => Ok(()),
    }
}

pub fn same_seed_gives_the_same_trace(first: Hash, second: Hash) -> Checked {
    if first == second { Ok(()) } else { Err("two runs of one seed differ".to_owned()) }
}
