//! Quantiles, and intervals of quantiles from order statistics (§6.1).

use crate::count_model::{Binomial, CountModel};
use crate::interval::{Interval, tail_of};

/// A median (or another quantile) with the order statistics that enclose it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MedianInterval {
    /// The point estimate, type 7, in the unit of the values.
    pub median: f64,
    /// The values at the two ranks.
    pub interval: Interval,
    /// The rank of the lower bound; 1 is the smallest value.
    pub lower_rank: u64,
    /// The rank of the upper bound.
    pub upper_rank: u64,
    /// The coverage the ranks attain, at least about the confidence asked for: ranks are whole numbers.
    pub coverage: f64,
}

/// The fewest values for which the median has a 95 % interval: with 5, even the extremes cover 93.75 %.
const FEWEST_VALUES: usize = 6;

/// The p-quantile of values in ascending order, type 7 of Hyndman and Fan (1996), as R and numpy do.
/// `None` when there are no values or p is not in 0..=1.
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&p) {
        return None;
    }
    let last = sorted.len().checked_sub(1)?;
    let position = p * last as f64;
    let below = (position.floor() as usize).min(last);
    let fraction = position - below as f64;
    let low = sorted[below];
    if fraction == 0.0 || below == last {
        return Some(low);
    }
    Some(low + fraction * (sorted[below + 1] - low))
}

/// The median of values in ascending order, with its interval from order statistics.
/// `None` when n < 6 or when no two ranks reach the confidence.
pub fn median_interval(sorted: &[f64], confidence: f64) -> Option<MedianInterval> {
    quantile_interval(sorted, 0.5, confidence)
}

/// A quantile of values in ascending order, with its interval: ranks qbinom(α/2; n, p) and
/// qbinom(1 − α/2; n, p) + 1 (Conover 1999, §3.2). `None` when n < 6, p is not strictly between 0 and 1, or
/// a rank would fall outside 1..=n.
pub fn quantile_interval(sorted: &[f64], p: f64, confidence: f64) -> Option<MedianInterval> {
    let tail = tail_of(confidence)?;
    if sorted.len() < FEWEST_VALUES {
        return None;
    }
    let n = sorted.len() as u64;
    let model = Binomial::new(n, p)?;
    let distribution = model.distribution();
    let lower_rank = distribution.quantile(tail);
    let upper_rank = distribution.quantile(1.0 - tail) + 1;
    if lower_rank == 0 || upper_rank > n {
        return None;
    }
    // The quantile lies between the ranks when lower_rank ≤ X < upper_rank values fall below it.
    let coverage = distribution.between(lower_rank, upper_rank - 1);
    let interval = Interval::checked(
        *sorted.get(lower_rank as usize - 1)?,
        *sorted.get(upper_rank as usize - 1)?,
    )?;
    Some(MedianInterval {
        median: quantile(sorted, p)?,
        interval,
        lower_rank,
        upper_rank,
        coverage,
    })
}
