//! Runs the cases of an indicator: small made-up tables and the right answers, through the real SQL and statistics.
//!
//! A `cases.slt` file holds blocks. `table NAME` starts made-up rows; `expect` starts the right answers, one row per
//! provider with `n` and `value` (and `events` for a proportion). Cells are separated by `|`, `null` is no value, and the
//! type of a column follows from the schema the caller gives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::arrow::array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, StringArray};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::ScalarValue;
use spiegel_model::{ColumnType, DefinitionError, Delivered, SubmissionSchema};

use crate::engine::Rows;
use crate::observe::Detail;
use crate::{Engine, Error, Indicator, Norm, Pipeline, Summary, observe, who_counts};

/// Columns of the right answers.
const ANSWERS: [&str; 5] = ["provider_id", "n", "events", "value", "sd"];

/// The outcome of the cases of one indicator.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseOutcome {
    /// Providers whose answer was compared.
    pub compared: usize,
    /// What differed, at the lines of the answers.
    pub differences: Vec<DefinitionError>,
    /// What the SQL and the statistics gave, by provider.
    pub summaries: BTreeMap<String, Summary>,
}

/// A table of a case file.
struct Grid {
    /// Names of its columns, and the line on which they stand.
    heads: Vec<String>,
    line: usize,
    /// Its rows, each with its line.
    rows: Vec<(usize, Vec<String>)>,
}

/// Runs the cases of `indicator`. None when it has none.
///
/// # Errors
/// [`Error::Pipeline`] when the file cannot be read as cases, or the SQL fails on it.
pub fn run_cases(
    pipeline: &Pipeline,
    indicator: &Indicator,
    schema: &SubmissionSchema,
) -> Result<Option<CaseOutcome>, Error> {
    let Some(text) = &indicator.cases else { return Ok(None) };
    let file = format!("indicators/{}/cases.slt", indicator.spec.id);
    let (year, mut tables, expected) = parse(&file, text)?;
    let mut mistakes = Vec::new();
    let norms = norms(&file, tables.remove("instrument_norm")).unwrap_or_else(|error| {
        mistakes.extend(error.into_mistakes());
        Vec::new()
    });
    let mut batches = Vec::new();
    for table in &schema.tables {
        match batch(&file, table, tables.get(&table.table), year) {
            Ok(batch) => batches.push((table.table.clone(), batch)),
            Err(error) => mistakes.extend(error.into_mistakes()),
        }
    }
    for (name, grid) in tables.iter().filter(|(name, _)| schema.table(name).is_none()) {
        let known: Vec<&str> = schema.tables.iter().map(|table| table.table.as_str()).collect();
        // The name of a table stands on the line before its columns, without comments between.
        mistakes.push(DefinitionError::at(&file, Some(grid.line), format!("unknown table `{name}`; known: {}", known.join(", "))));
    }
    for head in expected.heads.iter().filter(|head| !ANSWERS.contains(&head.as_str())) {
        mistakes.push(DefinitionError::at(&file, Some(expected.line), format!("`expect`: unknown column `{head}`; known: {}", ANSWERS.join(", "))));
    }
    if !mistakes.is_empty() {
        return Err(Error::Pipeline(mistakes));
    }
    let engine = Engine::in_memory(batches, &norms, pipeline)?;
    let rows = engine.rows(&format!("indicators/{}/indicator.sql", indicator.spec.id), &indicator.sql, &parameters(year))?;
    if indicator.spec.delivered == Delivered::Units {
        one_row_per_unit(&rows, &file, text)?;
    }
    let summaries = observe::of_rows(&rows, &indicator.spec, &BTreeSet::new(), Detail::Units)?.summaries;
    let mut outcome = compare(&file, &expected, summaries);
    if let Some(candidates) = who_counts::candidates(&engine, indicator, &parameters(year), None)? {
        let counted = who_counts::counted(&rows, &indicator.spec)?;
        let who = indicator.spec.who_counts.as_deref().unwrap_or_default();
        let told = who_counts::disagreements(who, &indicator.spec, &candidates, &counted);
        outcome.differences.extend(told.into_iter().map(|told| DefinitionError::at(&file, None, told)));
    }
    Ok(Some(outcome))
}

