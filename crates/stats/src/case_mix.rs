//! A count of events whose cases have different predicted probabilities: its z and its limits (§6.2, 6.5, 6.6).

use std::f64::consts::PI;
use std::sync::LazyLock;

use crate::count_model::Distribution;
use crate::equivalence::minimum_detectable_difference;
use crate::placement::Limits;
use crate::special::{normal_cdf, normal_quantile};

/// Above this many cases the exact distribution is replaced by a normal one.
const MOST_EXACT_CASES: usize = 300;

/// Nodes of the Gauss-Hermite rule.
const NODES: usize = 31;

/// What chance and the variation between providers make of one provider's count of events, given the
/// probabilities that a case-mix model predicts for its cases. Made once, it answers every z and limit.
///
/// The Poisson-binomial is mixed over u ~ N(0, τ²) by 31 Gauss-Hermite nodes, with
/// p(u) = expit(logit p + a + u) and the shift a such that the expected count stays Σp. Above 300 cases it is
/// normal with variance V + τ²V².
#[derive(Debug, Clone)]
pub struct AdjustedReference {
    cases: usize,
    expected: f64,
    variance: f64,
    tau2: f64,
    /// `None` above 300 cases.
    exact: Option<Distribution>,
}

impl AdjustedReference {
    /// From the predicted probabilities and the variance `tau2` between providers on the log-odds scale.
    /// `None` when there are no cases, a probability is outside 0..=1, no outcome is uncertain, or tau2 is
    /// negative or not finite.
    pub fn new(probabilities: &[f64], tau2: f64) -> Option<Self> {
        let possible = probabilities.iter().all(|p| (0.0..=1.0).contains(p)) && tau2 >= 0.0 && tau2.is_finite();
        if !possible {
            return None;
        }
        let expected: f64 = probabilities.iter().sum();
        let variance: f64 = probabilities.iter().map(|p| p * (1.0 - p)).sum();
        (variance > 0.0).then(|| Self {
            cases: probabilities.len(),
            expected,
            variance,
            tau2,
            exact: (probabilities.len() <= MOST_EXACT_CASES).then(|| mixture(probabilities, expected, tau2)),
        })
    }

    /// The expected count Σp.
    #[must_use]
    pub fn expected(&self) -> f64 {
        self.expected
    }

    fn standard_error(&self) -> f64 {
        (self.variance + self.tau2 * self.variance * self.variance).sqrt()
    }

    /// The mid-P z of `observed` events. Where the probability underflows, z stays at ±37.5. `None` when there
    /// are more events than cases.
    #[must_use]
    pub fn z(&self, observed: u64) -> Option<f64> {
        if observed > self.cases as u64 {
            return None;
        }
        let Some(exact) = &self.exact else {
            return Some((observed as f64 - self.expected) / self.standard_error());
        };
        let (below, above) = exact.mid_p_tails(observed);
        let deviate = |tail: f64| normal_quantile(tail.max(f64::MIN_POSITIVE));
        if below <= above { deviate(below) } else { deviate(above).map(|z| -z) }
    }

    /// The lines at `z` as counts, real numbers between 0 and the number of cases: where the piecewise linear
    /// mid-P probability crosses Φ(−z) and 1 − Φ(−z). A line that no count can reach is absent. Both are when
    /// z is not positive. For every count, |z| of [`Self::z`] ≥ `z` is the same as lying on or outside a line.
    #[must_use]
    pub fn limits(&self, z: f64) -> Limits {
        if !(z > 0.0 && z.is_finite()) {
            return Limits::ABSENT;
        }
        let (lower, upper) = match &self.exact {
            Some(exact) => exact.crossings(normal_cdf(-z)),
            None => {
                let half = z * self.standard_error();
                let possible = |count: f64| (0.0..=self.cases as f64).contains(&count).then_some(count);
                (possible(self.expected - half), possible(self.expected + half))
            }
        };
        Limits { lower, upper }
    }

    /// The smallest difference of the adjusted share O/n − E/n that is found with 80 % power by a two-sided
    /// test at 5 %, as a share (§6.11): (1.96 + 0.84)√(V + τ²V²)/n.
    #[must_use]
    pub fn detectable_difference(&self) -> f64 {
        let per_case = self.variance / self.cases as f64;
        minimum_detectable_difference(per_case / self.cases as f64, self.tau2 * per_case * per_case)
    }
}

/// The mid-P z of `observed` events among cases with the probabilities of a case-mix model, without
/// variation between providers. `None` as for [`z_adjusted_count`].
#[must_use]
pub fn z_poisson_binomial(observed: u64, probabilities: &[f64]) -> Option<f64> {
    z_adjusted_count(observed, probabilities, 0.0)
}

