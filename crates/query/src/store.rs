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
use crate::distribution::{OfPeers, of_peers};
use crate::signals::{Signal, signals};
use crate::{Coefficient, ComparableGroup, Error, Norm, Results, Standing};

/// The peer group of all providers.
const ALL_PROVIDERS: &str = "alle";

/// The national figures that a year's reports are measured against: `reference.json`.
#[derive(Debug, Serialize)]
pub struct Reference {
    /// Report year.
    pub year: i32,
    /// SHA-256 over the definitions.
    pub definitions: String,
    /// The norm table of questionnaires.
    pub norms: Vec<Norm>,
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
    /// The case-mix model. None without adjusters, or when nothing could be fitted.
    pub case_mix: Option<ReferenceModel>,
}

/// A case-mix model as it is frozen.
#[derive(Debug, Serialize)]
pub struct ReferenceModel {
    /// Coefficients, in the order of the columns.
    pub coefficients: Vec<Coefficient>,
    /// Variation between providers after adjustment.
    pub between: Option<f64>,
    /// Variance within providers that is left, for a mean.
    pub within_variance: Option<f64>,
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
                    case_mix: national.case_mix.as_ref().map(|model| ReferenceModel {
                        coefficients: model.coefficients.clone(),
                        between: model.between,
                        within_variance: model.within_variance,
                    }),
                })
            })
            .collect();
        Self { year: results.year.year, definitions: results.pipeline.fingerprint.clone(), norms: results.norms.clone(), indicators }
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

/// Writes `observations.parquet` (one row per indicator, year and provider), `positions.parquet`, `distributions.parquet`,
/// `groups.parquet`, `parts.parquet`, `models.parquet` (case-mix coefficients and diagnostics), `signals.parquet` with the same rows
/// for Excel in `signalen.csv`, and `reference.json` into `folder`.
///
/// # Errors
/// [`Error::Lake`] when the disk refuses.
pub fn write_results(results: &Results, folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|error| Error::lake(folder, error))?;
    write_batch(&observations(results)?, &folder.join("observations.parquet"))?;
    write_batch(&positions(results)?, &folder.join("positions.parquet"))?;
    write_batch(&distributions(results)?, &folder.join("distributions.parquet"))?;
    write_batch(&groups(results)?, &folder.join("groups.parquet"))?;
    write_batch(&parts(results)?, &folder.join("parts.parquet"))?;
    write_batch(&models(results)?, &folder.join("models.parquet"))?;
    let signals = signals(results);
    write_batch(&signal_columns(&signals).batch()?, &folder.join("signals.parquet"))?;
    write_whole(&folder.join("signalen.csv"), signals_csv(&signals).as_bytes())?;
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

    /// With these columns when there are no rows, so that the table can be read all the same.
    fn or_empty(mut self, text: &[&'static str], number: &[&'static str]) -> Self {
        if self.text.is_empty() {
            self.text = text.iter().map(|name| (*name, Vec::new())).collect();
            self.number = number.iter().map(|name| (*name, Vec::new())).collect();
        }
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
        for (provider, position) in &indicator.positions {
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
                .number("signal_lower", position.signal_lower)
                .number("signal_upper", position.signal_upper)
                .number("z", position.z)
                .number("detectable_difference", position.detectable_difference)
                .number("adjusted", position.adjusted.as_ref().map(|adjusted| adjusted.value))
                .number("adjusted_lower", position.adjusted.as_ref().and_then(|adjusted| adjusted.interval).map(|interval| interval.lower))
                .number("adjusted_upper", position.adjusted.as_ref().and_then(|adjusted| adjusted.interval).map(|interval| interval.upper))
                .number("shrunken", position.shrunken)
                .number("incidence", position.incidence.map(|incidence| incidence.value));
        }
    }
    columns.batch()
}

