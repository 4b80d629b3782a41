//! Every fault becomes a named state within its stated time, and none a number.

use std::time::Duration;

use kakou::base::{Mono, NoReading, Random};
use kakou::drivers::Thermometer;
use kakou::drivers::mlx90614::config::Zones;
use kakou::drivers::mlx90614::{ADDRESS, ChipId, Expected, Mlx90614, OnBus, Poller};
use kakou::sim::clock::SimClock;
use kakou::sim::thermometer::{Bus, Faults, Handle, Looks, Part, Scene, chip};

const SKIN: Scene = Scene { target: Some(36.5), ..Scene::EMPTY };
const SETTLING: Duration = Duration::from_millis(650);

/// What happens to a chip that works, what it must be called, and within how long.
struct Case {
    what: &'static str,
    happens: fn(&Handle),
    reason: NoReading,
    within_ms: u64,
    /// Takes it back; the chip must then give readings again.
    mended: fn(&Handle),
}

fn faulty(handle: &Handle, faults: Faults) {
    handle.set_faults(faults);
}

fn sound(handle: &Handle) {
    handle.set_faults(Faults::default());
}

const SOUND: Faults = Faults {
    dead_bus: false,
    slow: Duration::ZERO,
    nak: 0.0,
    flip: 0.0,
    stuck: false,
    error_flag: false,
    memory_dead: false,
};

/// A reading is due every 655 ms; after one that fails it may take one more until somebody asks who answers.
const CASES: [Case; 11] = [
    Case {
        what: "dead bus",
        happens: |handle| faulty(handle, Faults { dead_bus: true, ..SOUND }),
        reason: NoReading::Timeout,
        within_ms: 700,
        mended: sound,
    },
    Case {
        what: "slow bus",
        happens: |handle| faulty(handle, Faults { slow: Duration::from_millis(30), ..SOUND }),
        reason: NoReading::Timeout,
        within_ms: 1_700,
        mended: sound,
    },
    Case {
        what: "unplugged",
        happens: |handle| faulty(handle, Faults { nak: 1.0, ..SOUND }),
        reason: NoReading::Absent,
        within_ms: 700,
        mended: sound,
    },
    Case {
        what: "noise on the bus",
        happens: |handle| faulty(handle, Faults { flip: 1.0, ..SOUND }),
        reason: NoReading::Checksum,
        within_ms: 700,
        mended: sound,
    },
    Case {
        what: "error flag",
        happens: |handle| faulty(handle, Faults { error_flag: true, ..SOUND }),
        reason: NoReading::Flagged,
        within_ms: 700,
        mended: sound,
    },
    Case {
        what: "stuck",
        happens: |handle| faulty(handle, Faults { stuck: true, ..SOUND }),
        reason: NoReading::Stale,
        within_ms: 22_500,
        mended: sound,
    },
    Case {
        what: "memory dead",
        happens: |handle| faulty(handle, Faults { memory_dead: true, ..SOUND }),
        reason: NoReading::MemoryDead,
        within_ms: 700,
        mended: sound,
    },
    Case {
        what: "another chip, plugged in after a pause",
        happens: |handle| replaced(handle, |handle| handle.set_cell(0x1D, 0x0BAD)),
        reason: NoReading::WrongPart,
        within_ms: 700,
        mended: |handle| replaced(handle, |handle| handle.set_cell(0x1D, 0x2222)),
    },
    Case {
        what: "a chip whose emissivity somebody changed",
        happens: |handle| replaced(handle, |handle| handle.set_cell(0x04, 0xFAE0)),
        reason: NoReading::WrongPart,
        within_ms: 700,
        mended: |handle| replaced(handle, |handle| handle.set_cell(0x04, 0xFFFF)),
    },
    Case {
        what: "a chip with a slower filter",
        happens: |handle| replaced(handle, |handle| handle.set_cell(0x05, 0x0701)),
        reason: NoReading::WrongPart,
        within_ms: 700,
        mended: |handle| replaced(handle, |handle| handle.set_cell(0x05, 0x0705)),
    },
    Case {
        what: "a filter that must not be used",
        happens: |handle| replaced(handle, |handle| handle.set_cell(0x05, 0x0305)),
        reason: NoReading::WrongPart,
        within_ms: 700,
        mended: |handle| replaced(handle, |handle| handle.set_cell(0x05, 0x0705)),
    },
];

