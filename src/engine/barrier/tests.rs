//! The barrier's cycle as scripts, and in random order.

use super::*;

const TIMES: Times = Times {
    travel_max: Duration::from_secs(5),
    pass_within: Duration::from_secs(15),
    clear_for: Duration::from_secs(1),
};

/// What a script does to the barrier at a second.
enum Do {
    Start,
    Open,
    /// Whether the attendant may.
    Close(bool),
    Line(Signal, Level),
    Expire,
}
use Do::{Close, Expire, Open, Start};

fn run(script: &[(u64, Do)]) -> (Vec<Event>, BarrierState) {
    let mut barrier = Barrier::new(TIMES);
    let mut events = Vec::new();
    for (second, act) in script {
        let now = Mono::from_millis(second * 1_000);
        match act {
            Start => barrier.start(now),
            Open => barrier.open(now, &mut events),
            Close(may) => assert_eq!(barrier.close(now, &mut events).is_ok(), *may, "at {second} s"),
            Do::Line(signal, level) => barrier.line(now, *signal, *level, &mut events),
            Expire => barrier.expire(now, &mut events),
        }
    }
    (events, barrier.state())
}

fn top() -> Do {
    Do::Line(Signal::BarrierOpen, Level::Active)
}
fn bottom() -> Do {
    Do::Line(Signal::BarrierClosed, Level::Active)
}
fn blocked() -> Do {
    Do::Line(Signal::Beam, Level::Active)
}
fn free() -> Do {
    Do::Line(Signal::Beam, Level::Idle)
}

#[test]
fn lets_one_subject_through_and_closes_behind_them() {
    let script = [(0, Open), (2, top()), (3, blocked()), (5, free()), (6, Expire), (8, bottom())];
    let (events, state) = run(&script);
    let drive_and_passed =
        [Event::Drive(Drive::Open), Event::Crossed(Crossing::Passed), Event::Drive(Drive::Close)];
    assert_eq!((events.as_slice(), state), (&drive_and_passed[..], BarrierState::Closed));
}

#[test]
fn closes_again_when_nobody_comes() {
    let (events, _) = run(&[(0, Open), (2, top()), (16, Expire), (17, Expire)]);
    assert_eq!(events[1..], [Event::Crossed(Crossing::DidNotPass), Event::Drive(Drive::Close)]);
}

#[test]
fn waits_as_long_as_something_is_below() {
    let (events, state) = run(&[(0, Open), (2, top()), (3, blocked()), (300, Expire)]);
    assert_eq!((events.len(), state), (1, BarrierState::Open));
}

#[test]
fn opens_again_when_the_boom_meets_something() {
    let script = [(0, Open), (2, top()), (3, blocked()), (4, free()), (5, Expire), (6, blocked())];
    let (events, state) = run(&script);
    assert_eq!(events.last(), Some(&Event::Drive(Drive::Open)));
    assert_eq!(state, BarrierState::Opening);
}

#[test]
fn tells_of_a_second_subject_on_one_opening() {
    let script =
        [(0, Open), (2, top()), (3, blocked()), (4, free()), (4, blocked()), (5, free()), (6, Expire)];
    assert!(run(&script).0.contains(&Event::Crossed(Crossing::Followed)));
}

#[test]
fn asks_a_late_barrier_once_more_and_then_calls_it_stuck() {
    let (events, state) = run(&[(0, Open), (5, Expire), (10, Expire)]);
    let asked_twice =
        [Event::Drive(Drive::Open), Event::Drive(Drive::Open), Event::Crossed(Crossing::BarrierStuck)];
    assert_eq!((events.as_slice(), state), (&asked_twice[..], BarrierState::Stuck));
}

#[test]
fn notices_an_opening_that_nobody_here_asked_for() {
    let (events, state) =
        run(&[(0, bottom()), (1, Do::Line(Signal::BarrierClosed, Level::Idle)), (3, top())]);
    assert_eq!((events.as_slice(), state), (&[Event::OpenedByHand][..], BarrierState::StandsOpen));
}

