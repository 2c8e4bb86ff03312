//! From a printed value back to where it comes from: what `spiegel trace` tells, as JSON. For the analyst only: it names units and
//! pseudonyms of clients.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Range, ReportProvider, Verdict};

/// Where the value of one provider on one indicator comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trace {
    /// Version of this format.
    pub format: u32,
    /// Pipeline id.
    pub pipeline: String,
    /// Report year.
    pub year: i32,
    /// Report year as printed.
    pub year_label: String,
    /// Whose value it is.
    pub provider: ReportProvider,
    /// True when the value that was computed again is the printed one, and everything else that must agree does.
    pub agrees: bool,
    /// What does not agree, a sentence each; empty when `agrees`.
    pub disagreements: Vec<String>,
    /// What the report says. None without a report that shows the indicator.
    pub printed: Option<PrintedValue>,
    /// The submissions of the year, in order.
    pub deliveries: Vec<TracedDelivery>,
    /// What was asked.
    pub definition: TracedDefinition,
    /// The value computed again from the lake. None when no unit counts.
    pub again: Option<TracedValue>,
    /// The units that count, or the rows of totals, by file and row.
    pub units: Vec<TracedUnit>,
    /// The units that were used and do not count, by reason; the most frequent first.
    pub not_counted: Vec<NotCounted>,
    /// Rows of the delivery that were not used at all, by table and code.
    pub set_apart: Vec<SetApart>,
    /// Codes of findings that hold the indicator until an analyst has looked.
    pub held_by: Vec<String>,
    /// What was computed from the units.
    pub statistics: Option<TracedStatistics>,
    /// What it was measured against.
    pub reference: TracedReference,
}

/// A value as the report prints it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PrintedValue {
    /// The report, relative to the batch.
    pub file: String,
    /// Own value as text, or the text of a missing code.
    pub own: String,
    /// Interval as text; may be empty.
    pub interval: String,
    /// Place in words; may be empty.
    pub place: String,
    /// The numbers behind the text. None where the indicator has no page of its own.
    pub numbers: Option<TracedValue>,
    /// True when the report prints the hash of the reference that lies in the batch now.
    pub names_reference: bool,
}

/// One submission.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TracedDelivery {
    /// Its name.
    pub submission: String,
    /// Sequence number.
    pub sequence: u32,
    /// SHA-256 of it.
    pub sha256: String,
    /// What became of it.
    pub verdict: Verdict,
    /// True when it is the one in the lake.
    pub counts: bool,
}

/// SQL with the file it stands in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TracedSql {
    /// Relative to the pipeline.
    pub file: String,
    /// Its text.
    pub sql: String,
}

/// What an indicator asks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TracedDefinition {
    /// Indicator id.
    pub indicator: String,
    /// Version of the definition.
    pub version: String,
    /// Title of its page.
    pub title: String,
    /// What is measured, as the report says it.
    pub what: Vec<String>,
    /// What is counted, in plural.
    pub units: String,
    /// SHA-256 over all definitions of the pipeline.
    pub fingerprint: String,
    /// The SQL of the indicator.
    pub sql: TracedSql,
    /// Why units do not count. None when the indicator does not say.
    pub who_counts: Option<TracedSql>,
    /// The views that the SQL is made from, in alphabetical order.
    pub views: Vec<TracedSql>,
    /// What stands in the place of `$…`.
    pub parameters: BTreeMap<String, String>,
}

/// A value with its denominator.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TracedValue {
    /// Units.
    pub n: u64,
    /// Units that meet the criterion, for a share.
    pub events: Option<u64>,
    /// Raw value. None below the minimum, or when nothing was delivered.
    pub value: Option<f64>,
}

/// Where a row stands in the delivery.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TracedSource {
    /// File, with the sheet of a workbook.
    pub file: String,
    /// Row in it, counted from 1 with the header.
    pub row: i64,
}

/// One unit, or one row of totals.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TracedUnit {
    /// Its key in the lake.
    pub unit_id: String,
    /// Pseudonym of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_key: Option<String>,
    /// Its value, for a mean.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Whether it meets the criterion, for a share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
    /// The numbers of a row of totals.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub totals: BTreeMap<String, Option<f64>>,
    /// Where it stands. None when the indicator does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<TracedSource>,
    /// Codes of the findings on that row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
}

/// Units that do not count for one reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NotCounted {
    /// As the pipeline says it.
    pub reason: String,
    /// How many.
    pub count: usize,
    /// Which.
    pub units: Vec<TracedUnit>,
}

/// Rows that were not used, in one table for one code.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SetApart {
    /// Canonical table.
    pub table: String,
    /// Code of the finding.
    pub code: String,
    /// Its title.
    pub title: String,
    /// Where they stand.
    pub rows: Vec<TracedSource>,
}

/// What was computed from the units, as it was stored with the results.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TracedStatistics {
    /// Units and value.
    pub own: TracedValue,
    /// 95 % interval of the own value.
    pub interval: Option<Range>,
    /// How that is computed.
    pub interval_method: String,
    /// What the nation would have with these clients; the national mean without adjustment.
    pub expected: Option<f64>,
    /// 95 % limits around what is expected; a side that no value can cross is None.
    pub limits_95: [Option<f64>; 2],
    /// 99.8 % limits.
    pub limits_998: [Option<f64>; 2],
    /// Standard deviations from what is expected, corrected for the variation between providers.
    pub z: Option<f64>,
    /// Value after adjustment for the clients.
    pub adjusted: Option<f64>,
    /// Its interval.
    pub adjusted_interval: Option<Range>,
    /// What is adjusted for, as printed; empty without adjustment.
    pub adjusted_for: Vec<String>,
    /// Difference that so many units can show.
    pub detectable_difference: Option<f64>,
    /// The label, as in `positions.parquet`.
    pub label: String,
    /// The rule that gives it.
    pub rule: String,
}

/// The national reference of the year.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TracedReference {
    /// Relative to the batch.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Fingerprint of the definitions that it was made with.
    pub definitions: String,
    /// National mean.
    pub mean: Option<f64>,
    /// Providers behind it.
    pub providers: Option<u64>,
    /// Their units.
    pub units: Option<u64>,
    /// Variation between providers: ρ for a share, τ² for a mean.
    pub between: Option<f64>,
    /// φ.
    pub overdispersion: Option<f64>,
    /// How much of the differences is no sampling.
    pub rankability: Option<f64>,
    /// Norms of questionnaires that the value rests on.
    pub norms: usize,
    /// Quantiles as published: middle, inner and outer range; each a mean of three neighbouring providers.
    pub quantiles: BTreeMap<String, f64>,
}
