//! What a check finds in a submission, and the receipt that proves that no row was lost.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::InstrumentSet;

/// What a finding does to the data (decision 12: this decides, not the letter of the code).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consequence {
    /// The submission is refused.
    Refuse,
    /// The row goes to quarantine.
    Quarantine,
    /// The value is emptied, the row is kept.
    Empty,
    /// Kept, with a warning.
    Warn,
    /// Accepted and normalised.
    Inform,
}

/// All rules of a pipeline: those of the reader, and those of its `checks/rules.toml`, which replace a reader's rule of the
/// same code.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// Rules in the order in which they are run and explained.
    #[serde(default, rename = "rule")]
    pub rules: Vec<Rule>,
    /// `instruments.toml` of the pipeline, which some checks look things up in.
    #[serde(skip)]
    pub instruments: InstrumentSet,
}

impl RuleSet {
    /// The rule with this code.
    #[must_use]
    pub fn rule(&self, code: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.code == code)
    }
}

/// One rule. A code is an identity: never reused, its meaning never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Code: `E301`.
    pub code: String,
    /// What it is about, in a few Dutch words.
    pub title: String,
    /// What happens to the data.
    pub consequence: Consequence,
    /// Canonical table it applies to; empty for rules of the reader itself.
    #[serde(default)]
    pub table: String,
    /// Canonical column that a query check blames; empty for the row or the table as a whole.
    #[serde(default)]
    pub column: String,
    /// Comparison within a row, run while reading (decision 6).
    #[serde(default)]
    pub check: Option<RowCheck>,
    /// Check over several rows or tables, run by SQL on the lake (decision 6).
    #[serde(default)]
    pub query: Option<QueryCheck>,
    /// Share of what was checked above which the rule has failed: 0 means that one is enough. None: it never fails.
    /// Applied after counting, so that it can change without reading again.
    #[serde(default)]
    pub threshold: Option<f64>,
    /// Dutch message with slots in braces (`{value}`, `{other}`, `{expected}`), one sentence.
    pub message: String,
    /// What to do, in one Dutch sentence.
    pub remedy: String,
    /// Why it matters, for `explain`.
    #[serde(default)]
    pub why: String,
    /// Indicators that lose what it finds, where that does not follow from the columns that an indicator needs.
    #[serde(default)]
    pub affects: Vec<String>,
    /// Indicators that are not computed for a provider with this finding, until an analyst has looked.
    #[serde(default)]
    pub holds: Vec<String>,
    /// Where it replaces a rule of the reader: why this pipeline differs, in Dutch …
    #[serde(default)]
    pub note: String,
    /// … and since when.
    #[serde(default)]
    pub since: Option<NaiveDate>,
    /// Examples; each is a test.
    #[serde(default, rename = "example")]
    pub examples: Vec<RuleExample>,
}

/// A check by SQL on the tables and views of the lake, for all providers at once. The SQL stands in the rule itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryCheck {
    /// One SELECT with a row for everything that is wrong: `provider_id`, `source_row` (NULL for the table as a whole), and
    /// where they are needed `value`, `other` and `count` for the slots of the message, `key` for the provider's own key of
    /// the row, and `table_name` and `column_name` where the rule blames another table or column than its own. `$year` is
    /// the year of the submission.
    pub wrong: String,
    /// One SELECT with how much was checked: `provider_id`, `checked`. A provider without a row was not checked.
    pub checked: String,
}

/// What became of a rule in one submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleStatus {
    /// Checked, nothing found.
    Passed,
    /// Checked, and found no more than the threshold allows.
    PassedWithFindings,
    /// There was nothing to check.
    NotApplicable,
    /// Found more than the threshold allows.
    Failed,
    /// The rule itself could not run: a mistake in its definition.
    Broken,
}

/// A rule with how often it was checked and how often it was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleOutcome {
    /// Code.
    pub code: String,
    /// What became of it.
    pub status: RuleStatus,
    /// Rows, cells or files that were checked.
    pub checked: u64,
    /// How many were wrong.
    pub found: u64,
}

impl RuleOutcome {
    /// Judges counts with the threshold of a rule.
    #[must_use]
    pub fn judge(code: &str, checked: u64, found: u64, threshold: Option<f64>) -> Self {
        let share = if checked == 0 { 0.0 } else { found as f64 / checked as f64 };
        let status = match (checked, found) {
            (0, 0) => RuleStatus::NotApplicable,
            (_, 0) => RuleStatus::Passed,
            _ if threshold.is_some_and(|threshold| share > threshold) => RuleStatus::Failed,
            _ => RuleStatus::PassedWithFindings,
        };
        Self { code: code.to_owned(), status, checked, found }
    }
}

