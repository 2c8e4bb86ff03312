//! Overdispersion and limits as other tools compute them, for parity tests and the methods page.
//!
//! These are not the methods of the reports: section 1 of the specification shows how they flag too often
//! when there are many small providers. [`crate::between_variation_proportions`] is the default.

use crate::count_model::{Binomial, CountModel, Poisson};
use crate::interval::{Interval, tail_of};
use crate::quantiles::quantile;
use crate::special::gamma_quantile;

/// The scale on which a funnel standardises (numerator, denominator) pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunnelScale {
    /// ln(O/E) with standard error 1/√E: the Summary Hospital-level Mortality Indicator.
    LogRatio,
    /// √(O/E) with standard error 1/(2√E): the Care Quality Commission.
    RootRatio,
    /// asin √(y/n) with standard error 1/(2√n).
    ArcsineProportion,
    /// ln((O+½)/(D+½)) with its delta-method standard error: the ratio of two counts.
    RatioOfCounts,
}

/// What is done with extreme z before φ and τ² are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trim {
    /// Nothing.
    None,
    /// z beyond the type 7 quantiles at 10 and 90 % are moved to them.
    Winsorise,
    /// Providers whose z is in the first or last tenth by rank, ⌊10·rank/(k+1)⌋, are left out.
    Truncate,
}

/// Overdispersion as FunnelPlotR reports it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FunnelVariation {
    /// φ = Σz²/k of the trimmed z, no unit; 1 is no overdispersion, apart from the trimming.
    pub phi: f64,
    /// τ², DerSimonian and Laird's, on the transformed scale squared; 0 when kφ < k − 1.
    pub tau2: f64,
    /// Providers left after trimming.
    pub providers: usize,
}

/// The overdispersion of (numerator, denominator) pairs on a scale (Spiegelhalter 2005; Spiegelhalter et al.
/// 2012; the SHMI specification), as FunnelPlotR 0.6.0 computes it. The target is Σnumerator/Σdenominator
/// for proportions and ratios of counts, and 1 for O/E.
///
/// `None` when fewer than two pairs are left, or a pair has no value on the scale (a zero numerator on the
/// log scale, FunnelPlotR issue 17).
pub fn funnel_variation(
    pairs: &[(f64, f64)],
    scale: FunnelScale,
    trim: Trim,
) -> Option<FunnelVariation> {
    let (sum, denominators) = pairs
        .iter()
        .fold((0.0, 0.0), |(a, b), pair| (a + pair.0, b + pair.1));
    let overall = sum / denominators;
    let mut points: Vec<(f64, f64)> = pairs
        .iter()
        .map(|(numerator, denominator)| standardise(*numerator, *denominator, overall, scale))
        .collect();
    if points
        .iter()
        .any(|(z, error)| !(z.is_finite() && *error > 0.0 && error.is_finite()))
    {
        return None;
    }
    let mut sorted: Vec<f64> = points.iter().map(|(z, _)| *z).collect();
    sorted.sort_by(f64::total_cmp);
    match trim {
        Trim::None => {}
        Trim::Winsorise => {
            let (low, high) = (quantile(&sorted, 0.1)?, quantile(&sorted, 0.9)?);
            for (z, _) in &mut points {
                *z = z.clamp(low, high);
            }
        }
        Trim::Truncate => {
            let k = sorted.len();
            points.retain(|(z, _)| {
                let rank = sorted.partition_point(|other| other < z) + 1;
                let tenth = 10 * rank / (k + 1);
                tenth > 0 && tenth < 9
            });
        }
    }
    let k = points.len() as f64;
    if points.len() < 2 {
        return None;
    }
    let squares: f64 = points.iter().map(|(z, _)| z * z).sum();
    let (mut weights, mut weights_squared) = (0.0, 0.0);
    for (_, error) in &points {
        let weight = 1.0 / (error * error);
        weights += weight;
        weights_squared += weight * weight;
    }
    let tau2 = ((squares - (k - 1.0)) / (weights - weights_squared / weights)).max(0.0);
    Some(FunnelVariation {
        phi: squares / k,
        tau2,
        providers: points.len(),
    })
}

/// z and its standard error on the transformed scale.
fn standardise(numerator: f64, denominator: f64, overall: f64, scale: FunnelScale) -> (f64, f64) {
    match scale {
        FunnelScale::LogRatio => {
            let error = 1.0 / denominator.sqrt();
            ((numerator / denominator).ln() / error, error)
        }
        FunnelScale::RootRatio => {
            let error = 0.5 / denominator.sqrt();
            (((numerator / denominator).sqrt() - 1.0) / error, error)
        }
        FunnelScale::ArcsineProportion => {
            let error = 0.5 / denominator.sqrt();
            (
                ((numerator / denominator).sqrt().asin() - overall.sqrt().asin()) / error,
                error,
            )
        }
        FunnelScale::RatioOfCounts => {
            let (a, b) = (numerator + 0.5, denominator + 0.5);
            let error = (numerator / (a * a) + denominator / (b * b)).sqrt();
            (((a / b).ln() - overall.ln()) / error, error)
        }
    }
}

/// Spiegelhalter's (2005) multiplicative overdispersion: limits widen by √φ, winsorised, on the given scale.
/// `None` as for [`funnel_variation`].
pub fn spiegelhalter_2005(pairs: &[(f64, f64)], scale: FunnelScale) -> Option<f64> {
    funnel_variation(pairs, scale, Trim::Winsorise).map(|variation| variation.phi.max(1.0))
}

/// Spiegelhalter et al.'s (2012) additive overdispersion: winsorised φ, then τ², on the given scale.
/// `None` as for [`funnel_variation`].
pub fn spiegelhalter_2012(pairs: &[(f64, f64)], scale: FunnelScale) -> Option<f64> {
    funnel_variation(pairs, scale, Trim::Winsorise).map(|variation| variation.tau2)
}

/// The limits of O/E that FunnelPlotR and PHEindicatormethods draw without overdispersion: the exact interval
/// of a count equal to `expected`, as a ratio. Wider above than the Poisson limits. `None` unless expected > 0
/// and 0 < confidence < 1.
pub fn chi_squared_ratio_limits(expected: f64, confidence: f64) -> Option<Interval> {
    let tail = tail_of(confidence)?;
    Interval::checked(
        gamma_quantile(expected, tail)? / expected,
        gamma_quantile(expected + 1.0, 1.0 - tail)? / expected,
    )
}

/// Spiegelhalter's interpolated exact binomial limit at lower probability `p`, as a share: (r − α)/n with r
/// the smallest count with F(r) > p and α = (F(r) − p)/f(r); not below 0. `None` unless n > 0 and target
/// and p are strictly between 0 and 1.
pub fn interpolated_proportion_limits(n: u64, target: f64, p: f64) -> Option<f64> {
    let model = Binomial::new(n, target)?;
    interpolated(&model, p).map(|count| count / n as f64)
}

/// The same for a Poisson count, as a ratio to `expected`. `None` unless expected > 0 and 0 < p < 1.
pub fn interpolated_poisson_limits(expected: f64, p: f64) -> Option<f64> {
    let model = Poisson::new(expected)?;
    interpolated(&model, p).map(|count| count / expected)
}

fn interpolated(model: &impl CountModel, p: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0) {
        return None;
    }
    let (count, below_or_at, at) = model.distribution().first_above(p);
    Some((count as f64 - (below_or_at - p) / at).max(0.0))
}
