//! The definitions of the pipelines: both are right, a wrong one is told with every mistake, and every example of a rule
//! is true.

use std::fs;
use std::path::{Path, PathBuf};

use spiegel_model::{Rule, RuleSet};

use crate::command::{KIBG_YEAR, definitions, key, kibg, receipts, reports, root, scratch, spiegel};
use crate::tree::{assert_same, copy, tree};

/// Both pipelines.
const PIPELINES: [&str; 2] = ["kibg", "nhs-talking-therapies"];
/// Rows that break nothing, so that one wrong row does not make a table untrustworthy (E511).
const GOOD_ROWS: usize = 60;

fn rules(pipeline: &str) -> RuleSet {
    spiegel_ingest::load_rules(&definitions().join("pipelines").join(pipeline)).unwrap()
}

#[test]
fn both_pipelines_pass_their_check_with_all_cases() {
    for pipeline in PIPELINES {
        let folder = format!("pipelines/{pipeline}");
        let answer = spiegel(&["pipeline", "check", &folder]).expect_code(0);
        let indicators = fs::read_dir(definitions().join(&folder).join("indicators")).unwrap().count();
        assert!(answer.stdout.contains(&format!("{indicators} case files with")), "{}", answer.stdout);
    }
}

/// Each folder of `tests/bad-pipelines` lies over a copy of a pipeline: its files replace those of the same name, and
/// `expected.txt` has the words that must be said, a line each; `file:<text>` is the number of the first line with that text.
#[test]
fn a_wrong_pipeline_is_told_with_code_twelve() {
    let mut folders: Vec<PathBuf> = fs::read_dir(root().join("tests/bad-pipelines")).unwrap().flatten().map(|entry| entry.path()).collect();
    folders.sort();
    assert!(folders.len() >= 25, "{folders:?}");
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let pipeline = scratch("bad-pipelines").join(&name);
        copy(&definitions().join("pipelines/kibg"), &pipeline);
        apply(&folder, &pipeline);
        let answer = spiegel(&["pipeline", "check", pipeline.to_str().unwrap()]);
        assert_eq!(answer.code, Some(12), "{name}: {}{}", answer.stdout, answer.stderr);
        for line in fs::read_to_string(folder.join("expected.txt")).unwrap().lines() {
            let line = with_number(line, &pipeline);
            assert!(answer.stderr.contains(&line), "{name}: `{line}` is not said:\n{}", answer.stderr);
        }
    }
}

/// What must be said, with the number of a line in the place of its text.
fn with_number(expected: &str, pipeline: &Path) -> String {
    let Some((before, rest)) = expected.split_once('<') else { return expected.to_owned() };
    let (text, after) = rest.split_once('>').unwrap();
    let file = before.split([' ', '(', ',', ':']).rfind(|word| word.contains('.')).unwrap();
    let content = fs::read_to_string(pipeline.join(file)).unwrap();
    let number = 1 + content.lines().position(|line| line.contains(text)).unwrap_or_else(|| panic!("{file} has no {text}"));
    format!("{before}{number}{after}")
}

/// `replace.toml` says in which file which text becomes which.
fn apply(folder: &Path, pipeline: &Path) {
    let changes: toml::Table = toml::from_str(&fs::read_to_string(folder.join("replace.toml")).unwrap()).unwrap();
    for change in changes["change"].as_array().unwrap() {
        let word = |key: &str| change[key].as_str().unwrap();
        let file = pipeline.join(word("file"));
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(word("from")), "{} no longer has {}", file.display(), word("from"));
        fs::write(&file, text.replace(word("from"), word("to"))).unwrap();
    }
}

/// The blocks of code of a part of `pipelines/README.md`.
fn blocks(from: &str, to: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("pipelines/README.md")).unwrap();
    let part = text.split_once(from).unwrap().1.split_once(to).unwrap().0;
    part.split("```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap().1.to_owned()).collect()
}

