//! What is checked of an indicator beyond its words: SQL that runs and returns what its definition asks for, and only selects.

use std::path::Path;

use spiegel_model::{DefinitionError, Delivered, IndicatorSpec, Kind, SubmissionSchema, YearSpec};

use crate::contradictions::Source;
use crate::{Indicator, Pipeline, cases, lines, who_counts};

/// Functions that compute over units, where SQL selects and Rust computes: the engine's percentiles round, and a sum of decimals
/// depends on how it shares the work. Those that start with one of [`COMPUTING_STARTS`] as well.
const COMPUTING: [&str; 5] = ["avg", "mean", "median", "var", "variance"];
const COMPUTING_STARTS: [&str; 5] = ["stddev", "var_", "percentile", "quantile", "approx_"];

/// Checks every indicator on the tables of the pipeline: SQL that can be planned, the columns that its definition asks for, no
/// function that computes over units, columns in `needs` that exist, and cases that are there.
#[must_use]
pub fn check_indicators(pipeline: &Pipeline, schema: &SubmissionSchema) -> Vec<DefinitionError> {
    let mut mistakes = Vec::new();
    for (name, sql) in &pipeline.views {
        mistakes.extend(computing(&format!("views/{name}.sql"), sql, Delivered::Units));
    }
    for indicator in &pipeline.indicators {
        let spec = &indicator.spec;
        mistakes.extend(computing(&sql_file(spec), &indicator.sql, spec.delivered));
        mistakes.extend(needs(pipeline, spec, schema));
        if indicator.cases.is_none() {
            let message = "missing; an indicator without cases is not tested";
            mistakes.push(DefinitionError::at(&format!("indicators/{}/cases.slt", spec.id), None, message));
        }
    }
    let engine = match cases::empty_engine(pipeline, schema) {
        Ok(engine) => engine,
        Err(error) => {
            mistakes.extend(error.into_mistakes());
            return mistakes;
        }
    };
    for indicator in &pipeline.indicators {
        let file = sql_file(&indicator.spec);
        match engine.columns(&file, &indicator.sql) {
            Ok(returned) => mistakes.extend(columns(pipeline, indicator, &file, &returned)),
            Err(error) => mistakes.extend(error.into_mistakes()),
        }
        if let (Some(file), Some(sql)) = (&indicator.spec.who_counts, &indicator.who_counts_sql) {
            match engine.columns(file, sql) {
                Ok(returned) => {
                    let missing = who_counts::COLUMNS.iter().filter(|name| !returned.iter().any(|one| one == *name));
                    let message = |name: &&str| format!("must return `{name}`; it returns {}", returned.join(", "));
                    mistakes.extend(missing.map(|name| DefinitionError::at(file, None, message(name))));
                }
                Err(error) => mistakes.extend(error.into_mistakes()),
            }
        }
    }
    // One file may stand behind several indicators.
    let mut told = Vec::new();
    mistakes.retain(|mistake| !told.contains(mistake) && { told.push(mistake.clone()); true });
    mistakes
}

/// Definitions whose review is due before a year of the pipeline is issued; each is told for the last such year.
#[must_use]
pub fn check_reviews(pipeline: &Pipeline, years: &[YearSpec]) -> Vec<DefinitionError> {
    let Some(last) = years.iter().max_by_key(|year| year.issued) else { return Vec::new() };
    let expired = pipeline.indicators.iter().map(|indicator| &indicator.spec).filter(|spec| spec.next_review < last.issued);
    expired
        .map(|spec| {
            let message = format!(
                "the review of this definition was due on {}, before the reports of {} are issued ({}); review it, and write the date of the next one",
                spec.next_review, last.label, last.issued
            );
            at_key(&pipeline.directory, spec, "next_review", message)
        })
        .collect()
}

fn sql_file(spec: &IndicatorSpec) -> String {
    format!("indicators/{}/indicator.sql", spec.id)
}

