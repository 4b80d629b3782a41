//! Lists with issuers: who may put whom on one, what is held, what a file survives, who is found and until when.

#![allow(clippy::unwrap_used, reason = "a fixture may panic")]

#[path = "lists/changes.rs"]
mod changes;
#[path = "lists/commands.rs"]
mod commands;
#[path = "lists/files.rs"]
mod files;
#[path = "lists/fixtures.rs"]
mod fixtures;
#[path = "lists/imports.rs"]
mod imports;
#[path = "lists/lookups.rs"]
mod lookups;
#[path = "lists/power.rs"]
mod power;
#[path = "lists/rules.rs"]
mod rules;
#[path = "lists/starts.rs"]
mod starts;
#[path = "lists/watched.rs"]
mod watched;
