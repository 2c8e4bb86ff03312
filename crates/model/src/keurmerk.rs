//! The Keurmerk year: what is declared of it (`keurmerk/keurmerk.toml`, `[keurmerk]` of a year file), what is known of a provider
//! (answers, states with dates, decisions), and the contract of the Keurmerkrapportage.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{Delivery, MethodSection, ReportProvider, Table, TitledTable};

/// `[keurmerk]` of a year file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeurmerkYearSpec {
    /// File in `norms/` with the criteria of the year, without `.toml`.
    pub edition: String,
    /// As printed: `Keurmerk 2025`.
    pub title: String,
    /// Year of the data that the website figure is about (decision 34).
    pub data_year: i32,
    /// Year in which an activity counts.
    pub activity_year: i32,
    /// Day on which who has not shown every criterion before it is withdrawn.
    pub deadline: NaiveDate,
    /// Printed when the edition is that of another year; empty otherwise.
    #[serde(default)]
    pub note: String,
    /// Reports of the year, in the order of their dates.
    #[serde(rename = "issue")]
    pub issues: Vec<IssueSpec>,
}

/// A moment at which Keurmerkrapportages are made, from the states up to and including that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssueSpec {
    /// Whether something can still change.
    pub kind: IssueKind,
    /// Its day.
    pub date: NaiveDate,
}

/// Kind of a Keurmerkrapportage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueKind {
    /// Within the qualification period.
    Provisional,
    /// After it.
    Final,
}

/// `keurmerk/keurmerk.toml`: deliveries, lists, minimum numbers and words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeurmerkSpec {
    /// How providers deliver their self-evaluation.
    pub self_evaluation: Delivery,
    /// How the publisher delivers assessments and decisions.
    pub assessment: Delivery,
    /// Themes that can be learnt about and shared.
    #[serde(rename = "theme")]
    pub themes: Vec<Listed>,
    /// Activities of the publisher.
    #[serde(rename = "activity")]
    pub activities: Vec<Listed>,
    /// Reasons of decisions.
    #[serde(rename = "reason")]
    pub reasons: Vec<ReasonSpec>,
    /// How themes are counted and told.
    pub themes_told: ThemeRules,
    /// The figure for the provider's own website.
    pub website: WebsiteSpec,
    /// Sentences and heads.
    pub words: KeurmerkWords,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Code in deliveries.
    pub id: String,
    /// As printed.
    pub title: String,
}

/// A reason of a decision, or of what follows by rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReasonSpec {
    /// Code in deliveries and in the register.
    pub id: String,
    /// As printed in the register.
    pub title: String,
    /// Who is withdrawn for it has to qualify before being taken into the register again.
    #[serde(default)]
    pub requalify: bool,
}

/// Small-number rules for themes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThemeRules {
    /// Providers from which on a number is told; below it only that there are fewer.
    pub minimum: u64,
    /// Themes on the agenda.
    pub agenda: usize,
    /// Questions of each that the agenda begins with.
    pub questions: usize,
}

/// The figure that a provider may put on its website.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebsiteSpec {
    /// Indicator of the mark.
    pub indicator: String,
    /// Lowest mark of the scale.
    pub lowest: u8,
    /// Highest mark of the scale.
    pub highest: u8,
    /// The sentence, with `{year}`, `{value}`, `{lower}`, `{upper}`, `{n}`.
    pub sentence: String,
    /// Title of the figure, with the same slots.
    pub title: String,
    /// Description of the figure, with the same slots.
    pub description: String,
    /// Line under the figure, with the same slots.
    pub caption: String,
    /// Head of the section in the report.
    pub head: String,
    /// What stands above it there.
    pub intro: String,
    /// Said instead when there are fewer answers than `{needed}`, or none, over `{year}`.
    pub too_few: String,
}

