//! Excel workbooks (xlsx), read cell by cell. A sheet becomes the text that saving it as csv would give, every row on the line of
//! its own number, and goes the way of every other file; what only a workbook has is noted beside it and told afterwards.
//!
//! Nothing in a workbook is believed: every part is inflated with its bytes counted and looked at before it is parsed, a sheet is
//! surveyed before memory is taken for it, and formulas, links and macros are never followed.

mod book;
mod cell;
mod lexer;
mod package;
mod sheet;

use std::collections::BTreeSet;

use spiegel_model::{ColumnType, TableSchema};

use self::book::Book;
use self::package::Package;
use self::sheet::{CELLS_MAXIMUM, Kind, Merge, Note, TEXT_BYTES_MAXIMUM};
use crate::container::{self, SourceFile};
use crate::dialect::HeaderIndex;
use crate::findings::{Findings, Place};
use crate::numbers::{self, Shape};
use crate::privacy;
use crate::rows::RawColumn;
use crate::spelling::column_letter;
use crate::table::{CellFault, Table};

/// A sheet that holds a table.
pub(crate) struct Sheet {
    /// Its text, under the name by which findings know file and sheet.
    pub(crate) file: SourceFile,
    /// Table it holds.
    pub(crate) table: usize,
    pub(crate) aside: Aside,
}

/// What a sheet has beside its text.
pub(crate) struct Aside {
    workbook: String,
    name: String,
    notes: Vec<Note>,
    merges: Vec<Merge>,
    is_hidden: bool,
    hidden_rows: u64,
    is_filtered: bool,
    from_1904: bool,
}

/// A sheet with text, whatever it holds.
struct Filled {
    name: String,
    text: String,
    aside: Aside,
}

/// E014: what a message says about a sheet.
const TOO_LARGE: &str = "er zijn meer dan 2 miljoen cellen, of de gebruikte cellen beslaan meer dan 5 miljoen rijen maal kolommen";

/// Reads the sheets that hold tables; what cannot be read becomes a finding.
pub(crate) fn read(
    file: &SourceFile,
    tables: &[TableSchema],
    indexes: &[HeaderIndex],
    year: i32,
    findings: &mut Findings<'_>,
    normalised: &mut Vec<String>,
) -> Vec<Sheet> {
    let Some(mut package) = Package::open(file, findings) else { return Vec::new() };
    let at = Place::file(&file.name);
    let filled = match open(&mut package, &file.name, year, findings) {
        Ok(filled) => filled,
        Err((code, sheet)) => {
            findings.raise(code, Place { sheet: &sheet, ..at }, &[("value", TOO_LARGE), ("count", "")]);
            return Vec::new();
        }
    };
    drop(package);
    let mut found: Vec<(usize, Filled)> = Vec::new();
    let alone = filled.iter().filter(|sheet| !sheet.text.is_empty()).count() == 1;
    for sheet in filled {
        let by_name = |name: &str| tables.iter().position(|table| container::names_table(name, table));
        let place = by_name(&sheet.name);
        if sheet.text.is_empty() {
            normalised.push(format!("{}: blad \"{}\" is leeg", file.name, sheet.name));
            continue;
        }
        let place = place.or_else(|| by_name(file.stem()).filter(|_| alone)).or_else(|| {
            let place = only_table(&sheet.text, tables, indexes)?;
            findings.raise("N812", Place { sheet: &sheet.name, ..at }, &[("expected", &tables[place].name)]);
            Some(place)
        });
        match place {
            Some(place) => found.push((place, sheet)),
            None => normalised.push(format!("{}: blad \"{}\" is geen tabel van de aanlevering en is niet gelezen", file.name, sheet.name)),
        }
    }
    findings.checked("E116", found.len() as u64);
    if found.is_empty() {
        let names = tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>().join(", ");
        findings.raise("E011", at, &[("expected", &names)]);
    }
    for (place, table) in tables.iter().enumerate() {
        let names: Vec<String> = found.iter().filter(|(other, _)| *other == place).map(|(_, sheet)| format!("\"{}\"", sheet.name)).collect();
        if names.len() > 1 {
            findings.raise("E116", at, &[("value", &format!("de bladen {} bevatten allemaal {}", names.join(", "), table.name))]);
            found.retain(|(other, _)| *other != place);
        }
    }
    let mut sheets = Vec::new();
    for (place, sheet) in found {
        if let Some((row, other)) = second_table(&sheet.text, tables, indexes) {
            let value = format!("onder of naast de tabel {} begint op rij {row} de tabel {}", tables[place].name, tables[other].name);
            findings.raise("E116", Place { sheet: &sheet.name, row: Some(u64::from(row)), ..at }, &[("value", &value)]);
            continue;
        }
        let label = findings.name_sheet(&file.name, &sheet.name);
        normalised.push(format!("{label}: gelezen als {}", tables[place].name));
        sheets.push(Sheet { file: SourceFile { name: label, bytes: sheet.text.into_bytes() }, table: place, aside: sheet.aside });
    }
    sheets
}

