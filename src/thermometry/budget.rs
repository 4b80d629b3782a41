//! How sure a core equivalent is, and what that says of the threshold temperature.
//!
//! The budget after the GUM (JCGM 100:2008): independent parts, added in squares. The largest by far is that people differ:
//! no sensor knows the body behind a skin temperature better than [`BodySite::spread`](crate::model::BodySite::spread).
//! The probability is that of JCGM 106:2012, 7.2, for a normal distribution about the value.

use super::radiometry;

/// How far the emissivity of skin may be from the assumed one: half a rectangle's width.
const EMISSIVITY_ERROR: f64 = 0.01;
/// Largest share of the field that a gated target leaves to the background: half a rectangle's width.
const FILL_ERROR: f64 = 0.005;
/// Standard uncertainty of the factor for the surroundings: half the spread of what studies found (0.16 to 0.25).
const FACTOR_ERROR: f64 = 0.03;
/// Half a rectangle's width over its standard deviation.
const RECTANGLE: f64 = 1.732_050_807_568_877_2;

/// What the budget of one screening is made of, in °C.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parts {
    /// Greatest error of the sensor as its maker states it.
    pub accuracy: f64,
    /// Standard uncertainty from the scatter of the samples used.
    pub repeat: f64,
    /// Skin temperature.
    pub skin: f64,
    /// Temperature of the surroundings.
    pub surroundings: f64,
    /// Standard uncertainty of that.
    pub surroundings_error: f64,
    /// Assumed emissivity.
    pub emissivity: f64,
    /// Factor for the surroundings.
    pub factor: f64,
    /// Standard deviation between people.
    pub spread: f64,
}

/// Standard uncertainty of the core equivalent in °C.
pub fn uncertainty(parts: &Parts) -> f64 {
    let Parts { accuracy, repeat, skin, surroundings, surroundings_error, emissivity, factor, spread } =
        *parts;
    let above = skin - surroundings;
    let seen = radiometry::seen(skin, surroundings, emissivity);
    let other = radiometry::surface(seen, surroundings, (emissivity - EMISSIVITY_ERROR).max(0.5));
    let slope = 1.0 + factor;
    let each = [
        slope * accuracy / RECTANGLE,
        slope * repeat,
        slope * (other.unwrap_or(skin) - skin) / RECTANGLE,
        slope * FILL_ERROR * above / RECTANGLE,
        factor * surroundings_error,
        above * FACTOR_ERROR,
        spread,
    ];
    each.iter().map(|part| part * part).sum::<f64>().sqrt()
}

/// Probability that the true value is at or above `threshold`, of a `value` with standard uncertainty `uncertainty`.
pub fn probability(value: f64, threshold: f64, uncertainty: f64) -> f64 {
    let distance = (threshold - value) / uncertainty;
    0.5 * libm::erfc(distance / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probability_is_the_closed_form() {
        // Normal distribution, tables of any textbook.
        let table = [(0.0, 0.5), (1.0, 0.841_345), (1.645, 0.950_015), (1.96, 0.975_002), (-1.0, 0.158_655)];
        for (above, expected) in table {
            let got = probability(37.3 + above * 0.25, 37.3, 0.25);
            assert!((got - expected).abs() < 1e-6, "{above}: {got}");
        }
        // JCGM 106's guard band of 1.645 standard uncertainties: one in twenty at its end.
        assert!((probability(37.3 - 0.411_25, 37.3, 0.25) - 0.05).abs() < 1e-4);
    }

    #[test]
    fn each_part_counts_and_people_count_most() {
        let none = Parts {
            accuracy: 0.0,
            repeat: 0.0,
            skin: 34.5,
            surroundings: 34.5,
            surroundings_error: 0.0,
            emissivity: 0.98,
            factor: 0.2,
            spread: 0.0,
        };
        assert!(uncertainty(&none) < 1e-9);
        let whole = Parts {
            accuracy: 0.3,
            repeat: 0.05,
            surroundings: 22.0,
            surroundings_error: 1.0,
            spread: 0.6,
            ..none
        };
        let each = [
            Parts { accuracy: 0.0, ..whole },
            Parts { repeat: 0.0, ..whole },
            Parts { surroundings_error: 0.0, ..whole },
            Parts { spread: 0.0, ..whole },
            Parts { surroundings: 34.5, ..whole },
        ];
        let all = uncertainty(&whole);
        let without: Vec<f64> = each.iter().map(uncertainty).collect();
        assert!(without.iter().all(|less| *less < all), "{without:?} {all}");
        let least = without.iter().copied().fold(f64::INFINITY, f64::min);
        assert!((least - without[3]).abs() < 1e-12, "people differ most");
        assert!((0.75..0.85).contains(&all), "{all}");
    }

    #[test]
    fn accuracy_is_taken_as_a_rectangle() {
        let parts = Parts {
            accuracy: 0.3,
            repeat: 0.0,
            skin: 34.5,
            surroundings: 34.5,
            surroundings_error: 0.0,
            emissivity: 0.98,
            factor: 0.0,
            spread: 0.0,
        };
        assert!((uncertainty(&parts) - 0.3 / 3.0_f64.sqrt()).abs() < 1e-12);
    }
}
