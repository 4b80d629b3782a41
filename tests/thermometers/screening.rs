//! The same screener over either chip: what it finds does not depend on which one looks.

use std::time::Duration;

use kakou::base::{Mono, Random};
use kakou::config::board::Spot;
use kakou::drivers::mlx90614::config::Zones;
use kakou::drivers::mlx90614::{self, Expected};
use kakou::drivers::{Thermometer, mlx90632};
use kakou::model::trace::Head;
use kakou::model::{NotMeasured, Screening, Zone};
use kakou::sim;
use kakou::sim::clock::SimClock;
use kakou::sim::thermometer::{Looks, Part, Scene};
use kakou::thermometry::settings::PLAIN_HEAD;
use kakou::thermometry::{Screener, Sense, Settings, Whose};

#[test]
fn either_chip_puts_the_same_people_into_the_same_zones() {
    // Compared is 1.2 · skin − 4.4 at 22 °C; the guard band is 37.0 to 37.6.
    let cases = [
        (33.8, Ok(Zone::Below)),
        (34.75, Ok(Zone::Recheck)),
        (35.3, Ok(Zone::Refer)),
        (37.0, Ok(Zone::Refer)),
        (33.0, Err(NotMeasured::TooCold)),
        (60.0, Err(NotMeasured::NotSkin)),
    ];
    for (skin, zone) in cases {
        for chip in [Chip::Mlx90614, Chip::Mlx90632] {
            let screening = Lane::new(chip).screen(skin);
            assert_eq!(screening.zone, zone, "{chip:?} {skin}: {screening:?}");
            if zone.is_ok() {
                let off = screening.skin.unwrap().degrees() - skin;
                assert!(off.abs() < 0.15, "{chip:?} {skin}: {off}");
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Chip {
    Mlx90614,
    Mlx90632,
}

/// A lane that has been warm for an hour.
struct Lane {
    clock: SimClock,
    scene: Box<dyn Looks>,
    sensor: Box<dyn Thermometer>,
    screener: Screener,
}

impl Lane {
    fn new(chip: Chip) -> Self {
        let clock = SimClock::new(Mono::ZERO);
        let random = Random::new(11);
        let (scene, sensor, supply_mv): (Box<dyn Looks>, Box<dyn Thermometer>, u16) = match chip {
            Chip::Mlx90614 => {
                let (scene, bus) = sim::thermometer::chip(Part::BAA, mlx90614::ADDRESS, &clock, random);
                let (address, settling) = (mlx90614::ADDRESS, Duration::from_millis(150));
                let expected = Expected { address, settling, zones: Zones::Single, chip: None };
                let poller = mlx90614::Poller::new(expected, clock.now());
                let shared = clock.clone();
                let sensor = mlx90614::OnBus::new(bus, poller, move || shared.now());
                (Box::new(scene), Box::new(sensor), 3_300)
            }
            Chip::Mlx90632 => {
                let (scene, bus) = sim::mlx90632::chip(mlx90632::ADDRESS, &clock, random);
                let poller = mlx90632::Poller::new(mlx90632::ADDRESS, None, clock.now());
                (Box::new(scene), Box::new(mlx90632::OnBus::new(bus, poller)), Spot::UNCORRECTED_MV)
            }
        };
        let settings = Settings { head: Head { supply_mv, ..PLAIN_HEAD }, ..Settings::default() };
        let screener = Screener::new(settings, clock.now());
        let mut lane = Self { clock, scene, sensor, screener };
        lane.clock.set(Mono::from_millis(3_600_000));
        assert!((0..20).all(|_| lane.sample().is_none()), "nobody is screened yet");
        lane
    }

    /// Somebody of `skin` stands there until it is known what they are.
    fn screen(&mut self, skin: f64) -> Screening {
        self.scene.set_scene(Scene { target: Some(skin), ..Scene::EMPTY });
        self.screener.begin(self.clock.now(), Whose::New);
        let end = self.clock.now() + Duration::from_secs(60);
        loop {
            assert!(self.clock.now() < end, "{skin}: no end");
            if let Some(screening) = self.sample() {
                return screening;
            }
        }
    }

    /// The next sample, and what follows from it.
    fn sample(&mut self) -> Option<Screening> {
        self.clock.set(self.sensor.due());
        let now = self.clock.now();
        let sample = self.sensor.poll(now);
        let ended = sample.and_then(|sample| self.screener.sense(now, Sense::Spot(sample)));
        ended.or_else(|| self.screener.expire(now))
    }
}