/// Sentences and heads of report, block and register. Slots stand in braces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeurmerkWords {
    /// `Keurmerkrapportage {year}`.
    pub title: String,
    /// Line above the title.
    pub kicker: String,
    /// Words for the two kinds of issue: provisional, final.
    pub kinds: [String; 2],
    /// Lead when every norm is met.
    pub lead_meets: String,
    /// Lead when every norm is met, some with leniency.
    pub lead_lenient: String,
    /// Lead when something is missing: provisional, final; `{norms}`.
    pub lead_missing: [String; 2],
    /// Lead before any assessment.
    pub lead_pending: String,
    /// What stands under the lead, in every report: `{date}` of the issue.
    pub as_of: String,
    /// Heads of the summary table: norm, verdict, shown.
    pub summary_heads: [String; 3],
    /// Title of the summary table.
    pub summary_title: String,
    /// Verdicts on a norm: meets, meets with leniency, does not meet, not yet assessed.
    pub verdicts: [String; 4],
    /// As [`Self::verdicts`], as a sentence about the provider.
    pub verdict_sentences: [String; 4],
    /// As [`Self::verdict_sentences`] for a norm that is not met in a provisional report.
    pub not_yet: String,
    /// As [`Self::verdicts`] for a norm that is not met in a provisional report.
    pub verdict_not_yet: String,
    /// Outcomes of a criterion: met, lenient, not met, not applicable, not assessed.
    pub outcomes: [String; 5],
    /// `{shown} van {of}`.
    pub shown_of: String,
    /// What stands before the lead of a norm.
    pub shown_lead: String,
    /// Before the client promise.
    pub promise: String,
    /// Before a remark: `{criterion}`.
    pub remark: String,
    /// Heads of the criteria: criterion, outcome.
    pub criterion_heads: [String; 2],
    /// Where the mirror report has a figure on a criterion: `{indicators}`.
    pub figure: String,
    /// The population page as a figure.
    pub population: String,
    /// Where a norm was read: `{document}`, `{section}`.
    pub source: String,
    /// As [`Self::source`] with `{page}`.
    pub source_page: String,
    /// Head of the next steps.
    pub next_title: String,
    /// Next step for missing criteria in a provisional report: `{criteria}`, `{deadline}`.
    pub next_missing: String,
    /// Next step after a lenient criterion: `{criteria}`, `{next}`.
    pub next_lenient: String,
    /// Next step when nothing is missing.
    pub next_nothing: String,
    /// Next step after a final report with something missing: `{deadline}`, `{next}`.
    pub next_withdrawn: String,
    /// Next step about the mirror report, in every report.
    pub next_mirror: String,
    /// Title of the table of dates.
    pub history_title: String,
    /// Heads of that table: date, round, what.
    pub history_heads: [String; 3],
    /// What was delivered: `{answers}`.
    pub history_delivered: String,
    /// What was assessed: `{met}`, `{lenient}`, `{not_met}`.
    pub history_assessed: String,
    /// Head of what holds for the report: how it came about, confidentiality, questions.
    pub about_title: String,
    /// Its paragraphs.
    pub about: Vec<String>,
    /// Heading of the status: `{status}`, `{since}`.
    pub status: String,
    /// Statuses of the register: aspirant, qualified, withdrawn, requalified.
    pub statuses: [String; 4],
    /// Title of the block in the mirror report: `{keurmerk}`.
    pub block_title: String,
    /// Its sentence: `{date}`.
    pub block_sentence: String,
    /// Its heads: norm, verdict, shown.
    pub block_heads: [String; 3],
    /// Before what colleagues want to learn and share: `{themes}` in number.
    pub colleagues_title: String,
    /// Heads of that table: theme, also want to learn, can share.
    pub colleagues_heads: [String; 3],
    /// What stands under it: `{minimum}`.
    pub colleagues_note: String,
    /// A number below the minimum: `{minimum}`.
    pub fewer: String,
}

/// How a criterion was answered in a self-evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The provider says that it meets the criterion.
    Meets,
    /// The provider explains how it does otherwise.
    Explains,
    /// The norm does not hold for the provider.
    NotApplicable,
}

/// What the publisher said of a criterion on a day. States are never changed: a later one counts from its day on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct State {
    /// Criterion.
    pub criterion: String,
    /// Day of the assessment.
    pub date: NaiveDate,
    /// Round of the assessment, from 1.
    pub round: u8,
    /// What was said.
    pub outcome: Outcome,
    /// The publisher's remark; empty for none. It is private: for the provider and the publisher.
    pub remark: String,
}

/// What became of a criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Shown.
    Met,
    /// Not shown, and that is no obstacle this year.
    Lenient,
    /// Not shown.
    NotMet,
    /// Does not hold for the provider.
    NotApplicable,
    /// Nothing was said of it.
    NotAssessed,
}

impl Outcome {
    /// True when it is no obstacle.
    #[must_use]
    pub fn suffices(self) -> bool {
        matches!(self, Self::Met | Self::Lenient | Self::NotApplicable)
    }
}

/// A decision of the publisher on a provider.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Decision {
    /// Its day.
    pub date: NaiveDate,
    /// What was decided.
    pub kind: DecisionKind,
    /// Code of the reason; empty for an application.
    pub reason: String,
}

/// Kind of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// The agreement for the year was signed.
    Applied,
    /// The Keurmerk was withdrawn.
    Withdrawn,
}

/// A criterion as it stands on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CriterionStanding {
    /// Id within the edition.
    pub id: String,
    /// 0 for a criterion of a norm, 1 for a part of one, and so on.
    pub depth: u8,
    /// What became of it; of a criterion with parts, what became of those.
    pub outcome: Outcome,
    /// It has no parts.
    pub is_question: bool,
    /// What was answered. None for a criterion with parts, or without an answer.
    pub answer: Option<Answer>,
    /// Day of the state that counts. None when there is none.
    pub since: Option<NaiveDate>,
    /// The publisher's remark; empty for none.
    pub remark: String,
}

