//! Middles and spreads.

/// The median; of an even number, the mean of the two in the middle. None of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get(sorted.len().saturating_sub(1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

/// The mean; none of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / count(values.len()))
}

/// Standard deviation with n − 1; none of fewer than two.
pub fn deviation(values: &[f64]) -> Option<f64> {
    (values.len() > 1).then(|| (squares(values) / count(values.len() - 1)).sqrt())
}

/// Standard deviation of single readings about their own person's mean, pooled over people by their degrees of freedom;
/// with the number of people who have more than one reading. None where nobody has.
pub fn within<'r>(people: impl Iterator<Item = &'r [f64]>) -> Option<(f64, usize)> {
    let repeated: Vec<&[f64]> = people.filter(|readings| readings.len() > 1).collect();
    let freedom: usize = repeated.iter().map(|readings| readings.len() - 1).sum();
    let sum: f64 = repeated.iter().map(|readings| squares(readings)).sum();
    (freedom > 0).then(|| ((sum / count(freedom)).sqrt(), repeated.len()))
}

/// A number of people or readings, for arithmetic.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
pub(super) fn count(of: usize) -> f64 {
    of as f64
}

/// Sum of the squared distances from the mean.
fn squares(values: &[f64]) -> f64 {
    let mean = mean(values).unwrap_or(0.0);
    values.iter().map(|value| (value - mean) * (value - mean)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middles_and_spreads_by_hand() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(mean(&[1.0, 2.0, 6.0]), Some(3.0));
        assert_eq!(mean(&[]), None);
        // 2, 4, 4, 4, 5, 5, 7, 9: squares about 5 are 32; 32/7.
        let known = deviation(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).unwrap();
        assert!((known - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
        assert_eq!(deviation(&[1.0]), None);
    }

    #[test]
    fn readings_scatter_about_their_own_person_only() {
        // 36.0, 36.2 and 34.0, 34.2, 34.4: squares 0.02 and 0.08, freedom 3; one reading alone says nothing.
        let people: [&[f64]; 3] = [&[36.0, 36.2], &[34.0, 34.2, 34.4], &[39.0]];
        let (within, of) = within(people.into_iter()).unwrap();
        assert!((within - (0.1_f64 / 3.0).sqrt()).abs() < 1e-9, "{within}");
        assert_eq!(of, 2);
        assert_eq!(super::within([[36.0].as_slice()].into_iter()), None);
    }
}
