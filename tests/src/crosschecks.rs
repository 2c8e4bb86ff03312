//! Checks over rows and tables: they agree with the views that indicators count by, they can be repeated, a broken one
//! breaks nothing else, and what they hold waits for an analyst.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use spiegel_model::{Finding, Receipt, RuleStatus, Verdict};

use crate::command::{KIBG_YEAR, answer, KIBG_YEAR_BEFORE, definitions, key, kibg, providers, query, receipts, root, rows, scratch, spiegel};
use crate::submissions::{findings, run, run_year};
use crate::tree::{assert_same, copy, tree};

/// Findings of a year of a batch with their providers.
fn all_findings(batch: &Path, year: i32) -> Vec<(String, Finding)> {
    let of_year = receipts(batch).into_iter().filter(|(_, receipt)| receipt.year == Some(year));
    of_year.flat_map(|(folder, receipt)| findings(&folder).into_iter().map(move |finding| (receipt.provider_id.clone(), finding))).collect()
}

/// Provider and row of every finding with one of these codes.
fn rows_of(batch: &Path, codes: &[&str]) -> BTreeSet<(String, String)> {
    let found = all_findings(batch, 2025).into_iter().filter(|(_, finding)| codes.contains(&finding.code.as_str()));
    found.filter_map(|(provider, finding)| Some((provider, finding.row?.to_string()))).collect()
}

/// A batch of every fixture about measurements, each as a provider of its own.
fn measured() -> &'static Path {
    static BATCH: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    BATCH.get_or_init(|| {
        let folder = scratch("measured");
        let names = ["E320-score-outside-range", "E321-unknown-scale", "E322-last-before-first", "E323-outside-window", "E324-means-and-sums",
            "N827-several-measurements", "W715-other-instrument", "W715-other-scale", "W716-same-day", "W717-reversed-scale"];
        for (number, name) in names.iter().enumerate() {
            let inbox = folder.join(format!("inbox/KIBG_942{number:02}001_2025_01"));
            copy(&root().join("tests/bad-submissions").join(name), &inbox);
            fs::remove_file(inbox.join("expected.toml")).unwrap();
        }
        let batch = folder.join("batch");
        run("ingest", &folder.join("inbox"), &batch).expect_code(0);
        batch
    })
}

/// E322, E323, W715 and W716 say that a measurement makes no pair; the view that the indicator counts by must agree row by row.
#[test]
fn no_measurement_that_a_finding_leaves_out_is_in_a_pair() {
    for batch in [measured(), kibg()] {
        let mut paired = BTreeSet::new();
        for row in query(batch, "kibg", "SELECT provider_id, first_row, last_row FROM measurement_pair WHERE year = 2025") {
            paired.insert((row["provider_id"].clone(), row["first_row"].clone()));
            paired.insert((row["provider_id"].clone(), row["last_row"].clone()));
        }
        let left_out = rows_of(batch, &["E322", "E323", "W715", "W716", "E320", "E321"]);
        assert!(!paired.is_empty() && !left_out.is_empty());
        let both: Vec<_> = left_out.intersection(&paired).collect();
        assert!(both.is_empty(), "{both:?}");
    }
}

/// The other way round: closed, measured before and after, and yet no pair is always explained by a finding.
#[test]
fn every_missing_pair_is_explained() {
    for batch in [measured(), kibg()] {
        let unpaired = query(
            batch,
            "kibg",
            "SELECT closed_trajectory.provider_id, closed_trajectory.trajectory_id
             FROM closed_trajectory
             JOIN measurement ON measurement.year = closed_trajectory.year AND measurement.provider_id = closed_trajectory.provider_id
                 AND measurement.trajectory_id = closed_trajectory.trajectory_id
             WHERE closed_trajectory.year = 2025
                 AND NOT EXISTS (SELECT 1 FROM measurement_pair WHERE measurement_pair.year = 2025
                     AND measurement_pair.provider_id = closed_trajectory.provider_id
                     AND measurement_pair.trajectory_id = closed_trajectory.trajectory_id)
             GROUP BY closed_trajectory.provider_id, closed_trajectory.trajectory_id
             HAVING SUM(CASE WHEN measurement.moment = 'voor' THEN 1 ELSE 0 END) > 0
                 AND SUM(CASE WHEN measurement.moment = 'na' THEN 1 ELSE 0 END) > 0",
        );
        assert!(!unpaired.is_empty());
        let codes = ["E322", "E323", "W715", "W716", "E320", "E321", "E324"];
        let found = all_findings(batch, 2025).into_iter().filter(|(_, finding)| codes.contains(&finding.code.as_str()));
        let explained: BTreeSet<(String, String)> = found.map(|(provider, finding)| (provider, finding.key)).collect();
        for row in unpaired {
            // E324 is about the whole column: the rows of that fixture are measured in between only.
            let at = (row["provider_id"].clone(), row["trajectory_id"].clone());
            assert!(explained.contains(&at), "nothing explains that {at:?} has no pair");
        }
    }
}

