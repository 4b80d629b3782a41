//! Reads frames from a chip at its own pace.
//!
//! ```text
//!  unset ── EEPROM read, its calibration sound, control register set and read back ──▶ waiting for subpage 0
//!    ▲                                                                                    │ new data: clear it, read RAM
//!    └── bus fault, or the control register is not what was set (the chip lost power)     ▼
//!                                     a frame ◀── new data of subpage 1 ── waiting for subpage 1
//! ```
//!
//! A frame is subpage 0 and then 1, of one measurement. A subpage that comes twice means that one was missed: the older
//! one is dropped. Data that arrives while RAM is read may be half old, half new, and is dropped as well.

use std::time::Duration;

use embedded_hal::i2c::{Error as _, ErrorKind, I2c};

use super::Kind;
use super::calibration::{Calibration, Defect, EEPROM_WORDS};
use super::convert::{Converter, Invalid};
use super::registers::{CLEARED, CONTROL, Control, Rate, STATUS, Status, Subpage};
use crate::base::{Mono, NoReading};
use crate::drivers::ThermalArray;
use crate::model::ThermalFrame;

/// Time from power-up until the chip answers and has read its EEPROM. Source: MLX90640 datasheet, "POR", 40 ms; with room.
pub const START_UP: Duration = Duration::from_millis(80);
/// Pause after a failed read.
const PAUSE: Duration = Duration::from_millis(500);
/// Shortest pause between two looks at the status register.
const LOOK_MIN: Duration = Duration::from_millis(2);
/// Periods of a subpage without a whole frame after which there is none.
const PERIODS_MAX: u32 = 6;
/// Identical frames in a row that no living array gives: each of its hundreds of pixels has noise.
const STUCK_AFTER: u8 = 4;

const EEPROM: u16 = 0x2400;
const RAM: u16 = 0x0400;
/// Words of the larger chip's frame.
const RAM_WORDS_MAX: usize = 832;

/// Why there is no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bus transfer failed; the chip may be absent.
    #[error("i2c transfer failed: {0}")]
    Bus(ErrorKind),
    /// The EEPROM is no calibration.
    #[error("eeprom: {0}")]
    Eeprom(Defect),
    /// The control register does not take what is written.
    #[error("control register says {said:#06x} after {set:#06x} was written")]
    Refused {
        /// As written.
        set: u16,
        /// As read back.
        said: u16,
    },
    /// The control register is not what was set: the chip was without power for a moment.
    #[error("control register says {said:#06x}, {set:#06x} was set: the chip started anew")]
    Restarted {
        /// As set.
        set: u16,
        /// As read.
        said: u16,
    },
    /// The words of a subpage are no temperatures.
    #[error("frame: {0}")]
    Frame(Invalid),
    /// No subpage came in time.
    #[error("no new data in time")]
    NoData,
    /// Subpages came, but never both of one frame: the bus is too slow for the rate, or the chip repeats one.
    #[error("no whole frame in time: {missed} subpages were missed, {torn} came while another was read")]
    NoFrame {
        /// Subpages that never came.
        missed: u16,
        /// Subpages that may be half old.
        torn: u16,
    },
    /// The same frame again and again.
    #[error("frames do not change at all")]
    Stuck,
}

/// The reason as recorded. [`ErrorKind::Other`] counts as a timeout: the bus openers of `platform` use it for that.
impl From<Error> for NoReading {
    fn from(error: Error) -> Self {
        match error {
            Error::Bus(ErrorKind::NoAcknowledge(_)) => Self::Absent,
            Error::Bus(ErrorKind::Other) | Error::NoData => Self::Timeout,
            Error::Bus(_) => Self::Bus,
            Error::Eeprom(Defect::Word { .. }) => Self::Checksum,
            Error::Eeprom(_) | Error::Refused { .. } | Error::Restarted { .. } | Error::Frame(_) => {
                Self::Flagged
            }
            Error::NoFrame { .. } | Error::Stuck => Self::Stale,
        }
    }
}

