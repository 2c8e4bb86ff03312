//! What a check finds in a submission, and the receipt that proves that no row was lost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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

/// How serious, for sorting and for words.
pub type Severity = Consequence;

/// All rules of a pipeline: `checks/rules.toml`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// Rules in the order of their codes.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
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
    /// Comparison of two columns, for rules that are not the reader's own.
    #[serde(default)]
    pub check: Option<RowCheck>,
    /// Dutch message with slots in braces (`{value}`, `{other}`, `{expected}`), one sentence.
    pub message: String,
    /// What to do, in one Dutch sentence.
    pub remedy: String,
    /// Why it matters, for `explain`.
    #[serde(default)]
    pub why: String,
    /// Indicators that lose the row or the value.
    #[serde(default)]
    pub affects: Vec<String>,
    /// Examples; each is a test.
    #[serde(default, rename = "example")]
    pub examples: Vec<RuleExample>,
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
    /// Row in the file, the header being row 1 (the row number a spreadsheet shows). None for the file as a whole.
    pub row: Option<u64>,
    /// Column letter as in a spreadsheet, with `header`; empty for the row as a whole.
    pub column: String,
    /// Header of the column.
    pub header: String,
    /// Message in Dutch, filled in.
    pub message: String,
    /// Remedy in Dutch.
    pub remedy: String,
}

impl Finding {
    /// The whole finding on one line: code, place, message, remedy.
    #[must_use]
    pub fn line(&self) -> String {
        let mut place = self.file.clone();
        if let Some(row) = self.row {
            place.push_str(&format!(" rij {}", crate::count(row)));
        }
        if !self.header.is_empty() {
            place.push_str(&format!(", kolom {} \"{}\"", self.column, self.header));
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
    /// Years to which accepted rows belong.
    pub years: Vec<i32>,
}
