//! Who goes through an open barrier, counted by the sensors on its two sides: beside the beam, and beside the records.

use crate::model::leak::Counted;
use crate::model::{Direction, Level};

/// Counts of the present cycle. Sides are numbered outer, inner.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beside {
    /// Whether there is a sensor: whether its line was ever heard of.
    is_there: [bool; 2],
    arrived: [u8; 2],
    left: [u8; 2],
}

impl Beside {
    /// The barrier opens for the next subject.
    pub fn begin(&mut self) {
        *self = Self { is_there: self.is_there, ..Self::default() };
    }

    /// A sensor's line was heard of.
    pub fn line(&mut self, side: usize, before: Level, level: Level) {
        self.is_there[side] = true;
        let counts = match (before, level) {
            (Level::Idle, Level::Active) => &mut self.arrived,
            (Level::Active, Level::Idle) => &mut self.left,
            (Level::Idle, Level::Idle) | (Level::Active, Level::Active) => return,
        };
        counts[side] = counts[side].saturating_add(1);
    }

    /// What went through in `direction`: who arrived on the far side, or, where no sensor looks there, who left the near
    /// one. The beam was interrupted `beam` times.
    pub fn counted(&self, direction: Direction, beam: u8) -> Counted {
        let (near, far) = match direction {
            Direction::Inbound => (0, 1),
            Direction::Outbound => (1, 0),
        };
        let beside = match (self.is_there[far], self.is_there[near]) {
            (true, _) => Some(self.arrived[far]),
            (false, true) => Some(self.left[near]),
            (false, false) => None,
        };
        Counted { beam, beside }
    }
}
