//! An I²C bus on which one call of a driver can make only so many transfers.
//!
//! Drivers of others wait in loops for a bit that a broken chip never sets, and keep the bus busy all the while. Here such a
//! loop ends with an error.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use embedded_hal::i2c::{Error, ErrorKind, ErrorType, I2c, Operation};

/// A bus with a budget of transfers.
#[derive(Debug)]
pub struct Limited<B> {
    bus: B,
    budget: Budget,
}

/// Transfers that are left. Clones are the same budget.
#[derive(Clone, Debug, Default)]
pub struct Budget(Arc<AtomicU32>);

/// A transfer that failed, or that was one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed<E> {
    /// The bus says so.
    Bus(E),
    /// The budget is used up.
    TooMany,
}

impl<B> Limited<B> {
    /// `bus` with this budget.
    pub fn new(bus: B, budget: Budget) -> Self {
        Self { bus, budget }
    }
}

impl Budget {
    /// From now on so many transfers.
    pub fn allow(&self, transfers: u32) {
        self.0.store(transfers, Ordering::Relaxed);
    }

    fn take<E>(&self) -> Result<(), Failed<E>> {
        let one_less = |left: u32| left.checked_sub(1);
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
        taken.map(|_| ()).map_err(|_| Failed::TooMany)
    }
}

impl<E: Error> Error for Failed<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Bus(error) => error.kind(),
            Self::TooMany => ErrorKind::Other,
        }
    }
}

impl<B: ErrorType> ErrorType for Limited<B> {
    type Error = Failed<B::Error>;
}

impl<B: I2c> I2c for Limited<B> {
    fn read(&mut self, address: u8, read: &mut [u8]) -> Result<(), Self::Error> {
        self.budget.take()?;
        self.bus.read(address, read).map_err(Failed::Bus)
    }

    fn write(&mut self, address: u8, write: &[u8]) -> Result<(), Self::Error> {
        self.budget.take()?;
        self.bus.write(address, write).map_err(Failed::Bus)
    }

    fn write_read(&mut self, address: u8, write: &[u8], read: &mut [u8]) -> Result<(), Self::Error> {
        self.budget.take()?;
        self.bus.write_read(address, write, read).map_err(Failed::Bus)
    }

    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Self::Error> {
        self.budget.take()?;
        self.bus.transaction(address, operations).map_err(Failed::Bus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded_hal_mock::eh1::i2c::{Mock, Transaction};

    #[test]
    fn what_is_over_the_budget_never_reaches_the_bus() {
        let mut mock = Mock::new(&[Transaction::write(0x29, vec![1]), Transaction::read(0x29, vec![2])]);
        let budget = Budget::default();
        let mut bus = Limited::new(&mut mock, budget.clone());
        assert_eq!(bus.write(0x29, &[1]), Err(Failed::TooMany), "nothing was allowed yet");
        budget.allow(2);
        bus.write(0x29, &[1]).unwrap();
        bus.read(0x29, &mut [0]).unwrap();
        assert_eq!(bus.write_read(0x29, &[1], &mut [0]), Err(Failed::TooMany));
        mock.done();
    }
}
