//! What the templates read: the texts of the report and its figures, as one JSON file.

use std::collections::BTreeMap;

use serde::Serialize;
use spiegel_model::{
    IndicatorPage, MethodPage, MethodSection, PopulationPage, Report, ReportProvider, Summary, SummaryRow, Table, TitledTable, Variant, figures_csv,
    figures_json,
};

use crate::backend::Figure;
use crate::error::Error;
use crate::figure::{self, DrawError};
use crate::labels::TextMetrics;
use crate::palette::palette;

/// The files that travel inside the PDF.
#[derive(Debug, Clone)]
pub(crate) struct Attachments {
    pub(crate) csv: String,
    pub(crate) json: String,
}

impl Attachments {
    pub(crate) fn of(report: &Report) -> Self {
        Self { csv: figures_csv(report), json: figures_json(report) }
    }
}

/// Whose report it is, in errors: provider id and year, never a name.
pub(crate) fn report_name(report: &Report) -> String {
    format!("{} ({})", report.provider.id, report.year_label)
}

/// `data.json` of a report, as its template reads it.
///
/// # Errors
/// When a figure cannot be drawn.
pub fn template_data(report: &Report, metrics: &TextMetrics) -> Result<String, Error> {
    let drawn = |figure: String, result: Result<Figure, DrawError>| {
        result.map_err(|source| Error::Figure { report: report_name(report), figure, source })
    };
    let rows = report
        .summary
        .rows
        .iter()
        .map(|row| {
            let spine = row.spine.as_ref().map(|spine| drawn(format!("the row of {}", row.indicator), figure::spine_row(spine)));
            let SummaryRow { indicator, topic, n, own, own_is_value, interval, place, marks, .. } = row;
            Ok(RowData { indicator, topic, n, own, own_is_value: *own_is_value, interval, place, marks: *marks, figure: spine.transpose()? })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let indicators =
        report.indicators.iter().map(|page| indicator(page, metrics, &drawn)).collect::<Result<Vec<_>, Error>>()?;
    let population = report.population.as_ref().map(|page| population(page, metrics, &drawn)).transpose()?;
    let data = TemplateData {
        variant: report.variant,
        language: &report.language,
        year_label: &report.year_label,
        issued: &report.issued,
        title: &report.title,
        kicker: &report.kicker,
        footer: &report.footer,
        description: &report.description,
        publisher: &report.publisher,
        pipeline: &report.pipeline,
        provider: &report.provider,
        summary: SummaryData::new(&report.summary, rows),
        indicators,
        population,
        method: &report.method,
        palette: palette(),
    };
    serde_json::to_string(&data).map_err(|source| Error::Data { report: report_name(report), source })
}

#[derive(Serialize)]
struct TemplateData<'report> {
    variant: Variant,
    language: &'report str,
    year_label: &'report str,
    issued: &'report str,
    title: &'report str,
    kicker: &'report str,
    footer: &'report str,
    description: &'report str,
    publisher: &'report str,
    pipeline: &'report str,
    provider: &'report ReportProvider,
    summary: SummaryData<'report>,
    indicators: Vec<IndicatorData<'report>>,
    population: Option<PopulationData<'report>>,
    method: &'report MethodPage,
    palette: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct SummaryData<'report> {
    lead: &'report str,
    sentences: &'report [String],
    heads: &'report [String],
    rows: Vec<RowData<'report>>,
    legend: &'report str,
    blocks: &'report [MethodSection],
    notes: &'report [String],
    confidentiality: &'report str,
}

impl<'report> SummaryData<'report> {
    fn new(summary: &'report Summary, rows: Vec<RowData<'report>>) -> Self {
        Self {
            lead: &summary.lead,
            sentences: &summary.sentences,
            heads: &summary.heads,
            rows,
            legend: &summary.legend,
            blocks: &summary.blocks,
            notes: &summary.notes,
            confidentiality: &summary.confidentiality,
        }
    }
}

#[derive(Serialize)]
struct RowData<'report> {
    indicator: &'report str,
    topic: &'report str,
    n: &'report str,
    own: &'report str,
    own_is_value: bool,
    interval: &'report str,
    place: &'report str,
    marks: i8,
    figure: Option<Figure>,
}

