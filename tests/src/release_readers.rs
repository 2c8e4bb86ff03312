//! A release as researchers meet it: other people's programs read it and agree, and `query` answers on it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::command::{Answer, KIBG_YEAR, answer, binary, root, rows, scratch, spiegel, spiegel_command};
use crate::release::{copy, country};

/// The lake of the large country, under a policy that withholds something of it; only looked at.
pub(crate) fn lake() -> &'static Path {
    static LAKE: OnceLock<PathBuf> = OnceLock::new();
    LAKE.get_or_init(|| {
        let (country, _alone) = country();
        let folder = scratch("release-readers");
        let lake = folder.join("lake");
        let pipeline = folder.join("pipelines/kibg");
        copy(&country.pipeline, &pipeline);
        let policy = pipeline.join("release/policy.toml");
        let text = fs::read_to_string(&policy).unwrap();
        fs::write(&policy, text.replace("aggregate_min_clients = 10", "aggregate_min_clients = 60")).unwrap();
        let paths = [folder.join(KIBG_YEAR), country.batch.clone(), lake.clone(), country.overlay.clone()];
        let [year, batch, to, overlay] = paths.each_ref().map(|path| path.to_str().unwrap());
        spiegel(&["release", year, "--batch", batch, "--release-dir", to, "--private-policy", overlay]).expect_code(0);
        lake
    })
}

fn folder() -> PathBuf {
    lake().join("releases").join("1.0.0")
}

pub(crate) fn python() -> PathBuf {
    let python = root().join(".venv/bin/python");
    assert!(python.is_file(), "{} is not there; `make venv` makes it", python.display());
    python
}

fn others_look_at(folder: &Path) -> Answer {
    answer(Command::new(python()).arg(root().join("tests/release-verify.py")).arg(folder))
}

