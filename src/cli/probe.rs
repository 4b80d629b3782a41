//! `kakou probe`: reads every device of a board and says what it saw, one line each.
//!
//! Outputs are only driven to their safe level. A kiosk that runs has the lines: stop it first.

mod id_reader;

use std::io::{self, Write};
use std::time::Duration;

use embedded_hal::i2c::I2c;

use super::sim_pins::SimPins;
use crate::base::{DeviceId, Mono, NoReading, Random};
use crate::config::Board;
use crate::config::board::{
    Array, Backend, Camera, CameraSource, Device, Driver, Keyboard, Mlx90614, Mlx90632, Place, Scanner, Side,
    Spot,
};
use crate::drivers::lines::Input;
use crate::drivers::mlx9064x::{self, Rate};
use crate::drivers::mlx90614::{Expected, OnBus, Poller};
use crate::drivers::pins::AnyInput;
use crate::drivers::{self, ThermalArray, Thermometer, mlx90640};
use crate::model::{Level, ThermalFrame, ThermalReading};
use crate::platform::assemble::{self, Pins};
use crate::platform::serial::{self, Got};
use crate::platform::unusable::Unusable;
use crate::platform::{camera, clock, gpio, i2c, keyboard};
use crate::sim;
use crate::sim::clock::SimClock;
use crate::sim::lines::Lines;
use crate::sim::thermometer::{Part, chip};
use crate::sim::{camera as scenery, serial as reader, thermal_array};
use crate::thermometry::array::{Limits, find};
use crate::thermometry::decide;
use crate::vision::convert;
use crate::vision::raw::CameraError;

/// Readings that may fail before a thermometer counts as failed.
const TRIES: u8 = 3;
/// How often a sensor beside the thermometer is asked until it has something to say.
const SIDE_TRIES: u8 = 20;
/// Polls altogether: some only find out who answers, or that nothing is new.
const POLLS_MAX: u16 = 200;
/// How long ago a simulated thermometer was powered.
const WARM: Duration = Duration::from_secs(3_600);
/// How long a camera has for its first frame.
const CAMERA_PATIENCE: Duration = Duration::from_secs(5);
/// How long a scanner is listened to.
const SCANNER_PATIENCE: Duration = Duration::from_millis(300);

/// Reads every device, one line each. Returns whether every one gave something.
pub fn probe(board: &Board, out: &mut impl Write) -> io::Result<bool> {
    let pins = board.devices.first().map(|device| lines(board, &device.id));
    let mut good = true;
    for device in &board.devices {
        let pins = match &pins {
            Some(Ok(pins)) => Ok(pins.as_ref()),
            Some(Err(error)) => Err(error),
            None => continue,
        };
        let (mark, said) = match look(device, pins) {
            Ok(saw) => ("ok", saw),
            Err(reason) => ("FAILED", reason),
        };
        good &= mark == "ok";
        writeln!(out, "{mark:<6} {:<20} {:<14} {said}", device.id.as_str(), device.driver.name())?;
        out.flush()?;
    }
    Ok(good)
}

fn lines(board: &Board, first: &DeviceId) -> Result<Box<dyn Pins>, Unusable> {
    Ok(match board.gpio.backend {
        Backend::Simulated => Box::new(SimPins(Lines::of(board))),
        Backend::Gpiocdev | Backend::Rppal => Box::new(gpio::Lines::open(first, &board.gpio)?),
    })
}

/// What a device gave, or why nothing.
type Saw = Result<String, String>;

