//! The screening of one person at one lane, from the sensor's samples and what other sensors say.
//!
//! ```text
//!          begin            somebody within reach          settled: decide() gives a zone, or why there is none
//!   Idle ─────────▶ Nobody ───────────────────────▶ Close ──────────────────────────────────────▶ Idle
//!                     ▲ └─ patience over: NobodyThere └─ never settled: Unsteady
//!                     └────────── gone again ──────────┘
//!   in either: a sensor fails, is silent, is not ready or disagrees with its reference for too long ─▶ that reason
//! ```
//!
//! Samples are wanted all the time: while nobody is screened they tell what the sensor sees without anybody, and are compared
//! with the reference. Invariants: a zone rests on at least [`SAMPLES_MIN`] samples, each taken with one person within
//! reach and everything that is fitted working; whatever could not be measured is a [`NotMeasured`], never
//! [`Zone::Below`].

mod gather;
mod presence;

use std::collections::VecDeque;

use super::around::Around;
use super::array::NoFace;
pub use super::decide::{SAMPLES_MIN, SUPPLY_VALID};
use super::decide::{decide, die};
use super::drift::{Drift, Suspect, Trusted};
use super::group::Seen;
use super::reference::{Reference, Standing};
use super::settings::{Fitted, Surroundings};
use super::{Settings, decide, equilibrium};
use crate::base::{CentiCelsius, Mono, NoReading};
use crate::model::drift_note::GROUP;
use crate::model::trace::{Earlier, Trace};
use crate::model::{Beside, BodySite, DriftNote, Guidance, NotMeasured, Screening, ThermalReading, Zone};
use gather::Gathered;
use presence::Background;

/// Below this it is not skin that fills the field: the subject is too far away.
pub(super) const SKIN_MIN: CentiCelsius = match CentiCelsius::new(3_000) {
    Some(skin) => skin,
    None => panic!("not a temperature"),
};
/// Pause between two readings of the same person: a fresh one, not the same again.
const FRESH_AFTER: std::time::Duration = std::time::Duration::from_secs(5);
/// Screenings of one person that are remembered while they are here.
const EARLIER_MAX: usize = 8;

/// What a sensor of the lane gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// A sample of a spot sensor, which sees whatever is before it.
    Spot(Result<ThermalReading, NoReading>),
    /// A face in an array's picture, or why there is none to measure.
    Face(Result<ThermalReading, Unseen>),
    /// The reference plate in an array's picture, with nothing before it.
    Plate(ThermalReading),
    /// What a sensor beside it says.
    Beside(Beside),
}

/// Why an array has no face to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// There is none in its picture.
    NoFace(NoFace),
    /// It gave no picture.
    NoPicture(NoReading),
}

/// Whose screening begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Somebody new.
    New,
    /// The same person's as the last, at this place on the body if it is not the policy's first one.
    Same(Option<BodySite>),
}

/// Screens one person at a time.
#[derive(Clone, Debug)]
pub struct Screener {
    settings: Settings,
    state: State,
    around: Around,
    background: Option<Background>,
    reference: Option<Reference>,
    drift: Drift,
    /// What has been wrong, and since when.
    trouble: Option<(NotMeasured, Mono)>,
    /// When the last sample arrived, good or bad; at first, when the screening began.
    heard: Mono,
    /// What the last screening ended with, for the guidance after it.
    last: Option<Result<Zone, NotMeasured>>,
    /// Screenings of the person who is here, oldest first.
    earlier: VecDeque<(Mono, BodySite, CentiCelsius)>,
    /// Samples before this are not fresh.
    fresh_from: Mono,
    /// Whether the last sample was of somebody who had just been measured.
    resting: Resting,
    /// Where on the body, if not at the policy's first place.
    site: Option<BodySite>,
    /// What the last whole group of screenings says of the sensor, until it is taken.
    noted: Option<DriftNote>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resting {
    Yes,
    No,
}

#[derive(Clone, Debug)]
enum State {
    Idle,
    Nobody { since: Mono, why: Option<NotMeasured> },
    Close { since: Mono, close: Mono, gathered: Gathered },
}

impl Screener {
    /// A screener that goes by `settings`, begun at `now`.
    pub fn new(settings: Settings, now: Mono) -> Self {
        Self {
            settings,
            state: State::Idle,
            around: Around::default(),
            background: None,
            reference: settings.plate.map(|plate| Reference::new(plate.every, now)),
            drift: Drift::new(first_place(&settings).spread()),
            trouble: None,
            heard: now,
            last: None,
            earlier: VecDeque::new(),
            fresh_from: now,
            resting: Resting::No,
            site: None,
            noted: None,
        }
    }

