//! `kakou roster`: makes the kiosk's list of known people from a spreadsheet, and says what the list holds.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Subcommand;

use crate::config::Site;
use crate::config::roster::{self, Roster};
use crate::config::roster_csv::{self, import};
use crate::model::Blinder;
use crate::platform::clock::Clock;
use crate::platform::files;

/// What to do with the roster.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Replaces the list by the rows of a CSV file. Exit code 1: nothing was replaced.
    Import {
        /// CSV file (UTF-8) with a line of headings: class, and id_number, plate or phone; name and note are not kept.
        file: PathBuf,
        /// The kiosk's configuration.
        #[arg(long)]
        config: PathBuf,
        /// Replaces nothing when a row has a fault, instead of leaving that row out.
        #[arg(long)]
        strict: bool,
    },
    /// Says how many the list holds, of which classes, and how old it is.
    Show {
        /// The kiosk's configuration.
        #[arg(long)]
        config: PathBuf,
    },
}

/// Runs the subcommand.
pub fn run(action: &Action) -> ExitCode {
    let done = match action {
        Action::Import { file, config, strict } => {
            site(config).and_then(|site| replace(&site, file, *strict))
        }
        Action::Show { config } => site(config).and_then(|site| show(&site)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // With standard error gone as well, only the exit code is left to say it.
            let _ = writeln!(io::stderr(), "kakou roster: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn site(config: &Path) -> anyhow::Result<Site> {
    Ok(Site::read(config)?)
}

/// The key under which identifiers are blinded on this kiosk; drawn at the first use.
fn blinder(site: &Site) -> anyhow::Result<Blinder> {
    let path = site.state.join(crate::config::site::KEY_FILE);
    let key = files::secret(&path).with_context(|| path.display().to_string())?;
    Ok(Blinder::new(&key))
}

fn replace(site: &Site, file: &Path, strict: bool) -> anyhow::Result<()> {
    let name = file.display().to_string();
    let bytes = files::read_if_there(file, roster_csv::FILE_BYTES_MAX).with_context(|| name.clone())?;
    let bytes = bytes.with_context(|| format!("{name}: there is no such file"))?;
    // The list may be made before the kiosk's first start.
    std::fs::create_dir_all(&site.state).with_context(|| site.state.display().to_string())?;
    let blinder = blinder(site)?;
    let import = import(&bytes, &blinder).with_context(|| name.clone())?;
    let mut error = io::stderr().lock();
    for fault in &import.faults {
        writeln!(error, "{name}: {fault}")?;
    }
    let left_out = import.skipped;
    if left_out > import.faults.len() {
        writeln!(error, "{name}: and {} rows more", left_out - import.faults.len())?;
    }
    if strict && left_out > 0 {
        bail!("{left_out} of {} rows have faults; the list is as it was", import.rows);
    }
    if import.people.is_empty() {
        bail!("no row could be read; the list is as it was");
    }
    let roster = Roster::new(import.people, Clock::new()?.wall());
    let path = &site.roster;
    files::write_atomically(path, &roster.encode(&blinder)).with_context(|| path.display().to_string())?;
    let (rows, people) = (import.rows - left_out, roster.len());
    writeln!(io::stdout().lock(), "{rows} rows, {people} identifiers, {left_out} rows left out")?;
    Ok(())
}

fn show(site: &Site) -> anyhow::Result<()> {
    let path = site.roster.display().to_string();
    let bytes = files::read_if_there(&site.roster, roster::FILE_BYTES_MAX).with_context(|| path.clone())?;
    let bytes = bytes
        .with_context(|| format!("{path}: there is no list yet; make one with `kakou roster import`"))?;
    let roster = Roster::decode(&bytes, &blinder(site)?).with_context(|| path.clone())?;
    let age_hours = (Clock::new()?.wall().0 - roster.made().0) / 3_600_000;
    let mut out = io::stdout().lock();
    writeln!(out, "{path}: {} identifiers, {age_hours} h old", roster.len())?;
    for (class, count) in roster.tally() {
        writeln!(out, "{count:>8}  {}", crate::config::profile_file::class_name(class))?;
    }
    Ok(())
}
