//! Barrier: turns "open" and "close" into pulses on lines, and says where the barrier is.
//!
//! ```text
//!            command           pulse over            end switch, or travel time over
//!   at rest ─────────▶ pulsing ───────────▶ moving ─────────────────────────────────▶ at rest
//! ```
//!
//! What keeps the boom from hitting anything is in the barrier's own board; a close command is a request. Whether a
//! barrier is stuck, or somebody is under it, is decided by the engine. Invariants: the open and the close line never
//! act together; a pulse ends at its time whatever else happens; `park` leaves both lines safe.

use std::time::Duration;

use embedded_hal::digital::OutputPin;

use super::lines::Output;
use crate::base::Mono;
use crate::model::Level;

/// An end position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Free to pass.
    Open,
    /// Not free to pass.
    Closed,
}

/// Where the barrier is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// On its way, or nobody knows.
    Between,
    /// An end switch says so.
    Confirmed(End),
    /// There is no switch at that end; the longest travel time is over.
    Assumed(End),
}

/// How the barrier takes commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drive {
    /// A pulse of this length starts a movement.
    Pulse(Duration),
    /// The open line acts as long as open is wanted; releasing it closes.
    Hold,
}

/// The barrier's lines and times.
#[derive(Debug)]
pub struct Wiring<P> {
    /// Opens.
    pub open: Output<P>,
    /// Closes, where there is such a line.
    pub close: Option<Output<P>>,
    /// How commands are given.
    pub drive: Drive,
    /// Longest time of a movement.
    pub travel: Duration,
    /// Whether there is an upper end switch.
    pub opened: Switch,
    /// Whether there is a lower end switch.
    pub closed: Switch,
}

/// Whether an end has a switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// It has one; the position there is confirmed by it alone.
    Fitted,
    /// It has none; the position there is assumed from time.
    Missing,
}

/// A barrier on two output lines.
#[derive(Debug)]
pub struct Barrier<P> {
    wiring: Wiring<P>,
    /// When the pulse that runs must end.
    pulse_until: Option<Mono>,
    /// Where it was sent, and when it must be there.
    heading: Option<(End, Mono)>,
    assumed: Option<End>,
    opened: Level,
    closed: Level,
}

impl<P: OutputPin> Barrier<P> {
    /// A barrier with its lines made safe. It is taken to be closing or closed: that is what it does without power.
    ///
    /// # Errors
    ///
    /// What the pins say.
    pub fn new(wiring: Wiring<P>, now: Mono) -> Result<Self, P::Error> {
        let heading = Some((End::Closed, now + wiring.travel));
        let (opened, closed) = (Level::Idle, Level::Idle);
        let mut barrier = Self { wiring, pulse_until: None, heading, assumed: None, opened, closed };
        barrier.park()?;
        Ok(barrier)
    }

    /// Sends the barrier to an end. A pulse for the other end that still runs is cut short.
    ///
    /// # Errors
    ///
    /// What the pins say. Both lines are then made safe as far as they can be.
    pub fn command(&mut self, now: Mono, end: End) -> Result<(), P::Error> {
        let result = self.drive(now, end);
        if result.is_err() {
            // The first error is the one to report.
            let _ = self.park();
        }
        self.heading = Some((end, now + self.wiring.travel));
        self.assumed = None;
        result
    }

    /// Takes what the debounced switch at `end` says; the new position if it changed.
    pub fn switch(&mut self, end: End, level: Level) -> Option<Position> {
        let before = self.position();
        match end {
            End::Open => self.opened = level,
            End::Closed => self.closed = level,
        }
        Some(self.position()).filter(|position| *position != before)
    }

