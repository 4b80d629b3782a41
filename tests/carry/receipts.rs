//! Receipts: believed only when both signed and the records agree; the next carry begins behind them.

use kakou::base::{Random, Seq};
use kakou::journal::cosigned::file_of as file_name;
use kakou::journal::{Disk as _, Frontier, Note, Seal, Stored, VerifyingKey};
use kakou::ledger::Ledger;
use kakou::model::{Body, Entry};
use kakou::sim::disk::{Fault, FaultKind, SimDisk};
use kakou::sync::parcel::FILE_MAX;
use kakou::sync::receipt::{BYTES_MAX, Keys, Receipt, Taken, next_for_hub, take};
use kakou::sync::wire::HUB_NOTE_NAME;

use super::common::kiosk::NOW;
use super::fixtures::{Kiosk, one_file, place, take as take_file};

#[test]
fn the_next_carry_begins_behind_the_receipt() {
    let (mut ledger, east) = place(40);
    east.post(&mut ledger, 1, 25).unwrap();
    let receipt = receipt_of(&ledger, &east);
    assert_eq!(taken(&receipt, &east), [Taken::Kept { epoch: east.name.epoch, size: 25 }]);
    assert_eq!(next(&east), 26);
    let (files, packed) = east.carry_as(&east.log.key, next(&east), FILE_MAX);
    assert_eq!((packed.ranges[0].from.get(), packed.ranges[0].through.get()), (26, 40));
    let outcome = take_file(&mut ledger, &files[0]);
    assert_eq!((outcome.fresh(), outcome.known()), (15, 0));
    east.check(&ledger, "after the second stick");
    taken(&receipt_of(&ledger, &east), &east);
    assert_eq!(next(&east), 41);
    assert_eq!(east.carry_as(&east.log.key, 41, FILE_MAX).1.files, 0, "nothing to carry is no file");
    // The older one again takes nothing back.
    assert_eq!(taken(&receipt, &east), [Taken::Known { epoch: east.name.epoch, size: 40 }]);
    assert_eq!(next(&east), 41);
}

#[test]
fn a_receipt_that_proves_nothing_is_not_kept() {
    let (mut ledger, east) = place(40);
    take_file(&mut ledger, &one_file(&east));
    let good = receipt_of(&ledger, &east).notes.remove(0);
    let refused = |text: &str| match taken(&Receipt::new(vec![text.to_owned()]), &east).remove(0) {
        Taken::Refused { why, .. } => why,
        other @ (Taken::Kept { .. } | Taken::Known { .. } | Taken::Other { .. }) => panic!("{other:?}"),
    };
    assert_eq!(refused("nonsense"), "not a signed note");
    let by_nobody = cosigned(&east, 2, &east.records[..30]);
    assert_eq!(refused(&by_nobody), "not signed by the expected key");
    let uncosigned =
        good.lines().filter(|line| !line.contains(HUB_NOTE_NAME)).map(|line| format!("{line}\n"));
    assert_eq!(refused(&uncosigned.collect::<String>()), "not signed by the expected key");
    let altered = good.replacen("\n40\n", "\n39\n", 1);
    assert_ne!(altered, good);
    assert_eq!(refused(&altered), "signature does not match");
    // The hub vouches for records that are not those of this log: a copied card.
    let other = cosigned(&east, 1, &forked(&east.records[..21]));
    assert_eq!(refused(&other), "root over 21 records is not that of this log");
    assert_eq!(next(&east), 1);
    // Another kiosk's receipt is passed over, not refused: one stick may serve many kiosks.
    let (mut other_hub, _) = place(5);
    let west = super::fixtures::kiosk("west-1", 5, &other_hub);
    super::fixtures::enrol(&mut other_hub, &west.log);
    west.post(&mut other_hub, 1, 5).unwrap();
    let both = Receipt::new([receipt_of(&other_hub, &west).notes, vec![good]].concat());
    let taken = taken(&both, &east);
    assert!(
        matches!((&taken[0], &taken[1]), (Taken::Other { .. }, Taken::Kept { size: 40, .. })),
        "{taken:?}"
    );
}

