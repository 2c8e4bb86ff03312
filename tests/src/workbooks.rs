//! Workbooks: the template that providers fill in, its filled example, the same data as csv, and workbooks that are made to do harm.
//! What one broken workbook must be told is a fixture in `bad-submissions/`.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use calamine::{Reader, Xlsx};
use spiegel_model::{Finding, Receipt, Verdict};

use crate::command::{query, receipts, scratch, spiegel, spiegel_command};
use crate::submissions::{findings, run};

/// Most memory that reading a hostile workbook may take.
const MEMORY_KIB_MAXIMUM: u64 = 200 << 10;

/// The templates of the kibg pipeline, written once.
fn templates() -> &'static Path {
    static TEMPLATES: OnceLock<PathBuf> = OnceLock::new();
    TEMPLATES.get_or_init(|| {
        let folder = scratch("templates");
        spiegel(&["template", "--out", folder.to_str().unwrap()]).expect_code(0);
        folder
    })
}

fn part(workbook: &[u8], name: &str) -> String {
    let mut text = String::new();
    zip::ZipArchive::new(Cursor::new(workbook)).unwrap().by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// A workbook with some parts replaced.
fn with_parts(workbook: &[u8], parts: &[(String, String)]) -> Vec<u8> {
    let mut from = zip::ZipArchive::new(Cursor::new(workbook)).unwrap();
    let mut to = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..from.len() {
        let mut entry = from.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        to.start_file(&name, zip::write::SimpleFileOptions::default()).unwrap();
        match parts.iter().find(|(other, _)| *other == name) {
            Some((_, text)) => to.write_all(text.as_bytes()).unwrap(),
            None => _ = std::io::copy(&mut entry, &mut to).unwrap(),
        }
    }
    to.finish().unwrap().into_inner()
}

/// Delivers one file and reads it: receipt, findings and batch.
fn deliver(name: &str, extension: &str, bytes: &[u8]) -> (Receipt, Vec<Finding>, PathBuf) {
    let folder = scratch(name);
    let (inbox, batch) = (folder.join("inbox"), folder.join("batch"));
    fs::create_dir_all(&inbox).unwrap();
    fs::write(inbox.join(format!("KIBG_94000101_2025_01.{extension}")), bytes).unwrap();
    run("ingest", &inbox, &batch);
    let (folder, receipt) = receipts(&batch).remove(0);
    (receipt, findings(&folder), batch)
}

/// Every row of every table without where it came from, in the order of its row.
fn lake(batch: &Path) -> Vec<Vec<std::collections::BTreeMap<String, String>>> {
    ["trajectory", "session", "measurement", "experience"]
        .map(|table| query(batch, "kibg", &format!("SELECT * EXCLUDE (source_file) FROM {table} ORDER BY source_row")))
        .into()
}

#[test]
fn the_filled_example_is_accepted_without_a_word_and_equals_its_csv() {
    let example = fs::read(templates().join("KIBG-aanlevering-voorbeeld.xlsx")).unwrap();
    let (receipt, found, of_workbook) = deliver("example-workbook", "xlsx", &example);
    assert_eq!((receipt.verdict, found), (Verdict::Accepted, Vec::new()));
    assert!(receipt.tables.iter().all(|table| table.used > 0 && table.used == table.rows), "{:?}", receipt.tables);

    let folder = scratch("example-csv");
    let (inbox, batch) = (folder.join("inbox"), folder.join("batch"));
    crate::tree::copy(&templates().join("voorbeeld-csv"), &inbox.join("KIBG_94000101_2025_01"));
    run("ingest", &inbox, &batch).expect_code(0);
    let (folder, receipt) = receipts(&batch).remove(0);
    assert_eq!((receipt.verdict, findings(&folder)), (Verdict::Accepted, Vec::new()));
    let (of_workbook, of_csv) = (lake(&of_workbook), lake(&batch));
    assert_eq!(of_workbook.iter().map(Vec::len).collect::<Vec<_>>(), [6, 18, 9, 6]);
    assert_eq!(of_workbook, of_csv);
}

#[test]
fn the_template_filled_in_is_accepted() {
    let template = fs::read(templates().join("KIBG-aanlevering-sjabloon.xlsx")).unwrap();
    let book: Xlsx<_> = Xlsx::new(Cursor::new(template.as_slice())).unwrap();
    assert_eq!(book.sheet_names(), ["Uitleg", "trajecten", "cqi", "rom", "sessies", "Keuzelijsten"]);
    // Filled in as a spreadsheet does: text in cells of text, days as numbers in cells with the format of their column.
    let sheets = [
        (2, "T1;C1;;=2025-01-13;=2025-05-19;afgerond;ZPM;K;;2;=150;;exact;;;=1987;v;;;;;nee;ja;nee;nee;nee"),
        (4, "T1;voor;=2025-01-13;OQ45;totaal;;=81;client"),
        (5, "T1;=2025-01-13;=150;;f2f"),
    ];
    let filled: Vec<(String, String)> = sheets
        .into_iter()
        .map(|(number, row)| {
            let name = format!("xl/worksheets/sheet{number}.xml");
            let text = part(&template, &name);
            let cells: String = row.split(';').enumerate().map(|(column, value)| cell(&text, column, value)).collect();
            let text = text.replace("</sheetData>", &format!("<row r=\"2\">{cells}</row></sheetData>"));
            (name, text)
        })
        .collect();
    let (receipt, found, _) = deliver("filled-template", "xlsx", &with_parts(&template, &filled));
    let codes: Vec<&str> = found.iter().map(|finding| finding.code.as_str()).collect();
    // The sheet of the CQi was left as it is: column names without rows.
    assert_eq!((receipt.verdict, codes), (Verdict::AcceptedWithRemarks, vec!["W706"]), "{found:?}");
    assert_eq!(receipt.tables.iter().map(|table| table.used).collect::<Vec<_>>(), [0, 1, 1, 1]);
}

/// A cell in row 2 with the format of its column; numbers and days begin with `=`.
fn cell(sheet: &str, column: usize, value: &str) -> String {
    let attribute = |element: &str, name: &str| element.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let within = |element: &&str| (attribute(element, "min").parse::<usize>().unwrap()..=attribute(element, "max").parse().unwrap()).contains(&(column + 1));
    let style = attribute(sheet.split("<col ").skip(1).find(within).unwrap(), "style");
    let place = format!("{}2", char::from(b'A' + column as u8));
    match value.strip_prefix('=') {
        _ if value.is_empty() => String::new(),
        Some(day) if day.contains('-') => {
            let mut parts = day.split('-').map(|part| part.parse::<i64>().unwrap());
            let (_, month, day) = (parts.next(), parts.next().unwrap(), parts.next().unwrap());
            // 45657 is the last day of 2024.
            let days = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month as usize - 1] + day;
            format!("<c r=\"{place}\" s=\"{style}\"><v>{}</v></c>", 45_657 + days)
        }
        Some(number) => format!("<c r=\"{place}\" s=\"{style}\"><v>{number}</v></c>"),
        None => format!("<c r=\"{place}\" s=\"{style}\" t=\"inlineStr\"><is><t>{value}</t></is></c>"),
    }
}

