//! Where a provider stands against its target, and the funnel lines of the same rule (§6.2, 6.3, 6.5, 6.6).
//!
//! One rule drives label and line: for every count or mean, |z| ≥ q is the same event as lying on or
//! outside the line for q.

use crate::count_model::{BetaBinomial, Binomial, CountModel, NegativeBinomial, Poisson};
use crate::interval::Z998;
use crate::special::normal_cdf;

/// The funnel lines at one n, in the unit of the indicator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The lower line; `None` where no result can be low enough (say so, do not draw 0).
    pub lower: Option<f64>,
    /// The upper line; `None` where no result can be high enough.
    pub upper: Option<f64>,
}

impl Limits {
    pub(crate) const ABSENT: Self = Self {
        lower: None,
        upper: None,
    };
}

/// The mid-P z of a share against `target`, with intraclass correlation `rho` between providers: the normal
/// deviate of F(y−1) + ½f(y) under the beta-binomial, or under the binomial at rho = 0 (§6.2, 6.5).
///
/// Always finite. `None` when n = 0, events > n, target is not strictly between 0 and 1 (nobody or
/// everybody has the event), or rho is not in 0..1.
pub fn z_proportion(events: u64, n: u64, target: f64, rho: f64) -> Option<f64> {
    if events > n {
        return None;
    }
    if rho == 0.0 {
        return Binomial::new(n, target)?.mid_p_z(events);
    }
    BetaBinomial::new(n, target, rho)?.mid_p_z(events)
}

/// The mid-P z of a count against its expected count, with relative variance `tau2` between providers: under
/// the negative binomial with size 1/τ², or Poisson at tau2 = 0 (§6.5). `None` unless expected > 0 and
/// tau2 ≥ 0.
pub fn z_count(observed: u64, expected: f64, tau2: f64) -> Option<f64> {
    if tau2 == 0.0 {
        return Poisson::new(expected)?.mid_p_z(observed);
    }
    NegativeBinomial::new(expected, tau2)?.mid_p_z(observed)
}

/// The lines for shares at one `n`, as shares: where the piecewise linear mid-P probability crosses Φ(−z)
/// and 1 − Φ(−z) (§6.6). Both absent where [`z_proportion`] has no answer, or z is not positive.
///
/// The target lies between them unless μ(1−ρ)/ρ or (1−μ)(1−ρ)/ρ is below 0.013: with events that rare and
/// providers that different, even one event among many cases is exceptional.
pub fn limits_proportion(n: u64, target: f64, rho: f64, z: f64) -> Limits {
    let [limits] = lines_proportion(n, target, rho, [z]);
    limits
}

/// [`limits_proportion`] at several z, from one distribution.
pub fn lines_proportion<const LINES: usize>(n: u64, target: f64, rho: f64, z: [f64; LINES]) -> [Limits; LINES] {
    let distribution = if rho == 0.0 {
        Binomial::new(n, target).map(|model| model.distribution())
    } else {
        BetaBinomial::new(n, target, rho).map(|model| model.distribution())
    };
    let share = |count: Option<f64>| count.map(|count| count / n as f64);
    z.map(|z| match &distribution {
        Some(distribution) if z > 0.0 => {
            let (lower, upper) = distribution.crossings(normal_cdf(-z));
            Limits { lower: share(lower), upper: share(upper) }
        }
        _ => Limits::ABSENT,
    })
}

/// The lines for counts at one expected count, as counts (divide by `expected` for O/E). The upper line
/// always exists; both are absent where [`z_count`] has no answer, or z is not positive.
pub fn limits_count(expected: f64, tau2: f64, z: f64) -> Limits {
    let crossings = if z.is_nan() || z <= 0.0 {
        None
    } else if tau2 == 0.0 {
        Poisson::new(expected).map(|model| model.distribution().crossings(normal_cdf(-z)))
    } else {
        NegativeBinomial::new(expected, tau2)
            .map(|model| model.distribution().crossings(normal_cdf(-z)))
    };
    crossings.map_or(Limits::ABSENT, |(lower, upper)| Limits { lower, upper })
}

/// The spread of a provider mean around its target, and how skewed it is.
struct MeanModel {
    standard_error: f64,
    /// A sixth of the skewness g of the mean (§6.3), kept within what the correction can carry.
    sixth: f64,
}

