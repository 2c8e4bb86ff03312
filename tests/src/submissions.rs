//! Broken submissions: each is refused or quarantined with a Dutch message that names file, row, column, rule and remedy;
//! every other provider still gets its report; and no value of a client leaves the provider's own feedback.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use spiegel_model::{Finding, Receipt, RuleSet, Verdict};
use spiegel_sample::{Country, CountryOptions, Defect, Written};

use crate::command::{Answer, KIBG_YEAR, definitions, key, providers, receipts, scratch, spiegel};

/// Clean providers beside the eight broken ones.
const CLEAN_PROVIDERS: usize = 8;

/// A country with one provider for every defect, run once.
struct Dirty {
    inbox: PathBuf,
    batch: PathBuf,
    written: Written,
    answer: Answer,
}

fn dirty() -> &'static Dirty {
    static DIRTY: OnceLock<Dirty> = OnceLock::new();
    DIRTY.get_or_init(|| {
        let folder = scratch("dirty-country");
        let options = CountryOptions { providers: CLEAN_PROVIDERS, first_year: 2025, years: 1, seed: 11, dirty: true };
        let written = Country::new(options).write(&folder).unwrap();
        let (inbox, batch) = (folder.join("inbox"), scratch("dirty-batch"));
        let answer = run("year", &inbox, &batch);
        Dirty { inbox, batch, written, answer }
    })
}

/// The batch of the country with a provider for every defect.
pub(crate) fn dirty_batch() -> &'static Path {
    &dirty().batch
}

pub(crate) fn run(verb: &str, inbox: &Path, batch: &Path) -> Answer {
    run_year(verb, KIBG_YEAR, inbox, batch)
}

pub(crate) fn run_year(verb: &str, year: &str, inbox: &Path, batch: &Path) -> Answer {
    spiegel(&[
        verb, year, "--inbox", inbox.to_str().unwrap(), "--batch", batch.to_str().unwrap(), "--key", key().to_str().unwrap(),
    ])
}

/// Reads an inbox without making pages: what is found is the same, and it takes a tenth of the time.
pub(crate) fn read_only(year: &str, inbox: &Path, batch: &Path) -> Answer {
    spiegel(&[
        "ingest", year, "--inbox", inbox.to_str().unwrap(), "--batch", batch.to_str().unwrap(), "--key", key().to_str().unwrap(), "--no-feedback",
    ])
}

