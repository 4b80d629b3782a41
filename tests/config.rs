//! Configuration files and the commands about them: what is read from good ones, what is said about bad ones.

#![allow(clippy::unwrap_used, reason = "a fixture may panic")]

#[path = "config/commands.rs"]
mod commands;
#[path = "config/profiles.rs"]
mod profiles;
#[path = "config/rosters.rs"]
mod rosters;
#[path = "config/sites.rs"]
mod sites;
#[path = "config/steps.rs"]
mod steps;
#[path = "config/trust_files.rs"]
mod trust_files;
