//! The worked examples of both datasheets, from the words of the EEPROM to the temperature.

use kakou::drivers::mlx9064x::calibration::Shared;
use kakou::drivers::mlx9064x::radiance::reference;
use kakou::drivers::mlx9064x::{Control, Converter, Defect, EEPROM_WORDS, Invalid, Subpage};
use kakou::drivers::{mlx90640, mlx90641};

/// Words 0x2410 to 0x243F of the MLX90640's example. Source: MLX90640 datasheet rev 12, §11.1.
#[rustfmt::skip]
const LARGE: [u16; 48] = [
    0x4210, 0xFFBB, 0x0202, 0xF202, 0xF2F2, 0xE2E2, 0xD1E1, 0xB1D1, 0xF10F, 0xF00F, 0xE0EF, 0xE0EF, 0xE1E1, 0xF3F2, 0xF404, 0xE504,
    0x79A6, 0x2F44, 0xFFDD, 0x2210, 0x3333, 0x2233, 0xEF01, 0x9ACC, 0xEEDC, 0x10FF, 0x2221, 0x3333, 0x2333, 0x0112, 0xEEFF, 0xBBDD,
    0x18EF, 0x2FF1, 0x5952, 0x9D68, 0x5454, 0x0994, 0x6956, 0x5354, 0x2363, 0xE446, 0xFBB5, 0x044B, 0xF020, 0x9797, 0x9797, 0x2889,
];

/// The same words of the MLX90641's. Source: MLX90641 datasheet rev 3, §11.1.
#[rustfmt::skip]
const SMALL: [u16; 48] = [
    0x0000, 0xB7E8, 0xD016, 0x0000, 0x0000, 0xC2FD, 0x1A43, 0xCA9A, 0x5164, 0x018C, 0x018C, 0x018C, 0x9CB1, 0x956C, 0xA5CC, 0x7DD1,
    0x6D7F, 0x3CD4, 0x27B8, 0x19E6, 0xF137, 0x7814, 0x2658, 0xEF9E, 0x917F, 0xF018, 0xE156, 0x4817, 0x1C80, 0x233E, 0xC826, 0xCFFC,
    0xA009, 0xBB53, 0xF194, 0xFC00, 0x7814, 0xED22, 0xED22, 0xED22, 0xED22, 0xED22, 0x80C8, 0xED22, 0x4190, 0xED22, 0xDA58, 0xED22,
];

/// Pixel (12, 16), counted from 1.
const LARGE_PIXEL: usize = 11 * 32 + 15;
/// Pixel (6, 9), counted from 1.
const SMALL_PIXEL: usize = 5 * 16 + 8;

#[test]
fn the_large_arrays_parameters_are_those_printed() {
    let calibration = mlx90640::decode(&large()).unwrap();
    let pixel = calibration.pixels[LARGE_PIXEL];
    assert_eq!((calibration.supply.slope, calibration.supply.at_25), (-3_168.0, -13_056.0));
    assert_eq!((calibration.ptat.kv, calibration.ptat.kt), (22.0 / 4_096.0, 42.25));
    assert_eq!((calibration.ptat.at_25, calibration.ptat.alpha, calibration.gain), (12_273.0, 9.0, 6_383.0));
    assert_eq!((pixel.offset[0], pixel.kta, pixel.kv), (-75.0, 84.0 / 16_384.0, 0.5));
    assert!((pixel.alpha - 1.262_233_126_908_54e-7).abs() < 1e-20, "{}", pixel.alpha);
    let compensation = calibration.compensation;
    assert_eq!((compensation.offset, compensation.tgc), ([-75.0, -77.0], 1.0));
    assert!((compensation.alpha[0] - 4.074_536_263_942_72e-9).abs() < 1e-20);
    assert!((compensation.alpha[1] - 3.851_710_062_008_35e-9).abs() < 1e-20);
    assert_eq!((compensation.kv, calibration.ks_ta), (0.5, -16.0 / 8_192.0));
    let corners: Vec<f64> = calibration.ranges.as_slice().iter().map(|range| range.from).collect();
    assert_eq!(corners, [-40.0, 0.0, 160.0, 320.0]);
    assert_eq!(calibration.ranges.as_slice()[1].ks_to, -105.0 / 131_072.0);
}

