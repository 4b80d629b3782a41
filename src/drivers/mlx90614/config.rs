//! What the chip's configuration word says, and what follows from it for the pace of reading.
//!
//! # Format
//!
//! | bits of EEPROM 0x05 | what |
//! |---|---|
//! | 2 to 0 | share of a new conversion in the filtered value |
//! | 3 | the sensor test is repeated |
//! | 5, 4 | what the PWM output shows |
//! | 6 | two fields |
//! | 7 | sign of Ks |
//! | 10 to 8 | conversions averaged; 0 to 3 are not to be used |
//! | 13 to 11 | gain |
//! | 14 | sign of Kt2 |
//! | 15 | the sensor test is off |
//!
//! Source: MLX90614 datasheet rev 13, "ConfigRegister1", and table 8 for what parts are delivered with.

use std::fmt;
use std::time::Duration;

/// How many fields a chip looks at. Only the first is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zones {
    /// One, or one with a second for the gradient of the can.
    Single,
    /// Two beside each other.
    Dual,
}

/// When the chip tests its own sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SensorTest {
    /// Never.
    Off,
    /// Once at power-up.
    Once,
    /// Over and over.
    Repeated,
}

/// Sign of a coefficient of the maker's calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Bit clear.
    Positive,
    /// Bit set.
    Negative,
}

/// The configuration word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config(u16);

/// A row of table 8: how some parts are delivered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delivered {
    /// The parts' last three letters; an x stands for each supply.
    pub parts: &'static str,
    /// Share of a new conversion, in hundredths.
    pub share: u8,
    /// Fields.
    pub zones: Zones,
    /// Time until a step has settled.
    pub settling: Duration,
    /// Noise of the object temperature, in hundredths of a degree rms.
    pub noise: u8,
}

/// Table 8 of the datasheet, rev 13. Its table 9 gives 0.54 s for the fourth row; the longer time is used.
pub const TABLE_8: [Delivered; 6] = [
    row("AAA, BAA, DAA", 100, Zones::Single, 100, 5),
    row("ABA, BBA", 100, Zones::Dual, 140, 7),
    row("xCC", 100, Zones::Single, 140, 18),
    row("BCH, BCI, DCH, DCI", 80, Zones::Single, 650, 10),
    row("xCF", 50, Zones::Single, 1_330, 10),
    row("xCK", 25, Zones::Single, 3_230, 30),
];

/// Conversions averaged by every part of table 8 as delivered.
const SAMPLES_DELIVERED: u16 = 1_024;

const fn row(parts: &'static str, share: u8, zones: Zones, settling_ms: u64, noise: u8) -> Delivered {
    Delivered { parts, share, zones, settling: Duration::from_millis(settling_ms), noise }
}

impl Config {
    /// The word as read.
    pub const fn new(word: u16) -> Self {
        Self(word)
    }

    /// The word.
    pub fn word(self) -> u16 {
        self.0
    }

    /// Share of a new conversion in the filtered value, in hundredths: 100 is no filter.
    pub fn share(self) -> u8 {
        [50, 25, 17, 13, 100, 80, 67, 57][usize::from(self.0 & 7)]
    }

    /// Conversions averaged; `None` for a value that must not be used.
    pub fn samples(self) -> Option<u16> {
        [None, None, None, None, Some(128), Some(256), Some(512), Some(1_024)][usize::from(self.0 >> 8 & 7)]
    }

    /// Fields.
    pub fn zones(self) -> Zones {
        if self.bit(6) { Zones::Dual } else { Zones::Single }
    }

    /// Gain of the amplifier, in tenths.
    pub fn gain(self) -> u16 {
        [10, 30, 60, 125, 250, 500, 1_000, 1_000][usize::from(self.0 >> 11 & 7)]
    }

    /// When the chip tests its sensor.
    pub fn sensor_test(self) -> SensorTest {
        match (self.bit(15), self.bit(3)) {
            (true, _) => SensorTest::Off,
            (false, true) => SensorTest::Repeated,
            (false, false) => SensorTest::Once,
        }
    }

    /// Signs of Ks and Kt2.
    pub fn signs(self) -> (Sign, Sign) {
        let sign = |bit| if self.bit(bit) { Sign::Negative } else { Sign::Positive };
        (sign(7), sign(14))
    }

