//! A lane as its screens show it.

use super::lane::{Lane, State};
use super::session::{Session, Who};
use super::steps::Steps;
use crate::base::{Mono, Slug};
use crate::config::{Ask, FieldRule, Need};
use crate::control::{DisinfectionStatus, FieldStatus, LaneStatus, OccupantStatus, Phase};
use crate::model::Level;

impl Lane {
    /// A snapshot for the screens. Names and plates are masked in it.
    pub fn status(&self, now: Mono) -> LaneStatus {
        let session = self.session();
        let served = session.map(Session::served);
        LaneStatus {
            lane: self.settings.id.clone(),
            title: self.settings.title.clone(),
            takes: self.settings.takes,
            direct: self.settings.direct,
            phase: self.phase(),
            direction: session.map(|session| session.direction),
            class: session.map(Session::class),
            subject: session.and_then(masked),
            profile: session.map(|session| session.profile().clone()),
            steps: session.map(|session| session.steps().status()).unwrap_or_default(),
            fields: served.map(fields).unwrap_or_default(),
            attestations: served.map(Steps::attestations).unwrap_or_default(),
            agents: session.map(|session| agents(session.steps())).unwrap_or_default(),
            declared: session.and_then(declared),
            occupants: session.map(occupants).unwrap_or_default(),
            prompt: self.prompt_wanted(),
            guidance: self.guidance,
            temperature: session.and_then(temperature),
            verdict: session.and_then(|session| session.verdict.clone()),
            taken_out: self.taken_out.clone(),
            trouble: session.and_then(|session| session.trouble),
            disinfecting: session.and_then(|session| disinfecting(session, now)),
            barrier: self.barrier.state(),
            lamp: self.lamp_wanted(),
            beam_blocked: self.barrier.beam() == Level::Active,
            since_ms: session
                .map(|session| u64::try_from(now.since(session.arrived).as_millis()).unwrap_or(u64::MAX)),
            passages: self.passages,
        }
    }

    fn session(&self) -> Option<&Session> {
        match &self.state {
            State::Idle => None,
            State::Steps(session)
            | State::Recording { session, .. }
            | State::Referred(session)
            | State::Crossing(session)
            | State::Ended { session, .. } => Some(session),
        }
    }

    fn phase(&self) -> Phase {
        match &self.state {
            State::Idle | State::Steps(_) | State::Recording { .. } if self.out_of_service => {
                Phase::OutOfService
            }
            State::Idle if self.taken_out.is_some() => Phase::OutOfService,
            State::Idle => Phase::Idle,
            State::Steps(_) => Phase::Steps,
            State::Recording { .. } => Phase::Recording,
            State::Referred(_) => Phase::Referred,
            State::Crossing(_) => Phase::Crossing,
            State::Ended { .. } => Phase::Ended,
        }
    }
}

fn fields(steps: &Steps) -> Vec<FieldStatus> {
    let shown =
        |rule: &FieldRule| FieldStatus { name: rule.field.name(), required: rule.need == Need::Required };
    let asked = steps.open_rules().find_map(|rule| match &rule.ask {
        Ask::Registration { fields } => Some(fields.iter().map(shown).collect()),
        Ask::Credential { .. }
        | Ask::Temperature
        | Ask::Attest { .. }
        | Ask::Plate { .. }
        | Ask::Occupants { .. }
        | Ask::Disinfection { .. } => None,
    });
    asked.unwrap_or_default()
}

fn agents(steps: &Steps) -> Vec<Slug> {
    let asked = steps.open_rules().find_map(|rule| match &rule.ask {
        Ask::Disinfection { agents, .. } => Some(agents.clone()),
        Ask::Credential { .. }
        | Ask::Temperature
        | Ask::Registration { .. }
        | Ask::Attest { .. }
        | Ask::Plate { .. }
        | Ask::Occupants { .. } => None,
    });
    asked.unwrap_or_default()
}

fn masked(session: &Session) -> Option<String> {
    match &session.who {
        Who::Person(person) => person.masked(),
        Who::Vehicle(vehicle) => vehicle.masked(),
    }
}

fn declared(session: &Session) -> Option<u8> {
    match &session.who {
        Who::Person(_) => None,
        Who::Vehicle(vehicle) => vehicle.declared,
    }
}

fn occupants(session: &Session) -> Vec<OccupantStatus> {
    match &session.who {
        Who::Person(_) => vec![],
        Who::Vehicle(vehicle) => vehicle.occupants.iter().map(super::person::PersonSession::status).collect(),
    }
}

fn temperature(session: &Session) -> Option<crate::control::TemperatureStatus> {
    match &session.who {
        Who::Person(person) => person.temperature(),
        Who::Vehicle(vehicle) => vehicle.occupants.iter().rev().find_map(|person| person.temperature()),
    }
}

fn disinfecting(session: &Session, now: Mono) -> Option<DisinfectionStatus> {
    match &session.who {
        Who::Person(_) => None,
        Who::Vehicle(vehicle) => vehicle.disinfecting(now),
    }
}
