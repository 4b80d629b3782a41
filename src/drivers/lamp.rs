//! Lamp with three aspects. Two never light at the same time: a lamp that says stop and go says nothing.

use embedded_hal::digital::OutputPin;

use super::lines::Output;
use crate::model::Level;

/// What the lamp can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Light {
    /// Stop.
    Stop,
    /// Wait.
    Wait,
    /// Go.
    Go,
}

/// A lamp on three output lines.
#[derive(Debug)]
pub struct Lamp<P> {
    stop: Output<P>,
    wait: Output<P>,
    go: Output<P>,
}

impl<P: OutputPin> Lamp<P> {
    /// A lamp on these lines. Lights nothing yet.
    pub fn new(stop: Output<P>, wait: Output<P>, go: Output<P>) -> Self {
        Self { stop, wait, go }
    }

    /// Lights `light` alone: the others go out first.
    ///
    /// # Errors
    ///
    /// What the first failing pin says. Nothing lights if one of the others could not be put out.
    pub fn show(&mut self, light: Light) -> Result<(), P::Error> {
        self.park()?;
        match light {
            Light::Stop => self.stop.drive(Level::Active),
            Light::Wait => self.wait.drive(Level::Active),
            Light::Go => self.go.drive(Level::Active),
        }
    }

    /// Puts all lights out: the safe level, as without power.
    ///
    /// # Errors
    ///
    /// What the first failing pin says; the others are put out all the same.
    pub fn park(&mut self) -> Result<(), P::Error> {
        let results = [&mut self.stop, &mut self.wait, &mut self.go].map(|line| line.drive(Level::Idle));
        results.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::lines::Active;
    use embedded_hal_mock::eh1::MockError;
    use embedded_hal_mock::eh1::digital::{Mock, State, Transaction};

    #[test]
    fn shows_one_light_at_a_time() {
        let (low, high) = (|| Transaction::set(State::Low), || Transaction::set(State::High));
        let mut stop = Mock::new(&[low(), high(), low()]);
        let mut wait = Mock::new(&[low(), low()]);
        let mut go = Mock::new(&[low(), low(), high()]);
        let mut lamp = lamp(&stop, &wait, &go);
        lamp.show(Light::Stop).unwrap();
        lamp.show(Light::Go).unwrap();
        [&mut stop, &mut wait, &mut go].into_iter().for_each(Mock::done);
    }

    #[test]
    fn go_does_not_light_while_stop_cannot_be_put_out() {
        let broken = MockError::Io(std::io::ErrorKind::NotConnected);
        let mut stop = Mock::new(&[Transaction::set(State::Low).with_error(broken.clone())]);
        let mut wait = Mock::new(&[Transaction::set(State::Low)]);
        let mut go = Mock::new(&[Transaction::set(State::Low)]);
        assert_eq!(lamp(&stop, &wait, &go).show(Light::Go), Err(broken));
        [&mut stop, &mut wait, &mut go].into_iter().for_each(Mock::done);
    }

    fn lamp(stop: &Mock, wait: &Mock, go: &Mock) -> Lamp<Mock> {
        let [stop, wait, go] = [stop, wait, go].map(|pin| Output::new(pin.clone(), Active::High));
        Lamp::new(stop, wait, go)
    }
}
