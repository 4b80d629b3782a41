//! An infrared thermometer at the bench: samples, one after the other.

use anyhow::{Context as _, Result, bail};

use crate::base::{CentiCelsius, Mono};
use crate::config::board::{Device, Spot};
use crate::drivers::Thermometer;
use crate::model::ThermalReading;
use crate::platform::{assemble, clock};

/// Samples of a steady value.
const STEADY: usize = 20;
/// Largest difference among them, in hundredths of a degree: noise of the noisiest usable part, 0.1 °C rms.
const RANGE_MAX: i32 = 50;
/// Samples that may pass until the value is steady.
const SAMPLES_MAX: usize = 2_000;
/// Failures in a row after which a sensor counts as failed.
const FAILURES_MAX: u8 = 10;

/// A thermometer, how it is mounted, and its time.
pub struct Sensor<'s> {
    thermometer: Box<dyn Thermometer + 's>,
    /// How it is mounted.
    pub spot: Spot,
    wait: Box<dyn FnMut(Mono) -> Mono + 's>,
}

/// Opens the thermometer of `device`.
pub fn open(device: &Device) -> Result<Sensor<'static>> {
    let spot = device.driver.spot().context("is no infrared thermometer")?;
    let thermometer = assemble::thermometer(device)?.context("is simulated: there is nothing to service")?;
    let wait = |due| {
        clock::wait_until(due);
        clock::mono()
    };
    Ok(Sensor { thermometer, spot, wait: Box::new(wait) })
}

impl<'s> Sensor<'s> {
    /// A thermometer in time of its own.
    #[cfg(test)]
    pub fn of(
        thermometer: Box<dyn Thermometer + 's>,
        spot: Spot,
        wait: Box<dyn FnMut(Mono) -> Mono + 's>,
    ) -> Self {
        Self { thermometer, spot, wait }
    }

    /// The next good sample, and when it was taken.
    pub fn next(&mut self) -> Result<(Mono, ThermalReading)> {
        let mut failed = 0;
        loop {
            let now = (self.wait)(self.thermometer.due());
            match self.thermometer.poll(now) {
                Some(Ok(reading)) => return Ok((now, reading)),
                Some(Err(reason)) => {
                    failed += 1;
                    if failed == FAILURES_MAX {
                        bail!("{reason}");
                    }
                }
                None => {}
            }
        }
    }

    /// The mean of samples that are steady, as `value` makes one of each.
    pub fn steady(&mut self, value: impl Fn(&ThermalReading) -> CentiCelsius) -> Result<CentiCelsius> {
        let mut values = Vec::with_capacity(STEADY);
        for _ in 0..SAMPLES_MAX {
            let (_, reading) = self.next()?;
            if values.len() == STEADY {
                values.remove(0);
            }
            values.push(value(&reading).get());
            let range = values.iter().max().zip(values.iter().min()).map_or(0, |(high, low)| high - low);
            if values.len() == STEADY && range <= RANGE_MAX {
                let mean = f64::from(values.iter().sum::<i32>()) / 20.0;
                return CentiCelsius::from_degrees(mean / 100.0).context("is no temperature");
            }
        }
        bail!("读数不稳 the value does not become steady")
    }
}
