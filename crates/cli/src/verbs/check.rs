//! `spiegel check`: one submission through everything that a batch does with it, in a batch that is thrown away.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use spiegel_ingest::{
    Context, Found, Ingested, Key, Lake, PartRef, definitions_hash, discover, identify, ingest, load_rules, load_schema, use_mapping,
};
use spiegel_model::{DeliveryKind, Feedback, Receipt, RuleSet, SubmissionSchema, Verdict, YearSpec, count};
use spiegel_query::{Pipeline, Register, load_year};

use crate::arguments::Check;
use crate::batch::{Batch, Members};
use crate::exit::{Outcome, Usage};
use crate::steps::checks;
use crate::steps::feedback::{self, Desk, FEEDBACK, FEEDBACK_PAGES, repairs};
use crate::steps::template_beside;
use crate::talk;

/// What a batch keeps with the receipt, besides what `feedback` adds.
const RECEIPT_FILES: [&str; 3] = ["ontvangst.json", "bevindingen.jsonl", "bevindingen.csv"];
/// Tables of text that may be given alone.
const TABLE_EXTENSIONS: [&str; 4] = ["csv", "txt", "tsv", "tab"];

pub(crate) fn check(arguments: &Check) -> anyhow::Result<Outcome> {
    if !arguments.path.exists() {
        return Err(Usage(format!("there is no {}", arguments.path.display())).into());
    }
    let pipeline = Pipeline::load(&arguments.pipeline)?;
    let (mut schema, rules) = (load_schema(&arguments.pipeline)?, load_rules(&arguments.pipeline)?);
    if let Some(file) = &arguments.mapping {
        use_mapping(&mut schema, file)?;
    }
    let temporary = tempfile::tempdir().context("a temporary folder")?;
    let found = found(arguments, &pipeline, temporary.path())?;
    let year = found.year.map(|year| year_spec(&arguments.pipeline, year)).transpose()?.flatten();
    let batch = Batch::open(&temporary.path().join("batch"))?;
    let lake = Lake::open(batch.root())?;
    // Pseudonyms that nobody sees: the lake is thrown away.
    let key = Key::unused()?;
    let definitions = definitions_hash(&arguments.pipeline, &key, arguments.mapping.as_deref())?;
    let report_year = found.year.or(arguments.year).map_or_else(|| latest_year(&arguments.pipeline), Ok)?;
    let context = Context {
        schema: &schema,
        rules: &rules,
        delivery: &pipeline.spec.delivery,
        key: &key,
        definitions: &definitions,
        report_year,
        register: &pipeline.spec.register.file,
        // Offline nobody knows who may deliver, and no year is closed.
        providers: None,
        locked: None,
    };
    let mut ingested = [ingest(&found, &context, &lake)?];
    publish(&batch, &lake, &schema, &ingested[0].receipt)?;
    checks::run(&batch, &pipeline, &rules, &definitions, report_year, 1, &mut ingested)?;
    let [Ingested { receipt, .. }] = ingested;
    let template = feedback::template(&arguments.template.clone().unwrap_or_else(|| template_beside(&arguments.pipeline)))?;
    let desk = Desk {
        batch: &batch,
        pipeline: &pipeline,
        schema: &schema,
        rules: &rules,
        register: &Register::default(),
        year: year.as_ref(),
        template: template.as_ref(),
        trial: true,
        threads: 1,
    };
    desk.write(&[&receipt], &lake)?;
    let folder = lake.receipt(&receipt.provider_id, receipt.year, receipt.sequence, &receipt.sha256);
    let receipt: Receipt = read(&folder.join(RECEIPT_FILES[0]))?;
    let feedback: Feedback = read(&folder.join(FEEDBACK))?;
    keep(&folder, &arguments.out)?;
    talk::data(&summary(&receipt, &feedback, &rules, &arguments.out))?;
    Ok(if matches!(receipt.verdict, Verdict::Refused | Verdict::Held) { Outcome::WithRefusals } else { Outcome::Done })
}

