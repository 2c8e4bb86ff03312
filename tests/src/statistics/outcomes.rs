//! Outcome classes, bounds, survival, forecasts and group priors: statistics.md 6.13-6.15, 9 and 10, domain.md 4.5.

use spiegel_stats::*;

use super::{assert_close, assert_interval, number, numbers, oracle};

#[test]
fn reliable_change() {
    // SD 10 and reliability 0.9: 10·√0.2 = 4.472136 per standard error of difference.
    assert_close(spiegel_stats::reliable_change(10.0, 0.9).expect("a change"), 8.765_225, 1e-6);
    assert_close(reliable_change_index(60.0, 45.0, 10.0, 0.9).expect("an index"), 3.354_102, 1e-6);
    assert_close(reliable_change_index(45.0, 60.0, 10.0, 0.9).expect("an index"), -3.354_102, 1e-6);
    // Half the way in units of each spread: 40 + 5·20/(5 + 10).
    assert_close(clinical_cut_off(40.0, 5.0, 60.0, 10.0).expect("a cut-off"), 46.666_667, 1e-6);
    assert_eq!(spiegel_stats::reliable_change(10.0, 1.0), None);
    assert_eq!(spiegel_stats::reliable_change(0.0, 0.5), None);
    assert_eq!(reliable_change_index(f64::NAN, 1.0, 10.0, 0.5), None);
    assert_eq!(clinical_cut_off(40.0, 0.0, 60.0, 10.0), None);
}

#[test]
fn classes_on_and_beside_every_boundary() {
    use OutcomeClass::{Deteriorated, Improved, Recovered, Unchanged};
    for (pre, post, class) in [
        (50.0, 42.4, Recovered),
        (50.0, 42.5, Improved),
        (42.5, 37.5, Recovered),
        (42.4, 37.4, Improved),
        (42.4, 37.5, Unchanged),
        (43.0, 42.0, Unchanged),
        (50.0, 54.9, Unchanged),
        (50.0, 55.0, Deteriorated),
        (40.0, 45.0, Deteriorated),
        (60.0, 55.0, Improved),
    ] {
        assert_eq!(outcome_class(pre, post, 5.0, 42.5), Some(class), "{pre} {post}");
    }
    // Decimals that binary numbers cannot hold: 2.3 − 1.8 is less than 0.5 there.
    assert_eq!(outcome_class(2.3, 1.8, 0.5, 1.0), Some(Improved));
    assert_eq!(outcome_class(0.1 + 0.2, 0.1, 0.2, 0.3), Some(Recovered));
    assert_eq!(outcome_class(50.0, 40.0, 0.0, 42.5), None);
    assert_eq!(outcome_class(50.0, f64::NAN, 5.0, 42.5), None);
}

#[test]
fn bounds_when_some_did_not_answer() {
    assert_interval(manski_bounds(30, 60, 100), 0.3, 0.7, 1e-12);
    assert_interval(manski_bounds(0, 0, 10), 0.0, 1.0, 1e-12);
    assert_interval(manski_bounds(7, 10, 10), 0.7, 0.7, 1e-12);
    assert_eq!(manski_bounds(7, 6, 10), None);
    assert_eq!(manski_bounds(0, 0, 0), None);
    assert_interval(manski_bounds_mean(8.0, 30, 40, 0.0, 10.0), 6.0, 8.5, 1e-12);
    assert_interval(manski_bounds_mean(f64::NAN, 0, 40, 1.0, 5.0), 1.0, 5.0, 1e-12);
    assert_eq!(manski_bounds_mean(11.0, 30, 40, 0.0, 10.0), None);
    assert_eq!(manski_bounds_mean(8.0, 41, 40, 0.0, 10.0), None);
    assert_eq!(manski_bounds_mean(8.0, 4, 40, 10.0, 0.0), None);
}

#[test]
fn survival_with_ties_and_ends_of_following() {
    for case in oracle("case-mix.json")["survival"].as_array().expect("cases") {
        let events = case["event"].as_array().expect("events").iter().map(|event| event.as_bool().expect("a boolean"));
        let durations: Vec<(f64, bool)> = numbers(&case["time"]).into_iter().zip(events).collect();
        let found = kaplan_meier(&durations, number(&case["horizon"])).expect("a survival");
        assert_close(found.survival, number(&case["survival"]), 1e-12);
        assert_interval(found.interval, number(&case["lower"]), number(&case["upper"]), 1e-10);
        assert_eq!(found.at_risk, number(&case["at_risk"]) as u64);
        let mut reversed = durations.clone();
        reversed.reverse();
        assert_eq!(kaplan_meier(&reversed, number(&case["horizon"])), Some(found));
    }
}