fn look(device: &Device, pins: Result<&dyn Pins, &Unusable>) -> Saw {
    let pins = pins.map_err(unusable);
    match &device.driver {
        Driver::Mlx90614(wiring) => mlx90614(device, wiring),
        Driver::Mlx90632(wiring) => mlx90632(device, wiring),
        Driver::Mlx90614Iio(wiring) | Driver::ThermometerIio(wiring) => {
            let thermometer = assemble::thermometer(device).map_err(|error| unusable(&error))?;
            thermometer.map_or(Err("is no thermometer".into()), |mut one| {
                measure(one.as_mut(), wiring.spot, &mut really)
            })
        }
        Driver::Mlx90640(wiring) | Driver::Mlx90641(wiring) => array(device, wiring),
        Driver::Scanner(scanner) => listen(&device.id, scanner),
        Driver::Keyboard(keyboard) => typed(&device.id, keyboard),
        Driver::IdReader(reader) => id_reader::ask(&device.id, reader),
        Driver::Camera(camera) => picture(camera),
        Driver::Barrier(barrier) => {
            let mut gate = assemble::gate(pins?, &device.id, barrier, clock::mono())
                .map_err(|error| unusable(&error))?;
            let opened = level(gate.opened.as_mut().map(|sensed| &mut sensed.line))?;
            let closed = level(gate.closed.as_mut().map(|sensed| &mut sensed.line))?;
            Ok(format!("parked; switch open: {opened}, switch closed: {closed}"))
        }
        Driver::Lamp(lamp) => {
            let mut lamp = assemble::lamp(pins?, &device.id, lamp).map_err(|error| unusable(&error))?;
            lamp.park().map_err(text)?;
            Ok("dark".into())
        }
        Driver::Sprayer(sprayer) => {
            let mut sprayer =
                assemble::sprayer(pins?, &device.id, sprayer).map_err(|error| unusable(&error))?;
            sprayer.stop().map_err(text)?;
            Ok("does not run".into())
        }
        Driver::Illuminator(light) => {
            let mut light =
                assemble::illuminator(pins?, &device.id, light).map_err(|error| unusable(&error))?;
            light.park().map_err(text)?;
            Ok("dark".into())
        }
        Driver::Side(side) => beside(&device.id, side),
        Driver::Input(input) => {
            let mut sensed = assemble::sense(pins?, &device.id, input).map_err(|error| unusable(&error))?;
            level(Some(&mut sensed.line)).map(Into::into)
        }
    }
}

/// What a sensor beside the thermometer says, once it has something to say.
fn beside(id: &DeviceId, side: &Side) -> Saw {
    let Some(mut sensor) = assemble::side_sensor(id, side) else { return Err("nothing simulates it".into()) };
    for _ in 0..SIDE_TRIES {
        clock::wait_until(sensor.due());
        if let Some(said) = sensor.poll(clock::mono()) {
            return said.describe().map_err(|reason| reason.to_string());
        }
    }
    Err(NoReading::Timeout.to_string())
}

/// A simulated array is an MLX90640 in time of its own, whichever the board names: there is no other.
fn array(device: &Device, wiring: &Array) -> Saw {
    if let Some(mut array) = assemble::thermal_array(device).map_err(|error| unusable(&error))? {
        return frame(array.as_mut(), &mut |due| {
            clock::wait_until(due);
            clock::mono()
        });
    }
    let Driver::Mlx90640(_) = &device.driver else { return Err("nothing simulates it".into()) };
    let time = SimClock::new(Mono::ZERO);
    let (_, bus) = thermal_array::chip(wiring.address, &time, Random::new(0));
    let rate = Rate::new(wiring.refresh_hz).ok_or("has no such refresh rate")?;
    let mut array = mlx9064x::OnBus::new(bus, wiring.address, mlx90640::KIND, rate, Mono::ZERO);
    frame(&mut array, &mut |due| {
        time.advance(due.since(time.now()));
        due
    })
}

/// The first frame, or the last reason in so many tries; an array says when it gives up by itself.
fn frame(array: &mut dyn ThermalArray, wait: &mut dyn FnMut(Mono) -> Mono) -> Saw {
    let (mut last, mut failed) = (NoReading::Timeout, 0);
    while failed < TRIES {
        let now = wait(array.due());
        match array.poll(now) {
            Some(Ok(frame)) => return Ok(picture_of(&frame)),
            Some(Err(reason)) => (last, failed) = (reason, failed + 1),
            None => {}
        }
    }
    Err(last.to_string())
}

