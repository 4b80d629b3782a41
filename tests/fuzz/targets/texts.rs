//! Links, marks of goods, place codes, and numbers of documents and telephones.
#![no_main]

#[path = "../../common/fuzzed/mod.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzed::texts(bytes);
});
