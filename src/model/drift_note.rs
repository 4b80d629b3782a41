//! What the screenings of many people say of their thermometer, and nothing of any one of them.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::body_site::BodySite;
use super::trace::CalibrationId;

/// Screenings of one group. Mean and standard deviation of so many are of nobody in particular.
pub const GROUP: u16 = 20;

/// What a group of screenings at one lane had in common. Only screenings that were not referred are in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(rename_all = "kebab-case")]
pub struct DriftNote {
    /// How many they were.
    #[n(0)]
    pub screenings: u16,
    /// Where on the body.
    #[n(1)]
    pub site: BodySite,
    /// The sensor's calibration, where it has one: another one is another instrument.
    #[n(2)]
    #[serde(skip)]
    pub calibration: Option<CalibrationId>,
    /// Skin temperature.
    #[n(3)]
    pub skin: Spread,
    /// Temperature of the surroundings.
    #[n(4)]
    pub surroundings: Spread,
    /// Core equivalent, without the monitor's correction, less what people have on the whole.
    #[n(5)]
    pub residual: Spread,
    /// The monitor's correction after them, in hundredths of a degree.
    #[n(6)]
    pub correction: i16,
    /// CUSUM of people who seem too warm, in tenths of a standard deviation.
    #[n(7)]
    pub high: u16,
    /// The same of people who seem too cool.
    #[n(8)]
    pub low: u16,
    /// What the last comparison with the reference plate found the sensor to read too much, in hundredths of a degree.
    #[n(9)]
    pub reference: Option<i16>,
}

/// Mean and standard deviation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
pub struct Spread {
    /// Mean in hundredths of a degree.
    #[n(0)]
    pub mean: i16,
    /// Standard deviation in hundredths of a degree.
    #[n(1)]
    pub deviation: u16,
}
