//! Report: a PDF from each report.json. A failing report is listed and stops no other.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::Context as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use spiegel_model::Report;
use spiegel_query::{GROUP, Texts};
use spiegel_render::{Pdf, Template, render_all, render_national, render_overview, render_with_command};

use super::Workplace;
use super::benchmark::program;
use crate::arguments::Making;
use crate::batch::{ReportState, Run, folders, sha256};
use crate::exit::{Outcome, Usage};
use crate::talk::{self, Progress};

/// What the publisher itself reads, among the results of a year.
pub(super) const NATIONAL: &str = "landelijk-beeld.json";
pub(super) const OVERVIEW: &str = "overzicht.json";

/// What a finished PDF was made from: `rendered.json` beside it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Rendered {
    made_from: String,
    sha256: String,
    bytes: u64,
    pages: usize,
}

/// One report to make.
struct Task {
    provider: String,
    folder: PathBuf,
    made_from: String,
    pdf_name: String,
    /// What a document of the other kind is called: it goes when this one is there.
    stale_name: String,
}

pub(super) fn run(workplace: &Workplace, making: &Making) -> anyhow::Result<Outcome> {
    let year = workplace.year.year;
    let directory = template_directory(workplace, making.template.as_deref());
    let template = Template::load(&directory)?;
    let texts = workplace.pipeline()?.texts;
    let maker = making.typst_cli.as_ref().map_or_else(program, |path| format!("typst {}", path.display()));
    let mut run = Run::load(workplace.batch.root())?;
    let Some(state) = run.years.get(&year.to_string()).cloned() else {
        return Err(Usage(format!(
            "{} has no results of {year}; run `spiegel benchmark` first",
            workplace.batch.root().display()
        ))
        .into());
    };
    let mut tasks = Vec::new();
    let mut finished: BTreeMap<String, ReportState> = BTreeMap::new();
    let is_chosen = |id: &str| making.providers.is_empty() || making.providers.iter().any(|provider| provider == id);
    let mut chosen: Vec<(String, PathBuf, bool)> = Vec::new();
    for provider in folders(&workplace.batch.reports(year))? {
        let Some(id) = provider.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
        // Only what benchmark names: a folder of a provider that no longer delivers is history.
        let Some(known) = state.providers.get(&id).filter(|_| is_chosen(&id)) else { continue };
        if matches!(known.report, ReportState::NothingDelivered | ReportState::TooFewClients { .. }) {
            continue;
        }
        let Some(folder) = folders(&provider)?.pop() else { continue };
        chosen.push((id, folder, known.under_minimum.is_some()));
    }
    if let Some(version) = state.group.as_ref().and_then(|group| group.version).filter(|_| is_chosen(GROUP)) {
        chosen.push((GROUP.to_owned(), workplace.batch.report(year, GROUP, version), false));
    }
    for (id, folder, is_sheet) in chosen {
        let (pdf_name, stale_name) = (pdf_name(workplace, &texts, &id, is_sheet), pdf_name(workplace, &texts, &id, !is_sheet));
        let bytes = fs::read(folder.join("report.json")).unwrap_or_default();
        let made_from = sha256(&[&bytes, template.fingerprint().as_bytes(), maker.as_bytes()]);
        if let Some(pages) = is_made(&folder, &made_from, &pdf_name) {
            finished.insert(id.clone(), made(workplace, &folder, &pdf_name, pages));
        } else if serde_json::from_slice::<Report>(&bytes).is_err() {
            talk::line(&format!("failed     {id}: report.json is damaged; run `spiegel benchmark` again"));
            finished.insert(id, ReportState::Failed { reason: "report.json is damaged".to_owned() });
        } else {
            tasks.push(Task { provider: id, folder, made_from, pdf_name, stale_name });
        }
    }
    if let Some(unknown) = making.providers.iter().find(|id| !state.providers.contains_key(*id) && (*id != GROUP || state.group.is_none())) {
        return Err(Usage(format!("no report for provider {unknown} in {year}; see `spiegel status`")).into());
    }
    if making.providers.is_empty() {
        for_analysts(workplace, &template, NATIONAL, render_national)?;
        for_analysts(workplace, &template, OVERVIEW, render_overview)?;
    }
    let progress = Progress::start("report", tasks.len());
    let unchanged = finished.values().filter(|state| matches!(state, ReportState::Made { .. })).count();
    let outcomes = make_all(workplace, &template, making.typst_cli.as_deref(), &tasks, &progress)?;
    let new = outcomes.values().filter(|state| matches!(state, ReportState::Made { .. })).count();
    finished.extend(outcomes);
    let failed = finished.values().filter(|state| matches!(state, ReportState::Failed { .. })).count();
    if let Some(state) = run.years.get_mut(&year.to_string()) {
        for (id, report) in finished {
            if let Some(provider) = state.providers.get_mut(&id) {
                provider.report = report;
            } else if let Some(group) = state.group.as_mut().filter(|_| id == GROUP) {
                group.report = report;
            }
        }
    }
    run.save(&workplace.batch)?;
    progress.end(&format!(
        "{new} made, {unchanged} unchanged, {failed} failed, in {}",
        workplace.batch.reports(year).display()
    ));
    Ok(if failed > 0 { Outcome::WithRefusals } else { Outcome::Done })
}

