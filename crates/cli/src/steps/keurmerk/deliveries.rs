//! Self-evaluations and the publisher's assessments through the same ingest as all data, each into a lake of its own. They come at
//! other moments than records of clients, replace other deliveries, and hold texts: so nothing of them lies in the research lake.

use std::path::{Path, PathBuf};

use spiegel_ingest::{Context, Found, Ingested, Key, Lake, PartRef, check_rules, definitions_hash, discover, ingest, load_rules, load_schema, read_explanations};
use spiegel_model::{ColumnSchema, Delivery, Receipt, RuleSet, SubmissionSchema, Verdict};
use spiegel_query::{KeurmerkDefinitions, Pipeline, FreeTexts};

use super::super::feedback::{self, Desk};
use super::super::ingest::{providers, read_all};
use super::super::{Workplace, checks, register as provider_register};
use super::FOLDER;
use crate::batch::{Batch, Members, sha256};
use crate::exit::Outcome;
use crate::talk::{self, Progress};

/// Folders of definitions in a pipeline, and of the two lakes in a batch.
const OWN: &str = "keurmerk";
const PUBLISHER: &str = "keurmerk/assessment";
const OWN_BATCH: &str = "zelfevaluatie";
const PUBLISHER_BATCH: &str = "beoordeling";

/// Both places where something is read.
pub(super) struct Desks {
    pub(super) own: Batch,
    pub(super) publisher: Batch,
    own_schema: SubmissionSchema,
    publisher_schema: SubmissionSchema,
    own_rules: RuleSet,
    pub(super) publisher_rules: RuleSet,
    key: Key,
    delivery: Delivery,
    publisher_delivery: Delivery,
    year: i32,
}

/// The definitions of a delivery of the Keurmerk as a pipeline without indicators and views.
pub(crate) fn sub_pipeline(pipeline: &Pipeline, delivery: &Delivery, directory: PathBuf) -> Pipeline {
    let mut sub = pipeline.clone();
    sub.directory = directory;
    sub.spec.delivery = delivery.clone();
    sub.spec.indicators.clear();
    (sub.spec.norms, sub.spec.quality, sub.spec.population, sub.spec.parts) = (None, None, None, None);
    sub.indicators.clear();
    sub.views.clear();
    sub.instruments = spiegel_model::InstrumentSet::default();
    (sub.norms_sql, sub.quality_sql, sub.population_sql) = (None, None, None);
    sub
}

/// The tables of a delivery with the lists of the Keurmerk year in them: criteria, themes, activities, reasons.
pub(crate) fn schema_of(directory: &Path, definitions: &KeurmerkDefinitions) -> anyhow::Result<SubmissionSchema> {
    let mut schema = load_schema(directory)?;
    let spec = &definitions.spec;
    let listed = |column: &ColumnSchema| -> Option<Vec<String>> {
        Some(match column.name.as_str() {
            "criterion" => definitions.edition.questions().into_iter().map(|(_, question)| question.id.clone()).collect(),
            "theme" => spec.themes.iter().map(|one| one.id.clone()).collect(),
            "activity" => spec.activities.iter().map(|one| one.id.clone()).collect(),
            "reason" => spec.reasons.iter().map(|one| one.id.clone()).collect(),
            _ => return None,
        })
    };
    for column in schema.tables.iter_mut().flat_map(|table| &mut table.columns) {
        let Some(codes) = listed(column) else { continue };
        // A filled example answers every criterion; of a list to choose from, two are enough.
        let shown = if column.name == "criterion" { codes.len() } else { 2 };
        column.example = codes.iter().take(shown).cloned().collect::<Vec<_>>().join(" | ");
        column.codes = codes;
    }
    Ok(schema)
}

