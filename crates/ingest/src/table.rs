//! One table of a submission on its way: from a file to typed rows with a fate each.

use std::collections::BTreeSet;

use spiegel_model::{ColumnType, DeliveredColumn, TableCount, TableSchema};

use crate::container::SourceFile;
use crate::dialect::{self, Dialect, HeaderIndex, NoDialect, delimiter_name};
use crate::encoding::{self, Encoding, Text, Undecodable};
use crate::findings::{Findings, Place, quoted};
use crate::header;
use crate::privacy;
use crate::records;
use crate::rows::{self, RowFormat, RawTable, Stop, TEXT_BYTES_MAXIMUM};
use crate::sender;
use crate::spelling::column_letter;
use crate::values::TypedColumn;

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Used,
    Quarantined,
    Duplicate,
}

/// A table of the submission.
pub(crate) struct Table<'a> {
    pub(crate) schema: &'a TableSchema,
    pub(crate) file: String,
    pub(crate) headers: Vec<String>,
    /// Row of the header; None when none was found.
    pub(crate) header_row: Option<u32>,
    /// For every column of the schema its place in the file.
    pub(crate) places: Vec<Option<usize>>,
    pub(crate) raw: RawTable,
    /// One per column of the schema, after typing.
    pub(crate) typed: Vec<TypedColumn>,
    /// Per column, the rows whose value was there but wrong; ascending.
    pub(crate) faulted: Vec<Vec<u32>>,
    pub(crate) fates: Vec<Fate>,
    /// Quarantined rows with the code that put them there first; ascending after sorting.
    pub(crate) quarantined: Vec<(u32, String)>,
    pub(crate) emptied: u64,
    /// Rows of a file whose header could not be read.
    pub(crate) unread_rows: u64,
    /// AGB codes in a column of the provider, when the file has one.
    pub(crate) senders: BTreeSet<String>,
    /// Cells that are known to be wrong before they are typed.
    pub(crate) cell_faults: Vec<CellFault>,
    /// Workbook and sheet that it was read from, when it was.
    pub(crate) workbook: Option<(String, String)>,
}

/// A cell that cannot be used whatever its column makes of it.
pub(crate) struct CellFault {
    /// Column of the schema.
    pub(crate) column: usize,
    pub(crate) row: u32,
    pub(crate) code: &'static str,
}

impl Table<'_> {
    /// True when all of its file was read: what another table refers to can be looked for.
    pub(crate) fn is_whole(&self) -> bool {
        !self.headers.is_empty() && self.unread_rows == 0
    }

    /// Number of rows in columns.
    pub(crate) fn len(&self) -> usize {
        self.raw.lines.len()
    }

    /// Place of a column in the schema.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.schema.columns.iter().position(|column| column.name == name)
    }

    /// True when the provider filled a cell, with a right or a wrong value.
    pub(crate) fn is_filled(&self, row: usize, column: usize) -> bool {
        self.typed[column].valid[row] || self.faulted[column].binary_search(&(row as u32)).is_ok()
    }

    /// Where a cell is, for a finding.
    pub(crate) fn at(&self, row: u32, column: usize) -> Place<'_> {
        Place { row: Some(u64::from(self.raw.lines[row as usize])), key: self.key(row), ..self.at_column(column) }
    }

    /// The provider's own key of a row; for a row of a child, that of its parent.
    fn key(&self, row: u32) -> &str {
        let name = self.schema.key.first().or(self.schema.parent.as_ref().map(|parent| &parent.column));
        let cell = name.and_then(|name| self.column(name)).and_then(|column| self.original(row, column));
        cell.and_then(|cell| std::str::from_utf8(cell).ok()).unwrap_or_default()
    }

    /// Where a column is, for a finding.
    pub(crate) fn at_column(&self, column: usize) -> Place<'_> {
        let column = self.places[column].map(|place| (place, self.headers[place].as_str()));
        Place { column, ..Place::file(&self.file) }
    }

    /// The provider's own value of a cell, for a message.
    pub(crate) fn value(&self, row: u32, column: usize) -> String {
        self.original(row, column).map(quoted).unwrap_or_default()
    }

    /// The provider's own value of a cell.
    pub(crate) fn original(&self, row: u32, column: usize) -> Option<&[u8]> {
        let cells = &self.raw.columns[self.places[column]?];
        (cells.offsets.len() > row as usize + 1).then(|| cells.cell(row as usize))
    }

    /// Puts a row in quarantine; its first code is kept with it.
    pub(crate) fn quarantine(&mut self, row: u32, code: &str) {
        let fate = &mut self.fates[row as usize];
        if *fate == Fate::Used {
            *fate = Fate::Quarantined;
            self.quarantined.push((row, code.to_owned()));
        }
    }

    /// Rows by what becomes of them.
    pub(crate) fn count(&self, refused: bool) -> TableCount {
        let fated = |wanted: Fate| self.fates.iter().filter(|fate| **fate == wanted).count() as u64;
        let (file, sheet) = self.workbook.clone().unwrap_or_else(|| (self.file.clone(), String::new()));
        let mut count = TableCount {
            table: self.schema.table.clone(),
            file,
            rows: self.raw.rows() + self.unread_rows,
            used: fated(Fate::Used),
            quarantined: fated(Fate::Quarantined) + self.raw.ragged.len() as u64,
            refused: self.unread_rows,
            blank: self.raw.blank,
            repeated_header: self.raw.repeated_header,
            duplicate: fated(Fate::Duplicate),
            emptied: self.emptied,
            sheet,
            columns: Vec::new(),
        };
        if refused {
            count.refused += count.used + count.quarantined;
            (count.used, count.quarantined, count.emptied) = (0, 0, 0);
        } else {
            count.columns = self.delivered_columns();
        }
        count
    }

    /// Which column of the file is which.
    fn delivered_columns(&self) -> Vec<DeliveredColumn> {
        let placed = self.schema.columns.iter().zip(&self.places).filter_map(|(column, place)| place.map(|place| (column, place)));
        placed
            .map(|(column, place)| DeliveredColumn {
                name: column.name.clone(),
                letter: column_letter(place),
                header: self.headers.get(place).cloned().unwrap_or_default(),
            })
            .collect()
    }
}

