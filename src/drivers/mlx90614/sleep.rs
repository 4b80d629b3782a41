//! Sleep and wake of 3 V parts; those for 5 V cannot sleep.
//!
//! The command 0xFF with its packet error code puts the chip to sleep; it then answers nothing. It wakes when SDA is low
//! for more than 33 ms while SCL is high, which no I²C controller does: a second pin on SDA does it, as in Linux
//! drivers/iio/temperature/mlx90614.c. Valid data follow [`START_UP`](super::START_UP) later. Source: datasheet
//! rev 13, "Sleep mode".

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;
use embedded_hal::i2c::{Error as _, I2c};

use super::{Error, Mlx90614};
use crate::base::checksum::smbus_pec;

const SLEEP: u8 = 0xFF;
/// How long SDA is held low: the datasheet asks for more than 33 ms.
const WAKE_MS: u32 = 34;

/// Supply that a part is made for: the first letter of its name, A for 5 V.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// B and D parts.
    ThreeVolt,
    /// A parts.
    FiveVolt,
}

/// What can hold SDA low while SCL is high.
pub trait Wake {
    /// Why it could not.
    type Error;

    /// Wakes the chip. Nothing may use the bus meanwhile; data are valid [`START_UP`](super::START_UP) later. The
    /// first transfer after it may fail, because the controller saw no start: it is to be tried again.
    ///
    /// # Errors
    ///
    /// When the line cannot be driven.
    fn wake(&mut self, delay: &mut impl DelayNs) -> Result<(), Self::Error>;
}

/// A pin wired to SDA beside the controller's, which must be open-drain: high lets go of the line.
#[derive(Debug)]
pub struct SdaPin<P>(pub P);

impl<P: OutputPin> Wake for SdaPin<P> {
    type Error = P::Error;

    fn wake(&mut self, delay: &mut impl DelayNs) -> Result<(), P::Error> {
        self.0.set_low()?;
        delay.delay_ms(WAKE_MS);
        self.0.set_high()
    }
}

/// A chip that can sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sleeper(Mlx90614);

impl Mlx90614 {
    /// The chip as one that can sleep; `None` for a part that cannot.
    pub fn sleeper(self, supply: Supply) -> Option<Sleeper> {
        match supply {
            Supply::ThreeVolt => Some(Sleeper(self)),
            Supply::FiveVolt => None,
        }
    }
}

impl Sleeper {
    /// Puts the chip to sleep.
    ///
    /// # Errors
    ///
    /// When the transfer fails.
    pub fn sleep<B: I2c>(&self, bus: &mut B) -> Result<(), Error> {
        let Self(Mlx90614 { address }) = *self;
        let pec = smbus_pec(&[address << 1, SLEEP]);
        bus.write(address, &[SLEEP, pec]).map_err(|error| Error::Bus(error.kind()))
    }
}
