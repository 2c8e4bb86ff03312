//! Opens what was delivered, a folder, a zip or one file, without trusting it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use crate::discover::is_clutter;
use crate::findings::{Findings, Place};
use crate::giant::{self, Fault};
use crate::key::hexadecimal;
use crate::kinds::{self, Kind};
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
    File(SourceFile),
    Unread(Fault),
}

/// Reads a folder, a zip or one file. What cannot be read is the submission's fault and becomes a finding.
pub(crate) fn read(path: &Path, register: &str) -> Delivered {
    // Of the entry itself: a link may point anywhere, and reading a FIFO never ends.
    let listed = fs::symlink_metadata(path);
    if listed.as_ref().is_ok_and(fs::Metadata::is_dir) {
        return read_folder(path, register);
    }
    match listed.map_err(|_| no_line("E006")).and_then(|listed| read_file(path, &listed)) {
        Ok(bytes) => {
            let sha256 = hexadecimal(&Sha256::digest(&bytes));
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let file = SourceFile { name, bytes };
            let content = if file.extension() == "zip" { Content::Zip(file.bytes) } else { Content::File(file) };
            Delivered { sha256, content }
        }
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
    // What changes while it is read is not whole (E020).
    let stamp = |metadata: &fs::Metadata| (metadata.len(), metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH));
    let bytes = fs::read(path).map_err(|_| no_line("E006"))?;
    let now = fs::metadata(path).map_err(|_| no_line("E020"))?;
    if stamp(&now) != stamp(listed) || bytes.len() as u64 != listed.len() { Err(no_line("E020")) } else { Ok(bytes) }
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
        // As all are before any is read.
        let mut entries = fs::read_dir(path)?.map(|entry| entry.and_then(|entry| Ok((entry.metadata()?, entry)))).collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(|(_, entry)| entry.file_name());
        for (listed, entry) in entries {
            let base = entry.file_name().to_string_lossy().into_owned();
            let name = format!("{prefix}{base}");
            if is_clutter(&base) {
                self.clutter += 1;
                continue;
            }
            if name == register || self.files.len() > ENTRIES_MAXIMUM {
                continue;
            }
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
    let (mut files, clutter) = match delivered.content {
        Content::Folder { files, clutter, faults } => {
            faults.iter().for_each(|(fault, file)| raise(*fault, file, findings));
            if files.len() > ENTRIES_MAXIMUM {
                findings.raise("E004", Place::file(name), &[("count", &format!("meer dan {ENTRIES_MAXIMUM}"))]);
            }
            (files, clutter)
        }
        Content::Zip(bytes) => match kinds::recognise(&bytes) {
            // An empty or broken zip is told as such by who opens it.
            Kind::Archive | Kind::Unknown => zipped::unpack(&bytes, name, findings),
            _ if bytes.is_empty() => {
                findings.raise("E008", Place::file(name), &[]);
                (Vec::new(), 0)
            }
            kind => {
                findings.raise("E009", Place::file(name), &[("value", kind.dutch()), ("other", "een zip")]);
                (Vec::new(), 0)
            }
        },
        Content::File(file) => (vec![file], 0),
        Content::Unread(fault) => {
            raise(fault, name, findings);
            (Vec::new(), 0)
        }
    };
    for code in ["E004", "E006", "E017", "E019", "E020", "N801"] {
        findings.checked(code, files.len() as u64);
    }
    if clutter > 0 {
        findings.raise("N801", Place::default(), &[("count", &clutter.to_string())]);
    }
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    let mut is_ambiguous = false;
    for file in &files {
        if let Some(other) = names.insert(folded(&file.name), &file.name) {
            findings.raise("E017", Place::file(&file.name), &[("other", other)]);
            is_ambiguous = true;
        }
    }
    if is_ambiguous {
        return Vec::new();
    }
    files.sort_by(|left, right| left.name.cmp(&right.name));
    files
}

/// Tells why a file is not read.
pub(crate) fn raise(fault: Fault, file: &str, findings: &mut Findings<'_>) {
    // A single long value costs its row; a long line, the file.
    findings.raise_refusing(fault.code, fault.line.map_or_else(|| Place::file(file), |line| Place::row(file, line)), &[("value", "Een regel is langer dan 1 MB")]);
}

/// A name by which a computer that ignores case, or how an accent is written, knows a file: in lower case, with the accents
/// of Latin letters behind the letter (Unicode NFD).
pub(crate) fn folded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        match decomposed(letter) {
            Some((letter, accent)) => out.extend([letter, accent]),
            None => out.push(letter),
        }
    }
    out
}

/// A letter and its accent. The letters of Latin-1 and of the Dutch, French, German and Scandinavian keyboards.
fn decomposed(letter: char) -> Option<(char, char)> {
    const ACCENTS: [(char, &str, &str); 7] = [
        ('\u{300}', "àèìòùǹẁỳ", "aeiounwy"),
        ('\u{301}', "áéíóúýćńśźĺŕǵ", "aeiouycnszlrg"),
        ('\u{302}', "âêîôûŵŷĉĝĥĵŝ", "aeiouwycghjs"),
        ('\u{303}', "ãñõĩũ", "anoiu"),
        ('\u{308}', "äëïöüÿẅẍ", "aeiouywx"),
        ('\u{30a}', "åů", "au"),
        ('\u{327}', "çşţ", "cst"),
    ];
    ACCENTS.iter().find_map(|(accent, composed, plain)| {
        let place = composed.chars().position(|other| other == letter)?;
        Some((plain.chars().nth(place)?, *accent))
    })
}


/// True when a stem means this table.
pub(crate) fn names_table(stem: &str, table: &spiegel_model::TableSchema) -> bool {
    let stem = canonical(stem);
    stem == canonical(&table.name) || table.synonyms.iter().any(|synonym| canonical(synonym) == stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changes_after_it_was_listed_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trajecten.csv");
        fs::write(&path, "traject_id;client_id\n").unwrap();
        let listed = fs::metadata(&path).unwrap();
        assert_eq!(read_file(&path, &listed).unwrap(), b"traject_id;client_id\n");
        fs::write(&path, "traject_id;client_id\nT1;C1\n").unwrap();
        assert_eq!(read_file(&path, &listed), Err(no_line("E020")));
        fs::remove_file(&path).unwrap();
        assert_eq!(read_file(&path, &listed), Err(no_line("E006")));
    }

    #[test]
    fn one_name_in_two_spellings_is_one_name() {
        assert_eq!(folded("Cli\u{eb}nt.csv"), folded("clie\u{308}nt.CSV"));
        assert_ne!(folded("cli\u{eb}nt.csv"), folded("client.csv"));
        for letter in ('\u{c0}'..='\u{17f}').filter(|letter| decomposed(*letter).is_some()) {
            assert!(decomposed(letter).unwrap().0.is_ascii_lowercase(), "{letter}");
        }
    }
}
