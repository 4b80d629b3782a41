//! One subject's encounter with a lane, from arrival to verdict.

use std::time::Duration;

use super::context::{Context, Settings};
use super::decide::{self, Ruled};
use super::input::{Screen, Ticket};
use super::person::{Asking, PersonSession};
use super::steps::Steps;
use super::vehicle::VehicleSession;
use crate::base::{AttendantId, CentiCelsius, DeviceId, Mono, Seq, Slug};
use crate::config::Takes;
use crate::config::rules::Facts;
use crate::control::{Act, Decision, Refused, Trouble, VerdictStatus};
use crate::model::{
    Between, Class, Credential, Decider, Direction, NotMeasured, Passage, Personal, Reason, Screening,
    ScreeningRule, StayLimit, StepKind, SubjectKind, Verdict,
};

/// Who is at the lane.
#[derive(Clone, Debug)]
pub(super) enum Who {
    Person(Box<PersonSession>),
    Vehicle(Box<VehicleSession>),
}

/// A verdict that is about to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The outcome.
    pub verdict: Verdict,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Who decided.
    pub by: Decider,
}

/// One subject's encounter with a lane.
#[derive(Clone, Debug)]
pub struct Session {
    pub(super) who: Who,
    pub(super) direction: Direction,
    pub(super) arrived: Mono,
    pub(super) verdict: Option<VerdictStatus>,
    arrival_ticket: Option<Ticket>,
    arrival: Option<Seq>,
    /// The referral that this session now follows up.
    pub(super) referral: Option<Seq>,
    pub(super) last_activity: Mono,
    /// Since when the present step has been asked for.
    pub(super) asked: Option<(Slug, Mono)>,
    pub(super) leave_after: Duration,
    /// Whether a presence sensor has seen the subject, and since when it no longer does.
    seen: bool,
    pub(super) gone_since: Option<Mono>,
    pub(super) decided: Option<Proposal>,
    /// What has to be known beside the steps.
    pub(super) trouble: Option<Trouble>,
    /// Since when a verdict has been due that the journal keeps waiting.
    ready: Option<Mono>,
    /// Whether a verdict could not be written: from then on a person decides.
    pub(super) unrecorded: bool,
    /// Whether the verdict under way is the last try to end an unrecorded session.
    pub(super) giving_up: bool,
    /// Whether several codes were in view when one was asked for.
    pub(super) crowded: bool,
    /// How many registration codes were shown.
    pub(super) codes: u32,
}

impl Session {
    /// A session for a subject of whom nothing is known; `None` when no profile is for them.
    pub fn begin(
        now: Mono,
        subject: SubjectKind,
        direction: Direction,
        settings: &Settings,
        context: &Context,
    ) -> Option<Self> {
        let who = match subject {
            SubjectKind::Person => {
                Who::Person(Box::new(PersonSession::new(Takes::Person, direction, context)?))
            }
            SubjectKind::Vehicle => Who::Vehicle(Box::new(VehicleSession::new(direction, context)?)),
        };
        let mut session = Self {
            who,
            direction,
            arrived: now,
            verdict: None,
            arrival_ticket: None,
            arrival: None,
            referral: None,
            last_activity: now,
            asked: None,
            leave_after: settings.leave_after,
            seen: false,
            gone_since: None,
            decided: None,
            trouble: None,
            ready: None,
            unrecorded: false,
            giving_up: false,
            crowded: false,
            codes: 0,
        };
        session.note_asked(now);
        Some(session)
    }

    /// Says under which ticket the arrival is being recorded.
    pub fn arrival_under(&mut self, ticket: Ticket) {
        self.arrival_ticket = Some(ticket);
    }

    /// Takes the news that the record with `ticket` is durable as `seq`.
    pub fn durable(&mut self, ticket: Ticket, seq: Seq) {
        if self.arrival_ticket == Some(ticket) {
            self.arrival = Some(seq);
            self.trouble = self.trouble.filter(|trouble| *trouble != Trouble::RecordLate);
        }
    }

    /// Whether the arrival under `ticket` is still waited for.
    pub fn waits_for(&self, ticket: Ticket) -> bool {
        self.arrival.is_none() && self.arrival_ticket == Some(ticket)
    }

