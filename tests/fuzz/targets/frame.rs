//! A camera's bytes of any layout, size and stride, converted and read.
#![no_main]

#[path = "../../common/fuzzed/mod.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzed::frame(bytes);
});