#[test]
fn a_kept_note_that_was_altered_counts_as_none() {
    let (mut ledger, mut east) = place(40);
    take_file(&mut ledger, &one_file(&east));
    taken(&receipt_of(&ledger, &east), &east);
    let file = file_name(east.name.epoch);
    let text = String::from_utf8(east.disk.read(&file).unwrap()).unwrap();
    let altered = text.replacen("\n40\n", "\n41\n", 1);
    east.disk.write_at(&file, 0, altered.as_bytes()).unwrap();
    assert_eq!(next(&east), 1);
    east.disk.write_at(&file, 0, text.as_bytes()).unwrap();
    assert_eq!(next(&east), 41);
}

#[test]
fn a_power_cut_while_a_receipt_is_kept_leaves_the_old_or_the_new_one() {
    let (mut ledger, east) = place(40);
    east.post(&mut ledger, 1, 25).unwrap();
    let first = receipt_of(&ledger, &east);
    taken(&first, &east);
    east.post(&mut ledger, 26, 40).unwrap();
    let second = receipt_of(&ledger, &east);
    let mut seen = std::collections::BTreeSet::new();
    for after in 0..9 {
        for seed in 0..20 {
            let disk = east.disk.killed();
            let at = disk.operations() + after;
            disk.inject(Some(Fault { from: at, count: 1_000, kind: FaultKind::Power }));
            let kept = take(&second, &mut disk.clone(), &[east.name], &keys(&east)).is_ok();
            let left = disk.crash(&mut Random::new(seed));
            let found = next_for_hub(&mut left.clone(), east.name.epoch, &keys(&east)).unwrap().get();
            assert!(found == 26 || found == 41, "cut after {after}: {found}");
            assert!(!kept || found == 41, "cut after {after}: said to be kept, and is not");
            seen.insert((kept, found));
        }
    }
    assert!(seen.contains(&(false, 26)) && seen.contains(&(true, 41)), "{seen:?}");
}

#[test]
fn what_is_no_receipt_is_refused() {
    for (bytes, why) in [
        (&b""[..], "no kakou receipt"),
        (b"{\"kakou_receipt\":1}", "notes"),
        (b"{\"kakou_receipt\":2,\"notes\":[]}", "format 2"),
        (b"{\"kakou_receipt\":1,\"notes\":[],\"more\":1}", "more"),
        (&vec![b' '; BYTES_MAX + 1], "longer than"),
    ] {
        let error = Receipt::from_bytes(bytes).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let receipt = Receipt::new(vec!["note".to_owned()]);
    assert_eq!(Receipt::from_bytes(&receipt.to_bytes().unwrap()).unwrap(), receipt);
}

fn keys(east: &Kiosk) -> Keys {
    let hub = VerifyingKey(kakou::ledger::Keys::from_secret(&[1; 32]).note_key().0);
    Keys { kiosk: east.log.kiosk.clone(), own: east.log.key.verifying(), hub }
}

fn receipt_of(ledger: &Ledger, east: &Kiosk) -> Receipt {
    let receipt = Receipt::new(ledger.cosigned_notes(&east.log.kiosk).unwrap());
    assert_eq!(receipt.notes.len(), 1);
    receipt
}

fn taken(receipt: &Receipt, east: &Kiosk) -> Vec<Taken> {
    take(receipt, &mut east.disk.clone(), &[east.name], &keys(east)).unwrap()
}

fn next(east: &Kiosk) -> u64 {
    let mut disk: SimDisk = east.disk.clone();
    next_for_hub(&mut disk, east.name.epoch, &keys(east)).map(Seq::get).unwrap()
}

/// What a hub with this secret gives back for these records, when the kiosk signed them.
fn cosigned(east: &Kiosk, secret: u8, records: &[Stored]) -> String {
    let mut ledger = Ledger::in_memory(kakou::ledger::Keys::from_secret(&[secret; 32])).unwrap();
    super::fixtures::enrol(&mut ledger, &east.log);
    let mut tree = Frontier::new();
    records.iter().for_each(|stored| tree.push(stored.leaf_hash()));
    let note = Note::new(&east.log.kiosk, east.name.epoch, &tree).sign(&east.log.key).to_string();
    ledger.apply(&east.log.kiosk, east.name.epoch, Seq::FIRST, &note, records, NOW).unwrap().cosigned
}

/// Another record in the place of the last one.
fn forked(records: &[Stored]) -> Vec<Stored> {
    let (last, before) = records.split_last().unwrap();
    let entry = Entry { body: Body::Stopped, ..last.entry().unwrap() };
    [before, &[Stored::new(&entry, Seal::None).unwrap()]].concat()
}
