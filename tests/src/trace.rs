//! `spiegel trace`: a printed value leads back to the units, and says so loudly when it does not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command::{Answer, definitions, kibg, nhs, providers, query, reports, scratch, spiegel};
use crate::tree::copy;

/// Units that the text lists unless all are asked for.
const LISTED: usize = 20;

fn trace(batch: &Path, provider: &str, indicator: &str, more: &[&str]) -> Answer {
    let base = ["trace", "--batch", batch.to_str().unwrap(), "--provider", provider, "--indicator", indicator];
    spiegel(&[&base[..], more].concat())
}

fn json(batch: &Path, provider: &str, indicator: &str) -> Value {
    serde_json::from_str(&trace(batch, provider, indicator, &["--format", "json"]).expect_code(0).stdout).unwrap()
}

fn indicators(pipeline: &str) -> Vec<String> {
    let folder = definitions().join("pipelines").join(pipeline).join("indicators");
    let mut ids: Vec<String> = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap()).collect();
    ids.sort();
    ids
}

/// The provider with the most units in the small country.
fn largest() -> String {
    let made = reports(kibg(), "2025");
    let size = |one: &crate::command::Made| one.report.indicators.iter().map(|page| page.position.n).max();
    made.iter().filter(|one| one.provider != "groep").max_by_key(|one| size(one)).unwrap().provider.clone()
}

#[test]
fn every_indicator_of_kibg_leads_back_to_its_units() {
    let (batch, provider) = (kibg(), largest());
    let sql = format!("SELECT trajectory_id, source_file, source_row, client_key FROM trajectory WHERE year = 2025 AND provider_id = '{provider}'");
    let lake = query(batch, "kibg", &sql);
    let places: BTreeMap<String, (String, String, String)> =
        lake.into_iter().map(|row| (row["trajectory_id"].clone(), (row["source_file"].clone(), row["source_row"].clone(), row["client_key"].clone()))).collect();
    let mut of_trajectories = 0;
    for indicator in indicators("kibg") {
        let told = json(batch, &provider, &indicator);
        assert_eq!(told["agrees"], true, "{indicator}: {}", told["disagreements"]);
        let units = told["units"].as_array().unwrap();
        assert_eq!(units.len() as u64, told["again"]["n"].as_u64().unwrap_or(0), "{indicator}");
        assert_eq!(told["again"]["n"].as_u64().unwrap_or(0), told["statistics"]["own"]["n"].as_u64().unwrap_or(0), "{indicator}");
        let left_out: Vec<&Value> = told["not_counted"].as_array().unwrap().iter().flat_map(|group| group["units"].as_array().unwrap()).collect();
        let all: BTreeSet<&str> = units.iter().chain(left_out.iter().copied()).map(|unit| unit["unit_id"].as_str().unwrap()).collect();
        assert_eq!(all.len(), units.len() + left_out.len(), "{indicator}: a unit counts, or does not, for one reason");
        assert!(units.iter().chain(left_out.iter().copied()).all(|unit| unit["source"]["row"].as_i64().is_some_and(|row| row > 1)), "{indicator}: each is to be found in the delivery");
        // Where the unit is a trajectory of the year, all of them are told, at their places.
        if all.iter().any(|unit| places.contains_key(*unit)) {
            of_trajectories += 1;
            assert_eq!(all, places.keys().map(String::as_str).collect(), "{indicator}");
            for unit in units.iter().chain(left_out) {
                let (file, row, client) = &places[unit["unit_id"].as_str().unwrap()];
                assert_eq!((unit["source"]["file"].as_str().unwrap(), &unit["source"]["row"].to_string()), (file.as_str(), row), "{indicator}");
                assert_eq!(unit["client_key"].as_str().unwrap(), client, "{indicator}: pseudonyms only");
            }
        }
        assert!(told["definition"]["sql"]["sql"].as_str().unwrap().contains("provider_id"), "{indicator}");
        assert_eq!(told["reference"]["sha256"].as_str().unwrap().len(), 64);
    }
    assert!(of_trajectories >= 10, "{of_trajectories} indicators count trajectories");
}

#[test]
fn the_value_is_the_mean_of_the_units_that_are_told_and_the_printed_one() {
    let (batch, provider) = (kibg(), largest());
    let report = reports(batch, "2025").into_iter().find(|one| one.provider == provider).unwrap().report;
    let told = json(batch, &provider, "behandelminuten");
    let values: Vec<f64> = told["units"].as_array().unwrap().iter().map(|unit| unit["value"].as_f64().unwrap()).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let page = report.indicators.iter().find(|page| page.id == "behandelminuten").unwrap();
    assert!((page.position.value.unwrap() - mean).abs() < 1e-9 * mean);
    assert_eq!(told["printed"]["numbers"]["value"].as_f64(), page.position.value);
    assert_eq!(told["printed"]["names_reference"], true);
    let share = json(batch, &provider, "boven-540-minuten");
    let met = share["units"].as_array().unwrap().iter().filter(|unit| unit["met"] == true).count() as u64;
    assert_eq!(share["again"]["events"].as_u64(), Some(met));
    assert_eq!(values.iter().filter(|value| **value > 540.0).count() as u64, met, "the two indicators count the same units");
}

