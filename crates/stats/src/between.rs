//! Variation between and within providers (§6.3, 6.4).
//!
//! Paule and Mandel's moment equation with residuals clipped at the 10 % normal quantiles, so that a few
//! outlying providers do not widen the reference they are judged by. The combination was simulated, not
//! found published; [`crate::der_simonian_laird`] and [`crate::reml`] stand beside it.
//!
//! A clipped residual has a smaller mean square, by which the equation is divided: 0.679 for a normal one, the
//! constant of §6.4. The residual of a few rare events is skewed and its mean square smaller; with 0.679 ρ came
//! out at half its value for a share of 3 % (the known limit of §6.4) and 6 to 7 % of the providers were labelled.
//! For shares and counts the equation is therefore solved a second time, with the mean square that the
//! distribution at the first solution has: one step towards a consistent M-estimator (Bickel 1975). More steps
//! were tried and run away in small countries, because the mean square falls as the variation grows: 8.6 % labelled.

use std::collections::BTreeMap;

use crate::count_model::{BetaBinomial, Binomial, CountModel, Distribution, NegativeBinomial, Poisson};
use crate::quantiles::quantile;

/// With fewer providers than this, do not use an own estimate but that of all providers together (§6.4).
pub const FEWEST_PROVIDERS: usize = 10;

/// Φ⁻¹(0.9): residuals are clipped here.
const CLIP: f64 = 1.2815515655446004;

/// E[clip(Z)²] of a standard normal Z: (1 − 2q) − 2z φ(z) + 2q z², q = 0.1.
const CLIPPED_VARIANCE: f64 = 0.6786545589528744;

/// With more cases than this the shape of the distribution hardly changes, and is taken from this many.
const LARGEST_SHAPE: f64 = 1000.0;

/// The largest intraclass correlation the estimate can take; at 1 every provider is all or nothing.
const LARGEST_RHO: f64 = 0.999;

/// How much providers differ beyond chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BetweenVariation {
    /// ρ for shares; τ² for means (in their unit squared), for counts (relative) and for adjusted counts
    /// (log-odds). 0 when the providers differ no more than chance makes them.
    pub value: f64,
    /// How many providers with at least one case the estimate rests on.
    pub providers: usize,
    /// φ: the mean of z² without between-provider variation, z winsorised at its own 10 and 90 % quantiles
    /// (Spiegelhalter 2005). About 0.7 when only chance is at work, because of the winsorising; 0 without
    /// providers.
    pub overdispersion: f64,
}

impl BetweenVariation {
    /// Whether there were enough providers for an estimate of their own.
    pub fn is_supported(&self) -> bool {
        self.providers >= FEWEST_PROVIDERS
    }
}

/// One provider's mean against its expected value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProviderMean {
    /// How many cases.
    pub n: f64,
    /// The mean, in its unit.
    pub mean: f64,
    /// The expected mean: the national one, or the one its case-mix predicts.
    pub expected: f64,
}

/// One provider's count of events against what the case-mix of its cases predicts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdjustedCount {
    /// Events that happened.
    pub observed: f64,
    /// Σp over its cases.
    pub expected: f64,
    /// Σp(1 − p) over its cases.
    pub variance: f64,
}

/// A squared difference over a variance; nothing and infinity instead of 0/0 and x/0.
fn residual(difference: f64, variance: f64) -> f64 {
    if variance > 0.0 {
        difference / variance.sqrt()
    } else if difference == 0.0 {
        0.0
    } else {
        difference.signum() * f64::MAX.sqrt()
    }
}

/// Solves Σ clip(rᵢ(θ))² = (k−1)/k Σ cᵢ for θ ≥ 0 with cᵢ the mean square of a clipped normal; `variance(i, θ)`
/// increases in θ.
fn solve(differences: &[f64], variance: impl Fn(usize, f64) -> f64, largest: f64) -> BetweenVariation {
    solve_with(differences, &variance, differences.len() as f64 * CLIPPED_VARIANCE, largest)
}

/// The same, and then once more with cᵢ = E[clip(rᵢ)²] at that solution. `model(size, θ)` answers the distribution of a
/// provider's count, its mean and its variance; providers of one size share it.
fn solve_in_steps(
    differences: &[f64],
    sizes: &[f64],
    variance: impl Fn(usize, f64) -> f64,
    largest: f64,
    model: impl Fn(f64, f64) -> Option<(Distribution, f64, f64)>,
) -> BetweenVariation {
    let first = solve(differences, &variance, largest);
    let mut squares: BTreeMap<u64, f64> = BTreeMap::new();
    let expected = sizes.iter().map(|size| {
        let size = size.min(LARGEST_SHAPE);
        *squares.entry(size.to_bits()).or_insert_with(|| {
            model(size, first.value).map_or(CLIPPED_VARIANCE, |(distribution, mean, variance)| {
                distribution.mean(|count| residual(count as f64 - mean, variance).clamp(-CLIP, CLIP).powi(2))
            })
        })
    });
    solve_with(differences, &variance, expected.sum(), largest)
}

