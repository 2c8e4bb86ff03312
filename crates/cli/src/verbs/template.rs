//! `spiegel template`: the workbook that small providers fill in, a filled example, and the same as csv, all from the schema.

use std::fs;
use std::path::Path;

use anyhow::Context;
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationRule, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula, Note, Workbook, Worksheet,
};
use spiegel_ingest::{expectation, load_schema};
use spiegel_model::{ColumnSchema, ColumnType, PipelineSpec, SubmissionSchema, TableSchema};
use spiegel_query::{KeurmerkDefinitions, Pipeline, load_keurmerk, load_year};

use crate::arguments::Template;
use crate::exit::Outcome;
use crate::steps::{keurmerk_schema, sub_pipeline};
use crate::talk;

/// Sheets that hold no table; the reader passes them over.
const GUIDE: &str = "Uitleg";
const LISTS: &str = "Keuzelijsten";
/// Validation reaches to the last row that Excel has.
const LAST_ROW: u32 = 1_048_575;
/// No output holds a clock.
const CREATED: &str = "2025-01-01";
/// Between the values that a column has in the rows of the example.
const VALUES: char = '|';
const INK: Color = Color::RGB(0x1D_35_57);
const PALE: Color = Color::RGB(0xDD_E6_EE);
const RULE: Color = Color::RGB(0x9A_A8_B6);

pub(crate) fn template(arguments: &Template) -> anyhow::Result<Outcome> {
    let pipeline = Pipeline::load(&arguments.pipeline)?;
    let spec = pipeline.spec.clone();
    let schema = load_schema(&arguments.pipeline)?;
    let tables = in_order(&schema);
    fs::create_dir_all(&arguments.out).with_context(|| arguments.out.display().to_string())?;
    let name = spec.id.to_uppercase();
    let save = |file: &str, bytes: &[u8]| {
        let path = arguments.out.join(file);
        fs::write(&path, bytes).with_context(|| path.display().to_string())?;
        talk::line(&format!("template   {}", path.display()));
        anyhow::Ok(())
    };
    save(&format!("{name}-aanlevering-sjabloon.xlsx"), &workbook(&spec, &tables, false, None)?)?;
    if tables.iter().any(|table| example_rows(table) > 0) {
        save(&format!("{name}-aanlevering-voorbeeld.xlsx"), &workbook(&spec, &tables, true, None)?)?;
        let folder = Path::new("voorbeeld-csv");
        fs::create_dir_all(arguments.out.join(folder))?;
        for table in &tables {
            save(&folder.join(format!("{}.csv", table.name)).to_string_lossy(), &example_csv(table)?)?;
        }
    } else {
        talk::line("template   no example: no column of the schema has an `example`");
    }
    if let Some(definitions) = last_keurmerk(&pipeline)? {
        let schema = keurmerk_schema(&pipeline.directory.join("keurmerk"), &definitions)?;
        let mut spec = sub_pipeline(&pipeline, &definitions.spec.self_evaluation, pipeline.directory.clone()).spec;
        spec.title.clone_from(&definitions.year.title);
        for (what, filled) in [("sjabloon", false), ("voorbeeld", true)] {
            let name = format!("{name}-zelfevaluatie-{}-{what}.xlsx", definitions.number);
            save(&name, &workbook(&spec, &in_order(&schema), filled, Some(&definitions))?)?;
        }
    }
    Ok(Outcome::Done)
}

/// The last Keurmerk year of a pipeline. None when it has none.
fn last_keurmerk(pipeline: &Pipeline) -> anyhow::Result<Option<KeurmerkDefinitions>> {
    let Ok(entries) = fs::read_dir(pipeline.directory.join("years")) else { return Ok(None) };
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    let mut last: Option<KeurmerkDefinitions> = None;
    for file in files {
        if let Some(definitions) = load_keurmerk(pipeline, &load_year(&file)?)?
            && last.as_ref().is_none_or(|known| known.number < definitions.number)
        {
            last = Some(definitions);
        }
    }
    Ok(last)
}

/// What each criterion comes to. Its heads are no headers of a table: the reader passes the sheet over.
fn criteria(sheet: &mut Worksheet, definitions: &KeurmerkDefinitions) -> anyhow::Result<()> {
    sheet.set_name("Criteria")?.set_tab_color(RULE).set_freeze_panes(1, 0)?;
    let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    for (place, (head, width)) in [("Norm", 44.0), ("Nr.", 10.0), ("Waar het om gaat", 110.0)].into_iter().enumerate() {
        sheet.set_column_width(place as u16, width)?.write_string_with_format(0, place as u16, head, &heading())?;
    }
    for (row, (norm, question)) in (1..).zip(definitions.edition.questions()) {
        for (column, text) in [format!("{} {}", norm.code, norm.title), question.id.clone(), question.text.clone()].into_iter().enumerate() {
            sheet.write_string_with_format(row, column as u16, text, &wrapped)?;
        }
    }
    Ok(())
}

