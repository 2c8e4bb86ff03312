//! Pages of a report besides the indicators: how to read it, how complete the data are, what the norms say, what to write down.

use serde::{Deserialize, Serialize};

use crate::{DotPlot, FunnelPlot, Labelled, MethodSection, OwnMark, SpineRow, Table, TitledTable, ValueFormat};

/// Page 2: how figures are read, who the comparable group is, and what stands in the place of a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadingGuide {
    /// Page title.
    pub title: String,
    /// Says that the figures on this page are examples with invented numbers.
    pub example: String,
    /// How values of the examples are written.
    pub format: ValueFormat,
    /// A row of page 1.
    pub spine: GuideSpine,
    /// A distribution. The texts beside it are its caption.
    pub dot_plot: DotPlot,
    /// A funnel. None where the report has none.
    pub funnel: Option<FunnelPlot>,
    /// One text beside each of the figures, in their order.
    pub texts: Vec<MethodSection>,
    /// The comparable groups. None when there are none.
    pub groups: Option<GuideGroups>,
    /// What stands in the place of a value.
    pub codes: TitledTable,
}

/// An annotated row of page 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GuideSpine {
    /// What is drawn.
    pub row: SpineRow,
    /// Label of the own dot.
    pub own: String,
    /// Label of the own interval.
    pub interval: String,
    /// Label of the comparable group; not drawn where the row has none.
    pub group: String,
    /// Label of the national middle.
    pub middle: String,
    /// Label of the dark bar.
    pub inner: String,
    /// Label of the light bar.
    pub outer: String,
    /// What stands at the left end.
    pub lower: String,
    /// What stands at the right end.
    pub higher: String,
    /// Alternative text.
    pub alt: String,
}

/// The comparable groups of a provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GuideGroups {
    /// Heading.
    pub title: String,
    /// What they are for, and who is in them.
    pub sentences: Vec<String>,
    /// Rule and number of each group.
    pub table: Table,
}

/// How complete the provider's data are, and what that costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QualityPage {
    /// Page title.
    pub title: String,
    /// What the page comes to.
    pub sentences: Vec<String>,
    /// From delivered rows to complete units. None for a delivery of totals.
    pub flow: Option<Flow>,
    /// Fields or subjects with how much of them is there.
    pub fields: TitledTable,
    /// Small print under the table.
    pub note: String,
    /// What makes the next delivery better, how to correct this one.
    pub sections: Vec<MethodSection>,
}

/// The flow of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Heading.
    pub title: String,
    /// Heads of the two columns of text: step and number.
    pub heads: Vec<String>,
    /// Steps in order.
    pub steps: Vec<FlowStep>,
    /// Alternative text of the bars.
    pub alt: String,
}

/// One step of the flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowStep {
    /// As printed.
    pub label: String,
    /// Rows or units.
    pub units: u64,
    /// The number as printed; with a minus when they leave here.
    pub text: String,
    /// False for what leaves here: it has no bar.
    pub stays: bool,
}

/// What the norms say beside the provider's own figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NormPage {
    /// Page title.
    pub title: String,
    /// How norms and figures belong together.
    pub sentences: Vec<String>,
    /// Heads of the table: norm, source, own figure, how to read it.
    pub heads: Vec<String>,
    /// One row for each norm.
    pub rows: Vec<NormRow>,
    /// Which data there are for a norm that asks for reflection. None when no norm of the year does.
    pub coverage: Option<NormCoverage>,
    /// What the publisher assessed, from the same results as the Keurmerkrapportage. None without an assessment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keurmerk: Option<crate::KeurmerkBlock>,
}

/// One norm beside the own figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NormRow {
    /// Id of the norm: `2025/540-minuten`.
    pub id: String,
    /// What the norm comes to, in other words than its own.
    pub text: String,
    /// Where it stands.
    pub source: String,
    /// Own figure with its interval, or the text of a missing code.
    pub own: String,
    /// How the two are to be read together.
    pub reading: String,
    /// Own figure and reference on one axis. None without a reference or without a figure.
    pub bullet: Option<BulletPlot>,
}

/// The own figure and a reference on one axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BulletPlot {
    /// What is on the axis.
    pub title: String,
    /// How values are written.
    pub format: ValueFormat,
    /// The reference, drawn dashed.
    pub reference: Labelled,
    /// Own figure.
    pub own: OwnMark,
    /// Alternative text.
    pub alt: String,
}

/// Which of the subjects that a norm asks reflection on are in the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NormCoverage {
    /// Heading.
    pub title: String,
    /// What the provider adds itself.
    pub sentence: String,
    /// Heads of the table: subject, data present, pages.
    pub heads: Vec<String>,
    /// One row for each subject.
    pub rows: Vec<CoverageRow>,
}

/// One subject of a norm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoverageRow {
    /// As printed.
    pub subject: String,
    /// `ja`, `deels` or `nee`.
    pub present: String,
    /// Where in the report, in order.
    pub places: Vec<Place>,
}

/// A page of the report. The template knows its number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "page", content = "indicator")]
pub enum Place {
    /// Page of an indicator, by its id.
    Indicator(String),
    /// Population.
    Population,
    /// Data quality.
    Quality,
    /// Norms.
    Norms,
    /// Worksheet.
    Worksheet,
}

/// A topic to discuss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    /// Subject with the own figure and the national middle.
    pub text: String,
    /// The question of its page; may be empty.
    pub question: String,
    /// Its page.
    pub place: Place,
}

/// A page to write on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Worksheet {
    /// Page title.
    pub title: String,
    /// What it is for.
    pub intro: String,
    /// What is asked of each topic.
    pub prompts: Vec<String>,
    /// Topics that are filled in; one without text is for a topic of the provider's own choice.
    pub topics: Vec<WorksheetTopic>,
    /// What is asked once.
    pub closing: Vec<String>,
}

/// A topic on the worksheet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorksheetTopic {
    /// Heading.
    pub title: String,
    /// A question to begin with; may be empty.
    pub question: String,
    /// Page of the report. None for a topic of the provider's own choice.
    pub place: Option<Place>,
}
