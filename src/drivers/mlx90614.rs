//! MLX90614: spot infrared thermometer on SMBus. Reads only; only [`service`] writes the chip's memory.
//!
//! A read is one transfer with a repeated start: `S addr+W command Sr addr+R low high pec P`. Commands used:
//! RAM 0x06 (the die's own temperature), RAM 0x07 (object temperature), 0xF0 (flags). A temperature word is
//! `T[K] = 0.02 · raw` with bit 15 as error flag. The words of a reading are those of 0x07 and 0x06. Source: MLX90614 datasheet rev 13.
//! The datasheet draws the flags' read without a repeated start; it is read with one like all others, as Arduino's and
//! M5Stack's drivers do.

pub mod config;
mod identity;
mod poller;
pub mod service;
pub mod sleep;

use std::time::Duration;

use embedded_hal::i2c::{Error as _, ErrorKind, I2c};

pub use identity::{ChipId, Expected, Identity, Mismatch};
pub use poller::{OnBus, Poller};

use crate::base::checksum::smbus_pec;
use crate::base::{CentiCelsius, NoReading};
use crate::model::{RawWords, ThermalReading};

/// Address of a chip as delivered.
pub const ADDRESS: u8 = 0x5A;
/// Time from power-up to valid data. Source: datasheet rev 13, "Valid data after POR".
pub const START_UP: Duration = Duration::from_millis(250);

const DIE: u8 = 0x06;
const OBJECT: u8 = 0x07;
const FLAGS: u8 = 0xF0;
const ERROR_BIT: u16 = 0x8000;
/// Lowest object word, −70.01 °C. Source: datasheet rev 13.
const OBJECT_MIN: u16 = 0x27AD;
/// Words of the die's temperature, −38.20 to 125.00 °C. Source: datasheet rev 13.
const DIE_RANGE: std::ops::RangeInclusive<u16> = 0x2DE4..=0x4DC4;
/// Transfers that are tried again after a checksum error, for each word.
const RETRIES: u8 = 2;

/// Why a word could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bus transfer failed; the chip may be absent.
    #[error("i2c transfer failed: {0}")]
    Bus(ErrorKind),
    /// The packet error code does not match the bytes received.
    #[error("checksum {received:#04x} does not match computed {computed:#04x}")]
    Checksum {
        /// As received.
        received: u8,
        /// As it should be.
        computed: u8,
    },
    /// The chip's error bit is set.
    #[error("register {register:#04x} says {raw:#06x}: error flag")]
    Flagged {
        /// Register read.
        register: u8,
        /// Word received.
        raw: u16,
    },
    /// The word is none that the chip gives.
    #[error("register {register:#04x} says {raw:#06x}: out of range")]
    Range {
        /// Register read.
        register: u8,
        /// Word received.
        raw: u16,
    },
    /// The power-up routine is still running.
    #[error("chip is still starting")]
    Starting,
    /// The chip is writing its memory.
    #[error("chip is writing its memory")]
    MemoryBusy,
    /// The chip's memory has two errors in one word: its calibration is lost.
    #[error("chip's memory is damaged, and with it its calibration")]
    MemoryDead,
    /// It is not what the board file says.
    #[error("not what the board file says: {0}")]
    WrongPart(Mismatch),
}

impl Error {
    /// Whether reading once more may help at once.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Checksum { .. })
    }

    /// Whether the chip said so itself in its flags, which is more than that a word is not valid.
    fn is_of_the_chip(self) -> bool {
        matches!(self, Self::Starting | Self::MemoryBusy | Self::MemoryDead)
    }
}

/// The reason as recorded. [`ErrorKind::Other`] counts as a timeout: the bus openers of `platform` use it for that.
impl From<Error> for NoReading {
    fn from(error: Error) -> Self {
        match error {
            Error::Bus(ErrorKind::NoAcknowledge(_)) => Self::Absent,
            Error::Bus(ErrorKind::Other) => Self::Timeout,
            Error::Bus(_) => Self::Bus,
            Error::Checksum { .. } => Self::Checksum,
            Error::Flagged { .. } | Error::Range { .. } => Self::Flagged,
            Error::Starting => Self::Starting,
            Error::MemoryBusy => Self::MemoryBusy,
            Error::MemoryDead => Self::MemoryDead,
            Error::WrongPart(_) => Self::WrongPart,
        }
    }
}

/// What the flags register says. Source: datasheet rev 13, "Read flags".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags {
    /// A write to the chip's memory is still going on.
    pub eeprom_busy: bool,
    /// The chip's memory has two errors in one word: its calibration is lost.
    pub eeprom_dead: bool,
    /// The power-up routine is still running.
    pub starting: bool,
}

/// The chip at one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mlx90614 {
    address: u8,
}

