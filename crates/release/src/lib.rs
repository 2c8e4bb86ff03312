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
//! | `ladder` | how a year does on every rung, to choose one |
//! | `measures`, `suppression` | the table `measures`: primary and secondary suppression, and its audits |
//! | `tables` | Arrow batches of the released tables, and their columns |
//! | `documents` | metadata and words for researchers, examples, codebook |
//! | `privacy` | the privacy report |
//! | `write` | the folder of a release, whole or not at all |
//! | `withdraw` | a release that is taken back |
//! | `verify` | the verification suite |

pub mod atoms;
pub mod documents;
mod error;
pub mod hierarchy;
#[cfg(test)]
mod invented;
mod ladder;
pub mod measures;
mod parquet_file;
mod policy;
pub mod privacy;
pub mod record;
pub mod suppression;
pub mod tables;
pub mod verify;
mod version;
mod withdraw;
mod write;

pub use error::{Error, Refusal, banded, ladder_table};
pub use ladder::{Rehearsal, rehearsal_table, rehearse};
pub use policy::{MEASURE_DIMENSIONS, Policy, SENSITIVE, read_overlay, sensitive_codes};
pub use version::{Change, Version};
pub use withdraw::{NOTICE, WithdrawOptions, Withdrawn, withdraw, withdrawal, withdrawn_words};
pub use write::{Published, ReleaseOptions, YearInput, publish};

use sha2::{Digest, Sha256};

/// SHA-256 in hexadecimal digits.
#[must_use]
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// HMAC-SHA256 (RFC 2104) in hexadecimal digits, with a key in hexadecimal digits.
pub(crate) fn hmac_sha256(key: &str, message: &[u8]) -> Result<String, Error> {
    const BLOCK: usize = 64;
    let digits: Vec<u32> = key.trim().chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>().ok_or_else(|| Error::bug("a key that was not checked"))?;
    let mut bytes: Vec<u8> = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | *digit as u8)).collect();
    if bytes.len() > BLOCK {
        bytes = Sha256::digest(&bytes).to_vec();
    }
    bytes.resize(BLOCK, 0);
    let padded = |pad: u8| bytes.iter().map(|byte| byte ^ pad).collect::<Vec<u8>>();
    let inner = Sha256::digest([padded(0x36).as_slice(), message].concat());
    Ok(hexadecimal(&Sha256::digest([padded(0x5c).as_slice(), inner.as_slice()].concat())))
}

#[cfg(test)]
mod tests {
    use super::hmac_sha256;

    #[test]
    fn the_digest_is_that_of_rfc_4231() {
        // Test cases 2 ("Jefe") and 6 (a key of 131 bytes).
        assert_eq!(hmac_sha256("4a656665", b"what do ya want for nothing?").unwrap(), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long = hmac_sha256(&"aa".repeat(131), b"Test Using Larger Than Block-Size Key - Hash Key First").unwrap();
        assert_eq!(long, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }
}
