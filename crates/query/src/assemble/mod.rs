//! From results to `report.json`: every number and every sentence of one report, each made from one position.

mod guide_page;
mod indicator_page;
mod method_page;
mod national_report;
mod norm_page;
mod overview;
mod population_page;
mod quality_page;
mod sentences;
mod sheet;
mod summary_page;
mod voice;
mod worksheet_page;

use spiegel_model::{IndicatorSpec, MethodSection, MissingCode, Report, ReportProvider, Summary, Variant};

use crate::texts::Words;
use crate::{GROUP, OwnDelivery, Results, Standing};

pub(crate) use voice::Voice;

pub use national_report::national_report;
pub use overview::overview;

/// Version of the format of `report.json`: 2 since it has a reading guide, data quality, norms, a worksheet and sheets.
pub const FORMAT: u32 = 2;

/// What a report prints besides its results.
#[derive(Debug, Clone)]
pub struct ReportContext {
    /// Name and version of the program.
    pub program: String,
    /// SHA-256 over the data that the results rest on.
    pub data: String,
    /// SHA-256 of `reference.json`.
    pub reference: String,
    /// Version of this report, from 1.
    pub version: u32,
    /// Whether there is a report of the small providers together, for the sheets to refer to.
    pub has_group_report: bool,
}

/// The report of one provider, or the sheet of one under the minimum; `delivery` is what became of its own deliveries, where each
/// provider delivers for itself. None when the provider did not deliver in the report year, or when there is no sheet for it.
#[must_use]
pub fn assemble(results: &Results, provider: &str, context: &ReportContext, delivery: Option<&OwnDelivery>) -> Option<Report> {
    if let Standing::TooFewClients { .. } = results.providers.get(provider)?.standing {
        return own_sheet(results, provider, context, delivery);
    }
    let pages = indicator_pages(results, provider);
    let shown = pages.iter().any(|page| page.position.value.is_some());
    let variant = if shown { Variant::Individual } else { Variant::SinglePage };
    let summary = summary_page::page(results, provider, &pages, variant);
    let mut report = frame(results, provider, results.register.name_of(provider), context, &results.pipeline.spec.title, variant, summary);
    if shown {
        report.guide = Some(guide_page::page(results, provider));
        report.population = population_page::page(results, provider);
        report.quality = quality_page::page(results, provider, &pages, delivery);
        report.norms = norm_page::page(results, provider, &pages, report.population.is_some());
        report.worksheet = worksheet_page::page(results, &report.summary.topics, results.words(&report.provider.id));
        report.indicators = pages.into_iter().map(|page| page.page).collect();
    }
    if report.quality.is_none() && shown {
        report.method.sections.push(correction(results, results.words(provider)));
    }
    Some(report)
}

/// The report of the small providers together, once [`Results::gather`] has put them together. None when the pipeline has no words for it,
/// or no indicator can be told of the group.
#[must_use]
pub fn assemble_group(results: &Results, context: &ReportContext) -> Option<Report> {
    let words = results.pipeline.spec.group_report.as_ref()?;
    results.gathered.as_ref()?;
    let pages = indicator_pages(results, GROUP);
    pages.iter().find(|page| page.position.value.is_some())?;
    let summary = summary_page::page(results, GROUP, &pages, Variant::Group);
    let mut report = frame(results, GROUP, &words.name, context, &results.pipeline.spec.title, Variant::Group, summary);
    report.guide = Some(guide_page::page(results, GROUP));
    report.population = population_page::page(results, GROUP);
    report.quality = quality_page::page(results, GROUP, &pages, None);
    report.norms = norm_page::page(results, GROUP, &pages, report.population.is_some());
    report.worksheet = worksheet_page::page(results, &report.summary.topics, results.words(&report.provider.id));
    report.indicators = pages.into_iter().map(|page| page.page).collect();
    Some(report)
}

/// Pages of the indicators with a page of their own; of a group those with words for it.
fn indicator_pages(results: &Results, provider: &str) -> Vec<indicator_page::Page> {
    let has_words = |spec: &IndicatorSpec| Voice::of(provider) == Voice::You || spec.group.is_some();
    let with_page = results.indicators.iter().filter(|one| one.indicator.spec.shown_with.is_none() && has_words(&one.indicator.spec));
    with_page.filter_map(|indicator| indicator_page::page(results, indicator, provider)).collect()
}

