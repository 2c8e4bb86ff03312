//! The logarithm of the gamma function, the incomplete gamma function and its inverse.

use std::f64::consts::PI;

use super::{ITERATIONS, increasing_root};

/// Euler's constant, taken from one.
const ONE_MINUS_EULER: f64 = 0.422_784_335_098_467_14;

/// ζ(k) − 1 for k = 2 … 33.
const ZETA_MINUS_ONE: [f64; 32] = [
    0.644_934_066_848_226_4,
    0.202_056_903_159_594_3,
    0.082_323_233_711_138_19,
    0.036_927_755_143_369_93,
    0.017_343_061_984_449_14,
    0.008_349_277_381_922_827,
    0.004_077_356_197_944_339,
    0.002_008_392_826_082_214_4,
    0.000_994_575_127_818_085_3,
    0.000_494_188_604_119_464_6,
    0.000_246_086_553_308_048_3,
    0.000_122_713_347_578_489_15,
    6.124_813_505_870_483e-5,
    3.058_823_630_702_049e-5,
    1.528_225_940_865_187e-5,
    7.637_197_637_899_762e-6,
    3.817_293_264_999_84e-6,
    1.908_212_716_553_939e-6,
    9.539_620_338_727_96e-7,
    4.769_329_867_878_064e-7,
    2.384_505_027_277_33e-7,
    1.192_199_259_653_110_7e-7,
    5.960_818_905_125_948e-8,
    2.980_350_351_465_228e-8,
    1.490_155_482_836_504e-8,
    7.450_711_789_835_43e-9,
    3.725_334_024_788_457e-9,
    1.862_659_723_513_049e-9,
    9.313_274_324_196_682e-10,
    4.656_629_065_033_784e-10,
    2.328_311_833_676_505_5e-10,
    1.164_155_017_270_052e-10,
];

/// ln Γ(x) for x > 0; `None` otherwise.
///
/// Near its zeros at 1 and 2 the series ln Γ(2+w) = w(1−γ) + Σ (−1)ᵏ (ζ(k)−1) wᵏ/k keeps the relative
/// precision (Abramowitz and Stegun 6.1.33); elsewhere statrs.
pub fn ln_gamma(x: f64) -> Option<f64> {
    (x > 0.0 && x.is_finite()).then(|| ln_gamma_of_positive(x))
}

pub(super) fn ln_gamma_of_positive(x: f64) -> f64 {
    if (1.5..=2.5).contains(&x) {
        ln_gamma_near_two(x - 2.0)
    } else if (0.5..1.5).contains(&x) {
        // Γ(1+w) = Γ(2+w)/(1+w)
        let w = x - 1.0;
        ln_gamma_near_two(w) - w.ln_1p()
    } else if x < 0.5 {
        // Γ(x) = Γ(1+x)/x, and 1+x lies in the range above.
        ln_gamma_near_two(x) - x.ln_1p() - x.ln()
    } else {
        statrs::function::gamma::ln_gamma(x)
    }
}

fn ln_gamma_near_two(w: f64) -> f64 {
    let mut sum = 0.0;
    for (index, coefficient) in ZETA_MINUS_ONE.iter().enumerate().rev() {
        let k = (index + 2) as f64;
        let sign = if index % 2 == 0 { 1.0 } else { -1.0 };
        sum = sum * w + sign * coefficient / k;
    }
    w * (ONE_MINUS_EULER + w * sum)
}

/// ln Γ(n+1) − [(n+½) ln n − n + ½ ln 2π], for n > 0: what Stirling's formula leaves.
pub(super) fn stirling_remainder(n: f64) -> f64 {
    if n < 15.0 {
        return ln_gamma_of_positive(n + 1.0) - (n + 0.5) * n.ln() + n - 0.5 * (2.0 * PI).ln();
    }
    let s = 1.0 / (n * n);
    (1.0 / 12.0
        - s * (1.0 / 360.0
            - s * (1.0 / 1260.0
                - s * (1.0 / 1680.0 - s * (1.0 / 1188.0 - s * (691.0 / 360_360.0 - s / 156.0))))))
        / n
}

