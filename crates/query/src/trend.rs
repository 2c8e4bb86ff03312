//! What the years of one provider say together: the contrast with the national development (statistics 10, decision 24).

use spiegel_model::{IndicatorSpec, Kind, Side, TrendState};
use spiegel_stats as stats;

use crate::{National, Summary};

/// A trend is told from this size of its statistic: 1 in 100 by chance. A report has a dozen trends, and years differ by more than
/// sampling; at 1 in 20 most of what is told would be chance.
const LEAST_STATISTIC: f64 = 2.576;
/// Fewer years than this make no trend.
const FEWEST_YEARS: usize = 3;

/// One year of one provider.
pub(crate) struct YearPoint<'a> {
    pub(crate) year: i32,
    pub(crate) label: String,
    pub(crate) summary: Option<&'a Summary>,
    pub(crate) national: &'a National,
}

/// Judges the years in `points`, which are consecutive and end with the report year. Years with fewer than `labelled`
/// units do not count. A year without data after the first year with data breaks the trend; years before a change of meaning do
/// not count.
pub(crate) fn judge(spec: &IndicatorSpec, points: &[YearPoint<'_>], labelled: u64) -> TrendState {
    let last = points.last().map_or(i32::MAX, |point| point.year);
    let changed = spec.breaks.iter().filter(|one| one.first_year <= last).max_by_key(|one| one.first_year);
    let delivered_before = |year: i32| points.iter().any(|point| point.year < year && point.summary.is_some_and(|summary| summary.value().is_some()));
    let cut = changed.is_some_and(|one| delivered_before(one.first_year));
    let points = changed.map_or(points, |one| {
        let first = points.iter().position(|point| point.year >= one.first_year).unwrap_or(points.len());
        points.split_at(first).1
    });
    let usable = |point: &YearPoint<'_>| {
        point.summary.and_then(Summary::value).filter(|_| point.summary.is_some_and(|summary| summary.n() >= labelled))
    };
    let delivered = |point: &YearPoint<'_>| point.summary.is_some_and(|summary| summary.value().is_some());
    let Some(first) = points.iter().position(&delivered) else { return TrendState::TooShort };
    if let Some(gap) = points[first..].iter().find(|point| !delivered(point)) {
        return TrendState::Broken { year_label: gap.label.clone() };
    }
    let series: Vec<(&YearPoint<'_>, f64, f64)> = points[first..]
        .iter()
        .filter_map(|point| usable(point).zip(point.national.mean).map(|(own, nation)| (point, own, nation)))
        .collect();
    if series.len() < FEWEST_YEARS {
        return match (changed, points.first()) {
            (Some(one), Some(point)) if cut => TrendState::Redefined { year_label: point.label.clone(), because: one.because.clone() },
            _ => TrendState::TooShort,
        };
    }
    let contrasts: Vec<(f64, f64, f64)> = series
        .iter()
        .map(|(point, own, nation)| (f64::from(point.year), own - nation, point.summary.map_or(0, Summary::n) as f64))
        .collect();
    let Some(variance) = sampling_variance(spec, &series) else { return TrendState::TooShort };
    let Some(trend) = stats::trend_means(&contrasts, variance, 0.0) else { return TrendState::Level };
    let (Some((start, from, _)), Some((end, to, _))) = (series.first(), series.last()) else {
        return TrendState::TooShort;
    };
    let change = trend.slope * f64::from(end.year - start.year);
    let relevant = trend.statistic.abs() >= LEAST_STATISTIC && change.abs() >= spec.margin && (to - from) * change > 0.0;
    if !relevant {
        return TrendState::Level;
    }
    TrendState::Changed {
        side: if change > 0.0 { Side::Higher } else { Side::Lower },
        from: *from,
        from_n: start.summary.map_or(0, Summary::n),
        to: *to,
        years: usize::try_from(end.year - start.year + 1).unwrap_or(series.len()),
    }
}

/// Variance of one unit: p(1 − p) over the provider's own years, or the pooled national variance within providers.
fn sampling_variance(spec: &IndicatorSpec, series: &[(&YearPoint<'_>, f64, f64)]) -> Option<f64> {
    match spec.kind {
        Kind::Proportion => {
            let (mut events, mut n) = (0u64, 0u64);
            for (point, _, _) in series {
                if let Some(Summary::Proportion { events: met, n: all }) = point.summary {
                    events += met;
                    n += all;
                }
            }
            let share = events as f64 / n.max(1) as f64;
            Some(share * (1.0 - share))
        }
        Kind::Mean => series.last().and_then(|(point, _, _)| point.national.within_variance),
    }
}
