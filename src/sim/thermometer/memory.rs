//! The chip's EEPROM: 32 words, erased before they are written, in force from the next power-up.
//!
//! Source: MLX90614 datasheet rev 13, "EEPROM". Writing a cell that is not erased leaves the old bits beside the new
//! ones, a busy memory reads as 0 and takes no write, and cell 0x0F takes one only while unlocked: our own, stricter
//! than the datasheet, so that a program that does not keep to the procedure is found out.

use std::time::Duration;

use crate::base::Mono;

/// How long an erase or a write takes.
const WRITE: Duration = Duration::from_millis(5);
const EMISSIVITY: usize = 0x04;
const CONFIG: usize = 0x05;
const ADDRESS: usize = 0x0E;
const FACTOR: usize = 0x0F;
const NUMBER: usize = 0x1C;
/// Cells that a customer may write.
const WRITABLE: [usize; 9] = [0x00, 0x01, 0x02, 0x03, EMISSIVITY, CONFIG, ADDRESS, FACTOR, 0x19];

#[derive(Debug)]
pub(super) struct Memory {
    cells: [u16; 32],
    /// What was in the cells at power-up.
    in_force: [u16; 32],
    busy_until: Mono,
    unlocked: bool,
}

/// The memory took the write or did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Yes,
    No,
}

impl Memory {
    /// As delivered, with the `number` of the chip.
    pub(super) fn new(config: u16, address: u8, number: u64, now: Mono) -> Self {
        let mut cells = [0; 32];
        cells[EMISSIVITY] = 0xFFFF;
        cells[CONFIG] = config;
        cells[ADDRESS] = 0xBE00 | u16::from(address);
        cells[FACTOR] = 0x4000;
        let words = number.to_le_bytes();
        for (cell, word) in cells[NUMBER..].iter_mut().zip(words.chunks_exact(2)) {
            *cell = u16::from_le_bytes([word[0], word[1]]);
        }
        Self { cells, in_force: cells, busy_until: now, unlocked: false }
    }

    pub(super) fn power_up(&mut self, now: Mono) {
        (self.in_force, self.busy_until, self.unlocked) = (self.cells, now, false);
    }

    pub(super) fn busy(&self, now: Mono) -> bool {
        now < self.busy_until
    }

    pub(super) fn read(&self, cell: usize, now: Mono) -> u16 {
        if self.busy(now) { 0 } else { self.cells[cell] }
    }

    pub(super) fn write(&mut self, cell: usize, word: u16, now: Mono) -> Taken {
        let guarded = cell == FACTOR && !self.unlocked;
        if self.busy(now) || guarded || !WRITABLE.contains(&cell) {
            return Taken::No;
        }
        self.cells[cell] = if word == 0 { 0 } else { self.cells[cell] | word };
        self.busy_until = now + WRITE;
        Taken::Yes
    }

    pub(super) fn unlock(&mut self) {
        self.unlocked = true;
    }

    pub(super) fn lock(&mut self) {
        self.unlocked = false;
    }

    /// Somebody else's hand: stored and in force at once.
    pub(super) fn set(&mut self, cell: usize, word: u16) {
        self.cells[cell] = word;
        self.in_force[cell] = word;
    }

    pub(super) fn address(&self) -> u8 {
        self.in_force[ADDRESS].to_le_bytes()[0] & 0x7F
    }

    pub(super) fn emissivity(&self) -> f64 {
        f64::from(self.in_force[EMISSIVITY]) / 65_535.0
    }
}
