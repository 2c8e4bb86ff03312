//! `spiegel query`: SQL on a release, or on the private lake and the results of a batch.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use spiegel_model::ReleaseStatus;
use spiegel_query::{Engine, Pipeline, RowsFormat};
use spiegel_release::{withdrawal, withdrawn_words};

use crate::arguments::{Query, RowFormat};
use crate::batch::{Run, folders};
use crate::exit::{Outcome, Usage};
use crate::prompt::{Session, Target};
use crate::releases::Releases;
use crate::talk;

/// What is asked when nothing is.
const TABLES: &str = "SELECT table_name, column_name, data_type FROM information_schema.columns \
                      WHERE table_schema = 'public' ORDER BY table_name, ordinal_position";

pub(crate) fn query(arguments: &Query) -> anyhow::Result<Outcome> {
    let format = match arguments.format {
        RowFormat::Table => RowsFormat::Table,
        RowFormat::Csv => RowsFormat::Csv,
        RowFormat::Json => RowsFormat::Json,
        RowFormat::Parquet => RowsFormat::Parquet,
    };
    let target = Target { format, output: arguments.output.clone() };
    let (engine, history) = match (&arguments.batch, &arguments.release_dir) {
        // What is asked of the private lake may name clients: it is kept nowhere.
        (Some(batch), _) => (of_batch(batch, &arguments.pipeline)?, None),
        (None, Some(directory)) => (of_release(directory, arguments.version.as_deref())?, history_file()),
        (None, None) => return Err(Usage("give --batch or --release-dir".to_owned()).into()),
    };
    if let Some(sql) = &arguments.sql {
        target.run(&engine, sql)?;
        return Ok(Outcome::Done);
    }
    let mut session = Session::new(&engine, target.clone())?;
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        session.talk(history)?;
    } else if !session.read_pipe()? {
        target.run(&engine, TABLES)?;
    }
    Ok(Outcome::Done)
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn of_batch(batch: &Path, pipeline: &Path) -> anyhow::Result<Engine> {
    let lake = batch.join("lake");
    if !lake.is_dir() {
        return Err(Usage(format!("{} is no batch: it has no folder lake", batch.display())).into());
    }
    let pipeline = Pipeline::load(pipeline)?;
    let run = Run::load(batch)?;
    if let Some(other) = run.years.values().map(|year| &year.pipeline).find(|id| **id != pipeline.spec.id) {
        return Err(Usage(format!("this batch belongs to the pipeline {other}; give --pipeline pipelines/{other}")).into());
    }
    let engine = Engine::open(&lake, &pipeline, threads())?;
    for year in folders(&batch.join("results"))? {
        let Some(name) = year.file_name().and_then(|name| name.to_str()) else { continue };
        for table in ["observations", "positions", "distributions", "groups", "parts", "models", "signals"] {
            engine.register_file(&format!("{table}_{name}"), &year.join(format!("{table}.parquet")))?;
        }
    }
    talk::line("private    this lake holds pseudonymised records of clients; it is not for publication");
    Ok(engine)
}

fn of_release(place: &Path, version: Option<&str>) -> anyhow::Result<Engine> {
    let releases = Releases::open(place)?;
    let index = releases.index()?;
    let versions: Vec<&str> = index.releases.iter().filter(|one| one.status == ReleaseStatus::Active).map(|one| one.version.as_str()).collect();
    let chosen = match version {
        Some(version) if versions.contains(&version) => version,
        Some(version) => {
            let words = withdrawal(&index, version).map(|line| withdrawn_words(line, index.latest.as_deref()));
            return Err(Usage(words.unwrap_or_else(|| format!("there is no release {version}; there are {}", versions.join(", ")))).into());
        }
        None => index.latest.as_deref().ok_or_else(|| Usage(format!("every release of {} was withdrawn", releases.name())))?,
    };
    talk::line(&format!("release    {chosen} of {}", releases.name()));
    releases.engine(chosen, threads())
}

/// Where what is typed on releases is kept. None without a home.
fn history_file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state")))?;
    Some(state.join("spiegel/query-history"))
}
