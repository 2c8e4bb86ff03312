//! Case-mix models and their diagnostics, and counts judged by them: statistics.md 6.2, 6.5, 6.6 and 8, against
//! `case-mix.json`.

use serde_json::Value;
use spiegel_stats::*;

use super::{assert_close, number, numbers, oracle};

struct Cases {
    groups: Vec<usize>,
    columns: Vec<Vec<f64>>,
    outcomes: Vec<f64>,
    events: Vec<bool>,
}

fn booleans(value: &Value) -> Vec<bool> {
    value.as_array().expect("an array").iter().map(|x| x.as_bool().expect("a boolean")).collect()
}

fn cases(oracle: &Value) -> Cases {
    Cases {
        groups: numbers(&oracle["groups"]).iter().map(|group| *group as usize).collect(),
        columns: oracle["columns"].as_array().expect("columns").iter().map(numbers).collect(),
        outcomes: numbers(&oracle["outcomes"]),
        events: booleans(&oracle["events"]),
    }
}

#[track_caller]
fn assert_all_close(actual: &[f64], expected: &Value, rel: f64) {
    let expected = numbers(expected);
    assert_eq!(actual.len(), expected.len());
    for (actual, expected) in actual.iter().zip(expected) {
        assert_close(*actual, expected, rel);
    }
}

#[test]
fn a_linear_model_with_the_provider_absorbed() {
    let oracle = oracle("case-mix.json");
    let Cases { groups, columns, outcomes, .. } = cases(&oracle);
    let expected = &oracle["linear"];
    let fit = fit_linear_within(&groups, &outcomes, &columns).expect("a fit");
    assert_all_close(&fit.coefficients, &expected["coefficients"], 1e-9);
    assert_all_close(&fit.standard_errors, &expected["standard_errors"], 1e-9);
    assert_close(fit.residual_sd, number(&expected["sigma"]), 1e-10);
    assert_close(fit.r_squared, number(&expected["r_squared"]), 1e-9);
    assert_close(fit.largest_inflation, number(&expected["inflation"]), 1e-9);
    assert_all_close(&fit.expected(&columns).expect("values")[..5], &expected["first_expected"], 1e-10);
    let pooled = fit_linear(&outcomes, &columns).expect("a fit");
    assert_all_close(&pooled.coefficients, &expected["pooled"]["coefficients"], 1e-9);
    assert_all_close(&pooled.standard_errors, &expected["pooled"]["standard_errors"], 1e-9);
    assert_close(pooled.intercept(), number(&expected["pooled"]["intercept"]), 1e-9);
    assert_close(pooled.residual_sd, number(&expected["pooled"]["sigma"]), 1e-10);
}

#[test]
fn the_diagnostics_of_a_linear_model() {
    let oracle = oracle("case-mix.json");
    let Cases { groups, columns, outcomes, .. } = cases(&oracle);
    let expected = &oracle["linear"];
    let fit = fit_linear_within(&groups, &outcomes, &columns).expect("a fit");
    let found = diagnose_linear(&fit, &groups, &outcomes, &columns).expect("diagnostics");
    assert_close(found.discrimination_elsewhere.expect("R²"), number(&expected["r_squared_elsewhere"]), 1e-9);
    assert_close(found.calibration_slope.expect("a slope"), number(&expected["slope"]), 1e-9);
    assert_close(found.largest_influence, number(&expected["cook"]), 1e-8);
    assert_close(found.residual_correlation.expect("ICC"), number(&expected["icc"]), 1e-9);
    assert_eq!(found.calibration.iter().map(|tenth| tenth.n).sum::<u64>(), outcomes.len() as u64);
    assert!(found.passes(), "{:?}", found.verdicts());
}

#[test]
fn a_logistic_model_and_its_diagnostics() {
    let oracle = oracle("case-mix.json");
    let Cases { groups, columns, events, .. } = cases(&oracle);
    let expected = &oracle["logistic"];
    let fit = fit_logistic(&events, &columns).expect("a fit");
    assert!(!fit.penalised && fit.dropped.is_empty());
    assert_close(fit.intercept, number(&expected["intercept"]), 1e-9);
    assert_all_close(&fit.coefficients, &expected["coefficients"], 1e-9);
    assert_all_close(&fit.standard_errors, &expected["standard_errors"], 1e-8);
    assert_close(fit.deviance, number(&expected["deviance"]), 1e-12);
    let predicted: f64 = fit.probabilities(&columns).expect("probabilities").iter().sum();
    let observed = events.iter().filter(|event| **event).count() as f64;
    assert!((predicted - observed).abs() < 1e-7, "the events are predicted exactly in total");
    let found = diagnose_logistic(&fit, &groups, &events, &columns).expect("diagnostics");
    assert_close(found.discrimination, number(&expected["auc"]), 1e-12);
    assert_close(found.brier.expect("Brier"), number(&expected["brier"]), 1e-9);
    assert_close(found.largest_inflation, number(&expected["inflation"]), 1e-9);
    assert_close(found.largest_influence, number(&expected["cook"]), 1e-8);
    assert_close(found.residual_correlation.expect("ICC"), number(&expected["icc"]), 1e-8);
    assert_close(found.discrimination_elsewhere.expect("AUC"), number(&expected["auc_elsewhere"]), 1e-12);
    assert_close(found.calibration_slope.expect("a slope"), number(&expected["slope"]), 1e-8);
}

