//! Any document of the template folder other than a report: another main file, data as JSON.

use serde_json::{Value, json};

use crate::batch::caught;
use crate::error::Error;
use crate::pdf::{Memory, Pdf, compile, date};
use crate::template::{Template, file_id};
use crate::world::ReportWorld;

/// What a document is made from.
pub(crate) struct Document<'a> {
    /// File of the template folder that it is compiled from.
    pub(crate) main: &'static str,
    /// Whose it is, in errors.
    pub(crate) name: String,
    /// Tag of its language.
    pub(crate) language: &'a str,
    /// Date of issue, `yyyy-mm-dd`.
    pub(crate) issued: &'a str,
    /// The same for all versions of the document.
    pub(crate) ident: String,
    /// An object with everything the template prints.
    pub(crate) data: Value,
}

impl Document<'_> {
    /// The PDF, on the same rules as a report.
    pub(crate) fn render(mut self, template: &Template) -> Result<Pdf, Error> {
        let _memory = Memory;
        let main = file_id(self.main).filter(|id| template.sources.contains_key(id)).ok_or_else(|| Error::Incomplete {
            path: template.directory().to_owned(),
            what: self.main,
            hint: "copy it from report-templates/spiegel",
        })?;
        let today = date(self.issued).ok_or_else(|| Error::Date { report: self.name.clone(), issued: self.issued.to_owned() })?;
        if let Value::Object(fields) = &mut self.data {
            fields.insert("palette".to_owned(), json!(template.palette()));
            fields.insert("words".to_owned(), json!(template.language(self.language)?));
        }
        let world = ReportWorld::document(template, main, self.data.to_string(), today);
        caught(|| self.name.clone(), || compile(&world, &self.name, self.ident.clone()))
    }
}
