//! Samples of somebody within reach, until they are enough and steady.

use std::collections::VecDeque;

use super::{SAMPLES_MIN, SKIN_MIN};
use crate::base::CentiCelsius;
use crate::model::trace::{Basis, SAMPLES_MAX};
use crate::model::{Guidance, NotMeasured, ThermalReading};

/// Largest median deviation from the median of steady samples, in multiples of the sensor's noise: chance gives 0.67.
const DEVIATION_MAX: f64 = 1.4;
/// Largest difference between any two steady samples, in the same. More is somebody who sways, with an edge of hair or head in
/// the field, or something else than before.
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

    /// `basis` with the newest of these samples that are alike, once they are enough and as steady as a sensor of such `noise`
    /// gives them, which is in hundredths of a degree rms. What was seen before they were alike is of something else.
    pub(super) fn basis(&self, basis: Basis, noise: u16) -> Option<Basis> {
        let alike = self.alike(noise);
        if alike.len() < SAMPLES_MIN || !steady(&alike, noise) {
            return None;
        }
        // Oldest first.
        let samples = alike.iter().rev().map(|sample| sample.reading).collect();
        let mut distances: Vec<u16> = alike.iter().filter_map(|sample| sample.distance).collect();
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

    /// The newest samples, newest first, as far back as no two of them differ by too much.
    fn alike(&self, noise: u16) -> Vec<Sample> {
        let (mut low, mut high) = (CentiCelsius::HOTTEST, CentiCelsius::ABSOLUTE_ZERO);
        let newest = self.samples.iter().rev().take_while(|sample| {
            (low, high) = (low.min(sample.skin), high.max(sample.skin));
            within(high - low, noise, RANGE_MAX)
        });
        newest.copied().collect()
    }
}

/// Whether `samples` are as steady as somebody who stands still.
fn steady(samples: &[Sample], noise: u16) -> bool {
    let mut values: Vec<i32> = samples.iter().map(|sample| sample.skin.get()).collect();
    values.sort_unstable();
    let median = values[values.len() / 2];
    let mut deviations: Vec<i32> = values.iter().map(|value| (value - median).abs()).collect();
    deviations.sort_unstable();
    let distances = samples.iter().filter_map(|sample| sample.distance);
    let moved = distances.clone().max().zip(distances.min()).map_or(0, |(far, near)| far - near);
    within(deviations[deviations.len() / 2], noise, DEVIATION_MAX) && moved <= MOVED_MAX
}

/// Whether `value` is at most so many times the sensor's `noise`.
fn within(value: i32, noise: u16, most: f64) -> bool {
    f64::from(value) <= f64::from(noise) * most
}
