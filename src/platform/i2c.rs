//! I²C through the kernel's `/dev/i2c-*`.

use std::io;
use std::path::Path;

use embedded_hal::i2c::{Error as _, ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};
use linux_embedded_hal::I2cdev;
use linux_embedded_hal::i2cdev::linux::LinuxI2CError;
use rustix::io::Errno;

use super::unusable::Unusable;
use crate::base::DeviceId;

/// One handle on a bus. Each device has its own: the handle is reopened whenever the address changes.
///
/// A transfer with a repeated start is one `I2C_RDWR` call.
pub struct Bus(I2cdev);

/// A transfer that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BusError(ErrorKind);

/// Opens the bus at `path` for `device`. Nothing is sent yet: an absent chip shows at the first transfer.
///
/// # Errors
///
/// When there is no such bus, or no right to use it.
pub fn open(device: &DeviceId, path: &Path) -> Result<Bus, Unusable> {
    let bus =
        I2cdev::new(path).map_err(|error| Unusable::new(device, path.display(), io::Error::from(error)))?;
    Ok(Bus(bus))
}

impl embedded_hal::i2c::Error for BusError {
    fn kind(&self) -> ErrorKind {
        self.0
    }
}

impl ErrorType for Bus {
    type Error = BusError;
}

impl I2c for Bus {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        self.0.transaction(address, operations).map_err(|error| {
            let number = match error.inner() {
                LinuxI2CError::Errno(number) => Some(*number),
                LinuxI2CError::Io(error) => error.raw_os_error(),
            };
            BusError(number.map_or(error.kind(), kind))
        })
    }
}

/// What an errno of a transfer means; a timeout is `Other`, for which the trait has no word.
///
/// Source: Linux Documentation/i2c/fault-codes.rst. `EREMOTEIO` is what i2c-bcm2835 gives where the others give
/// `ENXIO`.
fn kind(number: i32) -> ErrorKind {
    match Errno::from_raw_os_error(number) {
        Errno::NXIO | Errno::REMOTEIO | Errno::NODEV => {
            ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown)
        }
        Errno::TIMEDOUT => ErrorKind::Other,
        Errno::AGAIN => ErrorKind::ArbitrationLoss,
        _ => ErrorKind::Bus,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::NoReading;
    use crate::drivers::mlx90614::Error;

    #[test]
    fn an_errno_of_any_adapter_becomes_the_right_reason() {
        let reasons = [
            (Errno::NXIO, NoReading::Absent),
            (Errno::REMOTEIO, NoReading::Absent),
            (Errno::TIMEDOUT, NoReading::Timeout),
            (Errno::IO, NoReading::Bus),
            (Errno::BUSY, NoReading::Bus),
        ];
        for (number, reason) in reasons {
            assert_eq!(NoReading::from(Error::Bus(kind(number.raw_os_error()))), reason, "{number:?}");
        }
    }

    #[test]
    fn a_bus_that_is_not_there_names_device_and_path() {
        let said = open(&"brow".parse().unwrap(), Path::new("/dev/i2c-none")).err().unwrap().to_string();
        assert!(said.starts_with("device brow: /dev/i2c-none: No such file"), "{said}");
    }
}
