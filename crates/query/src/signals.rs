//! For the analyst only (decision 29): every placed value with what chance makes of so many comparisons, and what can be said of
//! ranks.

use spiegel_model::{IndicatorSpec, Label, Position, ValueFormat, decimal};
use spiegel_stats as stats;

use crate::group_prior;
use crate::place::Yardstick;
use crate::results::IndicatorResult;
use crate::threads::{available, each};
use crate::{Results, Summary};

/// Rankability below which ranks say nothing (statistics 6.9).
const LEAST_RANKABILITY: f64 = 0.5;
/// Draws of ranks (statistics 6.8), and the providers above which a tenth of them is enough.
const DRAWS: u32 = 10_000;
const PROVIDERS_FOR_ALL_DRAWS: usize = 500;

/// One provider on one indicator.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Signal {
    pub(crate) provider: String,
    pub(crate) name: String,
    pub(crate) indicator: String,
    pub(crate) year: i32,
    /// What the values of this row are in, in Dutch: `minuten`, `aandeel (0 tot 1)`.
    pub(crate) scale: String,
    pub(crate) n: u64,
    /// As delivered.
    pub(crate) value: f64,
    /// What is expected of the clients of the provider: stands beside `value`.
    pub(crate) expected: Option<f64>,
    /// None where the place is that of the value as delivered.
    pub(crate) adjusted: Option<f64>,
    /// What the nation has, the others for a large provider: stands beside `adjusted`, and beside `value` where that is None.
    pub(crate) target: Option<f64>,
    pub(crate) z: f64,
    /// Two-sided.
    pub(crate) p: f64,
    /// The same, over all providers and indicators together (Benjamini and Hochberg).
    pub(crate) q: f64,
    pub(crate) label: Label,
    /// Drawn towards what is expected: stands beside `value`.
    pub(crate) most_plausible: Option<f64>,
    /// The same, drawn towards the comparable group.
    pub(crate) most_plausible_in_group: Option<f64>,
    pub(crate) expected_rank: Option<f64>,
    pub(crate) percentile: Option<f64>,
    pub(crate) ranks: Option<stats::RankInterval>,
    pub(crate) rankability: Option<f64>,
}

/// All placed values, by provider and in the order of the report.
pub(crate) fn signals(results: &Results) -> Vec<Signal> {
    let of_indicators = each(&results.indicators, available(), |indicator| {
        let mut signals = placed(results, indicator);
        rank(results, indicator, &mut signals);
        signals
    });
    let numbered = of_indicators.into_iter().enumerate();
    let mut all: Vec<(usize, Signal)> = numbered.flat_map(|(order, signals)| signals.into_iter().map(move |signal| (order, signal))).collect();
    all.sort_by(|a, b| a.1.provider.cmp(&b.1.provider).then(a.0.cmp(&b.0)));
    let mut signals: Vec<Signal> = all.into_iter().map(|(_, signal)| signal).collect();
    let p_values: Vec<f64> = signals.iter().map(|signal| signal.p).collect();
    for (signal, q) in signals.iter_mut().zip(stats::benjamini_hochberg(&p_values)) {
        signal.q = q;
    }
    signals
}

fn placed(results: &Results, indicator: &IndicatorResult) -> Vec<Signal> {
    let spec = &indicator.indicator.spec;
    let Some(year) = indicator.years.get(&results.year.year) else { return Vec::new() };
    let priors = group_prior::priors(results, indicator);
    let in_group = |position: &Position| {
        let (provider, summary) = (&position.provider_id, year.summaries.get(&position.provider_id)?);
        let yardstick = Yardstick::new(spec, &year.national, provider, Some(summary))?;
        Some(yardstick.posterior_around(summary, *priors.get(provider)?)?.mean + yardstick.offset())
    };
    indicator
        .positions
        .values()
        .filter(|position| !matches!(position.label, Label::None(_)))
        .filter_map(|position| {
            let (value, z) = position.value.zip(position.z)?;
            let p = stats::special::normal_two_sided(z);
            Some(Signal {
                provider: position.provider_id.clone(),
                name: results.register.name_of(&position.provider_id).to_owned(),
                indicator: position.indicator.clone(),
                year: position.year,
                scale: scale(spec),
                n: position.n,
                value,
                expected: position.target,
                adjusted: position.adjusted.as_ref().map(|adjusted| adjusted.value),
                // The adjusted value is as far from the nation as the value is from what is expected.
                target: position.target.map(|expected| position.adjusted.as_ref().map_or(expected, |adjusted| expected - value + adjusted.value)),
                z,
                p,
                q: p,
                label: position.label,
                most_plausible: position.shrunken,
                most_plausible_in_group: in_group(position),
                expected_rank: None,
                percentile: None,
                ranks: None,
                rankability: year.national.rankability,
            })
        })
        .collect()
}

/// What the values of an indicator are in.
fn scale(spec: &IndicatorSpec) -> String {
    match (&spec.format, spec.lowest, spec.highest) {
        (ValueFormat::Percentage, _, _) => "aandeel (0 tot 1)".to_owned(),
        (ValueFormat::Number { unit, .. }, _, _) if !unit.is_empty() => unit.clone(),
        (ValueFormat::Number { .. }, Some(lowest), Some(highest)) => format!("score ({} tot {})", decimal(lowest, 0), decimal(highest, 0)),
        (ValueFormat::Number { .. }, _, _) => "punten".to_owned(),
    }
}

/// Expected ranks with their intervals, where differences between providers are large enough to rank at all.
fn rank(results: &Results, indicator: &IndicatorResult, signals: &mut [Signal]) {
    let spec = &indicator.indicator.spec;
    let Some(year) = indicator.years.get(&results.year.year) else { return };
    if year.national.rankability.is_none_or(|rankability| rankability < LEAST_RANKABILITY) {
        return;
    }
    let posterior = |signal: &Signal| {
        let summary: &Summary = year.summaries.get(&signal.provider)?;
        Yardstick::new(spec, &year.national, &signal.provider, Some(summary))?.posterior(summary)
    };
    let Some(posteriors) = signals.iter().map(posterior).collect::<Option<Vec<_>>>() else { return };
    let means: Vec<f64> = posteriors.iter().map(|one| one.mean).collect();
    let variances: Vec<f64> = posteriors.iter().map(|one| one.variance).collect();
    let expected = stats::expected_ranks(&means, &variances);
    let percentiles = stats::percentile_ranks(&expected);
    let draws = if signals.len() > PROVIDERS_FOR_ALL_DRAWS { DRAWS / 10 } else { DRAWS };
    let intervals = stats::rank_intervals(&means, &variances, draws, stats::seed_of(&[&spec.id, &results.year.year.to_string(), "ranks"]));
    for (((signal, expected), percentile), ranks) in signals.iter_mut().zip(expected).zip(percentiles).zip(intervals) {
        signal.expected_rank = Some(expected);
        signal.percentile = Some(percentile);
        signal.ranks = Some(ranks);
    }
}
