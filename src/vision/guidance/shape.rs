//! What finder patterns say of a symbol that was not read: where it lies, how large it is, what shines on it.

use super::scene::WHITE;
use crate::vision::symbols::Pattern;
use crate::vision::{Frame, Point};

/// Patterns of one symbol differ in size by its slant and by the pixel: no more than this.
const ALIKE: f32 = 1.6;
/// Legs of one symbol differ in length by its slant.
const LEGS: f32 = 1.6;
/// Cosine of the angle between the legs, at most: a slanted square.
const CORNER: f32 = 0.45;
/// Modules from pattern to pattern: 14 in the smallest symbol, 170 in the largest; with room for a wrong size.
const APART: std::ops::RangeInclusive<f32> = 9.0..=220.0;
/// From the middle of a pattern to the symbol's edge, in modules.
const RIM: f32 = 3.5;
/// A reflection is a square of so many modules a side without a dark one: by chance one square of 65,000 is.
const SPOT: usize = 4;
/// Most squares a side that are looked at.
const SPOTS_MAX: usize = 24;

/// What finder patterns make up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    /// Nothing that resembles a symbol.
    Nothing,
    /// One pattern. Most often clutter.
    One(Pattern),
    /// Two that may belong together.
    Two([Pattern; 2]),
    /// Three in the corners of a symbol: at the right angle, to its right, below it.
    Symbol([Pattern; 3]),
}

impl Shape {
    /// What `patterns` make up best.
    pub(super) fn of(patterns: &[Pattern]) -> Self {
        let triples = ordered_triples(patterns).filter_map(|triple| Some((crooked(&triple)?, triple)));
        if let Some((_, triple)) = triples.min_by(|(a, _), (b, _)| a.total_cmp(b)) {
            return Self::Symbol(triple);
        }
        let largest = |a: &[Pattern; 2], b: &[Pattern; 2]| a[0].module.total_cmp(&b[0].module);
        if let Some(pair) = pairs(patterns).filter(|[a, b]| belong(a, b)).max_by(largest) {
            return Self::Two(pair);
        }
        let largest = patterns.iter().max_by(|a, b| a.module.total_cmp(&b.module));
        largest.map_or(Self::Nothing, |pattern| Self::One(*pattern))
    }

    /// The patterns that it is made of.
    pub(super) fn patterns(&self) -> &[Pattern] {
        match self {
            Self::Nothing => &[],
            Self::One(pattern) => std::slice::from_ref(pattern),
            Self::Two(pair) => pair,
            Self::Symbol(triple) => triple,
        }
    }

    /// Whether it is more than a chance resemblance.
    pub(super) fn is_code(&self) -> bool {
        match self {
            Self::Nothing | Self::One(_) => false,
            Self::Two(_) | Self::Symbol(_) => true,
        }
    }

    /// Side of a module in pixels; 0 of nothing.
    pub(super) fn module(&self) -> f32 {
        let patterns = self.patterns();
        let sum: f32 = patterns.iter().map(|pattern| pattern.module).sum();
        sum / size(patterns.len().max(1))
    }

    /// Length of the longer side between the middles of patterns; 0 where there are fewer than two.
    pub(super) fn side(&self) -> f32 {
        match self {
            Self::Nothing | Self::One(_) => 0.0,
            Self::Two([a, b]) => distance(a.at, b.at),
            Self::Symbol([corner, right, below]) => {
                distance(corner.at, right.at).max(distance(corner.at, below.at))
            }
        }
    }

    /// The four outer corners of a symbol.
    pub(super) fn corners(&self) -> Option<[Point; 4]> {
        let Self::Symbol([corner, right, below]) = self else { return None };
        let (u, v) = (way(corner.at, right.at), way(corner.at, below.at));
        let rim = RIM * self.module();
        let (a, b) = (rim / length(u).max(1.0), rim / length(v).max(1.0));
        let at =
            |s: f32, t: f32| Point::new(corner.at.x + s * u.x + t * v.x, corner.at.y + s * u.y + t * v.y);
        Some([at(-a, -b), at(1.0 + a, -b), at(1.0 + a, 1.0 + b), at(-a, 1.0 + b)])
    }

    /// Lightest and darkest grey about its patterns, without the outermost samples: what tells dark from light there.
    pub(super) fn greys(&self, frame: &Frame) -> Option<(u8, u8)> {
        let mut greys = [0_u8; 3 * 81];
        let mut count = 0;
        for Pattern { at, module } in self.patterns() {
            for (row, column) in (0_u8..9).flat_map(|row| (0_u8..9).map(move |column| (row, column))) {
                let off = |steps: u8| (f32::from(steps) - 4.0) * module;
                if let Some(grey) = grey(frame, Point::new(at.x + off(column), at.y + off(row))) {
                    greys[count] = grey;
                    count += 1;
                }
            }
        }
        let greys = &mut greys[..count];
        greys.sort_unstable();
        Some((*greys.get(count.checked_sub(1 + count / 10)?)?, *greys.get(count / 10)?))
    }

