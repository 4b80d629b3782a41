//! Pins of any kind behind one type, so that one owner can hold simulated and real ones alike.

use std::fmt;

use embedded_hal::digital::{self, ErrorKind, ErrorType, InputPin, OutputPin};
use embedded_hal::pwm::SetDutyCycle;

/// What a pin says when it cannot be driven or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct PinError {
    /// Number of the line.
    pub line: u32,
    /// What the operating system says.
    pub what: String,
}

impl digital::Error for PinError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// An output pin of any kind.
pub struct AnyOutput {
    line: u32,
    pin: Box<dyn ErasedOutput + Send>,
}

/// A dimmed output of any kind.
pub struct AnyPwm {
    channel: u32,
    pin: Box<dyn ErasedPwm + Send>,
}

/// An input pin of any kind.
pub struct AnyInput {
    line: u32,
    pin: Box<dyn ErasedInput + Send>,
}

impl AnyOutput {
    /// `pin`, which is the output `line`.
    pub fn new<P: OutputPin + Send + 'static>(line: u32, pin: P) -> Self {
        Self { line, pin: Box::new(pin) }
    }
}

impl AnyPwm {
    /// `pin`, which is the `channel` of its chip.
    pub fn new<P: SetDutyCycle + Send + 'static>(channel: u32, pin: P) -> Self {
        Self { channel, pin: Box::new(pin) }
    }

    /// Acts for so many parts of 100 of the time.
    ///
    /// # Errors
    ///
    /// What the pin says.
    pub fn set(&mut self, percent: u8) -> Result<(), PinError> {
        self.pin.percent(percent.min(100)).map_err(|what| PinError { line: self.channel, what })
    }
}

impl AnyInput {
    /// `pin`, which is the input `line`.
    pub fn new<P: InputPin + Send + 'static>(line: u32, pin: P) -> Self {
        Self { line, pin: Box::new(pin) }
    }
}

impl fmt::Debug for AnyOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "output {}", self.line)
    }
}

impl fmt::Debug for AnyPwm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pwm {}", self.channel)
    }
}

impl fmt::Debug for AnyInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "input {}", self.line)
    }
}

impl ErrorType for AnyOutput {
    type Error = PinError;
}

impl OutputPin for AnyOutput {
    fn set_low(&mut self) -> Result<(), PinError> {
        self.pin.low().map_err(|what| PinError { line: self.line, what })
    }

    fn set_high(&mut self) -> Result<(), PinError> {
        self.pin.high().map_err(|what| PinError { line: self.line, what })
    }
}

impl ErrorType for AnyInput {
    type Error = PinError;
}

impl InputPin for AnyInput {
    fn is_high(&mut self) -> Result<bool, PinError> {
        self.pin.high().map_err(|what| PinError { line: self.line, what })
    }

    fn is_low(&mut self) -> Result<bool, PinError> {
        Ok(!self.is_high()?)
    }
}

trait ErasedOutput {
    fn low(&mut self) -> Result<(), String>;
    fn high(&mut self) -> Result<(), String>;
}

trait ErasedPwm {
    fn percent(&mut self, percent: u8) -> Result<(), String>;
}

trait ErasedInput {
    fn high(&mut self) -> Result<bool, String>;
}

impl<P: OutputPin> ErasedOutput for P {
    fn low(&mut self) -> Result<(), String> {
        self.set_low().map_err(|error| format!("{error:?}"))
    }

    fn high(&mut self) -> Result<(), String> {
        self.set_high().map_err(|error| format!("{error:?}"))
    }
}

impl<P: SetDutyCycle> ErasedPwm for P {
    fn percent(&mut self, percent: u8) -> Result<(), String> {
        self.set_duty_cycle_percent(percent).map_err(|error| format!("{error:?}"))
    }
}

impl<P: InputPin> ErasedInput for P {
    fn high(&mut self) -> Result<bool, String> {
        self.is_high().map_err(|error| format!("{error:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded_hal_mock::eh1::MockError;
    use embedded_hal_mock::eh1::digital::{Mock, State, Transaction};

    #[test]
    fn pins_of_any_kind_do_and_say_the_same() {
        let broken = MockError::Io(std::io::ErrorKind::NotConnected);
        let script = [
            Transaction::set(State::High),
            Transaction::set(State::Low).with_error(broken),
            Transaction::get(State::High),
            Transaction::get(State::High),
        ];
        let mut mock = Mock::new(&script);
        let mut output = AnyOutput::new(17, mock.clone());
        output.set_high().unwrap();
        assert!(output.set_low().unwrap_err().to_string().starts_with("line 17: "));
        let mut input = AnyInput::new(17, mock.clone());
        assert_eq!((input.is_high(), input.is_low()), (Ok(true), Ok(false)));
        mock.done();
    }
}
