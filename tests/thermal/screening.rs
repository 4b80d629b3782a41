//! A lane's screening over a simulated array: bytes of the chip to a zone, in virtual time.

use std::time::Duration;

use kakou::base::{CentiCelsius, Mono, Random};
use kakou::drivers::mlx9064x::{OnBus, Rate};
use kakou::drivers::{ThermalArray, mlx90640};
use kakou::model::trace::Head;
use kakou::model::{Beside, BodySite, FrameArea, NotMeasured, Screening, Zone};
use kakou::sim::clock::SimClock;
use kakou::sim::thermal_array::{Person, Scene, Worn, chip};
use kakou::thermometry::settings::PLAIN_HEAD;
use kakou::thermometry::{Plate, Screener, Sense, Settings, Surroundings, Whose, array};

#[test]
fn one_face_is_screened_by_its_warmest_place_and_two_faces_are_not() {
    // As seen at emissivity 1: 34.6 is skin of 34.9, in air of 21 °C a core equivalent of 36.3; 37.1 is one of 39.1.
    let room = || Scene::empty(21.0);
    let cases = [
        (room().with(Person::new(34.6)), Ok(Zone::Below)),
        (room().with(Person::new(37.1)), Ok(Zone::Refer)),
        (
            room().with(Person::new(34.6).at(9.0, 11.0)).with(Person::new(35.4).at(23.0, 11.0)),
            Err(NotMeasured::Several),
        ),
        (room().with(Person::new(34.6).wearing(Worn::Hat)), Err(NotMeasured::Covered)),
        (room(), Err(NotMeasured::NobodyThere)),
    ];
    for (number, (scene, zone)) in cases.into_iter().enumerate() {
        let screening = screen(scene);
        assert_eq!(screening.zone, zone, "case {number}: {screening:?}");
        if let Some(trace) = screening.trace {
            assert_eq!(trace.basis.site, BodySite::FaceMax);
            assert_eq!(trace.basis.samples[0].raw.as_slice().len(), 4);
            assert!(kakou::thermometry::decide::agrees(&trace));
        }
    }
}

#[test]
fn a_plate_in_the_picture_is_compared_while_somebody_stands_there_and_not_through_them() {
    let visitor = || Scene::empty(21.0).with(Person::new(34.6));
    let beside = Some(FrameArea { left: 27, top: 0, right: 31, bottom: 4 });
    let behind = Some(FrameArea { left: 14, top: 8, right: 18, bottom: 12 });
    // Its pixels differ by noise of 0.2 °C; what the plate's thermometer says is what changes.
    for (area, plate, zone) in [
        (beside, 21.0, Ok(Zone::Below)),
        (beside, 21.6, Err(NotMeasured::Reference)),
        (beside, 20.4, Err(NotMeasured::Reference)),
        (behind, 21.0, Err(NotMeasured::Reference)),
    ] {
        let screening = screen_beside(visitor(), area.map(|area| (area, plate)));
        assert_eq!(screening.zone, zone, "{area:?} {plate}: {screening:?}");
    }
}

fn screen(scene: Scene) -> Screening {
    screen_beside(scene, None)
}

/// A screening beside a plate that the picture shows in some area, and that has so many °C.
fn screen_beside(scene: Scene, plate: Option<(FrameArea, f64)>) -> Screening {
    let clock = SimClock::new(Mono::ZERO);
    let (hand, bus) = chip(0x33, &clock, Random::new(7));
    hand.set_scene(scene);
    let mut sensor = OnBus::new(bus, 0x33, mlx90640::KIND, Rate::new(4).unwrap(), clock.now());
    let settings = Settings {
        head: Head { supply_mv: 3_000, accuracy: 100, ..PLAIN_HEAD },
        site: Some(BodySite::FaceMax),
        surroundings: Surroundings::Thermometer,
        plate: plate.map(|(area, _)| Plate {
            every: Duration::from_secs(1_800),
            emissivity: 1_000,
            area: Some(area),
        }),
        ..Settings::default()
    };
    let mut screener = Screener::new(settings, clock.now());
    // The lane has been at rest for a while.
    let begins = clock.now() + Duration::from_secs(10);
    let mut begun = false;
    for _ in 0..4_000 {
        let now = sensor.due().max(clock.now());
        clock.set(now);
        if now >= begins && !begun {
            screener.begin(now, Whose::New);
            begun = true;
        }
        screener.sense(now, Sense::Beside(Beside::Air(Ok(CentiCelsius::new(2_100).unwrap()))));
        let frame = sensor.poll(now);
        if let Some((area, degrees)) = plate {
            let degrees = CentiCelsius::from_degrees(degrees).unwrap();
            screener.sense(now, Sense::Beside(Beside::Plate(Ok(degrees))));
            let seen = frame.and_then(|frame| array::plate::seen(frame.as_ref().ok()?, area));
            seen.map(|plate| screener.sense(now, Sense::Plate(plate)));
        }
        let seen = frame.map(|frame| array::reading(&frame));
        let ended = seen.and_then(|face| screener.sense(now, Sense::Face(face)));
        if let Some(screening) = ended.or_else(|| screener.expire(now)) {
            return screening;
        }
    }
    panic!("no end");
}
