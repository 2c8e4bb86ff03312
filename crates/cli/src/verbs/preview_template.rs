//! `spiegel preview template`: the pages of an invented provider, made again whenever something that makes them changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use spiegel_model::Report;
use spiegel_render::{Template, render};

use crate::arguments::PreviewTemplate;
use crate::batch::sha256;
use crate::exit::{Outcome, Usage};
use crate::talk;

/// How often the files are looked at: what is read is small, and a designer does not notice it.
const POLL: Duration = Duration::from_millis(200);
/// The example of a template folder.
const EXAMPLE: &str = "preview.json";
/// What is made.
const PDF: &str = "preview.pdf";
const PICTURES: &str = "page";
/// Dots per inch of the pictures.
const RESOLUTION: &str = "80";

/// `spiegel preview template`.
pub(crate) fn preview_template(arguments: &PreviewTemplate) -> anyhow::Result<Outcome> {
    let directory = &arguments.template;
    if !directory.is_dir() {
        return Err(Usage(format!("{} is no folder; give the folder of a template, for instance report-templates/spiegel", directory.display())).into());
    }
    let report = arguments.report.clone().unwrap_or_else(|| directory.join(EXAMPLE));
    fs::create_dir_all(&arguments.out).with_context(|| format!("{}", arguments.out.display()))?;
    let mut pictures: Option<Child> = None;
    let mut seen: Option<String> = None;
    loop {
        // What cannot be read now, because an editor is writing it, is read at the next look.
        let now = contents(directory, &report);
        if seen.as_ref() != Some(&now) {
            // Pictures of pages that are old already are of no use.
            if let Some(mut older) = pictures.take() {
                _ = older.kill();
                _ = older.wait();
            }
            let made = make(directory, &report, &arguments.out);
            match made {
                Ok(()) => pictures = draw(&arguments.out)?,
                Err(error) if arguments.once => return Err(error),
                Err(error) => talk::line(&format!("error: {error:#}")),
            }
            if arguments.once {
                if let Some(mut last) = pictures.take() {
                    last.wait()?;
                }
                return Ok(Outcome::Done);
            }
            if seen.is_none() {
                talk::line(&format!("watching   {} and {}; end with Ctrl-C", directory.display(), report.display()));
            }
            seen = Some(now);
        }
        thread::sleep(POLL);
    }
}

/// Everything that the pages follow from, by content.
fn contents(directory: &Path, report: &Path) -> String {
    let mut files = BTreeMap::new();
    collect(directory, &mut files);
    files.insert(report.to_owned(), fs::read(report).unwrap_or_default());
    let parts: Vec<&[u8]> = files.iter().flat_map(|(path, content)| [path.as_os_str().as_encoded_bytes(), content]).collect();
    sha256(&parts)
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, files);
        } else {
            let content = fs::read(&path).unwrap_or_default();
            files.insert(path, content);
        }
    }
}

/// Makes the PDF whole or not at all, so that a viewer never opens half of it.
fn make(directory: &Path, report: &Path, out: &Path) -> anyhow::Result<()> {
    let begun = Instant::now();
    let text = fs::read_to_string(report).with_context(|| format!("{}", report.display()))?;
    let report: Report =
        serde_json::from_str(&text).map_err(|error| Usage(format!("{} line {}: {error}", report.display(), error.line())))?;
    let pdf = render(&report, &Template::load(directory)?)?;
    let (draft, file) = (out.join(format!(".{PDF}")), out.join(PDF));
    fs::write(&draft, &pdf.bytes).with_context(|| format!("{}", draft.display()))?;
    fs::rename(&draft, &file).with_context(|| format!("{}", file.display()))?;
    talk::line(&format!("made       {} ({} pages) in {:.1} s", file.display(), pdf.pages, begun.elapsed().as_secs_f64()));
    Ok(())
}

/// Begins to draw the pages; None where pdftoppm is not installed.
fn draw(out: &Path) -> anyhow::Result<Option<Child>> {
    for path in fs::read_dir(out)?.flatten().map(|entry| entry.path()) {
        let is_older = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&format!("{PICTURES}-")) && name.ends_with(".png"));
        if is_older {
            fs::remove_file(&path).with_context(|| format!("{}", path.display()))?;
        }
    }
    let drawing = Command::new("pdftoppm")
        .args(["-r", RESOLUTION, "-png"])
        .args([out.join(PDF), out.join(PICTURES)])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Ok(drawing.ok())
}
