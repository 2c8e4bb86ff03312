//! Keys of definitions that contradict one another: within an indicator, and between an indicator and its pipeline.

use std::collections::BTreeSet;
use std::fs;

use spiegel_model::{AdjusterKind, DefinitionError, Delivered, IndicatorSpec, Kind};

use crate::texts::Texts;
use crate::{Pipeline, lines};

/// Indicators with a page, and so a row on page 1, at most: more rows do not fit.
const MOST_PAGES: usize = 12;
/// Fields on the page on data quality, at most (report specification 3.7).
const MOST_FIELDS: usize = 18;
/// Years in which a registration can have changed.
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2100;

/// A definition file with its text.
pub(crate) struct Source<'a> {
    /// Relative to the pipeline.
    pub(crate) file: &'a str,
    /// What stands in it.
    pub(crate) text: &'a str,
}

impl Source<'_> {
    /// A mistake at a key.
    pub(crate) fn mistake(&self, path: &str, message: impl Into<String>) -> DefinitionError {
        DefinitionError::at(self.file, lines::line_of_key(self.text, path), message)
    }
}

/// Keys of one `indicator.toml` that contradict one another.
pub(crate) fn within(spec: &IndicatorSpec, source: &Source<'_>, texts: &Texts) -> Vec<DefinitionError> {
    let mut found = Vec::new();
    let mut wrong = |path: &str, message: &str| found.push(source.mistake(path, message));
    if spec.kind == Kind::Proportion && spec.delivered == Delivered::PrePost {
        wrong("delivered", "`delivered = \"pre_post\"` belongs to `kind = \"mean\"`");
    }
    if spec.delivered == Delivered::PrePost && spec.pre_post_correlation.is_none() {
        wrong("delivered", "`pre_post_correlation` is needed with `delivered = \"pre_post\"` (decision 41)");
    }
    if spec.pre_post_correlation.is_some_and(|value| !(-1.0..=1.0).contains(&value)) {
        wrong("pre_post_correlation", "`pre_post_correlation` must lie between -1 and 1");
    }
    if spec.in_national_sd && spec.delivered != Delivered::PrePost {
        wrong("in_national_sd", "`in_national_sd` belongs to `delivered = \"pre_post\"`");
    }
    if spec.skewed && (spec.kind != Kind::Mean || spec.delivered != Delivered::Units) {
        wrong("skewed", "`skewed` needs `kind = \"mean\"` and one row per unit");
    }
    if spec.grid <= 0.0 || spec.margin <= 0.0 {
        wrong(if spec.grid <= 0.0 { "grid" } else { "margin" }, "`grid` and `margin` must be above 0");
    }
    if spec.rounded_to == 0 {
        wrong("rounded_to", "`rounded_to` must be at least 1");
    }
    if spec.authored_by.trim().is_empty() || spec.checked_by.trim().is_empty() || spec.authored_by == spec.checked_by {
        wrong("checked_by", "`authored_by` and `checked_by` must be two different names");
    }
    let sentences = [("sentence", &spec.sentence)].into_iter().chain(spec.group.iter().map(|words| ("group.sentence", &words.sentence)));
    for ((key, sentence), slot) in sentences.flat_map(|sentence| ["{value}", "{events}"].map(|slot| (sentence, slot))) {
        let needed = (slot == "{value}") == (spec.kind == Kind::Mean);
        if sentence.contains(slot) != needed {
            wrong(key, if needed {
                "`sentence` misses its slot: `{value}` for a mean; `{events}`, `{n}`, `{units}` and `{share}` for a proportion"
            } else {
                "`sentence` has a slot of another kind: `{value}` is for a mean, `{events}` for a proportion"
            });
        }
    }
    if let Some(words) = &spec.group {
        if spec.delivered != Delivered::Units {
            wrong("group", "`[group]` needs one row per unit: totals cannot be put together");
        }
        let said = [("sentence", &words.sentence), ("stands_out_more", &words.stands_out_more), ("stands_out_less", &words.stands_out_less)];
        let paragraphs = words.what.iter().map(|text| ("what", text)).chain(words.reading.iter().map(|text| ("reading", text)));
        for (key, _) in said.into_iter().chain(paragraphs).filter(|(_, text)| texts.addresses_the_reader(text)) {
            wrong(&format!("group.{key}"), &format!("`[group]` speaks of the group: its words may not say {}", texts.address_words()));
        }
    }
    if spec.parts && spec.delivered != Delivered::Units {
        wrong("parts", "`parts` needs one row per unit");
    }
    if let Some(survival) = &spec.survival {
        if spec.kind != Kind::Proportion || spec.delivered != Delivered::Units {
            wrong("survival", "`[survival]` needs `kind = \"proportion\"` and one row per unit");
        }
        if survival.horizon == 0 {
            wrong("survival.horizon", "`horizon` must be at least one day");
        }
    }
    if let Some(coverage) = &spec.coverage {
        let ordered = 0.0 <= coverage.minimum && coverage.minimum <= coverage.caution && coverage.caution <= 1.0;
        if !ordered {
            wrong("coverage.minimum", "`minimum` and `caution` are shares between 0 and 1, `minimum` not above `caution`");
        }
    }
    found.extend(adjusters(spec, source));
    found.extend(breaks(spec, source));
    found
}

