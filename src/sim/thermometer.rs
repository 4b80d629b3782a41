//! A simulated MLX90614 that answers real SMBus bytes behind `embedded_hal::i2c::I2c`.
//!
//! What it models, with its source beside each figure: radiation of the target and what it reflects, fill of the field,
//! conversions at the part's pace, filter with its bypass for the first conversion, noise, quantisation, saturation, supply
//! slope, die temperature with warm-up and lag, start-up time, both addresses, the packet error code, memory, sleep, what
//! traffic on the bus does to a value, and faults. It counts every write: a driver that writes to the chip fails its
//! tests.

mod bare;
mod memory;
mod optics;
mod part;
mod scene;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use embedded_hal::digital::{self, OutputPin};
use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

pub use bare::{Bare, bare};
pub use part::Part;
pub use scene::{Looks, Scene, Together};

use self::memory::{Memory, Taken};
use self::optics::Optics;
use super::clock::SimClock;
use crate::base::checksum::smbus_pec;
use crate::base::{Mono, Random};
use crate::drivers::mlx90614::START_UP;

/// Error bit of a temperature word.
const ERROR_BIT: u16 = 0x8000;
/// The chip lets go when the clock is held low for so long. Source: datasheet rev 13, "SMBus timeout": 27 to 33 ms.
const LETS_GO: Duration = Duration::from_millis(27);
/// After so long Linux adapters give up. Source: Linux drivers/i2c/i2c-core-base.c, `adap->timeout`.
const ADAPTER_TIMEOUT: Duration = Duration::from_secs(1);
/// SDA low for longer than this wakes a sleeping chip. Source: datasheet rev 13, "Sleep mode".
const WAKES_AFTER: Duration = Duration::from_millis(33);

/// What is wrong with the chip or its bus. [`Default`] is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// Nothing answers at all: pulled plug, hung bus. Transfers time out.
    pub dead_bus: bool,
    /// How long something holds the clock low in every transfer. From 27 ms on the chip lets go, and the adapter times
    /// out a second later.
    pub slow: Duration,
    /// Share of transfers that the chip does not acknowledge, 0 to 1.
    pub nak: f64,
    /// Share of answers with one bit flipped, 0 to 1.
    pub flip: f64,
    /// The object temperature stays as it is.
    pub stuck: bool,
    /// The chip flags its object temperature as invalid.
    pub error_flag: bool,
    /// The chip's memory has two errors in one word, while its temperatures look as good as ever.
    pub memory_dead: bool,
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

/// A pin that is wired to SDA, to wake the chip.
#[derive(Debug)]
pub struct Sda(Handle);

#[derive(Debug)]
struct State {
    optics: Optics,
    memory: Memory,
    faults: Faults,
    frozen: Option<u16>,
    random: Random,
    writes: u64,
    asleep: bool,
    sda_low: Option<Mono>,
    traffic: Traffic,
}

/// What was on the bus before. Transfers one right after the other are one burst.
#[derive(Debug, Default)]
struct Traffic {
    /// When the one before ended; `None` before the first.
    ended: Option<Mono>,
    /// Silence before this burst.
    silence: Option<Duration>,
    /// Something else than temperatures was asked for in this burst.
    chatter: bool,
    /// Shortest silence before an object temperature was read.
    quietest: Option<Duration>,
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
    let now = clock.now();
    let optics = Optics::new(part, now, random.fork("optics"));
    let memory = Memory::new(part.config, address, random.clone().fork("number").next_u64(), now);
    let state = State {
        optics,
        memory,
        faults: Faults::default(),
        frozen: None,
        random,
        writes: 0,
        asleep: false,
        sda_low: None,
        traffic: Traffic::default(),
    };
    let handle = Handle { shared: Arc::new(Mutex::new(state)), clock: clock.clone() };
    (handle.clone(), Bus(handle))
}

impl Looks for Handle {
    fn set_scene(&self, scene: Scene) {
        self.caught_up().optics.scene = scene;
    }

    fn scene(&self) -> Scene {
        self.caught_up().optics.scene
    }
}

impl Handle {
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
        self.caught_up().power_up(now);
    }

    /// Sets an EEPROM cell, stored and in force, as somebody else's program left it.
    pub fn set_cell(&self, cell: usize, word: u16) {
        let mut state = self.caught_up();
        state.memory.set(cell, word);
        state.optics.emissivity = state.memory.emissivity();
    }

    /// An EEPROM cell as it is stored.
    pub fn cell(&self, cell: usize) -> u16 {
        let now = self.clock.now();
        self.caught_up().memory.read(cell, now)
    }

    /// How many writes were sent to the chip, taken or not.
    pub fn writes(&self) -> u64 {
        self.caught_up().writes
    }

    /// Shortest silence on the bus before an object temperature was read.
    pub fn quietest(&self) -> Option<Duration> {
        self.caught_up().traffic.quietest
    }

    /// One more handle on the bus, for whoever else is on it.
    pub fn bus(&self) -> Bus {
        Bus(self.clone())
    }

    /// A pin that is wired to SDA.
    pub fn sda(&self) -> Sda {
        Sda(self.clone())
    }

    fn caught_up(&self) -> MutexGuard<'_, State> {
        let mut state = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        state.optics.catch_up(self.clock.now());
        state
    }
}