/// The indicator counts what the view pairs, once for each trajectory, whatever the number of instruments.
#[test]
fn two_pairs_of_one_trajectory_count_once() {
    let pairs = query(kibg(), "kibg", "SELECT COUNT(*) AS pairs, COUNT(DISTINCT provider_id || ' ' || trajectory_id) AS trajectories FROM measurement_pair WHERE year = 2025");
    let count = |name: &str| pairs[0][name].parse::<u64>().unwrap();
    assert!(count("pairs") > count("trajectories"), "some trajectories of the country have two pairs: {pairs:?}");
    let observed = query(kibg(), "kibg", "SELECT SUM(events) AS events FROM observations_2025 WHERE indicator = 'voor-en-nameting' AND year = 2025");
    let complete = query(
        kibg(),
        "kibg",
        "SELECT COUNT(DISTINCT measurement_pair.provider_id || ' ' || measurement_pair.trajectory_id) AS events
         FROM measurement_pair
         JOIN closed_trajectory ON closed_trajectory.year = measurement_pair.year AND closed_trajectory.provider_id = measurement_pair.provider_id
             AND closed_trajectory.trajectory_id = measurement_pair.trajectory_id
         WHERE measurement_pair.year = 2025 AND NOT closed_trajectory.incomplete",
    );
    assert_eq!(observed[0]["events"].parse::<f64>().unwrap(), complete[0]["events"].parse::<f64>().unwrap());
}

/// The outcome of a rule in the only receipt of a batch.
fn outcome(receipt: &Receipt, code: &str) -> (RuleStatus, u64, u64) {
    let outcome = receipt.rules.iter().find(|outcome| outcome.code == code).unwrap();
    (outcome.status, outcome.checked, outcome.found)
}

fn ingest_fixture(name: &str, folder: &str) -> (PathBuf, Receipt) {
    let (inbox, batch) = (scratch(folder).join("inbox"), scratch(folder).join("batch"));
    let delivered = inbox.join("KIBG_94000101_2025_01");
    copy(&root().join("tests/bad-submissions").join(name), &delivered);
    fs::remove_file(delivered.join("expected.toml")).unwrap();
    run("ingest", &inbox, &batch).expect_code(0);
    let (_, receipt) = receipts(&batch).remove(0);
    (batch, receipt)
}

#[test]
fn every_rule_says_how_much_it_checked() {
    let (_, receipt) = ingest_fixture("W722-double-session", "outcomes");
    // Ten trajectories with two sessions each, and two more sessions; no measurements.
    assert_eq!(outcome(&receipt, "W722"), (RuleStatus::PassedWithFindings, 22, 1));
    assert_eq!(outcome(&receipt, "W712"), (RuleStatus::Passed, 22, 0));
    assert_eq!(outcome(&receipt, "E301"), (RuleStatus::Passed, 10, 0));
    assert_eq!(outcome(&receipt, "W711"), (RuleStatus::Passed, 10, 0));
    assert_eq!(outcome(&receipt, "E402"), (RuleStatus::Passed, 22, 0));
    assert_eq!(outcome(&receipt, "W717"), (RuleStatus::NotApplicable, 0, 0));
    assert_eq!(outcome(&receipt, "E320"), (RuleStatus::NotApplicable, 0, 0));
    assert_eq!(receipt.verdict, Verdict::AcceptedWithRemarks);
}

