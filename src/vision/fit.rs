//! A symbol's grid fitted to the grey picture itself, and its modules sampled there.
//!
//! A detector places the grid by edges of a bitmap: where these are blurred, glaring or broken, the grid is off, or there is
//! none. A symbol of a given version has modules that are known beforehand: three finder patterns with their separators, two
//! timing lines, the alignment patterns. The grid whose known light modules are lightest beside its known dark ones is the
//! right one; it is looked for from the three finder patterns on, first by the fourth corner, then by all of them. What is
//! sampled is the grey of each module, compared with the mean of those around it.

use rxing::Point as RxPoint;
use rxing::qrcode::common::Version;
use rxing::qrcode::cpp_port::detector::FinderPatternSet;

use super::frame::{Frame, Point};
use super::homography::Homography;
use super::soft::{MARGIN_MAX, Margins};
use super::votes::Unsolved;

/// Fewest and most modules a side.
const SIDES: std::ops::RangeInclusive<i32> = 21..=177;
/// Sides that are tried around the one that the finder patterns' distance suggests.
const SIDES_TRIED: i32 = 2;
/// Steps in which corners are moved, in modules.
const STEPS: [f32; 4] = [1.0, 0.5, 0.25, 0.12];
/// Most rounds at a step.
const ROUNDS: usize = 4;
/// Least contrast between known light and dark modules, of 255.
const CONTRAST_MIN: f32 = 12.0;
/// Most known modules of each tone that are looked at: spread over the symbol, so many say where the grid is.
const KNOWN_MAX: usize = 160;
/// The same while a grid is looked for from far: it need not be exact yet.
const KNOWN_COARSE: usize = 96;
/// Half widths of the squares of modules whose mean is a module's threshold.
const REACHES: [usize; 3] = [4, 2, 9];
/// Modules that differ less than this from their mean, of 255, say nothing.
const SPREAD_MIN: f32 = 4.0;
/// Of 100 known modules so many must be of the right tone in a grid that is kept for the next frames.
const RIGHT_MIN: usize = 85;

/// A grid fitted to a picture.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Modules a side.
    pub side: u16,
    /// Centres of the finder patterns, and the place where a fourth would have its own.
    centres: [Point; 4],
    /// Contrast of the known modules.
    pub score: f32,
}

impl Grid {
    /// The best grids through the three finder patterns of `set`, best first; none where nothing fits.
    pub fn fitted(frame: &Frame, set: &FinderPatternSet, budget: &mut Budget) -> Vec<Self> {
        let [tl, tr, bl] = [set.tl, set.tr, set.bl].map(|pattern| centre(pattern.p));
        let (top, left) = (apart(tl, tr), apart(tl, bl));
        let sizes = [set.tl.size, set.tr.size, set.bl.size];
        #[expect(clippy::cast_precision_loss, reason = "pixels of a picture")]
        let module = sizes.iter().sum::<i32>() as f32 / 21.0;
        if module < 0.8 || top < 5.0 || left < 5.0 {
            return vec![];
        }
        #[expect(clippy::cast_possible_truncation, reason = "clamped to SIDES next")]
        let guess = (f32::midpoint(top, left) / module + 7.0).round() as i32;
        let nearest = 17 + 4 * ((guess - 17 + 2) / 4);
        let sides = (-SIDES_TRIED..=SIDES_TRIED).map(|step| nearest + 4 * step);
        let sides = sides.filter(|side| SIDES.contains(side));
        let mut grids: Vec<Self> =
            sides.filter_map(|side| Self::of_side(frame, side, [tl, tr, bl], budget)).collect();
        grids.sort_by(|one, other| other.score.total_cmp(&one.score));
        grids.truncate(2);
        grids.iter_mut().for_each(|grid| grid.climb(frame, budget));
        grids.retain(|grid| grid.score >= CONTRAST_MIN);
        grids.sort_by(|one, other| other.score.total_cmp(&one.score));
        grids
    }

