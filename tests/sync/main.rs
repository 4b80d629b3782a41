//! Kiosks and hubs through everything that a network, a medium and a clock can do, in virtual time.
//!
//! A kiosk is the real journal on a simulated disk, with the real link, desk and packers; a hub is the real ledger. Between
//! them messages are lost, doubled, delayed and overtaken; hubs are cut off, restored from old backups, or two behind one
//! address; media rot. First faults, then calm, in which everything must finish. `SIM_SEED=n` runs one seed.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/face.rs"]
mod face;
#[path = "../common/net.rs"]
mod net;

mod checks;
mod hub;
mod kiosk;
mod planted;
mod scenarios;
mod statements;
mod world;
