//! What an outbox decides, answer by answer.

use super::*;

const WALL: Wall = Wall(1_790_000_000_000);

#[test]
fn asks_for_the_head_then_beats_then_sends_from_where_the_hub_is() {
    let mut outbox = outbox();
    assert_eq!(outbox.next(at(0), 10), Action::Head);
    assert_eq!(outbox.waiting(), 10);
    outbox.on_answer(at(1), WALL, Answer::Next(seq(4)));
    assert_eq!(outbox.waiting(), 7);
    assert_eq!(outbox.next(at(2), 10), Action::Heartbeat);
    outbox.on_answer(at(3), WALL, Answer::Next(seq(4)));
    assert_eq!(outbox.next(at(4), 10), post(4, 7), "no more than is durable");
    outbox.on_answer(at(5), WALL, Answer::Next(seq(11)));
    assert_eq!((outbox.waiting(), outbox.link().online, outbox.link().last), (0, true, Some(WALL)));
    assert_eq!(outbox.next(at(6), 10), Action::WaitUntil(at(3) + Duration::from_mins(1)));
    assert_eq!(outbox.next(at(7), 11), post(11, 1));
}

#[test]
fn who_is_in_a_hurry_beats_and_sends_at_once_and_waits_for_nobody() {
    let mut outbox = ready(5);
    outbox.next(at(10), 5);
    outbox.on_answer(at(11), WALL, Answer::Next(seq(6)));
    let Action::WaitUntil(_) = outbox.next(at(12), 5) else { panic!("nothing is due") };
    outbox.hurry();
    assert_eq!(outbox.next(at(13), 5), Action::Heartbeat);
    assert!(matches!(outbox.next(at(14), 5), Action::WaitUntil(_)), "still one request at a time");
    outbox.on_answer(at(15), WALL, Answer::Busy { retry_after: Some(Duration::from_secs(600)) });
    outbox.hurry();
    assert_eq!(outbox.next(at(16), 5), Action::Heartbeat);
}

#[test]
fn one_request_at_a_time_and_a_late_one_counts_as_lost() {
    let mut outbox = ready(5);
    assert_eq!(outbox.next(at(10), 5), post(1, 5));
    assert_eq!(outbox.next(at(11), 6), Action::WaitUntil(at(10) + Duration::from_secs(30)));
    let Action::WaitUntil(_) = outbox.next(at(31_000), 6) else { panic!("must back off") };
    assert!(!outbox.link().online);
    assert_eq!(outbox.next(at(60_000), 6), Action::Head);
}

#[test]
fn follows_a_rewind_in_both_directions_but_not_in_a_circle() {
    let mut outbox = ready(500);
    assert_eq!(outbox.next(at(10), 500), post(1, 64));
    outbox.on_answer(at(11), WALL, Answer::Rewind(seq(20)));
    assert_eq!(outbox.next(at(12), 500), post(20, 64));
    outbox.on_answer(at(13), WALL, Answer::Rewind(seq(2)));
    assert_eq!(outbox.next(at(14), 500), post(2, 64));
    outbox.on_answer(at(15), WALL, Answer::Rewind(seq(2)));
    assert!(outbox.link().error.is_some(), "a hub that wants what it refuses is broken");
    assert_eq!(outbox.next(at(5_000), 500), Action::Head);
}

#[test]
fn halves_what_is_too_large_down_to_one_record_and_never_skips_it() {
    let mut outbox = ready(500);
    for entries in [64, 32, 16, 8, 4, 2, 1] {
        assert_eq!(outbox.next(at(10), 500), post(1, entries));
        outbox.on_answer(at(10), WALL, Answer::TooLarge);
    }
    assert!(!outbox.link().online);
    assert_eq!(outbox.next(at(5_000), 500), post(1, 1));
}

