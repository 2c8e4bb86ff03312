//! Other layouts: a supplier's export is read through a mapping file and gives the same lake, and its findings are told in the
//! supplier's own words. All values are invented.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use spiegel_model::{Finding, Receipt, TableCount, Verdict};

use crate::command::{KIBG_YEAR, NHS_YEAR, Answer, definitions, key, receipts, root, scratch, spiegel};
use crate::submissions::findings;
use crate::tree::copy;

const AGB: &str = "94000101";
/// Trajectories of a delivery; each has two sessions, two measurements and one experience.
const TRAJECTORIES: usize = 60;

/// A column as the pipeline has it and as the supplier exports it: both headers, and both ways to write the cell of a row.
struct Column {
    headers: (&'static str, &'static str),
    cell: fn(usize) -> (String, String),
}

fn column(ours: &'static str, theirs: &'static str, cell: fn(usize) -> (String, String)) -> Column {
    Column { headers: (ours, theirs), cell }
}

/// A table in both layouts; the supplier has its columns the other way round, and a comma between them.
fn table(columns: &[Column], rows: usize) -> (String, String) {
    let mut ours = vec![columns.iter().map(|column| column.headers.0.to_owned()).collect::<Vec<_>>().join(";")];
    let mut theirs = vec![columns.iter().rev().map(|column| column.headers.1.to_owned()).collect::<Vec<_>>().join(",")];
    for row in 0..rows {
        ours.push(columns.iter().map(|column| (column.cell)(row).0).collect::<Vec<_>>().join(";"));
        theirs.push(columns.iter().rev().map(|column| (column.cell)(row).1).collect::<Vec<_>>().join(","));
    }
    (ours.join("\n") + "\n", theirs.join("\n") + "\n")
}

fn same(text: String) -> (String, String) {
    (text.clone(), text)
}

/// One of these pairs, in turn.
fn pick(row: usize, pairs: &[(&str, &str)]) -> (String, String) {
    let (ours, theirs) = pairs[row % pairs.len()];
    (ours.to_owned(), theirs.to_owned())
}

fn trajectory(row: usize) -> (String, String) {
    same(format!("T{:03}", row % TRAJECTORIES))
}

/// A day of this month, as jjjj-mm-dd and as Americans write it.
fn american(row: usize, month: usize) -> (String, String) {
    let day = 1 + row % 28;
    (format!("2025-{month:02}-{day:02}"), format!("{month}/{day:02}/2025"))
}

/// The same with points and two digits of the year.
fn pointed(row: usize, month: usize) -> (String, String) {
    let day = 1 + row % 28;
    (format!("2025-{month:02}-{day:02}"), format!("{day:02}.{month:02}.25"))
}

/// Minutes, and the same in hours with two decimals.
fn minutes(row: usize) -> (String, String) {
    let minutes = 5 + row * 7;
    (minutes.to_string(), format!("{:.2}", minutes as f64 / 60.0))
}

/// Every ninth trajectory is still open.
fn closed(row: usize, cell: (String, String)) -> (String, String) {
    if row % 9 == 8 { same(String::new()) } else { cell }
}

