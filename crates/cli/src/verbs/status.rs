//! `spiegel status`: per provider what was delivered, and whether there is a report.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use spiegel_model::{Receipt, Verdict};
use spiegel_query::{GROUP, Held};

use crate::arguments::{Status, TableFormat};
use crate::batch::{GroupOutcome, GroupState, ProviderState, ReportState, Run, UnderMinimum, receipts};
use crate::exit::{Outcome, Usage};
use crate::steps::checks::held;
use crate::talk;

#[derive(Debug, Serialize)]
struct Line {
    provider_id: String,
    name: String,
    delivered: String,
    verdict: String,
    rows_used: u64,
    rows_quarantined: u64,
    findings: u64,
    /// Indicators that wait for an analyst, each with the codes of the findings that hold it.
    held: Vec<String>,
    report: String,
}

pub(crate) fn status(arguments: &Status) -> anyhow::Result<Outcome> {
    let run = Run::load(&arguments.batch)?;
    let receipts = receipts(&arguments.batch)?;
    let latest = run
        .years
        .keys()
        .filter_map(|year| year.parse().ok())
        .chain(receipts.iter().filter_map(|receipt| receipt.year))
        .max();
    let Some(year) = arguments.year.or(latest) else {
        return Err(Usage(format!("{} is no batch with submissions", arguments.batch.display())).into());
    };
    let lines = lines(&run, &receipts, &held(&arguments.batch, year)?, year);
    match arguments.format {
        TableFormat::Json => talk::data(&format!("{}\n", serde_json::to_string_pretty(&lines)?))?,
        TableFormat::Table => talk::data(&table(&lines))?,
    }
    Ok(Outcome::Done)
}

fn lines(run: &Run, receipts: &[Receipt], held: &Held, year: i32) -> Vec<Line> {
    let none = BTreeMap::new();
    let states: &BTreeMap<String, ProviderState> = run.years.get(&year.to_string()).map_or(&none, |state| &state.providers);
    let mut last: BTreeMap<&str, &Receipt> = BTreeMap::new();
    for receipt in receipts.iter().filter(|receipt| receipt.year == Some(year)) {
        let known = last.get(receipt.provider_id.as_str());
        if known.is_none_or(|known| known.sequence <= receipt.sequence) {
            last.insert(&receipt.provider_id, receipt);
        }
    }
    let collective = receipts.iter().find(|receipt| receipt.year.is_none());
    let mut ids: Vec<&str> = states.keys().map(String::as_str).chain(last.keys().copied()).collect();
    ids.sort_unstable();
    ids.dedup();
    let group = run.years.get(&year.to_string()).and_then(|state| state.group.as_ref());
    let providers = ids.into_iter().map(|id| {
        let receipt = last.get(id).copied().or(collective);
        let own = last.get(id).copied();
        Line {
            provider_id: id.to_owned(),
            name: states.get(id).map(|state| state.name.clone()).unwrap_or_default(),
            delivered: receipt.map(|receipt| receipt.submission.clone()).unwrap_or_default(),
            verdict: receipt.map(|receipt| receipt.verdict.dutch().to_owned()).unwrap_or_default(),
            rows_used: own.map_or(0, |receipt| receipt.tables.iter().map(|table| table.used).sum()),
            rows_quarantined: own.map_or(0, |receipt| receipt.tables.iter().map(|table| table.quarantined).sum()),
            findings: own.map_or(0, |receipt| receipt.findings.values().sum()),
            held: held.get(id).into_iter().flatten().map(|(indicator, codes)| held_line(indicator, codes)).collect(),
            report: report(states.get(id), own),
        }
    });
    providers.chain(group.map(group_line)).collect()
}

