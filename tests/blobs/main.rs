//! Pictures as evidence: from the verdict to the hub's page, through cuts of the line, of the power and of the truth.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;

mod centre;
mod cuts;
mod kiosk;
mod order;
mod server;
mod transfer;
mod way;
