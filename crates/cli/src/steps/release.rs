//! Release: what `query` selects of a batch goes to `release`, which makes it safe or refuses. And the verification of a release.

use std::collections::BTreeSet;
use std::path::Path;

use spiegel_query::{Engine, Pipeline, load_year, release_distributions, release_trajectories};
use spiegel_release::record::Records;
use spiegel_release::tables::distribution_rows;
use spiegel_release::verify::{PrivateTruth, locate, private, verify as verify_public};
use spiegel_release::{Policy, ReleaseOptions, YearInput, ladder_table, publish, read_overlay};

use super::{Workplace, benchmark, checks, register};
use crate::arguments::{Common, Release, TableFormat, Verify};
use crate::batch::{Members, folders};
use crate::exit::{Outcome, Usage};
use crate::talk::{self, Progress};

/// The policy of a pipeline lies in this folder of it.
const FOLDER: &str = "release";

/// What a release is made from.
struct Gathered {
    years: Vec<YearInput>,
    /// SHA-256 of the submissions.
    submissions: Vec<String>,
    /// Names of registered providers.
    names: Vec<String>,
}

/// `spiegel release`.
pub(crate) fn release(arguments: &Release) -> anyhow::Result<Outcome> {
    let mut workplace = Workplace::open(&arguments.common)?;
    let pipeline = workplace.pipeline()?;
    let policy = Policy::load(&pipeline.directory.join(FOLDER))?;
    let Some(overlay) = &arguments.private_policy else {
        return Err(Usage("give --private-policy FILE: the parameters of the concentration rule and the key of the digest are never in the repository".to_owned()).into());
    };
    let overlay = read_overlay(overlay)?;
    let version = arguments.version.as_deref().map(str::parse).transpose()?;
    let released_on = workplace.year.issued;
    let years = if arguments.years.is_empty() { years_with_results(&workplace)? } else { arguments.years.clone() };
    let gathered = gather(&mut workplace, &pipeline, &policy, &years)?;
    let options = ReleaseOptions {
        policy: &policy,
        overlay: &overlay,
        directory: &arguments.release_dir,
        version,
        released_on,
        program: env!("CARGO_PKG_VERSION"),
        submissions: &gathered.submissions,
    };
    let published = publish(&gathered.years, &options)?;
    for year in &published.privacy.years {
        talk::line(&format!("year       {}: {} rows in {} classes, the smallest of {} clients", year.year, year.rows, year.classes, year.min_clients));
        talk::line(&ladder_table(&year.ladder));
    }
    let what = if published.is_new { "verified and published" } else { "unchanged" };
    talk::line(&format!("release    {} {what}: {}", published.version, published.folder.display()));
    Ok(Outcome::Done)
}

/// `spiegel verify`.
pub(crate) fn verify(arguments: &Verify) -> anyhow::Result<Outcome> {
    let (folder, mut checks) = verify_public(&arguments.release)?;
    if let Some(batch) = &arguments.batch {
        let (_, directory) = locate(&arguments.release)?;
        talk::line(&format!("verify     {} of {} against {}", folder.display(), directory.display(), batch.display()));
        let years = spiegel_release::verify::years(&folder)?;
        let Some(last) = years.last() else { return Err(Usage(format!("{} holds no year", folder.display())).into()) };
        let year = arguments.pipeline.join("years").join(format!("{last}.toml"));
        if !batch.is_dir() {
            return Err(Usage(format!("there is no batch {}", batch.display())).into());
        }
        let mut workplace = Workplace::open(&Common { year, batch: batch.clone(), threads: arguments.threads })?;
        let pipeline = workplace.pipeline()?;
        let policy = Policy::load(&pipeline.directory.join(FOLDER))?;
        let overlay = arguments.private_policy.as_deref().map(read_overlay).transpose()?;
        let gathered = gather(&mut workplace, &pipeline, &policy, &years)?;
        let truth = PrivateTruth { years: &gathered.years, policy: &policy, overlay: overlay.as_ref(), names: &gathered.names };
        checks.extend(private(&folder, &truth)?);
    }
    match arguments.format {
        TableFormat::Json => talk::data(&format!("{}\n", serde_json::to_string_pretty(&checks)?))?,
        TableFormat::Table => {
            for check in &checks {
                talk::data(&spiegel_release::verify::line(check))?;
            }
        }
    }
    Ok(if spiegel_release::verify::holds(&checks) { Outcome::Done } else { Outcome::VerificationFailed })
}

/// Years of the batch with results, up to that of the year file.
fn years_with_results(workplace: &Workplace) -> anyhow::Result<Vec<i32>> {
    let folders = folders(&workplace.batch.root().join("results"))?;
    let years = folders.iter().filter_map(|folder| folder.file_name()?.to_str()?.parse().ok());
    Ok(years.filter(|year| *year <= workplace.year.year).collect())
}

/// Selects the years of a release. The workplace is then that of the last one.
fn gather(workplace: &mut Workplace, pipeline: &Pipeline, policy: &Policy, years: &[i32]) -> anyhow::Result<Gathered> {
    let mut gathered = Gathered { years: Vec::new(), submissions: Vec::new(), names: Vec::new() };
    if years.is_empty() {
        return Err(Usage(format!("{} has no results yet; run `spiegel benchmark` first", workplace.batch.root().display())).into());
    }
    let progress = Progress::start("select", years.len());
    let engine = Engine::open(&workplace.batch.lake(), pipeline, workplace.threads)?;
    let mut names = BTreeSet::new();
    for year in years {
        workplace.year_file = pipeline.directory.join("years").join(format!("{year}.toml"));
        workplace.year = load_year(&workplace.year_file)?;
        if !benchmark::is_up_to_date(workplace, pipeline)? {
            let file = workplace.year_file.display();
            let message = format!("the results of {year} are not those of what the batch holds now; run `spiegel benchmark {file}` first, so that reports and release agree");
            return Err(Usage(message).into());
        }
        let (register, _) = register(workplace, pipeline)?;
        let held: BTreeSet<String> = checks::held(workplace.batch.root(), *year)?.into_keys().collect();
        let file = Path::new(FOLDER).join(&policy.spec.trajectories).display().to_string();
        let rows = release_trajectories(&engine, pipeline, &register, &workplace.year, &file)?;
        let records = Records::from_batches(&file, *year, &rows, &held)?;
        drop(rows);
        names.extend(records.providers.iter().map(|provider| register.name_of(provider).to_owned()));
        let distributions = release_distributions(&engine, &workplace.batch.results(*year), *year)?;
        let distributions = distribution_rows(*year, &distributions, &policy.spec.distributions)?;
        gathered.submissions.extend(Members::load(workplace.batch.root(), *year)?.parts().into_iter().map(|part| part.sha256));
        gathered.years.push(YearInput { records, distributions });
        progress.advance();
    }
    gathered.names = names.into_iter().collect();
    progress.end(&format!("{} years", gathered.years.len()));
    Ok(gathered)
}
