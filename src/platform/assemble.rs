//! Puts drivers together from a board's wiring, whatever the pins are made of.

use std::path::Path;
use std::time::Duration;

use embedded_hal::digital;
use linux_embedded_hal::Delay;

use super::number_file::{NumberFile, Says};
use super::unusable::Unusable;
use super::{clock, i2c, iio};
use crate::base::{DeviceId, Mono, NoReading};
use crate::config::board::side::{Side, SideChip};
use crate::config::board::{self, Board, Device, Driver, LightWire, Place, Pwm, Voltage};
use crate::drivers::barrier::{Barrier, Drive, Switch, Wiring};
use crate::drivers::illuminator::{Illuminator, Wire};
use crate::drivers::lamp::Lamp;
use crate::drivers::lines::{Active, Debounce, Input, Output};
use crate::drivers::mlx9064x::{self, Kind, Rate};
use crate::drivers::mlx90614::config::Zones;
use crate::drivers::mlx90614::{ChipId, Expected, OnBus, Poller};
use crate::drivers::mlx90632;
use crate::drivers::pins::{AnyInput, AnyOutput, AnyPwm};
use crate::drivers::sprayer::Sprayer;
use crate::drivers::{
    OpenBus, SideSensor, ThermalArray, Thermometer, gm65, mlx90640, mlx90641, scanner, sht4x, tmp117, vl53l0x,
};

/// Where a board's lines come from: `platform::gpio`, or a simulation.
pub trait Pins {
    /// Takes an output line and drives it to its safe level.
    ///
    /// # Errors
    ///
    /// When the line cannot be had.
    fn output(&self, device: &DeviceId, output: &board::Output) -> Result<AnyOutput, Unusable>;

    /// Takes an input line.
    ///
    /// # Errors
    ///
    /// When the line cannot be had.
    fn input(&self, device: &DeviceId, input: &board::Input) -> Result<AnyInput, Unusable>;

    /// Takes a dimmed output and drives it to nothing.
    ///
    /// # Errors
    ///
    /// When the channel cannot be had.
    fn pwm(&self, device: &DeviceId, pwm: Pwm) -> Result<AnyPwm, Unusable>;
}

impl Pins for super::gpio::Lines {
    fn output(&self, device: &DeviceId, output: &board::Output) -> Result<AnyOutput, Unusable> {
        self.output(device, output)
    }

    fn input(&self, device: &DeviceId, input: &board::Input) -> Result<AnyInput, Unusable> {
        self.input(device, input)
    }

    fn pwm(&self, device: &DeviceId, pwm: Pwm) -> Result<AnyPwm, Unusable> {
        super::pwm::open(device, pwm)
    }
}

/// How a code reader is set up before it is read.
pub fn module(scanner: &board::Scanner) -> scanner::Module {
    match scanner.module {
        board::Module::Lines => scanner::Module::Lines,
        board::Module::Gm65(wiring) => scanner::Module::Gm65(gm65::Settings {
            trigger: match wiring.trigger {
                board::Trigger::Continuous => gm65::Trigger::Continuous,
                board::Trigger::Induction => gm65::Trigger::Induction,
                board::Trigger::Command => gm65::Trigger::Command,
            },
            port: match wiring.output {
                board::Port::Serial => gm65::Port::Serial,
                board::Port::Usb => gm65::Port::Usb,
            },
            interval: wiring.interval,
            same_code: wiring.same_code,
        }),
    }
}

/// An input line with its debouncing.
#[derive(Debug)]
pub struct Sensed {
    /// The line.
    pub line: Input<AnyInput>,
    /// What makes its level count.
    pub debounce: Debounce,
}

/// A barrier with its end switches, to be fed to [`Barrier::switch`].
#[derive(Debug)]
pub struct Gate {
    /// The barrier.
    pub barrier: Barrier<AnyOutput>,
    /// Its upper end switch.
    pub opened: Option<Sensed>,
    /// Its lower end switch.
    pub closed: Option<Sensed>,
}