/// Reads one file as this table, up to its columns of text. None when it has no header that we know.
pub(crate) fn read<'a>(file: &SourceFile, schema: &'a TableSchema, index: &HeaderIndex, findings: &mut Findings<'_>, normalised: &mut Vec<String>) -> Table<'a> {
    let name = file.name.as_str();
    let at = Place::file(name);
    let mut table = Table {
        schema,
        file: file.name.clone(),
        headers: Vec::new(),
        header_row: None,
        places: vec![None; schema.columns.len()],
        raw: RawTable::default(),
        typed: Vec::new(),
        faulted: Vec::new(),
        fates: Vec::new(),
        quarantined: Vec::new(),
        emptied: 0,
        unread_rows: 0,
        senders: BTreeSet::new(),
        cell_faults: Vec::new(),
        workbook: None,
    };
    let text = match encoding::decode(&file.bytes) {
        Ok(text) => text,
        Err(reason) => {
            _ = match reason {
                Undecodable::Unknown => findings.raise("E101", at, &[]),
                Undecodable::Obsolete(encoding) => findings.raise("E102", at, &[("value", encoding)]),
                Undecodable::LineTooLong(line) => findings.raise_refusing("E108", Place::row(name, line), &[("value", LINE_TOO_LONG)]),
            };
            return table;
        }
    };
    if text.bytes.trim_ascii().is_empty() {
        findings.raise("E008", at, &[]);
        return table;
    }
    if text.bytes.len() > TEXT_BYTES_MAXIMUM {
        findings.raise("E019", at, &[]);
        return table;
    }
    raise_encoding(&text, name, findings);
    let dialect = match dialect::detect(&text.bytes, schema, index) {
        Ok(dialect) => dialect,
        Err(reason) => {
            raise_no_dialect(reason, schema, name, findings);
            table.unread_rows = (records::lines(&text.bytes).filter(|line| !line.trim_ascii().is_empty()).count() as u64).saturating_sub(1);
            return table;
        }
    };
    if !findings.is_sheet(name) {
        normalised.push(format!("{name}: {}{}, scheidingsteken {}", text.encoding.name(), if text.is_marked { " met byte-order mark" } else { "" }, dialect.dutch()));
    }
    table.header_row = Some(dialect.body_line.saturating_sub(1));
    if dialect.declares_separator {
        findings.raise("N807", at, &[]);
    }
    let above = dialect.preamble - u32::from(dialect.declares_separator);
    if above > 0 {
        findings.raise("N808", at, &[("count", &above.to_string())]);
        normalised.push(format!("{name}: regels boven de kolomnamen overgeslagen: {above}"));
    }
    let mut mapping = header::map(&dialect, schema, index, name, findings);
    normalised.extend(mapping.normalised.iter().cloned());
    let key = schema.key.first().and_then(|key| schema.columns.iter().position(|column| column.name == *key));
    let decimals = schema.columns.iter().zip(&mapping.places).filter(|(column, _)| column.kind == ColumnType::Decimal);
    let layout = RowFormat {
        delimiter: dialect.delimiter,
        line: dialect.body_line,
        header: &dialect.cells,
        remember: key.and_then(|column| mapping.places[column]),
        decimals: &decimals.filter_map(|(_, place)| *place).collect::<Vec<_>>(),
        has_undecodable: text.undecodable_lines > 0,
        has_nul: text.has_nul,
    };
    table.raw = rows::cut(&text.bytes[dialect.body..], &layout);
    table.unread_rows = table.raw.unread;
    privacy::check(&table.raw, &dialect.cells, &mut mapping, schema, name, findings);
    header::settle_columns(&mut mapping, &table.raw, &dialect, schema, name, findings);
    table.senders = sender::codes(&table.raw, &dialect.cells, &mapping);
    // What is not in the schema ends here.
    for place in &mapping.unknown {
        table.raw.columns[*place] = rows::RawColumn::default();
    }
    raise_shape(&table.raw, &dialect, schema, name, findings);
    table.fates = vec![Fate::Used; table.raw.lines.len()];
    table.places = mapping.places;
    table.headers = dialect.cells;
    raise_double_encoding(&table, findings);
    table
}

