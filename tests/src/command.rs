//! Runs the built `spiegel` as a user does, and makes the batches that many tests look at once per run.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use sha2::{Digest, Sha256};
use spiegel_model::{Receipt, Report};
use spiegel_sample::{Country, CountryOptions, Written};

/// The report year of the kibg batches, relative to [`definitions`].
pub(crate) const KIBG_YEAR: &str = "pipelines/kibg/years/2025.toml";
/// The year before it; only read, so that a report sees two years.
pub(crate) const KIBG_YEAR_BEFORE: &str = "pipelines/kibg/years/2024.toml";
/// The report year of the NHS batch.
pub(crate) const NHS_YEAR: &str = "pipelines/nhs-talking-therapies/years/2024.toml";
/// The same key in every run, so that pseudonyms and so bytes are the same.
const KEY: &str = "0707070707070707070707070707070707070707070707070707070707070707\n";

/// How a run of the command ended.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Exit code; None when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Data.
    pub(crate) stdout: String,
    /// Talk.
    pub(crate) stderr: String,
}

impl Answer {
    /// The answer itself when it ended with this code; otherwise the test fails with what was said.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// Root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Folder of the build, `target/debug`: this program lies in its folder `deps`.
fn build_folder() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    program.parent().and_then(Path::parent).unwrap().to_owned()
}

/// The built `spiegel`.
pub(crate) fn binary() -> PathBuf {
    let binary = build_folder().join("spiegel");
    assert!(binary.is_file(), "{} is not built; run `cargo build --workspace` first (`make test` does)", binary.display());
    binary
}

/// The pipelines and report templates as they were when the run began: who edits one while the tests run changes no batch.
pub(crate) fn definitions() -> &'static Path {
    static DEFINITIONS: OnceLock<PathBuf> = OnceLock::new();
    DEFINITIONS.get_or_init(|| {
        let folder = scratch("definitions");
        for name in ["pipelines", "report-templates"] {
            crate::tree::copy(&root().join(name), &folder.join(name));
        }
        folder
    })
}

/// A command line of `spiegel`, in the folder of the definitions.
pub(crate) fn spiegel_command<Part: AsRef<OsStr>>(arguments: &[Part]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).current_dir(definitions()).env_remove("SPIEGEL_KEY_FILE").env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// Runs `spiegel` to its end.
pub(crate) fn spiegel<Part: AsRef<OsStr>>(arguments: &[Part]) -> Answer {
    answer(&mut spiegel_command(arguments))
}

/// Runs a command to its end.
pub(crate) fn answer(command: &mut Command) -> Answer {
    let output = command.output().unwrap();
    Answer {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Output of a tool that `make deps` installs. A test without its tool fails: skipped checks are forgotten checks.
#[track_caller]
pub(crate) fn tool(name: &str, arguments: &[&OsStr]) -> Answer {
    let installed = Command::new(name).args(arguments).stdin(Stdio::null()).output();
    let output = installed.unwrap_or_else(|error| {
        panic!("cannot run {name} ({error}); `make deps` installs it (apt-get install poppler-utils qpdf)")
    });
    Answer {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A folder of this test run; removed by the next run when this process is gone.
pub(crate) fn scratch(name: &str) -> PathBuf {
    static RUN: OnceLock<PathBuf> = OnceLock::new();
    let run = RUN.get_or_init(|| {
        let all = build_folder().join("spiegel-tests");
        fs::create_dir_all(&all).unwrap();
        for entry in fs::read_dir(&all).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let gone = name.strip_prefix("run-").is_some_and(|process| !Path::new("/proc").join(process).exists());
            if gone {
                // Another run may be removing the same folder.
                _ = fs::remove_dir_all(entry.path());
            }
        }
        let run = all.join(format!("run-{}", std::process::id()));
        fs::create_dir_all(&run).unwrap();
        run
    });
    let folder = run.join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The key file of this run.
pub(crate) fn key() -> &'static Path {
    static KEY_FILE: OnceLock<PathBuf> = OnceLock::new();
    KEY_FILE.get_or_init(|| {
        let file = scratch("key").join("country.key");
        fs::write(&file, KEY).unwrap();
        file
    })
}

/// The small fictional country: 24 providers, 2024 and 2025.
pub(crate) fn country() -> &'static (PathBuf, Written) {
    static COUNTRY: OnceLock<(PathBuf, Written)> = OnceLock::new();
    COUNTRY.get_or_init(|| {
        let folder = scratch("country");
        let options = CountryOptions { providers: 24, first_year: 2024, years: 2, seed: 7, dirty: false };
        let written = Country::new(options).write(&folder).unwrap();
        (folder, written)
    })
}

/// Arguments of a kibg verb on the small country.
pub(crate) fn kibg_arguments(verb: &str, year: &str, batch: &Path) -> Vec<String> {
    let inbox = country().0.join("inbox");
    [verb, year, "--inbox", inbox.to_str().unwrap(), "--batch", batch.to_str().unwrap(), "--key", key().to_str().unwrap()]
        .map(str::to_owned)
        .into()
}

/// The batch of the small country: 2024 read, 2025 with reports. Tests only look at it.
pub(crate) fn kibg() -> &'static Path {
    static BATCH: OnceLock<PathBuf> = OnceLock::new();
    BATCH.get_or_init(|| {
        let batch = scratch("kibg");
        spiegel(&kibg_arguments("ingest", KIBG_YEAR_BEFORE, &batch)).expect_code(0);
        spiegel(&kibg_arguments("year", KIBG_YEAR, &batch)).expect_code(0);
        batch
    })
}

/// The batch of the real NHS data, all 147 reports. It takes a minute and is the same for the same program, so it is kept
/// between runs under the hash of the program; `spiegel year` brings it up to date with pipeline and templates.
pub(crate) fn nhs() -> &'static Path {
    static BATCH: OnceLock<PathBuf> = OnceLock::new();
    BATCH.get_or_init(|| {
        let all = scratch("").parent().unwrap().to_owned();
        // One test process at a time; the others find it finished.
        let lock = File::create(all.join("nhs.lock")).unwrap();
        lock.lock().unwrap();
        let kept = format!("nhs-{}", hash_of(&binary()));
        for entry in fs::read_dir(&all).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("nhs-") && name != kept {
                _ = fs::remove_dir_all(entry.path());
            }
        }
        let batch = all.join(kept);
        let inbox = root().join("sample-data/nhs-talking-therapies");
        spiegel(&["year", NHS_YEAR, "--inbox", inbox.to_str().unwrap(), "--batch", batch.to_str().unwrap()]).expect_code(0);
        batch
    })
}