#[test]
fn waits_as_long_as_the_hub_asks_and_no_longer_than_an_hour() {
    for (asked, low, high) in [(10, 10, 13), (1_000_000, 3_600, 4_501)] {
        let mut outbox = ready(5);
        outbox.next(at(0), 5);
        outbox.on_answer(at(0), WALL, Answer::Busy { retry_after: Some(Duration::from_secs(asked)) });
        let Action::WaitUntil(until) = outbox.next(at(1), 5) else { panic!("must wait") };
        assert!((at(low * 1_000)..at(high * 1_000)).contains(&until), "{until}");
    }
}

#[test]
fn retries_spread_out_up_to_five_minutes() {
    let waits = |seed: u64| {
        let mut outbox = Outbox::new(Settings::default(), Random::new(seed));
        let mut now = Mono::ZERO;
        let mut waits = vec![];
        for _ in 0..40 {
            assert_eq!(outbox.next(now, 5), Action::Head);
            outbox.on_answer(now, WALL, Answer::Lost("unreachable".into()));
            if let Action::WaitUntil(until) = outbox.next(now, 5) {
                waits.push(until.since(now));
                now = until;
            }
        }
        waits
    };
    let (a, b) = (waits(1), waits(2));
    assert_ne!(a, b);
    assert!(a[0] <= Duration::from_secs(1));
    assert!(a.iter().all(|wait| *wait <= Duration::from_mins(5)));
    assert!(a[12..].iter().any(|wait| *wait > Duration::from_secs(60)), "{a:?}");
}

#[test]
fn a_hub_that_holds_more_than_this_kiosk_stops_sending_and_says_so() {
    let mut outbox = outbox();
    outbox.next(at(0), 10);
    outbox.on_answer(at(1), WALL, Answer::Next(seq(12)));
    assert!(outbox.forked());
    assert_eq!(outbox.next(at(5_000), 10), Action::Head);
    outbox.on_answer(at(5_001), WALL, Answer::Next(seq(11)));
    assert!(!outbox.forked());
}

#[test]
fn a_hub_restored_from_a_backup_gets_the_records_again() {
    let mut outbox = ready(50);
    outbox.next(at(10), 50);
    outbox.on_answer(at(11), WALL, Answer::Next(seq(51)));
    assert_eq!(outbox.next(at(60_100), 50), Action::Heartbeat);
    outbox.on_answer(at(60_101), WALL, Answer::Next(seq(31)));
    assert_eq!((outbox.waiting(), outbox.next(at(60_102), 50)), (20, post(31, 20)));
}

#[test]
fn a_hole_is_seen_twice_then_salvaged_then_told_and_the_log_goes_on_behind_it() {
    let mut outbox = ready(100);
    let gone = Answer::Gone { through: 3, resume: Some(32) };
    assert_eq!(outbox.next(at(0), 100), post(1, 64));
    outbox.on_answer(at(0), WALL, gone.clone());
    assert_eq!(outbox.next(at(10_000), 100), post(1, 64), "a medium may fail once");
    outbox.on_answer(at(10_000), WALL, gone);
    assert_eq!(outbox.next(at(10_000), 100), salvage(4, 32));
    outbox.on_answer(at(10_000), WALL, Answer::Salvaged(20));
    assert_eq!(outbox.next(at(10_000), 100), salvage(21, 32));
    outbox.on_answer(at(10_000), WALL, Answer::Salvaged(32));
    assert_eq!(outbox.next(at(10_000), 100), Action::Hole { first: seq(1), last: 32 });
    outbox.on_answer(at(10_000), WALL, Answer::Next(seq(33)));
    assert_eq!(outbox.next(at(10_000), 100), post(33, 64));
}

#[test]
fn a_hub_that_lacks_the_salvage_gets_it_again() {
    let mut outbox = ready(100);
    for _ in 0..2 {
        outbox.next(at(0), 100);
        outbox.on_answer(at(0), WALL, Answer::Gone { through: 3, resume: Some(32) });
        outbox.not_before = at(0);
    }
    assert_eq!(outbox.next(at(0), 100), salvage(4, 32));
    outbox.on_answer(at(0), WALL, Answer::Salvaged(32));
    assert!(matches!(outbox.next(at(0), 100), Action::Hole { .. }));
    outbox.on_answer(at(0), WALL, Answer::Rewind(seq(1)));
    assert_eq!(outbox.next(at(10_000), 100), salvage(4, 32));
}

