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
/// Unix file types that are neither file nor folder: FIFO, device, socket.
const FILE_TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
/// What is inflated at a time.
const BLOCK_BYTES: usize = 64 << 10;

/// Opens a zip that has at most so many entries; else the code that says why it cannot be trusted, and a number for it.
pub(crate) fn open(bytes: &[u8], entries_maximum: usize) -> Result<ZipArchive<Cursor<&[u8]>>, (&'static str, String)> {
    let declared = declared_entries(bytes);
    // Before the list of entries is read, which takes memory for each.
    if let Some(declared) = declared.filter(|declared| *declared > entries_maximum) {
        return Err(("E004", spiegel_model::count(declared as u64)));
    }
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else { return Err(("E006", String::new())) };
    if archive.len() > entries_maximum || archive.has_overlapping_files().unwrap_or(true) {
        return Err(("E004", spiegel_model::count(archive.len() as u64)));
    }
    // The reader keeps the last of two entries with one name.
    if archive.has_duplicate_names() || declared.is_some_and(|declared| declared != archive.len()) {
        return Err(("E017", String::new()));
    }
    Ok(archive)
}

/// The files of a zip and the number of ignored ones; no files when the zip is refused.
pub(crate) fn unpack(bytes: &[u8], archive_name: &str, findings: &mut Findings<'_>) -> (Vec<SourceFile>, u64) {
    let refused = (Vec::new(), 0);
    let mut archive = match open(bytes, ENTRIES_MAXIMUM) {
        Ok(archive) => archive,
        Err((code, count)) => {
            findings.raise(code, Place::file(archive_name), &[("count", &count), ("other", archive_name)]);
            return refused;
        }
    };
    for code in ["E001", "E002", "E003", "E007"] {
        findings.checked(code, archive.len() as u64);
    }
    let mut files = Vec::new();
    let (mut clutter, mut inflated) = (0, 0);
    for index in 0..archive.len() {
        match file(&mut archive, index, &mut inflated) {
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

/// Why an entry is not read.
pub(crate) enum Fault {
    Folder,
    Giant(giant::Fault, String),
    /// Code and name of the entry; the name is empty where it must not be repeated.
    Code(&'static str, String),
}

fn file(archive: &mut ZipArchive<Cursor<&[u8]>>, index: usize, inflated: &mut u64) -> Result<Option<SourceFile>, Fault> {
    let entry = entry(archive, index)?;
    if entry.name.split('/').any(is_clutter) {
        return Ok(None);
    }
    let (mut bytes, mut watch, mut giant) = (Vec::new(), Watch::default(), None);
    let inflated = inflate(archive, index, &entry, inflated, INFLATED_BYTES_MAXIMUM, |block| {
        bytes.extend_from_slice(block);
        giant = watch.look(&bytes);
        giant.map_or(Ok(()), |giant| Err(giant.code))
    });
    match giant {
        Some(giant) => Err(Fault::Giant(giant, entry.name)),
        None => inflated.map(|()| Some(SourceFile { name: entry.name, bytes })),
    }
}

/// A file in a zip, as the zip describes it.
pub(crate) struct Entry {
    pub(crate) name: String,
    compressed: u64,
}

/// Checks what a zip says about an entry.
pub(crate) fn entry(archive: &mut ZipArchive<Cursor<&[u8]>>, index: usize) -> Result<Entry, Fault> {
    let unreadable = |_| Fault::Code("E006", String::new());
    let raw = archive.by_index_raw(index).map_err(unreadable)?;
    let name = raw.name().map_err(unreadable)?.into_owned();
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
    Ok(Entry { name, compressed: raw.compressed_size() })
}

/// Inflates an entry block by block, counting what comes out: `inflated` over all entries may not pass `maximum`.
pub(crate) fn inflate(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
    entry: &Entry,
    inflated: &mut u64,
    maximum: u64,
    mut block: impl FnMut(&[u8]) -> Result<(), &'static str>,
) -> Result<(), Fault> {
    let fault = |code| Fault::Code(code, entry.name.clone());
    let mut reader = archive.by_index(index).map_err(|_| fault("E006"))?;
    let allowed = maximum.saturating_sub(*inflated).min(RATIO_FROM_BYTES.max(entry.compressed.saturating_mul(RATIO_MAXIMUM)));
    let mut buffer = vec![0; BLOCK_BYTES];
    let mut total = 0u64;
    loop {
        // The CRC is checked by the reader at the end.
        let read = reader.read(&mut buffer).map_err(|_| fault("E006"))?;
        if read == 0 {
            break;
        }
        total += read as u64;
        if total > allowed {
            return Err(fault("E003"));
        }
        block(&buffer[..read]).map_err(fault)?;
    }
    *inflated += total;
    Ok(())
}

/// Above the folder, absolute, with a drive letter or backslashes.
fn leaves_the_folder(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':');
    name.starts_with('/') || drive || name.contains('\\') || name.contains('\0') || name.split('/').any(|part| part == "..")
}

/// Number of entries that the end of the central directory declares.
pub(crate) fn declared_entries(bytes: &[u8]) -> Option<usize> {
    const MARK: &[u8] = b"PK\x05\x06";
    let from = bytes.len().saturating_sub(22 + usize::from(u16::MAX));
    let place = from + bytes[from..].windows(MARK.len()).rposition(|window| window == MARK)?;
    let count = bytes.get(place + 10..place + 12)?;
    let count = u16::from_le_bytes([count[0], count[1]]);
    (count != u16::MAX).then_some(usize::from(count))
}
