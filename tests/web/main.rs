//! The kiosk's screens in a real browser, against a kiosk that only plays its part.

mod attendant;
mod fake;
mod harness;
mod pictures;
mod states;
mod subject;
