//! The same templates with the external `typst` command, for machines and people that have one.

use std::fs;
use std::path::Path;
use std::process::Command;

use spiegel_model::Report;

use crate::data::{Attachments, report_name, template_data};
use crate::error::Error;
use crate::pdf::Pdf;
use crate::template::Template;
use crate::world::DATA;

/// Writes what the templates read into a folder: `data.json` and the attachments. With this beside `main.typ`, `typst watch` shows the report
/// while a designer works.
///
/// # Errors
/// When a figure cannot be drawn or the folder cannot be written.
pub fn write_template_data(report: &Report, template: &Template, folder: &Path) -> Result<(), Error> {
    let Attachments { csv, json } = Attachments::of(report, template.language(&report.language)?);
    let data = template_data(report, template)?;
    for (name, content) in [(DATA.to_owned(), data), csv, json] {
        fs::write(folder.join(name), content).map_err(|source| Error::Temporary { report: report_name(report), source })?;
    }
    Ok(())
}

/// Makes the PDF of one report with the given `typst` command. Pages and figures are those of [`crate::render`]; the
/// bytes differ in the identification of the document.
///
/// # Errors
/// When the temporary folder cannot be written or the command fails.
pub fn render_with_command(report: &Report, template: &Template, typst: &Path) -> Result<Pdf, Error> {
    let name = report_name(report);
    let temporary = |source| Error::Temporary { report: name.clone(), source };
    let folder = tempfile::tempdir().map_err(temporary)?;
    let root = folder.path();
    for (file, content) in template.files() {
        let path = root.join(file);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(temporary)?;
        }
        fs::write(path, content).map_err(temporary)?;
    }
    write_template_data(report, template, root)?;
    let target = root.join("report.pdf");
    let failed = |message: String| Error::Command { report: name.clone(), command: typst.to_owned(), message };
    let output = Command::new(typst)
        .arg("compile")
        .arg("--root")
        .arg(root)
        .arg("--font-path")
        .arg(root.join("fonts"))
        .args(["--ignore-system-fonts", "--pdf-standard", "ua-1,a-3a"])
        .arg(root.join("main.typ"))
        .arg(&target)
        .output()
        .map_err(|error| failed(error.to_string()))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    // A warning, for instance an unknown font, is an error here as it is in the embedded compiler.
    if !output.status.success() || said.contains("warning:") {
        return Err(failed(said));
    }
    let bytes = fs::read(&target).map_err(temporary)?;
    let pages = page_count(&bytes);
    Ok(Pdf { bytes, pages })
}

/// Pages of a PDF as Typst writes it: the count of the page tree, which stands uncompressed.
fn page_count(bytes: &[u8]) -> usize {
    let key = b"/Count ";
    let counts = bytes.windows(key.len()).enumerate().filter(|(_, window)| *window == key).map(|(start, _)| {
        let digits = bytes[start + key.len()..].iter().take_while(|byte| byte.is_ascii_digit());
        digits.fold(0usize, |count, digit| count.saturating_mul(10).saturating_add(usize::from(digit - b'0')))
    });
    counts.max().unwrap_or(0)
}
