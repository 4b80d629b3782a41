//! The barrier's cycle: open for one durable admission, let one subject through, close when nothing is below.
//!
//! ```text
//!            open()                upper end              beam blocked
//!   Closed ─────────▶ Opening ───────────────▶ Waiting ───────────────▶ Below
//!     ▲   late: again, then Stuck                 │ nobody in time        │ beam free
//!     │                                           ▼                       ▼
//!     └──lower end── Closing ◀──────────────── (close) ◀──free for a while── Clearing
//!                       └── beam blocked: Opening again
//! ```
//!
//! Invariants: it never asks to close while the beam is blocked; it never asks to open unless
//! [`open`](Barrier::open) was called for this cycle, or to let go of what a closing boom met.

use std::time::Duration;

use crate::base::Mono;
use crate::control::BarrierState;
use crate::model::{Crossing, Level, Signal};

/// How long a barrier takes and waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Longest travel from one end to the other before it counts as late.
    pub travel_max: Duration,
    /// How long an open barrier waits for the subject.
    pub pass_within: Duration,
    /// How long the beam must be free before the barrier closes.
    pub clear_for: Duration,
}

/// What the barrier's drive is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drive {
    /// Open.
    Open,
    /// Close.
    Close,
}

/// What the lane learns from the barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Ask the drive.
    Drive(Drive),
    /// The cycle is over as far as the subject is concerned.
    Crossed(Crossing),
    /// It stands open though nobody here asked for it.
    OpenedByHand,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    Opening { by: Mono, tries: u8 },
    Waiting { until: Mono },
    Below,
    Clearing { until: Mono },
    Closing { by: Mono, tries: u8 },
    OpenUnasked,
    Stuck,
}

const TRIES_MAX: u8 = 2;

/// The barrier of one lane.
#[derive(Clone, Debug)]
pub struct Barrier {
    times: Times,
    state: State,
    beam: Level,
    /// Beam interruptions in this cycle; more than one means that somebody followed.
    crossings: u8,
    /// Whether this cycle's outcome has been told.
    told: bool,
}

impl Barrier {
    /// A barrier taken to be closed until an end switch says otherwise.
    pub fn new(times: Times) -> Self {
        Self { times, state: State::Closed, beam: Level::Idle, crossings: 0, told: true }
    }

    /// Position for the screens.
    pub fn state(&self) -> BarrierState {
        match self.state {
            State::Closed => BarrierState::Closed,
            State::Opening { .. } => BarrierState::Opening,
            State::Waiting { .. } | State::Below | State::Clearing { .. } | State::OpenUnasked => {
                BarrierState::Open
            }
            State::Closing { .. } => BarrierState::Closing,
            State::Stuck => BarrierState::Stuck,
        }
    }

    /// Whether something is below.
    pub fn beam(&self) -> Level {
        self.beam
    }

    /// Begins a cycle. The caller vouches that the admission is durable.
    pub fn open(&mut self, now: Mono, events: &mut Vec<Event>) {
        self.crossings = 0;
        self.told = false;
        match self.state {
            State::OpenUnasked | State::Waiting { .. } | State::Clearing { .. } => self.wait(now),
            State::Below => {}
            State::Closed | State::Opening { .. } | State::Closing { .. } | State::Stuck => {
                self.drive_open(now, 1, events);
            }
        }
    }

    /// Takes a change of an input line. Lines that are none of the barrier's are ignored.
    pub fn line(&mut self, now: Mono, signal: Signal, level: Level, events: &mut Vec<Event>) {
        match (signal, level) {
            (Signal::Beam, _) => self.beam_changed(now, level, events),
            (Signal::BarrierOpen, Level::Active) => self.reached_top(now, events),
            (Signal::BarrierClosed, Level::Active) => self.reached_bottom(now, events),
            (Signal::BarrierClosed, Level::Idle) => self.left_bottom(events),
            (Signal::BarrierOpen, Level::Idle)
            | (Signal::Presence | Signal::PresenceInside | Signal::Button, Level::Active | Level::Idle) => {}
        }
    }

    /// When [`expire`](Self::expire) must be called.
    pub fn deadline(&self) -> Option<(Mono, &'static str)> {
        match self.state {
            State::Opening { by, .. } => Some((by, "barrier should be open by now")),
            State::Closing { by, .. } => Some((by, "barrier should be closed by now")),
            State::Waiting { until } => Some((until, "nobody came through")),
            State::Clearing { until } => Some((until, "beam is free, barrier may close")),
            State::Closed | State::Below | State::OpenUnasked | State::Stuck => None,
        }
    }