#[test]
fn survival_at_its_edges() {
    let followed = |found: Option<Survival>| found.map(|found| (found.survival, found.at_risk, found.interval));
    assert_eq!(followed(kaplan_meier(&[(365.0, false); 4], 365.0)), Some((1.0, 4, None)));
    assert_eq!(followed(kaplan_meier(&[(10.0, true), (20.0, true)], 365.0)), Some((0.0, 0, None)));
    assert_eq!(followed(kaplan_meier(&[(365.0, true), (400.0, false)], 365.0)).map(|found| (found.0, found.1)), Some((0.5, 2)));
    assert_eq!(followed(kaplan_meier(&[(366.0, true), (400.0, false)], 365.0)), Some((1.0, 2, None)));
    // Nobody is followed to the end, and some had no event.
    assert_eq!(kaplan_meier(&[(10.0, true), (20.0, false)], 365.0), None);
    assert_eq!(kaplan_meier(&[], 365.0), None);
    assert_eq!(kaplan_meier(&[(-1.0, true)], 365.0), None);
    assert_eq!(kaplan_meier(&[(f64::NAN, true)], 365.0), None);
}

#[test]
fn next_year() {
    for case in oracle("case-mix.json")["forecasts"].as_array().expect("cases") {
        let count = |key: &str| number(&case[key]) as u64;
        let found = forecast_proportion(count("events"), count("n"), number(&case["target"]), number(&case["rho"]), count("next_n"))
            .expect("a forecast");
        assert_close(found.value, number(&case["value"]), 1e-12);
        assert_interval(Some(found.interval), number(&case["lower"]), number(&case["upper"]), 1e-12);
    }
    assert_eq!(forecast_proportion(3, 10, 0.5, 0.1, 0), None);
    let same = forecast_proportion(9, 10, 0.5, 0.0, 40).expect("a forecast");
    assert_eq!(same.value, 0.5);
    assert!(same.interval.lower > 0.3 && same.interval.upper < 0.7);
    // B = 4·25/(4·25 + 100) = 0.5; the spread is √(0.5·4 + 100/50) = 2.
    let mean = forecast_mean(14.0, 10.0, 25.0, 100.0, 4.0, 50.0).expect("a forecast");
    assert_close(mean.value, 12.0, 1e-12);
    assert_interval(Some(mean.interval), 12.0 - 2.0 * Z95, 12.0 + 2.0 * Z95, 1e-12);
    assert_eq!(forecast_mean(14.0, 10.0, 25.0, 100.0, 4.0, 0.0), None);
}

#[test]
fn a_forecast_holds_what_the_next_year_shows() {
    let (mut inside, mut all) = (0.0, 0.0);
    let mut stream = RandomStream::new(8);
    for _ in 0..4000 {
        let level = 10.0 + 2.0 * stream.normal();
        let (now, later) = (level + 10.0 / 5.0 * stream.normal(), level + 10.0 / 6.0 * stream.normal());
        let forecast = forecast_mean(now, 10.0, 25.0, 100.0, 4.0, 36.0).expect("a forecast");
        inside += f64::from(u8::from(forecast.interval.contains(later)));
        all += 1.0;
    }
    assert!((0.94..0.96).contains(&(inside / all)), "{}", inside / all);
}

#[test]
fn the_priors_of_comparable_groups() {
    let case = &oracle("case-mix.json")["group_priors"];
    let groups: Vec<GroupMean> = numbers(&case["means"])
        .into_iter()
        .zip(numbers(&case["variances"]))
        .map(|(mean, variance)| GroupMean { mean, variance })
        .collect();
    let national = number(&case["national"]);
    let priors = group_priors(&groups, national).expect("priors");
    for (prior, expected) in priors.iter().zip(numbers(&case["priors"])) {
        assert_close(*prior, expected, 1e-7);
    }
    assert_eq!(group_priors(&groups[..1], national), Some(vec![national]));
    let alike = [GroupMean { mean: 4.5, variance: 1.0 }, GroupMean { mean: 4.7, variance: 1.0 }];
    assert_eq!(group_priors(&alike, national), Some(vec![national; 2]));
    assert_eq!(group_priors(&[], national), None);
    assert_eq!(group_priors(&[GroupMean { mean: 4.5, variance: 0.0 }], national), None);
}
