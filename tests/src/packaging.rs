//! What is handed out: the archive runs on a machine without Rust, and everything inside may be handed out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::command::{Answer, answer, binary, key, root, scratch, spiegel_command};
use crate::tree::{assert_same, tree};

fn python(arguments: &[&str]) -> Answer {
    answer(Command::new("python3").args(arguments).current_dir(root()))
}

/// The unpacked archive.
fn unpacked() -> &'static PathBuf {
    static UNPACKED: OnceLock<PathBuf> = OnceLock::new();
    UNPACKED.get_or_init(|| {
        let folder = scratch("dist");
        let made = python(&["packaging/dist.py", "--program", binary().to_str().unwrap(), "--out", folder.to_str().unwrap()]).expect_code(0);
        let file = made.stdout.trim_start_matches("dist: ").split(" (").next().unwrap().to_owned();
        answer(Command::new("tar").args(["-xzf", &file, "-C", folder.to_str().unwrap()])).expect_code(0);
        PathBuf::from(file.trim_end_matches(".tar.gz"))
    })
}

/// A command without anything of this machine: no home, no path to a toolchain, no other variable.
fn bare(program: &Path, folder: &Path, arguments: &[&str]) -> Answer {
    answer(Command::new(program).args(arguments).env_clear().env("PATH", "/usr/bin:/bin").current_dir(folder))
}

#[test]
fn the_archive_makes_a_year_from_any_folder_with_the_same_bytes() {
    let program = unpacked().join("bin/spiegel");
    let empty = scratch("dist-empty");
    bare(&program, &empty, &["sample", "--providers", "5", "--years", "1", "--first-year", "2025", "--out", "country"]).expect_code(0);
    bare(&program, &empty, &["key", "--out", "country.key"]).expect_code(0);
    let year = |batch: &'static str| ["year", "pipelines/kibg/years/2025.toml", "--inbox", "country/inbox", "--batch", batch, "--key", "country.key"];
    let made = bare(&program, &empty, &year("batch"));
    assert!(matches!(made.code, Some(0 | 10)), "{}", made.stderr);
    assert!(empty.join("batch/overzicht.html").is_file());
    // The program that was built, with the definitions where they are.
    let absolute = |name: &str| empty.join(name).display().to_string();
    let (inbox, batch, own_key) = (absolute("country/inbox"), absolute("other"), absolute("country.key"));
    answer(&mut spiegel_command(&["year", "pipelines/kibg/years/2025.toml", "--inbox", &inbox, "--batch", &batch, "--key", &own_key]));
    assert_same(&tree(&empty.join("batch")), &tree(&empty.join("other")), "the batch of the archive and that of the build");
    bare(&program, &empty, &["status", "--batch", "batch"]).expect_code(0);
    // Without its definitions it says what is not there.
    let alone = scratch("dist-alone");
    fs::copy(&program, alone.join("spiegel")).unwrap();
    let lost = bare(&alone.join("spiegel"), &alone, &["year", "pipelines/kibg/years/2025.toml", "--inbox", "i", "--batch", "b", "--key", key().to_str().unwrap()]).expect_code(2);
    assert!(lost.stderr.contains("pipelines/kibg/years/2025.toml") && lost.stderr.contains("SPIEGEL_HOME"), "{}", lost.stderr);
}

#[test]
fn the_archive_holds_manual_pages_completions_and_licences() {
    let folder = unpacked();
    let page = fs::read_to_string(folder.join("man/spiegel-year.1")).unwrap();
    assert!(page.contains("\\-\\-inbox") && page.contains("spiegel"), "{page}");
    for (file, words) in [("spiegel.bash", "_spiegel()"), ("_spiegel", "#compdef spiegel"), ("spiegel.fish", "complete -c spiegel")] {
        let text = fs::read_to_string(folder.join("completions").join(file)).unwrap();
        assert!(text.contains(words) && text.contains("trace"), "{file}");
    }
    answer(Command::new("bash").args(["-n", folder.join("completions/spiegel.bash").to_str().unwrap()])).expect_code(0);
    let bill: Value = serde_json::from_slice(&fs::read(folder.join("sbom.cdx.json")).unwrap()).unwrap();
    let components = bill["components"].as_array().unwrap();
    let list = fs::read_to_string(folder.join("licences/list.csv")).unwrap();
    for name in ["datafusion", "typst", "plotters", "zstd-sys"] {
        let one = components.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name}"));
        assert!(one["hashes"][0]["content"].as_str().unwrap().len() == 64 && !one["licenses"][0]["expression"].as_str().unwrap().is_empty());
        assert!(list.contains(&format!("\n{name},")), "{name}");
    }
    assert_eq!(bill["metadata"]["component"]["name"], "spiegel-cli");
    assert!(!components.iter().any(|one| one["name"] == "spiegel-tests"), "what only tests it is not shipped");
    let others = list.lines().count() - 1;
    assert!(others > 300 && fs::read_dir(folder.join("licences")).unwrap().count() * 10 > others * 9, "{others} packages, and a text for nearly all");
}

#[test]
fn the_archive_has_the_same_bytes_twice() {
    let again = scratch("dist-again");
    let made = python(&["packaging/dist.py", "--program", binary().to_str().unwrap(), "--out", again.to_str().unwrap()]).expect_code(0);
    let file = made.stdout.trim_start_matches("dist: ").split(" (").next().unwrap().to_owned();
    let first = unpacked().with_file_name(Path::new(&file).file_name().unwrap());
    assert!(fs::read(&file).unwrap() == fs::read(first).unwrap());
}

#[test]
fn a_licence_that_nobody_allowed_fails_the_check() {
    let told = python(&["packaging/dependencies.py", "check"]).expect_code(0);
    assert!(told.stdout.contains("all with a licence that is allowed"), "{}", told.stdout);
    let package = |name: &str, license: Value| {
        serde_json::json!({ "id": name, "name": name, "version": "1.0.0", "license": license, "source": "registry", "manifest_path": "x", "authors": [], "repository": null, "description": null })
    };
    let packages = [
        package("spiegel-cli", "MIT".into()),
        package("fine", "MIT/Apache-2.0".into()),
        package("choice", "GPL-3.0-only OR (MIT AND Zlib)".into()),
        package("strict", "GPL-3.0-only".into()),
        package("both", "MIT AND SSPL-1.0".into()),
        package("nothing", Value::Null),
        package("nonsense", "MIT AND".into()),
    ];
    let metadata = serde_json::json!({ "packages": packages, "resolve": { "nodes": [{ "id": "spiegel-cli", "deps": [] }] } });
    let file = scratch("licences").join("metadata.json");
    fs::write(&file, metadata.to_string()).unwrap();
    let told = python(&["packaging/dependencies.py", "check", "--metadata", file.to_str().unwrap()]).expect_code(1);
    let named: Vec<&str> = told.stderr.lines().map(|line| line.trim_start_matches("error: ").split(' ').next().unwrap()).collect();
    assert_eq!(named, ["strict", "both", "nothing", "nonsense"], "{}", told.stderr);
}

#[test]
fn the_page_of_settings_is_what_the_structs_say() {
    python(&["tests/settings-page.py", "--check"]).expect_code(0);
    let printed = answer(&mut spiegel_command(&["explain", "--settings"])).expect_code(0);
    assert_eq!(printed.stdout, fs::read_to_string(root().join("pipelines/settings.md")).unwrap());
    for setting in ["`trend_from`", "`pooled_years`", "`who_counts`", "`kicker`"] {
        assert!(printed.stdout.contains(setting), "{setting}");
    }
}
