//! Between-study variance as meta-analysis estimates it, for comparison with [`crate::between_variation_means`]
//! and for parity with R's metafor. Estimates and variances are of equal length, one per provider.

/// Estimates with weights 1/(v + τ²): Σw, Σw², Σw³ and the weighted mean.
struct Weighted {
    sum: f64,
    squares: f64,
    cubes: f64,
    mean: f64,
}

fn usable(estimates: &[f64], variances: &[f64]) -> bool {
    estimates.len() == variances.len()
        && estimates.len() > 1
        && estimates.iter().all(|estimate| estimate.is_finite())
        && variances
            .iter()
            .all(|variance| *variance > 0.0 && variance.is_finite())
}

fn weighted(estimates: &[f64], variances: &[f64], tau2: f64) -> Weighted {
    let mut result = Weighted {
        sum: 0.0,
        squares: 0.0,
        cubes: 0.0,
        mean: 0.0,
    };
    for (estimate, variance) in estimates.iter().zip(variances) {
        let weight = 1.0 / (variance + tau2);
        result.sum += weight;
        result.squares += weight * weight;
        result.cubes += weight * weight * weight;
        result.mean += weight * estimate;
    }
    result.mean /= result.sum;
    result
}

fn generalised_q(estimates: &[f64], variances: &[f64], tau2: f64) -> f64 {
    let mean = weighted(estimates, variances, tau2).mean;
    estimates
        .iter()
        .zip(variances)
        .map(|(y, v)| (y - mean).powi(2) / (v + tau2))
        .sum()
}

/// Cochran's Q: Σ(y − ȳ_w)²/v. `None` unless there are at least two estimates with positive variances.
pub fn cochran_q(estimates: &[f64], variances: &[f64]) -> Option<f64> {
    usable(estimates, variances).then(|| generalised_q(estimates, variances, 0.0))
}

/// DerSimonian and Laird's (1986) τ², in the unit of the estimates squared. `None` as for [`cochran_q`].
pub fn der_simonian_laird(estimates: &[f64], variances: &[f64]) -> Option<f64> {
    let q = cochran_q(estimates, variances)?;
    let null = weighted(estimates, variances, 0.0);
    let df = (estimates.len() - 1) as f64;
    Some(((q - df) / (null.sum - null.squares / null.sum)).max(0.0))
}

/// Hedges and Olkin's (1985) τ²: the sample variance less the mean sampling variance. `None` as for
/// [`cochran_q`].
pub fn hedges_olkin(estimates: &[f64], variances: &[f64]) -> Option<f64> {
    if !usable(estimates, variances) {
        return None;
    }
    let k = estimates.len() as f64;
    let mean = estimates.iter().sum::<f64>() / k;
    let spread = estimates.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / (k - 1.0);
    Some((spread - variances.iter().sum::<f64>() / k).max(0.0))
}

/// Paule and Mandel's (1982) τ²: where the generalised Q equals k − 1. `None` as for [`cochran_q`].
pub fn paule_mandel(estimates: &[f64], variances: &[f64]) -> Option<f64> {
    if !usable(estimates, variances) {
        return None;
    }
    let df = (estimates.len() - 1) as f64;
    if generalised_q(estimates, variances, 0.0) <= df {
        return Some(0.0);
    }
    // At this τ² the residuals are so small that Q ≤ k − 1.
    let mean = estimates.iter().sum::<f64>() / estimates.len() as f64;
    let (mut low, mut high) = (
        0.0,
        estimates.iter().map(|y| (y - mean).powi(2)).sum::<f64>(),
    );
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if generalised_q(estimates, variances, middle) > df {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(0.5 * (low + high))
}

/// The restricted maximum likelihood τ² by Fisher scoring (Viechtbauer 2005), at most 1,000 steps, started
/// at Hedges and Olkin's. `None` as for [`cochran_q`].
pub fn reml(estimates: &[f64], variances: &[f64]) -> Option<f64> {
    let mut tau2 = hedges_olkin(estimates, variances)?;
    for _ in 0..1000 {
        let w = weighted(estimates, variances, tau2);
        let residuals: f64 = estimates
            .iter()
            .zip(variances)
            .map(|(y, v)| ((y - w.mean) / (v + tau2)).powi(2))
            .sum();
        let trace = w.sum - w.squares / w.sum;
        let trace_of_square = w.squares - 2.0 * w.cubes / w.sum + (w.squares / w.sum).powi(2);
        let next = (tau2 + (residuals - trace) / trace_of_square).max(0.0);
        let change = (next - tau2).abs();
        tau2 = next;
        if change <= 1e-15 + 1e-13 * tau2 {
            break;
        }
    }
    tau2.is_finite().then_some(tau2)
}

/// I², the share of variation beyond chance, from 0 to 1, with the typical sampling variance of Higgins and
/// Thompson (2002), as metafor prints it (there in per cent). `None` as for [`cochran_q`].
pub fn inconsistency(estimates: &[f64], variances: &[f64], tau2: f64) -> Option<f64> {
    if !usable(estimates, variances) || tau2.is_nan() || tau2 < 0.0 {
        return None;
    }
    let w = weighted(estimates, variances, 0.0);
    let typical = (estimates.len() - 1) as f64 * w.sum / (w.sum * w.sum - w.squares);
    Some(tau2 / (tau2 + typical))
}
