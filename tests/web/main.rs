//! The kiosk's screens in a real browser, against a kiosk that only plays its part.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod asks;
mod attendant;
#[path = "../common/mod.rs"]
mod common;
mod desk;
mod duty;
mod fake;
mod harness;
mod hub;
mod inside;
mod party;
mod pictures;
mod policy;
mod registration;
mod shift;
mod states;
mod subject;
mod thermal;
mod training;
mod turning;
