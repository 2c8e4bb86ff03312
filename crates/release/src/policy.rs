//! Reads and checks the policy of a release and its private overlay.

use std::fs;
use std::path::{Path, PathBuf};

use spiegel_model::{Node, PrivateOverlay, PublicPolicy, ReleasePolicy};

use crate::Error;
use crate::hierarchy::{DIAGNOSES, Dimension, Hierarchies};
use crate::record::{Answer, RomCategory};
use crate::sha256;

/// Version of the format of the policy file.
const SCHEMA: &str = "kibg-lake-policy/1";
/// Sensitive columns and their codes.
pub const SENSITIVE: [&str; 3] = ["incomplete", "back_in_care", "rom_category"];
/// Columns by which the table `measures` may be split.
pub const MEASURE_DIMENSIONS: [&str; 5] = ["provider_class", "region", "diagnosis_group", "age_band", "sex"];

/// A policy that was read and checked.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Folder that it stands in; other files of a release are named from here.
    pub folder: PathBuf,
    /// Its settings.
    pub spec: ReleasePolicy,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The pinned node.
    pub node: Node,
    /// Its hierarchies.
    pub hierarchies: Hierarchies,
}

impl Policy {
    /// Reads `policy.toml` in `folder`.
    ///
    /// # Errors
    /// [`Error::Policy`] with all mistakes.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        let file = folder.join("policy.toml");
        let text = fs::read_to_string(&file).map_err(|error| Error::policy(&file.display().to_string(), error.to_string()))?;
        Self::parse(folder, &text)
    }

    /// The policy in `text`, as if it stood in `folder`.
    ///
    /// # Errors
    /// [`Error::Policy`] with all mistakes.
    pub fn parse(folder: &Path, text: &str) -> Result<Self, Error> {
        let name = folder.join("policy.toml").display().to_string();
        let spec: ReleasePolicy = toml::from_str(text).map_err(|error| Error::policy(&name, spiegel_model::toml_message(&error)))?;
        let mistakes = mistakes(&spec);
        let Some(pinned) = spec.pinned().map(|rung| rung.node).filter(|_| mistakes.is_empty()) else {
            return Err(Error::Policy { file: name, mistakes });
        };
        let hierarchies = Hierarchies::new(&spec);
        Ok(Self { folder: folder.to_owned(), sha256: sha256(text.as_bytes()), node: pinned, hierarchies, spec })
    }

    /// What may be told of it.
    #[must_use]
    pub fn public(&self) -> PublicPolicy {
        let spec = &self.spec;
        PublicPolicy {
            sha256: self.sha256.clone(),
            rung: spec.rung.clone(),
            node: self.node,
            k_clients: spec.k_clients,
            min_provider_groups: spec.min_provider_groups,
            insider_rest_rows: spec.insider_rest_rows,
            insider_rest_groups: spec.insider_rest_groups,
            l_distinct: spec.l_distinct.clone(),
            alpha: spec.alpha,
            sensitive_values: spec.sensitive_values.clone(),
            unknown_values: spec.unknown_values.clone(),
            max_star_share: spec.max_star_share,
            max_process_star_share: spec.max_process_star_share,
            aggregate_min_clients: spec.aggregate_min_clients,
            aggregate_min_provider_groups: spec.aggregate_min_provider_groups,
            round_base: spec.round_base,
            quantile_tail_providers: spec.quantile_tail_providers,
            differencing_min: spec.differencing_min,
            concentration_rule: true,
        }
    }
}

/// Codes of a sensitive column; none when there is no such column.
#[must_use]
pub fn sensitive_codes(column: &str) -> Vec<&'static str> {
    match column {
        "incomplete" | "back_in_care" => Answer::ALL.iter().map(|answer| answer.code()).collect(),
        "rom_category" => RomCategory::ALL.iter().map(|category| category.code()).collect(),
        _ => Vec::new(),
    }
}

