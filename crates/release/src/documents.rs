//! Metadata and words around the data of a release, for researchers and their programs.

use spiegel_model::{CodebookRow, Manifest, PrivacyReport};

use crate::{Error, Policy};

/// What the documents of a release are made from.
#[derive(Debug, Clone, Copy)]
pub struct DocumentContext<'a> {
    /// The policy, with its folder.
    pub policy: &'a Policy,
    /// The manifest as it is written.
    pub manifest: &'a Manifest,
    /// SHA-256 of its bytes.
    pub manifest_sha256: &'a str,
    /// All rows of the codebook, sorted.
    pub codebook: &'a [CodebookRow],
    /// The privacy report.
    pub privacy: &'a PrivacyReport,
    /// Text of `CHANGELOG.md` of the release before, for its lines.
    pub changelog: Option<&'a str>,
}

/// One file of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Path in the release, with `/`.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// All rows of the codebook, sorted: `codebook.toml` beside the policy, for the codes that the policy releases.
///
/// # Errors
/// [`Error::Policy`] when a code has no label.
pub fn codebook(_policy: &Policy) -> Result<Vec<CodebookRow>, Error> {
    Ok(Vec::new())
}

/// The documents of a release: everything but data, manifest, privacy report and checksums.
///
/// # Errors
/// [`Error::Bug`] when one cannot be serialised.
pub fn documents(_context: &DocumentContext<'_>) -> Result<Vec<Document>, Error> {
    Ok(Vec::new())
}
