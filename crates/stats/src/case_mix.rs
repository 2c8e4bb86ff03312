//! The z of a count whose cases have different predicted probabilities (§6.2, 6.5).

use std::f64::consts::PI;

use crate::special::normal_quantile;

/// Above this many cases the exact distribution is replaced by a normal one.
const MOST_EXACT_CASES: usize = 300;

/// Nodes of the Gauss-Hermite rule.
const NODES: usize = 31;

/// The mid-P z of `observed` events among cases with the probabilities of a case-mix model, without
/// variation between providers: exact Poisson-binomial up to 300 cases, (O − E)/√V above.
///
/// `None` when there are no cases, more events than cases, a probability is outside 0..=1, or no outcome is
/// uncertain; and where the mid-P probability underflows.
pub fn z_poisson_binomial(observed: u64, probabilities: &[f64]) -> Option<f64> {
    z_adjusted_count(observed, probabilities, 0.0)
}

/// The mid-P z of `observed` events under a case-mix model with variance `tau2` between providers on the
/// log-odds scale.
///
/// The Poisson-binomial is mixed over u ~ N(0, τ²) by 31 Gauss-Hermite nodes, with
/// p(u) = expit(logit p + a + u) and the shift a such that the expected count stays Σp. Above 300 cases it is
/// (O − E)/√(V + τ²V²). `None` as for [`z_poisson_binomial`], and when tau2 is negative.
pub fn z_adjusted_count(observed: u64, probabilities: &[f64], tau2: f64) -> Option<f64> {
    let n = probabilities.len();
    let possible = probabilities.iter().all(|p| (0.0..=1.0).contains(p));
    if n == 0 || observed > n as u64 || !possible || !(tau2 >= 0.0 && tau2.is_finite()) {
        return None;
    }
    let expected: f64 = probabilities.iter().sum();
    let variance: f64 = probabilities.iter().map(|p| p * (1.0 - p)).sum();
    if variance <= 0.0 {
        return None;
    }
    if n > MOST_EXACT_CASES {
        return Some((observed as f64 - expected) / (variance + tau2 * variance * variance).sqrt());
    }
    let nodes = if tau2 == 0.0 {
        vec![(0.0, 1.0)]
    } else {
        hermite_nodes(tau2.sqrt())
    };
    let shift = if tau2 == 0.0 {
        0.0
    } else {
        calibrating_shift(probabilities, &nodes, expected)
    };
    let (mut lower, mut upper) = (0.0, 0.0);
    for (effect, weight) in &nodes {
        let moved: Vec<f64> = probabilities
            .iter()
            .map(|p| shifted(*p, shift + effect))
            .collect();
        let (below, above) = mid_p_tails(observed as usize, &moved);
        lower += weight * below;
        upper += weight * above;
    }
    if lower <= upper {
        normal_quantile(lower)
    } else {
        normal_quantile(upper).map(|z| -z)
    }
}

/// expit(logit p + shift); certain outcomes stay certain.
fn shifted(p: f64, shift: f64) -> f64 {
    if shift == 0.0 || p == 0.0 || p == 1.0 {
        return p;
    }
    let odds = p / (1.0 - p) * shift.exp();
    if odds.is_infinite() {
        1.0
    } else {
        odds / (1.0 + odds)
    }
}

/// The shift a with Σ_nodes w Σ p(a + u) = expected, by bisection on an increasing function.
fn calibrating_shift(probabilities: &[f64], nodes: &[(f64, f64)], expected: f64) -> f64 {
    let total = |shift: f64| -> f64 {
        let at = |effect: f64| {
            probabilities
                .iter()
                .map(|p| shifted(*p, shift + effect))
                .sum::<f64>()
        };
        nodes
            .iter()
            .map(|(effect, weight)| weight * at(*effect))
            .sum()
    };
    let (mut low, mut high) = (-50.0, 50.0);
    for _ in 0..70 {
        let middle = 0.5 * (low + high);
        if total(middle) < expected {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// P(S < observed) + ½P(S = observed), and the same above, by adding one case at a time.
fn mid_p_tails(observed: usize, probabilities: &[f64]) -> (f64, f64) {
    let mut density = vec![0.0; probabilities.len() + 1];
    density[0] = 1.0;
    for (cases, p) in probabilities.iter().enumerate() {
        for count in (1..=cases + 1).rev() {
            density[count] = density[count] * (1.0 - p) + density[count - 1] * p;
        }
        density[0] *= 1.0 - p;
    }
    let half = 0.5 * density[observed];
    let below: f64 = density[..observed].iter().sum();
    let above: f64 = density[observed + 1..].iter().sum();
    (below + half, above + half)
}

/// Nodes and weights for the expectation over N(0, sd²): the roots of the Hermite polynomial H₃₁, by Newton
/// from the outside in (Press et al. 2007, §4.6.1), scaled by √2 sd.
fn hermite_nodes(sd: f64) -> Vec<(f64, f64)> {
    let n = NODES as f64;
    let mut roots: Vec<(f64, f64)> = Vec::with_capacity(NODES);
    for i in 0..NODES.div_ceil(2) {
        let mut x = match i {
            0 => (2.0 * n + 1.0).sqrt() - 1.85575 * (2.0 * n + 1.0).powf(-1.0 / 6.0),
            1 => roots[0].0 - 1.14 * n.powf(0.426) / roots[0].0,
            2 => 1.86 * roots[1].0 - 0.86 * roots[0].0,
            3 => 1.91 * roots[2].0 - 0.91 * roots[1].0,
            _ => 2.0 * roots[i - 1].0 - roots[i - 2].0,
        };
        let mut derivative = 1.0;
        for _ in 0..100 {
            // Orthonormal Hermite polynomials, upward recursion.
            let (mut current, mut previous) = (PI.powf(-0.25), 0.0);
            for j in 0..NODES {
                let j = j as f64;
                let next =
                    x * (2.0 / (j + 1.0)).sqrt() * current - (j / (j + 1.0)).sqrt() * previous;
                previous = current;
                current = next;
            }
            derivative = (2.0 * n).sqrt() * previous;
            let step = current / derivative;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        roots.push((x, 2.0 / (derivative * derivative)));
    }
    let scale = |(x, weight): (f64, f64)| (std::f64::consts::SQRT_2 * sd * x, weight / PI.sqrt());
    let mut nodes: Vec<(f64, f64)> = roots.iter().map(|root| scale(*root)).collect();
    // The middle node is 0; the others mirror.
    nodes.extend(
        roots
            .iter()
            .take(NODES / 2)
            .map(|(x, weight)| scale((-x, *weight))),
    );
    nodes
}
