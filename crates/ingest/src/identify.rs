//! Whose submission lies at a path, for a check before it is sent: by its name, or else by its manifest.

use std::path::Path;

use serde::Deserialize;
use spiegel_model::{Delivery, RuleSet};

use crate::container;
use crate::discover::named;
use crate::findings::Findings;
use crate::manifest::MANIFEST;

/// What a submission says about itself; what it does not say is None.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// Provider id.
    pub provider_id: Option<String>,
    /// Reporting year.
    pub year: Option<i32>,
    /// Sequence number.
    pub sequence: Option<u32>,
}

/// The part of a manifest that says whose it is.
#[derive(Deserialize, Default)]
struct Declared {
    agb: Option<String>,
    verslagjaar: Option<i32>,
    volgnummer: Option<u32>,
}

/// Reads whose submission this is from its name, and from `aanlevering.toml` what the name does not say.
#[must_use]
pub fn identify(path: &Path, delivery: &Delivery) -> Identity {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = if path.is_dir() { name.as_str() } else { name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem) };
    if let Some((provider_id, year, sequence)) = named(stem, delivery) {
        return Identity { provider_id: Some(provider_id), year, sequence: Some(sequence) };
    }
    let declared = manifest(path, &name).unwrap_or_default();
    Identity { provider_id: declared.agb, year: declared.verslagjaar, sequence: declared.volgnummer }
}

/// The manifest of a folder or zip. What is wrong with either is told when it is read as a submission.
fn manifest(path: &Path, name: &str) -> Option<Declared> {
    let no_rules = RuleSet::default();
    let files = container::unpack(container::read(path, ""), name, &mut Findings::new(&no_rules));
    let file = files.iter().find(|file| file.name.rsplit('/').next().is_some_and(|base| base.eq_ignore_ascii_case(MANIFEST)))?;
    let text = std::str::from_utf8(&file.bytes).ok()?;
    toml::from_str(text.trim_start_matches('\u{feff}')).ok()
}
