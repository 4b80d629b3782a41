//! The reader beside rqrr, rxing and zxing-cpp, on the same photographs and the same moving pictures, in one run.
//!
//! `cargo bench --bench readers`; times are those of a processor. `--features peers` adds zxing-cpp, which needs CMake and a
//! C++ compiler. `SEQUENCES=280` makes more than 70 sequences of each level; `SEED=2` makes other ones.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::unwrap_used, reason = "a bench may panic")]

#[path = "../tests/common/corpora.rs"]
mod corpora;
#[path = "../tests/common/labelled.rs"]
mod labelled;

mod readers {
    pub mod peers;
    pub mod photographs;
    pub mod sequences;
}

use readers::{photographs, sequences};

fn main() {
    photographs::compare();
    let (of_a_level, seed) = (number("SEQUENCES", 70), number("SEED", 1));
    sequences::compare(sequences::Wire::Yuyv, of_a_level, seed);
    sequences::compare(sequences::Wire::Mjpeg, of_a_level, seed);
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}
