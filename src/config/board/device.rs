//! Reads each `[[device]]` table by its driver's keys.

use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;

use super::{
    Array, Barrier, Board, Device, Drive, Driver, Iio, Input, Lamp, Mlx90614, Mlx90632, Output, Place, Pull,
    Spot, Sprayer, Voltage, place,
};
use crate::base::{DeviceId, LaneId};
use crate::config::Report;
use crate::config::section::{Kind, Section, hexadecimal, integer, name, number, one_of, path};
use crate::model::{FrameArea, Signal};

/// Largest line number: above that of any chip we know.
const LINE_MAX: u32 = 511;
pub(super) const LEVELS: [(&str, Voltage); 2] = [("low", Voltage::Low), ("high", Voltage::High)];
const PULLS: [(&str, Pull); 3] = [("up", Pull::Up), ("down", Pull::Down), ("none", Pull::None)];
/// Faster than 16 Hz a frame takes longer to read than to measure on the bus of a Pi.
const REFRESH_HZ: [u8; 5] = [1, 2, 4, 8, 16];
pub(super) const BAUDS: [u32; 6] = [1_200, 9_600, 19_200, 38_400, 57_600, 115_200];

/// A device with the places of its values in the file, for mistakes that only show on the whole board.
pub(super) struct Placed {
    pub(super) device: Device,
    pub(super) span: Range<usize>,
    /// Each line that it uses: key, place, number.
    pub(super) lines: Vec<(&'static str, Range<usize>, u32)>,
    /// Place of the bus address, or of the path, which no other device may use as well.
    pub(super) address: Option<Range<usize>>,
}

/// Reads all devices; those with mistakes are noted and left out.
pub(super) fn all(
    report: &mut Report<'_>,
    file: &mut Section<'_>,
    lanes: &[LaneId],
    simulated: bool,
) -> Vec<Placed> {
    let mut devices = Vec::new();
    for (index, element) in file.elements(report, "device", Board::DEVICES_MAX).into_iter().enumerate() {
        let Some(table) = element.get_ref().as_table() else {
            report.value(element.span(), "device", "must be a table: [[device]]");
            continue;
        };
        let table = Section::new(table, element.span(), format!("device[{index}]."));
        devices.extend(one(report, table, lanes, simulated));
    }
    devices
}

fn one(report: &mut Report<'_>, mut table: Section<'_>, lanes: &[LaneId], simulated: bool) -> Option<Placed> {
    let id: Option<DeviceId> = table.need(report, "id", &name());
    if let Some(id) = &id {
        table.rename(format!("device[{id}]."));
    }
    let known: Vec<(&str, LaneId)> = lanes.iter().map(|lane| (lane.as_str(), lane.clone())).collect();
    let lane = table.need(report, "lane", &one_of(&known));
    let mut wires = Wires { report, table, lines: Vec::new(), address: None, simulated };
    let driver = wires.driver();
    let Wires { report, table, lines, address, .. } = wires;
    let span = table.span();
    // Without a driver nothing is known of its keys: one mistake is enough.
    if driver.is_some() {
        table.finish(report);
    }
    Some(Placed { device: Device { id: id?, lane: lane?, driver: driver?? }, span, lines, address })
}

/// One device's table, and what it is wired to.
pub(super) struct Wires<'w, 'r, 't> {
    pub(super) report: &'w mut Report<'r>,
    pub(super) table: Section<'t>,
    lines: Vec<(&'static str, Range<usize>, u32)>,
    pub(super) address: Option<Range<usize>>,
    simulated: bool,
}

impl Wires<'_, '_, '_> {
    /// The driver; the outer `None` when there is no such driver, the inner one when a key of it is wrong.
    fn driver(&mut self) -> Option<Option<Driver>> {
        type Reader = fn(&mut Wires<'_, '_, '_>) -> Option<Driver>;
        let drivers: [(&str, Reader); 23] = [
            ("mlx90614", |wires| wires.mlx90614()),
            ("mlx90614-iio", |wires| wires.mlx90614_iio()),
            ("mlx90640", |wires| wires.array().map(Driver::Mlx90640)),
            ("mlx90641", |wires| wires.array().map(Driver::Mlx90641)),
            ("mlx90632", |wires| wires.mlx90632()),
            ("thermometer-iio", |wires| wires.thermometer_iio()),
            ("tmp117", |wires| wires.tmp117()),
            ("sht4x", |wires| wires.sht4x()),
            ("temperature-file", |wires| wires.temperature_file()),
            ("vl53l0x", |wires| wires.vl53l0x()),
            ("supply-file", |wires| wires.supply_file()),
            ("scanner", |wires| wires.scanner()),
            ("keyboard-scanner", |wires| wires.keyboard()),
            ("id-reader", |wires| wires.id_reader()),
            ("camera", |wires| wires.camera()),
            ("barrier", |wires| wires.barrier()),
            ("lamp", |wires| wires.lamp()),
            ("sprayer", |wires| wires.sprayer()),
            ("illuminator", |wires| wires.illuminator()),
            ("presence", |wires| wires.sense(Signal::Presence)),
            ("presence-inside", |wires| wires.sense(Signal::PresenceInside)),
            ("beam", |wires| wires.sense(Signal::Beam)),
            ("button", |wires| wires.sense(Signal::Button)),
        ];
        let read = self.table.need(self.report, "driver", &one_of(&drivers))?;
        Some(read(self))
    }

    fn mlx90614(&mut self) -> Option<Driver> {
        let (bus, address) = self.on_bus(0x5A);
        let zones = self.or("zones", &integer(1..=2u8), 1);
        let chip_id = self.table.get(self.report, "chip_id", &chip_id(16));
        let supply_mv = self.supply();
        let spot = self.optics(supply_mv);
        let settling_ms = self.settling();
        Some(Driver::Mlx90614(Mlx90614 { bus: bus?, address, spot, settling_ms, zones, chip_id }))
    }

    fn mlx90632(&mut self) -> Option<Driver> {
        let (bus, address) = self.on_bus(0x3A);
        let chip_id = self.table.get(self.report, "chip_id", &chip_id(12));
        let spot = self.optics(Spot::UNCORRECTED_MV);
        Some(Driver::Mlx90632(Mlx90632 { bus: bus?, address, spot, chip_id }))
    }

    fn array(&mut self) -> Option<Array> {
        let (bus, address) = self.on_bus(0x33);
        let refresh_hz = self.or("refresh_hz", &among(&REFRESH_HZ), 4);
        let spot = self.optics_of(Spot::UNCORRECTED_MV, 1.0);
        let plate = self.table.get(self.report, "plate", &frame_area());
        Some(Array { bus: bus?, address, refresh_hz, spot, plate })
    }

    fn mlx90614_iio(&mut self) -> Option<Driver> {
        let supply_mv = self.supply();
        self.iio(supply_mv).map(Driver::Mlx90614Iio)
    }

    fn thermometer_iio(&mut self) -> Option<Driver> {
        self.iio(Spot::UNCORRECTED_MV).map(Driver::ThermometerIio)
    }

    fn iio(&mut self, supply_mv: u16) -> Option<Iio> {
        let folder = self.folder();
        let spot = self.optics(supply_mv);
        let settling_ms = self.settling();
        Some(Iio { folder: folder?, spot, settling_ms })
    }

    /// The bus, and the address if it is not the one `as_delivered`.
    pub(super) fn on_bus(&mut self, as_delivered: u8) -> (Option<Place>, u8) {
        let bus = self.place("bus");
        let address = self.or("address", &hexadecimal(0x03..=0x77), as_delivered);
        self.address =
            Some(if self.table.has("address") { self.table.place("address") } else { self.table.span() });
        (bus, address)
    }

    fn supply(&mut self) -> u16 {
        self.or("supply_mv", &integer(2_600..=3_600), 3_300)
    }

    fn optics(&mut self, supply_mv: u16) -> Spot {
        self.or("field", &one_of(&[("spot", ())]), ());
        self.optics_of(supply_mv, 0.3)
    }

    /// Optics of a sensor whose maker states this accuracy in °C.
    fn optics_of(&mut self, supply_mv: u16, accuracy_c: f64) -> Spot {
        let emissivity = self.or("emissivity", &number(0.90..=1.00), 0.98);
        let accuracy = self.or("accuracy_c", &number(0.05..=2.0), accuracy_c);
        let calibration = self.calibration();
        let noise = scaled(self.or("noise_c", &number(0.02..=0.5), 0.18), 100.0);
        let (emissivity, accuracy) = (scaled(emissivity, 1_000.0), scaled(accuracy, 100.0));
        Spot { supply_mv, emissivity, accuracy, calibration, noise }
    }

    fn settling(&mut self) -> u32 {
        self.or("settling_ms", &integer(100..=5_000), 150)
    }

    fn barrier(&mut self) -> Option<Driver> {
        let active = self.or("open_level", &one_of(&LEVELS), Voltage::High);
        let open = self.need_line("line").map(|line| Output { line, active });
        let active = self.or("close_level", &one_of(&LEVELS), Voltage::High);
        let close = self.get_line("close_line").map(|line| Output { line, active });
        let drives = [("pulse", Drive::Pulse), ("hold", Drive::Hold)];
        let drive = self.or("drive", &one_of(&drives), Drive::Pulse);
        let pulse_ms = self.or("pulse_ms", &integer(50..=5_000), 500);
        let travel_ms_max = self.or("travel_ms_max", &integer(500..=60_000), 6_000);
        let switch_active = self.or("switch_level", &one_of(&LEVELS), Voltage::Low);
        let pull = self.pull("switch_pull", switch_active);
        let debounce_ms = self.or("debounce_ms", &integer(0..=1_000), 50);
        let mut switch = |key, signal| {
            let line = self.get_line(key)?;
            Some(Input { signal, line, active: switch_active, pull, debounce_ms })
        };
        let opened = switch("opened_line", Signal::BarrierOpen);
        let closed = switch("closed_line", Signal::BarrierClosed);
        if drive == Drive::Hold && close.is_some() {
            let expected = r#"must be left out with drive = "hold": releasing the line closes"#;
            self.report.value(self.table.place("close_line"), self.table.key("close_line"), expected);
        }
        Some(Driver::Barrier(Barrier { open: open?, close, drive, pulse_ms, travel_ms_max, opened, closed }))
    }

    fn lamp(&mut self) -> Option<Driver> {
        let active = self.or("level", &one_of(&LEVELS), Voltage::High);
        let mut output = |key| self.need_line(key).map(|line| Output { line, active });
        let (stop, wait, go) = (output("stop_line"), output("wait_line"), output("go_line"));
        Some(Driver::Lamp(Lamp { stop: stop?, wait: wait?, go: go? }))
    }

    fn sprayer(&mut self) -> Option<Driver> {
        let active = self.or("level", &one_of(&LEVELS), Voltage::High);
        let line = self.need_line("line");
        let seconds_max = self.or("seconds_max", &integer(1..=600u16), 60);
        Some(Driver::Sprayer(Sprayer { run: Output { line: line?, active }, seconds_max }))
    }

    fn sense(&mut self, signal: Signal) -> Option<Driver> {
        let line = self.need_line("line");
        let active = self.or("level", &one_of(&LEVELS), Voltage::Low);
        let pull = self.pull("pull", active);
        let debounce_ms = self.or("debounce_ms", &integer(0..=1_000), 50);
        Some(Driver::Input(Input { signal, line: line?, active, pull, debounce_ms }))
    }

    /// The pull that holds an open contact at the level that is not active, unless the file says otherwise.
    fn pull(&mut self, key: &'static str, active: Voltage) -> Pull {
        let opposite = match active {
            Voltage::Low => Pull::Up,
            Voltage::High => Pull::Down,
        };
        self.or(key, &one_of(&PULLS), opposite)
    }

    pub(super) fn or<T>(&mut self, key: &'static str, kind: &Kind<'_, T>, default: T) -> T {
        self.table.get_or(self.report, key, kind, default)
    }

    /// The folder of a sensor that is files.
    pub(super) fn folder(&mut self) -> Option<PathBuf> {
        let folder = self.path("path");
        self.address = Some(self.table.place("path"));
        folder
    }

    /// A number of which so many thousandths are kept.
    pub(super) fn thousandths(&mut self, key: &'static str, kind: &Kind<'_, f64>, default: f64) -> u16 {
        scaled(self.or(key, kind, default), 1_000.0)
    }

    pub(super) fn misfit(&mut self, key: &'static str, expected: &str) {
        self.table.misfit(self.report, key, expected);
    }

    pub(super) fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        self.table.need(self.report, key, &path())
    }