/// E108: what is too long.
const LINE_TOO_LONG: &str = "De regel is langer dan 1 MB";
const FIELD_TOO_LONG: &str = "Een waarde in de rij is langer dan 64 kB";
/// E103: from this share of the rows, NULs spoil the file.
const NUL_SHARE: f64 = 0.01;

/// What a file is written in. All that is told here is told of one file.
fn raise_encoding(text: &Text<'_>, name: &str, findings: &mut Findings<'_>) {
    let at = Place::file(name);
    for code in ["E101", "E102", "N802", "N803", "N804", "W701"] {
        findings.checked(code, 1);
    }
    match text.encoding {
        Encoding::Utf8 if text.is_marked => _ = findings.raise("N802", at, &[]),
        Encoding::Utf8 => {}
        Encoding::Windows1252 => _ = findings.raise("N803", at, &[]),
        wide => {
            let hint = if text.is_marked { "" } else { " Dat is aan de inhoud gezien, want de byte-order mark ontbreekt." };
            findings.raise("N804", at, &[("value", wide.name()), ("hint", hint)]);
        }
    }
    if text.undecodable_lines > 0 {
        findings.raise("W701", at, &[("count", &spiegel_model::count(text.undecodable_lines))]);
    }
}

fn raise_no_dialect(reason: NoDialect, schema: &TableSchema, name: &str, findings: &mut Findings<'_>) {
    match reason {
        NoDialect::NoHeader => {
            let required: Vec<&str> = schema.columns.iter().filter(|column| column.required).map(|column| column.header.as_str()).collect();
            findings.raise("E109", Place::file(name), &[("expected", &required.join(", "))]);
        }
        NoDialect::NoDelimiter(line, shown) => {
            let hint = if shown.is_empty() { shown } else { format!(" De regel luidt: {shown}") };
            findings.raise("E105", Place::row(name, line), &[("hint", &hint)]);
        }
        NoDialect::Unclosed(line) => _ = findings.raise("E107", Place::row(name, line), &[]),
        NoDialect::TooLong(line) => _ = findings.raise_refusing("E108", Place::row(name, line), &[("value", LINE_TOO_LONG)]),
    }
}

