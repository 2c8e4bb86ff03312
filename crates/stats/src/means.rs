//! Moments, and intervals of a mean (§6.1).

use crate::interval::{Interval, tail_of};
use crate::special::student_t_quantile;

/// The moments of one provider's values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// How many values.
    pub n: u64,
    /// Their mean, in their unit.
    pub mean: f64,
    /// The sample standard deviation (n − 1), in their unit; `None` when n < 2.
    pub sd: Option<f64>,
    /// Σ(x − mean)³, in their unit cubed; pooled over providers by [`crate::within_skewness`].
    pub third_central_sum: f64,
}

/// Mean, standard deviation and third central sum, in two passes in the order given.
/// `None` when there are no values or one is not finite.
pub fn moments(values: &[f64]) -> Option<Moments> {
    if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let n = values.len() as f64;
    let rough = values.iter().sum::<f64>() / n;
    // The second pass removes the rounding of the first sum; all-equal values give exactly that value.
    let mean = rough + values.iter().map(|value| value - rough).sum::<f64>() / n;
    let (mut squares, mut cubes) = (0.0, 0.0);
    for value in values {
        let deviation = value - mean;
        squares += deviation * deviation;
        cubes += deviation * deviation * deviation;
    }
    let sd = (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
    (mean.is_finite() && cubes.is_finite() && squares.is_finite()).then_some(Moments {
        n: values.len() as u64,
        mean,
        sd,
        third_central_sum: cubes,
    })
}

/// Student's t interval of a mean on its own standard deviation, n − 1 degrees of freedom. In the unit of
/// the mean; a point when sd = 0. `None` when n < 2, sd < 0, or confidence is not between 0 and 1.
pub fn student_t_interval(n: u64, mean: f64, sd: f64, confidence: f64) -> Option<Interval> {
    if n < 2 {
        return None;
    }
    t_interval_with_df(n, mean, sd, (n - 1) as f64, confidence)
}

/// Student's t interval of a mean with a standard deviation from elsewhere: for n < 10, the national
/// within-provider one with N − k degrees of freedom (§6.1). `None` when n = 0, sd < 0, df ≤ 0, or
/// confidence is not between 0 and 1.
pub fn t_interval_with_df(
    n: u64,
    mean: f64,
    sd: f64,
    df: f64,
    confidence: f64,
) -> Option<Interval> {
    let tail = tail_of(confidence)?;
    if n == 0 || sd.is_nan() || sd < 0.0 {
        return None;
    }
    let half = student_t_quantile(1.0 - tail, df)? * sd / (n as f64).sqrt();
    Interval::checked(mean - half, mean + half)
}

/// Welch's interval of the difference of two independent means, a minus b, with Satterthwaite's degrees of
/// freedom. In the unit of the means; a point when both standard deviations are 0. `None` when either n < 2,
/// an sd is negative, or confidence is not between 0 and 1.
pub fn welch_difference(
    n_a: u64,
    mean_a: f64,
    sd_a: f64,
    n_b: u64,
    mean_b: f64,
    sd_b: f64,
    confidence: f64,
) -> Option<Interval> {
    let tail = tail_of(confidence)?;
    if n_a < 2 || n_b < 2 || !(sd_a >= 0.0 && sd_b >= 0.0) {
        return None;
    }
    let (a, b) = (sd_a * sd_a / n_a as f64, sd_b * sd_b / n_b as f64);
    let variance = a + b;
    let difference = mean_a - mean_b;
    if variance == 0.0 {
        return Interval::checked(difference, difference);
    }
    let df = variance * variance / (a * a / (n_a - 1) as f64 + b * b / (n_b - 1) as f64);
    let half = student_t_quantile(1.0 - tail, df)? * variance.sqrt();
    Interval::checked(difference - half, difference + half)
}
