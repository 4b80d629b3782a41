//! MLX90632: spot infrared thermometer on I²C, whose temperatures are calculated here. Never writes the chip's memory.
//!
//! Addresses and words have 16 bits, high byte first; several words in a row are one transfer:
//! `S addr+W high low Sr addr+R high low … P`. There is no checksum, so what counts is read twice and must agree; a bit
//! that flips in both reads alike is not noticed.
//!
//! | register | what |
//! |---|---|
//! | 0x2405 to 0x2407 | number of the chip, low word first |
//! | 0x240B | version of the memory; the low byte must be 5 |
//! | 0x240C to 0x242F, 0x2481, 0x2482 | calibration, see [`calibration`] |
//! | 0x24E1, 0x24E2 | bits 10 to 8 of each half of the measurement: 2 s divided by two to that power |
//! | 0x3001 control | bits 2, 1: 3 is continuous; bits 8 to 4: 0 is medical |
//! | 0x3FFF status | bit 0 new data; 6 to 2 which half was last, 1 or 2; 8 brown-out; 9 memory busy |
//! | 0x4003 to 0x4008 | RAM_4 to RAM_9 |
//!
//! Writes go to control and status only, which the chip forgets with its power. Of the brown-out bit: whoever
//! starts the chip sets it, and finds it cleared after a reset.
//!
//! The words of a reading are RAM_4, RAM_5 (object, first half), RAM_6 (ambient), RAM_7, RAM_8 (object, second half) and
//! RAM_9 (reference). The object temperature is that at emissivity 1.
//!
//! Sources: MLX90632 datasheet; melexis/mlx90632-library inc/mlx90632.h, src/mlx90632.c (Apache-2.0); for number, block
//! reads and brown-out bit melexis-fir/mlx90632-driver-py mlx90632/mlx90632.py.

pub mod calibration;
mod poller;

use std::fmt;
use std::time::Duration;

use embedded_hal::i2c::{Error as _, ErrorKind, I2c};

pub use self::poller::{OnBus, Poller};

use self::calibration::{Calibration, Raw, Reflected};
use crate::base::{CentiCelsius, NoReading};
use crate::model::{RawWords, ThermalReading};

/// Address with the address pin low; 0x3B with it high.
pub const ADDRESS: u8 = 0x3A;

const NUMBER: u16 = 0x2405;
const VERSION: u16 = 0x240B;
const CONSTANTS: u16 = 0x240C;
const CUSTOMER: u16 = 0x2481;
const HALVES: u16 = 0x24E1;
const CONTROL: u16 = 0x3001;
const STATUS: u16 = 0x3FFF;
const RAM_4: u16 = 0x4003;
/// The version whose mathematics [`calibration`] knows.
const DSP: u8 = 5;
const NEW_DATA: u16 = 1;
const BROWN_OUT: u16 = 1 << 8;
const MEMORY_BUSY: u16 = 1 << 9;
/// Power mode and kind of measurement.
const MODE: u16 = 0x01F6;
/// Continuous, medical.
const CONTINUOUS: u16 = 0x0006;
/// Times that words are read again when two reads differ.
const RETRIES: u8 = 2;
/// Least ambient and reference word: of fewer counts the ratio means nothing, and a bus that is stuck gives −1 or 0. Our
/// own figure; the published example has 22,454 and 23,030.
const COUNTS_MIN: i16 = 4_096;
/// Range of the object temperature in °C. Source: datasheet, standard version; the medical one gives less.
const OBJECT_RANGE: std::ops::RangeInclusive<f64> = -20.0..=200.0;
/// Range of the sensor's own temperature in °C for which it is calibrated. Source: datasheet.
const DIE_RANGE: std::ops::RangeInclusive<f64> = -20.0..=85.0;

/// The number that the maker gave a chip, 48 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChipId(pub u64);

/// As board files write it: twelve hexadecimal digits.
impl fmt::Display for ChipId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}", self.0)
    }
}