/// The four tables in the layout of the pipeline and in that of `example-records`, by the supplier's file names.
fn example_records() -> [(&'static str, (String, String)); 4] {
    const REASONS: [(&str, &str); 10] = [
        ("afgerond", "Completed"), ("doorverwezen_zwaarder", "Stepped up"), ("voortijdig_client", "Dropped out"),
        ("voortijdig_aanbieder", "Discharged early"), ("geen_stoornis", "No disorder"), ("te_zwaar", "Too severe"), ("overleden", "Deceased"),
        ("administratief", "Administrative"), ("overig", "Moved"), ("overig", "Other"),
    ];
    let trajectories = [
        column("traject_id", "Episode", trajectory),
        column("client_id", "Patient", |row| same(format!("C{:03}", row % 45))),
        column("startdatum", "Started", |row| american(row, 2)),
        column("einddatum", "Ended", |row| closed(row, american(row * 5, 9))),
        column("eindreden", "Reason ended", |row| closed(row, pick(row, &REASONS))),
        column("stelsel", "Funding", |row| pick(row, &[("ZPM", "Care performance"), ("ZPM", "care performance"), ("GBGGZ", "Basic care")])),
        column("minuten_direct", "Hours face to face", minutes),
        column("minuten_indirect", "Hours other", minutes),
        column("minuten_bron", "Time registered", |row| pick(row, &[("exact", "exact"), ("klasse", "band")])),
        column("geboortejaar", "Year of birth", |row| same((1950 + row % 40).to_string())),
        column("geslacht", "Sex", |row| pick(row, &[("v", "F"), ("m", "M"), ("x", "X"), ("onbekend", "U")])),
        column("eerdere_behandeling", "Treated before", |row| pick(row, &[("ja", "Y"), ("nee", "N"), ("", "unknown")])),
    ];
    let sessions = [
        column("traject_id", "Episode", trajectory),
        column("datum", "Day", |row| american(row, 3 + row / TRAJECTORIES)),
        column("minuten_direct", "Hours face to face", minutes),
        column("minuten_indirect", "Hours other", minutes),
        column("vorm", "Mode", |row| {
            pick(row, &[("f2f", "In person"), ("beeld", "Video"), ("telefoon", "Phone"), ("groep", "Group"), ("ehealth", "Online")])
        }),
    ];
    let measurements = [
        column("traject_id", "Episode", trajectory),
        column("moment", "Occasion", |row| if row < TRAJECTORIES { pick(0, &[("voor", "Start")]) } else { pick(0, &[("na", "End")]) }),
        column("datum", "Day", |row| american(row, if row < TRAJECTORIES { 2 } else { 4 })),
        column("instrument", "Measure", |row| pick(row % TRAJECTORIES, &[("OQ45", "OQ-45.2"), ("PHQ9", "PHQ-9"), ("GAD7", "GAD-7")])),
        column("schaal", "Scale", |_| pick(0, &[("totaal", "Total")])),
        column("score", "Score", |row| same(((21 - row / TRAJECTORIES * 6) as f64 - (row % 7) as f64 / 2.0).to_string())),
    ];
    let experiences = [
        column("datum", "Day", |row| american(row, 9)),
        column("versie", "Questionnaire", |_| pick(0, &[("AMB", "Ambulatory")])),
        column("schaal", "Question", |_| pick(0, &[("rapportcijfer", "Mark")])),
        column("rapportcijfer", "Mark", |row| (format!("{}.{}", 6 + row % 4, row % 10), format!("{}{}", 6 + row % 4, row % 10))),
    ];
    [
        ("Contacts", table(&sessions, 2 * TRAJECTORIES)),
        ("Episodes", table(&trajectories, TRAJECTORIES)),
        ("Experience", table(&experiences, TRAJECTORIES)),
        ("Outcome measures", table(&measurements, 2 * TRAJECTORIES)),
    ]
}

fn deliver(inbox: &Path, files: &[(&str, &str)], supplier: Option<&str>) {
    let folder = inbox.join(format!("KIBG_{AGB}_2025_01"));
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in files {
        fs::write(folder.join(format!("{name}.csv")), text).unwrap();
    }
    if let Some(supplier) = supplier {
        fs::write(folder.join("aanlevering.toml"), format!("agb = \"{AGB}\"\nverslagjaar = 2025\nbron_epd = \"{supplier}\"\n")).unwrap();
    }
}

fn ingest(inbox: &Path, batch: &Path, further: &[&str]) -> Answer {
    let mut arguments = vec!["ingest", KIBG_YEAR, "--inbox", inbox.to_str().unwrap(), "--batch", batch.to_str().unwrap(), "--key", key().to_str().unwrap()];
    arguments.extend(further);
    spiegel(&arguments)
}

/// The one receipt of a batch with its findings.
fn receipt(batch: &Path) -> (Receipt, Vec<Finding>) {
    let (folder, receipt) = receipts(batch).remove(0);
    // What reading finds; checks on the lake have nothing to do with layouts.
    let findings = findings(&folder).into_iter().filter(|finding| !finding.queried).collect();
    (receipt, findings)
}

/// Every published file of the lake, without the one thing that must differ: the hash that says what it was made from.
fn published(batch: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    const CONTENT: &[u8] = b"spiegel.content";
    const HEXADECIMAL_DIGITS: usize = 64;
    let lake = batch.join("lake");
    let mut files = BTreeMap::new();
    for table in fs::read_dir(&lake).unwrap().flatten().filter(|entry| !entry.file_name().to_string_lossy().starts_with('.')) {
        for year in fs::read_dir(table.path()).unwrap().flatten() {
            for file in fs::read_dir(year.path()).unwrap().flatten() {
                let mut bytes = fs::read(file.path()).unwrap();
                let key = bytes.windows(CONTENT.len()).position(|window| window == CONTENT).unwrap() + CONTENT.len();
                let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_hexdigit);
                let hash = key + bytes[key..].windows(HEXADECIMAL_DIGITS).position(digits).unwrap();
                bytes[hash..hash + HEXADECIMAL_DIGITS].fill(b'0');
                files.insert(file.path().strip_prefix(&lake).unwrap().to_owned(), bytes);
            }
        }
    }
    files
}

