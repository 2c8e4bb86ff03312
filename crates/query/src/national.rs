//! The nation on one indicator in one year: mean, variation between providers, distribution.

use std::collections::{BTreeMap, BTreeSet};

use spiegel_model::{Cell, IndicatorSpec, Kind, Minimums};
use spiegel_stats as stats;

use crate::distribution::{self, Distribution};
use crate::place::{Lines, drawn_lines};
use crate::{CaseMix, Register, Summary};

/// All providers together, on one indicator in one year.
#[derive(Debug, Clone)]
pub struct National {
    /// Providers with a value.
    pub delivered: usize,
    /// Providers with enough units to count in the distribution and the variation.
    pub providers: usize,
    /// Units of all providers with a value.
    pub units: u64,
    /// Units that meet the criterion, for a proportion.
    pub events: u64,
    /// National mean, weighted by clients (decision 20). None without any value.
    pub mean: Option<f64>,
    /// Pooled variance within providers, for a mean. None when it cannot be had.
    pub within_variance: Option<f64>,
    /// Skewness within providers; 0 unless the indicator is skewed.
    pub within_skewness: f64,
    /// Variation between providers: ρ for a proportion, τ² for a mean (statistics 6.4). None with fewer than 10.
    pub between: Option<f64>,
    /// φ, for the method page.
    pub overdispersion: f64,
    /// How much of the differences between providers is not sampling (statistics 6.9).
    pub rankability: Option<f64>,
    /// What may be drawn of the others.
    pub distribution: Option<Distribution>,
    /// Cells of the funnel.
    pub cells: Vec<Cell>,
    /// The case-mix model: in the report year, for an indicator with adjusters.
    pub case_mix: Option<CaseMix>,
    /// 97.5 % quantile of the sizes, rounded: where the size axis ends.
    pub size_cap: f64,
    /// Lines of the funnel at the sizes at which it is drawn: for a proportion with variation between providers.
    pub(crate) lines: BTreeMap<u64, Lines>,
}

impl National {
    /// From the summaries of all providers.
    pub(crate) fn new(
        spec: &IndicatorSpec,
        minimum: &Minimums,
        summaries: &BTreeMap<String, Summary>,
        register: &Register,
        case_mix: Option<CaseMix>,
    ) -> Self {
        let delivered: Vec<&Summary> = summaries.values().filter(|summary| summary.value().is_some()).collect();
        let counted: Vec<(&String, &Summary)> = summaries
            .iter()
            .filter(|(_, summary)| summary.value().is_some() && summary.n() >= minimum.shown)
            .collect();
        let units: u64 = delivered.iter().map(|summary| summary.n()).sum();
        let events: u64 =
            delivered.iter().map(|summary| if let Summary::Proportion { events, .. } = summary { *events } else { 0 }).sum();
        let mean = national_mean(spec, &delivered, units, events);
        let variances: Vec<(u64, f64)> = delivered
            .iter()
            .filter_map(|summary| match summary {
                Summary::Mean { n, sd: Some(sd), .. } => Some((*n, sd * sd)),
                _ => None,
            })
            .collect();
        let within_variance = stats::within_variance(&variances);
        let within_skewness = match within_variance {
            Some(variance) if spec.skewed => {
                let thirds: Vec<(u64, f64)> = delivered
                    .iter()
                    .filter_map(|summary| match summary {
                        Summary::Mean { n, third_central_sum, .. } => Some((*n, *third_central_sum)),
                        _ => None,
                    })
                    .collect();
                stats::within_skewness(&thirds, variance).unwrap_or(0.0)
            }
            _ => 0.0,
        };
        let variation = mean.and_then(|target| variation(spec, &counted, target, within_variance));
        let mut values: Vec<f64> = counted.iter().filter_map(|(_, summary)| summary.value()).collect();
        values.sort_by(f64::total_cmp);
        let groups: BTreeSet<&str> = counted.iter().map(|(id, _)| register.group_of(id)).collect();
        // What a funnel shows of the others is on the scale of its lines.
        let adjusted = case_mix.as_ref().filter(|model| model.places());
        let on_line = |id: &str, value: f64| {
            let expected = adjusted.and_then(|model| model.providers.get(id)).zip(mean);
            expected.map_or(value, |(expected, mean)| value - (expected.mean - mean))
        };
        let points: Vec<(u64, f64)> = counted
            .iter()
            .filter_map(|(id, summary)| summary.value().map(|value| (summary.n(), on_line(id, value))))
            .collect();
        let between = variation.map(|variation| variation.value);
        let size_cap = size_cap(&points);
        let lines = match (spec.kind, mean, between) {
            (Kind::Proportion, Some(mean), Some(rho)) => drawn_lines(minimum.shown, size_cap, mean, rho),
            _ => BTreeMap::new(),
        };
        Self {
            delivered: delivered.len(),
            providers: counted.len(),
            units,
            events,
            mean,
            within_variance,
            within_skewness,
            between,
            overdispersion: variation.map_or(0.0, |variation| variation.overdispersion),
            rankability: between.zip(mean).and_then(|(between, mean)| {
                rankability(spec, &counted, between, mean, within_variance)
            }),
            distribution: Distribution::new(&values, groups.len(), spec.grid, distribution::printed_step(&spec.format)),
            cells: distribution::cells(&points, spec.grid),
            size_cap,
            lines,
            case_mix,
        }
    }
}

