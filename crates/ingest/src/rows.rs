//! Cuts a text into columns: one byte buffer and offsets per column, as Arrow keeps strings.

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

use crate::dialect::DELIMITERS;
use crate::records::{LINE_ENDS, Record, Records, Step, lines};
use crate::spelling::canonical;

/// Cells of one column, cleaned.
#[derive(Default, Clone)]
pub(crate) struct RawColumn {
    pub(crate) bytes: Vec<u8>,
    /// One more than cells; the first is 0.
    pub(crate) offsets: Vec<i32>,
}

impl RawColumn {
    pub(crate) fn with_capacity(cells: usize) -> Self {
        Self::sized(cells, cells * 8)
    }

    fn sized(cells: usize, bytes: usize) -> Self {
        let mut offsets = Vec::with_capacity(cells + 1);
        offsets.push(0);
        Self { bytes: Vec::with_capacity(bytes), offsets }
    }

    pub(crate) fn push(&mut self, cell: &[u8]) {
        self.bytes.extend_from_slice(cell);
        self.offsets.push(self.bytes.len() as i32);
    }

    fn pop(&mut self) {
        self.offsets.pop();
        self.bytes.truncate(self.offsets.last().map_or(0, |end| *end as usize));
    }

    pub(crate) fn cell(&self, row: usize) -> &[u8] {
        &self.bytes[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        self.offsets.windows(2).map(|ends| &self.bytes[ends[0] as usize..ends[1] as usize])
    }
}

/// A row that is no row of the table: its cells are in no column.
pub(crate) struct Ragged {
    pub(crate) line: u32,
    /// Why: E103, E104, E108, E113, E114 or W704.
    pub(crate) code: &'static str,
    pub(crate) fields: usize,
    /// The cell at the place of the column to remember, so that its children are no orphans.
    pub(crate) remembered: Vec<u8>,
    /// The surplus of fields is what decimal commas without quotes make (E114).
    pub(crate) has_decimal_commas: bool,
    /// It reads as a row of totals, which it is when only such rows follow (W704).
    is_totals: bool,
}

/// Why cutting stopped before the end of the text, and on which line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// E107: a quote opens that does not close.
    Unclosed(u32),
    /// E108: longer than any line of a table.
    TooLong(u32),
    /// E106: from here on the fields are separated by this delimiter.
    OtherDelimiter(u32, u8),
}

/// Rows of a file as columns.
#[derive(Default)]
pub(crate) struct RawTable {
    /// As many as the header has, in its order.
    pub(crate) columns: Vec<RawColumn>,
    /// Physical line of every row, the first line of the file being 1.
    pub(crate) lines: Vec<u32>,
    pub(crate) ragged: Vec<Ragged>,
    pub(crate) blank: u64,
    pub(crate) repeated_header: u64,
    /// Rows whose surplus fields were all empty.
    pub(crate) surplus_empty: u64,
    /// Cells that were more than their text: white space around it or twice within it, signs without a width. Those with a
    /// line end are in `broken`.
    pub(crate) cleaned: u64,
    /// Cells with a line end in them.
    pub(crate) broken: u64,
    /// Ends of lines, in the order of [`LINE_ENDS`].
    pub(crate) line_ends: [u64; LINE_ENDS.len()],
    pub(crate) stop: Option<Stop>,
    /// Rows behind the stop, blank ones left out.
    pub(crate) unread: u64,
}

impl RawTable {
    /// Rows below the header that were read, blank ones included.
    pub(crate) fn rows(&self) -> u64 {
        self.lines.len() as u64 + self.ragged.len() as u64 + self.blank + self.repeated_header
    }

    /// Puts rows of totals at the end of the table apart (W704).
    pub(crate) fn take_totals(&mut self, remember: Option<usize>) {
        let width = self.columns.len();
        let mut last_ragged = self.ragged.len();
        loop {
            let last = self.lines.last().copied();
            match last_ragged.checked_sub(1) {
                Some(place) if last.is_none_or(|line| line < self.ragged[place].line) => {
                    if !self.ragged[place].is_totals {
                        break;
                    }
                    self.ragged[place].code = "W704";
                    last_ragged = place;
                }
                _ => {
                    let (Some(line), Some(row)) = (last, self.lines.len().checked_sub(1)) else { break };
                    if !is_totals(self.columns.iter().map(|column| column.cell(row)), width) {
                        break;
                    }
                    let remembered = remember.map(|place| self.columns[place].cell(row).to_vec()).unwrap_or_default();
                    self.columns.iter_mut().for_each(RawColumn::pop);
                    self.lines.pop();
                    let ragged = Ragged { line, code: "W704", fields: width, remembered, has_decimal_commas: false, is_totals: true };
                    self.ragged.insert(last_ragged, ragged);
                }
            }
        }
    }
}

