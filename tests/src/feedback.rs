//! Feedback: what a provider reads about its submission. Pages, workbook, rows to mend and data say the same, hold nothing
//! that can run, and are the same when the submission is checked beforehand.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use calamine::{Data, Reader, Xlsx, open_workbook};
use jsonschema::Validator;
use serde_json::Value;
use spiegel_model::{Consequence, Feedback, Receipt, Verdict};

use crate::command::{Answer, KIBG_YEAR, definitions, key, kibg, receipts, root, scratch, spiegel};
use crate::pdf::{Pdf, text_of};
use crate::submissions::{findings, run};

/// Heads of a small table of trajectories.
const HEADS: &str = "traject_id;client_id;startdatum;einddatum;eindreden;stelsel;minuten_direct;minuten_bron;geboortejaar;geslacht";
/// A provider of these tests.
const AGB: &str = "94000201";

/// Rows without a fault.
fn good_rows(rows: std::ops::Range<usize>) -> String {
    rows.map(|row| format!("T{row};C{row};2025-01-07;2025-05-{:02};afgerond;ZPM;{};exact;1980;v\n", 10 + row % 18, 500 + row % 37)).collect()
}

/// Delivers a table of trajectories in an inbox of its own and reads it; gives the folder of its receipt.
fn delivered(name: &str, text: &str) -> (PathBuf, Receipt) {
    let folder = scratch(&format!("feedback/{name}"));
    let submission = folder.join(format!("inbox/KIBG_{AGB}_2025_01"));
    fs::create_dir_all(&submission).unwrap();
    fs::write(submission.join("trajecten.csv"), text).unwrap();
    run("ingest", &folder.join("inbox"), &folder.join("batch"));
    receipts(&folder.join("batch")).remove(0)
}

fn feedback_in(folder: &Path) -> Feedback {
    serde_json::from_slice(&fs::read(folder.join("terugkoppeling.json")).unwrap()).unwrap()
}

/// A submission with a wrong row whose words could be markup or formulas.
const HOSTILE: [&str; 5] = ["#panic(1)", "*vet* _x_ `code`", "=HYPERLINK(\"https://x\")", "@SUM(1)|$a$ <l> [z]", "\u{202e}\u{1f600} שלום"];

fn hostile() -> &'static (PathBuf, Receipt) {
    static HOSTILE_RECEIPT: OnceLock<(PathBuf, Receipt)> = OnceLock::new();
    HOSTILE_RECEIPT.get_or_init(|| {
        let mut text = format!("{HEADS}\n{}", good_rows(0..100));
        for (row, word) in HOSTILE.iter().enumerate() {
            text.push_str(&format!("X{row};C{row};2025-05-07;2025-01-06;\"{}\";ZPM;540;exact;1980;v\n", word.replace('"', "\"\"")));
        }
        delivered("hostile", &text)
    })
}

fn sheets(file: &Path) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut workbook: Xlsx<_> = open_workbook(file).unwrap();
    let names = workbook.sheet_names();
    let mut sheets = BTreeMap::new();
    for name in names {
        let formulas = workbook.worksheet_formula(&name).unwrap();
        assert!(formulas.cells().all(|(_, _, formula)| formula.is_empty()), "{name} has a formula");
        let range = workbook.worksheet_range(&name).unwrap();
        let rows = range.rows().map(|row| row.iter().map(Data::to_string).collect()).collect();
        sheets.insert(name, rows);
    }
    sheets
}

#[test]
fn pages_are_one_or_two_tagged_and_say_the_verdict() {
    let clean = delivered("clean", &format!("{HEADS}\n{}", good_rows(0..40)));
    let missing = delivered("missing", &format!("{}\n{}", HEADS.replace("startdatum", "begonnen"), good_rows(0..5)));
    for ((folder, receipt), verdict, pages) in [(&clean, Verdict::Accepted, 1..3), (&missing, Verdict::Refused, 1..2), (hostile(), Verdict::AcceptedWithRemarks, 1..3)] {
        assert_eq!(receipt.verdict, verdict, "{:?}", findings(folder));
        let file = folder.join("terugkoppeling.pdf");
        let pdf = Pdf::open(&file);
        assert!(pages.contains(&pdf.document.get_pages().len()), "{} pages", pdf.document.get_pages().len());
        let catalogue = pdf.document.catalog().unwrap();
        assert!(catalogue.has(b"StructTreeRoot") && catalogue.has(b"MarkInfo"), "tagged");
        assert_eq!(pdf.text(catalogue, "Lang").unwrap(), "nl-NL");
        let metadata = pdf.streams().into_iter().find(|stream| stream.windows(7).any(|window| window == b"pdfuaid"));
        assert!(metadata.is_some(), "declares PDF/UA");
        let text = text_of(&file).split_whitespace().collect::<Vec<_>>().join(" ");
        let feedback = feedback_in(folder);
        assert!(text.contains(&feedback.lead), "{text}");
        for found in &feedback.findings {
            assert!(text.contains(&format!("{} · {}", found.code, found.title)), "{text}");
        }
    }
    assert!(feedback_in(&clean.0).findings.is_empty());
    assert_eq!(feedback_in(&missing.0).findings_title, "Doe eerst dit");
    assert!(feedback_in(&missing.0).preview.is_none() && feedback_in(&missing.0).usable.is_none());
}

