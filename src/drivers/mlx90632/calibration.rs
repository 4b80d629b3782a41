//! From the MLX90632's raw words to temperatures: the medical measurement of DSP version 5.
//!
//! With R4 to R9 for the words of one reading and the constants scaled as in [`Calibration::from_words`]:
//!
//! ```text
//! AMB   = R6/12 / (R9 + Gb·R6/12) · 2¹⁹
//! STO   = (R4 + R5 + R7 + R8)/4/12 / (R9 + Ka·R6/12) · 2¹⁹
//! die   = P_O + (AMB − P_R)/P_G + P_T·(AMB − P_R)²
//! Ta    = (AMB − Eb)/Ea + 25
//! T     = ( STO / (ε·Fa·Ha·(1 + Ga·(T' − 25) + Fb·(Ta − 25))) + B )^¼ − 273.15 − Hb,   five times from T' = 25
//! B     = Ta⁴, or with known surroundings Tr: Tr⁴ − (Tr⁴ − Ta⁴)/ε, in kelvin
//! ```
//!
//! Source: MLX90632 datasheet, "Temperature calculation", and melexis/mlx90632-library src/mlx90632.c (Apache-2.0). Only
//! IEEE-exact operations are used, so that a reading is the same on every machine.

const KELVIN: f64 = 273.15;
/// What the amplifier's reference is divided by. Source: the library's `MLX90632_REF_3` and `MLX90632_REF_12`.
const REFERENCE: f64 = 12.0;
/// 2¹⁹.
const SCALE: f64 = 524_288.0;
/// Iterations of the object temperature. Source: the library.
const ITERATIONS: u8 = 5;

/// The six words of one reading, RAM_4 to RAM_9: two of the object, the ambient one, two of the object, the reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Raw(pub [i16; 6]);

/// What reflects in the object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reflected {
    /// Surroundings as warm as the sensor.
    Sensor,
    /// Surroundings of so many °C.
    Known(f64),
}

/// A chip's calibration constants, scaled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    p_r: f64,
    p_g: f64,
    p_t: f64,
    p_o: f64,
    ea: f64,
    eb: f64,
    fa: f64,
    fb: f64,
    ga: f64,
    gb: f64,
    ka: f64,
    ha: f64,
    hb: f64,
}

impl Calibration {
    /// EEPROM words from 0x240C on that hold constants.
    pub const WORDS: usize = 36;

    /// The constants of EEPROM words 0x240C to 0x242F, each of 32 bits with its low word first, and of 0x2481 and 0x2482;
    /// `None` where one by which is divided is 0: the memory is empty.
    pub fn from_words(words: &[u16; Self::WORDS], customer: [u16; 2]) -> Option<Self> {
        let long = |at: usize| {
            let [a, b] = words[at].to_le_bytes();
            let [c, d] = words[at + 1].to_le_bytes();
            f64::from(i32::from_le_bytes([a, b, c, d]))
        };
        let short = |word: u16| f64::from(word.cast_signed());
        let this = Self {
            p_r: long(0) / power(8),
            p_g: long(2) / power(20),
            p_t: long(4) / power(44),
            p_o: long(6) / power(8),
            ea: long(24) / power(16),
            eb: long(26) / power(8),
            fa: long(28) / power(46),
            fb: long(30) / power(36),
            ga: long(32) / power(36),
            gb: short(words[34]) / power(10),
            ka: short(words[35]) / power(10),
            ha: short(customer[0]) / power(14),
            hb: short(customer[1]) / power(10),
        };
        [this.p_g, this.ea, this.fa, this.ha].iter().all(|divisor| *divisor != 0.0).then_some(this)
    }

    /// AMB: the ambient word over the reference.
    pub fn ambient(&self, raw: Raw) -> f64 {
        let Raw([_, _, ambient, _, _, reference]) = raw;
        let ambient = f64::from(ambient) / REFERENCE;
        ambient / (f64::from(reference) + self.gb * ambient) * SCALE
    }

    /// STO: the object words over the reference.
    pub fn signal(&self, raw: Raw) -> f64 {
        let Raw([first, second, ambient, third, fourth, reference]) = raw;
        let ambient = f64::from(ambient) / REFERENCE;
        let object = [first, second, third, fourth].map(f64::from).iter().sum::<f64>() / 4.0;
        object / REFERENCE / (f64::from(reference) + self.ka * ambient) * SCALE
    }

    /// Temperature of the sensor in °C from AMB.
    pub fn die(&self, ambient: f64) -> f64 {
        let above = ambient - self.p_r;
        self.p_o + above / self.p_g + self.p_t * (above * above)
    }

    /// Temperature in °C of an object of `emissivity` from STO and AMB. Not a number where no real temperature is seen so.
    pub fn object(&self, signal: f64, ambient: f64, emissivity: f64, reflected: Reflected) -> f64 {
        let sensor = (ambient - self.eb) / self.ea + 25.0;
        let base = match reflected {
            Reflected::Sensor => fourth(sensor),
            Reflected::Known(surroundings) => {
                let surroundings = fourth(surroundings);
                surroundings - (surroundings - fourth(sensor)) / emissivity
            }
        };
        let mut object = 25.0;
        for _ in 0..ITERATIONS {
            let drift = 1.0 + self.ga * (object - 25.0) + self.fb * (sensor - 25.0);
            let radiation = signal / (emissivity * self.fa * self.ha * drift) + base;
            object = radiation.sqrt().sqrt() - KELVIN - self.hb;
        }
        object
    }
}

