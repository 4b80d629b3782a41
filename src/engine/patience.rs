//! How long a session may take: until when what is waited for must have come, and what follows when it has not.

use std::time::Duration;

use super::context::Context;
use super::running::Running;
use super::session::{Proposal, Session, Who};
use super::step::Step;
use super::steps::Steps;
use crate::base::Mono;
use crate::control::Trouble;
use crate::model::{Decider, Reason, StepKind, Verdict};

/// Longest time from a decision, or an arrival, to its record's being durable. What would open the barrier later than
/// this opens nothing any more: somebody else may stand there.
pub(super) const RECORD_WITHIN: Duration = Duration::from_secs(10);
/// How long a verdict that could not be written waits for a person to decide again.
const UNRECORDED_MAX: Duration = Duration::from_secs(60);

impl Session {
    /// When [`expire`](Self::expire) must be called, and why.
    pub fn deadline(&self, context: &Context) -> Option<(Mono, &'static str)> {
        let arrival = self.awaits_arrival().then(|| self.arrived + RECORD_WITHIN);
        let arrival = arrival.map(|at| (at, "arrival should be durable by now"));
        // What is decided waits only for the journal, which has deadlines of its own.
        if self.decided.is_some() {
            return arrival;
        }
        let running = self.running();
        if self.unrecorded {
            let give_up = (self.last_activity + UNRECORDED_MAX, "nobody decides again");
            return [Some(give_up), running].into_iter().flatten().min_by_key(|(at, _)| *at);
        }
        let (session, idle) = self.timeouts(context);
        let asked = self.asked.as_ref().map(|(_, since)| *since);
        let step = asked.and_then(|since| self.step_timeout().map(|timeout| since + timeout));
        // While a dwell runs, that nothing happens is what is wanted.
        let idle = (!self.dwells()).then_some(self.last_activity + idle);
        [
            arrival,
            Some((self.arrived + session, "session has run its longest time")),
            idle.map(|at| (at, "nothing happened for too long")),
            self.gone_since.map(|since| (since + self.leave_after, "subject left")),
            step.map(|at| (at, "step takes too long")),
            running,
            self.memory_until().map(|at| (at, "earlier passages should be known by now")),
            self.issuer_until().map(|at| (at, "an issuer should have answered by now")),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(at, _)| *at)
    }

    /// Acts on deadlines that `now` has reached.
    pub fn expire(&mut self, now: Mono, context: &Context) {
        if self.deadline(context).is_none_or(|(at, _)| now < at) {
            return;
        }
        if self.expire_running(now) {
            self.active(now);
        }
        if self.awaits_arrival() && self.arrived + RECORD_WITHIN <= now {
            self.trouble = Some(Trouble::RecordLate);
        }
        if self.decided.is_some() {
            return;
        }
        self.expire_memory(now);
        self.expire_issuers(now);
        if self.unrecorded {
            return self.give_up(now);
        }
        self.call_attendant_if_late(now);
        self.note_asked(now);
        let (session, idle) = self.timeouts(context);
        let left = self.gone_since.is_some_and(|since| since + self.leave_after <= now);
        let is_idle = !self.dwells() && self.last_activity + idle <= now;
        let late = self.arrived + session <= now || is_idle;
        if left || late {
            let reason = if left { Reason::Left } else { Reason::TimedOut };
            let reasons = std::iter::once(reason).chain(self.attention()).collect();
            self.decided = Some(Proposal { verdict: Verdict::Abandoned, reasons, by: Decider::Policy });
        }
    }

    /// Whether the arrival is not durable yet and nobody has been told that it takes too long.
    fn awaits_arrival(&self) -> bool {
        self.arrival().is_none() && self.trouble.is_none()
    }

    /// Nobody decided again about what could not be written: the subject counts as gone.
    fn give_up(&mut self, now: Mono) {
        if self.last_activity + UNRECORDED_MAX <= now {
            self.giving_up = true;
            let reasons = vec![Reason::TimedOut];
            self.decided = Some(Proposal { verdict: Verdict::Abandoned, reasons, by: Decider::Policy });
        }
    }

