//! `overzicht.xlsx` for the analysts: with whom there is what to talk about. Every cell is a text or a count, never a formula.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet};
use spiegel_model::{Overview, OverviewProvider};
use spiegel_query::WorkbookWords;

/// Name of the workbook among the results of a year.
pub(super) const FILE: &str = "overzicht.xlsx";

/// Widths of the columns of its sheets, in characters.
const PROVIDERS: [f64; 8] = [11.0, 34.0, 30.0, 12.0, 30.0, 46.0, 46.0, 46.0];
const REMARKABLE: [f64; 7] = [11.0, 34.0, 34.0, 8.0, 10.0, 20.0, 18.0];
const EXPECTED: [f64; 6] = [40.0, 12.0, 12.0, 12.0, 12.0, 12.0];

/// The workbook; the same overview gives the same bytes.
///
/// # Errors
/// When a text or a sheet is larger than Excel allows.
pub(super) fn workbook(overview: &Overview, words: &WorkbookWords, year: i32) -> anyhow::Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    // There is no clock: the first day after the reporting year.
    let created = ExcelDateTime::from_ymd(year.clamp(1900, 9998) as u16 + 1, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_title(&overview.title).set_author("spiegel").set_creation_datetime(&created));
    let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);

    let [read_me, providers, remarkable, expected] = &words.sheets;
    let sheet = workbook.add_worksheet().set_name(read_me)?;
    sheet.set_column_width(0, 110.0)?;
    sheet.write_string_with_format(0, 0, &overview.title, &Format::new().set_bold())?;
    for (row, note) in (2..).zip(&overview.notes) {
        sheet.write_string_with_format(row, 0, note, &wrapped)?;
    }

    let sheet = headed(workbook.add_worksheet(), providers, &words.providers, &PROVIDERS, overview.providers.len())?;
    for (row, one) in (1..).zip(&overview.providers) {
        let OverviewProvider { id, name, document, held, standing_out, quality, changed } = one;
        for (column, text) in [(0, id), (1, name), (2, document)] {
            sheet.write_string_with_format(row, column, text, &wrapped)?;
        }
        sheet.write_number_with_format(row, 3, one.topics() as f64, &wrapped)?;
        for (column, list) in (4..).zip([held, standing_out, quality, changed]) {
            sheet.write_string_with_format(row, column, list.join("\n"), &wrapped)?;
        }
    }

    let sheet = headed(workbook.add_worksheet(), remarkable, &words.remarkable, &REMARKABLE, overview.remarkable.len())?;
    for (row, one) in (1..).zip(&overview.remarkable) {
        sheet.write_number(row, 3, one.n as f64)?;
        for (column, text) in [(0, &one.id), (1, &one.name), (2, &one.indicator), (4, &one.value), (5, &one.expected), (6, &one.place)] {
            sheet.write_string(row, column, text)?;
        }
    }

    let sheet = headed(workbook.add_worksheet(), expected, &words.expected, &EXPECTED, overview.indicators.len())?;
    let tenths = Format::new().set_num_format("0.0");
    for (row, one) in (1..).zip(&overview.indicators) {
        sheet.write_string(row, 0, &one.indicator)?;
        for (column, number) in [(1, one.compared), (2, one.outside), (4, one.far_outside)] {
            sheet.write_number(row, column, number as f64)?;
        }
        for (column, number) in [(3, one.expected_outside), (5, one.expected_far_outside)] {
            sheet.write_number_with_format(row, column, number, &tenths)?;
        }
    }
    Ok(workbook.save_to_buffer()?)
}

/// A sheet with its heads, that stay in sight, and a filter.
fn headed<'a>(sheet: &'a mut Worksheet, name: &str, heads: &[String], widths: &[f64], rows: usize) -> anyhow::Result<&'a mut Worksheet> {
    sheet.set_name(name)?;
    let bold = Format::new().set_bold();
    for (column, (head, width)) in (0..).zip(heads.iter().zip(widths)) {
        sheet.write_string_with_format(0, column, head, &bold)?.set_column_width(column, *width)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.autofilter(0, 0, u32::try_from(rows)?, u16::try_from(heads.len())? - 1)?;
    Ok(sheet)
}
