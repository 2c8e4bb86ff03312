//! Which column of a file is which column of the table.

use spiegel_model::TableSchema;

use crate::dialect::{Dialect, HeaderIndex};
use crate::findings::{Findings, Place};
use crate::privacy::is_practitioner;
use crate::spelling::{canonical, nearest};

/// Columns of a file.
pub(crate) struct Mapping {
    /// For every column of the schema its place in the file.
    pub(crate) places: Vec<Option<usize>>,
    /// Columns of the file that the schema does not know; empty headers left out.
    pub(crate) unknown: Vec<usize>,
    /// In Dutch: which header was read as which column.
    pub(crate) normalised: Vec<String>,
}

/// Matches headers and raises what is missing, double or unknown.
pub(crate) fn map(dialect: &Dialect, table: &TableSchema, index: &HeaderIndex, file: &str, findings: &mut Findings<'_>) -> Mapping {
    let mut mapping = Mapping { places: vec![None; table.columns.len()], unknown: Vec::new(), normalised: Vec::new() };
    for (place, cell) in dialect.cells.iter().enumerate() {
        let at = Place { column: Some((place, cell)), ..Place::file(file) };
        let Some(column) = index.column(cell) else {
            if !cell.is_empty() {
                mapping.unknown.push(place);
            }
            continue;
        };
        let header = &table.columns[column].header;
        if let Some(other) = mapping.places[column] {
            let other = &dialect.cells[other];
            let code = if canonical(other) == canonical(cell) { "E111" } else { "E112" };
            findings.raise(code, at, &[("other", other), ("expected", header)]);
            continue;
        }
        mapping.places[column] = Some(place);
        if cell != header {
            findings.raise("N810", at, &[("value", cell), ("expected", header)]);
            mapping.normalised.push(format!("{file}: kolom \"{cell}\" gelezen als {header}"));
        }
    }
    let unknown: Vec<&str> = mapping.unknown.iter().map(|place| dialect.cells[*place].as_str()).collect();
    let present = dialect.cells.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(", ");
    for (column, _) in table.columns.iter().zip(&mapping.places).filter(|(column, place)| column.required && place.is_none()) {
        let hint = match nearest(&column.header, unknown.iter().copied()) {
            Some(near) => format!(" Bedoelt u de kolom \"{near}\"?"),
            None => String::new(),
        };
        findings.raise("E110", Place::file(file), &[("expected", &column.header), ("present", &present), ("hint", &hint)]);
    }
    for place in &mapping.unknown {
        let cell = &dialect.cells[*place];
        // That has a word of its own (E609).
        if is_practitioner(cell, None) {
            continue;
        }
        findings.raise("W703", Place { column: Some((*place, cell)), ..Place::file(file) }, &[("value", cell)]);
    }
    mapping
}
