//! Bytes as the parts of an Excel workbook, each up to a 0x1e, in a zip that is whole: behind its checksums changed bytes reach the
//! reader of XML. What must hold is in `check.rs`.
#![no_main]

#[path = "../check.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    check::Reader::shared().check(check::Target::Parts, bytes);
});
