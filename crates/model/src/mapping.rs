//! Another layout of a submission: how a supplier's export, or another country's file, is read as the tables of a pipeline.
//! Read from `pipelines/<id>/mappings/*.toml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::submission::TableSchema;

/// `mappings/<name>.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingSpec {
    /// Whose layout it is, in one sentence.
    pub description: String,
    /// Suppliers whose submissions have this layout, as `bron_epd` in `aanlevering.toml` names them; compared as headers are.
    #[serde(default)]
    pub suppliers: Vec<String>,
    /// Also the layout of submissions that name no supplier with a mapping.
    #[serde(default)]
    pub default: bool,
    /// Tokens that mean "no value" in all columns of this layout, besides the general ones.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Tables by canonical name. One that is not here has the pipeline's own layout; without any, so has the submission.
    #[serde(default, rename = "table")]
    pub tables: BTreeMap<String, TableMapping>,
}

/// One table of a layout.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableMapping {
    /// Name outside: the stem of the file, in the place of the pipeline's. None: as the pipeline has it.
    #[serde(default)]
    pub file: Option<String>,
    /// Other stems that mean the same table.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// Columns by canonical name. One that is not here is not delivered.
    #[serde(rename = "column")]
    pub columns: BTreeMap<String, ColumnMapping>,
}

/// One column of a layout. At most one of `codes`, `unit`, `factor` and `date`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnMapping {
    /// Header outside.
    pub header: String,
    /// Other headers that mean the same.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// Outside to inside. Of a `code` or `boolean` (inside: ja, nee) these are all codes there are; of a `text` these are the
    /// ones that change.
    #[serde(default)]
    pub codes: BTreeMap<String, String>,
    /// Unit outside, when the column has another one.
    #[serde(default)]
    pub unit: Option<Unit>,
    /// A number inside is this many times the number outside.
    #[serde(default)]
    pub factor: Option<f64>,
    /// Notation of dates, as `strftime` has it: `%m/%d/%Y`. `jjjj-mm-dd` is understood as well, and nothing else.
    #[serde(default)]
    pub date: Option<String>,
    /// Tokens that mean "no value" in this column, besides those of the mapping.
    #[serde(default)]
    pub missing: Vec<String>,
}

/// A mapping with the tables that it makes of those of the pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Name: that of the file without its extension.
    pub name: String,
    /// As in [`MappingSpec::suppliers`].
    pub suppliers: Vec<String>,
    /// As in [`MappingSpec::default`].
    pub default: bool,
    /// Canonical names of the tables that the mapping describes.
    pub mapped: Vec<String>,
    /// All tables of the pipeline, in its order, in the words of the sender.
    pub tables: Vec<TableSchema>,
}

/// How the values of a column are delivered.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Outside {
    /// As the pipeline has them.
    #[default]
    Same,
    /// Not at all.
    Absent,
    /// Other codes, outside to inside.
    Codes(BTreeMap<String, String>),
    /// Numbers in another unit.
    Converted(Conversion),
    /// Dates in one notation of `strftime`.
    Date(String),
}

/// What makes a number outside a number inside: first multiply, then divide, so that hours and minutes stay exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conversion {
    /// Multiplied by this …
    pub multiply: f64,
    /// … and divided by this.
    pub divide: f64,
    /// The two units in Dutch, outside and inside; None for a bare factor.
    pub units: Option<(&'static str, &'static str)>,
}

impl Conversion {
    /// A number as the lake has it.
    #[must_use]
    pub fn inside(self, number: f64) -> f64 {
        number * self.multiply / self.divide
    }

    /// A number as the sender writes it.
    #[must_use]
    pub fn outside(self, number: f64) -> f64 {
        number * self.divide / self.multiply
    }
}

/// Unit of the numbers in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// 60 to a minute.
    Seconds,
    /// 60 to an hour.
    Minutes,
    /// 24 to a day.
    Hours,
    /// Whole days.
    Days,
    /// 47 for 47 of a hundred.
    Percent,
    /// 0.47 for 47 of a hundred.
    Fraction,
}

impl Unit {
    /// In Dutch, as in `minuten`.
    #[must_use]
    pub fn dutch(self) -> &'static str {
        match self {
            Self::Seconds => "seconden",
            Self::Minutes => "minuten",
            Self::Hours => "uren",
            Self::Days => "dagen",
            Self::Percent => "procenten",
            Self::Fraction => "fracties",
        }
    }

    /// What is measured, and how large one is in its smallest unit.
    fn size(self) -> (&'static str, f64) {
        match self {
            Self::Seconds => ("time", 1.0),
            Self::Minutes => ("time", 60.0),
            Self::Hours => ("time", 3600.0),
            Self::Days => ("time", 86_400.0),
            Self::Percent => ("share", 1.0),
            Self::Fraction => ("share", 100.0),
        }
    }

    /// From this unit outside to another one inside. None when the two measure different things.
    #[must_use]
    pub fn to(self, inside: Self) -> Option<Conversion> {
        let ((kind, multiply), (other, divide)) = (self.size(), inside.size());
        (kind == other).then_some(Conversion { multiply, divide, units: Some((self.dutch(), inside.dutch())) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_convert_exactly_and_within_their_kind_only() {
        let minutes = Unit::Hours.to(Unit::Minutes).unwrap();
        assert_eq!((minutes.inside(1.5), minutes.outside(90.0)), (90.0, 1.5));
        assert_eq!(Unit::Seconds.to(Unit::Minutes).unwrap().inside(540.0), 9.0);
        assert_eq!(Unit::Fraction.to(Unit::Percent).unwrap().inside(0.5), 50.0);
        assert_eq!(Unit::Hours.to(Unit::Percent), None);
    }
}
