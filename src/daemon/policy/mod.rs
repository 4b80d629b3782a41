//! The policy that rules a kiosk: bundles that were handed in, and policies that are kept for deciding again.

mod kept;
pub mod replay;

/// Name of the folder in the state folder that holds them.
pub const POLICY_FOLDER: &str = "policy";

pub use kept::{NotKept, keep, kept};
