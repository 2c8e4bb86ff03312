//! The direction of dependencies (architecture, section 3): who may use whom is a table here and nowhere else.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::command::{answer, root};

/// Every crate of the workspace and the crates of the workspace it may use.
const MAY_USE: [(&str, &[&str]); 9] = [
    ("spiegel-model", &[]),
    ("spiegel-stats", &[]),
    ("spiegel-ingest", &["spiegel-model"]),
    ("spiegel-query", &["spiegel-model", "spiegel-stats"]),
    ("spiegel-release", &["spiegel-model"]),
    ("spiegel-render", &["spiegel-model"]),
    ("spiegel-sample", &["spiegel-model"]),
    (
        "spiegel-cli",
        &["spiegel-model", "spiegel-stats", "spiegel-ingest", "spiegel-query", "spiegel-release", "spiegel-render", "spiegel-sample"],
    ),
    (
        "spiegel-tests",
        &["spiegel-model", "spiegel-stats", "spiegel-ingest", "spiegel-query", "spiegel-release", "spiegel-render", "spiegel-sample"],
    ),
];

/// Libraries that one crate only may use directly.
fn only_user(library: &str) -> Option<&'static str> {
    match library {
        _ if library.starts_with("datafusion") => Some("spiegel-query"),
        _ if library.starts_with("plotters") || library.starts_with("typst") => Some("spiegel-render"),
        "comemo" | "rayon" => Some("spiegel-render"),
        "clap" | "anyhow" | "indicatif" => Some("spiegel-cli"),
        _ => None,
    }
}

/// Direct dependencies of each crate of the workspace, those for its tests included.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--no-deps", "--format-version", "1", "--offline"]).current_dir(root());
    let metadata: Value = serde_json::from_str(&answer(&mut command).expect_code(0).stdout).unwrap();
    let names = |package: &Value| {
        let listed = package["dependencies"].as_array().unwrap();
        listed.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(|package| (package["name"].as_str().unwrap().to_owned(), names(package))).collect()
}

#[test]
fn the_workspace_has_these_crates_and_no_other() {
    let found = dependencies();
    let expected: BTreeSet<&str> = MAY_USE.iter().map(|(name, _)| *name).collect();
    assert_eq!(found.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected);
}

#[test]
fn crates_use_only_what_lies_below_them() {
    let found = dependencies();
    for (name, allowed) in MAY_USE {
        for used in found[name].iter().filter(|used| used.starts_with("spiegel-")) {
            assert!(allowed.contains(&used.as_str()), "{name} may not use {used}");
        }
    }
}

#[test]
fn the_four_workers_never_use_one_another() {
    let workers = ["spiegel-ingest", "spiegel-query", "spiegel-release", "spiegel-render"];
    let found = dependencies();
    for one in workers {
        for other in workers {
            assert!(!found[one].contains(other), "{one} uses {other}");
        }
    }
    for (name, used) in &found {
        assert!(!used.contains("spiegel-cli"), "{name} uses the command");
        let may_sample = ["spiegel-cli", "spiegel-tests"].contains(&name.as_str());
        assert!(may_sample || !used.contains("spiegel-sample"), "{name} uses made-up data");
    }
}

#[test]
fn heavy_libraries_have_one_user() {
    for (name, used) in dependencies() {
        for library in used {
            if let Some(owner) = only_user(&library) {
                assert_eq!(name, owner, "{library} belongs to {owner}");
            }
        }
    }
}

#[test]
fn model_knows_no_table_format_and_statistics_no_data_at_all() {
    let found = dependencies();
    for name in ["spiegel-model", "spiegel-stats"] {
        for library in &found[name] {
            let is_data = ["arrow", "parquet", "datafusion", "csv", "zip"].iter().any(|data| library.starts_with(data));
            assert!(!is_data, "{name} uses {library}");
        }
    }
    assert!(!found["spiegel-stats"].contains("serde"), "statistics takes slices and returns numbers");
}
