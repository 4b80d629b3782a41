//! The subcommands of `kakou`, one file each.

mod check;
mod enrol;
mod hub;
mod journal;
mod park;
mod pin;
mod probe;
mod read;
mod roster;
mod sim_pins;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "kakou", version, about = "卡口: the checkpoint kiosk and its hub")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Enrols this kiosk with a hub.
    Enrol(enrol::EnrolArgs),
    /// Runs the hub of a command centre, or works on its data.
    Hub(hub::HubArgs),
    /// Drives every output of a board to its safe level.
    Park(park::Arguments),
    /// Reads every device of a board and says what it saw. Exit code 1 when one failed.
    Probe(probe::Arguments),
    /// Reads QR codes from pictures (JPEG, binary PGM). Exit code 1 when a picture has none.
    Read(read::Arguments),
    /// Says what lies in a journal, and whether all of it is whole.
    Journal {
        /// What to do.
        #[command(subcommand)]
        action: journal::Action,
    },
    /// Checks a board file and a configuration; prints what is in force, or everything that is wrong.
    Check(check::Arguments),
    /// Turns a PIN into the line of the configuration that holds its hash.
    Pin,
    /// Makes and shows the list of people and plates that the site knows.
    Roster {
        /// What to do.
        #[command(subcommand)]
        action: roster::Action,
    },
    /// Succeeds when the program can start at all.
    Version,
}

/// Runs the command line. Exit code 0: done; 1: failed, with the reason on standard error; 2: wrong arguments.
pub fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    match command {
        Command::Enrol(arguments) => enrol::run(arguments),
        Command::Hub(arguments) => hub::run(arguments),
        Command::Park(arguments) => park::run(&arguments),
        Command::Probe(arguments) => probe::run(&arguments),
        Command::Read(arguments) => read::run(&arguments),
        Command::Journal { action } => journal::run(&action),
        Command::Check(arguments) => check::run(&arguments),
        Command::Pin => pin::run(),
        Command::Roster { action } => roster::run(&action),
        Command::Version => ExitCode::SUCCESS,
    }
}
