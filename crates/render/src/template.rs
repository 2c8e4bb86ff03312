//! A template folder in memory: Typst sources, fonts and the standard library, loaded once and shared by all reports.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use typst::foundations::Bytes;
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook, FontStyle, FontWeight};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt};

use crate::error::Error;
use crate::labels::TextMetrics;
use crate::language::Language;
use crate::palette::{self, Palette};

/// File that a report is compiled from.
const MAIN: &str = "main.typ";
/// File of the colours.
const COLOURS: &str = "colours.toml";

/// A loaded template folder.
pub struct Template {
    directory: PathBuf,
    pub(crate) library: LazyHash<Library>,
    pub(crate) book: LazyHash<FontBook>,
    pub(crate) fonts: Vec<Font>,
    pub(crate) sources: HashMap<FileId, Source>,
    pub(crate) main: FileId,
    /// Path inside the template folder and content, of everything that makes the look.
    files: BTreeMap<String, Bytes>,
    metrics: TextMetrics,
    languages: BTreeMap<String, Language>,
    palette: Palette,
    fingerprint: String,
}

impl fmt::Debug for Template {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Template").field("directory", &self.directory).field("fingerprint", &self.fingerprint).finish()
    }
}

impl Template {
    /// Loads `*.typ`, `fonts/`, `language/` and `colours.toml` of a template folder.
    ///
    /// # Errors
    /// When a file cannot be read, a font is not a font, a language lacks a word, a colour cannot be read, or `main.typ` or the upright fonts are missing.
    pub fn load(directory: &Path) -> Result<Self, Error> {
        let mut files = BTreeMap::new();
        collect(directory, directory, &mut files)?;
        let incomplete = |what, hint| Error::Incomplete { path: directory.to_owned(), what, hint };

        let mut sources = HashMap::new();
        let mut fonts = Vec::new();
        let mut languages = BTreeMap::new();
        let mut palette = None;
        for (name, content) in &files {
            let text = || {
                content.to_str().map_err(|error| Error::Read {
                    path: directory.join(name),
                    source: std::io::Error::new(std::io::ErrorKind::InvalidData, error),
                })
            };
            let wrong = |message| Error::Definition { path: directory.join(name), message };
            if name == COLOURS {
                palette = Some(palette::read(&text()?).map_err(wrong)?);
            } else if let Some(tag) = Language::tag_of(name) {
                languages.insert(tag.to_owned(), Language::parse(tag, &text()?).map_err(wrong)?);
            } else if is_source(name) {
                let id = file_id(name).ok_or_else(|| incomplete("readable file names", "use plain file names in templates"))?;
                let text = text()?;
                sources.insert(id, Source::new(id, text.to_string()));
            } else {
                let before = fonts.len();
                fonts.extend(Font::iter(content.clone()));
                if fonts.len() == before {
                    return Err(Error::Font { path: directory.join(name) });
                }
            }
        }
        let main = file_id(MAIN)
            .filter(|id| sources.contains_key(id))
            .ok_or_else(|| incomplete(MAIN, "`spiegel preview template` starts from main.typ"))?;
        let palette = palette.ok_or_else(|| incomplete(COLOURS, "copy it from report-templates/spiegel"))?;
        let upright = |weight: FontWeight| {
            let found = fonts.iter().find(|font| {
                let variant = font.info().variant;
                variant.style == FontStyle::Normal && variant.weight == weight
            });
            found.cloned()
        };
        let (Some(regular), Some(strong)) = (upright(FontWeight::REGULAR), upright(FontWeight::SEMIBOLD)) else {
            return Err(incomplete("regular and semi-bold font", "put the TTF files of one family into fonts/"));
        };
        let fingerprint = fingerprint(&files);
        Ok(Self {
            directory: directory.to_owned(),
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            sources,
            main,
            files,
            metrics: TextMetrics::new(regular, strong),
            languages,
            palette,
            fingerprint,
        })
    }

    /// The colours by what they mean.
    pub(crate) fn palette(&self) -> &Palette {
        &self.palette
    }

    /// The page's own words in a language.
    ///
    /// # Errors
    /// When the folder has no such language.
    pub fn language(&self, tag: &str) -> Result<&Language, Error> {
        self.languages.get(tag).ok_or_else(|| Error::NoLanguage {
            path: self.directory.clone(),
            tag: tag.to_owned(),
            known: self.languages.keys().cloned().collect::<Vec<_>>().join(", "),
        })
    }

    /// SHA-256 over the names and contents of all templates, languages and fonts. Another look has another fingerprint.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    /// The folder that was loaded.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Text widths in the fonts of this template, for figures.
    #[must_use]
    pub fn metrics(&self) -> &TextMetrics {
        &self.metrics
    }

    /// Names and contents of the loaded files, in order of name.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, content)| (name.as_str(), content.as_slice()))
    }
}

/// Id of a file in the template folder.
pub(crate) fn file_id(name: &str) -> Option<FileId> {
    let path = VirtualPath::new(name).ok()?;
    Some(RootedPath::new(VirtualRoot::Project, path).intern())
}

fn is_source(name: &str) -> bool {
    name.ends_with(".typ")
}

fn is_font(name: &str) -> bool {
    name.ends_with(".ttf") || name.ends_with(".otf")
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Bytes>) -> Result<(), Error> {
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Read { path, source }
    };
    for entry in fs::read_dir(folder).map_err(fail(folder))? {
        let path = entry.map_err(fail(folder))?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
            continue;
        }
        let Some(name) = path.strip_prefix(root).ok().and_then(Path::to_str) else { continue };
        let name = name.replace(std::path::MAIN_SEPARATOR, "/");
        if is_source(&name) || is_font(&name) || Language::tag_of(&name).is_some() || name == COLOURS {
            files.insert(name, Bytes::new(fs::read(&path).map_err(fail(&path))?));
        }
    }
    Ok(())
}

fn fingerprint(files: &BTreeMap<String, Bytes>) -> String {
    let mut hash = Sha256::new();
    for (name, content) in files {
        // Lengths keep a name from running over into a content.
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name);
        hash.update((content.len() as u64).to_le_bytes());
        hash.update(content.as_slice());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
