//! VL53L0X: distance to whatever is before the sensor, by the time that light takes; to about 1.2 m.
//!
//! The chip ranges all the time; each poll takes the newest distance, if there is one. A chip that failed is set up anew.
//! Source: ST datasheet DS11555 and crate `vl53l0x`, which speaks to it.

use std::time::Duration;

use embedded_hal::i2c::{Error as _, I2c};
use vl53l0x::{Error, VL53L0x};

use super::limited::{Budget, Failed, Limited};
use super::{OpenBus, SideSensor, reason};
use crate::base::{Mono, NoReading};
use crate::model::Beside;

/// Address after power-up.
pub const ADDRESS: u8 = 0x29;
/// From here on it is no distance: the chip says 8,190 or 8,191 for "nothing within range". Source: ST forum and API, range
/// status 4.
const NOTHING_MM: u16 = 8_190;
/// Time of one ranging at the chip's default timing budget, and a little.
const EVERY: Duration = Duration::from_millis(50);
/// Pause after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// A ranging that is not ready for so long never will be.
const STALE_AFTER: Duration = Duration::from_millis(400);
/// Transfers of one call at most; setting the chip up takes about 200.
const TRANSFERS: u32 = 2_000;

/// One chip.
pub struct Chip<B: I2c> {
    open: OpenBus<B>,
    address: u8,
    due: Mono,
    budget: Budget,
    running: Option<Running<B>>,
}

struct Running<B: I2c> {
    chip: VL53L0x<Limited<B>>,
    heard: Mono,
}

impl<B: I2c> Chip<B> {
    /// The chip at the 7-bit `address` of the bus that `open` opens.
    pub fn new(open: OpenBus<B>, address: u8, now: Mono) -> Self {
        Self { open, address, due: now, budget: Budget::default(), running: None }
    }

    fn start(&mut self, now: Mono) -> Result<Running<B>, NoReading> {
        let bus = Limited::new((self.open)()?, self.budget.clone());
        let mut chip = VL53L0x::with_address(bus, self.address).map_err(why)?;
        chip.start_continuous(0).map_err(|error| reason(error.kind()))?;
        Ok(Running { chip, heard: now })
    }

    fn read(&mut self, now: Mono) -> Result<Option<u16>, NoReading> {
        self.budget.allow(TRANSFERS);
        let mut running = match self.running.take() {
            Some(running) => running,
            None => self.start(now)?,
        };
        let read = match running.chip.read_range_mm() {
            Ok(distance) => {
                running.heard = now;
                Ok(Some(if distance >= NOTHING_MM { u16::MAX } else { distance }))
            }
            Err(nb::Error::WouldBlock) if now.since(running.heard) <= STALE_AFTER => Ok(None),
            Err(nb::Error::WouldBlock) => Err(NoReading::Stale),
            Err(nb::Error::Other(error)) => Err(why(error)),
        };
        // After a failure it is set up anew.
        self.running = read.is_ok().then_some(running);
        read
    }
}

impl<B: I2c> SideSensor for Chip<B> {
    fn due(&self) -> Mono {
        self.due
    }

    fn poll(&mut self, now: Mono) -> Option<Beside> {
        if now < self.due {
            return None;
        }
        let read = self.read(now);
        self.due = now + if read.is_ok() { EVERY } else { PAUSE };
        read.transpose().map(Beside::Distance)
    }
}

fn why<E: embedded_hal::i2c::Error>(error: Error<Failed<E>>) -> NoReading {
    match error {
        Error::BusError(error) => reason(error.kind()),
        Error::Timeout => NoReading::Timeout,
        Error::InvalidDevice(_) | Error::InvalidAddress(_) => NoReading::WrongPart,
    }
}
