//! Recorded people, decided by the decision that ships.

use serde::Serialize;

use super::spread::median;
use crate::base::CentiCelsius;
use crate::model::trace::{Basis, Decision, Head, SensorTrust, SurroundingsFrom};
use crate::model::{BodySite, RawWords, ScreeningRule, ThermalReading};
use crate::thermometry::decide::{SAMPLES_MIN, decide};
use crate::thermometry::settings::PLAIN_HEAD;

/// Somebody of whom there is a recorded skin temperature, which is corrected for supply, emissivity and background already.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// How the file names them.
    pub id: String,
    /// Where on the body.
    pub site: BodySite,
    /// Single readings of the skin in °C; at least one.
    pub readings: Vec<f64>,
    /// Surroundings.
    pub surroundings: CentiCelsius,
    /// Air outdoors, where it is known.
    pub outdoor: Option<CentiCelsius>,
    /// Contact or oral thermometer, where there was one.
    pub reference: Option<CentiCelsius>,
}

/// Whether somebody has a fever, by a reference and its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// At or above.
    Febrile,
    /// Below.
    Afebrile,
    /// Nobody measured.
    Unknown,
}

impl Person {
    /// The median of the readings in °C.
    pub fn skin(&self) -> f64 {
        median(&self.readings).unwrap_or(f64::NAN)
    }

    /// Whether their reference is at or above `fever`.
    pub fn condition(&self, fever: CentiCelsius) -> Condition {
        match self.reference {
            Some(reference) if reference >= fever => Condition::Febrile,
            Some(_) => Condition::Afebrile,
            None => Condition::Unknown,
        }
    }

    /// What a kiosk under `rule` decides.
    pub fn screened(&self, rule: &ScreeningRule) -> Decision {
        decide(&self.basis(rule))
    }

    /// What the decision rests on: as many samples as it takes, all with the recorded value, by a head that alters nothing.
    fn basis(&self, rule: &ScreeningRule) -> Basis {
        let object = CentiCelsius::from_degrees(self.skin()).unwrap_or(CentiCelsius::ABSOLUTE_ZERO);
        let sample = ThermalReading { object, die: DIE, raw: RawWords::new(&[]) };
        Basis {
            samples: vec![sample; SAMPLES_MIN],
            site: self.site,
            rule: *rule,
            head: Head { supply_mv: 3_000, emissivity: 1_000, ..PLAIN_HEAD },
            surroundings: self.surroundings,
            surroundings_from: SurroundingsFrom::Thermometer,
            distance_mm: None,
            outdoor: self.outdoor,
            earlier: None,
            drift: 0,
            reference: None,
            sensor: SensorTrust::Trusted,
        }
    }
}

/// A sensor at 25 °C, which is ready.
const DIE: CentiCelsius = match CentiCelsius::new(2_500) {
    Some(die) => die,
    None => panic!("not a temperature"),
};

#[cfg(test)]
mod tests {
    use super::super::testing::{centi, person};
    use super::*;
    use crate::model::{NotMeasured, Zone};

    #[test]
    fn the_shipped_decision_sees_the_recorded_skin_unaltered() {
        let rule = ScreeningRule::PLAIN;
        let decided = |skin: f64, surroundings: i32| person(skin, surroundings, None).screened(&rule);
        let got = decided(34.56, 2_200);
        assert_eq!(got.skin.get(), 3_456, "no supply, no emissivity");
        assert_eq!(got.core.get(), 3_707, "34.56 + 0.2·12.56");
        assert_eq!(got.zone, Ok(Zone::Recheck));
        assert_eq!(decided(35.5, 2_200).zone, Ok(Zone::Refer));
        assert_eq!(decided(34.0, 2_200).zone, Ok(Zone::Below));
        assert_eq!(decided(33.4, 2_200).zone, Err(NotMeasured::TooCold));
        assert_eq!(decided(34.0, 1_500).zone, Err(NotMeasured::Surroundings));
        assert_eq!(decided(43.1, 2_200).zone, Err(NotMeasured::NotSkin));
        let from_the_cold = Person { outdoor: Some(centi(-500)), ..person(34.0, 2_200, None) };
        assert_eq!(from_the_cold.screened(&rule).zone, Err(NotMeasured::Acclimatising));
    }

    #[test]
    fn of_several_readings_the_median_counts() {
        let four = Person { readings: vec![33.29, 33.60, 33.66, 33.76], ..person(34.0, 2_200, None) };
        assert!((four.skin() - 33.63).abs() < 1e-9);
        assert_eq!(four.screened(&ScreeningRule::PLAIN).skin.get(), 3_363);
    }

    #[test]
    fn at_the_threshold_is_a_fever_and_without_a_reference_nobody_knows() {
        let fever = centi(3_750);
        assert_eq!(person(34.0, 2_200, Some(3_750)).condition(fever), Condition::Febrile);
        assert_eq!(person(34.0, 2_200, Some(3_749)).condition(fever), Condition::Afebrile);
        assert_eq!(person(34.0, 2_200, None).condition(fever), Condition::Unknown);
    }
}
