//! Who is spoken of: the reader, or a group that the reader belongs to.

use crate::GROUP;

/// Who the figures are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    /// One provider: it is the reader.
    You,
    /// Several providers together: the reader is one of them, and no figure is the reader's own.
    Group,
}

impl Voice {
    /// The voice for figures of this provider.
    pub(super) fn of(provider: &str) -> Self {
        if provider == GROUP { Self::Group } else { Self::You }
    }

    /// The words for one provider, or those for a group.
    pub(super) fn say<'a>(self, you: &'a str, group: &'a str) -> &'a str {
        match self {
            Self::You => you,
            Self::Group => group,
        }
    }
}