pub(crate) fn findings(folder: &Path) -> Vec<Finding> {
    let text = fs::read_to_string(folder.join("bevindingen.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn rules() -> RuleSet {
    spiegel_ingest::load_rules(&definitions().join("pipelines/kibg")).unwrap()
}

/// Receipt and findings of a provider.
fn of_provider(batch: &Path, agb: &str) -> (Receipt, Vec<Finding>) {
    let (folder, receipt) = receipts(batch).into_iter().find(|(_, receipt)| receipt.provider_id == agb).unwrap();
    let findings = findings(&folder);
    (receipt, findings)
}

/// Rows of a delivered table, the header being row 1.
fn delivered(inbox: &Path, agb: &str, table: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(inbox.join(format!("KIBG_{agb}_2025_01/{table}.csv"))).unwrap();
    text.lines().map(|line| line.split(';').map(str::to_owned).collect()).collect()
}

/// Where the sample spoiled a submission: table, rows and column as a person finds them in the file.
fn spoiled(inbox: &Path, agb: &str, defect: Defect) -> (&'static str, Vec<u64>, &'static str) {
    if defect == Defect::OrphanSession {
        return ("sessies", vec![delivered(inbox, agb, "sessies").len() as u64], "traject_id");
    }
    let rows = delivered(inbox, agb, "trajecten");
    let column = |name: &str| rows[0].iter().position(|head| head == name).unwrap();
    let (start, end) = (column("startdatum"), column("einddatum"));
    let wrong = |row: &Vec<String>| match defect {
        Defect::EndBeforeStart => !row[end].is_empty() && row[end] < row[start],
        Defect::UnknownCodes => row[column("eindreden")] == "77" || row[column("geslacht")] == "X9",
        Defect::TooManyFields => row.len() > rows[0].len(),
        Defect::ImpossibleDate => row[start].ends_with("-02-31"),
        Defect::DuplicateTrajectory => rows.iter().filter(|other| other[0] == row[0]).count() > 1,
        _ => false,
    };
    let at = (1..).zip(&rows).skip(1).filter(|(_, row)| wrong(row)).map(|(at, _)| at).collect();
    let name = match defect {
        Defect::EndBeforeStart => "einddatum",
        Defect::ImpossibleDate => "startdatum",
        Defect::DuplicateTrajectory => "traject_id",
        _ => "",
    };
    ("trajecten", at, name)
}

#[test]
fn a_batch_with_broken_submissions_ends_with_code_ten_and_all_other_reports() {
    let dirty = dirty();
    assert_eq!(dirty.answer.code, Some(10), "{}", dirty.answer.stderr);
    assert_eq!(dirty.written.defects.len(), Defect::ALL.len());
    let states: BTreeMap<_, _> = providers(&dirty.batch, "2025").into_iter().collect();
    let broken: BTreeSet<&str> = dirty.written.defects.iter().map(|one| one.agb.as_str()).collect();
    let clean: Vec<_> = states.iter().filter(|(agb, _)| !broken.contains(agb.as_str())).collect();
    assert_eq!(clean.len(), CLEAN_PROVIDERS);
    for (agb, state) in &states {
        let said = &state["report"]["state"];
        assert_eq!(said, "made", "{agb}");
    }
    assert!(clean.iter().any(|(_, state)| state["under_minimum"].is_null()), "some clean provider is large enough for a report");
    for one in &dirty.written.defects {
        let is_refused = [Defect::TruncatedZip, Defect::MissingStartColumn].contains(&one.defect);
        assert_eq!(states.contains_key(&one.agb), !is_refused, "{:?}", one.defect);
    }
}

#[test]
fn each_defect_has_its_code_place_message_and_remedy() {
    let dirty = dirty();
    let rules = rules();
    let expected = [
        (Defect::TruncatedZip, "E006", Verdict::Refused),
        (Defect::MissingStartColumn, "E110", Verdict::Refused),
        (Defect::EndBeforeStart, "E301", Verdict::AcceptedWithRemarks),
        (Defect::UnknownCodes, "E210", Verdict::AcceptedWithRemarks),
        (Defect::TooManyFields, "E114", Verdict::AcceptedWithRemarks),
        (Defect::ImpossibleDate, "E201", Verdict::AcceptedWithRemarks),
        (Defect::DuplicateTrajectory, "E401", Verdict::AcceptedWithRemarks),
        (Defect::OrphanSession, "E402", Verdict::AcceptedWithRemarks),
    ];
    for (defect, code, verdict) in expected {
        let agb = &dirty.written.defects.iter().find(|one| one.defect == defect).unwrap().agb;
        let (receipt, findings) = of_provider(&dirty.batch, agb);
        assert_eq!(receipt.verdict, verdict, "{defect:?} {findings:?}");
        let rule = rules.rule(code).unwrap();
        let found: Vec<&Finding> = findings.iter().filter(|finding| finding.code == code).collect();
        assert!(!found.is_empty(), "{defect:?} without {code}: {findings:?}");
        for finding in &found {
            assert!(!finding.file.is_empty() && !finding.message.is_empty() && !finding.remedy.is_empty(), "{finding:?}");
            assert!(!finding.message.contains('{') && !finding.remedy.contains('{'), "unfilled: {finding:?}");
            let said = finding.line();
            assert!(said.starts_with(code) && said.contains(&finding.file) && said.contains("Herstel: "), "{said}");
        }
        if verdict == Verdict::Refused {
            let refusal = receipt.refusal.as_ref().unwrap();
            assert_eq!((refusal.code.as_str(), &refusal.title), (code, &rule.title));
            assert!(receipt.tables.iter().all(|table| table.used == 0 && table.is_conserved()), "{receipt:?}");
            let name = format!("KIBG_{agb}_2025_01.zip");
            assert!(dirty.answer.stderr.contains(&format!("refused    {name}: {code}")), "{}", dirty.answer.stderr);
            continue;
        }
        let (table, rows, column) = spoiled(&dirty.inbox, agb, defect);
        let at: BTreeSet<u64> = found.iter().filter_map(|finding| finding.row).collect();
        assert!(!rows.is_empty() && at.is_subset(&rows.iter().copied().collect()), "{defect:?}: {at:?} of {rows:?}");
        if defect != Defect::DuplicateTrajectory {
            assert_eq!(at.len(), rows.len(), "{defect:?}: every wrong row is named");
        }
        for finding in &found {
            assert_eq!(finding.file, format!("{table}.csv"), "{defect:?}");
            assert!(finding.line().contains(" rij "), "{}", finding.line());
            if !column.is_empty() {
                assert_eq!(finding.header, column, "{defect:?}");
                assert!(finding.line().contains(&format!("kolom {} \"{column}\"", finding.column)), "{}", finding.line());
            }
        }
        assert!(receipt.tables.iter().all(spiegel_model::TableCount::is_conserved), "{receipt:?}");
        assert!(receipt.tables.iter().any(|table| table.quarantined + table.emptied > 0), "{defect:?}");
    }
}

/// Names and values of clients as they were delivered: ids, and the wrong values themselves.
fn client_values(inbox: &Path) -> BTreeSet<String> {
    let mut values: BTreeSet<String> = ["2025-02-31", "X9"].map(str::to_owned).into();
    for entry in fs::read_dir(inbox).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        let text = fs::read(entry.path().join("trajecten.csv")).unwrap();
        for line in String::from_utf8_lossy(&text).lines().skip(1) {
            let cells = line.split([';', ',']).take(2).map(|cell| cell.trim_matches('"').to_owned());
            values.extend(cells.filter(|cell| cell.len() >= 4 && cell.chars().any(|letter| letter.is_ascii_digit())));
        }
    }
    values
}

/// Whether a text has a value as a word of its own.
fn has_word(text: &str, value: &str) -> bool {
    text.match_indices(value).any(|(at, _)| {
        let is_part = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + value.len()..].chars().next())
    })
}

