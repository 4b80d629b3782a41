//! A lane as its screens show it.

use super::lane::{Lane, State};
use super::person::PersonSession;
use super::registration;
use super::running::Running;
use super::session::{Session, Who};
use super::steps::Steps;
use crate::base::{Mono, Slug};
use crate::config::{Ask, FieldRule, Need};
use crate::control::{FieldStatus, LaneStatus, ManifestStatus, OccupantStatus, Phase};
use crate::model::manifest::Listed;
use crate::model::{Level, PlateOrigin};

impl Lane {
    /// A snapshot for the screens. Names and plates are masked in it.
    pub fn status(&self, now: Mono) -> LaneStatus {
        let session = self.session();
        let served = session.map(Session::served);
        let asking = session.filter(|_| matches!(self.state, State::Steps(_)));
        LaneStatus {
            lane: self.settings.id.clone(),
            title: self.settings.title.clone(),
            takes: self.settings.takes,
            direct: self.settings.direct,
            phase: self.phase(),
            direction: session.map(|session| session.direction),
            class: session.map(Session::class),
            subject: session.and_then(masked),
            plate_origin: session.and_then(plate_origin),
            profile: session.map(|session| session.profile().clone()),
            steps: session.map(|session| session.steps().status()).unwrap_or_default(),
            fields: session.map(fields).unwrap_or_default(),
            attestations: served.map(Steps::attestations).unwrap_or_default(),
            agents: session.map(agents).unwrap_or_default(),
            declared: session.and_then(declared),
            manifest: session.and_then(manifest),
            occupants: session.map(occupants).unwrap_or_default(),
            prompt: self.prompt_wanted(),
            words: asking.map(Session::words).unwrap_or_default(),
            pledge: asking.and_then(Session::pledge),
            guidance: self.guidance,
            temperature: session.and_then(temperature),
            cards: session.map(Session::cards).unwrap_or_default(),
            turned_back: session.map(Session::turned_back).unwrap_or_default(),
            verdict: session.and_then(|session| session.verdict.clone()),
            taken_out: self.taken_out.clone(),
            trouble: session.and_then(|session| session.trouble),
            disinfecting: session.and_then(|s| running(s).find_map(|running| running.disinfecting(now))),
            dwelling: session.and_then(|s| running(s).find_map(|running| running.dwelling(now))),
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

/// The fields of the registration that is taken next: the vehicle's own, else that of whoever is served.
fn fields(session: &Session) -> Vec<FieldStatus> {
    let shown = |rule: &FieldRule, listed: Option<&Listed>| FieldStatus {
        known: listed.and_then(|listed| registration::masked(rule, listed)),
        name: rule.id.clone(),
        title: rule.title.clone(),
        form: rule.form.clone(),
        length_max: rule.length_max,
        required: rule.need == Need::Required,
    };
    let of = |steps: &Steps, listed: Option<&Listed>| {
        steps.open_steps().find_map(|step| {
            if let Ask::Registration { fields } = &step.rule.ask {
                Some(fields.iter().map(|rule| shown(rule, listed)).collect())
            } else {
                None
            }
        })
    };
    let listed = match &session.who {
        Who::Person(_) => None,
        Who::Vehicle(vehicle) => vehicle.served().and_then(PersonSession::listed),
    };
    of(session.steps(), None).or_else(|| of(session.served(), listed)).unwrap_or_default()
}

/// The agents of the first disinfection that is open: of whoever is served, else the vehicle's own.
fn agents(session: &Session) -> Vec<Slug> {
    let of = |steps: &Steps| {
        steps.open_steps().find_map(|step| {
            if let Ask::Disinfection { agents, .. } = &step.rule.ask { Some(agents.clone()) } else { None }
        })
    };
    of(session.served()).or_else(|| of(session.steps())).unwrap_or_default()
}

/// What runs: for whoever is served, else for the vehicle itself.
fn running(session: &Session) -> impl Iterator<Item = &Running> {
    let served = session.served().running.as_ref();
    served.into_iter().chain(session.steps().running.as_ref())
}

fn masked(session: &Session) -> Option<String> {
    match &session.who {
        Who::Person(person) => person.masked(),
        Who::Vehicle(vehicle) => vehicle.masked(),
    }
}

fn plate_origin(session: &Session) -> Option<PlateOrigin> {
    match &session.who {
        Who::Person(_) => None,
        Who::Vehicle(vehicle) => vehicle.origin(),
    }
}

fn declared(session: &Session) -> Option<u8> {
    match &session.who {
        Who::Person(_) => None,
        Who::Vehicle(vehicle) => vehicle.declared,
    }
}

fn manifest(session: &Session) -> Option<ManifestStatus> {
    match &session.who {
        Who::Person(_) => None,
        Who::Vehicle(vehicle) => vehicle.offered(),
    }
}

fn occupants(session: &Session) -> Vec<OccupantStatus> {
    match &session.who {
        Who::Person(_) => vec![],
        Who::Vehicle(vehicle) => vehicle.occupants.iter().map(PersonSession::status).collect(),
    }
}

fn temperature(session: &Session) -> Option<crate::control::TemperatureStatus> {
    match &session.who {
        Who::Person(person) => person.temperature(),
        Who::Vehicle(vehicle) => vehicle.occupants.iter().rev().find_map(|person| person.temperature()),
    }
}
