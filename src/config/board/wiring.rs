//! What must hold across all devices of a board.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::device::Placed;
use super::{Backend, CameraSource, Device, Driver, Gpio, LightWire, Place, Side};
use crate::base::LaneId;
use crate::config::Report;
use crate::model::{Nearby, Signal};

/// Largest BCM number on the 40-pin header. Source: Raspberry Pi documentation, "GPIO and the 40-pin header".
const HEADER_LINE_MAX: u32 = 27;

/// Notes ids, lines and addresses that are used twice, and lanes that lack a barrier or have two of a kind.
pub(super) fn check(
    report: &mut Report<'_>,
    devices: &[Placed],
    lanes: &[LaneId],
    gpio: &Option<Gpio>,
    lanes_at: Range<usize>,
) {
    ids(report, devices);
    lines(report, devices, gpio);
    addresses(report, devices);
    kinds(report, devices);
    // A device with mistakes is left out; its lane would then seem to lack it.
    if report.is_clean() {
        barriers(report, devices, lanes, lanes_at);
        arrays(report, devices);
    }
}

/// What an array cannot do without: it runs some 8 °C warmer than the room, so its own temperature says nothing of the air
/// (melexis/mlx90640-library, issue 66); and a plate is compared only where its picture shows one and a thermometer says what
/// it has.
fn arrays(report: &mut Report<'_>, devices: &[Placed]) {
    for Placed { device, span, .. } in devices {
        let Some(array) = device.driver.array() else { continue };
        let has = |wanted: Nearby| {
            let of_lane = devices.iter().filter(|other| other.device.lane == device.lane);
            of_lane
                .filter_map(|other| other.device.driver.side())
                .any(|side| matches!(side, Side::Thermometer { of, .. } if *of == wanted))
        };
        let mut misfit =
            |name, expected: &str| report.hidden(span.clone(), key(device, name), expected.to_owned());
        if !has(Nearby::Air) {
            misfit("driver", "needs a thermometer with of = \"air\" in its lane");
        }
        match (array.plate, has(Nearby::Plate)) {
            (None, true) => misfit("plate", "must say where the picture shows the plate that this lane has"),
            (Some(_), false) => misfit("plate", "needs a thermometer with of = \"plate\" in its lane"),
            (None, false) | (Some(_), true) => {}
        }
    }
}

fn ids(report: &mut Report<'_>, devices: &[Placed]) {
    let mut seen = BTreeMap::new();
    for Placed { device, span, .. } in devices {
        if seen.insert(&device.id, ()).is_some() {
            let expected =
                format!("id {:?} is used twice; each device must have its own", device.id.as_str());
            report.hidden(span.clone(), key(device, "id"), expected);
        }
    }
}

