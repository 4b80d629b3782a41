//! The subcommands of `kakou`, one file each.

mod badge;
mod carry;
mod check;
mod demo;
mod enrol;
mod folder;
mod hub;
mod hub_carry;
mod hub_command;
mod hub_kiosk;
mod hub_pass;
mod hub_sheet;
mod journal;
mod list;
mod list_words;
mod manifest;
mod measure;
mod opening;
mod park;
mod pin;
mod policy;
mod probe;
mod read;
mod registration_code;
mod replay;
mod replay_readings;
mod roster;
mod run;
mod service;
mod sheet;
mod sim_pins;
mod simulated;
mod trust;
pub mod verify;
mod what_if;
mod wiring;

use std::io::{self, StdoutLock, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::Board;

#[derive(Parser)]
#[command(name = "kakou", version, about = "卡口: the checkpoint kiosk and its hub")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a whole checkpoint on simulated hardware, with its hub beside it.
    Demo(demo::Arguments),
    /// Runs the kiosk on its board.
    Run(run::Arguments),
    /// Enrols this kiosk with a hub.
    Enrol(enrol::EnrolArgs),
    /// Runs the hub of a command centre, or works on its data.
    Hub(hub::HubArgs),
    /// Drives every output of a board to its safe level.
    Park(OnBoard),
    /// Reads every device of a board and says what it saw. Exit code 1 when one failed.
    Probe(OnBoard),
    /// Reads codes from pictures (JPEG, PNG, binary PGM). Exit code 1 when a picture has none.
    Read(read::Arguments),
    /// Says what lies in a journal, and whether all of it is whole.
    Journal {
        /// What to do.
        #[command(subcommand)]
        action: journal::Action,
    },
    /// Checks a board file and a configuration; prints what is in force, or everything that is wrong.
    Check(check::Arguments),
    /// Proves, signs, shows and compares the policy that is to rule a gate.
    Policy {
        /// What to do.
        #[command(subcommand)]
        action: policy::Action,
    },
    /// 重新判定。Decides passages of a journal again, each under the policy that it names. Exit code 1: something comes out otherwise.
    Replay(replay::Asked),
    /// 校准与维护。Calibrates, commissions or, on request, writes a sensor, while no kiosk runs.
    #[command(subcommand)]
    Service(service::Part),
    /// 核验名单。Makes and shows the file by which kiosks judge credentials of other issuers.
    Trust {
        /// What to do.
        #[command(subcommand)]
        action: trust::Action,
    },
    /// 验证凭证。Says whether a credential is authentic, current and enough, without a network. Exit code 1: not enough; 2: cannot be verified.
    Verify(verify::Arguments),
    /// 试行。Says what a draft would have ruled about the passages of the last days. Exit code 1: somebody otherwise.
    WhatIf(what_if::Arguments),
    /// Turns a PIN into the line of the configuration that holds its hash.
    Pin,
    /// Pushes, accepts and shows the lists of people whom an attendant has to look at.
    List {
        /// What to do.
        #[command(subcommand)]
        action: list::Action,
    },
    /// Makes an attendant's badge, and the line of the configuration that holds its hash.
    Badge(badge::Arguments),
    /// Draws the code of a passenger list, for the driver to show.
    Manifest(manifest::Arguments),
    /// Measures the screening on recorded data of people: whom it finds, whom it refers for nothing, and on a blackbody.
    Measure(measure::Arguments),
    /// Draws the code that fills in a registration, for a visitor to show or print.
    RegistrationCode(registration_code::Arguments),
    /// Makes and shows the list of people and plates that the site knows.
    Roster {
        /// What to do.
        #[command(subcommand)]
        action: roster::Action,
    },
}

/// Runs the command line. Exit code 0: done; 1: failed, with the reason on standard error; 2: wrong arguments.
pub fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    match command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Enrol(arguments) => enrol::run(arguments),
        Command::Hub(arguments) => hub::run(arguments),
        Command::Park(on) => on.run(|board, out| park::park(board, out)),
        Command::Probe(on) => on.run(|board, out| probe::probe(board, out)),
        Command::Read(arguments) => read::run(&arguments),
        Command::Journal { action } => journal::run(&action),
        Command::Check(arguments) => check::run(&arguments),
        Command::Policy { action } => policy::run(&action),
        Command::Replay(asked) => replay::run(&asked),
        Command::Service(part) => service::run(&part),
        Command::Trust { action } => trust::run(&action),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::WhatIf(arguments) => what_if::run(&arguments),
        Command::Pin => pin::run(),
        Command::List { action } => list::run(&action),
        Command::Badge(arguments) => badge::run(&arguments),
        Command::Manifest(arguments) => manifest::run(&arguments),
        Command::Measure(arguments) => measure::run(&arguments),
        Command::RegistrationCode(arguments) => registration_code::run(&arguments),
        Command::Roster { action } => roster::run(&action),
    }
}

/// The exit code of a command that looks: 0 all is well, 1 something was found, 2 it could not look, which is said.
fn outcome(command: &str, done: anyhow::Result<bool>) -> ExitCode {
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // With standard error gone as well, only the exit code is left to say it.
            let _ = writeln!(io::stderr(), "{command}: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Says on standard error what went wrong, with every cause.
fn exit(done: anyhow::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With standard error gone as well, only the exit code is left to say it.
            let _ = writeln!(io::stderr(), "kakou: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What to do on a board's devices.
#[derive(clap::Args)]
struct OnBoard {
    /// Board file.
    #[arg(long, value_name = "FILE")]
    board: PathBuf,
}

impl OnBoard {
    /// Reads the board and does `work` on it, which says on standard output what it did and whether all went well.
    fn run(&self, work: impl FnOnce(&Board, &mut StdoutLock<'_>) -> io::Result<bool>) -> ExitCode {
        let mut out = io::stdout().lock();
        let good = match Board::read(&self.board) {
            Ok(board) => work(&board, &mut out),
            Err(mistakes) => writeln!(out, "{mistakes}").map(|()| false),
        };
        if good.is_ok_and(|good| good) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Logs go to standard error; `KAKOU_LOG` sets what is shown, INFO and above without it.
fn logs() {
    let filter = EnvFilter::try_from_env("KAKOU_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // Somebody who set up logs before, such as a test, keeps theirs.
    let _ = lines.try_init();
}

/// Two workers: one keeps the lanes going while the other draws a page.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().context("no threads for the kiosk")
}
