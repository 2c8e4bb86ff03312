//! Settles what findings on cells do: a value emptied, a row in quarantine, or nothing but a word about it.

use std::cell::LazyCell;
use std::collections::BTreeMap;

use spiegel_model::{ColumnSchema, ColumnType, Consequence, RowCheck, RuleSet};

use crate::findings::{Findings, Place};
use crate::manifest::Manifest;
use crate::outside;
use crate::register::ProviderRegister;
use crate::spelling::Hints;
use crate::table::{Fate, Table};
use crate::typing::{OUT_OF_RANGE, Settings, Typing};
use crate::values::{TypedColumn, Values};
use crate::workbook;

/// A value that is not in the list of its column.
const UNKNOWN_CODE: &str = "E210";
/// Codes of values that can be read but lie out of bounds: a rule that only warns about them keeps the value.
const OUT_OF_BOUNDS: [&str; 3] = [OUT_OF_RANGE, "E303", "E304"];

/// E212 (submission.md 3.3): above this share of a column's ids the submission is refused.
const ROUNDED_SHARE_MAXIMUM: f64 = 0.01;
/// E511 (submission.md 3.5): largest share of rows in which a required column is empty …
const EMPTY_SHARE_MAXIMUM: f64 = 0.20;
/// … from this many rows.
const EMPTY_ROWS_MINIMUM: usize = 3;

/// What is known of a submission when its cells are read.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    /// First day that certainly lies in the future (E303); None when no year is known.
    pub(crate) future: Option<i32>,
    /// What the sender declares.
    pub(crate) manifest: Option<&'a Manifest>,
    /// Who may deliver.
    pub(crate) register: Option<&'a ProviderRegister>,
    /// Row checks, to see whether two readings of a date differ.
    pub(crate) rules: &'a RuleSet,
}

/// Dates of a column that may begin with the month: row, and the day when they do.
type MonthFirst = Vec<(u32, i32)>;

