//! The fast lane: every frame at half, full and quarter size, until nothing is left to read.
//!
//! Three scales of one detector read 77.7 % of 1,076 photographs at 1.1 ms in the median (design/vision.md,
//! section 3): half size averages screen moiré and noise away, full size reads dense symbols, quarter size
//! those that fill the picture.

use super::code::{Code, Lane};
use super::frame::{Frame, Point};
use super::symbols::{self, Effort};

/// Frames are halved until their longer side is no more than this: larger ones cost time and read no more.
const LONG_SIDE_MAX: usize = 1_920;

/// The fast lane with its memory for smaller pictures.
#[derive(Debug)]
pub struct Fast {
    base: Frame,
    half: Frame,
    quarter: Frame,
}

impl Default for Fast {
    fn default() -> Self {
        Self { base: Frame::spare(), half: Frame::spare(), quarter: Frame::spare() }
    }
}

/// What the fast lane saw in a frame.
#[derive(Debug, Default)]
pub struct Glance {
    /// What it read, in pixels of the frame.
    pub codes: Vec<Code>,
    /// Whether something looks like part of a code that was not read.
    pub unread: bool,
}

impl Fast {
    /// Reads every code that it can in `frame`.
    pub fn read(&mut self, frame: &Frame) -> Glance {
        let mut factor = 1.0;
        let mut base = frame;
        if frame.long_side() > LONG_SIDE_MAX {
            frame.half_into(&mut self.base);
            factor = 2.0;
            while self.base.long_side() > LONG_SIDE_MAX {
                self.base.half_into(&mut self.half);
                std::mem::swap(&mut self.base, &mut self.half);
                factor *= 2.0;
            }
            base = &self.base;
        }
        base.half_into(&mut self.half);
        let mut glance = Glance::default();
        if glance.add(&self.half, Effort::USUAL, 2.0 * factor) || glance.add(base, Effort::USUAL, factor) {
            return glance;
        }
        self.half.half_into(&mut self.quarter);
        glance.add(&self.quarter, Effort { every_row: true, ..Effort::USUAL }, 4.0 * factor);
        glance
    }
}

impl Glance {
    /// Adds what `picture` shows, `factor` times smaller than the frame. True when nothing more is to be
    /// expected.
    fn add(&mut self, picture: &Frame, effort: Effort, factor: f32) -> bool {
        let found = symbols::find(picture, effort, Lane::Fast);
        for mut code in found.codes {
            code.corners = code.corners.map(|p| Point::new(p.x * factor, p.y * factor));
            if !self.codes.iter().any(|known| known.payload == code.payload) {
                self.codes.push(code);
            }
        }
        // Two patterns that belong together are seldom both missed: one alone is most often clutter.
        self.unread |= self.codes.is_empty() && found.left > 0;
        !self.codes.is_empty() && found.left < 3
    }
}
