//! `spiegel trace`: from the value of one provider on one indicator back to the units, the SQL, the statistics and the reference.

mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use spiegel_ingest::{PartRef, load_rules, read_findings};
use spiegel_model::{DeliveryKind, IndicatorSpec, PrintedValue, Receipt, Report, RuleSet, Trace, TracedDelivery, TracedUnit, TracedValue, YearSpec};
use spiegel_query::{Pipeline, TraceRequest, load_year, trace as follow};

use crate::arguments::{TextFormat, Trace as Arguments};
use crate::batch::{Members, Run, folders};
use crate::exit::{Outcome, Usage};
use crate::places::located;
use crate::steps::checks::held;
use crate::talk;

/// Digits of a hash as the colophon prints them.
const PRINTED_HASH: usize = 12;

pub(crate) fn trace(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let batch = &arguments.batch;
    let run = Run::load(batch)?;
    let year = year_of(arguments, &run)?;
    let state = run.years.get(&year.to_string()).with_context(|| format!("run.json without {year}"))?;
    let directory = arguments.pipeline.clone().unwrap_or_else(|| located(&Path::new("pipelines").join(&state.pipeline)));
    let pipeline = Pipeline::load(&directory)?;
    if pipeline.spec.id != state.pipeline {
        return Err(Usage(format!("this batch belongs to the pipeline {0}; give --pipeline pipelines/{0}", state.pipeline)).into());
    }
    let spec = indicator(&pipeline, &arguments.indicator)?;
    let year_spec = year_file(&directory, year)?;
    let Some(provider) = state.providers.get(&arguments.provider) else {
        return Err(Usage(format!("{} delivered nothing that counts in {year}; see `spiegel status --batch {} --year {year}`", arguments.provider, batch.display())).into());
    };
    let receipts = receipts(batch, &pipeline, &arguments.provider, year)?;
    let counting = counting(batch, &pipeline, &arguments.provider, year)?;
    let set_apart = set_apart(batch, &counting, year)?;
    let request = TraceRequest {
        pipeline: &pipeline,
        year: &year_spec,
        indicator: &arguments.indicator,
        provider: &arguments.provider,
        batch,
        set_apart: &set_apart,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    };
    let mut trace = follow(&request)?;
    trace.provider.name.clone_from(&provider.name);
    let rules = load_rules(&directory)?;
    for group in &mut trace.set_apart {
        group.title = title(&rules, &group.code);
    }
    trace.held_by = held(batch, year)?.get(&arguments.provider).and_then(|held| held.get(&arguments.indicator)).into_iter().flatten().cloned().collect();
    let is_counting = |receipt: &Receipt| counting.iter().any(|part| part.sha256 == receipt.sha256);
    trace.deliveries = receipts
        .iter()
        .map(|(_, receipt)| TracedDelivery {
            submission: receipt.submission.clone(),
            sequence: receipt.sequence,
            sha256: receipt.sha256.clone(),
            verdict: receipt.verdict,
            counts: is_counting(receipt),
        })
        .collect();
    for (folder, _) in receipts.iter().filter(|(_, receipt)| is_counting(receipt) && pipeline.spec.delivery.kind != DeliveryKind::Collective) {
        name_findings(&mut trace, folder)?;
    }
    trace.printed = printed(batch, year, &arguments.provider, spec, &trace.reference.sha256)?;
    compare_with_print(&mut trace);
    match arguments.format {
        TextFormat::Json => talk::data(&format!("{}\n", serde_json::to_string_pretty(&trace)?))?,
        TextFormat::Text => {
            let words = text::Words { spec, rules: &rules, pipeline: &directory, all: arguments.all };
            talk::data(&words.page(&trace))?;
        }
    }
    talk::line("private    this names single units and pseudonyms of clients; it is for the analyst and the provider alone");
    for disagreement in &trace.disagreements {
        talk::line(&format!("differs    {disagreement}"));
    }
    Ok(if trace.agrees { Outcome::Done } else { Outcome::WithRefusals })
}

fn indicator<'a>(pipeline: &'a Pipeline, id: &str) -> anyhow::Result<&'a IndicatorSpec> {
    let found = pipeline.indicators.iter().map(|one| &one.spec).find(|spec| spec.id == id);
    Ok(found.ok_or_else(|| Usage(format!("there is no indicator {id}; there are {}", pipeline.spec.indicators.join(", "))))?)
}

/// The year that was asked for, or the latest with results.
fn year_of(arguments: &Arguments, run: &Run) -> anyhow::Result<i32> {
    let known: Vec<i32> = run.years.keys().filter_map(|year| year.parse().ok()).collect();
    let wanted = arguments.year.or_else(|| known.iter().copied().max());
    let found = wanted.filter(|year| known.contains(year));
    let years: Vec<String> = known.iter().map(i32::to_string).collect();
    let has = if years.is_empty() { "none yet: run `spiegel year` first".to_owned() } else { years.join(", ") };
    Ok(found.ok_or_else(|| Usage(format!("{} has no results of that year; it has {has}", arguments.batch.display())))?)
}

/// The year file of a pipeline for a report year.
fn year_file(pipeline: &Path, year: i32) -> anyhow::Result<YearSpec> {
    let folder = pipeline.join("years");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))?.flatten().map(|entry| entry.path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "toml")) {
        let spec = load_year(file)?;
        if spec.year == year {
            return Ok(spec);
        }
    }
    Err(Usage(format!("{} has no year file of {year}", folder.display())).into())
}