fn adjusters(spec: &IndicatorSpec, source: &Source<'_>) -> Vec<DefinitionError> {
    let mut found = Vec::new();
    if !spec.adjusters.is_empty() && spec.delivered != Delivered::Units {
        found.push(source.mistake("adjuster", "`[[adjuster]]` needs one row per unit: totals cannot be adjusted"));
    }
    let mut columns = BTreeSet::new();
    for (number, adjuster) in spec.adjusters.iter().enumerate() {
        let mut wrong = |key: &str, message: String| found.push(source.mistake(&format!("adjuster.{number}.{key}"), message));
        if !columns.insert(&adjuster.column) {
            wrong("column", format!("the adjuster `{}` stands here once more", adjuster.column));
        }
        if adjuster.kind == AdjusterKind::Category && adjuster.squared {
            wrong("squared", "`squared` belongs to `kind = \"number\"`".to_owned());
        }
        let Some(shift) = &adjuster.shift else { continue };
        if adjuster.kind == AdjusterKind::Category {
            wrong("shift", "`shift` belongs to `kind = \"number\"`".to_owned());
        }
        for (key, words) in [("more", &shift.more), ("less", &shift.less)].into_iter().filter(|(_, words)| !words.contains("{difference}")) {
            wrong(&format!("shift.{key}"), format!("`{words}` misses its slot `{{difference}}`"));
        }
    }
    found
}

fn breaks(spec: &IndicatorSpec, source: &Source<'_>) -> Vec<DefinitionError> {
    let mut found = Vec::new();
    let mut before = None;
    for (number, one) in spec.breaks.iter().enumerate() {
        let mut wrong = |key: &str, message: String| found.push(source.mistake(&format!("break.{number}.{key}"), message));
        if !YEARS.contains(&one.first_year) {
            wrong("first_year", format!("`first_year` must be a year from {} to {}, not {}", YEARS.start(), YEARS.end(), one.first_year));
        }
        if before.is_some_and(|before| before >= one.first_year) {
            wrong("first_year", "`[[break]]` must be in the order of the years, and each year stands there once".to_owned());
        }
        if one.because.trim().is_empty() {
            wrong("because", "`because` must say why, as the rest of \"omdat …\"".to_owned());
        }
        before = Some(one.first_year);
    }
    found
}

