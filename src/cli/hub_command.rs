//! `kakou hub command`: asks something of a kiosk from a terminal, or lists what was asked.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand};

use super::journal::state::day_and_time;
use crate::base::{KioskId, LaneId};
use crate::hub::{Hub, words};
use crate::ledger::{Officer, Sent};
use crate::model::{AreaMode, Ordered, Service};
use crate::sync::command::What;

/// Most commands in the list.
const LINES: u32 = 100;

/// What `kakou hub command` is told.
#[derive(Args, Debug)]
pub struct Arguments {
    /// Which kiosk.
    kiosk: KioskId,
    #[command(subcommand)]
    what: Asked,
    /// The hub's data directory.
    #[arg(long, default_value = "hub-data", global = true)]
    pub data: PathBuf,
    /// Who asks; goes to the access log and to the kiosk.
    #[arg(long, global = true)]
    officer: Option<String>,
    /// Why; likewise.
    #[arg(long, global = true)]
    reason: Option<String>,
    /// Minutes within which it must begin, by a clock that the kiosk trusts; 0: whenever it arrives.
    #[arg(long, global = true, value_parser = clap::value_parser!(u64).range(0..=525_600))]
    minutes: Option<u64>,
}

#[derive(Subcommand, Debug)]
enum Asked {
    /// Lists what was asked of the kiosk and what became of it.
    List,
    /// Shows another public notice on its idle screens.
    Notice {
        /// Its number.
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        number: u32,
        /// What it says.
        text: String,
    },
    /// Takes the hub's notice away again: the site's own is shown.
    NoNotice,
    /// Takes a lane out of service; an emergency is let through all the same.
    LaneOut {
        /// Which lane.
        lane: LaneId,
    },
    /// Takes a lane back into service.
    LaneIn {
        /// Which lane.
        lane: LaneId,
    },
    /// Guards its area in another mode from the next subject on.
    Mode {
        /// normal, watch, sealed or drill.
        mode: AreaMode,
    },
    /// Lets the kiosk send what it has, and a heartbeat, at once.
    SendNow,
    /// Lets the kiosk bring a new key with which it connects.
    RenewKey,
}

/// Issues the command, or lists commands.
///
/// # Errors
///
/// In plain words.
pub async fn run(args: &Arguments, hub: &Hub) -> Result<()> {
    // What closes or opens a lane must not come true a day later; the rest may.
    let (what, minutes) = match &args.what {
        Asked::List => return list(args, hub).await,
        Asked::Notice { number, text } => (What::Notice { number: *number, text: text.clone() }, 0),
        Asked::NoNotice => (What::Notice { number: 0, text: String::new() }, 0),
        Asked::LaneOut { lane } => (What::LaneService { lane: lane.clone(), service: Service::Out }, 60),
        Asked::LaneIn { lane } => (What::LaneService { lane: lane.clone(), service: Service::In }, 60),
        // The last one issued is the last one to arrive, however late.
        Asked::Mode { mode } => (What::Mode { mode: *mode }, 0),
        Asked::SendNow => (What::SendNow, 0),
        Asked::RenewKey => (What::RenewKey, 0),
    };
    let (officer, reason) =
        args.officer.as_ref().zip(args.reason.as_ref()).context("--officer and --reason")?;
    let officer =
        Officer::new(officer, reason).context("officer and reason need 2 to 200 characters each")?;
    let minutes = args.minutes.unwrap_or(minutes);
    let not_after = (minutes > 0).then(|| hub.now() + Duration::from_mins(minutes));
    let number = hub.command(args.kiosk.clone(), what, officer, not_after).await??;
    writeln!(io::stdout().lock(), "指令已下达 issued: {} {number}", args.kiosk)?;
    Ok(())
}

async fn list(args: &Arguments, hub: &Hub) -> Result<()> {
    let kiosk = args.kiosk.clone();
    let (known, commands) = hub
        .read(move |ledger| {
            Ok::<_, crate::ledger::Error>((
                ledger.key_of(&kiosk)?.is_some(),
                ledger.commands(Some(&kiosk), LINES)?,
            ))
        })
        .await??;
    ensure!(known, "no kiosk {} is enrolled", args.kiosk);
    let mut out = io::stdout().lock();
    for command in &commands {
        let (_, symbol, (chinese, english)) = words::sent_state(command.state(hub.now()));
        writeln!(
            out,
            "{:>6}  {}  {symbol} {chinese} {english}  {}  {}：{}",
            command.number,
            day_and_time(command.issued),
            asked(command),
            command.officer,
            command.reason
        )?;
    }
    Ok(())
}

fn asked(command: &Sent) -> String {
    let Some(ordered) = &command.ordered else { return "—".to_owned() };
    let (chinese, english) = words::ordered(ordered);
    let about = match ordered {
        Ordered::Notice { number: 0 } | Ordered::RenewKey | Ordered::SendNow | Ordered::Mode { .. } => {
            String::new()
        }
        Ordered::Notice { number } => format!(" № {number} {}", command.text.as_deref().unwrap_or_default()),
        Ordered::LaneService { lane, .. } => format!(" {lane}"),
    };
    format!("{chinese} {english}{about}")
}
