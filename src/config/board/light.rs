//! A light where codes are held up.

use super::device::{LEVELS, Wires};
use super::{Driver, Output, Voltage};
use crate::config::section::{integer, one_of};

/// A light where codes are held up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Illuminator {
    /// How it is driven.
    pub wire: LightWire,
    /// It goes out for a minute after so many seconds.
    pub seconds_max: u16,
}

/// How a light is driven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LightWire {
    /// On or off.
    Line(Output),
    /// Dimmed.
    Pwm(Pwm),
}

/// A channel of the kernel's PWM, and what a light on it may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pwm {
    /// Number of the chip: `pwmchip0` is 0.
    pub chip: u32,
    /// Channel of the chip.
    pub channel: u32,
    /// Pulses a second.
    pub hz: u32,
    /// Most of the time for which it acts, in parts of 100.
    pub percent_max: u8,
}

impl Wires<'_, '_, '_> {
    pub(super) fn illuminator(&mut self) -> Option<Driver> {
        let seconds_max = self.or("seconds_max", &integer(10..=3_600u16), 1_800);
        let wire = if self.table.has("pwm") { self.pwm().map(LightWire::Pwm) } else { self.lit_by_line() };
        Some(Driver::Illuminator(Illuminator { wire: wire?, seconds_max }))
    }

    fn lit_by_line(&mut self) -> Option<LightWire> {
        if !self.table.has("line") {
            let expected = "exactly one of line and pwm must say how it is driven";
            self.report.hidden(self.table.span(), self.table.key("line"), expected);
            return None;
        }
        let active = self.or("level", &one_of(&LEVELS), Voltage::High);
        Some(LightWire::Line(Output { line: self.need_line("line")?, active }))
    }

    fn pwm(&mut self) -> Option<Pwm> {
        let at = self.table.place("pwm");
        let mut table = self.table.table(self.report, "pwm")?;
        let chip = table.need(self.report, "chip", &integer(0..=63u32));
        let channel = table.need(self.report, "channel", &integer(0..=15u32));
        let hz = table.get_or(self.report, "hz", &integer(100..=50_000u32), 5_000);
        let percent_max = table.get_or(self.report, "percent_max", &integer(10..=100u8), 100);
        table.finish(self.report);
        self.address = Some(at);
        Some(Pwm { chip: chip?, channel: channel?, hz, percent_max })
    }
}
