//! A simulated VL53L0X: pages of registers that keep what is written, and those few that do something.
//!
//! Register 0xFF says which page the others are on. On page 0: 0x00 starts and stops rangings and calibrations, 0x0B clears
//! "new data", 0x13 says it, 0x1E holds the distance in millimetres, 0xC0 who it is; on page 1: 0x91 a number that is to
//! be written before each start; on page 7: 0x83 becomes 1 when 0x92 says how many reference diodes there are. Sources: ST
//! datasheet DS11555 and ST's API, as crate `vl53l0x` follows it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Bus, Chip, Handle, plugged};
use crate::base::{Mono, Random};
use crate::sim::clock::SimClock;
use crate::sim::thermometer::Scene;

const PAGE: u8 = 0xFF;
const START: (u8, u8) = (0, 0x00);
const CLEAR: (u8, u8) = (0, 0x0B);
const NEW_DATA: (u8, u8) = (0, 0x13);
const RANGE: [(u8, u8); 2] = [(0, 0x1E), (0, 0x1F)];
const DIODES_READY: (u8, u8) = (7, 0x83);
/// What registers say after power-up.
const POWERED: [((u8, u8), u8); 12] = [
    ((0, 0xC0), 0xEE), // who it is
    ((0, 0xC1), 0xAA),
    ((0, 0xC2), 0x10), // revision
    ((1, 0x91), 0x3C), // the stop variable
    ((7, 0x92), 0x85), // five reference diodes, with an aperture
    ((0, 0xB0), 0xFF), // which diodes are good: all
    ((0, 0xB1), 0xFF),
    ((0, 0xB2), 0xFF),
    ((0, 0xB3), 0xFF),
    ((0, 0xB4), 0xFF),
    ((0, 0xB5), 0xFF),
    ((0, 0x84), 0x10), // interrupt pin active high
];
/// Time of a ranging at the default timing budget, and of a calibration.
const TAKES: Duration = Duration::from_millis(33);
const CALIBRATES: Duration = Duration::from_millis(2);
/// Furthest that it sees indoors. Source: datasheet, table 12.
const FURTHEST_MM: f64 = 1_200.0;
/// What it says of nothing within range.
const NOTHING_MM: f64 = 8_190.0;
/// Noise of a ranging in mm, rms. Our own round figure.
const NOISE_MM: f64 = 2.0;

/// One chip.
#[derive(Debug)]
pub struct Vl53l0x {
    registers: BTreeMap<(u8, u8), u8>,
    page: u8,
    register: u8,
    runs: Runs,
}

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runs {
    Nothing,
    Calibration { done: Mono },
    Ranging { done: Mono, again: Again },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Again {
    Yes,
    No,
}

/// A chip at `address`, powered now, and the bus that it is on.
pub fn chip(address: u8, clock: &SimClock, random: Random) -> (Handle<Vl53l0x>, Bus<Vl53l0x>) {
    let registers = BTreeMap::from(POWERED);
    plugged(Vl53l0x { registers, page: 0, register: 0, runs: Runs::Nothing }, address, clock, random)
}

impl Vl53l0x {
    fn get(&self, register: (u8, u8)) -> u8 {
        self.registers.get(&register).copied().unwrap_or(0)
    }

    fn ranged(&mut self, scene: &Scene, random: &mut Random) {
        let noise = random.normal() * NOISE_MM;
        let seen = scene.distance_mm.map(f64::from).filter(|distance| *distance <= FURTHEST_MM);
        let said = seen.map_or(NOTHING_MM, |distance| (distance + noise).max(0.0));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 8,190")]
        let word = (said.round() as u16).to_be_bytes();
        self.registers.extend(RANGE.into_iter().zip(word));
        self.ready();
    }

    fn ready(&mut self) {
        // As set up: an interrupt by each new sample.
        self.registers.insert(NEW_DATA, 0x04);
    }

    fn set(&mut self, now: Mono, register: (u8, u8), byte: u8) {
        match (register, byte) {
            (CLEAR, _) => {
                self.registers.insert(NEW_DATA, 0);
            }
            (START, 0x00) => self.runs = Runs::Nothing,
            // One ranging, or a calibration of the sequence that was chosen; of one that runs, its end.
            (START, 0x01 | 0x41) => {
                self.runs = match (self.runs, self.get((0, 0x01))) {
                    (Runs::Ranging { done, again: Again::Yes }, _) => {
                        Runs::Ranging { done, again: Again::No }
                    }
                    (_, 0x01 | 0x02) => Runs::Calibration { done: now + CALIBRATES },
                    _ => Runs::Ranging { done: now + TAKES, again: Again::No },
                };
            }
            (START, _) => self.runs = Runs::Ranging { done: now + TAKES, again: Again::Yes },
            (DIODES_READY, 0) => {
                self.registers.insert(DIODES_READY, 1);
            }
            // Who it is cannot be written.
            ((0, 0xC0..=0xC2), _) => {}
            (register, byte) => {
                self.registers.insert(register, byte);
            }
        }
    }
}

impl Chip for Vl53l0x {
    fn go_on(&mut self, now: Mono, scene: &Scene, random: &mut Random) {
        match self.runs {
            Runs::Calibration { done } if done <= now => {
                self.runs = Runs::Nothing;
                self.ready();
            }
            Runs::Ranging { done, again } if done <= now => {
                self.ranged(scene, random);
                self.runs = match again {
                    // Of what would have been overwritten only the last is carried out.
                    Again::Yes => Runs::Ranging { done: done.max(now - TAKES) + TAKES, again },
                    Again::No => Runs::Nothing,
                };
            }
            Runs::Nothing | Runs::Calibration { .. } | Runs::Ranging { .. } => {}
        }
    }

    fn take(&mut self, now: Mono, written: &[u8]) -> Option<()> {
        let (first, data) = written.split_first()?;
        self.register = *first;
        for byte in data {
            match self.register {
                PAGE => self.page = *byte,
                register => self.set(now, (self.page, register), *byte),
            }
            self.register = self.register.wrapping_add(1);
        }
        Some(())
    }

    fn answer(&mut self, answer: &mut [u8]) -> Option<()> {
        for byte in answer {
            *byte = if self.register == PAGE { self.page } else { self.get((self.page, self.register)) };
            self.register = self.register.wrapping_add(1);
        }
        Some(())
    }

    fn power_up(&mut self, _: Mono) {
        (self.registers, self.page, self.runs) = (BTreeMap::from(POWERED), 0, Runs::Nothing);
    }
}
