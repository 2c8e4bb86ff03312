//! Cuts a text into columns: one byte buffer and offsets per column, as Arrow keeps strings.

/// Cells of one column, trimmed.
#[derive(Default, Clone)]
pub(crate) struct RawColumn {
    pub(crate) bytes: Vec<u8>,
    /// One more than cells; the first is 0.
    pub(crate) offsets: Vec<i32>,
}

impl RawColumn {
    pub(crate) fn with_capacity(cells: usize) -> Self {
        let mut offsets = Vec::with_capacity(cells + 1);
        offsets.push(0);
        Self { bytes: Vec::with_capacity(cells * 8), offsets }
    }

    pub(crate) fn push(&mut self, cell: &[u8]) {
        self.bytes.extend_from_slice(cell);
        self.offsets.push(self.bytes.len() as i32);
    }

    pub(crate) fn cell(&self, row: usize) -> &[u8] {
        &self.bytes[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        self.offsets.windows(2).map(|ends| &self.bytes[ends[0] as usize..ends[1] as usize])
    }
}

/// A row with too few or too many fields: its cells are in no column.
pub(crate) struct Ragged {
    pub(crate) line: u32,
    pub(crate) fields: usize,
    /// The cell at the place of the column to remember, so that its children are no orphans.
    pub(crate) remembered: Vec<u8>,
}

/// Rows of a file as columns.
#[derive(Default)]
pub(crate) struct RawTable {
    /// As many as the header has, in its order.
    pub(crate) columns: Vec<RawColumn>,
    /// Physical line of every row, the header's line counted from 1.
    pub(crate) lines: Vec<u32>,
    pub(crate) ragged: Vec<Ragged>,
    pub(crate) blank: u64,
    pub(crate) repeated_header: u64,
    /// Rows whose surplus fields were all empty.
    pub(crate) surplus_empty: u64,
    /// Cells that had white space around them.
    pub(crate) trimmed: u64,
    /// Line on which a quote opens that never closes.
    pub(crate) unclosed: Option<u32>,
}

impl RawTable {
    /// Rows below the header, blank ones included.
    pub(crate) fn rows(&self) -> u64 {
        self.lines.len() as u64 + self.ragged.len() as u64 + self.blank + self.repeated_header
    }
}

/// Largest text a column can hold: Arrow's 32-bit offsets.
const TEXT_BYTES_MAXIMUM: usize = i32::MAX as usize;

/// Cuts the body of a file. `header_line` is the physical line of the header, `header` its cells.
pub(crate) fn cut(body: &[u8], delimiter: u8, header_line: u32, header: &[String], remember: Option<usize>) -> RawTable {
    let body = &body[..body.len().min(TEXT_BYTES_MAXIMUM)];
    let width = header.len();
    // A row has a byte for every column but the last; most have more.
    let estimate = body.len() / width.max(32) + 1;
    let mut table = RawTable {
        columns: (0..width).map(|_| RawColumn::with_capacity(estimate)).collect(),
        lines: Vec::with_capacity(estimate),
        ..RawTable::default()
    };
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(body);
    let mut record = csv::ByteRecord::new();
    let mut last_start = None;
    loop {
        let (start, line) = (reader.position().byte() as usize, reader.position().line() as u32);
        let (start, skipped_lines, blank) = skip_blank(body, start);
        let line = header_line + line + skipped_lines;
        table.blank += blank;
        // Reading from memory cannot fail, and a flexible reader accepts every record.
        if !matches!(reader.read_byte_record(&mut record), Ok(true)) {
            break;
        }
        last_start = Some((start, line));
        let fields = record.len();
        if fields != width && !fits_after_all(&record, width, &mut table) {
            if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
                table.blank += 1;
            } else {
                let remembered = remember.and_then(|place| record.get(place)).unwrap_or_default();
                table.ragged.push(Ragged { line, fields, remembered: trim(remembered).to_vec() });
            }
            continue;
        }
        if record.as_slice().iter().all(u8::is_ascii_whitespace) {
            table.blank += 1;
            continue;
        }
        if is_header(&record, header) {
            table.repeated_header += 1;
            continue;
        }
        for (column, cell) in table.columns.iter_mut().zip(&record) {
            let cell = if needs_trimming(cell) {
                let trimmed = trim(cell);
                table.trimmed += u64::from(trimmed.len() < cell.len());
                trimmed
            } else {
                cell
            };
            column.push(cell);
        }
        table.lines.push(line);
    }
    table.unclosed = last_start.and_then(|(start, line)| unclosed(&body[start..], delimiter, line));
    table
}

