//! Files that are handed to a kiosk, and what a hub tells it of others.
#![no_main]

#[path = "../../common/fuzzed/mod.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzed::handed(bytes);
});
