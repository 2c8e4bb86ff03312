//! The lake of a batch: where parts, quarantine and receipts lie.

use std::fs;
use std::path::{Path, PathBuf};

use spiegel_model::{Receipt, SubmissionSchema, Verdict};

use crate::atomic;
use crate::error::Error;
use crate::part;

/// First digits of a hash in names of folders.
const SHORT_HASH: usize = 8;

/// The private lake of a batch directory. Submissions of several threads may be written at the same time.
#[derive(Debug, Clone)]
pub struct Lake {
    batch: PathBuf,
    threads: usize,
}

/// The rows of one accepted submission in one year.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartRef {
    /// Provider id; the delivery's name for a collective delivery.
    pub provider_id: String,
    /// Sequence number.
    pub sequence: u32,
    /// SHA-256 of the submission.
    pub sha256: String,
    /// Hash of the definitions that it was read with.
    pub definitions: String,
}

impl PartRef {
    /// The parts that count in a year: of every provider the accepted submission with the highest sequence number. A
    /// refused or held submission never takes the place of an accepted one.
    #[must_use]
    pub fn accepted<'a>(receipts: impl IntoIterator<Item = &'a Receipt>, year: i32) -> Vec<Self> {
        let usable = |receipt: &&Receipt| matches!(receipt.verdict, Verdict::Accepted | Verdict::AcceptedWithRemarks) && receipt.years.contains(&year);
        let mut parts: Vec<Self> = receipts
            .into_iter()
            .filter(usable)
            .map(|receipt| Self {
                provider_id: receipt.provider_id.clone(),
                sequence: receipt.sequence,
                sha256: receipt.sha256.clone(),
                definitions: receipt.definitions.clone(),
            })
            .collect();
        // The last of every provider stays.
        parts.sort();
        parts.reverse();
        parts.dedup_by(|later, earlier| later.provider_id == earlier.provider_id);
        parts.reverse();
        parts
    }

    /// The name of its files: of its part, and of its rows in quarantine.
    #[must_use]
    pub fn name(&self) -> String {
        part_name(&self.provider_id, self.sequence, &self.sha256)
    }
}

pub(crate) fn short(hash: &str) -> &str {
    hash.get(..SHORT_HASH).unwrap_or(hash)
}

fn part_name(provider: &str, sequence: u32, sha256: &str) -> String {
    format!("{provider}-{sequence:02}-{}", short(sha256))
}

impl Lake {
    /// Opens the lake of a batch directory, which is made when it is not there.
    pub fn open(batch: &Path) -> Result<Self, Error> {
        let lake = Self { batch: batch.to_path_buf(), threads: 0 };
        for folder in [lake.staging(), lake.root()] {
            fs::create_dir_all(&folder).map_err(|source| Error::lake(&folder, source))?;
        }
        Ok(lake)
    }

    /// How many threads `publish` uses; 0 for as many as the machine has. The bytes do not depend on it.
    #[must_use]
    pub fn with_threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    pub(crate) fn threads(&self) -> usize {
        if self.threads > 0 { self.threads } else { std::thread::available_parallelism().map_or(1, usize::from) }
    }

    pub(crate) fn staging(&self) -> PathBuf {
        self.batch.join(".staging")
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.batch.join("lake")
    }

    pub(crate) fn table(&self, table: &str, year: i32) -> PathBuf {
        self.root().join(table).join(format!("year={year}"))
    }

    pub(crate) fn part(&self, year: i32, part: &PartRef) -> PathBuf {
        self.root().join(".parts").join(year.to_string()).join(format!("{}.part", part.name()))
    }

    pub(crate) fn quarantine(&self, table: &str, year: i32, part: &PartRef) -> PathBuf {
        self.root().join("quarantine").join(table).join(format!("year={year}")).join(format!("{}.parquet", part.name()))
    }

    /// Folder of the receipt of a submission: year-bound submissions carry their year.
    #[must_use]
    pub fn receipt(&self, provider_id: &str, year: Option<i32>, sequence: u32, sha256: &str) -> PathBuf {
        let year = year.map_or_else(String::new, |year| format!("{year}-"));
        self.batch.join("receipts").join(provider_id).join(format!("{year}{sequence:02}-{}", short(sha256)))
    }

    /// True when a part lies there, whole.
    pub(crate) fn has_part(&self, year: i32, part: &PartRef) -> bool {
        part::is_whole(&self.part(year, part))
    }

    /// Removes what an earlier run wrote of a submission that is refused now.
    pub(crate) fn remove_part(&self, schema: &SubmissionSchema, years: &[i32], part: &PartRef) -> Result<(), Error> {
        for year in years {
            atomic::remove(&self.part(*year, part))?;
            for table in &schema.tables {
                atomic::remove(&self.quarantine(&table.table, *year, part))?;
            }
        }
        Ok(())
    }
}
