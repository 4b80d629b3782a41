//! Samples of somebody within reach, until they are enough and steady.

use std::collections::VecDeque;

use super::{SAMPLES_MIN, SKIN_MIN};
use crate::base::CentiCelsius;
use crate::model::trace::{Basis, SAMPLES_MAX};
use crate::model::{Guidance, NotMeasured, ThermalReading};

/// Largest median deviation from the median of steady samples, in multiples of the sensor's noise: chance gives 0.67.
const DEVIATION_MAX: f64 = 1.4;
/// Largest difference between any two of the last [`SAMPLES_MIN`] steady samples, in the same. More is somebody who sways, with an
/// edge of hair or head in the field.
const RANGE_MAX: f64 = 5.6;
/// Largest difference between distances of steady samples, in millimetres.
const MOVED_MAX: u16 = 20;

/// What was gathered of somebody.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    samples: VecDeque<Sample>,
}

/// A sample with what belongs to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// As the sensor gave it.
    pub reading: ThermalReading,
    /// Skin behind it.
    pub skin: CentiCelsius,
    /// Distance then, where it is measured.
    pub distance: Option<u16>,
}

impl Gathered {
    pub(super) fn push(&mut self, sample: Sample) {
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    pub(super) fn clear(&mut self) {
        self.samples.clear();
    }

    /// `basis` with these samples, once they are enough and as steady as a sensor of such `noise` gives them, which is in
    /// hundredths of a degree rms.
    pub(super) fn basis(&self, basis: Basis, noise: u16) -> Option<Basis> {
        if self.samples.len() < SAMPLES_MIN || !self.steady(noise) {
            return None;
        }
        let samples = self.samples.iter().map(|sample| sample.reading).collect();
        let mut distances: Vec<u16> = self.samples.iter().filter_map(|sample| sample.distance).collect();
        distances.sort_unstable();
        let distance_mm = distances.get(distances.len() / 2).copied();
        Some(Basis { samples, distance_mm, ..basis })
    }

    /// The median of the sensor's own temperature.
    pub(super) fn die(&self, die: impl Fn(&ThermalReading) -> CentiCelsius) -> Option<CentiCelsius> {
        let mut dies: Vec<CentiCelsius> = self.samples.iter().map(|sample| die(&sample.reading)).collect();
        dies.sort_unstable();
        dies.get(dies.len() / 2).copied()
    }

    /// Why what was gathered supports nothing, when time is up.
    pub(super) fn why_not_settled(&self) -> NotMeasured {
        let far = !self.samples.is_empty() && self.samples.iter().all(|sample| sample.skin < SKIN_MIN);
        if far { NotMeasured::NobodyThere } else { NotMeasured::Unsteady }
    }

    pub(super) fn guidance(&self) -> Guidance {
        let far = self.samples.back().is_some_and(|sample| sample.skin < SKIN_MIN);
        if far { Guidance::ComeCloser } else { Guidance::HoldStill }
    }

    fn steady(&self, noise: u16) -> bool {
        let mut values: Vec<i32> = self.samples.iter().map(|sample| sample.skin.get()).collect();
        let newest = &values[values.len() - SAMPLES_MIN..];
        let range = newest.iter().max().zip(newest.iter().min()).map_or(0, |(high, low)| high - low);
        values.sort_unstable();
        let median = values[values.len() / 2];
        let mut deviations: Vec<i32> = values.iter().map(|value| (value - median).abs()).collect();
        deviations.sort_unstable();
        let distances = self.samples.iter().filter_map(|sample| sample.distance);
        let moved = distances.clone().max().zip(distances.min()).map_or(0, |(far, near)| far - near);
        let within = |value: i32, most: f64| f64::from(value) <= f64::from(noise) * most;
        let deviation = deviations[deviations.len() / 2];
        within(deviation, DEVIATION_MAX) && within(range, RANGE_MAX) && moved <= MOVED_MAX
    }
}
