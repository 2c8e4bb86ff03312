//! The attacks on a release (release specification, section 5) by somebody who knows everything, written apart from the product
//! (`release-attacks.py`), on the sample country and on a generated one; each beside a release on which it succeeds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::command::{Answer, KIBG_YEAR, KIBG_YEAR_BEFORE, answer, key, root, scratch, spiegel};
use crate::release::{copy, country, overlay};
use crate::release_readers::{lake, python};

/// What an attacker could know at most: every closed trajectory, exactly.
const EVERYTHING: &str = "SELECT closed.year, closed.provider_id, person.client_key, closed.diagnosis_group, closed.age_at_start, closed.sex, \
    COALESCE(closed.direct_minutes, 0) AS minutes, CAST(closed.end_date AS INT) - CAST(closed.start_date AS INT) AS days, closed.incomplete \
    FROM closed_trajectory AS closed JOIN client_trajectory AS person \
    ON person.year = closed.year AND person.provider_id = closed.provider_id AND person.trajectory_id = closed.trajectory_id \
    WHERE closed.year IN (2024, 2025)";

/// A release with what it was made from.
struct Released {
    folder: PathBuf,
    private: PathBuf,
    register: PathBuf,
    work: PathBuf,
    /// Released again after this, into the same lake.
    arguments: Vec<String>,
    batch: PathBuf,
}

impl Released {
    fn new(work: PathBuf, folder: PathBuf, batch: &Path, pipeline: &Path, arguments: Vec<String>) -> Self {
        let private = work.join("private.csv");
        let paths = [batch, pipeline, &private].map(|path| path.to_str().unwrap());
        spiegel(&["query", "--batch", paths[0], "--pipeline", paths[1], "--format", "csv", "--output", paths[2], EVERYTHING]).expect_code(0);
        Self { folder, private, register: batch.join("lake/.register/2025.csv"), work, arguments, batch: batch.to_owned() }
    }

    fn attack(&self, folder: &Path, register: &Path, more: &[&str]) -> Answer {
        answer(Command::new(python()).arg(root().join("tests/release-attacks.py")).args([folder, &self.private, register]).args(more))
    }

    /// Attacks that succeed.
    fn succeeding(&self, folder: &Path, register: &Path, more: &[&str]) -> (Vec<String>, String) {
        let said = self.attack(folder, register, more).expect_code(1).stdout;
        (said.lines().filter(|line| line.contains("SUCCEEDS")).filter_map(|line| line.split(' ').next()).map(str::to_owned).collect(), said)
    }
}

/// The generated country of three hundred providers.
fn generated() -> &'static Released {
    static RELEASED: OnceLock<Released> = OnceLock::new();
    RELEASED.get_or_init(|| {
        let lake = lake();
        let (country, _alone) = country();
        Released::new(scratch("attacks-generated"), lake.join("releases/1.0.0"), &country.batch, &country.pipeline, country.arguments(lake))
    })
}

/// The sample country in the repository. It is too small for the policy of the pipeline, which refuses it; here the limits on what is
/// withheld are taken away, so that what is left to see can be attacked.
fn sample() -> &'static Released {
    static RELEASED: OnceLock<Released> = OnceLock::new();
    RELEASED.get_or_init(|| {
        let work = scratch("attacks-sample");
        let pipeline = work.join("pipelines/kibg");
        copy(&root().join("pipelines/kibg"), &pipeline);
        let policy = pipeline.join("release/policy.toml");
        let text = fs::read_to_string(&policy).unwrap();
        let text = text.replace("rung = \"M\"", "rung = \"XS\"").replace("max_star_share = 0.02", "max_star_share = 1.0").replace("max_process_star_share = 0.10", "max_process_star_share = 1.0");
        fs::write(&policy, text).unwrap();
        let (inbox, batch, lake) = (root().join("sample-data/kibg/inbox"), work.join("batch"), work.join("lake"));
        for year in [KIBG_YEAR_BEFORE, KIBG_YEAR] {
            let year = work.join(year);
    let key = key().to_owned();
            let paths = [&year, &inbox, &batch, &key].map(|path| path.to_str().unwrap());
            let ingested = spiegel(&["ingest", paths[0], "--inbox", paths[1], "--batch", paths[2], "--key", paths[3], "--no-feedback"]);
            assert!(matches!(ingested.code, Some(0 | 10)), "{ingested:?}");
            spiegel(&["benchmark", paths[0], "--batch", paths[2]]).expect_code(0);
        }
        let (year, private) = (work.join(KIBG_YEAR), overlay(&work));
        let paths = [&year, &batch, &lake, &private].map(|path| path.to_str().unwrap());
        let arguments: Vec<String> = ["release", paths[0], "--batch", paths[1], "--release-dir", paths[2], "--private-policy", paths[3]].map(str::to_owned).into();
        spiegel(&arguments).expect_code(0);
        let verified = spiegel(&["verify", paths[2], "--batch", paths[1], "--pipeline", pipeline.to_str().unwrap(), "--private-policy", paths[3]]).expect_code(0);
        assert!(verified.stdout.contains("V22 passed") && verified.stdout.contains("V25 passed"), "{}", verified.stdout);
        Released::new(work, lake.join("releases/1.0.0"), &batch, &pipeline, arguments)
    })
}

