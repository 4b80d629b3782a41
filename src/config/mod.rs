//! Board, site, profile and roster files: read, checked, and turned into types that cannot be wrong.

pub mod error;

pub use error::{Mistake, Mistakes, Report};
