//! A barrier that stands open: found so, said so, never closed unasked, and no way past the records.

use kakou::control::{Act, Aspect, BarrierState, Phase, Refused};
use kakou::engine::{Drive, Effect, Input};
use kakou::model::leak::Counted;
use kakou::model::{Attestation, Body, Class, Crossing, Level, Signal, SubjectKind, Verdict, Zone};

use crate::bench::{Bench, pass, temperature};

/// A lane whose barrier stood open when it started.
fn found_open() -> Bench {
    let mut lane = Bench::new(SubjectKind::Person);
    lane.put(Input::Started).wait(1).line(Signal::BarrierOpen, Level::Active);
    assert_eq!(*lane.last_body(), Body::FoundOpen);
    assert_eq!((lane.drafts.len(), lane.status().barrier), (1, BarrierState::StandsOpen));
    lane
}

fn closed(lane: &Bench) -> bool {
    lane.effects.contains(&Effect::Barrier(Drive::Close))
}

#[test]
fn a_barrier_found_open_stays_so_and_is_no_way_past_the_records() {
    let mut lane = found_open();
    lane.wait(600).put(pass(Class::Resident)).put(temperature(Zone::Below));
    assert_eq!((lane.status().lamp, lane.status().barrier), (Aspect::Wait, BarrierState::StandsOpen));
    lane.holds = true;
    lane.act(Act::Attest(Attestation::Mask));
    assert_eq!(lane.status().lamp, Aspect::Wait, "an open barrier is no admission");
    lane.release();
    assert_eq!((lane.last_passage().verdict, lane.status().lamp), (Verdict::Admitted, Aspect::Go));
    lane.line(Signal::Beam, Level::Active).wait(1).line(Signal::Beam, Level::Idle).wait(60);
    assert!(matches!(lane.last_body(), Body::Crossed { crossing: Crossing::Passed, .. }));
    assert_eq!((lane.status().phase, lane.status().barrier), (Phase::Idle, BarrierState::StandsOpen));
    assert!(!closed(&lane), "a key may hold it open: only a person closes it");
}

#[test]
fn a_barrier_that_is_at_neither_end_after_the_start_counts_as_found_open() {
    let mut lane = Bench::new(SubjectKind::Person);
    lane.put(Input::Started).wait(10);
    assert_eq!((lane.last_body(), lane.status().barrier), (&Body::FoundOpen, BarrierState::StandsOpen));
    let mut lane = Bench::new(SubjectKind::Person);
    lane.put(Input::Started).line(Signal::BarrierClosed, Level::Active).wait(10);
    assert!(lane.drafts.is_empty());
}

#[test]
fn an_attendant_closes_it_from_the_screen_by_name_and_never_on_somebody() {
    let mut lane = found_open();
    assert_eq!(lane.act_by(None, Act::CloseBarrier), Err(Refused::NeedsAttendant));
    lane.line(Signal::Beam, Level::Active);
    assert!(matches!(lane.act_by(Some("wang"), Act::CloseBarrier), Err(Refused::NotNow { .. })));
    assert!(!closed(&lane) && lane.drafts.len() == 1, "nothing was done and nothing recorded");
    lane.line(Signal::Beam, Level::Idle).act(Act::CloseBarrier);
    assert_eq!(*lane.last_body(), Body::ClosedByAttendant { by: "wang".parse().expect("a name") });
    assert!(closed(&lane));
    lane.line(Signal::BarrierOpen, Level::Idle).line(Signal::BarrierClosed, Level::Active);
    assert_eq!(lane.status().barrier, BarrierState::Closed);
    assert!(matches!(lane.act_by(Some("wang"), Act::CloseBarrier), Err(Refused::NotNow { .. })));
}

#[test]
fn it_is_closed_from_the_screen_while_somebody_is_served_or_nothing_can_be_recorded() {
    let mut lane = found_open();
    lane.put(pass(Class::Resident)).act(Act::CloseBarrier);
    assert_eq!((lane.status().phase, lane.status().barrier), (Phase::Steps, BarrierState::Closing));
    let mut lane = found_open();
    lane.put_undurable(Input::JournalFailed).act(Act::CloseBarrier);
    assert!(closed(&lane));
}

/// A resident comes to a lane whose barrier is down, and it opens for them.
fn let_through(lane: &mut Bench) {
    lane.line(Signal::BarrierOpen, Level::Idle).line(Signal::BarrierClosed, Level::Active).wait(60);
    lane.line(Signal::Presence, Level::Active).put(pass(Class::Resident)).put(temperature(Zone::Below));
    lane.act(Act::Attest(Attestation::Mask));
    assert_eq!(lane.last_passage().verdict, Verdict::Admitted);
    lane.line(Signal::BarrierClosed, Level::Idle).line(Signal::BarrierOpen, Level::Active);
}

fn blink(lane: &mut Bench, signal: Signal, first: Level, then: Level) {
    lane.line(signal, first).line(signal, then);
}

#[test]
fn what_goes_through_is_counted_beside_the_record() {
    for (far, followers) in [(true, 0), (true, 1), (false, 0), (false, 1)] {
        let mut lane = Bench::new(SubjectKind::Person);
        lane.put(Input::Started).line(Signal::BarrierClosed, Level::Active);
        if far {
            lane.line(Signal::PresenceInside, Level::Idle);
        }
        // What the first passage counted is not counted again at the second.
        for _ in 0..2 {
            let_through(&mut lane);
            for follower in 0..=followers {
                lane.line(Signal::Presence, Level::Idle);
                if follower < followers {
                    lane.line(Signal::Presence, Level::Active);
                }
                blink(&mut lane, Signal::Beam, Level::Active, Level::Idle);
                if far {
                    // Somebody who looks in from outside and goes away again is nobody who went through.
                    blink(&mut lane, Signal::Presence, Level::Active, Level::Idle);
                    blink(&mut lane, Signal::PresenceInside, Level::Active, Level::Idle);
                }
            }
            lane.wait(60);
            let counted = Some(Counted { beam: 1 + followers, beside: Some(1 + followers) });
            let crossing = if followers > 0 { Crossing::Followed } else { Crossing::Passed };
            let crossed = lane.drafts.iter().rev().find_map(|draft| {
                let Body::Crossed { crossing, counted, .. } = &draft.body else { return None };
                Some((*crossing, *counted))
            });
            assert_eq!(crossed, Some((crossing, counted)), "{far} {followers}");
        }
    }
}
