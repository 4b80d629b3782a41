//! Rules, and what they are asked about.
#![no_main]

#[path = "../../common/fuzzed/mod.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzed::certlogic(bytes);
});
