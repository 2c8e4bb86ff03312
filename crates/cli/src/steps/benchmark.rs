//! Benchmark: positions of all providers, results as Parquet, and a report.json for each provider with a report.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, mpsc};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Context as _;
use spiegel_query::{Engine, GROUP, Held, Pipeline, Progress as Computing, Reference, ReportContext, Results, Standing, assemble, national_report, write_results};

use super::delivery::Deliveries;
use super::group::GroupPlan;
use super::{Workplace, checks, keurmerk, overview, register, report};
use crate::batch::{Members, ProviderState, ReportState, Run, RunYear, UnderMinimum, sha256};
use crate::exit::Usage;
use crate::talk::{self, Laps, Progress};

/// Threads that write reports; they wait for the disk nearly all the time.
const WRITERS: usize = 8;
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
    let deliveries = Deliveries::load(workplace, &pipeline)?;
    let made_from = made_from(workplace, &pipeline, &data, &register_bytes, deliveries.as_ref())?;
    let mut run = Run::load(root)?;
    if is_finished(workplace, &run, &made_from) {
        Progress::start("benchmark", 1).end("unchanged");
        return Ok(());
    }
    let years = usize::try_from(workplace.year.year - workplace.year.trend_from + 1).unwrap_or(1);
    // Five parts of computing and five of writing.
    let steps = pipeline.indicators.len() * years + 10;
    let progress = Progress::start("benchmark", steps);
    let mut laps = Laps::new();
    let mut begin = |part: &'static str| {
        progress.advance();
        laps.begin(part);
    };
    if Members::load(root, year)?.is_empty() {
        return Err(Usage(format!("{} holds nothing of {year}; run `spiegel ingest` first", root.display())).into());
    }
    let engine = Engine::open(&workplace.batch.lake(), &pipeline, workplace.threads)?;
    let name = pipeline.spec.id.clone();
    let mut results = Results::compute(&engine, pipeline, workplace.year.clone(), register, &held, |at| match at {
        Computing::Begins(part) => begin(part),
        Computing::Indicator => progress.advance(),
    })?;
    if let Some(before) = reference_before(workplace)? {
        results.compare_with(&before);
    }
    results.keurmerk = keurmerk::blocks(root, year)?.0;
    if results.providers.is_empty() {
        return Err(Usage(format!("no provider has accepted data for {year}; see `spiegel status --batch {}`", root.display())).into());
    }
    // From here until the end the results are of two makings; a run that stops in between starts them again.
    if let Some(state) = run.years.get_mut(&year.to_string()) {
        state.made_from.clear();
        run.save(&workplace.batch)?;
    }
    begin("results");
    write_results(&results, &workplace.batch.results(year))?;
    let (_, reference) = Reference::new(&results).to_json()?;
    begin("group");
    let group = GroupPlan::new(workplace, &results, &held)?;
    let has_group_report = group.as_ref().is_some_and(GroupPlan::has_report);
    let context = ReportContext { program: program(), data, reference, version: VERSION, has_group_report };
    begin("overview");
    write_for_analysts(workplace, &results, &context, held.get(&year).unwrap_or(&Held::new()))?;
    begin("reports");
    let mut providers = write_reports(workplace, &results, &context, deliveries.as_ref(), run.years.get(&year.to_string()))?;
    let own = providers.values().filter(|one| one.under_minimum.is_none()).count();
    if let Some(deliveries) = &deliveries {
        providers.extend(nothing_delivered(&results, deliveries));
    }
    begin("group report");
    // Last: what is put together for the group is no part of anything else.
    let group = group.map(|plan| plan.carry_out(workplace, &mut results, &context, run.years.get(&year.to_string()))).transpose()?;
    run.years.insert(
        year.to_string(),
        RunYear { pipeline: name, label: workplace.year.label.clone(), program: program(), made_from, providers, group },
    );
    run.save(&workplace.batch)?;
    progress.end(&format!(
        "{} providers, {} indicators, {own} with a report of their own",
        results.providers.len(),
        results.indicators.len()
    ));
    if let Some(times) = laps.end() {
        talk::line(&format!("{:10} {times}", ""));
    }
    Ok(())
}

