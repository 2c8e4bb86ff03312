//! The folder of a release, whole or not at all: built in a staging folder, verified there, and only then renamed into its place. What was
//! published is never touched again.
//!
//! One file, because what makes a release whole (staging, checking, index, carrying a sealed year) has one order; a sixth of it is tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use arrow::compute::concat_batches;
use arrow::record_batch::RecordBatch;
use chrono::NaiveDate;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use spiegel_model::{
    CheckOutcome, CheckResult, CodebookRow, Differencing, Generator, IndexedRelease, Manifest, ManifestFile, ManifestInputs, ManifestTable, PrivacyReport,
    PrivacyYear, PrivateOverlay, PublicPolicy, ReleaseIndex, ReleaseStatus, Verification,
};

use crate::atoms::{self, Assignment};
use crate::documents::DocumentContext;
use crate::record::Records;
use crate::tables::{self, DistributionRow, MeasureRow, TableId};
use crate::verify::{self, SUITE_VERSION};
use crate::version::{Change, Version};
use crate::{Error, Policy, Refusal, banded, documents, withdraw, hmac_sha256, measures, parquet_file, privacy, sha256};

/// Version of the format of the manifest.
const SCHEMA: &str = "kibg-lake-manifest/1";
/// Tables with a file for each year.
pub(crate) const YEARLY: [TableId; 4] = [TableId::Trajectories, TableId::Measures, TableId::ProviderDistribution, TableId::Suppression];

/// What one year of a release is made from.
#[derive(Debug, Clone)]
pub struct YearInput {
    /// Closed trajectories.
    pub records: Records,
    /// Quantiles over providers as reports draw them.
    pub distributions: Vec<DistributionRow>,
}

/// How a release is made.
#[derive(Debug, Clone, Copy)]
pub struct ReleaseOptions<'a> {
    /// The rules.
    pub policy: &'a Policy,
    /// The rules that are not told.
    pub overlay: &'a PrivateOverlay,
    /// Folder of all releases; made when it is not there.
    pub directory: &'a Path,
    /// Its version. None for the one that follows from what changes.
    pub version: Option<Version>,
    /// Day of issue.
    pub released_on: NaiveDate,
    /// Version of the program.
    pub program: &'a str,
    /// SHA-256 of the submissions that the years were made from.
    pub submissions: &'a [String],
    /// Private folder with the releases that were withdrawn; needed where there are any.
    pub archive: Option<&'a Path>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// The version that now is the latest.
    pub version: Version,
    /// False when nothing differs from the release that was there, so that none was made.
    pub is_new: bool,
    /// Its folder.
    pub folder: PathBuf,
    /// Years in it.
    pub years: Vec<i32>,
    /// The privacy report.
    pub privacy: PrivacyReport,
}

/// A release that is there.
pub(crate) struct Earlier {
    pub(crate) version: Version,
    pub(crate) folder: PathBuf,
    pub(crate) manifest: Manifest,
}

impl Earlier {
    /// The file of a table of a year.
    pub(crate) fn file(&self, table: TableId, year: i32) -> Option<&ManifestFile> {
        let table = self.manifest.tables.iter().find(|one| one.name == table.name())?;
        table.files.iter().find(|file| file.year == Some(year))
    }

    fn years(&self) -> BTreeSet<i32> {
        self.manifest.tables.iter().flat_map(|table| &table.files).filter_map(|file| file.year).collect()
    }
}

/// Where a file of a table lies in a release.
pub(crate) fn path_of(table: TableId, year: Option<i32>) -> String {
    let name = table.name();
    year.map_or_else(|| format!("data/{name}/{name}.parquet"), |year| format!("data/{name}/{name}-{year}.parquet"))
}

/// Reads a JSON file of a release.
pub(crate) fn read_json<T: DeserializeOwned>(file: &Path) -> Result<T, Error> {
    let text = fs::read_to_string(file).map_err(|error| Error::lake(file, error))?;
    serde_json::from_str(&text).map_err(|error| Error::lake(file, error))
}

/// The index of a folder of releases; empty when there is none.
pub(crate) fn read_index(directory: &Path) -> Result<ReleaseIndex, Error> {
    let file = directory.join("index.json");
    if file.exists() { read_json(&file) } else { Ok(ReleaseIndex::default()) }
}

/// Releases that are in use, the oldest first.
pub(crate) fn active(directory: &Path, index: &ReleaseIndex) -> Result<Vec<Earlier>, Error> {
    let active = index.releases.iter().filter(|release| release.status == ReleaseStatus::Active);
    active
        .map(|release| {
            let folder = directory.join("releases").join(&release.version);
            Ok(Earlier { version: release.version.parse()?, manifest: read_json(&folder.join("manifest.json"))?, folder })
        })
        .collect()
}