/// A norm as it stands on a day. The norms page and the Keurmerkrapportage are both made from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NormStanding {
    /// Code of the norm.
    pub code: String,
    /// The verdict.
    pub verdict: NormVerdict,
    /// Its criteria, parts behind what they belong to.
    pub criteria: Vec<CriterionStanding>,
}

impl NormStanding {
    /// Questions that were shown, and how many had to be.
    #[must_use]
    pub fn shown(&self) -> (usize, usize) {
        let asked = self.criteria.iter().filter(|one| one.is_question && one.outcome != Outcome::NotApplicable);
        asked.fold((0, 0), |(shown, of), one| (shown + usize::from(one.outcome == Outcome::Met), of + 1))
    }
}

/// The verdict on a norm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormVerdict {
    /// Everything was shown.
    Meets,
    /// Everything else was shown.
    MeetsWithLeniency,
    /// Something was not shown.
    DoesNotMeet,
    /// Something was not assessed, and nothing was refused.
    NotYetAssessed,
}

/// What the mirror report says of the Keurmerk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeurmerkBlock {
    /// Heading.
    pub title: String,
    /// Of when the verdicts are.
    pub sentence: String,
    /// Norm, verdict, how much was shown.
    pub table: Table,
    /// What colleagues want to learn and can share. None when the provider names no theme that it wants to learn.
    pub colleagues: Option<TitledTable>,
    /// Small print under it; empty without it.
    pub colleagues_note: String,
}

/// The Keurmerkrapportage of one provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeurmerkReport {
    /// Pipeline id.
    pub pipeline: String,
    /// Keurmerk year.
    pub year: i32,
    /// As printed.
    pub year_label: String,
    /// Date of issue, `yyyy-mm-dd`.
    pub issued: String,
    /// Provisional or final.
    pub kind: IssueKind,
    /// The kind as printed.
    pub kind_words: String,
    /// Title.
    pub title: String,
    /// Line above the title.
    pub kicker: String,
    /// The author in the PDF metadata.
    pub publisher: String,
    /// Subject line of the PDF metadata.
    pub description: String,
    /// Footer of each page, left.
    pub footer: String,
    /// Whose it is.
    pub provider: ReportProvider,
    /// What it comes to.
    pub lead: String,
    /// What stands under it.
    pub sentences: Vec<String>,
    /// Title of the summary.
    pub summary_title: String,
    /// One row per norm.
    pub summary: Table,
    /// Heads of the criteria of each norm.
    pub criterion_heads: [String; 2],
    /// The norms.
    pub norms: Vec<KeurmerkNorm>,
    /// The figure for the website, or why there is none.
    pub website: MethodSection,
    /// The figure. None when its numbers do not allow one.
    pub website_figure: Option<WebsiteFigure>,
    /// What to do.
    pub next: MethodSection,
    /// What happened when.
    pub history: TitledTable,
    /// How the report came about.
    pub about: MethodSection,
}

/// A norm in the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeurmerkNorm {
    /// Heading: `Norm 2a · Reflecteren, leren en verbeteren`.
    pub title: String,
    /// Theme, document and section.
    pub source: String,
    /// What it comes to.
    pub text: String,
    /// Client promise.
    pub promise: String,
    /// Verdict, for a mark of its own.
    pub verdict: NormVerdict,
    /// Verdict as a sentence.
    pub sentence: String,
    /// What stands before the criteria.
    pub lead: String,
    /// Criteria in order.
    pub criteria: Vec<KeurmerkCriterion>,
    /// The publisher's remarks.
    pub remarks: Vec<String>,
}

/// A criterion in the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeurmerkCriterion {
    /// Nesting, from 0.
    pub depth: u8,
    /// What it comes to.
    pub text: String,
    /// What became of it, for a mark of its own.
    pub outcome: Outcome,
    /// The same as printed; empty for a criterion with parts.
    pub outcome_words: String,
    /// Which figures the mirror report has on it; empty for none.
    pub figure: String,
}

/// The figure for the provider's website: what it shows, in numbers and in words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WebsiteFigure {
    /// Lowest mark of the scale.
    pub lowest: f64,
    /// Highest mark of the scale.
    pub highest: f64,
    /// The mark.
    pub value: f64,
    /// The mark as printed.
    pub value_words: String,
    /// Lower end of the interval.
    pub lower: f64,
    /// Upper end of the interval.
    pub upper: f64,
    /// The ready sentence.
    pub sentence: String,
    /// Title of the figure.
    pub title: String,
    /// Description of the figure: says all that it shows.
    pub description: String,
    /// Line under the figure.
    pub caption: String,
}