    /// Notes whether a verdict is due; since when, if it is.
    pub fn note_due(&mut self, now: Mono, due: bool) -> Option<Mono> {
        self.ready = due.then(|| self.ready.unwrap_or(now));
        self.ready
    }

    /// The verdict under way can never be written: it does not count, and a person decides again.
    pub fn not_recorded(&mut self, now: Mono) {
        self.verdict = None;
        self.unrecorded = true;
        self.trouble = Some(Trouble::NotRecorded);
        self.active(now);
    }

    /// The arrival's number, once it is durable.
    pub fn arrival(&self) -> Option<Seq> {
        self.arrival
    }

    /// Takes what the presence sensors say.
    pub fn presence(&mut self, now: Mono, somebody: bool) {
        if somebody {
            self.seen = true;
            self.gone_since = None;
        } else if self.seen {
            self.gone_since.get_or_insert(now);
        }
    }

    /// Takes a credential that was shown.
    pub fn present(&mut self, now: Mono, credential: &Credential, context: &Context) {
        match &mut self.who {
            Who::Person(person) => person.present(now, credential, context),
            Who::Vehicle(vehicle) => {
                vehicle.present(now, credential, context);
                vehicle.count_occupants();
            }
        }
        self.crowded = false;
        self.active(now);
    }

    /// Takes the place code that was shown, for whoever is being served; nothing where no step asks for it.
    pub fn place_code(&mut self, now: Mono) {
        let settled = match &mut self.who {
            Who::Person(person) => person.steps.place_code(),
            Who::Vehicle(vehicle) => {
                let settled = match vehicle.served_mut() {
                    Some(person) => person.steps.place_code(),
                    None => vehicle.steps.place_code(),
                };
                vehicle.count_occupants();
                settled
            }
        };
        if settled.is_some() {
            self.crowded = false;
            self.active(now);
        }
    }

    /// Several different codes are in view: none is taken, and one taken a moment ago no longer counts.
    pub fn several_codes(&mut self, now: Mono, context: &Context) {
        match &mut self.who {
            Who::Person(person) => person.several_codes(now, context),
            Who::Vehicle(vehicle) => {
                vehicle.several_codes(now, context);
            }
        }
        self.crowded = true;
        self.note_asked(now);
    }

    /// Takes the result of a screening.
    pub fn screened(&mut self, now: Mono, screening: &Screening, rule: &ScreeningRule) {
        // Nobody in front of the sensor is no attempt; the idle timeout bounds how often that may be.
        if screening.zone == Err(NotMeasured::NobodyThere) {
            return;
        }
        match &mut self.who {
            Who::Person(person) => person.screened(screening, rule),
            Who::Vehicle(vehicle) => {
                if let Some(person) = vehicle.served_mut() {
                    person.screened(screening, rule);
                }
                vehicle.count_occupants();
            }
        }
        self.active(now);
    }

    /// Takes what a sensor of the lane read, for whoever is being served.
    pub fn sensed(&mut self, now: Mono, device: &DeviceId, value: CentiCelsius) {
        let watched = match &mut self.who {
            Who::Person(person) => person.steps.sensed(now, device, value),
            Who::Vehicle(vehicle) => {
                let of_occupant = vehicle.served_mut().is_some_and(|p| p.steps.sensed(now, device, value));
                let watched = vehicle.steps.sensed(now, device, value) || of_occupant;
                vehicle.count_occupants();
                watched
            }
        };
        if watched {
            self.note_asked(now);
        }
    }

