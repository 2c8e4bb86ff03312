//! Turns a submission into canonical Parquet, with a receipt that proves that no row was lost.
//! It never runs SQL and never prints.
//!
//! The way of a submission: [`discover`] names it, `container` opens it without trusting it, `encoding` and `dialect` make
//! text of it, `header` finds its columns, `rows` cuts it into columns, `privacy` refuses what may not be kept, `sender` what is
//! another's, `typing` decides each column as a whole, `checks` judges rows, and `ingest` settles what every finding does and writes parts.
//! `change` compares it with the delivery that it replaces, [`hold_doubles`] with those of other providers.
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
mod findings;
mod fingerprint;
mod header;
mod history;
mod ingest;
mod key;
mod lake;
mod manifest;
mod numbers;
mod privacy;
mod publish;
mod receipt;
mod register;
mod rows;
mod sender;
mod settle;
mod spelling;
mod table;
mod typing;
mod values;
mod zipped;

pub use definitions::{definitions_hash, load_rules, load_schema};
pub use discover::{Discovered, Found, discover};
pub use doubles::hold_doubles;
pub use error::Error;
pub use ingest::{Context, Ingested, ingest};
pub use key::Key;
pub use lake::{Lake, PartRef};
pub use privacy::is_telling_name;
pub use publish::{Published, PublishedTable};
pub use receipt::read_findings;
pub use register::ProviderRegister;
