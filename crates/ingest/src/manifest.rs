//! `aanlevering.toml`: what the sender says about its own submission.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::container::SourceFile;
use crate::discover::Found;
use crate::findings::{Findings, Place};
use crate::ingest::Context;
use crate::key::hexadecimal;
use crate::register::padded;
use crate::spelling::canonical;

/// Name of the manifest.
pub(crate) const MANIFEST: &str = "aanlevering.toml";

/// Unknown fields are left alone: suppliers add their own.
#[derive(Deserialize)]
pub(crate) struct Manifest {
    schema: Option<String>,
    agb: Option<Word>,
    verslagjaar: Option<i32>,
    /// `dd/mm/jjjj`: how dates are written where the column itself proves nothing (E203).
    datumnotatie: Option<String>,
    /// By header: tokens that mean "no value" in that column, such as 999 (N823).
    #[serde(default)]
    ontbrekend: BTreeMap<String, Vec<Word>>,
    /// Supplier of the system that it comes from; chooses the mapping.
    pub(crate) bron_epd: Option<String>,
    #[serde(default)]
    tabellen: BTreeMap<String, Declared>,
}

/// A word that TOML may take for a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Word {
    Text(String),
    Number(i64),
    Decimal(f64),
}

impl Word {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.trim().to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Decimal(number) => number.to_string(),
        }
    }
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
    pub(crate) fn take(files: &mut Vec<SourceFile>, found: &Found, context: &Context<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        let place = files.iter().position(|file| file.name.rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case(MANIFEST)))?;
        let file = files.remove(place);
        let at = Place::file(&file.name);
        ["E503", "E505", "E510", "E512"].iter().for_each(|code| findings.checked(code, 1));
        let text = String::from_utf8_lossy(&file.bytes);
        let Ok(manifest) = toml::from_str::<Self>(text.trim_start_matches('\u{feff}')) else {
            findings.raise("E512", at, &[]);
            return None;
        };
        if let Some(agb) = manifest.agb.as_ref().map(Word::text)
            && agb != found.provider_id
        {
            let lost_zero = padded(agb.as_bytes()).is_some_and(|whole| whole == found.provider_id);
            if lost_zero && context.providers.is_none_or(|register| register.knows(&found.provider_id)) {
                findings.raise("N826", at, &[("count", "1")]);
            } else if lost_zero {
                findings.raise("E501", at, &[("value", &agb)]);
            } else {
                findings.raise("E503", at, &[]);
            }
        }
        let accepted = &context.delivery.schemas;
        if let Some(version) = manifest.schema.as_ref().filter(|version| !accepted.is_empty() && !accepted.contains(version)) {
            findings.raise("E510", at, &[("value", version), ("expected", &accepted.join(" of "))]);
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
        let Some(declared) = self.declared(file.stem()).and_then(|declared| declared.sha256.as_deref()) else { return };
        findings.checked("E506", 1);
        if !declared.eq_ignore_ascii_case(&hexadecimal(&Sha256::digest(&file.bytes))) {
            findings.raise("E506", Place::file(&file.name), &[]);
        }
    }

    /// Tokens that the sender declares to mean "no value" in a column, by our header or its own, in lower case.
    pub(crate) fn missing(&self, header: &str, delivered: &str) -> Vec<String> {
        let names = [canonical(header), canonical(delivered)];
        let tokens = self.ontbrekend.iter().filter(|(name, _)| names.contains(&canonical(name))).flat_map(|(_, tokens)| tokens);
        tokens.map(|token| token.text().to_lowercase()).collect()
    }

    /// True when the sender says that dates begin with the day or the year.
    pub(crate) fn declares_day_first(&self) -> bool {
        self.datumnotatie.as_ref().is_some_and(|notation| notation.trim().to_lowercase().starts_with(['d', 'j']))
    }
}
