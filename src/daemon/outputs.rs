//! A lane's outputs, owned by the one task that may drive them.

use embedded_hal::digital::OutputPin;

use crate::base::{Mono, NoReading};
use crate::control::Aspect;
use crate::drivers::barrier::{Barrier, End, Position};
use crate::drivers::lamp::{Lamp, Light};
use crate::model::Level;

/// Barrier and lamp of one lane, whatever pins they hang on.
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

/// Barrier and lamp on pins.
pub struct OnPins<P> {
    barrier: Barrier<P>,
    lamp: Option<Lamp<P>>,
}

impl<P> OnPins<P> {
    /// The outputs of a lane; the lamp is optional.
    pub fn new(barrier: Barrier<P>, lamp: Option<Lamp<P>>) -> Self {
        Self { barrier, lamp }
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

    fn due(&self) -> Option<Mono> {
        self.barrier.due()
    }

    fn expire(&mut self, now: Mono) -> Result<(), NoReading> {
        self.barrier.expire(now).map(|_| ()).map_err(|_| NoReading::Bus)
    }

    fn park(&mut self) {
        // Parking is what is left when all else fails: both are tried, and there is nobody left to tell.
        let _ = self.barrier.park();
        if let Some(lamp) = &mut self.lamp {
            let _ = lamp.park();
        }
    }
}