#[test]
fn no_value_of_a_client_is_told_outside_the_providers_own_feedback() {
    let dirty = dirty();
    let values = client_values(&dirty.inbox);
    assert!(values.len() > 100, "{}", values.len());
    let mut texts = vec![
        ("stderr".to_owned(), dirty.answer.stderr.clone()),
        ("stdout".to_owned(), dirty.answer.stdout.clone()),
        ("run.json".to_owned(), fs::read_to_string(dirty.batch.join("run.json")).unwrap()),
    ];
    for (folder, receipt) in receipts(&dirty.batch) {
        texts.push((format!("ontvangst.json of {}", receipt.submission), fs::read_to_string(folder.join("ontvangst.json")).unwrap()));
    }
    for made in crate::command::reports(&dirty.batch, "2025") {
        texts.push((format!("report.json of {}", made.provider), made.json));
    }
    for (name, text) in texts {
        // Not the value itself in the message: it is nobody's business here either.
        let told = values.iter().filter(|value| has_word(&text, value)).count();
        assert_eq!(told, 0, "{name} tells {told} values of clients");
    }
}

#[test]
fn a_citizen_service_number_is_refused_and_occurs_nowhere() {
    let folder = scratch("canary");
    let (inbox, batch) = (folder.join("inbox"), folder.join("batch"));
    // Invented numbers that pass the eleven-test, in a column of their own and hidden in another.
    let numbers = ["123456782", "111222333", "999990019", "314159266", "271828188", "161803393"];
    let numbers: Vec<String> = numbers.iter().map(|number| passing(number)).collect();
    for (agb, header) in [("94000001", "bsn"), ("94000002", "opmerking")] {
        let mut text = format!("traject_id;client_id;startdatum;einddatum;eindreden;stelsel;minuten_direct;minuten_bron;geboortejaar;geslacht;{header}\n");
        for (at, number) in numbers.iter().enumerate() {
            text.push_str(&format!("KANARIE-T{at};KANARIE-C{at};2025-01-07;2025-05-06;afgerond;ZPM;540;exact;1980;v;{number}\n"));
        }
        deliver(&inbox, agb, &[("trajecten.csv", &text)]);
    }
    let answer = run("ingest", &inbox, &batch).expect_code(10);
    for (agb, code) in [("94000001", "E601"), ("94000002", "E602")] {
        let (receipt, findings) = of_provider(&batch, agb);
        assert_eq!(receipt.verdict, Verdict::Refused);
        assert_eq!(receipt.refusal.as_ref().unwrap().code, code);
        assert!(findings.iter().all(|finding| finding.code.starts_with("E60")), "{findings:?}");
        assert!(findings[0].remedy.contains("vernietig dit bestand"), "{findings:?}");
    }
    let mut secrets: Vec<Vec<u8>> = numbers.into_iter().map(String::into_bytes).collect();
    secrets.push(b"KANARIE".to_vec());
    let mut outputs = vec![("stderr".to_owned(), answer.stderr.into_bytes()), ("stdout".to_owned(), answer.stdout.into_bytes())];
    read_all(&batch, &mut outputs);
    assert!(outputs.len() > 6, "the receipts are there");
    for (name, bytes) in outputs {
        for secret in &secrets {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{name} has a value of the refused submission");
        }
    }
}

