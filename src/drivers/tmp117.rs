//! TMP117: digital thermometer, ±0.1 °C from −20 to 50 °C, for air, outdoors or the back of a reference plate.
//!
//! The chip is told to convert once, eight times averaged (125 ms), and sleeps in between: it then warms neither itself nor
//! the plate. Source: TI datasheet SBOS740 rev C, and crate `tmp117`, which speaks to it.

use std::time::Duration;

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{Error as _, I2c};
use tmp117::register::Average;
use tmp117::{Error, Tmp117};

use super::limited::{Budget, Failed, Limited};
use super::{OpenBus, SideSensor, reason};
use crate::base::{CentiCelsius, Mono, NoReading};
use crate::model::{Beside, Nearby};

/// Address with the address pin to ground.
pub const ADDRESS: u8 = 0x48;
/// What the chip answers in its identity register.
const DEVICE: u16 = 0x117;
/// Transfers of one reading at most: a conversion is waited for by looking every 10 ms.
const TRANSFERS: u32 = 100;
/// How often it is read: air and plates change slowly.
const EVERY: Duration = Duration::from_secs(10);

/// One chip.
pub struct Chip<B, D> {
    open: OpenBus<B>,
    delay: D,
    address: u8,
    of: Nearby,
    due: Mono,
}

impl<B: I2c, D: DelayNs> Chip<B, D> {
    /// The chip at the 7-bit `address` of the bus that `open` opens.
    pub fn new(open: OpenBus<B>, delay: D, address: u8, of: Nearby, now: Mono) -> Self {
        Self { open, delay, address, of, due: now }
    }

    fn read(&mut self) -> Result<CentiCelsius, NoReading> {
        let budget = Budget::default();
        budget.allow(TRANSFERS);
        let bus = Limited::new((self.open)()?, budget);
        let mut chip = Tmp117::new(bus, self.address, &mut self.delay);
        if chip.id().map_err(why)?.device != DEVICE {
            return Err(NoReading::WrongPart);
        }
        let degrees = chip.oneshot(Average::Avg8).map_err(why)?;
        CentiCelsius::from_degrees(degrees.into()).ok_or(NoReading::Flagged)
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

fn why<E: embedded_hal::i2c::Error>(error: Error<Failed<E>>) -> NoReading {
    match error {
        Error::Bus(error) => reason(error.kind()),
        Error::DataNotReady | Error::Timeout => NoReading::Timeout,
        Error::AlertPin | Error::InvalidData => NoReading::Bus,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded_hal_mock::eh1::delay::NoopDelay;
    use embedded_hal_mock::eh1::i2c::{Mock, Transaction};

    #[test]
    fn a_reading_is_one_conversion_and_a_chip_of_another_kind_gives_none() {
        // Register 0x0F: identity; 0x01: configuration, data-ready is bit 13; 0x00: temperature, 7.8125 m°C a step.
        let good = [
            Transaction::write_read(ADDRESS, vec![0x0F], vec![0x01, 0x17]),
            Transaction::write_read(ADDRESS, vec![0x01], vec![0x02, 0x20]),
            Transaction::write(ADDRESS, vec![0x01, 0x0E, 0x20]),
            Transaction::write_read(ADDRESS, vec![0x01], vec![0x2E, 0x20]),
            Transaction::write_read(ADDRESS, vec![0x00], vec![0x0C, 0x80]),
        ];
        // 0x0C80: 25 °C. Source: datasheet, table 7-1.
        assert_eq!(poll(&good), Beside::Air(Ok(CentiCelsius::new(2_500).unwrap())));
        let other = [Transaction::write_read(ADDRESS, vec![0x0F], vec![0x00, 0x75])];
        assert_eq!(poll(&other), Beside::Air(Err(NoReading::WrongPart)));
    }

    fn poll(expected: &[Transaction]) -> Beside {
        let mut bus = Mock::new(expected);
        let open = bus.clone();
        let mut chip =
            Chip::new(Box::new(move || Ok(open.clone())), NoopDelay::new(), ADDRESS, Nearby::Air, Mono::ZERO);
        let said = chip.poll(Mono::ZERO).unwrap();
        assert_eq!(chip.poll(Mono::from_millis(9_999)), None);
        bus.done();
        said
    }
}
