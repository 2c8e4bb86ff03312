//! Which column of a file is which column of the table.

use spiegel_model::TableSchema;

use crate::dialect::{Dialect, HeaderIndex};
use crate::findings::{Findings, Place};
use crate::privacy::is_practitioner;
use crate::rows::{RawColumn, RawTable};
use crate::spelling::{canonical, nearest};

/// Most headers that a message lists.
const LISTED_MAXIMUM: usize = 60;

/// Columns of a file.
pub(crate) struct Mapping {
    /// For every column of the schema its place in the file.
    pub(crate) places: Vec<Option<usize>>,
    /// Columns of the file that the schema does not know; empty headers left out.
    pub(crate) unknown: Vec<usize>,
    /// Columns without a header.
    unnamed: Vec<usize>,
    /// Columns whose header stands there a second time, each with the place of the first and the column that both mean.
    doubled: Vec<(usize, usize, usize)>,
    /// In Dutch: which header was read as which column.
    pub(crate) normalised: Vec<String>,
}

/// Matches headers and raises what is missing, double or unknown.
pub(crate) fn map(dialect: &Dialect, table: &TableSchema, index: &HeaderIndex, file: &str, findings: &mut Findings<'_>) -> Mapping {
    let mut mapping = Mapping { places: vec![None; table.columns.len()], unknown: Vec::new(), unnamed: Vec::new(), doubled: Vec::new(), normalised: Vec::new() };
    for (place, cell) in dialect.cells.iter().enumerate() {
        let at = Place { column: Some((place, cell)), ..Place::file(file) };
        let Some(column) = index.column(cell) else {
            let others = if cell.is_empty() { &mut mapping.unnamed } else { &mut mapping.unknown };
            others.push(place);
            continue;
        };
        let header = &table.columns[column].header;
        if let Some(first) = mapping.places[column] {
            let other = &dialect.cells[first];
            if canonical(other) == canonical(cell) {
                mapping.doubled.push((place, first, column));
            } else {
                findings.raise("E112", at, &[("other", other), ("expected", header)]);
            }
            continue;
        }
        mapping.places[column] = Some(place);
        if cell != header {
            findings.raise("N810", at, &[("value", cell), ("expected", header), ("hint", "")]);
            mapping.normalised.push(format!("{file}: kolom \"{cell}\" gelezen als {header}"));
        }
    }
    let unknown: Vec<&str> = mapping.unknown.iter().map(|place| dialect.cells[*place].as_str()).collect();
    let named: Vec<&str> = dialect.cells.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
    let more = if named.len() > LISTED_MAXIMUM { " …" } else { "" };
    let present = format!("{}{more}", named[..named.len().min(LISTED_MAXIMUM)].join(", "));
    for (column, _) in table.columns.iter().zip(&mapping.places).filter(|(column, place)| column.required && place.is_none()) {
        let hint = match nearest(&column.header, unknown.iter().copied()) {
            Some(near) => format!(" Bedoelt u de kolom \"{near}\"?"),
            None => String::new(),
        };
        let at = Place { missing: &column.header, ..Place::file(file) };
        findings.raise("E110", at, &[("expected", &column.header), ("present", &present), ("hint", &hint)]);
    }
    for place in &mapping.unknown {
        let cell = &dialect.cells[*place];
        // That has a word of its own (E609).
        if is_practitioner(cell, None) {
            continue;
        }
        findings.raise("W703", Place { column: Some((*place, cell)), ..Place::file(file) }, &[("value", cell)]);
    }
    let headers = named.len() as u64;
    for (code, count) in [
        ("E110", table.columns.iter().filter(|column| column.required).count() as u64),
        ("E111", headers),
        ("E112", headers),
        ("W703", headers),
        ("N810", headers),
    ] {
        findings.checked(code, count);
    }
    mapping
}

/// What only the rows can tell about columns: whether two with one header are equal, and whether one without a header has values.
pub(crate) fn settle_columns(mapping: &mut Mapping, raw: &RawTable, dialect: &Dialect, table: &TableSchema, file: &str, findings: &mut Findings<'_>) {
    let is_filled = |place: usize| raw.columns[place].cells().any(|cell| !cell.is_empty());
    for (place, first, column) in std::mem::take(&mut mapping.doubled) {
        let header = &table.columns[column].header;
        let cell = &dialect.cells[place];
        let at = Place { column: Some((place, cell)), ..Place::file(file) };
        let differing = differing(&raw.columns[first], &raw.columns[place]);
        if differing == 0 {
            let hint = " Zij staat er twee keer met dezelfde waarden; één ervan is gebruikt.";
            findings.raise("N810", at, &[("value", cell), ("expected", header), ("hint", hint)]);
        } else {
            findings.raise("E111", at, &[("value", cell), ("count", &spiegel_model::count(differing))]);
        }
        mapping.unknown.push(place);
    }
    for place in std::mem::take(&mut mapping.unnamed) {
        if is_filled(place) {
            findings.raise("W703", Place { column: Some((place, "")), ..Place::file(file) }, &[("value", "zonder naam")]);
        } else if place > 0 && !dialect.cells[place - 1].is_empty() && dialect.cells[place..].iter().all(String::is_empty) {
            findings.raise("N811", Place::file(file), &[("count", &spiegel_model::count(raw.lines.len() as u64))]);
        }
        mapping.unknown.push(place);
    }
}

/// Rows in which two columns differ.
fn differing(first: &RawColumn, second: &RawColumn) -> u64 {
    first.cells().zip(second.cells()).filter(|(left, right)| left != right).count() as u64
}
