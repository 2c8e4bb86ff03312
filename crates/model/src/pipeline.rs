//! What a pipeline and a report year declare: `pipeline.toml` and `years/<year>.toml`.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// `pipeline.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelineSpec {
    /// Id, the folder's name.
    pub id: String,
    /// Title of the report: `Spiegelrapportage`.
    pub title: String,
    /// Who publishes the report; the author in the PDF metadata.
    pub publisher: String,
    /// Line above the title.
    pub kicker: String,
    /// Language tag: `nl`.
    pub language: String,
    /// How submissions arrive.
    pub delivery: Delivery,
    /// Where names of providers come from.
    pub register: RegisterSpec,
    /// Indicators in the order of the report.
    pub indicators: Vec<String>,
    /// Words that differ between pipelines.
    pub words: PipelineWords,
    /// Who gets which report.
    pub report: ReportSpec,
    /// Composition of the clients. None when the pipeline has no population page.
    #[serde(default)]
    pub population: Option<PopulationSpec>,
    /// Parts of the care (products) by which indicators with `parts` are shown too.
    #[serde(default)]
    pub parts: Option<PartsSpec>,
    /// The norm table of questionnaires, estimated from the nation's measurements.
    #[serde(default)]
    pub norms: Option<NormSpec>,
    /// What the page on data quality counts. None: that page tells which indicators were delivered.
    #[serde(default)]
    pub quality: Option<QualitySpec>,
    /// Questions of the worksheet. None when a report has none.
    #[serde(default)]
    pub worksheet: Option<WorksheetSpec>,
    /// Words of the sheet for providers under the minimum. None: they get nothing.
    #[serde(default)]
    pub sheet: Option<SheetSpec>,
    /// Words of the report of the providers under the minimum together. None: there is no such report.
    #[serde(default)]
    pub group_report: Option<GroupReportSpec>,
}

/// What is counted of a delivery: the flow of its rows, and how well its fields are filled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualitySpec {
    /// SQL file: `provider_id, item, units, of_units`, one row per provider and item: `units` of `of_units` have it. An item is
    /// the id of a step or a field.
    pub sql: String,
    /// Canonical table whose rows are followed.
    pub table: String,
    /// Its rows in plural: `trajecten`.
    pub units: String,
    /// Codes of findings on rows that belong to another year: they are told apart, and ask for nothing.
    #[serde(default)]
    pub outside: Vec<String>,
    /// Share of a field below which what rests on it is compared with reserve.
    pub reserve: f64,
    /// Steps after the rows that are used, in order.
    #[serde(rename = "step")]
    pub steps: Vec<QualityStep>,
    /// Fields, at most 18: the page has no room for more.
    #[serde(rename = "field")]
    pub fields: Vec<QualityField>,
}

/// A step of the flow after the rows that are used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityStep {
    /// As in the SQL.
    pub id: String,
    /// As printed.
    pub label: String,
    /// What leaves between the step before and this one, as printed. Empty: this step is a part of the one before it.
    #[serde(default)]
    pub without: String,
}

/// A field of the delivery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityField {
    /// As in the SQL.
    pub id: String,
    /// As printed.
    pub label: String,
    /// Canonical column behind it, `table.column`: values of it that were not valid are counted, and indicators that adjust for it
    /// rest on this field.
    pub column: String,
    /// Indicators whose value rests on this field.
    #[serde(default)]
    pub indicators: Vec<String>,
    /// Another share than [`QualitySpec::reserve`], for a field that is a sample by nature.
    #[serde(default)]
    pub reserve: Option<f64>,
    /// What `of_units` counts, in plural: `afgesloten trajecten`.
    pub units: String,
    /// What to do, in one sentence.
    pub advice: String,
    /// What is missing, after "Bij 12 van uw 208 …": `ontbreekt het profiel`.
    pub missing: String,
}

/// Questions of the worksheet; Dutch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorksheetSpec {
    /// Page title.
    pub title: String,
    /// What it is for.
    pub intro: String,
    /// Topics that there is room for.
    pub topics: usize,
    /// What is asked of each topic.
    pub prompts: Vec<String>,
    /// What is asked once.
    pub closing: Vec<String>,
}

/// Words of the sheet for providers under the minimum; Dutch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SheetSpec {
    /// Title of the document: `Uw blad`.
    pub title: String,
    /// How to get a report of its own sooner, one bullet each.
    pub sooner: Vec<String>,
    /// Last paragraph: where to ask.
    pub invitation: String,
}

