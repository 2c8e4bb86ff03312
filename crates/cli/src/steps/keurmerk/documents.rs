//! A Keurmerkrapportage for each provider and issue, and the figure for its website, beside its mirror report. An issue that was
//! made stays: a provisional report is never replaced by the final one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::Context as _;
use spiegel_model::KeurmerkReport;
use spiegel_query::{KeurmerkYear, Pipeline, keurmerk_report};
use spiegel_render::{Template, on_threads, render_keurmerk, website_svg};

use super::super::benchmark::program;
use super::super::{Workplace, register as provider_register};
use super::{FOLDER, Known, data_marks};
use crate::batch::sha256;
use crate::exit::{Outcome, Usage};
use crate::talk::Progress;

/// One PDF to make.
struct Task {
    folder: PathBuf,
    name: String,
    report: KeurmerkReport,
    made_from: String,
}

/// Makes what is not there, or was made from something else.
pub(super) fn make(workplace: &Workplace, pipeline: &Pipeline, known: &Known, chosen: &[String], template: &Path) -> anyhow::Result<Outcome> {
    if !known.intact {
        return Ok(Outcome::WithRefusals);
    }
    let definitions = &known.definitions;
    let year = definitions.number;
    let (names, _) = provider_register(workplace, pipeline)?;
    let marks = data_marks(workplace, definitions)?;
    let template = Template::load(template)?;
    let of = KeurmerkYear { pipeline, definitions, facts: &known.facts, register: &names, marks: &marks, minimum: workplace.year.minimum.shown };
    let note = workplace.batch.root().join(FOLDER).join(format!("gemaakt-{year}.json"));
    let before: BTreeMap<String, String> = fs::read(&note).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let mut tasks = Vec::new();
    let mut told: BTreeSet<&String> = BTreeSet::new();
    let mut unchanged = BTreeMap::new();
    for (issue, (_, entries)) in definitions.year.issues.iter().zip(&known.entries) {
        for provider in known.facts.providers.keys().filter(|id| chosen.is_empty() || chosen.contains(id)) {
            let entry = entries.iter().find(|entry| entry.provider == *provider);
            let Some(report) = keurmerk_report(&of, provider, *issue, entry) else { continue };
            told.insert(provider);
            let folder = workplace.batch.reports(year).join(provider);
            let name = format!("keurmerkrapportage-{year}-{provider}-{}.pdf", report.kind_words);
            let made_from = sha256(&[&serde_json::to_vec(&report)?, template.fingerprint().as_bytes(), program().as_bytes()]);
            if before.get(&name) == Some(&made_from) && folder.join(&name).is_file() {
                unchanged.insert(name, made_from);
            } else {
                tasks.push(Task { folder, name, report, made_from });
            }
        }
    }
    if let Some(unknown) = chosen.iter().find(|id| !told.contains(id)) {
        // In `spiegel year` a provider may have a mirror report and no Keurmerk.
        if !workplace.batch.reports(year).join(unknown).is_dir() {
            return Err(Usage(format!("nothing is known of provider {unknown} in the Keurmerk of {year}")).into());
        }
    }
    let progress = Progress::start("keurmerk", tasks.len());
    let (done, failed) = (Mutex::new(BTreeMap::new()), Mutex::new(0_usize));
    let broken: Mutex<Option<anyhow::Error>> = Mutex::new(None);
    on_threads(&tasks, workplace.threads, |task: &Task| {
        match render_keurmerk(&task.report, &template) {
            Ok(pdf) => match store(workplace, &template, definitions.year.data_year, task, &pdf.bytes) {
                Ok(()) => _ = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(task.name.clone(), task.made_from.clone()),
                Err(error) => _ = broken.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error),
            },
            Err(error) => {
                progress.say(&format!("failed     {}: {error}", task.name));
                *failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += 1;
            }
        }
        progress.advance();
    });
    if let Some(error) = broken.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        return Err(error);
    }
    let done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let failed = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    progress.end(&format!("{} made, {} unchanged, {failed} failed, in {}", done.len(), unchanged.len(), workplace.batch.reports(year).display()));
    let mut all = if chosen.is_empty() { BTreeMap::new() } else { before };
    all.extend(unchanged);
    all.extend(done);
    let mut text = serde_json::to_vec_pretty(&all)?;
    text.push(b'\n');
    workplace.batch.write(&note, &text)?;
    Ok(if failed > 0 { Outcome::WithRefusals } else { Outcome::Done })
}

/// The PDF, what it was made from, and what the provider may put on its website.
fn store(workplace: &Workplace, template: &Template, data_year: i32, task: &Task, pdf: &[u8]) -> anyhow::Result<()> {
    let mut text = serde_json::to_vec_pretty(&task.report)?;
    text.push(b'\n');
    workplace.batch.write(&task.folder.join(&task.name).with_extension("json"), &text)?;
    workplace.batch.write(&task.folder.join(&task.name), pdf)?;
    let stem = format!("rapportcijfer-{data_year}-{}", task.report.provider.id);
    let (figure, sentence) = (task.folder.join(format!("{stem}.svg")), task.folder.join(format!("{stem}.txt")));
    if let Some(website) = &task.report.website_figure {
        workplace.batch.write(&figure, website_svg(website, template).as_bytes())?;
        return workplace.batch.write(&sentence, format!("{}\n", website.sentence).as_bytes());
    }
    // Of an earlier run, with other numbers.
    for stale in [figure, sentence].into_iter().filter(|file| file.is_file()) {
        fs::remove_file(&stale).with_context(|| format!("{}", stale.display()))?;
    }
    Ok(())
}
