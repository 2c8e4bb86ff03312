use std::collections::BTreeMap;
use std::path::Path;

use spiegel_model::{Consequence, Finding, Receipt, RuleSet, SubmissionSchema, TableCount, TableSchema, Verdict};

use super::*;

fn pipeline() -> (Pipeline, SubmissionSchema) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/kibg");
    let table = |name: &str| toml::from_str::<TableSchema>(&std::fs::read_to_string(folder.join(format!("submission/{name}.toml"))).unwrap()).unwrap();
    (Pipeline::load(&folder).unwrap(), SubmissionSchema { tables: ["cqi", "rom", "sessies", "trajecten"].map(table).to_vec(), layouts: Vec::new() })
}

fn rules() -> RuleSet {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/kibg");
    toml::from_str(&std::fs::read_to_string(folder.join("checks/rules.toml")).unwrap()).unwrap()
}

fn receipt(tables: &[(&str, &str, u64)]) -> Receipt {
    let count = |(table, file, rows): &(&str, &str, u64)| TableCount {
        table: (*table).to_owned(),
        file: (*file).to_owned(),
        rows: *rows,
        used: *rows,
        ..TableCount::default()
    };
    Receipt {
        mapping: None,
        format: 1,
        provider_id: "94000001".to_owned(),
        year: Some(2025),
        sequence: 1,
        submission: "KIBG_94000001_2025_01".to_owned(),
        sha256: String::new(),
        definitions: String::new(),
        verdict: Verdict::AcceptedWithRemarks,
        refusal: None,
        tables: tables.iter().map(count).collect(),
        normalised: Vec::new(),
        findings: BTreeMap::new(),
        rules: Vec::new(),
        content: String::new(),
        change: None,
        years: vec![2025],
    }
}

fn finding(code: &str, consequence: Consequence, file: &str, row: u64, header: &str, key: &str) -> Finding {
    Finding {
        queried: false,
        code: code.to_owned(),
        consequence,
        file: file.to_owned(),
        sheet: String::new(),
        row: Some(row),
        column: String::new(),
        header: header.to_owned(),
        key: key.to_owned(),
        value: String::new(),
        message: "m".to_owned(),
        remedy: "r".to_owned(),
    }
}

const TABLES: [(&str, &str, u64); 2] = [("trajectory", "trajecten.csv", 20), ("session", "sessies.csv", 100)];

/// What an indicator loses to findings.
fn lost(indicator: &str, findings: &[Finding]) -> (u64, BTreeMap<String, u64>) {
    let ((pipeline, schema), rules, receipt) = (pipeline(), rules(), receipt(&TABLES));
    let mut losses = Losses::new(&schema, &rules, &receipt);
    findings.iter().for_each(|finding| losses.take(finding));
    let spec = &pipeline.indicators.iter().find(|one| one.spec.id == indicator).unwrap().spec;
    let loss = losses.of(spec).unwrap();
    (loss.lost, loss.by_code)
}

#[test]
fn a_unit_is_lost_once_whatever_is_wrong_with_it() {
    use Consequence::{Empty, Quarantine, Warn};
    let findings = [
        finding("E301", Quarantine, "trajecten.csv", 2, "einddatum", "T1"),
        finding("E201", Empty, "trajecten.csv", 2, "startdatum", "T1"),
        finding("E201", Empty, "trajecten.csv", 3, "startdatum", "T2"),
        finding("W710", Warn, "trajecten.csv", 4, "startdatum", "T3"),
        // Children of quarantined rows cost nothing more, and neither do rows of trajectories that are not there.
        finding("E404", Quarantine, "sessies.csv", 9, "traject_id", "T1"),
        finding("E402", Quarantine, "sessies.csv", 10, "traject_id", "T99"),
        finding("E302", Empty, "sessies.csv", 11, "minuten_direct", "T4"),
        finding("E302", Empty, "sessies.csv", 12, "minuten_direct", "T4"),
    ];
    let (days, by_code) = lost("duur-in-dagen", &findings);
    assert_eq!((days, by_code), (2, BTreeMap::from([("E201".to_owned(), 2), ("E301".to_owned(), 1)])));
    let (minutes, by_code) = lost("behandelminuten", &findings);
    assert_eq!((minutes, by_code["E302"]), (2, 1));
    assert_eq!(lost("rapportcijfer", &findings).0, 0);
}

