//! A day on paper at the hub: taken once, compared with the records, and never believed when forged.

use kakou::base::{Seq, Wall};
use kakou::journal::SigningKey;
use kakou::ledger::{AlarmKind, Day, Ledger, Officer, SheetRefused, SheetState, SheetTaken};
use kakou::model::Entry;
use kakou::sync::sheet::{Counter, SiteDay, Summary, Surety, sign};

use super::common::kiosk::NOW;
use super::fixtures::{Kiosk, hub, kiosk, one_file, place, take};

const DAY: SiteDay = SiteDay { days: 20_779, offset_minutes: 480 };

#[test]
fn a_sheet_waits_for_its_records_and_is_confirmed_by_them() {
    let (mut ledger, east) = place(60);
    let (sheet, summary) = sheet(&east, 60);
    assert_eq!(ledger.take_sheet(&sheet, NOW).unwrap(), (summary.clone(), SheetTaken::New));
    for _ in 0..3 {
        assert_eq!(ledger.take_sheet(&sheet, NOW).unwrap().1, SheetTaken::Known);
    }
    assert_eq!(states(&ledger), [(60, SheetState::Waiting)]);
    assert_eq!(ledger.gates(NOW).unwrap()[0].backlog, 60, "the kiosk has signed for them");
    east.post(&mut ledger, 1, 59).unwrap();
    assert_eq!(states(&ledger), [(60, SheetState::Waiting)]);
    east.post(&mut ledger, 50, 60).unwrap();
    assert_eq!(states(&ledger), [(60, SheetState::Confirmed)]);
    assert_eq!(ledger.take_sheet(&sheet, NOW).unwrap().1, SheetTaken::Known);
    let tallied: u64 = ledger.tallies(today(), today()).unwrap().iter().map(|tally| tally.passages).sum();
    assert_eq!(tallied, summary.counts.passages(), "counted once, by the records");
    east.check(&ledger, "after a sheet");
}

#[test]
fn a_sheet_that_comes_after_more_records_or_with_a_stick_is_confirmed() {
    let (mut ledger, east) = place(60);
    east.post(&mut ledger, 1, 60).unwrap();
    ledger.take_sheet(&sheet(&east, 40).0, NOW).unwrap();
    assert_eq!(states(&ledger), [(40, SheetState::Confirmed)]);
    let (mut ledger, east) = place(60);
    ledger.take_sheet(&sheet(&east, 40).0, NOW).unwrap();
    take(&mut ledger, &one_file(&east));
    assert_eq!(states(&ledger), [(40, SheetState::Confirmed)]);
}

#[test]
fn a_later_sheet_of_the_day_takes_the_place_of_an_earlier_one_and_not_the_other_way_round() {
    let (mut ledger, east) = place(60);
    let taken = |ledger: &mut Ledger, size| ledger.take_sheet(&sheet(&east, size).0, NOW).unwrap().1;
    assert_eq!(taken(&mut ledger, 30), SheetTaken::New);
    assert_eq!(taken(&mut ledger, 50), SheetTaken::Replaced);
    assert_eq!(taken(&mut ledger, 30), SheetTaken::Older);
    assert_eq!(states(&ledger), [(50, SheetState::Waiting)]);
    east.post(&mut ledger, 1, 60).unwrap();
    assert_eq!(taken(&mut ledger, 60), SheetTaken::Replaced);
    assert_eq!(states(&ledger), [(60, SheetState::Confirmed)]);
}

#[test]
fn forged_sheets_and_strangers_are_refused() {
    let (mut ledger, east) = place(60);
    let summary = sheet(&east, 60).1;
    let forged = sign(&summary, &SigningKey::from_seed(&[99; 32])).unwrap();
    let refused = ledger.take_sheet(&forged, NOW).unwrap_err();
    assert_eq!(refused.to_string(), "the sheet is not signed by the kiosk that it names");
    let unknown = kiosk("gate-77", 30, &ledger);
    let refused = ledger.take_sheet(&sheet(&unknown, 30).0, NOW).unwrap_err();
    assert!(matches!(refused, SheetRefused::UnknownKiosk(_)));
    assert!(matches!(ledger.take_sheet(b"noise", NOW), Err(SheetRefused::Bad(_))));
    assert!(ledger.revoke(&east.log.kiosk, &Officer::new("Chen", "stolen").unwrap(), NOW).unwrap());
    let refused = ledger.take_sheet(&sheet(&east, 60).0, NOW).unwrap_err();
    assert!(matches!(refused, SheetRefused::Revoked(_)));
    assert_eq!((states(&ledger), ledger.alarms(9).unwrap()), (vec![], vec![]));
    assert_eq!(ledger.gates(NOW).unwrap()[0].backlog, 0);
}

