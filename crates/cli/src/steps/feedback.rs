//! Feedback: what a provider reads about its submission, beside the receipt. Made after the findings of all steps are there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use serde::Deserialize;
use spiegel_ingest::{Lake, PartRef, read_findings};
use spiegel_model::{Feedback, Finding, Preview, Receipt, RuleSet, SubmissionSchema, YearSpec};
use spiegel_query::{Engine, FeedbackContext, Losses, Pipeline, Register, feedback, previews};
use spiegel_render::{Template, on_threads, render_feedback};

use super::benchmark::program;
use super::checks;
use super::workbook::Workbook;
use crate::batch::{Batch, Members, sha256};
use crate::talk::{self, Progress};

/// The feedback as data.
pub(crate) const FEEDBACK: &str = "terugkoppeling.json";
/// The feedback to read.
pub(crate) const FEEDBACK_PAGES: &str = "terugkoppeling.pdf";
/// All findings for a spreadsheet.
pub(crate) const FINDINGS_WORKBOOK: &str = "bevindingen.xlsx";
/// How files with rows to mend begin.
const REPAIR: &str = "herstel-";

/// What feedback is made with.
pub(crate) struct Desk<'a> {
    pub(crate) batch: &'a Batch,
    pub(crate) pipeline: &'a Pipeline,
    pub(crate) schema: &'a SubmissionSchema,
    pub(crate) rules: &'a RuleSet,
    pub(crate) register: &'a Register,
    /// None when the pipeline has no file of this year: then there is no preview.
    pub(crate) year: Option<&'a YearSpec>,
    /// None when there is no template: then there are no pages.
    pub(crate) template: Option<&'a Template>,
    /// A check beforehand.
    pub(crate) trial: bool,
    pub(crate) threads: usize,
}

/// Only what says whether the feedback is up to date.
#[derive(Deserialize)]
struct Made {
    made_from: String,
}

/// A submission whose feedback must be made.
struct Task {
    folder: PathBuf,
    provider_id: String,
    made_from: String,
    /// The rows of this submission are those in the lake.
    in_lake: bool,
}

/// The template of the feedback pages. Without it the pages are left out, which is said.
pub(crate) fn template(directory: &Path) -> anyhow::Result<Option<Template>> {
    if directory.join("feedback.typ").is_file() {
        return Ok(Some(Template::load(directory)?));
    }
    talk::line(&format!("note       no feedback.typ in {}: {FEEDBACK_PAGES} is not made", directory.display()));
    Ok(None)
}

