//! When a calibration at two temperatures of a blackbody is believed.

use super::trace::CalibrationPoint;

/// Nearest that the two temperatures of a calibration may be, in hundredths of a degree: a line through two points that
/// lie together says nothing about its slope.
pub const APART_MIN: i32 = 300;
/// Furthest that a point may be from what the sensor read, in hundredths of a degree: more is a broken sensor or a
/// mistake, nothing to be corrected.
pub const ERROR_MAX: i32 = 200;
/// Most that the slope between the points may differ from 1, in hundredths.
const SLOPE_MAX: i32 = 10;

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

/// Whether `points`, the colder one first, make a calibration.
///
/// # Errors
///
/// Says why not.
pub fn check(points: &[CalibrationPoint; 2]) -> Result<(), Unusable> {
    let [low, high] = points;
    let (read, truly) = (high.read - low.read, high.true_value - low.true_value);
    if read < APART_MIN || truly < APART_MIN {
        return Err(Unusable::Close);
    }
    if points.iter().any(|point| (point.read - point.true_value).abs() > ERROR_MAX) {
        return Err(Unusable::Off);
    }
    if (truly - read).abs() * 100 > SLOPE_MAX * read { Err(Unusable::Slope) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::CentiCelsius;

    #[test]
    fn points_that_say_nothing_are_refused() {
        assert_eq!(check(&points([(3_000, 3_000), (3_400, 3_400)])), Ok(()));
        assert_eq!(check(&points([(3_000, 3_000), (3_299, 3_400)])), Err(Unusable::Close));
        assert_eq!(check(&points([(3_400, 3_400), (3_000, 3_000)])), Err(Unusable::Close));
        assert_eq!(check(&points([(3_000, 3_201), (3_800, 3_800)])), Err(Unusable::Off));
        assert_eq!(check(&points([(3_000, 3_000), (3_400, 3_480)])), Err(Unusable::Slope));
    }

    fn points(values: [(i32, i32); 2]) -> [CalibrationPoint; 2] {
        let centi = |value| CentiCelsius::new(value).unwrap();
        values.map(|(read, true_value)| CalibrationPoint { read: centi(read), true_value: centi(true_value) })
    }
}
