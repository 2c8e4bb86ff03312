//! `aanlevering.toml`: what the sender says about its own submission.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::container::SourceFile;
use crate::discover::Found;
use crate::findings::{Findings, Place};
use crate::key::hexadecimal;

/// Name of the manifest.
pub(crate) const MANIFEST: &str = "aanlevering.toml";

/// Unknown fields are left alone: suppliers add their own.
#[derive(Deserialize)]
pub(crate) struct Manifest {
    agb: Option<String>,
    verslagjaar: Option<i32>,
    /// Supplier of the system that it comes from; chooses the mapping.
    pub(crate) bron_epd: Option<String>,
    #[serde(default)]
    tabellen: BTreeMap<String, Declared>,
}

/// What the sender says about a table.
#[derive(Deserialize)]
pub(crate) struct Declared {
    /// Rows below the header.
    pub(crate) rijen: Option<u64>,
    sha256: Option<String>,
}

impl Manifest {
    /// Takes the manifest out of the files and compares it with the name of the submission.
    pub(crate) fn take(files: &mut Vec<SourceFile>, found: &Found, findings: &mut Findings<'_>) -> Option<Self> {
        let place = files.iter().position(|file| file.name.rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case(MANIFEST)))?;
        let file = files.remove(place);
        let at = Place::file(&file.name);
        let text = String::from_utf8(file.bytes).ok()?;
        let Ok(manifest) = toml::from_str::<Self>(text.trim_start_matches('\u{feff}')) else {
            findings.raise("E512", at, &[]);
            return None;
        };
        if manifest.agb.as_ref().is_some_and(|agb| *agb != found.provider_id) {
            findings.raise("E503", at, &[]);
        }
        if let (Some(declared), Some(expected)) = (manifest.verslagjaar, found.year)
            && declared != expected
        {
            findings.raise("E505", at, &[("value", &declared.to_string()), ("expected", &expected.to_string())]);
        }
        Some(manifest)
    }

    /// What was declared about a table, by the stem of its file.
    pub(crate) fn declared(&self, stem: &str) -> Option<&Declared> {
        self.tabellen.iter().find(|(name, _)| name.eq_ignore_ascii_case(stem)).map(|(_, declared)| declared)
    }

    /// E506: the content of a file is not what was sent.
    pub(crate) fn check_content(&self, file: &SourceFile, findings: &mut Findings<'_>) {
        let declared = self.declared(file.stem()).and_then(|declared| declared.sha256.as_deref());
        if declared.is_some_and(|declared| !declared.eq_ignore_ascii_case(&hexadecimal(&Sha256::digest(&file.bytes)))) {
            findings.raise("E506", Place::file(&file.name), &[]);
        }
    }
}
