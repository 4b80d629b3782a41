//! The parts of the MLX90614 family.

use std::time::Duration;

/// A part of the family: pace, filter and noise.
///
/// Source: MLX90614 datasheet rev 13, table 8 (settling, noise and filter as delivered). Conversions of parts with a filter
/// are so long that a step is within 0.1 % after the table's settling time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Time of one conversion.
    pub conversion: Duration,
    /// Share of a new conversion in the filtered value.
    pub share: f64,
    /// Noise of the filtered object temperature in °C rms.
    pub noise: f64,
    /// Time until a step has settled, as the table gives it.
    pub settling: Duration,
    /// Highest object temperature that it gives, in °C.
    pub most: f64,
    /// Its configuration word: filter bits 2 to 0 (share), two fields in bit 6, and 10 to 8 (1024 samples); the maker's
    /// bits are left 0.
    pub config: u16,
}

impl Part {
    /// BAA, and AAA: 90° field, settles in 0.10 s, 0.05 °C rms, no filter.
    pub const BAA: Self = part((100, 100), 1.0, 0.05, 382.19, 0x0704);
    /// DAA: the same for medical use, which saturates at 200 °C.
    pub const DAA: Self = Self { most: 200.0, ..Self::BAA };
    /// BBA, and ABA: two fields of 70°, settles in 0.14 s, 0.07 °C rms, no filter.
    pub const BBA: Self = part((140, 140), 1.0, 0.07, 382.19, 0x0744);
    /// BCC: 35° field, settles in 0.14 s, 0.18 °C rms, no filter.
    pub const BCC: Self = part((140, 140), 1.0, 0.18, 382.19, 0x0704);
    /// DCC: the same for medical use.
    pub const DCC: Self = Self { most: 200.0, ..Self::BCC };
    /// BCF: 10° field, settles in 1.33 s, 0.10 °C rms, filter 50 %.
    pub const BCF: Self = part((133, 1_330), 0.5, 0.10, 382.19, 0x0700);
    /// BCI, and BCH: 5° and 12° field, settles in 0.65 s, 0.10 °C rms, filter 80 %.
    pub const BCI: Self = part((130, 650), 0.8, 0.10, 382.19, 0x0705);
    /// DCI, and DCH: the same for medical use.
    pub const DCI: Self = Self { most: 200.0, ..Self::BCI };
    /// BCK: 13° field, settles in 3.23 s, 0.30 °C rms, filter 25 %.
    pub const BCK: Self = part((134, 3_230), 0.25, 0.30, 382.19, 0x0701);

    /// Noise of one conversion, so that the filtered value has `noise`: a first-order filter of share a passes
    /// a / (2 − a) of the variance of white noise.
    pub(super) fn conversion_noise(&self) -> f64 {
        self.noise / (self.share / (2.0 - self.share)).sqrt()
    }
}

const fn part(
    (conversion_ms, settling_ms): (u64, u64),
    share: f64,
    noise: f64,
    most: f64,
    config: u16,
) -> Part {
    let (conversion, settling) = (Duration::from_millis(conversion_ms), Duration::from_millis(settling_ms));
    Part { conversion, share, noise, settling, most, config }
}
