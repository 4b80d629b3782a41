//! An EEPROM of our own making: the calibration of a chip that was never built.

use crate::base::Random;
use crate::drivers::mlx9064x::EEPROM_WORDS;

/// The pixel that is broken, and the one that is out of specification.
pub const BROKEN: usize = 5 * 32 + 20;
/// See [`BROKEN`].
pub const OUTLYING: usize = 15 * 32 + 9;

/// Words that all chips of this kind share, by their number from 0x2400: what they mean is beside each.
const COMMON: [(usize, u16); 22] = [
    (0x0C, 0x1901), // control register: 2 Hz, 18 bits, chess
    (0x0F, 0xBE33), // address
    (0x10, 0x4010), // AlphaPTAT 9; scales of the offset: rows 1, columns 2, rest 1
    (0x11, 0xFFD0), // mean offset −48
    (0x20, 0x7001), // sensitivities in 2^37ths; rows and columns 1, rest 2
    (0x21, 0x3F00), // mean sensitivity 1.17e-7
    (0x30, 0x1800), // gain 6144
    (0x31, 0x2F80), // VPTAT25 12160
    (0x32, 0x5152), // KvPTAT 0.0049, KtPTAT 42.25
    (0x33, 0x9E68), // Kvdd −3136, Vdd25 −13056
    (0x34, 0x4434), // Kv 0.5, 0.5, 0.375, 0.5
    (0x35, 0x0994), // chess corrections 1.25, 3, 0.125
    (0x36, 0x5650), // Kta of the odd columns
    (0x37, 0x4E52), // Kta of the even ones
    (0x38, 0x2363), // resolution 18 bits; scales: Kv 3, Kta 14 and 3
    (0x39, 0xF424), // sensitivity of the compensation pixels
    (0x3A, 0xFBC0), // their offsets, −64 and −66
    (0x3B, 0x0448), // their Kv 0.5 and Kta
    (0x3C, 0xF408), // KsTa −0.0015, TGC 0.25
    (0x3D, 0xA3A3), // KsTo −0.0007 in ranges 1 and 2
    (0x3E, 0xA3A3), // and in 3 and 4
    (0x3F, 0x2889), // corners at 160 and 320 °C
];

/// An EEPROM whose pixels differ as `random` says.
pub(super) fn words(random: &mut Random) -> [u16; EEPROM_WORDS] {
    let mut words = [0; EEPROM_WORDS];
    for (index, word) in COMMON {
        words[index] = word;
    }
    // What rows and columns add to offset and sensitivity, in nibbles.
    for index in (0x12..0x20).chain(0x22..0x30) {
        words[index] = nibbles(random);
    }
    for pixel in &mut words[0x40..] {
        // Offset, sensitivity and Kta, none of them so that the word could be 0; the lowest bit is for outliers.
        *pixel = below(64, random) << 10 | below(32, random) << 4 | below(7, random) << 1 | 0x0200;
    }
    words[0x40 + BROKEN] = 0;
    words[0x40 + OUTLYING] |= 1;
    words
}

/// Some word below `end`.
pub(super) fn below(end: u16, random: &mut Random) -> u16 {
    u16::try_from(random.below(end.into())).unwrap_or(0)
}

fn nibbles(random: &mut Random) -> u16 {
    (0..4).fold(0, |word, _| word << 4 | u16::try_from((random.below(7) + 13) % 16).unwrap_or(0))
}
