//! What a screening compares with, and what must be known to correct a reading.

use std::time::Duration;

use super::radiometry;
use crate::base::CentiCelsius;
use crate::model::{ThermalReading, Zone};

/// Share of the difference between skin and surroundings that is added to the skin temperature, 0 to 1.
///
/// The value compared is then a straight line over skin temperature with slope 1 + F ≥ 1: a fever is never drawn
/// towards normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factor(f64);

impl Factor {
    /// For foreheads: 0.20. Sources: Beall et al. 2022 (medrxiv 2022.01.28.22269746): 0.203 to 0.211; fitted on the
    /// FDA's face and oral temperature data: 0.18.
    pub const FOREHEAD: Self = Self(0.20);

    /// The factor `share`, or none outside 0 to 1.
    pub fn new(share: f64) -> Option<Self> {
        (0.0..=1.0).contains(&share).then_some(Self(share))
    }

    /// The share.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// Where the temperature of the surroundings comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surroundings {
    /// The sensor's own temperature stands for it: right indoors with the sensor in the open.
    Die,
    /// It is known.
    Known(CentiCelsius),
}

/// What a lane's screenings go by. [`Default`] is a forehead 5 cm before a 3 V part on a 3.3 V supply, indoors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Threshold temperature: what is compared with it is skin + F·(skin − surroundings) + `offset`.
    pub threshold: CentiCelsius,
    /// Half the width of the guard band about the threshold, in hundredths of a degree.
    pub guard: u16,
    /// The site's own correction from commissioning, in hundredths of a degree.
    pub offset: i16,
    /// Skin below this is too cold to say anything.
    pub cold: CentiCelsius,
    /// Above this it is no skin.
    pub hot: CentiCelsius,
    /// Correction for the surroundings.
    pub factor: Factor,
    /// Emissivity of skin, 0.90 to 1.00. Source: Foster, Lloyd and Havenith 2021, checklist item 12: 0.98.
    pub emissivity: f64,
    /// The sensor's supply in millivolts.
    pub supply_mv: u32,
    /// What skin reflects and is compared with.
    pub surroundings: Surroundings,
    /// How long somebody has to come close.
    pub patience: Duration,
    /// How long readings may take to settle once somebody is close.
    pub settle_max: Duration,
    /// How long the sensor may fail or be silent before a screening gives up.
    pub fault_max: Duration,
    /// How many times a screening is repeated before a person decides.
    pub rechecks_max: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            threshold: centi(3_730),
            guard: 30,
            offset: 0,
            cold: centi(3_350),
            hot: centi(4_300),
            factor: Factor::FOREHEAD,
            emissivity: 0.98,
            supply_mv: 3_300,
            surroundings: Surroundings::Die,
            patience: Duration::from_secs(20),
            settle_max: Duration::from_secs(8),
            fault_max: Duration::from_secs(3),
            rechecks_max: 2,
        }
    }
}

/// Sensor temperatures within which a medical part keeps its accuracy, 16 to 40 °C.
///
/// Source: MLX90614 datasheet rev 13, figure 24.
const DIE_VALID: std::ops::RangeInclusive<CentiCelsius> = centi(1_600)..=centi(4_000);

impl Settings {
    /// Whether the sensor is itself at a temperature where its values mean something.
    pub fn is_ready(&self, reading: &ThermalReading) -> bool {
        DIE_VALID.contains(&self.die(reading))
    }

    /// The sensor's temperature with the supply corrected.
    pub fn die(&self, reading: &ThermalReading) -> CentiCelsius {
        corrected(reading.die, radiometry::supply_error(self.supply_mv))
    }

    /// Skin temperature behind `reading`: supply and emissivity corrected.
    pub fn skin(&self, reading: &ThermalReading) -> CentiCelsius {
        let seen = reading.object.degrees() - radiometry::supply_error(self.supply_mv);
        let skin = radiometry::surface(seen, self.surroundings(reading).degrees(), self.emissivity);
        skin.and_then(CentiCelsius::from_degrees).unwrap_or(CentiCelsius::ABSOLUTE_ZERO)
    }

    /// What is compared with the threshold, of `skin` with the surroundings at `reading`.
    pub fn compared(&self, skin: CentiCelsius, reading: &ThermalReading) -> CentiCelsius {
        let slope = 1.0 + self.factor.get();
        assert!(slope >= 1.0, "a slope under 1 would draw fevers towards normal");
        let above = skin.degrees() - self.surroundings(reading).degrees();
        corrected(skin, -(self.factor.get() * above + f64::from(self.offset) / 100.0))
    }

