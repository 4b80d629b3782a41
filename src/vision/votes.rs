//! Frames of one symbol combined: what no frame shows wholly, several may.
//!
//! Each frame has its own grid, fitted to it, so modules of one frame stand for the same modules of the next however the hand
//! moved. Their margins add up, older ones fading: noise averages away, a shine moves on, a blur changes its direction. What
//! the sum says is decoded by how sure it is: see [`soft`].

use std::time::Duration;

use super::code::{Code, Lane};
use super::frame::Point;
use super::soft::{self, Margins};
use crate::base::Mono;

/// Longer apart, two frames may show two symbols.
const APART_MAX: Duration = Duration::from_millis(400);

/// A symbol whose middle moved further than this share of its size between frames is another one.
const MOVED_MAX: f32 = 0.5;

/// A grid that was fitted in one frame, and whose symbol could not be decoded from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Unsolved {
    /// Outer corners in pixels of the frame.
    pub corners: [Point; 4],
    /// What its modules look like.
    pub margins: Margins,
}

/// The symbol that could not be decoded yet.
#[derive(Clone, Debug, Default)]
pub struct Votes {
    open: Option<Open>,
}

#[derive(Clone, Debug)]
struct Open {
    at: Mono,
    frames: u16,
    corners: [Point; 4],
    /// Sums of margins, of which older ones count an eighth less with each frame.
    sums: Margins,
}

impl Votes {
    /// Adds what the frame of `at` shows; the code, once the frames together say it.
    pub fn add(&mut self, at: Mono, seen: &Unsolved) -> Option<Code> {
        match &mut self.open {
            Some(open) if open.continues(at, seen) => open.add(at, seen),
            Some(_) | None => {
                let sums = seen.margins.clone();
                self.open = Some(Open { at, frames: 1, corners: seen.corners, sums });
            }
        }
        let open = self.open.as_ref().filter(|open| open.frames > 1)?;
        soft::decode(&open.sums, open.corners, Lane::Frames)
    }
}

impl Open {
    fn continues(&self, at: Mono, seen: &Unsolved) -> bool {
        let (before, now) = (middle(&self.corners), middle(&seen.corners));
        let size = distance(self.corners[0], self.corners[2]);
        at.since(self.at) <= APART_MAX
            && self.sums.side == seen.margins.side
            && distance(before, now) <= MOVED_MAX * size
    }

    fn add(&mut self, at: Mono, seen: &Unsolved) {
        (self.at, self.corners) = (at, seen.corners);
        self.frames = self.frames.saturating_add(1);
        for (sum, new) in self.sums.each.iter_mut().zip(&seen.margins.each) {
            // At most 127 · 8: the sum of a fading series.
            *sum = *sum * 7 / 8 + new;
        }
    }
}

fn middle(corners: &[Point; 4]) -> Point {
    let [a, b, c, d] = corners;
    Point::new((a.x + b.x + c.x + d.x) / 4.0, (a.y + b.y + c.y + d.y) / 4.0)
}

fn distance(one: Point, other: Point) -> f32 {
    (one.x - other.x).hypot(one.y - other.y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Random;

    const FRAME: Duration = Duration::from_millis(33);

    /// A symbol under so much noise that a frame decides hardly more than half of the modules.
    fn noisy(text: &str, random: &mut Random, x: f32) -> Unsolved {
        let code =
            qrcode::QrCode::with_version(text, qrcode::Version::Normal(3), qrcode::EcLevel::M).unwrap();
        let mut margin = |color: qrcode::Color| {
            let tone = if color == qrcode::Color::Dark { 40.0 } else { -40.0 };
            #[allow(clippy::cast_possible_truncation, reason = "clamped")]
            let margin = (tone + 55.0 * random.normal()).clamp(-127.0, 127.0) as i16;
            margin
        };
        let each = code.to_colors().into_iter().map(&mut margin).collect();
        let corners = [(x, 0.0), (x + 90.0, 0.0), (x + 90.0, 90.0), (x, 90.0)].map(|(x, y)| Point::new(x, y));
        Unsolved { corners, margins: Margins { side: 29, each } }
    }

    #[test]
    fn frames_that_each_say_too_little_say_it_together() {
        let (mut random, mut votes) = (Random::new(4), Votes::default());
        let mut read = None;
        for at in 0..12_u16 {
            let seen = noisy("held in the rain", &mut random, f32::from(at) * 7.0);
            assert_eq!(soft::decode(&seen.margins, seen.corners, Lane::Fast), None);
            read = read.or(votes.add(Mono::ZERO + FRAME * u32::from(at), &seen).map(|code| (at, code)));
        }
        let (at, code) = read.unwrap();
        assert!(at < 8, "only after {at} frames");
        assert_eq!((code.payload.expose().as_slice(), code.lane), (&b"held in the rain"[..], Lane::Frames));
    }

    #[test]
    fn another_symbol_begins_anew() {
        let mut random = Random::new(4);
        let frames = |votes: &mut Votes, seen: &Unsolved, at: Mono| {
            votes.add(at, seen);
            votes.open.as_ref().unwrap().frames
        };
        let (here, there) = (noisy("a", &mut random, 0.0), noisy("a", &mut random, 200.0));
        let mut votes = Votes::default();
        assert_eq!(frames(&mut votes, &here, Mono::ZERO), 1);
        assert_eq!(frames(&mut votes, &here, Mono::from_millis(400)), 2);
        assert_eq!(frames(&mut votes, &here, Mono::from_millis(801)), 1, "too long ago");
        assert_eq!(frames(&mut votes, &there, Mono::from_millis(830)), 1, "too far away");
        let other = Unsolved { margins: Margins { side: 21, each: vec![1; 441] }, ..there };
        assert_eq!(frames(&mut votes, &other, Mono::from_millis(850)), 1, "of another size");
    }

    #[test]
    fn sums_of_any_number_of_frames_stay_small() {
        let mut open = Open {
            at: Mono::ZERO,
            frames: 1,
            corners: [Point::default(); 4],
            sums: Margins { side: 1, each: vec![127] },
        };
        let seen = Unsolved { corners: [Point::default(); 4], margins: Margins { side: 1, each: vec![127] } };
        (0..1_000).for_each(|_| open.add(Mono::ZERO, &seen));
        assert!((1_000..=1_016).contains(&open.sums.each[0]), "{}", open.sums.each[0]);
    }
}