#[test]
fn what_a_provider_writes_is_text_and_never_markup_or_formula() {
    let (folder, _) = hostile();
    let text = text_of(&folder.join("terugkoppeling.pdf"));
    assert!(text.contains("#panic(1)"), "{text}");
    let sheets = sheets(&folder.join("bevindingen.xlsx"));
    let values: Vec<&String> = sheets["Bevindingen"].iter().map(|row| &row[8]).collect();
    for word in &HOSTILE[..4] {
        assert!(values.iter().any(|value| value == word), "{word} in {values:?}");
    }
    let mut repaired = csv::ReaderBuilder::new().delimiter(b';').from_path(folder.join("herstel-trajecten.csv")).unwrap();
    for record in repaired.records() {
        for cell in &record.unwrap() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell} would run");
        }
    }
}

#[test]
fn the_workbook_has_every_finding_and_every_rule() {
    let (folder, receipt) = hostile();
    let (sheets, found) = (sheets(&folder.join("bevindingen.xlsx")), findings(folder));
    let rows = &sheets["Bevindingen"];
    assert_eq!(rows[0][..5], ["Code", "Gevolg", "Bestand", "Blad", "Rij"]);
    assert_eq!(rows.len(), found.len() + 1);
    for (row, finding) in rows[1..].iter().zip(&found) {
        assert_eq!((&row[0], &row[2], &row[9], &row[10]), (&finding.code, &finding.file, &finding.message, &finding.remedy));
        assert_eq!(row[4], finding.row.map(|row| row.to_string()).unwrap_or_default());
    }
    assert_eq!(sheets["Regels"].len(), receipt.rules.len() + 1);
    assert!(sheets["Samenvatting"].iter().flatten().any(|cell| cell == receipt.verdict.dutch()));
}

#[test]
fn rows_to_mend_are_the_providers_own_words_in_its_own_columns() {
    let heads = HEADS.replace("startdatum", "Start datum").replace("client_id", "cliëntnummer");
    let text = format!("{heads};eigen_kolom\n{}", good_rows(0..60).replace(";v\n", ";v;x\n"));
    let text = format!("{text}T90;C-geheim;2025-09-01;2025-02-01;afgerond;ZPM;540;exact;1980;v;eigen\nT91;te;kort\n");
    let (folder, receipt) = delivered("mend", &text);
    assert_eq!(receipt.verdict, Verdict::AcceptedWithRemarks, "{:?}", findings(&folder));
    let text = fs::read_to_string(folder.join("herstel-trajecten.csv")).unwrap();
    let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines[0], format!("_rij;_code;_melding;{heads}"));
    assert!(lines[1].starts_with("62;E301;") && lines[1].ends_with(";T90;C-geheim;2025-09-01;2025-02-01;afgerond;ZPM;540;exact;1980;v"), "{text}");
    // Nobody knows in which column the words of a short row belong.
    assert!(lines[2].starts_with("63;E113;") && lines[2].ends_with(";;;;;;;;;;"), "{text}");
    assert_eq!(lines.len(), 3, "{text}");
    let quarantined: u64 = receipt.tables.iter().map(|table| table.quarantined).sum();
    assert_eq!(quarantined, 2);
    assert!(!text.contains("eigen_kolom"), "a column that is not in the schema is nowhere kept");
}