/// Tables that must be there first.
fn in_order(schema: &SubmissionSchema) -> Vec<&TableSchema> {
    let mut tables: Vec<&TableSchema> = schema.tables.iter().collect();
    tables.sort_by_key(|table| !table.required);
    tables
}

/// How many rows the example has: the most values that a column has.
fn example_rows(table: &TableSchema) -> usize {
    let filled = table.columns.iter().filter(|column| !column.example.is_empty());
    filled.map(|column| column.example.split(VALUES).count()).max().unwrap_or(0)
}

/// The value of a column in a row of the example; its values come round again.
fn example(column: &ColumnSchema, row: usize) -> &str {
    let values: Vec<&str> = column.example.split(VALUES).map(str::trim).collect();
    values.get(row % values.len().max(1)).copied().unwrap_or_default()
}

/// Columns that the example shows: all but those without a value.
fn shown(table: &TableSchema) -> impl Iterator<Item = &ColumnSchema> {
    table.columns.iter().filter(|column| !column.example.is_empty())
}

fn example_csv(table: &TableSchema) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    writer.write_record(shown(table).map(|column| column.header.as_str()))?;
    for row in 0..example_rows(table) {
        writer.write_record(shown(table).map(|column| example(column, row)))?;
    }
    writer.into_inner().map_err(|error| anyhow::anyhow!("{error}"))
}

fn workbook(spec: &PipelineSpec, tables: &[&TableSchema], filled: bool, keurmerk: Option<&KeurmerkDefinitions>) -> anyhow::Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    let title = format!("{} {}", spec.id.to_uppercase(), if filled { "voorbeeld van een aanlevering" } else { "sjabloon voor de aanlevering" });
    let properties = DocProperties::new().set_title(&title).set_company(&spec.publisher).set_creation_datetime(&ExcelDateTime::parse_from_str(CREATED)?);
    workbook.set_properties(&properties);
    guide(workbook.add_worksheet(), spec, tables, filled)?;
    if let Some(definitions) = keurmerk {
        criteria(workbook.add_worksheet(), definitions)?;
    }
    let lists = Lists::of(tables);
    for table in tables {
        table_sheet(workbook.add_worksheet(), table, &lists, filled)?;
    }
    lists.write(workbook.add_worksheet())?;
    Ok(workbook.save_to_buffer()?)
}

fn heading() -> Format {
    Format::new().set_bold().set_font_color(Color::White).set_background_color(INK).set_align(FormatAlign::VerticalCenter).set_border(FormatBorder::Thin).set_border_color(RULE)
}

/// Columns of the guide with their widths in characters.
const GUIDE_COLUMNS: [(&str, usize); 6] = [("tabel", 12), ("kolom", 22), ("verplicht", 13), ("wat u invult", 58), ("betekenis", 58), ("voorbeeld", 20)];
/// Height of a line of text, in points.
const LINE_HEIGHT: f64 = 15.0;

/// A value as someone in the Netherlands types it.
fn as_typed(column: &ColumnSchema, value: &str) -> String {
    match column.kind {
        ColumnType::Date => value.rsplit('-').collect::<Vec<_>>().join("-"),
        ColumnType::Decimal => value.replace('.', ","),
        _ => value.to_owned(),
    }
}

