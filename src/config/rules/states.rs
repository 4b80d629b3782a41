//! Every state that a step can be in: what a proof over all cases goes through.

use super::facts::{Grade, State};
use crate::base::NoReading;
use crate::config::step_rule::{Answer, Ask, Companions, Means, StepRule};
use crate::model::step::PlateSource;
use crate::model::{
    AreaMode, Attestation, Class, CredentialKind, Direction, NotMeasured, PlateOrigin, Reason,
};

const CREDENTIALS: [CredentialKind; 17] = [
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
    CredentialKind::Manifest,
    CredentialKind::TravelDocument,
    CredentialKind::Phone,
    CredentialKind::SiteCode,
    CredentialKind::Gs1,
    CredentialKind::OnlineCode,
];

/// Why a credential may be refused. Each comes with every kind: a rule may tell them apart.
const REFUSALS: [Reason; 14] = [
    Reason::IssuerUnanswered,
    Reason::CredentialUnverified,
    Reason::CredentialForged,
    Reason::CredentialUnknownIssuer,
    Reason::CredentialExpired,
    Reason::CredentialNotYetValid,
    Reason::CredentialWrongSite,
    Reason::CredentialOutOfWindow,
    Reason::CredentialRevoked,
    Reason::CredentialNotAdmissible,
    Reason::ListsTooOld,
    Reason::ClockUntrusted,
    Reason::NotOnRoster,
    Reason::NoCredential,
];

/// Why a vehicle's pass may not count: what is signed by nobody who is known names no vehicle.
const PASSES: [Reason; 10] = [
    Reason::CredentialExpired,
    Reason::CredentialNotYetValid,
    Reason::CredentialWrongSite,
    Reason::CredentialOutOfWindow,
    Reason::CredentialUsedElsewhere,
    Reason::CredentialRevoked,
    Reason::CredentialUnverified,
    Reason::CannotTell,
    Reason::ListsTooOld,
    Reason::ClockUntrusted,
];

const NOT_MEASURED: [NotMeasured; 26] = [
    NotMeasured::NoReading(NoReading::Absent),
    NotMeasured::NoReading(NoReading::Timeout),
    NotMeasured::NoReading(NoReading::Bus),
    NotMeasured::NoReading(NoReading::Checksum),
    NotMeasured::NoReading(NoReading::Flagged),
    NotMeasured::NoReading(NoReading::Stale),
    NotMeasured::NoReading(NoReading::WrongPart),
    NotMeasured::NoReading(NoReading::Starting),
    NotMeasured::NoReading(NoReading::MemoryBusy),
    NotMeasured::NoReading(NoReading::MemoryDead),
    NotMeasured::NoReading(NoReading::PowerDip),
    NotMeasured::NoReading(NoReading::OffReference),
    NotMeasured::SensorNotReady,
    NotMeasured::NobodyThere,
    NotMeasured::TooCold,
    NotMeasured::Unsteady,
    NotMeasured::NotSkin,
    NotMeasured::Several,
    NotMeasured::TooClose,
    NotMeasured::Acclimatising,
    NotMeasured::Implausible,
    NotMeasured::Surroundings,
    NotMeasured::Reference,
    NotMeasured::Supply,
    NotMeasured::Covered,
    NotMeasured::Drift,
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
        Ask::Credential { companions, .. } => credential(&mut states, *companions),
        Ask::Temperature { .. } => temperature(&mut states),
        Ask::Registration { .. } => states.push(State::Done(Grade::Filled)),
        Ask::Attest { what } => {
            states.push(State::Done(Grade::Attested(*what)));
            if *what == Attestation::PlaceCode {
                states.push(State::Done(Grade::PlaceCode));
            }
        }
        Ask::Plate { .. } => {
            states.extend(PASSES.map(State::NeedsAttendant));
            states.extend(plates().map(State::Done));
        }
        Ask::Occupants { .. } => states.push(State::Done(Grade::Counted)),
        Ask::Disinfection { .. } => states.push(State::Done(Grade::Disinfected)),
        Ask::Question { answers, areas, .. } => {
            answers.iter().for_each(|answer| answered(&mut states, answer, areas.is_some()));
        }
        Ask::Dwell { .. } => {
            states.push(State::NeedsAttendant(Reason::DwellInterrupted));
            states.push(State::Done(Grade::Dwelt));
        }
        Ask::Pledge { .. } => states.push(State::Done(Grade::Pledged)),
        Ask::Custody { .. } => states.push(State::Done(Grade::Items)),
        Ask::Escort => states.push(State::Done(Grade::Escorted)),
        Ask::Count { .. } => {
            states.push(State::Failed(Reason::CountOutOfRange, Some(Grade::Tallied)));
            states.push(State::Done(Grade::Tallied));
        }
        Ask::SignOff { .. } => states.push(State::Done(Grade::Signed)),
        Ask::Entitlement { check } => {
            states.extend(check.unmet().iter().copied().map(State::NeedsAttendant));
            states.push(State::Done(Grade::Entitled));
        }
    }
    if step.counts_for.is_some() {
        states.push(State::Done(Grade::Remembered));
    }
    states
}

