//! The place of one provider on one indicator: statistics 6 and 7 with the words of decision 18.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use spiegel_model::{Adjusted, FunnelLine, IndicatorSpec, Kind, Label, Minimums, MissingCode, Position, Range, Side, TrendState, WithinKind};
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
/// Above this n the lines of a case-mix model of shares narrow with the standard error, except at the own n.
const EXACT_UNITS_IN_FUNNEL: u64 = 100;
/// Points under a case-mix model of shares, whose points cost a thousand times as much.
const ADJUSTED_FUNNEL_POINTS: usize = 20;
/// Standard deviations of the two lines of a funnel.
const LINES: [f64; 2] = [stats::Z95, stats::Z998];

/// The inner and the outer line of a funnel at one n.
pub(crate) type Lines = [stats::Limits; 2];

/// The 95 % interval of a provider's own value (statistics 6.1).
pub(crate) fn own_interval(spec: &IndicatorSpec, summary: &Summary, year: i32, provider: &str) -> Option<Range> {
    let interval = match summary {
        Summary::Proportion { events, n } => stats::wilson(*events, *n, stats::Z95),
        Summary::Mean { n, mean, sd, values, .. } => {
            if is_bootstrapped(spec, values) {
                let seed = stats::seed_of(&[&spec.id, &year.to_string(), provider]);
                stats::bootstrap_t_interval(values, 0.95, BOOTSTRAP_REPLICATES, seed)
            } else {
                sd.and_then(|sd| stats::student_t_interval(*n, *mean, sd, 0.95))
            }
        }
        Summary::NotDelivered { .. } | Summary::Held => None,
    }?;
    Some(on_scale(spec, interval))
}

/// How [`own_interval`] makes an interval, in words.
pub(crate) fn interval_method(spec: &IndicatorSpec, summary: &Summary) -> &'static str {
    match summary {
        Summary::Proportion { .. } => "Wilson, 95 %",
        Summary::Mean { values, .. } if is_bootstrapped(spec, values) => "bootstrap-t met een vaste startwaarde, 95 %",
        Summary::Mean { sd: Some(_), .. } => "t-verdeling, 95 %",
        Summary::Mean { .. } | Summary::NotDelivered { .. } | Summary::Held => "",
    }
}

fn is_bootstrapped(spec: &IndicatorSpec, values: &[f64]) -> bool {
    spec.skewed && !values.is_empty() && values.len() < UNITS_WITHOUT_BOOTSTRAP
}

/// How the nation is seen from one provider: the target it is measured against, and the model around it. With a case-mix model the
/// scale is the adjusted one: national mean plus what the provider has more than is expected of its clients.
#[derive(Debug)]
pub(crate) struct Yardstick<'a> {
    target: f64,
    model: Model<'a>,
    /// Raw value less adjusted value; 0 without a case-mix model.
    offset: f64,
}

#[derive(Debug)]
enum Model<'a> {
    /// With the lines of the nation at the sizes of its funnel, and what they are drawn around.
    Share { rho: f64, drawn: &'a BTreeMap<u64, Lines>, mean: f64 },
    Mean { total: f64, within_variance: f64, within_skewness: f64, between: f64 },
    AdjustedShare(AdjustedShare<'a>),
}

/// Shares under a case-mix model.
#[derive(Debug)]
struct AdjustedShare<'a> {
    /// Probabilities of the provider's own units, ascending. None when the model does not know it: then those of an average unit.
    own: Option<&'a [f64]>,
    target: f64,
    between: f64,
    /// What the own units are measured by; made when it is asked for.
    reference: OnceCell<Option<stats::AdjustedReference>>,
    /// The lines at [`EXACT_UNITS_IN_FUNNEL`].
    border: OnceCell<Lines>,
}

/// A level with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Posterior {
    pub(crate) mean: f64,
    pub(crate) variance: f64,
}

