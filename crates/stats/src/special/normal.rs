//! The standard normal distribution.

use std::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2};

use statrs::function::erf::{erfc, erfc_inv};

/// Φ(x), the standard normal distribution function: ½ erfc(−x/√2). NaN only for a NaN argument.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x * FRAC_1_SQRT_2)
}

/// The probability of a standard normal beyond ±|z|: the two-sided p-value of `z`.
pub fn normal_two_sided(z: f64) -> f64 {
    erfc(z.abs() * FRAC_1_SQRT_2)
}

/// Φ⁻¹(p). `None` unless 0 < p < 1. The inverse of statrs, with one step of Halley on Φ.
pub fn normal_quantile(p: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0) {
        return None;
    }
    if p > 0.5 {
        return lower_half(1.0 - p).map(|x| -x);
    }
    lower_half(p)
}

fn lower_half(p: f64) -> Option<f64> {
    if p == 0.5 {
        return Some(0.0);
    }
    let x = -SQRT_2 * erfc_inv(2.0 * p);
    let density = (-0.5 * x * x).exp() / (2.0 * PI).sqrt();
    let newton = (normal_cdf(x) - p) / density;
    let polished = x - newton / (1.0 + 0.5 * x * newton);
    if polished.is_finite() {
        Some(polished)
    } else {
        x.is_finite().then_some(x)
    }
}

/// Φ⁻¹(exp(l)) for a logarithm of a probability, also where exp(l) is too small for an f64.
///
/// In that far tail it solves ln Φ(−x) = −x²/2 − ln x − ½ ln 2π + ln(1 − 1/x² + 3/x⁴ − 15/x⁶)
/// (Abramowitz and Stegun 26.2.12). `None` for l ≥ 0 or NaN.
pub(crate) fn normal_quantile_of_logarithm(logarithm: f64) -> Option<f64> {
    if logarithm > -690.0 {
        return normal_quantile(logarithm.exp());
    }
    if !logarithm.is_finite() {
        return None;
    }
    let mut x = (-2.0 * logarithm).sqrt();
    for _ in 0..50 {
        let inverse = 1.0 / (x * x);
        let series = 1.0 - inverse * (1.0 - inverse * (3.0 - 15.0 * inverse));
        let value = -0.5 * x * x - x.ln() - 0.5 * (2.0 * PI).ln() + series.ln();
        let step = (value - logarithm) / (x + 1.0 / x);
        x += step;
        if step.abs() < 1e-14 * x {
            break;
        }
    }
    Some(-x)
}
