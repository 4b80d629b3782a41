//! What a chip's EEPROM says, worked out once, in the words of both datasheets' §11.1.

use super::bits::power;
use super::radiance::Ranges;
use super::registers::{Pattern, Subpage};

/// Words of the EEPROM, from 0x2400.
pub const EEPROM_WORDS: usize = 832;

/// Where a chip keeps its words, and what a subpage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Pixels to the right.
    pub width: u8,
    /// Pixels down.
    pub height: u8,
    /// Words of RAM before the auxiliary ones; RAM begins at 0x0400.
    pub auxiliary: usize,
    /// How pixels share the subpages.
    pub sharing: Sharing,
}

/// How the pixels of a frame share its two subpages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Each pixel is measured in one of them: MLX90640.
    Split,
    /// Each pixel is measured in both: MLX90641. RAM holds 32 words of one, then the same 32 of the other.
    Both,
}

impl Layout {
    /// Pixels of a frame.
    pub fn pixels(&self) -> usize {
        usize::from(self.width) * usize::from(self.height)
    }

    /// Words of RAM that a frame needs.
    pub fn ram_words(&self) -> usize {
        self.auxiliary + 64
    }

    /// The word of RAM in which `pixel` is in `subpage`.
    pub fn word(&self, pixel: usize, subpage: Subpage) -> usize {
        match self.sharing {
            Sharing::Split => pixel,
            Sharing::Both => pixel / 32 * 64 + subpage.index() * 32 + pixel % 32,
        }
    }

    /// Whether `subpage` measures `pixel` when it is read in `pattern`.
    pub fn is_in(&self, pixel: usize, subpage: Subpage, pattern: Pattern) -> bool {
        let row = pixel / usize::from(self.width);
        match (self.sharing, pattern) {
            (Sharing::Both, Pattern::Interleaved | Pattern::Chess) => true,
            (Sharing::Split, Pattern::Interleaved) => row % 2 == subpage.index(),
            (Sharing::Split, Pattern::Chess) => (row + pixel) % 2 == subpage.index(),
        }
    }
}

/// Why an EEPROM is no calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    /// It belongs to the other chip of the family.
    #[error("is that of another chip (word 0x240a is {0:#06x})")]
    OtherChip(u16),
    /// Two bits of a word are wrong.
    #[error("word {address:#06x} is {word:#06x}: two bits or more are wrong")]
    Word {
        /// Its address.
        address: u16,
        /// As read.
        word: u16,
    },
    /// A value that temperatures are divided by, or that must be positive, is not.
    #[error("{0} makes no sense")]
    Value(&'static str),
    /// More pixels are broken or out of specification than the maker ships.
    #[error("{0} pixels are broken or out of specification")]
    Pixels(usize),
    /// Two of these are neighbours.
    #[error("pixels {0} and {1} are neighbours and both broken or out of specification")]
    Neighbours(u16, u16),
}

/// Supply: `VDD = (word · 2^(resolution − of the register) − at_25)/slope + 3.3`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Supply {
    /// Kvdd.
    pub slope: f64,
    /// Vdd25.
    pub at_25: f64,
    /// Resolution at which the chip was calibrated, in bits over 16.
    pub resolution: u16,
}

/// The chip's own temperature: `((PTATart / (1 + kv·(VDD − 3.3))) − at_25)/kt + 25`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ptat {
    /// KvPTAT.
    pub kv: f64,
    /// KtPTAT.
    pub kt: f64,
    /// VPTAT25.
    pub at_25: f64,
    /// AlphaPTAT.
    pub alpha: f64,
}

/// Compensation pixels: what the chip sees of itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compensation {
    /// TGC: how much of it is taken off each pixel.
    pub tgc: f64,
    /// Sensitivity of each subpage.
    pub alpha: [f64; 2],
    /// Offset of each subpage.
    pub offset: [f64; 2],
    /// KtaCP.
    pub kta: f64,
    /// KvCP.
    pub kv: f64,
    /// Added to the second offset where the chip is read in another pattern than it was calibrated in, IL_CHESS_C1.
    pub shift: f64,
}

