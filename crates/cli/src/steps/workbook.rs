//! `bevindingen.xlsx`: all findings, whatever their number. Every cell is a text or a count, never a formula.

use std::path::Path;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook as Sheets, Worksheet, XlsxError};
use spiegel_model::{Consequence, Feedback, Finding, Receipt, RuleSet, RuleStatus};

use crate::batch::Batch;

/// Rows of a sheet, as Excel has them.
const SHEET_ROWS: u32 = 1_048_576;
/// Most characters of a cell, as Excel has them.
const CELL_CHARACTERS: usize = 32_767;
/// Places of the sheets.
const SUMMARY: usize = 0;
const RULES: usize = 2;
/// Heads and widths of the findings.
const FINDING_HEADS: [(&str, f64); 11] = [
    ("Code", 7.0), ("Gevolg", 28.0), ("Bestand", 22.0), ("Blad", 12.0), ("Rij", 9.0), ("Kolom", 7.0), ("Kolomnaam", 18.0), ("Sleutel", 16.0),
    ("Waarde", 20.0), ("Melding", 60.0), ("Herstel", 50.0),
];
/// Heads and widths of the rules.
const RULE_HEADS: [(&str, f64); 7] =
    [("Code", 7.0), ("Regel", 36.0), ("Uitkomst", 24.0), ("Gecontroleerd", 14.0), ("Gevonden", 10.0), ("Gevolg", 28.0), ("Waarom", 90.0)];

/// A workbook that is being written, a row at a time.
pub(super) struct Workbook<'a> {
    receipt: &'a Receipt,
    rules: &'a RuleSet,
    batch: &'a Batch,
    sheets: Sheets,
    /// Place of the sheet that takes findings, and its next row.
    place: usize,
    row: u32,
    sheet_rows: u32,
    /// Rows of the sheets of findings that are full or current, for their filters.
    filters: Vec<(usize, u32)>,
    wrap: Format,
    /// Without wrapping.
    top: Format,
}

impl<'a> Workbook<'a> {
    pub(super) fn begin(receipt: &'a Receipt, rules: &'a RuleSet, batch: &'a Batch) -> anyhow::Result<Self> {
        Self::with_sheet_rows(receipt, rules, batch, SHEET_ROWS)
    }

    fn with_sheet_rows(receipt: &'a Receipt, rules: &'a RuleSet, batch: &'a Batch, sheet_rows: u32) -> anyhow::Result<Self> {
        let mut sheets = Sheets::new();
        // Client-level values stay within the batch, also while they are written.
        sheets.set_tempdir(batch.staging()?)?;
        // There is no clock: the first day after the reporting year.
        let year = receipt.year.or_else(|| receipt.years.last().copied()).unwrap_or(1999).clamp(1900, 9998);
        let created = ExcelDateTime::from_ymd(year as u16 + 1, 1, 1)?;
        sheets.set_properties(&DocProperties::new().set_title("Bevindingen").set_author("spiegel").set_creation_datetime(&created));
        sheets.add_worksheet().set_name("Samenvatting")?;
        sheets.add_worksheet_with_constant_memory()?.set_name("Bevindingen")?;
        sheets.add_worksheet().set_name("Regels")?;
        let top = Format::new().set_align(FormatAlign::Top);
        let mut workbook = Self {
            receipt,
            rules,
            batch,
            sheets,
            place: 1,
            row: 1,
            sheet_rows,
            filters: Vec::new(),
            wrap: top.clone().set_text_wrap(),
            top,
        };
        heads(workbook.sheets.worksheet_from_index(1)?, &FINDING_HEADS)?;
        Ok(workbook)
    }

    /// Adds a finding, on a next sheet when this one is full.
    pub(super) fn add(&mut self, finding: &Finding) -> anyhow::Result<()> {
        if self.row == self.sheet_rows {
            self.filters.push((self.place, self.row));
            let name = format!("Bevindingen {}", self.filters.len() + 1);
            heads(self.sheets.add_worksheet_with_constant_memory()?.set_name(name)?, &FINDING_HEADS)?;
            self.place = RULES + self.filters.len();
            self.row = 1;
        }
        let row = self.row;
        let sheet = self.sheets.worksheet_from_index(self.place)?;
        let texts = [
            (0, finding.code.as_str()), (1, consequence(finding.consequence)), (2, &finding.file), (3, &finding.sheet), (5, &finding.column),
            (6, &finding.header), (7, &finding.key), (8, &finding.value), (9, &finding.message), (10, &finding.remedy),
        ];
        // A sheet of constant memory takes the cells of a row in any order.
        for (column, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            write(sheet, row, column, text, if column >= 9 { &self.wrap } else { &self.top })?;
        }
        if let Some(at) = finding.row {
            sheet.write_number_with_format(row, 4, at as f64, &self.top)?;
        }
        self.row += 1;
        Ok(())
    }

