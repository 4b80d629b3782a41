//! Configuration files: what is read from good ones, and what is said about bad ones.

#[path = "config/profiles.rs"]
mod profiles;
#[path = "config/rosters.rs"]
mod rosters;