impl Desk<'_> {
    /// Brings the feedback of these submissions up to date; says how many were made.
    pub(crate) fn write(&self, receipts: &[&Receipt], lake: &Lake) -> anyhow::Result<usize> {
        let tasks = self.tasks(receipts, lake)?;
        if tasks.is_empty() {
            return Ok(0);
        }
        let previews = self.previews(&tasks)?;
        let (made, failure) = (AtomicUsize::new(0), Mutex::new(None));
        let progress = Progress::start("feedback", tasks.len());
        on_threads(&tasks, self.threads, |task: &Task| {
            match self.one(task, previews.get(&task.provider_id).filter(|_| task.in_lake).map(Vec::as_slice)) {
                Ok(()) => _ = made.fetch_add(1, Ordering::Relaxed),
                Err(error) => _ = failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error),
            }
            progress.advance();
        });
        if let Some(error) = failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            return Err(error);
        }
        let made = made.into_inner();
        if !self.trial {
            progress.end(&format!("{made} made, {} unchanged", receipts.len() - made));
        }
        Ok(made)
    }

    /// The submissions whose feedback is not there, or was made from something else.
    fn tasks(&self, receipts: &[&Receipt], lake: &Lake) -> anyhow::Result<Vec<Task>> {
        let year = receipts.iter().find_map(|receipt| receipt.year);
        let members = |year: Option<i32>| -> anyhow::Result<BTreeMap<String, PartRef>> {
            let Some(year) = year else { return Ok(BTreeMap::new()) };
            let parts = Members::load(self.batch.root(), year)?.parts();
            Ok(parts.into_iter().map(|part| (part.provider_id.clone(), part)).collect())
        };
        let (now, before) = (members(year)?, members(year.map(|year| year - 1))?);
        let year_words = serde_json::to_string(&self.year)?;
        let fingerprint = self.template.map(Template::fingerprint).unwrap_or_default();
        let mut tasks = Vec::new();
        for receipt in receipts {
            let folder = lake.receipt(&receipt.provider_id, receipt.year, receipt.sequence, &receipt.sha256);
            let (receipt, bytes) = receipt_in(&folder)?;
            let in_lake = now.get(&receipt.provider_id).is_some_and(|part| part.sha256 == receipt.sha256 && part.sequence == receipt.sequence);
            let earlier = before.get(&receipt.provider_id).map(|part| format!("{} {}", part.sha256, part.definitions));
            let made_from = sha256(&[
                &bytes,
                program().as_bytes(),
                self.pipeline.fingerprint.as_bytes(),
                year_words.as_bytes(),
                fingerprint.as_bytes(),
                self.register.name_of(&receipt.provider_id).as_bytes(),
                earlier.unwrap_or_default().as_bytes(),
                &[u8::from(in_lake)],
            ]);
            let made = fs::read(folder.join(FEEDBACK)).ok().and_then(|bytes| serde_json::from_slice::<Made>(&bytes).ok());
            let is_there = |name: &str| fs::metadata(folder.join(name)).is_ok_and(|file| file.len() > 0);
            let whole = is_there(FINDINGS_WORKBOOK) && (self.template.is_none() || is_there(FEEDBACK_PAGES));
            if !whole || made.is_none_or(|made| made.made_from != made_from) {
                tasks.push(Task { folder, provider_id: receipt.provider_id, made_from, in_lake });
            }
        }
        Ok(tasks)
    }

    /// The providers' own values, when one of the submissions is in the lake.
    fn previews(&self, tasks: &[Task]) -> anyhow::Result<BTreeMap<String, Vec<Preview>>> {
        match self.year {
            Some(year) if tasks.iter().any(|task| task.in_lake) => {
                let engine = Engine::open(&self.batch.lake(), self.pipeline, self.threads)?;
                let mut all = previews(&engine, self.pipeline, year)?;
                // What a delivery does not allow is no value of the provider either.
                for (provider, indicators) in checks::held(self.batch.root(), year.year)? {
                    let specs = self.pipeline.indicators.iter().map(|indicator| &indicator.spec);
                    for spec in specs.filter(|spec| indicators.get(&spec.id).is_some_and(|codes| spec.unless.iter().any(|unless| codes.contains(&unless.code)))) {
                        let of_indicator = all.get_mut(&provider).into_iter().flatten().filter(|preview| preview.indicator == spec.id);
                        of_indicator.for_each(|preview| preview.value = None);
                    }
                }
                Ok(all)
            }
            _ => Ok(BTreeMap::new()),
        }
    }

    /// Workbook and pages first, the data last: feedback without its data is made again.
    fn one(&self, task: &Task, preview: Option<&[Preview]>) -> anyhow::Result<()> {
        let Task { folder, made_from, .. } = task;
        let (receipt, _) = receipt_in(folder)?;
        let mut losses = Losses::new(self.schema, self.rules, &receipt);
        let mut workbook = Workbook::begin(&receipt, self.rules, self.batch)?;
        for finding in read_findings(folder)? {
            let finding: Finding = finding?;
            losses.take(&finding);
            workbook.add(&finding)?;
        }
        let repairs = repairs(folder)?;
        let feedback = feedback(
            &FeedbackContext {
                pipeline: self.pipeline,
                schema: self.schema,
                rules: self.rules,
                year: self.year,
                name: Some(self.register.name_of(&receipt.provider_id)),
                trial: self.trial,
                repairs: &repairs,
                made_from,
            },
            &receipt,
            &losses,
            preview,
        );
        workbook.finish(&folder.join(FINDINGS_WORKBOOK), &feedback)?;
        if let Some(template) = self.template {
            let pdf = render_feedback(&feedback, template)?;
            self.batch.write(&folder.join(FEEDBACK_PAGES), &pdf.bytes)?;
        }
        self.batch.write(&folder.join(FEEDBACK), &to_json(&feedback)?)
    }
}

/// A receipt as later steps left it, and its bytes.
fn receipt_in(folder: &Path) -> anyhow::Result<(Receipt, Vec<u8>)> {
    let file = folder.join("ontvangst.json");
    let bytes = fs::read(&file).with_context(|| format!("receipt {}", file.display()))?;
    let receipt = serde_json::from_slice(&bytes).with_context(|| format!("receipt {}", file.display()))?;
    Ok((receipt, bytes))
}

fn to_json(feedback: &Feedback) -> anyhow::Result<Vec<u8>> {
    let mut json = serde_json::to_vec_pretty(feedback)?;
    json.push(b'\n');
    Ok(json)
}

/// Names of the files with rows to mend, in a folder.
pub(crate) fn repairs(folder: &Path) -> anyhow::Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(REPAIR) && name.ends_with(".csv")).collect();
    names.sort();
    Ok(names)
}