    /// The grid of `side` modules whose fourth corner fits best.
    fn of_side(frame: &Frame, side: i32, [tl, tr, bl]: [Point; 3], budget: &mut Budget) -> Option<Self> {
        let side = u16::try_from(side).ok()?;
        let known = Known::of(side, KNOWN_COARSE)?;
        let span = f32::from(side) - 7.0;
        let (right, down) = (towards(tl, tr, 1.0 / span), towards(tl, bl, 1.0 / span));
        let flat = Point::new(tr.x + bl.x - tl.x, tr.y + bl.y - tl.y);
        // A plane seen at a slant: up to a sixth of the side, and at least two modules.
        let reach = (span / 6.0).max(2.0);
        let mut best: Option<Self> = None;
        let (from, to) = (-4_i16, 4_i16);
        for (i, j) in (from..=to).flat_map(|i| (from..=to).map(move |j| (i, j))) {
            let (u, v) = (f32::from(i) / 4.0 * reach, f32::from(j) / 4.0 * reach);
            let br = Point::new(flat.x + u * right.x + v * down.x, flat.y + u * right.y + v * down.y);
            budget.look()?;
            let mut grid = Self { side, centres: [tl, tr, br, bl], score: 0.0 };
            grid.score = grid.contrast(frame, &known);
            if best.as_ref().is_none_or(|best| grid.score > best.score) {
                best = Some(grid);
            }
        }
        best
    }

    /// Moves the corners as long as that raises the contrast.
    fn climb(&mut self, frame: &Frame, budget: &mut Budget) {
        let Some(known) = Known::of(self.side, KNOWN_MAX) else { return };
        let module = apart(self.centres[0], self.centres[1]) / (f32::from(self.side) - 7.0);
        for step in STEPS.map(|step| step * module) {
            for _ in 0..ROUNDS {
                let mut moved = false;
                for corner in [2, 1, 3, 0] {
                    for (dx, dy) in [(step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step)] {
                        if budget.look().is_none() {
                            return;
                        }
                        let mut tried = self.clone();
                        tried.centres[corner].x += dx;
                        tried.centres[corner].y += dy;
                        tried.score = tried.contrast(frame, &known);
                        if tried.score > self.score {
                            *self = tried;
                            moved = true;
                        }
                    }
                }
                if !moved {
                    break;
                }
            }
        }
    }

    fn map(&self) -> Option<Homography> {
        Homography::of_square(3.5, f32::from(self.side) - 7.0, &self.centres)
    }

    /// Mean of the known light modules less that of the dark ones; `-1` where the grid leaves the picture.
    fn contrast(&self, frame: &Frame, known: &Known) -> f32 {
        let Some(map) = self.map() else { return -1.0 };
        let mean = |places: &[(f32, f32)]| {
            let sum: f32 = places.iter().map(|(x, y)| grey(frame, map.at(*x, *y))).sum();
            #[expect(clippy::cast_precision_loss, reason = "a few hundred modules")]
            let count = places.len().max(1) as f32;
            sum / count
        };
        mean(&known.light) - mean(&known.dark)
    }

    /// Outer corners of the symbol in the picture.
    pub fn corners(&self) -> Option<[Point; 4]> {
        let (map, side) = (self.map()?, f32::from(self.side));
        Some([(0.0, 0.0), (side, 0.0), (side, side), (0.0, side)].map(|(x, y)| map.at(x, y)))
    }

    /// The symbol's modules by each threshold, the likeliest first.
    pub fn modules(&self, frame: &Frame) -> impl Iterator<Item = Margins> {
        let (greys, side) = (self.greys(frame), self.side);
        REACHES.into_iter().filter_map(move |reach| {
            Some(Margins { side, each: margins(greys.as_ref()?, usize::from(side), reach) })
        })
    }

    /// What the grid shows, when so many of the modules known beforehand are as they must be that it is one of a symbol.
    pub fn unsolved(&self, frame: &Frame) -> Option<Unsolved> {
        let (corners, margins) = (self.corners()?, self.modules(frame).next()?);
        let known = Known::of(self.side, KNOWN_MAX)?;
        let side = usize::from(self.side);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "middles of modules")]
        let margin = |(x, y): &(f32, f32)| margins.each[*y as usize * side + *x as usize];
        let right = known.light.iter().filter(|at| margin(at) < 0).count()
            + known.dark.iter().filter(|at| margin(at) > 0).count();
        let all = known.light.len() + known.dark.len();
        (right * 100 >= all * RIGHT_MIN).then_some(Unsolved { corners, margins })
    }

    /// The mean grey of each module.
    fn greys(&self, frame: &Frame) -> Option<Vec<f32>> {
        let map = self.map()?;
        let side = usize::from(self.side);
        let mut greys = Vec::with_capacity(side * side);
        for y in 0..self.side {
            for x in 0..self.side {
                let (x, y) = (f32::from(x) + 0.5, f32::from(y) + 0.5);
                let around = [(0.0, 0.0), (0.2, 0.2), (-0.2, 0.2), (0.2, -0.2), (-0.2, -0.2)];
                greys.push(around.iter().map(|(u, v)| grey(frame, map.at(x + u, y + v))).sum::<f32>() / 5.0);
            }
        }
        Some(greys)
    }
}

