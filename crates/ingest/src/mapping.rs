//! Mappings: other layouts in which the tables of a pipeline may arrive. A mapping turns the schema into that of the sender,
//! so that a submission is read, and its findings are told, in the sender's own headers and codes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use spiegel_model::{ColumnMapping, ColumnSchema, ColumnType, Conversion, Layout, MappingSpec, Outside, SubmissionSchema, TableMapping, TableSchema, toml_message};

use crate::definitions::{schema_mistakes, table_mistakes, toml_files};
use crate::error::Error;
use crate::outside;
use crate::spelling::{canonical, nearest};

/// Folder of the mappings of a pipeline.
const FOLDER: &str = "mappings";
/// What a table arrives in; no part of its name.
const EXTENSIONS: [&str; 5] = ["csv", "txt", "tsv", "tab", "xlsx"];
/// Values of a boolean, for a mapping of its codes.
pub(crate) const BOOLEAN: [&str; 2] = ["ja", "nee"];

/// The files of `mappings/*.toml`; none when the pipeline has no such folder.
pub(crate) fn files(pipeline_dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let folder = pipeline_dir.join(FOLDER);
    if folder.is_dir() { toml_files(&folder) } else { Ok(Vec::new()) }
}

/// Reads `mappings/*.toml`, and lists every mistake in them.
pub(crate) fn load(pipeline_dir: &Path, schema: &SubmissionSchema) -> Result<Vec<Layout>, Error> {
    let mut layouts = Vec::new();
    let mut mistakes = Vec::new();
    for path in files(pipeline_dir)? {
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let (layout, own) = read(&path, schema);
        mistakes.extend(own.into_iter().map(|mistake| format!("{file}: {mistake}")));
        layouts.extend(layout);
    }
    mistakes.extend(choice_mistakes(&layouts));
    if mistakes.is_empty() { Ok(layouts) } else { Err(Error::Pipeline { path: pipeline_dir.join(FOLDER), mistakes }) }
}

/// Reads all submissions with one mapping, whatever supplier they name: the schema forgets its other mappings.
///
/// # Errors
/// [`Error::Pipeline`] with every mistake of the file.
pub fn use_mapping(schema: &mut SubmissionSchema, file: &Path) -> Result<(), Error> {
    match read(file, schema) {
        (Some(layout), mistakes) if mistakes.is_empty() => {
            schema.layouts = vec![Layout { suppliers: Vec::new(), default: true, ..layout }];
            Ok(())
        }
        (_, mistakes) => Err(Error::Pipeline { path: file.to_path_buf(), mistakes }),
    }
}

/// The layout of a submission whose manifest names this supplier. None for the pipeline's own.
pub(crate) fn choose<'a>(schema: &'a SubmissionSchema, supplier: Option<&str>) -> Option<&'a Layout> {
    let supplier = supplier.map(canonical).filter(|supplier| !supplier.is_empty());
    let names = |layout: &&Layout| supplier.as_ref().is_some_and(|supplier| layout.suppliers.iter().any(|name| canonical(name) == *supplier));
    schema.layouts.iter().find(names).or_else(|| schema.layouts.iter().find(|layout| layout.default))
}

/// One mapping with its mistakes; no layout when the file cannot be read at all.
fn read(path: &Path, schema: &SubmissionSchema) -> (Option<Layout>, Vec<String>) {
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let text = fs::read_to_string(path).map_err(|source| source.to_string());
    match text.and_then(|text| toml::from_str::<MappingSpec>(&text).map_err(|error| toml_message(&error))) {
        Ok(spec) => {
            let (layout, mistakes) = apply(name, &spec, schema);
            (Some(layout), mistakes)
        }
        Err(mistake) => (None, vec![mistake]),
    }
}

