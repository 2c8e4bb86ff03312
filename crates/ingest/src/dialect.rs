//! Delimiter and header by matching the headers we know, not by counting (submission.md 4.2).

use std::collections::BTreeMap;

use spiegel_model::{ColumnSchema, Outside, TableSchema};

use crate::spelling::canonical;

/// In order of preference; a tie between two is no match.
const DELIMITERS: [u8; 4] = [b';', b',', b'\t', b'|'];
/// N808: a header lies within the first lines.
const HEADER_LINES: usize = 20;

/// All spellings of a table's headers.
pub(crate) struct HeaderIndex(BTreeMap<String, usize>);

impl HeaderIndex {
    pub(crate) fn new(table: &TableSchema) -> Self {
        let spellings = |column: &ColumnSchema| -> Vec<String> { std::iter::once(&column.header).chain(&column.synonyms).map(|header| canonical(header)).collect() };
        let delivered = table.columns.iter().enumerate().filter(|(_, column)| column.outside != Outside::Absent);
        Self(delivered.flat_map(|(place, column)| spellings(column).into_iter().map(move |spelling| (spelling, place))).collect())
    }

    /// Place of the column in the schema.
    pub(crate) fn column(&self, header: &str) -> Option<usize> {
        self.0.get(&canonical(header)).copied()
    }

    fn score(&self, cells: &[String]) -> usize {
        let mut columns: Vec<usize> = cells.iter().filter_map(|cell| self.column(cell)).collect();
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
    /// First byte below the header.
    pub(crate) body: usize,
    /// Headers.
    pub(crate) cells: Vec<String>,
    /// How many columns were recognised.
    pub(crate) recognised: usize,
}

impl Dialect {
    pub(crate) fn dutch(&self) -> &'static str {
        match self.delimiter {
            b';' => "puntkomma",
            b',' => "komma",
            b'\t' => "tab",
            _ => "verticale streep",
        }
    }
}

/// Why no header was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoDialect {
    /// No line has a header that we know.
    NoHeader,
    /// Headers, but none of the delimiters cuts them.
    NoDelimiter,
}

/// Finds delimiter and header.
pub(crate) fn detect(text: &[u8], table: &TableSchema, index: &HeaderIndex) -> Result<Dialect, NoDialect> {
    let required = table.columns.iter().filter(|column| column.required).count().max(2);
    let mut best: Option<(usize, bool, Dialect)> = None;
    let mut start = 0;
    let mut declares_separator = false;
    for line in 0..HEADER_LINES {
        if start >= text.len() {
            break;
        }
        let end = text[start..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |place| start + place + 1);
        let content = &text[start..end];
        declares_separator |= line == 0 && content.len() < 9 && content.to_ascii_lowercase().starts_with(b"sep=");
        let mut candidates: Vec<(usize, u8, Vec<String>)> = DELIMITERS
            .iter()
            .map(|delimiter| {
                // A reader costs more than a look; most headers hold one delimiter only.
                let cells = if content.contains(delimiter) { cut(content, *delimiter) } else { vec![String::from_utf8_lossy(content).trim().to_owned()] };
                (index.score(&cells), *delimiter, cells)
            })
            .collect();
        candidates.sort_by_key(|(score, ..)| std::cmp::Reverse(*score));
        let tie = candidates[0].0 == candidates[1].0;
        let (score, delimiter, cells) = candidates.swap_remove(0);
        if best.as_ref().is_none_or(|(other, ..)| score > *other) {
            let dialect = Dialect { delimiter, preamble: line as u32, declares_separator, body: end, cells, recognised: score };
            best = Some((score, tie, dialect));
        }
        // The usual file has its header on the first line; the other lines need no look.
        if score >= required && !tie {
            break;
        }
        start = end;
    }
    match best {
        Some((score, false, dialect)) if score > 0 => Ok(dialect),
        // A table of one column has no delimiter to find; no table of ours is that narrow.
        Some((score, true, _)) if score > 0 => Err(NoDialect::NoDelimiter),
        _ => Err(NoDialect::NoHeader),
    }
}

fn cut(line: &[u8], delimiter: u8) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(line);
    let mut record = csv::ByteRecord::new();
    match reader.read_byte_record(&mut record) {
        Ok(true) => record.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect(),
        _ => Vec::new(),
    }
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
            assert_eq!((found.delimiter, found.body, found.preamble), (delimiter, plain.len(), 0));
            let above = format!("sep={mark}\nUitvoer, 12-01-2025; alles\n{plain}");
            let found = detect(above.as_bytes(), &schema, &index).unwrap();
            assert_eq!((found.delimiter, found.preamble, found.declares_separator), (delimiter, 2, true));
        }
        assert_eq!(detect(b"T1;2024-01-01;m\n", &schema, &index), Err(NoDialect::NoHeader));
        assert_eq!(detect(b"geslacht\nm\n", &schema, &index), Err(NoDialect::NoDelimiter));
    }
}