/// Receipts of the year with their folders, in order: of the provider, or of the one that delivers for all.
fn receipts(batch: &Path, pipeline: &Pipeline, provider: &str, year: i32) -> anyhow::Result<Vec<(PathBuf, Receipt)>> {
    let all = batch.join("receipts");
    let parties = if pipeline.spec.delivery.kind == DeliveryKind::Collective { folders(&all)? } else { vec![all.join(provider)] };
    let mut found = Vec::new();
    for folder in parties.iter().map(|party| folders(party)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        let file = folder.join("ontvangst.json");
        let text = fs::read_to_string(&file).with_context(|| format!("receipt {}", file.display()))?;
        let receipt: Receipt = serde_json::from_str(&text).with_context(|| format!("receipt {}", file.display()))?;
        if receipt.year.is_none_or(|own| own == year) {
            found.push((folder, receipt));
        }
    }
    Ok(found)
}

/// The submissions of the lake of the year that hold rows of the provider.
fn counting(batch: &Path, pipeline: &Pipeline, provider: &str, year: i32) -> anyhow::Result<Vec<PartRef>> {
    let is_own = |part: &PartRef| pipeline.spec.delivery.kind == DeliveryKind::Collective || part.provider_id == provider;
    Ok(Members::load(batch, year)?.parts().into_iter().filter(is_own).collect())
}

/// Files with the rows of these submissions that were not used, each with its table.
fn set_apart(batch: &Path, counting: &[PartRef], year: i32) -> anyhow::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for folder in folders(&batch.join("lake").join("quarantine"))? {
        let Some(table) = folder.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
        let files = counting.iter().map(|part| folder.join(format!("year={year}")).join(format!("{}.parquet", part.name())));
        found.extend(files.filter(|file| file.is_file()).map(|file| (table.clone(), file)));
    }
    Ok(found)
}

fn title(rules: &RuleSet, code: &str) -> String {
    rules.rule(code).map(|rule| rule.title.clone()).unwrap_or_default()
}

/// Adds to each unit the codes of the findings on its row.
fn name_findings(trace: &mut Trace, folder: &Path) -> anyhow::Result<()> {
    let mut codes: BTreeMap<(String, i64), BTreeSet<String>> = BTreeMap::new();
    for finding in read_findings(folder)? {
        let finding = finding?;
        if let Some(row) = finding.row.and_then(|row| i64::try_from(row).ok()) {
            codes.entry((finding.source().into_owned(), row)).or_default().insert(finding.code);
        }
    }
    let name = |unit: &mut TracedUnit| {
        let found = unit.source.as_ref().and_then(|source| codes.get(&(source.file.clone(), source.row)));
        unit.findings = found.into_iter().flatten().cloned().collect();
    };
    trace.units.iter_mut().for_each(name);
    trace.not_counted.iter_mut().flat_map(|group| &mut group.units).for_each(name);
    Ok(())
}

/// The latest report of a provider, relative to the batch.
fn latest_report(batch: &Path, year: i32, provider: &str) -> anyhow::Result<Option<PathBuf>> {
    let own = Path::new("reports").join(year.to_string()).join(provider);
    let number = |folder: &PathBuf| folder.file_name()?.to_str()?.strip_prefix('v')?.parse::<u32>().ok();
    let latest = folders(&batch.join(&own))?.into_iter().filter_map(|folder| number(&folder)).max();
    Ok(latest.map(|version| own.join(format!("v{version}")).join("report.json")).filter(|file| batch.join(file).is_file()))
}

/// What the report says of the indicator. None when it says nothing.
fn printed(batch: &Path, year: i32, provider: &str, spec: &IndicatorSpec, reference: &str) -> anyhow::Result<Option<PrintedValue>> {
    let Some(file) = latest_report(batch, year, provider)? else { return Ok(None) };
    let path = batch.join(&file);
    let bytes = fs::read(&path).with_context(|| format!("{}", path.display()))?;
    let report: Report = serde_json::from_slice(&bytes).with_context(|| format!("{}", path.display()))?;
    let short = reference.get(..PRINTED_HASH).unwrap_or(reference);
    let names_reference = report.method.colophon.iter().any(|line| line.contains(short));
    let file = file.display().to_string();
    let numbers = report.indicators.iter().map(|page| &page.position).find(|position| position.indicator == spec.id);
    let numbers = numbers.map(|position| TracedValue { n: position.n, events: position.events, value: position.value });
    if let Some(row) = report.summary.rows.iter().find(|row| row.indicator == spec.id) {
        let (own, interval, place) = (row.own.clone(), row.interval.clone(), row.place.clone());
        return Ok(Some(PrintedValue { file, own, interval, place, numbers, names_reference }));
    }
    // A row of a table on the page of another indicator.
    let tables = report.indicators.iter().flat_map(|page| &page.further);
    let row = tables.flat_map(|further| further.table.rows.iter().map(move |row| (&further.table.heads, row))).find(|(_, row)| row.first() == Some(&spec.short));
    Ok(row.map(|(heads, row)| {
        let cells: Vec<String> = heads.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty()).map(|(head, cell)| format!("{head}: {cell}")).collect();
        PrintedValue { file, own: cells.join("; "), interval: String::new(), place: String::new(), numbers, names_reference }
    }))
}

/// Says where the report does not print what was computed again.
fn compare_with_print(trace: &mut Trace) {
    let Some(printed) = &trace.printed else { return };
    if !printed.names_reference {
        let told = format!("{} noemt een andere referentie dan {}; maak rapporten opnieuw met `spiegel year`", printed.file, trace.reference.file);
        trace.disagreements.push(told);
    }
    if let Some(numbers) = printed.numbers
        && trace.held_by.is_empty()
        && let Some(value) = numbers.value
        && trace.again.is_none_or(|again| again.value != Some(value) || again.n != numbers.n || again.events != numbers.events)
    {
        trace.disagreements.push(format!("{} noemt een ander getal dan opnieuw uit de gegevens volgt", printed.file));
    }
    trace.agrees = trace.disagreements.is_empty();
}
