//! What the sensors beside the infrared one say, and for how long it counts.

use std::time::Duration;

use crate::base::{CentiCelsius, Mono, NoReading};
use crate::model::Beside;

/// How long the temperature of air or plate counts.
const AIR_FRESH: Duration = Duration::from_secs(120);
/// How long a distance counts: a few readings of a distance sensor.
const DISTANCE_FRESH: Duration = Duration::from_millis(500);
/// How long the supply counts.
const SUPPLY_FRESH: Duration = Duration::from_secs(30);

/// What is known beside the infrared sensor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Around {
    /// Air about the lane.
    pub air: Latest<CentiCelsius>,
    /// Air outdoors.
    pub outdoor: Latest<CentiCelsius>,
    /// The reference plate.
    pub plate: Latest<CentiCelsius>,
    /// Distance to whatever is before the sensor, in millimetres; more than a sensor's range is [`u16::MAX`].
    pub distance: Latest<u16>,
    /// Supply in millivolts.
    pub supply: Latest<u16>,
}

/// The last value of a sensor. A failure ends it at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latest<T>(Option<(Mono, T)>);

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Copy> Latest<T> {
    /// Takes what the sensor gave at `now`.
    pub fn take(&mut self, now: Mono, value: Result<T, NoReading>) {
        self.0 = value.ok().map(|value| (now, value));
    }

    fn within(&self, now: Mono, fresh: Duration) -> Option<T> {
        self.0.filter(|(at, _)| now.since(*at) <= fresh).map(|(_, value)| value)
    }
}

impl Around {
    /// Takes what a sensor said at `now`.
    pub fn take(&mut self, now: Mono, said: Beside) {
        match said {
            Beside::Air(value) => self.air.take(now, value),
            Beside::Outdoor(value) => self.outdoor.take(now, value),
            Beside::Plate(value) => self.plate.take(now, value),
            Beside::Distance(value) => self.distance.take(now, value),
            Beside::Supply(value) => self.supply.take(now, value),
        }
    }

    /// Air about the lane, if it is known at `now`.
    pub fn air(&self, now: Mono) -> Option<CentiCelsius> {
        self.air.within(now, AIR_FRESH)
    }

    /// Air outdoors, if it is known at `now`.
    pub fn outdoor(&self, now: Mono) -> Option<CentiCelsius> {
        self.outdoor.within(now, AIR_FRESH)
    }

    /// The plate's temperature, if it is known at `now`.
    pub fn plate(&self, now: Mono) -> Option<CentiCelsius> {
        self.plate.within(now, AIR_FRESH)
    }

    /// The distance, if it is known at `now`.
    pub fn distance(&self, now: Mono) -> Option<u16> {
        self.distance.within(now, DISTANCE_FRESH)
    }

    /// The supply, if it is known at `now`.
    pub fn supply(&self, now: Mono) -> Option<u16> {
        self.supply.within(now, SUPPLY_FRESH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_for_its_time_and_a_failure_ends_it() {
        let mut around = Around::default();
        assert_eq!(around.distance(Mono::ZERO), None);
        around.distance.take(Mono::ZERO, Ok(55));
        assert_eq!(around.distance(Mono::from_millis(500)), Some(55));
        assert_eq!(around.distance(Mono::from_millis(501)), None);
        around.supply.take(Mono::ZERO, Ok(3_290));
        around.supply.take(Mono::ZERO, Err(NoReading::Bus));
        assert_eq!(around.supply(Mono::ZERO), None, "an older value is no evidence after a failure");
    }
}
