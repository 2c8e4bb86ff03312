//! The published percentages of the NHS against percentages of its published counts, with the rounding of the counts
//! accounted for. Every disagreement stands in `tests/nhs-disagreements.csv` with its explanation.

use std::collections::BTreeMap;
use std::fs;

use crate::command::{nhs, query, root, rows};

/// A count is rounded to 5 by the publisher: what it can have been.
const ROUNDING: f64 = 2.5;
/// A percentage is rounded to a whole number.
const PERCENTAGE_ROUNDING: f64 = 0.5;
/// Bounds are sums of a few decimals.
const EPSILON: f64 = 1e-9;
/// What this project assumes and what the publisher divides by.
const LIST: &str = "tests/nhs-disagreements.csv";

/// Indicator, numerator, denominator and published percentage in `provider-year.csv`.
const INDICATORS: [(&str, &str, &str, &str); 4] = [
    ("recovery", "count_recovery", "count_at_caseness", "percentage_recovery"),
    ("reliable-recovery", "count_reliable_recovery", "count_at_caseness", "percentage_reliable_recovery"),
    ("reliable-improvement", "count_improvement", "count_finished_course_treatment", "percentage_improvement"),
    ("deterioration", "count_deterioration", "count_finished_course_treatment", "percentage_deterioration"),
];

type Row = BTreeMap<String, String>;

fn number(row: &Row, column: &str) -> Option<f64> {
    row[column].parse().ok()
}

/// Percentages that are possible with the numerator and a denominator within `slack`.
fn possible(numerator: f64, denominator: f64, slack: f64) -> (f64, f64) {
    let lowest = (numerator - ROUNDING).max(0.0) / (denominator + slack);
    let highest = (numerator + ROUNDING) / (denominator - slack).max(EPSILON);
    (100.0 * lowest, 100.0 * highest.min(1.0))
}

fn agrees(published: f64, (lowest, highest): (f64, f64)) -> bool {
    (lowest - PERCENTAGE_ROUNDING - EPSILON..=highest + PERCENTAGE_ROUNDING + EPSILON).contains(&published)
}

/// The rows of the published file, each provider and year once.
fn published_rows() -> BTreeMap<(String, String), Row> {
    let text = fs::read(root().join("sample-data/nhs-talking-therapies/provider-year.csv")).unwrap();
    rows(&text).into_iter().map(|row| ((row["reporting_period"].clone(), row["org_code"].clone()), row)).collect()
}

/// The explanation of one disagreement, when the publisher's own denominator gives it.
fn explanation(row: &Row, numerator: f64, published: f64) -> Option<String> {
    let finished = number(row, "count_finished_course_treatment")?;
    let below = number(row, "count_not_at_caseness")?;
    let denominator = finished - below;
    // A difference of two rounded counts can be off by twice as much.
    agrees(published, possible(numerator, denominator, 2.0 * ROUNDING)).then(|| {
        format!(
            "the publisher divides by finished minus not at caseness ({finished} - {below} = {denominator}, {:.1} %), which keeps people whose start was not scored; count_at_caseness leaves them out",
            100.0 * numerator / denominator
        )
    })
}

#[test]
fn every_disagreement_with_a_published_percentage_is_listed_and_explained() {
    let mut found = String::from("indicator,period,org_code,numerator,denominator,computed,published,explanation\n");
    let (mut compared, mut unexplained) = (0, Vec::new());
    for ((period, code), row) in published_rows() {
        for (indicator, numerator, denominator, percentage) in INDICATORS {
            let counts = (number(&row, numerator), number(&row, denominator), number(&row, percentage));
            let (Some(events), Some(n), Some(published)) = counts else { continue };
            compared += 1;
            if agrees(published, possible(events, n, ROUNDING)) {
                continue;
            }
            let why = explanation(&row, events, published);
            if why.is_none() {
                unexplained.push(format!("{indicator} {period} {code}"));
            }
            let why = why.unwrap_or_else(|| "unexplained".to_owned());
            found.push_str(&format!(
                "{indicator},{period},{code},{events},{n},{:.2},{published},\"{why}\"\n",
                100.0 * events / n
            ));
        }
    }
    assert!(compared > 5000, "{compared} percentages compared");
    assert!(unexplained.is_empty(), "no explanation for {}", unexplained.join(", "));
    let file = root().join(LIST);
    if std::env::var_os("SPIEGEL_ACCEPT").is_some() {
        fs::write(&file, &found).unwrap();
    }
    let listed = fs::read_to_string(&file).unwrap_or_default();
    let missing: Vec<&str> = found.lines().filter(|line| !listed.lines().any(|known| known == *line)).collect();
    let gone: Vec<&str> = listed.lines().filter(|line| !found.lines().any(|known| known == *line)).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "{LIST} is not what the data say; read the difference, then SPIEGEL_ACCEPT=1 writes it\nnot listed:\n{}\nno longer so:\n{}",
        missing.join("\n"),
        gone.join("\n")
    );
}

