//! Drawing on a grey picture of fixed size: background, subject, a card in perspective, noise.

use super::pose::{Shot, Symbol, narrow, size};
use super::{HEIGHT, Scenery, WIDTH};
use crate::base::{Mono, Random};

/// Quiet zone, then the rim of the phone, in modules.
const QUIET: f32 = 4.0;
const RIM: f32 = 6.0;
/// Distance of the picture's plane in pixels: what perspective a tilt gives.
const FOCUS: f32 = 700.0;

/// A wall, a road, or a wall full of squares.
pub(super) fn background(scenery: Scenery, random: &mut Random) -> Vec<u8> {
    let (top, bottom) = match scenery {
        Scenery::Person => (150, 120),
        Scenery::Vehicle => (185, 85),
        Scenery::Clutter => (160, 150),
    };
    let mut luma = vec![0; WIDTH * HEIGHT];
    for (y, row) in luma.chunks_exact_mut(WIDTH).enumerate() {
        row.fill(level(top + (bottom - top) * whole(y) / whole(HEIGHT)));
    }
    let mut any = |low: u64, high: u64| usize::try_from(low + random.below(high - low)).unwrap_or_default();
    match scenery {
        Scenery::Person => {
            rectangle(&mut luma, (any(20, 60), 60), (130, 420), 90);
            rectangle(&mut luma, (any(480, 540), 0), (18, 480), 70);
        }
        Scenery::Vehicle => {
            rectangle(&mut luma, (0, 250), (640, 230), 92);
            rectangle(&mut luma, (any(280, 320), 250), (14, 230), 190);
            rectangle(&mut luma, (any(560, 600), 40), (16, 300), 60);
        }
        Scenery::Clutter => {
            for _ in 0..60 {
                let (place, extent) = ((any(0, 600), any(0, 440)), (any(10, 120), any(10, 90)));
                rectangle(&mut luma, place, extent, u8::try_from(any(30, 230)).unwrap_or_default());
            }
            for _ in 0..14 {
                let (x, y, unit) = (any(0, 560), any(0, 400), any(2, 9));
                for (inset, grey) in [(0, 25), (1, 220), (2, 25)] {
                    let extent = (7 - 2 * inset) * unit;
                    rectangle(&mut luma, (x + inset * unit, y + inset * unit), (extent, extent), grey);
                }
            }
            let bars = any(0, 300);
            (0..24).for_each(|i| rectangle(&mut luma, (bars + i * 9, 380), (1 + i % 5, 70), 20));
        }
    }
    luma
}

/// A person's head and shoulders, or a vehicle's front, swaying a little; larger when near.
pub(super) fn subject(luma: &mut [u8], scenery: Scenery, nearness: f32, now: Mono) {
    let sway = narrow((now.since(Mono::ZERO).as_secs_f64() * 1.7).sin()) * 4.0;
    let (cx, near) = (320.0 + sway, 0.5 + 0.5 * nearness);
    match scenery {
        Scenery::Person | Scenery::Clutter => {
            ellipse(luma, (cx, 500.0), (170.0 * near, 200.0 * near), 58);
            ellipse(luma, (cx, 170.0), (70.0 * near, 95.0 * near), 168);
            ellipse(luma, (cx, 120.0), (72.0 * near, 50.0 * near), 42);
            for side in [-1.0, 1.0] {
                ellipse(luma, (cx + side * 26.0 * near, 165.0), (9.0 * near, 5.0 * near), 40);
            }
        }
        Scenery::Vehicle => {
            let at = |v: f32| pixel(v * near).min(HEIGHT);
            let left = pixel(cx - 230.0 * near);
            rectangle(luma, (left, 130), (at(460.0), at(300.0)), 118);
            rectangle(luma, (left + at(60.0), 140), (at(340.0), at(90.0)), 48);
            rectangle(luma, (left + at(150.0), 130 + at(210.0)), (at(160.0), at(40.0)), 205);
            for i in 0..7 {
                let x = left + at(160.0) + at(20.0) * i + usize::from(i > 1) * at(6.0);
                rectangle(luma, (x, 130 + at(217.0)), (at(12.0), at(26.0)), 40);
            }
        }
    }
}

