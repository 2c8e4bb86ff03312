//! The Keurmerk year through the command: broken deliveries, the register against the assessments, reports, themes, the website
//! text, and a new norm year without Rust.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use spiegel_model::{KeurmerkReport, Outcome, QualityNormSet, ReasonSpec, State};
use spiegel_query::{Entry, ProviderFacts, RegisterYear, Status, register};

use crate::command::{KIBG_YEAR, KIBG_YEAR_BEFORE, country, definitions, kibg, query, receipts, reports, root, scratch, spiegel};
use crate::pdf::{Pdf, text_of};
use crate::submissions::findings;

/// `expected.toml` of a case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    exit: i32,
    /// Code and provider of what the publisher reads in its controls.
    #[serde(default)]
    controls: Vec<String>,
    #[serde(default, rename = "finding")]
    findings: Vec<Found>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    code: String,
    #[serde(default)]
    file: String,
    #[serde(default)]
    row: Option<u64>,
    #[serde(default)]
    header: String,
}

/// A line of a CSV file of the publisher, by its separators.
fn cells(line: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(line.as_bytes());
    reader.records().next().map(|row| row.unwrap().iter().map(str::to_owned).collect()).unwrap_or_default()
}

fn keurmerk(year: &str, batch: &Path, more: &[&str]) -> crate::command::Answer {
    let mut arguments = vec!["keurmerk", year, "--batch", batch.to_str().unwrap()];
    arguments.extend(more);
    spiegel(&arguments)
}

/// Receipts of both deliveries of a batch.
fn both_receipts(batch: &Path) -> Vec<(PathBuf, spiegel_model::Receipt)> {
    let places = ["zelfevaluatie", "beoordeling"].map(|place| batch.join("keurmerk").join(place));
    places.iter().filter(|place| place.join("receipts").is_dir()).flat_map(|place| receipts(place)).collect()
}

