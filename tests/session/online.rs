//! Codes that only their issuer can judge: nobody is let in by one but on its issuer's word, given now.

use kakou::base::{Pii, Wall};
use kakou::config::Ask;
use kakou::config::profile_file::shipped_in;
use kakou::config::step_rule::Unverified;
use kakou::control::{Act, Prompt, StepState};
use kakou::engine::replay::again;
use kakou::engine::{Effect, Input, Ticket};
use kakou::model::{
    Attestation, Authenticity, Class, Credential, CredentialKind, Currency, Evidence, OnlineAnswer,
    OnlineResult, Reason, StepOutcome, SubjectKind, Unanswered, Verdict, Zone,
};

use crate::bench::{Bench, code, pass, temperature};

const HEALTH_CODE: &str = "https://code.example/abc?t=123";

/// The residential gate, where the issuer of health codes is asked about them.
fn gate(unverified: Unverified) -> Bench {
    let mut profiles = shipped_in("profiles/residential.toml").expect("shipped profiles are sound");
    for rule in profiles.iter_mut().flat_map(|profile| &mut profile.steps) {
        if let Ask::Credential { ask_hub, unverified: what, .. } = &mut rule.ask {
            *ask_hub = vec!["https://code.example/".to_owned()];
            *what = unverified;
        }
    }
    Bench::with(SubjectKind::Person, profiles)
}

/// A code as a lane takes it that asks about such ones.
fn shown(text: &str) -> Input {
    let Input::Presented(unverified) = code(Authenticity::Unverified, Currency::Unknown) else {
        unreachable!("a code is presented")
    };
    let online = Some(Pii::new(text.to_owned()));
    Input::Presented(Credential { kind: CredentialKind::Url, holder: None, online, ..unverified })
}

fn says(result: OnlineResult) -> Result<OnlineAnswer, Unanswered> {
    let adapter = "gate-api".parse().expect("a name");
    let name = Some(Pii::new("王*".to_owned()));
    Ok(OnlineAnswer { adapter, result, expires: Some(Wall(0)), name, id: None })
}

/// The questions so far.
fn questions(lane: &Bench) -> Vec<(Ticket, String)> {
    let question = |effect: &Effect| match effect {
        Effect::AskIssuer { ticket, code } => Some((*ticket, code.expose().clone())),
        Effect::Append { .. }
        | Effect::Recall { .. }
        | Effect::Barrier(_)
        | Effect::Lamp(_)
        | Effect::Spray(_)
        | Effect::Prompt(_)
        | Effect::Screen(_) => None,
    };
    lane.effects.iter().filter_map(question).collect()
}

fn asked(lane: &mut Bench) -> Ticket {
    lane.put(shown(HEALTH_CODE));
    let questions = questions(lane);
    assert_eq!(questions.len(), 1);
    assert_eq!(questions[0].1, HEALTH_CODE);
    questions[0].0
}

fn first(lane: &Bench) -> StepState {
    lane.status().steps[0].state.clone()
}

#[test]
fn a_positive_answer_settles_the_step_and_is_on_record_as_the_issuers() {
    let mut lane = gate(Unverified::Attendant);
    let ticket = asked(&mut lane);
    assert_eq!((first(&lane), lane.status().prompt), (StepState::Asked, Prompt::OneMoment));
    assert!(lane.act_by(Some("wang"), Act::Attest(Attestation::UnverifiedCredential)).is_err());
    lane.put(Input::Issuer { ticket, answer: says(OnlineResult::Positive) });
    assert_eq!(first(&lane), StepState::Done);
    assert_eq!(lane.status().subject.as_deref(), Some("王*"));
    lane.put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    let (kind, authentic) = (CredentialKind::OnlineCode, Authenticity::Genuine);
    let evidence = Evidence::Credential { kind, authentic, current: Currency::Current };
    let record = &lane.passages().last().copied().cloned();
    if let Some(passage) = record {
        assert_eq!(passage.steps[0].outcome, StepOutcome::Done(evidence));
        again(passage, &lane.policy).expect("decided again alike");
    } else {
        // A stranger registers as well; the step is what it is.
        assert!(lane.status().steps.iter().any(|step| step.state == StepState::Asked));
    }
    let written = format!("{:?}", lane.drafts);
    assert!(!written.contains("code.example"), "the code itself is nowhere");
}

