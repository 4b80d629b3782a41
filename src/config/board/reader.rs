//! The keys of readers: of codes, and of identity cards.

use super::device::{BAUDS, Wires, among};
use super::{Driver, Place};
use crate::config::section::{Kind, one_of};

/// A code reader that sends lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Scanner {
    /// A tty, pipe or file.
    pub path: Place,
    /// Line rate; without meaning for a pipe or file.
    pub baud: u32,
    /// Whether and how it is set up.
    pub module: Module,
}

/// A reader of identity cards that speaks SDT frames.
#[derive(Clone, Debug, PartialEq)]
pub struct IdReader {
    /// A tty.
    pub path: Place,
    /// Line rate.
    pub baud: u32,
}

/// Whether and how a reader is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// By somebody else; nothing is written to it.
    Lines,
    /// A module of the Grow "zone bit" family: GM60, GM65, GM805, GM812.
    Gm65(Gm65),
}

/// How such a module is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gm65 {
    /// What makes it read.
    pub trigger: Trigger,
    /// By which wires it sends codes.
    pub output: Port,
    /// Pause between two readings, in tenths of a second.
    pub interval: u8,
    /// How long the same code is not sent again, in tenths of a second, 1 to 127.
    pub same_code: u8,
}

/// What makes a module read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// It always reads.
    Continuous,
    /// It reads when the picture before it changes.
    Induction,
    /// It reads while somebody is at its lane.
    Command,
}

/// By which wires a module sends codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// Its UART, also behind a USB adapter.
    Serial,
    /// Its own USB plug.
    Usb,
}

/// What only a module that is set up has.
const SET_UP: [&str; 4] = ["trigger", "output", "interval_ms", "same_code_ms"];

impl Wires<'_, '_, '_> {
    pub(super) fn scanner(&mut self) -> Option<Driver> {
        let path = self.place_alone("path");
        let baud = self.or("baud", &among(&BAUDS), 9_600);
        let has_module = self.or("module", &one_of(&[("lines", false), ("gm65", true)]), false);
        let module = if has_module { Module::Gm65(self.gm65()) } else { Module::Lines };
        if !has_module {
            for key in SET_UP {
                if self.table.has(key) {
                    self.misfit(key, r#"only with module = "gm65""#);
                }
            }
        } else if path == Some(Place::Simulated) {
            self.misfit("module", "must be left out: a simulated reader cannot be set up");
        }
        Some(Driver::Scanner(Scanner { path: path?, baud, module }))
    }

    pub(super) fn id_reader(&mut self) -> Option<Driver> {
        let path = self.place_alone("path");
        let baud = self.or("baud", &among(&BAUDS), 115_200);
        Some(Driver::IdReader(IdReader { path: path?, baud }))
    }

    fn gm65(&mut self) -> Gm65 {
        let triggers = [
            ("continuous", Trigger::Continuous),
            ("induction", Trigger::Induction),
            ("command", Trigger::Command),
        ];
        let trigger = self.or("trigger", &one_of(&triggers), Trigger::Continuous);
        let output =
            self.or("output", &one_of(&[("serial", Port::Serial), ("usb", Port::Usb)]), Port::Serial);
        let interval = self.or("interval_ms", &tenths(0, 255), 3);
        let same_code = self.or("same_code_ms", &tenths(1, 127), 30);
        Gm65 { trigger, output, interval, same_code }
    }
}

/// Milliseconds in whole tenths of a second, from `least` to `most` tenths.
fn tenths(least: u8, most: u8) -> Kind<'static, u8> {
    let expected = format!("a multiple of 100 from {} to {}", u16::from(least) * 100, u16::from(most) * 100);
    Kind::new(expected, move |value| {
        let written: u32 = value.as_integer()?.as_str().parse().ok()?;
        let tenths = u8::try_from(written / 100).ok()?;
        (written.is_multiple_of(100) && (least..=most).contains(&tenths)).then_some(tenths)
    })
}
