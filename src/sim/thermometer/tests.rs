//! The chip against its datasheet, and the real driver against the chip.

use super::*;
use crate::base::{Mono, NoReading};
use crate::drivers::mlx90614::config::Zones;
use crate::drivers::mlx90614::sleep::{SdaPin, Supply, Wake};
use crate::drivers::mlx90614::{ADDRESS, Error, Expected, Mlx90614, Poller};
use crate::model::ThermalReading;

const SKIN: Scene = Scene { target: Some(34.5), ..Scene::EMPTY };

/// Table 8 of the datasheet, rev 13: part, settling in ms, noise in °C rms.
const TABLE_8: [(Part, u64, f64); 9] = [
    (Part::BAA, 100, 0.05),
    (Part::DAA, 100, 0.05),
    (Part::BBA, 140, 0.07),
    (Part::BCC, 140, 0.18),
    (Part::DCC, 140, 0.18),
    (Part::BCF, 1_330, 0.10),
    (Part::BCI, 650, 0.10),
    (Part::DCI, 650, 0.10),
    (Part::BCK, 3_230, 0.30),
];

#[test]
fn the_noise_is_that_of_the_datasheets_table_within_ten_per_cent() {
    for (part, _, noise) in TABLE_8 {
        let mut world = World::new(part);
        world.handle.set_scene(SKIN);
        world.settle();
        let values: Vec<f64> = (0..8_000).map(|_| world.quietly()).collect();
        let mean = values.iter().sum::<f64>() / 8_000.0;
        let rms = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 8_000.0).sqrt();
        assert!((rms / noise - 1.0).abs() < 0.10, "{part:?}: {rms}");
    }
}

#[test]
fn a_step_is_settled_within_a_thousandth_after_the_datasheets_time() {
    for (part, settling_ms, _) in TABLE_8 {
        let mut world = World::new(Part { noise: 0.0, ..part });
        world.settle();
        world.handle.set_scene(Scene { target: Some(150.0), ..SKIN });
        world.clock.advance(Duration::from_millis(settling_ms));
        let after = world.now();
        world.settle();
        let settled = world.now();
        // One step of the word more, for its rounding.
        assert!((after - settled).abs() <= 0.001 * 128.0 + 0.02, "{part:?}: {after} then {settled}");
    }
}

#[test]
fn a_step_reaches_each_share_when_the_filters_formula_says() {
    for (part, ..) in TABLE_8 {
        for share in [0.63, 0.95] {
            let mut world = World::new(Part { noise: 0.0, ..part });
            world.settle();
            let before = world.now();
            world.handle.set_scene(Scene { target: Some(150.0), ..SKIN });
            world.clock.set(world.handle.caught_up().optics.next());
            let at_first = world.now();
            let steps: Vec<f64> = [at_first].into_iter().chain((0..60).map(|_| world.quietly())).collect();
            let after = steps[60];
            let reached =
                steps.iter().position(|value| (value - before) / (after - before) >= share).unwrap();
            // 1 − (1 − a)ⁿ ≥ share for the first time.
            let mut rest = 1.0;
            let formula = (0..).find(|_| {
                rest *= 1.0 - part.share;
                1.0 - rest >= share
            });
            assert_eq!(Some(reached), formula, "{part:?} {share}");
        }
    }
}

#[test]
fn the_filter_passes_eighty_per_cent_of_a_step_at_once_and_ninety_six_after_two() {
    let mut world = World::new(Part { noise: 0.0, ..Part::DCI });
    world.settle();
    let before = world.now();
    world.handle.set_scene(Scene { target: Some(190.0), ..SKIN });
    let steps = [1, 2].map(|_| world.quietly());
    world.settle();
    let after = world.now();
    let shares = steps.map(|value| (value - before) / (after - before));
    assert!((shares[0] - 0.80).abs() < 0.001 && (shares[1] - 0.96).abs() < 0.001, "{shares:?}");
}

#[test]
fn medical_parts_saturate_at_two_hundred_degrees_and_others_at_the_end_of_their_word() {
    for (part, most) in [(Part::DCC, 200.0), (Part::BCC, 382.19)] {
        let mut world = World::new(part);
        world.handle.set_scene(Scene { target: Some(600.0), ..SKIN });
        world.settle();
        assert!((world.now() - most).abs() < 0.011, "{part:?}: {}", world.now());
    }
}

#[test]
fn a_bus_that_is_never_silent_warms_the_value() {
    let mut world = World::new(Part { noise: 0.0, ..Part::BAA });
    world.handle.set_supply(3_000);
    world.settle();
    let quiet = world.read().unwrap().object.degrees();
    world.clock.advance(Duration::from_millis(10));
    let hurried = world.read().unwrap().object.degrees();
    assert!((hurried - quiet - 0.45).abs() < 0.02, "{quiet} then {hurried}");
    world.clock.advance(Duration::from_secs(1));
    assert!((world.read().unwrap().object.degrees() - quiet).abs() < 0.02);
    assert_eq!(world.handle.quietest(), Some(Duration::from_millis(10)));
    // Whatever else is asked for at the same time is no silence.
    world.clock.advance(Duration::from_secs(1));
    assert!(Mlx90614::new(ADDRESS).identify(&mut world.bus).is_ok() && world.read().is_ok());
    assert_eq!(world.handle.quietest(), Some(Duration::ZERO));
}