/// The barrier of `device`, parked.
///
/// # Errors
///
/// When a line cannot be had or driven.
pub fn gate(
    pins: &dyn Pins,
    device: &DeviceId,
    wiring: &board::Barrier,
    now: Mono,
) -> Result<Gate, Unusable> {
    let switch = |input: &Option<board::Input>| match input {
        Some(_) => Switch::Fitted,
        None => Switch::Missing,
    };
    let close = wiring.close.as_ref().map(|close| output(pins, device, close)).transpose()?;
    let lines = Wiring {
        open: output(pins, device, &wiring.open)?,
        close,
        drive: match wiring.drive {
            board::Drive::Pulse => Drive::Pulse(millis(wiring.pulse_ms)),
            board::Drive::Hold => Drive::Hold,
        },
        travel: millis(wiring.travel_ms_max),
        opened: switch(&wiring.opened),
        closed: switch(&wiring.closed),
    };
    let barrier = Barrier::new(lines, now).map_err(|error| pin(device, &error))?;
    let sensed = |input: &Option<board::Input>| input.map(|input| sense(pins, device, &input)).transpose();
    Ok(Gate { barrier, opened: sensed(&wiring.opened)?, closed: sensed(&wiring.closed)? })
}

/// The lamp of `device`, dark.
///
/// # Errors
///
/// When a line cannot be had.
pub fn lamp(pins: &dyn Pins, device: &DeviceId, wiring: &board::Lamp) -> Result<Lamp<AnyOutput>, Unusable> {
    let line = |wiring| output(pins, device, wiring);
    Ok(Lamp::new(line(&wiring.stop)?, line(&wiring.wait)?, line(&wiring.go)?))
}

/// The sprayer of `device`, not running.
///
/// # Errors
///
/// When a line cannot be had.
pub fn sprayer(
    pins: &dyn Pins,
    device: &DeviceId,
    wiring: &board::Sprayer,
) -> Result<Sprayer<AnyOutput>, Unusable> {
    let run_max = Duration::from_secs(wiring.seconds_max.into());
    Ok(Sprayer::new(output(pins, device, &wiring.run)?, run_max))
}

/// The illuminator of `device`, dark.
///
/// # Errors
///
/// When its line or channel cannot be had.
pub fn illuminator(
    pins: &dyn Pins,
    device: &DeviceId,
    wiring: &board::Illuminator,
) -> Result<Illuminator, Unusable> {
    let wire = match &wiring.wire {
        LightWire::Line(line) => Wire::Line(output(pins, device, line)?),
        LightWire::Pwm(pwm) => Wire::Pwm(pins.pwm(device, *pwm)?, pwm.percent_max),
    };
    Ok(Illuminator::new(wire, Duration::from_secs(wiring.seconds_max.into())))
}

/// An input of `device`.
///
/// # Errors
///
/// When the line cannot be had.
pub fn sense(pins: &dyn Pins, device: &DeviceId, input: &board::Input) -> Result<Sensed, Unusable> {
    let line = Input::new(pins.input(device, input)?, active(input.active));
    Ok(Sensed { line, debounce: Debounce::new(millis(input.debounce_ms)) })
}

/// The real thermometer of `device`; `None` when it is no thermometer, or a simulated one.
///
/// # Errors
///
/// When its bus cannot be opened. A chip that is absent shows at its first reading.
pub fn thermometer(device: &Device) -> Result<Option<Box<dyn Thermometer + Send>>, Unusable> {
    let now = clock::mono();
    Ok(match &device.driver {
        Driver::Mlx90614(chip) => match &chip.bus {
            Place::Path(path) => {
                let poller = Poller::new(expected(chip), now);
                Some(Box::new(OnBus::new(i2c::open(&device.id, path)?, poller, clock::mono)))
            }
            Place::Simulated => None,
        },
        Driver::Mlx90632(chip) => match &chip.bus {
            Place::Path(path) => {
                let poller = mlx90632::Poller::new(chip.address, chip.chip_id.map(mlx90632::ChipId), now);
                Some(Box::new(mlx90632::OnBus::new(i2c::open(&device.id, path)?, poller)))
            }
            Place::Simulated => None,
        },
        Driver::Mlx90614Iio(files) | Driver::ThermometerIio(files) => {
            Some(Box::new(iio::Iio::new(&files.folder, millis(files.settling_ms), now)))
        }
        Driver::Mlx90640(_)
        | Driver::Mlx90641(_)
        | Driver::Scanner(_)
        | Driver::Keyboard(_)
        | Driver::IdReader(_)
        | Driver::Camera(_)
        | Driver::Barrier(_)
        | Driver::Lamp(_)
        | Driver::Sprayer(_)
        | Driver::Illuminator(_)
        | Driver::Side(_)
        | Driver::Input(_) => None,
    })
}

/// What the board says of an MLX90614, in the driver's words.
pub fn expected(chip: &board::Mlx90614) -> Expected {
    Expected {
        address: chip.address,
        settling: millis(chip.settling_ms),
        zones: if chip.zones == 2 { Zones::Dual } else { Zones::Single },
        chip: chip.chip_id.map(ChipId),
    }
}

