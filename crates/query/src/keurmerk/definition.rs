//! Loads `keurmerk/keurmerk.toml` of a pipeline and checks it against its norms, indicators and years; every mistake, not the first.

use std::collections::BTreeSet;
use std::fs;

use spiegel_model::{CriterionSpec, DefinitionError, KeurmerkSpec, KeurmerkYearSpec, QualityNormSet, YearSpec};

use super::register::BY_RULE;
use crate::{Error, Pipeline};

/// Where it stands in a pipeline.
const FILE: &str = "keurmerk/keurmerk.toml";

/// What a pipeline declares of the Keurmerk of one year.
#[derive(Debug, Clone, PartialEq)]
pub struct KeurmerkDefinitions {
    /// `keurmerk.toml`.
    pub spec: KeurmerkSpec,
    /// `[keurmerk]` of the year.
    pub year: KeurmerkYearSpec,
    /// The Keurmerk year itself.
    pub number: i32,
    /// Its criteria, with `{year}`, `{data_year}` and `{activity_year}` filled in.
    pub edition: QualityNormSet,
}

/// What the pipeline declares of the Keurmerk of this year. None when the year has none.
///
/// # Errors
/// [`Error::Pipeline`] with all mistakes.
pub fn load_keurmerk(pipeline: &Pipeline, year: &YearSpec) -> Result<Option<KeurmerkDefinitions>, Error> {
    let Some(declared) = &year.keurmerk else { return Ok(None) };
    let text = fs::read_to_string(pipeline.directory.join(FILE)).map_err(|error| Error::definition(FILE, error.to_string()))?;
    let spec: KeurmerkSpec = toml::from_str(&text).map_err(|error| Error::definition(FILE, error.to_string()))?;
    let year_file = format!("years/{}.toml", year.year);
    let Some(edition) = pipeline.quality_norms.get(&declared.edition) else {
        let known: Vec<&str> = pipeline.quality_norms.keys().map(String::as_str).collect();
        return Err(Error::definition(year_file, format!("`keurmerk.edition`: there is no norms/{}.toml; there is {}", declared.edition, known.join(", "))));
    };
    let mut mistakes: Vec<DefinitionError> = Vec::new();
    let mut wrong = |file: &str, message: String| mistakes.push(DefinitionError { file: file.to_owned(), message });
    if declared.issues.is_empty() || !declared.issues.is_sorted_by(|one, other| one.date < other.date) {
        wrong(&year_file, "`keurmerk.issue` needs at least one date, in order".to_owned());
    }
    if declared.deadline.format("%Y").to_string() != year.year.to_string() {
        wrong(&year_file, format!("`keurmerk.deadline` must lie in {}", year.year));
    }
    among_criteria(pipeline, &declared.edition, edition, &mut wrong);
    for (list, ids) in [
        ("theme", spec.themes.iter().map(|one| one.id.as_str()).collect::<Vec<_>>()),
        ("activity", spec.activities.iter().map(|one| one.id.as_str()).collect()),
        ("reason", spec.reasons.iter().map(|one| one.id.as_str()).collect()),
    ] {
        let different: BTreeSet<&str> = ids.iter().copied().collect();
        if different.len() < ids.len() {
            wrong(FILE, format!("`{list}`: an id is declared twice"));
        }
    }
    for id in BY_RULE.iter().filter(|id| spec.reasons.iter().all(|reason| reason.id != **id)) {
        wrong(FILE, format!("`reason`: `{id}` follows by rule and must be listed"));
    }
    if pipeline.indicators.iter().all(|indicator| indicator.spec.id != spec.website.indicator) {
        wrong(FILE, format!("`website.indicator`: there is no indicator `{}`", spec.website.indicator));
    }
    if spec.website.lowest >= spec.website.highest {
        wrong(FILE, "`website.lowest` must be below `website.highest`".to_owned());
    }
    if !mistakes.is_empty() {
        return Err(Error::Pipeline(mistakes));
    }
    Ok(Some(KeurmerkDefinitions { spec, year: declared.clone(), number: year.year, edition: filled(edition, year.year, declared) }))
}

/// Ids that occur twice, and indicators that do not exist.
fn among_criteria(pipeline: &Pipeline, name: &str, edition: &QualityNormSet, wrong: &mut impl FnMut(&str, String)) {
    let file = format!("norms/{name}.toml");
    if edition.requirements.is_empty() {
        wrong(&file, "it has no `[[requirement]]`: a Keurmerk year needs its criteria".to_owned());
    }
    let mut codes = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for requirement in &edition.requirements {
        if !codes.insert(requirement.code.as_str()) {
            wrong(&file, format!("norm `{}` is declared twice", requirement.code));
        }
        let mut todo: Vec<&CriterionSpec> = requirement.criteria.iter().collect();
        while let Some(criterion) = todo.pop() {
            if !ids.insert(criterion.id.as_str()) {
                wrong(&file, format!("criterion `{}` is declared twice", criterion.id));
            }
            if criterion.one_suffices && criterion.parts.len() < 2 {
                wrong(&file, format!("criterion `{}`: `one_suffices` needs two parts", criterion.id));
            }
            for id in criterion.indicators.iter().filter(|id| pipeline.indicators.iter().all(|indicator| indicator.spec.id != **id)) {
                wrong(&file, format!("criterion `{}`: there is no indicator `{id}`", criterion.id));
            }
            todo.extend(&criterion.parts);
        }
    }
}

/// The edition with the years of this Keurmerk in its texts.
fn filled(edition: &QualityNormSet, number: i32, year: &KeurmerkYearSpec) -> QualityNormSet {
    let years = [("year", number.to_string()), ("data_year", year.data_year.to_string()), ("activity_year", year.activity_year.to_string())];
    let slots = years.each_ref().map(|(slot, value)| (*slot, value.as_str()));
    let mut edition = edition.clone();
    for requirement in &mut edition.requirements {
        for text in [&mut requirement.text, &mut requirement.promise, &mut requirement.lead] {
            *text = super::fill(text, &slots);
        }
        let mut todo: Vec<&mut CriterionSpec> = requirement.criteria.iter_mut().collect();
        while let Some(criterion) = todo.pop() {
            criterion.text = super::fill(&criterion.text, &slots);
            todo.extend(&mut criterion.parts);
        }
    }
    edition
}
