//! `kakou pin`: turns a PIN into the line of `kiosk.toml` that holds its hash.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use argon2::Argon2;
use argon2::password_hash::PasswordHasher;

use crate::platform::terminal;

/// Digits of a PIN.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=8;

/// Runs the subcommand.
pub fn run() -> ExitCode {
    match hash() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With standard error gone as well, only the exit code is left to say it.
            let _ = writeln!(io::stderr(), "kakou pin: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn hash() -> anyhow::Result<()> {
    let pin = terminal::ask_hidden("PIN (4 to 8 digits): ").context("no PIN was given")?;
    let good = DIGITS.contains(&pin.len()) && pin.bytes().all(|byte| byte.is_ascii_digit());
    ensure!(good, "a PIN has {} to {} digits", DIGITS.start(), DIGITS.end());
    // 19 MiB and two passes. Source: OWASP Password Storage Cheat Sheet, 2024; about 50 ms on a desktop core.
    let hash = Argon2::default().hash_password(pin.as_bytes()).context("the PIN cannot be hashed")?;
    writeln!(io::stdout().lock(), "pin = \"{hash}\"")?;
    Ok(())
}
