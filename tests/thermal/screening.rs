//! A lane's screening over a simulated array: bytes of the chip to a zone, in virtual time.

use kakou::base::{CentiCelsius, Mono, Random};
use kakou::drivers::mlx9064x::{OnBus, Rate};
use kakou::drivers::{ThermalArray, mlx90640};
use kakou::model::trace::Head;
use kakou::model::{Beside, BodySite, NotMeasured, Screening, Zone};
use kakou::sim::clock::SimClock;
use kakou::sim::thermal_array::{Person, Scene, Worn, chip};
use kakou::thermometry::settings::PLAIN_HEAD;
use kakou::thermometry::{Screener, Sense, Settings, Surroundings, Whose, array};

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

fn screen(scene: Scene) -> Screening {
    let clock = SimClock::new(Mono::ZERO);
    let (hand, bus) = chip(0x33, &clock, Random::new(7));
    hand.set_scene(scene);
    let mut sensor = OnBus::new(bus, 0x33, mlx90640::KIND, Rate::new(4).unwrap(), clock.now());
    let settings = Settings {
        head: Head { supply_mv: 3_000, accuracy: 100, ..PLAIN_HEAD },
        site: Some(BodySite::FaceMax),
        surroundings: Surroundings::Thermometer,
        ..Settings::default()
    };
    let mut screener = Screener::new(settings, clock.now());
    screener.begin(clock.now(), Whose::New);
    for _ in 0..4_000 {
        let now = sensor.due().max(clock.now());
        clock.set(now);
        screener.sense(now, Sense::Beside(Beside::Air(Ok(CentiCelsius::new(2_100).unwrap()))));
        let seen = sensor.poll(now).map(|frame| array::reading(&frame));
        let ended = seen.and_then(|face| screener.sense(now, Sense::Face(face)));
        if let Some(screening) = ended.or_else(|| screener.expire(now)) {
            return screening;
        }
    }
    panic!("no end");
}
