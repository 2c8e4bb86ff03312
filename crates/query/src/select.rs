//! Selecting alone: what the SQL of all indicators gives, without any statistic. For measuring, and for holding against another engine.

use std::collections::{BTreeMap, BTreeSet};

use spiegel_model::YearSpec;

use crate::observe::{Detail, observe};
use crate::results::parameters;
use crate::threads::{available, each};
use crate::{Engine, Error, Pipeline, Summary, norm};

/// Number of units, and the sum of their values.
pub type CountAndSum = (u64, f64);

/// Runs the norms, the views and the SQL of every indicator for the years from `first` to the report year, as results do. Answers, of
/// the report year, how many units of each indicator (by id) and provider count, and what their values come to: the units that meet the
/// criterion, or n times the mean.
///
/// # Errors
/// When SQL of the pipeline fails or the lake cannot be read.
pub fn select(engine: &Engine, pipeline: &Pipeline, year: &YearSpec, first: i32) -> Result<BTreeMap<(String, String), CountAndSum>, Error> {
    engine.keep_views(pipeline, "", first, year.year)?;
    let norms = norm::estimate(engine, pipeline, year)?;
    engine.keep_views_with_norms(pipeline, "", &norms, first, year.year)?;
    let nobody = BTreeSet::new();
    let mut selected = BTreeMap::new();
    for one in first..=year.year {
        engine.use_year(pipeline, one)?;
        let detail = if one == year.year { Detail::Units } else { Detail::Summaries };
        let observed = each(&pipeline.indicators, available(), |indicator| observe(engine, indicator, &parameters(year, one), &nobody, detail));
        for (indicator, observed) in pipeline.indicators.iter().zip(observed) {
            for (provider, summary) in observed?.summaries.into_iter().filter(|_| one == year.year) {
                let sum = match summary {
                    Summary::Proportion { events, .. } => events as f64,
                    Summary::Mean { n, mean, .. } => n as f64 * mean,
                    Summary::NotDelivered { .. } | Summary::Held => continue,
                };
                selected.insert((indicator.spec.id.clone(), provider), (summary.n(), sum));
            }
        }
    }
    Ok(selected)
}
