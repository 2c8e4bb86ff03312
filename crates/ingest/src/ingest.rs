//! One submission from inbox to receipt.

use std::collections::{BTreeMap, BTreeSet};

use spiegel_model::{Change, Delivery, DeliveryKind, Finding, Layout, Receipt, RuleSet, SubmissionSchema, TableCount, TableSchema, Verdict};

use crate::atomic;
use crate::change;
use crate::checks;
use crate::columnar;
use crate::container::{self, SourceFile};
use crate::dates::days_from_civil;
use crate::dialect::{self, HeaderIndex};
use crate::discover::Found;
use crate::encoding;
use crate::error::Error;
use crate::findings::{Findings, Place, is_private};
use crate::fingerprint;
use crate::history::History;
use crate::key::Key;
use crate::kinds::{self, Readable};
use crate::lake::{Lake, PartRef};
use crate::manifest::Manifest;
use crate::mapping;
use crate::part;
use crate::privacy;
use crate::receipt;
use crate::register::{AGB_DIGITS, ProviderRegister, is_agb};
use crate::repair::Repairs;
use crate::sender;
use crate::settle;
use crate::table::{self, Fate, Table};
use crate::values::Values;
use crate::workbook::{self, Aside};

/// Version of `ontvangst.json`.
const RECEIPT_FORMAT: u32 = 1;
/// E503 and E504: the rows are of others; nothing else of them is shown (submission.md 3.5).
const OF_OTHERS: [&str; 2] = ["E503", "E504"];
/// W732 (submission.md 3.5): largest difference with the rows of the previous delivery …
const ROWS_CHANGE_MAXIMUM: f64 = 0.30;
/// … from this many rows.
const ROWS_CHANGE_MINIMUM: u64 = 10;
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
    /// Who may deliver; None when that is not known, and then it is not checked.
    pub providers: Option<&'a ProviderRegister>,
    /// SHA-256 of the deliveries that count in the report year; None as long as the year is open. Others wait (W731).
    pub locked: Option<&'a BTreeSet<String>>,
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
    let waits = found.year == Some(context.report_year) && context.locked.is_some_and(|locked| !locked.contains(&part.sha256));
    if let Some(receipt) = &before
        && receipt.sha256 == part.sha256
        && (receipt.verdict == Verdict::Refused || receipt.findings.contains_key("W731") == waits)
        && receipt.definitions == context.definitions
        && receipt.years.iter().all(|year| lake.has_part(*year, &part))
    {
        return Ok(Ingested { receipt: receipt.clone(), skipped: true });
    }

    let history = (!collective(context)).then(|| History::read(lake, found, &part));
    let is_new = before.as_ref().is_none_or(|receipt| receipt.findings.contains_key("E508"));
    let Examined { tables, mut findings, normalised, layout } = examine(delivered, found, context, history.as_ref().filter(|_| is_new))?;
    let refused = findings.refusal.is_some();
    let counts = conserved(&tables, refused)?;
    let repeated = history.as_ref().and_then(|history| history.same(&part)).filter(|_| !refused);
    let years = if refused || repeated.is_some() { Vec::new() } else { write(&tables, found, context, &part, lake)? };
    let files: Vec<&str> = tables.iter().map(|table| table.file.as_str()).collect();
    let mut change = None;
    if let Some(repeated) = repeated {
        findings.raise("N830", Place::default(), &[("other", &repeated.sequence.to_string())]);
    } else if !refused {
        if waits {
            findings.raise("W731", Place::default(), &[]);
        }
        if let Some(replaced) = history.as_ref().and_then(|history| history.replaced_by(found.sequence)) {
            change = Some(replace(replaced, &part, &counts, context, lake, &files, &mut findings)?);
        }
    }
    findings.all_known()?;
    let old_years = before.map(|receipt| receipt.years).unwrap_or_default();
    let gone: Vec<i32> = old_years.into_iter().filter(|year| !years.contains(year)).collect();
    lake.remove_part(context.schema, &gone, &part)?;

    let mapping = layout.map(|layout| layout.name.clone());
    let content = if refused { String::new() } else { fingerprint::content(&tables, context.key) };
    let receipt = Receipt { content, change, years, mapping, ..receipt_of(found, context, part.sha256, counts, normalised, &findings) };
    receipt::write(lake, &receipt, findings.in_words(&files), Repairs::new(&tables))?;
    Ok(Ingested { receipt, skipped: false })
}

