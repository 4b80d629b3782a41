//! Thermometer drivers against simulated chips in virtual time, and what only a person at the bench does.

mod faults;
mod mlx90632;
mod screening;
mod service;
