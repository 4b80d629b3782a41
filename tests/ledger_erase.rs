//! Erasing at the hub: by an officer, and by what a kiosk's log says; nothing of it is left in the file.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may panic")]

mod common;

use common::kiosk::{Log, NOW};
use kakou::base::{Pii, Seq};
use kakou::journal::Seal;
use kakou::journal::statement::{Salvage, Says, Statement};
use kakou::ledger::{Filter, Keys, Ledger, Officer, PersonalState, RecordId};
use kakou::model::{Body, Erasure, Person, Personal};

#[test]
fn an_officer_erases_for_good_and_the_record_and_its_proof_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.db");
    let (mut ledger, log) = filled(&path);
    let name = Filter { who: Some(Pii::new("赵无忌".to_owned())), ..Filter::default() };
    let row = ledger.passages(&name, None, 1).unwrap().rows.remove(0);
    let before = ledger.record(&row.id).unwrap().unwrap();
    let Seal::Boxed { bytes, .. } = before.stored.seal.clone() else { panic!("no box") };
    let officer = Officer::new("陈警官", "本人申请").unwrap();
    assert_eq!((ledger.count(&name).unwrap(), ledger.accesses(9).unwrap().len()), (1, 0));
    assert!(ledger.erase(&row.id, &officer, Erasure::Requested, NOW).unwrap());
    let after = ledger.record(&row.id).unwrap().unwrap();
    assert!(matches!(after.stored.seal, Seal::Erased { .. }));
    assert_eq!((after.leaf, after.stored.leaf_hash(), after.root), (before.leaf, before.leaf, before.root));
    assert_eq!(ledger.count(&name).unwrap(), 0, "nobody is found by it any more");
    let rows = ledger.passages(&Filter::default(), None, 500).unwrap().rows;
    let shown = rows.iter().find(|other| other.id == row.id).unwrap();
    assert_eq!((shown.personal, shown.masked.clone()), (PersonalState::Erased, None));
    assert!(ledger.disclose(&row.id, &officer, NOW).unwrap().is_none());
    let access = ledger.accesses(9).unwrap();
    assert_eq!((access.len(), access[0].what.clone()), (1, format!("erased record {}: requested", row.id)));
    assert!(!ledger.erase(&row.id, &officer, Erasure::Requested, NOW).unwrap(), "nothing is left to erase");
    // Sent once more with its box, it is the same record and stays erased.
    let all = log.entries.len() as u64;
    ledger.apply(&log.kiosk, log.epoch, Seq::FIRST, &log.note(all), &log.slice(1, all), NOW).unwrap();
    assert!(matches!(ledger.record(&row.id).unwrap().unwrap().stored.seal, Seal::Erased { .. }));
    for at in (64..bytes.len() - 24).step_by(512) {
        assert!(!lies_in(folder.path(), &bytes[at..at + 24]), "byte {at} of {}", bytes.len());
    }
}

#[test]
fn a_box_that_is_kept_aside_under_the_same_number_goes_too() {
    let folder = tempfile::tempdir().unwrap();
    let (mut ledger, log) = filled(&folder.path().join("hub.db"));
    let last = Seq::new(log.entries.len() as u64).unwrap();
    // The same log gone on elsewhere: another sealed record under that number.
    let mut other = Log::new("east-1", 7);
    other.append_traffic(NOW, 200);
    let sealed = other.entries.iter().find(|stored| matches!(stored.seal, Seal::Boxed { .. })).unwrap();
    let Seal::Boxed { bytes, .. } = &sealed.seal else { panic!() };
    let records = [(last, sealed.clone())];
    let says = Says::Salvage(Salvage::of(&records).unwrap());
    let statement = Statement { kiosk: log.kiosk.clone(), epoch: log.epoch, says }.sign(&log.key);
    ledger.salvage(&log.kiosk, log.epoch, &statement, &records, NOW).unwrap();
    let middle = &bytes[bytes.len() / 2..bytes.len() / 2 + 24];
    assert!(lies_in(folder.path(), middle), "it is kept aside");
    let officer = Officer::new("陈警官", "本人申请").unwrap();
    let id = RecordId { kiosk: log.kiosk.clone(), epoch: log.epoch, seq: last };
    assert!(ledger.erase(&id, &officer, Erasure::Requested, NOW).unwrap());
    assert!(!lies_in(folder.path(), middle));
}

#[test]
fn what_a_kiosk_erased_is_erased_here_too_and_only_that() {
    let folder = tempfile::tempdir().unwrap();
    let (mut ledger, mut log) = filled(&folder.path().join("hub.db"));
    let size = log.entries.len() as u64;
    let row = ledger.passages(&Filter::default(), None, 1).unwrap().rows.remove(0);
    let Seal::Boxed { bytes, .. } = ledger.record(&row.id).unwrap().unwrap().stored.seal else { panic!() };
    let by = "li-na".parse().unwrap();
    let said = Body::Erased { records: vec![row.id.seq], by, reason: Erasure::Ordered, log: None };
    log.append(NOW, None, said, None);
    let indexed = |ledger: &Ledger| {
        let rows = ledger.passages(&Filter::default(), None, 500).unwrap().rows;
        rows.iter().filter(|row| row.personal == PersonalState::Indexed).count()
    };
    let before = indexed(&ledger);
    let next = Seq::new(size + 1).unwrap();
    ledger
        .apply(&log.kiosk, log.epoch, next, &log.note(size + 1), &log.slice(size + 1, size + 1), NOW)
        .unwrap();
    assert!(matches!(ledger.record(&row.id).unwrap().unwrap().stored.seal, Seal::Erased { .. }));
    assert_eq!(indexed(&ledger), before - 1);
    assert!(!lies_in(folder.path(), &bytes[bytes.len() / 2..bytes.len() / 2 + 24]), "not in any file");
}

