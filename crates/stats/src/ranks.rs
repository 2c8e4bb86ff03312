//! Position among providers with its uncertainty (§6.8, 6.9). For the analyst, never in a provider's report.

use crate::quantiles::quantile;
use crate::random::RandomStream;
use crate::special::normal_cdf;

/// The share of variation between providers that is not chance: τ²/(τ² + median s²), from 0 to 1 (van
/// Dishoeck 2011). Below 0.5 ranks say little; above 0.75 good. `None` when there are no variances, one is
/// negative or not a number, or both terms are 0.
pub fn rankability(between: f64, sampling_variances: &[f64]) -> Option<f64> {
    if !(between >= 0.0 && sampling_variances.iter().all(|variance| *variance >= 0.0)) {
        return None;
    }
    let mut sorted = sampling_variances.to_vec();
    sorted.sort_by(f64::total_cmp);
    let result = between / (between + quantile(&sorted, 0.5)?);
    result.is_finite().then_some(result)
}

/// The expected rank of each provider, 1 for the lowest estimate:
/// 1 + Σ_{k≠i} Φ((θᵢ − θₖ)/√(vᵢ + vₖ)) (Laird and Louis 1989; Lingsma 2010). They add up to k(k+1)/2.
/// Pass shrunken estimates with their posterior variances. Two certain and equal estimates share a half.
/// Empty when the slices differ in length.
pub fn expected_ranks(estimates: &[f64], variances: &[f64]) -> Vec<f64> {
    if estimates.len() != variances.len() {
        return Vec::new();
    }
    let mut ranks = vec![1.0; estimates.len()];
    for i in 0..estimates.len() {
        for j in 0..i {
            let difference = estimates[i] - estimates[j];
            let spread = (variances[i] + variances[j]).max(0.0).sqrt();
            let above = if spread > 0.0 {
                normal_cdf(difference / spread)
            } else if difference == 0.0 {
                0.5
            } else if difference > 0.0 {
                1.0
            } else {
                0.0
            };
            ranks[i] += above;
            ranks[j] += 1.0 - above;
        }
    }
    ranks
}

/// Expected ranks as percentiles of k providers: 100(ER − ½)/k.
pub fn percentile_ranks(expected_ranks: &[f64]) -> Vec<f64> {
    let k = expected_ranks.len() as f64;
    expected_ranks
        .iter()
        .map(|rank| 100.0 * (rank - 0.5) / k)
        .collect()
}

/// The ranks a provider plausibly has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankInterval {
    /// The 2.5 % quantile of its ranks; 1 is the lowest estimate.
    pub lower: u64,
    /// The 97.5 % quantile of its ranks.
    pub upper: u64,
    /// The probability that it belongs to the lowest quarter.
    pub in_lowest_quarter: f64,
}

/// Ranks over seeded draws from independent normal posteriors (§6.8 asks for 10,000 draws).
/// Empty when the slices differ in length, there are no providers or no draws.
pub fn rank_intervals(
    estimates: &[f64],
    variances: &[f64],
    draws: u32,
    seed: u64,
) -> Vec<RankInterval> {
    let k = estimates.len();
    if k == 0 || k != variances.len() || draws == 0 {
        return Vec::new();
    }
    let spreads: Vec<f64> = variances
        .iter()
        .map(|variance| variance.max(0.0).sqrt())
        .collect();
    let mut stream = RandomStream::new(seed);
    let mut seen = vec![vec![0u32; k]; k];
    let mut drawn: Vec<(f64, usize)> = Vec::with_capacity(k);
    for _ in 0..draws {
        drawn.clear();
        while drawn.len() < k {
            let deviates = stream.normal_pair();
            drawn.extend((drawn.len()..k).zip(deviates).map(|(i, deviate)| (estimates[i] + spreads[i] * deviate, i)));
        }
        drawn.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (rank, (_, provider)) in drawn.iter().enumerate() {
            seen[*provider][rank] += 1;
        }
    }
    seen.iter().map(|ranks| summarise(ranks, draws)).collect()
}

fn summarise(ranks: &[u32], draws: u32) -> RankInterval {
    let rank_at = |p: f64| {
        let wanted = p * f64::from(draws);
        let mut sum = 0.0;
        for (index, count) in ranks.iter().enumerate() {
            sum += f64::from(*count);
            if sum >= wanted {
                return index as u64 + 1;
            }
        }
        ranks.len() as u64
    };
    let quarter = ranks.len() / 4;
    let low: u32 = ranks[..quarter].iter().sum();
    RankInterval {
        lower: rank_at(0.025),
        upper: rank_at(0.975),
        in_lowest_quarter: f64::from(low) / f64::from(draws),
    }
}
