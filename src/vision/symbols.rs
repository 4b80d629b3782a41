//! Finds and decodes QR symbols in one grey picture, by rxing's port of the zxing-cpp detector.
//!
//! The steps are called one by one rather than through its reader: so every symbol in view is read, the
//! module grid and mirrored or partial symbols are known, and the work is bounded: a picture full of finder
//! patterns offers thousands of triples, of which only the most plausible are tried.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rxing::common::cpp_essentials::{ConcentricPattern, DecoderResult};
use rxing::common::{BitMatrix, DetectorRXingResult};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{
    FindFinderPatterns, FinderPatternSet, FinderPatternSets, FinderPatterns, GenerateFinderPatternSets,
    SampleQR,
};

use super::binary::Binary;
use super::code::{Code, Lane, Part};
use super::filter;
use super::fit::{Budget, Grid};
use super::frame::{Frame, Point};
use super::soft;
use super::votes::Unsolved;
use crate::base::Pii;

/// How much work a search may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Looks for finder patterns on every third row instead of a number of rows that follows from the height.
    pub every_row: bool,
    /// Most triples of finder patterns that are sampled. Each costs up to about 0.1 ms.
    pub triples_max: usize,
    /// Most triples to which a grid is fitted when none could be read. Each costs up to about 0.5 ms.
    pub fitted_max: usize,
}

impl Effort {
    /// For every frame.
    pub const USUAL: Self = Self { every_row: false, triples_max: 48, fitted_max: 1 };
    /// For a frame that the fast lane could not read, and for small pictures.
    pub const HARDER: Self = Self { every_row: true, triples_max: 192, fitted_max: 3 };
}

/// Modules a side of the densest symbol that every usual effort finds: version 20, for it may fill a quarter of the height.
const MODULES_USUAL: usize = 97;

/// Most triples to which a grid is fitted. Each costs up to about 1 ms.
const FITTED_MAX: usize = 12;

/// Where every third row passes through more patterns than this, a wallpaper is in view, and they are too many to look for in
/// each of them: the rows through 400 symbols.
const SEEN_MAX: usize = 4_000;

/// Finder patterns that are looked at, the largest: those of 160 symbols. More are a wallpaper, whose triples are too many.
const PATTERNS_MAX: usize = 480;

/// How dark pixels are told from light ones where finder patterns are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// Between the extremes of blocks, as the fast lane does.
    Blocks,
    /// At the mean around each pixel.
    Mean,
}

/// Codes from one picture, and how many finder patterns belong to none of them.
#[derive(Debug, Default)]
pub struct Found {
    /// What was read, in pixels of the picture searched.
    pub codes: Vec<Code>,
    /// Finder patterns that are part of no code that was read; three may be another code.
    pub left: usize,
    /// Where finder patterns are, whatever they belong to; of many only [`PLACES_MAX`].
    pub patterns: Vec<Pattern>,
    /// A grid that was fitted and could not be decoded; only where no code was.
    pub unsolved: Option<Unsolved>,
}

/// A finder pattern: one of the three squares by which a symbol is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pattern {
    /// Its middle.
    pub at: Point,
    /// Side of a module in pixels.
    pub module: f32,
}

/// Most finder patterns of which is said where they are.
pub const PLACES_MAX: usize = 16;

/// Searches `frame`; `lane` is written into what is found. Nothing is found in a picture that makes the
/// decoder fail.
pub fn find(binary: &mut Binary, frame: &Frame, effort: Effort, lane: Lane) -> Found {
    // The thresholds are found anew for every picture: nothing half-changed survives a panic.
    catch_unwind(AssertUnwindSafe(|| search(binary, frame, effort, lane))).unwrap_or_default()
}

/// Number of finder patterns in `frame`; 0 in a picture that makes the detector fail.
pub fn finder_patterns(frame: &Frame) -> usize {
    let count = || with_bits(frame, |bits| FindFinderPatterns(bits, false, 0).len());
    catch_unwind(AssertUnwindSafe(count)).ok().flatten().unwrap_or_default()
}

/// Searches `frame` with grids fitted to its grey, through finder patterns by `threshold`; see [`fit`](super::fit).
pub fn fit(frame: &Frame, threshold: Threshold, lane: Lane) -> Vec<Code> {
    let read = || {
        let found = match threshold {
            Threshold::Blocks => with_bits(frame, |dark| fit_through(frame, dark, true, lane)),
            Threshold::Mean => {
                let mut binary = Binary::default();
                binary.measure(frame);
                let every_row = binary.glimpse(frame, 3) <= SEEN_MAX;
                darker_than_mean(frame).map(|dark| fit_through(frame, &dark, every_row, lane))
            }
        };
        found.unwrap_or_default()
    };
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_default()
}

fn fit_through(frame: &Frame, dark: &BitMatrix, every_row: bool, lane: Lane) -> Vec<Code> {
    let mut patterns = FindFinderPatterns(dark, every_row, 0);
    let sets = triples(&mut patterns);
    fit_each(frame, &sets, FITTED_MAX, Budget::PICTURE, lane).0
}

/// Triples of finder patterns that may belong to one symbol, the most plausible first.
fn triples(patterns: &mut FinderPatterns) -> FinderPatternSets {
    patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.size));
    patterns.truncate(PATTERNS_MAX);
    GenerateFinderPatternSets(patterns)
}

