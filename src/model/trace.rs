//! What a screening rests on and what it said: enough to decide it again without the sensor.
//!
//! # Format
//!
//! CBOR arrays in the order of the fields below, in the sealed part of a record. Temperatures are hundredths of a degree
//! Celsius. Numbers of fields are never used twice.

use minicbor::{Decode, Encode};

use super::body_site::BodySite;
use super::screening_rule::ScreeningRule;
use super::temperature::{NotMeasured, ThermalReading, Zone};
use crate::base::CentiCelsius;

/// Most samples of a screening.
pub const SAMPLES_MAX: usize = 9;

/// A screening: what it rests on, and what was decided.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Trace {
    /// Everything that the decision depends on.
    #[n(0)]
    pub basis: Basis,
    /// The decision.
    #[n(1)]
    pub decision: Decision,
}

/// Everything that a decision depends on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Basis {
    /// The samples, as the sensor gave them, oldest first; at most [`SAMPLES_MAX`].
    #[n(0)]
    pub samples: Vec<ThermalReading>,
    /// Where on the body.
    #[n(1)]
    pub site: BodySite,
    /// What the policy says.
    #[n(2)]
    pub rule: ScreeningRule,
    /// The sensor and how it is mounted.
    #[n(3)]
    pub head: Head,
    /// Temperature of what skin exchanges heat with.
    #[n(4)]
    pub surroundings: CentiCelsius,
    /// Where that is from.
    #[n(5)]
    pub surroundings_from: SurroundingsFrom,
    /// Median distance, where it is measured, in millimetres.
    #[n(6)]
    pub distance_mm: Option<u16>,
    /// Air outdoors, where it is known.
    #[n(7)]
    pub outdoor: Option<CentiCelsius>,
    /// An earlier screening of the same person.
    #[n(8)]
    pub earlier: Option<Earlier>,
    /// Correction of the drift monitor, added to the core equivalent.
    #[n(9)]
    pub drift: i16,
    /// What the last reference check found the sensor to read too much, where there is a reference.
    #[n(10)]
    pub reference: Option<i16>,
    /// What the drift monitor thinks of the sensor.
    #[n(11)]
    pub sensor: SensorTrust,
}

/// What the drift monitor thinks of a sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum SensorTrust {
    /// Nothing against it.
    #[n(0)]
    Trusted,
    /// It seems to read too low, by more than is corrected: nobody is below the threshold by it.
    #[n(1)]
    ReadsLow,
}

/// The sensor and how it is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Head {
    /// Supply in millivolts, measured or as the board's file says.
    #[n(0)]
    pub supply_mv: u16,
    /// Emissivity of skin in thousandths.
    #[n(1)]
    pub emissivity: u16,
    /// Greatest error of the part in its range, as its maker states it, in hundredths of a degree.
    #[n(2)]
    pub accuracy: u16,
    /// Calibration against a blackbody, where there is one.
    #[n(3)]
    pub calibration: Option<Calibration>,
}

/// A calibration at two temperatures against a blackbody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Calibration {
    /// First half of the SHA-256 of its certificate's text.
    #[n(0)]
    pub id: CalibrationId,
    /// What the sensor read, and what the blackbody had, at the lower and at the higher temperature.
    #[n(1)]
    pub points: [CalibrationPoint; 2],
}

/// Names a calibration for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct CalibrationId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 8]);

/// One temperature of a calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct CalibrationPoint {
    /// What the sensor read, with its supply corrected, at emissivity 1.
    #[n(0)]
    pub read: CentiCelsius,
    /// Radiance temperature of the blackbody.
    #[n(1)]
    pub true_value: CentiCelsius,
}

/// Where the temperature of the surroundings is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum SurroundingsFrom {
    /// The sensor's own temperature stood for it.
    #[n(0)]
    Die,
    /// A thermometer for the air.
    #[n(1)]
    Thermometer,
    /// Written in a file.
    #[n(2)]
    File,
}

/// An earlier screening of the same person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Earlier {
    /// How long ago, in seconds.
    #[n(0)]
    pub seconds: u16,
    /// Skin temperature then.
    #[n(1)]
    pub skin: CentiCelsius,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Decision {
    /// Skin temperature: supply, calibration and emissivity corrected.
    #[n(0)]
    pub skin: CentiCelsius,
    /// Added because the skin was still warming up.
    #[n(1)]
    pub raised: u16,
    /// Core equivalent, without the drift correction. Not a body temperature: people differ by more than any sensor's error.
    #[n(2)]
    pub core: CentiCelsius,
    /// Its standard uncertainty.
    #[n(3)]
    pub uncertainty: u16,
    /// Probability that body temperature is at or above the threshold temperature, in thousandths (JCGM 106:2012, 7.2).
    #[n(4)]
    pub probability: u16,
    /// The zone, or why there is none.
    #[n(5)]
    pub zone: Result<Zone, NotMeasured>,
}

impl CalibrationId {
    /// In hexadecimal, as a certificate and a screen show it.
    pub fn to_hex(self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }
}
