//! What a lake knows of a Keurmerk year: answers, themes and activities of providers, states and decisions of the publisher.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use datafusion::arrow::array::Array;
use datafusion::common::ScalarValue;
use spiegel_model::{Answer, Decision, DecisionKind, Outcome, State};

use super::KeurmerkDefinitions;
use crate::engine::Rows;
use crate::{Engine, Error};

/// Texts that lie beside receipts and never in a lake, by row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FreeTexts {
    /// The publisher's remarks, by row of its assessments.
    pub remarks: BTreeMap<u32, String>,
    /// Providers' questions on a theme, by provider and row of their themes.
    pub questions: BTreeMap<(String, u32), String>,
}

/// What is known of one provider in one Keurmerk year.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderFacts {
    /// Answers by criterion.
    pub answers: BTreeMap<String, Answer>,
    /// Last day on which one was given. None without a self-evaluation.
    pub answered: Option<NaiveDate>,
    /// Themes that it wants to learn about.
    pub learns: BTreeSet<String>,
    /// Themes that it can share.
    pub shares: BTreeSet<String>,
    /// Its questions with their themes: for the publisher only.
    pub questions: Vec<(String, String)>,
    /// Activities in the year that counts, with their days.
    pub activities: Vec<(String, NaiveDate)>,
    /// Assessments.
    pub states: Vec<State>,
    /// Decisions.
    pub decisions: Vec<Decision>,
}

impl ProviderFacts {
    /// Day of the agreement. None when there is none.
    #[must_use]
    pub fn applied(&self) -> Option<NaiveDate> {
        self.decisions.iter().filter(|decision| decision.kind == DecisionKind::Applied).map(|decision| decision.date).min()
    }
}

/// Something in the publisher's own delivery that does not agree with the rest: a code of its rules, and slots of its message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Control {
    /// Code: `E345`.
    pub code: String,
    /// Provider id.
    pub provider: String,
    /// What else the message names.
    pub other: String,
    /// How many rows.
    pub count: usize,
}

/// Everything known of a Keurmerk year.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// By provider id.
    pub providers: BTreeMap<String, ProviderFacts>,
    /// What does not agree; such states are left out of `providers`.
    pub controls: Vec<Control>,
}