impl<'a> Yardstick<'a> {
    /// None when the nation has too few providers for a place.
    pub(crate) fn new(spec: &IndicatorSpec, national: &'a National, provider: &str, summary: Option<&Summary>) -> Option<Self> {
        let target = national.mean?;
        if let Some(adjusted) = Self::adjusted(spec, national, target, provider) {
            return Some(adjusted);
        }
        let between = national.between?;
        let mut yardstick = Self { target, model: Model::Share { rho: between, drawn: &national.lines, mean: target }, offset: 0.0 };
        match (spec.kind, summary) {
            (Kind::Proportion, Some(Summary::Proportion { events, n })) => {
                let rest = national.units.saturating_sub(*n);
                if *n as f64 > SHARE_FOR_LEAVE_ONE_OUT * national.units as f64 && rest > 0 {
                    yardstick.target = national.events.saturating_sub(*events) as f64 / rest as f64;
                }
            }
            (Kind::Proportion, _) => {}
            (Kind::Mean, _) => {
                yardstick.model = Model::Mean {
                    total: national.units as f64,
                    within_variance: national.within_variance?,
                    within_skewness: national.within_skewness,
                    between,
                };
            }
        }
        Some(yardstick)
    }

    /// None without a case-mix model that can place.
    fn adjusted(spec: &IndicatorSpec, national: &'a National, target: f64, provider: &str) -> Option<Self> {
        let case_mix = national.case_mix.as_ref().filter(|model| model.places())?;
        let between = case_mix.between?;
        let expected = case_mix.providers.get(provider);
        let model = match spec.kind {
            Kind::Mean => Model::Mean {
                total: national.units as f64,
                within_variance: case_mix.within_variance?,
                within_skewness: case_mix.within_skewness,
                between,
            },
            Kind::Proportion => Model::AdjustedShare(AdjustedShare {
                own: expected.map(|expected| expected.probabilities.as_slice()),
                target,
                between,
                reference: OnceCell::new(),
                border: OnceCell::new(),
            }),
        };
        Some(Self { target, model, offset: expected.map_or(0.0, |expected| expected.mean - target) })
    }

    /// National mean that the provider is measured against.
    pub(crate) fn target(&self) -> f64 {
        self.target
    }

    /// Raw value less adjusted value.
    pub(crate) fn offset(&self) -> f64 {
        self.offset
    }

    fn z(&self, summary: &Summary) -> Option<f64> {
        match (&self.model, summary) {
            (Model::Share { rho, .. }, Summary::Proportion { events, n }) => stats::z_proportion(*events, *n, self.target, *rho),
            (Model::AdjustedShare(model), Summary::Proportion { events, .. }) => model.reference()?.z(*events),
            (Model::Mean { total, within_variance, within_skewness, between }, Summary::Mean { n, mean, .. }) => {
                stats::z_mean(mean - self.offset, self.target, *n as f64, Some(*total), *within_variance, *between, *within_skewness)
            }
            _ => None,
        }
    }

    /// The limits for `n` units at both lines, on the adjusted scale.
    pub(crate) fn lines(&self, n: u64) -> Lines {
        match &self.model {
            Model::Share { rho, drawn, mean } => match drawn.get(&n) {
                Some(lines) if self.target == *mean => *lines,
                _ => stats::lines_proportion(n, self.target, *rho, LINES),
            },
            Model::Mean { total, within_variance, within_skewness, between } => LINES.map(|z| {
                stats::limits_mean(n as f64, self.target, Some(*total), *within_variance, *between, *within_skewness, z)
            }),
            Model::AdjustedShare(model) => model.lines(n),
        }
    }

    fn detectable_difference(&self, n: u64) -> Option<f64> {
        match &self.model {
            Model::Share { rho, .. } => stats::proportion_detectable_difference(n, self.target, *rho),
            Model::Mean { within_variance, between, .. } => {
                let difference = stats::minimum_detectable_difference(within_variance / n.max(1) as f64, *between);
                difference.is_finite().then_some(difference)
            }
            Model::AdjustedShare(model) => model.reference().map(stats::AdjustedReference::detectable_difference),
        }
    }

