//! What a device saw, and when.

use serde::{Deserialize, Serialize};

use super::temperature::ThermalReading;
use crate::base::{DeviceId, Mono, NoReading, Pii};

/// Something seen by one device at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Which device.
    pub device: DeviceId,
    /// When.
    pub at: Mono,
    /// What.
    pub what: Observed,
}

/// What a device can see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    /// A thermometer's sample, or why there is none.
    Thermal(Result<ThermalReading, NoReading>),
    /// A code was read.
    Code(Scan),
    /// An input line changed, after debouncing.
    Line {
        /// Which input.
        signal: Signal,
        /// What it says now.
        level: Level,
    },
    /// The device failed, or works again.
    Health(Result<(), NoReading>),
}

/// The content of a code, and how it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Bytes of the symbol; attacker's text until verified.
    pub payload: Pii<Vec<u8>>,
    /// By which way.
    pub via: Via,
    /// Number of other codes, different from this one and from each other, in view at about the same time.
    pub others: usize,
}

/// How a code was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// From a camera frame.
    Camera,
    /// By a serial or USB scanner.
    Scanner,
}

/// An input of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// Somebody or something waits before the barrier, on the outer side: loop A, or a presence sensor.
    Presence,
    /// Somebody or something waits on the inner side of a lane that takes both directions.
    PresenceInside,
    /// Something is under the barrier: loop B, or the light beam.
    Beam,
    /// The barrier's upper end switch.
    BarrierOpen,
    /// The barrier's lower end switch.
    BarrierClosed,
    /// The attendant's button.
    Button,
}

/// What an input line says, whatever its polarity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Occupied, pressed, reached.
    Active,
    /// Free, released, not reached.
    Idle,
}
