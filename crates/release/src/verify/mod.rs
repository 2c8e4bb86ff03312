//! The verification suite of a release (specification, 9.8). The public part needs nothing but the releases; the private part holds them
//! against the records that they were made from, and counts in its own way, not in that of `atoms`.

mod private;
mod public;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::path::{Path, PathBuf};

use arrow::array::{Array, Float64Array, Int16Array, Int32Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use spiegel_model::{CheckOutcome, CheckResult, Manifest};

pub use private::{PrivateTruth, private};
pub(crate) use public::public;

use crate::tables::TableId;
use crate::write::{self, Earlier};
use crate::{Error, parquet_file, withdrawal, withdrawn_words};

/// Version of the suite.
pub const SUITE_VERSION: &str = "1";

/// Checks a published release by what is public. `path` is the folder of a release, or of all releases for the latest.
///
/// # Errors
/// [`Error::Usage`] when there is no release, [`Error::Lake`] when one cannot be opened at all.
pub fn verify(path: &Path) -> Result<(PathBuf, Vec<CheckResult>), Error> {
    let (folder, directory) = locate(path)?;
    let checks = public::published(&folder, &directory)?;
    Ok((folder, checks))
}

/// The folder of a release and that of all releases.
///
/// # Errors
/// [`Error::Usage`] when there is no release.
pub fn locate(path: &Path) -> Result<(PathBuf, PathBuf), Error> {
    let index = write::read_index(path)?;
    if let Some(latest) = &index.latest {
        return Ok((path.join("releases").join(latest), path.to_owned()));
    }
    if !index.releases.is_empty() {
        return Err(Error::Usage(format!("every release of {} was withdrawn", path.display())));
    }
    if let Some(words) = withdrawn(path)? {
        return Err(Error::Usage(words));
    }
    if !path.join("manifest.json").is_file() {
        return Err(Error::Usage(format!("{} is no release: it has neither index.json nor manifest.json", path.display())));
    }
    let absolute = path.canonicalize().map_err(|error| Error::lake(path, error))?;
    let directory = absolute.parent().and_then(Path::parent).map_or_else(|| absolute.clone(), Path::to_owned);
    Ok((path.to_owned(), directory))
}

/// Why the release in a folder cannot be verified any more; None when it was not withdrawn.
fn withdrawn(path: &Path) -> Result<Option<String>, Error> {
    let Ok(absolute) = path.canonicalize() else { return Ok(None) };
    let (Some(version), Some(directory)) = (absolute.file_name().and_then(|name| name.to_str()), absolute.parent().and_then(Path::parent)) else { return Ok(None) };
    if absolute.join("manifest.json").is_file() {
        return Ok(None);
    }
    let index = write::read_index(directory)?;
    Ok(withdrawal(&index, version).map(|line| withdrawn_words(line, index.latest.as_deref())))
}

/// Years of a release, ascending.
///
/// # Errors
/// [`Error::Lake`] when its manifest cannot be read.
pub fn years(folder: &Path) -> Result<Vec<i32>, Error> {
    let manifest: Manifest = write::read_json(&folder.join("manifest.json"))?;
    let mut years: Vec<i32> = manifest.tables.iter().flat_map(|table| &table.files).filter_map(|file| file.year).collect();
    years.sort_unstable();
    years.dedup();
    Ok(years)
}

/// True when no check failed.
#[must_use]
pub fn holds(checks: &[CheckResult]) -> bool {
    checks.iter().all(|check| check.result != CheckOutcome::Failed)
}

/// A check as one line: `V05 passed: rows in every class: 2013 classes`.
#[must_use]
pub fn line(check: &CheckResult) -> String {
    let result = match check.result {
        CheckOutcome::Passed => "passed",
        CheckOutcome::Failed => "FAILED",
        CheckOutcome::NotApplicable => "not here",
    };
    format!("{} {result}: {}: {}\n", check.id, check.title, check.detail)
}

/// What a check found: a few words when it holds, or why not.
type Found = Result<String, String>;

fn check(id: &str, title: &str, found: Found) -> CheckResult {
    let (result, detail) = match found {
        Ok(detail) => (CheckOutcome::Passed, detail),
        Err(detail) => (CheckOutcome::Failed, detail),
    };
    CheckResult { id: id.to_owned(), title: title.to_owned(), result, detail }
}

fn elsewhere(id: &str, title: &str, why: &str) -> CheckResult {
    CheckResult { id: id.to_owned(), title: title.to_owned(), result: CheckOutcome::NotApplicable, detail: why.to_owned() }
}

/// A release with its rows.
struct Opened {
    folder: PathBuf,
    manifest: Manifest,
    /// Rows of each file, by table, in the order of the paths.
    tables: Vec<(TableId, String, Vec<RecordBatch>)>,
    /// Other releases in use, the oldest first.
    others: Vec<Earlier>,
}

impl Opened {
    fn new(folder: &Path, directory: &Path) -> Result<Self, Error> {
        let manifest: Manifest = write::read_json(&folder.join("manifest.json"))?;
        let mut tables = Vec::new();
        for table in TableId::ALL {
            let Some(described) = manifest.tables.iter().find(|one| one.name == table.name()) else { continue };
            for file in &described.files {
                // What cannot be read is told by the checks of checksums and footers.
                if let Ok(batches) = parquet_file::read(&folder.join(&file.path)) {
                    tables.push((table, file.path.clone(), batches));
                }
            }
        }
        let index = write::read_index(directory)?;
        let others = write::active(directory, &index)?;
        let others = others.into_iter().filter(|other| other.version.to_string() != manifest.release).collect();
        Ok(Self { folder: folder.to_owned(), manifest, tables, others })
    }

    fn rows(&self, table: TableId) -> impl Iterator<Item = (&str, &[RecordBatch])> {
        self.tables.iter().filter(move |(of, _, _)| *of == table).map(|(_, path, batches)| (path.as_str(), batches.as_slice()))
    }
}

/// Columns of text; an error when one is something else.
pub(crate) fn texts(batch: &RecordBatch, columns: Range<usize>) -> Result<Vec<StringArray>, Error> {
    columns
        .map(|at| {
            let column = batch.columns().get(at).ok_or_else(|| Error::bug("a table has too few columns"))?;
            let text = cast(column, &DataType::Utf8).map_err(Error::bug)?;
            text.as_any().downcast_ref::<StringArray>().cloned().ok_or_else(|| Error::bug("a column is no text"))
        })
        .collect()
}

/// A cell of a released table, so that rows can be compared: numbers by value, text by bytes, what is absent first.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Cell {
    Absent,
    Number(f64),
    Text(String),
}

