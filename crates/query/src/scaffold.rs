//! A new indicator: four files in which what only an analyst can know still has to be written, and says so.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{Datelike, NaiveDate};
use spiegel_model::{ColumnSchema, ColumnType, Kind, PipelineSpec, SubmissionSchema, TableSchema};
use toml::de::{DeTable, DeValue};

use crate::{Error, Texts, load_year};

/// What an analyst wants.
#[derive(Debug, Clone)]
pub struct NewIndicator {
    /// Id and name of the folder: lower case letters, digits and hyphens.
    pub name: String,
    /// What is computed.
    pub kind: Kind,
    /// Title; None to write it later.
    pub title: Option<String>,
    /// Id of the indicator on whose page it is shown. None for a page of its own.
    pub shown_with: Option<String>,
}

/// Makes the folder of a new indicator in the pipeline in `directory`, and adds its id to `pipeline.toml` behind the others. What is
/// still to be written holds "vul in", which no check accepts. The files come back, relative to `directory`.
///
/// # Errors
/// [`Error::Pipeline`] when the name is taken or not in kebab case, when no table suits, or when a file cannot be read or written.
pub fn scaffold(directory: &Path, schema: &SubmissionSchema, wanted: &NewIndicator) -> Result<Vec<PathBuf>, Error> {
    let wrong = |message: String| Error::definition("pipeline.toml", message);
    let name = &wanted.name;
    let is_plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !name.split('-').all(is_plain) || name.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(wrong(format!("`{name}` is no name for an indicator: use lower case letters, digits and hyphens, for instance `duur-in-weken`")));
    }
    let file = directory.join("pipeline.toml");
    let text = fs::read_to_string(&file).map_err(|error| wrong(error.to_string()))?;
    let spec: PipelineSpec = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let texts = Texts::load(directory, &spec.language).map_err(Error::Pipeline)?;
    let folder = Path::new("indicators").join(name);
    if spec.indicators.contains(name) || directory.join(&folder).exists() {
        return Err(wrong(format!("there is an indicator `{name}` already")));
    }
    if let Some(host) = wanted.shown_with.as_ref().filter(|host| !spec.indicators.contains(host)) {
        return Err(wrong(format!("there is no indicator `{host}` to show it with; there are {}", spec.indicators.join(", "))));
    }
    let (table, column) = source(schema, wanted.kind).ok_or_else(|| {
        wrong("no table of submission/ has one column as its key and a column to begin with; copy the folder of an indicator that suits".to_owned())
    })?;
    let added = with_indicator(&text, name)
        .filter(|added| toml::from_str::<PipelineSpec>(added).is_ok_and(|now| now.indicators.last() == Some(name)))
        .ok_or_else(|| wrong(format!("cannot add `{name}` to `indicators`; write it there yourself and make the folder by hand")))?;
    let key = table.key.first().map_or("", String::as_str);
    let files = [
        ("indicator.toml".to_owned(), definition(wanted, table, key, column, next_review(directory))),
        ("indicator.sql".to_owned(), sql(wanted.kind, table, key, column)),
        (format!("text.{}.md", spec.language), words(&texts.headings())),
        ("cases.slt".to_owned(), cases(wanted.kind, table, key, column)),
    ];
    fs::create_dir_all(directory.join(&folder)).map_err(|error| Error::lake(directory.join(&folder), error))?;
    let mut written = Vec::new();
    for (file, content) in files {
        let file = folder.join(file);
        fs::write(directory.join(&file), content).map_err(|error| Error::lake(directory.join(&file), error))?;
        written.push(file);
    }
    fs::write(&file, added).map_err(|error| Error::lake(&file, error))?;
    written.push(PathBuf::from("pipeline.toml"));
    Ok(written)
}

/// A table whose rows have one key, and a column of the kind to begin with; a table that each submission has goes first.
fn source(schema: &SubmissionSchema, kind: Kind) -> Option<(&TableSchema, &ColumnSchema)> {
    let suits = |column: &&ColumnSchema| match kind {
        Kind::Proportion => column.kind == ColumnType::Boolean,
        Kind::Mean => matches!(column.kind, ColumnType::Integer | ColumnType::Decimal),
    };
    let usable = |table: &&TableSchema| table.key.len() == 1 && table.columns.iter().any(|column| suits(&column));
    let table = schema.tables.iter().filter(usable).max_by_key(|table| table.required)?;
    Some((table, table.columns.iter().find(suits)?))
}

/// A year after the last year of the pipeline is issued.
fn next_review(directory: &Path) -> NaiveDate {
    let years = fs::read_dir(directory.join("years")).into_iter().flatten().flatten();
    let last = years.filter_map(|entry| load_year(&entry.path()).ok()).map(|year| year.issued).max().unwrap_or_default();
    last.with_year(last.year() + 1).unwrap_or(last)
}

/// The text of `pipeline.toml` with an id behind the last of `indicators`; everything else stays as it is. None when there is no such list.
fn with_indicator(text: &str, name: &str) -> Option<String> {
    let document = DeTable::parse(text).ok()?;
    let (_, list) = document.get_ref().iter().find(|(key, _)| key.get_ref() == "indicators")?;
    let DeValue::Array(ids) = list.get_ref() else { return None };
    let Some(last) = ids.iter().last() else {
        let inside = list.span().start + 1;
        return Some(format!("{}\"{name}\"{}", text.get(..inside)?, text.get(inside..)?));
    };
    let (before, after) = (text.get(..last.span().end)?, text.get(last.span().end..)?);
    // On a line of its own as the one before it, with the same indentation.
    let line = before.rfind('\n').map_or(0, |newline| newline + 1);
    let indentation = before.get(line..last.span().start)?;
    let between = if indentation.trim().is_empty() { format!(",\n{indentation}") } else { ", ".to_owned() };
    Some(format!("{before}{between}\"{name}\"{after}"))
}

