//! A batch directory: where things lie, who works in it, and the state of its years.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use spiegel_ingest::PartRef;
use spiegel_model::Receipt;

use crate::exit::Usage;

/// A batch directory that this process works in; the lock ends with it.
pub(crate) struct Batch {
    root: PathBuf,
    _lock: File,
}

impl Batch {
    /// Opens the directory, made when it is not there, for this process alone.
    pub(crate) fn open(root: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(root).with_context(|| format!("batch {}", root.display()))?;
        let file = root.join(".lock");
        let lock = File::create(&file).with_context(|| format!("batch {}", root.display()))?;
        match lock.try_lock() {
            Ok(()) => {
                // What a killed run left behind; nobody else works here.
                let staging = root.join(".staging");
                if staging.is_dir() {
                    fs::remove_dir_all(&staging).with_context(|| format!("{}", staging.display()))?;
                }
                Ok(Self { root: root.to_owned(), _lock: lock })
            }
            Err(TryLockError::WouldBlock) => Err(Usage(format!(
                "another spiegel works in {}; wait for it, or use another --batch",
                root.display()
            ))
            .into()),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("batch {}", root.display())),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn lake(&self) -> PathBuf {
        self.root.join("lake")
    }

    /// Folder for what is being written; made when it is not there.
    pub(crate) fn staging(&self) -> anyhow::Result<PathBuf> {
        let staging = self.root.join(".staging");
        fs::create_dir_all(&staging).with_context(|| format!("{}", staging.display()))?;
        Ok(staging)
    }

    pub(crate) fn results(&self, year: i32) -> PathBuf {
        self.root.join("results").join(year.to_string())
    }

    pub(crate) fn reports(&self, year: i32) -> PathBuf {
        self.root.join("reports").join(year.to_string())
    }

    /// The versions of the group report of a year with their members: for the analyst only.
    pub(crate) fn group(&self, year: i32) -> PathBuf {
        self.results(year).join("groep.json")
    }

    /// The folder of a provider's report of a year.
    pub(crate) fn report(&self, year: i32, provider: &str, version: u32) -> PathBuf {
        self.reports(year).join(provider).join(format!("v{version}"))
    }

    /// Writes a file whole or not at all.
    pub(crate) fn write(&self, file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
        self.write_with(file, |draft| draft.write_all(bytes))
    }

    /// As [`Self::write`], for what is too large to hold.
    pub(crate) fn write_with(&self, file: &Path, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> anyhow::Result<()> {
        let staging = self.root.join(".staging");
        let folder = file.parent().unwrap_or(&self.root);
        let write = move || -> std::io::Result<()> {
            fs::create_dir_all(&staging)?;
            fs::create_dir_all(folder)?;
            let mut draft = tempfile::NamedTempFile::new_in(&staging)?;
            fill(draft.as_file_mut())?;
            draft.as_file().sync_all()?;
            make_readable(draft.path())?;
            draft.persist(file).map_err(|error| error.error)?;
            // The name lasts when the folder is synced.
            File::open(folder)?.sync_all()
        };
        write().with_context(|| format!("cannot write {}", file.display()))
    }
}

/// Temporary files are for their owner only; outputs also for the owner's group. Reports are confidential.
fn make_readable(file: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(file, fs::Permissions::from_mode(0o640))?;
    }
    let _ = file;
    Ok(())
}

/// All receipts in a batch directory, by path.
pub(crate) fn receipts(root: &Path) -> anyhow::Result<Vec<Receipt>> {
    other_receipts(root, &BTreeSet::new())
}

/// The receipts in a batch directory besides those in these folders, by path.
pub(crate) fn other_receipts(root: &Path, known: &BTreeSet<PathBuf>) -> anyhow::Result<Vec<Receipt>> {
    let mut files = Vec::new();
    let folder = root.join("receipts");
    for provider in folders(&folder)? {
        let submissions = folders(&provider)?.into_iter().filter(|submission| !known.contains(submission));
        files.extend(submissions.map(|submission| submission.join("ontvangst.json")));
    }
    let mut receipts = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| format!("receipt {}", file.display()))?;
        receipts.push(serde_json::from_str(&text).with_context(|| format!("receipt {}", file.display()))?);
    }
    Ok(receipts)
}

/// What a batch was begun with: `lake/.members/origin.json`. Another pipeline or key would mix what cannot be compared.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Origin {
    pipeline: String,
    key: String,
}

