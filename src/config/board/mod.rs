//! How a board is wired: `boards/*.toml`, read and checked.
//!
//! # Format
//!
//! ```toml
//! name = "rpi4-person"
//! lanes = ["person-in"]
//!
//! [gpio]                    # needed as soon as a device uses a line that is not simulated
//! backend = "gpiocdev"      # or "rppal", "simulated"
//! chip = "pinctrl-bcm2711"  # label of the chip, or a path such as /dev/gpiochip0
//!
//! [[device]]
//! id = "brow"
//! lane = "person-in"
//! driver = "mlx90614"
//! bus = "/dev/i2c-1"
//! address = 0x5A
//! ```
//!
//! `boards/README.md` lists every driver with every key. Wherever a path is expected, the word `simulated` stands
//! for a simulated device; only a board that says `simulated = true` may have one, and its screens say so.

pub mod calibration;
mod camera;
mod device;
mod keyboard;
mod light;
mod reader;
pub mod side;
mod thermometer;
mod wiring;

use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::section::{self, Section, name, path, yes_or_no};
use super::{Mistakes, Report};
use crate::base::{DeviceId, LaneId, Slug};
use crate::model::Signal;
pub use camera::{Camera, CameraSource, Controls, Exposure, Focus, FrameRate, PowerLine};
pub use keyboard::{Keyboard, KeyboardAt, UsbId};
pub use light::{Illuminator, LightWire, Pwm};
pub use reader::{Gm65, IdReader, Module, Port, Scanner, Trigger};
pub use side::Side;
pub use thermometer::{Array, Iio, Mlx90614, Mlx90632, Spot};

/// A board whose wiring was checked: every lane has one barrier, no line and no address is used twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Board {
    /// Name of the board.
    pub name: Slug,
    /// Whether simulated devices are allowed; the screens then say that this is a simulation.
    pub simulated: bool,
    /// The lanes that it serves, in the order of the file, at least one.
    pub lanes: Vec<LaneId>,
    /// Which GPIO lines are meant.
    pub gpio: Gpio,
    /// What is wired to it, in the order of the file.
    pub devices: Vec<Device>,
}

/// One device.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Its name, unique on the board.
    pub id: DeviceId,
    /// The lane that it serves.
    pub lane: LaneId,
    /// What it is and how it is wired.
    pub driver: Driver,
}

/// What a device is and how it is wired.
#[derive(Clone, Debug, PartialEq)]
pub enum Driver {
    /// Infrared thermometer on I²C.
    Mlx90614(Mlx90614),
    /// The same through the kernel's IIO files, or any folder of that shape.
    Mlx90614Iio(Iio),
    /// Infrared thermometer on I²C whose temperatures are calculated here.
    Mlx90632(Mlx90632),
    /// Another infrared thermometer through the kernel's IIO files, which needs no correction for its supply.
    ThermometerIio(Iio),
    /// Thermal array of 32 × 24 pixels on I²C.
    Mlx90640(Array),
    /// Thermal array of 16 × 12 pixels on I²C.
    Mlx90641(Array),
    /// Code reader that sends lines.
    Scanner(Scanner),
    /// Code reader that is a keyboard.
    Keyboard(Keyboard),
    /// Reader of identity cards.
    IdReader(IdReader),
    /// Camera.
    Camera(Camera),
    /// Barrier.
    Barrier(Barrier),
    /// Lamp with three aspects.
    Lamp(Lamp),
    /// Sprayer.
    Sprayer(Sprayer),
    /// A light where codes are held up.
    Illuminator(Illuminator),
    /// A sensor beside the infrared one.
    Side(Side),
    /// One input line.
    Input(Input),
}

impl Driver {
    /// How a thermometer is mounted; none of other devices.
    pub fn spot(&self) -> Option<Spot> {
        match self {
            Self::Mlx90614(Mlx90614 { spot, .. })
            | Self::Mlx90632(Mlx90632 { spot, .. })
            | Self::Mlx90614Iio(Iio { spot, .. })
            | Self::ThermometerIio(Iio { spot, .. }) => Some(*spot),
            Self::Mlx90640(array) | Self::Mlx90641(array) => Some(array.spot),
            Self::Scanner(_)
            | Self::Keyboard(_)
            | Self::IdReader(_)
            | Self::Camera(_)
            | Self::Barrier(_)
            | Self::Lamp(_)
            | Self::Sprayer(_)
            | Self::Illuminator(_)
            | Self::Side(_)
            | Self::Input(_) => None,
        }
    }

