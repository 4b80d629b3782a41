//! GPIO lines: the kernel's character device, or the registers of a Raspberry Pi through `rppal`.

use std::path::PathBuf;

use embedded_hal::digital::{self, ErrorKind, ErrorType, InputPin, OutputPin};
use gpiocdev::Request;
use gpiocdev::line::{Bias, Value};

use super::unusable::Unusable;
use crate::base::DeviceId;
use crate::config::board::{Backend, Gpio, Input, Output, Pull, Voltage};
use crate::drivers::pins::{AnyInput, AnyOutput};

/// Opens lines of one board.
#[derive(Debug)]
pub struct Lines(Opened);

#[derive(Debug)]
enum Opened {
    Cdev(PathBuf),
    Rppal(rppal::gpio::Gpio),
}

impl Lines {
    /// Opens the backend that `gpio` names. Errors name `device`, the first one that needs it.
    ///
    /// # Errors
    ///
    /// When there is no chip of that label or path, no right to use it, or no Raspberry Pi that `rppal` knows.
    pub fn open(device: &DeviceId, gpio: &Gpio) -> Result<Self, Unusable> {
        let unusable = |cause: String| Unusable::new(device, &gpio.chip, cause);
        let opened = match gpio.backend {
            Backend::Gpiocdev => Opened::Cdev(chip(&gpio.chip).map_err(unusable)?),
            Backend::Rppal => {
                let pins = rppal::gpio::Gpio::new().map_err(|error| Unusable::new(device, "rppal", error))?;
                Opened::Rppal(pins)
            }
            Backend::Simulated => return Err(Unusable::new(device, "simulated", "has no line behind it")),
        };
        Ok(Self(opened))
    }

    /// Takes an output line and drives it to its safe level, without a moment at the other one.
    ///
    /// # Errors
    ///
    /// When the line is not there, or somebody else has it.
    pub fn output(&self, device: &DeviceId, output: &Output) -> Result<AnyOutput, Unusable> {
        let line = output.line;
        let unusable = |cause: String| Unusable::new(device, format_args!("line {line}"), cause);
        match &self.0 {
            Opened::Cdev(path) => {
                let safe = match output.active {
                    Voltage::High => Value::Inactive,
                    Voltage::Low => Value::Active,
                };
                let request = request(path).with_line(line).as_output(safe).request();
                let request = request.map_err(|error| unusable(error.to_string()))?;
                Ok(AnyOutput::new(line, CdevOutput(request)))
            }
            Opened::Rppal(gpio) => {
                let pin = rppal_pin(gpio, line).map_err(unusable)?;
                let mut pin = match output.active {
                    Voltage::High => pin.into_output_low(),
                    Voltage::Low => pin.into_output_high(),
                };
                // Parked lines stay driven when the program ends.
                pin.set_reset_on_drop(false);
                Ok(AnyOutput::new(line, pin))
            }
        }
    }

    /// Takes an input line with its pull.
    ///
    /// # Errors
    ///
    /// As [`output`](Self::output).
    pub fn input(&self, device: &DeviceId, input: &Input) -> Result<AnyInput, Unusable> {
        let line = input.line;
        let unusable = |cause: String| Unusable::new(device, format_args!("line {line}"), cause);
        match &self.0 {
            Opened::Cdev(path) => {
                let bias = match input.pull {
                    Pull::Up => Bias::PullUp,
                    Pull::Down => Bias::PullDown,
                    Pull::None => Bias::Disabled,
                };
                let request = request(path).with_line(line).as_input().with_bias(bias).request();
                let request = request.map_err(|error| unusable(error.to_string()))?;
                Ok(AnyInput::new(line, CdevInput(request)))
            }
            Opened::Rppal(gpio) => {
                let pin = rppal_pin(gpio, line).map_err(unusable)?;
                let pin = match input.pull {
                    Pull::Up => pin.into_input_pullup(),
                    Pull::Down => pin.into_input_pulldown(),
                    Pull::None => pin.into_input(),
                };
                Ok(AnyInput::new(line, pin))
            }
        }
    }
}

/// Path of the chip that `wanted` names by path or by label.
fn chip(wanted: &str) -> Result<PathBuf, String> {
    if wanted.starts_with('/') {
        return gpiocdev::chip::is_chip(wanted).map_err(|error| error.to_string());
    }
    let mut labels = Vec::new();
    for path in gpiocdev::chip::chips().map_err(|error| error.to_string())? {
        let info = gpiocdev::Chip::from_path(&path).and_then(|chip| chip.info());
        match info {
            Ok(info) if info.label == wanted => return Ok(path),
            Ok(info) => labels.push(info.label),
            Err(error) => labels.push(format!("{}: {error}", path.display())),
        }
    }
    let there = if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
    Err(format!("no GPIO chip has this label; there are: {there}"))
}

fn request(path: &std::path::Path) -> gpiocdev::request::Builder {
    let mut builder = Request::builder();
    builder.on_chip(path).with_consumer("kakou");
    builder
}

fn rppal_pin(gpio: &rppal::gpio::Gpio, line: u32) -> Result<rppal::gpio::Pin, String> {
    let number = u8::try_from(line).map_err(|_| "no such BCM line".to_owned())?;
    gpio.get(number).map_err(|error| error.to_string())
}

struct CdevOutput(Request);

struct CdevInput(Request);

/// What the kernel says of a line.
#[derive(Debug)]
struct CdevError(#[expect(dead_code, reason = "shown by Debug")] gpiocdev::Error);

impl digital::Error for CdevError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for CdevOutput {
    type Error = CdevError;
}

impl OutputPin for CdevOutput {
    fn set_low(&mut self) -> Result<(), CdevError> {
        self.0.set_lone_value(Value::Inactive).map_err(CdevError)
    }

    fn set_high(&mut self) -> Result<(), CdevError> {
        self.0.set_lone_value(Value::Active).map_err(CdevError)
    }
}

impl ErrorType for CdevInput {
    type Error = CdevError;
}

impl InputPin for CdevInput {
    fn is_high(&mut self) -> Result<bool, CdevError> {
        Ok(self.0.lone_value().map_err(CdevError)? == Value::Active)
    }

    fn is_low(&mut self) -> Result<bool, CdevError> {
        Ok(!self.is_high()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_that_is_not_there_is_named_with_those_that_are() {
        let device = "barrier".parse().unwrap();
        let open = |backend, chip: &str| {
            Lines::open(&device, &Gpio { backend, chip: chip.into() }).unwrap_err().to_string()
        };
        let said = open(Backend::Gpiocdev, "pinctrl-none");
        assert!(
            said.contains("device barrier: pinctrl-none: no GPIO chip has this label; there are:"),
            "{said}"
        );
        let said = open(Backend::Gpiocdev, "/dev/gpiochip-none");
        assert!(said.starts_with("device barrier: /dev/gpiochip-none: "), "{said}");
        let said = open(Backend::Simulated, "");
        assert!(said.contains("has no line behind it"), "{said}");
    }
}
