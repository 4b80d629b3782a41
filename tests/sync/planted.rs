//! Each check notices what it is there for.

use std::time::Duration;

use crate::hub::Planted;
use crate::kiosk::Kiosk;
use crate::world::{Plan, World};

const ROTTEN: Plan = Plan { rot: 0.3, cut_off_max: Duration::from_hours(1), ..Plan::CALM };

#[test]
fn a_hub_that_forgets_what_it_confirmed_is_noticed() {
    let why = complaint(World::new(1, Plan::CALM).plant(Planted::Forgets));
    assert!(why.contains("forked") || why.contains("is not there"), "{why}");
}

#[test]
fn a_record_counted_twice_is_noticed() {
    let why = complaint(World::new(1, Plan::CALM).plant(Planted::CountsTwice));
    assert!(why.contains("were taken as new"), "{why}");
}

#[test]
fn salvage_that_is_dropped_is_noticed() {
    let why = (0..2).map(|seed| World::new(seed, ROTTEN).plant(Planted::DropsSalvage).run().2.err());
    let why: Vec<String> = why.flatten().collect();
    assert!(
        why.len() == 2 && why.iter().all(|why| why.contains("hub lacks records that were salvaged")),
        "{why:?}"
    );
}

#[test]
fn a_hole_that_is_hidden_is_noticed() {
    let why = (0..20).find_map(|seed| World::new(seed, ROTTEN).plant(Planted::HidesHoles).run().2.err());
    assert!(why.unwrap().contains("the hub does not say so"));
}

#[test]
fn a_hole_where_nothing_is_lost_is_noticed() {
    let forget = |world: &mut World| world.kiosk.lost.clear();
    let why = (0..20).find_map(|seed| altered(World::new(seed, ROTTEN), forget));
    assert!(why.unwrap().contains("is not there"));
}

#[test]
fn an_altered_record_is_noticed() {
    let alter = |kiosk: &mut Kiosk| kiosk.truth.values_mut().for_each(|all| all.swap(3, 4));
    let why = altered(World::new(1, Plan::CALM), |world| alter(&mut world.kiosk)).unwrap();
    assert!(why.contains("is another one"), "{why}");
}

fn complaint(world: World) -> String {
    world.run().2.unwrap_err()
}

/// What is noticed when the truth is altered after the run.
fn altered(mut world: World, alter: impl FnOnce(&mut World)) -> Option<String> {
    world.run_to_the_end().ok()?;
    alter(&mut world);
    crate::checks::check(&world).err()
}