fn raise_shape(raw: &RawTable, dialect: &Dialect, schema: &TableSchema, name: &str, findings: &mut Findings<'_>) {
    let at = Place::file(name);
    match raw.stop {
        Some(Stop::Unclosed(line)) => _ = findings.raise("E107", Place::row(name, line), &[]),
        Some(Stop::TooLong(line)) => _ = findings.raise_refusing("E108", Place::row(name, line), &[("value", LINE_TOO_LONG)]),
        Some(Stop::OtherDelimiter(line, other)) => {
            findings.raise("E106", Place::row(name, line), &[("value", delimiter_name(other)), ("expected", dialect.dutch())]);
        }
        None => {}
    }
    let rows = raw.rows();
    let spoiled = raw.ragged.iter().filter(|row| row.code == "E103").count() as u64;
    let is_spoiled = spoiled as f64 > NUL_SHARE * rows as f64;
    if is_spoiled {
        let count = format!("{} van de {} rijen", spiegel_model::count(spoiled), spiegel_model::count(rows));
        findings.raise_refusing("E103", at, &[("count", &count)]);
    }
    let width = dialect.cells.len().to_string();
    for row in &raw.ragged {
        let place = Place { key: std::str::from_utf8(&row.remembered).unwrap_or_default(), ..Place::row(name, row.line) };
        _ = match row.code {
            "E103" if is_spoiled => continue,
            "E103" => findings.raise("E103", place, &[("count", "deze rij")]),
            "E108" => findings.raise("E108", place, &[("value", FIELD_TOO_LONG)]),
            "E113" | "E114" => {
                let hint = if row.has_decimal_commas { DECIMAL_COMMAS } else { "" };
                findings.raise(row.code, place, &[("value", &row.fields.to_string()), ("expected", &width), ("hint", hint)])
            }
            code => findings.raise(code, place, &[]),
        };
    }
    let counted = [("N813", raw.blank), ("N814", raw.repeated_header), ("N811", raw.surplus_empty), ("N806", raw.cleaned), ("N809", raw.broken)];
    for (code, count) in counted.into_iter().filter(|(_, count)| *count > 0) {
        findings.raise(code, at, &[("count", &spiegel_model::count(count))]);
    }
    let mut line_ends = dialect.line_ends;
    line_ends.iter_mut().zip(raw.line_ends).for_each(|(sum, count)| *sum += count);
    if let Some(kinds) = dialect::mixed_line_ends(line_ends) {
        findings.raise("N805", at, &[("value", &kinds)]);
    }
    let empty_code = if schema.required { "E115" } else { "W706" };
    if raw.lines.is_empty() && raw.ragged.is_empty() && raw.stop.is_none() {
        findings.raise(empty_code, at, &[]);
    }
    for code in ["E103", "E104", "E106", "E108", "E113", "E114", "W704"] {
        findings.checked(code, rows);
    }
    for code in ["E105", "E107", "E109", "N805", "N806", "N807", "N808", "N809", "N811", "N813", "N814", empty_code] {
        findings.checked(code, 1);
    }
}

/// E114: why there are too many fields.
const DECIMAL_COMMAS: &str = " Waarschijnlijk staat er een getal met komma zonder aanhalingstekens.";

/// W702: text that was encoded twice, once for every column.
fn raise_double_encoding(table: &Table<'_>, findings: &mut Findings<'_>) {
    for (column, place) in table.places.iter().enumerate() {
        let Some(cells) = place.map(|place| &table.raw.columns[place]) else { continue };
        findings.checked("W702", 1);
        if cells.bytes.is_ascii() {
            continue;
        }
        let mut doubled = cells.cells().filter_map(|cell| encoding::repaired(cell).map(|meant| (cell, meant)));
        if let Some((cell, meant)) = doubled.next() {
            let count = spiegel_model::count(1 + doubled.count() as u64);
            let slots = [("count", count.as_str()), ("value", &quoted(cell)), ("expected", &quoted(meant.as_bytes()))];
            findings.raise("W702", table.at_column(column), &slots);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use spiegel_model::{ColumnSchema, ColumnType, Outside};

    pub(crate) fn column(name: &str, kind: ColumnType) -> ColumnSchema {
        ColumnSchema {
            name: name.to_owned(),
            header: name.to_owned(),
            synonyms: Vec::new(),
            kind,
            required: false,
            required_without: None,
            essential: false,
            codes: Vec::new(),
            minimum: None,
            maximum: None,
            range_code: None,
            range_quarantines: false,
            unit: None,
            maximum_length: None,
            missing: Vec::new(),
            pseudonymise: false,
            provider_code: false,
            privacy: None,
            description: String::new(),
            example: String::new(),
            outside: Outside::Same,
        }
    }

    /// A small table, for the tests of dialects and headers.
    pub(crate) fn table() -> TableSchema {
        let named = |name: &str, header: &str, kind| ColumnSchema { header: header.to_owned(), ..column(name, kind) };
        TableSchema {
            name: "trajecten".to_owned(),
            synonyms: Vec::new(),
            table: "trajectory".to_owned(),
            required: true,
            description: String::new(),
            key: vec!["trajectory_id".to_owned()],
            provider: None,
            period: None,
            parent: None,
            columns: vec![
                ColumnSchema { required: true, ..named("trajectory_id", "traject_id", ColumnType::Text) },
                ColumnSchema { required: true, ..named("start_date", "startdatum", ColumnType::Date) },
                ColumnSchema { codes: vec!["m".to_owned(), "v".to_owned()], ..named("sex", "geslacht", ColumnType::Code) },
            ],
        }
    }
}
