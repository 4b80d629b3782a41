//! What the simulated chip sees, measures and makes of it.

use std::time::Duration;

use crate::base::{Mono, Random};
use crate::thermometry::radiometry;

/// Emissivity of what stands before the sensor.
const EMISSIVITY: f64 = 0.98;
/// How far the die warms itself above its ambient, in °C, and the time constant of that and of any change, in
/// seconds. Our own round figures: the datasheet gives none.
const SELF_HEATING: f64 = 0.8;
const DIE_LAG: f64 = 300.0;
/// Noise of the die's temperature, °C rms: under one step.
const DIE_NOISE: f64 = 0.01;
/// Conversions that are carried out one by one after a pause; before them the filter has forgotten everything.
const CONVERSIONS_MAX: u64 = 256;

/// A part of the family: pace, filter and noise.
///
/// Source: MLX90614 datasheet rev 13, table 8 (settling, noise and filter as delivered).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Time of one conversion.
    pub conversion: Duration,
    /// Share of a new conversion in the filtered value.
    pub share: f64,
    /// Noise of the filtered object temperature in °C rms.
    pub noise: f64,
    /// Its configuration word: filter bits 2 to 0 (share) and 10 to 8 (1024 samples); the maker's bits are left 0.
    pub config: u16,
}

impl Part {
    /// BAA: 90° field, settles in 0.10 s, 0.05 °C rms, no filter.
    pub const BAA: Self =
        Self { conversion: Duration::from_millis(100), share: 1.0, noise: 0.05, config: 0x0704 };
    /// DCC: 35° field, medical, settles in 0.14 s, 0.18 °C rms, no filter.
    pub const DCC: Self =
        Self { conversion: Duration::from_millis(140), share: 1.0, noise: 0.18, config: 0x0704 };
    /// DCI: 5° field, medical, settles in 0.65 s, 0.10 °C rms, filter 80 %.
    pub const DCI: Self =
        Self { conversion: Duration::from_millis(150), share: 0.8, noise: 0.10, config: 0x0705 };

    /// Noise of one conversion, so that the filtered value has `noise`: a first-order filter of share a passes
    /// a / (2 − a) of the variance of white noise.
    fn conversion_noise(&self) -> f64 {
        self.noise / (self.share / (2.0 - self.share)).sqrt()
    }
}

/// What stands before a sensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scene {
    /// Surface temperature of who stands there in °C; `None` for nobody.
    pub target: Option<f64>,
    /// Share of the field that the target fills, 0 to 1.
    pub fill: f64,
    /// Temperature of what is behind, in °C; also what the target reflects.
    pub background: f64,
    /// Temperature of the air about the sensor, in °C.
    pub ambient: f64,
}

impl Scene {
    /// Nobody, indoors at 22 °C.
    pub const EMPTY: Self = Self { target: None, fill: 1.0, background: 22.0, ambient: 22.0 };

    /// What a perfect sensor set to emissivity 1 would see.
    fn seen(&self) -> f64 {
        match self.target {
            None => self.background,
            Some(target) => {
                let skin = radiometry::seen(target, self.background, EMISSIVITY);
                radiometry::filled(skin, self.background, self.fill)
            }
        }
    }
}

/// The measuring side of the chip.
#[derive(Debug)]
pub(super) struct Optics {
    pub(super) part: Part,
    pub(super) scene: Scene,
    pub(super) supply_mv: u32,
    powered: Mono,
    /// When the last conversion ended.
    converted: Mono,
    /// Filtered object temperature; `None` before the first conversion.
    object: Option<f64>,
    die: f64,
    /// Self-heating reached so far.
    heating: f64,
    die_noise: f64,
    random: Random,
}

impl Optics {
    pub(super) fn new(part: Part, now: Mono, random: Random) -> Self {
        Self {
            part,
            scene: Scene::EMPTY,
            supply_mv: 3_300,
            powered: now,
            converted: now,
            object: None,
            die: Scene::EMPTY.ambient,
            heating: 0.0,
            die_noise: 0.0,
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
        word(seen + radiometry::supply_error(self.supply_mv), 0x27AD, 0x7FFF)
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