#[test]
fn anything_but_an_explicit_positive_lets_nobody_in() {
    for (answer, state) in [
        (says(OnlineResult::Negative), StepState::Failed { reason: Reason::CredentialNotAdmissible }),
        (says(OnlineResult::Expired), StepState::Failed { reason: Reason::CredentialExpired }),
        (says(OnlineResult::Invalid), StepState::Failed { reason: Reason::CredentialForged }),
        (Err(Unanswered::NoAdapter), StepState::NeedsAttendant { reason: Reason::IssuerUnanswered }),
        (Err(Unanswered::Unreachable), StepState::NeedsAttendant { reason: Reason::IssuerUnanswered }),
        (Err(Unanswered::NotUnderstood), StepState::NeedsAttendant { reason: Reason::IssuerUnanswered }),
        (Err(Unanswered::Busy), StepState::NeedsAttendant { reason: Reason::IssuerUnanswered }),
    ] {
        let mut lane = gate(Unverified::Attendant);
        let ticket = asked(&mut lane);
        lane.put(Input::Issuer { ticket, answer: answer.clone() });
        assert_eq!(first(&lane), state, "{answer:?}");
        lane.put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
        assert!(!lane.opened());
        // A pass of the hub mends it.
        lane.put(pass(Class::Resident));
        assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
    }
    let mut lane = gate(Unverified::Refuse);
    let ticket = asked(&mut lane);
    lane.put(Input::Issuer { ticket, answer: Err(Unanswered::Unreachable) });
    assert_eq!(first(&lane), StepState::Failed { reason: Reason::IssuerUnanswered });
}

#[test]
fn without_an_answer_in_time_an_attendant_looks_and_what_comes_later_is_nobodys() {
    let mut lane = gate(Unverified::Attendant);
    let ticket = asked(&mut lane);
    lane.wait(4);
    assert_eq!(first(&lane), StepState::Asked);
    lane.wait(2);
    assert_eq!(first(&lane), StepState::NeedsAttendant { reason: Reason::IssuerUnanswered });
    lane.put(Input::Issuer { ticket, answer: says(OnlineResult::Positive) });
    assert_eq!(first(&lane), StepState::NeedsAttendant { reason: Reason::IssuerUnanswered });
    lane.act(Act::Attest(Attestation::UnverifiedCredential));
    assert_eq!(first(&lane), StepState::Done, "the way through without it");
}

#[test]
fn an_answer_about_one_person_is_never_the_next_ones() {
    let mut lane = gate(Unverified::Attendant);
    let ticket = asked(&mut lane);
    lane.act(Act::Leave).wait(10);
    lane.put(shown(HEALTH_CODE));
    lane.put(Input::Issuer { ticket, answer: says(OnlineResult::Positive) });
    assert_eq!(first(&lane), StepState::Asked, "that was asked about somebody else");
    let second = questions(&lane)[1].0;
    assert_ne!(ticket, second);
    lane.put(Input::Issuer { ticket: second, answer: says(OnlineResult::Positive) });
    assert_eq!(first(&lane), StepState::Done);
}

#[test]
fn one_code_is_asked_about_once_another_instead_of_it_and_none_when_several_are_in_view() {
    let mut lane = gate(Unverified::Attendant);
    let ticket = asked(&mut lane);
    lane.put(shown(HEALTH_CODE));
    assert_eq!(questions(&lane).len(), 1, "it is held up still");
    lane.put(shown("https://code.example/other"));
    assert_eq!(questions(&lane).len(), 2);
    lane.put(Input::Issuer { ticket, answer: says(OnlineResult::Positive) });
    assert_eq!(first(&lane), StepState::Asked, "the first one is not what is shown now");
    let second = questions(&lane)[1].0;
    lane.put(Input::SeveralCodes);
    lane.put(Input::Issuer { ticket: second, answer: says(OnlineResult::Positive) });
    assert_ne!(first(&lane), StepState::Done, "whose code that was nobody knows");
    // What was shown alone, and longer ago, stays what it was.
    let mut lane = gate(Unverified::Attendant);
    let ticket = asked(&mut lane);
    lane.wait(3).put(Input::SeveralCodes).put(Input::Issuer { ticket, answer: says(OnlineResult::Positive) });
    assert_eq!(first(&lane), StepState::Done);
    // What was settled a moment before others came into view is taken back as any other.
    let mut lane = gate(Unverified::Attendant);
    let ticket = asked(&mut lane);
    lane.put(Input::Issuer { ticket, answer: says(OnlineResult::Positive) }).put(Input::SeveralCodes);
    assert_ne!(first(&lane), StepState::Done);
    assert_eq!(lane.status().subject, None);
}

#[test]
fn where_the_step_does_not_ask_about_such_codes_they_are_what_they_were() {
    let mut lane = gate(Unverified::Attendant);
    lane.put(shown("https://elsewhere.example/abc"));
    assert!(questions(&lane).is_empty());
    assert_eq!(first(&lane), StepState::NeedsAttendant { reason: Reason::CredentialUnverified });
}
