//! `spiegel status`: what a batch came to, per provider what was delivered, whether there is a report, and whom it waits for.

mod facts;
mod page;
mod table;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use spiegel_model::Receipt;

use crate::arguments::{Status, TableFormat, WaitingFor};
use crate::batch::{Batch, Lock, Run, folders, receipts, sha256};
use crate::exit::{Outcome, Usage};
use crate::talk;
use facts::{Line, Waiting, YearFacts};

/// The overview that is read in a browser, in the batch directory.
const PAGE: &str = "overzicht.html";

pub(crate) fn status(arguments: &Status) -> anyhow::Result<Outcome> {
    let root = &arguments.batch;
    if arguments.html {
        let batch = Batch::open(root)?;
        write_page(&batch)?;
        talk::line(&format!("overview   {}", root.join(PAGE).display()));
        return Ok(Outcome::Done);
    }
    let (run, lock, receipts) = (Run::load(root)?, Lock::load(root)?, receipts(root)?);
    let Some(year) = arguments.year.or_else(|| years(&run, &receipts).into_iter().next_back()) else {
        return Err(Usage(format!("{} is no batch with submissions", root.display())).into());
    };
    let YearFacts { label, lines, .. } = facts::of_year(root, &run, &lock, &receipts, year)?;
    let known: BTreeSet<&str> = lines.iter().map(|line| line.provider_id.as_str()).collect();
    if let Some(unknown) = arguments.providers.iter().find(|id| !known.contains(id.as_str())) {
        return Err(Usage(format!("provider {unknown} neither delivered on {year} nor is expected to")).into());
    }
    let is_chosen = |line: &&Line| {
        let named = arguments.providers.is_empty() || arguments.providers.contains(&line.provider_id);
        named && arguments.waiting.is_none_or(|whom| waits(line, whom))
    };
    let chosen: Vec<&Line> = lines.iter().filter(is_chosen).collect();
    match arguments.format {
        TableFormat::Json => talk::data(&format!("{}\n", serde_json::to_string_pretty(&chosen)?))?,
        TableFormat::Table => talk::data(&table::page(&label, &lines, &chosen))?,
    }
    Ok(Outcome::Done)
}

fn waits(line: &Line, whom: WaitingFor) -> bool {
    match whom {
        WaitingFor::Anybody => line.waiting_for != Waiting::Nobody,
        WaitingFor::Provider => line.waiting_for == Waiting::Provider,
        WaitingFor::Analyst => line.waiting_for == Waiting::Analyst,
        WaitingFor::Run => line.waiting_for == Waiting::Run,
    }
}

/// Years that the batch knows of.
fn years(run: &Run, receipts: &[Receipt]) -> BTreeSet<i32> {
    run.years.keys().filter_map(|year| year.parse().ok()).chain(receipts.iter().filter_map(|receipt| receipt.year)).collect()
}

/// Writes `overzicht.html`, unless it was made from the same.
pub(crate) fn write_page(batch: &Batch) -> anyhow::Result<()> {
    let root = batch.root();
    let made_from = made_from(root)?;
    let file = root.join(PAGE);
    if fs::read_to_string(&file).is_ok_and(|text| text.contains(&made_from)) {
        return Ok(());
    }
    let (run, lock, receipts) = (Run::load(root)?, Lock::load(root)?, receipts(root)?);
    let years = years(&run, &receipts).into_iter().rev();
    let facts = years.map(|year| facts::of_year(root, &run, &lock, &receipts, year)).collect::<anyhow::Result<Vec<_>>>()?;
    batch.write(&file, page::page(&facts, &made_from).as_bytes())
}

/// Everything that the page follows from, without reading a receipt: their folders carry the hash of the submission, and what is joined
/// to them later is noted with the checks of the year.
fn made_from(root: &Path) -> anyhow::Result<String> {
    let mut parts: Vec<Vec<u8>> = vec![page::fingerprint().into_bytes()];
    let mut files = vec![root.join("run.json"), root.join("lock.json"), root.join("released-holds.csv")];
    let members = root.join("lake").join(".members");
    if members.is_dir() {
        let entries = fs::read_dir(&members).with_context(|| format!("{}", members.display()))?;
        let mut inside: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        inside.sort();
        files.extend(inside);
    }
    parts.extend(files.iter().map(|file| fs::read(file).unwrap_or_default()));
    for provider in folders(&root.join("receipts"))? {
        for receipt in folders(&provider)? {
            parts.push(receipt.strip_prefix(root).unwrap_or(&receipt).display().to_string().into_bytes());
        }
    }
    Ok(sha256(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}
