//! Whether a model weighs its covariates as the one of the year before did (§8).

use crate::special::normal_two_sided;

/// A model has drifted when its largest change is this improbable, all its coefficients taken together.
const LEAST_PROBABILITY: f64 = 0.01;

/// An estimate with its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The coefficient.
    pub value: f64,
    /// Its standard error, in the same unit.
    pub standard_error: f64,
}

/// One coefficient in two years.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// Now less then, in the unit of the coefficient.
    pub difference: f64,
    /// Its standard error: the years have other clients, so that their estimates are independent.
    pub standard_error: f64,
    /// Two-sided p, Bonferroni's over all coefficients of the model: at most 1.
    pub p_value: f64,
}

impl Change {
    /// Whether this coefficient has changed by more than chance.
    #[must_use]
    pub fn is_drift(&self) -> bool {
        self.p_value < LEAST_PROBABILITY
    }
}

/// The changes of coefficients from (then, now), in the order given. Where neither has a standard error there is no answer: p = 1.
/// Empty without coefficients.
#[must_use]
pub fn coefficient_changes(pairs: &[(Estimate, Estimate)]) -> Vec<Change> {
    pairs
        .iter()
        .map(|(then, now)| {
            let difference = now.value - then.value;
            let standard_error = then.standard_error.hypot(now.standard_error);
            let z = difference / standard_error;
            let p_value = if z.is_finite() { (normal_two_sided(z) * pairs.len() as f64).min(1.0) } else { 1.0 };
            Change { difference, standard_error, p_value }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_counts_against_both_standard_errors_and_all_coefficients() {
        let estimate = |value, standard_error| Estimate { value, standard_error };
        let pairs = [(estimate(1.0, 0.3), estimate(3.0, 0.4)), (estimate(2.0, 0.3), estimate(2.9, 0.4)), (estimate(1.0, 0.0), estimate(1.0, 0.0))];
        let changes = coefficient_changes(&pairs);
        // z = 4 and 1.8 with standard error 0.5; two-sided p 6.334e-5 and 0.07186 (R: 2 * pnorm(-z)), three times.
        assert!((changes[0].p_value - 3.0 * 6.334248e-5).abs() < 1e-9 && changes[0].is_drift(), "{changes:?}");
        assert!((changes[1].p_value - 3.0 * 0.07186064).abs() < 1e-7 && !changes[1].is_drift(), "{changes:?}");
        assert!((changes[0].difference - 2.0).abs() < 1e-12 && (changes[0].standard_error - 0.5).abs() < 1e-12);
        assert_eq!(changes[2].p_value, 1.0, "no standard error, no answer");
        assert!(coefficient_changes(&[]).is_empty());
    }
}
