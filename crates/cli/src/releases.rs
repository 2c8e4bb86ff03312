//! Where releases lie: a folder, or a place in an object store. What is made or verified in a store is made or verified in a copy of it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use spiegel_model::{ReleaseIndex, ReleaseStatus};
use spiegel_query::{Engine, ReleaseStore};
use spiegel_release::NOTICE;
use tempfile::TempDir;

use crate::exit::Usage;

/// The file that says which releases there are.
const INDEX: &str = "index.json";
/// The file that makes a release whole.
const MANIFEST: &str = "manifest.json";

/// A place with `index.json` and `releases/`.
pub(crate) enum Releases {
    Folder(PathBuf),
    Store(ReleaseStore),
}

impl Releases {
    pub(crate) fn open(place: &Path) -> anyhow::Result<Self> {
        Ok(match place.to_str().filter(|text| ReleaseStore::is_address(text)) {
            Some(address) => Self::Store(ReleaseStore::open(address)?),
            None => Self::Folder(place.to_owned()),
        })
    }

    /// As it is printed.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Store(store) => store.address(),
        }
    }

    /// What there is to choose from.
    pub(crate) fn index(&self) -> anyhow::Result<ReleaseIndex> {
        let bytes = match self {
            Self::Folder(folder) => {
                let file = folder.join(INDEX);
                if file.is_file() { Some(fs::read(&file).with_context(|| file.display().to_string())?) } else { None }
            }
            Self::Store(store) => store.read(INDEX)?,
        };
        let bytes = bytes.ok_or_else(|| Usage(format!("{} holds no releases: there is no {INDEX}", self.name())))?;
        serde_json::from_slice(&bytes).with_context(|| format!("{} of {}", INDEX, self.name()))
    }

    /// The tables of a release, to be queried.
    pub(crate) fn engine(self, version: &str, threads: usize) -> anyhow::Result<Engine> {
        Ok(match self {
            Self::Folder(folder) => Engine::open_release(&folder.join("releases").join(version).join("data"), threads)?,
            Self::Store(store) => Engine::open_release_in(store, version, threads)?,
        })
    }

    /// The releases as a folder of this machine.
    pub(crate) fn here(self) -> anyhow::Result<Here> {
        match self {
            Self::Folder(folder) => Ok(Here { folder, copied: None }),
            Self::Store(store) => Here::copy(store),
        }
    }
}

/// Releases in a folder, which may be a copy of what lies in a store.
pub(crate) struct Here {
    pub(crate) folder: PathBuf,
    copied: Option<Copied>,
}

struct Copied {
    store: ReleaseStore,
    /// `index.json` as it was when it was copied.
    index: Option<Vec<u8>>,
    /// Removed when all is done.
    _scratch: TempDir,
}

impl Here {
    /// The index and every release in use.
    fn copy(store: ReleaseStore) -> anyhow::Result<Self> {
        let scratch = TempDir::new().context("a folder for a copy of the releases")?;
        let folder = scratch.path().to_owned();
        let index = store.read(INDEX)?;
        if let Some(bytes) = &index {
            fs::write(folder.join(INDEX), bytes)?;
            let known: ReleaseIndex = serde_json::from_slice(bytes).with_context(|| format!("{INDEX} of {}", store.address()))?;
            for release in &known.releases {
                let path = format!("releases/{}", release.version);
                // What was withdrawn has a notice only.
                match release.status {
                    ReleaseStatus::Active => store.fetch(&path, &folder.join(&path))?,
                    ReleaseStatus::Withdrawn => fs::create_dir_all(folder.join(&path))?,
                }
            }
        }
        Ok(Self { folder, copied: Some(Copied { store, index, _scratch: scratch }) })
    }

    /// A place in it as its users know it.
    pub(crate) fn name_of(&self, path: &Path) -> String {
        let inside = path.strip_prefix(&self.folder).ok().and_then(Path::to_str);
        match (&self.copied, inside) {
            (Some(copied), Some(inside)) => [copied.store.address().as_str(), inside].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"),
            _ => path.display().to_string(),
        }
    }

    /// Brings a new release to where it belongs: its manifest after all else of it, and the index last.
    pub(crate) fn publish(&self, version: &str) -> anyhow::Result<()> {
        let Some(Copied { store, .. }) = &self.copied else { return Ok(()) };
        let path = format!("releases/{version}");
        let files = files(&self.folder.join(&path), "")?;
        let there = store.files(&path)?;
        if !there.iter().any(|file| file == MANIFEST) {
            // Of an attempt that was interrupted, with other words in it.
            for left in there.iter().filter(|file| !files.contains(file)) {
                store.remove(&format!("{path}/{left}"))?;
            }
            for file in files.iter().filter(|file| *file != MANIFEST) {
                store.write(&format!("{path}/{file}"), self.bytes(&format!("{path}/{file}"))?)?;
            }
        }
        let manifest = format!("{path}/{MANIFEST}");
        if !store.write_new(&manifest, self.bytes(&manifest)?)? {
            let message = format!("{} holds another release {version}, which is not in its index: somebody else publishes there now, or was interrupted; remove releases/{version} when nobody does", store.address());
            return Err(Usage(message).into());
        }
        self.put_index()
    }

    /// Brings a withdrawal to where it belongs: the index first, then the files go.
    pub(crate) fn withdraw(&self, version: &str) -> anyhow::Result<()> {
        let Some(Copied { store, .. }) = &self.copied else { return Ok(()) };
        self.put_index()?;
        let path = format!("releases/{version}");
        for file in store.files(&path)?.iter().filter(|file| *file != NOTICE) {
            store.remove(&format!("{path}/{file}"))?;
        }
        let notice = format!("{path}/{NOTICE}");
        Ok(store.write(&notice, self.bytes(&notice)?)?)
    }

    fn bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let file = self.folder.join(path);
        fs::read(&file).with_context(|| file.display().to_string())
    }

    fn put_index(&self) -> anyhow::Result<()> {
        let Some(Copied { store, index, .. }) = &self.copied else { return Ok(()) };
        if store.read(INDEX)? != *index {
            return Err(Usage(format!("{}/{INDEX} changed meanwhile: somebody else publishes there; nothing of this is in it, run the command again", store.address())).into());
        }
        Ok(store.write(INDEX, self.bytes(INDEX)?)?)
    }
}

/// Paths of the files in a folder, with `/`.
fn files(folder: &Path, inside: &str) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder.join(inside))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if inside.is_empty() { name } else { format!("{inside}/{name}") };
        if entry.path().is_dir() { found.extend(files(folder, &path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}
