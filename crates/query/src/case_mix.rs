//! The case-mix model of one indicator in the report year (statistics 8): what the nation would have with each provider's clients.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use spiegel_model::{Adjuster, IndicatorSpec, Kind};
use spiegel_stats as stats;

use crate::{Drift, Summary};
use crate::units::{Covariate, Units};

/// Categories with fewer units than this join the reference, so that no category stands for a handful of clients.
const FEWEST_IN_CATEGORY: usize = 30;
/// Units that each covariate of a linear model asks for, as events do for a logistic one.
const UNITS_PER_COVARIATE: u64 = 20;

/// The model and what it expects of each provider.
#[derive(Debug, Clone)]
pub struct CaseMix {
    /// Titles of the adjusters that are in the model.
    pub adjusters: Vec<String>,
    /// Titles of those that had to be left out: too few events, or nothing that varies within providers.
    pub left_out: Vec<String>,
    /// Coefficients by column, in the unit of the outcome or on the scale of log-odds.
    pub coefficients: Vec<Coefficient>,
    /// How well it does.
    pub diagnostics: stats::Diagnostics,
    /// Variance within providers that is left: for a mean.
    pub within_variance: Option<f64>,
    /// Skewness of what is left; 0 unless the indicator is skewed.
    pub within_skewness: f64,
    /// Variation between providers after adjustment: τ² of means, or τ² on the scale of log-odds. None with fewer than 10.
    pub between: Option<f64>,
    /// Beside the model of the year before. None when that is not known, or of another definition.
    pub drift: Option<Drift>,
    /// Standard deviation over the nation's units of the first adjuster with words for how clients differ. None without one.
    pub(crate) shift_spread: Option<f64>,
    /// By provider.
    pub(crate) providers: BTreeMap<String, Expected>,
}

/// One coefficient of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coefficient {
    /// Adjuster and, for a category, which one: `opleiding: laag`.
    pub name: String,
    /// Estimate.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
}

/// What a model expects of one provider.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expected {
    /// Mean of what is expected of its units.
    pub(crate) mean: f64,
    /// Standard deviation of what is left of its units; None with one unit.
    pub(crate) residual_sd: Option<f64>,
    /// Expected probabilities of its units, ascending; empty for a mean.
    pub(crate) probabilities: Vec<f64>,
    /// Own mean less national mean of the first adjuster with words for it.
    pub(crate) shift: Option<f64>,
    /// Units of which that adjuster is known.
    pub(crate) shift_units: u64,
}

/// How the column of what is missing ends.
const UNKNOWN: &str = ": onbekend";

/// Columns of the design, each with the adjuster it belongs to.
#[derive(Default)]
struct Design {
    columns: Vec<Vec<f64>>,
    names: Vec<String>,
    adjuster: Vec<usize>,
}

impl CaseMix {
    /// Whether places are taken on the adjusted scale: the model tells clients of other providers apart, no covariate separates them, and
    /// there are enough providers. Another model would only add its own noise.
    #[must_use]
    pub fn places(&self) -> bool {
        self.discriminates() && !self.diagnostics.penalised && self.between.is_some()
    }

    /// Whether the model says anything of clients of providers that it was not fitted to.
    #[must_use]
    pub fn discriminates(&self) -> bool {
        self.diagnostics.verdicts().iter().any(|verdict| verdict.measure == stats::Measure::Discrimination && verdict.passes)
    }