#[derive(Serialize)]
struct PlotData<'report> {
    figure: Figure,
    caption: &'report str,
    alt: &'report str,
}

#[derive(Serialize)]
struct IndicatorData<'report> {
    id: &'report str,
    title: &'report str,
    norm_line: &'report str,
    headline: &'report [String],
    sentences: &'report [String],
    caution: &'report str,
    dot_plot: Option<PlotData<'report>>,
    funnel: Option<PlotData<'report>>,
    trend: Option<PlotData<'report>>,
    sections: &'report [MethodSection],
    discuss: &'report [MethodSection],
    table_title: &'report str,
    table: &'report Table,
    further: &'report [TitledTable],
}

#[derive(Serialize)]
struct PopulationData<'report> {
    title: &'report str,
    sentences: &'report [String],
    heads: &'report [String],
    legend: &'report str,
    closing: &'report str,
    scale: Figure,
    blocks: Vec<PopulationBlockData<'report>>,
}

#[derive(Serialize)]
struct PopulationBlockData<'report> {
    title: &'report str,
    alt: &'report str,
    figure: Figure,
    /// Label, own share and national share as printed.
    rows: Vec<[&'report str; 3]>,
}

fn indicator<'report>(
    page: &'report IndicatorPage,
    metrics: &TextMetrics,
    drawn: &impl Fn(String, Result<Figure, DrawError>) -> Result<Figure, Error>,
) -> Result<IndicatorData<'report>, Error> {
    let named = |kind: &str, result| drawn(format!("the {kind} of {}", page.id), result);
    let dot_plot = match &page.dot_plot {
        Some(plot) => {
            let figure = named("distribution", figure::dot_plot(plot, &page.format, metrics))?;
            Some(PlotData { figure, caption: &plot.caption, alt: &plot.alt })
        }
        None => None,
    };
    let funnel = match &page.funnel {
        Some(plot) => {
            let figure = named("funnel", figure::funnel(plot, &page.format, metrics))?;
            Some(PlotData { figure, caption: &plot.caption, alt: &plot.alt })
        }
        None => None,
    };
    let trend = match &page.trend {
        Some(plot) => {
            let figure = named("trend", figure::trend(plot, &page.format, metrics))?;
            Some(PlotData { figure, caption: &plot.caption, alt: &plot.alt })
        }
        None => None,
    };
    Ok(IndicatorData {
        id: &page.id,
        title: &page.title,
        norm_line: &page.norm_line,
        headline: &page.headline,
        sentences: &page.sentences,
        caution: &page.caution,
        dot_plot,
        funnel,
        trend,
        sections: &page.sections,
        discuss: &page.discuss,
        table_title: &page.table_title,
        table: &page.table,
        further: &page.further,
    })
}

fn population<'report>(
    page: &'report PopulationPage,
    metrics: &TextMetrics,
    drawn: &impl Fn(String, Result<Figure, DrawError>) -> Result<Figure, Error>,
) -> Result<PopulationData<'report>, Error> {
    let scale = figure::population_scale(page);
    let blocks = page
        .blocks
        .iter()
        .map(|block| {
            Ok(PopulationBlockData {
                title: &block.title,
                alt: &block.alt,
                figure: drawn(format!("population by {}", block.title), figure::population_block(block, scale, metrics))?,
                rows: block.rows.iter().map(|row| [row.label.as_str(), &row.own_text, &row.national_text]).collect(),
            })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    Ok(PopulationData {
        title: &page.title,
        sentences: &page.sentences,
        heads: &page.heads,
        legend: &page.legend,
        closing: &page.closing,
        scale: drawn("the scale of the population page".to_owned(), scale.figure(metrics))?,
        blocks,
    })
}
