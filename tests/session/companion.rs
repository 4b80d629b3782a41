//! A child, or an old person without a telephone: whoever came with them answers, on record and never as them.

use kakou::base::{Pii, Wall};
use kakou::config::profile_file::shipped_in;
use kakou::config::roster::Roster;
use kakou::control::{Act, CompanionStatus, Decision, Phase, Prompt, Refused, StepState};
use kakou::engine::Input;
use kakou::engine::replay::again;
use kakou::model::blind::IdentifierKind;
use kakou::model::{
    AreaMode, Attestation, Authenticity, Class, Currency, Direction, Evidence, Level, Reason, Signal,
    StepOutcome, SubjectKind, Verdict, Zone,
};

use crate::bench::{Bench, Known, blinder, code, pass, temperature};

const NUMBER: &str = "110101199001010015";

/// Somebody at a residential gate inbound, who shows nothing.
fn child() -> Bench {
    let mut lane = at_gate(Roster::default());
    lane.act(Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound });
    lane
}

fn at_gate(roster: Roster) -> Bench {
    let profiles = shipped_in("profiles/residential.toml").expect("shipped profiles are sound");
    Bench::knowing(Known { roster, ..Known::default() }, AreaMode::Normal, SubjectKind::Person, profiles)
}

#[test]
fn a_child_passes_by_a_companions_pass_which_is_on_record_as_the_companions_only() {
    let mut lane = child();
    assert_eq!(lane.status().companion, Some(CompanionStatus::MayAnswer));
    lane.act(Act::AwaitCompanion);
    assert_eq!(
        (lane.status().companion.clone(), lane.status().prompt),
        (Some(CompanionStatus::Awaited), Prompt::CompanionCode)
    );
    lane.put(pass(Class::Resident));
    let status = lane.status();
    assert!(
        matches!(&status.companion, Some(CompanionStatus::Answers { name: Some(_) })),
        "{:?}",
        status.companion
    );
    assert_eq!(
        (status.class, status.subject.clone()),
        (Some(Class::Resident), None),
        "what they are, not who"
    );
    assert!(lane.recalls.is_empty(), "a companion's earlier passages are not theirs");
    lane.put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    let passage = lane.last_passage().clone();
    assert_eq!(passage.verdict, Verdict::Admitted);
    let by = "wang".parse().expect("a name");
    let answered = Evidence::Attested { by, what: Attestation::Companion, colour: None };
    assert_eq!(passage.steps[0].outcome, StepOutcome::Done(answered));
    again(&passage, &lane.policy).expect("decided again alike");
    let person = &lane.last_personal().people[0];
    let companion = person.companion.as_ref().expect("on record");
    assert!(companion.pass.is_some() && companion.name.is_some());
    assert_eq!((&person.pass, &person.name, &person.id_number), (&None, &None, &None));
    assert!(lane.opened());
}

#[test]
fn a_companion_without_a_telephone_answers_by_a_number_that_the_roster_knows_and_by_no_other() {
    let known = blinder().blind(IdentifierKind::IdNumber, NUMBER);
    let begin = || {
        let mut lane = at_gate(Roster::new([(known, Class::Resident)], Wall(1)));
        lane.act(Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound });
        lane.act(Act::AwaitCompanion);
        lane
    };
    let typed = |number: &str| Act::TypeIdNumber(Pii::new(number.to_owned()));
    let mut lane = begin();
    lane.act(typed(NUMBER)).put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
    let person = &lane.last_personal().people[0];
    let number = |text: &Option<Pii<String>>| text.as_ref().map(|text| text.expose().clone());
    let companion = person.companion.as_ref().expect("on record");
    assert_eq!((number(&companion.id_number).as_deref(), number(&person.id_number)), (Some(NUMBER), None));

    let mut lane = begin();
    lane.act(typed("11010519491231002X"));
    assert_eq!(lane.status().steps[0].state, StepState::NeedsAttendant { reason: Reason::NotOnRoster });
    assert_eq!(
        (lane.status().class, lane.status().companion.clone()),
        (Some(Class::Unknown), Some(CompanionStatus::Awaited))
    );
}

#[test]
fn nobody_answers_with_a_pass_that_is_none_or_unless_an_attendant_says_so() {
    for (authentic, current) in [
        (Authenticity::Genuine, Currency::Expired),
        (Authenticity::Forged, Currency::Unknown),
        (Authenticity::Unverified, Currency::Unknown),
    ] {
        let mut lane = child();
        lane.act(Act::AwaitCompanion).put(code(authentic, current));
        let state = lane.status().steps[0].state.clone();
        assert!(!matches!(state, StepState::Done), "{authentic:?} {current:?}: {state:?}");
        assert_ne!(lane.status().class, Some(Class::Resident));
    }
    let mut lane = child();
    assert_eq!(lane.act_by(None, Act::AwaitCompanion), Err(Refused::NeedsAttendant));
    assert!(matches!(lane.act_by(Some("wang"), Act::NoCompanion), Err(Refused::NotNow { .. })));
    assert!(
        lane.act_by(Some("wang"), Act::Attest(Attestation::Companion)).is_err(),
        "without a companion's pass nobody attests one"
    );
    // They have a pass of their own after all.
    lane.act(Act::AwaitCompanion).act(Act::NoCompanion).put(pass(Class::Resident));
    lane.put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    let person = &lane.last_personal().people[0];
    assert!(person.pass.is_some() && person.companion.is_none());
    // Where the profile lets nobody answer, the screens offer it to nobody.
    let mut profiles = shipped_in("profiles/construction.toml").expect("shipped profiles are sound");
    profiles.retain(|profile| {
        profile.id.as_str() == "site-visitor-in" || profile.id.as_str() == "site-worker-in"
    });
    let mut lane = Bench::in_mode(AreaMode::Normal, SubjectKind::Person, profiles);
    lane.act(Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound });
    assert_eq!(lane.status().companion, None);
    assert!(matches!(lane.act_by(Some("wang"), Act::AwaitCompanion), Err(Refused::NotNow { .. })));
}

#[test]
fn a_companions_code_among_others_no_longer_counts_and_is_waited_for_again() {
    let mut lane = child();
    lane.act(Act::AwaitCompanion).put(pass(Class::Resident)).wait(1).put(Input::SeveralCodes);
    let status = lane.status();
    assert_eq!(
        (status.class, status.companion.clone()),
        (Some(Class::Unknown), Some(CompanionStatus::Awaited))
    );
    lane.put(pass(Class::Worker));
    assert_eq!(lane.status().class, Some(Class::Worker));
}

#[test]
fn a_child_in_a_car_has_a_companion_as_well_and_the_next_occupant_none() {
    let profiles = shipped_in("profiles/residential.toml").expect("shipped profiles are sound");
    let mut lane = Bench::in_mode(AreaMode::Normal, SubjectKind::Vehicle, profiles);
    lane.line(Signal::Presence, Level::Active).act(Act::DeclareOccupants(2));
    lane.act(Act::AwaitCompanion).put(pass(Class::Resident)).put(temperature(Zone::Below));
    lane.act(Act::Attest(Attestation::Mask));
    let status = lane.status();
    assert_eq!((status.occupants[0].settled, status.occupants[1].settled), (true, false));
    assert_eq!(status.companion, Some(CompanionStatus::MayAnswer), "of the next one");
    assert_eq!(status.phase, Phase::Steps);
    lane.act(Act::Decide { decision: Decision::TurnBack, reason: Reason::AttendantDecision });
    let people = &lane.last_personal().people;
    assert!(people[0].companion.is_some() && people.get(1).is_none_or(|next| next.companion.is_none()));
}
