//! Observations per provider: from the rows of an indicator's SQL to one summary each.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::array::Array;
use datafusion::common::ScalarValue;
use spiegel_model::{Delivered, IndicatorSpec, Kind};
use spiegel_stats as stats;

use crate::engine::Rows;
use crate::units::Units;
use crate::{Engine, Error, Indicator};

/// What one provider delivered on one indicator in one year.
#[derive(Debug, Clone, PartialEq)]
pub enum Summary {
    /// Units that meet the criterion, of all units.
    Proportion {
        /// Units that meet it.
        events: u64,
        /// All units.
        n: u64,
    },
    /// A mean.
    Mean {
        /// Units.
        n: u64,
        /// Their mean, in the unit of the indicator.
        mean: f64,
        /// Their standard deviation. None when it was not delivered or n is 1.
        sd: Option<f64>,
        /// Σ(x − mean)³; 0 when only totals were delivered.
        third_central_sum: f64,
        /// The values themselves, ascending; empty when only totals were delivered.
        values: Vec<f64>,
    },
    /// A row without a usable number: withheld by the publisher or left empty. Never zero.
    NotDelivered {
        /// Denominator, when that was delivered.
        n: Option<u64>,
    },
    /// Delivered, but held for an analyst by a finding: it counts nowhere, nor in the nation.
    Held,
}

impl Summary {
    /// Units in the denominator; 0 when nothing was delivered.
    #[must_use]
    pub fn n(&self) -> u64 {
        match self {
            Self::Proportion { n, .. } | Self::Mean { n, .. } => *n,
            Self::NotDelivered { n } => n.unwrap_or(0),
            Self::Held => 0,
        }
    }

    /// The raw value. None when nothing was delivered or n is 0.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Proportion { events, n } => (*n > 0).then(|| *events as f64 / *n as f64),
            Self::Mean { mean, n, .. } => (*n > 0).then_some(*mean),
            Self::NotDelivered { .. } | Self::Held => None,
        }
    }

    /// Several years of one provider together: counts added, or values put together. None for totals without values, or when nothing
    /// was delivered.
    pub(crate) fn pooled<'a>(years: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let (mut together, mut all) = ((0, 0), Vec::new());
        for year in years {
            match year {
                Self::Proportion { events, n } => together = (together.0 + events, together.1 + n),
                Self::Mean { values, .. } if !values.is_empty() => all.extend_from_slice(values),
                Self::Mean { .. } | Self::NotDelivered { .. } | Self::Held => return None,
            }
        }
        if together.1 > 0 {
            return Some(Self::Proportion { events: together.0, n: together.1 });
        }
        (!all.is_empty()).then(|| Self::of_values(all))
    }

    /// A mean over values, in ascending order so that sums do not depend on the order of rows.
    fn of_values(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        match stats::moments(&values) {
            Some(moments) => Self::Mean {
                n: moments.n,
                mean: moments.mean,
                sd: moments.sd,
                third_central_sum: moments.third_central_sum,
                values,
            },
            None => Self::NotDelivered { n: None },
        }
    }
}

/// What an indicator's SQL gave for one year.
#[derive(Debug, Clone, Default)]
pub(crate) struct Observed {
    /// By provider.
    pub(crate) summaries: BTreeMap<String, Summary>,
    /// By part of the care, then by provider.
    pub(crate) parts: BTreeMap<String, BTreeMap<String, Summary>>,
    /// The single units, for adjustment and follow-up. Empty unless they were asked for.
    pub(crate) units: Units,
}

/// How much is wanted of the single units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Summaries only: an earlier year.
    Summaries,
    /// Parts, adjusters and follow-up as well: the report year.
    Units,
}

/// Runs the indicator's SQL for one year and summarises per provider, without those in `leave_out`.
///
/// # Errors
/// When the SQL fails or returns other columns or values than its kind asks for.
pub(crate) fn observe(
    engine: &Engine,
    indicator: &Indicator,
    parameters: &[(&str, ScalarValue)],
    leave_out: &BTreeSet<String>,
    detail: Detail,
) -> Result<Observed, Error> {
    let file = format!("indicators/{}/indicator.sql", indicator.spec.id);
    let rows = engine.rows(&file, &indicator.sql, parameters)?;
    of_rows(&rows, &indicator.spec, leave_out, detail)
}

