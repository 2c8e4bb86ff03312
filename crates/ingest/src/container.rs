//! Opens what was delivered, a folder or a zip, without trusting it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::discover::is_clutter;
use crate::findings::{Findings, Place};
use crate::giant::{self, Fault};
use crate::key::hexadecimal;
use crate::spelling::canonical;
use crate::zipped;

/// E004: most entries of a submission.
pub(crate) const ENTRIES_MAXIMUM: usize = 64;
/// E019: largest file.
pub(crate) const FILE_BYTES_MAXIMUM: u64 = 1 << 30;
/// Depth of folders that are read.
const DEPTH_MAXIMUM: usize = 4;

/// A file of a submission.
#[derive(Clone)]
pub(crate) struct SourceFile {
    /// Path within the submission, with forward slashes.
    pub(crate) name: String,
    /// Content.
    pub(crate) bytes: Vec<u8>,
}

impl SourceFile {
    fn base(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// Name without folders and extension.
    pub(crate) fn stem(&self) -> &str {
        self.base().rsplit_once('.').map_or(self.base(), |(stem, _)| stem)
    }

    /// Extension in lower case.
    pub(crate) fn extension(&self) -> String {
        self.base().rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default()
    }
}

/// What was delivered, as it lies on disk.
pub(crate) struct Delivered {
    /// Over names and contents; for a zip over its bytes.
    pub(crate) sha256: String,
    content: Content,
}

enum Content {
    Folder { files: Vec<SourceFile>, clutter: u64, faults: Vec<(Fault, String)> },
    Zip(Vec<u8>),
    Unread(Fault),
}

/// Reads a folder or a zip. What cannot be read is the submission's fault and becomes a finding.
pub(crate) fn read(path: &Path, register: &str) -> Delivered {
    // Of the entry itself: a link may point anywhere, and reading a FIFO never ends.
    let listed = fs::symlink_metadata(path);
    if listed.as_ref().is_ok_and(fs::Metadata::is_dir) {
        return read_folder(path, register);
    }
    match listed.map_err(|_| no_line("E006")).and_then(|listed| read_file(path, &listed)) {
        Ok(bytes) => Delivered { sha256: hexadecimal(&Sha256::digest(&bytes)), content: Content::Zip(bytes) },
        Err(fault) => Delivered { sha256: hexadecimal(&Sha256::digest(b"")), content: Content::Unread(fault) },
    }
}

fn no_line(code: &'static str) -> Fault {
    Fault { code, line: None }
}

fn read_file(path: &Path, listed: &fs::Metadata) -> Result<Vec<u8>, Fault> {
    if !listed.is_file() {
        return Err(no_line("E002"));
    }
    if listed.len() > FILE_BYTES_MAXIMUM {
        return Err(no_line("E019"));
    }
    if let Some(fault) = giant::look(path, listed.len()).map_err(|_| no_line("E006"))? {
        return Err(fault);
    }
    fs::read(path).map_err(|_| no_line("E006"))
}

/// What lies in memory as if it had been read: the files of a folder by name.
pub(crate) fn folder_in_memory(files: Vec<(String, Vec<u8>)>) -> Delivered {
    let files: Vec<SourceFile> = files.into_iter().map(|(name, bytes)| SourceFile { name, bytes }).collect();
    Delivered { sha256: folder_hash(&files), content: Content::Folder { files, clutter: 0, faults: Vec::new() } }
}

/// What lies in memory as if it had been read: the bytes of a zip.
pub(crate) fn zip_in_memory(bytes: Vec<u8>) -> Delivered {
    Delivered { sha256: hexadecimal(&Sha256::digest(&bytes)), content: Content::Zip(bytes) }
}

#[derive(Default)]
struct Walk {
    files: Vec<SourceFile>,
    clutter: u64,
    faults: Vec<(Fault, String)>,
}

fn read_folder(path: &Path, register: &str) -> Delivered {
    let mut walk = Walk::default();
    if walk.folder(path, "", register, DEPTH_MAXIMUM).is_err() {
        walk.faults.push((no_line("E006"), String::new()));
    }
    let Walk { files, clutter, faults } = walk;
    Delivered { sha256: folder_hash(&files), content: Content::Folder { files, clutter, faults } }
}

fn folder_hash(files: &[SourceFile]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        hash.update((file.name.len() as u64).to_le_bytes());
        hash.update(&file.name);
        hash.update((file.bytes.len() as u64).to_le_bytes());
        hash.update(&file.bytes);
    }
    hexadecimal(&hash.finalize())
}