/// One row for every column of every table.
fn guide(sheet: &mut Worksheet, spec: &PipelineSpec, tables: &[&TableSchema], filled: bool) -> anyhow::Result<()> {
    sheet.set_name(GUIDE)?.set_tab_color(RULE).set_screen_gridlines(false).set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    let title = Format::new().set_bold().set_font_size(16).set_font_color(INK);
    let name = spec.delivery.name.replace("{provider}", "<AGB-code>").replace("{year}", "<jaar>").replace("{sequence}", "<volgnummer>");
    let about = if filled { "Voorbeeld van een aanlevering" } else { "Sjabloon voor uw aanlevering" };
    sheet.write_string_with_format(0, 0, format!("{} · {about}", spec.title), &title)?;
    let mut lines = vec![
        "Ieder blad is een tabel; iedere rij is één traject, sessie, meting of antwoord. Laat de kolomnamen staan. Wat u niet hebt, laat u leeg.".to_owned(),
        "Kolommen met een donkere kop zijn verplicht; die met een lichte kop vult u in als u ze hebt. Houd de muis op een kop voor uitleg.".to_owned(),
        "Bij velden met een vaste lijst kiest u uit het pijltje naast de cel. Vul geen namen, burgerservicenummers of geboortedatums in.".to_owned(),
        format!("Sla het bestand op als {name}.xlsx en lever het zo aan. Dit blad en het blad {LISTS} mogen blijven staan."),
    ];
    if filled {
        lines.push("Alle rijen in dit voorbeeld zijn verzonnen.".to_owned());
    }
    let mut row = 1;
    for line in lines {
        sheet.write_string(row, 0, line)?;
        row += 1;
    }
    row += 1;
    for (place, (head, width)) in GUIDE_COLUMNS.into_iter().enumerate() {
        sheet.set_column_width(place as u16, width as f64)?;
        sheet.write_string_with_format(row, place as u16, head, &heading())?;
    }
    sheet.set_freeze_panes(row + 1, 0)?.set_repeat_rows(row, row)?;
    row += 1;
    let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top).set_border_bottom(FormatBorder::Hair).set_border_bottom_color(RULE);
    for table in tables {
        for column in &table.columns {
            let required = match (column.required, column.essential) {
                (true, true) => "ja, iedere rij",
                (true, false) => "ja",
                _ => "nee",
            };
            let cells = [table.name.as_str(), &column.header, required, &expectation(column), &column.description, &as_typed(column, example(column, 0))];
            let mut lines = 1;
            for (place, (text, (_, width))) in cells.into_iter().zip(GUIDE_COLUMNS).enumerate() {
                sheet.write_string_with_format(row, place as u16, text, &wrapped)?;
                lines = lines.max(text.chars().count().div_ceil(width));
            }
            // Not every program gives wrapped text the height it needs.
            sheet.set_row_height(row, LINE_HEIGHT * lines as f64)?;
            row += 1;
        }
    }
    Ok(())
}

/// A sheet for a table, with the rows of the example when it is to be filled.
fn table_sheet(sheet: &mut Worksheet, table: &TableSchema, lists: &Lists<'_>, filled: bool) -> anyhow::Result<()> {
    sheet.set_name(&table.name)?.set_freeze_panes(1, 1)?.set_landscape().set_paper_size(9).set_repeat_rows(0, 0)?;
    sheet.set_row_height(0, 24)?;
    if table.required {
        sheet.set_tab_color(INK);
    }
    let required = heading();
    let optional = Format::new()
        .set_italic()
        .set_font_color(INK)
        .set_background_color(PALE)
        .set_align(FormatAlign::VerticalCenter)
        .set_border(FormatBorder::Thin)
        .set_border_color(RULE);
    for (place, column) in table.columns.iter().enumerate() {
        let place = place as u16;
        let format = format(column);
        sheet.set_column_format(place, &format)?;
        sheet.set_column_width(place, width(column))?;
        sheet.write_string_with_format(0, place, &column.header, if column.required { &required } else { &optional })?;
        let duty = if column.required { "Verplicht." } else { "Niet verplicht." };
        let note = format!("{duty} {}\n\nU vult in: {}.", column.description, expectation(column));
        let height = 60 + 16 * (note.chars().count() as u32 / 36);
        sheet.insert_note(0, place, &Note::new(note).add_author_prefix(false).set_width(260).set_height(height))?;
        if let Some(validation) = validation(column, lists)? {
            sheet.add_data_validation(1, place, LAST_ROW, place, &validation)?;
        }
        for row in (0..example_rows(table)).filter(|_| filled) {
            write_value(sheet, row as u32 + 1, place, column, example(column, row), &format)?;
        }
    }
    Ok(())
}

fn format(column: &ColumnSchema) -> Format {
    match column.kind {
        ColumnType::Date => Format::new().set_num_format("dd-mm-yyyy").set_align(FormatAlign::Left),
        ColumnType::Integer => Format::new().set_num_format("0").set_align(FormatAlign::Left),
        // Not 0.##: that leaves a comma behind a whole number.
        ColumnType::Decimal => Format::new().set_align(FormatAlign::Left),
        // Else a spreadsheet makes numbers of keys and codes, and loses their zeros.
        ColumnType::Text | ColumnType::Code | ColumnType::Boolean | ColumnType::Period => Format::new().set_num_format("@"),
    }
}

/// As wide as the header and the longest code, within reason.
fn width(column: &ColumnSchema) -> f64 {
    let longest = column.codes.iter().map(|code| code.chars().count()).max().unwrap_or(0);
    (longest.max(column.header.chars().count()).clamp(9, 26) + 3) as f64
}