#[test]
fn a_child_of_a_quarantined_row_is_lost_where_children_are_counted() {
    let receipt = receipt(&[("trajectory", "trajecten.csv", 20), ("experience", "cqi.csv", 50)]);
    let ((pipeline, schema), rules) = (pipeline(), rules());
    let mut losses = Losses::new(&schema, &rules, &receipt);
    losses.take(&finding("E404", Consequence::Quarantine, "cqi.csv", 4, "traject_id", "T1"));
    losses.take(&finding("E403", Consequence::Quarantine, "cqi.csv", 5, "traject_id", "T99"));
    let of = |id: &str| losses.of(&pipeline.indicators.iter().find(|one| one.spec.id == id).unwrap().spec).unwrap().lost;
    assert_eq!((of("rapportcijfer"), of("duur-in-dagen")), (2, 0));
}

#[test]
fn rows_of_a_double_key_are_lost_each_and_a_row_without_key_too() {
    let findings = [
        finding("E401", Consequence::Quarantine, "trajecten.csv", 2, "traject_id", "T1"),
        finding("E401", Consequence::Quarantine, "trajecten.csv", 3, "traject_id", "T1"),
        finding("E114", Consequence::Quarantine, "trajecten.csv", 8, "", ""),
    ];
    assert_eq!(lost("duur-in-dagen", &findings).0, 3);
}

#[test]
fn sheets_of_one_workbook_are_told_apart() {
    let ((pipeline, schema), rules) = (pipeline(), rules());
    let receipt = receipt(&[("trajectory", "boek.xlsx blad \"trajecten\"", 20), ("session", "boek.xlsx blad \"sessies\"", 100)]);
    let on_sheet = |sheet: &str, code: &str, key: &str| Finding {
        sheet: sheet.to_owned(),
        ..finding(code, Consequence::Quarantine, "boek.xlsx", 2, "", key)
    };
    let mut losses = Losses::new(&schema, &rules, &receipt);
    losses.take(&on_sheet("trajecten", "E301", "T1"));
    losses.take(&on_sheet("sessies", "E120", "T2"));
    let of = |id: &str| losses.of(&pipeline.indicators.iter().find(|one| one.spec.id == id).unwrap().spec).unwrap().lost;
    assert_eq!((of("duur-in-dagen"), of("behandelminuten")), (1, 2));
}

#[test]
fn findings_are_ordered_by_what_they_cost_and_not_by_number() {
    let ((pipeline, schema), rules, receipt) = (pipeline(), rules(), receipt(&TABLES));
    let mut losses = Losses::new(&schema, &rules, &receipt);
    for row in 2..52 {
        losses.take(&finding("W722", Consequence::Warn, "sessies.csv", row, "datum", "T9"));
        losses.take(&finding("E402", Consequence::Quarantine, "sessies.csv", row, "traject_id", "X"));
        losses.take(&finding("N816", Consequence::Inform, "sessies.csv", row, "datum", ""));
    }
    losses.take(&finding("E301", Consequence::Quarantine, "trajecten.csv", 5, "einddatum", "T3"));
    let context = FeedbackContext {
        pipeline: &pipeline,
        schema: &schema,
        rules: &rules,
        year: None,
        name: None,
        trial: false,
        repairs: &[],
        made_from: "",
    };
    let feedback = feedback(&context, &receipt, &losses, None);
    let codes: Vec<&str> = feedback.findings.iter().map(|found| found.code.as_str()).collect();
    assert_eq!(codes, ["E301", "E402", "W722"]);
    assert_eq!(feedback.findings[0].extent, "1 keer · rij niet gebruikt · kost 1 traject");
    assert_eq!(feedback.findings[1].places, "sessies.csv kolom \"traject_id\", rijen 2, 3, 4, 5, 6 en nog 45");
    let usable = feedback.usable.unwrap().table.rows;
    assert!(usable.iter().any(|row| row[1] == "19 van 20 (95%)" && row[2] == "einddatum vóór startdatum (E301): 1 traject"), "{usable:?}");
    assert!(usable.iter().any(|row| row[1] == "niet geleverd"), "{usable:?}");
}