fn signal_columns(signals: &[Signal]) -> Columns {
    let mut columns = Columns::default();
    for one in signals {
        columns
            .text("provider_id", &one.provider)
            .text("name", &one.name)
            .text("indicator", &one.indicator)
            .text("label", label_word(one.label))
            .year("year", one.year)
            .count("n", Some(one.n))
            .count("rank_lower", one.ranks.map(|ranks| ranks.lower))
            .count("rank_upper", one.ranks.map(|ranks| ranks.upper))
            .number("value", Some(one.value))
            .number("adjusted", one.adjusted)
            .number("target", one.target)
            .number("z", Some(one.z))
            .number("p", Some(one.p))
            .number("q", Some(one.q))
            .number("most_plausible", one.most_plausible)
            .number("expected_rank", one.expected_rank)
            .number("percentile", one.percentile)
            .number("in_lowest_quarter", one.ranks.map(|ranks| ranks.in_lowest_quarter))
            .number("rankability", one.rankability);
    }
    columns.or_empty(&["provider_id", "name", "indicator", "label"], &["value", "z", "p", "q"])
}

/// For Excel: UTF-8 with a mark, semicolons, decimal commas; text that would be read as a formula is quoted as text.
fn signals_csv(signals: &[Signal]) -> String {
    let heads = [
        "agb", "naam", "onderwerp", "jaar", "n", "waarde", "gecorrigeerd", "doel", "z", "p", "q (Benjamini-Hochberg)", "plek", "meest aannemelijk", "verwachte rang",
        "percentiel", "rang vanaf", "rang tot en met", "kans laagste kwart", "onderscheid",
    ];
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.4}").replace('.', ","));
    let mut csv = format!("\u{feff}{}\r\n", heads.join(";"));
    for one in signals {
        let cells = [
            one.provider.clone(),
            one.name.clone(),
            one.indicator.clone(),
            one.year.to_string(),
            one.n.to_string(),
            number(Some(one.value)),
            number(one.adjusted),
            number(one.target),
            number(Some(one.z)),
            number(Some(one.p)),
            number(Some(one.q)),
            label_word(one.label),
            number(one.most_plausible),
            number(one.expected_rank),
            number(one.percentile),
            one.ranks.map_or_else(String::new, |ranks| ranks.lower.to_string()),
            one.ranks.map_or_else(String::new, |ranks| ranks.upper.to_string()),
            number(one.ranks.map(|ranks| ranks.in_lowest_quarter)),
            number(one.rankability),
        ];
        csv.push_str(&cells.map(|cell| spiegel_model::csv_cell(&cell)).join(";"));
        csv.push_str("\r\n");
    }
    csv
}

fn label_word(label: Label) -> String {
    match label {
        Label::None(code) => format!("none_{}", code.letter()),
        Label::Within(kind) => format!("within_{kind:?}").to_lowercase(),
        Label::Attention(side) => format!("attention_{side:?}").to_lowercase(),
        Label::Signal(side) => format!("signal_{side:?}").to_lowercase(),
    }
}

/// Quantiles and means over providers: of all of them, and by kind. `mean` counts units, as reports print it; `provider_mean` providers.
fn distributions(results: &Results) -> Result<RecordBatch, Error> {
    let column = results.pipeline.spec.register.peer.as_deref();
    let mut columns = Columns::default();
    for indicator in &results.indicators {
        for (year, result) in &indicator.years {
            let national = &result.national;
            let peers = of_peers(&indicator.indicator.spec, results.year.minimum.shown, &result.summaries, &results.register, column);
            let together = peers.get("").cloned().unwrap_or(OfPeers { providers: national.providers, mean: None, distribution: None });
            distribution_row(&mut columns, &indicator.indicator.spec.id, *year, ALL_PROVIDERS, &together)
                .count("units", Some(national.units))
                .number("mean", national.mean)
                .number("between", national.between)
                .number("overdispersion", Some(national.overdispersion))
                .number("rankability", national.rankability);
            for (kind, of_kind) in peers.iter().filter(|(kind, _)| !kind.is_empty()) {
                distribution_row(&mut columns, &indicator.indicator.spec.id, *year, kind, of_kind)
                    .count("units", None)
                    .number("mean", None)
                    .number("between", None)
                    .number("overdispersion", None)
                    .number("rankability", None);
            }
        }
    }
    columns.batch()
}

