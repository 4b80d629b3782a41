//! So many of so many, with what that says of people who were not there.

use serde::Serialize;

/// 97.5 % quantile of the normal distribution: both sides of a 95 % interval.
pub const NORMAL_975: f64 = 1.959_963_984_540_054;

/// So many of so many.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// How many.
    pub count: usize,
    /// Of how many.
    pub of: usize,
    /// The share; none of nobody.
    pub share: Option<f64>,
    /// Its 95 % interval after Wilson 1927, without continuity correction; of nobody, everything is possible.
    pub interval: [f64; 2],
}

impl Share {
    /// `count` of `of`.
    ///
    /// # Panics
    ///
    /// If there are more than all.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 people")]
    pub fn new(count: usize, of: usize) -> Self {
        assert!(count <= of, "{count} of {of}");
        let (x, n) = (count as f64, of as f64);
        let z2 = NORMAL_975 * NORMAL_975;
        if of == 0 {
            return Self { count, of, share: None, interval: [0.0, 1.0] };
        }
        let share = x / n;
        let centre = (x + z2 / 2.0) / (n + z2);
        let half = NORMAL_975 / (n + z2) * (x * (n - x) / n + z2 / 4.0).sqrt();
        // What rounding would leave outside.
        let interval = [(centre - half).clamp(0.0, share), (centre + half).clamp(share, 1.0)];
        Self { count, of, share: Some(share), interval }
    }

    /// Those of `all` that are `wanted`.
    pub fn of<T>(all: &[T], wanted: impl Fn(&T) -> bool) -> Self {
        Self::new(all.iter().filter(|one| wanted(one)).count(), all.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_intervals_are_those_of_the_literature() {
        // Newcombe, Statistics in Medicine 1998;17:857, table I, method 3: 81/263, 15/148, 0/20, 1/29.
        let table = [
            (81, 263, [0.255_3, 0.366_2]),
            (15, 148, [0.062_4, 0.160_5]),
            (0, 20, [0.0, 0.161_1]),
            (1, 29, [0.006_1, 0.171_8]),
        ];
        for (count, of, [low, high]) in table {
            let got = Share::new(count, of).interval;
            assert!((got[0] - low).abs() < 6e-5 && (got[1] - high).abs() < 6e-5, "{count}/{of}: {got:?}");
        }
    }

    #[test]
    fn of_nobody_nothing_is_known() {
        let nobody = Share::new(0, 0);
        assert_eq!((nobody.share, nobody.interval), (None, [0.0, 1.0]));
    }

    #[test]
    fn of_two_people_the_interval_says_least() {
        let width = |count, of| {
            let [low, high] = Share::new(count, of).interval;
            high - low
        };
        let widest = width(1, 2);
        assert!((0.810..0.812).contains(&widest), "{widest}");
        assert!((1..200).all(|of| (0..=of).all(|count| width(count, of) <= widest)));
    }

    proptest! {
        #[test]
        fn an_interval_lies_within_nothing_and_all_and_holds_the_share(of in 1_usize..5_000, part in 0.0..=1.0_f64) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "small")]
            let count = (part * of as f64) as usize;
            let Share { share, interval: [low, high], .. } = Share::new(count, of);
            let share = share.unwrap();
            prop_assert!(0.0 <= low && low <= share && share <= high && high <= 1.0);
            // One of two is the widest there is.
            prop_assert!(high - low < 0.812);
            let turned = Share::new(of - count, of).interval;
            prop_assert!((turned[0] - (1.0 - high)).abs() < 1e-9 && (turned[1] - (1.0 - low)).abs() < 1e-9);
        }
    }
}