    fn timeouts(&self, context: &Context) -> (Duration, Duration) {
        let profile = context.profiles.by_id(self.profile());
        let (session, idle) = profile
            .map_or((Duration::from_secs(300), Duration::from_secs(60)), |profile| {
                (profile.session_timeout, profile.idle_timeout)
            });
        // Once a person has to decide, the second check takes its time: the session's limit counts anew.
        match self.referral {
            Some(_) => (self.last_activity.since(self.arrived) + session, session),
            None => (session, idle),
        }
    }

    fn attention(&self) -> Option<Reason> {
        self.steps().asked().and_then(Step::attention)
    }

    fn step_timeout(&self) -> Option<Duration> {
        let step = self.steps().asked()?;
        (step.attention().is_none() && !self.steps().dwells()).then_some(step.rule.timeout)
    }

    /// The nearest deadline of what runs for the subject or anybody in the vehicle.
    fn running(&self) -> Option<(Mono, &'static str)> {
        let of = |steps: &Steps| steps.running.as_ref().and_then(Running::deadline);
        match &self.who {
            Who::Person(person) => of(&person.steps),
            Who::Vehicle(vehicle) => {
                let people = vehicle.occupants.iter().filter_map(|person| of(&person.steps));
                of(&vehicle.steps).into_iter().chain(people).min_by_key(|(at, _)| *at)
            }
        }
    }

    fn expire_running(&mut self, now: Mono) -> bool {
        match &mut self.who {
            Who::Person(person) => person.steps.expire(now),
            Who::Vehicle(vehicle) => {
                let mut expired = vehicle.steps.expire(now);
                for person in &mut vehicle.occupants {
                    expired |= person.steps.expire(now);
                }
                vehicle.count_occupants();
                expired
            }
        }
    }

    /// Whether a dwell runs for the subject or anybody in the vehicle.
    fn dwells(&self) -> bool {
        let of = |steps: &Steps| steps.running.as_ref().is_some_and(Running::is_dwell);
        match &self.who {
            Who::Person(person) => of(&person.steps),
            Who::Vehicle(vehicle) => {
                of(&vehicle.steps) || vehicle.occupants.iter().any(|person| of(&person.steps))
            }
        }
    }

    fn call_attendant_if_late(&mut self, now: Mono) {
        let Some(since) = self.asked.as_ref().map(|(_, since)| *since) else { return };
        let Some(timeout) = self.step_timeout() else { return };
        if since + timeout > now {
            return;
        }
        let Some(kind) = self.steps().asked().map(|step| step.rule.kind()) else { return };
        let reason = match kind {
            StepKind::Credential => Reason::NoCredential,
            StepKind::Temperature => Reason::TemperatureNotMeasured,
            StepKind::Registration
            | StepKind::Attest
            | StepKind::Plate
            | StepKind::Occupants
            | StepKind::Disinfection
            | StepKind::Question
            | StepKind::Dwell
            | StepKind::Pledge
            | StepKind::Custody
            | StepKind::Escort
            | StepKind::Count
            | StepKind::SignOff
            | StepKind::Entitlement => Reason::TimedOut,
        };
        let steps = match &mut self.who {
            Who::Person(person) => &mut person.steps,
            Who::Vehicle(vehicle) => &mut vehicle.steps,
        };
        if let Some(step) = steps.asked_mut() {
            step.call_attendant(reason);
        }
    }

    pub(super) fn active(&mut self, now: Mono) {
        self.last_activity = now;
        self.note_asked(now);
    }

    pub(super) fn note_asked(&mut self, now: Mono) {
        let id = self.steps().asked().map(|step| step.rule.id.clone());
        if id.as_ref() != self.asked.as_ref().map(|(id, _)| id) {
            self.asked = id.map(|id| (id, now));
        }
    }
}
