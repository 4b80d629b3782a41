//! Whether skin has settled after somebody came in, from one or two screenings of the same person.
//!
//! Skin that comes from the cold warms up within minutes: fast at first (time constant about 95 s ± 20 %, Beall et al. 2022),
//! then slowly (274 s, fitted to the means of Dzien et al. 2020: 33.17, 34.90, 35.77, 36.08 and 36.60 °C at 0, 1, 3, 5 and
//! 60 min after −5.5 to 0 °C). The same two screenings show sun that leaves a forehead and sweat that dries. What is still to come is only ever added to a value, to raise suspicion; nobody is
//! cleared by it.

use crate::base::CentiCelsius;
use crate::model::ScreeningRule;
use crate::model::trace::Earlier;

/// Least time between two screenings that says anything about how skin changes: noise over a shorter one looks like a slope.
pub const APART_MIN_S: u16 = 60;
/// Least time between two screenings alike that says that skin from the cold has settled. What is still to come is 4.1 times
/// the change of one minute, noise and all, and 1.1 times that of three.
pub const SETTLED_MIN_S: u16 = 180;
/// Longest: whoever was away longer may have been outside again.
pub const APART_MAX_S: u16 = 900;
/// Fastest change of settled skin, in hundredths of a degree a minute.
const SLOPE_MAX: i32 = 15;
/// Time constants of the fast and of the slow part, in seconds.
const FAST_S: f64 = 95.0;
const SLOW_S: f64 = 274.0;
/// Noise of the change that is allowed for, in hundredths of a degree, so that settled skin lacks less than 0.3 °C.
const CHANGE_NOISE: i32 = 15;
/// Most that is added for what is still to come, in hundredths of a degree.
const RAISE_MAX: f64 = 100.0;

/// What two screenings say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Settled; add so many hundredths of a degree for what is still to come.
    Yes {
        /// In hundredths of a degree.
        raise: u16,
    },
    /// Not yet; what is to come is at least so much, and says something only if it is alarming.
    NotYet {
        /// In hundredths of a degree.
        raise: u16,
    },
}

/// Judges `skin` of somebody who may come from `outdoor` air, with an `earlier` screening of the same person.
///
/// Nobody who comes from air colder or hotter than the rule's limits counts as settled without an earlier screening at least
/// [`SETTLED_MIN_S`] ago.
pub fn judge(
    skin: CentiCelsius,
    outdoor: Option<CentiCelsius>,
    rule: &ScreeningRule,
    earlier: Option<Earlier>,
) -> Settled {
    let harsh = outdoor.is_some_and(|outdoor| outdoor < rule.outdoor) || is_hot(outdoor, rule);
    let Some(earlier) = earlier.filter(|earlier| (APART_MIN_S..=APART_MAX_S).contains(&earlier.seconds))
    else {
        return if harsh { Settled::NotYet { raise: 0 } } else { Settled::Yes { raise: 0 } };
    };
    let change = skin - earlier.skin;
    if change.abs() * 60 > SLOPE_MAX * i32::from(earlier.seconds) {
        return Settled::NotYet { raise: still_to_come(change, earlier.seconds, FAST_S) };
    }
    match (harsh, earlier.seconds >= SETTLED_MIN_S) {
        (true, true) => Settled::Yes { raise: still_to_come(change + CHANGE_NOISE, earlier.seconds, SLOW_S) },
        (false, true) => Settled::Yes { raise: still_to_come(change, earlier.seconds, SLOW_S) },
        (true, false) => Settled::NotYet { raise: 0 },
        (false, false) => Settled::Yes { raise: 0 },
    }
}

/// Whether somebody may come from the heat, which the rule has looked at again.
pub fn is_hot(outdoor: Option<CentiCelsius>, rule: &ScreeningRule) -> bool {
    outdoor.zip(rule.outdoor_hot).is_some_and(|(outdoor, hot)| outdoor > hot)
}