/// Solves Σ clip(rᵢ(θ))² = (k−1)/k · `expected`.
fn solve_with(
    differences: &[f64],
    variance: &impl Fn(usize, f64) -> f64,
    expected: f64,
    largest: f64,
) -> BetweenVariation {
    let k = differences.len();
    if k == 0 {
        return BetweenVariation {
            value: 0.0,
            providers: 0,
            overdispersion: 0.0,
        };
    }
    let providers = k as f64;
    let excess = |theta: f64| {
        let sum: f64 = differences
            .iter()
            .enumerate()
            .map(|(i, difference)| {
                let clipped = residual(*difference, variance(i, theta)).clamp(-CLIP, CLIP);
                clipped * clipped
            })
            .sum();
        sum / expected - (providers - 1.0) / providers
    };
    let overdispersion = winsorised_phi(differences, variance);
    let mut high = largest.min(1.0);
    let value = if k < 2 || excess(0.0) <= 0.0 {
        0.0
    } else {
        while high < largest && excess(high) > 0.0 {
            high = (high * 4.0).min(largest);
        }
        if excess(high) > 0.0 {
            largest
        } else {
            bisect(0.0, high, excess)
        }
    };
    BetweenVariation {
        value,
        providers: k,
        overdispersion,
    }
}

/// The zero of a decreasing function, to the last bit that matters.
fn bisect(mut low: f64, mut high: f64, decreasing: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if decreasing(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
        if high - low <= 1e-15 * high {
            break;
        }
    }
    0.5 * (low + high)
}

fn winsorised_phi(differences: &[f64], variance: &impl Fn(usize, f64) -> f64) -> f64 {
    let mut z: Vec<f64> = differences
        .iter()
        .enumerate()
        .map(|(i, difference)| residual(*difference, variance(i, 0.0)).clamp(-1e9, 1e9))
        .collect();
    z.sort_by(f64::total_cmp);
    let (Some(low), Some(high)) = (quantile(&z, 0.1), quantile(&z, 0.9)) else {
        return 0.0;
    };
    z.iter().map(|z| z.clamp(low, high).powi(2)).sum::<f64>() / z.len() as f64
}

/// ρ of shares, from (events, n) per provider, against `target` (§6.4). Providers without cases or with
/// more events than cases are left out. 0 with fewer than two providers, or when target is not strictly
/// between 0 and 1. Who calls this decides by [`BetweenVariation::is_supported`] whether to use it.
pub fn between_variation_proportions(providers: &[(u64, u64)], target: f64) -> BetweenVariation {
    if !(target > 0.0 && target < 1.0) {
        return solve(&[], |_, _| 0.0, 0.0);
    }
    let usable: Vec<(f64, f64)> = providers
        .iter()
        .filter(|(events, n)| *n > 0 && events <= n)
        .map(|(events, n)| (*events as f64 / *n as f64 - target, *n as f64))
        .collect();
    let differences: Vec<f64> = usable.iter().map(|(difference, _)| *difference).collect();
    let unit = target * (1.0 - target);
    let sizes: Vec<f64> = usable.iter().map(|(_, n)| *n).collect();
    solve_in_steps(
        &differences,
        &sizes,
        |i, rho| unit * (1.0 + (sizes[i] - 1.0) * rho) / sizes[i],
        LARGEST_RHO,
        |n, rho| {
            let cases = n as u64;
            let distribution = match BetaBinomial::new(cases, target, rho) {
                Some(model) => model.distribution(),
                None => Binomial::new(cases, target)?.distribution(),
            };
            Some((distribution, n * target, n * unit * (1.0 + (n - 1.0) * rho)))
        },
    )
}