    /// The rows of table 8 that are delivered with this filter. The word does not tell all parts apart.
    pub fn delivered(self) -> impl Iterator<Item = &'static Delivered> {
        TABLE_8.iter().filter(move |row| {
            self.samples() == Some(SAMPLES_DELIVERED)
                && row.share == self.share()
                && row.zones == self.zones()
        })
    }

    /// The least time in which a step settles with this filter.
    ///
    /// Of the rows of table 8 that it may be the quickest; for a filter between two rows that of the quicker one, since
    /// a smaller share settles later. `None` for fewer conversions than every part is delivered with: no table says.
    pub fn settling_least(self) -> Option<Duration> {
        if self.samples() != Some(SAMPLES_DELIVERED) {
            return None;
        }
        let quick = TABLE_8.iter().filter(|row| row.share >= self.share() && row.zones == self.zones());
        let nearest = quick.clone().map(|row| row.share).min()?;
        quick.filter(|row| row.share == nearest).map(|row| row.settling).min()
    }

    /// Noise of the object temperature in hundredths of a degree rms, least and most of the parts that it may be;
    /// `None` where table 8 has no such part.
    pub fn noise(self) -> Option<(u8, u8)> {
        let least = self.delivered().map(|row| row.noise).min()?;
        let most = self.delivered().map(|row| row.noise).max()?;
        Some((least, most))
    }

    fn bit(self, bit: u16) -> bool {
        self.0 & 1 << bit != 0
    }
}

/// For a person who looks at a board: `filter 80 %, 1024 conversions (as delivered: BCH, BCI, DCH, DCI)`.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "filter {} %", self.share())?;
        match self.samples() {
            Some(samples) => write!(f, ", {samples} conversions")?,
            None => write!(f, ", a number of conversions that must not be used")?,
        }
        let parts: Vec<_> = self.delivered().map(|row| row.parts).collect();
        if parts.is_empty() { Ok(()) } else { write!(f, " (as delivered: {})", parts.join(" or ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_word_is_decoded() {
        // Source: datasheet rev 13, "ConfigRegister1".
        let shares = [50, 25, 17, 13, 100, 80, 67, 57];
        for (bits, share) in (0..).zip(shares) {
            assert_eq!(Config::new(0x0700 | bits).share(), share, "{bits:03b}");
        }
        let samples = [None, None, None, None, Some(128), Some(256), Some(512), Some(1_024)];
        for (bits, samples) in (0..).zip(samples) {
            assert_eq!(Config::new(bits << 8).samples(), samples, "{bits:03b}");
        }
        let gains = [10, 30, 60, 125, 250, 500, 1_000, 1_000];
        for (bits, gain) in (0..).zip(gains) {
            assert_eq!(Config::new(bits << 11).gain(), gain, "{bits:03b}");
        }
        assert_eq!([0, 1 << 6].map(|word| Config::new(word).zones()), [Zones::Single, Zones::Dual]);
        let tests = [0, 1 << 3, 1 << 15, 1 << 15 | 1 << 3].map(|word| Config::new(word).sensor_test());
        assert_eq!(tests, [SensorTest::Once, SensorTest::Repeated, SensorTest::Off, SensorTest::Off]);
        assert_eq!(Config::new(1 << 7).signs(), (Sign::Negative, Sign::Positive));
        assert_eq!(Config::new(1 << 14).signs(), (Sign::Positive, Sign::Negative));
    }

    #[test]
    fn each_part_of_the_table_settles_and_is_noisy_as_the_table_says() {
        for row in TABLE_8 {
            let zones = if row.zones == Zones::Dual { 1 << 6 } else { 0 };
            let share =
                [50, 25, 17, 13, 100, 80, 67, 57].iter().position(|share| *share == row.share).unwrap();
            let config = Config::new(0x0700 | zones | u16::try_from(share).unwrap());
            assert!(config.delivered().any(|found| found == &row), "{}", row.parts);
            assert!(config.settling_least().unwrap() <= row.settling, "{}", row.parts);
            let (least, most) = config.noise().unwrap();
            assert!((least..=most).contains(&row.noise), "{}", row.parts);
        }
    }

    #[test]
    fn a_filter_that_no_table_gives_settles_no_sooner_than_a_quicker_one() {
        let settling = |word| Config::new(word).settling_least().map(|span| span.as_millis());
        // 100, 80, 67, 57, 50, 25, 17 and 13 %.
        let quick_first = [0x0704, 0x0705, 0x0706, 0x0707, 0x0700, 0x0701, 0x0702, 0x0703];
        let least = [100, 650, 650, 650, 1_330, 3_230, 3_230, 3_230];
        assert_eq!(quick_first.map(settling), least.map(Some));
        assert_eq!(settling(0x0744), Some(140), "two fields");
        assert_eq!(settling(0x0404), None, "128 conversions are in no table");
        assert_eq!(Config::new(0x0706).noise(), None);
        assert_eq!(Config::new(0x0704).noise(), Some((5, 18)), "BAA and xCC share their word");
    }

    #[test]
    fn a_word_is_described_for_a_person() {
        let said = Config::new(0x0705).to_string();
        assert_eq!(said, "filter 80 %, 1024 conversions (as delivered: BCH, BCI, DCH, DCI)");
        assert!(Config::new(0x0004).to_string().contains("must not be used"));
    }
}
