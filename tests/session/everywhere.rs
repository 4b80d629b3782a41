//! Random sessions under every shipped profile: nobody is admitted past a step, every session ends, nothing is left to
//! chance.
//!
//! `KAKOU_SESSIONS=1000000 cargo test --release --test session everywhere` runs a million.

use kakou::base::{CentiCelsius, Pii, Random};
use kakou::config::profile_file::{SHIPPED, read_profiles};
use kakou::config::step_rule::Came;
use kakou::config::{Profile, Profiles, StepRule, Takes};
use kakou::control::{Act, Asks, Decision, Entry, LaneStatus, Phase, Stay, StepStatus};
use kakou::model::{
    AreaMode, Attestation, Authenticity, Body, Class, Currency, Direction, Evidence, Level, Passage, Reason,
    Signal, StepOutcome, StepRecord, SubjectKind, Verdict, Zone,
};

use crate::bench::{Bench, code, not_measured, pass, temperature, vehicle_pass};
use crate::walk::{Do, next};

/// Sessions when nothing else is asked for.
const SESSIONS: u64 = 4_000;

/// Things done at one lane before it is left alone.
const DONE: u32 = 120;

#[test]
fn nobody_is_admitted_past_a_step_of_any_shipped_profile_and_every_session_ends() {
    let asked = std::env::var("KAKOU_SESSIONS").ok().map(|text| text.parse().expect("a number"));
    let wanted: u64 = asked.unwrap_or(SESSIONS);
    let places = places();
    let (mut sessions, mut admitted, mut seed) = (0, vec![0_u64; places.len()], 0);
    while sessions < wanted {
        let at = usize::try_from(seed).expect("small") % places.len();
        let lane = run(seed, &places[at]);
        sessions += arrivals(&lane);
        admitted[at] += check(seed, &places[at], &lane);
        seed += 1;
    }
    println!("{sessions} sessions at {seed} lanes, {} admitted", admitted.iter().sum::<u64>());
    for (place, admitted) in places.iter().zip(admitted) {
        assert!(admitted > 0, "{} {:?}: a run that admits nobody proves nothing", place.file, place.takes);
    }
}

#[test]
fn the_same_seed_gives_the_same_trace_at_every_place() {
    for (seed, place) in places().iter().enumerate() {
        let trace = |seed| {
            let lane = run(seed, place);
            (lane.drafts.clone(), format!("{:?}", lane.effects))
        };
        let seed = u64::try_from(seed).expect("small");
        assert_eq!(trace(seed), trace(seed), "{}", place.file);
        assert_ne!(trace(seed), trace(seed + 1_000), "{}", place.file);
    }
}

/// What comes to one place: a file's profiles, and people or vehicles.
struct Place {
    file: &'static str,
    takes: SubjectKind,
    profiles: Vec<Profile>,
    set: Profiles,
}

