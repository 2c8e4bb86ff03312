//! Exit codes: whose fault it is decides.

use spiegel_ingest::Error as IngestError;
use spiegel_query::Error as QueryError;
use spiegel_release::Error as ReleaseError;

/// Wrong usage.
pub(crate) const WRONG_USAGE: u8 = 2;
/// Done, but something was refused, held or missing, or failed, or a value that was traced is not the printed one.
pub(crate) const WITH_REFUSALS: u8 = 10;
/// The pipeline's definition is wrong.
pub(crate) const PIPELINE: u8 = 12;
/// The lake or the disk.
pub(crate) const LAKE: u8 = 13;
/// A privacy rule refuses a release, or a release does not pass its verification.
pub(crate) const RELEASE_REFUSED: u8 = 14;
/// A bug.
pub(crate) const BUG: u8 = 70;

/// How a verb ended when nothing stopped it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Done.
    Done,
    /// Done, but some submissions were refused, held or missing, or some reports failed.
    WithRefusals,
    /// The pipeline does not pass its check; the mistakes were printed.
    PipelineWrong,
    /// A release does not pass its verification; the checks were printed.
    VerificationFailed,
}

impl Outcome {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::WithRefusals => WITH_REFUSALS,
            Self::PipelineWrong => PIPELINE,
            Self::VerificationFailed => RELEASE_REFUSED,
        }
    }

    /// The worse of two.
    pub(crate) fn and(self, other: Self) -> Self {
        if self == Self::Done { other } else { self }
    }
}

/// A mistake in how the command was used, found after parsing.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl std::fmt::Display for Usage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// The exit code that belongs to an error.
pub(crate) fn code_of(error: &anyhow::Error) -> u8 {
    for cause in error.chain() {
        if cause.is::<Usage>() {
            return WRONG_USAGE;
        }
        if let Some(error) = cause.downcast_ref::<IngestError>() {
            return match error {
                IngestError::Pipeline { .. } => PIPELINE,
                IngestError::Key { .. } | IngestError::Register { .. } | IngestError::Inbox { .. } => WRONG_USAGE,
                IngestError::Lake { .. } => LAKE,
                IngestError::Bug(_) => BUG,
            };
        }
        if let Some(error) = cause.downcast_ref::<QueryError>() {
            return match error {
                QueryError::Pipeline(_) => PIPELINE,
                QueryError::Store { is_usage: true, .. } => WRONG_USAGE,
                QueryError::Store { .. } | QueryError::Lake { .. } => LAKE,
                QueryError::Sql(_) => WRONG_USAGE,
                QueryError::Bug(_) => BUG,
            };
        }
        if let Some(error) = cause.downcast_ref::<ReleaseError>() {
            return match error {
                ReleaseError::Policy { .. } => PIPELINE,
                ReleaseError::Usage(_) => WRONG_USAGE,
                ReleaseError::Refused(_) => RELEASE_REFUSED,
                ReleaseError::Lake { .. } => LAKE,
                ReleaseError::Bug(_) => BUG,
            };
        }
        if cause.is::<spiegel_render::Error>() {
            return PIPELINE;
        }
        if cause.is::<csv::Error>() {
            return WRONG_USAGE;
        }
        if cause.is::<std::io::Error>() || cause.is::<serde_json::Error>() {
            return LAKE;
        }
    }
    BUG
}