#[test]
fn the_text_tells_a_first_time_reader_everything_in_seven_parts() {
    let (batch, provider) = (kibg(), largest());
    let short = trace(batch, &provider, "behandelminuten", &[]).expect_code(0);
    for part in ["Klopt: ", "1  Wat er staat", "2  Wat is gevraagd", "3  Wie telt mee: ", "4  Wie telt niet mee: ", "5  Wat eruit komt", "6  Waarmee het is vergeleken", "7  Aanleveringen"] {
        assert!(short.stdout.contains(part), "{part} is not in\n{}", short.stdout);
    }
    for words in ["loopt nog: er is geen einddatum", "AND direct_minutes > 0", "grenzen 95 %", "sha256", "--all noemt ze alle"] {
        assert!(short.stdout.contains(words), "{words} is not in\n{}", short.stdout);
    }
    assert!(short.stderr.contains("private"), "{}", short.stderr);
    assert!(short.stdout.lines().filter(|line| !line.contains(" | ")).all(|line| line.chars().count() <= 200), "{}", short.stdout);
    let all = trace(batch, &provider, "behandelminuten", &["--all"]).expect_code(0);
    let units = json(batch, &provider, "behandelminuten")["units"].as_array().unwrap().len();
    let listed = |text: &str| text.split("4  Wie telt niet mee").next().unwrap().lines().filter(|line| line.contains(".csv  ") || line.contains(".csv ")).count();
    assert!(units > LISTED && listed(&all.stdout) >= units && listed(&short.stdout) < listed(&all.stdout), "{} {}", listed(&short.stdout), listed(&all.stdout));
    let view = "\n   views/closed_trajectory.sql\n     | ";
    assert!(all.stdout.contains(view) && !short.stdout.contains(view));
}

#[test]
fn a_provider_under_the_minimum_is_traced_and_has_nothing_printed() {
    let batch = kibg();
    let small = providers(batch, "2025").into_iter().find(|(_, state)| state["under_minimum"].is_object()).unwrap().0;
    let told = json(batch, &small, "behandelminuten");
    assert_eq!((&told["agrees"], &told["printed"]), (&Value::Bool(true), &Value::Null));
}

#[test]
fn a_number_that_is_not_the_printed_one_is_told_loudly() {
    let (batch, provider) = (scratch("traced-forgery"), largest());
    copy(kibg(), &batch);
    let file = batch.join(format!("reports/2025/{provider}/v1/report.json"));
    let mut report: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let page = report["indicators"].as_array_mut().unwrap().iter_mut().find(|page| page["id"] == "behandelminuten").unwrap();
    page["position"]["value"] = Value::from(page["position"]["value"].as_f64().unwrap() + 1.0);
    fs::write(&file, serde_json::to_vec(&report).unwrap()).unwrap();
    let answer = trace(&batch, &provider, "behandelminuten", &[]).expect_code(10);
    assert!(answer.stdout.contains("KLOPT NIET"), "{}", answer.stdout);
    assert!(answer.stderr.contains("differs    ") && answer.stderr.contains("noemt een ander getal"), "{}", answer.stderr);
    let other = trace(&batch, &provider, "boven-540-minuten", &[]);
    assert_eq!(other.code, Some(0), "what was not touched still agrees: {}", other.stderr);
    // Another reference than the one that was printed.
    let reference = batch.join("results/2025/reference.json");
    fs::write(&reference, fs::read_to_string(&reference).unwrap() + "\n").unwrap();
    let answer = trace(&batch, &provider, "boven-540-minuten", &["--format", "json"]).expect_code(10);
    let told: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((&told["agrees"], &told["printed"]["names_reference"]), (&Value::Bool(false), &Value::Bool(false)));
}

#[test]
fn totals_of_the_nhs_lead_back_to_their_rows() {
    let batch = nhs();
    let made = reports(batch, "2024");
    let size = |one: &crate::command::Made| one.report.indicators.iter().map(|page| page.position.n).min();
    // One of which every indicator is published.
    let provider = made.iter().max_by_key(|one| size(one)).unwrap().provider.clone();
    for indicator in indicators("nhs-talking-therapies") {
        let told = json(batch, &provider, &indicator);
        assert_eq!(told["agrees"], true, "{indicator}: {}", told["disagreements"]);
        let units = told["units"].as_array().unwrap();
        assert!(!units.is_empty() && units.iter().any(|unit| unit["totals"].as_object().is_some_and(|totals| !totals.is_empty())), "{indicator}");
        assert!(units.iter().any(|unit| unit["source"]["row"].as_i64().is_some_and(|row| row > 1)), "{indicator}: {units:?}");
    }
    let text = trace(batch, &provider, "recovery", &[]).expect_code(0);
    assert!(text.stdout.contains("denominator = ") && text.stdout.contains("numerator = "), "{}", text.stdout);
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let (batch, provider) = (kibg(), largest());
    let answer = trace(batch, &provider, "behandelminute", &[]).expect_code(2);
    assert!(answer.stderr.contains("there is no indicator behandelminute; there are ") && answer.stderr.contains("behandelminuten"), "{}", answer.stderr);
    let answer = trace(batch, "94999999", "behandelminuten", &[]).expect_code(2);
    assert!(answer.stderr.contains("94999999 delivered nothing that counts in 2025; see `spiegel status"), "{}", answer.stderr);
    let answer = trace(batch, &provider, "behandelminuten", &["--year", "2019"]).expect_code(2);
    assert!(answer.stderr.contains("it has 2025"), "{}", answer.stderr);
}

#[test]
fn every_indicator_says_who_counts() {
    for pipeline in ["kibg", "nhs-talking-therapies"] {
        for indicator in indicators(pipeline) {
            let file = definitions().join("pipelines").join(pipeline).join("indicators").join(&indicator).join("indicator.toml");
            let spec: toml::Table = toml::from_str(&fs::read_to_string(file).unwrap()).unwrap();
            assert!(spec.contains_key("who_counts"), "{pipeline} {indicator}");
        }
    }
}
