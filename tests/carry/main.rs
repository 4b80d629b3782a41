//! Records without a network: parcels on sticks, receipts on the way back, a day's sheet on paper.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a test may panic"
)]

#[path = "../common/mod.rs"]
mod common;
mod damage;
mod fixtures;
mod orders;
mod paper;
mod program;
mod receipts;
mod sheets;
mod upload;