/// The lakes of self-evaluations and assessments of one year; either may be missing.
///
/// # Errors
/// [`Error::Lake`] when a lake cannot be read, [`Error::Bug`] when it holds something that ingest would not have let in.
pub fn facts(own: Option<&Engine>, publisher: Option<&Engine>, definitions: &KeurmerkDefinitions, texts: &FreeTexts) -> Result<Facts, Error> {
    let mut providers: BTreeMap<String, ProviderFacts> = BTreeMap::new();
    let year = definitions.number;
    if let Some(engine) = own {
        let tables: Vec<String> = engine.schema()?.into_iter().map(|(name, _)| name).collect();
        let has = |table: &str| tables.iter().any(|name| name == table);
        if has("self_evaluation") {
            each_row(engine, year, "SELECT provider_id, criterion, answer, CAST(answered_on AS VARCHAR) AS day FROM self_evaluation WHERE year = $year ORDER BY provider_id, source_row", &["criterion", "answer", "day"], |provider, cells| {
                let [Some(criterion), Some(answer), Some(day)] = cells else { return Ok(()) };
                let facts = providers.entry(provider.to_owned()).or_default();
                facts.answers.insert((*criterion).to_owned(), answer_of(answer)?);
                facts.answered = facts.answered.max(Some(date(day)?));
                Ok(())
            })?;
        }
        if has("theme") {
            each_row(engine, year, "SELECT provider_id, theme, role, CAST(source_row AS VARCHAR) AS line FROM theme WHERE year = $year ORDER BY provider_id, source_row", &["theme", "role", "line"], |provider, cells| {
                let [Some(theme), Some(role), Some(line)] = cells else { return Ok(()) };
                let facts = providers.entry(provider.to_owned()).or_default();
                if *role == "wil_leren" {
                    facts.learns.insert((*theme).to_owned());
                    let row = line.parse().map_err(|_| Error::Bug("theme: a row without a number".to_owned()))?;
                    if let Some(question) = texts.questions.get(&(provider.to_owned(), row)) {
                        facts.questions.push(((*theme).to_owned(), question.clone()));
                    }
                } else {
                    facts.shares.insert((*theme).to_owned());
                }
                Ok(())
            })?;
        }
        if has("activity") {
            each_row(engine, year, "SELECT provider_id, activity, CAST(attended_on AS VARCHAR) AS day FROM activity WHERE year = $year ORDER BY provider_id, source_row", &["activity", "day"], |provider, cells| {
                let [Some(activity), Some(day)] = cells else { return Ok(()) };
                let day = date(day)?;
                if day.format("%Y").to_string() == definitions.year.activity_year.to_string() {
                    providers.entry(provider.to_owned()).or_default().activities.push(((*activity).to_owned(), day));
                }
                Ok(())
            })?;
        }
    }
    let mut states: BTreeMap<String, Vec<State>> = BTreeMap::new();
    if let Some(engine) = publisher {
        let tables: Vec<String> = engine.schema()?.into_iter().map(|(name, _)| name).collect();
        let has = |table: &str| tables.iter().any(|name| name == table);
        if has("decision") {
            each_row(engine, year, "SELECT provider_id, decision, reason, CAST(decided_on AS VARCHAR) AS day FROM decision WHERE year = $year ORDER BY provider_id, source_row", &["decision", "reason", "day"], |provider, cells| {
                let [Some(kind), reason, Some(day)] = cells else { return Ok(()) };
                let kind = if *kind == "aangemeld" { DecisionKind::Applied } else { DecisionKind::Withdrawn };
                let decision = Decision { date: date(day)?, kind, reason: reason.unwrap_or_default().to_owned() };
                providers.entry(provider.to_owned()).or_default().decisions.push(decision);
                Ok(())
            })?;
        }
        if has("assessment") {
            each_row(engine, year, "SELECT provider_id, criterion, outcome, CAST(round AS VARCHAR) AS round, CAST(assessed_on AS VARCHAR) AS day, CAST(source_row AS VARCHAR) AS line FROM assessment WHERE year = $year ORDER BY provider_id, source_row", &["criterion", "outcome", "round", "day", "line"], |provider, cells| {
                let [Some(criterion), Some(outcome), Some(round), Some(day), Some(line)] = cells else { return Ok(()) };
                let number = |text: &str| text.parse::<u32>().map_err(|_| Error::Bug("assessment: a number that is none".to_owned()));
                states.entry(provider.to_owned()).or_default().push(State {
                    criterion: (*criterion).to_owned(),
                    date: date(day)?,
                    round: u8::try_from(number(round)?).unwrap_or(u8::MAX),
                    outcome: outcome_of(outcome)?,
                    remark: texts.remarks.get(&number(line)?).cloned().unwrap_or_default(),
                });
                Ok(())
            })?;
        }
    }
    let mut controls = Vec::new();
    for (provider, mut list) in states {
        list.sort();
        let known = providers.entry(provider.clone()).or_default();
        let missing = if known.answers.is_empty() { Some("E345") } else if known.applied().is_none() { Some("E346") } else { None };
        if let Some(code) = missing {
            controls.push(Control { code: code.to_owned(), provider, other: String::new(), count: list.len() });
            continue;
        }
        let late = list.iter().filter(|state| state.date >= definitions.year.deadline).count();
        if late > 0 {
            controls.push(Control { code: "W745".to_owned(), provider: provider.clone(), other: String::new(), count: late });
        }
        known.states = list;
    }
    // A theme without a self-evaluation cannot be: its delivery needs one. An assessment alone leaves an empty entry.
    providers.retain(|_, facts| *facts != ProviderFacts::default());
    controls.sort();
    Ok(Facts { providers, controls })
}