/// Words of the report of the providers under the minimum together; Dutch. Figures are told of the group in the third person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupReportSpec {
    /// Whom it is about, in the title: `groep kleine aanbieders`.
    pub name: String,
    /// Its members after a number: `kleine aanbieders`.
    pub members: String,
    /// What `size` of the provider SQL counts, in plural: `afgesloten trajecten`.
    pub units: String,
    /// The question of each page.
    pub question: String,
    /// Title of the page on the population.
    pub population_title: String,
    /// Last line of that page.
    pub population_closing: String,
    /// Small print of page 1.
    pub confidentiality: String,
    /// How to report an error in the own data, and what follows from that.
    pub correction: String,
    /// What the figures do not say.
    pub limits: Vec<String>,
    /// What the sheet of a provider says of this report, when there is one.
    pub on_sheet: String,
}

/// Parts of the care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartsSpec {
    /// As printed above a table: `Per profiel`.
    pub title: String,
    /// Parts in order; `id` as in the column `part` of the SQL. Rows of another part count in the total only.
    pub categories: Vec<Category>,
}

/// The norm table: T = 50 + 10 (score − mean)/SD on a scale where higher is worse, from the scores that the SQL selects in the report
/// year, frozen with the year (domain 4.4). In SQL it is the table `instrument_norm`: `instrument, scale, n, mean, sd,
/// reliable_change, cut_off, moderate_from, high_from`, the last four in T.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NormSpec {
    /// SQL file: `provider_id, instrument, scale, score`, one row per measurement before treatment.
    pub sql: String,
    /// Measurements that a scale needs to have a norm.
    pub minimum: u64,
    /// Providers that a scale needs to have a norm.
    pub minimum_providers: u64,
    /// Change that is more than chance, in T, for scales without a reliability in `instruments.toml`.
    pub reliable_change: f64,
    /// Border between clients and others, in T.
    pub cut_off: f64,
    /// True when somebody has checked the two against a published source.
    pub verified: bool,
    /// Classes of severity before treatment. None: `moderate_from` and `high_from` are NULL in SQL.
    #[serde(default)]
    pub severity: Option<SeveritySpec>,
}

/// Classes of severity before treatment, the same for every scale: in T, against the nation's clients on that scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeveritySpec {
    /// Lowest T of the middle class.
    pub moderate_from: f64,
    /// Lowest T of the highest class.
    pub high_from: f64,
    /// Where the two come from.
    pub source: String,
    /// True when somebody has read them there.
    pub verified: bool,
}

/// How submissions arrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Each provider delivers its own, or one party delivers for all.
    pub kind: DeliveryKind,
    /// For `per_provider`: name of a submission, with `{provider}`, `{year}` and `{sequence}`.
    /// For `collective`: the name that the delivery gets in receipts.
    pub name: String,
    /// For `per_provider`: digits in a provider id.
    #[serde(default)]
    pub provider_digits: usize,
    /// Versions of the format that `schema` in a manifest may name (E510); empty for any.
    #[serde(default)]
    pub schemas: Vec<String>,
}

/// Who delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryKind {
    /// One submission per provider and year.
    PerProvider,
    /// The inbox itself is one submission with all providers and years.
    Collective,
}

/// The provider register: a CSV in the inbox, or else in the pipeline's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterSpec {
    /// File name.
    pub file: String,
    /// Header of the provider id.
    pub id: String,
    /// Header of the name.
    pub name: String,
    /// Header of the group of owners, for concentration rules. None when every provider is its own group.
    #[serde(default)]
    pub group: Option<String>,
    /// Header of the kind of provider, for distributions by peer group in the research lake. None when there are no kinds.
    #[serde(default)]
    pub peer: Option<String>,
    /// Headers of the first and last day on which a provider is expected to deliver, `yyyy-mm-dd`, empty for no end. None when
    /// the register does not say whom to expect.
    #[serde(default)]
    pub valid: Option<[String; 2]>,
}

/// Words that differ between pipelines; all Dutch, lower case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelineWords {
    /// A provider: `aanbieder`.
    pub provider: String,
    /// More of them: `aanbieders`.
    pub providers: String,
    /// Small print under page 1.
    pub confidentiality: String,
    /// Footer word: `vertrouwelijk`.
    pub confidential: String,
    /// How to report an error.
    pub correction: String,
    /// How to ask for another comparable group; may be empty.
    #[serde(default)]
    pub other_group: String,
    /// Note on values that were not delivered (code A).
    pub not_delivered_note: String,
    /// Where the data come from, for the method page; one string per paragraph.
    pub source: Vec<String>,
    /// What is not measured, for the method page.
    pub limits: Vec<String>,
}

/// Who gets which report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportSpec {
    /// SQL file in the pipeline's folder: `provider_id, clients` for the report year (and the years before it that
    /// the minimum counts), one row per provider that delivered in the report year.
    pub providers: String,
    /// What `clients` counts, in plural: `cliënten`.
    pub clients: String,
}

