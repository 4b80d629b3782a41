//! The bull's eye of an Aztec symbol: squares around squares, dark and light by turns.

use rxing::common::BitMatrix;

use super::place_of;
use crate::vision::fit::grey;
use crate::vision::frame::{Frame, Point};

/// Rows from one that is looked at to the next: the module in the middle is two pixels high at least.
const STEP: usize = 2;
/// Places around which rays are cast. Each costs about 0.05 ms.
const LOOKS_MAX: u32 = 64;
/// Rays from the middle of a bull's eye, and how many of them may miss an edge.
const RAYS: u16 = 48;
const MISSED_MAX: usize = 5;
/// Samples along a module of a ray, modules along a ray, and along the part of it that tells dark from light: towards a corner
/// of a slanted square, rings are up to twice as wide as in the row.
const FINE: u16 = 6;
const LENGTH: u16 = 12;
const NEAR: u16 = 5;
/// Edges along a ray up to the outermost ring, of a compact symbol and of a full one.
const COMPACT: usize = 4;
const FULL: usize = 6;
/// How far the last of them is from the middle, in modules.
const HALVES: [f32; 2] = [3.5, 5.5];
/// An edge may be so many modules beside its place.
const EVEN: f32 = 0.4;

/// What looks like a bull's eye along a row and a column.
#[derive(Clone, Copy, Debug)]
struct Eye {
    middle: Point,
    /// Side of a module in pixels, as the row has it.
    module: f32,
}

/// The rings around each place of `frame` from which rows and columns of `dark` change at even distances.
pub(super) fn all(frame: &Frame, dark: &BitMatrix) -> Vec<Rings> {
    let (width, height) = (dark.getWidth(), dark.getHeight());
    let (mut all, mut looks): (Vec<(Eye, Rings)>, _) = (Vec::new(), 0);
    'rows: for y in (0..height).step_by(STEP) {
        let mut runs = [0_u32; 9];
        let (mut start, mut was_dark) = (0, false);
        for x in 0..=width {
            let is_dark = x < width && dark.get(x, y);
            if is_dark == was_dark {
                continue;
            }
            runs.rotate_left(1);
            runs[8] = x - start;
            (start, was_dark) = (x, is_dark);
            if is_dark || !is_even(&runs) {
                continue;
            }
            let Some(eye) = crossed(dark, &runs, x, y) else { continue };
            // The next row goes through the same one.
            if all.iter().any(|(known, _)| apart(known.middle, eye.middle) < 2.0 * known.module) {
                continue;
            }
            all.extend(Rings::around(frame, eye).map(|rings| (eye, rings)));
            looks += 1;
            if looks == LOOKS_MAX {
                break 'rows;
            }
        }
    }
    all.into_iter().map(|(_, rings)| rings).collect()
}

/// Whether nine runs may go through the rings. The outermost may go on into the ring of the mode message, and of the module in
/// the middle a row may cut a corner.
fn is_even(runs: &[u32; 9]) -> bool {
    let [a, inner @ .., b] = runs;
    let sum: u32 = inner.iter().sum();
    sum >= 14 && inner.iter().all(|&run| is_module(run, sum)) && 14 * a.min(b) + 14 >= sum
}

/// Whether so many pixels may be a module of seven in `seven`: a pixel more or less, and half of it for blur and slant.
fn is_module(pixels: u32, seven: u32) -> bool {
    14 * pixels + 14 >= seven && 14 * pixels <= 3 * seven + 14
}

/// The bull's eye whose row `y` ends before `end` in `runs`, if its column is one of a bull's eye as well.
fn crossed(dark: &BitMatrix, runs: &[u32; 9], end: u32, y: u32) -> Option<Eye> {
    let behind: u32 = runs[5..].iter().sum();
    let x = end - behind - runs[4].div_ceil(2);
    let across: u32 = runs[1..8].iter().sum();
    let (up, down) = (changes(dark, x, y, false, across)?, changes(dark, x, y, true, across)?);
    let (upper, lower) = (up[COMPACT - 1], down[COMPACT - 1]);
    let along = upper + lower;
    let gaps = |edges: &[u32; COMPACT]| edges.windows(2).all(|pair| is_module(pair[1] - pair[0], along));
    let alike = along <= 2 * across && across <= 2 * along;
    if !alike || !gaps(&up) || !gaps(&down) {
        return None;
    }
    let [x, y, behind, middle, across, upper, lower] =
        [end, y, behind, runs[4], across, upper, lower].map(place_of);
    Some(Eye {
        middle: Point::new(x - behind - middle / 2.0, y + 0.5 + (lower - upper) / 2.0),
        module: across / 7.0,
    })
}

/// How many pixels the column goes on from a dark place until it changes for the first time, the second …
fn changes(dark: &BitMatrix, x: u32, y: u32, down: bool, across: u32) -> Option<[u32; COMPACT]> {
    let mut edges = [0; COMPACT];
    let (mut seen, mut was_dark) = (0, true);
    for far in 1..=2 * across {
        let y = if down { y.checked_add(far)? } else { y.checked_sub(far)? };
        if y >= dark.getHeight() {
            return None;
        }
        if dark.get(x, y) != was_dark {
            was_dark = !was_dark;
            edges[seen] = far;
            seen += 1;
            if seen == COMPACT {
                return Some(edges);
            }
        }
    }
    None
}

/// The square around the innermost rings of a bull's eye.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rings {
    /// Its corners in the picture, one after the other around it.
    pub corners: [Point; 4],
    /// Whether it is 7 modules wide, as in compact symbols, or 11.
    pub is_compact: bool,
}

