//! Ingest: every submission in the inbox into the lake, each with a receipt and feedback.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Context as _;
use spiegel_ingest::{Context, Found, Ingested, Key, Lake, PartRef, definitions_hash, discover, ingest, load_rules, load_schema};
use spiegel_model::{Receipt, Verdict};
use spiegel_query::Pipeline;

use super::feedback::{self, Desk};
use super::{Workplace, register, register_file};
use crate::arguments::Reading;
use crate::batch::{Members, belongs};
use crate::exit::{Outcome, Usage};
use crate::talk::{self, Progress};

pub(super) fn run(workplace: &Workplace, pipeline: &Pipeline, reading: &Reading, template: &Path) -> anyhow::Result<Outcome> {
    let year = workplace.year.year;
    let schema = load_schema(&workplace.pipeline_directory)?;
    let rules = load_rules(&workplace.pipeline_directory)?;
    let hashed = schema.tables.iter().any(|table| table.columns.iter().any(|column| column.pseudonymise));
    let key = match &reading.key {
        Some(file) => Key::from_file(file)?,
        None if hashed => {
            return Err(Usage(
                "this pipeline pseudonymises clients: give --key FILE (make one with `spiegel key --out FILE`)".to_owned(),
            )
            .into());
        }
        None => Key::unused()?,
    };
    let definitions = definitions_hash(&workplace.pipeline_directory, &key)?;
    let found = discover(&reading.inbox, &pipeline.spec.delivery)?;
    for (name, reason) in &found.ignored {
        talk::line(&format!("ignored    {name}: {reason}"));
    }
    let years_in_inbox: BTreeSet<i32> = found.submissions.iter().filter_map(|one| one.year).collect();
    let submissions: Vec<Found> =
        found.submissions.into_iter().filter(|one| one.year.is_none_or(|its_year| its_year == year)).collect();
    if submissions.is_empty() {
        return Err(Usage(format!("no submission for {year} in {}", reading.inbox.display())).into());
    }
    belongs(&workplace.batch, &pipeline.spec.id, &key.fingerprint())?;
    warn_of_earlier_years(workplace, &years_in_inbox)?;
    keep_register(workplace, pipeline, &reading.inbox)?;
    let lake = Lake::open(workplace.batch.root())?.with_threads(workplace.threads);
    let context = Context {
        schema: &schema,
        rules: &rules,
        delivery: &pipeline.spec.delivery,
        key: &key,
        definitions: &definitions,
        report_year: year,
        register: &pipeline.spec.register.file,
    };
    let progress = Progress::start("ingest", submissions.len());
    let ingested = read_all(&submissions, &context, &lake, workplace.threads, &progress)?;
    // A refused delivery that was followed by an accepted one needs no attention any more.
    let superseded = |old: &Ingested| {
        ingested.iter().any(|new| {
            (&new.receipt.provider_id, new.receipt.year) == (&old.receipt.provider_id, old.receipt.year)
                && new.receipt.sequence > old.receipt.sequence
                && new.receipt.verdict != Verdict::Refused
        })
    };
    let refused =
        ingested.iter().filter(|one| one.receipt.verdict == Verdict::Refused && !superseded(one)).count();
    let rows: u64 = ingested.iter().flat_map(|one| &one.receipt.tables).map(|table| table.rows).sum();
    let used: u64 = ingested.iter().flat_map(|one| &one.receipt.tables).map(|table| table.used).sum();
    let skipped = ingested.iter().filter(|one| one.skipped).count();
    publish(workplace, &schema, &lake, &ingested)?;
    progress.end(&format!(
        "{} submissions ({skipped} unchanged, {refused} refused), {rows} rows, {used} used",
        ingested.len()
    ));
    if !reading.no_feedback {
        let template = feedback::template(template)?;
        let (register, _) = register(workplace, pipeline)?;
        let desk = Desk {
            batch: &workplace.batch,
            pipeline,
            schema: &schema,
            rules: &rules,
            register: &register,
            year: Some(&workplace.year),
            template: template.as_ref(),
            trial: false,
            threads: workplace.threads,
        };
        let receipts: Vec<&Receipt> = ingested.iter().map(|one| &one.receipt).collect();
        desk.write(&receipts, &lake)?;
    }
    Ok(if refused > 0 { Outcome::WithRefusals } else { Outcome::Done })
}

