//! The driver against the simulated chip: what stands before it comes out, and faults have their reasons.

use std::time::Duration;

use embedded_hal::i2c::I2c;
use kakou::base::{Mono, NoReading, Random};
use kakou::drivers::ThermalArray;
use kakou::drivers::mlx9064x::{ADDRESS, OnBus, Rate};
use kakou::drivers::mlx90640::KIND;
use kakou::drivers::mlx90641;
use kakou::model::ThermalFrame;
use kakou::sim::clock::SimClock;
use kakou::sim::thermal_array::{
    BROKEN, Bus, Faults, Handle, OUTLYING, Person, SMALL_BROKEN, Scene, chip, small_chip,
};
use kakou::thermometry::array::{Limits, find};

#[test]
fn every_pixel_of_a_scene_comes_back_within_five_hundredths() {
    for (background, skin, die, volts) in
        [(20.0, 34.6, 28.0, 3.3), (-15.0, 31.0, -5.0, 3.2), (36.0, 37.5, 45.0, 3.4)]
    {
        let mut world = World::new(8);
        world.handle.set_noise(0.0);
        world.handle.set_die(die, volts);
        let scene = Scene::empty(background).with(Person::new(skin));
        world.handle.set_scene(scene.clone());
        let frame = world.frame().unwrap();
        assert!((frame.die.degrees() - die).abs() < 0.05, "{frame:?}");
        assert!((f64::from(frame.supply_mv) / 1_000.0 - volts).abs() < 0.001, "{}", frame.supply_mv);
        let expected = scene.pixels(32, 24);
        for (index, (got, expected)) in frame.pixels().iter().zip(expected).enumerate() {
            let got = f64::from(*got) / 100.0;
            // A count is 0.07 °C for cold objects, less for warm ones.
            let allowed = if expected < 0.0 { 0.08 } else { 0.05 };
            let made_up = [BROKEN, OUTLYING].contains(&index);
            assert!(made_up || (got - expected).abs() <= allowed, "pixel {index}: {got} of {expected}");
        }
    }
}

#[test]
fn every_pixel_of_the_smaller_chip_comes_back_within_five_hundredths() {
    let clock = SimClock::new(Mono::from_millis(10_000));
    let (handle, bus) = small_chip(ADDRESS, &clock, Random::new(7));
    let array = OnBus::new(bus, ADDRESS, mlx90641::KIND, Rate::new(8).unwrap(), clock.now());
    let mut world = World { clock, handle, array };
    world.handle.set_noise(0.0);
    for (background, skin, die) in [(20.0, 34.6, 28.0), (-15.0, 31.0, -5.0), (36.0, 37.5, 45.0)] {
        world.handle.set_die(die, 3.3);
        let scene = Scene::empty(background).with(Person::new(skin).wide(13.0));
        world.handle.set_scene(scene.clone());
        // The first may be half of the scene before.
        let frame = (0..2).map(|_| world.frame().unwrap()).last().unwrap();
        assert_eq!((frame.width(), frame.height()), (16, 12));
        for (index, (got, expected)) in frame.pixels().iter().zip(scene.pixels(16, 12)).enumerate() {
            let got = f64::from(*got) / 100.0;
            assert!(index == SMALL_BROKEN || (got - expected).abs() <= 0.05, "{index}: {got} of {expected}");
        }
    }
    assert_eq!(world.handle.writes_refused(), 0);
}

#[test]
fn hot_and_cold_objects_are_in_their_ranges() {
    for celsius in [-35.0, -10.0, 60.0, 150.0, 200.0, 290.0] {
        let mut world = World::new(4);
        world.handle.set_noise(0.0);
        world.handle.set_scene(Scene::empty(celsius));
        let frame = world.frame().unwrap();
        let worst =
            frame.pixels().iter().map(|got| (f64::from(*got) / 100.0 - celsius).abs()).fold(0.0, f64::max);
        assert!(worst < 0.11, "{celsius}: {worst}");
    }
}

#[test]
fn bad_pixels_are_made_from_their_neighbours() {
    let mut world = World::new(8);
    world.handle.set_noise(0.0);
    let frame = world.frame().unwrap();
    for pixel in [BROKEN, OUTLYING] {
        assert!((f64::from(frame.pixels()[pixel]) / 100.0 - 22.0).abs() < 0.05, "{}", frame.pixels()[pixel]);
    }
}

