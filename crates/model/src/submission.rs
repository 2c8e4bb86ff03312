//! What a submission looks like: tables and columns, outside (the provider's words) and inside (the lake's words).
//! Read from `pipelines/<id>/submission/*.toml`.

use serde::{Deserialize, Serialize};

use crate::mapping::{Layout, Outside, Unit};

/// All tables of a submission.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SubmissionSchema {
    /// Tables in the order of their files' names.
    pub tables: Vec<TableSchema>,
    /// Other layouts in which these tables may arrive, by name.
    #[serde(skip)]
    pub layouts: Vec<Layout>,
}

impl SubmissionSchema {
    /// The table with this canonical name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&TableSchema> {
        self.tables.iter().find(|table| table.table == name)
    }

    /// The tables as a receipt says that they were delivered: in the words of its mapping, or of the pipeline.
    #[must_use]
    pub fn tables_in(&self, mapping: Option<&str>) -> &[TableSchema] {
        let layout = mapping.and_then(|name| self.layouts.iter().find(|layout| layout.name == name));
        layout.map_or(&self.tables, |layout| &layout.tables)
    }
}

/// One table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSchema {
    /// Name outside: the stem of the file (`trajecten`).
    pub name: String,
    /// Other stems that mean the same table.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// Canonical name: the folder in the lake (`trajectory`).
    pub table: String,
    /// A submission without this table is refused (E013).
    #[serde(default)]
    pub required: bool,
    /// What a row is, in one Dutch sentence, for documentation and templates.
    pub description: String,
    /// Canonical columns that identify a row; empty when rows have no key.
    #[serde(default)]
    pub key: Vec<String>,
    /// Canonical column that holds the provider id, in a collective delivery.
    #[serde(default)]
    pub provider: Option<String>,
    /// Canonical column of type `period` that says to which year a row belongs, in a collective delivery.
    #[serde(default)]
    pub period: Option<String>,
    /// A parent table and the canonical column both share: rows without a parent are orphans.
    #[serde(default)]
    pub parent: Option<Parent>,
    /// Columns in the order of the lake.
    #[serde(rename = "column")]
    pub columns: Vec<ColumnSchema>,
}

/// The parent of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parent {
    /// Canonical name of the parent table.
    pub table: String,
    /// Canonical column, the same in both.
    pub column: String,
    /// Code of the finding for a row whose parent is missing.
    pub code: String,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSchema {
    /// Canonical name in the lake.
    pub name: String,
    /// Header outside.
    pub header: String,
    /// Other headers that mean the same; compared without case, spaces, underscores and diacritics.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// Type.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// The column must be there (E110), and its values count for the gate of E511.
    #[serde(default)]
    pub required: bool,
    /// The column must be there when the table with this canonical name is not delivered (E110).
    #[serde(default)]
    pub required_without: Option<String>,
    /// A row without a usable value means nothing and is quarantined: keys and dates. Elsewhere the value is emptied.
    #[serde(default)]
    pub essential: bool,
    /// Allowed codes, outside = inside; for `code`.
    #[serde(default)]
    pub codes: Vec<String>,
    /// Smallest allowed number.
    #[serde(default)]
    pub minimum: Option<f64>,
    /// Largest allowed number.
    #[serde(default)]
    pub maximum: Option<f64>,
    /// Code of the finding for a value outside `minimum` and `maximum` (else E220), or that is none of `codes` (else E210).
    #[serde(default)]
    pub range_code: Option<String>,
    /// A value outside the range puts the row in quarantine, whatever the rule says of the value.
    #[serde(default)]
    pub range_quarantines: bool,
    /// Unit of its numbers, so that a mapping can say in which other one they are delivered.
    #[serde(default)]
    pub unit: Option<Unit>,
    /// Longest allowed text, in characters.
    #[serde(default)]
    pub maximum_length: Option<usize>,
    /// Tokens that mean "no value" in this column, besides the general ones.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Replaced by a keyed hash before anything is written (client ids).
    #[serde(default)]
    pub pseudonymise: bool,
    /// The code of a provider (an AGB code): it follows the pattern, and zeros that a spreadsheet dropped are put back when
    /// the register knows the whole code.
    #[serde(default)]
    pub provider_code: bool,
    /// What personal data it could be taken for, and is looked at for.
    #[serde(default)]
    pub privacy: Option<Privacy>,
    /// What it means, in one Dutch sentence.
    #[serde(default)]
    pub description: String,
    /// Valid values for the template's filled example, one for each of its rows with ` | ` between them; the shorter lists
    /// come round again, and a value may be empty. Invented.
    #[serde(default)]
    pub example: String,
    /// How its values are delivered in the layout of a mapping.
    #[serde(skip)]
    pub outside: Outside,
}

/// Personal data that a column comes near to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    /// A year of birth: a full date is refused (E604).
    BirthYear,
    /// The first three digits of a postcode: more is refused (E605).
    PostcodeArea,
    /// A code of a practitioner: hashed or dropped (E609).
    Practitioner,
    /// What somebody writes about the own practice: it may be a text (E606), it is searched for persons, and it stays beside the
    /// receipt; the lake knows only that it is there.
    Explanation,
}

/// Type of a column, and how it lies in the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// Text (Utf8).
    Text,
    /// One of `codes` (Utf8).
    Code,
    /// Whole number (Int32).
    Integer,
    /// Number with decimals (Float64).
    Decimal,
    /// Date (Date32).
    Date,
    /// ja/nee (Boolean).
    Boolean,
    /// A year: `2025`, or a broken year `2024-25`, stored as its first year (Int32).
    Period,
}