/// Surplus fields that are all empty come from a delimiter at the end of the line (N811).
fn fits_after_all(record: &csv::ByteRecord, width: usize, table: &mut RawTable) -> bool {
    let fits = record.len() > width && record.iter().skip(width).all(|cell| cell.trim_ascii().is_empty());
    let blank = record.as_slice().iter().all(u8::is_ascii_whitespace);
    table.surplus_empty += u64::from(fits && !blank);
    fits
}

/// From the end of a record to the start of the next: start, lines passed, and how many of them were blank.
fn skip_blank(body: &[u8], start: usize) -> (usize, u32, u64) {
    let mut place = start;
    let mut lines = 0;
    // The line feed of a CR LF that ended the record before.
    let tail = place > 0 && body.get(place) == Some(&b'\n') && body[place - 1] == b'\r';
    while let Some(byte @ (b'\n' | b'\r')) = body.get(place) {
        lines += u32::from(*byte == b'\n');
        place += 1;
    }
    (place, lines, u64::from(lines) - u64::from(tail))
}

fn is_header(record: &csv::ByteRecord, header: &[String]) -> bool {
    let same = |(cell, header): (&[u8], &String)| trim(cell).eq_ignore_ascii_case(header.as_bytes());
    record.iter().zip(header).next().is_some_and(same) && record.iter().zip(header).all(same)
}

#[inline]
fn needs_trimming(cell: &[u8]) -> bool {
    match (cell.first(), cell.last()) {
        (Some(first), Some(last)) => *first <= b' ' || *last <= b' ' || *first >= 0xc2 || *last >= 0x80,
        _ => false,
    }
}

/// Without white space around, no-break spaces and zero-width signs included.
fn trim(cell: &[u8]) -> &[u8] {
    match std::str::from_utf8(cell) {
        Ok(text) => text.trim_matches(|letter: char| letter.is_whitespace() || matches!(letter, '\u{200b}' | '\u{feff}' | '\u{ad}')).as_bytes(),
        Err(_) => cell.trim_ascii(),
    }
}

/// The line on which a quote opens that does not close before the end of the file.
fn unclosed(record: &[u8], delimiter: u8, mut line: u32) -> Option<u32> {
    let mut opened = None;
    let mut at_start = true;
    let mut place = 0;
    while let Some(byte) = record.get(place) {
        match (opened, *byte) {
            (None, b'"') if at_start => opened = Some(line),
            (Some(_), b'"') if record.get(place + 1) == Some(&b'"') => place += 1,
            (Some(_), b'"') => opened = None,
            _ => {}
        }
        line += u32::from(*byte == b'\n');
        at_start = *byte == delimiter || *byte == b'\n';
        place += 1;
    }
    opened
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut_text(text: &str) -> RawTable {
        cut(text.as_bytes(), b';', 1, &["a".to_owned(), "b".to_owned()], Some(0))
    }

    #[test]
    fn rows_keep_their_physical_lines() {
        let table = cut_text("1;x\r\n\r\n2;\"y\nz\"\r\nA;B\r\n3; w \r\n;\r\n\r\n");
        assert_eq!(table.lines, [2, 4, 7]);
        assert_eq!((table.blank, table.repeated_header, table.trimmed), (3, 1, 1));
        assert_eq!(table.rows(), 7);
        assert_eq!(table.columns[1].cells().collect::<Vec<_>>(), [&b"x"[..], b"y\nz", b"w"]);
    }

    #[test]
    fn ragged_rows_stay_out_of_the_columns() {
        let table = cut_text("1\n2;x;\n3;x;y\n4;z\n");
        assert_eq!(table.ragged.iter().map(|row| (row.line, row.fields)).collect::<Vec<_>>(), [(2, 1), (4, 3)]);
        assert_eq!((table.lines.as_slice(), table.surplus_empty), (&[3, 5][..], 1));
    }

    #[test]
    fn unclosed_quote_is_found_where_it_opens() {
        assert_eq!(cut_text("1;x\n2;\"y\n3;z\n4;w\n").unclosed, Some(3));
        assert_eq!(cut_text("1;\"x \"\"q\"\"\"\n2;y\n").unclosed, None);
    }
}
