//! The file of trust, also within its signature, and the lists that it is built of.
#![no_main]

#[path = "../../common/fuzzed/mod.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzed::trust(bytes);
});
