//! Observed values of a generated country against what is true of its providers (`truth.csv`): do they order providers as they are, and
//! do intervals hold what they should?

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use spiegel_sample::{Country, CountryOptions};

use crate::command::{KIBG_YEAR, KIBG_YEAR_BEFORE, key, query, rows, scratch, spiegel};

/// Fewer units say too little to order a provider by (decision 17).
const LEAST_UNITS: f64 = 30.0;
/// What one provider showed, and what is true of it: both at the clients of an average provider where the value is adjusted.
struct Pair {
    value: f64,
    interval: (f64, f64),
    adjusted: f64,
    adjusted_interval: (f64, f64),
    shrunken: f64,
    /// 1 and -1 for a label on either side, else 0.
    side: f64,
    /// The level that the raw value estimates, and the one that the adjusted value does.
    expected: f64,
    expected_adjusted: f64,
}

/// Places in ascending order, ties sharing their mean place.
fn ranks(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .map(|value| {
            let below = values.iter().filter(|other| *other < value).count() as f64;
            let equal = values.iter().filter(|other| *other == value).count() as f64;
            below + (equal + 1.0) / 2.0
        })
        .collect()
}

/// Spearman's rank correlation.
fn rank_correlation(one: &[f64], other: &[f64]) -> f64 {
    let (one, other) = (ranks(one), ranks(other));
    let middle = (one.len() as f64 + 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - middle) * (b - middle)).sum::<f64>();
    product(&one, &other) / (product(&one, &one) * product(&other, &other)).sqrt()
}

/// A country of 150 providers over two years, in which scales have norms, with the results of the second year. Tests only look at it.
pub(crate) fn truth() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(made)
}

fn made() -> PathBuf {
    let folder = scratch("truth");
    let options = CountryOptions { providers: 150, first_year: 2024, years: 2, seed: 11, dirty: false };
    Country::new(options).write(&folder).unwrap();
    let (inbox, batch) = (folder.join("inbox"), folder.join("batch"));
    let run = |verb: &str, year: &str| {
        let mut arguments = vec![verb, year, "--batch", batch.to_str().unwrap()];
        if verb == "ingest" {
            arguments.extend(["--inbox", inbox.to_str().unwrap(), "--key", key().to_str().unwrap()]);
        }
        spiegel(&arguments).expect_code(0);
    };
    run("ingest", KIBG_YEAR_BEFORE);
    run("ingest", KIBG_YEAR);
    run("benchmark", KIBG_YEAR);
    folder
}

