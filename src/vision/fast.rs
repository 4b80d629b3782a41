//! The fast lane: every frame at half, full and quarter size, until nothing is left to read.
//!
//! Half size averages screen moiré and noise away, full size reads dense symbols, quarter size those that fill the picture. A
//! few rows of each are looked at first ([`Binary::glimpse`]): where they show no finder pattern, nothing is allocated and
//! nothing more is done. Where patterns belong together and no symbol is read, one grid is fitted ([`fit`](super::fit)).

use super::binary::Binary;
use super::code::{Code, Lane};
use super::frame::{Frame, Point};
use super::symbols::{self, Effort, Pattern};
use super::votes::Unsolved;

/// Frames are halved until their longer side is no more than this: larger ones cost time and read no more.
pub(super) const LONG_SIDE_MAX: usize = 1_920;

/// A place whose mean over 16 × 16 pixels moved this far looks otherwise; noise moves it by less than one.
const CHANGED: u8 = 10;
/// Of so many places one must look otherwise for the picture to do so: a code held up covers more than that.
const CHANGED_SHARE: usize = 64;

/// The fast lane with its memory for smaller pictures.
#[derive(Debug)]
pub struct Fast {
    base: Frame,
    half: Frame,
    quarter: Frame,
    binary: Binary,
    eighth: Frame,
    small: Frame,
    /// The small picture that last looked otherwise.
    known: Frame,
}

impl Default for Fast {
    fn default() -> Self {
        Self {
            base: Frame::spare(),
            half: Frame::spare(),
            quarter: Frame::spare(),
            binary: Binary::default(),
            eighth: Frame::spare(),
            small: Frame::spare(),
            known: Frame::spare(),
        }
    }
}

/// What the fast lane saw in a frame.
#[derive(Debug, Default)]
pub struct Glance {
    /// What it read, in pixels of the frame.
    pub codes: Vec<Code>,
    /// Whether something looks like part of a code that was not read.
    pub unread: bool,
    /// Finder patterns in pixels of the frame, from the scale that shows most of them.
    pub patterns: Vec<Pattern>,
    /// A grid that was fitted and could not be decoded, in pixels of the frame; only where no code was.
    pub unsolved: Option<Unsolved>,
    /// Whether it looks otherwise than when it was last said to have changed.
    pub changed: bool,
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
        let binary = &mut self.binary;
        if glance.add(binary, &self.half, Effort::USUAL, 2.0 * factor)
            || glance.add(binary, base, Effort::USUAL, factor)
        {
            return glance;
        }
        self.half.half_into(&mut self.quarter);
        glance.add(binary, &self.quarter, Effort { every_row: true, ..Effort::USUAL }, 4.0 * factor);
        glance.changed = self.has_changed();
        glance
    }

    /// Compares the frame, a sixteenth of its size, with the one that last looked otherwise.
    fn has_changed(&mut self) -> bool {
        self.quarter.half_into(&mut self.eighth);
        self.eighth.half_into(&mut self.small);
        let (now, known) = (self.small.luma(), self.known.luma());
        let far = |(a, b): (&u8, &u8)| a.abs_diff(*b) > CHANGED;
        let moved = now.iter().zip(known).filter(|pair| far(*pair)).count();
        let changed = now.len() != known.len() || moved * CHANGED_SHARE > now.len();
        if changed {
            std::mem::swap(&mut self.small, &mut self.known);
        }
        changed
    }
}

impl Glance {
    /// Adds what `picture` shows, `factor` times smaller than the frame. True when nothing more is to be
    /// expected.
    fn add(&mut self, binary: &mut Binary, picture: &Frame, effort: Effort, factor: f32) -> bool {
        let found = symbols::find(binary, picture, effort, Lane::Fast);
        for mut code in found.codes {
            code.corners = code.corners.map(|p| Point::new(p.x * factor, p.y * factor));
            if !self.codes.iter().any(|known| known.payload == code.payload) {
                self.codes.push(code);
            }
        }
        if found.patterns.len() > self.patterns.len() {
            self.patterns = found.patterns;
            for pattern in &mut self.patterns {
                pattern.at = Point::new(pattern.at.x * factor, pattern.at.y * factor);
                pattern.module *= factor;
            }
        }
        if self.unsolved.is_none()
            && let Some(mut unsolved) = found.unsolved
        {
            unsolved.corners = unsolved.corners.map(|p| Point::new(p.x * factor, p.y * factor));
            self.unsolved = Some(unsolved);
        }
        // Two patterns that belong together are seldom both missed: one alone is most often clutter.
        self.unread |= self.codes.is_empty() && found.left > 0;
        !self.codes.is_empty() && found.left < 3
    }
}