/// Reads the same data in both layouts and expects the same lake; gives the receipt of the supplier's.
fn expect_same_bytes(name: &str, files: &[(&str, (String, String))], supplier: Option<&str>, further: &[&str]) -> Receipt {
    let folder = scratch(name);
    let batches = ["ours", "theirs"].map(|side| folder.join(format!("batch-{side}")));
    // The files are called the same on both sides, because the lake says from which file a row is.
    let ours: Vec<(&str, &str)> = files.iter().map(|(name, (ours, _))| (*name, ours.as_str())).collect();
    let theirs: Vec<(&str, &str)> = files.iter().map(|(name, (_, theirs))| (*name, theirs.as_str())).collect();
    deliver(&folder.join("ours"), &ours, None);
    deliver(&folder.join("theirs"), &theirs, supplier);
    ingest(&folder.join("ours"), &batches[0], &[]).expect_code(0);
    ingest(&folder.join("theirs"), &batches[1], further).expect_code(0);
    let (normal, _) = receipt(&batches[0]);
    assert_eq!(normal.mapping, None);
    let (mapped, findings) = receipt(&batches[1]);
    assert!(normal.tables.iter().all(|table| table.rows > 0 && table.rows == table.used && table.emptied == 0), "{:#?}", normal.tables);
    // The headers differ, and nothing else.
    let counts = |receipt: &Receipt| receipt.tables.iter().cloned().map(|table| TableCount { columns: Vec::new(), ..table }).collect::<Vec<_>>();
    assert_eq!(counts(&mapped), counts(&normal), "{findings:#?}");
    let told = |receipt: &Receipt| receipt.findings.keys().filter(|code| !code.starts_with('N')).cloned().collect::<Vec<_>>();
    assert_eq!(told(&mapped), told(&normal));
    let (ours, theirs) = (published(&batches[0]), published(&batches[1]));
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    assert!(ours.len() >= normal.tables.len());
    for (file, bytes) in &ours {
        assert!(theirs[file] == *bytes, "{} is not the same", file.display());
    }
    mapped
}

#[test]
fn an_english_export_gives_the_same_bytes_as_the_pipelines_own_layout() {
    let receipt = expect_same_bytes("mapping-english", &example_records(), Some("example  RECORDS"), &[]);
    assert_eq!(receipt.mapping.as_deref(), Some("example-records"));
    assert_eq!(receipt.tables.len(), 4);
    let said = receipt.normalised.join("\n");
    for expected in [
        "gelezen volgens de indeling example-records",
        "kolom Started: 60x mm/dd/jjjj",
        "kolom Hours face to face: 120x decimale punt, uren omgerekend naar minuten",
    ] {
        assert!(said.contains(expected), "{expected} is not said:\n{said}");
    }
}

