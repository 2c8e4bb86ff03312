//! What a release of the anonymised research lake declares, and what it tells about itself: the policy, `manifest.json`,
//! `privacy-report.json`, `index.json` and the codebook. Plain data; the crate `release` gives it its meaning.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The code of what is withheld for confidentiality, in every column of the table `trajectories`.
pub const WITHHELD: &str = "*";
/// The code of a dimension that a row of the table `measures` is not split by.
pub const TOTAL: &str = "totaal";

/// `release/policy.toml` of a pipeline: the rules of a release. It is public but for [`PrivateOverlay`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleasePolicy {
    /// Version of this file format: `kibg-lake-policy/1`.
    pub schema: String,
    /// Version of the released tables and columns: `1.0`.
    pub schema_version: String,
    /// SQL file in the folder of the policy: one row for each closed trajectory.
    pub trajectories: String,
    /// Different clients in every class, at least.
    pub k_clients: u32,
    /// Groups of owners with a client in every class, at least.
    pub min_provider_groups: u32,
    /// What is left of a class for a group of owners that knows its own: rows, and different clients, at least.
    pub insider_rest_rows: u32,
    /// Other groups of owners that are left then, at least.
    pub insider_rest_groups: u32,
    /// Different values in every class, at least, by sensitive column.
    pub l_distinct: BTreeMap<String, u32>,
    /// Largest share of a sensitive value among the known values of a class.
    pub alpha: f64,
    /// Values that may not be as good as certain, by sensitive column.
    pub sensitive_values: BTreeMap<String, Vec<String>>,
    /// Values that say nothing, by sensitive column: they are not among the known ones.
    pub unknown_values: BTreeMap<String, Vec<String>>,
    /// Largest share of rows of a year of which everything but the year is withheld.
    pub max_star_share: f64,
    /// Largest share of rows of a year of which minutes and duration are withheld, those of `max_star_share` included.
    pub max_process_star_share: f64,
    /// Different clients behind a cell of the table `measures`, at least.
    pub aggregate_min_clients: u32,
    /// Groups of owners behind a cell of the table `measures`, at least.
    pub aggregate_min_provider_groups: u32,
    /// Counts are rounded to a multiple of this.
    pub round_base: u32,
    /// Groups of owners strictly on each side of a quantile of providers, at least.
    pub quantile_tail_providers: u32,
    /// Clients in every difference between two releases of one class, at least, where they differ.
    pub differencing_min: u32,
    /// The rung of the ladder that is pinned. A year that does not pass on it is refused; another rung is another major version.
    pub rung: String,
    /// Rungs, the finest first. Only the pinned one is released; the others are computed to tell what would help.
    pub ladder: Vec<Rung>,
    /// Main groups of diagnosis that keep their name.
    pub diagnosis: DiagnosisLevels,
    /// Sets of dimensions of the table `measures`, never the full cube.
    #[serde(rename = "dimension_set")]
    pub dimension_sets: Vec<DimensionSet>,
    /// Measures of the table `measures`, in order.
    pub measures: Vec<String>,
    /// Measures of the table `provider_distribution`, in order.
    #[serde(rename = "distribution")]
    pub distributions: Vec<DistributionMeasure>,
    /// Years that are final: a release that holds another version of them is a new major version and says so.
    #[serde(default)]
    pub sealed_years: Vec<i32>,
    /// Who publishes, and how to cite.
    pub publication: Publication,
}

impl ReleasePolicy {
    /// The pinned rung; None when the ladder does not have it.
    #[must_use]
    pub fn pinned(&self) -> Option<&Rung> {
        self.ladder.iter().find(|rung| rung.id == self.rung)
    }
}

/// One rung of the ladder: how coarse each column is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// `L`, `M`, `S`, `XS`.
    pub id: String,
    /// Levels of the hierarchies.
    pub node: Node,
}

/// A node of the lattice: the level of each hierarchy, 0 the finest (9.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// 0 years to 4 withheld.
    pub age: u8,
    /// 0 province, 1 landsdeel, 2 withheld.
    pub region: u8,
    /// 0 main group, 1 the largest and the rest, 2 fewer, 3 withheld.
    pub diagnosis: u8,
    /// 0 as delivered, 1 withheld.
    pub sex: u8,
    /// 0 six bands, 1 four, 2 two, 3 withheld.
    pub minutes: u8,
    /// 0 five bands, 1 three, 2 two, 3 withheld.
    pub duration: u8,
}