    /// Goes on from what was noted of this sensor before the kiosk started, oldest first. What is of another place on the body
    /// or another calibration says nothing of it. Without a calibration nobody knows whether it is the same sensor: then only a
    /// correction that raises values is gone on from, for one that lowers them could hide a fever from another sensor.
    pub fn resume(&mut self, notes: &[DriftNote]) {
        let calibration = self.settings.head.calibration.map(|calibration| calibration.id);
        let same =
            |note: &&DriftNote| note.site == first_place(&self.settings) && note.calibration == calibration;
        let notes: Vec<DriftNote> = notes.iter().filter(same).copied().collect();
        if calibration.is_some() || notes.last().is_some_and(|last| last.correction >= 0) {
            self.drift.resume(&notes);
        }
    }

    /// What a group of screenings says of the sensor, once after each group.
    pub fn noted(&mut self) -> Option<DriftNote> {
        self.noted.take()
    }

    /// What it goes by.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Goes by another rule from now on; what is known of sensor and surroundings stays.
    pub fn judge_by(&mut self, settings: Settings) {
        let place = first_place(&settings);
        if place != first_place(&self.settings) {
            self.drift = Drift::new(place.spread());
        }
        self.settings = settings;
        self.cancel();
    }

    /// What is wrong with the sensor itself at `now`, whoever stands there or not.
    pub fn fault(&self, now: Mono) -> Option<NoReading> {
        if self.head(now).is_none_or(|head| !SUPPLY_VALID.contains(&head.supply_mv)) {
            return Some(NoReading::PowerDip);
        }
        let off = match self.standing(now) {
            Some(Standing::Overdue) => true,
            Some(Standing::Compared(error)) => error.saturating_abs() > decide::REFERENCE_MAX,
            Some(Standing::NotYet) | None => false,
        };
        (off || self.drift.suspect() == Some(Suspect::ReadsLow)).then_some(NoReading::OffReference)
    }

    /// What has been learnt of the sensor's drift.
    pub fn drift(&self) -> &Drift {
        &self.drift
    }

    /// Begins to screen somebody; a screening that runs is dropped.
    pub fn begin(&mut self, now: Mono, whose: Whose) {
        self.state = State::Nobody { since: now, why: None };
        self.trouble = None;
        self.heard = now;
        self.last = None;
        self.resting = Resting::No;
        self.site = match whose {
            Whose::New => {
                self.earlier.clear();
                self.fresh_from = now;
                None
            }
            Whose::Same(site) => site,
        };
    }

    /// Drops the screening that runs, if any.
    pub fn cancel(&mut self) {
        self.state = State::Idle;
        self.last = None;
    }

    /// Takes what a sensor gave at `now`; the screening if this ends it.
    pub fn sense(&mut self, now: Mono, sense: Sense) -> Option<Screening> {
        match sense {
            Sense::Spot(sample) => {
                self.heard = now;
                match sample {
                    Ok(reading) => self.spot(now, reading),
                    Err(reason) => self.trouble(now, NotMeasured::NoReading(reason), None),
                }
            }
            Sense::Face(face) => {
                self.heard = now;
                self.face(now, face)
            }
            // Neither says anything of a person by itself.
            Sense::Plate(reading) => {
                self.compare(now, &reading);
                None
            }
            Sense::Beside(beside) => {
                self.around.take(now, beside);
                None
            }
        }
    }

    /// When [`expire`](Self::expire) must be called, and why, for the log.
    pub fn deadline(&self) -> Option<(Mono, &'static str)> {
        let end = match &self.state {
            State::Idle => return None,
            State::Nobody { since, .. } => (*since + self.settings.patience, "nobody came close"),
            State::Close { close, .. } => (*close + self.settings.settle_max, "readings did not settle"),
        };
        let fault = match &self.trouble {
            Some((_, since)) => (*since + self.settings.fault_max, "sensor gives nothing"),
            None => (self.heard + self.settings.fault_max, "sensor is silent"),
        };
        Some(end.min(fault))
    }