    /// Where the barrier is. Two switches that contradict each other say nothing.
    pub fn position(&self) -> Position {
        match (self.opened, self.closed, self.assumed) {
            (Level::Active, Level::Idle, _) => Position::Confirmed(End::Open),
            (Level::Idle, Level::Active, _) => Position::Confirmed(End::Closed),
            (Level::Idle, Level::Idle, Some(end)) => Position::Assumed(end),
            (Level::Idle, Level::Idle, None) | (Level::Active, Level::Active, _) => Position::Between,
        }
    }

    /// When [`expire`](Self::expire) must be called.
    pub fn due(&self) -> Option<Mono> {
        let arrival = self.heading.filter(|(end, _)| self.fitted(*end) == Switch::Missing).map(|(_, at)| at);
        [self.pulse_until, arrival].into_iter().flatten().min()
    }

    /// Ends a pulse and assumes a position whose time has come; the new position if it changed.
    ///
    /// # Errors
    ///
    /// What the pins say; the pulse is then tried to be ended again at the next call.
    pub fn expire(&mut self, now: Mono) -> Result<Option<Position>, P::Error> {
        if self.pulse_until.is_some_and(|until| until <= now) {
            self.park()?;
        }
        let before = self.position();
        if let Some((end, at)) = self.heading
            && at <= now
        {
            self.heading = None;
            self.assumed = Some(end).filter(|end| self.fitted(*end) == Switch::Missing);
        }
        Ok(Some(self.position()).filter(|position| *position != before))
    }

    /// Makes both lines safe. A pulse ends; a line that was held is released, which closes.
    ///
    /// # Errors
    ///
    /// The first thing a pin says; the other line is made safe all the same.
    pub fn park(&mut self) -> Result<(), P::Error> {
        let open = self.wiring.open.drive(Level::Idle);
        let close = self.wiring.close.as_mut().map_or(Ok(()), |close| close.drive(Level::Idle));
        open.and(close)?;
        self.pulse_until = None;
        Ok(())
    }

    fn drive(&mut self, now: Mono, end: End) -> Result<(), P::Error> {
        self.park()?;
        let line = match end {
            End::Open => Some(&mut self.wiring.open),
            End::Closed => self.wiring.close.as_mut(),
        };
        let Some(line) = line else { return Ok(()) };
        self.pulse_until = match self.wiring.drive {
            Drive::Pulse(length) => Some(now + length),
            Drive::Hold => None,
        };
        line.drive(Level::Active)
    }