    /// What is most plausible of the provider's own level, on the adjusted scale (statistics 6.7).
    pub(crate) fn posterior(&self, summary: &Summary) -> Option<Posterior> {
        let of = |shrunken: stats::Shrunken| {
            Posterior { mean: shrunken.value, variance: ((shrunken.interval.upper - shrunken.interval.lower) / (2.0 * stats::Z95)).powi(2) }
        };
        match (&self.model, summary) {
            (Model::Share { rho, .. }, Summary::Proportion { events, n }) => stats::shrink_proportion(*events, *n, self.target, *rho).map(of),
            (Model::AdjustedShare(model), Summary::Proportion { events, n }) => {
                let between = model.between;
                // τ² on the scale of log-odds is τ²V² of a count with variance V, so that B = τ²V/(1 + τ²V).
                let variance: f64 = model.probabilities().iter().map(|p| p * (1.0 - p)).sum();
                let reliability = between * variance / (1.0 + between * variance);
                let difference = *events as f64 / *n as f64 - self.target - self.offset;
                let spread = between * (variance / *n as f64).powi(2);
                Some(Posterior { mean: self.target + reliability * difference, variance: (1.0 - reliability) * spread })
            }
            (Model::Mean { within_variance, between, .. }, Summary::Mean { n, mean, .. }) => {
                stats::shrink_mean(mean - self.offset, self.target, *n as f64, *within_variance, *between).map(of)
            }
            _ => None,
        }
    }

