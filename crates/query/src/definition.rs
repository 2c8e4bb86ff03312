//! Loads a pipeline's definitions from its folder; reports every mistake, not the first.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use spiegel_model::{DefinitionError, IndicatorSpec, IndicatorText, InstrumentSet, PipelineSpec, QualityNormSet, YearSpec, toml_message};

use crate::contradictions::{self, Source};
use crate::texts::Texts;
use crate::{Error, lines};

/// One indicator: words, SQL and cases.
#[derive(Debug, Clone)]
pub struct Indicator {
    /// `indicator.toml`.
    pub spec: IndicatorSpec,
    /// `indicator.sql`.
    pub sql: String,
    /// `text.<language>.md`.
    pub text: IndicatorText,
    /// The SQL of `who_counts`. None when the indicator has none.
    pub who_counts_sql: Option<String>,
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
    /// The words of its language.
    pub texts: Texts,
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
    /// SQL of the page on data quality.
    pub quality_sql: Option<String>,
    /// `norms/*.toml` by name: what norms and guidelines say.
    pub quality_norms: BTreeMap<String, QualityNormSet>,
    /// SHA-256 over every definition that results depend on; the words of the language are no definitions.
    pub fingerprint: String,
}

impl Pipeline {
    /// Loads and checks the definitions in `directory`.
    ///
    /// # Errors
    /// [`Error::Pipeline`] with all mistakes.
    pub fn load(directory: &Path) -> Result<Self, Error> {
        match Self::examine(directory) {
            (Some(pipeline), mistakes) if mistakes.is_empty() => Ok(pipeline),
            (_, mistakes) => Err(Error::Pipeline(mistakes)),
        }
    }

    /// All mistakes in `directory`, with as much of the pipeline as can be checked further in spite of them. None without a
    /// `pipeline.toml` that can be read.
    #[must_use]
    pub fn examine(directory: &Path) -> (Option<Self>, Vec<DefinitionError>) {
        let mut mistakes = Vec::new();
        let mut hash = Sha256::new();
        let spec: Option<PipelineSpec> = parse(directory, "pipeline.toml", &mut hash, &mut mistakes);
        let Some(spec) = spec else { return (None, mistakes) };
        let texts = match Texts::load(directory, &spec.language) {
            Ok(texts) => texts,
            Err(found) => {
                mistakes.extend(found);
                return (None, mistakes);
            }
        };
        let mut indicators = Vec::new();
        for id in &spec.indicators {
            if let Some(indicator) = load_indicator(directory, id, (&spec.language, &texts), &mut hash, &mut mistakes) {
                indicators.push(indicator);
            }
        }
        let mut views = BTreeMap::new();
        for name in files(&directory.join("views"), ".sql") {
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
        let quality_sql = spec.quality.as_ref().and_then(|quality| read(directory, &quality.sql, &mut hash, &mut mistakes));
        let mut quality_norms = BTreeMap::new();
        for name in files(&directory.join("norms"), ".toml") {
            if let Some(set) = parse(directory, &format!("norms/{name}.toml"), &mut hash, &mut mistakes) {
                quality_norms.insert(name, set);
            }
        }
        let fingerprint = hex(&hash.finalize());
        let pipeline = Self {
            directory: directory.to_owned(),
            spec,
            texts,
            indicators,
            views,
            instruments,
            providers_sql,
            population_sql,
            norms_sql,
            quality_sql,
            quality_norms,
            fingerprint,
        };
        mistakes.extend(contradictions::among(&pipeline));
        (Some(pipeline), mistakes)
    }

    /// The pipeline with this indicator alone, on a page of its own, and the one that says how much of it is covered. None when there is
    /// no such indicator.
    #[must_use]
    pub fn only(mut self, id: &str) -> Option<Self> {
        let wanted = self.indicators.iter_mut().find(|indicator| indicator.spec.id == id)?;
        wanted.spec.shown_with = None;
        let covering = wanted.spec.coverage.as_ref().map(|coverage| coverage.indicator.clone());
        self.indicators.retain(|indicator| indicator.spec.id == id || Some(&indicator.spec.id) == covering.as_ref());
        // The one that covers is computed and has no page.
        for indicator in self.indicators.iter_mut().filter(|indicator| indicator.spec.id != id) {
            indicator.spec.shown_with = Some(id.to_owned());
        }
        Some(self)
    }
}

impl Pipeline {
    /// How many queries that the results are made with name this view: indicators, population, quality, and views that are made from it.
    pub(crate) fn uses_of_view(&self, view: &str) -> usize {
        let names = |sql: &str| sql.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == view);
        let indicators = self.indicators.iter().map(|indicator| &indicator.sql);
        indicators.chain(&self.population_sql).chain(&self.quality_sql).chain(self.views.values()).filter(|sql| names(sql)).count()
    }

