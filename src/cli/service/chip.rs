//! The memory of an MLX90614. Each write is asked for by name, done as its maker does it, and read back.

use anyhow::{Context as _, Result, bail};
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use linux_embedded_hal::Delay;

use super::Desk;
use crate::config::board::{Device, Driver, Place};
use crate::drivers::mlx90614::Mlx90614;
use crate::drivers::mlx90614::service::{Emissivity, Factor, Service};
use crate::platform::i2c;

/// What is written.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Write {
    /// 只看。Writes nothing: shows emissivity and the factor that belongs to it.
    Show,
    /// 复原发射率。Puts the emissivity back to 1, as delivered; kakou corrects it in software.
    Emissivity {
        /// The emissivity was changed alone, by a program that does not know of the factor: leave the factor as it is.
        #[arg(long)]
        factor_untouched: bool,
    },
    /// 改地址。Gives the chip another address, from its next power-up on. It must be alone on its bus.
    Address {
        /// The 7-bit address, 3 to 119.
        address: u8,
    },
}

/// Writes the chip of `device`.
pub fn run(device: &Device, write: &Write, desk: &mut Desk<'_>) -> Result<bool> {
    let Driver::Mlx90614(wiring) = &device.driver else { bail!("{} is no mlx90614", device.id) };
    let Place::Path(path) = &wiring.bus else {
        bail!("{} is simulated: there is nothing to write", device.id)
    };
    let bus = i2c::open(&device.id, path)?;
    carry_out(Service::new(Mlx90614::new(wiring.address), bus, Delay), write, desk)
}

fn carry_out<B: I2c, D: DelayNs>(
    mut chip: Service<B, D>,
    write: &Write,
    desk: &mut Desk<'_>,
) -> Result<bool> {
    let (emissivity, factor) = chip.emissivity_and_factor().context("the chip does not answer")?;
    desk.say(&format!(
        "发射率 emissivity {:.4} ({emissivity:#06x}), 系数 factor {factor:#06x}",
        f64::from(emissivity) / 65_535.0
    ))?;
    match write {
        Write::Show => return Ok(true),
        Write::Emissivity { factor_untouched } => {
            if !sure(desk)? {
                return Ok(false);
            }
            let follow = if *factor_untouched { Factor::Leave } else { Factor::Follow };
            chip.set_emissivity(Emissivity::ONE, follow)?;
        }
        Write::Address { address } => {
            if !sure(desk)? {
                return Ok(false);
            }
            chip.set_address(*address)?;
        }
    }
    desk.say("已写入并读回；断电重启后生效。Written and read back; it counts from the next power-up.")?;
    Ok(true)
}

