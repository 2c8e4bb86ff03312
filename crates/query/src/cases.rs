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
use spiegel_model::{ColumnType, SubmissionSchema};

use crate::observe::Detail;
use crate::{Engine, Error, Indicator, Norm, Pipeline, Summary, observe};

/// The outcome of the cases of one indicator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseOutcome {
    /// Providers whose answer was compared.
    pub compared: usize,
    /// What differed, one line each.
    pub differences: Vec<String>,
}

type Grid = (Vec<String>, Vec<Vec<String>>);

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
    let norms = norms(&file, tables.remove("instrument_norm"))?;
    let mut batches = Vec::new();
    for table in &schema.tables {
        let grid = tables.get(&table.table);
        batches.push((table.table.clone(), batch(&file, table, grid, year)?));
    }
    if let Some(unknown) = tables.keys().find(|name| schema.table(name).is_none()) {
        let known: Vec<&str> = schema.tables.iter().map(|table| table.table.as_str()).collect();
        return Err(Error::definition(file, format!("unknown table `{unknown}`; known: {}", known.join(", "))));
    }
    let engine = Engine::in_memory(batches, &norms, pipeline)?;
    let summaries = observe::observe(&engine, indicator, &parameters(year), &BTreeSet::new(), Detail::Units)?.summaries;
    Ok(Some(compare(&expected, &summaries)))
}

/// The norms that a case file gives, as if the nation had been measured.
fn norms(file: &str, grid: Option<Grid>) -> Result<Vec<Norm>, Error> {
    const HEADS: [&str; 6] = ["instrument", "scale", "mean", "sd", "reliable_change", "cut_off"];
    let Some((heads, rows)) = grid else { return Ok(Vec::new()) };
    if heads != HEADS {
        return Err(Error::definition(file, format!("table instrument_norm: the columns are {}", HEADS.join(", "))));
    }
    rows.into_iter()
        .map(|row| {
            let wrong = || Error::definition(file, format!("table instrument_norm: {} holds no numbers where it must", row.join(" | ")));
            let numbers: Vec<f64> = row.iter().skip(2).map(|cell| cell.parse().map_err(|_| wrong())).collect::<Result<_, Error>>()?;
            let (&[mean, sd, reliable_change, cut_off], [instrument, scale, ..]) = (numbers.as_slice(), row.as_slice()) else { return Err(wrong()) };
            Ok(Norm { instrument: instrument.clone(), scale: scale.to_lowercase(), n: 0, mean, sd, reliable_change, cut_off })
        })
        .collect()
}

/// An engine on tables without rows.
pub(crate) fn empty_engine(pipeline: &Pipeline, schema: &SubmissionSchema) -> Result<Engine, Error> {
    let tables = schema.tables.iter().map(|table| Ok((table.table.clone(), batch("submission", table, None, 0)?)));
    Engine::in_memory(tables.collect::<Result<_, Error>>()?, &[], pipeline)
}

fn parameters(year: i32) -> Vec<(&'static str, ScalarValue)> {
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
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.starts_with('#')).collect();
    for block in lines.split(|line| line.is_empty()).filter(|block| !block.is_empty()) {
        let (head, rows) = (block[0], &block[1..]);
        let grid = || -> Result<Grid, Error> {
            let mut cells = rows.iter().map(|row| row.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
            let heads = cells.next().ok_or_else(|| Error::definition(file, format!("`{head}` has no header row")))?;
            let rows: Vec<Vec<String>> = cells.collect();
            match rows.iter().find(|row| row.len() != heads.len()) {
                Some(row) => Err(Error::definition(
                    file,
                    format!("`{head}`: a row has {} cells, the header {}: {}", row.len(), heads.len(), row.join(" | ")),
                )),
                None => Ok((heads, rows)),
            }
        };
        if let Some(name) = head.strip_prefix("table ") {
            tables.insert(name.trim().to_owned(), grid()?);
        } else if let Some(number) = head.strip_prefix("year ") {
            year = number.trim().parse().ok();
        } else if head == "expect" {
            expected = Some(grid()?);
        } else {
            return Err(Error::definition(file, format!("`{head}` is not `year YYYY`, `table NAME` or `expect`")));
        }
    }
    let year = year.ok_or_else(|| Error::definition(file, "needs a line `year YYYY`"))?;
    let expected = expected.ok_or_else(|| Error::definition(file, "needs a block `expect`"))?;
    Ok((year, tables, expected))
}

