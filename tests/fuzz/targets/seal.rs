//! ICAO's seals and the certificates in them, also within their signatures.
#![no_main]

#[path = "../../common/fuzzed/mod.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzed::seal(bytes);
});
