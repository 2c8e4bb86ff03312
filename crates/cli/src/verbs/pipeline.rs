//! `spiegel pipeline check`: all definitions, all mistakes, and the cases of the indicators.

use std::fs;
use std::path::Path;

use spiegel_ingest::{check_rules, load_rules, load_schema};
use spiegel_model::{Layout, SubmissionSchema};
use spiegel_query::{Pipeline, load_year, run_cases};

use crate::exit::Outcome;
use crate::talk;

pub(crate) fn check_pipeline(directory: &Path) -> anyhow::Result<Outcome> {
    let mut mistakes: Vec<String> = Vec::new();
    let mut note = |error: &dyn std::fmt::Display| mistakes.push(error.to_string());
    let schema = load_schema(directory).inspect_err(|error| note(error)).ok();
    let rules = load_rules(directory).inspect_err(|error| note(error)).ok();
    let pipeline = Pipeline::load(directory).inspect_err(|error| note(error)).ok();
    let mut years = 0;
    if let Ok(entries) = fs::read_dir(directory.join("years")) {
        let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        for file in files {
            years += 1;
            if let Err(error) = load_year(&file) {
                note(&error);
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
    let (mut cases, mut compared) = (0, 0);
    if let (Some(pipeline), Some(schema)) = (&pipeline, &schema) {
        for indicator in &pipeline.indicators {
            match run_cases(pipeline, indicator, schema) {
                Ok(None) => note(&format!("indicators/{}/cases.slt: missing; an indicator without cases is not tested", indicator.spec.id)),
                Ok(Some(outcome)) => {
                    cases += 1;
                    compared += outcome.compared;
                    for difference in outcome.differences {
                        note(&format!("indicators/{}/cases.slt: {difference}", indicator.spec.id));
                    }
                }
                Err(error) => note(&error),
            }
        }
    }
    if mistakes.is_empty() {
        let mappings = schema.as_ref().map(mappings).unwrap_or_default();
        talk::data(&format!(
            "{}: {} tables, {} rules, {} indicators, {years} years; {cases} case files with {compared} answers are right\n{mappings}",
            directory.display(),
            schema.map_or(0, |schema| schema.tables.len()),
            rules.map_or(0, |rules| rules.rules.len()),
            pipeline.map_or(0, |pipeline| pipeline.indicators.len()),
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