/// The largest |g|/6 for which the corrected scale still increases at the 99.8 % line: 1/(2·3.0902).
const LARGEST_SIXTH: f64 = 0.5 / Z998;

impl MeanModel {
    fn new(
        n: f64,
        total_n: Option<f64>,
        within_variance: f64,
        tau2: f64,
        within_skewness: f64,
    ) -> Option<Self> {
        let usable = n > 0.0
            && n.is_finite()
            && within_variance >= 0.0
            && tau2 >= 0.0
            && within_skewness.is_finite()
            && total_n.is_none_or(|total| total >= n);
        if !usable {
            return None;
        }
        let own = total_n.map_or(1.0 / n, |total| 1.0 / n - 1.0 / total);
        let variance = within_variance * own + tau2;
        if !(variance > 0.0 && variance.is_finite()) {
            return None;
        }
        // g = γ σ³ n⁻² / (σ²/n + τ²)^(3/2)
        let third = within_skewness * within_variance.powf(1.5) / (n * n);
        let skewness = third / (within_variance / n + tau2).powf(1.5);
        let sixth = (skewness / 6.0).clamp(-0.99 * LARGEST_SIXTH, 0.99 * LARGEST_SIXTH);
        Some(Self {
            standard_error: variance.sqrt(),
            sixth,
        })
    }

    /// q + (q² − 1) g/6: how many standard errors from the target a deviate of q lies. Beyond the 99.8 %
    /// line on the short side the parabola would turn back; from there it goes on with slope 1.
    fn standardised(&self, q: f64) -> f64 {
        let turn = -Z998 * self.sixth.signum();
        let parabola = |q: f64| q + (q * q - 1.0) * self.sixth;
        if (q - turn) * turn.signum() > 0.0 {
            parabola(turn) + (q - turn)
        } else {
            parabola(q)
        }
    }

    /// The inverse of `standardised`.
    fn deviate(&self, standardised: f64) -> f64 {
        let turn = -Z998 * self.sixth.signum();
        let at_turn = self.standardised(turn);
        if (standardised - at_turn) * turn.signum() > 0.0 {
            return turn + (standardised - at_turn);
        }
        let sum = self.sixth + standardised;
        2.0 * sum / (1.0 + (1.0 + 4.0 * self.sixth * sum).max(0.0).sqrt())
    }
}

/// The z of a provider mean against its expected value, in standard deviations of the reference
/// distribution (§6.3, 6.5, 6.10).
///
/// With r = (mean − expected)/√(s² + τ²), z solves z + (z² − 1)g/6 = r (first order Cornish-Fisher), so
/// that |z| > q is the same event as lying outside [`limits_mean`] at q. s² is σ²/n, or σ²(1/n − 1/N) when
/// `total_n` (N) is given because the provider is part of its own target. g = γσ³n⁻²/(σ²/n + τ²)^(3/2) with γ
/// the skewness within providers; 0 means a plain normal. |g| above 0.96 (γ = 3 at n < 10) is held there:
/// beyond it the correction would no longer be increasing.
///
/// `None` when n is not positive, N < n, a variance is negative, or s² + τ² is zero.
pub fn z_mean(
    mean: f64,
    expected: f64,
    n: f64,
    total_n: Option<f64>,
    within_variance: f64,
    tau2: f64,
    within_skewness: f64,
) -> Option<f64> {
    let model = MeanModel::new(n, total_n, within_variance, tau2, within_skewness)?;
    let z = model.deviate((mean - expected) / model.standard_error);
    z.is_finite().then_some(z)
}

/// The lines for means at one `n`: expected + (±z + (z² − 1)g/6)√(s² + τ²), the same rule as [`z_mean`].
/// Not clipped to the scale of the indicator: a line outside it is one that nobody can cross. Both absent
/// where [`z_mean`] has no answer, or z is not positive.
pub fn limits_mean(
    n: f64,
    expected: f64,
    total_n: Option<f64>,
    within_variance: f64,
    tau2: f64,
    within_skewness: f64,
    z: f64,
) -> Limits {
    let model = MeanModel::new(n, total_n, within_variance, tau2, within_skewness);
    let (Some(model), true, true) = (model, z > 0.0 && z.is_finite(), expected.is_finite()) else {
        return Limits::ABSENT;
    };
    Limits {
        lower: Some(expected + model.standardised(-z) * model.standard_error),
        upper: Some(expected + model.standardised(z) * model.standard_error),
    }
}
