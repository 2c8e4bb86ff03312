//! Observed values of a generated country against what is true of its providers (`truth.csv`): do they order providers as they are, and
//! do intervals hold what they should?

use std::collections::BTreeMap;
use std::fs;

use spiegel_sample::{Country, CountryOptions};

use crate::command::{KIBG_YEAR, KIBG_YEAR_BEFORE, key, query, rows, scratch, spiegel};

/// Fewer units say too little to order a provider by (decision 17).
const LEAST_UNITS: f64 = 30.0;
/// Of the standard normal: an interval of 95 %.
const Z95: f64 = 1.959_963_984_540_054;

/// What one provider showed, and what is true of it.
struct Pair {
    n: f64,
    value: f64,
    /// Standard deviation of its units; None for a proportion.
    sd: Option<f64>,
    expected: f64,
}

impl Pair {
    /// Half the width of the raw interval; a proportion with two added on either side, so that none is without width.
    fn half_width(&self) -> f64 {
        let variance = self.sd.map_or_else(
            || {
                let share = (self.value * self.n + 2.0) / (self.n + 4.0);
                share * (1.0 - share)
            },
            |sd| sd * sd,
        );
        Z95 * (variance / self.n).sqrt()
    }
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

/// A country of 150 providers over two years, its values of the second, each beside its truth, by indicator.
fn pairs() -> BTreeMap<String, Vec<Pair>> {
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
    let observed = query(&batch, "kibg", "SELECT provider_id, indicator, n, value, sd FROM observations_2025 WHERE year = 2025 AND value IS NOT NULL");
    let observed: BTreeMap<(String, String), BTreeMap<String, String>> =
        observed.into_iter().map(|row| ((row["indicator"].clone(), row["provider_id"].clone()), row)).collect();
    let mut pairs: BTreeMap<String, Vec<Pair>> = BTreeMap::new();
    for truth in rows(&fs::read(folder.join("truth.csv")).unwrap()).into_iter().filter(|truth| truth["year"] == "2025") {
        let list = pairs.entry(truth["indicator"].clone()).or_default();
        let Some(row) = observed.get(&(truth["indicator"].clone(), truth["provider_id"].clone())) else { continue };
        let number = |column: &str| row[column].parse::<f64>();
        let pair = Pair {
            n: number("n").unwrap(),
            value: number("value").unwrap(),
            sd: number("sd").ok().filter(|_| row["indicator"] != "verbeterd"),
            expected: truth["expected"].parse().unwrap(),
        };
        if pair.n >= LEAST_UNITS {
            list.push(pair);
        }
    }
    pairs
}

#[test]
fn raw_values_order_providers_as_they_are() {
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
    for (indicator, least) in least {
        let list = &pairs[indicator];
        let column = |of: fn(&Pair) -> f64| list.iter().map(of).collect::<Vec<f64>>();
        let (values, expected) = (column(|pair| pair.value), column(|pair| pair.expected));
        let correlation = rank_correlation(&values, &expected);
        let held = list.iter().filter(|pair| (pair.value - pair.expected).abs() <= pair.half_width()).count();
        let difference = list.iter().map(|pair| pair.value - pair.expected).sum::<f64>() / list.len() as f64;
        println!(
            "{indicator:22} providers {:3}  rank correlation {correlation:.3}  raw 95 % intervals that hold the truth {:.3}  mean difference {difference:.4}",
            list.len(),
            held as f64 / list.len() as f64
        );
        assert!(list.len() >= 50, "{indicator}: {} providers", list.len());
        assert!(correlation >= least, "{indicator}: rank correlation {correlation}");
        assert!(held * 100 >= list.len() * 88, "{indicator}: {held} of {} raw intervals hold the truth", list.len());
    }
}
