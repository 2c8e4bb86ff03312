//! One submission from inbox to receipt.

use std::collections::BTreeMap;

use spiegel_model::{Delivery, DeliveryKind, Receipt, RuleSet, SubmissionSchema, TableCount, TableSchema, Verdict};

use crate::atomic;
use crate::checks;
use crate::columnar::{self, Use};
use crate::container::{self, SourceFile};
use crate::dates::days_from_civil;
use crate::dialect::{self, HeaderIndex};
use crate::discover::Found;
use crate::encoding;
use crate::error::Error;
use crate::findings::{Findings, Place};
use crate::key::Key;
use crate::kinds::{self, Readable};
use crate::lake::{Lake, PartRef};
use crate::manifest::Manifest;
use crate::receipt;
use crate::settle;
use crate::table::{self, Fate, Table};
use crate::values::Values;
use crate::workbook::{self, Aside};

/// Version of `ontvangst.json`.
const RECEIPT_FORMAT: u32 = 1;
/// E501: digits of an AGB code.
const AGB_DIGITS: usize = 8;
/// Decision 15.
const DESTROY: &str = "Deze aanlevering bevat persoonsgegevens die niet geleverd mogen worden. Er is niets van bewaard. Vernietig het bestand in de inbox.";

/// What a submission is read with.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Tables and columns.
    pub schema: &'a SubmissionSchema,
    /// What findings do and say.
    pub rules: &'a RuleSet,
    /// How submissions arrive.
    pub delivery: &'a Delivery,
    /// Key for pseudonyms.
    pub key: &'a Key,
    /// Hash of everything that decides what is made of a submission; [`crate::definitions_hash`] gives it.
    pub definitions: &'a str,
    /// Report year: dates after the year that follows it lie in the future.
    pub report_year: i32,
    /// File name of the provider register: no part of a collective delivery.
    pub register: &'a str,
}

/// A submission that was read, now or before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingested {
    /// What was received and what became of it.
    pub receipt: Receipt,
    /// Nothing was written: the same submission was read with the same definitions before.
    pub skipped: bool,
}

/// Reads one submission, writes its receipt and, when it is accepted, its parts and quarantine.
pub fn ingest(found: &Found, context: &Context<'_>, lake: &Lake) -> Result<Ingested, Error> {
    let delivered = container::read(&found.path, context.register);
    let part = PartRef {
        provider_id: found.provider_id.clone(),
        sequence: found.sequence,
        sha256: delivered.sha256.clone(),
        definitions: context.definitions.to_owned(),
    };
    let before = receipt::read(&lake.receipt(&found.provider_id, found.year, found.sequence, &part.sha256));
    if let Some(receipt) = &before
        && receipt.sha256 == part.sha256
        && receipt.definitions == context.definitions
        && receipt.years.iter().all(|year| lake.has_part(context.schema, *year, &part))
    {
        return Ok(Ingested { receipt: receipt.clone(), skipped: true });
    }

    let mut findings = Findings::new(context.rules);
    let mut normalised = Vec::new();
    let mut tables = read_tables(delivered, found, context, &mut findings, &mut normalised)?;
    if findings.refused_for_privacy() {
        findings.keep_privacy_only();
        normalised = vec![DESTROY.to_owned()];
    } else {
        judge(&mut tables, found, context, &mut findings, &mut normalised)?;
    }
    findings.all_known()?;

    let refused = findings.refusal.is_some();
    let counts = conserved(&tables, refused)?;
    let old_years = before.map(|receipt| receipt.years).unwrap_or_default();
    let years = if refused { Vec::new() } else { write(&tables, found, context, &part, lake)? };
    let gone: Vec<i32> = old_years.into_iter().filter(|year| !years.contains(year)).collect();
    lake.remove_part(context.schema, &gone, &part)?;

    let verdict = match (refused, findings.has_remarks()) {
        (true, _) => Verdict::Refused,
        (false, true) => Verdict::AcceptedWithRemarks,
        (false, false) => Verdict::Accepted,
    };
    let receipt = Receipt {
        format: RECEIPT_FORMAT,
        provider_id: found.provider_id.clone(),
        year: found.year,
        sequence: found.sequence,
        submission: found.name.clone(),
        sha256: part.sha256,
        definitions: part.definitions,
        verdict,
        refusal: findings.refusal.clone(),
        tables: counts,
        normalised,
        findings: findings.counts(),
        rules: findings.outcomes(),
        content: String::new(),
        change: None,
        years,
    };
    let files: Vec<&str> = tables.iter().map(|table| table.file.as_str()).collect();
    receipt::write(lake, &receipt, findings.sorted(&files))?;
    Ok(Ingested { receipt, skipped: false })
}