/// Composition of the clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PopulationSpec {
    /// SQL file: `provider_id, characteristic, category, units`; `units` is NULL where it was not delivered.
    pub sql: String,
    /// Page title.
    pub title: String,
    /// What is counted, in plural.
    pub units: String,
    /// Counts below this are not shown.
    pub minimum: u64,
    /// Last line of the page.
    pub closing: String,
    /// Characteristics in order.
    #[serde(rename = "characteristic")]
    pub characteristics: Vec<Characteristic>,
}

/// One characteristic of the population.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Characteristic {
    /// As in the SQL.
    pub id: String,
    /// As printed: `Leeftijd`.
    pub title: String,
    /// Shares of what is known are of those of whom it is known; the share of the unknown is of all. For what is measured in a part of
    /// the clients, so that who measures less does not seem to have fewer of each.
    #[serde(default)]
    pub of_known: bool,
    /// How to read it, one sentence in the legend, with slots `{moderate_from}` and `{high_from}` of the norms. May be empty.
    #[serde(default)]
    pub note: String,
    /// Id of the indicator whose first adjuster with words for it says by how much clients differ in this; told when that is more than
    /// chance.
    #[serde(default)]
    pub shift_of: Option<String>,
    /// Categories in order: as in the SQL, as printed.
    pub categories: Vec<Category>,
}

/// One category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// As in the SQL.
    pub id: String,
    /// As printed in a row: `18 tot en met 25 jaar`.
    pub label: String,
    /// As in a sentence: `cliënten van 18 tot en met 25 jaar`.
    pub words: String,
    /// For a category of what is not known: what is not known, as the subject of a sentence: `de verwijzer`. Empty for others.
    #[serde(default)]
    pub unknown: String,
}

/// `years/<year>.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YearSpec {
    /// Report year; the first year of a broken year.
    pub year: i32,
    /// As printed.
    pub label: String,
    /// Labels of earlier years, by year, where they differ from the number.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// First year of the trend.
    pub trend_from: i32,
    /// Date of issue.
    pub issued: NaiveDate,
    /// Version of the set of definitions.
    pub definitions: String,
    /// Last day on which an error can be reported.
    #[serde(default)]
    pub corrections_until: Option<NaiveDate>,
    /// Files in `norms/` whose norms stand in the report, without `.toml`, in order.
    #[serde(default)]
    pub norms: Vec<String>,
    /// For a share: its margin of relevance δ is at most this part of the national share, or of what that is short of 1 when that is
    /// less, so that 5 percentage points are not the margin of what happens to 3 in 100. None: δ is what the indicator declares.
    #[serde(default)]
    pub relative_margin: Option<f64>,
    /// The Keurmerk of the year. None: there are no self-evaluations.
    #[serde(default)]
    pub keurmerk: Option<crate::KeurmerkYearSpec>,
    /// Minimum numbers.
    pub minimum: Minimums,
    /// Comparable groups. A provider belongs to each that can be filled; the first is drawn in figures.
    #[serde(default, rename = "group")]
    pub groups: Vec<GroupSpec>,
}

impl YearSpec {
    /// The year as printed.
    #[must_use]
    pub fn label_of(&self, year: i32) -> String {
        if year == self.year {
            return self.label.clone();
        }
        self.labels.get(&year.to_string()).cloned().unwrap_or_else(|| year.to_string())
    }
}

/// Minimum numbers (decisions 17, 22, 28; statistics 9).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minimums {
    /// Units before a value is shown.
    pub shown: u64,
    /// Units before a place is named.
    pub labelled: u64,
    /// Clients before a provider gets a report of its own; 0 for no minimum.
    pub clients: u64,
    /// Years over which those clients are counted.
    pub client_years: u32,
    /// Providers in a comparable group.
    pub group_providers: usize,
    /// Largest share of one provider in a comparable group.
    pub group_largest_share: f64,
    /// Years that are pooled for a provider with too few units in a year; 1 for none.
    #[serde(default = "one")]
    pub pooled_years: u32,
}

fn one() -> u32 {
    1
}

/// A comparable group: providers in the same strata.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSpec {
    /// Id.
    pub id: String,
    /// In words, after "een vergelijkbare": `omvang`.
    pub title: String,
    /// Strata, the most important first: the last is widened first, and left out when that is not enough.
    #[serde(rename = "stratum")]
    pub strata: Vec<StratumSpec>,
}

/// One stratum of a comparable group: classes of a number, or categories.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StratumSpec {
    /// Column of `providers.sql`: a number with `bounds`, else text.
    pub column: String,
    /// Lower bounds of the classes after the first, ascending. Empty: the column is text, and equal text is one class.
    #[serde(default)]
    pub bounds: Vec<f64>,
    /// What the number counts, in plural: `afgesloten trajecten`.
    #[serde(default)]
    pub units: String,
    /// The number is a share: bounds are printed as percentages.
    #[serde(default)]
    pub share: bool,
    /// For text: how each value is printed, in plural: `vrijgevestigden`.
    #[serde(default)]
    pub words: BTreeMap<String, String>,
}
