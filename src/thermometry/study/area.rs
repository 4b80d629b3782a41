//! The area under the ROC curve: how often somebody with a fever has the higher value than somebody without.

use serde::Serialize;

use super::share::NORMAL_975;
use super::spread::{count, deviation};

/// An area under the curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Area {
    /// The area, 0 to 1; 0.5 tells nothing.
    pub value: f64,
    /// Its 95 % interval after DeLong, DeLong and Clarke-Pearson 1988, cut to 0..1; none with fewer than two on a side.
    pub interval: Option<[f64; 2]>,
}

/// The area by which `high` lie above `low`, ties counted half (Mann–Whitney); none when a side is empty.
pub fn area(high: &[f64], low: &[f64]) -> Option<Area> {
    if high.is_empty() || low.is_empty() {
        return None;
    }
    let above = placements(high, low);
    let below: Vec<f64> = placements(low, high).iter().map(|place| 1.0 - place).collect();
    let value = above.iter().sum::<f64>() / count(above.len());
    let interval = variance_of_mean(&above).zip(variance_of_mean(&below)).map(|(high, low)| {
        let half = NORMAL_975 * (high + low).sqrt();
        [(value - half).max(0.0), (value + half).min(1.0)]
    });
    Some(Area { value, interval })
}

/// For each of `of`, the share of `among` below it, ties counted half.
fn placements(of: &[f64], among: &[f64]) -> Vec<f64> {
    let mut sorted = among.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = |value: &f64| {
        let below = sorted.partition_point(|other| other < value);
        let not_above = sorted.partition_point(|other| other <= value);
        count(below + not_above) / 2.0 / count(sorted.len())
    };
    of.iter().map(place).collect()
}

fn variance_of_mean(values: &[f64]) -> Option<f64> {
    deviation(values).map(|deviation| deviation * deviation / count(values.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ties_count_half() {
        let cases: [(&[f64], &[f64], f64); 5] = [
            (&[2.0], &[1.0], 1.0),
            (&[1.0], &[2.0], 0.0),
            (&[1.0], &[1.0], 0.5),
            // Pairs: 1<2, 1<3, 2=2, 2<3: 0 + 0 + ½ … of four: 3 over 1 and 2, 2 over 1, 2 ties with 2.
            (&[2.0, 3.0], &[1.0, 2.0], 3.5 / 4.0),
            (&[5.0, 5.0, 5.0], &[5.0, 5.0], 0.5),
        ];
        for (high, low, expected) in cases {
            assert!((area(high, low).unwrap().value - expected).abs() < 1e-12, "{high:?} {low:?}");
        }
        assert_eq!(area(&[], &[1.0]), None);
        assert_eq!(area(&[1.0], &[]), None);
    }

    #[test]
    fn the_interval_is_delongs() {
        // By hand: placements of the high ones 2/3, 1, 1, of the low ones 1, 1, 2/3; the area is 8/9, each side's variance
        // of its mean is (2·(1/9)² + (2/9)²)/2/3 = 1/81, so the standard error is √2/9 = 0.157135.
        let got = area(&[2.5, 4.0, 5.0], &[1.0, 2.0, 3.0]).unwrap();
        assert!((got.value - 8.0 / 9.0).abs() < 1e-12);
        let [low, high] = got.interval.unwrap();
        assert!((low - (8.0 / 9.0 - 1.959_964 * 0.157_134_840)).abs() < 1e-6, "{low}");
        assert!((high - 1.0).abs() < 1e-12, "cut to one");
        assert_eq!(area(&[1.0], &[0.0, 2.0]).unwrap().interval, None, "one person has no spread");
    }

    proptest! {
        #[test]
        fn no_rising_map_changes_it_and_the_sides_add_up_to_one(
            high in prop::collection::vec(300_u16..420, 1..30),
            low in prop::collection::vec(300_u16..420, 1..30),
        ) {
            let plain = |values: &[u16]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
            let bent = |values: &[u16]| values.iter().map(|v| (f64::from(*v) / 40.0).exp()).collect::<Vec<_>>();
            let one = area(&plain(&high), &plain(&low)).unwrap();
            let other = area(&bent(&high), &bent(&low)).unwrap();
            prop_assert!((one.value - other.value).abs() < 1e-12);
            let turned = area(&plain(&low), &plain(&high)).unwrap();
            prop_assert!((one.value + turned.value - 1.0).abs() < 1e-12);
            if let Some([from, to]) = one.interval {
                prop_assert!((0.0..=one.value).contains(&from) && (one.value..=1.0).contains(&to));
            }
        }
    }
}
