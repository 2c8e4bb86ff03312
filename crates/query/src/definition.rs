//! Loads a pipeline's definitions from its folder; reports every mistake, not the first.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use spiegel_model::{DefinitionError, Delivered, IndicatorSpec, IndicatorText, InstrumentSet, Kind, PipelineSpec, YearSpec};

use crate::Error;

/// One indicator: words, SQL and cases.
#[derive(Debug, Clone)]
pub struct Indicator {
    /// `indicator.toml`.
    pub spec: IndicatorSpec,
    /// `indicator.sql`.
    pub sql: String,
    /// `text.<language>.md`.
    pub text: IndicatorText,
    /// `cases.slt`; None when there is none yet.
    pub cases: Option<String>,
}

/// A pipeline's definitions.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// Its folder.
    pub directory: PathBuf,
    /// `pipeline.toml`.
    pub spec: PipelineSpec,
    /// Indicators in the order of the report.
    pub indicators: Vec<Indicator>,
    /// `views/*.sql` by name, in alphabetical order: a view may use the ones before it.
    pub views: BTreeMap<String, String>,
    /// `instruments.toml`; none when the pipeline has no such file. In SQL it is the table `instrument_scale`.
    pub instruments: InstrumentSet,
    /// SQL of the providers.
    pub providers_sql: String,
    /// SQL of the population.
    pub population_sql: Option<String>,
    /// SQL of the scores that norms are estimated from.
    pub norms_sql: Option<String>,
    /// SHA-256 over every definition that results depend on.
    pub fingerprint: String,
}

impl Pipeline {
    /// Loads and checks the definitions in `directory`.
    ///
    /// # Errors
    /// [`Error::Pipeline`] with all mistakes.
    pub fn load(directory: &Path) -> Result<Self, Error> {
        let mut mistakes = Vec::new();
        let mut hash = Sha256::new();
        let spec: Option<PipelineSpec> = parse(directory, "pipeline.toml", &mut hash, &mut mistakes);
        let Some(spec) = spec else { return Err(Error::Pipeline(mistakes)) };
        let mut indicators = Vec::new();
        for id in &spec.indicators {
            if let Some(indicator) = load_indicator(directory, id, &spec.language, &mut hash, &mut mistakes) {
                indicators.push(indicator);
            }
        }
        let mut views = BTreeMap::new();
        for name in sql_files(&directory.join("views")) {
            if let Some(sql) = read(directory, &format!("views/{name}.sql"), &mut hash, &mut mistakes) {
                views.insert(name, sql);
            }
        }
        let instruments = if directory.join("instruments.toml").is_file() {
            parse(directory, "instruments.toml", &mut hash, &mut mistakes).unwrap_or_default()
        } else {
            InstrumentSet::default()
        };
        let providers_sql = read(directory, &spec.report.providers, &mut hash, &mut mistakes).unwrap_or_default();
        let population_sql =
            spec.population.as_ref().and_then(|population| read(directory, &population.sql, &mut hash, &mut mistakes));
        let norms_sql = spec.norms.as_ref().and_then(|norms| read(directory, &norms.sql, &mut hash, &mut mistakes));
        if !mistakes.is_empty() {
            return Err(Error::Pipeline(mistakes));
        }
        let fingerprint = hex(&hash.finalize());
        Ok(Self {
            directory: directory.to_owned(),
            spec,
            indicators,
            views,
            instruments,
            providers_sql,
            population_sql,
            norms_sql,
            fingerprint,
        })
    }
}

impl Pipeline {
    /// How many queries that the results are made with name this view: indicators, population, and views that are made from it.
    pub(crate) fn uses_of_view(&self, view: &str) -> usize {
        let names = |sql: &&String| sql.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == view);
        let indicators = self.indicators.iter().map(|indicator| &indicator.sql);
        indicators.chain(&self.population_sql).chain(self.views.values()).filter(names).count()
    }
}

/// Loads `years/<year>.toml`.
///
/// # Errors
/// [`Error::Pipeline`] when the file is missing or wrong.
pub fn load_year(file: &Path) -> Result<YearSpec, Error> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file).map_err(|error| Error::definition(&name, error.to_string()))?;
    let year: YearSpec = toml::from_str(&text).map_err(|error| Error::definition(&name, error.to_string()))?;
    if year.trend_from > year.year {
        return Err(Error::definition(name, "`trend_from` lies after `year`"));
    }
    if year.minimum.shown < 1 || year.minimum.labelled < year.minimum.shown {
        return Err(Error::definition(name, "`minimum.labelled` must be at least `minimum.shown`, and that at least 1"));
    }
    Ok(year)
}

