//! Bytes as a zip; what must hold is in `check.rs`.
#![no_main]

#[path = "../check.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    check::Reader::shared().check(check::Target::Archive, bytes);
});
