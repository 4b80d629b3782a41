//! Infrared thermometers and arrays, as a board's file wires them.

use std::path::PathBuf;

use super::Place;
use crate::model::FrameArea;
use crate::model::trace::{Calibration, Head};

/// An MLX90614 on I²C.
#[derive(Clone, Debug, PartialEq)]
pub struct Mlx90614 {
    /// The bus, such as `/dev/i2c-1`.
    pub bus: Place,
    /// Its 7-bit address, 0x03 to 0x77.
    pub address: u8,
    /// Optics and supply.
    pub spot: Spot,
    /// Silence before each read: the part's settling time (datasheet rev 13, table 8).
    pub settling_ms: u32,
    /// Fields of the part, 1 or 2.
    pub zones: u8,
    /// The number of the very chip that belongs here, where the board names one.
    pub chip_id: Option<u64>,
}

/// An MLX90632 on I²C.
#[derive(Clone, Debug, PartialEq)]
pub struct Mlx90632 {
    /// The bus, such as `/dev/i2c-1`.
    pub bus: Place,
    /// Its 7-bit address, 0x03 to 0x77.
    pub address: u8,
    /// Optics. Its values do not depend on its supply: that is given as the one that needs no correction.
    pub spot: Spot,
    /// The number of the very chip that belongs here, where the board names one.
    pub chip_id: Option<u64>,
}

/// A thermometer behind a folder of the kernel's IIO shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Iio {
    /// The folder, such as `/sys/bus/iio/devices/iio:device0`.
    pub folder: PathBuf,
    /// Optics and supply.
    pub spot: Spot,
    /// Silence before each read.
    pub settling_ms: u32,
}

/// What must be known of a spot thermometer to correct its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// Its supply in millivolts, as measured, 2,600 to 3,600.
    pub supply_mv: u16,
    /// Emissivity of what it looks at, in thousandths, 900 to 1,000.
    pub emissivity: u16,
    /// Greatest error that its maker states, in hundredths of a degree, 5 to 200.
    pub accuracy: u16,
    /// Its calibration, where there is one.
    pub calibration: Option<Calibration>,
    /// Its noise in hundredths of a degree rms, 2 to 50.
    pub noise: u16,
}

impl Spot {
    /// The same in a record's words.
    pub fn head(&self) -> Head {
        let Self { supply_mv, emissivity, accuracy, calibration, noise: _ } = *self;
        Head { supply_mv, emissivity, accuracy, calibration }
    }
}

impl Spot {
    /// The supply at which an MLX90614 reads right. Sensors that do not depend on theirs are given as if they had it.
    pub const UNCORRECTED_MV: u16 = 3_000;
}

/// A thermal array on I²C.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// The bus, such as `/dev/i2c-1`.
    pub bus: Place,
    /// Its 7-bit address, 0x03 to 0x77.
    pub address: u8,
    /// Halves of a frame in a second: 1, 2, 4, 8 or 16.
    pub refresh_hz: u8,
    /// Optics; its supply is corrected by the driver.
    pub spot: Spot,
    /// Where its picture shows the reference plate, if it does.
    pub plate: Option<FrameArea>,
}