#[test]
fn separation_is_penalised_and_told() {
    let oracle = oracle("case-mix.json");
    let ridge = &oracle["ridge"];
    let (column, events) = (numbers(&ridge["columns"]), booleans(&ridge["events"]));
    let groups: Vec<usize> = (0..events.len()).map(|case| case % 8).collect();
    let columns = [column];
    let fit = fit_logistic(&events, &columns).expect("a fit");
    assert!(fit.penalised);
    assert_close(fit.coefficients[0], number(&ridge["coefficient"]), 1e-6);
    assert_close(fit.intercept, number(&ridge["intercept"]), 1e-6);
    let predicted: f64 = fit.probabilities(&columns).expect("probabilities").iter().sum();
    assert!((predicted - 20.0).abs() < 1e-7);
    let found = diagnose_logistic(&fit, &groups, &events, &columns).expect("diagnostics");
    let separation = found.verdicts().into_iter().find(|verdict| verdict.measure == Measure::Separation);
    assert!(separation.is_some_and(|verdict| !verdict.passes) && !found.passes());
}

#[test]
fn post_score_and_change_leave_the_same_residuals() {
    let Cases { groups, columns, outcomes, .. } = cases(&oracle("case-mix.json"));
    let change: Vec<f64> = columns[0].iter().zip(&outcomes).map(|(pre, post)| pre - post).collect();
    let post_fit = fit_linear_within(&groups, &outcomes, &columns).expect("a fit");
    let change_fit = fit_linear_within(&groups, &change, &columns).expect("a fit");
    let post = post_fit.expected(&columns).expect("values");
    let changed = change_fit.expected(&columns).expect("values");
    for case in 0..outcomes.len() {
        let (a, b) = (outcomes[case] - post[case], change[case] - changed[case]);
        assert!((a + b).abs() < 1e-9, "{a} {b}");
    }
}

#[test]
fn covariates_that_add_nothing_are_dropped_by_place() {
    let Cases { groups, columns, outcomes, events } = cases(&oracle("case-mix.json"));
    let plain = fit_linear_within(&groups, &outcomes, &columns).expect("a fit");
    let sum: Vec<f64> = columns[0].iter().zip(&columns[1]).map(|(a, b)| 3.0 * a - b + 1.0).collect();
    let per_provider: Vec<f64> = groups.iter().map(|group| (*group as f64).sqrt()).collect();
    let wide = vec![per_provider, columns[0].clone(), columns[1].clone(), sum, vec![7.1; groups.len()], columns[2].clone()];
    let fit = fit_linear_within(&groups, &outcomes, &wide).expect("a fit");
    assert_eq!(fit.dropped, [0, 3, 4]);
    for (place, same) in [(1, 0), (2, 1), (5, 2)] {
        assert_close(fit.coefficients[place], plain.coefficients[same], 1e-9);
    }
    assert_eq!(fit.coefficients[3], 0.0);
    // Between providers the first does tell something.
    assert_eq!(fit_logistic(&events, &wide).expect("a fit").dropped, [3, 4]);
}

#[test]
fn what_cannot_be_fitted_is_none() {
    let x = vec![vec![1.0, 2.0, 3.0]];
    assert_eq!(fit_linear_within(&[0, 1, 2], &[1.0, 2.0, 3.0], &x), None);
    assert_eq!(fit_linear_within(&[0, 0, 9], &[1.0, 2.0, 3.0], &x), None);
    assert_eq!(fit_linear(&[1.0, 2.0, f64::NAN], &x), None);
    assert_eq!(fit_linear(&[1.0, 2.0], &x), None);
    assert_eq!(fit_linear(&[1.0, 2.0, 3.0], &[]), None);
    assert_eq!(fit_logistic(&[true, true, true], &x), None);
    assert_eq!(fit_logistic(&[false, false, false], &x), None);
    assert_eq!(fit_logistic(&[true, false], &x), None);
    assert_eq!(area_under_curve(&[true, true], &[0.1, 0.2]), None);
    assert_eq!(area_under_curve(&[true, false, true, false], &[0.5; 4]), Some(0.5));
    assert_eq!(intraclass_correlation(&[0, 1, 2], &[1.0, 2.0, 3.0]), None);
    // A flat outcome has a fit: nothing is explained, and nothing is left.
    let flat = fit_linear(&[4.0; 6], &[vec![1.0, 2.0, 4.0, 3.0, 5.0, 9.0]]).expect("a fit");
    assert_eq!((flat.residual_sd, flat.r_squared, flat.mean), (0.0, 0.0, 4.0));
    assert_eq!((supported_covariates(199, 1000), supported_covariates(960, 1000), supported_covariates(5, 3)), (9, 2, 0));
}

