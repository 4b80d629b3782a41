//! The policy that rules a kiosk: bundles that were handed in, and policies that are kept for deciding again.

mod kept;
pub mod office;
pub mod replay;
pub mod ruling;
pub mod store;
pub mod thresholds;

/// Name of the folder in the state folder that holds them.
pub const POLICY_FOLDER: &str = "policy";

pub use kept::{NotKept, keep, kept};
pub use office::{Office, PolicyParts};
pub use ruling::{Own, Ruling};
