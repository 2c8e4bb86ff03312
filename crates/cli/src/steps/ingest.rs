//! Ingest: every submission in the inbox into the lake, each with a receipt and feedback.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Context as _;
use spiegel_ingest::{
    Context, Found, Ingested, Key, Lake, PartRef, ProviderRegister, check_rules, definitions_hash, discover, hold_doubles, ingest, is_telling_name, load_rules, load_schema,
    use_mapping,
};
use spiegel_model::{DeliveryKind, Receipt, RuleSet, SubmissionSchema, Verdict};
use spiegel_query::Pipeline;

use super::feedback::{self, Desk};
use super::{Workplace, checks, register, register_candidates, register_file};
use crate::arguments::Reading;
use crate::batch::{Lock, Members, belongs, other_receipts, sha256};
use crate::exit::{Outcome, Usage};
use crate::talk::{self, Progress};

pub(super) fn run(workplace: &Workplace, pipeline: &Pipeline, reading: &Reading, template: &Path) -> anyhow::Result<Outcome> {
    let year = workplace.year.year;
    let mut schema = load_schema(&workplace.pipeline_directory)?;
    if let Some(file) = &reading.mapping {
        if !file.is_file() {
            return Err(Usage(format!("there is no mapping {}", file.display())).into());
        }
        use_mapping(&mut schema, file)?;
    }
    let rules = load_rules(&workplace.pipeline_directory)?;
    check_rules(&schema, &rules)?;
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
    let definitions = definitions_hash(&workplace.pipeline_directory, &key, reading.mapping.as_deref())?;
    let found = discover(&reading.inbox, &pipeline.spec.delivery)?;
    for (name, reason) in &found.ignored {
        // What a name tells of a person is not repeated (E608).
        let name = if is_telling_name(name, year) { "een bestand met een persoonsgegeven in de naam" } else { name };
        talk::line(&format!("ignored    {name}: {reason}"));
    }
    let years_in_inbox: BTreeSet<i32> = found.submissions.iter().filter_map(|one| one.year).collect();
    let submissions: Vec<Found> =
        found.submissions.into_iter().filter(|one| one.year.is_none_or(|its_year| its_year == year)).collect();
    if submissions.is_empty() {
        return Err(Usage(format!("no submission for {year} in {}", reading.inbox.display())).into());
    }
    let mut lock = Lock::load(workplace.batch.root())?;
    may_lock(&lock, year, reading)?;
    belongs(&workplace.batch, &pipeline.spec.id, &key.fingerprint())?;
    warn_of_earlier_years(workplace, &years_in_inbox)?;
    keep_register(workplace, pipeline, &reading.inbox)?;
    let (providers, definitions) = providers(workplace, pipeline, definitions)?;
    let locked = if reading.refresh.is_some() { None } else { lock.accepted(year) };
    let lake = Lake::open(workplace.batch.root())?.with_threads(workplace.threads);
    let context = Context {
        schema: &schema,
        rules: &rules,
        delivery: &pipeline.spec.delivery,
        key: &key,
        definitions: &definitions,
        report_year: year,
        register: &pipeline.spec.register.file,
        providers: providers.as_ref(),
        locked: locked.as_ref(),
    };
    let progress = Progress::start("ingest", submissions.len());
    let mut ingested = read_all(&submissions, &context, &lake, workplace.threads, &progress)?;
    let others = hold(workplace, &mut ingested, &rules, &lake, &progress)?;
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
    let held = ingested.iter().filter(|one| one.receipt.verdict == Verdict::Held && !superseded(one)).count();
    let rows: u64 = ingested.iter().flat_map(|one| &one.receipt.tables).map(|table| table.rows).sum();
    let used: u64 = ingested.iter().flat_map(|one| &one.receipt.tables).map(|table| table.used).sum();
    let skipped = ingested.iter().filter(|one| one.skipped).count();
    let missing = publish(workplace, &schema, &lake, &ingested, &others, locked.as_ref())?;
    if reading.lock || reading.refresh.is_some() {
        lock.close(year, &Members::load(workplace.batch.root(), year)?, reading.refresh.as_deref());
        lock.save(&workplace.batch)?;
    }
    progress.end(&format!(
        "{} submissions ({skipped} unchanged, {refused} refused{}), {rows} rows, {used} used",
        ingested.len(),
        if held > 0 { format!(", {held} held") } else { String::new() }
    ));
    checks::run(&workplace.batch, pipeline, &rules, &definitions, year, workplace.threads, &mut ingested)?;
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
        let told: Vec<&Receipt> = ingested.iter().map(|one| &one.receipt).collect();
        desk.write(&told, &lake)?;
    }
    if missing > 0 {
        talk::line(&format!("missing    {missing} deliveries of lock.json are not in this batch; add them to the inbox"));
    }
    Ok(if refused + held + missing > 0 { Outcome::WithRefusals } else { Outcome::Done })
}

