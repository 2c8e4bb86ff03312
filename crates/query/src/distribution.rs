//! The national distribution that reports draw: smoothed quantiles and cells, never one provider's value.

use std::collections::{BTreeMap, BTreeSet};

use spiegel_model::{Cell, IndicatorSpec, Range, ValueFormat};

use crate::{Register, Summary};

/// Providers before anything of the distribution is shown (decision 22).
const PROVIDERS_FOR_DISTRIBUTION: usize = 20;
/// Providers before more than the middle half is shown (decision 22).
const PROVIDERS_FOR_TAILS: usize = 50;
/// Providers before the 5 and 95 % quantiles have five providers outside them (release specification, section 4).
const PROVIDERS_FOR_OUTER_NINETIETH: usize = 100;
/// Dots of a dot plot, each 2 % of the providers.
const DOTS: usize = 50;
/// Providers in a cell of the funnel, at least (decision 23).
const CELL_PROVIDERS: usize = 3;
/// Providers of similar size that are looked at together when cells are made.
const STRIP_PROVIDERS: usize = 12;

/// The distribution of providers' raw values on one indicator in one year.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// Providers behind it.
    pub providers: usize,
    /// National middle: the median of providers.
    pub middle: f64,
    /// Middle half.
    pub inner: Range,
    /// Middle 90 or 80 %, with its percentage. None with fewer than 50 providers.
    pub outer: Option<(u8, Range)>,
    /// Values of the dots, ascending and on the grid. Empty with fewer than 50 providers.
    pub dots: Vec<f64>,
}

impl Distribution {
    /// From the values of all providers that may be counted, ascending. `groups` is the number of groups of owners
    /// among them, which is what the minimum numbers are about. None with too few.
    /// Quantiles are rounded to `step`, the last digit that is printed: more digits would tell about the three behind them.
    pub(crate) fn new(sorted: &[f64], groups: usize, grid: f64, step: f64) -> Option<Self> {
        if groups < PROVIDERS_FOR_DISTRIBUTION {
            return None;
        }
        let at = |p: f64| on_grid(smoothed_quantile(sorted, p), step);
        let tails = groups >= PROVIDERS_FOR_TAILS;
        let outer = tails.then(|| {
            if groups >= PROVIDERS_FOR_OUTER_NINETIETH {
                (90, Range { lower: at(0.05), upper: at(0.95) })
            } else {
                (80, Range { lower: at(0.10), upper: at(0.90) })
            }
        });
        let dots = if tails {
            (0..DOTS).map(|k| on_grid(at((k as f64 + 0.5) / DOTS as f64), grid)).collect()
        } else {
            Vec::new()
        };
        Some(Self {
            providers: sorted.len(),
            middle: at(0.5),
            inner: Range { lower: at(0.25), upper: at(0.75) },
            outer,
            dots,
        })
    }
}

/// The distribution over the providers of one kind, for the research lake; reports do not print it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OfPeers {
    /// Providers with enough units.
    pub(crate) providers: usize,
    /// Mean in which each provider counts once, rounded. None where `distribution` is.
    pub(crate) mean: Option<f64>,
    /// Quantiles. None with too few groups of owners of this kind, or of another: with the nation and all other kinds this one could be
    /// computed (`n` times the mean).
    pub(crate) distribution: Option<Distribution>,
}

/// Providers whose kind is not registered.
const NO_KIND: &str = "onbekend";

