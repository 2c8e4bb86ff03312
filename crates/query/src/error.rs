//! Errors that say whose fault it is.

use std::path::PathBuf;

use spiegel_model::DefinitionError;
use thiserror::Error;

/// What can go wrong between lake and report.
#[derive(Debug, Error)]
pub enum Error {
    /// The pipeline's definitions cannot be used; all mistakes at once.
    #[error("the pipeline has {} mistake(s):\n{}", .0.len(), list(.0))]
    Pipeline(Vec<DefinitionError>),
    /// The lake or the disk.
    #[error("{}: {message}", path.display())]
    Lake {
        /// File or folder.
        path: PathBuf,
        /// What happened.
        message: String,
    },
    /// An object store, or how it is asked.
    #[error("{address}: {message}; {remedy}")]
    Store {
        /// `s3://bucket/prefix/file`.
        address: String,
        /// What happened, and at which server.
        message: String,
        /// What to do.
        remedy: String,
        /// True when address, keys or settings are the fault, and not the server or the network.
        is_usage: bool,
    },
    /// An analyst's own SQL is wrong, or does anything but read.
    #[error("your SQL: {0}")]
    Sql(String),
    /// Should not happen.
    #[error("bug in spiegel: {0}")]
    Bug(String),
}

impl Error {
    /// One mistake in a definition.
    #[must_use]
    pub fn definition(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Pipeline(vec![DefinitionError { file: file.into(), message: message.into() }])
    }

    /// The mistakes in a definition; what is none of those, as a mistake without a file of its own.
    #[must_use]
    pub fn into_mistakes(self) -> Vec<DefinitionError> {
        match self {
            Self::Pipeline(mistakes) => mistakes,
            other => vec![DefinitionError::at("pipeline.toml", None, other.to_string())],
        }
    }

    /// A failure of the lake or the disk.
    #[must_use]
    pub fn lake(path: impl Into<PathBuf>, message: impl ToString) -> Self {
        Self::Lake { path: path.into(), message: message.to_string() }
    }
}

fn list(mistakes: &[DefinitionError]) -> String {
    mistakes.iter().map(|mistake| format!("  {mistake}")).collect::<Vec<_>>().join("\n")
}
