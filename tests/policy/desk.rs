//! A kiosk's bundles on a disk: handed in, acknowledged, in force, ended; cut at every moment.

use std::collections::BTreeMap;
use std::time::Duration;

use kakou::base::{PolicyId, Random, Wall};
use kakou::config::bundle::{Bundle, Refusal, SignerKey};
use kakou::daemon::policy::store::{Error, INCOMING, Store, Trusted};
use kakou::daemon::policy::{NotKept, keep, kept};
use kakou::journal::Disk;
use kakou::model::{AreaMode, PolicyEvent};
use kakou::sim::disk::{Fault, FaultKind, SimDisk};

use crate::bundle::{DRAFT, draft, key, signed};

/// A day before the draft begins, while it rules, and after its end.
pub const BEFORE: Wall = Wall::from_secs(1_796_054_400 - 86_400);
pub const WITHIN: Wall = Wall::from_secs(1_796_054_400 + 86_400);
pub const AFTER: Wall = Wall::from_secs(1_796_054_400 + 15 * 86_400);

pub fn trusted() -> Trusted {
    let lane = |id: &str, profiles: &[&str]| {
        (id.parse().unwrap(), profiles.iter().map(|id| id.parse().unwrap()).collect())
    };
    Trusted {
        site: "xiyuan".parse().unwrap(),
        signers: [1, 2, 3].map(|number| SignerKey(key(number).verifying().0)).to_vec(),
        lanes: BTreeMap::from([lane("gate", &["residential-person-in", "residential-person-out"])]),
        recognised: Duration::from_hours(48),
    }
}

pub fn open(disk: &SimDisk) -> Store<SimDisk> {
    Store::open(disk.clone(), trusted()).unwrap()
}

/// Hands a bundle of the draft's, of this version, to the kiosk.
pub fn hand_in(disk: &SimDisk, version: u64, by: &[u8]) -> Bundle {
    let bundle = draft(&DRAFT.replace("version = 7", &format!("version = {version}")));
    put(disk, &signed(&bundle, by).encode());
    bundle
}

/// Hands these bytes in.
pub fn put(disk: &SimDisk, bytes: &[u8]) {
    let mut disk = disk.clone();
    disk.create(INCOMING, bytes.len() as u64).unwrap();
    disk.write_at(INCOMING, 0, bytes).unwrap();
    disk.sync(INCOMING).unwrap();
    disk.sync_dir().unwrap();
}

#[test]
fn a_bundle_waits_for_a_named_person_then_for_its_time_and_ends_in_the_sites_own_policy() {
    let disk = SimDisk::new();
    let bundle = hand_in(&disk, 7, &[1, 2]);
    let mut store = open(&disk);
    assert_eq!(store.look(Some(BEFORE)).unwrap(), Some(Ok(bundle.clone())));
    assert_eq!(store.look(Some(BEFORE)).unwrap(), None, "taken once");
    assert_eq!((store.pending(), store.in_force().version()), (Some(&bundle), 0), "nobody has read it");
    assert_eq!(store.tick(WITHIN).unwrap(), []);
    let wanted = (7, bundle.digest());
    let other = store.acknowledge((7, PolicyId([0; 16])), BEFORE);
    assert!(matches!(other, Err(Error::NotPending)), "another bundle of that version");
    assert!(!store.acknowledge(wanted, BEFORE).unwrap());
    assert!(matches!(store.acknowledge(wanted, BEFORE), Err(Error::NotPending)), "once");
    assert_eq!((store.next().map(|next| next.version), store.in_force().version()), (Some(7), 0));
    // A kiosk that is started meanwhile knows it too.
    let mut store = open(&disk);
    assert_eq!(store.tick(BEFORE).unwrap(), []);
    assert_eq!(store.tick(WITHIN).unwrap(), [(PolicyEvent::Began, bundle.clone())]);
    assert_eq!((store.in_force().version(), store.in_force().mode), (7, AreaMode::Watch));
    let id = bundle.policy().unwrap().id;
    assert_eq!(kept(&mut disk.clone(), id).unwrap().id, id, "kept for deciding again");
    let mut store = open(&disk);
    assert_eq!(store.in_force().version(), 7);
    assert_eq!(store.tick(AFTER).unwrap(), [(PolicyEvent::Ended, bundle)]);
    assert_eq!(store.tick(AFTER).unwrap(), [], "once");
    let over = store.in_force();
    assert_eq!((over.version(), over.mode, over.expired), (0, AreaMode::Sealed, Some(7)));
    let mut store = open(&disk);
    assert_eq!(store.tick(WITHIN).unwrap(), [], "what has ended does not begin again");
    assert_eq!(store.in_force().expired, Some(7));
}

