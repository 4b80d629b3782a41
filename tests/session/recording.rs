//! A journal that answers late, or says no: nothing opens by it, and nothing stays stuck.

use kakou::base::Mono;
use kakou::control::{Act, Decision, Phase, Prompt, Trouble};
use kakou::engine::Input;
use kakou::model::{Attestation, Body, Class, Crossing, Level, Reason, Signal, SubjectKind, Verdict, Zone};

use crate::bench::{Bench, pass, temperature};

fn mask() -> Act {
    Act::Attest(Attestation::Mask)
}

fn admit() -> Act {
    Act::Decide { decision: Decision::Admit, reason: Reason::AttendantDecision }
}

/// A resident with every step done, whose admission waits for the journal.
fn recording() -> Bench {
    let mut lane = Bench::new(SubjectKind::Person);
    lane.put(pass(Class::Resident)).put(temperature(Zone::Below));
    lane.holds = true;
    lane.act(mask());
    assert_eq!((lane.status().phase, lane.status().prompt), (Phase::Recording, Prompt::OneMoment));
    lane
}

#[test]
fn a_verdict_that_cannot_be_written_opens_nothing_and_a_person_decides_again() {
    let mut lane = recording();
    lane.refuse();
    let status = lane.status();
    assert_eq!((status.phase, status.prompt), (Phase::Referred, Prompt::SeeAttendant));
    assert_eq!((status.trouble, status.verdict), (Some(Trouble::NotRecorded), None));
    lane.release();
    assert!(!lane.opened(), "nothing is decided by itself any more");
    assert_eq!(lane.passages().len(), 1);
    lane.act(admit());
    assert_eq!((lane.last_passage().verdict, lane.last_passage().follows), (Verdict::Admitted, None));
    assert!(lane.opened() && lane.status().trouble.is_none());
}

#[test]
fn what_nobody_decides_again_is_given_up_and_the_lane_is_free() {
    let mut lane = recording();
    lane.refuse().wait(59);
    assert_eq!(lane.status().phase, Phase::Referred);
    lane.wait(1);
    let last = lane.drafts.last().expect("another try");
    assert!(matches!(&last.body, Body::Passage(passage) if passage.verdict == Verdict::Abandoned));
    assert!(last.personal.is_none(), "the last try carries the least");
    lane.refuse();
    assert_eq!((lane.status().phase, lane.status().trouble), (Phase::Ended, Some(Trouble::NotRecorded)));
    let tried = lane.drafts.len();
    lane.wait(600);
    assert_eq!((lane.status().phase, lane.drafts.len()), (Phase::Idle, tried), "and not tried for ever");
    assert!(!lane.opened());
}

#[test]
fn an_admission_that_is_durable_in_time_opens() {
    let mut lane = recording();
    lane.wait(9).release();
    assert!(lane.opened());
}

#[test]
fn an_admission_that_is_durable_minutes_later_opens_nothing_for_whoever_stands_there_then() {
    let mut lane = recording();
    lane.wait(11);
    let status = lane.status();
    assert_eq!((status.phase, status.prompt), (Phase::Recording, Prompt::WaitForAttendant));
    assert_eq!(status.trouble, Some(Trouble::RecordLate));
    lane.wait(180).release();
    assert!(!lane.opened());
    assert!(matches!(lane.last_body(), Body::Crossed { crossing: Crossing::DidNotPass, .. }));
    let status = lane.status();
    assert_eq!((status.phase, status.prompt), (Phase::Ended, Prompt::SeeAttendant));
    assert_eq!(status.trouble, Some(Trouble::NotOpened));
    lane.wait(7);
    assert_eq!(lane.status().phase, Phase::Idle);
}

#[test]
fn being_late_is_a_matter_of_time_and_not_of_who_noticed() {
    let mut lane = recording();
    lane.now = Mono::from_millis(lane.now.as_millis() + 10_000);
    lane.release();
    assert!(!lane.opened());
}

#[test]
fn a_late_referral_is_a_referral_all_the_same() {
    let mut lane = Bench::new(SubjectKind::Person);
    lane.put(pass(Class::Resident));
    lane.holds = true;
    lane.put(temperature(Zone::Refer)).wait(60).release();
    assert_eq!((lane.status().phase, lane.status().trouble), (Phase::Referred, None));
}

#[test]
fn a_late_arrival_calls_the_attendant_and_goes_on_once_it_is_durable() {
    let mut lane = Bench::new(SubjectKind::Person);
    lane.holds = true;
    lane.put(pass(Class::Resident)).wait(9);
    assert_eq!(lane.status().trouble, None);
    lane.wait(1);
    assert_eq!(
        (lane.status().trouble, lane.status().prompt),
        (Some(Trouble::RecordLate), Prompt::WaitForAttendant)
    );
    lane.release();
    assert_eq!((lane.status().trouble, lane.status().prompt), (None, Prompt::ShowForehead));
    lane.put(temperature(Zone::Below)).act(mask());
    assert!(lane.opened());
}

#[test]
fn a_verdict_that_waited_for_the_arrival_too_long_opens_nothing_either() {
    for (seconds, opens) in [(9, true), (11, false)] {
        let mut lane = Bench::new(SubjectKind::Person);
        lane.holds = true;
        lane.put(pass(Class::Resident)).put(temperature(Zone::Below)).act(mask());
        lane.wait(seconds).release();
        assert_eq!((lane.last_passage().verdict, lane.opened()), (Verdict::Admitted, opens), "{seconds} s");
    }
}

#[test]
fn evidence_that_came_while_nothing_could_be_recorded_opens_nothing_later() {
    let mut lane = Bench::new(SubjectKind::Person);
    lane.put(pass(Class::Resident)).act(mask());
    lane.put(Input::JournalFailed).put(temperature(Zone::Below)).wait(30).put(Input::JournalRestored);
    assert_eq!((lane.last_passage().verdict, lane.opened()), (Verdict::Admitted, false));
}

#[test]
fn an_arrival_that_cannot_be_written_is_tried_anew_as_long_as_somebody_is_there() {
    let mut lane = Bench::new(SubjectKind::Person);
    lane.holds = true;
    lane.line(Signal::Presence, Level::Active).put(pass(Class::Resident)).act(mask());
    lane.put(temperature(Zone::Below)).refuse();
    let status = lane.status();
    assert_eq!((status.phase, status.trouble), (Phase::Ended, Some(Trouble::NotRecorded)));
    assert_eq!(status.prompt, Prompt::SeeAttendant);
    lane.release().wait(7);
    assert_eq!((lane.status().phase, lane.status().trouble), (Phase::Steps, None));
    assert_eq!(lane.drafts.len(), 2, "two arrivals and nothing else");
    assert!(!lane.opened());
}

#[test]
fn a_refusal_of_what_nothing_waits_for_changes_nothing() {
    let mut lane = recording();
    lane.release().cross();
    lane.holds = true;
    lane.line(Signal::BarrierClosed, Level::Idle).refuse();
    assert_eq!(*lane.last_body(), Body::OpenedByHand);
    assert_eq!((lane.status().phase, lane.status().trouble), (Phase::Idle, None));
}