/// The chip is unplugged, and what is plugged in afterwards is as `other` says. The time in between is not counted.
fn replaced(handle: &Handle, other: fn(&Handle)) {
    faulty(handle, Faults { nak: 1.0, ..SOUND });
    other(handle);
}

#[test]
fn every_fault_becomes_a_named_state_within_its_stated_time_and_none_a_number() {
    for case in &CASES {
        let mut bench = Bench::new(Part::DCI);
        bench.until_it_reads(case.what);
        (case.happens)(&bench.handle);
        if case.reason == NoReading::WrongPart {
            bench.plugged_in_again();
        }
        let since = bench.clock.now();
        let reason = bench.next_failure(case);
        assert_eq!(reason, case.reason, "{}", case.what);
        let took = bench.clock.now().since(since).as_millis();
        assert!(took <= u128::from(case.within_ms), "{}: {took} ms", case.what);
        // From then on nothing but reasons, for a minute.
        let end = bench.clock.now() + Duration::from_secs(60);
        while bench.clock.now() < end {
            if let Some(result) = bench.poll() {
                assert!(result.is_err(), "{}: {result:?}", case.what);
            }
        }
        (case.mended)(&bench.handle);
        if case.reason == NoReading::WrongPart {
            bench.plugged_in_again();
        }
        bench.until_it_reads(case.what);
        assert_eq!(bench.handle.writes(), 0, "{}", case.what);
    }
}

#[test]
fn chips_whose_addresses_were_exchanged_are_found_by_their_numbers() {
    let clock = SimClock::new(Mono::from_millis(1_000));
    let mut random = Random::new(7);
    let mut numbered = |name| {
        let (handle, mut bus) = chip(Part::DCI, ADDRESS, &clock, random.fork(name));
        clock.advance(Duration::from_secs(5));
        let number = Mlx90614::new(ADDRESS).identify(&mut bus).unwrap().chip;
        (handle, bus, number)
    };
    let (_, brow_bus, brow) = numbered("brow");
    let (_, neck_bus, neck) = numbered("neck");
    assert_ne!(brow, neck);
    // Each board's file names the chip that the other one got.
    for (bus, says, result) in [(brow_bus, neck, Some(NoReading::WrongPart)), (neck_bus, neck, None)] {
        let poller = Poller::new(Expected { chip: Some(says), ..expected() }, clock.now());
        let mut bench =
            Bench { clock: clock.clone(), handle: numberless(&clock), sensor: on_bus(bus, poller, &clock) };
        let first = std::iter::from_fn(|| Some(bench.poll())).flatten().next().unwrap();
        assert_eq!(first.err(), result);
    }
}

#[test]
fn a_board_that_reads_sooner_than_the_chips_filter_settles_is_told() {
    let clock = SimClock::new(Mono::from_millis(1_000));
    for (part, settling_ms, zones, wrong) in [
        (Part::DCI, 150, Zones::Single, true),
        (Part::DCI, 650, Zones::Single, false),
        (Part::BAA, 100, Zones::Single, false),
        (Part::BCK, 1_330, Zones::Single, true),
        (Part::BBA, 140, Zones::Dual, false),
        (Part::BBA, 140, Zones::Single, true),
        (Part::BAA, 140, Zones::Dual, true),
    ] {
        let (handle, bus) = chip(part, ADDRESS, &clock, Random::new(3));
        let settling = Duration::from_millis(settling_ms);
        let poller = Poller::new(Expected { settling, zones, ..expected() }, clock.now());
        let mut bench = Bench { clock: clock.clone(), handle, sensor: on_bus(bus, poller, &clock) };
        let first = std::iter::from_fn(|| Some(bench.poll())).flatten().next().unwrap();
        assert_eq!(first.err(), wrong.then_some(NoReading::WrongPart), "{part:?} {settling_ms} {zones:?}");
    }
}

#[test]
fn no_transfer_happens_on_the_bus_within_the_settling_time_before_a_read_whatever_failed() {
    for seed in 0..40 {
        let mut bench = Bench::seeded(Part::DCI, seed);
        let mut random = Random::new(seed);
        for _ in 0..300 {
            bench.poll();
            let share = |random: &mut Random| if random.chance(0.5) { random.unit() } else { 0.0 };
            if random.chance(0.1) {
                let faults = Faults {
                    dead_bus: random.chance(0.2),
                    slow: Duration::from_millis(random.below(40)),
                    nak: share(&mut random),
                    flip: share(&mut random),
                    stuck: random.chance(0.2),
                    error_flag: random.chance(0.2),
                    memory_dead: random.chance(0.2),
                };
                bench.handle.set_faults(faults);
            }
            if random.chance(0.05) {
                bench.handle.power_cycle();
            }
        }
        let quietest = bench.handle.quietest();
        assert!(quietest.is_none_or(|quietest| quietest >= SETTLING), "seed {seed}: {quietest:?}");
    }
}

