//! Thermal arrays: published vectors, the bus, the simulated chip, and who is found in their pictures.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "fixtures may panic")]

#[path = "../common/corpora.rs"]
mod corpora;

mod array;
mod bus;
mod chip;
mod corpus;
mod datasheet;
mod screening;