/// τ² of means, in their unit squared (§6.4). Providers with n not positive, or numbers that are not finite,
/// are left out. 0 with fewer than two providers.
pub fn between_variation_means(
    providers: &[ProviderMean],
    within_variance: f64,
) -> BetweenVariation {
    let usable: Vec<(f64, f64)> = providers
        .iter()
        .map(|provider| (provider.mean - provider.expected, provider.n))
        .filter(|(difference, n)| difference.is_finite() && *n > 0.0 && n.is_finite())
        .collect();
    let differences: Vec<f64> = usable.iter().map(|(difference, _)| *difference).collect();
    let within = if within_variance > 0.0 {
        within_variance
    } else {
        0.0
    };
    // Every residual is below 1 at the largest squared difference, so the search ends there.
    solve(
        &differences,
        |i, tau2| within / usable[i].1 + tau2,
        largest_square(&differences, 1.0),
    )
}

/// τ² of counts, relative to the mean: Var = E + τ²E², from (observed, expected) per provider (§6.4).
/// Providers with expected not positive are left out. 0 with fewer than two providers.
pub fn between_variation_counts(providers: &[(u64, f64)]) -> BetweenVariation {
    let usable: Vec<(f64, f64)> = providers
        .iter()
        .filter(|(_, expected)| *expected > 0.0 && expected.is_finite())
        .map(|(observed, expected)| (*observed as f64 - expected, *expected))
        .collect();
    let differences: Vec<f64> = usable.iter().map(|(difference, _)| *difference).collect();
    let relative: Vec<f64> = usable
        .iter()
        .map(|(difference, expected)| difference / expected)
        .collect();
    let variance = |i: usize, tau2: f64| {
        let expected: f64 = usable[i].1;
        expected + tau2 * expected * expected
    };
    let sizes: Vec<f64> = usable.iter().map(|(_, expected)| *expected).collect();
    solve_in_steps(&differences, &sizes, variance, largest_square(&relative, 1.0), |expected, tau2| {
        let distribution = match NegativeBinomial::new(expected, tau2) {
            Some(model) => model.distribution(),
            None => Poisson::new(expected)?.distribution(),
        };
        Some((distribution, expected, expected + tau2 * expected * expected))
    })
}

/// τ² of case-mix adjusted shares on the log-odds scale: Var = V + τ²V² (§6.4). Providers with variance not
/// positive are left out. 0 with fewer than two providers.
pub fn between_variation_adjusted(providers: &[AdjustedCount]) -> BetweenVariation {
    let usable: Vec<&AdjustedCount> = providers
        .iter()
        .filter(|provider| {
            provider.variance > 0.0
                && provider.variance.is_finite()
                && (provider.observed - provider.expected).is_finite()
        })
        .collect();
    let differences: Vec<f64> = usable.iter().map(|p| p.observed - p.expected).collect();
    let relative: Vec<f64> = usable
        .iter()
        .map(|p| (p.observed - p.expected) / p.variance)
        .collect();
    let variance = |i: usize, tau2: f64| usable[i].variance + tau2 * usable[i].variance.powi(2);
    solve(&differences, variance, largest_square(&relative, 1.0))
}

/// Where the search for τ² can end: twice the sum of squares over c is beyond any solution.
fn largest_square(values: &[f64], least: f64) -> f64 {
    let sum: f64 = values.iter().map(|value| value * value).sum();
    (4.0 * sum).clamp(least.min(f64::MIN_POSITIVE), 1e300)
}

/// The pooled within-provider variance Σ(n−1)s²/Σ(n−1), from (n, s²) per provider, in the unit of the
/// values squared (§6.3). `None` when no provider has two cases.
pub fn within_variance(groups: &[(u64, f64)]) -> Option<f64> {
    let (mut sum, mut df) = (0.0, 0.0);
    for (n, variance) in groups {
        if *n > 1 && *variance >= 0.0 && variance.is_finite() {
            let weight = (*n - 1) as f64;
            sum += weight * variance;
            df += weight;
        }
    }
    (df > 0.0).then(|| sum / df)
}

/// The national skewness within providers, from (n, Σ(x − mean)³) per provider: γ = κ₃/σ³ with
/// κ₃ = Σ third sums / Σ (n−1)(n−2)/n, which is unbiased for κ₃. No unit. `None` when no provider has three
/// cases or the within variance is not positive.
pub fn within_skewness(groups: &[(u64, f64)], within_variance: f64) -> Option<f64> {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (n, third_central_sum) in groups {
        if *n > 2 && third_central_sum.is_finite() {
            let n = *n as f64;
            sum += third_central_sum;
            weight += (n - 1.0) * (n - 2.0) / n;
        }
    }
    let skewness = sum / weight / within_variance.powf(1.5);
    (weight > 0.0 && within_variance > 0.0 && skewness.is_finite()).then_some(skewness)
}
