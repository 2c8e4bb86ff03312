//! Who is spoken of: the reader, or a group that the reader belongs to.

use crate::GROUP;

/// Who the figures are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// One provider: it is the reader.
    You,
    /// Several providers together: the reader is one of them, and no figure is the reader's own.
    Group,
}

impl Voice {
    /// The voice for figures of this provider.
    pub(crate) fn of(provider: &str) -> Self {
        if provider == GROUP { Self::Group } else { Self::You }
    }
}
