//! `kakou journal repair`: what can be repaired while no kiosk runs; done only with `--yes`.

use std::io::Write;

use anyhow::{Context as _, Result};

use super::Where;
use super::beside_view::BesideView;
use super::list::reports;
use super::state::Keys;
use crate::journal::repair::{Mode, Repair, repair as work};
use crate::platform::disk::DirDisk;

/// Arguments of `kakou journal repair`. Exit code 0: nothing to do, or all of it done; 1: something to do, or something
/// that cannot be repaired; 2: could not look, such as while a kiosk runs.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    at: Where,
    /// Do it. Without this, only what would be done is said.
    #[arg(long)]
    yes: bool,
}

/// Says what was found and what is done about it; good when nothing is left to do.
pub fn repair(Arguments { at, yes }: &Arguments, out: &mut impl Write) -> Result<bool> {
    // A missing directory is not to be made.
    drop(at.open()?);
    let mut disk = DirDisk::open(&at.dir).with_context(|| at.dir.display().to_string())?;
    let view = BesideView::find(at)?;
    let witness = Keys::beside(at)?.witness(at)?;
    let Some(found) = work(disk.clone(), Mode::Rehearse, witness.as_ref())? else {
        writeln!(out, "这里没有日志 there is no log here")?;
        return Ok(false);
    };
    let bad_view = view.as_ref().map(BesideView::fault).transpose()?.flatten();
    say(&found, bad_view.as_deref(), out)?;
    let left = if !found.deeds.is_empty() || bad_view.is_some() {
        if !yes {
            writeln!(out, "尚未改动，加 --yes 执行 nothing was changed; with --yes it is done")?;
            return Ok(false);
        }
        out.flush()?;
        work(disk.clone(), Mode::Do, witness.as_ref())?;
        if let Some(view) = view.filter(|_| bad_view.is_some()) {
            let count = view.rebuild(&mut disk)?;
            writeln!(out, "视图已重建 the view was made anew from {count} records")?;
        }
        writeln!(out, "已完成 done")?;
        false
    } else {
        writeln!(out, "无需修复 nothing to repair")?;
        true
    };
    // A log that cannot go on is not repaired by that.
    Ok(remaining(&mut disk, left, out)? && found.recovery.ended.is_none())
}

fn say(found: &Repair, bad_view: Option<&str>, out: &mut impl Write) -> Result<()> {
    writeln!(out, "日志 log {} of {}", found.log.epoch, found.kiosk)?;
    for line in found.recovery.to_string().lines() {
        writeln!(out, "  发现 found: {line}")?;
    }
    if found.recovery.ended.is_some() {
        writeln!(
            out,
            "  下次启动将另起新日志 the next start begins a new log; this one stays and can be read"
        )?;
    }
    for deed in &found.deeds {
        writeln!(out, "  处理 to do: {deed}")?;
    }
    if let Some(why) = bad_view {
        writeln!(out, "  发现 found: view.sqlite {why}")?;
        writeln!(
            out,
            "  处理 to do: 由日志重建视图，旧文件移开 make the view anew from the log, set the old one aside"
        )?;
    }
    Ok(())
}

