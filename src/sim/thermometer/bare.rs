//! The chip's optics without its bus, for simulations of more people than bytes can be afforded for.

use crate::base::{CentiCelsius, Random};
use crate::model::{RawWords, ThermalReading};
use crate::sim::clock::SimClock;

use super::optics::Optics;
use super::{Part, Scene};

/// A sensor whose words are read without a bus. With the same seed, scenes and times it gives the words of
/// [`chip`](super::chip).
#[derive(Debug)]
pub struct Bare {
    optics: Optics,
    clock: SimClock,
}

/// A sensor of the kind `part`, powered now.
pub fn bare(part: Part, clock: &SimClock, mut random: Random) -> Bare {
    Bare { optics: Optics::new(part, clock.now(), random.fork("optics")), clock: clock.clone() }
}

impl Bare {
    /// Puts `scene` before it from now on.
    pub fn set_scene(&mut self, scene: Scene) {
        self.optics.catch_up(self.clock.now());
        self.optics.scene = scene;
    }

    /// Sets its supply in millivolts.
    pub fn set_supply(&mut self, supply_mv: u32) {
        self.optics.catch_up(self.clock.now());
        self.optics.supply_mv = supply_mv;
    }

    /// What it measures now.
    pub fn read(&mut self) -> ThermalReading {
        self.optics.catch_up(self.clock.now());
        let words = [self.optics.object_word(), self.optics.die_word()];
        let [object, die] = words.map(|word| {
            CentiCelsius::new(i32::from(word) * 2 - 27_315).unwrap_or(CentiCelsius::ABSOLUTE_ZERO)
        });
        ThermalReading { object, die, raw: RawWords::new(&words) }
    }
}