/// A phone that shows `symbol`, as `shot` sees it.
pub(super) fn card(luma: &mut [u8], symbol: &Symbol, shot: &Shot, blur: usize) {
    let map = Map::new(shot);
    let reach = size(symbol.modules) / 2.0 + QUIET + RIM;
    let Some((left, right, top, bottom)) = map.bounds(reach) else { return };
    let half = size(symbol.modules) / 2.0;
    for y in top..bottom {
        let row = &mut luma[y * WIDTH..][..WIDTH];
        let mut walk = map.row(left, y);
        for (x, pixel) in (left..right).zip(&mut row[left..right]) {
            // Two places a pixel, so that edges are not jagged.
            let (a, b) = (walk.at(0.25, 0.25, &map), walk.at(0.75, 0.75, &map));
            walk.step(&map);
            let greys = [a, b].map(|(u, v)| texture(symbol, shot, half, u, v));
            let [Some(a), Some(b)] = greys else { continue };
            let slope = shot.light.0 * (size(x) - 320.0) + shot.light.1 * (size(y) - 240.0);
            *pixel = clamp((a + b) * 0.5 * (1.0 + slope));
        }
    }
    let area = (left, right, top, bottom);
    let along = pixel(shot.smear / 2.0).min(12);
    if along > 0 {
        smear(luma, area, along);
    }
    (0..shot.soft).for_each(|_| soften(luma, area, 1));
    if blur > 0 {
        (0..2).for_each(|_| soften(luma, area, blur));
    }
}

/// Grey at a place of the card in modules from its middle; none outside the card.
fn texture(symbol: &Symbol, shot: &Shot, half: f32, u: f32, v: f32) -> Option<f32> {
    let far = u.abs().max(v.abs());
    if far < half {
        let (x, y) = (pixel(u + half).min(symbol.modules - 1), pixel(v + half).min(symbol.modules - 1));
        let grey = if symbol.dark[y * symbol.modules + x] { shot.black } else { shot.white };
        return Some(shot.glare.map_or(grey, |(gu, gv, radius)| {
            let near = (u - gu).hypot(v - gv) / radius;
            if near < 2.0 { grey + (250.0 - grey) * (1.0 - near / 2.0) } else { grey }
        }));
    }
    if far < half + QUIET {
        Some(shot.white)
    } else if far < half + QUIET + RIM {
        Some(24.0)
    } else {
        None
    }
}

/// From pixels to modules: the inverse of a plane's projection, as a 3 × 3 matrix.
struct Map([f32; 9], [f32; 9]);

impl Map {
    fn new(shot: &Shot) -> Self {
        let ((sin, cos), (sx, cx), (sy, cy)) =
            (shot.turn.sin_cos(), shot.tilt.0.sin_cos(), shot.tilt.1.sin_cos());
        // Columns of turn about z, then x, then y, each the way of one module.
        let way = |u: f32, v: f32| {
            let (x, y) = (cos * u - sin * v, sin * u + cos * v);
            let (y, z) = (cx * y, sx * y);
            [cy * x + sy * z, y, cy * z - sy * x].map(|c| c * shot.scale)
        };
        let ([ax, ay, az], [bx, by, bz]) = (way(1.0, 0.0), way(0.0, 1.0));
        let (mx, my) = shot.centre;
        let there = [
            FOCUS * ax + mx * az,
            FOCUS * bx + mx * bz,
            FOCUS * mx,
            FOCUS * ay + my * az,
            FOCUS * by + my * bz,
            FOCUS * my,
            az,
            bz,
            FOCUS,
        ];
        Self(there, inverse(there))
    }

    /// Columns and rows of the picture that a square of `reach` modules about the middle covers.
    fn bounds(&self, reach: f32) -> Option<(usize, usize, usize, usize)> {
        let m = self.0;
        let corners = [(-reach, -reach), (reach, -reach), (reach, reach), (-reach, reach)].map(|(u, v)| {
            let w = m[6] * u + m[7] * v + m[8];
            ((m[0] * u + m[1] * v + m[2]) / w, (m[3] * u + m[4] * v + m[5]) / w)
        });
        let span = |values: [f32; 4], limit: usize| {
            let low = values.into_iter().fold(f32::INFINITY, f32::min);
            let high = values.into_iter().fold(f32::NEG_INFINITY, f32::max);
            (pixel(low).min(limit), pixel(high + 1.0).min(limit))
        };
        let (left, right) = span(corners.map(|c| c.0), WIDTH);
        let (top, bottom) = span(corners.map(|c| c.1), HEIGHT);
        (left < right && top < bottom).then_some((left, right, top, bottom))
    }

    fn row(&self, x: usize, y: usize) -> Walk {
        let (m, x, y) = (self.1, size(x), size(y));
        Walk([m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5], m[6] * x + m[7] * y + m[8]])
    }
}

/// A place on a row, before the division.
struct Walk([f32; 3]);

impl Walk {
    fn at(&self, dx: f32, dy: f32, map: &Map) -> (f32, f32) {
        let (m, [u, v, w]) = (&map.1, self.0);
        let w = 1.0 / (w + m[6] * dx + m[7] * dy);
        ((u + m[0] * dx + m[1] * dy) * w, (v + m[3] * dx + m[4] * dy) * w)
    }

