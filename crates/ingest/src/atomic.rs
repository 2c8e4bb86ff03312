//! Files and folders that appear whole or not at all: a temporary name in the batch's `.staging`, then a rename.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile, TempDir};

use crate::error::Error;

/// A new folder in the staging directory, removed when dropped.
pub(crate) fn staging(staging: &Path) -> Result<TempDir, Error> {
    let mut builder = tempfile::Builder::new();
    readable_by_group(builder.prefix("in-"), 0o750).tempdir_in(staging).map_err(|source| Error::lake(staging, source))
}

/// A file that does not exist yet under its final name.
pub(crate) fn draft(staging: &Path) -> Result<NamedTempFile, Error> {
    let mut builder = tempfile::Builder::new();
    readable_by_group(builder.prefix("in-"), 0o640).tempfile_in(staging).map_err(|source| Error::lake(staging, source))
}

/// Temporary files are made for their owner only; the lake is as private as its folder.
fn readable_by_group<'a, 'b>(builder: &'a mut Builder<'b, 'b>, mode: u32) -> &'a mut Builder<'b, 'b> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    let _ = mode;
    builder
}

/// Syncs the draft and gives it its name. The name lasts when its folder is synced: [`sync_directory`].
pub(crate) fn keep(draft: NamedTempFile, path: &Path) -> Result<(), Error> {
    draft.as_file().sync_all().map_err(|source| Error::lake(path, source))?;
    keep_verifiable(draft, path)
}

/// As [`keep`], without sync, for what is verified when it is read: parts and quarantine. A sync costs milliseconds; a
/// submission has several files and a batch thousands of submissions.
pub(crate) fn keep_verifiable(draft: NamedTempFile, path: &Path) -> Result<(), Error> {
    // The folder is nearly always there.
    draft.persist(path).map(|_| ()).or_else(|error| {
        create_parent(path)?;
        error.file.persist(path).map(|_| ()).map_err(|error| Error::lake(path, error.error))
    })
}

/// Writes a file that is verified when it is read.
pub(crate) fn place(staging: &Path, path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut draft = draft(staging)?;
    draft.write_all(bytes).map_err(|source| Error::lake(path, source))?;
    keep_verifiable(draft, path)
}

/// Makes the names in a folder last.
pub(crate) fn sync_directory(folder: &Path) -> Result<(), Error> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|source| Error::lake(folder, source))
}

/// Writes a file of a staged folder.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = File::create(path).map_err(|source| Error::lake(path, source))?;
    file.write_all(bytes).map_err(|source| Error::lake(path, source))
}

/// Puts a staged folder in its place. What lay there goes to the staging directory first, so that at every moment the
/// place holds one whole version or none.
pub(crate) fn replace_directory(folder: TempDir, place: &Path) -> Result<(), Error> {
    // A name of its own, as that of the staged folder is.
    let aside = folder.path().with_extension("old");
    let is_old = match fs::rename(place, &aside) {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(source) => return Err(Error::lake(place, source)),
    };
    // The folder above is nearly always there.
    if fs::rename(folder.path(), place).is_err() {
        create_parent(place)?;
        fs::rename(folder.path(), place).map_err(|source| Error::lake(place, source))?;
    }
    _ = folder.keep();
    if is_old { remove(&aside) } else { Ok(()) }
}

/// Removes a file or folder; one that is not there is fine.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => return Ok(()),
    };
    removed.map_err(|source| Error::lake(path, source))
}

fn create_parent(path: &Path) -> Result<(), Error> {
    let Some(parent) = path.parent() else { return Ok(()) };
    fs::create_dir_all(parent).map_err(|source| Error::lake(parent, source))
}
