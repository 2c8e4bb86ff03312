//! The covariates of a case-mix model, made fit to compute with.

use crate::linear_algebra::{Cholesky, Symmetric, dot};

/// A covariate whose part that does not follow from earlier ones (or from the provider) has less than this
/// share of its variation is left out.
const RANK_TOLERANCE: f64 = 1e-10;

/// Covariates, centred, scaled to variance 1, and without those that add nothing.
pub(crate) struct Covariates {
    /// Those that are kept: one value per case, mean 0 within every provider, mean square 1.
    pub(crate) columns: Vec<Vec<f64>>,
    /// Their places among the covariates given.
    pub(crate) kept: Vec<usize>,
    /// The places of the others.
    pub(crate) dropped: Vec<usize>,
    /// The root mean square, before scaling, of those that are kept.
    pub(crate) scales: Vec<f64>,
    /// The mean over all cases of every covariate given.
    pub(crate) means: Vec<f64>,
    /// Cross-products of those that are kept.
    pub(crate) products: Symmetric,
    pub(crate) factor: Cholesky,
}

impl Covariates {
    /// Centred within providers, of which `groups` has the number of each case. `None` when there are no cases or
    /// covariates, lengths differ, a value is not finite, or a provider's number is not below the number of cases.
    pub(crate) fn new(groups: &[usize], covariates: &[Vec<f64>]) -> Option<Self> {
        let cases = groups.len();
        let usable = covariates.iter().all(|column| column.len() == cases && column.iter().all(|x| x.is_finite()));
        if cases == 0 || covariates.is_empty() || !usable || groups.iter().any(|group| *group >= cases) {
            return None;
        }
        let means: Vec<f64> = covariates.iter().map(|column| mean(column)).collect();
        let mut varying = Vec::new();
        let (mut columns, mut scales) = (Vec::new(), Vec::new());
        for (place, column) in covariates.iter().enumerate() {
            let mut centred = centre_within(groups, column);
            let total: f64 = column.iter().map(|x| (x - means[place]).powi(2)).sum();
            let within = dot(&centred, &centred);
            if !total.is_finite() {
                return None;
            }
            if within > RANK_TOLERANCE * total {
                let scale = (within / cases as f64).sqrt();
                centred.iter_mut().for_each(|x| *x /= scale);
                varying.push(place);
                columns.push(centred);
                scales.push(scale);
            }
        }
        let products = Symmetric::cross_products(&columns, None);
        let independent = products.independent(RANK_TOLERANCE);
        let products = products.only(&independent);
        let kept: Vec<usize> = independent.iter().map(|place| varying[*place]).collect();
        let mut place = 0;
        columns.retain(|_| {
            place += 1;
            independent.contains(&(place - 1))
        });
        Some(Self {
            columns,
            dropped: (0..covariates.len()).filter(|place| !kept.contains(place)).collect(),
            scales: independent.iter().map(|place| scales[*place]).collect(),
            kept,
            means,
            factor: products.cholesky()?,
            products,
        })
    }

    /// The largest variance inflation 1/(1 − R²) of a covariate given the others; 1 without covariates.
    pub(crate) fn largest_inflation(&self) -> f64 {
        let diagonal = self.factor.inverse_diagonal();
        diagonal.iter().enumerate().map(|(place, inverse)| inverse * self.products.at(place, place)).fold(1.0, f64::max)
    }

    /// From one value per kept covariate, standardised, to one per covariate given; 0 for the others.
    pub(crate) fn unscaled(&self, standardised: &[f64]) -> Vec<f64> {
        let mut result = vec![0.0; self.means.len()];
        for ((place, scale), value) in self.kept.iter().zip(&self.scales).zip(standardised) {
            result[*place] = value / scale;
        }
        result
    }

    /// Σ over kept covariates of coefficient times value, for every case.
    pub(crate) fn predictor(&self, coefficients: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.columns.first().map_or(0, Vec::len)];
        add_products(&mut sums, self.columns.iter().map(Vec::as_slice), coefficients);
        sums
    }
}

/// Adds Σ coefficient × column to `sums`.
pub(crate) fn add_products<'a>(sums: &mut [f64], columns: impl Iterator<Item = &'a [f64]>, coefficients: &[f64]) {
    for (column, coefficient) in columns.zip(coefficients) {
        for (sum, x) in sums.iter_mut().zip(column) {
            *sum += coefficient * x;
        }
    }
}

/// The mean; a second pass removes the rounding of the first, so that equal values have exactly that mean.
pub(crate) fn mean(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let rough = values.iter().sum::<f64>() / n;
    rough + values.iter().map(|value| value - rough).sum::<f64>() / n
}

/// The mean of each provider's values, and how many it has; provider numbers are below the number of values.
pub(crate) fn group_means(groups: &[usize], values: &[f64]) -> Vec<(f64, f64)> {
    let size = groups.iter().max().map_or(0, |largest| largest + 1);
    let mut means = vec![(0.0, 0.0); size];
    for (group, value) in groups.iter().zip(values) {
        means[*group].0 += value;
        means[*group].1 += 1.0;
    }
    for (sum, n) in &mut means {
        *sum /= f64::max(*n, 1.0);
    }
    let mut corrections = vec![0.0; size];
    for (group, value) in groups.iter().zip(values) {
        corrections[*group] += value - means[*group].0;
    }
    for ((mean, n), correction) in means.iter_mut().zip(corrections) {
        *mean += correction / f64::max(*n, 1.0);
    }
    means
}

/// Each value less the mean of its provider.
pub(crate) fn centre_within(groups: &[usize], values: &[f64]) -> Vec<f64> {
    let means = group_means(groups, values);
    groups.iter().zip(values).map(|(group, value)| value - means[*group].0).collect()
}
