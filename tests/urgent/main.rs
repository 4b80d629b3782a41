//! Alarms that overtake weeks of backlog: the urgent log beside the main one, whatever fails between the two, and the hub.
//!
//! A kiosk is the real recorder over the real journal, twice, on two simulated disks, with the real link and desk; a hub
//! is the real ledger. Time is virtual, and requests are counted.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;

mod cuts;
mod failed;
mod hub;
mod kiosk;
mod order;
mod page;
