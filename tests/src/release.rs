//! The anonymised research lake through the command: refused for a small country, published for a large one, verified, immutable.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::Value;

use crate::command::{KIBG_YEAR, KIBG_YEAR_BEFORE, definitions, kibg, root, scratch, spiegel};
use crate::tree::tree;

/// A private policy of the tests; the values are invented.
pub(crate) fn overlay(folder: &Path) -> PathBuf {
    let file = folder.join("private.toml");
    fs::write(&file, format!("p_percent = 12.5\nhmac_key = \"{}\"\n", "5a".repeat(32))).unwrap();
    file
}

/// A batch of the small country for one test: a command works in a batch alone.
fn small(scratch: &Path) -> PathBuf {
    let batch = scratch.join("batch");
    for part in ["lake", "receipts", "results", "keurmerk"] {
        copy(&kibg().join(part), &batch.join(part));
    }
    fs::copy(kibg().join("run.json"), batch.join("run.json")).unwrap();
    batch
}

fn arguments(verb: &str, parts: &[(&str, &Path)]) -> Vec<String> {
    let mut arguments = vec![verb.to_owned(), definitions().join(KIBG_YEAR).display().to_string()];
    for (name, value) in parts {
        arguments.extend([format!("--{name}"), value.display().to_string()]);
    }
    arguments
}

#[test]
fn a_small_country_is_refused_with_its_ladder_and_nothing_is_written() {
    let scratch = scratch("release-refused");
    let lake = scratch.join("lake");
    let answer = spiegel(&arguments("release", &[("batch", &small(&scratch)), ("release-dir", &lake), ("private-policy", &overlay(&scratch))])).expect_code(14);
    // Too few measurements for a norm, so that nobody has an outcome; and too few of everything else.
    for words in ["is refused by", "rung", "smallest class", "1-9", "No rung of the ladder passes", "\nXS "] {
        assert!(answer.stderr.contains(words), "{words} is not said:\n{}", answer.stderr);
    }
    assert!(!lake.join("releases").exists() && !lake.join("index.json").exists());
}

#[test]
fn without_a_private_policy_or_with_a_wrong_one_nothing_is_released() {
    let scratch = scratch("release-usage");
    let lake = scratch.join("lake");
    let batch = small(&scratch);
    let parts = [("batch", batch.as_path()), ("release-dir", lake.as_path())];
    assert!(spiegel(&arguments("release", &parts)).expect_code(2).stderr.contains("--private-policy"));
    let wrong = scratch.join("wrong.toml");
    fs::write(&wrong, "p_percent = 12\nhmac_key = \"verysecret\"\n").unwrap();
    let answer = spiegel(&arguments("release", &[parts[0], parts[1], ("private-policy", &wrong)])).expect_code(2);
    assert!(!answer.stderr.contains("verysecret"), "a key is never told");
    let mut versioned = arguments("release", &[parts[0], parts[1], ("private-policy", &overlay(&scratch))]);
    versioned.extend(["--version".to_owned(), "1.0".to_owned()]);
    assert!(spiegel(&versioned).expect_code(2).stderr.contains("MAJOR.MINOR.PATCH"));
    assert!(spiegel(&["verify", scratch.to_str().unwrap()]).expect_code(2).stderr.contains("is no release"));
}

/// A country that is large enough for the coarsest rung, and definitions with a policy that pins it.
pub(crate) struct Country {
    pub(crate) batch: PathBuf,
    pub(crate) pipeline: PathBuf,
    pub(crate) overlay: PathBuf,
    folder: PathBuf,
}

/// For one test at a time: a command works in a batch alone.
pub(crate) fn country() -> (&'static Country, MutexGuard<'static, ()>) {
    static COUNTRY: OnceLock<Country> = OnceLock::new();
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let country = COUNTRY.get_or_init(|| {
        let folder = scratch("release-country");
        let pipeline = folder.join("pipelines").join("kibg");
        copy(&root().join("pipelines").join("kibg"), &pipeline);
        let policy = pipeline.join("release").join("policy.toml");
        let text = fs::read_to_string(&policy).unwrap();
        // Limits that a country of three hundred providers can meet, so that the test takes a minute and not ten.
        let text = text.replace("rung = \"M\"", "rung = \"XS\"").replace("max_process_star_share = 0.10", "max_process_star_share = 0.12");
        fs::write(&policy, text).unwrap();
        let country = folder.join("country");
        spiegel(&["sample", "--providers", "300", "--years", "2", "--first-year", "2024", "--seed", "5", "--out", country.to_str().unwrap()]).expect_code(0);
        let batch = folder.join("batch");
        let inbox = country.join("inbox");
        for year in [KIBG_YEAR_BEFORE, KIBG_YEAR] {
            let year = folder.join(year);
            let year = year.to_str().unwrap();
            let (inbox, key, to) = (inbox.to_str().unwrap(), crate::command::key().to_str().unwrap(), batch.to_str().unwrap());
            spiegel(&["ingest", year, "--inbox", inbox, "--batch", to, "--key", key, "--no-feedback"]).expect_code(0);
            spiegel(&["benchmark", year, "--batch", to]).expect_code(0);
        }
        fs::remove_dir_all(&country).unwrap();
        Country { overlay: overlay(&folder), batch, pipeline, folder }
    });
    (country, alone)
}