#[test]
fn every_broken_delivery_gives_exactly_its_findings() {
    let folder = root().join("tests/bad-submissions/keurmerk");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    cases.sort();
    assert!(cases.len() >= 19);
    let mut wrong = Vec::new();
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let expected: Expected = toml::from_str(&fs::read_to_string(case.join("expected.toml")).unwrap()).unwrap();
        let batch = scratch(&format!("keurmerk-bad/{name}"));
        let answer = keurmerk(KIBG_YEAR, &batch, &["--inbox", case.join("inbox").to_str().unwrap()]);
        let mut found: Vec<Found> = Vec::new();
        for (folder, receipt) in both_receipts(&batch) {
            assert!(receipt.tables.iter().all(spiegel_model::TableCount::is_conserved), "{name}");
            found.extend(findings(&folder).into_iter().map(|one| Found { code: one.code, file: one.file, row: one.row, header: one.header }));
        }
        let controls = fs::read_to_string(batch.join("results/2025/keurmerk-controles.csv")).unwrap_or_default();
        let controls: Vec<String> = controls.lines().skip(1).map(|line| format!("{} {}", cells(line)[0], cells(line)[1])).collect();
        // Of a batch whose only self-evaluation is refused there is nothing to tell: that is wrong usage for the verb.
        let code = if expected.exit == 10 && answer.code == Some(2) { 10 } else { answer.code.unwrap() };
        if found != expected.findings || controls != expected.controls || code != expected.exit {
            wrong.push(format!("{name}: exit {:?}, {found:?}, {controls:?}\n{}", answer.code, answer.stderr));
        }
        // A refused text is nowhere, a used one beside its receipt only.
        for text in ["111222333", "12-03-1980"] {
            assert!(!holds(&batch, text), "{name} keeps what it refused");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every file below a folder, by relative path.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    crate::tree::tree(folder).into_keys().map(|name| (name.clone(), fs::read(folder.join(&name)).unwrap())).collect()
}

/// Whether a file below `folder` holds this text.
fn holds(folder: &Path, text: &str) -> bool {
    contents(folder).values().any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

/// The final Keurmerkrapportages of the shared batch with their PDFs, by provider.
fn made(batch: &Path, kind: &str) -> BTreeMap<String, (KeurmerkReport, PathBuf)> {
    let mut all = BTreeMap::new();
    for provider in fs::read_dir(batch.join("reports/2025")).unwrap().flatten() {
        let id = provider.file_name().to_string_lossy().into_owned();
        let file = provider.path().join(format!("keurmerkrapportage-2025-{id}-{kind}.json"));
        if let Ok(text) = fs::read_to_string(&file) {
            all.insert(id, (serde_json::from_str(&text).unwrap(), file.with_extension("pdf")));
        }
    }
    all
}

/// Outcomes of a provider's criteria as they stood before the deadline, from the publisher's own file.
fn assessed(day: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let text = fs::read_to_string(country().0.join("keurmerk/kibg/2025/beoordelingen.csv")).unwrap();
    let mut rows: Vec<Vec<String>> = text.lines().skip(1).map(cells).filter(|row| row[4].as_str() < day).collect();
    rows.sort_by(|one, other| one[4].cmp(&other[4]));
    let mut last: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for row in rows {
        last.entry(row[0].clone()).or_default().insert(row[1].clone(), row[2].clone());
    }
    last
}

#[test]
fn the_register_follows_from_the_assessments_and_holds_nothing_else() {
    let text = fs::read_to_string(kibg().join("results/2025/keurmerkregister.csv")).unwrap();
    assert_eq!(text.lines().next().unwrap(), "keurmerkjaar;agb;naam;status;sinds;reden");
    let decisions = fs::read_to_string(country().0.join("keurmerk/kibg/2025/besluiten.csv")).unwrap();
    let applied: BTreeSet<String> = decisions.lines().skip(1).map(cells).filter(|row| row[1] == "aangemeld").map(|row| row[0].clone()).collect();
    let withdrawn: BTreeSet<String> = decisions.lines().skip(1).map(cells).filter(|row| row[1] == "ingetrokken").map(|row| row[0].clone()).collect();
    let before = assessed("2025-04-01");
    let mut statuses = BTreeSet::new();
    let rows: Vec<Vec<String>> = text.lines().skip(1).map(cells).collect();
    assert_eq!(rows.iter().map(|row| row[1].clone()).collect::<BTreeSet<_>>(), applied);
    for row in rows {
        let outcomes = before.get(&row[1]).cloned().unwrap_or_default();
        let whole = outcomes.len() == 37 && outcomes.values().all(|outcome| outcome != "voldoet_niet");
        let expected = if whole && !withdrawn.contains(&row[1]) { "gekwalificeerd" } else { "ingetrokken" };
        assert_eq!(row[3], expected, "{}", row[1]);
        if !whole {
            assert_eq!((row[4].as_str(), row[5].as_str()), ("2025-04-01", "niet tijdig gekwalificeerd"));
        }
        statuses.insert(expected);
    }
    assert_eq!(statuses.len(), 2, "the sample shows both");
    assert!(fs::read(kibg().join("results/2025/keurmerkregister.parquet")).unwrap().starts_with(b"PAR1"));
}

#[test]
fn a_report_says_what_was_assessed_and_names_nobody_else() {
    let before = assessed("2025-04-01");
    let (last, first) = (made(kibg(), "definitief"), made(kibg(), "voorlopig"));
    assert!(last.len() >= 20 && first.keys().eq(last.keys()));
    let names: BTreeMap<&String, &String> = last.iter().map(|(id, (report, _))| (id, &report.provider.name)).collect();
    for (id, (report, pdf)) in &last {
        let outcomes = before.get(id).cloned().unwrap_or_default();
        let shown: usize = report.norms.iter().flat_map(|norm| &norm.criteria).filter(|one| one.outcome == Outcome::Met && !one.outcome_words.is_empty()).count();
        assert_eq!(shown, outcomes.values().filter(|outcome| *outcome == "voldoet").count(), "{id}");
        let text = text_of(pdf);
        for needed in [&report.lead, &report.norms[0].sentence, &report.next.title] {
            let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(squeezed(&text).contains(&squeezed(needed)), "{id}: {needed}");
        }
        assert!(text.contains("vertrouwelijk") && text.contains("(definitief)"));
        for (other, name) in names.iter().filter(|(other, _)| **other != id) {
            assert!(!text.contains(other.as_str()), "{id} names {other}");
            assert!(name.len() < 5 || report.provider.name.contains(name.as_str()) || !text.contains(name.as_str()), "{id} names {name}");
        }
        // A practice may be called what it likes.
        let own_words = text.replace(&report.provider.name, "");
        for wrong in ["NaN", "null", "None", "{year", "{data", "{criteria", "{norms", "{date", "{n}", "TODO", "\u{fffd}"] {
            assert!(!own_words.contains(wrong), "{id}: {wrong}");
        }
    }
    // Accessible and archival, like every document.
    let (_, pdf) = last.values().next().unwrap();
    let opened = Pdf::open(pdf);
    let metadata: String = opened.streams().iter().map(|stream| String::from_utf8_lossy(stream).into_owned()).filter(|text| text.contains("pdfuaid")).collect();
    assert!(metadata.contains("<pdfuaid:part>1<") && metadata.contains("<pdfaid:part>3<"), "{metadata}");
    // What a provisional report says to mend is what the first round refused.
    let first_round = assessed("2025-02-21");
    for (id, (report, _)) in &first {
        let refused: BTreeSet<&String> = first_round.get(id).into_iter().flatten().filter(|(_, outcome)| *outcome == "voldoet_niet").map(|(criterion, _)| criterion).collect();
        let told = report.next.bullets.join(" ");
        assert!(refused.iter().all(|criterion| told.contains(criterion.as_str())), "{id}: {told}");
    }
}

#[test]
fn the_mirror_report_and_the_keurmerk_report_draw_on_the_same_results() {
    let last = made(kibg(), "definitief");
    let mut blocks = 0;
    for report in reports(kibg(), "2025") {
        let Some(block) = report.report.norms.as_ref().and_then(|page| page.keurmerk.as_ref()) else { continue };
        let (own, _) = &last[&report.provider];
        assert_eq!(block.table.rows, own.summary.rows);
        blocks += 1;
        for row in block.colleagues.iter().flat_map(|table| &table.table.rows) {
            for number in &row[1..] {
                assert!(number == "minder dan 5" || number.parse::<u32>().unwrap() >= 5, "{number}");
            }
        }
    }
    assert!(blocks > 5, "{blocks}");
}

#[test]
fn what_providers_write_is_beside_their_receipt_and_on_the_agenda_only() {
    let inbox = country().0.join("keurmerk");
    let texts: Vec<String> = contents(&inbox)
        .iter()
        .filter(|(name, _)| name.contains("_2025_") && name.ends_with("leerthemas.csv"))
        .flat_map(|(_, bytes)| String::from_utf8(bytes.clone()).unwrap().lines().skip(1).filter_map(|line| cells(line).get(2).cloned()).collect::<Vec<_>>())
        .filter(|text| !text.is_empty())
        .collect();
    assert!(texts.len() > 10);
    let own = ["Wij bespreken dit bij de intake", "halverwege"];
    for (name, bytes) in contents(kibg()) {
        if name.starts_with("keurmerk/zelfevaluatie/receipts") || name.ends_with("agenda-norm-3.xlsx") || name.ends_with(".pdf") {
            continue;
        }
        for text in texts.iter().map(String::as_str).chain(own) {
            assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{name} holds what a provider wrote");
        }
    }
    for (_, pdf) in made(kibg(), "definitief").values() {
        let text = text_of(pdf).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(texts.iter().all(|question| !text.contains(question.as_str())));
    }
    let agenda = fs::read(kibg().join("results/2025/agenda-norm-3.xlsx")).unwrap();
    assert!(agenda.starts_with(b"PK"));
}

/// A batch of its own with results of 2024, so that there are marks for websites.
#[test]
fn the_website_text_needs_ten_clients_and_is_the_own_value_and_what_was_said_is_never_changed() {
    let batch = scratch("keurmerk-own");
    crate::tree::copy(kibg(), &batch);
    spiegel(&["benchmark", KIBG_YEAR_BEFORE, "--batch", batch.to_str().unwrap()]).expect_code(0);
    let again = keurmerk(KIBG_YEAR, &batch, &[]).expect_code(0);
    assert!(again.stderr.contains(" made"), "{}", again.stderr);
    let marks: BTreeMap<String, (u64, f64)> = query(&batch, "kibg", "SELECT provider_id, n, value FROM positions_2024 WHERE indicator = 'rapportcijfer' AND value IS NOT NULL")
        .into_iter()
        .map(|row| (row["provider_id"].clone(), (row["n"].parse().unwrap(), row["value"].parse().unwrap())))
        .collect();
    let (mut with, mut without) = (0, 0);
    for (id, (report, pdf)) in made(&batch, "definitief") {
        let svg = pdf.parent().unwrap().join(format!("rapportcijfer-2024-{id}.svg"));
        let enough = marks.get(&id).is_some_and(|(n, _)| *n >= 10);
        assert_eq!(report.website_figure.is_some(), enough, "{id}");
        assert_eq!(svg.is_file(), enough, "{id}");
        let Some(figure) = report.website_figure else {
            without += 1;
            continue;
        };
        with += 1;
        assert!((figure.value - marks[&id].1).abs() < 1e-12 && figure.lower <= figure.value && figure.value <= figure.upper);
        let drawn = fs::read_to_string(svg).unwrap();
        for part in ["<title", "<desc", "role=\"img\"", figure.value_words.as_str()] {
            assert!(drawn.contains(part), "{part}");
        }
        assert!(figure.sentence.contains("2024") && figure.sentence.contains(&figure.value_words));
    }
    assert!(with > 3 && without > 0, "{with} {without}");
    // Once more: everything is there.
    let before = crate::tree::tree(&batch);
    assert!(keurmerk(KIBG_YEAR, &batch, &[]).expect_code(0).stderr.contains("0 made"));
    crate::tree::assert_same(&before, &crate::tree::tree(&batch), "a second run");
    // A verdict that was read may not change; a later one may stand beside it.
    let inbox = scratch("keurmerk-changed");
    crate::tree::copy(&country().0.join("keurmerk"), &inbox);
    let file = inbox.join("kibg/2025/beoordelingen.csv");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen(";voldoet;1;", ";voldoet_niet;1;", 1)).unwrap();
    let answer = keurmerk(KIBG_YEAR, &batch, &["--inbox", inbox.to_str().unwrap()]).expect_code(10);
    assert!(answer.stderr.contains("E347, 1 that were read before"), "{}", answer.stderr);
    let register = |folder: &Path| fs::read(folder.join("results/2025/keurmerkregister.csv")).unwrap();
    assert_eq!(register(&batch), register(kibg()), "nothing is made of it");
    fs::write(&file, text.clone() + &format!("{};1.1;voldoet;3;2025-05-01;\n", cells(text.lines().nth(1).unwrap())[0])).unwrap();
    keurmerk(KIBG_YEAR, &batch, &["--inbox", inbox.to_str().unwrap()]).expect_code(0);
    let controls = fs::read_to_string(batch.join("results/2025/keurmerk-controles.csv")).unwrap();
    assert!(controls.contains("W745;"), "{controls}");
}

#[test]
fn within_the_period_there_are_provisional_reports_and_aspirants_only() {
    let batch = scratch("keurmerk-provisional");
    let inbox = country().0.join("keurmerk");
    keurmerk(KIBG_YEAR, &batch, &["--inbox", inbox.to_str().unwrap(), "--on", "2025-02-20"]).expect_code(0);
    assert!(made(&batch, "definitief").is_empty());
    assert!(made(&batch, "voorlopig").len() >= 20);
    let register = fs::read_to_string(batch.join("results/2025/keurmerkregister.csv")).unwrap();
    assert!(register.lines().skip(1).all(|line| ["aspirant", "gekwalificeerd"].contains(&cells(line)[3].as_str())), "{register}");
}

/// The workbook that small practices fill in, as it comes: its example is a self-evaluation without a finding.
#[test]
fn the_filled_example_of_the_workbook_is_accepted_whole() {
    let folder = scratch("keurmerk-template");
    spiegel(&["template", "--out", folder.to_str().unwrap()]).expect_code(0);
    assert!(folder.join("KIBG-zelfevaluatie-2025-sjabloon.xlsx").is_file());
    let inbox = folder.join("inbox");
    fs::create_dir_all(&inbox).unwrap();
    fs::copy(folder.join("KIBG-zelfevaluatie-2025-voorbeeld.xlsx"), inbox.join("ZELFEVALUATIE_94000101_2025_01.xlsx")).unwrap();
    let batch = folder.join("batch");
    keurmerk(KIBG_YEAR, &batch, &["--inbox", inbox.to_str().unwrap()]).expect_code(0);
    let all = both_receipts(&batch);
    let [(place, receipt)] = &all[..] else { panic!("{} receipts", all.len()) };
    let found: Vec<String> = findings(place).into_iter().map(|one| format!("{} {}", one.code, one.message)).collect();
    assert_eq!(receipt.verdict, spiegel_model::Verdict::Accepted, "{found:?}");
    assert_eq!(receipt.tables.iter().map(|table| table.used).sum::<u64>(), 37 + 2 + 2, "{found:?}");
}

/// A norm year is two files: `norms/2026.toml` and `years/2026.toml`.
#[test]
fn a_norm_year_is_added_without_rust() {
    let pipeline = scratch("keurmerk-2026").join("pipelines/kibg");
    crate::tree::copy(&definitions().join("pipelines/kibg"), &pipeline);
    crate::tree::copy(&definitions().join("report-templates"), &scratch("keurmerk-2026").join("report-templates"));
    let norm = r#"norm_year = 2026
title = "Keurmerk 2026"

[[requirement]]
code = "A"
title = "Een nieuwe norm"
text = "Wat de norm vraagt."
promise = "Wat wij beloven."
lead = "dat u:"
document = "Normen 2026"
section = "norm A"

[[requirement.criterion]]
id = "A1"
text = "iets nieuws laat zien over {data_year}."
indicators = ["rapportcijfer"]

[[requirement.criterion]]
id = "A2"
text = "nog iets laat zien."
"#;
    fs::write(pipeline.join("norms/2026.toml"), norm).unwrap();
    let year = fs::read_to_string(pipeline.join("years/2025.toml")).unwrap();
    let year = year.replace("2025", "2026").replace("data_year = 2024", "data_year = 2025").replace("activity_year = 2024", "activity_year = 2025");
    let year = year.replace("norms = [\"2026\", \"2018\"]", "norms = [\"2018\"]");
    fs::write(pipeline.join("years/2026.toml"), year).unwrap();
    spiegel(&["pipeline", "check", pipeline.to_str().unwrap()]).expect_code(0);
    let inbox = scratch("keurmerk-2026").join("inbox");
    let own = inbox.join("ZELFEVALUATIE_94000101_2026_01");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("zelfevaluatie.csv"), "criterium;antwoord;toelichting;ingevuld_op\nA1;voldoet;;2026-01-20\nA2;licht_toe;Zo.;2026-01-20\n").unwrap();
    let publisher = inbox.join("kibg/2026");
    fs::create_dir_all(&publisher).unwrap();
    fs::write(publisher.join("besluiten.csv"), "agb;besluit;datum;reden\n94000101;aangemeld;2025-09-01;\n").unwrap();
    fs::write(publisher.join("beoordelingen.csv"), "agb;criterium;oordeel;ronde;datum;opmerking\n94000101;A1;voldoet;1;2026-02-02;\n94000101;A2;coulance;1;2026-02-02;Volgend jaar wel.\n").unwrap();
    let batch = scratch("keurmerk-2026").join("batch");
    let file = pipeline.join("years/2026.toml");
    keurmerk(file.to_str().unwrap(), &batch, &["--inbox", inbox.to_str().unwrap()]).expect_code(0);
    let text = fs::read_to_string(batch.join("reports/2026/94000101/keurmerkrapportage-2026-94000101-definitief.json")).unwrap();
    let report: KeurmerkReport = serde_json::from_str(&text).unwrap();
    assert_eq!(report.norms[0].criteria[0].text, "A1 iets nieuws laat zien over 2025.");
    assert_eq!(report.summary.rows, [["A Een nieuwe norm", "voldoet, met coulance", "1 van 2"]]);
    assert_eq!(report.norms[0].remarks, ["Bij A2: Volgend jaar wel."]);
    let register = fs::read_to_string(batch.join("results/2026/keurmerkregister.csv")).unwrap();
    assert!(register.contains(";gekwalificeerd;2026-02-02;alle criteria voldoende"), "{register}");
}

