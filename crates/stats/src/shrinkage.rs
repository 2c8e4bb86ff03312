//! Empirical Bayes: a provider's most plausible level, drawn towards the target (§6.7).

use crate::interval::{Interval, Z95};
use crate::special::beta_quantile;

/// A shrunken value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shrunken {
    /// The posterior mean, in the unit of the indicator.
    pub value: f64,
    /// The central 95 % posterior interval. It takes the between-provider variation as known.
    pub interval: Interval,
    /// The weight of the provider's own result, from 0 (none) to 1.
    pub reliability: f64,
}

/// A shrunken share: posterior Beta(y + Mμ, n − y + M(1−μ)) with M = (1−ρ)/ρ.
///
/// At ρ = 0 the value is the target itself, with reliability 0 and no width: no differences between providers
/// can be shown. At n = 0 it is the prior. `None` when events > n, target is not strictly between 0 and 1,
/// or rho is not in 0..1.
pub fn shrink_proportion(events: u64, n: u64, target: f64, rho: f64) -> Option<Shrunken> {
    if events > n || !(target > 0.0 && target < 1.0) || !(0.0..1.0).contains(&rho) {
        return None;
    }
    let size = (1.0 - rho) / rho;
    if !size.is_finite() {
        let interval = Interval {
            lower: target,
            upper: target,
        };
        return Some(Shrunken {
            value: target,
            interval,
            reliability: 0.0,
        });
    }
    let (y, n_real) = (events as f64, n as f64);
    let a = y + size * target;
    let b = (n - events) as f64 + size * (1.0 - target);
    let interval = Interval::checked(beta_quantile(a, b, 0.025)?, beta_quantile(a, b, 0.975)?)?;
    Some(Shrunken {
        value: a / (n_real + size),
        interval,
        reliability: n_real / (n_real + size),
    })
}

/// A shrunken mean: expected + B(mean − expected), B = τ²/(τ² + σ²/n), with standard error √(Bσ²/n).
///
/// At τ² = 0 the value is the expected one, with no width; at n = 0 it is the prior with spread τ. `None`
/// when n or a variance is negative, or τ² and σ² are both 0.
pub fn shrink_mean(
    mean: f64,
    expected: f64,
    n: f64,
    within_variance: f64,
    tau2: f64,
) -> Option<Shrunken> {
    if !(n >= 0.0 && within_variance >= 0.0 && tau2 >= 0.0) || within_variance + tau2 == 0.0 {
        return None;
    }
    let reliability = if tau2 == 0.0 {
        0.0
    } else {
        n * tau2 / (n * tau2 + within_variance)
    };
    let reliability = if reliability.is_nan() {
        0.0
    } else {
        reliability
    };
    // Bσ²/n = (1 − B)τ², which also holds at n = 0.
    let half = Z95 * ((1.0 - reliability) * tau2).sqrt();
    let value = if n == 0.0 {
        expected
    } else {
        expected + reliability * (mean - expected)
    };
    Some(Shrunken {
        value,
        interval: Interval::checked(value - half, value + half)?,
        reliability,
    })
}
