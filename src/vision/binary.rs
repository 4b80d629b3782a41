//! Dark and light: a threshold for each block of the picture, in memory that is used again.
//!
//! A block of 8 × 8 pixels has its threshold half-way between its darkest and its lightest pixel. A block without contrast
//! has none of its own and takes that of blocks around it: a pale symbol on white paper keeps its own threshold, where a
//! rule that darkens flat blocks loses it. Thresholds are smoothed over 3 × 3 blocks. A block without contrast is dark or light
//! as a whole, so that noise on a wall makes no pattern.
//!
//! Most frames of a gate show no symbol. So [`Binary::glimpse`] first looks at a few rows only, for the five runs of a finder
//! pattern; a whole bitmap is made of a picture in which there are some.

use rxing::common::{BitArray, BitMatrix};

use super::frame::Frame;

/// Pixels of a block, each way.
const BLOCK: usize = 8;
/// Blocks to each side that a threshold is smoothed over.
const SMOOTH: usize = 1;
/// A block with less between its darkest and lightest pixel has no threshold of its own, however quiet the picture is.
const CONTRAST_MIN: u8 = 24;
/// More between dark and light than this is no noise, wherever it is.
const NOISE_MAX: u8 = 48;
/// The high bit of each of eight bytes.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Thresholds of a picture, in memory that is used again.
#[derive(Debug, Default)]
pub struct Binary {
    across: usize,
    /// Between dark and light of each block, then the threshold of its own, or 0.
    own: Vec<u8>,
    middles: Vec<u8>,
    thresholds: Vec<u8>,
    least: Vec<u8>,
    most: Vec<u8>,
    words: Vec<u64>,
}

impl Binary {
    /// Finds the thresholds of `frame`.
    pub fn measure(&mut self, frame: &Frame) {
        let (width, height) = (frame.width(), frame.height());
        self.across = width.div_ceil(BLOCK);
        self.own.clear();
        self.middles.clear();
        for rows in frame.luma().chunks(width * BLOCK) {
            self.least.clear();
            self.most.clear();
            self.least.extend_from_slice(&rows[..width]);
            self.most.extend_from_slice(&rows[..width]);
            for row in rows.chunks_exact(width).skip(1) {
                let extremes = self.least.iter_mut().zip(&mut self.most);
                for ((least, most), &grey) in extremes.zip(row) {
                    *least = (*least).min(grey);
                    *most = (*most).max(grey);
                }
            }
            let blocks = self.least.chunks(BLOCK).zip(self.most.chunks(BLOCK));
            for (least, most) in blocks {
                let least = least.iter().fold(u8::MAX, |a, &b| a.min(b));
                let most = most.iter().fold(0, |a, &b| a.max(b));
                let middle = u8::midpoint(least, most).max(1);
                self.middles.push(middle);
                self.own.push(most - least);
            }
        }
        let contrast_min = contrast_min(&self.own);
        for (own, &middle) in self.own.iter_mut().zip(&self.middles) {
            *own = if *own >= contrast_min { middle } else { 0 };
        }
        self.smooth(height.div_ceil(BLOCK));
    }

    /// In how many places every `step`th row of the picture measured last runs dark, light, dark, light, dark as through a
    /// finder pattern, and the column through the middle as well.
    pub fn glimpse(&mut self, frame: &Frame, step: usize) -> usize {
        let mut seen = 0;
        let whole = |binary: &Self, runs: Runs, end: usize, y: usize| {
            let [a, b, c, d, e] = runs.0;
            runs.is_finder() && binary.is_crossed(frame, (end - e - d - c / 2, y), 2 * (a + b + c + d + e))
        };
        for y in (step.max(1) - 1..frame.height()).step_by(step.max(1)) {
            self.row(frame, y);
            let mut runs = Runs::default();
            let (mut start, mut last) = (0, 0_u64);
            for (at, &word) in self.words.iter().enumerate() {
                let mut changes = word ^ ((word << 1) | last);
                last = word >> 63;
                while changes != 0 {
                    let bit = changes.trailing_zeros();
                    changes &= changes - 1;
                    let place = at * 64 + usize::try_from(bit).unwrap_or_default();
                    runs.push(place - start);
                    start = place;
                    let dark_ends = (word >> bit) & 1 == 0;
                    seen += usize::from(dark_ends && whole(self, runs, place, y));
                }
            }
            // A dark run up to the edge ends in the bits beyond it, unless there are none.
            if last == 1 {
                runs.push(frame.width() - start);
                seen += usize::from(whole(self, runs, frame.width(), y));
            }
        }
        seen
    }

