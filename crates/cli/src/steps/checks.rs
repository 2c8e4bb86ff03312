//! Checks over rows and tables: after reading, by SQL on the lake of a year, joined to the receipts of its submissions.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use spiegel_ingest::{Ingested, Lake, PartRef, Queried};
use spiegel_model::{DeliveryKind, Receipt, Rule, RuleSet};
use spiegel_query::{Engine, Held, LakeChecks, Pipeline, run_checks};

use crate::batch::{Batch, Members, sha256};
use crate::exit::Usage;
use crate::talk::{self, Progress};

use super::benchmark::program;

/// Holds that an analyst has looked at and lifted: a CSV file in the batch with `year`, `provider_id`, `code`, `by`, `reason`.
const RELEASED: &str = "released-holds.csv";

/// What the checks of a year came to: `lake/.members/<year>.checks.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Checked {
    /// Program, rules, definitions and submissions that they were run with.
    made_from: String,
    /// Indicators that wait for an analyst.
    held: Held,
}

impl Checked {
    fn file(root: &Path, year: i32) -> PathBuf {
        root.join("lake").join(".members").join(format!("{year}.checks.json"))
    }

    /// Nothing when the year was not checked yet.
    fn load(root: &Path, year: i32) -> anyhow::Result<Self> {
        let file = Self::file(root, year);
        match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).with_context(|| format!("{}", file.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("{}", file.display())),
        }
    }
}

/// Runs the checks on what the lake holds of a year and joins them to the receipts there and to those at hand. Does nothing
/// when the same was checked before.
pub(crate) fn run(
    batch: &Batch,
    pipeline: &Pipeline,
    rules: &RuleSet,
    definitions: &str,
    year: i32,
    threads: usize,
    ingested: &mut [Ingested],
) -> anyhow::Result<()> {
    let queries = rules.rules.iter().filter(|rule| rule.query.is_some()).count();
    if queries == 0 || pipeline.spec.delivery.kind == DeliveryKind::Collective {
        return Ok(());
    }
    let parts = Members::load(batch.root(), year)?.parts();
    let made_from = made_from(batch.root(), pipeline, definitions, year)?;
    let mut members: BTreeMap<PartRef, &mut Ingested> = ingested
        .iter_mut()
        .map(|one| (part_of(&one.receipt), one))
        .filter(|(part, one)| one.receipt.year == Some(year) && parts.contains(part))
        .collect();
    if Checked::load(batch.root(), year)?.made_from == made_from && members.values().all(|one| is_joined(&one.receipt, rules)) {
        return Ok(());
    }
    let progress = Progress::start("checks", parts.len());
    let engine = Engine::open_year(&batch.lake(), pipeline, rules, year, threads)?;
    let mut checks = run_checks(&engine, pipeline, rules, year, threads)?;
    for code in &checks.broken {
        talk::line(&format!("broken     rule {code} cannot run; `spiegel pipeline check {}` may say why", pipeline.directory.display()));
    }
    let found: usize = checks.findings.values().map(Vec::len).sum();
    let joins = parts.iter().map(|part| (part, members.remove(part).map(|one| &mut one.receipt))).collect();
    let found_while_reading = join_all(batch, rules, &checks, joins, year, threads, &progress)?;
    checks.add_from_reading(&engine, &found_while_reading, year)?;
    let held = checks.held(rules, pipeline);
    let summary = format!("{queries} rules on {} submissions, {found} findings, {} held for an analyst", parts.len(), held.len());
    // Of a single submission nothing else need be said.
    let is_told = parts.len() > 1 || !held.is_empty();
    let mut text = serde_json::to_string_pretty(&Checked { made_from, held })?;
    text.push('\n');
    batch.write(&Checked::file(batch.root(), year), text.as_bytes())?;
    if is_told {
        progress.end(&summary);
    }
    Ok(())
}

fn part_of(receipt: &Receipt) -> PartRef {
    PartRef {
        provider_id: receipt.provider_id.clone(),
        sequence: receipt.sequence,
        sha256: receipt.sha256.clone(),
        definitions: receipt.definitions.clone(),
    }
}

/// Every rule with a query has its outcome in the receipt.
fn is_joined(receipt: &Receipt, rules: &RuleSet) -> bool {
    let queries = rules.rules.iter().filter(|rule| rule.query.is_some());
    queries.into_iter().all(|rule| receipt.rules.iter().any(|outcome| outcome.code == rule.code))
}

