//! Row checks of the rule file, rows without a parent, and the gate on what may lie in quarantine.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use spiegel_model::{Consequence, RowCheck, RuleSet};

use crate::dates::year_of;
use crate::error::Error;
use crate::findings::{Findings, Place};
use crate::scores::{self, Columns};
use crate::table::{Fate, Table};
use crate::values::Values;

/// E511 (submission.md 3.5): largest share of a table in quarantine …
const QUARANTINE_SHARE_MAXIMUM: f64 = 0.05;
/// … from this many rows.
const QUARANTINE_ROWS_MINIMUM: u64 = 3;
/// Not a fault of the row itself: outside the reporting year (submission.md 3.4), its parent is in quarantine, or it is no
/// row but a total.
const NOT_COUNTED_BY_GATE: [&str; 3] = ["E307", "E404", "W704"];
/// E505 (submission.md 3.5): this share of dates in another year means another year was delivered …
const OTHER_YEAR_SHARE: f64 = 0.90;
/// … from this many dates.
const OTHER_YEAR_ROWS_MINIMUM: usize = 3;

/// W723: so many rows whose value is that of another column are no accident.
const REPEATED_ROWS_MINIMUM: usize = 3;

/// A check with its columns looked up.
struct Check<'r> {
    code: &'r str,
    check: &'r RowCheck,
    column: usize,
    other: usize,
}

/// Runs the row checks of a table in the order of the rule file.
pub(crate) fn rows(table: &mut Table<'_>, rules: &RuleSet, year: Option<i32>, findings: &mut Findings<'_>) -> Result<(), Error> {
    // A row whose two columns were blamed by one check is not blamed again for the same two.
    let mut blamed: HashSet<(u32, usize, usize)> = HashSet::new();
    for rule in rules.rules.iter().filter(|rule| rule.table == table.schema.table) {
        let Some(check) = &rule.check else { continue };
        let (check, third) = look_up(table, &rule.code, check)?;
        let at = Columns { column: check.column, instrument: check.other, third };
        match check.check {
            RowCheck::KnownScale { .. } => scores::known_scale(table, rule, at, &rules.instruments, findings),
            RowCheck::InScaleRange { .. } => scores::in_range(table, rule, at, &rules.instruments, findings),
            RowCheck::OneScoring { .. } => scores::one_scoring(table, rule, at, &rules.instruments, findings),
            RowCheck::Recurs { rows, .. } => recurs(table, &check, *rows, findings),
            RowCheck::InReportingYear { .. } if year.is_some_and(|year| other_year(table, check.column, year, findings)) => {}
            _ => each_row(table, &check, year, &mut blamed, findings),
        }
    }
    Ok(())
}

fn each_row(table: &mut Table<'_>, check: &Check<'_>, year: Option<i32>, blamed: &mut HashSet<(u32, usize, usize)>, findings: &mut Findings<'_>) {
    let (low, high) = (check.column.min(check.other), check.column.max(check.other));
    let mut checked = 0;
    for row in 0..table.len() as u32 {
        checked += u64::from(check.applies(table, row as usize, year));
        if !check.fails(table, row as usize, year) || low != high && !blamed.insert((row, low, high)) {
            continue;
        }
        settle(table, check, row, year, findings);
    }
    findings.checked(check.code, checked);
}

/// A check with the places of its columns, and of its third one.
fn look_up<'r>(table: &Table<'_>, code: &'r str, check: &'r RowCheck) -> Result<(Check<'r>, usize), Error> {
    let (column, other, third) = check.columns();
    let find = |name: &str| {
        let mistake = || vec![format!("{code}: table `{}` has no column `{name}`", table.schema.table)];
        table.column(name).ok_or_else(|| Error::Pipeline { path: PathBuf::from("checks/rules.toml"), mistakes: mistake() })
    };
    Ok((Check { code, check, column: find(column)?, other: find(other)? }, find(third.unwrap_or(other))?))
}

