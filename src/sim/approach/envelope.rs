//! Whether a reading was taken where the sensor and the correction are vouched for: by the truth, which only a simulation has.

use crate::thermometry::settings::Reach;

use super::posture::View;

const SUPPLY_MV: std::ops::RangeInclusive<u32> = 2_580..=3_620;
const DIE: std::ops::RangeInclusive<f64> = 15.9..=40.1;
const AIR_TOLERANCE: f64 = 0.5;
const DISTANCE_TOLERANCE: f64 = 10.0;
const ERROR_MOST: f64 = 0.5;
const FILL_LEAST: f64 = 0.95;
const RISE_MOST: f64 = 0.3;
const COVER_MOST: f64 = 0.05;

/// What was true when a sample was taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    /// What the field held.
    pub view: View,
    /// The sensor's own temperature, °C.
    pub die: f64,
    /// Air about the lane, °C.
    pub air: f64,
    /// Supply in millivolts.
    pub supply_mv: u32,
    /// What the sensor reads too much, °C.
    pub error: f64,
    /// How much the skin has still to rise, °C, but for sweat.
    pub rise: f64,
    /// What drying sweat takes, °C.
    pub sweat: f64,
}

/// Why a reading was outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outside {
    /// The supply.
    Supply,
    /// The sensor's own temperature.
    Die,
    /// The air about the lane.
    Air,
    /// The distance.
    Distance,
    /// The sensor's error.
    Sensor,
    /// The head did not fill the field.
    Fill,
    /// Hair or a hat.
    Hair,
    /// Glasses.
    Glasses,
    /// Bare skin from the cold that had not settled. Hair in the second of two readings makes a rise look like none, so that
    /// comes before it.
    Unsettled,
    /// Sweat that dries, which nothing sees.
    Sweat,
}

impl Outside {
    /// All of them, in the order in which they are looked for.
    pub const ALL: [Self; 10] = [
        Self::Supply,
        Self::Die,
        Self::Air,
        Self::Distance,
        Self::Sensor,
        Self::Fill,
        Self::Hair,
        Self::Glasses,
        Self::Unsettled,
        Self::Sweat,
    ];
}

impl Truth {
    /// Why this is outside of what `reach` and the limits of the `air` allow, with `raised` °C added for what is to come.
    /// Of several reasons the first.
    pub fn outside(&self, reach: Option<Reach>, air: [f64; 2], raised: f64) -> Option<Outside> {
        Outside::ALL.into_iter().find(|why| self.is(*why, reach, air, raised))
    }

    fn is(&self, why: Outside, reach: Option<Reach>, air: [f64; 2], raised: f64) -> bool {
        let view = &self.view;
        match why {
            Outside::Supply => !SUPPLY_MV.contains(&self.supply_mv),
            Outside::Die => !DIE.contains(&self.die),
            Outside::Air => self.air < air[0] - AIR_TOLERANCE || self.air > air[1] + AIR_TOLERANCE,
            Outside::Distance => reach.is_some_and(|reach| {
                view.distance < f64::from(reach.near) - DISTANCE_TOLERANCE
                    || view.distance > f64::from(reach.far) + DISTANCE_TOLERANCE
            }),
            Outside::Sensor => self.error.abs() > ERROR_MOST,
            Outside::Unsettled => self.rise - raised > RISE_MOST,
            Outside::Fill => 1.0 - view.background < FILL_LEAST,
            Outside::Sweat => self.rise + self.sweat - raised > RISE_MOST,
            Outside::Hair => view.hair > COVER_MOST,
            Outside::Glasses => view.glasses > COVER_MOST,
        }
    }
}
