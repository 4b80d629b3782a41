//! Each check can fail: a fault is planted, and exactly that check sees it.

use crate::checks::Check;
use crate::run::{Plan, run};

/// A deliberate mistake around the shipping code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// A journal that acknowledges what it has written and not synced.
    AcknowledgesUnsynced,
    /// A recorder that hands in again what it was not told of before it was killed.
    HandsInAgain,
    /// A disk that loses the name of the newest sealing key.
    LosesKeys,
    /// A view that notes its cursor before the rows.
    ViewAhead,
    /// A link that keeps a cursor of its own and moves it when it sends.
    TakesSentForReceived,
    /// A hub that counts a batch again which it had already.
    HubCountsTwice,
    /// A hub that answers before it commits.
    HubAnswersEarly,
}

#[test]
fn a_record_that_is_acknowledged_before_it_is_synced_is_missed() {
    assert_caught(Plant::AcknowledgesUnsynced, Check::JournalHoldsWhatWasAcknowledged);
}

#[test]
fn a_record_that_is_handed_in_again_after_a_kill_is_noticed() {
    assert_caught(Plant::HandsInAgain, Check::NothingLostOrDoubled);
}

#[test]
fn a_sealing_key_that_is_lost_is_noticed() {
    assert_caught(Plant::LosesKeys, Check::EveryBoxOpens);
}

#[test]
fn a_view_whose_cursor_is_ahead_of_its_rows_is_noticed() {
    assert_caught(Plant::ViewAhead, Check::ViewIsTheJournal);
}

#[test]
fn a_link_that_takes_what_it_sent_for_received_is_noticed() {
    assert_caught(Plant::TakesSentForReceived, Check::HubHoldsEachRecordOnce);
}

#[test]
fn a_hub_that_counts_twice_what_is_sent_twice_is_noticed() {
    assert_caught(Plant::HubCountsTwice, Check::HubHoldsEachRecordOnce);
}

#[test]
fn a_hub_that_answers_before_its_commit_is_noticed() {
    assert_caught(Plant::HubAnswersEarly, Check::HubKeepsWhatItAnswered);
}

/// Some seed fails, and the first that does fails in `check`.
fn assert_caught(plant: Plant, check: Check) {
    let plan = |seed| Plan { seed, kills: 40, plant: Some(plant), verbose: false };
    let failure = (0..20).find_map(|seed| run(plan(seed)).err()).expect("no seed sees the planted fault");
    assert_eq!(failure.check, check, "{failure:?}");
}
