//! Case-mix models: what a case with these characteristics would lead one to expect (§8).
//!
//! Covariates are columns, one value per case; sums run in the order of the cases, so give them in an order
//! that does not depend on chance. Characteristics that are known before the start only: never minutes,
//! sessions or drop-out.

use crate::covariates::{Covariates, add_products, centre_within, group_means, mean};
use crate::linear_algebra::{Symmetric, dot};

/// Steps after which a logistic fit is given up.
const MOST_STEPS: u32 = 50;

/// Steps with the information of a fit nearby after which a fit from the beginning is cheaper.
const MOST_SHORT_STEPS: u32 = 15;

/// A step smaller than this, on the standardised scale, ends the iteration.
const SMALLEST_STEP: f64 = 1e-10;

/// A standardised coefficient beyond this is a sign of separation.
const LARGEST_COEFFICIENT: f64 = 10.0;

/// A probability nearer to 0 or 1 than this is a sign of separation.
const SMALLEST_PROBABILITY: f64 = 1e-8;

/// λ: the weight of the squared standardised coefficients in a penalised fit.
const RIDGE: f64 = 1.0;

/// Events (or non-events, whichever are fewer) that each covariate of a logistic model asks for.
const EVENTS_PER_COVARIATE: u64 = 20;

/// How many covariates a logistic model can carry with 20 events, or 20 non-events, for each (§8).
#[must_use]
pub fn supported_covariates(events: u64, n: u64) -> u64 {
    events.min(n.saturating_sub(events)) / EVENTS_PER_COVARIATE
}

/// A linear case-mix model.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearFit {
    /// β, one per covariate, in units of the outcome per unit of the covariate; 0 for those in `dropped`.
    pub coefficients: Vec<f64>,
    /// The standard error of each coefficient; 0 for those in `dropped`.
    pub standard_errors: Vec<f64>,
    /// Covariates, by place, that are constant within every provider or follow from earlier ones.
    pub dropped: Vec<usize>,
    /// ȳ over all cases, in the unit of the outcome.
    pub mean: f64,
    /// x̄ over all cases, one per covariate.
    pub covariate_means: Vec<f64>,
    /// σ_w: the standard deviation of what is left within providers, √(RSS/df), in the unit of the outcome.
    pub residual_sd: f64,
    /// Cases less providers less the covariates that are kept.
    pub degrees_of_freedom: f64,
    /// The share of the variation within providers that the covariates explain; 0 when there is none.
    pub r_squared: f64,
    /// The largest variance inflation 1/(1 − R²) of a covariate given the others, within providers; at least 1.
    pub largest_inflation: f64,
}

impl LinearFit {
    /// The expected outcome of each case: ȳ + (x − x̄)β, in the unit of the outcome. `None` unless the columns
    /// are as many as the coefficients and equally long.
    #[must_use]
    pub fn expected(&self, columns: &[Vec<f64>]) -> Option<Vec<f64>> {
        linear_predictor(self.intercept(), &self.coefficients, columns)
    }

    /// The expected outcome at x = 0, in the unit of the outcome.
    #[must_use]
    pub fn intercept(&self) -> f64 {
        self.mean - dot(&self.covariate_means, &self.coefficients)
    }
}

/// intercept + xβ for each row.
fn linear_predictor(intercept: f64, coefficients: &[f64], columns: &[Vec<f64>]) -> Option<Vec<f64>> {
    let rows = columns.first().map_or(0, Vec::len);
    if columns.len() != coefficients.len() || columns.iter().any(|column| column.len() != rows) {
        return None;
    }
    let mut sums = vec![intercept; rows];
    add_products(&mut sums, columns.iter().map(Vec::as_slice), coefficients);
    Some(sums)
}

/// Least squares with the provider absorbed: outcome and covariates less their provider's mean, so that
/// differences between providers do not enter the coefficients (the within estimator, Mundlak 1978; §8).
///
/// `groups` numbers the provider of each case from 0 (below the number of cases). Normal equations of the
/// standardised covariates by Cholesky, refined once. `None` when there are no covariates, lengths differ, a
/// number is not finite, or there are no more cases than providers and covariates.
#[must_use]
pub fn fit_linear_within(groups: &[usize], outcomes: &[f64], columns: &[Vec<f64>]) -> Option<LinearFit> {
    if outcomes.len() != groups.len() || outcomes.iter().any(|y| !y.is_finite()) {
        return None;
    }
    let covariates = Covariates::new(groups, columns)?;
    let providers = group_means(groups, outcomes).iter().filter(|(_, n)| *n > 0.0).count();
    let degrees_of_freedom = outcomes.len() as f64 - providers as f64 - covariates.kept.len() as f64;
    if degrees_of_freedom < 1.0 {
        return None;
    }
    let y = centre_within(groups, outcomes);
    let mut residuals = y.clone();
    let mut standardised = vec![0.0; covariates.kept.len()];
    for _ in 0..2 {
        let right: Vec<f64> = covariates.columns.iter().map(|column| dot(column, &residuals)).collect();
        let step = covariates.factor.solve(&right);
        for (residual, change) in residuals.iter_mut().zip(covariates.predictor(&step)) {
            *residual -= change;
        }
        for (coefficient, step) in standardised.iter_mut().zip(step) {
            *coefficient += step;
        }
    }
    let (left, total) = (dot(&residuals, &residuals), dot(&y, &y));
    let residual_sd = (left / degrees_of_freedom).sqrt();
    let errors: Vec<f64> = covariates.factor.inverse_diagonal().iter().map(|v| residual_sd * v.sqrt()).collect();
    let fit = LinearFit {
        coefficients: covariates.unscaled(&standardised),
        standard_errors: covariates.unscaled(&errors),
        mean: mean(outcomes),
        residual_sd,
        degrees_of_freedom,
        r_squared: if total > 0.0 { (1.0 - left / total).max(0.0) } else { 0.0 },
        largest_inflation: covariates.largest_inflation(),
        covariate_means: covariates.means,
        dropped: covariates.dropped,
    };
    (residual_sd.is_finite() && fit.coefficients.iter().all(|b| b.is_finite())).then_some(fit)
}