impl Rings {
    /// Modules from the middle to its edge.
    pub(super) fn reach(&self) -> f32 {
        if self.is_compact { 3.5 } else { 5.5 }
    }

    /// The rings around `eye`; none where rays from it do not meet edges as a bull's eye has them.
    fn around(frame: &Frame, eye: Eye) -> Option<Self> {
        let rays: Vec<Ray> = (0..RAYS).map(|at| Ray::cast(frame, eye, at)).collect();
        [FULL, COMPACT].into_iter().find_map(|edges| {
            let points: Vec<Point> = rays.iter().filter_map(|ray| ray.last_of(edges)).collect();
            let enough = points.len() + MISSED_MAX >= rays.len();
            let corners = if enough { quadrangle(eye.middle, &points)? } else { return None };
            Some(Self { corners, is_compact: edges == COMPACT })
        })
    }
}

/// Where dark and light change along a line from the middle.
struct Ray {
    from: Point,
    /// A module of the row, in the direction of the ray.
    step: Point,
    /// In such modules.
    edges: Vec<f32>,
}

impl Ray {
    /// Ray number `at` from the middle of `eye`.
    fn cast(frame: &Frame, eye: Eye, at: u16) -> Self {
        let angle = std::f32::consts::TAU * f32::from(at) / f32::from(RAYS);
        let (from, step) = (eye.middle, Point::new(eye.module * angle.cos(), eye.module * angle.sin()));
        let greys: Vec<f32> = (0..LENGTH * FINE)
            .map(|at| f32::from(at) / f32::from(FINE))
            .map(|far| grey(frame, Point::new(from.x + far * step.x, from.y + far * step.y)))
            .collect();
        let near = greys.iter().take(usize::from(NEAR * FINE));
        let (least, most) = near.fold((f32::MAX, 0.0_f32), |(a, b), &grey| (a.min(grey), b.max(grey)));
        let between = f32::midpoint(least, most);
        let edges = greys.windows(2).zip(0_u16..).filter_map(|(pair, at)| {
            let (here, next) = (pair[0] - between, pair[1] - between);
            let changes = (here <= 0.0) != (next <= 0.0);
            changes.then(|| (f32::from(at) + here / (here - next)) / f32::from(FINE))
        });
        Self { from, step, edges: edges.take(FULL).collect() }
    }

    /// Where the last of the first `count` edges is, if they are at ½, 1½, 2½ … of one length.
    fn last_of(&self, count: usize) -> Option<Point> {
        let far = *self.edges.get(count - 1)?;
        let is_even = self.edges[..count].iter().zip(0_u16..).all(|(&edge, at)| {
            let meant = far * (f32::from(at) + 0.5) / HALVES[count / 2 - 2];
            (edge - meant).abs() <= EVEN * far / HALVES[count / 2 - 2]
        });
        is_even.then(|| Point::new(self.from.x + far * self.step.x, self.from.y + far * self.step.y))
    }
}

/// The square, seen from anywhere, on whose edges `points` lie, in order around `middle`.
fn quadrangle(middle: Point, points: &[Point]) -> Option<[Point; 4]> {
    let farthest = |from: &dyn Fn(Point) -> f32| {
        (0..points.len()).max_by(|&a, &b| from(points[a]).total_cmp(&from(points[b])))
    };
    let first = farthest(&|p| apart(p, middle))?;
    let opposite = farthest(&|p| apart(p, points[first]))?;
    let (a, c) = (points[first], points[opposite]);
    let side = |p: Point| (c.x - a.x) * (p.y - a.y) - (c.y - a.y) * (p.x - a.x);
    let mut corners = [first, opposite, farthest(&side)?, farthest(&|p| -side(p))?];
    corners.sort_unstable();
    let lines: Vec<Line> = (0..4)
        .map(|at| {
            let (from, to) = (corners[at], corners[(at + 1) % 4]);
            let count = (to + points.len() - from) % points.len();
            // A point at a corner may belong to the next edge.
            let inner = (1..count).map(|along| points[(from + along) % points.len()]);
            Line::through(&inner.collect::<Vec<_>>())
        })
        .collect::<Option<_>>()?;
    let corner = |at: usize| lines[at].crossing(&lines[(at + 1) % 4]);
    Some([corner(3)?, corner(0)?, corner(1)?, corner(2)?])
}

/// A line by one of its places and its direction.
struct Line {
    at: Point,
    angle: f32,
}

impl Line {
    /// The line with the least squares of distances to `points`, which are three at least.
    fn through(points: &[Point]) -> Option<Self> {
        let count = f32::from(u16::try_from(points.len()).ok().filter(|&count| count >= 3)?);
        let sum = points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.x, y + p.y));
        let at = Point::new(sum.0 / count, sum.1 / count);
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for p in points {
            let (x, y) = (p.x - at.x, p.y - at.y);
            (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y);
        }
        Some(Self { at, angle: 0.5 * (2.0_f32 * xy).atan2(xx - yy) })
    }

    fn crossing(&self, other: &Self) -> Option<Point> {
        let (along, across) = ((self.angle.cos(), self.angle.sin()), (other.angle.cos(), other.angle.sin()));
        let turn = along.0 * across.1 - along.1 * across.0;
        let (x, y) = (other.at.x - self.at.x, other.at.y - self.at.y);
        let far = (x * across.1 - y * across.0) / turn;
        // Lines that hardly cross are edges of no square.
        (turn.abs() > 0.2).then(|| Point::new(self.at.x + far * along.0, self.at.y + far * along.1))
    }
}

fn apart(one: Point, other: Point) -> f32 {
    (one.x - other.x).hypot(one.y - other.y)
}
