//! What goes wrong, one thing at a time and all at once; hundreds of seeds each.

use std::time::Duration;

use crate::net::{Faults, Weather};
use crate::world::{Events, Plan, World};

const SEEDS: u64 = 300;

/// Runs every seed of a plan; returns what happened over all of them.
fn run(plan: Plan) -> (Faults, Events) {
    let only = std::env::var("SIM_SEED").ok().and_then(|seed| seed.parse::<u64>().ok());
    let (mut faults, mut events) = (Faults::default(), Events::default());
    for seed in only.map_or(0..SEEDS, |seed| seed..seed + 1) {
        let (f, e, outcome) = World::new(seed, plan).run();
        if let Err(why) = outcome {
            panic!("SIM_SEED={seed}: {why}; {f:?} {e:?}");
        }
        faults.lost += f.lost;
        faults.twice += f.twice;
        faults.cut_short += f.cut_short;
        faults.overtaken += f.overtaken;
        faults.down += f.down;
        events.restores += e.restores;
        events.busy += e.busy;
        events.restarts += e.restarts;
        events.rotten += e.rotten;
        events.ended += e.ended;
        events.cut_offs += e.cut_offs;
        events.switched += e.switched;
        events.too_large += e.too_large;
    }
    (faults, events)
}

/// A run in which nothing went wrong proves nothing.
fn enough(counts: &[u32]) {
    let all = std::env::var("SIM_SEED").is_ok() || counts.iter().all(|count| *count >= 30);
    assert!(all, "too tame: {counts:?}");
}

#[test]
fn everything_arrives_exactly_once_whatever_the_network_does() {
    let (faults, events) = run(Plan { weather: Weather::BAD, restarts: 0.05, ..Plan::CALM });
    enough(&[faults.lost, faults.twice, faults.cut_short, faults.overtaken, events.restarts]);
}

#[test]
fn weeks_without_a_hub_lose_nothing() {
    let cut_off_max = Duration::from_hours(21 * 24);
    let (faults, events) = run(Plan { cut_off_max, restarts: 0.1, ..Plan::CALM });
    enough(&[faults.down, events.cut_offs]);
}

#[test]
fn a_hub_restored_from_an_old_backup_is_brought_up_to_date() {
    let (_, events) = run(Plan { restores: 0.15, weather: Weather::BAD, ..Plan::CALM });
    enough(&[events.restores]);
}

#[test]
fn two_hubs_behind_one_address_both_get_everything() {
    let (_, events) = run(Plan { hubs: 2, weather: Weather::BAD, ..Plan::CALM });
    enough(&[events.switched]);
}

#[test]
fn a_clock_that_is_years_off_loses_and_doubles_nothing() {
    run(Plan { years_off: 10, weather: Weather::BAD, restarts: 0.05, ..Plan::CALM });
}

#[test]
fn hubs_that_are_busy_or_take_only_little_are_served_in_the_end() {
    let (_, events) = run(Plan { busy: 0.3, body_max: 1_500, ..Plan::CALM });
    enough(&[events.busy, events.too_large]);
}

#[test]
fn records_that_rot_are_known_as_lost_and_all_others_arrive() {
    let (_, events) = run(Plan { rot: 0.2, cut_off_max: Duration::from_hours(1), ..Plan::CALM });
    enough(&[events.rotten]);
}

#[test]
fn logs_that_had_to_end_arrive_as_far_as_they_can_be_read() {
    let plan = Plan { rot: 0.15, restarts: 0.25, cut_off_max: Duration::from_hours(1), ..Plan::CALM };
    let (_, events) = run(plan);
    enough(&[events.rotten, events.ended]);
}

#[test]
fn all_of_it_at_once() {
    let (faults, events) = run(Plan {
        weather: Weather::BAD,
        cut_off_max: Duration::from_hours(4 * 24),
        hubs: 2,
        restores: 0.05,
        busy: 0.1,
        body_max: 6_000,
        years_off: 10,
        restarts: 0.1,
        rot: 0.1,
    });
    enough(&[
        faults.lost,
        faults.twice,
        faults.down,
        events.restores,
        events.busy,
        events.rotten,
        events.ended,
    ]);
}
