//! Devices on `embedded-hal` and byte streams; no operating system.
//!
//! Each driver is told the time and what its wires say, and answers what follows and when to be called again. What a
//! movement or a reading *means* is the engine's affair.

pub mod barrier;
pub mod lamp;
pub mod lines;
pub mod mlx90614;
pub mod mlx90640;
pub mod mlx90641;
pub mod mlx9064x;
pub mod pins;
pub mod scanner;
pub mod sprayer;

use crate::base::{Mono, NoReading};
use crate::model::{ThermalFrame, ThermalReading};

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