    /// The funnel from `smallest` to `largest` n, with `own` n among them; closer together where it curves most.
    pub(crate) fn funnel(&self, spec: &IndicatorSpec, smallest: u64, largest: f64, own: u64) -> Vec<FunnelLine> {
        let points = if matches!(self.model, Model::AdjustedShare(_)) { ADJUSTED_FUNNEL_POINTS } else { FUNNEL_POINTS };
        let mut sizes = funnel_sizes(points, smallest, largest);
        if own >= smallest {
            sizes.push(own);
        }
        sizes.sort_unstable();
        sizes.dedup();
        let inside = |limit: Option<f64>| {
            limit.filter(|value| {
                spec.lowest.is_none_or(|lowest| *value >= lowest) && spec.highest.is_none_or(|highest| *value <= highest)
            })
        };
        sizes
            .into_iter()
            .map(|n| {
                let [inner, outer] = self.lines(n);
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

impl AdjustedShare<'_> {
    fn probabilities(&self) -> &[f64] {
        self.own.unwrap_or(std::slice::from_ref(&self.target))
    }

    /// None when the model does not know the provider, or nothing about it is uncertain.
    fn reference(&self) -> Option<&stats::AdjustedReference> {
        self.reference.get_or_init(|| stats::AdjustedReference::new(self.own?, self.between)).as_ref()
    }

    fn lines(&self, n: u64) -> Lines {
        let probabilities = self.probabilities();
        if n > EXACT_UNITS_IN_FUNNEL && n != probabilities.len() as u64 {
            // Exact at the border, and from there as much narrower as the standard error is.
            let variance = probabilities.iter().map(|p| p * (1.0 - p)).sum::<f64>() / probabilities.len() as f64;
            let error = |n: u64| (variance / n as f64 + self.between * variance * variance).sqrt();
            let narrower = |limit: Option<f64>| limit.map(|limit| self.target + (limit - self.target) * error(n) / error(EXACT_UNITS_IN_FUNNEL));
            let border = self.border.get_or_init(|| self.lines(EXACT_UNITS_IN_FUNNEL));
            return border.map(|border| stats::Limits { lower: narrower(border.lower), upper: narrower(border.upper) });
        }
        let own = self.reference().filter(|_| n == probabilities.len() as u64);
        let made = own.is_none().then(|| stats::AdjustedReference::new(&like(probabilities, n), self.between)).flatten();
        let Some(reference) = own.or(made.as_ref()) else { return [stats::Limits { lower: None, upper: None }; 2] };
        LINES.map(|z| {
            let limits = reference.limits(z);
            let share = |count: Option<f64>| count.map(|count| self.target + (count - reference.expected()) / n as f64);
            stats::Limits { lower: share(limits.lower), upper: share(limits.upper) }
        })
    }
}

/// Sizes from `smallest` to `largest`, closer together where a funnel curves most.
fn funnel_sizes(points: usize, smallest: u64, largest: f64) -> Vec<u64> {
    let (from, to) = ((smallest as f64).sqrt(), largest.max(smallest as f64 + 1.0).sqrt());
    (0..points).map(|step| (from + (to - from) * step as f64 / (points - 1) as f64).powi(2).round() as u64).collect()
}

/// The lines of shares at the sizes of a funnel, once for all who are drawn in it; at their own n each has lines of its own.
pub(crate) fn drawn_lines(smallest: u64, largest: f64, target: f64, rho: f64) -> BTreeMap<u64, Lines> {
    funnel_sizes(FUNNEL_POINTS, smallest, largest).into_iter().map(|n| (n, stats::lines_proportion(n, target, rho, LINES))).collect()
}

/// `n` units like those of the provider: places at even distances in its ascending probabilities.
fn like(probabilities: &[f64], n: u64) -> Vec<f64> {
    let last = probabilities.len().saturating_sub(1);
    (0..n)
        .filter_map(|unit| {
            let place = (unit as f64 + 0.5) / n as f64 * probabilities.len() as f64;
            probabilities.get((place as usize).min(last)).copied()
        })
        .collect()
}

/// Places one provider; what comes from other years and other indicators is added by the caller.
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
    let Some(yardstick) = Yardstick::new(spec, national, provider, Some(summary)) else {
        position.label = Label::None(MissingCode::NotComparable);
        return position;
    };
    let offset = yardstick.offset();
    let raw = |limit: Option<f64>| limit.map(|limit| limit + offset);
    let [inner, outer] = yardstick.lines(position.n);
    position.target = Some(yardstick.target() + offset);
    position.expected_lower = raw(inner.lower);
    position.expected_upper = raw(inner.upper);
    position.signal_lower = raw(outer.lower);
    position.signal_upper = raw(outer.upper);
    position.z = yardstick.z(summary);
    position.detectable_difference = yardstick.detectable_difference(position.n);
    position.adjusted = adjusted(spec, national, summary, value, &yardstick, provider);
    position.shrunken = yardstick.posterior(summary).map(|posterior| posterior.mean + offset);
    let residual_sd = national.case_mix.as_ref().filter(|model| model.places()).and_then(|model| model.providers.get(provider)).and_then(|expected| expected.residual_sd);
    position.label = label(spec, summary, &position, &yardstick, residual_sd);
    position
}

/// The place on the adjusted scale. None without a case-mix model.
fn adjusted(spec: &IndicatorSpec, national: &National, summary: &Summary, value: f64, yardstick: &Yardstick<'_>, provider: &str) -> Option<Adjusted> {
    let expected = national.case_mix.as_ref().filter(|model| model.places())?.providers.get(provider)?;
    let adjusted = value - yardstick.offset();
    let interval = match summary {
        Summary::Mean { n, .. } => expected.residual_sd.and_then(|sd| stats::student_t_interval(*n, adjusted, sd, 0.95)),
        Summary::Proportion { events, n } => stats::wilson(*events, *n, stats::Z95)
            .map(|interval| stats::Interval { lower: interval.lower - yardstick.offset(), upper: interval.upper - yardstick.offset() }),
        Summary::NotDelivered { .. } | Summary::Held => None,
    };
    Some(Adjusted {
        value: adjusted,
        interval: interval.map(|interval| on_scale(spec, interval)),
        expected: yardstick.target() + yardstick.offset(),
        shift: expected.shift,
    })
}

fn on_scale(spec: &IndicatorSpec, interval: stats::Interval) -> Range {
    Range {
        lower: spec.lowest.map_or(interval.lower, |lowest| interval.lower.max(lowest)),
        upper: spec.highest.map_or(interval.upper, |highest| interval.upper.min(highest)),
    }
}

fn label(spec: &IndicatorSpec, summary: &Summary, position: &Position, yardstick: &Yardstick<'_>, residual_sd: Option<f64>) -> Label {
    let target = yardstick.target() + yardstick.offset();
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
        Summary::Mean { n, mean, sd: Some(sd), .. } => stats::equivalent_mean(*n, *mean, residual_sd.unwrap_or(*sd), target, spec.margin),
        Summary::Mean { .. } | Summary::NotDelivered { .. } | Summary::Held => false,
    };
    let outside = |interval: Range, middle: f64| middle < interval.lower || middle > interval.upper;
    let excludes = match &position.adjusted {
        Some(adjusted) => adjusted.interval.is_some_and(|interval| outside(interval, yardstick.target())),
        None => position.interval.is_some_and(|interval| outside(interval, target)),
    };
    // Comparable is said only when the interval also holds the national mean (statistics 7).
    Label::Within(if excludes {
        WithinKind::DiffersAsMany
    } else if equivalent {
        WithinKind::Equivalent
    } else {
        WithinKind::Indistinguishable
    })
}
