//! Empirical Bayes: a provider's most plausible level, drawn towards the target (§6.7).

use crate::interval::{Interval, Z95};
use crate::special::beta_quantile;
use crate::synthesis::paule_mandel;

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

/// The mean of a comparable group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupMean {
    /// The mean, in the unit of the indicator (a share as a fraction).
    pub mean: f64,
    /// Its variance Σᵢ(nᵢ/N)²(σ²/nᵢ + τ²) over its providers, in the unit squared; for a share σ² is
    /// μ(1−μ)(1−ρ) and τ² is μ(1−μ)ρ.
    pub variance: f64,
}

/// The prior mean of each comparable group (§9), in the order given: its own mean drawn towards the national
/// one, national + B(mean − national) with B = τ²_g/(τ²_g + variance) and τ²_g the variance between groups by
/// Paule and Mandel. It takes the place of target or expected value when a provider is shrunk within its group.
///
/// One group says nothing about differences between groups, so its prior is the national mean; groups that
/// differ no more than chance makes them have the national mean too. `None` when there is no group, a
/// variance is not positive, or a number is not finite.
#[must_use]
pub fn group_priors(groups: &[GroupMean], national: f64) -> Option<Vec<f64>> {
    let usable = |group: &GroupMean| group.mean.is_finite() && group.variance > 0.0 && group.variance.is_finite();
    if groups.is_empty() || !groups.iter().all(usable) || !national.is_finite() {
        return None;
    }
    let means: Vec<f64> = groups.iter().map(|group| group.mean).collect();
    let variances: Vec<f64> = groups.iter().map(|group| group.variance).collect();
    let between = paule_mandel(&means, &variances).unwrap_or(0.0);
    Some(
        groups
            .iter()
            .map(|group| national + between / (between + group.variance) * (group.mean - national))
            .collect(),
    )
}
