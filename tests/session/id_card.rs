//! An identity card on the reader does what typing its number does, and says the name.

use kakou::base::{Pii, Wall};
use kakou::config::Profile;
use kakou::config::profile_file::{read_profiles, shipped_in};
use kakou::config::roster::Roster;
use kakou::control::{Act, OddPlate, Phase, StepState, TakenOut};
use kakou::engine::Input;
use kakou::engine::replay::again;
use kakou::model::blind::IdentifierKind;
use kakou::model::id_number::IdNumber;
use kakou::model::{
    AreaMode, Attestation, Class, Evidence, IdCard, Level, Reason, Signal, StepOutcome, SubjectKind, Verdict,
    Zone,
};

use crate::bench::{Bench, Known, blinder, pass, temperature};

const RESIDENT: &str = "110101199001010015";
const STRANGER: &str = "11010519491231002X";

#[test]
fn a_card_settles_what_its_number_typed_would_and_says_the_name() {
    for number in [RESIDENT, STRANGER] {
        let (mut shown, mut typed) = (gate(), gate());
        shown.put(card(number, "王小明"));
        typed.act_by(None, type_number(number)).expect("not refused");
        let (by_card, by_hand) = (shown.status(), typed.status());
        assert_eq!(
            (by_card.phase, by_card.class, &by_card.steps),
            (Phase::Steps, by_hand.class, &by_hand.steps)
        );
        for lane in [&mut shown, &mut typed] {
            lane.put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
        }
        if number == STRANGER {
            assert!(shown.passages().is_empty() && typed.passages().is_empty(), "an attendant decides");
            continue;
        }
        let (by_card, by_hand) = (shown.last_passage(), typed.last_passage());
        assert_eq!((by_card.verdict, &by_card.steps), (Verdict::Admitted, &by_hand.steps));
        assert_eq!(by_card.steps[0].outcome, StepOutcome::Done(Evidence::RosterEntry));
        again(by_card, &shown.policy).expect("decided again alike");
        let person = |lane: &Bench| lane.last_personal().people[0].clone();
        assert_eq!(person(&shown).name, Some(Pii::new("王小明".to_owned())));
        assert_eq!((person(&typed).name, person(&typed).id_number), (None, person(&shown).id_number));
        assert!(shown.opened());
    }
}

#[test]
fn screens_see_the_name_of_a_card_only_masked() {
    let mut lane = gate();
    lane.put(card(RESIDENT, "王小明"));
    let said = format!("{:?} {:?}", lane.status(), card(RESIDENT, "王小明"));
    assert_eq!(lane.status().subject.as_deref(), Some("王*"));
    assert!(!said.contains("小明") && !said.contains("19900101"), "{said}");
}

#[test]
fn a_card_that_is_laid_down_while_nobody_can_type_changes_nothing_and_is_not_kept() {
    // While somebody goes through.
    let mut lane = gate();
    lane.put(card(RESIDENT, "王小明")).put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    assert_eq!(lane.status().phase, Phase::Crossing);
    let drafts = lane.drafts.len();
    lane.put(card(STRANGER, "李四"));
    assert_eq!((lane.status().phase, lane.drafts.len()), (Phase::Crossing, drafts));
    lane.cross();
    assert_eq!(lane.status().phase, Phase::Idle);
    // While the verdict is being recorded.
    let mut lane = gate();
    lane.put(pass(Class::Resident)).put(temperature(Zone::Below));
    lane.holds = true;
    lane.act(Act::Attest(Attestation::Mask));
    assert_eq!(lane.status().phase, Phase::Recording);
    lane.put(card(STRANGER, "李四"));
    lane.release();
    assert_eq!((lane.last_personal().people[0].id_number.clone(), lane.opened()), (None, true));
    // While the lane is out of service, or nothing can be recorded.
    for out in
        [Input::Service(Some(TakenOut { by: "王站长".into(), reason: "演练".into() })), Input::JournalFailed]
    {
        let mut lane = gate();
        lane.put(out).put(card(RESIDENT, "王小明")).wait(30);
        assert!(lane.drafts.is_empty() && !lane.opened(), "{:?}", lane.drafts);
    }
}

