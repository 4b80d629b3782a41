//! The keys of a code reader that is a keyboard.

use std::fmt;
use std::path::PathBuf;

use super::Driver;
use super::device::Wires;
use crate::config::section::Kind;

/// Where the kernel keeps its input devices.
const INPUT: &str = "/dev/input";

/// A code reader that is a keyboard.
#[derive(Clone, Debug, PartialEq)]
pub struct Keyboard {
    /// Which one.
    pub at: KeyboardAt,
}

/// Which keyboard is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyboardAt {
    /// The one with this device node.
    Path(PathBuf),
    /// The only one with these numbers.
    Usb(UsbId),
}

impl fmt::Display for KeyboardAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Usb(id) => write!(f, "usb {id}"),
        }
    }
}

/// Who made a USB device, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsbId {
    /// Number of its maker.
    pub vendor: u16,
    /// The maker's number for it.
    pub product: u16,
}

impl fmt::Display for UsbId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vendor, self.product)
    }
}

impl Wires<'_, '_, '_> {
    pub(super) fn keyboard(&mut self) -> Option<Driver> {
        let given = ["path", "usb"].map(|key| self.table.has(key));
        if given[0] == given[1] {
            let expected = "exactly one of path and usb must say which keyboard the reader is";
            self.report.hidden(self.table.span(), self.table.key("path"), expected);
            return None;
        }
        let at = if given[0] {
            self.address = Some(self.table.place("path"));
            KeyboardAt::Path(self.table.need(self.report, "path", &input_path())?)
        } else {
            self.address = Some(self.table.place("usb"));
            KeyboardAt::Usb(self.table.need(self.report, "usb", &usb_id())?)
        };
        Some(Driver::Keyboard(Keyboard { at }))
    }
}

fn input_path() -> Kind<'static, PathBuf> {
    Kind::new("a path under /dev/input, such as /dev/input/by-id/usb-…-event-kbd", |value| {
        let path = PathBuf::from(value.as_str()?);
        let below = path.strip_prefix(INPUT).is_ok_and(|rest| rest.file_name().is_some());
        let plain = path.components().all(|part| part.as_os_str() != "..");
        (below && plain).then_some(path)
    })
}

fn usb_id() -> Kind<'static, UsbId> {
    Kind::new(
        "two numbers of four hexadecimal digits, such as \"05e0:1200\", as lsusb prints them",
        |value| {
            let (vendor, product) = value.as_str()?.split_once(':')?;
            let number = |text: &str| {
                let good = text.len() == 4 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
                u16::from_str_radix(text, 16).ok().filter(|_| good)
            };
            Some(UsbId { vendor: number(vendor)?, product: number(product)? })
        },
    )
}
