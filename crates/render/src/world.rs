//! What Typst sees while it compiles one document: the shared template and the virtual files of this document.

use typst::World;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::Library;

use crate::data::Attachments;
use crate::template::{Template, file_id};

/// Name of the data that the template reads.
pub(crate) const DATA: &str = "data.json";

/// The world of one report.
pub(crate) struct ReportWorld<'template> {
    template: &'template Template,
    main: FileId,
    files: Vec<(FileId, Bytes)>,
    today: Datetime,
}

impl<'template> ReportWorld<'template> {
    pub(crate) fn new(template: &'template Template, data: String, attachments: Attachments, today: Datetime) -> Self {
        let Attachments { csv, json } = attachments;
        let files = vec![(DATA, data), (csv.0.as_str(), csv.1), (json.0.as_str(), json.1)];
        Self::with_files(template, template.main, files, today)
    }

    /// The world of a document without attached files.
    pub(crate) fn document(template: &'template Template, main: FileId, data: String, today: Datetime) -> Self {
        Self::with_files(template, main, vec![(DATA, data)], today)
    }

    fn with_files(template: &'template Template, main: FileId, files: Vec<(&str, String)>, today: Datetime) -> Self {
        let files = files.into_iter().filter_map(|(name, content)| Some((file_id(name)?, Bytes::from_string(content)))).collect();
        Self { template, main, files, today }
    }
}

impl World for ReportWorld<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.template.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.template.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.template.sources.get(&id).cloned().ok_or_else(|| not_found(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let own = self.files.iter().find(|(file, _)| *file == id).map(|(_, content)| content.clone());
        own.ok_or_else(|| not_found(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.template.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        Some(self.today)
    }
}

fn not_found(id: FileId) -> FileError {
    FileError::NotFound(id.vpath().get_without_slash().into())
}
