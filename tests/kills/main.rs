//! A whole kiosk under load and its hub, killed ten thousand times: nothing acknowledged is lost, nothing is doubled.
//!
//! The kiosk is what ships: lanes, recorder and journal, keeper, view, link and desk, wired as the daemon wires them,
//! on one thread and a simulated disk; the hub is the real ledger. Either is killed at any effect, before any
//! operation of the disk, before, within and after what SQLite writes, and between a request and what comes of it:
//! the process alone, so that the system writes what it has, or with the power, so that what was not synced is lost
//! by chance. After each start the journal holds all that was acknowledged; at rest, view = journal = ledger.
//!
//! `KILLS_SEED=n` replays one seed and says what happens; `KILLS_SEEDS=count` sets how many run.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may panic")]

#[path = "../common/face.rs"]
mod face;
#[path = "../common/held.rs"]
mod held;
#[path = "../common/medium.rs"]
mod medium;
#[allow(dead_code, reason = "this test uses a part")]
#[path = "../common/net.rs"]
mod net;
#[allow(dead_code, reason = "this test uses a part")]
#[path = "../common/place.rs"]
mod place;

mod checks;
mod disk;
mod gate;
mod hub;
mod image;
mod kiosk;
mod planted;
mod rest;
mod run;
mod scythe;
mod seeds;
mod site;
mod uplink;
mod visitor;