/// Why there is no reading.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bus transfer failed; the chip may be absent.
    #[error("i2c transfer failed: {0}")]
    Bus(ErrorKind),
    /// Words from one register on were read twice and differ.
    #[error("words from {register:#06x} on are not the same when they are read again")]
    Differs {
        /// First register.
        register: u16,
    },
    /// The memory is of a version that is not known here.
    #[error("memory is of version {0:#06x}, of which the low byte must be 5")]
    Version(u16),
    /// Another chip: two were exchanged, or one was replaced.
    #[error("chip {found} answers where the board says {expected}")]
    Chip {
        /// As the board says.
        expected: ChipId,
        /// As the chip says.
        found: ChipId,
    },
    /// The chip is writing its memory.
    #[error("chip is writing its memory")]
    MemoryBusy,
    /// The memory holds no calibration.
    #[error("chip's memory holds no calibration")]
    MemoryDead,
    /// The chip was reset since it was started.
    #[error("chip was reset: its supply failed for a moment")]
    BrownOut,
    /// No new data came within two measurements.
    #[error("no new data")]
    NoData,
    /// The words are none that the chip gives where it is calibrated.
    #[error("words {0} are out of range")]
    Range(RawWords),
}

/// The reason as recorded. [`ErrorKind::Other`] counts as a timeout, as for the [MLX90614](super::mlx90614::Error).
impl From<Error> for NoReading {
    fn from(error: Error) -> Self {
        match error {
            Error::Bus(ErrorKind::NoAcknowledge(_)) => Self::Absent,
            Error::Bus(ErrorKind::Other) => Self::Timeout,
            Error::Bus(_) => Self::Bus,
            Error::Differs { .. } => Self::Checksum,
            Error::Version(_) | Error::Chip { .. } => Self::WrongPart,
            Error::MemoryBusy => Self::MemoryBusy,
            Error::MemoryDead => Self::MemoryDead,
            Error::BrownOut => Self::PowerDip,
            Error::NoData => Self::Stale,
            Error::Range(_) => Self::Flagged,
        }
    }
}

/// The chip at one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mlx90632 {
    address: u8,
}

/// A chip that was started.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Started {
    /// Its number.
    pub chip: ChipId,
    /// Version of its memory.
    pub version: u16,
    /// Time of each half of its measurement.
    pub halves: [Duration; 2],
    /// Its calibration.
    pub calibration: Calibration,
}

/// Which half of a measurement ended last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// RAM_4 to RAM_6.
    First,
    /// RAM_7 to RAM_9.
    Second,
    /// None that counts: the chip looks at its supply, after a reset.
    Neither,
}

impl Mlx90632 {
    /// The chip at the 7-bit `address`.
    pub fn new(address: u8) -> Self {
        Self { address }
    }

    /// Reads who answers and its calibration, and has it measure continuously.
    ///
    /// # Errors
    ///
    /// When a transfer fails, or when this is not a chip that can be used, or not the one with number `expected`.
    pub fn start<B: I2c>(&self, bus: &mut B, expected: Option<ChipId>) -> Result<Started, Error> {
        let [version] = self.words(bus, VERSION)?;
        if version.to_le_bytes()[0] != DSP {
            return Err(Error::Version(version));
        }
        let [status] = self.words(bus, STATUS)?;
        if status & MEMORY_BUSY != 0 {
            return Err(Error::MemoryBusy);
        }
        let number: [u16; 3] = self.twice(bus, NUMBER)?;
        let found = ChipId(number.iter().rev().fold(0, |number, word| number << 16 | u64::from(*word)));
        if let Some(expected) = expected
            && expected != found
        {
            return Err(Error::Chip { expected, found });
        }
        let constants = self.twice(bus, CONSTANTS)?;
        let customer = self.twice(bus, CUSTOMER)?;
        let calibration = Calibration::from_words(&constants, customer).ok_or(Error::MemoryDead)?;
        let halves: [u16; 2] = self.twice(bus, HALVES)?;
        let halves = halves.map(|word| Duration::from_micros(2_000_000 >> (word >> 8 & 7)));
        let [control] = self.words(bus, CONTROL)?;
        if control & MODE != CONTINUOUS {
            self.write(bus, CONTROL, control & !MODE | CONTINUOUS)?;
        }
        self.write(bus, STATUS, status & !NEW_DATA | BROWN_OUT)?;
        Ok(Started { chip: found, version, halves, calibration })
    }

