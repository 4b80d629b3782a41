//! Devices on `embedded-hal` and byte streams; no operating system.
//!
//! Each driver is told the time and what its wires say, and answers what follows and when to be called again. What a
//! movement or a reading *means* is the engine's affair.

pub mod barrier;
pub mod gm65;
pub mod illuminator;
pub mod lamp;
pub mod limited;
pub mod lines;
pub mod mlx90614;
pub mod mlx90632;
pub mod mlx90640;
pub mod mlx90641;
pub mod mlx9064x;
pub mod pins;
pub mod scanner;
pub mod sdt;
pub mod sht4x;
pub mod sprayer;
pub mod tmp117;
pub mod vl53l0x;
pub mod wedge;

use embedded_hal::i2c::ErrorKind;

use crate::base::{Mono, NoReading};
use crate::model::{Beside, ThermalFrame, ThermalReading};

/// Something that gives temperatures at its own pace, such as a chip on a bus or a folder of the kernel's files.
pub trait Thermometer {
    /// When [`poll`](Self::poll) has something to do next.
    fn due(&self) -> Mono;

    /// Takes a reading if one is due; `None` when called early.
    fn poll(&mut self, now: Mono) -> Option<Result<ThermalReading, NoReading>>;
}

/// Something that gives pictures of temperatures at its own pace.
pub trait ThermalArray {
    /// When [`poll`](Self::poll) has something to do next.
    fn due(&self) -> Mono;

    /// Goes on with what is due; a frame when one is whole. `None` when called early, and while a frame is not whole yet.
    fn poll(&mut self, now: Mono) -> Option<Result<ThermalFrame, NoReading>>;
}

/// Something beside an infrared sensor that gives one number at its own pace: temperature of air or plate, distance,
/// supply.
pub trait SideSensor {
    /// When [`poll`](Self::poll) has something to do next.
    fn due(&self) -> Mono;

    /// Takes a reading if one is due; `None` when called early or when nothing is ready yet.
    fn poll(&mut self, now: Mono) -> Option<Beside>;
}

/// Opens the bus of a chip, again after the chip failed; the error is why it cannot be opened.
pub type OpenBus<B> = Box<dyn FnMut() -> Result<B, NoReading> + Send>;

/// The reason as recorded for a failed transfer. [`ErrorKind::Other`] counts as a timeout: the bus openers of `platform`
/// use it for that.
pub fn reason(error: ErrorKind) -> NoReading {
    match error {
        ErrorKind::NoAcknowledge(_) => NoReading::Absent,
        ErrorKind::Other => NoReading::Timeout,
        // A kind that embedded-hal may add is some failure of the bus.
        ErrorKind::Bus | ErrorKind::ArbitrationLoss | ErrorKind::Overrun | _ => NoReading::Bus,
    }
}
