//! Calibration at two temperatures of a blackbody: a straight line in radiance, which is what a sensor measures.

use super::radiometry::{fourth, root};
use crate::model::trace::{Calibration, CalibrationPoint};

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

    fn of(values: [(i32, i32); 2]) -> Calibration {
        Calibration { id: CalibrationId([0; 8]), points: points(values) }
    }

    fn points(values: [(i32, i32); 2]) -> [CalibrationPoint; 2] {
        let centi = |value| CentiCelsius::new(value).unwrap();
        values.map(|(read, true_value)| CalibrationPoint { read: centi(read), true_value: centi(true_value) })
    }
}
