//! The provider's own values, before any comparison: this year and the year before.

use std::collections::{BTreeMap, BTreeSet};

use spiegel_model::{Preview, PreviewValue, YearSpec};

use crate::observe::{Detail, observe};
use crate::results::parameters;
use crate::{Engine, Error, Pipeline, Summary};

/// Values of all providers of a year, by provider and in the order of the report. A provider without an accepted submission
/// is not there.
///
/// # Errors
/// When SQL of the pipeline fails or the lake cannot be read.
pub fn previews(engine: &Engine, pipeline: &Pipeline, year: &YearSpec) -> Result<BTreeMap<String, Vec<Preview>>, Error> {
    let mut all: BTreeMap<String, BTreeMap<usize, [Option<PreviewValue>; 2]>> = BTreeMap::new();
    // Views are computed once for all indicators, not once for each. There is no norm before there are results.
    engine.keep_views(pipeline, "", year.year - 1, year.year)?;
    for (age, one) in [year.year, year.year - 1].into_iter().enumerate() {
        engine.use_year(pipeline, one)?;
        for (place, indicator) in pipeline.indicators.iter().enumerate().filter(|(_, indicator)| !indicator.spec.national_norm) {
            for (provider, summary) in observe(engine, indicator, &parameters(year, one), &BTreeSet::new(), Detail::Summaries)?.summaries {
                let values = all.entry(provider).or_default().entry(place).or_default();
                if let Some(slot) = values.get_mut(age) {
                    *slot = value_of(&summary);
                }
            }
        }
    }
    Ok(all
        .into_iter()
        .map(|(provider, values)| {
            let rows = pipeline.indicators.iter().enumerate().filter(|(_, indicator)| !indicator.spec.national_norm).map(|(place, indicator)| {
                let [value, before] = values.get(&place).copied().unwrap_or_default();
                Preview { indicator: indicator.spec.id.clone(), value, before }
            });
            (provider, rows.collect())
        })
        .collect())
}

fn value_of(summary: &Summary) -> Option<PreviewValue> {
    summary.value().map(|value| PreviewValue { value, n: summary.n() })
}
