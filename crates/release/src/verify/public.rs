//! V01 to V17: what anybody can check who has the releases.
//! One file, a function for each check in the order of their numbers; the twins that must fail stand in `tests.rs`.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;

use arrow::array::StringArray;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use parquet::basic::{ConvertedType, Repetition, Type};
use parquet::column::page::Page;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;
use spiegel_model::{CheckResult, ManifestFile, ReleaseStatus, WITHHELD};

use super::{Cell, Found, Opened, cell, check, elsewhere, number_of, text_of, unless};
use crate::hierarchy::Dimension;
use crate::measures::rank_audit;
use crate::parquet_file::{KEYS, created_by};
use crate::policy::SENSITIVE;
use crate::tables::{MeasureRow, TableId};
use crate::version::Version;
use crate::write::{self, CHECKSUMS};
use crate::{Error, banded, parquet_file, withdrawn_words};

/// Checks a draft before it is published: the index does not know it yet.
pub(crate) fn public(folder: &Path, directory: &Path) -> Result<Vec<CheckResult>, Error> {
    all(&Opened::new(folder, directory)?, None)
}

/// Checks what was published.
pub(super) fn published(folder: &Path, directory: &Path) -> Result<Vec<CheckResult>, Error> {
    all(&Opened::new(folder, directory)?, Some(directory))
}

fn all(release: &Opened, directory: Option<&Path>) -> Result<Vec<CheckResult>, Error> {
    const IN_TESTS: &str = "needs other software than spiegel: tests/release-verify.py";
    Ok(vec![
        check("V01", "checksums and index", checksums(release, directory)),
        check("V02", "manifest, data package and Croissant agree with the files", metadata(release)),
        check("V03", "columns, order, types, REQUIRED", schema(release)),
        check("V04", "every code is in the codebook", codes(release)?),
        check("V05", "rows in every class", classes(release)?),
        check("V06", "different values and shares of sensitive values in every class", sensitive(release)),
        check("V07", "buckets of withheld rows", buckets(release)?),
        check("V08", "cells of measures", cells(release)),
        check("V09", "no withheld cell follows from the others (rank)", ranks(release)?),
        elsewhere("V10", "no withheld cell lies in a narrow interval", IN_TESTS),
        check("V11", "no smallest or largest value", extremes(release)),
        check("V12", "nothing else in the files", forensics(release)),
        check("V13", "sorted by all columns, with a page index", order(release)),
        check("V14", "sealed years have the same bytes", sealed(release)),
        check("V15", "differences with other releases", differencing(release)?),
        elsewhere("V16", "other readers see the same", IN_TESTS),
        check("V17", "no identifying column or value", identifying(release)),
    ])
}

fn opened(release: &Opened, path: &str) -> Result<SerializedFileReader<File>, String> {
    let file = File::open(release.folder.join(path)).map_err(|error| format!("{path}: {error}"))?;
    SerializedFileReader::new(file).map_err(|error| format!("{path}: {error}"))
}

fn files(release: &Opened) -> impl Iterator<Item = (TableId, &ManifestFile)> {
    TableId::ALL
        .into_iter()
        .flat_map(|table| release.manifest.tables.iter().filter(move |one| one.name == table.name()).flat_map(move |one| one.files.iter().map(move |file| (table, file))))
}

/// V01.
fn checksums(release: &Opened, directory: Option<&Path>) -> Found {
    let read = |path: &str| fs::read_to_string(release.folder.join(path)).map_err(|error| format!("{path}: {error}"));
    let listed = read(CHECKSUMS)?;
    let found = write::checksums(&release.folder).map_err(|error| error.to_string())?;
    let lines = |text: &str| -> BTreeMap<String, String> {
        text.lines().filter_map(|line| line.split_once("  ")).map(|(sum, path)| (path.to_owned(), sum.to_owned())).collect()
    };
    let (before, now) = (lines(&listed), lines(&found));
    let paths: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let mut mistakes: Vec<String> = paths
        .into_iter()
        .filter(|path| before.get(*path) != now.get(*path))
        .map(|path| match (before.get(path), now.get(path)) {
            (None, _) => format!("{path} is not in {CHECKSUMS}"),
            (_, None) => format!("{path} is not there"),
            _ => format!("{path} was changed"),
        })
        .collect();
    if let Some(directory) = directory {
        let index = write::read_index(directory).map_err(|error| error.to_string())?;
        let of_manifest = now.get("manifest.json").cloned().unwrap_or_default();
        match index.releases.iter().find(|one| one.version == release.manifest.release) {
            None => mistakes.push("the release is not in index.json".to_owned()),
            Some(one) if one.status == ReleaseStatus::Withdrawn => mistakes.push(withdrawn_words(one, index.latest.as_deref())),
            Some(one) if one.manifest_sha256 != of_manifest => mistakes.push("index.json has another manifest".to_owned()),
            Some(_) => {}
        }
    }
    unless(&mistakes, format!("{} files", now.len()))
}

