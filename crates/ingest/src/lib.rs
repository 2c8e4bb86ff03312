//! Turns a submission into canonical Parquet, with a receipt that proves that no row was lost.
//! It never runs SQL and never prints.
//!
//! The way of a submission: [`discover`] names it, `container` opens it without trusting it, `kinds` tells what each file is,
//! `workbook` makes text of the sheets of a workbook, `encoding` and `dialect` make text of other files, `mapping` chooses the
//! layout, `header` finds the columns, `records` and `rows` cut them, `privacy` refuses what may not be kept, `sender` what is
//! another's, `typing` decides each column as a whole, `checks` judges rows, and `ingest` settles what every finding does and
//! writes parts. `change` compares it with the delivery that it replaces, [`hold_doubles`] with those of other providers.
//! [`Lake::publish`] merges the parts of a year.

mod atomic;
mod change;
mod checks;
mod columnar;
mod container;
mod dates;
mod definitions;
mod dialect;
mod discover;
mod doubles;
mod encoding;
mod error;
mod explanations;
mod findings;
mod fingerprint;
mod giant;
mod header;
mod history;
mod identify;
mod ingest;
mod join;
mod key;
mod kinds;
mod lake;
mod manifest;
mod mapping;
mod numbers;
mod outside;
mod part;
mod privacy;
mod publish;
mod receipt;
mod records;
mod register;
mod repair;
mod rows;
mod scores;
mod semicolons;
mod sender;
mod settle;
mod spelling;
mod table;
mod typing;
mod values;
mod words;
mod workbook;
mod zipped;

pub use definitions::{check_rules, definitions_hash, load_rules, load_schema, reader_stages};
pub use discover::{Discovered, Found, discover};
pub use doubles::hold_doubles;
pub use error::Error;
pub use explanations::{Explanation, read_explanations};
pub use identify::{Identity, identify};
pub use ingest::{Context, InMemory, Ingested, ingest, inspect};
pub use join::Queried;
pub use key::Key;
pub use lake::{Lake, PartRef};
pub use mapping::use_mapping;
pub use privacy::is_telling_name;
pub use publish::{Published, PublishedTable};
pub use receipt::read_findings;
pub use register::ProviderRegister;
pub use typing::expectation;
