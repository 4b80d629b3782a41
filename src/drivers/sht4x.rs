//! SHT4x: air thermometer, ±0.2 °C (SHT40, SHT41) or ±0.1 °C (SHT45). Its humidity is not used.
//!
//! Source: Sensirion datasheet SHT4x, version 6.5, and crate `sht4x`, which speaks to it and checks its checksums.

use std::time::Duration;

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use sht4x::{Address, Error, Precision, Sht4x};

use super::{OpenBus, SideSensor, reason};
use crate::base::{CentiCelsius, Mono, NoReading};
use crate::model::{Beside, Nearby};

/// Address of most of the family.
pub const ADDRESS: u8 = 0x44;
/// How often it is read: air changes slowly, and the chip warms itself.
const EVERY: Duration = Duration::from_secs(10);

/// One chip.
pub struct Chip<B, D> {
    open: OpenBus<B>,
    delay: D,
    address: Address,
    of: Nearby,
    due: Mono,
}

impl<B: I2c, D: DelayNs> Chip<B, D> {
    /// The chip at `address`, 0x44 to 0x46, of the bus that `open` opens; `None` for another address.
    pub fn new(open: OpenBus<B>, delay: D, address: u8, of: Nearby, now: Mono) -> Option<Self> {
        let address = match address {
            0x44 => Address::Address0x44,
            0x45 => Address::Address0x45,
            0x46 => Address::Address0x46,
            _ => return None,
        };
        Some(Self { open, delay, address, of, due: now })
    }

    fn read(&mut self) -> Result<CentiCelsius, NoReading> {
        let mut chip = Sht4x::new_with_address((self.open)()?, self.address);
        let measured = chip.measure(Precision::High, &mut self.delay).map_err(why)?;
        let thousandths = f64::from(measured.temperature_milli_celsius());
        CentiCelsius::from_degrees(thousandths / 1_000.0).ok_or(NoReading::Flagged)
    }
}

impl<B: I2c, D: DelayNs> SideSensor for Chip<B, D> {
    fn due(&self) -> Mono {
        self.due
    }

    fn poll(&mut self, now: Mono) -> Option<Beside> {
        if now < self.due {
            return None;
        }
        self.due = now + EVERY;
        let value = self.read();
        Some(self.of.said(value))
    }
}

fn why<E: embedded_hal::i2c::Error>(error: Error<E>) -> NoReading {
    match error {
        Error::I2c(error) => reason(error.kind()),
        Error::Crc => NoReading::Checksum,
        // What the crate may add is some failure of the transfer.
        _ => NoReading::Bus,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded_hal_mock::eh1::delay::NoopDelay;
    use embedded_hal_mock::eh1::i2c::{Mock, Transaction};

    #[test]
    fn a_reading_is_checked_by_its_checksum() {
        // 0xBEEF has checksum 0x92: datasheet, 4.4. −45 + 175 · 0xBEEF / 0xFFFF = 85.52 °C.
        let answer = |checksum| {
            [
                Transaction::write(ADDRESS, vec![0xFD]),
                Transaction::read(ADDRESS, vec![0xBE, 0xEF, checksum, 0xBE, 0xEF, 0x92]),
            ]
        };
        assert_eq!(poll(&answer(0x92)), Beside::Outdoor(Ok(CentiCelsius::new(8_552).unwrap())));
        assert_eq!(poll(&answer(0x93)), Beside::Outdoor(Err(NoReading::Checksum)));
    }

    fn poll(expected: &[Transaction]) -> Beside {
        let mut bus = Mock::new(expected);
        let open = bus.clone();
        let open: OpenBus<Mock> = Box::new(move || Ok(open.clone()));
        let mut chip = Chip::new(open, NoopDelay::new(), ADDRESS, Nearby::Outdoor, Mono::ZERO).unwrap();
        let said = chip.poll(Mono::ZERO).unwrap();
        bus.done();
        said
    }
}
