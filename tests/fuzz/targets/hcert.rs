//! Certificates of the EU's and the WHO's form, also within their signature.
#![no_main]

#[path = "../../common/fuzzed/mod.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzed::hcert(bytes);
});
