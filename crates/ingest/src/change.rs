//! A delivery beside the accepted one that it replaces (submission.md 4.4).

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use spiegel_model::{Change, Consequence, Finding, Receipt, RuleSet, SubmissionSchema, TableChange, TableSchema};

use crate::columnar;
use crate::error::Error;
use crate::fingerprint;
use crate::lake::{Lake, PartRef};

/// Findings about deliveries themselves: nothing that a provider solves.
const OF_DELIVERIES: [&str; 6] = ["E508", "E509", "N830", "W730", "W731", "W732"];

/// Key and values of a row, as fingerprints.
type Row = (u64, u64);

/// What changed since the delivery that is replaced. Rows are those that are used; both parts must be in the lake.
/// Empty when the columns of the earlier one were others.
pub(crate) fn tables(lake: &Lake, schema: &SubmissionSchema, year: i32, old: &PartRef, new: &PartRef) -> Result<Vec<TableChange>, Error> {
    let mut changes = Vec::new();
    for table in &schema.tables {
        let rows = |part: &PartRef| rows(&lake.part(year, part).join(format!("{}.parquet", table.table)), table);
        let (Some(old), Some(new)) = (rows(old)?, rows(new)?) else { return Ok(Vec::new()) };
        changes.push(compare(&table.table, old, new));
    }
    Ok(changes)
}

/// The rows of a part, sorted; None when its columns are not those of the table. Rows of a table without a key are recognised
/// by all their values.
fn rows(path: &Path, table: &TableSchema) -> Result<Option<Vec<Row>>, Error> {
    let wrong = |source: parquet::errors::ParquetError| Error::lake(path, source);
    let file = File::open(path).map_err(|source| Error::lake(path, source))?;
    let mut all = Vec::new();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(wrong)?;
    let names = |schema: &arrow::datatypes::Schema| schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    if names(reader.schema()) != names(&columnar::part_schema(table)) {
        return Ok(None);
    }
    for batch in reader.build().map_err(wrong)? {
        let batch = batch.map_err(|source| Error::lake(path, source))?;
        let (mut keys, mut values) = (vec![0; batch.num_rows()], vec![0; batch.num_rows()]);
        for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()).filter(|(field, _)| field.name() != "source_row") {
            fingerprint::stored(array, &mut values)?;
            if table.key.is_empty() || table.key.contains(field.name()) {
                fingerprint::stored(array, &mut keys)?;
            }
        }
        all.extend(keys.into_iter().zip(values));
    }
    all.sort_unstable();
    Ok(Some(all))
}

fn compare(table: &str, old: Vec<Row>, new: Vec<Row>) -> TableChange {
    let mut change = TableChange { table: table.to_owned(), ..TableChange::default() };
    let (mut before, mut now) = (old.into_iter().peekable(), new.into_iter().peekable());
    loop {
        match (before.peek(), now.peek()) {
            (None, None) => return change,
            (Some(one), Some(other)) if one.0 == other.0 => {
                change.changed += u64::from(one.1 != other.1);
                before.next();
                now.next();
            }
            (Some(one), other) if other.is_none_or(|other| one.0 < other.0) => {
                change.removed += 1;
                before.next();
            }
            _ => {
                change.added += 1;
                now.next();
            }
        }
    }
}

/// A finding as it is recognised in another delivery: by its key, since rows move.
type Identity = (String, u64);

fn counted(findings: impl Iterator<Item = Finding>, rules: &RuleSet) -> BTreeMap<Identity, u64> {
    let mut counts = BTreeMap::new();
    for finding in findings.filter(|finding| finding.consequence < Consequence::Inform) {
        let while_reading = rules.rule(&finding.code).is_some_and(|rule| rule.query.is_none());
        if while_reading && !OF_DELIVERIES.contains(&finding.code.as_str()) {
            let place = [&finding.file, &finding.header, &finding.key].iter().fold(0, |state, part| fingerprint::text(state, part.as_bytes()));
            *counts.entry((finding.code, place)).or_default() += 1;
        }
    }
    counts
}

/// Findings of both deliveries: which are solved, new and open.
pub(crate) fn findings(
    replaced: &Receipt,
    tables: Vec<TableChange>,
    old: impl Iterator<Item = Finding>,
    new: impl Iterator<Item = Finding>,
    rules: &RuleSet,
) -> Change {
    let (old, mut now) = (counted(old, rules), counted(new, rules));
    let mut change = Change { replaces: replaced.sequence, tables, solved: BTreeMap::new(), new: BTreeMap::new(), open: BTreeMap::new() };
    let add = |counts: &mut BTreeMap<String, u64>, code: &str, count: u64| {
        if count > 0 {
            *counts.entry(code.to_owned()).or_default() += count;
        }
    };
    for (identity, count) in old {
        let left = now.remove(&identity).unwrap_or(0);
        add(&mut change.open, &identity.0, count.min(left));
        add(&mut change.solved, &identity.0, count.saturating_sub(left));
        add(&mut change.new, &identity.0, left.saturating_sub(count));
    }
    now.into_iter().for_each(|((code, _), count)| add(&mut change.new, &code, count));
    change
}

/// The change of rows in words: "sessies 4 weg; trajecten 2 erbij, 1 weg, 3 gewijzigd".
pub(crate) fn dutch(tables: &[TableChange], schema: &SubmissionSchema) -> String {
    let words = tables.iter().filter_map(|change| {
        let name = schema.table(&change.table).map_or(change.table.as_str(), |table| table.name.as_str());
        let parts = [(change.added, "erbij"), (change.removed, "weg"), (change.changed, "gewijzigd")];
        let parts: Vec<String> = parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{} {word}", spiegel_model::count(*count))).collect();
        (!parts.is_empty()).then(|| format!("{name} {}", parts.join(", ")))
    });
    let words: Vec<String> = words.collect();
    if words.is_empty() { "alle rijen zijn gelijk".to_owned() } else { words.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_recognised_by_their_keys() {
        let change = compare("t", vec![(1, 10), (2, 20), (3, 30), (3, 31)], vec![(2, 20), (3, 33), (4, 40)]);
        assert_eq!((change.added, change.removed, change.changed), (1, 2, 1));
        let change = compare("t", Vec::new(), vec![(1, 1), (1, 1)]);
        assert_eq!((change.added, change.removed, change.changed), (2, 0, 0));
    }
}