/// Twelve hexadecimal digits over a file.
fn hash_of(file: &Path) -> String {
    let mut hash = Sha256::new();
    let mut file = File::open(file).unwrap();
    let mut part = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut part).unwrap();
        if read == 0 {
            break;
        }
        hash.update(&part[..read]);
    }
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// One finished report of a batch.
pub(crate) struct Made {
    /// Provider id.
    pub(crate) provider: String,
    /// Folder of this version of the report.
    pub(crate) folder: PathBuf,
    /// The PDF.
    pub(crate) pdf: PathBuf,
    /// `report.json` as text.
    pub(crate) json: String,
    /// `report.json` as the struct it came from.
    pub(crate) report: Report,
}

/// All reports of a year of a batch, by provider; that of the small providers together at the end.
pub(crate) fn reports(batch: &Path, year: &str) -> Vec<Made> {
    let mut made = Vec::new();
    let run: Value = serde_json::from_slice(&fs::read(batch.join("run.json")).unwrap()).unwrap();
    let group = run["years"][year]["group"].clone();
    for (provider, state) in providers(batch, year).into_iter().chain([("groep".to_owned(), group)]) {
        if state["report"]["state"] != "made" {
            continue;
        }
        let pdf = batch.join(state["report"]["file"].as_str().unwrap());
        let folder = pdf.parent().unwrap().to_owned();
        let json = fs::read_to_string(folder.join("report.json")).unwrap();
        let report = serde_json::from_str(&json).unwrap();
        made.push(Made { provider, folder, pdf, json, report });
    }
    made
}

/// The reports of both shared batches.
pub(crate) fn all_reports() -> &'static [Made] {
    static REPORTS: OnceLock<Vec<Made>> = OnceLock::new();
    REPORTS.get_or_init(|| reports(kibg(), "2025").into_iter().chain(reports(nhs(), "2024")).collect())
}

/// Providers of a year as `run.json` has them, by id.
pub(crate) fn providers(batch: &Path, year: &str) -> Vec<(String, Value)> {
    let run: Value = serde_json::from_slice(&fs::read(batch.join("run.json")).unwrap()).unwrap();
    let providers = run["years"][year]["providers"].as_object().unwrap();
    providers.iter().map(|(id, state)| (id.clone(), state.clone())).collect()
}

/// The receipts of a batch with their folders, by folder.
pub(crate) fn receipts(batch: &Path) -> Vec<(PathBuf, Receipt)> {
    let mut found = Vec::new();
    for provider in fs::read_dir(batch.join("receipts")).unwrap().flatten() {
        for submission in fs::read_dir(provider.path()).unwrap().flatten() {
            let receipt = fs::read(submission.path().join("ontvangst.json")).unwrap();
            found.push((submission.path(), serde_json::from_slice(&receipt).unwrap()));
        }
    }
    found.sort_by(|left, right| left.0.cmp(&right.0));
    found
}

/// Rows of `spiegel query`, each by column; empty text for NULL.
pub(crate) fn query(batch: &Path, pipeline: &str, sql: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let pipeline = definitions().join("pipelines").join(pipeline);
    let arguments =
        ["query", "--batch", batch.to_str().unwrap(), "--pipeline", pipeline.to_str().unwrap(), "--format", "csv", sql];
    let answer = spiegel(&arguments).expect_code(0);
    rows(answer.stdout.as_bytes())
}

/// Rows of a CSV text with a header, each by column.
pub(crate) fn rows(text: &[u8]) -> Vec<std::collections::BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text);
    reader.deserialize().map(|row| row.unwrap()).collect()
}