/// Ordinary least squares of all cases together, beside [`fit_linear_within`] to show how much the choice
/// matters. `None` as there.
#[must_use]
pub fn fit_linear(outcomes: &[f64], columns: &[Vec<f64>]) -> Option<LinearFit> {
    fit_linear_within(&vec![0; outcomes.len()], outcomes, columns)
}

/// A logistic case-mix model.
#[derive(Debug, Clone, PartialEq)]
pub struct LogisticFit {
    /// The log-odds at x = 0.
    pub intercept: f64,
    /// Log odds ratios, one per unit of each covariate; 0 for those in `dropped`.
    pub coefficients: Vec<f64>,
    /// The standard error of each coefficient; 0 for those in `dropped`.
    pub standard_errors: Vec<f64>,
    /// Covariates, by place, that are constant or follow from earlier ones.
    pub dropped: Vec<usize>,
    /// Whether covariates (nearly) separated events from others, so that the coefficients are penalised.
    pub penalised: bool,
    /// −2 log likelihood, without the penalty.
    pub deviance: f64,
    /// Steps of the iteration.
    pub steps: u32,
    /// The largest variance inflation 1/(1 − R²) of a covariate given the others; at least 1.
    pub largest_inflation: f64,
}

impl LogisticFit {
    /// The predicted probability of each case. `None` unless the columns are as many as the coefficients and
    /// equally long.
    #[must_use]
    pub fn probabilities(&self, columns: &[Vec<f64>]) -> Option<Vec<f64>> {
        let mut values = linear_predictor(self.intercept, &self.coefficients, columns)?;
        values.iter_mut().for_each(|value| *value = expit(*value));
        Some(values)
    }
}

