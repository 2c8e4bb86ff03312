//! Why a row of the delivery is a unit of an indicator or not: `who-counts/*.sql`, beside `indicator.sql`. The two say who counts in two
//! ways, and must agree: on the cases of the indicator (`spiegel pipeline check`) and on each provider that is traced.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::array::Array;
use datafusion::common::ScalarValue;
use spiegel_model::{Delivered, IndicatorSpec, Kind, TracedSource};

use crate::engine::Rows;
use crate::{Engine, Error, Indicator};

/// What the SQL returns.
pub(crate) const COLUMNS: [&str; 5] = ["provider_id", "unit_id", "source_file", "source_row", "reason"];
/// Units that are told when the two do not agree.
const TOLD: usize = 5;

/// A row of the delivery that could be a unit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) provider: String,
    pub(crate) unit: String,
    pub(crate) client_key: Option<String>,
    pub(crate) source: Option<TracedSource>,
    /// Why it does not count. None when it counts.
    pub(crate) reason: Option<String>,
    /// The numbers of a row of totals, where the SQL returns those of the indicator.
    pub(crate) totals: BTreeMap<String, Option<f64>>,
}

/// A unit that `indicator.sql` counts, or a row of totals with a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Counted {
    pub(crate) provider: String,
    /// Empty for totals.
    pub(crate) unit: String,
    /// The value, or 1 and 0 for met and not met. None for totals.
    pub(crate) outcome: Option<f64>,
    /// The numbers of a row of totals.
    pub(crate) totals: BTreeMap<String, Option<f64>>,
}

/// Runs the `who-counts` SQL of an indicator, whose parameters are those of `indicator.sql` and `$indicator`; for one provider, or for all.
///
/// # Errors
/// When the SQL fails or returns other columns.
pub(crate) fn candidates(
    engine: &Engine,
    indicator: &Indicator,
    parameters: &[(&str, ScalarValue)],
    provider: Option<&str>,
) -> Result<Option<Vec<Candidate>>, Error> {
    let (Some(file), Some(sql)) = (&indicator.spec.who_counts, &indicator.who_counts_sql) else { return Ok(None) };
    let mut parameters = parameters.to_vec();
    parameters.push(("indicator", text(&indicator.spec.id)));
    let sql = provider.map_or_else(|| sql.clone(), |_| of_provider(sql));
    parameters.extend(provider.map(|provider| ("provider", text(provider))));
    let rows = engine.rows(file, &sql, &parameters)?;
    let mut found = Vec::new();
    let mut names = COLUMNS.to_vec();
    let has_client = rows.has("client_key");
    names.extend(has_client.then_some("client_key"));
    let first = names.len();
    let numbers: &[&str] = if totals(&indicator.spec).iter().all(|name| rows.has(name)) { totals(&indicator.spec) } else { &[] };
    names.extend(numbers);
    rows.each(&names, |columns| {
        let (providers, units, files) = (rows.text(&columns[0])?, rows.text(&columns[1])?, rows.text(&columns[2])?);
        let (lines, reasons) = (rows.number(&columns[3])?, rows.text(&columns[4])?);
        let clients = columns.get(5).filter(|_| has_client).map(|column| rows.text(column)).transpose()?;
        let cells = columns.iter().skip(first).map(|column| rows.number(column)).collect::<Result<Vec<_>, _>>()?;
        for row in 0..providers.len() {
            if providers.is_null(row) {
                continue;
            }
            let source = (!files.is_null(row) && !lines.is_null(row))
                .then(|| TracedSource { file: files.value(row).to_owned(), row: lines.value(row) as i64 });
            found.push(Candidate {
                provider: providers.value(row).to_owned(),
                unit: if units.is_null(row) { String::new() } else { units.value(row).to_owned() },
                client_key: clients.as_ref().filter(|clients| !clients.is_null(row)).map(|clients| clients.value(row).to_owned()),
                source,
                reason: (!reasons.is_null(row)).then(|| reasons.value(row).to_owned()),
                totals: numbers.iter().zip(&cells).map(|(name, cells)| ((*name).to_owned(), (!cells.is_null(row)).then(|| cells.value(row)))).collect(),
            });
        }
        Ok(())
    })?;
    found.sort_by(|a, b| (&a.provider, &a.source, &a.unit).cmp(&(&b.provider, &b.source, &b.unit)));
    Ok(Some(found))
}