    /// A thermal array; none of other devices.
    pub fn array(&self) -> Option<&Array> {
        if let Self::Mlx90640(array) | Self::Mlx90641(array) = self { Some(array) } else { None }
    }

    /// A sensor beside the infrared one; none of other devices.
    pub fn side(&self) -> Option<&Side> {
        if let Self::Side(side) = self { Some(side) } else { None }
    }

    /// How long a sprayer runs at the longest, in seconds; none of other devices.
    pub fn sprays_for(&self) -> Option<u16> {
        if let Self::Sprayer(sprayer) = self { Some(sprayer.seconds_max) } else { None }
    }

    /// The name of the driver, as in the file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mlx90614(_) => "mlx90614",
            Self::Mlx90614Iio(_) => "mlx90614-iio",
            Self::Mlx90632(_) => "mlx90632",
            Self::ThermometerIio(_) => "thermometer-iio",
            Self::Mlx90640(_) => "mlx90640",
            Self::Mlx90641(_) => "mlx90641",
            Self::Scanner(_) => "scanner",
            Self::Keyboard(_) => "keyboard-scanner",
            Self::IdReader(_) => "id-reader",
            Self::Camera(_) => "camera",
            Self::Barrier(_) => "barrier",
            Self::Lamp(_) => "lamp",
            Self::Sprayer(_) => "sprayer",
            Self::Illuminator(_) => "illuminator",
            Self::Side(side) => side.name(),
            Self::Input(input) => match input.signal {
                Signal::Presence => "presence",
                Signal::PresenceInside => "presence-inside",
                Signal::Beam => "beam",
                Signal::Button => "button",
                Signal::BarrierOpen | Signal::BarrierClosed => "end-switch",
            },
        }
    }
}

/// Which program interface drives the GPIO lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The kernel's GPIO character device.
    Gpiocdev,
    /// The `rppal` crate: writes the registers of a Raspberry Pi; line numbers are BCM numbers.
    Rppal,
    /// Simulated lines.
    Simulated,
}

/// Which GPIO lines the board's line numbers mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpio {
    /// How they are driven.
    pub backend: Backend,
    /// Label or path of the chip for [`Backend::Gpiocdev`]; empty otherwise.
    pub chip: String,
}

/// Where a device is: a real path, or nowhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Simulated.
    Simulated,
    /// A device node, file or folder.
    Path(PathBuf),
}

/// Electrical level of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voltage {
    /// Near ground.
    Low,
    /// Near the supply.
    High,
}

/// What holds an input line that nothing drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull {
    /// The SoC's resistor to the supply.
    Up,
    /// The SoC's resistor to ground.
    Down,
    /// Resistors on the board.
    None,
}

/// An output line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// Number on the chip; on a Raspberry Pi the BCM number.
    pub line: u32,
    /// Level that acts. The other one is what an unpowered board gives, and is safe.
    pub active: Voltage,
}

/// An input line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// What it says.
    pub signal: Signal,
    /// Number on the chip; on a Raspberry Pi the BCM number.
    pub line: u32,
    /// Level that means occupied, pressed or reached.
    pub active: Voltage,
    /// What holds it when nothing drives it.
    pub pull: Pull,
    /// How long it must stay the same to count.
    pub debounce_ms: u32,
}

/// How a barrier takes its commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drive {
    /// A short pulse on the line starts the movement; the barrier's own board does the rest.
    Pulse,
    /// The line stays active as long as the barrier is to be open: turnstile, magnetic lock.
    Hold,
}

/// A barrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Barrier {
    /// Opens it.
    pub open: Output,
    /// Closes it; without one the barrier closes by itself, or when a held line is released.
    pub close: Option<Output>,
    /// How it takes commands.
    pub drive: Drive,
    /// Length of a pulse.
    pub pulse_ms: u32,
    /// Longest time from a command to its end position.
    pub travel_ms_max: u32,
    /// Upper end switch.
    pub opened: Option<Input>,
    /// Lower end switch.
    pub closed: Option<Input>,
}

/// A lamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lamp {
    /// Lights "stop".
    pub stop: Output,
    /// Lights "wait".
    pub wait: Output,
    /// Lights "go".
    pub go: Output,
}

/// A sprayer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sprayer {
    /// Runs it.
    pub run: Output,
    /// It stops by itself after so many seconds.
    pub seconds_max: u16,
}