fn write_value(sheet: &mut Worksheet, row: u32, place: u16, column: &ColumnSchema, value: &str, format: &Format) -> anyhow::Result<()> {
    if value.is_empty() {
        return Ok(());
    }
    let wrong = || format!("the example \"{value}\" of `{}` is not of its type", column.name);
    match column.kind {
        ColumnType::Date => _ = sheet.write_datetime_with_format(row, place, &ExcelDateTime::parse_from_str(value).with_context(wrong)?, format)?,
        ColumnType::Integer | ColumnType::Decimal => _ = sheet.write_with_format(row, place, value.parse::<f64>().with_context(wrong)?, format)?,
        ColumnType::Text | ColumnType::Code | ColumnType::Boolean | ColumnType::Period => _ = sheet.write_string_with_format(row, place, value, format)?,
    }
    Ok(())
}

/// What Excel itself refuses while someone types; None where every text is right.
fn validation(column: &ColumnSchema, lists: &Lists<'_>) -> anyhow::Result<Option<DataValidation>> {
    let (low, high) = (column.minimum, column.maximum);
    let rule = match column.kind {
        ColumnType::Code | ColumnType::Boolean => DataValidation::new().allow_list_formula(Formula::new(lists.range(&codes(column)))),
        ColumnType::Date => {
            let day = |year: f64, rest: &str| ExcelDateTime::parse_from_str(&format!("{year:.0}-{rest}"));
            DataValidation::new().allow_date(DataValidationRule::Between(day(low.unwrap_or(1900.0), "01-01")?, day(high.unwrap_or(9999.0), "12-31")?))
        }
        ColumnType::Integer => DataValidation::new().allow_whole_number(DataValidationRule::Between(low.map_or(i32::MIN, |low| low as i32), high.map_or(i32::MAX, |high| high as i32))),
        ColumnType::Decimal => DataValidation::new().allow_decimal_number(DataValidationRule::Between(low.unwrap_or(-1e9), high.unwrap_or(1e9))),
        ColumnType::Text => match column.maximum_length {
            Some(length) => DataValidation::new().allow_text_length(DataValidationRule::LessThanOrEqualTo(length as u32)),
            None => return Ok(None),
        },
        ColumnType::Period => return Ok(None),
    };
    let listed = matches!(column.kind, ColumnType::Code | ColumnType::Boolean);
    let expected = if listed { "een waarde uit de lijst".to_owned() } else { expectation(column) };
    let message = format!("In de kolom {} hoort {expected}. Verbeter de waarde of laat de cel leeg.", column.header);
    Ok(Some(rule.set_error_title("Deze waarde past hier niet")?.set_error_message(message)?))
}

/// What a drop-down list offers.
fn codes(column: &ColumnSchema) -> Vec<&str> {
    if column.kind == ColumnType::Boolean { vec!["ja", "nee"] } else { column.codes.iter().map(String::as_str).collect() }
}

/// The drop-down lists, each a column of a sheet of their own: a list within a cell holds no more than 255 characters.
struct Lists<'a> {
    lists: Vec<(String, Vec<&'a str>)>,
}

impl<'a> Lists<'a> {
    /// Equal lists once.
    fn of(tables: &[&'a TableSchema]) -> Self {
        let mut lists: Vec<(String, Vec<&str>)> = Vec::new();
        for column in tables.iter().flat_map(|table| &table.columns) {
            let codes = codes(column);
            if !codes.is_empty() && !lists.iter().any(|(_, other)| *other == codes) {
                let name = if column.kind == ColumnType::Boolean { "ja of nee" } else { &column.header };
                lists.push((format!("lijst {name}"), codes));
            }
        }
        Self { lists }
    }

    /// The cells of a list, as a formula names them.
    fn range(&self, codes: &[&str]) -> String {
        let place = self.lists.iter().position(|(_, other)| other == codes).unwrap_or(0);
        let column = rust_xlsxwriter::utility::column_number_to_name(place as u16);
        format!("={LISTS}!${column}$2:${column}${}", codes.len() + 1)
    }

    fn write(&self, sheet: &mut Worksheet) -> anyhow::Result<()> {
        sheet.set_name(LISTS)?.set_tab_color(RULE).set_freeze_panes(1, 0)?;
        let text = Format::new().set_num_format("@");
        for (place, (name, codes)) in self.lists.iter().enumerate() {
            let place = place as u16;
            sheet.set_column_width(place, 26)?;
            sheet.write_string_with_format(0, place, name, &heading())?;
            for (row, code) in codes.iter().enumerate() {
                sheet.write_string_with_format(row as u32 + 1, place, *code, &text)?;
            }
        }
        Ok(())
    }
}