#[test]
fn a_kept_policy_under_another_name_is_not_that_policy() {
    let mut disk = SimDisk::new();
    let bundle = draft(DRAFT);
    let id = keep(&mut disk, &bundle).unwrap();
    assert_eq!(kept(&mut disk, id).unwrap().id, id);
    let other = PolicyId([9; 16]);
    disk.rename(&format!("{id}.policy"), &format!("{other}.policy")).unwrap();
    assert!(matches!(kept(&mut disk, other), Err(NotKept::Other(_, found)) if found == id));
    assert!(matches!(kept(&mut disk, id), Err(NotKept::Gone(_))));
}

#[test]
fn a_bundle_that_looks_further_back_than_anybody_is_recognised_is_refused() {
    let disk = SimDisk::new();
    hand_in(&disk, 7, &[1, 2]);
    let recognised = Duration::from_hours(47);
    let mut store = Store::open(disk.clone(), Trusted { recognised, ..trusted() }).unwrap();
    let profile = "residential-person-out".parse().unwrap();
    assert_eq!(store.look(None).unwrap(), Some(Err(Refusal::Forgotten { profile, days: 2 })));
    assert_eq!((store.pending(), store.in_force().version()), (None, 0));
}

#[test]
fn what_is_refused_leaves_everything_as_it_was() {
    let disk = SimDisk::new();
    let ruling = hand_in(&disk, 7, &[1, 2]);
    let mut store = open(&disk);
    store.look(None).unwrap().unwrap().unwrap();
    store.acknowledge((7, ruling.digest()), WITHIN).unwrap();
    let sound = |store: &Store<SimDisk>| {
        assert_eq!((store.in_force().version(), store.pending(), store.next()), (7, None, None));
    };
    hand_in(&disk, 8, &[1]);
    assert_eq!(store.look(None).unwrap(), Some(Err(Refusal::TooFewSigners(1))));
    assert!(store.refused().unwrap().contains("at least two"));
    sound(&store);
    hand_in(&disk, 7, &[1, 2]);
    assert!(matches!(store.look(None).unwrap(), Some(Err(Refusal::RolledBack { version: 7, known: 7 }))));
    sound(&store);
    hand_in(&disk, 8, &[1, 2]);
    assert!(matches!(store.look(Some(AFTER)).unwrap(), Some(Err(Refusal::Ended(_)))));
    sound(&store);
    put(&disk, b"something else");
    assert!(matches!(store.look(None).unwrap(), Some(Err(Refusal::NoBundle(_)))));
    sound(&store);
    // Sound rules, and a profile that the lane wants.
    let without = DRAFT.replace("version = 7", "version = 8").replace("\"residential\"", "\"venue\"");
    put(&disk, &signed(&draft(&without), &[1, 2]).encode());
    assert!(matches!(store.look(None).unwrap(), Some(Err(Refusal::Profiles(_)))));
    sound(&store);
    let mut unsound = draft(&DRAFT.replace("version = 7", "version = 8"));
    let rule = "\n[[profile.rule]]\nid = \"all\"\nthen = \"admit\"\n";
    unsound.files[0].text.push_str(rule);
    put(&disk, &signed(&unsound, &[1, 2]).encode());
    assert!(matches!(store.look(None).unwrap(), Some(Err(Refusal::Rules(_)))));
    sound(&store);
    // The next good one is taken all the same, and a newer one takes its place while it waits.
    hand_in(&disk, 8, &[1, 2]);
    store.look(None).unwrap().unwrap().unwrap();
    hand_in(&disk, 9, &[2, 3]);
    store.look(None).unwrap().unwrap().unwrap();
    assert_eq!(store.pending().map(|pending| pending.version), Some(9));
    hand_in(&disk, 8, &[1, 2]);
    assert!(
        matches!(store.look(None).unwrap(), Some(Err(Refusal::RolledBack { .. }))),
        "behind one that waits"
    );
}

