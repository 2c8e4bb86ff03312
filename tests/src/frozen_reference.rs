//! What is frozen with a year: the norms that a query sees, severity at the start in T, and models beside those of the year before;
//! and what the analyst reads of placed values.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;
use spiegel_model::Report;

use crate::command::{KIBG_YEAR, KIBG_YEAR_BEFORE, kibg, query, reports, rows, scratch, spiegel};
use crate::tree::copy;
use crate::truth::truth;

type Row = BTreeMap<String, String>;

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} is `{}`", row[column]))
}

fn counted(rows: Vec<Row>) -> BTreeMap<String, u64> {
    rows.into_iter().map(|row| (row["provider_id"].clone(), row["n"].parse().unwrap())).collect()
}

/// A country in which scales have norms.
fn batch() -> &'static Path {
    static BATCH: OnceLock<PathBuf> = OnceLock::new();
    BATCH.get_or_init(|| truth().join("batch"))
}

#[test]
fn a_query_on_a_batch_sees_the_effect_that_the_reports_tell() {
    let selected = counted(query(batch(), "kibg", "SELECT provider_id, COUNT(*) AS n FROM treatment_effect WHERE year = 2025 GROUP BY provider_id"));
    let told = counted(query(batch(), "kibg", "SELECT provider_id, n FROM positions_2025 WHERE indicator = 'behandeleffect' AND n > 0"));
    assert!(told.len() > 5, "{}", told.len());
    assert_eq!(selected, told);
    // The norms are those of reference.json, and --year says whose.
    let text = fs::read(batch().join("results/2025/reference.json")).unwrap();
    let reference: Value = serde_json::from_slice(&text).unwrap();
    let norms = query(batch(), "kibg", "SELECT scale, sd FROM instrument_norm");
    assert_eq!(norms.len(), reference["norms"].as_array().unwrap().len());
    let ask = |year: &str| spiegel(&["query", "--batch", batch().to_str().unwrap(), "--year", year, "SELECT COUNT(*) AS n FROM instrument_norm"]);
    assert!(ask("2025").expect_code(0).stderr.contains("norms      of 2025"));
    assert!(ask("2019").expect_code(2).stderr.contains("has no results of 2019; it has 2025"));
}

/// The class of every client from the rows as they were delivered, and its shares on the page.
#[test]
fn severity_at_the_start_is_the_nearest_measurement_in_t() {
    let rated = query(
        batch(),
        "kibg",
        "SELECT severity_at_start.provider_id, severity_at_start.trajectory_id, severity, start_t,
             MIN(ABS(start_t - 50 - 10 * (measurement.score - instrument_norm.mean) / instrument_norm.sd)) AS distance
         FROM severity_at_start
         JOIN measurement ON measurement.year = severity_at_start.year AND measurement.provider_id = severity_at_start.provider_id
             AND measurement.trajectory_id = severity_at_start.trajectory_id AND measurement.moment = 'voor'
         JOIN instrument_norm ON instrument_norm.instrument = measurement.instrument AND instrument_norm.scale = lower(measurement.scale)
         WHERE severity_at_start.year = 2025
         GROUP BY severity_at_start.provider_id, severity_at_start.trajectory_id, severity, start_t",
    );
    assert!(rated.len() > 300, "{}", rated.len());
    let mut of_class: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for row in &rated {
        assert!(number(row, "distance") < 1e-9, "the T of a score that was delivered");
        let t = number(row, "start_t");
        let expected = if t >= 55.0 { "high" } else if t >= 45.0 { "moderate" } else { "light" };
        assert_eq!(row["severity"], expected);
        *of_class.entry((&row["provider_id"], expected)).or_default() += 1;
    }
    // About a third each, since the borders are half a standard deviation away.
    for class in ["light", "moderate", "high"] {
        let share = rated.iter().filter(|row| row["severity"] == class).count() as f64 / rated.len() as f64;
        assert!((0.2..0.5).contains(&share), "{class}: {share}");
    }
    let mut told = 0;
    let folders = fs::read_dir(batch().join("reports/2025")).unwrap().flatten().map(|entry| entry.path());
    for folder in folders.filter(|folder| folder.join("v1/report.json").is_file()) {
        let report: Report = serde_json::from_slice(&fs::read(folder.join("v1/report.json")).unwrap()).unwrap();
        let provider = report.provider.id.clone();
        let Some(block) = report.population.as_ref().and_then(|page| page.blocks.iter().find(|block| block.title.starts_with("Ernst"))) else { continue };
        if provider == "groep" {
            continue;
        }
        let count = |class: &str| of_class.get(&(provider.as_str(), class)).copied().unwrap_or(0);
        let known = count("light") + count("moderate") + count("high");
        for (row, class) in block.rows.iter().zip(["light", "moderate", "high"]) {
            let Some(own) = row.own else {
                assert!(row.own_text == "<10" || row.own_text == "n.g.", "{}", row.own_text);
                continue;
            };
            assert!((own - count(class) as f64 / known as f64).abs() < 1e-9, "{}: {class}", provider);
            told += 1;
        }
        // Of all clients, and last.
        let unknown = block.rows.last().unwrap();
        assert_eq!(unknown.label, "onbekend");
        if let Some(share) = unknown.own {
            assert!((share - (1.0 - known as f64 / block.n as f64)).abs() < 1e-9, "{}", provider);
        }
    }
    assert!(told > 8, "{told} shares");
}