/// Notes what the batch is begun with, or refuses what does not belong to it.
pub(crate) fn belongs(batch: &Batch, pipeline: &str, key: &str) -> anyhow::Result<()> {
    let file = batch.lake().join(".members").join("origin.json");
    let now = Origin { pipeline: pipeline.to_owned(), key: key.to_owned() };
    match fs::read_to_string(&file) {
        Ok(text) => {
            let begun: Origin = serde_json::from_str(&text).with_context(|| format!("{}", file.display()))?;
            let root = batch.root().display();
            if begun.pipeline != now.pipeline {
                return Err(Usage(format!("{root} is a batch of the pipeline {}; use another --batch", begun.pipeline)).into());
            }
            if begun.key != now.key {
                return Err(Usage(format!(
                    "{root} was made with another --key: clients of earlier years would not be recognised"
                ))
                .into());
            }
            Ok(())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut text = serde_json::to_string_pretty(&now)?;
            text.push('\n');
            batch.write(&file, text.as_bytes())
        }
        Err(error) => Err(error).with_context(|| format!("{}", file.display())),
    }
}

/// Which submissions the lake of a year holds: `lake/.members/<year>.json`. A batch is rebuilt from these, not from what
/// happens to lie in an inbox.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Members {
    members: Vec<Member>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Member {
    provider_id: String,
    sequence: u32,
    sha256: String,
    definitions: String,
}

impl Members {
    fn file(root: &Path, year: i32) -> PathBuf {
        root.join("lake").join(".members").join(format!("{year}.json"))
    }

    /// The members of a year; none when the lake does not know it.
    pub(crate) fn load(root: &Path, year: i32) -> anyhow::Result<Self> {
        let file = Self::file(root, year);
        match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).with_context(|| format!("{}", file.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("{}", file.display())),
        }
    }

    /// Takes newly accepted submissions: each replaces the member of its provider unless that has a higher sequence number.
    pub(crate) fn take(&mut self, accepted: &[PartRef]) {
        let mut members: BTreeMap<String, Member> =
            self.members.drain(..).map(|member| (member.provider_id.clone(), member)).collect();
        for part in accepted {
            let member = Member {
                provider_id: part.provider_id.clone(),
                sequence: part.sequence,
                sha256: part.sha256.clone(),
                definitions: part.definitions.clone(),
            };
            if members.get(&part.provider_id).is_none_or(|known| known.sequence <= part.sequence) {
                members.insert(part.provider_id.clone(), member);
            }
        }
        self.members = members.into_values().collect();
    }

    /// Takes out what does not count any more.
    pub(crate) fn leave(&mut self, gone: &BTreeSet<&str>) {
        self.members.retain(|member| !gone.contains(member.sha256.as_str()));
    }

    /// How many of these deliveries are not there.
    pub(crate) fn lacks(&self, wanted: &BTreeSet<String>) -> usize {
        wanted.iter().filter(|sha256| !self.members.iter().any(|member| member.sha256 == **sha256)).count()
    }

    /// True when the lake holds nothing of the year.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// For the lake.
    pub(crate) fn parts(&self) -> Vec<PartRef> {
        self.members
            .iter()
            .map(|member| PartRef {
                provider_id: member.provider_id.clone(),
                sequence: member.sequence,
                sha256: member.sha256.clone(),
                definitions: member.definitions.clone(),
            })
            .collect()
    }

    /// As text, for a fingerprint.
    pub(crate) fn to_json(&self) -> anyhow::Result<String> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    /// Writes them.
    pub(crate) fn save(&self, batch: &Batch, year: i32) -> anyhow::Result<()> {
        batch.write(&Self::file(batch.root(), year), self.to_json()?.as_bytes())
    }
}

/// Which deliveries count in years that are closed: `lock.json`. A batch is rebuilt from it: put it in an empty batch
/// directory, and of an inbox only these deliveries count.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Lock {
    /// Version of this file format.
    format: u32,
    /// Years by number.
    years: BTreeMap<String, LockedYear>,
}

/// A closed year.
#[derive(Debug, Default, Serialize, Deserialize)]
struct LockedYear {
    /// Names of the refreshes since, in order.
    refreshes: Vec<String>,
    /// The deliveries that count, by provider.
    accepted: Vec<LockedDelivery>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LockedDelivery {
    provider_id: String,
    sequence: u32,
    sha256: String,
}

impl Lock {
    fn file(root: &Path) -> PathBuf {
        root.join("lock.json")
    }