#[test]
fn what_stands_open_at_the_start_is_found_and_only_an_attendant_closes_it() {
    for found in [vec![(0, Start), (1, top())], vec![(0, Start), (5, Expire), (6, Expire)]] {
        let (events, state) = run(&found);
        assert_eq!((events.as_slice(), state), (&[Event::FoundOpen][..], BarrierState::StandsOpen));
    }
    let (events, state) = run(&[(0, Start), (1, bottom()), (900, Expire)]);
    assert_eq!((events.as_slice(), state), (&[][..], BarrierState::Closed));

    let (events, state) = run(&[(0, Start), (1, top()), (900, Expire), (901, Close(true)), (904, bottom())]);
    assert_eq!(events, [Event::FoundOpen, Event::Drive(Drive::Close)]);
    assert_eq!(state, BarrierState::Closed);
    run(&[(0, Start), (1, top()), (2, blocked()), (3, Close(false)), (4, free()), (5, Close(true))]);
    run(&[(0, Start), (1, bottom()), (2, Close(false)), (3, Open), (4, top()), (5, Close(false))]);
}

#[test]
fn a_barrier_that_stood_open_is_left_so_behind_who_was_let_through() {
    let script = [(0, top()), (1, Open), (2, blocked()), (3, free()), (4, Expire), (30, Expire)];
    let (events, state) = run(&script);
    assert_eq!(events, [Event::FoundOpen, Event::Crossed(Crossing::Passed)]);
    assert_eq!(state, BarrierState::StandsOpen);
}

#[test]
fn a_boom_that_meets_something_while_it_is_closed_from_the_screen_stands_open_again() {
    let script = [(0, top()), (1, Close(true)), (2, blocked()), (4, top()), (5, free()), (60, Expire)];
    let (events, state) = run(&script);
    assert_eq!(events, [Event::FoundOpen, Event::Drive(Drive::Close), Event::Drive(Drive::Open)]);
    assert_eq!(state, BarrierState::StandsOpen);
}

#[test]
fn a_stuck_barrier_is_closed_from_the_screen() {
    let (events, state) = run(&[(0, Open), (5, Expire), (10, Expire), (11, Close(true)), (13, bottom())]);
    assert_eq!((events.last(), state), (Some(&Event::Drive(Drive::Close)), BarrierState::Closed));
}

#[test]
fn never_closes_on_a_blocked_beam_nor_opens_unasked_in_any_order_of_inputs() {
    let mut random = crate::base::Random::new(1);
    for _ in 0..2_000 {
        let mut barrier = Barrier::new(TIMES);
        let (mut now, mut asked) = (Mono::ZERO, false);
        for _ in 0..60 {
            let mut events = Vec::new();
            now = now + Duration::from_millis(random.below(4_000));
            match random.below(9) {
                8 => asked |= barrier.close(now, &mut events).is_ok(),
                0 => {
                    asked = true;
                    barrier.open(now, &mut events);
                }
                1 => barrier.line(now, Signal::Beam, Level::Active, &mut events),
                2 => barrier.line(now, Signal::Beam, Level::Idle, &mut events),
                3 => barrier.line(now, Signal::BarrierOpen, Level::Active, &mut events),
                4 => barrier.line(now, Signal::BarrierClosed, Level::Active, &mut events),
                5 => barrier.line(now, Signal::BarrierClosed, Level::Idle, &mut events),
                _ => barrier.expire(now, &mut events),
            }
            for event in events {
                match event {
                    Event::Drive(Drive::Close) => assert_eq!(barrier.beam(), Level::Idle),
                    Event::Drive(Drive::Open) => assert!(asked, "opened unasked"),
                    Event::Crossed(_) | Event::OpenedByHand | Event::FoundOpen => {}
                }
            }
        }
    }
}