fn definition(wanted: &NewIndicator, table: &TableSchema, key: &str, column: &ColumnSchema, next_review: NaiveDate) -> String {
    let title = wanted.title.clone().unwrap_or_else(|| "vul in: titel van de bladzijde".to_owned());
    // As a text of TOML.
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let shown_with = wanted.shown_with.as_ref().map_or_else(String::new, |host| format!("shown_with = {}\n", quoted(host)));
    let (kind, scale, sentence, format, verbs) = match wanted.kind {
        Kind::Proportion => (
            "proportion",
            "grid = 0.02\n# The difference that matters in practice; vul in: kies en verantwoord de marge.\nmargin = 0.05\nlowest = 0\nhighest = 1",
            "Bij {events} van uw {n} {units}{share} vul in: wat er was.",
            "kind = \"percentage\"",
            ("vaker", "minder vaak"),
        ),
        Kind::Mean => (
            "mean",
            "grid = 1\n# The difference that matters in practice; vul in: kies en verantwoord de marge.\nmargin = 1\nlowest = 0",
            "Het gemiddelde was bij u {value} vul in: waarvan.",
            "kind = \"number\"\ndecimals = 1\nunit = \"vul in: eenheid in het meervoud, of laat leeg\"",
            ("hoger", "lager"),
        ),
    };
    let code: String = wanted.name.split('-').filter_map(|part| part.chars().next()).map(|letter| letter.to_ascii_uppercase()).collect();
    format!(
        "version = \"{code}-{year}.1\"\ntitle = {title}\nshort = {title}\n{shown_with}norm = \"vul in: norm of bron\"\n\
         needs = [\"{table}.{key}\", \"{table}.{column}\"]\nkind = \"{kind}\"\n{scale}\nsentence = \"{sentence}\"\n\
         authored_by = \"vul in: wie dit schreef\"\nchecked_by = \"vul in: wie dit nakeek\"\nnext_review = \"{next_review}\"\n\n\
         [format]\n{format}\n\n[unit]\nsingular = \"vul in: traject\"\nplural = \"vul in: trajecten\"\n\n\
         [verbs]\nmore = \"{more}\"\nless = \"{less}\"\nstands_out_more = \"vul in: wat opvalt bij meer\"\nstands_out_less = \"vul in: wat opvalt bij minder\"\n",
        year = next_review.year() - 2,
        title = quoted(&title),
        table = table.table,
        column = column.name,
        more = verbs.0,
        less = verbs.1,
    )
}

fn sql(kind: Kind, table: &TableSchema, key: &str, column: &ColumnSchema) -> String {
    let (what, outcome) = match kind {
        Kind::Proportion => ("Met", "met"),
        Kind::Mean => ("Value", "value"),
    };
    let (table, column) = (&table.table, &column.name);
    format!(
        "-- Who counts: vul in. Now all rows of the year of which {column} is known.\n-- {what}: vul in. Now {column}.\n\
         SELECT provider_id, {key} AS unit_id, {column} AS {outcome}\nFROM {table}\nWHERE year = $year\n    AND {column} IS NOT NULL\n"
    )
}

fn words(headings: &[String; 6]) -> String {
    let [what, why, reading, higher, lower, within] = headings;
    let tips = "vul in: één vraag\n\n- vul in: hoogstens twee tips\n";
    format!(
        "## {what}\nvul in: wie telt mee, wie niet, en wat wordt geteld\n\n## {why}\nvul in: waarom dit wordt gemeten\n\n\
         ## {reading}\nvul in: waar een lezer op moet letten\n\n## {higher}\n{tips}\n## {lower}\n{tips}\n## {within}\n{tips}"
    )
}

fn cases(kind: Kind, table: &TableSchema, key: &str, column: &ColumnSchema) -> String {
    let (table, column) = (&table.table, &column.name);
    let (first, second, heads, answer, nothing) = match kind {
        Kind::Proportion => ("ja", "nee", "n | events | value", "2 | 1 | 0.5", "null | null | null"),
        Kind::Mean => ("1", "3", "n | value", "2 | 2", "null | null"),
    };
    format!(
        "# All data are made up. Keys say what a row tests. vul in: a row for each rule, and what it tests.\nyear 2025\n\n\
         table {table}\n# 94000001: two rows count.\nprovider_id | {key} | year | {column}\n94000001 | first | 2025 | {first}\n94000001 | second | 2025 | {second}\n\
         # Left out: unknown, another year.\n94000001 | unknown | 2025 | null\n94000001 | last-year | 2024 | {first}\n\
         # 94000002 did not deliver the column.\n94000002 | unknown | 2025 | null\n\n\
         expect\nprovider_id | {heads}\n94000001 | {answer}\n94000002 | {nothing}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_added_behind_the_last_and_comments_stay() {
        let text = "id = \"x\"\n# Order.\nindicators = [\n    \"a\",\n    \"b\", # the last\n]\n\n[delivery]\n";
        assert_eq!(with_indicator(text, "c").unwrap(), "id = \"x\"\n# Order.\nindicators = [\n    \"a\",\n    \"b\",\n    \"c\", # the last\n]\n\n[delivery]\n");
        assert_eq!(with_indicator("indicators = [\"a\"]\n", "b").unwrap(), "indicators = [\"a\", \"b\"]\n");
        assert_eq!(with_indicator("indicators = []\n", "b").unwrap(), "indicators = [\"b\"]\n");
        assert_eq!(with_indicator("id = 1\n", "b"), None);
    }
}
