//! Writes results as Parquet and as `reference.json`, whole or not at all.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array, Int32Array, StringArray, UInt64Array};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;
use serde::Serialize;
use sha2::{Digest, Sha256};
use spiegel_model::Label;

use crate::definition::hex;
use crate::{ComparableGroup, Error, Results, Standing};

/// The national figures that a year's reports are measured against: `reference.json`.
#[derive(Debug, Serialize)]
pub struct Reference {
    /// Report year.
    pub year: i32,
    /// SHA-256 over the definitions.
    pub definitions: String,
    /// One per indicator.
    pub indicators: Vec<ReferenceIndicator>,
}

/// The nation on one indicator in the report year.
#[derive(Debug, Serialize)]
pub struct ReferenceIndicator {
    /// Indicator id.
    pub id: String,
    /// Definition version.
    pub version: String,
    /// Providers with enough units.
    pub providers: usize,
    /// Units of all providers.
    pub units: u64,
    /// National mean.
    pub mean: Option<f64>,
    /// ρ or τ².
    pub between: Option<f64>,
    /// Pooled variance within providers.
    pub within_variance: Option<f64>,
    /// Skewness within providers.
    pub within_skewness: f64,
    /// φ.
    pub overdispersion: f64,
    /// Rankability.
    pub rankability: Option<f64>,
}

impl Reference {
    /// From the results.
    #[must_use]
    pub fn new(results: &Results) -> Self {
        let indicators = results
            .indicators
            .iter()
            .filter_map(|indicator| {
                let national = &indicator.years.get(&results.year.year)?.national;
                Some(ReferenceIndicator {
                    id: indicator.indicator.spec.id.clone(),
                    version: indicator.indicator.spec.version.clone(),
                    providers: national.providers,
                    units: national.units,
                    mean: national.mean,
                    between: national.between,
                    within_variance: national.within_variance,
                    within_skewness: national.within_skewness,
                    overdispersion: national.overdispersion,
                    rankability: national.rankability,
                })
            })
            .collect();
        Self { year: results.year.year, definitions: results.pipeline.fingerprint.clone(), indicators }
    }

    /// As text, and its SHA-256.
    ///
    /// # Errors
    /// [`Error::Bug`] when it cannot be serialised.
    pub fn to_json(&self) -> Result<(String, String), Error> {
        let mut text = serde_json::to_string_pretty(self).map_err(|error| Error::Bug(error.to_string()))?;
        text.push('\n');
        let hash = hex(&Sha256::digest(text.as_bytes()));
        Ok((text, hash))
    }
}

/// Writes `observations.parquet` (one row per indicator, year and provider), `positions.parquet`,
/// `distributions.parquet`, `groups.parquet` and `reference.json` into `folder`.
///
/// # Errors
/// [`Error::Lake`] when the disk refuses.
pub fn write_results(results: &Results, folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|error| Error::lake(folder, error))?;
    write_batch(&observations(results)?, &folder.join("observations.parquet"))?;
    write_batch(&positions(results)?, &folder.join("positions.parquet"))?;
    write_batch(&distributions(results)?, &folder.join("distributions.parquet"))?;
    write_batch(&groups(results)?, &folder.join("groups.parquet"))?;
    let (text, _) = Reference::new(results).to_json()?;
    write_whole(&folder.join("reference.json"), text.as_bytes())
}

