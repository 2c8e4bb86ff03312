//! Renders a `report.json` to a PDF, or times many copies of it: `preview REPORT PDF [COPIES THREADS]`.
//! `SPIEGEL_TEMPLATE_DATA=DIR` also writes what the templates read, for `typst watch`; `SPIEGEL_TYPST=COMMAND` uses that command.

#![expect(clippy::print_stderr, reason = "an example talks to its user")]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use spiegel_model::Report;
use spiegel_render::{Template, render, render_all, render_with_command, write_template_data};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [report_path, target, rest @ ..] = arguments.as_slice() else {
        return Err("usage: preview REPORT PDF [COPIES THREADS]".into());
    };
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../report-templates/spiegel");
    let template = Template::load(&directory)?;
    let report: Report = serde_json::from_str(&std::fs::read_to_string(report_path)?)?;
    let pdf = match std::env::var("SPIEGEL_TYPST") {
        Ok(command) => render_with_command(&report, &template, Path::new(&command))?,
        Err(_) => render(&report, &template)?,
    };
    eprintln!("{} pages, {} KB", pdf.pages, pdf.bytes.len() / 1024);
    std::fs::write(target, &pdf.bytes)?;
    if let Ok(folder) = std::env::var("SPIEGEL_TEMPLATE_DATA") {
        write_template_data(&report, &template, Path::new(&folder))?;
    }
    if let [copies, threads] = rest {
        let (copies, threads): (usize, usize) = (copies.parse()?, threads.parse()?);
        let start = std::time::Instant::now();
        let failed = AtomicUsize::new(0);
        let queue = (0..copies).map(|index| {
            let mut copy = report.clone();
            copy.provider.id = format!("{index:08}");
            copy.footer = format!("{} {index}", copy.footer);
            copy
        });
        render_all(queue, &template, threads, |_, result| {
            if result.is_err() {
                failed.fetch_add(1, Ordering::Relaxed);
            }
        });
        let seconds = start.elapsed().as_secs_f64();
        eprintln!("{copies} reports in {seconds:.2} s: {:.1} per second, {failed:?} failed", copies as f64 / seconds);
    }
    Ok(())
}
