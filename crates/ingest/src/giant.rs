//! Looks at a large file before it is read into memory. A table may have a gigabyte; a gigabyte that is one line, one value
//! or nothing at all is no table, and to know that takes no more memory than a block.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

/// Smaller files are read at once: whatever is in them, they do no harm.
const LARGE_BYTES: u64 = 32 << 20;
/// E108: longest line of a large table, and E107: longest value between quotes.
const RUN_BYTES_MAXIMUM: u64 = 1 << 20;
/// A letter of the widest encoding.
const WIDEST_LETTER: u64 = 4;
/// First bytes of a zip, and what is one.
const PACKED_MARK: &[u8; 4] = b"PK\x03\x04";
const PACKED: [&str; 3] = ["zip", "xlsx", "xlsm"];
/// What is looked at at a time.
const BLOCK_BYTES: usize = 256 << 10;
/// In order of preference when a first line has as many of two.
const DELIMITERS: [u8; 4] = *b";,\t|";

/// Why a file is not read: a code, and the line from 1 where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) line: Option<u32>,
}

/// Looks at a file of this many bytes; nothing is wrong with one that is not large. Packed files, zip and xlsx, are for who
/// unpacks them, when they are what they are called.
pub(crate) fn look(path: &Path, length: u64) -> io::Result<Option<Fault>> {
    if length <= LARGE_BYTES {
        return Ok(None);
    }
    let mut file = File::open(path)?;
    let mut mark = [0; PACKED_MARK.len()];
    file.read_exact(&mut mark)?;
    if mark == *PACKED_MARK {
        return Ok(None);
    }
    let extension = path.extension().unwrap_or_default();
    if PACKED.iter().any(|packed| extension.eq_ignore_ascii_case(packed)) {
        return Ok(Some(Fault { code: "E006", line: None }));
    }
    file.rewind()?;
    let mut block = vec![0; BLOCK_BYTES];
    let mut scan: Option<Scan> = None;
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok(scan.and_then(|scan| scan.end()));
        }
        let bytes = &block[..read];
        if let Some(fault) = scan.get_or_insert_with(|| Scan::new(bytes)).add(bytes) {
            return Ok(Some(fault));
        }
    }
}

/// Where a scan is in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the start of a value, where a quote opens.
    Start,
    Plain,
    Quoted,
    /// Behind a quote in a quoted value: the next byte tells whether it was closed.
    Closing,
}

/// What has to be remembered from one block to the next.
struct Scan {
    delimiter: u8,
    /// Longest line and value.
    maximum: u64,
    state: State,
    line: u32,
    line_bytes: u64,
    quote_line: u32,
    quoted_bytes: u64,
    is_blank: bool,
}

impl Scan {
    /// `start` is the first block: it tells the delimiter and whether letters are wide.
    fn new(start: &[u8]) -> Self {
        let first_line = start.split(|byte| *byte == b'\n').find(|line| line.len() > 1).unwrap_or_default();
        let count = |delimiter: u8| first_line.iter().filter(|byte| **byte == delimiter).count();
        let delimiter = DELIMITERS.into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b';');
        let is_wide = first_line.contains(&0);
        Self {
            delimiter,
            maximum: if is_wide { RUN_BYTES_MAXIMUM * WIDEST_LETTER } else { RUN_BYTES_MAXIMUM },
            state: State::Start,
            line: 1,
            line_bytes: 0,
            quote_line: 0,
            quoted_bytes: 0,
            is_blank: true,
        }
    }

    fn add(&mut self, block: &[u8]) -> Option<Fault> {
        for byte in block {
            // The other half of a wide letter.
            if *byte == 0 {
                self.line_bytes += 1;
                continue;
            }
            self.is_blank &= byte.is_ascii_whitespace();
            self.step(*byte);
            if *byte == b'\n' {
                self.line = self.line.saturating_add(1);
                self.line_bytes = 0;
            } else {
                self.line_bytes += 1;
            }
        }
        // Once a block: a block more or less makes no difference to a giant.
        if self.quoted_bytes > self.maximum {
            return Some(Fault { code: "E107", line: Some(self.quote_line) });
        }
        (self.line_bytes > self.maximum).then_some(Fault { code: "E108", line: Some(self.line) })
    }

    #[inline]
    fn step(&mut self, byte: u8) {
        let is_end = byte == self.delimiter || byte == b'\n';
        self.state = match (self.state, byte) {
            (State::Start, b'"') => {
                (self.quote_line, self.quoted_bytes) = (self.line, 0);
                State::Quoted
            }
            (State::Quoted, b'"') => State::Closing,
            (State::Closing, b'"') | (State::Quoted, _) => {
                self.quoted_bytes += 1;
                State::Quoted
            }
            _ => {
                self.quoted_bytes = 0;
                if is_end { State::Start } else { State::Plain }
            }
        };
    }

    /// What is wrong with the file as a whole.
    fn end(self) -> Option<Fault> {
        if self.state == State::Quoted {
            return Some(Fault { code: "E107", line: Some(self.quote_line) });
        }
        self.is_blank.then_some(Fault { code: "E008", line: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fault of a text that is this piece again and again.
    fn repeated(start: &str, piece: &str, end: &str) -> Option<Fault> {
        let text = format!("{start}{}{end}", piece.repeat((5 << 20) / piece.len()));
        let mut scan = Scan::new(&text.as_bytes()[..BLOCK_BYTES]);
        text.as_bytes().chunks(BLOCK_BYTES).find_map(|block| scan.add(block)).or_else(|| scan.end())
    }

    fn fault(code: &'static str, line: u32) -> Option<Fault> {
        Some(Fault { code, line: (line > 0).then_some(line) })
    }

    #[test]
    fn giants_that_are_no_table_are_told_from_tables() {
        assert_eq!(repeated("a;b\n", "T1;2\n", ""), None);
        assert_eq!(repeated("a;b\n", "T1;\"x\"\"\ny\"\r\n", ""), None);
        assert_eq!(repeated("a;b\n", "T1;it's 5\" or, \"so\n", ""), None);
        assert_eq!(repeated("a;b\n", "x", ""), fault("E108", 2));
        assert_eq!(repeated("", "x;", ""), fault("E108", 1));
        assert_eq!(repeated("", "\0", ""), fault("E108", 1));
        assert_eq!(repeated("a;b\nT1;\"", "x\n", ""), fault("E107", 2));
        assert_eq!(repeated("a;b\n", "T1;2\n", "T1;\"x\ny"), fault("E107", 1_048_578));
        assert_eq!(repeated("\n", " \n", "\r\n"), fault("E008", 0));
        assert_eq!(repeated("a\0;\0b\0\n\0", "T\x001\0;\x002\0\n\0", ""), None);
    }
}
