//! Metadata and words around the data of a release, for researchers and their programs.

use serde_json::json;
use spiegel_model::{CodebookRow, Manifest, ManifestFile, PrivacyReport, WITHHELD};

use crate::hierarchy::Dimension;
use crate::tables::TableId;
use crate::{Error, Policy, SENSITIVE, sensitive_codes};

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

/// All rows of the codebook, sorted: every code that the policy releases.
///
/// # Errors
/// [`Error::Policy`] when a code has no label.
pub fn codebook(policy: &Policy) -> Result<Vec<CodebookRow>, Error> {
    let mut rows = Vec::new();
    let mut add = |table: TableId, column: &str, code: &str| {
        rows.push(CodebookRow {
            table: table.name().to_owned(),
            column: column.to_owned(),
            code: code.to_owned(),
            label_nl: code.to_owned(),
            label_en: code.to_owned(),
            definition: String::new(),
            role: String::new(),
            hierarchy_level: String::new(),
            valid_from: String::new(),
            valid_to: String::new(),
        });
    };
    for dimension in Dimension::ALL {
        for code in policy.hierarchies.codes(dimension, dimension.level(policy.node)).iter().map(String::as_str).filter(|code| *code != WITHHELD) {
            add(TableId::Trajectories, dimension.column(), code);
        }
        add(TableId::Trajectories, dimension.column(), WITHHELD);
    }
    for column in SENSITIVE {
        sensitive_codes(column).into_iter().for_each(|code| add(TableId::Trajectories, column, code));
    }
    for measure in &policy.spec.distributions {
        add(TableId::ProviderDistribution, "measure", &measure.measure);
    }
    for (column, codes) in [
        ("peer_group", &["alle"][..]),
        ("statistic", &["p05", "p10", "p25", "p50", "p75", "p90", "p95"]),
        ("providers_band", &["<10", "10-19", "20-49", "50-99", "100+"]),
        ("conf_status", &["F", "M"]),
    ] {
        codes.iter().for_each(|code| add(TableId::ProviderDistribution, column, code));
    }
    rows.sort();
    Ok(rows)
}

/// The documents of a release: everything but data, manifest, privacy report and checksums.
///
/// # Errors
/// [`Error::Bug`] when one cannot be serialised.
pub fn documents(context: &DocumentContext<'_>) -> Result<Vec<Document>, Error> {
    let files: Vec<&ManifestFile> = context.manifest.tables.iter().flat_map(|table| &table.files).collect();
    let resources: Vec<_> = files.iter().map(|file| json!({ "path": file.path, "bytes": file.bytes, "hash": format!("sha256:{}", file.sha256) })).collect();
    let distribution: Vec<_> = files.iter().map(|file| json!({ "contentUrl": file.path, "sha256": file.sha256 })).collect();
    let documents = [("datapackage.json", json!({ "resources": resources })), ("croissant.json", json!({ "distribution": distribution }))];
    documents.into_iter().map(|(path, content)| Ok(Document { path: path.to_owned(), bytes: crate::write::json(&content)? })).collect()
}
