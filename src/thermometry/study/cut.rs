//! Where to cut so that a wished share of people without a fever stays below, also of people who were not there.
//!
//! The empirical quantile promises nothing: below the value that 95 % of 250 people are below, fewer than 93 % of 250 others
//! are about once in six times. A cut is therefore an order statistic with an assurance: the lowest value of
//! which one may be so sure that at least the wished share of all people lies at or below it (a distribution-free tolerance
//! limit, Wilks 1941). There is no interpolation. With an assurance of 0.5 it is as likely too low as too high, and about
//! the `(n + 1)·p`-th value.

use super::spread::count;
use crate::base::CentiCelsius;

/// Why there is no cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooFew {
    /// People that there are.
    pub people: usize,
    /// People that it takes at least.
    pub needed: usize,
}

/// The lowest temperature with at least `specificity` of people below it, by `assurance`, of people like those with `values`.
/// Whoever has it or more is referred.
///
/// # Errors
///
/// When even the highest value does not promise that.
pub fn cut(values: &[CentiCelsius], specificity: f64, assurance: f64) -> Result<CentiCelsius, TooFew> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let highest = rank(sorted.len(), specificity, assurance).and_then(|rank| sorted.get(rank - 1));
    // The next hundredth: whoever has the value itself is to be below.
    let above = highest.and_then(|value| CentiCelsius::new(value.get() + 1));
    above.ok_or_else(|| TooFew { people: values.len(), needed: needed(specificity, assurance) })
}

/// Which of `people` sorted values, from 1, at least `share` of all people are at or below, by `assurance`.
///
/// The r-th value lies above the quantile when fewer than r of the people lie below it, which is binomial.
fn rank(people: usize, share: f64, assurance: f64) -> Option<usize> {
    let mut sum = 0.0;
    for below in 0..people {
        sum += binomial(people, below, share);
        if sum >= assurance {
            return Some(below + 1);
        }
    }
    None
}

/// Fewest people whose highest value promises that: `1 − p^n ≥ assurance`.
fn needed(share: f64, assurance: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and small")]
    let needed = ((1.0 - assurance).ln() / share.ln()).ceil() as usize;
    needed.max(1)
}

/// Probability of exactly `k` of `n`, each with the probability `p` in 0..1.
fn binomial(n: usize, k: usize, p: f64) -> f64 {
    let choose =
        libm::lgamma(count(n) + 1.0) - libm::lgamma(count(k) + 1.0) - libm::lgamma(count(n - k) + 1.0);
    libm::exp(choose + count(k) * libm::log(p) + count(n - k) * libm::log1p(-p))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ranks_are_those_of_the_tables() {
        // Wilks: 59 people for 95 % with 95 % assurance by the highest value, 93 by the second highest, 124 by the third.
        for (people, from_top) in [(59, 1), (92, 1), (93, 2), (123, 2), (124, 3)] {
            assert_eq!(rank(people, 0.95, 0.95), Some(people + 1 - from_top), "{people}");
        }
        assert_eq!(rank(58, 0.95, 0.95), None);
        assert_eq!(needed(0.95, 0.95), 59);
        assert_eq!(needed(0.90, 0.95), 29);
        // Ten and a fair coin: P(X ≤ 4) = 0.377, P(X ≤ 5) = 0.623.
        assert_eq!(rank(10, 0.5, 0.5), Some(6));
    }

    #[test]
    fn the_cut_is_just_above_the_value_that_is_still_below() {
        let values: Vec<CentiCelsius> = (0..100).map(|n| centi(3_600 + n)).collect();
        // Of 100, the 99th with 95 % assurance, the 96th as likely too low as too high.
        assert_eq!(cut(&values, 0.95, 0.95).unwrap(), centi(3_699));
        assert_eq!(cut(&values, 0.95, 0.5).unwrap(), centi(3_696));
        assert_eq!(cut(&values[..58], 0.95, 0.95), Err(TooFew { people: 58, needed: 59 }));
        assert_eq!(cut(&[], 0.95, 0.5), Err(TooFew { people: 0, needed: 14 }));
    }

    proptest! {
        #[test]
        fn more_assurance_never_lowers_a_cut(values in prop::collection::vec(3_400_i32..3_900, 100..300)) {
            let values: Vec<CentiCelsius> = values.into_iter().map(centi).collect();
            let cuts = [0.5, 0.8, 0.9, 0.95].map(|assurance| cut(&values, 0.95, assurance).unwrap());
            prop_assert!(cuts.is_sorted());
            let below = values.iter().filter(|value| **value < cuts[0]).count();
            prop_assert!(below * 100 >= values.len() * 94);
        }
    }

    fn centi(value: i32) -> CentiCelsius {
        CentiCelsius::new(value).unwrap()
    }
}
