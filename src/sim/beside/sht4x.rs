//! A simulated SHT4x: its commands, how long each takes, and its two words with their checksums.
//!
//! A command is one byte; the answer is read by itself, and not acknowledged before it is ready. Source: Sensirion datasheet
//! SHT4x version 6.5, §4.

use std::time::Duration;

use super::{Bus, Chip, Handle, plugged};
use crate::base::{Mono, Random};
use crate::sim::clock::SimClock;
use crate::sim::thermometer::Scene;

/// Relative humidity of every simulated place, in %.
const HUMIDITY: f64 = 45.0;
/// Repeatability in °C at high precision. Source: datasheet, table 2.
const NOISE: f64 = 0.04;

/// One chip.
#[derive(Debug)]
pub struct Sht4x {
    /// When the measurement that runs is done.
    done: Option<Mono>,
    ready: Option<[u8; 6]>,
}

/// A chip at `address`, powered now, and the bus that it is on.
pub fn chip(address: u8, clock: &SimClock, random: Random) -> (Handle<Sht4x>, Bus<Sht4x>) {
    plugged(Sht4x { done: None, ready: None }, address, clock, random)
}

impl Chip for Sht4x {
    fn go_on(&mut self, now: Mono, scene: &Scene, random: &mut Random) {
        if self.done.take_if(|done| *done <= now).is_none() {
            return;
        }
        let degrees = scene.ambient + random.normal() * NOISE;
        let [a, b] = ticks((degrees + 45.0) / 175.0);
        let [c, d] = ticks((HUMIDITY + 6.0) / 125.0);
        self.ready = Some([a, b, checksum([a, b]), c, d, checksum([c, d])]);
    }

    fn take(&mut self, now: Mono, written: &[u8]) -> Option<()> {
        // Longest times of high, medium and low precision: datasheet, table 5.
        let takes = match *written {
            [0xFD] => Duration::from_micros(8_300),
            [0xF6] => Duration::from_micros(4_500),
            [0xE0] => Duration::from_micros(1_600),
            [0x94] => {
                self.power_up(now);
                return Some(());
            }
            _ => return None,
        };
        if self.done.is_some() {
            return None;
        }
        (self.done, self.ready) = (Some(now + takes), None);
        Some(())
    }

    fn answer(&mut self, answer: &mut [u8]) -> Option<()> {
        let ready = self.ready.take()?;
        answer.iter_mut().zip(ready).for_each(|(byte, said)| *byte = said);
        Some(())
    }

    fn power_up(&mut self, _: Mono) {
        (self.done, self.ready) = (None, None);
    }
}

/// A share of the range as it is sent.
fn ticks(share: f64) -> [u8; 2] {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just before")]
    let ticks = (share * 65_535.0).round().clamp(0.0, 65_535.0) as u16;
    ticks.to_be_bytes()
}

/// CRC-8 with polynomial x⁸ + x⁵ + x⁴ + 1 and initial value 0xFF. Source: datasheet, §4.4.
fn checksum(word: [u8; 2]) -> u8 {
    word.iter().fold(0xFF, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc, _| if crc & 0x80 == 0 { crc << 1 } else { (crc << 1) ^ 0x31 })
    })
}