#[test]
fn a_damaged_standing_keeps_no_gate_shut_and_lets_nothing_come_back() {
    let disk = SimDisk::new();
    let bundle = hand_in(&disk, 7, &[1, 2]);
    let mut store = open(&disk);
    store.look(None).unwrap().unwrap().unwrap();
    store.acknowledge((7, bundle.digest()), WITHIN).unwrap();
    store.tick(AFTER).unwrap();
    disk.flip("standing", 0, 0xff);
    let mut store = open(&disk);
    assert!(store.refused().unwrap().starts_with("standing: damaged"));
    assert_eq!(store.tick(AFTER).unwrap().len(), 1, "what has ended ends once more");
    assert_eq!(store.in_force().expired, Some(7));
    hand_in(&disk, 7, &[1, 2]);
    assert!(matches!(store.look(None).unwrap(), Some(Err(Refusal::RolledBack { .. }))));
}

#[test]
fn a_bundle_whose_signer_is_no_longer_trusted_rules_no_more() {
    let disk = SimDisk::new();
    let bundle = hand_in(&disk, 7, &[1, 2]);
    let mut store = open(&disk);
    store.look(None).unwrap().unwrap().unwrap();
    store.acknowledge((7, bundle.digest()), WITHIN).unwrap();
    let mut fewer = trusted();
    fewer.signers.remove(0);
    let store = Store::open(disk, fewer).unwrap();
    assert_eq!(store.in_force().version(), 0);
    assert!(store.refused().unwrap().starts_with("in-force.bundle: signed by 1 "), "{:?}", store.refused());
}

#[test]
fn a_power_cut_at_any_operation_leaves_one_policy_or_the_other() {
    let mut cuts = 0;
    for cut in 0.. {
        let disk = SimDisk::new();
        hand_in(&disk, 7, &[1, 2]);
        let from = disk.operations() + cut;
        disk.inject(Some(Fault { from, count: u64::MAX - from, kind: FaultKind::Power }));
        let said = life(&disk);
        let mut left = disk.crash(&mut Random::new(cut));
        let version = open(&left).in_force().version();
        assert!(version == 7 || !said.began, "cut {cut}: it ruled, and is gone");
        // What was begun is settled by doing it again.
        life(&left);
        assert_eq!(open(&left).in_force().version(), 7, "cut {cut}: {:?}", left.list());
        cuts += 1;
        if said.began && said.whole {
            break;
        }
    }
    assert!(cuts > 20, "{cuts} cuts");
}

#[test]
fn a_disk_that_is_full_or_fails_changes_nothing_and_is_tried_again() {
    for kind in [FaultKind::Full, FaultKind::Medium] {
        let disk = SimDisk::new();
        let old = hand_in(&disk, 7, &[1, 2]);
        let mut store = open(&disk);
        store.look(None).unwrap().unwrap().unwrap();
        store.acknowledge((7, old.digest()), WITHIN).unwrap();
        let new = hand_in(&disk, 8, &[1, 2]);
        let fails = |on: bool| {
            let from = disk.operations();
            disk.inject(on.then_some(Fault { from, count: u64::MAX - from, kind }));
        };
        fails(true);
        assert!(store.look(None).is_err());
        assert_eq!((store.in_force().version(), store.pending()), (7, None));
        fails(false);
        store.look(None).unwrap().unwrap().unwrap();
        fails(true);
        assert!(matches!(store.acknowledge((8, new.digest()), WITHIN), Err(Error::Disk(_))));
        assert_eq!(store.in_force().version(), 7, "what rules goes on");
        fails(false);
        assert!(store.acknowledge((8, new.digest()), WITHIN).unwrap());
        assert_eq!(open(&disk).in_force().version(), 8);
    }
}

struct Said {
    began: bool,
    whole: bool,
}

/// From what is there to a bundle that rules, as far as the power goes.
fn life(disk: &SimDisk) -> Said {
    let mut said = Said { began: false, whole: false };
    let mut go = || -> Result<(), Error> {
        let mut store = Store::open(disk.clone(), trusted())?;
        store.look(None)?;
        if let Some(pending) = store.pending().map(|pending| (pending.version, pending.digest())) {
            said.began |= store.acknowledge(pending, WITHIN)?;
        }
        store.tick(WITHIN)?;
        Ok(())
    };
    let whole = go().is_ok();
    said.whole = whole;
    said
}