/// Whether somebody really means it: a cell can be written 100,000 times, and a wrong one spoils the sensor.
fn sure(desk: &mut Desk<'_>) -> Result<bool> {
    let said = desk.ask("写入芯片存储器？输入 yes 继续 Write the chip's memory? yes to go on:")?;
    Ok(said.as_deref() == Some("yes"))
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::sensor::Sensor;
    use super::*;
    use crate::base::{CentiCelsius, Mono, NoReading, Random};
    use crate::config::board::Spot;
    use crate::drivers::{Thermometer, mlx90614};
    use crate::model::{RawWords, ThermalReading};
    use crate::sim::clock::SimClock;
    use crate::sim::thermometer::{Part, chip};
    use std::cell::Cell;
    use std::io::{self, BufRead, Read};
    use std::rc::Rc;
    use std::time::Duration;

    #[test]
    fn nothing_is_written_unless_somebody_says_yes() {
        for (answer, kept) in [("no", 0x5A), ("yes", 0x5B)] {
            let clock = SimClock::new(Mono::ZERO);
            let (hand, bus) = chip(Part::BAA, mlx90614::ADDRESS, &clock, Random::new(1));
            clock.advance(Duration::from_secs(1));
            let service = Service::new(Mlx90614::new(mlx90614::ADDRESS), bus, Ticks(clock.clone()));
            let (done, said) = talk(
                &[answer],
                &Rc::default(),
                |typed| typed,
                |desk| carry_out(service, &Write::Address { address: 0x5B }, desk),
            );
            assert_eq!(done.unwrap(), answer == "yes", "{said}");
            assert_eq!(hand.writes() > 0, answer == "yes");
            hand.power_cycle();
            clock.advance(Duration::from_secs(1));
            assert_eq!(hand.cell(0x0E) & 0xFF, kept, "{said}");
        }
    }

    /// Waiting lets the simulated chip's time pass.
    struct Ticks(SimClock);

    impl DelayNs for Ticks {
        fn delay_ns(&mut self, ns: u32) {
            self.0.advance(Duration::from_nanos(ns.into()));
        }
    }

    /// A sensor that looks at whatever temperature was typed last.
    pub struct Bench {
        /// How much too much it reads, in °C.
        pub off: f64,
        /// What it looks at when so many degrees were typed.
        pub looks: fn(f64) -> f64,
        seen: Rc<Cell<f64>>,
    }

    impl Bench {
        pub fn new() -> Self {
            Self { off: 0.0, looks: |typed| typed, seen: Rc::new(Cell::new(22.0)) }
        }

        /// Somebody types `answers`; what came of `work`, and what was said.
        pub fn run<T>(
            &mut self,
            answers: &[&str],
            work: impl FnOnce(&mut Sensor<'_>, &mut Desk<'_>) -> Result<T>,
        ) -> (Result<T>, String) {
            let spot = Spot { supply_mv: 3_000, emissivity: 980, accuracy: 30, calibration: None, noise: 18 };
            let looks =
                Looks { seen: Rc::clone(&self.seen), off: self.off, due: Mono::ZERO, random: Random::new(4) };
            let mut sensor = Sensor::of(Box::new(looks), spot, Box::new(|due| due));
            self.seen.set(22.0);
            talk(answers, &self.seen, self.looks, |desk| work(&mut sensor, desk))
        }
    }

    struct Looks {
        seen: Rc<Cell<f64>>,
        off: f64,
        due: Mono,
        random: Random,
    }

    impl Thermometer for Looks {
        fn due(&self) -> Mono {
            self.due
        }

        fn poll(&mut self, now: Mono) -> Option<Result<ThermalReading, NoReading>> {
            self.due = now + Duration::from_millis(150);
            let seen = self.seen.get() + self.off + self.random.normal() * 0.05;
            let (object, die) =
                (CentiCelsius::from_degrees(seen).unwrap(), CentiCelsius::new(2_300).unwrap());
            Some(Ok(ThermalReading { object, die, raw: RawWords::new(&[]) }))
        }
    }

    fn talk<T>(
        answers: &[&str],
        seen: &Rc<Cell<f64>>,
        looks: fn(f64) -> f64,
        work: impl FnOnce(&mut Desk<'_>) -> Result<T>,
    ) -> (Result<T>, String) {
        let mut typed = Typed {
            left: answers.iter().map(|line| format!("{line}\n")).collect(),
            looks,
            seen: Rc::clone(seen),
        };
        typed.left.reverse();
        let mut out = Vec::new();
        let done = work(&mut Desk { lines: &mut typed, out: &mut out });
        (done, String::from_utf8(out).unwrap())
    }

    /// Lines that somebody types; each number is what the sensor sees from then on.
    struct Typed {
        left: Vec<String>,
        looks: fn(f64) -> f64,
        seen: Rc<Cell<f64>>,
    }

    impl Read for Typed {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            unreachable!("lines only")
        }
    }

    impl BufRead for Typed {
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            Ok(self.left.last().map_or(&[], |line| line.as_bytes()))
        }

        fn consume(&mut self, amount: usize) {
            if amount > 0 {
                let line = self.left.pop().unwrap();
                let last = line.split_whitespace().last().unwrap_or_default();
                if let Ok(degrees) = last.parse() {
                    self.seen.set((self.looks)(degrees));
                }
            }
        }
    }
}