#[test]
fn a_covariate_of_one_provider_has_no_bounded_influence() {
    let groups: Vec<usize> = (0..40).map(|case| case / 10).collect();
    let mut stream = RandomStream::new(5);
    let outcomes: Vec<f64> = groups.iter().map(|_| stream.normal()).collect();
    let columns = vec![groups.iter().enumerate().map(|(case, group)| if *group == 2 { (case % 2) as f64 } else { 0.0 }).collect()];
    let fit = fit_linear_within(&groups, &outcomes, &columns).expect("a fit");
    let found = diagnose_linear(&fit, &groups, &outcomes, &columns).expect("diagnostics");
    assert!(found.largest_influence.is_infinite() && !found.passes());
}

#[test]
fn adjusted_counts_and_their_lines() {
    for case in oracle("case-mix.json")["adjusted"].as_array().expect("cases") {
        let (probabilities, tau2) = (numbers(&case["probabilities"]), number(&case["tau2"]));
        let reference = AdjustedReference::new(&probabilities, tau2).expect("a reference");
        for (observed, z) in numbers(&case["observed"]).iter().zip(numbers(&case["z"])) {
            assert_close(reference.z(*observed as u64).expect("a z"), z, 1e-7);
        }
        for (line, lower, upper) in [(Z95, "lower95", "upper95"), (Z998, "lower998", "upper998")] {
            let limits = limits_adjusted_count(&probabilities, tau2, line);
            assert_eq!(limits, reference.limits(line));
            for (actual, key) in [(limits.lower, lower), (limits.upper, upper)] {
                match (actual, case[key].as_f64()) {
                    (Some(actual), Some(expected)) => assert_close(actual, expected, 1e-7),
                    (None, None) => {}
                    other => panic!("{key}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn an_adjusted_count_is_flagged_exactly_when_it_is_outside_the_line() {
    let mut stream = RandomStream::new(77);
    for cases in [1, 2, 9, 30, 120, 300, 301, 700] {
        for level in [0.02, 0.2, 0.6] {
            let probabilities: Vec<f64> = (0..cases).map(|_| (level * 2.0 * stream.uniform()).min(0.99)).collect();
            for tau2 in [0.0, 0.05, 0.6] {
                let reference = AdjustedReference::new(&probabilities, tau2).expect("a reference");
                for line in [Z90, Z95, Z998] {
                    let limits = reference.limits(line);
                    for observed in 0..=cases {
                        let z = reference.z(observed as u64).expect("a z");
                        let outside = limits.lower.is_some_and(|lower| observed as f64 <= lower)
                            || limits.upper.is_some_and(|upper| observed as f64 >= upper);
                        if (z.abs() - line).abs() > 1e-9 {
                            assert_eq!(z.abs() >= line, outside, "{observed} of {cases}, {level}, {tau2}, {line}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn an_adjusted_count_always_has_a_finite_z_and_none_without_uncertainty() {
    let nearly_all = vec![0.999_999; 300];
    let z = z_adjusted_count(0, &nearly_all, 0.0).expect("a z");
    assert!(z < -30.0 && z.is_finite());
    assert_eq!(AdjustedReference::new(&[], 0.1).map(|reference| reference.expected()), None);
    assert_eq!(z_adjusted_count(0, &[0.5], -0.1), None);
    assert_eq!(limits_adjusted_count(&[0.5, f64::NAN], 0.1, Z95), Limits { lower: None, upper: None });
    assert_eq!(limits_adjusted_count(&[0.5; 20], 0.1, 0.0), Limits { lower: None, upper: None });
    // Equal probabilities without variation are the binomial, also in what can be detected.
    let reference = AdjustedReference::new(&[0.3; 80], 0.0).expect("a reference");
    let share = proportion_detectable_difference(80, 0.3, 0.0).expect("a difference");
    assert_close(reference.detectable_difference(), share, 1e-12);
}
