//! Output pins that are watched and lose power, and outputs with a planted fault.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use embedded_hal::digital::{ErrorType, OutputPin};
use kakou::base::{Mono, NoReading};
use kakou::config::board::{self, Voltage};
use kakou::control::Aspect;
use kakou::daemon::Outputs;
use kakou::drivers::barrier::{End, Position};
use kakou::model::Level;
use kakou::sim::lines::{Lines, Output};

/// The kiosk's power supply. It can be told to fail after a number of effects.
#[derive(Clone, Default)]
pub struct Power(Arc<Supply>);

#[derive(Default)]
struct Supply {
    off: AtomicBool,
    /// Effects until it fails; 0 while nothing is planned.
    left: AtomicU64,
}

impl Power {
    /// Fails with the `effects`th effect from now on, before it happens.
    pub fn cut_after(&self, effects: u64) {
        self.0.left.store(effects.max(1), Relaxed);
    }

    pub fn cut(&self) {
        self.0.off.store(true, Relaxed);
    }

    pub fn is_off(&self) -> bool {
        self.0.off.load(Relaxed)
    }

    pub fn restore(&self) {
        self.0.off.store(false, Relaxed);
        self.0.left.store(0, Relaxed);
    }

    /// Counts an effect that is about to happen; whether it still does.
    pub fn spend(&self) -> bool {
        let left = self.0.left.load(Relaxed);
        if left > 0 {
            self.0.left.store(left - 1, Relaxed);
            if left == 1 {
                self.cut();
            }
        }
        !self.is_off()
    }
}

/// What an output is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Open,
    Close,
    Lamp,
}

/// Outputs that began to act since the last look.
pub type Edges = Arc<Mutex<Vec<Purpose>>>;

/// A pin that notes when it begins to act.
pub struct Watched {
    pin: Output,
    lines: Lines,
    wiring: board::Output,
    purpose: Purpose,
    power: Power,
    edges: Edges,
}

impl Watched {
    pub fn new(lines: &Lines, wiring: board::Output, purpose: Purpose, power: &Power, edges: &Edges) -> Self {
        let (power, edges) = (power.clone(), Arc::clone(edges));
        Self { pin: lines.output(wiring.line), lines: lines.clone(), wiring, purpose, power, edges }
    }

    fn set(&mut self, voltage: Voltage) -> Result<(), Infallible> {
        if !self.power.spend() {
            return Ok(());
        }
        let before = self.lines.acts(&self.wiring);
        match voltage {
            Voltage::Low => self.pin.set_low()?,
            Voltage::High => self.pin.set_high()?,
        }
        if (before, self.lines.acts(&self.wiring)) == (Level::Idle, Level::Active) {
            self.edges.lock().unwrap().push(self.purpose);
        }
        Ok(())
    }
}

impl ErrorType for Watched {
    type Error = Infallible;
}

impl OutputPin for Watched {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.set(Voltage::Low)
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.set(Voltage::High)
    }
}

/// Tells planted outputs to do what they must not.
#[derive(Clone, Default)]
pub struct Urge(Arc<AtomicU8>);

impl Urge {
    pub fn towards(&self, end: End) {
        self.0.store(if end == End::Open { 1 } else { 2 }, Relaxed);
    }

    fn take(&self) -> Option<End> {
        match self.0.swap(0, Relaxed) {
            1 => Some(End::Open),
            2 => Some(End::Closed),
            _ => None,
        }
    }
}

/// Outputs that give way to an urge: the planted fault of the barrier's checks.
pub struct Urged<O> {
    pub inner: O,
    pub urge: Urge,
}

impl<O: Outputs> Outputs for Urged<O> {
    fn barrier(&mut self, now: Mono, end: End) -> Result<(), NoReading> {
        self.inner.barrier(now, end)
    }

    fn switch(&mut self, end: End, level: Level) {
        self.inner.switch(end, level);
    }

    fn position(&self) -> Position {
        self.inner.position()
    }

    fn lamp(&mut self, aspect: Aspect) -> Result<(), NoReading> {
        self.inner.lamp(aspect)
    }

    fn spray(&mut self, now: Mono, level: Level) -> Result<(), NoReading> {
        self.inner.spray(now, level)
    }

    fn due(&self) -> Option<Mono> {
        let urged = self.urge.0.load(Relaxed) != 0;
        if urged { Some(Mono::ZERO) } else { self.inner.due() }
    }

    fn expire(&mut self, now: Mono) -> Result<(), NoReading> {
        if let Some(end) = self.urge.take() {
            self.inner.barrier(now, end)?;
        }
        self.inner.expire(now)
    }

    fn park(&mut self) {
        self.inner.park();
    }
}
