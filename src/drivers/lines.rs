//! Lines: outputs and inputs whatever their polarity, and from a bouncing level to a change that counts.

use std::time::Duration;

use embedded_hal::digital::{InputPin, OutputPin};

use crate::base::Mono;
use crate::model::Level;

/// Which electrical level acts: lights, moves, is occupied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Active {
    /// Near the supply.
    High,
    /// Near ground.
    Low,
}

/// An output line with its polarity. What is not active is safe: an unpowered board gives it.
#[derive(Debug)]
pub struct Output<P> {
    pin: P,
    active: Active,
}

impl<P: OutputPin> Output<P> {
    /// `pin`, which acts at the level `active`. Drives nothing yet.
    pub fn new(pin: P, active: Active) -> Self {
        Self { pin, active }
    }

    /// Drives the line to act or to be safe.
    ///
    /// # Errors
    ///
    /// What the pin says; its level is then unknown.
    pub fn drive(&mut self, level: Level) -> Result<(), P::Error> {
        match (level, self.active) {
            (Level::Active, Active::High) | (Level::Idle, Active::Low) => self.pin.set_high(),
            (Level::Active, Active::Low) | (Level::Idle, Active::High) => self.pin.set_low(),
        }
    }
}

/// An input line with its polarity.
#[derive(Debug)]
pub struct Input<P> {
    pin: P,
    active: Active,
}

impl<P: InputPin> Input<P> {
    /// `pin`, which is occupied, pressed or reached at the level `active`.
    pub fn new(pin: P, active: Active) -> Self {
        Self { pin, active }
    }

    /// What the line says now, without debouncing.
    ///
    /// # Errors
    ///
    /// What the pin says.
    pub fn read(&mut self) -> Result<Level, P::Error> {
        let acts = match self.active {
            Active::High => self.pin.is_high()?,
            Active::Low => self.pin.is_low()?,
        };
        Ok(if acts { Level::Active } else { Level::Idle })
    }
}

/// Lets a new level count only once it has stayed for a while.
///
/// The first level seen counts at once. `now` must not go back.
#[derive(Clone, Copy, Debug)]
pub struct Debounce {
    still: Duration,
    settled: Option<Level>,
    /// A level that differs from the settled one, and since when.
    pending: Option<(Level, Mono)>,
}

impl Debounce {
    /// A level counts after `still` without a change.
    pub fn new(still: Duration) -> Self {
        Self { still, settled: None, pending: None }
    }

    /// Takes the `level` seen at `now`; the new level if it counts from now on.
    pub fn step(&mut self, now: Mono, level: Level) -> Option<Level> {
        if self.settled.is_none() {
            self.settled = Some(level);
            return Some(level);
        }
        if self.settled == Some(level) {
            self.pending = None;
            return None;
        }
        match self.pending {
            Some((pending, _)) if pending == level => {}
            Some(_) | None => self.pending = Some((level, now)),
        }
        self.expire(now)
    }

    /// When [`expire`](Self::expire) must be called if nothing changes before.
    pub fn due(&self) -> Option<Mono> {
        self.pending.map(|(_, since)| since + self.still)
    }

    /// The new level, if the pending one has stayed long enough at `now`.
    pub fn expire(&mut self, now: Mono) -> Option<Level> {
        let (level, since) = self.pending?;
        if now < since + self.still {
            return None;
        }
        self.pending = None;
        self.settled = Some(level);
        self.settled
    }

    /// The level that counts now; `None` before the first.
    pub fn level(&self) -> Option<Level> {
        self.settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Level::{Active, Idle};

    #[test]
    fn a_level_counts_after_it_has_stayed() {
        let mut line = Debounce::new(Duration::from_millis(50));
        let script = [
            (0, Idle, Some(Idle)), // the first level is taken at once
            (100, Active, None),
            (120, Idle, None), // bounce
            (130, Active, None),
            (179, Active, None),
            (180, Active, Some(Active)),
            (200, Active, None),
        ];
        for (ms, level, expected) in script {
            assert_eq!(line.step(Mono::from_millis(ms), level), expected, "at {ms} ms");
        }
        assert_eq!(line.level(), Some(Active));
    }

    #[test]
    fn a_change_seen_once_counts_by_its_deadline() {
        let mut line = Debounce::new(Duration::from_millis(50));
        line.step(Mono::ZERO, Idle);
        assert_eq!(line.due(), None);
        line.step(Mono::from_millis(10), Active);
        assert_eq!(line.due(), Some(Mono::from_millis(60)));
        assert_eq!(line.expire(Mono::from_millis(59)), None);
        assert_eq!(line.expire(Mono::from_millis(60)), Some(Active));
        assert_eq!(line.expire(Mono::from_millis(61)), None);
    }

    #[test]
    fn without_debouncing_a_change_counts_at_once() {
        let mut line = Debounce::new(Duration::ZERO);
        assert_eq!(line.step(Mono(1), Idle), Some(Idle));
        assert_eq!(line.step(Mono(1), Active), Some(Active));
    }
}