impl Country {
    /// What to type to release it to a place.
    pub(crate) fn arguments(&self, place: &Path) -> Vec<String> {
        let year = self.folder.join(KIBG_YEAR);
        let arguments = ["release", year.to_str().unwrap(), "--batch", self.batch.to_str().unwrap(), "--release-dir", place.to_str().unwrap()];
        [&arguments[..], &["--private-policy", self.overlay.to_str().unwrap()]].concat().into_iter().map(str::to_owned).collect()
    }

    pub(crate) fn release(&self, lake: &Path, more: &[&str]) -> crate::command::Answer {
        let mut arguments = self.arguments(lake);
        arguments.extend(more.iter().map(|&one| one.to_owned()));
        spiegel(&arguments)
    }
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.path().is_dir() { copy(&entry.path(), &place) } else { _ = fs::copy(entry.path(), place).unwrap() }
    }
}

fn json(file: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn a_large_country_is_published_verified_and_the_same_on_any_number_of_threads() {
    let (country, _alone) = country();
    let (one, other) = (country.folder.join("one"), country.folder.join("other"));
    let answer = country.release(&one, &["--threads", "1"]).expect_code(0);
    assert!(answer.stderr.contains("1.0.0 verified and published"), "{}", answer.stderr);
    country.release(&other, &["--threads", "2"]).expect_code(0);
    assert_eq!(tree(&one), tree(&other));
    // Again, nothing changes.
    let before = tree(&one);
    assert!(country.release(&one, &[]).expect_code(0).stderr.contains("1.0.0 unchanged"));
    assert_eq!(before, tree(&one));
    assert!(country.release(&one, &["--version", "1.0.0"]).expect_code(2).stderr.contains("what was published stays as it is"));

    let manifest = json(&one.join("releases/1.0.0/manifest.json"));
    assert_eq!(manifest["policy"]["rung"], "XS");
    let text = manifest.to_string();
    assert!(!text.contains("p_percent") && !text.contains("12.5"), "parameters of the concentration rule are never told");
    assert_eq!(manifest["released_on"], "2026-06-15");

    // The public part needs nothing but the release; the private part holds it against the batch.
    let public = spiegel(&["verify", one.to_str().unwrap()]).expect_code(0);
    assert!(public.stdout.contains("V05 passed: ") && !public.stdout.contains("V20"), "{}", public.stdout);
    let (batch, pipeline, overlay) = (country.batch.to_str().unwrap(), country.pipeline.to_str().unwrap(), country.overlay.to_str().unwrap());
    let private = ["verify", one.to_str().unwrap(), "--batch", batch, "--pipeline", pipeline, "--private-policy", overlay, "--format", "json"];
    let checks: Vec<Value> = serde_json::from_str(&spiegel(&private).expect_code(0).stdout).unwrap();
    let of: BTreeMap<&str, &str> = checks.iter().map(|check| (check["id"].as_str().unwrap(), check["result"].as_str().unwrap())).collect();
    for id in ["V01", "V08", "V09", "V15", "V20", "V21", "V22", "V23", "V24", "V25", "V26", "V27", "V28", "V29", "V30"] {
        assert_eq!(of.get(id), Some(&"passed"), "{id}");
    }

    // One changed byte is seen.
    let file = other.join("releases/1.0.0/README.md");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}\n")).unwrap();
    let answer = spiegel(&["verify", other.to_str().unwrap()]).expect_code(14);
    assert!(answer.stdout.contains("V01 FAILED"), "{}", answer.stdout);
}

/// The row of `measures` for the whole nation.
fn national(lake: &Path, year: i32, measure: &str) -> Value {
    let sql = format!("SELECT value, n_rounded FROM measures WHERE dimension_set = 'total' AND year = {year} AND measure = '{measure}'");
    let answer = spiegel(&["query", "--release-dir", lake.to_str().unwrap(), "--format", "json", &sql]).expect_code(0);
    serde_json::from_str(answer.stdout.trim()).unwrap()
}

