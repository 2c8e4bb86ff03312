//! Bytes as the parts of an Excel workbook, each up to a 0x1e, in a zip that is whole: behind its checksums changed bytes reach the
//! reader of XML. What must hold is in `check.rs`.
#![no_main]

#[path = "../check.rs"]
mod check;

/// The parts that are read, in this order.
const NAMES: [&str; 7] = [
    "xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels", "xl/sharedStrings.xml", "xl/styles.xml", "docProps/core.xml",
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    check::Reader::shared().check(check::Target::Workbook, &packed(bytes));
});

/// A zip without compression.
fn packed(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut list, mut entries) = (Vec::new(), Vec::new(), 0u16);
    for (name, part) in NAMES.iter().zip(bytes.split(|byte| *byte == 0x1e)) {
        let (start, size) = (out.len() as u32, part.len() as u32);
        let mut about = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x5a];
        for number in [checksum(part), size, size, name.len() as u32] {
            about.extend(number.to_le_bytes());
        }
        out.extend([b"PK\x03\x04".as_slice(), &about, name.as_bytes(), part].concat());
        list.extend([b"PK\x01\x02\x14\0".as_slice(), &about, &[0; 10], &start.to_le_bytes(), name.as_bytes()].concat());
        entries += 1;
    }
    let numbers = [entries.to_le_bytes(), entries.to_le_bytes()].concat();
    let places = [(list.len() as u32).to_le_bytes(), (out.len() as u32).to_le_bytes()].concat();
    [out.as_slice(), &list, b"PK\x05\x06\0\0\0\0", &numbers, &places, &[0, 0]].concat()
}

/// CRC-32, as zips have it.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |rest: u32| if rest & 1 == 1 { rest >> 1 ^ 0xedb8_8320 } else { rest >> 1 };
    !bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), |rest, _| step(rest)))
}