/// V02.
fn metadata(release: &Opened) -> Found {
    let mut mistakes = Vec::new();
    let there = write::paths(&release.folder).map_err(|error| error.to_string())?;
    let known: BTreeSet<&str> = files(release).map(|(_, file)| file.path.as_str()).collect();
    for path in there.iter().filter(|path| path.ends_with(".parquet") && !known.contains(path.as_str())) {
        mistakes.push(format!("{path} is not in the manifest"));
    }
    let this: Option<Version> = release.manifest.release.parse().ok();
    for (table, file) in files(release) {
        match write::described(&release.folder, &file.path) {
            Ok(found) if found == *file => {}
            Ok(_) => mistakes.push(format!("{}: rows, bytes, row groups or checksum differ from the manifest", file.path)),
            Err(error) => mistakes.push(error.to_string()),
        }
        let Ok(reader) = opened(release, &file.path) else { continue };
        let keys = reader.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
        let value = |key: &str| keys.iter().find(|one| one.key == key).and_then(|one| one.value.clone()).unwrap_or_default();
        let made: Option<Version> = value(KEYS[0]).parse().ok();
        if made.is_none() || made > this || value(KEYS[1]) != table.name() {
            mistakes.push(format!("{}: its footer is of another release or table", file.path));
        }
    }
    for (name, list, path, sum) in [("datapackage.json", "resources", "path", "hash"), ("croissant.json", "distribution", "contentUrl", "sha256")] {
        let text = match fs::read_to_string(release.folder.join(name)) {
            Ok(text) => text,
            Err(error) => {
                mistakes.push(format!("{name}: {error}"));
                continue;
            }
        };
        let Ok(document) = serde_json::from_str::<Value>(&text) else {
            mistakes.push(format!("{name} is no JSON"));
            continue;
        };
        let entries: Vec<&Value> = document[list].as_array().into_iter().flatten().collect();
        for (_, file) in files(release) {
            let entry = entries.iter().find(|entry| entry[path].as_str().is_some_and(|found| found == file.path));
            match entry.and_then(|entry| entry[sum].as_str()) {
                None => mistakes.push(format!("{name} does not list {}", file.path)),
                Some(found) if found.trim_start_matches("sha256:") != file.sha256 => mistakes.push(format!("{name}: another checksum of {}", file.path)),
                Some(_) => {}
            }
        }
    }
    unless(&mistakes, format!("{} data files", known.len()))
}

/// V03.
fn schema(release: &Opened) -> Found {
    let mut mistakes = Vec::new();
    let mut count = 0;
    for table in TableId::ALL {
        let Some(described) = release.manifest.tables.iter().find(|one| one.name == table.name()) else {
            mistakes.push(format!("no table {}", table.name()));
            continue;
        };
        if described.columns != table.columns() {
            mistakes.push(format!("manifest: other columns of {}", table.name()));
        }
        for file in &described.files {
            let reader = match opened(release, &file.path) {
                Ok(reader) => reader,
                Err(error) => {
                    mistakes.push(error);
                    continue;
                }
            };
            let schema = reader.metadata().file_metadata().schema_descr_ptr();
            let columns = table.columns();
            if schema.num_columns() != columns.len() {
                mistakes.push(format!("{}: {} columns and not {}", file.path, schema.num_columns(), columns.len()));
                continue;
            }
            for (at, column) in columns.iter().enumerate() {
                let found = schema.column(at);
                let repetition = found.self_type().get_basic_info().repetition();
                let kind = match (found.physical_type(), found.converted_type()) {
                    (Type::INT32, ConvertedType::INT_16) => "int16",
                    (Type::INT32, ConvertedType::NONE | ConvertedType::INT_32) => "int32",
                    (Type::DOUBLE, ConvertedType::NONE) => "float64",
                    (Type::BYTE_ARRAY, ConvertedType::UTF8) => "utf8",
                    _ => "another type",
                };
                let expected = if column.nullable { Repetition::OPTIONAL } else { Repetition::REQUIRED };
                if found.name() != column.name || kind != column.kind || repetition != expected {
                    mistakes.push(format!("{}: column {} is {} {kind}, {repetition}", file.path, at + 1, found.name()));
                }
                count += 1;
            }
        }
    }
    unless(&mistakes, format!("{count} columns of files"))
}

