//! Whole submissions of both pipelines through the public functions. All values are invented.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::array::{Array, Int32Array, RecordBatch, StringArray};
use arrow::util::pretty::pretty_format_batches;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

use spiegel_model::{Consequence, Finding};

use super::*;
use crate::{discover, load_rules, load_schema};

struct Bench {
    folder: TempDir,
    schema: SubmissionSchema,
    rules: RuleSet,
    delivery: Delivery,
    key: Key,
}

const NAME: &str = "KIBG_94012345_2025_01";

impl Bench {
    fn kibg() -> Self {
        let pipeline = pipelines().join("kibg");
        let delivery = Delivery { kind: DeliveryKind::PerProvider, name: "KIBG_{provider}_{year}_{sequence}".to_owned(), provider_digits: 8, schemas: vec!["kibg-1.0".to_owned()] };
        Self::new(&pipeline, delivery)
    }

    fn nhs() -> Self {
        let delivery = Delivery { kind: DeliveryKind::Collective, name: "nhs-england".to_owned(), provider_digits: 0, schemas: Vec::new() };
        Self::new(&pipelines().join("nhs-talking-therapies"), delivery)
    }

    fn new(pipeline: &Path, delivery: Delivery) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inbox")).unwrap();
        Self { folder, schema: load_schema(pipeline).unwrap(), rules: load_rules(pipeline).unwrap(), delivery, key: Key::for_tests() }
    }

    fn inbox(&self) -> PathBuf {
        self.folder.path().join("inbox")
    }

    fn batch(&self) -> PathBuf {
        self.folder.path().join("batch")
    }

    fn deliver(&self, name: &str, files: &[(&str, &[u8])]) {
        let folder = if self.delivery.kind == DeliveryKind::Collective { self.inbox() } else { self.inbox().join(name) };
        _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (file, content) in files {
            fs::write(folder.join(file), content).unwrap();
        }
    }

    fn context(&self) -> Context<'_> {
        Context {
            schema: &self.schema,
            rules: &self.rules,
            delivery: &self.delivery,
            key: &self.key,
            definitions: "definitions",
            report_year: 2025,
            register: "register.csv",
            providers: None,
            locked: None,
        }
    }

    fn lake(&self) -> Lake {
        Lake::open(&self.batch()).unwrap()
    }

    fn ingest_all(&self) -> Vec<Done> {
        let found = discover(&self.inbox(), &self.delivery).unwrap().submissions;
        let lake = self.lake();
        let all: Vec<Done> = found.iter().map(|found| Done::read(ingest(found, &self.context(), &lake).unwrap(), &lake)).collect();
        assert!(all.iter().flat_map(|one| &one.receipt.tables).all(TableCount::is_conserved));
        all
    }

    fn ingest(&self, files: &[(&str, &[u8])]) -> Done {
        self.deliver(NAME, files);
        self.ingest_all().remove(0)
    }

    fn publish(&self, all: &[Done], year: i32) {
        let parts = PartRef::accepted(all.iter().map(|one| &one.receipt), year);
        self.lake().publish(&self.schema, year, &parts).unwrap();
    }

    fn rows(&self, table: &str, year: i32) -> Vec<RecordBatch> {
        let folder = self.batch().join("lake").join(table).join(format!("year={year}"));
        let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().flat_map(|path| read(path)).collect()
    }
}

/// A submission that was read, with its findings as they were written.
struct Done {
    receipt: Receipt,
    findings: Vec<Finding>,
    skipped: bool,
}

impl Done {
    fn read(ingested: Ingested, lake: &Lake) -> Self {
        let Ingested { receipt, skipped } = ingested;
        let folder = lake.receipt(&receipt.provider_id, receipt.year, receipt.sequence, &receipt.sha256);
        let findings = crate::read_findings(&folder).unwrap().collect::<Result<_, _>>().unwrap();
        Self { receipt, findings, skipped }
    }
}

fn pipelines() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines")
}

fn read(path: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap().build().unwrap();
    reader.map(Result::unwrap).collect()
}

fn codes(ingested: &Done) -> Vec<(&str, Option<u64>)> {
    let told = ingested.findings.iter().filter(|finding| finding.consequence < Consequence::Inform);
    told.map(|finding| (finding.code.as_str(), finding.row)).collect()
}

