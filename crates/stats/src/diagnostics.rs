//! Whether a case-mix model is fit to compare providers with (§8): each measure, and which pass their
//! threshold.

use crate::covariates::{Covariates, centre_within, group_means, mean};
use crate::linear_algebra::{Symmetric, dot};
use crate::regression::{LinearFit, LogisticFit, expit, fit_linear_within, fit_logistic, refit_logistic};

/// Parts in which providers are divided for validation.
const FOLDS: usize = 10;

/// One part of the cases, by expected outcome.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationGroup {
    /// How many cases.
    pub n: u64,
    /// The mean expected outcome, in the unit of the outcome or as a probability.
    pub expected: f64,
    /// The mean outcome; for a linear model without what each provider's own level adds.
    pub observed: f64,
}

/// What a model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Whether it tells cases of other providers apart at all: R² above 0, AUC above 0.5.
    Discrimination,
    /// Whether the outcome rises as much as predicted, at other providers: slope 0.9 to 1.1 (§8).
    CalibrationSlope,
    /// Whether covariates can be told apart: below 5 (§8).
    LargestInflation,
    /// Whether no single provider decides the coefficients: Cook's distance below 1 (Cook and Weisberg 1982).
    LargestInfluence,
    /// Whether no covariate separates events from others: unpenalised.
    Separation,
}

/// The answer to one question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// What was asked.
    pub measure: Measure,
    /// What was found; `None` when it could not be computed. For separation 1 when penalised, else 0.
    pub value: Option<f64>,
    /// Whether that passes. What could not be computed does not.
    pub passes: bool,
}

/// How a case-mix model does.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostics {
    /// R² within providers of a linear model; the area under the ROC curve of a logistic one.
    pub discrimination: f64,
    /// The same when each tenth of the providers is predicted by a model of the others. R² can be negative.
    /// `None` when a part cannot be fitted.
    pub discrimination_elsewhere: Option<f64>,
    /// The mean squared error of the probabilities (Brier 1950); `None` for a linear model.
    pub brier: Option<f64>,
    /// The slope of the outcome on what a model of other providers predicts: within providers for a linear
    /// model, of the log-odds for a logistic one (Cox 1958). In the fit itself it is 1 by construction.
    pub calibration_slope: Option<f64>,
    /// Tenths of the cases by expected outcome, in rising order. Equal expected outcomes stay together, so
    /// there can be fewer.
    pub calibration: Vec<CalibrationGroup>,
    /// The largest variance inflation of a covariate.
    pub largest_inflation: f64,
    /// The largest Cook's distance of a whole provider: how far the coefficients move without it, in their
    /// standard errors squared, per coefficient. Infinite when a coefficient exists through that provider only.
    pub largest_influence: f64,
    /// The intraclass correlation of outcome less expected, as [`intraclass_correlation`].
    pub residual_correlation: Option<f64>,
    /// Whether the fit is penalised because of separation.
    pub penalised: bool,
    /// The value of discrimination that knows nothing.
    uninformative: f64,
}

impl Diagnostics {
    /// Each measure that has a threshold, in a fixed order.
    #[must_use]
    pub fn verdicts(&self) -> [Verdict; 5] {
        let verdict = |measure, value: Option<f64>, passing: &dyn Fn(f64) -> bool| Verdict {
            measure,
            value,
            passes: value.is_some_and(passing),
        };
        [
            verdict(Measure::Discrimination, self.discrimination_elsewhere, &|value| value > self.uninformative),
            verdict(Measure::CalibrationSlope, self.calibration_slope, &|value| (0.9..=1.1).contains(&value)),
            verdict(Measure::LargestInflation, Some(self.largest_inflation), &|value| value < 5.0),
            verdict(Measure::LargestInfluence, Some(self.largest_influence), &|value| value < 1.0),
            verdict(Measure::Separation, Some(f64::from(u8::from(self.penalised))), &|value| value == 0.0),
        ]
    }

    /// Whether every measure passes.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.verdicts().iter().all(|verdict| verdict.passes)
    }
}