/// W723: a column that recognises nobody, because it repeats another or because no value ever comes back.
fn recurs(table: &mut Table<'_>, check: &Check<'_>, rows: usize, findings: &mut Findings<'_>) {
    let (column, other) = (&table.typed[check.column], &table.typed[check.other]);
    let (Values::Text(texts), Values::Text(others)) = (&column.values, &other.values) else { return };
    let filled: Vec<usize> = (0..table.len()).filter(|row| column.valid[*row] && table.fates[*row] != Fate::Duplicate).collect();
    findings.checked(check.code, filled.len() as u64);
    let repeated = filled.iter().filter(|row| other.valid[**row] && texts.cell(**row) == others.cell(**row)).count();
    let different: HashSet<&[u8]> = filled.iter().map(|row| texts.cell(*row)).collect();
    let repeats_other = repeated == filled.len() && repeated >= REPEATED_ROWS_MINIMUM;
    if repeats_other || filled.len() >= rows && different.len() == filled.len() {
        let columns = &table.schema.columns;
        let count = spiegel_model::count(filled.len() as u64);
        let slots = [("count", count.as_str()), ("column", &columns[check.column].header), ("other_column", &columns[check.other].header)];
        findings.raise(check.code, table.at_column(check.column), &slots);
    }
}

/// E505: nearly all dates lie in another year.
fn other_year(table: &Table<'_>, column: usize, year: i32, findings: &mut Findings<'_>) -> bool {
    let Values::Date(days) = &table.typed[column].values else { return false };
    let mut years: BTreeMap<i32, usize> = BTreeMap::new();
    for (day, _) in days.iter().zip(&table.typed[column].valid).filter(|(_, valid)| **valid) {
        *years.entry(year_of(*day)).or_default() += 1;
    }
    let total: usize = years.values().sum();
    findings.checked("E505", total as u64);
    let outside = total - years.get(&year).copied().unwrap_or(0);
    if total < OTHER_YEAR_ROWS_MINIMUM || (outside as f64) < OTHER_YEAR_SHARE * total as f64 {
        return false;
    }
    let usual = years.iter().max_by_key(|(_, count)| **count).map_or(0, |(year, _)| *year);
    let slots = [("value", usual.to_string()), ("expected", year.to_string()), ("count", spiegel_model::count(outside as u64))];
    findings.raise("E505", table.at_column(column), &slots.each_ref().map(|(slot, value)| (*slot, value.as_str())));
    true
}

impl Check<'_> {
    /// Whether there is anything to check in a row: the denominator.
    fn applies(&self, table: &Table<'_>, row: usize, year: Option<i32>) -> bool {
        let filled = table.typed[self.column].valid[row];
        match self.check {
            RowCheck::Together { .. } => table.is_filled(row, self.column) || table.is_filled(row, self.other),
            RowCheck::EitherOf { .. } => true,
            RowCheck::InReportingYear { .. } => filled && year.is_some(),
            _ => filled && table.typed[self.other].valid[row],
        }
    }

    fn fails(&self, table: &Table<'_>, row: usize, year: Option<i32>) -> bool {
        let (column, other) = (&table.typed[self.column], &table.typed[self.other]);
        let (filled, other_filled) = (column.valid[row], other.valid[row]);
        match self.check {
            // A wrong value has a finding of its own; it is no missing one.
            RowCheck::Together { .. } => table.is_filled(row, self.column) != table.is_filled(row, self.other),
            RowCheck::EitherOf { .. } => !table.is_filled(row, self.column) && !table.is_filled(row, self.other),
            RowCheck::NotBefore { .. } => filled && other_filled && before(&column.values, &other.values, row),
            RowCheck::InReportingYear { .. } => {
                let Values::Date(days) = &column.values else { return false };
                // Faster than a calendar: most rows lie in the year.
                filled && year.is_some_and(|year| year_of(days[row]) != year)
            }
            RowCheck::YearsSince { minimum, maximum, .. } => {
                let (Some(from), Some(to)) = (whole_year(&other.values, row), whole_year(&column.values, row)) else { return false };
                filled && other_filled && !(*minimum..=*maximum).contains(&(to - from))
            }
            RowCheck::DaysSince { maximum, .. } => {
                let (Values::Date(days), Values::Date(others)) = (&column.values, &other.values) else { return false };
                filled && other_filled && days[row] - others[row] > *maximum
            }
            // Of the column as a whole, or looked up: not row by row.
            RowCheck::KnownScale { .. } | RowCheck::InScaleRange { .. } | RowCheck::OneScoring { .. } | RowCheck::Recurs { .. } => false,
        }
    }

    /// Days from one date to the other, for the message.
    fn days(&self, table: &Table<'_>, row: u32) -> Option<i32> {
        match (self.check, &table.typed[self.column].values, &table.typed[self.other].values) {
            (RowCheck::DaysSince { .. }, Values::Date(days), Values::Date(others)) => Some(days[row as usize] - others[row as usize]),
            _ => None,
        }
    }

    /// The column whose value is blamed, and emptied where the rule says so. Of a date and a year, the year.
    fn blames(&self) -> usize {
        if matches!(self.check, RowCheck::YearsSince { .. }) { self.other } else { self.column }
    }
}

