//! Whole reports: the same bytes twice, errors that name their place, a batch that goes on.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};

use spiegel_model::{Report, Variant};

use crate::{Error, Template, render, render_all};

fn template_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../report-templates/spiegel")
}

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::load(&template_folder()).unwrap());

fn preview() -> Report {
    serde_json::from_str(&fs::read_to_string(template_folder().join("preview.json")).unwrap()).unwrap()
}

/// The preview with one indicator, for tests that need many reports.
fn short() -> Report {
    let mut report = preview();
    report.indicators.truncate(1);
    (report.population, report.guide, report.quality, report.norms, report.worksheet) = (None, None, None, None, None);
    // They refer to pages that are not there.
    report.summary.topics.clear();
    report
}

/// A template folder with the shipped fonts and languages and another `main.typ`.
fn template_with(main: &str) -> (tempfile::TempDir, Template) {
    let folder = tempfile::tempdir().unwrap();
    for part in ["fonts", "language"] {
        fs::create_dir(folder.path().join(part)).unwrap();
        for entry in fs::read_dir(template_folder().join(part)).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, folder.path().join(part).join(path.file_name().unwrap())).unwrap();
        }
    }
    fs::copy(template_folder().join("colours.toml"), folder.path().join("colours.toml")).unwrap();
    fs::write(folder.path().join("main.typ"), main).unwrap();
    let template = Template::load(folder.path()).unwrap();
    (folder, template)
}

#[test]
fn the_preview_has_a_page_per_indicator_and_the_same_bytes_each_time() {
    let report = preview();
    let first = render(&report, &TEMPLATE).unwrap();
    // Summary, reading guide, population, data quality, norms, worksheet and method are a page each.
    assert_eq!(first.pages, report.indicators.len() + 7);
    assert_eq!(first, render(&report, &TEMPLATE).unwrap());
    assert!(first.bytes.len() < 500 * 1024, "{} KB", first.bytes.len() / 1024);
    assert!(first.bytes.starts_with(b"%PDF"));
}

#[test]
fn a_provider_without_values_gets_one_page() {
    let mut report = preview();
    report.variant = Variant::SinglePage;
    report.indicators.clear();
    report.summary.rows.clear();
    report.population = None;
    assert_eq!(render(&report, &TEMPLATE).unwrap().pages, 1);
}

#[test]
fn one_bad_report_stops_no_other_and_threads_change_no_byte() {
    let mut bad = short();
    bad.issued = "volgende week".into();
    let mut other = short();
    other.footer = "Een andere praktijk".into();
    let queue = [short(), bad, other];
    let run = |threads| {
        let results = Mutex::new(vec![None, None, None]);
        render_all(&queue, &TEMPLATE, threads, |index, result| results.lock().unwrap()[index] = Some(result));
        results.into_inner().unwrap().into_iter().map(Option::unwrap).collect::<Vec<_>>()
    };
    let (one, two) = (run(1), run(2));
    assert!(matches!(&one[1], Err(Error::Date { issued, .. }) if issued == "volgende week"));
    for index in [0, 2] {
        assert_eq!(one[index].as_ref().unwrap(), two[index].as_ref().unwrap());
    }
    assert_ne!(one[0].as_ref().unwrap().bytes, one[2].as_ref().unwrap().bytes);
}

#[test]
fn a_mistake_in_a_template_names_report_file_and_line() {
    let (_folder, template) = template_with("#set document(title: \"x\")\n= Kop\n#onbekend\n");
    let error = render(&short(), &template).unwrap_err();
    let Error::Template { report, problems } = &error else { panic!("{error}") };
    assert_eq!(report, "94001234 (2025)");
    assert_eq!((problems[0].file.as_str(), problems[0].line), ("main.typ", 3));
    assert!(error.to_string().contains("main.typ line 3"), "{error}");
}

#[test]
fn a_report_in_a_language_that_the_template_does_not_have_is_told() {
    let mut report = short();
    report.language = "fy".into();
    let said = render(&report, &TEMPLATE).unwrap_err().to_string();
    assert!(said.contains("language/fy.toml") && said.contains("en, nl"), "{said}");
}

#[test]
fn a_warning_is_an_error() {
    let (_folder, template) = template_with("#set document(title: \"x\")\n#set text(font: \"Onbestaand\")\n= Kop\n");
    let error = render(&short(), &template).unwrap_err();
    assert!(error.to_string().contains("warning: unknown font family"), "{error}");
}

#[test]
fn text_that_looks_like_markup_is_printed_as_it_is() {
    let mut report = short();
    report.title = "Praktijk #1 & *Zn.* _van_ $x$ @y <z> \\ // #panic()".into();
    report.indicators[0].headline = vec!["#panic(\"nee\") * _ ` $".into()];
    render(&report, &TEMPLATE).unwrap();
}

#[test]
fn the_fingerprint_follows_the_content() {
    let same = Template::load(&template_folder()).unwrap();
    assert_eq!(TEMPLATE.fingerprint(), same.fingerprint());
    let (_folder, other) = template_with("= Kop\n");
    assert_ne!(TEMPLATE.fingerprint(), other.fingerprint());
}

#[test]
fn a_folder_without_fonts_or_main_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.typ"), "= Kop").unwrap();
    assert!(matches!(Template::load(folder.path()), Err(Error::Incomplete { .. })));
    assert!(matches!(Template::load(&folder.path().join("nergens")), Err(Error::Read { .. })));
}

/// Report specification 7.1: nothing is fetched while reports are made.
#[test]
fn no_template_imports_a_package() {
    for entry in fs::read_dir(template_folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "typ") {
            assert!(!fs::read_to_string(&path).unwrap().contains("@preview"), "{}", path.display());
        }
    }
}