    /// Fits the model on all units that count. None without adjusters or units, or when nothing can be fitted. Providers with fewer
    /// than `shown` units take part in the fit, and not in the variation between providers.
    pub(crate) fn fit(spec: &IndicatorSpec, units: &Units, shown: u64) -> Option<Self> {
        if spec.adjusters.is_empty() || units.covariates.len() != spec.adjusters.len() {
            return None;
        }
        let order = units.ordered();
        let outcomes: Vec<f64> = order.iter().filter_map(|unit| units.outcome[*unit]).collect();
        // Providers by the order of their ids, so that nothing depends on the order of rows.
        let mut ids: Vec<&String> = units.providers.iter().collect();
        ids.sort_unstable();
        let place: BTreeMap<&String, usize> = ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        let groups: Vec<usize> = order.iter().filter_map(|unit| place.get(&units.providers[units.provider[*unit]]).copied()).collect();
        let (design, left_out, fitted) = fit_whole(spec, units, &order, &groups, &outcomes)?;
        let mut providers = BTreeMap::new();
        let mut residuals: Vec<Vec<f64>> = vec![Vec::new(); ids.len()];
        let mut expected: Vec<Vec<f64>> = vec![Vec::new(); ids.len()];
        for ((group, outcome), prediction) in groups.iter().zip(&outcomes).zip(&fitted.expected) {
            residuals[*group].push(outcome - prediction);
            expected[*group].push(*prediction);
        }
        let shifts = shifts(spec, units, &order, &groups, ids.len());
        let (mut spread, mut thirds) = (Vec::new(), Vec::new());
        for (group, id) in ids.iter().enumerate() {
            let list = &mut expected[group];
            list.sort_by(f64::total_cmp);
            residuals[group].sort_by(f64::total_cmp);
            let Some(moments) = stats::moments(&residuals[group]) else { continue };
            if let Some(sd) = moments.sd {
                spread.push((moments.n, sd * sd));
                thirds.push((moments.n, moments.third_central_sum));
            }
            let mean = list.iter().sum::<f64>() / list.len() as f64;
            let probabilities = if spec.kind == Kind::Proportion { std::mem::take(list) } else { Vec::new() };
            let (shift, shift_units) = shifts.get(group).copied().flatten().map_or((None, 0), |(shift, units)| (Some(shift), units));
            providers.insert((*id).clone(), Expected { mean, residual_sd: moments.sd, probabilities, shift, shift_units });
        }
        let within_variance = (spec.kind == Kind::Mean).then(|| stats::within_variance(&spread)).flatten();
        let within_skewness = within_variance
            .filter(|_| spec.skewed)
            .and_then(|variance| stats::within_skewness(&thirds, variance))
            .unwrap_or(0.0);
        let between = between(spec.kind, &providers, &residuals, &ids, within_variance, shown);
        let used: Vec<usize> = (0..design.columns.len()).filter(|column| !fitted.dropped.contains(column)).collect();
        let in_model = |adjuster: usize| used.iter().any(|column| design.adjuster[*column] == adjuster);
        let (mut adjusters, mut out) = (Vec::new(), Vec::new());
        for (number, adjuster) in spec.adjusters.iter().enumerate() {
            let list = if in_model(number) && !left_out.contains(&number) { &mut adjusters } else { &mut out };
            list.push(adjuster.title.clone());
        }
        let coefficients = used
            .iter()
            .map(|column| Coefficient {
                name: design.names[*column].clone(),
                value: fitted.coefficients[*column],
                standard_error: fitted.standard_errors[*column],
            })
            .collect();
        Some(Self {
            adjusters,
            left_out: out,
            coefficients,
            diagnostics: fitted.diagnostics,
            within_variance,
            within_skewness,
            between,
            drift: None,
            shift_spread: shift_spread(spec, units, &order),
            providers,
        })
    }
}

impl CaseMix {
    /// Puts the clients of `members` (id and summary, in order) together under a name: what the model expects of all of them. The model
    /// itself stays as it was fitted. When the model does not know one of them, nothing is added.
    pub(crate) fn gather(&mut self, name: &str, members: &[(&str, &Summary)]) {
        let known: Option<Vec<(f64, f64, &Expected)>> =
            members.iter().map(|(id, summary)| Some((summary.n() as f64, summary.value()?, self.providers.get(*id)?))).collect();
        if let Some(known) = known.filter(|known| !known.is_empty()) {
            let together = Expected::together(&known);
            self.providers.insert(name.to_owned(), together);
        }
    }
}