/// One pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pixel {
    /// Sensitivity α, without what the compensation pixel takes off.
    pub alpha: f64,
    /// Offset in each subpage; the same one twice where there is only one.
    pub offset: [f64; 2],
    /// Kta: change of the offset for each °C of the die.
    pub kta: f64,
    /// Kv: change of the offset for each volt of supply.
    pub kv: f64,
    /// Added to the signal where the chip is read in another pattern than it was calibrated in: IL_CHESS_C2 and C3.
    pub shift: f64,
}

/// A calibration that passed its checks.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// Whose it is.
    pub layout: Layout,
    /// Supply.
    pub supply: Supply,
    /// The chip's own temperature.
    pub ptat: Ptat,
    /// GAIN.
    pub gain: f64,
    /// KsTa: change of the sensitivity for each °C of the die.
    pub ks_ta: f64,
    /// Slopes of the sensitivity with the object's temperature.
    pub ranges: Ranges,
    /// Compensation pixels.
    pub compensation: Compensation,
    /// The pattern that it was made in, in which the chip is best read.
    pub pattern: Pattern,
    /// Emissivity that was set by the maker, for the MLX90641; 1 otherwise. Nothing here uses it.
    pub emissivity: f64,
    /// Every pixel, row by row.
    pub pixels: Vec<Pixel>,
    /// Pixels that are broken or out of specification, whose value is made from their neighbours'.
    pub bad: Vec<u16>,
}

impl Calibration {
    /// Refuses what no chip that works says, with what is wrong.
    ///
    /// # Errors
    ///
    /// The first thing that makes no sense. At most `bad_max` pixels may be bad, and none beside another (both
    /// datasheets, "False pixel correction").
    pub fn checked(self, bad_max: usize) -> Result<Self, Defect> {
        let divisors = [
            (self.supply.slope != 0.0, "slope of the supply, Kvdd"),
            (self.ptat.kt != 0.0, "slope of the die's temperature, KtPTAT"),
            (self.ptat.alpha > 0.0, "AlphaPTAT"),
            (self.gain > 0.0, "gain"),
            (
                self.compensation.alpha.iter().all(|alpha| alpha.is_finite()),
                "sensitivity of a compensation pixel",
            ),
        ];
        if let Some((_, what)) = divisors.iter().find(|(sound, _)| !sound) {
            return Err(Defect::Value(what));
        }
        if self.bad.len() > bad_max {
            return Err(Defect::Pixels(self.bad.len()));
        }
        let width = u16::from(self.layout.width);
        let near = |a: u16, b: u16| a.abs_diff(b) <= 1;
        for (index, a) in self.bad.iter().enumerate() {
            let beside = |b: &&u16| near(a / width, *b / width) && near(a % width, *b % width);
            if let Some(b) = self.bad[index + 1..].iter().find(beside) {
                return Err(Defect::Neighbours(*a, *b));
            }
        }
        let mut good = (0_u16..).zip(&self.pixels).filter(|(index, _)| !self.bad.contains(index));
        if !good.all(|(_, pixel)| pixel.alpha > 0.0 && self.sensitivity(pixel, Subpage::Zero, 25.0) > 0.0) {
            return Err(Defect::Value("sensitivity of a pixel"));
        }
        Ok(self)
    }

    /// The supply in volts behind the register `word`, read at `resolution` bits over 16.
    pub fn volts(&self, word: i16, resolution: u16) -> f64 {
        let correction = power(self.supply.resolution) / power(resolution);
        (correction * f64::from(word) - self.supply.at_25) / self.supply.slope + 3.3
    }

    /// The chip's own temperature in °C, from its two words and the supply.
    pub fn die(&self, ptat: i16, v_be: i16, volts: f64) -> f64 {
        let art = self.ptat_art(ptat, v_be);
        (art / (1.0 + self.ptat.kv * (volts - 3.3)) - self.ptat.at_25) / self.ptat.kt + 25.0
    }

    fn ptat_art(&self, ptat: i16, v_be: i16) -> f64 {
        let (ptat, v_be) = (f64::from(ptat), f64::from(v_be));
        ptat / (ptat * self.ptat.alpha + v_be) * power(18)
    }

