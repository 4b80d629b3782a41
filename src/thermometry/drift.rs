//! Watches what people on average seem to have, to notice and to follow the slow drift of a sensor.
//!
//! People who are measured one after another have, on the whole, the same temperature every day; if their median moves, it
//! is the sensor or the place. The correction is bounded, slow, and begins with a prior, so that the first person of the day is
//! judged as well; it stands still while many are referred, because then it may be the people who changed. What a bounded
//! correction cannot follow is not corrected but said: [`Drift::suspect`].

use std::collections::VecDeque;

use super::group::{Group, Seen, Whole};
use crate::base::CentiCelsius;
use crate::model::DriftNote;

/// What people have on the whole. Source: mean oral temperature of afebrile adults, 36.6 °C (Protsiv et al. 2020, eLife
/// 9:e49555).
pub const NORMAL: CentiCelsius = match CentiCelsius::new(3_660) {
    Some(normal) => normal,
    None => panic!("not a temperature"),
};
/// People looked back at. The median of fewer wanders by more than what it is to correct: of 50 who differ by 0.69 °C, by
/// 0.12 °C.
const WINDOW: usize = 200;
/// How many people the prior counts for.
const PRIOR: i64 = 50;
/// People looked back at for a cluster.
const LATELY: usize = 50;
/// Most that is corrected, in hundredths of a degree.
pub const CORRECTION_MAX: i16 = 30;
/// Most that the correction moves while [`SLEW_PEOPLE`] are measured.
const SLEW: i16 = 5;
const SLEW_PEOPLE: u8 = 10;
/// Share of people at or above the threshold from which on nothing is learnt.
const CLUSTER_PERCENT: usize = 10;
/// Allowance of the CUSUM, in standard deviations between people.
const ALLOWANCE: f64 = 0.5;
/// Limit of the CUSUM, in the same. The usual limit of 5 raises a false alarm in 465 people (Siegmund's approximation),
/// several a day at a gate; 12 does so in half a million, and notices a degree within about fifteen.
pub const LIMIT: f64 = 12.0;
/// Standard deviation of residuals between people, in hundredths, of which the CUSUM's steps are multiples: the budget's
/// spread and body temperatures among the healthy, 0.35 °C.
const HEALTHY: f64 = 35.0;

/// The drift monitor of one sensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    spread: f64,
    /// Residuals of people who were not referred, in hundredths, oldest first.
    residuals: VecDeque<i16>,
    /// Whether each of the last people was at or above the threshold.
    alarms: VecDeque<bool>,
    correction: i16,
    since_move: u8,
    above: f64,
    below: f64,
    trusted: bool,
    group: Group,
}

impl Drift {
    /// A monitor of a sensor that measures people who differ by `spread` hundredths of a degree (see
    /// [`BodySite::spread`](crate::model::BodySite::spread)).
    pub fn new(spread: u16) -> Self {
        let spread = f64::from(spread);
        let spread = (spread * spread + HEALTHY * HEALTHY).sqrt();
        let (residuals, alarms) = (VecDeque::new(), VecDeque::new());
        Self {
            spread,
            residuals,
            alarms,
            correction: 0,
            since_move: 0,
            above: 0.0,
            below: 0.0,
            trusted: true,
            group: Group::default(),
        }
    }

    /// Goes on from what was noted before the kiosk started, oldest first. A suspicion is put to the proof again: the sensor
    /// may be another one, and if it is not, half the limit is soon made up.
    pub fn resume(&mut self, notes: &[DriftNote]) {
        for note in notes {
            let mean = std::iter::repeat_n(note.residual.mean, usize::from(note.screenings).min(WINDOW));
            self.residuals.extend(mean);
            let surplus = self.residuals.len().saturating_sub(WINDOW);
            self.residuals.drain(..surplus);
            self.correction = note.correction.clamp(-CORRECTION_MAX, CORRECTION_MAX);
            let sum = |tenths: u16| (f64::from(tenths) / 10.0).min(LIMIT / 2.0);
            (self.above, self.below) = (sum(note.high), sum(note.low));
        }
    }

    /// CUSUM of people who seem too warm and of people who seem too cool, in tenths of a standard deviation.
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
    #[expect(clippy::cast_sign_loss, reason = "never negative")]
    pub fn sums(&self) -> [u16; 2] {
        [self.above, self.below].map(|sum| (sum * 10.0).round() as u16)
    }

