//! Turns a submission into canonical Parquet, with a receipt that proves that no row was lost.
//! It never runs SQL and never prints.
//!
//! The way of a submission: [`discover`] names it, `container` opens it without trusting it, `kinds` tells what each file is,
//! `workbook` makes text of the sheets of a workbook, `encoding` and `dialect` make
//! text of it, `header` finds its columns, `rows` cuts it into columns, `privacy` refuses what may not be kept, `typing`
//! decides each column as a whole, `checks` judges rows, and `ingest` settles what every finding does and writes parts.
//! [`Lake::publish`] merges the parts of a year.

mod atomic;
mod checks;
mod columnar;
mod container;
mod dates;
mod definitions;
mod dialect;
mod discover;
mod encoding;
mod error;
mod findings;
mod header;
mod ingest;
mod key;
mod kinds;
mod lake;
mod manifest;
mod numbers;
mod privacy;
mod publish;
mod receipt;
mod rows;
mod settle;
mod spelling;
mod table;
mod typing;
mod values;
mod workbook;
mod zipped;

pub use definitions::{definitions_hash, load_rules, load_schema};
pub use discover::{Discovered, Found, discover};
pub use error::Error;
pub use ingest::{Context, Ingested, ingest};
pub use key::Key;
pub use lake::{Lake, PartRef};
pub use receipt::read_findings;
pub use publish::{Published, PublishedTable};
pub use typing::expectation;
