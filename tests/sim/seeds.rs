//! The seeds: all that once failed, then many more.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use kakou::model::Verdict;

use super::checks::{self, Check, Failure};
use super::run::{Outcome, Plan, run};

/// Seeds in CI.
const SEEDS: u64 = 500;
/// Every so many seeds, one is run twice.
const TWICE_EVERY: u64 = 50;
const THREADS: usize = 2;

#[test]
fn passages_survive_whatever_goes_wrong() {
    if let Some(seed) = number("SIM_SEED") {
        let outcome = run(Plan { seed, verbose: true, ..Plan::default() });
        eprintln!("{outcome:#?}");
        outcome.unwrap();
        return;
    }
    let known = known_seeds(include_str!("../seeds.txt"));
    let count = number("SIM_SEEDS").unwrap_or(SEEDS);
    let seeds: Vec<u64> = known.into_iter().chain(0..count).collect();
    let (failed, total) = run_all(&seeds);
    let first: Vec<_> = failed.iter().take(10).collect();
    assert!(failed.is_empty(), "{} seeds failed; SIM_SEED=n replays one: {first:#?}", failed.len());
    let counted = |verdict| total.verdicts.get(&verdict).copied().unwrap_or(0);
    eprintln!("{total:?}");
    // A run that admits nobody proves nothing, nor does one in which nothing went wrong.
    let each = count as u32;
    assert!(counted(Verdict::Admitted) > each, "{total:?}");
    assert!(counted(Verdict::Referred) > each / 10, "{total:?}");
    assert!(counted(Verdict::TurnedBack) + counted(Verdict::Held) > each / 20, "{total:?}");
    assert!(counted(Verdict::EmergencyAdmitted) > each / 20, "{total:?}");
    assert!(counted(Verdict::Abandoned) > each / 10, "{total:?}");
    assert!(total.refusals > each / 20 && total.found_open > each / 20, "{total:?}");
    assert!(total.closed > each / 20 && total.alarms > each / 2, "{total:?}");
    // Nor one in which every clock was right.
    assert!(total.placed > 5 * each, "{total:?}");
    assert!(total.cuts > each / 4 && total.failures > each / 10, "{total:?}");
}

#[test]
fn without_faults_nothing_is_turned_away_by_the_kiosk_itself() {
    let outcome = run(Plan { seed: 12, calm: true, ..Plan::default() }).unwrap();
    assert_eq!((outcome.cuts, outcome.failures), (0, 0));
    assert!(outcome.verdicts[&Verdict::Admitted] >= 3, "{outcome:?}");
}

#[test]
fn the_list_of_seeds_is_read() {
    assert_eq!(known_seeds("# a comment\n\n7 what it was\n12\n"), [7, 12]);
}

/// Runs all seeds on several threads; returns the failures by seed, and the sum of the rest.
fn run_all(seeds: &[u64]) -> (BTreeMap<u64, Failure>, Outcome) {
    let next = AtomicUsize::new(0);
    let sum = Mutex::new((BTreeMap::new(), Outcome::default()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, Relaxed)) {
                    let outcome = run_once_or_twice(*seed);
                    let mut sum = sum.lock().unwrap();
                    match outcome {
                        Ok(outcome) => add(&mut sum.1, &outcome),
                        Err(failure) => drop(sum.0.insert(*seed, failure)),
                    }
                }
            });
        }
    });
    sum.into_inner().unwrap()
}

fn run_once_or_twice(seed: u64) -> Result<Outcome, Failure> {
    let plan = Plan { seed, ..Plan::default() };
    let outcome = run(plan)?;
    if seed.is_multiple_of(TWICE_EVERY) {
        let same = checks::same_seed_gives_the_same_trace(outcome.trace, run(plan)?.trace);
        let at = kakou::base::Mono::ZERO;
        same.map_err(|what| Failure { check: Check::SameSeedSameTrace, at, what })?;
    }
    Ok(outcome)
}

fn add(total: &mut Outcome, outcome: &Outcome) {
    for (verdict, count) in &outcome.verdicts {
        *total.verdicts.entry(*verdict).or_default() += count;
    }
    total.records += outcome.records;
    total.cuts += outcome.cuts;
    total.failures += outcome.failures;
    total.placed += outcome.placed;
    total.refusals += outcome.refusals;
    total.found_open += outcome.found_open;
    total.alarms += outcome.alarms;
    total.closed += outcome.closed;
}

fn known_seeds(text: &str) -> Vec<u64> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines.map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect()
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect(variable))
}