/// A Dutch supplier that delivers two tables in its own layout and the others in that of the pipeline, chosen by the flag.
#[test]
fn a_flag_chooses_the_mapping_of_an_inbox_without_manifests() {
    let trajectories = [
        column("traject_id", "beh_nr", trajectory),
        column("client_id", "pat_nr", |row| same(format!("C{:03}", row % 45))),
        column("startdatum", "dat_van", |row| pointed(row, 2)),
        column("einddatum", "dat_tot", |row| closed(row, pointed(row * 5, 9))),
        column("eindreden", "afsl_cd", |row| {
            // 0 is this supplier's word for no reason.
            if row % 9 == 8 { pick(0, &[("", "0")]) } else { pick(row, &[("afgerond", "1"), ("voortijdig_client", "2"), ("overig", "9")]) }
        }),
        column("stelsel", "bekost_cd", |row| pick(row, &[("ZPM", "Z"), ("GBGGZ", "G")])),
        column("zorgvraagtype", "zvt_cd", |row| pick(row, &[("1", "2"), ("2", "3"), ("3", "4")])),
        column("geboortejaar", "geb_jr", |row| same((1950 + row % 40).to_string())),
        column("geslacht", "gesl_cd", |row| pick(row, &[("m", "1"), ("v", "2"), ("onbekend", "9")])),
    ];
    let sessions = [
        column("traject_id", "beh_nr", trajectory),
        column("datum", "dat_afspr", |row| pointed(row, 3 + row / TRAJECTORIES)),
        column("minuten_direct", "sec_direct", |row| ((5 + row * 7).to_string(), ((5 + row * 7) * 60).to_string())),
        column("vorm", "srt_cd", |row| pick(row, &[("f2f", "10"), ("beeld", "20"), ("telefoon", "30")])),
    ];
    let [_, _, _, (_, (rom, _))] = example_records();
    let files = [
        ("export_afspraken", table(&sessions, 2 * TRAJECTORIES)),
        ("export_behandelingen", table(&trajectories, TRAJECTORIES)),
        ("rom", same(rom)),
    ];
    let file = "pipelines/kibg/mappings/voorbeeld-epd.toml";
    let receipt = expect_same_bytes("mapping-flag", &files, None, &["--mapping", file]);
    assert_eq!(receipt.mapping.as_deref(), Some("voorbeeld-epd"));
    // The same inbox without the flag is in a layout that nobody declared.
    let folder = scratch("mapping-flag");
    ingest(&folder.join("theirs"), &folder.join("batch-undeclared"), &[]).expect_code(10);
    // The flag overrules the supplier that a manifest names.
    deliver(&folder.join("theirs"), &[], Some("Example Records"));
    ingest(&folder.join("theirs"), &folder.join("batch-overruled"), &["--mapping", file]).expect_code(0);
    let missing = ingest(&folder.join("theirs"), &folder.join("batch-missing"), &["--mapping", "no-such.toml"]).expect_code(2);
    assert!(missing.stderr.contains("there is no mapping no-such.toml"), "{}", missing.stderr);
}

/// The n-th row of a text, its header being row 1, with one cell replaced.
fn spoil(text: &mut String, row: usize, header: &str, cell: &str) {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let place = lines[0].split(',').position(|name| name == header).unwrap();
    let mut cells: Vec<&str> = lines[row - 1].split(',').collect();
    cells[place] = cell;
    lines[row - 1] = cells.join(",");
    *text = lines.join("\n") + "\n";
}