/// The diagnostics of a linear fit, with the cases it was fitted to. `None` when those are not the cases of
/// the fit.
#[must_use]
pub fn diagnose_linear(fit: &LinearFit, groups: &[usize], outcomes: &[f64], columns: &[Vec<f64>]) -> Option<Diagnostics> {
    let expected = fit.expected(columns).filter(|expected| expected.len() == outcomes.len())?;
    let covariates = Covariates::new(groups, columns)?;
    let y = centre_within(groups, outcomes);
    let total = dot(&y, &y);
    let left = differences(&y, &centre_within(groups, &expected));
    let elsewhere = linear_elsewhere(&covariates, groups, outcomes, &y, columns)
    .map(|predicted| centre_within(groups, &predicted));
    let observed: Vec<f64> = expected.iter().zip(&left).map(|(expected, left)| expected + left).collect();
    let residuals = differences(outcomes, &expected);
    let scale = fit.residual_sd.powi(2) * covariates.kept.len() as f64;
    Some(Diagnostics {
        discrimination: fit.r_squared,
        discrimination_elsewhere: elsewhere.as_ref().filter(|_| total > 0.0).map(|predicted| {
            let error = differences(&y, predicted);
            1.0 - dot(&error, &error) / total
        }),
        brier: None,
        calibration_slope: elsewhere.and_then(|predicted| {
            let slope = dot(&y, &predicted) / dot(&predicted, &predicted);
            slope.is_finite().then_some(slope)
        }),
        calibration: calibration_groups(&expected, &observed),
        largest_inflation: fit.largest_inflation,
        largest_influence: largest_influence(groups, &covariates.columns, None, &left, &covariates.products, scale),
        residual_correlation: intraclass_correlation(groups, &residuals),
        penalised: false,
        uninformative: 0.0,
    })
}

/// The diagnostics of a logistic fit, with the cases it was fitted to and the provider of each, numbered from 0
/// (below the number of cases). `None` when those are not the cases of the fit.
#[must_use]
pub fn diagnose_logistic(fit: &LogisticFit, groups: &[usize], events: &[bool], columns: &[Vec<f64>]) -> Option<Diagnostics> {
    let probabilities = fit.probabilities(columns).filter(|predicted| predicted.len() == events.len())?;
    let pooled = Covariates::new(&vec![0; events.len()], columns)?;
    if groups.len() != events.len() || groups.iter().any(|group| *group >= groups.len()) {
        return None;
    }
    let outcomes: Vec<f64> = events.iter().map(|event| f64::from(u8::from(*event))).collect();
    let residuals = differences(&outcomes, &probabilities);
    let mut design = vec![vec![1.0; events.len()]];
    design.extend(pooled.columns.iter().cloned());
    let weights: Vec<f64> = probabilities.iter().map(|p| p * (1.0 - p)).collect();
    let information = Symmetric::cross_products(&design, Some(&weights));
    let elsewhere = logistic_elsewhere(fit, &pooled, &design, (&weights, &information), groups, events, columns);
    let scale = design.len() as f64;
    Some(Diagnostics {
        discrimination: area_under_curve(events, &probabilities)?,
        discrimination_elsewhere: elsewhere.as_ref().and_then(|log_odds| {
            let predicted: Vec<f64> = log_odds.iter().map(|x| expit(*x)).collect();
            area_under_curve(events, &predicted)
        }),
        brier: Some(dot(&residuals, &residuals) / events.len() as f64),
        calibration_slope: elsewhere.and_then(|log_odds| {
            let recalibrated = fit_logistic(events, &[log_odds])?;
            (recalibrated.dropped.is_empty() && !recalibrated.penalised).then(|| recalibrated.coefficients[0])
        }),
        calibration: calibration_groups(&probabilities, &outcomes),
        largest_inflation: fit.largest_inflation,
        largest_influence: largest_influence(groups, &design, Some(&weights), &residuals, &information, scale),
        residual_correlation: intraclass_correlation(groups, &residuals),
        penalised: fit.penalised,
        uninformative: 0.5,
    })
}

