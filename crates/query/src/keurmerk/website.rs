//! The mark of clients for a provider's own website (norm 2b): the raw own value with its interval, only when its numbers allow it.

use std::collections::BTreeMap;
use std::path::Path;

use datafusion::arrow::array::Array;
use datafusion::common::ScalarValue;
use spiegel_model::{Notation, ValueFormat, WebsiteFigure, WebsiteSpec, count};

use super::fill;
use crate::{Engine, Error};

/// A provider's mark in one year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// Clients who gave one.
    pub n: u64,
    /// Mean.
    pub value: f64,
    /// Lower end of its 95 % interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// The marks of a year by provider, from the positions of its results: what is held or too small has no value there.
/// Empty when the batch has no results of that year.
///
/// # Errors
/// [`Error::Lake`] when the results cannot be read.
pub fn marks(results: &Path, indicator: &str) -> Result<BTreeMap<String, Mark>, Error> {
    let file = results.join("positions.parquet");
    let mut marks = BTreeMap::new();
    if !file.is_file() {
        return Ok(marks);
    }
    let engine = Engine::empty(results, 1)?;
    engine.register_file("positions", &file)?;
    let rows = engine.rows(
        "positions.parquet",
        "SELECT provider_id, n, value, lower, upper FROM positions WHERE indicator = $indicator AND value IS NOT NULL AND lower IS NOT NULL AND upper IS NOT NULL ORDER BY provider_id",
        &[("indicator", ScalarValue::Utf8(Some(indicator.to_owned())))],
    )?;
    rows.each(&["provider_id", "n", "value", "lower", "upper"], |columns| {
        let [providers, n, value, lower, upper] = columns else { return Ok(()) };
        let (providers, n, value, lower, upper) = (rows.text(providers)?, rows.number(n)?, rows.number(value)?, rows.number(lower)?, rows.number(upper)?);
        for row in 0..providers.len() {
            let mark = Mark { n: n.value(row) as u64, value: value.value(row), lower: lower.value(row), upper: upper.value(row) };
            marks.insert(providers.value(row).to_owned(), mark);
        }
        Ok(())
    })?;
    Ok(marks)
}

/// The figure of a mark. None below the minimum number of clients.
#[must_use]
pub fn website_figure(spec: &WebsiteSpec, format: &ValueFormat, year: i32, minimum: u64, mark: Option<&Mark>) -> Option<WebsiteFigure> {
    let mark = mark.filter(|mark| mark.n >= minimum)?;
    let (lowest, highest) = (f64::from(spec.lowest), f64::from(spec.highest));
    let (lower, upper) = (mark.lower.max(lowest), mark.upper.min(highest));
    let words = [
        ("year", year.to_string()),
        ("value", format.value(mark.value, mark.n, Notation::DUTCH)),
        ("lower", format.value(lower, mark.n, Notation::DUTCH)),
        ("upper", format.value(upper, mark.n, Notation::DUTCH)),
        ("n", count(mark.n)),
        ("lowest", spec.lowest.to_string()),
        ("highest", spec.highest.to_string()),
    ];
    let slots = words.each_ref().map(|(slot, value)| (*slot, value.as_str()));
    Some(WebsiteFigure {
        lowest,
        highest,
        value: mark.value,
        value_words: format.value(mark.value, mark.n, Notation::DUTCH),
        lower,
        upper,
        sentence: fill(&spec.sentence, &slots),
        title: fill(&spec.title, &slots),
        description: fill(&spec.description, &slots),
        caption: fill(&spec.caption, &slots),
    })
}
