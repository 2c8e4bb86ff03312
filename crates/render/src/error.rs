//! What can go wrong while a report is made, whose report it was, and what to do.

use std::fmt;
use std::path::PathBuf;

use crate::figure::DrawError;

/// A mistake in a template, found while it was used for a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateProblem {
    /// Template file, relative to the template folder; empty when the place is not known.
    pub file: String,
    /// Line from 1; 0 when the place is not known.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do; may be empty.
    pub hint: String,
}

impl fmt::Display for TemplateProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(out, "{}", self.file)?;
            if self.line > 0 {
                write!(out, " line {}", self.line)?;
            }
            write!(out, ": ")?;
        }
        write!(out, "{}", self.message)?;
        if !self.hint.is_empty() {
            write!(out, "\n  hint: {}", self.hint)?;
        }
        Ok(())
    }
}

/// Why a template could not be loaded or a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the template cannot be read.
    #[error("template file {path}: {source}\n  hint: a template folder holds main.typ, its parts, and fonts/")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A font file is not a font.
    #[error("{path} is not a font that Typst can read\n  hint: use TTF or OTF files, not woff or woff2")]
    Font {
        /// Which file.
        path: PathBuf,
    },
    /// A language or the colours of the template are wrong.
    #[error("{path}: {message}\n  hint: report-templates/README.md says what belongs there")]
    Definition {
        /// Which file.
        path: PathBuf,
        /// What is wrong, with its line.
        message: String,
    },
    /// The template does not have the language of a document.
    #[error("template folder {path} has no language/{tag}.toml; it has {known}\n  hint: copy a language file and translate it")]
    NoLanguage {
        /// The template folder.
        path: PathBuf,
        /// Tag of the language.
        tag: String,
        /// Those it has.
        known: String,
    },
    /// The template lacks something that every report needs.
    #[error("template folder {path} has no {what}\n  hint: {hint}")]
    Incomplete {
        /// The template folder.
        path: PathBuf,
        /// What is missing.
        what: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// The date of issue is not a date.
    #[error("report {report}: `issued` is `{issued}`\n  hint: write a date as 2026-06-15")]
    Date {
        /// Whose report.
        report: String,
        /// What stands there.
        issued: String,
    },
    /// A figure cannot be drawn.
    #[error("report {report}: {figure} cannot be drawn: {source}")]
    Figure {
        /// Whose report.
        report: String,
        /// Which figure of which indicator.
        figure: String,
        /// Why.
        source: DrawError,
    },
    /// The data of the report cannot be written for the template.
    #[error("report {report}: the data for the template cannot be written: {source}")]
    Data {
        /// Whose report.
        report: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The template does not compile for this report, or compiles with warnings.
    #[error("report {report}: {}", list(.problems))]
    Template {
        /// Whose report.
        report: String,
        /// All that was found.
        problems: Vec<TemplateProblem>,
    },
    /// The external typst command failed.
    #[error("report {report}: {command}: {message}\n  hint: typst 0.15 is needed; `typst --version` tells")]
    Command {
        /// Whose report.
        report: String,
        /// The command.
        command: PathBuf,
        /// What it said.
        message: String,
    },
    /// A temporary file of the external command.
    #[error("report {report}: temporary folder: {source}")]
    Temporary {
        /// Whose report.
        report: String,
        /// Why.
        source: std::io::Error,
    },
    /// A bug: the renderer panicked on this report.
    #[error("report {report}: the renderer stopped: {message}\n  hint: this is a bug; keep report.json of this provider")]
    Panic {
        /// Whose report.
        report: String,
        /// The message of the panic.
        message: String,
    },
}

fn list(problems: &[TemplateProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
