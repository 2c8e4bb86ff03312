//! Distributions of a count, by the ratio of neighbouring probabilities.
//!
//! Starting from 1 at the centre and normalising by the sum needs no gamma function: the error grows only
//! with the number of steps (about 1e-11 at n = 30,000), also where the parameters of a beta-binomial are
//! too large for a difference of logarithms. Tails are kept as logarithms, so that z stays finite.

use crate::special::normal_quantile_of_logarithm;

/// What is left out of a sum, relative to the sum.
const NEGLIGIBLE: f64 = 1e-18;

/// A distribution on 0, 1, 2, …, given by how the probability changes from one count to the next.
pub(crate) trait CountModel {
    /// A count near the mean, inside the support.
    fn centre(&self) -> u64;
    /// The largest possible count; `None` when there is none.
    fn largest(&self) -> Option<u64>;
    /// f(count + 1) / f(count).
    fn ratio(&self, count: u64) -> f64;
    /// A bound on Σ f(j)/f(count) over j > count, given the ratio of the last step; infinite when unknown.
    fn bound_above(&self, count: u64, last_ratio: f64) -> f64;
    /// The same over j < count, given f(count)/f(count + 1).
    fn bound_below(&self, count: u64, last_ratio: f64) -> f64;

    /// Visits the counts above `from` in turn with f(count)/f(from), until what remains is negligible.
    fn walk_up(&self, from: u64, mut visit: impl FnMut(u64, f64))
    where
        Self: Sized,
    {
        let (mut count, mut weight, mut sum) = (from, 1.0, 1.0);
        while self.largest().is_none_or(|largest| count < largest) {
            let ratio = self.ratio(count);
            weight *= ratio;
            count += 1;
            sum += weight;
            visit(count, weight);
            if weight < 1e-9 * sum && weight * self.bound_above(count, ratio) <= NEGLIGIBLE * sum {
                break;
            }
        }
    }

    /// Visits the counts below `from` in turn with f(count)/f(from), until what remains is negligible.
    fn walk_down(&self, from: u64, mut visit: impl FnMut(u64, f64))
    where
        Self: Sized,
    {
        let (mut count, mut weight, mut sum) = (from, 1.0, 1.0);
        while count > 0 {
            count -= 1;
            let ratio = 1.0 / self.ratio(count);
            weight *= ratio;
            sum += weight;
            visit(count, weight);
            if weight < 1e-9 * sum && weight * self.bound_below(count, ratio) <= NEGLIGIBLE * sum {
                break;
            }
        }
    }

    /// The normal deviate of `count` at its mid-P probability F(count − 1) + ½ f(count) (Lancaster 1961),
    /// computed in the nearer tail.
    fn mid_p_z(&self, count: u64) -> Option<f64>
    where
        Self: Sized,
    {
        let centre = self.centre();
        let mut total = 1.0;
        self.walk_up(centre, |_, weight| total += weight);
        self.walk_down(centre, |_, weight| total += weight);
        // ln f(count) relative to the centre, rescaled before it underflows.
        let (mut weight, mut logarithm) = (1.0_f64, 0.0_f64);
        let mut multiply = |factor: f64| {
            weight *= factor;
            if !(1e-200..1e200).contains(&weight) {
                logarithm += weight.ln();
                weight = 1.0;
            }
        };
        let mut tail = 0.5;
        if count <= centre {
            for j in (count..centre).rev() {
                multiply(1.0 / self.ratio(j));
            }
            self.walk_down(count, |_, relative| tail += relative);
        } else {
            for j in centre..count {
                multiply(self.ratio(j));
            }
            self.walk_up(count, |_, relative| tail += relative);
        }
        logarithm += (weight * tail / total).ln();
        let z = normal_quantile_of_logarithm(logarithm)?;
        Some(if count <= centre { z } else { -z })
    }

    /// The probabilities, as far as they matter.
    fn distribution(&self) -> Distribution
    where
        Self: Sized,
    {
        let centre = self.centre();
        let mut weights = Vec::new();
        self.walk_down(centre, |_, weight| weights.push(weight));
        weights.reverse();
        let first = centre - weights.len() as u64;
        weights.push(1.0);
        self.walk_up(centre, |_, weight| weights.push(weight));
        let total: f64 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= total;
        }
        let complete = self.largest() == Some(first + weights.len() as u64 - 1);
        Distribution {
            first,
            weights,
            complete,
        }
    }
}

