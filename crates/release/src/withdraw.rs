//! Takes a release back: its line in the index stays, with the day and the reason, and its files go to a private archive. Who copied the
//! release still has it, so that later releases are compared with what lies in the archive as well.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use spiegel_model::{IndexedRelease, Manifest, ReleaseIndex, ReleaseStatus, Withdrawal};

use crate::version::Version;
use crate::write::{self, Earlier};
use crate::{Error, sha256};

/// What is left in the folder of a release that was withdrawn.
pub const NOTICE: &str = "WITHDRAWN.md";
/// Longest reason, in characters: it stands in every answer about the release.
const REASON_MAXIMUM: usize = 300;

/// Which release to take back, and why.
#[derive(Debug, Clone, Copy)]
pub struct WithdrawOptions<'a> {
    /// Folder of all releases.
    pub directory: &'a Path,
    /// The release.
    pub version: Version,
    /// Why, in one line that everybody reads.
    pub reason: &'a str,
    /// The day.
    pub on: NaiveDate,
    /// Private folder that keeps what is taken back; outside `directory`.
    pub archive: &'a Path,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// The release that is the latest now. None when none is left.
    pub latest: Option<String>,
    /// Releases in use that hold the same data file as the one withdrawn: `(version, path)`. They are not taken back.
    pub shared: Vec<(String, String)>,
}

/// Withdraws a release. Done again after it was interrupted, it ends what it began.
///
/// # Errors
/// [`Error::Usage`] when there is no such release, it was withdrawn for another reason, or the archive cannot be used;
/// [`Error::Lake`] when the disk fails.
pub fn withdraw(options: &WithdrawOptions<'_>) -> Result<Withdrawn, Error> {
    let directory = options.directory;
    let reason = reason(options.reason)?;
    let version = options.version.to_string();
    let mut index = write::read_index(directory)?;
    if index.releases.is_empty() {
        return Err(Error::Usage(format!("{} holds no releases", directory.display())));
    }
    let _lock = write::lock(directory)?;
    let known: Vec<&str> = index.releases.iter().map(|one| one.version.as_str()).collect();
    let unknown = || Error::Usage(format!("there is no release {version}; there are {}", known.join(", ")));
    let line = index.releases.iter().find(|one| one.version == version).ok_or_else(unknown)?.clone();
    let now = Withdrawal { on: options.on, reason };
    if let Some(before) = line.withdrawn.as_ref().filter(|before| **before != now) {
        return Err(Error::Usage(format!("release {version} was withdrawn on {} already: {}", before.on, before.reason)));
    }
    if options.on < line.date {
        return Err(Error::Usage(format!("release {version} is of {}: it cannot have been withdrawn on {}", line.date, options.on)));
    }
    let folder = directory.join("releases").join(&version);
    let kept = keep(&folder, options, &line)?;
    let manifest: Manifest = write::read_json(&kept.join("manifest.json"))?;
    for one in index.releases.iter_mut().filter(|one| one.version == version) {
        one.status = ReleaseStatus::Withdrawn;
        one.withdrawn = Some(now.clone());
    }
    index.latest = latest(&index)?;
    // First nobody is sent there any more, then it goes.
    write::write_index(directory, &index)?;
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| Error::lake(&folder, error))?;
    }
    write::put(&folder.join(NOTICE), notice(&version, &now, index.latest.as_deref()).as_bytes())?;
    let active = write::active(directory, &index)?;
    Ok(Withdrawn { shared: shared(&manifest, &active), latest: index.latest })
}

fn reason(text: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > REASON_MAXIMUM || text.chars().any(char::is_control) {
        return Err(Error::Usage(format!("a reason is one line of at most {REASON_MAXIMUM} characters: who has the release reads it")));
    }
    Ok(text.to_owned())
}

/// Copies the release to the archive; answers its place there. What is there already must be the same release.
fn keep(folder: &Path, options: &WithdrawOptions<'_>, line: &IndexedRelease) -> Result<PathBuf, Error> {
    let archive = options.archive;
    fs::create_dir_all(archive).map_err(|error| Error::lake(archive, error))?;
    let whole = |path: &Path| path.canonicalize().map_err(|error| Error::lake(path, error));
    if whole(archive)?.starts_with(whole(options.directory)?) {
        // Made a moment ago, unless there is something in it.
        let _ = fs::remove_dir(archive);
        return Err(Error::Usage(format!("{} lies among the releases: what is taken back must lie elsewhere, where nobody else reads", archive.display())));
    }
    let place = archive.join(&line.version);
    if place.join("manifest.json").is_file() {
        return check(&place, line).map(|_| place);
    }
    let draft = archive.join(format!(".{}", line.version));
    if draft.exists() {
        fs::remove_dir_all(&draft).map_err(|error| Error::lake(&draft, error))?;
    }
    for path in write::paths(folder)? {
        let from = folder.join(&path);
        write::put(&draft.join(&path), &fs::read(&from).map_err(|error| Error::lake(&from, error))?)?;
    }
    check(&draft, line)?;
    fs::rename(&draft, &place).map_err(|error| Error::lake(&place, error))?;
    Ok(place)
}