/// The overview of what there is to talk about, and the nation as a whole.
fn write_for_analysts(workplace: &Workplace, results: &Results, context: &ReportContext, held: &Held) -> anyhow::Result<()> {
    let folder = workplace.batch.results(workplace.year.year);
    let overview = spiegel_query::overview(results, held);
    workplace.batch.write(&folder.join(overview::FILE), &overview::workbook(&overview, &results.pipeline.texts.workbook(), workplace.year.year)?)?;
    let write = |name: &str, mut text: Vec<u8>| {
        text.push(b'\n');
        workplace.batch.write(&folder.join(name), &text)
    };
    write(report::OVERVIEW, serde_json::to_vec_pretty(&overview)?)?;
    write(report::NATIONAL, serde_json::to_vec_pretty(&national_report(results, context))?)
}

/// Where the reference of the year before lies, once that has results.
fn file_before(workplace: &Workplace) -> Option<PathBuf> {
    let file = workplace.batch.results(workplace.year.year - 1).join("reference.json");
    file.is_file().then_some(file)
}

/// The reference of the year before, for its models. None when that has no results yet.
fn reference_before(workplace: &Workplace) -> anyhow::Result<Option<Reference>> {
    Ok(file_before(workplace).map(|file| Reference::load(&file)).transpose()?)
}

/// Everything that the results of a year follow from, as one fingerprint.
fn made_from(workplace: &Workplace, pipeline: &Pipeline, data: &str, register: &[u8], deliveries: Option<&Deliveries>) -> anyhow::Result<String> {
    let year = fs::read(&workplace.year_file).with_context(|| format!("{}", workplace.year_file.display()))?;
    let deliveries = deliveries.map(|deliveries| deliveries.fingerprint.as_bytes()).unwrap_or_default();
    let before = file_before(workplace).map(fs::read).transpose().context("the reference of the year before")?.unwrap_or_default();
    let texts = pipeline.texts.source().as_bytes();
    let (_, keurmerk) = keurmerk::blocks(workplace.batch.root(), workplace.year.year)?;
    Ok(sha256(&[program().as_bytes(), data.as_bytes(), pipeline.fingerprint.as_bytes(), texts, &year, register, deliveries, &before, &keurmerk]))
}

/// True when the results of the year are there and follow from what the batch holds now.
pub(super) fn is_up_to_date(workplace: &Workplace, pipeline: &Pipeline) -> anyhow::Result<bool> {
    let (_, register) = register(workplace, pipeline)?;
    let data = data_fingerprint(workplace, &held(workplace)?)?;
    let made_from = made_from(workplace, pipeline, &data, &register, Deliveries::load(workplace, pipeline)?.as_ref())?;
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
        && ["reference.json", report::NATIONAL, report::OVERVIEW, overview::FILE].iter().all(|file| workplace.batch.results(year).join(file).is_file())
        && state.providers.iter().all(|(id, one)| {
            let file = workplace.batch.report(year, id, VERSION).join("report.json");
            matches!(one.report, ReportState::TooFewClients { .. } | ReportState::NothingDelivered)
                || fs::metadata(file).is_ok_and(|file| file.len() == one.report_bytes)
        })
        && state.group.as_ref().is_none_or(|group| {
            group.version.is_none_or(|version| {
                let file = workplace.batch.report(year, GROUP, version).join("report.json");
                fs::metadata(file).is_ok_and(|file| file.len() == group.report_bytes)
            })
        })
}