#[test]
fn the_noise_is_a_tenth_of_a_degree_at_one_hertz_and_grows_with_the_root_of_the_rate() {
    for (hertz, expected) in [(1, 0.1), (4, 0.2), (16, 0.4)] {
        let mut world = World::new(hertz);
        let frames: Vec<_> = (0..8).map(|_| world.frame().unwrap()).collect();
        let apart = |pixel: &i16| (f64::from(*pixel) / 100.0 - 22.0).powi(2);
        let squares: f64 = frames.iter().flat_map(ThermalFrame::pixels).map(apart).sum();
        let rms = (squares / (8.0 * 768.0)).sqrt();
        assert!((rms / expected - 1.0).abs() < 0.10, "{hertz} Hz: {rms}");
    }
}

#[test]
fn frames_come_at_half_the_rate_and_nothing_is_written_to_the_eeprom() {
    let mut world = World::new(8);
    world.frame().unwrap();
    let from = world.clock.now();
    for _ in 0..8 {
        world.frame().unwrap();
    }
    let taken = world.clock.now().since(from);
    assert!((1_900..=2_100).contains(&taken.as_millis()), "{taken:?}");
    assert_eq!(world.handle.writes_refused(), 0);
    let (handle, mut bus) = chip(ADDRESS, &world.clock, Random::new(1));
    assert!(bus.write(ADDRESS, &[0x24, 0x40, 0, 0]).is_err());
    assert!(bus.write_read(0x5A, &[0x24, 0x40], &mut [0; 2]).is_err());
    assert_eq!(handle.writes_refused(), 1);
}

#[test]
fn every_fault_has_its_reason_and_passes_with_it() {
    let dead = Faults { dead_bus: true, ..Faults::default() };
    let absent = Faults { nak: 1.0, ..Faults::default() };
    let hung = Faults { hung: true, ..Faults::default() };
    let half = Faults { one_subpage: true, ..Faults::default() };
    let frozen = Faults { frozen: true, ..Faults::default() };
    let slow = Faults { slow_read: Some(Duration::from_millis(150)), ..Faults::default() };
    let cases = [
        (dead, NoReading::Timeout),
        (absent, NoReading::Absent),
        (hung, NoReading::Timeout),
        (half, NoReading::Stale),
        (frozen, NoReading::Stale),
        (slow, NoReading::Stale),
    ];
    for (faults, reason) in cases {
        let mut world = World::new(8);
        world.frame().unwrap();
        world.handle.set_faults(faults);
        let failed = (0..20).find_map(|_| world.frame().err());
        assert_eq!(failed, Some(reason), "{faults:?}");
        world.handle.set_faults(Faults::default());
        let back = (0..8).any(|_| world.frame().is_ok());
        assert!(back, "{faults:?}");
    }
    // A lost gain makes it no calibration.
    let mut world = World::new(8);
    world.handle.set_faults(Faults { lost_word: Some(0x30), ..Faults::default() });
    assert_eq!(world.frame(), Err(NoReading::Flagged));
}

#[test]
fn a_chip_that_was_without_power_is_set_up_anew_and_a_frame_is_never_of_both_lives() {
    let mut world = World::new(8);
    world.frame().unwrap();
    world.handle.power_cycle();
    let (mut failed, mut frames) = (0, 0);
    for _ in 0..4 {
        match world.frame() {
            Ok(_) => frames += 1,
            Err(reason) => {
                assert_eq!(reason, NoReading::Flagged);
                failed += 1;
            }
        }
    }
    assert_eq!((failed, frames), (1, 3));
}

#[test]
fn a_face_is_found_through_the_whole_chip() {
    let mut world = World::new(4);
    world.handle.set_scene(Scene::empty(20.0).with(Person::new(34.6)));
    let face = find(&world.frame().unwrap(), &Limits::of(32)).unwrap();
    assert!((face.hottest.degrees() - 34.7).abs() < 0.4, "{face:?}");
    world.handle.set_scene(Scene::empty(20.0).with(Person::new(38.6)));
    let fever = find(&world.frame().unwrap(), &Limits::of(32)).unwrap();
    let more = f64::from(fever.hottest - face.hottest) / 100.0;
    assert!((more - 4.0).abs() < 0.5, "{more}");
}

struct World {
    clock: SimClock,
    handle: Handle,
    array: OnBus<Bus>,
}

impl World {
    fn new(hertz: u8) -> Self {
        let clock = SimClock::new(Mono::from_millis(10_000));
        let (handle, bus) = chip(ADDRESS, &clock, Random::new(7));
        let array = OnBus::new(bus, ADDRESS, KIND, Rate::new(hertz).unwrap(), clock.now());
        Self { clock, handle, array }
    }

    /// The next frame, or why there is none.
    fn frame(&mut self) -> Result<ThermalFrame, NoReading> {
        for _ in 0..2_000 {
            let wait = self.array.due().since(self.clock.now());
            self.clock.advance(wait);
            if let Some(result) = self.array.poll(self.clock.now()) {
                return result;
            }
        }
        panic!("neither a frame nor a reason");
    }
}