/// How much darker each module is than the mean of the square of modules around it, in 1/64 of what those there differ from
/// theirs.
fn margins(greys: &[f32], side: usize, reach: usize) -> Vec<i16> {
    let means = means(greys, side, reach);
    let off: Vec<f32> = greys.iter().zip(&means).map(|(grey, mean)| mean - grey).collect();
    let far: Vec<f32> = off.iter().map(|off| off.abs()).collect();
    let margin = |(off, spread): (&f32, f32)| {
        let margin = off / spread.max(SPREAD_MIN) * 64.0;
        #[expect(clippy::cast_possible_truncation, reason = "clamped")]
        let margin = margin.clamp(-f32::from(MARGIN_MAX), f32::from(MARGIN_MAX)) as i16;
        margin
    };
    off.iter().zip(self::means(&far, side, reach)).map(margin).collect()
}

/// Means of squares of `2 · reach + 1` values a side, cut off at the edges.
fn means(of: &[f32], side: usize, reach: usize) -> Vec<f32> {
    // Sums of everything above and to the left, with an empty row and column first.
    let across = side + 1;
    let mut sums = vec![0.0_f32; across * across];
    for y in 0..side {
        let mut row = 0.0;
        for x in 0..side {
            row += of[y * side + x];
            sums[(y + 1) * across + x + 1] = sums[y * across + x + 1] + row;
        }
    }
    let mut means = Vec::with_capacity(side * side);
    for y in 0..side {
        let (top, below) = (y.saturating_sub(reach) * across, (y + reach + 1).min(side) * across);
        for x in 0..side {
            let (left, right) = (x.saturating_sub(reach), (x + reach + 1).min(side));
            let sum = sums[below + right] - sums[below + left] - sums[top + right] + sums[top + left];
            #[expect(clippy::cast_precision_loss, reason = "at most 19 by 19 modules")]
            let count = ((below - top) / across * (right - left)) as f32;
            means.push(sum / count);
        }
    }
    means
}

/// Places of the modules that are known beforehand, in modules from the upper left corner.
struct Known {
    light: Vec<(f32, f32)>,
    dark: Vec<(f32, f32)>,
}

impl Known {
    /// Of a symbol of `side` modules, at most `most` of each tone.
    fn of(side: u16, most: usize) -> Option<Self> {
        let mut known = Self { light: vec![], dark: vec![] };
        let far = i32::from(side) - 7;
        for (left, top) in [(0, 0), (far, 0), (0, far)] {
            for (x, y) in (-1..8).flat_map(|y| (-1..8).map(move |x| (x, y))) {
                let ring = (x - 3_i32).abs().max((y - 3_i32).abs());
                // The separator outside of the symbol is its quiet zone, which may be anything.
                let inside = |at: i32| (0..i32::from(side)).contains(&at);
                if inside(left + x) && inside(top + y) {
                    let tone = if ring == 2 || ring == 4 { &mut known.light } else { &mut known.dark };
                    tone.push(middle(left + x, top + y));
                }
            }
        }
        for at in 8..far {
            let tone = if at % 2 == 0 { &mut known.dark } else { &mut known.light };
            tone.extend([middle(at, 6), middle(6, at)]);
        }
        let version = Version::getVersionForNumber((u32::from(side) - 17) / 4).ok()?;
        let centres: Vec<i32> =
            version.getAlignmentPatternCenters().iter().filter_map(|at| i32::try_from(*at).ok()).collect();
        for (x, y) in centres.iter().flat_map(|y| centres.iter().map(move |x| (*x, *y))) {
            if (x < 9 && (y < 9 || y > far - 2)) || (x > far - 2 && y < 9) {
                continue;
            }
            for (u, v) in (-2..3_i32).flat_map(|v| (-2..3_i32).map(move |u| (u, v))) {
                let tone = if u.abs().max(v.abs()) == 1 { &mut known.light } else { &mut known.dark };
                tone.push(middle(x + u, y + v));
            }
        }
        thin(&mut known.light, most);
        thin(&mut known.dark, most);
        Some(known)
    }
}

/// Leaves at most `most` of `places`, evenly.
fn thin(places: &mut Vec<(f32, f32)>, most: usize) {
    let count = places.len();
    if count > most {
        *places = (0..most).map(|at| places[at * count / most]).collect();
    }
}

/// Looks that one triple of finder patterns may take.
const TRIPLE: u32 = 600;

