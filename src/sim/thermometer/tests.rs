//! The chip against its datasheet, and the real driver against the chip.

use super::*;
use crate::base::{Mono, NoReading};
use crate::drivers::mlx90614::{ADDRESS, Mlx90614, Poller};
use crate::model::ThermalReading;
use std::time::Duration;

const SKIN: Scene = Scene { target: Some(34.5), fill: 1.0, background: 22.0, ambient: 22.0 };

#[test]
fn the_noise_is_that_of_the_datasheets_table_within_ten_per_cent() {
    for part in [Part::BAA, Part::DCC, Part::DCI] {
        let mut world = World::new(part);
        world.handle.set_scene(SKIN);
        world.settle();
        let values: Vec<f64> = (0..4_000).map(|_| world.next().unwrap().object.degrees()).collect();
        let mean = values.iter().sum::<f64>() / 4_000.0;
        let rms = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 4_000.0).sqrt();
        assert!((rms / part.noise - 1.0).abs() < 0.10, "{part:?}: {rms}");
    }
}

#[test]
fn a_step_settles_within_the_datasheets_time() {
    // Source: MLX90614 datasheet rev 13, table 8. Settled: within 1 % of a step of 60 °C, above the noise.
    for (part, settling_ms) in [(Part::BAA, 100), (Part::DCC, 140), (Part::DCI, 650)] {
        let mut world = World::new(part);
        world.settle();
        world.handle.set_scene(Scene { target: Some(82.0), ..SKIN });
        world.clock.advance(Duration::from_millis(settling_ms));
        let after = world.read().unwrap().object.degrees();
        world.settle();
        let settled = world.read().unwrap().object.degrees();
        assert!((after - settled).abs() < 1.0, "{part:?}: {after} then {settled}");
    }
}

#[test]
fn the_filter_passes_eighty_per_cent_of_a_step_at_once_and_ninety_six_after_two() {
    let mut world = World::new(Part::DCI);
    world.settle();
    let before = world.read().unwrap().object.degrees();
    world.handle.set_scene(Scene { target: Some(300.0), ..SKIN });
    let steps = [1, 2].map(|_| world.next().unwrap().object.degrees());
    world.settle();
    let after = world.read().unwrap().object.degrees();
    let shares = steps.map(|value| (value - before) / (after - before));
    assert!((shares[0] - 0.80).abs() < 0.01 && (shares[1] - 0.96).abs() < 0.01, "{shares:?}");
}

#[test]
fn the_filter_is_bypassed_for_the_first_conversion_after_power_up() {
    let mut world = World::new(Part { noise: 0.0, ..Part::DCI });
    world.settle();
    world.handle.set_scene(Scene { target: Some(300.0), ..SKIN });
    world.handle.power_cycle();
    world.clock.advance(Duration::from_millis(299));
    let first = world.read().unwrap().object.degrees();
    world.settle();
    let settled = world.read().unwrap().object.degrees();
    assert!((first - settled).abs() < 0.03, "{first} then {settled}");
}

#[test]
fn the_supply_raises_both_temperatures_by_its_slope() {
    let mut world = World::new(Part { noise: 0.0, ..Part::BAA });
    world.settle();
    world.handle.set_supply(3_000);
    let low = world.next().unwrap();
    world.handle.set_supply(3_300);
    let high = world.next().unwrap();
    assert!((high.object - low.object - 18).abs() <= 2, "{high:?} {low:?}");
    assert!((high.die - low.die - 18).abs() <= 6, "{high:?} {low:?}");
}

#[test]
fn a_target_that_does_not_fill_the_field_reads_low() {
    // Fill 0.95 before 22 °C reads 0.59 °C low: see the radiometry's own tests.
    let mut world = World::new(Part { noise: 0.0, ..Part::BAA });
    world.handle.set_scene(SKIN);
    let full = world.next().unwrap().object;
    world.handle.set_scene(Scene { fill: 0.95, ..SKIN });
    let part = world.next().unwrap().object;
    assert!((part - full + 58).abs() <= 3, "{part:?} {full:?}");
}

#[test]
fn the_die_warms_itself_and_follows_its_surroundings_slowly() {
    let mut world = World::new(Part::BAA);
    world.handle.set_supply(3_000);
    let cold = world.next().unwrap().die.degrees();
    (0..3_600).for_each(|_| world.clock_and_catch_up(1_000));
    let warm = world.read().unwrap().die.degrees();
    assert!((warm - cold - 0.8).abs() < 0.1, "{cold} then {warm}");
    world.handle.set_scene(Scene { ambient: 32.0, ..Scene::EMPTY });
    (0..60).for_each(|_| world.clock_and_catch_up(1_000));
    let after_a_minute = world.read().unwrap().die.degrees() - warm;
    assert!((1.0..3.0).contains(&after_a_minute), "{after_a_minute}");
}

