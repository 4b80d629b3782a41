//! Every state that a step can be in: what a proof over all cases goes through.

use super::facts::{Grade, State};
use crate::base::NoReading;
use crate::config::profile::{Ask, StepRule};
use crate::model::step::PlateSource;
use crate::model::{Attestation, Class, CredentialKind, Direction, NotMeasured, Reason};

const CREDENTIALS: [CredentialKind; 11] = [
    CredentialKind::HubPass,
    CredentialKind::IdNumber,
    CredentialKind::HealthCertificate,
    CredentialKind::SmartHealthCard,
    CredentialKind::HealthLink,
    CredentialKind::NzCovidPass,
    CredentialKind::VdsNc,
    CredentialKind::Divoc,
    CredentialKind::Url,
    CredentialKind::Text,
    CredentialKind::Binary,
];

/// Why a credential may be refused. Each comes with every kind: a rule may tell them apart.
const REFUSALS: [Reason; 9] = [
    Reason::CredentialUnverified,
    Reason::CredentialForged,
    Reason::CredentialUnknownIssuer,
    Reason::CredentialExpired,
    Reason::CredentialNotYetValid,
    Reason::CredentialWrongSite,
    Reason::ClockUntrusted,
    Reason::NotOnRoster,
    Reason::NoCredential,
];

const NOT_MEASURED: [NotMeasured; 11] = [
    NotMeasured::NoReading(NoReading::Absent),
    NotMeasured::NoReading(NoReading::Timeout),
    NotMeasured::NoReading(NoReading::Bus),
    NotMeasured::NoReading(NoReading::Checksum),
    NotMeasured::NoReading(NoReading::Flagged),
    NotMeasured::NoReading(NoReading::Stale),
    NotMeasured::SensorNotReady,
    NotMeasured::NobodyThere,
    NotMeasured::TooCold,
    NotMeasured::Unsteady,
    NotMeasured::NotSkin,
];

/// Every state in which a step that is asked can be. The engine is held to it while it is tested.
///
/// A step of any kind may wait for an attendant because nothing came in time, because a plate does not match, or because
/// the attendant has to confirm it.
pub fn of(step: &StepRule) -> Vec<State> {
    let mut states = vec![State::Open];
    let any = [Reason::TimedOut, Reason::PlateMismatch, Reason::AttendantDecision];
    states.extend(any.map(State::NeedsAttendant));
    states.extend(step.waivers.iter().map(|reason| State::Waived(reason.clone())));
    match &step.ask {
        Ask::Credential { .. } => credential(&mut states),
        Ask::Temperature => temperature(&mut states),
        Ask::Registration { .. } => states.push(State::Done(Grade::Filled)),
        Ask::Attest { what } => states.push(State::Done(Grade::Attested(*what))),
        Ask::Plate { .. } => {
            states.push(State::NeedsAttendant(Reason::CredentialExpired));
            let sources = [PlateSource::Typed, PlateSource::Pass, PlateSource::NoPlate];
            states.extend(sources.map(|source| State::Done(Grade::Plate(source))));
        }
        Ask::Occupants { .. } => states.push(State::Done(Grade::Counted)),
        Ask::Disinfection { .. } => states.push(State::Done(Grade::Disinfected)),
    }
    states
}

fn credential(states: &mut Vec<State>) {
    let waiting =
        [Reason::NoCredential, Reason::CredentialUnverified, Reason::ClockUntrusted, Reason::NotOnRoster];
    states.extend(waiting.map(State::NeedsAttendant));
    for kind in CREDENTIALS {
        states.extend(REFUSALS.map(|reason| State::Failed(reason, Some(Grade::Presented(kind)))));
        states.extend([Grade::Verified(kind), Grade::Presented(kind)].map(State::Done));
    }
    states.push(State::Done(Grade::Roster));
    let attested = [Attestation::UnverifiedCredential, Attestation::Papers];
    states.extend(attested.map(|what| State::Done(Grade::Attested(what))));
}

fn temperature(states: &mut Vec<State>) {
    states.extend(NOT_MEASURED.map(State::NotMeasured));
    states.push(State::NeedsAttendant(Reason::TemperatureNotMeasured));
    for grade in [Grade::Screened, Grade::Contact] {
        let reasons = [Reason::TemperatureElevated, Reason::TemperatureUnclear];
        states.extend(reasons.map(|reason| State::Failed(reason, Some(grade))));
        states.push(State::Done(grade));
    }
}

/// Every state in which the step can be for a subject of `class` going in `direction`: whether it is asked follows from both.
pub fn for_subject(step: &StepRule, direction: Direction, class: Class) -> Vec<State> {
    if step.when.holds(direction, class) { of(step) } else { vec![State::Absent] }
}
