//! Several different codes in view: none of them is taken.

use kakou::control::{Phase, Prompt, StepState};
use kakou::engine::Input;
use kakou::model::{Class, SubjectKind};

use crate::bench::{Bench, pass};

#[test]
fn of_several_codes_none_is_taken_and_one_is_asked_for() {
    let mut lane = Bench::new(SubjectKind::Person);
    lane.put(Input::SeveralCodes);
    assert_eq!((lane.status().phase, lane.status().prompt), (Phase::Steps, Prompt::OneCode));
    assert_eq!(lane.status().steps[0].state, StepState::Asked);
    lane.put(pass(Class::Resident));
    assert_eq!((lane.status().class, lane.status().prompt), (Some(Class::Resident), Prompt::ShowForehead));
}

#[test]
fn a_code_taken_a_moment_before_others_came_into_view_no_longer_counts() {
    let mut lane = Bench::new(SubjectKind::Person);
    lane.put(pass(Class::Resident)).wait(1).put(Input::SeveralCodes);
    assert_eq!((lane.status().class, lane.status().subject.clone()), (Some(Class::Unknown), None));
    assert_eq!(lane.status().prompt, Prompt::OneCode);
    // Whoever is behind, with the next code in hand, undoes nothing.
    lane.put(pass(Class::Resident)).wait(2).put(Input::SeveralCodes);
    assert_eq!((lane.status().class, lane.status().prompt), (Some(Class::Resident), Prompt::ShowForehead));
}

#[test]
fn an_occupants_code_among_others_no_longer_counts_either() {
    use kakou::control::Act;
    use kakou::model::{Level, Signal};
    let mut lane = Bench::new(SubjectKind::Vehicle);
    lane.line(Signal::Presence, Level::Active).act(Act::DeclareOccupants(2));
    lane.put(pass(Class::Resident)).put(Input::SeveralCodes);
    assert_eq!(lane.status().occupants[0].class, Class::Unknown);
}

#[test]
fn a_code_shown_to_a_busy_lane_is_forgotten_when_others_come_beside_it() {
    let begun = |others: bool| {
        let mut lane = Bench::new(SubjectKind::Person);
        lane.put(pass(Class::Observed)).put(crate::bench::temperature(kakou::model::Zone::Refer));
        let reason = kakou::model::Reason::AttendantDecision;
        lane.act(kakou::control::Act::Decide { decision: kakou::control::Decision::Hold, reason });
        lane.wait(3).put(pass(Class::Resident));
        if others {
            lane.put(Input::SeveralCodes);
        }
        lane.wait(4).status().phase
    };
    assert_eq!((begun(false), begun(true)), (Phase::Steps, Phase::Idle));
}