#[test]
fn the_large_arrays_worked_pixel_is_80_36331_degrees() {
    let mut converter = Converter::new(mlx90640::decode(&large()).unwrap());
    converter.take(&large_ram(), Subpage::One, Control::new(0x1901)).unwrap();
    let shared = converter.last().unwrap();
    // §11.2.2.1 to 4: ΔV = 59/3168 V, Ta = 39.184 °C, Kgain = 1.01753546947234.
    assert!((shared.volts - 3.3 - 59.0 / 3_168.0).abs() < 1e-12, "{shared:?}");
    assert!((shared.die - 39.184_4).abs() < 1e-4, "{shared:?}");
    assert!((shared.gain - 1.017_535_469_472_34).abs() < 1e-13, "{shared:?}");
    let calibration = converter.calibration().clone();
    let pixel = calibration.pixels[LARGE_PIXEL];
    // §11.2.2.5 to 8, with the die as rounded in print.
    let printed = Shared { die: 39.184, ..shared };
    let signal = calibration.signal(&pixel, 609, Subpage::One, &printed, 0.0);
    assert!((signal - 700.882_495_690_866).abs() < 0.01, "{signal}");
    // Print takes off subpage 0's sensitivity, and subpage 1's signal.
    let alpha = calibration.sensitivity(&pixel, Subpage::Zero, printed.die);
    assert!((alpha - 1.187_648_736_049_6e-7).abs() < 1e-20, "{alpha}");
    let [zero, one] = [(Subpage::Zero, -54.0), (Subpage::One, -56.0)]
        .map(|(page, raw)| calibration.compensation(raw * shared.gain, page, &printed));
    assert!((zero - 25.666_66).abs() < 0.01, "{zero}");
    // Print takes the second offset's difference to the first, −2, out of its own brackets: 21.6315865670509.
    let corrections = (one + 56.0 * shared.gain) / 77.0;
    let as_printed = -56.0 * shared.gain + 75.0 * corrections - 2.0;
    assert!((as_printed - 21.631_586_567_050_9).abs() < 0.01, "{as_printed}");
    let reference = reference(39.184, 31.0, 1.0);
    let celsius =
        calibration.ranges.object(700.882_495_690_866 - 21.631_586_567_050_9, alpha, reference).unwrap();
    assert_eq!(format!("{celsius:.5}"), "80.36331");
    // The formulas as they stand, in the subpage that the pixel is in, are 0.2 °C away from that.
    converter.take(&large_ram(), Subpage::Zero, Control::new(0x1901)).unwrap();
    let own = converter.celsius()[LARGE_PIXEL];
    assert!((own - 80.17).abs() < 0.02, "{own}");
}

#[test]
fn the_small_arrays_parameters_are_those_printed() {
    let calibration = mlx90641::decode(&small()).unwrap();
    assert_eq!((calibration.supply.slope, calibration.supply.at_25), (-3_136.0, -13_568.0));
    assert!((calibration.emissivity - 0.949_218).abs() < 1e-6);
    let pixel = calibration.pixels[SMALL_PIXEL];
    assert!((pixel.alpha - 3.455_206_751_823_43e-7).abs() < 1e-20, "{}", pixel.alpha);
    assert_eq!(pixel.offset[0], -673.0);
    assert!((pixel.kta - 0.003_101_349).abs() < 5e-10 && (pixel.kv - 0.325_195_3).abs() < 5e-8);
    let compensation = calibration.compensation;
    assert_eq!((compensation.offset, compensation.tgc), ([-119.0; 2], 0.0));
    assert!((compensation.alpha[0] - 3.019_522_409_886_12e-9).abs() < 1e-22);
    assert!((compensation.kta - 0.002_319_335_9).abs() < 1e-9 && compensation.kv == 0.312_5);
    assert_eq!(calibration.ks_ta, -0.002_197_265_625);
    // 0xF849 and 0xD847: two in the last digit, of a scale of 1.
    assert_eq!(pixel.offset[0] - pixel.offset[1], 2.0);
    assert_eq!((calibration.gain, calibration.ptat.at_25, calibration.ptat.alpha), (9_972.0, 12_280.0, 9.0));
    let corners: Vec<f64> = calibration.ranges.as_slice().iter().map(|range| range.from).collect();
    assert_eq!(corners, [-40.0, -20.0, 0.0, 80.0, 120.0, 200.0, 400.0, 600.0]);
    let alphas = [
        1.028_599,
        1.014_198_721,
        1.0,
        0.944_000_24,
        0.917_568_347,
        0.866_184_74,
        0.744_919_396,
        0.640_631_128,
    ];
    for (range, expected) in calibration.ranges.as_slice().iter().zip(alphas) {
        assert!((range.alpha - expected).abs() < 1e-6, "{range:?}");
        assert!((range.ks_to + 0.000_699_997).abs() < 1e-9, "{range:?}");
    }
}

