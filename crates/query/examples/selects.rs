//! Runs the SQL of all indicators of a pipeline on a batch, as `tests/duckdb-selects.py` does in DuckDB, and writes the same CSV:
//! indicator, provider_id, n, sum. The seconds of selecting go to standard error.
//!
//!     selects BATCH YEAR_FILE FIRST_YEAR

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use spiegel_query::{Engine, Pipeline, load_year, select};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [batch, year_file, first] = arguments.as_slice() else { return Err("selects BATCH YEAR_FILE FIRST_YEAR".into()) };
    let year_file = Path::new(year_file);
    let folder = year_file.parent().and_then(Path::parent).ok_or("the year file lies in no pipeline")?;
    let (pipeline, year) = (Pipeline::load(folder)?, load_year(year_file)?);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let started = Instant::now();
    let engine = Engine::open(&Path::new(batch).join("lake"), &pipeline, threads)?;
    let selected = select(&engine, &pipeline, &year, first.parse()?)?;
    let seconds = started.elapsed().as_secs_f64();
    let mut out = std::io::stdout().lock();
    writeln!(out, "indicator,provider_id,n,sum")?;
    for ((indicator, provider), (n, sum)) in selected {
        writeln!(out, "{indicator},{provider},{n},{sum}")?;
    }
    writeln!(std::io::stderr(), "{seconds:.3}")?;
    Ok(())
}