/// Codes by table and column, from the codebook.
fn codebook(release: &Opened) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut codes: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (_, batches) in release.rows(TableId::Codebook) {
        for batch in batches {
            for row in 0..batch.num_rows() {
                let key = (text_of(batch, "table", row), text_of(batch, "column", row));
                codes.entry(key).or_default().insert(text_of(batch, "code", row));
            }
        }
    }
    codes
}

/// Different values of the text columns of a table, by column.
fn values(release: &Opened, table: TableId) -> Result<BTreeMap<String, BTreeSet<String>>, Error> {
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, batches) in release.rows(table) {
        for batch in batches {
            for (at, field) in batch.schema().fields().iter().enumerate().filter(|(_, field)| *field.data_type() == DataType::Utf8) {
                let of = values.entry(field.name().clone()).or_default();
                for column in super::texts(batch, at..at + 1)? {
                    let mut before: Option<&str> = None;
                    for value in column.iter().flatten() {
                        if before != Some(value) && !of.contains(value) {
                            of.insert(value.to_owned());
                        }
                        before = Some(value);
                    }
                }
            }
        }
    }
    Ok(values)
}

/// V04.
fn codes(release: &Opened) -> Result<Found, Error> {
    let codebook = codebook(release);
    let mut mistakes = Vec::new();
    let mut count = 0;
    for table in TableId::ALL {
        let found = values(release, table)?;
        for column in table.columns().iter().filter(|column| column.codelist) {
            let known = codebook.get(&(table.name().to_owned(), column.name.clone()));
            for value in found.get(&column.name).into_iter().flatten() {
                count += 1;
                if !known.is_some_and(|known| known.contains(value)) {
                    mistakes.push(format!("{}.{}: a code that the codebook does not have", table.name(), column.name));
                }
            }
        }
    }
    mistakes.dedup();
    Ok(unless(&mistakes, format!("{count} codes")))
}

/// Rows by class.
type Classes = BTreeMap<Vec<String>, u64>;
/// Rows by class and sensitive column, then by code.
type Sensitive = BTreeMap<(Vec<String>, usize), BTreeMap<String, u64>>;

/// Rows by class, by file.
fn by_class(release: &Opened) -> Result<Vec<(String, Classes)>, Error> {
    release.rows(TableId::Trajectories).map(|(path, batches)| Ok((path.to_owned(), write::class_counts(batches)?))).collect()
}

/// V05.
fn classes(release: &Opened) -> Result<Found, Error> {
    let least = u64::from(release.manifest.policy.k_clients);
    let mut mistakes = Vec::new();
    let (mut count, mut smallest) = (0, u64::MAX);
    for (path, classes) in by_class(release)? {
        count += classes.len();
        smallest = classes.values().copied().fold(smallest, u64::min);
        let small = classes.values().filter(|rows| **rows < least).count();
        if small > 0 {
            mistakes.push(format!("{path}: {small} classes of fewer than {least} rows"));
        }
        if classes.is_empty() {
            mistakes.push(format!("{path}: no rows"));
        }
    }
    Ok(unless(&mistakes, format!("{count} classes, the smallest of {} rows", banded(smallest))))
}

/// V06: what can be told from the file alone.
fn sensitive(release: &Opened) -> Found {
    let policy = &release.manifest.policy;
    let mut mistakes = Vec::new();
    let mut largest: f64 = 0.0;
    for (path, batches) in release.rows(TableId::Trajectories) {
        let counts = match sensitive_counts(batches) {
            Ok(counts) => counts,
            Err(error) => {
                mistakes.push(format!("{path}: {error}"));
                continue;
            }
        };
        for ((_, at), codes) in &counts {
            let column = SENSITIVE[*at];
            let listed = |lists: &BTreeMap<String, Vec<String>>, code: &String| lists.get(column).is_some_and(|list| list.contains(code));
            let known: u64 = codes.iter().filter(|(code, _)| !listed(&policy.unknown_values, code)).map(|(_, rows)| rows).sum();
            let most = codes.iter().filter(|(code, _)| listed(&policy.sensitive_values, code)).map(|(_, rows)| *rows).max().unwrap_or(0);
            let share = if known == 0 { 0.0 } else { most as f64 / known as f64 };
            largest = largest.max(share);
            if share > policy.alpha {
                mistakes.push(format!("{path}: a value of {column} is as good as certain in a class"));
            }
            if (codes.len() as u64) < u64::from(policy.l_distinct.get(column).copied().unwrap_or(1)) {
                mistakes.push(format!("{path}: too few different values of {column} in a class"));
            }
        }
    }
    mistakes.dedup();
    unless(&mistakes, format!("largest share {largest:.3}; pyCANON and anonymity-api agree in the tests"))
}

