//! The chips under the drivers that ship.

use embedded_hal::i2c::I2c as _;

use super::*;
use crate::base::{CentiCelsius, NoReading};
use crate::drivers::{OpenBus, SideSensor, sht4x as air, tmp117 as plate, vl53l0x as reach};
use crate::model::{Beside, Nearby};

/// A chip with the driver that ships above it.
struct World<C> {
    clock: SimClock,
    hand: Handle<C>,
    sensor: Box<dyn SideSensor>,
}

#[test]
fn the_air_is_what_the_drivers_say() {
    for ambient in [-18.0, 0.0, 22.0, 41.5] {
        let scene = Scene { ambient, ..Scene::EMPTY };
        for beside in [tmp117_world().said(scene), sht4x_world().said(scene)] {
            let (Beside::Air(Ok(value)) | Beside::Outdoor(Ok(value))) = beside else { panic!("{beside:?}") };
            assert!((value.degrees() - ambient).abs() < 0.15, "{ambient}: {value:?}");
        }
    }
}

#[test]
fn the_distance_is_that_of_whoever_stands_there() {
    let mut world = vl53l0x_world();
    for distance_mm in [Some(45), Some(300), Some(1_150), None, Some(2_500)] {
        let said = world.said(Scene { distance_mm, ..Scene::EMPTY });
        let Beside::Distance(Ok(millimetres)) = said else { panic!("{said:?}") };
        match distance_mm.filter(|distance| *distance <= 1_200) {
            Some(distance) => assert!(millimetres.abs_diff(distance) <= 10, "{distance}: {millimetres}"),
            None => assert_eq!(millimetres, u16::MAX),
        }
    }
}

#[test]
fn every_fault_has_its_reason_and_passes_with_it() {
    let dead = Faults { dead_bus: true, ..Faults::default() };
    let absent = Faults { nak: 1.0, ..Faults::default() };
    let flips = Faults { flip: 1.0, ..Faults::default() };
    let hung = Faults { hung: true, ..Faults::default() };
    let cases = [
        (dead, [NoReading::Timeout; 3]),
        (absent, [NoReading::Absent; 3]),
        // One that measures nothing acknowledges no read.
        (hung, [NoReading::Timeout, NoReading::Absent, NoReading::Stale]),
    ];
    for (faults, [one, other, third]) in cases {
        tmp117_world().fails(faults, one);
        sht4x_world().fails(faults, other);
        vl53l0x_world().fails(faults, third);
    }
    // Only one of them has a checksum; of the others a wrong part is the first to show.
    sht4x_world().fails(flips, NoReading::Checksum);
    let mut world = tmp117_world();
    world.hand.set_faults(flips);
    assert_eq!(health(&world.next()), Err(NoReading::WrongPart));
}

#[test]
fn a_distance_sensor_that_was_without_power_is_set_up_anew() {
    let mut world = vl53l0x_world();
    let scene = Scene { distance_mm: Some(45), ..Scene::EMPTY };
    world.said(scene);
    world.hand.power_cycle();
    let failed = (0..30).find_map(|_| health(&world.next()).err());
    assert_eq!(failed, Some(NoReading::Stale));
    assert!(matches!(world.said(scene), Beside::Distance(Ok(40..=50))));
}

#[test]
fn nobody_else_waits_for_a_conversion_and_nothing_is_ready_before_its_end() {
    let clock = SimClock::new(Mono::from_millis(10_000));
    let (hand, mut bus) = tmp117::chip(plate::ADDRESS, &clock, Random::new(3));
    hand.set_scene(Scene { ambient: 30.0, ..Scene::EMPTY });
    let mut word = |register| {
        let mut word = [0; 2];
        bus.write_read(plate::ADDRESS, &[register], &mut word).unwrap();
        u16::from_be_bytes(word)
    };
    assert_eq!((word(0x00), word(0x01), word(0x0F)), (0x8000, 0x0220, 0x0117), "as powered");
    hand.wait().delay_ms(120);
    assert_eq!(word(0x01) & 0x2000, 0, "it takes 125 ms");
    hand.wait().delay_ms(10);
    assert_eq!(word(0x01) & 0x2000, 0x2000);
    assert_eq!(word(0x01) & 0x2000, 0, "reading clears it");
    assert!((i32::from(word(0x00)) - 3_840).abs() < 4);
    assert_eq!(clock.now(), Mono::from_millis(10_000));
    let (_, mut bus) = sht4x::chip(air::ADDRESS, &clock, Random::new(3));
    bus.write(air::ADDRESS, &[0xFD]).unwrap();
    assert!(bus.read(air::ADDRESS, &mut [0; 6]).is_err(), "it takes 8.3 ms");
}

fn tmp117_world() -> World<tmp117::Tmp117> {
    world(tmp117::chip(plate::ADDRESS, &clock(), Random::new(1)), |open, hand, now| {
        Box::new(plate::Chip::new(open, hand.wait(), plate::ADDRESS, Nearby::Air, now))
    })
}

fn sht4x_world() -> World<sht4x::Sht4x> {
    world(sht4x::chip(air::ADDRESS, &clock(), Random::new(2)), |open, hand, now| {
        Box::new(air::Chip::new(open, hand.wait(), air::ADDRESS, Nearby::Outdoor, now).unwrap())
    })
}

fn vl53l0x_world() -> World<vl53l0x::Vl53l0x> {
    world(vl53l0x::chip(reach::ADDRESS, &clock(), Random::new(3)), |open, _, now| {
        Box::new(reach::Chip::new(open, reach::ADDRESS, now))
    })
}

fn clock() -> SimClock {
    SimClock::new(Mono::from_millis(10_000))
}

fn world<C: Chip + 'static>(
    (hand, bus): (Handle<C>, Bus<C>),
    driver: impl FnOnce(OpenBus<Bus<C>>, &Handle<C>, Mono) -> Box<dyn SideSensor>,
) -> World<C> {
    let clock = hand.clock.clone();
    let sensor = driver(Box::new(move || Ok(bus.clone())), &hand, clock.now());
    World { clock, hand, sensor }
}

impl<C: Chip> World<C> {
    /// What is said next.
    fn next(&mut self) -> Beside {
        for _ in 0..100 {
            self.clock.set(self.sensor.due());
            if let Some(said) = self.sensor.poll(self.clock.now()) {
                return said;
            }
        }
        panic!("it says nothing");
    }

    /// What is said of `scene`, once nothing older is in the chip.
    fn said(&mut self, scene: Scene) -> Beside {
        self.hand.set_scene(scene);
        (0..3).map(|_| self.next()).last().unwrap()
    }

    fn fails(mut self, faults: Faults, reason: NoReading) {
        assert!(health(&self.next()).is_ok(), "{faults:?}");
        self.hand.set_faults(faults);
        let failed = (0..40).find_map(|_| health(&self.next()).err());
        assert_eq!(failed, Some(reason), "{faults:?}");
        self.hand.set_faults(Faults::default());
        assert!((0..4).any(|_| health(&self.next()).is_ok()), "{faults:?}");
    }
}

fn health(said: &Beside) -> Result<(), NoReading> {
    said.health()
}

#[test]
fn a_temperature_is_rounded_to_its_steps() {
    // 0x0C80: 25 °C, datasheet, table 7-1; a chip whose noise is none would say just that.
    let said = tmp117_world().said(Scene { ambient: 25.0, ..Scene::EMPTY });
    let Beside::Air(Ok(value)) = said else { panic!("{said:?}") };
    assert!((value - CentiCelsius::new(2_500).unwrap()).abs() <= 3, "{value:?}");
}
