//! Who is found, until when, by which clock; and that nobody else is.

use std::sync::Arc;

use kakou::base::{ClockTrust, Random, Wall};
use kakou::config::list::rows::{Span, Sureness};
use kakou::config::{Hit, ListRule, Lists};
use kakou::model::{Between, Blinded, Direction};

use crate::fixtures::*;

fn lists(rule: ListRule, entries: &Entries) -> Lists {
    let edition = in_force(entries).into_in_force().unwrap();
    Lists::new([(Arc::new(rule), edition)])
}

fn synced() -> Between {
    Between::of(&stamp(NOW, ClockTrust::Synced, 20), Wall::EARLIEST)
}

fn hits(lists: &Lists, blinded: &Blinded, direction: Direction) -> Vec<Hit> {
    lists.hits(blinded, direction, &synced()).collect()
}

#[test]
fn a_hit_says_which_list_what_to_do_and_who_stands_behind_it() {
    let lists = lists(rule(), &people(0..50));
    let found = hits(&lists, &blind(7), Direction::Inbound);
    let [hit] = &found[..] else { panic!("{found:?}") };
    assert_eq!(
        (hit.list.id.as_str(), hit.list.advice.en.as_str()),
        ("observed", "Check who it is; you decide")
    );
    assert_eq!(hit.issuers, [issuer("health"), issuer("street")]);
    assert_eq!((hit.sureness, hit.until), (Sureness::Sure, Wall::from_secs(days(10).until.into())));
    assert_eq!(hits(&lists, &blind(50), Direction::Inbound), []);
    assert_eq!(hits(&Lists::default(), &blind(7), Direction::Inbound), []);
    assert!(Lists::default().is_empty() && !lists.is_empty());
}

#[test]
fn a_list_for_the_exit_stops_nobody_at_the_entrance() {
    let lists = lists(ListRule { direction: Some(Direction::Outbound), ..rule() }, &people(0..5));
    assert_eq!(hits(&lists, &blind(1), Direction::Outbound).len(), 1);
    assert_eq!(hits(&lists, &blind(1), Direction::Inbound), []);
}

#[test]
fn what_is_held_hits_nobody() {
    let (file, ..) =
        in_force(&people(0..2)).push(&rule(), &push(&people(0..9), &[issuer("police")])).unwrap();
    let lists = Lists::new([(Arc::new(rule()), file.into_in_force().unwrap())]);
    assert_eq!(hits(&lists, &blind(1), Direction::Inbound).len(), 1);
    assert_eq!(hits(&lists, &blind(5), Direction::Inbound), []);
}

/// A number of any size: as likely below 2 as between 2³² and 2³³.
fn spread(bits: u64, random: &mut Random) -> i64 {
    let most = 1 << random.below(bits);
    i64::try_from(random.below(most)).unwrap()
}

/// What the clock shows where it truly is `truth`: right within what vouches for it, or anything where nothing does.
fn clock_at(truth: i64, random: &mut Random) -> Between {
    let off =
        |most: u64, random: &mut Random| i64::try_from(random.below(2 * most + 1)).unwrap() - most as i64;
    let passed = Wall(truth - spread(34, random));
    let stamp = match random.below(3) {
        0 => {
            let error = 1 + random.below(16_000);
            stamp(Wall(truth + off(error, random)), ClockTrust::Synced, u32::try_from(error).unwrap())
        }
        1 => stamp(Wall(truth + off(86_400_000, random)), ClockTrust::Rtc, 0),
        _ => stamp(Wall(truth + off(1 << 40, random)), ClockTrust::None, 0),
    };
    Between::of(&stamp, passed)
}

#[test]
fn in_a_million_trials_no_entry_that_is_over_matches_for_sure_and_none_in_force_is_missed() {
    let mut random = Random::new(20_261_126);
    let (mut over, mut early, mut sure, mut unsure, mut left_out) = (0, 0, 0, 0, 0);
    for trial in 0..1_000_000_u32 {
        let from = now_secs() + u32::try_from(random.below(1_000_000)).unwrap();
        let until = from + 1 + u32::try_from(spread(22, &mut random)).unwrap();
        // Near a boundary in most trials, at the very millisecond in some.
        let boundary = i64::from(if random.chance(0.5) { from } else { until }) * 1_000;
        let apart = spread(33, &mut random);
        let truth = if random.chance(0.5) { boundary + apart } else { boundary - apart - 1 };
        let now = clock_at(truth, &mut random);
        assert!(
            now.earliest().0 <= truth && now.latest().is_none_or(|latest| truth <= latest.0),
            "trial {trial}"
        );
        let (begun, ended) = (truth >= i64::from(from) * 1_000, truth >= i64::from(until) * 1_000);
        let counts = Span { from, until }.counts(&now);
        over += u32::from(ended);
        early += u32::from(!begun);
        match counts {
            Some(Sureness::Sure) => {
                assert!(begun && !ended, "trial {trial}: sure of an entry that is over or not begun");
                sure += 1;
            }
            Some(Sureness::Unsure) => {
                assert!(
                    now.earliest().0 < i64::from(until) * 1_000,
                    "trial {trial}: certainly over, and matched"
                );
                assert!(
                    now.latest().is_none_or(|latest| latest.0 >= i64::from(from) * 1_000),
                    "trial {trial}: not begun"
                );
                unsure += 1;
            }
            None => {
                assert!(!begun || ended, "trial {trial}: an entry in force is missed");
                left_out += 1;
            }
        }
    }
    for count in [over, early, sure, unsure, left_out] {
        assert!(
            count > 30_000,
            "{over} over, {early} early, {sure} sure, {unsure} unsure, {left_out} left out"
        );
    }
}

#[test]
fn with_a_clock_that_is_right_an_entry_matches_from_its_first_to_its_last_millisecond() {
    let entry = Span { from: now_secs(), until: now_secs() + 60 };
    let at = |ms: i64, trust| entry.counts(&Between::of(&stamp(Wall(NOW.0 + ms), trust, 1), Wall::EARLIEST));
    for (ms, expected) in [
        (-2, None),
        (-1, Some(Sureness::Unsure)),
        (1, Some(Sureness::Sure)),
        (59_998, Some(Sureness::Sure)),
        (60_000, Some(Sureness::Unsure)),
        (60_001, None),
    ] {
        assert_eq!(at(ms, ClockTrust::Synced), expected, "{ms} ms");
    }
    assert_eq!(
        at(10 * 86_400_000, ClockTrust::None),
        Some(Sureness::Unsure),
        "a clock of nobody's lets nobody off"
    );
    assert_eq!(at(10 * 86_400_000, ClockTrust::Rtc), None);
}

#[test]
fn a_million_others_are_found_nowhere_among_a_hundred_and_fifty_thousand() {
    let wide = ListRule { cap: 200_000, bulk: 200_000, ..rule() };
    let two = [issuer("health"), issuer("street")];
    let entries = people(0..150_000);
    let (file, ..) = kakou::config::list::ListFile::default().push(&wide, &push(&entries, &two)).unwrap();
    let lists = Lists::new([(Arc::new(wide), file.into_in_force().unwrap())]);
    assert!((3_900_000..3_901_000).contains(&lists.memory()), "{} bytes", lists.memory());
    let now = synced();
    let found = |number| lists.hits(&blind(number), Direction::Inbound, &now).count();
    assert_eq!((0..150_000).map(found).sum::<usize>(), 150_000, "everybody who is on it");
    assert_eq!((150_000..1_150_000).map(found).sum::<usize>(), 0, "and nobody else");
}