/// A chip with its bus.
#[derive(Debug)]
pub struct OnBus<B> {
    bus: B,
    address: u8,
    kind: Kind,
    rate: Rate,
    due: Mono,
    running: Option<Running>,
    bytes: [u8; RAM_WORDS_MAX * 2],
    words: [u16; RAM_WORDS_MAX],
}

/// A chip whose calibration is known and that measures.
#[derive(Debug)]
struct Running {
    converter: Converter,
    control: Control,
    waiting_for: Subpage,
    /// When the last whole frame came, or measuring began.
    since: Mono,
    /// Whether any subpage came since then.
    any: bool,
    missed: u16,
    torn: u16,
    last: Option<ThermalFrame>,
    same: u8,
}

impl<B: I2c> OnBus<B> {
    /// The chip of a `kind` at the 7-bit `address` of `bus`, to measure subpages at `rate`. It is taken to have been powered
    /// at `now`.
    pub fn new(bus: B, address: u8, kind: Kind, rate: Rate, now: Mono) -> Self {
        let (bytes, words) = ([0; RAM_WORDS_MAX * 2], [0; RAM_WORDS_MAX]);
        Self { bus, address, kind, rate, due: now + START_UP, running: None, bytes, words }
    }

    /// The calibration, once it was read.
    pub fn calibration(&self) -> Option<&Calibration> {
        self.running.as_ref().map(|running| running.converter.calibration())
    }

    /// Goes on: reads what is there, if a read is due. `None` when there is no frame yet.
    ///
    /// # Errors
    ///
    /// Why there is no frame. After any but [`Error::NoFrame`], [`Error::NoData`] and [`Error::Stuck`] the chip is set up
    /// anew.
    pub fn go_on(&mut self, now: Mono) -> Result<Option<ThermalFrame>, Error> {
        if now < self.due {
            return Ok(None);
        }
        let result = match self.running.take() {
            None => self.start(now).map(|running| (running, Ok(None))),
            Some(running) => self.look(now, running),
        };
        match result {
            Ok((running, outcome)) => {
                self.running = Some(running);
                outcome
            }
            Err(error) => {
                self.due = now + PAUSE;
                Err(error)
            }
        }
    }

    fn start(&mut self, now: Mono) -> Result<Running, Error> {
        let mut eeprom = [0; EEPROM_WORDS];
        self.read(EEPROM, EEPROM_WORDS)?;
        eeprom.copy_from_slice(&self.words[..EEPROM_WORDS]);
        let calibration = (self.kind.decode)(&eeprom).map_err(Error::Eeprom)?;
        let found = Control::new(self.register(CONTROL)?);
        let control = found.measuring(self.rate, calibration.pattern);
        self.write(CONTROL, control.word())?;
        let said = self.register(CONTROL)?;
        if said != control.word() {
            return Err(Error::Refused { set: control.word(), said });
        }
        // What is in RAM was measured in whatever mode the chip was in.
        self.write(STATUS, CLEARED)?;
        self.due = now + self.rate.period();
        Ok(Running::new(Converter::new(calibration), control, now))
    }

    /// Looks whether there is new data, and takes it.
    fn look(
        &mut self,
        now: Mono,
        mut running: Running,
    ) -> Result<(Running, Result<Option<ThermalFrame>, Error>), Error> {
        let period = self.rate.period();
        let Some(subpage) = Status::new(self.register(STATUS)?).fresh() else {
            self.due = now + (period / 16).max(LOOK_MIN);
            let outcome = running.overdue(now, period).map_or(Ok(None), Err);
            return Ok((running, outcome));
        };
        self.write(STATUS, CLEARED)?;
        let count = self.kind.layout.ram_words();
        self.read(RAM, count)?;
        let said = self.register(CONTROL)?;
        if said != running.control.word() {
            return Err(Error::Restarted { set: running.control.word(), said });
        }
        let torn = Status::new(self.register(STATUS)?).fresh().is_some();
        // The next one is that far away; the chip's clock and ours may differ by a tenth.
        self.due = if torn { now + LOOK_MIN } else { now + period * 4 / 5 };
        let whole = match running.place(subpage, torn) {
            Some(subpage) => running.take(&self.words[..count], subpage).map_err(Error::Frame)?,
            None => None,
        };
        let outcome = match whole {
            Some(frame) => running.moving(now, frame).map(Some),
            None => running.overdue(now, period).map_or(Ok(None), Err),
        };
        Ok((running, outcome))
    }