/// Main groups of diagnosis that keep their name on levels 1 and 2; the others are `overig`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiagnosisLevels {
    /// Kept on level 1.
    pub level_1: Vec<String>,
    /// Kept on level 2; all of them are kept on level 1 as well.
    pub level_2: Vec<String>,
}

/// Dimensions of the table `measures` that are crossed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DimensionSet {
    /// As in the column `dimension_set`: `region x diagnosis_group`.
    pub id: String,
    /// Columns that are crossed, of `provider_class, region, diagnosis_group, age_band, sex`; none for the total.
    pub columns: Vec<String>,
}

/// A measure of the table `provider_distribution`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DistributionMeasure {
    /// Id of the indicator that reports draw.
    pub indicator: String,
    /// As in the column `measure`.
    pub measure: String,
}

/// Who publishes a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// Name for machines: `kibg-lake`.
    pub name: String,
    /// Title in Dutch.
    pub title_nl: String,
    /// Title in English.
    pub title_en: String,
    /// One paragraph in Dutch.
    pub description_nl: String,
    /// One paragraph in English.
    pub description_en: String,
    /// Who publishes.
    pub publisher: String,
    /// Where questions go.
    pub contact: String,
    /// SPDX code of the licence.
    pub licence: String,
    /// Address of the text of the licence.
    pub licence_url: String,
    /// How to cite, with `{version}` and `{year}` for those of the release.
    pub citation: String,
}

/// What is kept beside the policy and never published: `--private-policy FILE`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivateOverlay {
    /// p of the p%-rule: what is left of a cell without its two largest groups of owners is at least this percentage of the largest.
    pub p_percent: f64,
    /// Key of the digest over the inputs: at least 64 hexadecimal digits.
    pub hmac_key: String,
}

impl fmt::Debug for PrivateOverlay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PrivateOverlay(…)")
    }
}

/// `manifest.json` of a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this file format: `kibg-lake-manifest/1`.
    pub schema: String,
    /// Version of the release: `1.2.0`.
    pub release: String,
    /// Day of issue; the only date.
    pub released_on: NaiveDate,
    /// Version of tables and columns.
    pub schema_version: String,
    /// What made it.
    pub generator: Generator,
    /// The public part of the policy.
    pub policy: PublicPolicy,
    /// Tables with their files.
    pub tables: Vec<ManifestTable>,
    /// What it was made from, in as far as that may be known.
    pub inputs: ManifestInputs,
    /// The release that it takes the place of. None for the first.
    pub supersedes: Option<String>,
    /// Years that are final.
    pub sealed_years: Vec<i32>,
    /// Checks that it passed before it was put in its place.
    pub verification: Verification,
    /// SPDX code.
    pub licence: String,
    /// How to cite this version.
    pub citation: String,
    /// Where questions go.
    pub contact: String,
}

/// What made a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generator {
    /// `spiegel`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Commit it was built from, where the build says so.
    pub git_commit: Option<String>,
}

/// The public part of the policy; that a concentration rule was applied, and nothing of its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicPolicy {
    /// SHA-256 of the policy file.
    pub sha256: String,
    /// The pinned rung.
    pub rung: String,
    /// Its levels.
    pub node: Node,
    /// See [`ReleasePolicy::k_clients`].
    pub k_clients: u32,
    /// See [`ReleasePolicy::min_provider_groups`].
    pub min_provider_groups: u32,
    /// See [`ReleasePolicy::insider_rest_rows`].
    pub insider_rest_rows: u32,
    /// See [`ReleasePolicy::insider_rest_groups`].
    pub insider_rest_groups: u32,
    /// See [`ReleasePolicy::l_distinct`].
    pub l_distinct: BTreeMap<String, u32>,
    /// See [`ReleasePolicy::alpha`].
    pub alpha: f64,
    /// See [`ReleasePolicy::sensitive_values`].
    pub sensitive_values: BTreeMap<String, Vec<String>>,
    /// See [`ReleasePolicy::unknown_values`].
    pub unknown_values: BTreeMap<String, Vec<String>>,
    /// See [`ReleasePolicy::max_star_share`].
    pub max_star_share: f64,
    /// See [`ReleasePolicy::max_process_star_share`].
    pub max_process_star_share: f64,
    /// See [`ReleasePolicy::aggregate_min_clients`].
    pub aggregate_min_clients: u32,
    /// See [`ReleasePolicy::aggregate_min_provider_groups`].
    pub aggregate_min_provider_groups: u32,
    /// See [`ReleasePolicy::round_base`].
    pub round_base: u32,
    /// See [`ReleasePolicy::quantile_tail_providers`].
    pub quantile_tail_providers: u32,
    /// See [`ReleasePolicy::differencing_min`].
    pub differencing_min: u32,
    /// That a concentration rule was applied.
    pub concentration_rule: bool,
}

