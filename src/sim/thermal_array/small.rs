//! An EEPROM of our own making for the MLX90641: the calibration of a chip that was never built.

use super::eeprom::below;
use crate::base::Random;
use crate::drivers::mlx9064x::EEPROM_WORDS;
use crate::drivers::mlx90641::hamming;

/// The pixel that is broken.
pub const SMALL_BROKEN: usize = 2 * 16 + 13;

/// Words that are not protected.
const PLAIN: [(usize, u16); 3] = [
    (0x0A, 0x0040), // which chip
    (0x0C, 0x0901), // control register: 2 Hz, 18 bits
    (0x0F, 0xBE33), // address
];

/// What the protected words that all chips share say, by their number from 0x2400: what they mean is beside each.
const COMMON: [(usize, i16); 47] = [
    (0x10, 0),    // scale of the offsets 1
    (0x11, -19),  // mean offset −600, upper eleven bits
    (0x12, 8),    // and lower five
    (0x15, 813),  // mean Kta 0.0031
    (0x16, 576),  // in 2^18ths, of each pixel as well
    (0x17, 676),  // mean Kv 0.33
    (0x18, 352),  // in 2^11ths
    (0x19, 396),  // sensitivities in 2^32nds, of six groups of pixels
    (0x1A, 396),  //
    (0x1B, 396),  //
    (0x1C, 1500), // greatest sensitivity 3.5e-7
    (0x1D, 1512), //
    (0x1E, 1523), //
    (0x1F, 1519), //
    (0x20, 1508), //
    (0x21, 1496), //
    (0x22, -72),  // KsTa −0.0022
    (0x23, 512),  // emissivity 1
    (0x24, 311),  // gain 9972
    (0x25, 20),   //
    (0x26, -424), // Vdd25 −13568
    (0x27, -98),  // Kvdd −3136
    (0x28, 383),  // VPTAT25 12280
    (0x29, 24),   //
    (0x2A, 338),  // KtPTAT 42.25
    (0x2B, 22),   // KvPTAT 0.0054
    (0x2C, 1152), // AlphaPTAT 9
    (0x2D, 830),  // sensitivity of the compensation pixels
    (0x2E, 38),   // in 2^38ths
    (0x2F, -4),   // their offset −119
    (0x30, 9),    //
    (0x31, 851),  // their Kta 0.0023
    (0x32, 330),  // their Kv 0.31
    (0x33, 1024), // resolution 18 bits, TGC 0
    (0x34, 20),   // slopes of the ranges in 2^20ths
    (0x35, -734), // KsTo −0.0007 in all of them
    (0x36, -734), //
    (0x37, -734), //
    (0x38, -734), //
    (0x39, -734), //
    (0x3A, 200),  // corners at 200, 400 and 600 °C
    (0x3B, -734), //
    (0x3C, 400),  //
    (0x3D, -734), //
    (0x3E, 600),  //
    (0x3F, -734), //
    (0x14, 0),    // not used
];

/// An EEPROM whose pixels differ as `random` says.
pub(super) fn words(random: &mut Random) -> [u16; EEPROM_WORDS] {
    let mut words = [0; EEPROM_WORDS];
    for (index, word) in PLAIN {
        words[index] = word;
    }
    for (index, data) in COMMON {
        words[index] = hamming::encode(data.cast_unsigned());
    }
    for pixel in (0..192).filter(|pixel| *pixel != SMALL_BROKEN) {
        let offset = below(120, random);
        // Offset in either subpage, sensitivity, Kta and Kv.
        let own =
            [offset, 1_700 + below(300, random), below(64, random) << 5 | below(32, random), offset + 2];
        for (table, data) in [0x40, 0x100, 0x1C0, 0x280].into_iter().zip(own) {
            words[table + pixel] = hamming::encode(data);
        }
    }
    words
}
