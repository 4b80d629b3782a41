//! A simulated TMP117: registers, one-shot and continuous conversions and how long they take, "data ready".
//!
//! Registers are words, high byte first; the first byte written says which. Source: TI datasheet SBOS740 rev C, §7.6: 0x00
//! temperature, 7.8125 m°C a step; 0x01 configuration; 0x0F identity.

use std::time::Duration;

use super::{Bus, Chip, Handle, plugged};
use crate::base::{Mono, Random};
use crate::sim::clock::SimClock;
use crate::sim::thermometer::Scene;

const TEMPERATURE: u8 = 0x00;
const CONFIGURATION: u8 = 0x01;
const IDENTITY: u8 = 0x0F;
/// What it answers there: part 0x117, revision 0.
const PART: u16 = 0x0117;
/// Configuration after power-up: continuous, eight conversions averaged, one a second.
const POWERED: u16 = 0x0220;
/// The temperature before the first conversion, −256 °C.
const NOTHING: u16 = 0x8000;
const STEP: f64 = 0.007_812_5;
const DATA_READY: u16 = 1 << 13;
/// Bits that the master sets: mode, cycle, averaging, alert pin.
const SETTABLE: u16 = 0x0FFC;
const MODE: u16 = 3 << 10;
const SHUTDOWN: u16 = 1 << 10;
const ONE_SHOT: u16 = 3 << 10;
/// Cycle of continuous conversions as powered.
const CYCLE: Duration = Duration::from_secs(1);
/// Noise of one conversion in °C rms: a step, by the datasheet's figure of repeatability. Averaging takes its root off.
const NOISE: f64 = STEP;

/// One chip.
#[derive(Debug)]
pub struct Tmp117 {
    register: u8,
    configuration: u16,
    temperature: u16,
    /// When the conversion that runs is done.
    done: Option<Mono>,
}

/// A chip at `address`, powered now, and the bus that it is on.
pub fn chip(address: u8, clock: &SimClock, random: Random) -> (Handle<Tmp117>, Bus<Tmp117>) {
    let mut chip = Tmp117 { register: TEMPERATURE, configuration: POWERED, temperature: NOTHING, done: None };
    chip.power_up(clock.now());
    plugged(chip, address, clock, random)
}

impl Tmp117 {
    /// How many conversions are averaged, and how long they take. Source: datasheet, table 7-6.
    fn averaged(&self) -> (f64, Duration) {
        match self.configuration >> 5 & 3 {
            0 => (1.0, Duration::from_micros(15_500)),
            1 => (8.0, Duration::from_millis(125)),
            2 => (32.0, Duration::from_millis(500)),
            _ => (64.0, Duration::from_secs(1)),
        }
    }
}

impl Chip for Tmp117 {
    fn go_on(&mut self, now: Mono, scene: &Scene, random: &mut Random) {
        let Some(done) = self.done.filter(|done| *done <= now) else { return };
        let (count, takes) = self.averaged();
        let degrees = scene.ambient + random.normal() * NOISE / count.sqrt();
        self.temperature = word(degrees / STEP);
        self.configuration |= DATA_READY;
        self.done = match self.configuration & MODE {
            ONE_SHOT => {
                self.configuration = self.configuration & !MODE | SHUTDOWN;
                None
            }
            SHUTDOWN => None,
            // Of what would have been overwritten only the last is carried out.
            _ => Some(done.max(now - CYCLE) + takes.max(CYCLE)),
        };
    }

    fn take(&mut self, now: Mono, written: &[u8]) -> Option<()> {
        match *written {
            [register] => self.register = register,
            [CONFIGURATION, high, low] => {
                self.register = CONFIGURATION;
                let set = u16::from_be_bytes([high, low]) & SETTABLE;
                self.configuration = self.configuration & !SETTABLE | set;
                self.done = (set & MODE != SHUTDOWN).then(|| now + self.averaged().1);
            }
            // Limits, the offset and memory are not used here.
            _ => return None,
        }
        Some(())
    }

    fn answer(&mut self, answer: &mut [u8]) -> Option<()> {
        let word = match self.register {
            TEMPERATURE => self.temperature,
            CONFIGURATION => self.configuration,
            IDENTITY => PART,
            _ => return None,
        };
        // Reading either clears the flag.
        if self.register != IDENTITY {
            self.configuration &= !DATA_READY;
        }
        answer.iter_mut().zip(word.to_be_bytes()).for_each(|(byte, said)| *byte = said);
        Some(())
    }

    fn power_up(&mut self, now: Mono) {
        (self.register, self.configuration, self.temperature) = (TEMPERATURE, POWERED, NOTHING);
        self.done = Some(now + self.averaged().1);
    }
}

/// The nearest word.
fn word(value: f64) -> u16 {
    #[expect(clippy::cast_possible_truncation, reason = "clamped just before")]
    let word = value.round().clamp(-32_768.0, 32_767.0) as i16;
    word.cast_unsigned()
}
