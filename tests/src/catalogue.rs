//! The catalogue of bad input: every folder of `bad-submissions/` is a case with exactly what must be found in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::Deserialize;
use spiegel_model::{Finding, TableCount};

use crate::command::{Answer, KIBG_YEAR_BEFORE, receipts, root, scratch};
use crate::submissions::{findings, run, run_year};

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
    CASES.get_or_init(|| fixtures().iter().map(|fixture| case(fixture)).collect())
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
        run_year("ingest", KIBG_YEAR_BEFORE, &fixture.join("inbox-before"), &batch).expect_code(0);
    }
    let mut answer = run("ingest", &inbox, &batch);
    if fixture.join("inbox-2").is_dir() {
        answer = run("ingest", &fixture.join("inbox-2"), &batch);
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
