//! Whether a device follows what it sees: its readings over a blackbody's set-point.
//!
//! A device that draws readings towards normal has a slope below one where people are. Nothing else shows it so plainly.

use serde::Serialize;

use super::fit::line;

/// How a device's readings follow the set-point at one temperature of the surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Response {
    /// Readings that there are.
    pub readings: usize,
    /// Least-squares slope over all of them; none of fewer than two set-points.
    pub slope: Option<f64>,
    /// The same within the narrower range that was asked for.
    pub slope_within: Option<f64>,
    /// Whether a higher set-point never reads lower.
    pub order: Order,
}

/// Whether readings rise with what is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// A higher set-point never reads lower.
    Monotone,
    /// It does somewhere.
    Broken,
}

/// How `readings`, pairs of set-point and reading, follow; `within` are the ends of the narrower range.
pub fn response(readings: &[(f64, f64)], within: [f64; 2]) -> Response {
    let mut sorted = readings.to_vec();
    sorted.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let [low, high] = within;
    let narrow: Vec<(f64, f64)> =
        sorted.iter().copied().filter(|(set, _)| (low..=high).contains(set)).collect();
    let broken = sorted.windows(2).any(|pair| pair[1].0 > pair[0].0 && pair[1].1 < pair[0].1);
    Response {
        readings: sorted.len(),
        slope: line(&sorted).map(|line| line.slope),
        slope_within: line(&narrow).map(|line| line.slope),
        order: if broken { Order::Broken } else { Order::Monotone },
    }
}

/// Groups temperatures of the surroundings: a new group begins where sorted ones are more than `apart` from each other. Returns for
/// each of `values` the number of its group, and the groups' lowest and highest.
pub fn groups(values: &[f64], apart: f64) -> (Vec<usize>, Vec<[f64; 2]>) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut groups: Vec<[f64; 2]> = Vec::new();
    for value in sorted {
        match groups.last_mut() {
            Some(group) if value - group[1] <= apart => group[1] = value,
            Some(_) | None => groups.push([value, value]),
        }
    }
    let of = |value: &f64| groups.iter().position(|[low, high]| (low..=high).contains(&value)).unwrap_or(0);
    (values.iter().map(of).collect(), groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_draws_towards_normal_shows_it_within_the_range_of_people() {
        let flat =
            |set: f64| if (33.0..=35.5).contains(&set) { 36.5 + 0.25 * (set - 34.0) } else { set + 2.0 };
        let readings: Vec<(f64, f64)> =
            (60..=78).map(|n| f64::from(n) / 2.0).map(|set| (set, flat(set))).collect();
        let got = response(&readings, [33.0, 35.5]);
        assert!((got.slope_within.unwrap() - 0.25).abs() < 1e-9, "{got:?}");
        assert!(got.slope.unwrap() > 0.8);
        assert_eq!(got.readings, 19);
    }

    #[test]
    fn a_reading_that_falls_breaks_the_order_and_one_that_stays_does_not() {
        assert_eq!(response(&[(1.0, 5.0), (3.0, 5.0), (2.0, 5.0)], [0.0, 9.0]).order, Order::Monotone);
        assert_eq!(response(&[(1.0, 5.0), (3.0, 4.9), (2.0, 5.0)], [0.0, 9.0]).order, Order::Broken);
        assert_eq!(response(&[(1.0, 5.0)], [0.0, 9.0]).slope, None);
    }

    #[test]
    fn surroundings_that_drift_are_one_group() {
        let (of, groups) = groups(&[26.5, 22.0, 21.4, 19.0, 20.0, 19.6], 1.0);
        assert_eq!(of, [2, 1, 1, 0, 0, 0]);
        assert_eq!(groups, [[19.0, 20.0], [21.4, 22.0], [26.5, 26.5]]);
    }
}
