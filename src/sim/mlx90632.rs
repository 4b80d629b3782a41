//! A simulated MLX90632 that answers its registers behind `embedded_hal::i2c::I2c`.
//!
//! What it sees is turned into raw words by the reverse of the calibration's formulas, whose own words are the maker's
//! published example, so that the driver's mathematics runs as on a chip. It measures at the default pace, one half after
//! the other; status and control behave as the driver's module comment says. A write to its memory is counted and
//! refused.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};

use super::clock::SimClock;
use super::thermometer::{BusError, Looks, Scene};
use crate::base::{Mono, Random};
use crate::drivers::mlx90632::ChipId;
use crate::drivers::mlx90632::calibration::{Calibration, Raw, Reflected};

/// EEPROM words 0x240C to 0x242F. Source: melexis/mlx90632-library test/TestDSP.c; what it does not use is 0.
const CONSTANTS: [u16; Calibration::WORDS] = [
    0x7F5B, 0x0058, 0x0289, 0x04A1, 0x66F8, 0xFFF9, 0x1E0F, 0x0000, // P_R, P_G, P_T, P_O
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, //
    0x268F, 0x004A, 0xC4EC, 0x0056, 0xC481, 0x0335, 0x3525, 0x028E, // Ea, Eb, Fa, Fb
    0xE306, 0xFF21, 0x2600, 0x2A00, // Ga, Gb, Ka
];
/// Words 0x2481 and 0x2482: no correction by a customer.
const CUSTOMER: [u16; 2] = [0x4000, 0];
/// Words 0x24E1 and 0x24E2 as delivered: each half takes 0.5 s. Source: melexis/i2c-stick
/// doc/mlx90632/refresh_rate_update.md, read from a chip; its version word as well.
const HALVES: [u16; 2] = [0x820D, 0x821D];
const VERSION: u16 = 0x8505;
const HALF: Duration = Duration::from_millis(500);
/// Control word as delivered: continuous, medical. Source: as above.
const CONTROL: u16 = 0x0006;
/// Reference word. Source: the published example's.
const REFERENCE: i16 = 23_030;
/// Noise of a reading in °C rms, and of one word of the four of which it is made. Our own round figures.
const NOISE: f64 = 0.05;
const WORD_NOISE: f64 = NOISE * 2.0;
/// Time constant with which the die follows its ambient, in seconds, as for the simulated MLX90614.
const DIE_LAG: f64 = 300.0;
/// Halves that are carried out one by one after a pause.
const HALVES_MAX: u64 = 8;

/// What is wrong with the chip or its bus. [`Default`] is nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// Nothing answers at all. Transfers time out.
    pub dead_bus: bool,
    /// Share of transfers that the chip does not acknowledge, 0 to 1.
    pub nak: f64,
    /// Share of answers with one bit flipped, 0 to 1.
    pub flip: f64,
    /// It measures no more.
    pub halted: bool,
    /// It measures the same again and again.
    pub stuck: bool,
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
    number: u64,
    version: u16,
    constants: [u16; Calibration::WORDS],
    scene: Scene,
    faults: Faults,
    random: Random,
    die: f64,
    status: u16,
    control: u16,
    /// RAM_4 to RAM_9.
    words: [i16; 6],
    measured: Mono,
    writes: u64,
}

/// A chip at `address`, powered now, and the bus that it is on.
pub fn chip(address: u8, clock: &SimClock, mut random: Random) -> (Handle, Bus) {
    let number = random.fork("number").next_u64() >> 16;
    let state = State {
        address,
        number,
        version: VERSION,
        constants: CONSTANTS,
        scene: Scene::EMPTY,
        faults: Faults::default(),
        random,
        die: Scene::EMPTY.ambient,
        status: 0,
        control: CONTROL,
        words: [0; 6],
        measured: clock.now(),
        writes: 0,
    };
    let handle = Handle { shared: Arc::new(Mutex::new(state)), clock: clock.clone() };
    (handle.clone(), Bus(handle))
}

impl Looks for Handle {
    fn set_scene(&self, scene: Scene) {
        self.caught_up().scene = scene;
    }

    fn scene(&self) -> Scene {
        self.caught_up().scene
    }
}

impl Handle {
    /// Sets what is wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.caught_up().faults = faults;
    }

    /// Takes the power away for a moment.
    pub fn power_cycle(&self) {
        let now = self.clock.now();
        let mut state = self.caught_up();
        (state.status, state.control, state.words, state.measured) = (0, CONTROL, [0; 6], now);
    }

    /// Another chip takes its place, with its own number and version of memory.
    pub fn replace(&self, number: ChipId, version: u16) {
        let mut state = self.caught_up();
        (state.number, state.version) = (number.0, version);
    }

    /// The memory loses its constants.
    pub fn erase(&self) {
        self.caught_up().constants = [0; Calibration::WORDS];
    }

    /// The chip's number.
    pub fn number(&self) -> ChipId {
        ChipId(self.caught_up().number)
    }

    /// How many writes to the chip's memory were tried, and refused.
    pub fn writes(&self) -> u64 {
        self.caught_up().writes
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
        let faults = state.faults;
        if faults.dead_bus {
            return Err(BusError(ErrorKind::Other));
        }
        let nak = |source| BusError(ErrorKind::NoAcknowledge(source));
        if address != state.address || state.random.chance(faults.nak) {
            return Err(nak(NoAcknowledgeSource::Address));
        }
        match operations {
            [Operation::Write([high, low]), Operation::Read(buffer)] => {
                let first = u16::from_be_bytes([*high, *low]);
                for (register, word) in (first..).zip(buffer.chunks_mut(2)) {
                    let bytes = state.register(register).to_be_bytes();
                    word.iter_mut().zip(bytes).for_each(|(byte, said)| *byte = said);
                }
                state.flip(buffer);
                Ok(())
            }
            [Operation::Write([a, b, c, d])] => state
                .write(u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]))
                .ok_or(nak(NoAcknowledgeSource::Data)),
            _ => Err(nak(NoAcknowledgeSource::Data)),
        }
    }
}

