//! What is known of each provider in a year: delivery, findings, report, and whom it waits for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;
use spiegel_model::{Receipt, Verdict};
use spiegel_query::{GROUP, Held};

use crate::batch::{GroupOutcome, GroupState, Lock, ProviderState, ReportState, Run, UnderMinimum, folders};
use crate::steps::checks::held;

/// Who has to do something before a provider is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Waiting {
    /// The provider: deliver, or deliver again.
    Provider,
    /// An analyst: look at what is held, lift it, refresh a closed year.
    Analyst,
    /// The next run of spiegel.
    Run,
    /// Nobody.
    Nobody,
}

impl Waiting {
    /// As printed.
    pub(crate) fn dutch(self) -> &'static str {
        match self {
            Self::Provider => "aanbieder",
            Self::Analyst => "analist",
            Self::Run => "spiegel",
            Self::Nobody => "niemand",
        }
    }
}

/// What kind of report there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Made {
    /// A report of its own.
    Report,
    /// A sheet without outcome.
    Sheet,
    /// None.
    Nothing,
}

/// One provider, or the small ones together, in one year.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) provider_id: String,
    pub(crate) name: String,
    /// Name of the last submission.
    pub(crate) delivered: String,
    /// What became of it, in words.
    pub(crate) verdict: String,
    /// The same as a state.
    #[serde(skip)]
    pub(crate) outcome: Option<Verdict>,
    pub(crate) rows_used: u64,
    pub(crate) rows_quarantined: u64,
    /// Values that were not used in rows that were.
    pub(crate) values_emptied: u64,
    /// All findings.
    pub(crate) findings: u64,
    /// Findings with a code in W: something to look at.
    pub(crate) warnings: u64,
    /// Findings with a code in N: what was put right.
    pub(crate) notes: u64,
    /// Indicators that wait for an analyst, each with the codes of the findings that hold it.
    pub(crate) held: Vec<String>,
    /// What is made.
    pub(crate) made: Made,
    /// The PDF, relative to the batch; empty without one.
    pub(crate) file: String,
    /// Versions of the report that are there.
    pub(crate) versions: Vec<u32>,
    /// The report, or why there is none.
    pub(crate) report: String,
    /// Who has to do something.
    pub(crate) waiting_for: Waiting,
    /// What they have to do; empty when nobody has to do anything.
    pub(crate) waits_for: String,
}

/// A year of a batch.
pub(crate) struct YearFacts {
    pub(crate) year: i32,
    /// As printed.
    pub(crate) label: String,
    /// Providers by id, and the group of small ones at the end.
    pub(crate) lines: Vec<Line>,
}

/// Sums over the providers of a year, without the group.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Totals {
    pub(crate) providers: u64,
    pub(crate) delivered: u64,
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    pub(crate) held: u64,
    pub(crate) reports: u64,
    pub(crate) sheets: u64,
    pub(crate) rows_used: u64,
    pub(crate) rows_quarantined: u64,
    pub(crate) values_emptied: u64,
    pub(crate) findings: u64,
    pub(crate) waiting: BTreeMap<&'static str, u64>,
}

impl Totals {
    pub(crate) fn of<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Self {
        let mut totals = Self::default();
        for line in lines.into_iter().filter(|line| line.provider_id != GROUP) {
            totals.providers += 1;
            totals.delivered += u64::from(line.outcome.is_some());
            totals.accepted += u64::from(matches!(line.outcome, Some(Verdict::Accepted | Verdict::AcceptedWithRemarks)));
            totals.refused += u64::from(line.outcome == Some(Verdict::Refused));
            totals.held += u64::from(line.outcome == Some(Verdict::Held));
            totals.reports += u64::from(line.made == Made::Report);
            totals.sheets += u64::from(line.made == Made::Sheet);
            totals.rows_used += line.rows_used;
            totals.rows_quarantined += line.rows_quarantined;
            totals.values_emptied += line.values_emptied;
            totals.findings += line.findings;
            *totals.waiting.entry(line.waiting_for.dutch()).or_default() += 1;
        }
        totals
    }

    pub(crate) fn waiting_for(&self, whom: Waiting) -> u64 {
        self.waiting.get(whom.dutch()).copied().unwrap_or(0)
    }
}

/// The facts of one year.
pub(crate) fn of_year(root: &Path, run: &Run, lock: &Lock, receipts: &[Receipt], year: i32) -> anyhow::Result<YearFacts> {
    let state = run.years.get(&year.to_string());
    let label = state.map_or_else(|| year.to_string(), |state| state.label.clone());
    let none = BTreeMap::new();
    let states: &BTreeMap<String, ProviderState> = state.map_or(&none, |state| &state.providers);
    let mut last: BTreeMap<&str, &Receipt> = BTreeMap::new();
    for receipt in receipts.iter().filter(|receipt| receipt.year == Some(year)) {
        let known = last.get(receipt.provider_id.as_str());
        if known.is_none_or(|known| known.sequence <= receipt.sequence) {
            last.insert(&receipt.provider_id, receipt);
        }
    }
    let collective = receipts.iter().find(|receipt| receipt.year.is_none());
    let accepted = lock.accepted(year);
    let held: Held = held(root, year)?;
    let mut ids: Vec<&str> = states.keys().map(String::as_str).chain(last.keys().copied()).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut lines = Vec::with_capacity(ids.len() + 1);
    for id in ids {
        let own = last.get(id).copied();
        let known = Known { state: states.get(id), own, receipt: own.or(collective), locked_out: accepted.as_ref().is_some_and(|set| own.is_some_and(|own| !set.contains(&own.sha256))) };
        lines.push(known.line(root, year, id, held.get(id))?);
    }
    if let Some(group) = state.and_then(|state| state.group.as_ref()) {
        lines.push(group_line(group, versions(root, year, GROUP)?));
    }
    Ok(YearFacts { year, label, lines })
}