#[test]
fn a_kiosk_that_signs_other_counts_or_another_root_raises_an_alarm() {
    type Change = fn(&mut Summary);
    let changes: [(Change, &str); 3] = [
        (|summary| summary.root[0] ^= 1, "another root"),
        (|summary| summary.counts.cells[0].passages += 1, "other counts"),
        (|summary| summary.first = summary.first.next(), "other counts"),
    ];
    for (change, what) in changes {
        let (mut ledger, east) = place(60);
        let mut summary = sheet(&east, 60).1;
        change(&mut summary);
        ledger.take_sheet(&sign(&summary, &east.log.key).unwrap(), NOW).unwrap();
        assert_eq!(ledger.alarms(9).unwrap(), []);
        east.post(&mut ledger, 1, 60).unwrap();
        assert_eq!(states(&ledger), [(60, SheetState::Contradicted)]);
        let alarm = ledger.alarms(9).unwrap().remove(0);
        assert!(alarm.kind == AlarmKind::Sheet && alarm.detail.contains(what), "{}", alarm.detail);
        // The true one over as many records does not quietly take its place.
        let refused = ledger.take_sheet(&sheet(&east, 60).0, NOW).unwrap_err();
        assert!(matches!(refused, SheetRefused::Contradiction { size: 60 }));
        assert_eq!(ledger.alarms(9).unwrap().len(), 2);
    }
}

#[test]
fn arrivals_count_once_by_their_last_verdict_and_apart_where_the_clock_is_not_trusted() {
    use kakou::base::ClockTrust;
    use kakou::model::{Body, Verdict};
    let (_, east) = place(60);
    let entries: Vec<Entry> = east.records.iter().map(|stored| stored.entry().unwrap()).collect();
    let passages = entries.iter().filter(|entry| matches!(entry.body, Body::Passage(_))).count() as u64;
    let count = |entries: &[Entry]| {
        let mut counter = Counter::new(DAY);
        entries.iter().for_each(|entry| counter.take(entry));
        counter.finish().unwrap().2
    };
    let plain = count(&entries);
    assert_eq!((plain.records, plain.unsure_records, plain.passages()), (60, 0, passages));
    assert!(plain.is_sound() && plain.cells.len() > 4, "{:?}", plain.cells);
    // The first passage is followed up by an attendant's verdict.
    let first = entries.iter().find(|entry| matches!(entry.body, Body::Passage(_))).unwrap();
    let Body::Passage(passage) = &first.body else { panic!("a passage") };
    let mut follow_up = passage.clone();
    (follow_up.follows, follow_up.verdict) = (Some(first.seq), Verdict::HandedOff);
    let later = Entry { seq: Seq::new(61).unwrap(), body: Body::Passage(follow_up), ..first.clone() };
    let followed = count(&[&entries[..], &[later]].concat());
    assert_eq!(followed.passages(), passages);
    assert_eq!(followed.cells.iter().filter(|cell| cell.verdict == Verdict::HandedOff).count(), 1);
    // The same records from a kiosk whose clock nobody vouched for.
    let mut untrusted = entries.clone();
    untrusted.iter_mut().take(20).for_each(|entry| entry.stamp.trust = ClockTrust::None);
    let untrusted = count(&untrusted);
    assert_eq!((untrusted.records, untrusted.unsure_records, untrusted.passages()), (40, 20, passages));
    assert!(untrusted.cells.iter().any(|cell| cell.surety == Surety::Unsure));
    // Another day's records are not counted.
    let mut other = entries;
    other.iter_mut().take(20).for_each(|entry| entry.stamp.wall = Wall(entry.stamp.wall.0 - 86_400_000));
    assert_eq!(count(&other).records, 40);
}

#[test]
fn a_hub_of_another_site_takes_nothing_of_it() {
    let (_, east) = place(30);
    let mut other = hub();
    assert!(matches!(other.take_sheet(&sheet(&east, 30).0, NOW), Err(SheetRefused::UnknownKiosk(_))));
}

/// The sheet over the first `size` records.
pub fn sheet(kiosk: &Kiosk, size: u64) -> (Vec<u8>, Summary) {
    let mut counter = Counter::new(DAY);
    kiosk.records[..size as usize].iter().for_each(|stored| counter.take(&stored.entry().unwrap()));
    let (first, last, counts) = counter.finish().unwrap();
    assert_eq!(last.get(), size);
    let root = kiosk.tree(size).root();
    let (name, epoch) = (kiosk.log.kiosk.clone(), kiosk.name.epoch);
    let summary = Summary { kiosk: name, epoch, day: DAY, first, last, root, counts };
    (sign(&summary, &kiosk.log.key).unwrap(), summary)
}

fn today() -> Day {
    Day::of(NOW)
}

fn states(ledger: &Ledger) -> Vec<(u64, SheetState)> {
    assert_eq!(today().to_string(), DAY.to_string());
    let sheets = ledger.sheets(today(), today()).unwrap();
    sheets.iter().map(|sheet| (sheet.summary.last.get(), sheet.state)).collect()
}