/// Probabilities of consecutive counts; what lies outside is below 1e-17 together.
#[derive(Debug, Clone)]
pub(crate) struct Distribution {
    first: u64,
    weights: Vec<f64>,
    /// Whether the last weight is that of the largest possible count.
    complete: bool,
}

impl Distribution {
    /// From the probabilities of every count from 0 to the largest possible one.
    pub(crate) fn complete(weights: Vec<f64>) -> Self {
        Self { first: 0, weights, complete: true }
    }

    /// P(X < count) + ½P(X = count), and P(X > count) + ½P(X = count), each summed from its own end. For a
    /// count among the weights.
    pub(crate) fn mid_p_tails(&self, count: u64) -> (f64, f64) {
        let place = (count - self.first) as usize;
        let half = 0.5 * self.weights[place];
        let below: f64 = self.weights[..place].iter().sum();
        let above: f64 = self.weights[place + 1..].iter().rev().sum();
        (below + half, above + half)
    }

    /// The expectation of a function of the count.
    pub(crate) fn mean(&self, value: impl Fn(u64) -> f64) -> f64 {
        (self.first..).zip(&self.weights).map(|(count, weight)| weight * value(count)).sum()
    }

    /// The smallest count with F(count) ≥ p.
    pub(crate) fn quantile(&self, p: f64) -> u64 {
        let mut sum = 0.0;
        for (index, weight) in self.weights.iter().enumerate() {
            sum += weight;
            if sum >= p {
                return self.first + index as u64;
            }
        }
        self.first + self.weights.len() as u64 - 1
    }

    /// P(low ≤ X ≤ high).
    pub(crate) fn between(&self, low: u64, high: u64) -> f64 {
        let counts = self.first..;
        counts
            .zip(&self.weights)
            .filter(|(count, _)| (low..=high).contains(count))
            .map(|(_, w)| w)
            .sum()
    }

    /// The smallest count r with F(r) > p, with F(r) and f(r).
    pub(crate) fn first_above(&self, p: f64) -> (u64, f64, f64) {
        let mut sum = 0.0;
        for (index, weight) in self.weights.iter().enumerate() {
            sum += weight;
            if sum > p {
                return (self.first + index as u64, sum, *weight);
            }
        }
        let last = self.weights.last().copied().unwrap_or(1.0);
        (self.first + self.weights.len() as u64 - 1, sum, last)
    }

    /// The real counts where the piecewise linear mid-P probability crosses `tail` and 1 − `tail` (§6.6);
    /// `None` where the most extreme count does not reach it.
    pub(crate) fn crossings(&self, tail: f64) -> (Option<f64>, Option<f64>) {
        let below = crossing(self.weights.iter(), tail, self.first == 0);
        let above = crossing(self.weights.iter().rev(), tail, self.complete);
        let last = self.first + self.weights.len() as u64 - 1;
        (
            below.map(|steps| self.first as f64 + steps),
            above.map(|steps| last as f64 - steps),
        )
    }
}

/// Steps from the first weight to where the cumulated mid-P probability reaches `tail`.
fn crossing<'a>(
    weights: impl Iterator<Item = &'a f64>,
    tail: f64,
    at_the_end: bool,
) -> Option<f64> {
    let (mut sum, mut previous) = (0.0, 0.0);
    for (step, weight) in weights.enumerate() {
        let probability = sum + 0.5 * weight;
        if probability > tail {
            if step == 0 {
                return if at_the_end { None } else { Some(0.0) };
            }
            return Some((step - 1) as f64 + (tail - previous) / (probability - previous));
        }
        sum += weight;
        previous = probability;
    }
    None
}

/// A bound for a tail of which successive ratios never exceed `ratio`.
fn geometric(ratio: f64) -> f64 {
    if ratio < 1.0 {
        ratio / (1.0 - ratio)
    } else {
        f64::INFINITY
    }
}

/// Events among `n` with the same probability.
pub(crate) struct Binomial {
    n: u64,
    probability: f64,
    odds: f64,
}

impl Binomial {
    /// `None` unless n > 0 and the probability is strictly between 0 and 1.
    pub(crate) fn new(n: u64, probability: f64) -> Option<Self> {
        (n > 0 && probability > 0.0 && probability < 1.0).then(|| Self {
            n,
            probability,
            odds: probability / (1.0 - probability),
        })
    }
}