/// Counts sensitive codes.
fn sensitive_counts(batches: &[RecordBatch]) -> Result<Sensitive, Error> {
    let mut counts = Sensitive::new();
    for batch in batches {
        let columns = super::texts(batch, 1..10)?;
        let (of_class, of_codes) = columns.split_at(Dimension::ALL.len());
        let mut row = 0;
        while row < batch.num_rows() {
            // Rows that are equal mostly lie together; where they do not, their counts are added.
            let class: Vec<&str> = columns.iter().map(|column| column.value(row)).collect();
            let start = row;
            while row < batch.num_rows() && columns.iter().zip(&class).all(|(column, code)| column.value(row) == *code) {
                row += 1;
            }
            let names: Vec<String> = of_class.iter().map(|column| column.value(start).to_owned()).collect();
            for (at, column) in of_codes.iter().enumerate() {
                *counts.entry((names.clone(), at)).or_default().entry(column.value(start).to_owned()).or_default() += (row - start) as u64;
            }
        }
    }
    Ok(counts)
}

/// V07.
fn buckets(release: &Opened) -> Result<Found, Error> {
    let least = u64::from(release.manifest.policy.k_clients);
    let node = release.manifest.policy.node;
    // On some rungs a whole column is withheld, which makes no bucket.
    let is_whole = |at: usize| {
        let dimension = Dimension::ALL[at];
        dimension.level(node) + 1 == dimension.levels()
    };
    let mut mistakes = Vec::new();
    let mut count = 0;
    for (path, classes) in by_class(release)? {
        for (class, rows) in classes {
            let withheld: Vec<bool> = class.iter().map(|code| code == WITHHELD).collect();
            let starred: Vec<usize> = (0..withheld.len()).filter(|at| withheld[*at] && !is_whole(*at)).collect();
            if starred.is_empty() {
                continue;
            }
            count += 1;
            let all: Vec<usize> = (0..withheld.len()).filter(|at| !is_whole(*at)).collect();
            let process: Vec<usize> = all.iter().copied().filter(|at| *at >= 4).collect();
            if starred != all && starred != process {
                mistakes.push(format!("{path}: a class withholds some of what must be withheld together"));
            }
            if rows < least {
                mistakes.push(format!("{path}: a bucket of fewer than {least} rows"));
            }
        }
    }
    mistakes.dedup();
    Ok(unless(&mistakes, format!("{count} buckets")))
}

/// V08.
fn cells(release: &Opened) -> Found {
    let policy = &release.manifest.policy;
    let base = f64::from(policy.round_base.max(1));
    let mut mistakes = Vec::new();
    let mut count = 0;
    for (path, batches) in release.rows(TableId::Measures) {
        for batch in batches {
            for row in 0..batch.num_rows() {
                count += 1;
                let (value, n) = (number_of(batch, "value", row), number_of(batch, "n_rounded", row).unwrap_or(-1.0));
                let is_free = text_of(batch, "conf_status", row) == "F" && text_of(batch, "obs_status", row) == "A";
                if value.is_some() != is_free {
                    mistakes.push(format!("{path}: a value and a status that do not agree"));
                }
                if n % base != 0.0 || n < 0.0 {
                    mistakes.push(format!("{path}: a count that is not rounded"));
                }
                // Rounded down, a cell of the smallest size may stand as the multiple below it.
                let least = (f64::from(policy.aggregate_min_clients) / base).floor() * base;
                if (is_free && n < least) || (!is_free && n != 0.0) {
                    mistakes.push(format!("{path}: a cell with too few, or a count of a cell that is withheld"));
                }
            }
        }
    }
    mistakes.dedup();
    unless(&mistakes, format!("{count} cells"))
}

