//! The national distribution that reports draw: smoothed quantiles and cells, never one provider's value.

use spiegel_model::{Cell, Range, ValueFormat};

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
