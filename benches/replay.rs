//! A million decisions made again from a journal on a disk, beside only reading them.
//!
//! `TMPDIR` chooses the file system. `KAKOU_PASSAGES` chooses how many, a million when nothing is said.

#![allow(clippy::unwrap_used, reason = "a bench may panic")]
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench measures and prints")]
#![allow(dead_code, reason = "shared with tests/session, which uses the rest")]

#[path = "../tests/session/anybody.rs"]
mod anybody;
#[path = "../tests/session/bench.rs"]
mod bench;
#[path = "../tests/session/walk.rs"]
mod walk;

use std::path::Path;
use std::time::Instant;

use kakou::base::{BootId, ClockTrust, Mono, Random, Stamp, Wall};
use kakou::config::Policy;
use kakou::config::bundle::{Bundle, File, Thresholds};
use kakou::daemon::policy::keep;
use kakou::daemon::policy::replay::{Policies, passages};
use kakou::engine::replay::{Difference, again};
use kakou::journal::reader::logs;
use kakou::journal::{Journal, Options};
use kakou::model::{AreaMode, Body};
use kakou::platform::disk::DirDisk;
use kakou::platform::entropy::OsEntropy;

use anybody::{Place, mode, places, something};
use bench::Bench;

fn main() {
    let wanted = std::env::var("KAKOU_PASSAGES").ok().map_or(1_000_000, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let [log, kept] = ["journal", "policy"].map(|name| folder.path().join(name));
    let begun = Instant::now();
    let written = write(&log, &kept, wanted);
    println!(
        "written: {written} passages of random sessions at every shipped place, {:.1?}",
        begun.elapsed()
    );
    let mut disk = DirDisk::open(&log).unwrap();
    let log = logs(&mut disk).unwrap()[0];
    let begun = Instant::now();
    let read = passages(disk.clone(), log, (1, u64::MAX), &mut |_| {}).unwrap();
    let reading = begun.elapsed();
    println!("only read:     {} passages, {} missing, {reading:.1?}", read.passages, read.missing);
    let mut policies = Policies::new(DirDisk::open(&kept).unwrap());
    let (mut same, mut differ, mut unruled) = (0_u64, 0_u64, 0_u64);
    let begun = Instant::now();
    passages(disk, log, (1, u64::MAX), &mut |found| match again(
        found.passage,
        policies.get(found.passage.policy).unwrap(),
    ) {
        Ok(_) => same += 1,
        Err(Difference::NoGrounds) => unruled += 1,
        Err(_) => differ += 1,
    })
    .unwrap();
    let took = begun.elapsed();
    println!(
        "decided again: {same} the same, {differ} otherwise, {unruled} without rules, {took:.1?} on one core"
    );
    let million = took.as_secs_f64() * 1e6 / (same + differ) as f64;
    println!("a million in {million:.1} s; the bar is 60 s");
}

/// Writes a journal of at least so many passages, and keeps the policies.
fn write(log: &Path, kept: &Path, wanted: u64) -> u64 {
    let disk = DirDisk::open(log).unwrap();
    let options = Options { ballast_len: 0, ..Options::new("gate-1".parse().unwrap()) };
    let (mut journal, _) = Journal::open(disk, options, Box::new(OsEntropy::new())).unwrap();
    let mut policies = DirDisk::open(kept).unwrap();
    let places = places();
    let (mut written, mut seed) = (0, 0_u64);
    while written < wanted {
        let place = &places[usize::try_from(seed).unwrap() % places.len()];
        let mut random = Random::new(seed);
        let mut lane = Bench::in_mode(mode(seed), place.takes, place.profiles.clone());
        (0..240).for_each(|_| something(&mut random, &mut lane, 0.8));
        if seed < places.len() as u64 {
            assert_eq!(keep(&mut policies, &bundle(place, &lane.policy)).unwrap(), lane.policy.id);
        }
        for draft in lane.drafts {
            written += u64::from(matches!(draft.body, Body::Passage(_)));
            journal.append(draft, stamp(written)).unwrap();
        }
        journal.commit().unwrap();
        seed += 1;
    }
    journal.close().unwrap();
    written
}

/// The place's policy in the form in which a kiosk keeps it.
fn bundle(place: &Place, policy: &Policy) -> Bundle {
    let text = kakou::config::profile_file::SHIPPED.iter().find(|(file, _)| *file == place.file).unwrap().1;
    Bundle {
        version: 0,
        sites: vec!["bench".parse().unwrap()],
        from: Wall(0),
        until: None,
        notice: policy.notice,
        notices: vec![],
        mode: AreaMode::Normal,
        mode_after: AreaMode::Normal,
        thresholds: Thresholds::of(&policy.screening),
        profiles: policy.profiles.iter().map(|profile| profile.id.clone()).collect(),
        files: vec![File { name: place.file.to_owned(), text: text.to_owned() }],
        lists: vec![],
        local_plates: None,
    }
}

fn stamp(number: u64) -> Stamp {
    Stamp {
        boot: BootId([7; 16]),
        mono: Mono::from_millis(number),
        wall: Wall::from_secs(1_790_000_000),
        trust: ClockTrust::Synced,
        max_error_ms: 12,
    }
}
