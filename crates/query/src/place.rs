//! The place of one provider on one indicator: statistics 6 and 7 with the words of decision 18.

use spiegel_model::{FunnelLine, IndicatorSpec, Kind, Label, Minimums, MissingCode, Position, Range, Side, TrendState, WithinKind};
use spiegel_stats as stats;

use crate::{National, Summary};

/// Replicates of the bootstrap (statistics 6.1).
const BOOTSTRAP_REPLICATES: u32 = 1999;
/// From this n the t interval covers as well as the bootstrap on values as skewed as minutes and days, at a
/// thousandth of the work (statistics 6.1 gives .930 against .937 at n = 50; the gap closes with the root of n).
const UNITS_WITHOUT_BOOTSTRAP: usize = 400;
/// A provider with more than this share of all units is measured against the others (statistics 6.10).
const SHARE_FOR_LEAVE_ONE_OUT: f64 = 0.05;
/// Points on a funnel line.
const FUNNEL_POINTS: usize = 48;

/// The 95 % interval of a provider's own value (statistics 6.1).
pub(crate) fn own_interval(spec: &IndicatorSpec, summary: &Summary, year: i32, provider: &str) -> Option<Range> {
    let interval = match summary {
        Summary::Proportion { events, n } => stats::wilson(*events, *n, stats::Z95),
        Summary::Mean { n, mean, sd, values, .. } => {
            let bootstrapped = spec.skewed && !values.is_empty() && values.len() < UNITS_WITHOUT_BOOTSTRAP;
            if bootstrapped {
                let seed = stats::seed_of(&[&spec.id, &year.to_string(), provider]);
                stats::bootstrap_t_interval(values, 0.95, BOOTSTRAP_REPLICATES, seed)
            } else {
                sd.and_then(|sd| stats::student_t_interval(*n, *mean, sd, 0.95))
            }
        }
        Summary::NotDelivered { .. } | Summary::Held => None,
    }?;
    Some(Range {
        lower: spec.lowest.map_or(interval.lower, |lowest| interval.lower.max(lowest)),
        upper: spec.highest.map_or(interval.upper, |highest| interval.upper.min(highest)),
    })
}

/// How the nation is seen from one provider: the target it is measured against, and the model around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Yardstick {
    kind: Kind,
    target: f64,
    between: f64,
    total: Option<f64>,
    within_variance: f64,
    within_skewness: f64,
}

impl Yardstick {
    /// None when the nation has too few providers for a place.
    pub(crate) fn new(spec: &IndicatorSpec, national: &National, summary: Option<&Summary>) -> Option<Self> {
        let target = national.mean?;
        let between = national.between?;
        let mut yardstick = Self {
            kind: spec.kind,
            target,
            between,
            total: None,
            within_variance: national.within_variance.unwrap_or(0.0),
            within_skewness: national.within_skewness,
        };
        match spec.kind {
            Kind::Proportion => {
                if let Some(Summary::Proportion { events, n }) = summary {
                    let rest = national.units.saturating_sub(*n);
                    if *n as f64 > SHARE_FOR_LEAVE_ONE_OUT * national.units as f64 && rest > 0 {
                        yardstick.target = national.events.saturating_sub(*events) as f64 / rest as f64;
                    }
                }
            }
            Kind::Mean => {
                national.within_variance?;
                yardstick.total = Some(national.units as f64);
            }
        }
        Some(yardstick)
    }

    /// National mean that the provider is measured against.
    pub(crate) fn target(&self) -> f64 {
        self.target
    }

    fn z(&self, summary: &Summary) -> Option<f64> {
        match summary {
            Summary::Proportion { events, n } => stats::z_proportion(*events, *n, self.target, self.between),
            Summary::Mean { n, mean, .. } => stats::z_mean(
                *mean,
                self.target,
                *n as f64,
                self.total,
                self.within_variance,
                self.between,
                self.within_skewness,
            ),
            Summary::NotDelivered { .. } | Summary::Held => None,
        }
    }

    /// The limits for `n` units at `z` standard deviations.
    pub(crate) fn limits(&self, n: u64, z: f64) -> stats::Limits {
        match self.kind {
            Kind::Proportion => stats::limits_proportion(n, self.target, self.between, z),
            Kind::Mean => stats::limits_mean(
                n as f64,
                self.target,
                self.total,
                self.within_variance,
                self.between,
                self.within_skewness,
                z,
            ),
        }
    }

    fn detectable_difference(&self, n: u64) -> Option<f64> {
        match self.kind {
            Kind::Proportion => stats::proportion_detectable_difference(n, self.target, self.between),
            Kind::Mean => {
                let difference =
                    stats::minimum_detectable_difference(self.within_variance / n.max(1) as f64, self.between);
                difference.is_finite().then_some(difference)
            }
        }
    }