    fn fitted(&self, end: End) -> Switch {
        match end {
            End::Open => self.wiring.opened,
            End::Closed => self.wiring.closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::lines::Active;
    use embedded_hal_mock::eh1::digital::{Mock, State, Transaction};

    const PULSE: Duration = Duration::from_millis(500);
    const TRAVEL: Duration = Duration::from_secs(6);

    #[test]
    fn an_open_command_is_one_pulse_on_the_open_line() {
        let (mut open, mut close) = (pin(&[false, false, true, false]), pin(&[false, false, false]));
        let mut barrier = barrier(&open, &close, Switch::Fitted);
        barrier.command(Mono::from_millis(100), End::Open).unwrap();
        assert_eq!(barrier.due(), Some(Mono::from_millis(600)));
        assert_eq!(barrier.expire(Mono::from_millis(599)), Ok(None));
        assert_eq!(barrier.expire(Mono::from_millis(600)), Ok(None));
        assert_eq!(barrier.due(), None, "with end switches nothing is assumed");
        open.done();
        close.done();
    }

    #[test]
    fn a_command_the_other_way_ends_the_running_pulse_first() {
        let (mut open, mut close) = (pin(&[false, false, true, false]), pin(&[false, false, false, true]));
        let mut barrier = barrier(&open, &close, Switch::Fitted);
        barrier.command(Mono::ZERO, End::Open).unwrap();
        barrier.command(Mono::from_millis(100), End::Closed).unwrap();
        assert_eq!(barrier.due(), Some(Mono::from_millis(600)));
        open.done();
        close.done();
    }

    #[test]
    fn end_switches_confirm_the_position_and_contradiction_confirms_nothing() {
        let (mut open, mut close) = (pin(&[false]), pin(&[false]));
        let mut barrier = barrier(&open, &close, Switch::Fitted);
        assert_eq!(barrier.position(), Position::Between);
        let closed = barrier.switch(End::Closed, Level::Active);
        assert_eq!(closed, Some(Position::Confirmed(End::Closed)));
        assert_eq!(barrier.switch(End::Closed, Level::Active), None);
        assert_eq!(barrier.switch(End::Open, Level::Active), Some(Position::Between));
        let open_now = barrier.switch(End::Closed, Level::Idle);
        assert_eq!(open_now, Some(Position::Confirmed(End::Open)));
        open.done();
        close.done();
    }

    #[test]
    fn without_end_switches_the_position_is_assumed_after_the_travel_time_and_says_so() {
        let (mut open, mut close) = (pin(&[false, false, true, false]), pin(&[false, false, false]));
        let mut barrier = barrier(&open, &close, Switch::Missing);
        assert_eq!(barrier.due(), Some(Mono::ZERO + TRAVEL));
        assert_eq!(barrier.expire(Mono::ZERO + TRAVEL), Ok(Some(Position::Assumed(End::Closed))));
        barrier.command(Mono::from_millis(10_000), End::Open).unwrap();
        assert_eq!(barrier.position(), Position::Between);
        assert_eq!(barrier.expire(Mono::from_millis(10_500)), Ok(None));
        assert_eq!(barrier.expire(Mono::from_millis(16_000)), Ok(Some(Position::Assumed(End::Open))));
        open.done();
        close.done();
    }

    #[test]
    fn a_held_line_acts_until_close_or_park() {
        let mut open = pin(&[false, false, true, false]);
        let wiring = Wiring {
            open: Output::new(open.clone(), Active::High),
            close: None,
            drive: Drive::Hold,
            travel: TRAVEL,
            opened: Switch::Fitted,
            closed: Switch::Fitted,
        };
        let mut barrier = Barrier::new(wiring, Mono::ZERO).unwrap();
        barrier.command(Mono::ZERO, End::Open).unwrap();
        assert_eq!(barrier.due(), None);
        barrier.command(Mono::from_millis(9_000), End::Closed).unwrap();
        open.done();
    }

    #[test]
    fn a_line_that_acts_at_a_low_level_is_safe_at_a_high_one() {
        let mut open = pin(&[true]);
        let mut output = Output::new(open.clone(), Active::Low);
        output.drive(Level::Idle).unwrap();
        open.done();
    }

    #[test]
    fn a_pin_that_fails_leaves_the_other_line_safe() {
        let broken = embedded_hal_mock::eh1::MockError::Io(std::io::ErrorKind::NotConnected);
        let failing = Transaction::set(State::High).with_error(broken.clone());
        let safe = || Transaction::set(State::Low);
        let mut open = Mock::new(&[safe(), safe(), failing, safe()]);
        let mut close = pin(&[false, false, false]);
        let mut barrier = barrier(&open, &close, Switch::Fitted);
        assert_eq!(barrier.command(Mono::ZERO, End::Open), Err(broken));
        assert_eq!(barrier.due(), None);
        open.done();
        close.done();
    }

    fn barrier(open: &Mock, close: &Mock, switch: Switch) -> Barrier<Mock> {
        let wiring = Wiring {
            open: Output::new(open.clone(), Active::High),
            close: Some(Output::new(close.clone(), Active::High)),
            drive: Drive::Pulse(PULSE),
            travel: TRAVEL,
            opened: switch,
            closed: switch,
        };
        Barrier::new(wiring, Mono::ZERO).unwrap()
    }

    fn pin(levels: &[bool]) -> Mock {
        let set = |high: &bool| Transaction::set(if *high { State::High } else { State::Low });
        Mock::new(&levels.iter().map(set).collect::<Vec<_>>())
    }
}
