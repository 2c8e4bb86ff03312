//! The catalogue of bad input: every folder of `bad-submissions/` is a case with exactly what must be found in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::Deserialize;
use spiegel_model::{Finding, TableCount};

use crate::command::{Answer, KIBG_YEAR, KIBG_YEAR_BEFORE, receipts, root, scratch};
use crate::submissions::{findings, read_only};

/// Name of a delivery that a fixture does not name itself.
const DELIVERY: &str = "KIBG_94000101_2025_01";

/// `expected.toml`: what a case must give, information included, and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// Verdict of the one delivery.
    #[serde(default)]
    verdict: String,
    /// Verdicts of several deliveries, by their names.
    #[serde(default)]
    verdicts: BTreeMap<String, String>,
    #[serde(default, rename = "finding")]
    findings: Vec<Found>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    #[serde(default)]
    delivery: String,
    code: String,
    #[serde(default)]
    file: String,
    #[serde(default)]
    sheet: String,
    #[serde(default)]
    row: Option<u64>,
    #[serde(default)]
    header: String,
}

impl Found {
    fn of(delivery: &str, finding: Finding) -> Self {
        let Finding { code, file, sheet, row, header, .. } = finding;
        Self { delivery: delivery.to_owned(), code, file, sheet, row, header }
    }

    /// As it stands in `expected.toml`, for who writes one.
    fn toml(&self) -> String {
        let mut text = "[[finding]]\n".to_owned();
        for (name, value) in [("delivery", &self.delivery), ("code", &self.code), ("file", &self.file), ("sheet", &self.sheet), ("header", &self.header)] {
            if !value.is_empty() {
                text.push_str(&format!("{name} = {value:?}\n"));
            }
        }
        text + &self.row.map_or_else(String::new, |row| format!("row = {row}\n"))
    }
}

/// A case, run in a batch of its own.
struct Case {
    name: String,
    expected: Expected,
    verdicts: BTreeMap<String, String>,
    found: Vec<Found>,
    conserved: bool,
    answer: Answer,
}

fn fixtures() -> Vec<PathBuf> {
    let folders = fs::read_dir(root().join("tests/bad-submissions")).unwrap().flatten().map(|entry| entry.path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.join("expected.toml").is_file()).collect();
    folders.sort();
    folders
}

fn cases() -> &'static [Case] {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(|| {
        let fixtures = fixtures();
        let (front, back) = fixtures.split_at(fixtures.len() / 2);
        let run = |fixtures: &[PathBuf]| fixtures.iter().map(|fixture| case(fixture)).collect::<Vec<_>>();
        std::thread::scope(|scope| {
            let front = scope.spawn(|| run(front));
            let back = run(back);
            front.join().unwrap().into_iter().chain(back).collect()
        })
    })
}

