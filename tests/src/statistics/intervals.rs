//! Intervals of shares, counts, medians and means: statistics.md sections 2.2 and 3, `oracle.json`.

use serde_json::Value;
use spiegel_stats::*;

use super::{SURGICAL, assert_close, assert_interval, close, number, numbers, oracle};

#[test]
fn wilson_as_published() {
    let table = [
        (0, 5, 0.0, 0.434482),
        (0, 12, 0.0, 0.242494),
        (1, 10, 0.017876, 0.404150),
        (5, 10, 0.236593, 0.763407),
        (3, 25, 0.041668, 0.299558),
        (12, 12, 0.757506, 1.0),
        (18, 20, 0.698966, 0.972134),
        (45, 60, 0.627679, 0.842235),
    ];
    for (events, n, lower, upper) in table {
        let interval = wilson(events, n, Z95).expect("an interval");
        assert!((interval.lower - lower).abs() < 6e-7 && (interval.upper - upper).abs() < 6e-7);
    }
    let wide = wilson(5, 10, Z998).expect("an interval");
    assert!((wide.lower - 0.150544).abs() < 6e-7 && (wide.upper - 0.849456).abs() < 6e-7);
    // PHEindicatormethods, testdata_Byars_Wilson.xlsx.
    assert_interval(wilson(65, 100, Z95), 0.5525444330, 0.7363575176, 1e-9);
    assert_interval(wilson(1045, 5000, Z95), 0.1979554988, 0.2204913037, 1e-9);
    assert_interval(wilson(65, 100, Z998), 0.4954946574, 0.7783540614, 1e-8);
    // Newcombe 1998, table I.
    for (name, bounds) in oracle("reference.json")["published"]["newcombe1998_wilson"]
        .as_object()
        .expect("a table")
    {
        let (events, n) = name.split_once('/').expect("events/n");
        let bounds = numbers(bounds);
        let interval = wilson(events.parse().expect("events"), n.parse().expect("n"), Z95);
        assert_interval(interval, bounds[0], bounds[1], 1e-6);
    }
}

#[test]
fn wilson_bounds_are_exact_at_the_ends() {
    for n in [1, 2, 47, 1000] {
        assert_eq!(wilson(0, n, Z95).map(|i| i.lower), Some(0.0));
        assert_eq!(wilson(n, n, Z95).map(|i| i.upper), Some(1.0));
    }
    assert_eq!(wilson(0, 0, Z95), None);
    assert_eq!(wilson(3, 2, Z95), None);
}

#[test]
fn surgical_intervals_as_r_computes_them() {
    let surgical = &oracle("oracle.json")["surgical"];
    let compare = |name: &str, method: &dyn Fn(u64, u64) -> Option<Interval>| {
        for (index, (events, n)) in SURGICAL.into_iter().enumerate() {
            let bounds = numbers(&surgical[name][index]);
            let interval = method(events, n).expect("an interval");
            // R's Wilson leaves 6e-18 at no events, where ours is exactly 0.
            assert!(
                (interval.lower - bounds[0]).abs() <= 1e-9 * bounds[0].max(1e-6),
                "{name} {index}"
            );
            assert_close(interval.upper, bounds[1], 1e-9);
        }
    };
    compare("wilson95", &|events, n| wilson(events, n, Z95));
    compare("clopper95", &|events, n| clopper_pearson(events, n, 0.95));
    compare("jeffreys95", &|events, n| jeffreys(events, n, 0.95));
}

#[test]
fn exact_shares_as_published() {
    let near = |interval: Option<Interval>, lower: f64, upper: f64| {
        let interval = interval.expect("an interval");
        assert!((interval.lower - lower).abs() < 6e-7 && (interval.upper - upper).abs() < 6e-7);
    };
    near(clopper_pearson(0, 5, 0.95), 0.0, 0.521824);
    near(clopper_pearson(5, 10, 0.95), 0.187086, 0.812914);
    near(clopper_pearson(0, 47, 0.95), 0.0, 0.075486);
    near(jeffreys(5, 10, 0.95), 0.223529, 0.776471);
}

#[test]
fn poisson_intervals() {
    let poisson = &oracle("oracle.json")["poisson"];
    for (count, bounds) in numbers(&poisson["ci_exact95_x"])
        .iter()
        .zip(poisson["ci_exact95"].as_array().expect("rows"))
    {
        let bounds = numbers(bounds);
        assert_interval(
            poisson_exact(*count as u64, 0.95),
            bounds[0],
            bounds[1],
            1e-9,
        );
    }
    assert_interval(poisson_exact(4, 0.95), 1.089865, 10.241589, 1e-6);
    let mid = poisson_mid_p(1, 0.95).expect("an interval");
    assert!((mid.lower - 0.050020).abs() < 6e-7 && (mid.upper - 4.931861).abs() < 6e-7);
    let mid = poisson_mid_p(9, 0.95).expect("an interval");
    assert!((mid.lower - 4.389068).abs() < 6e-7 && (mid.upper - 16.516425).abs() < 6e-7);
    assert_eq!(poisson_mid_p(0, 0.95).map(|i| i.lower), Some(0.0));
}

