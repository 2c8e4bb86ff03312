//! What must hold for every provider (statistics.md 12.5 and 12.6).

use spiegel_stats::*;

use super::{SURGICAL, assert_close};

const TARGETS: [f64; 7] = [0.01, 0.05, 0.1, 0.3, 0.5, 0.8, 0.97];
const CORRELATIONS: [f64; 5] = [0.0, 0.001, 0.02, 0.1, 0.2];
const SIZES: [u64; 9] = [1, 2, 5, 10, 25, 60, 131, 400, 1500];
const LINES: [f64; 3] = [Z90, Z95, Z998];

/// A deviate this near a line may fall on either side by rounding alone.
const ROUNDING: f64 = 1e-9;

fn on_or_outside(value: f64, limits: Limits) -> bool {
    limits.lower.is_some_and(|lower| value <= lower)
        || limits.upper.is_some_and(|upper| value >= upper)
}

#[test]
fn lines_enclose_the_target() {
    for target in TARGETS {
        for rho in CORRELATIONS {
            for n in SIZES {
                for z in LINES {
                    let limits = limits_proportion(n, target, rho, z);
                    assert!(
                        limits
                            .lower
                            .is_none_or(|lower| (0.0..=target).contains(&lower)),
                        "{n} {target} {rho} {z}"
                    );
                    assert!(
                        limits
                            .upper
                            .is_none_or(|upper| (target..=1.0).contains(&upper)),
                        "{n} {target} {rho} {z}"
                    );
                }
            }
        }
    }
    for skewness in [-6.0, -2.0, 0.0, 0.7, 2.0, 6.0] {
        for n in SIZES {
            for z in LINES {
                let limits = limits_mean(n as f64, 540.0, None, 90_000.0, 400.0, skewness, z);
                assert!(
                    limits.lower.is_some_and(|lower| lower <= 540.0),
                    "{n} {skewness} {z}"
                );
                assert!(
                    limits.upper.is_some_and(|upper| upper >= 540.0),
                    "{n} {skewness} {z}"
                );
            }
        }
    }
}

#[test]
fn a_wider_line_lies_further_out() {
    for skewness in [-6.0, -2.0, 0.0, 0.7, 2.0, 6.0] {
        for n in SIZES {
            let at = |z: f64| limits_mean(n as f64, 540.0, None, 90_000.0, 0.0, skewness, z);
            let bounds =
                |limits: Limits| (limits.lower.expect("a line"), limits.upper.expect("a line"));
            let mut inner = bounds(at(1.0));
            for z in [1.2, Z90, Z95, 2.5, Z998, 3.5, 5.0] {
                let outer = bounds(at(z));
                assert!(outer.0 < inner.0 && outer.1 > inner.1, "{n} {skewness} {z}");
                inner = outer;
            }
        }
    }
}