/// Says which made-up units come back more than once. Of real units only the provider may be told.
fn one_row_per_unit(rows: &Rows, cases: &str, text: &str) -> Result<(), Error> {
    let mut times: BTreeMap<(String, String), usize> = BTreeMap::new();
    rows.each(&["provider_id", "unit_id"], |columns| {
        let (providers, units) = (rows.text(&columns[0])?, rows.text(&columns[1])?);
        for (provider, unit) in providers.iter().zip(&units) {
            if let (Some(provider), Some(unit)) = (provider, unit) {
                *times.entry((provider.to_owned(), unit.to_owned())).or_default() += 1;
            }
        }
        Ok(())
    })?;
    let lines_of = |unit: &str| -> Vec<String> {
        let has = |line: &str| !line.trim_start().starts_with('#') && line.split('|').any(|cell| cell.trim() == unit);
        text.lines().enumerate().filter(|(_, line)| has(line)).map(|(number, _)| (number + 1).to_string()).collect()
    };
    let repeated = times.iter().filter(|(_, times)| **times > 1);
    let mistakes: Vec<DefinitionError> = repeated
        .map(|((provider, unit), times)| {
            let message = format!(
                "must return one row per unit; unit `{unit}` of provider {provider} comes back {times} times ({cases}, line {})",
                lines_of(unit).join(", ")
            );
            DefinitionError::at(rows.file(), None, message)
        })
        .collect();
    if mistakes.is_empty() { Ok(()) } else { Err(Error::Pipeline(mistakes)) }
}

/// The norms that a case file gives, as if the nation had been measured.
fn norms(file: &str, grid: Option<Grid>) -> Result<Vec<Norm>, Error> {
    const HEADS: [&str; 6] = ["instrument", "scale", "mean", "sd", "reliable_change", "cut_off"];
    let Some(grid) = grid else { return Ok(Vec::new()) };
    if grid.heads != HEADS {
        return Err(mistake(file, grid.line, format!("table instrument_norm: the columns are {}", HEADS.join(", "))));
    }
    grid.rows
        .into_iter()
        .map(|(line, row)| {
            let wrong = || mistake(file, line, format!("table instrument_norm: {} holds no numbers where it must", row.join(" | ")));
            let numbers: Vec<f64> = row.iter().skip(2).map(|cell| cell.parse().map_err(|_| wrong())).collect::<Result<_, Error>>()?;
            let (&[mean, sd, reliable_change, cut_off], [instrument, scale, ..]) = (numbers.as_slice(), row.as_slice()) else { return Err(wrong()) };
            Ok(Norm { instrument: instrument.clone(), scale: scale.to_lowercase(), n: 0, mean, sd, reliable_change, cut_off })
        })
        .collect()
}

fn mistake(file: &str, line: usize, message: String) -> Error {
    Error::Pipeline(vec![DefinitionError::at(file, Some(line), message)])
}

/// An engine on tables without rows.
pub(crate) fn empty_engine(pipeline: &Pipeline, schema: &SubmissionSchema) -> Result<Engine, Error> {
    let tables = schema.tables.iter().map(|table| Ok((table.table.clone(), batch("submission", table, None, 0)?)));
    Engine::in_memory(tables.collect::<Result<_, Error>>()?, &[], pipeline)
}

pub(crate) fn parameters(year: i32) -> Vec<(&'static str, ScalarValue)> {
    let day = |month, day| NaiveDate::from_ymd_opt(year, month, day).map(|date| date.to_epoch_days());
    vec![
        ("year", ScalarValue::Int32(Some(year))),
        ("first_client_year", ScalarValue::Int32(Some(year - 1))),
        ("period_start", ScalarValue::Date32(day(1, 1))),
        ("period_end", ScalarValue::Date32(day(12, 31))),
    ]
}

