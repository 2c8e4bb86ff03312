//! A zip from outside: every claim in it is checked or counted (submission.md 3.1).

use std::io::{Cursor, Read};

use zip::ZipArchive;

use crate::container::{self, ENTRIES_MAXIMUM, SourceFile};
use crate::discover::is_clutter;
use crate::findings::{Findings, Place};
use crate::giant::{self, Watch};

/// E003: most bytes of a zip when inflated, counted.
const INFLATED_BYTES_MAXIMUM: u64 = 512 << 20;
/// E003: largest ratio of inflated to compressed bytes …
const RATIO_MAXIMUM: u64 = 100;
/// … once an entry inflates beyond this: below it no ratio does harm, and a small table of equal rows is no attack.
const RATIO_FROM_BYTES: u64 = 1 << 20;
/// What is inflated at a time.
const BLOCK_BYTES: u64 = 1 << 20;
/// Unix file types that are neither file nor folder: FIFO, device, socket.
const FILE_TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;

/// The files of a zip and the number of ignored ones; no files when the zip is refused.
pub(crate) fn unpack(bytes: Vec<u8>, archive_name: &str, findings: &mut Findings<'_>) -> (Vec<SourceFile>, u64) {
    let refused = (Vec::new(), 0);
    let declared = declared_entries(&bytes);
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else {
        findings.raise("E006", Place::file(archive_name), &[]);
        return refused;
    };
    if archive.len() > ENTRIES_MAXIMUM || archive.has_overlapping_files().unwrap_or(true) {
        findings.raise("E004", Place::file(archive_name), &[("count", &archive.len().to_string())]);
        return refused;
    }
    // The reader keeps the last of two entries with one name.
    if archive.has_duplicate_names() || declared.is_some_and(|declared| declared != archive.len()) {
        findings.raise("E017", Place::file(archive_name), &[("other", archive_name)]);
        return refused;
    }
    let mut files = Vec::new();
    let (mut clutter, mut inflated) = (0, 0);
    for index in 0..archive.len() {
        match entry(&mut archive, index, &mut inflated) {
            Ok(Some(file)) => files.push(file),
            Ok(None) => clutter += 1,
            Err(Fault::Folder) => {}
            Err(Fault::Giant(giant, name)) => container::raise(giant, &name, findings),
            Err(Fault::Code(code, name)) => {
                findings.raise(code, Place::file(if name.is_empty() { archive_name } else { &name }), &[("count", "")]);
            }
        }
    }
    if findings.refusal.is_some() { refused } else { (files, clutter) }
}

enum Fault {
    Folder,
    Giant(giant::Fault, String),
    Code(&'static str, String),
}

fn entry(archive: &mut ZipArchive<Cursor<Vec<u8>>>, index: usize, inflated: &mut u64) -> Result<Option<SourceFile>, Fault> {
    let unreadable = |name: &str| Fault::Code("E006", name.to_owned());
    let (name, compressed) = {
        let raw = archive.by_index_raw(index).map_err(|_| unreadable(""))?;
        let name = raw.name().map_err(|_| unreadable(""))?.into_owned();
        if raw.encrypted() {
            return Err(Fault::Code("E007", name));
        }
        if leaves_the_folder(&name) {
            // The name itself is the attack; it is not repeated.
            return Err(Fault::Code("E001", String::new()));
        }
        let kind = raw.unix_mode().map_or(0, |mode| mode & FILE_TYPE);
        if raw.is_symlink() || ![0, REGULAR, DIRECTORY].contains(&kind) {
            return Err(Fault::Code("E002", name));
        }
        if raw.is_dir() {
            return Err(Fault::Folder);
        }
        (name, raw.compressed_size())
    };
    if name.split('/').any(is_clutter) {
        return Ok(None);
    }
    let file = archive.by_index(index).map_err(|_| unreadable(&name))?;
    let allowed = INFLATED_BYTES_MAXIMUM.saturating_sub(*inflated).min(RATIO_FROM_BYTES.max(compressed.saturating_mul(RATIO_MAXIMUM)));
    let mut bytes = Vec::with_capacity(file.size().min(allowed).min(BLOCK_BYTES) as usize);
    let (mut file, mut watch) = (file.take(allowed + 1), Watch::default());
    // The CRC is checked by the reader at the end.
    while file.by_ref().take(BLOCK_BYTES).read_to_end(&mut bytes).map_err(|_| unreadable(&name))? > 0 {
        if let Some(giant) = watch.look(&bytes) {
            return Err(Fault::Giant(giant, name));
        }
    }
    if bytes.len() as u64 > allowed {
        return Err(Fault::Code("E003", name));
    }
    *inflated += bytes.len() as u64;
    Ok(Some(SourceFile { name, bytes }))
}

/// Above the folder, absolute, with a drive letter or backslashes.
fn leaves_the_folder(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':');
    name.starts_with('/') || drive || name.contains('\\') || name.contains('\0') || name.split('/').any(|part| part == "..")
}

/// Number of entries that the end of the central directory declares.
fn declared_entries(bytes: &[u8]) -> Option<usize> {
    const MARK: &[u8] = b"PK\x05\x06";
    let from = bytes.len().saturating_sub(22 + usize::from(u16::MAX));
    let place = from + bytes[from..].windows(MARK.len()).rposition(|window| window == MARK)?;
    let count = bytes.get(place + 10..place + 12)?;
    let count = u16::from_le_bytes([count[0], count[1]]);
    (count != u16::MAX).then_some(usize::from(count))
}