    /// Whether the column of a dark place turns light and dark again within `reach` pixels, both up and down. The bars of a
    /// barcode or a door do not. Beyond the edge of the picture may be anything.
    fn is_crossed(&self, frame: &Frame, (x, y): (usize, usize), reach: usize) -> bool {
        let is_dark = |y: usize| {
            frame.luma()[y * frame.width() + x] <= self.thresholds[y / BLOCK * self.across + x / BLOCK]
        };
        let (up, down) = (reach.min(y), reach.min(frame.height() - 1 - y));
        (up < reach || turns_twice((y - up..y).rev().map(is_dark)))
            && (down < reach || turns_twice((y + 1..=y + down).map(is_dark)))
    }

    /// The whole picture measured last as bits, dark ones set; none where it is too large for one.
    pub fn matrix(&mut self, frame: &Frame) -> Option<BitMatrix> {
        let (width, height) = (u32::try_from(frame.width()).ok()?, u32::try_from(frame.height()).ok()?);
        let mut matrix = BitMatrix::new(width, height).ok()?;
        let mut row = BitArray::with_size(frame.width());
        for y in 0..height {
            self.row(frame, usize::try_from(y).ok()?);
            for (at, &word) in self.words.iter().enumerate() {
                // A word of the matrix has 64 bits, or 32 on a 32-bit machine.
                for part in 0..64 / usize::BITS {
                    let bits = usize::try_from((word >> (part * usize::BITS)) & usize::MAX as u64).ok()?;
                    let at = at * 64 + usize::try_from(part * usize::BITS).ok()?;
                    if at < frame.width() {
                        row.setBulk(at, bits);
                    }
                }
            }
            matrix.setRow(y, &row);
        }
        Some(matrix)
    }

    /// Puts row `y` into `words`, dark pixels as set bits, the first in the lowest.
    fn row(&mut self, frame: &Frame, y: usize) {
        let width = frame.width();
        let row = &frame.luma()[y * width..][..width];
        let thresholds = &self.thresholds[y / BLOCK * self.across..][..self.across];
        self.words.clear();
        self.words.resize(width.div_ceil(64), 0);
        let mut at = 0;
        let blocks = row.chunks_exact(BLOCK);
        let rest = blocks.remainder();
        for (block, &threshold) in blocks.zip(thresholds) {
            let eight = block.try_into().map_or(0, u64::from_le_bytes);
            self.words[at / 8] |= no_lighter(eight, threshold) << (at % 8 * 8);
            at += 1;
        }
        if !rest.is_empty() {
            let mut eight = [u8::MAX; 8];
            eight[..rest.len()].copy_from_slice(rest);
            let bits = no_lighter(u64::from_le_bytes(eight), thresholds[at]) & ((1 << rest.len()) - 1);
            self.words[at / 8] |= bits << (at % 8 * 8);
        }
    }

    /// Smooths the blocks' own thresholds, and gives one to those without.
    fn smooth(&mut self, down: usize) {
        let across = self.across;
        self.thresholds.clear();
        self.thresholds.resize(across * down, 0);
        for y in 0..down {
            let rows = y.saturating_sub(SMOOTH)..(y + SMOOTH + 1).min(down);
            for x in 0..across {
                let columns = x.saturating_sub(SMOOTH)..(x + SMOOTH + 1).min(across);
                let own = u32::from(self.own[y * across + x]);
                // Its own counts twice.
                let (mut sum, mut count) = (own, u32::from(own > 0));
                for row in rows.clone() {
                    for &threshold in &self.own[row * across..][columns.clone()] {
                        sum += u32::from(threshold);
                        count += u32::from(threshold > 0);
                    }
                }
                let mean = sum.checked_div(count).unwrap_or_default();
                self.thresholds[y * across + x] = mean.to_le_bytes()[0];
            }
        }
        // Large flat parts take the last one before them, as the rows run.
        let mut last = self.thresholds.iter().copied().find(|&threshold| threshold > 0).unwrap_or_default();
        for threshold in &mut self.thresholds {
            if *threshold == 0 {
                *threshold = last;
            }
            last = *threshold;
        }
        // Flat ones are of one kind as a whole.
        for ((threshold, &own), &middle) in self.thresholds.iter_mut().zip(&self.own).zip(&self.middles) {
            if own == 0 {
                *threshold = if middle <= *threshold { u8::MAX } else { 0 };
            }
        }
    }
}