/// Rows of the table `measures` of one file.
pub(super) fn measure_rows(batches: &[RecordBatch]) -> Vec<MeasureRow> {
    let row = |batch: &RecordBatch, row: usize| MeasureRow {
        year: number_of(batch, "year", row).unwrap_or_default() as i32,
        dimension_set: text_of(batch, "dimension_set", row),
        provider_class: text_of(batch, "provider_class", row),
        region: text_of(batch, "region", row),
        diagnosis_group: text_of(batch, "diagnosis_group", row),
        age_band: text_of(batch, "age_band", row),
        sex: text_of(batch, "sex", row),
        measure: text_of(batch, "measure", row),
        statistic: text_of(batch, "statistic", row),
        value: number_of(batch, "value", row),
        n_rounded: number_of(batch, "n_rounded", row).unwrap_or_default() as i32,
        conf_status: text_of(batch, "conf_status", row),
        obs_status: text_of(batch, "obs_status", row),
    };
    batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |at| row(batch, at))).collect()
}

/// V09.
fn ranks(release: &Opened) -> Result<Found, Error> {
    let mut mistakes = Vec::new();
    let mut count = 0;
    for (path, batches) in release.rows(TableId::Measures) {
        let rows = measure_rows(batches);
        let year = rows.first().map(|row| row.year);
        let file = write::path_of(TableId::Trajectories, year);
        let mut classes: BTreeSet<[String; 4]> = BTreeSet::new();
        for (_, batches) in release.rows(TableId::Trajectories).filter(|(path, _)| *path == file) {
            let counts = write::class_counts(batches)?;
            classes.extend(counts.into_keys().filter_map(|class| <[String; 4]>::try_from(class.into_iter().take(4).collect::<Vec<_>>()).ok()));
        }
        count += rows.iter().filter(|row| !["F", "D"].contains(&row.conf_status.as_str())).count();
        mistakes.extend(rank_audit(&rows, &classes).into_iter().map(|cell| format!("{path}: {cell} can be computed")));
    }
    Ok(unless(&mistakes, format!("{count} withheld cells")))
}

/// V11.
fn extremes(release: &Opened) -> Found {
    let mut mistakes = Vec::new();
    for table in [TableId::Measures, TableId::ProviderDistribution] {
        let found = values(release, table).map_err(|error| error.to_string())?;
        for value in found.get("statistic").into_iter().flatten() {
            let is_extreme = ["min", "max", "p0", "p00", "p100", "range"].iter().any(|extreme| value == extreme) || value.starts_with("minimum") || value.starts_with("maximum");
            if is_extreme {
                mistakes.push(format!("{}: statistic {value}", table.name()));
            }
        }
    }
    unless(&mistakes, "statistics are counts, shares, means and quantiles".to_owned())
}

/// V12.
fn forensics(release: &Opened) -> Found {
    let mut mistakes = Vec::new();
    let mut count = 0;
    for (_, file) in files(release) {
        let path = &file.path;
        let reader = match opened(release, path) {
            Ok(reader) => reader,
            Err(error) => {
                mistakes.push(error);
                continue;
            }
        };
        let footer = reader.metadata().file_metadata();
        for key in footer.key_value_metadata().into_iter().flatten().filter(|one| one.key != "ARROW:schema" && !KEYS.contains(&one.key.as_str())) {
            mistakes.push(format!("{path}: metadata key {}", key.key));
        }
        if !footer.created_by().is_some_and(|by| by.starts_with(created_by("").as_str())) {
            mistakes.push(format!("{path}: written by something else"));
        }
        let batches = release.tables.iter().find(|(_, one, _)| one == path).map_or(&[][..], |(_, _, batches)| batches);
        let has_dictionary = batches.iter().any(|batch| batch.schema().fields().iter().any(|field| matches!(field.data_type(), DataType::Dictionary(..))));
        if has_dictionary {
            mistakes.push(format!("{path}: a dictionary type of Arrow, whose values may be no row's"));
        }
        for group in 0..reader.num_row_groups() {
            match ghosts(&reader, group, batches) {
                Ok(0) => {}
                Ok(found) => mistakes.push(format!("{path}: {found} values in pages that no row has")),
                Err(error) => mistakes.push(format!("{path}: {error}")),
            }
            count += 1;
        }
    }
    unless(&mistakes, format!("{count} row groups"))
}