/// The manifest in a folder, which must be that of the index.
fn check(folder: &Path, line: &IndexedRelease) -> Result<(), Error> {
    let file = folder.join("manifest.json");
    let bytes = fs::read(&file).map_err(|error| Error::lake(&file, error))?;
    if sha256(&bytes) == line.manifest_sha256 { Ok(()) } else { Err(Error::lake(&file, format!("is not the manifest that the index names for release {}", line.version))) }
}

/// The highest version in use.
fn latest(index: &ReleaseIndex) -> Result<Option<String>, Error> {
    let active = index.releases.iter().filter(|one| one.status == ReleaseStatus::Active);
    let versions = active.map(|one| one.version.parse()).collect::<Result<Vec<Version>, Error>>()?;
    Ok(versions.into_iter().max().map(|version| version.to_string()))
}

fn notice(version: &str, withdrawal: &Withdrawal, latest: Option<&str>) -> String {
    let instead = latest.map_or_else(|| "No release is in use now.".to_owned(), |latest| format!("Use release {latest}."));
    format!(
        "# Release {version} was withdrawn\n\nWithdrawn on {}: {}\n\nDo not use or pass on copies of it; delete them. {instead}\n",
        withdrawal.on, withdrawal.reason
    )
}

/// Data files of years that releases in use hold as well. The codebook tells nothing of anybody.
fn shared(manifest: &Manifest, active: &[Earlier]) -> Vec<(String, String)> {
    let sums: BTreeSet<&str> = manifest.tables.iter().flat_map(|table| &table.files).filter(|file| file.year.is_some()).map(|file| file.sha256.as_str()).collect();
    let mut shared = Vec::new();
    for release in active {
        let files = release.manifest.tables.iter().flat_map(|table| &table.files).filter(|file| sums.contains(file.sha256.as_str()));
        shared.extend(files.map(|file| (release.version.to_string(), file.path.clone())));
    }
    shared
}

/// Releases that were withdrawn, as the archive keeps them.
pub(crate) fn archived(index: &ReleaseIndex, archive: Option<&Path>) -> Result<Vec<Earlier>, Error> {
    let withdrawn = index.releases.iter().filter(|one| one.status == ReleaseStatus::Withdrawn);
    withdrawn
        .map(|line| {
            let missing = || Error::Usage(format!("release {} was withdrawn, and who copied it can compare it with a new one: give --archive DIR with what was taken back", line.version));
            let folder = archive.ok_or_else(missing)?.join(&line.version);
            check(&folder, line)?;
            Ok(Earlier { version: line.version.parse()?, manifest: write::read_json(&folder.join("manifest.json"))?, folder })
        })
        .collect()
}

/// Why a release may not be used: its day and reason; None when it may, or is not known.
#[must_use]
pub fn withdrawal<'a>(index: &'a ReleaseIndex, version: &str) -> Option<&'a IndexedRelease> {
    index.releases.iter().find(|one| one.version == version && one.status == ReleaseStatus::Withdrawn)
}

