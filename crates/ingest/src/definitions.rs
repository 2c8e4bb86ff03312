//! Reads what a pipeline declares about submissions and checks, and lists every mistake in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use spiegel_model::{ColumnSchema, ColumnType, RowCheck, RuleSet, SubmissionSchema, TableSchema};

use crate::error::Error;
use crate::key::{Key, hexadecimal};
use crate::spelling::canonical;

/// Changes whenever the same submission and definitions give other bytes, so that finished work is done again.
const READER_VERSION: &str = "ingest 2";

/// Columns that the lake adds itself.
const RESERVED: [&str; 4] = ["provider_id", "source_file", "source_row", "year"];

/// Reads `submission/*.toml`, one table each, in the order of the files' names.
pub fn load_schema(pipeline_dir: &Path) -> Result<SubmissionSchema, Error> {
    let folder = pipeline_dir.join("submission");
    let mut mistakes = Vec::new();
    let mut tables = Vec::new();
    for path in toml_files(&folder)? {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        match read(&path).and_then(|text| toml::from_str::<TableSchema>(&text).map_err(|error| error.to_string())) {
            Ok(table) => {
                mistakes.extend(table_mistakes(&table).into_iter().map(|mistake| format!("{name}: {mistake}")));
                tables.push(table);
            }
            Err(error) => mistakes.push(format!("{name}: {}", error.trim_end())),
        }
    }
    let schema = SubmissionSchema { tables };
    mistakes.extend(schema_mistakes(&schema));
    if mistakes.is_empty() { Ok(schema) } else { Err(Error::Pipeline { path: folder, mistakes }) }
}

/// The rules of the reader itself, the same in every pipeline until one replaces them.
const READER_RULES: [(&str, &str); 6] = [
    ("container.toml", include_str!("rules/container.toml")),
    ("workbook.toml", include_str!("rules/workbook.toml")),
    ("text.toml", include_str!("rules/text.toml")),
    ("values.toml", include_str!("rules/values.toml")),
    ("submission.toml", include_str!("rules/submission.toml")),
    ("privacy.toml", include_str!("rules/privacy.toml")),
];

/// The rules of a pipeline: the reader's, and those of `checks/rules.toml`, which replace the reader's rule of the same code.
pub fn load_rules(pipeline_dir: &Path) -> Result<RuleSet, Error> {
    let path = pipeline_dir.join("checks").join("rules.toml");
    let wrong = |mistakes| Error::Pipeline { path: path.clone(), mistakes };
    let mut rules = reader_rules()?;
    let text = read(&path).map_err(|error| wrong(vec![error]))?;
    let own: RuleSet = toml::from_str(&text).map_err(|error| wrong(vec![error.to_string()]))?;
    let mut mistakes = rule_mistakes(&own);
    for rule in own.rules {
        match rules.rules.iter_mut().find(|other| other.code == rule.code) {
            Some(_) if rule.note.trim().is_empty() || rule.since.is_none() => {
                mistakes.push(format!("{}: it replaces a rule of the reader, which needs a note and a date in `since`", rule.code));
            }
            Some(other) => *other = rule,
            None => rules.rules.push(rule),
        }
    }
    if mistakes.is_empty() { Ok(rules) } else { Err(wrong(mistakes)) }
}

/// The rules of the reader.
fn reader_rules() -> Result<RuleSet, Error> {
    let mut all = RuleSet::default();
    for (name, text) in READER_RULES {
        let rules: RuleSet = toml::from_str(text).map_err(|error| Error::Bug(format!("{name}: {error}")))?;
        all.rules.extend(rules.rules);
    }
    Ok(all)
}

/// A hash over everything besides the submission that decides what ingest makes of it: schema, rules, key and reader.
pub fn definitions_hash(pipeline_dir: &Path, key: &Key) -> Result<String, Error> {
    let mut hash = Sha256::new();
    hash.update(READER_VERSION);
    hash.update(key.fingerprint());
    for (_, text) in READER_RULES {
        hash.update(text);
    }
    let mut paths = toml_files(&pipeline_dir.join("submission"))?;
    paths.push(pipeline_dir.join("checks").join("rules.toml"));
    for path in paths {
        let text = read(&path).map_err(|error| Error::Pipeline { path: path.clone(), mistakes: vec![error] })?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    Ok(hexadecimal(&hash.finalize()))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|source| source.to_string())
}

fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let wrong = |mistake: String| Error::Pipeline { path: folder.to_path_buf(), mistakes: vec![mistake] };
    let entries = fs::read_dir(folder).map_err(|source| wrong(source.to_string()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| wrong(source.to_string()))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        return Err(wrong("expected at least one table in a .toml file".to_owned()));
    }
    Ok(paths)
}

fn table_mistakes(table: &TableSchema) -> Vec<String> {
    let mut mistakes = Vec::new();
    let known: BTreeSet<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let mut must_exist = |role: &str, column: Option<&str>| {
        if let Some(column) = column.filter(|column| !known.contains(column)) {
            mistakes.push(format!("{role} `{column}` is not a column of this table"));
        }
    };
    table.key.iter().for_each(|column| must_exist("key", Some(column)));
    must_exist("provider", table.provider.as_deref());
    must_exist("period", table.period.as_deref());
    must_exist("parent column", table.parent.as_ref().map(|parent| parent.column.as_str()));

    let mut names = BTreeSet::new();
    let mut headers = BTreeSet::new();
    for column in &table.columns {
        let name = &column.name;
        if !names.insert(name.as_str()) {
            mistakes.push(format!("column `{name}` is declared twice"));
        }
        if RESERVED.contains(&name.as_str()) && table.provider.as_deref() != Some(name) {
            mistakes.push(format!("column `{name}` is a name that the lake uses itself"));
        }
        let own: BTreeSet<String> = std::iter::once(&column.header).chain(&column.synonyms).map(|header| canonical(header)).collect();
        for header in own {
            if !headers.insert(header.clone()) {
                mistakes.push(format!("column `{name}`: the header `{header}` also means another column"));
            }
        }
        mistakes.extend(column_mistakes(column).into_iter().map(|mistake| format!("column `{name}`: {mistake}")));
    }
    if let Some(period) = table.columns.iter().find(|column| table.period.as_deref() == Some(&column.name))
        && period.kind != ColumnType::Period
    {
        mistakes.push(format!("period `{}` must be of type `period`", period.name));
    }
    mistakes
}