/// Reads on plain threads, in the order of the inbox; the result does not depend on their number.
pub(super) fn read_all(
    submissions: &[Found],
    context: &Context<'_>,
    lake: &Lake,
    threads: usize,
    progress: &Progress,
) -> anyhow::Result<Vec<Ingested>> {
    let next = AtomicUsize::new(0);
    // The deliveries of a provider about a year one after another: each is judged beside the ones before it.
    let groups: Vec<&[Found]> = submissions.chunk_by(|one, other| (&one.provider_id, one.year) == (&other.provider_id, other.year)).collect();
    let slots: Vec<Mutex<Vec<Result<Ingested, spiegel_ingest::Error>>>> = groups.iter().map(|_| Mutex::new(Vec::new())).collect();
    thread::scope(|scope| {
        for _ in 0..threads.min(groups.len()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let (Some(group), Some(slot)) = (groups.get(at), slots.get(at)) else { break };
                    for found in *group {
                        let result = ingest(found, context, lake);
                        if let Ok(one) = &result {
                            tell(found, one, progress);
                        }
                        slot.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(result);
                        progress.advance();
                    }
                }
            });
        }
    });
    let read: Vec<Ingested> = slots
        .into_iter()
        .flat_map(|slot| slot.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
        .collect::<Result<_, _>>()?;
    if read.len() < submissions.len() {
        return Err(spiegel_ingest::Error::Bug("a submission was not read".to_owned()).into());
    }
    Ok(read)
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

/// A year is closed once, and refreshed under a new name when it is closed.
fn may_lock(lock: &Lock, year: i32, reading: &Reading) -> anyhow::Result<()> {
    let is_closed = lock.accepted(year).is_some();
    let mistake = match &reading.refresh {
        Some(name) if name.trim().is_empty() => Some("--refresh needs a name".to_owned()),
        Some(_) if !is_closed => Some(format!("{year} is not closed; --lock closes it")),
        Some(name) if lock.has_refresh(year, name) => Some(format!("{year} was refreshed as {name} before; give another name")),
        None if reading.lock && is_closed => Some(format!("{year} is closed already; --refresh NAME lets waiting deliveries count")),
        _ => None,
    };
    mistake.map_or(Ok(()), |mistake| Err(Usage(mistake).into()))
}

/// Who may deliver, and the definitions with the register among them: another register may judge otherwise.
pub(super) fn providers(workplace: &Workplace, pipeline: &Pipeline, definitions: String) -> anyhow::Result<(Option<ProviderRegister>, String)> {
    let file = register_candidates(workplace, pipeline).into_iter().find(|file| file.is_file());
    let Some(file) = file.filter(|_| pipeline.spec.delivery.kind == DeliveryKind::PerProvider) else { return Ok((None, definitions)) };
    let providers = ProviderRegister::read(&file, &pipeline.spec.register)?;
    let bytes = fs::read(&file).with_context(|| format!("register {}", file.display()))?;
    let definitions = if providers.is_some() { sha256(&[definitions.as_bytes(), &bytes]) } else { definitions };
    Ok((providers, definitions))
}

/// Holds deliveries with the content of another provider's (E509), those of earlier inboxes included. Gives the receipts of
/// other deliveries that may count, besides those of this inbox; a collective delivery is the one in the inbox.
fn hold(workplace: &Workplace, ingested: &mut [Ingested], rules: &RuleSet, lake: &Lake, progress: &Progress) -> anyhow::Result<Vec<Receipt>> {
    let folder = |receipt: &Receipt| lake.receipt(&receipt.provider_id, receipt.year, receipt.sequence, &receipt.sha256);
    let known = ingested.iter().map(|one| folder(&one.receipt)).collect();
    let mut others = other_receipts(workplace.batch.root(), &known)?;
    others.retain(|receipt| receipt.year.is_some());
    let mut all: Vec<&mut Receipt> = ingested.iter_mut().map(|one| &mut one.receipt).chain(&mut others).collect();
    hold_doubles(&mut all, rules, lake)?;
    for one in ingested.iter().filter(|one| one.receipt.verdict == Verdict::Held) {
        progress.say(&format!("held       {}: E509", one.receipt.submission));
    }
    Ok(others)
}

/// Brings the years that the submissions touch up to date. Gives how many deliveries of a closed year are not there.
fn publish(
    workplace: &Workplace,
    schema: &SubmissionSchema,
    lake: &Lake,
    ingested: &[Ingested],
    others: &[Receipt],
    locked: Option<&BTreeSet<String>>,
) -> anyhow::Result<usize> {
    let receipts = || ingested.iter().map(|one| &one.receipt).chain(others);
    let held: BTreeSet<&str> = receipts().filter(|receipt| receipt.verdict == Verdict::Held).map(|receipt| receipt.sha256.as_str()).collect();
    let mut missing = 0;
    let mut years: BTreeSet<i32> = ingested.iter().flat_map(|one| one.receipt.years.iter().copied()).collect();
    years.insert(workplace.year.year);
    for year in years {
        let locked = locked.filter(|_| year == workplace.year.year);
        let counts = |receipt: &&Receipt| locked.is_none_or(|locked| locked.contains(&receipt.sha256));
        let accepted = PartRef::accepted(receipts().filter(counts), year);
        let mut members = Members::load(workplace.batch.root(), year)?;
        if locked.is_none() {
            members.leave(&held);
        }
        members.take(&accepted);
        missing += locked.map_or(0, |locked| members.lacks(locked));
        lake.publish(schema, year, &members.parts())?;
        members.save(&workplace.batch, year)?;
    }
    Ok(missing)
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
pub(super) fn keep_register(workplace: &Workplace, pipeline: &Pipeline, inbox: &Path) -> anyhow::Result<()> {
    let name = &pipeline.spec.register.file;
    let candidates: [Option<PathBuf>; 2] = [Some(inbox.join(name)), inbox.parent().map(|parent| parent.join(name))];
    let Some(file) = candidates.into_iter().flatten().find(|file| file.is_file()) else { return Ok(()) };
    let bytes = fs::read(&file).with_context(|| format!("register {}", file.display()))?;
    workplace.batch.write(&register_file(workplace.batch.root(), workplace.year.year), &bytes)
}