/// Values in dictionary pages that no row has.
pub(super) fn ghosts(reader: &SerializedFileReader<File>, group: usize, batches: &[RecordBatch]) -> Result<usize, String> {
    let rows = reader.get_row_group(group).map_err(|error| error.to_string())?;
    let mut ghosts = 0;
    for column in 0..rows.num_columns() {
        if rows.metadata().column(column).column_type() != Type::BYTE_ARRAY {
            continue;
        }
        let mut used: BTreeSet<Vec<u8>> = BTreeSet::new();
        for batch in batches {
            for array in super::texts(batch, column..column + 1).map_err(|error| error.to_string())? {
                for value in array.iter().flatten() {
                    if !used.contains(value.as_bytes()) {
                        used.insert(value.as_bytes().to_vec());
                    }
                }
            }
        }
        let mut pages = rows.get_column_page_reader(column).map_err(|error| error.to_string())?;
        while let Some(page) = pages.get_next_page().map_err(|error| error.to_string())? {
            let Page::DictionaryPage { buf, .. } = page else { continue };
            let mut rest: &[u8] = &buf;
            while let Some((length, after)) = rest.split_first_chunk::<4>() {
                let length = u32::from_le_bytes(*length) as usize;
                let Some((value, after)) = after.split_at_checked(length) else { return Err("a dictionary page that cannot be read".to_owned()) };
                ghosts += usize::from(!used.contains(value));
                rest = after;
            }
        }
    }
    Ok(ghosts)
}

/// True when a row comes after the one before it, or is equal to it.
fn is_in_order(batch: &RecordBatch, row: usize) -> bool {
    for (at, column) in batch.columns().iter().enumerate() {
        let order = match column.as_any().downcast_ref::<StringArray>() {
            Some(text) => text.value(row - 1).partial_cmp(text.value(row)),
            None => cell(batch, at, row - 1).partial_cmp(&cell(batch, at, row)),
        };
        match order {
            Some(Ordering::Equal) => {}
            other => return other == Some(Ordering::Less),
        }
    }
    true
}

/// V13.
fn order(release: &Opened) -> Found {
    let mut mistakes = Vec::new();
    let mut count = 0;
    for (_, file) in files(release) {
        let path = &file.path;
        let batches = release.tables.iter().find(|(_, one, _)| one == path).map_or(&[][..], |(_, _, batches)| batches);
        let mut before: Option<Vec<Cell>> = None;
        let mut is_sorted = true;
        for batch in batches {
            let cells = |row: usize| -> Vec<Cell> { (0..batch.num_columns()).map(|column| cell(batch, column, row)).collect() };
            is_sorted &= batch.num_rows() == 0 || before.is_none_or(|before| before <= cells(0));
            is_sorted &= (1..batch.num_rows()).all(|row| is_in_order(batch, row));
            before = batch.num_rows().checked_sub(1).map(cells);
            count += batch.num_rows();
        }
        if !is_sorted {
            mistakes.push(format!("{path} is not sorted by all columns"));
        }
        let Ok(reader) = opened(release, path) else { continue };
        for group in reader.metadata().row_groups() {
            let has_index = group.columns().iter().all(|column| column.column_index_offset().is_some() && column.offset_index_offset().is_some());
            let sorting: Vec<i32> = group.sorting_columns().into_iter().flatten().map(|column| column.column_idx).collect();
            if !has_index || sorting != (0..group.num_columns() as i32).collect::<Vec<_>>() {
                mistakes.push(format!("{path}: a row group without page index or without its order"));
            }
        }
    }
    unless(&mistakes, format!("{count} rows"))
}

/// V14.
fn sealed(release: &Opened) -> Found {
    let this: Option<Version> = release.manifest.release.parse().ok();
    let mut mistakes = Vec::new();
    let mut count = 0;
    for other in release.others.iter().filter(|other| Some(other.version) < this) {
        for year in other.manifest.sealed_years.iter().filter(|year| release.manifest.sealed_years.contains(year)) {
            for (table, file) in files(release).filter(|(_, file)| file.year == Some(*year)) {
                count += 1;
                if other.file(table, *year).is_some_and(|before| before.sha256 != file.sha256) {
                    mistakes.push(format!("{} differs from release {}, in which {year} was sealed", file.path, other.version));
                }
            }
        }
    }
    unless(&mistakes, if count == 0 { "no sealed year in an earlier release".to_owned() } else { format!("{count} files") })
}

