//! The Keurmerk of a year: self-evaluations and assessments into lakes of their own (`<batch>/keurmerk/`), and from these the register,
//! themes, controls and Keurmerkrapportages. The lake of clients is never touched.

mod agenda;
mod deliveries;
mod documents;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::NaiveDate;
use spiegel_model::{KeurmerkBlock, RuleSet};
use spiegel_query::{
    Control, Engine, Entry, Facts, KeurmerkDefinitions, KeurmerkYear, Pipeline, RegisterYear, facts, keurmerk_block, load_keurmerk, load_year, marks, register, register_csv,
    register_parquet, theme_counts, themes_csv,
};

use super::{Workplace, register as provider_register};
use crate::arguments::Keurmerk;
use crate::exit::{Outcome, Usage};
use crate::talk;
use deliveries::Desks;

pub(crate) use deliveries::{schema_of as keurmerk_schema, sub_pipeline};

/// Folder of a batch with everything of the Keurmerk that is no result.
const FOLDER: &str = "keurmerk";
/// Among the results of a year.
const REGISTER: &str = "keurmerkregister";
const THEMES: &str = "themas-norm-3.csv";
const CONTROLS: &str = "keurmerk-controles.csv";

/// Where the Keurmerk inbox of an ordinary inbox is: inside it, or beside it.
fn inbox_beside(inbox: &Path) -> Option<PathBuf> {
    let beside = inbox.parent().map(|parent| if parent.as_os_str().is_empty() { PathBuf::from(FOLDER) } else { parent.join(FOLDER) });
    [Some(inbox.join(FOLDER)), beside].into_iter().flatten().find(|folder| folder.is_dir())
}

/// Everything of one Keurmerk year.
pub(super) struct Known {
    definitions: KeurmerkDefinitions,
    facts: Facts,
    entries: Vec<(NaiveDate, Vec<Entry>)>,
    /// The last day that is told about.
    on: NaiveDate,
    /// Without this the publisher's delivery lacks what it said before: nothing new is made of it.
    intact: bool,
}

/// `spiegel keurmerk`.
pub(crate) fn keurmerk_verb(arguments: &Keurmerk) -> anyhow::Result<Outcome> {
    let workplace = Workplace::open(&arguments.common)?;
    let pipeline = workplace.pipeline()?;
    if workplace.year.keurmerk.is_none() {
        return Err(Usage(format!("{} has no section [keurmerk]", workplace.year_file.display())).into());
    }
    if let Some(inbox) = arguments.inbox.as_ref().filter(|inbox| !inbox.is_dir()) {
        return Err(Usage(format!("there is no inbox {}", inbox.display())).into());
    }
    let template = super::report::template_directory(&workplace, arguments.template.as_deref());
    let Some((read, known)) = read(&workplace, &pipeline, arguments.inbox.as_deref(), &template, arguments.on)? else {
        return Err(Usage(format!("no self-evaluation and no assessment of {} in this batch; give --inbox", workplace.year.year)).into());
    };
    let made = documents::make(&workplace, &pipeline, &known, &arguments.providers, &template)?;
    Ok(read.and(made))
}

/// The part of `spiegel year` before the benchmark: reads what lies beside the inbox. None without anything of the Keurmerk.
pub(super) fn of_year(workplace: &Workplace, pipeline: &Pipeline, inbox: &Path, template: &Path) -> anyhow::Result<Option<(Outcome, Known)>> {
    if workplace.year.keurmerk.is_none() {
        return Ok(None);
    }
    read(workplace, pipeline, inbox_beside(inbox).as_deref(), template, None)
}

/// The part of `spiegel year` after the reports.
pub(super) fn documents(workplace: &Workplace, pipeline: &Pipeline, known: &Known, providers: &[String], template: &Path) -> anyhow::Result<Outcome> {
    documents::make(workplace, pipeline, known, providers, template)
}