/// W704: how a row of totals begins.
const TOTALS: [&str; 7] = ["totaal", "totalen", "eindtotaal", "subtotaal", "total", "grandtotal", "gemiddelde"];

/// A word for a total, and behind it nothing but numbers and empty cells.
fn is_totals<'c>(cells: impl Iterator<Item = &'c [u8]>, width: usize) -> bool {
    let mut filled = cells.filter(|cell| !cell.is_empty());
    let Some(first) = filled.next().filter(|first| first.len() < TOTALS_WORD_MAXIMUM) else { return false };
    let first = canonical(&clean_text(first));
    let is_number = |cell: &[u8]| cell.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    let mut numbers = 0;
    TOTALS.iter().any(|word| first.starts_with(word)) && filled.inspect(|_| numbers += 1).all(is_number) && numbers + 1 < width
}

/// Longest cell that is looked at for a word.
const TOTALS_WORD_MAXIMUM: usize = 60;

/// Largest text a column can hold: Arrow's 32-bit offsets.
pub(crate) const TEXT_BYTES_MAXIMUM: usize = i32::MAX as usize;

/// How the rows of a text are written.
pub(crate) struct RowFormat<'a> {
    pub(crate) delimiter: u8,
    /// Physical line of the first row.
    pub(crate) line: u32,
    pub(crate) header: &'a [String],
    /// Column whose cell is kept of rows that are in no column.
    pub(crate) remember: Option<usize>,
    /// Columns of numbers with decimals.
    pub(crate) decimals: &'a [usize],
    /// Some rows are no UTF-8 (E104).
    pub(crate) has_undecodable: bool,
    /// There are NULs (E103).
    pub(crate) has_nul: bool,
}

/// Cuts the body of a file, which is shorter than [`TEXT_BYTES_MAXIMUM`].
pub(crate) fn cut(body: &[u8], layout: &RowFormat<'_>) -> RawTable {
    let width = layout.header.len();
    let mut table = sized(body, width);
    let mut records = Records::new(body, layout.delimiter);
    records.line = layout.line;
    let mut record = Record::default();
    let mut scratch = Vec::new();
    // A row that another delimiter would cut: where it starts, its line, and that delimiter.
    let mut other: Option<(usize, u32, u8)> = None;
    loop {
        let start = records.at;
        table.stop = match records.read(&mut record) {
            Step::Record => None,
            Step::End => break,
            Step::Unclosed(line) => Some(Stop::Unclosed(line)),
            Step::TooLong(line) => Some(Stop::TooLong(line)),
        };
        if table.stop.is_some() {
            table.unread = unread(&body[start..]);
            break;
        }
        if record.fields.iter().all(|cell| is_blank(cell)) {
            table.blank += 1;
            continue;
        }
        let before = other.take();
        if let Some(row) = ragged(&record, layout) {
            if matches!(row.code, "E113" | "E114")
                && let Some(delimiter) = other_delimiter(record.bytes, layout.delimiter, width)
            {
                if let Some((start, line, _)) = before.filter(|(.., before)| *before == delimiter) {
                    // The row before is of the other kind too: it is among those that are not read.
                    table.ragged.pop();
                    table.stop = Some(Stop::OtherDelimiter(line, delimiter));
                    table.unread = unread(&body[start..]);
                    break;
                }
                other = Some((start, record.line, delimiter));
            }
            table.ragged.push(row);
            continue;
        }
        table.surplus_empty += u64::from(record.fields.len() > width);
        if is_header(&record, layout.header) {
            table.repeated_header += 1;
            continue;
        }
        let all_plain = is_plain(record.bytes);
        for (column, cell) in table.columns.iter_mut().zip(&record.fields) {
            let cell = if all_plain || is_plain(cell) {
                cell.as_ref()
            } else {
                let is_other = clean(cell, &mut scratch);
                table.cleaned += u64::from(is_other && !has_line_end(cell));
                scratch.as_slice()
            };
            column.push(cell);
        }
        table.broken += record.broken;
        table.lines.push(record.line);
    }
    table.line_ends = records.line_ends;
    table.take_totals(layout.remember);
    table
}

