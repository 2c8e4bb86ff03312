//! Everything one report says: the seam between numbers and pages. Other providers occur only as smoothed quantiles
//! and as rounded, unnamed cells of at least three.

use serde::{Deserialize, Serialize};

use crate::{NormPage, Position, QualityPage, Range, ReadingGuide, Topic, ValueFormat, Worksheet};

/// What kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// A full report for one provider.
    Individual,
    /// One page, because no value may be shown.
    SinglePage,
    /// One page for a provider under the minimum of a report of its own: what it delivered, no outcome.
    OwnSheet,
    /// A full report of providers under the minimum together, as if they were one.
    Group,
}

/// One report. Serialised as `report.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of this file format.
    pub format: u32,
    /// Pipeline id.
    pub pipeline: String,
    /// Language tag of the text: `nl`.
    pub language: String,
    /// Kind of document.
    pub variant: Variant,
    /// Report year as a number (the starting year of a broken year).
    pub year: i32,
    /// Report year as printed: `2025`, `2024-25`.
    pub year_label: String,
    /// Version of this provider's report, from 1.
    pub version: u32,
    /// Date of issue, `yyyy-mm-dd`; the date inside the PDF.
    pub issued: String,
    /// Title: `Spiegelrapportage 2025 – Praktijk De Linde`.
    pub title: String,
    /// Line above the title.
    pub kicker: String,
    /// Footer of each page, left.
    pub footer: String,
    /// Subject line of the PDF metadata.
    pub description: String,
    /// Name of the publisher, the author in the PDF metadata.
    pub publisher: String,
    /// Whose report this is.
    pub provider: ReportProvider,
    /// Page 1.
    pub summary: Summary,
    /// How complete the data are, on the sheet of a provider under the minimum; None in other documents.
    pub completeness: Option<TitledTable>,
    /// Page 2. None on a single page, as the further pages are.
    pub guide: Option<ReadingGuide>,
    /// One page each.
    pub indicators: Vec<IndicatorPage>,
    /// Who the clients are. None when nothing was delivered on it.
    pub population: Option<PopulationPage>,
    /// How complete the data are.
    pub quality: Option<QualityPage>,
    /// What norms say beside the figures. None when the year has no norms.
    pub norms: Option<NormPage>,
    /// To write on. None when the pipeline has no worksheet.
    pub worksheet: Option<Worksheet>,
    /// Method, terms, colophon.
    pub method: MethodPage,
}

/// The provider of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportProvider {
    /// Provider id (AGB, organisation code).
    pub id: String,
    /// Name as registered.
    pub name: String,
}

/// Page 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Bold opening words.
    pub lead: String,
    /// The block "in één oogopslag", sentence by sentence.
    pub sentences: Vec<String>,
    /// Column heads of the spine table: topic, n, own, interval, lower, middle, higher, place.
    pub heads: Vec<String>,
    /// One row per indicator.
    pub rows: Vec<SummaryRow>,
    /// How to read the table.
    pub legend: String,
    /// Heading of the topics.
    pub topics_title: String,
    /// What to do where nothing stands out; empty when there are topics.
    pub topics_none: String,
    /// Topics to discuss, each with its page.
    pub topics: Vec<Topic>,
    /// Headed blocks under the table: reliability, changes. A block without lines is left out.
    pub blocks: Vec<MethodSection>,
    /// Footnotes for the codes that occur.
    pub notes: Vec<String>,
    /// Small print at the foot of the page.
    pub confidentiality: String,
}

/// One row of the spine table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SummaryRow {
    /// Indicator id; also the link target of its page.
    pub indicator: String,
    /// Short title.
    pub topic: String,
    /// Denominator as text, or empty.
    pub n: String,
    /// Own value as text, or the text of a missing code.
    pub own: String,
    /// True when `own` is a value and not a code.
    pub own_is_value: bool,
    /// Interval as text, may be empty.
    pub interval: String,
    /// What is drawn in the row. None without a distribution.
    pub spine: Option<SpineRow>,
    /// Place in words: `binnen de spreiding`, `hoger`.
    pub place: String,
    /// -2, -1, 0, 1 or 2: side and number of marks.
    pub marks: i8,
}