impl Expected {
    /// Of several providers together, each with its units, its value and what is expected of it.
    fn together(known: &[(f64, f64, &Self)]) -> Self {
        let n: f64 = known.iter().map(|(n, _, _)| n).sum();
        let mean = known.iter().map(|(n, _, expected)| n * expected.mean).sum::<f64>() / n;
        let residual = known.iter().map(|(n, value, expected)| n * (value - expected.mean)).sum::<f64>() / n;
        // Sums of squares within members and between them.
        let squares: f64 = known
            .iter()
            .map(|(n, value, expected)| (n - 1.0) * expected.residual_sd.unwrap_or(0.0).powi(2) + n * (value - expected.mean - residual).powi(2))
            .sum();
        let mut probabilities: Vec<f64> = known.iter().flat_map(|(_, _, expected)| expected.probabilities.iter().copied()).collect();
        probabilities.sort_by(f64::total_cmp);
        let shift_units: u64 = known.iter().map(|(_, _, expected)| expected.shift_units).sum();
        let shift = known.iter().filter_map(|(_, _, expected)| Some(expected.shift? * expected.shift_units as f64)).sum::<f64>();
        Self {
            mean,
            residual_sd: (n > 1.0).then(|| (squares / (n - 1.0)).sqrt()),
            probabilities,
            shift: (shift_units > 0).then(|| shift / shift_units as f64),
            shift_units,
        }
    }
}

/// What both kinds of model give.
struct Fitted {
    expected: Vec<f64>,
    coefficients: Vec<f64>,
    standard_errors: Vec<f64>,
    dropped: Vec<usize>,
    diagnostics: stats::Diagnostics,
}

impl Fitted {
    fn linear(groups: &[usize], outcomes: &[f64], design: &Design) -> Option<Self> {
        let fit = stats::fit_linear_within(groups, outcomes, &design.columns)?;
        let diagnostics = stats::diagnose_linear(&fit, groups, outcomes, &design.columns)?;
        let expected = fit.expected(&design.columns)?;
        Some(Self { expected, coefficients: fit.coefficients, standard_errors: fit.standard_errors, dropped: fit.dropped, diagnostics })
    }

    fn logistic(groups: &[usize], outcomes: &[f64], design: &Design) -> Option<Self> {
        let events: Vec<bool> = outcomes.iter().map(|value| *value > 0.0).collect();
        let fit = stats::fit_logistic(&events, &design.columns)?;
        let diagnostics = stats::diagnose_logistic(&fit, groups, &events, &design.columns)?;
        let expected = fit.probabilities(&design.columns)?;
        Some(Self { expected, coefficients: fit.coefficients, standard_errors: fit.standard_errors, dropped: fit.dropped, diagnostics })
    }
}

/// The fit with adjusters that can be estimated as a whole. A category that says nothing beside its provider would leave the others of
/// its adjuster measured against a reference that nobody chose, so that such an adjuster is left out.
fn fit_whole(spec: &IndicatorSpec, units: &Units, order: &[usize], groups: &[usize], outcomes: &[f64]) -> Option<(Design, Vec<usize>, Fitted)> {
    let events = outcomes.iter().filter(|value| **value > 0.0).count() as u64;
    let mut in_part: Vec<usize> = Vec::new();
    loop {
        let (design, left_out) = design(spec, units, order, events, &in_part)?;
        let fitted = match spec.kind {
            Kind::Mean => Fitted::linear(groups, outcomes, &design)?,
            Kind::Proportion => Fitted::logistic(groups, outcomes, &design)?,
        };
        let is_known = |column: &usize| !design.names[*column].ends_with(UNKNOWN);
        let next = fitted.dropped.iter().filter(|column| is_known(column)).map(|column| design.adjuster[*column]);
        let Some(adjuster) = next.max() else { return Some((design, left_out, fitted)) };
        in_part.push(adjuster);
    }
}