#[test]
fn a_share_is_flagged_exactly_when_it_is_outside_the_line() {
    for target in TARGETS {
        for rho in CORRELATIONS {
            for n in SIZES {
                let limits = LINES.map(|line| limits_proportion(n, target, rho, line));
                for events in (0..=n).step_by(if n > 200 { 7 } else { 1 }) {
                    let z = z_proportion(events, n, target, rho).expect("a z");
                    for (line, limits) in LINES.into_iter().zip(limits) {
                        if (z.abs() - line).abs() > ROUNDING {
                            let value = events as f64 / n as f64;
                            assert_eq!(
                                z.abs() >= line,
                                on_or_outside(value, limits),
                                "{events}/{n} {target} {rho} {line}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_mean_is_flagged_exactly_when_it_is_outside_the_line() {
    let mut stream = RandomStream::new(12);
    for skewness in [-5.0, -1.0, 0.0, 0.5, 2.0, 5.0] {
        for n in [1.0, 3.0, 10.0, 40.0, 900.0] {
            for tau2 in [0.0, 400.0] {
                for total in [None, Some(5000.0)] {
                    for line in LINES {
                        let limits = limits_mean(n, 540.0, total, 90_000.0, tau2, skewness, line);
                        for _ in 0..100 {
                            let spread = 3.0 * (90_000.0 / n + tau2).sqrt();
                            let mean = 540.0 + spread * stream.normal();
                            let z = z_mean(mean, 540.0, n, total, 90_000.0, tau2, skewness)
                                .expect("a z");
                            if (z.abs() - line).abs() > ROUNDING {
                                assert_eq!(
                                    z.abs() >= line,
                                    on_or_outside(mean, limits),
                                    "{mean} {n} {skewness} {line}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_count_is_flagged_exactly_when_it_is_outside_the_line() {
    for expected in [0.3, 1.0, 2.5, 10.0, 90.5, 1000.0] {
        for tau2 in [0.0, 0.02, 0.3, 2.0] {
            let limits = LINES.map(|line| limits_count(expected, tau2, line));
            let step = if expected > 100.0 { 97 } else { 1 };
            for observed in (0..(4.0 * expected) as u64 + 20).step_by(step) {
                let z = z_count(observed, expected, tau2).expect("a z");
                for (line, limits) in LINES.into_iter().zip(limits) {
                    if (z.abs() - line).abs() > ROUNDING {
                        assert_eq!(
                            z.abs() >= line,
                            on_or_outside(observed as f64, limits),
                            "{observed} {expected} {tau2}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn counting_the_other_outcome_mirrors() {
    for target in TARGETS {
        for rho in CORRELATIONS {
            for n in [1, 7, 30, 250] {
                for events in 0..=n {
                    let z = z_proportion(events, n, target, rho).expect("a z");
                    let mirrored = z_proportion(n - events, n, 1.0 - target, rho).expect("a z");
                    assert!(
                        (z + mirrored).abs() < 1e-8 * z.abs().max(1.0),
                        "{events}/{n} {target} {rho}"
                    );
                }
                let limits = limits_proportion(n, target, rho, Z95);
                let mirrored = limits_proportion(n, 1.0 - target, rho, Z95);
                for (one, other) in [
                    (limits.lower, mirrored.upper),
                    (limits.upper, mirrored.lower),
                ] {
                    match (one, other) {
                        (Some(one), Some(other)) => assert!((one + other - 1.0).abs() < 1e-9),
                        (None, None) => {}
                        other => panic!("{n} {target} {rho}: {other:?}"),
                    }
                }
            }
        }
    }
    let others = SURGICAL.map(|(events, n)| (n - events, n));
    assert_close(
        between_variation_proportions(&others, 1.0 - super::surgical_target()).value,
        between_variation_proportions(&SURGICAL, super::surgical_target()).value,
        1e-9,
    );
    let (one, other) = (
        wilson(3, 25, Z95).expect("i"),
        wilson(22, 25, Z95).expect("i"),
    );
    assert_close(one.lower, 1.0 - other.upper, 1e-12);
}

#[test]
fn z_rises_with_the_count_and_stays_finite() {
    for target in [0.001, 0.5, 0.999] {
        for rho in [0.0, 1e-9, 0.02, 0.3] {
            let mut last = f64::NEG_INFINITY;
            for events in (0..=30_000).step_by(500) {
                let z = z_proportion(events, 30_000, target, rho).expect("a z");
                assert!(
                    z.is_finite() && z > last,
                    "{events} {target} {rho}: {z} after {last}"
                );
                last = z;
            }
        }
    }
    // Far beyond what a probability can hold: exact binomial tails of 10⁻⁹⁰³¹.
    let z = z_proportion(30_000, 30_000, 0.5, 0.0).expect("a z");
    // ln(2⁻³⁰⁰⁰⁰ / 2) = −x²/2 − ln x − ½ ln 2π up to 1/x².
    let logarithm = -0.5 * z * z - z.ln() - 0.5 * (2.0 * std::f64::consts::PI).ln();
    assert_close(logarithm, -30_001.0 * 2.0_f64.ln(), 1e-7);
    assert!(z_count(100_000, 10.0, 0.0).is_some_and(f64::is_finite));
    assert!(z_count(100_000, 10.0, 0.1).is_some_and(f64::is_finite));
}

#[test]
fn the_order_of_providers_does_not_matter() {
    let target = super::surgical_target();
    let forward = between_variation_proportions(&SURGICAL, target);
    let mut reversed = SURGICAL;
    reversed.reverse();
    let backward = between_variation_proportions(&reversed, target);
    assert_close(backward.value, forward.value, 1e-12);
    assert_close(backward.overdispersion, forward.overdispersion, 1e-12);
    let ranks = expected_ranks(&[0.3, 0.1, 0.2], &[0.01, 0.02, 0.03]);
    let turned = expected_ranks(&[0.2, 0.1, 0.3], &[0.03, 0.02, 0.01]);
    assert_close(ranks[0], turned[2], 1e-12);
    assert_close(ranks[1], turned[1], 1e-12);
}

#[test]
fn tiny_and_degenerate_input_has_a_reasoned_answer() {
    // Nobody, one case, one provider.
    assert_eq!(z_proportion(0, 0, 0.5, 0.0), None);
    assert_eq!(z_proportion(2, 1, 0.5, 0.0), None);
    assert!(z_proportion(0, 1, 0.5, 0.0).is_some_and(|z| z < 0.0 && z > -1.0));
    for target in [0.0, 1.0, -0.1, f64::NAN] {
        assert_eq!(z_proportion(0, 5, target, 0.0), None);
        assert_eq!(shrink_proportion(0, 5, target, 0.1), None);
        assert_eq!(
            limits_proportion(5, target, 0.0, Z95),
            Limits {
                lower: None,
                upper: None
            }
        );
        let variation = between_variation_proportions(&[(0, 5), (5, 5)], target);
        assert_eq!((variation.value, variation.providers), (0.0, 0));
    }
    for rho in [-0.1, 1.0, f64::NAN] {
        assert_eq!(z_proportion(0, 5, 0.5, rho), None);
        assert_eq!(shrink_proportion(0, 5, 0.5, rho), None);
    }
    assert_eq!(
        limits_proportion(0, 0.5, 0.0, Z95),
        Limits {
            lower: None,
            upper: None
        }
    );
    for variation in [
        between_variation_proportions(&[], 0.5),
        between_variation_proportions(&[(0, 0)], 0.5),
        between_variation_proportions(&[(3, 10)], 0.3),
        between_variation_proportions(&[(10, 10)], 0.3),
        between_variation_means(&[], 1.0),
        between_variation_means(
            &[ProviderMean {
                n: 5.0,
                mean: 9.0,
                expected: 5.0,
            }],
            1.0,
        ),
        between_variation_means(
            &[ProviderMean {
                n: 5.0,
                mean: 9.0,
                expected: 5.0,
            }],
            0.0,
        ),
        between_variation_counts(&[(3, 0.0)]),
        between_variation_adjusted(&[]),
    ] {
        assert!(
            variation.value == 0.0
                && variation.overdispersion.is_finite()
                && !variation.is_supported()
        );
    }
    // All or nothing everywhere: the largest correlation, not an endless search.
    let extreme = between_variation_proportions(&[(0, 100), (100, 100), (0, 100), (100, 100)], 0.5);
    assert!(extreme.value > 0.9 && extreme.value < 1.0);
    // Providers that differ without any variation within.
    let apart: Vec<ProviderMean> = (0..12)
        .map(|i| ProviderMean {
            n: 5.0,
            mean: f64::from(i),
            expected: 5.5,
        })
        .collect();
    assert!(between_variation_means(&apart, 0.0).value > 1.0);
    assert_eq!(z_mean(5.0, 5.0, 10.0, None, 0.0, 0.0, 0.0), None);
    assert_eq!(z_mean(5.0, 5.0, 0.0, None, 1.0, 0.0, 0.0), None);
    assert_eq!(z_mean(f64::NAN, 5.0, 3.0, None, 1.0, 0.0, 0.0), None);
    assert_eq!(shrink_mean(5.0, 5.0, 10.0, 0.0, 0.0), None);
    assert_eq!(z_count(3, 0.0, 0.1), None);
    assert_eq!(z_count(3, 2.0, -0.1), None);
}

#[test]
fn shrinkage_grows_weaker_with_n() {
    let target = 0.4;
    for rho in [0.001, 0.02, 0.2] {
        let (mut reliability, mut distance) = (-1.0, -1.0);
        for n in [0, 5, 10, 20, 50, 100, 1000] {
            let own = shrink_proportion(n * 4 / 5, n, target, rho).expect("a value");
            assert!(
                own.reliability > reliability && own.value - target > distance,
                "{n} {rho}"
            );
            assert!(own.interval.contains(own.value));
            (reliability, distance) = (own.reliability, own.value - target);
        }
    }
    let (mut reliability, mut width) = (-1.0, f64::INFINITY);
    for n in [0.0, 1.0, 5.0, 20.0, 100.0, 1000.0] {
        let own = shrink_mean(8.0, 5.0, n, 9.0, 0.5).expect("a value");
        assert!(own.reliability > reliability && own.interval.width() < width);
        (reliability, width) = (own.reliability, own.interval.width());
    }
    let none = shrink_proportion(9, 10, target, 0.0).expect("a value");
    assert_eq!(
        (none.value, none.reliability, none.interval.width()),
        (target, 0.0, 0.0)
    );
    let none = shrink_mean(8.0, 5.0, 10.0, 9.0, 0.0).expect("a value");
    assert_eq!((none.value, none.reliability), (5.0, 0.0));
}

#[test]
fn scaling_a_mean_only_scales() {
    let z = z_mean(58.0, 50.0, 12.0, Some(900.0), 100.0, 4.0, 1.5).expect("a z");
    let scaled = z_mean(5800.0, 5000.0, 12.0, Some(900.0), 1e6, 4e4, 1.5).expect("a z");
    assert_close(scaled, z, 1e-12);
    let (one, hundred) = (
        limits_mean(12.0, 50.0, Some(900.0), 100.0, 4.0, 1.5, Z95),
        limits_mean(12.0, 5000.0, Some(900.0), 1e6, 4e4, 1.5, Z95),
    );
    assert_close(
        hundred.lower.expect("a line"),
        100.0 * one.lower.expect("a line"),
        1e-12,
    );
    let mirrored = z_mean(42.0, 50.0, 12.0, Some(900.0), 100.0, 4.0, -1.5).expect("a z");
    assert_close(mirrored, -z, 1e-12);
}

#[test]
fn ranks_add_up() {
    let mut stream = RandomStream::new(5);
    for k in [1_usize, 2, 7, 150] {
        let estimates: Vec<f64> = (0..k).map(|_| stream.normal()).collect();
        let variances: Vec<f64> = (0..k).map(|_| stream.uniform()).collect();
        let sum: f64 = expected_ranks(&estimates, &variances).iter().sum();
        assert_close(sum, (k * (k + 1)) as f64 / 2.0, 1e-9);
        assert_eq!(rank_intervals(&estimates, &variances, 100, 1).len(), k);
    }
    assert_eq!(expected_ranks(&[1.0, 1.0], &[0.0, 0.0]), [1.5, 1.5]);
    assert!(expected_ranks(&[1.0], &[]).is_empty());
}
