//! What the simulated chip sees, measures and makes of it.

use std::time::Duration;

use super::{Part, Scene};
use crate::base::{Mono, Random};
use crate::thermometry::radiometry;

/// How far the die warms itself above its ambient, in °C, and the time constant of that and of any change, in
/// seconds. Our own round figures: the datasheet gives none.
const SELF_HEATING: f64 = 0.8;
const DIE_LAG: f64 = 300.0;
/// Noise of the die's temperature, °C rms: under one step.
const DIE_NOISE: f64 = 0.01;
/// Error of a value that is read without any silence before it, in °C. Our own figure: the datasheet gives none.
const CHATTER: f64 = 0.5;
/// Conversions that are carried out one by one after a pause; before them the filter has forgotten everything.
const CONVERSIONS_MAX: u64 = 256;

/// The measuring side of the chip.
#[derive(Debug)]
pub(super) struct Optics {
    pub(super) part: Part,
    pub(super) scene: Scene,
    pub(super) supply_mv: u32,
    /// As set in the chip.
    pub(super) emissivity: f64,
    powered: Mono,
    /// When the last conversion ended.
    converted: Mono,
    /// Filtered object temperature; `None` before the first conversion.
    object: Option<f64>,
    die: f64,
    /// Self-heating reached so far.
    heating: f64,
    die_noise: f64,
    /// What traffic on the bus adds to the value that is read now.
    chatter: f64,
    random: Random,
}

impl Optics {
    pub(super) fn new(part: Part, now: Mono, random: Random) -> Self {
        Self {
            part,
            scene: Scene::EMPTY,
            supply_mv: 3_300,
            emissivity: 1.0,
            powered: now,
            converted: now,
            object: None,
            die: Scene::EMPTY.ambient,
            heating: 0.0,
            die_noise: 0.0,
            chatter: 0.0,
            random,
        }
    }

    pub(super) fn powered(&self) -> Mono {
        self.powered
    }

    pub(super) fn power_up(&mut self, now: Mono) {
        (self.powered, self.converted) = (now, now);
        self.object = None;
        self.heating = 0.0;
    }

    /// When the next conversion ends.
    #[cfg(test)]
    pub(super) fn next(&self) -> Mono {
        self.converted + self.part.conversion
    }

    /// Carries out the conversions that have ended by `now`.
    pub(super) fn catch_up(&mut self, now: Mono) {
        let period = self.part.conversion;
        let passed = now.since(self.converted).as_nanos() / period.as_nanos();
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        if passed == 0 {
            return;
        }
        let elapsed = now.since(self.converted);
        self.warm(elapsed.as_secs_f64());
        for _ in 0..passed.min(CONVERSIONS_MAX) {
            let measured = self.scene.seen() + self.random.normal() * self.part.conversion_noise();
            // The filter is bypassed for the first conversion after power-up (datasheet rev 13).
            let share = if self.object.is_some() { self.part.share } else { 1.0 };
            let before = self.object.unwrap_or(measured);
            self.object = Some(before + share * (measured - before));
        }
        self.die_noise = self.random.normal() * DIE_NOISE;
        let into_next = elapsed.as_nanos() % period.as_nanos();
        let into_next = Duration::from_nanos(u64::try_from(into_next).unwrap_or(0));
        self.converted = now - into_next;
    }

    pub(super) fn object_word(&self) -> u16 {
        let seen = self.object.unwrap_or_else(|| self.scene.seen());
        let seen = if self.emissivity < 1.0 {
            // The chip takes its own temperature for what is reflected.
            radiometry::surface(seen, self.die + self.heating, self.emissivity).unwrap_or(f64::MIN)
        } else {
            seen
        };
        let noisy = seen + self.chatter + radiometry::supply_error(self.supply_mv);
        word(noisy.min(self.part.most), 0x27AD, 0x7FFF)
    }

    /// The bus was silent for so long before this read.
    pub(super) fn silent_for(&mut self, silence: Duration) {
        let missing = self.part.settling.saturating_sub(silence).as_secs_f64();
        self.chatter = CHATTER * missing / self.part.settling.as_secs_f64();
    }

    pub(super) fn die_word(&self) -> u16 {
        let die = self.die + self.heating + self.die_noise;
        word(die + radiometry::supply_error(self.supply_mv), 0x2DE4, 0x4DC4)
    }

    /// First-order lag, stepped implicitly: exact operations only, and stable for any `seconds`.
    fn warm(&mut self, seconds: f64) {
        let share = seconds / (DIE_LAG + seconds);
        self.die += (self.scene.ambient - self.die) * share;
        self.heating += (SELF_HEATING - self.heating) * share;
    }
}

/// The register word of a temperature, in steps of 0.02 K, saturating.
fn word(celsius: f64, low: u16, high: u16) -> u16 {
    let steps = ((celsius + 273.15) / 0.02).round().clamp(f64::from(low), f64::from(high));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just before")]
    let word = steps as u16;
    word
}
