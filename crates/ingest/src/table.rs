//! One table of a submission on its way: from a file to typed rows with a fate each.

use spiegel_model::{TableCount, TableSchema};

use crate::container::SourceFile;
use crate::dialect::{self, Dialect, HeaderIndex, NoDialect};
use crate::encoding::{self, Encoding};
use crate::findings::{Findings, Place, quoted};
use crate::header;
use crate::privacy;
use crate::rows::{self, RawTable};
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
    /// Cells that are known to be wrong before they are typed.
    pub(crate) cell_faults: Vec<CellFault>,
}

/// A cell that cannot be used whatever its column makes of it.
pub(crate) struct CellFault {
    /// Column of the schema.
    pub(crate) column: usize,
    pub(crate) row: u32,
    pub(crate) code: &'static str,
}

impl Table<'_> {
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
        let mut count = TableCount {
            table: self.schema.table.clone(),
            file: self.file.clone(),
            rows: self.raw.rows() + self.unread_rows,
            used: fated(Fate::Used),
            quarantined: fated(Fate::Quarantined) + self.raw.ragged.len() as u64,
            refused: self.unread_rows,
            blank: self.raw.blank,
            repeated_header: self.raw.repeated_header,
            duplicate: fated(Fate::Duplicate),
            emptied: self.emptied,
        };
        if refused {
            count.refused += count.used + count.quarantined;
            (count.used, count.quarantined, count.emptied) = (0, 0, 0);
        }
        count
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
        cell_faults: Vec::new(),
    };
    let text = encoding::decode(&file.bytes);
    if text.encoding == Encoding::Wide {
        findings.raise("E101", at, &[]);
        return table;
    }
    if text.bytes.trim_ascii().is_empty() {
        findings.raise("E008", at, &[]);
        return table;
    }
    match text.encoding {
        Encoding::Utf8WithMark => _ = findings.raise("N802", at, &[]),
        Encoding::Windows1252 => _ = findings.raise("N803", at, &[]),
        Encoding::Utf8 | Encoding::Wide => {}
    }
    let dialect = match dialect::detect(&text.bytes, schema, index) {
        Ok(dialect) => dialect,
        Err(reason) => {
            findings.raise(if reason == NoDialect::NoHeader { "E109" } else { "E105" }, at, &[]);
            table.unread_rows = (text.bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count() as u64).saturating_sub(1);
            return table;
        }
    };
    if !findings.is_sheet(name) {
        normalised.push(format!("{name}: {}, scheidingsteken {}", text.encoding.dutch(), dialect.dutch()));
    }
    table.header_row = Some(dialect.preamble + 1);
    if dialect.declares_separator {
        findings.raise("N807", at, &[]);
    }
    let above = dialect.preamble - u32::from(dialect.declares_separator);
    if above > 0 {
        findings.raise("N808", at, &[("count", &above.to_string())]);
        normalised.push(format!("{name}: {above} regels boven de kolomnamen overgeslagen"));
    }
    let mapping = header::map(&dialect, schema, index, name, findings);
    normalised.extend(mapping.normalised.iter().cloned());
    let key = schema.key.first().and_then(|key| schema.columns.iter().position(|column| column.name == *key));
    let remember = key.and_then(|column| mapping.places[column]);
    table.raw = rows::cut(&text.bytes[dialect.body..], dialect.delimiter, dialect.preamble + 1, &dialect.cells, remember);
    privacy::check(&table.raw, &dialect.cells, &mapping, schema, name, findings);
    // What is not in the schema ends here.
    for place in &mapping.unknown {
        table.raw.columns[*place] = rows::RawColumn::default();
    }
    raise_shape(&table.raw, &dialect, schema, name, findings);
    table.fates = vec![Fate::Used; table.raw.lines.len()];
    table.places = mapping.places;
    table.headers = dialect.cells;
    table
}

fn raise_shape(raw: &RawTable, dialect: &Dialect, schema: &TableSchema, name: &str, findings: &mut Findings<'_>) {
    let at = Place::file(name);
    if let Some(line) = raw.unclosed {
        findings.raise("E107", Place::row(name, line), &[]);
    }
    let width = dialect.cells.len().to_string();
    for row in &raw.ragged {
        let code = if row.fields < dialect.cells.len() { "E113" } else { "E114" };
        findings.raise(code, Place::row(name, row.line), &[("value", &row.fields.to_string()), ("expected", &width)]);
    }
    let counted = [("N813", raw.blank), ("N814", raw.repeated_header), ("N811", raw.surplus_empty), ("N806", raw.trimmed)];
    for (code, count) in counted.into_iter().filter(|(_, count)| *count > 0) {
        findings.raise(code, at, &[("count", &spiegel_model::count(count))]);
    }
    if raw.lines.is_empty() && raw.ragged.is_empty() {
        findings.raise(if schema.required { "E115" } else { "W706" }, at, &[]);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use spiegel_model::{ColumnSchema, ColumnType};

    pub(crate) fn column(name: &str, kind: ColumnType) -> ColumnSchema {
        ColumnSchema {
            name: name.to_owned(),
            header: name.to_owned(),
            synonyms: Vec::new(),
            kind,
            required: false,
            essential: false,
            codes: Vec::new(),
            minimum: None,
            maximum: None,
            range_code: None,
            range_quarantines: false,
            maximum_length: None,
            missing: Vec::new(),
            pseudonymise: false,
            privacy: None,
            description: String::new(),
            example: String::new(),
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
