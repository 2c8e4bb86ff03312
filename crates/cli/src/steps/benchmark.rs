//! Benchmark: positions of all providers, results as Parquet, and a report.json for each provider with a report.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Context as _;
use spiegel_query::{Engine, Held, Pipeline, Reference, ReportContext, Results, Standing, assemble, write_results};

use super::{Workplace, checks, register};
use crate::batch::{Members, ProviderState, ReportState, Run, RunYear, sha256};
use crate::exit::Usage;
use crate::talk::Progress;

/// Reports have one version until correction rounds exist.
const VERSION: u32 = 1;

/// Name and version of the program, as reports print it.
pub(crate) fn program() -> String {
    format!("spiegel {}", env!("CARGO_PKG_VERSION"))
}

pub(super) fn run(workplace: &Workplace, pipeline: Pipeline) -> anyhow::Result<()> {
    let year = workplace.year.year;
    let root = workplace.batch.root();
    let (register, register_bytes) = register(workplace, &pipeline)?;
    let held = held(workplace)?;
    let data = data_fingerprint(workplace, &held)?;
    let made_from = made_from(workplace, &pipeline, &data, &register_bytes)?;
    let mut run = Run::load(root)?;
    if is_finished(workplace, &run, &made_from) {
        Progress::start("benchmark", 1).end("unchanged");
        return Ok(());
    }
    let years = usize::try_from(workplace.year.year - workplace.year.trend_from + 1).unwrap_or(1);
    let steps = pipeline.indicators.len() * years + 3;
    let progress = Progress::start("benchmark", steps);
    if Members::load(root, year)?.is_empty() {
        return Err(Usage(format!("{} holds nothing of {year}; run `spiegel ingest` first", root.display())).into());
    }
    let engine = Engine::open(&workplace.batch.lake(), &pipeline, workplace.threads)?;
    let name = pipeline.spec.id.clone();
    let results = Results::compute(&engine, pipeline, workplace.year.clone(), register, &held, |_| progress.advance())?;
    if results.providers.is_empty() {
        return Err(Usage(format!("no provider has accepted data for {year}; see `spiegel status --batch {}`", root.display())).into());
    }
    // From here until the end the results are of two makings; a run that stops in between starts them again.
    if let Some(state) = run.years.get_mut(&year.to_string()) {
        state.made_from.clear();
        run.save(&workplace.batch)?;
    }
    write_results(&results, &workplace.batch.results(year))?;
    let (_, reference) = Reference::new(&results).to_json()?;
    let context = ReportContext { program: program(), data, reference, version: VERSION };
    let providers = write_reports(workplace, &results, &context, run.years.get(&year.to_string()))?;
    let own = providers.values().filter(|one| !matches!(one.report, ReportState::TooFewClients { .. })).count();
    run.years.insert(
        year.to_string(),
        RunYear { pipeline: name, label: workplace.year.label.clone(), program: program(), made_from, providers },
    );
    run.save(&workplace.batch)?;
    progress.end(&format!(
        "{} providers, {} indicators, {own} with a report of their own",
        results.providers.len(),
        results.indicators.len()
    ));
    Ok(())
}

/// Everything that the results of a year follow from, as one fingerprint.
fn made_from(workplace: &Workplace, pipeline: &Pipeline, data: &str, register: &[u8]) -> anyhow::Result<String> {
    let year = fs::read(&workplace.year_file).with_context(|| format!("{}", workplace.year_file.display()))?;
    Ok(sha256(&[program().as_bytes(), data.as_bytes(), pipeline.fingerprint.as_bytes(), &year, register]))
}

/// True when the results of the year are there and follow from what the batch holds now.
pub(super) fn is_up_to_date(workplace: &Workplace, pipeline: &Pipeline) -> anyhow::Result<bool> {
    let (_, register) = register(workplace, pipeline)?;
    let data = data_fingerprint(workplace, &held(workplace)?)?;
    let made_from = made_from(workplace, pipeline, &data, &register)?;
    let run = Run::load(workplace.batch.root())?;
    Ok(run.years.get(&workplace.year.year.to_string()).is_some_and(|state| state.made_from == made_from))
}