/// A spine row: positions on a scale from -1 (outer quantile) over 0 (national middle) to 1, clipped at ±1.2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SpineRow {
    /// Lower end of the light bar.
    pub outer_lower: f64,
    /// Upper end of the light bar.
    pub outer_upper: f64,
    /// Lower end of the dark bar.
    pub inner_lower: f64,
    /// Upper end of the dark bar.
    pub inner_upper: f64,
    /// Own value. None when it may not be shown.
    pub own: Option<f64>,
    /// Own interval.
    pub interval: Option<Range>,
    /// Comparable group.
    pub group: Option<f64>,
    /// Own value after adjustment, which the place is that of. None where the place is that of the own value.
    #[serde(default)]
    pub adjusted: Option<f64>,
}

/// A value with its label for a plot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Labelled {
    /// In the unit of the indicator.
    pub value: f64,
    /// Label as printed.
    pub label: String,
}

/// The provider's own value in a plot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnMark {
    /// Own value.
    pub value: f64,
    /// 95 % interval.
    pub interval: Option<Range>,
    /// Label as printed: `U: 611 minuten`.
    pub label: String,
    /// Units in the denominator.
    pub n: u64,
}

/// The national distribution as countable dots.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DotPlot {
    /// One value per dot, ascending, each the mean of three neighbouring providers, rounded to `grid`.
    pub dots: Vec<f64>,
    /// Width of a bin, in the unit of the indicator.
    pub grid: f64,
    /// Middle half of the providers.
    pub middle_half: Range,
    /// Label of the middle half.
    pub middle_half_label: String,
    /// National middle (median of providers).
    pub middle: Labelled,
    /// Guideline, if the indicator has one.
    pub guideline: Option<Labelled>,
    /// Comparable group.
    pub group: Option<Labelled>,
    /// Own value.
    pub own: Option<OwnMark>,
    /// Under the plot.
    pub caption: String,
    /// Alternative text.
    pub alt: String,
}

/// A line of the funnel, from small to large n; a side is None where no count can cross it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FunnelLine {
    /// Units.
    pub n: f64,
    /// Lower 95 % limit.
    pub lower: Option<f64>,
    /// Upper 95 % limit.
    pub upper: Option<f64>,
    /// Lower 99.8 % limit.
    pub outer_lower: Option<f64>,
    /// Upper 99.8 % limit.
    pub outer_upper: Option<f64>,
}

/// Three or more providers of about the same size and value, drawn as one dot.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Mean size, rounded.
    pub n: f64,
    /// Mean value, rounded to the grid.
    pub value: f64,
    /// Providers in the cell.
    pub providers: u32,
}

/// Value against size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunnelPlot {
    /// National mean (the centre line).
    pub target: Labelled,
    /// Limits, ascending in n.
    pub lines: Vec<FunnelLine>,
    /// Label of the 95 % limits.
    pub inner_label: String,
    /// Label of the 99.8 % limits.
    pub outer_label: String,
    /// Other providers.
    pub cells: Vec<Cell>,
    /// Right end of the size axis; larger providers are drawn on it.
    pub n_maximum: f64,
    /// True when the last tick stands for "and more".
    pub n_capped: bool,
    /// Label of the size axis.
    pub n_label: String,
    /// Own value.
    pub own: Option<OwnMark>,
    /// Under the plot.
    pub caption: String,
    /// Alternative text.
    pub alt: String,
}

/// One year of a trend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrendYear {
    /// Year as printed.
    pub label: String,
    /// Own value. None when not delivered or too small.
    pub own: Option<OwnMark>,
    /// True when the own value rests on too few units for a label: drawn hollow.
    pub few: bool,
    /// Code text when there is no own value: `<10`, `niet aangeleverd`.
    pub code: String,
    /// Middle half of the providers in that year.
    pub middle_half: Option<Range>,
    /// National middle in that year.
    pub middle: Option<f64>,
    /// Number of providers behind the distribution.
    pub providers: u64,
    /// True when this year cannot be compared with the year before it: the line is interrupted.
    pub broken: bool,
}