/// A table of trajectories with these changes of the usual row, one row each.
fn trajectories(rows: &[&[(&str, &str)]]) -> String {
    let mut header: Vec<(&str, &str)> = vec![
        ("traject_id", "T"), ("client_id", "C"), ("startdatum", "2025-01-15"), ("einddatum", "2025-06-30"), ("eindreden", "afgerond"),
        ("stelsel", "ZPM"), ("minuten_direct", "540"), ("geboortejaar", "1980"), ("geslacht", "v"), ("eerdere_behandeling", "nee"),
    ];
    for (name, _) in rows.iter().flat_map(|row| row.iter()) {
        if !header.iter().any(|(other, _)| other == name) {
            header.push((name, ""));
        }
    }
    let mut text = header.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";") + "\n";
    for (number, row) in rows.iter().enumerate() {
        let cells = header.iter().map(|(name, usual)| match row.iter().find(|(other, _)| other == name) {
            Some((_, value)) => (*value).to_owned(),
            None if usual.len() == 1 && usual.chars().all(char::is_uppercase) => format!("{usual}{number:05}"),
            None => (*usual).to_owned(),
        });
        text += &(cells.collect::<Vec<_>>().join(";") + "\n");
    }
    text
}

/// So many usual rows before the given ones that the gate of E511 stays open.
fn mostly_good(rows: &[&[(&str, &str)]]) -> String {
    let mut all: Vec<&[(&str, &str)]> = vec![&[]; 60];
    all.extend(rows);
    trajectories(&all)
}

const FIRST: u64 = 62;

