//! Countersigned notes: kept when they are good, seldom enough, whole; never when they are not.

use std::time::Duration;

use kakou::base::{Epoch, Random};
use kakou::control::LinkAlarm;
use kakou::journal::{Disk as _, Frontier, Note, Receipts, SigningKey};
use kakou::sim::disk::{Fault, FaultKind};

use crate::place::{HUB, Place, kiosk};

#[test]
fn what_the_hub_signed_for_is_kept_and_read_again() {
    let mut place = Place::new();
    place.append(5);
    let mut keeper = place.keeper();
    keeper.hear(place.epoch, &place.head());
    keeper.turn(&place.now);
    assert_eq!(place.kept(), Some(place.receipt()));
    let status = place.keeper().status();
    assert_eq!((status.receipted, status.alarm), (5, None));
    assert!(place.files(".new").is_empty());
}

#[test]
fn a_receipt_is_written_once_a_minute_and_when_a_segment_is_complete_and_at_the_end() {
    let mut place = Place::new();
    let mut keeper = place.keeper();
    let mut hear = |place: &mut Place, count: u64, span: Duration| {
        place.append(count);
        place.wait(span);
        keeper.hear(place.epoch, &place.head());
        keeper.turn(&place.now);
        place.kept() == Some(place.receipt())
    };
    assert!(hear(&mut place, 1, Duration::ZERO), "the first one");
    assert!(!hear(&mut place, 1, Duration::from_secs(20)));
    assert!(!hear(&mut place, 1, Duration::from_secs(39)));
    assert!(hear(&mut place, 1, Duration::from_secs(1)), "a minute after the last writing");
    let segments = place.files(".seg").len();
    while place.files(".seg").len() == segments {
        place.append(1);
    }
    assert!(hear(&mut place, 0, Duration::from_secs(1)), "a segment is complete");
    let of_segments: Vec<_> =
        place.files(".cosigned").into_iter().filter(|file| *file != place.file()).collect();
    assert_eq!(of_segments.len(), 1, "{of_segments:?}");
    assert!(!hear(&mut place, 1, Duration::from_secs(1)), "it is noted once");
    keeper.finish();
    assert_eq!(place.kept(), Some(place.receipt()), "the kiosk stops");
}

#[test]
fn a_note_that_is_no_receipt_is_an_alarm_and_never_kept() {
    let mut place = Place::new();
    place.append(5);
    let epoch = place.epoch;
    let good = place.receipt();
    let mut other = Frontier::new();
    (0..5_u8).for_each(|n| other.push([n; 32]));
    let stranger = SigningKey::from_seed(&[9; 32]);
    let note = place.recorder.note();
    let tree = place.reader().frontier(5).unwrap();
    let ahead = {
        let mut tree = tree.clone();
        tree.push([0; 32]);
        Note::new(&kiosk(), epoch, &tree)
    };
    let by_stranger = {
        let mut signed = note.sign(&place.own);
        signed.cosign(HUB, &stranger, place.now.wall);
        signed.to_string()
    };
    let not_own = {
        let mut signed = note.sign(&stranger);
        signed.cosign(HUB, &place.hub, place.now.wall);
        signed.to_string()
    };
    let bad = [
        ("another log", place.cosigned(&Note::new(&kiosk(), Epoch([3; 16]), &tree))),
        ("another kiosk", place.cosigned(&Note::new(&"gate-2".parse().unwrap(), epoch, &tree))),
        ("other records", place.cosigned(&Note::new(&kiosk(), epoch, &other))),
        ("more records than there are", place.cosigned(&ahead)),
        ("another hub", by_stranger),
        ("not signed by this kiosk", not_own),
        ("no cosignature", note.sign(&place.own).to_string()),
        ("no note", "hello".to_owned()),
        ("an altered time", altered(&good)),
    ];
    for (what, text) in bad {
        if text == good {
            panic!("{what} is no alteration");
        }
        let mut keeper = place.keeper();
        let mut head = place.head();
        head.cosigned = Some(text);
        keeper.hear(epoch, &head);
        keeper.turn(&place.now);
        keeper.finish();
        assert!(matches!(keeper.status().alarm, Some(LinkAlarm::Receipt { .. })), "{what}");
        assert_eq!(place.kept(), None, "{what}");
        keeper.hear(epoch, &place.head());
        assert_eq!(keeper.status().alarm, None, "a good one ends the alarm");
    }
}

#[test]
fn a_note_over_fewer_records_does_not_replace_one_over_more() {
    let mut place = Place::new();
    place.append(3);
    let early = place.head();
    place.append(3);
    let mut keeper = place.keeper();
    for head in [place.head(), early] {
        keeper.hear(place.epoch, &head);
        keeper.finish();
    }
    assert_eq!((keeper.status().receipted, keeper.status().alarm), (6, None));
    assert_eq!(place.kept(), Some(place.receipt()));
}

#[test]
fn a_kept_note_of_another_tree_is_told_of_and_not_believed() {
    let mut place = Place::new();
    place.append(5);
    let mut other = Frontier::new();
    (0..5_u8).for_each(|n| other.push([n; 32]));
    let forged = place.cosigned(&Note::new(&kiosk(), place.epoch, &other));
    let file = place.file();
    place.disk.create(&file, forged.len() as u64).unwrap();
    place.disk.write_at(&file, 0, forged.as_bytes()).unwrap();
    let reader = place.reader();
    let (receipts, why) = Receipts::open(place.disk.clone(), reader, place.witness());
    assert_eq!(receipts.size(), 0);
    assert!(why.unwrap().contains("root over 5 records"));
    assert!(place.keeper().status().alarm.is_some());
}

#[test]
fn a_power_cut_at_any_operation_leaves_the_old_or_the_new_receipt() {
    let mut place = Place::new();
    place.append(5);
    let mut keeper = place.keeper();
    keeper.hear(place.epoch, &place.head());
    keeper.finish();
    let old = place.receipt();
    while place.files(".seg").len() < 2 {
        place.append(3);
    }
    let new = place.receipt();
    let before = place.disk.operations();
    let mut cuts = 0;
    for cut in before.. {
        let disk = place.disk.killed();
        let (mut receipts, _) =
            Receipts::open(disk.clone(), place.recorder.journal().reader(disk.clone()), place.witness());
        receipts.take(&new).unwrap();
        disk.inject(Some(Fault { from: cut, count: u64::MAX - cut, kind: FaultKind::Power }));
        let written = receipts.finish().is_ok();
        for seed in 0..10 {
            let left = disk.crash(&mut Random::new(seed));
            let kept = String::from_utf8(left.read(&place.file()).unwrap()).unwrap();
            assert!(kept == new || (kept == old && !written), "cut at {}", cut - before);
        }
        cuts += 1;
        if written {
            break;
        }
    }
    assert!(cuts > 10, "{cuts} cuts");
}

/// The same note with another letter in the middle of the hub's line: in its time or its signature.
fn altered(note: &str) -> String {
    let at = note.len() - 60;
    let other = if &note[at..=at] == "A" { "B" } else { "A" };
    format!("{}{other}{}", &note[..at], &note[at + 1..])
}
