//! Simulated chips beside an infrared sensor, which answer real I²C bytes behind `embedded_hal::i2c::I2c`.
//!
//! Each looks at the same [`Scene`] as the infrared one: thermometers for air, outdoors and plate are in its ambient, and
//! the distance is that of whoever stands there. A chip has a time of its own, ahead of the world's by what its driver
//! waits and by the time that bytes take on the bus: nobody else's clock moves by that.

pub mod sht4x;
pub mod tmp117;
pub mod vl53l0x;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

use super::clock::SimClock;
use super::thermometer::{BusError, Looks, Scene};
use crate::base::{Mono, Random};

/// A byte with its acknowledgement on a bus of 100 kHz.
const BYTE: Duration = Duration::from_micros(90);

/// What is wrong with a chip or its bus. [`Default`] is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// Nothing answers at all. Transfers time out.
    pub dead_bus: bool,
    /// Share of transfers that the chip does not acknowledge, 0 to 1.
    pub nak: f64,
    /// Share of answers with one bit flipped, 0 to 1.
    pub flip: f64,
    /// It begins no measurement.
    pub hung: bool,
}

/// What one kind of chip does.
pub trait Chip: Send {
    /// Goes on to `now` with `scene` before it.
    fn go_on(&mut self, now: Mono, scene: &Scene, random: &mut Random);

    /// Takes a command that begins at `now`; `None` when it is not acknowledged.
    fn take(&mut self, now: Mono, written: &[u8]) -> Option<()>;

    /// Fills `answer`; `None` when it is not acknowledged.
    fn answer(&mut self, answer: &mut [u8]) -> Option<()>;

    /// Takes the power away for a moment.
    fn power_up(&mut self, now: Mono);
}

/// The world's hand on a chip. Clones are the same chip.
#[derive(Debug)]
pub struct Handle<C> {
    shared: Arc<Mutex<State<C>>>,
    clock: SimClock,
}

/// The driver's end: a bus with one chip on it. Clones are the same bus.
#[derive(Debug)]
pub struct Bus<C>(Handle<C>);

/// How the driver waits.
#[derive(Debug)]
pub struct Wait<C>(Handle<C>);

#[derive(Debug)]
struct State<C> {
    address: u8,
    chip: C,
    scene: Scene,
    faults: Faults,
    random: Random,
    /// To here the driver has waited.
    ahead: Mono,
}

/// `chip` at `address`, and the bus that it is on.
fn plugged<C: Chip>(chip: C, address: u8, clock: &SimClock, random: Random) -> (Handle<C>, Bus<C>) {
    let (scene, faults) = (Scene::EMPTY, Faults::default());
    let state = State { address, chip, scene, faults, random, ahead: clock.now() };
    let handle = Handle { shared: Arc::new(Mutex::new(state)), clock: clock.clone() };
    (handle.clone(), Bus(handle))
}

impl<C> Clone for Handle<C> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), clock: self.clock.clone() }
    }
}

impl<C> Clone for Bus<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C: Chip> Handle<C> {
    /// Sets what is wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.caught_up().1.faults = faults;
    }

    /// Takes the power away and gives it back.
    pub fn power_cycle(&self) {
        let (now, mut state) = self.caught_up();
        state.chip.power_up(now);
    }

    /// How the driver waits for this chip.
    pub fn wait(&self) -> Wait<C> {
        Wait(self.clone())
    }

    fn caught_up(&self) -> (Mono, MutexGuard<'_, State<C>>) {
        let mut state = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now().max(state.ahead);
        let State { chip, scene, random, faults, .. } = &mut *state;
        if !faults.hung {
            chip.go_on(now, scene, random);
        }
        (now, state)
    }
}

impl<C: Chip> Looks for Handle<C> {
    fn set_scene(&self, scene: Scene) {
        self.caught_up().1.scene = scene;
    }

    fn scene(&self) -> Scene {
        self.caught_up().1.scene
    }
}

impl<C: Chip> DelayNs for Wait<C> {
    fn delay_ns(&mut self, ns: u32) {
        let (now, mut state) = self.0.caught_up();
        state.ahead = now + Duration::from_nanos(ns.into());
    }
}

impl<C> ErrorType for Bus<C> {
    type Error = BusError;
}

impl<C: Chip> I2c for Bus<C> {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        let (mut now, mut state) = self.0.caught_up();
        let faults = state.faults;
        if faults.dead_bus {
            return Err(BusError(ErrorKind::Other));
        }
        let nak = |source| BusError(ErrorKind::NoAcknowledge(source));
        if address != state.address || state.random.chance(faults.nak) {
            return Err(nak(NoAcknowledgeSource::Address));
        }
        for operation in operations {
            let (bytes, done) = match operation {
                Operation::Write(written) => (written.len(), state.chip.take(now, written)),
                Operation::Read(buffer) => {
                    let done = state.chip.answer(buffer);
                    state.flip(buffer);
                    (buffer.len(), done)
                }
            };
            // The address is a byte as well.
            now = now + BYTE * u32::try_from(bytes + 1).unwrap_or(u32::MAX);
            state.ahead = now;
            done.ok_or(nak(NoAcknowledgeSource::Data))?;
        }
        Ok(())
    }
}

impl<C> State<C> {
    fn flip(&mut self, buffer: &mut [u8]) {
        if self.random.chance(self.faults.flip) {
            let bits = u64::try_from(buffer.len() * 8).unwrap_or(0);
            let bit = usize::try_from(self.random.below(bits)).unwrap_or(0);
            if let Some(byte) = buffer.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
        }
    }
}

#[cfg(test)]
mod tests;