    /// What is added to a core equivalent, in hundredths of a degree: never more than [`CORRECTION_MAX`] either way.
    pub fn correction(&self) -> i16 {
        self.correction
    }

    /// Whether people's values have moved by more than chance, and by more than is corrected.
    pub fn suspect(&self) -> Option<Suspect> {
        if self.below > LIMIT {
            Some(Suspect::ReadsLow)
        } else if self.above > LIMIT {
            Some(Suspect::ReadsHigh)
        } else {
            None
        }
    }

    /// Whether nothing is learnt now, because many people were at or above the threshold or the reference failed.
    pub fn frozen(&self) -> bool {
        let alarms = self.alarms.iter().filter(|alarm| **alarm).count();
        !self.trusted || (alarms > 1 && alarms * 100 >= CLUSTER_PERCENT * self.alarms.len().max(10))
    }

    /// Takes what the reference check says: while it fails, nothing is learnt.
    pub fn reference(&mut self, good: Trusted) {
        self.trusted = good == Trusted::Yes;
    }

    /// Takes one person's screening that was below the threshold or within the guard band; the group that it made whole.
    pub fn below(&mut self, seen: &Seen) -> Option<Whole> {
        self.note(Alarm::No);
        let residual = i16::try_from((seen.core - NORMAL).clamp(-500, 500)).unwrap_or(0);
        if !self.frozen() {
            self.learn(residual);
        }
        self.group.add(seen, residual)
    }

    fn learn(&mut self, residual: i16) {
        if self.residuals.len() == WINDOW {
            self.residuals.pop_front();
        }
        self.residuals.push_back(residual);
        self.accumulate(f64::from(residual + self.correction) / self.spread);
        self.since_move += 1;
        if self.since_move >= SLEW_PEOPLE {
            self.since_move = 0;
            let wanted = self.wanted();
            self.correction += (wanted - self.correction).clamp(-SLEW, SLEW);
            assert!(self.correction.abs() <= CORRECTION_MAX, "a correction beyond its bound");
        }
    }

    /// Takes note of a person at or above the threshold; of their temperature nothing is learnt.
    pub fn referred(&mut self) {
        self.note(Alarm::Yes);
    }

    /// Begins anew, after a calibration or when somebody has looked into it.
    pub fn reset(&mut self) {
        self.residuals.clear();
        self.alarms.clear();
        (self.correction, self.since_move, self.above, self.below) = (0, 0, 0.0, 0.0);
        self.group = Group::default();
    }

    /// Residuals kept, oldest first, for whoever looks at the device.
    pub fn residuals(&self) -> impl Iterator<Item = i16> + '_ {
        self.residuals.iter().copied()
    }

    fn note(&mut self, alarm: Alarm) {
        if self.alarms.len() == LATELY {
            self.alarms.pop_front();
        }
        self.alarms.push_back(alarm == Alarm::Yes);
    }

    fn accumulate(&mut self, deviation: f64) {
        self.above = (self.above + deviation - ALLOWANCE).max(0.0);
        self.below = (self.below - deviation - ALLOWANCE).max(0.0);
    }

    /// The correction that the window asks for: the median, drawn to none by the prior, within its bound.
    fn wanted(&self) -> i16 {
        let mut sorted: Vec<i64> = self.residuals.iter().map(|residual| i64::from(*residual)).collect();
        sorted.sort_unstable();
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
        let people = i64::try_from(sorted.len()).unwrap_or(0);
        let wanted = -(median * people) / (people + PRIOR);
        let bound = i64::from(CORRECTION_MAX);
        i16::try_from(wanted.clamp(-bound, bound)).unwrap_or(0)
    }
}

/// Whether the sensor agrees with its reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trusted {
    /// It does, or there is none to compare with.
    Yes,
    /// It does not.
    No,
}

