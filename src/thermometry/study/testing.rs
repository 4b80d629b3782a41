//! People for tests.

use super::screened::Person;
use crate::base::CentiCelsius;
use crate::model::BodySite;

/// A forehead of `skin` °C; the others in hundredths.
pub fn person(skin: f64, surroundings: i32, reference: Option<i32>) -> Person {
    Person {
        id: String::new(),
        site: BodySite::ForeheadCentre,
        readings: vec![skin],
        surroundings: centi(surroundings),
        outdoor: None,
        reference: reference.map(centi),
    }
}

/// So many hundredths of a degree.
pub fn centi(value: i32) -> CentiCelsius {
    CentiCelsius::new(value).unwrap()
}