/// The columns of the adjusters that the data can carry, without those in `in_part`; the last declared are left out first. None when
/// none is left.
fn design(spec: &IndicatorSpec, units: &Units, order: &[usize], events: u64, in_part: &[usize]) -> Option<(Design, Vec<usize>)> {
    let n = order.len() as u64;
    let most = match spec.kind {
        Kind::Proportion => stats::supported_covariates(events, n),
        Kind::Mean => n / UNITS_PER_COVARIATE,
    };
    let mut design = Design::default();
    let mut left_out = Vec::new();
    for (number, (adjuster, covariate)) in spec.adjusters.iter().zip(&units.covariates).enumerate() {
        let columns = columns(adjuster, covariate, order);
        if in_part.contains(&number) || columns.is_empty() || (design.columns.len() + columns.len()) as u64 > most {
            left_out.push(number);
            continue;
        }
        for (name, column) in columns {
            design.names.push(name);
            design.columns.push(column);
            design.adjuster.push(number);
        }
    }
    (!design.columns.is_empty()).then_some((design, left_out))
}

/// The columns of one adjuster. What is missing has a column of its own, where enough is missing to tell.
fn columns(adjuster: &Adjuster, covariate: &Covariate, order: &[usize]) -> Vec<(String, Vec<f64>)> {
    let title = &adjuster.title;
    match covariate {
        Covariate::Number(cells) => {
            let mut known: Vec<f64> = order.iter().filter_map(|unit| cells[*unit]).collect();
            known.sort_by(f64::total_cmp);
            let Some(moments) = stats::moments(&known) else { return Vec::new() };
            let Some(sd) = moments.sd.filter(|sd| *sd > 0.0) else { return Vec::new() };
            let scaled = |unit: &usize| cells[*unit].map_or(0.0, |value| (value - moments.mean) / sd);
            let mut columns = vec![(format!("{title}, per standaarddeviatie"), order.iter().map(scaled).collect::<Vec<f64>>())];
            if adjuster.squared {
                columns.push((format!("{title}, kwadraat"), order.iter().map(|unit| scaled(unit).powi(2)).collect()));
            }
            if order.len() - known.len() >= FEWEST_IN_CATEGORY {
                columns.push((format!("{title}{UNKNOWN}"), order.iter().map(|unit| f64::from(u8::from(cells[*unit].is_none()))).collect()));
            }
            columns
        }
        Covariate::Category(names, cells) => {
            // The last place is for what is missing.
            let mut counts = vec![0_usize; names.len() + 1];
            let place = |unit: usize| cells[unit].unwrap_or(names.len());
            for unit in order {
                counts[place(*unit)] += 1;
            }
            let Some(reference) = (0..counts.len()).max_by_key(|one| (counts[*one], std::cmp::Reverse(*one))) else { return Vec::new() };
            (0..counts.len())
                .filter(|one| *one != reference && counts[*one] >= FEWEST_IN_CATEGORY)
                .map(|one| {
                    let name = names.get(one).map_or_else(|| format!("{title}{UNKNOWN}"), |name| format!("{title}: {name}"));
                    (name, order.iter().map(|unit| f64::from(u8::from(place(*unit) == one))).collect())
                })
                .collect()
        }
    }
}

/// Own mean less national mean of the first adjuster with words for it, with the units behind it, by provider.
fn shifts(spec: &IndicatorSpec, units: &Units, order: &[usize], groups: &[usize], providers: usize) -> Vec<Option<(f64, u64)>> {
    let told = spec.adjusters.iter().zip(&units.covariates).find(|(adjuster, _)| adjuster.shift.is_some());
    let Some((_, Covariate::Number(cells))) = told else { return vec![None; providers] };
    let mut sums = vec![(0.0, 0.0); providers];
    for (unit, group) in order.iter().zip(groups) {
        if let (Some(value), Some(sum)) = (cells[*unit], sums.get_mut(*group)) {
            *sum = (sum.0 + value, sum.1 + 1.0);
        }
    }
    let (total, n) = sums.iter().fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1));
    sums.iter().map(|(sum, count)| (*count > 0.0 && n > 0.0).then(|| (sum / count - total / n, *count as u64))).collect()
}

