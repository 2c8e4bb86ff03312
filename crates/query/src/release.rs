//! Selects what a release is made from. Nothing here is coarse or safe yet: these rows go to `release` and nowhere else.

use std::fs;
use std::path::Path;

use datafusion::arrow::record_batch::RecordBatch;
use spiegel_model::YearSpec;

use crate::results::parameters;
use crate::{Engine, Error, Pipeline, Register, norm};

/// The closed trajectories of one year, in private detail, by the SQL in `file` (of the pipeline's folder). It may use the lake, the views,
/// `instrument_norm` with the norms of that year, and the provider register as the table `register`.
///
/// # Errors
/// [`Error::Pipeline`] when the SQL is wrong, [`Error::Lake`] when the lake cannot be read.
pub fn release_trajectories(engine: &Engine, pipeline: &Pipeline, register: &Register, year: &YearSpec, file: &str) -> Result<Vec<RecordBatch>, Error> {
    let sql = fs::read_to_string(pipeline.directory.join(file)).map_err(|error| Error::definition(file, error.to_string()))?;
    // Views reach back two years from here: back in care is seen in the year after.
    let last = year.year + 1;
    engine.keep_views(pipeline, &sql, last, last)?;
    let norms = norm::estimate(engine, pipeline, year)?;
    engine.keep_views_with_norms(pipeline, &sql, &norms, last, last)?;
    engine.use_year(pipeline, last)?;
    engine.register_providers(register)?;
    Ok(engine.rows(file, &sql, &parameters(year, year.year))?.into_batches())
}

/// The distributions of one year as reports read them: `distributions.parquet` of its results.
///
/// # Errors
/// [`Error::Lake`] when they cannot be read.
pub fn release_distributions(engine: &Engine, results: &Path, year: i32) -> Result<Vec<RecordBatch>, Error> {
    let table = format!("distributions_{year}");
    engine.register_file(&table, &results.join("distributions.parquet"))?;
    let sql = format!("SELECT * FROM {table} WHERE year = {year}");
    Ok(engine.rows("distributions.parquet", &sql, &[])?.into_batches())
}