fn differences(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn chosen<T: Copy>(values: &[T], places: &[usize]) -> Vec<T> {
    places.iter().map(|place| values[*place]).collect()
}

fn chosen_columns(columns: &[Vec<f64>], places: &[usize]) -> Vec<Vec<f64>> {
    columns.iter().map(|column| chosen(column, places)).collect()
}

/// The cases of each tenth of the providers: those whose number among the providers that occur leaves the same remainder after
/// division by 10. `None` with fewer than two providers.
fn folds(groups: &[usize]) -> Option<Vec<Vec<usize>>> {
    let numbers = consecutive(groups);
    let count = FOLDS.min(numbers.iter().max()? + 1);
    let mut folds = vec![Vec::new(); count];
    for (case, number) in numbers.iter().enumerate() {
        folds[number % count].push(case);
    }
    (count > 1).then_some(folds)
}

/// The cases that are not in a fold, in order; a fold is in rising order.
fn others(cases: usize, fold: &[usize]) -> Vec<usize> {
    let mut fold = fold.iter().peekable();
    (0..cases).filter(|case| fold.next_if_eq(&case).is_none()).collect()
}

/// The expected outcome of each case from a linear fit to the other nine tenths of the providers. As providers are whole, their
/// centred sums are what is left of the sums of all.
fn linear_elsewhere(covariates: &Covariates, groups: &[usize], outcomes: &[f64], centred: &[f64], columns: &[Vec<f64>]) -> Option<Vec<f64>> {
    let right: Vec<f64> = covariates.columns.iter().map(|column| dot(column, centred)).collect();
    let mut predicted = vec![0.0; groups.len()];
    for fold in folds(groups)? {
        let own = chosen_columns(&covariates.columns, &fold);
        let own_centred = chosen(centred, &fold);
        let rest: Vec<f64> = right.iter().zip(&own).map(|(all, column)| all - dot(column, &own_centred)).collect();
        let used = others(groups.len(), &fold);
        let (intercept, coefficients) = match covariates.products.less(&Symmetric::cross_products(&own, None)).cholesky() {
            Some(factor) => {
                let coefficients = covariates.unscaled(&factor.solve(&rest));
                let means: Vec<f64> = columns.iter().map(|column| mean(&chosen(column, &used))).collect();
                (mean(&chosen(outcomes, &used)) - dot(&means, &coefficients), coefficients)
            }
            // A covariate that varies in this tenth only.
            None => {
                let part = fit_linear_within(&consecutive(&chosen(groups, &used)), &chosen(outcomes, &used), &chosen_columns(columns, &used))?;
                (part.intercept(), part.coefficients)
            }
        };
        for case in fold {
            predicted[case] = intercept + columns.iter().zip(&coefficients).map(|(column, b)| b * column[case]).sum::<f64>();
        }
    }
    Some(predicted)
}

/// The log-odds of each case from a logistic fit to the other nine tenths of the providers, begun at the fit to all of them; `at_fit` holds
/// the weights of the cases and the information there. What a tenth takes from the information is all that has to be summed for it.
fn logistic_elsewhere(
    fit: &LogisticFit,
    pooled: &Covariates,
    design: &[Vec<f64>],
    at_fit: (&[f64], &Symmetric),
    groups: &[usize],
    events: &[bool],
    columns: &[Vec<f64>],
) -> Option<Vec<f64>> {
    let mut start = vec![fit.intercept + dot(&pooled.means, &fit.coefficients)];
    start.extend(pooled.kept.iter().zip(&pooled.scales).map(|(place, scale)| fit.coefficients[*place] * scale));
    let (weights, information) = at_fit;
    let mut predicted = vec![0.0; groups.len()];
    for fold in folds(groups)? {
        let near = (!fit.penalised).then(|| {
            let own = Symmetric::cross_products(&chosen_columns(design, &fold), Some(&chosen(weights, &fold)));
            refit_logistic(events, design, &fold, &start, &information.less(&own))
        });
        if let Some(coefficients) = near.flatten() {
            for case in fold {
                predicted[case] = design.iter().zip(&coefficients).map(|(column, b)| b * column[case]).sum();
            }
        } else {
            let used = others(groups.len(), &fold);
            let part = fit_logistic(&chosen(events, &used), &chosen_columns(columns, &used))?;
            for case in fold {
                predicted[case] = part.intercept + columns.iter().zip(&part.coefficients).map(|(column, b)| b * column[case]).sum::<f64>();
            }
        }
    }
    Some(predicted)
}

/// Numbers 0, 1, 2, … for the groups that occur, in the same order.
fn consecutive(groups: &[usize]) -> Vec<usize> {
    let mut distinct = groups.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    groups.iter().map(|group| distinct.partition_point(|other| other < group)).collect()
}

/// The probability that a case with the event has the higher predicted value, half for equal values (Hanley
/// and McNeil 1982), from 0 to 1. `None` unless some have the event and some have not, lengths agree, and no
/// value is NaN.
#[must_use]
pub fn area_under_curve(events: &[bool], predicted: &[f64]) -> Option<f64> {
    if events.len() != predicted.len() || predicted.iter().any(|value| value.is_nan()) {
        return None;
    }
    let mut order: Vec<(f64, bool)> = predicted.iter().copied().zip(events.iter().copied()).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let with = events.iter().filter(|event| **event).count() as f64;
    let without = events.len() as f64 - with;
    let (mut below, mut wins) = (0.0, 0.0);
    for tied in order.chunk_by(|a, b| a.0 == b.0) {
        let here = tied.iter().filter(|(_, event)| *event).count() as f64;
        let others = tied.len() as f64 - here;
        wins += here * (below + 0.5 * others);
        below += others;
    }
    (with > 0.0 && without > 0.0).then(|| wins / (with * without))
}

/// Tenths by expected outcome; ties stay together, in the tenth of their middle.
fn calibration_groups(expected: &[f64], observed: &[f64]) -> Vec<CalibrationGroup> {
    let mut order: Vec<(f64, f64)> = expected.iter().copied().zip(observed.iter().copied()).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut tenths = [(0.0, 0.0, 0u64); 10];
    let mut before = 0;
    for tied in order.chunk_by(|a, b| a.0 == b.0) {
        let tenth = &mut tenths[(10 * (2 * before + tied.len()) / (2 * order.len())).min(9)];
        for (expected, observed) in tied {
            tenth.0 += expected;
            tenth.1 += observed;
        }
        tenth.2 += tied.len() as u64;
        before += tied.len();
    }
    tenths
        .iter()
        .filter(|(_, _, n)| *n > 0)
        .map(|(expected, observed, n)| CalibrationGroup {
            n: *n,
            expected: expected / *n as f64,
            observed: observed / *n as f64,
        })
        .collect()
}

/// max over providers of ΔᵀAΔ/scale, with Δ = (A − A_g)⁻¹X_gᵀr_g the change of the coefficients without provider
/// g: exact for least squares, one Newton step for a logistic fit (Cook 1977; Pregibon 1981).
fn largest_influence(
    groups: &[usize],
    design: &[Vec<f64>],
    weights: Option<&[f64]>,
    residuals: &[f64],
    information: &Symmetric,
    scale: f64,
) -> f64 {
    if design.is_empty() || scale <= 0.0 {
        return 0.0;
    }
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by_key(|case| groups[*case]);
    let mut largest = 0.0;
    for cases in order.chunk_by(|a, b| groups[*a] == groups[*b]) {
        let own = chosen_columns(design, cases);
        let own_weights = weights.map(|weights| chosen(weights, cases));
        let own_residuals = chosen(residuals, cases);
        let score: Vec<f64> = own.iter().map(|column| dot(column, &own_residuals)).collect();
        let rest = information.less(&Symmetric::cross_products(&own, own_weights.as_deref()));
        let Some(factor) = rest.cholesky() else { return f64::INFINITY };
        largest = f64::max(largest, information.quadratic(&factor.solve(&score)) / scale);
    }
    largest
}

/// The intraclass correlation of values within providers from a one-way analysis of variance,
/// (B − W)/(B + (n₀ − 1)W) with B and W the mean squares between and within and
/// n₀ = (N − Σn²/N)/(k − 1); 0 when B < W (Donner 1986). `groups` numbers the provider of each value from 0
/// (below the number of values). `None` with fewer than two providers, without two values of one provider, when
/// all values are equal, or when a number is not finite.
#[must_use]
pub fn intraclass_correlation(groups: &[usize], values: &[f64]) -> Option<f64> {
    let n = values.len();
    if groups.len() != n || groups.iter().any(|group| *group >= n) || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let means: Vec<(f64, f64)> = group_means(groups, values).into_iter().filter(|(_, n)| *n > 0.0).collect();
    let (total, k) = (n as f64, means.len() as f64);
    let overall = means.iter().map(|(mean, n)| mean * n).sum::<f64>() / total;
    let between = means.iter().map(|(mean, n)| n * (mean - overall).powi(2)).sum::<f64>() / (k - 1.0);
    let centred = centre_within(groups, values);
    let within = dot(&centred, &centred) / (total - k);
    let typical = (total - means.iter().map(|(_, n)| n * n).sum::<f64>() / total) / (k - 1.0);
    let correlation = (between - within) / (between + (typical - 1.0) * within);
    (k >= 2.0 && total > k && correlation.is_finite()).then_some(correlation.max(0.0))
}