impl Mlx90614 {
    /// The chip at the 7-bit `address`.
    pub fn new(address: u8) -> Self {
        Self { address }
    }

    /// Reads object and die temperature.
    ///
    /// # Errors
    ///
    /// The first thing that went wrong; a checksum error only after two more tries.
    pub fn read<B: I2c>(&self, bus: &mut B) -> Result<ThermalReading, Error> {
        let raw_object = self.temperature(bus, OBJECT, OBJECT_MIN..=0x7FFF)?;
        let raw_die = self.temperature(bus, DIE, DIE_RANGE)?;
        let (object, die) = (decode(OBJECT, raw_object)?, decode(DIE, raw_die)?);
        Ok(ThermalReading { object, die, raw: RawWords::new(&[raw_object, raw_die]) })
    }

    /// Reads the flags register. Not part of [`read`](Self::read): the [`Poller`] asks for them after the words.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn flags<B: I2c>(&self, bus: &mut B) -> Result<Flags, Error> {
        let word = self.word(bus, FLAGS)?;
        let bit = |bit: u16| word & (1 << bit) != 0;
        // INIT is low while the chip starts.
        Ok(Flags { eeprom_busy: bit(7), eeprom_dead: bit(5), starting: !bit(4) })
    }

    fn temperature<B: I2c>(
        &self,
        bus: &mut B,
        register: u8,
        range: std::ops::RangeInclusive<u16>,
    ) -> Result<u16, Error> {
        let raw = self.word(bus, register)?;
        if raw & ERROR_BIT != 0 {
            return Err(Error::Flagged { register, raw });
        }
        if range.contains(&raw) { Ok(raw) } else { Err(Error::Range { register, raw }) }
    }

    fn word<B: I2c>(&self, bus: &mut B, command: u8) -> Result<u16, Error> {
        let mut left = RETRIES;
        loop {
            match self.word_once(bus, command) {
                Err(error) if error.is_transient() && left > 0 => left -= 1,
                result => return result,
            }
        }
    }

    fn word_once<B: I2c>(&self, bus: &mut B, command: u8) -> Result<u16, Error> {
        let mut answer = [0; 3];
        bus.write_read(self.address, &[command], &mut answer).map_err(|error| Error::Bus(error.kind()))?;
        let [low, high, received] = answer;
        let computed = smbus_pec(&[self.address << 1, command, self.address << 1 | 1, low, high]);
        if received != computed {
            return Err(Error::Checksum { received, computed });
        }
        Ok(u16::from_le_bytes([low, high]))
    }
}

/// Converts a temperature word, exactly: hundredths of a degree are `2 · raw − 27315`.
fn decode(register: u8, raw: u16) -> Result<CentiCelsius, Error> {
    CentiCelsius::new(i32::from(raw) * 2 - 27_315).ok_or(Error::Range { register, raw })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_the_datasheets_words() {
        // Source: datasheet rev 13; it rounds −70.01 to −70.00 in one place.
        let published =
            [(0x3AF7, 28.75), (0x3AF8, 28.77), (0x7FFF, 382.19), (0x27AD, -70.01), (0x3AD2, 28.01)];
        for (raw, degrees) in published {
            let decoded = decode(OBJECT, raw).unwrap().degrees();
            assert!((decoded - degrees).abs() < 0.011, "{raw:#06x}: {decoded}");
        }
    }

    #[test]
    fn decodes_every_word_exactly_and_in_order() {
        let words: Vec<i32> = (OBJECT_MIN..=0x7FFF).map(|raw| decode(OBJECT, raw).unwrap().get()).collect();
        assert!(words.windows(2).all(|pair| pair[1] - pair[0] == 2));
    }

    #[test]
    fn every_failure_has_its_reason() {
        use embedded_hal::i2c::NoAcknowledgeSource::Address;
        let reasons = [
            (Error::Bus(ErrorKind::NoAcknowledge(Address)), NoReading::Absent),
            (Error::Bus(ErrorKind::Other), NoReading::Timeout),
            (Error::Bus(ErrorKind::ArbitrationLoss), NoReading::Bus),
            (Error::Checksum { received: 1, computed: 2 }, NoReading::Checksum),
            (Error::Flagged { register: 7, raw: 0x8000 }, NoReading::Flagged),
            (Error::Range { register: 7, raw: 0 }, NoReading::Flagged),
            (Error::Starting, NoReading::Starting),
            (Error::MemoryBusy, NoReading::MemoryBusy),
            (Error::MemoryDead, NoReading::MemoryDead),
            (Error::WrongPart(Mismatch::Emissivity(0xFAE0)), NoReading::WrongPart),
        ];
        for (error, reason) in reasons {
            assert_eq!(NoReading::from(error), reason, "{error}");
        }
    }
}
