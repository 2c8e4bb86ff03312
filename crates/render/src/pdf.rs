//! One report to one PDF: accessible (PDF/UA-1) and archival with attachments (PDF/A-3a) at once.

use spiegel_model::Report;
use typst::diag::{Severity, SourceDiagnostic, Warned};
use typst::foundations::{Datetime, Smart};
use typst::{World, WorldExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use crate::data::{Attachments, report_name, template_data};
use crate::error::{Error, TemplateProblem};
use crate::template::Template;
use crate::world::ReportWorld;

/// Documents after which an unused memory of Typst is given up. What the templates share is used by every document.
const MEMORY_DOCUMENTS: usize = 8;

/// A finished report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdf {
    /// The file.
    pub bytes: Vec<u8>,
    /// Number of pages.
    pub pages: usize,
}

/// Makes the PDF of one report. The same report and template give the same bytes.
///
/// # Errors
/// When a figure cannot be drawn, the date is not a date, or the template does not compile without warnings.
pub fn render(report: &Report, template: &Template) -> Result<Pdf, Error> {
    let _memory = Memory;
    let name = report_name(report);
    let date = date(&report.issued).ok_or_else(|| Error::Date { report: name.clone(), issued: report.issued.clone() })?;
    let data = template_data(report, template)?;
    let world = ReportWorld::new(template, data, Attachments::of(report, template.language(&report.language)?), date);

    // Stable between versions of one report, so that an archive knows them as one document.
    let ident = format!("spiegel/{}/{}/{}", report.pipeline, report.provider.id, report.year);
    compile(&world, &name, ident)
}

/// Compiles a document and exports it. `name` says in errors whose it is.
pub(crate) fn compile(world: &ReportWorld<'_>, name: &str, ident: String) -> Result<Pdf, Error> {
    let Warned { output, warnings } = typst::compile::<PagedDocument>(world);
    let failure = |found: &[SourceDiagnostic]| Error::Template {
        report: name.to_owned(),
        problems: found.iter().map(|found| problem(world, found)).collect(),
    };
    let document = output.map_err(|errors| failure(&errors))?;
    if !warnings.is_empty() {
        return Err(failure(&warnings));
    }
    let standards = PdfStandards::new(&[PdfStandard::Ua_1, PdfStandard::A_3a]).map_err(|error| Error::Template {
        report: name.to_owned(),
        problems: vec![TemplateProblem {
            file: String::new(),
            line: 0,
            message: error.message().to_string(),
            hint: error.hints().join("; "),
        }],
    })?;
    let options = PdfOptions {
        ident: Smart::Custom(ident),
        creator: Smart::Custom(Some(concat!("spiegel ", env!("CARGO_PKG_VERSION")).to_owned())),
        standards,
        ..PdfOptions::default()
    };
    let bytes = typst_pdf::pdf(&document, &options).map_err(|errors| failure(&errors))?;
    Ok(Pdf { bytes, pages: document.pages().len() })
}

/// Gives up unused memory of Typst when a document is done, also when it failed.
pub(crate) struct Memory;

impl Drop for Memory {
    fn drop(&mut self) {
        comemo::evict(MEMORY_DOCUMENTS);
    }
}

pub(crate) fn date(issued: &str) -> Option<Datetime> {
    let mut parts = issued.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    Datetime::from_ymd(year, month, day)
}

fn problem(world: &ReportWorld<'_>, found: &SourceDiagnostic) -> TemplateProblem {
    let id = found.span.id();
    let file = id.map(|id| id.vpath().get_without_slash().to_owned()).unwrap_or_default();
    let line = id.and_then(|id| {
        let range = world.range(found.span)?;
        world.source(id).ok()?.lines().byte_to_line(range.start)
    });
    let kind = match found.severity {
        Severity::Error => "",
        Severity::Warning => "warning: ",
    };
    TemplateProblem {
        file,
        line: line.map_or(0, |line| line + 1),
        message: format!("{kind}{}", found.message),
        hint: found.hints.iter().map(|hint| hint.v.to_string()).collect::<Vec<_>>().join("; "),
    }
}
