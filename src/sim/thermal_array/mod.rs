//! A simulated thermal array, and what stands before it.

pub mod scene;

pub use scene::{Person, Scene, Thing, Worn};