/// An empty table with room for the rows of a text. A row has as many bytes as columns at least, so the room is bounded.
fn sized(body: &[u8], width: usize) -> RawTable {
    let rows = body.iter().filter(|byte| **byte == b'\n').count().min(body.len() / width.max(1)) + 1;
    let column = || RawColumn::sized(rows, body.len() / width.max(1));
    RawTable { columns: (0..width).map(|_| column()).collect(), lines: Vec::with_capacity(rows), ..RawTable::default() }
}

/// Lines with anything on them.
fn unread(text: &[u8]) -> u64 {
    lines(text).filter(|line| !line.trim_ascii().is_empty()).count() as u64
}

fn is_blank(cell: &[u8]) -> bool {
    cell.trim_ascii().is_empty()
}

/// A record that cannot be a row. Surplus fields that are all empty come from a delimiter at the end of the line (N811), unless
/// the decimals of a number were shifted into the last column.
fn ragged(record: &Record<'_>, layout: &RowFormat<'_>) -> Option<Ragged> {
    let (width, fields) = (layout.header.len(), record.fields.len());
    let has_decimal_commas = fields > width && layout.delimiter == b',' && are_decimal_commas(&record.fields, width, layout.decimals);
    let code = if layout.has_nul && record.bytes.contains(&0) {
        "E103"
    } else if layout.has_undecodable && std::str::from_utf8(record.bytes).is_err() {
        "E104"
    } else if record.too_long {
        "E108"
    } else if fields < width {
        "E113"
    } else if has_decimal_commas || record.fields[width..].iter().any(|cell| !is_blank(cell)) {
        "E114"
    } else {
        return None;
    };
    let cell = layout.remember.and_then(|place| record.fields.get(place)).filter(|cell| cell.len() <= REMEMBERED_MAXIMUM);
    Some(Ragged {
        line: record.line,
        code,
        fields,
        remembered: cell.map(|cell| cleaned(cell).into_owned()).unwrap_or_default(),
        has_decimal_commas,
        is_totals: matches!(code, "E113" | "E114") && is_totals(record.fields.iter().map(|cell| cell.trim_ascii()), width),
    })
}

/// Longest cell that is remembered of a row in no column; a longer one is no key.
const REMEMBERED_MAXIMUM: usize = 1 << 10;

/// The delimiter that cuts a row into as many fields as there should be; the row has its delimiters once that many columns.
fn other_delimiter(row: &[u8], delimiter: u8, width: usize) -> Option<u8> {
    let mut record = Record::default();
    let fits = |other: &u8| {
        let mut records = Records::new(row, *other);
        *other != delimiter && row.contains(other) && records.read(&mut record) == Step::Record && record.fields.len() == width
    };
    if width < OTHER_DELIMITER_WIDTH { None } else { DELIMITERS.into_iter().find(fits) }
}

/// E106: fewest columns by which a delimiter is recognised; two fields are easily made by one comma in a text.
const OTHER_DELIMITER_WIDTH: usize = 3;

