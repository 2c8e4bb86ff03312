//! The XmR chart of individual values (§10): only for twelve points or more, never for five yearly values.

/// An individuals chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IndividualsChart {
    /// The mean of the values, in their unit.
    pub mean: f64,
    /// The average moving range.
    pub average_moving_range: f64,
    /// Mean − 2.66 times the average moving range.
    pub lower_limit: f64,
    /// Mean + 2.66 times the average moving range.
    pub upper_limit: f64,
}

/// 3/d₂ for moving ranges of two points (Wheeler and Chambers 1992).
const LIMIT_FACTOR: f64 = 2.66;

/// Moving ranges beyond this multiple of their average are left out once.
const RANGE_FACTOR: f64 = 3.267;

/// The fewest points for limits.
const FEWEST_POINTS: usize = 12;

/// The chart of values in order of time; moving ranges beyond 3.267 times their average are screened out
/// once, as NHSRplotthedots does. `None` with fewer than 12 points or a value that is not finite.
pub fn individuals_chart(values: &[f64]) -> Option<IndividualsChart> {
    if values.len() < FEWEST_POINTS || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let ranges: Vec<f64> = values
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .collect();
    let first = ranges.iter().sum::<f64>() / ranges.len() as f64;
    let kept: Vec<f64> = ranges
        .into_iter()
        .filter(|range| *range <= RANGE_FACTOR * first)
        .collect();
    let average_moving_range = kept.iter().sum::<f64>() / kept.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    Some(IndividualsChart {
        mean,
        average_moving_range,
        lower_limit: mean - LIMIT_FACTOR * average_moving_range,
        upper_limit: mean + LIMIT_FACTOR * average_moving_range,
    })
}