    /// The zone that `compared` is in. The guard band ends below the threshold without, above it with its limit.
    pub fn zone(&self, compared: CentiCelsius) -> Zone {
        let above = compared - self.threshold;
        let guard = i32::from(self.guard);
        if above < -guard {
            Zone::Below
        } else if above < guard {
            Zone::Recheck
        } else {
            Zone::Refer
        }
    }

    fn surroundings(&self, reading: &ThermalReading) -> CentiCelsius {
        match self.surroundings {
            Surroundings::Die => self.die(reading),
            Surroundings::Known(known) => known,
        }
    }
}

/// `value` less `error` in °C. What leaves the range of temperatures altogether becomes absolute zero, which is no
/// skin.
fn corrected(value: CentiCelsius, error: f64) -> CentiCelsius {
    CentiCelsius::from_degrees(value.degrees() - error).unwrap_or(CentiCelsius::ABSOLUTE_ZERO)
}

const fn centi(hundredths: i32) -> CentiCelsius {
    match CentiCelsius::new(hundredths) {
        Some(temperature) => temperature,
        None => panic!("not a temperature"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RawWords;
    use proptest::prelude::*;

    #[test]
    fn a_reading_is_corrected_for_supply_emissivity_and_surroundings() {
        let settings = Settings::default();
        // Skin 34.5 °C at 25 °C: seen as 34.32 (radiometry), read 0.18 high on 3.3 V.
        let reading = reading(3_450, 2_518);
        assert!((settings.skin(&reading).get() - 3_450).abs() <= 1);
        // 34.5 + 0.2 · 9.5
        assert_eq!(settings.compared(centi(3_450), &reading).get(), 3_640);
        let known = Settings { surroundings: Surroundings::Known(centi(1_450)), offset: 10, ..settings };
        assert_eq!(known.compared(centi(3_450), &reading).get(), 3_860);
    }

    #[test]
    fn zones_meet_without_a_gap() {
        let settings = Settings::default();
        let zones = [
            (3_699, Zone::Below),
            (3_700, Zone::Recheck),
            (3_730, Zone::Recheck),
            (3_759, Zone::Recheck),
            (3_760, Zone::Refer),
        ];
        for (compared, zone) in zones {
            assert_eq!(settings.zone(centi(compared)), zone, "{compared}");
        }
        let without = Settings { guard: 0, ..settings };
        assert_eq!(without.zone(centi(3_729)), Zone::Below);
        assert_eq!(without.zone(centi(3_730)), Zone::Refer, "at the threshold temperature, refer");
    }

    #[test]
    fn a_factor_that_would_draw_fevers_towards_normal_does_not_exist() {
        assert_eq!(Factor::new(-0.01), None);
        assert_eq!(Factor::new(f64::NAN), None);
        assert!(Factor::new(0.0).is_some() && Factor::new(1.0).is_some());
    }

    #[test]
    fn the_sensor_is_ready_from_sixteen_to_forty_degrees() {
        let settings = Settings { supply_mv: 3_000, ..Settings::default() };
        let ready = [1_599, 1_600, 4_000, 4_001].map(|die| settings.is_ready(&reading(3_450, die)));
        assert_eq!(ready, [false, true, true, false]);
    }

    proptest! {
        #[test]
        fn one_degree_more_skin_is_at_least_one_degree_more_compared(
            skin in 3_000..4_200i32, more in 1..300i32, die in 1_600..4_000i32, factor in 0.0..=1.0f64,
        ) {
            let settings = Settings { factor: Factor::new(factor).unwrap(), ..Settings::default() };
            let at = reading(3_450, die);
            let low = settings.compared(centi(skin), &at);
            let high = settings.compared(centi(skin + more), &at);
            // One hundredth for rounding.
            prop_assert!(high - low >= more - 1, "{low:?} {high:?}");
        }
    }

    fn reading(object: i32, die: i32) -> ThermalReading {
        let raw = |value: i32| u16::try_from((value + 27_315) / 2).unwrap();
        let raw = RawWords::new(&[raw(object), raw(die)]);
        ThermalReading { object: centi(object), die: centi(die), raw }
    }
}