    /// Which half of the measurement ended since this was asked last; `None` when there is nothing new.
    ///
    /// # Errors
    ///
    /// When a transfer fails, when the chip was reset, or when its memory is being written.
    pub fn news<B: I2c>(&self, bus: &mut B) -> Result<Option<Half>, Error> {
        let [status] = self.words(bus, STATUS)?;
        if status & BROWN_OUT == 0 {
            return Err(Error::BrownOut);
        }
        if status & MEMORY_BUSY != 0 {
            return Err(Error::MemoryBusy);
        }
        if status & NEW_DATA == 0 {
            return Ok(None);
        }
        self.write(bus, STATUS, status & !NEW_DATA)?;
        Ok(Some(match status >> 2 & 0x1F {
            1 => Half::First,
            2 => Half::Second,
            _ => Half::Neither,
        }))
    }

    /// Reads the words of both halves and calculates the temperatures.
    ///
    /// # Errors
    ///
    /// When a transfer fails, the words do not stay the same for two reads, or they mean nothing.
    pub fn read<B: I2c>(&self, bus: &mut B, calibration: &Calibration) -> Result<ThermalReading, Error> {
        let words: [u16; 6] = self.twice(bus, RAM_4)?;
        let raw = Raw(words.map(u16::cast_signed));
        let ambient = calibration.ambient(raw);
        let object = calibration.object(calibration.signal(raw), ambient, 1.0, Reflected::Sensor);
        let die = calibration.die(ambient);
        let words = RawWords::new(&words);
        let within = |value: f64, range: std::ops::RangeInclusive<f64>| {
            Some(value).filter(|value| range.contains(value)).and_then(CentiCelsius::from_degrees)
        };
        let Raw([_, _, counted, _, _, reference]) = raw;
        if counted.min(reference) < COUNTS_MIN {
            return Err(Error::Range(words));
        }
        match (within(object, OBJECT_RANGE), within(die, DIE_RANGE)) {
            (Some(object), Some(die)) => Ok(ThermalReading { object, die, raw: words }),
            (None, _) | (_, None) => Err(Error::Range(words)),
        }
    }

    /// Words that two reads in a row agree on.
    fn twice<B: I2c, const N: usize>(&self, bus: &mut B, register: u16) -> Result<[u16; N], Error> {
        let mut before = self.words(bus, register)?;
        for _ in 0..=RETRIES {
            let again = self.words(bus, register)?;
            if again == before {
                return Ok(again);
            }
            before = again;
        }
        Err(Error::Differs { register })
    }

    fn words<B: I2c, const N: usize>(&self, bus: &mut B, register: u16) -> Result<[u16; N], Error> {
        let mut answer = [[0; 2]; N];
        let bytes = answer.as_flattened_mut();
        bus.write_read(self.address, &register.to_be_bytes(), bytes)
            .map_err(|error| Error::Bus(error.kind()))?;
        Ok(answer.map(u16::from_be_bytes))
    }

    fn write<B: I2c>(&self, bus: &mut B, register: u16, word: u16) -> Result<(), Error> {
        let [a, b] = register.to_be_bytes();
        let [c, d] = word.to_be_bytes();
        bus.write(self.address, &[a, b, c, d]).map_err(|error| Error::Bus(error.kind()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_its_reason() {
        use embedded_hal::i2c::NoAcknowledgeSource::Address;
        let reasons = [
            (Error::Bus(ErrorKind::NoAcknowledge(Address)), NoReading::Absent),
            (Error::Bus(ErrorKind::Other), NoReading::Timeout),
            (Error::Bus(ErrorKind::ArbitrationLoss), NoReading::Bus),
            (Error::Differs { register: RAM_4 }, NoReading::Checksum),
            (Error::Version(0x0103), NoReading::WrongPart),
            (Error::Chip { expected: ChipId(1), found: ChipId(2) }, NoReading::WrongPart),
            (Error::MemoryBusy, NoReading::MemoryBusy),
            (Error::MemoryDead, NoReading::MemoryDead),
            (Error::BrownOut, NoReading::PowerDip),
            (Error::NoData, NoReading::Stale),
            (Error::Range(RawWords::new(&[])), NoReading::Flagged),
        ];
        for (error, reason) in reasons {
            assert_eq!(NoReading::from(error), reason, "{error}");
        }
    }
}