/// 1/(1 + e⁻ˣ).
pub(crate) fn expit(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Pooled logistic regression by iteratively reweighted least squares, started at 0 on standardised covariates
/// and ended when no coefficient moves by 1e-10 or more, after 50 steps at most; a step that lowers the
/// likelihood is halved. Σ predicted = Σ events (§8).
///
/// When a standardised coefficient exceeds 10, a probability comes within 1e-8 of 0 or 1, or the iteration
/// does not end, the fit is made again with a ridge penalty ½Σβ² on the standardised coefficients (le Cessie
/// and van Houwelingen 1992, λ = 1; never on the intercept) and says so. `None` when there are no covariates,
/// lengths differ, a number is not finite, nobody or everybody has the event, or the penalised fit does not
/// end either.
#[must_use]
pub fn fit_logistic(events: &[bool], columns: &[Vec<f64>]) -> Option<LogisticFit> {
    let count = events.iter().filter(|event| **event).count();
    if count == 0 || count == events.len() {
        return None;
    }
    let covariates = Covariates::new(&vec![0; events.len()], columns)?;
    let mut design = Vec::with_capacity(covariates.kept.len() + 1);
    design.push(vec![1.0; events.len()]);
    design.extend(covariates.columns.iter().cloned());
    let start = vec![0.0; design.len()];
    let (solution, penalised) = match iterate(events, &design, start.clone(), 0.0).filter(|solution| !solution.is_separated()) {
        Some(solution) => (solution, false),
        None => (iterate(events, &design, start, RIDGE)?, true),
    };
    let coefficients = covariates.unscaled(&solution.coefficients[1..]);
    let variances = solution.information.cholesky()?.inverse_diagonal();
    let errors: Vec<f64> = variances[1..].iter().map(|variance| variance.sqrt()).collect();
    Some(LogisticFit {
        intercept: solution.coefficients[0] - dot(&covariates.means, &coefficients),
        standard_errors: covariates.unscaled(&errors),
        coefficients,
        penalised,
        deviance: solution.deviance,
        steps: solution.steps,
        largest_inflation: covariates.largest_inflation(),
        dropped: covariates.dropped,
    })
}

/// Where an iteration ended.
struct Solution {
    /// Of the standardised covariates, after the intercept.
    coefficients: Vec<f64>,
    probabilities: Vec<f64>,
    /// XᵀWX, with the penalty.
    information: Symmetric,
    deviance: f64,
    steps: u32,
}

impl Solution {
    fn is_separated(&self) -> bool {
        let extreme = |p: &f64| *p < SMALLEST_PROBABILITY || 1.0 - *p < SMALLEST_PROBABILITY;
        self.coefficients[1..].iter().any(|b| b.abs() > LARGEST_COEFFICIENT) || self.probabilities.iter().any(extreme)
    }
}

/// The probabilities at these coefficients, and −2 log likelihood.
fn evaluate(events: &[bool], design: &[Vec<f64>], coefficients: &[f64]) -> (Vec<f64>, f64) {
    let mut values = vec![0.0; events.len()];
    add_products(&mut values, design.iter().map(Vec::as_slice), coefficients);
    let mut deviance = 0.0;
    for (value, event) in values.iter_mut().zip(events) {
        // −2 ln P(outcome) = 2 ln(1 + e^∓x), without overflow.
        let small = (-value.abs()).exp();
        let against = if *event { -*value } else { *value };
        deviance += 2.0 * (against.max(0.0) + small.ln_1p());
        *value = if *value < 0.0 { small } else { 1.0 } / (1.0 + small);
    }
    (values, deviance)
}

/// The coefficients of an unpenalised fit without the cases in `left_out`, on a design of which the first column is 1, from coefficients
/// nearby with the `information` of the other cases there. Every step uses that information: near the solution a step leaves of the
/// distance about as much as the coefficients have moved, so that half a dozen steps reach what Newton reaches in four, and a step costs
/// a tenth. `None` when they do not reach it, or covariates (nearly) separate events from others: then a fit from the beginning decides.
pub(crate) fn refit_logistic(events: &[bool], design: &[Vec<f64>], left_out: &[usize], start: &[f64], information: &Symmetric) -> Option<Vec<f64>> {
    let factor = information.cholesky()?;
    let mut coefficients = start.to_vec();
    let mut before = f64::INFINITY;
    for _ in 0..MOST_SHORT_STEPS {
        let mut errors = vec![0.0; events.len()];
        add_products(&mut errors, design.iter().map(Vec::as_slice), &coefficients);
        let mut separated = coefficients[1..].iter().any(|b| b.abs() > LARGEST_COEFFICIENT);
        left_out.iter().for_each(|case| errors[*case] = 0.0);
        for (error, event) in errors.iter_mut().zip(events) {
            let probability = expit(*error);
            separated |= !(SMALLEST_PROBABILITY..=1.0 - SMALLEST_PROBABILITY).contains(&probability);
            *error = f64::from(u8::from(*event)) - probability;
        }
        left_out.iter().for_each(|case| errors[*case] = 0.0);
        let score: Vec<f64> = design.iter().map(|column| dot(column, &errors)).collect();
        let step = factor.solve(&score);
        let largest = step.iter().fold(0.0_f64, |largest, step| largest.max(step.abs()));
        if separated || largest.is_nan() || largest > before {
            return None;
        }
        coefficients.iter_mut().zip(&step).for_each(|(coefficient, step)| *coefficient += step);
        if largest < SMALLEST_STEP {
            return Some(coefficients);
        }
        before = largest;
    }
    None
}

/// Newton's iteration on a design of which the first column is 1. `None` when it does not end.
fn iterate(events: &[bool], design: &[Vec<f64>], start: Vec<f64>, ridge: f64) -> Option<Solution> {
    let mut coefficients = start;
    let penalty = |coefficients: &[f64]| ridge * dot(&coefficients[1..], &coefficients[1..]);
    let (mut probabilities, mut deviance) = evaluate(events, design, &coefficients);
    for steps in 1..=MOST_STEPS {
        let weights: Vec<f64> = probabilities.iter().map(|p| p * (1.0 - p)).collect();
        let errors: Vec<f64> = probabilities.iter().zip(events).map(|(p, event)| f64::from(u8::from(*event)) - p).collect();
        let mut information = Symmetric::cross_products(design, Some(&weights));
        let mut score: Vec<f64> = design.iter().map(|column| dot(column, &errors)).collect();
        for place in 1..design.len() {
            information.add(place, place, ridge);
            score[place] -= ridge * coefficients[place];
        }
        let step = information.cholesky()?.solve(&score);
        let largest = step.iter().fold(0.0_f64, |largest, step| largest.max(step.abs()));
        let objective = deviance + penalty(&coefficients);
        let mut share = 1.0;
        loop {
            let next: Vec<f64> = coefficients.iter().zip(&step).map(|(b, step)| b + share * step).collect();
            let at = evaluate(events, design, &next);
            // What rounding adds is no reason to halve.
            if at.1 + penalty(&next) <= objective + 1e-9 * (1.0 + objective) {
                coefficients = next;
                (probabilities, deviance) = at;
                break;
            }
            share *= 0.5;
            if share < 1e-6 {
                return None;
            }
        }
        if largest < SMALLEST_STEP {
            return Some(Solution { coefficients, probabilities, information, deviance, steps });
        }
    }
    None
}