/// The tables of the pipeline as a mapping says that they are delivered.
fn apply(name: String, spec: &MappingSpec, schema: &SubmissionSchema) -> (Layout, Vec<String>) {
    let mut mistakes = Vec::new();
    if spec.description.trim().is_empty() {
        mistakes.push("`description` may not be empty".to_owned());
    }
    for table in spec.tables.keys().filter(|table| schema.table(table).is_none()) {
        let known: Vec<&str> = schema.tables.iter().map(|table| table.table.as_str()).collect();
        mistakes.push(format!("table `{table}`: the pipeline has no such table; it has {}", known.join(", ")));
    }
    let mut tables = schema.tables.clone();
    for table in &mut tables {
        let Some(mapping) = spec.tables.get(&table.table) else { continue };
        let mut own = apply_table(table, mapping, &spec.missing);
        own.extend(table_mistakes(table));
        mistakes.extend(own.into_iter().map(|mistake| format!("table `{}`: {mistake}", table.table)));
    }
    let described = SubmissionSchema { tables, layouts: Vec::new() };
    mistakes.extend(schema_mistakes(&described));
    let layout = Layout {
        name,
        suppliers: spec.suppliers.clone(),
        default: spec.default,
        mapped: spec.tables.keys().cloned().collect(),
        tables: described.tables,
    };
    (layout, mistakes)
}

fn apply_table(table: &mut TableSchema, mapping: &TableMapping, missing: &[String]) -> Vec<String> {
    let mut mistakes = Vec::new();
    if let Some(file) = &mapping.file {
        table.name.clone_from(file);
        table.synonyms.clear();
    }
    table.synonyms.extend(mapping.synonyms.iter().cloned());
    for name in mapping.file.iter().chain(&mapping.synonyms) {
        if canonical(name).is_empty() {
            mistakes.push("a name of a file may not be empty".to_owned());
        }
        if name.rsplit_once('.').is_some_and(|(_, extension)| EXTENSIONS.contains(&extension)) {
            mistakes.push(format!("file `{name}`: expected a name without extension"));
        }
    }
    for name in mapping.columns.keys().filter(|name| !table.columns.iter().any(|column| column.name == **name)) {
        let hint = nearest(name, table.columns.iter().map(|column| column.name.as_str()));
        let hint = hint.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        mistakes.push(format!("column `{name}`: the table has no such column{hint}"));
    }
    for column in &mut table.columns {
        let Some(mapping) = mapping.columns.get(&column.name) else {
            if column.required {
                mistakes.push(format!("column `{}` is required, so the mapping must say where it is", column.name));
            }
            column.outside = Outside::Absent;
            continue;
        };
        let name = column.name.clone();
        let own = apply_column(column, mapping, missing);
        mistakes.extend(own.into_iter().map(|mistake| format!("column `{name}`: {mistake}")));
    }
    mistakes
}

fn apply_column(column: &mut ColumnSchema, mapping: &ColumnMapping, missing: &[String]) -> Vec<String> {
    let mut mistakes = Vec::new();
    column.header.clone_from(&mapping.header);
    column.synonyms.clone_from(&mapping.synonyms);
    column.missing.extend(missing.iter().chain(&mapping.missing).cloned());
    if std::iter::once(&mapping.header).chain(&mapping.synonyms).any(|header| canonical(header).is_empty()) {
        mistakes.push("a header may not be empty".to_owned());
    }
    let is_number = matches!(column.kind, ColumnType::Integer | ColumnType::Decimal);
    let mut readings = Vec::new();
    if !mapping.codes.is_empty() {
        mistakes.extend(code_mistakes(column, mapping));
        readings.push(Outside::Codes(mapping.codes.clone()));
    }
    if let Some(unit) = mapping.unit {
        let outside = format!("{unit:?}").to_lowercase();
        match column.unit.map(|inside| (inside, unit.to(inside))) {
            Some((_, Some(scale))) if is_number => readings.push(Outside::Converted(scale)),
            Some((inside, _)) if is_number => mistakes.push(format!("{outside} cannot become {}", format!("{inside:?}").to_lowercase())),
            None if is_number => mistakes.push("the schema gives this column no unit; give `factor`".to_owned()),
            _ => mistakes.push("`unit` belongs to numbers".to_owned()),
        }
    }
    if let Some(factor) = mapping.factor {
        if !is_number {
            mistakes.push("`factor` belongs to numbers".to_owned());
        } else if !factor.is_normal() {
            mistakes.push(format!("`factor` {factor} would leave nothing of a number"));
        }
        // A tenth divides by ten: 73 × 0.1 is not 7.3.
        let parts = (1.0 / factor).round();
        let (multiply, divide) = if 1.0 / parts == factor { (1.0, parts) } else { (factor, 1.0) };
        readings.push(Outside::Converted(Conversion { multiply, divide, units: None }));
    }
    if let Some(date) = &mapping.date {
        if column.kind != ColumnType::Date {
            mistakes.push("`date` belongs to dates".to_owned());
        } else if let Some(mistake) = outside::notation_mistake(date) {
            mistakes.push(format!("`date` {date}: {mistake}"));
        }
        readings.push(Outside::Date(date.clone()));
    }
    if readings.len() > 1 {
        mistakes.push("expected at most one of `codes`, `unit`, `factor` and `date`".to_owned());
    }
    column.outside = readings.pop().unwrap_or_default();
    mistakes
}

