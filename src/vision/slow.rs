//! The slow lane: one dear attempt on a frame that the fast lane could not read.
//!
//! Video gives many frames, so one attempt a frame in rotation meets more different pictures than all of them
//! on one.

use super::binary::Binary;
use super::code::{Attempt, Code, Lane};
use super::frame::{Frame, Point};
use super::symbols::{self, Effort, Threshold};
use super::{filter, others, second};

/// Larger pictures are halved first.
const LONG_SIDE_MAX: usize = 1_280;

/// Makes one attempt at `frame`. Corners are in pixels of the frame.
///
/// All but the [`unbounded`](Attempt::unbounded) attempts do bounded work. None panics.
pub fn attempt(attempt: Attempt, frame: &Frame) -> Vec<Code> {
    let (fitted, factor) = filter::fitted(frame, LONG_SIDE_MAX);
    let lane = Lane::Slow(attempt);
    let harder = |picture: &Frame| symbols::find(&mut Binary::default(), picture, Effort::HARDER, lane).codes;
    let mut codes = match attempt {
        Attempt::Harder => harder(&fitted),
        Attempt::Sharpened => harder(&filter::sharpened(&fitted)),
        Attempt::Inverted => harder(&filter::inverted(&fitted)),
        Attempt::Fitted => at_half(symbols::fit(&filter::softened(&fitted.half()), Threshold::Blocks, lane)),
        Attempt::FittedMean => symbols::fit(&fitted, Threshold::Mean, lane),
        Attempt::Mean => second::mean(&fitted),
        Attempt::Native => second::native(&fitted),
        Attempt::Other(symbology) => others::read(symbology, &fitted),
    };
    for code in &mut codes {
        code.corners = code.corners.map(|p| Point::new(p.x * factor, p.y * factor));
    }
    codes
}

/// Corners of a picture of half the size.
fn at_half(mut codes: Vec<Code>) -> Vec<Code> {
    for code in &mut codes {
        code.corners = code.corners.map(|p| Point::new(2.0 * p.x, 2.0 * p.y));
    }
    codes
}

/// Takes turns between attempts, leaving out those that were switched off.
#[derive(Clone, Debug)]
pub struct Rotation {
    attempts: Vec<Attempt>,
    next: usize,
}

impl Rotation {
    /// Takes turns between `attempts`, in this order.
    pub fn new(attempts: impl IntoIterator<Item = Attempt>) -> Self {
        Self { attempts: attempts.into_iter().collect(), next: 0 }
    }

    /// Leaves `attempt` out from now on.
    pub fn switch_off(&mut self, attempt: Attempt) {
        self.attempts.retain(|&kept| kept != attempt);
    }

    /// Whether `attempt` has turns.
    pub fn has(&self, attempt: Attempt) -> bool {
        self.attempts.contains(&attempt)
    }

    /// Whether nothing has turns.
    pub fn is_empty(&self) -> bool {
        self.attempts.is_empty()
    }

    /// Whose turn it is; `None` when all are switched off.
    pub fn turn(&mut self) -> Option<Attempt> {
        self.next = if self.next < self.attempts.len() { self.next } else { 0 };
        let attempt = self.attempts.get(self.next).copied();
        self.next += 1;
        attempt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attempt_has_its_turn_and_one_switched_off_has_none() {
        let mut rotation = Rotation::new(Attempt::QR);
        let round: Vec<_> = (0..7).filter_map(|_| rotation.turn()).collect();
        assert_eq!(round, Attempt::QR);
        rotation.switch_off(Attempt::Native);
        rotation.switch_off(Attempt::Harder);
        assert!(!rotation.has(Attempt::Native) && rotation.has(Attempt::Mean));
        let round: Vec<_> = (0..6).filter_map(|_| rotation.turn()).collect();
        assert!(round.len() == 6 && !round.contains(&Attempt::Native) && !round.contains(&Attempt::Harder));
        assert!(!rotation.is_empty());
        Attempt::QR.iter().for_each(|&attempt| rotation.switch_off(attempt));
        assert_eq!((rotation.turn(), rotation.is_empty()), (None, true));
    }
}
