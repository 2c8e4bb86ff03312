//! The released tables: their columns, their rows, and Arrow batches of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int16Array, Int32Array, StringArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;
use spiegel_model::{CodebookRow, DistributionMeasure, ManifestColumn, WITHHELD};

use crate::Error;
use crate::atoms::Assignment;
use crate::hierarchy::Dimension;
use crate::record::Records;

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
    /// SDMX observation status: A normal, M when there is nothing to observe, Q when it is withheld.
    pub obs_status: String,
}

/// A row of the table `provider_distribution` (C).
#[derive(Debug, Clone, PartialEq)]
pub struct DistributionRow {
    /// Report year.
    pub year: i32,
    /// `alle`, or a kind of provider.
    pub peer_group: String,
    /// Measure.
    pub measure: String,
    /// `mean`, `p05`, `p10`, `p25`, `p50`, `p75`, `p90` or `p95`.
    pub statistic: String,
    /// As reports print it; None exactly when it is withheld.
    pub value: Option<f64>,
    /// `10-19`, `20-49`, `50-99`, `100+`, or `<10`.
    pub providers_band: String,
    /// F, or M when there are too few groups of owners, in this peer group or in another kind.
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
                "Eén rij is één kwantiel of het gemiddelde van de verdeling over aanbieders, zoals de spiegelrapportages die tekenen; ook per soort aanbieder.",
                "One row is one quantile or the mean of the distribution over providers, as mirror reports draw it; also by kind of provider.",
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

/// The sensitive codes of a row of the table `trajectories`: incomplete, back in care, outcome.
type TrajectoryCodes = [&'static str; 3];

/// The Arrow schema of a table: REQUIRED unless the column may be absent, with real Parquet field ids.
#[must_use]
pub(crate) fn schema(table: TableId) -> Arc<Schema> {
    let fields: Vec<Field> = table
        .columns()
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let kind = match column.kind.as_str() {
                "int16" => DataType::Int16,
                "int32" => DataType::Int32,
                "float64" => DataType::Float64,
                _ => DataType::Utf8,
            };
            let id = HashMap::from([(PARQUET_FIELD_ID_META_KEY.to_owned(), (at + 1).to_string())]);
            Field::new(&column.name, kind, column.nullable).with_metadata(id)
        })
        .collect();
    Arc::new(Schema::new(fields))
}

fn batch(table: TableId, columns: Vec<ArrayRef>) -> Result<RecordBatch, Error> {
    RecordBatch::try_new(schema(table), columns).map_err(Error::bug)
}

fn years(years: impl Iterator<Item = i32>) -> Result<ArrayRef, Error> {
    let narrow: Result<Vec<i16>, _> = years.map(i16::try_from).collect();
    Ok(Arc::new(Int16Array::from(narrow.map_err(Error::bug)?)))
}

fn texts<'a>(cells: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(cells))
}

/// The table `trajectories` of a year in batches of at most `size` rows, sorted by all columns.
pub(crate) fn trajectories(records: &Records, assignment: &Assignment, size: usize) -> Result<Vec<RecordBatch>, Error> {
    let mut batches = Vec::new();
    // One row: its class and its sensitive codes.
    let mut rows: Vec<(usize, TrajectoryCodes)> = Vec::new();
    let flush = |rows: &mut Vec<(usize, TrajectoryCodes)>, batches: &mut Vec<RecordBatch>| -> Result<(), Error> {
        let mut columns = vec![years(rows.iter().map(|_| records.year))?];
        for at in 0..Dimension::ALL.len() {
            columns.push(texts(rows.iter().map(|(class, _)| assignment.classes[*class].codes[at].as_str())));
        }
        for at in 0..3 {
            columns.push(texts(rows.iter().map(|(_, codes)| codes[at])));
        }
        batches.push(batch(TableId::Trajectories, columns)?);
        rows.clear();
        Ok(())
    };
    for (at, class) in assignment.classes.iter().enumerate() {
        let mut codes: Vec<TrajectoryCodes> = class.rows.iter().map(|row| sensitive(records, *row)).collect();
        codes.sort_unstable();
        for code in codes {
            rows.push((at, code));
            if rows.len() == size {
                flush(&mut rows, &mut batches)?;
            }
        }
    }
    if !rows.is_empty() || batches.is_empty() {
        flush(&mut rows, &mut batches)?;
    }
    Ok(batches)
}

