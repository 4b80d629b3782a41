//! Random sessions under every shipped profile: nobody is admitted past a step, every session ends, nothing is left to
//! chance.
//!
//! `KAKOU_SESSIONS=1000000 cargo test --release --test session everywhere` runs a million.

use std::time::Duration;

use kakou::base::Random;
use kakou::config::step_rule::Came;
use kakou::config::{Profile, StepRule};
use kakou::control::Phase;
use kakou::engine::replay::again;
use kakou::model::past::Unknown;
use kakou::model::{
    Ago, AreaMode, Authenticity, Body, Class, Direction, EarlierPassage, Evidence, KnownBy, Level, Passage,
    Past, PlateOrigin, Signal, StepKind, StepOutcome, StepRecord, Verdict, Zone,
};

use crate::anybody::{Place, mode, places, something};
use crate::bench::Bench;

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

fn run(seed: u64, place: &Place) -> Bench {
    let mut random = Random::new(seed);
    let mut lane = Bench::in_mode(mode(seed), place.takes, place.profiles.clone());
    // From lanes where half of what comes makes no sense to lanes where nearly all does.
    let willing = 0.45 + 0.1 * f64::from(u8::try_from(seed % 6).expect("small"));
    for _ in 0..DONE {
        lane.earlier = anything_earlier(&mut random);
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

/// Whatever the records may say of whoever comes; or that nobody can say, or answers.
fn anything_earlier(random: &mut Random) -> Option<Result<Past, Unknown>> {
    let answers = random.chance(0.9).then_some(());
    let verdicts =
        [Verdict::Admitted, Verdict::Admitted, Verdict::TurnedBack, Verdict::Held, Verdict::Abandoned];
    let mut passages = Vec::new();
    for _ in 0..random.below(4) {
        let least = Duration::from_secs(random.below(100) * 3_600);
        let tried = StepOutcome::Done(Evidence::Temperature { zone: Zone::Below, attempts: 1 });
        let outcome = if random.chance(0.7) { tried } else { StepOutcome::Open };
        passages.push(EarlierPassage {
            seq: 1 + random.below(1_000),
            ago: Ago { least, most: random.chance(0.8).then_some(least) },
            lane: random.chance(0.5).then(|| "other".parse().expect("a name")),
            by: if random.chance(0.8) { KnownBy::Identity } else { KnownBy::Phone },
            direction: if random.chance(0.5) { Direction::Inbound } else { Direction::Outbound },
            verdict: *random.pick(&verdicts).expect("sound"),
            crossing: None,
            steps: vec![StepRecord { kind: StepKind::Temperature, outcome, id: None }],
            host: None,
        });
    }
    let said = if random.chance(0.9) { Ok(Past { passages, ..Past::default() }) } else { Err(Unknown) };
    answers.map(|()| said)
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
        again(passage, &lane.policy)
            .unwrap_or_else(|differs| panic!("seed {seed} {}: {differs} in {passage:?}", place.file));
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
    let going_on = || passage.occupants.iter().filter(|occupant| occupant.apart.is_none());
    if !passage.occupants.is_empty() && going_on().next().is_none() {
        return Err("nobody drives on".to_owned());
    }
    if let Some(stays) =
        passage.occupants.iter().find(|one| one.apart.is_some() && one.verdict.opens_barrier())
    {
        return Err(format!("let through, although they stay: {stays:?}"));
    }
    for occupant in going_on() {
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
        (Came::Local, StepOutcome::Done(Evidence::Plate { origin, .. })) => {
            *origin == Some(PlateOrigin::Local)
        }
        (Came::OutOfTown, StepOutcome::Done(Evidence::Plate { origin, .. })) => {
            origin.is_some_and(|origin| origin != PlateOrigin::Local)
        }
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