fn places() -> Vec<Place> {
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

fn run(seed: u64, place: &Place) -> Bench {
    let mut random = Random::new(seed);
    let mut lane = Bench::in_mode(mode(seed), place.takes, place.profiles.clone());
    // From lanes where half of what comes makes no sense to lanes where nearly all does.
    let willing = 0.45 + 0.1 * f64::from(u8::try_from(seed % 6).expect("small"));
    for _ in 0..DONE {
        something(&mut random, &mut lane, willing);
        let opened = lane.opened();
        assert!(!opened || opening(&lane) > 0, "seed {seed}: opened without a verdict");
        lane.effects.retain(|effect| !matches!(effect, kakou::engine::Effect::Lamp(_)));
    }
    // Left alone, every session ends.
    for signal in [Signal::Beam, Signal::Presence, Signal::PresenceInside] {
        lane.line(signal, Level::Idle);
    }
    lane.wait(2 * 6 * 3_600);
    assert_eq!(lane.status().phase, Phase::Idle, "seed {seed} {}", place.file);
    lane
}

fn mode(seed: u64) -> AreaMode {
    AreaMode::ALL[usize::try_from(seed / 7 % 4).expect("small")]
}

fn opening(lane: &Bench) -> usize {
    lane.passages().iter().filter(|passage| passage.verdict.opens_barrier()).count()
}

fn arrivals(lane: &Bench) -> u64 {
    let arrivals = lane.drafts.iter().filter(|draft| matches!(draft.body, Body::Arrived { .. }));
    u64::try_from(arrivals.count()).expect("small")
}

/// Every arrival has a verdict, and every admission every step that the profile asks for; how many were admitted.
fn check(seed: u64, place: &Place, lane: &Bench) -> u64 {
    let first = lane.passages().iter().filter(|passage| passage.follows.is_none()).count();
    assert_eq!(u64::try_from(first).expect("small"), arrivals(lane), "seed {seed} {}", place.file);
    let mut admitted = 0;
    for passage in lane.passages() {
        if matches!(passage.verdict, Verdict::Admitted | Verdict::AdmittedWithFollowUp) {
            admitted += 1;
            if let Err(missing) = complete(place, mode(seed), passage) {
                panic!("seed {seed} {}: {missing} in {passage:?}", place.file);
            }
        }
    }
    admitted
}

/// Whether the record has every step that the profiles ask of its subject and its occupants. Knows the rules from the
/// profile and the evidence from the record, and nothing of the engine.
fn complete(place: &Place, mode: AreaMode, passage: &Passage) -> Result<(), String> {
    let profile = place.set.by_id(&passage.profile).ok_or("an unknown profile")?;
    all_there(profile, passage.direction, passage.class, mode, &passage.steps)?;
    for occupant in &passage.occupants {
        let profile = place.set.choose_occupant(passage.direction, occupant.class).ok_or("no profile")?;
        all_there(profile, passage.direction, occupant.class, mode, &occupant.steps)?;
    }
    let counted = |step: &StepRecord| {
        if let StepOutcome::Done(Evidence::Occupants { declared, .. }) = &step.outcome {
            Some(usize::from(*declared))
        } else {
            None
        }
    };
    let declared = passage.steps.iter().find_map(counted).unwrap_or(0);
    if declared == passage.occupants.len() { Ok(()) } else { Err("an unrecorded occupant".to_owned()) }
}

fn all_there(
    profile: &Profile,
    direction: Direction,
    class: Class,
    mode: AreaMode,
    steps: &[StepRecord],
) -> Result<(), String> {
    let mut wanted = 0;
    for rule in profile.steps_for(direction, class, mode) {
        let due = rule.when.after.iter().all(|earlier| {
            let named = profile.steps.iter().find(|rule| rule.id == earlier.step);
            named.and_then(|rule| find(rule, steps)).is_some_and(|step| came(&earlier.came, &step.outcome))
        });
        if due {
            wanted += 1;
            let step = find(rule, steps).ok_or(format!("no step {}", rule.id))?;
            if !step.outcome.is_settled() {
                return Err(format!("step {} is open", rule.id));
            }
        }
    }
    if wanted == steps.len() { Ok(()) } else { Err(format!("{} steps for {wanted} rules", steps.len())) }
}

/// The record of the step with this rule.
fn find<'a>(rule: &StepRule, steps: &'a [StepRecord]) -> Option<&'a StepRecord> {
    let attested = |step: &StepRecord| match (&step.outcome, rule.attested()) {
        (StepOutcome::Done(Evidence::Attested { what, .. }), Some(wanted)) => *what == wanted,
        _ => true,
    };
    let by_name = steps.iter().find(|step| step.kind == rule.kind() && step.id.as_ref() == Some(&rule.id));
    by_name
        .or_else(|| steps.iter().find(|step| step.kind == rule.kind() && step.id.is_none() && attested(step)))
}

fn came(came: &Came, outcome: &StepOutcome) -> bool {
    match (came, outcome) {
        (Came::Done, StepOutcome::Done(_)) | (Came::Waived, StepOutcome::Waived { .. }) => true,
        (Came::Answered { answers }, StepOutcome::Done(Evidence::Answered { answer, .. })) => {
            answers.contains(answer)
        }
        (Came::Listed, StepOutcome::Done(Evidence::Answered { listed, .. })) => *listed == Some(true),
        (Came::Verified, StepOutcome::Done(Evidence::RosterEntry)) => true,
        (Came::Verified, StepOutcome::Done(Evidence::Credential { authentic, .. })) => {
            *authentic == Authenticity::Genuine
        }
        (Came::Attested, StepOutcome::Done(Evidence::Credential { authentic, .. })) => {
            *authentic != Authenticity::Genuine
        }
        (Came::Attested, StepOutcome::Done(Evidence::Attested { .. })) => true,
        _ => false,
    }
}

/// What is asked, with the chance `willing`, so that sessions get somewhere; else anything at all.
fn something(random: &mut Random, lane: &mut Bench, willing: f64) {
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
        _ => Entry::SignOff,
    }
}
