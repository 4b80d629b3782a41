//! Simulated lines where real ones are expected.

use crate::base::DeviceId;
use crate::config::board::{Input, Output, Pwm, Voltage};
use crate::drivers::pins::{AnyInput, AnyOutput, AnyPwm};
use crate::platform::assemble::Pins;
use crate::platform::unusable::Unusable;
use crate::sim::lines::Lines;

/// The lines of a simulated board, for what drives pins.
#[derive(Clone, Debug)]
pub struct SimPins(pub Lines);

impl Pins for SimPins {
    fn output(&self, _: &DeviceId, output: &Output) -> Result<AnyOutput, Unusable> {
        let safe = match output.active {
            Voltage::High => Voltage::Low,
            Voltage::Low => Voltage::High,
        };
        self.0.set(output.line, safe);
        Ok(AnyOutput::new(output.line, self.0.output(output.line)))
    }

    fn input(&self, _: &DeviceId, input: &Input) -> Result<AnyInput, Unusable> {
        Ok(AnyInput::new(input.line, self.0.input(input.line)))
    }

    fn pwm(&self, _: &DeviceId, pwm: Pwm) -> Result<AnyPwm, Unusable> {
        Ok(AnyPwm::new(pwm.channel, self.0.pwm((pwm.chip, pwm.channel))))
    }
}
