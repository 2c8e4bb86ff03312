//! z and funnel lines: statistics.md sections 3 and 6.6, `oracle.json` and `reference.json`.

use spiegel_stats::special::normal_two_sided;
use spiegel_stats::*;

use super::{SURGICAL, assert_close, number, numbers, oracle, surgical_target};

#[test]
fn surgical_mid_p() {
    let expected = &oracle("oracle.json")["surgical"];
    let target = surgical_target();
    let z: Vec<f64> = SURGICAL
        .iter()
        .map(|(events, n)| z_proportion(*events, *n, target, 0.0).expect("a z"))
        .collect();
    for (actual, expected) in z.iter().zip(numbers(&expected["z_midp"])) {
        assert_close(*actual, expected, 1e-9);
    }
    let p: Vec<f64> = z.iter().map(|z| normal_two_sided(*z)).collect();
    for (actual, expected) in p.iter().zip(numbers(&expected["midp_two_sided"])) {
        assert_close(*actual, expected, 1e-9);
    }
    for (actual, expected) in benjamini_hochberg(&p).iter().zip(numbers(&expected["bh"])) {
        assert_close(*actual, expected, 1e-9);
    }
    for (actual, expected) in holm(&p).iter().zip(numbers(&expected["holm"])) {
        assert_close(*actual, expected, 1e-9);
    }
}

#[test]
fn surgical_beta_binomial_mid_p() {
    let expected = &oracle("reference.json")["surgical"];
    let rho = number(&expected["rho_wpm"]);
    let target = surgical_target();
    for ((events, n), expected) in SURGICAL.iter().zip(numbers(&expected["z_bb_midp"])) {
        assert_close(
            z_proportion(*events, *n, target, rho).expect("a z"),
            expected,
            1e-8,
        );
    }
}

#[test]
fn a_vanishing_correlation_is_the_binomial() {
    for (events, n) in [(0, 10), (3, 25), (400, 1000), (15_300, 30_000)] {
        let plain = z_proportion(events, n, 0.5, 0.0).expect("a z");
        assert_close(
            z_proportion(events, n, 0.5, 1e-14).expect("a z"),
            plain,
            1e-7,
        );
    }
}

#[test]
fn negative_binomial_mid_p() {
    for case in oracle("reference.json")["negbin"]
        .as_array()
        .expect("cases")
    {
        let (observed, expected) = (number(&case["O"]) as u64, number(&case["E"]));
        let z = z_count(observed, expected, number(&case["tau2"])).expect("a z");
        assert_close(z, number(&case["z"]), 1e-9);
    }
    for (observed, expected, tau2, z) in [
        (0, 2.5, 0.0, -1.738714),
        (0, 2.5, 0.05, -1.670448),
        (9, 4.0, 0.0, 2.176797),
        (9, 4.0, 0.05, 1.971654),
        (60, 90.5, 0.02, -2.074583),
    ] {
        assert_close(z_count(observed, expected, tau2).expect("a z"), z, 1e-6);
    }
}

