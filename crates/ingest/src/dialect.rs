//! Delimiter and header by matching the headers we know, not by counting (submission.md 4.2).

use std::collections::BTreeMap;

use spiegel_model::{ColumnSchema, Outside, TableSchema};

use crate::encoding::repaired;
use crate::findings::quoted;
use crate::records::{LINE_BYTES_MAXIMUM, LINE_ENDS, LineEnd, Record, Records, Step, line_end, lines};
use crate::rows::clean_text;
use crate::spelling::canonical;

/// In order of preference; a tie between two is no match.
pub(crate) const DELIMITERS: [u8; 4] = [b';', b',', b'\t', b'|'];
/// N808: a header lies within the first lines.
const HEADER_LINES: u32 = 20;
/// Fewest known headers on a line that is a header; one word alone may be a value.
const KNOWN_MINIMUM: usize = 2;

/// All spellings of a table's headers.
pub(crate) struct HeaderIndex(BTreeMap<String, usize>);

impl HeaderIndex {
    pub(crate) fn new(table: &TableSchema) -> Self {
        let spellings = |column: &ColumnSchema| -> Vec<String> { std::iter::once(&column.header).chain(&column.synonyms).map(|header| canonical(header)).collect() };
        let delivered = table.columns.iter().enumerate().filter(|(_, column)| column.outside != Outside::Absent);
        Self(delivered.flat_map(|(place, column)| spellings(column).into_iter().map(move |spelling| (spelling, place))).collect())
    }

    /// Place of the column in the schema. A header that was encoded twice (W702) counts as what it meant.
    pub(crate) fn column(&self, header: &str) -> Option<usize> {
        let known = |header: &str| self.0.get(&canonical(header)).copied();
        known(header).or_else(|| known(&repaired(header.as_bytes())?))
    }

    fn score<'c>(&self, cells: impl IntoIterator<Item = &'c str>) -> usize {
        let mut columns: Vec<usize> = cells.into_iter().filter_map(|cell| self.column(cell)).collect();
        columns.sort_unstable();
        columns.dedup();
        columns.len()
    }
}

/// How a file is written and where its header is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    /// Lines above the header.
    pub(crate) preamble: u32,
    /// The first line is `sep=;`, as Excel writes it.
    pub(crate) declares_separator: bool,
    /// First byte below the header …
    pub(crate) body: usize,
    /// … and its line, from 1.
    pub(crate) body_line: u32,
    /// Ends of the lines down to the header, in the order of [`LINE_ENDS`].
    pub(crate) line_ends: [u64; LINE_ENDS.len()],
    /// Headers.
    pub(crate) cells: Vec<String>,
}

impl Dialect {
    pub(crate) fn dutch(&self) -> &'static str {
        delimiter_name(self.delimiter)
    }
}

pub(crate) fn delimiter_name(delimiter: u8) -> &'static str {
    match delimiter {
        b';' => "puntkomma",
        b',' => "komma",
        b'\t' => "tab",
        _ => "verticale streep",
    }
}

/// Why no header was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoDialect {
    /// No line has headers that we know.
    NoHeader,
    /// Headers on this line, but none of the delimiters cuts them; the line, when it holds no value.
    NoDelimiter(u32, String),
    /// A quote opens on this line and does not close.
    Unclosed(u32),
    /// This line is longer than any line of a table.
    TooLong(u32),
}

/// Finds delimiter and header.
pub(crate) fn detect(text: &[u8], table: &TableSchema, index: &HeaderIndex) -> Result<Dialect, NoDialect> {
    let required = table.columns.iter().filter(|column| column.required).count().max(KNOWN_MINIMUM);
    let mut best: Option<(usize, Dialect)> = None;
    let mut reason: Option<NoDialect> = None;
    let (mut start, mut declares_separator, mut line_ends) = (0, false, [0; LINE_ENDS.len()]);
    for preamble in 0..HEADER_LINES {
        let line = preamble + 1;
        let window = &text[start..text.len().min(start + LINE_BYTES_MAXIMUM + 1)];
        let Some(content) = lines(window).next() else { break };
        if content.len() > LINE_BYTES_MAXIMUM {
            reason.get_or_insert(NoDialect::TooLong(line));
            break;
        }
        declares_separator |= line == 1 && content.len() < 9 && content.to_ascii_lowercase().starts_with(b"sep=");
        let mut candidates = DELIMITERS.map(|delimiter| Candidate::read(window, content, delimiter, index));
        if candidates.iter().any(|candidate| candidate.is_unclosed) {
            reason.get_or_insert(NoDialect::Unclosed(line));
        }
        candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.score));
        let [candidate, second, ..] = candidates;
        let is_tie = candidate.score == second.score;
        if !is_tie && candidate.score >= KNOWN_MINIMUM && best.as_ref().is_none_or(|(score, _)| candidate.score > *score) {
            let mut line_ends = line_ends;
            line_ends.iter_mut().zip(candidate.line_ends).for_each(|(sum, count)| *sum += count);
            let body_line = line + candidate.lines;
            let Candidate { score, delimiter, cells, end, .. } = candidate;
            best = Some((score, Dialect { delimiter, preamble, declares_separator, body: start + end, body_line, line_ends, cells }));
            // The usual file has its header on the first line; the other lines need no look.
            if score >= required {
                break;
            }
        } else if let Some(shown) = headers_without_delimiter(content, index) {
            reason.get_or_insert(NoDialect::NoDelimiter(line, shown));
        }
        start += content.len();
        if let Some((end, next)) = line_end(text, start) {
            line_ends[end as usize] += 1;
            start = next;
        }
    }
    best.map(|(_, dialect)| dialect).ok_or(reason.unwrap_or(NoDialect::NoHeader))
}