    /// Writes the other sheets and the file.
    pub(super) fn finish(mut self, file: &Path, feedback: &Feedback) -> anyhow::Result<()> {
        self.filters.push((self.place, self.row));
        for (place, rows) in std::mem::take(&mut self.filters) {
            self.sheets.worksheet_from_index(place)?.autofilter(0, 0, rows - 1, FINDING_HEADS.len() as u16 - 1)?;
        }
        self.summary(feedback)?;
        self.outcomes()?;
        let mut sheets = self.sheets;
        self.batch.write_with(file, |draft| sheets.save_to_writer(draft).map_err(std::io::Error::other))
    }

    fn summary(&mut self, feedback: &Feedback) -> Result<(), XlsxError> {
        let (receipt, rules) = (self.receipt, self.rules);
        let bold = Format::new().set_bold().set_align(FormatAlign::Top);
        let sheet = self.sheets.worksheet_from_index(SUMMARY)?;
        sheet.set_landscape().set_print_fit_to_pages(1, 0);
        for (column, width) in [22, 44, 12, 12, 14, 14, 22].into_iter().enumerate() {
            sheet.set_column_width(column as u16, width)?;
        }
        let mut row = 0;
        let facts = [
            ("Aanlevering", receipt.submission.as_str()),
            ("Aanbieder", &feedback.provider.name),
            ("Code aanbieder", &receipt.provider_id),
            ("Verslagjaar", &feedback.year_label),
            ("Uitkomst", receipt.verdict.dutch()),
            ("Volgnummer", &receipt.sequence.to_string()),
        ];
        for (head, text) in facts {
            write(sheet, row, 0, head, &bold)?;
            write(sheet, row, 1, text, &self.top)?;
            row += 1;
        }
        // A row each: a cell beside an empty one shows all of its text.
        for sentence in &feedback.sentences {
            write(sheet, row, 1, sentence, &self.top)?;
            row += 1;
        }
        row += 1;
        if let Some(delivered) = &feedback.delivered {
            for (column, head) in delivered.table.heads.iter().enumerate() {
                write(sheet, row, column as u16, head, &bold)?;
            }
            for cells in &delivered.table.rows {
                row += 1;
                for (column, cell) in cells.iter().enumerate() {
                    write(sheet, row, column as u16, cell, &self.top)?;
                }
            }
            row += 2;
        }
        for (column, head) in ["Code", "Regel", "Aantal"].into_iter().enumerate() {
            write(sheet, row, column as u16, head, &bold)?;
        }
        for (code, found) in &receipt.findings {
            row += 1;
            write(sheet, row, 0, code, &self.top)?;
            write(sheet, row, 1, rules.rule(code).map_or("", |rule| &rule.title), &self.top)?;
            sheet.write_number_with_format(row, 2, *found as f64, &self.top)?;
        }
        if receipt.findings.is_empty() {
            write(sheet, row + 1, 1, "Er is niets gevonden.", &self.top)?;
        }
        Ok(())
    }

    fn outcomes(&mut self) -> Result<(), XlsxError> {
        let sheet = self.sheets.worksheet_from_index(RULES)?;
        heads(sheet, &RULE_HEADS)?;
        for (row, outcome) in (1..).zip(&self.receipt.rules) {
            let rule = self.rules.rule(&outcome.code);
            let texts = [
                (0, outcome.code.as_str()),
                (1, rule.map_or("", |rule| &rule.title)),
                (2, status(outcome.status)),
                (5, rule.map_or("", |rule| consequence(rule.consequence))),
                (6, rule.map_or("", |rule| &rule.why)),
            ];
            for (column, text) in texts {
                write(sheet, row, column, text, &self.wrap)?;
            }
            for (column, number) in [(3, outcome.checked), (4, outcome.found)] {
                sheet.write_number_with_format(row, column, number as f64, &self.top)?;
            }
        }
        sheet.autofilter(0, 0, self.receipt.rules.len() as u32, RULE_HEADS.len() as u16 - 1)?;
        Ok(())
    }
}