/// Own value and nation over the years.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrendPlot {
    /// Ascending years without gaps.
    pub years: Vec<TrendYear>,
    /// Guideline, if the indicator has one.
    pub guideline: Option<Labelled>,
    /// Label of the national line.
    pub middle_label: String,
    /// Short label of the own line at its right end: `U 611`.
    pub own_label: String,
    /// Under the plot.
    pub caption: String,
    /// Alternative text.
    pub alt: String,
}

/// A table: heads and rows of equal length.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Column heads.
    pub heads: Vec<String>,
    /// Cells as printed.
    pub rows: Vec<Vec<String>>,
}

/// A table under a title.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TitledTable {
    /// Title.
    pub title: String,
    /// The table.
    pub table: Table,
}

/// One indicator page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndicatorPage {
    /// Indicator id.
    pub id: String,
    /// Definition id and version: `BM-2025.1`.
    pub definition: String,
    /// Page title.
    pub title: String,
    /// Grey line under the title.
    pub norm_line: String,
    /// How values are written.
    pub format: ValueFormat,
    /// Bold sentences.
    pub headline: Vec<String>,
    /// Sentences after the bold ones.
    pub sentences: Vec<String>,
    /// A caution under the headline (ROM), may be empty.
    pub caution: String,
    /// National distribution. None with too few providers.
    pub dot_plot: Option<DotPlot>,
    /// Distribution of the members within a group. None in a report of one provider, and with too few members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<DotPlot>,
    /// Value against size. None with too few providers, and for a group: it is no provider and has no point.
    pub funnel: Option<FunnelPlot>,
    /// Over the years. None with a single year.
    pub trend: Option<TrendPlot>,
    /// Headed texts: what do we measure, how sure is this.
    pub sections: Vec<MethodSection>,
    /// Headed texts in the tinted block: question, tips.
    pub discuss: Vec<MethodSection>,
    /// Title of the figures table.
    pub table_title: String,
    /// Figures behind the plots.
    pub table: Table,
    /// Further tables with their titles: parts of the care, indicators that belong to this one.
    pub further: Vec<TitledTable>,
    /// The numbers themselves.
    pub position: Position,
}

/// Who the clients are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PopulationPage {
    /// Page title.
    pub title: String,
    /// What stands out, in sentences.
    pub sentences: Vec<String>,
    /// One block per characteristic.
    pub blocks: Vec<PopulationBlock>,
    /// Heads of the value columns: own, national.
    pub heads: Vec<String>,
    /// How to read it.
    pub legend: String,
    /// Last line of the page.
    pub closing: String,
}

/// One characteristic, for instance age.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PopulationBlock {
    /// Name of the characteristic.
    pub title: String,
    /// Categories in the order of the pipeline.
    pub rows: Vec<PopulationRow>,
    /// Units behind the own shares.
    pub n: u64,
    /// Alternative text of the plot.
    pub alt: String,
}

/// One category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PopulationRow {
    /// Category as printed.
    pub label: String,
    /// Own share. None when suppressed.
    pub own: Option<f64>,
    /// National share.
    pub national: Option<f64>,
    /// Own share as text, or a code.
    pub own_text: String,
    /// National share as text.
    pub national_text: String,
}

/// A headed text: paragraphs, then bullets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MethodSection {
    /// Head.
    pub title: String,
    /// Paragraphs.
    pub paragraphs: Vec<String>,
    /// Bullets.
    pub bullets: Vec<String>,
}

/// Method, terms, colophon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MethodPage {
    /// Page title.
    pub title: String,
    /// Headed texts.
    pub sections: Vec<MethodSection>,
    /// Title of the table of indicators.
    pub table_title: String,
    /// Figures of the method: definition, providers, national mean, variation, rankability.
    pub table: Table,
    /// Title of the colophon.
    pub colophon_title: String,
    /// Lines of the colophon.
    pub colophon: Vec<String>,
}
