//! What a lane's screenings go by: the policy's rule, the sensor's head, what is fitted beside it, and times.

use std::time::Duration;

use crate::base::CentiCelsius;
use crate::model::trace::{Head, SurroundingsFrom};
use crate::model::{BodySite, FrameArea, ScreeningRule};

/// Where the temperature of the surroundings comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surroundings {
    /// The sensor's own temperature stands for it: right indoors with the sensor in the open.
    Die,
    /// It is written in a file.
    Known(CentiCelsius),
    /// A thermometer for the air tells. While it does not, nothing is measured.
    Thermometer,
}

/// Whether something is fitted. What is fitted and silent is a fault, not an absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fitted {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// Distances at which the target fills the sensor's field, in millimetres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Nearest.
    pub near: u16,
    /// Furthest.
    pub far: u16,
}

/// A plate of known temperature that the sensor sees while nobody is there, or an array always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plate {
    /// How often it must be seen.
    pub every: Duration,
    /// Its emissivity in thousandths.
    pub emissivity: u16,
    /// Where an array's picture shows it; none of a spot sensor.
    pub area: Option<FrameArea>,
}

/// What a lane's screenings go by. [`Default`] is a forehead 5 cm before a 3 V part on a 3.3 V supply, indoors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// What the policy says.
    pub rule: ScreeningRule,
    /// The sensor and how it is mounted. Its supply is replaced where that is measured.
    pub head: Head,
    /// Where on the body this sensor looks, if it cannot look at the policy's place: an array finds the warmest of a face.
    pub site: Option<BodySite>,
    /// The sensor's noise in hundredths of a degree rms: samples that scatter more are not of somebody who stands still.
    pub noise: u16,
    /// What skin reflects and exchanges heat with.
    pub surroundings: Surroundings,
    /// A thermometer outdoors.
    pub outdoor: Fitted,
    /// Distances that count, where a distance sensor is fitted.
    pub distance: Option<Reach>,
    /// Measurement of the supply.
    pub supply: Fitted,
    /// The reference, where there is one.
    pub plate: Option<Plate>,
    /// How long somebody has to come close.
    pub patience: Duration,
    /// How long readings may take to settle once somebody is close.
    pub settle_max: Duration,
    /// How long the sensor may fail or be silent before a screening gives up.
    pub fault_max: Duration,
}

/// The head of a board's file that says nothing: a medical part (0.3 °C, MLX90614 datasheet rev 13, figure 24) on a
/// Raspberry Pi's 3.3 V, before skin (emissivity 0.98: Foster, Lloyd and Havenith 2021, checklist item 12).
pub const PLAIN_HEAD: Head = Head { supply_mv: 3_300, emissivity: 980, accuracy: 30, calibration: None };

/// Noise of a part that is not named: 0.18 °C rms, the most of those that settle within 150 ms (MLX90614 datasheet rev 13, table 8).
pub const PLAIN_NOISE: u16 = 18;

impl Default for Settings {
    fn default() -> Self {
        Self {
            rule: ScreeningRule::PLAIN,
            head: PLAIN_HEAD,
            noise: PLAIN_NOISE,
            site: None,
            surroundings: Surroundings::Die,
            outdoor: Fitted::No,
            distance: None,
            supply: Fitted::No,
            plate: None,
            patience: Duration::from_secs(20),
            settle_max: Duration::from_secs(8),
            fault_max: Duration::from_secs(3),
        }
    }
}

impl Surroundings {
    /// The same in a record's words.
    pub fn from(self) -> SurroundingsFrom {
        match self {
            Self::Die => SurroundingsFrom::Die,
            Self::Known(_) => SurroundingsFrom::File,
            Self::Thermometer => SurroundingsFrom::Thermometer,
        }
    }
}