/// The five steps of `pipelines/README.md` on a copy of the pipeline, with the files as they are printed there.
#[test]
fn an_analyst_adds_an_indicator_in_five_steps() {
    let pipeline = scratch("five-steps").join("pipelines/kibg");
    copy(&definitions().join("pipelines/kibg"), &pipeline);
    copy(&definitions().join("report-templates"), &scratch("five-steps").join("report-templates"));
    let at = pipeline.to_str().unwrap();
    let name = "groepsbehandeling";
    let before = fs::read_to_string(pipeline.join("pipeline.toml")).unwrap();
    // Make the folder.
    let new = ["new", "indicator", name, "--shown-with", "blended", "--title", "Behandeling in een groep", "--pipeline", at];
    let answer = spiegel(&new).expect_code(0);
    assert!(answer.stdout.contains(&format!("make test CASE={name}")), "{}", answer.stdout);
    let after = fs::read_to_string(pipeline.join("pipeline.toml")).unwrap();
    assert_eq!(after.replace(&format!("    \"{name}\",\n"), ""), before, "only the id is new");
    let taken = spiegel(&new).expect_code(12);
    assert!(taken.stderr.contains("there is an indicator `groepsbehandeling` already"), "{}", taken.stderr);
    // As it stands its SQL and cases are right, and nothing is wrong but what is not written.
    let answer = spiegel(&["pipeline", "check", at]).expect_code(12);
    let folder = format!("indicators/{name}/");
    for place in ["indicator.toml:5", "indicator.sql:1", "text.nl.md:2", "cases.slt:1"] {
        assert!(answer.stderr.contains(&format!("error: {folder}{place}: unfinished text: ")), "{place}: {}", answer.stderr);
    }
    let others: Vec<&str> = answer.stderr.lines().filter(|line| !line.contains("unfinished text: ")).collect();
    assert!(others.is_empty(), "{others:?}");
    // Fill in the four files.
    let files = blocks("### 2. Fill in the four files", "### 3. Check it");
    for (file, content) in ["indicator.toml", "indicator.sql", "text.nl.md", "cases.slt"].iter().zip(&files) {
        fs::write(pipeline.join(&folder).join(file), content).unwrap();
    }
    // Check it.
    let all = spiegel(&["pipeline", "check", at]).expect_code(0);
    assert!(all.stdout.contains("21 indicators"), "{}", all.stdout);
    // Look at the nation, without a trace in the batch.
    let batch = kibg();
    let was = tree(batch);
    let (provider, pdf) = (reports(batch, "2025")[0].provider.clone(), scratch("five-steps").join("page.pdf"));
    let preview = ["preview", "indicator", name, "--pipeline", at, "--batch", batch.to_str().unwrap()];
    let answer = spiegel(&[&preview[..], &["--provider", &provider, "--out", pdf.to_str().unwrap()]].concat()).expect_code(0);
    for line in ["providers", "units", "mean", "median provider", "middle half", "signal higher", "adjusters            none"] {
        assert!(answer.stdout.lines().any(|one| one.starts_with(line)), "{line}:\n{}", answer.stdout);
    }
    assert!(fs::read(&pdf).unwrap().starts_with(b"%PDF"));
    assert_eq!(spiegel(&preview).expect_code(0).stdout, answer.stdout, "the same again");
    let inside = batch.join("page.pdf");
    spiegel(&[&preview[..], &["--provider", &provider, "--out", inside.to_str().unwrap()]].concat()).expect_code(2);
    assert_same(&was, &tree(batch), "a preview writes nothing into the batch");
    let answer = spiegel(&["preview", "indicator", name, "--pipeline", at, "--cases"]).expect_code(0);
    assert!(answer.stdout.contains("94000001              2  0.5"), "{}", answer.stdout);
    // Run its cases; a spoiled condition is noticed.
    let one = ["pipeline", "check", at, "--indicator", name];
    let answer = spiegel(&one).expect_code(0);
    assert!(answer.stdout.contains("1 case files with 2 answers"), "{}", answer.stdout);
    let answers = 1 + files[3].lines().position(|line| line.starts_with("94000001    | 2 ")).unwrap();
    for condition in ["    AND end_date IS NOT NULL\n", "    AND close_reason <> 'administratief'\n", "year = $year\n    AND "] {
        assert!(files[1].contains(condition), "{condition}");
        fs::write(pipeline.join(&folder).join("indicator.sql"), files[1].replace(condition, "")).unwrap();
        let answer = spiegel(&one).expect_code(12);
        assert!(answer.stderr.contains(&format!("{folder}cases.slt:{answers}: 94000001: `n` expected 2, got 3")), "{condition}: {}", answer.stderr);
    }
}

