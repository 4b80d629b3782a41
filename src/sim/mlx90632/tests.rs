//! The chip against its data, and the real driver against the chip.

use super::*;
use crate::base::NoReading;
use crate::drivers::Thermometer;
use crate::drivers::mlx90632::{ADDRESS, Mlx90632, OnBus, Poller};
use crate::model::ThermalReading;

const SKIN: Scene = Scene { target: Some(36.5), ..Scene::EMPTY };

#[test]
fn its_constants_are_the_published_ones() {
    // Source: melexis/mlx90632-library test/TestDSP.c: 48.724 and 55.507 °C.
    let chip = Calibration::from_words(&CONSTANTS, CUSTOMER).unwrap();
    let raw = Raw([609, 609, 22_454, 611, 611, 23_030]);
    let ambient = chip.ambient(raw);
    assert!((chip.die(ambient) - 48.724).abs() < 0.01);
    let object = chip.object(chip.signal(raw), ambient, 1.0, Reflected::Sensor);
    assert!((object - 55.507).abs() < 0.01, "{object}");
}

#[test]
fn the_driver_gets_back_what_stands_before_the_chip() {
    for (target, ambient) in [(30.0, 22.0), (34.5, 10.0), (36.5, 22.0), (37.3, 30.0), (41.0, -10.0)] {
        let mut world = World::new();
        let scene = Scene { target: Some(target), background: ambient, ambient, ..SKIN };
        world.handle.set_scene(scene);
        world.clock.advance(Duration::from_secs(100_000));
        let readings: Vec<_> = (0..200).map(|_| world.next().unwrap()).collect();
        let mean = |of: fn(&ThermalReading) -> f64| readings.iter().map(of).sum::<f64>() / 200.0;
        let (object, die) = (mean(|reading| reading.object.degrees()), mean(|reading| reading.die.degrees()));
        assert!((object - scene.seen()).abs() < 0.03, "{target} in {ambient}: {object}");
        assert!((die - ambient).abs() < 0.2, "{ambient}: {die}");
    }
}

#[test]
fn the_noise_is_what_it_is_said_to_be() {
    let mut world = World::new();
    world.handle.set_scene(SKIN);
    let values: Vec<f64> = (0..4_000).map(|_| world.next().unwrap().object.degrees()).collect();
    let mean = values.iter().sum::<f64>() / 4_000.0;
    let rms = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 4_000.0).sqrt();
    assert!((rms / NOISE - 1.0).abs() < 0.10, "{rms}");
}

#[test]
fn half_of_a_step_shows_in_the_first_half_of_a_measurement() {
    let mut world = World::new();
    let before = world.next().unwrap().object.degrees();
    world.handle.set_scene(Scene { target: Some(60.0), ..SKIN });
    let steps = [1, 2].map(|_| world.next().unwrap().object.degrees());
    let (half, whole) = (steps[0] - before, steps[1] - before);
    // In the signal it is half exactly, which is a little more in degrees the colder it gets.
    assert!((0.47..0.56).contains(&(half / whole)), "{before} {steps:?}");
}

#[test]
fn the_driver_starts_it_and_writes_no_memory() {
    let mut world = World::new();
    world.handle.caught_up().control = 0;
    assert!(world.next().is_ok());
    let state = world.handle.caught_up();
    assert_eq!((state.control, state.status & 0x0100, state.writes), (CONTROL, 0x0100, 0));
}

