//! Intervals of one proportion and of the difference between two (§6.1).

use crate::special::beta_quantile;

/// The normal quantile of a two-sided 95 % interval: Φ⁻¹(0.975). Used for "let op".
pub const Z95: f64 = 1.959963984540054;

/// The normal quantile of a two-sided 99.8 % interval: Φ⁻¹(0.999). Used for "signaal".
pub const Z998: f64 = 3.090232306167813;

/// The normal quantile of a two-sided 90 % interval: Φ⁻¹(0.95). Used for equivalence.
pub const Z90: f64 = 1.644853626951473;

/// A closed interval, in the unit of the value it belongs to. `lower` ≤ `upper`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower bound.
    pub lower: f64,
    /// The upper bound.
    pub upper: f64,
}

impl Interval {
    /// Whether `x` lies in the interval; the bounds belong to it.
    pub fn contains(&self, x: f64) -> bool {
        self.lower <= x && x <= self.upper
    }

    /// Upper minus lower, in the unit of the value.
    pub fn width(&self) -> f64 {
        self.upper - self.lower
    }

    /// The interval, unless a bound is not a number or they are reversed.
    pub(crate) fn checked(lower: f64, upper: f64) -> Option<Self> {
        (lower.is_finite() && upper.is_finite() && lower <= upper).then_some(Self { lower, upper })
    }
}

/// The probability in each tail of a two-sided interval. `None` unless 0 < confidence < 1.
pub(crate) fn tail_of(confidence: f64) -> Option<f64> {
    (confidence > 0.0 && confidence < 1.0).then_some(0.5 * (1.0 - confidence))
}

fn possible(events: u64, n: u64) -> bool {
    n > 0 && events <= n
}

/// Wilson's score interval of a share, without continuity correction (Wilson 1927; method 3 of Newcombe 1998).
///
/// Bounds are shares, exactly 0 at no events and exactly 1 at all. `None` when n = 0, when there are more
/// events than n, or when z is not positive.
pub fn wilson(events: u64, n: u64, z: f64) -> Option<Interval> {
    if !(possible(events, n) && z > 0.0 && z.is_finite()) {
        return None;
    }
    let (y, n_real) = (events as f64, n as f64);
    let p = y / n_real;
    let square = z * z;
    let centre = (y + 0.5 * square) / (n_real + square);
    let half = z / (n_real + square) * (y * (1.0 - p) + 0.25 * square).sqrt();
    let lower = if events == 0 {
        0.0
    } else {
        (centre - half).max(0.0)
    };
    let upper = if events == n {
        1.0
    } else {
        (centre + half).min(1.0)
    };
    Interval::checked(lower, upper)
}

/// Newcombe's hybrid score interval of the difference of two independent shares, a minus b (Newcombe 1998,
/// method 10). Between −1 and 1; `None` when either share has no interval of its own.
pub fn newcombe_difference(
    events_a: u64,
    n_a: u64,
    events_b: u64,
    n_b: u64,
    z: f64,
) -> Option<Interval> {
    let (a, b) = (wilson(events_a, n_a, z)?, wilson(events_b, n_b, z)?);
    let p_a = events_a as f64 / n_a as f64;
    let p_b = events_b as f64 / n_b as f64;
    let difference = p_a - p_b;
    Interval::checked(
        difference - (p_a - a.lower).hypot(b.upper - p_b),
        difference + (a.upper - p_a).hypot(p_b - b.lower),
    )
}

/// The exact interval of a share (Clopper and Pearson 1934), from beta quantiles. It covers at least
/// `confidence` and is wide for small n; kept for comparison. `None` as for [`wilson`].
pub fn clopper_pearson(events: u64, n: u64, confidence: f64) -> Option<Interval> {
    let tail = tail_of(confidence)?;
    if !possible(events, n) {
        return None;
    }
    let (y, others) = (events as f64, (n - events) as f64);
    let lower = if events == 0 {
        0.0
    } else {
        beta_quantile(y, others + 1.0, tail)?
    };
    let upper = if events == n {
        1.0
    } else {
        beta_quantile(y + 1.0, others, 1.0 - tail)?
    };
    Interval::checked(lower, upper)
}

/// Jeffreys' interval of a share: equal tails of Beta(y + ½, n − y + ½), with bound 0 at no events and 1 at
/// all (Brown, Cai and DasGupta 2001). `None` as for [`wilson`].
pub fn jeffreys(events: u64, n: u64, confidence: f64) -> Option<Interval> {
    let tail = tail_of(confidence)?;
    if !possible(events, n) {
        return None;
    }
    let (a, b) = (events as f64 + 0.5, (n - events) as f64 + 0.5);
    let lower = if events == 0 {
        0.0
    } else {
        beta_quantile(a, b, tail)?
    };
    let upper = if events == n {
        1.0
    } else {
        beta_quantile(a, b, 1.0 - tail)?
    };
    Interval::checked(lower, upper)
}
