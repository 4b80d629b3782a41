//! Kakou (卡口): the checkpoint kiosk and its hub, as a library.
//!
//! Modules are layers, lowest first; `tests/tidy.rs` holds the table of who may import whom. ARCHITECTURE.md draws
//! the way of a passage through them.

pub mod base;
pub mod browser;
pub mod cli;
pub mod config;
pub mod control;
pub mod credential;
pub mod daemon;
pub mod drivers;
pub mod engine;
pub mod hub;
pub mod journal;
pub mod ledger;
pub mod model;
pub mod platform;
pub mod sim;
pub mod sync;
pub mod thermometry;
pub mod vision;
pub mod web;