/// Everything that decides what the checks find; some compare with the two years before.
fn made_from(root: &Path, pipeline: &Pipeline, definitions: &str, year: i32) -> anyhow::Result<String> {
    let members = (year - 2..=year).map(|year| Members::load(root, year)?.to_json()).collect::<anyhow::Result<Vec<_>>>()?;
    let program = program();
    let mut parts = vec![program.as_bytes(), definitions.as_bytes(), pipeline.fingerprint.as_bytes()];
    parts.extend(members.iter().map(String::as_bytes));
    Ok(sha256(&parts))
}

/// A submission with its receipt, when it is at hand.
type Join<'a> = (&'a PartRef, Option<&'a mut Receipt>);

/// Joins on plain threads; each receipt is written by one of them. Says which rules of the reader that hold indicators found something
/// at whom, in order.
fn join_all<'r>(
    batch: &Batch,
    rules: &'r RuleSet,
    checks: &LakeChecks,
    mut joins: Vec<Join<'_>>,
    year: i32,
    threads: usize,
    progress: &Progress,
) -> anyhow::Result<Vec<(String, &'r Rule)>> {
    let lake = Lake::open(batch.root())?;
    let holding: Vec<&'r Rule> = rules.rules.iter().filter(|rule| rule.check.is_some() && !rule.holds.is_empty()).collect();
    let found: Mutex<Vec<(String, &'r Rule)>> = Mutex::new(Vec::new());
    let (no_findings, nothing_checked) = (Vec::new(), BTreeMap::new());
    let failure: Mutex<Option<spiegel_ingest::Error>> = Mutex::new(None);
    let join = |(part, receipt): &mut Join<'_>| {
        let queried = Queried {
            findings: checks.findings.get(&part.provider_id).unwrap_or(&no_findings),
            checked: checks.checked.get(&part.provider_id).unwrap_or(&nothing_checked),
            broken: &checks.broken,
        };
        match lake.join(part, year, receipt.as_deref(), rules, queried) {
            Ok(after) => {
                let of_reader = after.iter().flat_map(|after| holding.iter().filter(|rule| after.findings.contains_key(&rule.code)));
                let mut all = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                all.extend(of_reader.map(|rule| (part.provider_id.clone(), *rule)));
                drop(all);
                if let (Some(receipt), Some(after)) = (receipt, after) {
                    **receipt = after;
                }
            }
            Err(error) => _ = failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error),
        }
        progress.advance();
    };
    let share = joins.len().div_ceil(threads.max(1)).max(1);
    thread::scope(|scope| {
        for share in joins.chunks_mut(share) {
            scope.spawn(|| share.iter_mut().for_each(join));
        }
    });
    if let Some(error) = failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        return Err(error.into());
    }
    let mut found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    found.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.code.cmp(&b.1.code)));
    Ok(found)
}

/// The indicators that are held in a year, without what an analyst released.
pub(crate) fn held(root: &Path, year: i32) -> anyhow::Result<Held> {
    let mut held = Checked::load(root, year)?.held;
    let released = released(root, year)?;
    for (provider, indicators) in &mut held {
        indicators.values_mut().for_each(|codes| codes.retain(|code| !released.contains(&(provider.clone(), code.clone()))));
        indicators.retain(|_, codes| !codes.is_empty());
    }
    held.retain(|_, indicators| !indicators.is_empty());
    Ok(held)
}

/// Provider and code of every hold that was released in a year.
fn released(root: &Path, year: i32) -> anyhow::Result<BTreeSet<(String, String)>> {
    #[derive(Deserialize)]
    struct Release {
        year: i32,
        provider_id: String,
        code: String,
        by: String,
        reason: String,
    }
    let file = root.join(RELEASED);
    if !file.is_file() {
        return Ok(BTreeSet::new());
    }
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(&file).with_context(|| format!("{}", file.display()))?;
    let mut released = BTreeSet::new();
    for release in reader.deserialize::<Release>() {
        let release = release.with_context(|| format!("{} needs year,provider_id,code,by,reason", file.display()))?;
        if release.by.is_empty() || release.reason.is_empty() {
            return Err(Usage(format!("{}: {} {} needs who released it, and why", file.display(), release.provider_id, release.code)).into());
        }
        if release.year == year {
            released.insert((release.provider_id, release.code));
        }
    }
    Ok(released)
}