#[test]
fn the_small_arrays_worked_pixel_is_80_129812_degrees() {
    let mut converter = Converter::new(mlx90641::decode(&small()).unwrap());
    let emissivity = converter.calibration().emissivity;
    let reflected = |die: f64| die - 5.0;
    converter.take_of(&small_ram(), Subpage::Zero, Control::new(0x0901), emissivity, reflected).unwrap();
    let shared = converter.last().unwrap();
    assert!((shared.volts - 3.255_99).abs() < 1e-5, "{shared:?}");
    assert!((shared.gain - 1.024_450_38).abs() < 1e-8, "{shared:?}");
    // In print 42.022 °C; the words as printed give 42.098 on paper as well.
    assert!((shared.die - 42.097_66).abs() < 1e-4, "{shared:?}");
    let calibration = converter.calibration().clone();
    let pixel = calibration.pixels[SMALL_PIXEL];
    let printed = Shared { volts: 3.255_99, die: 42.022, emissivity: 0.949_218, ..shared };
    let signal = calibration.signal(&pixel, 972, Subpage::Zero, &printed, 0.0);
    assert!((signal - 1_784.780_49).abs() < 0.01, "{signal}");
    let alpha = calibration.sensitivity(&pixel, Subpage::Zero, printed.die);
    // Print rounds KsTa on its way to 3.32641806639731E-7.
    assert!((alpha - 3.326_418_066_397_31e-7).abs() < 5e-11, "{alpha}");
    let from = 9_899_175_739.92;
    // §11.2.2.9 with surroundings of 37 °C, Ta rounded to 42.02 °C and ε to 0.95.
    assert!((reference(42.02, 37.0, 0.95) - from).abs() / from < 1e-7, "{}", reference(42.02, 37.0, 0.95));
    let basic = calibration.ranges.basic(1_785.0, 3.326_418_066_397_31e-7, from).unwrap();
    assert!((basic - 80.129_812).abs() < 1e-5, "{basic}");
    // Past 80 °C the next range begins; it meets the basic one there.
    let object = calibration.ranges.object(1_785.0, 3.326_418_066_397_31e-7, from).unwrap();
    assert!((object - basic).abs() < 0.05, "{object}");
    let celsius = converter.celsius()[SMALL_PIXEL];
    assert!((celsius - 80.13).abs() < 0.15, "{celsius}");
}

#[test]
fn an_eeprom_with_one_wrong_bit_in_a_word_is_the_same_calibration_and_with_two_is_none() {
    let whole = mlx90641::decode(&small()).unwrap();
    for word in (0x10..EEPROM_WORDS).step_by(7) {
        let mut eeprom = small();
        eeprom[word] ^= 1 << (word % 16);
        assert_eq!(mlx90641::decode(&eeprom), Ok(whole.clone()), "{word:#x}");
        eeprom[word] ^= 1 << ((word + 5) % 16);
        let address = 0x2400 + word as u16;
        assert_eq!(mlx90641::decode(&eeprom), Err(Defect::Word { address, word: eeprom[word] }));
    }
}

#[test]
fn the_other_chips_eeprom_and_empty_ones_are_refused() {
    assert!(matches!(mlx90640::decode(&small()), Err(Defect::OtherChip(0x0040))));
    assert!(matches!(mlx90641::decode(&large()), Err(Defect::OtherChip(0))));
    for words in [[0; EEPROM_WORDS], [0xFFFF; EEPROM_WORDS]] {
        assert!(mlx90640::decode(&words).is_err());
        assert!(mlx90641::decode(&words).is_err());
    }
    for (word, value) in
        [(0x30, 0), (0x30, 0x8000), (0x33, 0x0068), (0x32, 0x5800), (0x21, 0), (0x3F, 0x2009)]
    {
        let mut eeprom = large();
        eeprom[word] = value;
        assert!(matches!(mlx90640::decode(&eeprom), Err(Defect::Value(_))), "{word:#x}");
    }
}

#[test]
fn bad_pixels_have_the_mean_of_those_about_them_and_too_many_are_refused() {
    let mut eeprom = large();
    // Broken in a corner, out of specification in the middle.
    eeprom[0x40] = 0;
    eeprom[0x40 + 400] |= 1;
    let mut converter = Converter::new(mlx90640::decode(&eeprom).unwrap());
    assert_eq!(converter.calibration().bad, [0, 400]);
    let mut ram = large_ram();
    // Whatever they say.
    (ram[0], ram[400]) = (0x7000, 0x8000);
    for page in [Subpage::Zero, Subpage::One] {
        converter.take(&ram, page, Control::new(0x1901)).unwrap();
    }
    let celsius = converter.celsius();
    assert!((celsius[0] - (celsius[1] + celsius[32] + celsius[33]) / 3.0).abs() < 1e-9);
    let around: f64 = [367, 368, 369, 399, 401, 431, 432, 433].map(|pixel| celsius[pixel]).iter().sum();
    assert!((celsius[400] - around / 8.0).abs() < 1e-9);

    eeprom[0x40 + 401] = 0;
    assert_eq!(mlx90640::decode(&eeprom), Err(Defect::Neighbours(400, 401)));
    eeprom[0x40 + 401] = eeprom[0x41];
    for pixel in [100, 200, 300] {
        eeprom[0x40 + pixel] = 0;
    }
    assert_eq!(mlx90640::decode(&eeprom), Err(Defect::Pixels(5)));
}