#[test]
fn a_memory_that_is_being_written_is_named_and_gives_no_number() {
    let mut bench = Bench::new(Part::DCI);
    bench.until_it_reads("at first");
    // Somebody else on the bus erases a cell at the very moment of the next poll.
    bench.clock.set(bench.sensor.due());
    let mut other = bench.handle.bus();
    embedded_hal::i2c::I2c::write(&mut other, ADDRESS, &[0x20, 0, 0, pec(&[0xB4, 0x20, 0, 0])]).unwrap();
    assert_eq!(bench.sensor.poll(bench.clock.now()), Some(Err(NoReading::MemoryBusy)));
    bench.until_it_reads("afterwards");
}

#[test]
fn a_chip_that_was_powered_a_moment_ago_is_starting_and_then_reads() {
    let mut bench = Bench::new(Part::DCI);
    bench.until_it_reads("at first");
    bench.clock.set(bench.sensor.due());
    bench.handle.power_cycle();
    assert_eq!(bench.poll(), Some(Err(NoReading::Starting)));
    bench.until_it_reads("afterwards");
}

fn pec(bytes: &[u8]) -> u8 {
    kakou::base::checksum::smbus_pec(bytes)
}

fn expected() -> Expected {
    Expected { address: ADDRESS, settling: SETTLING, zones: Zones::Single, chip: None }
}

fn on_bus(bus: Bus, poller: Poller, clock: &SimClock) -> OnBus<Bus, Box<dyn Fn() -> Mono>> {
    let clock = clock.clone();
    OnBus::new(bus, poller, Box::new(move || clock.now()))
}

fn numberless(clock: &SimClock) -> Handle {
    chip(Part::BAA, ADDRESS, clock, Random::new(0)).0
}

/// A chip that works, and the driver that the daemon runs.
struct Bench {
    clock: SimClock,
    handle: Handle,
    sensor: OnBus<Bus, Box<dyn Fn() -> Mono>>,
}

impl Bench {
    fn new(part: Part) -> Self {
        Self::seeded(part, 42)
    }

    fn seeded(part: Part, seed: u64) -> Self {
        let clock = SimClock::new(Mono::from_millis(1_000));
        let (handle, bus) = chip(part, ADDRESS, &clock, Random::new(seed));
        for (cell, word) in (0x1C..).zip([0x1111, 0x2222, 0x3333, 0x4444]) {
            handle.set_cell(cell, word);
        }
        handle.set_scene(SKIN);
        let chip = Some(ChipId(0x4444_3333_2222_1111));
        let sensor = on_bus(bus, Poller::new(Expected { chip, ..expected() }, clock.now()), &clock);
        Self { clock, handle, sensor }
    }

    /// Polls when that is due.
    fn poll(&mut self) -> Option<Result<f64, NoReading>> {
        self.clock.set(self.sensor.due());
        let result = self.sensor.poll(self.clock.now())?;
        Some(result.map(|reading| reading.object.degrees()))
    }

    fn until_it_reads(&mut self, what: &str) {
        let found = (0..20).filter_map(|_| self.poll()).find_map(Result::ok);
        let read = found.unwrap_or_else(|| panic!("{what}: nothing read"));
        assert!((35.0..38.0).contains(&read), "{what}: {read}");
    }

    /// The first reason; a number before it is wrong, unless it is the value that is stuck.
    fn next_failure(&mut self, case: &Case) -> NoReading {
        for _ in 0..200 {
            match self.poll() {
                Some(Err(reason)) => return reason,
                Some(Ok(read)) => assert_eq!(case.what, "stuck", "gave {read}"),
                None => {}
            }
        }
        panic!("{}: no reason", case.what)
    }

    /// It was unplugged for two polls, which is how a chip is exchanged.
    fn plugged_in_again(&mut self) {
        let absent = (0..2).map(|_| self.poll()).all(|result| result == Some(Err(NoReading::Absent)));
        assert!(absent);
        sound(&self.handle);
    }
}