#[test]
fn clean_submission_is_accepted_typed_and_pseudonymised() {
    let bench = Bench::kibg();
    let sessions = "traject_id;datum;minuten_direct;minuten_indirect;vorm\nT00000;2025-02-01;45;10;f2f\n";
    let done = bench.ingest(&[("trajecten.csv", trajectories(&[&[], &[]]).as_bytes()), ("sessies.csv", sessions.as_bytes())]);
    assert_eq!((done.receipt.verdict, done.receipt.years.as_slice()), (Verdict::Accepted, &[2025][..]), "{:#?}", done.findings);
    bench.publish(&[done], 2025);
    let rows = bench.rows("trajectory", 2025);
    let printed = pretty_format_batches(&rows).unwrap().to_string();
    assert!(printed.contains("94012345") && printed.contains("2025-06-30") && printed.contains("trajecten.csv"), "{printed}");
    assert!(!printed.contains("C00000"), "client ids are pseudonyms");
    let clients: &StringArray = rows[0].column_by_name("client_key").unwrap().as_any().downcast_ref().unwrap();
    let mut expected = Vec::new();
    bench.key.of_provider(b"94012345").append(b"C00000", &mut expected);
    assert_eq!(clients.value(0).as_bytes(), expected);
    let lines: &Int32Array = rows[0].column_by_name("source_row").unwrap().as_any().downcast_ref().unwrap();
    assert_eq!(lines.values(), &[2, 3]);
    assert_eq!(bench.rows("experience", 2025)[..].iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
}

#[test]
fn dialects_and_encodings_give_the_same_rows() {
    let plain = trajectories(&[&[("diagnosegroep", "Angst"), ("startdatum", "2025-01-15")], &[]]).replace("traject_id", "Traject-ID");
    let rows = |content: &[u8]| {
        let bench = Bench::kibg();
        let done = bench.ingest(&[("trajecten.csv", content)]);
        assert_ne!(done.receipt.verdict, Verdict::Refused, "{:#?}", done.findings);
        bench.publish(&[done], 2025);
        pretty_format_batches(&bench.rows("trajectory", 2025)).unwrap().to_string()
    };
    let expected = rows(plain.as_bytes());
    for delimiter in [",", "\t", "|"] {
        assert_eq!(rows(plain.replace(';', delimiter).as_bytes()), expected);
    }
    assert_eq!(rows(format!("\u{feff}{plain}").as_bytes()), expected);
    assert_eq!(rows(plain.replace('\n', "\r\n").as_bytes()), expected);
    assert_eq!(rows(plain.replace("2025-01-15", "15-01-2025").replace("2025-06-30", "30/06/2025").as_bytes()), expected);
    let windows = plain.replace("\n", ";caf\u{e9}\n").chars().map(|letter| letter as u8).collect::<Vec<u8>>();
    assert_eq!(rows(&windows), expected, "an unknown column in windows-1252 is dropped");
}

#[test]
fn every_example_of_every_rule_is_a_test() {
    let bench = Bench::kibg();
    // What is about another table than trajectories is tested through the command (tests/src/definitions.rs).
    for rule in bench.rules.rules.iter().filter(|rule| !rule.examples.is_empty() && rule.table == "trajectory") {
        for example in &rule.examples {
            let raised = |values: &BTreeMap<String, String>| {
                let row: Vec<(&str, &str)> = values.iter().map(|(header, value)| (header.as_str(), value.as_str())).collect();
                let done = bench.ingest(&[("trajecten.csv", mostly_good(&[&row]).as_bytes())]);
                codes(&done).iter().map(|(code, row)| ((*code).to_owned(), *row)).collect::<Vec<_>>()
            };
            assert_eq!(raised(&example.bad), [(rule.code.clone(), Some(FIRST))], "{}", rule.code);
            // A good row of E307 ends in the reporting year; the bench reports on 2025.
            assert_eq!(raised(&example.good), [], "{}", rule.code);
        }
    }
}

#[test]
fn rows_in_are_rows_out() {
    let bench = Bench::kibg();
    let mut text = mostly_good(&[&[("startdatum", "31-02-2025")], &[("eindreden", "afgernd")], &[("traject_id", "T00000")]]);
    text += "\n;;;;;;;;;\nT9;C9\n";
    let header = text.lines().next().unwrap().to_owned();
    let copy = text.lines().nth(2).unwrap().to_owned();
    text += &format!("{header}\n{copy}\n");
    let done = bench.ingest(&[("trajecten.csv", text.as_bytes())]);
    let count = &done.receipt.tables[0];
    // The unknown code is emptied; it was filled, so that E306 stays silent.
    assert_eq!(codes(&done), [("E511", None), ("E401", Some(2)), ("E201", Some(62)), ("E210", Some(63)), ("E401", Some(64)), ("E113", Some(67))]);
    assert_eq!(done.receipt.verdict, Verdict::Refused, "four of 64 rows are above the gate");
    assert_eq!((count.rows, count.blank, count.repeated_header, count.duplicate, count.refused, count.used), (68, 2, 1, 1, 64, 0));
    assert!(!bench.batch().join("lake/quarantine").exists(), "a refused submission keeps its receipt only");
}

#[test]
fn quarantine_keeps_the_words_but_no_client() {
    let bench = Bench::kibg();
    let text = mostly_good(&[&[("startdatum", "31-02-2025")]]) + "C77777;T9\n";
    let done = bench.ingest(&[("trajecten.csv", text.as_bytes())]);
    assert_eq!(done.receipt.verdict, Verdict::AcceptedWithRemarks);
    let folder = bench.batch().join("lake/quarantine/trajectory/year=2025");
    let path = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let printed = pretty_format_batches(&read(&path)).unwrap().to_string();
    assert!(printed.contains("31-02-2025") && printed.contains("E113") && printed.contains("E201"), "{printed}");
    assert!(!printed.contains("C00060") && !printed.contains("C77777"), "{printed}");
}

#[test]
fn children_of_unknown_and_of_quarantined_trajectories_are_told_apart() {
    let bench = Bench::kibg();
    let text = mostly_good(&[&[("traject_id", "BAD"), ("startdatum", "31-02-2025")], &[("traject_id", "RAGGED")]]);
    let text = text.trim_end().to_owned() + ";x;\n";
    let measurements = "traject_id;moment;datum;instrument;schaal;score\nT00000;voor;2025-01-16;OQ45;totaal;70,5\nBAD;voor;2025-01-16;OQ45;totaal;70\nGONE;voor;2025-01-16;OQ45;totaal;70\n";
    let experiences = "traject_id;datum;versie;schaal;score;rapportcijfer\n;2025-07-01;AKWA;rapportcijfer;;8,5\nRAGGED;2025-07-01;AKWA;bejegening;6;\n";
    let done = bench.ingest(&[("trajecten.csv", text.as_bytes()), ("rom.csv", measurements.as_bytes()), ("cqi.csv", experiences.as_bytes())]);
    let rom: Vec<_> = done.findings.iter().filter(|finding| finding.file == "rom.csv" && finding.consequence < Consequence::Inform).collect();
    assert_eq!(rom.iter().map(|finding| (finding.code.as_str(), finding.row)).collect::<Vec<_>>(), [("E404", Some(3)), ("E403", Some(4))]);
    let cqi: Vec<_> = done.findings.iter().filter(|finding| finding.file == "cqi.csv" && finding.consequence < Consequence::Inform).collect();
    assert_eq!(cqi.iter().map(|finding| (finding.code.as_str(), finding.row)).collect::<Vec<_>>(), [("E320", Some(3)), ("E404", Some(3))]);
    assert_eq!(cqi[0].column, "E");
    assert_eq!(done.receipt.verdict, Verdict::AcceptedWithRemarks);
}

#[test]
fn refusals_name_what_is_missing() {
    let bench = Bench::kibg();
    let refused = |files: &[(&str, &[u8])]| {
        let done = bench.ingest(files);
        assert_eq!(done.receipt.verdict, Verdict::Refused);
        done.receipt.refusal.unwrap().code
    };
    let good = trajectories(&[&[]]);
    assert_eq!(refused(&[]), "E013");
    assert_eq!(refused(&[("trajecten.csv", b"")]), "E008");
    assert_eq!(refused(&[("trajecten.csv", good.replace("startdatum", "start datm").as_bytes())]), "E110");
    assert_eq!(refused(&[("trajecten.csv", good.as_bytes()), ("Trajecten.txt", good.as_bytes())]), "E012");
    assert_eq!(refused(&[("trajecten.csv", good.as_bytes()), ("foto.png", b"x")]), "E010");
    assert_eq!(refused(&[("trajecten.csv", good.as_bytes()), ("iets.csv", b"a;b\n1;2\n")]), "E011");
    assert_eq!(refused(&[("trajecten.csv", good.replace("eerdere_behandeling", "geslacht").as_bytes())]), "E111");
    assert_eq!(refused(&[("trajecten.csv", good.replace("geslacht", "sekse;geslacht").as_bytes())]), "E112");
    assert_eq!(refused(&[("trajecten.csv", format!("{good}\"T9;C9").as_bytes())]), "E107");
    assert_eq!(refused(&[("trajecten.csv", good.lines().next().unwrap().as_bytes())]), "E115");
    assert_eq!(refused(&[("trajecten.csv", b"T1;C1;2025-01-01\n")]), "E109");
    assert_eq!(refused(&[("trajecten.csv", good.as_bytes()), ("aanlevering.toml", b"agb = \"94099999\"")]), "E503");
    assert_eq!(refused(&[("trajecten.csv", good.as_bytes()), ("aanlevering.toml", b"[tabellen.trajecten]\nrijen = 9")]), "E507");
    assert_eq!(refused(&[("trajecten.csv", good.as_bytes()), ("aanlevering.toml", b"verslagjaar = 2024")]), "E505");
    let other_year = trajectories(&[&[], &[], &[], &[]]).replace("2025-", "2023-");
    assert_eq!(refused(&[("trajecten.csv", other_year.as_bytes())]), "E505");
    let american = good.replace("2025-01-15", "01/15/2025");
    assert_eq!(refused(&[("trajecten.csv", american.as_bytes())]), "E203");
    // A file whose headers tell which table it is needs no known name.
    assert_eq!(bench.ingest(&[("uitvoer.csv", good.as_bytes())]).receipt.verdict, Verdict::Accepted);
}

/// A fixture of a megabyte would be too large to keep.
#[test]
fn a_line_of_a_megabyte_is_no_line_of_a_table() {
    let bench = Bench::kibg();
    let long = "x".repeat((1 << 20) + 1);
    let rows = trajectories(&[&[], &[]]);
    for (text, row) in [(format!("{rows}T9;{long}\n"), 4), (format!("{long}\n{rows}"), 1)] {
        let windows = text.chars().chain(['\u{e9}']).map(|letter| letter as u8).collect::<Vec<u8>>();
        for bytes in [text.into_bytes(), windows] {
            let done = bench.ingest(&[("trajecten.csv", &bytes)]);
            let found: Vec<_> = done.findings.iter().map(|finding| (finding.code.as_str(), finding.row, finding.consequence)).collect();
            assert_eq!(found, [("E108", Some(row), Consequence::Refuse)], "{:?}", done.findings);
        }
    }
}

#[test]
fn rows_behind_a_stop_are_counted_and_their_children_are_no_orphans() {
    let bench = Bench::kibg();
    let rows = trajectories(&[&[], &[], &[], &[]]).replace("T00001", "\"T00001");
    let sessions = "traject_id;datum;minuten_direct;minuten_indirect;vorm\nT00003;2025-02-01;45;10;f2f\n";
    let done = bench.ingest(&[("trajecten.csv", rows.as_bytes()), ("sessies.csv", sessions.as_bytes())]);
    assert_eq!(codes(&done), [("E107", Some(3))]);
    let count = done.receipt.tables.iter().find(|count| count.table == "trajectory").unwrap();
    assert_eq!((count.rows, count.refused), (4, 4));
    let keyless = trajectories(&[&[], &[]]).replace("traject_id", "onbekend");
    let done = bench.ingest(&[("trajecten.csv", keyless.as_bytes()), ("sessies.csv", sessions.as_bytes())]);
    assert_eq!(codes(&done).iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["E110", "W703"]);
}

#[test]
fn rules_say_how_much_they_were_applied_to() {
    let bench = Bench::kibg();
    let done = bench.ingest(&[("trajecten.csv", (mostly_good(&[]) + "T9;C9\n").as_bytes())]);
    let of = |code: &str| done.receipt.rules.iter().find(|outcome| outcome.code == code).map(|outcome| (outcome.checked, outcome.found));
    assert_eq!(of("E113"), Some((61, 1)));
    assert_eq!((of("E114"), of("W704"), of("E107")), (Some((61, 0)), Some((61, 0)), Some((1, 0))));
    assert_eq!((of("E110"), of("E111"), of("W702")), (Some((6, 0)), Some((10, 0)), Some((10, 0))));
    assert_eq!((of("E115"), of("W706")), (Some((1, 0)), Some((0, 0))));
}

#[test]
fn a_header_that_was_encoded_twice_is_still_known() {
    let bench = Bench::kibg();
    let done = bench.ingest(&[("trajecten.csv", trajectories(&[&[]]).replace("client_id", "cliÃ«ntnummer").as_bytes())]);
    assert_eq!(done.receipt.verdict, Verdict::Accepted, "{:?}", done.findings);
}

#[test]
fn zips_are_not_trusted() {
    let good = trajectories(&[&[]]);
    let zeros = vec![b'0'; 8 << 20];
    let refused = |entries: &[(&str, &[u8])], cut: usize| {
        let bench = Bench::kibg();
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, content) in entries {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        let bytes = writer.finish().unwrap().into_inner();
        fs::write(bench.inbox().join(format!("{NAME}.zip")), &bytes[..bytes.len() - cut]).unwrap();
        let done = bench.ingest_all().remove(0);
        done.receipt.refusal.map(|refusal| refusal.code)
    };
    let good = good.as_bytes();
    assert_eq!(refused(&[("map/trajecten.csv", good), ("__MACOSX/._trajecten.csv", b"x"), (".DS_Store", b"x")], 0), None);
    assert_eq!(refused(&[("../trajecten.csv", good)], 0).as_deref(), Some("E001"));
    assert_eq!(refused(&[("trajecten.csv", good), ("rom.csv", &zeros)], 0).as_deref(), Some("E003"));
    assert_eq!(refused(&[("trajecten.csv", good)], 30).as_deref(), Some("E006"));
    assert_eq!(refused(&[("trajecten.csv", good), ("rom.csv", b"PK\x03\x04")], 0).as_deref(), Some("E005"));
    assert_eq!(refused(&[("trajecten.csv", good), ("Trajecten.CSV", good)], 0).as_deref(), Some("E017"));
    let names: Vec<String> = (0..65).map(|number| format!("{number}.csv")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    assert_eq!(refused(&many, 0).as_deref(), Some("E004"));
}

#[test]
fn personal_data_leave_no_trace() {
    const CANARY: &str = "Wilhelmina-Kanarie";
    let bench = Bench::kibg();
    let text = trajectories(&[&[("achternaam", CANARY), ("eindreden", CANARY), ("startdatum", CANARY)]]);
    let done = bench.ingest(&[("trajecten.csv", text.as_bytes())]);
    assert_eq!(codes(&done), [("E603", None)]);
    assert!(done.receipt.normalised[0].contains("Vernietig"));
    assert_eq!(done.receipt.tables[0].refused, 1);
    let mut files = vec![bench.batch()];
    let mut seen = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            seen += 1;
            let bytes = fs::read(&path).unwrap();
            assert!(!bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()), "{}", path.display());
        }
    }
    assert_eq!(seen, 3, "the receipt and its findings, nothing else");
}