/// Types all columns of a table and settles their findings.
pub(crate) fn cells(table: &mut Table<'_>, known: Known<'_>, findings: &mut Findings<'_>, normalised: &mut Vec<String>) {
    let schema = table.schema;
    let (mut month_first, mut day_first): (BTreeMap<usize, MonthFirst>, bool) = (BTreeMap::new(), false);
    for (place, column) in schema.columns.iter().enumerate() {
        let Some(in_file) = table.places[place] else {
            table.typed.push(TypedColumn::absent(column.kind, table.len()));
            table.faulted.push(Vec::new());
            continue;
        };
        let identifier = column.pseudonymise || schema.key.contains(&column.name) || schema.parent.as_ref().is_some_and(|parent| parent.column == column.name);
        let missing = known.manifest.map(|manifest| manifest.missing(&column.header, &table.headers[in_file])).unwrap_or_default();
        let settings = Settings { future: known.future, identifier, missing: &missing, register: known.register };
        let mut typing = outside::type_column(&table.raw.columns[in_file], column, settings);
        known_faults(table, place, in_file, &mut typing);
        day_first |= typing.day_first;
        if !typing.month_first.is_empty() {
            month_first.insert(place, std::mem::take(&mut typing.month_first));
        }
        let filled = typing.column.valid.iter().filter(|valid| **valid).count() + typing.faults.len();
        count_checks(column, identifier, filled as u64, findings);
        let rounded = typing.faults.iter().filter(|(_, code)| *code == "E212").count();
        let refuse_rounded = (rounded as f64 > ROUNDED_SHARE_MAXIMUM * filled as f64).then_some(Consequence::Refuse);
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
        // Most columns have no fault, and then nobody reads what was expected.
        let told = LazyCell::new(|| (outside::expectation(column), outside::notation(column)));
        let sent = outside::column(column);
        let mut hints = Hints::new(&sent.codes);
        for (row, code) in &typing.faults {
            let (expected, notation) = &*told;
            let value = table.value(*row, place);
            let hint = match hints.nearest(&value) {
                Some(near) if sent.kind == ColumnType::Code => format!(" Bedoelt u \"{near}\"?"),
                _ if *code == "E209" => typing.hint.to_owned(),
                _ => String::new(),
            };
            let slots = [("value", value.as_str()), ("expected", expected), ("column", &column.header), ("hint", &hint), ("other", notation)];
            // Only a date has a notation.
            let slots = if column.kind == ColumnType::Date { &slots[..] } else { &slots[..4] };
            // A column with a list of codes has a range too.
            let out_of_range = *code == OUT_OF_RANGE || *code == UNKNOWN_CODE;
            let (said, in_bounds) = (column.range_code.as_deref().filter(|_| out_of_range).unwrap_or(code), !OUT_OF_BOUNDS.contains(code));
            let essential = column.essential || column.range_quarantines && out_of_range;
            let consequence = match (*code, refuse_rounded) {
                ("E212", Some(refuse)) => findings.raise_as(said, table.at(*row, place), slots, Some(refuse)),
                _ => findings.raise_at_least(said, table.at(*row, place), slots, essential),
            };
            match consequence {
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
    if !day_first && !known.manifest.is_some_and(Manifest::declares_day_first) {
        undecided_dates(table, known.rules, &month_first, findings);
    }
}

/// Notes to how many cells the rules about values were applied.
fn count_checks(column: &ColumnSchema, identifier: bool, cells: u64, findings: &mut Findings<'_>) {
    let codes: &[&str] = match column.kind {
        ColumnType::Date => &["E201", "E202", "E203", "E204", "E205", "E303", "E304", "N818", "N819", "N820", "W709"],
        ColumnType::Integer => &["E206", "E207", "E208", "E209", "E211", "N821", "N822", "N824"],
        ColumnType::Decimal => &["E206", "E207", "E208", "E209", "N821", "N822", "N824"],
        ColumnType::Code | ColumnType::Boolean => &["E210", "N825"],
        ColumnType::Period => &["E221"],
        ColumnType::Text if column.provider_code => &["E501", "N826"],
        ColumnType::Text if identifier => &["E212", "E214", "E215"],
        ColumnType::Text => &[],
    };
    codes.iter().chain(&["N823"]).for_each(|code| findings.checked(code, cells));
    if column.minimum.is_some() || column.maximum.is_some() || column.maximum_length.is_some() {
        findings.checked(column.range_code.as_deref().unwrap_or(OUT_OF_RANGE), cells);
    }
}

/// E203, decision 13: nothing says whether day or month comes first, and rows that are used with the one reading are not with
/// the other.
fn undecided_dates(table: &Table<'_>, rules: &RuleSet, month_first: &BTreeMap<usize, MonthFirst>, findings: &mut Findings<'_>) {
    let other_reading = |column: usize, row: usize, day: i32| {
        let place = |rows: &MonthFirst| rows.binary_search_by_key(&(row as u32), |(row, _)| *row).ok().map(|place| rows[place].1);
        month_first.get(&column).and_then(place).unwrap_or(day)
    };
    for rule in rules.rules.iter().filter(|rule| rule.table == table.schema.table) {
        let Some(RowCheck::NotBefore { column, other }) = &rule.check else { continue };
        let (Some(column), Some(other)) = (table.column(column), table.column(other)) else { continue };
        let Some(undecided) = [column, other].into_iter().find(|column| month_first.contains_key(column)) else { continue };
        let (Values::Date(days), Values::Date(others)) = (&table.typed[column].values, &table.typed[other].values) else { continue };
        let differs = (0..table.len()).filter(|row| table.typed[column].valid[*row] && table.typed[other].valid[*row]).any(|row| {
            (days[row] < others[row]) != (other_reading(column, row, days[row]) < other_reading(other, row, others[row]))
        });
        if differs {
            let count = spiegel_model::count(month_first.get(&undecided).map_or(0, Vec::len) as u64);
            findings.raise("E203", table.at_column(undecided), &[("count", &count)]);
            return;
        }
    }
}

/// E511: a required column is empty in too many rows. Rows without an essential value are counted by quarantine.
pub(crate) fn empty_columns(table: &Table<'_>, findings: &mut Findings<'_>) {
    let rows = table.fates.iter().filter(|fate| **fate != Fate::Duplicate).count();
    findings.checked("E511", rows as u64);
    for (place, _) in table.schema.columns.iter().enumerate().filter(|(_, column)| column.required && !column.essential) {
        if table.places[place].is_none() {
            continue;
        }
        let Some(typed) = table.typed.get(place) else { continue };
        let empty = typed.valid.iter().zip(&table.fates).filter(|(valid, fate)| !**valid && **fate != Fate::Duplicate).count();
        if empty >= EMPTY_ROWS_MINIMUM && empty as f64 > EMPTY_SHARE_MAXIMUM * rows as f64 {
            let (count, other) = (spiegel_model::count(empty as u64), spiegel_model::count(rows as u64));
            let slots = [("count", count.as_str()), ("other", &other), ("value", "leeg in deze verplichte kolom"), ("expected", "20 %")];
            findings.raise("E511", Place { row: None, ..table.at_column(place) }, &slots);
        }
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
    findings.checked("E120", typed.valid.len() as u64);
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
    ["E401", "N828"].iter().for_each(|code| findings.checked(code, table.len() as u64));
    // All keys in one buffer: a million small ones cost more than reading the file.
    let mut keys = Vec::with_capacity(table.len() * 16);
    let mut ends = Vec::with_capacity(table.len());
    for row in 0..table.len() {
        if columns.iter().all(|column| table.typed[*column].valid[row]) {
            for column in &columns {
                table.typed[*column].append_key(row, &mut keys);
                // A text can hold every byte but this one.
                keys.push(0xff);
            }
        }
        ends.push(keys.len());
    }
    let mut first: std::collections::HashMap<&[u8], u32> = std::collections::HashMap::with_capacity(table.len());
    let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let mut start = 0;
    for (row, end) in (0u32..).zip(ends) {
        let key = &keys[start..end];
        start = end;
        // A row without a whole key is a copy of none.
        if key.is_empty() {
            continue;
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