fn before(values: &Values, others: &Values, row: usize) -> bool {
    match (values, others) {
        (Values::Date(days), Values::Integer(years)) => year_of(days[row]) < years[row],
        (Values::Integer(years), Values::Date(days)) => years[row] < year_of(days[row]),
        _ => matches!((number(values, row), number(others, row)), (Some(number), Some(other)) if number < other),
    }
}

fn number(values: &Values, row: usize) -> Option<f64> {
    match values {
        Values::Date(numbers) | Values::Integer(numbers) => Some(f64::from(numbers[row])),
        Values::Decimal(numbers) => Some(numbers[row]),
        Values::Text(_) | Values::Code(_) | Values::Boolean(_) => None,
    }
}

fn whole_year(values: &Values, row: usize) -> Option<i32> {
    match values {
        Values::Date(days) => Some(year_of(days[row])),
        Values::Integer(years) => Some(years[row]),
        _ => None,
    }
}

fn settle(table: &mut Table<'_>, check: &Check<'_>, row: u32, year: Option<i32>, findings: &mut Findings<'_>) {
    let columns = &table.schema.columns;
    let expected = year.map_or_else(String::new, |year| year.to_string());
    let (value, other) = (table.value(row, check.column), table.value(row, check.other));
    let count = check.days(table, row).map_or_else(String::new, |days| spiegel_model::count(days.unsigned_abs().into()));
    let slots = [
        ("value", value.as_str()),
        ("count", &count),
        ("other", &other),
        ("column", &columns[check.column].header),
        ("other_column", &columns[check.other].header),
        ("expected", &expected),
    ];
    let blamed = check.blames();
    let essential = columns[blamed].essential;
    match findings.raise_at_least(check.code, table.at(row, blamed), &slots, essential) {
        Consequence::Quarantine => table.quarantine(row, check.code),
        Consequence::Empty => {
            table.emptied += u64::from(table.typed[blamed].valid[row as usize]);
            table.typed[blamed].valid[row as usize] = false;
        }
        Consequence::Refuse | Consequence::Warn | Consequence::Inform => {}
    }
}

