//! A lane's outputs, owned by the one task that may drive them.

use embedded_hal::digital::OutputPin;

use crate::base::{Mono, NoReading};
use crate::control::Aspect;
use crate::drivers::barrier::{Barrier, End, Position};
use crate::drivers::lamp::{Lamp, Light};
use crate::drivers::sprayer::Sprayer;
use crate::model::Level;

/// Barrier, lamp and sprayer of one lane, whatever pins they hang on.
///
/// Errors are [`NoReading::Bus`]: a pin that does not do what it is told.
pub trait Outputs: Send {
    /// Sends the barrier to an end.
    ///
    /// # Errors
    ///
    /// When its lines cannot be driven.
    fn barrier(&mut self, now: Mono, end: End) -> Result<(), NoReading>;

    /// Takes what an end switch says.
    fn switch(&mut self, end: End, level: Level);

    /// Where the barrier is.
    fn position(&self) -> Position;

    /// Shows a lamp aspect.
    ///
    /// # Errors
    ///
    /// When its lines cannot be driven.
    fn lamp(&mut self, aspect: Aspect) -> Result<(), NoReading>;

    /// Lets the sprayer run, or stops it. A lane without one sprays by hand.
    ///
    /// # Errors
    ///
    /// When its line cannot be driven.
    fn spray(&mut self, now: Mono, level: Level) -> Result<(), NoReading>;

    /// When [`expire`](Self::expire) must be called.
    fn due(&self) -> Option<Mono>;

    /// Ends pulses and movements whose time is over.
    ///
    /// # Errors
    ///
    /// When its lines cannot be driven.
    fn expire(&mut self, now: Mono) -> Result<(), NoReading>;

    /// Drives everything to its safe level.
    fn park(&mut self);
}

/// Barrier, lamp and sprayer on pins.
pub struct OnPins<P> {
    barrier: Barrier<P>,
    lamp: Option<Lamp<P>>,
    sprayer: Option<Sprayer<P>>,
}

impl<P> OnPins<P> {
    /// The outputs of a lane; lamp and sprayer are optional.
    pub fn new(barrier: Barrier<P>, lamp: Option<Lamp<P>>, sprayer: Option<Sprayer<P>>) -> Self {
        Self { barrier, lamp, sprayer }
    }
}

impl<P: OutputPin + Send> Outputs for OnPins<P> {
    fn barrier(&mut self, now: Mono, end: End) -> Result<(), NoReading> {
        self.barrier.command(now, end).map_err(|_| NoReading::Bus)
    }

    fn switch(&mut self, end: End, level: Level) {
        self.barrier.switch(end, level);
    }

    fn position(&self) -> Position {
        self.barrier.position()
    }

    fn lamp(&mut self, aspect: Aspect) -> Result<(), NoReading> {
        let light = match aspect {
            Aspect::Stop => Light::Stop,
            Aspect::Wait => Light::Wait,
            Aspect::Go => Light::Go,
        };
        self.lamp.as_mut().map_or(Ok(()), |lamp| lamp.show(light).map_err(|_| NoReading::Bus))
    }

    fn spray(&mut self, now: Mono, level: Level) -> Result<(), NoReading> {
        let Some(sprayer) = &mut self.sprayer else { return Ok(()) };
        let done = match level {
            Level::Active => sprayer.run(now),
            Level::Idle => sprayer.stop(),
        };
        done.map_err(|_| NoReading::Bus)
    }

    fn due(&self) -> Option<Mono> {
        self.barrier.due().into_iter().chain(self.sprayer.as_ref().and_then(Sprayer::due)).min()
    }

    fn expire(&mut self, now: Mono) -> Result<(), NoReading> {
        let sprayed = self.sprayer.as_mut().map_or(Ok(()), |sprayer| sprayer.expire(now));
        let moved = self.barrier.expire(now).map(|_| ());
        moved.and(sprayed).map_err(|_| NoReading::Bus)
    }

    fn park(&mut self) {
        // Parking is what is left when all else fails: all are tried, and there is nobody left to tell.
        let _ = self.barrier.park();
        if let Some(sprayer) = &mut self.sprayer {
            let _ = sprayer.stop();
        }
        if let Some(lamp) = &mut self.lamp {
            let _ = lamp.park();
        }
    }
}