#[test]
fn finished_work_is_recognised_and_bytes_are_the_same() {
    let bench = Bench::kibg();
    for provider in 1..=40 {
        let text = trajectories(&[&[], &[("einddatum", ""), ("eindreden", "")]]);
        bench.deliver(&format!("KIBG_9400{provider:04}_2025_01"), &[("trajecten.csv", text.as_bytes())]);
    }
    let all = bench.ingest_all();
    assert!(all.iter().all(|one| !one.skipped));
    let parts = PartRef::accepted(all.iter().map(|one| &one.receipt), 2025);
    let first = bench.lake().with_threads(1).publish(&bench.schema, 2025, &parts).unwrap();
    let bytes = |folder: &Path| -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.iter().map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap())).collect()
    };
    let folder = bench.batch().join("lake/trajectory/year=2025");
    let before = bytes(&folder);
    let of = |published: &crate::Published| published.tables.iter().find(|table| table.table == "trajectory").unwrap().clone();
    assert_eq!((of(&first).rows, of(&first).written, before.len()), (80, before.len(), before.len()));

    assert!(bench.ingest_all().iter().all(|one| one.skipped));
    let again = bench.lake().publish(&bench.schema, 2025, &parts).unwrap();
    assert_eq!(again.tables.iter().map(|table| table.written).sum::<usize>(), 0);
    fs::remove_dir_all(&folder).unwrap();
    bench.lake().with_threads(3).publish(&bench.schema, 2025, &parts).unwrap();
    assert_eq!(bytes(&folder), before);

    // A later accepted submission replaces, a refused one does not; one resubmission rewrites one bucket per table.
    bench.deliver("KIBG_94000001_2025_02", &[("trajecten.csv", trajectories(&[&[]]).as_bytes())]);
    bench.deliver("KIBG_94000002_2025_02", &[("trajecten.csv", b"")]);
    let all = bench.ingest_all();
    assert_eq!(all.iter().filter(|one| !one.skipped).count(), 2);
    let parts = PartRef::accepted(all.iter().map(|one| &one.receipt), 2025);
    let third = bench.lake().publish(&bench.schema, 2025, &parts).unwrap();
    assert_eq!((of(&third).rows, of(&third).written), (79, 1));
    // A part that a power failure cut off is written again.
    let part = bench.lake().part(2025, &parts[3]);
    let whole = fs::read(&part).unwrap();
    fs::write(&part, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(bench.ingest_all().iter().filter(|one| !one.skipped).count(), 1);
}

