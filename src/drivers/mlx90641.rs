//! MLX90641: thermal array of 16 × 12 pixels on I²C. Its EEPROM, decoded as its datasheet rev 3, §11.1, says.
//!
//! Every word from 0x2410 on is protected by a Hamming code. Both subpages measure all pixels.

pub mod hamming;

use super::mlx9064x::bits::{bits, power, signed, word};
use super::mlx9064x::calibration::{
    Calibration, Compensation, Defect, EEPROM_WORDS, Layout, Pixel, Ptat, Sharing, Supply,
};
use super::mlx9064x::radiance::Ranges;
use super::mlx9064x::{Kind, Pattern};

/// The chip.
pub const KIND: Kind = Kind { layout: LAYOUT, decode };

/// Where its words are.
pub const LAYOUT: Layout = Layout { width: 16, height: 12, auxiliary: 384, sharing: Sharing::Both };

/// Most pixels that the maker ships broken.
const BAD_MAX: usize = 1;
/// First word that is protected, 0x2410.
const PROTECTED: usize = 0x10;
/// First words of what each pixel has: offset in subpage 0, sensitivity, Kta with Kv, offset in subpage 1.
const PIXELS: [usize; 4] = [0x40, 0x100, 0x1C0, 0x280];

/// Makes a calibration of an EEPROM. One wrong bit in a word is put right.
///
/// # Errors
///
/// When it is another chip's, has a word that cannot be put right, or says what no chip that works can say.
pub fn decode(eeprom: &[u16; EEPROM_WORDS]) -> Result<Calibration, Defect> {
    if bits(eeprom[0x0A], 6, 1) != 1 {
        return Err(Defect::OtherChip(eeprom[0x0A]));
    }
    let mut data = *eeprom;
    for (address, word) in (0x2400..).zip(&mut data).skip(PROTECTED) {
        *word = hamming::decode(*word).ok_or(Defect::Word { address, word: *word })?;
    }
    let at = |index| word(&data, index);
    let calibration = Calibration {
        layout: LAYOUT,
        supply: Supply {
            slope: signed(at(0x27), 0, 11) * 32.0,
            at_25: signed(at(0x26), 0, 11) * 32.0,
            resolution: bits(at(0x33), 9, 2),
        },
        ptat: Ptat {
            kv: signed(at(0x2B), 0, 11) / 4_096.0,
            kt: signed(at(0x2A), 0, 11) / 8.0,
            at_25: f64::from(joined(&data, 0x28)),
            alpha: f64::from(at(0x2C)) / 128.0,
        },
        gain: f64::from(joined(&data, 0x24)),
        ks_ta: signed(at(0x22), 0, 11) / 32_768.0,
        ranges: ranges(&data).ok_or(Defect::Value("slope of a range, KsTo"))?,
        compensation: compensation(&data),
        pattern: Pattern::Interleaved,
        emissivity: signed(at(0x23), 0, 11) / 512.0,
        pixels: (0..LAYOUT.pixels()).map(|pixel| self::pixel(&data, pixel)).collect(),
        bad: (0_u16..192).filter(|pixel| is_broken(&data, usize::from(*pixel))).collect(),
    };
    calibration.checked(BAD_MAX)
}

/// Sixteen bits in two words: the upper eleven in the first, the lower five in the second.
fn joined(data: &[u16], index: usize) -> u16 {
    word(data, index).wrapping_mul(32).wrapping_add(word(data, index + 1))
}

fn ranges(data: &[u16]) -> Option<Ranges> {
    let at = |index| word(data, index);
    let scale = power(at(0x34));
    let corner = |index| f64::from(at(index));
    let corners = [-40.0, -20.0, 0.0, 80.0, 120.0, corner(0x3A), corner(0x3C), corner(0x3E)];
    let slopes =
        [0x35, 0x36, 0x37, 0x38, 0x39, 0x3B, 0x3D, 0x3F].map(|index| signed(at(index), 0, 11) / scale);
    Ranges::new(&corners, &slopes, 2)
}

fn compensation(data: &[u16]) -> Compensation {
    let at = |index| word(data, index);
    let alpha = signed(at(0x2D), 0, 11) / power(at(0x2E));
    let offset = signed(joined(data, 0x2F), 0, 16);
    let scaled = |word| signed(word, 0, 6) / power(bits(word, 6, 5));
    Compensation {
        tgc: signed(at(0x33), 0, 9) / 64.0,
        alpha: [alpha, alpha],
        offset: [offset, offset],
        kta: scaled(at(0x31)),
        kv: scaled(at(0x32)),
        shift: 0.0,
    }
}

fn pixel(data: &[u16], pixel: usize) -> Pixel {
    let at = |index| word(data, index);
    let [zero, alpha, constants, one] = PIXELS.map(|table| at(table + pixel));
    // 32 pixels share a greatest sensitivity, and three words hold the scales of two such groups each.
    let group = pixel / 32;
    let scale = if group.is_multiple_of(2) {
        bits(at(0x19 + group / 2), 5, 6)
    } else {
        bits(at(0x19 + group / 2), 0, 5)
    };
    let greatest = f64::from(at(0x1C + group)) / power(scale + 20);
    let reference = signed(joined(data, 0x11), 0, 16);
    let offset = |own| reference + signed(own, 0, 11) * power(bits(at(0x10), 5, 6));
    let constant = |average: usize, own: f64| {
        let scales = at(average + 1);
        (own * power(bits(scales, 0, 5)) + signed(at(average), 0, 11)) / power(bits(scales, 5, 6))
    };
    Pixel {
        alpha: f64::from(alpha) / 2_047.0 * greatest,
        offset: [offset(zero), offset(one)],
        kta: constant(0x15, signed(constants, 5, 6)),
        kv: constant(0x17, signed(constants, 0, 5)),
        shift: 0.0,
    }
}

/// A broken pixel has no data at all.
fn is_broken(data: &[u16], pixel: usize) -> bool {
    PIXELS.iter().all(|table| word(data, table + pixel) == 0)
}