    /// Where a device is that no other may use as well.
    pub(super) fn place_alone(&mut self, key: &'static str) -> Option<Place> {
        let place = self.place(key);
        self.address = Some(self.table.place(key));
        place
    }

    fn place(&mut self, key: &'static str) -> Option<Place> {
        place(self.report, &mut self.table, key, self.simulated)
    }

    pub(super) fn need_line(&mut self, key: &'static str) -> Option<u32> {
        let line = self.table.need(self.report, key, &integer(0..=LINE_MAX));
        self.note_line(key, line)
    }

    fn get_line(&mut self, key: &'static str) -> Option<u32> {
        let line = self.table.get(self.report, key, &integer(0..=LINE_MAX));
        self.note_line(key, line)
    }

    fn note_line(&mut self, key: &'static str, line: Option<u32>) -> Option<u32> {
        self.lines.extend(line.map(|line| (key, self.table.place(key), line)));
        line
    }
}

/// So many parts of one; what is read is within a few hundred of them.
fn scaled(value: f64, parts: f64) -> u16 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just before")]
    let scaled = (value * parts).round().clamp(0.0, 65_535.0) as u16;
    scaled
}

/// The number that a maker gave a chip: so many hexadecimal digits.
fn chip_id(digits: usize) -> Kind<'static, u64> {
    Kind::new(format!("a text of {digits} hexadecimal digits, as kakou probe prints it"), move |value| {
        let text = value.as_str()?;
        let good = text.len() == digits && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        u64::from_str_radix(text, 16).ok().filter(|_| good)
    })
}

/// One of a few whole numbers.
pub(super) fn among<T: Copy + PartialEq + FromStr + ToString>(allowed: &[T]) -> Kind<'_, T> {
    let expected = allowed.iter().map(T::to_string).collect::<Vec<_>>().join(" or ");
    Kind::new(expected, |value| {
        let written = value.as_integer()?.as_str().parse().ok()?;
        allowed.contains(&written).then_some(written)
    })
}

/// Where a frame shows something: `[left, top, right, bottom]`.
fn frame_area() -> Kind<'static, FrameArea> {
    let expected = "[first column, first row, last column, last row], with at least 4 pixels, within 0 to 31 and 0 to 23";
    Kind::new(expected, |value| {
        let numbers = value.as_array()?.iter().map(|item| item.get_ref().as_integer()?.as_str().parse().ok());
        let [left, top, right, bottom] = numbers.collect::<Option<Vec<u8>>>()?.try_into().ok()?;
        let area = FrameArea { left, top, right, bottom };
        let within = left <= right && top <= bottom && right < 32 && bottom < 24;
        (within && usize::from(right - left + 1) * usize::from(bottom - top + 1) >= 4).then_some(area)
    })
}
