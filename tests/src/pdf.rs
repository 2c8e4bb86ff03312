//! Looks inside a PDF: its objects, its attachments and its text.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use lopdf::{Dictionary, Document, Object};

use crate::command::tool;

/// An open PDF.
pub(crate) struct Pdf {
    /// Its objects.
    pub(crate) document: Document,
}

impl Pdf {
    /// Opens a file.
    pub(crate) fn open(file: &Path) -> Self {
        Self { document: Document::load(file).unwrap() }
    }

    /// What an object is, behind any reference.
    pub(crate) fn resolve<'a>(&'a self, object: &'a Object) -> &'a Object {
        self.document.dereference(object).unwrap().1
    }

    /// An entry of a dictionary, behind any reference.
    pub(crate) fn entry<'a>(&'a self, dictionary: &'a Dictionary, key: &str) -> Option<&'a Object> {
        dictionary.get(key.as_bytes()).ok().map(|object| self.resolve(object))
    }

    /// A text entry of a dictionary.
    pub(crate) fn text(&self, dictionary: &Dictionary, key: &str) -> Option<String> {
        self.entry(dictionary, key).and_then(|object| object.as_str().ok()).map(decoded)
    }

    /// Dictionaries of all objects, those of streams included.
    pub(crate) fn dictionaries(&self) -> impl Iterator<Item = &Dictionary> {
        self.document.objects.values().filter_map(|object| match object {
            Object::Dictionary(dictionary) => Some(dictionary),
            Object::Stream(stream) => Some(&stream.dict),
            _ => None,
        })
    }

    /// Contents of all streams, without compression. Fonts and colour profiles are left out: they are the template's.
    pub(crate) fn streams(&self) -> Vec<Vec<u8>> {
        let is_font = |dictionary: &Dictionary| {
            dictionary.has(b"Length1") || dictionary.get(b"Subtype").is_ok_and(|kind| matches!(kind, Object::Name(name) if name.as_slice() == b"CIDFontType0C" || name.as_slice() == b"OpenType"))
        };
        let streams = self.document.objects.values().filter_map(|object| object.as_stream().ok());
        streams
            .filter(|stream| !is_font(&stream.dict) && !stream.dict.has(b"N"))
            .map(|stream| stream.decompressed_content().unwrap_or_else(|_| stream.content.clone()))
            .collect()
    }

    /// Attachments by name.
    pub(crate) fn attachments(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        for dictionary in self.dictionaries() {
            let Some(files) = self.entry(dictionary, "EF").and_then(|files| files.as_dict().ok()) else { continue };
            let name = self.text(dictionary, "UF").unwrap();
            assert_eq!(self.text(dictionary, "F").as_deref(), Some(name.as_str()), "F and UF");
            let stream = self.entry(files, "F").unwrap().as_stream().unwrap();
            let content = stream.decompressed_content().unwrap_or_else(|_| stream.content.clone());
            assert!(found.insert(name, content).is_none());
        }
        found
    }
}

/// A text string of a PDF: UTF-16 with a mark, or single bytes.
pub(crate) fn decoded(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, rest @ ..] => {
            let units: Vec<u16> = rest.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16(&units).unwrap()
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// The text of all pages, as a reader copies it.
pub(crate) fn text_of(file: &Path) -> String {
    let arguments = [OsStr::new("-layout"), file.as_os_str(), OsStr::new("-")];
    tool("pdftotext", &arguments).expect_code(0).stdout
}
