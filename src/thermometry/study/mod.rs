//! How well skin temperatures tell who has a fever, from recorded data of people: pure statistics.
//!
//! ```text
//! readings ─▶ Person ─▶ screened: the shipped decision ─▶ evaluation: who is found, who is referred for nothing
//!                    └▶ fit: factor, offset ─▶ freeze: a threshold for a wished specificity ─▶ apply to others
//! blackbody readings ─▶ response: does a device follow what it sees?
//! ```
//!
//! A person counts once: of several readings, the median. Whoever has no reference temperature is decided and not judged.

pub mod area;
pub mod cut;
pub mod evaluation;
pub mod fit;
pub mod freeze;
pub mod response;
pub mod screened;
pub mod share;
pub mod spread;
#[cfg(test)]
mod testing;

pub use screened::{Condition, Person};