#[test]
fn findings_speak_the_words_of_the_supplier() {
    let folder = scratch("mapping-findings");
    let mut files = example_records().map(|(name, (_, theirs))| (name, theirs));
    let episodes = &mut files[1].1;
    let spoiled = [
        (3, "Sex", "v", "E210", "F, M, U, X"),
        (4, "Reason ended", "Complete", "E210", "\"Completed\"?"),
        (5, "Started", "25/03/2025", "E201", "mm/dd/jjjj"),
        (6, "Hours face to face", "-1.5", "E302", "-1.5"),
        (7, "Hours other", "two", "E207", "een getal vanaf 0 (in uren)"),
    ];
    for (row, header, cell, _, _) in spoiled {
        spoil(episodes, row, header, cell);
    }
    let delivered = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    deliver(&folder.join("inbox"), &delivered, Some("Example Records"));
    ingest(&folder.join("inbox"), &folder.join("batch"), &[]).expect_code(0);
    let (receipt, found) = receipt(&folder.join("batch"));
    assert_eq!(receipt.verdict, Verdict::AcceptedWithRemarks);
    for (row, header, cell, code, words) in spoiled {
        let finding = found.iter().find(|finding| finding.file == "Episodes.csv" && finding.row == Some(row as u64)).unwrap_or_else(|| panic!("row {row}"));
        assert_eq!((finding.code.as_str(), finding.header.as_str(), finding.value.as_str()), (code, header, cell));
        assert!(finding.line().contains(words), "{words} is not said: {}", finding.line());
        assert!(!finding.line().contains("geslacht") && !finding.line().contains("voortijdig"), "{}", finding.line());
    }

    // What is missing is named as the supplier names it.
    files[1].1 = files[1].1.replacen("Patient", "Client", 1);
    let delivered = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    deliver(&folder.join("inbox-column"), &delivered, Some("Example Records"));
    ingest(&folder.join("inbox-column"), &folder.join("batch-column"), &[]).expect_code(10);
    let (receipt_of_column, found) = self::receipt(&folder.join("batch-column"));
    assert_eq!(receipt_of_column.refusal.unwrap().code, "E110");
    assert!(found.iter().any(|finding| finding.code == "E110" && finding.message.contains("\"Patient\"")), "{found:#?}");
    deliver(&folder.join("inbox-table"), &delivered[2..], Some("Example Records"));
    ingest(&folder.join("inbox-table"), &folder.join("batch-table"), &[]).expect_code(10);
    let (_, found) = self::receipt(&folder.join("batch-table"));
    assert!(found.iter().any(|finding| finding.code == "E013" && finding.message.contains("Episodes")), "{found:#?}");
}

#[test]
fn a_changed_mapping_reads_again_what_was_read_with_it() {
    let folder = scratch("mapping-changed");
    let pipeline = folder.join("pipelines/kibg");
    copy(&definitions().join("pipelines/kibg"), &pipeline);
    let files = example_records().map(|(name, (_, theirs))| (name, theirs));
    deliver(&folder.join("inbox"), &files.each_ref().map(|(name, text)| (*name, text.as_str())), Some("Example Records"));
    let (year, inbox, batch) = (pipeline.join("years/2025.toml"), folder.join("inbox"), folder.join("batch"));
    let run = || {
        let arguments = ["ingest", year.to_str().unwrap(), "--inbox", inbox.to_str().unwrap(), "--batch", batch.to_str().unwrap(), "--key", key().to_str().unwrap()];
        let answer = spiegel(&arguments).expect_code(0);
        (answer.stderr.contains("(1 unchanged"), receipt(&batch).0)
    };
    let (_, first) = run();
    let (unchanged, second) = run();
    assert!(unchanged && second == first);
    let file = pipeline.join("mappings/example-records.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\"Moved\" = \"overig\"", "\"Moved\" = \"administratief\"")).unwrap();
    let (unchanged, third) = run();
    assert!(!unchanged && third.definitions != first.definitions);
}

#[test]
fn a_wrong_mapping_file_is_told_with_every_mistake() {
    let folder = scratch("mapping-wrong");
    let file = folder.join("wrong.toml");
    fs::write(
        &file,
        "description = \"Een verzonnen EPD.\"\n[table.session.column]\ntrajectory_id = { header = \"A\" }\ndate = { header = \"B\", unit = \"hours\" }\n\
         direct_minutes = { header = \"C\", unit = \"percent\" }\nmode = { header = \"D\", codes = { x = \"fax\" } }\n[table.visit.column]\n",
    )
    .unwrap();
    let files = example_records().map(|(name, (_, theirs))| (name, theirs));
    deliver(&folder.join("inbox"), &files.each_ref().map(|(name, text)| (*name, text.as_str())), None);
    let answer = ingest(&folder.join("inbox"), &folder.join("batch"), &["--mapping", file.to_str().unwrap()]).expect_code(12);
    for mistake in [
        "wrong.toml",
        "table `visit`: the pipeline has no such table",
        "column `date`: `unit` belongs to numbers",
        "column `direct_minutes`: percent cannot become minutes",
        "code `x` means `fax`, which is none of f2f, beeld, telefoon, groep, ehealth",
    ] {
        assert!(answer.stderr.contains(mistake), "{mistake} is not said: {}", answer.stderr);
    }
}