fn column_mistakes(column: &ColumnSchema) -> Vec<String> {
    let mut mistakes = Vec::new();
    if (column.kind == ColumnType::Code) == column.codes.is_empty() {
        mistakes.push("`codes` belongs to type `code`, and only there".to_owned());
    }
    let mut codes = BTreeSet::new();
    for code in &column.codes {
        if !codes.insert(canonical(code)) {
            mistakes.push(format!("code `{code}` differs from another one in spelling only"));
        }
    }
    let bounded = matches!(column.kind, ColumnType::Integer | ColumnType::Decimal | ColumnType::Date | ColumnType::Period);
    if !bounded && (column.minimum.is_some() || column.maximum.is_some()) {
        mistakes.push("`minimum` and `maximum` belong to numbers, periods and dates (there: years)".to_owned());
    }
    if !bounded && (column.range_code.is_some() || column.range_quarantines) {
        mistakes.push("`range_code` and `range_quarantines` belong to a range".to_owned());
    }
    if column.pseudonymise && column.kind != ColumnType::Text {
        mistakes.push("`pseudonymise` needs type `text`".to_owned());
    }
    mistakes
}

fn schema_mistakes(schema: &SubmissionSchema) -> Vec<String> {
    let mut mistakes = Vec::new();
    let mut names = BTreeSet::new();
    let mut stems = BTreeSet::new();
    for table in &schema.tables {
        if !names.insert(table.table.as_str()) {
            mistakes.push(format!("table `{}` is declared twice", table.table));
        }
        for stem in std::iter::once(&table.name).chain(&table.synonyms) {
            if !stems.insert(canonical(stem)) {
                mistakes.push(format!("file name `{stem}` means two tables"));
            }
        }
        let Some(parent) = &table.parent else { continue };
        match schema.table(&parent.table) {
            Some(other) if other.columns.iter().any(|column| column.name == parent.column) => {}
            Some(_) => mistakes.push(format!("table `{}`: its parent has no column `{}`", table.table, parent.column)),
            None => mistakes.push(format!("table `{}`: its parent `{}` does not exist", table.table, parent.table)),
        }
    }
    mistakes
}

fn rule_mistakes(rules: &RuleSet) -> Vec<String> {
    let mut mistakes = Vec::new();
    let mut codes = BTreeSet::new();
    for rule in &rules.rules {
        let code = &rule.code;
        if !codes.insert(code.as_str()) {
            mistakes.push(format!("{code} is declared twice: a code is an identity"));
        }
        let mut letters = code.chars();
        if !letters.next().is_some_and(|letter| "EWN".contains(letter)) || code.len() != 4 || !letters.all(|letter| letter.is_ascii_digit()) {
            mistakes.push(format!("{code}: expected a letter E, W or N and three digits"));
        }
        if [&rule.title, &rule.message, &rule.remedy].iter().any(|text| text.trim().is_empty()) {
            mistakes.push(format!("{code}: title, message and remedy may not be empty"));
        }
        if rule.check.is_some() && rule.table.is_empty() {
            mistakes.push(format!("{code}: a check needs a table"));
        }
        if rule.check.is_some() && rule.examples.is_empty() {
            mistakes.push(format!("{code}: a check needs an example"));
        }
        if rule.query.is_some() && (rule.check.is_some() || rule.table.is_empty()) {
            mistakes.push(format!("{code}: a query needs a table, and no check beside it"));
        }
        if rule.threshold.is_some_and(|threshold| !(0.0..=1.0).contains(&threshold)) {
            mistakes.push(format!("{code}: a threshold is a share from 0 to 1"));
        }
        if let Some(RowCheck::YearsSince { minimum, maximum, .. }) = &rule.check
            && minimum > maximum
        {
            mistakes.push(format!("{code}: minimum {minimum} is above maximum {maximum}"));
        }
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = r#"
name = "trajecten"
table = "trajectory"
description = "Een rij is een traject."
key = ["nonsense"]

[[column]]
name = "year"
header = "jaar"
type = "integer"

[[column]]
name = "sex"
header = "jaar"
type = "code"
"#;

    #[test]
    fn all_mistakes_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        let submission = folder.path().join("submission");
        fs::create_dir(&submission).unwrap();
        fs::write(submission.join("a.toml"), TABLE).unwrap();
        fs::write(submission.join("b.toml"), "name = 3").unwrap();
        let Err(Error::Pipeline { mistakes, .. }) = load_schema(folder.path()) else { panic!("accepted") };
        assert_eq!(mistakes.len(), 5, "{mistakes:#?}");
    }

    #[test]
    fn the_rules_of_the_reader_are_whole() {
        let rules = reader_rules().unwrap();
        assert_eq!(rule_mistakes(&rules), Vec::<String>::new());
    }

    #[test]
    fn both_pipelines_load() {
        let pipelines = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines");
        for (pipeline, tables) in [("kibg", 4), ("nhs-talking-therapies", 3)] {
            let folder = pipelines.join(pipeline);
            assert_eq!(load_schema(&folder).unwrap().tables.len(), tables);
            load_rules(&folder).unwrap();
        }
    }
}
