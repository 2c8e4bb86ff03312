//! Merges the parts of a year into the tables that queries read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use parquet::file::reader::{FileReader, SerializedFileReader};
use sha2::{Digest, Sha256};
use spiegel_model::{SubmissionSchema, TableSchema};
use tempfile::NamedTempFile;

use crate::atomic;
use crate::columnar::{self, CONTENT};
use crate::error::Error;
use crate::key::hexadecimal;
use crate::lake::{Lake, PartRef};
use crate::part;

/// Files a table of a year is spread over, so that one resubmission rewrites a sixteenth.
const BUCKETS: u8 = 16;

/// What `publish` did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    /// Per table, in the order of the schema.
    pub tables: Vec<PublishedTable>,
}

/// One table of a year.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublishedTable {
    /// Canonical table.
    pub table: String,
    /// Rows in the lake.
    pub rows: u64,
    /// Files written now.
    pub written: usize,
    /// Files that were up to date.
    pub kept: usize,
    /// Files removed because no submission falls in them any more.
    pub removed: usize,
}

/// Threads that sync files: they wait for the disk, which writes many at once in the time of a few.
const SYNCING: usize = 16;

/// Rows of a file, and the file when it was written now.
type Merged = (u64, Option<NamedTempFile>);

/// One file to be.
struct Bucket<'a> {
    table: usize,
    path: PathBuf,
    members: &'a [&'a PartRef],
    content: String,
}

impl Lake {
    /// Merges the parts of the accepted submissions of a year, in the order of provider ids. Every part must have been
    /// ingested; [`PartRef::accepted`] gives the ones that count.
    pub fn publish(&self, schema: &SubmissionSchema, year: i32, accepted: &[PartRef]) -> Result<Published, Error> {
        let mut parts: Vec<&PartRef> = accepted.iter().collect();
        parts.sort();
        let mut by_bucket: BTreeMap<u8, Vec<&PartRef>> = BTreeMap::new();
        for part in parts {
            by_bucket.entry(bucket_of(&part.provider_id)).or_default().push(part);
        }
        // Without any row the table still exists, so that SQL on it works.
        if by_bucket.is_empty() {
            by_bucket.insert(0, Vec::new());
        }
        let mut buckets = Vec::new();
        for (place, table) in schema.tables.iter().enumerate() {
            let folder = self.table(&table.table, year);
            for (bucket, members) in &by_bucket {
                let path = folder.join(format!("part-{bucket:02}.parquet"));
                buckets.push(Bucket { table: place, path, members, content: content(table, members) });
            }
        }
        let merged = each(buckets.len(), self.threads(), |place| self.merge(&schema.tables[buckets[place].table], year, &buckets[place]))?;
        let mut done = Vec::new();
        let mut drafts = Vec::new();
        for (bucket, (rows, draft)) in buckets.iter().zip(merged) {
            done.push((rows, draft.is_some()));
            drafts.extend(draft.map(|draft| Mutex::new(Some((draft, bucket.path.as_path())))));
        }
        each(drafts.len(), SYNCING, |place| {
            let draft = drafts[place].lock().ok().and_then(|mut draft| draft.take());
            draft.map_or(Ok(()), |(draft, path)| atomic::keep(draft, path))
        })?;
        let mut published: Vec<PublishedTable> =
            schema.tables.iter().map(|table| PublishedTable { table: table.table.clone(), ..PublishedTable::default() }).collect();
        for (bucket, (rows, written)) in buckets.iter().zip(done) {
            let table = &mut published[bucket.table];
            table.rows += rows;
            table.written += usize::from(written);
            table.kept += usize::from(!written);
        }
        for (place, table) in schema.tables.iter().enumerate() {
            if published[place].written > 0 {
                atomic::sync_directory(&self.table(&table.table, year))?;
            }
            let wanted = buckets.iter().filter(|bucket| bucket.table == place).map(|bucket| bucket.path.as_path()).collect();
            published[place].removed = remove_others(&self.table(&table.table, year), &wanted)?;
        }
        Ok(Published { tables: published })
    }

    fn merge(&self, table: &TableSchema, year: i32, bucket: &Bucket<'_>) -> Result<Merged, Error> {
        if let Some(rows) = up_to_date(&bucket.path, &bucket.content) {
            return Ok((rows, None));
        }
        let draft = atomic::draft(&self.staging())?;
        let file = draft.reopen().map_err(|source| Error::lake(&bucket.path, source))?;
        let part_schema = columnar::part_schema(table);
        let mut writer = columnar::writer(file, table, columnar::schema(table), Some((CONTENT, bucket.content.clone())), &bucket.path)?;
        let mut rows = 0;
        for member in bucket.members {
            let (source_file, batch) = part::read(&self.part(year, member), bucket.table, &part_schema)?;
            rows += batch.num_rows() as u64;
            if batch.num_rows() > 0 {
                let batch = columnar::whole(table, &batch, &member.provider_id, &source_file)?;
                writer.write(&batch).map_err(|source| Error::lake(&bucket.path, source))?;
            }
        }
        writer.close().map_err(|source| Error::lake(&bucket.path, source))?;
        Ok((rows, Some(draft)))
    }
}

/// Answers to so many questions, in their order, on so many threads.
fn each<A: Send>(questions: usize, threads: usize, answer: impl Fn(usize) -> Result<A, Error> + Sync) -> Result<Vec<A>, Error> {
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<usize, Result<A, Error>>> = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= questions {
                break;
            }
            let result = answer(place);
            if let Ok(mut done) = done.lock() {
                done.insert(place, result);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(questions) {
            scope.spawn(work);
        }
        work();
    });
    let done = done.into_inner().map_err(|_| Error::Bug("a thread of publish failed".to_owned()))?;
    done.into_values().collect()
}

/// First byte of the hash of the provider id: the same provider always falls in the same file.
fn bucket_of(provider: &str) -> u8 {
    Sha256::digest(provider.as_bytes()).first().copied().unwrap_or(0) % BUCKETS
}

/// What a bucket is made from: its members and the columns of its table.
fn content(table: &TableSchema, members: &[&PartRef]) -> String {
    let mut hash = Sha256::new();
    hash.update(columnar::schema_hash(table));
    for part in members {
        hash.update(format!("\n{} {} {}", part.name(), part.sha256, part.definitions));
    }
    hexadecimal(&hash.finalize())
}

/// Rows of a file that was made from the same.
fn up_to_date(path: &Path, content: &str) -> Option<u64> {
    let reader = SerializedFileReader::new(File::open(path).ok()?).ok()?;
    let metadata = reader.metadata().file_metadata();
    let made_from = metadata.key_value_metadata()?.iter().find(|pair| pair.key == CONTENT)?.value.as_deref()?;
    (made_from == content).then_some(metadata.num_rows() as u64)
}

fn remove_others(folder: &Path, wanted: &BTreeSet<&Path>) -> Result<usize, Error> {
    let mut removed = 0;
    let entries = fs::read_dir(folder).map_err(|source| Error::lake(folder, source))?;
    for entry in entries {
        let path = entry.map_err(|source| Error::lake(folder, source))?.path();
        if !wanted.contains(path.as_path()) {
            atomic::remove(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}
