//! What a kiosk keeps, how long, and how it forgets.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod ended;
mod erase;
mod keys;
mod place;
mod receipts;
mod retention;
