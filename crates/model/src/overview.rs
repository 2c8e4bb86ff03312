//! What the publisher itself reads: what to talk about with whom, and the nation as a whole. Never for a provider.

use serde::{Deserialize, Serialize};

use crate::{DotPlot, MethodPage, MethodSection, Table, TrendPlot, ValueFormat};

/// The analyst's overview of a year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// Pipeline id.
    pub pipeline: String,
    /// Language tag.
    pub language: String,
    /// Report year as printed.
    pub year_label: String,
    /// Date of issue, `yyyy-mm-dd`.
    pub issued: String,
    /// Title.
    pub title: String,
    /// Line above the title.
    pub kicker: String,
    /// Footer of each page, left.
    pub footer: String,
    /// Subject line of the PDF metadata.
    pub description: String,
    /// The author in the PDF metadata.
    pub publisher: String,
    /// How to read it, and what not to make of it.
    pub notes: Vec<String>,
    /// Providers: those with most to talk about first, then by name. Not a ranking: no value decides the order.
    pub providers: Vec<OverviewProvider>,
    /// Every value outside what is expected of its provider.
    pub remarkable: Vec<OverviewValue>,
    /// What chance alone would give, by indicator.
    pub indicators: Vec<OverviewIndicator>,
}

/// What there is to talk about with one provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverviewProvider {
    /// Provider id.
    pub id: String,
    /// Name as registered.
    pub name: String,
    /// What it receives, in words.
    pub document: String,
    /// What is held for an analyst.
    pub held: Vec<String>,
    /// Subjects that stand out, in words.
    pub standing_out: Vec<String>,
    /// What its data lack, in words.
    pub quality: Vec<String>,
    /// What changed over the years, in words.
    pub changed: Vec<String>,
}

impl OverviewProvider {
    /// How many things there are to talk about.
    #[must_use]
    pub fn topics(&self) -> usize {
        self.held.len() + self.standing_out.len() + self.quality.len() + self.changed.len()
    }
}

/// A value outside what is expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverviewValue {
    /// Provider id.
    pub id: String,
    /// Name as registered.
    pub name: String,
    /// Indicator as printed.
    pub indicator: String,
    /// Units in the denominator.
    pub n: u64,
    /// Value as printed.
    pub value: String,
    /// What is expected at this number of units, as printed.
    pub expected: String,
    /// The label in words.
    pub place: String,
}

/// One indicator over all providers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverviewIndicator {
    /// Indicator as printed.
    pub indicator: String,
    /// Providers with a place.
    pub compared: u64,
    /// Providers outside the 95 % limits, those outside the 99.8 % limits included.
    pub outside: u64,
    /// Expected outside the 95 % limits when all differences are ordinary.
    pub expected_outside: f64,
    /// Providers outside the 99.8 % limits.
    pub far_outside: u64,
    /// Expected outside the 99.8 % limits.
    pub expected_far_outside: f64,
}

/// The nation as a whole, without any provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NationalReport {
    /// Pipeline id.
    pub pipeline: String,
    /// Language tag.
    pub language: String,
    /// Report year as printed.
    pub year_label: String,
    /// Date of issue, `yyyy-mm-dd`.
    pub issued: String,
    /// Title.
    pub title: String,
    /// Line above the title.
    pub kicker: String,
    /// Footer of each page, left.
    pub footer: String,
    /// Subject line of the PDF metadata.
    pub description: String,
    /// The author in the PDF metadata.
    pub publisher: String,
    /// Page 1: what this is and is not.
    pub opening: Vec<MethodSection>,
    /// Title of the table of indicators.
    pub table_title: String,
    /// Every indicator in a row.
    pub table: Table,
    /// How to read the table.
    pub table_note: String,
    /// One block each.
    pub indicators: Vec<NationalIndicator>,
    /// What chance would give, and what was found.
    pub chance: MethodSection,
    /// The table with it.
    pub chance_table: Table,
    /// How complete the deliveries are. None when it is not counted.
    pub quality: Option<MethodSection>,
    /// The table with it.
    pub quality_table: Option<Table>,
    /// Method and colophon.
    pub method: MethodPage,
}

/// One indicator in the nation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NationalIndicator {
    /// Indicator id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Grey line under the title.
    pub norm_line: String,
    /// How values are written.
    pub format: ValueFormat,
    /// What there is to see.
    pub sentences: Vec<String>,
    /// The distribution of providers. None with too few.
    pub dot_plot: Option<DotPlot>,
    /// The nation over the years. None with a single year.
    pub trend: Option<TrendPlot>,
    /// Figures behind the plots.
    pub table: Table,
}