/// One table of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestTable {
    /// `trajectories`.
    pub name: String,
    /// What a row is, in Dutch.
    pub description_nl: String,
    /// What a row is, in English.
    pub description_en: String,
    /// Columns by which rows are sorted, in order: all of them.
    pub primary_sort: Vec<String>,
    /// Columns in order.
    pub columns: Vec<ManifestColumn>,
    /// Files, by path.
    pub files: Vec<ManifestFile>,
}

/// One column of a released table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestColumn {
    /// Name.
    pub name: String,
    /// `int16`, `int32`, `float64` or `utf8`.
    #[serde(rename = "type")]
    pub kind: String,
    /// True when a value may be absent.
    pub nullable: bool,
    /// `quasi_identifier`, `sensitive`, `key`, `value`, `status` or `text`.
    pub role: String,
    /// True when the codebook lists every value.
    pub codelist: bool,
}

/// One file of a released table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// Path in the release, with `/`.
    pub path: String,
    /// Its year. None for a table of all years.
    pub year: Option<i32>,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// Row groups.
    pub row_groups: u64,
    /// First and last year in it. None without a column `year`.
    pub min_max_year: Option<(i32, i32)>,
}

/// What a release was made from, in as far as that may be known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestInputs {
    /// Submissions, rounded.
    pub submissions: u64,
    /// Groups of owners: `50-99`.
    pub provider_groups_band: String,
    /// HMAC-SHA256 over the hashes of the submissions, with a private key.
    pub input_digest: String,
}

/// Checks that a release passed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// Version of the suite.
    pub suite_version: String,
    /// Its checks, by id.
    pub checks: Vec<CheckResult>,
}

/// One check of the verification suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckResult {
    /// `V05`.
    pub id: String,
    /// What it holds a release to, in a few words.
    pub title: String,
    /// How it went.
    pub result: CheckOutcome,
    /// What was seen: why it failed, or what was counted. Never a count of persons under ten.
    pub detail: String,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckOutcome {
    /// It holds.
    Passed,
    /// It does not hold.
    Failed,
    /// It is not about this release; the detail says why.
    NotApplicable,
}

/// `index.json`: all releases of a lake.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseIndex {
    /// The latest active version. None when all were withdrawn.
    pub latest: Option<String>,
    /// Releases, the oldest first.
    pub releases: Vec<IndexedRelease>,
}

/// One release in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexedRelease {
    /// Version.
    pub version: String,
    /// Day of issue.
    pub date: NaiveDate,
    /// Whether it may be used.
    pub status: ReleaseStatus,
    /// SHA-256 of its `manifest.json`.
    pub manifest_sha256: String,
    /// When and why it was withdrawn. None while it is in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawal>,
}

/// Why a release was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// The day.
    pub on: NaiveDate,
    /// One line, for everybody who has or wants the release.
    pub reason: String,
}

/// Whether a release may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseStatus {
    /// In use.
    Active,
    /// Taken back; its files are gone, its line stays.
    Withdrawn,
}

/// One row of the codebook.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodebookRow {
    /// Table.
    pub table: String,
    /// Column.
    pub column: String,
    /// Code; empty for the column itself.
    pub code: String,
    /// Label in Dutch.
    pub label_nl: String,
    /// Label in English.
    pub label_en: String,
    /// What it means.
    pub definition: String,
    /// As [`ManifestColumn::role`].
    pub role: String,
    /// Level of the hierarchy; empty where there is none.
    pub hierarchy_level: String,
    /// First year.
    pub valid_from: String,
    /// Last year; empty when it is still in use.
    pub valid_to: String,
}

/// `privacy-report.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivacyReport {
    /// Version of this file format: `kibg-lake-privacy-report/1`.
    pub schema: String,
    /// Version of the release.
    pub release: String,
    /// The public part of the policy.
    pub policy: PublicPolicy,
    /// By year, the first year first.
    pub years: Vec<PrivacyYear>,
    /// Against each earlier release that holds a year of this one.
    pub differencing: Vec<Differencing>,
    /// Singling out, linkability, inference: which checks stand for each.
    pub criteria: Vec<Criterion>,
    /// What is not covered.
    pub not_covered: Vec<String>,
}