#[test]
fn a_privacy_refusal_leaves_column_and_count_only() {
    let rows: String = (0..30).map(|row| format!("KANARIE{row};C{row};2025-01-07;2025-05-06;afgerond;ZPM;540;exact;1980;v;Kanarie van Test{row}\n")).collect();
    let (folder, receipt) = delivered("privacy", &format!("{HEADS};naam\n{rows}"));
    assert_eq!(receipt.refusal.as_ref().unwrap().code, "E603");
    let feedback = feedback_in(&folder);
    assert!(feedback.sentences.iter().any(|sentence| sentence.starts_with("Vernietig het bestand")), "{:?}", feedback.sentences);
    assert!(feedback.findings[0].places.contains("\"naam\""), "{:?}", feedback.findings);
    assert_eq!(Pdf::open(&folder.join("terugkoppeling.pdf")).document.get_pages().len(), 1);
    let mut texts = vec![text_of(&folder.join("terugkoppeling.pdf")), format!("{:?}", sheets(&folder.join("bevindingen.xlsx")))];
    for entry in fs::read_dir(&folder).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        assert!(!name.starts_with("herstel"), "{name}");
        texts.push(String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).to_lowercase());
    }
    assert!(texts.iter().all(|text| !text.to_lowercase().contains("kanarie")));
}

#[test]
fn many_findings_are_all_in_the_workbook_and_still_two_pages() {
    let rows: String = (0..20_000).map(|row| format!("T{row};C{row};2025-01-07;2025-05-06;afgerond;ZPM;-5;exact;1980;v\n")).collect();
    let (folder, receipt) = delivered("many", &format!("{HEADS}\n{rows}"));
    let found: u64 = receipt.findings.values().sum();
    assert!(found >= 20_000, "{:?}", receipt.findings);
    assert!(Pdf::open(&folder.join("terugkoppeling.pdf")).document.get_pages().len() <= 2);
    assert_eq!(sheets(&folder.join("bevindingen.xlsx"))["Bevindingen"].len() as u64, found + 1);
    let feedback = feedback_in(&folder);
    assert!(feedback.findings.iter().any(|found| found.places.ends_with("en nog 19.995")), "{:?}", feedback.findings);
}

#[test]
fn the_preview_is_the_providers_own_value_and_that_of_the_year_before() {
    let batch = kibg();
    let mut compared = 0;
    for (folder, receipt) in receipts(batch).into_iter().filter(|(_, receipt)| receipt.year == Some(2025)) {
        let Some(preview) = feedback_in(&folder).preview else { continue };
        assert!(preview.table.heads[2].contains("voorlopig"), "{:?}", preview.table.heads);
        let report = batch.join(format!("reports/2025/{}/v1/report.json", receipt.provider_id));
        let Ok(report) = fs::read(report) else { continue };
        let report: spiegel_model::Report = serde_json::from_slice(&report).unwrap();
        for own in report.summary.rows.iter().filter(|own| own.own_is_value) {
            // What needs the nation has no preview.
            let Some(row) = preview.table.rows.iter().find(|row| row[0] == own.topic) else {
                assert!(own.topic.starts_with("Behandeleffect"), "{}: no preview", own.topic);
                continue;
            };
            assert_eq!(row[1], own.n);
            assert!(row[2].starts_with(&own.own), "{row:?} {own:?}");
            compared += 1;
        }
        assert_eq!(preview.table.heads.last().unwrap(), "2024", "{:?}", preview.table.heads);
    }
    assert!(compared > 20, "{compared}");
}

/// Longest sentence, in words (decision 35).
const WORDS_IN_A_SENTENCE: usize = 25;

#[test]
fn sentences_are_short_finished_and_without_a_verdict() {
    let dirty = crate::submissions::dirty_batch();
    let mut told = 0;
    for (folder, _) in receipts(kibg()).into_iter().chain(receipts(dirty)) {
        let feedback = feedback_in(&folder);
        let notes = [&feedback.delivered, &feedback.usable, &feedback.preview].into_iter().flatten().map(|table| &table.note);
        let sections = feedback.sections.iter().flat_map(|section| &section.paragraphs);
        for text in feedback.sentences.iter().chain(notes).chain(sections).chain([&feedback.findings_note]) {
            for sentence in text.split_inclusive(". ") {
                assert!(sentence.split_whitespace().count() <= WORDS_IN_A_SENTENCE, "{sentence}");
                assert!(!sentence.contains(['{', '}']) && !sentence.contains("  "), "{sentence}");
                told += 1;
            }
            for word in ["goed", "slecht", "onvoldoende", "fout"] {
                assert!(!text.to_lowercase().split(|letter: char| !letter.is_alphabetic()).any(|own| own == word), "{text}");
            }
        }
    }
    assert!(told > 200, "{told}");
}

