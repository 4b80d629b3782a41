//! Power cuts and full disks while a list is pushed and accepted, and that nobody can be read on the disk.

use kakou::base::Random;
use kakou::config::list::ListFile;
use kakou::config::list::csv::{Reading, import};
use kakou::daemon::lists::Shelf;
use kakou::journal::Disk;
use kakou::sim::disk::{Fault, FaultKind, SimDisk};

use crate::fixtures::*;

fn shelf(disk: &SimDisk) -> Shelf<SimDisk> {
    Shelf { disk: disk.clone(), site: site(), blinder: blinder() }
}

/// The files of a push and of its acceptance, one after the other; the first lies on the disk already.
fn steps() -> [ListFile; 3] {
    let before = in_force(&people(0..60));
    let (held, ..) = before.push(&rule(), &push(&people(20..90), &[issuer("police")])).unwrap();
    let id = held.held().unwrap().id();
    let after = held.accept(&rule(), &issuer("health"), id, NOW).unwrap();
    [before, held, after]
}

fn work(disk: &SimDisk, from: usize, steps: &[ListFile]) -> usize {
    let mut shelf = shelf(disk);
    let written = steps[from + 1..].iter().take_while(|next| shelf.write(&rule(), next).is_ok());
    from + written.count()
}

#[test]
fn a_power_cut_at_any_operation_of_a_push_or_an_acceptance_leaves_the_old_list_or_the_new_one() {
    let steps = steps();
    let start = || {
        let disk = SimDisk::new();
        shelf(&disk).write(&rule(), &steps[0]).unwrap();
        disk
    };
    let whole = start();
    let begins = whole.operations();
    assert_eq!(work(&whole, 0, &steps), 2);
    let (mut cuts, mut old, mut new) = (0, 0, 0);
    for at in begins..whole.operations() {
        for kind in [FaultKind::Power, FaultKind::Medium, FaultKind::Full] {
            let disk = start();
            disk.inject(Some(Fault { from: at, count: u64::MAX - at, kind }));
            let done = work(&disk, 0, &steps);
            for seed in 0..24 {
                let left = disk.crash(&mut Random::new(at * 100 + seed));
                let found = shelf(&left).read(&rule()).unwrap();
                let is = steps.iter().position(|step| *step == found).expect("never a mix, and never lost");
                assert!(is == done || is == done + 1, "operation {at}: {is} after {done}");
                (old, new) = (old + u32::from(is == done), new + u32::from(is == done + 1));
                // The next attempt is not hindered by what the cut left lying about.
                assert_eq!(work(&left, is, &steps), 2, "operation {at}, seed {seed}");
                assert_eq!(shelf(&left).read(&rule()).unwrap(), steps[2]);
                cuts += 1;
            }
        }
    }
    assert!(cuts > 700 && old > 100 && new > 10, "{cuts} cuts, {old} old, {new} new");
}

#[test]
fn on_a_disk_that_ignores_syncs_lists_are_lost_so_the_model_bites() {
    let lost = (0..50).any(|seed| {
        let disk = SimDisk::lying();
        shelf(&disk).write(&rule(), &steps()[0]).unwrap();
        let left = disk.crash(&mut Random::new(seed));
        shelf(&left).read(&rule()).ok() != Some(steps()[0].clone())
    });
    assert!(lost);
}

#[test]
fn no_identifier_can_be_read_in_the_file_nor_in_what_a_cut_leaves_of_it() {
    let phones: Vec<String> = (0..300).map(|number| format!("139{number:08}")).collect();
    let plates: Vec<String> = (0..300).map(|number| format!("川A{number:03}QX")).collect();
    let rows = phones.iter().zip(&plates);
    let csv = rows.fold("11010519491231002X,,,2026-12-01,王小明\n".to_owned(), |csv, (phone, plate)| {
        csv + &format!(",{phone},{plate},2026-12-01,王小明\n")
    });
    let csv = "id_number,phone,plate,until,name\n".to_owned() + &csv;
    let reading = Reading { rule: &rule(), blinder: &blinder(), now: NOW, ahead_minutes: 480 };
    let read = import(csv.as_bytes(), &reading).unwrap();
    assert_eq!((read.faulty, read.entries.len()), (0, 601), "{:?}", read.faults);
    let (file, ..) = ListFile::default().push(&rule(), &push(&read.entries, &[issuer("health")])).unwrap();
    let file = file.accept(&rule(), &issuer("street"), file.held().unwrap().id(), NOW).unwrap();
    let disk = SimDisk::new();
    shelf(&disk).write(&rule(), &file).unwrap();
    // A second write that the power cut leaves beside the first.
    let at = disk.operations() + 3;
    disk.inject(Some(Fault { from: at, count: u64::MAX - at, kind: FaultKind::Power }));
    assert!(shelf(&disk).write(&rule(), &file).is_err());
    let names = disk.killed().list().unwrap();
    assert_eq!(names, ["observed.bin", "observed.bin.new"]);
    let secrets = phones.iter().chain(&plates).map(String::as_str).chain(["11010519491231002X", "王小明"]);
    let secrets: Vec<&str> = secrets.collect();
    for name in names {
        let bytes = disk.read(&name).unwrap();
        assert!(bytes.len() > 600 * 26, "{name}");
        for secret in &secrets {
            let utf16: Vec<u16> = secret.encode_utf16().collect();
            let little: Vec<u8> = utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let big: Vec<u8> = utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            for form in [secret.as_bytes(), &little, &big] {
                assert!(!bytes.windows(form.len()).any(|window| window == form), "{name}");
            }
        }
    }
}
