//! Calibration at two temperatures of a blackbody: a straight line in radiance, which is what a sensor measures.

use super::radiometry::{fourth, root};
use crate::model::trace::{Calibration, CalibrationPoint};

/// Nearest that the two temperatures of a calibration may be, in hundredths of a degree: a line through two points that
/// lie together says nothing about its slope.
pub const APART_MIN: i32 = 300;
/// Furthest that a point may be from what the sensor read: more is a broken sensor or a mistake, nothing to be corrected.
pub const ERROR_MAX: i32 = 200;
/// Least and most slope of a calibration, in radiance.
const SLOPE: std::ops::RangeInclusive<f64> = 0.9..=1.1;

/// Why two points make no calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// The points lie too near together or in the wrong order.
    #[error("the second blackbody must be at least 3 °C warmer than the first, as read and in truth")]
    Close,
    /// The sensor is too far off.
    #[error("the sensor reads more than 2 °C wrong: it is faulty, or did not see the blackbody alone")]
    Off,
    /// The slope is none that an instrument has.
    #[error("the slope between the points is not between 0.9 and 1.1")]
    Slope,
}

/// Whether `points` make a calibration.
///
/// # Errors
///
/// Says why not.
pub fn check(points: &[CalibrationPoint; 2]) -> Result<(), Unusable> {
    let [low, high] = points;
    if high.read - low.read < APART_MIN || high.true_value - low.true_value < APART_MIN {
        return Err(Unusable::Close);
    }
    if points.iter().any(|point| (point.read - point.true_value).abs() > ERROR_MAX) {
        return Err(Unusable::Off);
    }
    let (slope, _) = line(points);
    if SLOPE.contains(&slope) { Ok(()) } else { Err(Unusable::Slope) }
}

/// What a sensor of this calibration would read in °C, were it right, where it reads `seen`. `None` where no temperature
/// would.
pub fn apply(calibration: &Calibration, seen: f64) -> Option<f64> {
    let (slope, offset) = line(&calibration.points);
    let power = slope * fourth(seen) + offset;
    (power > 0.0).then(|| root(power))
}

/// Slope and offset in the fourth power of the absolute temperature.
fn line(points: &[CalibrationPoint; 2]) -> (f64, f64) {
    let [low, high] = points;
    let (read_low, read_high) = (fourth(low.read.degrees()), fourth(high.read.degrees()));
    let (true_low, true_high) = (fourth(low.true_value.degrees()), fourth(high.true_value.degrees()));
    let slope = (true_high - true_low) / (read_high - read_low);
    (slope, true_low - slope * read_low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::CentiCelsius;
    use crate::model::trace::CalibrationId;

    #[test]
    fn both_points_are_met_and_the_line_between_them_is_nearly_straight_in_degrees() {
        let calibration = of([(3_020, 3_000), (4_050, 4_000)]);
        assert!((apply(&calibration, 30.2).unwrap() - 30.0).abs() < 1e-9);
        assert!((apply(&calibration, 40.5).unwrap() - 40.0).abs() < 1e-9);
        // Straight in degrees it would be 35.0 at 35.35; in radiance it is within a hundredth of that.
        assert!((apply(&calibration, 35.35).unwrap() - 35.0).abs() < 0.01);
    }

    #[test]
    fn points_that_say_nothing_are_refused() {
        assert_eq!(check(&points([(3_000, 3_000), (3_400, 3_400)])), Ok(()));
        assert_eq!(check(&points([(3_000, 3_000), (3_299, 3_400)])), Err(Unusable::Close));
        assert_eq!(check(&points([(3_400, 3_400), (3_000, 3_000)])), Err(Unusable::Close));
        assert_eq!(check(&points([(3_000, 3_201), (3_800, 3_800)])), Err(Unusable::Off));
        assert_eq!(check(&points([(3_000, 3_000), (3_400, 3_480)])), Err(Unusable::Slope));
    }

    fn of(values: [(i32, i32); 2]) -> Calibration {
        Calibration { id: CalibrationId([0; 8]), points: points(values) }
    }

    fn points(values: [(i32, i32); 2]) -> [CalibrationPoint; 2] {
        let centi = |value| CentiCelsius::new(value).unwrap();
        values.map(|(read, true_value)| CalibrationPoint { read: centi(read), true_value: centi(true_value) })
    }
}