#[test]
fn checks_can_be_repeated_and_a_year_that_arrives_later_is_taken_in() {
    let fixture = root().join("tests/bad-submissions/W732-year-before");
    let batch = scratch("repeated");
    run("ingest", &fixture.join("inbox"), &batch).expect_code(0);
    let w732 = || all_findings(&batch, 2025).into_iter().filter(|(_, finding)| finding.code == "W732").count();
    assert_eq!(w732(), 0, "there is nothing to compare with");
    let before = tree(&batch);
    fs::remove_file(batch.join("lake/.members/2025.checks.json")).unwrap();
    run("ingest", &fixture.join("inbox"), &batch).expect_code(0);
    assert_same(&before, &tree(&batch), "checked again");
    run_year("ingest", KIBG_YEAR_BEFORE, &fixture.join("inbox-before"), &batch).expect_code(0);
    run("ingest", &fixture.join("inbox"), &batch).expect_code(0);
    assert_eq!(w732(), 1, "the year before is there now");
    for (folder, receipt) in receipts(&batch) {
        let found = findings(&folder);
        assert_eq!(receipt.findings.values().sum::<u64>(), found.len() as u64);
        assert_eq!(receipt.verdict == Verdict::AcceptedWithRemarks, found.iter().any(|finding| finding.code == "W732"));
    }
    // What else lies beside a receipt stays, and a file of the provider's own findings shows the place in its own words.
    let (folder, _) = receipts(&batch).into_iter().find(|(_, receipt)| receipt.findings.contains_key("W732")).unwrap();
    fs::write(folder.join("notes.txt"), "kept").unwrap();
    fs::remove_dir_all(batch.join("lake/trajectory/year=2024")).unwrap();
    fs::remove_file(batch.join("lake/.members/2024.json")).unwrap();
    run("ingest", &fixture.join("inbox"), &batch).expect_code(0);
    assert_eq!(w732(), 0, "the year before is gone again");
    assert!(folder.join("notes.txt").is_file());
}