fn distribution_row<'a>(columns: &'a mut Columns, indicator: &str, year: i32, peer_group: &str, of: &OfPeers) -> &'a mut Columns {
    let distribution = of.distribution.as_ref();
    let outer = distribution.and_then(|one| one.outer);
    columns
        .text("indicator", indicator)
        .year("year", year)
        .text("peer_group", peer_group)
        .count("providers", Some(of.providers as u64))
        .count("outer_share", outer.map(|(share, _)| u64::from(share)))
        .number("provider_mean", of.mean)
        .number("middle", distribution.map(|one| one.middle))
        .number("inner_lower", distribution.map(|one| one.inner.lower))
        .number("inner_upper", distribution.map(|one| one.inner.upper))
        .number("outer_lower", outer.map(|(_, range)| range.lower))
        .number("outer_upper", outer.map(|(_, range)| range.upper))
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
                .count("others", group.map(|group| group.others as u64));
        }
    }
    columns.batch()
}

fn parts(results: &Results) -> Result<RecordBatch, Error> {
    let mut columns = Columns::default();
    for indicator in &results.indicators {
        for (provider, position) in &indicator.positions {
            for part in position.parts.iter().filter(|part| part.n > 0) {
                columns
                    .text("indicator", &position.indicator)
                    .text("provider_id", provider)
                    .text("part", &part.part)
                    .year("year", position.year)
                    .count("n", Some(part.n))
                    .number("value", part.value)
                    .number("lower", part.interval.map(|interval| interval.lower))
                    .number("upper", part.interval.map(|interval| interval.upper))
                    .number("national", part.national);
            }
        }
    }
    columns.or_empty(&["indicator", "provider_id", "part"], &["value", "lower", "upper", "national"]).batch()
}

/// One row per coefficient and per diagnostic of every case-mix model.
fn models(results: &Results) -> Result<RecordBatch, Error> {
    let mut columns = Columns::default();
    for indicator in &results.indicators {
        let Some(model) = indicator.years.get(&results.year.year).and_then(|year| year.national.case_mix.as_ref()) else { continue };
        let mut row = |kind: &str, name: &str, value: Option<f64>, standard_error: Option<f64>, passes: &str| {
            columns
                .text("indicator", &indicator.indicator.spec.id)
                .text("row", kind)
                .text("name", name)
                .text("passes", passes)
                .year("year", results.year.year)
                .number("value", value)
                .number("standard_error", standard_error);
        };
        for one in &model.coefficients {
            row("coefficient", &one.name, Some(one.value), Some(one.standard_error), "");
        }
        for verdict in model.diagnostics.verdicts() {
            row("diagnostic", measure_word(verdict.measure), verdict.value, None, if verdict.passes { "pass" } else { "warn" });
        }
        row("diagnostic", "discrimination_in_sample", Some(model.diagnostics.discrimination), None, "");
        row("diagnostic", "brier", model.diagnostics.brier, None, "");
        row("diagnostic", "residual_intraclass_correlation", model.diagnostics.residual_correlation, None, "");
        row("diagnostic", "between_variance", model.between, None, "");
        for (place, group) in model.diagnostics.calibration.iter().enumerate() {
            row("calibration", &format!("tenth {}: observed at expected {:.6}", place + 1, group.expected), Some(group.observed), None, "");
        }
        for title in &model.left_out {
            row("left_out", title, None, None, "");
        }
    }
    columns.or_empty(&["indicator", "row", "name", "passes"], &["value", "standard_error"]).batch()
}

fn measure_word(measure: spiegel_stats::Measure) -> &'static str {
    use spiegel_stats::Measure;
    match measure {
        Measure::Discrimination => "discrimination_elsewhere",
        Measure::CalibrationSlope => "calibration_slope",
        Measure::LargestInflation => "largest_variance_inflation",
        Measure::LargestInfluence => "largest_influence",
        Measure::Separation => "separation",
    }
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