/// Whose submission it is, and where it can be read: a single table is put into a folder of its own.
fn found(arguments: &Check, pipeline: &Pipeline, temporary: &Path) -> anyhow::Result<Found> {
    let path = &arguments.path;
    let delivery = &pipeline.spec.delivery;
    if delivery.kind == DeliveryKind::Collective {
        let found = discover(path, delivery)?.submissions.into_iter().next();
        return found.context("a collective delivery is its folder");
    }
    let absolute = path.canonicalize().with_context(|| format!("{}", path.display()))?;
    let name = absolute.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let identity = identify(&absolute, delivery);
    let (provider_id, year) = (arguments.provider.clone().or(identity.provider_id), arguments.year.or(identity.year));
    let (Some(provider_id), Some(year)) = (provider_id, year) else {
        return Err(Usage(format!(
            "{} does not say whose it is: name it like {}, add agb and verslagjaar to aanlevering.toml, or give --agb and --year",
            path.display(),
            delivery.name
        ))
        .into());
    };
    let is_table = absolute.is_file() && TABLE_EXTENSIONS.iter().any(|extension| absolute.extension().is_some_and(|own| own.eq_ignore_ascii_case(extension)));
    let path = if is_table {
        let folder = temporary.join("submission");
        fs::create_dir(&folder).with_context(|| format!("{}", folder.display()))?;
        fs::copy(&absolute, folder.join(&name)).with_context(|| format!("{}", absolute.display()))?;
        folder
    } else {
        absolute
    };
    Ok(Found { path, provider_id, year: Some(year), sequence: identity.sequence.unwrap_or(1), name })
}

/// The year file of a pipeline. Without it there is no preview, which is said.
fn year_spec(pipeline: &Path, year: i32) -> anyhow::Result<Option<YearSpec>> {
    let file = pipeline.join("years").join(format!("{year}.toml"));
    if file.is_file() {
        return Ok(Some(load_year(&file)?));
    }
    talk::line(&format!("note       there is no {}: your own values are not computed", file.display()));
    Ok(None)
}

/// The last year that a pipeline has a file of.
fn latest_year(pipeline: &Path) -> anyhow::Result<i32> {
    let folder = pipeline.join("years");
    let entries = fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))?;
    let years = entries.flatten().filter_map(|entry| entry.path().file_stem()?.to_str()?.parse().ok());
    years.max().with_context(|| format!("{} has no year file", folder.display()))
}

/// The lake of this one submission.
fn publish(batch: &Batch, lake: &Lake, schema: &SubmissionSchema, receipt: &Receipt) -> anyhow::Result<()> {
    for year in receipt.years.iter().copied().chain(receipt.year.filter(|year| !receipt.years.contains(year))) {
        let mut members = Members::default();
        members.take(&PartRef::accepted([receipt], year));
        lake.publish(schema, year, &members.parts())?;
        members.save(batch, year)?;
    }
    Ok(())
}

fn read<T: serde::de::DeserializeOwned>(file: &Path) -> anyhow::Result<T> {
    let bytes = fs::read(file).with_context(|| format!("{}", file.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{}", file.display()))
}

/// Puts the feedback where the user wants it, in the place of an earlier one.
fn keep(from: &Path, out: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(out).with_context(|| format!("{}", out.display()))?;
    let stale = repairs(out)?.into_iter().chain([FEEDBACK_PAGES, feedback::FINDINGS_WORKBOOK].map(str::to_owned));
    for name in stale.map(|name| out.join(name)).filter(|file| file.exists()) {
        fs::remove_file(&name).with_context(|| format!("{}", name.display()))?;
    }
    for entry in fs::read_dir(from).with_context(|| format!("{}", from.display()))?.flatten() {
        let target: PathBuf = out.join(entry.file_name());
        fs::copy(entry.path(), &target).with_context(|| format!("{}", target.display()))?;
    }
    Ok(())
}

/// What the terminal says: codes, files, rows and columns, but no value of a row (decision 16).
fn summary(receipt: &Receipt, feedback: &Feedback, rules: &RuleSet, out: &Path) -> String {
    let mut text = format!("{}: {}\n", receipt.submission, receipt.verdict.dutch());
    for table in &receipt.tables {
        let (unused, ignored) = (table.quarantined + table.refused, table.blank + table.repeated_header + table.duplicate);
        let file = if table.sheet.is_empty() { table.file.clone() } else { format!("{} blad \"{}\"", table.file, table.sheet) };
        text.push_str(&format!("  {file}: {} rijen, {} gebruikt, {} niet gebruikt, {} leeg of dubbel\n", count(table.rows), count(table.used), count(unused), count(ignored)));
    }
    for found in &feedback.findings {
        text.push_str(&format!("{} · {} · {}\n", found.code, found.title, found.extent));
        if !found.places.is_empty() {
            text.push_str(&format!("  Waar: {}\n", found.places));
        }
        // A remedy with a value in it is only in the provider's own files.
        if rules.rule(&found.code).is_some_and(|rule| ["{value}", "{other}", "{present}", "{hint}"].iter().all(|slot| !rule.remedy.contains(slot))) {
            text.push_str(&format!("  Herstel: {}\n", found.remedy));
        }
    }
    for line in [feedback.findings_note.as_str()].into_iter().filter(|line| !line.is_empty()) {
        text.push_str(&format!("{line}\n"));
    }
    text.push_str(&format!("Alles staat in {}.\n", out.display()));
    text
}