/// JSON with sorted keys, so that the same content has the same bytes.
pub(crate) fn json(content: &impl Serialize) -> Result<Vec<u8>, Error> {
    fn sorted(value: Value) -> Value {
        match value {
            Value::Object(map) => {
                let by_key: BTreeMap<String, Value> = map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
                Value::Object(by_key.into_iter().collect())
            }
            Value::Array(list) => Value::Array(list.into_iter().map(sorted).collect()),
            other => other,
        }
    }
    let value = serde_json::to_value(content).map_err(Error::bug)?;
    let mut bytes = serde_json::to_vec_pretty(&sorted(value)).map_err(Error::bug)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// One year as it will be released.
enum Year {
    /// Its files are those of the release before.
    Carried(Box<PrivacyYear>),
    /// Made now.
    Built { files: BTreeMap<TableId, Vec<RecordBatch>>, privacy: Box<PrivacyYear> },
}

/// Makes a release, or refuses it. Nothing is left behind when it is refused.
///
/// # Errors
/// [`Error::Refused`] by a rule of the policy, [`Error::Usage`] when the version cannot be, [`Error::Lake`] when the disk fails.
pub fn publish(inputs: &[YearInput], options: &ReleaseOptions<'_>) -> Result<Published, Error> {
    let directory = options.directory;
    fs::create_dir_all(directory).map_err(|error| Error::lake(directory, error))?;
    let _lock = lock(directory)?;
    let index = read_index(directory)?;
    let earlier = active(directory, &index)?;
    let latest = earlier.iter().find(|release| index.latest.as_deref() == Some(release.version.to_string().as_str()));
    // Who copied a release before it was withdrawn still has it.
    let taken_back = withdraw::archived(&index, options.archive)?;
    let rules_change = latest.is_some_and(|latest| rules(&latest.manifest.policy) != rules(&options.policy.public()));
    let mut years: BTreeMap<i32, Year> = BTreeMap::new();
    let mut differencing = Vec::new();
    for input in inputs {
        let year = input.records.year;
        let released = latest.filter(|latest| latest.file(TableId::Trajectories, year).is_some());
        let is_sealed = released.is_some_and(|release| release.manifest.sealed_years.contains(&year) && options.policy.spec.sealed_years.contains(&year));
        let of_year = match released.filter(|_| is_sealed && !rules_change) {
            Some(release) => Year::Carried(Box::new(privacy_of(release, year)?)),
            None => build(input, options)?,
        };
        if let Year::Built { files, .. } = &of_year {
            differencing.extend(compare_with_earlier(year, files, earlier.iter().chain(&taken_back), options.policy)?);
        }
        years.insert(year, of_year);
    }
    for year in latest.iter().flat_map(|latest| latest.years()) {
        if let (Some(latest), false) = (latest, years.contains_key(&year)) {
            if rules_change {
                return Err(Error::Usage(format!("a rule of the policy differs from that of release {}, so that {year} must be made again; the batch does not hold it", latest.version)));
            }
            years.insert(year, Year::Carried(Box::new(privacy_of(latest, year)?)));
        }
    }
    if years.is_empty() {
        return Err(Error::Usage("there is no year to release".to_owned()));
    }
    let codebook = documents::codebook(options.policy)?;
    let files = files_of(&years, &codebook, latest)?;
    let change = change(&years, &files, latest, rules_change);
    // A number is never used again, and what follows one that was taken back replaces its data.
    let highest = index.releases.iter().map(|one| one.version.parse()).collect::<Result<Vec<Version>, Error>>()?.into_iter().max();
    let change = if highest > latest.map(|latest| latest.version) { Change::Major } else { change };
    let is_same = options.version.is_none() && change == Change::Patch && !files.values().any(|file| matches!(file, DataFile::Made(..)));
    let same = latest.filter(|latest| {
        let manifest = &latest.manifest;
        is_same && manifest.policy.sha256 == options.policy.sha256 && manifest.generator.version == options.program && manifest.released_on == options.released_on
    });
    let numbers: Vec<i32> = years.keys().copied().collect();
    if let Some(latest) = same {
        let privacy = read_json(&latest.folder.join("privacy-report.json"))?;
        return Ok(Published { version: latest.version, is_new: false, folder: latest.folder.clone(), years: numbers, privacy });
    }
    let version = version(options.version, highest, change)?;
    let of_years = years.into_values().map(|year| match year {
        Year::Carried(privacy) => PrivacyYear { sealed: true, ..*privacy },
        Year::Built { privacy, .. } => *privacy,
    });
    let privacy = privacy::report(options.policy, &version.to_string(), of_years.collect(), differencing);
    let groups: BTreeSet<&String> = inputs.iter().flat_map(|input| &input.records.groups).collect();
    let withdrawn = index.releases.iter().filter(|one| one.status == ReleaseStatus::Withdrawn).cloned().collect();
    let draft = Draft { options, version, latest, files, codebook, privacy, groups: groups.len(), withdrawn };
    let folder = draft.publish(index)?;
    Ok(Published { version, is_new: true, folder, years: numbers, privacy: draft.privacy })
}

/// Nobody else writes releases here while this is held.
pub(crate) fn lock(directory: &Path) -> Result<File, Error> {
    let file = directory.join(".lock");
    let lock = File::create(&file).map_err(|error| Error::lake(&file, error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(Error::Usage(format!("another spiegel makes a release in {}", directory.display()))),
        Err(fs::TryLockError::Error(error)) => Err(Error::lake(&file, error)),
    }
}

/// What of a policy decides about data.
fn rules(policy: &PublicPolicy) -> PublicPolicy {
    PublicPolicy { sha256: String::new(), ..policy.clone() }
}

fn privacy_of(release: &Earlier, year: i32) -> Result<PrivacyYear, Error> {
    let file = release.folder.join("privacy-report.json");
    let report: PrivacyReport = read_json(&file)?;
    report.years.into_iter().find(|one| one.year == year).ok_or_else(|| Error::lake(&file, format!("does not hold {year}")))
}

fn build(input: &YearInput, options: &ReleaseOptions<'_>) -> Result<Year, Error> {
    let assignment = atoms::assign(&input.records, options.policy)?;
    let measures = measures::measures(&input.records, &assignment, options.policy, options.overlay)?;
    let files = tables_of(input, &assignment, &measures, options.policy)?;
    let privacy = privacy::year(&input.records, &assignment, &measures, options.policy);
    Ok(Year::Built { files, privacy: Box::new(privacy) })
}

/// The rows of the tables of one year.
fn tables_of(input: &YearInput, assignment: &Assignment, measures: &[MeasureRow], policy: &Policy) -> Result<BTreeMap<TableId, Vec<RecordBatch>>, Error> {
    Ok(BTreeMap::from([
        (TableId::Trajectories, tables::trajectories(&input.records, assignment, parquet_file::GROUP_ROWS)?),
        (TableId::Measures, vec![tables::measures(measures)?]),
        (TableId::ProviderDistribution, vec![tables::provider_distribution(&input.distributions)?]),
        (TableId::Suppression, vec![tables::suppression(&input.records, assignment, policy.spec.round_base)?]),
    ]))
}

/// Rows by class, from rows of the table `trajectories`.
pub(crate) fn class_counts(batches: &[RecordBatch]) -> Result<BTreeMap<Vec<String>, u64>, Error> {
    let mut counts: BTreeMap<Vec<String>, u64> = BTreeMap::new();
    for batch in batches {
        let columns = verify::texts(batch, 1..7)?;
        let mut row = 0;
        while row < batch.num_rows() {
            // Rows of one class lie together.
            let class: Vec<String> = columns.iter().map(|column| column.value(row).to_owned()).collect();
            let start = row;
            while row < batch.num_rows() && columns.iter().zip(&class).all(|(column, code)| column.value(row) == code) {
                row += 1;
            }
            *counts.entry(class).or_default() += (row - start) as u64;
        }
    }
    Ok(counts)
}

/// Differences of two releases of one year: how many classes, and the smallest number of rows.
pub(crate) fn differences(one: &BTreeMap<Vec<String>, u64>, other: &BTreeMap<Vec<String>, u64>) -> (u64, Option<u64>) {
    let classes: BTreeSet<&Vec<String>> = one.keys().chain(other.keys()).collect();
    let of = |counts: &BTreeMap<Vec<String>, u64>, class: &Vec<String>| counts.get(class).copied().unwrap_or(0);
    let changed: Vec<u64> = classes.into_iter().map(|class| of(one, class).abs_diff(of(other, class))).filter(|difference| *difference > 0).collect();
    (changed.len() as u64, changed.into_iter().min())
}

/// The new rows of a year against every release of it, also those that were withdrawn.
fn compare_with_earlier<'a>(
    year: i32,
    files: &BTreeMap<TableId, Vec<RecordBatch>>,
    earlier: impl Iterator<Item = &'a Earlier>,
    policy: &Policy,
) -> Result<Vec<Differencing>, Error> {
    let now = class_counts(files.get(&TableId::Trajectories).map_or(&[], Vec::as_slice))?;
    let mut found = Vec::new();
    for release in earlier {
        let Some(file) = release.file(TableId::Trajectories, year) else { continue };
        let refused = |rule: &str, found: String, remedy: &str| {
            let refusal = Refusal { year: Some(year), rule: rule.to_owned(), found, remedy: remedy.to_owned(), ladder: Vec::new() };
            Error::Refused(Box::new(refusal))
        };
        if release.manifest.policy.node != policy.node {
            return Err(refused(
                "rung",
                format!("release {} holds this year at another node: who has both can intersect them", release.version),
                "A year is released at one node. Go back to that node, or leave the year out. Withdrawing the release does not help: who copied it still has it.",
            ));
        }
        let before = class_counts(&parquet_file::read(&release.folder.join(&file.path))?)?;
        let (changed_classes, smallest) = differences(&before, &now);
        if smallest.is_some_and(|smallest| smallest < u64::from(policy.spec.differencing_min)) {
            return Err(refused(
                "differencing_min",
                format!("{changed_classes} classes differ from release {}, the smallest by {} rows: who has both sees those few", release.version, banded(smallest.unwrap_or(0))),
                "Leave the year as it was released: name it in sealed_years of policy.toml. Corrections can be published when each class changes by that many rows, or not at all.",
            ));
        }
        let smallest_difference = smallest.map_or_else(String::new, banded);
        found.push(Differencing { against: release.version.to_string(), year, changed_classes, smallest_difference });
    }
    Ok(found)
}

/// One data file of a release.
enum DataFile {
    /// The same rows as in the release before: its file, as it is.
    Carried(PathBuf),
    /// New rows.
    Made(TableId, Vec<RecordBatch>),
}

/// The data files by path.
fn files_of(years: &BTreeMap<i32, Year>, codebook: &[CodebookRow], latest: Option<&Earlier>) -> Result<BTreeMap<String, DataFile>, Error> {
    let mut files = BTreeMap::new();
    let before = |path: &str| latest.map(|latest| latest.folder.join(path)).filter(|file| file.is_file());
    let made = |path: &str, table: TableId, batches: &[RecordBatch]| -> Result<DataFile, Error> {
        Ok(match before(path) {
            Some(file) if has_rows(&file, table, batches)? => DataFile::Carried(file),
            _ => DataFile::Made(table, batches.to_vec()),
        })
    };
    for (year, of_year) in years {
        for table in YEARLY {
            let path = path_of(table, Some(*year));
            let file = match of_year {
                Year::Carried(_) => before(&path).map(DataFile::Carried),
                Year::Built { files, .. } => Some(made(&path, table, files.get(&table).map_or(&[], Vec::as_slice))?),
            };
            files.extend(file.map(|file| (path, file)));
        }
    }
    let path = path_of(TableId::Codebook, None);
    let file = made(&path, TableId::Codebook, &[tables::codebook(codebook)?])?;
    files.insert(path, file);
    Ok(files)
}

/// True when a file holds just these rows.
fn has_rows(file: &Path, table: TableId, batches: &[RecordBatch]) -> Result<bool, Error> {
    let schema = tables::schema(table);
    let there = parquet_file::read(file)?;
    let same_columns = there.iter().all(|batch| batch.num_columns() == schema.fields().len());
    let together = |batches: &[RecordBatch]| concat_batches(&schema, batches).map_err(Error::bug);
    let plain = |batch: &RecordBatch| RecordBatch::try_new(std::sync::Arc::clone(&schema), batch.columns().to_vec()).ok();
    let there: Option<Vec<RecordBatch>> = there.iter().map(plain).collect();
    Ok(match there.filter(|_| same_columns) {
        Some(there) => together(&there)?.columns() == together(batches)?.columns(),
        None => false,
    })
}

/// What this release changes in that before it.
fn change(years: &BTreeMap<i32, Year>, files: &BTreeMap<String, DataFile>, latest: Option<&Earlier>, rules_change: bool) -> Change {
    let Some(latest) = latest else { return Change::Major };
    let replaced = |year: i32| {
        let paths = YEARLY.map(|table| path_of(table, Some(year)));
        paths.iter().any(|path| matches!(files.get(path), Some(DataFile::Made(..))))
    };
    let there = latest.years();
    if rules_change || there.iter().any(|year| replaced(*year)) {
        Change::Major
    } else if years.keys().any(|year| !there.contains(year)) {
        Change::Minor
    } else {
        Change::Patch
    }
}

/// The version of a release that changes so much since the highest one that there ever was.
fn version(wanted: Option<Version>, highest: Option<Version>, change: Change) -> Result<Version, Error> {
    let Some(highest) = highest else { return Ok(wanted.unwrap_or(Version::FIRST)) };
    let Some(wanted) = wanted else { return Ok(highest.next(change)) };
    match wanted.change_since(highest) {
        Some(says) if says >= change => Ok(wanted),
        Some(_) => Err(Error::Usage(format!("version {wanted} says less than changes: after {highest} this must be {} or higher", highest.next(change)))),
        None => Err(Error::Usage(format!(
            "version {wanted} cannot come after {highest}, what was published stays as it is; this one is {}",
            highest.next(change)
        ))),
    }
}

/// A release that is being made.
struct Draft<'a> {
    options: &'a ReleaseOptions<'a>,
    version: Version,
    latest: Option<&'a Earlier>,
    files: BTreeMap<String, DataFile>,
    codebook: Vec<CodebookRow>,
    privacy: PrivacyReport,
    groups: usize,
    withdrawn: Vec<IndexedRelease>,
}