    /// Acts on a deadline that `now` has reached. Calling early does nothing.
    pub fn expire(&mut self, now: Mono) -> Option<Screening> {
        if self.deadline().is_none_or(|(at, _)| now < at) {
            return None;
        }
        if let Some((reason, since)) = self.trouble
            && since + self.settings.fault_max <= now
        {
            return self.give_up(reason);
        }
        if self.heard + self.settings.fault_max <= now {
            return self.give_up(NotMeasured::NoReading(NoReading::Timeout));
        }
        match &self.state {
            State::Idle => None,
            State::Nobody { why, .. } => {
                let why = why.unwrap_or(NotMeasured::NobodyThere);
                self.give_up(why)
            }
            State::Close { gathered, .. } => {
                let why = gathered.why_not_settled();
                self.give_up(why)
            }
        }
    }

    /// What the subject should do now; `None` when nothing is screened and nothing was wrong last.
    pub fn guidance(&self) -> Option<Guidance> {
        match (&self.state, self.trouble) {
            (State::Idle, _) => self.last.map(|last| last.map_or_else(told, |_| Guidance::Measured)),
            (State::Nobody { .. } | State::Close { .. }, Some((reason, _))) => Some(told(reason)),
            (State::Nobody { .. } | State::Close { .. }, None) if self.resting == Resting::Yes => {
                Some(Guidance::Measured)
            }
            (State::Nobody { why, .. }, None) => Some(why.map_or(self.invitation(), told)),
            (State::Close { gathered, .. }, None) => Some(gathered.guidance()),
        }
    }

    /// Where on the body the next reading is.
    pub(super) fn place(&self) -> BodySite {
        self.site.unwrap_or(first_place(&self.settings))
    }

    fn invitation(&self) -> Guidance {
        self.site.map_or(Guidance::ComeCloser, Guidance::Show)
    }

    /// What everything beside the sensor's own sample forbids now: it is asked before a sample counts.
    fn forbidden(&mut self, now: Mono, reading: &ThermalReading) -> Option<NotMeasured> {
        let head = self.head(now);
        let Some(head) = head else { return Some(NotMeasured::Supply) };
        if !SUPPLY_VALID.contains(&head.supply_mv) {
            return Some(NotMeasured::Supply);
        }
        if !decide::DIE_VALID.contains(&die(&head, reading)) {
            return Some(NotMeasured::SensorNotReady);
        }
        if self.settings.surroundings == Surroundings::Thermometer && self.around.air(now).is_none() {
            return Some(NotMeasured::Surroundings);
        }
        if self.settings.outdoor == Fitted::Yes && self.around.outdoor(now).is_none() {
            return Some(NotMeasured::Surroundings);
        }
        if self.settings.distance.is_some() && self.around.distance(now).is_none() {
            return Some(NotMeasured::NoReading(NoReading::Stale));
        }
        match self.standing(now) {
            Some(Standing::NotYet | Standing::Overdue) => Some(NotMeasured::Reference),
            Some(Standing::Compared(error)) if error.saturating_abs() > decide::REFERENCE_MAX => {
                Some(NotMeasured::Reference)
            }
            Some(Standing::Compared(_)) | None => None,
        }
    }

    fn trouble(
        &mut self,
        now: Mono,
        why: NotMeasured,
        reading: Option<&ThermalReading>,
    ) -> Option<Screening> {
        let since = self.trouble.map_or(now, |(_, since)| since);
        self.trouble = Some((why, since));
        if let State::Close { gathered, .. } = &mut self.state {
            // What was gathered before the fault is no evidence after it.
            gathered.clear();
        }
        let mut screening = self.expire(now)?;
        let head = self.settings.head;
        screening.die = reading.map(|reading| die(&head, reading));
        Some(screening)
    }

    /// Decides if what was gathered supports it.
    fn settle(&mut self, now: Mono) -> Option<Screening> {
        if let State::Close { gathered, .. } = &self.state
            && let Some(head) = self.head(now)
            && let Some(basis) = gathered.basis(self.basis(now, head), self.settings.noise)
        {
            let decision = decide(&basis);
            if decision.skin >= SKIN_MIN {
                return self.decided(now, Trace { basis, decision });
            }
        }
        self.expire(now)
    }