/// Splitmix: random histories that are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % sides
    }
}

const CRITERIA: [&str; 3] = ["1.1", "1.2", "1.3"];

fn edition() -> QualityNormSet {
    let criteria: String = CRITERIA.iter().map(|id| format!("[[requirement.criterion]]\nid = \"{id}\"\ntext = \"x\"\n")).collect();
    toml::from_str(&format!("norm_year = 2020\ntitle = \"x\"\n[[requirement]]\ncode = \"1\"\ntitle = \"x\"\ntext = \"x\"\npromise = \"x\"\nlead = \"x\"\ndocument = \"x\"\nsection = \"x\"\n{criteria}")).unwrap()
}

fn history(dice: &mut Dice, year: i32) -> ProviderFacts {
    let mut facts = ProviderFacts::default();
    let day = |dice: &mut Dice, first: u64, months: u64| format!("{year}-{:02}-{:02}", first + dice.roll(months), 1 + dice.roll(28)).parse().unwrap();
    if dice.roll(10) > 0 {
        let date = format!("{}-09-{:02}", year - 1, 1 + dice.roll(28)).parse().unwrap();
        facts.decisions.push(spiegel_model::Decision { date, kind: spiegel_model::DecisionKind::Applied, reason: String::new() });
    }
    for criterion in CRITERIA {
        for round in 0..dice.roll(4) {
            let outcome = [Outcome::Met, Outcome::Met, Outcome::Lenient, Outcome::NotMet][dice.roll(4) as usize];
            facts.states.push(State { criterion: criterion.to_owned(), date: day(dice, 1, 6), round: round as u8 + 1, outcome, remark: String::new() });
        }
    }
    if dice.roll(8) == 0 {
        let reason = if dice.roll(2) == 0 { "hard" } else { "zacht" };
        facts.decisions.push(spiegel_model::Decision { date: day(dice, 5, 8), kind: spiegel_model::DecisionKind::Withdrawn, reason: reason.to_owned() });
    }
    facts
}