#[test]
fn byar_as_in_phe_indicator_methods() {
    assert_interval(byar(65, Z95), 50.16318771, 82.84913855, 1e-8);
    assert_interval(byar(1045, Z95), 982.5932018, 1110.331213, 1e-8);
    assert_interval(byar(1, Z95), 0.0130721329, 5.563755582, 1e-7);
    assert_interval(byar(65, Z998), 42.88026147, 94.00029084, 1e-8);
    assert_interval(byar(10, Z998), 2.916318375, 24.19372493, 1e-8);
    assert_eq!(byar(0, Z95), None);
    assert_eq!(byar(1, Z998), None);
}

#[test]
fn newcombe_differences() {
    assert_interval(
        newcombe_difference(56, 70, 48, 80, Z95),
        0.05243147,
        0.33387265,
        1e-6,
    );
    assert_interval(
        newcombe_difference(0, 12, 3, 15, Z95),
        -0.45185449,
        0.07491806,
        1e-6,
    );
    let crossing = newcombe_difference(15, 100, 31, 120, Z95).expect("an interval");
    assert_close(crossing.lower, -0.21060267, 1e-6);
    assert!((crossing.upper - 0.00009198).abs() < 1e-8);
    assert_eq!(newcombe_difference(0, 0, 3, 15, Z95), None);
}

#[test]
fn median_and_quantiles() {
    let expected = &oracle("oracle.json")["median_ci"];
    let values = numbers(&expected["y"]);
    let actual = median_interval(&values, 0.95).expect("an interval");
    assert_eq!(actual.median, number(&expected["median"]));
    assert_eq!((actual.lower_rank, actual.upper_rank), (6, 15));
    assert_eq!(
        actual.interval,
        Interval {
            lower: 95.0,
            upper: 210.0
        }
    );
    assert_close(actual.coverage, number(&expected["coverage"]), 1e-9);
    for (p, value) in [0.1, 0.25, 0.5, 0.75, 0.9]
        .into_iter()
        .zip(numbers(&expected["type7_q"]))
    {
        assert_close(quantile(&values, p).expect("a quantile"), value, 1e-12);
    }
    assert_eq!(median_interval(&values[..5], 0.95), None);
    assert!(
        median_interval(&values[..6], 0.95).is_some_and(|m| m.lower_rank == 1 && m.upper_rank == 6)
    );
    assert_eq!(median_interval(&values[..6], 0.998), None);
    assert_eq!(quantile(&[], 0.5), None);
    assert_eq!(quantile(&values, 1.1), None);
    assert_eq!(quantile(&values, 1.0), Some(410.0));
}

#[test]
fn means() {
    let own = moments(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).expect("moments");
    assert_eq!((own.n, own.mean), (8, 5.0));
    assert_close(own.sd.expect("an sd"), (32.0_f64 / 7.0).sqrt(), 1e-14);
    assert_close(own.third_central_sum, 42.0, 1e-14);
    assert_eq!(moments(&[]), None);
    assert_eq!(moments(&[3.0]).and_then(|m| m.sd), None);
    // PHEindicatormethods, testdata_Mean.xlsx: 53.704345 [36.16832524, 71.24036476], n = 8. Its values are
    // GPL, so the standard deviation is taken back from the upper bound.
    let t = special::student_t_quantile(0.975, 7.0).expect("a quantile");
    assert_close(t, 2.364_624_251_592_785, 1e-9);
    let sd = (71.24036476 - 53.704345) / t * 8.0_f64.sqrt();
    assert_interval(
        student_t_interval(8, 53.704345, sd, 0.95),
        36.16832524,
        71.24036476,
        1e-9,
    );
    assert_eq!(student_t_interval(1, 5.0, 1.0, 0.95), None);
    // One case has no standard deviation of its own, but does have an interval with the national one.
    assert!(t_interval_with_df(1, 5.0, 2.0, 500.0, 0.95).is_some_and(|i| i.contains(5.0)));
    // With equal variances and sizes Welch is the pooled t with 2n − 2 degrees of freedom.
    let welch = welch_difference(10, 5.0, 2.0, 10, 4.0, 2.0, 0.95).expect("an interval");
    let half = special::student_t_quantile(0.975, 18.0).expect("a quantile") * (0.8_f64).sqrt();
    assert_close(welch.upper, 1.0 + half, 1e-12);
    // Unequal: a = 4/10, b = 9/20; df = 0.7225/(0.16/9 + 0.2025/19).
    let welch = welch_difference(10, 5.0, 2.0, 20, 4.0, 3.0, 0.95).expect("an interval");
    let df = 0.85_f64.powi(2) / (0.16 / 9.0 + 0.2025 / 19.0);
    let half = special::student_t_quantile(0.975, df).expect("a quantile") * 0.85_f64.sqrt();
    assert_close(welch.lower, 1.0 - half, 1e-12);
}

