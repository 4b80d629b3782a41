//! From the chip's bytes through the poller to the screener: seven faults have names within their times, and a sound sensor
//! decides within its own.

use std::time::Duration;

use kakou::base::{CentiCelsius, Mono, NoReading, Random};
use kakou::drivers::Thermometer;
use kakou::drivers::mlx90614::config::Zones;
use kakou::drivers::mlx90614::{ADDRESS, ChipId, Expected, OnBus, Poller};
use kakou::model::{Beside, NotMeasured, Screening, Zone};
use kakou::sim::clock::SimClock;
use kakou::sim::thermometer::{Faults, Handle, Looks, Part, Scene, chip};
use kakou::thermometry::settings::{Fitted, Plate, Reach};
use kakou::thermometry::{Screener, Sense, Settings, Whose};

/// What happens while nobody is there, how long it takes to notice, what whoever then comes is told, and how long after the
/// fault that is at most.
struct Case {
    what: &'static str,
    happens: fn(&mut Kiosk),
    notices: Duration,
    reason: NotMeasured,
    within: Duration,
}

/// Three seconds of every time are the screener's patience with a sensor that fails.
const CASES: [Case; 7] = [
    Case {
        what: "stuck value",
        happens: |kiosk| kiosk.chip.set_faults(Faults { stuck: true, ..Faults::default() }),
        notices: Duration::from_millis(3_500),
        reason: NotMeasured::NoReading(NoReading::Stale),
        // 32 samples alike.
        within: Duration::from_millis(7_000),
    },
    Case {
        what: "slow bus",
        happens: |kiosk| {
            kiosk.chip.set_faults(Faults { slow: Duration::from_millis(30), ..Faults::default() });
        },
        notices: Duration::ZERO,
        reason: NotMeasured::NoReading(NoReading::Timeout),
        // Each transfer takes a second until the adapter gives up, and whatever runs is waited for.
        within: Duration::from_millis(7_000),
    },
    Case {
        what: "dead bus",
        happens: |kiosk| kiosk.chip.set_faults(Faults { dead_bus: true, ..Faults::default() }),
        notices: Duration::ZERO,
        reason: NotMeasured::NoReading(NoReading::Timeout),
        within: Duration::from_millis(4_500),
    },
    Case {
        what: "wrong part",
        // Unplugged, and one with a filter that is slower plugged in.
        happens: |kiosk| kiosk.replaced(|chip| chip.set_cell(0x05, 0x0701)),
        notices: Duration::ZERO,
        reason: NotMeasured::NoReading(NoReading::WrongPart),
        within: Duration::from_millis(5_000),
    },
    Case {
        what: "swapped addresses",
        // The neck's chip answers where the brow's should.
        happens: |kiosk| kiosk.replaced(|chip| chip.set_cell(0x1D, 0x0BAD)),
        notices: Duration::ZERO,
        reason: NotMeasured::NoReading(NoReading::WrongPart),
        within: Duration::from_millis(5_000),
    },
    Case {
        what: "reference drift of 0.5 °C",
        happens: |kiosk| kiosk.error = 0.5,
        notices: Duration::from_millis(1_500),
        reason: NotMeasured::Reference,
        within: Duration::from_millis(5_000),
    },
    Case {
        what: "supply sag",
        happens: |kiosk| {
            kiosk.supply_mv = 2_500;
            kiosk.chip.set_supply(2_500);
        },
        notices: Duration::ZERO,
        reason: NotMeasured::Supply,
        within: Duration::from_millis(3_500),
    },
];

#[test]
fn seven_faults_have_names_within_their_times_and_none_is_a_number() {
    for case in &CASES {
        let mut kiosk = Kiosk::new();
        assert_eq!(kiosk.screen(34.0).zone, Ok(Zone::Below), "{}: sound at first", case.what);
        kiosk.leave();
        let since = kiosk.clock.now();
        (case.happens)(&mut kiosk);
        // Nobody comes for as long as it takes to notice; whoever comes then is told.
        while kiosk.clock.now().since(since) < case.notices {
            assert_eq!(kiosk.sample(), None, "{}", case.what);
        }
        let screening = kiosk.screen(34.0);
        assert_eq!(screening.zone, Err(case.reason), "{}: {screening:?}", case.what);
        assert_eq!((screening.skin, screening.compared), (None, None), "{}", case.what);
        let took = kiosk.clock.now().since(since);
        assert!(took <= case.within, "{}: {took:?}", case.what);
    }
}

