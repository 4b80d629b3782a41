//! A symbol decoded by how sure its modules are.
//!
//! A detector's bitmap says dark or light. A module under a shine, a scratch or a blur is neither, and says so here: its
//! *margin* is how much darker it is than those around it, in sixty-fourths of what modules there differ. The format is the
//! one of 32 that agrees best with the margins. Codewords with a doubtful module are erased for the error correction, the most
//! doubtful first, which may then mend up to twice as many as without (Forney, "Generalized Minimum Distance Decoding",
//! 1966). Margins of several frames add up: see [`votes`](super::votes).

mod reed_solomon;

use rxing::common::BitMatrix;
use rxing::qrcode::common::{ErrorCorrectionLevel, Version, VersionRef};
use rxing::qrcode::cpp_port::decoder::DecodeBitStream;

use super::code::{Code, Lane};
use super::frame::Point;
use super::symbols;

/// How much darker modules are than those around them, row by row: positive ones are dark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Margins {
    /// Modules a side.
    pub side: u16,
    /// One a module, of at most ±[`MARGIN_MAX`] when of one frame.
    pub each: Vec<i16>,
}

/// A margin of one frame is no larger.
pub const MARGIN_MAX: i16 = 127;

/// Check symbols that must agree beyond what mends: an accident passes one time in 2²⁴.
const SPARE: usize = 3;
/// Shares of a block's check symbols that are spent on erasures, one try each, in eighths.
const ERASED: [usize; 4] = [2, 4, 6, 8];
/// Masks by their number, as ISO/IEC 18004:2015, table 10 has them; the row first.
const MASKS: [fn(usize, usize) -> bool; 8] = [
    |i, j| (i + j) % 2 == 0,
    |i, _| i % 2 == 0,
    |_, j| j % 3 == 0,
    |i, j| (i + j) % 3 == 0,
    |i, j| (i / 2 + j / 3) % 2 == 0,
    |i, j| (i * j) % 6 == 0,
    |i, j| (i * j) % 6 < 3,
    |i, j| ((i + j) % 2 + (i * j) % 3) % 2 == 0,
];

/// Decodes what the margins say; `None` when they do not say enough.
pub fn decode(margins: &Margins, corners: [Point; 4], lane: Lane) -> Option<Code> {
    let version = Version::getVersionForNumber((u32::from(margins.side).checked_sub(17)?) / 4).ok()?;
    let side = usize::from(margins.side);
    if margins.each.len() != side * side || version.getDimensionForVersion() != u32::from(margins.side) {
        return None;
    }
    let functions = version.buildFunctionPattern().ok()?;
    let as_seen = |x: usize, y: usize| margins.each[y * side + x];
    let mirrored = |x: usize, y: usize| margins.each[x * side + y];
    let (straight, turned) = (Format::of(side, as_seen), Format::of(side, mirrored));
    if straight.agreement >= turned.agreement {
        of_format(version, &functions, side, straight, as_seen, corners, lane)
    } else {
        of_format(version, &functions, side, turned, mirrored, corners, lane)
    }
}

/// Level and mask, as the margins of the format modules have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Format {
    level: ErrorCorrectionLevel,
    mask: usize,
    /// Sum of the margins that agree less those that do not.
    agreement: i32,
}

impl Format {
    /// The likeliest of the 32.
    fn of(side: usize, margin: impl Fn(usize, usize) -> i16) -> Self {
        let mut best = Self { level: ErrorCorrectionLevel::M, mask: 0, agreement: i32::MIN };
        for data in 0..32_u8 {
            let bits = format_bits(data);
            let agreement = (0..15)
                .map(|bit| {
                    let [one, other] = format_places(side, bit).map(|(x, y)| i32::from(margin(x, y)));
                    if bits >> bit & 1 == 1 { one + other } else { -one - other }
                })
                .sum();
            if agreement > best.agreement {
                let level = ErrorCorrectionLevel::forBits(data >> 3).unwrap_or(ErrorCorrectionLevel::M);
                best = Self { level, mask: usize::from(data & 7), agreement };
            }
        }
        best
    }
}

/// The 15 bits of a format: BCH(15, 5) by x¹⁰ + x⁸ + x⁵ + x⁴ + x² + x + 1, masked (ISO/IEC 18004:2015, annex C).
fn format_bits(data: u8) -> u16 {
    let mut rest = u16::from(data) << 10;
    for bit in (10..15).rev() {
        if rest >> bit & 1 == 1 {
            rest ^= 0x537 << (bit - 10);
        }
    }
    (u16::from(data) << 10 | rest) ^ 0x5412
}