/// The real sensor beside an infrared one; `None` when it is simulated.
pub fn side_sensor(id: &DeviceId, side: &Side) -> Option<Box<dyn SideSensor + Send>> {
    let now = clock::mono();
    let bus = |bus: &Place| match bus {
        Place::Path(path) => Some(opener(id, path)),
        Place::Simulated => None,
    };
    Some(match side {
        Side::Thermometer { of, at: SideChip::Tmp117 { bus: place, address }, .. } => {
            Box::new(tmp117::Chip::new(bus(place)?, Delay, *address, *of, now))
        }
        Side::Thermometer { of, at: SideChip::Sht4x { bus: place, address }, .. } => {
            Box::new(sht4x::Chip::new(bus(place)?, Delay, *address, *of, now)?)
        }
        Side::Thermometer { of, at: SideChip::Files(folder), .. } => {
            Box::new(NumberFile::new(folder, Says::Temperature(*of), now))
        }
        Side::Distance { bus: place, address, .. } => {
            Box::new(vl53l0x::Chip::new(bus(place)?, *address, now))
        }
        Side::Supply { folder, nominal_mv } => {
            Box::new(NumberFile::new(folder, Says::Supply { nominal_mv: *nominal_mv }, now))
        }
    })
}

/// Opens a bus for a sensor that is set up anew whenever it failed.
fn opener(id: &DeviceId, path: &Path) -> OpenBus<i2c::Bus> {
    let (id, path) = (id.clone(), path.to_owned());
    Box::new(move || {
        i2c::open(&id, &path).map_err(|error| {
            tracing::debug!(%error, "bus cannot be opened");
            NoReading::Absent
        })
    })
}

/// Which array a driver is, and how it is wired; `None` when it is none.
pub fn array_kind(driver: &Driver) -> Option<(Kind, &board::Array)> {
    match driver {
        Driver::Mlx90640(array) => Some((mlx90640::KIND, array)),
        Driver::Mlx90641(array) => Some((mlx90641::KIND, array)),
        Driver::Mlx90614(_)
        | Driver::Mlx90614Iio(_)
        | Driver::Mlx90632(_)
        | Driver::ThermometerIio(_)
        | Driver::Side(_)
        | Driver::Scanner(_)
        | Driver::Keyboard(_)
        | Driver::IdReader(_)
        | Driver::Camera(_)
        | Driver::Barrier(_)
        | Driver::Lamp(_)
        | Driver::Sprayer(_)
        | Driver::Illuminator(_)
        | Driver::Input(_) => None,
    }
}

/// The real thermal array of `device`; `None` when it is none, or a simulated one.
///
/// # Errors
///
/// When its bus cannot be opened. A chip that is absent shows at its first frame.
pub fn thermal_array(device: &Device) -> Result<Option<Box<dyn ThermalArray + Send>>, Unusable> {
    let Some((kind, array)) = array_kind(&device.driver) else { return Ok(None) };
    let Place::Path(path) = &array.bus else { return Ok(None) };
    let rate = Rate::new(array.refresh_hz)
        .ok_or_else(|| Unusable::new(&device.id, "refresh_hz", array.refresh_hz))?;
    let bus = i2c::open(&device.id, path)?;
    Ok(Some(Box::new(mlx9064x::OnBus::new(bus, array.address, kind, rate, clock::mono()))))
}

/// Every output of `board`, with the device that it belongs to.
pub fn outputs(board: &Board) -> Vec<(&DeviceId, board::Output)> {
    let mut outputs = Vec::new();
    for device in &board.devices {
        match &device.driver {
            Driver::Barrier(barrier) => {
                outputs.extend(
                    [Some(barrier.open), barrier.close].into_iter().flatten().map(|o| (&device.id, o)),
                );
            }
            Driver::Lamp(lamp) => {
                outputs.extend([lamp.stop, lamp.wait, lamp.go].map(|output| (&device.id, output)));
            }
            Driver::Sprayer(sprayer) => outputs.push((&device.id, sprayer.run)),
            Driver::Illuminator(light) => match light.wire {
                LightWire::Line(output) => outputs.push((&device.id, output)),
                LightWire::Pwm(_) => {}
            },
            Driver::Mlx90614(_)
            | Driver::Mlx90614Iio(_)
            | Driver::Mlx90632(_)
            | Driver::ThermometerIio(_)
            | Driver::Mlx90640(_)
            | Driver::Mlx90641(_)
            | Driver::Scanner(_)
            | Driver::Keyboard(_)
            | Driver::IdReader(_)
            | Driver::Camera(_)
            | Driver::Side(_)
            | Driver::Input(_) => {}
        }
    }
    outputs
}

