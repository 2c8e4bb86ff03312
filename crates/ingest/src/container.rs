//! Opens what was delivered, a folder or a zip, without trusting it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::discover::is_clutter;
use crate::findings::{Findings, Place};
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
    Folder { files: Vec<SourceFile>, links: Vec<String>, clutter: u64, unreadable: Vec<String>, too_large: Vec<String> },
    Zip(Vec<u8>),
    Unreadable,
    TooLarge,
}

/// Reads a folder or a zip. What cannot be read is the submission's fault and becomes a finding.
pub(crate) fn read(path: &Path, register: &str) -> Delivered {
    if path.is_dir() {
        return read_folder(path, register);
    }
    let unreadable = |content| Delivered { sha256: hexadecimal(&Sha256::digest(b"")), content };
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() > FILE_BYTES_MAXIMUM) {
        return unreadable(Content::TooLarge);
    }
    match fs::read(path) {
        Ok(bytes) => Delivered { sha256: hexadecimal(&Sha256::digest(&bytes)), content: Content::Zip(bytes) },
        Err(_) => unreadable(Content::Unreadable),
    }
}

#[derive(Default)]
struct Walk {
    files: Vec<SourceFile>,
    links: Vec<String>,
    clutter: u64,
    unreadable: Vec<String>,
    too_large: Vec<String>,
}

fn read_folder(path: &Path, register: &str) -> Delivered {
    let mut walk = Walk::default();
    if walk.folder(path, "", register, DEPTH_MAXIMUM).is_err() {
        walk.unreadable.push(String::new());
    }
    let mut hash = Sha256::new();
    for file in &walk.files {
        hash.update((file.name.len() as u64).to_le_bytes());
        hash.update(&file.name);
        hash.update((file.bytes.len() as u64).to_le_bytes());
        hash.update(&file.bytes);
    }
    let Walk { files, links, clutter, unreadable, too_large } = walk;
    Delivered { sha256: hexadecimal(&hash.finalize()), content: Content::Folder { files, links, clutter, unreadable, too_large } }
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
            let kind = entry.file_type()?;
            if kind.is_dir() && depth > 0 {
                self.folder(&entry.path(), &format!("{name}/"), register, depth - 1)?;
            } else if !kind.is_file() {
                self.links.push(name);
            } else if entry.metadata()?.len() > FILE_BYTES_MAXIMUM {
                self.too_large.push(name);
            } else if let Ok(bytes) = fs::read(entry.path()) {
                self.files.push(SourceFile { name, bytes });
            } else {
                self.unreadable.push(name);
            }
        }
        Ok(())
    }
}

/// The files of a submission, sorted by name; empty when it had to be refused.
pub(crate) fn unpack(delivered: Delivered, name: &str, findings: &mut Findings<'_>) -> Vec<SourceFile> {
    let (files, clutter) = match delivered.content {
        Content::Folder { files, links, clutter, unreadable, too_large } => {
            links.iter().for_each(|link| _ = findings.raise("E002", Place::file(link), &[]));
            unreadable.iter().for_each(|file| _ = findings.raise("E006", Place::file(file), &[]));
            too_large.iter().for_each(|file| _ = findings.raise("E019", Place::file(file), &[]));
            if files.len() > ENTRIES_MAXIMUM {
                findings.raise("E004", Place::file(name), &[("count", &format!("meer dan {ENTRIES_MAXIMUM}"))]);
            }
            (files, clutter)
        }
        Content::Zip(bytes) => zipped::unpack(bytes, name, findings),
        Content::Unreadable => {
            findings.raise("E006", Place::file(name), &[]);
            (Vec::new(), 0)
        }
        Content::TooLarge => {
            findings.raise("E019", Place::file(name), &[]);
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
