//! What the templates read: the texts of the report and its figures, as one JSON file.

use serde::Serialize;
use spiegel_model::{
    DotPlot, GuideGroups, IndicatorPage, KeurmerkBlock, MethodPage, MethodSection, NormCoverage, NormPage, NormRow, Notation, PopulationPage, QualityPage, ReadingGuide, Report, ReportProvider, Summary,
    SummaryRow, Table, TitledTable, Topic, Variant, Worksheet, figures_csv, figures_json,
};

use crate::backend::Figure;
use crate::error::Error;
use crate::figure::{self, DrawError};
use crate::labels::TextMetrics;
use crate::language::Language;
use crate::palette::Palette;
use crate::template::Template;

/// The files that travel inside the PDF, by name.
#[derive(Debug, Clone)]
pub(crate) struct Attachments {
    pub(crate) csv: (String, String),
    pub(crate) json: (String, String),
}

impl Attachments {
    pub(crate) fn of(report: &Report, language: &Language) -> Self {
        let spec = &language.attachment;
        Self {
            csv: (spec.csv.clone(), figures_csv(report, spec, language.numbers)),
            json: (spec.json.clone(), figures_json(report)),
        }
    }
}

/// Whose report it is, in errors: provider id and year, never a name.
pub(crate) fn report_name(report: &Report) -> String {
    format!("{} ({})", report.provider.id, report.year_label)
}

/// `data.json` of a report, as its template reads it.
///
/// # Errors
/// When a figure cannot be drawn, or the template does not have the language of the report.
pub fn template_data(report: &Report, template: &Template) -> Result<String, Error> {
    let language = template.language(&report.language)?;
    let (metrics, notation) = (template.metrics(), language.numbers);
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
        report.indicators.iter().map(|page| indicator(page, notation, metrics, &drawn)).collect::<Result<Vec<_>, Error>>()?;
    let population = report.population.as_ref().map(|page| population(page, notation, metrics, &drawn)).transpose()?;
    let guide = report.guide.as_ref().map(|page| guide(page, notation, metrics, &drawn)).transpose()?;
    let quality = report.quality.as_ref().map(|page| quality(page, &drawn)).transpose()?;
    let norms = report.norms.as_ref().map(|page| norms(page, notation, metrics, &drawn)).transpose()?;
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
        completeness: report.completeness.as_ref(),
        guide,
        indicators,
        population,
        quality,
        norms,
        worksheet: report.worksheet.as_ref(),
        method: &report.method,
        palette: template.palette(),
        words: language,
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
    completeness: Option<&'report TitledTable>,
    guide: Option<GuideData<'report>>,
    indicators: Vec<IndicatorData<'report>>,
    population: Option<PopulationData<'report>>,
    quality: Option<QualityData<'report>>,
    norms: Option<NormData<'report>>,
    worksheet: Option<&'report Worksheet>,
    method: &'report MethodPage,
    palette: &'report Palette,
    words: &'report Language,
}

#[derive(Serialize)]
struct SummaryData<'report> {
    lead: &'report str,
    sentences: &'report [String],
    heads: &'report [String],
    rows: Vec<RowData<'report>>,
    legend: &'report str,
    topics_title: &'report str,
    topics_none: &'report str,
    topics: &'report [Topic],
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
            topics_title: &summary.topics_title,
            topics_none: &summary.topics_none,
            topics: &summary.topics,
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
    within: Option<PlotData<'report>>,
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

#[derive(Serialize)]
struct GuideData<'report> {
    title: &'report str,
    example: &'report str,
    /// The figures with their texts beside them.
    figures: Vec<GuideFigure<'report>>,
    groups: Option<&'report GuideGroups>,
    codes: &'report TitledTable,
}

#[derive(Serialize)]
struct GuideFigure<'report> {
    plot: PlotData<'report>,
    text: Option<&'report MethodSection>,
}

#[derive(Serialize)]
struct QualityData<'report> {
    title: &'report str,
    sentences: &'report [String],
    flow: Option<FlowData<'report>>,
    fields: &'report TitledTable,
    note: &'report str,
    sections: &'report [MethodSection],
}

#[derive(Serialize)]
struct FlowData<'report> {
    title: &'report str,
    heads: &'report [String],
    alt: &'report str,
    figure: Figure,
    /// Label and number of each step.
    rows: Vec<[&'report str; 2]>,
}

#[derive(Serialize)]
struct NormData<'report> {
    title: &'report str,
    sentences: &'report [String],
    heads: &'report [String],
    rows: Vec<NormRowData<'report>>,
    coverage: Option<&'report NormCoverage>,
    keurmerk: Option<&'report KeurmerkBlock>,
}

