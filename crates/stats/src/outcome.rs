//! The change of one client from first to last measurement, on a scale where higher is worse (Jacobson and
//! Truax 1991; domain.md 4.5).

use crate::interval::Z95;

/// Scores are decimals: differences below this share of the numbers involved are rounding.
const ROUNDING: f64 = 1e-9;

/// What became of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutcomeClass {
    /// At or above the cut-off before, below it after, and reliably improved: hersteld.
    Recovered,
    /// Reliably improved, not recovered: verbeterd.
    Improved,
    /// Less than a reliable change in either direction: onveranderd.
    Unchanged,
    /// Reliably worse: verslechterd.
    Deteriorated,
}

/// The standard error of a difference, SD√(2(1 − r)). `None` unless the standard deviation is positive and the
/// reliability in 0..1.
fn standard_error(sd_pre: f64, reliability: f64) -> Option<f64> {
    let error = sd_pre * (2.0 * (1.0 - reliability)).sqrt();
    ((0.0..1.0).contains(&reliability) && error > 0.0 && error.is_finite()).then_some(error)
}

/// The reliable change index (pre − post)/(SD√(2(1 − r))); positive is improvement. No unit. `None` unless the
/// standard deviation of first measurements is positive, the reliability in 0..1 and both scores are finite.
#[must_use]
pub fn reliable_change_index(pre: f64, post: f64, sd_pre: f64, reliability: f64) -> Option<f64> {
    let index = (pre - post) / standard_error(sd_pre, reliability)?;
    index.is_finite().then_some(index)
}

/// The smallest change that is more than measurement error with 95 % confidence, 1.96·SD√(2(1 − r)), in points
/// of the scale. `None` as for [`reliable_change_index`].
#[must_use]
pub fn reliable_change(sd_pre: f64, reliability: f64) -> Option<f64> {
    standard_error(sd_pre, reliability).map(|error| Z95 * error)
}

/// The score between the two populations, (SD_clinical·M_norm + SD_norm·M_clinical)/(SD_clinical + SD_norm):
/// cut-off c of Jacobson and Truax, in points of the scale. `None` unless both standard deviations are positive
/// and all numbers finite.
#[must_use]
pub fn clinical_cut_off(mean_norm: f64, sd_norm: f64, mean_clinical: f64, sd_clinical: f64) -> Option<f64> {
    let cut_off = (sd_clinical * mean_norm + sd_norm * mean_clinical) / (sd_clinical + sd_norm);
    (sd_norm > 0.0 && sd_clinical > 0.0 && cut_off.is_finite()).then_some(cut_off)
}

/// The class of a change. Recovered: pre ≥ cut-off, post < cut-off and pre − post ≥ reliable change; improved:
/// the last only; deteriorated: post − pre ≥ reliable change; else unchanged.
///
/// A score or change equal to a boundary to nine digits is on it, so that 2.3 − 1.8 is 0.5. `None` unless the
/// reliable change is positive and all numbers are finite.
#[must_use]
pub fn outcome_class(pre: f64, post: f64, reliable_change: f64, cut_off: f64) -> Option<OutcomeClass> {
    if !(reliable_change > 0.0 && [pre, post, reliable_change, cut_off].iter().all(|number| number.is_finite())) {
        return None;
    }
    let rounding = ROUNDING * [pre, post, reliable_change, cut_off].iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let reaches = |value: f64, boundary: f64| value >= boundary - rounding;
    Some(if reaches(pre - post, reliable_change) {
        if reaches(pre, cut_off) && !reaches(post, cut_off) { OutcomeClass::Recovered } else { OutcomeClass::Improved }
    } else if reaches(post - pre, reliable_change) {
        OutcomeClass::Deteriorated
    } else {
        OutcomeClass::Unchanged
    })
}
