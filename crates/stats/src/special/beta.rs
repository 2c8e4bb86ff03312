//! The incomplete beta function, its inverse, and Student's t.

use std::f64::consts::PI;

use super::gamma::{deviance, ln_gamma_of_positive, stirling_remainder};
use super::{ITERATIONS, increasing_root};

/// xᵃ yᵇ / B(a, b) with y = 1 − x given separately, for a, b, x, y > 0.
fn beta_power(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    if n < 15.0 {
        let constant = ln_gamma_of_positive(n) - ln_gamma_of_positive(a) - ln_gamma_of_positive(b);
        return (constant + a * x.ln() + b * y.ln()).exp();
    }
    // Loader's form of the binomial density: Γ(n+1)/(Γ(a+1)Γ(b+1)) xᵃ yᵇ.
    let exponent = stirling_remainder(n)
        - stirling_remainder(a)
        - stirling_remainder(b)
        - deviance(a, n * x)
        - deviance(b, n * y);
    exponent.exp() * (n / (2.0 * PI * a * b)).sqrt() * a * b / n
}

/// Lentz's continued fraction of the incomplete beta function (DLMF 8.17.22), for x below the mean.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..ITERATIONS {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let change = d * c;
        fraction *= change;
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    fraction
}

/// Both tails (I_x(a,b), 1 − I_x(a,b)), with y = 1 − x given separately.
fn beta_tails(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if y <= 0.0 {
        return (1.0, 0.0);
    }
    let power = beta_power(a, b, x, y);
    if x <= (a + 1.0) / (a + b + 2.0) {
        let lower = (power * beta_fraction(a, b, x) / a).min(1.0);
        (lower, 1.0 - lower)
    } else {
        let upper = (power * beta_fraction(b, a, y) / b).min(1.0);
        (1.0 - upper, upper)
    }
}

fn positive(value: f64) -> bool {
    value > 0.0 && value.is_finite()
}

/// I_x(a, b), the regularized incomplete beta function. `None` unless a, b > 0 and 0 ≤ x ≤ 1.
pub fn beta_regularized(a: f64, b: f64, x: f64) -> Option<f64> {
    (positive(a) && positive(b) && (0.0..=1.0).contains(&x)).then(|| beta_tails(a, b, x, 1.0 - x).0)
}

/// The x with I_x(a, b) = p: a quantile of the beta distribution. `None` unless a, b > 0 and 0 < p < 1.
pub fn beta_quantile(a: f64, b: f64, p: f64) -> Option<f64> {
    (positive(a) && positive(b) && p > 0.0 && p < 1.0).then(|| beta_quantile_pair(a, b, p).0)
}

/// The beta quantile and its complement, both with relative precision: Newton on the logarithm of the
/// nearer tail, in ln(x/(1−x)).
fn beta_quantile_pair(a: f64, b: f64, p: f64) -> (f64, f64) {
    let split = |s: f64| {
        let small = (-s.abs()).exp();
        let (near, far) = (small / (1.0 + small), 1.0 / (1.0 + small));
        if s <= 0.0 { (near, far) } else { (far, near) }
    };
    let root = increasing_root(-740.0, 740.0, (a / b).ln(), |s| {
        let (x, y) = split(s);
        let (lower, upper) = beta_tails(a, b, x, y);
        let slope = beta_power(a, b, x, y);
        if p <= 0.5 {
            ((lower / p).ln(), slope / lower)
        } else {
            ((1.0 - p).ln() - upper.ln(), slope / upper)
        }
    });
    split(root)
}

/// The probability that Student's t with `df` degrees of freedom exceeds `x`. `None` unless df > 0.
pub fn student_t_upper_tail(x: f64, df: f64) -> Option<f64> {
    student_t_cdf(-x, df)
}

/// The distribution function of Student's t with `df` degrees of freedom, relative precision in the lower
/// tail. `None` unless df > 0 and x is a number.
pub fn student_t_cdf(x: f64, df: f64) -> Option<f64> {
    if !positive(df) || x.is_nan() {
        return None;
    }
    if x.is_infinite() {
        return Some(if x > 0.0 { 1.0 } else { 0.0 });
    }
    let square = x * x;
    let tail = if square.is_infinite() {
        0.0
    } else {
        let total = df + square;
        0.5 * beta_tails(0.5 * df, 0.5, df / total, square / total).0
    };
    Some(if x > 0.0 { 1.0 - tail } else { tail })
}

/// The p-quantile of Student's t with `df` degrees of freedom. `None` unless df > 0 and 0 < p < 1.
pub fn student_t_quantile(p: f64, df: f64) -> Option<f64> {
    if !(positive(df) && p > 0.0 && p < 1.0) {
        return None;
    }
    if p == 0.5 {
        return Some(0.0);
    }
    let tail = p.min(1.0 - p);
    let (x, y) = beta_quantile_pair(0.5 * df, 0.5, 2.0 * tail);
    let size = (df * y / x).sqrt();
    Some(if p < 0.5 { -size } else { size })
}