/// A submission as it was read, before anything is written.
struct Examined<'a> {
    tables: Vec<Table<'a>>,
    findings: Findings<'a>,
    normalised: Vec<String>,
    layout: Option<&'a Layout>,
}

/// Reads and judges what was delivered. The history is that of a delivery that is new.
fn examine<'a>(delivered: container::Delivered, found: &Found, context: &Context<'a>, history: Option<&History>) -> Result<Examined<'a>, Error> {
    let mut findings = Findings::new(context.rules);
    let mut normalised = Vec::new();
    let Read { mut tables, manifest, layout } = read_tables(delivered, found, context, &mut findings, &mut normalised)?;
    if !collective(context) {
        identify(found, context, history, &mut findings);
        sender::check(&tables, &found.provider_id, context.providers, &mut findings);
    }
    let private = findings.refused_for_privacy();
    if OF_OTHERS.iter().any(|code| findings.has(code)) {
        findings.keep(|code| OF_OTHERS.contains(&code));
        normalised.clear();
        tables.clear();
    } else if private {
        findings.keep(is_private);
    } else {
        judge(&mut tables, manifest.as_ref(), found, context, &mut findings, &mut normalised)?;
    }
    if private {
        normalised = vec![DESTROY.to_owned()];
    }
    // Before anything is written; what is raised after that is our own word about deliveries.
    findings.all_known()?;
    Ok(Examined { tables, findings, normalised, layout })
}

/// The receipt of what was read, without what depends on the lake.
fn receipt_of(found: &Found, context: &Context<'_>, sha256: String, tables: Vec<TableCount>, normalised: Vec<String>, findings: &Findings<'_>) -> Receipt {
    let verdict = match (findings.refusal.is_some(), findings.has_remarks()) {
        (true, _) => Verdict::Refused,
        (false, true) => Verdict::AcceptedWithRemarks,
        (false, false) => Verdict::Accepted,
    };
    Receipt {
        format: RECEIPT_FORMAT,
        provider_id: found.provider_id.clone(),
        year: found.year,
        sequence: found.sequence,
        submission: found.name.clone(),
        sha256,
        definitions: context.definitions.to_owned(),
        mapping: None,
        verdict,
        refusal: findings.refusal.clone(),
        tables,
        normalised,
        findings: findings.counts(),
        rules: findings.outcomes(),
        content: String::new(),
        change: None,
        years: Vec::new(),
    }
}

/// What was delivered, in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InMemory {
    /// Files by name, as in a folder.
    Folder(Vec<(String, Vec<u8>)>),
    /// A zip.
    Zip(Vec<u8>),
}

/// Reads a submission from memory and writes nothing: the receipt that it would get, but for what depends on the lake, and its
/// findings.
///
/// # Errors
/// [`Error::Pipeline`] and [`Error::Bug`]; whatever the bytes are, they give a receipt.
pub fn inspect(found: &Found, delivered: InMemory, context: &Context<'_>) -> Result<(Receipt, Vec<Finding>), Error> {
    let delivered = match delivered {
        InMemory::Folder(files) => container::folder_in_memory(files),
        InMemory::Zip(bytes) => container::zip_in_memory(bytes),
    };
    let sha256 = delivered.sha256.clone();
    let Examined { tables, findings, normalised, layout } = examine(delivered, found, context, None)?;
    let counts = conserved(&tables, findings.refusal.is_some())?;
    let files: Vec<&str> = tables.iter().map(|table| table.file.as_str()).collect();
    let mapping = layout.map(|layout| layout.name.clone());
    let receipt = Receipt { mapping, ..receipt_of(found, context, sha256, counts, normalised, &findings) };
    let findings = findings.sorted(&files).collect();
    Ok((receipt, findings))
}

fn collective(context: &Context<'_>) -> bool {
    context.delivery.kind == DeliveryKind::Collective
}

