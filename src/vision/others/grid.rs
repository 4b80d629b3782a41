//! The modules of an Aztec symbol: which way it is turned, how large it is, and where each of them lies.

use rxing::common::BitMatrix;
use rxing::common::reedsolomon::{PredefinedGenericGF, ReedSolomonDecoder};

use super::rings::Rings;
use crate::vision::fit::grey;
use crate::vision::frame::{Frame, Point};
use crate::vision::homography::Homography;

/// Of the twelve modules that tell which way a symbol is turned, so many may be misread.
const MISREAD_MAX: usize = 2;
/// Modules by which it is judged how well a grid lies.
const JUDGED_MAX: usize = 400;
/// A grid is fitted anew each time that it has grown so much.
const GROWTH: f32 = 1.5;
/// Steps by which corners are moved, in modules.
const STEPS: [f32; 3] = [0.3, 0.15, 0.07];
const ROUNDS: usize = 4;

/// A grid on the modules of a symbol, counted from the one in its middle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    map: Homography,
    turn: Turn,
    is_compact: bool,
    /// Modules from the middle to an edge, beside the one in the middle.
    half: i32,
}

/// One of the ways in which a square lies on itself.
#[derive(Clone, Copy, Debug)]
struct Turn {
    quarters: u8,
    mirrored: bool,
}

impl Turn {
    const ALL: [Self; 8] = {
        let mut all = [Self { quarters: 0, mirrored: false }; 8];
        let mut at = 0;
        while at < 8 {
            all[at as usize] = Self { quarters: at % 4, mirrored: at >= 4 };
            at += 1;
        }
        all
    };

    fn of(self, (x, y): (i32, i32)) -> (i32, i32) {
        let (x, y) = if self.mirrored { (y, x) } else { (x, y) };
        match self.quarters {
            0 => (x, y),
            1 => (-y, x),
            2 => (-x, -y),
            _ => (y, -x),
        }
    }
}

impl Grid {
    /// The grid of the symbol around `rings`; none where what is around them says nothing of a symbol.
    pub(super) fn of(frame: &Frame, dark: &BitMatrix, rings: &Rings) -> Option<Self> {
        let reach = rings.reach();
        let map = Homography::of_square(-reach, 2.0 * reach, &rings.corners)?;
        let mut grid = Self { map, turn: Turn::ALL[0], is_compact: rings.is_compact, half: 0 };
        let (misread, turn) = Turn::ALL
            .into_iter()
            .map(|turn| (Self { turn, ..grid }.misread(dark), turn))
            .min_by_key(|&(misread, _)| misread)?;
        grid.turn = turn;
        if misread > MISREAD_MAX {
            return None;
        }
        grid.half = grid.stated_half(dark)?;
        grid.grow(frame, reach)?;
        Some(grid)
    }

    /// Modules a side.
    pub(super) fn side(&self) -> u32 {
        2 * self.half.unsigned_abs() + 1
    }

    /// Its corners: upper left, upper right, lower right, lower left as the symbol sees them.
    pub(super) fn corners(&self) -> [Point; 4] {
        let half = near(self.half) + 0.5;
        [(-1, -1), (1, -1), (1, 1), (-1, 1)].map(|corner| {
            let (x, y) = self.turn.of(corner);
            self.map.at(near(x) * half, near(y) * half)
        })
    }

    /// Whether the module in column `x` and row `y` is dark: as its place is known to be, or as `dark` has it.
    pub(super) fn is_dark(&self, dark: &BitMatrix, x: u32, y: u32) -> bool {
        let from_middle = |at: u32| i32::try_from(at).unwrap_or_default() - self.half;
        let (x, y) = (from_middle(x), from_middle(y));
        let ring = x.abs().max(y.abs());
        if ring < self.mode_ring() {
            return ring % 2 == 0;
        }
        let mark = self.marks().into_iter().find(|(at, _)| *at == (x, y));
        mark.map_or_else(|| self.looks_dark(dark, (x, y)), |(_, is_dark)| is_dark)
    }

    /// How far the ring with the mode message is from the middle.
    fn mode_ring(&self) -> i32 {
        if self.is_compact { 5 } else { 7 }
    }

    /// What is known of the corners of that ring: three modules are dark in the first, two in the second, one in the third.
    fn marks(&self) -> [((i32, i32), bool); 12] {
        let ring = self.mode_ring();
        let (near, far) = (-ring, ring);
        [
            ((near, near), true),
            ((near + 1, near), true),
            ((near, near + 1), true),
            ((far, near), true),
            ((far - 1, near), false),
            ((far, near + 1), true),
            ((far, far), false),
            ((far, far - 1), true),
            ((far - 1, far), false),
            ((near, far), false),
            ((near + 1, far), false),
            ((near, far - 1), false),
        ]
    }

