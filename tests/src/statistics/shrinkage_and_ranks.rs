//! Empirical Bayes, expected ranks, equivalence and power.

use spiegel_stats::*;

use super::{SURGICAL, assert_close, assert_interval, number, numbers, oracle, surgical_target};

/// The published posterior means of the surgical set (Mamba.jl, doc/examples/surgical.rst).
const MAMBA: [f64; 12] = [
    0.05281, 0.10400, 0.07067, 0.05912, 0.05150, 0.06920, 0.06712, 0.12310, 0.07041, 0.07869,
    0.10280, 0.06872,
];

fn order(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    order
}

#[test]
fn surgical_shrinkage() {
    let expected = &oracle("reference.json")["surgical"];
    let rho = number(&expected["rho_wpm"]);
    let size = number(&expected["M"]);
    let target = surgical_target();
    let shrunken: Vec<Shrunken> = SURGICAL
        .iter()
        .map(|(events, n)| shrink_proportion(*events, *n, target, rho).expect("a value"))
        .collect();
    for (index, own) in shrunken.iter().enumerate() {
        assert_close(own.value, numbers(&expected["eb"])[index], 1e-9);
        let bounds = numbers(&expected["eb_ci95"][index]);
        assert_interval(Some(own.interval), bounds[0], bounds[1], 1e-8);
        let n = SURGICAL[index].1 as f64;
        assert_close(own.reliability, n / (n + size), 1e-9);
        // The tolerance of section 3 for any implementation of empirical Bayes.
        assert!(
            (own.value - MAMBA[index]).abs() <= 0.012,
            "hospital {}",
            index + 1
        );
    }
    // The best and the worst are the same; 1 and 5 are nearly equal in the posterior.
    let values: Vec<f64> = shrunken.iter().map(|own| own.value).collect();
    assert_eq!(order(&values)[11], order(&MAMBA)[11]);
    let mut extremes = [order(&values)[0], order(&values)[1]];
    extremes.sort_unstable();
    assert_eq!(extremes, [0, 4]);
}

#[test]
fn beta_binomial_posterior_as_in_r() {
    let expected = &oracle("oracle.json")["surgical"]["betabinom"];
    let (alpha, beta) = (number(&expected["alpha"]), number(&expected["beta"]));
    let (target, rho) = (alpha / (alpha + beta), 1.0 / (1.0 + alpha + beta));
    for (index, (events, n)) in SURGICAL.into_iter().enumerate() {
        let own = shrink_proportion(events, n, target, rho).expect("a value");
        assert_close(own.value, numbers(&expected["post_mean"])[index], 1e-8);
        let bounds = numbers(&expected["post_ci95"][index]);
        assert_interval(Some(own.interval), bounds[0], bounds[1], 1e-8);
        let above = 1.0
            - special::beta_regularized(
                alpha + events as f64,
                beta + (n - events) as f64,
                surgical_target(),
            )
            .expect("a probability");
        assert_close(above, numbers(&expected["prob_above_p0"])[index], 1e-6);
    }
}

#[test]
fn expected_ranks_as_in_mertools() {
    let glmer = &oracle("oracle.json")["surgical"]["glmer"];
    let (estimates, variances) = (numbers(&glmer["blup"]), numbers(&glmer["postvar"]));
    let ranks = expected_ranks(&estimates, &variances);
    for (actual, expected) in ranks.iter().zip(numbers(&glmer["ER"])) {
        assert_close(*actual, expected, 1e-8);
    }
    for (actual, expected) in percentile_ranks(&ranks)
        .iter()
        .zip(numbers(&glmer["pctER"]))
    {
        assert_close(*actual, expected, 1e-8);
    }
    assert_close(ranks.iter().sum(), 78.0, 1e-12);
    let intervals = rank_intervals(&estimates, &variances, 10_000, 1);
    assert_eq!(intervals, rank_intervals(&estimates, &variances, 10_000, 1));
    assert!(intervals[0].in_lowest_quarter > 0.5 && intervals[7].in_lowest_quarter < 0.01);
}