    fn register(&mut self, address: u16) -> Result<u16, Error> {
        let mut answer = [0; 2];
        self.bus
            .write_read(self.address, &address.to_be_bytes(), &mut answer)
            .map_err(|error| Error::Bus(error.kind()))?;
        Ok(u16::from_be_bytes(answer))
    }

    fn write(&mut self, address: u16, word: u16) -> Result<(), Error> {
        let ([a, b], [c, d]) = (address.to_be_bytes(), word.to_be_bytes());
        self.bus.write(self.address, &[a, b, c, d]).map_err(|error| Error::Bus(error.kind()))
    }

    /// Reads `count` words from `address` on into `words`.
    fn read(&mut self, address: u16, count: usize) -> Result<(), Error> {
        let bytes = &mut self.bytes[..count * 2];
        self.bus
            .write_read(self.address, &address.to_be_bytes(), bytes)
            .map_err(|error| Error::Bus(error.kind()))?;
        for (word, pair) in self.words.iter_mut().zip(bytes.chunks_exact(2)) {
            *word = u16::from_be_bytes([pair[0], pair[1]]);
        }
        Ok(())
    }
}

impl Running {
    fn new(converter: Converter, control: Control, now: Mono) -> Self {
        let (since, any, missed, torn, last, same) = (now, false, 0, 0, None, 0);
        Self { converter, control, waiting_for: Subpage::Zero, since, any, missed, torn, last, same }
    }

    /// Which subpage to take, if this one is of any use.
    fn place(&mut self, subpage: Subpage, torn: bool) -> Option<Subpage> {
        self.any = true;
        if torn {
            self.torn = self.torn.saturating_add(1);
            self.waiting_for = Subpage::Zero;
            return None;
        }
        match (self.waiting_for, subpage) {
            (Subpage::Zero, Subpage::Zero) | (Subpage::One, Subpage::One) => Some(subpage),
            // The second half of a frame of which the first was never seen.
            (Subpage::Zero, Subpage::One) => None,
            // One was missed between the two: this is the first half of the next frame.
            (Subpage::One, Subpage::Zero) => {
                self.missed = self.missed.saturating_add(1);
                Some(subpage)
            }
        }
    }

    /// Takes a subpage; a frame when it was the second.
    fn take(&mut self, ram: &[u16], subpage: Subpage) -> Result<Option<ThermalFrame>, Invalid> {
        self.converter.take(ram, subpage, self.control)?;
        match subpage {
            Subpage::Zero => {
                self.waiting_for = Subpage::One;
                Ok(None)
            }
            Subpage::One => {
                self.waiting_for = Subpage::Zero;
                Ok(self.converter.frame())
            }
        }
    }

    fn moving(&mut self, now: Mono, frame: ThermalFrame) -> Result<ThermalFrame, Error> {
        self.same = if self.last == Some(frame) { self.same.saturating_add(1) } else { 0 };
        (self.since, self.any, self.missed, self.torn, self.last) = (now, false, 0, 0, Some(frame));
        if self.same >= STUCK_AFTER { Err(Error::Stuck) } else { Ok(frame) }
    }

    /// What is wrong when no whole frame came for so long; then the wait begins anew.
    fn overdue(&mut self, now: Mono, period: Duration) -> Option<Error> {
        if now.since(self.since) < period * PERIODS_MAX {
            return None;
        }
        let error =
            if self.any { Error::NoFrame { missed: self.missed, torn: self.torn } } else { Error::NoData };
        (self.since, self.any, self.missed, self.torn) = (now, false, 0, 0);
        Some(error)
    }
}

impl<B: I2c> ThermalArray for OnBus<B> {
    fn due(&self) -> Mono {
        self.due
    }

    fn poll(&mut self, now: Mono) -> Option<Result<ThermalFrame, NoReading>> {
        self.go_on(now).map_err(NoReading::from).transpose()
    }
}
