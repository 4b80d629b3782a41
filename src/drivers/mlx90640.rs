//! MLX90640: thermal array of 32 × 24 pixels on I²C. Its EEPROM, decoded as its datasheet rev 12, §11.1, says.

use super::mlx9064x::bits::{bits, power, signed, word};
use super::mlx9064x::calibration::{
    Calibration, Compensation, Defect, EEPROM_WORDS, Layout, Pixel, Ptat, Sharing, Supply,
};
use super::mlx9064x::radiance::Ranges;
use super::mlx9064x::{Kind, Pattern};

/// The chip.
pub const KIND: Kind = Kind { layout: LAYOUT, decode };

/// Where its words are.
pub const LAYOUT: Layout = Layout { width: 32, height: 24, auxiliary: 768, sharing: Sharing::Split };

/// Most pixels that the maker ships broken or out of specification.
const BAD_MAX: usize = 4;
/// First word of the pixels, 0x2440.
const PIXELS: usize = 0x40;

/// Makes a calibration of an EEPROM.
///
/// # Errors
///
/// When it is another chip's, or says what no chip that works can say. It has no checksum.
pub fn decode(eeprom: &[u16; EEPROM_WORDS]) -> Result<Calibration, Defect> {
    let at = |index| word(eeprom, index);
    if bits(at(0x0A), 6, 1) != 0 {
        return Err(Defect::OtherChip(at(0x0A)));
    }
    let calibration = Calibration {
        layout: LAYOUT,
        supply: Supply {
            slope: signed(at(0x33), 8, 8) * 32.0,
            at_25: (f64::from(bits(at(0x33), 0, 8)) - 256.0) * 32.0 - 8_192.0,
            resolution: bits(at(0x38), 12, 2),
        },
        ptat: Ptat {
            kv: signed(at(0x32), 10, 6) / 4_096.0,
            kt: signed(at(0x32), 0, 10) / 8.0,
            at_25: signed(at(0x31), 0, 16),
            alpha: f64::from(bits(at(0x10), 12, 4)) / 4.0 + 8.0,
        },
        gain: signed(at(0x30), 0, 16),
        ks_ta: signed(at(0x3C), 8, 8) / 8_192.0,
        ranges: ranges(eeprom).ok_or(Defect::Value("slope of a range, KsTo"))?,
        compensation: compensation(eeprom),
        // 0 is chess.
        pattern: if bits(at(0x0A), 11, 1) == 0 { Pattern::Chess } else { Pattern::Interleaved },
        emissivity: 1.0,
        pixels: (0..LAYOUT.pixels()).map(|pixel| self::pixel(eeprom, pixel)).collect(),
        bad: bad(eeprom),
    };
    calibration.checked(BAD_MAX)
}

fn ranges(eeprom: &[u16]) -> Option<Ranges> {
    let at = |index| word(eeprom, index);
    let step = f64::from(bits(at(0x3F), 12, 2)) * 10.0;
    let third = f64::from(bits(at(0x3F), 4, 4)) * step;
    let fourth = third + f64::from(bits(at(0x3F), 8, 4)) * step;
    let scale = power(bits(at(0x3F), 0, 4) + 8);
    let slopes =
        [(0x3D, 0), (0x3D, 8), (0x3E, 0), (0x3E, 8)].map(|(index, low)| signed(at(index), low, 8) / scale);
    Ranges::new(&[-40.0, 0.0, third, fourth], &slopes, 1)
}

fn compensation(eeprom: &[u16]) -> Compensation {
    let at = |index| word(eeprom, index);
    let alpha = signed(at(0x39), 0, 10) / power(bits(at(0x20), 12, 4) + 27);
    let offset = signed(at(0x3A), 0, 10);
    Compensation {
        tgc: signed(at(0x3C), 0, 8) / 32.0,
        alpha: [alpha, alpha * (1.0 + signed(at(0x39), 10, 6) / 128.0)],
        offset: [offset, offset + signed(at(0x3A), 10, 6)],
        kta: signed(at(0x3B), 0, 8) / power(bits(at(0x38), 4, 4) + 8),
        kv: signed(at(0x3B), 8, 8) / power(bits(at(0x38), 8, 4)),
        shift: signed(at(0x35), 0, 6) / 16.0,
    }
}

fn pixel(eeprom: &[u16], pixel: usize) -> Pixel {
    let at = |index| word(eeprom, index);
    let (row, column, own) = (pixel / 32, pixel % 32, at(PIXELS + pixel));
    // A nibble of a table: four to a word, the first in the lowest bits.
    let nibble = |table: usize, index: usize| signed(at(table + index / 4), [0, 4, 8, 12][index % 4], 4);
    // A reference, what its row and its column add, and what is left, each with a scale of its own.
    let sum = |scales: u16, reference: f64, tables: [usize; 2], left: f64| {
        let [rows, columns] = [(tables[0], row, 8), (tables[1], column, 4)]
            .map(|(table, index, low)| nibble(table, index) * power(bits(scales, low, 4)));
        reference + rows + columns + left * power(bits(scales, 0, 4))
    };
    let offset = sum(at(0x10), signed(at(0x11), 0, 16), [0x12, 0x18], signed(own, 10, 6));
    let alpha = sum(at(0x20), f64::from(at(0x21)), [0x22, 0x28], signed(own, 4, 6));
    // Rows and columns are counted from 1 there: the first is odd. Kta in halves of two words, Kv in nibbles of one.
    let (kta, kv) = match (row % 2, column % 2) {
        (0, 0) => (signed(at(0x36), 8, 8), signed(at(0x34), 12, 4)),
        (0, _) => (signed(at(0x37), 8, 8), signed(at(0x34), 4, 4)),
        (_, 0) => (signed(at(0x36), 0, 8), signed(at(0x34), 8, 4)),
        _ => (signed(at(0x37), 0, 8), signed(at(0x34), 0, 4)),
    };
    let kta = kta + signed(own, 1, 3) * power(bits(at(0x38), 0, 4));
    Pixel {
        alpha: alpha / power(bits(at(0x20), 12, 4) + 30),
        offset: [offset, offset],
        kta: kta / power(bits(at(0x38), 4, 4) + 8),
        kv: kv / power(bits(at(0x38), 8, 4)),
        shift: shift(eeprom, row, column),
    }
}

/// `IL_CHESS_C3 · (2·IL_PATTERN − 1) − IL_CHESS_C2 · CONVERSION_PATTERN`.
///
/// The conversion pattern goes 0, 1, 0, −1 along a row and the other way in the next.
fn shift(eeprom: &[u16], row: usize, column: usize) -> f64 {
    let c2 = signed(word(eeprom, 0x35), 6, 5) / 2.0;
    let c3 = signed(word(eeprom, 0x35), 11, 5) / 8.0;
    let sign = if row.is_multiple_of(2) { 1.0 } else { -1.0 };
    let conversion = [0.0, -1.0, 0.0, 1.0][column % 4] * sign;
    -c3 * sign - c2 * conversion
}

/// Pixels whose word is 0, or marked as out of specification by its lowest bit.
fn bad(eeprom: &[u16]) -> Vec<u16> {
    let words = (0_u16..).zip(&eeprom[PIXELS..]);
    words.filter(|(_, word)| **word == 0 || **word & 1 == 1).map(|(pixel, _)| pixel).collect()
}
