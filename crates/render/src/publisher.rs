//! What the publisher itself reads: the nation as a whole, and the overview of what there is to talk about.

use serde::Serialize;
use serde_json::{Value, json};
use spiegel_model::{NationalIndicator, NationalReport, Notation, Overview};

use crate::backend::Figure;
use crate::document::Document;
use crate::error::Error;
use crate::figure::{self, DrawError};
use crate::pdf::Pdf;
use crate::template::Template;

/// Makes the PDF of the national report.
///
/// # Errors
/// When the template has no `national.typ`, a figure cannot be drawn, or the template does not compile without warnings.
pub fn render_national(report: &NationalReport, template: &Template) -> Result<Pdf, Error> {
    let name = format!("national report ({})", report.year_label);
    let mut data = data(report, "landelijk", &name)?;
    let notation = template.language(&report.language)?.numbers;
    for (place, page) in report.indicators.iter().enumerate() {
        let (dots, trend) = plots(page, notation, template, &name)?;
        data["indicators"][place]["dot_plot"] = dots;
        data["indicators"][place]["trend"] = trend;
    }
    let ident = format!("spiegel/{}/landelijk/{}", report.pipeline, report.year_label);
    Document { main: "national.typ", name, language: &report.language, issued: &report.issued, ident, data }.render(template)
}

/// Makes the PDF of the analysts' overview.
///
/// # Errors
/// When the template has no `overview.typ`, or that does not compile without warnings.
pub fn render_overview(overview: &Overview, template: &Template) -> Result<Pdf, Error> {
    let name = format!("overview ({})", overview.year_label);
    let data = data(overview, "overzicht", &name)?;
    let ident = format!("spiegel/{}/overzicht/{}", overview.pipeline, overview.year_label);
    Document { main: "overview.typ", name, language: &overview.language, issued: &overview.issued, ident, data }.render(template)
}

/// As the template reads it; `id` stands among the key words of the PDF, where a report has its provider.
fn data(document: &impl Serialize, id: &str, name: &str) -> Result<Value, Error> {
    let mut data = serde_json::to_value(document).map_err(|source| Error::Data { report: name.to_owned(), source })?;
    data["provider"] = json!({ "id": id });
    Ok(data)
}

/// The figures of one indicator, as the template reads them.
fn plots(page: &NationalIndicator, notation: Notation, template: &Template, name: &str) -> Result<(Value, Value), Error> {
    let drawn = |figure: Result<Figure, DrawError>, caption: &str, alt: &str| -> Result<Value, Error> {
        let figure = figure.map_err(|source| Error::Figure { report: name.to_owned(), figure: page.id.clone(), source })?;
        let figure = serde_json::to_value(figure).map_err(|source| Error::Data { report: name.to_owned(), source })?;
        Ok(json!({ "figure": figure, "caption": caption, "alt": alt }))
    };
    let metrics = template.metrics();
    let dots = page.dot_plot.as_ref().map(|plot| drawn(figure::dot_plot(plot, &page.format, notation, metrics), &plot.caption, &plot.alt));
    let trend = page.trend.as_ref().map(|plot| drawn(figure::trend(plot, &page.format, notation, metrics), &plot.caption, &plot.alt));
    Ok((dots.transpose()?.unwrap_or_default(), trend.transpose()?.unwrap_or_default()))
}
