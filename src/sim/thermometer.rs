//! A simulated MLX90614 that answers real SMBus bytes behind `embedded_hal::i2c::I2c`.
//!
//! What it models, with its source beside each figure: radiation of the target and what it reflects, fill of the field,
//! conversions at the part's pace, filter with its bypass for the first conversion, noise, quantisation, supply
//! slope, die temperature with warm-up and lag, start-up time, both addresses, the packet error code, and faults.
//! It refuses every write: a driver that writes to the chip's memory fails its tests.

mod optics;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

pub use optics::{Part, Scene};

use self::optics::Optics;
use super::clock::SimClock;
use crate::base::Random;
use crate::base::checksum::smbus_pec;
use crate::drivers::mlx90614::START_UP;

/// Error bit of a temperature word.
const ERROR_BIT: u16 = 0x8000;

/// What is wrong with the chip or its bus. [`Default`] is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// Nothing answers at all: pulled plug, hung bus. Transfers time out.
    pub dead_bus: bool,
    /// Share of transfers that the chip does not acknowledge, 0 to 1.
    pub nak: f64,
    /// Share of answers with one bit flipped, 0 to 1.
    pub flip: f64,
    /// The object temperature stays as it is.
    pub stuck: bool,
    /// The chip flags its object temperature as invalid.
    pub error_flag: bool,
}

/// The world's hand on a chip: what it looks at, and what is wrong with it. Clones are the same chip.
#[derive(Clone, Debug)]
pub struct Handle {
    shared: Arc<Mutex<State>>,
    clock: SimClock,
}

/// The driver's end: a bus with one chip on it.
#[derive(Debug)]
pub struct Bus(Handle);

#[derive(Debug)]
struct State {
    address: u8,
    optics: Optics,
    faults: Faults,
    frozen: Option<u16>,
    random: Random,
    refused: u64,
}

/// A transfer that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BusError(pub ErrorKind);

impl embedded_hal::i2c::Error for BusError {
    fn kind(&self) -> ErrorKind {
        self.0
    }
}

/// A chip of the kind `part` at `address`, powered now, and the bus that it is on.
pub fn chip(part: Part, address: u8, clock: &SimClock, mut random: Random) -> (Handle, Bus) {
    let optics = Optics::new(part, clock.now(), random.fork("optics"));
    let (faults, frozen) = (Faults::default(), None);
    let state = State { address, optics, faults, frozen, random, refused: 0 };
    let handle = Handle { shared: Arc::new(Mutex::new(state)), clock: clock.clone() };
    (handle.clone(), Bus(handle))
}

impl Handle {
    /// Puts `scene` before the sensor from now on.
    pub fn set_scene(&self, scene: Scene) {
        self.caught_up().optics.scene = scene;
    }

    /// What is before the sensor.
    pub fn scene(&self) -> Scene {
        self.caught_up().optics.scene
    }

    /// Sets what is wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        let mut state = self.caught_up();
        state.frozen = faults.stuck.then(|| state.frozen.unwrap_or_else(|| state.optics.object_word()));
        state.faults = faults;
    }

    /// Sets the chip's supply in millivolts.
    pub fn set_supply(&self, supply_mv: u32) {
        self.caught_up().optics.supply_mv = supply_mv;
    }

    /// Takes the power away and gives it back.
    pub fn power_cycle(&self) {
        let now = self.clock.now();
        self.caught_up().optics.power_up(now);
    }

    /// How many writes to the chip's memory were tried, and refused.
    pub fn writes_refused(&self) -> u64 {
        self.caught_up().refused
    }

    fn caught_up(&self) -> MutexGuard<'_, State> {
        let mut state = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        state.optics.catch_up(self.clock.now());
        state
    }
}

impl ErrorType for Bus {
    type Error = BusError;
}

impl I2c for Bus {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        let now = self.0.clock.now();
        let mut state = self.0.caught_up();
        let faults = state.faults;
        if faults.dead_bus {
            return Err(BusError(ErrorKind::Other));
        }
        let nak = |source| BusError(ErrorKind::NoAcknowledge(source));
        // The chip answers its own address and, whatever that is, address 0.
        if (address != state.address && address != 0) || state.random.chance(faults.nak) {
            return Err(nak(NoAcknowledgeSource::Address));
        }
        match operations {
            [Operation::Write([command]), Operation::Read(buffer)] => {
                let ready = now.since(state.optics.powered()) >= START_UP;
                let word = state.word(*command, ready).ok_or(nak(NoAcknowledgeSource::Data))?;
                let answer = state.answer(address, *command, word);
                // A master that goes on reading gets ones.
                buffer.fill(0xFF);
                buffer.iter_mut().zip(answer).for_each(|(byte, answer)| *byte = answer);
                Ok(())
            }
            _ => {
                state.refused += 1;
                Err(nak(NoAcknowledgeSource::Data))
            }
        }
    }
}

impl State {
    /// The word behind a command. RAM, EEPROM and flags as in the datasheet's command table.
    fn word(&self, command: u8, ready: bool) -> Option<u16> {
        let flagged = |word: u16, flag: bool| if flag { word | ERROR_BIT } else { word };
        match command {
            // Raw infrared data, of which nothing here depends on the value.
            0x04 | 0x05 => Some(0x0100),
            0x06 => Some(flagged(self.optics.die_word(), !ready)),
            0x07 => {
                let word = self.frozen.unwrap_or_else(|| self.optics.object_word());
                Some(flagged(word, !ready || self.faults.error_flag))
            }
            // One field only: the second object temperature is not there.
            0x08 => Some(ERROR_BIT),
            0x24 => Some(0xFFFF), // emissivity 1, as delivered
            0x25 => Some(self.optics.part.config),
            0x2E => Some(0xBE00 | u16::from(self.address)),
            0x20..=0x3F => Some(0),
            // INIT is low while the chip starts.
            0xF0 => Some(if ready { 0x10 } else { 0 }),
            _ => None,
        }
    }

    fn answer(&mut self, address: u8, command: u8, word: u16) -> [u8; 3] {
        let [low, high] = word.to_le_bytes();
        let pec = smbus_pec(&[address << 1, command, address << 1 | 1, low, high]);
        let mut answer = [low, high, pec];
        if self.random.chance(self.faults.flip) {
            let bit = usize::try_from(self.random.below(24)).unwrap_or(0);
            answer[bit / 8] ^= 1 << (bit % 8);
        }
        answer
    }
}

#[cfg(test)]
mod tests;