impl Desks {
    pub(super) fn open(workplace: &Workplace, pipeline: &Pipeline, definitions: &KeurmerkDefinitions) -> anyhow::Result<Self> {
        let root = workplace.batch.root().join(FOLDER);
        let (own, publisher) = (pipeline.directory.join(OWN), pipeline.directory.join(PUBLISHER));
        let (own_schema, publisher_schema) = (schema_of(&own, definitions)?, schema_of(&publisher, definitions)?);
        let (own_rules, publisher_rules) = (load_rules(&own)?, load_rules(&publisher)?);
        check_rules(&own_schema, &own_rules)?;
        check_rules(&publisher_schema, &publisher_rules)?;
        Ok(Self {
            own: Batch::open(&root.join(OWN_BATCH))?,
            publisher: Batch::open(&root.join(PUBLISHER_BATCH))?,
            own_schema,
            publisher_schema,
            own_rules,
            publisher_rules,
            // No column of these tables is a client: there is nothing to pseudonymise.
            key: Key::unused()?,
            delivery: definitions.spec.self_evaluation.clone(),
            publisher_delivery: definitions.spec.assessment.clone(),
            year: definitions.number,
        })
    }

    /// Reads what lies in the inbox: of providers `<delivery name>`, of the publisher `<name>/<year>/`.
    pub(super) fn read(&self, workplace: &Workplace, pipeline: &Pipeline, inbox: &Path, template: &Path) -> anyhow::Result<Outcome> {
        let own = self.read_own(workplace, pipeline, inbox, template)?;
        Ok(own.and(self.read_publisher(workplace, pipeline, inbox)?))
    }

    fn read_own(&self, workplace: &Workplace, pipeline: &Pipeline, inbox: &Path, template: &Path) -> anyhow::Result<Outcome> {
        let directory = pipeline.directory.join(OWN);
        let sub = sub_pipeline(pipeline, &self.delivery, directory.clone());
        let hash = definitions_hash(&directory, &self.key, None)?;
        // The lists of the year decide what is a criterion.
        let hash = sha256(&[hash.as_bytes(), serde_json::to_string(&self.own_schema)?.as_bytes()]);
        let (known, hash) = providers(workplace, pipeline, hash)?;
        let found = discover(inbox, &self.delivery)?;
        for (name, reason) in found.ignored.iter().filter(|(name, _)| *name != self.publisher_delivery.name) {
            talk::line(&format!("ignored    {name}: {reason}"));
        }
        let submissions: Vec<Found> = found.submissions.into_iter().filter(|one| one.year == Some(self.year)).collect();
        if submissions.is_empty() {
            return Ok(Outcome::Done);
        }
        let lake = Lake::open(self.own.root())?.with_threads(workplace.threads);
        let context = self.context(&self.own_schema, &self.own_rules, &self.delivery, &hash, &pipeline.spec.register.file, known.as_ref());
        let progress = Progress::start("keurmerk", submissions.len());
        let mut ingested = read_all(&submissions, &context, &lake, workplace.threads, &progress)?;
        let refused = ingested.iter().filter(|one| one.receipt.verdict == Verdict::Refused && !is_superseded(one, &ingested)).count();
        let skipped = ingested.iter().filter(|one| one.skipped).count();
        publish(&self.own, &lake, &self.own_schema, self.year, &ingested)?;
        progress.end(&format!("{} self-evaluations ({skipped} unchanged, {refused} refused)", ingested.len()));
        checks::run(&self.own, &sub, &self.own_rules, &hash, self.year, workplace.threads, &mut ingested)?;
        let template = feedback::template(template)?;
        let (register, _) = provider_register(workplace, pipeline)?;
        let desk = Desk {
            batch: &self.own,
            pipeline: &sub,
            schema: &self.own_schema,
            rules: &self.own_rules,
            register: &register,
            year: None,
            template: template.as_ref(),
            trial: false,
            threads: workplace.threads,
        };
        desk.write(&ingested.iter().map(|one| &one.receipt).collect::<Vec<_>>(), &lake)?;
        Ok(if refused > 0 { Outcome::WithRefusals } else { Outcome::Done })
    }