/// A frozen head that is repeated on every printed page.
fn heads(sheet: &mut Worksheet, heads: &[(&str, f64)]) -> Result<(), XlsxError> {
    let format = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top);
    for (column, (head, width)) in (0..).zip(heads) {
        sheet.set_column_width(column, *width)?;
        sheet.write_string_with_format(0, column, *head, &format)?;
    }
    sheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?.set_landscape().set_print_fit_to_pages(1, 0);
    Ok(())
}

fn write(sheet: &mut Worksheet, row: u32, column: u16, text: &str, format: &Format) -> Result<(), XlsxError> {
    let text: String = if text.len() > CELL_CHARACTERS { text.chars().take(CELL_CHARACTERS / 2).collect() } else { text.to_owned() };
    sheet.write_string_with_format(row, column, text, format)?;
    Ok(())
}

fn consequence(consequence: Consequence) -> &'static str {
    match consequence {
        Consequence::Refuse => "aanlevering niet aangenomen",
        Consequence::Quarantine => "rij niet gebruikt",
        Consequence::Empty => "waarde niet gebruikt",
        Consequence::Warn => "let op",
        Consequence::Inform => "ter informatie",
    }
}

/// What became of a rule, as printed.
fn status(status: RuleStatus) -> &'static str {
    match status {
        RuleStatus::Passed => "geslaagd",
        RuleStatus::PassedWithFindings => "geslaagd met bevindingen",
        RuleStatus::NotApplicable => "niet van toepassing",
        RuleStatus::Failed => "boven de grens",
        RuleStatus::Broken => "regel kon niet draaien",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use spiegel_model::{ReportProvider, Verdict};

    use super::*;

    fn receipt() -> Receipt {
        Receipt {
            format: 1,
            provider_id: "94000001".to_owned(),
            year: Some(2025),
            sequence: 1,
            submission: "KIBG_94000001_2025_01".to_owned(),
            sha256: String::new(),
            definitions: String::new(),
            mapping: None,
            verdict: Verdict::AcceptedWithRemarks,
            refusal: None,
            tables: Vec::new(),
            normalised: Vec::new(),
            findings: BTreeMap::from([("E214".to_owned(), 5)]),
            rules: Vec::new(),
            content: String::new(),
            change: None,
            years: Vec::new(),
        }
    }

    fn feedback() -> Feedback {
        let none = String::new;
        Feedback {
            format: 1, made_from: none(), language: none(), title: none(), kicker: none(), footer: none(), description: none(), publisher: none(),
            pipeline: none(), year_label: "2025".to_owned(), issued: none(), provider: ReportProvider { id: none(), name: "=1+1".to_owned() },
            submission: none(), sequence: 1, verdict: Verdict::AcceptedWithRemarks, lead: none(), sentences: Vec::new(), delivered: None, usable: None,
            findings_title: none(), findings: Vec::new(), findings_note: none(), preview: None, sections: Vec::new(),
        }
    }

    fn finding(row: u64) -> Finding {
        Finding {
            code: "E214".to_owned(),
            consequence: Consequence::Empty,
            file: "trajecten.csv".to_owned(),
            sheet: String::new(),
            row: Some(row),
            column: "A".to_owned(),
            header: "=HYPERLINK(\"x\")".to_owned(),
            key: "+1".to_owned(),
            value: "=cmd|' /C calc'!A0".to_owned(),
            message: "x".repeat(CELL_CHARACTERS + 1),
            remedy: "@SUM(1)".to_owned(),
            queried: false,
        }
    }

    #[test]
    fn a_full_sheet_is_continued_and_the_bytes_are_always_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let batch = Batch::open(folder.path()).unwrap();
        let (receipt, rules) = (receipt(), RuleSet::default());
        let write = |name: &str| {
            let mut workbook = Workbook::with_sheet_rows(&receipt, &rules, &batch, 3).unwrap();
            (2..7).for_each(|row| workbook.add(&finding(row)).unwrap());
            // Two findings on each sheet, under its heads; the third sheet stands behind the rules.
            assert_eq!((workbook.filters.as_slice(), workbook.place, workbook.row), (&[(1, 3), (3, 3)][..], 4, 2));
            let file = folder.path().join(name);
            workbook.finish(&file, &feedback()).unwrap();
            std::fs::read(file).unwrap()
        };
        let bytes = write("a.xlsx");
        assert_eq!(bytes, write("b.xlsx"));
        assert!(bytes.starts_with(b"PK"));
    }
}
