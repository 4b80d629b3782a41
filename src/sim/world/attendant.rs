//! A simulated attendant: looks at the screen, thinks for a moment, presses what an attendant would.

use std::time::Duration;

use super::visit::{Shows, Visit, steps_of_served, wants};
use crate::base::{Mono, Pii, Random};
use crate::control::{
    Act, BarrierState, Decision, LaneStatus, OddPlate, Phase, Registration, StepState, StepStatus,
};
use crate::model::{Attestation, Reason, StepKind, SubjectKind};

/// The attendant of one lane.
pub(super) struct Attendant {
    next: Mono,
    /// Arrival of the session that a contact thermometer was used in.
    contact_used: bool,
    spraying_since: Option<Mono>,
    /// When to close a barrier that stands open, once it has been seen to.
    closes_at: Option<Mono>,
}

impl Attendant {
    pub(super) fn new(now: Mono) -> Self {
        Self { next: now, contact_used: false, spraying_since: None, closes_at: None }
    }

    /// Closes a barrier that stands open, or is stuck, when nobody is there and a while has passed.
    pub(super) fn close(&mut self, now: Mono, status: &LaneStatus, random: &mut Random) -> Option<Act> {
        let open = matches!(status.barrier, BarrierState::StandsOpen | BarrierState::Stuck);
        if !open || status.beam_blocked {
            self.closes_at = None;
            return None;
        }
        let pause = Duration::from_millis(2_000 + random.below(4_000));
        let at = *self.closes_at.get_or_insert(now + pause);
        (at <= now).then(|| {
            self.closes_at = None;
            Act::CloseBarrier
        })
    }

    /// What the attendant does now, if anything.
    pub(super) fn act(
        &mut self,
        now: Mono,
        status: &LaneStatus,
        visit: &Visit,
        random: &mut Random,
    ) -> Option<Act> {
        if !matches!(status.phase, Phase::Steps | Phase::Referred) {
            self.contact_used = false;
            self.spraying_since = None;
            self.next = now + Duration::from_millis(1_200);
            return None;
        }
        if now < self.next {
            return None;
        }
        let act = self.for_person(status, visit).or_else(|| match status.takes {
            SubjectKind::Person => None,
            SubjectKind::Vehicle => self.for_vehicle(now, status, visit),
        });
        let act = act.or_else(|| self.decision(status))?;
        self.next = now + Duration::from_millis(700 + random.below(900));
        Some(act)
    }

    fn for_person(&mut self, status: &LaneStatus, visit: &Visit) -> Option<Act> {
        let steps = steps_of_served(status);
        let visitor = visit.served(status)?;
        for step in steps {
            let act = match (step.kind, &step.state) {
                (
                    StepKind::Credential,
                    StepState::NeedsAttendant { reason: Reason::CredentialUnverified },
                ) => Some(Act::Attest(Attestation::UnverifiedCredential)),
                (
                    StepKind::Credential,
                    StepState::Asked | StepState::NeedsAttendant { .. } | StepState::Failed { .. },
                ) if matches!(visitor.shows, Shows::Nothing) => {
                    Some(Act::TypeIdNumber(Pii::new(visitor.id_number.clone())))
                }
                (StepKind::Attest, StepState::Asked | StepState::NeedsAttendant { .. }) => {
                    status.attestations.first().copied().map(Act::Attest)
                }
                (StepKind::Registration, StepState::Asked | StepState::NeedsAttendant { .. }) => {
                    Some(Act::Register(Registration {
                        name: Some(Pii::new(visitor.name.clone())),
                        phone: Some(Pii::new("13800001234".to_owned())),
                        origin: Some(Pii::new(visitor.origin.clone())),
                        destination: None,
                        host: None,
                        more: vec![],
                        code: None,
                    }))
                }
                (StepKind::Temperature, StepState::Failed { .. } | StepState::NeedsAttendant { .. })
                    if status.phase == Phase::Referred && !self.contact_used =>
                {
                    self.contact_used = true;
                    Some(Act::ContactTemperature(visitor.core))
                }
                _ => None,
            };
            if act.is_some() {
                return act;
            }
        }
        None
    }

    fn for_vehicle(&mut self, now: Mono, status: &LaneStatus, visit: &Visit) -> Option<Act> {
        let asked = |step: &StepStatus| {
            matches!(step.state, StepState::Open | StepState::Asked | StepState::NeedsAttendant { .. })
        };
        let wanted = |kind| status.steps.iter().any(|step| step.kind == kind && asked(step));
        if wanted(StepKind::Plate) {
            let text = Pii::new(visit.plate.clone());
            return Some(Act::TypePlate { text, odd: OddPlate::Confirmed });
        }
        if wanted(StepKind::Occupants) && status.declared.is_none() {
            return u8::try_from(visit.people.len()).ok().map(Act::DeclareOccupants);
        }
        if wanted(StepKind::Registration) {
            let origin = visit.people.first().map(|person| Pii::new(person.origin.clone()));
            return Some(Act::Register(Registration { origin, ..Registration::default() }));
        }
        // The sprayer runs once everybody in the vehicle is done and the windows are shut.
        if wanted(StepKind::Disinfection) && !wanted(StepKind::Occupants) {
            let Some(since) = self.spraying_since else {
                self.spraying_since = Some(now);
                return status.agents.first().cloned().map(|agent| Act::StartDisinfection { agent });
            };
            let long_enough = now.since(since) > Duration::from_secs(6);
            return long_enough.then(|| {
                self.spraying_since = None;
                Act::StopDisinfection
            });
        }
        None
    }

    fn decision(&self, status: &LaneStatus) -> Option<Act> {
        if status.phase != Phase::Referred {
            return None;
        }
        let settled = |step: &StepStatus| matches!(step.state, StepState::Done | StepState::Waived { .. });
        let all = status.steps.iter().all(settled) && status.occupants.iter().all(|person| person.settled);
        if all {
            let reason = Reason::ClearedByContactThermometer;
            return Some(Act::Decide { decision: Decision::AdmitWithFollowUp, reason });
        }
        let still_elevated = self.contact_used && wants(steps_of_served(status), StepKind::Temperature);
        let reason = Reason::TemperatureElevated;
        still_elevated.then_some(Act::Decide { decision: Decision::Hold, reason })
    }
}
