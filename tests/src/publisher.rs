//! What the publisher itself reads: the overview of what there is to talk about, and the nation as a whole.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use calamine::{Data, Reader, Xlsx, open_workbook};
use spiegel_model::{NationalReport, Overview};

use crate::command::{kibg, nhs, providers, query, tool};
use crate::pdf::text_of;

/// A shorter name occurs by chance; the sample has a practice called M.
const NAME_CHARACTERS: usize = 5;
/// The report year of kibg.
const KIBG_YEAR: &str = "2025";

fn results(batch: &Path, year: &str) -> PathBuf {
    batch.join("results").join(year)
}

fn overview() -> Overview {
    serde_json::from_slice(&std::fs::read(results(kibg(), KIBG_YEAR).join("overzicht.json")).unwrap()).unwrap()
}

fn sheet(name: &str) -> Vec<Vec<String>> {
    let mut workbook: Xlsx<_> = open_workbook(results(kibg(), KIBG_YEAR).join("overzicht.xlsx")).unwrap();
    let cells = |row: &[Data]| row.iter().map(ToString::to_string).collect();
    workbook.worksheet_range(name).unwrap().rows().map(cells).collect()
}

/// Every place outside the 95 % limits stands in the overview, and nothing else.
#[test]
fn the_overview_has_every_value_that_stands_out() {
    let sql = format!("SELECT provider_id, indicator, label FROM positions_{KIBG_YEAR} WHERE label LIKE 'attention%' OR label LIKE 'signal%'");
    let expected = query(kibg(), "kibg", &sql).len();
    assert!(expected > 0, "nothing stands out");
    assert_eq!(overview().remarkable.len(), expected);
    assert_eq!(sheet("Valt op").len(), expected + 1);
}

/// The order is by how much there is to talk about, then by name: no value decides it.
#[test]
fn the_overview_is_no_ranking() {
    let overview = overview();
    let order: Vec<_> = overview.providers.iter().map(|one| (std::cmp::Reverse((one.held.len(), one.topics())), one.name.clone())).collect();
    assert!(order.is_sorted());
    let listed: BTreeSet<&str> = overview.providers.iter().map(|one| one.id.as_str()).collect();
    let delivered = query(kibg(), "kibg", &format!("SELECT DISTINCT provider_id FROM observations_{KIBG_YEAR} WHERE year = {KIBG_YEAR}"));
    assert!(delivered.iter().all(|row| listed.contains(row["provider_id"].as_str())));
    assert_eq!(sheet("Aanbieders").len(), overview.providers.len() + 1);
}

/// What chance gives is a twentieth and a five-hundredth of what is compared.
#[test]
fn the_overview_says_what_chance_gives() {
    for one in overview().indicators {
        assert!((one.expected_outside - 0.05 * one.compared as f64).abs() < 1e-9);
        assert!((one.expected_far_outside - 0.002 * one.compared as f64).abs() < 1e-9);
        assert!(one.far_outside <= one.outside && one.outside <= one.compared);
    }
}

/// A cell that begins as a formula stays a text.
#[test]
fn the_overview_has_no_formulas() {
    let mut workbook: Xlsx<_> = open_workbook(results(kibg(), KIBG_YEAR).join("overzicht.xlsx")).unwrap();
    for name in workbook.sheet_names() {
        assert!(workbook.worksheet_formula(&name).unwrap().rows().flatten().all(String::is_empty), "{name}");
    }
}

/// Nobody is in the national report: no name, no code, and every dot is a mean of three.
#[test]
fn nobody_is_in_the_national_report() {
    for (batch, year, label) in [(kibg(), KIBG_YEAR, KIBG_YEAR), (nhs(), "2024", "2024-25")] {
        let text = text_of(&results(batch, year).join(format!("landelijk-beeld-{label}.pdf")));
        let json = std::fs::read_to_string(results(batch, year).join("landelijk-beeld.json")).unwrap();
        for (id, state) in providers(batch, year) {
            let name = state["name"].as_str().unwrap();
            for told in [&text, &json] {
                assert!(name.len() < NAME_CHARACTERS || !told.contains(name), "{id} is named");
                assert!(!told.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == id && id.len() > 3), "{id} is told");
            }
        }
    }
}

/// The table of page 1 is what the distributions of the results say.
#[test]
fn the_national_report_says_what_the_results_say() {
    let report: NationalReport = serde_json::from_slice(&std::fs::read(results(kibg(), KIBG_YEAR).join("landelijk-beeld.json")).unwrap()).unwrap();
    let indicators = query(kibg(), "kibg", &format!("SELECT DISTINCT indicator FROM positions_{KIBG_YEAR}")).len();
    assert_eq!(report.table.rows.len(), indicators);
    assert_eq!(report.chance_table.rows.len(), indicators);
    let text = text_of(&results(kibg(), KIBG_YEAR).join(format!("landelijk-beeld-{KIBG_YEAR}.pdf")));
    for cell in report.table.rows.iter().flatten() {
        assert!(text.contains(cell.as_str()), "`{cell}` is not printed");
    }
    for forbidden in ["NaN", "null", "  ,", "()", "TODO"] {
        assert!(!text.contains(forbidden), "{forbidden}");
    }
}

/// Both are as accessible and archival as a report.
#[test]
fn documents_of_the_publisher_are_accessible() {
    for name in ["landelijk-beeld", "overzicht"] {
        let file = results(kibg(), KIBG_YEAR).join(format!("{name}-{KIBG_YEAR}.pdf"));
        let metadata = tool("pdfinfo", &[OsStr::new("-meta"), file.as_os_str()]).expect_code(0).stdout;
        assert!(metadata.contains("<pdfuaid:part>1</pdfuaid:part>"), "{name}");
        assert!(metadata.contains("<pdfaid:part>3</pdfaid:part>"), "{name}");
        tool("qpdf", &[OsStr::new("--check"), file.as_os_str()]).expect_code(0);
    }
}
