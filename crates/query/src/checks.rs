//! Checks by SQL over several rows or tables of the lake, for all providers of a year at once.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use datafusion::arrow::array::Array;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use spiegel_model::{DefinitionError, DeliveryKind, QueryFinding, RowCheck, Rule, RuleSet, SubmissionSchema};

use crate::cases;
use crate::threads::each;
use crate::{Engine, Error, Pipeline};

/// Columns that rules look over the years for, beside those that SQL names.
pub(crate) fn recurring(rules: &RuleSet) -> BTreeSet<&str> {
    let checks = rules.rules.iter().filter_map(|rule| rule.check.as_ref()).filter(|check| matches!(check, RowCheck::Recurs { .. }));
    checks.flat_map(|check| [check.columns().0, check.columns().1]).collect()
}

/// Providers at whom a value of a column stands with several values of the other one, this year and the two before it taken together; and
/// those of whom only one of these years is there, so that nothing can be said of years.
fn recurring_over_years(engine: &Engine, rule: &Rule, column: &str, other: &str, year: i32) -> Result<BTreeSet<String>, Error> {
    let sql = format!(
        "SELECT DISTINCT provider_id FROM (SELECT provider_id FROM {table} WHERE year BETWEEN $year - 2 AND $year GROUP BY provider_id, {column} HAVING COUNT(DISTINCT {other}) > 1 \
         UNION ALL SELECT provider_id FROM {table} WHERE year BETWEEN $year - 2 AND $year GROUP BY provider_id HAVING COUNT(DISTINCT year) = 1)",
        table = rule.table
    );
    let rows = engine.rows(&format!("checks/rules.toml, {}", rule.code), &sql, &[("year", ScalarValue::Int32(Some(year)))])?;
    let mut found = BTreeSet::new();
    rows.each(&["provider_id"], |columns| {
        found.extend(rows.text(&columns[0])?.iter().flatten().map(str::to_owned));
        Ok(())
    })?;
    Ok(found)
}

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
    /// Adds what rules of the reader found in the delivery of a provider, so that it can hold indicators as a query can. Values that do not
    /// come back within one delivery hold nothing when they do over the years of the lake, or when the lake has no other year.
    ///
    /// # Errors
    /// When the lake cannot be read.
    pub fn add_from_reading(&mut self, engine: &Engine, found: &[(String, &Rule)], year: i32) -> Result<(), Error> {
        let mut recurring: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (provider, rule) in found {
            let Some(check) = &rule.check else { continue };
            let (column, other, _) = check.columns();
            if matches!(check, RowCheck::Recurs { .. }) {
                let known = match recurring.entry(&rule.code) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(unknown) => unknown.insert(recurring_over_years(engine, rule, column, other, year)?),
                };
                if known.contains(provider) {
                    continue;
                }
            }
            let finding = QueryFinding { code: rule.code.clone(), table: rule.table.clone(), column: column.to_owned(), ..QueryFinding::default() };
            self.findings.entry(provider.clone()).or_default().push(finding);
        }
        Ok(())
    }

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

/// What one rule found, by provider, in order.
type Wrong = Vec<(String, QueryFinding)>;
/// Numbers by provider.
type Counts = BTreeMap<String, u64>;

/// One SELECT of a rule.
struct Question<'a> {
    rule: &'a Rule,
    sql: &'a str,
    /// It finds what is wrong; else it counts what was checked.
    is_wrong: bool,
    uses_views: bool,
}

/// All SQL of the rules.
pub(crate) fn sql(rules: &RuleSet) -> impl Iterator<Item = &str> {
    rules.rules.iter().filter_map(|rule| rule.query.as_ref()).flat_map(|query| [query.wrong.as_str(), query.checked.as_str()])
}

/// Views that some rule needs, itself or through another view: the others, and they are the large ones, are for reports.
pub(crate) fn views<'a>(pipeline: &'a Pipeline, rules: &'a RuleSet) -> BTreeSet<&'a str> {
    let mut all: Vec<&str> = sql(rules).collect();
    let mut wanted = BTreeSet::new();
    // A view uses the ones before it.
    for (name, sql) in pipeline.views.iter().rev() {
        if all.iter().any(|sql| sql.contains(name.as_str())) {
            wanted.insert(name.as_str());
            all.push(sql);
        }
    }
    wanted
}

