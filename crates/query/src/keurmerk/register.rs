//! The register: who holds the Keurmerk in a year, since when and why, from agreements, states and decisions by rule and date.
//!
//! Handbook 2018, chapter 3: who signed the agreement is in the register from 1 January; who has not shown every criterion before the
//! deadline is withdrawn on it; who was withdrawn before comes back on the deadline of a later year, after qualifying.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::arrow::array::{ArrayRef, Date32Array, Int32Array, StringArray};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use spiegel_model::{DecisionKind, QualityNormSet, ReasonSpec};

use super::facts::ProviderFacts;
use super::standing::{is_complete, standing};
use crate::{Error, Register};

/// Reasons that follow by rule.
pub(super) const BY_RULE: [&str; 3] = [IN_PROGRESS, ALL_CRITERIA, NOT_IN_TIME];
const IN_PROGRESS: &str = "kwalificatie_loopt";
const ALL_CRITERIA: &str = "alle_criteria";
const NOT_IN_TIME: &str = "niet_tijdig";

/// Status of a provider in a Keurmerk year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// The qualification of the year is not finished.
    Aspirant,
    /// Every criterion was shown before the deadline.
    Qualified,
    /// Not in the register any more.
    Withdrawn,
    /// Back after an earlier withdrawal.
    Requalified,
}

impl Status {
    /// Code in the register.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Aspirant => "aspirant",
            Self::Qualified => "gekwalificeerd",
            Self::Withdrawn => "ingetrokken",
            Self::Requalified => "geherkwalificeerd",
        }
    }

    /// Place in lists of words.
    pub(super) fn place(self) -> usize {
        self as usize
    }
}

/// A row of the register.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Keurmerk year.
    pub year: i32,
    /// Provider id.
    pub provider: String,
    /// Status.
    pub status: Status,
    /// Day from which on it has that status.
    pub since: NaiveDate,
    /// Id of the reason.
    pub reason: String,
}

/// What the register follows from in one year.
#[derive(Debug, Clone, Copy)]
pub struct RegisterYear<'a> {
    /// Keurmerk year.
    pub year: i32,
    /// Day of withdrawal of who did not qualify.
    pub deadline: NaiveDate,
    /// Criteria.
    pub edition: &'a QualityNormSet,
    /// What is known of each provider.
    pub providers: &'a BTreeMap<String, ProviderFacts>,
}