#[test]
fn templates_are_the_same_bytes_every_time_and_offer_every_code() {
    let again = scratch("templates-again");
    spiegel(&["template", "--out", again.to_str().unwrap()]).expect_code(0);
    crate::tree::assert_same(&crate::tree::tree(templates()), &crate::tree::tree(&again), "templates made twice");

    let template = fs::read(templates().join("KIBG-aanlevering-sjabloon.xlsx")).unwrap();
    let schema = spiegel_ingest::load_schema(&crate::command::definitions().join("pipelines/kibg")).unwrap();
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(template.as_slice())).unwrap();
    let lists: Vec<String> = book.worksheet_range("Keuzelijsten").unwrap().rows().flatten().map(ToString::to_string).collect();
    for table in &schema.tables {
        let heads: Vec<String> = book.worksheet_range(&table.name).unwrap().rows().next().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(heads, table.columns.iter().map(|column| column.header.clone()).collect::<Vec<_>>());
        for code in table.columns.iter().flat_map(|column| &column.codes) {
            assert!(lists.contains(code), "{code} of {} is in no list", table.name);
        }
    }
    let guide: Vec<String> = book.worksheet_range("Uitleg").unwrap().rows().flatten().map(ToString::to_string).collect();
    for column in schema.tables.iter().flat_map(|table| &table.columns) {
        assert!(guide.contains(&column.header) && guide.contains(&column.description), "{} is not explained", column.header);
    }
}