#[test]
fn national_figures_of_the_release_are_those_of_the_reports() {
    let (country, _alone) = country();
    let lake = country.folder.join("figures");
    country.release(&lake, &[]).expect_code(0);
    // Measure and its year, indicator and its report year, how the measure is rounded. Back in care is told a year later in reports.
    let pairs = [
        ("incomplete_rate", 2025, "onvolledige-trajecten", 2025, 0.001),
        ("minutes_mean", 2025, "behandelminuten", 2025, 1.0),
        ("duration_mean", 2024, "duur-in-dagen", 2024, 1.0),
        ("rom_effect_mean", 2025, "behandeleffect", 2025, 0.1),
        ("rom_improved_rate", 2024, "verbeterd", 2024, 0.001),
        ("back_in_care_rate", 2024, "terug-in-zorg", 2025, 0.001),
    ];
    for (measure, year, indicator, report_year, step) in pairs {
        let reference = json(&country.batch.join(format!("results/{report_year}/reference.json")));
        let of = reference["indicators"].as_array().unwrap().iter().find(|one| one["id"] == indicator).unwrap();
        let released = national(&lake, year, measure);
        let (value, mean) = (released["value"].as_f64().unwrap(), of["mean"].as_f64().unwrap());
        assert!((value - mean).abs() <= step / 2.0 + 1e-9, "{measure} of {year}: {value} and {mean}");
        let (n, units) = (released["n_rounded"].as_f64().unwrap(), of["units"].as_f64().unwrap());
        assert!((n - units).abs() <= 2.5, "{measure} of {year}: {n} and {units}");
    }
}

#[test]
fn the_policy_of_the_pipeline_refuses_a_country_in_which_too_much_would_be_withheld() {
    let (country, _alone) = country();
    let lake = country.folder.join("refused");
    let year = definitions().join(KIBG_YEAR);
    let arguments = ["release", year.to_str().unwrap(), "--batch", country.batch.to_str().unwrap(), "--release-dir", lake.to_str().unwrap()];
    let answer = spiegel(&[&arguments[..], &["--private-policy", country.overlay.to_str().unwrap()]].concat()).expect_code(14);
    assert!(answer.stderr.contains("refused by max_star_share") && answer.stderr.contains("rung M"), "{}", answer.stderr);
    assert!(!lake.join("releases").exists());
}

#[test]
fn the_privacy_report_tells_every_figure_and_no_small_count() {
    let (country, _alone) = country();
    let lake = country.folder.join("report");
    country.release(&lake, &[]).expect_code(0);
    let report = json(&lake.join("releases/1.0.0/privacy-report.json"));
    for year in report["years"].as_array().unwrap() {
        assert!(year["min_clients"].as_u64().unwrap() >= 12);
        assert!(year["max_prosecutor_risk"].as_f64().unwrap() <= 0.0834);
        assert!(year["alpha_max_without_a_group"].as_object().unwrap().values().all(|share| share.as_f64().unwrap() <= 0.8));
        assert!(year["process_star_share"].as_f64().unwrap() <= 0.12);
        assert_eq!(year["ladder"].as_array().unwrap().len(), 4);
        assert!(year["utility"]["max_group_deviation"].as_f64().unwrap() < 5.0, "{}", year["utility"]);
    }
    let text = fs::read_to_string(lake.join("releases/1.0.0/privacy-report.md")).unwrap();
    for heading in ["Identifiers and transformations", "Adversaries", "Thresholds", "Residual risk of 2025", "Utility of 2024", "Ladder of 2025", "linkability", "Not covered"] {
        assert!(text.contains(heading), "{heading}");
    }
}

#[test]
fn results_that_are_older_than_the_batch_are_not_released() {
    let (country, _alone) = country();
    let batch = country.folder.join("stale");
    copy(&country.batch, &batch);
    let run = batch.join("run.json");
    let text = fs::read_to_string(&run).unwrap();
    let made = json(&run)["years"]["2025"]["made_from"].as_str().unwrap().to_owned();
    fs::write(&run, text.replace(&made, &"0".repeat(64))).unwrap();
    let year = country.folder.join(KIBG_YEAR);
    let lake = country.folder.join("stale-lake");
    let arguments = ["release", year.to_str().unwrap(), "--batch", batch.to_str().unwrap(), "--release-dir", lake.to_str().unwrap()];
    let answer = spiegel(&[&arguments[..], &["--private-policy", country.overlay.to_str().unwrap()]].concat()).expect_code(2);
    assert!(answer.stderr.contains("spiegel benchmark"), "{}", answer.stderr);
}
