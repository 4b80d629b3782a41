//! A lane as its screens show it.

use super::lane::{Lane, State};
use super::person::PersonSession;
use super::prepared::Prepared;
use super::registration;
use super::running::Running;
use super::session::{Session, Who};
use super::steps::Steps;
use crate::base::{Mono, Slug};
use crate::config::{Ask, FieldRule, Need};
use crate::control::{
    FieldStatus, LaneStatus, ManifestStatus, OccupantStatus, Phase, PreparedStatus, Prompt,
};
use crate::model::{CodeHint, Level, PlateOrigin};

impl Lane {
    /// A snapshot for the screens. Names and plates are masked in it.
    pub fn status(&self, now: Mono) -> LaneStatus {
        let session = self.session();
        let served = session.map(Session::served);
        let (fields, prepared) = session.map(registration).unwrap_or_default();
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
            fields,
            prepared,
            attestations: served.map(Steps::attestations).unwrap_or_default(),
            agents: session.map(agents).unwrap_or_default(),
            declared: session.and_then(declared),
            manifest: session.and_then(manifest),
            occupants: session.map(occupants).unwrap_or_default(),
            prompt: self.prompt_wanted(),
            words: asking.map(Session::words).unwrap_or_default(),
            pledge: asking.and_then(Session::pledge),
            guidance: self.guidance,
            hint: self.hint_wanted(),
            temperature: session.and_then(temperature),
            cards: session.map(Session::cards).unwrap_or_default(),
            companion: session.and_then(Session::companion),
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

    /// Whether somebody is here, or is waited for at a step.
    pub fn somebody(&self) -> Level {
        match &self.state {
            State::Steps(_) | State::Referred(_) => Level::Active,
            State::Idle | State::Recording { .. } | State::Crossing(_) | State::Ended { .. } => {
                self.presence.into_iter().find(|level| *level == Level::Active).unwrap_or(Level::Idle)
            }
        }
    }

    /// A hint is for whoever is asked for one code, and for nobody else.
    fn hint_wanted(&self) -> Option<CodeHint> {
        let asked = matches!(self.prompt_wanted(), Prompt::ShowCode | Prompt::CompanionCode);
        self.hint.filter(|_| asked)
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

/// The registration that is taken next, and the code for it: one for which there is a code, else the vehicle's own, else that
/// of whoever is served.
fn registration(session: &Session) -> (Vec<FieldStatus>, Option<PreparedStatus>) {
    let asked = |steps: &Steps| {
        steps.open_steps().find_map(|step| {
            if let Ask::Registration { fields } = &step.rule.ask { Some(fields.clone()) } else { None }
        })
    };
    let mut all = match &session.who {
        Who::Person(person) => vec![(&person.steps, person.prepared.as_ref(), None)],
        Who::Vehicle(vehicle) => {
            let served = vehicle.served().map(|one| (&one.steps, one.prepared.as_ref(), one.listed()));
            std::iter::once((&vehicle.steps, vehicle.prepared.as_ref(), None)).chain(served).collect()
        }
    };
    all.retain(|(steps, ..)| asked(steps).is_some());
    let next = all.iter().find(|(_, prepared, _)| prepared.is_some()).or(all.first());
    let Some((steps, prepared, listed)) = next else { return (vec![], None) };
    let shown = |rule: FieldRule| FieldStatus {
        known: listed.and_then(|listed| registration::masked(&rule, listed)),
        coded: prepared.and_then(|prepared| prepared.shown(&rule)),
        name: rule.id,
        title: rule.title,
        form: rule.form,
        length_max: rule.length_max,
        required: rule.need == Need::Required,
    };
    let fields = asked(steps).unwrap_or_default().into_iter().map(shown).collect();
    (fields, prepared.map(Prepared::status))
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