#[test]
fn a_pipeline_lists_its_mappings() {
    let kibg = spiegel(&["pipeline", "check", "pipelines/kibg"]).expect_code(0).stdout;
    for file in fs::read_dir(definitions().join("pipelines/kibg/mappings")).unwrap().flatten() {
        let name = file.path().file_stem().unwrap().to_string_lossy().into_owned();
        assert!(kibg.contains(&format!("mapping {name}: bron_epd \"")), "{name}: {kibg}");
    }
    let nhs = spiegel(&["pipeline", "check", "pipelines/nhs-talking-therapies"]).expect_code(0).stdout;
    assert!(nhs.contains("mapping nhs-england: submissions that name no supplier with a mapping; tables provider_outcome"), "{nhs}");
}

/// The worked example of the documentation is the file that the tests use.
#[test]
fn the_documented_mapping_is_a_part_of_the_real_one() {
    let documented = fs::read_to_string(root().join("pipelines/README.md")).unwrap();
    let real = fs::read_to_string(root().join("pipelines/kibg/mappings/example-records.toml")).unwrap();
    let block = documented.split("```toml\n").find(|block| block.starts_with("description = \"Uitvoer van Example Records")).unwrap();
    let block = block.split("```").next().unwrap();
    for part in block.split("…\n") {
        assert!(real.contains(part.trim()), "{part}");
    }
}

/// The NHS pipeline has a layout of its own; that of the publisher is a mapping, and both give the same lake.
#[test]
fn the_publication_of_the_nhs_is_a_mapping_of_a_layout_of_our_own() {
    let folder = scratch("mapping-nhs");
    let published_text = fs::read_to_string(root().join("sample-data/nhs-talking-therapies/provider-year.csv")).unwrap();
    let (header, rows) = published_text.split_once('\n').unwrap();
    let own = header
        .replace("reporting_period", "verslagjaar").replace("org_code", "aanbieder").replace("start_date", "eerste_dag").replace("end_date", "laatste_dag")
        .replace("count_referrals_received", "verwijzingen").replace("count_finished_course_treatment", "afgerond")
        .replace("count_not_at_caseness", "onder_drempel").replace("count_at_caseness", "boven_drempel").replace("count_reliable_recovery", "betrouwbaar_hersteld")
        .replace("count_recovery", "hersteld").replace("count_improvement", "verbeterd").replace("count_deterioration", "verslechterd")
        .replace("count_no_reliable_change", "geen_betrouwbare_verandering").replace("percentage_recovery", "gepubliceerd_hersteld")
        .replace("percentage_improvement", "gepubliceerd_verbeterd").replace("percentage_reliable_recovery", "gepubliceerd_betrouwbaar_hersteld")
        .replace("percentage_deterioration", "gepubliceerd_verslechterd");
    // In our own layout what was not delivered is empty.
    let own = format!("{own}\n{}", rows.replace(",*", ","));
    let mapping = folder.join("own-layout.toml");
    fs::write(&mapping, "description = \"De indeling van de pijplijn zelf.\"\n").unwrap();
    let read = |name: &str, text: &str, further: &[&str]| {
        let (inbox, batch) = (folder.join(name), folder.join(format!("batch-{name}")));
        fs::create_dir_all(&inbox).unwrap();
        fs::write(inbox.join("provider-year.csv"), text).unwrap();
        let mut arguments = vec!["ingest", NHS_YEAR, "--inbox", inbox.to_str().unwrap(), "--batch", batch.to_str().unwrap()];
        arguments.extend(further);
        spiegel(&arguments).expect_code(0);
        (published(&batch), receipt(&batch).0.mapping)
    };
    let (theirs, mapped) = read("published", &published_text, &[]);
    let (ours, unmapped) = read("own", &own, &["--mapping", mapping.to_str().unwrap()]);
    assert_eq!((mapped.as_deref(), unmapped.as_deref()), (Some("nhs-england"), Some("own-layout")));
    assert!(theirs.len() >= 8 && theirs == ours, "the lakes differ");
}
