//! SMART Health Cards, also within their signature, of one symbol and of several, and lists of revoked ones.
#![no_main]

#[path = "../../common/fuzzed/mod.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzed::shc(bytes);
});