#[test]
fn another_persons_card_neither_mends_nor_renames_whoever_was_taken() {
    let mut lane = gate();
    lane.put(card(RESIDENT, "王小明")).put(card(STRANGER, "李四"));
    lane.put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    let person = &lane.last_personal().people[0];
    assert_eq!(person.name, Some(Pii::new("王小明".to_owned())));
    assert_eq!(person.id_number, Some(Pii::new(RESIDENT.to_owned())));
}

#[test]
fn number_and_name_are_always_those_of_one_card() {
    let named = |lane: &Bench| lane.status().subject;
    let mut lane = strict();
    lane.put(card(STRANGER, "李四"));
    assert_eq!(lane.status().steps[0].state, StepState::NeedsAttendant { reason: Reason::NotOnRoster });
    assert_eq!(named(&lane).as_deref(), Some("李*"));
    // The same number typed again is the same person.
    lane.act(type_number(STRANGER));
    assert_eq!(named(&lane).as_deref(), Some("李*"));
    // Another number is not that of 李四.
    lane.act(type_number(RESIDENT)).act(Act::Attest(Attestation::Mask));
    let person = &lane.last_personal().people[0];
    assert_eq!((&person.name, &person.id_number), (&None, &Some(Pii::new(RESIDENT.to_owned()))));

    let mut lane = strict();
    lane.put(card(STRANGER, "李四")).put(card(RESIDENT, "王小明")).act(Act::Attest(Attestation::Mask));
    let person = &lane.last_personal().people[0];
    assert_eq!(person.name, Some(Pii::new("王小明".to_owned())));
    assert_eq!(person.id_number, Some(Pii::new(RESIDENT.to_owned())));
}

#[test]
fn the_card_of_whoever_answers_for_somebody_is_never_theirs() {
    let mut lane = gate();
    lane.line(Signal::Presence, Level::Active).act(Act::AwaitCompanion).put(card(RESIDENT, "王小明"));
    lane.put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
    let person = &lane.last_personal().people[0];
    assert_eq!((&person.name, &person.id_number), (&None, &None));
    assert!(person.companion.is_some());
}

#[test]
fn in_a_vehicle_a_card_is_that_of_whoever_is_served() {
    let mut lane = at(SubjectKind::Vehicle);
    lane.line(Signal::Presence, Level::Active).put(card(RESIDENT, "王小明"));
    assert!(lane.status().occupants.is_empty(), "nobody is served yet");
    lane.act(Act::TypePlate { text: Pii::new("京A12345".to_owned()), odd: OddPlate::Ask });
    lane.act(Act::DeclareOccupants(2));
    lane.put(card(RESIDENT, "王小明")).put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    lane.put(card(STRANGER, "李四"));
    let names: Vec<_> = lane.status().occupants.iter().map(|person| person.name.clone()).collect();
    assert_eq!(names, [Some("王*".to_owned()), Some("李*".to_owned())]);
}

fn gate() -> Bench {
    at(SubjectKind::Person)
}

/// A gate where an attendant decides about whomever the roster does not know: the next number may mend it.
fn strict() -> Bench {
    let file = r#"
[[profile]]
id = "gate"
title_zh = "门"
title_en = "Gate"
takes = "person"
directions = ["inbound", "outbound"]
session_timeout_s = 60
idle_timeout_s = 30
id_numbers = "full"
[[profile.step]]
kind = "credential"
unverified = "attendant"
roster_miss = "attendant"
timeout_s = 20
[[profile.step]]
kind = "attest"
what = "mask"
timeout_s = 20
"#;
    knowing(SubjectKind::Person, read_profiles("gate.toml", file).expect("sound"))
}

/// A residential gate.
fn at(takes: SubjectKind) -> Bench {
    knowing(takes, shipped_in("profiles/residential.toml").expect("shipped profiles are sound"))
}

/// A gate whose roster knows one of the two.
fn knowing(takes: SubjectKind, profiles: Vec<Profile>) -> Bench {
    let known = blinder().blind(IdentifierKind::IdNumber, RESIDENT);
    let roster = Roster::new([(known, Class::Resident)], Wall(1));
    Bench::knowing(Known { roster, ..Known::default() }, AreaMode::Normal, takes, profiles)
}

fn card(number: &str, name: &str) -> Input {
    let number = IdNumber::parse(&Pii::new(number.to_owned())).expect("a number");
    Input::IdCard(IdCard { number, name: Pii::new(name.to_owned()) })
}

fn type_number(number: &str) -> Act {
    Act::TypeIdNumber(Pii::new(number.to_owned()))
}