#[test]
fn an_emissivity_set_in_the_chip_changes_what_it_says_from_the_next_power_up() {
    let mut world = World::new(Part { noise: 0.0, ..Part::BAA });
    world.handle.set_scene(SKIN);
    world.settle();
    let one = world.now();
    world.handle.caught_up().memory.set(4, 0xFFFF);
    let now = world.clock.now();
    assert_eq!(world.handle.caught_up().memory.write(4, 0, now), Taken::Yes);
    world.settle();
    let now = world.clock.now();
    assert_eq!(world.handle.caught_up().memory.write(4, 0xFAE0, now), Taken::Yes);
    world.settle();
    assert!((world.now() - one).abs() < 0.021, "until the power is off");
    world.handle.power_cycle();
    world.settle();
    // (34.26⁴ − 0.02 · 22.8⁴) / 0.98 as absolute temperatures: computed by a separate program.
    let changed = world.now() - one;
    assert!((changed - 0.22).abs() < 0.03, "{changed}");
}

#[test]
fn a_cell_is_erased_before_it_is_written_and_the_memory_is_busy_for_five_milliseconds() {
    let world = World::new(Part::BAA);
    let now = Mono::from_millis(5_000);
    let after = now + Duration::from_millis(5);
    let mut state = world.handle.caught_up();
    let memory = &mut state.memory;
    assert_eq!(memory.write(0x0E, 0x005B, now), Taken::Yes);
    assert_eq!((memory.read(0x0E, now), memory.write(0x0E, 0, now)), (0, Taken::No), "busy");
    assert_eq!(memory.read(0x0E, after), 0xBE5B, "old bits stay where nothing was erased");
    assert_eq!(memory.address(), 0x5A, "until the next power-up");
    memory.power_up(after);
    assert_eq!(memory.address(), 0x5B);
    assert_eq!(memory.write(0x1C, 0, after), Taken::No, "the number is the maker's");
    assert_eq!(memory.write(0x0F, 0, after), Taken::No, "locked");
    memory.unlock();
    assert_eq!(memory.write(0x0F, 0, after), Taken::Yes);
}

#[test]
fn a_sleeping_chip_answers_nothing_and_wakes_by_a_low_line_of_more_than_thirty_three_milliseconds() {
    let mut world = World::new(Part::BAA);
    world.settle();
    let chip = Mlx90614::new(ADDRESS);
    assert_eq!(chip.sleeper(Supply::FiveVolt), None);
    chip.sleeper(Supply::ThreeVolt).unwrap().sleep(&mut world.bus).unwrap();
    world.settle();
    assert_eq!(world.read(), Err(NoReading::Absent));
    let mut sda = world.handle.sda();
    sda.set_low().unwrap();
    world.clock.advance(Duration::from_millis(33));
    sda.set_high().unwrap();
    assert_eq!(world.read(), Err(NoReading::Absent), "not long enough");
    SdaPin(sda).wake(&mut world.clock).unwrap();
    assert_eq!(world.read(), Err(NoReading::Flagged), "no valid data yet");
    assert_eq!(chip.identify(&mut world.bus), Err(Error::Starting));
    world.clock.advance(START_UP);
    assert!(world.read().is_ok());
}

#[test]
fn the_filter_is_bypassed_for_the_first_conversion_after_power_up() {
    let mut world = World::new(Part { noise: 0.0, ..Part::DCI });
    world.settle();
    world.handle.set_scene(Scene { target: Some(190.0), ..SKIN });
    world.handle.power_cycle();
    world.clock.advance(Duration::from_millis(299));
    let first = world.now();
    world.settle();
    let settled = world.now();
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
    // Skin seen as 34.5 °C; computed from the formula by a separate program, as in the radiometry's own tests.
    let errors = [(0.95, 22.0, -0.59), (0.95, 0.0, -1.47), (0.90, 22.0, -1.18), (0.90, 0.0, -2.95)];
    for (fill, background, error) in errors {
        let mut world = World::new(Part { noise: 0.0, ..Part::BAA });
        let scene = Scene { target: Some(34.5), background, ..Scene::EMPTY };
        world.handle.set_scene(scene);
        let full = world.quietly();
        world.handle.set_scene(Scene { fill, ..scene });
        let part = world.quietly();
        // Skin reflects: what is full is a little below 34.5 °C, and loses a little less.
        assert!((part - full - error).abs() <= 0.08, "{fill} {background}: {}", part - full);
    }
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
fn the_chip_answers_its_own_address_and_zero_and_refuses_writes_that_are_wrong() {
    let mut world = World::new(Part::BAA);
    world.settle();
    assert!(Mlx90614::new(0).read(&mut world.bus).is_ok());
    assert_eq!(Mlx90614::new(0x33).read(&mut world.bus).map_err(NoReading::from), Err(NoReading::Absent));
    assert!(world.bus.write(ADDRESS, &[0x24, 0x00, 0x00, 0x29]).is_err(), "its code is 0x28");
    assert!(world.bus.write(ADDRESS, &[0x3C, 0x00, 0x00, 0x00]).is_err());
    assert_eq!(world.handle.writes(), 2);
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
    let settling = Duration::from_millis(150);
    let expected = Expected { address: ADDRESS, settling, zones: Zones::Single, chip: None };
    let mut poller = Poller::new(expected, world.clock.now());
    let mut poll = |world: &mut World| {
        loop {
            world.clock.set(poller.due());
            if let Some(result) = poller.poll(&mut world.bus, world.clock.now()) {
                return result;
            }
        }
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
        self.clock.advance(Duration::from_secs(20));
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

    /// The object temperature of the next conversion, on a bus that is silent.
    fn quietly(&mut self) -> f64 {
        self.clock.advance(self.part.conversion);
        self.now()
    }

    /// The object temperature now, on a bus that is silent.
    fn now(&self) -> f64 {
        let mut state = self.handle.caught_up();
        state.optics.silent_for(Duration::MAX);
        f64::from(state.optics.object_word()) * 0.02 - 273.15
    }

    fn read(&mut self) -> Result<ThermalReading, NoReading> {
        Mlx90614::new(ADDRESS).read(&mut self.bus).map_err(NoReading::from)
    }
}