/// What happens, what it must be called, within how many milliseconds, and what takes it back.
type Case = (&'static str, fn(&Handle), NoReading, u64, fn(&Handle));

const SOUND: Faults = Faults { dead_bus: false, nak: 0.0, flip: 0.0, halted: false, stuck: false };
const FAULTS: [Case; 9] = [
    ("dead bus", |h| h.set_faults(Faults { dead_bus: true, ..SOUND }), NoReading::Timeout, 600, mend),
    ("unplugged", |h| h.set_faults(Faults { nak: 1.0, ..SOUND }), NoReading::Absent, 600, mend),
    ("halted", |h| h.set_faults(Faults { halted: true, ..SOUND }), NoReading::Stale, 1_700, mend),
    ("stuck", |h| h.set_faults(Faults { stuck: true, ..SOUND }), NoReading::Stale, 5_000, mend),
    ("power dip", Handle::power_cycle, NoReading::PowerDip, 600, mend),
    ("memory erased", |h| swap(h, Handle::erase), NoReading::MemoryDead, 1_200, mend),
    ("another version", |h| swap(h, |h| h.replace(ChipId(7), 0x0103)), NoReading::WrongPart, 1_200, mend),
    ("another chip", |h| swap(h, |h| h.replace(ChipId(8), VERSION)), NoReading::WrongPart, 1_200, mend),
    ("memory busy", |h| h.caught_up().status |= 0x0200, NoReading::MemoryBusy, 600, mend),
];

fn swap(handle: &Handle, other: fn(&Handle)) {
    other(handle);
    handle.power_cycle();
}

fn mend(handle: &Handle) {
    handle.set_faults(SOUND);
    handle.replace(ChipId(7), VERSION);
    let mut state = handle.caught_up();
    state.constants = CONSTANTS;
    state.status &= !0x0200;
}

#[test]
fn every_fault_becomes_a_named_state_within_its_stated_time_and_none_a_number() {
    for (what, happens, reason, within_ms, mend) in FAULTS {
        let mut world = World::new();
        assert!(world.next().is_ok(), "{what}");
        happens(&world.handle);
        let since = world.clock.now();
        let found = (0..20).find_map(|_| match world.next() {
            Ok(_) if what == "stuck" => None,
            Ok(reading) => panic!("{what}: {reading:?}"),
            // A reset is noticed before what the chip has become.
            Err(NoReading::PowerDip) if reason != NoReading::PowerDip => None,
            Err(found) => Some(found),
        });
        assert_eq!(found, Some(reason), "{what}");
        let took = world.clock.now().since(since).as_millis();
        assert!(took <= u128::from(within_ms), "{what}: {took} ms");
        // It stays so; a chip that lost its power for a moment starts again by itself.
        let lasts = reason != NoReading::PowerDip;
        assert!(!lasts || (0..20).all(|_| world.next().is_err()), "{what}");
        mend(&world.handle);
        assert!((0..10).any(|_| world.next().is_ok()), "{what}");
        assert_eq!(world.handle.writes(), 0, "{what}");
    }
}

#[test]
fn a_bit_that_flips_in_one_read_is_no_reading() {
    let mut world = World::new();
    world.handle.set_scene(SKIN);
    assert!(world.next().is_ok());
    world.handle.set_faults(Faults { flip: 0.05, ..Faults::default() });
    let seen = SKIN.seen();
    let mut good = 0;
    for _ in 0..2_000 {
        if let Ok(reading) = world.next() {
            assert!((reading.object.degrees() - seen).abs() < 0.4, "{reading:?}");
            good += 1;
        }
    }
    assert!(good > 1_500, "{good}");
}

#[test]
fn words_at_their_ends_are_no_temperature() {
    let mut world = World::new();
    assert!(world.next().is_ok());
    world.handle.set_scene(Scene { target: Some(400.0), ..SKIN });
    assert!((0..4).any(|_| world.next() == Err(NoReading::Flagged)));
}

struct World {
    clock: SimClock,
    handle: Handle,
    sensor: OnBus<Bus>,
}

impl World {
    fn new() -> Self {
        let clock = SimClock::new(Mono::from_millis(1_000));
        let (handle, bus) = chip(ADDRESS, &clock, Random::new(42));
        handle.replace(ChipId(7), VERSION);
        let sensor = OnBus::new(bus, Poller::new(ADDRESS, Some(ChipId(7)), clock.now()));
        assert_eq!(Mlx90632::new(ADDRESS), Mlx90632::new(0x3A));
        Self { clock, handle, sensor }
    }

    /// The next reading, or why there is none.
    fn next(&mut self) -> Result<ThermalReading, NoReading> {
        loop {
            self.clock.set(self.sensor.due());
            if let Some(result) = self.sensor.poll(self.clock.now()) {
                return result;
            }
        }
    }
}