/// The explanation holds for the whole publication and not only where it is needed.
#[test]
fn the_publishers_denominator_of_recovery_agrees_everywhere() {
    let mut compared = 0;
    for ((period, code), row) in published_rows() {
        for (indicator, numerator, _, percentage) in &INDICATORS[..2] {
            let finished = number(&row, "count_finished_course_treatment");
            let below = number(&row, "count_not_at_caseness");
            let (Some(events), Some(finished), Some(below), Some(published)) =
                (number(&row, numerator), finished, below, number(&row, percentage))
            else {
                continue;
            };
            compared += 1;
            let range = possible(events, finished - below, 2.0 * ROUNDING);
            assert!(agrees(published, range), "{indicator} {period} {code}: {published} outside {range:?}");
        }
    }
    assert!(compared > 2000, "{compared} compared");
}

/// What the engine observed is what was published: counts as they are, and nothing where the publisher gave nothing.
#[test]
fn observations_are_the_published_counts_and_a_star_is_never_zero() {
    let observed = query(nhs(), "nhs-talking-therapies", "SELECT indicator, provider_id, year, n, events, value FROM observations_2024");
    let mut by_key: BTreeMap<(String, String, String), Row> = BTreeMap::new();
    for row in observed {
        let key = (row["indicator"].clone(), row["provider_id"].clone(), row["year"].clone());
        assert!(by_key.insert(key, row).is_none(), "one observation per indicator, provider and year");
    }
    let mut withheld = 0;
    for ((period, code), row) in published_rows() {
        for (indicator, numerator, denominator, _) in INDICATORS {
            let key = (indicator.to_owned(), code.clone(), period[..4].to_owned());
            let observation = &by_key[&key];
            match (number(&row, numerator), number(&row, denominator)) {
                (Some(events), Some(n)) => {
                    assert_eq!(observation["events"].parse::<f64>().unwrap(), events, "{key:?}");
                    assert_eq!(observation["n"].parse::<f64>().unwrap(), n, "{key:?}");
                    assert_eq!(observation["value"].parse::<f64>().unwrap(), events / n, "{key:?}");
                }
                _ => {
                    withheld += 1;
                    assert_eq!((observation["value"].as_str(), observation["events"].as_str()), ("", ""), "{key:?}");
                }
            }
        }
    }
    assert!(withheld > 150, "{withheld} counts were withheld");
}

/// The pooled scores, computed here from the published rows.
#[test]
fn scores_are_pooled_over_therapies_from_the_total_rows() {
    let text = fs::read(root().join("sample-data/nhs-talking-therapies/provider-proms-2022-2025.csv")).unwrap();
    let mut pooled: BTreeMap<(String, String), (f64, f64)> = BTreeMap::new();
    for row in rows(&text).iter().filter(|row| row["problem_descriptor"] == "Total") {
        let cells = [number(row, "count_total_finishing_course_treatment"), number(row, "mean_phq_start"), number(row, "mean_phq_end")];
        let [Some(n), Some(start), Some(end)] = cells else { continue };
        let sums = pooled.entry((row["org_code"].clone(), row["reporting_period"][..4].to_owned())).or_default();
        sums.0 += n;
        sums.1 += n * (start - end);
    }
    let observed = query(
        nhs(),
        "nhs-talking-therapies",
        "SELECT provider_id, year, n, value FROM observations_2024 WHERE indicator = 'phq9-change' AND value IS NOT NULL",
    );
    assert!(observed.len() > 300, "{}", observed.len());
    for row in observed {
        let (n, sum) = pooled[&(row["provider_id"].clone(), row["year"].clone())];
        assert_eq!(row["n"].parse::<f64>().unwrap(), n, "{row:?}");
        let value: f64 = row["value"].parse().unwrap();
        assert!((value - sum / n).abs() < 1e-9, "{row:?} against {}", sum / n);
    }
}
