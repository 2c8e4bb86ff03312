//! The report templates are plain Typst: they compile with other builds of the compiler, and give the same pages.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use lopdf::Document;
use spiegel_model::Report;

use crate::command::{Answer, NHS_YEAR, answer, definitions, nhs, reports, root, scratch, spiegel};
use crate::pdf::text_of;

/// The version of the crates that are linked, and of the command that is compared with them.
const TYPST_VERSION: &str = "0.15.1";
/// Year of `preview.json`.
pub(crate) const KIBG_YEAR: &str = "pipelines/kibg/years/2025.toml";
/// Reports that are compared page by page.
const COMPARED: usize = 2;

/// A batch with finished `report.json` files and no PDFs, for `spiegel report`.
pub(crate) fn batch_of(name: &str, year: i32, reports: &[(String, String)]) -> PathBuf {
    let batch = scratch(name);
    let mut providers = serde_json::Map::new();
    for (provider, json) in reports {
        let folder = batch.join(format!("reports/{year}/{provider}/v1"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("report.json"), json).unwrap();
        providers.insert(provider.clone(), serde_json::json!({ "name": "", "report": { "state": "assembled" } }));
    }
    let state = serde_json::json!({ "pipeline": "", "label": "", "program": "", "made_from": "", "providers": providers });
    let run = serde_json::json!({ "format": 1, "years": { year.to_string(): state } });
    fs::write(batch.join("run.json"), run.to_string()).unwrap();
    batch
}

pub(crate) fn render(batch: &Path, year: &str, typst: Option<&Path>) -> Answer {
    let mut arguments = vec![OsStr::new("report"), OsStr::new(year), OsStr::new("--batch"), batch.as_os_str()];
    if let Some(typst) = typst {
        arguments.extend([OsStr::new("--typst-cli"), typst.as_os_str()]);
    }
    spiegel(&arguments)
}

/// The template's own example, as `report.json` of a batch.
pub(crate) fn preview() -> (String, String) {
    let json = fs::read_to_string(definitions().join("report-templates/spiegel/preview.json")).unwrap();
    let report: Report = serde_json::from_str(&json).unwrap();
    (report.provider.id, json)
}

/// PDFs of a batch by file name.
fn pdfs(batch: &Path, year: i32) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for provider in fs::read_dir(batch.join(format!("reports/{year}"))).unwrap().flatten() {
        let files = fs::read_dir(provider.path().join("v1")).unwrap().flatten().map(|entry| entry.path());
        found.extend(files.filter(|file| file.extension().is_some_and(|extension| extension == "pdf")));
    }
    found.sort();
    found
}

/// A program that takes the arguments of `typst compile` and hands them to the compiler from PyPI.
fn python_compiler() -> PathBuf {
    let python = root().join(".venv/bin/python");
    assert!(python.is_file(), "{} is not there; `make venv` makes it", python.display());
    let said = answer(Command::new(&python).args(["-c", "import typst"]));
    assert_eq!(said.code, Some(0), "the Python package typst is missing; `make venv` installs it\n{}", said.stderr);
    let wrapper = scratch("python-compiler").join("typst");
    let script = root().join("tests/typst-from-python.py");
    fs::write(&wrapper, format!("#!/bin/sh\nexec '{}' '{}' \"$@\"\n", python.display(), script.display())).unwrap();
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
    wrapper
}

#[test]
fn the_compiler_from_pypi_accepts_the_templates() {
    let batch = batch_of("templates-python", 2025, &[preview()]);
    let typst = python_compiler();
    render(&batch, KIBG_YEAR, Some(&typst)).expect_code(0);
    let pdf = &pdfs(&batch, 2025)[0];
    let embedded = batch_of("templates-python-embedded", 2025, &[preview()]);
    render(&embedded, KIBG_YEAR, None).expect_code(0);
    let pages = |file: &Path| Document::load(file).unwrap().get_pages().len();
    assert_eq!(pages(pdf), pages(&pdfs(&embedded, 2025)[0]), "pages of the preview");
}

/// The typst command of the same version, when someone installed it.
fn installed() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".spiegel-typst/bin/typst"));
    home.into_iter().chain([PathBuf::from("typst")]).find(|candidate| {
        let said = Command::new(candidate).arg("--version").output();
        said.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(TYPST_VERSION))
    })
}

#[test]
fn the_typst_command_gives_the_same_pages() {
    let Some(typst) = installed() else {
        // The one test that may be left out: `make typst-cli` takes 20 minutes.
        #[expect(clippy::print_stderr, reason = "who reads the output must know what was not compared")]
        {
            eprintln!("not compared: no typst {TYPST_VERSION} in $HOME/.spiegel-typst/bin or PATH; `make typst-cli` installs it");
        }
        return;
    };
    let chosen: Vec<(String, String)> = reports(nhs(), "2024").into_iter().take(COMPARED).map(|made| (made.provider, made.json)).collect();
    let batch = batch_of("templates-command", 2024, &chosen);
    render(&batch, NHS_YEAR, Some(&typst)).expect_code(0);
    for pdf in pdfs(&batch, 2024) {
        let embedded = nhs().join(pdf.strip_prefix(&batch).unwrap());
        let pages = |file: &Path| Document::load(file).unwrap().get_pages().len();
        assert_eq!(pages(&pdf), pages(&embedded), "{}", pdf.display());
        assert_eq!(text_of(&pdf), text_of(&embedded), "{}", pdf.display());
    }
}

#[test]
fn a_compiler_that_fails_is_reported_and_stops_no_other_report() {
    let (_, json) = preview();
    let both = [("00000001".to_owned(), json.clone()), ("00000002".to_owned(), json)];
    let batch = batch_of("templates-failing", 2025, &both);
    let answer = render(&batch, KIBG_YEAR, Some(Path::new("/bin/false"))).expect_code(10);
    for (provider, _) in both {
        assert!(answer.stderr.contains(&format!("failed     {provider}")), "{}", answer.stderr);
    }
    assert!(pdfs(&batch, 2025).is_empty());
}

#[test]
fn templates_need_no_package() {
    fn look(folder: &Path) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                look(&path);
            } else if path.extension().is_some_and(|extension| extension == "typ") {
                assert!(!fs::read_to_string(&path).unwrap().contains("@preview"), "{}", path.display());
            }
        }
    }
    look(&root().join("report-templates"));
}