/// Opens the container and reads every table as text. What cannot be a table becomes a finding.
fn read_tables<'a>(
    delivered: container::Delivered,
    found: &Found,
    context: &Context<'a>,
    findings: &mut Findings<'_>,
    normalised: &mut Vec<String>,
) -> Result<Vec<Table<'a>>, Error> {
    if context.delivery.kind == DeliveryKind::PerProvider && context.delivery.provider_digits == AGB_DIGITS && !is_agb(&found.provider_id) {
        findings.raise("E501", Place::default(), &[("value", &found.provider_id)]);
    }
    let mut files = container::unpack(delivered, &found.name, findings);
    if files.is_empty() && findings.refusal.is_some() {
        return Ok(Vec::new());
    }
    let manifest = Manifest::take(&mut files, found, findings);
    let indexes: Vec<HeaderIndex> = context.schema.tables.iter().map(HeaderIndex::new).collect();
    let before = findings.refusal.is_some();
    let sources = sources(files, context.schema, &indexes, findings, normalised);
    // A table may stand in what could not be read: nothing is said about what is missing.
    let all_read = before || findings.refusal.is_none();
    let mut tables: Vec<Table<'a>> = Vec::new();
    for Source { file, place, aside } in sources {
        let at = Place::file(&file.name);
        let schema = &context.schema.tables[place];
        if let Some(other) = tables.iter().find(|table| table.schema.table == schema.table) {
            findings.raise("E012", at, &[("other", &other.file), ("expected", &schema.name)]);
            continue;
        }
        if let Some(manifest) = manifest.as_ref().filter(|_| aside.is_none()) {
            manifest.check_content(&file, findings);
        }
        let mut table = table::read(&file, schema, &indexes[place], findings, normalised);
        if let Some(aside) = &aside {
            workbook::settle(&mut table, aside, findings);
        }
        let declared_name = if aside.is_some() { &schema.name } else { file.stem() };
        if let Some(declared) = manifest.as_ref().and_then(|manifest| manifest.declared(declared_name)).and_then(|declared| declared.rijen) {
            let counted = table.raw.rows() - table.raw.blank - table.raw.repeated_header + table.unread_rows;
            if counted != declared {
                let (value, expected) = (spiegel_model::count(counted), spiegel_model::count(declared));
                findings.raise("E507", at, &[("value", &value), ("expected", &expected)]);
            }
        }
        tables.push(table);
    }
    for schema in context.schema.tables.iter().filter(|schema| all_read && schema.required) {
        if !tables.iter().any(|table| table.schema.table == schema.table) {
            findings.raise("E013", Place::default(), &[("expected", &schema.name)]);
        }
    }
    // In the order of the schema, whatever the files are called.
    tables.sort_by_key(|table| context.schema.tables.iter().position(|schema| schema.table == table.schema.table));
    Ok(tables)
}

/// A text with the table it holds: a file, or a sheet of a workbook with what it has beside its text.
struct Source {
    file: SourceFile,
    place: usize,
    aside: Option<Aside>,
}

/// The texts that hold tables.
fn sources(
    files: Vec<SourceFile>,
    schema: &SubmissionSchema,
    indexes: &[HeaderIndex],
    findings: &mut Findings<'_>,
    normalised: &mut Vec<String>,
) -> Vec<Source> {
    let mut sources = Vec::new();
    // One file after another: a workbook is let go once its sheets are text.
    for file in files {
        match kinds::readable(&file, findings) {
            None => {}
            Some(Readable::Text) => match table_of(&file, &schema.tables, indexes) {
                Some(place) => sources.push(Source { file, place, aside: None }),
                None => {
                    let names = schema.tables.iter().map(|table| format!("{}.csv", table.name)).collect::<Vec<_>>().join(", ");
                    findings.raise("E011", Place::file(&file.name), &[("expected", &names)]);
                }
            },
            Some(Readable::Workbook) => {
                let sheets = workbook::read(&file, &schema.tables, indexes, findings, normalised);
                sources.extend(sheets.into_iter().map(|sheet| Source { file: sheet.file, place: sheet.table, aside: Some(sheet.aside) }));
            }
        }
    }
    sources
}

/// The table a file holds: by its name, else by its headers when only one table has them all.
fn table_of(file: &SourceFile, tables: &[TableSchema], indexes: &[HeaderIndex]) -> Option<usize> {
    if let Some(place) = tables.iter().position(|table| container::names_table(file.stem(), table)) {
        return Some(place);
    }
    let text = encoding::decode(&file.bytes);
    let fits = |(table, index): (&TableSchema, &HeaderIndex)| {
        let Ok(dialect) = dialect::detect(&text.bytes, table, index) else { return false };
        let present: Vec<usize> = dialect.cells.iter().filter_map(|cell| index.column(cell)).collect();
        table.columns.iter().enumerate().all(|(place, column)| !column.required || present.contains(&place))
    };
    let mut fitting = tables.iter().zip(indexes).enumerate().filter(|(_, pair)| fits(*pair)).map(|(place, _)| place);
    let only = fitting.next()?;
    fitting.next().is_none().then_some(only)
}

/// The pattern of E501: two digits that are not 00, and a number that is not 0.
fn is_agb(id: &str) -> bool {
    id.len() == AGB_DIGITS && id.bytes().all(|byte| byte.is_ascii_digit()) && !id.starts_with("00") && !id.ends_with("000000")
}