fn validator(name: &str) -> Validator {
    let schema: Value = serde_json::from_slice(&fs::read(root().join("pipelines/schemas").join(name)).unwrap()).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

#[track_caller]
fn assert_valid(validator: &Validator, text: &str, whose: &str) {
    let value: Value = serde_json::from_str(text).unwrap();
    let errors: Vec<String> = validator.iter_errors(&value).map(|error| format!("{} at {}", error, error.instance_path())).collect();
    assert!(errors.is_empty(), "{whose}: {errors:?}\n{text}");
}

#[test]
fn every_receipt_and_finding_of_every_fixture_is_as_published() {
    let (finding, receipt) = (validator("bevindingen.schema.json"), validator("ontvangst.schema.json"));
    let mut batches: Vec<PathBuf> = crate::catalogue::batches();
    batches.push(kibg().to_owned());
    let (mut lines, mut codes) = (0, std::collections::BTreeSet::new());
    for batch in batches {
        for (folder, _) in receipts(&batch) {
            let whose = folder.display().to_string();
            assert_valid(&receipt, &fs::read_to_string(folder.join("ontvangst.json")).unwrap(), &whose);
            for line in fs::read_to_string(folder.join("bevindingen.jsonl")).unwrap().lines() {
                assert_valid(&finding, line, &whose);
                codes.insert(line.split('"').nth(3).unwrap().to_owned());
                lines += 1;
            }
        }
    }
    assert!(lines >= 10 && codes.len() >= 10, "{lines} findings of {codes:?}");
    // What is not as published is told.
    for wrong in [r#"{"code":"E1"}"#, r#"{"code":"E601","consequence":"refuse","file":"a","row":2,"column":"A","header":"bsn","value":"1","message":"m","remedy":"r"}"#] {
        assert!(!finding.is_valid(&serde_json::from_str(wrong).unwrap()), "{wrong}");
    }
}

/// `spiegel check` on a path, into a folder of its own.
fn check(name: &str, path: &Path, more: &[&str]) -> (PathBuf, Answer) {
    let out = scratch(&format!("check/{name}")).join("out");
    let mut arguments = vec!["check", path.to_str().unwrap(), "--out", out.to_str().unwrap()];
    arguments.extend(more);
    let answer = spiegel(&arguments);
    (out, answer)
}

#[test]
fn a_check_beforehand_gives_what_the_batch_gives() {
    let (folder, receipt) = hostile();
    let inbox = scratch("feedback/hostile").join(format!("inbox/KIBG_{AGB}_2025_01"));
    let (out, answer) = check("same", &inbox, &[]);
    let answer = answer.expect_code(0);
    for name in ["bevindingen.jsonl", "bevindingen.csv", "herstel-trajecten.csv"] {
        assert_eq!(fs::read(out.join(name)).unwrap(), fs::read(folder.join(name)).unwrap(), "{name}");
    }
    let (mine, theirs) = (feedback_in(&out), feedback_in(folder));
    assert_eq!((&mine.findings, &mine.delivered, &mine.usable, &mine.preview), (&theirs.findings, &theirs.delivered, &theirs.usable, &theirs.preview));
    assert!(mine.sentences.last().unwrap().contains("niets verstuurd"), "{:?}", mine.sentences);
    assert!(out.join("terugkoppeling.pdf").is_file() && out.join("bevindingen.xlsx").is_file());
    assert!(answer.stdout.starts_with(&format!("KIBG_{AGB}_2025_01: {}\n", receipt.verdict.dutch())), "{}", answer.stdout);
    assert!(answer.stdout.contains("E301 · einddatum vóór startdatum"), "{}", answer.stdout);
    for secret in ["panic", "HYPERLINK", "X0", "2025-05-07"] {
        assert!(!answer.stdout.contains(secret) && !answer.stderr.contains(secret), "{secret} is told: {}", answer.stdout);
    }
    assert!(!out.join("lake").exists(), "no lake is kept");
}

#[test]
fn a_single_table_a_manifest_and_a_refusal_can_be_checked() {
    let folder = scratch("check/single");
    let table = folder.join("uitvoer.csv");
    fs::write(&table, format!("{HEADS}\n{}", good_rows(0..30))).unwrap();
    let (_, answer) = check("nobody", &table, &[]);
    let answer = answer.expect_code(2);
    assert!(answer.stderr.contains("does not say whose it is") && answer.stderr.contains("--agb"), "{}", answer.stderr);
    let (out, answer) = check("single", &table, &["--agb", AGB, "--year", "2025"]);
    answer.expect_code(0);
    assert_eq!(feedback_in(&out).verdict, Verdict::Accepted);
    assert!(!out.join("herstel-trajecten.csv").exists());

    let named_otherwise = folder.join("mijn aanlevering");
    fs::create_dir_all(&named_otherwise).unwrap();
    fs::write(named_otherwise.join("aanlevering.toml"), format!("agb = \"{AGB}\"\nverslagjaar = 2025\nvolgnummer = 3\n")).unwrap();
    fs::write(named_otherwise.join("trajecten.csv"), format!("{}\n{}", HEADS.replace("geslacht", "m_v_x_kolom"), good_rows(0..9))).unwrap();
    let (out, answer) = check("refused", &named_otherwise, &[]);
    let answer = answer.expect_code(10);
    assert_eq!(feedback_in(&out).sequence, 3);
    assert!(answer.stdout.contains("niet aangenomen") && answer.stdout.contains("E110"), "{}", answer.stdout);
    // What an earlier check left behind is gone.
    let (out, _) = check("again", &scratch("feedback/hostile").join(format!("inbox/KIBG_{AGB}_2025_01")), &[]);
    assert!(out.join("herstel-trajecten.csv").is_file());
    let again = ["check", table.to_str().unwrap(), "--agb", AGB, "--year", "2025", "--out", out.to_str().unwrap()];
    spiegel(&again).expect_code(0);
    assert!(!out.join("herstel-trajecten.csv").exists());
}

#[test]
fn feedback_is_made_once_and_again_when_it_is_damaged() {
    let (folder, _) = delivered("once", &format!("{HEADS}\n{}", good_rows(0..12)));
    let scratch = scratch("feedback/once");
    let again = || run("ingest", &scratch.join("inbox"), &scratch.join("batch")).expect_code(0).stderr;
    let made = fs::read(folder.join("terugkoppeling.pdf")).unwrap();
    assert!(!again().contains("feedback"), "unchanged");
    fs::remove_file(folder.join("terugkoppeling.pdf")).unwrap();
    assert!(again().contains("feedback   1 made"));
    assert_eq!(made, fs::read(folder.join("terugkoppeling.pdf")).unwrap(), "the same bytes");
}

#[test]
fn without_feedback_there_are_receipts_only() {
    let folder = scratch("feedback/none");
    let submission = folder.join(format!("inbox/KIBG_{AGB}_2025_01"));
    fs::create_dir_all(&submission).unwrap();
    fs::write(submission.join("trajecten.csv"), format!("{HEADS}\n{}", good_rows(0..12))).unwrap();
    let (inbox, batch) = (folder.join("inbox"), folder.join("batch"));
    let arguments = ["ingest", KIBG_YEAR, "--inbox", inbox.to_str().unwrap(), "--batch", batch.to_str().unwrap(), "--key", key().to_str().unwrap(), "--no-feedback"];
    spiegel(&arguments).expect_code(0);
    let (place, _) = receipts(&batch).remove(0);
    let names: Vec<String> = fs::read_dir(place).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert!(names.iter().all(|name| !name.starts_with("terugkoppeling") && !name.ends_with(".xlsx")), "{names:?}");
}

#[test]
fn the_handbook_and_explain_come_from_the_rules() {
    let rules = spiegel_ingest::load_rules(&definitions().join("pipelines/kibg")).unwrap();
    let file = scratch("handbook").join("regels.md");
    spiegel(&["explain", "--handbook", file.to_str().unwrap()]).expect_code(0);
    let handbook = fs::read_to_string(&file).unwrap();
    for rule in &rules.rules {
        let own: Vec<&str> = handbook.split("\n### ").filter(|part| part.starts_with(&format!("{} · ", rule.code))).collect();
        assert_eq!(own.len(), 1, "{} stands in the handbook once", rule.code);
        for head in ["**Melding:**", "**Herstel:**", "**Gevolg:**"] {
            assert!(own[0].contains(head), "{head} of {}", rule.code);
        }
        assert!(!own[0].contains("{value}") && !own[0].contains("{column}"), "{}", own[0]);
        assert_eq!(own[0].matches("**Fout:**").count(), rule.examples.len(), "{}", rule.code);
    }
    for title in ["## Inpakken en bestanden", "## Persoonsgegevens", "## Tussen kolommen, rijen en tabellen"] {
        assert!(handbook.contains(title), "{title}");
    }
    let explained = spiegel(&["explain", "e301"]).expect_code(0).stdout;
    for words in ["Controle   einddatum mag niet vóór startdatum liggen", "Raakt      ", "Duur van een traject in dagen", "Voor wie   wie trajecten.csv levert"] {
        assert!(explained.contains(words), "{words}:\n{explained}");
    }
    let replaced = rules.rules.iter().find(|rule| !rule.note.is_empty()).unwrap();
    let explained = spiegel(&["explain", &replaced.code]).expect_code(0).stdout;
    assert!(explained.contains(&format!("Afwijking  {}", replaced.note)), "{explained}");
    assert_eq!(rules.rule("E301").unwrap().consequence, Consequence::Quarantine);
}