/// What seems to be wrong with a sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suspect {
    /// It reads too low: fevers would be missed.
    ReadsLow,
    /// It reads too high: people would be referred for nothing.
    ReadsHigh,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Alarm {
    Yes,
    No,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Random;
    use crate::model::BodySite;
    use crate::model::drift_note::Spread;

    #[test]
    fn the_first_person_is_judged_and_a_steady_crowd_is_not_corrected() {
        let mut drift = Drift::new(60);
        assert_eq!((drift.correction(), drift.suspect()), (0, None));
        let mut random = Random::new(1);
        for _ in 0..500 {
            drift.below(&person(&mut random, 0.0));
            assert!(drift.correction().abs() <= 15, "{}", drift.correction());
        }
        assert_eq!(drift.suspect(), None);
    }

    #[test]
    fn a_drift_is_followed_slowly_and_within_its_bound() {
        for (moved, expected) in [(0.25, -18), (-0.25, 18)] {
            let mut drift = Drift::new(60);
            let mut random = Random::new(2);
            let mut before = 0;
            for people in 1..=200 {
                drift.below(&person(&mut random, moved));
                let now = drift.correction();
                assert!((now - before).abs() <= 5 && (people % 10 == 0 || now == before));
                before = now;
            }
            assert!((before - expected).abs() <= 8, "{moved}: {before}");
        }
    }

    #[test]
    fn what_cannot_be_followed_is_said() {
        for (moved, suspect) in [(1.0, Suspect::ReadsHigh), (-1.0, Suspect::ReadsLow)] {
            let mut drift = Drift::new(60);
            let mut random = Random::new(3);
            let noticed = (0..100).position(|_| {
                drift.below(&person(&mut random, moved));
                drift.suspect() == Some(suspect)
            });
            assert!(noticed.is_some_and(|people| people < 25), "{noticed:?}");
            assert!(drift.correction().abs() <= CORRECTION_MAX);
            drift.reset();
            assert!(drift.suspect().is_none() && drift.correction() == 0);
        }
    }

    #[test]
    fn a_cluster_of_the_sick_is_not_learnt_as_normal() {
        let mut drift = Drift::new(60);
        let mut random = Random::new(4);
        for _ in 0..40 {
            drift.below(&person(&mut random, 0.0));
        }
        let before = drift.correction();
        // An outbreak: two in ten are referred, and the others are warmer too.
        for turn in 0..200 {
            if turn % 5 == 0 {
                drift.referred();
            } else {
                drift.below(&person(&mut random, 0.5));
            }
            if turn > 20 {
                assert!(drift.frozen());
            }
        }
        assert!((drift.correction() - before).abs() <= 5, "{before} {}", drift.correction());
    }

    #[test]
    fn while_the_reference_fails_nothing_is_learnt() {
        let mut drift = Drift::new(60);
        drift.reference(Trusted::No);
        let mut random = Random::new(5);
        for _ in 0..100 {
            drift.below(&person(&mut random, 0.4));
        }
        assert!(drift.frozen() && drift.correction() == 0 && drift.residuals().count() == 0);
        drift.reference(Trusted::Yes);
        for _ in 0..100 {
            drift.below(&person(&mut random, 0.4));
        }
        assert!(drift.correction() < -15);
    }

    #[test]
    fn a_monitor_goes_on_where_it_was_and_puts_a_suspicion_to_the_proof_again() {
        let note = |mean, correction, low| DriftNote {
            screenings: 20,
            site: BodySite::ForeheadCentre,
            calibration: None,
            skin: Spread::default(),
            surroundings: Spread::default(),
            residual: Spread { mean, deviation: 60 },
            correction,
            high: 0,
            low,
            reference: None,
        };
        let mut drift = Drift::new(60);
        let notes: Vec<DriftNote> = (0..11).map(|turn| note(-18 - turn, 14, 30)).collect();
        drift.resume(&notes);
        assert_eq!((drift.correction(), drift.sums(), drift.residuals().count()), (14, [0, 30], 200));
        assert_eq!(drift.residuals().next(), Some(-19), "the oldest are let go");
        let mut random = Random::new(6);
        for _ in 0..30 {
            drift.below(&person(&mut random, -0.2));
            assert!((10..=24).contains(&drift.correction()), "{}", drift.correction());
        }
        // It read far too low when the kiosk stopped.
        let mut drift = Drift::new(60);
        drift.resume(&[note(-150, 300, 999)]);
        assert_eq!((drift.suspect(), drift.sums(), drift.correction()), (None, [0, 60], CORRECTION_MAX));
        let noticed = (1..100).find(|_| {
            drift.below(&person(&mut random, -1.5));
            drift.suspect() == Some(Suspect::ReadsLow)
        });
        assert!(noticed.is_some_and(|people| people <= 10), "{noticed:?}");
    }

    fn person(random: &mut Random, moved: f64) -> Seen {
        let core = CentiCelsius::from_degrees(36.6 + moved + random.normal() * 0.6).unwrap();
        Seen { skin: core, surroundings: core, core }
    }
}