/// What `query` says on the release, given what is typed or piped.
fn query(arguments: &[&str], input: Option<&str>) -> Answer {
    let lake = lake().to_str().unwrap();
    let arguments: Vec<&str> = ["query", "--release-dir", lake].iter().chain(arguments).copied().collect();
    let Some(input) = input else { return spiegel(&arguments) };
    let mut child = spiegel_command(&arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Answer {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn answers(sql: &str) -> Vec<BTreeMap<String, String>> {
    rows(query(&["--format", "csv", sql], None).expect_code(0).stdout.as_bytes())
}

#[test]
fn other_programs_agree_on_the_release_and_accept_its_metadata() {
    let said = others_look_at(&folder()).expect_code(0).stdout;
    for check in ["readers", "anonymity", "metadata", "intervals", "examples"] {
        assert!(said.lines().any(|line| line.starts_with(check) && line.contains("passed")), "{check}:\n{said}");
    }
    // Something was withheld, so that there was something to bound.
    assert!(said.contains("withheld cells"), "{said}");
}

#[test]
fn each_look_of_other_programs_sees_what_is_wrong() {
    let with = |name: &str, break_it: &dyn Fn(&Path)| {
        let broken = scratch("release-readers").join(name);
        copy(&folder(), &broken);
        break_it(&broken);
        let said = others_look_at(&broken).expect_code(1).stdout;
        let failed: Vec<String> = said.lines().filter(|line| line.contains("FAILED")).map(|line| line.split(' ').next().unwrap().to_owned()).collect();
        (failed, said)
    };
    let json = |file: &Path, change: &dyn Fn(&mut Value)| {
        let mut value: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        change(&mut value);
        fs::write(file, value.to_string()).unwrap();
    };
    let pandas = |folder: &Path, script: &str| {
        let done = answer(Command::new(python()).current_dir(folder).args(["-c", script]));
        done.expect_code(0);
    };

    let (failed, said) = with("row-lost", &|broken| {
        json(&broken.join("manifest.json"), &|manifest| {
            let table = manifest["tables"].as_array_mut().unwrap().iter_mut().find(|table| table["name"] == "trajectories").unwrap();
            let rows = table["files"][0]["rows"].as_u64().unwrap();
            table["files"][0]["rows"] = Value::from(rows - 1);
        });
    });
    assert_eq!(failed, ["readers"], "{said}");

    let (failed, said) = with("row-alone", &|broken| {
        pandas(
            broken,
            "import glob, pandas\nfile = sorted(glob.glob('data/trajectories/*.parquet'))[0]\nrows = pandas.read_parquet(file)\n\
             rows.loc[0, ['minutes_band', 'sex']] = ['721+', 'y']\nrows.to_parquet(file, index=False)",
        );
    });
    assert!(failed.contains(&"anonymity".to_owned()), "{said}");

    let (failed, said) = with("code-unknown", &|broken| {
        json(&broken.join("datapackage.json"), &|package| {
            let resource = package["resources"].as_array_mut().unwrap().iter_mut().find(|one| one["name"].as_str().unwrap().starts_with("trajectories")).unwrap();
            let fields = resource["schema"]["fields"].as_array_mut().unwrap();
            fields.iter_mut().find(|field| field["name"] == "sex").unwrap()["constraints"]["enum"] = serde_json::json!(["x"]);
        });
    });
    assert_eq!(failed, ["metadata"], "{said}");

    let (failed, said) = with("record-set-lost", &|broken| {
        json(&broken.join("croissant.json"), &|croissant| croissant["distribution"] = serde_json::json!([]));
    });
    assert_eq!(failed, ["metadata"], "{said}");

    // The number of every withheld cell is told as if it were ten: whatever is left lies within the rounding.
    let (failed, said) = with("cell-told", &|broken| {
        pandas(
            broken,
            "import glob, pandas\nfor file in glob.glob('data/measures/*.parquet'):\n    rows = pandas.read_parquet(file)\n    \
             rows.loc[rows.conf_status == 'D', ['conf_status', 'n_rounded']] = ['F', 10]\n    rows.to_parquet(file, index=False)",
        );
    });
    assert!(failed.contains(&"intervals".to_owned()), "{said}");

    let (failed, said) = with("example-wrong", &|broken| {
        let file = broken.join("examples/duckdb.sql");
        let text = fs::read_to_string(&file).unwrap().replace("rom_category", "rom_categorie");
        fs::write(file, text).unwrap();
    });
    // DuckDB's own error ends the program: it is not one of its lines.
    assert!(failed.is_empty() || failed == ["examples"], "{said}");
}

#[test]
fn shares_that_a_researcher_computes_agree_with_the_published_measures() {
    let mut compared = 0;
    for (measure, column, unknown, events) in [
        ("incomplete_rate", "incomplete", "onbekend", "'ja'"),
        ("back_in_care_rate", "back_in_care", "onbekend", "'ja'"),
        ("rom_improved_rate", "rom_category", "geen_paar", "'hersteld', 'verbeterd'"),
    ] {
        for (set, code) in [("total", "'totaal'"), ("diagnosis_group", "diagnosis_group"), ("age_band", "age_band"), ("sex", "sex")] {
            let own = if set == "total" { "'totaal'" } else { code };
            let published = if set == "total" { "'totaal'" } else { set };
            let sql = format!(
                "WITH own AS (SELECT year, {own} AS code, COUNT(*) AS n, AVG(CASE WHEN {column} IN ({events}) THEN 1.0 ELSE 0.0 END) AS share \
                 FROM trajectories WHERE {column} <> '{unknown}' GROUP BY year, {own}) \
                 SELECT own.n, own.share, theirs.value, theirs.n_rounded FROM own \
                 JOIN (SELECT year, {published} AS code, value, n_rounded FROM measures WHERE measure = '{measure}' AND dimension_set = '{set}' AND value IS NOT NULL) AS theirs \
                 ON theirs.year = own.year AND theirs.code = own.code"
            );
            let found = answers(&sql);
            assert!(!found.is_empty() || measure == "back_in_care_rate", "{sql}");
            for row in &found {
                let number = |name: &str| -> f64 { row[name].parse().unwrap_or_else(|_| panic!("{measure} {set}: {row:?}")) };
                let step = if number("n") >= 100.0 { 0.001 } else { 0.01 };
                assert!((number("share") - number("value")).abs() <= step / 2.0 + 1e-9, "{measure} {set}: {row:?}");
                assert!((number("n") - number("n_rounded")).abs() <= 2.0, "{measure} {set}: {row:?}");
                compared += 1;
            }
        }
    }
    assert!(compared > 40, "{compared}");
}

#[test]
fn means_that_a_researcher_adds_up_from_cells_agree_with_the_national_ones() {
    // Of a measure, a year and a set: the published cells, or nothing when one of them is withheld.
    let mut cells: BTreeMap<[String; 4], Vec<Option<(f64, f64)>>> = BTreeMap::new();
    let sets = "'total', 'region', 'diagnosis_group', 'age_band', 'sex', 'provider_class'";
    for row in answers(&format!("SELECT * FROM measures WHERE statistic IN ('mean', 'rate') AND obs_status <> 'M' AND dimension_set IN ({sets})")) {
        let key = ["year", "measure", "statistic", "dimension_set"].map(|name| row[name].clone());
        cells.entry(key).or_default().push(row["value"].parse().ok().zip(row["n_rounded"].parse().ok()));
    }
    let mut compared = 0;
    for ([year, measure, statistic, set], of_set) in cells.iter().filter(|(key, _)| key[3] != "total") {
        let total = cells.get(&[year.clone(), measure.clone(), statistic.clone(), "total".to_owned()]).and_then(|total| total[0]);
        let (Some(of_set), Some((national, _))) = (of_set.iter().copied().collect::<Option<Vec<(f64, f64)>>>(), total) else { continue };
        let n: f64 = of_set.iter().map(|(_, n)| n).sum();
        let own = of_set.iter().map(|(value, n)| value * n).sum::<f64>() / n;
        // Half a step in each cell (of few, a coarser one) and in the total; and each number of trajectories is off by two at most.
        let step = |n: f64| match (statistic.as_str(), measure.as_str()) {
            ("rate", _) => if n >= 98.0 { 0.001 } else { 0.01 },
            (_, "minutes_mean" | "duration_mean") => 1.0,
            _ => 0.1,
        };
        let rounding = of_set.iter().map(|(_, size)| step(*size) * size).sum::<f64>() / n / 2.0 + step(n) / 2.0;
        let counting = of_set.iter().map(|(value, _)| 2.5 * (value - national).abs()).sum::<f64>() / n;
        assert!((own - national).abs() <= rounding + counting + 1e-9, "{measure} of {year} by {set}: {own} and {national}");
        compared += 1;
    }
    assert!(compared > 30, "{compared}");
}

#[test]
fn a_release_is_asked_with_sql_in_every_format() {
    let sql = "SELECT year, COUNT(*) AS n FROM trajectories GROUP BY year ORDER BY year";
    let said = query(&[sql], None).expect_code(0);
    assert!(said.stdout.contains("| year | n ") && said.stderr.contains("release    1.0.0"), "{said:?}");
    let counted = answers(sql);
    assert_eq!(counted.iter().map(|row| row["year"].as_str()).collect::<Vec<_>>(), ["2024", "2025"]);
    let lines = query(&["--format", "json", sql], None).expect_code(0).stdout;
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first["n"].to_string(), counted[0]["n"]);
    let file = scratch("release-query").join("years.parquet");
    let said = query(&["--format", "parquet", "--output", file.to_str().unwrap(), sql], None).expect_code(0);
    assert!(said.stdout.is_empty());
    assert!(fs::read(&file).unwrap().starts_with(b"PAR1"));
    // A release can be read and nothing else.
    query(&["DROP TABLE trajectories"], None).expect_code(2);
    assert!(query(&["SELECT nothing FROM trajectories"], None).expect_code(2).stderr.contains("nothing"));
    assert!(query(&["--version", "7.0.0", sql], None).expect_code(2).stderr.contains("there are 1.0.0"));
    spiegel(&["query", "--release-dir", scratch("release-query").to_str().unwrap(), sql]).expect_code(2);
    spiegel(&["query", "--release-dir", "a", "--batch", "b", sql]).expect_code(2);
    spiegel(&["query", sql]).expect_code(2);
}

#[test]
fn a_pipe_holds_statements_over_lines_and_commands() {
    let file = scratch("release-query").join("sexes.csv");
    let input = format!(
        "\\d\n\\d suppression\n\\f csv\n-- a comment with a ;\nSELECT ';' AS mark,\n  COUNT(*) > 0 AS there\nFROM trajectories;SELECT 1 AS one;\n\\timing\n\\o {}\nSELECT DISTINCT sex FROM trajectories ORDER BY sex;\n\\o\nSELECT 2 AS two",
        file.display()
    );
    let said = query(&[], Some(&input)).expect_code(0);
    for line in ["trajectories (10 columns)", "mark,there\n;,true", "one\n1", "two\n2"] {
        assert!(said.stdout.contains(line), "{line}\n{said:?}");
    }
    assert!(said.stdout.lines().any(|line| line.starts_with("starred_share") && line.ends_with("Float64")), "{said:?}");
    assert!(said.stderr.contains("timing is on") && said.stderr.contains(" s\n"), "{said:?}");
    assert!(fs::read_to_string(&file).unwrap().starts_with("sex\n"));
    // Nothing asked: the tables are listed. A mistake ends a pipe with its code.
    assert!(query(&[], Some("")).expect_code(0).stdout.contains("provider_distribution"));
    assert!(!query(&[], Some("\\q\nSELECT 3 AS three;")).expect_code(0).stdout.contains("three"));
    query(&[], Some("SELECT 1 FROM nowhere; SELECT 4 AS four;")).expect_code(2);
    query(&[], Some("\\x")).expect_code(2);
}

#[test]
fn at_a_prompt_lines_are_edited_completed_kept_and_repeated() {
    let state = scratch("release-prompt");
    let script = root().join("tests/prompt-on-a-terminal.py");
    let said = answer(Command::new(python()).arg(script).arg(binary()).arg(lake()).arg(&state)).expect_code(0).stdout;
    for words in ["starred_share", "the answer is 42", "timing is on", "| 1   |", "nothing", "SELECT never"] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    assert_eq!(said.matches("| one |").count(), 2, "the line before is there again\n{said}");
    let kept = fs::read_to_string(state.join("spiegel/query-history")).unwrap();
    assert!(kept.contains("SELECT DISTINCT 'the answer") && kept.contains("FROM trajectories;") && !kept.contains("never"), "{kept}");
}
