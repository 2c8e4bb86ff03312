//! What can go wrong, by whose fault. A bad submission is no error: it is a receipt with the verdict refused.

use std::path::{Path, PathBuf};

/// Why ingest stopped. Never carries a value of a submission.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A definition of the pipeline is wrong; all mistakes of the file or folder.
    #[error("{}: {}", path.display(), mistakes.join("; "))]
    Pipeline {
        /// File or folder.
        path: PathBuf,
        /// Every mistake, each with the column or code it is about.
        mistakes: Vec<String>,
    },
    /// The key for pseudonyms cannot be used.
    #[error("key {}: {reason}", path.display())]
    Key {
        /// The key's file.
        path: PathBuf,
        /// Why; never the key.
        reason: String,
    },
    /// The provider register cannot be read; all its mistakes.
    #[error("register {}: {}", path.display(), mistakes.join("; "))]
    Register {
        /// The register's file.
        path: PathBuf,
        /// Every mistake, each with its row.
        mistakes: Vec<String>,
    },
    /// The inbox cannot be listed.
    #[error("inbox {}: {source}", path.display())]
    Inbox {
        /// The inbox.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The lake or the disk fails.
    #[error("lake {}: {source}", path.display())]
    Lake {
        /// File or folder.
        path: PathBuf,
        /// What the system or the Parquet reader said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A mistake in this program.
    #[error("bug in ingest: {0}")]
    Bug(String),
}

impl Error {
    pub(crate) fn lake(path: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Lake { path: path.to_path_buf(), source: source.into() }
    }
}
