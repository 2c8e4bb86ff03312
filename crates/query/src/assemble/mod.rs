//! From results to `report.json`: every number and every sentence of one report, each made from one position.

mod indicator_page;
mod method_page;
mod population_page;
mod sentences;
mod summary_page;

use spiegel_model::{MissingCode, Report, ReportProvider, Variant, date_short};

use crate::Results;

/// Version of the format of `report.json`.
pub const FORMAT: u32 = 1;

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
}

/// The report of one provider. None when the provider did not deliver in the report year.
#[must_use]
pub fn assemble(results: &Results, provider: &str, context: &ReportContext) -> Option<Report> {
    results.providers.get(provider)?;
    let spec = &results.pipeline.spec;
    let year = &results.year;
    let name = results.register.name_of(provider).to_owned();
    let indicators: Vec<_> = results
        .indicators
        .iter()
        .filter(|indicator| indicator.indicator.spec.shown_with.is_none())
        .filter_map(|indicator| indicator_page::page(results, indicator, provider))
        .collect();
    let shown = indicators.iter().any(|page| page.position.value.is_some());
    let variant = if shown { Variant::Individual } else { Variant::SinglePage };
    let population =
        if shown { population_page::page(results, provider) } else { None };
    let title = format!("{} {} – {name}", spec.title, year.label);
    Some(Report {
        format: FORMAT,
        pipeline: spec.id.clone(),
        language: spec.language.clone(),
        variant,
        year: year.year,
        year_label: year.label.clone(),
        version: context.version,
        issued: year.issued.format("%Y-%m-%d").to_string(),
        kicker: format!(
            "{} · verslagjaar {} · opgesteld {}",
            spec.kicker,
            year.label,
            date_short(year.issued)
        ),
        footer: format!("{} {} · {name} · {}", spec.title, year.label, spec.words.confidential),
        description: format!("{} van {name} over {}", spec.title, year.label),
        publisher: spec.publisher.clone(),
        title,
        provider: ReportProvider { id: provider.to_owned(), name },
        summary: summary_page::page(results, provider, &indicators, variant),
        method: method_page::page(results, context),
        indicators: if shown { indicators.into_iter().map(|page| page.page).collect() } else { Vec::new() },
        population,
    })
}

/// A code as it stands in a cell.
fn code_text(code: MissingCode, shown: u64) -> String {
    match code {
        MissingCode::TooSmall => format!("te klein (<{shown})"),
        MissingCode::TooFewToCompare => "te weinig om te vergelijken".to_owned(),
        MissingCode::NotComparable => "niet vergelijkbaar".to_owned(),
        MissingCode::NotDelivered => "niet aangeleverd".to_owned(),
        MissingCode::NotApplicable => "niet van toepassing".to_owned(),
        MissingCode::DefinitionChanged => "definitie gewijzigd".to_owned(),
        MissingCode::Held => "aangehouden".to_owned(),
    }
}

/// Why an indicator is held, and what happens now.
fn held_note(results: &Results) -> String {
    format!("uw gegevens laten een opvallend patroon zien. {} kijkt daar eerst naar; zie uw terugkoppeling.", results.pipeline.spec.publisher)
}

/// The footnote of a code.
fn code_note(code: MissingCode, results: &Results) -> String {
    let minimum = &results.year.minimum;
    let providers = &results.pipeline.spec.words.providers;
    let text = code_text(code, minimum.shown);
    let note = match code {
        MissingCode::TooSmall => format!(
            "minder dan {}. We tonen dit cijfer niet, zodat het niet naar cliënten te herleiden is.",
            minimum.shown
        ),
        MissingCode::TooFewToCompare => format!(
            "{} tot {}. U ziet uw eigen cijfer, zonder plek.",
            minimum.shown, minimum.labelled
        ),
        MissingCode::NotComparable => {
            format!("er zijn te weinig {providers} met genoeg gegevens, of uw gegevens zijn te onvolledig.")
        }
        MissingCode::NotDelivered => results.pipeline.spec.words.not_delivered_note.clone(),
        MissingCode::NotApplicable => "u levert deze zorg niet.".to_owned(),
        MissingCode::DefinitionChanged => "niet te vergelijken met eerdere jaren.".to_owned(),
        MissingCode::Held => held_note(results),
    };
    format!("{}: {note}", spiegel_model::capitalised(&text))
}