/// What is still to come of a rise of `change` within `seconds`, by a time constant of `constant` seconds; of a fall,
/// nothing. `T∞ = (T₂ − T₁·q) / (1 − q)` with `q = e^(−Δt/τ)`, so that `T∞ − T₂ = (T₂ − T₁)·q / (1 − q)`.
fn still_to_come(change: i32, seconds: u16, constant: f64) -> u16 {
    let left = libm::exp(-f64::from(seconds) / constant);
    let raise = (f64::from(change.max(0)) * left / (1.0 - left)).min(RAISE_MAX);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to RAISE_MAX")]
    let raise = raise.round() as u16;
    raise
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &ScreeningRule = &ScreeningRule::PLAIN;

    #[test]
    fn the_published_means_after_the_cold_wait_at_once_and_after_a_minute() {
        // Dzien et al. 2020, n = 92, −5.5 to 0 °C outside: minutes and mean foreheads.
        let means = [(0, 3_317), (1, 3_490), (3, 3_577), (5, 3_608), (60, 3_660)];
        let outside = Some(centi(-250));
        let mut earlier = None;
        let settled: Vec<bool> = means
            .map(|(minute, mean)| {
                let ago = earlier
                    .map(|(at, skin): (u16, i32)| Earlier { seconds: (minute - at) * 60, skin: centi(skin) });
                earlier = Some((minute, mean));
                matches!(judge(centi(mean), outside, PLAIN, ago), Settled::Yes { .. })
            })
            .into();
        assert_eq!(settled[..3], [false, false, false]);
        // After an hour away it is a first screening again.
        assert!(!settled[4]);
    }

    #[test]
    fn two_screenings_alike_three_minutes_apart_are_settled_and_what_is_to_come_is_added() {
        let cold = Some(centi(-1_000));
        let judged = |seconds, change| {
            judge(centi(3_440 + change), cold, PLAIN, Some(Earlier { seconds, skin: centi(3_440) }))
        };
        // The noise of the change is allowed for: 0.15 °C more.
        assert_eq!(judged(180, 0), Settled::Yes { raise: 16 });
        assert_eq!(judged(180, 45), Settled::Yes { raise: 65 });
        assert_eq!(judged(180, 46), Settled::NotYet { raise: 8 });
        assert_eq!(judged(180, -30), Settled::Yes { raise: 0 });
        assert_eq!(judged(180, -46), Settled::NotYet { raise: 0 }, "from a hot car");
        assert_eq!(judged(179, 0), Settled::NotYet { raise: 0 }, "too soon to say");
        assert_eq!(judged(901, 0), Settled::NotYet { raise: 0 });
    }

    #[test]
    fn from_mild_air_one_screening_is_enough_unless_a_second_says_otherwise() {
        let mild = Some(centi(1_000));
        assert_eq!(judge(centi(3_440), mild, PLAIN, None), Settled::Yes { raise: 0 });
        assert_eq!(judge(centi(3_440), None, PLAIN, None), Settled::Yes { raise: 0 });
        let ago = Some(Earlier { seconds: 120, skin: centi(3_380) });
        assert_eq!(judge(centi(3_440), mild, PLAIN, ago), Settled::NotYet { raise: 24 });
    }

    #[test]
    fn from_the_heat_sun_must_have_gone_and_what_sweat_took_is_added() {
        let rule = &ScreeningRule { outdoor_hot: CentiCelsius::new(3_000), ..ScreeningRule::PLAIN };
        let judged = |outdoor, change| {
            let earlier = Some(Earlier { seconds: 180, skin: centi(3_500) });
            judge(centi(3_500 + change), Some(centi(outdoor)), rule, earlier)
        };
        assert_eq!(judge(centi(3_500), Some(centi(3_001)), rule, None), Settled::NotYet { raise: 0 });
        assert_eq!(judge(centi(3_500), Some(centi(3_000)), rule, None), Settled::Yes { raise: 0 });
        assert_eq!(judged(3_500, -46), Settled::NotYet { raise: 0 });
        assert_eq!(judged(3_500, 20), Settled::Yes { raise: 38 });
        assert_eq!(judge(centi(3_500), Some(centi(3_500)), PLAIN, None), Settled::Yes { raise: 0 });
    }

    #[test]
    fn two_published_means_foretell_the_next_one() {
        // From 34.90 at one minute and 35.77 at three: 36.11; the mean at five minutes was 36.08.
        let ago = Some(Earlier { seconds: 120, skin: centi(3_490) });
        let Settled::NotYet { raise } = judge(centi(3_577), Some(centi(-250)), PLAIN, ago) else {
            panic!("settled")
        };
        assert!((3_577 + i32::from(raise) - 3_608).abs() <= 30, "{raise}");
    }

    fn centi(value: i32) -> CentiCelsius {
        CentiCelsius::new(value).unwrap()
    }
}