/// What there is about one provider.
struct Known<'a> {
    state: Option<&'a ProviderState>,
    /// Its own last receipt.
    own: Option<&'a Receipt>,
    /// That, or the one of who delivers for all.
    receipt: Option<&'a Receipt>,
    /// Its last delivery came after the year was closed.
    locked_out: bool,
}

impl Known<'_> {
    fn line(&self, root: &Path, year: i32, id: &str, held: Option<&BTreeMap<String, BTreeSet<String>>>) -> anyhow::Result<Line> {
        let own = self.own;
        let sum = |count: fn(&spiegel_model::TableCount) -> u64| -> u64 { own.map_or(0, |receipt| receipt.tables.iter().map(count).sum()) };
        let letter = |letter: char| -> u64 { own.map_or(0, |receipt| receipt.findings.iter().filter(|(code, _)| code.starts_with(letter)).map(|(_, count)| *count).sum()) };
        let held: Vec<String> = held.into_iter().flatten().map(|(indicator, codes)| held_line(indicator, codes)).collect();
        let (waiting_for, waits_for) = self.waiting(&held);
        let file = match self.state.map(|state| &state.report) {
            Some(ReportState::Made { file, .. }) => file.clone(),
            _ => String::new(),
        };
        let is_sheet = self.state.is_some_and(|state| state.under_minimum.is_some());
        Ok(Line {
            provider_id: id.to_owned(),
            name: self.state.map(|state| state.name.clone()).unwrap_or_default(),
            delivered: self.receipt.map(|receipt| receipt.submission.clone()).unwrap_or_default(),
            verdict: self.receipt.map(|receipt| receipt.verdict.dutch().to_owned()).unwrap_or_default(),
            outcome: self.receipt.map(|receipt| receipt.verdict),
            rows_used: sum(|table| table.used),
            rows_quarantined: sum(|table| table.quarantined),
            values_emptied: sum(|table| table.emptied),
            findings: own.map_or(0, |receipt| receipt.findings.values().sum()),
            warnings: letter('W'),
            notes: letter('N'),
            made: match (file.is_empty(), is_sheet) {
                (true, _) => Made::Nothing,
                (false, true) => Made::Sheet,
                (false, false) => Made::Report,
            },
            file,
            versions: versions(root, year, id)?,
            report: report(self.state, own),
            held,
            waiting_for,
            waits_for,
        })
    }

    /// Who has to do what.
    fn waiting(&self, held: &[String]) -> (Waiting, String) {
        if let Some(receipt) = self.own {
            if receipt.verdict == Verdict::Refused {
                let why = receipt.refusal.as_ref().map_or_else(String::new, |refusal| format!(": {} {}", refusal.code, refusal.title));
                return (Waiting::Provider, format!("opnieuw aanleveren{why}"));
            }
            if receipt.verdict == Verdict::Held {
                return (Waiting::Analyst, "kijken naar een aanlevering met dezelfde inhoud als een andere aanbieder (E509)".to_owned());
            }
        }
        match self.state.map(|state| &state.report) {
            None if self.locked_out => return (Waiting::Analyst, "het jaar verversen: aangeleverd nadat het werd gesloten (--refresh)".to_owned()),
            None => return (Waiting::Run, "nog niet berekend: spiegel year".to_owned()),
            Some(ReportState::NothingDelivered) => return (Waiting::Provider, "aanleveren".to_owned()),
            Some(ReportState::Failed { .. }) => return (Waiting::Analyst, "kijken waarom het rapport mislukte".to_owned()),
            Some(ReportState::Assembled) => return (Waiting::Run, "berekend, PDF nog niet gemaakt: spiegel report".to_owned()),
            Some(ReportState::Made { .. } | ReportState::TooFewClients { .. }) => {}
        }
        if self.locked_out {
            return (Waiting::Analyst, "het jaar verversen: de laatste aanlevering kwam nadat het werd gesloten (--refresh)".to_owned());
        }
        if !held.is_empty() {
            return (Waiting::Analyst, format!("vrijgeven (released-holds.csv): {}", held.join(", ")));
        }
        (Waiting::Nobody, String::new())
    }
}

/// Versions of a report, ascending.
fn versions(root: &Path, year: i32, provider: &str) -> anyhow::Result<Vec<u32>> {
    let own = root.join("reports").join(year.to_string()).join(provider);
    let mut found: Vec<u32> = folders(&own)?.iter().filter_map(|folder| folder.file_name()?.to_str()?.strip_prefix('v')?.parse().ok()).collect();
    found.sort_unstable();
    Ok(found)
}

/// The report of the small providers together, after the providers.
fn group_line(group: &GroupState, versions: Vec<u32>) -> Line {
    let file = group.version.map(|_| match &group.report {
        ReportState::Made { file, .. } => file.clone(),
        ReportState::Failed { reason } => format!("mislukt: {reason}"),
        _ => "berekend, PDF nog niet gemaakt".to_owned(),
    });
    let made = match &group.report {
        ReportState::Made { file, .. } if group.version.is_some() => Some(file.clone()),
        _ => None,
    };
    let failed = matches!(group.report, ReportState::Failed { .. });
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
        outcome: None,
        rows_used: 0,
        rows_quarantined: 0,
        values_emptied: 0,
        findings: 0,
        warnings: 0,
        notes: 0,
        held: Vec::new(),
        made: if made.is_some() { Made::Report } else { Made::Nothing },
        file: made.unwrap_or_default(),
        versions,
        waiting_for: if failed { Waiting::Analyst } else { Waiting::Nobody },
        waits_for: if failed { "kijken waarom het rapport mislukte".to_owned() } else { String::new() },
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
