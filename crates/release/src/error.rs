//! Errors that say whose fault it is. None carries a value of a client, or a count of persons under ten.

use std::path::{Path, PathBuf};

use spiegel_model::RungOutcome;

/// What can stop a release.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The policy, the codebook or the SQL of the release is wrong; all mistakes at once.
    #[error("{file} has {} mistake(s):\n  {}", mistakes.len(), mistakes.join("\n  "))]
    Policy {
        /// File.
        file: String,
        /// Every mistake.
        mistakes: Vec<String>,
    },
    /// The command was used in a way that cannot be: a version that is there, an overlay that is not.
    #[error("{0}")]
    Usage(String),
    /// A privacy rule refuses the release.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The disk, or a file of a release that cannot be read.
    #[error("{}: {message}", path.display())]
    Lake {
        /// File or folder.
        path: PathBuf,
        /// What happened.
        message: String,
    },
    /// Should not happen.
    #[error("bug in release: {0}")]
    Bug(String),
}

impl Error {
    pub(crate) fn policy(file: &str, mistake: impl Into<String>) -> Self {
        Self::Policy { file: file.to_owned(), mistakes: vec![mistake.into()] }
    }

    pub(crate) fn lake(path: &Path, message: impl ToString) -> Self {
        Self::Lake { path: path.to_owned(), message: message.to_string() }
    }

    pub(crate) fn bug(message: impl ToString) -> Self {
        Self::Bug(message.to_string())
    }
}

/// Why a release is refused, and what would help.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The year that does not pass. None when the rule is about the release as a whole.
    pub year: Option<i32>,
    /// The rule, as the policy names it: `max_star_share`.
    pub rule: String,
    /// What was found; class sizes are banded.
    pub found: String,
    /// What would help.
    pub remedy: String,
    /// The ladder of the year; empty when the rule is not about classes.
    pub ladder: Vec<RungOutcome>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = self.year.map_or_else(String::new, |year| format!(" of {year}"));
        write!(out, "the release{of} is refused by {}: {}\n{}", self.rule, self.found, self.remedy)?;
        if !self.ladder.is_empty() {
            write!(out, "\n{}", ladder_table(&self.ladder))?;
        }
        Ok(())
    }
}

/// The ladder as a table for people.
#[must_use]
pub fn ladder_table(ladder: &[RungOutcome]) -> String {
    let mut table = format!("{:<6}{:>10}{:>18}{:>16}  {}", "rung", "withheld", "process withheld", "smallest class", "passes");
    for rung in ladder {
        let verdict = if rung.passes { "yes".to_owned() } else { format!("no: {}", rung.reason) };
        table.push_str(&format!(
            "\n{:<6}{:>9.2}%{:>17.2}%{:>16}  {verdict}",
            rung.rung,
            100.0 * rung.star_share,
            100.0 * rung.process_star_share,
            rung.smallest_class
        ));
    }
    table
}

/// A count of persons as it may be told: exact from ten.
#[must_use]
pub fn banded(count: u64) -> String {
    match count {
        0 => "0".to_owned(),
        1..=9 => "1-9".to_owned(),
        _ => count.to_string(),
    }
}