/// Every dimmed output of `board`, with the device that it belongs to.
pub fn dimmed(board: &Board) -> impl Iterator<Item = (&DeviceId, Pwm)> {
    board.devices.iter().filter_map(|device| {
        let Driver::Illuminator(light) = &device.driver else { return None };
        if let LightWire::Pwm(pwm) = &light.wire { Some((&device.id, *pwm)) } else { None }
    })
}

fn output(pins: &dyn Pins, device: &DeviceId, wiring: &board::Output) -> Result<Output<AnyOutput>, Unusable> {
    Ok(Output::new(pins.output(device, wiring)?, active(wiring.active)))
}

/// The driver's word for a level that acts.
pub fn active(voltage: Voltage) -> Active {
    match voltage {
        Voltage::High => Active::High,
        Voltage::Low => Active::Low,
    }
}

fn pin(device: &DeviceId, error: &(impl digital::Error + std::fmt::Display)) -> Unusable {
    Unusable::new(device, "gpio", error)
}

fn millis(ms: u32) -> Duration {
    Duration::from_millis(u64::from(ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded_hal_mock::eh1::digital::{Mock, State, Transaction};
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::path::Path;

    /// Mocked pins by line: outputs expect to be parked once.
    #[derive(Default)]
    struct Mocks {
        pins: RefCell<BTreeMap<u32, Mock>>,
        safe: Vec<Transaction>,
    }

    impl Pins for Mocks {
        fn output(&self, device: &DeviceId, output: &board::Output) -> Result<AnyOutput, Unusable> {
            if output.line == 13 {
                return Err(Unusable::new(device, "line 13", "is in use"));
            }
            let mock = Mock::new(&self.safe);
            self.pins.borrow_mut().insert(output.line, mock.clone());
            Ok(AnyOutput::new(output.line, mock))
        }

        fn input(&self, _: &DeviceId, input: &board::Input) -> Result<AnyInput, Unusable> {
            let mock = Mock::new(&[Transaction::get(State::Low)]);
            self.pins.borrow_mut().insert(input.line, mock.clone());
            Ok(AnyInput::new(input.line, mock))
        }

        fn pwm(&self, device: &DeviceId, _: Pwm) -> Result<AnyPwm, Unusable> {
            Err(Unusable::new(device, "pwm", "is not mocked"))
        }
    }

    #[test]
    fn a_gate_is_put_together_parked_and_its_switches_have_their_polarity() {
        let board = shipped("rpi4-person");
        let Driver::Barrier(wiring) = &device(&board, "barrier").driver else { panic!("no barrier") };
        let pins = Mocks { safe: vec![Transaction::set(State::Low)], ..Mocks::default() };
        let mut gate = gate(&pins, &"barrier".parse().unwrap(), wiring, Mono::ZERO).unwrap();
        for switch in [&mut gate.opened, &mut gate.closed] {
            // Wired to ground: low means reached.
            assert_eq!(switch.as_mut().unwrap().line.read(), Ok(crate::model::Level::Active));
        }
        let mut pins = pins.pins.into_inner();
        assert_eq!(pins.keys().copied().collect::<Vec<_>>(), [17, 22, 23, 27]);
        pins.values_mut().for_each(Mock::done);
    }

    #[test]
    fn a_line_that_cannot_be_had_names_its_device() {
        let board = shipped("rpi4-person");
        let Driver::Lamp(wiring) = &device(&board, "lamp").driver else { panic!("no lamp") };
        let pins = Mocks::default();
        let error = lamp(&pins, &"lamp".parse().unwrap(), wiring).unwrap_err();
        assert_eq!(error.to_string(), "device lamp: line 13: is in use");
        pins.pins.into_inner().values_mut().for_each(Mock::done);
    }

    #[test]
    fn every_output_of_a_board_is_listed() {
        let board = shipped("rpi4-person");
        let lines: Vec<u32> = outputs(&board).iter().map(|(_, output)| output.line).collect();
        assert_eq!(lines, [17, 27, 5, 6, 13]);
    }

    fn shipped(name: &str) -> Board {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("boards").join(name).with_extension("toml");
        Board::read(&file).unwrap()
    }

    fn device<'b>(board: &'b Board, id: &str) -> &'b Device {
        board.devices.iter().find(|device| device.id.as_str() == id).unwrap()
    }
}
