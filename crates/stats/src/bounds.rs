//! What remains possible when the outcome of some cases is unknown (§6.13).

use crate::interval::Interval;

/// Manski's (1989) bounds of a share over `total` cases of which `observed` have a known outcome: none of the
/// others has the event, or all have. As shares, no assumption about who is missing. `None` when total is 0 or
/// not events ≤ observed ≤ total.
#[must_use]
pub fn manski_bounds(events: u64, observed: u64, total: u64) -> Option<Interval> {
    if total == 0 || events > observed || observed > total {
        return None;
    }
    let n = total as f64;
    Interval::checked(events as f64 / n, (events + (total - observed)) as f64 / n)
}

/// Manski's bounds of a mean on a scale from `lowest` to `highest`: every unknown outcome is the one or the
/// other. In the unit of the mean; the whole scale when nothing is observed. `None` when total is 0, observed
/// > total, lowest > highest, or the mean of observed cases is outside the scale.
#[must_use]
pub fn manski_bounds_mean(mean: f64, observed: u64, total: u64, lowest: f64, highest: f64) -> Option<Interval> {
    if total == 0 || observed > total || lowest.is_nan() || highest.is_nan() || lowest > highest {
        return None;
    }
    if observed == 0 {
        return Interval::checked(lowest, highest);
    }
    if !(lowest..=highest).contains(&mean) {
        return None;
    }
    let known = observed as f64 / total as f64;
    let unknown = (total - observed) as f64 / total as f64;
    Interval::checked(known * mean + unknown * lowest, known * mean + unknown * highest)
}