/// What is held for an analyst, by year of the trend.
fn held(workplace: &Workplace) -> anyhow::Result<BTreeMap<i32, Held>> {
    (workplace.year.trend_from..=workplace.year.year).map(|year| Ok((year, checks::held(workplace.batch.root(), year)?))).collect()
}

/// What the data of all years that count are, by content: which submissions the lake holds, and what of them is held.
fn data_fingerprint(workplace: &Workplace, held: &BTreeMap<i32, Held>) -> anyhow::Result<String> {
    let window = i32::try_from(workplace.year.minimum.client_years).unwrap_or(1).max(1);
    let first = workplace.year.trend_from.min(workplace.year.year - window + 1);
    let mut members = Vec::new();
    for year in first..=workplace.year.year {
        members.push(Members::load(workplace.batch.root(), year)?.to_json()?);
    }
    members.push(serde_json::to_string(held)?);
    Ok(sha256(&members.iter().map(String::as_bytes).collect::<Vec<_>>()))
}

/// The results were made from the same things, and every report.json is there.
fn is_finished(workplace: &Workplace, run: &Run, made_from: &str) -> bool {
    let year = workplace.year.year;
    let Some(state) = run.years.get(&year.to_string()) else { return false };
    state.made_from == made_from
        && workplace.batch.results(year).join("reference.json").is_file()
        && state.providers.iter().all(|(id, one)| {
            let file = workplace.batch.report(year, id, VERSION).join("report.json");
            matches!(one.report, ReportState::TooFewClients { .. })
                || fs::metadata(file).is_ok_and(|file| file.len() == one.report_bytes)
        })
}

/// Writes the report.json of each provider with a report of its own, on plain threads.
fn write_reports(
    workplace: &Workplace,
    results: &Results,
    context: &ReportContext,
    before: Option<&RunYear>,
) -> anyhow::Result<BTreeMap<String, ProviderState>> {
    let year = workplace.year.year;
    let ids: Vec<&String> = results.providers.keys().collect();
    let next = AtomicUsize::new(0);
    let states: Mutex<BTreeMap<String, ProviderState>> = Mutex::new(BTreeMap::new());
    let failure: Mutex<Option<anyhow::Error>> = Mutex::new(None);
    let one = |id: &String| -> anyhow::Result<ProviderState> {
        let name = results.register.name_of(id).to_owned();
        let folder = workplace.batch.report(year, id, VERSION);
        let standing = results.providers.get(id).map(|provider| provider.standing);
        if let Some(Standing::TooFewClients { clients, needed }) = standing {
            // A draft of an earlier run, before this provider fell under the minimum.
            if folder.is_dir() {
                fs::remove_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
            }
            let report = ReportState::TooFewClients { clients, needed };
            return Ok(ProviderState { name, report_bytes: 0, report });
        }
        let report = assemble(results, id, context).context("a provider without results")?;
        let mut text = serde_json::to_vec_pretty(&report)?;
        text.push(b'\n');
        let file = folder.join("report.json");
        let unchanged = fs::read(&file).is_ok_and(|old| old == text);
        if !unchanged {
            workplace.batch.write(&file, &text)?;
        }
        let report = before
            .and_then(|state| state.providers.get(id))
            .filter(|_| unchanged)
            .map_or(ReportState::Assembled, |state| state.report.clone());
        Ok(ProviderState { name, report_bytes: text.len() as u64, report })
    };
    thread::scope(|scope| {
        for _ in 0..workplace.threads {
            scope.spawn(|| {
                while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match one(id) {
                        Ok(state) => {
                            states.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert((*id).clone(), state);
                        }
                        Err(error) => {
                            failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
                        }
                    }
                }
            });
        }
    });
    if let Some(error) = failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        return Err(error);
    }
    Ok(states.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}
