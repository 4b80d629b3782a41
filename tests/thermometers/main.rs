//! Thermometer drivers against simulated chips in virtual time, simulated people before them, and what only a person at the
//! bench does.
#![allow(clippy::unwrap_used, reason = "fixtures may panic")]

mod approaches;
mod faults;
mod mlx90632;
mod named;
mod screening;
mod service;
