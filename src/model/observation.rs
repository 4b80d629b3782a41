//! What a device saw, and when.

use serde::{Deserialize, Serialize};

use super::camera_view::CameraView;
use super::id_card::IdCard;
use super::module_colour::ModuleColour;
use super::temperature::ThermalReading;
use super::thermal_frame::ThermalFrame;
use crate::base::{CentiCelsius, DeviceId, Mono, NoReading, Pii};

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
    /// A thermal array's picture, or why there is none.
    Frame(Box<Result<ThermalFrame, NoReading>>),
    /// What a sensor beside the infrared one says.
    Beside(Beside),
    /// A code was read.
    Code(Scan),
    /// An identity card was read.
    IdCard(IdCard),
    /// How a camera sees whoever holds up a code, when it changes.
    View(CameraView),
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

/// What a sensor beside the infrared one says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Temperature of the air about the lane.
    Air(Result<CentiCelsius, NoReading>),
    /// Temperature of the air outdoors.
    Outdoor(Result<CentiCelsius, NoReading>),
    /// Temperature of the reference plate.
    Plate(Result<CentiCelsius, NoReading>),
    /// Distance to whatever is before the sensor, in millimetres; [`u16::MAX`] for nothing within its range.
    Distance(Result<u16, NoReading>),
    /// The sensor's supply in millivolts.
    Supply(Result<u16, NoReading>),
}

impl Beside {
    /// In words, for whoever looks at the device.
    ///
    /// # Errors
    ///
    /// Why there is no value.
    pub fn describe(&self) -> Result<String, NoReading> {
        let degrees = |what: &str, value: CentiCelsius| format!("{what} {:.2} °C", value.degrees());
        Ok(match self {
            Self::Air(value) => degrees("air", (*value)?),
            Self::Outdoor(value) => degrees("outdoors", (*value)?),
            Self::Plate(value) => degrees("plate", (*value)?),
            Self::Distance(Ok(u16::MAX)) => "nothing within range".to_owned(),
            Self::Distance(value) => format!("{} mm", (*value)?),
            Self::Supply(value) => format!("{} mV", (*value)?),
        })
    }

    /// Whether there is a value.
    pub fn health(&self) -> Result<(), NoReading> {
        match self {
            Self::Air(value) | Self::Outdoor(value) | Self::Plate(value) => value.map(|_| ()),
            Self::Distance(value) | Self::Supply(value) => value.map(|_| ()),
        }
    }
}

/// What a thermometer beside the infrared one is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearby {
    /// The air about the lane.
    Air,
    /// The air outdoors.
    Outdoor,
    /// The reference plate.
    Plate,
}

impl Nearby {
    /// A value of it.
    pub fn said(self, value: Result<CentiCelsius, NoReading>) -> Beside {
        match self {
            Self::Air => Beside::Air(value),
            Self::Outdoor => Beside::Outdoor(value),
            Self::Plate => Beside::Plate(value),
        }
    }
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
    /// The colour of its modules, where a camera saw one and is sure of it.
    pub colour: Option<ModuleColour>,
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