/// What is still wrong: records that are lost stay lost.
fn remaining(disk: &mut DirDisk, untouched: bool, out: &mut impl Write) -> Result<bool> {
    let findings: Vec<String> = reports(disk)?.into_iter().flat_map(|report| report.findings).collect();
    for finding in &findings {
        writeln!(out, "  无法修复 cannot be repaired: {finding}")?;
    }
    if findings.is_empty() && !untouched {
        writeln!(out, "完好 nothing is wrong any more")?;
    }
    Ok(findings.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;
    use crate::journal::View;
    use crate::journal::view::Check;

    #[test]
    fn a_torn_tail_is_cut_only_when_told_to() {
        let folder = Folder::with(5);
        assert!(said(|out| repair(&told(&folder, false), out)).0, "nothing to do");
        let file = folder.segments()[0].clone();
        let mut bytes = std::fs::read(&file).unwrap();
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        bytes[end + 3..end + 9].copy_from_slice(b"KKF1\0x");
        std::fs::write(&file, &bytes).unwrap();
        let (good, text) = said(|out| repair(&told(&folder, false), out));
        assert!(!good && text.contains("to do:") && text.contains("nothing was changed"), "{text}");
        assert_eq!(std::fs::read(&file).unwrap(), bytes, "nothing was changed");
        let (good, text) = said(|out| repair(&told(&folder, true), out));
        assert!(good && text.contains("done"), "{text}");
        bytes[end + 3..].fill(0);
        assert_eq!(std::fs::read(&file).unwrap(), bytes);
        assert!(said(|out| repair(&told(&folder, false), out)).1.contains("nothing to repair"));
    }

    #[test]
    fn a_running_kiosk_is_left_alone() {
        let folder = Folder::with(5);
        let journal = folder.journal();
        let refused = repair(&told(&folder, true), &mut Vec::new()).unwrap_err();
        assert!(format!("{refused:#}").contains("a kiosk that runs"), "{refused:#}");
        drop(journal);
        repair(&told(&folder, true), &mut Vec::new()).unwrap();
        let nowhere = Arguments { at: Where { dir: folder.state("none") }, yes: true };
        assert!(repair(&nowhere, &mut Vec::new()).is_err());
        assert!(!folder.state("none").exists(), "and not made");
    }

    #[test]
    fn an_unreadable_segment_is_set_aside_and_no_byte_of_it_is_lost() {
        let folder = Folder::with(60);
        let file = folder.segments()[1].clone();
        let garbage = vec![0xA5; 4_096];
        std::fs::write(&file, &garbage).unwrap();
        let (good, text) = said(|out| repair(&told(&folder, true), out));
        assert!(!good && text.contains("set aside") && text.contains("cannot be repaired"), "{text}");
        let aside = file.with_extension("seg.unreadable");
        assert_eq!((file.exists(), std::fs::read(aside).unwrap()), (false, garbage));
    }

    #[test]
    fn a_segment_that_was_never_in_use_is_removed() {
        let folder = Folder::with(20);
        let last = folder.segments().pop().unwrap();
        let name = last.file_name().unwrap().to_str().unwrap();
        let leftover = last.with_file_name(format!("{}{:020}.seg", &name[..40], 9_999));
        std::fs::write(&leftover, [0; 4_096]).unwrap();
        let (good, text) = said(|out| repair(&told(&folder, false), out));
        assert!(!good && text.contains("never in use"), "{text}");
        assert!(leftover.exists());
        assert!(said(|out| repair(&told(&folder, true), out)).0);
        assert!(!leftover.exists());
    }

    #[test]
    fn a_damaged_view_is_made_anew_from_the_log() {
        let folder = Folder::with(5);
        std::fs::write(folder.state("site.key"), [6; 32]).unwrap();
        let beside = || BesideView::find(&folder.at()).unwrap().unwrap();
        drop(View::open(&beside().path, beside().blinder, Check::Pages).unwrap());
        assert!(said(|out| repair(&told(&folder, false), out)).1.contains("nothing to repair"));
        std::fs::write(&beside().path, b"no database at all, however one looks at it").unwrap();
        let (good, text) = said(|out| repair(&told(&folder, false), out));
        assert!(!good && text.contains("view.sqlite"), "{text}");
        let (good, text) = said(|out| repair(&told(&folder, true), out));
        assert!(good && text.contains("made anew from 5 records"), "{text}");
        assert_eq!(beside().fault().unwrap(), None);
        assert!(folder.state("view.sqlite.set-aside-1").exists());
    }

    #[test]
    fn a_log_that_has_less_than_the_hub_signed_for_cannot_be_repaired_and_is_left_alone() {
        let folder = Folder::with(60);
        folder.cosign();
        assert!(said(|out| repair(&told(&folder, true), out)).0);
        std::fs::remove_file(folder.segments().pop().unwrap()).unwrap();
        let before: Vec<_> = folder.segments().iter().map(|file| std::fs::read(file).unwrap()).collect();
        let (good, text) = said(|out| repair(&told(&folder, true), out));
        assert!(!good && text.contains("the next start begins a new log"), "{text}");
        let after: Vec<_> = folder.segments().iter().map(|file| std::fs::read(file).unwrap()).collect();
        assert_eq!(before, after);
    }

    fn told(folder: &Folder, yes: bool) -> Arguments {
        Arguments { at: folder.at(), yes }
    }
}
