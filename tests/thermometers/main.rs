//! Thermometer drivers against simulated chips in virtual time, simulated people before them, and what only a person at the
//! bench does.

mod approaches;
mod faults;
mod mlx90632;
mod named;
mod screening;
mod service;