/// One page for a provider under the minimum of a report of its own.
fn own_sheet(results: &Results, provider: &str, context: &ReportContext, delivery: Option<&OwnDelivery>) -> Option<Report> {
    let summary = sheet::page(results, provider, context, delivery)?;
    let title = &results.pipeline.spec.sheet.as_ref()?.title;
    let mut report = frame(results, provider, results.register.name_of(provider), context, title, Variant::OwnSheet, summary);
    report.completeness = sheet::completeness(results, provider);
    Some(report)
}

/// A document with page 1 and the method, and no further page yet.
fn frame(results: &Results, provider: &str, name: &str, context: &ReportContext, document: &str, variant: Variant, summary: Summary) -> Report {
    let spec = &results.pipeline.spec;
    let year = &results.year;
    let words = results.words(provider);
    Report {
        format: FORMAT,
        pipeline: spec.id.clone(),
        language: spec.language.clone(),
        variant,
        year: year.year,
        year_label: year.label.clone(),
        version: context.version,
        issued: year.issued.format("%Y-%m-%d").to_string(),
        kicker: words.kicker(&spec.kicker, &year.label, words.short_date(year.issued)),
        footer: words.footer(document, &year.label, name, &spec.words.confidential),
        description: words.description(document, name, &year.label),
        publisher: spec.publisher.clone(),
        title: words.title(document, &year.label, name),
        provider: ReportProvider { id: provider.to_owned(), name: name.to_owned() },
        summary,
        completeness: None,
        guide: None,
        indicators: Vec::new(),
        population: None,
        quality: None,
        norms: None,
        worksheet: None,
        method: method_page::page(results, context, words),
    }
}

/// A code as it stands in a cell. Of a group a figure may be delivered, and still not be told.
fn code_text(code: MissingCode, shown: u64, words: Words<'_>) -> String {
    match code {
        MissingCode::TooSmall => words.code_too_small(shown),
        MissingCode::TooFewToCompare => words.code_too_few(),
        MissingCode::NotComparable => words.code_not_comparable(),
        MissingCode::NotDelivered => words.code_not_delivered(),
        MissingCode::NotApplicable => words.code_not_applicable(),
        MissingCode::DefinitionChanged => words.code_definition_changed(),
        MissingCode::Held => words.code_held(),
    }
}

/// The footnote of a code.
fn code_note(code: MissingCode, results: &Results, words: Words<'_>) -> String {
    words.code_note(spiegel_model::capitalised(&code_text(code, results.year.minimum.shown, words)), code_meaning(code, results, words))
}

/// What a code means, in lower case.
fn code_meaning(code: MissingCode, results: &Results, words: Words<'_>) -> String {
    let minimum = &results.year.minimum;
    let providers = &results.pipeline.spec.words.providers;
    match code {
        MissingCode::TooSmall => words.meaning_too_small(minimum.shown),
        MissingCode::TooFewToCompare => words.meaning_too_few(minimum.shown, minimum.labelled.saturating_sub(1)),
        MissingCode::NotComparable => words.meaning_not_comparable(providers),
        MissingCode::NotDelivered if words.voice() == Voice::Group => not_told(results),
        MissingCode::NotDelivered => results.pipeline.spec.words.not_delivered_note.clone(),
        MissingCode::NotApplicable => words.meaning_not_applicable(),
        MissingCode::DefinitionChanged => words.meaning_definition_changed(),
        MissingCode::Held => words.meaning_held(&results.pipeline.spec.publisher),
    }
}

/// Why a figure of a group is not told.
fn not_told(results: &Results) -> String {
    results.words(GROUP).meaning_not_told(results.year.minimum.group_providers, &results.pipeline.spec.words.providers)
}

/// How to report an error, and until when.
fn correction(results: &Results, words: Words<'_>) -> MethodSection {
    let title = words.correction_title();
    let said = match (words.voice(), &results.pipeline.spec.group_report) {
        (Voice::Group, Some(words)) => words.correction.clone(),
        _ => results.pipeline.spec.words.correction.replacen(&format!("{title} "), "", 1),
    };
    let mut contact = vec![said];
    if let Some(date) = results.year.corrections_until {
        contact.push(words.correction_until(words.long_date(date)));
    }
    MethodSection { title, paragraphs: vec![contact.join(" ")], bullets: Vec::new() }
}

/// The page of an indicator, when it has one.
fn page_of<'a>(pages: &'a [indicator_page::Page], indicator: &str) -> Option<&'a indicator_page::Page> {
    pages.iter().find(|page| page.spec.id == indicator)
}