/// True when the row has its right number of fields once digits around a comma are taken together in columns of decimals.
fn are_decimal_commas(fields: &[Cow<'_, [u8]>], width: usize, decimals: &[usize]) -> bool {
    let is_whole = |cell: &[u8]| !cell.is_empty() && cell.iter().all(u8::is_ascii_digit);
    let mut at = 0;
    for column in 0..width {
        let pair = fields.get(at).zip(fields.get(at + 1));
        let is_decimal = decimals.contains(&column) && pair.is_some_and(|(left, right)| is_whole(left.strip_prefix(b"-").unwrap_or(left)) && is_whole(right));
        at += 1 + usize::from(is_decimal);
    }
    at == fields.len()
}

fn is_header(record: &Record<'_>, header: &[String]) -> bool {
    let same = |(cell, header): (&Cow<'_, [u8]>, &String)| cleaned(cell).eq_ignore_ascii_case(header.as_bytes());
    record.fields.iter().zip(header).next().is_some_and(same) && record.fields.iter().zip(header).all(same)
}

/// True when a cell is its text and nothing else, as most are.
#[inline]
fn is_plain(cell: &[u8]) -> bool {
    cell.iter().fold(true, |plain, byte| plain & (*byte > b' ') & (*byte < 0x80))
}

/// N806: the text of a cell without white space around it, with single spaces in it and without signs that have no width.
/// True when that is not the cell itself.
fn clean(cell: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    let Ok(text) = std::str::from_utf8(cell) else {
        out.extend_from_slice(cell.trim_ascii());
        return out.len() < cell.len();
    };
    let mut letter_bytes = [0; 4];
    let mut space_before = true;
    for letter in text.chars().filter(|letter| !is_invisible(*letter)) {
        let is_space = letter.is_whitespace();
        match (is_space, space_before) {
            (true, true) => {}
            (true, false) => out.push(b' '),
            (false, _) => out.extend_from_slice(letter.encode_utf8(&mut letter_bytes).as_bytes()),
        }
        space_before = is_space;
    }
    if out.last() == Some(&b' ') {
        out.pop();
    }
    out.as_slice() != cell
}

fn has_line_end(cell: &[u8]) -> bool {
    cell.iter().any(|byte| matches!(byte, b'\n' | b'\r'))
}

/// Soft hyphen, zero-width signs and marks of direction.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

fn cleaned(cell: &[u8]) -> Cow<'_, [u8]> {
    if is_plain(cell) {
        return Cow::Borrowed(cell);
    }
    let mut out = Vec::new();
    clean(cell, &mut out);
    Cow::Owned(out)
}

/// A cell as text. What is no UTF-8 in a header was written in windows-1252.
pub(crate) fn clean_text(cell: &[u8]) -> String {
    let mut out = Vec::new();
    clean(cell, &mut out);
    String::from_utf8(out).unwrap_or_else(|error| WINDOWS_1252.decode_without_bom_handling(error.as_bytes()).0.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(header: &[String]) -> RowFormat<'_> {
        RowFormat { delimiter: b';', line: 2, header, remember: Some(0), decimals: &[], has_undecodable: false, has_nul: false }
    }

    fn headers(count: usize) -> Vec<String> {
        ["a", "b", "c", "d", "e", "f"][..count].iter().map(|header| (*header).to_owned()).collect()
    }

    fn cut_text(text: &str) -> RawTable {
        cut(text.as_bytes(), &layout(&headers(2)))
    }

    fn ragged_rows(table: &RawTable) -> Vec<(u32, &str)> {
        table.ragged.iter().map(|row| (row.line, row.code)).collect()
    }

    #[test]
    fn rows_keep_their_physical_lines() {
        let table = cut_text("1;x\r\n\r\n2;\"y\nz\"\r\nA;B\r\n3; w \r\n;\r\n\r\n4;v\r5;u\n");
        assert_eq!(table.lines, [2, 4, 7, 10, 11]);
        assert_eq!((table.blank, table.repeated_header, table.cleaned, table.broken), (3, 1, 1, 1));
        assert_eq!((table.rows(), table.line_ends), (9, [7, 1, 1]));
        assert_eq!(table.columns[1].cells().collect::<Vec<_>>(), [&b"x"[..], b"y z", b"w", b"v", b"u"]);
    }

    #[test]
    fn ragged_rows_stay_out_of_the_columns() {
        let table = cut_text("1\n2;x;\n3;x;y\n4;z\n");
        assert_eq!(ragged_rows(&table), [(2, "E113"), (4, "E114")]);
        assert_eq!((table.lines.as_slice(), table.surplus_empty), (&[3, 5][..], 1));
    }

    #[test]
    fn nothing_is_read_behind_a_stop() {
        let table = cut_text("1;x\n2;\"y\n3;z\n\n4;w\n");
        assert_eq!((table.stop, table.unread, table.lines.as_slice()), (Some(Stop::Unclosed(3)), 3, &[2][..]));
        assert_eq!(cut_text("1;\"x \"\"q\"\"\"\n2;y\n").stop, None);
        let long = format!("1;x\n2;{}\n", "y".repeat(2 << 20));
        assert_eq!((cut_text(&long).stop, cut_text(&long).unread), (Some(Stop::TooLong(3)), 1));
        assert_eq!(ragged_rows(&cut_text(&format!("1;{}\n", "y".repeat(100_000)))), [(2, "E108")]);
    }

    #[test]
    fn another_delimiter_stops_at_its_first_row_and_needs_two() {
        let header = headers(3);
        let of = |text: &str| cut(text.as_bytes(), &layout(&header));
        let table = of("1;x;y\na,b,c\n2,x,y\n3,x,y\n");
        assert_eq!((table.stop, table.unread, table.ragged.len(), table.rows()), (Some(Stop::OtherDelimiter(3, b',')), 3, 0, 1));
        let table = of("1;x;y\n2,x,y\n3;x;y\n4,x,y\n");
        assert_eq!((table.stop, ragged_rows(&table)), (None, vec![(3, "E113"), (5, "E113")]));
    }

    #[test]
    fn nul_and_other_encodings_spoil_their_row_only() {
        let header = headers(2);
        let table = cut(b"1;x\n2;\0\n3;\xe9\n4;y\n", &RowFormat { has_nul: true, has_undecodable: true, ..layout(&header) });
        assert_eq!((ragged_rows(&table), table.lines.as_slice()), (vec![(3, "E103"), (4, "E104")], &[2, 5][..]));
    }

    #[test]
    fn totals_at_the_end_are_put_apart() {
        let header = headers(4);
        let of = |text: &str| cut(text.as_bytes(), &layout(&header));
        let table = of("1;x;y;z\n2;x;y;z\nTotaal:;;;12\n\nGemiddelde;6\n");
        assert_eq!((ragged_rows(&table), table.lines.as_slice()), (vec![(4, "W704"), (6, "W704")], &[2, 3][..]));
        assert_eq!(table.columns[3].cells().count(), 2);
        let table = of("Totaal;;;12\n1;x;y;z\n");
        assert_eq!(table.lines, [2, 3]);
        let table = of("1;x;y;z\ntotaal;x;y;z\n");
        assert_eq!(table.lines, [2, 3], "a row that is filled is a row");
        assert_eq!(ragged_rows(&of("1;x;y;z\n;Totaal;2,5;8\n")), [(3, "W704")]);
        assert_eq!(ragged_rows(&of("1;x;y;z\nTotaal;2\n3;x;y;z\n")), [(3, "E113")]);
    }

    #[test]
    fn decimal_commas_explain_a_surplus() {
        let header = headers(6);
        let of = |text: &str| {
            let table = cut(text.as_bytes(), &RowFormat { delimiter: b',', decimals: &[4, 5], ..layout(&header) });
            table.ragged.iter().map(|row| row.has_decimal_commas).collect::<Vec<_>>()
        };
        assert_eq!(of("T1,x,y,z,4,5,\nT1,x,y,z,,8,5\nT1,x,y,z,4,5,8,5\nT1,x,y,z,w,4,5\nT1,2,3,x,y,z,w\n"), [true, true, true, true, false]);
    }

    #[test]
    fn cells_are_cleaned_of_what_is_not_seen() {
        for (cell, expected) in [
            (" 0 t/m  4 jaar ", "0 t/m 4 jaar"), ("\u{a0}m\u{a0}", "m"), ("voor\u{ad}tijdig\u{200b}", "voortijdig"), ("a\tb", "a b"),
            ("te zwaar", "te zwaar"), ("é", "é"),
        ] {
            let mut out = Vec::new();
            assert_eq!(clean(cell.as_bytes(), &mut out), cell != expected);
            assert_eq!(out, expected.as_bytes());
        }
        assert_eq!(clean_text(b"cli\xebnt "), "cliënt");
    }

    #[test]
    fn whatever_is_cut_no_line_is_lost() {
        let header = headers(3);
        for text in crate::records::tests::random_texts(20_000) {
            let table = cut(&text, &RowFormat { has_nul: true, has_undecodable: true, ..layout(&header) });
            let told = table.rows() + table.unread + table.broken;
            assert!(told > 0 || text.trim_ascii().is_empty(), "{:?}", String::from_utf8_lossy(&text));
            assert!(table.columns.iter().all(|column| column.offsets.len() == table.lines.len() + 1));
            let valid = |cell: &[u8]| std::str::from_utf8(cell).is_ok() && !cell.contains(&0);
            assert!(table.columns.iter().all(|column| column.cells().all(valid)), "{:?}", String::from_utf8_lossy(&text));
        }
    }
}
