//! The lowest seams, simulated: bus bytes, serial bytes, frames, lines, disks.

pub mod approach;
pub mod beside;
pub mod camera;
pub mod clock;
pub mod disk;
pub mod id_reader;
pub mod lines;
pub mod mlx90632;
pub mod serial;
pub mod thermal_array;
pub mod thermometer;
pub mod world;
