//! Sensor reading to screening value: pure.
//!
//! ```text
//! reading ─▶ supply ─▶ emissivity ─▶ skin ─▶ settled, steady, somebody's? ─▶ + F·(skin − surroundings) ─▶ zone
//!                                                      └─ no ─▶ why there is none, which is never "below"
//! ```

pub mod array;
pub mod radiometry;
pub mod screener;
pub mod settings;

pub use screener::Screener;
pub use settings::{Factor, Settings, Surroundings};