    /// The lock of a batch; without any year when there is none.
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        let file = Self::file(root);
        match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).with_context(|| format!("{}", file.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self { format: 1, years: BTreeMap::new() }),
            Err(error) => Err(error).with_context(|| format!("{}", file.display())),
        }
    }

    /// SHA-256 of the deliveries that count; None when the year is open.
    pub(crate) fn accepted(&self, year: i32) -> Option<BTreeSet<String>> {
        let locked = self.years.get(&year.to_string())?;
        Some(locked.accepted.iter().map(|delivery| delivery.sha256.clone()).collect())
    }

    /// Closes a year with these members, or renews them under the name of a refresh.
    pub(crate) fn close(&mut self, year: i32, members: &Members, refresh: Option<&str>) {
        let locked = self.years.entry(year.to_string()).or_default();
        locked.refreshes.extend(refresh.map(str::to_owned));
        let delivery = |member: &Member| LockedDelivery {
            provider_id: member.provider_id.clone(),
            sequence: member.sequence,
            sha256: member.sha256.clone(),
        };
        locked.accepted = members.members.iter().map(delivery).collect();
    }

    /// True when the year was refreshed under this name.
    pub(crate) fn has_refresh(&self, year: i32, name: &str) -> bool {
        self.years.get(&year.to_string()).is_some_and(|locked| locked.refreshes.iter().any(|known| known == name))
    }

    /// Writes it.
    pub(crate) fn save(&self, batch: &Batch) -> anyhow::Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        batch.write(&Self::file(batch.root()), text.as_bytes())
    }
}

/// Folders in a folder, sorted; none when it is not there.
pub(crate) fn folders(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("folder {}", folder.display())),
    };
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    found.sort();
    Ok(found)
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `run.json`: the state of each year of a batch. It holds no clock, so that the same work gives the same file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Run {
    /// Version of this file format.
    pub(crate) format: u32,
    /// Years by number.
    pub(crate) years: BTreeMap<String, RunYear>,
}

/// One year of a batch.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct RunYear {
    /// Pipeline id.
    pub(crate) pipeline: String,
    /// As printed.
    pub(crate) label: String,
    /// Program that made it.
    pub(crate) program: String,
    /// What the results were made from.
    pub(crate) made_from: String,
    /// Providers by id.
    pub(crate) providers: BTreeMap<String, ProviderState>,
    /// The report of the providers under the minimum together. None in a pipeline without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<GroupState>,
}

/// What is known of the group report of a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupState {
    /// What is printed of whom it is about.
    pub(crate) name: String,
    /// What the last run came to.
    pub(crate) outcome: GroupOutcome,
    /// Version of the report that counts. None without a report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<u32>,
    /// Length of its report.json, to tell a damaged one; 0 without a report.
    pub(crate) report_bytes: u64,
    /// Whether it is there.
    pub(crate) report: ReportState,
}

/// What a run came to for the group report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub(crate) enum GroupOutcome {
    /// It was assembled.
    Assembled {
        /// Providers in it.
        members: usize,
        /// Providers under the minimum that are left out of it.
        left_out: usize,
    },
    /// It stays as it was: with so few changes, the difference would tell whose they are.
    Kept {
        /// Members that are new, gone or delivered something else.
        changed: usize,
        /// Changes needed.
        needed: usize,
    },
    /// Too few providers of different owners can be told together; a report of before stays as it was.
    TooFewMembers {
        /// Owners.
        owners: usize,
        /// Owners needed.
        needed: usize,
    },
    /// No indicator can be told of them.
    NothingToTell,
}

/// What is known of a provider in a year.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct ProviderState {
    /// Registered name.
    pub(crate) name: String,
    /// Length of its report.json, to tell a damaged one.
    #[serde(default)]
    pub(crate) report_bytes: u64,
    /// Why its report is a sheet without outcome. None when it is a full report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) under_minimum: Option<UnderMinimum>,
    /// Whether it has a report, or why not.
    pub(crate) report: ReportState,
}

/// Fewer clients than a full report needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UnderMinimum {
    /// Clients over the years that count.
    pub(crate) clients: u64,
    /// Clients needed.
    pub(crate) needed: u64,
}

/// Whether there is a report.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub(crate) enum ReportState {
    /// The report.json is there, the PDF is not yet.
    #[default]
    Assembled,
    /// The PDF is there.
    Made {
        /// Relative to the batch directory.
        file: String,
        /// Pages.
        pages: usize,
    },
    /// Expected by the register, and nothing came: there is no PDF, and somebody writes a letter.
    #[serde(rename = "geen_aanlevering")]
    NothingDelivered,
    /// Fewer clients than an own report needs, in a pipeline without sheets.
    TooFewClients {
        /// Clients over the years that count.
        clients: u64,
        /// Clients needed.
        needed: u64,
    },
    /// Making it failed.
    Failed {
        /// Why, without any value.
        reason: String,
    },
}

impl Run {
    /// The state of a batch; empty when there is none yet.
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        let file = root.join("run.json");
        match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text).with_context(|| format!("{}", file.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self { format: 1, years: BTreeMap::new() }),
            Err(error) => Err(error).with_context(|| format!("{}", file.display())),
        }
    }

    /// Writes it.
    pub(crate) fn save(&self, batch: &Batch) -> anyhow::Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        batch.write(&batch.root().join("run.json"), text.as_bytes())
    }
}
