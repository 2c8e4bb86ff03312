//! Cuts a text into records, straight from the bytes: nothing is copied but a quoted field with a quote in it.

use std::borrow::Cow;

/// E108: longest field; a row with a longer one is no row of a table …
pub(crate) const FIELD_BYTES_MAXIMUM: usize = 64 << 10;
/// … and a file with a longer line is no table.
pub(crate) const LINE_BYTES_MAXIMUM: usize = 1 << 20;

/// How a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineEnd {
    CarriageReturnLineFeed,
    LineFeed,
    CarriageReturn,
}

/// All ends, in the order of the counts in [`Records`].
pub(crate) const LINE_ENDS: [LineEnd; 3] = [LineEnd::CarriageReturnLineFeed, LineEnd::LineFeed, LineEnd::CarriageReturn];

impl LineEnd {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CarriageReturnLineFeed => "CR LF",
            Self::LineFeed => "LF",
            Self::CarriageReturn => "CR",
        }
    }
}

/// The line end at this place, and where the next line starts.
pub(crate) fn line_end(text: &[u8], at: usize) -> Option<(LineEnd, usize)> {
    match (text.get(at)?, text.get(at + 1)) {
        (b'\r', Some(b'\n')) => Some((LineEnd::CarriageReturnLineFeed, at + 2)),
        (b'\r', _) => Some((LineEnd::CarriageReturn, at + 1)),
        (b'\n', _) => Some((LineEnd::LineFeed, at + 1)),
        _ => None,
    }
}

/// Lines of a text without their ends, as a spreadsheet counts them.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        start = line_end(text, start + length).map_or(text.len(), |(_, next)| next);
        Some(&rest[..length])
    })
}

/// One record.
#[derive(Default)]
pub(crate) struct Record<'a> {
    /// As they are between delimiters, without quotes around them.
    pub(crate) fields: Vec<Cow<'a, [u8]>>,
    /// All of it, without the line end.
    pub(crate) bytes: &'a [u8],
    /// Physical line on which it starts, from 1.
    pub(crate) line: u32,
    /// Fields with a line end in them.
    pub(crate) broken: u64,
    /// A field is longer than [`FIELD_BYTES_MAXIMUM`].
    pub(crate) too_long: bool,
}

/// What came of reading one more record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Record,
    End,
    /// A quote opens on this line that does not close where a field ends.
    Unclosed(u32),
    /// This line is longer than [`LINE_BYTES_MAXIMUM`].
    TooLong(u32),
}

/// A one in every byte of a word.
const EVERY_BYTE: u64 = 0x0101_0101_0101_0101;

/// The records of a text, one after another.
pub(crate) struct Records<'a> {
    text: &'a [u8],
    delimiter: u8,
    /// Bytes at which an unquoted field ends.
    stops: [u8; 3],
    /// Where the next record starts.
    pub(crate) at: usize,
    /// Physical line of the next record, from 1.
    pub(crate) line: u32,
    /// How often each kind of line end ended a record.
    pub(crate) line_ends: [u64; LINE_ENDS.len()],
}

impl<'a> Records<'a> {
    pub(crate) fn new(text: &'a [u8], delimiter: u8) -> Self {
        Self { text, delimiter, stops: [delimiter, b'\n', b'\r'], at: 0, line: 1, line_ends: [0; LINE_ENDS.len()] }
    }

    /// Reads the next record into this one.
    pub(crate) fn read(&mut self, record: &mut Record<'a>) -> Step {
        record.fields.clear();
        (record.line, record.broken, record.too_long) = (self.line, 0, false);
        let start = self.at;
        if start >= self.text.len() {
            return Step::End;
        }
        loop {
            let field = self.at;
            if self.text.get(field) == Some(&b'"') {
                if let Some(line) = self.quoted(record) {
                    return Step::Unclosed(line);
                }
            } else {
                self.at = self.plain_end(field);
                record.fields.push(Cow::Borrowed(&self.text[field..self.at]));
            }
            record.too_long |= self.at - field > FIELD_BYTES_MAXIMUM;
            if self.at - start > LINE_BYTES_MAXIMUM {
                return Step::TooLong(record.line);
            }
            if self.text.get(self.at) != Some(&self.delimiter) {
                break;
            }
            self.at += 1;
        }
        record.bytes = &self.text[start..self.at];
        if let Some((end, next)) = line_end(self.text, self.at) {
            self.line_ends[end as usize] += 1;
            self.at = next;
        }
        self.line += 1;
        Step::Record
    }

    /// Where an unquoted field ends that starts here.
    fn plain_end(&self, start: usize) -> usize {
        // Eight bytes at a time: the lowest zero byte of a word is found without looking at each.
        let mut at = start;
        while let Some(word) = self.text.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes) {
            let zeros = |word: u64| word.wrapping_sub(EVERY_BYTE) & !word & (EVERY_BYTE << 7);
            let found = self.stops.iter().fold(0, |found, stop| found | zeros(word ^ (EVERY_BYTE * u64::from(*stop))));
            if found != 0 {
                return at + found.trailing_zeros() as usize / 8;
            }
            at += 8;
        }
        self.text[at..].iter().position(|byte| self.stops.contains(byte)).map_or(self.text.len(), |length| at + length)
    }

    /// Reads a quoted field; the line on which its quote opens when it does not close.
    fn quoted(&mut self, record: &mut Record<'a>) -> Option<u32> {
        let (open_line, start) = (self.line, self.at + 1);
        let (mut at, mut doubled) = (start, false);
        loop {
            match self.text.get(at) {
                None => return Some(open_line),
                Some(b'"') if self.text.get(at + 1) == Some(&b'"') => {
                    doubled = true;
                    at += 2;
                }
                Some(b'"') => break,
                Some(b'\n' | b'\r') => {
                    self.line += 1;
                    at = line_end(self.text, at).map_or(at + 1, |(_, next)| next);
                }
                Some(_) => at += 1,
            }
        }
        let is_broken = self.line > open_line;
        let inner = &self.text[start..at];
        self.at = self.plain_end(at + 1);
        let tail = &self.text[at + 1..self.at];
        // Text behind the closing quote of a field of several lines: that was the opening quote of a later field.
        if is_broken && !tail.trim_ascii().is_empty() {
            return Some(open_line);
        }
        record.broken += u64::from(is_broken);
        record.fields.push(if inner.len() > FIELD_BYTES_MAXIMUM || !doubled && tail.is_empty() { Cow::Borrowed(inner) } else { Cow::Owned(unquoted(inner, tail)) });
        None
    }
}

