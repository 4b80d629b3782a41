//! Commands from a hub to a kiosk: in the ledger, over HTTP, on pages and in a terminal.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;
mod cuts;
mod ledger;
mod link;
mod pages;
#[allow(dead_code, reason = "shared with tests/demo.rs, which uses the rest")]
#[path = "../demo/program.rs"]
mod program;
mod trust;
mod turned_back;
mod whole;

/// A client that follows nothing and keeps no cookies.
fn browser() -> reqwest::Client {
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}
