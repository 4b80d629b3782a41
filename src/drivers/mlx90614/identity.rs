//! Which chip answers, and whether it is the one that the board file means.

use std::fmt;
use std::time::Duration;

use embedded_hal::i2c::I2c;

use super::config::{Config, Zones};
use super::{Error, Flags, Mlx90614};

const EMISSIVITY: u8 = 0x24;
const CONFIG: u8 = 0x25;
const ADDRESS: u8 = 0x2E;
/// First of the four words of the chip's number.
const NUMBER: u8 = 0x3C;
/// Emissivity 1, as delivered: emissivity is corrected in software, and writing this word alone breaks the
/// calibration of medical parts (see [`service`](super::service)).
const EMISSIVITY_ONE: u16 = 0xFFFF;

/// The number that the maker gave a chip: EEPROM words 0x1C to 0x1F, the last one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChipId(pub u64);

/// What a chip says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its number.
    pub chip: ChipId,
    /// Its configuration.
    pub config: Config,
    /// Its emissivity word, 0xFFFF for 1.
    pub emissivity: u16,
    /// The address that it answers after its next power-up, beside 0.
    pub address: u8,
}

/// What a board file says of a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its 7-bit address.
    pub address: u8,
    /// Silence before each read.
    pub settling: Duration,
    /// Its fields.
    pub zones: Zones,
    /// Its number, where the board names one.
    pub chip: Option<ChipId>,
}

/// How the chip that answers differs from what the board says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Somebody changed the emissivity in the chip.
    #[error("emissivity word is {0:#06x} and not 0xffff")]
    Emissivity(u16),
    /// The filter is set to what must not be used.
    #[error("configuration {0:#06x} averages a number of conversions that must not be used")]
    Conversions(u16),
    /// One field where two are expected, or the other way round.
    #[error("chip has {found:?} zone where the board says {expected:?}")]
    Zones {
        /// As the board says.
        expected: Zones,
        /// As the chip says.
        found: Zones,
    },
    /// The board reads before the filter has settled.
    #[error("filter settles in {chip_ms} ms and the board says settling_ms = {board_ms}")]
    Settling {
        /// As the board says.
        board_ms: u128,
        /// As table 8 says of this filter.
        chip_ms: u128,
    },
    /// The address was changed and the power has not been off since.
    #[error("answers at {expected:#04x} and will at {found:#04x} after its next power-up")]
    Address {
        /// As the board says.
        expected: u8,
        /// As the chip's memory says.
        found: u8,
    },
    /// Another chip: two were exchanged, or one was replaced.
    #[error("chip {found} answers where the board says {expected}")]
    Chip {
        /// As the board says.
        expected: ChipId,
        /// As the chip says.
        found: ChipId,
    },
}

impl Identity {
    /// Whether this is the chip that the board means.
    ///
    /// # Errors
    ///
    /// The first difference; another chip before how it is set up.
    pub fn check(&self, expected: &Expected) -> Result<(), Mismatch> {
        if let Some(chip) = expected.chip
            && chip != self.chip
        {
            return Err(Mismatch::Chip { expected: chip, found: self.chip });
        }
        // A chip that is asked at 0 answers whatever its address is.
        if expected.address != 0 && self.address != expected.address {
            return Err(Mismatch::Address { expected: expected.address, found: self.address });
        }
        if self.emissivity != EMISSIVITY_ONE {
            return Err(Mismatch::Emissivity(self.emissivity));
        }
        if self.config.samples().is_none() {
            return Err(Mismatch::Conversions(self.config.word()));
        }
        if self.config.zones() != expected.zones {
            return Err(Mismatch::Zones { expected: expected.zones, found: self.config.zones() });
        }
        match self.config.settling_least() {
            Some(settling) if expected.settling < settling => Err(Mismatch::Settling {
                board_ms: expected.settling.as_millis(),
                chip_ms: settling.as_millis(),
            }),
            Some(_) | None => Ok(()),
        }
    }
}

impl Mlx90614 {
    /// Reads who answers: flags first, then number, configuration, emissivity and address.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read); that the chip is starting or its memory busy or dead, whose words mean nothing.
    pub fn identify<B: I2c>(&self, bus: &mut B) -> Result<Identity, Error> {
        self.ready(bus)?;
        let mut number = 0;
        for word in (NUMBER..NUMBER + 4).rev() {
            number = number << 16 | u64::from(self.word(bus, word)?);
        }
        Ok(Identity {
            chip: ChipId(number),
            config: Config::new(self.word(bus, CONFIG)?),
            emissivity: self.word(bus, EMISSIVITY)?,
            address: self.word(bus, ADDRESS)?.to_le_bytes()[0] & 0x7F,
        })
    }

    /// Reads the flags: whether the chip's values mean anything.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read); which flag is set.
    pub fn ready<B: I2c>(&self, bus: &mut B) -> Result<(), Error> {
        let Flags { eeprom_busy, eeprom_dead, starting } = self.flags(bus)?;
        // While it starts, the chip has not found out yet what its memory is like.
        match (starting, eeprom_dead, eeprom_busy) {
            (true, _, _) => Err(Error::Starting),
            (false, true, _) => Err(Error::MemoryDead),
            (false, false, true) => Err(Error::MemoryBusy),
            (false, false, false) => Ok(()),
        }
    }
}

/// As board files write it: sixteen hexadecimal digits.
impl fmt::Display for ChipId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUND: Identity =
        Identity { chip: ChipId(7), config: Config::new(0x0705), emissivity: 0xFFFF, address: 0x5A };
    const EXPECTED: Expected =
        Expected { address: 0x5A, settling: Duration::from_millis(650), zones: Zones::Single, chip: None };

    #[test]
    fn the_chip_that_the_board_means_is_taken() {
        assert_eq!(FOUND.check(&EXPECTED), Ok(()));
        assert_eq!(FOUND.check(&Expected { chip: Some(ChipId(7)), ..EXPECTED }), Ok(()));
        assert_eq!(FOUND.check(&Expected { address: 0, ..EXPECTED }), Ok(()));
    }

    #[test]
    fn every_difference_is_named() {
        let set = |config| Identity { config: Config::new(config), ..FOUND };
        let cases = [
            (Identity { emissivity: 0xFAE0, ..FOUND }, EXPECTED, "emissivity word is 0xfae0"),
            (Identity { address: 0x5B, ..FOUND }, EXPECTED, "answers at 0x5a and will at 0x5b"),
            (set(0x0305), EXPECTED, "0x0305 averages a number of conversions that must not be used"),
            (set(0x0744), EXPECTED, "chip has Dual zone where the board says Single"),
            (FOUND, Expected { zones: Zones::Dual, ..EXPECTED }, "chip has Single zone"),
            (set(0x0701), EXPECTED, "settles in 3230 ms and the board says settling_ms = 650"),
            (
                FOUND,
                Expected { chip: Some(ChipId(0xAB)), ..EXPECTED },
                "chip 0000000000000007 answers where the board says 00000000000000ab",
            ),
        ];
        for (found, expected, said) in cases {
            let mismatch = found.check(&expected).unwrap_err().to_string();
            assert!(mismatch.contains(said), "{mismatch}");
        }
    }

    #[test]
    fn a_silence_that_is_longer_than_needed_is_right() {
        let patient = Expected { settling: Duration::from_secs(5), ..EXPECTED };
        assert_eq!(FOUND.check(&patient), Ok(()));
        // No table gives the time of fewer conversions.
        assert_eq!(Identity { config: Config::new(0x0405), ..FOUND }.check(&EXPECTED), Ok(()));
    }
}