/// `release 1.0.0 was withdrawn on 2026-07-01: …; use 1.1.0`.
#[must_use]
pub fn withdrawn_words(line: &IndexedRelease, latest: Option<&str>) -> String {
    let why = line.withdrawn.as_ref().map_or_else(String::new, |one| format!(" on {}: {}", one.on, one.reason));
    let instead = latest.map_or_else(|| "; no release is in use now".to_owned(), |latest| format!("; use {latest}"));
    format!("release {} was withdrawn{why}{instead}", line.version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invented;
    use crate::verify::verify;
    use crate::write::{ReleaseOptions, YearInput, publish};

    const REASON: &str = "a provider delivered clients of somebody else";

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn release(directory: &Path, years: &[YearInput], archive: Option<&Path>) -> Result<crate::Published, Error> {
        let (policy, overlay) = (invented::policy(), invented::overlay());
        let options = ReleaseOptions { policy: &policy, overlay: &overlay, directory, version: None, released_on: day("2026-06-15"), program: "0.1.0", submissions: &[], archive };
        publish(years, &options)
    }

    fn options<'a>(directory: &'a Path, version: &str, archive: &'a Path) -> WithdrawOptions<'a> {
        WithdrawOptions { directory, version: version.parse().unwrap(), reason: REASON, on: day("2026-07-01"), archive }
    }

    #[test]
    fn a_release_that_is_withdrawn_is_gone_and_its_line_says_why() {
        let (lake, archive) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let years = [invented::year(2024, 6000, 60, 1), invented::year(2025, 6000, 60, 2)];
        let first = release(lake.path(), &years[..1], None).unwrap();
        let second = release(lake.path(), &years, None).unwrap();
        let found = withdraw(&options(lake.path(), "1.1.0", archive.path())).unwrap();
        assert_eq!(found.latest.as_deref(), Some("1.0.0"));
        // 2024 is in both: it is not taken back, and that is said.
        assert!(found.shared.iter().any(|(version, path)| version == "1.0.0" && path.contains("trajectories-2024")), "{:?}", found.shared);
        assert!(found.shared.iter().all(|(_, path)| !path.contains("2025")));
        assert_eq!(write::paths(&second.folder).unwrap(), [NOTICE]);
        assert!(fs::read_to_string(second.folder.join(NOTICE)).unwrap().contains(REASON));
        let Err(Error::Usage(message)) = verify(&second.folder) else { panic!("it was verified") };
        assert!(message.contains(REASON) && message.contains("2026-07-01") && message.contains("use 1.0.0"), "{message}");
        assert_eq!(verify(lake.path()).unwrap().0, first.folder);
        // Again, it is as it was; for another reason it is a mistake.
        assert_eq!(withdraw(&options(lake.path(), "1.1.0", archive.path())).unwrap(), found);
        let other = WithdrawOptions { reason: "another", ..options(lake.path(), "1.1.0", archive.path()) };
        assert!(matches!(withdraw(&other), Err(Error::Usage(message)) if message.contains(REASON)));
    }

    #[test]
    fn a_copy_of_a_release_that_was_withdrawn_fails_its_verification() {
        let (lake, archive, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = release(lake.path(), &[invented::year(2024, 6000, 60, 1)], None).unwrap();
        for path in write::paths(&first.folder).unwrap() {
            write::put(&copy.path().join(&path), &fs::read(first.folder.join(&path)).unwrap()).unwrap();
        }
        withdraw(&options(lake.path(), "1.0.0", archive.path())).unwrap();
        // Somebody puts it back.
        fs::remove_dir_all(&first.folder).unwrap();
        fs::rename(copy.path(), &first.folder).unwrap();
        let (_, checks) = verify(&first.folder).unwrap();
        let failed: Vec<_> = checks.iter().filter(|check| check.result == spiegel_model::CheckOutcome::Failed).collect();
        assert!(failed.len() == 1 && failed[0].id == "V01" && failed[0].detail.contains(REASON), "{failed:?}");
    }

    #[test]
    fn what_was_taken_back_is_still_compared_with_and_its_number_never_used_again() {
        let (lake, archive) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut year = invented::year(2024, 6000, 60, 1);
        release(lake.path(), std::slice::from_ref(&year), None).unwrap();
        withdraw(&options(lake.path(), "1.0.0", archive.path())).unwrap();
        let without = release(lake.path(), std::slice::from_ref(&year), None);
        assert!(matches!(without, Err(Error::Usage(message)) if message.contains("--archive")));
        let whole = year.clone();
        year.records.rows.truncate(5990);
        let Err(Error::Refused(refusal)) = release(lake.path(), &[year], Some(archive.path())) else { panic!("a handful can be computed") };
        assert_eq!(refusal.rule, "differencing_min");
        let again = release(lake.path(), &[whole], Some(archive.path())).unwrap();
        assert_eq!(again.version.to_string(), "2.0.0");
        assert!(fs::read_to_string(again.folder.join("CHANGELOG.md")).unwrap().contains(REASON));
    }

    #[test]
    fn what_cannot_be_withdrawn_is_said_and_nothing_changes() {
        let (lake, archive) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        release(lake.path(), &[invented::year(2024, 6000, 60, 1)], None).unwrap();
        let good = options(lake.path(), "1.0.0", archive.path());
        let inside = lake.path().join("archive");
        for (wrong, word) in [
            (WithdrawOptions { version: "1.4.0".parse().unwrap(), ..good }, "there are 1.0.0"),
            (WithdrawOptions { reason: " ", ..good }, "one line"),
            (WithdrawOptions { on: day("2026-06-14"), ..good }, "2026-06-15"),
            (WithdrawOptions { archive: &inside, ..good }, "elsewhere"),
            (WithdrawOptions { directory: archive.path(), ..good }, "no releases"),
        ] {
            assert!(matches!(withdraw(&wrong), Err(Error::Usage(message)) if message.contains(word)), "{word}");
        }
        assert!(verify(lake.path()).is_ok());
    }
}