/// The PDF of a document that the publisher itself reads, beside its JSON.
fn for_analysts<T: DeserializeOwned>(
    workplace: &Workplace,
    template: &Template,
    json: &str,
    render: impl Fn(&T, &Template) -> Result<Pdf, spiegel_render::Error>,
) -> anyhow::Result<()> {
    let folder = workplace.batch.results(workplace.year.year);
    let file = folder.join(json);
    if !file.is_file() {
        // Reports that came without results, for instance the example of the template.
        return Ok(());
    }
    let bytes = fs::read(&file).with_context(|| format!("{}", file.display()))?;
    let name = json.trim_end_matches(".json");
    let pdf = folder.join(format!("{name}-{}.pdf", workplace.year.label));
    // What it was made from stands beside it, as for a report.
    let note = folder.join(format!("{name}.sha256"));
    let made_from = sha256(&[&bytes, template.fingerprint().as_bytes(), program().as_bytes()]);
    if pdf.is_file() && fs::read_to_string(&note).is_ok_and(|known| known == made_from) {
        return Ok(());
    }
    let document = serde_json::from_slice(&bytes).with_context(|| format!("{}", file.display()))?;
    workplace.batch.write(&pdf, &render(&document, template)?.bytes)?;
    workplace.batch.write(&note, made_from.as_bytes())
}

/// The folder of the template: the one that was given, or that beside the folder of the pipelines.
pub(super) fn template_directory(workplace: &Workplace, given: Option<&Path>) -> PathBuf {
    given.map_or_else(|| beside(&workplace.pipeline_directory), Path::to_owned)
}

/// `report-templates/spiegel` beside the folder of the pipelines.
pub(crate) fn beside(pipeline: &Path) -> PathBuf {
    pipeline.join("..").join("..").join("report-templates").join("spiegel")
}

/// The name of the PDF in the words of the pipeline: of a report, or of a sheet.
fn pdf_name(workplace: &Workplace, texts: &Texts, provider: &str, is_sheet: bool) -> String {
    format!("{}-{}-{provider}.pdf", if is_sheet { texts.file_of_sheet() } else { texts.file_of_report() }, workplace.year.label)
}

/// The pages of a PDF that was made from the same things and is whole.
fn is_made(folder: &Path, made_from: &str, pdf: &str) -> Option<usize> {
    let text = fs::read_to_string(folder.join("rendered.json")).ok()?;
    let rendered: Rendered = serde_json::from_str(&text).ok()?;
    let whole = fs::metadata(folder.join(pdf)).is_ok_and(|file| file.len() == rendered.bytes);
    (rendered.made_from == made_from && whole).then_some(rendered.pages)
}

fn made(workplace: &Workplace, folder: &Path, pdf_name: &str, pages: usize) -> ReportState {
    let file = folder.join(pdf_name);
    let file = file.strip_prefix(workplace.batch.root()).unwrap_or(&file);
    ReportState::Made { file: file.display().to_string(), pages }
}

fn make_all(
    workplace: &Workplace,
    template: &Template,
    typst: Option<&Path>,
    tasks: &[Task],
    progress: &Progress,
) -> anyhow::Result<BTreeMap<String, ReportState>> {
    let outcomes: Mutex<BTreeMap<String, ReportState>> = Mutex::new(BTreeMap::new());
    let failure: Mutex<Option<anyhow::Error>> = Mutex::new(None);
    let keep = |task: &Task, result: Result<Pdf, spiegel_render::Error>| {
        let state = match result {
            Ok(pdf) => match store(workplace, task, &pdf) {
                Ok(()) => made(workplace, &task.folder, &task.pdf_name, pdf.pages),
                Err(error) => {
                    failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
                    return;
                }
            },
            Err(error) => {
                progress.say(&format!("failed     {}: {error}", task.provider));
                ReportState::Failed { reason: error.to_string() }
            }
        };
        outcomes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(task.provider.clone(), state);
        progress.advance();
    };
    let load = |task: &Task| -> anyhow::Result<Report> {
        let file = task.folder.join("report.json");
        let bytes = fs::read(&file).with_context(|| format!("{}", file.display()))?;
        serde_json::from_slice(&bytes).with_context(|| format!("{}", file.display()))
    };
    if let Some(typst) = typst {
        for task in tasks {
            keep(task, render_with_command(&load(task)?, template, typst));
        }
    } else {
        // Reports are read as the workers ask for them, so that a batch never holds them all.
        let unreadable: Mutex<Option<anyhow::Error>> = Mutex::new(None);
        let queue = tasks.iter().map_while(|task| match load(task) {
            Ok(report) => Some(report),
            Err(error) => {
                unreadable.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
                None
            }
        });
        render_all(queue, template, workplace.threads, |index, result| {
            if let Some(task) = tasks.get(index) {
                keep(task, result);
            }
        });
        if let Some(error) = unreadable.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            return Err(error);
        }
    }
    if let Some(error) = failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        return Err(error);
    }
    Ok(outcomes.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

/// First the PDF, then what it was made from: a PDF without that is made again.
fn store(workplace: &Workplace, task: &Task, pdf: &Pdf) -> anyhow::Result<()> {
    workplace.batch.write(&task.folder.join(&task.pdf_name), &pdf.bytes)?;
    let stale = task.folder.join(&task.stale_name);
    if stale.is_file() {
        fs::remove_file(&stale).with_context(|| format!("{}", stale.display()))?;
    }
    let rendered =
        Rendered {
            made_from: task.made_from.clone(),
            sha256: sha256(&[&pdf.bytes]),
            bytes: pdf.bytes.len() as u64,
            pages: pdf.pages,
        };
    let mut text = serde_json::to_string_pretty(&rendered)?;
    text.push('\n');
    workplace.batch.write(&task.folder.join("rendered.json"), text.as_bytes())
}