#[derive(Serialize)]
struct NormRowData<'report> {
    text: &'report str,
    source: &'report str,
    own: &'report str,
    reading: &'report str,
    bullet_title: &'report str,
    bullet: Option<PlotData<'report>>,
}

fn guide<'report>(
    page: &'report ReadingGuide,
    notation: Notation,
    metrics: &TextMetrics,
    drawn: &impl Fn(String, Result<Figure, DrawError>) -> Result<Figure, Error>,
) -> Result<GuideData<'report>, Error> {
    let named = |kind: &str, result| drawn(format!("the example of {kind}"), result);
    let mut plots = vec![
        (named("a row", figure::annotated_spine(&page.spine))?, &page.spine.alt),
        (named("a distribution", figure::small_dot_plot(&page.dot_plot, &page.format, notation, metrics))?, &page.dot_plot.alt),
    ];
    if let Some(funnel) = &page.funnel {
        plots.push((named("a funnel", figure::funnel(funnel, &page.format, notation, metrics))?, &funnel.alt));
    }
    let figures = plots
        .into_iter()
        .enumerate()
        .map(|(index, (figure, alt))| GuideFigure { plot: PlotData { figure, caption: "", alt }, text: page.texts.get(index) })
        .collect();
    Ok(GuideData { title: &page.title, example: &page.example, figures, groups: page.groups.as_ref(), codes: &page.codes })
}

fn quality<'report>(
    page: &'report QualityPage,
    drawn: &impl Fn(String, Result<Figure, DrawError>) -> Result<Figure, Error>,
) -> Result<QualityData<'report>, Error> {
    let flow = match &page.flow {
        Some(flow) => Some(FlowData {
            title: &flow.title,
            heads: &flow.heads,
            alt: &flow.alt,
            figure: drawn("the flow of rows".to_owned(), figure::flow_bars(flow))?,
            rows: flow.steps.iter().map(|step| [step.label.as_str(), &step.text]).collect(),
        }),
        None => None,
    };
    Ok(QualityData { title: &page.title, sentences: &page.sentences, flow, fields: &page.fields, note: &page.note, sections: &page.sections })
}

fn norms<'report>(
    page: &'report NormPage,
    notation: Notation,
    metrics: &TextMetrics,
    drawn: &impl Fn(String, Result<Figure, DrawError>) -> Result<Figure, Error>,
) -> Result<NormData<'report>, Error> {
    let rows = page
        .rows
        .iter()
        .map(|row| {
            let NormRow { id, text, source, own, reading, bullet } = row;
            let plot = match bullet {
                Some(bullet) => {
                    let figure = drawn(format!("the norm {id}"), figure::norm_bullet(bullet, notation, metrics))?;
                    Some(PlotData { figure, caption: "", alt: &bullet.alt })
                }
                None => None,
            };
            Ok(NormRowData { text, source, own, reading, bullet_title: bullet.as_ref().map_or("", |bullet| &bullet.title), bullet: plot })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    Ok(NormData { title: &page.title, sentences: &page.sentences, heads: &page.heads, rows, coverage: page.coverage.as_ref(), keurmerk: page.keurmerk.as_ref() })
}

fn indicator<'report>(
    page: &'report IndicatorPage,
    notation: Notation,
    metrics: &TextMetrics,
    drawn: &impl Fn(String, Result<Figure, DrawError>) -> Result<Figure, Error>,
) -> Result<IndicatorData<'report>, Error> {
    let named = |kind: &str, result| drawn(format!("the {kind} of {}", page.id), result);
    let distribution = |kind: &str, plot: &'report Option<DotPlot>| match plot {
        Some(plot) => {
            let figure = named(kind, figure::dot_plot(plot, &page.format, notation, metrics))?;
            Ok(Some(PlotData { figure, caption: plot.caption.as_str(), alt: plot.alt.as_str() }))
        }
        None => Ok(None),
    };
    let dot_plot = distribution("distribution", &page.dot_plot)?;
    let within = distribution("distribution of members", &page.within)?;
    let funnel = match &page.funnel {
        Some(plot) => {
            let figure = named("funnel", figure::funnel(plot, &page.format, notation, metrics))?;
            Some(PlotData { figure, caption: &plot.caption, alt: &plot.alt })
        }
        None => None,
    };
    let trend = match &page.trend {
        Some(plot) => {
            let figure = named("trend", figure::trend(plot, &page.format, notation, metrics))?;
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
        within,
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
    notation: Notation,
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
        scale: drawn("the scale of the population page".to_owned(), scale.figure(notation, metrics))?,
        blocks,
    })
}
