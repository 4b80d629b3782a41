//! A simulated MLX90640 or MLX90641 that answers real I²C bytes behind `embedded_hal::i2c::I2c`, and what stands before it.
//!
//! What it models: an EEPROM of its own, subpages in turn at the pace of the control register (of the MLX90640 in a chess
//! pattern, of the MLX90641 both of all pixels), status with "new data" and its subpage, RAM whose words are the datasheet's §11.2 the other way round, their quantisation, noise that
//! grows with the root of the rate (0.1 °C rms at 1 Hz: datasheet rev 12, §1), compensation pixels, supply, die, a
//! broken and an outlying pixel, and faults. It refuses every write but to its two registers: a driver that writes to
//! the EEPROM fails its tests.

mod eeprom;
mod optics;
pub mod scene;
mod small;
mod visitor;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

pub use eeprom::{BROKEN, OUTLYING};
pub use scene::{Person, Scene, Thing, Worn};
pub use small::SMALL_BROKEN;
pub use visitor::Visitors;

use self::optics::Optics;
use super::clock::SimClock;
use super::thermometer::BusError;
use crate::base::{Mono, Random};
use crate::drivers::mlx9064x::registers::{CONTROL, Control, STATUS, Subpage};
use crate::drivers::mlx9064x::{EEPROM_WORDS, Kind};
use crate::drivers::{mlx90640, mlx90641};

const EEPROM: u16 = 0x2400;
const RAM: u16 = 0x0400;
const RAM_WORDS: usize = 832;
/// Bits of the status register.
const NEW_DATA: u16 = 1 << 3;
const KEPT: u16 = 0x0030;
/// The control registers as delivered: 2 Hz, 18 bits; chess in the one that has it.
const DELIVERED: u16 = 0x1901;
const SMALL_DELIVERED: u16 = 0x0901;

/// What is wrong with the chip or its bus. [`Default`] is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// Nothing answers at all: pulled plug, hung bus. Transfers time out.
    pub dead_bus: bool,
    /// Share of transfers that the chip does not acknowledge, 0 to 1.
    pub nak: f64,
    /// It measures nothing new.
    pub hung: bool,
    /// It measures one subpage only, again and again.
    pub one_subpage: bool,
    /// Every frame is the same, to the last bit.
    pub frozen: bool,
    /// How long a read of all RAM takes: slower than a subpage, and each one is torn.
    pub slow_read: Option<Duration>,
    /// A word of the EEPROM reads as 0, by its number.
    pub lost_word: Option<usize>,
}

/// The world's hand on a chip. Clones are the same chip.
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
    delivered: u16,
    eeprom: [u16; EEPROM_WORDS],
    ram: [u16; RAM_WORDS],
    control: u16,
    status: u16,
    optics: Optics,
    /// The subpage that is measured next, and when it is done.
    next: Subpage,
    done: Mono,
    faults: Faults,
    random: Random,
    refused: u64,
}

/// An MLX90640 at `address`, powered now, and the bus that it is on.
pub fn chip(address: u8, clock: &SimClock, mut random: Random) -> (Handle, Bus) {
    let eeprom = eeprom::words(&mut random.fork("eeprom"));
    powered((mlx90640::KIND, DELIVERED), address, eeprom, clock, random)
}

/// An MLX90641 at `address`, powered now, and the bus that it is on.
pub fn small_chip(address: u8, clock: &SimClock, mut random: Random) -> (Handle, Bus) {
    let eeprom = small::words(&mut random.fork("eeprom"));
    powered((mlx90641::KIND, SMALL_DELIVERED), address, eeprom, clock, random)
}

fn powered(
    (kind, delivered): (Kind, u16),
    address: u8,
    eeprom: [u16; EEPROM_WORDS],
    clock: &SimClock,
    mut random: Random,
) -> (Handle, Bus) {
    let state = State {
        address,
        delivered,
        optics: Optics::new(kind, &eeprom, random.fork("optics")),
        eeprom,
        ram: [0; RAM_WORDS],
        control: delivered,
        status: 0,
        next: Subpage::Zero,
        done: clock.now() + Control::new(delivered).rate().period(),
        faults: Faults::default(),
        random,
        refused: 0,
    };
    let handle = Handle { shared: Arc::new(Mutex::new(state)), clock: clock.clone() };
    (handle.clone(), Bus(handle))
}

impl Handle {
    /// Puts `scene` before the array from now on.
    pub fn set_scene(&self, scene: Scene) {
        self.caught_up().optics.scene = scene;
    }