/// The mid-P z of `observed` events under a case-mix model with variance `tau2` between providers on the
/// log-odds scale: [`AdjustedReference::z`]. `None` where that or [`AdjustedReference::new`] has no answer.
#[must_use]
pub fn z_adjusted_count(observed: u64, probabilities: &[f64], tau2: f64) -> Option<f64> {
    AdjustedReference::new(probabilities, tau2)?.z(observed)
}

/// The lines for events among cases with the probabilities of a case-mix model, as counts:
/// [`AdjustedReference::limits`]. Both absent where [`z_adjusted_count`] has no answer, or z is not positive.
#[must_use]
pub fn limits_adjusted_count(probabilities: &[f64], tau2: f64, z: f64) -> Limits {
    AdjustedReference::new(probabilities, tau2).map_or(Limits::ABSENT, |reference| reference.limits(z))
}

/// expit(logit p + shift): a probability on a level that is `shift` higher in log-odds; certain outcomes stay certain.
#[must_use]
pub fn shifted_probability(p: f64, shift: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 { p } else { shifted((1.0 - p) / p, (-shift).exp()) }
}

/// expit(logit p + s) from the inverse odds (1 − p)/p and e⁻ˢ; certain outcomes stay certain.
fn shifted(inverse_odds: f64, factor: f64) -> f64 {
    1.0 / (1.0 + inverse_odds * factor)
}

/// e⁻ˢ, kept from 0 and infinity.
fn factor(shift: f64) -> f64 {
    (-shift).clamp(-700.0, 700.0).exp()
}

/// The Poisson-binomial mixed over the provider effect.
fn mixture(probabilities: &[f64], expected: f64, tau2: f64) -> Distribution {
    let cases = probabilities.len();
    let mut density = vec![0.0; cases + 1];
    if tau2 == 0.0 {
        poisson_binomial(probabilities.iter().copied(), &mut density);
        return Distribution::complete(density);
    }
    let inverse_odds: Vec<f64> = probabilities.iter().map(|p| (1.0 - p) / p).collect();
    let sd = tau2.sqrt();
    let shift = calibrating_shift(&inverse_odds, sd, expected);
    let mut sum = vec![0.0; cases + 1];
    for (node, weight) in HERMITE.iter() {
        let factor = factor(shift + sd * node);
        poisson_binomial(inverse_odds.iter().map(|odds| shifted(*odds, factor)), &mut density);
        for (sum, density) in sum.iter_mut().zip(&density) {
            *sum += weight * density;
        }
    }
    Distribution::complete(sum)
}

/// The shift a with Σ_nodes w Σ p(a + u) = expected: Newton's steps, bisection when one leaves the bracket.
fn calibrating_shift(inverse_odds: &[f64], sd: f64, expected: f64) -> f64 {
    let (mut low, mut high) = (-50.0 * (1.0 + sd), 50.0 * (1.0 + sd));
    let mut shift = 0.0;
    for _ in 0..100 {
        let (mut total, mut slope) = (0.0, 0.0);
        for (node, weight) in HERMITE.iter() {
            let factor = factor(shift + sd * node);
            for odds in inverse_odds {
                let p = shifted(*odds, factor);
                total += weight * p;
                slope += weight * p * (1.0 - p);
            }
        }
        if total < expected {
            low = shift;
        } else {
            high = shift;
        }
        let newton = shift + (expected - total) / slope;
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        let step = next - shift;
        shift = next;
        if step.abs() <= 1e-12 {
            break;
        }
    }
    shift
}

/// The probability of each count, by adding one case at a time: f ← f(1 − p) + shifted f · p.
fn poisson_binomial(probabilities: impl Iterator<Item = f64>, density: &mut [f64]) {
    density.fill(0.0);
    density[0] = 1.0;
    for (cases, p) in probabilities.enumerate() {
        let mut below = 0.0;
        for value in &mut density[..=cases + 1] {
            let at = *value;
            *value = at * (1.0 - p) + below * p;
            below = at;
        }
    }
}

/// Nodes and weights for the expectation over N(0, 1).
static HERMITE: LazyLock<Vec<(f64, f64)>> = LazyLock::new(hermite_nodes);

/// The roots of the Hermite polynomial H₃₁, by Newton from the outside in (Press et al. 2007, §4.6.1), scaled
/// by √2.
fn hermite_nodes() -> Vec<(f64, f64)> {
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
    let scale = |(x, weight): (f64, f64)| (std::f64::consts::SQRT_2 * x, weight / PI.sqrt());
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
