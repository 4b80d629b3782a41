//! The barrier's cycle: open for one durable admission, let one subject through, close when nothing is below.
//!
//! ```text
//!            open()                upper end              beam blocked
//!   Closed ─────────▶ Opening ───────────────▶ Waiting ───────────────▶ Below
//!     ▲   late: again, then Stuck                 │ nobody in time        │ beam free
//!     │                                           ▼                       ▼
//!     └──lower end── Closing ◀──────────────── (close) ◀──free for a while── Clearing
//!                       └── beam blocked: Opening again
//!
//!   Unseen ──lower end──▶ Closed ──opened by hand──▶ StandsOpen ──close(), or by hand──▶ Closing, Closed
//!      └──upper end, or no end in time──────────────────▲
//! ```
//!
//! Invariants: it never asks to close while the beam is blocked; it never asks to open unless
//! [`open`](Barrier::open) was called for this cycle, or to let go of what a closing boom met; a boom that stood open
//! without its asking is closed only by [`close`](Barrier::close), also when a subject was let through meanwhile: an
//! emergency key may hold it up.

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
    /// It was not closed when the lane started.
    FoundOpen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Taken to be closed: no end has been reported since the start.
    Unseen {
        by: Option<Mono>,
    },
    Closed,
    Opening {
        by: Mono,
        tries: u8,
    },
    Waiting {
        until: Mono,
    },
    Below,
    Clearing {
        until: Mono,
    },
    Closing {
        by: Mono,
        tries: u8,
    },
    StandsOpen,
    Stuck,
}

const TRIES_MAX: u8 = 2;
/// How much longer than a movement the ends may take to be reported after the start: they are debounced.
const START_GRACE: Duration = Duration::from_secs(1);

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
    /// Whether it is to be left standing open when this cycle ends.
    left_open: bool,
}

impl Barrier {
    /// A barrier taken to be closed until an end switch says otherwise.
    pub fn new(times: Times) -> Self {
        let state = State::Unseen { by: None };
        Self { times, state, beam: Level::Idle, crossings: 0, told: true, left_open: false }
    }

    /// From now on an end must be reported within the time of a movement.
    pub fn start(&mut self, now: Mono) {
        if self.state == (State::Unseen { by: None }) {
            self.state = State::Unseen { by: Some(now + self.times.travel_max + START_GRACE) };
        }
    }

    /// Position for the screens.
    pub fn state(&self) -> BarrierState {
        match self.state {
            State::Unseen { .. } | State::Closed => BarrierState::Closed,
            State::Opening { .. } => BarrierState::Opening,
            State::Waiting { .. } | State::Below | State::Clearing { .. } => BarrierState::Open,
            State::StandsOpen => BarrierState::StandsOpen,
            State::Closing { .. } => BarrierState::Closing,
            State::Stuck => BarrierState::Stuck,
        }
    }

    /// How often something came under it in this cycle.
    pub fn crossings(&self) -> u8 {
        self.crossings
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
            State::StandsOpen => {
                self.left_open = true;
                self.wait(now);
            }
            State::Waiting { .. } | State::Clearing { .. } => self.wait(now),
            State::Below => {}
            State::Unseen { .. }
            | State::Closed
            | State::Opening { .. }
            | State::Closing { .. }
            | State::Stuck => {
                self.left_open = false;
                self.drive_open(now, 1, events);
            }
        }
    }

    /// Closes what stands open or is stuck, because an attendant asks. If the boom meets something it stands open
    /// again.
    ///
    /// # Errors
    ///
    /// Says why not, in plain words; nothing has changed then.
    pub fn close(&mut self, now: Mono, events: &mut Vec<Event>) -> Result<(), &'static str> {
        match (self.state, self.beam) {
            (State::StandsOpen | State::Stuck, Level::Active) => Err("something is under the barrier"),
            (State::StandsOpen | State::Stuck, Level::Idle) => {
                self.left_open = true;
                self.drive_close(now, 1, events);
                Ok(())
            }
            (
                State::Unseen { .. }
                | State::Closed
                | State::Opening { .. }
                | State::Waiting { .. }
                | State::Below
                | State::Clearing { .. }
                | State::Closing { .. },
                Level::Active | Level::Idle,
            ) => Err("the barrier neither stands open nor is stuck"),
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
            State::Unseen { by } => by.map(|by| (by, "barrier should have been seen by now")),
            State::Closed | State::Below | State::StandsOpen | State::Stuck => None,
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
                self.end(now, events);
            }
            State::Clearing { .. } => {
                let crossing = if self.crossings > 1 { Crossing::Followed } else { Crossing::Passed };
                self.tell(crossing, events);
                self.end(now, events);
            }
            State::Unseen { .. } => self.found_open(events),
            State::Closed | State::Below | State::StandsOpen | State::Stuck => {}
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
                State::Unseen { .. }
                | State::Closed
                | State::Opening { .. }
                | State::Below
                | State::StandsOpen
                | State::Stuck,
            )
            | (
                Level::Idle,
                State::Unseen { .. }
                | State::Closed
                | State::Opening { .. }
                | State::Waiting { .. }
                | State::Clearing { .. }
                | State::Closing { .. }
                | State::StandsOpen
                | State::Stuck,
            ) => {}
        }
    }

    fn reached_top(&mut self, now: Mono, events: &mut Vec<Event>) {
        match self.state {
            // It has let go of what it met while an attendant was closing it.
            State::Opening { .. } if self.told && self.left_open => self.state = State::StandsOpen,
            State::Opening { .. } => self.wait(now),
            State::Unseen { .. } => self.found_open(events),
            State::Closed | State::Stuck => self.stands_open(events),
            // A boom that is only just leaving its upper end.
            State::Closing { .. }
            | State::Waiting { .. }
            | State::Below
            | State::Clearing { .. }
            | State::StandsOpen => {}
        }
    }

    fn reached_bottom(&mut self, now: Mono, events: &mut Vec<Event>) {
        match self.state {
            State::Unseen { .. } | State::Closing { .. } | State::Stuck | State::StandsOpen => {
                self.state = State::Closed;
            }
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
            State::Unseen { .. } => self.found_open(events),
            State::Closed => self.stands_open(events),
            State::Opening { .. }
            | State::Waiting { .. }
            | State::Below
            | State::Clearing { .. }
            | State::Closing { .. }
            | State::StandsOpen
            | State::Stuck => {}
        }
    }

    fn stands_open(&mut self, events: &mut Vec<Event>) {
        self.state = State::StandsOpen;
        events.push(Event::OpenedByHand);
    }

    fn found_open(&mut self, events: &mut Vec<Event>) {
        self.state = State::StandsOpen;
        events.push(Event::FoundOpen);
    }

    /// Ends a cycle: the barrier goes down, unless it stood open before.
    fn end(&mut self, now: Mono, events: &mut Vec<Event>) {
        if self.left_open {
            self.state = State::StandsOpen;
        } else {
            self.drive_close(now, 1, events);
        }
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
mod tests;
