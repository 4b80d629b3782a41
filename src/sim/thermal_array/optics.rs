//! From the temperatures of a scene to the words of RAM: the datasheet's §11.2 the other way round.

use super::scene::Scene;
use crate::base::Random;
use crate::drivers::mlx9064x::Kind;
use crate::drivers::mlx9064x::calibration::{Calibration, EEPROM_WORDS, Layout, Shared};
use crate::drivers::mlx9064x::radiance::{fourth, reference};
use crate::drivers::mlx9064x::registers::{Control, Subpage};

/// Gain of this chip now, over that at its calibration.
const GAIN_NOW: f64 = 1.012;
/// What the compensation pixels see of the chip itself, in counts.
const SEEN: f64 = 6.0;
/// Word of the base-emitter voltage.
const V_BE: f64 = 19_400.0;

#[derive(Debug)]
pub(super) struct Optics {
    pub(super) scene: Scene,
    pub(super) die: f64,
    pub(super) volts: f64,
    pub(super) noise: f64,
    calibration: Calibration,
    random: Random,
}

impl Optics {
    /// The optics of a chip with this `eeprom`, in an empty room.
    ///
    /// # Panics
    ///
    /// When our own EEPROM is no calibration.
    pub(super) fn new(kind: Kind, eeprom: &[u16; EEPROM_WORDS], random: Random) -> Self {
        let calibration = (kind.decode)(eeprom);
        assert!(calibration.is_ok(), "the simulated chip's eeprom is sound: {calibration:?}");
        let Ok(calibration) = calibration else { unreachable!("asserted just before") };
        Self { scene: Scene::empty(22.0), die: 28.0, volts: 3.3, noise: 0.1, calibration, random }
    }

    /// Measures a subpage into `ram`, whose other pixels stay as they are.
    pub(super) fn measure(&mut self, ram: &mut [u16], subpage: Subpage, control: Control) {
        let calibration = &self.calibration;
        // What a driver will find by the words below, rounding and all.
        let supply = ((self.volts - 3.3) * calibration.supply.slope + calibration.supply.at_25).round();
        let gain = (calibration.gain * GAIN_NOW).round();
        let ptat = self.ptat().round();
        let Layout { auxiliary, width, height, .. } = calibration.layout;
        for (word, value) in [(0x00, V_BE), (0x0A, gain), (0x20, ptat), (0x2A, supply)] {
            ram[auxiliary + word] = rounded(value);
        }
        let volts = calibration.volts(rounded(supply).cast_signed(), control.resolution());
        let die = calibration.die(rounded(ptat).cast_signed(), rounded(V_BE).cast_signed(), volts);
        let mixed = if control.pattern() == calibration.pattern { 0.0 } else { 1.0 };
        let shared = Shared { gain: calibration.gain / gain, volts, die, mixed, emissivity: 1.0 };
        for (page, word) in [(Subpage::Zero, 0x08), (Subpage::One, 0x28)] {
            let offset = -calibration.compensation(0.0, page, &shared);
            ram[auxiliary + word] = rounded((SEEN + offset) / shared.gain);
        }
        let word = auxiliary + [0x08, 0x28][subpage.index()];
        let seen =
            calibration.compensation(f64::from(ram[word].cast_signed()) * shared.gain, subpage, &shared);
        let hertz = 1.0 / control.rate().period().as_secs_f64();
        let noise = self.noise * hertz.sqrt();
        let pixels = self.scene.pixels(width, height);
        for (index, celsius) in pixels.into_iter().enumerate() {
            if !calibration.layout.is_in(index, subpage, control.pattern()) {
                continue;
            }
            let celsius = celsius + self.random.normal() * noise;
            let pixel = &calibration.pixels[index];
            let alpha = calibration.sensitivity(pixel, subpage, die);
            let signal = signal(calibration, celsius, alpha, die);
            // `signal` of a word of 0 is what is taken off.
            let off = calibration.signal(pixel, 0, subpage, &shared, seen);
            // Whatever they say, they say: the first of them is broken, the next is an outlier.
            let bad = calibration.bad.iter().position(|bad| usize::from(*bad) == index);
            ram[calibration.layout.word(index, subpage)] = match bad {
                Some(0) => 0x1234,
                Some(_) => rounded((signal - off) / shared.gain + 400.0),
                None => rounded((signal - off) / shared.gain),
            };
        }
    }

    pub(super) fn width(&self) -> u8 {
        self.calibration.layout.width
    }

    /// The word of the die's sensor: the formula of its temperature, solved for it.
    fn ptat(&self) -> f64 {
        let ptat = self.calibration.ptat;
        let corrected = (self.die - 25.0) * ptat.kt + ptat.at_25;
        // PTATart over 2^18 is ptat / (ptat · alpha + V_BE).
        let share = corrected * (1.0 + ptat.kv * (self.volts - 3.3)) / 262_144.0;
        share * V_BE / (1.0 - share * ptat.alpha)
    }
}

/// The signal of an object: its definition, and then by secants until the driver's two steps give the same temperature.
fn signal(calibration: &Calibration, celsius: f64, alpha: f64, die: f64) -> f64 {
    let ranges = &calibration.ranges;
    let Some(range) =
        ranges.as_slice().iter().rev().find(|range| celsius >= range.from).or(ranges.as_slice().first())
    else {
        return 0.0;
    };
    let reference = reference(die, die, 1.0);
    let slope = alpha * range.alpha * (1.0 + range.ks_to * (celsius - range.from));
    let mut signal = slope * (fourth(celsius) - reference);
    for _ in 0..4 {
        let Some(found) = ranges.object(signal, alpha, reference) else { break };
        signal += slope * (fourth(celsius) - fourth(found));
    }
    signal
}

/// The nearest word, saturating below the one that means "not measured".
fn rounded(value: f64) -> u16 {
    #[expect(clippy::cast_possible_truncation, reason = "clamped just before")]
    let word = value.round().clamp(-32_768.0, 32_766.0) as i16;
    word.cast_unsigned()
}