fn case(fixture: &Path) -> Case {
    let name = fixture.file_name().unwrap().to_string_lossy().into_owned();
    let expected: Expected = toml::from_str(&fs::read_to_string(fixture.join("expected.toml")).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
    let folder = scratch(&format!("bad-submissions/{name}"));
    let (inbox, batch) = (folder.join("inbox"), folder.join("batch"));
    let several = fixture.join("inbox").is_dir();
    if several {
        crate::tree::copy(&fixture.join("inbox"), &inbox);
    } else {
        fs::create_dir_all(&inbox).unwrap();
        let whole = ["zip", "xlsx", "xlsm"].map(|extension| (extension, fixture.join(format!("submission.{extension}")))).into_iter().find(|(_, path)| path.is_file());
        if let Some((extension, file)) = whole {
            fs::copy(file, inbox.join(format!("{DELIVERY}.{extension}"))).unwrap();
        } else {
            crate::tree::copy(fixture, &inbox.join(DELIVERY));
            fs::remove_file(inbox.join(DELIVERY).join("expected.toml")).unwrap();
        }
    }
    if fixture.join("inbox-before").is_dir() {
        read_only(KIBG_YEAR_BEFORE, &fixture.join("inbox-before"), &batch).expect_code(0);
    }
    let mut answer = read_only(KIBG_YEAR, &inbox, &batch);
    if fixture.join("inbox-2").is_dir() {
        answer = read_only(KIBG_YEAR, &fixture.join("inbox-2"), &batch);
    }
    let (mut verdicts, mut found, mut conserved) = (BTreeMap::new(), Vec::new(), true);
    for (folder, receipt) in receipts(&batch) {
        let name = receipt.submission.split('.').next().unwrap_or_default();
        let name = if several { name } else { "" };
        verdicts.insert(name.to_owned(), receipt.verdict.dutch().to_owned());
        found.extend(findings(&folder).into_iter().map(|finding| Found::of(name, finding)));
        conserved &= receipt.tables.iter().all(TableCount::is_conserved);
    }
    Case { name, expected, verdicts, found, conserved, answer }
}

/// The batches of all cases.
pub(crate) fn batches() -> Vec<PathBuf> {
    cases().iter().map(|case| scratch(&format!("bad-submissions/{}", case.name)).join("batch")).collect()
}

/// All failing cases at once: who adds a rule sees everything it touches.
#[test]
fn every_case_of_the_catalogue_gives_exactly_its_findings() {
    let mut wrong = Vec::new();
    for case in cases() {
        let mut verdicts = case.expected.verdicts.clone();
        if verdicts.is_empty() {
            verdicts.insert(String::new(), case.expected.verdict.clone());
        }
        if case.found != case.expected.findings || case.verdicts != verdicts || !case.conserved {
            let found: Vec<String> = case.found.iter().map(Found::toml).collect();
            wrong.push(format!(
                "{}: expected {:?}, got {:?}{}\n{}{}",
                case.name,
                verdicts,
                case.verdicts,
                if case.conserved { "" } else { ", rows were lost" },
                found.concat(),
                if case.verdicts.is_empty() { &case.answer.stderr } else { "" },
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases differ; found was:\n{}", wrong.len(), cases().len(), wrong.join("\n"));
}

/// Codes that no folder can show, and the test that does.
const SHOWN_ELSEWHERE: [(&str, &str); 4] = [
    ("E019", "workbooks::a_file_above_the_limit_is_refused_unread and hostile: a gigabyte is made when the test runs"),
    ("E020", "container::tests in ingest: a file that changes while it is read"),
    ("E221", "typing::tests in ingest: kibg has no column of type period"),
    ("W731", "deliveries::a_closed_year_changes_at_a_refresh_only_and_is_rebuilt_from_its_lock: a year must be closed first"),
];

/// A rule that is removed can raise nothing any more, and a case expects exactly its findings: so a case that expects a code
/// fails without its rule. What is left to show is that every rule has such a case.
#[test]
fn every_rule_has_a_case_that_fails_without_it() {
    let rules = spiegel_ingest::load_rules(&crate::command::definitions().join("pipelines/kibg")).unwrap();
    let expected: BTreeSet<&str> = cases().iter().flat_map(|case| &case.expected.findings).map(|found| found.code.as_str()).collect();
    let elsewhere: BTreeSet<&str> = SHOWN_ELSEWHERE.iter().map(|(code, _)| *code).collect();
    let without: Vec<&str> = rules.rules.iter().map(|rule| rule.code.as_str()).filter(|code| !expected.contains(code) && !elsewhere.contains(code)).collect();
    assert!(without.is_empty(), "no case expects {without:?}");
    let needless: Vec<&&str> = elsewhere.iter().filter(|code| expected.contains(**code)).collect();
    assert!(needless.is_empty(), "a case does show {needless:?}");
}

/// `catalogue.csv` lists the cases of bad input by section of the specification: each has a rule, and a folder that begins with
/// its code.
#[test]
fn every_case_of_the_specification_has_a_rule_and_a_folder() {
    let rules = spiegel_ingest::load_rules(&crate::command::definitions().join("pipelines/kibg")).unwrap();
    let mut reader = csv::Reader::from_path(root().join("tests/bad-submissions/catalogue.csv")).unwrap();
    let listed: Vec<(String, String)> = reader.records().map(|row| row.unwrap()).map(|row| (row[1].to_owned(), row[2].to_owned())).collect();
    assert_eq!(listed.len(), 140);
    let folders: Vec<String> = fixtures().iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    let missing: Vec<&(String, String)> = listed
        .iter()
        .filter(|(code, _)| {
            let shown = folders.iter().any(|folder| folder.starts_with(&format!("{code}-"))) || SHOWN_ELSEWHERE.iter().any(|(other, _)| other == code);
            rules.rule(code).is_none() || !shown
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