/// What the mirror reports of a year say of the Keurmerk, by provider, with its bytes for fingerprints.
pub(super) fn blocks(batch: &Path, year: i32) -> anyhow::Result<(BTreeMap<String, KeurmerkBlock>, Vec<u8>)> {
    let file = blocks_file(batch, year);
    match fs::read(&file) {
        Ok(bytes) => Ok((serde_json::from_slice(&bytes).with_context(|| format!("{}", file.display()))?, bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok((BTreeMap::new(), Vec::new())),
        Err(error) => Err(error).with_context(|| format!("{}", file.display())),
    }
}

fn blocks_file(batch: &Path, year: i32) -> PathBuf {
    batch.join(FOLDER).join(format!("oordelen-{year}.json"))
}

/// Reads the deliveries, and writes register, themes, controls and what the mirror reports need.
fn read(workplace: &Workplace, pipeline: &Pipeline, inbox: Option<&Path>, template: &Path, on: Option<NaiveDate>) -> anyhow::Result<Option<(Outcome, Known)>> {
    let Some(definitions) = load_keurmerk(pipeline, &workplace.year)? else { return Ok(None) };
    let root = workplace.batch.root().join(FOLDER);
    if inbox.is_none() && !root.is_dir() {
        return Ok(None);
    }
    let year = definitions.number;
    let desks = Desks::open(workplace, pipeline, &definitions)?;
    let mut outcome = Outcome::Done;
    if let Some(inbox) = inbox {
        super::ingest::keep_register(workplace, pipeline, inbox)?;
        outcome = desks.read(workplace, pipeline, inbox, template)?;
    }
    let mut all: BTreeMap<i32, (KeurmerkDefinitions, Facts)> = BTreeMap::new();
    for (known_year, known) in earlier_years(workplace, pipeline)? {
        let facts = year_facts(&desks, pipeline, &known, workplace.threads)?;
        all.insert(known_year, (known, facts));
    }
    let mut facts = year_facts(&desks, pipeline, &definitions, workplace.threads)?;
    if facts.providers.is_empty() {
        return Ok(None);
    }
    if let Some((_, before)) = all.get(&(year - 1)) {
        facts.controls.extend(facts.repeated_leniency(before));
    }
    let gone = said_before(workplace, year, &facts)?;
    if gone > 0 {
        facts.controls.push(Control { code: "E347".to_owned(), provider: String::new(), other: String::new(), count: gone });
        talk::line(&format!("refused    assessments of {year}: E347, {gone} that were read before are gone or changed; add rows with a later date instead"));
        outcome = Outcome::WithRefusals;
    }
    all.insert(year, (definitions.clone(), facts.clone()));
    let last_issue = definitions.year.issues.last().map_or(definitions.year.deadline, |issue| issue.date);
    let last_decision = facts.providers.values().flat_map(|one| &one.decisions).map(|decision| decision.date).max();
    let until = on.unwrap_or(last_issue);
    // Of a year that is told about whole, decisions after its last issue count too.
    let register_day = if on.is_some() { until } else { last_decision.map_or(until, |day| day.max(until)) };
    let years: Vec<RegisterYear<'_>> = all
        .iter()
        .map(|(number, (known, facts))| RegisterYear { year: *number, deadline: known.year.deadline, edition: &known.edition, providers: &facts.providers })
        .collect();
    let of_year = |day: NaiveDate| -> Vec<Entry> {
        let mut entries = register(&years, &definitions.spec.reasons, day);
        entries.retain(|entry| entry.year == year);
        entries
    };
    let issues = definitions.year.issues.iter().filter(|issue| issue.date <= until);
    let entries: Vec<(NaiveDate, Vec<Entry>)> = issues.map(|issue| (issue.date, of_year(issue.date))).collect();
    let whole = of_year(register_day);
    let known = Known { facts, entries, on: until, intact: gone == 0, definitions };
    write_controls(workplace, pipeline, &desks.publisher_rules, &known)?;
    if known.intact {
        write_results(workplace, pipeline, &known, &whole)?;
    }
    Ok(Some((outcome, known)))
}

/// The Keurmerk years before this one that the pipeline declares.
fn earlier_years(workplace: &Workplace, pipeline: &Pipeline) -> anyhow::Result<BTreeMap<i32, KeurmerkDefinitions>> {
    let folder = workplace.pipeline_directory.join("years");
    let entries = fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    let mut years = BTreeMap::new();
    for file in files {
        let year = load_year(&file)?;
        if year.year < workplace.year.year
            && let Some(definitions) = load_keurmerk(pipeline, &year)?
        {
            years.insert(year.year, definitions);
        }
    }
    Ok(years)
}

fn year_facts(desks: &Desks, pipeline: &Pipeline, definitions: &KeurmerkDefinitions, threads: usize) -> anyhow::Result<Facts> {
    let engine = |lake: PathBuf| -> anyhow::Result<Option<Engine>> {
        if lake.is_dir() { Ok(Some(Engine::open(&lake, &sub_pipeline(pipeline, &definitions.spec.self_evaluation, PathBuf::new()), threads)?)) } else { Ok(None) }
    };
    let texts = desks.texts(definitions.number)?;
    Ok(facts(engine(desks.own.lake())?.as_ref(), engine(desks.publisher.lake())?.as_ref(), definitions, &texts)?)
}

/// How many states and decisions that were read before are not there any more; notes the new ones when none is gone.
fn said_before(workplace: &Workplace, year: i32, facts: &Facts) -> anyhow::Result<usize> {
    let file = workplace.batch.root().join(FOLDER).join(format!("gezegd-{year}.csv"));
    let now = facts.said();
    let before: BTreeSet<String> = match fs::read_to_string(&file) {
        Ok(text) => text.lines().skip(1).map(str::to_owned).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeSet::new(),
        Err(error) => return Err(error).with_context(|| format!("{}", file.display())),
    };
    let gone = before.difference(&now).count();
    if gone == 0 && before != now {
        let lines = now.iter().fold("agb;datum;ronde;criterium;oordeel of besluit;reden\n".to_owned(), |text, line| text + line + "\n");
        workplace.batch.write(&file, lines.as_bytes())?;
    }
    Ok(gone)
}

fn write_controls(workplace: &Workplace, pipeline: &Pipeline, rules: &RuleSet, known: &Known) -> anyhow::Result<()> {
    let (names, _) = provider_register(workplace, pipeline)?;
    let mut text = "code;agb;naam;melding;herstel\n".to_owned();
    for control in &known.facts.controls {
        let Some(rule) = rules.rule(&control.code) else {
            return Err(spiegel_ingest::Error::Bug(format!("there is no rule {}", control.code)).into());
        };
        let name = names.name_of(&control.provider);
        let (count, deadline) = (control.count.to_string(), known.definitions.year.deadline.format("%d-%m-%Y").to_string());
        let slots = [("{value}", name), ("{other}", control.other.as_str()), ("{count}", &count), ("{expected}", &deadline)];
        let message = slots.iter().fold(rule.message.clone(), |message, (slot, value)| message.replace(slot, value));
        let cells = [control.code.as_str(), &control.provider, name, &message, &rule.remedy];
        text.push_str(&cells.map(spiegel_model::csv_cell).join(";"));
        text.push('\n');
    }
    workplace.batch.write(&workplace.batch.results(known.definitions.number).join(CONTROLS), text.as_bytes())
}

/// Register, themes, agenda, and the blocks of the mirror reports.
fn write_results(workplace: &Workplace, pipeline: &Pipeline, known: &Known, entries: &[Entry]) -> anyhow::Result<()> {
    let (names, _) = provider_register(workplace, pipeline)?;
    let (spec, providers) = (&known.definitions.spec, &known.facts.providers);
    let folder = workplace.batch.results(known.definitions.number);
    workplace.batch.write(&folder.join(format!("{REGISTER}.csv")), register_csv(entries, &names, &spec.reasons).as_bytes())?;
    workplace.batch.write(&folder.join(format!("{REGISTER}.parquet")), &register_parquet(entries, &names, &spec.reasons)?)?;
    workplace.batch.write(&folder.join(THEMES), themes_csv(spec, &theme_counts(spec, providers, None)).as_bytes())?;
    workplace.batch.write(&folder.join(agenda::FILE), &agenda::workbook(&known.definitions, providers)?)?;
    let nothing = BTreeMap::new();
    let of = KeurmerkYear { pipeline, definitions: &known.definitions, facts: &known.facts, register: &names, marks: &nothing, minimum: workplace.year.minimum.shown };
    let blocks: BTreeMap<&String, KeurmerkBlock> = providers.keys().filter_map(|id| Some((id, keurmerk_block(&of, id, known.on)?))).collect();
    let mut text = serde_json::to_vec_pretty(&blocks)?;
    text.push(b'\n');
    workplace.batch.write(&blocks_file(workplace.batch.root(), known.definitions.number), &text)
}

/// The marks over the data year, from the results of that year in this batch.
fn data_marks(workplace: &Workplace, definitions: &KeurmerkDefinitions) -> anyhow::Result<BTreeMap<String, spiegel_query::Mark>> {
    Ok(marks(&workplace.batch.results(definitions.year.data_year), &definitions.spec.website.indicator)?)
}
