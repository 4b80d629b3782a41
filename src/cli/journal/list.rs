//! `kakou journal ls`: which logs there are.

use std::io::{self, Write};

use anyhow::Result;

use crate::journal::reader::logs;
use crate::journal::verify::{Report, verify};
use crate::platform::disk::DirDisk;

/// One line a log, oldest first; good when there is one at all.
pub fn list(disk: &mut DirDisk, out: &mut impl Write) -> Result<bool> {
    let reports = reports(disk)?;
    if reports.is_empty() {
        writeln!(out, "这里没有日志 there is no log here")?;
    }
    for report in &reports {
        let Report { log, first, last, segments, .. } = report;
        let kiosk = kiosk(report);
        let epoch = log.epoch;
        writeln!(out, "{epoch}  {kiosk}  记录 records {first} to {last}, 文件 segments {segments}")?;
    }
    Ok(!reports.is_empty())
}

/// What a check of every log finds.
pub fn reports(disk: &mut DirDisk) -> io::Result<Vec<Report>> {
    logs(disk)?.into_iter().map(|log| verify(disk, log)).collect()
}

/// Whose log it is.
pub fn kiosk(report: &Report) -> &str {
    report.kiosk.as_ref().map_or("不明 unknown kiosk", |kiosk| kiosk.as_str())
}
