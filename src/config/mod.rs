//! Board, site, profile and roster files: read, checked, and turned into types that cannot be wrong.

pub mod board;
pub mod error;
pub mod section;

pub use board::Board;
pub use error::{Mistake, Mistakes, Report};