    fn misread(&self, dark: &BitMatrix) -> usize {
        self.marks().into_iter().filter(|&(at, is_dark)| self.looks_dark(dark, at) != is_dark).count()
    }

    fn looks_dark(&self, dark: &BitMatrix, at: (i32, i32)) -> bool {
        let (x, y) = self.turn.of(at);
        let p = self.map.at(near(x), near(y));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "what is outside is light"
        )]
        let (x, y) = (p.x as u32, p.y as u32);
        p.x >= 0.0 && p.y >= 0.0 && dark.try_get(x, y) == Some(true)
    }

    /// Half of the side by the mode message: how many layers there are (24778, 5.3.3 and table 1).
    fn stated_half(&self, dark: &BitMatrix) -> Option<i32> {
        let ring = self.mode_ring();
        let (from, words, data) = if self.is_compact { (-3, 7, 2) } else { (-5, 10, 4) };
        let count = words; // of modules along each edge of the ring
        // The line of the reference grid crosses the edges of a full symbol in the middle.
        let along = move |at: i32| from + at + i32::from(count == 10 && at >= 5);
        let edge = |at: i32| {
            let (edge, at) = (at / count, along(at % count));
            match edge {
                0 => (at, -ring),
                1 => (ring, at),
                2 => (-at, ring),
                _ => (-ring, -at),
            }
        };
        let bits = (0..4 * count).map(|at| i32::from(self.looks_dark(dark, edge(at))));
        let mut message = vec![0_i32; usize::try_from(words).ok()?];
        for (at, bit) in bits.enumerate() {
            message[at / 4] = message[at / 4] << 1 | bit;
        }
        ReedSolomonDecoder::new(PredefinedGenericGF::AztecParam.into())
            .decode(&mut message, words - data)
            .ok()?;
        let stated = message.iter().take(usize::try_from(data).ok()?).fold(0, |word, part| word << 4 | part);
        if self.is_compact {
            return Some(5 + 2 * ((stated >> 6) + 1));
        }
        let half = 7 + 2 * ((stated >> 11) + 1);
        Some(half + (half - 1) / 15)
    }

    /// Fits the grid further and further outwards from `reach`, until it covers the symbol.
    fn grow(&mut self, frame: &Frame, mut reach: f32) -> Option<()> {
        let whole = near(self.half) + 0.5;
        loop {
            reach = (GROWTH * reach).min(whole);
            let square = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
            let mut corners = square.map(|(x, y)| self.map.at(x * reach, y * reach));
            settle(frame, &mut corners, reach);
            self.map = Homography::of_square(-reach, 2.0 * reach, &corners)?;
            if reach >= whole {
                return Some(());
            }
        }
    }
}

/// Moves the corners of the square of twice `reach` modules to where the greys of its modules differ most.
fn settle(frame: &Frame, corners: &mut [Point; 4], reach: f32) {
    let judged = judged(reach);
    let module = (corners[0].x - corners[2].x).hypot(corners[0].y - corners[2].y) / (2.8 * reach);
    let mut best = spread(frame, corners, reach, &judged);
    for step in STEPS.map(|step| step * module) {
        for _ in 0..ROUNDS {
            let before = best;
            for at in 0..4 {
                for (x, y) in [(step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step)] {
                    let mut moved = *corners;
                    moved[at] = Point::new(moved[at].x + x, moved[at].y + y);
                    let found = spread(frame, &moved, reach, &judged);
                    if found > best {
                        (best, *corners) = (found, moved);
                    }
                }
            }
            if best <= before {
                break;
            }
        }
    }
}

/// Some modules of the square, evenly.
fn judged(reach: f32) -> Vec<(f32, f32)> {
    #[expect(clippy::cast_possible_truncation, reason = "at most 75")]
    let half = reach as i32;
    let all = (-half..=half).flat_map(|y| (-half..=half).map(move |x| (near(x), near(y))));
    let count = (2 * half + 1).pow(2).unsigned_abs() as usize;
    // An even step would take the same columns of each row.
    all.step_by(count.div_ceil(JUDGED_MAX) | 1).collect()
}

/// Variance of the greys of modules; 0 where the square is none.
fn spread(frame: &Frame, corners: &[Point; 4], reach: f32, modules: &[(f32, f32)]) -> f32 {
    let Some(map) = Homography::of_square(-reach, 2.0 * reach, corners) else { return 0.0 };
    let (mut sum, mut squares, mut count) = (0.0, 0.0, 0.0);
    for &(x, y) in modules {
        let grey = grey(frame, map.at(x, y));
        (sum, squares, count) = (sum + grey, squares + grey * grey, count + 1.0);
    }
    squares / count - (sum / count).powi(2)
}

/// A number of modules.
fn near(count: i32) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "at most 75")]
    let count = count as f32;
    count
}