/// All sheets as text. The error names the code and the sheet.
fn open(package: &mut Package<'_>, workbook: &str, year: i32, findings: &mut Findings<'_>) -> Result<Vec<Filled>, (&'static str, String)> {
    let mut book = Book::read(package).map_err(|code| (code, String::new()))?;
    // As with files whose names tell who a client is.
    for (number, part) in (1..).zip(&mut book.sheets) {
        if privacy::is_telling_name(&part.name, year) {
            part.name = format!("blad-{number}");
            findings.raise("E608", Place { sheet: &part.name, ..Place::file(workbook) }, &[]);
        }
    }
    findings.checked("E608", 1);
    if book.people > 0 {
        findings.raise("E608", Place::file(workbook), &[("count", &spiegel_model::count(book.people as u64))]);
    }
    findings.checked("N816", 1);
    if book.from_1904 {
        findings.raise("N816", Place::file(workbook), &[]);
    }
    let (mut cells, mut bytes, mut filled) = (0, 0, Vec::new());
    for part in &book.sheets {
        let name = part.name.as_str();
        let fault = |code| (code, name.to_owned());
        let survey = sheet::survey(package, &part.path, &book).map_err(fault)?;
        cells += survey.cells;
        let (text, notes) = sheet::text(package, &part.path, &book, &survey).map_err(fault)?;
        bytes += text.len();
        if cells > CELLS_MAXIMUM || bytes > TEXT_BYTES_MAXIMUM {
            return Err(fault("E014"));
        }
        let aside = Aside {
            workbook: workbook.to_owned(),
            name: name.to_owned(),
            notes,
            merges: survey.merges,
            is_hidden: part.hidden,
            hidden_rows: survey.hidden_rows,
            is_filtered: survey.is_filtered,
            from_1904: book.from_1904,
        };
        filled.push(Filled { name: name.to_owned(), text, aside });
    }
    Ok(filled)
}

/// Rows in which a header is looked for, to know which table a sheet holds.
const HEADER_ROWS: usize = 20;

/// The only table whose required columns are all in one of the first rows.
fn only_table(text: &str, tables: &[TableSchema], indexes: &[HeaderIndex]) -> Option<usize> {
    let mut found: BTreeSet<usize> = BTreeSet::new();
    for cells in records(text).take(HEADER_ROWS).map(|(_, cells)| cells) {
        found.extend((0..tables.len()).filter(|table| is_header(&cells, &tables[*table], &indexes[*table]).is_some()));
    }
    let best = found.pop_first()?;
    found.is_empty().then_some(best)
}

/// The row on which a second table begins, and which one it is: other headers than the first, below it or beside it.
fn second_table(text: &str, tables: &[TableSchema], indexes: &[HeaderIndex]) -> Option<(u32, usize)> {
    let mut first: Option<(usize, usize)> = None;
    for (row, cells) in records(text) {
        let mut start = 0;
        // Tables beside each other have an empty column between them.
        for block in cells.split(|cell| cell.is_empty()) {
            let known = block.first().is_some_and(|cell| indexes.iter().any(|index| index.column(cell).is_some()));
            let scored = (0..tables.len()).filter(|_| known).filter_map(|table| Some((is_header(block, &tables[table], &indexes[table])?, std::cmp::Reverse(table))));
            if let Some((_, std::cmp::Reverse(table))) = scored.max() {
                let place = (table, start);
                if *first.get_or_insert(place) != place {
                    return Some((row, table));
                }
            }
            start += block.len() + 1;
        }
    }
    None
}

