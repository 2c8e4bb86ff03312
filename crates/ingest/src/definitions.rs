//! Reads what a pipeline declares about submissions and checks, and lists every mistake in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use spiegel_model::{ColumnSchema, ColumnType, Consequence, InstrumentSet, Outside, Privacy, Rule, RowCheck, RuleSet, SubmissionSchema, TableSchema, toml_message};

use crate::error::Error;
use crate::key::{Key, hexadecimal};
use crate::mapping;
use crate::spelling::canonical;

/// Changes whenever the same submission and definitions give other bytes, so that finished work is done again.
const READER_VERSION: &str = "ingest 3";

/// What a pipeline knows of its questionnaires.
const INSTRUMENTS: &str = "instruments.toml";
/// Slots of messages and remedies.
const SLOTS: [&str; 8] = ["value", "other", "expected", "column", "other_column", "count", "hint", "present"];

/// Columns that the lake adds itself.
const RESERVED: [&str; 4] = ["provider_id", "source_file", "source_row", "year"];

/// Reads `submission/*.toml`, one table each, in the order of the files' names, and the other layouts of `mappings/*.toml`.
pub fn load_schema(pipeline_dir: &Path) -> Result<SubmissionSchema, Error> {
    let folder = pipeline_dir.join("submission");
    let mut mistakes = Vec::new();
    let mut tables = Vec::new();
    for path in table_files(&folder)? {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        match read(&path).and_then(|text| toml::from_str::<TableSchema>(&text).map_err(|error| toml_message(&error))) {
            Ok(table) => {
                mistakes.extend(table_mistakes(&table).into_iter().map(|mistake| format!("{name}: {mistake}")));
                tables.push(table);
            }
            Err(error) => mistakes.push(format!("{name}: {}", error.trim_end())),
        }
    }
    let mut schema = SubmissionSchema { tables, layouts: Vec::new() };
    mistakes.extend(schema_mistakes(&schema));
    if !mistakes.is_empty() {
        return Err(Error::Pipeline { path: folder, mistakes });
    }
    schema.layouts = mapping::load(pipeline_dir, &schema)?;
    Ok(schema)
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
    let own: RuleSet = toml::from_str(&text).map_err(|error| wrong(vec![toml_message(&error)]))?;
    let mut mistakes = rule_mistakes(&own);
    rules.instruments = load_instruments(pipeline_dir)?;
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

/// The questionnaires of a pipeline; none when it has no file of them.
fn load_instruments(pipeline_dir: &Path) -> Result<InstrumentSet, Error> {
    let path = pipeline_dir.join(INSTRUMENTS);
    if !path.is_file() {
        return Ok(InstrumentSet::default());
    }
    let wrong = |mistakes| Error::Pipeline { path: path.clone(), mistakes };
    let text = read(&path).map_err(|error| wrong(vec![error]))?;
    let set: InstrumentSet = toml::from_str(&text).map_err(|error| wrong(vec![toml_message(&error)]))?;
    let mut mistakes = Vec::new();
    let mut codes = BTreeSet::new();
    for instrument in &set.instruments {
        let code = &instrument.code;
        if !codes.insert(code.as_str()) {
            mistakes.push(format!("{code} is declared twice"));
        }
        let mut names = BTreeSet::new();
        for scale in &instrument.scales {
            if !names.insert(scale.name.to_ascii_lowercase()) {
                mistakes.push(format!("{code}: scale `{}` is declared twice", scale.name));
            }
            if scale.minimum >= scale.maximum {
                mistakes.push(format!("{code}: the maximum of scale `{}` must be above its minimum", scale.name));
            }
        }
        if instrument.scales.is_empty() {
            mistakes.push(format!("{code}: an instrument needs a scale"));
        }
    }
    if mistakes.is_empty() { Ok(set) } else { Err(wrong(mistakes)) }
}

/// Checks rules against the tables that they are about: columns that exist, of a type that the check can read.
///
/// # Errors
/// [`Error::Pipeline`] with all mistakes.
pub fn check_rules(schema: &SubmissionSchema, rules: &RuleSet) -> Result<(), Error> {
    let mut mistakes = Vec::new();
    for rule in &rules.rules {
        mistakes.extend(misplaced(rule, schema, &rules.instruments).into_iter().map(|mistake| format!("{}: {mistake}", rule.code)));
    }
    let raised = |code: &String| rules.rule(code).is_some();
    for table in &schema.tables {
        let codes = table.columns.iter().filter_map(|column| column.range_code.as_ref()).chain(table.parent.as_ref().map(|parent| &parent.code));
        mistakes.extend(codes.filter(|code| !raised(code)).map(|code| format!("{code}: table `{}` raises it, but there is no such rule", table.table)));
    }
    if mistakes.is_empty() { Ok(()) } else { Err(Error::Pipeline { path: PathBuf::from("checks/rules.toml"), mistakes }) }
}

/// What a rule says of tables and columns that is not so.
fn misplaced(rule: &Rule, schema: &SubmissionSchema, instruments: &InstrumentSet) -> Vec<String> {
    let mut mistakes = Vec::new();
    if rule.table.is_empty() {
        return mistakes;
    }
    let Some(table) = schema.table(&rule.table) else {
        let known: Vec<&str> = schema.tables.iter().map(|table| table.table.as_str()).collect();
        return vec![format!("there is no table `{}`; there is {}", rule.table, known.join(", "))];
    };
    let find = |name: &str| table.columns.iter().find(|column| column.name == name);
    let mut missing = |name: &str| {
        if find(name).is_none() {
            mistakes.push(format!("table `{}` has no column `{name}`", rule.table));
        }
    };
    if !rule.column.is_empty() {
        missing(&rule.column);
    }
    let Some(check) = &rule.check else { return mistakes };
    let (column, other, third) = check.columns();
    [Some(column), Some(other).filter(|other| *other != column), third].into_iter().flatten().for_each(missing);
    let mut must_be = |name: &str, kinds: &[ColumnType]| {
        if let Some(column) = find(name).filter(|column| !kinds.contains(&column.kind)) {
            mistakes.push(format!("this check cannot read column `{name}`: it is of type {:?}", column.kind).to_lowercase());
        }
    };
    let ordered = [ColumnType::Date, ColumnType::Integer, ColumnType::Decimal, ColumnType::Period];
    match check {
        RowCheck::NotBefore { .. } => [column, other].into_iter().for_each(|name| must_be(name, &ordered)),
        RowCheck::Together { .. } | RowCheck::EitherOf { .. } => {}
        RowCheck::InReportingYear { .. } => must_be(column, &[ColumnType::Date]),
        RowCheck::YearsSince { .. } => [column, other].into_iter().for_each(|name| must_be(name, &[ColumnType::Date, ColumnType::Integer, ColumnType::Period])),
        RowCheck::DaysSince { .. } => [column, other].into_iter().for_each(|name| must_be(name, &[ColumnType::Date])),
        RowCheck::Recurs { .. } => [column, other].into_iter().for_each(|name| must_be(name, &[ColumnType::Text])),
        RowCheck::KnownScale { .. } | RowCheck::InScaleRange { .. } | RowCheck::OneScoring { .. } => {
            must_be(other, &[ColumnType::Code]);
            let score = !matches!(check, RowCheck::KnownScale { .. });
            must_be(column, if score { &[ColumnType::Decimal, ColumnType::Integer] } else { &[ColumnType::Text] });
            third.into_iter().for_each(|name| must_be(name, &[ColumnType::Text]));
            let codes = find(other).map_or(&[][..], |column| column.codes.as_slice());
            mistakes.extend(codes.iter().filter(|code| instruments.instrument(code).is_none()).map(|code| format!("{INSTRUMENTS} has no instrument `{code}`")));
            let unused = instruments.instruments.iter().filter(|instrument| !codes.contains(&instrument.code));
            mistakes.extend(unused.map(|instrument| format!("column `{other}` does not know instrument `{}` of {INSTRUMENTS}", instrument.code)));
        }
    }
    mistakes
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

/// The codes of the reader's own rules by the stage that applies them, in the order of reading: `container`, `text` and so on.
pub fn reader_stages() -> Result<Vec<(&'static str, Vec<String>)>, Error> {
    let stage = |(name, text): (&'static str, &str)| {
        let rules: RuleSet = toml::from_str(text).map_err(|error| Error::Bug(format!("{name}: {error}")))?;
        Ok((name.trim_end_matches(".toml"), rules.rules.into_iter().map(|rule| rule.code).collect()))
    };
    READER_RULES.into_iter().map(stage).collect()
}

/// A hash over everything besides the submission that decides what ingest makes of it: schema, mappings, rules, key and
/// reader. With `mapping` all submissions are read with that file, and those of the pipeline decide nothing.
pub fn definitions_hash(pipeline_dir: &Path, key: &Key, mapping: Option<&Path>) -> Result<String, Error> {
    let mut hash = Sha256::new();
    hash.update(READER_VERSION);
    hash.update(key.fingerprint());
    for (_, text) in READER_RULES {
        hash.update(text);
    }
    let mut paths = table_files(&pipeline_dir.join("submission"))?;
    paths.push(pipeline_dir.join("checks").join("rules.toml"));
    match mapping {
        Some(file) => {
            hash.update("one mapping for all");
            paths.push(file.to_path_buf());
        }
        None => paths.extend(mapping::files(pipeline_dir)?),
    }
    paths.extend(Some(pipeline_dir.join(INSTRUMENTS)).filter(|path| path.is_file()));
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

fn table_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let paths = toml_files(folder)?;
    if paths.is_empty() {
        let mistakes = vec!["expected at least one table in a .toml file".to_owned()];
        return Err(Error::Pipeline { path: folder.to_path_buf(), mistakes });
    }
    Ok(paths)
}

/// The TOML files of a folder, by name.
pub(crate) fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
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
    Ok(paths)
}

pub(crate) fn table_mistakes(table: &TableSchema) -> Vec<String> {
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
        // What a mapping does not name is not delivered: its header means nothing there.
        for header in own.into_iter().filter(|_| column.outside != Outside::Absent) {
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
    if !bounded && (column.range_code.is_some() && column.kind != ColumnType::Code || column.range_quarantines) {
        mistakes.push("`range_code` and `range_quarantines` belong to a range, or `range_code` to codes".to_owned());
    }
    if column.unit.is_some() && !matches!(column.kind, ColumnType::Integer | ColumnType::Decimal) {
        mistakes.push("`unit` belongs to numbers".to_owned());
    }
    if (column.pseudonymise || column.provider_code) && column.kind != ColumnType::Text {
        mistakes.push("`pseudonymise` and `provider_code` need type `text`".to_owned());
    }
    if column.privacy == Some(Privacy::Practitioner) && !column.pseudonymise {
        mistakes.push("the code of a practitioner needs `pseudonymise` (E609)".to_owned());
    }
    mistakes
}

pub(crate) fn schema_mistakes(schema: &SubmissionSchema) -> Vec<String> {
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
        if rule.check.as_ref().is_some_and(|check| !check.is_of_column()) && rule.examples.is_empty() {
            mistakes.push(format!("{code}: a check needs an example"));
        }
        if rule.query.is_some() && (rule.check.is_some() || rule.table.is_empty()) {
            mistakes.push(format!("{code}: a query needs a table, and no check beside it"));
        }
        // The rows are in the lake by then: they can be left out of what needs them, not refused.
        if rule.query.is_some() && rule.consequence < Consequence::Empty {
            mistakes.push(format!("{code}: a query can empty, warn or inform, not refuse or quarantine"));
        }
        if rule.query.is_none() && !rule.holds.is_empty() {
            mistakes.push(format!("{code}: only a rule with a query can hold indicators"));
        }
        for slot in slots(&rule.message).chain(slots(&rule.remedy)).filter(|slot| !SLOTS.contains(slot)) {
            mistakes.push(format!("{code}: unknown slot {{{slot}}}; known: {}", SLOTS.join(", ")));
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

/// The names in braces in a text.
fn slots(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(slot, _)| slot))
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
            let schema = load_schema(&folder).unwrap();
            assert_eq!(schema.tables.len(), tables);
            check_rules(&schema, &load_rules(&folder).unwrap()).unwrap();
        }
    }
}
