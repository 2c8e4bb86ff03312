//! Settles what findings on cells do: a value emptied, a row in quarantine, or nothing but a word about it.

use std::collections::BTreeMap;

use spiegel_model::{ColumnType, Consequence};

use crate::findings::Findings;
use crate::spelling::nearest;
use crate::table::{Fate, Table};
use crate::typing::{self, OUT_OF_RANGE, Settings, Typing};
use crate::values::TypedColumn;
use crate::workbook;

/// Codes of values that can be read but lie out of bounds: a rule that only warns about them keeps the value.
const OUT_OF_BOUNDS: [&str; 3] = [OUT_OF_RANGE, "E303", "E304"];

/// Types all columns of a table and settles their findings.
pub(crate) fn cells(table: &mut Table<'_>, future: Option<i32>, findings: &mut Findings<'_>, normalised: &mut Vec<String>) {
    let schema = table.schema;
    for (place, column) in schema.columns.iter().enumerate() {
        let Some(in_file) = table.places[place] else {
            table.typed.push(TypedColumn::absent(column.kind, table.len()));
            table.faulted.push(Vec::new());
            continue;
        };
        let identifier = column.pseudonymise || schema.key.contains(&column.name) || schema.parent.as_ref().is_some_and(|parent| parent.column == column.name);
        let mut typing = typing::type_column(&table.raw.columns[in_file], column, Settings { future, identifier });
        known_faults(table, place, in_file, &mut typing);
        if !typing.evidence.is_empty() {
            normalised.push(format!("{}, kolom {}: {}", table.file, column.header, typing.evidence.join(", ")));
        }
        let evidence = typing.evidence.join(", ");
        for (code, count) in &typing.notices {
            let slots = [("count", spiegel_model::count(*count)), ("value", evidence.clone())];
            let slots = slots.each_ref().map(|(slot, value)| (*slot, value.as_str()));
            findings.raise(code, table.at_column(place), &slots);
        }
        let mut typed = typing.column;
        let expected = typing::expectation(column);
        for (row, code) in &typing.faults {
            let value = table.value(*row, place);
            let hint = match nearest(&value, column.codes.iter().map(String::as_str)) {
                Some(near) if column.kind == ColumnType::Code => format!(" Bedoelt u \"{near}\"?"),
                _ => String::new(),
            };
            let slots = [("value", value.as_str()), ("expected", &expected), ("column", &column.header), ("hint", &hint)];
            let out_of_range = *code == OUT_OF_RANGE;
            let (said, in_bounds) = (column.range_code.as_deref().filter(|_| out_of_range).unwrap_or(code), !OUT_OF_BOUNDS.contains(code));
            let essential = column.essential || column.range_quarantines && out_of_range;
            match findings.raise_at_least(said, table.at(*row, place), &slots, essential) {
                Consequence::Quarantine => table.quarantine(*row, said),
                Consequence::Empty => table.emptied += 1,
                Consequence::Refuse | Consequence::Warn | Consequence::Inform if in_bounds => {}
                Consequence::Refuse | Consequence::Warn | Consequence::Inform => typed.valid[*row as usize] = true,
            }
        }
        if column.essential {
            required(table, place, &typed, &typing.faults, findings);
        }
        table.typed.push(typed);
        table.faulted.push(typing.faults.into_iter().map(|(row, _)| row).collect());
    }
}

/// What was wrong with a cell before it was typed takes the place of what its type makes of it.
fn known_faults(table: &Table<'_>, place: usize, in_file: usize, typing: &mut Typing) {
    let mut known: BTreeMap<u32, &'static str> = workbook::errors_as_text(&table.raw.columns[in_file]).map(|row| (row, "E119")).collect();
    known.extend(table.cell_faults.iter().filter(|fault| fault.column == place).map(|fault| (fault.row, fault.code)));
    if known.is_empty() {
        return;
    }
    typing.faults.retain(|(row, _)| !known.contains_key(row));
    known.keys().for_each(|row| typing.column.valid[*row as usize] = false);
    typing.faults.extend(known);
    typing.faults.sort_unstable_by_key(|(row, _)| *row);
}

/// E120: a value that a row cannot do without is not there. A value that was there but wrong has its own finding.
fn required(table: &mut Table<'_>, place: usize, typed: &TypedColumn, faults: &[(u32, &'static str)], findings: &mut Findings<'_>) {
    let mut faults = faults.iter().peekable();
    let schema = table.schema;
    let header = schema.columns[place].header.as_str();
    for (row, _) in typed.valid.iter().enumerate().filter(|(_, valid)| !**valid) {
        let row = row as u32;
        while faults.peek().is_some_and(|(other, _)| *other < row) {
            faults.next();
        }
        if faults.peek().is_some_and(|(other, _)| *other == row) {
            continue;
        }
        if findings.raise("E120", table.at(row, place), &[("column", header)]) == Consequence::Quarantine {
            table.quarantine(row, "E120");
        }
    }
}

/// E401 and N828: rows with the same key. Equal in everything that is used: the first is kept. Different: none can be trusted.
pub(crate) fn keys(table: &mut Table<'_>, findings: &mut Findings<'_>) {
    let columns: Vec<usize> = table.schema.key.iter().filter_map(|key| table.column(key)).collect();
    if columns.is_empty() {
        return;
    }
    let mut first: std::collections::HashMap<Vec<u8>, u32> = std::collections::HashMap::with_capacity(table.len());
    let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for row in 0..table.len() as u32 {
        if !columns.iter().all(|column| table.typed[*column].valid[row as usize]) {
            continue;
        }
        let mut key = Vec::with_capacity(16);
        for column in &columns {
            table.typed[*column].append_key(row as usize, &mut key);
            // A text can hold every byte but this one.
            key.push(0xff);
        }
        match first.entry(key) {
            std::collections::hash_map::Entry::Occupied(entry) => groups.entry(*entry.get()).or_default().push(row),
            std::collections::hash_map::Entry::Vacant(entry) => _ = entry.insert(row),
        }
    }
    let name = columns.first().copied().unwrap_or(0);
    for (original, copies) in groups {
        let value = columns.iter().map(|column| table.value(original, *column)).collect::<Vec<_>>().join(" · ");
        let row_number = |row: u32| spiegel_model::count(u64::from(table.raw.lines[row as usize]));
        let equal = |row: u32| table.typed.iter().all(|column| column.same(original as usize, row as usize));
        if copies.iter().all(|copy| equal(*copy)) {
            for copy in copies {
                findings.raise("N828", table.at(copy, name), &[("other", &row_number(original)), ("value", &value)]);
                table.fates[copy as usize] = Fate::Duplicate;
            }
            continue;
        }
        let all: Vec<u32> = std::iter::once(original).chain(copies).collect();
        for row in &all {
            let others: Vec<String> = all.iter().filter(|other| *other != row).map(|other| spiegel_model::count(u64::from(table.raw.lines[*other as usize]))).collect();
            let consequence = findings.raise("E401", table.at(*row, name), &[("other", &others.join(", ")), ("value", &value)]);
            if consequence == Consequence::Quarantine {
                table.quarantine(*row, "E401");
            }
        }
    }
    let fates = &table.fates;
    table.quarantined.retain(|(row, _)| fates[*row as usize] == Fate::Quarantined);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_empty_cells_are_equal() {
        let absent = TypedColumn::absent(ColumnType::Text, 2);
        assert!(absent.same(0, 1));
    }
}
