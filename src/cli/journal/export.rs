//! `kakou journal export`: the public part of every record, for programs.

use std::io::{self, Write};

use anyhow::Result;

use crate::base::{Epoch, Seq};
use crate::journal::reader::{self, logs};
use crate::journal::{Line, Reader, Stored};
use crate::platform::disk::DirDisk;

/// A line of JSON a record; good when none that is kept is missing or of unknown content.
pub fn export(disk: &mut DirDisk, out: &mut impl Write) -> Result<bool> {
    let mut whole = true;
    for log in logs(disk)? {
        let mut reader = Reader::open(disk.clone(), log)?;
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
                    let epoch = log.epoch;
                    writeln!(io::stderr(), "缺失 records {from} to {through} of log {epoch} are missing")?;
                    next = Seq::new(through + 1);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(whole)
}

fn line(epoch: Epoch, stored: &Stored, out: &mut impl Write) -> Result<bool> {
    let Some(line) = Line::of(epoch, stored) else { return Ok(false) };
    serde_json::to_writer(&mut *out, &line)?;
    writeln!(out)?;
    Ok(true)
}