/// Summarises the rows of an indicator's SQL per provider, without those in `leave_out`.
///
/// # Errors
/// When they have other columns or values than its kind asks for.
pub(crate) fn of_rows(rows: &Rows, spec: &IndicatorSpec, leave_out: &BTreeSet<String>, detail: Detail) -> Result<Observed, Error> {
    let mut observed = match (spec.kind, spec.delivered) {
        (kind, Delivered::Units) => of_units(Units::read(rows, spec, leave_out, detail)?, kind),
        (Kind::Proportion, _) => Observed { summaries: proportion_of_totals(rows, rows.file())?, ..Observed::default() },
        (Kind::Mean, Delivered::Totals) => Observed { summaries: mean_of_totals(rows)?, ..Observed::default() },
        (Kind::Mean, Delivered::PrePost) => Observed { summaries: mean_of_change(rows, spec)?, ..Observed::default() },
    };
    observed.summaries.retain(|provider, _| !leave_out.contains(provider));
    Ok(observed)
}

fn of_units(units: Units, kind: Kind) -> Observed {
    let places: Vec<usize> = (0..units.outcome.len()).collect();
    let mut of_part: Vec<Vec<usize>> = vec![Vec::new(); units.part_names.len()];
    for (unit, part) in units.parts.iter().enumerate() {
        if let Some(list) = part.and_then(|part| of_part.get_mut(part)) {
            list.push(unit);
        }
    }
    let parts = units.part_names.iter().zip(of_part).map(|(part, list)| (part.clone(), summaries(&units, kind, &list))).collect();
    Observed { summaries: summaries(&units, kind, &places), parts, units }
}

/// One summary per provider over those of these units that count.
fn summaries(units: &Units, kind: Kind, wanted: &[usize]) -> BTreeMap<String, Summary> {
    let counted = || wanted.iter().filter_map(|unit| Some((units.provider[*unit], units.outcome[*unit]?)));
    let summaries: Vec<(usize, Summary)> = match kind {
        Kind::Proportion => {
            let mut counts = vec![(0, 0); units.providers.len()];
            for (provider, met) in counted() {
                counts[provider].0 += u64::from(met > 0.0);
                counts[provider].1 += 1;
            }
            let some = counts.into_iter().enumerate().filter(|(_, (_, n))| *n > 0);
            some.map(|(provider, (events, n))| (provider, Summary::Proportion { events, n })).collect()
        }
        Kind::Mean => {
            let mut values: Vec<Vec<f64>> = vec![Vec::new(); units.providers.len()];
            for (provider, value) in counted() {
                values[provider].push(value);
            }
            let some = values.into_iter().enumerate().filter(|(_, list)| !list.is_empty());
            some.map(|(provider, list)| (provider, Summary::of_values(list))).collect()
        }
    };
    summaries.into_iter().filter_map(|(provider, summary)| Some((units.providers.get(provider)?.clone(), summary))).collect()
}

fn proportion_of_totals(rows: &Rows, file: &str) -> Result<BTreeMap<String, Summary>, Error> {
    let mut summaries = BTreeMap::new();
    rows.each(&["provider_id", "numerator", "denominator"], |columns| {
        let providers = rows.text(&columns[0])?;
        let (numerators, denominators) = (rows.number(&columns[1])?, rows.number(&columns[2])?);
        for row in 0..providers.len() {
            let n = (!denominators.is_null(row)).then(|| whole(denominators.value(row)));
            let summary = match n {
                Some(n) if n > 0 && !numerators.is_null(row) => {
                    let events = whole(numerators.value(row));
                    if events > n {
                        return Err(Error::definition(file, "a numerator is larger than its denominator"));
                    }
                    Summary::Proportion { events, n }
                }
                n => Summary::NotDelivered { n },
            };
            if summaries.insert(providers.value(row).to_owned(), summary).is_some() {
                return Err(Error::definition(file, "a provider has more than one row in one year"));
            }
        }
        Ok(())
    })?;
    Ok(summaries)
}

/// A stratum of totals: n, mean, sd.
type Stratum = (f64, f64, f64);

fn mean_of_totals(rows: &Rows) -> Result<BTreeMap<String, Summary>, Error> {
    let strata = strata(rows, &["provider_id", "n", "mean", "sd"])?;
    Ok(strata
        .into_iter()
        .map(|(id, rows)| {
            let pooled = pool(rows.iter().map(|row| (row[0], row[1], row[2])).collect());
            (id, pooled.map_or(Summary::NotDelivered { n: None }, |(n, mean, sd)| totals(n, mean, sd)))
        })
        .collect())
}