/// The sensitive codes of a record.
fn sensitive(records: &Records, row: u32) -> TrajectoryCodes {
    let row = &records.rows[row as usize];
    [row.incomplete.code(), row.back_in_care.code(), row.rom_category.code()]
}

/// The table `measures`, sorted by all columns.
pub(crate) fn measures(rows: &[MeasureRow]) -> Result<RecordBatch, Error> {
    let mut rows: Vec<&MeasureRow> = rows.iter().collect();
    let key = |row: &MeasureRow| {
        let dimensions = [&row.dimension_set, &row.provider_class, &row.region, &row.diagnosis_group, &row.age_band, &row.sex];
        (row.year, dimensions.map(Clone::clone), row.measure.clone(), row.statistic.clone())
    };
    rows.sort_by_key(|row| key(row));
    let text = |of: fn(&MeasureRow) -> &String| texts(rows.iter().map(|row| of(row).as_str()));
    batch(
        TableId::Measures,
        vec![
            years(rows.iter().map(|row| row.year))?,
            text(|row| &row.dimension_set),
            text(|row| &row.provider_class),
            text(|row| &row.region),
            text(|row| &row.diagnosis_group),
            text(|row| &row.age_band),
            text(|row| &row.sex),
            text(|row| &row.measure),
            text(|row| &row.statistic),
            Arc::new(rows.iter().map(|row| row.value).collect::<Float64Array>()),
            Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.n_rounded))),
            text(|row| &row.conf_status),
            text(|row| &row.obs_status),
        ],
    )
}

/// Number of providers and value, by name of the statistic.
type Statistics = BTreeMap<&'static str, (u64, Option<f64>)>;

/// Rows of the table `provider_distribution` of a year, from the distributions that reports read. Those already follow the publication
/// rule (decision 22): a quantile is the mean of three providers, and stands there only with enough groups of owners on each side.
///
/// # Errors
/// [`Error::Bug`] when the table has other columns.
pub fn distribution_rows(year: i32, batches: &[RecordBatch], measures: &[DistributionMeasure]) -> Result<Vec<DistributionRow>, Error> {
    // By indicator and peer group.
    let mut found: BTreeMap<(String, String), Statistics> = BTreeMap::new();
    for batch in batches {
        let column = |name: &str, kind: &DataType| -> Result<ArrayRef, Error> {
            let column = batch.column_by_name(name).ok_or_else(|| Error::bug(format!("distributions.parquet has no column {name}")))?;
            cast(column, kind).map_err(Error::bug)
        };
        let text = |name: &str| -> Result<StringArray, Error> {
            let column = column(name, &DataType::Utf8)?;
            column.as_any().downcast_ref::<StringArray>().cloned().ok_or_else(|| Error::bug(format!("{name} is no text")))
        };
        let numbers = |name: &str| -> Result<Float64Array, Error> {
            let column = column(name, &DataType::Float64)?;
            column.as_any().downcast_ref::<Float64Array>().cloned().ok_or_else(|| Error::bug(format!("{name} is no number")))
        };
        let (indicator, peer_group) = (text("indicator")?, text("peer_group")?);
        let providers = column("providers", &DataType::UInt64)?;
        let providers = providers.as_any().downcast_ref::<UInt64Array>().cloned().ok_or_else(|| Error::bug("providers is no count"))?;
        let (share, mean, middle) = (numbers("outer_share")?, numbers("provider_mean")?, numbers("middle")?);
        let (lower, upper) = (numbers("inner_lower")?, numbers("inner_upper")?);
        let (outer_lower, outer_upper) = (numbers("outer_lower")?, numbers("outer_upper")?);
        for row in 0..batch.num_rows() {
            let value = |column: &Float64Array| (!column.is_null(row)).then(|| column.value(row));
            let count = providers.value(row);
            let outer = if value(&share) == Some(90.0) { ("p05", "p95") } else { ("p10", "p90") };
            let of = [("mean", &mean), ("p25", &lower), ("p50", &middle), ("p75", &upper), (outer.0, &outer_lower), (outer.1, &outer_upper)];
            let of = of.map(|(statistic, column)| (statistic, (count, value(column))));
            found.insert((indicator.value(row).to_owned(), peer_group.value(row).to_owned()), BTreeMap::from(of));
        }
    }
    let mut rows = Vec::new();
    for measure in measures {
        for ((_, peer_group), statistics) in found.iter().filter(|((indicator, _), _)| *indicator == measure.indicator) {
            for (statistic, (providers, value)) in statistics {
                rows.push(DistributionRow {
                    year,
                    peer_group: peer_group.clone(),
                    measure: measure.measure.clone(),
                    statistic: (*statistic).to_owned(),
                    value: *value,
                    providers_band: providers_band(*providers).to_owned(),
                    conf_status: if value.is_some() { "F" } else { "M" }.to_owned(),
                });
            }
        }
    }
    Ok(rows)
}