/// The residual risk and the utility of one year. Counts of persons under ten are banded: `1-9`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivacyYear {
    /// Closing year.
    pub year: i32,
    /// True when its files are those of an earlier release; the figures are then those of that release.
    pub sealed: bool,
    /// Rows of `trajectories`.
    pub rows: u64,
    /// Trajectories left out because the client was under eighteen at the start, banded.
    pub out_of_scope: String,
    /// Trajectories left out because the data of their provider wait for an analyst, banded.
    pub held: String,
    /// Classes: rows that are equal in all quasi-identifiers.
    pub classes: u64,
    /// Different clients in the smallest class.
    pub min_clients: u64,
    /// Different clients in the middle class.
    pub median_clients: f64,
    /// Highest risk of recognition: 1 / clients of the smallest class.
    pub max_prosecutor_risk: f64,
    /// Mean over rows of that risk.
    pub mean_prosecutor_risk: f64,
    /// Classes divided by rows.
    pub marketer_risk: f64,
    /// Share of rows of which everything is withheld.
    pub star_share: f64,
    /// Share of rows of which at least minutes and duration are withheld.
    pub process_star_share: f64,
    /// Different clients of the smallest bucket of withheld rows, banded; empty when nothing was withheld.
    pub smallest_star_bucket: String,
    /// Groups of owners in the class with fewest.
    pub min_provider_groups: u64,
    /// Largest share of one group of owners in a class, banded.
    pub max_group_share: String,
    /// Fewest different clients of others that are left for a group of owners that knows its own, banded.
    pub min_insider_rest: String,
    /// Fewest different values, by sensitive column.
    pub l_distinct_min: BTreeMap<String, u32>,
    /// Largest share of a sensitive value, by sensitive column.
    pub alpha_max: BTreeMap<String, f64>,
    /// The same without the rows of any one group of owners.
    pub alpha_max_without_a_group: BTreeMap<String, f64>,
    /// Largest distance between the distribution in a class and in the year, by sensitive column.
    pub t_max: BTreeMap<String, f64>,
    /// Largest relative gain in confidence, by sensitive column.
    pub beta_max: BTreeMap<String, f64>,
    /// The ladder of the year.
    pub ladder: Vec<RungOutcome>,
    /// Utility.
    pub utility: Utility,
    /// Cells of the table `measures` by measure and status.
    pub suppression: Vec<SuppressionCount>,
}

/// How a year does on a rung.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RungOutcome {
    /// Rung.
    pub rung: String,
    /// Share of rows of which everything is withheld.
    pub star_share: f64,
    /// Share of rows of which at least minutes and duration are withheld.
    pub process_star_share: f64,
    /// Different clients of the smallest class of region, diagnosis, age and sex before anything is withheld, banded.
    pub smallest_class: String,
    /// Classes of region, diagnosis, age and sex.
    pub classes: u64,
    /// Those of them that are not safe before anything is withheld.
    pub failing_classes: u64,
    /// Whether the year may be released on it.
    pub passes: bool,
    /// Why not; empty when it passes.
    pub reason: String,
}

/// What the release is still good for, against the private truth.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Utility {
    /// Largest difference of a national share in `trajectories` with the private one, in percentage points.
    pub max_national_deviation: f64,
    /// The same over shares by one column, rows with `*` as a category of their own left out.
    pub max_group_deviation: f64,
    /// Share of the information in the quasi-identifiers at the finest level that is gone (non-uniform entropy).
    pub entropy_loss: f64,
    /// Share of the cells of the table `measures` with a value.
    pub measures_published: f64,
}

/// How many cells of a measure have a status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuppressionCount {
    /// Measure.
    pub measure: String,
    /// F published, A too few clients or groups, G concentration, D secondary, M another reason.
    pub conf_status: String,
    /// Cells.
    pub cells: u64,
}

/// Two releases of one year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Differencing {
    /// The earlier release.
    pub against: String,
    /// Year.
    pub year: i32,
    /// Classes with another number of rows.
    pub changed_classes: u64,
    /// Rows of the smallest difference, banded; empty when nothing differs.
    pub smallest_difference: String,
}

/// A criterion of the Article 29 Working Party (opinion 05/2014).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Singling out, linkability or inference.
    pub name: String,
    /// What was done.
    pub answer: String,
    /// Checks that stand for it.
    pub checks: Vec<String>,
}
