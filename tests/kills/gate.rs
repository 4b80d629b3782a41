//! A lane's barrier, lines and lamp: what stays when the process dies.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use kakou::base::{Mono, NoReading};
use kakou::control::Aspect;
use kakou::daemon::Outputs;
use kakou::drivers::barrier::{End, Position};
use kakou::model::{Level, Signal};

use crate::scythe::{Point, Scythe};

/// How long the boom takes from end to end.
const TRAVEL: Duration = Duration::from_millis(800);
/// The lines of a lane.
pub const SIGNALS: [Signal; 4] = [Signal::Presence, Signal::Beam, Signal::BarrierOpen, Signal::BarrierClosed];

/// A boom and two sensors; clones share them.
#[derive(Clone)]
pub struct Gate(Arc<Mutex<Boom>>);

struct Boom {
    /// Where it is, or goes.
    end: End,
    /// When it is there.
    arrives: Mono,
    ordered: Option<End>,
    presence: Level,
    beam: Level,
}

impl Gate {
    /// A gate that is closed.
    pub fn new() -> Self {
        let (end, arrives, ordered) = (End::Closed, Mono::ZERO, None);
        Self(Arc::new(Mutex::new(Boom { end, arrives, ordered, presence: Level::Idle, beam: Level::Idle })))
    }

    /// The boom moves on.
    pub fn step(&self, now: Mono) {
        let mut boom = self.boom();
        if let Some(end) = boom.ordered.take().filter(|end| *end != boom.end) {
            (boom.end, boom.arrives) = (end, now + TRAVEL);
        }
    }

    /// Somebody turns the key of the barrier's own board.
    pub fn turn_key(&self, end: End) {
        self.boom().ordered = Some(end);
    }

    pub fn set(&self, presence: Level, beam: Level) {
        let mut boom = self.boom();
        (boom.presence, boom.beam) = (presence, beam);
    }

    /// What a line says.
    pub fn level(&self, now: Mono, signal: Signal) -> Level {
        let boom = self.boom();
        let at = |end| if boom.end == end && boom.arrives <= now { Level::Active } else { Level::Idle };
        match signal {
            Signal::Presence => boom.presence,
            Signal::Beam => boom.beam,
            Signal::BarrierOpen => at(End::Open),
            Signal::BarrierClosed => at(End::Closed),
            Signal::PresenceInside | Signal::Button => Level::Idle,
        }
    }

    fn boom(&self) -> MutexGuard<'_, Boom> {
        self.0.lock().unwrap()
    }
}

/// A lane's outputs in one run of the process.
pub struct Arm {
    gate: Gate,
    scythe: Scythe,
    position: Position,
}

impl Arm {
    pub fn new(gate: &Gate, scythe: &Scythe) -> Self {
        Self { gate: gate.clone(), scythe: scythe.clone(), position: Position::Between }
    }
}

impl Outputs for Arm {
    fn barrier(&mut self, _: Mono, end: End) -> Result<(), NoReading> {
        if self.scythe.spares(Point::Barrier) {
            self.gate.boom().ordered = Some(end);
        }
        Ok(())
    }

    fn switch(&mut self, end: End, level: Level) {
        match level {
            Level::Active => self.position = Position::Confirmed(end),
            Level::Idle if self.position == Position::Confirmed(end) => self.position = Position::Between,
            Level::Idle => {}
        }
    }

    fn position(&self) -> Position {
        self.position
    }

    fn spray(&mut self, _: Mono, _: Level) -> Result<(), NoReading> {
        Ok(())
    }
    fn lamp(&mut self, _: Aspect) -> Result<(), NoReading> {
        self.scythe.spares(Point::Lamp);
        Ok(())
    }

    fn due(&self) -> Option<Mono> {
        None
    }

    fn expire(&mut self, _: Mono) -> Result<(), NoReading> {
        Ok(())
    }

    fn park(&mut self) {}
}