impl CountModel for Binomial {
    fn centre(&self) -> u64 {
        ((self.n as f64 * self.probability) as u64).min(self.n)
    }
    fn largest(&self) -> Option<u64> {
        Some(self.n)
    }
    fn ratio(&self, count: u64) -> f64 {
        (self.n - count) as f64 / (count + 1) as f64 * self.odds
    }
    fn bound_above(&self, _: u64, last_ratio: f64) -> f64 {
        geometric(last_ratio)
    }
    fn bound_below(&self, _: u64, last_ratio: f64) -> f64 {
        geometric(last_ratio)
    }
}

/// Events among `n` of a provider whose own probability is drawn from Beta(α, β).
pub(crate) struct BetaBinomial {
    n: u64,
    alpha: f64,
    beta: f64,
}

impl BetaBinomial {
    /// Mean `probability` and intraclass correlation `rho`: α = Mμ, β = M(1 − μ), M = (1 − ρ)/ρ.
    pub(crate) fn new(n: u64, probability: f64, rho: f64) -> Option<Self> {
        let usable = n > 0 && probability > 0.0 && probability < 1.0 && rho > 0.0 && rho < 1.0;
        let size = (1.0 - rho) / rho;
        (usable && size.is_finite()).then_some(Self {
            n,
            alpha: size * probability,
            beta: size * (1.0 - probability),
        })
    }

    fn bound(&self, remaining: u64, last_ratio: f64) -> f64 {
        let single_peak = self.alpha >= 1.0 && self.beta >= 1.0;
        if single_peak && last_ratio < 1.0 {
            remaining as f64
        } else {
            f64::INFINITY
        }
    }
}

impl CountModel for BetaBinomial {
    fn centre(&self) -> u64 {
        ((self.n as f64 * (self.alpha / (self.alpha + self.beta))) as u64).min(self.n)
    }
    fn largest(&self) -> Option<u64> {
        Some(self.n)
    }
    fn ratio(&self, count: u64) -> f64 {
        let left = (self.n - count) as f64;
        let j = count as f64;
        left * (j + self.alpha) / ((j + 1.0) * (left - 1.0 + self.beta))
    }
    fn bound_above(&self, count: u64, last_ratio: f64) -> f64 {
        self.bound(self.n - count, last_ratio)
    }
    fn bound_below(&self, count: u64, last_ratio: f64) -> f64 {
        self.bound(count, last_ratio)
    }
}

/// A count with a known mean.
pub(crate) struct Poisson {
    mean: f64,
}

impl Poisson {
    /// `None` unless the mean is positive and below 1e9, where a sum over counts is no longer sensible.
    pub(crate) fn new(mean: f64) -> Option<Self> {
        (mean > 0.0 && mean < 1e9).then_some(Self { mean })
    }
}

impl CountModel for Poisson {
    fn centre(&self) -> u64 {
        self.mean as u64
    }
    fn largest(&self) -> Option<u64> {
        None
    }
    fn ratio(&self, count: u64) -> f64 {
        self.mean / (count + 1) as f64
    }
    fn bound_above(&self, _: u64, last_ratio: f64) -> f64 {
        geometric(last_ratio)
    }
    fn bound_below(&self, _: u64, last_ratio: f64) -> f64 {
        geometric(last_ratio)
    }
}

/// A count whose mean is drawn from a gamma distribution with mean `mean` and variance τ² mean².
pub(crate) struct NegativeBinomial {
    mean: f64,
    size: f64,
    limit: f64,
}

impl NegativeBinomial {
    /// Size 1/τ². `None` unless the mean is positive and below 1e9 and 0 < τ² with a finite size.
    pub(crate) fn new(mean: f64, tau2: f64) -> Option<Self> {
        let usable =
            mean > 0.0 && mean < 1e9 && tau2 > 0.0 && (1.0 / tau2).is_finite() && tau2.is_finite();
        usable.then(|| Self {
            mean,
            size: 1.0 / tau2,
            limit: mean * tau2 / (1.0 + mean * tau2),
        })
    }
}

impl CountModel for NegativeBinomial {
    fn centre(&self) -> u64 {
        self.mean as u64
    }
    fn largest(&self) -> Option<u64> {
        None
    }
    fn ratio(&self, count: u64) -> f64 {
        let j = count as f64;
        (j + self.size) / (j + 1.0) * self.limit
    }
    fn bound_above(&self, _: u64, last_ratio: f64) -> f64 {
        geometric(last_ratio.max(self.limit))
    }
    fn bound_below(&self, count: u64, last_ratio: f64) -> f64 {
        // With size ≤ 1 the mode is 0, so going down never becomes negligible early.
        if self.size > 1.0 && last_ratio < 1.0 {
            count as f64
        } else {
            f64::INFINITY
        }
    }
}