/// How many columns of a table these cells name, when all required ones are among them.
fn is_header(cells: &[String], table: &TableSchema, index: &HeaderIndex) -> Option<usize> {
    let columns: BTreeSet<usize> = cells.iter().filter_map(|cell| index.column(cell)).collect();
    let complete = table.columns.iter().enumerate().all(|(place, column)| !column.required || columns.contains(&place));
    complete.then_some(columns.len())
}

/// Rows of a sheet that are not blank, with their numbers.
fn records(text: &str) -> impl Iterator<Item = (u32, Vec<String>)> {
    text.lines().zip(1u32..).filter(|(line, _)| !line.is_empty()).map(|(line, row)| {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(b';').from_reader(line.as_bytes());
        let mut record = csv::StringRecord::new();
        let is_read = reader.read_record(&mut record).unwrap_or(false);
        (row, record.iter().filter(|_| is_read).map(|cell| cell.trim().to_owned()).collect())
    })
}

/// Tells what only a workbook has, now that header and columns of the table are known.
pub(crate) fn settle(table: &mut Table<'_>, aside: &Aside, findings: &mut Findings<'_>) {
    let at = Place { sheet: &aside.name, ..Place::file(&aside.workbook) };
    table.workbook = Some((aside.workbook.clone(), aside.name.clone()));
    raise_hidden(aside, at, findings);
    let Some(header) = table.header_row else { return };
    let (last_row, width) = (table.raw.lines.last().copied().unwrap_or(header), table.headers.len() as u32);
    findings.checked("E117", table.len() as u64);
    for merge in aside.merges.iter().filter(|merge| merge.rows.1 >= header && merge.rows.0 <= last_row && merge.columns.0 < width) {
        findings.raise("E117", Place { row: Some(u64::from(merge.rows.0)), ..at }, &[("value", &merge.name)]);
    }
    columns_without_header(table, findings);
    let mut columns = vec![Noted::default(); table.headers.len()];
    let mut row = 0;
    for note in aside.notes.iter().filter(|note| note.row > header) {
        while table.raw.lines.get(row).is_some_and(|line| *line < note.row) {
            row += 1;
        }
        if table.raw.lines.get(row) == Some(&note.row)
            && let Some(column) = columns.get_mut(usize::from(note.column))
        {
            column.add(row as u32, note.kind);
        }
    }
    for (place, column) in table.schema.columns.iter().enumerate() {
        let Some(in_file) = table.places[place] else { continue };
        let noted = std::mem::take(&mut columns[in_file]);
        if aside.from_1904 && column.kind == ColumnType::Date {
            table.raw.columns[in_file] = moved_from_1904(&table.raw.columns[in_file], &noted.numbers);
        }
        let uncomputed = noted.uncomputed.iter().map(|row| CellFault { column: place, row: *row, code: "E118" });
        let errors = noted.errors.iter().map(|row| CellFault { column: place, row: *row, code: "E119" });
        table.cell_faults.extend(uncomputed.chain(errors));
        let stored = match column.kind {
            ColumnType::Integer | ColumnType::Decimal | ColumnType::Period => numbers_as_text(&table.raw.columns[in_file], &noted.typed),
            ColumnType::Text | ColumnType::Code => noted.numbers.len() as u64,
            ColumnType::Date | ColumnType::Boolean => 0,
        };
        for (code, count) in [("N815", noted.formulas), ("W707", noted.volatile), ("N817", stored)] {
            findings.checked(code, table.len() as u64);
            if count > 0 {
                findings.raise(code, table.at_column(place), &[("count", &spiegel_model::count(count)), ("column", &column.header)]);
            }
        }
    }
}

/// Rows of one column by what their cells were.
#[derive(Default, Clone)]
struct Noted {
    numbers: Vec<u32>,
    /// Rows that are no text: numbers, dates, errors.
    typed: Vec<u32>,
    errors: Vec<u32>,
    uncomputed: Vec<u32>,
    formulas: u64,
    volatile: u64,
}