#[test]
fn a_live_log_waits_for_its_next_root_and_a_closed_one_ends() {
    let gone = Answer::Gone { through: 3, resume: None };
    let mut live = ready(20);
    for _ in 0..4 {
        live.not_before = at(0);
        assert_eq!(live.next(at(0), 20), post(1, 20));
        live.on_answer(at(0), WALL, gone.clone());
    }
    assert!(live.link().error.is_some());
    let mut closed = live;
    closed.close(20);
    let now = at(300_000);
    assert_eq!(closed.next(now, 0), salvage(4, 20));
    closed.on_answer(now, WALL, Answer::Salvaged(20));
    assert_eq!(closed.next(now, 0), Action::End { first: Some(seq(1)), last: 20 });
    closed.on_answer(now, WALL, Answer::Ended);
    assert!(closed.is_done());
    assert_eq!(
        (closed.waiting(), closed.next(now, 0)),
        (0, Action::WaitUntil(now + Duration::from_hours(1)))
    );
    assert_eq!(closed.next(now + Duration::from_hours(1), 0), Action::Head, "the hub may have been restored");
}

#[test]
fn a_closed_log_that_the_hub_contradicts_is_salvaged_whole() {
    let mut outbox = outbox();
    outbox.close(9);
    assert_eq!(outbox.next(at(0), 0), Action::Head);
    outbox.on_answer(at(0), WALL, Answer::Fork("hub holds 5 other records".into()));
    assert_eq!(outbox.next(at(1), 0), salvage(1, 9));
    outbox.on_answer(at(1), WALL, Answer::Salvaged(9));
    assert_eq!(outbox.next(at(2), 0), Action::End { first: None, last: 9 });
}

#[test]
fn a_closed_log_beats_no_more_and_ends_when_all_is_there() {
    let mut outbox = outbox();
    outbox.close(5);
    outbox.next(at(0), 0);
    outbox.on_answer(at(0), WALL, Answer::Next(seq(3)));
    assert_eq!(outbox.next(at(0), 0), post(3, 3));
    outbox.on_answer(at(0), WALL, Answer::Next(seq(6)));
    assert_eq!(outbox.next(at(0), 0), Action::End { first: Some(seq(6)), last: 5 });
}

#[test]
fn a_heartbeat_that_cannot_be_made_holds_up_nothing() {
    let mut outbox = outbox();
    outbox.next(at(0), 5);
    outbox.on_answer(at(0), WALL, Answer::Next(Seq::FIRST));
    assert_eq!(outbox.next(at(0), 5), Action::Heartbeat);
    outbox.on_answer(at(0), WALL, Answer::NoBeat("records 3 to 3 are missing".into()));
    assert_eq!(outbox.next(at(0), 5), post(1, 5));
}

fn salvage(from: u64, through: u64) -> Action {
    Action::Salvage { from, through, max_entries: 64, max_bytes: 256 * 1024 }
}

fn outbox() -> Outbox {
    Outbox::new(Settings::default(), Random::new(1))
}

/// An outbox that has just beaten, at 0 ms, and that the hub asked for record 1.
fn ready(durable: u64) -> Outbox {
    let mut outbox = outbox();
    for action in [Action::Head, Action::Heartbeat] {
        assert_eq!(outbox.next(at(0), durable), action);
        outbox.on_answer(at(0), WALL, Answer::Next(Seq::FIRST));
    }
    outbox
}

fn post(from: u64, max_entries: usize) -> Action {
    Action::Post { from: seq(from), max_entries, max_bytes: 256 * 1024 }
}

fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

fn at(ms: u64) -> Mono {
    Mono::from_millis(ms)
}
