//! Adjusting p-values for the number of comparisons (§6.12), for the analyst's overview.

/// The order of p-values, ascending, ties by position.
fn ascending(p_values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    order
}

/// Benjamini and Hochberg's (1995) adjusted p-values, in the order given: at most q of those below q are
/// expected to be false.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let m = p_values.len() as f64;
    let mut adjusted = vec![0.0; p_values.len()];
    let mut smallest = 1.0_f64;
    for (rank, index) in ascending(p_values).into_iter().enumerate().rev() {
        smallest = smallest.min(p_values[index] * m / (rank + 1) as f64);
        adjusted[index] = smallest;
    }
    adjusted
}

/// Holm's (1979) adjusted p-values, in the order given: the probability of any false one below q is at most q.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let m = p_values.len();
    let mut adjusted = vec![0.0; m];
    let mut largest = 0.0_f64;
    for (rank, index) in ascending(p_values).into_iter().enumerate() {
        largest = largest.max(p_values[index] * (m - rank) as f64).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}