/// A new indicator of either kind runs and has right answers as it stands; other names are refused.
#[test]
fn a_new_indicator_runs_as_it_stands() {
    let pipeline = scratch("new-indicator").join("kibg");
    copy(&definitions().join("pipelines/kibg"), &pipeline);
    let at = pipeline.to_str().unwrap();
    spiegel(&["new", "indicator", "gemiddelde", "--kind", "mean", "--shown-with", "wachttijd", "--pipeline", at]).expect_code(0);
    let answer = spiegel(&["pipeline", "check", at, "--indicator", "gemiddelde"]).expect_code(12);
    assert!(answer.stderr.lines().all(|line| line.contains("unfinished text: ")), "{}", answer.stderr);
    for name in ["Groep", "groep_x", "", "-x", "x--y", "2x", "../x"] {
        let answer = spiegel(&["new", "indicator", "--pipeline", at, "--", name]).expect_code(12);
        assert!(answer.stderr.contains("is no name for an indicator"), "{name}: {}", answer.stderr);
    }
    let answer = spiegel(&["pipeline", "check", at, "--indicator", "niets"]).expect_code(2);
    assert!(answer.stderr.contains("there is no indicator niets"), "{}", answer.stderr);
}

/// A row of a table, by header.
type Cells = std::collections::BTreeMap<String, String>;

/// A usual row of a table, with some cells replaced.
fn row(table: &str, number: usize, cells: &Cells) -> (String, String) {
    let of_trajectory = [
        ("traject_id", format!("T{number:03}")),
        ("client_id", format!("C{number:03}")),
        ("startdatum", format!("2025-02-{:02}", number % 28 + 1)),
        ("einddatum", "2025-06-03".to_owned()),
        ("eindreden", "afgerond".to_owned()),
        ("stelsel", "ZPM".to_owned()),
        ("minuten_direct", format!("{}", 500 + number)),
        ("minuten_bron", "exact".to_owned()),
        ("geboortejaar", "1980".to_owned()),
        ("geslacht", "v".to_owned()),
    ];
    let of_measurement = [
        ("traject_id", format!("T{number:03}")),
        ("moment", "voor".to_owned()),
        ("datum", format!("2025-02-{:02}", number % 28 + 1)),
        ("instrument", "OQ45".to_owned()),
        ("schaal", "totaal".to_owned()),
        ("versie", String::new()),
        ("score", format!("{}", 60 + number)),
    ];
    let own = if table == "measurement" { &of_measurement[..] } else { &of_trajectory[..] };
    for head in cells.keys() {
        assert!(own.iter().any(|(name, _)| name == head), "add the column {head} to this row");
    }
    let heads: Vec<&str> = own.iter().map(|(name, _)| *name).collect();
    let values: Vec<&str> = own.iter().map(|(name, value)| cells.get(*name).unwrap_or(value).as_str()).collect();
    (heads.join(";"), values.join(";"))
}

/// A delivery with one row of a table that is not usual.
fn deliver(inbox: &Path, agb: &str, table: &str, cells: &Cells) {
    let folder = inbox.join(format!("KIBG_{agb}_2025_01"));
    fs::create_dir_all(&folder).unwrap();
    let none = Cells::new();
    for (name, file) in [("trajectory", "trajecten.csv"), ("measurement", "rom.csv")] {
        if name != "trajectory" && name != table {
            continue;
        }
        let (heads, first) = row(name, 0, if name == table { cells } else { &none });
        let lines: Vec<String> = [heads, first].into_iter().chain((1..=GOOD_ROWS).map(|number| row(name, number, &none).1)).collect();
        fs::write(folder.join(file), lines.join("\n") + "\n").unwrap();
    }
}