/// The rows of a SELECT that belong to `$provider`.
pub(crate) fn of_provider(sql: &str) -> String {
    format!("SELECT * FROM (\n{sql}\n) AS traced WHERE provider_id = $provider")
}

/// A text as a parameter.
pub(crate) fn text(value: &str) -> ScalarValue {
    ScalarValue::Utf8(Some(value.to_owned()))
}

/// Columns of numbers that totals come in.
fn totals(spec: &IndicatorSpec) -> &'static [&'static str] {
    match (spec.kind, spec.delivered) {
        (_, Delivered::Units) => &[],
        (Kind::Proportion, _) => &["numerator", "denominator"],
        (Kind::Mean, Delivered::Totals) => &["n", "mean", "sd"],
        (Kind::Mean, Delivered::PrePost) => &["n", "mean_start", "sd_start", "mean_end", "sd_end"],
    }
}

/// The units that the rows of `indicator.sql` count; of totals, the rows that have a value.
///
/// # Errors
/// When a column is missing.
pub(crate) fn counted(rows: &Rows, spec: &IndicatorSpec) -> Result<Vec<Counted>, Error> {
    let mut found = Vec::new();
    let numbers = totals(spec);
    if numbers.is_empty() {
        let outcome = if spec.kind == Kind::Proportion { "met" } else { "value" };
        rows.each(&["provider_id", "unit_id", outcome], |columns| {
            let (providers, units) = (rows.text(&columns[0])?, rows.text(&columns[1])?);
            let outcomes: Vec<Option<f64>> = match spec.kind {
                Kind::Proportion => rows.truth(&columns[2])?.iter().map(|met| met.map(f64::from)).collect(),
                Kind::Mean => rows.number(&columns[2])?.iter().collect(),
            };
            for (row, outcome) in outcomes.into_iter().enumerate() {
                if let (Some(outcome), false) = (outcome, providers.is_null(row)) {
                    let unit = if units.is_null(row) { String::new() } else { units.value(row).to_owned() };
                    let provider = providers.value(row).to_owned();
                    found.push(Counted { provider, unit, outcome: Some(outcome), totals: BTreeMap::new() });
                }
            }
            Ok(())
        })?;
    } else {
        let names: Vec<&str> = std::iter::once("provider_id").chain(numbers.iter().copied()).collect();
        rows.each(&names, |columns| {
            let providers = rows.text(&columns[0])?;
            let cells = columns.iter().skip(1).map(|column| rows.number(column)).collect::<Result<Vec<_>, _>>()?;
            for row in 0..providers.len() {
                let cell = |at: usize| cells.get(at).filter(|column| !column.is_null(row)).map(|column| column.value(row));
                let totals: BTreeMap<String, Option<f64>> = numbers.iter().enumerate().map(|(at, name)| ((*name).to_owned(), cell(at))).collect();
                let usable = totals.values().all(Option::is_some) && totals.get("denominator").is_none_or(|n| n.is_some_and(|n| n > 0.0));
                if usable && !providers.is_null(row) {
                    found.push(Counted { provider: providers.value(row).to_owned(), unit: String::new(), outcome: None, totals });
                }
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// Where the two do not agree, a sentence each; at most five units are named.
pub(crate) fn disagreements(file: &str, spec: &IndicatorSpec, candidates: &[Candidate], counted: &[Counted]) -> Vec<String> {
    let mut found = Vec::new();
    if spec.delivered != Delivered::Units {
        let mut rows: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        candidates.iter().filter(|one| one.reason.is_none()).for_each(|one| rows.entry(&one.provider).or_default().0 += 1);
        counted.iter().for_each(|one| rows.entry(&one.provider).or_default().1 += 1);
        for (provider, (said, used)) in rows.into_iter().filter(|(_, (said, used))| said != used) {
            found.push(format!("{file} lets {said} rows of {provider} count, and indicator.sql uses {used}"));
        }
        if found.is_empty() {
            found.extend(other_numbers(file, candidates, counted));
        }
        found.truncate(TOLD);
        return found;
    }
    let said: BTreeMap<(&str, &str), Option<&str>> =
        candidates.iter().map(|one| ((one.provider.as_str(), one.unit.as_str()), one.reason.as_deref())).collect();
    if said.len() < candidates.len() {
        found.push(format!("{file} must return one row per unit; it returns {} rows for {} units", candidates.len(), said.len()));
    }
    let used: BTreeSet<(&str, &str)> = counted.iter().map(|one| (one.provider.as_str(), one.unit.as_str())).collect();
    for unit in &used {
        match said.get(unit) {
            Some(None) => {}
            Some(Some(reason)) => found.push(format!("unit `{}` of {} counts in indicator.sql, and {file} says: {reason}", unit.1, unit.0)),
            None => found.push(format!("unit `{}` of {} counts in indicator.sql, and {file} does not name it", unit.1, unit.0)),
        }
    }
    for (unit, _) in said.iter().filter(|(unit, reason)| reason.is_none() && !used.contains(*unit)) {
        found.push(format!("unit `{}` of {} does not count in indicator.sql, and {file} gives no reason", unit.1, unit.0));
    }
    let more = found.len().saturating_sub(TOLD);
    found.truncate(TOLD);
    if more > 0 {
        found.push(format!("and {more} more units on which indicator.sql and {file} do not agree"));
    }
    found
}

/// Providers whose rows of totals have other numbers in the one than in the other, where both have numbers.
fn other_numbers(file: &str, candidates: &[Candidate], counted: &[Counted]) -> Vec<String> {
    let text = |totals: &BTreeMap<String, Option<f64>>| format!("{totals:?}");
    let mut rows: BTreeMap<&str, (Vec<String>, Vec<String>)> = BTreeMap::new();
    let with_numbers = candidates.iter().filter(|one| one.reason.is_none() && !one.totals.is_empty());
    with_numbers.for_each(|one| rows.entry(&one.provider).or_default().0.push(text(&one.totals)));
    for one in counted {
        if let Some((_, used)) = rows.get_mut(one.provider.as_str()) {
            used.push(text(&one.totals));
        }
    }
    let differs = |(said, used): &mut (Vec<String>, Vec<String>)| {
        said.sort_unstable();
        used.sort_unstable();
        said != used
    };
    let wrong = rows.iter_mut().filter_map(|(provider, both)| differs(both).then(|| (*provider).to_owned()));
    wrong.map(|provider| format!("the rows of {provider} have other numbers in {file} than in indicator.sql")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> IndicatorSpec {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/kibg/indicators/blended/indicator.toml");
        toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    }

    fn candidate(unit: &str, reason: Option<&str>) -> Candidate {
        Candidate { provider: "94000001".into(), unit: unit.into(), client_key: None, source: None, reason: reason.map(str::to_owned), totals: BTreeMap::new() }
    }

    fn one(unit: &str) -> Counted {
        Counted { provider: "94000001".into(), unit: unit.into(), outcome: Some(1.0), totals: BTreeMap::new() }
    }

    #[test]
    fn each_way_to_disagree_is_told() {
        let said = [candidate("a", None), candidate("b", Some("loopt nog")), candidate("c", None)];
        assert!(disagreements("w.sql", &spec(), &said, &[one("a"), one("c")]).is_empty());
        let wrong = disagreements("w.sql", &spec(), &said, &[one("a"), one("b"), one("d")]);
        assert_eq!(
            wrong,
            [
                "unit `b` of 94000001 counts in indicator.sql, and w.sql says: loopt nog",
                "unit `d` of 94000001 counts in indicator.sql, and w.sql does not name it",
                "unit `c` of 94000001 does not count in indicator.sql, and w.sql gives no reason",
            ]
        );
        let twice = disagreements("w.sql", &spec(), &[candidate("a", None), candidate("a", None)], &[one("a")]);
        assert_eq!(twice, ["w.sql must return one row per unit; it returns 2 rows for 1 units"]);
    }

    #[test]
    fn many_disagreements_are_counted() {
        let said: Vec<Candidate> = (0..20).map(|unit| candidate(&format!("{unit:02}"), None)).collect();
        let wrong = disagreements("w.sql", &spec(), &said, &[]);
        assert_eq!(wrong.len(), 6);
        assert_eq!(wrong[5], "and 15 more units on which indicator.sql and w.sql do not agree");
    }
}