    fn decided(&mut self, now: Mono, trace: Trace) -> Option<Screening> {
        let decision = trace.decision;
        self.learn(&trace);
        if self.earlier.len() == EARLIER_MAX {
            self.earlier.pop_front();
        }
        self.earlier.push_back((now, trace.basis.site, decision.skin));
        self.fresh_from = now + FRESH_AFTER;
        let head = trace.basis.head;
        let screening = Screening {
            zone: decision.zone,
            skin: Some(decision.skin),
            compared: Some(decide::corrected(&trace)),
            die: trace.basis.samples.last().map(|sample| die(&head, sample)),
            samples: u8::try_from(trace.basis.samples.len()).unwrap_or(u8::MAX),
            trace: Some(Box::new(trace)),
        };
        self.end(screening)
    }

    /// Tells the drift monitor; of another place on the body it knows nothing.
    fn learn(&mut self, Trace { basis, decision }: &Trace) {
        if basis.site != first_place(&self.settings) {
            return;
        }
        let whole = match decision.zone {
            Ok(Zone::Below | Zone::Recheck) | Err(NotMeasured::Drift) => {
                let (skin, core) = (decision.skin, decision.core);
                self.drift.below(&Seen { skin, surroundings: basis.surroundings, core })
            }
            Ok(Zone::Refer) => {
                self.drift.referred();
                None
            }
            Err(_) => None,
        };
        if let Some([skin, surroundings, residual]) = whole {
            let [high, low] = self.drift.sums();
            self.noted = Some(DriftNote {
                screenings: GROUP,
                site: basis.site,
                calibration: basis.head.calibration.map(|calibration| calibration.id),
                skin,
                surroundings,
                residual,
                correction: self.drift.correction(),
                high,
                low,
                reference: basis.reference,
            });
        }
    }

    /// The screening of the person who is here that is long enough ago to say how their skin changes.
    fn earlier(&self, now: Mono) -> Option<Earlier> {
        let site = self.place();
        let ago = |apart: u16| {
            let mut same = self.earlier.iter().rev().filter(|(_, of, _)| *of == site);
            same.find(|(at, ..)| now.since(*at).as_secs() >= u64::from(apart))
        };
        let (at, _, skin) = ago(equilibrium::SETTLED_MIN_S).or_else(|| ago(equilibrium::APART_MIN_S))?;
        Some(Earlier { seconds: u16::try_from(now.since(*at).as_secs()).unwrap_or(u16::MAX), skin: *skin })
    }

    fn standing(&self, now: Mono) -> Option<Standing> {
        self.reference.as_ref().map(|reference| reference.standing(now))
    }

    fn trust(&mut self, now: Mono) {
        let trusted = match self.standing(now) {
            Some(Standing::NotYet | Standing::Overdue) => Trusted::No,
            Some(Standing::Compared(error)) if error.saturating_abs() > decide::REFERENCE_MAX => Trusted::No,
            Some(Standing::Compared(_)) | None => Trusted::Yes,
        };
        self.drift.reference(trusted);
    }

    fn give_up(&mut self, reason: NotMeasured) -> Option<Screening> {
        let nothing =
            Screening { zone: Err(reason), skin: None, compared: None, die: None, samples: 0, trace: None };
        self.end(nothing)
    }

    fn end(&mut self, screening: Screening) -> Option<Screening> {
        self.state = State::Idle;
        self.trouble = None;
        self.last = Some(screening.zone);
        Some(screening)
    }
}

/// Where on the body the first reading is.
fn first_place(settings: &Settings) -> BodySite {
    settings.site.unwrap_or(settings.rule.site)
}

/// What a subject is asked to do about `why`.
fn told(why: NotMeasured) -> Guidance {
    match why {
        NotMeasured::SensorNotReady => Guidance::WarmingUp,
        NotMeasured::NobodyThere => Guidance::ComeCloser,
        NotMeasured::TooClose => Guidance::StepBack,
        NotMeasured::Several => Guidance::OneAtATime,
        NotMeasured::Covered | NotMeasured::Implausible => Guidance::BareForehead,
        NotMeasured::TooCold | NotMeasured::Acclimatising => Guidance::WaitInside,
        NotMeasured::Surroundings => Guidance::TooCold,
        NotMeasured::Unsteady => Guidance::HoldStill,
        NotMeasured::NoReading(_)
        | NotMeasured::NotSkin
        | NotMeasured::Reference
        | NotMeasured::Supply
        | NotMeasured::Drift => Guidance::AskAttendant,
    }
}

#[cfg(test)]
mod tests;
