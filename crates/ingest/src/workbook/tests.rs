//! The reader beside calamine, another reader of workbooks: the same cells in the same places.

use std::io::{Cursor, Write};

use calamine::{DataRef, Reader, Xlsx};

use super::*;
use crate::findings::Findings;

/// A workbook with every kind of cell: shared and inline texts, rich text, numbers, dates, truth values, errors, formulas.
fn workbook() -> SourceFile {
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relation = |id: &str, kind: &str, target: &str| format!("<Relationship Id=\"{id}\" Type=\"{relations}/{kind}\" Target=\"{target}\"/>");
    let sheet = "<worksheet><sheetData>\
        <row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"inlineStr\"><is><t>b &amp; c; &#233;</t></is></c><c t=\"s\"><v>1</v></c></row>\
        <row r=\"3\"><c r=\"A3\"><v>540</v></c><c r=\"B3\" s=\"1\"><v>45352</v></c><c r=\"D3\" t=\"b\"><v>1</v></c></row>\
        <row><c t=\"str\"><f>A1&amp;\"x\"</f><v>sleutelx</v></c><c s=\"2\"/><c t=\"e\"><v>#REF!</v></c><c><v>3.5</v></c></row>\
        </sheetData></worksheet>";
    let parts = [
        ("_rels/.rels", format!("<Relationships>{}</Relationships>", relation("a", "officeDocument", "xl/workbook.xml"))),
        ("xl/workbook.xml", "<workbook><sheets><sheet name=\"Blad\" sheetId=\"1\" r:id=\"b\"/></sheets></workbook>".to_owned()),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships>{}{}{}</Relationships>",
                relation("b", "worksheet", "worksheets/sheet1.xml"),
                relation("c", "sharedStrings", "sharedStrings.xml"),
                relation("d", "styles", "styles.xml")
            ),
        ),
        ("xl/sharedStrings.xml", "<sst><si><t>sleutel</t></si><si><r><t>twee</t></r><r><t xml:space=\"preserve\"> delen</t></r><rPh><t>x</t></rPh></si></sst>".to_owned()),
        ("xl/styles.xml", "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"2\"/></cellXfs></styleSheet>".to_owned()),
        ("xl/worksheets/sheet1.xml", sheet.to_owned()),
    ];
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    SourceFile { name: "map.xlsx".to_owned(), bytes: archive.finish().unwrap().into_inner() }
}

#[test]
fn cells_are_those_that_another_reader_finds() {
    let file = workbook();
    let rules = spiegel_model::RuleSet::default();
    let mut findings = Findings::new(&rules);
    let mut package = Package::open(&file, &mut findings).unwrap();
    let sheets = open(&mut package, &file.name, 2025, &mut findings).unwrap_or_else(|(code, sheet)| panic!("{code} {sheet}"));
    assert_eq!(sheets[0].text, "sleutel;\"b & c; é\";twee delen;\n\n540;2024-03-01;;WAAR\nsleutelx;;#REF!;3.5\n");

    let mut other: Xlsx<_> = Xlsx::new(Cursor::new(file.bytes.as_slice())).unwrap();
    let mut reader = other.worksheet_cells_reader("Blad").unwrap();
    let ours: Vec<Vec<String>> = sheets[0].text.lines().map(|line| records(line).next().map(|(_, cells)| cells).unwrap_or_default()).collect();
    let mut compared = 0;
    while let Some(cell) = reader.next_cell().unwrap() {
        let (row, column) = cell.get_position();
        let text = match cell.get_value() {
            DataRef::SharedString(text) => (*text).to_owned(),
            DataRef::String(text) => text.clone(),
            DataRef::Float(number) => number.to_string(),
            DataRef::DateTime(date) => {
                let (year, month, day, ..) = date.to_ymd_hms_milli();
                format!("{year:04}-{month:02}-{day:02}")
            }
            DataRef::Bool(value) => (if *value { "WAAR" } else { "ONWAAR" }).to_owned(),
            DataRef::Error(error) => error.to_string(),
            DataRef::Empty => String::new(),
            odd => panic!("{odd:?}"),
        };
        assert_eq!(ours[row as usize][column as usize], text, "row {row} column {column}");
        compared += 1;
    }
    assert_eq!(compared, 10);
}
