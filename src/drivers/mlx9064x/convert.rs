//! Turns the words of two subpages into a frame of temperatures: both datasheets' §11.2.

use super::calibration::{Calibration, Shared, Sharing};
use super::radiance::reference;
use super::registers::{Control, Subpage};
use crate::base::CentiCelsius;
use crate::model::ThermalFrame;
use crate::model::thermal_frame::hundredths;

/// Readings over which a compensation pixel is averaged. Source: both datasheets, §11.2.2.6.1, "length of 16 or higher".
const AVERAGED: usize = 16;
/// Word of a pixel that was not measured.
const NOTHING: i16 = i16::MAX;

/// Words among the auxiliary ones, from their beginning.
const V_BE: usize = 0x00;
const COMPENSATION: [usize; 2] = [0x08, 0x28];
const GAIN: usize = 0x0A;
const PTAT: usize = 0x20;
const SUPPLY: usize = 0x2A;

/// Why the words of a subpage are no temperatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Invalid {
    /// Fewer words than a frame has.
    #[error("{0} words are no frame")]
    Short(usize),
    /// A word that the chip writes before it has measured.
    #[error("word {0:#06x} was not measured")]
    NotMeasured(usize),
    /// The gain is nothing that a chip has.
    #[error("gain {0} makes no sense")]
    Gain(i16),
    /// Supply or die are where no chip works.
    #[error("supply {millivolts} mV or die {die} make no sense")]
    Beyond {
        /// Supply.
        millivolts: i16,
        /// The chip's own temperature.
        die: i16,
    },
    /// A pixel has no temperature.
    #[error("pixel {0} has no temperature")]
    Pixel(usize),
}

/// A calibration at work. Nothing is allocated once it is made.
#[derive(Clone, Debug)]
pub struct Converter {
    calibration: Calibration,
    averages: [Average; 2],
    celsius: Vec<f64>,
    shared: Option<Shared>,
}

impl Converter {
    /// Converts by `calibration`.
    pub fn new(calibration: Calibration) -> Self {
        let celsius = vec![0.0; calibration.layout.pixels()];
        Self { calibration, averages: [Average::default(); 2], celsius, shared: None }
    }

    /// The calibration.
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// Takes the pixels of `subpage` from the words of `ram`, which were measured as `control` says, as what a surface of
    /// emissivity 1 has.
    ///
    /// # Errors
    ///
    /// When the words are no temperatures; those taken before are then half a frame, to be begun anew.
    pub fn take(&mut self, ram: &[u16], subpage: Subpage, control: Control) -> Result<(), Invalid> {
        self.take_of(ram, subpage, control, 1.0, |die| die)
    }

    /// The same for a surface of `emissivity` that reflects surroundings of `reflected` °C, which may depend on the die.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take).
    pub fn take_of(
        &mut self,
        ram: &[u16],
        subpage: Subpage,
        control: Control,
        emissivity: f64,
        reflected: impl Fn(f64) -> f64,
    ) -> Result<(), Invalid> {
        let layout = self.calibration.layout;
        if ram.len() < layout.ram_words() {
            return Err(Invalid::Short(ram.len()));
        }
        let shared = self.shared(ram, control, emissivity)?;
        let gained = f64::from(self.auxiliary(ram, COMPENSATION[subpage.index()])?) * shared.gain;
        let gained = self.averages[subpage.index()].add(gained);
        let seen = self.calibration.compensation(gained, subpage, &shared);
        let reference = reference(shared.die, reflected(shared.die), emissivity);
        let pattern = control.pattern();
        for (index, pixel) in self.calibration.pixels.iter().enumerate() {
            if !layout.is_in(index, subpage, pattern) || is_bad(&self.calibration, index) {
                continue;
            }
            let word = layout.word(index, subpage);
            let raw = ram[word].cast_signed();
            if raw == NOTHING {
                return Err(Invalid::NotMeasured(word + 0x400));
            }
            let signal = self.calibration.signal(pixel, raw, subpage, &shared, seen);
            let alpha = self.calibration.sensitivity(pixel, subpage, shared.die);
            let celsius = self.calibration.ranges.object(signal, alpha, reference);
            let celsius = celsius.ok_or(Invalid::Pixel(index))?;
            let kept = &mut self.celsius[index];
            *kept = match (layout.sharing, subpage) {
                (Sharing::Both, Subpage::One) => (*kept + celsius) / 2.0,
                (Sharing::Both, Subpage::Zero) | (Sharing::Split, Subpage::Zero | Subpage::One) => celsius,
            };
        }
        self.shared = Some(shared);
        Ok(())
    }