    /// Carries out an act.
    ///
    /// # Errors
    ///
    /// Says why not; nothing has changed then.
    pub fn act(
        &mut self,
        now: Mono,
        by: Option<&AttendantId>,
        act: &Act,
        context: &Context,
    ) -> Result<(), Refused> {
        match act {
            Act::Leave => {
                let by = by.map_or(Decider::Policy, |by| Decider::Attendant(by.clone()));
                self.decided =
                    Some(Proposal { verdict: Verdict::Abandoned, reasons: vec![Reason::Left], by });
            }
            Act::Emergency => {
                let by = Decider::Attendant(by.ok_or(Refused::NeedsAttendant)?.clone());
                let reasons = vec![Reason::MedicalEmergency];
                self.decided = Some(Proposal { verdict: Verdict::EmergencyAdmitted, reasons, by });
            }
            Act::Decide { decision, reason } => {
                let by = by.ok_or(Refused::NeedsAttendant)?;
                self.decided = Some(self.decide(*decision, *reason, by)?);
            }
            Act::Begin { .. } | Act::Next | Act::CloseBarrier | Act::Practice(_) => {
                return Err(Refused::NotNow { why: "somebody is at the lane" });
            }
            Act::TypeIdNumber(_)
            | Act::ShowIdCard(_)
            | Act::TypePlate { .. }
            | Act::NoPlate
            | Act::DeclareOccupants(_)
            | Act::OfferManifest(_)
            | Act::TakeManifest { .. }
            | Act::NotHere
            | Act::AwaitCompanion
            | Act::NoCompanion
            | Act::Register(_)
            | Act::Attest(_)
            | Act::Waive { .. }
            | Act::MeasureAgain
            | Act::ContactTemperature(_)
            | Act::StartDisinfection { .. }
            | Act::StopDisinfection
            | Act::SetDown { .. }
            | Act::Enter { .. } => {
                let done = match &mut self.who {
                    Who::Person(person) => person.act(now, by, act, context),
                    Who::Vehicle(vehicle) => vehicle.act(now, by, act, context),
                };
                done.unwrap_or(Err(Refused::NotNow { why: "this is for vehicles" }))?;
            }
        }
        self.active(now);
        Ok(())
    }

    /// The verdict that is due now, if any.
    pub fn proposal(&self, context: &Context) -> Option<Proposal> {
        if self.decided.is_some() {
            return self.decided.clone();
        }
        if self.referral.is_some() || self.unrecorded || self.memory_until().is_some() {
            return None;
        }
        let (_, Ruled { ruling, reasons, clause: _ }) = self.ruled(context)?;
        let verdict = ruling.verdict()?;
        assert!(!ruling.admits() || self.all_settled(), "the policy admits with an open step");
        Some(Proposal { verdict, reasons, by: Decider::Policy })
    }

    /// What the policy rules now, and on what facts.
    fn ruled(&self, context: &Context) -> Option<(Facts, Ruled)> {
        match &self.who {
            Who::Person(person) => person.ruled(context),
            Who::Vehicle(vehicle) => vehicle.ruled(context),
        }
    }

    /// Whether every step of the subject, and of everybody in the vehicle, is done or waived.
    pub fn all_settled(&self) -> bool {
        match &self.who {
            Who::Person(person) => person.steps.all_settled(),
            Who::Vehicle(vehicle) => {
                vehicle.steps.all_settled() && vehicle.occupants.iter().all(PersonSession::is_done)
            }
        }
    }

    /// Turns a proposal into the record of it.
    pub fn conclude(
        &mut self,
        now: Mono,
        arrival: Seq,
        proposal: Proposal,
        context: &Context,
    ) -> (Passage, Option<Personal>) {
        let Proposal { verdict, reasons, by } = proposal;
        self.decided = None;
        self.ready = None;
        self.trouble = None;
        self.verdict = Some(VerdictStatus { verdict, reasons: reasons.clone(), durable: false, seq: None });
        let (occupants, personal) = match &self.who {
            Who::Person(person) => (
                vec![],
                Personal { people: vec![person.details.clone()], vehicle: None, note: None, picture: None },
            ),
            Who::Vehicle(vehicle) => {
                let people = vehicle.occupants.iter().map(|person| person.details.clone()).collect();
                (
                    vehicle.record(verdict, context),
                    Personal { people, vehicle: Some(vehicle.details.clone()), note: None, picture: None },
                )
            }
        };
        let grounds = self.ruled(context).map(|(facts, ruled)| decide::grounds(&facts, &ruled, None));
        let passage = Passage {
            arrival,
            follows: self.referral,
            subject: self.subject(),
            direction: self.direction,
            class: self.class(),
            verdict,
            reasons,
            decided_by: by,
            profile: self.profile().clone(),
            policy: context.policy.id,
            notice: context.policy.notice,
            steps: self.steps().record(),
            occupants,
            took_ms: u32::try_from(now.since(self.arrived).as_millis()).unwrap_or(u32::MAX),
            picture: None,
            grounds,
            stay: self.stay(verdict, context),
        };
        // The last try carries the least: what is too long or cannot be sealed is most likely the personal part.
        (passage, Some(self.kept(personal, context)).filter(|_| !self.giving_up))
    }

