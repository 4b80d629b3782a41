//! What a kiosk finds at its start: lists that are there, lists that are not, lists that are damaged.

use std::path::Path;

use kakou::config::Site;
use kakou::daemon::lists::{Shelf, Taken};
use kakou::model::{Between, Body, Cause, Direction};
use kakou::platform::disk::DirDisk;

use crate::fixtures::*;

const EXAMPLE: &str = include_str!("../../systemd/kiosk.toml");

fn site_in(state: &Path) -> Site {
    let mut site = Site::parse("k.toml", EXAMPLE).unwrap();
    site.state = state.to_owned();
    site.site = crate::fixtures::site();
    site.lists = [rule(), kakou::config::ListRule { id: slug("wanted"), ..rule() }].map(Into::into).into();
    site
}

#[test]
fn a_damaged_list_is_an_alarm_and_the_kiosk_goes_on_with_the_others() {
    let state = tempfile::tempdir().unwrap();
    let site = site_in(state.path());
    let folder = state.path().join("lists");
    let nothing = Taken::read(&site, &blinder());
    assert!(
        nothing.lists.is_empty() && nothing.missing.is_empty() && !folder.exists(),
        "none yet is no fault"
    );
    let mut shelf =
        Shelf { disk: DirDisk::open(&folder).unwrap(), site: site.site.clone(), blinder: blinder() };
    shelf.write(&site.lists[0], &in_force(&people(0..5))).unwrap();
    let both = Taken::read(&site, &blinder());
    assert!(both.missing.is_empty() && both.drafts().is_empty());
    let now = Between::of(&stamp(NOW, kakou::base::ClockTrust::Synced, 20), NOW);
    let found = |taken: &Taken| taken.lists.hits(&blind(3), Direction::Outbound, &now).count();
    assert_eq!(found(&both), 1);
    std::fs::write(folder.join("wanted.bin"), b"KKBLLIST and no more").unwrap();
    let taken = Taken::read(&site, &blinder());
    assert_eq!(found(&taken), 1, "the other list is asked as before");
    let drafts = taken.drafts();
    let [draft] = &drafts[..] else { panic!("{drafts:?}") };
    let Body::DeviceHealth { device, fault: Some(_) } = &draft.body else { panic!("{draft:?}") };
    assert_eq!(device.as_str(), "list-wanted");
    assert_eq!(Cause::of(&draft.body), Some(Cause::DeviceDead), "the hub hears of it before anything else");
}
