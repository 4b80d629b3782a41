//! The lane: presence, steps, sessions and decisions as pure state machines.
//!
//! Nothing here reads a clock, sleeps, locks or touches a device. [`Lane`] is told what happened and when, and
//! answers with effects in the order in which they are to be performed; [`Lane::deadline`] says when it must be
//! called again. Personal data stays inside the session and leaves it only in the sealed part of a record.

pub mod barrier;
mod beside;
pub mod clock_watch;
mod codes;
mod companion;
pub mod context;
pub mod decide;
mod entitled;
mod entries;
pub mod input;
pub mod lane;
mod listed;
mod manifest;
mod memory;
mod online;
mod patience;
mod person;
mod post_watch;
mod prepared;
mod present;
mod prompt;
pub mod prove;
pub mod recheck;
mod recording;
mod registration;
mod remember;
pub mod replay;
mod running;
mod screened;
pub mod session;
mod shown;
mod signing;
mod status;
mod step;
mod step_status;
mod steps;
mod vehicle;
pub mod what_if;

pub use barrier::{Drive, Times};
pub use clock_watch::ClockWatch;
pub use context::{Context, Settings};
pub use input::{Effect, Input, Screen, Ticket};
pub use lane::Lane;
pub use online::ISSUER_WITHIN;
pub use post_watch::PostWatch;