impl Draft<'_> {
    /// Writes, verifies and publishes it.
    fn publish(&self, mut index: ReleaseIndex) -> Result<PathBuf, Error> {
        let directory = self.options.directory;
        let releases = directory.join("releases");
        let staging = directory.join(".staging");
        let place = releases.join(self.version.to_string());
        // What a killed run left behind; nobody else works here, and what is not in the index was never published.
        for left in [&staging, &place] {
            if left.exists() {
                fs::remove_dir_all(left).map_err(|error| Error::lake(left, error))?;
            }
        }
        fs::create_dir_all(&releases).map_err(|error| Error::lake(&releases, error))?;
        let manifest_sha256 = self.write(&staging).inspect_err(|_| _ = fs::remove_dir_all(&staging))?;
        fs::rename(&staging, &place).map_err(|error| Error::lake(&place, error))?;
        sync(&releases)?;
        index.releases.push(IndexedRelease {
            version: self.version.to_string(),
            date: self.options.released_on,
            status: ReleaseStatus::Active,
            manifest_sha256,
            withdrawn: None,
        });
        index.latest = Some(self.version.to_string());
        write_index(directory, &index)?;
        Ok(place)
    }

    /// Writes everything into `folder`, and again with the checks that it passed; answers the SHA-256 of the manifest.
    fn write(&self, folder: &Path) -> Result<String, Error> {
        let tables = self.data(folder)?;
        self.around(folder, &tables, Vec::new())?;
        let mut checks = verify::public(folder, self.options.directory)?;
        // The manifest is written once more, with what the checks said of all the rest.
        if let Some(failed) = checks.iter().find(|check| check.result == CheckOutcome::Failed) {
            return Err(Error::Refused(Box::new(Refusal {
                year: None,
                rule: failed.id.clone(),
                found: format!("{}: {}", failed.title, failed.detail),
                remedy: "The draft does not pass its own verification; it was not published. This is a mistake in spiegel or in the policy.".to_owned(),
                ladder: Vec::new(),
            })));
        }
        checks.retain(|check| check.result == CheckOutcome::Passed);
        self.around(folder, &tables, checks)
    }

    /// The data files.
    fn data(&self, folder: &Path) -> Result<Vec<ManifestTable>, Error> {
        let spec = &self.options.policy.spec;
        let mut tables: BTreeMap<TableId, Vec<ManifestFile>> = BTreeMap::new();
        for (path, data) in &self.files {
            let file = folder.join(path);
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent).map_err(|error| Error::lake(parent, error))?;
            }
            match data {
                // A copy where the file system has no links.
                DataFile::Carried(before) => {
                    fs::hard_link(before, &file).or_else(|_| fs::copy(before, &file).map(|_| ())).map_err(|error| Error::lake(&file, error))?;
                }
                DataFile::Made(table, batches) => {
                    let keys = [
                        (parquet_file::KEYS[0], self.version.to_string()),
                        (parquet_file::KEYS[1], table.name().to_owned()),
                        (parquet_file::KEYS[2], spec.schema_version.clone()),
                        (parquet_file::KEYS[3], self.options.policy.sha256.clone()),
                        (parquet_file::KEYS[4], spec.publication.licence.clone()),
                        (parquet_file::KEYS[5], self.citation()),
                    ];
                    put(&file, &parquet_file::bytes(*table, batches, self.options.program, &keys)?)?;
                }
            }
            let table = TableId::ALL.into_iter().find(|table| path.starts_with(&format!("data/{}/", table.name())));
            tables.entry(table.ok_or_else(|| Error::bug("a file of no table"))?).or_default().push(described(folder, path)?);
        }
        Ok(TableId::ALL
            .into_iter()
            .map(|table| {
                let columns = table.columns();
                let (description_nl, description_en) = table.descriptions();
                ManifestTable {
                    name: table.name().to_owned(),
                    description_nl: description_nl.to_owned(),
                    description_en: description_en.to_owned(),
                    primary_sort: columns.iter().map(|column| column.name.clone()).collect(),
                    columns,
                    files: tables.remove(&table).unwrap_or_default(),
                }
            })
            .collect())
    }

    fn citation(&self) -> String {
        let year = self.options.released_on.format("%Y").to_string();
        self.options.policy.spec.publication.citation.replace("{version}", &self.version.to_string()).replace("{year}", &year)
    }

    fn manifest(&self, tables: &[ManifestTable], checks: Vec<CheckResult>) -> Result<Manifest, Error> {
        let spec = &self.options.policy.spec;
        let mut submissions = self.options.submissions.to_vec();
        submissions.sort();
        submissions.dedup();
        let base = u64::from(spec.round_base.max(1));
        Ok(Manifest {
            schema: SCHEMA.to_owned(),
            release: self.version.to_string(),
            released_on: self.options.released_on,
            schema_version: spec.schema_version.clone(),
            generator: Generator {
                name: "spiegel".to_owned(),
                version: self.options.program.to_owned(),
                git_commit: option_env!("SPIEGEL_COMMIT").map(str::to_owned),
            },
            policy: self.options.policy.public(),
            tables: tables.to_vec(),
            inputs: ManifestInputs {
                submissions: (submissions.len() as u64 + base / 2) / base * base,
                provider_groups_band: tables::providers_band(self.groups as u64).to_owned(),
                input_digest: hmac_sha256(&self.options.overlay.hmac_key, submissions.join("\n").as_bytes())?,
            },
            supersedes: self.latest.map(|latest| latest.version.to_string()),
            sealed_years: spec.sealed_years.iter().copied().filter(|year| self.privacy.years.iter().any(|one| one.year == *year)).collect(),
            verification: Verification { suite_version: SUITE_VERSION.to_owned(), checks },
            licence: spec.publication.licence.clone(),
            citation: self.citation(),
            contact: spec.publication.contact.clone(),
        })
    }

    /// Everything around the data: manifest, documents, privacy report, checksums. Answers the SHA-256 of the manifest.
    fn around(&self, folder: &Path, tables: &[ManifestTable], checks: Vec<CheckResult>) -> Result<String, Error> {
        let manifest = self.manifest(tables, checks)?;
        let bytes = json(&manifest)?;
        let manifest_sha256 = sha256(&bytes);
        put(&folder.join("manifest.json"), &bytes)?;
        put(&folder.join("privacy-report.json"), &json(&self.privacy)?)?;
        put(&folder.join("privacy-report.md"), privacy::markdown(&self.privacy).as_bytes())?;
        let changelog = self.latest.map(|latest| latest.folder.join("CHANGELOG.md")).filter(|file| file.is_file());
        let changelog = changelog.map(|file| fs::read_to_string(&file).map_err(|error| Error::lake(&file, error))).transpose()?;
        let context = DocumentContext {
            policy: self.options.policy,
            manifest: &manifest,
            manifest_sha256: &manifest_sha256,
            codebook: &self.codebook,
            privacy: &self.privacy,
            changelog: changelog.as_deref(),
            withdrawn: &self.withdrawn,
        };
        for document in documents::documents(&context)? {
            put(&folder.join(&document.path), &document.bytes)?;
        }
        put(&folder.join(CHECKSUMS), checksums(folder)?.as_bytes())?;
        Ok(manifest_sha256)
    }
}