/// V15.
fn differencing(release: &Opened) -> Result<Found, Error> {
    let least = u64::from(release.manifest.policy.differencing_min);
    let mut mistakes = Vec::new();
    let mut count = 0;
    for (path, classes) in by_class(release)? {
        let Some((_, file)) = files(release).find(|(_, file)| file.path == path) else { continue };
        for other in &release.others {
            let Some(before) = file.year.and_then(|year| other.file(TableId::Trajectories, year)) else { continue };
            count += 1;
            if before.sha256 == file.sha256 {
                continue;
            }
            if other.manifest.policy.node != release.manifest.policy.node {
                mistakes.push(format!("{path}: release {} holds the year at another node", other.version));
                continue;
            }
            let there = write::class_counts(&parquet_file::read(&other.folder.join(&before.path))?)?;
            if let (changed, Some(smallest)) = write::differences(&there, &classes)
                && smallest < least
            {
                mistakes.push(format!("{path}: {changed} classes differ from release {}, the smallest by {} rows", other.version, banded(smallest)));
            }
        }
    }
    Ok(unless(&mistakes, if count == 0 { "no other release holds a year of this one".to_owned() } else { format!("{count} comparisons") }))
}

/// V17.
fn identifying(release: &Opened) -> Found {
    let mut mistakes = Vec::new();
    let mut count = 0;
    for table in [TableId::Trajectories, TableId::Measures, TableId::ProviderDistribution, TableId::Suppression] {
        let columns = release.rows(table).flat_map(|(_, batches)| batches).flat_map(|batch| batch.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>());
        let columns: BTreeSet<String> = columns.collect();
        for column in columns {
            let words: Vec<&str> = column.split('_').collect();
            let is_identifying = ["id", "date", "datum", "agb", "bsn", "name", "naam", "key", "client", "postcode", "pc3", "pc4", "birth"];
            if words.iter().any(|word| is_identifying.contains(word)) {
                mistakes.push(format!("{}: column {column}", table.name()));
            }
        }
        for (column, found) in values(release, table).map_err(|error| error.to_string())? {
            count += found.len();
            if found.iter().any(|value| is_number_of_somebody(value) || is_date(value)) {
                mistakes.push(format!("{}.{column}: a value that looks like a number of a person or provider, or a date", table.name()));
            }
            if found.len() > 60 && column != "dimension_set" {
                mistakes.push(format!("{}.{column}: more different values than a code has", table.name()));
            }
        }
    }
    unless(&mistakes, format!("{count} different values"))
}

/// A BSN (nine digits, 11-proef), an AGB code (eight digits), a pseudonym (sixteen hexadecimal digits and more).
fn is_number_of_somebody(value: &str) -> bool {
    let digits: Vec<i64> = value.chars().filter_map(|letter| letter.to_digit(10).map(i64::from)).collect();
    let only_digits = digits.len() == value.len();
    let weighted: i64 = digits.iter().zip([9, 8, 7, 6, 5, 4, 3, 2, -1]).map(|(digit, weight)| digit * weight).sum();
    let is_hexadecimal = value.len() >= 16 && value.bytes().all(|letter| letter.is_ascii_hexdigit());
    is_hexadecimal || (only_digits && (digits.len() == 8 || (digits.len() == 9 && weighted % 11 == 0)))
}

/// `2025-06-30`, `30-06-2025`, and the like.
fn is_date(value: &str) -> bool {
    let parts: Vec<&str> = value.split(['-', '/', '.']).collect();
    let is_number = |part: &&str, lengths: [usize; 2]| lengths.contains(&part.len()) && part.bytes().all(|letter| letter.is_ascii_digit());
    match parts[..] {
        [first, second, third] => {
            (is_number(&first, [4, 4]) && is_number(&second, [1, 2]) && is_number(&third, [1, 2])) || (is_number(&first, [1, 2]) && is_number(&second, [1, 2]) && is_number(&third, [4, 4]))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_persons_and_dates_are_recognised_and_bands_are_not() {
        for value in ["111222333", "94010101", "2025-06-30", "30/6/2025", "0123456789abcdef"] {
            assert!(is_number_of_somebody(value) || is_date(value), "{value}");
        }
        for value in ["18-24", "721+", "541-720", "123456789", "verbeterd", "*", "2025"] {
            assert!(!is_number_of_somebody(value) && !is_date(value), "{value}");
        }
    }
}