impl Board {
    /// Longest board file, in bytes.
    pub const LENGTH_MAX: usize = 256 * 1024;
    /// Most lanes of one board.
    pub const LANES_MAX: usize = 8;
    /// Most devices of one board.
    pub const DEVICES_MAX: usize = 64;

    /// Reads and checks the board file at `path`.
    ///
    /// # Errors
    ///
    /// That it cannot be read, or every mistake in it.
    pub fn read(path: &Path) -> Result<Self, Mistakes> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&file, &text),
            Err(error) => {
                let mut report = Report::new(&file, "");
                report.whole("", format!("cannot be read: {error}"));
                report.finish(None)
            }
        }
    }

    /// Checks a board file's `text`; `file` is its name in messages.
    ///
    /// # Errors
    ///
    /// Every mistake in it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Mistakes> {
        let mut report = Report::new(file, text);
        if text.len() > Self::LENGTH_MAX {
            report.whole("", format!("must be at most {} bytes long", Self::LENGTH_MAX));
            return report.finish(None);
        }
        match DeTable::parse(text) {
            Ok(table) => {
                let board = Self::check(&mut report, Section::new(table.get_ref(), table.span(), ""));
                report.finish(board)
            }
            Err(error) => {
                report.toml(&error);
                report.finish(None)
            }
        }
    }

    fn check(report: &mut Report<'_>, mut file: Section<'_>) -> Option<Self> {
        let name = file.need(report, "name", &name());
        let simulated = file.get_or(report, "simulated", &yes_or_no(), false);
        let lanes = lanes(report, &mut file);
        let gpio = gpio(report, &mut file, simulated);
        let placed = device::all(report, &mut file, &lanes, simulated);
        wiring::check(report, &placed, &lanes, &gpio, file.place("lanes"));
        file.finish(report);
        let devices = placed.into_iter().map(|placed| placed.device).collect();
        let gpio = gpio.unwrap_or(Gpio { backend: Backend::Simulated, chip: String::new() });
        Some(Self { name: name?, simulated, lanes, gpio, devices })
    }
}

fn lanes(report: &mut Report<'_>, file: &mut Section<'_>) -> Vec<LaneId> {
    if !file.has("lanes") {
        report.hidden(file.span(), "lanes", "missing; must be a list of lane names");
    }
    let mut lanes: Vec<LaneId> = Vec::new();
    for element in file.elements(report, "lanes", Board::LANES_MAX) {
        match element.get_ref().as_str().and_then(|text| text.parse::<LaneId>().ok()) {
            Some(lane) if lanes.contains(&lane) => {
                report.value(element.span(), "lanes", "is listed twice; each lane must be listed once");
            }
            Some(lane) => lanes.push(lane),
            None => report.value(element.span(), "lanes", "must be names of a-z, 0-9 and -"),
        }
    }
    if lanes.is_empty() && report.is_clean() {
        report.value(file.place("lanes"), "lanes", format!("must be 1 to {} names", Board::LANES_MAX));
    }
    lanes
}

fn gpio(report: &mut Report<'_>, file: &mut Section<'_>, simulated: bool) -> Option<Gpio> {
    let mut table = file.table(report, "gpio")?;
    let words =
        [("gpiocdev", Backend::Gpiocdev), ("rppal", Backend::Rppal), ("simulated", Backend::Simulated)];
    let backend = table.get_or(report, "backend", &section::one_of(&words), Backend::Gpiocdev);
    if backend == Backend::Simulated && !simulated {
        let expected = r#"must be "gpiocdev" or "rppal" unless the board says simulated = true"#;
        report.value(table.place("backend"), table.key("backend"), expected);
    }
    let chip = match backend {
        Backend::Gpiocdev => table.need(report, "chip", &section::text(256)).unwrap_or_default(),
        Backend::Rppal | Backend::Simulated => {
            if table.has("chip") {
                report.value(table.place("chip"), table.key("chip"), r#"only with backend = "gpiocdev""#);
            }
            String::new()
        }
    };
    table.finish(report);
    Some(Gpio { backend, chip })
}

/// A path, or the word `simulated` on a board that may have simulated devices.
fn place(
    report: &mut Report<'_>,
    table: &mut Section<'_>,
    key: &'static str,
    simulated: bool,
) -> Option<Place> {
    let written = table.need(report, key, &path())?;
    if written != Path::new("simulated") {
        return Some(Place::Path(written));
    }
    if !simulated {
        let expected = "must be a path; simulated devices need simulated = true at the top of the board file";
        report.value(table.place(key), table.key(key), expected);
    }
    Some(Place::Simulated)
}

#[cfg(test)]
mod tests;