/// Columns by name, growing row by row.
#[derive(Default)]
struct Columns {
    text: Vec<(&'static str, Vec<Option<String>>)>,
    number: Vec<(&'static str, Vec<Option<f64>>)>,
    count: Vec<(&'static str, Vec<Option<u64>>)>,
    year: Vec<(&'static str, Vec<i32>)>,
}

fn push<T>(columns: &mut Vec<(&'static str, Vec<T>)>, name: &'static str, value: T) {
    if let Some((_, list)) = columns.iter_mut().find(|(known, _)| *known == name) {
        list.push(value);
    } else {
        columns.push((name, vec![value]));
    }
}

impl Columns {
    fn text(&mut self, name: &'static str, value: impl Into<String>) -> &mut Self {
        push(&mut self.text, name, Some(value.into()));
        self
    }
    fn number(&mut self, name: &'static str, value: Option<f64>) -> &mut Self {
        push(&mut self.number, name, value);
        self
    }
    fn count(&mut self, name: &'static str, value: Option<u64>) -> &mut Self {
        push(&mut self.count, name, value);
        self
    }
    fn year(&mut self, name: &'static str, value: i32) -> &mut Self {
        push(&mut self.year, name, value);
        self
    }

    fn batch(self) -> Result<RecordBatch, Error> {
        let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
        for (name, list) in self.text {
            columns.push((name, Arc::new(StringArray::from(list))));
        }
        for (name, list) in self.year {
            columns.push((name, Arc::new(Int32Array::from(list))));
        }
        for (name, list) in self.count {
            columns.push((name, Arc::new(UInt64Array::from(list))));
        }
        for (name, list) in self.number {
            columns.push((name, Arc::new(Float64Array::from(list))));
        }
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
            .map_err(|error| Error::Bug(error.to_string()))
    }
}

fn observations(results: &Results) -> Result<RecordBatch, Error> {
    let mut columns = Columns::default();
    for indicator in &results.indicators {
        for (year, result) in &indicator.years {
            for (provider, summary) in &result.summaries {
                let (events, sd) = match summary {
                    crate::Summary::Proportion { events, .. } => (Some(*events), None),
                    crate::Summary::Mean { sd, .. } => (None, *sd),
                    crate::Summary::NotDelivered { .. } | crate::Summary::Held => (None, None),
                };
                columns
                    .text("indicator", &indicator.indicator.spec.id)
                    .text("provider_id", provider)
                    .year("year", *year)
                    .count("n", Some(summary.n()))
                    .count("events", events)
                    .number("value", summary.value())
                    .number("sd", sd);
            }
        }
    }
    columns.batch()
}

fn positions(results: &Results) -> Result<RecordBatch, Error> {
    let mut columns = Columns::default();
    for indicator in &results.indicators {
        for provider in results.providers.keys() {
            let Some(position) = results.position(indicator, provider) else { continue };
            columns
                .text("indicator", &position.indicator)
                .text("provider_id", provider)
                .text("label", label_word(position.label))
                .year("year", position.year)
                .count("n", Some(position.n))
                .count("events", position.events)
                .number("value", position.value)
                .number("lower", position.interval.map(|interval| interval.lower))
                .number("upper", position.interval.map(|interval| interval.upper))
                .number("target", position.target)
                .number("expected_lower", position.expected_lower)
                .number("expected_upper", position.expected_upper)
                .number("z", position.z)
                .number("detectable_difference", position.detectable_difference);
        }
    }
    columns.batch()
}

fn label_word(label: Label) -> String {
    match label {
        Label::None(code) => format!("none_{}", code.letter()),
        Label::Within(kind) => format!("within_{kind:?}").to_lowercase(),
        Label::Attention(side) => format!("attention_{side:?}").to_lowercase(),
        Label::Signal(side) => format!("signal_{side:?}").to_lowercase(),
    }
}

fn distributions(results: &Results) -> Result<RecordBatch, Error> {
    let mut columns = Columns::default();
    for indicator in &results.indicators {
        for (year, result) in &indicator.years {
            let national = &result.national;
            let distribution = national.distribution.as_ref();
            let outer = distribution.and_then(|one| one.outer);
            columns
                .text("indicator", &indicator.indicator.spec.id)
                .year("year", *year)
                .count("providers", Some(national.providers as u64))
                .count("units", Some(national.units))
                .count("outer_share", outer.map(|(share, _)| u64::from(share)))
                .number("mean", national.mean)
                .number("middle", distribution.map(|one| one.middle))
                .number("inner_lower", distribution.map(|one| one.inner.lower))
                .number("inner_upper", distribution.map(|one| one.inner.upper))
                .number("outer_lower", outer.map(|(_, range)| range.lower))
                .number("outer_upper", outer.map(|(_, range)| range.upper))
                .number("between", national.between)
                .number("overdispersion", Some(national.overdispersion))
                .number("rankability", national.rankability);
        }
    }
    columns.batch()
}

fn groups(results: &Results) -> Result<RecordBatch, Error> {
    let mut columns = Columns::default();
    for provider in results.providers.values() {
        let (standing, clients) = match provider.standing {
            Standing::OwnReport => ("own_report", None),
            Standing::TooFewClients { clients, .. } => ("too_few_clients", Some(clients)),
        };
        let groups: Vec<Option<&ComparableGroup>> =
            if provider.groups.is_empty() { vec![None] } else { provider.groups.iter().map(Some).collect() };
        for group in groups {
            columns
                .text("provider_id", &provider.id)
                .text("standing", standing)
                .text("group", group.map_or("", |group| group.id.as_str()))
                .text("words", group.map_or("", |group| group.words.as_str()))
                .year("year", results.year.year)
                .count("clients", clients)
                .count("others", group.map(|group| group.others.len() as u64));
        }
    }
    columns.batch()
}

fn write_batch(batch: &RecordBatch, file: &Path) -> Result<(), Error> {
    let lake = |error: datafusion::parquet::errors::ParquetError| Error::lake(file, error);
    let properties = WriterProperties::builder()
        .set_created_by("spiegel".to_owned())
        .set_compression(datafusion::parquet::basic::Compression::SNAPPY)
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).map_err(lake)?;
    writer.write(batch).map_err(lake)?;
    writer.close().map_err(lake)?;
    write_whole(file, &bytes)
}

fn write_whole(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    let temporary = file.with_extension("tmp");
    let write = || -> std::io::Result<()> {
        let mut output = File::create(&temporary)?;
        output.write_all(bytes)?;
        output.sync_all()?;
        fs::rename(&temporary, file)
    };
    write().map_err(|error| Error::lake(file, error))
}
