//! Compares the sensor with a plate of known temperature that it looks at while nobody is there.
//!
//! The plate needs no heating: a painted metal sheet opposite the sensor that fills its field, with a contact thermometer
//! glued to its back. Whatever stands between is no comparison. A sensor that differs, or that was not compared for too long,
//! measures nobody: the site's way without a thermometer is taken, and never silently.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::{CentiCelsius, Mono};

/// Comparisons that a verdict is the median of.
const COMPARED: usize = 9;
/// A greater difference means that something stands between sensor and plate, in hundredths of a degree.
const BETWEEN: i32 = 500;

/// How a sensor stands against its reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Compared lately: it reads so many hundredths of a degree too much.
    Compared(i16),
    /// Not compared often enough yet, since the kiosk started a moment ago.
    NotYet,
    /// Not compared for too long.
    Overdue,
}

/// The reference of one sensor.
#[derive(Clone, Debug)]
pub struct Reference {
    every: Duration,
    differences: VecDeque<i16>,
    last: Mono,
}

impl Reference {
    /// A reference that must be seen at least `every` so often; the first time within that from `now` on.
    pub fn new(every: Duration, now: Mono) -> Self {
        Self { every, differences: VecDeque::new(), last: now }
    }

    /// Takes what the sensor sees of the plate at `now`, with its supply, calibration and the plate's emissivity corrected,
    /// and what the plate has.
    pub fn compare(&mut self, now: Mono, seen: CentiCelsius, plate: CentiCelsius) {
        let difference = seen - plate;
        if difference.abs() > BETWEEN {
            return;
        }
        if self.differences.len() == COMPARED {
            self.differences.pop_front();
        }
        self.differences.push_back(i16::try_from(difference).unwrap_or(i16::MAX));
        self.last = now;
    }

    /// Where it stands at `now`.
    pub fn standing(&self, now: Mono) -> Standing {
        if now.since(self.last) > self.every {
            return Standing::Overdue;
        }
        if self.differences.len() < COMPARED {
            return Standing::NotYet;
        }
        let mut sorted: Vec<i16> = self.differences.iter().copied().collect();
        sorted.sort_unstable();
        Standing::Compared(sorted[COMPARED / 2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sensor_that_drifts_half_a_degree_stands_so_within_nine_comparisons() {
        let mut reference = Reference::new(Duration::from_secs(1_800), Mono::ZERO);
        assert_eq!(reference.standing(Mono::ZERO), Standing::NotYet);
        assert_eq!(reference.standing(Mono::from_millis(1_800_001)), Standing::Overdue, "never compared");
        let at = |ms: u64| Mono::from_millis(ms * 150);
        (0..9).for_each(|turn| reference.compare(at(turn), centi(2_204), centi(2_200)));
        assert_eq!(reference.standing(at(9)), Standing::Compared(4));
        (9..13).for_each(|turn| reference.compare(at(turn), centi(2_250), centi(2_200)));
        assert_eq!(reference.standing(at(13)), Standing::Compared(4));
        reference.compare(at(13), centi(2_250), centi(2_200));
        assert_eq!(reference.standing(at(14)), Standing::Compared(50));
    }

    #[test]
    fn whoever_stands_between_is_no_comparison_and_for_too_long_it_is_overdue() {
        let mut reference = Reference::new(Duration::from_secs(1_800), Mono::ZERO);
        let at = |s: u64| Mono::from_millis(s * 1_000);
        (0..9).for_each(|turn| reference.compare(at(turn), centi(2_200), centi(2_200)));
        (9..1_808).for_each(|turn| reference.compare(at(turn), centi(3_400), centi(2_200)));
        assert_eq!(reference.standing(at(1_808)), Standing::Compared(0));
        assert_eq!(reference.standing(at(1_809)), Standing::Overdue);
    }

    fn centi(value: i32) -> CentiCelsius {
        CentiCelsius::new(value).unwrap()
    }
}
