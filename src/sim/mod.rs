//! The lowest seams, simulated: bus bytes, serial bytes, frames, lines, disks.

pub mod camera;
pub mod disk;
