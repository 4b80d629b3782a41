//! What follows a reading within the guard band: three fresh ones, and their median decides.
//!
//! One more reading that happens to be low must not clear anybody, so a series is judged as a whole. Where the policy names a second
//! place on the body, a series within the guard band is followed by one there; after that a person decides.

use crate::base::CentiCelsius;
use crate::model::{BodySite, ScreeningRule, Zone};

/// Fresh readings of a series.
const SERIES: usize = 3;

/// The rechecks of one step of one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recheck {
    phase: Phase,
    values: Vec<CentiCelsius>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Nothing was within the guard band yet.
    #[default]
    None,
    /// A series at the first place.
    First,
    /// A series at the second place.
    Second(BodySite),
}

/// What a reading leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Led {
    /// It counts by itself.
    Counts,
    /// Measure again.
    Again,
    /// A series ended: its median counts.
    Median(Zone),
}

impl Recheck {
    /// Takes a reading of `zone` with the value `compared`.
    pub fn take(&mut self, rule: &ScreeningRule, zone: Zone, compared: CentiCelsius) -> Led {
        if self.phase == Phase::None {
            if zone == Zone::Recheck {
                self.begin(Phase::First);
                return Led::Again;
            }
            return Led::Counts;
        }
        if compared >= rule.ceiling {
            return Led::Median(Zone::Refer);
        }
        self.values.push(compared);
        if self.values.len() < SERIES {
            return Led::Again;
        }
        self.values.sort_unstable();
        let median = self.values[SERIES / 2];
        let zone = rule.zone(median, median);
        match (zone, self.phase, rule.second_site) {
            (Zone::Recheck, Phase::First, Some(site)) => {
                self.begin(Phase::Second(site));
                Led::Again
            }
            (Zone::Below | Zone::Recheck | Zone::Refer, _, _) => {
                self.begin(Phase::None);
                Led::Median(zone)
            }
        }
    }

    /// Whether a series runs.
    pub fn runs(&self) -> bool {
        self.phase != Phase::None
    }

    /// Where the next reading is to be taken, if not at the policy's first place.
    pub fn site(&self) -> Option<BodySite> {
        match self.phase {
            Phase::None | Phase::First => None,
            Phase::Second(site) => Some(site),
        }
    }

    fn begin(&mut self, phase: Phase) {
        self.phase = phase;
        self.values.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_low_reading_after_one_within_the_guard_band_clears_nobody() {
        let mut recheck = Recheck::default();
        assert_eq!(take(&mut recheck, 3_730), Led::Again);
        assert_eq!(take(&mut recheck, 3_600), Led::Again, "one lucky reading");
        assert_eq!(take(&mut recheck, 3_735), Led::Again);
        assert_eq!(take(&mut recheck, 3_740), Led::Median(Zone::Recheck));
        assert!(!recheck.runs());
    }

    #[test]
    fn the_median_of_three_fresh_readings_decides() {
        for (values, zone) in [
            ([3_690, 3_740, 3_695], Zone::Below),
            ([3_690, 3_790, 3_760], Zone::Refer),
            ([3_650, 3_740, 3_760], Zone::Recheck),
        ] {
            let mut recheck = Recheck::default();
            take(&mut recheck, 3_730);
            let led = values.map(|value| take(&mut recheck, value));
            assert_eq!(led, [Led::Again, Led::Again, Led::Median(zone)], "{values:?}");
        }
    }

    #[test]
    fn a_reading_at_the_ceiling_ends_a_series_at_once() {
        let mut recheck = Recheck::default();
        take(&mut recheck, 3_730);
        assert_eq!(take(&mut recheck, 3_800), Led::Median(Zone::Refer));
    }

    #[test]
    fn a_second_place_has_the_last_word_where_the_policy_names_one() {
        let rule = ScreeningRule { second_site: Some(BodySite::Neck), ..ScreeningRule::PLAIN };
        let mut recheck = Recheck::default();
        let mut give = |value| {
            let value = CentiCelsius::new(value).unwrap();
            let led = recheck.take(&rule, rule.zone(value, value), value);
            (led, recheck.site())
        };
        assert_eq!(give(3_730), (Led::Again, None));
        assert_eq!(give(3_730), (Led::Again, None));
        assert_eq!(give(3_730), (Led::Again, None));
        assert_eq!(give(3_730), (Led::Again, Some(BodySite::Neck)));
        assert_eq!(give(3_660), (Led::Again, Some(BodySite::Neck)));
        assert_eq!(give(3_660), (Led::Again, Some(BodySite::Neck)));
        assert_eq!(give(3_660), (Led::Median(Zone::Below), None));
    }

    #[test]
    fn what_is_clear_at_once_needs_no_series() {
        let mut recheck = Recheck::default();
        assert_eq!(take(&mut recheck, 3_650), Led::Counts);
        assert_eq!(take(&mut recheck, 3_790), Led::Counts);
    }

    fn take(recheck: &mut Recheck, value: i32) -> Led {
        let rule = ScreeningRule::PLAIN;
        let value = CentiCelsius::new(value).unwrap();
        recheck.take(&rule, rule.zone(value, value), value)
    }
}