/// The values of the second year, each beside its truth, by indicator.
fn pairs() -> BTreeMap<String, Vec<Pair>> {
    let (folder, batch) = (truth(), truth().join("batch"));
    let placed = query(&batch, "kibg", "SELECT * FROM positions_2025 WHERE value IS NOT NULL");
    let placed: BTreeMap<(String, String), BTreeMap<String, String>> =
        placed.into_iter().map(|row| ((row["indicator"].clone(), row["provider_id"].clone()), row)).collect();
    let mut pairs: BTreeMap<String, Vec<Pair>> = BTreeMap::new();
    for truth in rows(&fs::read(folder.join("truth.csv")).unwrap()).into_iter().filter(|truth| truth["year"] == "2025") {
        let list = pairs.entry(truth["indicator"].clone()).or_default();
        let Some(row) = placed.get(&(truth["indicator"].clone(), truth["provider_id"].clone())) else { continue };
        let number = |column: &str| row[column].parse::<f64>().ok();
        let raw = (number("value").unwrap(), number("lower").unwrap(), number("upper").unwrap());
        // Without an adjusted value the raw one is all there is.
        let adjusted = (number("adjusted").unwrap_or(raw.0), number("adjusted_lower").unwrap_or(raw.1), number("adjusted_upper").unwrap_or(raw.2));
        if number("n").unwrap() >= LEAST_UNITS {
            let label = &row["label"];
            list.push(Pair {
                value: raw.0,
                interval: (raw.1, raw.2),
                adjusted: adjusted.0,
                adjusted_interval: (adjusted.1, adjusted.2),
                // On the scale of the truth: shrunken values are on that of the raw value.
                shrunken: number("shrunken").map_or(adjusted.0, |shrunken| shrunken - raw.0 + adjusted.0),
                side: if label.ends_with("higher") { 1.0 } else if label.ends_with("lower") { -1.0 } else { 0.0 },
                expected: truth["expected"].parse().unwrap(),
                // Without a model that places, the raw value estimates what is raw.
                expected_adjusted: truth[if number("adjusted").is_some() { "adjusted" } else { "expected" }].parse().unwrap(),
            });
        }
    }
    pairs
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what one wants to read with --nocapture")]
fn places_agree_with_what_is_true() {
    // With a reliability of about three quarters the rank of a raw value correlates with the truth by the root of that (0.8 to 0.9).
    // Providers hardly differ in back in care (8.5 to 14.5 %), so that ten endings in a hundred say next to nothing about it.
    let least = [
        ("behandeleffect", 0.8),
        ("verbeterd", 0.75),
        ("rapportcijfer", 0.75),
        ("behandelminuten", 0.8),
        ("onvolledige-trajecten", 0.65),
        ("terug-in-zorg", 0.0),
    ];
    let pairs = pairs();
    let (mut all, mut held, mut labelled, mut wrong) = (0, 0, 0, 0);
    println!("indicator              providers  rank correlation: raw adjusted shrunken  intervals that hold the truth: raw adjusted  labelled wrong-sided");
    for (indicator, least) in least {
        let list = &pairs[indicator];
        let column = |of: fn(&Pair) -> f64| list.iter().map(of).collect::<Vec<f64>>();
        let (of_raw, expected) = (column(|pair| pair.expected), column(|pair| pair.expected_adjusted));
        let correlation = |of| rank_correlation(&column(of), &expected);
        let (adjusted, shrunken) = (correlation(|pair| pair.adjusted), correlation(|pair| pair.shrunken));
        let raw = rank_correlation(&column(|pair| pair.value), &of_raw);
        let holds = |(lower, upper): (f64, f64), truth: f64| (lower..=upper).contains(&truth);
        let raw_held = list.iter().filter(|pair| holds(pair.interval, pair.expected)).count();
        let adjusted_held = list.iter().filter(|pair| holds(pair.adjusted_interval, pair.expected_adjusted)).count();
        let middle = expected.iter().sum::<f64>() / expected.len() as f64;
        let told = list.iter().filter(|pair| pair.side != 0.0).count();
        let other_side = list.iter().filter(|pair| (pair.expected_adjusted - middle) * pair.side < 0.0).count();
        let share = |count: usize| count as f64 / list.len() as f64;
        println!(
            "{indicator:22} {:6} {raw:22.3} {adjusted:8.3} {shrunken:8.3} {:31.3} {:8.3} {told:9} {other_side:11}",
            list.len(),
            share(raw_held),
            share(adjusted_held)
        );
        assert!(list.len() >= 50, "{indicator}: {} providers", list.len());
        assert!(adjusted >= least && shrunken >= least, "{indicator}: rank correlation {adjusted}, {shrunken}");
        all += list.len();
        held += adjusted_held;
        labelled += told;
        wrong += other_side;
    }
    println!("all {all}: intervals hold {:.3}, labelled {:.3}, of which on the wrong side {wrong}", held as f64 / all as f64, labelled as f64 / all as f64);
    // Each beside the truth of its own kind: minutes are adjusted for the product, and a habit in choosing products is in the raw truth
    // only. With 437 intervals the share of those that hold has a standard error of 1 in 100.
    assert!((0.93..=0.97).contains(&(held as f64 / all as f64)), "{held} of {all} intervals hold the truth");
    assert!(labelled * 100 <= all * 8, "{labelled} of {all} are labelled, though nobody was made to stand out");
    // Where providers hardly differ (back in care) labels are chance, and half of those lie on either side.
    assert!(wrong * 100 <= all * 2, "{wrong} of {all} have a label on the wrong side");
}