fn national_mean(spec: &IndicatorSpec, delivered: &[&Summary], units: u64, events: u64) -> Option<f64> {
    if units == 0 {
        return None;
    }
    Some(match spec.kind {
        Kind::Proportion => events as f64 / units as f64,
        Kind::Mean => {
            delivered.iter().filter_map(|summary| summary.value().map(|value| value * summary.n() as f64)).sum::<f64>()
                / units as f64
        }
    })
}

fn variation(
    spec: &IndicatorSpec,
    counted: &[(&String, &Summary)],
    target: f64,
    within_variance: Option<f64>,
) -> Option<stats::BetweenVariation> {
    let variation = match spec.kind {
        Kind::Proportion => {
            let counts: Vec<(u64, u64)> = counted
                .iter()
                .filter_map(|(_, summary)| match summary {
                    Summary::Proportion { events, n } => Some((*events, *n)),
                    _ => None,
                })
                .collect();
            stats::between_variation_proportions(&counts, target)
        }
        Kind::Mean => {
            let means: Vec<stats::ProviderMean> = counted
                .iter()
                .filter_map(|(_, summary)| {
                    summary.value().map(|mean| stats::ProviderMean { n: summary.n() as f64, mean, expected: target })
                })
                .collect();
            stats::between_variation_means(&means, within_variance?)
        }
    };
    variation.is_supported().then_some(variation)
}

fn rankability(
    spec: &IndicatorSpec,
    counted: &[(&String, &Summary)],
    between: f64,
    mean: f64,
    within_variance: Option<f64>,
) -> Option<f64> {
    let spread = mean * (1.0 - mean);
    let (between, within) = match spec.kind {
        Kind::Proportion => (between * spread, spread),
        Kind::Mean => (between, within_variance?),
    };
    let variances: Vec<f64> = counted.iter().map(|(_, summary)| within / summary.n() as f64).collect();
    stats::rankability(between, &variances)
}

fn size_cap(points: &[(u64, f64)]) -> f64 {
    let mut sizes: Vec<f64> = points.iter().map(|(n, _)| *n as f64).collect();
    sizes.sort_by(f64::total_cmp);
    let cap = if sizes.len() >= 3 { distribution::smoothed_quantile(&sizes, 0.975) } else { 100.0 };
    let step = if cap > 5000.0 {
        1000.0
    } else if cap > 500.0 {
        100.0
    } else {
        50.0
    };
    (cap / step).ceil() * step
}
