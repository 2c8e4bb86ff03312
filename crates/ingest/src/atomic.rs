//! Files and folders that appear whole or not at all: a temporary name in the batch's `.staging`, then a rename.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use tempfile::{NamedTempFile, TempDir};

use crate::error::Error;

/// A new folder in the staging directory, removed when dropped.
pub(crate) fn staging(staging: &Path) -> Result<TempDir, Error> {
    tempfile::Builder::new().prefix("in-").tempdir_in(staging).map_err(|source| Error::lake(staging, source))
}

/// A file that does not exist yet under its final name.
pub(crate) fn draft(staging: &Path) -> Result<NamedTempFile, Error> {
    tempfile::Builder::new().prefix("in-").tempfile_in(staging).map_err(|source| Error::lake(staging, source))
}

/// Syncs the draft and gives it its name.
pub(crate) fn keep(draft: NamedTempFile, path: &Path) -> Result<(), Error> {
    create_parent(path)?;
    draft.as_file().sync_all().map_err(|source| Error::lake(path, source))?;
    group_readable(draft.path())?;
    draft.persist(path).map_err(|source| Error::lake(path, source.error))?;
    sync_parent(path)
}

/// As [`keep`], without sync, for what is verified when it is read: parts and quarantine. A sync costs milliseconds; a
/// submission has a dozen files and a batch thousands of submissions.
pub(crate) fn keep_verifiable(draft: NamedTempFile, path: &Path) -> Result<(), Error> {
    create_parent(path)?;
    group_readable(draft.path())?;
    draft.persist(path).map_err(|source| Error::lake(path, source.error))?;
    Ok(())
}

/// Writes a file of a staged folder.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = File::create(path).map_err(|source| Error::lake(path, source))?;
    file.write_all(bytes).map_err(|source| Error::lake(path, source))
}

/// Puts a staged folder in its place. What lay there goes to the staging directory first, so that at every moment the
/// place holds one whole version or none.
pub(crate) fn replace_directory(folder: TempDir, place: &Path, staging_directory: &Path) -> Result<(), Error> {
    create_parent(place)?;
    // Dropped, and with it the old version, after the new one is in place.
    let aside = if place.exists() { Some(staging(staging_directory)?) } else { None };
    if let Some(aside) = &aside {
        fs::rename(place, aside.path().join("old")).map_err(|source| Error::lake(place, source))?;
    }
    group_readable_directory(folder.path())?;
    let path = folder.keep();
    fs::rename(&path, place).map_err(|source| Error::lake(place, source))
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

fn sync_parent(path: &Path) -> Result<(), Error> {
    let Some(parent) = path.parent() else { return Ok(()) };
    File::open(parent).and_then(|folder| folder.sync_all()).map_err(|source| Error::lake(parent, source))
}

/// Temporary files are made for their owner only; the lake is as private as its folder.
#[cfg(unix)]
fn group_readable(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o640)).map_err(|source| Error::lake(path, source))
}

#[cfg(unix)]
fn group_readable_directory(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o750)).map_err(|source| Error::lake(path, source))
}

#[cfg(not(unix))]
fn group_readable(_: &Path) -> Result<(), Error> {
    Ok(())
}

#[cfg(not(unix))]
fn group_readable_directory(_: &Path) -> Result<(), Error> {
    Ok(())
}
