//! A lane's outputs, owned by the one task that may drive them.

use embedded_hal::digital::OutputPin;

use crate::base::{Mono, NoReading};
use crate::control::Aspect;
use crate::drivers::barrier::{Barrier, End, Position};
use crate::drivers::illuminator::Illuminator;
use crate::drivers::lamp::{Lamp, Light};
use crate::drivers::sprayer::Sprayer;
use crate::model::{Level, PictureLight};

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

    /// Lights the place where codes are held up as its camera needs it. A lane without an illuminator has none.
    ///
    /// # Errors
    ///
    /// When it cannot be driven.
    fn illuminate(&mut self, _now: Mono, _needed: Level, _light: PictureLight) -> Result<(), NoReading> {
        Ok(())
    }

    /// Whether an illuminator gets brighter, now or in a moment.
    fn brightens(&self) -> Level {
        Level::Idle
    }

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

/// Barrier, lamp, sprayer and illuminator on pins.
pub struct OnPins<P> {
    barrier: Barrier<P>,
    lamp: Option<Lamp<P>>,
    sprayer: Option<Sprayer<P>>,
    light: Option<Illuminator>,
}

impl<P> OnPins<P> {
    /// The outputs of a lane; lamp and sprayer are optional.
    pub fn new(barrier: Barrier<P>, lamp: Option<Lamp<P>>, sprayer: Option<Sprayer<P>>) -> Self {
        Self { barrier, lamp, sprayer, light: None }
    }

    /// The same with an illuminator, where there is one.
    pub fn lit_by(self, light: Option<Illuminator>) -> Self {
        Self { light, ..self }
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

    fn illuminate(&mut self, now: Mono, needed: Level, light: PictureLight) -> Result<(), NoReading> {
        let Some(lamp) = &mut self.light else { return Ok(()) };
        lamp.tell(now, needed, light).map_err(|_| NoReading::Bus)
    }

    fn brightens(&self) -> Level {
        self.light.as_ref().map_or(Level::Idle, Illuminator::brightens)
    }

    fn due(&self) -> Option<Mono> {
        let light = self.light.as_ref().and_then(Illuminator::due);
        let sprayer = self.sprayer.as_ref().and_then(Sprayer::due);
        [self.barrier.due(), sprayer, light].into_iter().flatten().min()
    }

    fn expire(&mut self, now: Mono) -> Result<(), NoReading> {
        let sprayed = self.sprayer.as_mut().map_or(Ok(()), |sprayer| sprayer.expire(now));
        let lit = self.light.as_mut().map_or(Ok(()), |light| light.expire(now));
        let moved = self.barrier.expire(now).map(|_| ());
        moved.and(sprayed).map_err(|_| NoReading::Bus).and(lit.map_err(|_| NoReading::Bus))
    }

    fn park(&mut self) {
        // Parking is what is left when all else fails: all are tried, and there is nobody left to tell.
        let _ = self.barrier.park();
        if let Some(sprayer) = &mut self.sprayer {
            let _ = sprayer.stop();
        }
        if let Some(light) = &mut self.light {
            let _ = light.park();
        }
        if let Some(lamp) = &mut self.lamp {
            let _ = lamp.park();
        }
    }
}
