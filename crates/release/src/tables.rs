//! The released tables: their columns, their rows, and Arrow batches of them.

use spiegel_model::ManifestColumn;

/// A row of the table `measures` (B).
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureRow {
    /// Closing year.
    pub year: i32,
    /// Id of the set of dimensions.
    pub dimension_set: String,
    /// Code, or `totaal` where it is no dimension of the set.
    pub provider_class: String,
    /// As `provider_class`.
    pub region: String,
    /// As `provider_class`.
    pub diagnosis_group: String,
    /// As `provider_class`.
    pub age_band: String,
    /// As `provider_class`.
    pub sex: String,
    /// Measure.
    pub measure: String,
    /// `count`, `rate`, `mean` or `median`.
    pub statistic: String,
    /// Rounded; None exactly when `conf_status` is not F.
    pub value: Option<f64>,
    /// Trajectories behind it, rounded; 0 when it is withheld.
    pub n_rounded: i32,
    /// F, A, G, M or D.
    pub conf_status: String,
    /// SDMX observation status: A normal, or M when there is nothing to observe.
    pub obs_status: String,
}

/// A row of the table `provider_distribution` (C).
#[derive(Debug, Clone, PartialEq)]
pub struct DistributionRow {
    /// Report year.
    pub year: i32,
    /// `alle`.
    pub peer_group: String,
    /// Measure.
    pub measure: String,
    /// `mean`, `p05`, `p10`, `p25`, `p50`, `p75`, `p90` or `p95`.
    pub statistic: String,
    /// As reports print it; None exactly when it is withheld.
    pub value: Option<f64>,
    /// `10-19`, `20-49`, `50-99`, `100+`, or `<10`.
    pub providers_band: String,
    /// F, or M when there are too few groups of owners.
    pub conf_status: String,
}

/// The released tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableId {
    /// A: one row per closed trajectory.
    Trajectories,
    /// B: aggregates.
    Measures,
    /// C: the distribution over providers that reports draw.
    ProviderDistribution,
    /// D: what codes mean.
    Codebook,
    /// E: how much is withheld.
    Suppression,
}

impl TableId {
    /// All, in the order of the manifest.
    pub const ALL: [Self; 5] = [Self::Trajectories, Self::Measures, Self::ProviderDistribution, Self::Codebook, Self::Suppression];

    /// Name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Trajectories => "trajectories",
            Self::Measures => "measures",
            Self::ProviderDistribution => "provider_distribution",
            Self::Codebook => "codebook",
            Self::Suppression => "suppression",
        }
    }

    /// What a row is, in Dutch and in English.
    #[must_use]
    pub fn descriptions(self) -> (&'static str, &'static str) {
        match self {
            Self::Trajectories => (
                "Eén rij is één afgesloten behandeltraject van een volwassene; * betekent: niet getoond om herkenning te voorkomen.",
                "One row is one closed trajectory of an adult; * means: withheld so that nobody can be recognised.",
            ),
            Self::Measures => (
                "Eén rij is één landelijk cijfer, uitgesplitst naar ten hoogste twee kenmerken.",
                "One row is one national figure, split by at most two characteristics.",
            ),
            Self::ProviderDistribution => (
                "Eén rij is één kwantiel van de verdeling over aanbieders, zoals de spiegelrapportages die tekenen.",
                "One row is one quantile of the distribution over providers, as mirror reports draw it.",
            ),
            Self::Codebook => ("Eén rij is één kolom of één code van een kolom.", "One row is one column, or one code of a column."),
            Self::Suppression => (
                "Eén rij zegt hoeveel er in één jaar van één kolom niet getoond is.",
                "One row says how much of one column is withheld in one year.",
            ),
        }
    }

    /// Columns in order.
    #[must_use]
    pub fn columns(self) -> Vec<ManifestColumn> {
        let column = |name: &str, kind: &str, nullable: bool, role: &str, codelist: bool| ManifestColumn {
            name: name.to_owned(),
            kind: kind.to_owned(),
            nullable,
            role: role.to_owned(),
            codelist,
        };
        let text = |name: &str, role: &str| column(name, "utf8", false, role, true);
        match self {
            Self::Trajectories => vec![
                column("year", "int16", false, "quasi_identifier", false),
                text("region", "quasi_identifier"),
                text("diagnosis_group", "quasi_identifier"),
                text("age_band", "quasi_identifier"),
                text("sex", "quasi_identifier"),
                text("minutes_band", "quasi_identifier"),
                text("duration_band", "quasi_identifier"),
                text("incomplete", "sensitive"),
                text("back_in_care", "sensitive"),
                text("rom_category", "sensitive"),
            ],
            Self::Measures => vec![
                column("year", "int16", false, "key", false),
                text("dimension_set", "key"),
                text("provider_class", "key"),
                text("region", "key"),
                text("diagnosis_group", "key"),
                text("age_band", "key"),
                text("sex", "key"),
                text("measure", "key"),
                text("statistic", "key"),
                column("value", "float64", true, "value", false),
                column("n_rounded", "int32", false, "value", false),
                text("conf_status", "status"),
                text("obs_status", "status"),
            ],
            Self::ProviderDistribution => vec![
                column("year", "int16", false, "key", false),
                text("peer_group", "key"),
                text("measure", "key"),
                text("statistic", "key"),
                column("value", "float64", true, "value", false),
                text("providers_band", "value"),
                text("conf_status", "status"),
            ],
            Self::Codebook => ["table", "column", "code", "label_nl", "label_en", "definition", "role", "hierarchy_level", "valid_from", "valid_to"]
                .iter()
                .map(|name| column(name, "utf8", false, "text", false))
                .collect(),
            Self::Suppression => vec![
                column("year", "int16", false, "key", false),
                column("column", "utf8", false, "key", false),
                column("rows_total_rounded", "int32", false, "value", false),
                column("starred_share", "float64", false, "value", false),
            ],
        }
    }
}
