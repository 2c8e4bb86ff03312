//! `spiegel query`: SQL on the private lake and the results of a batch.

use spiegel_query::{Engine, Pipeline, RowsFormat};

use crate::arguments::{Query, RowFormat};
use crate::batch::{Run, folders};
use crate::exit::{Outcome, Usage};
use crate::talk;

pub(crate) fn query(arguments: &Query) -> anyhow::Result<Outcome> {
    let lake = arguments.batch.join("lake");
    if !lake.is_dir() {
        return Err(Usage(format!("{} is no batch: it has no folder lake", arguments.batch.display())).into());
    }
    let pipeline = Pipeline::load(&arguments.pipeline)?;
    let run = Run::load(&arguments.batch)?;
    if let Some(other) = run.years.values().map(|year| &year.pipeline).find(|id| **id != pipeline.spec.id) {
        return Err(Usage(format!("this batch belongs to the pipeline {other}; give --pipeline pipelines/{other}")).into());
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let engine = Engine::open(&lake, &pipeline, threads)?;
    for year in folders(&arguments.batch.join("results"))? {
        let Some(name) = year.file_name().and_then(|name| name.to_str()) else { continue };
        for table in ["observations", "positions", "distributions", "groups", "parts", "models", "signals"] {
            engine.register_file(&format!("{table}_{name}"), &year.join(format!("{table}.parquet")))?;
        }
    }
    talk::line("private    this lake holds pseudonymised records of clients; it is not for publication");
    let sql = arguments.sql.as_deref().unwrap_or(
        "SELECT table_name, column_name, data_type FROM information_schema.columns \
         WHERE table_schema = 'public' ORDER BY table_name, ordinal_position",
    );
    let format = match arguments.format {
        RowFormat::Table => RowsFormat::Table,
        RowFormat::Csv => RowsFormat::Csv,
        RowFormat::Json => RowsFormat::Json,
    };
    talk::data(&engine.select(sql, format)?)?;
    Ok(Outcome::Done)
}