fn parse(file: &str, text: &str) -> Result<(i32, BTreeMap<String, Grid>, Grid), Error> {
    let mut year = None;
    let mut tables: BTreeMap<String, Grid> = BTreeMap::new();
    let mut expected: Option<Grid> = None;
    let mut mistakes = Vec::new();
    let lines: Vec<(usize, &str)> =
        text.lines().enumerate().map(|(number, line)| (number + 1, line.trim())).filter(|(_, line)| !line.starts_with('#')).collect();
    for block in lines.split(|(_, line)| line.is_empty()) {
        let Some(((line, head), rows)) = block.split_first() else { continue };
        let mut grid = || {
            let cells = |row: &str| row.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
            let Some(((line, heads), rows)) = rows.split_first() else {
                mistakes.push(DefinitionError::at(file, Some(*line), format!("`{head}` has no header row")));
                return None;
            };
            let heads = cells(heads);
            let rows: Vec<(usize, Vec<String>)> = rows.iter().map(|(line, row)| (*line, cells(row))).collect();
            for (line, row) in rows.iter().filter(|(_, row)| row.len() != heads.len()) {
                let message = format!("`{head}`: a row has {} cells, the header {}: {}", row.len(), heads.len(), row.join(" | "));
                mistakes.push(DefinitionError::at(file, Some(*line), message));
            }
            Some(Grid { heads, line: *line, rows })
        };
        if let Some(name) = head.strip_prefix("table ") {
            tables.extend(grid().map(|grid| (name.trim().to_owned(), grid)));
        } else if let Some(number) = head.strip_prefix("year ") {
            year = number.trim().parse().ok();
        } else if *head == "expect" {
            expected = grid();
        } else {
            mistakes.push(DefinitionError::at(file, Some(*line), format!("`{head}` is not `year YYYY`, `table NAME` or `expect`")));
        }
    }
    if year.is_none() {
        mistakes.push(DefinitionError::at(file, None, "needs a line `year YYYY`"));
    }
    // A block without rows was told already.
    if expected.is_none() && mistakes.iter().all(|one| !one.message.starts_with("`expect`")) {
        mistakes.push(DefinitionError::at(file, None, "needs a block `expect`"));
    }
    match (year, expected) {
        (Some(year), Some(expected)) if mistakes.is_empty() => Ok((year, tables, expected)),
        _ => Err(Error::Pipeline(mistakes)),
    }
}

fn batch(
    file: &str,
    table: &spiegel_model::TableSchema,
    grid: Option<&Grid>,
    default_year: i32,
) -> Result<RecordBatch, Error> {
    let empty = Grid { heads: Vec::new(), line: 0, rows: Vec::new() };
    let grid = grid.unwrap_or(&empty);
    let mut fields: Vec<(String, ColumnType)> = vec![("year".to_owned(), ColumnType::Integer)];
    if !table.columns.iter().any(|column| column.name == "provider_id") {
        fields.push(("provider_id".to_owned(), ColumnType::Text));
    }
    fields.extend(table.columns.iter().map(|column| (column.name.clone(), column.kind)));
    fields.push(("source_file".to_owned(), ColumnType::Text));
    fields.push(("source_row".to_owned(), ColumnType::Integer));
    let mut mistakes = Vec::new();
    for unknown in grid.heads.iter().filter(|head| !fields.iter().any(|(name, _)| name == *head)) {
        let known: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        let message = format!("table {}: unknown column `{unknown}`; known: {}", table.table, known.join(", "));
        mistakes.push(DefinitionError::at(file, Some(grid.line), message));
    }
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (name, kind) in &fields {
        let at = grid.heads.iter().position(|head| head == name);
        let cells: Vec<(usize, Option<String>)> = grid
            .rows
            .iter()
            .enumerate()
            .map(|(index, (line, row))| {
                let cell = match at {
                    Some(at) => row.get(at).cloned().filter(|cell| cell != "null"),
                    None if name == "year" => Some(default_year.to_string()),
                    None if name == "source_file" => Some(format!("{}.csv", table.name)),
                    None if name == "source_row" => Some((index + 2).to_string()),
                    None => None,
                };
                (*line, cell)
            })
            .collect();
        match column(file, name, *kind, &cells) {
            Ok(column) => columns.push(column),
            Err(error) => mistakes.extend(error.into_mistakes()),
        }
    }
    if !mistakes.is_empty() {
        return Err(Error::Pipeline(mistakes));
    }
    let schema = Schema::new(
        fields
            .iter()
            .zip(&columns)
            .map(|((name, _), column)| Field::new(name, column.data_type().clone(), true))
            .collect::<Vec<_>>(),
    );
    RecordBatch::try_new(Arc::new(schema), columns).map_err(|error| Error::Bug(error.to_string()))
}