#[test]
fn bootstrap_covers_a_skewed_mean_better_than_student() {
    // statistics.md 6.1: lognormal(.6), n = 20: t .925, bootstrap-t .940.
    let truth = (0.18_f64).exp();
    let mut stream = RandomStream::new(20);
    let (mut bootstrap, mut student) = (0, 0);
    let experiments = 1500;
    for experiment in 0..experiments {
        let values: Vec<f64> = (0..20).map(|_| (0.6 * stream.normal()).exp()).collect();
        let own = moments(&values).expect("moments");
        let interval = bootstrap_t_interval(&values, 0.95, 999, experiment).expect("an interval");
        bootstrap += u32::from(interval.contains(truth));
        let t =
            student_t_interval(20, own.mean, own.sd.expect("an sd"), 0.95).expect("an interval");
        student += u32::from(t.contains(truth));
    }
    let share = |hits: u32| f64::from(hits) / experiments as f64;
    assert!(
        share(bootstrap) > 0.925 && share(bootstrap) < 0.96,
        "{}",
        share(bootstrap)
    );
    assert!(
        share(student) < share(bootstrap),
        "{} {}",
        share(student),
        share(bootstrap)
    );
}

#[test]
fn bootstrap_is_deterministic_and_handles_equal_values() {
    let values = [
        310.0, 480.0, 512.0, 540.0, 560.0, 610.0, 900.0, 1400.0, 200.0, 450.0,
    ];
    let first = bootstrap_t_interval(&values, 0.95, 1999, 7).expect("an interval");
    assert_eq!(Some(first), bootstrap_t_interval(&values, 0.95, 1999, 7));
    assert_ne!(Some(first), bootstrap_t_interval(&values, 0.95, 1999, 8));
    assert!(first.contains(596.2));
    // The long side is the side of the tail.
    assert!(first.upper - 596.2 > 596.2 - first.lower);
    // Shifting and scaling the values shifts and scales the interval.
    let moved: Vec<f64> = values.iter().map(|value| 2.0 * value + 100.0).collect();
    let second = bootstrap_t_interval(&moved, 0.95, 1999, 7).expect("an interval");
    assert!(close(second.lower, 2.0 * first.lower + 100.0, 1e-9));
    assert!(close(second.upper, 2.0 * first.upper + 100.0, 1e-9));
    assert_eq!(
        bootstrap_t_interval(&[0.1; 12], 0.95, 1999, 1),
        Some(Interval {
            lower: 0.1,
            upper: 0.1
        })
    );
    assert_eq!(bootstrap_t_interval(&values[..4], 0.95, 1999, 1), None);
    assert_eq!(bootstrap_t_interval(&[], 0.95, 1999, 1), None);
    assert_eq!(bootstrap_t_interval(&values, 0.95, 10, 1), None);
}

#[test]
fn random_numbers_are_the_same_everywhere() {
    // SplitMix64 from state 0 gives e220a8397b1dcdaf first; the stream is a fixed point of this project.
    let mut stream = RandomStream::new(0);
    let first: Vec<u64> = (0..3).map(|_| stream.next_u64()).collect();
    assert_eq!(first, FIRST_OF_SEED_ZERO);
    assert_ne!(
        seed_of(&["minutes", "2025", "1"]),
        seed_of(&["minutes", "202", "51"])
    );
    assert_eq!(seed_of(&["minutes", "2025"]), seed_of(&["minutes", "2025"]));
}

/// xoshiro256++ with the state SplitMix64 gives from 0, computed apart from this crate.
const FIRST_OF_SEED_ZERO: [u64; 3] = [
    0x5317_5d61_490b_23df,
    0x61da_6f3d_c380_d507,
    0x5c0f_df91_ec9a_7bfc,
];

#[test]
fn exact_limits_of_other_tools() {
    let oracle = oracle("oracle.json");
    let poisson = &oracle["poisson"];
    let tails = [0.001, 0.025, 0.975, 0.999];
    let rows = |value: &Value| value.as_array().expect("rows").clone();
    for (expected, row) in numbers(&poisson["E"])
        .iter()
        .zip(rows(&poisson["exact_interp"]))
    {
        for (p, limit) in tails.iter().zip(numbers(&row)) {
            assert_close(
                interpolated_poisson_limits(*expected, *p).expect("a limit"),
                limit,
                1e-8,
            );
        }
    }
    for (expected, row) in numbers(&poisson["E"])
        .iter()
        .zip(rows(&poisson["funnelplotr_chisq"]))
    {
        let row = numbers(&row);
        assert_interval(
            chi_squared_ratio_limits(*expected, 0.95),
            row[1],
            row[2],
            1e-8,
        );
        assert_interval(
            chi_squared_ratio_limits(*expected, 0.998),
            row[0],
            row[3],
            1e-8,
        );
    }
    let surgical = &oracle["surgical"];
    let target = number(&surgical["p0"]);
    for (name, p) in [
        ("l998", 0.001),
        ("l95", 0.025),
        ("u95", 0.975),
        ("u998", 0.999),
    ] {
        let limits = numbers(&surgical["limits_exact_interp"][name]);
        for ((_, n), limit) in SURGICAL.iter().zip(limits) {
            assert_close(
                interpolated_proportion_limits(*n, target, p).expect("a limit"),
                limit,
                1e-6,
            );
        }
    }
}
