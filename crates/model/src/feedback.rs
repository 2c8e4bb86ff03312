//! `terugkoppeling.json`: what a provider reads about one submission, as printed. The template draws it and decides nothing.

use serde::{Deserialize, Serialize};

use crate::{MethodSection, ReportProvider, Table, Verdict};

/// The feedback on one submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feedback {
    /// Version of this file format.
    pub format: u32,
    /// SHA-256 over what it was made from; another one is made again. Empty for a check that is not kept.
    pub made_from: String,
    /// Language tag.
    pub language: String,
    /// Title of the document.
    pub title: String,
    /// Line above the title.
    pub kicker: String,
    /// Footer, without page numbers.
    pub footer: String,
    /// What the document is, for its metadata.
    pub description: String,
    /// Who publishes it.
    pub publisher: String,
    /// Pipeline id.
    pub pipeline: String,
    /// Year as printed; empty for a collective delivery.
    pub year_label: String,
    /// Date of the document, in its metadata only: the first day after the reporting year, because there is no clock.
    pub issued: String,
    /// Whose submission it is.
    pub provider: ReportProvider,
    /// Name of the submission.
    pub submission: String,
    /// Sequence number.
    pub sequence: u32,
    /// Outcome.
    pub verdict: Verdict,
    /// The outcome as printed, in bold.
    pub lead: String,
    /// What it means and what to do now.
    pub sentences: Vec<String>,
    /// What was delivered and what became of it. None when nothing could be read.
    pub delivered: Option<FeedbackTable>,
    /// How much of it each indicator can use. None when the submission is not used.
    pub usable: Option<FeedbackTable>,
    /// Heading of the findings.
    pub findings_title: String,
    /// The findings that cost most; empty when there are none.
    pub findings: Vec<FeedbackFinding>,
    /// How many more there are.
    pub findings_note: String,
    /// The provider's own values. None when the submission is not used.
    pub preview: Option<FeedbackTable>,
    /// What changed, what was normalised, what was checked, where everything is.
    pub sections: Vec<MethodSection>,
}

/// A table with its heading and a note.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedbackTable {
    /// Heading.
    pub title: String,
    /// Cells.
    pub table: Table,
    /// Small print under it; may be empty.
    pub note: String,
}

/// One rule with what it found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedbackFinding {
    /// Code of the rule.
    pub code: String,
    /// What it is about.
    pub title: String,
    /// How often, what that did, and what it costs.
    pub extent: String,
    /// The first finding in words.
    pub message: String,
    /// The first places, and how many more there are.
    pub places: String,
    /// What to do.
    pub remedy: String,
}

/// One indicator of a provider's own data, this year and the year before: no other provider has a part in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// Indicator id.
    pub indicator: String,
    /// This year. None when nothing counts.
    pub value: Option<PreviewValue>,
    /// The year before. None when nothing counts, or the batch does not have it.
    pub before: Option<PreviewValue>,
}

/// A value with its number of units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PreviewValue {
    /// In the unit of the indicator.
    pub value: f64,
    /// Units behind it.
    pub n: u64,
}
