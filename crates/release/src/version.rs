//! Versions of a release: MAJOR when data of a year change or a rule does, MINOR when a year is added, PATCH when only words around the
//! data change (Croissant 1.1).

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// What a release changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Only metadata: every data file has the same bytes.
    Patch,
    /// A year is added, all others have the same bytes.
    Minor,
    /// Data of a year are replaced, or a rule.
    Major,
}

/// `MAJOR.MINOR.PATCH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    /// The first release of a lake.
    pub const FIRST: Self = Self { major: 1, minor: 0, patch: 0 };

    /// The version after this one.
    #[must_use]
    pub fn next(self, change: Change) -> Self {
        match change {
            Change::Patch => Self { patch: self.patch + 1, ..self },
            Change::Minor => Self { minor: self.minor + 1, patch: 0, ..self },
            Change::Major => Self { major: self.major + 1, minor: 0, patch: 0 },
        }
    }

    /// What this version says that it changes; None when it is no version that can come after `before`.
    #[must_use]
    pub fn change_since(self, before: Self) -> Option<Change> {
        [Change::Patch, Change::Minor, Change::Major].into_iter().find(|change| before.next(*change) == self)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl FromStr for Version {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::Usage(format!("`{text}` is no version; write MAJOR.MINOR.PATCH, for instance 1.0.0"));
        let numbers: Vec<u32> = text.split('.').map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
        let [major, minor, patch] = numbers[..] else { return Err(wrong()) };
        let version = Self { major, minor, patch };
        // One version has one spelling.
        if version.to_string() == text { Ok(version) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_tells_what_it_changes() {
        let before: Version = "1.2.3".parse().unwrap();
        for (text, change) in [("1.2.4", Some(Change::Patch)), ("1.3.0", Some(Change::Minor)), ("2.0.0", Some(Change::Major)), ("1.2.5", None), ("1.2.3", None), ("3.0.0", None)] {
            assert_eq!(text.parse::<Version>().unwrap().change_since(before), change, "{text}");
        }
        for wrong in ["1.2", "1.2.3.4", "1.2.x", "01.2.3", "v1.2.3", ""] {
            assert!(wrong.parse::<Version>().is_err(), "{wrong}");
        }
    }
}