impl Walk {
    fn folder(&mut self, path: &Path, prefix: &str, register: &str, depth: usize) -> io::Result<()> {
        let mut entries = fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let base = entry.file_name().to_string_lossy().into_owned();
            let name = format!("{prefix}{base}");
            if is_clutter(&base) {
                self.clutter += 1;
                continue;
            }
            if name == register || self.files.len() > ENTRIES_MAXIMUM {
                continue;
            }
            let listed = entry.metadata()?;
            if listed.is_dir() && depth > 0 {
                self.folder(&entry.path(), &format!("{name}/"), register, depth - 1)?;
                continue;
            }
            match read_file(&entry.path(), &listed) {
                Ok(bytes) => self.files.push(SourceFile { name, bytes }),
                Err(fault) => self.faults.push((fault, name)),
            }
        }
        Ok(())
    }
}

/// The files of a submission, sorted by name; empty when it had to be refused.
pub(crate) fn unpack(delivered: Delivered, name: &str, findings: &mut Findings<'_>) -> Vec<SourceFile> {
    let (files, clutter) = match delivered.content {
        Content::Folder { files, clutter, faults } => {
            faults.iter().for_each(|(fault, file)| raise(*fault, file, findings));
            if files.len() > ENTRIES_MAXIMUM {
                findings.raise("E004", Place::file(name), &[("count", &format!("meer dan {ENTRIES_MAXIMUM}"))]);
            }
            (files, clutter)
        }
        Content::Zip(bytes) => zipped::unpack(bytes, name, findings),
        Content::Unread(fault) => {
            raise(fault, name, findings);
            (Vec::new(), 0)
        }
    };
    if clutter > 0 {
        findings.raise("N801", Place::default(), &[("count", &clutter.to_string())]);
    }
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for file in &files {
        // Case only: what differs in other signs is told apart by the table names (E012).
        if let Some(other) = names.insert(file.name.to_lowercase(), &file.name) {
            findings.raise("E017", Place::file(&file.name), &[("other", other)]);
        }
        if is_archive(&file.bytes) {
            // An xlsx is a zip as well; it is refused by its extension (E010).
            if !["xlsx", "xlsm", "docx", "ods", "xlsb"].contains(&file.extension().as_str()) {
                findings.raise("E005", Place::file(&file.name), &[]);
            }
        }
    }
    let mut files = files;
    files.sort_by(|left, right| left.name.cmp(&right.name));
    files
}

/// Tells why a file is not read.
pub(crate) fn raise(fault: Fault, file: &str, findings: &mut Findings<'_>) {
    findings.raise(fault.code, fault.line.map_or_else(|| Place::file(file), |line| Place::row(file, line)), &[]);
}

/// Zip, gzip, 7z, rar, bzip2, xz.
fn is_archive(bytes: &[u8]) -> bool {
    const MARKS: [&[u8]; 6] = [b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"BZh", b"\xfd7zXZ\x00"];
    MARKS.iter().any(|mark| bytes.starts_with(mark))
}

/// True when a stem means this table.
pub(crate) fn names_table(stem: &str, table: &spiegel_model::TableSchema) -> bool {
    let stem = canonical(stem);
    stem == canonical(&table.name) || table.synonyms.iter().any(|synonym| canonical(synonym) == stem)
}