fn picture_of(frame: &ThermalFrame) -> String {
    let degrees = |hundredths: Option<&i16>| f64::from(hundredths.copied().unwrap_or(0)) / 100.0;
    let (coldest, warmest) = (frame.pixels().iter().min(), frame.pixels().iter().max());
    let face = match find(frame, &Limits::of(frame.width())) {
        Ok(face) => format!("face of {:.2} °C at {}, {}", face.hottest.degrees(), face.at.0, face.at.1),
        Err(reason) => format!("no face: {reason}"),
    };
    format!(
        "{} × {} pixels, {:.1} to {:.1} °C, die {:.1} °C, supply {} mV; {face}",
        frame.width(),
        frame.height(),
        degrees(coldest),
        degrees(warmest),
        frame.die.degrees(),
        frame.supply_mv
    )
}

fn mlx90614(device: &Device, wiring: &Mlx90614) -> Saw {
    let expected = assemble::expected(wiring);
    match &wiring.bus {
        Place::Path(path) => {
            let bus = i2c::open(&device.id, path).map_err(|error| unusable(&error))?;
            introduce(bus, expected, wiring.spot, clock::mono, &mut really)
        }
        Place::Simulated => {
            // A simulated chip lives in its own time: an hour from now it is warm.
            let time = SimClock::new(Mono::ZERO);
            let (_, bus) = chip(Part::BAA, wiring.address, &time, Random::new(0));
            time.advance(WARM);
            introduce(bus, expected, wiring.spot, || time.now(), &mut |due| {
                time.set(due);
                time.now()
            })
        }
    }
}

/// Who answers, whether it is the chip that the board means, and what it sees.
fn introduce<B: I2c>(
    mut bus: B,
    expected: Expected,
    spot: Spot,
    clock: impl Fn() -> Mono,
    wait: Wait<'_>,
) -> Saw {
    let found = drivers::mlx90614::Mlx90614::new(expected.address).identify(&mut bus).map_err(text)?;
    found.check(&expected).map_err(text)?;
    let saw = measure(&mut OnBus::new(bus, Poller::new(expected, clock()), clock), spot, wait)?;
    Ok(format!("{saw}; chip {}, {}", found.chip, found.config))
}

/// Waits until a time and says what time it is then.
type Wait<'w> = &'w mut dyn FnMut(Mono) -> Mono;

fn really(due: Mono) -> Mono {
    clock::wait_until(due);
    clock::mono()
}

fn mlx90632(device: &Device, wiring: &Mlx90632) -> Saw {
    let chip = wiring.chip_id.map(drivers::mlx90632::ChipId);
    match &wiring.bus {
        Place::Path(path) => {
            let bus = i2c::open(&device.id, path).map_err(|error| unusable(&error))?;
            introduce_mlx90632(bus, wiring, chip, clock::mono(), &mut really)
        }
        Place::Simulated => {
            let time = SimClock::new(Mono::ZERO);
            let (_, bus) = sim::mlx90632::chip(wiring.address, &time, Random::new(0));
            time.advance(WARM);
            introduce_mlx90632(bus, wiring, None, time.now(), &mut |due| {
                time.set(due);
                time.now()
            })
        }
    }
}

fn introduce_mlx90632<B: I2c>(
    mut bus: B,
    wiring: &Mlx90632,
    chip: Option<drivers::mlx90632::ChipId>,
    now: Mono,
    wait: Wait<'_>,
) -> Saw {
    use drivers::mlx90632::{Mlx90632, OnBus, Poller};
    let found = Mlx90632::new(wiring.address).start(&mut bus, chip).map_err(text)?;
    let saw = measure(&mut OnBus::new(bus, Poller::new(wiring.address, chip, now)), wiring.spot, wait)?;
    let [first, second] = found.halves.map(|half| half.as_millis());
    Ok(format!("{saw}; chip {}, version {:#06x}, measures {first} + {second} ms", found.chip, found.version))
}

