//! Intervals of the mean of a count (§6.1). Divide by the expected count for O/E, by exposure for a rate.

use crate::interval::{Interval, tail_of};
use crate::special::{gamma_quantile, gamma_regularized};

/// The exact Poisson interval of the mean behind `count` (Garwood 1936), from gamma quantiles; lower bound 0
/// at count 0. In events. `None` unless 0 < confidence < 1.
pub fn poisson_exact(count: u64, confidence: f64) -> Option<Interval> {
    let tail = tail_of(confidence)?;
    let x = count as f64;
    let lower = if count == 0 {
        0.0
    } else {
        gamma_quantile(x, tail)?
    };
    let upper = gamma_quantile(x + 1.0, 1.0 - tail)?;
    Interval::checked(lower, upper)
}

/// The mid-P Poisson interval of the mean behind `count`: the means at which P(X > count) + ½P(X = count)
/// is one tail (Lancaster 1961). Shorter than the exact one. In events; lower bound 0 at count 0.
/// `None` unless 0 < confidence < 1.
pub fn poisson_mid_p(count: u64, confidence: f64) -> Option<Interval> {
    let tail = tail_of(confidence)?;
    let exact = poisson_exact(count, confidence)?;
    let x = count as f64;
    // P(X > x) is P(x+1, mean) and P(X ≥ x) is P(x, mean): mid-P upper tail is their average.
    let upper_tail = |mean: f64| {
        let at_least = if count == 0 {
            1.0
        } else {
            gamma_regularized(x, mean).unwrap_or(1.0)
        };
        0.5 * (at_least + gamma_regularized(x + 1.0, mean).unwrap_or(1.0))
    };
    let solve = |target: f64| {
        let (mut low, mut high) = (0.0, exact.upper + 1.0);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if upper_tail(middle) < target {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    };
    let lower = if count == 0 { 0.0 } else { solve(tail) };
    Interval::checked(lower, solve(1.0 - tail))
}

/// Byar's approximation to the Poisson interval of the mean behind `count`, in events, for parity with
/// PHEindicatormethods (Breslow and Day 1987, §2.3). `None` at count 0 and where the lower bound would be
/// negative (count 1 at 99.8 %): [`poisson_exact`] has an answer there.
pub fn byar(count: u64, z: f64) -> Option<Interval> {
    if count == 0 || !(z > 0.0 && z.is_finite()) {
        return None;
    }
    let x = count as f64;
    let next = x + 1.0;
    let lower = x * (1.0 - 1.0 / (9.0 * x) - z / (3.0 * x.sqrt())).powi(3);
    let upper = next * (1.0 - 1.0 / (9.0 * next) + z / (3.0 * next.sqrt())).powi(3);
    if lower < 0.0 {
        return None;
    }
    Interval::checked(lower, upper)
}