/// Fits a grid to each of the first `most` triples. Says what they read, and the first that fits and could not be.
fn fit_each(
    frame: &Frame,
    sets: &[FinderPatternSet],
    most: usize,
    mut budget: Budget,
    lane: Lane,
) -> (Vec<Code>, Option<Unsolved>) {
    let (mut codes, mut unsolved): (Vec<Code>, _) = (Vec::new(), None);
    for set in sets.iter().take(most) {
        for grid in Grid::fitted(frame, set, &mut budget) {
            let Some(corners) = grid.corners() else { continue };
            let Some(code) = grid.modules(frame).find_map(|margins| soft::decode(&margins, corners, lane))
            else {
                unsolved = unsolved.or_else(|| grid.unsolved(frame));
                continue;
            };
            if !codes.iter().any(|known| known.payload == code.payload) {
                codes.push(code);
            }
            break;
        }
    }
    (codes, unsolved)
}

/// Pixels darker than the mean around them, as a matrix.
fn darker_than_mean(frame: &Frame) -> Option<BitMatrix> {
    let dark = filter::darker_than_mean(frame, frame.long_side() / 16);
    let (width, height) = (u32::try_from(frame.width()).ok()?, u32::try_from(frame.height()).ok()?);
    let mut bits = BitMatrix::new(width, height).ok()?;
    let mut at = dark.into_iter();
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        if at.next() == Some(true) {
            bits.set(x, y);
        }
    }
    Some(bits)
}

fn with_bits<T>(frame: &Frame, use_bits: impl FnOnce(&BitMatrix) -> T) -> Option<T> {
    let mut binary = Binary::default();
    binary.measure(frame);
    binary.matrix(frame).map(|bits| use_bits(&bits))
}

/// Rows from one that is looked at to the next.
fn row_step(frame: &Frame, effort: Effort) -> usize {
    if effort.every_row { 3 } else { (3 * frame.height() / (4 * MODULES_USUAL)).max(3) }
}

fn search(binary: &mut Binary, frame: &Frame, effort: Effort, lane: Lane) -> Found {
    binary.measure(frame);
    // Each of three finder patterns is met by a row at least.
    let seen = binary.glimpse(frame, row_step(frame, effort));
    if seen < 3 {
        return Found::default();
    }
    let effort = Effort { every_row: effort.every_row && seen <= SEEN_MAX, ..effort };
    binary.matrix(frame).map(|bits| search_bits(frame, &bits, effort, lane)).unwrap_or_default()
}

fn search_bits(frame: &Frame, bits: &BitMatrix, effort: Effort, lane: Lane) -> Found {
    let mut patterns = FindFinderPatterns(bits, effort.every_row, 0);
    let places = patterns.iter().take(PLACES_MAX).map(place).collect();
    let mut codes = Vec::new();
    let mut used = Vec::new();
    let mut tried = 0;
    let sets = triples(&mut patterns);
    for set in &sets {
        let FinderPatternSet { bl, tl, tr } = *set;
        if [bl, tl, tr].iter().any(|pattern| used.contains(pattern)) {
            continue;
        }
        tried += 1;
        if tried > effort.triples_max {
            break;
        }
        if let Some(code) = read_triple(bits, set, lane) {
            used.extend([bl, tl, tr]);
            codes.push(code);
        }
    }
    let mut unsolved = None;
    if codes.is_empty() {
        let budget = Budget::triples(effort.fitted_max);
        (codes, unsolved) = fit_each(frame, &sets, effort.fitted_max, budget, lane);
    }
    let left = patterns.len().saturating_sub(used.len());
    Found { left, codes, unsolved, patterns: places }
}

/// A finder pattern is seven modules wide.
fn place(pattern: &ConcentricPattern) -> Pattern {
    let width = f32::from(u16::try_from(pattern.size).unwrap_or_default());
    Pattern { at: Point::new(pattern.p.x, pattern.p.y), module: width / 7.0 }
}

fn read_triple(bits: &BitMatrix, set: &FinderPatternSet, lane: Lane) -> Option<Code> {
    let sampled = SampleQR(bits, set).ok()?;
    decoded(sampled.getBits(), corners(sampled.getPoints())?, lane)
}

fn decoded(bits: &BitMatrix, corners: [Point; 4], lane: Lane) -> Option<Code> {
    code(&Decode(bits).ok()?, corners, u16::try_from(bits.width()).ok()?, lane)
}

/// The code that a symbol's content is; `None` when it is invalid or empty.
pub(super) fn code(
    symbol: &DecoderResult<bool>,
    corners: [Point; 4],
    modules: u16,
    lane: Lane,
) -> Option<Code> {
    let payload = symbol.content().bytes();
    if !symbol.isValid() || payload.is_empty() {
        return None;
    }
    let append = symbol.structuredAppend();
    let part = (append.count > 1).then(|| Part {
        index: u8::try_from(append.index).unwrap_or_default(),
        count: u8::try_from(append.count).unwrap_or_default(),
        parity: append.id.parse().unwrap_or_default(),
    });
    let modules = Some(modules);
    Some(Code { payload: Pii::new(payload.to_vec()), corners, modules, part, lane })
}

fn corners(points: &[rxing::Point]) -> Option<[Point; 4]> {
    // The sampler names them upper left, upper right, lower left, lower right.
    let &[a, b, d, c] = points else { return None };
    Some([a, b, c, d].map(|p| Point::new(p.x, p.y)))
}