#[test]
fn rank_intervals_of_the_surgical_set() {
    // statistics.md section 3 has H1 1–9, H8 9–12, H10 2–11, from draws of beta posteriors with the rho of
    // 6.4. Normal posteriors on the log-odds scale end at most one rank away.
    let glmer = &oracle("oracle.json")["surgical"]["glmer"];
    let intervals = rank_intervals(
        &numbers(&glmer["blup"]),
        &numbers(&glmer["postvar"]),
        10_000,
        2,
    );
    for (hospital, lower, upper) in [(1, 1, 9), (8, 9, 12), (10, 2, 11)] {
        let own = intervals[hospital - 1];
        assert!(
            own.lower.abs_diff(lower) <= 1 && own.upper.abs_diff(upper) <= 1,
            "{hospital}: {own:?}"
        );
    }
}

#[test]
fn rankability_of_the_surgical_set() {
    let glmer = &oracle("oracle.json")["surgical"]["glmer"];
    let estimate = rankability(
        number(&glmer["tau2"]),
        &numbers(&oracle("oracle.json")["surgical"]["logit_cc"]["vi"]),
    );
    assert!(
        estimate.is_some_and(|r| r > 0.61 && r < 0.63),
        "{estimate:?}"
    );
    assert_eq!(rankability(1.0, &[]), None);
    assert_eq!(rankability(0.0, &[0.0]), None);
    assert_eq!(rankability(0.0, &[1.0]), Some(0.0));
    assert_eq!(rankability(f64::NAN, &[1.0]), None);
}

#[test]
fn reliability_at_the_dutch_correlation() {
    // Warmerdam 2018: ICC .054 needs n = 17.5, 41, 70 for .5, .7, .8; at n = 10 it is .36.
    let at = |n: u64| {
        shrink_proportion(0, n, 0.5, 0.054)
            .expect("a value")
            .reliability
    };
    assert!(at(17) < 0.5 && at(18) > 0.5);
    assert!(at(40) < 0.7 && at(41) > 0.7);
    assert!(at(70) < 0.8 && at(71) > 0.8);
    assert!((at(10) - 0.36).abs() < 0.005);
}

#[test]
fn smallest_detectable_differences() {
    for (name, sizes) in oracle("reference.json")["mdd80"]
        .as_object()
        .expect("settings")
    {
        let rho: f64 = name
            .rsplit('=')
            .next()
            .expect("rho")
            .parse()
            .expect("a number");
        for (n, expected) in sizes.as_object().expect("sizes") {
            let n: u64 = n.parse().expect("n");
            let difference = proportion_detectable_difference(n, 0.5, rho).expect("a difference");
            assert_close(difference, number(expected), 1e-6);
        }
    }
    assert_eq!(minimum_detectable_difference(-1.0, 0.0), f64::INFINITY);
    assert_eq!(minimum_detectable_difference(f64::NAN, 0.0), f64::INFINITY);
}

#[test]
fn equivalence_needs_the_whole_interval_inside() {
    // 90 % Wilson of 500/1000 is .474–.526.
    assert!(equivalent_proportion(500, 1000, 0.5, 0.05));
    assert!(!equivalent_proportion(500, 1000, 0.5, 0.025));
    assert!(!equivalent_proportion(5, 10, 0.5, 0.05));
    assert!(!equivalent_proportion(0, 0, 0.5, 0.5));
    // 90 % t interval, n = 100, sd 10: ± 1.660.
    assert!(equivalent_mean(100, 50.0, 10.0, 50.0, 1.67));
    assert!(!equivalent_mean(100, 50.0, 10.0, 50.0, 1.65));
    assert!(!equivalent_mean(100, 50.5, 10.0, 50.0, 2.1));
    assert!(!equivalent_mean(1, 50.0, 10.0, 50.0, 100.0));
}