/// Means and quantiles by the kind of provider, which stands in `column` of the register; and of all together, under the empty kind.
/// `shown`: fewest units of a provider that counts.
pub(crate) fn of_peers(spec: &IndicatorSpec, shown: u64, summaries: &BTreeMap<String, Summary>, register: &Register, column: Option<&str>) -> BTreeMap<String, OfPeers> {
    let mut kinds: BTreeMap<String, (Vec<f64>, BTreeSet<&str>)> = BTreeMap::new();
    for (id, summary) in summaries.iter().filter(|(_, summary)| summary.n() >= shown) {
        let Some(value) = summary.value() else { continue };
        let kind = column.map(|column| register.cell(id, column).map_or(NO_KIND, String::as_str).to_owned());
        for kind in std::iter::once(String::new()).chain(kind) {
            let (values, groups) = kinds.entry(kind).or_default();
            values.push(value);
            groups.insert(register.group_of(id));
        }
    }
    let step = printed_step(&spec.format);
    let is_whole = kinds.values().all(|(_, groups)| groups.len() >= PROVIDERS_FOR_DISTRIBUTION);
    let together = |kind: &str| kind.is_empty();
    kinds
        .into_iter()
        .map(|(kind, (mut values, groups))| {
            values.sort_by(f64::total_cmp);
            let distribution = Distribution::new(&values, groups.len(), spec.grid, step).filter(|_| is_whole || together(&kind));
            let mean = distribution.is_some().then(|| on_grid(values.iter().sum::<f64>() / values.len() as f64, step));
            (kind, OfPeers { providers: values.len(), mean, distribution })
        })
        .collect()
}

/// A quantile as the mean of the three order statistics around the position of type 7, so that it is nobody's value
/// (decision 22). `sorted` holds at least three values.
pub(crate) fn smoothed_quantile(sorted: &[f64], p: f64) -> f64 {
    let last = sorted.len().saturating_sub(2).max(1);
    let centre = ((sorted.len() as f64 - 1.0) * p).round().clamp(1.0, last as f64) as usize;
    let around = &sorted[centre - 1..(centre + 2).min(sorted.len())];
    around.iter().sum::<f64>() / around.len() as f64
}

/// The last digit in which national figures of an indicator are printed.
pub(crate) fn printed_step(format: &ValueFormat) -> f64 {
    match format {
        ValueFormat::Percentage => 0.001,
        ValueFormat::Number { decimals, .. } => 0.1_f64.powi(i32::try_from(*decimals).unwrap_or(0)),
    }
}

/// Rounds to the nearest multiple of `grid`.
pub(crate) fn on_grid(value: f64, grid: f64) -> f64 {
    let steps = (value / grid).round();
    // Dividing by the reciprocal keeps 3 × 0.1 from becoming 0.30000000000000004 where the grid is a decimal.
    if grid < 1.0 { steps / (1.0 / grid).round() } else { steps * grid }
}

/// Providers of about the same size and value, three or more together: their mean size and mean value, rounded.
/// `points` are (n, value) of all providers that may be counted.
pub(crate) fn cells(points: &[(u64, f64)], grid: f64) -> Vec<Cell> {
    if points.len() < PROVIDERS_FOR_DISTRIBUTION {
        return Vec::new();
    }
    let mut points = points.to_vec();
    points.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut cells = Vec::new();
    for strip in chunks_with_rest(&points, STRIP_PROVIDERS) {
        let mut strip = strip.to_vec();
        strip.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        for members in chunks_with_rest(&strip, CELL_PROVIDERS) {
            let count = members.len() as f64;
            let n = members.iter().map(|(n, _)| *n as f64).sum::<f64>() / count;
            let value = members.iter().map(|(_, value)| value).sum::<f64>() / count;
            cells.push(Cell {
                n: on_grid(n, size_grid(n)).max(1.0),
                value: on_grid(value, grid),
                providers: members.len() as u32,
            });
        }
    }
    cells.sort_by(|a, b| a.n.total_cmp(&b.n).then(a.value.total_cmp(&b.value)));
    cells
}

/// Chunks of `size`; what is left over joins the last chunk.
fn chunks_with_rest<T>(items: &[T], size: usize) -> Vec<&[T]> {
    let whole = (items.len() / size).max(1);
    (0..whole)
        .map(|index| {
            let end = if index + 1 == whole { items.len() } else { (index + 1) * size };
            &items[index * size..end]
        })
        .collect()
}

