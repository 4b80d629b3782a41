//! A bundle that names a list by the hash of its file rules once exactly that is in force, and never silently without it.

use std::sync::Arc;

use kakou::base::{NoReading, Slug};
use kakou::config::Site;
use kakou::config::bundle::Bundle;
use kakou::config::list::file::blinded_source;
use kakou::config::list::{ListFile, Named};
use kakou::daemon::lists::{Shelf, Watched};
use kakou::model::{Body, Cause};
use kakou::platform::disk::DirDisk;
use kakou::web::NotTaken;

use crate::bundle::{DRAFT, draft, signed};
use crate::desk::{WITHIN, put};
use crate::fixtures::{blinder, people, push, rule};
use crate::office::{Gate, seen};

const EXAMPLE: &str = include_str!("../../systemd/kiosk.toml");

/// A kiosk's folder of lists.
struct Folder {
    folder: tempfile::TempDir,
    site: Site,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut site = Site::parse("kiosk.toml", EXAMPLE).unwrap();
        site.state = folder.path().to_owned();
        site.lists = vec![Arc::new(rule())];
        Self { folder, site }
    }

    /// Two issuers push the list, read of a file with this hash.
    fn import(&self, file: Option<u8>) {
        let disk = DirDisk::open(&self.folder.path().join("lists")).unwrap();
        let site: Slug = self.site.site.clone();
        let mut shelf = Shelf { disk, site, blinder: blinder() };
        let (entries, issuers) = (people(0..5), [rule().issuers[0].clone(), rule().issuers[1].clone()]);
        let source = file.map(|file| blinded_source(&blinder(), &[file; 32]));
        let push = kakou::config::list::change::Push { source, ..push(&entries, &issuers) };
        let (content, ..) = ListFile::default().push(&rule(), &push).unwrap();
        shelf.write(&rule(), &content).unwrap();
    }

    fn remove(&self) {
        std::fs::remove_file(self.folder.path().join("lists/observed.bin")).unwrap();
    }
}

/// A bundle that names the file with hash `0x0101…`.
fn named() -> Bundle {
    draft(&format!("{DRAFT}[[list]]\nname = \"observed\"\nsha256 = \"{}\"\n", "01".repeat(32)))
}

/// What is on record of lists.
fn faults(gate: &Gate) -> Vec<Option<NoReading>> {
    let records = gate.records.lock().unwrap();
    let of = |body: &Body| {
        let Body::DeviceHealth { device, fault } = body else { return None };
        (device.as_str() == "list-observed").then_some(*fault)
    };
    records.iter().filter_map(of).collect()
}

fn is_other(named: Named) -> bool {
    matches!(named, Named::Other { .. })
}

#[tokio::test]
async fn a_bundle_is_acknowledged_once_exactly_the_list_that_it_names_is_in_force() {
    let folder = Folder::new();
    let mut gate = Gate::with(true, Watched::new(&folder.site, &blinder()));
    gate.passed.learn(WITHIN);
    let bundle = named();
    put(&gate.disk, &signed(&bundle, &[1, 2]).encode());
    seen(&mut gate.view, |view| view.pending.is_some()).await;
    let pending = gate.view.borrow().pending.clone().unwrap();
    assert_eq!((pending.lists[0].name.as_str(), pending.lists[0].here), ("observed", Named::Absent));
    assert_eq!(pending.lists[0].sha256, "0101010101010101");
    assert_eq!(gate.read(7, bundle.digest()).await, Err(NotTaken::Lists));
    let here = |view: &kakou::web::PolicyView| view.pending.as_ref().map(|pending| pending.lists[0].here);
    for other in [Some(2), None] {
        folder.import(other);
        seen(&mut gate.view, |view| here(view).is_some_and(is_other)).await;
        assert_eq!(
            gate.read(7, bundle.digest()).await,
            Err(NotTaken::Lists),
            "another file, or nobody knows which"
        );
        folder.remove();
        seen(&mut gate.view, |view| here(view) == Some(Named::Absent)).await;
    }
    assert_eq!(
        (gate.ruling.borrow().status.version, gate.events().len()),
        (0, 1),
        "only that it was handed in"
    );
    folder.import(Some(1));
    seen(&mut gate.view, |view| here(view) == Some(Named::InForce)).await;
    assert_eq!(gate.read(7, bundle.digest()).await, Ok(()));
    assert_eq!(gate.ruling.borrow().status.version, 7);
    assert_eq!(gate.view.borrow().lists[0].here, Named::InForce);
}

#[tokio::test]
async fn a_policy_whose_list_is_gone_goes_on_and_says_so_on_screen_and_on_record() {
    let folder = Folder::new();
    let mut gate = Gate::with(true, Watched::new(&folder.site, &blinder()));
    gate.passed.learn(WITHIN);
    folder.import(Some(1));
    let bundle = named();
    put(&gate.disk, &signed(&bundle, &[1, 2]).encode());
    let ready = |view: &Arc<kakou::web::PolicyView>| {
        view.pending.as_ref().is_some_and(|pending| pending.lists[0].here == Named::InForce)
    };
    seen(&mut gate.view, ready).await;
    assert_eq!(gate.read(7, bundle.digest()).await, Ok(()));

    // Its issuers agree on another edition: it rules on, and the page says that it is another.
    folder.import(Some(3));
    seen(&mut gate.view, |view| view.lists.first().is_some_and(|list| is_other(list.here))).await;
    assert_eq!((gate.ruling.borrow().status.version, faults(&gate)), (7, vec![]));

    folder.remove();
    seen(&mut gate.ruling, |ruling| ruling.status.lacks.len() == 1).await;
    let lacks = gate.ruling.borrow().status.lacks.clone();
    assert_eq!((lacks[0].as_str(), gate.ruling.borrow().status.version), ("observed", 7), "it rules on");
    folder.import(Some(1));
    seen(&mut gate.ruling, |ruling| ruling.status.lacks.is_empty()).await;
    let recorded = async {
        while faults(&gate).len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), recorded).await.unwrap();
    // Another whole look finds nothing new.
    put(&gate.disk, b"nothing");
    seen(&mut gate.view, |view| view.refused.is_some()).await;
    assert_eq!(faults(&gate), [Some(NoReading::Absent), None], "once each");
    let gone =
        Body::DeviceHealth { device: "list-observed".parse().unwrap(), fault: Some(NoReading::Absent) };
    assert_eq!(Cause::of(&gone), Some(Cause::DeviceDead), "an alarm at the hub");
}
