//! Sensors that the kernel, or another program, shows as a file with one number in it.
//!
//! # Format
//!
//! Text files with one number each. A temperature is either `in_temp_input` or `temp1_input`, in thousandths of a degree, or
//! `in_temp_raw` with `in_temp_offset` and `in_temp_scale` as in [`super::iio`]. A voltage is `in0_input` in millivolts (Linux
//! Documentation/hwmon/sysfs-interface), or `in_voltage0_raw` with `in_voltage_scale` or `in_voltage0_scale` (Linux
//! Documentation/ABI/testing/sysfs-bus-iio). The Raspberry Pi's own monitor has `in0_lcrit_alarm` only, 1 while the board's
//! 5 V sag; it then counts as no supply at all.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::iio::number;
use crate::base::{CentiCelsius, Mono, NoReading};
use crate::drivers::SideSensor;
use crate::model::{Beside, Nearby};

/// How often a file is read.
const EVERY: Duration = Duration::from_secs(5);

/// What the files of a folder say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// A temperature.
    Temperature(Nearby),
    /// The supply; where there is only an alarm, `nominal_mv` while it is off.
    Supply {
        /// Supply in millivolts as long as nothing is wrong.
        nominal_mv: u16,
    },
}

/// A sensor behind a folder. Files are opened anew for each reading, so that a device may come and go.
#[derive(Debug)]
pub struct NumberFile {
    folder: PathBuf,
    says: Says,
    due: Mono,
}

impl NumberFile {
    /// The sensor behind `folder`.
    pub fn new(folder: &Path, says: Says, now: Mono) -> Self {
        Self { folder: folder.to_owned(), says, due: now }
    }

    fn temperature(&self) -> Result<CentiCelsius, NoReading> {
        let thousandths = match self.first(&["in_temp_input", "temp1_input"]) {
            Err(NoReading::Absent) => {
                let raw = number(&self.folder, "in_temp_raw")?;
                let offset = optional(number(&self.folder, "in_temp_offset"), 0.0)?;
                (raw + offset) * number(&self.folder, "in_temp_scale")?
            }
            said => said?,
        };
        CentiCelsius::from_degrees(thousandths / 1_000.0).ok_or(NoReading::Flagged)
    }

    fn supply(&self, nominal_mv: u16) -> Result<u16, NoReading> {
        let millivolts = match number(&self.folder, "in0_input") {
            Err(NoReading::Absent) => match number(&self.folder, "in_voltage0_raw") {
                Err(NoReading::Absent) => {
                    let alarm = number(&self.folder, "in0_lcrit_alarm")?;
                    if alarm == 0.0 { f64::from(nominal_mv) } else { 0.0 }
                }
                raw => raw? * self.first(&["in_voltage0_scale", "in_voltage_scale"])?,
            },
            said => said?,
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just before")]
        let whole = (0.0..=65_535.0).contains(&millivolts).then_some(millivolts.round() as u16);
        whole.ok_or(NoReading::Flagged)
    }

    /// The first of `files` that is there.
    fn first(&self, files: &[&str]) -> Result<f64, NoReading> {
        let mut said = files.iter().map(|file| number(&self.folder, file));
        said.find(|said| *said != Err(NoReading::Absent)).unwrap_or(Err(NoReading::Absent))
    }
}

impl SideSensor for NumberFile {
    fn due(&self) -> Mono {
        self.due
    }

    fn poll(&mut self, now: Mono) -> Option<Beside> {
        if now < self.due {
            return None;
        }
        self.due = now + EVERY;
        Some(match self.says {
            Says::Temperature(of) => of.said(self.temperature()),
            Says::Supply { nominal_mv } => Beside::Supply(self.supply(nominal_mv)),
        })
    }
}

fn optional(said: Result<f64, NoReading>, otherwise: f64) -> Result<f64, NoReading> {
    match said {
        Err(NoReading::Absent) => Ok(otherwise),
        said => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_the_kernels_files_is_read() {
        let air = Says::Temperature(Nearby::Air);
        let supply = Says::Supply { nominal_mv: 3_300 };
        let celsius = |value| Beside::Air(Ok(CentiCelsius::new(value).unwrap()));
        type Files = &'static [(&'static str, &'static str)];
        let cases: [(Files, Says, Beside); 10] = [
            (&[("in_temp_input", "21562\n")], air, celsius(2_156)),
            (&[("temp1_input", "-5500")], air, celsius(-550)),
            (&[("in_temp_raw", "3200"), ("in_temp_scale", "7.8125")], air, celsius(2_500)),
            (
                &[("in_temp_raw", "15058"), ("in_temp_scale", "20"), ("in_temp_offset", "-13657.5")],
                air,
                celsius(2_801),
            ),
            (&[("in_temp_input", "warm")], air, Beside::Air(Err(NoReading::Bus))),
            (&[], air, Beside::Air(Err(NoReading::Absent))),
            (&[("in0_input", "3287")], supply, Beside::Supply(Ok(3_287))),
            (&[("in_voltage0_raw", "1000"), ("in_voltage_scale", "3.3")], supply, Beside::Supply(Ok(3_300))),
            (&[("in0_lcrit_alarm", "0")], supply, Beside::Supply(Ok(3_300))),
            (&[("in0_lcrit_alarm", "1")], supply, Beside::Supply(Ok(0))),
        ];
        for (files, says, expected) in cases {
            let folder = tempfile::tempdir().unwrap();
            for (name, text) in files {
                std::fs::write(folder.path().join(name), text).unwrap();
            }
            let mut sensor = NumberFile::new(folder.path(), says, Mono::ZERO);
            assert_eq!(sensor.poll(Mono::ZERO), Some(expected), "{files:?}");
            assert_eq!(sensor.poll(Mono::from_millis(4_999)), None);
        }
    }
}