/// Column and row of both places of a format's bit, counted from its lowest (ISO/IEC 18004:2015, figure 25).
fn format_places(side: usize, bit: usize) -> [(usize, usize); 2] {
    let first = match bit {
        0..=5 => (8, bit),
        6 => (8, 7),
        7 => (8, 8),
        8 => (7, 8),
        _ => (14 - bit, 8),
    };
    let second = if bit < 8 { (side - 1 - bit, 8) } else { (8, side - 15 + bit) };
    [first, second]
}

/// A codeword, and how sure the least sure of its modules is.
#[derive(Clone, Copy, Debug, Default)]
struct Codeword {
    byte: u8,
    sure: i16,
}

fn of_format(
    version: VersionRef,
    functions: &BitMatrix,
    side: usize,
    format: Format,
    margin: impl Fn(usize, usize) -> i16,
    corners: [Point; 4],
    lane: Lane,
) -> Option<Code> {
    let words = codewords(functions, side, format.mask, margin);
    let blocks = version.getECBlocksForLevel(format.level);
    let checks = usize::try_from(blocks.getECCodewordsPerBlock()).ok()?;
    let mut lengths = Vec::new();
    for block in blocks.getECBlocks() {
        let length = usize::try_from(block.getDataCodewords()).ok()?;
        lengths.extend((0..block.getCount()).map(|_| length));
    }
    let mut data = Vec::with_capacity(words.len());
    for block in blocks_of(&words, &lengths, checks)? {
        data.extend_from_slice(&mended(&block, checks)?[..block.len() - checks]);
    }
    let content = DecodeBitStream(&data, version, format.level).ok()?;
    symbols::code(&content, corners, u16::try_from(side).ok()?, lane)
}

/// Codewords in the order of the symbol (ISO/IEC 18004:2015, 7.7.3): pairs of columns from the right, up and down in turn.
fn codewords(
    functions: &BitMatrix,
    side: usize,
    mask: usize,
    margin: impl Fn(usize, usize) -> i16,
) -> Vec<Codeword> {
    let mut words = Vec::with_capacity(side * side / 8);
    let (mut word, mut bits) = (Codeword { byte: 0, sure: i16::MAX }, 0);
    // The vertical timing pattern has a column of its own.
    let rights = (8..side).rev().step_by(2).chain([5, 3, 1]);
    for (pair, right) in rights.enumerate() {
        for step in 0..side {
            let y = if pair % 2 == 0 { side - 1 - step } else { step };
            for x in [right, right - 1] {
                let (Ok(column), Ok(row)) = (u32::try_from(x), u32::try_from(y)) else { continue };
                if functions.get(column, row) {
                    continue;
                }
                let margin = margin(x, y);
                let dark = (margin > 0) != MASKS[mask](y, x);
                word.byte = word.byte << 1 | u8::from(dark);
                word.sure = word.sure.min(margin.saturating_abs());
                bits += 1;
                if bits % 8 == 0 {
                    words.push(std::mem::replace(&mut word, Codeword { byte: 0, sure: i16::MAX }));
                }
            }
        }
    }
    words
}

/// Blocks whose codewords the symbol interleaves: data first, then check symbols (ISO/IEC 18004:2015, 7.6).
fn blocks_of(words: &[Codeword], lengths: &[usize], checks: usize) -> Option<Vec<Vec<Codeword>>> {
    let mut words = words.iter().copied();
    let mut blocks: Vec<Vec<Codeword>> =
        lengths.iter().map(|length| Vec::with_capacity(length + checks)).collect();
    for at in 0..lengths.iter().copied().max()? {
        for (block, _) in blocks.iter_mut().zip(lengths).filter(|(_, length)| at < **length) {
            block.push(words.next()?);
        }
    }
    for _ in 0..checks {
        for block in &mut blocks {
            block.push(words.next()?);
        }
    }
    Some(blocks)
}

/// The block's bytes, corrected.
fn mended(block: &[Codeword], checks: usize) -> Option<Vec<u8>> {
    let bytes: Vec<u8> = block.iter().map(|word| word.byte).collect();
    let try_with = |erased: &[usize], spare: usize| {
        let mut word = bytes.clone();
        reed_solomon::correct(&mut word, checks, erased, spare).map(|_| word)
    };
    // Without erasures as every decoder does it.
    if let Some(word) = try_with(&[], 0) {
        return Some(word);
    }
    let mut doubtful: Vec<usize> = (0..block.len()).collect();
    doubtful.sort_by_key(|&at| block[at].sure);
    let most = checks.saturating_sub(SPARE);
    ERASED.iter().find_map(|eighths| try_with(&doubtful[..most * eighths / 8], SPARE))
}

#[cfg(test)]
mod tests;
