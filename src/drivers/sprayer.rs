//! A sprayer on one output line. It stops by itself: whatever drives it may be late, and nobody wants to stand in it.

use std::time::Duration;

use embedded_hal::digital::OutputPin;

use super::lines::Output;
use crate::base::Mono;
use crate::model::Level;

/// A sprayer, its pump or its valve.
#[derive(Debug)]
pub struct Sprayer<P> {
    line: Output<P>,
    /// Longest time that it runs without being told again.
    run_max: Duration,
    until: Option<Mono>,
}

impl<P: OutputPin> Sprayer<P> {
    /// A sprayer on `line`, which runs for `run_max` at the longest. Drives nothing yet.
    pub fn new(line: Output<P>, run_max: Duration) -> Self {
        Self { line, run_max, until: None }
    }

    /// Lets it run from `now` on.
    ///
    /// # Errors
    ///
    /// What the pin says; it is then tried to stop it.
    pub fn run(&mut self, now: Mono) -> Result<(), P::Error> {
        // Whatever the pin says: the end is kept, so that it is stopped then.
        self.until = Some(now + self.run_max);
        self.line.drive(Level::Active).inspect_err(|_| drop(self.line.drive(Level::Idle)))
    }

    /// Stops it: the safe level, as without power.
    ///
    /// # Errors
    ///
    /// What the pin says; [`due`](Self::due) then asks for another try.
    pub fn stop(&mut self) -> Result<(), P::Error> {
        self.line.drive(Level::Idle)?;
        self.until = None;
        Ok(())
    }

    /// When [`expire`](Self::expire) must be called.
    pub fn due(&self) -> Option<Mono> {
        self.until
    }

    /// Stops it where it has run for long enough.
    ///
    /// # Errors
    ///
    /// What the pin says.
    pub fn expire(&mut self, now: Mono) -> Result<(), P::Error> {
        if self.until.is_some_and(|until| until <= now) { self.stop() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::lines::Active;
    use embedded_hal_mock::eh1::MockError;
    use embedded_hal_mock::eh1::digital::{Mock, State, Transaction};

    fn at(seconds: u64) -> Mono {
        Mono::from_millis(seconds * 1_000)
    }

    fn sprayer(pin: &Mock) -> Sprayer<Mock> {
        Sprayer::new(Output::new(pin.clone(), Active::High), Duration::from_secs(30))
    }

    #[test]
    fn runs_until_it_is_stopped() {
        let mut pin = Mock::new(&[Transaction::set(State::High), Transaction::set(State::Low)]);
        let mut sprayer = sprayer(&pin);
        sprayer.run(at(1)).unwrap();
        assert_eq!(sprayer.due(), Some(at(31)));
        sprayer.expire(at(30)).unwrap();
        sprayer.stop().unwrap();
        assert_eq!(sprayer.due(), None);
        pin.done();
    }

    #[test]
    fn stops_by_itself_when_nobody_stops_it() {
        let mut pin = Mock::new(&[Transaction::set(State::High), Transaction::set(State::Low)]);
        let mut sprayer = sprayer(&pin);
        sprayer.run(at(1)).unwrap();
        sprayer.expire(at(31)).unwrap();
        sprayer.expire(at(60)).unwrap();
        pin.done();
    }

    #[test]
    fn a_pin_that_cannot_be_stopped_is_tried_again() {
        let broken = || MockError::Io(std::io::ErrorKind::NotConnected);
        let mut pin = Mock::new(&[
            Transaction::set(State::High),
            Transaction::set(State::Low).with_error(broken()),
            Transaction::set(State::Low),
        ]);
        let mut sprayer = sprayer(&pin);
        sprayer.run(at(1)).unwrap();
        assert!(sprayer.stop().is_err());
        assert_eq!(sprayer.due(), Some(at(31)));
        sprayer.expire(at(31)).unwrap();
        pin.done();
    }
}