/// Who delivers, and whether this delivery comes after the others.
fn identify(found: &Found, context: &Context<'_>, history: Option<&History>, findings: &mut Findings<'_>) {
    ["E508", "E509", "N830", "W731"].iter().for_each(|code| findings.checked(code, 1));
    let provider = found.provider_id.as_str();
    if let Some(register) = context.providers {
        ["E502", "W733"].iter().for_each(|code| findings.checked(code, 1));
        if !register.knows_in(provider, found.year.unwrap_or(context.report_year)) {
            findings.raise("E502", Place::default(), &[("value", provider)]);
        }
        if let Some(successor) = register.successor(provider) {
            findings.raise("W733", Place::default(), &[("value", provider), ("other", successor)]);
        }
    }
    if let Some(last) = history.and_then(|history| history.not_below(found.sequence)) {
        findings.raise("E508", Place::default(), &[("value", &found.sequence.to_string()), ("other", &last.to_string())]);
    }
}

/// W730 and W732: what this delivery changes in the one that it replaces.
fn replace(
    replaced: &Receipt,
    part: &PartRef,
    counts: &[TableCount],
    context: &Context<'_>,
    lake: &Lake,
    files: &[&str],
    findings: &mut Findings<'_>,
) -> Result<Change, Error> {
    ["W730", "W732"].iter().for_each(|code| findings.checked(code, 1));
    let old = PartRef {
        provider_id: replaced.provider_id.clone(),
        sequence: replaced.sequence,
        sha256: replaced.sha256.clone(),
        definitions: replaced.definitions.clone(),
    };
    let year = replaced.year.unwrap_or(context.report_year);
    // Where the rows cannot be compared, because other definitions gave them other columns, the findings can.
    let tables = if old.definitions == part.definitions && lake.has_part(year, &old) { change::tables(lake, context.schema, year, &old, part)? } else { Vec::new() };
    let folder = lake.receipt(&old.provider_id, replaced.year, old.sequence, &old.sha256);
    let earlier: Vec<Finding> = receipt::read_findings(&folder)?.collect::<Result<_, _>>()?;
    let changed = change::findings(replaced, tables, earlier.into_iter(), findings.sorted(files), context.rules);
    let words = if changed.tables.is_empty() { "de verschillen zijn niet te tellen".to_owned() } else { change::dutch(&changed.tables, context.schema) };
    findings.raise("W730", Place::default(), &[("other", &replaced.sequence.to_string()), ("value", &words)]);
    for count in counts {
        let rows = |count: &TableCount| count.rows - count.blank - count.repeated_header;
        let Some(earlier) = replaced.tables.iter().find(|earlier| earlier.table == count.table) else { continue };
        let (now, before) = (rows(count), rows(earlier));
        if now.abs_diff(before) >= ROWS_CHANGE_MINIMUM && now.abs_diff(before) as f64 > ROWS_CHANGE_MAXIMUM * before as f64 {
            let (now, before) = (spiegel_model::count(now), spiegel_model::count(before));
            findings.raise("W732", Place::file(&count.file), &[("count", &now), ("other", &before)]);
        }
    }
    Ok(changed)
}

/// E608: files whose names tell who a client is get another name, here and in every output.
fn conceal_names(files: &mut [SourceFile], year: i32, findings: &mut Findings<'_>) {
    findings.checked("E608", files.len() as u64);
    for (number, file) in (1..).zip(files.iter_mut()) {
        if privacy::is_telling_name(&file.name, year) {
            let other = format!("bestand-{number}.{}", file.extension());
            findings.conceal(&file.name, &other);
            file.name = other;
            findings.raise("E608", Place::file(&file.name), &[]);
        }
    }
}

/// A submission as text.
#[derive(Default)]
struct Read<'a> {
    tables: Vec<Table<'a>>,
    manifest: Option<Manifest>,
    /// The mapping that it was read with.
    layout: Option<&'a Layout>,
}