#[test]
fn a_model_that_weighs_clients_otherwise_than_last_year_says_so() {
    let batch = scratch("drift").join("batch");
    copy(kibg(), &batch);
    let benchmark = |year: &str| spiegel(&["benchmark", year, "--batch", batch.to_str().unwrap()]).expect_code(0);
    let drift = || query(&batch, "kibg", "SELECT indicator, name, value, passes FROM models_2025 WHERE name = 'coefficient_drift_p'");
    assert!(drift().is_empty(), "there is no year before with results");
    benchmark(KIBG_YEAR_BEFORE);
    benchmark(KIBG_YEAR);
    let now = drift();
    assert!(now.len() >= 5, "{}", now.len());
    assert!(now.iter().all(|row| (row["passes"] == "pass") == (number(row, "value") >= 0.01)));
    let changes = query(&batch, "kibg", "SELECT indicator, value, standard_error FROM models_2025 WHERE \"row\" = 'change_since_2024'");
    let extreme = changes.iter().filter(|row| number(row, "value").abs() > 3.3 * number(row, "standard_error")).count();
    assert!(extreme * 50 <= changes.len(), "{extreme} of {} coefficients: a country that is drawn alike each year drifts nowhere", changes.len());
    // Another weight in the frozen year is told, in the file and on the method page.
    let file = batch.join("results/2024/reference.json");
    let mut reference: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let changed = {
        let model = reference["indicators"].as_array_mut().unwrap().iter_mut().find(|one| one["id"] == "behandelminuten").unwrap();
        let coefficient = &mut model["case_mix"]["coefficients"][0];
        coefficient["value"] = (coefficient["value"].as_f64().unwrap() + 20.0 * coefficient["standard_error"].as_f64().unwrap()).into();
        coefficient["name"].as_str().unwrap().split([':', ',']).next().unwrap().to_owned()
    };
    fs::write(&file, serde_json::to_vec_pretty(&reference).unwrap()).unwrap();
    benchmark(KIBG_YEAR);
    let minutes = drift().into_iter().find(|row| row["indicator"] == "behandelminuten").unwrap();
    assert_eq!(minutes["passes"], "warn");
    let method = first_report(&batch)["method"].to_string();
    assert!(method.contains(&format!("weegt anders dan vorig jaar: {changed}")), "{method}");
}

fn first_report(batch: &Path) -> Value {
    let mut folders: Vec<_> = fs::read_dir(batch.join("reports/2025")).unwrap().flatten().map(|entry| entry.path().join("v1/report.json")).filter(|file| file.is_file()).collect();
    folders.sort();
    let all = folders.iter().map(|file| serde_json::from_slice::<Value>(&fs::read(file).unwrap()).unwrap());
    all.into_iter().find(|report| report["variant"] == "individual").unwrap()
}

/// What stands side by side in a row can be subtracted; each row says what it is in.
#[test]
fn every_row_of_the_signals_names_its_scale() {
    let text = fs::read_to_string(batch().join("results/2025/signalen.csv")).unwrap();
    let text = text.trim_start_matches('\u{feff}').replace(',', ".").replace(';', ",");
    let signals = rows(text.as_bytes());
    assert!(signals.len() > 50, "{}", signals.len());
    let mut scales: BTreeMap<&str, &str> = BTreeMap::new();
    let mut adjusted = 0;
    for row in &signals {
        assert!(!row["schaal"].is_empty());
        assert_eq!(*scales.entry(&row["onderwerp"]).or_insert(&row["schaal"]), row["schaal"], "one scale for each subject");
        let (value, expected, national) = (number(row, "waarde zoals geleverd"), number(row, "bij deze cliënten verwacht (naast waarde)"), number(row, "landelijk (naast gecorrigeerde waarde)"));
        if row["plek volgens"] == "gecorrigeerde waarde" {
            adjusted += 1;
            let distance = number(row, "gecorrigeerde waarde") - national;
            assert!((distance - (value - expected)).abs() < 3e-4, "{}: {distance} and {}", row["onderwerp"], value - expected);
        } else {
            assert_eq!(row["plek volgens"], "waarde zoals geleverd");
            assert!(row["gecorrigeerde waarde"].is_empty() && (expected - national).abs() < 3e-4);
        }
        let shrunken = number(row, "meest aannemelijk (naast waarde)");
        let between = value.min(expected) - 1e-3..=value.max(expected) + 1e-3;
        assert!(between.contains(&shrunken), "{}: drawn from the value towards what is expected", row["onderwerp"]);
    }
    assert!(adjusted > 0, "no place is that of an adjusted value");
    assert_eq!((scales["rapportcijfer"], scales["verbeterd"], scales["behandelminuten"]), ("score (0 tot 10)", "aandeel (0 tot 1)", "minuten"));
}

/// A pair on a scale that has no norm is delivered and still no effect: it does not count as covered.
#[test]
fn a_pair_without_a_norm_is_not_covered() {
    let paired: BTreeMap<String, (u64, u64)> =
        query(kibg(), "kibg", "SELECT provider_id, events, n FROM observations_2025 WHERE indicator = 'voor-en-nameting' AND year = 2025 AND events IS NOT NULL")
            .into_iter()
            .map(|row| (row["provider_id"].clone(), (row["events"].parse().unwrap(), row["n"].parse().unwrap())))
            .collect();
    let (mut told, mut fewer) = (0, 0);
    for made in reports(kibg(), "2025").iter().filter(|made| made.provider != "groep") {
        for page in made.report.indicators.iter().filter(|page| page.id == "verbeterd") {
            let (Some(covered), Some((events, n))) = (page.position.coverage, paired.get(&made.provider)) else { continue };
            assert_eq!((covered.units, covered.of), (page.position.n.min(*events), *n), "{}", made.provider);
            told += 1;
            fewer += u64::from(page.position.n < *events);
        }
    }
    assert!(told > 3 && fewer > 0, "{told} with coverage, {fewer} of them with a pair without a norm");
}
