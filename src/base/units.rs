//! Quantities that are compared or stored, as integers with their unit in the type.

use std::fmt;
use std::ops::Sub;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// A temperature in hundredths of a degree Celsius.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct CentiCelsius(#[n(0)] i32);

impl CentiCelsius {
    /// Absolute zero.
    pub const ABSOLUTE_ZERO: Self = Self(-27_315);
    /// Hottest value accepted, 1,000 °C: above what any of our sensors can mean.
    pub const HOTTEST: Self = Self(100_000);

    /// `hundredths` of a degree, or none outside absolute zero to 1,000 °C.
    pub const fn new(hundredths: i32) -> Option<Self> {
        if hundredths >= Self::ABSOLUTE_ZERO.0 && hundredths <= Self::HOTTEST.0 {
            Some(Self(hundredths))
        } else {
            None
        }
    }

    /// The nearest value to `degrees`, or none outside the range or for NaN.
    pub fn from_degrees(degrees: f64) -> Option<Self> {
        let hundredths = (degrees * 100.0).round();
        #[expect(clippy::cast_possible_truncation, reason = "checked to be within i32 just before")]
        let value = (-30_000.0..=200_000.0).contains(&hundredths).then_some(hundredths as i32);
        value.and_then(Self::new)
    }

    /// Hundredths of a degree.
    pub const fn get(self) -> i32 {
        self.0
    }

    /// Degrees, for arithmetic.
    pub fn degrees(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

/// The difference in hundredths of a degree.
impl Sub for CentiCelsius {
    type Output = i32;

    fn sub(self, other: Self) -> i32 {
        self.0 - other.0
    }
}

/// Prints degrees with one decimal, as a screen shows it: `36.5`.
impl fmt::Display for CentiCelsius {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1}", self.degrees())
    }
}

#[cfg(test)]
mod tests {
    use super::CentiCelsius;

    #[test]
    fn accepts_only_what_a_sensor_can_mean() {
        assert_eq!(CentiCelsius::from_degrees(36.614).unwrap().get(), 3_661);
        assert_eq!(CentiCelsius::from_degrees(-10.0).unwrap().get(), -1_000);
        for impossible in [f64::NAN, f64::INFINITY, -273.2, 1_000.1] {
            assert_eq!(CentiCelsius::from_degrees(impossible), None);
        }
        assert_eq!(CentiCelsius::new(3_657).unwrap().to_string(), "36.6");
    }
}
