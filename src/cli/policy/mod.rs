//! `kakou policy`: proves, signs, shows and compares what is to rule a gate.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | sound, signed, shown |
//! | 1 | something is wrong with it; nothing was written |
//! | 2 | could not look: no such file, wrong arguments |

mod check;
mod hand_in;
mod show;
mod sign;
mod source;

pub use source::read_bundle;

use std::io::{self, BufWriter, StdoutLock, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

/// What to do with a policy.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// 逐例证明。Proves of each profile that every case there can be has exactly one outcome; prints the offending case otherwise.
    Check {
        /// Profile files, drafts, bundles, or a kiosk's configuration.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// 签名密钥。Shows the public key of a signer, whose secret key is drawn into FILE if there is none yet.
    Key {
        /// The secret key; belongs to one person.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// 签署。Signs a draft, or adds a second signature to a bundle. Two different people must sign.
    Sign {
        /// A draft (TOML) or a bundle.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The signer's secret key.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Where the bundle is written.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// 显示。Says what a bundle or a draft holds, and who has signed.
    Show {
        /// A bundle or a draft.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// 交给卡口。Gives a bundle to the kiosk of this configuration, where a named person has to read it before it rules.
    HandIn {
        /// A bundle with two signatures.
        #[arg(value_name = "BUNDLE")]
        file: PathBuf,
        /// The kiosk's configuration.
        #[arg(long, value_name = "FILE", default_value = "/etc/kakou/kiosk.toml")]
        config: PathBuf,
    },
    /// 比较。Says what differs between two bundles or drafts. Exit code 1: something does.
    Diff {
        /// The earlier one.
        #[arg(value_name = "OLD")]
        old: PathBuf,
        /// The later one.
        #[arg(value_name = "NEW")]
        new: PathBuf,
    },
}

/// Runs the subcommand.
pub fn run(action: &Action) -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let done = act(action, &mut out).and_then(|good| Ok(out.flush().map(|()| good)?));
    super::outcome("kakou policy", done)
}

/// Returns whether all is well.
fn act(action: &Action, out: &mut BufWriter<StdoutLock<'_>>) -> Result<bool> {
    match action {
        Action::Check { files } => check::check(files, out),
        Action::Key { file } => sign::key(file, out),
        Action::Sign { file, key, out: to } => sign::sign(file, key, to, out),
        Action::Show { file } => show::show(file, out),
        Action::HandIn { file, config } => hand_in::hand_in(file, config, out),
        Action::Diff { old, new } => show::diff(old, new, out),
    }
}