/// Types all tables and runs every check.
fn judge(tables: &mut [Table<'_>], found: &Found, context: &Context<'_>, findings: &mut Findings<'_>, normalised: &mut Vec<String>) -> Result<(), Error> {
    // A submission about a year arrives in the year after it.
    let last_year = found.year.unwrap_or(context.report_year).max(context.report_year) + 1;
    let future = days_from_civil(last_year + 1, 1, 1);
    for table in tables.iter_mut() {
        settle::cells(table, Some(future), findings, normalised);
        checks::rows(table, context.rules, found.year, findings)?;
        settle::keys(table, findings);
    }
    checks::parents(tables, findings);
    for table in tables.iter_mut() {
        table.quarantined.sort();
        checks::gate(table, findings);
    }
    Ok(())
}

/// Rows by fate, with the proof that none was lost.
fn conserved(tables: &[Table<'_>], refused: bool) -> Result<Vec<TableCount>, Error> {
    let counts: Vec<TableCount> = tables.iter().map(|table| table.count(refused)).collect();
    for count in &counts {
        debug_assert!(count.is_conserved(), "{count:?}");
        if !count.is_conserved() {
            return Err(Error::Bug(format!("rows of table {} were lost: {count:?}", count.table)));
        }
    }
    Ok(counts)
}

/// Writes parts and quarantine; gives the years with used rows, or with a submission of theirs.
fn write(tables: &[Table<'_>], found: &Found, context: &Context<'_>, part: &PartRef, lake: &Lake) -> Result<Vec<i32>, Error> {
    let collective = context.delivery.kind == DeliveryKind::Collective;
    let provider = (!collective).then_some(found.provider_id.as_str());
    let pseudonyms = context.key.of_provider(found.provider_id.as_bytes());
    let default_year = found.year.unwrap_or(context.report_year);
    let mut used: BTreeMap<i32, Vec<Option<Vec<u32>>>> = BTreeMap::new();
    if !collective {
        used.insert(default_year, vec![None; context.schema.tables.len()]);
    }
    for table in tables {
        let place = context.schema.tables.iter().position(|schema| schema.table == table.schema.table).unwrap_or(0);
        for row in (0..table.len() as u32).filter(|row| table.fates[*row as usize] == Fate::Used) {
            let year = year_of_row(table, row, default_year);
            let rows = &mut used.entry(year).or_insert_with(|| vec![None; context.schema.tables.len()])[place];
            rows.get_or_insert_with(Vec::new).push(row);
        }
    }
    for (year, rows) in &used {
        let staged = atomic::staging(&lake.staging())?;
        for (schema, rows) in context.schema.tables.iter().zip(rows) {
            let path = staged.path().join(format!("{}.parquet", schema.table));
            let table = tables.iter().find(|table| table.schema.table == schema.table);
            let batch = match (table, rows) {
                (Some(table), Some(rows)) if rows.len() == table.len() => columnar::part(table, &pseudonyms, None)?,
                (Some(table), Some(rows)) => columnar::part(table, &pseudonyms, Some(rows))?,
                _ => arrow::array::RecordBatch::new_empty(columnar::part_schema(schema)),
            };
            let note = (columnar::SOURCE_FILE, table.map_or_else(String::new, |table| table.file.clone()));
            let file = std::fs::File::create(&path).map_err(|source| Error::lake(&path, source))?;
            columnar::write(file, &batch, Some(note), Use::Part, &path)?;
        }
        atomic::replace_directory(staged, &lake.part(*year, part), &lake.staging())?;
    }
    for table in tables {
        write_quarantine(table, provider, &pseudonyms, default_year, part, lake)?;
    }
    Ok(used.into_keys().collect())
}

/// The year a row belongs to: that of its period column, else that of the submission.
fn year_of_row(table: &Table<'_>, row: u32, default: i32) -> i32 {
    let period = table.schema.period.as_ref().and_then(|name| table.column(name)).and_then(|column| table.typed.get(column));
    match period.map(|column| (&column.values, column.valid[row as usize])) {
        Some((Values::Integer(years), true)) => years[row as usize],
        _ => default,
    }
}

fn write_quarantine(table: &Table<'_>, provider: Option<&str>, pseudonyms: &crate::key::Pseudonyms, default_year: i32, part: &PartRef, lake: &Lake) -> Result<(), Error> {
    let mut years: BTreeMap<i32, Vec<(u32, String)>> = BTreeMap::new();
    for (row, code) in &table.quarantined {
        years.entry(year_of_row(table, *row, default_year)).or_default().push((*row, code.clone()));
    }
    if !table.raw.ragged.is_empty() || lake.quarantine(&table.schema.table, default_year, part).exists() {
        years.entry(default_year).or_default();
    }
    for (year, rows) in years {
        let path = lake.quarantine(&table.schema.table, year, part);
        let batch = columnar::quarantine_batch(table, provider, pseudonyms, &rows, year == default_year)?;
        if batch.num_rows() == 0 {
            atomic::remove(&path)?;
            continue;
        }
        let draft = atomic::draft(&lake.staging())?;
        let file = draft.reopen().map_err(|source| Error::lake(&path, source))?;
        columnar::write(file, &batch, None, Use::Lake, &path)?;
        atomic::keep_verifiable(draft, &path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
