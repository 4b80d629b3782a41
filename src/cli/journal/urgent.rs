//! The urgent log is a log like any other to these commands.

use super::fixtures::*;
use super::{Where, check, list, tail};
use crate::base::{Epoch, Random, Seq};
use crate::cli::journal::beside_view::BesideView;
use crate::config::site;
use crate::journal::{Journal, Options};
use crate::model::Cause;
use crate::platform::disk::DirDisk;

#[test]
fn an_urgent_log_is_listed_checked_and_shown_like_any_other() {
    let folder = Folder::with(3);
    let at = Where { dir: folder.state(site::URGENT_FOLDER) };
    let disk = DirDisk::open(&at.dir).unwrap();
    let options = Options::urgent("gate-1".parse().unwrap());
    let mut journal = Journal::open(disk, options, Box::new(Random::new(2))).unwrap().0;
    let main = Epoch([7; 16]);
    let lane = Some("gate".parse().unwrap());
    for draft in [
        Cause::Begun.draft(None, Some((main, None))),
        Cause::OpenedByHand.draft(lane, Some((main, Seq::new(9)))),
        Cause::WriteFailed.draft(None, None),
    ] {
        journal.append(draft, STAMP).unwrap();
        journal.commit().unwrap();
    }
    // Its writer never closes it in order.
    drop(journal);
    let (good, text) = said(|out| list::list(&mut at.open().unwrap(), out));
    assert!(good && text.contains("gate-1  记录 records 1 to 3, 文件 segments 1"), "{text}");
    let (good, text) = said(|out| check::check(&at, out));
    assert!(good && text.contains("3 records") && text.contains("nothing is wrong"), "{text}");
    let arguments = tail::Arguments { at: at.clone(), epoch: None, count: 9, follow: false };
    let (good, text) = said(|out| tail::tail(&arguments, out));
    let lines: Vec<&str> = text.lines().collect();
    assert!(good && lines.len() == 3 && lines[0].contains("the urgent log begins"), "{text}");
    assert!(lines[1].contains("opened without a record") && lines[1].contains("#9 0707"), "{text}");
    assert!(lines[2].ends_with("not in the main log"), "{text}");

    std::fs::write(folder.state(site::KEY_FILE), [5; 32]).unwrap();
    assert!(BesideView::find(&folder.at()).unwrap().is_some());
    assert!(BesideView::find(&at).unwrap().is_none(), "the view is of the other log");
}