/// Runs every rule with a query on the lake of one year, on so many threads. A rule that cannot run is broken; the others go
/// on. `engine` comes from [`Engine::open_year`]; its views are made meanwhile.
///
/// # Errors
/// [`Error::Lake`] when the lake cannot be read, [`Error::Pipeline`] when a view is not valid SQL.
pub fn run_checks(engine: &Engine, pipeline: &Pipeline, rules: &RuleSet, year: i32, threads: usize) -> Result<LakeChecks, Error> {
    let queries: Vec<_> = rules.rules.iter().filter_map(|rule| rule.query.as_ref().map(|query| (rule, query))).collect();
    // Many rules are about the same rows: each SELECT runs once.
    let mut counting: Vec<(&Rule, &str)> = queries.iter().map(|(rule, query)| (*rule, query.checked.as_str())).collect();
    counting.sort_by_key(|(_, sql)| *sql);
    counting.dedup_by_key(|(_, sql)| *sql);
    let finding = queries.iter().map(|(rule, query)| (*rule, query.wrong.as_str(), true));
    let all = finding.chain(counting.iter().map(|(rule, sql)| (*rule, *sql, false)));
    let wanted = views(pipeline, rules);
    let uses_views = |sql: &str| wanted.iter().any(|view| sql.contains(view));
    let mut questions: Vec<Question<'_>> = all.map(|(rule, sql, is_wrong)| Question { rule, sql, is_wrong, uses_views: uses_views(sql) }).collect();
    // The first makes the views, those behind it need none.
    questions.sort_by_key(|question| question.uses_views);
    let first = usize::from(!questions.is_empty());
    questions.rotate_right(first);
    let made = OnceLock::new();
    let answers = each(&questions, threads, |question| {
        if question.uses_views && made.get_or_init(|| engine.register_views(pipeline, Some((year, &wanted)))).is_err() {
            return Err(Error::Bug("there are no views".to_owned()));
        }
        let Question { rule, sql, is_wrong, .. } = *question;
        Ok(if is_wrong { (wrong(engine, rule, sql, year)?, Counts::new()) } else { (Wrong::new(), checked(engine, rule, sql, year)?) })
    });
    if let Some(Err(error)) = made.into_inner() {
        return Err(error);
    }
    let mut found: BTreeMap<&str, Option<Wrong>> = BTreeMap::new();
    let mut counted: BTreeMap<&str, Option<Counts>> = BTreeMap::new();
    for (question, answer) in questions.iter().zip(answers) {
        let answer = usable(answer)?;
        if question.is_wrong {
            found.insert(&question.rule.code, answer.map(|(found, _)| found));
        } else {
            counted.insert(question.sql, answer.map(|(_, counts)| counts));
        }
    }
    let mut checks = LakeChecks::default();
    for (rule, query) in queries {
        let (Some(Some(found)), Some(Some(counts))) = (found.remove(rule.code.as_str()), counted.get(query.checked.as_str())) else {
            checks.broken.push(rule.code.clone());
            continue;
        };
        for (provider, finding) in found {
            checks.findings.entry(provider).or_default().push(finding);
        }
        for (provider, count) in counts {
            checks.checked.entry(provider.clone()).or_default().insert(rule.code.clone(), *count);
        }
    }
    Ok(checks)
}

/// None when it is the rule that cannot run; an error when it is the lake.
fn usable<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Error::Pipeline(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `2025-03-09` as `09-03-2025`.
fn dutch_date(date: &str) -> String {
    let mut parts: Vec<&str> = date.splitn(3, '-').collect();
    parts.reverse();
    parts.join("-")
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
    for spec in pipeline.indicators.iter().map(|indicator| &indicator.spec) {
        for unless in &spec.unless {
            let rule = rules.rule(&unless.code).filter(|rule| rule.holds.contains(&spec.id));
            if rule.is_none() {
                let message = format!("`[[unless]]` names {}, and no rule of that code holds `{}` in {FILE}", unless.code, spec.id);
                note(Error::definition(format!("indicators/{}/indicator.toml", spec.id), message));
            }
        }
    }
    if rules.rules.iter().all(|rule| rule.query.is_none()) {
        return mistakes;
    }
    if pipeline.spec.delivery.kind == DeliveryKind::Collective {
        note(Error::definition(FILE, "a rule with a query needs submissions of one provider and one year each, not a collective delivery"));
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

fn wrong(engine: &Engine, rule: &Rule, sql: &str, year: i32) -> Result<Wrong, Error> {
    const OPTIONAL: [&str; 6] = ["key", "value", "other", "count", "table_name", "column_name"];
    let rows = engine.rows(&format!("checks/rules.toml, query `wrong` of {}", rule.code), sql, &[("year", ScalarValue::Int32(Some(year)))])?;
    let mut found = Wrong::new();
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
            // Numbers and dates as they are written in Dutch, a number without decimals where there are none.
            let texts: Vec<Option<String>> = match columns[0].data_type() {
                DataType::Float64 => rows.number(&columns[0])?.iter().map(|number| number.map(|number| number.to_string().replace('.', ","))).collect(),
                DataType::Date32 => rows.text(&columns[0])?.iter().map(|date| date.map(dutch_date)).collect(),
                _ => rows.text(&columns[0])?.iter().map(|text| text.map(str::to_owned)).collect(),
            };
            for text in texts {
                let (Some((_, finding)), Some(text)) = (next.next(), text) else { continue };
                let slot = [&mut finding.key, &mut finding.value, &mut finding.other, &mut finding.count, &mut finding.table, &mut finding.column];
                if let Some(slot) = slot.into_iter().nth(at) {
                    *slot = text;
                }
            }
            Ok(())
        })?;
    }
    found.sort();
    Ok(found)
}

fn checked(engine: &Engine, rule: &Rule, sql: &str, year: i32) -> Result<Counts, Error> {
    let rows = engine.rows(&format!("checks/rules.toml, query `checked` of {}", rule.code), sql, &[("year", ScalarValue::Int32(Some(year)))])?;
    let mut counts = Counts::new();
    rows.each(&["provider_id", "checked"], |columns| {
        let (providers, numbers) = (rows.text(&columns[0])?, rows.number(&columns[1])?);
        for row in 0..providers.len() {
            counts.insert(providers.value(row).to_owned(), if numbers.is_null(row) { 0 } else { numbers.value(row).max(0.0).round() as u64 });
        }
        Ok(())
    })?;
    Ok(counts)
}