fn code_mistakes(column: &ColumnSchema, mapping: &ColumnMapping) -> Vec<String> {
    let mut mistakes = Vec::new();
    let inside: Option<Vec<&str>> = match column.kind {
        ColumnType::Code => Some(column.codes.iter().map(String::as_str).collect()),
        ColumnType::Boolean => Some(BOOLEAN.into()),
        ColumnType::Text if !column.pseudonymise && !column.essential => None,
        ColumnType::Text => return vec!["`codes` would make other rows of it: this text tells rows apart".to_owned()],
        _ => return vec!["`codes` belongs to types `code`, `boolean` and `text`".to_owned()],
    };
    let mut spellings = BTreeSet::new();
    for (outside, meaning) in &mapping.codes {
        if !spellings.insert(canonical(outside)) {
            mistakes.push(format!("code `{outside}` differs from another one in spelling only"));
        }
        if canonical(outside).is_empty() {
            mistakes.push(format!("code `{outside}` is empty; `missing` says what means no value"));
        }
        if let Some(inside) = inside.as_ref().filter(|inside| !inside.contains(&meaning.as_str())) {
            mistakes.push(format!("code `{outside}` means `{meaning}`, which is none of {}", inside.join(", ")));
        }
    }
    mistakes
}

/// Which layout a submission has must be certain.
fn choice_mistakes(layouts: &[Layout]) -> Vec<String> {
    let mut mistakes = Vec::new();
    let defaults: Vec<&str> = layouts.iter().filter(|layout| layout.default).map(|layout| layout.name.as_str()).collect();
    if defaults.len() > 1 {
        mistakes.push(format!("more than one mapping is the default: {}", defaults.join(", ")));
    }
    let mut suppliers = BTreeSet::new();
    for (layout, supplier) in layouts.iter().flat_map(|layout| layout.suppliers.iter().map(move |supplier| (layout, supplier))) {
        if canonical(supplier).is_empty() {
            mistakes.push(format!("{}.toml: a supplier may not be empty", layout.name));
        } else if !suppliers.insert(canonical(supplier)) {
            mistakes.push(format!("{}.toml: the supplier `{supplier}` has another mapping", layout.name));
        }
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load_schema;

    fn kibg() -> SubmissionSchema {
        let pipeline = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/kibg");
        SubmissionSchema { layouts: Vec::new(), ..load_schema(&pipeline).unwrap() }
    }

    fn read_text(text: &str) -> (Option<Layout>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("supplier.toml");
        fs::write(&file, text).unwrap();
        read(&file, &kibg())
    }

    /// A mapping of the sessions with these lines for its columns.
    fn sessions(columns: &str) -> String {
        format!("description = \"Een verzonnen EPD.\"\n[table.session]\nfile = \"Contacts\"\n[table.session.column]\n{columns}")
    }

    const COLUMNS: &str = r#"
trajectory_id = { header = "Episode" }
date = { header = "Day", date = "%m/%d/%Y" }
direct_minutes = { header = "Hours", unit = "hours" }
mode = { header = "Kind", codes = { face = "f2f", phone = "telefoon" } }
"#;

    #[test]
    fn a_layout_has_the_words_of_the_sender_and_the_names_of_the_lake() {
        let (layout, mistakes) = read_text(&sessions(COLUMNS));
        assert_eq!(mistakes, Vec::<String>::new());
        let layout = layout.unwrap();
        let session = layout.tables.iter().find(|table| table.table == "session").unwrap();
        assert_eq!((layout.name.as_str(), session.name.as_str(), session.synonyms.len()), ("supplier", "Contacts", 0));
        let column = |name: &str| session.columns.iter().find(|column| column.name == name).unwrap();
        assert_eq!((column("date").header.as_str(), &column("date").outside), ("Day", &Outside::Date("%m/%d/%Y".to_owned())));
        assert_eq!(column("indirect_minutes").outside, Outside::Absent, "what a mapping does not name is not delivered");
        assert_eq!(layout.tables.iter().find(|table| table.table == "trajectory"), kibg().table("trajectory"));
    }

    #[test]
    fn every_mistake_is_listed() {
        let text = sessions(
            r#"
trajectory_id = { header = "Episode", codes = { a = "b" } }
date = { header = "Day", date = "%m/%d", unit = "hours" }
direct_minutes = { header = "Day", unit = "percent" }
indirect_minutes = { header = "", factor = 0.0 }
mode = { header = "Kind", codes = { face = "face to face", Face = "f2f" } }
modus = { header = "Kind of contact" }

[table.contact.column]
"#,
        );
        let (_, mistakes) = read_text(&text);
        for expected in [
            "table `contact`: the pipeline has no such table; it has experience, measurement, session, trajectory",
            "column `trajectory_id`: `codes` would make other rows of it",
            "column `date`: `unit` belongs to numbers",
            "column `date`: `date` %m/%d: ",
            "column `direct_minutes`: percent cannot become minutes",
            "column `direct_minutes`: the header `day` also means another column",
            "column `indirect_minutes`: a header may not be empty",
            "column `indirect_minutes`: `factor` 0 would leave nothing of a number",
            "code `face` means `face to face`, which is none of f2f, beeld, telefoon, groep, ehealth",
            "code `face` differs from another one in spelling only",
            "column `modus`: the table has no such column; did you mean `mode`?",
        ] {
            assert!(mistakes.iter().any(|mistake| mistake.contains(expected)), "{expected} is not said: {mistakes:#?}");
        }
        assert_eq!(mistakes.len(), 11, "{mistakes:#?}");
        let (_, mistakes) = read_text(&sessions("mode = { header = \"Kind\" }").replace("Contacts", "rom.csv"));
        assert_eq!(mistakes.iter().filter(|mistake| mistake.contains("is required")).count(), 3, "{mistakes:#?}");
        assert!(mistakes.iter().any(|mistake| mistake.contains("without extension")), "{mistakes:#?}");
        let (_, mistakes) = read_text(&sessions(COLUMNS).replace("Contacts", "rom"));
        assert_eq!(mistakes, ["file name `rom` means two tables"]);
        let (layout, mistakes) = read_text("description = 3");
        assert!(layout.is_none() && mistakes.len() == 1);
    }

    #[test]
    fn the_supplier_decides_and_a_file_overrules_it() {
        let mut schema = kibg();
        let layout = |name: &str, supplier: &str, default| Layout {
            name: name.to_owned(),
            suppliers: vec![supplier.to_owned()],
            default,
            mapped: Vec::new(),
            tables: Vec::new(),
        };
        schema.layouts = vec![layout("one", "EPD Een", false), layout("two", "EPD Twee", true)];
        let chosen = |schema: &SubmissionSchema, supplier| choose(schema, supplier).map(|layout| layout.name.clone());
        assert_eq!(chosen(&schema, Some("epd een")).as_deref(), Some("one"));
        assert_eq!(chosen(&schema, Some("ander")).as_deref(), Some("two"));
        schema.layouts[1].default = false;
        assert_eq!((chosen(&schema, Some("ander")), chosen(&schema, None)), (None, None));
        assert_eq!(choice_mistakes(&[layout("a", "X", true), layout("b", "x", true)]).len(), 2);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("three.toml");
        fs::write(&file, sessions(COLUMNS)).unwrap();
        use_mapping(&mut schema, &file).unwrap();
        assert_eq!(chosen(&schema, Some("EPD Een")).as_deref(), Some("three"));
    }
}