#[test]
fn another_reading_pattern_than_the_calibrations_is_corrected() {
    // Source: §11.1.3.1, word 0x0994: C1 = 1.25, C2 = 3, C3 = 0.125.
    let calibration = mlx90640::decode(&large()).unwrap();
    let shifts: Vec<f64> = [0, 1, 2, 3, 32, 33, 34, 35].map(|pixel| calibration.pixels[pixel].shift).to_vec();
    assert_eq!(shifts, [-0.125, 2.875, -0.125, -3.125, 0.125, -2.875, 0.125, 3.125]);
    assert_eq!(calibration.compensation.shift, 1.25);
    let same = Shared { gain: 1.0, volts: 3.3, die: 25.0, mixed: 0.0, emissivity: 1.0 };
    let other = Shared { mixed: 1.0, ..same };
    for pixel in &calibration.pixels[..64] {
        let [read, calibrated] =
            [other, same].map(|shared| calibration.signal(pixel, 609, Subpage::One, &shared, 0.0));
        assert!((read - calibrated - pixel.shift).abs() < 1e-9);
    }
    let seen = |shared, page| calibration.compensation(-56.0, page, shared);
    assert_eq!(seen(&same, Subpage::One) - seen(&other, Subpage::One), 1.25);
    assert_eq!(seen(&same, Subpage::Zero), seen(&other, Subpage::Zero));
    // The control register says which it is.
    let mut converter = Converter::new(calibration.clone());
    for (control, mixed) in [(0x1901, 0.0), (0x0901, 1.0)] {
        converter.take(&large_ram(), Subpage::One, Control::new(control)).unwrap();
        assert_eq!(converter.last().unwrap().mixed, mixed);
    }
}

#[test]
fn words_that_are_no_measurement_are_refused_by_name() {
    let mut converter = Converter::new(mlx90640::decode(&large()).unwrap());
    let mut refused = |word: usize, value: u16| {
        let mut ram = large_ram();
        ram[word] = value;
        converter.take(&ram, Subpage::One, Control::new(0x1901)).unwrap_err()
    };
    assert_eq!(refused(1, 0x7FFF), Invalid::NotMeasured(0x401));
    assert_eq!(refused(778, 0x7FFF), Invalid::NotMeasured(0x70A));
    assert_eq!(refused(778, 0), Invalid::Gain(0));
    assert_eq!(refused(778, 0xFFF0), Invalid::Gain(-16));
    assert!(matches!(refused(810, 0x1000), Invalid::Beyond { .. }));
    assert!(matches!(refused(800, 0x0100), Invalid::Beyond { .. }));
    assert_eq!(refused(1, 0x8000), Invalid::Pixel(1));
    assert_eq!(converter.take(&[0; 768], Subpage::One, Control::new(0x1901)), Err(Invalid::Short(768)));
}

/// The example gives one pixel's word: all have it here.
pub fn large() -> [u16; EEPROM_WORDS] {
    let mut eeprom = [0x08A0; EEPROM_WORDS];
    eeprom[..0x10].fill(0);
    eeprom[0x10..0x40].copy_from_slice(&LARGE);
    eeprom
}

/// RAM of the example in subpage 1: every pixel's word is 609.
pub fn large_ram() -> Vec<u16> {
    let mut ram = vec![609; 832];
    for (word, value) in
        [(768, 0x4BF2), (776, 0xFFCA), (778, 0x1881), (800, 0x06AF), (808, 0xFFC8), (810, 0xCCC5)]
    {
        ram[word] = value;
    }
    ram
}

/// The same of the small array. Bit 6 of word 0x240A says which chip it is; the example leaves it out.
fn small() -> [u16; EEPROM_WORDS] {
    let mut eeprom = [0; EEPROM_WORDS];
    eeprom[0x0A] = 0x0040;
    eeprom[0x10..0x40].copy_from_slice(&SMALL);
    for (first, word) in [(0x40, 0xF849), (0x100, 0xFFFF), (0x1C0, 0xB8C0), (0x280, 0xD847)] {
        eeprom[first..first + 192].fill(word);
    }
    eeprom
}

fn small_ram() -> Vec<u16> {
    let mut ram = vec![972; 448];
    for (word, value) in
        [(384, 0x4C54), (392, 0xFF97), (394, 0x2606), (416, 0x06D8), (424, 0xFF97), (426, 0xCB8A)]
    {
        ram[word] = value;
    }
    ram
}