fn mistakes(spec: &ReleasePolicy) -> Vec<String> {
    let mut mistakes = Vec::new();
    let mut needs = |holds: bool, mistake: String| {
        if !holds {
            mistakes.push(mistake);
        }
    };
    needs(spec.schema == SCHEMA, format!("`schema` must be {SCHEMA}"));
    // Lower numbers would be another promise than the texts of a release make.
    needs(spec.k_clients >= 10, "`k_clients` must be at least 10".to_owned());
    needs(spec.min_provider_groups >= 3, "`min_provider_groups` must be at least 3".to_owned());
    needs(spec.insider_rest_rows >= 1 && spec.insider_rest_groups >= 2, "an insider must leave rows of at least 2 other groups".to_owned());
    needs(spec.aggregate_min_clients >= 10 && spec.aggregate_min_provider_groups >= 3, "a cell needs at least 10 clients and 3 groups".to_owned());
    needs(spec.alpha > 0.0 && spec.alpha < 1.0, "`alpha` must lie between 0 and 1".to_owned());
    for (name, share) in [("max_star_share", spec.max_star_share), ("max_process_star_share", spec.max_process_star_share)] {
        needs((0.0..=1.0).contains(&share), format!("`{name}` must lie between 0 and 1"));
    }
    needs(spec.round_base >= 1, "`round_base` must be at least 1".to_owned());
    let sensitive = spec.sensitive_values.iter().chain(&spec.unknown_values);
    for (column, values) in sensitive {
        let codes = sensitive_codes(column);
        needs(!codes.is_empty(), format!("`{column}` is no sensitive column; there are {}", SENSITIVE.join(", ")));
        for value in values.iter().filter(|value| !codes.is_empty() && !codes.contains(&value.as_str())) {
            needs(false, format!("`{value}` is no code of `{column}`; there are {}", codes.join(", ")));
        }
    }
    for column in spec.l_distinct.keys() {
        needs(SENSITIVE.contains(&column.as_str()), format!("`{column}` is no sensitive column; there are {}", SENSITIVE.join(", ")));
    }
    needs(spec.pinned().is_some(), format!("the ladder has no rung `{}`", spec.rung));
    for rung in &spec.ladder {
        for dimension in Dimension::ALL {
            let (level, levels) = (dimension.level(rung.node), dimension.levels());
            needs(level < levels, format!("rung {}: `{}` has levels 0 to {}", rung.id, dimension.column(), levels - 1));
        }
        // Records hold exact ages, minutes and days; those never leave.
        needs(rung.node.age >= 1, format!("rung {}: ages are released as bands (level 1 or higher)", rung.id));
    }
    let known = |group: &String| DIAGNOSES.contains(&group.as_str()) && group != "overig" && group != "onbekend";
    for group in spec.diagnosis.level_1.iter().filter(|group| !known(group)) {
        needs(false, format!("`{group}` is no main group of diagnosis"));
    }
    for group in spec.diagnosis.level_2.iter().filter(|group| !spec.diagnosis.level_1.contains(group)) {
        needs(false, format!("`{group}` is kept on level 2 and not on level 1: levels must nest"));
    }
    for set in &spec.dimension_sets {
        for column in set.columns.iter().filter(|column| !MEASURE_DIMENSIONS.contains(&column.as_str())) {
            needs(false, format!("dimension set `{}`: no column `{column}`; there are {}", set.id, MEASURE_DIMENSIONS.join(", ")));
        }
    }
    mistakes
}

/// Reads the private overlay.
///
/// # Errors
/// [`Error::Usage`] when it is not there or wrong; the message never holds its values.
pub fn read_overlay(file: &Path) -> Result<PrivateOverlay, Error> {
    let name = file.display();
    let text = fs::read_to_string(file).map_err(|error| Error::Usage(format!("private policy {name}: {error}")))?;
    // The parser quotes the line, which may hold the key.
    let overlay: PrivateOverlay =
        toml::from_str(&text).map_err(|_| Error::Usage(format!("private policy {name}: expected `p_percent = <number>` and `hmac_key = \"<hexadecimal digits>\"`")))?;
    if !(overlay.p_percent > 0.0 && overlay.p_percent <= 100.0) {
        return Err(Error::Usage(format!("private policy {name}: `p_percent` must be above 0 and at most 100")));
    }
    let digits = overlay.hmac_key.trim();
    if digits.len() < 64 || !digits.len().is_multiple_of(2) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(Error::Usage(format!("private policy {name}: `hmac_key` must be at least 64 hexadecimal digits, an even number")));
    }
    Ok(overlay)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = include_str!("../../../pipelines/kibg/release/policy.toml");

    #[test]
    fn the_policy_of_the_pipeline_is_right_and_a_wrong_one_names_every_mistake() {
        let policy = Policy::parse(Path::new("release"), TEXT).unwrap();
        assert_eq!((policy.spec.k_clients, policy.node.minutes), (12, 1));
        let wrong = TEXT.replace("k_clients = 12", "k_clients = 5").replace("rung = \"M\"", "rung = \"Q\"").replace("age = 2", "age = 0");
        let Err(Error::Policy { mistakes, .. }) = Policy::parse(Path::new("release"), &wrong) else { panic!("it was accepted") };
        for word in ["k_clients", "no rung `Q`", "released as bands"] {
            assert!(mistakes.iter().any(|mistake| mistake.contains(word)), "{word} is not among {mistakes:?}");
        }
        assert!(Policy::parse(Path::new("release"), &format!("p_percent = 10\n{TEXT}")).is_err(), "p is no part of a public file");
    }

    #[test]
    fn an_overlay_is_never_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("private.toml");
        std::fs::write(&file, "p_percent = 12\nhmac_key = \"0123secret\"\n").unwrap();
        let message = read_overlay(&file).unwrap_err().to_string();
        assert!(message.contains("hexadecimal") && !message.contains("secret"), "{message}");
        std::fs::write(&file, format!("p_percent = 12\nhmac_key = \"{}\"\n", "ab".repeat(32))).unwrap();
        let overlay = read_overlay(&file).unwrap();
        assert_eq!(format!("{overlay:?}"), "PrivateOverlay(…)");
    }
}
