//! The norm table of questionnaires: what a score means among the clients of the nation (domain 4.4).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, Float64Array, StringArray, UInt64Array};
use datafusion::arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};
use spiegel_model::{NormSpec, YearSpec};
use spiegel_stats as stats;

use crate::results::parameters;
use crate::{Engine, Error, Pipeline};

/// Standard deviation of a T-score.
const T_SPREAD: f64 = 10.0;

/// The norm of one scale, frozen with the year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Norm {
    /// Code of the instrument.
    pub instrument: String,
    /// Scale, in lower case.
    pub scale: String,
    /// Measurements.
    pub n: u64,
    /// Mean score before treatment.
    pub mean: f64,
    /// Standard deviation of those scores.
    pub sd: f64,
    /// Change that is more than chance, in T.
    pub reliable_change: f64,
    /// Border between clients and others, in T.
    pub cut_off: f64,
}

/// Estimates the norms of the report year from the lake; empty when the pipeline declares none.
///
/// # Errors
/// When the SQL fails or returns other columns.
pub(crate) fn estimate(engine: &Engine, pipeline: &Pipeline, year: &YearSpec) -> Result<Vec<Norm>, Error> {
    let (Some(spec), Some(sql)) = (&pipeline.spec.norms, &pipeline.norms_sql) else { return Ok(Vec::new()) };
    let rows = engine.rows(&spec.sql, sql, &parameters(year, year.year))?;
    let mut scores: BTreeMap<(String, String), (Vec<f64>, BTreeSet<String>)> = BTreeMap::new();
    rows.each(&["provider_id", "instrument", "scale", "score"], |columns| {
        let (providers, instruments) = (rows.text(&columns[0])?, rows.text(&columns[1])?);
        let (scales, numbers) = (rows.text(&columns[2])?, rows.number(&columns[3])?);
        for row in 0..numbers.len() {
            if numbers.is_null(row) || instruments.is_null(row) || scales.is_null(row) {
                continue;
            }
            let (list, from) = scores.entry((instruments.value(row).to_owned(), scales.value(row).to_lowercase())).or_default();
            list.push(numbers.value(row));
            if !from.contains(providers.value(row)) {
                from.insert(providers.value(row).to_owned());
            }
        }
        Ok(())
    })?;
    Ok(scores.into_iter().filter_map(|(key, (list, from))| norm(pipeline, spec, key, list, from.len() as u64)).collect())
}

fn norm(pipeline: &Pipeline, spec: &NormSpec, (instrument, scale): (String, String), mut scores: Vec<f64>, providers: u64) -> Option<Norm> {
    scores.sort_by(f64::total_cmp);
    let moments = stats::moments(&scores)?;
    let sd = moments.sd.filter(|sd| *sd > 0.0)?;
    if moments.n < spec.minimum || providers < spec.minimum_providers {
        return None;
    }
    let reliability = pipeline.instruments.instrument(&instrument)?.scale(scale.as_bytes())?.reliability;
    // 1.96 standard errors of a difference, with the spread of clients as the unit (Jacobson and Truax; domain 4.5).
    let reliable_change = reliability.and_then(|reliability| stats::reliable_change(T_SPREAD, reliability)).unwrap_or(spec.reliable_change);
    Some(Norm { instrument, scale, n: moments.n, mean: moments.mean, sd, reliable_change, cut_off: spec.cut_off })
}

/// The table `instrument_norm`.
pub(crate) fn table(norms: &[Norm]) -> Result<RecordBatch, Error> {
    let text = |cell: fn(&Norm) -> &str| Arc::new(StringArray::from_iter_values(norms.iter().map(cell))) as ArrayRef;
    let number = |cell: fn(&Norm) -> f64| Arc::new(Float64Array::from_iter_values(norms.iter().map(cell))) as ArrayRef;
    let columns: [(&str, ArrayRef); 7] = [
        ("instrument", text(|norm| &norm.instrument)),
        ("scale", text(|norm| &norm.scale)),
        ("n", Arc::new(UInt64Array::from_iter_values(norms.iter().map(|norm| norm.n)))),
        ("mean", number(|norm| norm.mean)),
        ("sd", number(|norm| norm.sd)),
        ("reliable_change", number(|norm| norm.reliable_change)),
        ("cut_off", number(|norm| norm.cut_off)),
    ];
    RecordBatch::try_from_iter(columns).map_err(|error| Error::Bug(format!("table instrument_norm: {error}")))
}