fn load_indicator(
    directory: &Path,
    id: &str,
    language: &str,
    hash: &mut Sha256,
    mistakes: &mut Vec<DefinitionError>,
) -> Option<Indicator> {
    let folder = format!("indicators/{id}");
    let spec: Option<IndicatorSpec> = parse(directory, &format!("{folder}/indicator.toml"), hash, mistakes);
    let sql = read(directory, &format!("{folder}/indicator.sql"), hash, mistakes);
    let text_file = format!("{folder}/text.{language}.md");
    let text = read(directory, &text_file, hash, mistakes).and_then(|markdown| {
        IndicatorText::parse(&text_file, &markdown).map_err(|mistake| mistakes.push(mistake)).ok()
    });
    let cases = fs::read_to_string(directory.join(&folder).join("cases.slt")).ok();
    let mut spec = spec?;
    spec.id = id.to_owned();
    mistakes.extend(contradictions(&spec, &format!("{folder}/indicator.toml")));
    Some(Indicator { spec, sql: sql?, text: text?, cases })
}

fn contradictions(spec: &IndicatorSpec, file: &str) -> Vec<DefinitionError> {
    let mut found = Vec::new();
    let mut wrong = |message: &str| found.push(DefinitionError { file: file.to_owned(), message: message.to_owned() });
    if spec.kind == Kind::Proportion && spec.delivered == Delivered::PrePost {
        wrong("`delivered = \"pre_post\"` belongs to `kind = \"mean\"`");
    }
    if spec.delivered == Delivered::PrePost && spec.pre_post_correlation.is_none() {
        wrong("`pre_post_correlation` is needed with `delivered = \"pre_post\"` (decision 41)");
    }
    if spec.pre_post_correlation.is_some_and(|value| !(-1.0..=1.0).contains(&value)) {
        wrong("`pre_post_correlation` must lie between -1 and 1");
    }
    if spec.in_national_sd && spec.delivered != Delivered::PrePost {
        wrong("`in_national_sd` belongs to `delivered = \"pre_post\"`");
    }
    if spec.skewed && (spec.kind != Kind::Mean || spec.delivered != Delivered::Units) {
        wrong("`skewed` needs `kind = \"mean\"` and one row per unit");
    }
    if spec.grid <= 0.0 || spec.margin <= 0.0 {
        wrong("`grid` and `margin` must be above 0");
    }
    if spec.rounded_to == 0 {
        wrong("`rounded_to` must be at least 1");
    }
    if spec.authored_by.trim().is_empty() || spec.checked_by.trim().is_empty() || spec.authored_by == spec.checked_by {
        wrong("`authored_by` and `checked_by` must be two different names");
    }
    for slot in ["{value}", "{events}"] {
        let needed = (slot == "{value}") == (spec.kind == Kind::Mean);
        if spec.sentence.contains(slot) != needed {
            wrong(if needed {
                "`sentence` misses its slot: `{value}` for a mean; `{events}`, `{n}`, `{units}` and `{share}` for a proportion"
            } else {
                "`sentence` has a slot of another kind: `{value}` is for a mean, `{events}` for a proportion"
            });
        }
    }
    found
}

fn parse<T: DeserializeOwned>(
    directory: &Path,
    file: &str,
    hash: &mut Sha256,
    mistakes: &mut Vec<DefinitionError>,
) -> Option<T> {
    let text = read(directory, file, hash, mistakes)?;
    toml::from_str(&text)
        .map_err(|error| mistakes.push(DefinitionError { file: file.to_owned(), message: error.to_string() }))
        .ok()
}

fn read(directory: &Path, file: &str, hash: &mut Sha256, mistakes: &mut Vec<DefinitionError>) -> Option<String> {
    match fs::read_to_string(directory.join(file)) {
        Ok(text) => {
            hash.update(file.as_bytes());
            hash.update([0]);
            hash.update(text.as_bytes());
            hash.update([0]);
            Some(text)
        }
        Err(error) => {
            mistakes.push(DefinitionError { file: file.to_owned(), message: format!("cannot be read: {error}") });
            None
        }
    }
}

fn sql_files(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str().and_then(|name| name.strip_suffix(".sql")).map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