    /// When whoever comes in by `verdict` has to be out again. A vehicle's profile says it for everybody in it.
    fn stay(&self, verdict: Verdict, context: &Context) -> Option<StayLimit> {
        let comes_in = self.direction == Direction::Inbound && verdict.opens_barrier();
        let rule = context.profiles.by_id(self.profile()).filter(|_| comes_in)?.stay.as_ref()?;
        Some(rule.limit(match &self.who {
            Who::Person(person) => &person.details.stated,
            Who::Vehicle(vehicle) => &vehicle.details.stated,
        }))
    }

    /// Takes the news that the verdict is durable as `seq`; says which verdict that was.
    pub fn recorded(&mut self, now: Mono, seq: Seq) -> Option<Verdict> {
        self.trouble = None;
        self.unrecorded = false;
        let status = self.verdict.as_mut()?;
        status.durable = true;
        status.seq = Some(seq.get());
        let verdict = status.verdict;
        if verdict == Verdict::Referred {
            self.referral = Some(seq);
            self.active(now);
        }
        Some(verdict)
    }

    /// How the thermometer should be looking, if it should.
    pub fn screens(&self) -> Option<Screen> {
        self.served().screens()
    }

    /// Whether the lane's sprayer runs: for the vehicle itself, never for somebody in it.
    pub fn sprays(&self) -> bool {
        self.steps().disinfects()
    }

    /// Asks the lists about what is known by now of everybody here.
    pub fn ask_lists(&mut self, context: &Context, now: &Between) {
        match &mut self.who {
            Who::Person(person) => person.ask_lists(context, now),
            Who::Vehicle(vehicle) => vehicle.ask_lists(context, now),
        }
    }

    /// Asks about earlier passages of everybody here who has become known.
    pub fn recall(&mut self, context: &Context, ask: &mut Asking<'_>) {
        match &mut self.who {
            Who::Person(person) => person.recall(context, ask),
            Who::Vehicle(vehicle) => vehicle.recall(context, ask),
        }
    }

    /// Which way.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// Person or vehicle.
    pub fn subject(&self) -> SubjectKind {
        match &self.who {
            Who::Person(_) => SubjectKind::Person,
            Who::Vehicle(_) => SubjectKind::Vehicle,
        }
    }

    /// What the subject is to the place.
    pub fn class(&self) -> Class {
        match &self.who {
            Who::Person(person) => person.class,
            Who::Vehicle(vehicle) => vehicle.class,
        }
    }

    /// The subject's own steps.
    pub fn steps(&self) -> &Steps {
        match &self.who {
            Who::Person(person) => &person.steps,
            Who::Vehicle(vehicle) => &vehicle.steps,
        }
    }

    /// The profile that applies.
    pub fn profile(&self) -> &Slug {
        match &self.who {
            Who::Person(person) => &person.profile,
            Who::Vehicle(vehicle) => &vehicle.profile,
        }
    }

    fn decide(&self, decision: Decision, reason: Reason, by: &AttendantId) -> Result<Proposal, Refused> {
        let verdict = decision.verdict();
        if verdict.opens_barrier() && !self.all_settled() {
            return Err(Refused::StepsOpen { open: self.open_steps() });
        }
        Ok(Proposal { verdict, reasons: vec![reason], by: Decider::Attendant(by.clone()) })
    }

    fn open_steps(&self) -> Vec<StepKind> {
        match &self.who {
            Who::Person(person) => person.steps.open().collect(),
            Who::Vehicle(vehicle) => {
                let going_on = vehicle.occupants.iter().filter(|person| person.apart.is_none());
                let of_occupants = going_on.flat_map(|person| person.steps.open());
                vehicle.steps.open().chain(of_occupants).collect()
            }
        }
    }

    /// The steps that are being worked on: the present occupant's, or the subject's own.
    pub(super) fn served(&self) -> &Steps {
        match &self.who {
            Who::Person(person) => &person.steps,
            Who::Vehicle(vehicle) => vehicle.served().map_or(&vehicle.steps, |person| &person.steps),
        }
    }
}