/// Runs ingest on one file; its exit code and the most memory it held, in KiB.
fn peak(name: &str, write: impl FnOnce(&Path)) -> (Option<i32>, u64, Receipt) {
    let folder = scratch(name);
    let (inbox, batch) = (folder.join("inbox"), folder.join("batch"));
    fs::create_dir_all(&inbox).unwrap();
    let file = inbox.join("KIBG_94000101_2025_01.xlsx");
    write(&file);
    let key = crate::command::key().to_str().unwrap();
    let arguments = ["ingest", crate::command::KIBG_YEAR, "--inbox", inbox.to_str().unwrap(), "--batch", batch.to_str().unwrap(), "--key", key];
    let mut child = spiegel_command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut most = 0;
    let code = loop {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        most = most.max(line.trim().trim_end_matches(" kB").parse().unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    fs::remove_file(file).unwrap();
    (code, most, receipts(&batch).remove(0).1)
}

/// A workbook whose sheet, shared texts and styles are these, with numbers between them that compress badly.
fn hostile(sheet: &str, strings: &str, styles: &str) -> Vec<u8> {
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relation = |id: &str, kind: &str, target: &str| format!("<Relationship Id=\"{id}\" Type=\"{office}/{kind}\" Target=\"{target}\"/>");
    let parts = [
        ("_rels/.rels", format!("<Relationships>{}</Relationships>", relation("a", "officeDocument", "xl/workbook.xml"))),
        ("xl/workbook.xml", "<workbook><sheets><sheet name=\"trajecten\" sheetId=\"1\" r:id=\"b\"/></sheets></workbook>".to_owned()),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships>{}{}{}</Relationships>",
                relation("b", "worksheet", "worksheets/sheet1.xml"),
                relation("c", "sharedStrings", "sharedStrings.xml"),
                relation("d", "styles", "styles.xml")
            ),
        ),
        ("xl/sharedStrings.xml", strings.to_owned()),
        ("xl/styles.xml", styles.to_owned()),
        ("xl/worksheets/sheet1.xml", sheet.to_owned()),
    ];
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Digits that look random, so that a bomb is not told by its ratio.
fn noise(count: usize) -> impl Iterator<Item = u64> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    (0..count).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    })
}

#[test]
fn hostile_workbooks_are_refused_within_little_memory() {
    let small = "<worksheet><sheetData/></worksheet>";
    let of = |sheet: &str, strings: &str, styles: &str| hostile(sheet, strings, styles);
    let many_cells: String = noise(2_100_000).zip(0..).map(|(number, at)| if at % 20 == 0 { format!("{}<row><c><v>{number}</v></c>", if at == 0 { "" } else { "</row>" }) } else { format!("<c><v>{}</v></c>", number % 100_000) }).collect();
    let many_strings: String = noise(600_000).map(|number| format!("<si><t>{number}</t></si>")).collect();
    let long: String = noise(80_000).map(|number| number.to_string()).collect();
    // One long text, named by many cells.
    let named: String = (0..2000).map(|_| "<row><c t=\"s\"><v>0</v></c></row>").collect();
    let cases = [
        ("cells", of(&format!("<worksheet><sheetData>{many_cells}</row></sheetData></worksheet>"), "<sst/>", "<styleSheet/>"), "E014"),
        ("strings", of(small, &format!("<sst>{many_strings}</sst>"), "<styleSheet/>"), "E014"),
        ("text", of(small, &format!("<sst><si><t>{long}</t></si></sst>"), "<styleSheet/>"), "E014"),
        ("named", of(&format!("<worksheet><sheetData>{named}</sheetData></worksheet>"), &format!("<sst><si><t>{}</t></si></sst>", &long[..900_000]), "<styleSheet/>"), "E014"),
        // What another reader would reserve memory for: 500 GB.
        ("declared", of("<worksheet><dimension ref=\"A1:XFD1048576\"/><sheetData/></worksheet>", "<sst uniqueCount=\"99999999999\"/>", "<styleSheet/>"), "E011"),
        ("nested", of(&format!("<worksheet>{}", "<a>".repeat(200_000)), "<sst/>", "<styleSheet/>"), "E006"),
        ("formats", of(small, "<sst/>", &format!("<styleSheet><cellXfs>{}</cellXfs></styleSheet>", noise(70_000).map(|number| format!("<xf numFmtId=\"{number}\"/>")).collect::<String>())), "E014"),
    ];
    for (name, bytes, refused) in cases {
        let (code, memory, receipt) = peak(&format!("hostile-workbook-{name}"), |path| fs::write(path, &bytes).unwrap());
        assert_eq!((code, receipt.refusal.map(|reason| reason.code)), (Some(10), Some(refused.to_owned())), "{name}");
        assert!(memory > 1000 && memory < MEMORY_KIB_MAXIMUM, "{name}: {memory} KiB");
    }
}

#[test]
fn a_file_above_the_limit_is_refused_unread() {
    let (code, memory, receipt) = peak("hostile-workbook-giant", |path| fs::File::create(path).unwrap().set_len((1 << 30) + 1).unwrap());
    assert_eq!((code, receipt.refusal.unwrap().code.as_str()), (Some(10), "E019"));
    assert!(memory < MEMORY_KIB_MAXIMUM, "{memory} KiB");
}