    /// Acts on a deadline that `now` has reached. Calling early does nothing.
    pub fn expire(&mut self, now: Mono, events: &mut Vec<Event>) {
        if self.deadline().is_none_or(|(at, _)| now < at) {
            return;
        }
        match self.state {
            State::Opening { tries, .. } if tries < TRIES_MAX => self.drive_open(now, tries + 1, events),
            State::Closing { tries, .. } if tries < TRIES_MAX => self.drive_close(now, tries + 1, events),
            State::Opening { .. } | State::Closing { .. } => {
                self.state = State::Stuck;
                self.tell(Crossing::BarrierStuck, events);
            }
            State::Waiting { .. } => {
                self.tell(Crossing::DidNotPass, events);
                self.drive_close(now, 1, events);
            }
            State::Clearing { .. } => {
                let crossing = if self.crossings > 1 { Crossing::Followed } else { Crossing::Passed };
                self.tell(crossing, events);
                self.drive_close(now, 1, events);
            }
            State::Closed | State::Below | State::OpenUnasked | State::Stuck => {}
        }
    }

    fn beam_changed(&mut self, now: Mono, level: Level, events: &mut Vec<Event>) {
        if level == self.beam {
            return;
        }
        self.beam = level;
        match (level, self.state) {
            (Level::Active, State::Waiting { .. } | State::Clearing { .. }) => {
                self.crossings = self.crossings.saturating_add(1);
                self.state = State::Below;
            }
            // The boom met something: up again, and what follows is counted as before.
            (Level::Active, State::Closing { .. }) => {
                self.crossings = self.crossings.saturating_add(1);
                self.drive_open(now, 1, events);
            }
            (Level::Idle, State::Below) => self.state = State::Clearing { until: now + self.times.clear_for },
            (
                Level::Active,
                State::Closed | State::Opening { .. } | State::Below | State::OpenUnasked | State::Stuck,
            )
            | (
                Level::Idle,
                State::Closed
                | State::Opening { .. }
                | State::Waiting { .. }
                | State::Clearing { .. }
                | State::Closing { .. }
                | State::OpenUnasked
                | State::Stuck,
            ) => {}
        }
    }

    fn reached_top(&mut self, now: Mono, events: &mut Vec<Event>) {
        match self.state {
            State::Opening { .. } => self.wait(now),
            State::Closed | State::Stuck => self.stands_open(events),
            // A boom that is only just leaving its upper end.
            State::Closing { .. }
            | State::Waiting { .. }
            | State::Below
            | State::Clearing { .. }
            | State::OpenUnasked => {}
        }
    }

    fn reached_bottom(&mut self, now: Mono, events: &mut Vec<Event>) {
        match self.state {
            State::Closing { .. } | State::Stuck | State::OpenUnasked => self.state = State::Closed,
            // Somebody pressed it down while a subject was admitted: ask again.
            State::Waiting { .. } => self.drive_open(now, 1, events),
            State::Clearing { .. } | State::Below => {
                self.tell(Crossing::Passed, events);
                self.state = State::Closed;
            }
            State::Closed | State::Opening { .. } => {}
        }
    }

    fn left_bottom(&mut self, events: &mut Vec<Event>) {
        match self.state {
            State::Closed => self.stands_open(events),
            State::Opening { .. }
            | State::Waiting { .. }
            | State::Below
            | State::Clearing { .. }
            | State::Closing { .. }
            | State::OpenUnasked
            | State::Stuck => {}
        }
    }

    fn stands_open(&mut self, events: &mut Vec<Event>) {
        self.state = State::OpenUnasked;
        events.push(Event::OpenedByHand);
    }

    fn wait(&mut self, now: Mono) {
        self.state = match self.beam {
            Level::Active => {
                self.crossings = self.crossings.saturating_add(1);
                State::Below
            }
            Level::Idle if self.told => State::Clearing { until: now + self.times.clear_for },
            Level::Idle => State::Waiting { until: now + self.times.pass_within },
        };
    }

    fn drive_open(&mut self, now: Mono, tries: u8, events: &mut Vec<Event>) {
        self.state = State::Opening { by: now + self.times.travel_max, tries };
        events.push(Event::Drive(Drive::Open));
    }

    fn drive_close(&mut self, now: Mono, tries: u8, events: &mut Vec<Event>) {
        if self.beam == Level::Active {
            self.state = State::Below;
            return;
        }
        self.state = State::Closing { by: now + self.times.travel_max, tries };
        events.push(Event::Drive(Drive::Close));
    }

    fn tell(&mut self, crossing: Crossing, events: &mut Vec<Event>) {
        if !self.told {
            self.told = true;
            events.push(Event::Crossed(crossing));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times = Times {
        travel_max: Duration::from_secs(5),
        pass_within: Duration::from_secs(15),
        clear_for: Duration::from_secs(1),
    };

    /// What a script does to the barrier at a second.
    enum Do {
        Open,
        Line(Signal, Level),
        Expire,
    }
    use Do::{Expire, Open};

    fn run(script: &[(u64, Do)]) -> (Vec<Event>, BarrierState) {
        let mut barrier = Barrier::new(TIMES);
        let mut events = Vec::new();
        for (second, act) in script {
            let now = Mono::from_millis(second * 1_000);
            match act {
                Open => barrier.open(now, &mut events),
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
        assert_eq!((events.as_slice(), state), (&[Event::OpenedByHand][..], BarrierState::Open));
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
                match random.below(8) {
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
                        Event::Crossed(_) | Event::OpenedByHand => {}
                    }
                }
            }
        }
    }
}
