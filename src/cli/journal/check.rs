//! `kakou journal verify`: whether everything is whole, and as the hub has countersigned it.

use std::io::Write;

use anyhow::Result;
use data_encoding::BASE64;

use super::Where;
use super::list::{kiosk, reports};
use super::state::{Keys, Signed, day_and_time};
use crate::journal::cosigned::{self, Judgement};
use crate::journal::verify::Report;
use crate::platform::disk::DirDisk;

/// Checks every log and the note that is kept of it; good when nothing is wrong.
pub fn check(at: &Where, out: &mut impl Write) -> Result<bool> {
    let mut disk = at.open()?;
    let keys = Keys::beside(at)?;
    let reports = reports(&mut disk)?;
    if reports.is_empty() {
        writeln!(out, "这里没有日志 there is no log here")?;
    }
    let mut healthy = !reports.is_empty();
    for report in &reports {
        healthy &= one(&mut disk, report, &keys, out)?;
    }
    Ok(healthy)
}

fn one(disk: &mut DirDisk, report: &Report, keys: &Keys, out: &mut impl Write) -> Result<bool> {
    writeln!(out, "日志 log {} of {}", report.log.epoch, kiosk(report))?;
    writeln!(out, "  记录 {} records, the last one is number {}", report.records, report.last)?;
    if report.first > 1 {
        writeln!(out, "  较早记录已按期清理 records before number {} are no longer kept", report.first)?;
    }
    match &report.frontier {
        Some(frontier) => writeln!(out, "  根 root {}", BASE64.encode(&frontier.root()))?,
        None => writeln!(out, "  根无法得知 the root cannot be known")?,
    }
    for finding in &report.findings {
        writeln!(out, "  有误 wrong: {finding}")?;
    }
    let note = kept_note(disk, report, keys)?;
    if let Some((_, line)) = &note {
        writeln!(out, "  {line}")?;
    }
    let healthy = report.findings.is_empty() && note.is_none_or(|(good, _)| good);
    if healthy {
        writeln!(out, "  完好 nothing is wrong")?;
    }
    Ok(healthy)
}