#[test]
fn the_chip_answers_its_own_address_and_zero_and_refuses_writes() {
    let mut world = World::new(Part::BAA);
    world.settle();
    assert!(Mlx90614::new(0).read(&mut world.bus).is_ok());
    assert_eq!(Mlx90614::new(0x33).read(&mut world.bus).map_err(NoReading::from), Err(NoReading::Absent));
    assert!(world.bus.write(ADDRESS, &[0x24, 0x00, 0x00, 0x28]).is_err());
    assert_eq!(world.handle.writes_refused(), 1);
}

#[test]
fn before_its_start_up_time_the_chip_has_no_reading() {
    let mut world = World::new(Part::BAA);
    world.clock.advance(Duration::from_millis(240));
    assert_eq!(world.read(), Err(NoReading::Flagged));
    assert!(Mlx90614::new(ADDRESS).flags(&mut world.bus).unwrap().starting);
    world.clock.advance(Duration::from_millis(10));
    assert!(world.read().is_ok());
    assert!(!Mlx90614::new(ADDRESS).flags(&mut world.bus).unwrap().starting);
}

#[test]
fn each_fault_gives_its_reason_and_is_over_when_it_ends() {
    let faults = [
        (Faults { dead_bus: true, ..Faults::default() }, NoReading::Timeout),
        (Faults { nak: 1.0, ..Faults::default() }, NoReading::Absent),
        (Faults { flip: 1.0, ..Faults::default() }, NoReading::Checksum),
        (Faults { error_flag: true, ..Faults::default() }, NoReading::Flagged),
    ];
    let mut world = World::new(Part::BAA);
    world.settle();
    for (fault, reason) in faults {
        world.handle.set_faults(fault);
        assert_eq!(world.read(), Err(reason), "{fault:?}");
        world.handle.set_faults(Faults::default());
        assert!(world.read().is_ok(), "after {fault:?}");
    }
}

#[test]
fn rare_bit_flips_are_healed_by_reading_again() {
    let mut world = World::new(Part::BAA);
    world.settle();
    world.handle.set_faults(Faults { flip: 0.1, ..Faults::default() });
    let good = (0..1_000).filter(|_| world.next().is_ok()).count();
    // Three tries for each of two words: 0.2 % fail.
    assert!(good >= 990, "{good}");
}

#[test]
fn a_stuck_value_is_noticed_within_six_seconds_and_a_living_one_never_looks_stuck() {
    let mut world = World::new(Part::BAA);
    world.handle.set_scene(SKIN);
    world.settle();
    let mut poller = Poller::new(ADDRESS, Duration::from_millis(150), world.clock.now());
    let mut poll = |world: &mut World| {
        world.clock.set(poller.due());
        poller.poll(&mut world.bus, world.clock.now()).unwrap()
    };
    assert!((0..2_000).all(|_| poll(&mut world).is_ok()));
    let since = world.clock.now();
    world.handle.set_faults(Faults { stuck: true, ..Faults::default() });
    let first_failure = (0..100).find_map(|_| poll(&mut world).err());
    assert_eq!(first_failure, Some(NoReading::Stale));
    assert!(world.clock.now().since(since) < Duration::from_secs(6));
}

#[test]
fn the_same_seed_gives_the_same_readings() {
    let run = || {
        let mut world = World::new(Part::DCC);
        world.settle();
        (0..50).map(|_| world.next().unwrap().raw.as_slice()[0]).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

struct World {
    clock: SimClock,
    handle: Handle,
    bus: Bus,
    part: Part,
}

impl World {
    fn new(part: Part) -> Self {
        let clock = SimClock::new(Mono::from_millis(1_000));
        let (handle, bus) = chip(part, ADDRESS, &clock, Random::new(42));
        Self { clock, handle, bus, part }
    }

    fn settle(&mut self) {
        self.clock.advance(Duration::from_secs(5));
        drop(self.handle.caught_up());
    }

    fn clock_and_catch_up(&mut self, ms: u64) {
        self.clock.advance(Duration::from_millis(ms));
        drop(self.handle.caught_up());
    }

    /// A reading of the next conversion; the clock is past the start-up time in any case.
    fn next(&mut self) -> Result<ThermalReading, NoReading> {
        self.clock.advance(self.part.conversion);
        self.clock.set(Mono::from_millis(1_500));
        self.read()
    }

    fn read(&mut self) -> Result<ThermalReading, NoReading> {
        Mlx90614::new(ADDRESS).read(&mut self.bus).map_err(NoReading::from)
    }
}
