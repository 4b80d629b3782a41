//! Anybody at any of the shipped places: random sessions, some of whom know what they want.

use kakou::base::{CentiCelsius, Pii, Random};
use kakou::config::profile_file::{SHIPPED, read_profiles};
use kakou::config::{Profile, Profiles, Takes};
use kakou::control::{Act, Asks, Decision, Entry, LaneStatus, Phase, Stay, StepStatus};
use kakou::model::{
    AreaMode, Attestation, Authenticity, Class, Currency, Direction, Level, Reason, Role, Signal,
    SubjectKind, Zone,
};

use crate::bench::{Bench, code, not_measured, pass, temperature, vehicle_pass};
use crate::walk::{Do, next};

/// What comes to one place: a file's profiles, and people or vehicles.
pub struct Place {
    pub file: &'static str,
    pub takes: SubjectKind,
    pub profiles: Vec<Profile>,
    pub set: Profiles,
}

pub fn places() -> Vec<Place> {
    let mut places = Vec::new();
    for (file, text) in SHIPPED {
        let profiles = read_profiles(file, text).expect("shipped profiles are sound");
        for takes in [SubjectKind::Person, SubjectKind::Vehicle] {
            if profiles.iter().any(|profile| profile.takes == Takes::from(takes)) {
                let set = Profiles::new(profiles.clone()).expect("a set");
                places.push(Place { file, takes, profiles: profiles.clone(), set });
            }
        }
    }
    places
}

/// The mode that the area is in for this seed.
pub fn mode(seed: u64) -> AreaMode {
    AreaMode::ALL[usize::try_from(seed / 7 % 4).expect("small")]
}

/// What is asked, with the chance `willing`, so that sessions get somewhere; else anything at all.
pub fn something(random: &mut Random, lane: &mut Bench, willing: f64) {
    let status = lane.status();
    let classes = [Class::Resident, Class::Worker, Class::Visitor, Class::Unknown, Class::KeyPerson];
    let class = *random.pick(&classes).expect("sound");
    match status.phase {
        Phase::Idle if random.chance(0.7) => {
            let direction = if random.chance(0.6) { Direction::Inbound } else { Direction::Outbound };
            let _ = lane.act_by(Some("wang"), Act::Begin { subject: status.takes, direction });
        }
        Phase::Crossing if random.chance(0.7) => drop(lane.cross()),
        Phase::Ended if random.chance(0.7) => drop(lane.act_by(Some("wang"), Act::Next)),
        Phase::Steps | Phase::Referred if random.chance(willing) => match next(&status, class, &[]) {
            Some(Do::Put(input)) => drop(lane.put(input)),
            Some(Do::Act(by, act)) => drop(lane.act_by(Some(by).filter(|by| !by.is_empty()), act)),
            Some(Do::Wait(seconds)) => drop(lane.wait(seconds)),
            None => anything(random, lane, &status, class),
        },
        Phase::Idle
        | Phase::Steps
        | Phase::Recording
        | Phase::Referred
        | Phase::Crossing
        | Phase::Ended
        | Phase::OutOfService => anything(random, lane, &status, class),
    }
}

fn anything(random: &mut Random, lane: &mut Bench, status: &LaneStatus, class: Class) {
    let zones = [Zone::Below, Zone::Recheck, Zone::Refer];
    let signals = [Signal::Presence, Signal::PresenceInside, Signal::Beam, Signal::BarrierOpen];
    match random.below(12) {
        0 => drop(lane.put(pass(class))),
        1 => drop(lane.put(temperature(*random.pick(&zones).expect("sound")))),
        2 => drop(lane.put(not_measured())),
        3 => drop(lane.put(vehicle_pass(class, "京A12345"))),
        4 => drop(lane.put(code(Authenticity::Unverified, Currency::Unknown))),
        5 => {
            let level = if random.chance(0.5) { Level::Active } else { Level::Idle };
            lane.line(*random.pick(&signals).expect("sound"), level);
        }
        6 => drop(lane.wait(random.below(400))),
        _ => {
            let by = *random.pick(&[Some("wang"), Some("li"), None]).expect("sound");
            // Refusals are as good as anything here.
            let _ = lane.act_by(by, any_act(random, status));
        }
    }
}

fn any_act(random: &mut Random, status: &LaneStatus) -> Act {
    let occupant = status.occupants.iter().find(|occupant| !occupant.settled);
    let served = occupant.map_or(&status.steps, |occupant| &occupant.steps);
    let steps = if random.chance(0.5) { served } else { &status.steps };
    let decisions = [Decision::Admit, Decision::AdmitWithFollowUp, Decision::TurnBack, Decision::Hold];
    match (random.below(12), random.pick(steps)) {
        (0, Some(step)) if !step.waivers.is_empty() => {
            let reason = random.pick(&step.waivers).expect("one at least").clone();
            Act::Waive { step: step.id.clone(), reason }
        }
        (1..=5, Some(step)) => Act::Enter { step: step.id.clone(), entry: any_entry(random, step) },
        (6, _) => Act::Attest(Attestation::UnverifiedCredential),
        (7, _) => Act::ContactTemperature(CentiCelsius::new(3_650).expect("sound")),
        (8, _) if status.declared.is_some() && random.chance(0.5) => Act::SetDown {
            decision: *random.pick(&decisions).expect("sound"),
            reason: Reason::AttendantDecision,
        },
        (8, _) if random.chance(0.3) => Act::AwaitCompanion,
        (8, _) => Act::MeasureAgain,
        (9, _) => Act::DeclareOccupants(1 + u8::try_from(random.below(3)).expect("small")),
        (10, _) if random.chance(0.3) => Act::Leave,
        (10, _) if random.chance(0.2) => Act::Emergency,
        _ => Act::Decide {
            decision: *random.pick(&decisions).expect("sound"),
            reason: Reason::AttendantDecision,
        },
    }
}

fn any_entry(random: &mut Random, step: &StepStatus) -> Entry {
    if let (Asks::Question { answers, areas, .. }, true) = (&step.asks, random.chance(0.6)) {
        let answer = random.pick(answers).expect("two at least").id.clone();
        let area = random.pick(areas).map(|area| area.id.clone()).filter(|_| random.chance(0.7));
        let date = Pii::new("2026-10-05".parse().expect("a day"));
        return Entry::Answer { answer, stay: random.chance(0.5).then_some(Stay { area, date }) };
    }
    let number = u32::try_from(random.below(6)).expect("small");
    match random.below(9) {
        0 => Entry::Confirm,
        1 => Entry::StartDwell,
        2 => Entry::StopDwell,
        3 => Entry::Reading(
            CentiCelsius::new(6_000 + i32::try_from(number).expect("small") * 400).expect("sound"),
        ),
        4 => Entry::Pledge,
        5 => Entry::Items {
            number: u8::try_from(number).expect("small"),
            tag: random.chance(0.7).then_some(9),
        },
        6 => Entry::Escort(Pii::new("小陈".to_owned())),
        7 => Entry::Count(number),
        _ => Entry::SignOff { role: Role::Lead },
    }
}
