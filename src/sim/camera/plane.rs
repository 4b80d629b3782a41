//! The plane of a card, seen in perspective.

use super::draw::pixel;
use super::pose::{Shot, size};
use super::{HEIGHT, WIDTH};

/// Distance of the picture's plane in pixels: what perspective a tilt gives.
const FOCUS: f32 = 700.0;

/// From pixels to modules: the inverse of a plane's projection, as a 3 × 3 matrix.
pub(super) struct Map([f32; 9], [f32; 9]);

impl Map {
    pub(super) fn new(shot: &Shot) -> Self {
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
    pub(super) fn bounds(&self, reach: f32) -> Option<(usize, usize, usize, usize)> {
        let corners = [(-reach, -reach), (reach, -reach), (reach, reach), (-reach, reach)];
        let corners = corners.map(|(u, v)| self.place(u, v));
        let span = |values: [f32; 4], limit: usize| {
            let low = values.into_iter().fold(f32::INFINITY, f32::min);
            let high = values.into_iter().fold(f32::NEG_INFINITY, f32::max);
            (pixel(low).min(limit), pixel(high + 1.0).min(limit))
        };
        let (left, right) = span(corners.map(|c| c.0), WIDTH);
        let (top, bottom) = span(corners.map(|c| c.1), HEIGHT);
        (left < right && top < bottom).then_some((left, right, top, bottom))
    }

    /// Where in the picture a place of the card is.
    pub(super) fn place(&self, u: f32, v: f32) -> (f32, f32) {
        let m = self.0;
        let w = m[6] * u + m[7] * v + m[8];
        ((m[0] * u + m[1] * v + m[2]) / w, (m[3] * u + m[4] * v + m[5]) / w)
    }

    /// The place of the card that is seen at a place in the picture.
    pub(super) fn back(&self, x: f32, y: f32) -> (f32, f32) {
        let m = self.1;
        let w = m[6] * x + m[7] * y + m[8];
        ((m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w)
    }

    pub(super) fn row(&self, x: usize, y: usize) -> Walk {
        let (m, x, y) = (self.1, size(x) + 0.5, size(y) + 0.5);
        let at = [m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5], m[6] * x + m[7] * y + m[8]];
        Walk { at, quarter: [0.25 * (m[0] + m[1]), 0.25 * (m[3] + m[4])] }
    }
}

/// A place on a row, before the division, and a quarter of the way to the next pixel to the right and below.
pub(super) struct Walk {
    pub(super) at: [f32; 3],
    pub(super) quarter: [f32; 2],
}

impl Walk {
    #[inline]
    pub(super) fn step(&mut self, map: &Map) {
        self.at[0] += map.1[0];
        self.at[1] += map.1[3];
        self.at[2] += map.1[6];
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
