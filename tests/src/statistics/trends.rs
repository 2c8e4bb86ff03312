//! Trends over years, control charts and multiplicity.

use spiegel_stats::*;

use super::{assert_close, number, numbers, oracle};

#[test]
fn cochran_armitage() {
    let expected = &oracle("oracle.json")["trend"];
    let trend =
        trend_proportions(&[(1.0, 15, 100), (2.0, 22, 110), (3.0, 31, 120)]).expect("a trend");
    assert_close(
        trend.statistic.powi(2),
        number(&expected["prop_trend_chi"]),
        1e-9,
    );
    assert_close(trend.p_value, number(&expected["prop_trend_p"]), 1e-9);
    assert!(trend.statistic > 0.0 && trend.slope > 0.05 && trend.slope < 0.06);
    // The origin of the years does not matter, and falling is the mirror of rising.
    let shifted = trend_proportions(&[(2023.0, 85, 100), (2024.0, 88, 110), (2025.0, 89, 120)])
        .expect("a trend");
    assert_close(shifted.statistic, -trend.statistic, 1e-9);
}

#[test]
fn weighted_trend_of_means() {
    // Weights 10/4, 20/4, 10/4 on x = −1, 0, 1: slope (ȳ₃ − ȳ₁)/2, variance 1/5.
    let trend = trend_means(
        &[
            (2023.0, 5.0, 10.0),
            (2024.0, 9.0, 20.0),
            (2025.0, 7.0, 10.0),
        ],
        4.0,
        0.0,
    )
    .expect("a trend");
    assert_close(trend.slope, 1.0, 1e-12);
    assert_close(trend.standard_error, 0.2_f64.sqrt(), 1e-12);
    assert_close(trend.statistic, 5.0_f64.sqrt(), 1e-12);
    // Variation between years widens it.
    let wider = trend_means(
        &[
            (2023.0, 5.0, 10.0),
            (2024.0, 9.0, 20.0),
            (2025.0, 7.0, 10.0),
        ],
        4.0,
        1.0,
    )
    .expect("a trend");
    assert!(wider.standard_error > trend.standard_error);
    let contrast = trend_contrast(&trend, &wider).expect("a trend");
    assert_close(contrast.slope, trend.slope - wider.slope, 1e-12);
    assert_close(
        contrast.standard_error.powi(2),
        0.2 + wider.standard_error.powi(2),
        1e-12,
    );
}

#[test]
fn trend_of_counts() {
    // The score test on x = 0, 1 with equal exposure is (O₁ − O₀)/√(O₀ + O₁).
    let trend = trend_counts(&[(0.0, 30, 10.0), (1.0, 45, 10.0)]).expect("a trend");
    assert_close(trend.statistic, 15.0 / 75.0_f64.sqrt(), 1e-12);
    assert_close(trend.slope, 1.5, 1e-12);
}

#[test]
fn no_trend_without_two_years() {
    assert_eq!(trend_proportions(&[]), None);
    assert_eq!(trend_proportions(&[(2024.0, 3, 10)]), None);
    assert_eq!(trend_proportions(&[(2024.0, 3, 10), (2024.0, 4, 10)]), None);
    assert_eq!(trend_proportions(&[(2024.0, 3, 10), (2025.0, 0, 0)]), None);
    assert_eq!(trend_proportions(&[(2024.0, 0, 10), (2025.0, 0, 12)]), None);
    assert_eq!(
        trend_proportions(&[(2024.0, 11, 10), (2025.0, 0, 12)]),
        None
    );
    assert_eq!(trend_means(&[(2024.0, 3.0, 10.0)], 1.0, 0.0), None);
    assert_eq!(
        trend_means(&[(2024.0, 3.0, 10.0), (2025.0, 3.0, 10.0)], 0.0, 0.0),
        None
    );
    assert_eq!(trend_counts(&[(2024.0, 0, 10.0), (2025.0, 0, 12.0)]), None);
    let flat = trend_proportions(&[(2024.0, 3, 10), (2025.0, 3, 10)]).expect("a trend");
    assert_eq!((flat.statistic, flat.p_value), (0.0, 1.0));
}

#[test]
fn individuals_chart_as_in_r() {
    let expected = &oracle("oracle.json")["xmr"];
    let values = numbers(&expected["v"]);
    let chart = individuals_chart(&values).expect("a chart");
    assert_close(chart.mean, number(&expected["mean"]), 1e-9);
    assert_close(chart.average_moving_range, number(&expected["amr"]), 1e-9);
    assert_close(chart.upper_limit, number(&expected["upl"]), 1e-9);
    assert_close(chart.lower_limit, number(&expected["lpl"]), 1e-9);
    assert_eq!(individuals_chart(&values[..11]), None);
}

#[test]
fn multiplicity_of_few() {
    assert!(benjamini_hochberg(&[]).is_empty() && holm(&[]).is_empty());
    assert_eq!(benjamini_hochberg(&[0.2]), [0.2]);
    assert_eq!(holm(&[0.9, 0.9]), [1.0, 1.0]);
    assert_eq!(benjamini_hochberg(&[0.04, 0.01, 0.04]), [0.04, 0.03, 0.04]);
}
