//! What next year is likely to show, from this year's result and what providers are like: an exceptional result
//! is mostly followed by a less exceptional one (§10; regression to the mean, Galton 1886).

use crate::count_model::{BetaBinomial, Binomial, CountModel};
use crate::interval::{Interval, Z95};
use crate::shrinkage::{shrink_mean, shrink_proportion};

/// The forecast of one provider's result in another year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// The most plausible level, as in [`crate::Shrunken`], in the unit of the indicator.
    pub value: f64,
    /// Where the result of the next year lies with at least 95 % probability when neither the level of the
    /// provider nor that of the nation changes.
    pub interval: Interval,
}

/// The forecast of a share among `next_n` cases, from `events` of `n` now: the posterior mean, and the central
/// 95 % of the beta-binomial (binomial at ρ = 0) that follows from the posterior, as shares. `None` when
/// next_n = 0 and as for [`shrink_proportion`].
#[must_use]
pub fn forecast_proportion(events: u64, n: u64, target: f64, rho: f64, next_n: u64) -> Option<Forecast> {
    let shrunken = shrink_proportion(events, n, target, rho)?;
    let size = (1.0 - rho) / rho + n as f64;
    let distribution = match BetaBinomial::new(next_n, shrunken.value, 1.0 / (1.0 + size)) {
        Some(model) => model.distribution(),
        None => Binomial::new(next_n, shrunken.value)?.distribution(),
    };
    let share = |p: f64| distribution.quantile(p) as f64 / next_n as f64;
    Some(Forecast { value: shrunken.value, interval: Interval::checked(share(0.025), share(0.975))? })
}

/// The forecast of a mean of `next_n` cases, from `mean` of `n` now: the posterior mean ±
/// 1.96√((1 − B)τ² + σ²/next_n), in the unit of the mean. `None` when next_n is not positive and as for
/// [`shrink_mean`].
#[must_use]
pub fn forecast_mean(
    mean: f64,
    expected: f64,
    n: f64,
    within_variance: f64,
    tau2: f64,
    next_n: f64,
) -> Option<Forecast> {
    let shrunken = shrink_mean(mean, expected, n, within_variance, tau2)?;
    let half = Z95 * ((1.0 - shrunken.reliability) * tau2 + within_variance / next_n).sqrt();
    let interval = Interval::checked(shrunken.value - half, shrunken.value + half)?;
    (next_n > 0.0).then_some(Forecast { value: shrunken.value, interval })
}
