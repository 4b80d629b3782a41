//! Adds up what the screenings of a group have in common, for whoever looks after the thermometer.

use crate::base::CentiCelsius;
use crate::model::drift_note::{GROUP, Spread};

/// What the drift monitor is told of one screening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Skin temperature.
    pub skin: CentiCelsius,
    /// Temperature of the surroundings.
    pub surroundings: CentiCelsius,
    /// Core equivalent, uncorrected.
    pub core: CentiCelsius,
}

/// A group that fills up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    skin: Moments,
    surroundings: Moments,
    residual: Moments,
}

/// A whole group: skin, surroundings and residual.
pub type Whole = [Spread; 3];

impl Group {
    /// Adds a screening; the group once it is whole, which then begins anew.
    pub fn add(&mut self, seen: &Seen, residual: i16) -> Option<Whole> {
        self.skin.add(seen.skin.get());
        self.surroundings.add(seen.surroundings.get());
        self.residual.add(i32::from(residual));
        if self.skin.count < i64::from(GROUP) {
            return None;
        }
        let Self { skin, surroundings, residual } = std::mem::take(self);
        Some([skin, surroundings, residual].map(|moments| moments.spread()))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Moments {
    count: i64,
    sum: i64,
    squares: i64,
}

impl Moments {
    fn add(&mut self, value: i32) {
        let value = i64::from(value);
        self.count += 1;
        self.sum += value;
        self.squares += value * value;
    }

    /// Mean, rounded to nearest, and the standard deviation of a sample.
    #[expect(clippy::cast_precision_loss, reason = "sums of twenty temperatures")]
    #[expect(clippy::cast_possible_truncation, reason = "a temperature's range; `as` saturates")]
    #[expect(clippy::cast_sign_loss, reason = "a square root")]
    fn spread(self) -> Spread {
        let count = self.count.max(2) as f64;
        let mean = self.sum as f64 / count;
        let variance = (self.squares as f64 - mean * self.sum as f64) / (count - 1.0);
        Spread { mean: mean.round() as i16, deviation: variance.max(0.0).sqrt().round() as u16 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_whole_after_twenty_and_then_begins_anew() {
        let mut group = Group::default();
        let centi = |value| CentiCelsius::new(value).unwrap();
        let mut whole = vec![];
        for turn in 0..40 {
            let odd = turn % 2;
            let seen = Seen { skin: centi(3_400 + 20 * odd), surroundings: centi(2_000), core: centi(3_660) };
            let residual = if turn < 20 { -10 } else { 30 };
            whole.push(group.add(&seen, residual));
        }
        let found: Vec<(usize, Whole)> =
            whole.into_iter().enumerate().filter_map(|(turn, whole)| Some((turn, whole?))).collect();
        // Ten of 34.00 and ten of 34.20 °C: 34.10 °C, and the square root of 2,000 / 19.
        let skin = Spread { mean: 3_410, deviation: 10 };
        let (air, constant) = (Spread { mean: 2_000, deviation: 0 }, |mean| Spread { mean, deviation: 0 });
        assert_eq!(found, [(19, [skin, air, constant(-10)]), (39, [skin, air, constant(30)])]);
    }
}