/// Change from start to end. Only the spread at start and end is delivered, so the spread of the change needs the
/// declared correlation r: sd² = sd₁² + sd₂² − 2 r sd₁ sd₂ (decision 41).
fn mean_of_change(rows: &Rows, spec: &IndicatorSpec) -> Result<BTreeMap<String, Summary>, Error> {
    let strata = strata(rows, &["provider_id", "n", "mean_start", "sd_start", "mean_end", "sd_end"])?;
    let r = spec.pre_post_correlation.unwrap_or(0.0);
    let scale = if spec.in_national_sd {
        let all: Vec<Stratum> = strata.values().flatten().map(|row| (row[0], row[1], row[2])).collect();
        pool(all).map_or(1.0, |(_, _, sd)| if sd > 0.0 { sd } else { 1.0 })
    } else {
        1.0
    };
    Ok(strata
        .into_iter()
        .map(|(id, rows)| {
            let start = pool(rows.iter().map(|row| (row[0], row[1], row[2])).collect());
            let end = pool(rows.iter().map(|row| (row[0], row[3], row[4])).collect());
            let summary = match (start, end) {
                (Some((n, mean_start, sd_start)), Some((_, mean_end, sd_end))) => {
                    let variance = sd_start * sd_start + sd_end * sd_end - 2.0 * r * sd_start * sd_end;
                    totals(n, (mean_start - mean_end) / scale, variance.max(0.0).sqrt() / scale)
                }
                _ => Summary::NotDelivered { n: None },
            };
            (id, summary)
        })
        .collect())
}

fn totals(n: f64, mean: f64, sd: f64) -> Summary {
    Summary::Mean { n: whole(n), mean, sd: Some(sd), third_central_sum: 0.0, values: Vec::new() }
}

/// Rows of numbers per provider; a row with a missing number is left out, a provider without any row left stays with
/// an empty list. Sorted, so that pooling does not depend on the order of rows.
fn strata(rows: &Rows, names: &[&str]) -> Result<BTreeMap<String, Vec<Vec<f64>>>, Error> {
    let mut strata: BTreeMap<String, Vec<Vec<f64>>> = BTreeMap::new();
    rows.each(names, |columns| {
        let providers = rows.text(&columns[0])?;
        let numbers = columns[1..].iter().map(|column| rows.number(column)).collect::<Result<Vec<_>, _>>()?;
        for row in 0..providers.len() {
            let list = strata.entry(providers.value(row).to_owned()).or_default();
            if numbers.iter().all(|column| !column.is_null(row)) {
                list.push(numbers.iter().map(|column| column.value(row)).collect());
            }
        }
        Ok(())
    })?;
    for list in strata.values_mut() {
        list.sort_by(|a, b| {
            a.iter().zip(b).map(|(x, y)| x.total_cmp(y)).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        });
    }
    Ok(strata)
}

/// Pools strata into one group: Σn, the weighted mean, and the total standard deviation within and between strata.
fn pool(mut strata: Vec<Stratum>) -> Option<Stratum> {
    strata.retain(|(n, _, _)| *n > 0.0);
    strata.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.total_cmp(&b.2)));
    let n: f64 = strata.iter().map(|(n, _, _)| n).sum();
    if n < 2.0 {
        return None;
    }
    let mean = strata.iter().map(|(n, mean, _)| n * mean).sum::<f64>() / n;
    let squares: f64 =
        strata.iter().map(|(m, stratum, sd)| (m - 1.0).max(0.0) * sd * sd + m * (stratum - mean).powi(2)).sum();
    Some((n, mean, (squares / (n - 1.0)).sqrt()))
}

/// A count that was delivered as a number with decimals (`190.0`); negative counts do not exist.
fn whole(number: f64) -> u64 {
    if number.is_finite() && number > 0.0 { number.round() as u64 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooled_strata_equal_the_moments_of_all_values() {
        let a = [1.0, 2.0, 3.0, 6.0];
        let b = [4.0, 4.5, 8.0];
        let stratum = |values: &[f64]| {
            let moments = stats::moments(values).unwrap();
            (moments.n as f64, moments.mean, moments.sd.unwrap())
        };
        let all: Vec<f64> = a.iter().chain(&b).copied().collect();
        let (n, mean, sd) = pool(vec![stratum(&b), stratum(&a)]).unwrap();
        let expected = stratum(&all);
        assert!((n - expected.0).abs() < 1e-12 && (mean - expected.1).abs() < 1e-12 && (sd - expected.2).abs() < 1e-12);
        assert_eq!(pool(vec![]), None);
    }
}