#[test]
fn a_part_that_settles_in_a_tenth_of_a_second_decides_within_seven_tenths() {
    let mut kiosk = Kiosk::new();
    for skin in [33.8, 34.75, 37.0] {
        let came = kiosk.clock.now();
        let screening = kiosk.screen(skin);
        assert!(screening.zone.is_ok(), "{screening:?}");
        let took = kiosk.clock.now().since(came);
        assert!(took <= Duration::from_millis(700), "{skin}: {took:?}");
        kiosk.leave();
    }
}

/// A lane with a BAA part, everything fitted, warm for hours.
struct Kiosk {
    clock: SimClock,
    chip: Handle,
    sensor: Box<dyn Thermometer>,
    screener: Screener,
    supply_mv: u16,
    /// What the sensor reads too much.
    error: f64,
    somebody: Option<f64>,
}

impl Kiosk {
    fn new() -> Self {
        let clock = SimClock::new(Mono::from_millis(1_000));
        let (handle, bus) = chip(Part::BAA, ADDRESS, &clock, Random::new(7));
        for (cell, word) in (0x1C..).zip([0x1111, 0x2222, 0x3333, 0x4444]) {
            handle.set_cell(cell, word);
        }
        let expected = Expected {
            address: ADDRESS,
            settling: Duration::from_millis(100),
            zones: Zones::Single,
            chip: Some(ChipId(0x4444_3333_2222_1111)),
        };
        let (poller, shared) = (Poller::new(expected, clock.now()), clock.clone());
        let sensor = Box::new(OnBus::new(bus, poller, move || shared.now()));
        let settings = Settings {
            distance: Some(Reach { near: 30, far: 60 }),
            supply: Fitted::Yes,
            plate: Some(Plate { every: Duration::from_secs(1_800), emissivity: 1_000, area: None }),
            ..Settings::default()
        };
        let screener = Screener::new(settings, clock.now());
        let mut kiosk =
            Self { clock, chip: handle, sensor, screener, supply_mv: 3_300, error: 0.0, somebody: None };
        kiosk.clock.advance(Duration::from_secs(7_200));
        kiosk.leave();
        kiosk
    }

    fn screen(&mut self, skin: f64) -> Screening {
        self.somebody = Some(skin);
        self.screener.begin(self.clock.now(), Whose::New);
        let end = self.clock.now() + Duration::from_secs(60);
        loop {
            assert!(self.clock.now() < end, "no end");
            if let Some(screening) = self.sample() {
                return screening;
            }
        }
    }

    /// Nobody is there for a while.
    fn leave(&mut self) {
        self.somebody = None;
        assert!((0..15).all(|_| self.sample().is_none()));
    }

    /// Unplugged for a second, which the poller notices, and what is plugged in again is as `other` says.
    fn replaced(&mut self, other: fn(&Handle)) {
        self.chip.set_faults(Faults { nak: 1.0, ..Faults::default() });
        (0..2).for_each(|_| assert_eq!(self.sample(), None));
        other(&self.chip);
        self.chip.set_faults(Faults::default());
    }

    /// The next sample, with what the sensors beside it say.
    fn sample(&mut self) -> Option<Screening> {
        let scene = Scene { target: self.somebody.map(|skin| skin + self.error), ..Scene::EMPTY };
        self.chip.set_scene(Scene { background: scene.background + self.error, ..scene });
        self.clock.set(self.sensor.due());
        let sample = self.sensor.poll(self.clock.now());
        // A transfer on a slow bus takes its time.
        let now = self.clock.now();
        let distance = self.somebody.map_or(u16::MAX, |_| 45);
        for beside in [
            Beside::Supply(Ok(self.supply_mv)),
            Beside::Plate(Ok(CentiCelsius::new(2_200).unwrap())),
            Beside::Distance(Ok(distance)),
        ] {
            self.screener.sense(now, Sense::Beside(beside));
        }
        let ended = sample.and_then(|sample| self.screener.sense(now, Sense::Spot(sample)));
        ended.or_else(|| self.screener.expire(now))
    }
}