/// Opens the container and reads every table as text, in the layout that it has. What cannot be a table becomes a finding.
fn read_tables<'a>(
    delivered: container::Delivered,
    found: &Found,
    context: &Context<'a>,
    findings: &mut Findings<'_>,
    normalised: &mut Vec<String>,
) -> Result<Read<'a>, Error> {
    if !collective(context) && context.delivery.provider_digits == AGB_DIGITS {
        findings.checked("E501", 1);
        let lost_zero = !found.name.contains(&found.provider_id) && found.provider_id.strip_prefix('0').is_some_and(|rest| found.name.contains(rest));
        if !is_agb(found.provider_id.as_bytes()) || lost_zero && !context.providers.is_some_and(|register| register.knows(&found.provider_id)) {
            findings.raise("E501", Place::default(), &[("value", found.provider_id.strip_prefix('0').filter(|_| lost_zero).unwrap_or(&found.provider_id))]);
        } else if lost_zero {
            findings.raise("N826", Place::default(), &[("count", "1")]);
        }
    }
    let mut files = container::unpack(delivered, &found.name, findings);
    if files.is_empty() && findings.refusal.is_some() {
        return Ok(Read::default());
    }
    conceal_names(&mut files, found.year.unwrap_or(context.report_year), findings);
    let manifest = Manifest::take(&mut files, found, context, findings);
    let layout = mapping::choose(context.schema, manifest.as_ref().and_then(|manifest| manifest.bron_epd.as_deref()));
    let schemas: &'a [TableSchema] = layout.map_or(&context.schema.tables, |layout| &layout.tables);
    if let Some(layout) = layout {
        normalised.push(format!("gelezen volgens de indeling {}", layout.name));
    }
    let indexes: Vec<HeaderIndex> = schemas.iter().map(HeaderIndex::new).collect();
    let before = findings.refusal.is_some();
    let sources = sources(files, schemas, &indexes, found.year.unwrap_or(context.report_year), findings, normalised);
    // A table may stand in what could not be read: nothing is said about what is missing.
    let all_read = before || findings.refusal.is_none();
    let mut tables: Vec<Table<'a>> = Vec::new();
    for Source { file, place, aside } in sources {
        let at = Place::file(&file.name);
        let schema = &schemas[place];
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
            findings.checked("E507", 1);
            let counted = table.raw.rows() - table.raw.blank - table.raw.repeated_header + table.unread_rows;
            if counted != declared {
                let (value, expected) = (spiegel_model::count(counted), spiegel_model::count(declared));
                findings.raise("E507", at, &[("value", &value), ("expected", &expected)]);
            }
        }
        tables.push(table);
    }
    for schema in schemas.iter().filter(|schema| all_read && schema.required) {
        if !tables.iter().any(|table| table.schema.table == schema.table) {
            findings.raise("E013", Place::default(), &[("expected", &schema.name)]);
        }
    }
    required_without(&tables, findings);
    // In the order of the schema, whatever the files are called.
    tables.sort_by_key(|table| schemas.iter().position(|schema| schema.table == table.schema.table));
    Ok(Read { tables, manifest, layout })
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
    tables: &[TableSchema],
    indexes: &[HeaderIndex],
    year: i32,
    findings: &mut Findings<'_>,
    normalised: &mut Vec<String>,
) -> Vec<Source> {
    let mut sources = Vec::new();
    // One file after another: a workbook is let go once its sheets are text.
    for file in files {
        match kinds::readable(&file, findings) {
            None => {}
            Some(Readable::Text) => {
                let named = tables.iter().position(|table| container::names_table(file.stem(), table));
                let Some(place) = named.or_else(|| table_by_header(&file, tables, indexes)) else {
                    let names = tables.iter().map(|table| format!("{}.csv", table.name)).collect::<Vec<_>>().join(", ");
                    findings.raise("E011", Place::file(&file.name), &[("expected", &names)]);
                    continue;
                };
                findings.checked("N812", 1);
                if named.is_none() {
                    findings.raise("N812", Place::file(&file.name), &[("expected", &tables[place].name)]);
                }
                sources.push(Source { file, place, aside: None });
            }
            Some(Readable::Workbook) => {
                let sheets = workbook::read(&file, tables, indexes, year, findings, normalised);
                sources.extend(sheets.into_iter().map(|sheet| Source { file: sheet.file, place: sheet.table, aside: Some(sheet.aside) }));
            }
        }
    }
    sources
}

