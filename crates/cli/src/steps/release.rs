//! Release: what `query` selects of a batch goes to `release`, which makes it safe or refuses. And the verification of a release.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use spiegel_query::{Engine, Pipeline, ReleaseStore, load_year, release_distributions, release_trajectories};
use spiegel_release::record::Records;
use spiegel_release::tables::distribution_rows;
use spiegel_release::verify::{PrivateTruth, locate, private, verify as verify_public};
use spiegel_release::{Policy, ReleaseOptions, Version, WithdrawOptions, YearInput, ladder_table, publish, read_overlay, rehearsal_table, rehearse};

use super::{Workplace, benchmark, checks, register};
use crate::arguments::{Common, Release, TableFormat, Verify, Withdraw};
use crate::batch::{Members, folders};
use crate::exit::{Outcome, Usage};
use crate::releases::Releases;
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
    let overlay = arguments.private_policy.as_deref().map(read_overlay).transpose()?;
    let Some(place) = &arguments.release_dir else {
        let gathered = gather(&mut workplace, &pipeline, &policy, &arguments.years, Results::NotNeeded)?;
        let rehearsals = gathered.years.iter().map(|year| Ok((year.records.year, rehearse(&year.records, &policy, overlay.as_ref())?)));
        talk::data(&rehearsal_table(&rehearsals.collect::<anyhow::Result<Vec<_>>>()?))?;
        return Ok(Outcome::Done);
    };
    let Some(overlay) = overlay else {
        return Err(Usage("give --private-policy FILE: the parameters of the concentration rule and the key of the digest are never in the repository".to_owned()).into());
    };
    let version = arguments.version.as_deref().map(str::parse).transpose()?;
    let released_on = workplace.year.issued;
    let here = Releases::open(place)?.here()?;
    let years = if arguments.years.is_empty() { years_with_results(&workplace)? } else { arguments.years.clone() };
    let gathered = gather(&mut workplace, &pipeline, &policy, &years, Results::UpToDate)?;
    let options = ReleaseOptions {
        policy: &policy,
        overlay: &overlay,
        directory: &here.folder,
        version,
        released_on,
        program: env!("CARGO_PKG_VERSION"),
        submissions: &gathered.submissions,
        archive: arguments.archive.as_deref(),
    };
    let published = publish(&gathered.years, &options)?;
    if published.is_new {
        here.publish(&published.version.to_string())?;
    }
    for year in &published.privacy.years {
        talk::line(&format!("year       {}: {} rows in {} classes, the smallest of {} clients", year.year, year.rows, year.classes, year.min_clients));
        talk::line(&ladder_table(&year.ladder));
    }
    let what = if published.is_new { "verified and published" } else { "unchanged" };
    talk::line(&format!("release    {} {what}: {}", published.version, here.name_of(&published.folder)));
    Ok(Outcome::Done)
}

/// `spiegel withdraw`.
pub(crate) fn withdraw(arguments: &Withdraw) -> anyhow::Result<Outcome> {
    let version: Version = arguments.version.parse()?;
    let on = arguments.on.parse().map_err(|_| Usage(format!("`{}` is no day; write YYYY-MM-DD", arguments.on)))?;
    let here = Releases::open(&arguments.release_dir)?.here()?;
    let options = WithdrawOptions { directory: &here.folder, version, reason: &arguments.reason, on, archive: &arguments.archive };
    let withdrawn = spiegel_release::withdraw(&options)?;
    here.withdraw(&version.to_string())?;
    let latest = withdrawn.latest.as_deref().unwrap_or("none");
    talk::line(&format!("withdrawn  {version} of {}; the latest release is now {latest}", here.name_of(&here.folder)));
    for (version, path) in &withdrawn.shared {
        talk::line(&format!("still there {path} of release {version} is the same file; withdraw that release too if the reason is about that year"));
    }
    talk::line("           who copied it still has it: tell its users. The next `spiegel release` needs --archive, to compare with it");
    Ok(Outcome::Done)
}

/// `spiegel verify`.
pub(crate) fn verify(arguments: &Verify) -> anyhow::Result<Outcome> {
    let (place, version) = one_release(&arguments.release);
    let here = Releases::open(&place)?.here()?;
    let path = version.map_or_else(|| here.folder.clone(), |version| here.folder.join("releases").join(version));
    let (folder, mut checks) = verify_public(&path)?;
    if let Some(batch) = &arguments.batch {
        let (_, directory) = locate(&path)?;
        talk::line(&format!("verify     {} of {} against {}", here.name_of(&folder), here.name_of(&directory), batch.display()));
        let years = spiegel_release::verify::years(&folder)?;
        let Some(last) = years.last() else { return Err(Usage(format!("{} holds no year", here.name_of(&folder))).into()) };
        let year = arguments.pipeline.join("years").join(format!("{last}.toml"));
        if !batch.is_dir() {
            return Err(Usage(format!("there is no batch {}", batch.display())).into());
        }
        let mut workplace = Workplace::open(&Common { year, batch: batch.clone(), threads: arguments.threads })?;
        let pipeline = workplace.pipeline()?;
        let policy = Policy::load(&pipeline.directory.join(FOLDER))?;
        let overlay = arguments.private_policy.as_deref().map(read_overlay).transpose()?;
        let gathered = gather(&mut workplace, &pipeline, &policy, &years, Results::UpToDate)?;
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

/// The place of all releases and the version that is meant, when an address in a store names one; a folder is taken as it is.
fn one_release(place: &Path) -> (PathBuf, Option<String>) {
    let text = place.to_str().filter(|text| ReleaseStore::is_address(text));
    match text.and_then(|text| text.trim_end_matches('/').rsplit_once("/releases/")) {
        Some((all, version)) if version.parse::<Version>().is_ok() => (PathBuf::from(all), Some(version.to_owned())),
        _ => (place.to_owned(), None),
    }
}

/// Years of the batch with results, up to that of the year file.
fn years_with_results(workplace: &Workplace) -> anyhow::Result<Vec<i32>> {
    let folders = folders(&workplace.batch.root().join("results"))?;
    let years = folders.iter().filter_map(|folder| folder.file_name()?.to_str()?.parse().ok());
    Ok(years.filter(|year| *year <= workplace.year.year).collect())
}

/// Whether a release is made, which must agree with the reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Results {
    UpToDate,
    NotNeeded,
}

/// Selects the years of a release. The workplace is then that of the last one.
fn gather(workplace: &mut Workplace, pipeline: &Pipeline, policy: &Policy, years: &[i32], results: Results) -> anyhow::Result<Gathered> {
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
        if results == Results::UpToDate && !benchmark::is_up_to_date(workplace, pipeline)? {
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
        let distributions = match results {
            Results::UpToDate => distribution_rows(*year, &release_distributions(&engine, &workplace.batch.results(*year), *year)?, &policy.spec.distributions)?,
            Results::NotNeeded => Vec::new(),
        };
        gathered.submissions.extend(Members::load(workplace.batch.root(), *year)?.parts().into_iter().map(|part| part.sha256));
        gathered.years.push(YearInput { records, distributions });
        progress.advance();
    }
    gathered.names = names.into_iter().collect();
    progress.end(&format!("{} years", gathered.years.len()));
    Ok(gathered)
}
