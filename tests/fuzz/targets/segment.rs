//! Segments: the frame scanner, the judge, recovery, verification, proofs.
#![no_main]

#[path = "../../common/fuzzed/mod.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzed::segment(bytes);
});