#[test]
fn a_year_without_submissions_has_empty_tables() {
    let bench = Bench::kibg();
    bench.publish(&[], 2025);
    let folder = bench.batch().join("lake/session/year=2025");
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(folder.join("part-00.parquet")).unwrap()).unwrap();
    assert_eq!(reader.schema().fields().len(), 8);
}

#[test]
fn collective_delivery_is_split_by_year() {
    let bench = Bench::nhs();
    let header = "reporting_period,org_code,org_name,start_date,end_date,count_referrals_received,count_finished_course_treatment,count_at_caseness\n";
    let mut text = header.to_owned();
    for number in 0..30 {
        text += &format!("2023-24,AA{number},NAME,2023-04-01,2024-03-31,1000.0,*,\n");
    }
    text += "2024-25,AB,OLD NAME,2024-04-01,2025-03-31,10,5,5\n2024-25,AB,NEW NAME,2024-04-01,2025-03-31,10,5,5\n";
    bench.deliver("", &[("provider-year.csv", text.as_bytes()), ("README.md", b"# data"), ("register.csv", b"org_code\n")]);
    let done = bench.ingest_all().remove(0);
    assert_eq!(done.receipt.years, [2023, 2024]);
    assert_eq!(done.receipt.verdict, Verdict::Accepted, "{:#?}", done.findings);
    assert_eq!((done.receipt.tables[0].used, done.receipt.tables[0].duplicate), (31, 1));
    bench.publish(&[done], 2024);
    let printed = pretty_format_batches(&bench.rows("provider_year", 2024)).unwrap().to_string();
    assert!(printed.contains("| AB "), "{printed}");
}

#[test]
fn published_results_of_the_nhs_are_read_whole() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-data/nhs-talking-therapies");
    let bench = Bench::nhs();
    for file in ["provider-year.csv", "provider-proms-2022-2025.csv", "provider-population.csv"] {
        fs::copy(data.join(file), bench.inbox().join(file)).unwrap();
    }
    let done = bench.ingest_all().remove(0);
    let counts: Vec<_> = done.receipt.tables.iter().map(|count| (count.table.as_str(), count.rows, count.used, count.duplicate)).collect();
    assert_eq!(counts, [("provider_population", 26900, 26880, 20), ("provider_outcome", 15830, 15830, 0), ("provider_year", 1309, 1308, 1)]);
    assert_eq!(done.receipt.verdict, Verdict::Accepted, "{:#?}", codes(&done));
    assert_eq!(done.receipt.years, (2017..=2024).collect::<Vec<_>>());
}