/// A mistake at a key of `indicator.toml`.
fn at_key(directory: &Path, spec: &IndicatorSpec, path: &str, message: String) -> DefinitionError {
    let file = format!("indicators/{}/indicator.toml", spec.id);
    let text = std::fs::read_to_string(directory.join(&file)).unwrap_or_default();
    Source { file: &file, text: &text }.mistake(path, message)
}

/// Functions that compute over units. Totals may be averaged, as they are added up; percentiles never.
fn computing(file: &str, sql: &str, delivered: Delivered) -> Vec<DefinitionError> {
    let is_percentile = |word: &str| word == "median" || ["percentile", "quantile", "approx_"].iter().any(|start| word.starts_with(start));
    let is_computing = |word: &str| COMPUTING.contains(&word) || COMPUTING_STARTS.iter().any(|start| word.starts_with(start));
    lines::words(sql)
        .into_iter()
        .filter(|(_, word, called)| *called && is_computing(word) && (delivered == Delivered::Units || is_percentile(word)))
        .map(|(line, word, _)| {
            let message = format!("`{word}` computes over units: SQL selects the rows, and the program computes means, spread and percentiles");
            DefinitionError::at(file, Some(line), message)
        })
        .collect()
}

/// Columns in `needs` that no table has.
fn needs(pipeline: &Pipeline, spec: &IndicatorSpec, schema: &SubmissionSchema) -> Vec<DefinitionError> {
    let exists = |need: &str| {
        let (table, column) = need.split_once('.')?;
        schema.table(table)?.columns.iter().find(|one| one.name == column)
    };
    let unknown = spec.needs.iter().enumerate().filter(|(_, need)| exists(need).is_none());
    unknown
        .map(|(number, need)| {
            let table = need.split_once('.').and_then(|(table, _)| schema.table(table));
            let known: Vec<&str> = match table {
                Some(table) => table.columns.iter().map(|column| column.name.as_str()).collect(),
                None => schema.tables.iter().map(|table| table.table.as_str()).collect(),
            };
            let message = format!("`needs`: there is no column `{need}`; known: {}", known.join(", "));
            at_key(&pipeline.directory, spec, &format!("needs.{number}"), message)
        })
        .collect()
}

/// Columns that the definition asks for and the SQL does not return.
fn columns(pipeline: &Pipeline, indicator: &Indicator, file: &str, returned: &[String]) -> Vec<DefinitionError> {
    let spec = &indicator.spec;
    let mut needed: Vec<&str> = match (spec.kind, spec.delivered) {
        (Kind::Proportion, Delivered::Units) => vec!["provider_id", "unit_id", "met"],
        (Kind::Mean, Delivered::Units) => vec!["provider_id", "unit_id", "value"],
        (Kind::Proportion, _) => vec!["provider_id", "numerator", "denominator"],
        (Kind::Mean, Delivered::Totals) => vec!["provider_id", "n", "mean", "sd"],
        (Kind::Mean, Delivered::PrePost) => vec!["provider_id", "n", "mean_start", "sd_start", "mean_end", "sd_end"],
    };
    needed.extend(spec.parts.then_some("part"));
    needed.extend(spec.survival.iter().flat_map(|_| ["days", "event"]));
    let missing = |name: &str| !returned.iter().any(|one| one == name);
    let there = returned.join(", ");
    let mut found = Vec::new();
    for name in needed.into_iter().filter(|name| missing(name)) {
        found.push(DefinitionError::at(file, None, format!("must return `{name}`; it returns {there}")));
    }
    if spec.delivered == Delivered::Units {
        for (number, adjuster) in spec.adjusters.iter().enumerate().filter(|(_, adjuster)| missing(&adjuster.column)) {
            let message = format!("the adjuster `{}` is not returned by indicator.sql; it returns {there}", adjuster.column);
            found.push(at_key(&pipeline.directory, spec, &format!("adjuster.{number}.column"), message));
        }
    }
    found
}
