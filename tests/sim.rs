//! Whole passages in virtual time, from bus bytes to the hub's ledger, under seeded faults.
//!
//! Every seed first has a faulty stretch, in which nothing unsafe may happen, then calm, in which everything must
//! finish. `SIM_SEED=n` replays one seed and says what happens; `SIM_SEEDS=count` sets how many run. Seeds that once
//! failed are in `seeds.txt` and run first.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may panic")]

#[path = "sim/acts.rs"]
mod acts;
#[path = "sim/alarms.rs"]
mod alarms;
#[path = "sim/checks.rs"]
mod checks;
#[path = "sim/clock.rs"]
mod clock;
#[path = "sim/faults.rs"]
mod faults;
#[path = "sim/hardware.rs"]
mod hardware;
#[path = "common/held.rs"]
mod held;
#[path = "sim/hub.rs"]
mod hub;
#[path = "sim/kiosk.rs"]
mod kiosk;
#[path = "sim/lane.rs"]
mod lane;
#[path = "sim/logs.rs"]
mod logs;
#[path = "common/medium.rs"]
mod medium;
#[path = "sim/pins.rs"]
mod pins;
#[path = "common/place.rs"]
mod place;
#[path = "sim/planted.rs"]
mod planted;
#[path = "sim/run.rs"]
mod run;
#[path = "sim/seeds.rs"]
mod seeds;
#[path = "sim/site.rs"]
mod site;
