//! What a provider of this size can show: equivalence, and the smallest detectable difference (§6.11).

use crate::interval::{Interval, Z90, Z95, wilson};
use crate::means::student_t_interval;

/// Φ⁻¹(0.8): 80 % power.
const Z_POWER: f64 = 0.8416212335729143;

/// The difference from the target that is found with 80 % power by a two-sided test at 5 %, in the unit of
/// the indicator: (1.96 + 0.84)√(s² + τ²). Infinite when a variance is negative or not a number: then no
/// difference can be called detectable.
pub fn minimum_detectable_difference(sampling_variance: f64, between_variance: f64) -> f64 {
    if sampling_variance >= 0.0 && between_variance >= 0.0 {
        (Z95 + Z_POWER) * (sampling_variance + between_variance).sqrt()
    } else {
        f64::INFINITY
    }
}

/// The smallest detectable difference of a share, as a share: variance μ(1−μ)(1+(n−1)ρ)/n. `None` when n = 0
/// or target or rho is outside 0..=1.
pub fn proportion_detectable_difference(n: u64, target: f64, rho: f64) -> Option<f64> {
    if n == 0 || !(0.0..=1.0).contains(&target) || !(0.0..=1.0).contains(&rho) {
        return None;
    }
    let n = n as f64;
    let unit = target * (1.0 - target);
    Some(minimum_detectable_difference(
        unit * (1.0 - rho) / n,
        unit * rho,
    ))
}

fn inside(interval: Option<Interval>, target: f64, margin: f64) -> bool {
    // Strictly inside, as two one-sided tests at 5 % would both reject.
    interval.is_some_and(|i| i.lower - target > -margin && i.upper - target < margin)
}

/// Whether a share is shown to be within ±margin of the target (as shares): the 90 % Wilson interval of the
/// difference lies inside (two one-sided tests, Schuirmann 1987). False when there is no interval.
pub fn equivalent_proportion(events: u64, n: u64, target: f64, margin: f64) -> bool {
    inside(wilson(events, n, Z90), target, margin)
}

/// Whether a mean is shown to be within ±margin of the target, in its unit: the 90 % t interval of the
/// difference lies inside. False when there is no interval (n < 2).
pub fn equivalent_mean(n: u64, mean: f64, sd: f64, target: f64, margin: f64) -> bool {
    inside(student_t_interval(n, mean, sd, 0.90), target, margin)
}