#[test]
fn what_a_kiosk_erased_in_an_older_log_is_erased_there_and_not_in_the_one_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (mut ledger, old) = filled(&folder.path().join("hub.db"));
    let mut log = Log::new("east-1", 7);
    log.epoch.0[0] ^= 1;
    log.append_key(NOW, &ledger.keys().seal_key());
    log.append_traffic(NOW, 30);
    let sealed = |entries: &[kakou::journal::Stored]| {
        entries.iter().position(|stored| matches!(stored.seal, Seal::Boxed { .. })).unwrap() as u64 + 1
    };
    let seq = sealed(&old.entries);
    assert_eq!(sealed(&log.entries), seq, "the same number in both");
    let (records, by) = (vec![Seq::new(seq).unwrap()], "li-na".parse().unwrap());
    log.append(NOW, None, Body::Erased { records, by, reason: Erasure::Ordered, log: Some(old.epoch) }, None);
    let all = log.entries.len() as u64;
    ledger.apply(&log.kiosk, log.epoch, Seq::FIRST, &log.note(all), &log.slice(1, all), NOW).unwrap();
    let seal = |epoch| {
        let id = RecordId { kiosk: log.kiosk.clone(), epoch, seq: Seq::new(seq).unwrap() };
        ledger.record(&id).unwrap().unwrap().stored.seal
    };
    assert!(matches!(seal(old.epoch), Seal::Erased { .. }) && matches!(seal(log.epoch), Seal::Boxed { .. }));
}

#[test]
fn no_number_that_a_kiosk_names_reaches_into_another_kiosks_log() {
    let folder = tempfile::tempdir().unwrap();
    let (mut ledger, _first) = filled(&folder.path().join("hub.db"));
    let mut logs = vec![];
    for (name, token) in [("west-1", [2; 32]), ("north-1", [3; 32])] {
        let mut log = Log::new(name, 9);
        ledger.add_token(&token, Some(&log.kiosk), NOW).unwrap();
        ledger.enrol(&token, None, log.key.verifying(), NOW).unwrap();
        log.append_key(NOW, &ledger.keys().seal_key());
        log.append_traffic(NOW, 30);
        let all = log.entries.len() as u64;
        ledger.apply(&log.kiosk, log.epoch, Seq::FIRST, &log.note(all), &log.slice(1, all), NOW).unwrap();
        logs.push(log);
    }
    // Logs are numbered 1, 2 and 3, and a record is its log's number times 2^40 and its own.
    let [west, north] = &mut logs[..] else { panic!() };
    let seals = |ledger: &Ledger, log: &Log| {
        let id = |seq| RecordId { kiosk: log.kiosk.clone(), epoch: log.epoch, seq };
        let seqs = (1..=log.entries.len() as u64).filter_map(Seq::new);
        seqs.map(|seq| ledger.record(&id(seq)).unwrap().unwrap().stored.seal).collect::<Vec<_>>()
    };
    let before = seals(&ledger, north);
    let records: Vec<Seq> = (1..=30).filter_map(|number| Seq::new((1 << 40) | number)).collect();
    let (by, size) = ("li-na".parse().unwrap(), west.entries.len() as u64);
    west.append(NOW, None, Body::Erased { records, by, reason: Erasure::Ordered, log: None }, None);
    let (next, note) = (Seq::new(size + 1).unwrap(), west.note(size + 1));
    ledger.apply(&west.kiosk, west.epoch, next, &note, &west.slice(size + 1, size + 1), NOW).unwrap();
    assert_eq!(seals(&ledger, north), before);
}

fn filled(path: &std::path::Path) -> (Ledger, Log) {
    let mut ledger = Ledger::open(path, Keys::from_secret(&[1; 32])).unwrap();
    let mut log = Log::new("east-1", 7);
    ledger.add_token(&[1; 32], Some(&log.kiosk), NOW).unwrap();
    ledger.enrol(&[1; 32], None, log.key.verifying(), NOW).unwrap();
    log.append_key(NOW, &ledger.keys().seal_key());
    log.append_traffic(NOW, 30);
    let mut made_up = Log::new("x", 1);
    made_up.append_traffic(NOW, 2);
    let Body::Passage(mut passage) = made_up.entries[1].entry().unwrap().body else { panic!("no passage") };
    passage.arrival = log.append(NOW, None, made_up.entries[0].entry().unwrap().body, None);
    let zhao = Person { name: Some(Pii::new("赵无忌".to_owned())), ..Person::default() };
    // Longer than a page: what does not fit lies in pages of its own, which are freed.
    let note = Some(Pii::new("很长的备注".repeat(600)));
    let personal = Personal { people: vec![zhao], note, ..Personal::default() };
    log.append(NOW, None, Body::Passage(passage), Some(&personal));
    let all = log.entries.len() as u64;
    ledger.apply(&log.kiosk, log.epoch, Seq::FIRST, &log.note(all), &log.slice(1, all), NOW).unwrap();
    (ledger, log)
}

/// Whether the bytes lie in any file of the folder.
fn lies_in(folder: &std::path::Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|file| {
        let content = std::fs::read(file.unwrap().path()).unwrap();
        content.windows(bytes.len()).any(|window| window == bytes)
    })
}