/// A line as one delimiter cuts it.
struct Candidate {
    /// How many columns were recognised.
    score: usize,
    delimiter: u8,
    cells: Vec<String>,
    /// First byte below it.
    end: usize,
    /// Physical lines that it takes.
    lines: u32,
    line_ends: [u64; LINE_ENDS.len()],
    is_unclosed: bool,
}

impl Candidate {
    fn read(window: &[u8], content: &[u8], delimiter: u8, index: &HeaderIndex) -> Self {
        let mut candidate = Self { score: 0, delimiter, cells: Vec::new(), end: 0, lines: 0, line_ends: [0; LINE_ENDS.len()], is_unclosed: false };
        // A look costs less than cutting; most headers hold one delimiter only.
        if !content.contains(&delimiter) && !content.starts_with(b"\"") {
            return candidate;
        }
        let mut records = Records::new(window, delimiter);
        let mut record = Record::default();
        match records.read(&mut record) {
            Step::Record => {
                candidate.cells = record.fields.iter().map(|field| clean_text(field)).collect();
                candidate.score = index.score(candidate.cells.iter().map(String::as_str));
                (candidate.end, candidate.lines, candidate.line_ends) = (records.at, records.line - 1, records.line_ends);
            }
            Step::Unclosed(_) => candidate.is_unclosed = true,
            Step::TooLong(_) | Step::End => {}
        }
        candidate
    }
}

/// E105: a line whose words are mostly headers, cut by something else. It is shown when all its words are names: no digits.
fn headers_without_delimiter(content: &[u8], index: &HeaderIndex) -> Option<String> {
    let text = String::from_utf8_lossy(content);
    let words: Vec<&str> = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '-').filter(|word| !word.is_empty()).collect();
    let known = index.score(words.iter().copied());
    if known * 2 < words.len() || known < KNOWN_MINIMUM.min(words.len()) || words.is_empty() {
        return None;
    }
    let is_name = |word: &&str| index.column(word).is_some() || !word.contains(|letter: char| letter.is_numeric());
    Some(if words.iter().all(is_name) { quoted(content) } else { String::new() })
}

/// Kinds of line ends that occur, with their counts, when there are several (N805).
pub(crate) fn mixed_line_ends(counts: [u64; LINE_ENDS.len()]) -> Option<String> {
    let used: Vec<(LineEnd, u64)> = LINE_ENDS.into_iter().zip(counts).filter(|(_, count)| *count > 0).collect();
    let words = used.iter().map(|(end, count)| format!("{} × {}", spiegel_model::count(*count), end.name()));
    (used.len() > 1).then(|| words.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::table;

    #[test]
    fn every_delimiter_is_found_with_preamble_and_separator_line() {
        let schema = table();
        let index = HeaderIndex::new(&schema);
        for delimiter in DELIMITERS {
            let mark = char::from(delimiter);
            let plain = format!("traject_id{mark}Start-datum{mark}geslacht\n");
            let found = detect(plain.as_bytes(), &schema, &index).unwrap();
            assert_eq!((found.delimiter, found.body, found.preamble, found.body_line), (delimiter, plain.len(), 0, 2));
            let above = format!("sep={mark}\nUitvoer, 12-01-2025; alles\r\n{plain}");
            let found = detect(above.as_bytes(), &schema, &index).unwrap();
            assert_eq!((found.delimiter, found.preamble, found.declares_separator, found.body_line), (delimiter, 2, true, 4));
            assert_eq!(found.line_ends, [1, 2, 0]);
        }
    }

    #[test]
    fn a_header_may_have_a_line_end_in_it() {
        let schema = table();
        let text = "traject_id;\"start\ndatum\";geslacht\rT1;x;m\r";
        let found = detect(text.as_bytes(), &schema, &HeaderIndex::new(&schema)).unwrap();
        assert_eq!((found.cells[1].as_str(), found.body_line, &text[found.body..]), ("start datum", 3, "T1;x;m\r"));
    }

    #[test]
    fn what_is_no_header_is_told_apart() {
        let schema = table();
        let of = |text: &str| detect(text.as_bytes(), &schema, &HeaderIndex::new(&schema)).unwrap_err();
        assert_eq!(of("T1;2024-01-01;m\n"), NoDialect::NoHeader);
        assert_eq!(of("T1;geslacht;x;y\n"), NoDialect::NoHeader, "one known word is a value");
        assert_eq!(of("geslacht\nm\n"), NoDialect::NoDelimiter(1, "geslacht".to_owned()));
        assert_eq!(of("Uitvoer\ntraject_id:startdatum\n"), NoDialect::NoDelimiter(2, "traject_id:startdatum".to_owned()));
        assert_eq!(of("traject_id startdatum 2024-01-01\n"), NoDialect::NoDelimiter(1, String::new()));
        assert_eq!(of("\"traject_id;startdatum\nT1;2024-01-01\n"), NoDialect::Unclosed(1));
        assert_eq!(of(&format!("a\n{}", "x".repeat(LINE_BYTES_MAXIMUM + 1))), NoDialect::TooLong(2));
    }
}