    fn step(&mut self, map: &Map) {
        self.0[0] += map.1[0];
        self.0[1] += map.1[3];
        self.0[2] += map.1[6];
    }
}

fn inverse(m: [f32; 9]) -> [f32; 9] {
    let minor = |a: usize, b: usize, c: usize, d: usize| m[a] * m[d] - m[b] * m[c];
    let adjoint = [
        minor(4, 5, 7, 8),
        -minor(1, 2, 7, 8),
        minor(1, 2, 4, 5),
        -minor(3, 5, 6, 8),
        minor(0, 2, 6, 8),
        -minor(0, 2, 3, 5),
        minor(3, 4, 6, 7),
        -minor(0, 1, 6, 7),
        minor(0, 1, 3, 4),
    ];
    let determinant = m[0] * adjoint[0] + m[1] * adjoint[3] + m[2] * adjoint[6];
    adjoint.map(|c| c / determinant)
}

/// Blurs each row of an area over `2 · reach + 1` pixels.
fn smear(luma: &mut [u8], (left, right, top, bottom): (usize, usize, usize, usize), reach: usize) {
    let mut line = vec![0; right - left];
    for y in top..bottom {
        let row = &mut luma[y * WIDTH + left..y * WIDTH + right];
        line.copy_from_slice(row);
        mean(&line, reach, |i, value| row[i] = value);
    }
}

/// Blurs an area over a square of `2 · reach + 1` pixels.
fn soften(luma: &mut [u8], area: (usize, usize, usize, usize), reach: usize) {
    smear(luma, area, reach);
    let (left, right, top, bottom) = area;
    for x in left..right {
        let column: Vec<u8> = (top..bottom).map(|y| luma[y * WIDTH + x]).collect();
        mean(&column, reach, |i, value| luma[(top + i) * WIDTH + x] = value);
    }
}

/// The running mean of `line` over `2 · reach + 1` places, its ends continued.
fn mean(line: &[u8], reach: usize, mut put: impl FnMut(usize, u8)) {
    let last = line.len().saturating_sub(1);
    let take = |i: usize| u32::from(line[i.saturating_sub(reach).min(last)]);
    let span = u32::try_from(2 * reach + 1).unwrap_or(1);
    let mut sum: u32 = (0..2 * reach + 1).map(take).sum();
    for i in 0..line.len() {
        put(i, u8::try_from(sum / span).unwrap_or(u8::MAX));
        sum = sum + take(i + 2 * reach + 1) - take(i);
    }
}

/// Sensor noise, drawn once and laid over each frame at another place.
#[derive(Debug)]
pub(super) struct Noise {
    table: Vec<i8>,
    seed: u64,
}

impl Noise {
    pub(super) fn new(random: &mut Random) -> Self {
        let sigma = 2.0 + 4.0 * random.unit();
        #[expect(clippy::cast_possible_truncation, reason = "clamped to the range of i8 just before")]
        let grain = |random: &mut Random| (random.normal() * sigma).clamp(-60.0, 60.0) as i8;
        Self { table: (0..8_192 + WIDTH).map(|_| grain(random)).collect(), seed: random.next_u64() }
    }

    pub(super) fn add(&self, luma: &mut [u8], now: Mono) {
        let mut place = Random::new(self.seed ^ now.0);
        for row in luma.chunks_exact_mut(WIDTH) {
            let start = usize::try_from(place.below(8_192)).unwrap_or_default();
            for (pixel, &grain) in row.iter_mut().zip(&self.table[start..]) {
                *pixel = pixel.saturating_add_signed(grain);
            }
        }
    }
}

fn rectangle(luma: &mut [u8], (x, y): (usize, usize), (width, height): (usize, usize), grey: u8) {
    let (left, right) = (x.min(WIDTH), (x + width).min(WIDTH));
    for row in luma.chunks_exact_mut(WIDTH).take(y + height).skip(y) {
        row[left..right].fill(grey);
    }
}

fn ellipse(luma: &mut [u8], (cx, cy): (f32, f32), (rx, ry): (f32, f32), grey: u8) {
    for (y, row) in luma.chunks_exact_mut(WIDTH).enumerate() {
        let down = (size(y) - cy) / ry;
        if down.abs() < 1.0 {
            let half = rx * (1.0 - down * down).sqrt();
            row[pixel(cx - half).min(WIDTH)..pixel(cx + half).min(WIDTH)].fill(grey);
        }
    }
}

fn whole(value: usize) -> i32 {
    i32::try_from(value).unwrap_or_default()
}

fn level(value: i32) -> u8 {
    u8::try_from(value.clamp(0, 255)).unwrap_or_default()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates at 0 and the limit follows"
)]
fn pixel(value: f32) -> usize {
    value as usize
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates at 0 and 255"
)]
fn clamp(value: f32) -> u8 {
    value as u8
}
