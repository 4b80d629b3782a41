//! What several tests share.
#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a fixture may panic")]

pub mod gate_samples;
pub mod kiosk;
pub mod samples;