impl digital::ErrorType for Sda {
    type Error = Infallible;
}

impl OutputPin for Sda {
    fn set_low(&mut self) -> Result<(), Infallible> {
        let now = self.0.clock.now();
        self.0.caught_up().sda_low.get_or_insert(now);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        let now = self.0.clock.now();
        let mut state = self.0.caught_up();
        if state.sda_low.take().is_some_and(|since| now.since(since) > WAKES_AFTER) && state.asleep {
            state.power_up(now);
        }
        Ok(())
    }
}

impl ErrorType for Bus {
    type Error = BusError;
}

impl I2c for Bus {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        let mut state = self.0.caught_up();
        let holds = state.faults.slow < LETS_GO;
        let takes = if holds { state.faults.slow } else { ADAPTER_TIMEOUT };
        state.traffic.begin(self.0.clock.now());
        drop(state);
        self.0.clock.advance(takes);
        let now = self.0.clock.now();
        let mut state = self.0.caught_up();
        state.traffic.ended = Some(now);
        if state.faults.dead_bus || !holds {
            state.traffic.other();
            return Err(BusError(ErrorKind::Other));
        }
        // The chip answers its own address and, whatever that is, address 0.
        let mine = address == state.memory.address() || address == 0;
        let nak = state.faults.nak;
        if !mine || state.asleep || state.random.chance(nak) {
            state.traffic.other();
            return Err(BusError(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address)));
        }
        state.transfer(address, operations, now).ok_or_else(|| {
            state.traffic.other();
            BusError(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Data))
        })
    }
}

impl State {
    fn transfer(&mut self, address: u8, operations: &mut [Operation<'_>], now: Mono) -> Option<()> {
        match operations {
            [Operation::Write([command]), Operation::Read(buffer)] => {
                let word = self.word(*command, now)?;
                let answer = self.answer(address, *command, word);
                // A master that goes on reading gets ones.
                buffer.fill(0xFF);
                buffer.iter_mut().zip(answer).for_each(|(byte, answer)| *byte = answer);
                Some(())
            }
            [Operation::Write([written @ .., pec])] => {
                self.writes += 1;
                let covered: Vec<u8> = [address << 1].iter().chain(written.iter()).copied().collect();
                if smbus_pec(&covered) != *pec {
                    return None;
                }
                self.write(written, now)
            }
            _ => None,
        }
    }

    fn write(&mut self, written: &[u8], now: Mono) -> Option<()> {
        self.traffic.other();
        match *written {
            [0xFF] => self.asleep = true,
            [0x60] => self.memory.unlock(),
            [0x61] => self.memory.lock(),
            [command @ 0x20..=0x3F, low, high] => {
                let cell = usize::from(command & 0x1F);
                return match self.memory.write(cell, u16::from_le_bytes([low, high]), now) {
                    Taken::Yes => Some(()),
                    Taken::No => None,
                };
            }
            _ => return None,
        }
        Some(())
    }

    /// The word behind a command. RAM, EEPROM and flags as in the datasheet's command table.
    fn word(&mut self, command: u8, now: Mono) -> Option<u16> {
        let ready = now.since(self.optics.powered()) >= START_UP;
        let flagged = |word: u16, flag: bool| if flag { word | ERROR_BIT } else { word };
        if !matches!(command, 0x06 | 0x07) {
            self.traffic.other();
        }
        match command {
            // Raw infrared data, of which nothing here depends on the value.
            0x04 | 0x05 => Some(0x0100),
            0x06 => Some(flagged(self.optics.die_word(), !ready)),
            0x07 => {
                let silence = self.traffic.measured();
                self.optics.silent_for(silence);
                let word = self.frozen.unwrap_or_else(|| self.optics.object_word());
                Some(flagged(word, !ready || self.faults.error_flag))
            }
            // One field only: the second object temperature is not there.
            0x08 => Some(ERROR_BIT),
            0x20..=0x3F => Some(self.memory.read(usize::from(command & 0x1F), now)),
            0xF0 => {
                let bit = |bit: u16, set: bool| u16::from(set) << bit;
                // INIT is low while the chip starts.
                Some(bit(4, ready) | bit(5, self.faults.memory_dead) | bit(7, self.memory.busy(now)))
            }
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

    fn power_up(&mut self, now: Mono) {
        self.memory.power_up(now);
        self.optics.emissivity = self.memory.emissivity();
        self.optics.power_up(now);
        self.asleep = false;
    }
}

impl Traffic {
    /// A transfer begins.
    fn begin(&mut self, at: Mono) {
        if self.ended != Some(at) {
            (self.silence, self.chatter) = (self.ended.map(|ended| at.since(ended)), false);
        }
    }

    /// It ended; what it asked for was no temperature.
    fn other(&mut self) {
        self.chatter = true;
    }

    /// How long the bus was silent before the read that runs.
    fn measured(&mut self) -> Duration {
        let silence = if self.chatter { Duration::ZERO } else { self.silence.unwrap_or(Duration::MAX) };
        self.quietest = Some(self.quietest.map_or(silence, |quietest| quietest.min(silence)));
        silence
    }
}

#[cfg(test)]
mod tests;