impl Facts {
    /// Providers to whom leniency was given on the same criterion in the year before (W746).
    #[must_use]
    pub fn repeated_leniency(&self, before: &Self) -> Vec<Control> {
        let lenient = |facts: &ProviderFacts| -> BTreeSet<String> {
            facts.states.iter().filter(|state| state.outcome == Outcome::Lenient).map(|state| state.criterion.clone()).collect()
        };
        let repeated = self.providers.iter().filter_map(|(provider, facts)| {
            let both: Vec<String> = lenient(facts).intersection(&lenient(before.providers.get(provider)?)).cloned().collect();
            (!both.is_empty()).then(|| Control { code: "W746".to_owned(), provider: provider.clone(), other: both.join(", "), count: both.len() })
        });
        repeated.collect()
    }

    /// Every state and decision of the year as lines of text, in order: what may be added to and never changed. Remarks are not in it.
    #[must_use]
    pub fn said(&self) -> BTreeSet<String> {
        let mut lines = BTreeSet::new();
        for (provider, facts) in &self.providers {
            for state in &facts.states {
                lines.insert(format!("{provider};{};{};{};{}", state.date, state.round, state.criterion, outcome_code(state.outcome)));
            }
            for decision in &facts.decisions {
                let kind = if decision.kind == DecisionKind::Applied { "aangemeld" } else { "ingetrokken" };
                lines.insert(format!("{provider};{};;{kind};{}", decision.date, decision.reason));
            }
        }
        lines
    }
}

/// Calls `visit` with provider and cells of each row.
fn each_row(
    engine: &Engine,
    year: i32,
    sql: &str,
    names: &[&str],
    mut visit: impl FnMut(&str, &[Option<&str>]) -> Result<(), Error>,
) -> Result<(), Error> {
    let rows: Rows = engine.rows("keurmerk", sql, &[("year", ScalarValue::Int32(Some(year)))])?;
    let all: Vec<&str> = std::iter::once("provider_id").chain(names.iter().copied()).collect();
    rows.each(&all, |columns| {
        let columns = columns.iter().map(|column| rows.text(column)).collect::<Result<Vec<_>, _>>()?;
        let Some((providers, others)) = columns.split_first() else { return Ok(()) };
        for row in 0..providers.len() {
            let cells: Vec<Option<&str>> = others.iter().map(|column| column.is_valid(row).then(|| column.value(row))).collect();
            visit(providers.value(row), &cells)?;
        }
        Ok(())
    })
}

fn date(text: &str) -> Result<NaiveDate, Error> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| Error::Bug("keurmerk: a date that is none".to_owned()))
}

fn answer_of(code: &str) -> Result<Answer, Error> {
    match code {
        "voldoet" => Ok(Answer::Meets),
        "licht_toe" => Ok(Answer::Explains),
        "niet_van_toepassing" => Ok(Answer::NotApplicable),
        _ => Err(Error::definition("keurmerk/submission/zelfevaluatie.toml", "`answer`: expected voldoet, licht_toe and niet_van_toepassing")),
    }
}

fn outcome_of(code: &str) -> Result<Outcome, Error> {
    match code {
        "voldoet" => Ok(Outcome::Met),
        "voldoet_niet" => Ok(Outcome::NotMet),
        "coulance" => Ok(Outcome::Lenient),
        _ => Err(Error::definition("keurmerk/assessment/submission/beoordelingen.toml", "`outcome`: expected voldoet, voldoet_niet and coulance")),
    }
}

fn outcome_code(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Met => "voldoet",
        Outcome::NotMet => "voldoet_niet",
        Outcome::Lenient => "coulance",
        Outcome::NotApplicable => "niet_van_toepassing",
        Outcome::NotAssessed => "niet_beoordeeld",
    }
}