/// Reads on plain threads, in the order of the inbox; the result does not depend on their number.
fn read_all(
    submissions: &[Found],
    context: &Context<'_>,
    lake: &Lake,
    threads: usize,
    progress: &Progress,
) -> anyhow::Result<Vec<Ingested>> {
    let next = AtomicUsize::new(0);
    let slots: Vec<Mutex<Option<Result<Ingested, spiegel_ingest::Error>>>> =
        submissions.iter().map(|_| Mutex::new(None)).collect();
    thread::scope(|scope| {
        for _ in 0..threads.min(submissions.len()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let (Some(found), Some(slot)) = (submissions.get(at), slots.get(at)) else { break };
                    let result = ingest(found, context, lake);
                    if let Ok(one) = &result {
                        tell(found, one, progress);
                    }
                    *slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(result);
                    progress.advance();
                }
            });
        }
    });
    slots
        .into_iter()
        .map(|slot| {
            slot.into_inner()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .unwrap_or_else(|| Err(spiegel_ingest::Error::Bug("a submission was not read".to_owned())))
                .map_err(anyhow::Error::from)
        })
        .collect()
}

/// What an analyst must know of a submission; never a value of it.
fn tell(found: &Found, one: &Ingested, progress: &Progress) {
    let receipt = &one.receipt;
    if let Some(refusal) = &receipt.refusal {
        progress.say(&format!("refused    {}: {} {}", found.name, refusal.code, refusal.title));
    } else {
        let quarantined: u64 = receipt.tables.iter().map(|table| table.quarantined).sum();
        if quarantined > 0 {
            let codes: Vec<&str> = receipt.findings.keys().map(String::as_str).collect();
            progress.say(&format!("remarks    {}: {quarantined} rows in quarantine ({})", found.name, codes.join(", ")));
        }
    }
}

/// Brings the years that the submissions touch up to date.
fn publish(
    workplace: &Workplace,
    schema: &spiegel_model::SubmissionSchema,
    lake: &Lake,
    ingested: &[Ingested],
) -> anyhow::Result<()> {
    let mut years: BTreeSet<i32> = ingested.iter().flat_map(|one| one.receipt.years.iter().copied()).collect();
    years.insert(workplace.year.year);
    for year in years {
        let accepted = PartRef::accepted(ingested.iter().map(|one| &one.receipt), year);
        let mut members = Members::load(workplace.batch.root(), year)?;
        members.take(&accepted);
        lake.publish(schema, year, &members.parts())?;
        members.save(&workplace.batch, year)?;
    }
    Ok(())
}

/// The minimum of clients counts earlier years: says so when these lie in the inbox but not in the batch.
fn warn_of_earlier_years(workplace: &Workplace, in_inbox: &BTreeSet<i32>) -> anyhow::Result<()> {
    let year = workplace.year.year;
    let window = i32::try_from(workplace.year.minimum.client_years).unwrap_or(1).max(1);
    for earlier in (year - window + 1..year).filter(|earlier| in_inbox.contains(earlier)) {
        if Members::load(workplace.batch.root(), earlier)?.is_empty() {
            talk::line(&format!(
                "note       {earlier} lies in the inbox but not in this batch; run that year first, because clients are counted over {window} years"
            ));
        }
    }
    Ok(())
}

/// Keeps the register that came with the inbox, so that later steps need no inbox.
fn keep_register(workplace: &Workplace, pipeline: &Pipeline, inbox: &Path) -> anyhow::Result<()> {
    let name = &pipeline.spec.register.file;
    let candidates: [Option<PathBuf>; 2] = [Some(inbox.join(name)), inbox.parent().map(|parent| parent.join(name))];
    let Some(file) = candidates.into_iter().flatten().find(|file| file.is_file()) else { return Ok(()) };
    let bytes = fs::read(&file).with_context(|| format!("register {}", file.display()))?;
    workplace.batch.write(&register_file(&workplace.batch, workplace.year.year), &bytes)
}