fn lines(report: &mut Report<'_>, devices: &[Placed], gpio: &Option<Gpio>) {
    let mut used: BTreeMap<u32, String> = BTreeMap::new();
    let rppal = gpio.as_ref().is_some_and(|gpio| gpio.backend == Backend::Rppal);
    for (device, (name, at, line)) in
        devices.iter().flat_map(|placed| placed.lines.iter().map(|line| (&placed.device, line)))
    {
        if gpio.is_none() {
            let expected = "uses a line, so the board must have a [gpio] table with backend and chip";
            report.value(at.clone(), key(device, name), expected);
        }
        if rppal && *line > HEADER_LINE_MAX {
            let expected = format!(r#"must be 0 to {HEADER_LINE_MAX} with backend = "rppal""#);
            report.value(at.clone(), key(device, name), expected);
        }
        match used.get(line) {
            Some(other) => {
                let expected = format!("line is already used by {other}; each line must be used once");
                report.value(at.clone(), key(device, name), expected);
            }
            None => {
                used.insert(*line, key(device, name));
            }
        }
    }
}

fn addresses(report: &mut Report<'_>, devices: &[Placed]) {
    let mut used: BTreeMap<(PathBuf, Option<u8>), &Device> = BTreeMap::new();
    for placed in devices {
        let device = &placed.device;
        let Some(address) = address(&device.driver) else { continue };
        let at = placed.address.clone().unwrap_or_else(|| placed.span.clone());
        let (name, what) = match address.1 {
            Some(channel) if matches!(device.driver, Driver::Illuminator(_)) => {
                ("pwm", format!("channel {channel} of {}", address.0.display()))
            }
            Some(number) => ("address", format!("address {number:#04x} on {}", address.0.display())),
            None => ("path", format!("path {}", address.0.display())),
        };
        match used.get(&address) {
            Some(other) => {
                let expected =
                    format!("{what} is already used by device[{}]; it must be used once", other.id);
                report.value(at, key(device, name), expected);
            }
            None => {
                used.insert(address, device);
            }
        }
    }
}

/// What no second device may have: a bus with an address, or a path alone.
fn address(driver: &Driver) -> Option<(PathBuf, Option<u8>)> {
    let real = |place: &Place| match place {
        Place::Path(path) => Some((path.clone(), None)),
        // Every simulated scanner and camera is one of its own.
        Place::Simulated => None,
    };
    let on_bus = |bus: &Place, address: u8| match bus {
        Place::Path(bus) => Some((bus.clone(), Some(address))),
        Place::Simulated => Some((Path::new("simulated").to_owned(), Some(address))),
    };
    match driver {
        Driver::Mlx90614(chip) => on_bus(&chip.bus, chip.address),
        Driver::Mlx90632(chip) => on_bus(&chip.bus, chip.address),
        Driver::Mlx90640(array) | Driver::Mlx90641(array) => on_bus(&array.bus, array.address),
        Driver::Mlx90614Iio(iio) | Driver::ThermometerIio(iio) => Some((iio.folder.clone(), None)),
        Driver::Scanner(scanner) => real(&scanner.path),
        Driver::IdReader(reader) => real(&reader.path),
        Driver::Keyboard(keyboard) => Some((PathBuf::from(keyboard.at.to_string()), None)),
        Driver::Camera(camera) => match &camera.source {
            CameraSource::V4l2(path) => Some((path.clone(), None)),
            CameraSource::Simulated | CameraSource::Frames(_) | CameraSource::Mjpeg(_) => None,
        },
        Driver::Side(side) => match side.place() {
            (bus, Some(address)) => on_bus(&bus, address),
            (place, None) => real(&place),
        },
        Driver::Illuminator(light) => match &light.wire {
            LightWire::Pwm(pwm) => {
                Some((PathBuf::from(format!("pwmchip{}", pwm.chip)), u8::try_from(pwm.channel).ok()))
            }
            LightWire::Line(_) => None,
        },
        Driver::Barrier(_) | Driver::Lamp(_) | Driver::Sprayer(_) | Driver::Input(_) => None,
    }
}

/// What a lane can have only one of; several readers and cameras may serve one lane.
fn kinds(report: &mut Report<'_>, devices: &[Placed]) {
    let mut seen: BTreeMap<(&LaneId, &str), &Device> = BTreeMap::new();
    for Placed { device, span, .. } in devices {
        let kind = match &device.driver {
            Driver::Mlx90614(_)
            | Driver::Mlx90614Iio(_)
            | Driver::Mlx90632(_)
            | Driver::Mlx90640(_)
            | Driver::Mlx90641(_)
            | Driver::ThermometerIio(_) => "thermometer",
            Driver::Barrier(_) => "barrier",
            Driver::Lamp(_) => "lamp",
            Driver::Sprayer(_) => "sprayer",
            Driver::Illuminator(_) => "illuminator",
            Driver::Side(side) => side.kind(),
            Driver::Input(input) => match input.signal {
                Signal::Presence => "presence input",
                Signal::PresenceInside => "inner presence input",
                Signal::Beam => "beam input",
                Signal::Button => "button",
                Signal::BarrierOpen | Signal::BarrierClosed => continue,
            },
            Driver::Scanner(_) | Driver::Keyboard(_) | Driver::IdReader(_) | Driver::Camera(_) => continue,
        };
        if let Some(other) = seen.insert((&device.lane, kind), device) {
            let expected = format!(
                "lane {:?} already has the {kind} device[{}]; it must have at most one",
                device.lane.as_str(),
                other.id
            );
            report.hidden(span.clone(), key(device, "driver"), expected);
        }
    }
}

fn barriers(report: &mut Report<'_>, devices: &[Placed], lanes: &[LaneId], lanes_at: Range<usize>) {
    for lane in lanes {
        let has = |placed: &Placed| {
            placed.device.lane == *lane && matches!(placed.device.driver, Driver::Barrier(_))
        };
        if !devices.iter().any(has) {
            let expected = format!("lane {:?} has no barrier; each lane must have one", lane.as_str());
            report.value(lanes_at.clone(), "lanes", expected);
        }
    }
}

fn key(device: &Device, name: &str) -> String {
    format!("device[{}].{name}", device.id)
}