impl State {
    fn register(&self, register: u16) -> u16 {
        let of = |words: &[u16], from: u16| words.get(usize::from(register - from)).copied().unwrap_or(0);
        match register {
            0x2405..=0x2407 => {
                let [a, b, c, d, e, f, ..] = self.number.to_le_bytes();
                of(&[[a, b], [c, d], [e, f]].map(u16::from_le_bytes), 0x2405)
            }
            0x240B => self.version,
            0x240C..=0x242F => of(&self.constants, 0x240C),
            0x2481..=0x2482 => of(&CUSTOMER, 0x2481),
            0x24E1..=0x24E2 => of(&HALVES, 0x24E1),
            0x3001 => self.control,
            0x3FFF => self.status,
            0x4003..=0x4008 => of(&self.words.map(i16::cast_unsigned), 0x4003),
            _ => 0,
        }
    }

    fn write(&mut self, register: u16, word: u16) -> Option<()> {
        match register {
            0x3001 => self.control = word,
            // New data and brown-out are the master's to set; the rest is the chip's.
            0x3FFF => self.status = self.status & !0x0101 | word & 0x0101,
            _ => {
                self.writes += 1;
                return None;
            }
        }
        Some(())
    }

    fn flip(&mut self, buffer: &mut [u8]) {
        if self.random.chance(self.faults.flip) {
            let bits = u64::try_from(buffer.len() * 8).unwrap_or(0);
            let bit = usize::try_from(self.random.below(bits)).unwrap_or(0);
            if let Some(byte) = buffer.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
        }
    }

    /// Carries out the halves that have ended by `now`.
    fn catch_up(&mut self, now: Mono) {
        let elapsed = now.since(self.measured);
        let passed = u64::try_from(elapsed.as_nanos() / HALF.as_nanos()).unwrap_or(u64::MAX);
        let measures = self.control & 0x0006 == CONTROL && !self.faults.halted;
        if passed == 0 {
            return;
        }
        let share = elapsed.as_secs_f64() / (DIE_LAG + elapsed.as_secs_f64());
        self.die += (self.scene.ambient - self.die) * share;
        let into_next =
            Duration::from_nanos(u64::try_from(elapsed.as_nanos() % HALF.as_nanos()).unwrap_or(0));
        self.measured = now - into_next;
        for _ in 0..passed.min(HALVES_MAX) {
            if measures {
                self.measure();
            }
        }
    }

    /// One half: the first after a reset is the first.
    fn measure(&mut self) {
        let half = if self.status >> 2 & 0x1F == 1 { 2 } else { 1 };
        if !self.faults.stuck
            && let Some(calibration) = Calibration::from_words(&self.constants, CUSTOMER)
        {
            let ambient = ambient_word(&calibration, self.die);
            let mut word = || {
                let seen = self.scene.seen() + self.random.normal() * WORD_NOISE;
                object_word(&calibration, seen, ambient)
            };
            let pair = [word(), word()];
            match half {
                1 => self.words[..3].copy_from_slice(&[pair[0], pair[1], ambient]),
                _ => self.words[3..].copy_from_slice(&[pair[0], pair[1], REFERENCE]),
            }
        }
        self.status = self.status & !0x007C | half << 2 | 1;
    }
}

/// The least ambient word by which the die is at least so warm.
fn ambient_word(calibration: &Calibration, die: f64) -> i16 {
    least(1, |word| calibration.die(calibration.ambient(Raw([0, 0, word, 0, 0, REFERENCE]))) >= die)
}

/// The least object word by which the object is at least so warm.
fn object_word(calibration: &Calibration, seen: f64, ambient: i16) -> i16 {
    least(i16::MIN, |word| {
        let raw = Raw([word, word, ambient, word, word, REFERENCE]);
        let (signal, ambient) = (calibration.signal(raw), calibration.ambient(raw));
        calibration.object(signal, ambient, 1.0, Reflected::Sensor) >= seen
    })
}

/// The least word from `low` on of which `enough` is true, which then is true of all larger ones; the largest if of none.
fn least(low: i16, enough: impl Fn(i16) -> bool) -> i16 {
    let (mut low, mut high) = (i32::from(low), i32::from(i16::MAX));
    while low < high {
        let middle = low + (high - low) / 2;
        let word = i16::try_from(middle).unwrap_or(i16::MAX);
        if enough(word) { high = middle } else { low = middle + 1 }
    }
    i16::try_from(low).unwrap_or(i16::MAX)
}

#[cfg(test)]
mod tests;