/// What the countersigned note says of the log, if one is kept, and whether that is good.
fn kept_note(disk: &mut DirDisk, report: &Report, keys: &Keys) -> Result<Option<(bool, String)>> {
    let epoch = report.log.epoch;
    let signed = match cosigned::unchecked(disk, epoch)? {
        None => return Ok(None),
        Some(Err(error)) => {
            return Ok(Some((false, format!("有误 wrong: the kept countersigned note: {error}"))));
        }
        Some(Ok(signed)) => signed,
    };
    let bad = |why: &str| Ok(Some((false, format!("有误 wrong: the kept countersigned note {why}"))));
    let (size, root) = (signed.note().size, signed.note().root);
    let own = report.kiosk.as_ref().map(|kiosk| crate::journal::note::origin(kiosk, epoch));
    if own.is_some_and(|own| own != signed.note().origin) {
        return bad(&format!("is about {}", signed.note().origin));
    }
    let who = match keys.check(&signed) {
        Signed::By { hub: Some(at) } => {
            format!("于 {} 由中心会签 countersigned by the hub", day_and_time(at))
        }
        Signed::By { hub: None } => {
            "中心签名未核 the hub's signature was not checked, its key is not here".to_owned()
        }
        Signed::Unchecked => "签名未核 signatures were not checked, the keys are not here".to_owned(),
        Signed::Wrong(why) => return bad(&why),
    };
    match cosigned::judge(disk, report.log, size, &root)? {
        Judgement::Agrees => Ok(Some((true, format!("会签 note over {size} records agrees: {who}")))),
        Judgement::Unknown => {
            Ok(Some((true, format!("会签 note over {size} records can no longer be compared: {who}"))))
        }
        Judgement::Shorter { found } => {
            bad(&format!("is over {size} records, {found} are here: the log was put back or cut"))
        }
        Judgement::Other => {
            bad(&format!("is over {size} other records: this log is not the one that was signed"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::super::{export, list};
    use super::*;

    #[test]
    fn a_healthy_journal_is_listed_checked_and_exported_without_persons() {
        let folder = Folder::with(3);
        let mut disk = folder.at().open().unwrap();
        let (good, text) = said(|out| list::list(&mut disk, out));
        assert!(good && text.contains("gate-1  记录 records 1 to 3, 文件 segments 1"), "{text}");
        let (good, text) = said(|out| check(&folder.at(), out));
        assert!(good && text.contains("3 records") && text.contains("nothing is wrong"), "{text}");
        let (good, text) = said(|out| export::export(&mut disk, out));
        assert_eq!((good, text.lines().count()), (true, 3));
        let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!((first["seq"].as_u64(), first["body"].as_str()), (Some(1), Some("stopped")));
        assert_eq!(first["sealed"].as_str(), Some("yes"));
    }

    #[test]
    fn a_damaged_journal_says_what_is_wrong_and_fails() {
        let folder = Folder::with(3);
        folder.damage(0);
        let (good, text) = said(|out| check(&folder.at(), out));
        assert!(!good && text.contains("wrong: records 1 to 1 are damaged or missing"), "{text}");
        assert!(!said(|out| export::export(&mut folder.at().open().unwrap(), out)).0);
    }

    #[test]
    fn an_empty_directory_holds_no_log() {
        let folder = Folder::empty();
        let (good, text) = said(|out| check(&folder.at(), out));
        assert!(!good && text.contains("there is no log here"));
        let nowhere = Where { dir: folder.state("none") };
        assert!(check(&nowhere, &mut Vec::new()).is_err());
    }

    #[test]
    fn segments_that_are_no_longer_kept_are_no_fault_when_a_record_says_so() {
        let folder = Folder::with(60);
        let segments = folder.segments();
        let second = segments[1].file_name().unwrap().to_str().unwrap().to_owned();
        let through = second[40..60].parse::<u64>().unwrap() - 1;
        std::fs::remove_file(&segments[0]).unwrap();
        let (good, text) = said(|out| check(&folder.at(), out));
        assert!(!good && text.contains(&format!("records 1 to {through} are gone, and no record")), "{text}");
        let dropped = |through| crate::model::Body::SegmentsDropped {
            from: crate::base::Seq::FIRST,
            through: crate::base::Seq::new(through).unwrap(),
        };
        folder.append(dropped(through - 1));
        assert!(!said(|out| check(&folder.at(), out)).0, "one that tells of others says nothing");
        folder.append(dropped(through));
        let (good, text) = said(|out| check(&folder.at(), out));
        assert!(good && text.contains("are no longer kept"), "{text}");
        assert!(said(|out| export::export(&mut folder.at().open().unwrap(), out)).0);
    }

    #[test]
    fn the_kept_countersigned_note_is_held_against_the_log() {
        let folder = Folder::with(60);
        folder.cosign();
        let (good, text) = said(|out| check(&folder.at(), out));
        assert!(good && text.contains("note over 60 records agrees"), "{text}");
        folder.write(5);
        assert!(said(|out| check(&folder.at(), out)).0, "a log may grow");
        // The card is put back to an earlier state, but for the note.
        std::fs::remove_file(folder.segments().pop().unwrap()).unwrap();
        std::fs::remove_file(folder.segments().pop().unwrap()).unwrap();
        let (good, text) = said(|out| check(&folder.at(), out));
        assert!(!good && text.contains("wrong: the kept countersigned note is over 60 records"), "{text}");
    }

    #[test]
    fn a_kept_note_that_others_signed_is_no_good() {
        let folder = Folder::with(4);
        folder.cosign();
        std::fs::write(folder.state("log.key"), [9; 32]).unwrap();
        let (good, text) = said(|out| check(&folder.at(), out));
        assert!(!good && text.contains("not signed by the expected key"), "{text}");
        std::fs::remove_file(folder.state("log.key")).unwrap();
        let (good, text) = said(|out| check(&folder.at(), out));
        assert!(good && text.contains("signatures were not checked"), "{text}");
    }
}
