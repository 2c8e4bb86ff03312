//! The PDF itself: accessible, archival, complete and small (report specification, section 9.2).

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use lopdf::{Dictionary, Object};
use serde_json::Value;
use spiegel_model::{Report, Variant, figures_csv, figures_json};
use spiegel_render::Template;

use crate::command::{Made, all_reports, definitions, tool};
use crate::language::Said;
use crate::pdf::{Pdf, text_of};

/// Full reports of each pipeline that are looked at; the single pages are looked at all.
const REPORTS_PER_PIPELINE: usize = 3;
/// Issue 2: no report is larger.
const BYTES_MAXIMUM: u64 = 500_000;
/// Report specification 9.2.
const ALTERNATIVE_TEXT_MAXIMUM: usize = 350;
/// Cell of a table head.
const HEAD_CELL: &[u8] = b"TH";

/// A few reports of each kind.
fn chosen() -> &'static [&'static Made] {
    static CHOSEN: OnceLock<Vec<&'static Made>> = OnceLock::new();
    CHOSEN.get_or_init(|| {
        let of = |pipeline: &'static str, variant| {
            all_reports().iter().filter(move |made| made.report.pipeline == pipeline && made.report.variant == variant)
        };
        let full = |pipeline| of(pipeline, Variant::Individual).take(REPORTS_PER_PIPELINE);
        let chosen: Vec<&Made> = full("kibg")
            .chain(full("nhs-talking-therapies"))
            .chain(of("nhs-talking-therapies", Variant::SinglePage))
            .chain(of("kibg", Variant::Group))
            .chain(of("kibg", Variant::OwnSheet).take(REPORTS_PER_PIPELINE))
            .collect();
        assert!(chosen.len() > 2 * REPORTS_PER_PIPELINE, "{}", chosen.len());
        chosen
    })
}

#[test]
fn every_report_is_tagged_a4_and_says_whose_it_is() {
    for made in chosen() {
        let said = tool("pdfinfo", &[made.pdf.as_os_str()]).expect_code(0).stdout;
        let field = |name: &str| {
            let line = said.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{} has no {name}", made.provider));
            line[name.len()..].trim().to_owned()
        };
        assert_eq!(field("Title:"), made.report.title);
        assert_eq!(field("Subject:"), made.report.description);
        assert_eq!(field("Author:"), made.report.publisher);
        assert_eq!(field("Tagged:"), "yes");
        assert!(field("Page size:").ends_with("(A4)"), "{said}");
        assert_eq!(field("JavaScript:"), "no");
        assert_eq!(field("Encrypted:"), "no");
        assert_eq!(field("Creator:"), format!("spiegel {}", env!("CARGO_PKG_VERSION")));
        let dates = tool("pdfinfo", &[OsStr::new("-isodates"), made.pdf.as_os_str()]).expect_code(0).stdout;
        let created = dates.lines().find(|line| line.starts_with("CreationDate:")).unwrap();
        assert!(created.contains(&made.report.issued), "{created}: the date comes from the year file");
    }
}

#[test]
fn the_catalogue_declares_language_tags_and_standards() {
    for made in chosen() {
        let pdf = Pdf::open(&made.pdf);
        let catalogue = pdf.document.catalog().unwrap();
        assert_eq!(pdf.text(catalogue, "Lang").as_deref(), Some(Said::of(&made.report).tag), "{}", made.provider);
        let dictionary = |key: &str| pdf.entry(catalogue, key).and_then(|object| object.as_dict().ok()).unwrap();
        assert!(matches!(pdf.entry(dictionary("MarkInfo"), "Marked"), Some(Object::Boolean(true))));
        assert!(!matches!(pdf.entry(dictionary("MarkInfo"), "Suspects"), Some(Object::Boolean(true))));
        assert!(matches!(pdf.entry(dictionary("ViewerPreferences"), "DisplayDocTitle"), Some(Object::Boolean(true))));
        assert!(dictionary("StructTreeRoot").has(b"K"));
        let metadata = pdf.entry(catalogue, "Metadata").unwrap().as_stream().unwrap();
        let metadata = metadata.decompressed_content().unwrap_or_else(|_| metadata.content.clone());
        let metadata = String::from_utf8(metadata).unwrap();
        for declared in ["<pdfuaid:part>1</pdfuaid:part>", "<pdfaid:part>3</pdfaid:part>", "<pdfaid:conformance>A</pdfaid:conformance>"] {
            assert!(metadata.contains(declared), "{} without {declared}", made.provider);
        }
        assert!(metadata.contains("<dc:title>"), "{}", made.provider);
    }
}

