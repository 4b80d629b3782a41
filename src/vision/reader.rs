//! The reader of one camera: fast lane on every frame, turns of the slow lane, one event a presentation.

use super::code::{Attempt, Code};
use super::fast::{Fast, Glance};
use super::frame::Frame;
use super::preview::Preview;
use super::slow::Rotation;
use super::tracker::{Presented, Tracker};
use super::votes::Votes;
use crate::base::Mono;

/// Without anything that looks like a code, only every so many frames get a slow attempt.
const IDLE_STRIDE: u32 = 4;

/// Attempts at a view in which nothing looks like a code, and which stays as it is: each has had two turns then.
const IDLE_ATTEMPTS: u32 = 14;

/// A view that stays as it is gets another round of attempts after so many frames, 10 seconds at 30 a second.
const IDLE_FRAMES: u32 = 300;

/// What one frame gave.
#[derive(Debug, Default)]
pub struct Sight {
    /// Every code in this frame.
    pub codes: Vec<Code>,
    /// Codes that are newly held up.
    pub presented: Vec<Presented>,
    /// The slow attempt that this frame should get; give its answer to [`Reader::late`].
    pub attempt: Option<Attempt>,
}

/// Reads the frames of one camera.
#[derive(Debug, Default)]
pub struct Reader {
    fast: Fast,
    tracker: Tracker,
    rotation: Rotation,
    votes: Votes,
    /// Frames without a code since the view changed, and slow attempts since then.
    unread: u32,
    attempts: u32,
}

impl Reader {
    /// Reads `frame` in the fast lane. Bounded work: 4 to 20 ms on a desktop for 1280 × 720.
    pub fn read(&mut self, frame: &Frame) -> Sight {
        let mut glance = self.fast.read(frame);
        if glance.codes.is_empty() {
            let together = glance.unsolved.as_ref().and_then(|unsolved| self.votes.add(frame.at, unsolved));
            glance.codes.extend(together);
        } else {
            self.votes.clear();
        }
        let presented = self.tracker.see(frame.at, &glance.codes);
        let attempt = if glance.codes.is_empty() { self.slow_turn(&glance) } else { None };
        Sight { codes: glance.codes, presented, attempt }
    }

    /// Takes what a slow attempt read in the frame taken at `at`.
    pub fn late(&mut self, at: Mono, codes: &[Code]) -> Vec<Presented> {
        self.tracker.see(at, codes)
    }

    /// Leaves `attempt` out of the rotation, because it overran its deadline too often.
    pub fn switch_off(&mut self, attempt: Attempt) {
        self.rotation.switch_off(attempt);
    }

    /// A small picture of `frame` for the screens, with the outlines of what is in view.
    pub fn preview(&self, frame: &Frame) -> Preview {
        Preview::of(frame, &self.tracker.outlines(frame.at))
    }

    fn slow_turn(&mut self, glance: &Glance) -> Option<Attempt> {
        self.unread += 1;
        if glance.changed || self.unread >= IDLE_FRAMES {
            (self.unread, self.attempts) = (1, 0);
        }
        if !glance.unread {
            if self.attempts >= IDLE_ATTEMPTS || !self.unread.is_multiple_of(IDLE_STRIDE) {
                return None;
            }
            self.attempts += 1;
        }
        self.rotation.turn()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vision::picture;

    #[test]
    fn reads_a_still_picture_once_and_says_where() {
        let frame = picture::decode(&pgm("kakou", 4), Mono::ZERO).unwrap();
        let mut reader = Reader::default();
        let sight = reader.read(&frame);
        assert_eq!(sight.presented.len(), 1);
        assert_eq!(sight.presented[0].payload.expose(), b"kakou");
        assert_eq!((sight.codes[0].modules, sight.codes[0].lane.name()), (21, "fast"));
        let near = |p: crate::vision::Point, x: f32, y: f32| (p.x - x).abs() < 3.0 && (p.y - y).abs() < 3.0;
        let [a, b, c, d] = sight.codes[0].corners;
        assert!(
            near(a, 100.0, 100.0) && near(b, 184.0, 100.0) && near(c, 184.0, 184.0) && near(d, 100.0, 184.0)
        );
        assert!(reader.read(&frame).presented.is_empty());
        assert!(reader.late(Mono::ZERO, &sight.codes).is_empty());
        assert_eq!(reader.preview(&frame).outlines.len(), 1);
    }

    #[test]
    fn an_empty_view_seldom_gets_a_slow_attempt() {
        let frame = Frame::new(64, 64, vec![200; 64 * 64], Mono::ZERO).unwrap();
        let mut reader = Reader::default();
        let mut attempts = |frames| (0..frames).filter(|_| reader.read(&frame).attempt.is_some()).count();
        assert_eq!((attempts(40), attempts(260)), (10, 4), "not again at the same");
        assert_eq!(attempts(40), 10, "again after a while");
        let other = Frame::new(64, 64, vec![120; 64 * 64], Mono::ZERO).unwrap();
        assert_eq!((0..4).filter(|_| reader.read(&other).attempt.is_some()).count(), 1);
    }

    fn pgm(text: &str, scale: usize) -> Vec<u8> {
        let code = qrcode::QrCode::new(text).unwrap();
        let (width, colors) = (code.width(), code.to_colors());
        let side = width * scale + 200;
        let pixel = |x: usize, y: usize| {
            let module = |v: usize| v.checked_sub(100).map(|v| v / scale).filter(|&v| v < width);
            let dark =
                module(x).zip(module(y)).is_some_and(|(x, y)| colors[y * width + x] == qrcode::Color::Dark);
            if dark { 30 } else { 220 }
        };
        let luma = (0..side * side).map(|i| pixel(i % side, i / side)).collect();
        picture::encode_pgm(&Frame::new(side, side, luma, Mono::ZERO).unwrap())
    }
}