/// E110: a column that only another table could have made unnecessary.
fn required_without(tables: &[Table<'_>], findings: &mut Findings<'_>) {
    for table in tables.iter().filter(|table| !table.headers.is_empty()) {
        for (column, place) in table.schema.columns.iter().zip(&table.places) {
            let missed = column.required_without.as_ref().filter(|other| place.is_none() && !tables.iter().any(|table| table.schema.table == **other));
            if missed.is_some() {
                let present = table.headers.iter().map(String::as_str).filter(|header| !header.is_empty()).collect::<Vec<_>>().join(", ");
                findings.raise("E110", Place::file(&table.file), &[("expected", &column.header), ("present", &present), ("hint", "")]);
            }
        }
    }
}

/// The table a file holds, when its headers are those of one table only.
fn table_by_header(file: &SourceFile, tables: &[TableSchema], indexes: &[HeaderIndex]) -> Option<usize> {
    let text = encoding::decode(encoding::start(&file.bytes)).ok()?;
    let fits = |(table, index): (&TableSchema, &HeaderIndex)| {
        let Ok(dialect) = dialect::detect(&text.bytes, table, index) else { return false };
        let present: Vec<usize> = dialect.cells.iter().filter_map(|cell| index.column(cell)).collect();
        table.columns.iter().enumerate().all(|(place, column)| !column.required || present.contains(&place))
    };
    let mut fitting = tables.iter().zip(indexes).enumerate().filter(|(_, pair)| fits(*pair)).map(|(place, _)| place);
    let only = fitting.next()?;
    fitting.next().is_none().then_some(only)
}

/// Types all tables and runs every check.
fn judge(
    tables: &mut [Table<'_>],
    manifest: Option<&Manifest>,
    found: &Found,
    context: &Context<'_>,
    findings: &mut Findings<'_>,
    normalised: &mut Vec<String>,
) -> Result<(), Error> {
    // A submission about a year arrives in the year after it.
    let last_year = found.year.unwrap_or(context.report_year).max(context.report_year) + 1;
    let future = days_from_civil(last_year + 1, 1, 1);
    let known = settle::Known { future: Some(future), manifest, register: context.providers, rules: context.rules };
    for table in tables.iter_mut() {
        settle::cells(table, known, findings, normalised);
        checks::rows(table, context.rules, found.year, findings)?;
        settle::keys(table, findings);
    }
    checks::parents(tables, findings);
    for table in tables.iter_mut() {
        table.quarantined.sort();
        checks::gate(table, findings);
        settle::empty_columns(table, findings);
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
fn write(tables: &[Table<'_>], found: &Found, context: &Context<'_>, part_ref: &PartRef, lake: &Lake) -> Result<Vec<i32>, Error> {
    let collective = collective(context);
    let provider = (!collective).then_some(found.provider_id.as_str());
    let pseudonyms = context.key.of_provider(found.provider_id.as_bytes());
    let default_year = found.year.unwrap_or(context.report_year);
    let mut used: BTreeMap<i32, Vec<Option<Vec<u32>>>> = BTreeMap::new();
    if !collective {
        used.insert(default_year, vec![None; context.schema.tables.len()]);
    }
    for table in tables {
        let place = context.schema.tables.iter().position(|schema| schema.table == table.schema.table).unwrap_or(0);
        let used_rows = (0..table.len() as u32).filter(|row| table.fates[*row as usize] == Fate::Used);
        if table.schema.period.is_none() {
            let rows: Vec<u32> = used_rows.collect();
            if !rows.is_empty() {
                used.entry(default_year).or_insert_with(|| vec![None; context.schema.tables.len()])[place] = Some(rows);
            }
            continue;
        }
        for row in used_rows {
            let year = year_of_row(table, row, default_year);
            let rows = &mut used.entry(year).or_insert_with(|| vec![None; context.schema.tables.len()])[place];
            rows.get_or_insert_with(Vec::new).push(row);
        }
    }
    for (year, rows) in &used {
        let parts = context.schema.tables.iter().zip(rows).map(|(schema, rows)| {
            let table = tables.iter().find(|table| table.schema.table == schema.table);
            let batch = match (table, rows) {
                (Some(table), Some(rows)) => columnar::part(table, &pseudonyms, Some(rows.as_slice()).filter(|rows| rows.len() < table.len()))?,
                _ => arrow::array::RecordBatch::new_empty(columnar::part_schema(schema)),
            };
            Ok((table.map_or_else(String::new, |table| table.file.clone()), batch))
        });
        let parts = parts.collect::<Result<Vec<_>, Error>>()?;
        atomic::place(&lake.staging(), &lake.part(*year, part_ref), &part::encode(&parts))?;
    }
    for table in tables {
        write_quarantine(table, provider, &pseudonyms, default_year, part_ref, lake)?;
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
        columnar::write_quarantine(file, table.schema, &batch, &path)?;
        atomic::keep_verifiable(draft, &path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
