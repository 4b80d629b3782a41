//! Drawing on a grey picture of fixed size: background, subject, a card in perspective, noise.

use super::plane::{Map, Walk};
use super::pose::{Shot, Symbol, narrow, size};
use super::{HEIGHT, Scenery, WIDTH};
use crate::base::{Mono, Random};

/// Quiet zone in modules.
const QUIET: usize = 4;
/// The phone around it.
const RIM_GREY: u8 = 24;

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
    let cells = Cells::new(symbol, shot);
    let Some(area) = map.bounds(size(cells.side) / 2.0) else { return };
    let (left, right, top, bottom) = area;
    for y in top..bottom {
        let mut walk = map.row(left, y);
        let mut gain =
            65_536.0 * (1.0 + shot.light.0 * (size(left) - 320.0) + shot.light.1 * (size(y) - 240.0));
        for pixel in &mut luma[y * WIDTH + left..y * WIDTH + right] {
            if let Some(grey) = cells.grey(&walk) {
                *pixel = scaled(grey, gain);
            }
            walk.step(&map);
            gain += 65_536.0 * shot.light.0;
        }
    }
    if let Some((u, v, radius)) = shot.glare {
        shine(luma, map.place(u, v), radius * shot.scale);
    }
    let along = pixel(shot.smear / 2.0).min(12);
    if along > 0 {
        smear(luma, area, along);
    }
    (0..shot.soft).for_each(|_| soften(luma, area, 1));
    if blur > 0 {
        (0..2).for_each(|_| soften(luma, area, blur));
    }
}

/// The card as a square of cells, one a module: symbol, quiet zone and rim.
struct Cells {
    side: usize,
    grey: Vec<u8>,
}

impl Cells {
    fn new(symbol: &Symbol, shot: &Shot) -> Self {
        let (modules, white, black) = (symbol.modules, clamp(shot.white), clamp(shot.black));
        let rim = 2 + modules / 16;
        let edge = QUIET + rim;
        let side = modules + 2 * edge;
        let mut grey = vec![RIM_GREY; side * side];
        for row in grey.chunks_exact_mut(side).take(side - rim).skip(rim) {
            row[rim..side - rim].fill(white);
        }
        for (row, dark) in grey.chunks_exact_mut(side).skip(edge).zip(symbol.dark.chunks_exact(modules)) {
            for (cell, &dark) in row[edge..].iter_mut().zip(dark) {
                *cell = if dark { black } else { white };
            }
        }
        Self { side, grey }
    }

    /// The sum of two places a quarter pixel from the middle of the pixel at which `walk` is, so that edges
    /// are not jagged.
    #[inline]
    fn grey(&self, walk: &Walk) -> Option<u16> {
        let ([u, v, w], [du, dv]) = (walk.at, walk.quarter);
        let (one, half) = (1.0 / w, size(self.side) * 0.5);
        let (u, v, du, dv) = (u * one + half, v * one + half, du * one, dv * one);
        let at = |u: f32, v: f32| {
            let inside = u >= 0.0 && v >= 0.0;
            let (x, y) = (pixel(u), pixel(v));
            (inside && x < self.side && y < self.side).then(|| u16::from(self.grey[y * self.side + x]))
        };
        Some(at(u - du, v - dv)? + at(u + du, v + dv)?)
    }
}

/// A soft reflection.
fn shine(luma: &mut [u8], (cx, cy): (f32, f32), radius: f32) {
    let reach = 2.0 * radius;
    for y in pixel(cy - reach)..pixel(cy + reach).min(HEIGHT) {
        for x in pixel(cx - reach)..pixel(cx + reach).min(WIDTH) {
            let far = (size(x) - cx).hypot(size(y) - cy) / reach;
            let here = &mut luma[y * WIDTH + x];
            let grey = f32::from(*here);
            *here = clamp(grey + (250.0 - grey).max(0.0) * (1.0 - far).max(0.0));
        }
    }
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
    if reach > 1 {
        for x in left..right {
            let column: Vec<u8> = (top..bottom).map(|y| luma[y * WIDTH + x]).collect();
            mean(&column, reach, |i, value| luma[(top + i) * WIDTH + x] = value);
        }
        return;
    }
    let mut above = luma[top * WIDTH + left..top * WIDTH + right].to_vec();
    for y in top..bottom - 1 {
        let (upper, lower) = luma.split_at_mut((y + 1) * WIDTH);
        let row = &mut upper[y * WIDTH + left..][..right - left];
        for ((above, here), below) in above.iter_mut().zip(row).zip(&lower[left..right]) {
            let sum = u16::from(*above) + 2 * u16::from(*here) + u16::from(*below);
            *above = *here;
            *here = (sum / 4).to_le_bytes()[0];
        }
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

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates at 0 and the limit follows"
)]
pub(super) fn pixel(value: f32) -> usize {
    value as usize
}

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates at 0 and 255"
)]
fn clamp(value: f32) -> u8 {
    value as u8
}

/// Half the sum of two greys, times `gain` / 65,536.
#[inline]
fn scaled(two: u16, gain: f32) -> u8 {
    clamp(f32::from(two) * gain * (0.5 / 65_536.0))
}