/// The register of all these years as it stands at the end of `on`: by year and provider. Years in order.
#[must_use]
pub fn register(years: &[RegisterYear<'_>], reasons: &[ReasonSpec], on: NaiveDate) -> Vec<Entry> {
    let mut entries = Vec::new();
    // Who was withdrawn, and has to qualify before coming back.
    let mut out: BTreeSet<&str> = BTreeSet::new();
    for year in years {
        for (provider, facts) in year.providers {
            let Some(mut entry) = of_year(year, provider, facts, out.contains(provider.as_str()), on) else { continue };
            let withdrawn = facts.decisions.iter().filter(|decision| decision.kind == DecisionKind::Withdrawn && decision.date <= on).min_by_key(|decision| decision.date);
            // Who is out already cannot be put out again.
            if let Some(decision) = withdrawn.filter(|_| entry.status != Status::Withdrawn) {
                entry = Entry { status: Status::Withdrawn, since: decision.date, reason: decision.reason.clone(), ..entry };
            }
            match entry.status {
                Status::Qualified | Status::Requalified => _ = out.remove(provider.as_str()),
                Status::Withdrawn if reasons.iter().any(|reason| reason.id == entry.reason && reason.requalify) => _ = out.insert(provider),
                Status::Withdrawn | Status::Aspirant => {}
            }
            entries.push(entry);
        }
    }
    entries
}

/// A provider in one year, before decisions to withdraw. None without an agreement.
fn of_year(year: &RegisterYear<'_>, provider: &str, facts: &ProviderFacts, was_withdrawn: bool, on: NaiveDate) -> Option<Entry> {
    let applied = facts.applied().filter(|date| *date <= on)?;
    let entry = |status, since, reason: &str| Some(Entry { year: year.year, provider: provider.to_owned(), status, since, reason: reason.to_owned() });
    // "Before the deadline": the day before is the last that counts.
    let last = year.deadline.pred_opt().unwrap_or(year.deadline).min(on);
    let complete = is_complete(&standing(year.edition, &facts.answers, &facts.states, last));
    let first_day = NaiveDate::from_ymd_opt(year.year, 1, 1).unwrap_or(year.deadline);
    if complete {
        let shown = facts.states.iter().map(|state| state.date).filter(|date| *date <= last).max().unwrap_or(applied).max(first_day.min(last));
        return match (was_withdrawn, on >= year.deadline) {
            (false, _) => entry(Status::Qualified, shown, ALL_CRITERIA),
            (true, true) => entry(Status::Requalified, year.deadline, ALL_CRITERIA),
            (true, false) => entry(Status::Aspirant, applied, IN_PROGRESS),
        };
    }
    if on >= year.deadline {
        return entry(Status::Withdrawn, year.deadline, NOT_IN_TIME);
    }
    // Who was withdrawn is no holder meanwhile: an aspirant since the agreement, not since 1 January.
    let since = if was_withdrawn { applied } else { applied.max(first_day.min(on)) };
    entry(Status::Aspirant, since, IN_PROGRESS)
}

/// Heads of the public register: nothing of why a criterion was not shown, and no remark.
const COLUMNS: [&str; 6] = ["keurmerkjaar", "agb", "naam", "status", "sinds", "reden"];

fn reason_title<'a>(reasons: &'a [ReasonSpec], id: &'a str) -> &'a str {
    reasons.iter().find(|reason| reason.id == id).map_or(id, |reason| &reason.title)
}

/// The register as CSV, in the order of the entries.
#[must_use]
pub fn register_csv(entries: &[Entry], names: &Register, reasons: &[ReasonSpec]) -> String {
    let mut text = format!("{}\n", COLUMNS.join(";"));
    for entry in entries {
        let since = entry.since.format("%Y-%m-%d").to_string();
        let cells = [
            entry.year.to_string(),
            entry.provider.clone(),
            names.name_of(&entry.provider).to_owned(),
            entry.status.code().to_owned(),
            since,
            reason_title(reasons, &entry.reason).to_owned(),
        ];
        text.push_str(&cells.map(|cell| spiegel_model::csv_cell(&cell)).join(";"));
        text.push('\n');
    }
    text
}

/// The register as Parquet, with the same columns.
///
/// # Errors
/// [`Error::Bug`] when it cannot be made.
pub fn register_parquet(entries: &[Entry], names: &Register, reasons: &[ReasonSpec]) -> Result<Vec<u8>, Error> {
    let text = |cell: &dyn Fn(&Entry) -> String| Arc::new(entries.iter().map(|entry| Some(cell(entry))).collect::<StringArray>()) as ArrayRef;
    let epoch = NaiveDate::default();
    let days = entries.iter().map(|entry| i32::try_from((entry.since - epoch).num_days()).unwrap_or_default());
    let columns: [ArrayRef; 6] = [
        Arc::new(entries.iter().map(|entry| entry.year).collect::<Int32Array>()),
        text(&|entry| entry.provider.clone()),
        text(&|entry| names.name_of(&entry.provider).to_owned()),
        text(&|entry| entry.status.code().to_owned()),
        Arc::new(Date32Array::from_iter_values(days)),
        text(&|entry| reason_title(reasons, &entry.reason).to_owned()),
    ];
    let bug = |error: &dyn std::fmt::Display| Error::Bug(format!("register: {error}"));
    let batch = RecordBatch::try_from_iter(COLUMNS.into_iter().zip(columns)).map_err(|error| bug(&error))?;
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).map_err(|error| bug(&error))?;
    writer.write(&batch).map_err(|error| bug(&error))?;
    writer.into_inner().map_err(|error| bug(&error))
}
