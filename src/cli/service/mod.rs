//! `kakou service thermometer`: calibrates, commissions and, on request only, writes an infrared thermometer. Stop the kiosk
//! first: nothing else may use the bus.
//!
//! Exit codes: 0 done, 1 not done or refused, 2 could not look.

mod blackbody;
mod chip;
mod offset;
mod sensor;

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::base::DeviceId;
use crate::config::Board;
use crate::config::board::Device;

/// What is to be serviced.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Part {
    /// 体温传感器。An infrared thermometer of the board.
    Thermometer(Asked),
}

/// Which thermometer, and what is to be done.
#[derive(Clone, Debug, clap::Args)]
pub struct Asked {
    /// The board's file.
    #[arg(long, value_name = "FILE", default_value = "/etc/kakou/board.toml")]
    board: PathBuf,
    /// The device, where the board has more than one thermometer.
    #[arg(long, value_name = "NAME")]
    device: Option<DeviceId>,
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum What {
    /// 黑体校准。Compares with a blackbody at two temperatures and prints the calibration for the board's file.
    Blackbody {
        /// Who does it.
        #[arg(long)]
        by: String,
        /// Number of the blackbody's certificate.
        #[arg(long)]
        certificate: String,
        /// The day, as in 2026-11-27.
        #[arg(long)]
        date: String,
    },
    /// 现场修正。Measures at least thirty people without fever beside a reference thermometer and prints the correction.
    Offset {
        /// The kiosk's file, for its `[thermometry]`.
        #[arg(long, value_name = "FILE", default_value = "/etc/kakou/kiosk.toml")]
        site: PathBuf,
        /// Where each person is added, so that it can go on tomorrow; `kakou measure` reads it as well.
        #[arg(long, value_name = "FILE.csv")]
        people: PathBuf,
        /// Temperature of the air in °C; without it the sensor's own stands for it.
        #[arg(long, value_name = "CELSIUS")]
        surroundings: Option<f64>,
    },
    /// 写入芯片。Writes the memory of an MLX90614: nothing else does.
    Chip {
        #[command(subcommand)]
        write: chip::Write,
    },
}

/// Runs the subcommand.
pub fn run(part: &Part) -> ExitCode {
    let Part::Thermometer(asked) = part;
    let (stdin, mut stdout) = (io::stdin(), io::stdout());
    let done = device(&asked.board, asked.device.as_ref()).and_then(|device| {
        let mut desk = Desk { lines: &mut stdin.lock(), out: &mut stdout };
        match &asked.what {
            What::Blackbody { by, certificate, date } => {
                let mut opened = sensor::open(&device)?;
                let stated = blackbody::Stated { certificate, by, date };
                blackbody::run(&mut opened, &stated, &mut desk)
            }
            What::Offset { site, people, surroundings } => {
                let rule = offset::rule(site)?;
                offset::run(&mut sensor::open(&device)?, &rule, *surroundings, people, &mut desk)
            }
            What::Chip { write } => chip::run(&device, write, &mut desk),
        }
    });
    super::outcome("kakou service", done)
}

/// Whoever stands at the bench.
pub struct Desk<'d> {
    lines: &'d mut dyn BufRead,
    out: &'d mut dyn Write,
}

impl Desk<'_> {
    /// Says something.
    fn say(&mut self, text: &str) -> Result<()> {
        writeln!(self.out, "{text}")?;
        Ok(self.out.flush()?)
    }

    /// Asks for a line; `None` when nobody answers any more.
    fn ask(&mut self, text: &str) -> Result<Option<String>> {
        write!(self.out, "{text} ")?;
        self.out.flush()?;
        let mut line = String::new();
        let read = self.lines.read_line(&mut line)?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    }

    /// Asks for a temperature until it is one within `low` and `high`, or an empty line ends it.
    fn degrees(&mut self, text: &str, low: f64, high: f64) -> Result<Option<f64>> {
        while let Some(said) = self.ask(text)?.filter(|said| !said.is_empty()) {
            match said.replace(',', ".").parse() {
                Ok(degrees) if (low..=high).contains(&degrees) => return Ok(Some(degrees)),
                Ok(_) | Err(_) => self.say(&format!("须为 {low} 至 {high} °C must be {low} to {high} °C"))?,
            }
        }
        Ok(None)
    }
}

/// The thermometer of the board in `file`.
fn device(file: &Path, id: Option<&DeviceId>) -> Result<Device> {
    let board = Board::read(file)?;
    let mut found = board.devices.into_iter().filter(|device| device.driver.spot().is_some());
    match id {
        Some(id) => found
            .find(|device| device.id == *id)
            .with_context(|| format!("{id} is no infrared thermometer of the board")),
        None => match (found.next(), found.next()) {
            (Some(device), None) => Ok(device),
            (None, _) => bail!("the board has no infrared thermometer"),
            (Some(one), Some(other)) => bail!("--device must say which: {}, {} …", one.id, other.id),
        },
    }
}
