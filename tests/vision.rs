//! The reader against photographs, hostile pictures and the simulated camera.
#![expect(clippy::unwrap_used, reason = "fixtures outside test functions may fail the test")]

#[path = "common/corpora.rs"]
mod corpora;
#[path = "common/labelled.rs"]
mod labelled;

mod vision {
    pub mod colours;
    pub mod command;
    pub mod corpus;
    pub mod hostile;
    pub mod sequences;
    pub mod symbols;
}