/// Every example in `checks/rules.toml`: the bad row gives exactly this code, the good row none.
#[test]
fn every_example_of_a_rule_is_true() {
    let rules = rules("kibg");
    let examples: Vec<(&Rule, _)> = rules.rules.iter().flat_map(|rule| rule.examples.iter().map(move |example| (rule, example))).collect();
    assert!(examples.len() >= 6, "{}", examples.len());
    let with_check = rules.rules.iter().filter(|rule| rule.check.as_ref().is_some_and(|check| !check.is_of_column()));
    with_check.for_each(|rule| assert!(!rule.examples.is_empty(), "{} has no example", rule.code));
    let folder = scratch("rule-examples");
    let (inbox, batch) = (folder.join("inbox"), folder.join("batch"));
    for (number, (rule, example)) in examples.iter().enumerate() {
        deliver(&inbox, &format!("941{number:02}001"), &rule.table, &example.bad);
        deliver(&inbox, &format!("941{number:02}002"), &rule.table, &example.good);
    }
    spiegel(&[
        "ingest", KIBG_YEAR, "--inbox", inbox.to_str().unwrap(), "--batch", batch.to_str().unwrap(), "--key", key().to_str().unwrap(),
    ])
    .expect_code(0);
    let receipts = receipts(&batch);
    let codes = |agb: String| -> Vec<String> {
        let receipt = &receipts.iter().find(|(_, receipt)| receipt.provider_id == agb).unwrap().1;
        receipt.findings.keys().filter(|code| !code.starts_with('N')).cloned().collect()
    };
    for (number, (rule, _)) in examples.iter().enumerate() {
        assert_eq!(codes(format!("941{number:02}001")), std::slice::from_ref(&rule.code), "bad example {number} of {}", rule.code);
        assert!(codes(format!("941{number:02}002")).is_empty(), "good example {number} of {}", rule.code);
    }
}

/// A provider reads why a rule of this pipeline exists.
#[test]
fn every_rule_of_kibg_says_why() {
    let text = fs::read_to_string(definitions().join("pipelines/kibg/checks/rules.toml")).unwrap();
    let rules: RuleSet = toml::from_str(&text).unwrap();
    assert!(rules.rules.len() > 30);
    rules.rules.iter().for_each(|rule| assert!(!rule.why.trim().is_empty(), "{} does not say why", rule.code));
}

#[test]
fn explain_knows_every_code() {
    for pipeline in PIPELINES {
        let folder = format!("pipelines/{pipeline}");
        let rules = rules(pipeline);
        let list = spiegel(&["explain", "--pipeline", &folder]).expect_code(0).stdout;
        assert_eq!(list.lines().count(), rules.rules.len());
        for rule in &rules.rules {
            assert!(list.contains(&format!("{}  {}", rule.code, rule.title)), "{}", rule.code);
        }
        for rule in rules.rules.iter().step_by(9) {
            let page = spiegel(&["explain", &rule.code.to_lowercase(), "--pipeline", &folder]).expect_code(0).stdout;
            // Between the slots, which are told in words.
            for part in [&rule.title, &rule.message, &rule.remedy].into_iter().flat_map(|text| text.split(['{', '}']).step_by(2)) {
                assert!(page.contains(part), "{part} is missing:\n{page}");
            }
        }
    }
    let answer = spiegel(&["explain", "E999"]).expect_code(2);
    assert!(answer.stderr.contains("no rule E999"), "{}", answer.stderr);
}

#[test]
fn help_lists_the_exit_codes_and_usage_mistakes_end_with_two() {
    let help = spiegel(&["--help"]).expect_code(0).stdout;
    for code in ["   0  done", "   2  wrong usage", "  10  done, but", "  12  the definition", "  13  the lake", "  70  a bug"] {
        assert!(help.contains(code), "{code} is missing:\n{help}");
    }
    for verb in ["year", "ingest", "benchmark", "report", "keurmerk", "sample", "status", "query", "check", "explain", "template", "trace", "completions", "man", "pipeline", "new", "preview", "key"] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(verb)), "{verb}");
        let own = spiegel(&[verb, "--help"]).expect_code(0).stdout;
        assert!(["completions", "pipeline", "new", "preview"].contains(&verb) || own.contains("Exit codes: 0 "), "{verb}:\n{own}");
    }
    spiegel(&["spieg"]).expect_code(2);
    spiegel::<&str>(&[]).expect_code(2);
    spiegel(&["status", "--batch", scratch("no-batch").to_str().unwrap()]).expect_code(2);
}