/// The file with the checksums of all others.
pub(crate) const CHECKSUMS: &str = "SHA256SUMS";

/// `SHA256SUMS` of what lies in a release: every file but itself and its signature.
pub(crate) fn checksums(folder: &Path) -> Result<String, Error> {
    let mut lines = String::new();
    for path in paths(folder)?.iter().filter(|path| !path.starts_with(CHECKSUMS)) {
        let file = folder.join(path);
        let bytes = fs::read(&file).map_err(|error| Error::lake(&file, error))?;
        lines.push_str(&format!("{}  {path}\n", sha256(&bytes)));
    }
    Ok(lines)
}

/// Paths of all files in a folder, with `/`, sorted.
pub(crate) fn paths(folder: &Path) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    let mut open = vec![String::new()];
    while let Some(inside) = open.pop() {
        let here = folder.join(&inside);
        for entry in fs::read_dir(&here).map_err(|error| Error::lake(&here, error))? {
            let entry = entry.map_err(|error| Error::lake(&here, error))?;
            let name = entry.file_name().into_string().map_err(|_| Error::lake(&here, "a name that is no text"))?;
            let path = if inside.is_empty() { name } else { format!("{inside}/{name}") };
            if entry.path().is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

/// What the manifest says of a file.
pub(crate) fn described(folder: &Path, path: &str) -> Result<ManifestFile, Error> {
    let file = folder.join(path);
    let bytes = fs::read(&file).map_err(|error| Error::lake(&file, error))?;
    let opened = File::open(&file).map_err(|error| Error::lake(&file, error))?;
    let reader = SerializedFileReader::new(opened).map_err(|error| Error::lake(&file, error))?;
    let metadata = reader.metadata();
    let year = path.rsplit_once('-').and_then(|(_, end)| end.strip_suffix(".parquet")).and_then(|year| year.parse().ok());
    let has_year = metadata.file_metadata().schema_descr().columns().first().is_some_and(|column| column.name() == "year");
    let rows = u64::try_from(metadata.file_metadata().num_rows()).map_err(Error::bug)?;
    Ok(ManifestFile {
        path: path.to_owned(),
        year,
        rows,
        bytes: bytes.len() as u64,
        sha256: sha256(&bytes),
        row_groups: metadata.num_row_groups() as u64,
        min_max_year: year.filter(|_| has_year && rows > 0).map(|year| (year, year)),
    })
}

/// Writes a file of a draft.
pub(crate) fn put(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = || -> std::io::Result<()> {
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        // What was linked to an earlier release is never written through.
        match fs::remove_file(file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut output = File::create(file)?;
        output.write_all(bytes)?;
        output.sync_all()
    };
    write().map_err(|error| Error::lake(file, error))
}

fn sync(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| Error::lake(folder, error))
}

/// Writes the index, whole or not at all.
pub(crate) fn write_index(directory: &Path, index: &ReleaseIndex) -> Result<(), Error> {
    let draft = directory.join(".index.json");
    put(&draft, &json(index)?)?;
    fs::rename(&draft, directory.join("index.json")).map_err(|error| Error::lake(directory, error))?;
    sync(directory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invented;

    fn options<'a>(policy: &'a Policy, overlay: &'a PrivateOverlay, directory: &'a Path) -> ReleaseOptions<'a> {
        let released_on = NaiveDate::from_ymd_opt(2026, 6, 15).unwrap();
        ReleaseOptions { policy, overlay, directory, version: None, released_on, program: "0.1.0", submissions: &[], archive: None }
    }

    fn all_bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
        paths(folder).unwrap().into_iter().map(|path| (path.clone(), fs::read(folder.join(path)).unwrap())).collect()
    }

    #[test]
    fn two_builds_have_the_same_bytes_and_a_release_is_never_made_twice() {
        let (policy, overlay) = (invented::policy(), invented::overlay());
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut year = invented::year(2025, 6000, 60, 1);
        let first = publish(std::slice::from_ref(&year), &options(&policy, &overlay, one.path())).unwrap();
        year.records.rows.reverse();
        publish(std::slice::from_ref(&year), &options(&policy, &overlay, other.path())).unwrap();
        assert_eq!((first.version.to_string().as_str(), first.is_new), ("1.0.0", true));
        assert_eq!(all_bytes(one.path()), all_bytes(other.path()));
        let before = all_bytes(one.path());
        let again = publish(std::slice::from_ref(&year), &options(&policy, &overlay, one.path())).unwrap();
        assert!(!again.is_new && again.version == first.version);
        assert_eq!(before, all_bytes(one.path()));
        for version in ["1.0.0", "0.9.0", "1.2.0"] {
            let wrong = publish(&[year.clone()], &ReleaseOptions { version: Some(version.parse().unwrap()), ..options(&policy, &overlay, one.path()) });
            assert!(matches!(wrong, Err(Error::Usage(_))), "{version}");
        }
        assert_eq!(before, all_bytes(one.path()), "a refused version leaves nothing behind");
    }

    #[test]
    fn a_new_year_is_a_minor_version_that_keeps_the_files_of_the_others() {
        let (mut policy, overlay) = (invented::policy(), invented::overlay());
        let lake = tempfile::tempdir().unwrap();
        let years = [invented::year(2024, 6000, 60, 1), invented::year(2025, 6000, 60, 2)];
        let first = publish(&years[..1], &options(&policy, &overlay, lake.path())).unwrap();
        let before = all_bytes(&first.folder);
        // The year before is not given: it stays.
        let second = publish(&years[1..], &options(&policy, &overlay, lake.path())).unwrap();
        assert_eq!((second.version.to_string().as_str(), second.years.as_slice()), ("1.1.0", &[2024, 2025][..]));
        let after = all_bytes(&second.folder);
        for (path, bytes) in before.iter().filter(|(path, _)| path.contains("-2024")) {
            assert_eq!(after.get(path), Some(bytes), "{path}");
        }
        assert_eq!(before, all_bytes(&first.folder), "what was published stays as it is");
        let sealed = second.privacy.years.iter().map(|year| (year.year, year.sealed)).collect::<Vec<_>>();
        assert_eq!(sealed, [(2024, true), (2025, false)]);
        // Sealing a year changes words only.
        policy.spec.sealed_years = vec![2024];
        policy.sha256 = "0".repeat(64);
        let third = publish(&years, &options(&policy, &overlay, lake.path())).unwrap();
        assert_eq!(third.version.to_string(), "1.1.1");
        assert_eq!(third.privacy.differencing.iter().filter(|one| one.changed_classes > 0).count(), 0);
        let index = read_index(lake.path()).unwrap();
        assert_eq!((index.latest.as_deref(), index.releases.len()), (Some("1.1.1"), 3));
        // A version that says less than it changes.
        let more = [invented::year(2023, 6000, 60, 3)];
        let patch = publish(&more, &ReleaseOptions { version: Some("1.1.2".parse().unwrap()), ..options(&policy, &overlay, lake.path()) });
        assert!(matches!(patch, Err(Error::Usage(message)) if message.contains("1.2.0")));
    }

    #[test]
    fn a_correction_of_a_few_trajectories_is_refused_and_a_sealed_year_ignores_it() {
        let (mut policy, overlay) = (invented::policy(), invented::overlay());
        let lake = tempfile::tempdir().unwrap();
        let year = invented::year(2024, 6000, 60, 1);
        publish(std::slice::from_ref(&year), &options(&policy, &overlay, lake.path())).unwrap();
        let before = all_bytes(lake.path());
        let mut corrected = year.clone();
        corrected.records.rows.truncate(5990);
        let Err(Error::Refused(refusal)) = publish(&[corrected.clone()], &options(&policy, &overlay, lake.path())) else { panic!("it was published") };
        assert_eq!((refusal.rule.as_str(), refusal.year), ("differencing_min", Some(2024)));
        assert_eq!(before, all_bytes(lake.path()));
        policy.spec.sealed_years = vec![2024];
        policy.sha256 = "0".repeat(64);
        publish(&[year], &options(&policy, &overlay, lake.path())).unwrap();
        assert!(!publish(&[corrected], &options(&policy, &overlay, lake.path())).unwrap().is_new, "its files are those that were sealed");
    }

    #[test]
    fn another_node_for_a_year_that_was_released_is_refused() {
        let (mut policy, overlay) = (invented::policy(), invented::overlay());
        let lake = tempfile::tempdir().unwrap();
        let year = invented::year(2024, 9000, 60, 1);
        publish(std::slice::from_ref(&year), &options(&policy, &overlay, lake.path())).unwrap();
        policy.node.age = 3;
        policy.spec.rung = "other".to_owned();
        policy.spec.ladder.push(spiegel_model::Rung { id: "other".to_owned(), node: policy.node });
        let Err(Error::Refused(refusal)) = publish(&[year], &options(&policy, &overlay, lake.path())) else { panic!("it was published") };
        assert_eq!(refusal.rule, "rung");
    }

    #[test]
    fn a_year_that_cannot_be_made_safe_leaves_nothing_behind() {
        let (policy, overlay) = (invented::policy(), invented::overlay());
        let lake = tempfile::tempdir().unwrap();
        let years = [invented::year(2024, 6000, 60, 1), invented::year(2025, 100, 9, 1)];
        assert!(matches!(publish(&years, &options(&policy, &overlay, lake.path())), Err(Error::Refused(_))));
        assert_eq!(paths(lake.path()).unwrap(), [".lock"]);
    }

    #[test]
    fn what_a_killed_run_left_is_no_release() {
        let (policy, overlay) = (invented::policy(), invented::overlay());
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for left in [".staging/data", "releases/1.0.0/data"] {
            fs::create_dir_all(one.path().join(left)).unwrap();
            fs::write(one.path().join(left).join("left.parquet"), "half").unwrap();
        }
        for lake in [&one, &other] {
            publish(&[invented::year(2025, 6000, 60, 1)], &options(&policy, &overlay, lake.path())).unwrap();
        }
        assert_eq!(all_bytes(one.path()), all_bytes(other.path()));
    }
}
