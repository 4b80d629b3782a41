//! `kakou journal tail`: the last records in plain words, and those to come.

use std::io::{self, Write};
use std::time::Duration;

use anyhow::Result;

use super::{Where, choose, words};
use crate::base::{Epoch, Seq};
use crate::journal::reader::{self, LogName, Reader};
use crate::platform::clock;
use crate::platform::disk::DirDisk;

/// Time between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// Records read at a time.
const BATCH: usize = 200;

/// Arguments of `kakou journal tail`. Exit code 0: all shown; 1: some are missing; 2: could not look.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    pub(super) at: Where,
    /// Which log, where there are several; without it the newest.
    #[arg(long)]
    pub(super) epoch: Option<Epoch>,
    /// How many records.
    #[arg(short = 'n', long = "lines", default_value_t = 10)]
    pub(super) count: u64,
    /// Go on showing what a running kiosk appends.
    #[arg(long, short, conflicts_with = "epoch")]
    pub(super) follow: bool,
}

/// Shows the last records; good when none of them is missing.
pub fn tail(arguments: &Arguments, out: &mut impl Write) -> Result<bool> {
    let mut disk = arguments.at.open()?;
    let mut follower = Follower { log: choose(&mut disk, arguments.epoch)?, next: 1, whole: true };
    let reader = Reader::open(disk.clone(), follower.log)?;
    follower.next = reader.durable().map_or(0, Seq::get).saturating_sub(arguments.count) + 1;
    follower.show(&mut disk, out)?;
    if !arguments.follow {
        return Ok(follower.whole);
    }
    loop {
        out.flush()?;
        clock::pause(PAUSE);
        follower.look(&mut disk, out)?;
    }
}

/// Where the showing stands.
struct Follower {
    log: LogName,
    next: u64,
    whole: bool,
}

impl Follower {
    /// Shows what is new, also when another log has begun.
    fn look(&mut self, disk: &mut DirDisk, out: &mut impl Write) -> Result<()> {
        self.show(disk, out)?;
        let newest = choose(disk, None)?;
        if newest != self.log {
            writeln!(out, "新日志开始 a new log begins: {}", newest.epoch)?;
            (self.log, self.next) = (newest, 1);
            self.show(disk, out)?;
        }
        Ok(())
    }

    fn show(&mut self, disk: &mut DirDisk, out: &mut impl Write) -> Result<()> {
        let mut reader = Reader::open(disk.clone(), self.log)?;
        self.next = self.next.max(reader.first()?);
        while let Some(from) = Seq::new(self.next).filter(|from| Some(*from) <= reader.durable()) {
            match reader.read(from, BATCH, usize::MAX) {
                Ok(records) if records.is_empty() => break,
                Ok(records) => {
                    for (number, stored) in (self.next..).zip(&records) {
                        writeln!(out, "{}", words::record(number, stored))?;
                    }
                    self.next += records.len() as u64;
                }
                Err(reader::Error::Missing { from, through }) => {
                    self.whole = false;
                    writeln!(io::stderr(), "缺失 records {from} to {through} are missing")?;
                    self.next = through + 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;

    #[test]
    fn the_last_records_are_shown_in_plain_words() {
        let folder = Folder::with(60);
        let arguments = |count| Arguments { at: folder.at(), epoch: None, count, follow: false };
        let (good, text) = said(|out| tail(&arguments(3), out));
        assert!(good && text.lines().count() == 3, "{text}");
        let last = text.lines().last().unwrap();
        assert!(
            last.trim_start().starts_with("60  2026-09-21 22:13:20")
                && last.ends_with("终端关闭 kiosk stopped"),
            "{text}"
        );
        let (_, all) = said(|out| tail(&arguments(1_000), out));
        assert_eq!(all.lines().count(), 60);
        assert!(all.lines().next().unwrap().ends_with("personal part sealed]"), "{all}");
        std::fs::remove_file(&folder.segments()[0]).unwrap();
        assert!(said(|out| tail(&arguments(1_000), out)).0, "what is no longer kept is not missing");
        folder.damage(1);
        assert!(!said(|out| tail(&arguments(1_000), out)).0);
    }

    #[test]
    fn whoever_follows_sees_each_new_record_once_and_a_new_log() {
        let folder = Folder::with(3);
        let mut disk = folder.at().open().unwrap();
        let mut follower = Follower { log: choose(&mut disk, None).unwrap(), next: 3, whole: true };
        let mut seen = |follower: &mut Follower| {
            said(|out| follower.look(&mut disk, out).map(|()| true)).1.lines().count()
        };
        assert_eq!((seen(&mut follower), seen(&mut follower)), (1, 0));
        folder.write(60);
        assert_eq!((seen(&mut follower), seen(&mut follower)), (60, 0));
        // A log of another kiosk is ended by ours, which begins a new one.
        let other = crate::journal::Options::new("gate-2".parse().unwrap());
        let other = crate::journal::Options { segment_len: 4_096, ballast_len: 0, ..other };
        let writer = DirDisk::open(&folder.state("journal")).unwrap();
        drop(crate::journal::Journal::open(writer, other, Box::new(crate::base::Random::new(9))).unwrap());
        assert_eq!(seen(&mut follower), 1);
        folder.write(2);
        assert_eq!((seen(&mut follower), follower.next), (3, 3));
    }
}