/// Sizes are rounded to 10 below 200, to 25 below 1,000, to 100 above (report specification 5.2 C).
fn size_grid(n: f64) -> f64 {
    if n < 200.0 {
        10.0
    } else if n < 1000.0 {
        25.0
    } else {
        100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_quantile_or_dot_is_one_providers_value() {
        let values: Vec<f64> = (0..60).map(|i| f64::from(i * i) + 0.123).collect();
        let distribution = Distribution::new(&values, 60, 0.001, 0.001).unwrap();
        for dot in &distribution.dots {
            assert!(values.iter().all(|value| (value - dot).abs() > 1e-6), "{dot}");
        }
        assert_eq!(distribution.outer.map(|(share, _)| share), Some(80));
        assert!(Distribution::new(&values[..49], 49, 1.0, 1.0).unwrap().dots.is_empty());
        assert!(Distribution::new(&values[..19], 19, 1.0, 1.0).is_none());
    }

    fn spec() -> IndicatorSpec {
        toml::from_str(include_str!("../../../pipelines/kibg/indicators/behandelminuten/indicator.toml")).unwrap()
    }

    /// Providers of kinds, each its own group of owners; `K12` is of kind K.
    fn kinds(sizes: &[(&str, usize)]) -> (BTreeMap<String, Summary>, Register) {
        let ids: Vec<(String, String)> = sizes.iter().flat_map(|(kind, count)| (0..*count).map(move |at| (format!("{kind}{at:03}"), (*kind).to_owned()))).collect();
        let summary = |at: usize| Summary::Mean { n: 30, mean: 400.0 + at as f64, sd: Some(50.0), third_central_sum: 0.0, values: Vec::new() };
        let summaries = ids.iter().enumerate().map(|(at, (id, _))| (id.clone(), summary(at))).collect();
        let rows = ids.into_iter().map(|(id, kind)| (id.clone(), id, String::new(), BTreeMap::from([("kind".to_owned(), kind)])));
        (summaries, Register::new(rows))
    }

    #[test]
    fn kinds_are_told_together_or_not_at_all() {
        let found = |sizes: &[(&str, usize)]| {
            let (summaries, register) = kinds(sizes);
            of_peers(&spec(), 10, &summaries, &register, Some("kind"))
        };
        let both = found(&[("instelling", 20), ("vrijgevestigd", 60)]);
        assert_eq!(both.values().map(|one| one.providers).collect::<Vec<_>>(), [80, 20, 60]);
        assert!(both.values().all(|one| one.distribution.is_some() && one.mean.is_some()));
        assert_eq!(both["instelling"].mean, Some(410.0), "409.5, to whole minutes");
        assert_eq!((both["instelling"].distribution.as_ref().unwrap().outer, both["vrijgevestigd"].distribution.as_ref().unwrap().outer.map(|one| one.0)), (None, Some(80)));
        // Nineteen of one kind: with the nation, the others would give them away.
        let one = found(&[("instelling", 19), ("vrijgevestigd", 60)]);
        assert!(one[""].mean.is_some() && one["vrijgevestigd"].mean.is_none() && one["vrijgevestigd"].distribution.is_none());
        // One provider that is not registered is a kind as well.
        let unknown = found(&[("", 1), ("instelling", 20), ("vrijgevestigd", 60)]);
        assert!(unknown[NO_KIND].providers == 1 && unknown["instelling"].mean.is_none());
        assert!(found(&[("instelling", 5)])[""].mean.is_none());
    }

    #[test]
    fn a_cell_holds_at_least_three_providers_and_none_is_lost() {
        for k in [20usize, 21, 35, 147] {
            let points: Vec<(u64, f64)> = (0..k).map(|i| (10 + 7 * i as u64, (i % 13) as f64)).collect();
            let cells = cells(&points, 0.5);
            assert!(cells.iter().all(|cell| cell.providers >= 3));
            assert_eq!(cells.iter().map(|cell| cell.providers as usize).sum::<usize>(), k);
        }
    }

    #[test]
    fn the_grid_keeps_decimals_clean() {
        assert_eq!(on_grid(0.3000001, 0.1), 0.3);
        assert_eq!(on_grid(547.0, 10.0), 550.0);
        assert_eq!(on_grid(8.64, 0.05), 8.65);
    }
}
