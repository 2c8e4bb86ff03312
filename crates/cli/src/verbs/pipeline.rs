//! `spiegel pipeline check`: all definitions, all mistakes, and the cases of the indicators.

use std::fs;
use std::path::Path;

use spiegel_ingest::{check_rules, load_rules, load_schema};
use spiegel_model::{Layout, SubmissionSchema};
use spiegel_query::{Pipeline, check_indicators, check_reviews, load_keurmerk, load_year, run_cases};
use spiegel_release::Policy;
use spiegel_release::documents::codebook;

use crate::exit::{Outcome, Usage};
use crate::steps::keurmerk_schema;
use crate::talk;

/// Checks everything; of the cases those of one indicator, when it is named.
pub(crate) fn check_pipeline(directory: &Path, indicator: Option<&str>) -> anyhow::Result<Outcome> {
    let mut mistakes: Vec<String> = Vec::new();
    // The cases meet the mistakes of SQL and views once more.
    let mut note = |error: &dyn std::fmt::Display| {
        let text = error.to_string();
        if !mistakes.contains(&text) {
            mistakes.push(text);
        }
    };
    let schema = load_schema(directory).inspect_err(|error| note(error)).ok();
    let rules = load_rules(directory).inspect_err(|error| note(error)).ok();
    let (pipeline, found) = Pipeline::examine(directory);
    found.iter().for_each(|mistake| note(mistake));
    if let (Some(id), Some(pipeline)) = (indicator, &pipeline)
        && !pipeline.spec.indicators.iter().any(|known| known == id)
    {
        return Err(Usage(format!("there is no indicator {id}; there are {}", pipeline.spec.indicators.join(", "))).into());
    }
    let mut years = Vec::new();
    if let Ok(entries) = fs::read_dir(directory.join("years")) {
        let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        for file in files {
            match load_year(&file) {
                Ok(year) => years.push(year),
                Err(error) => error.into_mistakes().iter().for_each(|mistake| note(mistake)),
            }
        }
    }
    if let (Some(schema), Some(rules)) = (&schema, &rules) {
        if let Err(error) = check_rules(schema, rules) {
            note(&error);
        }
        for mistake in pipeline.iter().flat_map(|pipeline| spiegel_query::check_rules(pipeline, schema, rules)) {
            note(&mistake);
        }
    }
    for mistake in pipeline.iter().flat_map(|pipeline| check_reviews(pipeline, &years)) {
        note(&mistake);
    }
    // Of each Keurmerk year the criteria, words and deliveries.
    for (pipeline, year) in pipeline.iter().flat_map(|pipeline| years.iter().map(move |year| (pipeline, year))) {
        match load_keurmerk(pipeline, year) {
            Ok(None) => {}
            Ok(Some(definitions)) => {
                for part in ["keurmerk", "keurmerk/assessment"].map(|part| directory.join(part)) {
                    match (keurmerk_schema(&part, &definitions), load_rules(&part)) {
                        (Ok(schema), Ok(rules)) => _ = check_rules(&schema, &rules).inspect_err(|error| note(error)),
                        (schema, rules) => {
                            _ = schema.inspect_err(|error| note(error));
                            _ = rules.inspect_err(|error| note(error));
                        }
                    }
                }
            }
            Err(error) => error.into_mistakes().iter().for_each(|mistake| note(mistake)),
        }
    }
    let (mut cases, mut compared) = (0, 0);
    if let (Some(pipeline), Some(schema)) = (&pipeline, &schema) {
        check_indicators(pipeline, schema).iter().for_each(|mistake| note(mistake));
        for one in pipeline.indicators.iter().filter(|one| indicator.is_none_or(|id| one.spec.id == id)) {
            match run_cases(pipeline, one, schema) {
                Ok(None) => {}
                Ok(Some(outcome)) => {
                    cases += 1;
                    compared += outcome.compared;
                    outcome.differences.iter().for_each(|difference| note(difference));
                }
                Err(error) => error.into_mistakes().iter().for_each(|mistake| note(mistake)),
            }
        }
    }
    let release = directory.join("release");
    if release.join("policy.toml").is_file()
        && let Err(error) = Policy::load(&release).and_then(|policy| codebook(&policy))
    {
        note(&error);
    }
    if mistakes.is_empty() {
        let mappings = schema.as_ref().map(mappings).unwrap_or_default();
        talk::data(&format!(
            "{}: {} tables, {} rules, {} indicators, {} years; {cases} case files with {compared} answers are right\n{mappings}",
            directory.display(),
            schema.map_or(0, |schema| schema.tables.len()),
            rules.map_or(0, |rules| rules.rules.len()),
            pipeline.map_or(0, |pipeline| pipeline.indicators.len()),
            years.len(),
        ))?;
        return Ok(Outcome::Done);
    }
    for mistake in &mistakes {
        talk::line(&format!("error: {mistake}"));
    }
    Ok(Outcome::PipelineWrong)
}

/// The mappings of a pipeline, a line each: which submissions have that layout, and which tables it describes.
fn mappings(schema: &SubmissionSchema) -> String {
    let line = |layout: &Layout| {
        let mut used: Vec<String> = layout.suppliers.iter().map(|supplier| format!("bron_epd \"{supplier}\"")).collect();
        if layout.default {
            used.push("submissions that name no supplier with a mapping".to_owned());
        }
        if used.is_empty() {
            used.push("--mapping only".to_owned());
        }
        format!("mapping {}: {}; tables {}\n", layout.name, used.join(", "), layout.mapped.join(", "))
    };
    schema.layouts.iter().map(line).collect()
}