#[test]
fn the_table_of_limits_with_its_absences() {
    let mut seen = 0;
    for (name, sizes) in oracle("reference.json")["limits"]
        .as_object()
        .expect("settings")
    {
        let parameter = |key: &str| -> f64 {
            let part = name
                .split(',')
                .find_map(|part| part.strip_prefix(key))
                .expect("a parameter");
            part.parse().expect("a number")
        };
        let (target, rho) = (parameter("mu="), parameter("rho="));
        for (n, limits) in sizes.as_object().expect("sizes") {
            let n: u64 = n.parse().expect("n");
            let (wide, narrow) = (
                limits_proportion(n, target, rho, Z998),
                limits_proportion(n, target, rho, Z95),
            );
            for (actual, key) in [
                (narrow.lower, "95L"),
                (narrow.upper, "95U"),
                (wide.lower, "998L"),
                (wide.upper, "998U"),
            ] {
                match (actual, limits[key].as_f64()) {
                    (Some(actual), Some(expected)) => assert_close(actual, expected, 1e-9),
                    (None, None) => {}
                    other => panic!("{name} n={n} {key}: {other:?}"),
                }
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 4 * 7 * 4);
}

#[test]
fn means_of_the_dutch_schools() {
    // The school file itself is GPL; the means, sizes and variances derived from it are the oracle.
    let bdf = &oracle("reference.json")["bdf_mean"];
    let (within, tau2) = (number(&bdf["s2_within"]), number(&bdf["tau2_wpm"]));
    let national = number(&bdf["national_delta"]);
    for school in bdf["first6"].as_array().expect("schools") {
        let (n, difference) = (number(&school["n"]), number(&school["diff"]));
        let mean = national + difference;
        let z = |tau2: f64| z_mean(mean, national, n, None, within, tau2, 0.0).expect("a z");
        assert_close(z(0.0), number(&school["z0"]), 1e-9);
        assert_close(z(tau2), number(&school["z_od"]), 1e-9);
        let shrunken = shrink_mean(mean, national, n, within, tau2).expect("a value");
        assert_close(shrunken.reliability, number(&school["reliability"]), 1e-9);
        assert_close(shrunken.value - national, number(&school["eb"]), 1e-8);
    }
}

#[test]
fn a_skewed_mean_moves_both_lines_up() {
    // σ = 1, n = 10, γ = 2: g = 2/√10, shift (q² − 1) g/6.
    let g = 2.0 / 10.0_f64.sqrt();
    let shift = (Z95 * Z95 - 1.0) * g / 6.0;
    let limits = limits_mean(10.0, 0.0, None, 1.0, 0.0, 2.0, Z95);
    let scale = 10.0_f64.sqrt();
    assert_close(limits.upper.expect("a limit") * scale, Z95 + shift, 1e-12);
    assert_close(limits.lower.expect("a limit") * scale, -Z95 + shift, 1e-12);
    // A standard error of √(1/10 − 1/50) when the provider is a fifth of its own target.
    let own = limits_mean(10.0, 0.0, Some(50.0), 1.0, 0.0, 0.0, Z95);
    assert_close(own.upper.expect("a limit"), Z95 * 0.08_f64.sqrt(), 1e-12);
    assert_eq!(z_mean(1.0, 0.0, 10.0, Some(10.0), 1.0, 0.0, 0.0), None);
    assert_eq!(z_mean(1.0, 0.0, 10.0, Some(9.0), 1.0, 0.0, 0.0), None);
}

#[test]
fn case_mix_adjusted_counts() {
    // Equal probabilities are the binomial.
    for (events, n, p) in [(0, 12, 0.2), (4, 15, 0.5), (29, 30, 0.7), (150, 300, 0.45)] {
        let z = z_poisson_binomial(events, &vec![p; n]).expect("a z");
        assert_close(
            z,
            z_proportion(events, n as u64, p, 0.0).expect("a z"),
            1e-8,
        );
    }
    // Two cases of .3 and .6: f(0) = .28, f(1) = .54, f(2) = .18.
    let z = z_poisson_binomial(1, &[0.3, 0.6]).expect("a z");
    assert_close(special::normal_cdf(z), 0.28 + 0.27, 1e-12);
    // Above 300 cases: (O − E)/√(V + τ²V²).
    let z = z_adjusted_count(230, &[0.5; 400], 0.04).expect("a z");
    assert_close(z, 30.0 / (100.0 + 0.04 * 1e4_f64).sqrt(), 1e-12);
    // Variation between providers draws z towards 0, and a symmetric set mirrors.
    let probabilities = [0.2, 0.8, 0.35, 0.65, 0.5, 0.5, 0.1, 0.9, 0.4, 0.6];
    let plain = z_adjusted_count(9, &probabilities, 0.0).expect("a z");
    let mixed = z_adjusted_count(9, &probabilities, 0.5).expect("a z");
    assert!(mixed > 0.0 && mixed < plain);
    assert_close(
        z_adjusted_count(1, &probabilities, 0.5).expect("a z"),
        -mixed,
        1e-9,
    );
    assert_eq!(z_poisson_binomial(0, &[]), None);
    assert_eq!(z_poisson_binomial(3, &[0.5, 0.5]), None);
    assert_eq!(z_poisson_binomial(1, &[1.0, 0.0]), None);
    assert_eq!(z_poisson_binomial(1, &[1.2, 0.1]), None);
}
