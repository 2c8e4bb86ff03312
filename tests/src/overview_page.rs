//! What a batch came to: `spiegel status`, and `overzicht.html` as a browser shows it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::command::{kibg, query, root, scratch, spiegel};
use crate::submissions::dirty_batch;
use crate::tree::copy;

fn status(batch: &Path, more: &[&str]) -> String {
    spiegel(&[&["status", "--batch", batch.to_str().unwrap()], more].concat()).expect_code(0).stdout
}

fn lines(batch: &Path, more: &[&str]) -> Vec<Value> {
    serde_json::from_str(&status(batch, &[&["--format", "json"], more].concat())).unwrap()
}

#[test]
fn the_summary_stands_first_and_adds_up() {
    let batch = dirty_batch();
    let all = lines(batch, &[]);
    let table = status(batch, &[]);
    let head = table.lines().next().unwrap();
    let providers = all.iter().filter(|line| line["provider_id"] != "groep").count();
    assert!(head.starts_with(&format!("2025: {providers} aanbieders, ")), "{table}");
    let refused = all.iter().filter(|line| line["waiting_for"] == "provider").count();
    assert!(refused >= 2, "{table}");
    assert!(table.contains(&format!("{refused} op aanbieder (--waiting provider)")), "{table}");
    let done = all.iter().filter(|line| line["waiting_for"] == "nobody" && line["provider_id"] != "groep").count();
    assert!(head.contains(&format!("{done} klaar")), "{table}");
}

#[test]
fn filters_choose_lines_and_the_summary_stays_of_all() {
    let batch = dirty_batch();
    let all = lines(batch, &[]);
    for (filter, states) in [("provider", &["provider"][..]), ("analyst", &["analyst"][..]), ("run", &["run"][..]), ("anybody", &["provider", "analyst", "run"][..])] {
        let chosen = lines(batch, &["--waiting", filter]);
        let expected: Vec<&Value> = all.iter().filter(|line| states.contains(&line["waiting_for"].as_str().unwrap())).collect();
        assert_eq!(chosen.iter().collect::<Vec<_>>(), expected, "{filter}");
        assert!(chosen.iter().all(|line| !line["waits_for"].as_str().unwrap().is_empty()), "{filter}: what has to be done is said");
    }
    assert_eq!(lines(batch, &["--waiting"]), lines(batch, &["--waiting", "anybody"]));
    let one = all[0]["provider_id"].as_str().unwrap();
    assert_eq!(lines(batch, &["--provider", one]), all[..1]);
    let table = status(batch, &["--provider", one]);
    assert_eq!(table.lines().next(), status(batch, &[]).lines().next());
    let answer = spiegel(&["status", "--batch", batch.to_str().unwrap(), "--provider", "12"]).expect_code(2);
    assert!(answer.stderr.contains("provider 12 neither delivered on 2025 nor is expected to"), "{}", answer.stderr);
}

#[test]
fn the_year_writes_the_page_and_status_writes_the_same() {
    let batch = scratch("overview-again");
    copy(kibg(), &batch);
    let page = batch.join("overzicht.html");
    let made = fs::read(&page).unwrap();
    fs::remove_file(&page).unwrap();
    spiegel(&["status", "--batch", batch.to_str().unwrap(), "--html"]).expect_code(0);
    assert!(fs::read(&page).unwrap() == made, "the page of `spiegel year` and that of `spiegel status --html`");
}

#[test]
fn the_page_holds_no_outcome_and_nothing_of_clients() {
    let batch = kibg();
    let page = fs::read_to_string(batch.join("overzicht.html")).unwrap();
    for row in query(batch, "kibg", "SELECT DISTINCT client_key, trajectory_id FROM trajectory WHERE year = 2025 LIMIT 500") {
        assert!(!page.contains(&row["client_key"]) && !page.contains(&format!(">{}<", row["trajectory_id"])));
    }
    // Nothing but counts, names, files and states: the results are not asked for.
    for words in ["minuten</td>", "%</td>", "http://", "https://", "src="] {
        assert!(!page.contains(words), "{words}");
    }
    for row in lines(batch, &[]) {
        assert!(page.contains(&format!("<th scope=\"row\">{}</th>", row["provider_id"].as_str().unwrap())));
    }
}

/// With Debian's Chromium, and axe-core for what a reader with a screen reader meets.
#[test]
fn a_browser_sorts_filters_and_asks_for_nothing() {
    let batch = scratch("overview-in-a-browser");
    copy(&dirty_batch().join("receipts"), &batch.join("receipts"));
    fs::copy(dirty_batch().join("run.json"), batch.join("run.json")).unwrap();
    spiegel(&["status", "--batch", batch.to_str().unwrap(), "--html"]).expect_code(0);
    let python = root().join(".venv/bin/python");
    assert!(python.is_file() && PathBuf::from("/usr/bin/chromium").is_file(), "`make deps venv` installs Chromium and what drives it");
    let output = Command::new(python)
        .arg(root().join("tests/overview-in-a-browser.py"))
        .args([batch.join("overzicht.html"), batch.join("pictures")])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}
