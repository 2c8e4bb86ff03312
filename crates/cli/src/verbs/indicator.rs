//! `spiegel new indicator` and `spiegel preview indicator`: what an analyst does before an indicator is in a report.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use spiegel_ingest::load_schema;
use spiegel_model::{Kind, YearSpec};
use spiegel_query::{Engine, NewIndicator, Pipeline, Reference, ReportContext, Results, assemble, load_year, preview, run_cases, scaffold};
use spiegel_render::{Template, render};

use crate::arguments::{NewIndicatorArguments, NewKind, PreviewIndicator};
use crate::batch::{Members, Run};
use crate::exit::{Outcome, Usage};
use crate::steps::{benchmark, checks, register_of, template_beside};
use crate::talk;

/// `spiegel new indicator`.
pub(crate) fn new_indicator(arguments: &NewIndicatorArguments) -> anyhow::Result<Outcome> {
    let directory = &arguments.pipeline;
    let schema = load_schema(directory)?;
    let kind = match arguments.kind {
        NewKind::Proportion => Kind::Proportion,
        NewKind::Mean => Kind::Mean,
    };
    let wanted = NewIndicator { name: arguments.name.clone(), kind, title: arguments.title.clone(), shown_with: arguments.shown_with.clone() };
    let written = scaffold(directory, &schema, &wanted)?;
    for file in &written {
        talk::line(&format!("written    {}", directory.join(file).display()));
    }
    let (name, directory) = (&arguments.name, directory.display());
    talk::data(&format!(
        "Next:\n  1. Fill in the four files, wherever \"vul in\" stands, and move `{name}` to its place in pipeline.toml.\n  \
         2. spiegel pipeline check {directory}\n  3. spiegel preview indicator {name} --pipeline {directory} --batch DIR\n  4. make test CASE={name}\n"
    ))?;
    Ok(Outcome::Done)
}

/// `spiegel preview indicator`.
pub(crate) fn preview_indicator(arguments: &PreviewIndicator) -> anyhow::Result<Outcome> {
    let pipeline = Pipeline::load(&arguments.pipeline)?;
    let known = pipeline.spec.indicators.join(", ");
    let unknown = || Usage(format!("there is no indicator {}; there are {known}", arguments.name));
    let pipeline = pipeline.only(&arguments.name).ok_or_else(unknown)?;
    match &arguments.batch {
        Some(batch) => on_batch(arguments, pipeline, batch),
        None => on_cases(arguments, &pipeline),
    }
}

/// What the cases give, a line for each provider.
fn on_cases(arguments: &PreviewIndicator, pipeline: &Pipeline) -> anyhow::Result<Outcome> {
    let schema = load_schema(&arguments.pipeline)?;
    let indicator = pipeline.indicators.iter().find(|one| one.spec.id == arguments.name).context("an indicator without a definition")?;
    let Some(outcome) = run_cases(pipeline, indicator, &schema)? else {
        return Err(Usage(format!("indicators/{}/cases.slt is missing", arguments.name)).into());
    };
    let mut text = format!("{:<16} {:>6}  value\n", "provider", "n");
    for (provider, summary) in &outcome.summaries {
        let value = summary.value().map_or_else(|| "null".to_owned(), |value| value.to_string());
        text.push_str(&format!("{provider:<16} {:>6}  {value}\n", summary.n()));
    }
    talk::data(&text)?;
    for difference in &outcome.differences {
        talk::line(&format!("error: {difference}"));
    }
    Ok(if outcome.differences.is_empty() { Outcome::Done } else { Outcome::PipelineWrong })
}

/// The national picture, and the page of one provider when it is asked for.
fn on_batch(arguments: &PreviewIndicator, pipeline: Pipeline, batch: &Path) -> anyhow::Result<Outcome> {
    let lake = batch.join("lake");
    if !lake.is_dir() {
        return Err(Usage(format!("{} is no batch: it has no folder lake", batch.display())).into());
    }
    if let Some(other) = Run::load(batch)?.years.values().map(|year| &year.pipeline).find(|id| **id != pipeline.spec.id) {
        return Err(Usage(format!("this batch belongs to the pipeline {other}; give --pipeline pipelines/{other}")).into());
    }
    let year = year_of(arguments, batch)?;
    let register = register_of(batch, year.year, &pipeline)?;
    let held: BTreeMap<_, _> =
        (year.trend_from..=year.year).map(|one| Ok((one, checks::held(batch, one)?))).collect::<anyhow::Result<_>>()?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let engine = Engine::open(&lake, &pipeline, threads)?;
    let results = Results::compute(&engine, pipeline, year, register, &held, |_| {})?;
    talk::data(&preview(&results, &arguments.name).context("an indicator without results")?)?;
    let (Some(provider), Some(out)) = (&arguments.provider, &arguments.out) else { return Ok(Outcome::Done) };
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let inside = fs::canonicalize(folder).with_context(|| format!("{}", folder.display()))?;
    if inside.starts_with(fs::canonicalize(batch)?) {
        return Err(Usage(format!("{} lies in the batch; a preview writes nothing there", out.display())).into());
    }
    let (_, reference) = Reference::new(&results).to_json()?;
    let context = ReportContext { program: benchmark::program(), data: "voorvertoning".to_owned(), reference, version: 1, has_group_report: false };
    let mut report = assemble(&results, provider, &context, None)
        .ok_or_else(|| Usage(format!("provider {provider} delivered nothing in {}; see `spiegel status`", results.year.year)))?;
    // Pages about the other indicators say nothing here.
    (report.guide, report.quality, report.norms, report.worksheet) = (None, None, None, None);
    let directory = arguments.template.clone().unwrap_or_else(|| template_beside(&arguments.pipeline));
    let pdf = render(&report, &Template::load(&directory)?)?;
    fs::write(out, &pdf.bytes).with_context(|| format!("{}", out.display()))?;
    talk::line(&format!("written    {} ({} pages; confidential, for you alone)", out.display(), pdf.pages));
    Ok(Outcome::Done)
}

/// The year file: of the year that was asked for, or the latest of which the batch holds something.
fn year_of(arguments: &PreviewIndicator, batch: &Path) -> anyhow::Result<YearSpec> {
    let folder = arguments.pipeline.join("years");
    let mut files: Vec<_> = fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut years = files.iter().map(|file| load_year(file)).collect::<Result<Vec<_>, _>>()?;
    years.sort_by_key(|year| std::cmp::Reverse(year.year));
    for year in years.into_iter().filter(|year| arguments.year.is_none_or(|wanted| wanted == year.year)) {
        if !Members::load(batch, year.year)?.is_empty() {
            return Ok(year);
        }
    }
    let wanted = arguments.year.map_or_else(|| "any year".to_owned(), |year| year.to_string());
    Err(Usage(format!("{} holds nothing of {wanted} that the pipeline has a year file of", batch.display())).into())
}