/// Structure elements of a kind.
fn elements<'a>(pdf: &'a Pdf, kind: &'a [u8]) -> impl Iterator<Item = &'a Dictionary> {
    pdf.dictionaries().filter(move |element| {
        element.has(b"P") && element.get(b"S").is_ok_and(|name| name.as_name().is_ok_and(|name| name == kind))
    })
}

/// All alternative texts that a report should have.
fn expected_alternatives(report: &Report) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for page in &report.indicators {
        texts.extend(page.dot_plot.iter().map(|plot| plot.alt.clone()));
        texts.extend(page.within.iter().map(|plot| plot.alt.clone()));
        texts.extend(page.funnel.iter().map(|plot| plot.alt.clone()));
        texts.extend(page.trend.iter().map(|plot| plot.alt.clone()));
    }
    texts.extend(report.population.iter().flat_map(|page| &page.blocks).map(|block| block.alt.clone()));
    texts.extend(report.guide.iter().flat_map(|page| [page.spine.alt.clone(), page.dot_plot.alt.clone()].into_iter().chain(page.funnel.iter().map(|funnel| funnel.alt.clone()))));
    texts.extend(report.quality.iter().filter_map(|page| page.flow.as_ref()).map(|flow| flow.alt.clone()));
    texts.extend(report.norms.iter().flat_map(|page| &page.rows).filter_map(|row| row.bullet.as_ref()).map(|bullet| bullet.alt.clone()));
    texts
}

#[test]
fn every_figure_has_its_own_alternative_text() {
    for made in chosen() {
        let pdf = Pdf::open(&made.pdf);
        let mut seen = BTreeSet::new();
        for figure in elements(&pdf, b"Figure") {
            let text = pdf.text(figure, "Alt").unwrap_or_default();
            assert!(!text.trim().is_empty(), "{}: a figure without text", made.provider);
            assert!(text.chars().count() <= ALTERNATIVE_TEXT_MAXIMUM, "{}: {text}", made.provider);
            assert!(seen.insert(text.clone()), "{}: twice: {text}", made.provider);
        }
        for expected in expected_alternatives(&made.report) {
            assert!(seen.contains(&expected), "{}: no figure says: {expected}", made.provider);
        }
    }
}

#[test]
fn tables_have_heads_and_headings_do_not_skip() {
    for made in chosen() {
        let pdf = Pdf::open(&made.pdf);
        let (tables, heads) = (elements(&pdf, b"Table").count(), elements(&pdf, HEAD_CELL).count());
        // The single page has no figures to tabulate.
        assert!(tables > 0 || made.report.variant == Variant::SinglePage, "{}", made.provider);
        assert!(heads >= tables, "{}: {tables} tables, {heads} head cells", made.provider);
        for head in elements(&pdf, HEAD_CELL) {
            let attributes = pdf.entry(head, "A");
            let said = format!("{attributes:?}");
            assert!(said.contains("Scope") || head.has(b"ID"), "{}: a head cell without scope", made.provider);
        }
        let levels: Vec<usize> = (1..=6).filter(|level| elements(&pdf, format!("H{level}").as_bytes()).count() > 0).collect();
        assert_eq!(levels, (1..=levels.len()).collect::<Vec<_>>(), "{}: heading levels", made.provider);
        assert!(!levels.is_empty(), "{}", made.provider);
    }
}