fn cell(batch: &RecordBatch, column: usize, row: usize) -> Cell {
    let Some(array) = batch.columns().get(column).filter(|array| !array.is_null(row)) else { return Cell::Absent };
    let any = array.as_any();
    if let Some(text) = any.downcast_ref::<StringArray>() {
        Cell::Text(text.value(row).to_owned())
    } else if let Some(number) = any.downcast_ref::<Int16Array>() {
        Cell::Number(f64::from(number.value(row)))
    } else if let Some(number) = any.downcast_ref::<Int32Array>() {
        Cell::Number(f64::from(number.value(row)))
    } else if let Some(number) = any.downcast_ref::<Float64Array>() {
        Cell::Number(number.value(row))
    } else {
        Cell::Absent
    }
}

/// A cell of a column by name, as text; empty when it is absent or no text.
fn text_of(batch: &RecordBatch, column: &str, row: usize) -> String {
    match batch.schema().index_of(column).map(|at| cell(batch, at, row)) {
        Ok(Cell::Text(text)) => text,
        _ => String::new(),
    }
}

/// A cell of a column by name, as a number.
fn number_of(batch: &RecordBatch, column: &str, row: usize) -> Option<f64> {
    match batch.schema().index_of(column).map(|at| cell(batch, at, row)) {
        Ok(Cell::Number(number)) => Some(number),
        _ => None,
    }
}

/// The first few of many, for a message.
fn some(list: &[String]) -> String {
    const SHOWN: usize = 3;
    let more = if list.len() > SHOWN { format!(" and {} more", list.len() - SHOWN) } else { String::new() };
    format!("{}{more}", list[..list.len().min(SHOWN)].join("; "))
}

/// Passed with what was counted, or failed with the first few mistakes.
fn unless(mistakes: &[String], counted: String) -> Found {
    if mistakes.is_empty() { Ok(counted) } else { Err(some(mistakes)) }
}
