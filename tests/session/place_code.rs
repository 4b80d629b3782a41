//! The place code that was scanned and is shown back: it settles its own step, and nothing else.

use kakou::config::profile_file::shipped_in;
use kakou::control::{Act, LaneStatus, Phase, StepState};
use kakou::engine::Input;
use kakou::engine::replay::again;
use kakou::model::{
    Attestation, Class, Evidence, Passage, StepKind, StepOutcome, SubjectKind, Verdict, Zone,
};

use crate::bench::{Bench, pass, temperature};

fn venue() -> Bench {
    Bench::with(SubjectKind::Person, shipped_in("profiles/venue.toml").expect("shipped profiles are sound"))
}

fn state(lane: &Bench, id: &str) -> StepState {
    let LaneStatus { steps, .. } = lane.status();
    steps.iter().find(|step| step.id.as_str() == id).expect("a step").state.clone()
}

#[test]
fn a_place_code_settles_its_step_and_the_record_says_so_and_is_decided_again_the_same() {
    let mut lane = venue();
    lane.put(pass(Class::Resident)).put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    assert_eq!((state(&lane, "place-code"), lane.opened()), (StepState::Asked, false));
    lane.put(Input::PlaceCode);
    let passage = lane.last_passage();
    assert_eq!(passage.verdict, Verdict::Admitted);
    let step =
        passage.steps.iter().find(|step| step.id.as_ref().is_some_and(|id| id.as_str() == "place-code"));
    assert_eq!(step.expect("its name").outcome, StepOutcome::Done(Evidence::PlaceCode));
    let stored = minicbor::to_vec(passage).expect("a record");
    let stored: Passage = minicbor::decode(&stored).expect("a record");
    assert_eq!(&stored, passage);
    assert!(again(&stored, &lane.policy).is_ok());
}

#[test]
fn it_begins_nothing_is_no_credential_and_no_attempt() {
    let mut lane = venue();
    lane.put(Input::PlaceCode);
    assert_eq!(lane.status().phase, Phase::Idle);
    lane.act(Act::Begin { subject: SubjectKind::Person, direction: kakou::model::Direction::Inbound });
    for _ in 0..5 {
        lane.put(Input::PlaceCode);
    }
    assert_eq!((state(&lane, "mask"), state(&lane, "place-code")), (StepState::Asked, StepState::Done));
    assert_eq!((state(&lane, "credential"), state(&lane, "temperature")), (StepState::Open, StepState::Open));
    lane.act(Act::Attest(Attestation::Mask)).put(temperature(Zone::Below));
    assert!(!lane.opened(), "without a credential");
    lane.put(pass(Class::Resident));
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
    // Where no step asks for it, it is nothing at all.
    let mut lane = Bench::new(SubjectKind::Person);
    lane.act(Act::Begin { subject: SubjectKind::Person, direction: kakou::model::Direction::Inbound });
    let before = lane.status();
    lane.put(Input::PlaceCode);
    assert_eq!(lane.status(), before);
    assert!(before.steps.iter().all(|step| step.kind != StepKind::Attest || step.state != StepState::Done));
}

#[test]
fn a_mask_and_a_place_code_that_were_set_aside_are_told_apart_in_the_record() {
    let mut lane = venue();
    lane.put(pass(Class::Resident)).put(temperature(Zone::Below)).put(Input::PlaceCode);
    let [mask, reason] = ["mask", "small-child"].map(|name| name.parse().expect("a name"));
    lane.act(Act::Waive { step: mask, reason });
    assert!(again(lane.last_passage(), &lane.policy).is_ok());
    let mut lane = venue();
    lane.put(pass(Class::Resident)).put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    let [scan, reason] = ["place-code", "no-phone"].map(|name| name.parse().expect("a name"));
    lane.act(Act::Waive { step: scan, reason });
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
    assert!(again(lane.last_passage(), &lane.policy).is_ok());
}