/// A copy of the pipeline with one text replaced.
fn pipeline_with(name: &str, from: &str, to: &str) -> PathBuf {
    let pipeline = scratch("pipelines-with").join(name);
    copy(&definitions().join("pipelines/kibg"), &pipeline);
    let file = pipeline.join("checks/rules.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(from), "rules.toml no longer has {from}");
    fs::write(&file, text.replace(from, to)).unwrap();
    pipeline
}

#[test]
fn a_rule_that_cannot_run_is_broken_and_the_batch_goes_on() {
    // Only the rows themselves break it: a key that is no number. `pipeline check` has no rows.
    let pipeline = pipeline_with("broken", "WHERE year = $year AND direct_minutes = 0", "WHERE year = $year AND CAST(trajectory_id AS INT) = 0");
    spiegel(&["pipeline", "check", pipeline.to_str().unwrap()]).expect_code(0);
    let inbox = scratch("broken-rule").join("inbox");
    let delivered = inbox.join("KIBG_94000101_2025_01");
    copy(&root().join("tests/bad-submissions/W722-double-session"), &delivered);
    fs::remove_file(delivered.join("expected.toml")).unwrap();
    let batch = scratch("broken-rule").join("batch");
    let year = pipeline.join("years/2025.toml");
    let answer = spiegel(&[
        "ingest", year.to_str().unwrap(), "--inbox", inbox.to_str().unwrap(), "--batch", batch.to_str().unwrap(), "--key", key().to_str().unwrap(),
    ])
    .expect_code(0);
    assert!(answer.stderr.contains("broken     rule E308 cannot run"), "{}", answer.stderr);
    assert!(!answer.stderr.contains("T00"), "no key of a trajectory is told: {}", answer.stderr);
    let (_, receipt) = receipts(&batch).remove(0);
    assert_eq!(outcome(&receipt, "E308").0, RuleStatus::Broken);
    assert_eq!(outcome(&receipt, "W722").0, RuleStatus::PassedWithFindings);
}

/// A hundred and twenty closed trajectories, all of 540 minutes; one client comes twice.
fn constant_minutes() -> String {
    let mut text = "traject_id;client_id;startdatum;einddatum;eindreden;stelsel;minuten_direct;minuten_bron;geboortejaar;geslacht\n".to_owned();
    for number in 0..120_u32 {
        let client = if number == 119 { 0 } else { number };
        let start = format!("2025-{:02}-{:02}", number % 4 + 1 + if number == 119 { 5 } else { 0 }, number % 27 + 1);
        let end = format!("2025-{:02}-{:02}", number % 3 + 6 + if number == 119 { 4 } else { 0 }, number % 23 + 1);
        text.push_str(&format!("T{number:03};C{client:03};{start};{end};afgerond;ZPM;540;exact;1980;v\n"));
    }
    text
}

#[test]
fn what_is_held_waits_for_an_analyst_and_is_released_by_one() {
    let folder = scratch("held");
    let (inbox, batch) = (folder.join("inbox"), folder.join("batch"));
    fs::create_dir_all(inbox.join("KIBG_94000101_2025_01")).unwrap();
    fs::write(inbox.join("KIBG_94000101_2025_01/trajecten.csv"), constant_minutes()).unwrap();
    let answer = run("year", &inbox, &batch).expect_code(0);
    assert!(answer.stderr.contains("1 held for an analyst"), "{}", answer.stderr);
    let own = |name: &str| -> serde_json::Value {
        let rows = query(&batch, "kibg", &format!("SELECT n, value FROM observations_2025 WHERE indicator = '{name}'"));
        serde_json::json!(rows.iter().map(|row| row["value"].clone()).collect::<Vec<_>>())
    };
    // Page 1: the reading guide explains every code, also those that do not occur.
    let report = || {
        let json: serde_json::Value = serde_json::from_slice(&fs::read(batch.join("reports/2025/94000101/v1/report.json")).unwrap()).unwrap();
        json["summary"].to_string()
    };
    assert_eq!(own("behandelminuten"), serde_json::json!([""]));
    assert_eq!(own("duur-in-dagen").as_array().unwrap().len(), 1, "an indicator that needs no minutes is not held");
    assert_ne!(own("duur-in-dagen"), serde_json::json!([""]));
    assert!(report().contains("\"aangehouden\"") && report().contains("Stichting KiBG kijkt daar eerst naar"));
    let status = || {
        let said = spiegel(&["status", "--batch", batch.to_str().unwrap(), "--format", "json"]).expect_code(0).stdout;
        let lines: Vec<BTreeMap<String, serde_json::Value>> = serde_json::from_str(&said).unwrap();
        lines[0]["held"].clone()
    };
    assert_eq!(status(), serde_json::json!(["behandelminuten (W725)", "boven-540-minuten (W725)"]));

    let release = |row: &str| fs::write(batch.join("released-holds.csv"), format!("year,provider_id,code,by,reason\n{row}\n")).unwrap();
    release("2025,94000101,W725,analist,");
    assert!(spiegel(&["status", "--batch", batch.to_str().unwrap()]).expect_code(2).stderr.contains("who released it, and why"));
    release("2024,94000101,W725,analist,ander jaar");
    assert_eq!(status().as_array().unwrap().len(), 2);
    release("2025,94000101,W725,analist,de aanbieder geeft iedereen twaalf sessies van 45 minuten");
    assert_eq!(status(), serde_json::json!([]));
    let arguments = ["year", KIBG_YEAR, "--inbox", inbox.to_str().unwrap(), "--batch", batch.to_str().unwrap(), "--key", key().to_str().unwrap()];
    spiegel(&arguments).expect_code(0);
    assert_eq!(own("behandelminuten"), serde_json::json!(["540.0"]));
    // The reading guide explains the word in every report.
    assert!(!report().contains("\"own\": \"aangehouden\""));
    assert_eq!(providers(&batch, "2025").len(), 1);
}

/// Another engine selects the same: the SQL of every indicator in DuckDB, on the same lake.
#[test]
fn duckdb_selects_the_same_units_for_every_indicator() {
    let python = root().join(".venv/bin/python");
    assert!(python.is_file(), "{} is not there; `make venv` makes it", python.display());
    let script = root().join("tests/duckdb-selects.py");
    let pipeline = definitions().join("pipelines/kibg");
    let said = answer(Command::new(&python).arg(&script).arg(kibg()).arg(&pipeline).args(["2025", "2025"]));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let selected: BTreeMap<(String, String), (f64, f64)> = rows(said.stdout.as_bytes())
        .into_iter()
        .map(|row| ((row["indicator"].clone(), row["provider_id"].clone()), (row["n"].parse().unwrap(), row["sum"].parse().unwrap())))
        .collect();
    let observed = query(kibg(), "kibg", "SELECT indicator, provider_id, n, value FROM observations_2025 WHERE year = 2025 AND value IS NOT NULL");
    assert!(observed.len() > 200, "{}", observed.len());
    assert_eq!(observed.len(), selected.len(), "providers with a value");
    for row in observed {
        let (n, value): (f64, f64) = (row["n"].parse().unwrap(), row["value"].parse().unwrap());
        let (units, sum) = selected[&(row["indicator"].clone(), row["provider_id"].clone())];
        assert_eq!(n, units, "{row:?}");
        assert!((sum / units - value).abs() <= 1e-9 * value.abs().max(1.0), "{row:?}: {sum} / {units}");
    }
}
