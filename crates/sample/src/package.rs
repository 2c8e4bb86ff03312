//! Puts a submission on disk, as a folder or as a zip without a clock in it.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::country::Error;
use crate::defect::Defect;
use crate::provider::Provider;
use crate::submission::Submission;

/// Writes one submission into the inbox. Returns the bytes on disk.
pub(crate) fn write(
    inbox: &Path,
    provider: &Provider,
    submission: &Submission<'_>,
    broken: Option<Defect>,
) -> Result<u64, Error> {
    let name = format!("KIBG_{}_{}_01", provider.agb, submission.year);
    let manifest = submission.manifest(provider);
    let mut files: Vec<(String, &[u8])> =
        vec![("aanlevering.toml".to_owned(), manifest.as_bytes())];
    files.extend(
        submission
            .tables()
            .map(|(table, content)| (format!("{table}.csv"), content.bytes.as_slice())),
    );

    if provider.zip {
        let path = inbox.join(format!("{name}.zip"));
        let mut archive = zip(&files).map_err(|source| Error::Zip {
            path: path.clone(),
            source,
        })?;
        if broken == Some(Defect::TruncatedZip) {
            archive.truncate(archive.len() * 3 / 5);
        }
        fs::write(&path, &archive).map_err(|source| Error::Write { path, source })?;
        return Ok(archive.len() as u64);
    }
    let folder = inbox.join(name);
    fs::create_dir_all(&folder).map_err(|source| Error::Write {
        path: folder.clone(),
        source,
    })?;
    let mut bytes = 0;
    for (file, content) in files {
        let path = folder.join(file);
        fs::write(&path, content).map_err(|source| Error::Write { path, source })?;
        bytes += content.len() as u64;
    }
    Ok(bytes)
}

fn zip(files: &[(String, &[u8])]) -> Result<Vec<u8>, zip::result::ZipError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(name.as_str(), options)?;
        writer.write_all(content)?;
    }
    Ok(writer.finish()?.into_inner())
}