/// What is contrast and no noise, by how much dark and light differ in each block: twice what they differ in the quietest
/// quarter of the picture, for a sensor is noisy everywhere. Where that is more than noise, a symbol fills the picture.
fn contrast_min(ranges: &[u8]) -> u8 {
    let mut counts = [0_usize; 256];
    ranges.iter().for_each(|&range| counts[usize::from(range)] += 1);
    let mut rest = ranges.len() / 4;
    let noise = (0..=u8::MAX).zip(counts).find(|&(_, count)| {
        let found = count > rest;
        rest = rest.saturating_sub(count);
        found
    });
    let twice = noise.map_or(0, |(range, _)| range.saturating_mul(2));
    if twice <= NOISE_MAX { twice.max(CONTRAST_MIN) } else { CONTRAST_MIN }
}

/// Whether what begins dark turns light, and dark again.
fn turns_twice(mut dark: impl Iterator<Item = bool>) -> bool {
    dark.any(|dark| !dark) && dark.any(|dark| dark)
}

/// The last five runs of a row.
#[derive(Clone, Copy, Default)]
struct Runs([usize; 5]);

impl Runs {
    fn push(&mut self, length: usize) {
        self.0.rotate_left(1);
        self.0[4] = length;
    }

    /// Whether the runs may be 1, 1, 3, 1, 1 modules; nothing that a detector takes for it is left out.
    fn is_finder(&self) -> bool {
        let [a, b, c, d, e] = self.0;
        c >= 3 && a > 0 && c >= 2 * a.max(e) && c >= b.max(d) && 2 * (a + b + d + e) >= c
    }
}