    fn read_publisher(&self, workplace: &Workplace, pipeline: &Pipeline, inbox: &Path) -> anyhow::Result<Outcome> {
        let name = &self.publisher_delivery.name;
        let path = inbox.join(name).join(self.year.to_string());
        if !path.is_dir() {
            return Ok(Outcome::Done);
        }
        let directory = pipeline.directory.join(PUBLISHER);
        let hash = definitions_hash(&directory, &self.key, None)?;
        let hash = sha256(&[hash.as_bytes(), serde_json::to_string(&self.publisher_schema)?.as_bytes()]);
        let lake = Lake::open(self.publisher.root())?.with_threads(workplace.threads);
        let context = self.context(&self.publisher_schema, &self.publisher_rules, &self.publisher_delivery, &hash, &pipeline.spec.register.file, None);
        let found = Found { path, provider_id: name.clone(), year: Some(self.year), sequence: 1, name: format!("{name}/{}", self.year) };
        let one = ingest(&found, &context, &lake)?;
        let receipt = &one.receipt;
        let quarantined: u64 = receipt.tables.iter().map(|table| table.quarantined).sum();
        match &receipt.refusal {
            Some(refusal) => talk::line(&format!("refused    {}: {} {}", found.name, refusal.code, refusal.title)),
            None if quarantined > 0 => talk::line(&format!("remarks    {}: {quarantined} rows in quarantine", found.name)),
            None => {}
        }
        let refused = receipt.verdict == Verdict::Refused;
        publish(&self.publisher, &lake, &self.publisher_schema, self.year, &[one])?;
        Ok(if refused || quarantined > 0 { Outcome::WithRefusals } else { Outcome::Done })
    }

    fn context<'a>(
        &'a self,
        schema: &'a SubmissionSchema,
        rules: &'a RuleSet,
        delivery: &'a Delivery,
        definitions: &'a str,
        register: &'a str,
        providers: Option<&'a spiegel_ingest::ProviderRegister>,
    ) -> Context<'a> {
        Context { schema, rules, delivery, key: &self.key, definitions, report_year: self.year, register, providers, locked: None }
    }

    /// Texts beside the receipts that count in a year: remarks of the publisher, questions of providers.
    pub(super) fn texts(&self, year: i32) -> anyhow::Result<FreeTexts> {
        let mut texts = FreeTexts::default();
        for part in Members::load(self.publisher.root(), year)?.parts() {
            for one in read_explanations(&folder(&self.publisher, year, &part)?)? {
                texts.remarks.insert(one.row, one.text);
            }
        }
        for part in Members::load(self.own.root(), year)?.parts() {
            for one in read_explanations(&folder(&self.own, year, &part)?)?.into_iter().filter(|one| one.table == "theme") {
                texts.questions.insert((part.provider_id.clone(), one.row), one.text);
            }
        }
        Ok(texts)
    }
}

fn folder(batch: &Batch, year: i32, part: &PartRef) -> anyhow::Result<PathBuf> {
    Ok(Lake::open(batch.root())?.receipt(&part.provider_id, Some(year), part.sequence, &part.sha256))
}

/// An accepted delivery with a higher number makes up for a refused one.
fn is_superseded(old: &Ingested, all: &[Ingested]) -> bool {
    all.iter().any(|new| new.receipt.provider_id == old.receipt.provider_id && new.receipt.sequence > old.receipt.sequence && new.receipt.verdict != Verdict::Refused)
}

/// Brings a lake up to date. Equal answers of two practices are no copy, because answers are chosen: deliveries are not held (E509).
fn publish(batch: &Batch, lake: &Lake, schema: &SubmissionSchema, year: i32, ingested: &[Ingested]) -> anyhow::Result<()> {
    let receipts: Vec<&Receipt> = ingested.iter().map(|one| &one.receipt).collect();
    let mut members = Members::load(batch.root(), year)?;
    members.take(&PartRef::accepted(receipts, year));
    lake.publish(schema, year, &members.parts())?;
    members.save(batch, year)
}