    /// All SQL that the results are made with; of a view with its name.
    pub(crate) fn all_sql(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        let indicators = self.indicators.iter().map(|indicator| &indicator.sql);
        let others = [&self.population_sql, &self.quality_sql, &self.norms_sql].into_iter().flatten();
        let unnamed = indicators.chain(others).chain([&self.providers_sql]).map(|sql| (None, sql.as_str()));
        unnamed.chain(self.views.iter().map(|(name, sql)| (Some(name.as_str()), sql.as_str())))
    }
}

/// Loads `years/<year>.toml`.
///
/// # Errors
/// [`Error::Pipeline`] when the file is missing or wrong.
pub fn load_year(file: &Path) -> Result<YearSpec, Error> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file).map_err(|error| Error::definition(&name, error.to_string()))?;
    let year: YearSpec = toml::from_str(&text).map_err(|error| Error::definition(&name, toml_message(&error)))?;
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
    (language, texts): (&str, &Texts),
    hash: &mut Sha256,
    mistakes: &mut Vec<DefinitionError>,
) -> Option<Indicator> {
    let folder = format!("indicators/{id}");
    let spec: Option<IndicatorSpec> = parse(directory, &format!("{folder}/indicator.toml"), hash, mistakes);
    let sql = read(directory, &format!("{folder}/indicator.sql"), hash, mistakes);
    let text_file = format!("{folder}/text.{language}.md");
    let text = read(directory, &text_file, hash, mistakes).map(|markdown| {
        mistakes.extend(lines::unfinished(&text_file, &markdown));
        IndicatorText::parse(&text_file, &markdown, &texts.headings()).unwrap_or_else(|found| {
            mistakes.extend(found);
            IndicatorText::default()
        })
    });
    let cases = fs::read_to_string(directory.join(&folder).join("cases.slt")).ok();
    let definition_file = format!("{folder}/indicator.toml");
    let definition = fs::read_to_string(directory.join(&definition_file)).unwrap_or_default();
    mistakes.extend(lines::unfinished(&definition_file, &definition));
    for (name, content) in [("indicator.sql", &sql), ("cases.slt", &cases)] {
        mistakes.extend(content.iter().flat_map(|content| lines::unfinished(&format!("{folder}/{name}"), content)));
    }
    let mut spec = spec?;
    spec.id = id.to_owned();
    mistakes.extend(contradictions::within(&spec, &Source { file: &definition_file, text: &definition }, texts));
    // Not hashed: results do not depend on it.
    let who_counts_sql = spec.who_counts.as_ref().and_then(|file| match fs::read_to_string(directory.join(file)) {
        Ok(sql) => Some(sql),
        Err(error) => {
            let line = lines::line_of_key(&definition, "who_counts");
            mistakes.push(DefinitionError::at(&definition_file, line, format!("`who_counts`: {file} cannot be read: {error}")));
            None
        }
    });
    // Its SQL and cases can be checked without its words.
    Some(Indicator { spec, sql: sql?, text: text.unwrap_or_default(), who_counts_sql, cases })
}

fn parse<T: DeserializeOwned>(
    directory: &Path,
    file: &str,
    hash: &mut Sha256,
    mistakes: &mut Vec<DefinitionError>,
) -> Option<T> {
    let mut text = read(directory, file, hash, mistakes)?;
    // Reading stops at the first mistake: an unknown key is told and blanked, and reading goes on.
    loop {
        let error = match toml::from_str(&text) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let place = error.span().map(|span| span.start);
        let line = place.map(|place| lines::line_at(&text, place));
        mistakes.push(DefinitionError::at(file, line, toml_message(&error)));
        let without = place.filter(|_| error.message().starts_with("unknown field")).and_then(|place| lines::without_line(&text, place));
        text = without.filter(|text| toml::from_str::<toml::Table>(text).is_ok())?;
    }
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

/// Stems of the files with this ending, in order.
fn files(folder: &Path, ending: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str().and_then(|name| name.strip_suffix(ending)).map(str::to_owned))
        .collect();
    names.sort();
    names
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
