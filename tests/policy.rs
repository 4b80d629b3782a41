//! Policies: rules that decide, proofs about them, bundles that carry them, and decisions made again from records.

#![allow(clippy::unwrap_used, reason = "a fixture may panic")]

#[path = "policy/brute.rs"]
mod brute;
#[path = "policy/bundle.rs"]
mod bundle;
#[path = "policy/cli.rs"]
mod cli;
#[path = "policy/desk.rs"]
mod desk;
#[allow(dead_code, reason = "each test binary uses a part")]
#[path = "lists/fixtures.rs"]
mod fixtures;
#[path = "policy/generate.rs"]
mod generate;
#[path = "policy/lists.rs"]
mod lists;
#[path = "policy/missing.rs"]
mod missing;
#[path = "policy/office.rs"]
mod office;
#[path = "policy/planted.rs"]
mod planted;
#[path = "policy/rules.rs"]
mod rules;