/// A number of providers or groups of owners as it may be told.
#[must_use]
pub fn providers_band(count: u64) -> &'static str {
    match count {
        0..10 => "<10",
        10..20 => "10-19",
        20..50 => "20-49",
        50..100 => "50-99",
        _ => "100+",
    }
}

/// The table `provider_distribution`, sorted by all columns.
pub(crate) fn provider_distribution(rows: &[DistributionRow]) -> Result<RecordBatch, Error> {
    let mut rows: Vec<&DistributionRow> = rows.iter().collect();
    rows.sort_by_key(|row| (row.year, row.peer_group.clone(), row.measure.clone(), row.statistic.clone()));
    let text = |of: fn(&DistributionRow) -> &String| texts(rows.iter().map(|row| of(row).as_str()));
    batch(
        TableId::ProviderDistribution,
        vec![
            years(rows.iter().map(|row| row.year))?,
            text(|row| &row.peer_group),
            text(|row| &row.measure),
            text(|row| &row.statistic),
            Arc::new(rows.iter().map(|row| row.value).collect::<Float64Array>()),
            text(|row| &row.providers_band),
            text(|row| &row.conf_status),
        ],
    )
}

/// The table `codebook`; its rows are sorted.
pub(crate) fn codebook(rows: &[CodebookRow]) -> Result<RecordBatch, Error> {
    let text = |of: fn(&CodebookRow) -> &String| texts(rows.iter().map(|row| of(row).as_str()));
    batch(
        TableId::Codebook,
        vec![
            text(|row| &row.table),
            text(|row| &row.column),
            text(|row| &row.code),
            text(|row| &row.label_nl),
            text(|row| &row.label_en),
            text(|row| &row.definition),
            text(|row| &row.role),
            text(|row| &row.hierarchy_level),
            text(|row| &row.valid_from),
            text(|row| &row.valid_to),
        ],
    )
}

/// The table `suppression` of a year: per quasi-identifier the share of rows with `*`, to a hundredth of a percent.
pub(crate) fn suppression(records: &Records, assignment: &Assignment, round_base: u32) -> Result<RecordBatch, Error> {
    let total = records.rows.len();
    let base = round_base.max(1) as usize;
    let rounded = i32::try_from((total + base / 2) / base * base).map_err(Error::bug)?;
    let mut shares: Vec<(&str, f64)> = Dimension::ALL
        .iter()
        .enumerate()
        .map(|(at, dimension)| {
            let starred: usize = assignment.classes.iter().filter(|class| class.codes[at] == WITHHELD).map(|class| class.rows.len()).sum();
            (dimension.column(), (10_000.0 * starred as f64 / total.max(1) as f64).round() / 10_000.0)
        })
        .collect();
    shares.sort_by_key(|(column, _)| *column);
    batch(
        TableId::Suppression,
        vec![
            years(shares.iter().map(|_| records.year))?,
            texts(shares.iter().map(|(column, _)| *column)),
            Arc::new(Int32Array::from_iter_values(shares.iter().map(|_| rounded))),
            Arc::new(shares.iter().map(|(_, share)| Some(*share)).collect::<Float64Array>()),
        ],
    )
}
