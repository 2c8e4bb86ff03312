//! The effect of treatment and back in care beyond their cases: scales of either direction, and findings that hold them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{KIBG_YEAR_BEFORE, definitions, query, receipts, root, scratch, spiegel};
use crate::submissions::{run, run_year};
use crate::tree::copy;

/// Indicators that are read from `treatment_effect`.
const EFFECT: [&str; 6] = ["behandeleffect", "effectgrootte", "hersteld", "onveranderd", "verbeterd", "verslechterd"];

fn change(file: &Path, edit: impl Fn(&str) -> String) {
    let text = fs::read_to_string(file).unwrap();
    let changed = edit(&text);
    assert_ne!(text, changed, "{} no longer has what is changed", file.display());
    fs::write(file, changed).unwrap();
}

/// A copy of the pipeline in which more is better on the PHQ-9.
fn turned(name: &str) -> PathBuf {
    let pipeline = scratch("turned").join(name);
    copy(&definitions().join("pipelines/kibg"), &pipeline);
    change(&pipeline.join("instruments.toml"), |text| {
        let (before, after) = text.split_once("code = \"PHQ9\"").unwrap();
        format!("{before}code = \"PHQ9\"{}", after.replacen("direction = \"lower\"", "direction = \"higher\"", 1))
    });
    pipeline
}

/// The last cell of a row of the PHQ-9, and its mean in the norm, seen from the other end of 0 to 27.
fn mirrored(line: &str) -> String {
    let mut cells: Vec<String> = line.split('|').map(|cell| cell.trim().to_owned()).collect();
    let Some(at) = cells.iter().position(|cell| cell == "PHQ9") else { return line.to_owned() };
    let place = if at == 0 { 2 } else { cells.len() - 1 };
    cells[place] = (27.0 - cells[place].parse::<f64>().unwrap()).to_string();
    cells.join(" | ")
}

/// Seen from the other end, scores and norm of a scale give the same T, the same change and the same classes: every case holds.
#[test]
fn a_scale_on_which_more_is_better_gives_the_same_effect() {
    let pipeline = turned("mirrored");
    for indicator in EFFECT {
        change(&pipeline.join("indicators").join(indicator).join("cases.slt"), |text| text.lines().map(|line| mirrored(line) + "\n").collect());
    }
    spiegel(&["pipeline", "check", pipeline.to_str().unwrap()]).expect_code(0);
    // Scores that were not turned are then the wrong way round.
    let answer = spiegel(&["pipeline", "check", turned("as-delivered").to_str().unwrap()]).expect_code(12);
    let told = answer.stderr.lines().any(|line| line.contains("indicators/verbeterd/cases.slt:") && line.contains("94000001: `events` expected"));
    assert!(told, "{}", answer.stderr);
}

/// What waits for an analyst, by `spiegel status`, over all providers of a batch.
fn held(batch: &Path) -> Vec<String> {
    let said = spiegel(&["status", "--batch", batch.to_str().unwrap(), "--format", "json"]).expect_code(0).stdout;
    let lines: Vec<BTreeMap<String, serde_json::Value>> = serde_json::from_str(&said).unwrap();
    lines.iter().flat_map(|line| serde_json::from_value::<Vec<String>>(line["held"].clone()).unwrap()).collect()
}

#[test]
fn a_reversed_scale_holds_the_effect_and_not_whether_there_is_a_pair() {
    let folder = scratch("held-effect");
    let delivered = folder.join("inbox/KIBG_94000101_2025_01");
    copy(&root().join("tests/bad-submissions/W717-reversed-scale"), &delivered);
    fs::remove_file(delivered.join("expected.toml")).unwrap();
    run("year", &folder.join("inbox"), &folder.join("batch")).expect_code(0);
    let mut expected = EFFECT.map(|indicator| format!("{indicator} (W717)"));
    expected.sort();
    let mut held = held(&folder.join("batch"));
    held.sort();
    assert_eq!(held, expected);
}

#[test]
fn clients_that_nobody_recognises_hold_back_in_care() {
    let fixture = root().join("tests/bad-submissions/W724-new-client-numbers");
    let batch = scratch("held-return");
    run_year("ingest", KIBG_YEAR_BEFORE, &fixture.join("inbox-before"), &batch).expect_code(0);
    run("year", &fixture.join("inbox"), &batch).expect_code(0);
    assert_eq!(held(&batch), ["terug-in-zorg (W724)"]);
}

/// Without client numbers that come back nobody would seem to return: the figure is not there, and the page says why. Before that, what
/// an analyst would see when the finding did not prevent it: 0.
#[test]
fn client_numbers_that_never_come_back_leave_no_figure_of_back_in_care() {
    let folder = scratch("never-back");
    let delivery = |year: i32| {
        let delivered = folder.join(format!("inbox-{year}/KIBG_94000101_{year}_01"));
        fs::create_dir_all(&delivered).unwrap();
        let text = fs::read_to_string(root().join("tests/bad-submissions/W723-never-twice/trajecten.csv")).unwrap();
        // Each year has numbers of its own: nobody of the one is in the other.
        let text = text.replace(";2025-", &format!(";{year}-")).replace(";C0", &format!(";C{year}0")).replace(";C1", &format!(";C{year}1"));
        fs::write(delivered.join("trajecten.csv"), text).unwrap();
        delivered.parent().unwrap().to_owned()
    };
    let batch = folder.join("batch");
    run_year("ingest", KIBG_YEAR_BEFORE, &delivery(2024), &batch).expect_code(0);
    run("year", &delivery(2025), &batch).expect_code(0);
    assert_eq!(held(&batch), ["terug-in-zorg (W723)"]);
    let value = || {
        let rows = query(&batch, "kibg", "SELECT value FROM observations_2025 WHERE indicator = 'terug-in-zorg' AND year = 2025");
        rows.into_iter().map(|row| row["value"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(value(), [""]);
    let page = || {
        let text = fs::read(batch.join("reports/2025/94000101/v1/report.json")).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let row = report["summary"]["rows"].as_array().unwrap().iter().find(|row| row["indicator"] == "terug-in-zorg").unwrap()["own"].clone();
        let page = report["indicators"].as_array().unwrap().iter().find(|page| page["id"] == "terug-in-zorg").unwrap().to_string();
        (row, page)
    };
    let (row, text) = page();
    assert_eq!(row, "niet aangeleverd");
    assert!(text.contains("Uw cliëntnummers komen in uw aanlevering nooit terug."), "{text}");
    let (receipt, _) = receipts(&batch).into_iter().find(|(_, receipt)| receipt.year == Some(2025)).unwrap();
    let feedback: serde_json::Value = serde_json::from_slice(&fs::read(receipt.join("terugkoppeling.json")).unwrap()).unwrap();
    let told = feedback.to_string();
    let row = told.split("Terug in zorg binnen een jaar").nth(1).map(|after| after.chars().take(60).collect::<String>());
    assert!(row.is_none_or(|row| !row.contains("0%")), "the preview of the provider's own values has no 0 either");
    // An analyst who knows better lets it count.
    fs::write(batch.join("released-holds.csv"), "year,provider_id,code,by,reason\n2025,94000101,W723,analist,elke cliënt kwam echt maar eenmaal\n").unwrap();
    run("year", &folder.join("inbox-2025"), &batch).expect_code(0);
    assert_eq!(value(), ["0.0"]);
    assert!(!page().1.contains("nooit terug"));
}
