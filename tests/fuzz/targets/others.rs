//! Pictures of symbols of other kinds than QR that were scratched, turned and shaken.
#![no_main]

#[path = "../../common/fuzzed/mod.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzed::others(bytes);
});