/// Spread over all units of the adjuster that [`shifts`] tells of.
fn shift_spread(spec: &IndicatorSpec, units: &Units, order: &[usize]) -> Option<f64> {
    let (_, covariate) = spec.adjusters.iter().zip(&units.covariates).find(|(adjuster, _)| adjuster.shift.is_some())?;
    let Covariate::Number(cells) = covariate else { return None };
    let mut known: Vec<f64> = order.iter().filter_map(|unit| cells[*unit]).collect();
    known.sort_by(f64::total_cmp);
    stats::moments(&known)?.sd
}

fn between(
    kind: Kind,
    providers: &BTreeMap<String, Expected>,
    residuals: &[Vec<f64>],
    ids: &[&String],
    within_variance: Option<f64>,
    shown: u64,
) -> Option<f64> {
    let counted = ids.iter().zip(residuals).filter(|(_, list)| list.len() as u64 >= shown);
    let variation = match kind {
        Kind::Mean => {
            let means: Vec<stats::ProviderMean> = counted
                .filter_map(|(id, list)| {
                    let expected = providers.get(*id)?.mean;
                    let mean = expected + list.iter().sum::<f64>() / list.len() as f64;
                    Some(stats::ProviderMean { n: list.len() as f64, mean, expected })
                })
                .collect();
            stats::between_variation_means(&means, within_variance?)
        }
        Kind::Proportion => {
            let counts: Vec<stats::AdjustedCount> = counted
                .filter_map(|(id, list)| {
                    let probabilities = &providers.get(*id)?.probabilities;
                    let expected: f64 = probabilities.iter().sum();
                    let variance = probabilities.iter().map(|p| p * (1.0 - p)).sum();
                    Some(stats::AdjustedCount { observed: (expected + list.iter().sum::<f64>()).round(), expected, variance })
                })
                .collect();
            stats::between_variation_adjusted(&counts)
        }
    };
    variation.is_supported().then_some(variation.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_together_are_expected_what_all_their_clients_are() {
        let outcomes: [&[f64]; 3] = [&[3.0, 5.0, 9.0], &[2.0], &[4.0, 8.0]];
        let predictions: [&[f64]; 3] = [&[4.0, 4.5, 6.0], &[3.5], &[5.0, 6.5]];
        let of = |outcomes: &[f64], predictions: &[f64], shift: Option<f64>| {
            let n = outcomes.len() as f64;
            let residuals: Vec<f64> = outcomes.iter().zip(predictions).map(|(outcome, prediction)| outcome - prediction).collect();
            let residual_sd = stats::moments(&residuals).unwrap().sd;
            let expected =
                Expected { mean: predictions.iter().sum::<f64>() / n, residual_sd, probabilities: Vec::new(), shift, shift_units: shift.map_or(0, |_| outcomes.len() as u64) };
            (n, outcomes.iter().sum::<f64>() / n, expected)
        };
        let members: Vec<(f64, f64, Expected)> =
            outcomes.iter().zip(&predictions).zip([Some(1.0), None, Some(-2.0)]).map(|((outcomes, predictions), shift)| of(outcomes, predictions, shift)).collect();
        let known: Vec<(f64, f64, &Expected)> = members.iter().map(|(n, value, expected)| (*n, *value, expected)).collect();
        let together = Expected::together(&known);
        let (_, _, all) = of(&outcomes.concat(), &predictions.concat(), None);
        assert!((together.mean - all.mean).abs() < 1e-12);
        assert!((together.residual_sd.unwrap() - all.residual_sd.unwrap()).abs() < 1e-12);
        // Three units at 1 and two at -2; of the fourth it is not known.
        assert_eq!((together.shift, together.shift_units), (Some(-0.2), 5));
    }
}