/// Whether every criterion was shown before 1 April, counted again without the standing.
fn shown_in_time(facts: &ProviderFacts, year: i32) -> bool {
    let deadline = format!("{year}-04-01").parse().unwrap();
    CRITERIA.iter().all(|id| {
        let before = facts.states.iter().filter(|state| state.criterion == *id && state.date < deadline);
        before.max_by_key(|state| (state.date, state.round)).is_some_and(|state| state.outcome != Outcome::NotMet)
    })
}

#[test]
fn the_register_of_three_years_agrees_with_any_history() {
    let reason = |id: &str, requalify| ReasonSpec { id: id.to_owned(), title: id.to_owned(), requalify };
    let reasons = [reason("niet_tijdig", true), reason("hard", true), reason("zacht", false), reason("kwalificatie_loopt", false), reason("alle_criteria", false)];
    let edition = edition();
    let mut dice = Dice(7);
    let mut seen: BTreeSet<Status> = BTreeSet::new();
    for _ in 0..400 {
        let mut histories: Vec<(i32, BTreeMap<String, ProviderFacts>)> =
            (2023..=2025).map(|year| (year, (0..3).map(|id| (format!("p{id}"), history(&mut dice, year))).collect())).collect();
        let run = |histories: &[(i32, BTreeMap<String, ProviderFacts>)], on: &str| -> Vec<Entry> {
            let years: Vec<RegisterYear<'_>> = histories
                .iter()
                .map(|(year, providers)| RegisterYear { year: *year, deadline: format!("{year}-04-01").parse().unwrap(), edition: &edition, providers })
                .collect();
            register(&years, &reasons, on.parse().unwrap())
        };
        let entries = run(&histories, "2025-12-31");
        let keys: BTreeSet<(i32, &String)> = entries.iter().map(|entry| (entry.year, &entry.provider)).collect();
        assert_eq!(keys.len(), entries.len(), "one row for a provider and year");
        let mut out: BTreeSet<&String> = BTreeSet::new();
        for (year, providers) in &histories {
            for (id, facts) in providers {
                let entry = entries.iter().find(|entry| entry.year == *year && entry.provider == *id);
                assert_eq!(entry.is_some(), facts.applied().is_some());
                let Some(entry) = entry else { continue };
                seen.insert(entry.status);
                let decided = facts.decisions.iter().find(|decision| decision.kind == spiegel_model::DecisionKind::Withdrawn);
                let in_time = shown_in_time(facts, *year);
                let expected = match (in_time, decided, out.contains(id)) {
                    (false, _, _) | (true, Some(_), _) => Status::Withdrawn,
                    (true, None, true) => Status::Requalified,
                    (true, None, false) => Status::Qualified,
                };
                assert_eq!(entry.status, expected, "{year} {id}: {facts:?}");
                if entry.status == Status::Withdrawn {
                    let why = if in_time { decided.unwrap().reason.as_str() } else { "niet_tijdig" };
                    assert_eq!(entry.reason, why);
                    if why != "zacht" {
                        out.insert(id);
                    }
                } else {
                    out.remove(id);
                }
            }
        }
        // The past does not change: nothing that is said on a later day changes the register of an earlier one.
        let early = run(&histories, "2025-02-15");
        let cut: Vec<(i32, BTreeMap<String, ProviderFacts>)> = histories.iter().cloned().map(|(year, mut providers)| {
            for facts in providers.values_mut() {
                facts.states.retain(|state| state.date <= "2025-02-15".parse().unwrap());
                facts.decisions.retain(|decision| decision.date <= "2025-02-15".parse().unwrap());
            }
            (year, providers)
        }).collect();
        assert_eq!(early, run(&cut, "2025-02-15"));
        seen.extend(early.iter().map(|entry| entry.status));
        // A verdict on or after the deadline qualifies nobody, and the order of rows is nothing.
        for facts in histories.iter_mut().flat_map(|(_, providers)| providers.values_mut()) {
            facts.states.reverse();
        }
        for (year, providers) in &mut histories {
            for facts in providers.values_mut() {
                facts.states.push(State { criterion: "1.1".to_owned(), date: format!("{year}-04-01").parse().unwrap(), round: 9, outcome: Outcome::Met, remark: String::new() });
            }
        }
        assert_eq!(entries, run(&histories, "2025-12-31"));
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
}