fn measure(thermometer: &mut dyn Thermometer, spot: Spot, wait: Wait<'_>) -> Saw {
    let mut last = NoReading::Timeout;
    let mut failed = 0;
    for _ in 0..POLLS_MAX {
        match thermometer.poll(wait(thermometer.due())) {
            Some(Ok(reading)) => return Ok(describe(&reading, spot)),
            Some(Err(reason)) => {
                (last, failed) = (reason, failed + 1);
                if failed == TRIES {
                    break;
                }
            }
            None => {}
        }
    }
    Err(last.to_string())
}

fn describe(reading: &ThermalReading, spot: Spot) -> String {
    let head = spot.head();
    let die = decide::die(&head, reading);
    format!(
        "sees {:.2} °C as skin would be, die {:.2} °C (words {})",
        decide::skin(&head, reading, die).degrees(),
        die.degrees(),
        reading.raw
    )
}

fn listen(id: &DeviceId, scanner: &Scanner) -> Saw {
    let mut simulated = None;
    let path = match &scanner.path {
        Place::Path(path) => path.clone(),
        Place::Simulated => {
            let mut reader = reader::Reader::new().map_err(text)?;
            reader.present(b"probe").map_err(text)?;
            let path = reader.path().to_owned();
            simulated = Some(reader);
            path
        }
    };
    let mut stream = serial::open(id, &path, scanner.baud).map_err(|error| unusable(&error))?;
    let mut buffer = [0; 4_096];
    let got = stream.read(&mut buffer, SCANNER_PATIENCE).map_err(text)?;
    drop(simulated);
    Ok(match got {
        Got::Bytes(count) => format!("open, {count} bytes came"),
        Got::Nothing => "open, silent: show it a code to see more".into(),
        Got::End => "open, at its end".into(),
    })
}

/// Grabs a keyboard for a moment, and says how many keys were pressed meanwhile.
fn typed(id: &DeviceId, wiring: &Keyboard) -> Saw {
    let mut keys = keyboard::open(id, &wiring.at).map_err(|error| unusable(&error))?;
    let mut events = Vec::new();
    keys.read(SCANNER_PATIENCE, &mut events).map_err(text)?;
    Ok(match events.len() {
        0 => "grabbed, silent: show it a code to see more".into(),
        count => format!("grabbed, {count} keys moved"),
    })
}

fn picture(camera: &Camera) -> Saw {
    if camera.source == CameraSource::Simulated {
        let camera = scenery::Camera::new(scenery::Scenery::Person, Random::new(0));
        let frame = camera.frame(Mono::ZERO).map_err(text)?;
        return Ok(format!("{} × {} pixels", frame.width(), frame.height()));
    }
    let mut source = camera::open(camera).map_err(|error| failed(&error))?;
    let mut saw = Err("gave no frame".to_owned());
    let taken = source.next(CAMERA_PATIENCE, &mut |raw| {
        let frame = convert::luma(raw).map_err(|error| format!("a frame cannot be used: {error}"));
        saw = frame.map(|frame| format!("{} × {} pixels, {:?}", frame.width(), frame.height(), raw.format));
    });
    taken.map_err(|error| failed(&error)).and(saw)
}

fn level(line: Option<&mut Input<AnyInput>>) -> Result<&'static str, String> {
    let Some(line) = line else { return Ok("none") };
    Ok(match line.read().map_err(text)? {
        Level::Active => "active",
        Level::Idle => "idle",
    })
}

/// Path and cause; the line begins with the device anyway.
fn unusable(error: &Unusable) -> String {
    format!("{}: {}", error.path, error.cause)
}