#[test]
fn attachments_are_the_providers_own_figures() {
    let template = Template::load(&definitions().join("report-templates/spiegel")).unwrap();
    for made in chosen() {
        let pdf = Pdf::open(&made.pdf);
        let attachments = pdf.attachments();
        let said = Said::of(&made.report);
        assert_eq!(attachments.keys().collect::<Vec<_>>(), said.attachments, "{}", made.provider);
        let catalogue = pdf.document.catalog().unwrap();
        assert_eq!(pdf.entry(catalogue, "AF").unwrap().as_array().unwrap().len(), 2, "{}", made.provider);
        for dictionary in pdf.dictionaries().filter(|dictionary| dictionary.has(b"EF")) {
            let relationship = pdf.entry(dictionary, "AFRelationship").and_then(|name| name.as_name().ok()).unwrap();
            assert!([&b"Data"[..], b"Supplement"].contains(&relationship), "{}", made.provider);
        }
        let csv = String::from_utf8(attachments[said.attachments[0]].clone()).unwrap();
        let json = String::from_utf8(attachments[said.attachments[1]].clone()).unwrap();
        let language = template.language(&made.report.language).unwrap();
        assert_eq!(csv, figures_csv(&made.report, &language.attachment, language.numbers), "{}", made.provider);
        assert_eq!(json, figures_json(&made.report), "{}", made.provider);
        agree(made, &csv, &json);
    }
}

