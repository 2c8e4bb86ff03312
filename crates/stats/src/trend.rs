//! Change over years (§10). One provider, two to seven years; x is the year.

use crate::special::normal_two_sided;

/// A linear trend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// The test statistic, standard normal without a trend; positive is rising. Its square is the χ² of
    /// Cochran and Armitage.
    pub statistic: f64,
    /// Two-sided p-value.
    pub p_value: f64,
    /// Change per year, in the unit of the indicator.
    pub slope: f64,
    /// Standard error of the slope, the one the statistic uses.
    pub standard_error: f64,
}

impl Trend {
    fn new(slope: f64, standard_error: f64) -> Option<Self> {
        let statistic = slope / standard_error;
        (statistic.is_finite() && standard_error > 0.0).then(|| Self {
            statistic,
            p_value: normal_two_sided(statistic),
            slope,
            standard_error,
        })
    }
}

/// Weighted sums around the weighted mean of x: (Σw(x − x̄)y, Σw(x − x̄)²), from (x, y, w).
fn centred(points: impl Iterator<Item = (f64, f64, f64)> + Clone) -> (f64, f64) {
    let weight: f64 = points.clone().map(|(_, _, w)| w).sum();
    let mean = points.clone().map(|(x, _, w)| w * x).sum::<f64>() / weight;
    let product = points.clone().map(|(x, y, w)| w * (x - mean) * y).sum();
    let square = points.map(|(x, _, w)| w * (x - mean).powi(2)).sum();
    (product, square)
}

/// The Cochran-Armitage trend of shares over (x, events, n): slope as share per year, variance p̄q̄/Σn(x−x̄)².
/// Years with n = 0 do not count. `None` when fewer than two distinct years remain, when there are none or
/// only events, or when events > n.
pub fn trend_proportions(years: &[(f64, u64, u64)]) -> Option<Trend> {
    if years.iter().any(|(_, events, n)| events > n) {
        return None;
    }
    let events: u64 = years.iter().map(|(_, events, _)| events).sum();
    let total: u64 = years.iter().map(|(_, _, n)| n).sum();
    let p = events as f64 / total as f64;
    let used = years.iter().filter(|(_, _, n)| *n > 0);
    let (product, square) =
        centred(used.map(|(x, events, n)| (*x, *events as f64 / *n as f64 - p, *n as f64)));
    Trend::new(product / square, (p * (1.0 - p) / square).sqrt())
}

/// The weighted least squares trend of means over (x, mean, n), weights 1/(σ²/n + τ²) with τ² the provider's
/// own year-to-year variance: slope in the unit of the mean per year. Years with n not positive do not
/// count. `None` when fewer than two distinct years remain or a variance is negative or both are 0.
pub fn trend_means(
    years: &[(f64, f64, f64)],
    within_variance: f64,
    between_years_variance: f64,
) -> Option<Trend> {
    if !(within_variance >= 0.0 && between_years_variance >= 0.0) {
        return None;
    }
    let used = years.iter().filter(|(_, _, n)| *n > 0.0);
    let (product, square) = centred(used.map(|(x, mean, n)| {
        (
            *x,
            *mean,
            1.0 / (within_variance / n + between_years_variance),
        )
    }));
    Trend::new(product / square, 1.0 / square.sqrt())
}

/// The trend of counts over (x, observed, expected): the score test of a log-linear Poisson slope. The slope
/// is the change of O/E per year. Years with expected not positive do not count. `None` when fewer than two
/// distinct years remain or nothing was observed.
pub fn trend_counts(years: &[(f64, u64, f64)]) -> Option<Trend> {
    let used = years.iter().filter(|(_, _, expected)| *expected > 0.0);
    let observed: u64 = used.clone().map(|(_, observed, _)| observed).sum();
    let expected: f64 = used.clone().map(|(_, _, expected)| expected).sum();
    let rate = observed as f64 / expected;
    let (product, square) =
        centred(used.map(|(x, observed, e)| (*x, *observed as f64 / e - rate, *e)));
    Trend::new(product / square, (rate / square).sqrt())
}

/// The provider's own change less the national change, so that a national shift is not credited to it: slopes
/// and standard errors combine as independent. `None` when the result is not finite.
pub fn trend_contrast(own: &Trend, national: &Trend) -> Option<Trend> {
    Trend::new(
        own.slope - national.slope,
        own.standard_error.hypot(national.standard_error),
    )
}