fn batch(
    file: &str,
    table: &spiegel_model::TableSchema,
    grid: Option<&Grid>,
    default_year: i32,
) -> Result<RecordBatch, Error> {
    let empty: Grid = (Vec::new(), Vec::new());
    let (heads, rows) = grid.unwrap_or(&empty);
    let mut fields: Vec<(String, ColumnType)> = vec![("year".to_owned(), ColumnType::Integer)];
    if !table.columns.iter().any(|column| column.name == "provider_id") {
        fields.push(("provider_id".to_owned(), ColumnType::Text));
    }
    fields.extend(table.columns.iter().map(|column| (column.name.clone(), column.kind)));
    fields.push(("source_row".to_owned(), ColumnType::Integer));
    if let Some(unknown) = heads.iter().find(|head| !fields.iter().any(|(name, _)| name == *head)) {
        let known: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        return Err(Error::definition(
            file,
            format!("table {}: unknown column `{unknown}`; known: {}", table.table, known.join(", ")),
        ));
    }
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (name, kind) in &fields {
        let at = heads.iter().position(|head| head == name);
        let cells: Vec<Option<String>> = rows
            .iter()
            .enumerate()
            .map(|(index, row)| match at {
                Some(at) => Some(row[at].clone()).filter(|cell| cell != "null"),
                None if name == "year" => Some(default_year.to_string()),
                None if name == "source_row" => Some((index + 2).to_string()),
                None => None,
            })
            .collect();
        columns.push(column(file, name, *kind, &cells)?);
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

fn column(file: &str, name: &str, kind: ColumnType, cells: &[Option<String>]) -> Result<ArrayRef, Error> {
    fn each<T>(
        file: &str,
        name: &str,
        cells: &[Option<String>],
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<Option<T>>, Error> {
        cells
            .iter()
            .map(|cell| match cell {
                None => Ok(None),
                Some(text) => read(text)
                    .map(Some)
                    .ok_or_else(|| Error::definition(file, format!("column `{name}`: cannot read `{text}`"))),
            })
            .collect()
    }
    let column: ArrayRef = match kind {
        ColumnType::Text | ColumnType::Code => Arc::new(StringArray::from(cells.to_vec())),
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

fn compare((heads, rows): &Grid, summaries: &BTreeMap<String, Summary>) -> CaseOutcome {
    let mut differences = Vec::new();
    let mut seen = Vec::new();
    for row in rows {
        let cell = |name: &str| heads.iter().position(|head| head == name).map(|at| row[at].as_str());
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
        for name in heads.iter().filter(|head| head.as_str() != "provider_id") {
            let (wanted, found) = (cell(name).unwrap_or_default(), got(name));
            if !same(wanted, &found) {
                differences.push(format!("{provider}: `{name}` expected {wanted}, got {found}"));
            }
        }
        seen.push(provider);
    }
    for provider in summaries.keys().filter(|provider| !seen.contains(provider)) {
        differences.push(format!("{provider}: counted, but `expect` does not name it"));
    }
    CaseOutcome { compared: rows.len(), differences }
}

/// Equal as text, or as numbers to nine digits.
fn same(wanted: &str, found: &str) -> bool {
    wanted == found
        || matches!((wanted.parse::<f64>(), found.parse::<f64>()), (Ok(a), Ok(b)) if (a - b).abs() <= 1e-9 * a.abs().max(1.0))
}
