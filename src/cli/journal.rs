//! `kakou journal`: what lies in a journal's directory, in plain words. Reads only, also beside a running kiosk.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use data_encoding::BASE64;

use super::{carry, sheet};
use crate::base::{Epoch, Seq};
use crate::journal::reader::{self, logs};
use crate::journal::verify::{Report, verify};
use crate::journal::{Line, Reader, Stored};
use crate::platform::disk::DirDisk;

/// What to do with a journal.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Lists the logs in a journal's directory.
    Ls {
        /// The journal's directory.
        #[arg(long)]
        dir: PathBuf,
    },
    /// Checks every record, box and segment. Exit code 0: all whole; 1: something is wrong.
    Verify {
        /// The journal's directory.
        #[arg(long)]
        dir: PathBuf,
    },
    /// Writes the public part of every record as a line of JSON.
    Export {
        /// The journal's directory.
        #[arg(long)]
        dir: PathBuf,
    },
    /// Writes what the hub does not have yet into a file, for a stick; or takes the hub's receipt for one.
    Carry(carry::Arguments),
    /// Writes one day as a signed sheet of QR codes, for paper; or prints its totals and the text of the codes.
    Sheet(sheet::Arguments),
}

/// Runs the subcommand.
pub fn run(action: &Action) -> ExitCode {
    match act(action) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // With standard error gone as well, only the exit code is left to say it.
            let _ = writeln!(io::stderr(), "kakou journal: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether all is well.
fn act(action: &Action) -> anyhow::Result<bool> {
    let mut out = BufWriter::new(io::stdout().lock());
    let open = |dir: &Path| DirDisk::open_read_only(dir).with_context(|| dir.display().to_string());
    let healthy = match action {
        Action::Ls { dir } => list(&mut open(dir)?, &mut out)?,
        Action::Verify { dir } => check(&mut open(dir)?, &mut out)?,
        Action::Export { dir } => export(&mut open(dir)?, &mut out)?,
        Action::Carry(arguments) => carry::run(arguments, &mut out)?,
        Action::Sheet(arguments) => sheet::run(arguments, &mut out)?,
    };
    out.flush()?;
    Ok(healthy)
}

fn reports(disk: &mut DirDisk) -> io::Result<Vec<Report>> {
    logs(disk)?.into_iter().map(|log| verify(disk, log)).collect()
}

fn list(disk: &mut DirDisk, out: &mut impl Write) -> anyhow::Result<bool> {
    for report in reports(disk)? {
        let kiosk = report.kiosk.as_ref().map_or("unknown kiosk", |kiosk| kiosk.as_str());
        let Report { log, first, last, segments, .. } = &report;
        writeln!(out, "{}  {kiosk}  records {first} to {last} in {segments} segments", log.epoch)?;
    }
    Ok(true)
}

fn check(disk: &mut DirDisk, out: &mut impl Write) -> anyhow::Result<bool> {
    let reports = reports(disk)?;
    if reports.is_empty() {
        writeln!(out, "there is no log here")?;
    }
    for report in &reports {
        let kiosk = report.kiosk.as_ref().map_or("unknown kiosk", |kiosk| kiosk.as_str());
        writeln!(out, "log {} of {kiosk}", report.log.epoch)?;
        writeln!(out, "  {} records, the last one is number {}", report.records, report.last)?;
        match &report.frontier {
            Some(frontier) => writeln!(out, "  root {}", BASE64.encode(&frontier.root()))?,
            None => writeln!(out, "  the root cannot be known")?,
        }
        for finding in &report.findings {
            writeln!(out, "  wrong: {finding}")?;
        }
        if report.findings.is_empty() {
            writeln!(out, "  nothing is wrong")?;
        }
    }
    Ok(!reports.is_empty() && reports.iter().all(|report| report.findings.is_empty()))
}

fn export(disk: &mut DirDisk, out: &mut impl Write) -> anyhow::Result<bool> {
    let mut whole = true;
    for log in logs(disk)? {
        let mut reader = Reader::open(disk.clone(), log)?;
        // Older segments may have been dropped.
        let mut next = Seq::new(reader.first()?);
        while let Some(from) = next.filter(|from| Some(*from) <= reader.durable()) {
            match reader.read(from, 500, 4 * 1024 * 1024) {
                Ok(records) => {
                    for stored in &records {
                        whole &= line(log.epoch, stored, out)?;
                    }
                    next = Seq::new(from.get() + records.len() as u64);
                }
                Err(reader::Error::Missing { from, through }) => {
                    whole = false;
                    writeln!(io::stderr(), "records {from} to {through} of log {} are missing", log.epoch)?;
                    next = Seq::new(through + 1);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(whole)
}

fn line(epoch: Epoch, stored: &Stored, out: &mut impl Write) -> anyhow::Result<bool> {
    let Some(line) = Line::of(epoch, stored) else { return Ok(false) };
    serde_json::to_writer(&mut *out, &line)?;
    writeln!(out)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{BootId, ClockTrust, Mono, Pii, Random, Stamp, Wall};
    use crate::journal::{Journal, Options};
    use crate::model::{Body, Draft, Person, Personal};

    #[test]
    fn a_healthy_journal_is_listed_checked_and_exported_without_persons() {
        let dir = tempfile::tempdir().unwrap();
        write(&dir);
        let mut disk = DirDisk::open_read_only(dir.path()).unwrap();
        let text = said(|out| list(&mut disk, out), true);
        assert!(text.contains("gate-1  records 1 to 3 in 1 segments"), "{text}");
        let text = said(|out| check(&mut disk, out), true);
        assert!(text.contains("3 records") && text.contains("nothing is wrong"), "{text}");
        let text = said(|out| export(&mut disk, out), true);
        assert_eq!(text.lines().count(), 3);
        let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!((first["seq"].as_u64(), first["body"].as_str()), (Some(1), Some("stopped")));
        assert_eq!(first["sealed"].as_str(), Some("yes"));
        assert!(!text.contains('王'));
    }

    #[test]
    fn a_damaged_journal_says_what_is_wrong_and_fails() {
        let dir = tempfile::tempdir().unwrap();
        write(&dir);
        let mut disk = DirDisk::open_read_only(dir.path()).unwrap();
        let files: Vec<_> =
            std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        let segment = files.iter().find(|path| path.extension().is_some_and(|end| end == "seg")).unwrap();
        let mut bytes = std::fs::read(segment).unwrap();
        let frame = bytes.windows(4).position(|window| window == b"KKF1").unwrap();
        bytes[frame + 40] ^= 1;
        std::fs::write(segment, bytes).unwrap();
        let text = said(|out| check(&mut disk, out), false);
        assert!(text.contains("wrong: records 1 to 1 are damaged or missing"), "{text}");
        said(|out| export(&mut disk, out), false);
    }

    #[test]
    fn an_empty_directory_holds_no_log() {
        let dir = tempfile::tempdir().unwrap();
        let mut disk = DirDisk::open_read_only(dir.path()).unwrap();
        assert_eq!(said(|out| check(&mut disk, out), false), "there is no log here\n");
        assert!(DirDisk::open_read_only(&dir.path().join("none")).is_err());
    }

    fn said(mut what: impl FnMut(&mut Vec<u8>) -> anyhow::Result<bool>, healthy: bool) -> String {
        let mut out = Vec::new();
        assert_eq!(what(&mut out).unwrap(), healthy);
        String::from_utf8(out).unwrap()
    }

    fn write(dir: &tempfile::TempDir) {
        let disk = DirDisk::open(dir.path()).unwrap();
        let kiosk = "gate-1".parse().unwrap();
        let options = Options { segment_len: 65_536, ballast_len: 0, ..Options::new(kiosk) };
        let (mut journal, _) = Journal::open(disk, options, Box::new(Random::new(1))).unwrap();
        let stamp = Stamp {
            boot: BootId([1; 16]),
            mono: Mono(5),
            wall: Wall(6),
            trust: ClockTrust::None,
            max_error_ms: 0,
        };
        for number in 0..3 {
            let wang = Person { name: Some(Pii::new("王小明".to_owned())), ..Person::default() };
            let personal = (number == 0).then(|| Personal { people: vec![wang], vehicle: None });
            journal.append(Draft { lane: None, body: Body::Stopped, personal }, stamp).unwrap();
            journal.commit().unwrap();
        }
        journal.close().unwrap();
    }
}
