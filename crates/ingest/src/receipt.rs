//! Receipts: written whole, and read back to recognise finished work.

use std::fs;
use std::path::Path;

use spiegel_model::{Consequence, Finding, Receipt};

use crate::atomic;
use crate::error::Error;
use crate::lake::Lake;

const RECEIPT: &str = "ontvangst.json";
const FINDINGS_LINES: &str = "bevindingen.jsonl";
const FINDINGS_TABLE: &str = "bevindingen.csv";
/// Excel takes UTF-8 for what it is only with this mark.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Writes the receipt of a submission in the place of an earlier one.
pub(crate) fn write(lake: &Lake, receipt: &Receipt, findings: &[Finding]) -> Result<(), Error> {
    let place = lake.receipt(&receipt.provider_id, receipt.year, receipt.sequence, &receipt.sha256);
    let staged = atomic::staging(&lake.staging())?;
    let bug = |error: serde_json::Error| Error::Bug(error.to_string());
    let mut lines = Vec::new();
    for finding in findings {
        serde_json::to_writer(&mut lines, finding).map_err(bug)?;
        lines.push(b'\n');
    }
    atomic::write(&staged.path().join(FINDINGS_LINES), &lines)?;
    atomic::write(&staged.path().join(FINDINGS_TABLE), &table(findings)?)?;
    let mut json = serde_json::to_vec_pretty(receipt).map_err(bug)?;
    json.push(b'\n');
    atomic::write(&staged.path().join(RECEIPT), &json)?;
    atomic::replace_directory(staged, &place, &lake.staging())
}

/// The receipt and findings in a folder, when they are whole: their numbers agree.
pub(crate) fn read(folder: &Path) -> Option<(Receipt, Vec<Finding>)> {
    let receipt: Receipt = serde_json::from_slice(&fs::read(folder.join(RECEIPT)).ok()?).ok()?;
    let lines = fs::read(folder.join(FINDINGS_LINES)).ok()?;
    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let findings: Vec<Finding> = lines.map(|line| serde_json::from_slice(line).ok()).collect::<Option<_>>()?;
    (receipt.findings.values().sum::<u64>() == findings.len() as u64).then_some((receipt, findings))
}

/// All findings as a table that Dutch spreadsheets open.
fn table(findings: &[Finding]) -> Result<Vec<u8>, Error> {
    let bug = |error: csv::Error| Error::Bug(error.to_string());
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    writer.write_record(["code", "gevolg", "bestand", "rij", "kolom", "kolomnaam", "melding", "herstel"]).map_err(bug)?;
    for finding in findings {
        let row = finding.row.map_or_else(String::new, |row| row.to_string());
        let cells = [finding.code.as_str(), dutch(finding.consequence), &finding.file, &row, &finding.column, &finding.header, &finding.message, &finding.remedy];
        writer.write_record(cells.map(harmless)).map_err(bug)?;
    }
    writer.into_inner().map_err(|error| Error::Bug(error.to_string()))
}

fn dutch(consequence: Consequence) -> &'static str {
    match consequence {
        Consequence::Refuse => "aanlevering niet aangenomen",
        Consequence::Quarantine => "rij niet gebruikt",
        Consequence::Empty => "waarde niet gebruikt",
        Consequence::Warn => "let op",
        Consequence::Inform => "ter informatie",
    }
}

/// CWE-1236: a cell that a spreadsheet would run as a formula gets an apostrophe.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_harmless_in_the_table() {
        let finding = Finding {
            code: "E214".to_owned(),
            consequence: Consequence::Quarantine,
            file: "a.csv".to_owned(),
            row: Some(2),
            column: "A".to_owned(),
            header: "=kop".to_owned(),
            message: "=1+1 is geen id.".to_owned(),
            remedy: "Haal; weg.".to_owned(),
        };
        let text = String::from_utf8(table(&[finding]).unwrap()).unwrap();
        assert!(text.ends_with("E214;rij niet gebruikt;a.csv;2;A;'=kop;'=1+1 is geen id.;\"Haal; weg.\"\n"), "{text}");
    }
}
