//! A list that is imported while the kiosk runs counts without a restart.

use std::sync::Arc;

use kakou::base::Slug;
use kakou::config::Site;
use kakou::daemon::lists::{Shelf, Watched};
use kakou::model::Direction;
use kakou::platform::disk::DirDisk;

use crate::fixtures::*;

const EXAMPLE: &str = include_str!("../../systemd/kiosk.toml");

#[test]
fn an_import_counts_at_the_next_look_and_only_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut site = Site::parse("kiosk.toml", EXAMPLE).unwrap();
    site.state = folder.path().to_owned();
    site.lists = vec![Arc::new(rule())];
    let mut watched = Watched::new(&site, &blinder()).unwrap();
    assert!(watched.look().is_none());
    let write = |entries: &Entries| {
        let disk = DirDisk::open(&folder.path().join("lists")).unwrap();
        let site: Slug = site.site.clone();
        Shelf { disk, site, blinder: blinder() }.write(&rule(), &in_force(entries)).unwrap();
    };
    write(&people(0..5));
    let between = kakou::model::Between::of(&stamp(NOW, kakou::base::ClockTrust::Synced, 20), NOW);
    let lists = watched.look().expect("a list is there now");
    assert_eq!(lists.hits(&blind(3), Direction::Inbound, &between).count(), 1);
    assert!(watched.look().is_none(), "nothing has changed since");
    write(&people(5..9));
    let lists = watched.look().expect("another edition");
    assert_eq!(lists.hits(&blind(3), Direction::Inbound, &between).count(), 0);
    std::fs::write(folder.path().join("lists/observed.bin"), b"damaged").unwrap();
    assert!(watched.look().is_none(), "what was in force goes on");
    site.lists.clear();
    assert!(Watched::new(&site, &blinder()).is_none());
}