/// The report of the small providers together, after the providers.
fn group_line(group: &GroupState) -> Line {
    let file = group.version.map(|_| match &group.report {
        ReportState::Made { file, .. } => file.clone(),
        ReportState::Failed { reason } => format!("mislukt: {reason}"),
        _ => "berekend, PDF nog niet gemaakt".to_owned(),
    });
    let why = match &group.outcome {
        GroupOutcome::Assembled { members, left_out: 0 } => format!("{members} kleine aanbieders"),
        GroupOutcome::Assembled { members, left_out } => format!("{members} kleine aanbieders, {left_out} weggelaten"),
        GroupOutcome::Kept { changed, needed } => {
            format!("blijft zoals eerder gemaakt: van {changed} aanbieders is iets anders, {needed} nodig voor een nieuwe versie")
        }
        GroupOutcome::TooFewMembers { owners, needed } => format!("{owners} kleine aanbieders van verschillende eigenaren, {needed} nodig"),
        GroupOutcome::NothingToTell => "geen onderwerp met genoeg gegevens".to_owned(),
    };
    Line {
        provider_id: GROUP.to_owned(),
        name: group.name.clone(),
        delivered: String::new(),
        verdict: String::new(),
        rows_used: 0,
        rows_quarantined: 0,
        findings: 0,
        held: Vec::new(),
        report: format!("{} ({why})", file.unwrap_or_else(|| "geen groepsrapport".to_owned())),
    }
}

fn held_line(indicator: &str, codes: &BTreeSet<String>) -> String {
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    format!("{indicator} ({})", codes.join(", "))
}

fn report(state: Option<&ProviderState>, receipt: Option<&Receipt>) -> String {
    if let Some(refusal) = receipt.filter(|receipt| receipt.verdict == Verdict::Refused).and_then(|receipt| receipt.refusal.as_ref()) {
        let refused = format!("{} {}", refusal.code, refusal.title);
        return match state.map(|state| &state.report) {
            Some(ReportState::Made { file, .. }) => format!("{file} (eerdere aanlevering; de laatste is niet aangenomen: {refused})"),
            _ => format!("geen: {refused}"),
        };
    }
    if receipt.is_some_and(|receipt| receipt.verdict == Verdict::Held) {
        return "aangehouden: dezelfde inhoud als een andere aanbieder (E509)".to_owned();
    }
    match state.map(|state| &state.report) {
        None => "nog niet berekend".to_owned(),
        Some(ReportState::NothingDelivered) => "geen_aanlevering".to_owned(),
        Some(ReportState::Assembled) => "berekend, PDF nog niet gemaakt".to_owned(),
        Some(ReportState::Made { file, .. }) => match state.and_then(|state| state.under_minimum) {
            Some(UnderMinimum { clients, needed }) => format!("{file} (uw blad: {clients} cliënten, {needed} nodig)"),
            None => file.clone(),
        },
        Some(ReportState::TooFewClients { clients, needed }) => {
            format!("geen eigen rapport: {clients} cliënten, {needed} nodig")
        }
        Some(ReportState::Failed { reason }) => format!("mislukt: {reason}"),
    }
}

/// Columns as wide as their widest cell; names are cut.
fn table(lines: &[Line]) -> String {
    const NAME_WIDTH: usize = 32;
    let heads = ["provider", "name", "verdict", "used", "quarantined", "findings", "held", "report"];
    let mut rows: Vec<Vec<String>> = vec![heads.map(str::to_owned).into()];
    for line in lines {
        let mut name: String = line.name.chars().take(NAME_WIDTH).collect();
        if line.name.chars().count() > NAME_WIDTH {
            name.pop();
            name.push('…');
        }
        rows.push(vec![
            line.provider_id.clone(),
            name,
            line.verdict.clone(),
            line.rows_used.to_string(),
            line.rows_quarantined.to_string(),
            line.findings.to_string(),
            line.held.join(", "),
            line.report.lines().next().unwrap_or_default().to_owned(),
        ]);
    }
    let widths: Vec<usize> =
        (0..heads.len()).map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(at, (cell, width))| {
                let space = " ".repeat(width - cell.chars().count());
                if (3..=5).contains(&at) { format!("{space}{cell}") } else { format!("{cell}{space}") }
            })
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