fn column(file: &str, name: &str, kind: ColumnType, cells: &[(usize, Option<String>)]) -> Result<ArrayRef, Error> {
    fn each<T>(
        file: &str,
        name: &str,
        cells: &[(usize, Option<String>)],
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<Option<T>>, Error> {
        let value = |(line, cell): &(usize, Option<String>)| match cell {
            None => Ok(None),
            Some(text) => {
                let message = || format!("column `{name}`: cannot read `{text}`");
                read(text).map(Some).ok_or_else(|| DefinitionError::at(file, Some(*line), message()))
            }
        };
        let (values, wrong): (Vec<_>, Vec<_>) = cells.iter().map(value).partition(Result::is_ok);
        if wrong.is_empty() {
            Ok(values.into_iter().flatten().collect())
        } else {
            Err(Error::Pipeline(wrong.into_iter().filter_map(Result::err).collect()))
        }
    }
    let column: ArrayRef = match kind {
        ColumnType::Text | ColumnType::Code => Arc::new(cells.iter().map(|(_, cell)| cell.as_deref()).collect::<StringArray>()),
        ColumnType::Integer | ColumnType::Period => {
            Arc::new(Int32Array::from(each(file, name, cells, |text| text.parse::<i32>().ok())?))
        }
        ColumnType::Decimal => Arc::new(Float64Array::from(each(file, name, cells, |text| text.parse::<f64>().ok())?)),
        ColumnType::Date => Arc::new(Date32Array::from(each(file, name, cells, |text| {
            text.parse::<NaiveDate>().ok().map(|date| date.to_epoch_days())
        })?)),
        ColumnType::Boolean => Arc::new(BooleanArray::from(each(file, name, cells, |text| match text {
            "ja" => Some(true),
            "nee" => Some(false),
            _ => None,
        })?)),
    };
    Ok(column)
}

fn compare(file: &str, expected: &Grid, summaries: BTreeMap<String, Summary>) -> CaseOutcome {
    let mut differences = Vec::new();
    let mut seen = Vec::new();
    for (line, row) in &expected.rows {
        let cell = |name: &str| expected.heads.iter().position(|head| head == name).and_then(|at| row.get(at)).map(String::as_str);
        let provider = cell("provider_id").unwrap_or_default().to_owned();
        let summary = summaries.get(&provider);
        let got = |name: &str| match (name, summary) {
            (_, None) => "null".to_owned(),
            ("n", Some(summary)) => summary.n().to_string(),
            ("events", Some(Summary::Proportion { events, .. })) => events.to_string(),
            ("value", Some(summary)) => summary.value().map_or("null".to_owned(), |value| format!("{value}")),
            ("sd", Some(Summary::Mean { sd: Some(sd), .. })) => format!("{sd}"),
            _ => "null".to_owned(),
        };
        for name in expected.heads.iter().filter(|head| head.as_str() != "provider_id") {
            let (wanted, found) = (cell(name).unwrap_or_default(), got(name));
            if !same(wanted, &found) {
                differences.push(DefinitionError::at(file, Some(*line), format!("{provider}: `{name}` expected {wanted}, got {found}")));
            }
        }
        seen.push(provider);
    }
    for provider in summaries.keys().filter(|provider| !seen.contains(provider)) {
        differences.push(DefinitionError::at(file, Some(expected.line), format!("{provider}: counted, but `expect` does not name it")));
    }
    CaseOutcome { compared: expected.rows.len(), differences, summaries }
}

/// Equal as text, or as numbers to nine digits.
fn same(wanted: &str, found: &str) -> bool {
    wanted == found
        || matches!((wanted.parse::<f64>(), found.parse::<f64>()), (Ok(a), Ok(b)) if (a - b).abs() <= 1e-9 * a.abs().max(1.0))
}
