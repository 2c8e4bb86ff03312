//! Special functions against mpmath, at the points of `special-functions.json`.

use serde_json::Value;
use spiegel_stats::special::*;

use super::{close, numbers, oracle};

/// Fails with every point that is off, not only the first.
fn check(tables: &Value, name: &str, rel: f64, function: impl Fn(&[f64]) -> Option<f64>) {
    let rows = tables[name].as_array().expect("a table");
    assert!(rows.len() >= 50, "{name} has {} points", rows.len());
    let wrong: Vec<String> = rows
        .iter()
        .map(numbers)
        .filter_map(|row| {
            let (expected, arguments) = row.split_last()?;
            let actual = function(arguments);
            let right = actual.is_some_and(|actual| close(actual, *expected, rel));
            (!right).then(|| format!("{name}{arguments:?} = {actual:?}, expected {expected}"))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        rows.len(),
        wrong.join("\n")
    );
}

#[test]
fn distribution_functions_agree_to_ten_digits() {
    let tables = oracle("special-functions.json");
    check(&tables, "normal_cdf", 1e-10, |a| Some(normal_cdf(a[0])));
    check(&tables, "ln_gamma", 1e-10, |a| ln_gamma(a[0]));
    check(&tables, "beta_regularized", 1e-10, |a| {
        beta_regularized(a[0], a[1], a[2])
    });
    check(&tables, "gamma_regularized", 1e-10, |a| {
        gamma_regularized(a[0], a[1])
    });
    check(&tables, "gamma_regularized_upper", 1e-10, |a| {
        gamma_regularized_upper(a[0], a[1])
    });
    check(&tables, "student_t_cdf", 1e-10, |a| {
        student_t_cdf(a[0], a[1])
    });
    check(&tables, "chi_squared_upper_tail", 1e-10, |a| {
        chi_squared_upper_tail(a[0], a[1])
    });
}

#[test]
fn quantiles_agree_to_eight_digits() {
    let tables = oracle("special-functions.json");
    check(&tables, "normal_quantile", 1e-8, |a| normal_quantile(a[0]));
    check(&tables, "beta_quantile", 1e-8, |a| {
        beta_quantile(a[0], a[1], a[2])
    });
    check(&tables, "gamma_quantile", 1e-8, |a| {
        gamma_quantile(a[0], a[1])
    });
    check(&tables, "student_t_quantile", 1e-8, |a| {
        student_t_quantile(a[0], a[1])
    });
}

#[test]
fn outside_their_domain_they_answer_none() {
    for p in [0.0, 1.0, -0.1, 1.1, f64::NAN] {
        assert_eq!(normal_quantile(p), None);
        assert_eq!(beta_quantile(1.0, 2.0, p), None);
        assert_eq!(gamma_quantile(1.0, p), None);
        assert_eq!(student_t_quantile(p, 3.0), None);
    }
    for shape in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(ln_gamma(shape), None);
        assert_eq!(beta_regularized(shape, 1.0, 0.5), None);
        assert_eq!(gamma_regularized(shape, 0.5), None);
        assert_eq!(student_t_cdf(0.5, shape), None);
    }
    assert_eq!(beta_regularized(1.0, 1.0, 1.5), None);
    assert_eq!(gamma_regularized(1.0, -0.5), None);
}