/// The closed set of row checks (decision 6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "operator", deny_unknown_fields)]
pub enum RowCheck {
    /// `column` may not be smaller (earlier) than `other`, when both are there.
    NotBefore {
        /// Column that is blamed.
        column: String,
        /// Column it is compared with.
        other: String,
    },
    /// Both are filled or both are empty.
    Together {
        /// Column that is blamed.
        column: String,
        /// Its companion.
        other: String,
    },
    /// At least one of the two is filled.
    EitherOf {
        /// Column that is blamed.
        column: String,
        /// Its alternative.
        other: String,
    },
    /// The year of a date lies within the reporting year of the submission, when there is one.
    InReportingYear {
        /// Date column.
        column: String,
    },
    /// A number or date year lies at most so far above another column's number (age at start).
    YearsSince {
        /// Date column.
        column: String,
        /// Integer column with a year.
        other: String,
        /// Fewest years between.
        minimum: i32,
        /// Most years between.
        maximum: i32,
    },
    /// A date lies at most so many days after another.
    DaysSince {
        /// Date column.
        column: String,
        /// Date column it is counted from.
        other: String,
        /// Most days between.
        maximum: i32,
    },
    /// The instrument has this scale and, where its versions are known, this version (`instruments.toml`).
    KnownScale {
        /// Column with the scale.
        column: String,
        /// Column with the instrument.
        other: String,
        /// Column with the version.
        version: String,
    },
    /// A score lies in the range of its scale (`instruments.toml`).
    InScaleRange {
        /// Column with the score.
        column: String,
        /// Column with the instrument.
        other: String,
        /// Column with the scale.
        scale: String,
    },
    /// The scores of one scale are all means or all sums of items (`instruments.toml`). Else none of them can be used.
    OneScoring {
        /// Column with the score.
        column: String,
        /// Column with the instrument.
        other: String,
        /// Column with the scale.
        scale: String,
    },
    /// A column that recognises something over rows: it is not the same as another column in every row, and from so many
    /// rows on some value occurs twice.
    Recurs {
        /// Column that is blamed.
        column: String,
        /// Column that it may not repeat.
        other: String,
        /// Rows from which a value must occur twice.
        rows: usize,
    },
}

impl RowCheck {
    /// True when it judges a column as a whole: no example row can break it, a fixture shows it.
    #[must_use]
    pub fn is_of_column(&self) -> bool {
        matches!(self, Self::OneScoring { .. } | Self::Recurs { .. })
    }

    /// The columns it looks at: the one that is blamed, the one it is compared with, and a third.
    #[must_use]
    pub fn columns(&self) -> (&str, &str, Option<&str>) {
        match self {
            Self::NotBefore { column, other }
            | Self::Together { column, other }
            | Self::EitherOf { column, other }
            | Self::YearsSince { column, other, .. }
            | Self::DaysSince { column, other, .. }
            | Self::Recurs { column, other, .. } => (column, other, None),
            Self::InReportingYear { column } => (column, column, None),
            Self::KnownScale { column, other, version: third }
            | Self::InScaleRange { column, other, scale: third }
            | Self::OneScoring { column, other, scale: third } => (column, other, Some(third)),
        }
    }
}

/// What a query check found in one submission, without its words.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueryFinding {
    /// Code of the rule.
    pub code: String,
    /// Canonical table.
    pub table: String,
    /// Canonical column; empty for the row or the table as a whole.
    pub column: String,
    /// Row of the file; None for the table as a whole.
    pub row: Option<u64>,
    /// The provider's own key of the row.
    pub key: String,
    /// Slots of the message; empty where it has none.
    pub value: String,
    /// What it is compared with.
    pub other: String,
    /// How many.
    pub count: String,
}

/// An example of a rule: a row that breaks it and one that does not. Invented values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleExample {
    /// Breaks the rule: header to value.
    pub bad: BTreeMap<String, String>,
    /// Obeys it.
    pub good: BTreeMap<String, String>,
}

/// One finding. Stands in the provider's own feedback only: it may quote the provider's own value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Code of the rule.
    pub code: String,
    /// What happened to the data.
    pub consequence: Consequence,
    /// File within the submission; empty for the submission as a whole.
    pub file: String,
    /// Sheet of a workbook; empty for other files.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sheet: String,
    /// Row in the file, its first line being row 1 (the row number a spreadsheet shows). None for the file as a whole.
    pub row: Option<u64>,
    /// Column letter as in a spreadsheet, with `header`; empty for the row as a whole.
    pub column: String,
    /// Header of the column; without a letter in `column` when the column is not there.
    pub header: String,
    /// The provider's own key of the row (its trajectory), so that it can be looked up; empty when there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// The provider's own value, cut off after 60 characters; empty when there is none and in privacy findings.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// Message in Dutch, filled in.
    pub message: String,
    /// Remedy in Dutch.
    pub remedy: String,
    /// Found by a query on the lake, after reading: the next run of the queries finds it again, or not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub queried: bool,
}

