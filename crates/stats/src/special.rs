//! Special functions, gated against mpmath to 1e-10 (inverses 1e-8), in both tails.
//!
//! Quantiles and functions with a parameter domain answer `None` outside it, never NaN.

mod beta;
mod gamma;
mod normal;

pub use beta::{
    beta_quantile, beta_regularized, student_t_cdf, student_t_quantile, student_t_upper_tail,
};
pub use gamma::{
    chi_squared_upper_tail, gamma_quantile, gamma_regularized, gamma_regularized_upper, ln_gamma,
};
pub use normal::{normal_cdf, normal_quantile, normal_two_sided};

pub(crate) use normal::normal_quantile_of_logarithm;

/// Iterations after which a series or continued fraction stops; about the square root of the largest
/// parameter is needed, so this suffices up to parameters of 1e9.
const ITERATIONS: u32 = 400_000;

/// The root of an increasing function between `low` and `high`: Newton's steps, bisection when one leaves
/// the bracket. `value_and_slope` gives the function (zero at the root) and its derivative.
fn increasing_root(
    mut low: f64,
    mut high: f64,
    start: f64,
    value_and_slope: impl Fn(f64) -> (f64, f64),
) -> f64 {
    let mut point = start.clamp(low, high);
    for _ in 0..300 {
        let (value, slope) = value_and_slope(point);
        if value == 0.0 {
            return point;
        }
        if value < 0.0 {
            low = point;
        } else {
            high = point;
        }
        let newton = point - value / slope;
        let inside = newton.is_finite() && newton > low && newton < high;
        let next = if inside { newton } else { 0.5 * (low + high) };
        let step = (next - point).abs();
        point = next;
        if step <= 1e-15 * point.abs().max(1.0) {
            break;
        }
    }
    point
}