/// A plate by where it became known, alone and with each origin that it may have; whoever has none is from no place.
fn plates() -> impl Iterator<Item = Grade> {
    let placed = |source| PlateOrigin::ALL.map(|origin| Grade::PlacedPlate(source, origin));
    let sources = [PlateSource::Typed, PlateSource::Pass, PlateSource::NoPlate];
    let known = [PlateSource::Typed, PlateSource::Pass].into_iter().flat_map(placed);
    let none = Grade::PlacedPlate(PlateSource::NoPlate, PlateOrigin::Unplaced);
    sources.map(Grade::Plate).into_iter().chain(known).chain([none])
}

fn credential(states: &mut Vec<State>, companions: Companions) {
    let waiting = [
        Reason::NoCredential,
        Reason::CredentialUnverified,
        Reason::CredentialUsedElsewhere,
        Reason::UnderObservation,
        Reason::IssuerUnanswered,
        Reason::CannotTell,
        Reason::ClockUntrusted,
        Reason::ListsTooOld,
        Reason::NotOnRoster,
    ];
    states.extend(waiting.map(State::NeedsAttendant));
    for kind in CREDENTIALS {
        states.extend(REFUSALS.map(|reason| State::Failed(reason, Some(Grade::Presented(kind)))));
        states.extend([Grade::Verified(kind), Grade::Presented(kind)].map(State::Done));
    }
    states.push(State::Done(Grade::Roster));
    let attested = [Attestation::UnverifiedCredential, Attestation::Papers];
    states.extend(attested.map(|what| State::Done(Grade::Attested(what))));
    if companions == Companions::Answer {
        states.push(State::Done(Grade::Attested(Attestation::Companion)));
    }
}

fn temperature(states: &mut Vec<State>) {
    states.extend(NOT_MEASURED.map(State::NotMeasured));
    states.push(State::NeedsAttendant(Reason::TemperatureNotMeasured));
    for grade in [Grade::Screened, Grade::Contact] {
        let reasons = [Reason::TemperatureElevated, Reason::TemperatureUnclear];
        states.extend(reasons.map(|reason| State::Failed(reason, Some(grade.clone()))));
        states.push(State::Done(grade));
    }
}

/// What one answer can make of its question. One that asks for a stay has none where there is no table to compare it with.
fn answered(states: &mut Vec<State>, answer: &Answer, table: bool) {
    let mut comes = |means, listed| {
        let grade = || Grade::Answered(answer.id.clone(), listed);
        match means {
            Means::Good => states.push(State::Done(grade())),
            Means::Attendant => {
                states.push(State::Failed(Reason::AnswerToConfirm, Some(grade())));
                states.push(State::Done(grade()));
            }
            Means::Fails => states.push(State::Failed(Reason::AnswerNotAccepted, Some(grade()))),
        }
    };
    match answer.listed {
        None => comes(answer.means, None),
        Some(when_listed) if table => {
            comes(when_listed, Some(true));
            comes(answer.means, Some(false));
        }
        Some(_) => {}
    }
}

/// Whether step `at` of `steps` is asked of a subject of that class, going that way, in that mode, once the ones before it
/// stand as `earlier`.
pub fn asked(
    steps: &[StepRule],
    at: usize,
    (direction, class, mode): (Direction, Class, AreaMode),
    earlier: &[State],
) -> bool {
    steps[at].when.holds(direction, class, mode) && follows(steps, at, earlier)
}

/// Whether everything became of earlier steps that step `at` depends on.
pub fn follows(steps: &[StepRule], at: usize, earlier: &[State]) -> bool {
    steps[at].when.after.iter().all(|wanted| {
        let before = steps[..at].iter().position(|step| step.id == wanted.step);
        before.and_then(|before| earlier.get(before)).is_some_and(|state| state.came(&wanted.came))
    })
}
