//! A lane that the hub took out of service: it begins nothing by itself, and an emergency goes through all the same.

use kakou::config::profile_file::{read_profiles, shipped_in};
use kakou::control::{Act, Phase, Prompt, Refused, TakenOut};
use kakou::engine::Input;
use kakou::model::{
    AreaMode, Attestation, Body, Class, Crossing, Direction, Level, Reason, Signal, SubjectKind, Verdict,
    Zone,
};

use crate::bench::{Bench, pass, temperature};

fn taken_out() -> Input {
    Input::Service(Some(TakenOut { by: "王站长".into(), reason: "演练".into() }))
}

#[test]
fn a_lane_out_of_service_begins_nothing_by_itself_and_says_who_ordered_it() {
    let mut lane = Bench::new(SubjectKind::Person);
    lane.put(taken_out());
    lane.line(Signal::Presence, Level::Active).put(pass(Class::Resident)).put(Input::SeveralCodes).wait(30);
    let begin = Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound };
    let typed = Act::TypeIdNumber(kakou::base::Pii::new("510104199001010003".into()));
    for act in [begin, typed] {
        assert!(matches!(lane.act_by(Some("wang"), act), Err(Refused::NotNow { .. })));
    }
    assert!(lane.drafts.is_empty() && !lane.opened(), "{:?}", lane.drafts);
    let status = lane.status();
    assert_eq!((status.phase, status.prompt), (Phase::OutOfService, Prompt::OutOfService));
    assert_eq!(status.taken_out.map(|out| (out.by, out.reason)), Some(("王站长".into(), "演练".into())));
    lane.put(Input::Service(None));
    assert_eq!(lane.status().phase, Phase::Steps, "whoever stands there is served again");
    assert_eq!(lane.status().taken_out, None);
}

#[test]
fn an_emergency_goes_through_a_lane_that_is_out_of_service_at_an_attendants_word_only() {
    let mut lane = Bench::new(SubjectKind::Person);
    lane.put(taken_out());
    assert_eq!(lane.act_by(None, Act::Emergency), Err(Refused::NeedsAttendant));
    assert!(!lane.opened());
    lane.act(Act::Emergency);
    assert_eq!(lane.last_passage().verdict, Verdict::EmergencyAdmitted);
    assert!(lane.opened());
    lane.cross();
    assert!(matches!(lane.last_body(), Body::Crossed { crossing: Crossing::Passed, .. }));
    lane.put(pass(Class::Resident)).wait(10);
    assert_eq!(lane.status().phase, Phase::OutOfService, "and stays out for everybody else");
}

#[test]
fn who_is_at_the_lane_when_it_is_taken_out_is_served_to_the_end() {
    let mut lane = Bench::new(SubjectKind::Person);
    lane.put(pass(Class::Resident)).put(taken_out());
    assert_eq!(lane.status().phase, Phase::Steps);
    lane.put(temperature(Zone::Below)).act(Act::Attest(Attestation::Mask));
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
    assert!(lane.opened());
    lane.cross();
    assert_eq!(lane.status().phase, Phase::OutOfService);
    lane.put(Input::Service(None));
    assert_eq!(lane.status().phase, Phase::Idle);
    assert!(lane.last_passage().reasons.iter().all(|reason| *reason != Reason::TimedOut));
}

#[test]
fn a_mode_is_in_force_from_the_next_subject_on_and_never_within_a_passage() {
    let file = r#"
[[profile]]
id = "gate"
title_zh = "门"
title_en = "Gate"
takes = "person"
directions = ["inbound", "outbound"]
session_timeout_s = 60
idle_timeout_s = 30
[[profile.step]]
kind = "credential"
unverified = "attendant"
roster_miss = "register"
timeout_s = 20
[[profile.step]]
kind = "attest"
what = "mask"
timeout_s = 20
[profile.step.when]
modes = ["sealed"]
"#;
    let mut lane = Bench::with(SubjectKind::Person, read_profiles("gate.toml", file).unwrap());
    let steps = |lane: &Bench| lane.last_passage().steps.len();
    lane.line(Signal::Presence, Level::Active).put(Input::Mode(AreaMode::Sealed)).put(pass(Class::Resident));
    assert_eq!(
        (lane.last_passage().verdict, steps(&lane)),
        (Verdict::Admitted, 1),
        "it began under the usual rules"
    );
    lane.line(Signal::Presence, Level::Idle).cross().wait(10);
    lane.line(Signal::Presence, Level::Active).put(pass(Class::Resident));
    assert_eq!(
        lane.drafts.iter().filter(|draft| matches!(draft.body, Body::Passage(_))).count(),
        1,
        "one step is open"
    );
    lane.put(Input::Mode(AreaMode::Normal)).act(Act::Attest(Attestation::Mask));
    assert_eq!((lane.last_passage().verdict, steps(&lane)), (Verdict::Admitted, 2));
}

#[test]
fn whoever_is_asked_nothing_is_never_admitted_by_that() {
    // No file can say this: what reads it refuses it. The engine holds by itself.
    let mut profiles = shipped_in("profiles/residential.toml").unwrap();
    profiles.iter_mut().for_each(|profile| profile.steps.clear());
    let mut lane = Bench::with(SubjectKind::Person, profiles);
    lane.line(Signal::Presence, Level::Active).put(pass(Class::Resident)).wait(400);
    let admits = lane.passages().iter().any(|passage| passage.verdict.opens_barrier());
    assert!(!admits && !lane.opened(), "{:?}", lane.drafts);
}
