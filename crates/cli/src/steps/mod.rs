//! The steps of a year: ingest with its feedback, benchmark, report.

pub(crate) mod benchmark;
pub(crate) mod checks;
mod delivery;
pub(crate) mod feedback;
mod group;
mod ingest;
mod keurmerk;
mod overview;
mod release;
mod report;
mod workbook;

use std::path::{Path, PathBuf};
use std::thread;

use anyhow::Context as _;
use spiegel_model::YearSpec;
use spiegel_query::{Pipeline, Register};

use crate::arguments::{Benchmark, Common, Ingest, Report, Year};
use crate::batch::Batch;
use crate::exit::{Outcome, Usage};

/// What a step works with.
pub(crate) struct Workplace {
    pub(crate) batch: Batch,
    pub(crate) pipeline_directory: PathBuf,
    pub(crate) year_file: PathBuf,
    pub(crate) year: YearSpec,
    pub(crate) threads: usize,
}

impl Workplace {
    fn open(common: &Common) -> anyhow::Result<Self> {
        if !common.year.is_file() {
            let elsewhere = "nor beside the program, nor in the folder that SPIEGEL_HOME names";
            return Err(Usage(format!("there is no year file {}, {elsewhere}", common.year.display())).into());
        }
        let year = spiegel_query::load_year(&common.year)?;
        let pipeline_directory = common
            .year
            .parent()
            .and_then(Path::parent)
            .map(|path| if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() })
            .filter(|path| path.join("pipeline.toml").is_file())
            .ok_or_else(|| {
                Usage(format!(
                    "{} does not lie in the folder years/ of a pipeline (no pipeline.toml beside that folder)",
                    common.year.display()
                ))
            })?;
        let threads = common.threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)).max(1);
        Ok(Self { batch: Batch::open(&common.batch)?, pipeline_directory, year_file: common.year.clone(), year, threads })
    }

    fn pipeline(&self) -> anyhow::Result<Pipeline> {
        Ok(Pipeline::load(&self.pipeline_directory)?)
    }
}

/// `spiegel year`.
pub(crate) fn year(arguments: &Year) -> anyhow::Result<Outcome> {
    let workplace = Workplace::open(&arguments.common)?;
    let pipeline = workplace.pipeline()?;
    let template = report::template_directory(&workplace, arguments.making.template.as_deref());
    let read = ingest::run(&workplace, &pipeline, &arguments.reading, &template)?;
    let keurmerk = keurmerk::of_year(&workplace, &pipeline, &arguments.reading.inbox, &template)?;
    benchmark::run(&workplace, pipeline.clone())?;
    let made = report::run(&workplace, &arguments.making)?;
    let told = keurmerk.map(|(assessed, known)| Ok::<_, anyhow::Error>(assessed.and(keurmerk::documents(&workplace, &pipeline, &known, &arguments.making.providers, &template)?)));
    let told = told.transpose()?.unwrap_or(Outcome::Done);
    crate::verbs::write_page(&workplace.batch)?;
    Ok(read.and(made).and(told))
}

/// `spiegel ingest`.
pub(crate) fn ingest_verb(arguments: &Ingest) -> anyhow::Result<Outcome> {
    let workplace = Workplace::open(&arguments.common)?;
    let pipeline = workplace.pipeline()?;
    let template = report::template_directory(&workplace, arguments.template.as_deref());
    ingest::run(&workplace, &pipeline, &arguments.reading, &template)
}

/// `spiegel benchmark`.
pub(crate) fn benchmark_verb(arguments: &Benchmark) -> anyhow::Result<Outcome> {
    let workplace = Workplace::open(&arguments.common)?;
    let pipeline = workplace.pipeline()?;
    benchmark::run(&workplace, pipeline)?;
    Ok(Outcome::Done)
}

/// `spiegel report`.
pub(crate) fn report_verb(arguments: &Report) -> anyhow::Result<Outcome> {
    let workplace = Workplace::open(&arguments.common)?;
    report::run(&workplace, &arguments.making)
}

pub(crate) use keurmerk::{keurmerk_schema, keurmerk_verb, sub_pipeline};
pub(crate) use release::{release, verify, withdraw};
pub(crate) use report::beside as template_beside;

/// The provider register of the batch, kept there by ingest, or else of the pipeline.
fn register(workplace: &Workplace, pipeline: &Pipeline) -> anyhow::Result<(Register, Vec<u8>)> {
    read_register(&register_candidates(workplace, pipeline), pipeline)
}

/// The register of a batch that is only looked at.
pub(crate) fn register_of(batch: &Path, year: i32, pipeline: &Pipeline) -> anyhow::Result<Register> {
    let candidates = [register_file(batch, year), pipeline.directory.join(&pipeline.spec.register.file)];
    Ok(read_register(&candidates, pipeline)?.0)
}

/// The first of these registers that is there, with its bytes.
fn read_register(candidates: &[PathBuf], pipeline: &Pipeline) -> anyhow::Result<(Register, Vec<u8>)> {
    let spec = &pipeline.spec.register;
    let Some(file) = candidates.iter().find(|file| file.is_file()) else {
        return Ok((Register::default(), Vec::new()));
    };
    let bytes = std::fs::read(file).with_context(|| format!("register {}", file.display()))?;
    let mut reader = csv::Reader::from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
    let heads = reader.headers().with_context(|| format!("register {}", file.display()))?.clone();
    let at = |name: &str| heads.iter().position(|head| head == name);
    let needed = |name: &str| {
        at(name).ok_or_else(|| {
            Usage(format!(
                "register {} has no column `{name}`; it has {}",
                file.display(),
                heads.iter().collect::<Vec<_>>().join(", ")
            ))
        })
    };
    let (id, name) = (needed(&spec.id)?, needed(&spec.name)?);
    let group = spec.group.as_deref().map(needed).transpose()?;
    let mut rows = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let record = record.with_context(|| format!("register {} row {}", file.display(), index + 2))?;
        let cell = |at: usize| record.get(at).unwrap_or_default().trim().to_owned();
        let columns = heads.iter().enumerate().map(|(at, head)| (head.to_owned(), cell(at))).collect();
        rows.push((cell(id), cell(name), group.map(cell).unwrap_or_default(), columns));
    }
    Ok((Register::new(rows), bytes))
}

/// Where a register may be, in order: what came with the inbox, that of the pipeline.
fn register_candidates(workplace: &Workplace, pipeline: &Pipeline) -> [PathBuf; 2] {
    [register_file(workplace.batch.root(), workplace.year.year), workplace.pipeline_directory.join(&pipeline.spec.register.file)]
}

/// Where ingest keeps the register that came with an inbox.
fn register_file(batch: &Path, year: i32) -> PathBuf {
    batch.join("lake").join(".register").join(format!("{year}.csv"))
}