/// How much looking may still be done: a bound on the time of an attempt, whatever the picture.
#[derive(Clone, Copy, Debug)]
pub struct Budget(u32);

impl Budget {
    /// For one picture: about 10 ms on a desktop. Three times as much reads no photograph more.
    pub const PICTURE: Self = Self(2_000);

    /// For so many triples of finder patterns.
    pub fn triples(count: usize) -> Self {
        Self(u32::try_from(count).unwrap_or(u32::MAX).saturating_mul(TRIPLE))
    }

    /// Takes one look at a grid; none where there is nothing left.
    fn look(&mut self) -> Option<()> {
        self.0 = self.0.checked_sub(1)?;
        Some(())
    }
}

/// The middle of a module.
fn middle(x: i32, y: i32) -> (f32, f32) {
    #[expect(clippy::cast_precision_loss, reason = "at most 177")]
    let middle = (x as f32 + 0.5, y as f32 + 0.5);
    middle
}

/// The grey at a place between pixels; outside of the picture that of its edge.
pub(super) fn grey(frame: &Frame, at: Point) -> f32 {
    let (width, height) = (frame.width(), frame.height());
    #[expect(clippy::cast_precision_loss, reason = "at most 7,680")]
    let clamped = |value: f32, size: usize| (value - 0.5).clamp(0.0, (size - 1) as f32);
    let (x, y) = (clamped(at.x, width), clamped(at.y, height));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just before")]
    let (left, top) = (x as usize, y as usize);
    let (right, below) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    #[expect(clippy::cast_precision_loss, reason = "at most 7,680")]
    let (u, v) = (x - left as f32, y - top as f32);
    let luma = frame.luma();
    let of = |x: usize, y: usize| f32::from(luma[y * width + x]);
    let upper = of(left, top) * (1.0 - u) + of(right, top) * u;
    let lower = of(left, below) * (1.0 - u) + of(right, below) * u;
    upper * (1.0 - v) + lower * v
}

fn centre(point: RxPoint) -> Point {
    Point::new(point.x, point.y)
}

fn apart(one: Point, other: Point) -> f32 {
    (one.x - other.x).hypot(one.y - other.y)
}

/// The vector from `one` to `other`, `share` of it.
fn towards(one: Point, other: Point, share: f32) -> Point {
    Point::new((other.x - one.x) * share, (other.y - one.y) * share)
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "a picture is drawn")]
mod tests {
    use rxing::qrcode::cpp_port::detector::FinderPatternSet;

    use super::*;
    use crate::base::{Mono, Random};
    use crate::vision::{Attempt, Lane, soft};

    /// A symbol of version 5, 5 pixels a module, through a slanted plane, blurred and under a shine.
    fn picture(map: &Homography, code: &qrcode::QrCode) -> Frame {
        let (colors, side) = (code.to_colors(), code.width());
        let mut luma = vec![0.0_f32; 320 * 320];
        let mut weight = vec![0.0_f32; 320 * 320];
        // Nine dots a module, each spread over the pixels around it.
        for (i, j) in (0..side * 3).flat_map(|j| (0..side * 3).map(move |i| (i, j))) {
            let dark = colors[j / 3 * side + i / 3] == qrcode::Color::Dark;
            let at = map.at((i as f32 + 0.5) / 3.0, (j as f32 + 0.5) / 3.0);
            for (u, v) in (-4..=4).flat_map(|v| (-4..=4).map(move |u| (u, v))) {
                let (x, y) = (at.x as i32 + u, at.y as i32 + v);
                let far = (x as f32 + 0.5 - at.x).powi(2) + (y as f32 + 0.5 - at.y).powi(2);
                let share = (-far / 6.0).exp();
                let pixel = usize::try_from(y * 320 + x).unwrap();
                luma[pixel] += share * if dark { 0.0 } else { 1.0 };
                weight[pixel] += share;
            }
        }
        let mut random = Random::new(1);
        let grey = |(at, (light, weight)): (usize, (f32, f32))| {
            let light = if weight > 0.0 { light / weight } else { 1.0 };
            let shine = 90.0 * (-((at % 320) as f32 - 250.0).powi(2) / 5_000.0).exp();
            (60.0 + 70.0 * light + shine + 6.0 * random.normal() as f32).clamp(0.0, 255.0) as u8
        };
        let luma = luma.into_iter().zip(weight).enumerate().map(grey).collect();
        Frame::new(320, 320, luma, Mono::ZERO).unwrap()
    }