/// Doubled quotes made single, and what stands behind the closing quote.
fn unquoted(inner: &[u8], tail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len() + tail.len());
    let mut quote_before = false;
    for byte in inner {
        quote_before = *byte == b'"' && !quote_before;
        if !quote_before {
            out.push(*byte);
        }
    }
    out.extend_from_slice(tail);
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<(u32, Vec<String>)>, Step) {
        let mut records = Records::new(text.as_bytes(), b';');
        let mut record = Record::default();
        let mut all = Vec::new();
        loop {
            match records.read(&mut record) {
                Step::Record => all.push((record.line, record.fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect())),
                step => return (all, step),
            }
        }
    }

    fn row(line: u32, fields: &[&str]) -> (u32, Vec<String>) {
        (line, fields.iter().map(|field| (*field).to_owned()).collect())
    }

    #[test]
    fn fields_are_those_between_delimiters() {
        let text = "a;b\r\n;\n\"c\"\"d\";\"e;f\"\r\"g\nh\";i\r\n\nj\"k\";\"l\"m";
        let expected = vec![
            row(1, &["a", "b"]), row(2, &["", ""]), row(3, &["c\"d", "e;f"]), row(4, &["g\nh", "i"]), row(6, &[""]), row(7, &["j\"k\"", "lm"]),
        ];
        assert_eq!(read(text), (expected, Step::End));
        assert_eq!(lines(text.as_bytes()).count(), 7);
        assert_eq!(read("a;").0, [row(1, &["a", ""])]);
        assert_eq!(read("\"\"\"\";\"\"").0, [row(1, &["\"", ""])]);
    }

    #[test]
    fn an_unclosed_quote_is_found_where_it_opens() {
        assert_eq!(read("a;b\nc;\"d\ne;f\n").1, Step::Unclosed(2));
        // The next quote closes it by accident, and what follows betrays that.
        assert_eq!(read("a;\"b\nc;\"d\"\n").1, Step::Unclosed(1));
        assert_eq!(read("\"a\";\"b\n\"c\";\"d\"\n").1, Step::Unclosed(1));
    }

    #[test]
    fn long_fields_and_lines_are_not_copied() {
        let field = "x".repeat(FIELD_BYTES_MAXIMUM + 1);
        let text = format!("a;{field}\n");
        let mut record = Record::default();
        assert_eq!((Records::new(text.as_bytes(), b';').read(&mut record), record.too_long), (Step::Record, true));
        assert_eq!(read(&format!("a\n{}", "x;".repeat(LINE_BYTES_MAXIMUM))).1, Step::TooLong(2));
        assert_eq!(read(&format!("a\n{}", "x".repeat(2 * LINE_BYTES_MAXIMUM))).1, Step::TooLong(2));
        assert_eq!(read(&format!("a\n\"{}\"", "\"\"".repeat(LINE_BYTES_MAXIMUM))).1, Step::TooLong(2));
        assert_eq!(read(&format!("a\n\"{}", "x\n".repeat(LINE_BYTES_MAXIMUM))).1, Step::Unclosed(2));
    }

    /// Texts of signs that mean something, as many as a small generator gives.
    pub(crate) fn random_texts(count: usize) -> impl Iterator<Item = Vec<u8>> {
        const SIGNS: &[u8] = b";;,\"\"\n\n\r ab\0\xe9\xc3\xab";
        let mut state = 7u64;
        let mut next = move |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        (0..count).map(move |_| (0..next(40)).map(|_| SIGNS[next(SIGNS.len())]).collect())
    }

    /// The records of the csv crate, which leaves empty lines out and takes an unclosed quote for a value.
    fn reference(text: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(b';').from_reader(text);
        reader.byte_records().map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect()).collect()
    }

    #[test]
    fn records_are_those_of_the_csv_crate() {
        let mut compared = 0;
        for text in random_texts(20_000) {
            let mut records = Records::new(&text, b';');
            let mut record = Record::default();
            let mut all = Vec::new();
            let last = loop {
                match records.read(&mut record) {
                    Step::Record if record.bytes.is_empty() => {}
                    Step::Record => all.push(record.fields.iter().map(|field| field.to_vec()).collect::<Vec<_>>()),
                    step => break step,
                }
            };
            if last == Step::End {
                assert_eq!(all, reference(&text), "{:?}", String::from_utf8_lossy(&text));
                assert_eq!(records.line as usize - 1, lines(&text).count(), "{:?}", String::from_utf8_lossy(&text));
                compared += 1;
            }
        }
        assert!(compared > 5_000, "{compared}");
    }
}