/// What an indicator says of the pipeline and of other indicators, and what these do not have.
pub(crate) fn among(pipeline: &Pipeline) -> Vec<DefinitionError> {
    let mut found = Vec::new();
    let declared = &pipeline.spec.indicators;
    let spec_of = |id: &str| pipeline.indicators.iter().map(|indicator| &indicator.spec).find(|spec| spec.id == id);
    for spec in pipeline.indicators.iter().map(|indicator| &indicator.spec) {
        let file = format!("indicators/{}/indicator.toml", spec.id);
        let text = fs::read_to_string(pipeline.directory.join(&file)).unwrap_or_default();
        let source = Source { file: &file, text: &text };
        let mut wrong = |path: &str, message: String| found.push(source.mistake(path, message));
        let strange = |key: &str, id: &String| {
            if *id == spec.id {
                Some(format!("`{key}` names the indicator itself"))
            } else if !declared.contains(id) {
                Some(format!("`{key}`: there is no indicator `{id}`; there are {}", declared.join(", ")))
            } else {
                None
            }
        };
        if let Some(host) = &spec.shown_with {
            if let Some(message) = strange("shown_with", host) {
                wrong("shown_with", message);
            } else if spec_of(host).is_some_and(|host| host.shown_with.is_some()) {
                wrong("shown_with", format!("`shown_with`: `{host}` has no page of its own, it is itself shown with another"));
            }
        }
        if let Some(coverage) = &spec.coverage {
            if let Some(message) = strange("coverage.indicator", &coverage.indicator) {
                wrong("coverage.indicator", message);
            } else if spec_of(&coverage.indicator).is_some_and(|covering| covering.kind != Kind::Proportion) {
                wrong("coverage.indicator", format!("`coverage.indicator`: `{}` is no proportion", coverage.indicator));
            }
        }
        if spec.parts && pipeline.spec.parts.is_none() {
            wrong("parts", "`parts = true` needs `[parts]` in pipeline.toml".to_owned());
        }
        if spec.national_norm && pipeline.spec.norms.is_none() {
            wrong("national_norm", "`national_norm = true` needs `[norms]` in pipeline.toml".to_owned());
        }
    }
    let text = fs::read_to_string(pipeline.directory.join("pipeline.toml")).unwrap_or_default();
    let source = Source { file: "pipeline.toml", text: &text };
    let mut seen = BTreeSet::new();
    for (number, id) in declared.iter().enumerate().filter(|(_, id)| !seen.insert(*id)) {
        found.push(source.mistake(&format!("indicators.{number}"), format!("the indicator `{id}` stands here once more")));
    }
    let pages = pipeline.indicators.iter().filter(|indicator| indicator.spec.shown_with.is_none()).count();
    if pages > MOST_PAGES {
        let message = format!("{pages} indicators have a page, and {MOST_PAGES} rows fit on page 1; give one `shown_with`, the indicator on whose page it is shown");
        found.push(source.mistake("indicators", message));
    }
    found.extend(quality_and_norms(pipeline, &source));
    found
}

/// Indicators that data quality and norms name and that are not there, and more fields than the page has room for.
fn quality_and_norms(pipeline: &Pipeline, source: &Source<'_>) -> Vec<DefinitionError> {
    let declared = &pipeline.spec.indicators;
    let strange = |id: &String| (!declared.contains(id)).then(|| format!("there is no indicator `{id}`; there are {}", declared.join(", ")));
    let mut found = Vec::new();
    if let Some(quality) = &pipeline.spec.quality {
        for (number, field) in quality.fields.iter().enumerate() {
            found.extend(field.indicators.iter().filter_map(strange).map(|message| source.mistake(&format!("quality.field.{number}"), message)));
        }
        if quality.fields.len() > MOST_FIELDS {
            let message = format!("{} fields, and {MOST_FIELDS} rows fit on the page on data quality", quality.fields.len());
            found.push(source.mistake("quality.field", message));
        }
    }
    for (name, set) in &pipeline.quality_norms {
        let file = format!("norms/{name}.toml");
        let subjects = set.coverage.iter().flat_map(|coverage| &coverage.subjects).flat_map(|subject| &subject.indicators);
        let named = set.norms.iter().map(|norm| &norm.indicator).chain(subjects);
        found.extend(named.filter_map(strange).map(|message| DefinitionError::at(&file, None, message)));
        for norm in set.norms.iter().filter(|norm| norm.reference.is_some() && (norm.name.is_empty() || norm.label.is_empty())) {
            found.push(DefinitionError::at(&file, None, format!("the norm `{}` has a `reference` and so needs a `name` and a `label`", norm.id)));
        }
    }
    found
}