    /// The funnel from `smallest` to `largest` n; closer together where it curves most.
    pub(crate) fn funnel(&self, spec: &IndicatorSpec, smallest: u64, largest: f64) -> Vec<FunnelLine> {
        let (from, to) = ((smallest as f64).sqrt(), largest.max(smallest as f64 + 1.0).sqrt());
        let mut sizes: Vec<u64> = (0..FUNNEL_POINTS)
            .map(|step| (from + (to - from) * step as f64 / (FUNNEL_POINTS - 1) as f64).powi(2).round() as u64)
            .collect();
        sizes.dedup();
        let inside = |limit: Option<f64>| {
            limit.filter(|value| {
                spec.lowest.is_none_or(|lowest| *value >= lowest) && spec.highest.is_none_or(|highest| *value <= highest)
            })
        };
        sizes
            .into_iter()
            .map(|n| {
                let (inner, outer) = (self.limits(n, stats::Z95), self.limits(n, stats::Z998));
                FunnelLine {
                    n: n as f64,
                    lower: inside(inner.lower),
                    upper: inside(inner.upper),
                    outer_lower: inside(outer.lower),
                    outer_upper: inside(outer.upper),
                }
            })
            .collect()
    }
}

/// Places one provider; the trend is added by the caller.
pub(crate) fn place(
    spec: &IndicatorSpec,
    minimum: &Minimums,
    national: &National,
    summary: Option<&Summary>,
    year: i32,
    provider: &str,
) -> Position {
    let mut position = Position {
        indicator: spec.id.clone(),
        year,
        provider_id: provider.to_owned(),
        n: summary.map_or(0, Summary::n),
        events: None,
        value: None,
        interval: None,
        median: None,
        target: national.mean,
        expected_lower: None,
        expected_upper: None,
        signal_lower: None,
        signal_upper: None,
        z: None,
        detectable_difference: None,
        label: Label::None(MissingCode::NotDelivered),
        trend: TrendState::TooShort,
        adjusted: None,
        parts: Vec::new(),
        pooled: None,
        coverage: None,
        incidence: None,
        shrunken: None,
    };
    let Some(summary) = summary else { return position };
    if *summary == Summary::Held {
        position.label = Label::None(MissingCode::Held);
    }
    let Some(value) = summary.value() else { return position };
    if position.n < minimum.shown {
        position.label = Label::None(MissingCode::TooSmall);
        return position;
    }
    position.value = Some(value);
    if let Summary::Proportion { events, .. } = summary {
        position.events = Some(*events);
    }
    if let (true, Summary::Mean { values, .. }) = (spec.skewed, summary) {
        position.median = stats::quantile(values, 0.5);
    }
    position.interval = own_interval(spec, summary, year, provider);
    if position.n < minimum.labelled {
        position.label = Label::None(MissingCode::TooFewToCompare);
        return position;
    }
    let Some(yardstick) = Yardstick::new(spec, national, Some(summary)) else {
        position.label = Label::None(MissingCode::NotComparable);
        return position;
    };
    let limits = yardstick.limits(position.n, stats::Z95);
    position.target = Some(yardstick.target());
    position.expected_lower = limits.lower;
    position.expected_upper = limits.upper;
    let outer = yardstick.limits(position.n, stats::Z998);
    position.signal_lower = outer.lower;
    position.signal_upper = outer.upper;
    position.z = yardstick.z(summary);
    position.detectable_difference = yardstick.detectable_difference(position.n);
    position.label = label(spec, summary, &position, yardstick.target());
    position
}

fn label(spec: &IndicatorSpec, summary: &Summary, position: &Position, target: f64) -> Label {
    let Some(z) = position.z else { return Label::None(MissingCode::NotComparable) };
    let side = if z > 0.0 { Side::Higher } else { Side::Lower };
    if z.abs() >= stats::Z998 {
        return Label::Signal(side);
    }
    if z.abs() >= stats::Z95 {
        return Label::Attention(side);
    }
    let equivalent = match summary {
        Summary::Proportion { events, n } => stats::equivalent_proportion(*events, *n, target, spec.margin),
        Summary::Mean { n, mean, sd: Some(sd), .. } => stats::equivalent_mean(*n, *mean, *sd, target, spec.margin),
        Summary::Mean { .. } | Summary::NotDelivered { .. } | Summary::Held => false,
    };
    let excludes = position.interval.is_some_and(|interval| target < interval.lower || target > interval.upper);
    // Comparable is said only when the interval also holds the national mean (statistics 7).
    Label::Within(if excludes {
        WithinKind::DiffersAsMany
    } else if equivalent {
        WithinKind::Equivalent
    } else {
        WithinKind::Indistinguishable
    })
}