/// Providers that the register expects, and of which nothing came, accepted or not.
fn nothing_delivered(results: &Results, deliveries: &Deliveries) -> Vec<(String, ProviderState)> {
    let expected = results.register.expected(&results.pipeline.spec.register, results.year.year);
    let silent = expected.into_iter().filter(|id| !results.providers.contains_key(*id) && !deliveries.has(id));
    let state = |id: &str| ProviderState { name: results.register.name_of(id).to_owned(), report: ReportState::NothingDelivered, ..ProviderState::default() };
    silent.map(|id| (id.to_owned(), state(id))).collect()
}

/// Writes the report.json of each provider, a sheet for one under the minimum: made on plain threads, and written on others, because a
/// disk takes longer to promise that a file is kept than a report takes to make, and promises many at once as fast as one.
fn write_reports(
    workplace: &Workplace,
    results: &Results,
    context: &ReportContext,
    deliveries: Option<&Deliveries>,
    before: Option<&RunYear>,
) -> anyhow::Result<BTreeMap<String, ProviderState>> {
    let year = workplace.year.year;
    let ids: Vec<&String> = results.providers.keys().collect();
    let next = AtomicUsize::new(0);
    let states: Mutex<BTreeMap<String, ProviderState>> = Mutex::new(BTreeMap::new());
    let failure: Mutex<Option<anyhow::Error>> = Mutex::new(None);
    let fail = |error: anyhow::Error| _ = failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
    // Bounded, so that not all reports wait in memory.
    let (made, to_write) = mpsc::sync_channel::<(PathBuf, Vec<u8>)>(WRITERS);
    let to_write = Mutex::new(to_write);
    let one = |id: &String, made: &mpsc::SyncSender<(PathBuf, Vec<u8>)>| -> anyhow::Result<ProviderState> {
        let name = results.register.name_of(id).to_owned();
        let folder = workplace.batch.report(year, id, VERSION);
        let standing = results.providers.get(id).map(|provider| provider.standing);
        let under_minimum = match standing {
            Some(Standing::TooFewClients { clients, needed }) => Some(UnderMinimum { clients, needed }),
            _ => None,
        };
        let delivery = deliveries.map(|deliveries| deliveries.of(&results.pipeline, id)).transpose()?.flatten();
        let report = match (assemble(results, id, context, delivery.as_ref()), under_minimum) {
            (Some(report), _) => report,
            (None, Some(UnderMinimum { clients, needed })) => {
                // A report of an earlier run, before this provider fell under the minimum.
                if folder.is_dir() {
                    fs::remove_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
                }
                return Ok(ProviderState { name, report_bytes: 0, under_minimum, report: ReportState::TooFewClients { clients, needed } });
            }
            (None, None) => anyhow::bail!("a provider without results"),
        };
        let mut text = serde_json::to_vec_pretty(&report)?;
        text.push(b'\n');
        let file = folder.join("report.json");
        let unchanged = fs::read(&file).is_ok_and(|old| old == text);
        let report = before
            .and_then(|state| state.providers.get(id))
            .filter(|_| unchanged)
            .map_or(ReportState::Assembled, |state| state.report.clone());
        let state = ProviderState { name, report_bytes: text.len() as u64, under_minimum, report };
        if !unchanged {
            made.send((file, text)).map_err(|_| anyhow::anyhow!("nobody writes reports any more"))?;
        }
        Ok(state)
    };
    thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                loop {
                    let next = to_write.lock().unwrap_or_else(std::sync::PoisonError::into_inner).recv();
                    // Nothing comes any more.
                    let Ok((file, text)) = next else { break };
                    workplace.batch.write(&file, &text).unwrap_or_else(fail);
                }
            });
        }
        for _ in 0..workplace.threads {
            let made = made.clone();
            let (ids, next, states, fail, one) = (&ids, &next, &states, &fail, &one);
            scope.spawn(move || {
                while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match one(id, &made) {
                        Ok(state) => _ = states.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert((*id).clone(), state),
                        Err(error) => fail(error),
                    }
                }
            });
        }
        drop(made);
    });
    if let Some(error) = failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        return Err(error);
    }
    Ok(states.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}
