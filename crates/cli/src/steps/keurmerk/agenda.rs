//! `agenda-norm-3.xlsx`: what the preparation meetings of norm 3 are about. For the publisher only: it quotes what providers wrote,
//! without who wrote it.

use std::collections::BTreeMap;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook};
use spiegel_query::{KeurmerkDefinitions, ProviderFacts, agenda, theme_counts};

/// Name among the results of a year.
pub(super) const FILE: &str = "agenda-norm-3.xlsx";

/// The workbook; the same facts give the same bytes. Every cell is a text or a count, never a formula.
///
/// # Errors
/// When a text or a sheet is larger than Excel allows.
pub(super) fn workbook(definitions: &KeurmerkDefinitions, providers: &BTreeMap<String, ProviderFacts>) -> anyhow::Result<Vec<u8>> {
    let spec = &definitions.spec;
    let agenda = agenda(spec, providers);
    let mut workbook = Workbook::new();
    let title = format!("Agenda voorbereidingsbijeenkomst norm 3, {}", definitions.year.title);
    // There is no clock: the first day of the Keurmerk year.
    let created = ExcelDateTime::from_ymd(definitions.number.clamp(1900, 9999) as u16, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_title(&title).set_author("spiegel").set_creation_datetime(&created));
    let (bold, wrapped) = (Format::new().set_bold(), Format::new().set_text_wrap().set_align(FormatAlign::Top));

    let sheet = workbook.add_worksheet().set_name("Agenda")?;
    sheet.set_column_width(0, 34)?.set_column_width(1, 100)?;
    sheet.write_string_with_format(0, 0, &title, &bold)?;
    let notes = [
        format!("Uit {} zelfevaluaties. Op de agenda staan de {} thema's waarover de meeste aanbieders willen leren.", agenda.providers, spec.themes_told.agenda),
        "Alleen voor Stichting KiBG: de vragen zijn letterlijk wat aanbieders schreven, zonder wie het schreef. Kies en herschrijf ze voordat u ze deelt.".to_owned(),
    ];
    let mut row = 1;
    for note in notes {
        sheet.write_string(row, 0, note)?;
        row += 1;
    }
    for (place, theme) in (1..).zip(&agenda.themes) {
        row += 1;
        sheet.write_string_with_format(row, 0, format!("{place}. {}", theme.count.theme.title), &bold)?;
        sheet.write_string(row, 1, format!("{} willen leren, {} kunnen delen", theme.count.learn, theme.count.share))?;
        row += 1;
        for question in theme.questions.iter().take(spec.themes_told.questions) {
            sheet.write_string_with_format(row, 1, question, &wrapped)?;
            row += 1;
        }
    }

    let sheet = workbook.add_worksheet().set_name("Alle vragen")?;
    sheet.set_column_width(0, 34)?.set_column_width(1, 100)?;
    for (column, head) in [(0, "Thema"), (1, "Vraag")] {
        sheet.write_string_with_format(0, column, head, &bold)?;
    }
    let mut row = 1;
    for theme in &agenda.themes {
        for question in &theme.questions {
            sheet.write_string_with_format(row, 0, &theme.count.theme.title, &wrapped)?.write_string_with_format(row, 1, question, &wrapped)?;
            row += 1;
        }
    }
    sheet.set_freeze_panes(1, 0)?;

    let sheet = workbook.add_worksheet().set_name("Thema's")?;
    sheet.set_column_width(0, 40)?.set_column_width(1, 16)?.set_column_width(2, 16)?;
    for (column, head) in [(0, "Thema"), (1, "Willen leren"), (2, "Kunnen delen")] {
        sheet.write_string_with_format(0, column, head, &bold)?;
    }
    for (row, count) in (1..).zip(theme_counts(spec, providers, None)) {
        sheet.write_string(row, 0, &count.theme.title)?.write_number(row, 1, count.learn as f64)?.write_number(row, 2, count.share as f64)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(workbook.save_to_buffer()?)
}