/// E402, E403 and E404: rows whose parent was not delivered, or cannot be used.
pub(crate) fn parents(tables: &mut [Table<'_>], findings: &mut Findings<'_>) {
    for child in 0..tables.len() {
        let Some(parent) = &tables[child].schema.parent else { continue };
        // What was not read of a parent cannot be missed.
        let Some(parent_place) = tables.iter().position(|table| table.schema.table == parent.table && table.is_whole()) else { continue };
        let delivered = |column: &usize| tables[parent_place].places[*column].is_some();
        let parent_column = tables[parent_place].column(&parent.column).filter(delivered);
        let (Some(parent_column), Some(column)) = (parent_column, tables[child].column(&parent.column)) else { continue };
        let Some(orphans) = orphans(&tables[parent_place], parent_column, &tables[child], column) else { continue };
        let referring = tables[child].typed[column].valid.iter().filter(|valid| **valid).count() as u64;
        findings.checked(&parent.code, referring);
        findings.checked("E404", referring);
        for (row, code) in orphans {
            let code = code.unwrap_or(&parent.code);
            let value = tables[child].value(row, column);
            let file = tables[parent_place].file.clone();
            let consequence = findings.raise(code, tables[child].at(row, column), &[("value", &value), ("other", &file)]);
            if consequence == Consequence::Quarantine {
                tables[child].quarantine(row, code);
            }
        }
    }
}

/// Rows without a usable parent, with E404 when the parent is there but in quarantine.
fn orphans(parent: &Table<'_>, parent_column: usize, child: &Table<'_>, column: usize) -> Option<Vec<(u32, Option<&'static str>)>> {
    let (Values::Text(parents), Values::Text(children)) = (&parent.typed.get(parent_column)?.values, &child.typed.get(column)?.values) else {
        return None;
    };
    let refers = |row: usize| child.typed[column].valid[row] && child.fates[row] != Fate::Duplicate;
    // Of those that are referred to; a small child of a large parent needs no more. Rows of one parent mostly follow one another.
    let mut usable: HashMap<&[u8], Option<bool>> = HashMap::new();
    let mut last: &[u8] = b"";
    for (_, cell) in children.cells().enumerate().filter(|(row, _)| refers(*row)) {
        if last != cell {
            usable.insert(cell, None);
            last = cell;
        }
    }
    for (row, cell) in parents.cells().enumerate().filter(|(row, _)| parent.typed[parent_column].valid[*row]) {
        if let Some(usable) = usable.get_mut(cell) {
            *usable = Some(*usable == Some(true) || parent.fates[row] == Fate::Used);
        }
    }
    for row in parent.raw.ragged.iter().filter(|row| !row.remembered.is_empty()) {
        if let Some(usable) = usable.get_mut(row.remembered.as_slice()) {
            usable.get_or_insert(false);
        }
    }
    let mut found = Vec::new();
    let mut last: (&[u8], Option<bool>) = (b"", None);
    for (row, cell) in children.cells().enumerate().filter(|(row, _)| refers(*row)) {
        if last.1.is_none() || last.0 != cell {
            last = (cell, usable.get(cell).copied().flatten());
        }
        match last.1 {
            Some(true) => {}
            Some(false) => found.push((row as u32, Some("E404"))),
            None => found.push((row as u32, None)),
        }
    }
    Some(found)
}

/// E511: too much of a table is in quarantine to trust the rest.
pub(crate) fn gate(table: &Table<'_>, findings: &mut Findings<'_>) {
    let own_fault = table.quarantined.iter().filter(|(_, code)| !NOT_COUNTED_BY_GATE.contains(&code.as_str())).count();
    let ragged = table.raw.ragged.iter().filter(|row| !NOT_COUNTED_BY_GATE.contains(&row.code)).count();
    let quarantined = (own_fault + ragged) as u64;
    let duplicate = table.fates.iter().filter(|fate| **fate == Fate::Duplicate).count() as u64;
    let rows = table.len() as u64 + table.raw.ragged.len() as u64 - duplicate;
    findings.checked("E511", rows);
    if quarantined >= QUARANTINE_ROWS_MINIMUM && quarantined as f64 > QUARANTINE_SHARE_MAXIMUM * rows as f64 {
        let (count, other) = (spiegel_model::count(quarantined), spiegel_model::count(rows));
        let slots = [("count", count.as_str()), ("other", &other), ("value", "niet te gebruiken"), ("expected", "5 %")];
        findings.raise("E511", Place::file(&table.file), &slots);
    }
}
