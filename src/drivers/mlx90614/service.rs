//! Writes a chip's memory: for a person at the bench, never for a running kiosk, which constructs none of this.
//!
//! A write is `S addr+W command low high pec P`; the pec covers the address byte too, and the chip refuses a wrong one. A
//! cell is erased by writing 0 before it is written, each step takes 5 ms (10 are waited), each is read back, and what was
//! written counts from the next power-up. A cell bears 100,000 cycles. Source: datasheet rev 13, "EEPROM"; application
//! note 390119061402 rev 004, "Writing EEPROM".
//!
//! **Emissivity.** Two cells go together: 0x04 and the factor 0x0F, whose product must stay what the maker set, or
//! the calibration of medical parts is lost. The procedure is that of Melexis' own library (melexis/mlx90614-library,
//! functions/MLX90614_API.cpp, `MLX90614_SetEmissivity`): unlock with command 0x60; erase and write 0x04; erase and
//! write 0x0F with `old factor · old emissivity / new emissivity`, rounded, refused above 0x7FFF; lock with 0x61.
//! Other programs write 0x04 alone; [`Factor::Leave`] takes back what those did.
//!
//! **Address.** Cell 0x0E, low byte. All chips answer at 0, so a chip whose address is not known is asked there, alone on
//! its bus (application note 390119061402).

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{Error as _, ErrorKind, I2c};

use super::{Error, Mlx90614};
use crate::base::checksum::smbus_pec;

const EMISSIVITY: u8 = 0x24;
const FACTOR: u8 = 0x2F;
const ADDRESS: u8 = 0x2E;
const UNLOCK: u8 = 0x60;
const LOCK: u8 = 0x61;
/// Wait after each write: the datasheet asks for 5 ms, Melexis' library waits 10.
const WRITE_MS: u32 = 10;
/// Largest factor that the chip can use. Source: Melexis' library.
const FACTOR_MAX: u16 = 0x7FFF;
/// Least emissivity word, 0.05. Source: Melexis' library.
const EMISSIVITY_MIN: u16 = 3_277;

/// An emissivity as the chip stores it: `round(65535 · ε)`, 0.05 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Emissivity(u16);

impl Emissivity {
    /// 1, as delivered.
    pub const ONE: Self = Self(0xFFFF);

    /// The emissivity `share`, or none outside 0.05 to 1.
    pub fn new(share: f64) -> Option<Self> {
        let word = (65_535.0 * share).round();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a word")]
        let word = (f64::from(EMISSIVITY_MIN)..=65_535.0).contains(&word).then_some(word as u16);
        word.map(Self)
    }

    /// The word.
    pub fn word(self) -> u16 {
        self.0
    }
}

/// What becomes of the factor in cell 0x0F when the emissivity changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// It follows, as in Melexis' library.
    Follow,
    /// It stays: the emissivity was changed alone before, and is put back.
    Leave,
}

/// Why a chip could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// A word could not be read.
    #[error("cannot be read: {0}")]
    Read(#[from] Error),
    /// A write was not taken: no chip, or one that found the packet error code wrong.
    #[error("command {command:#04x} was not taken: {kind}")]
    Refused {
        /// The command.
        command: u8,
        /// How the transfer failed.
        kind: ErrorKind,
    },
    /// A cell reads otherwise than it was written.
    #[error("command {command:#04x} wrote {wrote:#06x} and reads {read:#06x}")]
    NotKept {
        /// The command.
        command: u8,
        /// What was written.
        wrote: u16,
        /// What the cell says.
        read: u16,
    },
    /// The factor that belongs to this emissivity is none that the chip can use.
    #[error("factor {factor:#06x} at emissivity word {emissivity:#06x} cannot be scaled to {wanted:#06x}")]
    Factor {
        /// The factor in the chip.
        factor: u16,
        /// The emissivity word in the chip.
        emissivity: u16,
        /// The emissivity word wanted.
        wanted: u16,
    },
    /// No chip may have this address.
    #[error("address {0:#04x} must be 0x03 to 0x77")]
    Address(u8),
}

/// A chip whose memory is written.
#[derive(Debug)]
pub struct Service<B, D> {
    chip: Mlx90614,
    bus: B,
    delay: D,
}

impl<B: I2c, D: DelayNs> Service<B, D> {
    /// Writes `chip` on `bus`, which nothing else may use meanwhile.
    pub fn new(chip: Mlx90614, bus: B, delay: D) -> Self {
        Self { chip, bus, delay }
    }

