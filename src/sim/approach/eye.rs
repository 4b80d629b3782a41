//! The two ways from the simulated chip to the screener: all the bytes, or its optics alone.

use std::fmt;
use std::time::Duration;

use crate::base::{Mono, NoReading, Random};
use crate::drivers::Thermometer;
use crate::drivers::mlx90614::config::Zones;
use crate::drivers::mlx90614::{ADDRESS, Expected, OnBus, Poller, START_UP};
use crate::model::ThermalReading;
use crate::sim::clock::SimClock;
use crate::sim::thermometer::{Bare, Handle, Looks, Part, Scene, bare, chip};

/// As the poller waits beyond the settling time, and once more after it asked who answers.
const MARGIN: Duration = Duration::from_millis(5);
const QUESTIONS: Duration = Duration::from_millis(10);

/// How the sensor is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By its bytes on the bus, through the poller that ships.
    Bytes,
    /// Without the bus, at the same times.
    Optics,
}

/// A sensor that looks at something.
pub struct Eye {
    clock: SimClock,
    settling: Duration,
    end: End,
}

enum End {
    Bytes { handle: Handle, sensor: Box<dyn Thermometer> },
    Optics { bare: Box<Bare>, due: Mono, known: Known },
}

/// Whether the poller would have asked who answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Yes,
    No,
}

impl Eye {
    /// A sensor of the kind `part`, powered now.
    pub fn new(way: Way, part: Part, clock: &SimClock, random: Random) -> Self {
        let settling = part.settling;
        let end = match way {
            Way::Bytes => {
                let (handle, bus) = chip(part, ADDRESS, clock, random);
                let expected = Expected { address: ADDRESS, settling, zones: Zones::Single, chip: None };
                let (poller, shared) = (Poller::new(expected, clock.now()), clock.clone());
                let sensor = Box::new(OnBus::new(bus, poller, move || shared.now()));
                End::Bytes { handle, sensor }
            }
            Way::Optics => {
                let due = clock.now() + START_UP.max(settling) + MARGIN;
                End::Optics { bare: Box::new(bare(part, clock, random)), due, known: Known::No }
            }
        };
        Self { clock: clock.clone(), settling, end }
    }

    /// Time between two samples.
    pub fn pace(&self) -> Duration {
        self.settling + MARGIN
    }

    /// When the next sample is due.
    pub fn due(&self) -> Mono {
        match &self.end {
            End::Bytes { sensor, .. } => sensor.due(),
            End::Optics { due, .. } => *due,
        }
    }

    /// The next sample, if there is one now.
    pub fn poll(&mut self) -> Option<Result<ThermalReading, NoReading>> {
        let now = self.clock.now();
        match &mut self.end {
            End::Bytes { sensor, .. } => sensor.poll(now),
            End::Optics { due, known, .. } if *known == Known::No => {
                (*due, *known) = (now + self.settling + QUESTIONS + MARGIN, Known::Yes);
                None
            }
            End::Optics { bare, due, .. } => {
                *due = now + self.settling + MARGIN;
                Some(Ok(bare.read()))
            }
        }
    }

    /// Puts something before it that a perfect sensor would see as `seen` °C, in air of `ambient` °C.
    pub fn look(&mut self, seen: f64, ambient: f64) {
        let scene = Scene { background: seen, ambient, ..Scene::EMPTY };
        match &mut self.end {
            End::Bytes { handle, .. } => handle.set_scene(scene),
            End::Optics { bare, .. } => bare.set_scene(scene),
        }
    }

    /// Sets its supply in millivolts.
    pub fn supply(&mut self, millivolts: u32) {
        match &mut self.end {
            End::Bytes { handle, .. } => handle.set_supply(millivolts),
            End::Optics { bare, .. } => bare.set_supply(millivolts),
        }
    }
}

impl fmt::Debug for Eye {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Eye").field("settling", &self.settling).finish_non_exhaustive()
    }
}