/// The attachments say the same as the report: parsed as a spreadsheet and as a program would.
fn agree(made: &Made, csv: &str, json: &str) {
    let json: Value = serde_json::from_str(json).unwrap();
    assert_eq!(json["provider_id"], made.provider.as_str());
    assert_eq!(json["provider"], made.report.provider.name.as_str());
    let said = Said::of(&made.report);
    let mut reader = csv::ReaderBuilder::new().delimiter(said.delimiter).from_reader(csv.strip_prefix('\u{feff}').unwrap().as_bytes());
    let heads = reader.headers().unwrap().clone();
    let at = |name: &str| heads.iter().position(|head| head == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(json["indicators"].as_array().unwrap().len(), made.report.indicators.len());
    for page in &made.report.indicators {
        let row = rows.iter().rfind(|row| &row[at("indicator")] == page.id.as_str() && row[at(said.year)] == made.report.year_label).unwrap();
        let number = |name: &str| row[at(name)].replace(said.decimal, ".").parse::<f64>().ok();
        let close = |left: Option<f64>, right: Option<f64>| match (left, right) {
            (Some(left), Some(right)) => (left - right).abs() < 1e-6,
            (left, right) => left.is_none() && right.is_none(),
        };
        assert!(close(number(said.value), page.position.value), "{} {} {row:?}", made.provider, page.id);
        assert!(close(number(said.interval[0]), page.position.interval.map(|range| range.lower)), "{} {}", made.provider, page.id);
        assert!(close(number(said.interval[1]), page.position.interval.map(|range| range.upper)), "{} {}", made.provider, page.id);
        if page.position.value.is_some() {
            assert_eq!(number("n"), Some(page.position.n as f64), "{} {}", made.provider, page.id);
        } else if page.trend.is_some() {
            assert!(!row[at(said.note)].is_empty(), "{} {}: why there is no value", made.provider, page.id);
        }
        let listed = json["indicators"].as_array().unwrap().iter().find(|one| one["indicator"] == page.id.as_str()).unwrap();
        assert_eq!(listed["position"]["value"].as_f64(), page.position.value, "{} {}", made.provider, page.id);
        assert_eq!(listed["position"]["n"], page.position.n, "{} {}", made.provider, page.id);
    }
}

#[test]
fn nothing_is_transparent() {
    for made in chosen() {
        let pdf = Pdf::open(&made.pdf);
        for dictionary in pdf.dictionaries() {
            if let Ok(mask) = dictionary.get(b"SMask") {
                assert!(mask.as_name().is_ok_and(|name| name == b"None"), "{}: a soft mask", made.provider);
            }
            for alpha in ["ca", "CA"] {
                if let Some(value) = pdf.entry(dictionary, alpha).and_then(|value| value.as_float().ok()) {
                    assert!(value >= 1.0, "{}: alpha {value} makes export thirty times slower", made.provider);
                }
            }
        }
    }
}

#[test]
fn there_is_a_page_for_each_part_and_none_more() {
    for made in chosen() {
        let pages = Pdf::open(&made.pdf).document.get_pages().len();
        let expected = match made.report.variant {
            Variant::SinglePage | Variant::OwnSheet => 1,
            Variant::Individual | Variant::Group => {
                let report = &made.report;
                let further = [report.guide.is_some(), report.population.is_some(), report.quality.is_some(), report.norms.is_some(), report.worksheet.is_some()];
                1 + report.indicators.len() + further.into_iter().filter(|is_there| *is_there).count() + 1
            }
        };
        // The method may need a second page.
        let further = usize::from(matches!(made.report.variant, Variant::Individual | Variant::Group));
        assert!((expected..=expected + further).contains(&pages), "{}: {pages} pages, expected {expected}", made.provider);
        let text = text_of(&made.pdf);
        let footer = text.matches(made.report.footer.split(" · ").next().unwrap()).count();
        assert!(footer >= pages, "{}: the footer stands on each page", made.provider);
        for page in &made.report.indicators {
            assert!(text.contains(&page.definition), "{}: {}", made.provider, page.definition);
        }
    }
}

/// Every PDF of both batches, as `run.json` counts its pages.
#[test]
fn every_report_is_small() {
    for made in all_reports() {
        let bytes = fs::metadata(&made.pdf).unwrap().len();
        assert!(bytes < BYTES_MAXIMUM, "{}: {bytes} bytes", made.provider);
        let rendered: Value = serde_json::from_slice(&fs::read(made.folder.join("rendered.json")).unwrap()).unwrap();
        assert!(rendered["pages"].as_u64().unwrap() > 0, "{}", made.provider);
    }
}

#[test]
fn fonts_are_embedded_subsets_of_the_one_family() {
    for made in chosen() {
        let said = tool("pdffonts", &[made.pdf.as_os_str()]).expect_code(0).stdout;
        let fonts: Vec<&str> = said.lines().skip(2).collect();
        assert!(!fonts.is_empty(), "{}", made.provider);
        for font in fonts {
            let name = font.split_whitespace().next().unwrap();
            let (subset, family) = name.split_once('+').unwrap_or_else(|| panic!("{}: {name} is no subset", made.provider));
            assert_eq!(subset.len(), 6, "{name}");
            assert!(family.starts_with("SourceSans3-"), "{name}");
            let flags: Vec<&str> = font.split_whitespace().rev().skip(2).take(3).collect();
            assert_eq!(flags, ["yes", "yes", "yes"], "{}: embedded, subset, with Unicode: {font}", made.provider);
        }
    }
}

#[test]
fn the_file_is_sound() {
    for made in chosen() {
        let answer = tool("qpdf", &[OsStr::new("--check"), made.pdf.as_os_str()]);
        assert_eq!(answer.code, Some(0), "{}: {}{}", made.provider, answer.stdout, answer.stderr);
        assert!(answer.stdout.contains("No syntax or stream encoding errors found"), "{}", answer.stdout);
        assert!(!answer.stderr.contains("WARNING"), "{}", answer.stderr);
    }
}

/// No two providers' outputs are swapped: name in title, footer and attachment, code in the file's name.
#[test]
fn a_report_lies_with_its_own_provider() {
    for made in all_reports() {
        assert_eq!(made.report.provider.id, made.provider);
        assert!(made.report.title.ends_with(&made.report.provider.name));
        assert!(made.report.footer.contains(&made.report.provider.name));
        let name = made.pdf.file_stem().map(Path::new).unwrap().display().to_string();
        assert!(name.ends_with(&format!("-{}", made.provider)), "{name}");
    }
}