    /// Sets what is wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.caught_up().faults = faults;
    }

    /// Sets the chip's own temperature in °C, and its supply in volts.
    pub fn set_die(&self, celsius: f64, volts: f64) {
        let mut state = self.caught_up();
        (state.optics.die, state.optics.volts) = (celsius, volts);
    }

    /// Sets the noise at 1 Hz, in °C rms; 0.1 as delivered.
    pub fn set_noise(&self, celsius: f64) {
        self.caught_up().optics.noise = celsius;
    }

    /// Takes the power away and gives it back.
    pub fn power_cycle(&self) {
        let now = self.clock.now();
        let mut state = self.caught_up();
        (state.control, state.status, state.next) = (state.delivered, 0, Subpage::Zero);
        state.done = now + Control::new(state.delivered).rate().period();
    }

    /// How many writes to other places than its registers were tried, and refused.
    pub fn writes_refused(&self) -> u64 {
        self.caught_up().refused
    }

    fn width(&self) -> u8 {
        self.caught_up().optics.width()
    }

    fn caught_up(&self) -> MutexGuard<'_, State> {
        let mut state = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        state.catch_up(self.clock.now());
        state
    }
}

impl ErrorType for Bus {
    type Error = BusError;
}

impl I2c for Bus {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), BusError> {
        let mut state = self.0.caught_up();
        if state.faults.dead_bus {
            return Err(BusError(ErrorKind::Other));
        }
        let nak = |source| BusError(ErrorKind::NoAcknowledge(source));
        let share = state.faults.nak;
        if address != state.address || state.random.chance(share) {
            return Err(nak(NoAcknowledgeSource::Address));
        }
        match operations {
            [Operation::Write([high, low]), Operation::Read(buffer)] => {
                let from = u16::from_be_bytes([*high, *low]);
                state.answer(from, buffer).ok_or(nak(NoAcknowledgeSource::Data))?;
                let slow = state.faults.slow_read.filter(|_| from == RAM);
                if let Some(taken) = slow {
                    let until = self.0.clock.now() + taken;
                    state.catch_up(until);
                }
                Ok(())
            }
            [Operation::Write([high, low, data @ ..])] if data.len() == 2 => {
                let word = u16::from_be_bytes([data[0], data[1]]);
                let now = self.0.clock.now();
                state.set(now, u16::from_be_bytes([*high, *low]), word).ok_or(nak(NoAcknowledgeSource::Data))
            }
            _ => Err(nak(NoAcknowledgeSource::Data)),
        }
    }
}

impl State {
    /// Carries out the measurements that have ended by `now`.
    fn catch_up(&mut self, now: Mono) {
        let control = Control::new(self.control);
        let period = control.rate().period();
        // Of a long pause only the end is carried out: whatever was before is overwritten.
        if now.since(self.done) > period * 8 {
            self.done = now - period * 4;
        }
        while now >= self.done {
            self.done = self.done + period;
            if self.faults.hung || !control.is_continuous() {
                continue;
            }
            let subpage = self.next;
            if !self.faults.frozen || self.ram[0] == 0 {
                self.optics.measure(&mut self.ram, subpage, control);
            }
            self.status = self.status & KEPT | NEW_DATA | u16::from(subpage == Subpage::One);
            self.next = if self.faults.one_subpage { subpage } else { Subpage::of(subpage.index() + 1) };
        }
    }

    /// Fills `buffer` from the address `from` on.
    fn answer(&self, from: u16, buffer: &mut [u8]) -> Option<()> {
        for (index, pair) in (0_u16..).zip(buffer.chunks_mut(2)) {
            let word = self.word(from.checked_add(index)?)?.to_be_bytes();
            pair.copy_from_slice(&word[..pair.len()]);
        }
        Some(())
    }

    fn word(&self, address: u16) -> Option<u16> {
        match address {
            STATUS => return Some(self.status),
            CONTROL => return Some(self.control),
            _ => {}
        }
        let at = |base: u16| usize::from(address.wrapping_sub(base));
        if let Some(word) = self.eeprom.get(at(EEPROM)) {
            return Some(if self.faults.lost_word == Some(at(EEPROM)) { 0 } else { *word });
        }
        self.ram.get(at(RAM)).copied()
    }

    fn set(&mut self, now: Mono, address: u16, word: u16) -> Option<()> {
        match address {
            STATUS => {
                // The master can clear "new data" and not set it.
                self.status = self.status & (word | !NEW_DATA) & !KEPT | word & KEPT;
                Some(())
            }
            CONTROL => {
                self.control = word;
                self.done = now + Control::new(word).rate().period();
                Some(())
            }
            _ => {
                self.refused += 1;
                None
            }
        }
    }
}