    /// Share of a symbol's area that is white in one piece, larger than modules are. 0 where it is not known to be a symbol.
    pub(super) fn shining(&self, frame: &Frame) -> f32 {
        let Some([a, b, _, d]) = self.corners() else { return 0.0 };
        let modules = self.side() / self.module().max(0.5) + 2.0 * RIM;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few, and not negative"
        )]
        let squares = ((modules / size(SPOT)) as usize).clamp(2, SPOTS_MAX);
        let (u, v) = (way(a, b), way(a, d));
        let steps = size(squares * SPOT);
        let white = |column: usize, row: usize| {
            let (s, t) = ((size(column) + 0.5) / steps, (size(row) + 0.5) / steps);
            let at = Point::new(a.x + s * u.x + t * v.x, a.y + s * u.y + t * v.y);
            grey(frame, at).is_some_and(|grey| grey >= WHITE)
        };
        let shines = |column: usize, row: usize| {
            (0..SPOT * SPOT).all(|i| white(column * SPOT + i % SPOT, row * SPOT + i / SPOT))
        };
        let all = (0..squares).flat_map(|row| (0..squares).map(move |column| (column, row)));
        size(all.filter(|(column, row)| shines(*column, *row)).count()) / size(squares * squares)
    }
}

/// Smallest distance, in modules, that one of `patterns` lies from one of `before` that resembles it.
pub(super) fn moved(patterns: &[Pattern], before: &[Pattern]) -> Option<f32> {
    let near = |pattern: &Pattern| {
        let alike = before.iter().filter(|old| alike(old, pattern));
        alike.map(|old| distance(old.at, pattern.at) / pattern.module.max(0.5)).min_by(f32::total_cmp)
    };
    patterns.iter().filter_map(near).min_by(f32::total_cmp)
}

/// Every three of `patterns`, each of them once at the right angle.
fn ordered_triples(patterns: &[Pattern]) -> impl Iterator<Item = [Pattern; 3]> {
    let corners = patterns.iter().enumerate();
    corners.flat_map(move |(index, corner)| {
        let others = pairs(patterns).filter(move |pair| !pair.contains(&patterns[index]));
        others.map(move |[one, other]| {
            let (u, v) = (way(corner.at, one.at), way(corner.at, other.at));
            // Rows go down: what turns clockwise from the first leg is below it.
            if u.x * v.y - u.y * v.x > 0.0 { [*corner, one, other] } else { [*corner, other, one] }
        })
    })
}

fn pairs(patterns: &[Pattern]) -> impl Iterator<Item = [Pattern; 2]> {
    let each = patterns.iter().enumerate();
    each.flat_map(move |(index, one)| patterns[index + 1..].iter().map(move |other| [*one, *other]))
}

/// How far three patterns are from the corners of a square; none when they are not those of one symbol.
fn crooked([corner, one, other]: &[Pattern; 3]) -> Option<f32> {
    let fit = belong(corner, one) && belong(corner, other) && alike(one, other);
    let (u, v) = (way(corner.at, one.at), way(corner.at, other.at));
    let (long, short) = (length(u).max(length(v)), length(u).min(length(v)));
    let cosine = (u.x * v.x + u.y * v.y).abs() / (long * short).max(1.0);
    (fit && long <= LEGS * short && cosine <= CORNER).then_some(long / short.max(1.0) + cosine)
}

fn belong(a: &Pattern, b: &Pattern) -> bool {
    alike(a, b) && APART.contains(&(2.0 * distance(a.at, b.at) / (a.module + b.module).max(0.5)))
}

fn alike(a: &Pattern, b: &Pattern) -> bool {
    a.module.max(b.module) <= ALIKE * a.module.min(b.module)
}

fn way(from: Point, to: Point) -> Point {
    Point::new(to.x - from.x, to.y - from.y)
}

fn length(way: Point) -> f32 {
    way.x.hypot(way.y)
}

pub(super) fn distance(a: Point, b: Point) -> f32 {
    length(way(a, b))
}

/// The grey at a place; none outside the picture.
fn grey(frame: &Frame, Point { x, y }: Point) -> Option<u8> {
    if x < 0.0 || y < 0.0 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and checked below"
    )]
    let (x, y) = (x as usize, y as usize);
    (x < frame.width() && y < frame.height()).then(|| frame.luma()[y * frame.width() + x])
}

fn size(value: usize) -> f32 {
    f32::from(u16::try_from(value).unwrap_or(u16::MAX))
}