/// Which of eight bytes are no greater than `threshold`, the first in the lowest bit.
fn no_lighter(eight: u64, threshold: u8) -> u64 {
    let limit = u64::from(threshold) * 0x0101_0101_0101_0101;
    // Without their high bits, bytes are compared by a subtraction that borrows from no neighbour.
    let low = (limit | HIGH) - (eight & !HIGH);
    let dark = ((limit & !eight) | (!(limit ^ eight) & low)) & HIGH;
    // Gathers the eight high bits into one byte.
    (dark >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Mono, Random};

    #[test]
    fn eight_pixels_are_compared_at_once_as_one_by_one() {
        let mut random = Random::new(3);
        for _ in 0..2_000 {
            let mut bytes = [0; 9];
            random.fill(&mut bytes);
            let [threshold, eight @ ..] = bytes;
            let each = (0..8).fold(0, |bits, at| bits | (u64::from(eight[at] <= threshold) << at));
            assert_eq!(no_lighter(u64::from_le_bytes(eight), threshold), each, "{eight:?} {threshold}");
        }
    }

    #[test]
    fn a_pale_symbol_beside_flat_white_keeps_its_own_threshold() {
        // Stripes of 215 on 250, two pixels wide, in the left half; the right half is flat.
        let pixel = |i: usize| if i % 67 < 32 && (i % 67 / 2).is_multiple_of(2) { 215 } else { 250 };
        let frame = Frame::new(67, 50, (0..67 * 50).map(pixel).collect(), Mono::ZERO).unwrap();
        let mut binary = Binary::default();
        binary.measure(&frame);
        let matrix = binary.matrix(&frame).unwrap();
        for (x, y) in (0..50_u32).flat_map(|y| (0..67_u32).map(move |x| (x, y))) {
            assert_eq!(matrix.get(x, y), x < 32 && x / 2 % 2 == 0, "{x} {y}");
        }
    }

    #[test]
    fn a_glimpse_sees_a_finder_pattern_also_at_the_edge_and_none_on_a_wall() {
        let mut binary = Binary::default();
        let mut glimpse = |width: usize, left: usize, dark: u8, light: u8| {
            let ring = |x: usize, y: usize| {
                let (x, y) = (x.wrapping_sub(left) / 4, y.wrapping_sub(20) / 4);
                x < 7 && y < 7 && x.min(6 - x).min(y.min(6 - y)) != 1
            };
            let pixel = |i: usize| if ring(i % width, i / width) { dark } else { light };
            let frame = Frame::new(width, 80, (0..width * 80).map(pixel).collect(), Mono::ZERO).unwrap();
            binary.measure(&frame);
            binary.glimpse(&frame, 3)
        };
        for (width, left) in [(80, 20), (80, 52), (64, 36), (128, 100), (60, 0)] {
            assert_eq!(glimpse(width, left, 20, 220), 4, "{width} {left}");
        }
        assert_eq!((glimpse(80, 20, 200, 200), glimpse(80, 20, 220, 20)), (0, 0));
    }

    #[test]
    fn bars_that_run_like_a_finder_pattern_are_none_unless_the_picture_may_hide_their_ends() {
        let glimpse = |height: usize| {
            // 4, 4, 12, 4 and 4 pixels, from the upper edge to the lower.
            let dark = |x: usize| x.checked_sub(20).is_some_and(|x| x < 28 && !matches!(x / 4, 1 | 5));
            let pixel = |i: usize| if dark(i % 80) { 20 } else { 220 };
            let frame = Frame::new(80, height, (0..80 * height).map(pixel).collect(), Mono::ZERO).unwrap();
            let mut binary = Binary::default();
            binary.measure(&frame);
            binary.glimpse(&frame, 3)
        };
        // A pattern of this width has its ends within 56 rows.
        assert_eq!((glimpse(240), glimpse(56)), (0, 18));
    }

    #[test]
    fn a_pale_symbol_that_fills_the_picture_is_no_noise() {
        let pixel = |i: usize| if (i % 64 / 2).is_multiple_of(2) { 215 } else { 250 };
        let frame = Frame::new(64, 64, (0..64 * 64).map(pixel).collect(), Mono::ZERO).unwrap();
        let mut binary = Binary::default();
        binary.measure(&frame);
        let matrix = binary.matrix(&frame).unwrap();
        assert!((0..64).all(|x| matrix.get(x, 30) == (x / 2 % 2 == 0)));
    }

    #[test]
    fn noise_on_a_wall_beside_a_door_is_no_pattern() {
        let mut random = Random::new(5);
        let mut noise = || i32::try_from((0..6).map(|_| random.below(6)).sum::<u64>()).unwrap() - 15;
        for level in [120, 150, 180] {
            // A wall that darkens to the right, down to what is half-way between door and wall at the door.
            let wall = |i: usize| i32::try_from(level - i % 320 * level / 600).unwrap();
            let pixel = |i: usize| if (44..84).contains(&(i % 320)) { 30 } else { wall(i) };
            let luma = (0..320 * 240).map(|i| (pixel(i) + noise()).to_le_bytes()[0]).collect();
            let frame = Frame::new(320, 240, luma, Mono::ZERO).unwrap();
            let mut binary = Binary::default();
            binary.measure(&frame);
            assert_eq!(binary.glimpse(&frame, 3), 0, "{level}");
            let matrix = binary.matrix(&frame).unwrap();
            let mixed = (0..40 * 30_u32).filter(|block| {
                let (x, y) = (block % 40 * 8, block / 40 * 8);
                let dark = (0..64).filter(|at| matrix.get(x + at % 8, y + at / 8)).count();
                !matches!(dark, 0 | 64)
            });
            assert_eq!(mixed.count(), 2 * 30, "{level}: only blocks at the sides of the door are of both");
        }
    }

    #[test]
    fn pictures_smaller_than_a_block_are_measured() {
        let mut binary = Binary::default();
        for (width, height) in [(1, 1), (7, 3), (9, 8), (64, 1), (1, 70)] {
            let frame = Frame::new(width, height, vec![9; width * height], Mono::ZERO).unwrap();
            binary.measure(&frame);
            assert_eq!(binary.glimpse(&frame, 3), 0);
            assert!(binary.matrix(&frame).is_some());
        }
    }
}