/// Cells of the fixture's tables that could be anybody's: not the words and numbers that every submission has.
fn telling_cells(fixture: &Path, headers: Option<&BTreeSet<String>>) -> BTreeSet<String> {
    let mut cells = BTreeSet::new();
    for file in fs::read_dir(fixture).unwrap().flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|extension| extension == "csv")) {
        let text = fs::read_to_string(file).unwrap();
        let heads: Vec<&str> = text.lines().next().unwrap().split(';').collect();
        for line in text.lines().skip(1) {
            let named = heads.iter().zip(line.split(';')).filter(|(head, _)| headers.is_none_or(|headers| headers.contains(**head)));
            cells.extend(named.map(|(_, cell)| cell.to_owned()));
        }
    }
    // A code word says nothing, and four digits may stand in any hash.
    cells.retain(|cell| cell.len() >= 4 && !cell.chars().all(char::is_alphabetic) && (cell.len() >= 8 || !cell.chars().all(|letter| letter.is_ascii_hexdigit())));
    cells
}

/// Every fixture of 3.6: a refused one leaves no cell in any byte that is written or said; of an accepted one, nothing of the
/// column or the name of the file that was found.
#[test]
fn no_personal_data_of_any_fixture_occur_in_any_output() {
    let mut codes = BTreeSet::new();
    for fixture in fs::read_dir(crate::command::root().join("tests/bad-submissions")).unwrap().flatten().map(|entry| entry.path()) {
        let name = fixture.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("E60") && !name.starts_with("W740") || fixture.join("inbox").is_dir() || !fixture.join("expected.toml").is_file() {
            continue;
        }
        if fs::read_dir(&fixture).unwrap().flatten().all(|entry| entry.path().extension().is_none_or(|extension| extension != "csv")) {
            continue;
        }
        let expected: toml::Table = toml::from_str(&fs::read_to_string(fixture.join("expected.toml")).unwrap()).unwrap();
        let is_refused = expected["verdict"].as_str() == Some(Verdict::Refused.dutch());
        let found: Vec<&toml::Table> = expected["finding"].as_array().unwrap().iter().filter_map(|finding| finding.as_table()).collect();
        let headers: BTreeSet<String> = found.iter().filter_map(|finding| finding.get("header")).map(|header| header.as_str().unwrap().to_owned()).collect();
        let mut secrets = telling_cells(&fixture, (!is_refused).then_some(&headers));
        let in_names = ["Zandloper", "14-02-1980"];
        secrets.extend(in_names.map(str::to_owned));
        codes.insert(name.split('-').next().unwrap().to_owned());

        let folder = scratch(&format!("canaries/{name}"));
        let (inbox, batch) = (folder.join("inbox"), folder.join("batch"));
        crate::tree::copy(&fixture, &inbox.join("KIBG_94000101_2025_01"));
        fs::remove_file(inbox.join("KIBG_94000101_2025_01/expected.toml")).unwrap();
        let answer = run("ingest", &inbox, &batch).expect_code(if is_refused { 10 } else { 0 });
        let mut outputs = vec![("stderr".to_owned(), answer.stderr.into_bytes()), ("stdout".to_owned(), answer.stdout.into_bytes())];
        read_all(&batch, &mut outputs);
        assert!(outputs.len() > 5, "{name}: the receipt is there");
        for (output, bytes) in outputs {
            let told = secrets.iter().filter(|secret| bytes.windows(secret.len()).any(|window| window == secret.as_bytes())).count();
            assert!(!in_names.iter().any(|secret| output.contains(secret)), "{name}: the name of an output tells");
            assert_eq!(told, 0, "{name}: {output} has {told} of {} values", secrets.len());
        }
        let parts = batch.join("lake/.parts/2025");
        assert_eq!(parts.is_dir() && fs::read_dir(&parts).unwrap().count() > 0, !is_refused, "{name}: a refused submission has no part");
    }
    let all: BTreeSet<String> = (601..=609).map(|code| format!("E{code}")).chain(["W740".to_owned()]).collect();
    assert_eq!(codes, all);
}

/// The number with its last digit replaced, so that it passes the eleven-test; or the next that can.
fn passing(number: &str) -> String {
    let mut number: u32 = number.parse().unwrap();
    loop {
        let digit = |place: u32| i64::from(number / 10u32.pow(place) % 10);
        let sum: i64 = (1..9).map(|place| digit(place) * i64::from(place + 1)).sum::<i64>() - digit(0);
        if sum % 11 == 0 {
            return number.to_string();
        }
        number += 1;
    }
}

fn deliver(inbox: &Path, agb: &str, files: &[(&str, &str)]) {
    let folder = inbox.join(format!("KIBG_{agb}_2025_01"));
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
}

fn read_all(folder: &Path, outputs: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            read_all(&entry.path(), outputs);
        } else {
            outputs.push((entry.path().display().to_string(), fs::read(entry.path()).unwrap()));
        }
    }
}
