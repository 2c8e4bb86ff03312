//! Checks by SQL over several rows or tables of the lake, for all providers of a year at once.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::array::{Array, StringArray};
use datafusion::common::ScalarValue;
use spiegel_model::{DefinitionError, QueryFinding, Rule, RuleSet, SubmissionSchema};

use crate::cases;
use crate::{Engine, Error, Pipeline};

/// What the checks of a year found, by provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LakeChecks {
    /// Findings of each provider, in the order of the rules, then by table and row.
    pub findings: BTreeMap<String, Vec<QueryFinding>>,
    /// How much each rule checked at each provider: provider, code, number. What is not there was not checked.
    pub checked: BTreeMap<String, BTreeMap<String, u64>>,
    /// Rules whose SQL does not run on this lake.
    pub broken: Vec<String>,
}

/// Indicators that are held for an analyst, with the codes of the findings that hold them: provider, indicator, codes.
pub type Held = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

impl LakeChecks {
    /// Which indicators these findings hold. A finding on a column holds only the indicators that need that column.
    #[must_use]
    pub fn held(&self, rules: &RuleSet, pipeline: &Pipeline) -> Held {
        let mut held = Held::new();
        for (provider, findings) in &self.findings {
            for finding in findings {
                let Some(rule) = rules.rule(&finding.code).filter(|rule| !rule.holds.is_empty()) else { continue };
                let column = format!("{}.{}", finding.table, finding.column);
                let concerned = pipeline.indicators.iter().map(|indicator| &indicator.spec).filter(|spec| rule.holds.contains(&spec.id));
                for spec in concerned.filter(|spec| finding.column.is_empty() || spec.needs.contains(&column)) {
                    held.entry(provider.clone()).or_default().entry(spec.id.clone()).or_default().insert(finding.code.clone());
                }
            }
        }
        held
    }
}

/// Runs every rule with a query on the lake of one year. A rule that cannot run is broken; the others go on.
///
/// # Errors
/// [`Error::Lake`] when the lake cannot be read.
pub fn run_checks(engine: &Engine, rules: &RuleSet, year: i32) -> Result<LakeChecks, Error> {
    let mut checks = LakeChecks::default();
    // Many rules are about the same rows.
    let mut counted: BTreeMap<&str, BTreeMap<String, u64>> = BTreeMap::new();
    for rule in &rules.rules {
        let Some(query) = &rule.query else { continue };
        let answer = wrong(engine, rule, &query.wrong, year).and_then(|found| {
            if !counted.contains_key(query.checked.as_str()) {
                counted.insert(&query.checked, checked(engine, rule, &query.checked, year)?);
            }
            Ok(found)
        });
        match answer {
            Ok(found) => {
                for (provider, finding) in found {
                    checks.findings.entry(provider).or_default().push(finding);
                }
                for (provider, count) in counted.get(query.checked.as_str()).into_iter().flatten() {
                    checks.checked.entry(provider.clone()).or_default().insert(rule.code.clone(), *count);
                }
            }
            Err(Error::Pipeline(_)) => checks.broken.push(rule.code.clone()),
            Err(error) => return Err(error),
        }
    }
    Ok(checks)
}

/// Checks rules against a pipeline: SQL that runs on its tables and returns what it must, and indicators that exist.
#[must_use]
pub fn check_rules(pipeline: &Pipeline, schema: &SubmissionSchema, rules: &RuleSet) -> Vec<DefinitionError> {
    const FILE: &str = "checks/rules.toml";
    let mut mistakes = Vec::new();
    let mut note = |error: Error| match error {
        Error::Pipeline(found) => mistakes.extend(found),
        other => mistakes.push(DefinitionError { file: FILE.to_owned(), message: other.to_string() }),
    };
    for rule in &rules.rules {
        for id in rule.affects.iter().chain(&rule.holds).filter(|id| !pipeline.spec.indicators.contains(id)) {
            note(Error::definition(FILE, format!("{}: there is no indicator `{id}`", rule.code)));
        }
    }
    if rules.rules.iter().all(|rule| rule.query.is_none()) {
        return mistakes;
    }
    let engine = match cases::empty_engine(pipeline, schema) {
        Ok(engine) => engine,
        Err(error) => {
            note(error);
            return mistakes;
        }
    };
    for rule in &rules.rules {
        let Some(query) = &rule.query else { continue };
        if let Err(error) = wrong(&engine, rule, &query.wrong, 2000) {
            note(error);
        }
        if let Err(error) = checked(&engine, rule, &query.checked, 2000) {
            note(error);
        }
    }
    mistakes
}

fn wrong(engine: &Engine, rule: &Rule, sql: &str, year: i32) -> Result<Vec<(String, QueryFinding)>, Error> {
    const OPTIONAL: [&str; 6] = ["key", "value", "other", "count", "table_name", "column_name"];
    let rows = engine.rows(&format!("checks/rules.toml, query `wrong` of {}", rule.code), sql, &[("year", ScalarValue::Int32(Some(year)))])?;
    let mut found: Vec<(String, QueryFinding)> = Vec::new();
    rows.each(&["provider_id", "source_row"], |columns| {
        let (providers, lines) = (rows.text(&columns[0])?, rows.number(&columns[1])?);
        for row in 0..providers.len() {
            let finding = QueryFinding {
                code: rule.code.clone(),
                table: rule.table.clone(),
                column: rule.column.clone(),
                row: (!lines.is_null(row)).then(|| lines.value(row).max(0.0) as u64),
                ..QueryFinding::default()
            };
            found.push((providers.value(row).to_owned(), finding));
        }
        Ok(())
    })?;
    for (at, name) in OPTIONAL.iter().enumerate().filter(|(_, name)| rows.has(name)) {
        let mut next = found.iter_mut();
        rows.each(&[name], |columns| {
            let texts: StringArray = rows.text(&columns[0])?;
            for text in &texts {
                let (Some((_, finding)), Some(text)) = (next.next(), text) else { continue };
                let slot = [&mut finding.key, &mut finding.value, &mut finding.other, &mut finding.count, &mut finding.table, &mut finding.column];
                if let Some(slot) = slot.into_iter().nth(at) {
                    text.clone_into(slot);
                }
            }
            Ok(())
        })?;
    }
    found.sort();
    Ok(found)
}

fn checked(engine: &Engine, rule: &Rule, sql: &str, year: i32) -> Result<BTreeMap<String, u64>, Error> {
    let rows = engine.rows(&format!("checks/rules.toml, query `checked` of {}", rule.code), sql, &[("year", ScalarValue::Int32(Some(year)))])?;
    let mut counts = BTreeMap::new();
    rows.each(&["provider_id", "checked"], |columns| {
        let (providers, numbers) = (rows.text(&columns[0])?, rows.number(&columns[1])?);
        for row in 0..providers.len() {
            counts.insert(providers.value(row).to_owned(), if numbers.is_null(row) { 0 } else { numbers.value(row).max(0.0).round() as u64 });
        }
        Ok(())
    })?;
    Ok(counts)
}
