//! Rows of trajectories into the anonymised research lake, or a refusal. Nothing else writes a release, and nothing here asks for data:
//! what `query` selected comes in as Arrow batches.
//!
//! ```text
//! batches ─ record ─▶ Records ─ atoms ─▶ Assignment ─┬─ tables (A, E) ─┐
//!                        └────── measures (B), suppression ─┴─ write ─▶ release ─ verify ─▶ renamed into its place
//! distributions of the results ─ tables (C) ─────────────────┘   └─ documents, privacy
//! ```
//!
//! | module | what it does |
//! |---|---|
//! | `hierarchy` | codes of every level, which nest |
//! | `record` | one closed trajectory in private detail |
//! | `atoms` | the classes that are released: every one safe, the rest withheld |
//! | `measures`, `suppression` | the table `measures`: primary and secondary suppression, and its audits |
//! | `tables` | Arrow batches of the released tables, and their columns |
//! | `documents` | metadata and words for researchers, examples, codebook |
//! | `privacy` | the privacy report |
//! | `write` | the folder of a release, whole or not at all |
//! | `verify` | the verification suite |

pub mod atoms;
pub mod documents;
mod error;
pub mod hierarchy;
pub mod measures;
mod policy;
pub mod record;
pub mod suppression;
pub mod tables;

pub use error::{Error, Refusal, banded, ladder_table};
pub use policy::{MEASURE_DIMENSIONS, Policy, SENSITIVE, read_overlay, sensitive_codes};

use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal digits.
#[must_use]
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
