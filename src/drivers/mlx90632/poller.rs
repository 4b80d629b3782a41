//! Reads an MLX90632 at the pace of its measurements.
//!
//! ```text
//! Unknown ──due: start──▶ Waiting{first} ──both halves new: words──▶ Waiting ──a half new: words──▶ Waiting
//!    ▲                        │
//!    └─ absent twice, reset, memory busy or dead, no new data ─┘
//! ```
//!
//! A reading is made of both halves, so each half that ends gives one, and half of a step shows in the first of them. The
//! first reading waits for a whole measurement. Data that do not come within three halves are
//! [`NoReading::Stale`], and so are words that do not move for eight readings.

use std::time::Duration;

use embedded_hal::i2c::I2c;

use super::{ChipId, Error, Half, Mlx90632, Started};
use crate::base::{Mono, NoReading};
use crate::drivers::Thermometer;
use crate::model::{RawWords, ThermalReading};

/// Time from power-up until the chip answers. Our own figure: the library waits 0.2 ms after a reset.
const START_UP: Duration = Duration::from_millis(50);
/// Identical readings in a row that no living sensor gives: six words with noise of their own.
const STUCK_AFTER: u8 = 8;
/// Failed transfers in a row after which another chip may have been plugged in.
const ABSENT_AFTER: u8 = 2;
/// Halves without new data after which the chip measures no more.
const HALVES_MAX: u32 = 3;
/// Pause after a failure.
const PAUSE: Duration = Duration::from_millis(500);
/// How often it is asked for news that are due.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// Polls one chip.
#[derive(Clone, Copy, Debug)]
pub struct Poller {
    chip: Mlx90632,
    expected: Option<ChipId>,
    state: State,
    due: Mono,
    last: Option<RawWords>,
    same: u8,
    wrong: Option<Error>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Unknown,
    Waiting {
        started: Started,
        /// Whether a whole measurement has ended since it was started.
        whole: Whole,
        /// When data came last, or when the chip was started.
        since: Mono,
        failed: u8,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whole {
    NotYet,
    Yes,
}

impl Poller {
    /// A poller of the chip at `address`, which must have the number `expected` where one is given, taken to have been
    /// powered at `now`.
    pub fn new(address: u8, expected: Option<ChipId>, now: Mono) -> Self {
        let chip = Mlx90632::new(address);
        Self { chip, expected, state: State::Unknown, due: now + START_UP, last: None, same: 0, wrong: None }
    }

    /// When the next transfer is due.
    pub fn due(&self) -> Mono {
        self.due
    }

    /// Looks whether the chip has a reading; `None` when it is not yet due.
    pub fn poll<B: I2c>(&mut self, bus: &mut B, now: Mono) -> Option<Result<ThermalReading, NoReading>> {
        if now < self.due {
            return None;
        }
        let polled = match self.state {
            State::Unknown => self.start(bus, now).map(|()| None),
            State::Waiting { started, whole, since, failed } => {
                let looked = self.look(bus, now, &started, whole, since);
                self.after(looked.as_ref().err(), failed);
                looked
            }
        };
        self.note(polled.as_ref().err().copied());
        match polled {
            Ok(None) => None,
            Ok(Some(reading)) => Some(self.moving(reading)),
            Err(error) => {
                self.due = now + PAUSE;
                Some(Err(error.into()))
            }
        }
    }

    fn start<B: I2c>(&mut self, bus: &mut B, now: Mono) -> Result<(), Error> {
        let started = self.chip.start(bus, self.expected)?;
        self.due = now + started.halves.iter().sum::<Duration>();
        self.state = State::Waiting { started, whole: Whole::NotYet, since: now, failed: 0 };
        Ok(())
    }

    fn look<B: I2c>(
        &mut self,
        bus: &mut B,
        now: Mono,
        started: &Started,
        whole: Whole,
        since: Mono,
    ) -> Result<Option<ThermalReading>, Error> {
        let [first, second] = started.halves;
        let half = match self.chip.news(bus)? {
            Some(half) => half,
            None if now.since(since) > first.max(second) * HALVES_MAX => return Err(Error::NoData),
            None => {
                self.due = now + ASK_EVERY;
                return Ok(None);
            }
        };
        let (next, whole) = match (half, whole) {
            (Half::First, whole) => (second, whole),
            (Half::Second, _) => (first, Whole::Yes),
            (Half::Neither, _) => (first, Whole::NotYet),
        };
        self.due = now + next;
        self.state = State::Waiting { started: *started, whole, since: now, failed: 0 };
        match whole {
            Whole::NotYet => Ok(None),
            Whole::Yes => self.chip.read(bus, &started.calibration).map(Some),
        }
    }

    /// What a failure leaves of what is known.
    fn after(&mut self, error: Option<&Error>, before: u8) {
        match error {
            None | Some(Error::Differs { .. } | Error::Range(_)) => {}
            Some(Error::Bus(_)) if before + 1 < ABSENT_AFTER => {
                if let State::Waiting { failed, .. } = &mut self.state {
                    *failed = before + 1;
                }
            }
            Some(
                Error::Bus(_)
                | Error::Version(_)
                | Error::Chip { .. }
                | Error::MemoryBusy
                | Error::MemoryDead
                | Error::BrownOut
                | Error::NoData,
            ) => self.state = State::Unknown,
        }
    }

    fn moving(&mut self, reading: ThermalReading) -> Result<ThermalReading, NoReading> {
        self.same = if self.last == Some(reading.raw) { self.same.saturating_add(1) } else { 0 };
        self.last = Some(reading.raw);
        if self.same >= STUCK_AFTER { Err(NoReading::Stale) } else { Ok(reading) }
    }

    /// Tells once what only somebody at the board can put right; everything else is told by whoever polls.
    fn note(&mut self, error: Option<Error>) {
        let lasting =
            error.filter(|error| matches!(error, Error::Version(_) | Error::Chip { .. } | Error::MemoryDead));
        if let Some(error) = lasting.filter(|_| lasting != self.wrong) {
            tracing::warn!(%error, "thermometer MLX90632");
        }
        self.wrong = lasting;
    }
}

/// A chip with its bus.
#[derive(Debug)]
pub struct OnBus<B> {
    bus: B,
    poller: Poller,
}

impl<B: I2c> OnBus<B> {
    /// Polls with `poller` on `bus`.
    pub fn new(bus: B, poller: Poller) -> Self {
        Self { bus, poller }
    }
}

impl<B: I2c> Thermometer for OnBus<B> {
    fn due(&self) -> Mono {
        self.poller.due()
    }

    fn poll(&mut self, now: Mono) -> Option<Result<ThermalReading, NoReading>> {
        self.poller.poll(&mut self.bus, now)
    }
}
