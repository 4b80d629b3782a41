//! Random sessions: whatever happens in whatever order, the invariants hold.

use kakou::base::{CentiCelsius, Pii, Random};
use kakou::control::{Act, Decision, OddPlate, Phase, Registration};
use kakou::engine::{Effect, Input};
use kakou::model::id_number::IdNumber;
use kakou::model::registration_code::RegistrationCode;
use kakou::model::{
    Attestation, Authenticity, Body, Class, Currency, IdCard, Level, Reason, Signal, SubjectKind, Verdict,
    Zone,
};

use crate::bench::{Bench, code, not_measured, pass, temperature, vehicle_pass};

#[test]
fn no_random_session_admits_with_an_open_step_or_opens_without_a_durable_verdict() {
    let mut admitted = 0;
    for seed in 0..1_500 {
        let mut random = Random::new(seed);
        let takes = if seed % 2 == 0 { SubjectKind::Person } else { SubjectKind::Vehicle };
        let mut lane = Bench::new(takes);
        for _ in 0..80 {
            let recorded = opening_verdicts(&lane);
            lane.effects.clear();
            anything(&mut random, &mut lane);
            if lane.opened() {
                assert!(opening_verdicts(&lane) >= 1, "seed {seed}: opened without a verdict");
                assert!(opening_verdicts(&lane) >= recorded, "seed {seed}");
            }
        }
        // Left alone, every session ends and every barrier comes to rest.
        lane.line(Signal::Beam, Level::Idle);
        lane.line(Signal::Presence, Level::Idle).line(Signal::PresenceInside, Level::Idle);
        lane.put(Input::JournalRestored).wait(3_600);
        assert!(matches!(lane.status().phase, Phase::Idle), "seed {seed}: {:?}", lane.status().phase);
        for passage in lane.passages() {
            if matches!(passage.verdict, Verdict::Admitted | Verdict::AdmittedWithFollowUp) {
                admitted += 1;
                let of_occupants = passage.occupants.iter().flat_map(|occupant| &occupant.steps);
                for step in passage.steps.iter().chain(of_occupants) {
                    assert!(step.outcome.is_settled(), "seed {seed}: {step:?}");
                }
            }
        }
        let arrivals = lane.drafts.iter().filter(|draft| matches!(draft.body, Body::Arrived { .. })).count();
        let decided = lane.passages().iter().filter(|passage| passage.follows.is_none()).count();
        assert_eq!(arrivals, decided, "seed {seed}: every arrival gets a verdict");
    }
    assert!(admitted > 100, "a run that admits nobody proves nothing: {admitted}");
}

fn opening_verdicts(lane: &Bench) -> usize {
    lane.passages().iter().filter(|passage| passage.verdict.opens_barrier()).count()
}

pub fn anything(random: &mut Random, lane: &mut Bench) {
    let zones = [Zone::Below, Zone::Below, Zone::Below, Zone::Recheck, Zone::Refer];
    let classes = [Class::Resident, Class::Visitor, Class::Unknown, Class::KeyPerson];
    let class = *random.pick(&classes).expect("sound");
    let signals =
        [Signal::Presence, Signal::PresenceInside, Signal::Beam, Signal::BarrierOpen, Signal::BarrierClosed];
    match random.below(16) {
        0 | 1 => drop(lane.put(pass(class))),
        2 | 3 => drop(lane.put(temperature(*random.pick(&zones).expect("sound")))),
        4 => drop(lane.put(not_measured())),
        5 => drop(lane.put(vehicle_pass(class, "京A12345"))),
        6 => drop(lane.put(code(Authenticity::Unverified, Currency::Unknown))),
        7 => {
            let level = if random.chance(0.5) { Level::Active } else { Level::Idle };
            lane.line(*random.pick(&signals).expect("sound"), level);
        }
        8 => drop(lane.wait(random.below(20))),
        9 => drop(lane.put(if random.chance(0.3) { Input::JournalFailed } else { Input::JournalRestored })),
        10 => {
            let text = "name=李四\nphone=13812345678\norigin=成都\n";
            lane.put(Input::RegistrationCode(RegistrationCode::read(text.as_bytes())));
        }
        11 => {
            let numbers = ["110101199001010015", "11010519491231002X"].map(|text| Pii::new(text.to_owned()));
            let number = IdNumber::parse(random.pick(&numbers).expect("sound")).expect("a number");
            lane.put(Input::IdCard(IdCard { number, name: Pii::new("李四".to_owned()) }));
        }
        _ => {
            let by = random.chance(0.9).then_some("wang");
            // Refusals are as good as anything here.
            let _ = lane.act_by(by, any_act(random, lane));
        }
    }
}

fn any_act(random: &mut Random, lane: &Bench) -> Act {
    let text = |text: &str| Some(Pii::new(text.to_owned()));
    match random.below(14) {
        0..=2 => Act::Attest(Attestation::Mask),
        3 => Act::Attest(Attestation::UnverifiedCredential),
        4 => Act::TypePlate { text: Pii::new("京A12345".to_owned()), odd: OddPlate::Confirmed },
        5 => Act::DeclareOccupants(1 + u8::try_from(random.below(2)).expect("sound")),
        6 => Act::Register(Registration {
            name: text("李四"),
            phone: text("13812345678"),
            origin: text("成都"),
            destination: None,
            host: None,
            more: vec![],
            code: random.chance(0.5).then(|| lane.status().prepared.map_or(1, |prepared| prepared.number)),
        }),
        7 => Act::StartDisinfection { agent: "chlorine-500".parse().expect("sound") },
        8 => Act::StopDisinfection,
        9 => Act::Waive {
            step: "disinfection".parse().expect("sound"),
            reason: "rain".parse().expect("sound"),
        },
        10 => Act::ContactTemperature(CentiCelsius::from_degrees(36.4).expect("sound")),
        11 => Act::Decide {
            decision: *random.pick(&[Decision::Admit, Decision::TurnBack, Decision::Hold]).expect("sound"),
            reason: Reason::AttendantDecision,
        },
        12 => Act::MeasureAgain,
        _ if random.chance(0.5) => Act::Emergency,
        _ => Act::Leave,
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let trace = |seed| {
        let mut random = Random::new(seed);
        let mut lane = Bench::new(SubjectKind::Person);
        (0..200).for_each(|_| anything(&mut random, &mut lane));
        lane.effects.iter().map(|effect: &Effect| format!("{effect:?}")).collect::<Vec<_>>()
    };
    assert_eq!(trace(5), trace(5));
    assert_ne!(trace(5), trace(6));
}
