//! Reads a chip no more often than its optics allow, and only the one that the board means.
//!
//! ```text
//! Unknown ──due: who answers?──▶ Known ──due: words, then flags──▶ Known
//!    ▲                             │
//!    └──── absent twice, flagged, starting, memory busy or dead ───┘
//! ```
//!
//! The bus must stay silent for longer than the settling time before each read, because its clock runs past the sensor's
//! input and warms the value (datasheet rev 13, §8.4.9). So what is asked beside the temperature comes after it, and
//! once it is known who answers, the first reading waits for that time as well; and the time counts from the end of the
//! transfers, however long they took. A bus that is too slow shows as the adapter's own timeout: the chip lets go of
//! a clock that is held low for 27 to 33 ms.

use std::time::Duration;

use embedded_hal::i2c::I2c;

use super::{Error, Expected, Mlx90614, START_UP};
use crate::base::{Mono, NoReading};
use crate::drivers::Thermometer;
use crate::model::ThermalReading;

/// Identical object words in a row that no living sensor gives: its noise is 2.5 steps rms.
const STUCK_AFTER: u8 = 32;
/// Failed transfers in a row after which another chip may have been plugged in: nobody does it within a second.
const ABSENT_AFTER: u8 = 2;
/// Pause after a failed read.
const PAUSE: Duration = Duration::from_millis(500);
/// Added to the settling time: the transfers themselves take 1 ms each at 100 kHz.
const MARGIN: Duration = Duration::from_millis(5);
/// Added once more after asking who answers: eight words.
const QUESTIONS: Duration = Duration::from_millis(10);

/// Polls one chip.
#[derive(Clone, Copy, Debug)]
pub struct Poller {
    chip: Mlx90614,
    expected: Expected,
    state: State,
    due: Mono,
    last: u16,
    same: u8,
    /// What was wrong at the last poll, so that a lasting fault is logged once.
    wrong: Option<Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is not known who answers.
    Unknown,
    /// The chip that the board means answered; its transfers failed so many times since.
    Known { failed: u8 },
}

impl Poller {
    /// A poller of the chip that is `expected`, taken to have been powered at `now`.
    pub fn new(expected: Expected, now: Mono) -> Self {
        let due = now + START_UP.max(expected.settling) + MARGIN;
        let chip = Mlx90614::new(expected.address);
        Self { chip, expected, state: State::Unknown, due, last: 0, same: 0, wrong: None }
    }

    /// When the next transfer is due.
    pub fn due(&self) -> Mono {
        self.due
    }

    /// Reads the chip on `bus` if a read is due; `None` when it is not, and once it is clear who answers.
    ///
    /// A value that has not moved by one step for 32 reads is [`NoReading::Stale`]: the sensor hangs.
    pub fn poll<B: I2c>(&mut self, bus: &mut B, now: Mono) -> Option<Result<ThermalReading, NoReading>> {
        if now < self.due {
            return None;
        }
        let polled = match self.state {
            State::Unknown => self.identify(bus).map(|()| None),
            State::Known { failed } => self.read(bus, failed).map(Some),
        };
        self.note(polled.as_ref().err().copied());
        let (result, pause) = match polled {
            Ok(None) => {
                self.due = now + self.expected.settling + QUESTIONS + MARGIN;
                return None;
            }
            Ok(Some(reading)) => (self.moving(reading), self.expected.settling),
            Err(error) => (Err(error.into()), self.expected.settling.max(PAUSE)),
        };
        self.due = now + pause + MARGIN;
        Some(result)
    }

    /// Counts the silence from `now` on: the transfers of the last poll, if there were any, ended then.
    pub fn rest(&mut self, now: Mono) {
        self.due = self.due.max(now + self.expected.settling + MARGIN);
    }

    fn identify<B: I2c>(&mut self, bus: &mut B) -> Result<(), Error> {
        let found = self.chip.identify(bus)?;
        found.check(&self.expected).map_err(Error::WrongPart)?;
        self.state = State::Known { failed: 0 };
        Ok(())
    }

    fn read<B: I2c>(&mut self, bus: &mut B, failed: u8) -> Result<ThermalReading, Error> {
        let read = match self.chip.read(bus) {
            Ok(reading) => self.chip.ready(bus).map(|()| reading),
            Err(error @ (Error::Flagged { .. } | Error::Range { .. })) => {
                Err(self.chip.ready(bus).err().filter(|why| why.is_of_the_chip()).unwrap_or(error))
            }
            Err(error) => Err(error),
        };
        self.state = match read {
            Ok(_) => State::Known { failed: 0 },
            Err(Error::Bus(_)) if failed + 1 < ABSENT_AFTER => State::Known { failed: failed + 1 },
            Err(Error::Checksum { .. }) => State::Known { failed },
            Err(
                Error::Bus(_)
                | Error::Flagged { .. }
                | Error::Range { .. }
                | Error::Starting
                | Error::MemoryBusy
                | Error::MemoryDead
                | Error::WrongPart(_),
            ) => State::Unknown,
        };
        read
    }

    fn moving(&mut self, reading: ThermalReading) -> Result<ThermalReading, NoReading> {
        let object = reading.raw.as_slice().first().copied().unwrap_or(0);
        self.same = if object == self.last { self.same.saturating_add(1) } else { 0 };
        self.last = object;
        if self.same >= STUCK_AFTER { Err(NoReading::Stale) } else { Ok(reading) }
    }

    /// Tells once what only somebody at the board can put right; everything else is told by whoever polls.
    fn note(&mut self, error: Option<Error>) {
        let lasting = error.filter(|error| matches!(error, Error::WrongPart(_) | Error::MemoryDead));
        if let Some(error) = lasting.filter(|_| lasting != self.wrong) {
            tracing::warn!(address = format_args!("{:#04x}", self.expected.address), %error, "thermometer");
        }
        self.wrong = lasting;
    }
}

/// A chip with its bus, and a clock by which the time that its transfers take is known.
#[derive(Debug)]
pub struct OnBus<B, C> {
    bus: B,
    poller: Poller,
    clock: C,
}

impl<B: I2c, C: Fn() -> Mono> OnBus<B, C> {
    /// Polls with `poller` on `bus`; `clock` is that of the times in [`Poller::poll`].
    pub fn new(bus: B, poller: Poller, clock: C) -> Self {
        Self { bus, poller, clock }
    }
}

impl<B: I2c, C: Fn() -> Mono> Thermometer for OnBus<B, C> {
    fn due(&self) -> Mono {
        self.poller.due()
    }

    fn poll(&mut self, now: Mono) -> Option<Result<ThermalReading, NoReading>> {
        let early = now < self.poller.due();
        let result = self.poller.poll(&mut self.bus, now);
        if !early {
            self.poller.rest((self.clock)());
        }
        result
    }
}
