//! `kakou run`: the kiosk on its board, until it is told to stop.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

use super::wiring::{self, NothingSimulated};
use crate::config::board::Backend;
use crate::config::{Board, Site};
use crate::daemon::{self, Running};
use crate::platform::assemble::Pins;
use crate::platform::gpio;
use crate::platform::watchdog::Watchdog;
use crate::sync::outbox;

/// Arguments of `kakou run`.
#[derive(clap::Args)]
pub struct Arguments {
    /// How the board is wired.
    #[arg(long, value_name = "FILE", default_value = "/etc/kakou/board.toml")]
    board: PathBuf,
    /// What the site wants.
    #[arg(long, value_name = "FILE", default_value = "/etc/kakou/kiosk.toml")]
    config: PathBuf,
}

/// Runs the kiosk. Exit code 0 after SIGTERM or SIGINT, 1 when it could not start or a part ended.
pub fn run(arguments: &Arguments) -> ExitCode {
    super::exit(start(arguments))
}

fn start(arguments: &Arguments) -> Result<()> {
    super::logs();
    let board = Board::read(&arguments.board)?;
    let site = Site::read(&arguments.config)?;
    // What is real on a board that simulates its lines is real all the same.
    let lines: Box<dyn Pins> = match board.gpio.backend {
        Backend::Simulated => Box::new(super::sim_pins::SimPins(crate::sim::lines::Lines::of(&board))),
        Backend::Gpiocdev | Backend::Rppal => {
            let first = board.devices.first().context("the board has no devices")?;
            Box::new(gpio::Lines::open(&first.id, &board.gpio)?)
        }
    };
    let settings = outbox::Settings::default();
    super::runtime()?.block_on(async {
        let parts = wiring::parts(&board, site, &arguments.config, &*lines, &mut NothingSimulated, settings)?;
        let running = daemon::start(parts).await?;
        until_told(running).await
    })
}

/// Says that the kiosk is ready, and waits for a signal or for a part to end.
async fn until_told(mut running: Running) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT")?;
    let pages = format!("pages on http://{}", running.address);
    tracing::info!(address = %running.address, "ready");
    Watchdog::from_environment().ready(&pages).context("systemd")?;
    let ended = tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        error = running.ended() => Err(error),
    };
    tracing::info!("stopping");
    if let Err(error) = Watchdog::from_environment().stopping() {
        tracing::warn!(%error, "systemd cannot be told");
    }
    running.stop().await;
    Ok(ended?)
}
