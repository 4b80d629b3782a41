//! `kakou journal`: what lies in a journal's directory, in plain words, and what can be proven from it.
//!
//! All but `repair --yes` and `erase --yes` only read, also beside a running kiosk.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | healthy, proven, done |
//! | 1 | something was found: damage, missing records, a proof that proves nothing |
//! | 2 | could not look: no such directory or file, no journal, no proof file, wrong arguments |

mod audit;
mod beside_view;
mod check;
mod erase;
mod export;
#[cfg(test)]
mod fixtures;
mod key;
mod list;
mod prove;
mod repair;
mod shift;
pub(super) mod state;
mod tail;
#[cfg(test)]
mod urgent;
mod words;

use std::io::{self, BufWriter, StdoutLock, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};

use super::{carry, sheet};
use crate::base::Epoch;
use crate::journal::reader::{LogName, logs};
use crate::platform::disk::DirDisk;

/// What to do with a journal.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// 列出日志。Lists the logs in a journal's directory.
    Ls(Where),
    /// 逐条核验。Checks every record, box, segment and kept note. Exit code 0: healthy; 1: something is wrong; 2: could not look.
    Verify(Where),
    /// 导出公开部分。Writes the public part of every record as a line of JSON. Exit code 1: records are missing.
    Export(Where),
    /// 查看最新记录。Says in plain words what the last records are.
    Tail(tail::Arguments),
    /// 出具证明。Writes a file that proves one record to somebody who has neither kiosk nor hub.
    Prove(prove::Arguments),
    /// 核验证明。Checks such a file with nothing but public keys. Exit code 0: proven; 1: not proven; 2: no proof file.
    VerifyProof(audit::Arguments),
    /// 显示公钥。Shows the public keys with which proofs of this journal are checked.
    Key(key::Arguments),
    /// 修复。Says what can be repaired while no kiosk runs, and does it with --yes. Deletes no record.
    Repair(repair::Arguments),
    /// 销毁个人信息。Erases personal parts of records while no kiosk runs, on record, with --yes. Every proof still holds.
    Erase(erase::Arguments),
    /// 导出到U盘。Writes what the hub does not have yet into a file, for a stick; or takes the hub's receipt for one.
    Carry(carry::Arguments),
    /// 交接班。Counts a shift: by sign-in and sign-out, by times, or by a fixed schedule. Exit code 1: records are missing.
    Shift(shift::Arguments),
    /// 日报二维码。Writes one day as a signed sheet of QR codes, for paper; or prints its totals and the text of the codes.
    Sheet(sheet::Arguments),
}

/// Where a journal is.
#[derive(Clone, Debug, Args)]
pub struct Where {
    /// The journal's directory.
    #[arg(long, value_name = "FOLDER", default_value = "/var/lib/kakou/journal")]
    dir: PathBuf,
}

impl Where {
    /// Opens the directory for reading.
    fn open(&self) -> Result<DirDisk> {
        DirDisk::open_read_only(&self.dir).with_context(|| self.dir.display().to_string())
    }

    /// Where the kiosk keeps everything else: beside the journal.
    fn state(&self) -> &Path {
        match self.dir.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            Some(_) | None => Path::new("."),
        }
    }
}

/// Runs the subcommand.
pub fn run(action: &Action) -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let done = act(action, &mut out).and_then(|good| Ok(out.flush().map(|()| good)?));
    super::outcome("kakou journal", done)
}

/// Returns whether all is well.
fn act(action: &Action, out: &mut BufWriter<StdoutLock<'_>>) -> Result<bool> {
    match action {
        Action::Ls(at) => list::list(&mut at.open()?, out),
        Action::Verify(at) => check::check(at, out),
        Action::Export(at) => export::export(&mut at.open()?, out),
        Action::Tail(arguments) => tail::tail(arguments, out),
        Action::Prove(arguments) => prove::prove(arguments, out),
        Action::VerifyProof(arguments) => audit::audit(arguments, out),
        Action::Key(arguments) => key::show(arguments, out),
        Action::Repair(arguments) => repair::repair(arguments, out),
        Action::Erase(arguments) => erase::erase(arguments, out),
        Action::Shift(arguments) => shift::shift(arguments, out),
        Action::Carry(arguments) => carry::run(arguments, out),
        Action::Sheet(arguments) => sheet::run(arguments, out),
    }
}

/// The log called `epoch`, or the newest.
fn choose(disk: &mut DirDisk, epoch: Option<Epoch>) -> Result<LogName> {
    let logs = logs(disk)?;
    let chosen = match epoch {
        None => logs.last(),
        Some(epoch) => logs.iter().find(|log| log.epoch == epoch),
    };
    match (chosen, epoch) {
        (Some(log), _) => Ok(*log),
        (None, Some(epoch)) => bail!("这里没有日志 there is no log {epoch} here"),
        (None, None) => bail!("这里没有日志 there is no log here"),
    }
}