/// 2 to the power of `bits`, exactly.
fn power(bits: u32) -> f64 {
    (0..bits).fold(1.0, |power, _| power * 2.0)
}

fn fourth(celsius: f64) -> f64 {
    let kelvin = celsius + KELVIN;
    let square = kelvin * kelvin;
    square * square
}

/// The constants and words of melexis/mlx90632-library test/TestDSP.c (Apache-2.0), whose results the tests below expect.
#[cfg(test)]
pub(super) mod published {
    /// EEPROM words 0x240C to 0x242F.
    pub fn words() -> [u16; super::Calibration::WORDS] {
        let mut words = [0; super::Calibration::WORDS];
        let longs: [(usize, i32); 9] = [
            (0, 0x0058_7F5B),
            (2, 0x04A1_0289),
            (4, 0xFFF9_66F8_u32.cast_signed()),
            (6, 0x0000_1E0F),
            (24, 4_859_535),
            (26, 5_686_508),
            (28, 53_855_361),
            (30, 42_874_149),
            (32, -14_556_410),
        ];
        for (at, long) in longs {
            let [a, b, c, d] = long.to_le_bytes();
            words[at] = u16::from_le_bytes([a, b]);
            words[at + 1] = u16::from_le_bytes([c, d]);
        }
        (words[34], words[35]) = (9_728, 10_752);
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ambient_and_signal_are_as_published() {
        let chip = calibration(0);
        for ((ambient, reference), expected) in
            [((22_454, 23_030), 24_041.27), ((100, 150), 19_065.018), ((32_767, 32_766), 24_385.9)]
        {
            near(chip.ambient(raw(0, 0, ambient, reference)), expected, 0.01);
        }
        for (new, old, expected) in [
            (149, 151, 153.562),
            (-149, -151, -153.562),
            (-32_767, -32_767, -33_545.08),
            (3_237, 3_239, 3_314.89),
        ] {
            near(chip.signal(raw(new, old, 22_454, 23_030)), expected, 0.01);
        }
    }

    #[test]
    fn the_sensors_own_temperature_is_as_published() {
        let chip = calibration(0);
        for ((ambient, reference), expected) in
            [((22_454, 23_030), 48.724), ((100, 150), -18.734), ((32_767, 32_766), 53.350)]
        {
            near(chip.die(chip.ambient(raw(0, 0, ambient, reference))), expected, 0.01);
        }
    }

    #[test]
    fn object_temperatures_are_as_published() {
        let chip = calibration(0);
        let published = [
            (609, 611, 55.507),
            (149, 151, 51.123),
            (-149, -151, 48.171),
            (-147, -149, 48.192),
            (32_767, 32_767, 212.844),
            (-5_000, -5_000, -16.653),
            (26_901, 26_899, 193.917),
            (27_105, 27_095, 194.599),
        ];
        for (new, old, expected) in published {
            near(object(&chip, new, old), expected, 0.01);
        }
    }

    #[test]
    fn a_customers_offset_is_taken_off_as_published() {
        let chip = calibration(10_240);
        let published = [
            (609, 611, 45.495),
            (149, 151, 41.121),
            (-149, -151, 38.174),
            (32_767, 32_767, 202.628),
            (-5_000, -5_000, -26.457),
        ];
        for (new, old, expected) in published {
            near(object(&chip, new, old), expected, 0.01);
        }
    }

    #[test]
    fn reflections_are_as_published() {
        let chip = calibration(0);
        // The library's function takes signal and ambient as whole numbers; at an emissivity of 0.1 that matters.
        let whole = |value: f64| value.trunc();
        let words = raw(609, 611, 22_454, 23_030);
        let (signal, ambient) = (whole(chip.signal(words)), whole(chip.ambient(words)));
        for (surroundings, expected) in [(49.66, 98.141), (40.0, 143.956)] {
            near(chip.object(signal, ambient, 0.1, Reflected::Known(surroundings)), expected, 0.01);
        }
        let alike = chip.object(signal, ambient, 1.0, Reflected::Known(48.724));
        near(alike, chip.object(signal, ambient, 1.0, Reflected::Sensor), 0.01);
    }

    #[test]
    fn an_empty_memory_is_no_calibration_and_senseless_words_are_no_number() {
        assert_eq!(Calibration::from_words(&[0; Calibration::WORDS], [16_384, 0]), None);
        assert_eq!(Calibration::from_words(&published::words(), [0, 0]), None, "divides by Ha");
        let chip = calibration(0);
        let nothing = Raw::default();
        assert!(
            !chip.object(chip.signal(nothing), chip.ambient(nothing), 1.0, Reflected::Sensor).is_finite()
        );
        assert!(chip.object(-1e9, 24_041.0, 1.0, Reflected::Sensor).is_nan());
    }

    fn calibration(hb: u16) -> Calibration {
        Calibration::from_words(&published::words(), [16_384, hb]).unwrap()
    }

    /// Both pairs of the object are `new` and `old`.
    fn raw(new: i16, old: i16, ambient: i16, reference: i16) -> Raw {
        Raw([new, new, ambient, old, old, reference])
    }

    fn object(chip: &Calibration, new: i16, old: i16) -> f64 {
        let words = raw(new, old, 22_454, 23_030);
        chip.object(chip.signal(words), chip.ambient(words), 1.0, Reflected::Sensor)
    }

    fn near(got: f64, expected: f64, within: f64) {
        assert!((got - expected).abs() <= within, "{got}, not {expected}");
    }
}
