//! What a mirror report tells of the provider's own deliveries: rows by what became of them, values that were emptied, findings that cost most.

use std::collections::BTreeMap;

use spiegel_model::{Consequence, Receipt, RuleSet, SubmissionSchema, TableCount, Verdict};

use super::{Losses, cost, shortened, title_of};
use crate::Pipeline;

/// Rows of the table that the pipeline follows, by what became of them: `rows == skipped + outside + quarantined + used`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowFlow {
    /// Delivered.
    pub rows: u64,
    /// Blank rows, repeated headers and exact duplicates.
    pub skipped: u64,
    /// Rows of another year.
    pub outside: u64,
    /// Other rows that were not used.
    pub quarantined: u64,
    /// Used.
    pub used: u64,
}

/// What one rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingCount {
    /// Code.
    pub code: String,
    /// What it is about.
    pub title: String,
    /// What to do; without the provider's own values.
    pub remedy: String,
    /// How often.
    pub count: u64,
    /// Units that one indicator loses to it at most.
    pub lost: u64,
    /// Those units in words.
    pub units: String,
}

/// One submission of the year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmissionOutcome {
    /// Sequence number.
    pub sequence: u32,
    /// Name.
    pub name: String,
    /// Outcome.
    pub verdict: Verdict,
    /// Code and title of what refused it, and what to do.
    pub refusal: Option<(String, String, String)>,
}

/// What is known of a provider's own deliveries of the report year.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnDelivery {
    /// Rows of the delivery that counts. None when the pipeline follows no table.
    pub flow: Option<RowFlow>,
    /// Values that were emptied in rows that are used, by `table.column`.
    pub emptied: BTreeMap<String, u64>,
    /// Findings that took rows or values, those that cost most first.
    pub findings: Vec<FindingCount>,
    /// Every submission of the year, by sequence number.
    pub submissions: Vec<SubmissionOutcome>,
}

impl OwnDelivery {
    /// From the receipt and the findings of the delivery that counts, and the receipts of all deliveries of the year.
    #[must_use]
    pub fn new(pipeline: &Pipeline, schema: &SubmissionSchema, rules: &RuleSet, receipt: &Receipt, losses: &Losses<'_>, all: &[Receipt]) -> Self {
        let quality = pipeline.spec.quality.as_ref();
        let outside = |code: &str| quality.is_some_and(|quality| quality.outside.iter().any(|one| one == code));
        let flow = quality.map(|quality| {
            let mut flow = RowFlow::default();
            for table in receipt.tables.iter().filter(|table| table.table == quality.table) {
                flow.add(table);
            }
            // A row can have other faults as well: it is told once.
            let of_another_year = losses.quarantined_rows(&quality.table, outside);
            flow.outside = of_another_year.min(flow.quarantined);
            flow.quarantined -= flow.outside;
            flow
        });
        let costs = cost(pipeline, schema, losses);
        let mut findings: Vec<FindingCount> = losses
            .groups()
            .iter()
            .zip(costs)
            .filter(|(group, _)| matches!(group.consequence, Consequence::Quarantine | Consequence::Empty) && !outside(&group.code))
            .map(|(group, (lost, units))| FindingCount {
                code: group.code.clone(),
                title: title_of(rules, &group.code).to_owned(),
                remedy: remedy_of(rules, &group.code),
                count: group.count,
                lost,
                units,
            })
            .collect();
        findings.sort_by(|left, right| right.lost.cmp(&left.lost).then(right.count.cmp(&left.count)).then(left.code.cmp(&right.code)));
        let mut submissions: Vec<SubmissionOutcome> = all
            .iter()
            .map(|receipt| SubmissionOutcome {
                sequence: receipt.sequence,
                name: shortened(&receipt.submission),
                verdict: receipt.verdict,
                refusal: receipt.refusal.as_ref().map(|refusal| {
                    (refusal.code.clone(), title_of(rules, &refusal.code).to_owned(), remedy_of(rules, &refusal.code))
                }),
            })
            .collect();
        submissions.sort_by(|left, right| left.sequence.cmp(&right.sequence).then(left.name.cmp(&right.name)));
        Self { flow, emptied: losses.emptied_values(), findings, submissions }
    }
}

impl RowFlow {
    fn add(&mut self, table: &TableCount) {
        self.rows += table.rows;
        self.skipped += table.blank + table.repeated_header + table.duplicate;
        self.quarantined += table.quarantined + table.refused;
        self.used += table.used;
    }
}

/// What a rule asks to do. A remedy with slots speaks of one value, and is left to the feedback.
fn remedy_of(rules: &RuleSet, code: &str) -> String {
    rules.rule(code).map(|rule| rule.remedy.clone()).filter(|remedy| !remedy.contains('{')).unwrap_or_else(|| "Zie uw terugkoppeling.".to_owned())
}