    /// Signal of a compensation pixel whose word times gain is `gained`, V of the datasheets without TGC.
    pub fn compensation(&self, gained: f64, subpage: Subpage, shared: &Shared) -> f64 {
        let own = &self.compensation;
        let shift = match subpage {
            Subpage::Zero => 0.0,
            Subpage::One => own.shift * shared.mixed,
        };
        let offset = own.offset[subpage.index()] + shift;
        gained - offset * (1.0 + own.kta * (shared.die - 25.0)) * (1.0 + own.kv * (shared.volts - 3.3))
    }

    /// Signal of a pixel whose word is `raw`, of a surface of `emissivity`; `seen` is the compensation pixel's.
    pub fn signal(&self, pixel: &Pixel, raw: i16, subpage: Subpage, shared: &Shared, seen: f64) -> f64 {
        let offset = pixel.offset[subpage.index()]
            * (1.0 + pixel.kta * (shared.die - 25.0))
            * (1.0 + pixel.kv * (shared.volts - 3.3));
        let compensated = f64::from(raw) * shared.gain - offset + pixel.shift * shared.mixed;
        // The order of the maker's own libraries; the MLX90640 datasheet prints the division first.
        (compensated - self.compensation.tgc * seen) / shared.emissivity
    }

    /// Sensitivity of a pixel with the die at `die` °C.
    pub fn sensitivity(&self, pixel: &Pixel, subpage: Subpage, die: f64) -> f64 {
        let taken = self.compensation.tgc * self.compensation.alpha[subpage.index()];
        (pixel.alpha - taken) * (1.0 + self.ks_ta * (die - 25.0))
    }
}

/// What all pixels of a subpage share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shared {
    /// Gain of the calibration over the gain now, Kgain.
    pub gain: f64,
    /// Supply in volts.
    pub volts: f64,
    /// The chip's own temperature in °C.
    pub die: f64,
    /// 1 where the chip is read in another pattern than it was calibrated in, otherwise 0.
    pub mixed: f64,
    /// Emissivity of what is looked at.
    pub emissivity: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: Layout = Layout { width: 32, height: 24, auxiliary: 768, sharing: Sharing::Split };
    const SMALL: Layout = Layout { width: 16, height: 12, auxiliary: 384, sharing: Sharing::Both };

    #[test]
    fn every_pixel_is_in_one_subpage_or_in_both() {
        for pattern in [Pattern::Chess, Pattern::Interleaved] {
            for pixel in 0..768 {
                let [zero, one] = [0, 1].map(|page| LARGE.is_in(pixel, Subpage::of(page), pattern));
                assert!(zero != one, "{pixel} {pattern:?}");
            }
            assert!((0..192).all(|pixel| SMALL.is_in(pixel, Subpage::One, pattern)));
        }
        // Source: MLX90640 datasheet, figure of the reading patterns: pixel (1, 1) is in subpage 0, (1, 2) in 1 for chess.
        assert!(
            LARGE.is_in(0, Subpage::Zero, Pattern::Chess) && LARGE.is_in(1, Subpage::One, Pattern::Chess)
        );
        assert!(
            LARGE.is_in(32, Subpage::One, Pattern::Chess)
                && LARGE.is_in(32, Subpage::One, Pattern::Interleaved)
        );
    }

    #[test]
    fn words_of_both_subpages_lie_beside_each_other_in_the_small_array() {
        // Source: MLX90641 datasheet, RAM: 0x0400 pixels 1 to 32 of subpage 0, 0x0420 of subpage 1, 0x0440 pixels 33 …
        let words = [(0, Subpage::Zero), (0, Subpage::One), (32, Subpage::Zero), (191, Subpage::One)];
        assert_eq!(words.map(|(pixel, page)| SMALL.word(pixel, page)), [0, 0x20, 0x40, 0x17F]);
        assert_eq!((SMALL.ram_words(), LARGE.ram_words()), (0x1C0, 0x340));
        assert_eq!(LARGE.word(767, Subpage::One), 767);
    }
}
