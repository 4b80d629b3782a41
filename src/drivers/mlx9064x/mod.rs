//! What the thermal arrays MLX90640 and MLX90641 have in common: registers, the maths of a frame, how frames are read.
//!
//! All words are 16 bits, high byte first. A read is one transfer with a repeated start: `S addr+W high low Sr addr+R
//! data … P`; a write is `S addr+W high low data data P`. Bus up to 1 MHz. The EEPROM (832 words from 0x2400) is read
//! once and never written; RAM is read from 0x0400 in one transfer. Sources: MLX90640 datasheet rev 12, MLX90641
//! datasheet rev 3, §10 and §11 of both.

pub mod bits;
pub mod calibration;
pub mod convert;
pub mod poller;
pub mod radiance;
pub mod registers;

pub use calibration::{Calibration, Defect, EEPROM_WORDS, Layout, Sharing};
pub use convert::{Converter, Invalid};
pub use poller::{Error, OnBus};
pub use registers::{Control, Pattern, Rate, Status, Subpage};

/// Address of a chip as delivered.
pub const ADDRESS: u8 = 0x33;

/// One chip of the family.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its layout.
    pub layout: Layout,
    /// Makes a calibration of the words of its EEPROM.
    pub decode: fn(&[u16; EEPROM_WORDS]) -> Result<Calibration, Defect>,
}