fn failed(error: &CameraError) -> String {
    format!("{}: {}", error.camera, error.what)
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_device_of_the_simulated_board_gives_something() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("boards/simulated.toml");
        let board = Board::read(&file).unwrap();
        let (good, said) = probe_text(&board);
        assert!(good, "{said}");
        assert_eq!(said.lines().count(), board.devices.len());
        for part in ["sees 2", "bytes came", "640 × 480 pixels", "switch closed: active", "dark", "idle"] {
            assert!(said.contains(part), "{part:?} in {said}");
        }
    }

    #[test]
    fn real_input_without_hardware_is_read_and_a_missing_device_fails_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("in_temp_object_raw", "15058\n");
        write("in_temp_ambient_raw", "14832\n");
        write("in_temp_offset", "-13657.5\n");
        write("in_temp_scale", "20\n");
        write("codes.txt", "one\n");
        let text = "simulated = true\nname = \"files\"\nlanes = [\"a\"]\n[gpio]\nbackend = \"simulated\"\n\
            [[device]]\nid = \"barrier\"\nlane = \"a\"\ndriver = \"barrier\"\nline = 17\n\
            [[device]]\nid = \"brow\"\nlane = \"a\"\ndriver = \"mlx90614-iio\"\npath = \"FOLDER\"\n\
            supply_mv = 3000\nemissivity = 1.0\n\
            [[device]]\nid = \"codes\"\nlane = \"a\"\ndriver = \"scanner\"\npath = \"FOLDER/codes.txt\"\n\
            [[device]]\nid = \"eye\"\nlane = \"a\"\ndriver = \"camera\"\nframes = \"FOLDER/none\"\n";
        let text = text.replace("FOLDER", folder.path().to_str().unwrap());
        let (good, said) = probe_text(&Board::parse("b.toml", &text).unwrap());
        assert!(!good, "{said}");
        let lines: Vec<_> = said.lines().collect();
        assert!(lines[0].starts_with("ok") && lines[0].contains("switch open: none"), "{said}");
        assert!(lines[1].contains("sees 28.01 °C as skin would be, die 23.49 °C"), "{said}");
        assert!(lines[2].contains("bytes came"), "{said}");
        assert!(lines[3].starts_with("FAILED eye"), "{said}");
    }

    #[test]
    fn a_thermal_array_says_what_it_sees_or_why_nothing() {
        let air = tempfile::tempdir().unwrap();
        std::fs::write(air.path().join("temp1_input"), "21000\n").unwrap();
        let text = format!(
            "simulated = true\nname = \"view\"\nlanes = [\"a\"]\n[gpio]\nbackend = \"simulated\"\n\
             [[device]]\nid = \"barrier\"\nlane = \"a\"\ndriver = \"barrier\"\nline = 17\n\
             [[device]]\nid = \"air\"\nlane = \"a\"\ndriver = \"temperature-file\"\npath = {:?}\n\
             [[device]]\nid = \"view\"\nlane = \"a\"\ndriver = \"mlx90640\"\nbus = \"simulated\"\n",
            air.path()
        );
        let (good, said) = probe_text(&Board::parse("b.toml", &text).unwrap());
        assert!(good, "{said}");
        let line = said.lines().last().unwrap();
        for part in ["ok     view", "32 × 24 pixels", "die 28.0 °C, supply 3300 mV; no face: nobody is there"]
        {
            assert!(line.contains(part), "{part:?} in {line:?}");
        }
        let absent = text.replace("bus = \"simulated\"", "bus = \"/dev/i2c-none\"");
        let (good, said) = probe_text(&Board::parse("b.toml", &absent).unwrap());
        assert!(
            !good && said.contains("FAILED view") && said.contains("/dev/i2c-none: No such file"),
            "{said}"
        );
        let (good, said) =
            probe_text(&Board::parse("b.toml", &text.replace("mlx90640", "mlx90641")).unwrap());
        assert!(!good && said.contains("nothing simulates it"), "{said}");
    }

    fn probe_text(board: &Board) -> (bool, String) {
        let mut out = Vec::new();
        let good = probe(board, &mut out).unwrap();
        (good, String::from_utf8(out).unwrap())
    }
}
