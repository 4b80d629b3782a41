//! Records without a network: parcels on sticks, receipts on the way back, a day's sheet on paper.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;
mod damage;
mod fixtures;
mod orders;
mod program;
mod receipts;
mod upload;
