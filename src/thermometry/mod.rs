//! Sensor reading to screening value: pure.
//!
//! ```text
//! samples, air, distance, supply, reference ─▶ screener: somebody, near, settled? ─▶ Basis ─▶ decide ─▶ zone, or why none
//!                                                             drift ─────────────────┘
//! ```
//!
//! `decide` is a function of what stands in the record; everything else here gathers what it rests on.

pub mod around;
pub mod array;
pub mod budget;
pub mod calibration;
pub mod decide;
pub mod drift;
pub mod equilibrium;
pub mod group;
pub mod radiometry;
pub mod reference;
pub mod screener;
pub mod settings;
pub mod study;

pub use screener::{Screener, Sense, Unseen, Whose};
pub use settings::{Fitted, Plate, Reach, Settings, Surroundings};
