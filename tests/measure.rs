//! `kakou measure`: on recorded people whose figures are published, on a blackbody, and on files that are not right.
#![expect(clippy::unwrap_used, reason = "fixtures outside test functions may fail the test")]

#[path = "common/corpora.rs"]
mod corpora;

mod measure {
    pub mod blackbody;
    pub mod command;
    pub mod people;
}