impl Noted {
    fn add(&mut self, row: u32, kind: Kind) {
        match kind {
            Kind::Number => self.numbers.push(row),
            Kind::Error => self.errors.push(row),
            Kind::Uncomputed => self.uncomputed.push(row),
            Kind::Formula => self.formulas += 1,
            Kind::Volatile => self.volatile += 1,
            Kind::Date | Kind::Boolean => {}
        }
        if matches!(kind, Kind::Number | Kind::Date | Kind::Boolean | Kind::Error) {
            self.typed.push(row);
        }
    }
}

fn raise_hidden(aside: &Aside, at: Place<'_>, findings: &mut Findings<'_>) {
    findings.checked("W705", 1);
    let mut hidden = Vec::new();
    if aside.is_hidden {
        hidden.push("het blad zelf is verborgen".to_owned());
    }
    match aside.hidden_rows {
        0 => {}
        1 => hidden.push("1 rij is verborgen".to_owned()),
        count => hidden.push(format!("{} rijen zijn verborgen", spiegel_model::count(count))),
    }
    if aside.is_filtered {
        hidden.push("er staat een filter aan".to_owned());
    }
    if !hidden.is_empty() {
        let count = spiegel_model::count(aside.hidden_rows);
        findings.raise("W705", at, &[("value", &hidden.join(", ")), ("count", &count)]);
    }
}

/// W703: cells under no header belong to no column.
fn columns_without_header(table: &mut Table<'_>, findings: &mut Findings<'_>) {
    for place in (0..table.headers.len()).filter(|place| table.headers[*place].is_empty()) {
        if table.raw.columns[place].cells().any(|cell| !cell.is_empty()) {
            let at = Place { column: Some((place, "")), ..Place::file(&table.file) };
            findings.raise("W703", at, &[("value", &column_letter(place))]);
        }
        table.raw.columns[place] = RawColumn::default();
    }
}

/// N817: how many cells are text that looks like a number.
fn numbers_as_text(column: &RawColumn, typed: &[u32]) -> u64 {
    let is_number = |cell: &[u8]| !matches!(numbers::shape(cell), Shape::Word | Shape::Machine | Shape::Clock);
    column.cells().zip(0u32..).filter(|(cell, row)| is_number(cell) && typed.binary_search(row).is_err()).count() as u64
}

/// Days in plain numbers, counted from 1900 as everywhere else.
fn moved_from_1904(column: &RawColumn, numbers: &[u32]) -> RawColumn {
    let mut moved = RawColumn::with_capacity(column.offsets.len());
    for (cell, row) in column.cells().zip(0u32..) {
        match numbers::whole(cell).filter(|_| numbers.binary_search(&row).is_ok()) {
            Some(serial) => moved.push(serial.saturating_add(cell::DAYS_TO_1904).to_string().as_bytes()),
            None => moved.push(cell),
        }
    }
    moved
}

/// E119: how Excel writes an error, in English and Dutch. `#N/B` as text means "no value" (N823).
const ERRORS: [&str; 16] = [
    "#REF!", "#VERW!", "#DIV/0!", "#DEEL/0!", "#VALUE!", "#WAARDE!", "#NAME?", "#NAAM?", "#NUM!", "#GETAL!", "#NULL!", "#LEEG!", "#SPILL!", "#OVERLOOP!",
    "#CALC!", "#BEREKENEN!",
];

/// Rows whose cell is the text of an error of Excel, as a csv file that Excel saved has them; also `####`, a column too narrow.
pub(crate) fn errors_as_text(column: &RawColumn) -> impl Iterator<Item = u32> {
    let is_error = |cell: &[u8]| {
        cell.first() == Some(&b'#')
            && (ERRORS.iter().any(|error| cell.eq_ignore_ascii_case(error.as_bytes())) || cell.len() > 2 && cell.iter().all(|byte| *byte == b'#'))
    };
    let cells = if column.bytes.contains(&b'#') { usize::MAX } else { 0 };
    column.cells().zip(0u32..).take(cells).filter(move |(cell, _)| is_error(cell)).map(|(_, row)| row)
}

#[cfg(test)]
mod tests;