impl Finding {
    /// The file, with the sheet of a workbook: what [`TableCount::file`] says of the same table.
    #[must_use]
    pub fn source(&self) -> Cow<'_, str> {
        if self.sheet.is_empty() { Cow::Borrowed(&self.file) } else { Cow::Owned(format!("{} blad \"{}\"", self.file, self.sheet)) }
    }

    /// The whole finding on one line: code, place, message, remedy.
    #[must_use]
    pub fn line(&self) -> String {
        let mut place = self.source().into_owned();
        if let Some(row) = self.row {
            place.push_str(&format!(" rij {}", crate::count(row)));
        }
        match (self.header.is_empty(), self.column.is_empty()) {
            (true, _) => {}
            (false, true) => place.push_str(&format!(", kolom \"{}\"", self.header)),
            (false, false) => place.push_str(&format!(", kolom {} \"{}\"", self.column, self.header)),
        }
        let place = if place.is_empty() { String::new() } else { format!("{place}: ") };
        format!("{} · {place}{} Herstel: {}", self.code, self.message, self.remedy)
    }
}

/// The outcome of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything is used.
    Accepted,
    /// Used, with findings.
    AcceptedWithRemarks,
    /// Not used until an analyst has looked.
    Held,
    /// Not used at all.
    Refused,
}

impl Verdict {
    /// As printed.
    #[must_use]
    pub fn dutch(self) -> &'static str {
        match self {
            Self::Accepted => "aangenomen",
            Self::AcceptedWithRemarks => "aangenomen met opmerkingen",
            Self::Held => "aangehouden",
            Self::Refused => "niet aangenomen",
        }
    }
}

/// Why a submission was refused: its first refusing finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalReason {
    /// Code.
    pub code: String,
    /// Message without any value of a row.
    pub title: String,
}

/// Rows of one table: `rows == used + quarantined + refused + blank + repeated_header + duplicate`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableCount {
    /// Canonical table.
    pub table: String,
    /// File within the submission.
    pub file: String,
    /// Rows below the header, blank ones included.
    pub rows: u64,
    /// In the lake.
    pub used: u64,
    /// In quarantine.
    pub quarantined: u64,
    /// Not used because the submission was refused.
    pub refused: u64,
    /// Blank rows, ignored.
    pub blank: u64,
    /// Headers that are repeated between the rows, ignored.
    pub repeated_header: u64,
    /// Exact duplicates of an earlier row, ignored.
    pub duplicate: u64,
    /// Values emptied in rows that are used.
    pub emptied: u64,
    /// Sheet of a workbook; empty for other files.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sheet: String,
    /// Which column of the file is which, so that what is found later can be placed; empty when the submission was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<DeliveredColumn>,
}

/// A column of a delivered file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveredColumn {
    /// Canonical column.
    pub name: String,
    /// Column letter as in a spreadsheet.
    pub letter: String,
    /// Header in the file.
    pub header: String,
}

impl TableCount {
    /// True when no row was lost.
    #[must_use]
    pub fn is_conserved(&self) -> bool {
        self.rows == self.used + self.quarantined + self.refused + self.blank + self.repeated_header + self.duplicate
    }
}

/// `ontvangst.json`: what was received and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Version of this file format.
    pub format: u32,
    /// Provider id; the delivery's name for a collective delivery.
    pub provider_id: String,
    /// Reporting year; None for a collective delivery of several years.
    pub year: Option<i32>,
    /// Sequence number of the delivery.
    pub sequence: u32,
    /// Name of the delivered folder or zip.
    pub submission: String,
    /// SHA-256 over names and contents of what was delivered.
    pub sha256: String,
    /// SHA-256 over the definitions that it was checked with.
    pub definitions: String,
    /// Name of the mapping that it was read with. None when it has the pipeline's own layout.
    #[serde(default)]
    pub mapping: Option<String>,
    /// Outcome.
    pub verdict: Verdict,
    /// Why it was refused.
    pub refusal: Option<RefusalReason>,
    /// Rows per table.
    pub tables: Vec<TableCount>,
    /// What was normalised, in Dutch: encoding, delimiter, header mapping, date format with evidence.
    pub normalised: Vec<String>,
    /// Number of findings per code.
    pub findings: BTreeMap<String, u64>,
    /// What became of every rule.
    #[serde(default)]
    pub rules: Vec<RuleOutcome>,
    /// Keyed hash over the values of all rows, whatever their order, spelling and file: two providers with the same one
    /// delivered the same (E509). Empty when the submission was refused.
    #[serde(default)]
    pub content: String,
    /// What changed since the delivery that this one replaces.
    #[serde(default)]
    pub change: Option<Change>,
    /// Years to which accepted rows belong.
    pub years: Vec<i32>,
}

/// A delivery beside the accepted delivery that it replaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Sequence number of the delivery that is replaced.
    pub replaces: u32,
    /// Rows per table.
    pub tables: Vec<TableChange>,
    /// Findings of the earlier delivery that are gone, by code.
    pub solved: BTreeMap<String, u64>,
    /// Findings that are new, by code.
    pub new: BTreeMap<String, u64>,
    /// Findings that are in both, by code.
    pub open: BTreeMap<String, u64>,
}

/// Rows of one table beside those of the delivery before; rows are recognised by their key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableChange {
    /// Canonical table.
    pub table: String,
    /// Rows that were not there.
    pub added: u64,
    /// Rows that are not there any more.
    pub removed: u64,
    /// Rows with another value.
    pub changed: u64,
}