    /// Temperatures in °C as they stand, row by row, bad pixels made from their neighbours'. The MLX90641's are the mean
    /// of both subpages.
    pub fn celsius(&mut self) -> &[f64] {
        for place in 0..self.calibration.bad.len() {
            let bad = usize::from(self.calibration.bad[place]);
            self.celsius[bad] = self.mean_around(bad);
        }
        &self.celsius
    }

    /// The frame as it stands; none before a subpage was taken.
    pub fn frame(&mut self) -> Option<ThermalFrame> {
        let Shared { volts, die, .. } = self.shared?;
        let (die, layout) = (CentiCelsius::from_degrees(die)?, self.calibration.layout);
        let millivolts = u16::try_from(hundredths(volts * 10.0)).unwrap_or(0);
        let pixels = self.celsius().iter().map(|celsius| hundredths(*celsius));
        ThermalFrame::new(layout.width, layout.height, pixels, die, millivolts)
    }

    /// What the die and the supply were at the last subpage; none before one.
    pub fn last(&self) -> Option<Shared> {
        self.shared
    }

    fn shared(&self, ram: &[u16], control: Control, emissivity: f64) -> Result<Shared, Invalid> {
        let calibration = &self.calibration;
        let gain = self.auxiliary(ram, GAIN)?;
        if gain <= 0 {
            return Err(Invalid::Gain(gain));
        }
        let volts = calibration.volts(self.auxiliary(ram, SUPPLY)?, control.resolution());
        let die = calibration.die(self.auxiliary(ram, PTAT)?, self.auxiliary(ram, V_BE)?, volts);
        // A wide margin about what both datasheets allow: 3.0 to 3.6 V, −40 to 125 °C.
        if !(2.0..=4.5).contains(&volts) || !(-60.0..=150.0).contains(&die) {
            return Err(Invalid::Beyond {
                millivolts: hundredths(volts * 10.0),
                die: hundredths(die / 100.0),
            });
        }
        let mixed = if control.pattern() == calibration.pattern { 0.0 } else { 1.0 };
        Ok(Shared { gain: calibration.gain / f64::from(gain), volts, die, mixed, emissivity })
    }

    fn auxiliary(&self, ram: &[u16], word: usize) -> Result<i16, Invalid> {
        let word = self.calibration.layout.auxiliary + word;
        let value = ram.get(word).map_or(NOTHING, |word| word.cast_signed());
        if value == NOTHING { Err(Invalid::NotMeasured(word + 0x400)) } else { Ok(value) }
    }

    /// The mean of the good pixels that touch `pixel`.
    fn mean_around(&self, pixel: usize) -> f64 {
        let width = usize::from(self.calibration.layout.width);
        let (x, y) = (pixel % width, pixel / width);
        let (mut sum, mut count) = (0.0, 0.0);
        let last_row = usize::from(self.calibration.layout.height) - 1;
        for row in y.saturating_sub(1)..=(y + 1).min(last_row) {
            for column in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                let near = row * width + column;
                // Bad pixels are never neighbours: the calibration refuses that.
                if near != pixel {
                    sum += self.celsius[near];
                    count += 1.0;
                }
            }
        }
        sum / count
    }
}

fn is_bad(calibration: &Calibration, pixel: usize) -> bool {
    calibration.bad.iter().any(|bad| usize::from(*bad) == pixel)
}

/// A moving average.
#[derive(Clone, Copy, Debug, Default)]
struct Average {
    values: [f64; AVERAGED],
    count: usize,
    next: usize,
}

impl Average {
    fn add(&mut self, value: f64) -> f64 {
        self.values[self.next] = value;
        self.next = (self.next + 1) % AVERAGED;
        self.count = (self.count + 1).min(AVERAGED);
        let values = &self.values[..self.count];
        // An average over very few words is exact this way: no running sum, no drift.
        values.iter().sum::<f64>() / values.iter().map(|_| 1.0).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::Average;

    #[test]
    fn an_average_holds_the_last_sixteen() {
        let mut average = Average::default();
        assert_eq!((average.add(4.0), average.add(8.0)), (4.0, 6.0));
        for _ in 0..15 {
            average.add(1.0);
        }
        assert_eq!(average.add(1.0), 1.0);
        assert_eq!(average.add(17.0), 2.0);
    }
}