/// x ln(x/m) + m − x without cancellation: the deviance of Loader (2000), "Fast and accurate computation
/// of binomial probabilities".
pub(super) fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * (x / m).ln() + m - x;
    }
    let v = (x - m) / (x + m);
    let mut sum = (x - m) * v;
    let mut term = 2.0 * x * v;
    for j in 1..1000 {
        term *= v * v;
        let next = sum + term / f64::from(2 * j + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// xᵃ e⁻ˣ / Γ(a+1), for a > 0 and x > 0.
fn poisson_density(a: f64, x: f64) -> f64 {
    if a < 15.0 {
        return (a * x.ln() - x - ln_gamma_of_positive(a + 1.0)).exp();
    }
    (-stirling_remainder(a) - deviance(a, x)).exp() / (2.0 * PI * a).sqrt()
}

/// Both tails (lower, upper) of the regularized incomplete gamma function, for a > 0 and x ≥ 0.
fn gamma_tails(a: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if !x.is_finite() {
        return (1.0, 0.0);
    }
    let density = poisson_density(a, x);
    if x < a + 1.0 {
        // P = xᵃ e⁻ˣ/Γ(a+1) · Σ xᵏ/((a+1)…(a+k)), DLMF 8.11.4.
        let (mut term, mut sum, mut k) = (1.0, 1.0, 1.0);
        for _ in 0..ITERATIONS {
            term *= x / (a + k);
            sum += term;
            k += 1.0;
            if term < sum * 1e-17 {
                break;
            }
        }
        let lower = (density * sum).min(1.0);
        (lower, 1.0 - lower)
    } else {
        // Q by Lentz's continued fraction, DLMF 8.9.2.
        const TINY: f64 = 1e-300;
        let mut b = x + 1.0 - a;
        let mut c = 1.0 / TINY;
        let mut d = 1.0 / b;
        let mut fraction = d;
        for i in 1..ITERATIONS {
            let i = f64::from(i);
            let numerator = -i * (i - a);
            b += 2.0;
            d = numerator * d + b;
            if d.abs() < TINY {
                d = TINY;
            }
            c = b + numerator / c;
            if c.abs() < TINY {
                c = TINY;
            }
            d = 1.0 / d;
            let change = d * c;
            fraction *= change;
            if (change - 1.0).abs() < 1e-16 {
                break;
            }
        }
        let upper = (density * a * fraction).min(1.0);
        (1.0 - upper, upper)
    }
}

/// P(a, x), the lower regularized incomplete gamma function. `None` unless a > 0 and x ≥ 0.
pub fn gamma_regularized(a: f64, x: f64) -> Option<f64> {
    (a > 0.0 && a.is_finite() && x >= 0.0).then(|| gamma_tails(a, x).0)
}

/// Q(a, x) = 1 − P(a, x) with its own relative precision. `None` unless a > 0 and x ≥ 0.
pub fn gamma_regularized_upper(a: f64, x: f64) -> Option<f64> {
    (a > 0.0 && a.is_finite() && x >= 0.0).then(|| gamma_tails(a, x).1)
}

/// The probability that χ² with `df` degrees of freedom exceeds `x`. `None` unless df > 0 and x ≥ 0.
pub fn chi_squared_upper_tail(x: f64, df: f64) -> Option<f64> {
    gamma_regularized_upper(0.5 * df, 0.5 * x)
}

/// The x with P(a, x) = p: a quantile of the gamma distribution with shape `a` and scale 1.
/// `None` unless a > 0 and 0 < p < 1.
pub fn gamma_quantile(a: f64, p: f64) -> Option<f64> {
    if !(a > 0.0 && a.is_finite() && p > 0.0 && p < 1.0) {
        return None;
    }
    // Newton on the logarithm of the nearer tail, in ln x.
    let root = increasing_root(-740.0, 700.0, a.ln(), |s| {
        let x = s.exp();
        let (lower, upper) = gamma_tails(a, x);
        let slope = poisson_density(a, x) * a;
        if p <= 0.5 {
            ((lower / p).ln(), slope / lower)
        } else {
            ((1.0 - p).ln() - upper.ln(), slope / upper)
        }
    });
    Some(root.exp())
}