const ATTACKS: [&str; 7] = ["linkage", "insider", "homogeneity", "minimality", "margins", "differencing", "forensics"];

fn withstands_all(released: &Released) {
    let said = released.attack(&released.folder, &released.register, &[]);
    for attack in ATTACKS {
        assert!(said.stdout.lines().any(|line| line.starts_with(attack) && line.contains("withstood")), "{attack}\n{said:?}");
    }
    said.expect_code(0);
}

#[test]
fn the_generated_country_withstands_every_attack() {
    withstands_all(generated());
}

#[test]
fn the_sample_country_withstands_every_attack() {
    withstands_all(sample());
}

fn each_attack_succeeds_on_what_is_broken(released: &Released) {
    // How it is broken, and which attack must see it; others may as well.
    let broken = [
        ("linkage", "linkage"),
        ("minimality", "minimality"),
        ("homogeneity", "homogeneity"),
        ("margins", "margins"),
        ("dictionary", "forensics"),
        ("metadata", "forensics"),
        ("order", "forensics"),
        ("identifier", "forensics"),
    ];
    for (how, attack) in broken {
        let into = released.work.join(how);
        released.attack(&released.folder, &released.register, &["--break", how, "--into", into.to_str().unwrap()]).expect_code(0);
        let (found, said) = released.succeeding(&into, &released.register, &[]);
        assert!(found.contains(&attack.to_owned()), "{how}:\n{said}");
        if attack == "forensics" {
            assert_eq!(found, ["forensics"], "{how}:\n{said}");
        }
    }
    // Three rows fewer, beside the release before.
    let other = released.work.join("margins");
    let (found, said) = released.succeeding(&released.folder, &released.register, &["--other", other.to_str().unwrap()]);
    assert_eq!(found, ["differencing"], "{said}");
    // All providers of one owner.
    let text = fs::read_to_string(&released.register).unwrap();
    let register = released.work.join("one-owner.csv");
    let mut owned = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let heads = owned.headers().unwrap().clone();
    let group = heads.iter().position(|head| head == "group_id").unwrap();
    let mut out = csv::Writer::from_path(&register).unwrap();
    out.write_record(&heads).unwrap();
    for row in owned.records().map(Result::unwrap) {
        out.write_record(row.iter().enumerate().map(|(at, cell)| if at == group { "94999999" } else { cell })).unwrap();
    }
    out.flush().unwrap();
    let (found, said) = released.succeeding(&released.folder, &register, &[]);
    assert!(found.contains(&"insider".to_owned()), "{said}");
}

#[test]
fn each_attack_succeeds_on_a_broken_release_of_the_generated_country() {
    each_attack_succeeds_on_what_is_broken(generated());
}

#[test]
fn each_attack_succeeds_on_a_broken_release_of_the_sample_country() {
    each_attack_succeeds_on_what_is_broken(sample());
}

/// A batch in which a few trajectories were corrected: with both releases, who has them would see those few.
fn a_small_correction_is_refused(released: &Released) {
    let batch = released.work.join("corrected");
    copy(&released.batch, &batch);
    let script = "import glob, pyarrow.parquet as parquet, sys\n\
        for file in sorted(glob.glob(sys.argv[1] + '/lake/trajectory/year=2025/*.parquet')):\n    rows = parquet.read_table(file)\n    \
        if rows.num_rows > 100:\n        parquet.write_table(rows.slice(0, rows.num_rows - 40), file)\n        break\n";
    answer(Command::new(python()).args(["-c", script]).arg(&batch)).expect_code(0);
    let mut arguments = released.arguments.clone();
    let at = arguments.iter().position(|one| one == "--batch").unwrap();
    arguments[at + 1] = batch.to_str().unwrap().to_owned();
    let said = spiegel(&arguments).expect_code(14);
    assert!(said.stderr.contains("refused by differencing_min") && said.stderr.contains("who has both sees those few"), "{}", said.stderr);
}

#[test]
fn a_small_correction_of_either_country_is_refused() {
    // Its own copy of the batch: nobody else works in that.
    a_small_correction_is_refused(generated());
    a_small_correction_is_refused(sample());
}
