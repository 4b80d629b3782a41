//! The factor for the surroundings and the offset of a site, from people without a fever.
//!
//! With `Tc = Ts + F·(Ts − Te) + b`, what the body has more than the skin falls with the surroundings: over Te, `Tc − Ts` has the
//! slope `m = −F/(1 + F)` when Tc does not depend on Te, hence `F = −m/(1 + m)`. Regressing Tc on Ts instead would draw fevers
//! towards normal.

use serde::Serialize;

use super::spread::{count, deviation, mean, median};

/// Fewest people for a fit.
pub const PEOPLE_MIN: usize = 10;

/// Factor and offset of a site.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Fit {
    /// People without a fever that it rests on.
    pub people: usize,
    /// Factor for the surroundings, F; 0 where the fit would be below, as no rule takes less.
    pub factor: f64,
    /// Its 95 % interval by Student's t of the slope, as fitted; the upper end is none where it has no bound.
    pub interval: (f64, Option<f64>),
    /// Median of reference − skin − F·(skin − surroundings), in °C.
    pub offset: f64,
    /// Standard deviation of the same between people, in °C.
    pub spread: f64,
}

/// One person without a fever, in °C.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settled {
    /// Skin.
    pub skin: f64,
    /// Surroundings.
    pub surroundings: f64,
    /// Contact or oral thermometer.
    pub reference: f64,
}

/// Fits `people`; none with fewer than [`PEOPLE_MIN`], in surroundings that are all alike, or where no factor explains the slope.
pub fn fit(people: &[Settled]) -> Option<Fit> {
    if people.len() < PEOPLE_MIN {
        return None;
    }
    let points: Vec<(f64, f64)> =
        people.iter().map(|one| (one.surroundings, one.reference - one.skin)).collect();
    let line = line(&points)?;
    let value = factor(line.slope)?.max(0.0);
    let half = student_975(people.len() - 2) * line.error;
    let interval = (factor(line.slope + half)?, factor(line.slope - half));
    let rest = |one: &Settled| one.reference - one.skin - value * (one.skin - one.surroundings);
    let rests: Vec<f64> = people.iter().map(rest).collect();
    Some(Fit {
        people: people.len(),
        factor: value,
        interval,
        offset: median(&rests)?,
        spread: deviation(&rests)?,
    })
}

/// A straight line by least squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Rise of y over x.
    pub slope: f64,
    /// Standard error of the slope; 0 with two points.
    pub error: f64,
}

/// The line through `points` of x and y; none of fewer than two, or where all x are alike.
pub fn line(points: &[(f64, f64)]) -> Option<Line> {
    let (xs, ys): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
    let (x, y) = (mean(&xs)?, mean(&ys)?);
    let width: f64 = xs.iter().map(|each| (each - x) * (each - x)).sum();
    if points.len() < 2 || width < 1e-9 {
        return None;
    }
    let slope = points.iter().map(|(a, b)| (a - x) * (b - y)).sum::<f64>() / width;
    let left: f64 = points.iter().map(|(a, b)| (b - y - slope * (a - x)).powi(2)).sum();
    let freedom = count(points.len().saturating_sub(2).max(1));
    Some(Line { slope, error: (left / freedom / width).sqrt() })
}

/// F of a slope m; none at or below −1, where skin would fall as it gets warmer.
fn factor(slope: f64) -> Option<f64> {
    (slope > -1.0).then(|| -slope / (1.0 + slope))
}

/// 97.5 % quantile of Student's t with `freedom` degrees, by the expansion of Fisher and Cornish: right to 0.01 from five on.
fn student_975(freedom: usize) -> f64 {
    let (z, v) = (super::share::NORMAL_975, count(freedom.max(1)));
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    z + first / v + second / v.powi(2) + third / v.powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_that_made_the_skin_is_found_again_and_fevers_keep_their_height() {
        // A body of 36.8 °C behind skin with F = 0.2 and b = 0.1: Ts = (Tc − b + F·Te)/(1 + F), at 20 to 29 °C.
        let people: Vec<Settled> = (0..40)
            .map(|n| {
                let surroundings = 20.0 + f64::from(n % 10);
                let reference = 36.8 + f64::from(n / 10) * 0.1;
                Settled { skin: (reference - 0.1 + 0.2 * surroundings) / 1.2, surroundings, reference }
            })
            .collect();
        let fit = fit(&people).unwrap();
        assert!((fit.factor - 0.2).abs() < 1e-3, "{fit:?}");
        assert!((fit.offset - 0.1).abs() < 2e-2 && fit.spread < 0.02, "{fit:?}");
        assert!(fit.interval.0 < 0.2 && fit.interval.1.unwrap() > 0.2);
    }

    #[test]
    fn what_cannot_be_fitted_is_not() {
        let one = Settled { skin: 34.0, surroundings: 22.0, reference: 36.8 };
        assert_eq!(fit(&[one; 9]), None, "too few");
        assert_eq!(fit(&[one; 20]), None, "surroundings that never change");
        let warm = |n: i32| Settled { surroundings: 20.0 + f64::from(n), skin: 34.0 - f64::from(n), ..one };
        let people: Vec<Settled> = (0..20).map(warm).collect();
        assert_eq!(fit(&people).unwrap().factor.to_bits(), 0.0_f64.to_bits(), "never below nothing");
    }

    #[test]
    fn a_line_and_its_error_by_hand() {
        // x 1, 2, 3, y 2, 4, 5: slope 1.5; rests −1/6, 1/3, −1/6, squares 1/6 over 1 and a width of 2.
        let line = line(&[(1.0, 2.0), (2.0, 4.0), (3.0, 5.0)]).unwrap();
        assert!((line.slope - 1.5).abs() < 1e-12 && (line.error - (1.0_f64 / 12.0).sqrt()).abs() < 1e-12);
        assert_eq!(super::line(&[(1.0, 1.0), (1.0, 2.0)]), None);
        assert_eq!(super::line(&[(1.0, 1.0)]), None);
    }

    #[test]
    fn students_quantiles_are_those_of_the_tables() {
        for (freedom, table) in [(5, 2.571), (8, 2.306), (10, 2.228), (30, 2.042), (120, 1.980), (495, 1.965)]
        {
            assert!((student_975(freedom) - table).abs() < 0.01, "{freedom}: {}", student_975(freedom));
        }
    }
}
