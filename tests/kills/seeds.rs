//! The seeds, and whether they were killed often enough in every way.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kakou::model::Verdict;

use crate::checks::Failure;
use crate::run::{Outcome, Plan, run};
use crate::scythe::{End, Kills, POINTS, Point};

/// Kills in CI.
const KILLS: u32 = 10_000;
/// Kills in one run.
const EACH: u32 = 100;
const THREADS: usize = 2;

#[test]
fn ten_thousand_kills_lose_nothing_and_double_nothing() {
    if let Some(seed) = number("KILLS_SEED") {
        let outcome = run(Plan { seed, kills: EACH, plant: None, verbose: true });
        eprintln!("{outcome:#?}");
        outcome.unwrap();
        return;
    }
    let seeds = number("KILLS_SEEDS").unwrap_or_else(|| u64::from(KILLS / EACH));
    let (failed, total) = run_all(seeds);
    let first: Vec<_> = failed.iter().take(10).collect();
    assert!(failed.is_empty(), "{} seeds failed; KILLS_SEED=n replays one: {first:#?}", failed.len());
    let table = table(&total.kills);
    eprintln!("{table}{} records, {:?}", total.records, total.verdicts);
    enough(&total.kills, seeds as u32 * EACH).unwrap();
    // A run that admits nobody proves nothing.
    let admitted = total.verdicts.get(&Verdict::Admitted).copied().unwrap_or(0);
    assert!(u64::from(admitted) > 5 * seeds, "{:?}", total.verdicts);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let outcome = |seed| run(Plan { seed, kills: 30, plant: None, verbose: false }).unwrap();
    assert_eq!(outcome(3), outcome(3));
    assert_ne!(outcome(3), outcome(4));
}

#[test]
fn too_few_kills_or_none_at_some_point_do_not_count() {
    let all = |count: u32| -> Kills {
        let each = |point: &Point| [((*point, End::Killed), count), ((*point, End::PowerCut), count)];
        POINTS.iter().flat_map(each).collect()
    };
    enough(&all(250), 10_000).unwrap();
    assert!(enough(&all(200), 10_000).unwrap_err().contains("of 10000"));
    let mut one_less = all(500);
    one_less.insert((Point::DiskRename, End::PowerCut), 3);
    assert!(enough(&one_less, 10_000).unwrap_err().contains("DiskRename"));
}

/// Whether there were `least` kills, and at every point at least a thousandth of them of either sort.
fn enough(kills: &Kills, least: u32) -> Result<(), String> {
    let sum: u32 = kills.values().sum();
    if sum < least {
        return Err(format!("{sum} kills of {least}"));
    }
    for point in POINTS {
        for end in [End::Killed, End::PowerCut] {
            let count = kills.get(&(point, end)).copied().unwrap_or(0);
            if count < least / 1_000 {
                return Err(format!("{count} kills ({end:?}) at {point:?}"));
            }
        }
    }
    Ok(())
}

fn table(kills: &Kills) -> String {
    let of = |point, end| kills.get(&(point, end)).copied().unwrap_or(0);
    let row = |point: &Point| {
        format!("{point:<12?} {:>6} killed {:>6} cut\n", of(*point, End::Killed), of(*point, End::PowerCut))
    };
    let rows: String = POINTS.iter().map(row).collect();
    format!("{rows}{} kills\n", kills.values().sum::<u32>())
}

/// Runs seeds on several threads; returns the failures by seed, and the sum of the rest.
fn run_all(seeds: u64) -> (BTreeMap<u64, Failure>, Outcome) {
    let next = AtomicU64::new(0);
    let sum = Mutex::new((BTreeMap::new(), Outcome::default()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Relaxed);
                    if seed >= seeds {
                        break;
                    }
                    let outcome = run(Plan { seed, kills: EACH, plant: None, verbose: false });
                    let mut sum = sum.lock().unwrap();
                    match outcome {
                        Ok(outcome) => add(&mut sum.1, outcome),
                        Err(failure) => drop(sum.0.insert(seed, failure)),
                    }
                }
            });
        }
    });
    sum.into_inner().unwrap()
}

fn add(total: &mut Outcome, outcome: Outcome) {
    for (kill, count) in outcome.kills {
        *total.kills.entry(kill).or_default() += count;
    }
    for (verdict, count) in outcome.verdicts {
        *total.verdicts.entry(verdict).or_default() += count;
    }
    total.records += outcome.records;
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect(variable))
}