    #[test]
    fn a_blurred_slanted_symbol_under_a_shine_is_fitted_from_its_finder_patterns_and_read() {
        let code =
            qrcode::QrCode::with_version(b"kakou", qrcode::Version::Normal(5), qrcode::EcLevel::L).unwrap();
        let quad =
            [(52.0, 60.0), (262.0, 48.0), (280.0, 250.0), (40.0, 270.0)].map(|(x, y)| Point::new(x, y));
        let map = Homography::of_square(0.0, 37.0, &quad).unwrap();
        let frame = picture(&map, &code);
        let pattern = |x: f32, y: f32| {
            let at = map.at(x, y);
            // A pixel off, as bitmaps of blurred pictures have it.
            let p = rxing::Point { x: at.x + 1.0, y: at.y - 1.0 };
            rxing::common::cpp_essentials::ConcentricPattern { p, size: 40 }
        };
        let set = FinderPatternSet { bl: pattern(3.5, 33.5), tl: pattern(3.5, 3.5), tr: pattern(33.5, 3.5) };
        let grids = Grid::fitted(&frame, &set, &mut Budget::PICTURE.clone());
        let grid = &grids[0];
        assert_eq!(grid.side, 37);
        for (found, corner) in grid.corners().unwrap().into_iter().zip(quad) {
            assert!(apart(found, corner) < 4.0, "{found:?} {corner:?}");
        }
        let lane = Lane::Slow(Attempt::Fitted);
        let read = grid.modules(&frame).find_map(|margins| soft::decode(&margins, quad, lane));
        assert_eq!(read.unwrap().payload.expose(), b"kakou");
    }

    #[test]
    fn a_grid_is_kept_for_the_next_frames_where_it_lies_on_a_symbol_only() {
        let code =
            qrcode::QrCode::with_version(b"kakou", qrcode::Version::Normal(5), qrcode::EcLevel::L).unwrap();
        let quad =
            [(52.0, 60.0), (262.0, 48.0), (280.0, 250.0), (40.0, 270.0)].map(|(x, y)| Point::new(x, y));
        let map = Homography::of_square(0.0, 37.0, &quad).unwrap();
        let frame = picture(&map, &code);
        let kept = |off: f32| {
            let centres = [(3.5, 3.5), (33.5, 3.5), (33.5, 33.5), (3.5, 33.5)];
            let centres = centres.map(|(x, y)| map.at(x + off, y));
            Grid { side: 37, centres, score: 0.0 }.unsolved(&frame).is_some()
        };
        assert_eq!([0.0, 0.3, 1.5, 3.0].map(kept), [true, true, false, false]);
    }

    #[test]
    fn without_a_budget_nothing_is_looked_at() {
        let frame = Frame::new(320, 320, vec![120; 320 * 320], Mono::ZERO).unwrap();
        let pattern = |x: f32, y: f32| {
            let p = rxing::Point { x, y };
            rxing::common::cpp_essentials::ConcentricPattern { p, size: 40 }
        };
        let (bl, tl, tr) = (pattern(60.0, 250.0), pattern(60.0, 60.0), pattern(250.0, 60.0));
        let mut budget = Budget(100);
        assert!(Grid::fitted(&frame, &FinderPatternSet { bl, tl, tr }, &mut budget).is_empty());
        assert_eq!(budget.0, 0);
        let known = Known::of(177, KNOWN_MAX).unwrap();
        assert_eq!((known.light.len(), known.dark.len()), (KNOWN_MAX, KNOWN_MAX));
    }

    #[test]
    fn where_no_symbol_is_nothing_fits() {
        let flat = Frame::new(320, 320, vec![120; 320 * 320], Mono::ZERO).unwrap();
        let pattern = |x: f32, y: f32| {
            let p = rxing::Point { x, y };
            rxing::common::cpp_essentials::ConcentricPattern { p, size: 40 }
        };
        let at = |a, b, c| FinderPatternSet { bl: a, tl: b, tr: c };
        let set = at(pattern(60.0, 250.0), pattern(60.0, 60.0), pattern(250.0, 60.0));
        assert!(Grid::fitted(&flat, &set, &mut Budget::PICTURE.clone()).is_empty());
        // Three patterns in one place, and beyond the picture.
        let set = at(pattern(60.0, 60.0), pattern(60.0, 60.0), pattern(60.0, 60.0));
        assert!(Grid::fitted(&flat, &set, &mut Budget::PICTURE.clone()).is_empty());
        let set = at(pattern(-60.0, 9e9), pattern(1e9, 60.0), pattern(f32::NAN, 60.0));
        assert!(Grid::fitted(&flat, &set, &mut Budget::PICTURE.clone()).is_empty());
    }
}