    /// Sets the emissivity; it counts from the next power-up.
    ///
    /// # Errors
    ///
    /// The first thing that went wrong. The chip is locked again in any case. If the emissivity was written and the
    /// factor was not, doing it again would scale twice: the cells must be compared with those noted before.
    pub fn set_emissivity(&mut self, wanted: Emissivity, factor: Factor) -> Result<(), ServiceError> {
        let (emissivity, old) = (self.read(EMISSIVITY)?, self.read(FACTOR)?);
        let new = match factor {
            Factor::Leave => None,
            Factor::Follow => Some(scaled(old, emissivity, wanted).ok_or(ServiceError::Factor {
                factor: old,
                emissivity,
                wanted: wanted.word(),
            })?),
        };
        self.command(UNLOCK)?;
        let written = self.write(EMISSIVITY, wanted.word()).and_then(|()| match new {
            Some(new) => self.write(FACTOR, new),
            None => Ok(()),
        });
        let locked = self.command(LOCK);
        written.and(locked)
    }

    /// Gives the chip the 7-bit `address`, from its next power-up on.
    ///
    /// # Errors
    ///
    /// As [`set_emissivity`](Self::set_emissivity).
    pub fn set_address(&mut self, address: u8) -> Result<(), ServiceError> {
        if !(0x03..=0x77).contains(&address) {
            return Err(ServiceError::Address(address));
        }
        self.write(ADDRESS, address.into())
    }

    /// Emissivity word and factor as they are, to be noted before either is changed.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub fn emissivity_and_factor(&mut self) -> Result<(u16, u16), ServiceError> {
        Ok((self.read(EMISSIVITY)?, self.read(FACTOR)?))
    }

    fn read(&mut self, command: u8) -> Result<u16, ServiceError> {
        Ok(self.chip.word(&mut self.bus, command)?)
    }

    /// Erases a cell, then writes it; each is read back.
    fn write(&mut self, command: u8, word: u16) -> Result<(), ServiceError> {
        self.write_once(command, 0)?;
        self.write_once(command, word)
    }

    fn write_once(&mut self, command: u8, wrote: u16) -> Result<(), ServiceError> {
        let [low, high] = wrote.to_le_bytes();
        self.send(command, &[command, low, high])?;
        self.delay.delay_ms(WRITE_MS);
        let read = self.read(command)?;
        if read == wrote { Ok(()) } else { Err(ServiceError::NotKept { command, wrote, read }) }
    }

    fn command(&mut self, command: u8) -> Result<(), ServiceError> {
        self.send(command, &[command])
    }

    fn send(&mut self, command: u8, bytes: &[u8]) -> Result<(), ServiceError> {
        let address = self.chip.address;
        let covered: Vec<u8> = [address << 1].into_iter().chain(bytes.iter().copied()).collect();
        let sent: Vec<u8> = bytes.iter().copied().chain([smbus_pec(&covered)]).collect();
        let refused = |error: B::Error| ServiceError::Refused { command, kind: error.kind() };
        self.bus.write(address, &sent).map_err(refused)
    }
}

/// The factor that keeps its product with the emissivity; `None` where the chip could not use it.
fn scaled(factor: u16, emissivity: u16, wanted: Emissivity) -> Option<u16> {
    let product = u64::from(factor) * u64::from(emissivity);
    let wanted = u64::from(wanted.word());
    let rounded = u16::try_from((product + wanted / 2) / wanted).ok()?;
    (1..=FACTOR_MAX).contains(&rounded).then_some(rounded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emissivities_are_stored_as_published() {
        // Sources: datasheet rev 13 (1 is 0xFFFF); the mlx9061x crate's tests (0.7 is the bytes 51, 179).
        assert_eq!(Emissivity::new(1.0), Some(Emissivity::ONE));
        assert_eq!(Emissivity::new(0.98).unwrap().word(), 0xFAE0);
        assert_eq!(Emissivity::new(0.7).unwrap().word().to_le_bytes(), [51, 179]);
        for share in [0.04, 1.01, 0.0, -1.0, f64::NAN] {
            assert_eq!(Emissivity::new(share), None, "{share}");
        }
    }

    #[test]
    fn the_factor_keeps_its_product_with_the_emissivity() {
        let wanted = Emissivity::new(0.98).unwrap();
        // 0x4000 · 65535 / 64224 = 16718.4.
        assert_eq!(scaled(0x4000, 0xFFFF, wanted), Some(16_718));
        assert_eq!(scaled(16_718, wanted.word(), Emissivity::ONE), Some(0x4000), "and back");
        assert_eq!(scaled(0x7FFF, 0xFFFF, wanted), None, "above 0x7FFF");
        assert_eq!(scaled(0x4000, 0, wanted), None, "erased before: what belongs to it is lost");
    }
}
