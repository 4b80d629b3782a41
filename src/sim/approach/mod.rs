//! People who come to a spot thermometer: their bodies, the weather, the place, and how they stand.
//!
//! What is modelled, figures that are published with their source beside them and ours said to be ours: body temperature and how
//! skin follows it ([`person`]), weather and the kiosk's surroundings ([`place`]), where somebody stands and what the sensor's
//! field then holds ([`posture`]). A [`Lane`](lane::Lane) runs them through the shipped screener, either from the bytes of the
//! simulated chip or from its optics without the bus. Everything follows from a seed.
//!
//! # The valid envelope
//!
//! A reading is within it where datasheets and data sets vouch for it, as [`envelope`] checks by the truth, which no sensor
//! knows. Each limit has the tolerance of the sensor that watches it.
//!
//! | what | limit | tolerance | from |
//! |---|---|---|---|
//! | supply | 2.6 to 3.6 V | 20 mV | MLX90614 datasheet rev 13, table 5 |
//! | the sensor's own temperature | 16 to 40 °C | 0.1 °C | the same, figure 24 |
//! | air about the lane | as the policy says, 16 to 32 °C | 0.5 °C | FDA's data are of 20 to 29 °C |
//! | distance, where it is measured | as the board says | 10 mm | VL53L0X datasheet, offset and noise |
//! | the sensor's error | 0.3 °C | 0.2 °C: the plate's thermometer, and what the plate reflects | figure 24 |
//! | share of the field that the head fills | 0.95 | none | datasheet: accuracy holds for a full field |
//! | what skin from the cold has still to rise, less what was added for it | 0.3 °C | none | as the sensor's own error |
//! | share of the field that hair, a hat or glasses cover | 0.05 | none | as the share above |
//!
//! Sweat that takes more than 0.3 °C than was added for it is counted as a cause of its own. Walls that differ from the air are no part of it: nothing that is fitted sees them. They are in the figures for sensitivity.

pub mod envelope;
pub mod eye;
pub mod lane;
pub mod person;
pub mod place;
pub mod posture;
pub mod visit;

use std::time::Duration;

use super::thermometer::Part;
use crate::model::{FrameArea, ScreeningRule};
use crate::thermometry::Settings;
use crate::thermometry::settings::{Fitted, Plate, Reach, Surroundings};

/// What a kiosk looks at people with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looks {
    /// A sensor with one field.
    Spot,
    /// An array's picture.
    Array,
}

/// What is fitted at a kiosk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outfit {
    /// A spot sensor, or an array that finds the warmest place of a face.
    pub looks: Looks,
    /// The sensor; an array's noise and pace are taken as this part's.
    pub part: Part,
    /// Its field's full width at half the response, in degrees.
    pub field: f64,
    /// A distance sensor, and the distances that count.
    pub distance: Option<Reach>,
    /// A thermometer for the air about the lane.
    pub air: Fitted,
    /// One outdoors.
    pub outdoor: Fitted,
    /// A reference plate.
    pub plate: Fitted,
    /// A meter of the supply.
    pub supply: Fitted,
}

impl Outfit {
    /// A narrow medical part and everything beside it.
    pub const WHOLE: Self = Self {
        looks: Looks::Spot,
        part: Part::DCI,
        field: 5.0,
        distance: Some(Reach { near: 30, far: 120 }),
        air: Fitted::Yes,
        outdoor: Fitted::Yes,
        plate: Fitted::Yes,
        supply: Fitted::Yes,
    };
    /// The same with a part of 35°, as close as a forehead fills its field.
    pub const WIDE: Self =
        Self { part: Part::DCC, field: 35.0, distance: Some(Reach { near: 30, far: 60 }), ..Self::WHOLE };
    /// An array that sees faces up to 40 cm away, and the plate in a corner of its picture.
    pub const ARRAY: Self = Self { looks: Looks::Array, part: Part::BAA, distance: None, ..Self::WHOLE };
    /// A sensor and nothing else, which is what most kits are.
    pub const BARE: Self = Self {
        looks: Looks::Spot,
        part: Part::BAA,
        field: 90.0,
        distance: None,
        air: Fitted::No,
        outdoor: Fitted::No,
        plate: Fitted::No,
        supply: Fitted::No,
    };

    /// Where an array's picture shows the plate.
    fn plate_at(&self) -> Option<FrameArea> {
        (self.looks == Looks::Array).then_some(FrameArea { left: 26, top: 0, right: 31, bottom: 4 })
    }

    /// What a screener of such a kiosk goes by.
    pub fn settings(&self, rule: ScreeningRule) -> Settings {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a part's noise, 0.05 to 0.30"
        )]
        let noise = (self.part.noise * 100.0).round() as u16;
        Settings {
            rule,
            noise,
            surroundings: match self.air {
                Fitted::Yes => Surroundings::Thermometer,
                Fitted::No => Surroundings::Die,
            },
            outdoor: self.outdoor,
            distance: self.distance,
            supply: self.supply,
            plate: match self.plate {
                Fitted::Yes => {
                    Some(Plate { every: Duration::from_secs(1_800), emissivity: 950, area: self.plate_at() })
                }
                Fitted::No => None,
            },
            ..Settings::default()
        }
    }
}
